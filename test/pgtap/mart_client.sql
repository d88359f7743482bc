-- Who the clients are and what they are worth, over 20,000 made-up clients with every oddity that a source may have: each view against plain SQL over the
-- same rows that shares nothing with the mart.
\set segments `cat "$CRM_EXT_SOURCE/examples/policies/rfm_segments.json"`
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT no_plan();

------------------------------------------------------------------------------------------------------------------------
-- The source
------------------------------------------------------------------------------------------------------------------------

-- a number from 0 to n - 1 that looks drawn by lot, but is always the same
CREATE FUNCTION pg_temp.lot(id bigint, purpose text, n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN
  (hashint8extended(id, hashtext(purpose)) & 2147483647)::int % n;

CREATE SCHEMA source;
CREATE TABLE source.client AS
SELECT 'C' || n AS client_id, 'person' AS kind, date '2010-01-01' + pg_temp.lot(n, 'opened', 6000) AS opened_on,
  CASE WHEN n % 50 = 0 THEN date '2026-01-01' + pg_temp.lot(n, 'closed', 300) END AS closed_on, 'B' || n % 8 AS branch_id, CASE WHEN n % 9 = 0 THEN 'old' ELSE 'new' END AS segment
FROM generate_series(1, 20000) AS n;
UPDATE source.client SET opened_on = NULL WHERE client_id IN ('C7', 'C8');
CREATE UNIQUE INDEX ON source.client (client_id);
CREATE TABLE source.client_profile AS
SELECT 'C' || n AS client_id, date '2020-01-01' AS valid_from, NULL::date AS valid_to, 'C' || 1 + n % 4 AS risk_level,
  CASE WHEN n % 11 > 0 THEN date '2023-01-01' + pg_temp.lot(n, 'assessed', 1200) END AS assessed_on
FROM generate_series(1, 20000) AS n WHERE n % 40 > 0;
CREATE UNIQUE INDEX ON source.client_profile (client_id, valid_from);
CREATE TABLE source.product AS
SELECT 'P' || n AS product_id, 'Product ' || n AS name, CASE WHEN n % 10 > 0 THEN 'kind ' || n % 3 END AS kind, CASE WHEN n % 7 > 0 THEN 'category ' || n % 5 END AS category
FROM generate_series(1, 40) AS n;
CREATE TABLE source.product_grade AS SELECT 'P' || n AS product_id, date '2020-01-01' AS valid_from, NULL::date AS valid_to, 'R' || 1 + n % 4 AS risk_level FROM generate_series(1, 40) AS n;
CREATE TABLE source.holding AS
SELECT 'C' || n AS client_id, 'P' || 1 + (n * 7 + k * 11) % 40 AS product_id, d.on_day, 10::numeric AS quantity,
  round((100 * power(1.0002, pg_temp.lot(n * 10 + k, 'value', 20000)))::numeric, 2) * CASE WHEN n % 997 = 0 THEN -1 ELSE 1 END AS market_value
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 5) AS k CROSS JOIN (VALUES (date '2025-12-31'), ('2026-06-29')) AS d (on_day)
WHERE k < pg_temp.lot(n, 'products', 6);
UPDATE source.holding SET market_value = NULL WHERE client_id = 'C21';
CREATE UNIQUE INDEX ON source.holding (client_id, product_id, on_day);
CREATE INDEX ON source.holding (on_day);
CREATE TABLE source.balance AS
SELECT 'C' || n AS client_id, date '2026-06-30' - 100 * k - pg_temp.lot(n, 'day', 100) AS on_day,
  CASE WHEN n % 500 = 0 THEN -50.25 WHEN n % 20 = 0 THEN 0 WHEN n % 3 = 0 THEN 25000 ELSE round((1000 * power(pg_temp.lot(n, 'wealth', 100000) / 100000.0 + 0.00001, -0.8))::numeric, 2) END * CASE WHEN k = 0 AND n % 7 = 0 THEN 0.5 ELSE 1 END + k AS amount
FROM generate_series(1, 19990) AS n CROSS JOIN generate_series(0, 2) AS k;
UPDATE source.balance SET amount = 'NaN' WHERE client_id = 'C11';
CREATE UNIQUE INDEX ON source.balance (client_id, on_day);
CREATE INDEX ON source.balance (on_day);
CREATE TABLE source.trade AS
SELECT format('T%s-%s', n, k) AS trade_id, 'C' || n AS client_id, 'P' || 1 + k % 40 AS product_id, date '2026-07-10' - pg_temp.lot(n * 100 + k, 'day', 20 + 2 * pg_temp.lot(n, 'age', 180)) AS on_day,
  round((1000 * power(1.001, pg_temp.lot(n * 100 + k, 'amount', 5000)))::numeric, 2) AS amount
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 29) AS k
WHERE k < power(pg_temp.lot(n, 'trades', 1000) / 1000.0, 3) * 30 AND n % 6 > 0;
UPDATE source.trade SET amount = NULL WHERE trade_id IN ('T1-0', 'T2-0');
UPDATE source.trade SET amount = 'NaN' WHERE trade_id = 'T3-0';
UPDATE source.trade SET on_day = 'infinity' WHERE client_id = 'C4';
UPDATE source.trade SET on_day = '-infinity' WHERE client_id = 'C5';
INSERT INTO source.trade VALUES ('S1', 'C1', 'P1', '2026-06-30', 5000), ('S2', 'C1', 'P1', '2026-06-30', 5000), ('S3', 'C2', 'P1', '2025-07-01', 12345.678), ('S4', 'C3', 'P1', '2025-06-30', 1);
INSERT INTO source.trade SELECT 'L' || k, 'C6', 'P1', date '2025-12-01' - k, 100000 FROM generate_series(1, 20) AS k;      -- once among the best
CREATE INDEX ON source.trade (client_id, on_day);
CREATE INDEX ON source.trade (on_day);
CREATE TABLE source.fee AS
SELECT 'C' || n AS client_id, date '2026-06-30' - pg_temp.lot(n * 10 + k, 'fee day', 500) AS on_day, 'commission' AS kind,
  CASE WHEN n % 77 = 0 THEN -3.5 ELSE round(power(pg_temp.lot(n, 'revenue', 1000) / 100.0, 3)::numeric, 2) END AS amount
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 3) AS k WHERE n % 4 > 0;
CREATE INDEX ON source.fee (client_id, on_day);
CREATE TABLE source.household AS      -- pairs; every tenth client belongs to two; some without shares, some with shares that do not sum to 1
SELECT 'C' || n AS client_id, 'H' || n / 2 AS household_id, CASE WHEN n % 30 = 0 THEN NULL WHEN n % 10 = 0 THEN 0.6 WHEN n % 41 = 0 THEN 0.9 ELSE 1 END AS share
FROM generate_series(1, 18000) AS n
UNION ALL
SELECT 'C' || n, 'H' || n / 2 + 1, CASE WHEN n % 30 > 0 THEN 0.4 END FROM generate_series(10, 18000, 10) AS n;
CREATE INDEX ON source.household (client_id);
ANALYZE;

CREATE TEMP TABLE policy AS SELECT
  $${"name": "rating", "characteristics": [
      {"name": "assets", "attribute": "assets", "baseline_score": 30, "reason_code": "AST", "reason": "few assets",
       "bins": [{"when": "< 5000", "points": 5}, {"when": ">= 5000", "points": 25}, {"when": null, "points": 0}]},
      {"name": "trades", "attribute": "trades_90_days", "baseline_score": 10, "reason_code": "TRD", "reason": "few trades",
       "bins": [{"when": "< 3", "points": 2}, {"when": ">= 3", "points": 10}, {"when": null, "points": 0}]}]}$$::crm.scorecard AS rating,
  $${"name": "tiers", "version": "1", "period": "month", "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 5000, "keep": 4000}, {"label": "private", "enter": 30000}],
    "moves": {"up_after": 1, "watch_after": 1, "down_after": 2, "land": "current", "missing": "carry"}}$$::crm.tier_policy AS tiers,
  $${"name": "match", "checks": [
       {"name": "risk", "code": "RISK", "require": {"allowed": {"client": "risk_level", "product": "risk_level",
          "pairs": {"C1": ["R1"], "C2": ["R1", "R2"], "C3": ["R1", "R2", "R3"], "C4": ["R1", "R2", "R3", "R4"]}}}, "otherwise": "overridable"},
       {"name": "assessed", "code": "ASSESSED", "require": {"within_months": {"client": "assessed_on", "months": 24}}, "otherwise": "undetermined"}]}$$::crm.suitability_policy AS suitability;
SET LOCAL crm.as_of = '2026-06-30';
CREATE TEMP VIEW group_view AS SELECT q.name FROM crm.mart_question() AS q WHERE q.ordinal BETWEEN 30 AND 39 OR q.name = 'client_360';
CREATE TEMP TABLE made AS
SELECT m.* FROM policy AS p CROSS JOIN LATERAL crm.create_mart('mart', 'source', p.rating, p.tiers, p.suitability, client_columns => '{branch_id,segment}', segments => :'segments') AS m;
SELECT set_eq('SELECT object, status, reason FROM made WHERE object IN (SELECT name FROM group_view)',
  $$SELECT name, 'created', CASE name WHEN 'client_360' THEN 'no decision table was given as life_stage; no decision table was given as service_model; source has no view contact; source has no view entitlement' END FROM group_view$$,
  'everything is there, but what clients are owed');
CALL crm.refresh_mart('mart', commit_each_month => false);

------------------------------------------------------------------------------------------------------------------------
-- Recency, frequency, monetary
------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.living(as_of date) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT c.client_id FROM source.client AS c WHERE coalesce(c.opened_on, '-infinity') <= as_of AND coalesce(c.closed_on, 'infinity') > as_of
$$;
CREATE FUNCTION pg_temp.expected_rfm(as_of date, recency int[], frequency int[], monetary numeric[])
RETURNS TABLE (client_id text, recency_days int, frequency int, monetary numeric, recency_score int, frequency_score int, monetary_score int) LANGUAGE sql AS $$
  SELECT l, as_of - t.last_on, coalesce(t.days, 0)::int, coalesce(round(t.amount, 2), 0.00),
    CASE WHEN t.days IS NULL THEN 1 ELSE 1 + (SELECT count(*) FROM unnest($2) AS c WHERE as_of - t.last_on <= c)::int END,
    1 + (SELECT count(*) FROM unnest($3) AS c WHERE t.days >= c)::int, 1 + (SELECT count(*) FROM unnest($4) AS c WHERE t.amount >= c)::int
  FROM pg_temp.living(as_of) AS l
  LEFT JOIN (
    SELECT t.client_id, max(t.on_day) AS last_on, count(DISTINCT t.on_day) AS days, sum(t.amount) AS amount
    FROM source.trade AS t
    WHERE t.on_day BETWEEN as_of - 364 AND as_of AND t.amount <> 'NaN'
    GROUP BY t.client_id) AS t ON t.client_id = l
$$;
SELECT set_eq(format('SELECT as_of, client_id, recency_days, frequency, monetary, recency_score, frequency_score, monetary_score FROM mart.client_rfm_at(%L)', day),
    format('SELECT %1$L::date, * FROM pg_temp.expected_rfm(%1$L, ''{30,90,180,365}'', ''{2,4,8,16}'', ''{10000,50000,200000,1000000}'')', day), 'as counted on ' || day)
FROM unnest(ARRAY['2026-06-30', '2025-12-31']) AS d (day);
SELECT set_eq('SELECT DISTINCT rfm_code FROM mart.client_rfm', 'SELECT DISTINCT concat_ws(''-'', recency_score, frequency_score, monetary_score) FROM mart.client_rfm', 'the code has the scores');
SELECT set_eq('SELECT client_id, rfm_segment, rfm_segment_order FROM mart.client_rfm', $$
  SELECT s.client_id, s.segment, array_position(ARRAY['champions', 'loyal', 'big spenders', 'potential loyalists', 'new', 'need attention', 'about to sleep', 'cannot lose them', 'at risk', 'hibernating', 'inactive'], s.segment)
  FROM (
    SELECT e.client_id, CASE
      WHEN e.frequency = 0 THEN 'inactive'
      WHEN e.recency_score >= 4 AND e.frequency_score >= 4 AND e.monetary_score >= 4 THEN 'champions'
      WHEN e.recency_score >= 3 THEN CASE WHEN e.frequency_score >= 4 THEN 'loyal' WHEN e.monetary_score >= 4 THEN 'big spenders'
        WHEN e.recency_score = 3 THEN CASE WHEN e.frequency_score = 1 THEN 'about to sleep' ELSE 'need attention' END
        WHEN e.frequency_score = 1 THEN 'new' ELSE 'potential loyalists' END
      WHEN e.frequency_score >= 4 AND e.monetary_score >= 4 THEN 'cannot lose them' WHEN e.frequency_score >= 3 OR e.monetary_score >= 4 THEN 'at risk' ELSE 'hibernating' END AS segment
    FROM pg_temp.expected_rfm('2026-06-30', '{30,90,180,365}', '{2,4,8,16}', '{10000,50000,200000,1000000}') AS e) AS s$$, 'segments');
SELECT is((SELECT count(DISTINCT rfm_segment) FROM mart.client_rfm), 11::bigint, 'each of them occurs');
SELECT is_empty(format('SELECT * FROM crm.decision_table_check(%L)', :'segments'), 'the table of the segments has no gap and no rule that cannot hit');

-- the cut that is proposed for a share is the value at which the share below is nearest to it
CREATE TEMP TABLE proposed AS SELECT crm.propose_rfm_cuts('mart') AS cuts;
CREATE FUNCTION pg_temp.nearest(expression text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  cuts int[];
BEGIN
  EXECUTE format('
    WITH value AS (
      SELECT %1$s AS x, count(*) AS n FROM mart.client_rfm WHERE recency_days IS NOT NULL GROUP BY 1
    ), below AS (
      SELECT x, coalesce(sum(n) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) / sum(n) OVER () AS share FROM value
    )
    SELECT array_agg((SELECT b.x FROM below AS b WHERE b.share > 0 ORDER BY abs(b.share - p), b.x LIMIT 1) ORDER BY p) FROM unnest(ARRAY[0.2, 0.4, 0.6, 0.8]) AS p', expression) INTO cuts;
  RETURN cuts;
END $$;
SELECT is(translate(cuts ->> 'rfm_frequency', '[] ', '{}')::int[], pg_temp.nearest('frequency'), 'the proposed cut points of frequency') FROM proposed;
SELECT results_eq('SELECT c.cut::int, r.score FROM proposed, jsonb_array_elements_text(cuts -> ''rfm_recency_days'') WITH ORDINALITY AS c (cut, score) CROSS JOIN LATERAL (SELECT c.score::int) AS r (score)',
  'SELECT cut - 1, place::int FROM unnest(pg_temp.nearest(''recency_days'')) WITH ORDINALITY AS n (cut, place)', 'of recency, the last day of each class');
SELECT lives_ok('SELECT count(*) FROM crm.update_mart(''mart'', settings => (SELECT cuts FROM proposed))', 'are frozen in one statement');
SELECT is((SELECT settings FROM mart.definition), (SELECT cuts FROM proposed), 'they are settings');
SELECT is_empty($$SELECT monetary_score, count(*) FROM mart.client_rfm WHERE recency_days IS NOT NULL GROUP BY 1
  HAVING abs(count(*) / (SELECT count(*) FROM mart.client_rfm WHERE recency_days IS NOT NULL)::numeric - 0.2) > 0.005$$, 'and leave a fifth of the clients with a trade in each class');
SELECT set_eq('SELECT client_id, recency_days, frequency, monetary, recency_score, frequency_score, monetary_score FROM mart.client_rfm', $$
  SELECT e.* FROM proposed CROSS JOIN LATERAL pg_temp.expected_rfm('2026-06-30', translate(cuts ->> 'rfm_recency_days', '[] ', '{}')::int[],
    translate(cuts ->> 'rfm_frequency', '[] ', '{}')::int[], translate(cuts ->> 'rfm_monetary', '[] ', '{}')::numeric[]) AS e$$, 'the scores are by the frozen cut points');
CREATE TEMP TABLE before AS SELECT client_id, rfm_code FROM mart.client_rfm;
INSERT INTO source.trade SELECT 'X' || n, 'C' || n, 'P1', '2026-06-30', 9999999 FROM generate_series(100, 5000) AS n WHERE n % 5 = 0;
SELECT is_empty($$SELECT client_id FROM mart.client_rfm JOIN before USING (client_id) WHERE client_rfm.rfm_code <> before.rfm_code AND client_id NOT IN (SELECT client_id FROM source.trade WHERE trade_id LIKE 'X%')$$,
  'no client changes class because others do');
SELECT isnt_empty($$SELECT client_id FROM mart.client_rfm JOIN before USING (client_id) WHERE client_rfm.rfm_code <> before.rfm_code$$, 'these do');
SELECT is(crm.propose_rfm_cuts('mart', '2000-01-01'), '{"rfm_monetary": [], "rfm_frequency": [], "rfm_recency_days": []}', 'where nobody trades there is nothing to propose');
SELECT lives_ok('SELECT crm.update_mart(''mart'', settings => crm.propose_rfm_cuts(''mart'', ''2000-01-01''))', 'which can be frozen too');
SELECT set_eq('SELECT DISTINCT rfm_code FROM mart.client_rfm', ARRAY['1-1-1'], 'and makes all alike');
SELECT lives_ok('SELECT crm.update_mart(''mart'', settings => ''{"rfm_monetary": null, "rfm_frequency": null, "rfm_recency_days": null, "rfm_days": 90}'')', 'settings can be taken back');
SELECT set_eq('SELECT client_id, monetary FROM mart.client_rfm WHERE frequency > 0',
  'SELECT client_id, round(sum(amount), 2) FROM source.trade WHERE on_day > date ''2026-06-30'' - 90 AND on_day <= ''2026-06-30'' AND amount <> ''NaN'' AND client_id IN (SELECT pg_temp.living(''2026-06-30'')) GROUP BY 1',
  'the period is a setting');
SELECT throws_ok($$SELECT crm.update_mart('mart', settings => '{"rfm_frequency": [4, 2]}')$$, '22023', NULL, 'cut points must ascend');
SELECT throws_ok($$SELECT crm.update_mart('mart', settings => '{"rfm_recency_days": [-1]}')$$, '22023', NULL, 'and be possible');
SELECT throws_ok('SELECT crm.propose_rfm_cuts(''nowhere'')', '3F000', NULL, 'proposals need a mart');
SELECT throws_ok('SELECT crm.propose_rfm_cuts(''mart'', classes => 1)', '22023', NULL, 'and classes');
SELECT throws_ok('SELECT crm.propose_rfm_cuts(''mart'', classes => NULL)', '22004', NULL, 'that are known');
SELECT throws_ok($$SELECT crm.update_mart('mart', segments => '{"name": "odd", "inputs": ["age"], "outputs": ["segment"], "rules": [{"when": ["-"], "then": ["all"]}]}')$$,
  '42703', 'the decision table "odd" reads "age", which client_rfm does not have', 'a table of segments reads what client_rfm has');
SELECT throws_ok($$SELECT crm.update_mart('mart', segments => '{"name": "odd", "inputs": ["monetary"], "outputs": ["name"], "rules": [{"when": ["-"], "then": ["all"]}]}')$$,
  '42703', 'the decision table "odd" has no output "segment"', 'and names the segment');
SELECT is(crm.decision_table_labels('{"hit_policy": "first", "inputs": ["a"], "outputs": ["n", {"name": "segment", "default": "other"}], "rules": [
  {"when": [1], "then": [1, "x"]}, {"when": [2], "then": [2, "a"]}, {"when": [3], "then": [3, "x"]}, {"when": [4], "then": [3, null]}]}', 'segment'), '{x,a,other}'::text[], 'labels come in the order of the rules');

------------------------------------------------------------------------------------------------------------------------
-- Ranks, classes, concentration
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE worth AS
SELECT l AS client_id, c.branch_id, c.segment, nullif(b.amount, 'NaN') AS assets, f.amount AS revenue, r.score
FROM pg_temp.living('2026-06-30') AS l
JOIN source.client AS c ON c.client_id = l
LEFT JOIN (SELECT DISTINCT ON (client_id) client_id, amount FROM source.balance WHERE on_day <= '2026-06-30' ORDER BY client_id, on_day DESC) AS b ON b.client_id = l
LEFT JOIN (SELECT client_id, sum(amount) AS amount FROM source.fee WHERE on_day BETWEEN '2025-07-01' AND '2026-06-30' GROUP BY client_id) AS f ON f.client_id = l
JOIN mart.client_rating AS r ON r.client_id = l;
CREATE UNIQUE INDEX ON worth (client_id);
SELECT cmp_ok((SELECT count(*) FROM worth WHERE assets < 0), '>', 10::bigint, 'some are in debt');
CREATE TEMP TABLE best AS
SELECT 'assets' AS measure, 1 AS place, a.client_id, a.assets AS value, t.total
FROM (SELECT * FROM worth WHERE assets IS NOT NULL ORDER BY assets DESC FETCH FIRST 100 ROWS WITH TIES) AS a CROSS JOIN (SELECT sum(assets) AS total FROM worth WHERE assets > 0) AS t
UNION ALL
SELECT 'revenue', 3, a.client_id, a.revenue, t.total
FROM (SELECT * FROM worth WHERE revenue IS NOT NULL ORDER BY revenue DESC FETCH FIRST 100 ROWS WITH TIES) AS a CROSS JOIN (SELECT sum(revenue) AS total FROM worth WHERE revenue > 0) AS t
UNION ALL
SELECT 'score', 2, client_id, score::numeric, NULL FROM worth WHERE score = (SELECT max(score) FROM worth);
SELECT set_eq('SELECT measure, measure_order, client_id, branch_id, segment, measure_rank, measure_value, round(measure_share::numeric, 12) AS share, round(cumulative_share::numeric, 12) AS cumulative FROM mart.top_clients', $$
  SELECT b.measure, b.place, client_id, c.branch_id, c.segment, CASE b.place WHEN 2 THEN 1 ELSE (SELECT 1 + count(*) FROM best AS o WHERE o.place = b.place AND o.value > b.value) END AS rank,
    round(b.value, 2) AS value, round(b.value / b.total, 12) AS share,
    round(CASE WHEN b.place <> 2 THEN (SELECT sum(o.value) FROM best AS o WHERE o.place = b.place AND o.value >= b.value) END / b.total, 12) AS cumulative
  FROM best AS b JOIN source.client AS c USING (client_id)$$, 'the first hundred, and who is equal to the last of them');
SELECT cmp_ok((SELECT count(*) FROM mart.top_clients WHERE measure = 'score'), '>', 100::bigint, 'equal scores are all in it');

CREATE FUNCTION pg_temp.expected_class(column_name text) RETURNS TABLE (client_id text, share float8, cumulative float8, class text) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('
    WITH value AS (SELECT client_id, CASE WHEN %1$I IS NULL THEN NULL WHEN %1$I < 0 THEN 0 ELSE %1$I END AS v FROM worth),
    level AS (SELECT v, v * count(*) AS amount, row_number() OVER (ORDER BY v DESC) AS place FROM value WHERE v IS NOT NULL GROUP BY v),
    running AS (SELECT v, sum(amount) OVER (ORDER BY place) AS through, sum(amount) OVER (ORDER BY place) - amount AS above, sum(amount) OVER () AS t FROM level)
    SELECT value.client_id, (value.v / t)::float8, (through / t)::float8, CASE WHEN above < 0.8 * t THEN ''A'' WHEN above < 0.95 * t THEN ''B'' WHEN value.v IS NOT NULL THEN ''C'' END
    FROM value LEFT JOIN running USING (v)', column_name);
END $$;
SELECT set_eq('SELECT client_id, round(revenue_share::numeric, 12) AS share, round(revenue_cumulative_share::numeric, 12) AS cumulative, revenue_class FROM mart.abc_class',
  'SELECT client_id, round(share::numeric, 12) AS share, round(cumulative::numeric, 12) AS cumulative, class FROM pg_temp.expected_class(''revenue'')', 'classes by revenue');
SELECT set_eq('SELECT client_id, round(asset_share::numeric, 12) AS share, round(asset_cumulative_share::numeric, 12) AS cumulative, asset_class FROM mart.abc_class',
  'SELECT client_id, round(share::numeric, 12) AS share, round(cumulative::numeric, 12) AS cumulative, class FROM pg_temp.expected_class(''assets'')', 'by assets');
SELECT isnt_empty('SELECT 1 FROM mart.abc_class WHERE assets IS NULL AND asset_class IS NULL', 'who is not known has no class');
SELECT is_empty('SELECT assets FROM mart.abc_class GROUP BY assets HAVING count(DISTINCT asset_class) > 1', 'equal assets are never split');
SELECT results_eq('SELECT asset_class_order, min(asset_class) FROM mart.abc_class WHERE asset_class IS NOT NULL GROUP BY 1 ORDER BY 1', $$VALUES (1, 'A'), (2, 'B'), (3, 'C')$$, 'in order');
SELECT lives_ok($$SELECT crm.update_mart('mart', settings => '{"top_clients": 3, "abc_a_share": 1, "abc_b_share": 1}')$$, 'settings are taken');
SELECT set_eq($$SELECT measure_rank FROM mart.top_clients WHERE measure = 'assets'$$, ARRAY[1, 2, 3], 'as many as the setting says');
SELECT set_eq('SELECT asset_class FROM mart.abc_class WHERE assets > 0', ARRAY['A'], 'and classes where it says');
SELECT lives_ok('SELECT crm.update_mart(''mart'', settings => ''{"top_clients": null, "abc_a_share": null, "abc_b_share": null, "rfm_days": null}'')', 'back again');

CREATE TEMP TABLE ordered AS SELECT v, row_number() OVER (ORDER BY v) AS place, count(*) OVER () AS n, sum(v) OVER () AS total, sum(v) OVER (ORDER BY v ROWS UNBOUNDED PRECEDING) AS running
FROM (SELECT greatest(assets, 0)::float8 AS v FROM worth WHERE assets IS NOT NULL) AS w;
SELECT results_eq('SELECT clients, clients_with_assets, clients_in_debt, clients_unknown, assets FROM mart.asset_concentration',
  'SELECT count(*), count(*) FILTER (WHERE assets > 0), count(*) FILTER (WHERE assets < 0), count(*) FILTER (WHERE assets IS NULL), sum(assets) FILTER (WHERE assets > 0) FROM worth', 'what the book has');
SELECT cmp_ok(abs(gini - (SELECT 2 * sum(place * v) / (max(n) * max(total)) - (max(n) + 1.0) / max(n) FROM ordered)), '<', 0.002::float8, 'the Gini coefficient of the values themselves') FROM mart.asset_concentration;
SELECT is_empty($$SELECT p, made, exact FROM (
    SELECT t.p, t.made, (SELECT sum(v) / max(total) FROM (SELECT v, total FROM ordered ORDER BY v DESC LIMIT (SELECT round(t.p * max(n)) FROM ordered)) AS o) AS exact
    FROM mart.asset_concentration AS c CROSS JOIN LATERAL (VALUES (0.01, top_1_percent_share), (0.05, top_5_percent_share), (0.1, top_10_percent_share), (0.2, top_20_percent_share),
      (0.2, 1 - tail_80_percent_share)) AS t (p, made)) AS t
  WHERE abs(made - exact) > 0.003$$, 'shares of the head and the tail');
SELECT is_empty($$SELECT k, made, exact FROM (
    SELECT p.tail_clients AS k, p.tail_index AS made, p.tail_index_error * sqrt(p.tail_clients) AS again,
      (SELECT 1 / (avg(ln(v)) FILTER (WHERE place > n - p.tail_clients) - min(ln(v)) FILTER (WHERE place = n - p.tail_clients)) FROM ordered WHERE v > 0) AS exact
    FROM mart.tail_index_path AS p) AS t
  WHERE abs(made - exact) > 0.02 * exact OR abs(again - made) > 1e-9 * made$$, 'Hill''s estimate of the values themselves, with its standard error');
SELECT results_eq('SELECT tail_share, tail_clients FROM mart.tail_index_path ORDER BY 1', $$SELECT s::float8, floor((SELECT count(*) FROM ordered WHERE v > 0) * s)::bigint FROM unnest('{0.005,0.01,0.02,0.05,0.1}'::numeric[]) AS s ORDER BY 1$$, 'and its k');
SELECT results_eq('SELECT tail_index, tail_clients FROM mart.asset_concentration', 'SELECT tail_index, tail_clients FROM mart.tail_index_path WHERE tail_share = 0.05', 'which is on the path');
SELECT is((SELECT count(*) FROM mart.asset_lorenz), 101::bigint, 'a hundred parts have a hundred and one ends');
SELECT is_empty($$SELECT l.* FROM mart.asset_lorenz AS l
  CROSS JOIN LATERAL (SELECT coalesce(max(running / total), 0) AS exact FROM ordered WHERE place <= l.client_share * n) AS e
  WHERE abs(l.lowest_share - e.exact) > 0.003$$, 'the Lorenz curve of the values themselves');
SELECT is_empty('SELECT a.client_share FROM mart.asset_lorenz AS a JOIN mart.asset_lorenz AS b ON round(a.client_share::numeric + b.client_share::numeric, 9) = 1 WHERE abs(a.highest_share + b.lowest_share - 1) > 1e-9',
  'what the highest have, the lowest do not');

------------------------------------------------------------------------------------------------------------------------
-- Households, and one view of the client
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE part AS
SELECT h.client_id, h.household_id, coalesce(h.share, 1.0 / s.households) AS share, round(s.total, 4) = 1 AS complete
FROM source.household AS h
JOIN (SELECT client_id, count(*) AS households, sum(coalesce(share, 1.0 / (SELECT count(*) FROM source.household AS o WHERE o.client_id = h.client_id))) AS total FROM source.household AS h GROUP BY client_id) AS s
  ON s.client_id = h.client_id;
CREATE INDEX ON part (client_id);
ANALYZE part;
SELECT set_eq('SELECT DISTINCT shares_complete FROM mart.household_360', ARRAY[true, false], 'shares that sum to 1 and shares that do not');
SELECT set_eq('SELECT household_id, members, shares_complete, assets, revenue_12_months, best_score, best_tier, best_tier_order, oldest_relationship, products_held, holdings_value FROM mart.household_360', $$
  SELECT p.household_id, count(*), bool_and(p.complete), round(sum(p.share * w.assets), 2) AS assets, round(sum(p.share * w.revenue), 2) AS revenue, max(w.score) AS score,
    (ARRAY['mass', 'affluent', 'private'])[max(t.tier_order)] AS tier, max(t.tier_order) AS tier_order, min(c.opened_on) AS opened_on,
    (SELECT count(DISTINCT h.product_id) FROM source.holding AS h WHERE h.on_day = '2026-06-29' AND h.client_id = ANY (array_agg(p.client_id))) AS products, round(sum(p.share * v.amount), 2) AS market_value
  FROM part AS p
  JOIN worth AS w USING (client_id) JOIN source.client AS c USING (client_id) JOIN mart.client_tier AS t USING (client_id)
  LEFT JOIN (SELECT client_id, sum(market_value) AS amount FROM source.holding WHERE on_day = '2026-06-29' GROUP BY 1) AS v USING (client_id)
  GROUP BY p.household_id$$, 'households');
SELECT cmp_ok(abs((SELECT sum(assets) FROM mart.household_360 WHERE shares_complete) - (SELECT sum(p.share * w.assets) FROM part AS p JOIN worth AS w USING (client_id) WHERE household_id NOT IN
  (SELECT household_id FROM part JOIN worth USING (client_id) WHERE NOT complete))), '<', 0.005 * (SELECT count(*) FROM mart.household_360), 'nothing is lost or doubled where shares are complete');

SELECT set_eq('SELECT client_id, score, tier, tier_order, tier_since, tier_on_watch, periods_to_downgrade, landing_tier, landing_tier_order FROM mart.client_360',
  'SELECT client_id, score, tier, tier_order, since, on_watch, periods_to_downgrade, landing, landing_order FROM mart.client_tier JOIN mart.client_rating USING (client_id)', 'the rating, the tier and its outlook');
SELECT isnt_empty('SELECT 1 FROM mart.client_360 WHERE tier_on_watch AND periods_to_downgrade = 1 AND landing_tier_order < tier_order', 'some are about to fall');
SELECT set_eq('SELECT client_id, household_id, households, household_shares_complete FROM mart.client_360', $$
  SELECT w.client_id, l.household_id, (SELECT count(*) FROM part WHERE client_id = w.client_id), l.complete
  FROM worth AS w LEFT JOIN (SELECT DISTINCT ON (client_id) * FROM part ORDER BY client_id, share DESC, household_id) AS l ON l.client_id = w.client_id$$, 'the household with the largest share');
SELECT set_eq('SELECT client_id, classes_held, main_class, round(main_class_share::numeric, 9) AS share, holdings_by_class FROM mart.client_360', $$
  WITH class AS (
    SELECT h.client_id, coalesce(p.category, p.kind, 'not classed') AS class, sum(h.market_value) AS value
    FROM source.holding AS h JOIN source.product AS p USING (product_id) WHERE h.on_day = '2026-06-29' GROUP BY 1, 2
  ), share AS (
    SELECT c.client_id, c.class, CASE WHEN c.value < 0 THEN 0 ELSE c.value END / t.value AS share
    FROM class AS c LEFT JOIN (SELECT client_id, sum(value) AS value FROM class WHERE value > 0 GROUP BY client_id) AS t USING (client_id)
  )
  SELECT w.client_id, count(s.client_id) AS classes, (array_agg(s.class ORDER BY s.share DESC NULLS LAST, s.class))[1] AS main, round(max(s.share), 9) AS share,
    string_agg(concat(s.class, ' ' || round(100 * s.share) || ' %'), ', ' ORDER BY s.share DESC NULLS LAST, s.class) FILTER (WHERE s.client_id IS NOT NULL) AS list
  FROM worth AS w LEFT JOIN share AS s ON s.client_id = w.client_id
  GROUP BY w.client_id$$, 'holdings by class');
SELECT set_eq('SELECT client_id, revenue_12_months FROM mart.client_360', 'SELECT client_id, round(revenue, 2) FROM worth', 'revenue');
SELECT set_eq('SELECT client_id, assessment_due_on, assessment_overdue FROM mart.client_360', $$
  SELECT w.client_id, (p.assessed_on + interval '24 months')::date AS due_on, coalesce(p.assessed_on + interval '24 months' < '2026-06-30', true)
  FROM worth AS w LEFT JOIN source.client_profile AS p USING (client_id)$$, 'when the client must be assessed again');
SELECT set_eq('SELECT client_id, unsuitable_holdings, worst_outcome, worst_outcome_order FROM mart.client_360', $$
  SELECT w.client_id, count(h.product_id) FILTER (WHERE x.late OR x.risky) AS holdings,
    CASE WHEN bool_or(x.late) FILTER (WHERE h.product_id IS NOT NULL) THEN 'undetermined' WHEN bool_or(x.risky) FILTER (WHERE h.product_id IS NOT NULL) THEN 'overridable' END AS worst,
    CASE WHEN bool_or(x.late) FILTER (WHERE h.product_id IS NOT NULL) THEN 4 WHEN bool_or(x.risky) FILTER (WHERE h.product_id IS NOT NULL) THEN 3 END AS worst_order
  FROM worth AS w
  LEFT JOIN source.client_profile AS p USING (client_id)
  LEFT JOIN (source.holding AS h JOIN source.product_grade AS g USING (product_id)) ON h.client_id = w.client_id AND h.on_day = '2026-06-29'
  CROSS JOIN LATERAL (SELECT p.risk_level IS NULL OR coalesce(p.assessed_on + interval '24 months' < '2026-06-30', true) AS late, substr(g.risk_level, 2) > substr(p.risk_level, 2) AS risky) AS x
  GROUP BY w.client_id$$, 'holdings that are not suitable, and how bad it is');
SELECT set_eq('SELECT client_id, rfm_code, rfm_segment, rfm_segment_order FROM mart.client_360', 'SELECT client_id, rfm_code, rfm_segment, rfm_segment_order FROM mart.client_rfm', 'the segment');

-- one client is looked up by indexes
CREATE FUNCTION pg_temp.scanned(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
    IF line ~ 'Seq Scan on (client|client_profile|balance|trade|fee|household|holding|tier_month)( |$)' THEN
      RETURN NEXT line;
    END IF;
  END LOOP;
END $$;
SELECT is_empty($$SELECT pg_temp.scanned('SELECT * FROM mart.client_360 WHERE client_id = ''C1234''')$$, 'one client costs no scan of a table');
SELECT is_empty($$SELECT pg_temp.scanned('SELECT * FROM mart.client_rfm WHERE client_id = ''C1234''')$$, 'nor does its segment');

------------------------------------------------------------------------------------------------------------------------
-- Sources that lack something
------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.mart_without(VARIADIC missing text[]) RETURNS TABLE (object text, status text, reason text) LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  DROP SCHEMA IF EXISTS partial_mart CASCADE;
  DROP SCHEMA IF EXISTS partial CASCADE;
  CREATE SCHEMA partial;
  FOR name IN SELECT DISTINCT c."view" FROM crm.source_contract() AS c WHERE to_regclass('source.' || c."view") IS NOT NULL AND c."view" <> ALL (missing) LOOP
    EXECUTE format('CREATE VIEW partial.%1$I AS SELECT * FROM source.%1$I%2$s', name, CASE WHEN 'rows' = ANY (missing) THEN ' WHERE false' ELSE
      ' WHERE ' || CASE name WHEN 'product' THEN 'true' WHEN 'product_grade' THEN 'true' ELSE 'length(client_id) < 4' END END);
  END LOOP;
  RETURN QUERY SELECT m.* FROM policy AS p CROSS JOIN LATERAL crm.create_mart('partial_mart', 'partial', CASE WHEN NOT missing && ARRAY['balance', 'trade'] THEN p.rating END,
      CASE WHEN NOT 'balance' = ANY (missing) THEN p.tiers END, CASE WHEN NOT 'client_profile' = ANY (missing) THEN p.suitability END) AS m
    WHERE m.object IN (SELECT o.name FROM group_view AS o);
  FOR name IN SELECT k.relname FROM pg_class AS k WHERE k.relnamespace = 'partial_mart'::regnamespace AND k.relkind = 'v' AND k.relname IN (SELECT o.name FROM group_view AS o) LOOP
    EXECUTE format('SELECT count(*) FROM (SELECT * FROM partial_mart.%I OFFSET 0) AS v', name);
  END LOOP;
END $$;
SELECT set_eq('SELECT object, reason FROM pg_temp.mart_without(''trade'') WHERE status = ''left out''', $$VALUES ('client_rfm', 'partial has no view trade')$$, 'no trades');
SELECT hasnt_column('partial_mart', 'client_360', 'rfm_code', 'then client_360 has no segment');
SELECT set_eq('SELECT object, status, reason FROM pg_temp.mart_without(''household'') WHERE reason ~ ''household''', $$VALUES ('household_360', 'left out', 'partial has no view household'),
  ('client_360', 'created', 'no decision table was given as life_stage; no decision table was given as segments; no decision table was given as service_model; '
    'partial has no view contact; partial has no view entitlement; partial has no view household')$$, 'no households');
SELECT set_eq('SELECT object, status, reason FROM pg_temp.mart_without(''fee'') WHERE reason IS NOT NULL', $$VALUES ('abc_class', 'created', 'partial has no view fee'), ('household_360', 'created', 'partial has no view fee'),
  ('client_rfm', 'created', 'no decision table was given as segments'), ('client_360', 'created', 'no decision table was given as life_stage; no decision table was given as segments; no decision table was given as service_model; '
    'partial has no view contact; partial has no view entitlement; partial has no view fee')$$, 'no fees');
SELECT set_eq('SELECT DISTINCT measure FROM partial_mart.top_clients', ARRAY['assets', 'score'], 'then nobody is ranked by revenue');
SELECT set_eq('SELECT object, status FROM pg_temp.mart_without(''balance'', ''holding'')', $$SELECT o.name, CASE WHEN o.name LIKE '%asset%' OR o.name = 'tail_index_path' THEN 'left out' ELSE 'created' END FROM group_view AS o$$, 'no assets');
SELECT set_eq('SELECT DISTINCT measure FROM partial_mart.top_clients', ARRAY['revenue'], 'then they are ranked by revenue');
SELECT set_eq('SELECT DISTINCT reason FROM pg_temp.mart_without(''balance'', ''holding'', ''fee'') WHERE object IN (''abc_class'', ''top_clients'')',
  $$VALUES ('partial has no view balance; partial has no view holding; partial has no view fee'), ('partial has no view balance; partial has no view holding; partial has no view fee; no scorecard was given as rating')$$, 'nor that');
SELECT is_empty($$SELECT object FROM pg_temp.mart_without('balance') WHERE object LIKE '%asset%' AND status = 'left out'$$, 'holdings stand for assets');
SELECT set_eq('SELECT client_id, assets FROM partial_mart.abc_class', 'SELECT client_id, round(holdings_value, 2) FROM partial_mart.client_facts(''2026-06-30'')', 'as they do');
SELECT set_eq(format('SELECT object FROM pg_temp.mart_without(%L) WHERE status = ''left out''', v), ARRAY[]::text[], format('no %s', v))
FROM unnest(ARRAY['client_profile', 'product', 'holding']) AS v;
SELECT is_empty('SELECT object FROM pg_temp.mart_without(''rows'') WHERE status = ''left out''', 'a source without rows');
SELECT is_empty(format('SELECT * FROM partial_mart.%I', v), format('%s of nobody', v)) FROM unnest(ARRAY['client_rfm', 'top_clients', 'abc_class', 'household_360', 'client_360', 'asset_lorenz']) AS v;
SELECT results_eq('SELECT clients, assets, gini, tail_index, tail_clients FROM partial_mart.asset_concentration', 'SELECT 0::bigint, 0.00, NULL::float8, NULL::float8, NULL::bigint', 'nothing is concentrated there');
SELECT is((SELECT count(tail_index) FROM partial_mart.tail_index_path), 0::bigint, 'and has no tail');

DROP SCHEMA partial_mart, partial CASCADE;
CREATE SCHEMA partial;
CREATE VIEW partial.client AS SELECT client_id FROM source.client;
SELECT set_eq('SELECT object FROM crm.create_mart(''partial_mart'', ''partial'') WHERE status = ''created'' AND object IN (SELECT name FROM group_view)', ARRAY['client_360'], 'a list of clients');
SELECT set_eq('SELECT client_id FROM partial_mart.client_360', 'SELECT client_id FROM source.client', 'has one view of each');

SELECT * FROM finish();
ROLLBACK;
