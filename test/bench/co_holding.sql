-- co_holding and next_products, against the SQL that one would write instead and against the floor. Prints seconds, the ratio to
-- that SQL and the memory of the largest hash table.
--
--   psql -X -q -d DATABASE -v clients=400000 -f test/bench/co_holding.sql
--
-- The database has crm_ext in schema crm. Five holdings a client of 3,000 products, most of them of few products; a summary has the
-- 1,000 that most clients hold, or 30 classes. The last query is for 20,000 clients.

\set ON_ERROR_STOP on
\if :{?clients}
\else
  \set clients 400000
\endif
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '2GB';
SET hash_mem_multiplier = 1;
SET jit = off;
SET search_path = pg_catalog, crm;

DROP SCHEMA IF EXISTS bench_co_holding CASCADE;
CREATE SCHEMA bench_co_holding;
CREATE UNLOGGED TABLE bench_co_holding.holding AS
SELECT DISTINCT client_id, 'P' || lpad(number::text, 6, '0') AS product, 'class ' || number % 30 AS class
FROM (SELECT client_id, (power((hashint8(client_id * 16 + n) & 1048575) / 1048576.0, 2) * 3000)::int AS number
  FROM generate_series(1, :clients::bigint) AS client_id, generate_series(1, 5) AS n) AS h;
CREATE UNLOGGED TABLE bench_co_holding.shelf AS
SELECT product FROM bench_co_holding.holding GROUP BY product ORDER BY count(*) DESC, product LIMIT 1000;
CREATE UNLOGGED TABLE bench_co_holding.shelf_holding AS
SELECT client_id, product FROM bench_co_holding.holding JOIN bench_co_holding.shelf USING (product);
CREATE UNLOGGED TABLE bench_co_holding.class_holding AS SELECT DISTINCT client_id, class FROM bench_co_holding.holding;
VACUUM ANALYZE bench_co_holding.holding, bench_co_holding.shelf, bench_co_holding.shelf_holding, bench_co_holding.class_holding;

CREATE TABLE bench_co_holding.measured (place int GENERATED ALWAYS AS IDENTITY, what text, way text, seconds float8, memory_kb bigint);
CREATE PROCEDURE bench_co_holding.measure(what text, way text, query text)
LANGUAGE plpgsql SET search_path = pg_catalog, crm, bench_co_holding AS $$
DECLARE
  plan jsonb;
  best float8;
  memory bigint;
BEGIN
  FOR run IN 1 .. 2 LOOP
    EXECUTE 'EXPLAIN (ANALYZE, TIMING off, FORMAT json) ' || query INTO plan;
    best := least(best, (plan -> 0 ->> 'Execution Time')::float8 / 1000);
    memory := (SELECT max(m::text::bigint) FROM jsonb_path_query(plan, '$.**."Peak Memory Usage"') AS m);
  END LOOP;
  INSERT INTO bench_co_holding.measured (what, way, seconds, memory_kb) VALUES (what, way, best, memory);
END
$$;

CALL bench_co_holding.measure('1,000 products', 'floor', 'SELECT client_id, array_agg(product) FROM shelf_holding GROUP BY 1');
CALL bench_co_holding.measure('1,000 products', 'SQL', 'SELECT a.product, b.product, count(*) FROM shelf_holding AS a JOIN shelf_holding AS b USING (client_id) WHERE a.product < b.product GROUP BY 1, 2');
CALL bench_co_holding.measure('1,000 products', 'co_holding', 'SELECT co_holding(products) FROM (SELECT array_agg(product) AS products FROM shelf_holding GROUP BY client_id) AS c');
CALL bench_co_holding.measure('1,000 of 3,000', 'floor', 'SELECT client_id, array_agg(product) FROM holding GROUP BY 1');
CALL bench_co_holding.measure('1,000 of 3,000', 'SQL', 'SELECT a.product, b.product, count(*) FROM holding AS a JOIN holding AS b USING (client_id) WHERE a.product < b.product GROUP BY 1, 2');
CALL bench_co_holding.measure('1,000 of 3,000', 'co_holding',
  'SELECT co_holding(products, (SELECT array_agg(product) FROM shelf)) FROM (SELECT array_agg(product) AS products FROM holding GROUP BY client_id) AS c');
CALL bench_co_holding.measure('30 classes', 'floor', 'SELECT client_id, array_agg(class) FROM class_holding GROUP BY 1');
CALL bench_co_holding.measure('30 classes', 'SQL', 'SELECT a.class, b.class, count(*) FROM class_holding AS a JOIN class_holding AS b USING (client_id) WHERE a.class < b.class GROUP BY 1, 2');
CALL bench_co_holding.measure('30 classes', 'co_holding', 'SELECT co_holding(classes) FROM (SELECT array_agg(class) AS classes FROM class_holding GROUP BY client_id) AS c');

-- Clients as arrays, and the products that they may want next.
CREATE UNLOGGED TABLE bench_co_holding.client AS SELECT client_id, array_agg(product) AS products FROM bench_co_holding.shelf_holding GROUP BY client_id;
CREATE UNLOGGED TABLE bench_co_holding.firm AS SELECT co_holding(products) AS summary FROM bench_co_holding.client;
CREATE UNLOGGED TABLE bench_co_holding.rule AS
SELECT p.* FROM bench_co_holding.firm, co_holding_pairs(summary) AS p WHERE p.lift_lower > 1 AND p.clients_both >= 5;
CREATE INDEX ON bench_co_holding.rule (product);
CREATE UNLOGGED TABLE bench_co_holding.asked AS SELECT * FROM bench_co_holding.client ORDER BY client_id LIMIT 20000;
VACUUM ANALYZE bench_co_holding.client, bench_co_holding.firm, bench_co_holding.rule, bench_co_holding.asked;
CALL bench_co_holding.measure('arrays', 'floor', 'SELECT sum(cardinality(products)) FROM client');
CALL bench_co_holding.measure('arrays', 'SQL', 'SELECT a, b, count(*) FROM client, unnest(products) AS a, unnest(products) AS b WHERE a < b GROUP BY 1, 2');
CALL bench_co_holding.measure('arrays', 'co_holding', 'SELECT co_holding(products) FROM client');
CALL bench_co_holding.measure('arrays', 'and pairs', 'SELECT count(*) FROM (SELECT co_holding(products) AS s FROM client) AS f, co_holding_pairs(s)');
CALL bench_co_holding.measure('next', 'floor', 'SELECT client_id, n FROM asked, generate_series(1, 3) AS n');
CALL bench_co_holding.measure('next', 'SQL', 'SELECT client_id, r.* FROM asked, LATERAL (
    SELECT * FROM (SELECT DISTINCT ON (other) other, product, lift_lower FROM rule WHERE product = ANY (products) AND other <> ALL (products) ORDER BY other, lift_lower DESC, product) AS best
    ORDER BY lift_lower DESC, other LIMIT 3) AS r');
CALL bench_co_holding.measure('next', 'next_products', 'SELECT client_id, r.* FROM asked, firm, next_products(summary, products, 3) AS r');

SELECT m.what, m.way, round(m.seconds::numeric, 3) AS seconds, round((m.seconds / s.seconds)::numeric, 2) AS to_sql, m.memory_kb
FROM bench_co_holding.measured AS m
JOIN bench_co_holding.measured AS s ON s.what = m.what AND s.way = 'SQL'
ORDER BY m.place;
SELECT pg_column_size(summary) AS bytes, length(co_holding_summary_send(summary)) AS bytes_plain,
  (SELECT count(*) FROM co_holding_products(summary)) AS products, (SELECT count(*) / 2 FROM co_holding_pairs(summary)) AS pairs FROM bench_co_holding.firm;
DROP SCHEMA bench_co_holding CASCADE;
