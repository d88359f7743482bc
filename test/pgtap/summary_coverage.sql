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

CREATE FUNCTION parts(id int, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE
RETURN abs(hashint8(id::int8 * 1000 + salt)) % n;
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  line text;
  plan text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP plan := plan || line || E'\n'; END LOOP;
  RETURN plan;
END
$$;

------------------------------------------------------------------------------------------------------------------------
-- The bytes are those of the rows
------------------------------------------------------------------------------------------------------------------------

SELECT coverage(owed, delivered) AS whole FROM contact \gset

SELECT is_empty(format($$
  SELECT n, salt
  FROM generate_series(1, 4) AS salt, unnest('{1,2,3,17,400,5000}'::int[]) AS n,
    LATERAL (
      SELECT rollup(summary ORDER BY random()) AS summary
      FROM (SELECT coverage(owed, delivered ORDER BY random()) AS summary FROM contact GROUP BY parts(id, salt, n)) AS part
    ) AS merged
  WHERE merged.summary <> %L::coverage_summary
$$, :'whole'), 'split anywhere and merged in any order, the bytes are the same');
SELECT is((SELECT rollup(summary) FROM (SELECT rollup(summary) AS summary
    FROM (SELECT id % 7 AS branch, coverage(owed, delivered) AS summary FROM contact GROUP BY 1, parts(id, 1, 12)) AS part GROUP BY branch) AS branch)::text,
  :'whole', 'a rollup of rollups is the rollup');
SELECT is(:'whole'::coverage_summary::text, :'whole', 'text goes in as it came out');

CREATE TABLE kept (id int, summary coverage_summary);
INSERT INTO kept SELECT 1000, coverage(owed, delivered) FROM contact;
INSERT INTO kept SELECT parts(id, 9, 3), coverage(owed, delivered) FROM contact GROUP BY 1;
SELECT is((SELECT rollup(summary ORDER BY id) FROM kept WHERE id < 1000)::text, :'whole', 'merged out of a table, the bytes are the same');
SELECT is((SELECT count(*) FROM (SELECT DISTINCT summary FROM kept) AS d), 4::bigint, 'DISTINCT hashes and compares');
SELECT current_setting('data_directory') || '/crm_coverage.copy' AS file \gset
COPY kept TO :'file' (FORMAT binary);
CREATE TABLE copied (LIKE kept);
COPY copied FROM :'file' (FORMAT binary);
SELECT is((SELECT count(*) FROM kept JOIN copied USING (summary) WHERE kept.id = copied.id AND kept.summary::text = copied.summary::text), 4::bigint,
  'COPY BINARY there and back gives the same bytes');

SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_leader_participation = off;
SELECT matches(plan_of('SELECT coverage(owed, delivered) FROM contact'), 'Partial Aggregate', 'a parallel plan has partial aggregates');
SELECT is((SELECT coverage(owed, delivered) FROM contact)::text, :'whole', 'in parallel the bytes are the same');
SELECT is((SELECT rollup(summary) FROM kept WHERE id < 1000)::text, :'whole', 'and those of a rollup');
SET LOCAL max_parallel_workers_per_gather = 0;

SELECT is_empty($$
  SELECT id FROM (SELECT id, coverage(owed, delivered) OVER (ORDER BY id) AS summary FROM contact WHERE id <= 150) AS w
  WHERE summary <> (SELECT coverage(owed, delivered) FROM contact AS t WHERE t.id <= w.id)
$$, 'as a window function it is the aggregate of each prefix: the final function is called again and again');
SELECT is_empty($$
  SELECT id FROM (SELECT id, coverage(owed, delivered) OVER (ORDER BY id ROWS 9 PRECEDING) AS summary FROM contact WHERE id <= 150) AS w
  WHERE summary <> (SELECT coverage(owed, delivered) FROM contact AS t WHERE t.id BETWEEN w.id - 9 AND w.id)
$$, 'and of each moving frame');
SELECT is(coverage_summary_merge(:'whole', :'whole')::text, (SELECT coverage(owed, delivered) FROM (TABLE contact UNION ALL TABLE contact) AS twice)::text,
  'the transition function of rollup called by itself gives a closed value');
SELECT is(coverage_add(:'whole', 1, NULL)::text, :'whole', 'a row with a NULL changes nothing');

------------------------------------------------------------------------------------------------------------------------
-- States never reach a user as they are
------------------------------------------------------------------------------------------------------------------------

CREATE AGGREGATE open_coverage(numeric, numeric) (SFUNC = coverage_add, STYPE = coverage_summary);
CREATE TABLE open AS SELECT parts(id, 5, 300) AS n, open_coverage(owed, delivered) AS o, coverage(owed, delivered) AS c FROM contact GROUP BY 1;
INSERT INTO open SELECT 1000, open_coverage(owed, delivered), coverage(owed, delivered) FROM contact;
SELECT is_empty($$
  SELECT n FROM open
  WHERE o::text <> c::text OR coverage_summary_send(o) <> coverage_summary_send(c) OR coverage_summary_final(o) <> c OR coverage_summary_merge(NULL, o) <> c OR coverage_summary_merge(o, NULL) <> c
    OR coverage_add(o, 1, NULL) <> c OR jain_index(o) IS DISTINCT FROM jain_index(c)
$$, 'an open state is closed by output, send, final, merge, add and the accessors');
SELECT is((SELECT rollup(o) FROM open WHERE n < 1000)::text, :'whole', 'and merges the same');
SELECT is_empty($$
  SELECT small.n FROM open AS small, open AS large WHERE small.n < 20 AND large.n = 1000
    AND coverage_summary_merge(small.o, large.o)::text <> coverage_summary_merge(large.c, small.c)::text
$$, 'a large one into a small one as well');

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
