-- service_concentration_summary: what holds whatever the rows and however they are split.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

SELECT extract(epoch FROM clock_timestamp())::bigint % 1000003 AS seed \gset
SELECT diag('seed ' || :seed);
SELECT setseed(:seed / 1000003.0) IS NOT NULL AS seeded \gset

-- Assets of clients, of which many are near one another, with zeros, debts and equal ones; service that follows them a little, and is often none.
CREATE TABLE client AS
SELECT id, value, CASE WHEN random() < 0.4 THEN 0 ELSE round((random() * 30 * greatest(1, ln(1 + greatest(value, 0))))::numeric, (random() * 4)::int) END AS service
FROM (
  SELECT id, CASE (random() * 8)::int
      WHEN 0 THEN 0
      WHEN 1 THEN -round((exp(random() * 12))::numeric, 2)
      WHEN 2 THEN round((10000 * power(1 - random(), -1 / 1.3))::numeric, 2)
      WHEN 3 THEN 5000
      ELSE round((exp(8 + 3 * (random() + random() + random() - 1.5)))::numeric, 2)
    END::float8 AS value
  FROM generate_series(1, 6000) AS id) AS drawn;
ANALYZE client;

\set summary service_concentration
\set rows client
\set arguments 'value, service'
\set types 'float8, numeric'
\set null_row '1, NULL'
\set accessors 'concentration_index(s)'
\ir ../reference/summary_properties.sql

------------------------------------------------------------------------------------------------------------------------
-- Figures against the rows themselves
------------------------------------------------------------------------------------------------------------------------

-- The index by its definition: covariance of service and rank, ties with the mean of their ranks.
CREATE VIEW ranked AS
SELECT id, value, service, (rank() OVER (ORDER BY value) + rank() OVER (ORDER BY value) + count(*) OVER (PARTITION BY value) - 1) / 2.0 AS rank, count(*) OVER () AS n FROM client;
CREATE VIEW exact AS SELECT 2 * covar_pop(service, (rank - 0.5) / n) / avg(service) AS c, 2 * covar_pop(value, (rank - 0.5) / n) / nullif(avg(value), 0) AS g FROM ranked;

SELECT is((SELECT (clients(s), total_value(s), total_service(s))::text FROM (SELECT :'whole'::service_concentration_summary AS s) AS v),
  (SELECT (count(*), trim_scale(sum(value::numeric)), trim_scale(sum(service)))::text FROM client), 'clients and totals are those of the rows, exactly');
SELECT is_empty($$
  SELECT accuracy, concentration_index(s), c, concentration_error(s)
  FROM exact, LATERAL (SELECT accuracy, service_concentration(value, service, accuracy) AS s FROM client, unnest('{0.5,0.1,0.01,0.001,0.0005}'::float8[]) AS accuracy GROUP BY accuracy) AS made
  WHERE NOT abs(concentration_index(s) - c) <= concentration_error(s) + 1e-12
$$, 'the index is within its stated error of the exact one, whatever the accuracy');
SELECT ok((SELECT concentration_error(s) FROM (SELECT service_concentration(value, service) AS s FROM client) AS v) BETWEEN 1e-6 AND 0.05, 'which is small, but not nothing, at the default');
-- One bucket each: powers of two, and equal ones among them
CREATE TABLE apart AS SELECT id, power(2, (random() * 40)::int - 10)::float8 AS value, service FROM client WHERE id <= 2000;
CREATE VIEW apart_ranked AS
SELECT value, service, (rank() OVER (ORDER BY value) * 2 + count(*) OVER (PARTITION BY value) - 1) / 2.0 AS rank, count(*) OVER () AS n FROM apart;
SELECT cmp_ok(abs((SELECT concentration_index(service_concentration(value, service))::numeric FROM apart) - (SELECT 2 * sum(service * (rank - 0.5) / n) / sum(service) - 1 FROM apart_ranked)), '<', 1e-12,
  'where each value has a bucket of its own, the index is that of the window functions');
SELECT is((SELECT concentration_error(service_concentration(value, service)) FROM (SELECT DISTINCT ON (value) value, service FROM apart) AS one), 0::float8, 'of which nothing is in doubt where values differ');
SELECT cmp_ok(abs((SELECT gini_of_value(service_concentration(value, service))::numeric FROM apart) - (SELECT 2 * sum(value::numeric * (rank - 0.5) / n) / sum(value::numeric) - 1 FROM apart_ranked)), '<', 1e-12, 'and so is Gini');
-- Shared with distribution
CREATE VIEW positive AS SELECT id, greatest(value, 0) AS value, service FROM client;
SELECT is((SELECT gini_of_value(service_concentration(value, service)) FROM positive), (SELECT gini(distribution(value)) FROM positive), 'Gini of value is gini of the distribution, to the last bit');
SELECT results_eq('SELECT population_share, value_share FROM concentration_curve((SELECT service_concentration(value, service) FROM positive), 50)', 'SELECT * FROM lorenz((SELECT distribution(value) FROM positive), 50)',
  'and so is its curve');
SELECT is((SELECT kakwani_index(s) FROM (SELECT service_concentration(value, service) AS s FROM positive) AS v), (SELECT concentration_index(s) - gini_of_value(s) FROM (SELECT service_concentration(value, service) AS s FROM positive) AS v),
  'Kakwani is the difference');
SELECT ok((SELECT abs(kakwani_index(service_concentration(value, round(value::numeric * 3, 4)))) FROM positive) < 1e-12, 'which is 0 where service is in proportion to value');
SELECT ok((SELECT abs(concentration_index(service_concentration(value, 7.5))) FROM client) < 1e-12, 'the index is 0 where all get the same');
-- The curve: from 0 to 1, never down, and twice the area between it and the diagonal is the index
CREATE TABLE curve AS SELECT row_number() OVER () AS i, c.* FROM concentration_curve((SELECT service_concentration(value, service) FROM positive), 2000) AS c;
SELECT is_empty($$ SELECT i FROM (SELECT i, service_share, lag(service_share, 1, 0::float8) OVER (ORDER BY i) AS before FROM curve) AS w WHERE service_share < before - 1e-12 OR NOT service_share BETWEEN 0 AND 1 + 1e-12 $$, 'the curve never goes down');
SELECT is((SELECT (min(service_share), max(service_share))::text FROM curve), '(0,1)', 'from 0 to 1');
SELECT ok((SELECT abs(1 - sum(service_share + before) / 2000 - (SELECT concentration_index(service_concentration(value, service)) FROM positive)) FROM (SELECT i, service_share, lag(service_share) OVER (ORDER BY i) AS before FROM curve) AS w WHERE i > 1) < 2e-3,
  'the index is twice the area between the diagonal and the curve');
-- Mirrored, the index changes its sign
SELECT ok((SELECT abs(concentration_index(service_concentration(value, service)) + concentration_index(service_concentration(-value, service))) FROM client) < 1e-12, 'in the opposite order the index has the opposite sign');

CREATE FUNCTION doubled(s service_concentration_summary, times int) RETURNS service_concentration_summary LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. times LOOP s := crm.service_concentration_summary_merge(s, s); END LOOP;
  RETURN s;
END
$$;
SELECT is((SELECT total_service(s) || ' ' || total_value(s) || ' ' || concentration_index(s) FROM doubled(service_concentration_add(NULL, 9e14, 922337203685477.5807), 62) AS s),
  4611686018427387904 * 922337203685477.5807 || ' ' || 4611686018427387904 * 900000000000000::numeric || ' 0', '2^62 clients with the most there is');
SELECT throws_ok($$ SELECT doubled(service_concentration_add(NULL, 1, 1), 63) $$, '22003', 'count is out of range', '2^63 clients are too many');
-- As many buckets as there can be
SELECT is((SELECT (clients(s), s::text::service_concentration_summary = s)::text FROM (SELECT service_concentration(sign * 0.0001 * power(2, e) * (1 + f / 1000.0), 1, 0.0005) AS s
  FROM generate_series(0, 62) AS e, generate_series(0, 999, 9) AS f, (VALUES (1), (-1)) AS v (sign) WHERE power(2, e) * (1 + f / 1000.0) <= 9e18) AS v),
  (SELECT (2 * count(*), true)::text FROM generate_series(0, 62) AS e, generate_series(0, 999, 9) AS f WHERE power(2, e) * (1 + f / 1000.0) <= 9e18), 'the finest buckets over the whole range');

SELECT * FROM finish();
ROLLBACK;
