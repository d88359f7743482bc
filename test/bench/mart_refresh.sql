-- One month's refresh of what a mart keeps (summaries of clients from balances, trades, cash flows, fees, contacts and positions, and standings) after 6 months
-- of history and after 24, against the floor: the sums by client of that month's rows of each of these, by plain SQL.
-- Then a late correction of one client 12 months ago, the look for corrections alone, and a simulation of two policies over all months.
-- A balance a client on every working day; a trade, half a cash flow, a fee, a contact a month; three positions at its end. Prints milliseconds, and how
-- many times the floor.
--
--   psql -X -q -d DATABASE -v clients=5000 -f test/bench/mart_refresh.sql
--
-- The database has crm_ext in schema crm. Makes and drops the schemas bench_refresh and bench_mart.

\set ON_ERROR_STOP on
\if :{?clients}
\else
  \set clients 5000
\endif
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '64MB';
SET jit = off;
SET search_path = pg_catalog;
SET crm.as_of = '2026-01-31';

DROP SCHEMA IF EXISTS bench_refresh CASCADE;
DROP SCHEMA IF EXISTS bench_mart CASCADE;
CREATE SCHEMA bench_refresh;
CREATE UNLOGGED TABLE bench_refresh.client AS SELECT 'C' || n AS client_id, date '2020-01-01' AS opened_on FROM generate_series(1, :clients) AS n;
ALTER TABLE bench_refresh.client ADD PRIMARY KEY (client_id);
CREATE UNLOGGED TABLE bench_refresh.balance AS
SELECT 'C' || n AS client_id, d::date AS on_day, round((exp(8 + 4 * (hashint8(n) & 1023) / 1024.0 + 0.4 * (hashint8(n * 4096 + extract(doy FROM d)::int / 7) & 1023) / 1024.0))::numeric, 2) AS amount
FROM generate_series(date '2024-01-01', date '2026-01-31', '1 day') AS d, generate_series(1, :clients) AS n
WHERE extract(isodow FROM d) < 6;
ALTER TABLE bench_refresh.balance ADD PRIMARY KEY (client_id, on_day);
CREATE INDEX ON bench_refresh.balance (on_day);
-- events: number n of client n / 25, spread over the days
CREATE UNLOGGED TABLE bench_refresh.trade AS
SELECT 'C' || 1 + n % :clients AS client_id, date '2024-01-01' + (hashint8(n) & 65535) * 762 / 65536 AS on_day, ((hashint8(n + 1) & 65535) + 1)::numeric / 4 AS amount FROM generate_series(1, 25 * :clients) AS n;
CREATE UNLOGGED TABLE bench_refresh.cash_flow AS
SELECT 'C' || 1 + n % :clients AS client_id, date '2024-01-01' + (hashint8(n + 2) & 65535) * 762 / 65536 AS on_day, ((hashint8(n + 3) & 65535) - 32768)::numeric AS amount FROM generate_series(1, 12 * :clients) AS n;
CREATE UNLOGGED TABLE bench_refresh.fee AS
SELECT 'C' || 1 + n % :clients AS client_id, date '2024-01-01' + (hashint8(n + 4) & 65535) * 762 / 65536 AS on_day, (hashint8(n + 5) & 1023)::numeric / 8 AS amount,
  (ARRAY['commission', 'advice', 'distribution', 'interest', 'other'])[1 + (hashint8(n + 6) & 1023) % 5] AS kind FROM generate_series(1, 25 * :clients) AS n;
CREATE UNLOGGED TABLE bench_refresh.contact AS
SELECT 'K' || n AS contact_id, 'C' || 1 + n % :clients AS client_id, date '2024-01-01' + (hashint8(n + 7) & 65535) * 762 / 65536 AS on_day, (hashint8(n + 8) & 31)::numeric AS minutes,
  (ARRAY['phone', 'visit'])[1 + n % 2] AS channel FROM generate_series(1, 25 * :clients) AS n;
CREATE UNLOGGED TABLE bench_refresh.cost AS SELECT * FROM (VALUES ('phone', date '2020-01-01', 1.5, 2.0), ('phone', date '2025-01-01', 1.6, 2.1), ('visit', date '2020-01-01', 2.0, 80)) AS v (channel, valid_from, per_minute, per_contact);
CREATE UNLOGGED TABLE bench_refresh.product AS SELECT 'P' || n AS product_id, (ARRAY['bond', 'fund', 'note', 'share'])[1 + n % 4] AS category FROM generate_series(1, 300) AS n;
CREATE UNLOGGED TABLE bench_refresh.holding AS
SELECT 'C' || n AS client_id, 'P' || 1 + (n + k * (hashint8(n) & 1023) + extract(month FROM d)::int) % 300 AS product_id, d AS on_day, 10::numeric AS quantity, (hashint8(n * 4 + k) & 65535)::numeric AS market_value
FROM generate_series(1, :clients) AS n, generate_series(1, 3) AS k, (SELECT (date '2024-02-01' + make_interval(months => m))::date - 1 AS d FROM generate_series(0, 24) AS m) AS d;
CREATE INDEX ON bench_refresh.trade (on_day);
CREATE INDEX ON bench_refresh.cash_flow (on_day);
CREATE INDEX ON bench_refresh.fee (on_day);
CREATE INDEX ON bench_refresh.contact (on_day);
CREATE INDEX ON bench_refresh.holding (on_day);
VACUUM ANALYZE bench_refresh.client, bench_refresh.balance, bench_refresh.trade, bench_refresh.cash_flow, bench_refresh.fee, bench_refresh.contact, bench_refresh.holding, bench_refresh.product;
SELECT count(*) FROM crm.create_mart('bench_mart', 'bench_refresh', tiers => '{"period": "month", "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 20000, "keep": 16000},
  {"label": "private", "enter": 100000, "keep": 80000}], "moves": {"up_after": 1, "watch_after": 3, "down_after": 6, "land": "best_of_window", "window": 6}}') \g /dev/null

CREATE TABLE bench_refresh.measured (place int GENERATED ALWAYS AS IDENTITY, what text, milliseconds float8, floor float8);
CREATE PROCEDURE bench_refresh.measure(what text, command text, month date) LANGUAGE plpgsql AS $$
DECLARE
  started timestamptz := clock_timestamp();
  took float8;
  best float8;
BEGIN
  EXECUTE command;
  took := extract(epoch FROM clock_timestamp() - started);
  FOR i IN 1 .. 3 LOOP
    started := clock_timestamp();
    PERFORM count(*) FROM (SELECT client_id, avg(amount) FROM bench_refresh.balance WHERE on_day >= month AND on_day < month + interval '1 month' GROUP BY 1 OFFSET 0) AS f;
    PERFORM count(*) FROM (SELECT client_id, sum(amount) FROM bench_refresh.trade WHERE on_day >= month AND on_day < month + interval '1 month' GROUP BY 1 OFFSET 0) AS f;
    PERFORM count(*) FROM (SELECT client_id, sum(amount) FROM bench_refresh.cash_flow WHERE on_day >= month AND on_day < month + interval '1 month' GROUP BY 1 OFFSET 0) AS f;
    PERFORM count(*) FROM (SELECT client_id, kind, sum(amount) FROM bench_refresh.fee WHERE on_day >= month AND on_day < month + interval '1 month' GROUP BY 1, 2 OFFSET 0) AS f;
    PERFORM count(*) FROM (SELECT client_id, sum(minutes) FROM bench_refresh.contact WHERE on_day >= month AND on_day < month + interval '1 month' GROUP BY 1 OFFSET 0) AS f;
    PERFORM count(*) FROM (SELECT client_id, sum(market_value) FROM bench_refresh.holding WHERE on_day >= month AND on_day < month + interval '1 month' GROUP BY 1 OFFSET 0) AS f;
    best := least(best, extract(epoch FROM clock_timestamp() - started)::float8);
  END LOOP;
  INSERT INTO bench_refresh.measured (what, milliseconds, floor) VALUES (what, 1000 * took, 1000 * best);
END $$;

CALL crm.refresh_mart('bench_mart', '2024-06-30');
VACUUM ANALYZE bench_mart.tier_month, bench_mart.client_summary;
CALL bench_refresh.measure('a month after 6 months', $$CALL crm.refresh_mart('bench_mart', '2024-07-31', check_from => 'infinity', commit_each_month => false)$$, '2024-07-01');
CALL crm.refresh_mart('bench_mart', '2025-12-31');
VACUUM ANALYZE bench_mart.tier_month, bench_mart.client_summary;
CALL bench_refresh.measure('a month after 24 months', $$CALL crm.refresh_mart('bench_mart', '2026-01-31', check_from => 'infinity', commit_each_month => false)$$, '2026-01-01');
CALL bench_refresh.measure('looking for corrections in 25 months', $$CALL crm.refresh_mart('bench_mart', '2026-01-31', commit_each_month => false)$$, '2026-01-01');
CALL bench_refresh.measure('looking for corrections in 3 months', $$CALL crm.refresh_mart('bench_mart', '2026-01-31', check_from => '2025-11-01', commit_each_month => false)$$, '2026-01-01');
UPDATE bench_refresh.balance SET amount = amount + 100000 WHERE client_id = 'C7' AND on_day BETWEEN '2025-01-01' AND '2025-01-31';
CALL bench_refresh.measure('a correction of one client 12 months ago', $$CALL crm.refresh_mart('bench_mart', '2026-01-31', check_from => '2025-01-01', commit_each_month => false)$$, '2026-01-01');
CALL bench_refresh.measure('two policies over 25 months', $$SELECT count(*) FROM crm.simulate_tiers('bench_mart', NULL, '{"period": "month", "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 30000},
  {"label": "private", "enter": 100000}]}', '2024-01-01', '2026-01-31')$$, '2026-01-01');
SELECT what, round(milliseconds) AS milliseconds, round((milliseconds / floor)::numeric, 1) AS "times the floor" FROM bench_refresh.measured ORDER BY place;
SELECT crm.drop_mart('bench_mart') \g /dev/null
DROP SCHEMA bench_refresh CASCADE;
