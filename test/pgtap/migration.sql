-- migration_summary: what holds whatever the rows and however they are split.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

SELECT extract(epoch FROM clock_timestamp())::bigint % 1000003 AS seed \gset
SELECT diag('seed ' || :seed);
SELECT setseed(:seed / 1000003.0) IS NOT NULL AS seeded \gset

CREATE TABLE move AS
SELECT id, (random() * 12)::int AS from_rank, (random() * 12)::int AS to_rank, round((random() * 1e6)::numeric, (random() * 4)::int) AS weight
FROM generate_series(1, 6000) AS id;
INSERT INTO move SELECT 6000 + id, (random() * 1000)::int, (random() * 1000)::int, 1e20 FROM generate_series(1, 500) AS id;
ANALYZE move;

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

SELECT migration(from_rank, to_rank, weight) AS whole FROM move \gset

SELECT is_empty(format($$
  SELECT n, salt
  FROM generate_series(1, 4) AS salt, unnest('{1,2,3,17,400,5000}'::int[]) AS n,
    LATERAL (
      SELECT rollup(summary ORDER BY random()) AS summary
      FROM (SELECT migration(from_rank, to_rank, weight ORDER BY random()) AS summary FROM move GROUP BY parts(id, salt, n)) AS part
    ) AS merged
  WHERE merged.summary <> %L::migration_summary
$$, :'whole'), 'split anywhere and merged in any order, the bytes are the same');
SELECT is((SELECT migration(from_rank, to_rank) FROM move)::text, (SELECT migration(from_rank, to_rank, 1) FROM move)::text,
  'without a weight a move weighs 1');
SELECT is(:'whole'::migration_summary::text, :'whole', 'text goes in as it came out');

CREATE TABLE kept (id int, summary migration_summary);
ALTER TABLE kept ALTER summary SET STORAGE EXTERNAL;
INSERT INTO kept SELECT 1000, migration(from_rank, to_rank, weight) FROM move;
INSERT INTO kept SELECT parts(id, 9, 3), migration(from_rank, to_rank, weight) FROM move GROUP BY 1;
SELECT ok((SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'kept'::regclass) > 0, 'large summaries are out of line');
SELECT is((SELECT rollup(summary ORDER BY id) FROM kept WHERE id < 1000)::text, :'whole', 'merged out of a table, the bytes are the same');
SELECT is((SELECT count(*) FROM (SELECT DISTINCT summary FROM kept) AS d), 4::bigint, 'DISTINCT hashes and compares');
SELECT current_setting('data_directory') || '/crm_migration.copy' AS file \gset
COPY kept TO :'file' (FORMAT binary);
CREATE TABLE copied (LIKE kept);
COPY copied FROM :'file' (FORMAT binary);
SELECT is_empty($$ SELECT k.id FROM kept AS k JOIN copied AS c USING (id) WHERE k.summary <> c.summary OR k.summary::text <> c.summary::text $$,
  'COPY BINARY there and back gives the same bytes');

SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_leader_participation = off;
SELECT matches(plan_of('SELECT migration(from_rank, to_rank, weight) FROM move'), 'Partial Aggregate', 'a parallel plan has partial aggregates');
SELECT is((SELECT migration(from_rank, to_rank, weight) FROM move)::text, :'whole', 'in parallel the bytes are the same');
SET LOCAL max_parallel_workers_per_gather = 0;

SELECT is_empty($$
  SELECT id FROM (SELECT id, migration(from_rank, to_rank, weight) OVER (ORDER BY id) AS summary FROM move WHERE id <= 150) AS w
  WHERE summary <> (SELECT migration(from_rank, to_rank, weight) FROM move AS m WHERE m.id <= w.id)
$$, 'as a window function it is the aggregate of each prefix: the final function is called again and again');
SELECT is(migration_summary_merge(:'whole', :'whole')::text, (SELECT migration(from_rank, to_rank, weight) FROM (TABLE move UNION ALL TABLE move) AS twice)::text,
  'the transition function of rollup called by itself gives a closed value');
SELECT is(migration_add(migration_add(NULL, 1, 2), 2, 2)::text, (SELECT migration(v, 2) FROM (VALUES (2), (1)) AS v (v))::text,
  'and so does the transition function');

------------------------------------------------------------------------------------------------------------------------
-- States never reach a user as they are
------------------------------------------------------------------------------------------------------------------------

CREATE AGGREGATE open_migration(int, int, numeric) (SFUNC = migration_add, STYPE = migration_summary);
CREATE TABLE open AS SELECT parts(id, 5, 300) AS n, open_migration(from_rank, to_rank, weight) AS o, migration(from_rank, to_rank, weight) AS c FROM move GROUP BY 1;
INSERT INTO open SELECT 1000, open_migration(from_rank, to_rank, weight), migration(from_rank, to_rank, weight) FROM move;
SELECT is_empty($$
  SELECT n FROM open
  WHERE o::text <> c::text OR migration_summary_send(o) <> migration_summary_send(c) OR migration_summary_final(o) <> c
    OR migration_summary_merge(NULL, o) <> c OR migration_summary_merge(o, NULL) <> c OR migration_add(o, 1, NULL, 1) <> c OR stay_rate(o) IS DISTINCT FROM stay_rate(c)
$$, 'an open state is closed by output, send, final, merge, add and the accessors');
SELECT is((SELECT rollup(o) FROM open WHERE n < 1000)::text, :'whole', 'and merges the same');
SELECT is_empty($$
  SELECT small.n FROM open AS small, open AS large WHERE small.n < 20 AND large.n = 1000
    AND migration_summary_merge(small.o, large.o)::text <> migration_summary_merge(large.c, small.c)::text
$$, 'a large one into a small one as well');

------------------------------------------------------------------------------------------------------------------------
-- Figures against the rows themselves
------------------------------------------------------------------------------------------------------------------------

SELECT results_eq(format('SELECT from_rank, to_rank, moves, weight FROM migration_table(%L)', :'whole'),
  'SELECT from_rank, to_rank, count(*), trim_scale(sum(weight)) FROM move GROUP BY 1, 2 ORDER BY 1, 2', 'the table has the exact moves and weights of the rows');
SELECT is_empty(format($$
  SELECT from_rank FROM migration_table(%L) GROUP BY from_rank HAVING abs(sum(probability) - 1) > 1e-12 OR abs(sum(weight_share) - 1) > 1e-9
$$, :'whole'), 'the shares of a rank add up to 1');
SELECT is_empty(format($$ SELECT * FROM migration_table(%1$L) WHERE migration_probability(%1$L, from_rank, to_rank) <> probability $$, :'whole'),
  'migration_probability is the table');
SELECT ok(abs(stay_rate(:'whole') + upgrade_rate(:'whole') + downgrade_rate(:'whole') - 1) < 1e-12, 'everybody stays, goes up or goes down');
SELECT is(upgrade_rate(:'whole'), (SELECT avg((to_rank > from_rank)::int)::float8 FROM move), 'up is to a higher rank');
SELECT is(downgrade_rate(:'whole', 7), (SELECT avg((to_rank < 7)::int)::float8 FROM move WHERE from_rank = 7), 'also from one rank');
SELECT ok(abs(mobility(:'whole') - (SELECT (count(*) - sum(p)) / (count(*) - 1) FROM (SELECT avg((to_rank = from_rank)::int)::float8 AS p FROM move GROUP BY from_rank) AS r)) < 1e-9,
  'mobility is (k - trace) / (k - 1)');
SELECT is(moves(:'whole'), count(*), 'moves are counted') FROM move;

-- Duration form
SELECT migration(from_rank, to_rank, weight) AS spells FROM move WHERE id <= 6000 AND from_rank < 8 AND to_rank < 8 \gset
SELECT is_empty(format($$
  SELECT horizon, from_rank FROM unnest('{0,1,1000,1e5,1e7,1e12,1e200}'::float8[]) AS horizon, migration_forecast(%L, horizon)
  GROUP BY horizon, from_rank HAVING abs(sum(probability) - 1) > 1e-6 OR min(probability) < 0
$$, :'spells'), 'probabilities add up to 1, after any time');
SELECT is_empty(format($$ SELECT * FROM migration_forecast(%L, 0) WHERE probability <> (from_rank = to_rank)::int $$, :'spells'), 'nobody has moved at once');
SELECT is_empty(format($$
  SELECT a.from_rank, b.to_rank FROM migration_forecast(%1$L, 30000) AS a JOIN migration_forecast(%1$L, 90000) AS b ON a.to_rank = b.from_rank
  JOIN migration_forecast(%1$L, 120000) AS c ON c.from_rank = a.from_rank AND c.to_rank = b.to_rank
  GROUP BY a.from_rank, b.to_rank, c.probability HAVING abs(sum(a.probability * b.probability) - c.probability) > 1e-10
$$, :'spells'), 'two times after each other are their sum (Chapman and Kolmogorov)');
SELECT is_empty(format($$
  SELECT * FROM migration_forecast(%1$L, 5000) WHERE migration_probability(%1$L, from_rank, to_rank, 5000) <> probability
$$, :'spells'), 'migration_probability is the forecast');
SELECT is_empty(format($$
  SELECT t.from_rank, t.to_rank, t.rate, f.probability FROM migration_table(%1$L) AS t JOIN migration_forecast(%1$L, 1e-3) AS f USING (from_rank, to_rank)
  WHERE from_rank <> to_rank AND abs(f.probability / 1e-3 / t.rate - 1) > 1e-6
$$, :'spells'), 'soon after, a probability is rate times time');
-- Two ranks have a closed form: with rates a and b, P(up) = a / (a + b) (1 - exp(-(a + b) t)).
SELECT is_empty($$
  SELECT t FROM generate_series(0, 50, 0.7) AS t,
    (SELECT migration(f, r, w) AS s FROM (VALUES (1, 2, 3), (1, 1, 7), (1, 2, 2), (2, 1, 4), (2, 2, 1)) AS v (f, r, w)) AS s
  WHERE abs(migration_probability(s, 1, 2, t) - (2.0 / 12) / (2.0 / 12 + 1.0 / 5) * (1 - exp(-(2.0 / 12 + 1.0 / 5) * t))) > 1e-12
$$, 'the exponential is that of the closed form');

------------------------------------------------------------------------------------------------------------------------
-- Edges
------------------------------------------------------------------------------------------------------------------------

SELECT is((SELECT migration(r, r) FROM (VALUES (NULL::int)) AS v (r)), NULL, 'only NULLs: NULL');
SELECT is((SELECT migration(f, t, w) FROM (VALUES (1, 1, 1), (NULL, 1, 1), (1, NULL, 1), (1, 1, NULL)) AS v (f, t, w))::text, migration_add(NULL, 1, 1)::text,
  'a row with a NULL is skipped');
SELECT is(mobility(migration_add(NULL, 1, 2)), NULL, 'one rank has no mobility');
SELECT is(stay_rate(migration_add(NULL, 1, 2), 3), NULL, 'nobody was at the rank');
SELECT is(migration_probability(migration_add(NULL, 1, 2), 3, 1), NULL, 'likewise');
SELECT is(migration_probability(migration_add(NULL, 1, 2), 3, 1, 1), NULL, 'likewise after a time');
SELECT throws_ok($$ SELECT migration(-1, 1) $$, '22023', NULL, 'a negative rank');
SELECT throws_ok($$ SELECT migration(1, 1001) $$, '22023', NULL, 'a rank that is too high');
SELECT throws_ok($$ SELECT migration(1, 1, -0.01) $$, '22023', NULL, 'a negative weight');
SELECT throws_ok($$ SELECT migration(1, 1, 0.00001) $$, '22003', NULL, 'a weight with five decimals');
SELECT throws_ok($$ SELECT migration(1, 1, 'NaN') $$, '22003', NULL, 'a weight that is no number');
SELECT throws_ok($$ SELECT migration(1, 1, 1.7e34) FROM generate_series(1, 3) $$, '22003', NULL, 'weights that do not fit 128 bits');
SELECT throws_ok($$ SELECT migration_probability(migration(1, 2, 0), 1, 2, 1) $$, '22023', NULL, 'a rank that was held for no time');
SELECT throws_ok($$ SELECT migration_probability(migration(1, 2), 1, 2, -1) $$, '22023', NULL, 'a time before');
SELECT throws_ok($$ SELECT migration_forecast(migration(i, i + 1), 1) FROM generate_series(1, 400) AS i $$, '54000', NULL, 'too many ranks for an exponential');

SELECT * FROM finish();
ROLLBACK;
