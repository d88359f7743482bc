-- Scores, reasons and tiers against the SQL that a user would otherwise write, and against the floor, in one run.
--
--   psql -v rows=5000000 -f test/bench/policies.sql
--
-- Each statement runs five times in turn; the table at the end has the median, what it costs above the floor
-- (a sum of one column over the same table) and the ratio of that to CASE; of the reasons, to the score alone.
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
       ((i * 1299709) % 40)::int AS trades,
       ((i * 15485863) % 240)::int AS tenure,
       (ARRAY['branch', 'phone', 'app', 'web', 'adviser', 'mail'])[1 + (i * 32452843) % 6] AS channel
FROM generate_series(1, :rows::bigint) AS i;
VACUUM ANALYZE client_fact;

SELECT '{"initial_score": 100, "characteristics": [
  {"name": "assets", "attribute": "assets", "reason_code": "AST", "bins": [
    {"when": "< 10000", "points": 1}, {"when": "[10000..50000)", "points": 2}, {"when": "[50000..200000)", "points": 3},
    {"when": "[200000..500000)", "points": 4}, {"when": ">= 500000", "points": 5}, {"when": null, "points": 0}]},
  {"name": "age", "attribute": "age", "reason_code": "AGE", "bins": [
    {"when": "< 25", "points": 1}, {"when": "[25..35)", "points": 2}, {"when": "[35..45)", "points": 3},
    {"when": "[45..60)", "points": 4}, {"when": ">= 60", "points": 5}, {"when": null, "points": 0}]},
  {"name": "trades", "attribute": "trades", "reason_code": "TRD", "bins": [
    {"when": "< 1", "points": 1}, {"when": "[1..3)", "points": 2}, {"when": "[3..10)", "points": 3},
    {"when": "[10..20)", "points": 4}, {"when": ">= 20", "points": 5}, {"when": null, "points": 0}]},
  {"name": "tenure", "attribute": "tenure", "reason_code": "TEN", "bins": [
    {"when": "< 12", "points": 1}, {"when": "[12..36)", "points": 2}, {"when": "[36..60)", "points": 3},
    {"when": "[60..120)", "points": 4}, {"when": ">= 120", "points": 5}, {"when": null, "points": 0}]},
  {"name": "channel", "attribute": "channel", "reason_code": "CHN", "bins": [
    {"when": ["branch"], "points": 1}, {"when": ["phone"], "points": 2}, {"when": ["app"], "points": 3},
    {"when": ["web"], "points": 4}, {"when": ["adviser"], "points": 5}, {"when": "-", "points": 0}]}]}'::scorecard AS card \gset

SELECT '{"tiers": [{"label": "mass"}, {"label": "aspiring", "enter": 10000}, {"label": "affluent", "enter": 100000},
  {"label": "wealthy", "enter": 500000}, {"label": "private", "enter": 900000}]}'::tier_policy AS tiers \gset

CREATE TEMP TABLE statement (ordinal int, family text, name text, text text);
INSERT INTO statement VALUES
  (1, 'score', 'floor: sum(column)', 'SELECT sum(assets) FROM client_fact'),
  (2, 'score', 'CASE', $$SELECT sum(100
    + CASE WHEN assets < 10000 THEN 1 WHEN assets < 50000 THEN 2 WHEN assets < 200000 THEN 3 WHEN assets < 500000 THEN 4
           WHEN assets >= 500000 THEN 5 ELSE 0 END::float8
    + CASE WHEN age < 25 THEN 1 WHEN age < 35 THEN 2 WHEN age < 45 THEN 3 WHEN age < 60 THEN 4 WHEN age >= 60 THEN 5 ELSE 0 END::float8
    + CASE WHEN trades < 1 THEN 1 WHEN trades < 3 THEN 2 WHEN trades < 10 THEN 3 WHEN trades < 20 THEN 4 WHEN trades >= 20 THEN 5 ELSE 0 END::float8
    + CASE WHEN tenure < 12 THEN 1 WHEN tenure < 36 THEN 2 WHEN tenure < 60 THEN 3 WHEN tenure < 120 THEN 4 WHEN tenure >= 120 THEN 5 ELSE 0 END::float8
    + CASE channel WHEN 'branch' THEN 1 WHEN 'phone' THEN 2 WHEN 'app' THEN 3 WHEN 'web' THEN 4 WHEN 'adviser' THEN 5 ELSE 0 END::float8)
    FROM client_fact$$),
  (3, 'score', 'score(card, row)', format('SELECT sum(score(%L::scorecard, c)) FROM client_fact AS c', :'card')),
  (4, 'score', 'score_values(card, ...)',
     format('SELECT sum(score_values(%L::scorecard, assets, age, trades, tenure, channel)) FROM client_fact', :'card')),
  (10, 'reasons', 'floor: sum(column)', 'SELECT sum(assets) FROM client_fact'),
  (11, 'reasons', 'score(card, row)', format('SELECT sum(score(%L::scorecard, c)) FROM client_fact AS c', :'card')),
  (12, 'reasons', 'score and 3 reasons', format('SELECT sum(score(%1$L::scorecard, c)) + count(reason_codes(%1$L::scorecard, c, 3)) FROM client_fact AS c', :'card')),
  (5, 'tier', 'floor: sum(column)', 'SELECT sum(assets) FROM client_fact'),
  (6, 'tier', 'CASE', $$SELECT sum(CASE WHEN assets < 10000 THEN 1 WHEN assets < 100000 THEN 2 WHEN assets < 500000 THEN 3
    WHEN assets < 900000 THEN 4 ELSE 5 END) FROM client_fact$$),
  (7, 'tier', 'width_bucket', $$SELECT sum(width_bucket(assets, '{10000,100000,500000,900000}'::float8[]) + 1) FROM client_fact$$),
  (8, 'tier', 'tier_rank', format('SELECT sum(tier_rank(%L, assets)) FROM client_fact', :'tiers')),
  (9, 'tier', 'tier (label)', format('SELECT count(tier(%L, assets)) FROM client_fact', :'tiers'));

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
       round((a.above_floor / max(a.above_floor) FILTER (WHERE a.name = CASE a.family WHEN 'reasons' THEN 'score(card, row)' ELSE 'CASE' END)
                                OVER (PARTITION BY family))::numeric, 2) AS ratio_to_case_or_score,
       a.result
FROM above AS a ORDER BY a.ordinal;
