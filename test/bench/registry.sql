-- What a lookup in a registry of a hundred versions costs: the scorecard looked up in several ways, against the same card as a literal, in one run.
--
--   psql -v rows=1000000 -f test/bench/registry.sql
--
-- Each statement runs five times in turn; the table at the end has the median and the ratio to the literal. Everything is rolled back.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?rows} \else \set rows 1000000 \endif
\pset pager off
BEGIN;
SET LOCAL search_path = crm, public;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SET LOCAL max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE client_fact AS
SELECT n AS client_id, date '2026-01-01' + n % 100 AS on_day, (n::bigint * 7919 % 1000003)::float8 AS assets, (18 + n % 73) AS age, (n % 29)::int AS trades,
  (n % 240)::int AS tenure, (ARRAY['branch', 'phone', 'app', 'web', 'adviser', 'other'])[1 + n % 6] AS channel
FROM generate_series(1, :rows) AS n;
ANALYZE client_fact;

SELECT create_registry('bench_registry') \g /dev/null
CREATE FUNCTION pg_temp.card(version int) RETURNS scorecard LANGUAGE sql AS $$
  SELECT jsonb_build_object('name', 'client_value', 'version', version::text, 'initial_score', 100 + version, 'characteristics', '[
    {"name": "assets", "attribute": "assets", "bins": [{"when": "< 10000", "points": 1}, {"when": "[10000..50000)", "points": 2}, {"when": "[50000..200000)", "points": 3},
      {"when": "[200000..500000)", "points": 4}, {"when": ">= 500000", "points": 5}, {"when": null, "points": 0}]},
    {"name": "age", "attribute": "age", "bins": [{"when": "< 25", "points": 1}, {"when": "[25..35)", "points": 2}, {"when": "[35..45)", "points": 3}, {"when": "[45..60)", "points": 4},
      {"when": ">= 60", "points": 5}, {"when": null, "points": 0}]},
    {"name": "trades", "attribute": "trades", "bins": [{"when": "< 1", "points": 1}, {"when": "[1..3)", "points": 2}, {"when": "[3..10)", "points": 3}, {"when": "[10..20)", "points": 4},
      {"when": ">= 20", "points": 5}, {"when": null, "points": 0}]},
    {"name": "tenure", "attribute": "tenure", "bins": [{"when": "< 12", "points": 1}, {"when": "[12..36)", "points": 2}, {"when": "[36..60)", "points": 3}, {"when": "[60..120)", "points": 4},
      {"when": ">= 120", "points": 5}, {"when": null, "points": 0}]},
    {"name": "channel", "attribute": "channel", "bins": [{"when": ["branch"], "points": 1}, {"when": ["phone"], "points": 2}, {"when": ["app"], "points": 3}, {"when": ["web"], "points": 4},
      {"when": ["adviser"], "points": 5}, {"when": "-", "points": 0}]}]'::jsonb)::scorecard $$;
SELECT count(bench_registry.propose_policy(pg_temp.card(n), date '2026-01-01' + n, 'bench', backdated => date '2026-01-01' + n < current_date)) AS versions FROM generate_series(0, 99) AS n;
CREATE ROLE bench_approver;
GRANT USAGE ON SCHEMA bench_registry, crm TO bench_approver;
GRANT SELECT, INSERT ON bench_registry.policy_event, bench_registry.policy_version TO bench_approver;
SET LOCAL ROLE bench_approver;
SELECT count(bench_registry.approve_policy(version_id, 'bench', true)) AS approved FROM bench_registry.policy_version;
RESET ROLE;
ANALYZE bench_registry.policy_version, bench_registry.policy_event;
SELECT pg_temp.card(99) AS card \gset

CREATE TEMP TABLE statement (ordinal int, name text, text text);
INSERT INTO statement VALUES
  (1, 'floor: sum(column)', 'SELECT sum(assets) FROM client_fact'),
  (2, 'literal, row', format('SELECT sum(score(%L::scorecard, c)) FROM client_fact AS c', :'card')),
  (3, 'literal, score_values', format('SELECT sum(score_values(%L::scorecard, assets, age, trades, tenure, channel)) FROM client_fact', :'card')),
  (4, 'lookup in parentheses, score_values',
    $$SELECT sum(score_values((SELECT bench_registry.scorecard('client_value', '2026-06-30')), assets, age, trades, tenure, channel)) FROM client_fact$$),
  (5, 'lookup in parentheses, row', $$SELECT sum(score((SELECT bench_registry.scorecard('client_value', '2026-06-30')), c)) FROM client_fact AS c$$),
  (6, 'joined once, row', $$SELECT sum(score(p.card, c)) FROM client_fact AS c CROSS JOIN (SELECT bench_registry.scorecard('client_value', '2026-06-30') AS card OFFSET 0) AS p$$),
  (7, 'looked up for each row''s day (a hundredth of the rows)', $$SELECT sum(score(p.document::scorecard, c)) FROM client_fact AS c
    CROSS JOIN LATERAL bench_registry.policy_at('scorecard', 'client_value', c.on_day) AS p WHERE client_id % 100 = 0$$),
  (8, 'a lookup for each day, joined', $$SELECT sum(score(p.card, c)) FROM (SELECT * FROM client_fact ORDER BY on_day) AS c JOIN (
    SELECT on_day, bench_registry.scorecard('client_value', on_day) AS card FROM (SELECT DISTINCT on_day FROM client_fact) AS d OFFSET 0) AS p USING (on_day)$$);

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
  SELECT s.ordinal, s.name, min(t.result) AS result, percentile_cont(0.5) WITHIN GROUP (ORDER BY t.milliseconds) AS milliseconds
  FROM statement AS s JOIN timing AS t USING (ordinal) GROUP BY 1, 2
)
SELECT name, round(milliseconds) AS milliseconds, round((milliseconds / max(milliseconds) FILTER (WHERE name LIKE 'literal, row') OVER ())::numeric, 2) AS ratio_to_literal, result
FROM median ORDER BY ordinal;
ROLLBACK;
