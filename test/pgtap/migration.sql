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

\set summary migration
\set rows move
\set arguments 'from_rank, to_rank, weight'
\set types 'int, int, numeric'
\set null_row '1, NULL, 1'
\set accessors 'stay_rate(s)'
\ir ../reference/summary_properties.sql
SELECT ok((SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'kept'::regclass) > 0, 'large summaries are out of line');
SELECT is((SELECT migration(from_rank, to_rank) FROM move)::text, (SELECT migration(from_rank, to_rank, 1) FROM move)::text,
  'without a weight a move weighs 1');
SELECT is(migration_add(migration_add(NULL, 1, 2), 2, 2)::text, (SELECT migration(v, 2) FROM (VALUES (2), (1)) AS v (v))::text,
  'also where the transition function is called by itself');

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
