-- Fits and scores of a million generated clients, and of the full CDNOW file where CRM_EXT_DATA has it; against a scan of the same rows and
-- against a plain NumPy and SciPy script, where Debian's python3-scipy is there. Prints seconds, the best of three.
--
--   psql -v clients=1000000 -f test/bench/client_value.sql       in a database with crm_ext, search_path on its schema; "public" for pgTAP is not needed
--
-- Times depend on the machine: compare within one run.
\if :{?clients}
\else
  \set clients 1000000
\endif
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
DROP SCHEMA IF EXISTS bench_client_value CASCADE;
CREATE SCHEMA bench_client_value;
\ir ../reference/purchase_generator.sql
SELECT setseed(0.2026) \g /dev/null

-- As CDNOW: tenures of 27 to 39 weeks, days as they are.
CREATE UNLOGGED TABLE bench_client_value.client AS
SELECT c AS client_id, (SELECT activity(date '2026-01-01' + tenure_start + day, amount) FROM unnest(days, pg_temp.gamma_gamma_amounts(6.25, 3.74, 15.44, cardinality(days))) AS u (day, amount)) AS a
FROM (SELECT c, s AS tenure_start, pg_temp.bgnbd_days(0.243, 4.414, 0.793, 2.426, 7, 273 - s) AS days
  FROM (SELECT c, (random() * 84)::int AS s FROM generate_series(1, :clients) AS c) AS t) AS g;
VACUUM ANALYZE bench_client_value.client;

CREATE TABLE bench_client_value.measured (place serial, what text, seconds float8);
CREATE PROCEDURE bench_client_value.measure(what text, query text) LANGUAGE plpgsql AS $$
DECLARE
  best float8;
  start timestamptz;
BEGIN
  FOR run IN 1 .. 3 LOOP
    start := clock_timestamp();
    EXECUTE query;
    best := least(best, extract(epoch FROM clock_timestamp() - start));
  END LOOP;
  INSERT INTO bench_client_value.measured (what, seconds) VALUES (what, best);
END
$$;

CALL bench_client_value.measure('floor: count(a)', 'SELECT count(a) FROM bench_client_value.client');
CALL bench_client_value.measure('frequency and tenure of each', 'SELECT sum(frequency(a, ''2026-10-01'')), sum(tenure_days(a, ''2026-10-01'')) FROM bench_client_value.client');
CALL bench_client_value.measure('repeat_purchases', 'SELECT repeat_purchases(a, ''2026-10-01'') FROM bench_client_value.client');
CALL bench_client_value.measure('bgnbd_fit', 'SELECT bgnbd_fit(a, ''2026-10-01'') FROM bench_client_value.client');
CALL bench_client_value.measure('pareto_nbd_fit', 'SELECT pareto_nbd_fit(a, ''2026-10-01'') FROM bench_client_value.client');
CALL bench_client_value.measure('gamma_gamma_fit', 'SELECT gamma_gamma_fit(a) FROM bench_client_value.client');
CREATE TABLE bench_client_value.model AS
SELECT bgnbd_fit(a, '2026-10-01') AS b, pareto_nbd_fit(a, '2026-10-01') AS p, gamma_gamma_fit(a) AS g, repeat_purchases(a, '2026-10-01') AS s FROM bench_client_value.client;
CALL bench_client_value.measure('bgnbd_fit of a summary that was kept', 'SELECT bgnbd_fit(s) FROM bench_client_value.model');
CALL bench_client_value.measure('p_alive, BG/NBD', 'SELECT sum(p_alive(b, a, ''2026-10-01'')) FROM bench_client_value.client, bench_client_value.model');
CALL bench_client_value.measure('expected_purchases, BG/NBD', 'SELECT sum(expected_purchases(b, a, ''2026-10-01'', 52)) FROM bench_client_value.client, bench_client_value.model');
CALL bench_client_value.measure('p_alive, Pareto/NBD', 'SELECT sum(p_alive(p, a, ''2026-10-01'')) FROM bench_client_value.client, bench_client_value.model');
CALL bench_client_value.measure('expected_purchases, Pareto/NBD', 'SELECT sum(expected_purchases(p, a, ''2026-10-01'', 52)) FROM bench_client_value.client, bench_client_value.model');
CALL bench_client_value.measure('expected_amount', 'SELECT sum(expected_amount(g, a)) FROM bench_client_value.client, bench_client_value.model');
CALL bench_client_value.measure('clv of 52 weeks, BG/NBD', 'SELECT sum(clv(b, g, a, ''2026-10-01'', 52, 0.002, 0.5)) FROM bench_client_value.client, bench_client_value.model');
CALL bench_client_value.measure('clv of 52 weeks, Pareto/NBD', 'SELECT sum(clv(p, g, a, ''2026-10-01'', 52, 0.002, 0.5)) FROM bench_client_value.client, bench_client_value.model');
-- a rate for each client, so that nothing of one helps another
CALL bench_client_value.measure('clv of 52 weeks, BG/NBD, a discount rate each', 'SELECT sum(clv(b, g, a, ''2026-10-01'', 52, 0.002::float8 + client_id * 1e-12::float8, 0.5)) FROM bench_client_value.client, bench_client_value.model');

\set directory `test -r "$CRM_EXT_DATA/cdnow/CDNOW_master.txt" && echo "$CRM_EXT_DATA"`
SELECT :'directory' <> '' AS present \gset
\if :present
  \set command 'sed ''s/\\r$//; s/^ *//; s/  */ /g'' "' :directory '/cdnow/CDNOW_master.txt" | sed 1d'
  CREATE TABLE bench_client_value.purchase (customer_id text, on_day text, cds int, dollars numeric);
  COPY bench_client_value.purchase FROM PROGRAM :'command' (DELIMITER ' ');
  CREATE TABLE bench_client_value.customer AS SELECT customer_id, activity(on_day::date, dollars) AS a FROM bench_client_value.purchase GROUP BY 1;
  CALL bench_client_value.measure('CDNOW, 23,570 customers: bgnbd_fit', 'SELECT bgnbd_fit(a, ''1997-09-30'') FROM bench_client_value.customer');
  CALL bench_client_value.measure('CDNOW: pareto_nbd_fit', 'SELECT pareto_nbd_fit(a, ''1997-09-30'') FROM bench_client_value.customer');
  CALL bench_client_value.measure('CDNOW: gamma_gamma_fit', 'SELECT gamma_gamma_fit(a) FROM bench_client_value.customer');
\endif

SELECT what, round(seconds::numeric, 3) AS seconds FROM bench_client_value.measured ORDER BY place;
SELECT name, round(estimate::numeric, 4) AS estimate, round(std_error::numeric, 4) AS std_error FROM bench_client_value.model, model_parameters(b);
SELECT name, value FROM bench_client_value.model, model_diagnostics(b) WHERE name IN ('status', 'iterations', 'clients', 'distinct_rows')
UNION ALL SELECT 'Pareto/NBD ' || name, value FROM bench_client_value.model, model_diagnostics(p) WHERE name IN ('status', 'iterations');

-- The same BG/NBD fit by SciPy: the clients' x, t_x and T in weeks, as a script would have them.
\set python `for p in /usr/bin/python3 python3; do "$p" -c 'import scipy' 2>/dev/null && echo "$p" && break; done`
SELECT :'python' <> '' AS present \gset
\if :present
  \copy (SELECT frequency(a, '2026-10-01'), (tenure_days(a, '2026-10-01') - recency_days(a, '2026-10-01')) / 7.0, tenure_days(a, '2026-10-01') / 7.0 FROM bench_client_value.client) TO '/tmp/bench_client_value.csv' (FORMAT csv)
  \set file `dirname "$(find . -path '*test/bench/client_value.py' | head -n 1)"`
  \setenv BENCH_PYTHON :python
  \setenv BENCH_FOLDER :file
  \! "$BENCH_PYTHON" "$BENCH_FOLDER/client_value.py" /tmp/bench_client_value.csv; rm -f /tmp/bench_client_value.csv
\else
  \echo 'python3-scipy is not here: no comparison'
\endif
DROP SCHEMA bench_client_value CASCADE;
