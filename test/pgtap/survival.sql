-- survival_summary: what holds whatever the rows and however they are split.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

SELECT extract(epoch FROM clock_timestamp())::bigint % 1000003 AS seed \gset
SELECT diag('seed ' || :seed);
SELECT setseed(:seed / 1000003.0) IS NOT NULL AS seeded \gset

-- Clients: most seen from the start, some only from a later day on.
CREATE TABLE client AS
SELECT id, duration, ended, CASE WHEN entry > 0 AND entry < duration THEN entry END AS entry, id % 2 AS branch
FROM (
  SELECT id, (-ln(1 - random()) * 400)::int AS duration, random() < 0.6 AS ended,
    CASE WHEN random() < 0.4 THEN (random() * 300)::int END AS entry
  FROM generate_series(1, 6000) AS id) AS drawn;
ANALYZE client;

\set summary survival
\set rows client
\set arguments 'duration, ended, entry'
\set types 'int, boolean, int'
\set null_row 'NULL, true, 1'
\set accessors 'survival_at(s, 100)'
\ir ../reference/summary_properties.sql
SELECT ok((SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'kept'::regclass) > 0, 'large summaries are out of line');
SELECT survival(duration, ended) AS plain FROM client \gset
SELECT isnt(:'whole'::text, :'plain'::text, 'the entries are part of them');
SELECT is((SELECT survival(duration, ended, CASE WHEN id % 2 = 0 THEN 0 END) FROM client)::text, :'plain',
  'entry 0 and no entry are the same');
SELECT is(survival_summary_merge(:'whole', :'plain')::text,
  (SELECT survival(duration, ended, entry) FROM (TABLE client UNION ALL SELECT id, duration, ended, NULL, branch FROM client) AS twice)::text,
  'those with entries and those without merge into the summary of both');
SELECT is(survival_add(survival_add(NULL, 5, true), 7, false)::text, (SELECT survival(v, v = 5) FROM (VALUES (7), (5)) AS v (v))::text,
  'without an entry the transition function called by itself gives a closed value as well');

------------------------------------------------------------------------------------------------------------------------
-- Figures against the rows themselves
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE curve AS
SELECT duration AS time, n AS at_risk, d AS events, c AS censored,
  exp(sum(ln(CASE WHEN d = n THEN 1e-300 ELSE 1 - d / n::float8 END)) OVER w) AS survival,
  sum(CASE WHEN d < n THEN d / (n * (n - d))::float8 ELSE 0 END) OVER w AS log_variance
FROM (
  SELECT duration, count(*) FILTER (WHERE ended) AS d, count(*) FILTER (WHERE NOT ended) AS c,
    (SELECT count(*) FROM client AS r WHERE r.duration >= t.duration AND coalesce(r.entry, -1) < t.duration) AS n
  FROM client AS t GROUP BY duration) AS counts
WINDOW w AS (ORDER BY duration);

SELECT results_eq(format('SELECT time, at_risk, events, censored FROM survival_table(%L)', :'whole'),
  'SELECT time, at_risk, events, censored FROM curve ORDER BY time', 'the table counts who is at risk, ends and is lost');
SELECT is_empty(format($$
  SELECT * FROM survival_table(%L) AS t JOIN curve AS c USING (time)
  WHERE abs(t.survival - c.survival) > 1e-9 OR (t.survival > 0 AND abs(t.std_error - c.survival * sqrt(c.log_variance)) > 1e-9)
$$, :'whole'), 'the product-limit estimate and the error of Greenwood are those of the definition');
SELECT is_empty(format($$
  SELECT * FROM (VALUES ('log'), ('log-log')) AS b (bounds), survival_table(%1$L, bounds) AS t
  WHERE NOT (lower_95 <= survival AND survival <= upper_95 AND lower_95 >= 0 AND upper_95 <= 1) OR (survival > 0) <> (lower_95 IS NOT NULL)
$$, :'whole'), 'bounds hold the estimate and stay between 0 and 1');
SELECT is_empty(format($$
  SELECT time FROM survival_table(%1$L) WHERE survival_at(%1$L, time) <> survival OR survival_at(%1$L, time + 0.5) < survival_at(%1$L, time + 1)
$$, :'whole'), 'survival_at is the table, and falls');
SELECT is((SELECT median FROM median_survival(:'whole')), (SELECT min(time) FROM curve WHERE survival < 0.5 - 1e-9)::float8,
  'the median is where the curve comes below 1/2');
SELECT ok(abs(restricted_mean(:'whole', 500) - (
  SELECT sum(survival * (until - time)) FROM (
    SELECT 0 AS time, 1 AS survival, min(time) AS until FROM curve
    UNION ALL SELECT time, survival, lead(time, 1, 500) OVER (ORDER BY time) FROM curve WHERE time <= 500) AS steps)) < 1e-6,
  'the restricted mean is the area under the curve');
SELECT is(subjects(:'whole'::survival_summary), count(*), 'subjects are counted') FROM client;
SELECT is(ended(:'whole'::survival_summary), count(*) FILTER (WHERE ended), 'so are those who ended') FROM client;

SELECT is_empty($$
  SELECT r.*, exact.*
  FROM (SELECT survival(duration, ended, entry) FILTER (WHERE branch = 0) AS a, survival(duration, ended, entry) FILTER (WHERE branch = 1) AS b FROM client) AS s,
    LATERAL log_rank(a, b) AS r,
    (SELECT sum(d0) AS o, sum(d * n0 / n) AS e, sum(CASE WHEN n > 1 THEN d * (n0 / n) * (1 - n0 / n) * (n - d) / (n - 1) ELSE 0 END) AS v
     FROM (SELECT duration, count(*)::float8 AS d, count(*) FILTER (WHERE branch = 0) AS d0,
         (SELECT count(*) FROM client AS r WHERE r.duration >= t.duration AND coalesce(r.entry, -1) < t.duration)::float8 AS n,
         (SELECT count(*) FROM client AS r WHERE r.duration >= t.duration AND coalesce(r.entry, -1) < t.duration AND branch = 0)::float8 AS n0
       FROM client AS t WHERE ended GROUP BY duration) AS counts) AS exact
  WHERE abs(r.chi_square - (o - e) ^ 2 / v) > 1e-9 OR r.events_a <> o OR abs(r.expected_a - e) > 1e-6 OR r.p_value NOT BETWEEN 0 AND 1
$$, 'the log-rank test is that of the rows');
SELECT is((SELECT chi_square FROM log_rank(:'whole', :'whole')), 0::float8, 'a curve does not differ from itself');

-- A subject that is cut into spells, each entering where the one before was lost, is the same subject.
SELECT results_eq(
  $$ SELECT time, at_risk, events, survival FROM survival_table((SELECT survival(duration, ended) FROM client)) WHERE events > 0 $$,
  $$ SELECT time, at_risk, events, survival FROM survival_table((SELECT survival(least(duration, (i + 1) * 100), ended AND duration <= (i + 1) * 100, i * 100)
     FROM client, generate_series(0, 100) AS i WHERE i = 0 OR duration > i * 100)) WHERE events > 0 $$,
  'left truncation: spells of a subject make the curve of the subject');

------------------------------------------------------------------------------------------------------------------------
-- Edges
------------------------------------------------------------------------------------------------------------------------

SELECT is((SELECT survival(d, true) FROM (VALUES (NULL::int)) AS v (d)), NULL, 'only NULLs: NULL');
SELECT is((SELECT survival(d, e) FROM (VALUES (1, true), (2, NULL), (NULL, false)) AS v (d, e))::text, survival_add(NULL, 1, true)::text,
  'a row without duration or end is skipped');
SELECT is((SELECT median FROM median_survival(survival_add(NULL, 5, false))), NULL, 'no median where nobody ended');
SELECT is(survival_at(survival_add(NULL, 5, false), 6), NULL, 'not known where nobody was followed');
SELECT is(survival_at(survival_add(NULL, 5, true), 6), 0::float8, 'known where nobody is left');
SELECT is((SELECT (chi_square, p_value)::text FROM log_rank(survival_add(NULL, 5, false), survival_add(NULL, 6, false))), '(,)', 'no test without an end');
SELECT is((SELECT (time, at_risk, events, survival, std_error, lower_95)::text FROM survival_table(survival_add(NULL, 0, true))), '(0,1,1,0,,)',
  'a duration of 0 is a duration');
SELECT throws_ok($$ SELECT survival(-1, true) $$, '22023', NULL, 'a negative duration');
SELECT throws_ok($$ SELECT survival(1, true, -1) $$, '22023', NULL, 'a negative entry');
SELECT throws_ok($$ SELECT survival(5, true, 5) $$, '22023', NULL, 'an entry at the end');
SELECT throws_ok($$ SELECT survival_at(survival(5, true), 'NaN') $$, '22023', NULL, 'NaN is no duration');
SELECT throws_ok($$ SELECT survival_table(survival(5, true), 'plain') $$, '22023', NULL, 'bounds that there are not');
SELECT throws_ok($$ SELECT survival(i, true) FROM generate_series(1, 600000) AS i $$, '54000', NULL, 'a state has a largest size');

SELECT * FROM finish();
ROLLBACK;
