-- coverage_summary: what holds whatever the rows and however they are split.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

SELECT extract(epoch FROM clock_timestamp())::bigint % 1000003 AS seed \gset
SELECT diag('seed ' || :seed);
SELECT setseed(:seed / 1000003.0) IS NOT NULL AS seeded \gset

-- Services owed by tier and delivered by chance: none owed, none delivered, more than owed, amounts near the limit of 64 bits.
CREATE TABLE contact AS
SELECT id, id % 5 AS tier, CASE (random() * 4)::int WHEN 0 THEN 0 WHEN 1 THEN 922337203685477.5807 ELSE round((random() * 20)::numeric, (random() * 4)::int) END AS owed,
  CASE (random() * 5)::int WHEN 0 THEN 0 WHEN 1 THEN round((random() * 9e14)::numeric, 4) ELSE round((random() * 20)::numeric, (random() * 4)::int) END AS delivered
FROM generate_series(1, 6000) AS id;
ANALYZE contact;

\set summary coverage
\set rows contact
\set arguments 'owed, delivered'
\set types 'numeric, numeric'
\set null_row '1, NULL'
\set accessors 'jain_index(s)'
\ir ../reference/summary_properties.sql

------------------------------------------------------------------------------------------------------------------------
-- Figures against the rows themselves
------------------------------------------------------------------------------------------------------------------------

CREATE TABLE figure AS SELECT tier, coverage(owed, delivered) AS c FROM contact GROUP BY tier;
INSERT INTO figure SELECT 10 + parts(id, 2, 700), coverage(owed, delivered) FROM contact GROUP BY 1;
INSERT INTO figure SELECT 1000, coverage(owed, delivered) FROM contact;
CREATE TABLE expected AS
SELECT n, count(*) AS clients, count(*) FILTER (WHERE owed > 0) AS owed_clients, count(*) FILTER (WHERE owed > 0 AND delivered >= owed) AS full_clients, count(*) FILTER (WHERE owed > 0 AND delivered = 0) AS untouched,
  count(*) FILTER (WHERE owed = 0 AND delivered > 0) AS unowed, sum(owed) AS owed, sum(delivered) AS delivered, sum(least(owed, delivered)) AS covered, sum(greatest(0, owed - delivered)) AS gap,
  sum(delivered * delivered) AS squares
FROM (SELECT tier AS n, owed, delivered FROM contact UNION ALL SELECT 10 + parts(id, 2, 700), owed, delivered FROM contact UNION ALL SELECT 1000, owed, delivered FROM contact) AS grouped GROUP BY n;
SELECT is_empty($$
  SELECT n FROM figure FULL JOIN expected AS e ON n = tier
  WHERE (clients(c), owed_clients(c), fully_covered(c), untouched(c), served_unowed(c)) IS DISTINCT FROM (e.clients, e.owed_clients, e.full_clients, e.untouched, e.unowed)
    OR (owed(c), delivered(c), covered(c), service_gap(c)) IS DISTINCT FROM (e.owed, e.delivered, e.covered, e.gap)
$$, 'counts and totals are those of the rows, exactly');
SELECT is_empty($$
  SELECT n FROM figure JOIN expected AS e ON n = tier
  WHERE coverage_rate(c) IS DISTINCT FROM e.covered::float8 / nullif(e.owed, 0)::float8 AND abs(coverage_rate(c) - e.covered / e.owed) > 1e-15
    OR fully_covered_share(c) IS DISTINCT FROM e.full_clients::float8 / nullif(e.owed_clients, 0) OR untouched_share(c) IS DISTINCT FROM e.untouched::float8 / nullif(e.owed_clients, 0)
$$, 'rates and shares are those of the rows');
SELECT is_empty($$
  SELECT n FROM figure JOIN expected AS e ON n = tier, LATERAL (SELECT e.delivered * e.delivered AS square, e.clients * e.squares AS most) AS x
  WHERE (jain_index(c) IS NULL) <> (e.delivered = 0) OR (coefficient_of_variation(c) IS NULL) <> (e.delivered = 0)
    OR abs(jain_index(c)::text::numeric / (x.square / nullif(x.most, 0)) - 1) > 1e-15
    OR abs(coefficient_of_variation(c)::text::numeric - sqrt(x.most - x.square) / nullif(e.delivered, 0)) > 1e-15 * coefficient_of_variation(c)::text::numeric
$$, 'Jain and the coefficient of variation are those of exact sums, to the last digits of a double');
SELECT is_empty($$ SELECT tier FROM figure WHERE NOT jain_index(c) BETWEEN (1 - 1e-12) / clients(c) AND 1 OR abs(jain_index(c) * (1 + coefficient_of_variation(c) ^ 2) - 1) > 1e-12 $$,
  'Jain is between 1/n and 1, and 1 / (1 + CV^2)');
SELECT is_empty($$ SELECT tier FROM figure WHERE NOT coverage_rate(c) BETWEEN 0 AND 1 OR owed(c) <> covered(c) + service_gap(c) $$, 'what is owed is covered or a gap');
SELECT is(jain_index(coverage(0, 0.0001 * n)), 1::float8, 'Jain of equal amounts is 1, not nearly 1: ' || n) FROM unnest('{1,3,7,12345678912345678,9223372036854775807}'::numeric[]) AS n, generate_series(1, 7) GROUP BY n;
-- Nothing runs over: as many clients as can be counted, each with the most there is, made by doubling
CREATE FUNCTION doubled(c coverage_summary, times int) RETURNS coverage_summary LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. times LOOP c := crm.coverage_summary_merge(c, c); END LOOP;
  RETURN c;
END
$$;
SELECT results_eq($$ SELECT clients(c), delivered(c), owed(c), jain_index(c), coefficient_of_variation(c), c::text::coverage_summary = c FROM doubled(coverage_add(NULL, 922337203685477.5807, 922337203685477.5807), 62) AS c $$,
  $$ SELECT 4611686018427387904, d, d, 1::float8, 0::float8, true FROM (SELECT 4611686018427387904 * 922337203685477.5807 AS d) AS v $$, '2^62 clients with 2^63 - 1 units each');
SELECT throws_ok($$ SELECT doubled(coverage_add(NULL, 1, 1), 63) $$, '22003', 'number of clients is out of range', '2^63 clients are too many');

SELECT * FROM finish();
ROLLBACK;
