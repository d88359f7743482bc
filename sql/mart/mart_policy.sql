-- The policies that a mart may have, as data: the column of its table "definition" that holds one, its type, and whether a mart takes it from a
-- registry without being told its name. Decision tables serve many ends, so theirs must be named.
CREATE FUNCTION mart_policy_slot()
RETURNS TABLE (ordinal int, slot text, kind text, by_name bool, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 6
BEGIN ATOMIC
  SELECT s.*
  FROM (VALUES
    (1, 'rating', 'scorecard', false, 'Scorecard of client_rating'),
    (2, 'tiers', 'tier_policy', false, 'Tier policy of client_tier'),
    (3, 'suitability', 'suitability_policy', false, 'Suitability policy'),
    (4, 'segments', 'decision_table', true, 'Decision table of client_rfm: from the recency, frequency and monetary score to the named segment'),
    (5, 'life_stage', 'decision_table', true, 'Decision table of life_stage: from facts about clients to the stage of their wealth life cycle'),
    (6, 'service_model', 'decision_table', true, 'Decision table of service_match: from tier, life stage and facts about clients to the services that are owed in a quarter')
  ) AS s (ordinal, slot, kind, by_name, meaning);
END;

COMMENT ON FUNCTION mart_policy_slot() IS 'The policies that a mart may have: column of its definition, type, whether one of a registry must be named, meaning';

-- The policies of a mart by day. slot is rating, tiers or suitability; definition is the row of the mart's table "definition" as jsonb. A policy that
-- was given has one row without a first day; policies of a registry have one for each day on which another version begins to govern, or none does.
CREATE FUNCTION mart_policy(definition jsonb, slot text)
RETURNS TABLE (from_day date, until_day date, document text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
  SELECT NULL::date, NULL::date, mart_policy.definition ->> mart_policy.slot
  WHERE mart_policy.definition ->> 'registry' IS NULL AND mart_policy.definition ->> mart_policy.slot IS NOT NULL
  UNION ALL
  SELECT p.from_day, pg_catalog.lead(p.from_day) OVER (ORDER BY p.from_day), p.document
  FROM pg_catalog.jsonb_to_recordset(mart_policy.definition -> 'policies' -> mart_policy.slot) AS p (from_day date, document text)
  WHERE mart_policy.definition ->> 'registry' IS NOT NULL;
END;

COMMENT ON FUNCTION mart_policy(jsonb, text) IS
  'The policies of a mart for rating, tiers or suitability, with the first day on which each governs and the first on which it does not';

-- An expression over a policy, %s in the template, for the version of a day. Each version stands in it as a literal of its own, so that it is compiled once
-- and the planner may look into it.
CREATE FUNCTION mart_policy_by_day(definition jsonb, slot text, day text, template text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN pg_catalog.count(*) = 1 AND pg_catalog.bool_and(p.from_day IS NULL) THEN pg_catalog.min(v.expression)
    ELSE 'CASE' || pg_catalog.string_agg(pg_catalog.format(' WHEN %s >= %L::date THEN %s', mart_policy_by_day.day, p.from_day, v.expression), '' ORDER BY p.from_day DESC) || ' END' END
  FROM mart_policy(mart_policy_by_day.definition, mart_policy_by_day.slot) AS p
  CROSS JOIN LATERAL (
    SELECT CASE WHEN p.document IS NULL THEN 'NULL' ELSE pg_catalog.format(mart_policy_by_day.template, pg_catalog.format('%L::@extschema@.%I', p.document,
      (SELECT k.kind FROM mart_policy_slot() AS k WHERE k.slot = mart_policy_by_day.slot))) END AS expression) AS v;
END;

COMMENT ON FUNCTION mart_policy_by_day(jsonb, text, text, text) IS
  'An expression over the policy of a day: the template with each version as a literal in place of %s; NULL where a mart has no such policy';

-- What a registry has for a mart: for each slot the versions of one policy, by name or the only one there is.
CREATE FUNCTION mart_registry_policies(registry text, names jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $mart_registry_policies$
DECLARE
  slot record;
  known text[];
  versions jsonb;
  result jsonb := '{}';
BEGIN
  PERFORM @extschema@.require_registry(registry);
  FOR slot IN
    SELECT s.slot, s.kind, names ->> s.slot AS name FROM @extschema@.mart_policy_slot() AS s WHERE NOT s.by_name OR names ->> s.slot IS NOT NULL ORDER BY s.ordinal
  LOOP
    EXECUTE format('SELECT array_agg(DISTINCT t.name ORDER BY t.name) FROM %I.policy_timeline AS t WHERE t.kind = $1 AND t.status IN (''approved'', ''retired'')', registry)
      INTO known USING slot.kind;
    IF slot.name IS NULL AND cardinality(known) > 1 THEN
      RAISE EXCEPTION 'registry % has several policies of kind %', quote_ident(registry), slot.kind
        USING ERRCODE = 'invalid_parameter_value', DETAIL = format('There are: %s.', array_to_string(known, ', ')), HINT = format('Choose one: %s_name => ...', slot.slot);
    ELSIF slot.name IS NOT NULL AND slot.name <> ALL (coalesce(known, '{}')) THEN
      RAISE EXCEPTION 'registry % has no approved % "%"', quote_ident(registry), slot.kind, slot.name
        USING ERRCODE = 'undefined_object', DETAIL = format('There are: %s.', coalesce(array_to_string(known, ', '), 'none'));
    END IF;
    CONTINUE WHEN known IS NULL;
    -- a period that ends before the next begins is followed by a day on which none governs
    EXECUTE format('
      WITH period AS (
        SELECT t.valid_from, t.valid_until, v.document, lead(t.valid_from) OVER (ORDER BY t.valid_from) AS next_from
        FROM %1$I.policy_timeline AS t
        JOIN %1$I.policy_version AS v ON v.version_id = t.version_id
        WHERE t.kind = $1 AND t.name = $2 AND t.status IN (''approved'', ''retired'')
      )
      SELECT jsonb_agg(jsonb_build_object(''from_day'', d.from_day, ''document'', d.document) ORDER BY d.from_day)
      FROM (
        SELECT p.valid_from AS from_day, p.document FROM period AS p
        UNION ALL
        SELECT p.valid_until, NULL FROM period AS p WHERE p.valid_until IS DISTINCT FROM p.next_from AND p.valid_until IS NOT NULL) AS d', registry)
      INTO versions USING slot.kind, coalesce(slot.name, known[1]);
    result := result || jsonb_build_object(slot.slot, versions);
  END LOOP;
  RETURN result;
END;
$mart_registry_policies$;

COMMENT ON FUNCTION mart_registry_policies(text, jsonb) IS
  'The approved versions of the policies that a mart takes from a registry, {"rating": [{"from_day": ..., "document": ...}], ...}; names says which policy a slot has: {"rating": "..."}';

-- The texts that an output of a decision table may be, in their order: its "values", else what the rules give, first to last, then its default.
CREATE FUNCTION decision_table_labels(policy decision_table, output text)
RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN (
  SELECT coalesce(
    (SELECT pg_catalog.array_agg(v.value ORDER BY v.place)
      FROM pg_catalog.jsonb_array_elements_text(CASE pg_catalog.jsonb_typeof(o.output -> 'values') WHEN 'array' THEN o.output -> 'values' END) WITH ORDINALITY AS v (value, place)),
    (SELECT pg_catalog.array_agg(g.value ORDER BY g.place)
      FROM (
        SELECT a.value, pg_catalog.min(a.place) AS place
        FROM (
          SELECT r.rule -> 'then' ->> (o.place - 1)::int AS value, r.place FROM pg_catalog.jsonb_array_elements(decision_table_labels.policy::jsonb -> 'rules') WITH ORDINALITY AS r (rule, place)
          UNION ALL
          SELECT o.output ->> 'default', 2147483647) AS a
        WHERE a.value IS NOT NULL
        GROUP BY a.value) AS g))
  FROM pg_catalog.jsonb_array_elements(decision_table_labels.policy::jsonb -> 'outputs') WITH ORDINALITY AS o (output, place)
  WHERE coalesce(o.output ->> 'name', o.output #>> '{}') = decision_table_labels.output);

COMMENT ON FUNCTION decision_table_labels(decision_table, text) IS
  'The texts that an output of a decision table may be, in the order of its "values", else of the rules; NULL if it has no such output';

CREATE FUNCTION mart_policy_title(definition jsonb, slot text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN mart_policy_title.definition ->> 'registry' IS NULL THEN pg_catalog.concat_ws(' ', pg_catalog.min(p.document::jsonb ->> 'name'), pg_catalog.min(p.document::jsonb ->> 'version'))
    ELSE pg_catalog.concat(pg_catalog.min(p.document::jsonb ->> 'name'), ', the version of the day') END
  FROM mart_policy(mart_policy_title.definition, mart_policy_title.slot) AS p;
END;

COMMENT ON FUNCTION mart_policy_title(jsonb, text) IS 'What comments call the policy of a mart';
