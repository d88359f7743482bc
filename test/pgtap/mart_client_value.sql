-- Client value in a mart: its views say what the models say of the source's trades.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

\ir ../reference/purchase_generator.sql
SELECT setseed(0.7) \g /dev/null
CREATE SCHEMA source;
CREATE TABLE source.every_client AS
SELECT format('c%s', n) AS client_id, date '2025-01-01' + n % 90 AS opened_on, CASE WHEN n % 50 = 0 THEN date '2025-10-01' END AS closed_on, format('b%s', n % 3) AS branch_id FROM generate_series(1, 600) AS n;
CREATE TABLE source.every_trade AS
SELECT format('c%s', n) AS client_id, date '2025-01-01' + n % 90 + day AS on_day, amount
FROM (SELECT n, pg_temp.bgnbd_days(0.8, 6, 0.8, 2.5, 7, 364 - n % 90) AS days FROM generate_series(1, 560) AS n) AS g, unnest(days, pg_temp.gamma_gamma_amounts(6, 4, 1500, cardinality(days))) AS u (day, amount);
-- what a source may have, too: nothing, too many decimals, sentinels
INSERT INTO source.every_trade VALUES ('c1', NULL, 5), ('c2', '2025-06-01', NULL), ('c3', '2025-06-01', 1.23456789), ('c4', 'infinity', 7), ('c5', '2025-06-02', 'NaN'), ('c6', '2025-06-02', 999999999999999), ('c7', '2026-02-01', 100);
CREATE VIEW source.client WITH (security_invoker = true) AS SELECT * FROM source.every_client;
CREATE VIEW source.trade WITH (security_invoker = true) AS SELECT client_id, on_day, amount, row_number() OVER ()::text AS trade_id FROM source.every_trade;
SET LOCAL crm.as_of = '2025-12-31';

CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (VERBOSE) ' || query; END $$;
SELECT throws_ok($$ SELECT add_client_value('mart') $$, '3F000', NULL, 'there must be a mart');
SELECT create_mart('mart', 'source', client_columns => '{branch_id}') \g /dev/null
SELECT results_eq($$ SELECT object, status FROM add_client_value('mart', discount_rate => 0.002, margin => 0.01) $$,
  $$ VALUES ('client_activity', 'created'), ('client_worth', 'created'), ('client_value', 'created'), ('value_summary', 'created'), ('value_calibration', 'created') $$, 'what is made');

-- The same, by hand
CREATE TEMP TABLE trade AS SELECT client_id, on_day, round(amount, 4) AS amount FROM source.every_trade WHERE on_day <= '2025-12-31' AND amount IS NOT NULL AND amount <> 'NaN' AND amount < 999999999999999;
CREATE TEMP TABLE a AS SELECT client_id, activity(on_day, amount) AS activity FROM trade GROUP BY 1;
CREATE TEMP TABLE m AS SELECT bgnbd_fit(activity, '2025-12-31') AS b, gamma_gamma_fit(activity) AS g FROM a;
SELECT is((SELECT count(*)::int FROM m WHERE model_status(b) = 'converged' AND model_status(g) = 'converged'), 1, 'the models of the test converge');
SELECT set_eq('SELECT client_id, activity::text FROM mart.client_activity_at(''2025-12-31'')', 'SELECT client_id, activity::text FROM a', 'activities');
SELECT set_eq('SELECT client_id FROM mart.client_value', $$ SELECT client_id FROM source.every_client WHERE closed_on IS NULL $$, 'a row for each client of the day, those who never traded included');
SELECT is_empty($$
  SELECT v.client_id FROM mart.client_value AS v LEFT JOIN a USING (client_id) CROSS JOIN m
  LEFT JOIN LATERAL clv_detail(b, g, activity, '2025-12-31', 52, 0.002, 0.01) AS d ON true
  WHERE (v.as_of, v.data_through, v.frequency, v.silent_days, v.tenure_days, v.p_alive, v.expected_purchases, v.discounted_purchases, v.expected_amount, v.clv)
    IS DISTINCT FROM ('2025-12-31'::date, (SELECT max(on_day) FROM trade), frequency(activity, '2025-12-31'), recency_days(activity, '2025-12-31'), tenure_days(activity, '2025-12-31'),
      d.p_alive, d.expected_purchases, d.discounted_purchases, d.expected_amount::numeric(18, 2), d.clv::numeric(18, 2))
$$, 'every figure is that of the models');
SELECT is_empty($$ SELECT client_id FROM mart.client_value AS v WHERE (clv IS NULL) <> (NOT EXISTS (SELECT FROM a WHERE a.client_id = v.client_id)) OR (clv IS NULL) <> (value_rank IS NULL) OR (clv IS NULL) <> (value_decile IS NULL) $$,
  'no trade, no value, no rank');
SELECT is_empty($$ SELECT x.client_id FROM mart.client_value AS x JOIN mart.client_value AS y ON x.clv > y.clv WHERE x.value_rank >= y.value_rank OR x.value_decile > y.value_decile $$, 'ranks and deciles go by value');
SELECT results_eq($$ SELECT value_decile, clients, round(expected_clients::numeric, 6), clv, lowest_clv FROM mart.value_summary ORDER BY 1 $$,
  $$ SELECT value_decile, count(*), round(sum(p_alive)::numeric, 6), sum(clv)::numeric(18, 2), min(clv)::numeric(18, 2) FROM mart.client_value GROUP BY 1 ORDER BY 1 $$, 'the summary adds up the clients');
SELECT is((SELECT round(sum(clv_share)::numeric, 9) FROM mart.value_summary), 1.000000000, 'shares add up to 1');
SELECT results_eq($$ SELECT frequency_order, clients, observed_purchases, round(expected_purchases::numeric, 6) FROM mart.value_calibration ORDER BY 1 $$, $$
  SELECT least(frequency(activity, '2025-07-02'), 7), count(*), sum(frequency(activity, '2025-12-31') - frequency(activity, '2025-07-02')), round(sum(expected_purchases(c.b, activity, '2025-07-02', 26))::numeric, 6)
  FROM a, (SELECT bgnbd_fit(activity, '2025-07-02') AS b FROM a) AS c WHERE first_day(activity) <= '2025-07-02' GROUP BY 1 ORDER BY 1 $$, 'the calibration is that of 182 days before');
SELECT ok((SELECT abs(sum(expected_purchases) / sum(observed_purchases) - 1) < 0.2 FROM mart.value_calibration), 'what was expected came about, within 20 %');
-- The order of the rows does not matter, to the last bit.
CREATE TEMP TABLE stated AS SELECT (SELECT array_agg(v::text ORDER BY value_decile) FROM mart.value_summary AS v) AS summary, (SELECT array_agg(v::text ORDER BY frequency_order) FROM mart.value_calibration AS v) AS calibration;
CREATE TEMP TABLE turned AS SELECT * FROM source.every_client;
DELETE FROM source.every_client;
INSERT INTO source.every_client SELECT * FROM turned ORDER BY md5(client_id);
CREATE TEMP TABLE turned_trade AS SELECT * FROM source.every_trade;
DELETE FROM source.every_trade;
INSERT INTO source.every_trade SELECT * FROM turned_trade ORDER BY md5(client_id || on_day);
SELECT is((SELECT array_agg(v::text ORDER BY value_decile) FROM mart.value_summary AS v), (SELECT summary FROM stated), 'the summary is that of the rows in another order');
SELECT is((SELECT array_agg(v::text ORDER BY frequency_order) FROM mart.value_calibration AS v), (SELECT calibration FROM stated), 'and so is the calibration');
-- Another day needs no setting; a day before all trades fails nothing.
SELECT is((SELECT count(*) FROM mart.client_value_at('2025-06-30') WHERE silent_days < 0 OR p_alive NOT BETWEEN 0 AND 1), 0::bigint, 'an earlier day');
SELECT is((SELECT count(clv) FROM mart.client_value_at('2024-06-30')), 0::bigint, 'a day before there was anything');
SELECT is((SELECT count(expected_purchases) FROM mart.value_calibration_at('2025-07-10')), 0::bigint, 'a model that cannot be fitted expects nothing, and fails nothing');

-- Columns are described, types are built in, and rights are those of who asks.
SELECT is_empty($$
  SELECT c.relname, t.attname FROM pg_class AS c JOIN pg_attribute AS t ON t.attrelid = c.oid AND t.attnum > 0 JOIN pg_type AS y ON y.oid = t.atttypid
  WHERE c.relnamespace = 'mart'::regnamespace AND c.relname ~ '^(client_value|value_)' AND (col_description(c.oid, t.attnum) IS NULL OR y.typnamespace <> 'pg_catalog'::regnamespace)
$$, 'every column has a comment and a built-in type');
SELECT is_empty($$ SELECT relname FROM pg_class WHERE relnamespace = 'mart'::regnamespace AND relname ~ '^(client_value|value_)' AND NOT 'security_invoker=true' = ANY (reloptions) $$, 'views ask with the rights of the reader');
ALTER TABLE source.every_client ENABLE ROW LEVEL SECURITY;
CREATE ROLE value_reader;
CREATE POLICY own_branch ON source.every_client TO value_reader USING (branch_id = 'b1');
GRANT USAGE ON SCHEMA mart, source, crm TO value_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA mart, source TO value_reader;
SET LOCAL ROLE value_reader;
SELECT results_eq('SELECT DISTINCT branch_id FROM mart.client_value', $$ VALUES ('b1') $$, 'row-level security of clients holds');
RESET ROLE;

-- Given models; made again with the grants that there were; left out where a fit is not sound; refused where the query would fail.
SELECT is((SELECT count(*) FROM add_client_value('mart', '{"parameters": {"r": 0.3, "alpha": 4, "a": 1, "b": 2}}', gamma_gamma_model(6, 4, 1500), horizon => 26) WHERE status = 'created'), 5::bigint, 'models may be given');
SELECT is((SELECT p_alive FROM mart.client_value WHERE client_id = 'c7'), (SELECT p_alive(bgnbd_model(0.3, 4, 1, 2), activity, '2025-12-31') FROM a WHERE client_id = 'c7'), 'and are what counts');
SELECT ok(has_table_privilege('value_reader', 'mart.client_value', 'SELECT'), 'grants stay');
SELECT is((SELECT count(*) FROM update_mart('mart', balance_mode => 'snapshot')) > 0, true, 'the mart can be updated beside it');

-- client_360 has it, with the rights and the views over it that there are
SELECT results_eq('SELECT client_id, p_alive, expected_purchases, clv FROM mart.client_360 ORDER BY 1', 'SELECT client_id, p_alive, expected_purchases, clv FROM mart.client_value ORDER BY 1', 'client_360 has what a client is worth');
SELECT ok(has_table_privilege('value_reader', 'mart.client_360', 'SELECT'), 'its grants stay, too');
SELECT is_empty('SELECT line FROM pg_temp.plan(''SELECT client_id, branch_id FROM mart.client_360'') AS line WHERE line LIKE ''%clv_detail%''', 'who does not ask for it does not pay for it');
SELECT isnt_empty('SELECT line FROM pg_temp.plan(''SELECT clv FROM mart.client_360'') AS line WHERE line LIKE ''%clv_detail%''', 'who asks does');
CREATE VIEW rich AS SELECT client_id, clv FROM mart.client_360 WHERE clv > 1;
SELECT is((SELECT count(*) FROM add_client_value('mart', margin => 0.02)), 5::bigint, 'models can be fitted anew under a view');
SELECT is((SELECT sum(clv) FROM rich), (SELECT sum(clv) FROM mart.client_value WHERE clv > 1), 'which shows it');
SELECT drop_client_value('mart') \g /dev/null
SELECT is_empty('SELECT clv FROM rich', 'they can go, and there is nothing then');
SELECT is((SELECT count(*) FROM add_client_value('mart', margin => 0.02)), 5::bigint, 'and come again');
CREATE SCHEMA other_source;
CREATE VIEW other_source.client AS SELECT * FROM source.client;
CREATE VIEW other_source.trade AS SELECT * FROM source.trade;
SELECT update_mart('mart', source => 'other_source') \g /dev/null
SELECT is((SELECT count(clv) FROM mart.client_360), 0::bigint, 'of another source nothing is known, until models are fitted to it');
SELECT add_client_value('mart', margin => 0.02) \g /dev/null
SELECT is((SELECT sum(clv) FROM rich), (SELECT sum(clv) FROM mart.client_value WHERE clv > 1), 'as they are now');
SELECT update_mart('mart', source => 'source') \g /dev/null
INSERT INTO source.every_trade SELECT 'c9', date '2025-10-31' + n, 9e14 FROM generate_series(1, 60) AS n;
SELECT add_client_value('mart', '{"parameters": {"r": 0.3, "alpha": 4, "a": 1, "b": 2}}', gamma_gamma_model(6, 4, 1500), margin => 100) \g /dev/null
SELECT is((SELECT count(*) FROM mart.client_value AS v WHERE v.clv IS NULL AND v.frequency > 0), 1::bigint, 'a value that no column holds is not known');
SELECT is_empty('SELECT client_id FROM mart.client_value WHERE (clv IS NULL) <> (value_rank IS NULL) OR (clv IS NULL) <> (value_decile IS NULL)', 'and has no rank');
SELECT is((SELECT count(v) FROM mart.client_360 AS v), (SELECT count(*) FROM mart.client_value), 'and nobody else''s view fails');
DELETE FROM source.every_trade WHERE amount = 9e14;
DROP VIEW rich;
SELECT update_mart('mart', client_columns => '{}') \g /dev/null
SELECT is((SELECT count(*) FROM add_client_value('mart')), 5::bigint, 'other columns');
SELECT hasnt_column('mart', 'client_value', 'branch_id', 'are made anew');
SELECT results_eq('SELECT client_id, clv FROM mart.client_360 ORDER BY 1', 'SELECT client_id, clv FROM mart.client_value ORDER BY 1', 'and client_360 with them');
SELECT throws_ok($$ SELECT add_client_value('mart', horizon => -1) $$, '22023', NULL, 'a horizon below 0');
SELECT throws_ok($$ SELECT add_client_value('mart', holdout_days => 0) $$, '22023', NULL, 'no holdout');
SELECT throws_ok($$ SELECT add_client_value('mart', margin => NULL) $$, '22004', NULL, 'NULL');
SELECT results_eq($$ SELECT DISTINCT status, reason FROM add_client_value('mart', fitted_on => '2025-01-02') $$,
  $$ VALUES ('left out', 'the fit of the BG/NBD model has the status too_few; the fit of the Gamma-Gamma model has the status too_few') $$, 'no sound fit, no views');
SELECT hasnt_view('mart'::name, 'client_value'::name, 'they are gone then');
SELECT results_eq('SELECT count(clv), count(*) > 0 FROM mart.client_360', 'VALUES (0::bigint, true)', 'and client_360 is without');
SELECT results_eq($$ SELECT DISTINCT reason FROM add_client_value('mart', fitted_on => '2020-01-01') $$, $$ VALUES ('there is no trade; there is no trade') $$, 'nothing to fit to');
SELECT add_client_value('mart') \g /dev/null
SELECT drop_client_value('mart') \g /dev/null
SELECT hasnt_view('mart'::name, 'value_summary'::name, 'drop_client_value removes what was added');
SELECT add_client_value('mart') \g /dev/null
SELECT drop_mart('mart') \g /dev/null
SELECT hasnt_schema('mart', 'drop_mart removes it, too');
DROP SCHEMA other_source CASCADE;
DROP VIEW source.trade;
SELECT create_mart('mart', 'source') \g /dev/null
SELECT throws_ok($$ SELECT add_client_value('mart') $$, '42P01', 'client value needs the trades of the source: source has no view trade', 'no trades');

SELECT * FROM finish();
ROLLBACK;
