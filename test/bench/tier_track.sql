-- The tiers of client-months with their memory: tier_track() as a window function against lag() over the same window, and against what one would
-- write without it, a PL/pgSQL aggregate over the window and a recursive query; then what the memory is for: how many downgrades are
-- undone within three months, by bare thresholds and by the moves.
--
--   psql -v clients=50000 -f test/bench/tier_track.sql
--
-- 24 months a client. Assets are lognormal with a Pareto tail (exponent 1.3) for one client in 25, and move by a market shock that all share and one of
-- their own. Each statement runs five times in turn, the slow ones once; the table has the medians. Where the database has the views of examples/warehouse.sql
-- (schema source), the last table has them too, by the average assets of each month.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?clients} \else \set clients 50000 \endif
\pset pager off
SET search_path = crm, public;
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET work_mem = '256MB';
SELECT setseed(0.5) \g /dev/null

CREATE TEMP TABLE shock AS SELECT n, 0.04 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS common FROM generate_series(1, 24) AS n;
CREATE TEMP TABLE client_month AS
SELECT client_id, (date '2024-01-01' + (n - 1) * interval '1 month')::date AS month,
  opening * exp(sum(common + 0.12 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) OVER (PARTITION BY client_id ORDER BY n))
    * exp(0.10 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) AS assets
FROM (SELECT client_id, CASE WHEN client_id % 25 = 0 THEN 300000 * power(1 - random(), -1 / 1.3) ELSE exp(10.5 + 1.6 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) END AS opening
  FROM generate_series(1, :clients) AS client_id) AS c, shock
ORDER BY client_id, month;
CREATE UNIQUE INDEX ON client_month (client_id, month);
VACUUM ANALYZE client_month;

SELECT '{"period": "month", "tiers": [{"label": "mass"}, {"label": "retail", "enter": 10000}, {"label": "affluent", "enter": 100000}, {"label": "wealth", "enter": 500000}, {"label": "private", "enter": 3000000}],
  "moves": {"up_after": 1, "watch_after": 3, "down_after": 6, "land": "best_of_window", "window": 6}}' AS policy \gset

-- The same rule by hand. The state: tier, run below, the last six base tiers.
CREATE FUNCTION pg_temp.base_tier(assets float8) RETURNS int LANGUAGE sql IMMUTABLE
RETURN CASE WHEN assets < 10000 THEN 1 WHEN assets < 100000 THEN 2 WHEN assets < 500000 THEN 3 WHEN assets < 3000000 THEN 4 ELSE 5 END;
CREATE FUNCTION pg_temp.by_hand_step(state int[], assets float8) RETURNS int[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  base int := CASE WHEN assets < 10000 THEN 1 WHEN assets < 100000 THEN 2 WHEN assets < 500000 THEN 3 WHEN assets < 3000000 THEN 4 ELSE 5 END;
BEGIN
  IF state IS NULL THEN
    RETURN ARRAY[base, 0, base];
  END IF;
  state := state[1:2] || state[greatest(3, cardinality(state) - 4):] || base;
  IF base >= state[1] THEN
    state[1] := base;
    state[2] := 0;
  ELSE
    state[2] := state[2] + 1;
    IF state[2] >= 6 THEN
      state[1] := (SELECT max(b) FROM unnest(state[3:]) AS b);
      state[2] := 0;
    END IF;
  END IF;
  RETURN state;
END $$;
CREATE AGGREGATE pg_temp.by_hand(float8) (SFUNC = pg_temp.by_hand_step, STYPE = int[]);

CREATE TEMP TABLE statement (ordinal int, name text, runs int, text text);
INSERT INTO statement VALUES
  (1, 'lag(assets)', 5, 'SELECT sum(x) FROM (SELECT lag(assets) OVER (PARTITION BY client_id ORDER BY month) AS x FROM client_month) AS t'),
  (2, 'sum(assets)', 5, 'SELECT sum(x) FROM (SELECT sum(assets) OVER (PARTITION BY client_id ORDER BY month) AS x FROM client_month) AS t'),
  (3, 'tier_track(policy, assets, month)', 5, format('SELECT sum(tier_rank(s)) FROM (SELECT tier_track(%L, assets, month) OVER (PARTITION BY client_id ORDER BY month) AS s FROM client_month) AS t', :'policy')),
  (4, 'the same, ROWS UNBOUNDED PRECEDING', 5, format('SELECT sum(tier_rank(s)) FROM (SELECT tier_track(%L, assets, month) OVER (PARTITION BY client_id ORDER BY month ROWS UNBOUNDED PRECEDING) AS s FROM client_month) AS t', :'policy')),
  (5, 'tier_track(...) as an aggregate', 5, format('SELECT sum(tier_rank(s)) FROM (SELECT tier_track(%L, assets, month ORDER BY month) AS s FROM client_month GROUP BY client_id) AS t', :'policy')),
  (6, 'PL/pgSQL aggregate as a window', 2, 'SELECT sum(s[1]) FROM (SELECT pg_temp.by_hand(assets) OVER (PARTITION BY client_id ORDER BY month) AS s FROM client_month) AS t'),
  (7, 'recursive query', 1, $$WITH RECURSIVE walk AS (
    SELECT client_id, month, ARRAY[pg_temp.base_tier(assets)] AS bases, pg_temp.base_tier(assets) AS tier, 0 AS run FROM client_month WHERE month = '2024-01-01'
    UNION ALL
    SELECT client_id, m.month, x.bases, CASE WHEN base >= tier THEN base WHEN run >= 5 THEN (SELECT max(b) FROM unnest(x.bases) AS b) ELSE tier END, CASE WHEN base >= tier OR run >= 5 THEN 0 ELSE run + 1 END
    FROM walk AS w JOIN client_month AS m USING (client_id), LATERAL (SELECT pg_temp.base_tier(m.assets) AS base) AS b, LATERAL (SELECT w.bases[greatest(1, cardinality(w.bases) - 4):] || base AS bases) AS x
    WHERE m.month = (w.month + interval '1 month')::date)
  SELECT sum(tier) FROM walk$$);

CREATE TEMP TABLE timing (ordinal int, milliseconds float8, result text);
DO $$
DECLARE
  s record;
  started timestamptz;
  answer text;
BEGIN
  FOR run IN 0..5 LOOP
    FOR s IN SELECT * FROM statement WHERE run <= runs AND (run > 0 OR runs = 5) ORDER BY ordinal LOOP
      started := clock_timestamp();
      EXECUTE s.text INTO answer;
      IF run > 0 THEN
        INSERT INTO timing VALUES (s.ordinal, extract(epoch FROM clock_timestamp() - started) * 1000, answer);
      END IF;
    END LOOP;
  END LOOP;
END $$;

SELECT count(*) AS client_months FROM client_month;
SELECT name, round(milliseconds) AS milliseconds, round((milliseconds / first_value(milliseconds) OVER (ORDER BY ordinal))::numeric, 2) AS ratio_to_lag, result
FROM (SELECT ordinal, name, percentile_cont(0.5) WITHIN GROUP (ORDER BY t.milliseconds) AS milliseconds, min(result) AS result FROM statement JOIN timing AS t USING (ordinal) GROUP BY 1, 2) AS m ORDER BY ordinal;

-- A downgrade is undone if the tier is reached again within three months. Those of the last three months are left out.
CREATE TEMP TABLE ranked (data text, client_id text, month date, bare int, moved int);
INSERT INTO ranked SELECT 'made up here', client_id, month, tier_rank(:'policy', assets), tier_rank(tier_track(:'policy', assets, month) OVER (PARTITION BY client_id ORDER BY month)) FROM client_month;
SELECT to_regclass('source.balance') IS NOT NULL AND to_regclass('warehouse.net_assets') IS NOT NULL AS has_warehouse \gset
\if :has_warehouse
  CREATE TEMP TABLE warehouse_month AS
  SELECT client_id, month, average_balance(total, greatest(month, first_day(total)), (month + interval '1 month')::date)::float8 AS assets
  FROM (SELECT client_id, balance(on_day, amount) AS total FROM source.balance GROUP BY 1) AS b,
    (SELECT DISTINCT date_trunc('month', on_day)::date AS month FROM source.balance) AS m WHERE month + interval '1 month' > first_day(total);
  INSERT INTO ranked SELECT 'warehouse.sql', client_id, month, tier_rank(:'policy', assets), tier_rank(tier_track(:'policy', assets, month) OVER (PARTITION BY client_id ORDER BY month)) FROM warehouse_month;
\endif
SELECT data, rule, count(*) FILTER (WHERE rank <> before) AS changes, count(*) FILTER (WHERE is_down) AS downgrades, count(*) FILTER (WHERE is_down AND best_of_next >= before) AS undone,
  round(100.0 * count(*) FILTER (WHERE is_down AND best_of_next >= before) / nullif(count(*) FILTER (WHERE is_down), 0), 1) AS "% undone"
FROM (
  SELECT *, rank < before AND month <= max(month) OVER (PARTITION BY data) - interval '3 months' AS is_down FROM (
    SELECT data, rule, client_id, month, rank, lag(rank) OVER w AS before, max(rank) OVER (w ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING) AS best_of_next
    FROM ranked, LATERAL (VALUES ('bare thresholds', bare), ('moves', moved)) AS r (rule, rank) WINDOW w AS (PARTITION BY data, rule, client_id ORDER BY month)) AS x) AS d
GROUP BY data, rule ORDER BY 1, 2;
