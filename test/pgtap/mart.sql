-- The mart over a small source whose every answer can be worked out by hand or in plain SQL that shares nothing with the mart.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT no_plan();

------------------------------------------------------------------------------------------------------------------------
-- The source: 12 clients, 5 products, half a year of balances
------------------------------------------------------------------------------------------------------------------------

CREATE SCHEMA source;
CREATE TABLE source.client (client_id text PRIMARY KEY, kind text, opened_on date, closed_on date, birth_date date, branch_id varchar(8),
  adviser_id text, segment text, dormant bool, suspended bool, id_expires_on date, channel text);
CREATE TABLE source.client_profile (client_id text, valid_from date, valid_to date, risk_level text, lowest_class bool, assessed_on date,
  investor_class text, professional_until date, longest_term_months int, kinds text[], objectives text[], loss_capacity text, income numeric,
  net_assets numeric, PRIMARY KEY (client_id, valid_from));
CREATE TABLE source.product (product_id text PRIMARY KEY, name text, kind text, category text, issuer_id text, currency text, term_months int,
  permission text, minimum_amount numeric);
CREATE TABLE source.product_grade (product_id text, valid_from date, valid_to date, risk_level text, PRIMARY KEY (product_id, valid_from));
CREATE TABLE source.holding (client_id text, product_id text, on_day date, quantity numeric, market_value numeric,
  PRIMARY KEY (client_id, product_id, on_day));
CREATE TABLE source.balance (client_id text, on_day date, amount numeric, PRIMARY KEY (client_id, on_day));
CREATE TABLE source.trade (trade_id text PRIMARY KEY, client_id text, product_id text, on_day date, side text, amount numeric, channel text,
  initiated_by text);
CREATE TABLE source.trading_day (market text, on_day date, PRIMARY KEY (market, on_day));
CREATE TABLE source.permission (client_id text, code text, opened_on date, closed_on date, PRIMARY KEY (client_id, code, opened_on));
CREATE TABLE source.acknowledgement (client_id text, product_id text, check_code text, kind text, on_day date, valid_until date,
  evidence_id text, approved_by text);

INSERT INTO source.client (client_id, kind, opened_on, closed_on, birth_date, branch_id, channel)
SELECT 'C' || n, 'person', date '2020-01-31' + n, CASE n WHEN 11 THEN date '2024-03-01' END, date '1940-02-29' + 1900 * n, 'B' || n % 2,
  CASE WHEN n % 3 = 0 THEN 'app' ELSE 'branch' END
FROM generate_series(1, 11) AS n;
INSERT INTO source.client (client_id, kind, opened_on) VALUES ('C12', NULL, NULL), ('C13', 'person', '2024-07-01');

INSERT INTO source.client_profile (client_id, valid_from, valid_to, risk_level, lowest_class, assessed_on, professional_until, kinds)
SELECT 'C' || n, date '2022-01-01', CASE n WHEN 3 THEN date '2024-05-01' END, 'C' || 1 + n % 4, n = 4,
  CASE n WHEN 5 THEN date '2022-05-31' WHEN 6 THEN NULL ELSE date '2023-06-30' + n END,
  CASE n WHEN 7 THEN date '2024-06-30' WHEN 8 THEN date '2024-05-15' END, ARRAY['fund', 'bond']
FROM generate_series(1, 10) AS n;
INSERT INTO source.client_profile (client_id, valid_from, risk_level, lowest_class, assessed_on, kinds)
VALUES ('C3', '2024-05-01', 'C1', false, '2024-05-01', '{fund}');

INSERT INTO source.product (product_id, name, kind, term_months, permission)
SELECT 'P' || n, 'Product ' || n, CASE WHEN n = 5 THEN 'option' ELSE 'fund' END, 12 * n, CASE n WHEN 5 THEN 'OPTIONS' END FROM generate_series(1, 5) AS n;
INSERT INTO source.product_grade
SELECT 'P' || n, date '2022-01-01', CASE n WHEN 2 THEN date '2024-06-01' END, 'R' || n FROM generate_series(1, 4) AS n;
INSERT INTO source.product_grade VALUES ('P2', '2024-06-01', NULL, 'R4');

INSERT INTO source.holding
SELECT 'C' || c, 'P' || p, d, 10 * p, 1000.5 * c * p
FROM generate_series(1, 11) AS c CROSS JOIN generate_series(1, 5) AS p CROSS JOIN unnest(ARRAY['2024-03-29', '2024-06-28']::date[]) AS d
WHERE (c + p) % 2 = 0;
INSERT INTO source.trading_day
SELECT 'XSHG', d FROM generate_series(date '2024-01-01', date '2024-07-31', '1 day') AS d WHERE extract(isodow FROM d) < 6
UNION ALL SELECT 'XHKG', d FROM generate_series(date '2024-01-01', date '2024-07-31', '1 day') AS d WHERE extract(isodow FROM d) < 7;
INSERT INTO source.balance       -- on weekdays only, with holes; nobody has a row on every day
SELECT 'C' || c, d.on_day, (c * 10000 + extract(doy FROM d.on_day) * 100)::numeric / 3
FROM generate_series(1, 10) AS c CROSS JOIN source.trading_day AS d
WHERE d.market = 'XSHG' AND d.on_day BETWEEN '2024-02-01' AND '2024-06-28' AND (c + extract(doy FROM d.on_day)::int) % (c + 1) = 0
  AND NOT (c = 9 AND d.on_day < '2024-06-14');
INSERT INTO source.trade
SELECT format('T%s-%s', c, n), 'C' || c, 'P' || 1 + n % 5, date '2024-06-30' - c * n * 7, CASE WHEN n % 2 = 0 THEN 'buy' ELSE 'sell' END, 100.25 * n
FROM generate_series(1, 8) AS c CROSS JOIN generate_series(0, 5) AS n;
INSERT INTO source.permission VALUES ('C1', 'STAR', '2024-01-01', NULL), ('C1', 'OPTIONS', '2024-02-01', '2024-07-01'), ('C3', 'OPTIONS', '2023-01-01', '2024-06-01');
INSERT INTO source.acknowledgement VALUES
  ('C1', 'P3', 'RISK', 'client_warning', '2024-06-01', NULL, 'E1', NULL),
  ('C2', 'P4', 'RISK', 'client_warning', '2024-06-01', '2024-06-29', 'E2', NULL),       -- lapsed
  ('C5', 'P3', 'RISK', 'supervisor_approval', '2024-06-01', NULL, 'E3', 'boss'),        -- the wrong kind
  ('C6', 'P4', 'RISK', 'client_warning', '2024-06-01', NULL, 'E4', NULL);               -- clears one of two

CREATE TEMP TABLE policy AS SELECT
  $${"name": "rating", "version": "7", "reason_code_algorithm": "points_below", "characteristics": [
      {"name": "assets", "attribute": "average_assets", "baseline_score": 30, "reason_code": "AST", "reason": "few assets",
       "bins": [{"when": "< 20000", "points": 5}, {"when": ">= 20000", "points": 25}, {"when": null, "points": 0}]},
      {"name": "trades", "attribute": "trades_90_days", "baseline_score": 10, "reason_code": "TRD", "reason": "few trades",
       "bins": [{"when": "< 3", "points": 2}, {"when": ">= 3", "points": 10}, {"when": null, "points": 0}]},
      {"name": "channel", "attribute": "channel", "baseline_score": 5, "reason_code": "CHN", "reason": "costly channel",
       "bins": [{"when": ["app"], "points": 5}, {"when": "-", "points": 1}]}]}$$::crm.scorecard AS rating,
  $${"name": "tiers", "version": "1", "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 20000}, {"label": "private", "enter": 40000}]}$$::crm.tier_policy AS tiers,
  $${"name": "match", "version": "2", "derive": {"client.years": {"years_since": "client.birth_date"}},
     "exempt": [{"when": {"client.professional_until": ">= as_of"}, "checks": ["risk", "assessed"]}],
     "checks": [
       {"name": "risk", "code": "RISK", "reason": "above the client's level", "basis": "house rule",
        "require": {"allowed": {"client": "risk_level", "product": "risk_level",
          "pairs": {"C1": ["R1"], "C2": ["R1", "R2"], "C3": ["R1", "R2", "R3"], "C4": ["R1", "R2", "R3", "R4"]}}}, "otherwise": "overridable"},
       {"name": "lowest class", "applies": {"client.lowest_class": true}, "require": {"product.risk_level": ["R1"]}, "otherwise": "prohibited", "missing": "skip"},
       {"name": "assessed", "code": "ASSESSED", "require": {"within_months": {"client": "assessed_on", "months": 24}},
        "otherwise": {"outcome": "undetermined", "reason": "assessment expired"}, "missing": {"outcome": "undetermined", "reason": "never assessed"}},
       {"name": "permission", "code": "PERMISSION", "applies": {"not": {"product.permission": null}},
        "require": {"contains": {"client": "permissions", "product": "permission"}}, "otherwise": "prohibited"},
       {"name": "senior", "code": "SENIOR", "actions": ["recommend"], "applies": {"client.years": ">= 70"}, "otherwise": "needs_approval"},
       {"name": "assets", "code": "ASSETS", "actions": ["open_permission"], "require": {"at_least": {"client": "assets_20_days", "value": 20000}},
        "otherwise": "prohibited"}]}$$::crm.suitability_policy AS suitability;

SET LOCAL crm.as_of = '2024-06-30';
-- what this file is about: the questions that policies decide, and tiers; other files have the other questions
CREATE TEMP VIEW foundation AS SELECT q.name FROM crm.mart_question() AS q WHERE q.ordinal < 30 AND q.name <> 'client_month';

CREATE TEMP TABLE made AS
SELECT m.* FROM policy AS p CROSS JOIN LATERAL crm.create_mart('mart', 'source', p.rating, p.tiers, p.suitability, client_columns => '{branch_id}') AS m
WHERE m.object IN (SELECT o.name FROM foundation AS o);

SELECT set_eq('SELECT object FROM made WHERE status = ''created'' AND reason IS NULL',
  ARRAY['client_facts', 'product_facts', 'client_rating', 'tier_summary', 'suitability_matrix',
    'suitability_exception', 'suitability_change', 'assessment_due', 'why', 'trading_days', 'source_days', 'calendar', 'summary_value', 'source_digest', 'source_reject'], 'a full source gives the whole mart');
SELECT set_eq('SELECT object, status FROM made WHERE reason = ''the tier policy has no "period"''',
  $$VALUES ('client_tier', 'created'), ('tier_value', 'left out'), ('tier_history', 'left out'),
    ('tier_watch', 'left out'), ('tier_migration', 'left out'), ('tier_as_told', 'left out'), ('tier_why', 'left out')$$,
  'but for what a tier policy without moves cannot say: test/pgtap/mart_tiers.sql has one');

------------------------------------------------------------------------------------------------------------------------
-- Facts, against one value at a time
------------------------------------------------------------------------------------------------------------------------

-- the balance of a client at the end of a day: change carries the last one forward, snapshot takes that of the last weekday
CREATE FUNCTION pg_temp.balance_at(client text, day date, mode text) RETURNS numeric LANGUAGE sql SET max_parallel_workers_per_gather = 0 AS $$
  SELECT CASE mode
    WHEN 'change' THEN (SELECT amount FROM source.balance WHERE client_id = client AND on_day <= day ORDER BY on_day DESC LIMIT 1)
    ELSE coalesce((SELECT amount FROM source.balance WHERE client_id = client
      AND on_day = (SELECT max(d.on_day) FROM source.trading_day AS d WHERE market = 'XSHG' AND d.on_day <= least(day,
        (SELECT max(b.on_day) FROM source.balance AS b)))), 0) END
$$;
CREATE FUNCTION pg_temp.expected_facts(day date, mode text) RETURNS TABLE (client_id text, assets numeric, average_assets numeric, assets_20_days numeric)
LANGUAGE sql SET max_parallel_workers_per_gather = 0 AS $$
  SELECT c.client_id, round(pg_temp.balance_at(c.client_id, day, mode), 2),
    round(CASE WHEN pg_temp.balance_at(c.client_id, day, mode) IS NOT NULL
      THEN (SELECT sum(coalesce(pg_temp.balance_at(c.client_id, d::date, mode), 0)) / 30 FROM generate_series(day - 29, day, '1 day') AS d) END, 2),
    round(CASE WHEN pg_temp.balance_at(c.client_id, (SELECT max(on_day) FROM source.trading_day WHERE on_day < day AND market = 'XSHG'), mode) IS NOT NULL
      THEN (SELECT sum(coalesce(pg_temp.balance_at(c.client_id, d.on_day, mode), 0)) / 20 FROM (
        SELECT on_day FROM source.trading_day WHERE market = 'XSHG' AND on_day < day ORDER BY on_day DESC LIMIT 20) AS d) END, 2)
  FROM source.client AS c
  WHERE coalesce(c.opened_on <= day, true) AND coalesce(c.closed_on > day, true)
$$;

SELECT lives_ok($$SELECT crm.update_mart('mart', market => 'XSHG')$$, 'the market is the calendar');
SELECT set_eq('SELECT client_id, round(assets, 2) AS assets, round(average_assets, 2) AS average, round(assets_20_days, 2) AS trading FROM mart.client_facts(''2024-06-30'')',
  'SELECT * FROM pg_temp.expected_facts(''2024-06-30'', ''change'')', 'balances and their averages, carried forward');
SELECT set_eq('SELECT client_id, round(assets, 2) AS assets, round(average_assets, 2) AS average, round(assets_20_days, 2) AS trading FROM mart.client_facts(''2024-03-10'')',
  'SELECT * FROM pg_temp.expected_facts(''2024-03-10'', ''change'')', 'the same on another day, with a client who has left since');
SELECT lives_ok($$SELECT crm.update_mart('mart', balance_mode => 'snapshot')$$, 'an absent trading day may be 0 instead');
SELECT set_eq('SELECT client_id, round(assets, 2) AS assets, round(average_assets, 2) AS average, round(assets_20_days, 2) AS trading FROM mart.client_facts(''2024-06-30'')',
  'SELECT * FROM pg_temp.expected_facts(''2024-06-30'', ''snapshot'')', 'balances and their averages, from snapshots');
SELECT set_eq('SELECT client_id, round(assets, 2) AS assets, round(average_assets, 2) AS average, round(assets_20_days, 2) AS trading FROM mart.client_facts(''2024-05-05'')',
  'SELECT * FROM pg_temp.expected_facts(''2024-05-05'', ''snapshot'')', 'the same on a Sunday');
SELECT is(assets_20_days, NULL, 'fewer than 20 trading days: not known, not a mean of fewer') FROM mart.client_facts('2024-01-15') WHERE client_id = 'C1';
SELECT lives_ok($$SELECT crm.update_mart('mart', balance_mode => 'change')$$, 'and back');

SELECT set_eq('SELECT client_id, first_trade_on, last_trade_on, trades_90_days, turnover_90_days FROM mart.client_facts(''2024-06-15'')',
  $$SELECT c.client_id, min(t.on_day), max(t.on_day), count(t.*) FILTER (WHERE t.on_day BETWEEN '2024-03-18' AND '2024-06-15'),
      coalesce(sum(t.amount) FILTER (WHERE t.on_day BETWEEN '2024-03-18' AND '2024-06-15'), 0)
    FROM source.client AS c LEFT JOIN source.trade AS t ON t.client_id = c.client_id AND t.on_day <= '2024-06-15'
    WHERE c.client_id NOT IN ('C11', 'C13') GROUP BY c.client_id$$, 'trades up to the day, and of the 90 days that end with it');
SELECT set_eq('SELECT client_id, products_held, holdings_value FROM mart.client_facts(''2024-06-15'')',
  $$SELECT c.client_id, count(h.*), coalesce(sum(h.market_value), 0)
    FROM source.client AS c LEFT JOIN source.holding AS h ON h.client_id = c.client_id AND h.on_day = '2024-03-29'
    WHERE c.client_id NOT IN ('C11', 'C13') GROUP BY c.client_id$$, 'positions of their newest day');
SELECT set_eq('SELECT client_id, permissions::text FROM mart.client_facts(''2024-06-30'') WHERE client_id IN (''C1'', ''C2'', ''C3'')',
  $$VALUES ('C1', '{OPTIONS,STAR}'), ('C2', '{}'), ('C3', '{}')$$, 'permissions that are open; none is an empty list');
SELECT set_eq('SELECT client_id, risk_level FROM mart.client_facts(''2024-04-30'') WHERE client_id = ''C3'' UNION ALL
  SELECT client_id, risk_level FROM mart.client_facts(''2024-05-01'') WHERE client_id = ''C3''', $$VALUES ('C3', 'C4'), ('C3', 'C1')$$,
  'a version ends the day before the next begins');
SELECT set_eq('SELECT risk_level, grade_from FROM mart.product_facts(''2024-05-31'') WHERE product_id = ''P2'' UNION ALL
  SELECT risk_level, grade_from FROM mart.product_facts(''2024-06-01'') WHERE product_id = ''P2''',
  $$VALUES ('R2', date '2022-01-01'), ('R4', date '2024-06-01')$$, 'grades likewise');
SELECT results_eq($$SELECT age, tenure_months FROM mart.client_facts('2024-06-30') WHERE client_id = 'C5' UNION ALL
    SELECT age, tenure_months FROM mart.client_facts('2024-06-30') WHERE client_id = 'C12'$$,
  $$SELECT extract(year FROM age(date '2024-06-30', birth_date))::int, 52 FROM source.client WHERE client_id = 'C5' UNION ALL VALUES (NULL::int, NULL::int)$$,
  'age and tenure in completed years and months');
SELECT is_empty($$SELECT c.client_id, c.age FROM policy CROSS JOIN mart.client_facts('2024-02-28') AS c
    CROSS JOIN generate_series(0, 120) AS n
    WHERE (c.age >= n) IS DISTINCT FROM (crm.suitability(format('{"name": "x", "derive": {"client.years": {"years_since": "client.birth_date"}}, "checks": [
      {"name": "x", "require": {"client.years": ">= %s"}, "otherwise": "prohibited"}]}', n)::crm.suitability_policy, c, '{}'::jsonb, '2024-02-28') = 'suitable')
      AND c.birth_date IS NOT NULL$$, 'age is what a policy derives from the date of birth');

------------------------------------------------------------------------------------------------------------------------
-- Views
------------------------------------------------------------------------------------------------------------------------

SELECT set_eq('SELECT client_id FROM mart.client_360',
  'SELECT ''C'' || n FROM generate_series(1, 12) AS n WHERE n <> 11', 'who has left or is yet to come is no client');
SELECT set_eq('SELECT client_id, branch_id, score FROM mart.client_rating',
  $$SELECT c.client_id, c.branch_id::text, (CASE WHEN f.average_assets < 20000 THEN 5 WHEN f.average_assets >= 20000 THEN 25 ELSE 0 END
      + CASE WHEN (SELECT count(*) FROM source.trade AS t WHERE t.client_id = c.client_id AND t.on_day > date '2024-06-30' - 90) >= 3 THEN 10 ELSE 2 END
      + CASE WHEN c.channel = 'app' THEN 5 ELSE 1 END)::float8
    FROM source.client AS c JOIN pg_temp.expected_facts('2024-06-30', 'change') AS f USING (client_id)$$, 'the rating, as CASE');
SELECT is_empty($$SELECT * FROM mart.client_rating AS r JOIN mart.client_facts('2024-06-30') AS f USING (client_id) CROSS JOIN policy AS p
  WHERE ARRAY[reason_1_code, reason_2_code, reason_3_code] IS DISTINCT FROM (crm.reason_codes(p.rating, f, 3) || ARRAY[NULL, NULL, NULL]::text[])[:3]
    OR reason_1 IS DISTINCT FROM (SELECT d.reason FROM crm.score_detail(p.rating, f) AS d WHERE d.reason_code = reason_1_code)$$, 'reasons and their texts');
SELECT set_eq('SELECT client_id, tier, tier_order FROM mart.client_tier',
  $$SELECT client_id, CASE WHEN average_assets < 20000 THEN 'mass' WHEN average_assets < 40000 THEN 'affluent' WHEN average_assets >= 40000 THEN 'private' END AS tier,
      CASE WHEN average_assets < 20000 THEN 1 WHEN average_assets < 40000 THEN 2 WHEN average_assets >= 40000 THEN 3 END AS tier_order
    FROM pg_temp.expected_facts('2024-06-30', 'change')$$, 'tiers, as CASE; nothing known, no tier');
SELECT set_eq('SELECT client_id, score, reason_1, tier, tier_order FROM mart.client_360',
  'SELECT client_id, score, reason_1, tier, tier_order FROM mart.client_rating JOIN mart.client_tier USING (client_id)', 'client_360 repeats them');
SELECT set_eq('SELECT tier, tier_order, clients, round(client_share::numeric, 10) AS client_share, assets, round(asset_share::numeric, 10) AS asset_share FROM mart.tier_summary',
  $$SELECT t.tier, t.tier_order, count(c.*), round(count(c.*)::numeric / 11, 10) AS client_share, CASE WHEN count(c.*) > 0 THEN sum(c.assets) ELSE 0 END AS assets,
      round(CASE WHEN count(c.*) > 0 THEN sum(c.assets) ELSE 0 END / (SELECT sum(assets) FROM mart.client_tier), 10) AS asset_share
    FROM (VALUES ('mass', 1), ('affluent', 2), ('private', 3), (NULL, NULL)) AS t (tier, tier_order)
    LEFT JOIN mart.client_tier AS c ON c.tier IS NOT DISTINCT FROM t.tier GROUP BY t.tier, t.tier_order$$, 'tiers summed up');

CREATE FUNCTION pg_temp.one_by_one(action text) RETURNS TABLE (client_level text, product_level text, outcome text, pairs bigint) LANGUAGE sql AS $$
  SELECT c.risk_level, p.risk_level, crm.suitability(y.suitability, c, p, '2024-06-30', crm.instruction(action))::text, count(*)
  FROM policy AS y CROSS JOIN mart.client_facts('2024-06-30') AS c CROSS JOIN mart.product_facts('2024-06-30') AS p GROUP BY 1, 2, 3
$$;
SELECT set_eq(format('SELECT client_risk_level, product_risk_level, outcome, pairs FROM mart.suitability_matrix_at(''2024-06-30'', %L)', a),
  format('SELECT * FROM pg_temp.one_by_one(%L)', a), format('the matrix is that of the pairs one by one: %s', a))
FROM unnest(ARRAY['recommend', 'hold', 'open_permission', 'dance', NULL]) AS a;
SELECT set_eq('SELECT DISTINCT client_risk_level, client_risk_level_order, product_risk_level, product_risk_level_order FROM mart.suitability_matrix',
  $$SELECT c, n, p, m FROM unnest(ARRAY['C1', 'C2', 'C3', 'C4', NULL]) WITH ORDINALITY AS c (c, n)
    CROSS JOIN unnest(ARRAY['R1', NULL, 'R3', 'R4', NULL]) WITH ORDINALITY AS p (p, m) WHERE m <> 2$$, 'levels in the order of the policy, unknown last');

SELECT set_eq('SELECT client_id, product_id, outcome, market_value FROM mart.suitability_exception',
  $$SELECT h.client_id, h.product_id, s.outcome, round(h.market_value, 2)
    FROM source.holding AS h JOIN mart.client_facts('2024-06-30') AS c USING (client_id) JOIN mart.product_facts('2024-06-30') AS p USING (product_id)
    CROSS JOIN policy AS y CROSS JOIN LATERAL (SELECT crm.suitability(y.suitability, c, p, '2024-06-30', crm.instruction('hold'))::text AS outcome) AS s
    WHERE h.on_day = '2024-06-28' AND s.outcome <> 'suitable'$$, 'exceptions are the holdings that are not suitable');
SELECT set_eq('SELECT client_id, product_id, check_codes, cleared, acknowledged_on, evidence_id FROM mart.suitability_exception
    WHERE (client_id, product_id) IN ((''C1'', ''P3''), (''C2'', ''P4''), (''C5'', ''P3''), (''C6'', ''P4''))',
  $$VALUES ('C1', 'P3', 'RISK', true, date '2024-06-01', 'E1'), ('C2', 'P4', 'RISK', false, NULL, NULL), ('C5', 'P3', 'RISK, ASSESSED', false, NULL, NULL),
    ('C6', 'P4', 'RISK, ASSESSED', false, '2024-06-01', 'E4')$$, 'an acknowledgement clears a check if it is valid and of the right kind');
SELECT is(reasons, 'above the client''s level: client risk level C2, product risk level R3', 'and says why') FROM mart.suitability_exception
WHERE client_id = 'C1' AND product_id = 'P3';

-- one cause at a time between 30 April and 30 June
SELECT set_eq($$SELECT client_id, product_id, before, after, cause FROM mart.suitability_change('2024-04-30', '2024-06-30')
    WHERE (client_id, product_id) IN (('C2', 'P2'), ('C3', 'P3'), ('C5', 'P1'), ('C8', 'P4'), ('C3', 'P5'), ('C10', 'P2'))$$,
  $$VALUES ('C2', 'P2', 'suitable', 'overridable', 're-graded'), ('C3', 'P3', 'suitable', 'overridable', 'profile changed'),
    ('C5', 'P1', 'suitable', 'undetermined', 'lapsed with time'), ('C8', 'P4', 'suitable', 'overridable', 'lapsed with time'),
    ('C3', 'P5', 'undetermined', 'prohibited', 'activity changed'), ('C10', 'P2', 'suitable', 'overridable', 're-graded')$$, 'changes and their causes');
SELECT set_eq($$SELECT client_id, product_id, before, after FROM mart.suitability_change('2024-04-30', '2024-06-30')$$,
  $$SELECT h.client_id, h.product_id, s.before::text, s.after::text
    FROM source.holding AS h JOIN mart.client_facts('2024-06-30') AS c USING (client_id) JOIN mart.product_facts('2024-06-30') AS p USING (product_id)
    JOIN mart.client_facts('2024-04-30') AS b USING (client_id) JOIN mart.product_facts('2024-04-30') AS g USING (product_id)
    CROSS JOIN policy AS y CROSS JOIN LATERAL (SELECT crm.suitability(y.suitability, b, g, '2024-04-30', crm.instruction('hold')) AS before,
      crm.suitability(y.suitability, c, p, '2024-06-30', crm.instruction('hold')) AS after) AS s
    WHERE h.on_day = '2024-06-28' AND s.before <> s.after$$, 'every change, and no other');
SELECT is_empty($$SELECT * FROM mart.suitability_change('2024-06-30', '2024-06-30')$$, 'no time, no change');
SELECT set_eq($$SELECT DISTINCT cause FROM policy AS y CROSS JOIN LATERAL mart.suitability_change('2024-06-30', '2024-06-30',
    replace(y.suitability::text, '"C2":["R1","R2"]', '"C2":["R1","R2","R3"]')::crm.suitability_policy)$$, ARRAY['policy changed'], 'a new policy is a cause');

SELECT set_eq('SELECT client_id, last_on, due_on, days_left, overdue FROM mart.assessment_due',
  $$SELECT c.client_id, p.assessed_on, (p.assessed_on + interval '24 months')::date, (p.assessed_on + interval '24 months')::date - date '2024-06-30',
      coalesce(p.assessed_on + interval '24 months' < '2024-06-30', true)
    FROM mart.client_facts('2024-06-30') AS c LEFT JOIN source.client_profile AS p ON p.client_id = c.client_id AND p.valid_to IS NULL
    WHERE c.client_id <> 'C7'$$, 'assessments due, but for who is exempt');
SELECT results_eq($$SELECT outcome, sentence, basis FROM mart.why('C2', 'P4', 'hold')$$,
  $$VALUES ('overridable', 'above the client''s level: client risk level C3, product risk level R4', 'house rule')$$, 'why, in a sentence a check');
SELECT is_empty($$SELECT * FROM mart.why('C2', 'P1', 'hold')$$, 'nothing to say of what is suitable');
SELECT results_eq($$SELECT outcome, sentence FROM mart.why('nobody', 'P1') UNION ALL SELECT outcome, sentence FROM mart.why('C1', 'nothing')
    UNION ALL SELECT outcome, sentence FROM mart.why('C1', 'P1', 'dance')$$,
  $$VALUES ('undetermined', 'client nobody is not a client on 2024-06-30'), ('undetermined', 'there is no product nothing'),
    ('undetermined', 'no check of the policy applies')$$, 'silence would look like consent');
SELECT is(mart.trading_days('XSHG', '2024-01-08', 3), '{2024-01-03,2024-01-04,2024-01-05}'::date[], 'trading days before a day');
SELECT is(mart.trading_days('XSHG', '2024-01-03', 9), '{2024-01-01,2024-01-02}'::date[], 'no more than there are');
SELECT is(mart.trading_days(NULL, '2024-01-08', 2), '{2024-01-05,2024-01-06}'::date[], 'of all markets');
SELECT is(mart.trading_days('XSHG', '2024-01-08', -1), '{}'::date[], 'none');

SELECT set_eq('SELECT client_id, tier FROM mart.client_tier_at(''2024-03-10'')', $$WITH day AS (SELECT set_config('crm.as_of', '2024-03-10', true))
  SELECT v.client_id, v.tier FROM day CROSS JOIN LATERAL (SELECT * FROM mart.client_tier WHERE day IS NOT NULL) AS v$$, 'the setting is the day of the views');
SET LOCAL crm.as_of = '2024-06-30';
SELECT results_eq('SELECT DISTINCT as_of, data_through FROM mart.client_360', $$VALUES (date '2024-06-30', date '2024-06-30')$$, 'the day asked about and the data''s');
SELECT results_eq('SELECT DISTINCT as_of, data_through FROM mart.client_360_at(''2024-08-15'')', $$VALUES (date '2024-08-15', date '2024-06-30')$$, 'which may lag');

------------------------------------------------------------------------------------------------------------------------
-- What BI tools ask of views
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP VIEW mart_view_column AS
SELECT k.oid, k.relname, a.attnum, a.attname, a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod) AS type
FROM pg_class AS k JOIN pg_attribute AS a ON a.attrelid = k.oid AND a.attnum > 0
WHERE k.relnamespace = to_regnamespace('mart') AND k.relkind = 'v';
SELECT cmp_ok((SELECT count(DISTINCT oid) FROM mart_view_column), '>=', 8::bigint, 'there are views to look at');
SELECT is_empty($$SELECT relname, attname, type FROM mart_view_column
  WHERE type NOT IN ('boolean', 'integer', 'bigint', 'double precision', 'text', 'date', 'timestamp with time zone')
    AND NOT (atttypid = 'numeric'::regtype AND atttypmod <> -1)$$, 'built-in types only, numeric with its scale');
SELECT is_empty($$SELECT c.relname, c.attname FROM mart_view_column AS c
  WHERE c.attname ~ '(^tier|risk_level|outcome)$' AND NOT EXISTS (
    SELECT FROM mart_view_column AS o WHERE o.oid = c.oid AND o.attname = c.attname || '_order' AND o.type = 'integer')$$, 'text that has an order has a column that says it');
SELECT is_empty('SELECT relname, attname FROM mart_view_column WHERE col_description(oid, attnum) IS NULL OR obj_description(oid, ''pg_class'') IS NULL',
  'every view and column has a comment');
SELECT is_empty($$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'mart'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL$$, 'every function too');
SELECT is_empty($$SELECT relname FROM mart_view_column GROUP BY relname HAVING count(*) FILTER (WHERE attname IN ('as_of', 'data_through')) <> 2$$,
  'every view says its day and that of the data');
SELECT is_empty($$SELECT relname FROM pg_class WHERE relnamespace = 'mart'::regnamespace AND relkind = 'v' AND NOT 'security_invoker=true' = ANY (reloptions)$$,
  'every view runs as its reader');
SELECT is_empty($$SELECT relname FROM mart_view_column WHERE relname IN ('client_360', 'client_rating', 'client_tier', 'suitability_exception', 'assessment_due')
  GROUP BY relname HAVING NOT array_agg(attname) @> ARRAY['client_id', 'branch_id']::name[]$$, 'every view of clients carries client_columns');
UPDATE source.balance SET amount = 'NaN' WHERE client_id = 'C1';
UPDATE source.client SET birth_date = 'infinity', opened_on = '-infinity' WHERE client_id = 'C2';
UPDATE source.client_profile SET assessed_on = 'infinity', income = 'Infinity' WHERE client_id = 'C2';
SELECT results_eq('SELECT client_id, assets, birth_date, opened_on, age, assessed_on, income FROM mart.client_360 WHERE client_id IN (''C1'', ''C2'') ORDER BY 1',
  $$SELECT 'C1', NULL::numeric, birth_date, opened_on, 79, date '2023-07-01', NULL::numeric FROM source.client WHERE client_id = 'C1'
    UNION ALL SELECT 'C2', assets, NULL, NULL, NULL, NULL, NULL FROM pg_temp.expected_facts('2024-06-30', 'change') WHERE client_id = 'C2'$$,
  'neither NaN nor infinity comes out');
SELECT lives_ok(format('SELECT * FROM mart.%I', v), format('%s bears them', v)) FROM (SELECT DISTINCT relname FROM mart_view_column) AS r (v);

------------------------------------------------------------------------------------------------------------------------
-- update_mart, grants and row-level security
------------------------------------------------------------------------------------------------------------------------

CREATE ROLE mart_test_reader;
CREATE ROLE mart_test_column_reader;
GRANT USAGE ON SCHEMA mart, source, crm TO mart_test_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA source TO mart_test_reader;
GRANT SELECT ON mart.client_tier, mart.client_360 TO mart_test_reader;
GRANT SELECT (client_id, tier) ON mart.client_tier TO mart_test_column_reader;
REVOKE EXECUTE ON FUNCTION mart.client_tier_at FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mart.client_tier_at TO mart_test_reader;
CREATE VIEW public.users_own_view AS SELECT client_id, tier FROM mart.client_tier;
CREATE FUNCTION pg_temp.access() RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws('; ', (SELECT relacl::text FROM pg_class WHERE oid = 'mart.client_tier'::regclass),
    (SELECT attacl::text FROM pg_attribute WHERE attrelid = 'mart.client_tier'::regclass AND attname = 'tier'),
    (SELECT proacl::text FROM pg_proc WHERE oid = 'mart.client_tier_at'::regproc))
$$;
CREATE TEMP TABLE access AS SELECT pg_temp.access() AS before, 'mart.client_tier'::regclass::oid AS view, 'mart.client_tier_at'::regproc::oid AS function;

SELECT lives_ok($$SELECT u.* FROM policy AS p CROSS JOIN LATERAL crm.update_mart('mart', tiers => crm.tier_policy('{low,high}', '{30000}')) AS u$$, 'a new tier policy');
SELECT set_eq('SELECT tier FROM mart.tier_summary', ARRAY['low', 'high', NULL], 'is used');
SELECT is(pg_temp.access(), before, 'grants are kept') FROM access;
SELECT lives_ok($$SELECT crm.update_mart('mart', client_columns => '{branch_id,channel}')$$, 'a new column');
SELECT columns_are('mart', 'client_tier', ARRAY['as_of', 'data_through', 'client_id', 'branch_id', 'assets', 'tier_value', 'tier', 'tier_order', 'channel']);
SELECT is(pg_temp.access(), before, 'grants are kept') FROM access;
SELECT is('mart.client_tier'::regclass::oid, view, 'the view is the same, with the user''s view over it') FROM access;
SELECT isnt('mart.client_tier_at'::regproc::oid, function, 'though its function had to be made again') FROM access;
SELECT throws_ok($$SELECT crm.update_mart('mart', client_columns => '{channel}')$$, '2BP01', NULL, 'a column that a user''s view could stand over does not go silently');
SELECT columns_are('mart', 'client_tier', ARRAY['as_of', 'data_through', 'client_id', 'branch_id', 'assets', 'tier_value', 'tier', 'tier_order', 'channel']);
DROP VIEW public.users_own_view;
SELECT lives_ok($$SELECT crm.update_mart('mart', client_columns => '{channel}')$$, 'it goes when nothing stands over it');
SELECT is(pg_temp.access(), before, 'and grants are kept') FROM access;
SELECT isnt('mart.client_tier'::regclass::oid, view, 'though the view had to be made again') FROM access;
SELECT results_eq('SELECT source, balance_mode, client_columns FROM mart.definition', $$VALUES ('source', 'change', '{channel}'::text[])$$, 'the definition is kept');

ALTER TABLE source.client ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_branch ON source.client TO mart_test_reader USING (branch_id = 'B1');
SET LOCAL ROLE mart_test_reader;
SELECT set_eq('SELECT client_id FROM mart.client_360', ARRAY['C1', 'C3', 'C5', 'C7', 'C9'], 'row-level security of the source holds in the mart');
SELECT throws_ok('SELECT * FROM mart.suitability_exception', '42501', NULL, 'what is not granted is not to be read');
RESET ROLE;
GRANT SELECT ON mart.suitability_exception, mart.tier_summary, mart.suitability_matrix, mart.assessment_due TO mart_test_reader;
SET LOCAL ROLE mart_test_reader;
SELECT set_eq('SELECT DISTINCT client_id FROM mart.suitability_exception UNION SELECT client_id FROM mart.assessment_due',
  ARRAY['C1', 'C3', 'C5', 'C7', 'C9'], 'in every view of clients');
SELECT results_eq('SELECT sum(clients)::int FROM mart.tier_summary UNION ALL SELECT sum(pairs)::int FROM mart.suitability_matrix', ARRAY[5, 25], 'and in sums');
RESET ROLE;
ALTER TABLE source.client DISABLE ROW LEVEL SECURITY;

------------------------------------------------------------------------------------------------------------------------
-- Sources that lack something
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE thin_policy AS SELECT
  '{"name": "r", "characteristics": [{"name": "a", "attribute": "channel", "bins": [{"when": "-", "points": 1}]}]}'::crm.scorecard AS rating,
  '{"name": "s", "checks": [{"name": "risk", "require": {"allowed": {"client": "risk_level", "product": "risk_level", "pairs": {"C1": ["R1"]}}}, "otherwise": "prohibited"},
    {"name": "assessed", "require": {"within_months": {"client": "assessed_on", "months": 24}}, "otherwise": "notice"}]}'::crm.suitability_policy AS suitability;

-- the source with one view absent; risk levels are then columns of client and product
CREATE FUNCTION pg_temp.mart_without(absent text) RETURNS TABLE (object text, status text, reason text) LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  DROP SCHEMA IF EXISTS partial_mart, partial CASCADE;
  CREATE SCHEMA partial;
  FOR name IN SELECT DISTINCT c."view" FROM crm.source_contract() AS c WHERE c."view" <> absent AND to_regclass('source.' || c."view") IS NOT NULL LOOP
    EXECUTE format('CREATE VIEW partial.%1$I AS SELECT * FROM source.%1$I', name);
  END LOOP;
  IF absent = 'client_profile' THEN
    CREATE OR REPLACE VIEW partial.client AS SELECT c.*, 'C1'::text AS risk_level, date '2024-01-01' AS assessed_on, 5::numeric AS income FROM source.client AS c;
  ELSIF absent = 'product_grade' THEN
    CREATE OR REPLACE VIEW partial.product AS SELECT p.*, 'R1'::text AS risk_level FROM source.product AS p;
  END IF;
  RETURN QUERY SELECT m.* FROM thin_policy AS p CROSS JOIN policy AS t
    CROSS JOIN LATERAL crm.create_mart('partial_mart', 'partial', p.rating, t.tiers, p.suitability) AS m
    WHERE m.reason IS DISTINCT FROM 'the tier policy has no "period"' AND m.object IN (SELECT o.name FROM foundation AS o);
  FOR name IN SELECT k.relname FROM pg_class AS k WHERE k.relnamespace = 'partial_mart'::regnamespace AND k.relkind = 'v' LOOP
    EXECUTE format('SELECT count(*) FROM (SELECT * FROM partial_mart.%I OFFSET 0) AS v', name);
  END LOOP;
END $$;
SELECT set_eq('SELECT object, reason FROM pg_temp.mart_without(''product'') WHERE status = ''left out''',
  $$SELECT o, 'partial has no view product' FROM unnest(ARRAY['product_facts', 'suitability_matrix', 'suitability_exception', 'suitability_change', 'why']) AS o$$, 'no product');
SELECT set_eq('SELECT object, reason FROM pg_temp.mart_without(''holding'') WHERE status = ''left out''',
  $$SELECT o, 'partial has no view holding' FROM unnest(ARRAY['suitability_exception', 'suitability_change']) AS o$$, 'no holding');
SELECT set_eq('SELECT object, status, reason FROM pg_temp.mart_without(''trading_day'') WHERE reason IS NOT NULL',
  $$VALUES ('trading_days', 'left out', 'partial has no view trading_day'), ('calendar', 'created', 'partial has no view trading_day'),
    ('client_facts', 'created', 'partial has no view trading_day: days seen in balance stand for trading days')$$, 'no trading_day');
SELECT set_eq('SELECT object, status, reason FROM pg_temp.mart_without(''balance'') WHERE reason IS NOT NULL',
  $$VALUES ('client_facts', 'created', 'partial has no view balance: no assets')$$, 'no balance: the value of holdings decides tiers');
SELECT set_eq('SELECT client_id, tier_value FROM partial_mart.client_tier', 'SELECT client_id, round(holdings_value, 2) FROM partial_mart.client_facts(''2024-06-30'')', 'as it does');
SELECT set_eq('SELECT object, status, reason FROM pg_temp.mart_without(''client_profile'') WHERE reason IS NOT NULL',
  $$VALUES ('client_facts', 'created', 'partial has no view client_profile: its columns are read from client, the past cannot be reproduced')$$, 'no client_profile');
SELECT set_eq('SELECT DISTINCT risk_level, risk_level_order, assessed_on, income FROM partial_mart.client_360', $$VALUES ('C1', 1, date '2024-01-01', 5.00)$$, 'read from client');
SELECT set_eq('SELECT object, status, reason FROM pg_temp.mart_without(''product_grade'') WHERE reason IS NOT NULL',
  $$VALUES ('product_facts', 'created', 'partial has no view product_grade: its columns are read from product, the past cannot be reproduced')$$, 'no product_grade');
SELECT set_eq('SELECT object, status, reason FROM pg_temp.mart_without(''acknowledgement'') WHERE reason IS NOT NULL',
  $$VALUES ('suitability_exception', 'created', 'partial has no view acknowledgement')$$, 'no acknowledgement');
SELECT hasnt_column('partial_mart', 'suitability_exception', 'cleared', 'then nothing says whether an exception is cleared');
SELECT set_eq(format('SELECT DISTINCT status FROM pg_temp.mart_without(%L)', v), ARRAY['created'], format('no %s', v)) FROM unnest(ARRAY['trade', 'permission']) AS v;

DROP SCHEMA partial_mart, partial CASCADE;
CREATE SCHEMA partial;
CREATE VIEW partial.client AS SELECT client_id FROM source.client;
SELECT set_eq('SELECT object FROM crm.create_mart(''partial_mart'', ''partial'') WHERE status = ''created'' AND object IN (SELECT o.name FROM foundation AS o)', ARRAY['client_facts'], 'a list of clients is a source');
SELECT set_eq('SELECT client_id FROM partial_mart.client_360', 'SELECT client_id FROM source.client', 'of a mart');
SELECT lives_ok('SELECT crm.drop_mart(''partial_mart'')', 'which can be dropped');
SELECT hasnt_schema('partial_mart', 'with its schema');

DROP SCHEMA partial CASCADE;
CREATE SCHEMA partial;
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT DISTINCT c."view" FROM crm.source_contract() AS c WHERE to_regclass('source.' || c."view") IS NOT NULL LOOP
    EXECUTE format('CREATE VIEW partial.%1$I AS SELECT * FROM source.%1$I WHERE false', name);
  END LOOP;
END $$;
SELECT set_eq('SELECT DISTINCT m.status FROM policy AS p CROSS JOIN LATERAL crm.create_mart(''odd {mart} "1"'', ''partial'', p.rating, p.tiers, p.suitability) AS m
    WHERE m.reason IS DISTINCT FROM ''the tier policy has no "period"'' AND m.object IN (SELECT o.name FROM foundation AS o)',
  ARRAY['created'], 'a source without rows is a source');
SELECT is_empty(format('SELECT * FROM "odd {mart} ""1""".%I', v), format('%s of nobody', v))
FROM unnest(ARRAY['client_360', 'client_rating', 'client_tier', 'suitability_matrix', 'suitability_exception', 'assessment_due']) AS v;
SELECT set_eq('SELECT clients, client_share, assets, asset_share FROM "odd {mart} ""1""".tier_summary', $$VALUES (0::bigint, NULL::float8, 0.00, NULL::float8)$$, 'tiers of nobody');
SELECT is_empty('SELECT * FROM "odd {mart} ""1""".suitability_change(''2024-01-01'', ''2024-02-01'')', 'no change');
SELECT lives_ok('SELECT crm.drop_mart(''odd {mart} "1"'')', 'any name will do');

------------------------------------------------------------------------------------------------------------------------
-- Mistakes
------------------------------------------------------------------------------------------------------------------------

SELECT throws_ok(q, state, message, q) FROM (VALUES
  ('SELECT crm.create_mart(''mart'', ''source'')', '42710', 'schema mart is a mart already'),
  ('SELECT crm.create_mart(''source'', ''partial'')', '42P06', 'schema source holds other objects'),
  ('SELECT crm.create_mart(NULL, ''source'')', '22004', 'mart and source must be names of schemas, not NULL'),
  ('SELECT crm.create_mart(''other'', ''other'')', '22023', 'mart and source are the same schema'),
  ('SELECT crm.create_mart(''other'', ''nowhere'')', '3F000', 'a mart needs the view client: nowhere has no view client'),
  ('SELECT crm.create_mart(''other'', ''public'')', '42P01', 'a mart needs the view client: public has no view client'),
  ('SELECT crm.create_mart(''other'', ''source'', balance_mode => ''daily'')', '22023', 'balance_mode "daily" is not known'),
  ('SELECT crm.create_mart(''other'', ''source'', settings => ''[]'')', '22023', 'settings must be a JSON object'),
  ('SELECT crm.create_mart(''other'', ''source'', settings => ''{"colour": 1}'')', '22023', 'there is no setting "colour"'),
  ('SELECT crm.create_mart(''other'', ''source'', client_columns => ''{wealth}'')', '42703', 'client_columns names "wealth", which the source cannot give for a client'),
  ('SELECT crm.create_mart(''other'', ''source'', tier_measure => ''wealth'')', '42703', 'tier_measure names "wealth", which the source cannot give for a client'),
  ('SELECT crm.create_mart(''other'', ''source'', tier_measure => ''score'')', '22023', 'tier_measure "score" needs a scorecard'),
  ('SELECT crm.create_mart(''other'', ''source'', rating => replace(rating::text, ''channel"'', ''wealth"'')::crm.scorecard) FROM policy', '42703',
    'the scorecard "rating" reads "wealth", which the source cannot give for a client'),
  ('SELECT crm.create_mart(''other'', ''source'', suitability => replace(suitability::text, ''product.permission'', ''product.permit'')::crm.suitability_policy) FROM policy',
    '42703', 'the suitability policy "match" reads "permit", which the source cannot give for a product'),
  ('SELECT crm.update_mart(''source'')', '3F000', 'schema source is not a mart'),
  ('SELECT crm.drop_mart(''nowhere'')', '3F000', 'schema nowhere is not a mart'),
  ('SELECT crm.drop_mart(NULL)', '3F000', 'schema NULL is not a mart'),
  ('SELECT * FROM crm.check_source(''nowhere'')', '3F000', 'schema nowhere does not exist')
) AS t (q, state, message);
SELECT hasnt_schema('other', 'a mistake leaves nothing behind');

------------------------------------------------------------------------------------------------------------------------
-- check_source
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$SELECT "view", "column", severity, count, example, consequence FROM crm.check_source('partial') WHERE severity <> 'note'$$, 'nothing is wrong with empty views');
DROP SCHEMA partial CASCADE;
CREATE SCHEMA partial;
CREATE TABLE partial.client AS SELECT client_id, kind, opened_on, 'secret'::text AS secret FROM source.client;
INSERT INTO partial.client VALUES ('C1', 'person', '2020-01-01'), (NULL, 'robot', '1900-01-01'), ('C99', 'person', '2050-01-01');
CREATE TABLE partial.client_profile (client_id text, valid_from date, valid_to date, risk_level text, longest_term_months int);
INSERT INTO partial.client_profile VALUES ('C1', '2024-01-01', '2024-03-01', 'C1', -1), ('C1', '2024-02-01', NULL, 'Z9', 1), ('C2', '2024-02-01', '2024-01-01', 'C1', 1),
  ('X1', '2024-02-01', '9999-12-31', 'C1', 1);
CREATE TABLE partial.trade AS SELECT client_id, on_day, 'short'::text AS side, -amount::float8 AS amount FROM source.trade LIMIT 1;
CREATE TABLE partial.balance (client_id text, on_day timestamp, amount numeric);
CREATE TABLE partial.holding (client_id text, product_id text);
CREATE VIEW partial.permission AS SELECT client_id, 'STAR'::text AS code, date '2024-01-01' AS opened_on FROM source.client;
CREATE VIEW partial.trading_day AS SELECT 'X'::text AS market, date '2024-01-01' + 1 / (CASE WHEN client_id = 'C1' THEN 0 ELSE 1 END) AS on_day FROM source.client;
ALTER TABLE source.client ENABLE ROW LEVEL SECURITY;
CREATE TABLE partial.household AS SELECT * FROM (VALUES ('C1', 'H1', 0.5), ('C1', 'H2', 0.5), ('C2', 'H1', 0.9), ('C3', 'H3', 1.5), ('C3', 'H4', -0.5)) AS h (client_id, household_id, share);
CREATE SEQUENCE partial.reads;
CREATE VIEW partial.entitlement AS SELECT e.* FROM (VALUES ('mass', '-', 'letter', 3.0), ('prime', '-', 'call', -1)) AS e (tier, client_class, service, per_quarter)
  CROSS JOIN (SELECT nextval('partial.reads') OFFSET 0) AS read;
CREATE VIEW partial.cash_flow AS SELECT * FROM (VALUES ('C1', date '2024-01-05', 0::numeric), ('C1', date '2024-01-05', -3)) AS f (client_id, on_day, amount);
CREATE TEMP TABLE finding AS SELECT f.* FROM policy AS p CROSS JOIN LATERAL crm.check_source('partial', p.suitability, tiers => p.tiers) AS f;
SELECT is(last_value, 1::bigint, 'a relation is read once, whatever is asked of it') FROM partial.reads;
SELECT is(count(*), 1::bigint, what) FROM (VALUES
  ('client', 'client_id', 'error', 1, 'the row is not used', 'a key that is NULL'),
  ('client', 'client_id', 'error', 1, 'repeated key%', 'a repeated key'),
  ('client', 'kind', 'warning', 1, 'not in the contract%', 'a value that is not in the contract'),
  ('client', 'opened_on', 'warning', 1, '%sentinel%', 'a sentinel'),
  ('client', 'opened_on', 'warning', 1, 'in the future%', 'a day to come'),
  ('client', 'birth_date', 'note', NULL, 'unknown in the mart%', 'a missing column'),
  ('client_profile', 'valid_from', 'warning', 1, 'versions overlap%', 'overlapping versions'),
  ('client_profile', 'valid_to', 'warning', 1, 'the span is empty%', 'a version that never holds'),
  ('client_profile', 'valid_to', 'note', 1, '%sentinel%', 'a harmless sentinel'),
  ('client_profile', 'longest_term_months', 'warning', 1, 'must be >= 0', 'a negative number'),
  ('client_profile', 'risk_level', 'warning', 1, 'not a level of the policy%', 'a level that the policy does not know'),
  ('client_profile', 'client_id', 'warning', 1, 'not in client%', 'an orphan'),
  ('trade', 'side', 'warning', 1, 'not in the contract%', 'a side that is none'),
  ('trade', 'amount', 'warning', NULL, 'money in floating point%', 'money in floating point'),
  ('balance', 'on_day', 'error', NULL, 'must be date%', 'a mistyped column'),
  ('holding', 'on_day', 'error', NULL, 'the mart leaves%', 'a missing column without which the view is of no use'),
  ('permission', NULL, 'warning', 1, '%not security_invoker%', 'a view that row-level security does not reach through'),
  ('trading_day', NULL, 'error', NULL, 'the view cannot be read%', 'a view that fails'),
  ('household', 'share', 'error', 1, 'the shares of a client%', 'shares that do not sum to 1'),
  ('household', 'share', 'warning', 1, 'must be > 0', 'a share below 0'),
  ('entitlement', 'tier', 'warning', 1, 'not a tier of the policy%', 'a service that is owed to a tier that does not exist'),
  ('entitlement', 'per_quarter', 'warning', 1, 'must be >= 0', 'a service that is owed less than never'),
  ('cash_flow', 'amount', 'warning', 1, 'must be <> 0', 'money that did not move'),
  ('product', NULL, 'note', NULL, 'what needs it is left out', 'a missing view')
) AS e ("view", "column", severity, count, consequence, what)
LEFT JOIN finding AS f ON f."view" = e."view" AND f."column" IS NOT DISTINCT FROM e."column" AND f.severity = e.severity
  AND f.count IS NOT DISTINCT FROM e.count::int8 AND f.consequence LIKE e.consequence
GROUP BY what, e."view", e."column", e.severity, e.consequence;
SELECT is(example, 'C1 2024-02-01 Z9', 'an example is a key and the value') FROM finding WHERE consequence LIKE 'not a level%';

SET LOCAL max_parallel_workers_per_gather = 0;         -- plans as they are without parallel query forced
DROP TABLE partial.balance;
CREATE TABLE partial.balance AS SELECT 'C' || c AS client_id, date '2023-01-01' + d AS on_day, 1::numeric AS amount
FROM generate_series(1, 40) AS c CROSS JOIN generate_series(0, 1999) AS d ORDER BY d, c;
ANALYZE partial.balance;
SELECT set_eq($$SELECT "column", severity FROM crm.check_source('partial') WHERE "view" = 'balance' AND consequence LIKE 'the plan%'$$,
  $$VALUES ('on_day', 'note'), ('client_id', 'warning')$$, 'plans that read everything');
CREATE INDEX ON partial.balance (client_id, on_day);
CREATE INDEX ON partial.balance (on_day);
SELECT is_empty($$SELECT "column", severity FROM crm.check_source('partial') WHERE "view" = 'balance' AND consequence LIKE 'the plan%'$$, 'indexes help');

SELECT * FROM finish();
ROLLBACK;
