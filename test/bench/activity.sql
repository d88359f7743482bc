-- activity per client, rollup of monthly rows and the accessors, against the SQL that one would write instead and against the
-- floor. Prints seconds, the ratio to that SQL and, for the grouping, the memory that its hash table took.
--
--   psql -X -q -d DATABASE -v rows=10000000 -f test/bench/activity.sql
--
-- The database has crm_ext in schema crm. Twenty rows a client over ten years, amounts with two decimals, in no order of clients.

\set ON_ERROR_STOP on
\if :{?rows}
\else
  \set rows 10000000
\endif
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '2GB';
SET hash_mem_multiplier = 1;
SET jit = off;
SET search_path = pg_catalog, crm;

DROP SCHEMA IF EXISTS bench_activity CASCADE;
CREATE SCHEMA bench_activity;
CREATE UNLOGGED TABLE bench_activity.event AS
SELECT (hashint8(n) & 2147483647) % (:rows / 20) AS client_id,
  date '2016-01-01' + ((hashint8(n + 1000000007) & 2147483647) % 3650) AS on_day,
  ((hashint8(n + 2000000011) & 2147483647) % 10000000 - 3000000)::numeric(12, 2) / 100 AS amount
FROM generate_series(1, :rows::bigint) AS n;
VACUUM ANALYZE bench_activity.event;

CREATE TABLE bench_activity.measured (place int GENERATED ALWAYS AS IDENTITY, what text, way text, seconds float8, memory_kb bigint);

CREATE PROCEDURE bench_activity.measure(what text, way text, query text)
LANGUAGE plpgsql SET search_path = pg_catalog, crm AS $$
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
  INSERT INTO bench_activity.measured (what, way, seconds, memory_kb) VALUES (what, way, best, memory);
END
$$;

CALL bench_activity.measure('group', 'floor', 'SELECT client_id, count(*) FROM bench_activity.event GROUP BY 1');
CALL bench_activity.measure('group', 'SQL',
  'SELECT client_id, min(on_day), max(on_day), count(*), sum(amount) FROM bench_activity.event GROUP BY 1');
CALL bench_activity.measure('group', 'SQL with distinct days',
  'SELECT client_id, min(on_day), max(on_day), count(DISTINCT on_day), count(*), sum(amount) FROM bench_activity.event GROUP BY 1');
CALL bench_activity.measure('group', 'activity', 'SELECT client_id, activity(on_day, amount) FROM bench_activity.event GROUP BY 1');

-- Twelve monthly rows a client.
CREATE UNLOGGED TABLE bench_activity.month AS
SELECT client_id, extract(month FROM on_day)::int AS month, min(on_day) AS first_day, max(on_day) AS last_day, count(*) AS events,
  sum(amount) AS total, activity(on_day, amount) AS activity
FROM (SELECT client_id, date '2025-01-01' + (on_day - date '2016-01-01') % 365 AS on_day, amount FROM bench_activity.event) AS e
GROUP BY 1, 2;
VACUUM ANALYZE bench_activity.month;
CALL bench_activity.measure('rollup', 'floor', 'SELECT client_id, count(*) FROM bench_activity.month GROUP BY 1');
CALL bench_activity.measure('rollup', 'SQL',
  'SELECT client_id, min(first_day), max(last_day), sum(events), sum(total) FROM bench_activity.month GROUP BY 1');
CALL bench_activity.measure('rollup', 'rollup', 'SELECT client_id, rollup(activity) FROM bench_activity.month GROUP BY 1');

CREATE UNLOGGED TABLE bench_activity.client AS
SELECT client_id, activity(on_day, amount) AS activity, max(on_day) AS last_day FROM bench_activity.event GROUP BY 1;
VACUUM ANALYZE bench_activity.client;
CALL bench_activity.measure('accessor', 'floor', 'SELECT count(activity) FROM bench_activity.client');
CALL bench_activity.measure('accessor', 'SQL', 'SELECT sum(date ''2026-01-01'' - last_day) FROM bench_activity.client');
CALL bench_activity.measure('accessor', 'recency_days', 'SELECT sum(recency_days(activity, ''2026-01-01'')) FROM bench_activity.client');
CALL bench_activity.measure('accessor', 'total', 'SELECT count(total(activity)) FROM bench_activity.client');
CALL bench_activity.measure('accessor', 'rfm',
  'SELECT count(rfm(activity, ''2026-01-01'', ''{30,90,180,365}'', ''{2,5,10,20}'', ''{0,1000,5000,20000}'')) FROM bench_activity.client');

SELECT m.what, m.way, round(m.seconds::numeric, 3) AS seconds, round((m.seconds / s.seconds)::numeric, 2) AS to_sql, m.memory_kb,
  round(m.memory_kb::numeric / s.memory_kb, 2) AS memory_to_sql
FROM bench_activity.measured AS m
JOIN bench_activity.measured AS s ON s.what = m.what AND s.way = 'SQL'
ORDER BY m.place;
SELECT count(*) AS monthly_rows, round(avg(pg_column_size(activity)), 1) AS bytes_of_a_month FROM bench_activity.month;
DROP SCHEMA bench_activity CASCADE;
