-- The source views over a broker's counter, examples/counter.sql: days, snapshots, accounts and margin debt, by figures worked out by hand; and, over
-- more than a year, that a span of days and the days of one client come from indexes.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();
\ir ../../examples/counter.sql
SET LOCAL client_min_messages = warning;
SET LOCAL crm.as_of = '2026-01-31';
SET LOCAL jit = off;

SELECT is_empty('SELECT * FROM crm.check_source(''source'') WHERE severity <> ''note''', 'check_source finds nothing but what is not there');
SELECT results_eq('SELECT client_id, kind, closed_on, birth_date, id_expires_on FROM source.client ORDER BY 1', $$ VALUES
  ('1001', 'person', NULL::date, '1980-02-14'::date, '2029-02-14'::date), ('1002', 'entity', NULL, NULL, NULL), ('1003', 'person', NULL, '1995-11-30', '2026-11-30'),
  ('1004', 'person', '2026-01-29', '1962-09-09', NULL) $$, 'integers that stand for no day are no day');
-- 20000 + 2 x 1000 x 10.50 less 6000 + 130; 7 x (5000 + 2000 x 1.50)
SELECT results_eq('SELECT client_id, amount FROM source.balance WHERE on_day = ''2026-01-30'' ORDER BY 1', $$ VALUES ('1001', 34870.00), ('1002', 56000.00) $$,
  'net assets of all accounts, less margin debt, in one currency; what is 0 has no row');
SELECT results_eq('SELECT client_id, on_day, amount FROM source.cash_flow ORDER BY 2, 1', $$ VALUES ('1004', '2026-01-28'::date, -300.00), ('1002', '2026-01-29', 21000.00), ('1003', '2026-01-29', -8000.00) $$,
  'what came in and went out, without what was taken back');
SELECT results_eq('SELECT client_id, on_day, kind, amount FROM source.fee ORDER BY 2, 1', $$ VALUES ('1001', '2026-01-26'::date, 'interest', 42.00), ('1003', '2026-01-28', 'commission', 5.00), ('1002', '2026-01-29', 'commission', 10.50) $$,
  'what was earned');
SELECT results_eq($$ SELECT client_id, coalesce(sum(amount) FILTER (WHERE on_day = '2026-01-30'), 0) - sum(amount) FILTER (WHERE on_day = '2026-01-26') FROM source.balance
    WHERE client_id <> '1001' AND on_day IN ('2026-01-26', '2026-01-30') GROUP BY 1 ORDER BY 1 $$, 'SELECT client_id, sum(amount) FROM source.cash_flow GROUP BY 1 ORDER BY 1',
  'where no price moves, balances change by what came in and went out');

CREATE TEMP TABLE made AS SELECT * FROM crm.create_mart('mart', 'source', balance_mode => 'snapshot');
SELECT is((SELECT status FROM made WHERE object = 'client_360'), 'created', 'the mart is made');
-- On the 30 days that end with the 31st there are snapshots from the 26th on; the 31st, a Saturday, has the balance of the 30th.
SELECT results_eq('SELECT client_id, risk_level, assets, average_assets, products_held FROM mart.client_360 ORDER BY 1', $$ VALUES
  ('1001', 'C4', 34870.00, round((33874 + 34273 + 34072 + 33471 + 2 * 34870) / 30.0, 2), 1::bigint),
  ('1002', 'C5', 56000.00, round((3 * 35000 + 3 * 56000) / 30.0, 2), 1),
  ('1003', 'C1', 0.00, round(3 * 8000 / 30.0, 2), 0) $$, 'who has no row on a trading day has nothing; who has left is not in the mart');
SELECT results_eq('SELECT client_id, assets FROM mart.client_360_at(''2026-01-28'') ORDER BY 1', $$ VALUES ('1001', 34072.00), ('1002', 35000.00), ('1003', 8000.00), ('1004', 0.00) $$, 'nor did the day before leaving');
SELECT crm.drop_mart('mart') \g /dev/null

-- More than a year of snapshots
INSERT INTO counter.customer (customer_no, type, state, open_date, branch_no) SELECT 2000 + n, '0', '0', 20230103, 11 FROM generate_series(1, 200) AS n;
INSERT INTO counter.account SELECT 200000 + n, 2000 + n, '0', 20230103, 0 FROM generate_series(1, 200) AS n;
INSERT INTO counter.trading_date SELECT 'SH', to_char(d, 'YYYYMMDD')::int FROM generate_series(timestamp '2024-12-02', '2026-01-23', '1 day') AS d WHERE extract(isodow FROM d) < 6;
INSERT INTO counter.rate SELECT init_date, 'CNY', 1 FROM counter.trading_date WHERE exchange = 'SH' AND init_date < 20260126;
INSERT INTO counter.cash_daily SELECT init_date, 200000 + n, 'CNY', 1000 * n FROM counter.trading_date, generate_series(1, 200) AS n WHERE exchange = 'SH' AND init_date < 20260126 ORDER BY init_date;
INSERT INTO counter.position_daily SELECT init_date, 200000 + n, 'SH', '600001', 100 * n, 10 FROM counter.trading_date, generate_series(1, 200) AS n WHERE exchange = 'SH' AND init_date < 20260126 ORDER BY init_date;
ANALYZE counter.customer, counter.account, counter.trading_date, counter.rate, counter.cash_daily, counter.position_daily;
SELECT is_empty('SELECT * FROM crm.check_source(''source'') WHERE severity <> ''note'' OR "column" IN (''on_day'', ''client_id'')', 'no plan reads all months for one, nor all clients for one');
CREATE FUNCTION pg_temp.searched(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    IF line ~ 'Index Cond: .*day\(init_date\)' THEN RETURN NEXT regexp_replace(line, '^.*Index Cond: ', ''); END IF;
  END LOOP;
END $$;
SELECT is((SELECT count(*) FROM pg_temp.searched('SELECT * FROM source.balance WHERE on_day >= ''2025-03-01'' AND on_day < ''2025-04-01''') AS s WHERE s ~ '>=.*<'), 2::bigint,
  'a span of days becomes a condition on the index of each large table');
SELECT is((SELECT count(*) FROM pg_temp.searched('SELECT * FROM source.balance WHERE client_id = ''2007'' AND on_day >= ''2025-06-01''') AS s WHERE s ~ 'account_no = '), 2::bigint,
  'so do the days of one client');
DROP INDEX counter.cash_daily_day_idx, counter.position_daily_day_idx, counter.cash_daily_account_no_day_idx, counter.position_daily_account_no_day_idx;
SELECT set_eq('SELECT "view", "column", severity FROM crm.check_source(''source'') WHERE "view" IN (''balance'', ''holding'') AND "column" IN (''on_day'', ''client_id'')',
  $$ VALUES ('balance', 'on_day', 'note'), ('balance', 'client_id', 'warning'), ('holding', 'on_day', 'note'), ('holding', 'client_id', 'warning') $$,
  'check_source misses the indexes where they are not there');

-- A rate that is missing
DELETE FROM counter.rate WHERE init_date = 20260130 AND currency = 'USD';
SELECT results_eq('SELECT client_id, amount FROM source.balance WHERE on_day = ''2026-01-30'' AND client_id < ''2000'' ORDER BY 1', $$ VALUES ('1001', 34870.00), ('1002', NULL) $$,
  'a balance without a rate is not known, rather than too low');
SELECT results_eq('SELECT "view", "column", severity, "count" FROM crm.check_source(''source'') WHERE severity = ''error''', $$ VALUES ('balance', 'amount', 'error', 1::bigint) $$, 'and check_source says so');

SELECT * FROM finish();
ROLLBACK;
