-- Standings: tiers with a memory.
SET search_path = crm, public;
SET datestyle = ISO;
SET jit = off; -- the tables are not analyzed

-- One rank a month, with the tier's number as the value: up at once, on watch after three months below, down after six to the best of the
-- last six. The trace is that of China Construction Bank's published rule on made-up ranks.
CREATE TABLE rules AS SELECT '{"name": "client_tier", "period": "month",
  "tiers": [{"label": "one"}, {"label": "two", "enter": 2}, {"label": "three", "enter": 3}, {"label": "four", "enter": 4}, {"label": "five", "enter": 5}],
  "moves": {"up_after": 1, "watch_after": 3, "down_after": 6, "land": "best_of_window", "window": 6}}'::tier_policy AS policy;
CREATE TABLE month AS
SELECT n, (date '2024-01-01' + (n - 1) * interval '1 month')::date AS month, value
FROM unnest('{3,4,3,3,3,4,3,3,2,3,3,2,2,5,2,2,2,2,2,3}'::float8[]) WITH ORDINALITY AS m (value, n);

-- as a window function: one row in, one standing out
SELECT n, value, tier_rank(s) AS tier, tier_since(s) AS since, tier_run_below(s) AS below, on_watch(s) AS watch FROM (
  SELECT n, value, tier_track(policy, value, month) OVER (ORDER BY month) AS s FROM month, rules) AS t ORDER BY n;
SELECT string_agg(tier_rank(s)::text, ' ' ORDER BY n) = '3 4 4 4 4 4 4 4 4 4 4 3 3 5 5 5 5 5 5 3' AS tiers,
       string_agg(n::text, ' ' ORDER BY n) FILTER (WHERE on_watch(s)) = '5 9 10 11 17 18 19' AS watched
FROM (SELECT n, tier_track(policy, value, month) OVER (ORDER BY month) AS s FROM month, rules) AS t;

-- as an aggregate: the standing after the whole history; it is kept, and the next month goes on from it
CREATE TABLE kept (client_id int PRIMARY KEY, standing tier_standing);
INSERT INTO kept SELECT 1, tier_track(policy, value, month ORDER BY month) FROM month, rules WHERE n <= 11;
SELECT standing FROM kept;
SELECT pg_column_size(standing), tier_label(policy, standing), tier_rank(standing), tier_since(standing), tier_period(standing), on_watch(standing), tier_base_rank(standing), tier_run_below(standing), tier_override_until(standing)
FROM kept, rules;
SELECT tier_step(policy, standing, value, month) FROM kept, rules, month WHERE n = 12;
SELECT n, tier_rank(tier_track(policy, value, month, standing) OVER (ORDER BY month)) AS tier FROM kept, rules, month WHERE n BETWEEN 12 AND 15;
SELECT tier_track(policy, value, month, standing ORDER BY month) = (SELECT tier_track(policy, value, month ORDER BY month) FROM month, rules) AS the_same FROM kept, rules, month WHERE n > 11;

-- from a base rank: the higher of two measures' tiers
SELECT tier_step(policy, standing, greatest(tier_rank(policy, 2.5), tier_rank(policy, 4)), '2024-12-01') FROM kept, rules;

-- what comes if the value stays, and why it is as it is
SELECT tier_outlook.* FROM kept, rules, tier_outlook(policy, standing, 3);
SELECT value, o.* FROM kept, rules, unnest('{-Infinity,1,3.5,4,5,Infinity,NaN,NULL}'::float8[]) AS value, tier_outlook(policy, standing, value) AS o;
SELECT period, value, base, tier, since, run_below, on_watch, reason
FROM (SELECT array_agg(value ORDER BY n) AS v, array_agg(month ORDER BY n) AS m FROM month WHERE n <= 12) AS h, rules, tier_explain(policy, v, m);

-- by hand, for some time: the moves go on underneath
UPDATE kept SET standing = tier_override(policy, standing, 'five', '2025-01-15') FROM rules;
SELECT standing, tier_label(policy, standing), tier_since(standing), tier_override_until(standing) FROM kept, rules;
SELECT n, tier_label(policy, s), tier_since(s), tier_override_until(s), s::jsonb ->> 'rank' AS underneath FROM (
  SELECT n, policy, tier_track(policy, value, month, standing) OVER (ORDER BY month) AS s FROM kept, rules, month WHERE n BETWEEN 12 AND 15) AS t ORDER BY n;
SELECT period, tier, reason FROM kept, rules, tier_explain(policy, '{2,2,5}', '{2024-12-01,2025-01-01,2025-02-01}', standing);
SELECT tier_override(policy, standing, 'one', 'infinity') AS for_ever, tier_override(policy, standing, NULL, NULL) = tier_override(policy, standing, NULL, '2026-01-01') AS taken_back FROM kept, rules;
UPDATE kept SET standing = tier_override(policy, standing, NULL, NULL) FROM rules;

-- from elsewhere, or under another version of the policy
CREATE TABLE next_rules AS SELECT (policy::jsonb || '{"version": "2"}')::tier_policy AS policy FROM rules;
SELECT tier_step(policy, standing, 3.0, '2024-12-01') FROM kept, next_rules;
SELECT tier_standing(new.policy, tier_label(old.policy, standing), tier_since(standing), tier_period(standing)) FROM kept, rules AS old, next_rules AS new;
SELECT tier_step(policy, tier_standing(policy, 'four', '2024-02-01', '2024-11-20'), 3.0, '2024-12-01') FROM next_rules;

-- ---------------------------------------------------------------------------------------------------------------------
-- Each option by itself
-- ---------------------------------------------------------------------------------------------------------------------

-- The tiers month by month; a letter a tier, in capitals on watch; in the ranks - is a NULL and * a month without a row.
CREATE FUNCTION trace(moves jsonb, ranks text, period text DEFAULT 'month', first_day date DEFAULT '2024-01-01') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(CASE WHEN on_watch THEN upper(tier) ELSE tier END, '' ORDER BY t.period)
  FROM (SELECT jsonb_build_object('period', trace.period, 'moves', moves, 'tiers', '[{"label": "a"}, {"label": "b", "enter": 2, "keep": 1.5}, {"label": "c", "enter": 3, "keep": 2.5}, {"label": "d", "enter": 4}]'::jsonb)::tier_policy AS policy,
      array_agg(nullif(v, '-')::float8 ORDER BY n) AS v, array_agg((first_day + (n - 1) * ('1 month'::interval * CASE trace.period WHEN 'month' THEN 1 ELSE 3 END))::date ORDER BY n) AS d
    FROM unnest(string_to_array(ranks, ' ')) WITH ORDINALITY AS u (v, n) WHERE v <> '*') AS h, tier_explain(policy, v, d) AS t
$$;
SELECT what, trace(moves, ranks) FROM (VALUES
  (1, 'without moves, at once', '{}'::jsonb, '3 4 1 2 4 1'),
  (2, 'a tier is kept between its thresholds', '{}', '3 2.5 2.4 1.5 1.4 2.5 3'),
  (3, 'two steps down, by the thresholds to keep', '{}', '4 3.9 2.6 2.4 1.6 1.4'),
  (4, 'up after three: to the lowest of them', '{"up_after": 3}', '1 2 4 3 4 4 4'),
  (5, 'up after three, in a row', '{"up_after": 3}', '1 2 2 1 2 2 2'),
  (6, 'one down', '{"down_after": 2, "land": "one_down"}', '4 1 1 1 1 1 1'),
  (7, 'to where one is', '{"down_after": 2, "land": "current"}', '4 3 1 1 1'),
  (8, 'to the best of the window', '{"down_after": 3, "land": "best_of_window", "window": 3}', '4 3 1 2 1 1 1'),
  (9, 'a window that is shorter', '{"down_after": 3, "land": "best_of_window", "window": 1}', '4 3 1 2 1 1 1'),
  (10, 'a window that is longer: down when all of it is below', '{"watch_after": 1, "down_after": 2, "land": "best_of_window", "window": 5}', '4 1 1 2 1 1 1 1 1 1 1 1'),
  (11, 'on watch from the second on', '{"watch_after": 2, "down_after": 4}', '3 1 1 1 3 1 1 1 1'),
  (12, 'held for at least four', '{"min_hold": 4, "watch_after": 1}', '1 3 1 1 1 1 1'),
  (13, 'missing: as the one before', '{"down_after": 3}', '3 1 * - 1'),
  (14, 'which may be above', '{"up_after": 2}', '1 3 - 1 1'),
  (15, 'missing: counts as the lowest', '{"down_after": 3, "missing": "count_below"}', '3 3 - * - 3'),
  (16, 'missing: does not count', '{"down_after": 3, "missing": "freeze"}', '3 1 * - * 1 1'),
  (17, 'nothing before the first value', '{}', '- - NaN 3 -')) AS v (n, what, moves, ranks) ORDER BY n;
SELECT what, trace(moves, ranks, period, first_day) FROM (VALUES
  (1, 'anniversary: a year after the tier was reached', '{"watch_after": 1, "calendar": "anniversary"}'::jsonb, '1 3 1 1 1 1 1 1 1 1 1 1 1 1 1', 'month', date '2024-01-01'),
  (2, 'not if the tier is held again by then', '{"watch_after": 1, "calendar": "anniversary"}', '3 1 1 1 1 1 1 1 1 1 1 1 3 1 1', 'month', '2024-01-01'),
  (3, 'fixed: in January', '{"calendar": "fixed"}', '3 1 1 1 1 1', 'month', '2024-09-01'),
  (4, 'fixed: in the quarter of August', '{"watch_after": 1, "down_after": 2, "calendar": "fixed", "review_month": 8}', '3 1 3 1 1 1 1', 'quarter', '2024-02-15'),
  (5, 'anniversary, by quarters', '{"calendar": "anniversary", "land": "one_down"}', '3 1 1 1 1 1 1 1 1', 'quarter', '2024-02-15'),
  (6, 'held for at least two quarters', '{"min_hold": 2}', '3 1 1 1', 'quarter', '2024-03-31')) AS v (n, what, moves, ranks, period, first_day) ORDER BY n;

-- any day of a period stands for it
SELECT tier_step('{"period": "quarter", "tiers": [{"label": "a"}]}', NULL, 1.0, d) FROM unnest('{2024-01-01,2024-02-29,2024-03-31,2024-12-31}'::date[]) AS d;

-- NULL in
SELECT tier_step(NULL, standing, 1.0, '2024-12-01') IS NULL AND tier_step(policy, NULL, NULL::float8, '2024-12-01') IS NULL AND tier_step(policy, NULL, 'NaN'::float8, '2024-12-01') IS NULL
  AND tier_override(NULL, standing, 'one', 'infinity') IS NULL AND tier_override(policy, NULL, 'one', 'infinity') IS NULL AND tier_standing(policy, NULL, '2024-01-01', '2024-01-01') IS NULL
  AND tier_outlook(policy, NULL, 1) IS NULL AND tier_label(policy, NULL) IS NULL AND tier_rank(NULL::tier_standing) IS NULL AS null_out FROM kept, rules;
SELECT tier_track(policy, v, d ORDER BY d) IS NULL AS nothing FROM rules, (VALUES (NULL::float8, date '2024-01-01'), (NULL, '2024-02-01'), (1, NULL)) AS x (v, d);
SELECT tier_track(p, v, d ORDER BY d) = tier_track(p, v, d ORDER BY d) FILTER (WHERE p IS NOT NULL AND d IS NOT NULL) AS rows_without_policy_or_day_are_skipped
FROM (SELECT policy AS p, value AS v, month AS d FROM rules, month UNION ALL SELECT NULL, 1, '2023-01-01' UNION ALL SELECT policy, 1, NULL FROM rules) AS x;
SELECT count(*) FROM rules, tier_explain(NULL, '{1}', '{2024-01-01}');
SELECT count(*) FROM rules, tier_explain(policy, '{}', '{}');

-- far away, and through a gap of 9,998 years
SELECT tier_step(policy, tier_step(policy, NULL, 5.0, '0001-01-31'), 1.0, '9999-12-31') FROM rules;

-- ---------------------------------------------------------------------------------------------------------------------
-- Kept
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE copied (client_id int, standing tier_standing);
INSERT INTO kept SELECT 1 + n, tier_track(policy, value, month) OVER (ORDER BY n) FROM rules, month;
INSERT INTO kept SELECT 100 + client_id, tier_override(policy, standing, 'five', '2030-06-30') FROM kept, rules;
DO $$
DECLARE
  file text := current_setting('data_directory') || '/crm_ext_tier_standing';
BEGIN
  EXECUTE format('COPY crm.kept TO %L (FORMAT binary)', file);
  EXECUTE format('COPY crm.copied FROM %L (FORMAT binary)', file);
END $$;
SELECT count(*) AS standings, count(*) FILTER (WHERE k.standing = c.standing AND NOT k.standing <> c.standing AND k.standing::text::tier_standing = c.standing AND k.standing::jsonb::tier_standing = c.standing) AS equal,
  count(DISTINCT k.standing::text) AS different FROM kept AS k JOIN copied AS c USING (client_id);
SELECT count(*) AS joined_by_hash FROM kept AS k JOIN (SELECT DISTINCT standing FROM copied) AS c USING (standing);
CREATE INDEX ON copied USING hash (standing);

-- ---------------------------------------------------------------------------------------------------------------------
-- Standings that are refused
-- ---------------------------------------------------------------------------------------------------------------------

SELECT n, problem('tier_standing', literal) FROM (
  SELECT 1 AS n, '' AS literal UNION ALL SELECT 2, '[]' UNION ALL SELECT 3, '{}' UNION ALL SELECT 4, '"four"' UNION ALL SELECT 5, left(standing::text, -1) FROM kept WHERE client_id = 1
  UNION ALL SELECT n, (good || changed)::text FROM (SELECT standing::jsonb AS good FROM kept WHERE client_id = 1) AS g, (VALUES
    (6, '{"policy": null}'::jsonb), (7, '{"policy": "1234"}'), (8, '{"policy": "00000000000000zz"}'), (9, '{"policy": "ABCDEF0123456789"}'),
    (10, '{"period": "2024-11-02"}'), (11, '{"period": "2024-11"}'), (12, '{"period": "2024-02-30"}'), (13, '{"period": "infinity"}'), (14, '{"period": 20241101}'), (15, '{"period": "0044-03-01 BC"}'), (16, '{"period": "12024-01-01"}'),
    (17, '{"since": "2024-12-01"}'), (18, '{"since": "2024-02-15"}'), (19, '{"since": "-infinity"}'),
    (20, '{"rank": 0}'), (21, '{"rank": 256}'), (22, '{"rank": -1}'), (23, '{"rank": 4.5}'), (24, '{"rank": "4"}'),
    (25, '{"run_below": -1}'), (26, '{"run_below": 65536}'), (27, '{"on_watch": 1}'), (28, '{"on_watch": "t"}'),
    (29, '{"bases": []}'), (30, '{"bases": 4}'), (31, '{"bases": [4, 0]}'), (32, '{"bases": [4, null]}'), (33, '{"bases": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}'), (34, '{"bases": [256]}'),
    (35, '{"override": {}}'), (36, '{"override": {"rank": 0, "since": "2024-11-01", "until": "2025-01-15"}}'), (37, '{"override": {"rank": 5, "since": "2024-11-15", "until": "2025-01-15"}}'),
    (38, '{"override": {"rank": 5, "since": "2024-12-01", "until": "2025-01-15"}}'), (39, '{"override": {"rank": 5, "since": "2024-11-01", "until": "2024-10-31"}}'), (40, '{"override": {"rank": 5, "since": "2024-11-01"}}'),
    (41, '{"override": {"rank": 5, "since": "2024-11-01", "until": "-infinity"}}'), (42, '{"override": {"rank": 5, "since": "2024-11-01", "until": "2025-01-15", "by": "me"}}'), (43, '{"overide": {}}'), (44, '{"override": null}')) AS v (n, changed)
  UNION ALL SELECT 45, (standing::jsonb - 'bases')::text FROM kept WHERE client_id = 1) AS x ORDER BY n;

-- ---------------------------------------------------------------------------------------------------------------------
-- Calls that are refused
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION call_problem(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  message text;
  detail text;
  hint text;
BEGIN
  EXECUTE format('SELECT %s FROM rules AS r, next_rules AS n, kept AS k WHERE client_id = 1', expression);
  RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || message, nullif(detail, ''), nullif(hint, ''));
END $$;
SELECT n, expression || E'\n ' || call_problem(expression) AS problem FROM (VALUES
  (1, 'tier_step(r.policy, standing, 1.0, ''2024-11-30'')'),
  (2, 'tier_step(r.policy, standing, 1.0, ''2024-10-01'')'),
  (3, 'tier_step(r.policy, standing, 1.0, NULL)'),
  (4, 'tier_step(r.policy, standing, 1.0, ''infinity'')'),
  (5, 'tier_step(r.policy, standing, 1.0, ''-infinity'')'),
  (6, 'tier_step(r.policy, standing, 1.0, ''5874897-12-31'')'),
  (7, 'tier_step(r.policy, NULL, 1.0, ''0044-03-15 BC'')'),
  (8, 'tier_step(r.policy, standing, 0, ''2024-12-01'')'),
  (9, 'tier_step(r.policy, standing, 6, ''2024-12-01'')'),
  (10, 'tier_step(r.policy, standing, 600000, ''2024-12-01'')'),
  (11, 'tier_step(n.policy, standing, 1.0, ''2024-12-01'')'),
  (12, 'tier_step(''{"tiers": [{"label": "a"}]}'', NULL, 1.0, ''2024-12-01'')'),
  (13, 'tier_standing(r.policy, ''one'', ''2024-01-01'', ''10000-01-01'')'),
  (14, 'tier_step(r.policy, (standing::jsonb || ''{"rank": 6}'')::tier_standing, 1.0, ''2024-12-01'')'),
  (15, 'tier_step(r.policy, (standing::jsonb || ''{"bases": [1, 7]}'')::tier_standing, 1.0, ''2024-12-01'')'),
  (16, 'tier_label(n.policy, standing)'),
  (17, 'tier_label(r.policy, (standing::jsonb || ''{"override": {"rank": 9, "since": "2024-11-01", "until": "infinity"}}'')::tier_standing)'),
  (18, 'tier_outlook(n.policy, standing, 1)'),
  (19, 'tier_override(n.policy, standing, ''five'', ''infinity'')'),
  (20, 'tier_override(r.policy, standing, ''fife'', ''infinity'')'),
  (21, 'tier_override(r.policy, standing, ''six'', ''infinity'')'),
  (22, 'tier_override(r.policy, standing, ''five'', NULL)'),
  (23, 'tier_override(r.policy, standing, ''five'', ''2024-10-31'')'),
  (24, 'tier_override(r.policy, standing, ''five'', ''-infinity'')'),
  (25, 'tier_override(r.policy, standing, ''five'', ''10000-01-01'')'),
  (26, 'tier_standing(r.policy, ''zero'', ''2024-01-01'', ''2024-02-01'')'),
  (27, 'tier_standing(r.policy, ''one'', ''2024-03-01'', ''2024-02-28'')'),
  (28, 'tier_standing(r.policy, ''one'', ''-infinity'', ''2024-02-28'')'),
  (29, '(SELECT tier_track(r.policy, value, month ORDER BY month DESC) FROM month)'),
  (30, '(SELECT tier_track(r.policy, value, month ORDER BY month) FROM (TABLE month UNION ALL TABLE month) AS twice)'),
  (31, '(SELECT tier_track(CASE WHEN n < 5 THEN r.policy ELSE n.policy END, value, month ORDER BY month) FROM month)'),
  (32, '(SELECT tier_track(r.policy, value, month, standing ORDER BY month) FROM month)'),
  (33, '(SELECT tier_track(n.policy, value, month, standing ORDER BY month) FROM month WHERE month > ''2024-11-01'')'),
  (34, '(SELECT tier_track(r.policy, value, ''infinity'') FROM month)'),
  (35, '(SELECT count(*) FROM tier_explain(r.policy, ''{1,2}'', ''{2024-01-01}''))'),
  (36, '(SELECT count(*) FROM tier_explain(r.policy, ''{1,2}'', ''{2024-01-01,NULL}''))'),
  (37, '(SELECT count(*) FROM tier_explain(r.policy, ''{1,2}'', ''{2024-02-01,2024-01-01}''))'),
  (38, '(SELECT count(*) FROM tier_explain(r.policy, ''{1,2}'', ''{2024-02-01,infinity}''))'),
  (39, '(SELECT count(*) FROM tier_explain(n.policy, ''{1}'', ''{2025-02-01}'', standing))'),
  (40, '(SELECT count(*) FROM tier_explain(r.policy, ''{1}'', ''{2024-01-01}'', standing))')) AS v (n, expression) ORDER BY n;
-- written by hand, for a policy of quarters: it would never come to its anniversary
SELECT tier_step(policy, (tier_step(policy, NULL, 5.0, '2024-01-01')::jsonb || '{"period": "2024-05-01", "since": "2024-02-01"}')::tier_standing, 1.0, '2024-07-01')
FROM (SELECT '{"period": "quarter", "tiers": [{"label": "a"}, {"label": "b", "enter": 5}], "moves": {"calendar": "anniversary"}}'::tier_policy AS policy) AS p;
-- a rank is kept in a byte
SELECT tier_step(policy, NULL, 5.0, '2024-01-01') FROM (
  SELECT ('{"period": "month", "tiers": [{"label": "t0"}' || string_agg(format(', {"label": "t%s", "enter": %s}', i, i), '') || ']}')::tier_policy AS policy FROM generate_series(1, 255) AS i) AS p;

-- moves that contradict each other, or are none
SELECT n, problem('tier_policy', format('{"period": "month", "tiers": [{"label": "a"}, {"label": "b", "enter": 5}], "moves": %s}', moves)) FROM (VALUES
  (1, '{"up_after": 0}'), (2, '{"up_after": 25}'), (3, '{"up_after": -1}'), (4, '{"down_after": 0}'), (5, '{"down_after": 1201}'), (6, '{"watch_after": 0}'), (7, '{"watch_after": 2}'), (8, '{"down_after": 3, "watch_after": 4}'),
  (9, '{"land": "best_of_window"}'), (10, '{"window": 6}'), (11, '{"land": "best_of_window", "window": 25}'), (12, '{"land": "best_of_window", "window": 0}'), (13, '{"land": "current", "window": 3}'),
  (14, '{"min_hold": -1}'), (15, '{"min_hold": 1.5}'), (16, '{"min_hold": "6"}'), (17, '{"missing": "zero"}'), (18, '{"missing": null}'), (19, '{"calendar": "yearly"}'), (20, '{"review_month": 1}'),
  (21, '{"calendar": "anniversary", "review_month": 1}'), (22, '{"calendar": "fixed", "review_month": 13}'), (23, '{"calendar": "fixed", "review_month": 0}'), (24, '{"hold": 6}'), (25, '[]'), (26, 'null')) AS v (n, moves) ORDER BY n;
SELECT problem('tier_policy', format('{"period": "month", "tiers": [{"label": "t0"}%s], "moves": {}}', string_agg(format(', {"label": "t%s", "enter": %s}', i, i), ''))) FROM generate_series(1, 255) AS i;

DROP TABLE rules, next_rules, month, kept, copied;
DROP FUNCTION trace, call_problem;
