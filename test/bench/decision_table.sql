-- Decision tables against the CASE that a user would otherwise write, and against the floor, in one run.
--
--   psql -v rows=5000000 -f test/bench/decision_table.sql
--
-- Each statement runs five times in turn; the table at the end has the median, what it costs above the floor
-- (a sum of one column over the same table) and the ratio of that to CASE.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?rows} \else \set rows 5000000 \endif
\pset pager off
SET search_path = crm, public;
SET max_parallel_workers_per_gather = 0;
SET jit = off;

CREATE TEMP TABLE client_fact AS
SELECT i AS client_id,
       ((i * 7919) % 1000003)::float8 AS assets,
       ((i * 104729) % 100)::int AS age,
       (ARRAY['accumulation', 'consolidation', 'spending', 'gifting'])[1 + (i * 1299709) % 4] AS stage,
       (ARRAY['mass', 'aspiring', 'affluent', 'wealthy', 'private'])[1 + (i * 32452843) % 5] AS tier
FROM generate_series(1, :rows::bigint) AS i;
VACUUM ANALYZE client_fact;

-- twenty rules of four inputs, first hit
CREATE TEMP TABLE rule AS
SELECT row_number() OVER (ORDER BY t.n DESC, s.n) AS ordinal, t.tier, s.stage, s.from_age, t.from_assets, t.n * 10 + s.n AS minutes
FROM (VALUES (1, 'mass', 1000), (2, 'aspiring', 10000), (3, 'affluent', 100000), (4, 'wealthy', 300000), (5, 'private', 500000)) AS t (n, tier, from_assets),
  (VALUES (1, 'accumulation', 18), (2, 'consolidation', 35), (3, 'spending', 50), (4, 'gifting', 60)) AS s (n, stage, from_age);
SELECT string_agg(format('{"when": [["%s"], ["%s"], ">= %s", ">= %s"], "then": [%s, "p%s"]}', tier, stage, from_age, from_assets, minutes, minutes), ', ' ORDER BY ordinal) AS rules,
  string_agg(format('WHEN tier = ''%s'' AND stage = ''%s'' AND age >= %s AND assets >= %s THEN %s', tier, stage, from_age, from_assets, minutes), ' ' ORDER BY ordinal) AS cases,
  string_agg(format('WHEN tier = ''%s'' AND stage = ''%s'' AND age >= %s AND assets >= %s THEN ''p%s''', tier, stage, from_age, from_assets, minutes), ' ' ORDER BY ordinal) AS text_cases,
  string_agg(format('CASE WHEN tier = ''%s'' AND stage = ''%s'' AND age >= %s AND assets >= %s THEN %s ELSE 0 END', tier, stage, from_age, from_assets, minutes), ' + ' ORDER BY ordinal) AS sums
FROM rule \gset

SELECT format('{"hit_policy": "first", "inputs": ["tier", "stage", "age", "assets"], "outputs": ["minutes", "package"], "rules": [%s]}', :'rules')::decision_table AS first,
  format('{"hit_policy": "collect", "aggregation": "sum", "inputs": ["tier", "stage", "age", "assets"], "outputs": [{"name": "minutes", "default": 0}], "rules": [%s]}',
    regexp_replace(:'rules', ', "p\d+"\]', ']', 'g'))::decision_table AS sum \gset

CREATE TEMP TABLE statement (ordinal int, family text, name text, text text);
INSERT INTO statement VALUES
  (1, 'number', 'floor: sum(column)', 'SELECT sum(assets) FROM client_fact'),
  (2, 'number', 'CASE (integer)', format('SELECT sum(CASE %s END) FROM client_fact', :'cases')),
  (3, 'number', 'CASE (numeric)', format('SELECT sum((CASE %s END)::numeric) FROM client_fact', :'cases')),
  (4, 'number', 'decide_number', format('SELECT sum(decide_number(%L, c, ''minutes'')) FROM client_fact AS c', :'first')),
  (5, 'number', 'decide_number (count)', format('SELECT count(decide_number(%L, c, ''minutes'')) FROM client_fact AS c', :'first')),
  (6, 'text', 'floor: sum(column)', 'SELECT sum(assets) FROM client_fact'),
  (7, 'text', 'CASE', format('SELECT count(CASE %s END) FROM client_fact', :'text_cases')),
  (8, 'text', 'decide_text', format('SELECT count(decide_text(%L, c, ''package'')) FROM client_fact AS c', :'first')),
  (9, 'text', 'decide', format('SELECT count(decide(%L, c)) FROM client_fact AS c', :'first')),
  (10, 'sum', 'floor: sum(column)', 'SELECT sum(assets) FROM client_fact'),
  (11, 'sum', 'CASE + CASE + ...', format('SELECT sum(%s) FROM client_fact', :'sums')),
  (12, 'sum', 'decide_number (collect, sum)', format('SELECT sum(decide_number(%L, c)) FROM client_fact AS c', :'sum'));

CREATE TEMP TABLE timing (ordinal int, milliseconds float8, result text);
DO $$
DECLARE
  s record;
  started timestamptz;
  answer text;
BEGIN
  FOR run IN 0..5 LOOP
    FOR s IN SELECT * FROM statement ORDER BY ordinal LOOP
      started := clock_timestamp();
      EXECUTE s.text INTO answer;
      IF run > 0 THEN
        INSERT INTO timing VALUES (s.ordinal, extract(epoch FROM clock_timestamp() - started) * 1000, answer);
      END IF;
    END LOOP;
  END LOOP;
END $$;

\echo rows: :rows
WITH median AS (
  SELECT s.ordinal, s.family, s.name, min(t.result) AS result,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY t.milliseconds) AS milliseconds
  FROM statement AS s JOIN timing AS t USING (ordinal) GROUP BY 1, 2, 3
), above AS (
  SELECT m.*, m.milliseconds - first_value(m.milliseconds) OVER (PARTITION BY family ORDER BY ordinal) AS above_floor FROM median AS m
)
SELECT a.family, a.name, round(a.milliseconds) AS milliseconds,
       round((a.above_floor * 1e6 / :rows)::numeric, 1) AS nanoseconds_a_row_above_floor,
       round((a.above_floor / min(a.above_floor) FILTER (WHERE a.name LIKE 'CASE%') OVER (PARTITION BY family))::numeric, 2) AS ratio_to_case,
       a.result
FROM above AS a ORDER BY a.ordinal;
