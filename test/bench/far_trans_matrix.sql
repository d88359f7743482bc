-- Every client of FAR-Trans against every security, 29,090 x 806 = 23.4 million pairs, decided by
--   suitability one by one, suitability_matrix, a CASE written by hand, and nothing at all (the floor: the pairs are only counted).
-- The counts of the first three must be the same. examples/demo --far-trans DIR prepares the database and runs this from the
-- project's folder; by hand, in a database that it left behind: psql -v as_of=2022-11-30 -f test/bench/far_trans_matrix.sql

\set ON_ERROR_STOP on
\if :{?as_of}
\else
  \set as_of 2022-11-30
\endif
\set suitability `cat examples/policies/eu_mifid_suitability.json`
SET client_min_messages = warning;

DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
CREATE TABLE bench.client AS SELECT * FROM mart.client_facts(:'as_of');
CREATE TABLE bench.product AS SELECT * FROM mart.product_facts(:'as_of');
CREATE TABLE bench.result (way text, outcome text, pairs bigint);
CREATE TABLE bench.time (place int GENERATED ALWAYS AS IDENTITY, way text, began timestamptz, ended timestamptz);
ANALYZE bench.client, bench.product;

\echo '  the floor'
INSERT INTO bench.time (way, began) VALUES ('floor: pairs counted only', clock_timestamp());
SELECT count(c.risk_level), count(p.risk_level) FROM bench.client AS c CROSS JOIN bench.product AS p \g /dev/null
UPDATE bench.time SET ended = clock_timestamp() WHERE ended IS NULL;

\echo '  CASE by hand'
INSERT INTO bench.time (way, began) VALUES ('CASE by hand', clock_timestamp());
INSERT INTO bench.result
SELECT 'CASE by hand', (ARRAY['suitable', 'notice', 'overridable', 'undetermined', 'needs_approval', 'prohibited'])[decided], count(*)
FROM (
  SELECT greatest(
    CASE WHEN c.risk_level_source = 'predicted' THEN 4 ELSE 1 END,
    CASE
      WHEN c.risk_level IS NULL OR c.risk_level NOT IN ('Conservative', 'Income', 'Balanced', 'Aggressive') THEN 4
      WHEN p.risk_level IS NULL OR p.risk_level NOT IN ('low', 'medium low', 'medium high', 'high') THEN 4
      WHEN p.risk_level = 'low' THEN 1
      WHEN p.risk_level = 'medium low' AND c.risk_level IN ('Income', 'Balanced', 'Aggressive') THEN 1
      WHEN p.risk_level = 'medium high' AND c.risk_level IN ('Balanced', 'Aggressive') THEN 1
      WHEN p.risk_level = 'high' AND c.risk_level = 'Aggressive' THEN 1
      ELSE 6 END,
    CASE WHEN c.assessed_on > :'as_of' THEN 4 ELSE 1 END,
    CASE WHEN c.assessed_on IS NULL OR c.assessed_on + interval '36 months' < :'as_of' THEN 4 ELSE 1 END,
    CASE WHEN p.risk_level = 'high' AND (c.investment_capacity IS NULL OR c.investment_capacity = 'CAP_LT30K') THEN 2 ELSE 1 END,
    CASE WHEN p.category = 'MTF Structured' THEN 2 ELSE 1 END) AS decided
  FROM bench.client AS c CROSS JOIN bench.product AS p) AS d
GROUP BY decided;
UPDATE bench.time SET ended = clock_timestamp() WHERE ended IS NULL;

\echo '  suitability, one by one'
INSERT INTO bench.time (way, began) VALUES ('suitability, one by one', clock_timestamp());
INSERT INTO bench.result
SELECT 'suitability, one by one', decided, count(*)
FROM (SELECT crm.suitability(:'suitability', c, p, :'as_of') AS decided FROM bench.client AS c CROSS JOIN bench.product AS p) AS d
GROUP BY decided;
UPDATE bench.time SET ended = clock_timestamp() WHERE ended IS NULL;

\echo '  suitability_matrix'
INSERT INTO bench.time (way, began) VALUES ('suitability_matrix', clock_timestamp());
INSERT INTO bench.result
SELECT 'suitability_matrix', outcome, sum(pairs) FROM mart.suitability_matrix_at(:'as_of') GROUP BY outcome;
UPDATE bench.time SET ended = clock_timestamp() WHERE ended IS NULL;

\echo
SELECT outcome, max(pairs) FILTER (WHERE way = 'suitability, one by one') AS "one by one", max(pairs) FILTER (WHERE way = 'suitability_matrix') AS matrix,
  max(pairs) FILTER (WHERE way = 'CASE by hand') AS "CASE"
FROM bench.result GROUP BY outcome ORDER BY outcome::crm.suitability_outcome;

SELECT way, round(1000 * extract(epoch FROM ended - began)) AS milliseconds,
  round((extract(epoch FROM ended - began) / max(extract(epoch FROM ended - began)) FILTER (WHERE way = 'CASE by hand') OVER ())::numeric, 3) AS "times the CASE",
  round(extract(epoch FROM ended - began) * 1e9 / ((SELECT count(*) FROM bench.client) * (SELECT count(*) FROM bench.product))) AS "ns a pair"
FROM bench.time ORDER BY place;

SELECT count(*) > 0 AS differ
FROM (SELECT outcome FROM bench.result GROUP BY outcome HAVING count(*) <> 3 OR min(pairs) <> max(pairs)) AS d \gset
DROP SCHEMA bench CASCADE;
\if :differ
  DO 'BEGIN RAISE EXCEPTION ''the counts differ''; END';
\else
  \echo 'The counts are the same.'
\endif
