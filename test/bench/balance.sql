-- The average balance of a year, each client, from 786,000 changes: balance, kept months, weighting by lead(), a spine of days with a LATERAL look-up, and
-- the floor. The averages of all ways must be the same. Prints seconds and the ratio to lead().
--
--   psql -X -q -d DATABASE -v changes=786000 -v spine_clients=500 -f test/bench/balance.sql
--
-- The database has crm_ext in schema crm. Sixty changes a client on average; the spine is built for the first clients only and scaled up.

\set ON_ERROR_STOP on
\if :{?changes}
\else
  \set changes 786000
\endif
\if :{?spine_clients}
\else
  \set spine_clients 500
\endif
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '1GB';
SET jit = off;
SET search_path = pg_catalog, crm;

DROP SCHEMA IF EXISTS bench_balance CASCADE;
CREATE SCHEMA bench_balance;
CREATE UNLOGGED TABLE bench_balance.change AS
SELECT DISTINCT ON (client_id, on_day) client_id, on_day, amount
FROM (
  SELECT (hashint8(n) & 2147483647) % (:changes / 60) AS client_id,
    CASE WHEN n <= :changes / 60 THEN date '2025-01-01' ELSE date '2025-01-01' + (hashint8(n + 1000000007) & 2147483647) % 365 END AS on_day,
    ((hashint8(n + 2000000011) & 2147483647) % 100000000)::numeric(14, 2) / 100 AS amount
  FROM generate_series(1, :changes::bigint) AS n) AS c
UNION ALL
SELECT n, date '2024-12-31', 1000 FROM generate_series(0, :changes / 60 - 1) AS n;
CREATE INDEX ON bench_balance.change (client_id, on_day);
CREATE UNLOGGED TABLE bench_balance.month AS
SELECT client_id, date_trunc('month', on_day)::date AS month, balance(on_day, amount) AS balance FROM bench_balance.change GROUP BY 1, 2;
CREATE UNLOGGED TABLE bench_balance.client AS SELECT client_id, balance(on_day, amount) AS balance FROM bench_balance.change GROUP BY 1;
VACUUM ANALYZE bench_balance.change, bench_balance.month, bench_balance.client;

CREATE TABLE bench_balance.measured (place int GENERATED ALWAYS AS IDENTITY, way text, seconds float8, scale float8, answer numeric);
CREATE PROCEDURE bench_balance.measure(way text, query text, scale float8 DEFAULT 1)
LANGUAGE plpgsql SET search_path = pg_catalog, crm AS $$
DECLARE
  began timestamptz;
  best float8;
  answer numeric;
BEGIN
  FOR run IN 1 .. 2 LOOP
    began := clock_timestamp();
    EXECUTE format('SELECT round(sum(round(average, 6)), 4) FROM (%s) AS q', query) INTO answer;
    best := least(best, extract(epoch FROM clock_timestamp() - began));
  END LOOP;
  INSERT INTO bench_balance.measured (way, seconds, scale, answer) VALUES (way, best * scale, scale, answer);
END
$$;

CALL bench_balance.measure('floor: sum of the amounts', 'SELECT client_id, sum(amount) AS average FROM bench_balance.change GROUP BY 1');
CALL bench_balance.measure('lead()', $$
  SELECT client_id, sum(amount * (until - greatest(on_day, '2025-01-01'))) / 365 AS average
  FROM (SELECT client_id, on_day, amount, lead(on_day, 1, date '2026-01-01') OVER (PARTITION BY client_id ORDER BY on_day) AS until FROM bench_balance.change) AS c
  WHERE until > '2025-01-01' GROUP BY 1 $$);
CALL bench_balance.measure('balance, from the changes', $$
  SELECT client_id, average_balance(balance(on_day, amount), '2025-01-01', '2026-01-01') AS average FROM bench_balance.change GROUP BY 1 $$);
CALL bench_balance.measure('balance, rollup of kept months', $$
  SELECT client_id, average_balance(rollup(balance), '2025-01-01', '2026-01-01') AS average FROM bench_balance.month GROUP BY 1 $$);
CALL bench_balance.measure('balance, one kept value a client', $$
  SELECT client_id, average_balance(balance, '2025-01-01', '2026-01-01') AS average FROM bench_balance.client $$);
SELECT set_config('bench.clients', :'spine_clients', false) \g /dev/null
CALL bench_balance.measure('spine of days, LATERAL (scaled up)', $$
  SELECT c.client_id, avg(b.amount) AS average
  FROM (SELECT DISTINCT client_id FROM bench_balance.change WHERE client_id < current_setting('bench.clients')::int) AS c
  CROSS JOIN generate_series('2025-01-01'::timestamp, '2025-12-31', '1 day') AS day
  CROSS JOIN LATERAL (SELECT amount FROM bench_balance.change AS x WHERE x.client_id = c.client_id AND x.on_day <= day::date ORDER BY on_day DESC LIMIT 1) AS b
  GROUP BY 1 $$, :changes / 60.0 / :spine_clients);
CALL bench_balance.measure('balance, the clients of the spine', $$
  SELECT client_id, average_balance(balance(on_day, amount), '2025-01-01', '2026-01-01') AS average
  FROM bench_balance.change WHERE client_id < current_setting('bench.clients')::int GROUP BY 1 $$, :changes / 60.0 / :spine_clients);

SELECT m.way, round(m.seconds::numeric, 3) AS seconds, round((m.seconds / s.seconds)::numeric, 2) AS to_lead, m.answer
FROM bench_balance.measured AS m, bench_balance.measured AS s WHERE s.way = 'lead()'
ORDER BY m.place;
SELECT count(*) AS monthly_rows, round(avg(pg_column_size(balance)), 1) AS bytes_of_a_month FROM bench_balance.month;
DROP SCHEMA bench_balance CASCADE;
