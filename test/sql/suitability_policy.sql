-- Suitability policies: may this client have this product, and why not.
SET search_path = crm, public;
SET datestyle = ISO;

CREATE TEMP TABLE policy AS SELECT '{
  "name": "retail", "basis": "house rules", "none_applies": "undetermined",
  "derive": {"client.age": {"years_since": "client.birth_date"}},
  "exempt": [{"when": {"client.professional_until": ">= as_of"}, "checks": ["risk", "term", "kind"]}],
  "checks": [
    {"name": "risk", "code": "RISK", "reason": "product above the client''s risk level", "basis": "matching rule",
     "require": {"allowed": {"client": "risk_level", "product": "risk_level", "pairs": {"C1": ["R1"], "C2": ["R1", "R2"], "C3": ["R1", "R2", "R3"]}}},
     "otherwise": {"solicited": "prohibited", "unsolicited": "overridable"}},
    {"name": "lowest class", "applies": {"client.lowest_class": true}, "require": {"product.risk_level": ["R1"]}, "otherwise": "prohibited", "missing": "skip"},
    {"name": "term", "require": {"at_least": {"client": "longest_term_months", "product": "term_months"}}, "otherwise": "notice", "missing": "skip"},
    {"name": "kind", "require": {"contains": {"client": "kinds", "product": "kind"}}, "otherwise": "notice"},
    {"name": "assessed", "require": {"within_months": {"client": "assessed_on", "months": 24}},
     "otherwise": {"outcome": "undetermined", "reason": "questionnaire expired"}, "missing": {"outcome": "undetermined", "reason": "never assessed"}},
    {"name": "entry assets", "actions": ["open_permission"], "applies": {"product.permission": ["STAR"]},
     "require": {"at_least": {"client": "assets_20_days", "value": 500000, "measure": "20-day average"}}, "otherwise": "prohibited"},
    {"name": "entry experience", "actions": ["open_permission"], "applies": {"product.permission": ["STAR"]},
     "require": {"for_months": {"client": "first_trade_on", "months": 24}}, "otherwise": "prohibited"},
    {"name": "senior", "applies": {"client.age": ">= 70", "product.risk_level": ["R2", "R3"]}, "otherwise": "needs_approval"}]}'::suitability_policy AS policy;
SELECT policy = policy::text::suitability_policy AS text_is_same, policy = policy::jsonb::suitability_policy AS equal_by_jsonb, length(policy::text) FROM policy;
SELECT a.* FROM policy, policy_attributes(policy) AS a;

CREATE TEMP TABLE client (client_id text, risk_level text, lowest_class bool, longest_term_months int, kinds text[], assessed_on date, professional_until date, birth_date date,
  assets_20_days numeric, first_trade_on date);
INSERT INTO client VALUES
  ('cautious', 'C1', false, 12, '{stock,bond}', '2025-06-30', NULL, '1990-05-05', 320000, '2025-02-28'),
  ('lowest', 'C1', true, 12, '{stock,bond}', '2025-06-30', NULL, '1990-05-05', 320000, '2020-01-01'),
  ('bold', 'C3', false, 60, '{stock}', '2024-01-31', NULL, '1955-12-31', 500000, '2024-02-29'),
  ('expired', 'C3', false, 60, '{stock}', '2023-12-30', NULL, '1990-05-05', 600000, '2024-01-01'),
  ('professional', 'C1', false, 1, '{}', '2025-06-30', '2025-12-31', '1990-05-05', NULL, NULL),
  ('unknown', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  ('odd', 'C9', false, 60, '{stock,NULL}', '2025-06-30', NULL, '1990-05-05', 600000, '2027-01-01');
CREATE TEMP TABLE product (product_id text, risk_level text, term_months int, kind text, permission text);
INSERT INTO product VALUES ('deposit', 'R1', 3, 'bond', NULL), ('fund', 'R2', 24, 'fund', NULL), ('share', 'R3', NULL, 'stock', NULL), ('star', 'R3', 0, 'stock', 'STAR'), ('new', 'R9', 6, 'stock', NULL), ('blank', NULL, NULL, NULL, NULL);

-- The whole matrix, solicited and not.
SELECT client_id, string_agg(suitability(policy, c, p, '2025-12-31')::text, ' | ' ORDER BY p.product_id) AS "blank | deposit | fund | new | share | star"
FROM policy, client AS c, product AS p GROUP BY client_id ORDER BY client_id;
SELECT client_id, string_agg(suitability(policy, c, p, '2025-12-31', instruction('buy', initiated_by => 'client'))::text, ' | ' ORDER BY p.product_id) AS "blank | deposit | fund | new | share | star"
FROM policy, client AS c, product AS p GROUP BY client_id ORDER BY client_id;
-- the outcome is the worst of the detail, in every case
SELECT count(*) AS decisions, count(*) FILTER (WHERE suitability(policy, c, p, d, i) IS DISTINCT FROM coalesce((SELECT max(outcome) FROM suitability_detail(policy, c, p, d, i)),
    CASE WHEN EXISTS (SELECT FROM suitability_detail(policy, c, p, d, i) WHERE applies = 'exempt') THEN 'suitable' ELSE 'undetermined' END::suitability_outcome)) AS differ
FROM policy, client AS c, product AS p, unnest('{2024-01-01,2025-12-31,2026-01-01}'::date[]) AS d,
  unnest(ARRAY[NULL, instruction('buy', 'client'), instruction('open_permission'), instruction('sell')]) AS i;
SELECT suitable(policy, c, p, '2025-12-31') AS plainly, suitable(policy, c, p, '2025-12-31', 'notice') AS with_notice, suitable(policy, c, p, '2025-12-31', 'prohibited') AS at_all,
       suitable(policy, c, p, '2025-12-31', 'overridable', instruction('buy', 'client')) AS on_request
FROM policy, client AS c, product AS p WHERE client_id = 'cautious' AND product_id = 'fund';

-- Why.
\x on
SELECT d.* FROM policy, client AS c, product AS p, suitability_detail(policy, c, p, '2025-12-31', instruction('open_permission')) AS d
WHERE client_id = 'cautious' AND product_id = 'star' AND applies <> 'no';
SELECT d.* FROM policy, client AS c, product AS p, suitability_detail(policy, c, p, '2025-12-31') AS d WHERE client_id = 'bold' AND product_id = 'share' AND applies <> 'no';
\x off
SELECT client_id, d.name, d.applies, d.outcome, d.reason, d.finding, d.resolves_on, d.valid_until
FROM policy, client AS c, product AS p, suitability_detail(policy, c, p, '2025-12-31') AS d
WHERE product_id = 'fund' AND client_id IN ('expired', 'professional', 'unknown', 'odd') ORDER BY client_id, ordinal;

-- Days: calendar months, clamped at the month's end; the last day counts; a day that has not come decides nothing.
CREATE TEMP TABLE dated AS SELECT '{"checks": [{"name": "w", "require": {"within_months": {"client": "d", "months": 6}}, "otherwise": "prohibited"}]}'::suitability_policy AS within,
  '{"checks": [{"name": "f", "require": {"for_months": {"client": "d", "months": 6}}, "otherwise": "prohibited"}]}'::suitability_policy AS since,
  '{"checks": [{"name": "w", "require": {"within_days": {"client": "d", "days": 30}}, "otherwise": "prohibited"}]}'::suitability_policy AS within_days;
SELECT r.d, as_of, suitability(within, r, '{}', as_of) AS within, suitability(since, r, '{}', as_of) AS since, suitability(within_days, r, '{}', as_of) AS within_days
FROM dated, (VALUES ('2025-08-31'::date, '2026-02-27'::date), ('2025-08-31', '2026-02-28'), ('2025-08-31', '2026-03-01'), ('2025-08-31', '2025-09-30'), ('2025-08-31', '2025-10-01'),
  ('2026-01-01', '2025-12-31'), ('infinity', '2025-12-31'), ('-infinity', '2025-12-31'), (NULL, '2025-12-31')) AS v(d, as_of), LATERAL (SELECT v.d) AS r;
SELECT as_of, suitability(p, '{"d": "2000-02-29"}', '{}', as_of) FROM unnest('{2018-02-27,2018-02-28,2020-02-28,2020-02-29}'::date[]) AS as_of,
  (SELECT '{"derive": {"client.age": {"years_since": "client.d"}}, "checks": [{"name": "adult", "require": {"client.age": ">= 18"}, "otherwise": "prohibited"}]}'::suitability_policy AS p) AS k;

-- Numbers: exact, in both directions, multiplied, of the instruction.
SELECT amount, suitability(p, '{"net_assets": 1000, "income": 0.1}', '{"minimum_amount": 100}', '2026-01-01', instruction('buy', amount => amount)) AS outcome,
  (SELECT string_agg(concat_ws(': ', name, finding), '; ') FROM suitability_detail(p, '{"net_assets": 1000}', '{"minimum_amount": 100}', '2026-01-01', instruction('buy', amount => amount)) WHERE outcome <> 'suitable') AS why
FROM (VALUES (99.99), (100), (200.01), (NULL)) AS v(amount), (SELECT '{"checks": [
   {"name": "ticket", "require": {"at_least": {"instruction": "amount", "product": "minimum_amount"}}, "otherwise": "prohibited"},
   {"name": "means", "require": {"at_least": {"client": "net_assets", "instruction": "amount", "times": 5}}, "otherwise": "needs_approval"},
   {"name": "cap", "require": {"at_most": {"instruction": "amount", "value": 1000000}}, "otherwise": "notice"}]}'::suitability_policy AS p) AS k;
SELECT suitability(p, c, '{}', '2026-01-01') FROM (SELECT 0.3::float8 AS x) AS c, (SELECT '{"checks": [{"name": "n", "require": {"at_least": {"client": "x", "value": 0.3}}, "otherwise": "prohibited"}]}'::suitability_policy AS p) AS k;
-- trees: two of three, with what is short; times resolve as the logic does
SELECT v.c, suitability(p, v.c, '{}', '2026-01-01') AS outcome, d.finding, d.shortfall, d.resolves_on FROM (VALUES ('{"trades": 12, "assets": 600000, "worked_from": "2020-01-01"}'::jsonb), ('{"trades": 12, "assets": 1, "worked_from": "2025-06-30"}'),
   ('{"trades": 12}'), ('{"trades": 1, "assets": 1}')) AS v(c), (SELECT '{"checks": [{"name": "elective professional", "require": {"at_least": {"n": 2, "of": [{"client.trades": ">= 10"},
   {"at_least": {"client": "assets", "value": 500000}}, {"for_months": {"client": "worked_from", "months": 12}}]}}, "otherwise": "prohibited"}]}'::suitability_policy AS p) AS k, LATERAL suitability_detail(p, v.c, '{}', '2026-01-01') AS d;
SELECT d.outcome, d.finding, d.resolves_on FROM suitability_detail('{"checks": [{"name": "one", "require": {"any": [{"for_months": {"client": "a", "months": 12}}, {"for_days": {"client": "b", "days": 30}}]}, "otherwise": "notice"},
   {"name": "both", "require": {"all": [{"for_months": {"client": "a", "months": 12}}, {"for_days": {"client": "b", "days": 30}}]}, "otherwise": "notice"},
   {"name": "no prohibition", "require": {"not": {"overlaps": {"client": "banned", "product": "tags"}}}, "otherwise": "prohibited"}]}',
   '{"a": "2025-12-01", "b": "2025-12-15", "banned": ["arms"]}', '{"tags": ["arms", "oil"]}', '2026-01-01') AS d;
-- channel and initiative select the severity
SELECT suitability(p, '{}', '{}', '2026-01-01', i) FROM unnest(ARRAY[NULL, instruction(channel => 'app'), instruction('buy', 'client', 'app'), '{"action": "buy", "channel": "branch", "initiated_by": "client"}', '{}']) AS i,
  (SELECT '{"checks": [{"name": "channel", "applies": {"instruction.channel": {"not": ["branch"]}, "instruction.initiated_by": ["client"]}, "otherwise": {"outcome": {"solicited": "prohibited", "unsolicited": "notice"}, "reason": "branch only"}, "missing": "skip"}]}'::suitability_policy AS p) AS k;

-- Instructions.
SELECT instruction(), instruction('buy', 'client', 'app', 1000.50, '{"order_id": 7, "action": "sell"}'), instruction(NULL, NULL);
SELECT instruction(initiated_by => 'adviser');
SELECT instruction(amount => 'NaN');
SELECT instruction(extra => '[1]');
SELECT suitability(policy, client, product, '2026-01-01', '{"initiated_by": "nobody"}') FROM policy, client, product;
SELECT suitability(policy, client, product, '2026-01-01', '{"action": 5}') FROM policy, client, product;
SELECT suitability(policy, client, product, '2026-01-01', '[]') FROM policy, client, product;

-- NULL in, NULL out; what the rows do not have.
SELECT suitability(NULL::suitability_policy, c, p, '2026-01-01') AS no_policy, suitability(policy, NULL::client, p, '2026-01-01') AS no_client, suitability(policy, c, NULL, '2026-01-01') AS no_product,
       suitability(policy, c, p, NULL) AS no_day, (SELECT count(*) FROM suitability_detail(policy, c, NULL, '2026-01-01')) AS no_rows FROM policy, client AS c, product AS p LIMIT 1;
SELECT suitability(policy, c, c, '2026-01-01') FROM policy, client AS c;
SELECT suitability(policy, c, 7, '2026-01-01') FROM policy, client AS c;
SELECT suitability(policy, r, p, '2026-01-01') FROM policy, product AS p, (SELECT 1 AS birth_date) AS r;

-- Documents that are refused.
CREATE FUNCTION pg_temp.refused(check_part text) RETURNS text LANGUAGE sql AS $$ SELECT problem('suitability_policy', '{"checks": [' || check_part || ']}') $$;
SELECT n, problem FROM (
  SELECT n, problem('suitability_policy', literal) AS problem FROM (VALUES
    (1, ''), (2, '{}'), (3, '{"checks": []}'), (4, '{"checks": {}}'), (5, '{"check": []}'),
    (6, '{"none_applies": "suitble", "checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}'),
    (7, '{"none_applies": "skip", "checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}'),
    (8, '{"derive": [], "checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}'),
    (9, '{"derive": {"client.age": {"year_since": "client.b"}}, "checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}'),
    (10, '{"derive": {"client.age": {}}, "checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}'),
    (11, '{"derive": {"age": {"years_since": "client.b"}}, "checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}'),
    (12, '{"derive": {"client.b": {"years_since": "client.b"}}, "checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}'),
    (13, '{"derive": {"client.a": {"years_since": "client.b"}, "client.c": {"years_since": "client.a"}}, "checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}'),
    (14, '{"exempt": [{"when": {"client.x": true}, "checks": ["b"]}], "checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}'),
    (15, '{"exempt": [{"when": {"client.y": true}, "checks": ["b"]}], "checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}'),
    (16, '{"exempt": [{"when": {"client.y": true}, "checks": []}], "checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}'),
    (17, '{"checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}, {"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}')
  ) AS v(n, literal) UNION ALL
  SELECT n, pg_temp.refused(part) FROM (VALUES
    (18, '{"name": "a", "otherwise": "notice"}'), (19, '{"name": "a", "require": {"client.x": 1}}'), (20, '{"require": {"client.x": 1}, "otherwise": "notice"}'),
    (21, '{"name": "a", "require": {"client.x": 1}, "otherwise": "warn"}'), (22, '{"name": "a", "require": {"client.x": 1}, "otherwise": "skip"}'),
    (23, '{"name": "a", "require": {"client.x": 1}, "otherwise": {"solicited": "notice"}}'), (24, '{"name": "a", "require": {"client.x": 1}, "otherwise": {"reason": "r"}}'),
    (25, '{"name": "a", "actions": [], "require": {"client.x": 1}, "otherwise": "notice"}'), (26, '{"name": "a", "actions": ["buy", "buy"], "require": {"client.x": 1}, "otherwise": "notice"}'),
    (27, '{"name": "a", "actions": "buy", "require": {"client.x": 1}, "otherwise": "notice"}'), (28, '{"name": "a", "require": {"x": 1}, "otherwise": "notice"}'),
    (29, '{"name": "a", "require": {"broker.x": 1}, "otherwise": "notice"}'), (30, '{"name": "a", "require": {}, "otherwise": "notice"}'), (31, '{"name": "a", "require": "client.x > 1", "otherwise": "notice"}'),
    (32, '{"name": "a", "require": {"client.x": "retail"}, "otherwise": "notice"}'), (33, '{"name": "a", "require": {"allowed": {"client": "x", "pairs": {"a": ["b"]}}}, "otherwise": "notice"}'),
    (34, '{"name": "a", "require": {"allowed": {"client": "x", "product": "y"}}, "otherwise": "notice"}'), (35, '{"name": "a", "require": {"allowed": {"client": "x", "product": "y", "pairs": {}}}, "otherwise": "notice"}'),
    (36, '{"name": "a", "require": {"allowed": {"client": "x", "product": "y", "pairs": {"a": ["b", "b"]}}}, "otherwise": "notice"}'), (37, '{"name": "a", "require": {"allowed": {"client": "x", "product": "y", "pairs": {"a": "b"}}}, "otherwise": "notice"}'),
    (38, '{"name": "a", "require": {"at_least": {"client": "x"}}, "otherwise": "notice"}'), (39, '{"name": "a", "require": {"at_least": {"client": "x", "product": "y", "value": 5}}, "otherwise": "notice"}'),
    (40, '{"name": "a", "require": {"at_least": {"client": "x", "value": "5"}}, "otherwise": "notice"}'), (41, '{"name": "a", "require": {"at_least": {"client": "x", "value": 5, "times": 2}}, "otherwise": "notice"}'),
    (42, '{"name": "a", "require": {"at_least": {"client": "x", "product": "y", "times": 0}}, "otherwise": "notice"}'), (43, '{"name": "a", "require": {"within_months": {"client": "x"}}, "otherwise": "notice"}'),
    (44, '{"name": "a", "require": {"within_months": {"client": "x", "months": 0}}, "otherwise": "notice"}'), (45, '{"name": "a", "require": {"within_months": {"months": 24}}, "otherwise": "notice"}'),
    (46, '{"name": "a", "require": {"within_months": {"client": "x", "days": 24}}, "otherwise": "notice"}'), (47, '{"name": "a", "require": {"contains": {"client": "x", "product": "y"}, "client.x": "> 5"}, "otherwise": "notice"}'),
    (48, '{"name": "a", "require": {"at_least": {"n": 0, "of": [{"client.x": 1}]}}, "otherwise": "notice"}'), (49, '{"name": "a", "applies": {"client.x": ">= as_off"}, "otherwise": "notice"}'),
    (50, '{"name": "a", "applies": {"client.x": ["C1"]}, "require": {"at_least": {"client": "x", "value": 5}}, "otherwise": "notice"}')
  ) AS v(n, part)) AS u ORDER BY n;

-- The action and the initiative of an instruction are texts, also where there is no instruction.
SELECT n, pg_temp.refused(part) FROM (VALUES
  (1, '{"name": "a", "require": {"at_most": {"instruction": "action", "value": 5}}, "otherwise": "notice"}'),
  (2, '{"name": "a", "applies": {"instruction.action": {"contains": ["recommend"]}}, "otherwise": "notice"}'),
  (3, '{"name": "a", "applies": {"instruction.initiated_by": true}, "otherwise": "notice"}'),
  (4, '{"name": "a", "require": {"client.x": 1}, "otherwise": {"outcome": {"outcome": "prohibited"}, "reason": "r"}}')) AS v(n, part) ORDER BY n;
SELECT problem('suitability_policy', '{"derive": {"client.age": {"days_since": "instruction.action"}}, "checks": [{"name": "a", "require": {"client.age": 1}, "otherwise": "notice"}]}');
-- Doubles are compared as doubles; a product beyond numeric is beyond every number.
SELECT suitability(p, c, r, '2026-01-01'), (SELECT finding FROM suitability_detail(p, c, r, '2026-01-01')) FROM (SELECT 0.3::float8 AS a) AS c, (SELECT 0.1::float8 + 0.2::float8 AS b) AS r,
  (SELECT '{"checks": [{"name": "n", "require": {"at_least": {"client": "a", "product": "b"}}, "otherwise": "notice"}]}'::suitability_policy AS p) AS k;
SELECT suitability('{"checks": [{"name": "n", "require": {"at_least": {"client": "a", "product": "b", "times": 10}}, "otherwise": "notice"}]}', c, r, '2026-01-01') FROM (SELECT 1 AS a) AS c, (SELECT 9e131071::numeric AS b) AS r;
-- What lapses before the rest resolves is not resolved by time alone.
SELECT resolves_on FROM suitability_detail('{"checks": [{"name": "n", "require": {"all": [{"for_months": {"client": "f", "months": 24}}, {"within_months": {"client": "w", "months": 6}}]}, "otherwise": "prohibited"}]}',
  '{"f": "2025-06-01", "w": "2025-12-01"}', '{}', '2026-01-01');
-- A month after the last one that there is never comes.
SELECT finding, resolves_on FROM (SELECT '5874897-12-01'::date AS f) AS c,
  suitability_detail('{"checks": [{"name": "n", "require": {"for_months": {"client": "f", "months": 1}}, "otherwise": "prohibited"}]}', c, '{}', '5874897-12-15');
-- NULL is not outside what excludes it.
SELECT t, (SELECT applies FROM suitability_detail(format('{"checks": [{"name": "n", "applies": {"client.x": %s}, "otherwise": "notice"}]}', t)::suitability_policy, '{}', '{}', '2026-01-01'))
FROM unnest(ARRAY['"not(null)"', '"not(null, 5)"', '{"not": [null, 5]}', '"not(5)"']) AS t;
