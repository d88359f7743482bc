-- distribution against percentile_cont for four quantiles, against the exact window-function Gini, against tdigest where that extension
-- can be installed, and against the floor. Prints seconds and how many times as long as distribution each takes.
--
--   psql -X -q -d DATABASE -v rows=5000000 -f test/bench/distribution.sql
--
-- The database has crm_ext in schema crm. Values are clients' assets: log-normal with a Pareto tail of exponent 1.3, two decimals.

\set ON_ERROR_STOP on
\if :{?rows}
\else
  \set rows 5000000
\endif
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '64MB';
SET hash_mem_multiplier = 32;
SET jit = off;
SET search_path = pg_catalog, crm;

DROP SCHEMA IF EXISTS bench_distribution CASCADE;
CREATE SCHEMA bench_distribution;
\if :{?tdigest}
\else
  SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'tdigest') AS tdigest \gset
\endif
\if :tdigest
  CREATE EXTENSION tdigest SCHEMA bench_distribution;
\endif
SELECT setseed(0.5) \g /dev/null
CREATE UNLOGGED TABLE bench_distribution.account AS
SELECT n % (:rows / 20) AS client_id, round((CASE WHEN u < 0.04 THEN 200000 * power(1 - random(), -1 / 1.3)
    ELSE exp(9 + 1.8 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) END)::numeric, 2)::float8 AS assets
FROM (SELECT n, random() AS u FROM generate_series(1, :rows::bigint) AS n) AS drawn;
VACUUM ANALYZE bench_distribution.account;

CREATE TABLE bench_distribution.measured (place int GENERATED ALWAYS AS IDENTITY, what text, way text, seconds float8, memory_kb bigint);

CREATE PROCEDURE bench_distribution.measure(what text, way text, query text)
LANGUAGE plpgsql SET search_path = pg_catalog, crm, bench_distribution AS $$
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
  INSERT INTO bench_distribution.measured (what, way, seconds, memory_kb) VALUES (what, way, best, memory);
END
$$;

CALL bench_distribution.measure('four quantiles', 'floor: sum', 'SELECT sum(assets) FROM bench_distribution.account');
CALL bench_distribution.measure('four quantiles', 'distribution',
  'SELECT quantile(distribution(assets), ARRAY[0.25, 0.5, 0.9, 0.99]) FROM bench_distribution.account');
CALL bench_distribution.measure('four quantiles', 'percentile_cont',
  'SELECT percentile_cont(ARRAY[0.25, 0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY assets) FROM bench_distribution.account');
\if :tdigest
  CALL bench_distribution.measure('four quantiles', 'tdigest, compression 100',
    'SELECT tdigest_percentile(assets, 100, ARRAY[0.25, 0.5, 0.9, 0.99]) FROM bench_distribution.account');
\endif

CALL bench_distribution.measure('Gini', 'distribution', 'SELECT gini(distribution(assets)) FROM bench_distribution.account');
CALL bench_distribution.measure('Gini', 'window function',
  'SELECT 2 * sum(i * assets) / (count(*) * sum(assets)) - (count(*) + 1.0) / count(*)
   FROM (SELECT assets, row_number() OVER (ORDER BY assets) AS i FROM bench_distribution.account) AS ranked');

CALL bench_distribution.measure('median of 20 rows a client', 'floor: sum',
  'SELECT client_id, sum(assets) FROM bench_distribution.account GROUP BY 1');
CALL bench_distribution.measure('median of 20 rows a client', 'distribution',
  'SELECT client_id, distribution(assets) FROM bench_distribution.account GROUP BY 1');
CALL bench_distribution.measure('median of 20 rows a client', 'percentile_cont',
  'SELECT client_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY assets) FROM bench_distribution.account GROUP BY 1');
\if :tdigest
  CALL bench_distribution.measure('median of 20 rows a client', 'tdigest, compression 100',
    'SELECT client_id, tdigest(assets, 100) FROM bench_distribution.account GROUP BY 1');
\endif

SELECT what, way, round(seconds::numeric, 2) AS seconds,
  round((seconds / first_value(seconds) OVER (PARTITION BY what ORDER BY way = 'distribution' DESC))::numeric, 2) AS times_distribution, memory_kb
FROM bench_distribution.measured ORDER BY place;

-- How near: relative error of the quantiles, and of the Gini
SELECT p, exact, round(((estimate - exact) / exact)::numeric, 5) AS off_by
FROM (SELECT distribution(assets) AS s FROM bench_distribution.account) AS made, unnest('{0.25,0.5,0.9,0.99}'::float8[]) AS p,
  LATERAL (SELECT quantile(s, p) AS estimate) AS q,
  LATERAL (SELECT percentile_disc(p) WITHIN GROUP (ORDER BY assets) AS exact FROM bench_distribution.account) AS e;
SELECT gini(s) AS estimate, (SELECT 2 * sum(i * assets) / (count(*) * sum(assets)) - (count(*) + 1.0) / count(*)
  FROM (SELECT assets, row_number() OVER (ORDER BY assets) AS i FROM bench_distribution.account) AS ranked) AS exact, pg_column_size(s) AS bytes
FROM (SELECT distribution(assets) AS s FROM bench_distribution.account) AS made;
DROP SCHEMA bench_distribution CASCADE;
