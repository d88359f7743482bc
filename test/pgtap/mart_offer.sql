-- What to offer whom and what the rules ask for, over 20,000 clients, against plain SQL that shares nothing with the mart.
\set clients `echo "${CRM_EXT_TEST_CLIENTS:-20000}"`
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT no_plan();

------------------------------------------------------------------------------------------------------------------------
-- The source
------------------------------------------------------------------------------------------------------------------------

CREATE SCHEMA source;
CREATE FUNCTION pg_temp.draw(n bigint, purpose text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT ((hashtextextended(purpose, n) >> 11) & 1048575)::float8 / 1048576 $$;
CREATE TABLE source.client AS
SELECT 'C' || n AS client_id, n AS number, 'B' || n % 7 AS branch_id, CASE WHEN n % 500 = 3 THEN NULL ELSE date '2026-06-30' - floor(2500 * pg_temp.draw(n, 'opened'))::int END AS opened_on,
  CASE WHEN pg_temp.draw(n, 'closes') < 0.05 THEN date '2026-06-30' - floor(400 * pg_temp.draw(n, 'closed'))::int END AS closed_on,
  CASE WHEN n % 11 = 0 THEN NULL ELSE pg_temp.draw(n, 'dormant') < 0.2 END AS dormant, pg_temp.draw(n, 'suspended') < 0.02 AS suspended,
  CASE WHEN n % 13 > 0 THEN 'C' || 1 + n % 5 END AS risk_level
FROM generate_series(1, :clients) AS n;
ALTER TABLE source.client ADD PRIMARY KEY (client_id);
CREATE TABLE source.product AS
SELECT 'P' || n AS product_id, n AS number, CASE WHEN n <> 30 THEN 'Product ' || n END AS name, 'R' || 1 + n % 5 AS risk_level,
  CASE WHEN n % 10 = 1 THEN 'STAR' WHEN n % 10 = 2 THEN 'OPTIONS' WHEN n = 50 THEN '' END AS permission
FROM generate_series(1, 60) AS n;
CREATE TABLE source.holding AS
SELECT 'C' || c AS client_id, 'P' || p AS product_id, d AS on_day, 100::numeric AS market_value
FROM generate_series(1, :clients) AS c
CROSS JOIN generate_series(1, 60) AS p
CROSS JOIN unnest(ARRAY['2026-05-29', '2026-06-30']::date[]) AS d
WHERE c % 10 > 0 AND pg_temp.draw(c * 64 + p, 'holds') < 0.9 / (p + 5) + CASE WHEN p = 40 AND pg_temp.draw(c * 64 + 39, 'holds') < 0.9 / 44 THEN 0.4 ELSE 0 END - CASE WHEN d < '2026-06-01' THEN 0.01 ELSE 0 END;
INSERT INTO source.holding VALUES ('nobody', 'P1', '2026-06-30', 1), ('C1', 'nothing', '2026-06-30', 1);
ALTER TABLE source.holding ADD PRIMARY KEY (client_id, on_day, product_id);
CREATE INDEX ON source.holding (on_day);
CREATE TABLE source.balance AS
SELECT 'C' || n AS client_id, date '2026-04-01' + 30 * k AS on_day, round((200000 * pg_temp.draw(n * 8 + k, 'balance'))::numeric, 2) AS amount
FROM generate_series(1, :clients) AS n CROSS JOIN generate_series(0, 2) AS k WHERE n % 17 > 0;
ALTER TABLE source.balance ADD PRIMARY KEY (client_id, on_day);
CREATE INDEX ON source.balance (on_day);
CREATE TABLE source.trading_day AS SELECT 'X'::text AS market, d::date AS on_day FROM generate_series(date '2026-01-01', date '2026-07-31', '1 day') AS d WHERE extract(isodow FROM d) < 6;
CREATE TABLE source.permission AS
SELECT 'C' || n AS client_id, k.code, date '2025-01-01' + n % 400 AS opened_on, CASE WHEN n % 4 = 0 THEN date '2026-06-01' + n % 60 END AS closed_on
FROM generate_series(1, :clients) AS n CROSS JOIN (VALUES ('STAR'), ('OPTIONS'), ('GONE')) AS k (code) WHERE pg_temp.draw(n, k.code) < 0.1;
CREATE TABLE source.callback AS
SELECT 'C' || n AS client_id, date '2026-06-30' - floor(600 * pg_temp.draw(n * 4 + k, 'call'))::int AS on_day, 'reached'::text AS outcome
FROM generate_series(1, :clients) AS n CROSS JOIN generate_series(0, 1) AS k WHERE pg_temp.draw(n * 4 + k, 'called') < 0.1;
ANALYZE source.client, source.holding, source.balance, source.callback, source.permission;

CREATE TEMP TABLE policy AS SELECT '{"name": "match", "checks": [
  {"name": "risk", "code": "RISK", "reason": "above the level", "actions": ["recommend", "hold", "open_permission"],
   "require": {"allowed": {"client": "risk_level", "product": "risk_level", "pairs": {"C1": ["R1"], "C2": ["R1", "R2"], "C3": ["R1", "R2", "R3"], "C4": ["R1", "R2", "R3", "R4"], "C5": ["R1", "R2", "R3", "R4", "R5"]}}},
   "otherwise": "prohibited", "missing": "undetermined"},
  {"name": "far above", "applies": {"product.risk_level": ["R5"]}, "actions": ["recommend"], "otherwise": "notice"},
  {"name": "permission", "code": "PERM", "applies": {"not": {"product.permission": null}}, "require": {"contains": {"client": "permissions", "product": "permission"}}, "otherwise": "prohibited"},
  {"name": "assets", "code": "ASSETS", "actions": ["open_permission"], "applies": {"product.permission": ["STAR"]},
   "require": {"at_least": {"client": "assets_20_days", "value": 100000}}, "otherwise": "prohibited"},
  {"name": "experience", "code": "EXPERIENCE", "actions": ["open_permission"], "require": {"for_months": {"client": "opened_on", "months": 24}}, "otherwise": "prohibited"}]}'::crm.suitability_policy AS suitability;
SET LOCAL crm.as_of = '2026-06-30';
CREATE TEMP TABLE offer AS SELECT q.name, q.is_view FROM crm.mart_question() AS q WHERE q.ordinal BETWEEN 60 AND 69;
CREATE TEMP TABLE made AS SELECT m.* FROM policy AS p CROSS JOIN LATERAL crm.create_mart('mart', 'source', suitability => p.suitability, client_columns => '{branch_id}') AS m;
SELECT set_eq('SELECT object, status, reason FROM made WHERE object IN (SELECT o.name FROM offer AS o)', 'SELECT name, ''created'', NULL::text FROM offer', 'a full source gives all of them');

-- what the policy says of recommending, written out
CREATE FUNCTION pg_temp.expected_outcome(client_level text, product_level text, product_permission text, client_permissions text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN client_level < 'C' || right(product_level, 1) OR product_permission IS NOT NULL AND NOT product_permission = ANY (client_permissions) THEN 'prohibited'
    WHEN client_level IS NULL THEN 'undetermined' WHEN product_level = 'R5' THEN 'notice' ELSE 'suitable' END $$;
CREATE TEMP TABLE client_on_day AS
SELECT c.client_id, c.branch_id, c.risk_level, c.opened_on, array(SELECT p.code FROM source.permission AS p WHERE p.client_id = c.client_id AND p.opened_on <= '2026-06-30' AND coalesce(p.closed_on > '2026-06-30', true)) AS permissions
FROM source.client AS c WHERE coalesce(c.opened_on <= '2026-06-30', true) AND coalesce(c.closed_on > '2026-06-30', true);
CREATE TEMP TABLE held AS SELECT h.client_id, h.product_id FROM source.holding AS h WHERE h.on_day = '2026-06-30' AND h.client_id IN (SELECT client_id FROM source.client);
CREATE INDEX ON held (product_id);
ANALYZE held;

------------------------------------------------------------------------------------------------------------------------
-- What is held together
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE pair AS
WITH single AS (SELECT product_id, count(*) AS clients FROM held GROUP BY 1), n AS (SELECT count(DISTINCT client_id) AS n FROM held)
SELECT a.product_id, b.product_id AS other_product_id, sa.clients, sb.clients AS other_clients, count(*) AS clients_both, n.n
FROM held AS a JOIN held AS b ON b.client_id = a.client_id AND b.product_id <> a.product_id
JOIN single AS sa ON sa.product_id = a.product_id JOIN single AS sb ON sb.product_id = b.product_id CROSS JOIN n
GROUP BY 1, 2, 3, 4, 6;
SELECT set_eq('SELECT product_id, other_product_id, clients, other_clients, clients_both FROM mart.product_association', 'SELECT product_id, other_product_id, clients, other_clients, clients_both FROM pair',
  'counts of products held together are those of a self join');
SELECT is_empty('SELECT a.product_id, a.other_product_id, a.lift, a.confidence, a.support FROM mart.product_association AS a JOIN pair AS p USING (product_id, other_product_id)
  WHERE abs(a.lift - p.clients_both::float8 * p.n / (p.clients::float8 * p.other_clients)) > 1e-9 OR abs(a.confidence - p.clients_both::float8 / p.clients) > 1e-12 OR abs(a.support - p.clients_both::float8 / p.n) > 1e-12',
  'and so are lift, confidence and support');
SELECT results_eq($$ SELECT product_id FROM mart.product_association WHERE other_product_id = 'P40' ORDER BY log_likelihood_ratio DESC LIMIT 1 $$, ARRAY['P39'], 'the pair that was made to go together stands out');

------------------------------------------------------------------------------------------------------------------------
-- Next best product, audience
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE candidate AS       -- every product that is associated with one held, with the best reason; ties by the names' bytes
SELECT DISTINCT ON (h.client_id, a.other_product_id) h.client_id, a.other_product_id AS product_id, a.product_id AS because, a.lift_lower
FROM held AS h JOIN mart.product_association AS a ON a.product_id = h.product_id
WHERE a.clients_both >= 5 AND a.lift_lower > 1 AND NOT EXISTS (SELECT FROM held AS o WHERE o.client_id = h.client_id AND o.product_id = a.other_product_id)
ORDER BY h.client_id, a.other_product_id, a.lift_lower DESC, a.product_id COLLATE "C";
CREATE TEMP TABLE offered AS
SELECT c.client_id, k.product_id, k.lift_lower, row_number() OVER (PARTITION BY c.client_id ORDER BY k.lift_lower DESC, k.product_id COLLATE "C") AS place
FROM candidate AS k JOIN client_on_day AS c USING (client_id) JOIN source.product AS p USING (product_id)
WHERE pg_temp.expected_outcome(c.risk_level, p.risk_level, p.permission, c.permissions) = 'suitable';
SELECT cmp_ok(count(*), '>', (0.15 * :clients)::bigint, 'there is something to offer') FROM offered WHERE place <= 3;
SELECT set_eq('SELECT client_id, product_id, place, lift_lower, outcome FROM mart.next_best_product', 'SELECT client_id, product_id, place, lift_lower, ''suitable'' FROM offered WHERE place <= 3',
  'the best three products that are not held, go with what is held and are suitable');
SELECT is_empty('SELECT n.client_id, n.product_id FROM mart.next_best_product AS n LEFT JOIN candidate AS k ON k.client_id = n.client_id AND k.product_id = n.product_id AND k.because = n.because_product_id WHERE k.client_id IS NULL',
  'because of the product held that it goes with best');
SELECT results_eq($$ SELECT DISTINCT reason = format('%s of 100 clients who hold %s hold it too, %s times as many as of all clients', round(100 * confidence::numeric), coalesce(because_product_name, because_product_id), round(lift::numeric, 1))
  FROM mart.next_best_product $$, ARRAY[true], 'the reason is a sentence');
SELECT set_eq($$ SELECT client_id, outcome, branch_id FROM mart.audience('P40', 'notice') $$,
  $$ SELECT c.client_id, pg_temp.expected_outcome(c.risk_level, 'R1', NULL, c.permissions), c.branch_id FROM client_on_day AS c
     WHERE c.client_id NOT IN (SELECT client_id FROM held WHERE product_id = 'P40') AND pg_temp.expected_outcome(c.risk_level, 'R1', NULL, c.permissions) <= 'notice'
       OR c.client_id NOT IN (SELECT client_id FROM held WHERE product_id = 'P40') AND pg_temp.expected_outcome(c.risk_level, 'R1', NULL, c.permissions) = 'suitable' $$,
  'the audience of a product: who does not hold it and may be offered it');
SELECT set_eq($$ SELECT client_id, because_product_id, lift_lower FROM mart.audience('P40') WHERE because_product_id IS NOT NULL $$,
  $$ SELECT k.client_id, k.because, k.lift_lower FROM candidate AS k JOIN client_on_day AS c USING (client_id) WHERE k.product_id = 'P40' AND c.risk_level IS NOT NULL $$, 'with the reason where there is one');
SELECT results_eq($$ SELECT client_id FROM mart.audience('P40') $$, $$ SELECT client_id FROM mart.audience('P40') ORDER BY outcome_order, lift_lower DESC NULLS LAST, client_id $$, 'best first');
SELECT is_empty($$ SELECT client_id FROM mart.audience('P1') AS a JOIN client_on_day AS c USING (client_id) WHERE NOT 'STAR' = ANY (c.permissions) $$, 'who may not trade it is not in it');
SELECT is_empty($$ SELECT client_id FROM mart.audience('no such product') $$, 'nobody wants what there is not');
SELECT isnt_empty($$ SELECT client_id FROM mart.audience('P40', 'suitable', '2026-05-31') EXCEPT SELECT client_id FROM mart.audience('P40') $$, 'another day, another audience');
SELECT lives_ok($$ SELECT crm.update_mart('mart', settings => '{"next_products": 1, "next_product_outcome": "prohibited", "next_product_clients": 50, "co_holding_products": 40}') $$, 'a house sets how many, and how bad');
SELECT set_eq('SELECT client_id, max(place) FROM mart.next_best_product GROUP BY 1', $$ SELECT k.client_id, 1 FROM candidate AS k JOIN client_on_day USING (client_id)
  JOIN mart.product_association AS a ON a.product_id = k.because AND a.other_product_id = k.product_id WHERE a.clients_both >= 50
  GROUP BY 1 $$, 'then one for each, whatever policy says');
SELECT results_eq('SELECT count(DISTINCT product_id) FROM mart.product_association', ARRAY[40::bigint], 'of the 40 products that most hold');
SELECT lives_ok($$ SELECT crm.update_mart('mart', settings => '{"next_products": null, "next_product_outcome": null, "next_product_clients": null, "co_holding_products": null}') $$, 'null takes a setting back');
SELECT results_eq($$ SELECT settings FROM mart.definition $$, ARRAY['{}'::jsonb], 'as if it had never been');

------------------------------------------------------------------------------------------------------------------------
-- Call-backs
------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.new_clients(day date) RETURNS TABLE (client_id text, due_on date, called_on date) LANGUAGE sql AS $$
  SELECT c.client_id, (c.opened_on + interval '1 month')::date, min(k.on_day)
  FROM source.client AS c LEFT JOIN source.callback AS k ON k.client_id = c.client_id AND k.on_day BETWEEN c.opened_on AND day
  WHERE c.opened_on <= day AND c.opened_on > day - interval '1 year' AND coalesce(c.closed_on > day, true) GROUP BY 1, 2 $$;
CREATE FUNCTION pg_temp.year_clients(day date) RETURNS TABLE (client_id text, called bool, is_client bool) LANGUAGE sql AS $$
  SELECT c.client_id, EXISTS (SELECT FROM source.callback AS k WHERE k.client_id = c.client_id AND k.on_day BETWEEN date_trunc('year', day) AND day), coalesce(c.closed_on > day, true)
  FROM source.client AS c
  WHERE coalesce(c.opened_on < date_trunc('year', day), true) AND coalesce(c.closed_on >= date_trunc('year', day), true) AND NOT coalesce(c.dormant, false) AND NOT coalesce(c.suspended, false) $$;
SELECT set_eq('SELECT client_id, due_on, overdue, days_left FROM mart.callback_due WHERE duty = ''new client''',
  'SELECT client_id, due_on, due_on < ''2026-06-30'' AS overdue, due_on - ''2026-06-30'' AS days_left FROM pg_temp.new_clients(''2026-06-30'') WHERE called_on IS NULL', 'new clients who were not called back since they came');
SELECT set_eq('SELECT duty, eligible, required, done, overdue FROM mart.callback_summary',
  $$ SELECT 'new client' AS duty, count(*) AS eligible, count(*) AS required, count(called_on) AS done, count(*) FILTER (WHERE called_on IS NULL AND due_on < '2026-06-30') AS overdue FROM pg_temp.new_clients('2026-06-30')
     UNION ALL SELECT 'yearly share', count(*), ceil(count(*) / 10.0)::bigint, count(*) FILTER (WHERE called), 0 FROM pg_temp.year_clients('2026-06-30') $$, 'how far the duties are met');
SELECT set_eq(format('SELECT count(*), bool_and(due_on = %L) AS in_time FROM mart.callback_due_at(%L) WHERE duty = ''yearly share''', make_date(extract(year FROM d)::int, 12, 31), d),
  format('SELECT greatest(ceil(count(*) / 10.0) - count(*) FILTER (WHERE called), 0)::bigint AS count, CASE WHEN ceil(count(*) / 10.0) > count(*) FILTER (WHERE called) THEN true END AS in_time FROM pg_temp.year_clients(%L)', d),
  format('as many of last year''s clients as the share asks for, on %s', d)) FROM unnest(ARRAY['2026-01-15', '2026-03-10', '2026-06-30', '2025-12-31']::date[]) AS d;
SELECT isnt_empty('SELECT client_id FROM mart.callback_due_at(''2026-01-15'') WHERE duty = ''yearly share''', 'there are some in January');
SELECT is_empty('SELECT client_id FROM mart.callback_due_at(''2026-01-15'') WHERE duty = ''yearly share'' EXCEPT SELECT client_id FROM pg_temp.year_clients(''2026-01-15'') WHERE NOT called AND is_client',
  'who can be called, was not, and is neither dormant nor suspended');
SELECT lives_ok($$ INSERT INTO source.callback SELECT client_id, date '2026-01-15', 'reached' FROM mart.callback_due_at('2026-01-15') WHERE duty = 'yearly share' $$, 'once they are called');
SELECT is_empty('SELECT client_id FROM mart.callback_due_at(''2026-01-15'') WHERE duty = ''yearly share''', 'nobody is left');
SELECT results_eq('SELECT remaining, share_done >= 0.1 FROM mart.callback_summary_at(''2026-01-15'') WHERE duty = ''yearly share''', 'VALUES (0::bigint, true)', 'and the share is met');
SELECT lives_ok($$ SELECT crm.update_mart('mart', settings => '{"callback_share": 0.2, "callback_months": 2}') $$, 'a stricter house');
SELECT results_eq('SELECT required FROM mart.callback_summary WHERE duty = ''yearly share''', 'SELECT ceil(0.2 * count(*))::bigint FROM pg_temp.year_clients(''2026-06-30'')', 'asks for more');
SELECT is_empty('SELECT n.client_id FROM pg_temp.new_clients(''2026-06-30'') AS n JOIN mart.callback_due AS d ON d.client_id = n.client_id AND d.duty = ''new client'' WHERE d.due_on <= n.due_on', 'and gives more time');

------------------------------------------------------------------------------------------------------------------------
-- Trading permissions
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE entry AS
SELECT c.client_id, k.permission, k.permission = ANY (c.permissions) AS is_open, b.amount,
  coalesce(c.risk_level, 'C9') >= 'C' || k.lowest AS level_enough, c.risk_level IS NULL AS level_unknown, k.permission = 'STAR' AND b.amount < 100000 AS short, k.permission = 'STAR' AND b.amount IS NULL AS unknown,
  (c.opened_on + interval '24 months')::date AS enough_on
FROM client_on_day AS c
CROSS JOIN (SELECT permission, min(right(risk_level, 1)) AS lowest FROM source.product WHERE permission IS NOT NULL GROUP BY 1) AS k
LEFT JOIN (SELECT client_id, (sum(CASE WHEN d.on_day < b.next THEN b.amount ELSE 0 END) / 20) AS amount       -- the 20 trading days before
  FROM (SELECT client_id, on_day, amount, lead(on_day, 1, 'infinity') OVER (PARTITION BY client_id ORDER BY on_day) AS next FROM source.balance) AS b
  JOIN (SELECT on_day FROM source.trading_day WHERE on_day < '2026-06-30' ORDER BY on_day DESC LIMIT 20) AS d ON d.on_day >= b.on_day AND d.on_day < b.next GROUP BY 1) AS b ON b.client_id = c.client_id;
SELECT set_eq('SELECT client_id, permission, is_open, outcome FROM mart.trading_permission',
  $$ SELECT client_id, permission, is_open, CASE WHEN NOT level_enough OR short OR enough_on > '2026-06-30' THEN 'prohibited' WHEN level_unknown OR unknown OR enough_on IS NULL THEN 'undetermined' ELSE 'suitable' END AS outcome FROM entry $$,
  'who has which permission, and who might open it');
SELECT set_eq('SELECT client_id, permission, shortfall, check_codes LIKE ''%EXPERIENCE%'' AS early, resolves_on FROM mart.trading_permission WHERE outcome = ''prohibited''',
  $$ SELECT client_id, permission, CASE WHEN short THEN round(100000 - amount, 2) END AS shortfall, coalesce(enough_on > '2026-06-30', true) AS early,
       CASE WHEN level_enough AND NOT level_unknown AND NOT coalesce(short OR unknown, false) AND enough_on > '2026-06-30' THEN enough_on END AS resolves_on
     FROM entry WHERE NOT level_enough OR short OR enough_on > '2026-06-30' $$, 'what is short, and when time alone opens it');
SELECT set_eq('SELECT client_id, round(assets_20_days, 2) FROM mart.trading_permission WHERE permission = ''STAR''', 'SELECT client_id, round(amount, 2) FROM entry WHERE permission = ''STAR''', 'the mean of 20 trading days');
SELECT results_eq('SELECT count(*) FROM mart.trading_permission_at(''2026-05-31'') WHERE is_open AND permission = ''STAR''',
  $$ SELECT count(*) FROM source.permission AS p JOIN source.client AS c USING (client_id) WHERE code = 'STAR' AND p.opened_on <= '2026-05-31' AND coalesce(p.closed_on > '2026-05-31', true)
     AND coalesce(c.opened_on <= '2026-05-31', true) AND coalesce(c.closed_on > '2026-05-31', true) $$, 'as of another day');

------------------------------------------------------------------------------------------------------------------------
-- What a source may lack
------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.mart_without(absent text, empty bool DEFAULT false) RETURNS TABLE (object text, status text, reason text) LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  DROP SCHEMA IF EXISTS partial_mart, partial CASCADE;
  CREATE SCHEMA partial;
  FOR name IN SELECT k.relname FROM pg_class AS k WHERE k.relnamespace = 'source'::regnamespace AND k.relkind = 'r' AND k.relname <> absent LOOP
    EXECUTE format('CREATE VIEW partial.%1$I AS SELECT * FROM source.%1$I%2$s', name, CASE WHEN empty THEN ' WHERE false' WHEN name = 'client' THEN ' WHERE number < 200' ELSE '' END);
  END LOOP;
  RETURN QUERY SELECT m.* FROM policy AS p CROSS JOIN LATERAL crm.create_mart('partial_mart', 'partial',
    suitability => CASE WHEN absent IN ('balance', 'permission', 'product') THEN '{"name": "none", "none_applies": "suitable", "checks": [{"name": "risk", "applies": {"product.risk_level": ["R5"]}, "otherwise": "notice"}]}' ELSE p.suitability END) AS m
    WHERE m.object IN (SELECT o.name FROM offer AS o);
  FOR name IN SELECT k.relname FROM pg_class AS k JOIN offer AS o ON o.name = k.relname WHERE k.relnamespace = 'partial_mart'::regnamespace AND k.relkind = 'v' LOOP
    EXECUTE format('SELECT count(*) FROM (SELECT * FROM partial_mart.%I OFFSET 0) AS v', name);
  END LOOP;
END $$;
SELECT set_eq(format('SELECT object, reason FROM pg_temp.mart_without(%L) WHERE status = ''left out''', a.absent),
  format('SELECT o, ''partial has no view %s'' FROM unnest(%L::text[]) AS o', a.absent, a.objects), format('without %s', a.absent))
FROM (VALUES ('holding', '{co_holding_value,co_holding,product_association,next_best_product}'), ('callback', '{callback_due,callback_summary}'), ('balance', '{}'), ('trading_day', '{}'), ('permission', '{}')) AS a (absent, objects);
SELECT results_eq('SELECT count(*) FROM partial_mart.audience(''P40'')', 'SELECT count(*) FROM client_on_day JOIN source.client USING (client_id) WHERE number < 200 AND client_id NOT IN (SELECT client_id FROM held WHERE product_id = ''P40'')', 'without permissions there is an audience');
SELECT set_eq('SELECT object FROM pg_temp.mart_without(''product'') WHERE status = ''left out''', ARRAY['next_best_product', 'audience', 'trading_permission'], 'without products');
SELECT isnt_empty('SELECT product_id FROM partial_mart.product_association', 'what is held together is known all the same');
SELECT isnt_empty('SELECT object FROM pg_temp.mart_without(''holding'')', 'a mart without holdings');
SELECT hasnt_view('partial_mart', 'next_best_product', 'has no next best products');
SELECT isnt_empty('SELECT client_id FROM partial_mart.audience(''P40'')', 'but an audience');
SELECT set_eq('SELECT status FROM pg_temp.mart_without(''nothing'', true)', ARRAY['created'], 'a source without rows');
SELECT is_empty(format('SELECT * FROM partial_mart.%I', v), format('%s of nobody', v)) FROM unnest(ARRAY['product_association', 'next_best_product', 'callback_due', 'trading_permission']) AS v;
SELECT set_eq('SELECT duty, eligible, required, done, remaining, overdue, share_done FROM partial_mart.callback_summary',
  $$ VALUES ('new client', 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, NULL::float8), ('yearly share', 0, 0, 0, 0, 0, NULL) $$, 'duties of nobody');
SELECT throws_ok(q, '22023', message, q) FROM (VALUES
  ('SELECT crm.update_mart(''mart'', settings => ''{"callback_share": 1.5}'')', 'the setting "callback_share" cannot be 1.5'),
  ('SELECT crm.update_mart(''mart'', settings => ''{"callback_months": "soon"}'')', 'the setting "callback_months" cannot be "soon"'),
  ('SELECT crm.update_mart(''mart'', settings => ''{"next_product_outcome": "fine"}'')', 'the setting "next_product_outcome" cannot be "fine"'),
  ('SELECT crm.update_mart(''mart'', settings => ''{"next_products": [1, 2]}'')', 'the setting "next_products" cannot be [1, 2]')) AS m (q, message);

SELECT * FROM finish();
ROLLBACK;
