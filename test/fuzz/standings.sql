-- What holds of every standing that is accepted, and of every tier policy with a period. A broken property is raised as FZ001.

-- The policies of the standings that are mutated: each digest is one of these.
CREATE TABLE fuzz.standing_policy (n int PRIMARY KEY, policy crm.tier_policy);
INSERT INTO fuzz.standing_policy VALUES
  (1, '{"period": "month", "tiers": [{"label": "a"}, {"label": "b", "enter": 2, "keep": 1.5}, {"label": "c", "enter": 3}, {"label": "d", "enter": 4}],
    "moves": {"up_after": 2, "watch_after": 3, "down_after": 6, "land": "best_of_window", "window": 12}}'),
  (2, '{"period": "quarter", "tiers": [{"label": "a"}, {"label": "b", "enter": 2}], "moves": {"down_after": 2, "land": "one_down", "min_hold": 3, "missing": "freeze", "calendar": "anniversary"}}'),
  (3, '{"period": "month", "tiers": [{"label": "a"}, {"label": "b", "enter": 2}, {"label": "c", "enter": 3}], "moves": {"missing": "count_below", "calendar": "fixed", "review_month": 7}}');

-- Goes on from a standing, NULL to begin: whatever comes can be written and read, stands in the policy, and is explained and foreseen by the same steps.
CREATE FUNCTION fuzz.walk(policy crm.tier_policy, standing crm.tier_standing) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  tiers int := cardinality(crm.tier_labels(policy));
  months int := CASE policy::jsonb ->> 'period' WHEN 'month' THEN 1 ELSE 3 END;
  s crm.tier_standing := standing;
  day date := coalesce(crm.tier_period(standing), '2026-01-01');
  measures float8[] := '{}';
  days date[] := '{}';
  value float8;
  last record;
BEGIN
  FOREACH value IN ARRAY ARRAY[3, 2, 'NaN', 1, NULL, 5, 0, 0, 0, 'Infinity', '-Infinity', 2, 1e6]::float8[] LOOP
    day := (day + (CASE WHEN value = 1 THEN 4 ELSE 1 END * months) * interval '1 month')::date;
    EXIT WHEN day > '9999-12-01';
    measures := measures || value;
    days := days || day;
    s := crm.tier_step(policy, s, value, day);
    IF s IS NULL THEN
      CONTINUE;
    END IF;
    PERFORM fuzz.check_standing(s, false);
    IF crm.tier_rank(s) NOT BETWEEN 1 AND tiers OR crm.tier_base_rank(s) NOT BETWEEN 1 AND tiers OR crm.tier_since(s) > crm.tier_period(s) THEN
      PERFORM fuzz.broken('a standing outside the policy', policy::text, standing::text, s::text);
    END IF;
    PERFORM crm.tier_outlook(policy, s, value);
  END LOOP;
  IF days <> '{}' AND (SELECT crm.tier_track(policy, m, d, standing ORDER BY d) FROM unnest(measures, days) AS u (m, d)) IS DISTINCT FROM s THEN
    PERFORM fuzz.broken('the aggregate is not the steps', policy::text, standing::text);
  END IF;
  SELECT e.* INTO last FROM crm.tier_explain(policy, measures, days, standing) AS e ORDER BY e.period DESC LIMIT 1;
  IF days <> '{}' AND (last.tier, last.run_below, last.since) IS DISTINCT FROM (crm.tier_label(policy, s), crm.tier_run_below(s), crm.tier_since(s)) THEN
    PERFORM fuzz.broken('the explanation is not the steps', policy::text, standing::text, last::text, s::text);
  END IF;
END
$$;

CREATE FUNCTION fuzz.check_standing(v crm.tier_standing, walks boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  again crm.tier_standing := v::text::crm.tier_standing;
  p record;
BEGIN
  IF NOT v = again OR v <> again OR v::text <> again::text OR crm.tier_standing_send(v) <> crm.tier_standing_send(again) OR v::jsonb::crm.tier_standing <> v THEN
    PERFORM fuzz.broken('another value through text', v::text, again::text);
  END IF;
  IF crm.tier_standing_hash(v) <> crm.tier_standing_hash(again) OR crm.tier_standing_hash_extended(v, 7) <> crm.tier_standing_hash_extended(again, 7) THEN
    PERFORM fuzz.broken('equal but of other hash', v::text);
  END IF;
  IF crm.tier_rank(v) IS NULL OR crm.tier_since(v) IS NULL OR crm.tier_period(v) IS NULL OR crm.on_watch(v) IS NULL OR crm.tier_base_rank(v) IS NULL OR crm.tier_run_below(v) < 0
    OR crm.tier_override_until(v) < crm.tier_period(v) THEN
    PERFORM fuzz.broken('an accessor has nothing to say', v::text);
  END IF;
  FOR p IN SELECT policy FROM fuzz.standing_policy WHERE walks LOOP
    BEGIN
      PERFORM fuzz.walk(p.policy, v);
      PERFORM crm.tier_label(p.policy, crm.tier_override(p.policy, v, 'b', 'infinity'));
    EXCEPTION WHEN SQLSTATE '22023' THEN NULL; -- another policy's, or none that steps lead to
    END;
  END LOOP;
END
$$;

CREATE TABLE fuzz.received_tier_standing (v crm.tier_standing);
CREATE FUNCTION fuzz.check_received_tier_standing() RETURNS void
LANGUAGE sql AS $$ SELECT fuzz.check_standing(v, true) FROM fuzz.received_tier_standing AS r $$;

-- A mutated policy: standings of it, if it has periods.
CREATE FUNCTION fuzz.check_moves(document text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  policy crm.tier_policy := document::crm.tier_policy;
BEGIN
  IF policy::jsonb ? 'period' THEN
    PERFORM fuzz.walk(policy, NULL);
  END IF;
END
$$;
