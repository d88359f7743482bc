-- Standings on random histories under random policies: a reference that was written from the documented rules (doc/tier_policy.md), the
-- window function, the aggregate, repeated steps and going on from a stored standing agree row by row; what the outlook promises comes;
-- overrides pass without a trace; and a better history never has a lower tier under the policies of which that is true.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = crm, public;
SET LOCAL datestyle = ISO;
SELECT no_plan();

-- To repeat a run: psql -v seed=0.123
\if :{?seed}
\else
  SELECT round(random()::numeric, 6) AS seed \gset
\endif
SELECT diag('seed ' || :'seed');
SELECT setseed(:seed) \g /dev/null

------------------------------------------------------------------------------------------------------------------------
-- Random policies, every option and every option left out; random histories with gaps, NULL, NaN and infinite values
------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.random_policy(i int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  tiers jsonb := '[{"label": "tier 1"}]';
  moves jsonb := '{}';
  enter numeric := 0;
  keep numeric := -1;
  down_after int := 1 + (random() ^ 2 * 8)::int;
BEGIN
  FOR t IN 2 .. 1 + (random() * 4)::int LOOP
    enter := enter + 1 + (random() * 20)::int;
    IF random() < 0.5 AND keep < enter - 1 THEN
      keep := keep + 1 + floor(random()::numeric * (enter - keep - 1));
      tiers := tiers || jsonb_build_object('label', 'tier ' || t, 'enter', enter, 'keep', keep);
    ELSE
      keep := enter;
      tiers := tiers || jsonb_build_object('label', 'tier ' || t, 'enter', enter);
    END IF;
  END LOOP;
  IF random() < 0.8 THEN moves := moves || jsonb_build_object('up_after', 1 + (random() ^ 2 * 4)::int); END IF;
  IF random() < 0.9 THEN
    moves := moves || jsonb_build_object('down_after', down_after);
    IF random() < 0.7 THEN moves := moves || jsonb_build_object('watch_after', 1 + floor(random() * down_after)); END IF;
  END IF;
  CASE floor(random() * 5)
    WHEN 0 THEN moves := moves || '{"land": "one_down"}';
    WHEN 1 THEN moves := moves || '{"land": "current"}';
    WHEN 2 THEN NULL;
    ELSE moves := moves || jsonb_build_object('land', 'best_of_window', 'window', 1 + (random() ^ 2 * 23)::int);
  END CASE;
  IF random() < 0.4 THEN moves := moves || jsonb_build_object('min_hold', (random() * 9)::int); END IF;
  IF random() < 0.8 THEN moves := moves || jsonb_build_object('missing', (ARRAY['carry', 'count_below', 'freeze'])[1 + floor(random() * 3)]); END IF;
  CASE floor(random() * 6)
    WHEN 0 THEN moves := moves || '{"calendar": "anniversary"}';
    WHEN 1 THEN moves := moves || jsonb_build_object('calendar', 'fixed', 'review_month', 1 + floor(random() * 12));
    WHEN 2 THEN moves := moves || '{"calendar": "fixed"}';
    WHEN 3 THEN moves := moves || '{"calendar": "rolling"}';
    ELSE NULL;
  END CASE;
  RETURN jsonb_build_object('name', 'policy ' || i, 'period', (ARRAY['month', 'quarter'])[1 + (random() < 0.3)::int], 'tiers', tiers)
    || CASE WHEN random() < 0.95 THEN jsonb_build_object('moves', moves) ELSE '{}' END;
END $$;

CREATE TABLE policy AS
SELECT policy_id, document, document::tier_policy AS policy, CASE document ->> 'period' WHEN 'month' THEN 1 ELSE 3 END AS months
FROM (SELECT i AS policy_id, pg_temp.random_policy(i) AS document FROM generate_series(1, 300) AS i) AS d;

-- A day anywhere in its period; the value wanders, and now and then it jumps.
CREATE TABLE history AS
SELECT policy_id, client_id, n, period + floor(random() * ((period + months * interval '1 month')::date - period))::int AS on_day, period,
  CASE WHEN random() < 0.06 THEN NULL WHEN random() < 0.03 THEN 'NaN' WHEN random() < 0.01 THEN (ARRAY['-Infinity', 'Infinity']::float8[])[1 + (random() < 0.5)::int] ELSE value END AS value
FROM (
  SELECT policy_id, client_id, months, n, (date '2021-01-01' + (start + (n - 1) * months) * interval '1 month')::date AS period,
    round(20 + sum((random() - 0.5) * 14) OVER (PARTITION BY policy_id, client_id ORDER BY n) + CASE WHEN random() < 0.1 THEN (random() - 0.5) * 60 ELSE 0 END)::float8 AS value,
    random() < 0.05 AS is_gap
  FROM (SELECT policy_id, months, client_id, months * (random() * 11)::int AS start, 2 + (random() * 46)::int AS length FROM policy, generate_series(1, 4) AS client_id) AS c,
    generate_series(1, length) AS n) AS h
WHERE NOT is_gap;
CREATE UNIQUE INDEX ON history (policy_id, client_id, n);
ANALYZE policy, history;

------------------------------------------------------------------------------------------------------------------------
-- The reference: no state but the list of base ranks that counted and where in it the tier began
------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.reference(document jsonb, periods date[], measures float8[])
RETURNS TABLE (period date, base int, rank int, since date, run_below int, on_watch boolean, event text) LANGUAGE plpgsql AS $$
DECLARE
  tiers jsonb := document -> 'tiers';
  moves jsonb := coalesce(document -> 'moves', '{}');
  up_after int := coalesce((moves ->> 'up_after')::int, 1);
  down_after int := coalesce((moves ->> 'down_after')::int, 1);
  missing text := coalesce(moves ->> 'missing', 'carry');
  land text := coalesce(moves ->> 'land', 'current');
  calendar text := coalesce(moves ->> 'calendar', 'rolling');
  months int := CASE document ->> 'period' WHEN 'month' THEN 1 ELSE 3 END;
  step interval := make_interval(months => months);
  review_month int := coalesce((moves ->> 'review_month')::int, 1);
  counted int[] := '{}'; -- base ranks, oldest first
  began int;             -- how many there were when the tier was reached
  lowest int;
  landing int;
  held int;
  may_fall boolean;
  value float8;
BEGIN
  FOR period IN SELECT generate_series(min(p), max(p), step)::date FROM unnest(periods) AS p LOOP
    event := '';
    value := nullif(measures[array_position(periods, period)], 'NaN');
    CONTINUE WHEN value IS NULL AND rank IS NULL;
    base := NULL;
    IF value IS NOT NULL THEN
      -- the highest tier that the value enters, or of those up to the present one the highest that it keeps
      SELECT max(place) INTO base FROM jsonb_array_elements(tiers) WITH ORDINALITY AS t (tier, place)
      WHERE place = 1 OR (tier ->> 'enter')::float8 <= value
        OR (place <= rank AND coalesce(tier ->> 'keep', tier ->> 'enter')::float8 <= value);
    ELSIF missing = 'carry' THEN
      base := counted[cardinality(counted)];
    ELSIF missing = 'count_below' THEN
      base := 1;
    END IF;
    IF base IS NOT NULL THEN
      counted := counted || base;
      IF rank IS NULL THEN
        rank := base;
        since := period;
        began := 1;
      END IF;
      -- how many at the end are below the tier, since it began
      SELECT cardinality(counted) - coalesce(max(i), began) INTO run_below
      FROM generate_series(began + 1, cardinality(counted)) AS i WHERE counted[i] >= rank;
      IF run_below = 0 THEN
        SELECT min(b) INTO lowest FROM unnest(counted[greatest(1, cardinality(counted) - up_after + 1):]) AS b;
        IF lowest > rank AND cardinality(counted) >= up_after THEN
          event := 'up';
          rank := lowest;
        ELSIF base > rank THEN
          event := 'not yet';
        END IF;
      ELSIF run_below >= down_after THEN
        held := extract(year FROM age(period, since)) * 12 + extract(month FROM age(period, since));
        may_fall := held / months >= coalesce((moves ->> 'min_hold')::int, 0) AND CASE calendar
          WHEN 'rolling' THEN true
          WHEN 'anniversary' THEN held > 0 AND held % 12 = 0
          ELSE date_part('month', date_trunc(document ->> 'period', make_date(2000, review_month, 1))) = date_part('month', period) END;
        event := 'no review';
        IF may_fall THEN
          landing := CASE land
            WHEN 'one_down' THEN rank - 1
            WHEN 'current' THEN base
            ELSE (SELECT max(b) FROM unnest(counted[greatest(1, cardinality(counted) - (moves ->> 'window')::int + 1):]) AS b) END;
          event := 'window holds';
          IF landing < rank THEN
            event := land;
            rank := landing;
          END IF;
        END IF;
      END IF;
      IF event IN ('up', 'one_down', 'current', 'best_of_window') THEN
        since := period;
        began := cardinality(counted);
        run_below := 0;
      END IF;
      on_watch := coalesce(run_below >= (moves ->> 'watch_after')::int, false);
    ELSE
      event := 'frozen';
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;

CREATE TABLE expected AS
SELECT policy_id, client_id, r.*
FROM policy AS p JOIN (SELECT policy_id, client_id, array_agg(period ORDER BY n) AS periods, array_agg(value ORDER BY n) AS measures FROM history GROUP BY 1, 2) AS h USING (policy_id),
  LATERAL pg_temp.reference(p.document, h.periods, h.measures) AS r;
ANALYZE expected;

-- A run in which something never happened would prove nothing of it.
SELECT cmp_ok(count(*)::int, '>', 20, 'happened: ' || what)
FROM (VALUES ('up'), ('not yet'), ('one_down'), ('current'), ('best_of_window'), ('window holds'), ('no review'), ('frozen')) AS w (what) LEFT JOIN expected AS e ON e.event = w.what
GROUP BY what;
SELECT cmp_ok(n, '>', 200, 'happened: ' || what)
FROM (SELECT count(*)::int, 'on watch' FROM expected WHERE on_watch
  UNION ALL SELECT count(*)::int, 'gaps' FROM (SELECT n - lag(n) OVER (PARTITION BY policy_id, client_id ORDER BY n) AS step FROM history) AS s WHERE step > 1
  UNION ALL SELECT count(*)::int, 'NULL' FROM history WHERE value IS NULL
  UNION ALL SELECT count(*)::int, 'NaN' FROM history WHERE value = 'NaN'
  UNION ALL SELECT count(*)::int, 'a tier kept between its thresholds' FROM expected JOIN policy USING (policy_id) JOIN history USING (policy_id, client_id, period)
    WHERE base = rank AND event = '' AND value > 0 AND value < 1e9 AND (document #>> ARRAY['tiers', (base - 1)::text, 'enter'])::float8 > value) AS w (n, what);

------------------------------------------------------------------------------------------------------------------------
-- Row by row
------------------------------------------------------------------------------------------------------------------------

CREATE TABLE tracked AS
SELECT policy_id, client_id, n, period, tier_track(policy, value, on_day) OVER (PARTITION BY policy_id, client_id ORDER BY n) AS standing
FROM history JOIN policy USING (policy_id);
CREATE UNIQUE INDEX ON tracked (policy_id, client_id, n);
ANALYZE tracked;

SELECT is_empty($$
  SELECT policy_id, client_id, n, standing, e.* FROM tracked AS t LEFT JOIN expected AS e USING (policy_id, client_id, period)
  WHERE (tier_rank(standing), tier_since(standing), tier_run_below(standing), on_watch(standing)) IS DISTINCT FROM (e.rank, e.since, e.run_below, e.on_watch)
    OR (e.base IS NOT NULL AND tier_base_rank(standing) <> e.base) OR (standing IS NOT NULL AND tier_period(standing) <> period)
$$, 'the window function is the reference');
SELECT is_empty($$
  SELECT policy_id, client_id, n FROM tracked AS t, LATERAL (
    SELECT tier_track(policy, value, on_day ORDER BY on_day) AS standing FROM history AS h JOIN policy AS p USING (policy_id)
    WHERE (h.policy_id, h.client_id) = (t.policy_id, t.client_id) AND h.n <= t.n) AS a
  WHERE a.standing IS DISTINCT FROM t.standing
$$, 'the aggregate of every prefix is the window function');

CREATE FUNCTION pg_temp.step_by_step(policy_id int, client_id int) RETURNS TABLE (n int, by_value tier_standing, by_rank tier_standing) LANGUAGE plpgsql AS $$
DECLARE
  h record;
BEGIN
  FOR h IN SELECT p.policy, r.n, r.value, r.on_day FROM history AS r JOIN policy AS p USING (policy_id)
    WHERE r.policy_id = step_by_step.policy_id AND r.client_id = step_by_step.client_id ORDER BY r.n
  LOOP
    n := h.n;
    by_value := tier_step(h.policy, by_value, h.value, h.on_day);
    by_rank := tier_step(h.policy, by_rank, CASE WHEN h.value <> 'NaN' THEN tier_base_rank(by_value) END, h.on_day);
    RETURN NEXT;
  END LOOP;
END $$;
SELECT is_empty($$
  SELECT policy_id, client_id, n FROM (SELECT DISTINCT policy_id, client_id FROM history) AS c CROSS JOIN LATERAL pg_temp.step_by_step(policy_id, client_id) AS s
    LEFT JOIN tracked AS t USING (policy_id, client_id, n)
  WHERE by_value IS DISTINCT FROM standing OR by_rank IS DISTINCT FROM standing
$$, 'repeated steps are the window function, from values and from their base ranks');

-- Standings as they would be kept overnight: sent, received, written and read.
CREATE TABLE sent (policy_id int, client_id int, n int, standing tier_standing);
DO $$
DECLARE
  file text := current_setting('data_directory') || '/crm_ext_tier_track';
BEGIN
  EXECUTE format('COPY (SELECT policy_id, client_id, n, standing FROM tracked WHERE standing IS NOT NULL) TO %L (FORMAT binary)', file);
  EXECUTE format('COPY sent FROM %L (FORMAT binary)', file);
END $$;
CREATE TABLE stored AS SELECT policy_id, client_id, n, standing, standing::text::tier_standing AS written FROM sent;
CREATE UNIQUE INDEX ON stored (policy_id, client_id, n);
ANALYZE stored;
SELECT is((SELECT count(*) FROM stored AS s JOIN tracked AS t USING (policy_id, client_id, n)
    WHERE s.standing = t.standing AND s.written = t.standing AND t.standing::jsonb::tier_standing = t.standing AND tier_standing_send(s.written) = tier_standing_send(t.standing)
      AND tier_standing_hash(s.written) = tier_standing_hash(t.standing) AND tier_standing_hash_extended(s.standing, 7) = tier_standing_hash_extended(t.standing, 7)),
  (SELECT count(standing) FROM tracked), 'binary, text and jsonb give equal standings, with equal hashes');
SELECT is((SELECT count(*) FROM (SELECT standing FROM stored GROUP BY 1) AS g), (SELECT count(*) FROM (SELECT standing::text FROM stored GROUP BY 1) AS g), 'groups by standing are groups by text');

SELECT is_empty($$
  SELECT s.policy_id, s.client_id, s.n, a.n FROM stored AS s JOIN policy AS p USING (policy_id), LATERAL (
    SELECT h.n, tier_track(p.policy, h.value, h.on_day, s.written) OVER (ORDER BY h.n) AS standing FROM history AS h
    WHERE (h.policy_id, h.client_id) = (s.policy_id, s.client_id) AND h.n > s.n AND s.n % 3 = s.client_id % 3) AS a JOIN tracked AS t USING (n)
  WHERE (t.policy_id, t.client_id) = (s.policy_id, s.client_id) AND a.standing IS DISTINCT FROM t.standing
$$, 'going on from a stored standing at any point is the window function');
SELECT is_empty($$
  SELECT s.policy_id, s.client_id, s.n FROM stored AS s JOIN policy AS p USING (policy_id), LATERAL (
    SELECT max(h.n) AS n, tier_track(p.policy, h.value, h.on_day, s.standing ORDER BY h.n) AS standing FROM history AS h
    WHERE (h.policy_id, h.client_id) = (s.policy_id, s.client_id) AND h.n > s.n) AS a JOIN tracked AS t USING (n)
  WHERE (t.policy_id, t.client_id) = (s.policy_id, s.client_id) AND a.standing IS DISTINCT FROM t.standing
$$, 'and so is the aggregate that goes on');
SELECT is_empty($$
  SELECT policy_id, client_id, n FROM (
    SELECT h.policy_id, h.client_id, h.n, tier_track(policy, value, on_day) OVER w AS standing, array_agg(value) OVER w AS measures, array_agg(on_day) OVER w AS days, policy
    FROM history AS h JOIN policy AS p USING (policy_id) WHERE client_id = 1 WINDOW w AS (PARTITION BY h.policy_id ORDER BY n ROWS 4 PRECEDING)) AS f
  WHERE standing IS DISTINCT FROM (SELECT tier_track(policy, m, d ORDER BY d) FROM unnest(measures, days) AS u (m, d))
$$, 'a moving frame starts anew in every row');

------------------------------------------------------------------------------------------------------------------------
-- The explanation
------------------------------------------------------------------------------------------------------------------------

CREATE TABLE explained AS
SELECT policy_id, client_id, e.*, tier_labels(policy) AS labels
FROM policy JOIN (SELECT policy_id, client_id, array_agg(on_day ORDER BY n) AS days, array_agg(value ORDER BY n) AS measures FROM history GROUP BY 1, 2) AS h USING (policy_id),
  LATERAL tier_explain(policy, measures, days) AS e;
SELECT is_empty($$
  SELECT x.*, e.* FROM expected AS e FULL JOIN explained AS x USING (policy_id, client_id, period)
  WHERE (x.base, x.tier, x.since, x.run_below, x.on_watch) IS DISTINCT FROM (labels[e.base], labels[e.rank], e.since, e.run_below, e.on_watch)
$$, 'every period is explained, those without a row too');
SELECT is_empty($$
  SELECT e.event, x.reason, x.policy_id, x.client_id, x.period FROM expected AS e JOIN explained AS x USING (policy_id, client_id, period)
  WHERE x.reason !~ CASE e.event WHEN 'up' THEN 'up from tier \d, above it for \d months?|up from tier \d, above it for \d quarters?' WHEN 'not yet' THEN 'above tier \d, not yet for \d (month|quarter)s$'
      WHEN 'one_down' THEN '^(no value, .*; )?down from tier \d, below it for \d+ (month|quarter)s?, to the tier below$' WHEN 'current' THEN 'to the tier of this one$' WHEN 'best_of_window' THEN 'to the best of the window$'
      WHEN 'window holds' THEN '^(no value, .*; )?below tier \d for \d+ (month|quarter)s(, on watch)?, kept as the best of the window$' WHEN 'no review' THEN ', no review in it$' WHEN 'frozen' THEN '^no value, does not count$'
      ELSE '(first period|kept|kept again|below tier \d for \d+ of \d+ (month|quarter)s(, on watch)?)$' END
    OR (x.value IS NULL) <> (x.reason LIKE 'no value%')
$$, 'for the reason that the reference gives');

------------------------------------------------------------------------------------------------------------------------
-- The outlook: what it promises comes
------------------------------------------------------------------------------------------------------------------------

CREATE TABLE outlook AS
SELECT s.policy_id, s.client_id, s.n, s.standing, policy, document, months, tier_rank(s.standing) AS rank, asked.value, o.*
FROM stored AS s JOIN policy USING (policy_id), LATERAL (SELECT CASE WHEN random() < 0.15 THEN NULL ELSE round(random() * 60 - 10) END AS value WHERE s.n > 0) AS asked,
  LATERAL tier_outlook(policy, s.standing, asked.value) AS o
WHERE s.n % 4 = 1;

CREATE FUNCTION pg_temp.steps_to_fall(policy tier_policy, standing tier_standing, value float8, months int) RETURNS TABLE (periods int, landing text) LANGUAGE plpgsql AS $$
DECLARE
  s tier_standing := standing;
BEGIN
  FOR i IN 1 .. 60 LOOP
    s := tier_step(policy, s, value, (tier_period(s) + months * interval '1 month')::date);
    IF tier_rank(s) <> tier_rank(standing) THEN
      IF tier_rank(s) < tier_rank(standing) THEN
        periods := i;
        landing := tier_label(policy, s);
      END IF;
      EXIT;
    END IF;
  END LOOP;
  RETURN NEXT;
END $$;
SELECT is_empty($$
  SELECT o.policy_id, o.client_id, o.n, o.value, periods_to_downgrade, o.landing, f.* FROM outlook AS o, LATERAL pg_temp.steps_to_fall(policy, standing, value, months) AS f
  WHERE (periods_to_downgrade, o.landing) IS DISTINCT FROM (f.periods, f.landing)
$$, 'the tier is lost after so many periods, and that one comes');
SELECT cmp_ok(count(periods_to_downgrade)::int, '>', 200, 'some will fall') FROM outlook;
SELECT cmp_ok(max(periods_to_downgrade), '>', 9, 'some late') FROM outlook;
SELECT is_empty($$ SELECT policy_id, client_id, n, value, amount_to_keep, amount_to_rise FROM outlook WHERE (value IS NULL) <> (amount_to_keep IS NULL) OR amount_to_keep < 0 OR amount_to_rise < 0
    OR (amount_to_rise IS NULL) <> (value IS NULL OR rank = jsonb_array_length(document -> 'tiers')) $$, 'amounts are there where they mean something');
SELECT is_empty($$
  SELECT policy_id, client_id, n, value, amount_to_keep FROM outlook, LATERAL (SELECT (tier_period(standing) + months * interval '1 month')::date AS next) AS x
  WHERE value IS NOT NULL AND (tier_base_rank(tier_step(policy, standing, value + amount_to_keep, next)) < rank
    OR (amount_to_keep > 0 AND tier_base_rank(tier_step(policy, standing, value + amount_to_keep - 0.5, next)) >= rank)
    OR (amount_to_rise IS NOT NULL AND tier_base_rank(tier_step(policy, standing, value + amount_to_rise, next)) <= rank)
    OR (amount_to_rise > 0 AND tier_base_rank(tier_step(policy, standing, value + amount_to_rise - 0.5, next)) > rank))
$$, 'so much more keeps the tier or enters the next, and a little less does not');
-- Who has been below for ever falls at the first review.
CREATE FUNCTION pg_temp.first_fall(policy tier_policy, standing tier_standing, months int) RETURNS date LANGUAGE plpgsql AS $$
DECLARE
  s tier_standing := (standing::jsonb - 'override' || jsonb_build_object('run_below', 60000, 'bases', (SELECT jsonb_agg(1) FROM generate_series(1, 24))))::tier_standing;
BEGIN
  LOOP
    s := tier_step(policy, s, 1, (tier_period(s) + months * interval '1 month')::date);
    IF tier_rank(s) < tier_rank(standing) THEN
      RETURN tier_period(s);
    END IF;
  END LOOP;
END $$;
SELECT is_empty($$ SELECT policy_id, client_id, n FROM outlook WHERE next_review IS DISTINCT FROM CASE WHEN rank > 1 THEN pg_temp.first_fall(policy, standing, months) END $$, 'the next review is the next period in which a tier is lost');
SELECT cmp_ok(count(*)::int, '>', 100, 'some wait for it') FROM outlook WHERE next_review > tier_period(standing) + months * interval '1 month';

------------------------------------------------------------------------------------------------------------------------
-- Overrides count while they hold, and pass without a trace
------------------------------------------------------------------------------------------------------------------------

CREATE TABLE overridden AS
SELECT s.policy_id, s.client_id, s.n, o.until, o.label, array_position(tier_labels(policy), o.label) AS given, tier_override(policy, s.standing, o.label, o.until) AS standing
FROM stored AS s JOIN policy USING (policy_id), LATERAL (SELECT tier_period(s.standing) + (random() * 400)::int AS until, (tier_labels(policy))[1 + floor(random() * cardinality(tier_labels(policy)))] AS label WHERE s.n > 0) AS o
WHERE s.n % 7 = 2;
CREATE TABLE after_override AS
SELECT o.policy_id, o.client_id, o.n AS given_in, h.n, h.period, until, given, o.standing AS start, tier_track(policy, value, on_day, o.standing) OVER (PARTITION BY o.policy_id, o.client_id, o.n ORDER BY h.n) AS standing
FROM overridden AS o JOIN history AS h USING (policy_id, client_id) JOIN policy USING (policy_id) WHERE h.n > o.n;
SELECT is_empty($$
  SELECT a.* FROM after_override AS a JOIN tracked AS t USING (policy_id, client_id, n)
  WHERE CASE WHEN a.period <= until THEN tier_rank(a.standing) <> given OR tier_since(a.standing) <> tier_period(start) OR tier_override_until(a.standing) <> until
      OR (a.standing::jsonb - 'override')::tier_standing <> t.standing ELSE a.standing <> t.standing END
$$, 'the given tier counts up to the period of its last day; the moves go on underneath');
SELECT ok(count(*) FILTER (WHERE period <= until) > 200 AND count(*) FILTER (WHERE period > until) > 200 AND count(*) FILTER (WHERE given <> (start::jsonb ->> 'rank')::int) > 200, 'overrides held and ended') FROM after_override;

------------------------------------------------------------------------------------------------------------------------
-- Monotone: who was never lower does not stand lower
------------------------------------------------------------------------------------------------------------------------

-- True where tiers are reviewed at the same time for everybody and nothing protects a new one (no "min_hold", no anniversaries), and a fall is by
-- one tier or at once: the one above has never been below for longer. A run is of no use to who fell into a lower tier by it.
CREATE TABLE monotone AS
SELECT policy_id, policy, document FROM policy
WHERE coalesce((document #>> '{moves,min_hold}')::int, 0) = 0 AND coalesce(document #>> '{moves,calendar}', 'rolling') <> 'anniversary'
  AND (coalesce((document #>> '{moves,down_after}')::int, 1) = 1 OR document #>> '{moves,land}' = 'one_down');
SELECT cmp_ok(count(*)::int, '>', 10, 'there are such policies') FROM monotone;
CREATE TABLE pair AS
SELECT policy_id, pair_id, n, tier_track(policy, low, month) OVER w AS low, tier_track(policy, high, month) OVER w AS high
FROM (
  SELECT m.*, pair_id, n, (date '2021-01-01' + (n - 1) * CASE document ->> 'period' WHEN 'month' THEN interval '1 month' ELSE interval '3 months' END)::date AS month,
    CASE WHEN is_missing THEN NULL ELSE low END AS low, CASE WHEN is_missing THEN NULL ELSE low + above END AS high
  FROM monotone AS m, generate_series(1, 60) AS pair_id, generate_series(1, 30) AS n, LATERAL (SELECT round(random() * 50)::float8 AS low, CASE WHEN random() < 0.4 THEN round(random() * 20) ELSE 0 END AS above, random() < 0.05 AS is_missing WHERE n > 0) AS r) AS h
WINDOW w AS (PARTITION BY policy_id, pair_id ORDER BY n);
SELECT is_empty($$ SELECT * FROM pair WHERE tier_rank(low) > tier_rank(high) $$, 'one tier down or down at once, same reviews for all: never lower, never in a lower tier');
SELECT cmp_ok(count(*) FILTER (WHERE tier_rank(low) < tier_rank(high))::int, '>', 100, 'often in a higher one') FROM pair;

-- Not true of the others; a history that is better somewhere and worse nowhere ends lower.
SELECT ok(tier_rank(better) < tier_rank(worse), 'not so: ' || why || format(' (tier %s against %s)', tier_rank(better), tier_rank(worse)))
FROM (VALUES
    ('land current: the higher tier has been missed for longer, and all of it is lost', '{"down_after": 3, "land": "current"}'::jsonb, '{3,2,2,1}'::float8[], '{2,2,2,1}'::float8[]),
    ('land best of window: who fell in two steps is protected by the first', '{"down_after": 2, "land": "best_of_window", "window": 2}', '{3,3,1,1}', '{3,2,1,1}'),
    ('min_hold protects who rose late', '{"min_hold": 3}', '{2,2,2,2,1}', '{1,1,1,2,1}'),
    ('anniversary: who rose late is reviewed late', '{"calendar": "anniversary"}', '{2,2,2,2,2,2,2,2,2,2,2,2,1}', '{1,2,2,2,2,2,2,2,2,2,2,2,1}')) AS c (why, moves, high, low),
  LATERAL (SELECT jsonb_build_object('period', 'month', 'moves', moves, 'tiers', '[{"label": "a"}, {"label": "b", "enter": 2}, {"label": "c", "enter": 3}]'::jsonb)::tier_policy AS p) AS d,
  LATERAL (SELECT tier_track(p, h, m::date ORDER BY m) AS better, tier_track(p, l, m::date ORDER BY m) AS worse, bool_and(h >= l) AS is_better
    FROM unnest(high, low) WITH ORDINALITY AS u (h, l, n), LATERAL (SELECT date '2026-01-01' + (n - 1) * interval '1 month' AS m) AS x) AS t
WHERE is_better;

SELECT * FROM finish();
ROLLBACK;
