-- coverage, service_concentration and asset_bridge over a row a client and month, against the same figures by plain SQL and against the floor.
-- Prints seconds and how many times as long as the summary each takes.
--
--   psql -X -q -d DATABASE -v clients=100000 -f test/bench/client_month.sql
--
-- The database has crm_ext in schema crm. Plain SQL has the same decisions: gaps row by row, ranks with ties, parts of the bridge.

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

DROP SCHEMA IF EXISTS bench_client_month CASCADE;
CREATE SCHEMA bench_client_month;
SELECT setseed(0.5) \g /dev/null
CREATE UNLOGGED TABLE bench_client_month.client_month AS
SELECT client_id, month, client_id % 50 AS branch, round(opening::numeric, 2) AS opening, round((opening * (0.95 + 0.1 * random()) + 1000)::numeric, 2) AS closing,
  round((random() * 2000)::numeric, 2) AS inflow, round((random() * 1000)::numeric, 2) AS outflow, false AS is_new, false AS is_lost, (client_id % 4)::numeric AS owed, trunc((random() * 4)::numeric, 1) AS delivered
FROM (SELECT client_id, month, exp(9 + 3 * (random() + random() + random() - 1.5)) AS opening FROM generate_series(1, :clients) AS client_id, generate_series(1, 12) AS month) AS drawn;
UPDATE bench_client_month.client_month SET opening = 0, is_new = true WHERE (client_id + month) % 40 = 0;
UPDATE bench_client_month.client_month SET closing = 0, is_lost = true WHERE (client_id + month) % 41 = 0;
VACUUM ANALYZE bench_client_month.client_month;
CREATE UNLOGGED TABLE bench_client_month.kept AS
SELECT branch, month, coverage(owed, delivered) AS c, service_concentration(opening, delivered) AS s, asset_bridge(opening, closing, inflow, outflow, is_new, is_lost) AS b
FROM bench_client_month.client_month GROUP BY branch, month;
VACUUM ANALYZE bench_client_month.kept;

CREATE TABLE bench_client_month.measured (place int GENERATED ALWAYS AS IDENTITY, what text, way text, seconds float8, memory_kb bigint);
CREATE PROCEDURE bench_client_month.measure(what text, way text, query text)
LANGUAGE plpgsql SET search_path = pg_catalog, crm, bench_client_month AS $$
DECLARE
  plan jsonb;
  best float8;
  memory bigint;
BEGIN
  FOR run IN 1 .. 3 LOOP
    EXECUTE 'EXPLAIN (ANALYZE, TIMING off, FORMAT json) ' || query INTO plan;
    best := least(best, (plan -> 0 ->> 'Execution Time')::float8 / 1000);
    memory := (jsonb_path_query_first(plan, '$.**."Peak Memory Usage"'))::bigint;
  END LOOP;
  INSERT INTO bench_client_month.measured (what, way, seconds, memory_kb) VALUES (what, way, best, memory);
END
$$;

CALL bench_client_month.measure('coverage by branch and month', 'floor: two sums', 'SELECT branch, month, sum(owed), sum(delivered) FROM client_month GROUP BY 1, 2');
CALL bench_client_month.measure('coverage by branch and month', 'summary', 'SELECT branch, month, coverage(owed, delivered) FROM client_month GROUP BY 1, 2');
CALL bench_client_month.measure('coverage by branch and month', 'plain SQL',
  'SELECT branch, month, sum(owed), sum(delivered), sum(least(owed, delivered)), count(*), count(*) FILTER (WHERE owed > 0), count(*) FILTER (WHERE owed > 0 AND delivered >= owed), count(*) FILTER (WHERE owed > 0 AND delivered = 0),
     count(*) FILTER (WHERE owed = 0 AND delivered > 0), sum(delivered * delivered) FROM client_month GROUP BY 1, 2');
CALL bench_client_month.measure('coverage of a client''s year', 'floor: two sums', 'SELECT client_id, sum(owed), sum(delivered) FROM client_month GROUP BY 1');
CALL bench_client_month.measure('coverage of a client''s year', 'summary', 'SELECT client_id, coverage(owed, delivered) FROM client_month GROUP BY 1');
CALL bench_client_month.measure('coverage of a client''s year', 'plain SQL',
  'SELECT client_id, sum(owed), sum(delivered), sum(least(owed, delivered)), count(*), count(*) FILTER (WHERE owed > 0), count(*) FILTER (WHERE owed > 0 AND delivered >= owed), count(*) FILTER (WHERE owed > 0 AND delivered = 0),
     count(*) FILTER (WHERE owed = 0 AND delivered > 0), sum(delivered * delivered) FROM client_month GROUP BY 1');

CALL bench_client_month.measure('concentration by branch and month', 'floor: two sums', 'SELECT branch, month, sum(opening), sum(delivered) FROM client_month GROUP BY 1, 2');
CALL bench_client_month.measure('concentration by branch and month', 'summary', 'SELECT branch, month, concentration_index(service_concentration(opening, delivered)) FROM client_month GROUP BY 1, 2');
CALL bench_client_month.measure('concentration by branch and month', 'plain SQL: window ranks',
  'SELECT branch, month, 2 * covar_pop(delivered, rank / n) / nullif(avg(delivered), 0)
   FROM (SELECT branch, month, delivered, rank() OVER w + (count(*) OVER (PARTITION BY branch, month, opening) - 2) / 2.0 AS rank, count(*) OVER (PARTITION BY branch, month) AS n
     FROM client_month WINDOW w AS (PARTITION BY branch, month ORDER BY opening)) AS ranked GROUP BY 1, 2');
CALL bench_client_month.measure('concentration of a year, rolled up', 'summary', 'SELECT concentration_index(rollup(s)) FROM kept');
CALL bench_client_month.measure('concentration of a year, rolled up', 'rows again', 'SELECT concentration_index(service_concentration(opening, delivered)) FROM client_month');

CALL bench_client_month.measure('bridge by branch and month', 'floor: four sums', 'SELECT branch, month, sum(opening), sum(closing), sum(inflow), sum(outflow) FROM client_month GROUP BY 1, 2');
CALL bench_client_month.measure('bridge by branch and month', 'summary', 'SELECT branch, month, asset_bridge(opening, closing, inflow, outflow, is_new, is_lost) FROM client_month GROUP BY 1, 2');
CALL bench_client_month.measure('bridge by branch and month', 'plain SQL',
  'SELECT branch, month, sum(opening), sum(closing), sum(closing) FILTER (WHERE is_new), sum(opening) FILTER (WHERE is_lost), sum(inflow) FILTER (WHERE NOT is_new AND NOT is_lost), sum(outflow) FILTER (WHERE NOT is_new AND NOT is_lost),
     sum(closing - opening - inflow + outflow) FILTER (WHERE NOT is_new AND NOT is_lost), count(*) FILTER (WHERE NOT is_new), count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE is_lost), count(*) FILTER (WHERE NOT is_lost)
   FROM client_month GROUP BY 1, 2');

SELECT what, way, round(seconds::numeric, 3) AS seconds,
  round((seconds / first_value(seconds) OVER (PARTITION BY what ORDER BY way = 'summary' DESC))::numeric, 2) AS times_summary, memory_kb
FROM bench_client_month.measured ORDER BY place;
SELECT round(avg(pg_column_size(c))) AS bytes_of_coverage, round(avg(pg_column_size(s))) AS of_concentration, round(avg(pg_column_size(b))) AS of_bridge FROM bench_client_month.kept;

-- How near: the index of each branch and month against that of all ranks, and the error that the summary states
SELECT round(max(abs(concentration_index(s) - exact))::numeric, 6) AS most_off_by, round(max(concentration_error(s))::numeric, 6) AS stated, bool_and(abs(concentration_index(s) - exact) <= concentration_error(s) + 1e-12) AS within
FROM bench_client_month.kept JOIN (SELECT branch, month, 2 * covar_pop(delivered, rank / n) / nullif(avg(delivered), 0) AS exact
   FROM (SELECT branch, month, delivered, rank() OVER w + (count(*) OVER (PARTITION BY branch, month, opening) - 2) / 2.0 AS rank, count(*) OVER (PARTITION BY branch, month) AS n
     FROM bench_client_month.client_month WINDOW w AS (PARTITION BY branch, month ORDER BY opening)) AS ranked GROUP BY 1, 2) AS e USING (branch, month);
DROP SCHEMA bench_client_month CASCADE;
