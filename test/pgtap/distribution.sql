-- distribution_summary: what holds whatever the rows and however they are split.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

SELECT extract(epoch FROM clock_timestamp())::bigint % 1000003 AS seed \gset
SELECT diag('seed ' || :seed);
SELECT setseed(:seed / 1000003.0) IS NOT NULL AS seeded \gset

-- Money of clients: log-normal bodies, a heavy tail, zeros, debts, small change and equal values.
CREATE TABLE account AS
SELECT id, id % 7 AS branch,
  CASE (random() * 9)::int
    WHEN 0 THEN 0
    WHEN 1 THEN -round((exp(random() * 12))::numeric, 2)
    WHEN 2 THEN round((10000 * power(1 - random(), -1 / 1.3))::numeric, 2)
    WHEN 3 THEN round((random() * 0.01)::numeric, 4)
    WHEN 4 THEN 5000
    ELSE round((exp(8 + 3 * (random() + random() + random() - 1.5)))::numeric, 2)
  END::float8 AS value
FROM generate_series(1, 14000) AS id;
ANALYZE account;

-- The finest accuracy, at which buckets collapse and summaries are large; then the usual one.
\set summary distribution
\set rows account
\set arguments 'value, 0.0005'
\set types 'float8, float8'
\set null_row 'NULL, 0.0005'
\set accessors 'quantile(s, 0.3)'
\ir ../reference/summary_properties.sql
SELECT ok((SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'kept'::regclass) > 0, 'large summaries are out of line');
\set fine :whole
\set arguments value
\set types float8
\set null_row NULL
\ir ../reference/summary_properties.sql
SELECT ok(collapsed(:'fine') > 0 AND collapsed(:'whole') = 0, 'buckets collapse at the finest accuracy only');

------------------------------------------------------------------------------------------------------------------------
-- Figures against the rows themselves
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$
  SELECT accuracy, p, exact, estimate
  FROM unnest('{0.3,0.1,0.05,0.01,0.003,0.001}'::float8[]) AS accuracy,
    LATERAL (SELECT distribution(value, accuracy) AS summary FROM account) AS s,
    generate_series(0, 1, 0.0293) AS p,
    LATERAL (SELECT percentile_disc(p) WITHIN GROUP (ORDER BY value) AS exact FROM account) AS e,
    LATERAL (SELECT quantile(summary, p) AS estimate) AS q
  WHERE collapsed(summary) = 0 AND abs(estimate - exact) > accuracy(summary) * abs(exact) * (1 + 1e-12)
$$, 'no quantile is off by more than the accuracy, at any accuracy and rank');

-- The collapsed bucket of the positive values is the first, that of the negative ones the last.
SELECT is_empty(format($$
  SELECT p, exact, estimate
  FROM (SELECT %1$L::distribution_summary AS summary) AS s,
    LATERAL (SELECT min(to_value) FILTER (WHERE from_value > 0) AS merged FROM histogram(%1$L)) AS h,
    generate_series(0, 1, 0.0097) AS p,
    LATERAL (SELECT percentile_disc(p) WITHIN GROUP (ORDER BY value) AS exact FROM account) AS e,
    LATERAL (SELECT quantile(summary, p) AS estimate) AS q
  WHERE (exact > merged OR exact <= 0) AND abs(estimate - exact) > accuracy(summary) * abs(exact) * (1 + 1e-12)
$$, :'fine'), 'nor at a rank that was not collapsed');
SELECT is(collapsed(:'fine'), (SELECT min(value_count) FILTER (WHERE from_value = low) FROM (SELECT *, min(from_value) FILTER (WHERE from_value > 0) OVER () AS low
  FROM histogram(:'fine')) AS h), 'collapsed() is the count of that bucket');

SELECT is(accuracy(distribution_add(NULL, 1, reported)), reported, 'an accuracy that was reported can be asked for: ' || asked)
FROM unnest('{0.0005,0.001,0.0099,0.01,0.02,0.1,0.33,0.5}'::float8[]) AS asked, LATERAL accuracy(distribution_add(NULL, 1, asked)) AS reported;
SELECT is_empty($$ SELECT a FROM generate_series(0.0005, 0.5, 0.0007) AS a WHERE accuracy(distribution_add(NULL, 1, a)) > a $$,
  'and is never worse than what was asked for');

SELECT is(total(:'whole'::distribution_summary), (SELECT trim_scale(sum(value::numeric)) FROM account), 'the total is exact');
SELECT is(value_count(:'whole'::distribution_summary), 14000::bigint, 'so is the count');
SELECT is(mean(:'whole'::distribution_summary), (SELECT avg(value::numeric)::float8 FROM account), 'and the mean');
SELECT is(minimum(:'whole'::distribution_summary), min(value), 'and the minimum') FROM account;
SELECT is(maximum(:'whole'::distribution_summary), max(value), 'and the maximum') FROM account;
SELECT is((SELECT (sum(value_count), trim_scale(sum(total)))::text FROM histogram(:'whole')), (SELECT (count(*), trim_scale(sum(value::numeric)))::text FROM account),
  'the histogram adds up');
SELECT is_empty(format($$
  SELECT h, exact.* FROM histogram(%L) AS h,
    LATERAL (SELECT count(*) AS n, sum(value::numeric) AS s FROM account WHERE value BETWEEN h.from_value AND h.to_value) AS exact
  WHERE h.value_count <> n OR h.total <> s
$$, :'whole'), 'and each of its buckets is what it says');
SELECT is_empty(format($$
  SELECT x, estimate FROM (SELECT value AS x FROM account ORDER BY random() LIMIT 100) AS x,
    LATERAL (SELECT cdf(%1$L, x) AS estimate) AS q,
    LATERAL (SELECT 2 * a / (1 - a) * abs(x) AS width FROM accuracy(%1$L) AS a) AS bucket,
    LATERAL (SELECT avg((value <= x - width)::int) AS low, avg((value <= x + width)::int) AS high FROM account) AS exact
  WHERE estimate NOT BETWEEN low - 1e-9 AND high + 1e-9
$$, :'whole'), 'cdf is that of a value within the width of a bucket');

-- Shares of a total, of those that have something
CREATE TEMP TABLE holder AS SELECT row_number() OVER (ORDER BY value) AS i, value FROM account WHERE value >= 0;
SELECT distribution(value) AS holders, count(*) AS n FROM holder \gset
SELECT 2 * sum(i * value) / (count(*) * sum(value)) - (count(*) + 1.0) / count(*) AS gini FROM holder \gset
SELECT ok(gini(:'holders') BETWEEN :gini - 0.52 * accuracy(:'holders') AND :gini + 1e-9, 'gini is at most 0.52 of the accuracy below the exact one');
SELECT ok(abs(gini(:'holders') - :gini) < 0.0005, 'and in practice much nearer');
-- The worst case: all values at the two ends of one bucket, the coarsest one.
SELECT ok(exact - estimate BETWEEN 0.5 * accuracy AND 0.52 * accuracy, 'also in the worst case, which takes off more than half the accuracy')
FROM (SELECT gini(distribution(v, 0.34)) AS estimate, accuracy(distribution(v, 0.34)) AS accuracy, 2 * sum(i * v) / (count(*) * sum(v)) - (count(*) + 1.0) / count(*) AS exact
  FROM (SELECT v, row_number() OVER (ORDER BY v) AS i FROM (SELECT 6710.8864 AS v FROM generate_series(1, 1414) UNION ALL SELECT 13421.7727 FROM generate_series(1, 1000)) AS two) AS ranked) AS g;
SELECT ok(gini(distribution(v, 0.0005)) < 0.4 AND gini(distribution(v)) > 0.6 AND collapsed(distribution(v, 0.0005)) > 100000,
  'where most values are merged, a finer accuracy gives a worse gini: it is only a lower bound')
FROM (SELECT 100000 * exp(i * 0.0006) AS v FROM generate_series(1, 5000) AS i UNION ALL SELECT 0.01 + 99999.99 * (i % 2) FROM generate_series(1, 100000) AS i) AS skewed;
SELECT is_empty(format($$
  SELECT p, exact FROM unnest('{0.001,0.01,0.1,0.2,0.5,0.8,0.99}'::float8[]) AS p,
    LATERAL (SELECT sum(value * least(1, greatest(0, p * %s - (place - 1)))) / sum(value) AS exact
      FROM (SELECT value, row_number() OVER (ORDER BY value DESC) AS place FROM holder) AS top) AS e
  WHERE abs(top_share(%2$L, p) - exact) > 0.002 OR abs(tail_share(%2$L, 1 - p) - (1 - exact)) > 0.002
$$, :n, :'holders'), 'top_share and tail_share are near the exact ones');
SELECT is(top_share(:'holders', 1), 1::float8, 'all have all');
SELECT is(tail_share(:'holders', 0), 0::float8, 'nobody has nothing');
SELECT is_empty(format($$
  SELECT * FROM (SELECT population_share AS p, value_share AS v, lag(value_share) OVER w AS before FROM lorenz(%L, 50)
    WINDOW w AS (ORDER BY population_share)) AS l
  WHERE v < before OR v > p + 1e-12 OR (p = 0) <> (before IS NULL)
$$, :'holders'), 'the Lorenz curve rises below the diagonal');
SELECT is((SELECT (min(value_share), max(value_share), count(*))::text FROM lorenz(:'holders', 50)), '(0,1,51)', 'from 0 to 1');

SELECT is_empty($$
  SELECT n, estimate.alpha, exact
  FROM (SELECT distribution(value) AS summary FROM holder) AS s, unnest('{50,200,1000,2000}'::bigint[]) AS n,
    LATERAL tail_index(summary, n) AS estimate,
    LATERAL (SELECT 1 / (avg(ln(value)) FILTER (WHERE r <= n) - min(ln(value)) FILTER (WHERE r = n + 1)) AS exact
      FROM (SELECT value, row_number() OVER (ORDER BY value DESC) AS r FROM holder WHERE value > 0) AS ranked WHERE r <= n + 1) AS e
  WHERE abs(estimate.alpha / exact - 1) > 0.02 OR abs(estimate.std_error - estimate.alpha / sqrt(n)) > 1e-9
$$, 'the tail index is that of the rows within the accuracy times alpha');

------------------------------------------------------------------------------------------------------------------------
-- Edges
------------------------------------------------------------------------------------------------------------------------

SELECT is((SELECT distribution(v) FROM (VALUES (NULL::float8)) AS v (v)), NULL, 'only NULLs: NULL');
SELECT is((SELECT distribution(value) FROM account WHERE false), NULL, 'no rows: NULL');
SELECT is((SELECT distribution(v) FROM (VALUES (1), (NULL), (2)) AS v (v))::text, (SELECT distribution(v) FROM (VALUES (1), (2)) AS v (v))::text,
  'a NULL is skipped');
SELECT is((SELECT distribution(v, NULL) FROM (VALUES (1), (2)) AS v (v))::text, (SELECT distribution(v) FROM (VALUES (1), (2)) AS v (v))::text,
  'no accuracy is the usual one');
SELECT is((SELECT distribution(v) FROM (VALUES (-0.0::float8)) AS v (v))::text, (SELECT distribution(v) FROM (VALUES (0)) AS v (v))::text,
  'minus zero is zero');
SELECT throws_ok($$ SELECT distribution('NaN') $$, '22003', NULL, 'NaN is refused');
SELECT throws_ok($$ SELECT distribution('-Infinity') $$, '22003', NULL, 'so are infinities');
SELECT throws_ok($$ SELECT distribution(9.1e14) $$, '22003', NULL, 'and what is too large');
SELECT lives_ok($$ SELECT distribution(v) FROM (VALUES (9e14), (-9e14), (5e-324)) AS v (v) $$, 'the ends of the range are not');
SELECT throws_ok($$ SELECT distribution(1, 0.0001) $$, '22023', NULL, 'an accuracy that is too fine');
SELECT throws_ok($$ SELECT distribution(v, v / 10) FROM generate_series(1, 2) AS v $$, '22023', NULL, 'an accuracy that changes');
SELECT throws_ok($$ SELECT distribution_summary_merge(distribution(1), distribution(1, 0.02)) $$, '22023', NULL, 'and one that differs');
SELECT throws_ok($$ SELECT gini(distribution(-1)) $$, '22023', NULL, 'no shares of debts');
SELECT is(gini(distribution(0)), NULL, 'shares of nothing are NULL');
SELECT is(top_share(distribution(0), 0.5), NULL, 'all of them');
SELECT throws_ok($$ SELECT quantile(distribution(1), 1.1) $$, '22023', NULL, 'p is a share');
SELECT is(quantile(distribution(1), ARRAY[[0, NULL], [0.5, 1]]), ARRAY[[1, NULL], [1, 1]]::float8[], 'quantiles keep the shape of p');

SELECT * FROM finish();
ROLLBACK;
