-- rollup of monthly summaries, against making the summary from the rows again and against the floor. A row a client and month, twelve months;
-- ten values, spells or moves a month. Prints seconds and how many times as long as rollup each takes.
--
--   psql -X -q -d DATABASE -v clients=100000 -f test/bench/rollup.sql
--
-- The database has crm_ext in schema crm.

\set ON_ERROR_STOP on
\if :{?clients}
\else
  \set clients 100000
\endif
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '64MB';
SET hash_mem_multiplier = 32;
SET jit = off;
SET search_path = pg_catalog, crm;

DROP SCHEMA IF EXISTS bench_rollup CASCADE;
CREATE SCHEMA bench_rollup;
SELECT setseed(0.5) \g /dev/null
CREATE UNLOGGED TABLE bench_rollup.event AS
SELECT client_id, month, round((exp(9 + 3 * (random() + random() + random() - 1.5)))::numeric, 2)::float8 AS value, (random() * 400)::int AS days,
  random() < 0.5 AS ended, (random() * 4)::int + 1 AS from_rank, (random() * 4)::int + 1 AS to_rank
FROM generate_series(1, :clients) AS client_id, generate_series(1, 12) AS month, generate_series(1, 10) AS n;
VACUUM ANALYZE bench_rollup.event;
CREATE UNLOGGED TABLE bench_rollup.month AS
SELECT client_id, month, count(*) AS n, distribution(value) AS distribution, survival(days, ended) AS survival, migration(from_rank, to_rank) AS migration
FROM bench_rollup.event GROUP BY client_id, month;
VACUUM ANALYZE bench_rollup.month;

CREATE TABLE bench_rollup.measured (place int GENERATED ALWAYS AS IDENTITY, what text, way text, seconds float8, memory_kb bigint);
CREATE PROCEDURE bench_rollup.measure(what text, way text, query text)
LANGUAGE plpgsql SET search_path = pg_catalog, crm, bench_rollup AS $$
DECLARE
  plan jsonb;
  best float8;
  memory bigint;
BEGIN
  FOR run IN 1 .. 2 LOOP
    EXECUTE 'EXPLAIN (ANALYZE, TIMING off, FORMAT json) ' || query INTO plan;
    best := least(best, (plan -> 0 ->> 'Execution Time')::float8 / 1000);
    memory := (jsonb_path_query_first(plan, '$.**."Peak Memory Usage"'))::bigint;
  END LOOP;
  INSERT INTO bench_rollup.measured (what, way, seconds, memory_kb) VALUES (what, way, best, memory);
END
$$;

CALL bench_rollup.measure('distribution', 'rollup', 'SELECT client_id, rollup(distribution) FROM bench_rollup.month GROUP BY 1');
CALL bench_rollup.measure('distribution', 'rows', 'SELECT client_id, distribution(value) FROM bench_rollup.event GROUP BY 1');
CALL bench_rollup.measure('survival', 'rollup', 'SELECT client_id, rollup(survival) FROM bench_rollup.month GROUP BY 1');
CALL bench_rollup.measure('survival', 'rows', 'SELECT client_id, survival(days, ended) FROM bench_rollup.event GROUP BY 1');
CALL bench_rollup.measure('migration', 'rollup', 'SELECT client_id, rollup(migration) FROM bench_rollup.month GROUP BY 1');
CALL bench_rollup.measure('migration', 'rows', 'SELECT client_id, migration(from_rank, to_rank) FROM bench_rollup.event GROUP BY 1');
CALL bench_rollup.measure('floor', 'rollup', 'SELECT client_id, sum(n) FROM bench_rollup.month GROUP BY 1');
CALL bench_rollup.measure('floor', 'rows', 'SELECT client_id, count(*) FROM bench_rollup.event GROUP BY 1');
CALL bench_rollup.measure('whole firm', 'rollup', 'SELECT rollup(distribution), rollup(survival), rollup(migration) FROM bench_rollup.month');
CALL bench_rollup.measure('whole firm', 'rows', 'SELECT distribution(value), survival(days, ended), migration(from_rank, to_rank) FROM bench_rollup.event');

SELECT what, way, round(seconds::numeric, 2) AS seconds,
  round((seconds / first_value(seconds) OVER (PARTITION BY what ORDER BY way = 'rollup' DESC))::numeric, 2) AS times_rollup, memory_kb
FROM bench_rollup.measured ORDER BY place;
SELECT round(avg(pg_column_size(distribution))) AS bytes_of_distribution, round(avg(pg_column_size(survival))) AS of_survival,
  round(avg(pg_column_size(migration))) AS of_migration FROM bench_rollup.month;
DROP SCHEMA bench_rollup CASCADE;
