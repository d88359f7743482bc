-- What if: two tier policies over the history that a mart keeps.

-- The minutes that a decision says: its number, its output "minutes", times its output "times_per_quarter" if it has one; of a list, all together.
CREATE FUNCTION service_minutes(decision jsonb)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT sum(CASE jsonb_typeof(e.said) WHEN 'number' THEN e.said::numeric
    WHEN 'object' THEN CASE jsonb_typeof(e.said -> 'minutes') WHEN 'number' THEN (e.said -> 'minutes')::numeric END
      * CASE jsonb_typeof(e.said -> 'times_per_quarter') WHEN 'number' THEN (e.said -> 'times_per_quarter')::numeric ELSE 1 END END)
  FROM jsonb_array_elements(CASE jsonb_typeof(service_minutes.decision) WHEN 'array' THEN service_minutes.decision
    ELSE jsonb_build_array(service_minutes.decision) END) AS e (said));

COMMENT ON FUNCTION service_minutes(jsonb) IS
  'The minutes of service that a decision of a service model says: its number or its output "minutes", times its output "times_per_quarter" '
  'if it has one; of several hits, all together';

-- The query that steps through the history of every client under both policies in one pass, up to a period: $1 and $2 are the policies, $3 the period.
CREATE FUNCTION simulate_tiers_step(mart text, current tier_policy, proposed tier_policy, basis jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $simulate_tiers_step$
DECLARE
  side record;
BEGIN
  FOR side IN VALUES ('current', current::text::jsonb ->> 'period'), ('proposed', proposed::text::jsonb ->> 'period') LOOP
    IF side.column2 IS DISTINCT FROM basis ->> 'period' THEN
      RAISE EXCEPTION 'the % tier policy has % as period, the mart keeps values by %', side.column1, coalesce('"' || side.column2 || '"', 'nothing'), basis ->> 'period'
        USING ERRCODE = 'invalid_parameter_value', HINT = format('Write "period": "%s".', basis ->> 'period');
    END IF;
  END LOOP;
  RETURN format('
      SELECT t.month, t.client_id, t.value, t.assets, @extschema@.tier_rank(@extschema@.tier_track($1, t.value, t.month) OVER w) AS from_order,
        @extschema@.tier_rank(@extschema@.tier_track($2, t.value, t.month) OVER w) AS to_order
      FROM %1$I.tier_month AS t
      JOIN %2$I.client AS c ON c.client_id = t.client_id
      WHERE t.month <= $3
      WINDOW w AS (PARTITION BY t.client_id ORDER BY t.month)', mart, basis ->> 'source');
END;
$simulate_tiers_step$;

COMMENT ON FUNCTION simulate_tiers_step(text, tier_policy, tier_policy, jsonb) IS
  'The query that steps through a mart''s history under two tier policies in one pass; simulate_tiers and tier_swap_set run it';

-- What a mart's standings rest on, for who reads: an error where it keeps none.
CREATE FUNCTION require_standings(mart text)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $require_standings$
DECLARE
  basis jsonb;
BEGIN
  PERFORM @extschema@.require_mart(mart);
  IF to_regclass(format('%I.refresh_log', mart)) IS NOT NULL THEN
    EXECUTE format('SELECT r.basis FROM %I.refresh_log AS r ORDER BY r.month DESC LIMIT 1', mart) INTO basis;
  END IF;
  IF basis ->> 'period' IS NULL THEN
    RAISE EXCEPTION 'mart % keeps no standings', quote_ident(mart) USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Give it a tier policy with a "period" by update_mart, then CALL @extschema@.refresh_mart(mart).';
  END IF;
  RETURN basis;
END;
$require_standings$;

COMMENT ON FUNCTION require_standings(text) IS 'What the standings of a mart rest on; an error if it keeps none';

CREATE FUNCTION simulate_tiers(mart text, current tier_policy, proposed tier_policy, from_month date, to_month date, service_model decision_table DEFAULT NULL)
RETURNS TABLE (month date, from_tier text, from_tier_order int, to_tier text, to_tier_order int, clients int8, assets numeric,
  minutes_before numeric, minutes_after numeric)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $simulate_tiers$
#variable_conflict use_column
DECLARE
  basis jsonb := @extschema@.require_standings(mart);
  span interval := CASE basis ->> 'period' WHEN 'quarter' THEN '3 months' ELSE '1 month' END;
  last_month date;
  reads text[];
  missing text;
BEGIN
  simulate_tiers.current := coalesce(simulate_tiers.current, (basis ->> 'tiers')::@extschema@.tier_policy);
  IF proposed IS NULL OR from_month IS NULL OR to_month IS NULL THEN
    RAISE EXCEPTION 'the proposed tier policy, from_month and to_month must not be NULL' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF service_model IS NOT NULL AND NOT EXISTS (
    SELECT FROM jsonb_array_elements(service_model::text::jsonb -> 'outputs') AS o (output) WHERE coalesce(o.output ->> 'name', o.output #>> '{}') = 'minutes'
  ) THEN
    RAISE EXCEPTION 'the service model has no output "minutes"' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Minutes are added up over the rules that hit; an output "times_per_quarter" multiplies them.';
  END IF;
  EXECUTE format('SELECT least(date_trunc($1, $2::timestamp)::date, max(t.month)) FROM %I.tier_month AS t', mart) INTO last_month USING basis ->> 'period', to_month;
  -- what the service model reads of clients besides the tier
  reads := ARRAY(SELECT a.name FROM @extschema@.policy_attributes(service_model) AS a WHERE a.name <> 'tier' ORDER BY a.ordinal);
  SELECT r.name INTO missing FROM unnest(reads) AS r (name)
  WHERE r.name NOT IN (SELECT f.name FROM @extschema@.mart_fact(basis ->> 'source') AS f WHERE f.side = 'client') LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the service model reads "%", which the source cannot give for a client', missing USING ERRCODE = 'undefined_column',
      DETAIL = format('There are: tier, %s.', (SELECT string_agg(f.name, ', ' ORDER BY f.ordinal) FROM @extschema@.mart_fact(basis ->> 'source') AS f WHERE f.side = 'client')),
      HINT = 'Add the column to the source''s view client or client_profile, or correct the name.';
  END IF;
  RETURN QUERY EXECUTE format('
    WITH step AS MATERIALIZED (%1$s
    ), alike AS (                -- what a service model tells apart is decided once
      SELECT s.month, s.from_order, s.to_order%3$s, count(*) AS clients, sum(s.assets) AS assets
      FROM step AS s
      %4$s
      WHERE s.month >= $4
      GROUP BY s.month, s.from_order, s.to_order%3$s
    ), labelled AS (
      SELECT a.*, (@extschema@.tier_labels($1))[a.from_order] AS from_tier, (@extschema@.tier_labels($2))[a.to_order] AS to_tier
      FROM alike AS a
    )
    SELECT l.month, l.from_tier, l.from_order, l.to_tier, l.to_order, sum(l.clients)::bigint, sum(l.assets),
      sum(l.clients * @extschema@.service_minutes(@extschema@.decide($5, was))), sum(l.clients * @extschema@.service_minutes(@extschema@.decide($5, becomes)))
    FROM labelled AS l
    CROSS JOIN LATERAL (SELECT l.from_tier AS tier%2$s OFFSET 0) AS was
    CROSS JOIN LATERAL (SELECT l.to_tier AS tier%2$s OFFSET 0) AS becomes
    GROUP BY l.month, l.from_order, l.from_tier, l.to_order, l.to_tier
    ORDER BY l.month, l.from_order, l.to_order',
    @extschema@.simulate_tiers_step(mart, simulate_tiers.current, proposed, basis),
    (SELECT string_agg(format(', l.%I', r.name), '') FROM unnest(reads) AS r (name)),
    (SELECT string_agg(format(', f.%I', r.name), '') FROM unnest(reads) AS r (name)),
    CASE WHEN reads <> '{}' THEN format('LEFT JOIN %I.client_facts(%L) AS f ON f.client_id = s.client_id', mart, (last_month + span)::date - 1) END)
  USING simulate_tiers.current, proposed, last_month, date_trunc(basis ->> 'period', from_month::timestamp)::date, service_model;
END;
$simulate_tiers$;

COMMENT ON FUNCTION simulate_tiers(text, tier_policy, tier_policy, date, date, decision_table) IS
  'Who would be in which tier, month by month, under two tier policies over the same history: clients, assets and the minutes of service that they are owed '
  'in a quarter. current: NULL is the mart''s own. service_model: a decision table of tier and facts about clients, as they are at the end of the last month, with an output "minutes"; '
  'without it minutes are NULL';

CREATE FUNCTION tier_swap_set(mart text, current tier_policy, proposed tier_policy, month date)
RETURNS TABLE (client_id text, value float8, assets numeric, from_tier text, from_tier_order int, to_tier text, to_tier_order int)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $tier_swap_set$
#variable_conflict use_column
DECLARE
  basis jsonb := @extschema@.require_standings(mart);
BEGIN
  tier_swap_set.current := coalesce(tier_swap_set.current, (basis ->> 'tiers')::@extschema@.tier_policy);
  IF proposed IS NULL OR tier_swap_set.month IS NULL THEN
    RAISE EXCEPTION 'the proposed tier policy and the month must not be NULL' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  RETURN QUERY EXECUTE format('
    SELECT s.client_id, s.value, s.assets, k.from_tier, s.from_order, k.to_tier, s.to_order
    FROM (%1$s) AS s
    CROSS JOIN LATERAL (
      SELECT (@extschema@.tier_labels($1))[s.from_order] AS from_tier, (@extschema@.tier_labels($2))[s.to_order] AS to_tier) AS k
    WHERE s.month = $3 AND k.from_tier IS DISTINCT FROM k.to_tier',
    @extschema@.simulate_tiers_step(mart, tier_swap_set.current, proposed, basis))
  USING tier_swap_set.current, proposed, date_trunc(basis ->> 'period', tier_swap_set.month::timestamp)::date;
END;
$tier_swap_set$;

COMMENT ON FUNCTION tier_swap_set(text, tier_policy, tier_policy, date) IS
  'The clients whose tier in a month would be another under a proposed tier policy: value, assets and both tiers. current: NULL is the mart''s own';
