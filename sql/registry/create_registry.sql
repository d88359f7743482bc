-- A template with the names in braces that are among the pieces replaced. Other braces are left alone, and so are those of what is put in.
CREATE FUNCTION registry_expand(template text, pieces jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT pg_catalog.string_agg(CASE WHEN registry_expand.pieces ? n.name THEN (registry_expand.pieces ->> n.name)
    || pg_catalog.substr(p.part, pg_catalog.length(n.name) + 3) ELSE p.part END, '' ORDER BY p.place)
  FROM pg_catalog.regexp_split_to_table(registry_expand.template, '(?=\{[a-z0-9_]+\})') WITH ORDINALITY AS p (part, place)
  CROSS JOIN LATERAL (SELECT pg_catalog.substring(p.part, '^\{([a-z0-9_]+)\}') AS name) AS n;
END;

COMMENT ON FUNCTION registry_expand(text, jsonb) IS 'A template with its {names} replaced by pieces: {"name": "text"}';

-- How a registry is made: a statement for each object and comment, in order. Nothing is made here, so the plan can be read.
CREATE FUNCTION registry_plan(registry text)
RETURNS TABLE (ordinal bigint, type text, object text, statement text)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 150
SET search_path = pg_catalog, pg_temp
AS $registry_plan$
#variable_conflict use_column
DECLARE
  schema text := quote_ident(registry);
  pieces jsonb := jsonb_build_object(
    'registry', schema, 'registry_text', quote_literal(schema),
    'kinds', quote_literal(ARRAY(SELECT k.kind FROM @extschema@.policy_kind() AS k)) || '::text[]',
    'decision_sha256', @extschema@.decision_sha256_expression(), 'seal_sha256', @extschema@.seal_sha256_expression());
BEGIN
  RETURN QUERY
    WITH template AS (
      SELECT t.*
      FROM @extschema@.registry_template() AS t
    ), expanded AS (              -- {kind} stands for each kind
      SELECT t.ordinal, k.kind, t.type, replace(t.name, '{kind}', k.name) AS name, replace(t.meaning, '{kind}', k.kind) AS meaning,
        @extschema@.registry_expand(t.definition, pieces || jsonb_build_object('kind', k.name)) AS definition,
        @extschema@.registry_expand(t.body, pieces || jsonb_build_object('kind', k.name)) AS body
      FROM template AS t
      JOIN (SELECT p.kind, quote_ident(p.kind) AS name, true AS is_kind FROM @extschema@.policy_kind() AS p UNION ALL SELECT '', '', false) AS k
        ON k.is_kind = (coalesce(t.definition, '') LIKE '%{kind}%')
    ), said AS (
      SELECT e.ordinal, e.kind, 1 AS step, e.type, e.name,
        format('CREATE %s%s %s%s', CASE WHEN e.type IN ('function', 'view', 'trigger') THEN 'OR REPLACE ' ELSE '' END, upper(e.type),
          CASE e.type WHEN 'trigger' THEN e.name || ' ' WHEN 'index' THEN e.name || ' ON ' WHEN 'unique index' THEN e.name || ' ON ' ELSE '' END
            || btrim(e.definition, E'\n'), ' AS ' || quote_literal(e.body)) AS statement
      FROM expanded AS e
      WHERE e.definition IS NOT NULL
      UNION ALL
      SELECT e.ordinal, e.kind, 2, 'comment', e.name, format('COMMENT ON %s %s.%s IS %L', upper(e.type), schema, e.name, e.meaning)
      FROM expanded AS e
      WHERE e.meaning IS NOT NULL
    )
    SELECT row_number() OVER (ORDER BY s.ordinal, s.kind, s.step), s.type, s.name, s.statement
    FROM said AS s
    ORDER BY 1;
END;
$registry_plan$;

COMMENT ON FUNCTION registry_plan(text) IS 'The statements that make a registry in a schema; makes nothing';

CREATE FUNCTION registry_template()
RETURNS TABLE (ordinal int, type text, name text, definition text, body text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 150
BEGIN ATOMIC
  SELECT t.* FROM registry_policy_template() AS t
  UNION ALL
  SELECT t.* FROM registry_log_template() AS t
  UNION ALL
  SELECT t.* FROM registry_replay_template() AS t;
END;

COMMENT ON FUNCTION registry_template() IS 'Everything that a registry has, as templates';

CREATE FUNCTION is_registry(registry text)
RETURNS bool
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT pg_catalog.count(*) = 2
  FROM (VALUES ('policy_version', 'version_id'), ('decision_log', 'decision_id')) AS t (name, key)
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', is_registry.registry, t.name)) AND a.attname = t.key;
END;

COMMENT ON FUNCTION is_registry(text) IS 'Whether a schema is a registry: it has the tables that create_registry makes';

CREATE FUNCTION require_registry(registry text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $require_registry$
BEGIN
  IF registry IS NULL OR NOT @extschema@.is_registry(registry) THEN
    RAISE EXCEPTION 'schema % is not a registry', coalesce(quote_ident(registry), 'NULL')
      USING ERRCODE = 'invalid_schema_name', HINT = 'create_registry makes one.';
  END IF;
END;
$require_registry$;

COMMENT ON FUNCTION require_registry(text) IS 'An error unless the schema is a registry';

CREATE FUNCTION create_registry(registry text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $create_registry$
DECLARE
  planned record;
BEGIN
  IF registry IS NULL OR registry = '' THEN
    RAISE EXCEPTION 'registry must be the name of a schema' USING ERRCODE = 'null_value_not_allowed';
  ELSIF @extschema@.is_registry(registry) THEN
    RAISE EXCEPTION 'schema % is a registry already', quote_ident(registry)
      USING ERRCODE = 'duplicate_object', HINT = 'update_registry brings its functions up to date.';
  ELSIF EXISTS (SELECT FROM pg_class AS k WHERE k.relnamespace = to_regnamespace(quote_ident(registry)))
    OR EXISTS (SELECT FROM pg_proc AS f WHERE f.pronamespace = to_regnamespace(quote_ident(registry)))
    OR EXISTS (SELECT FROM pg_type AS t WHERE t.typnamespace = to_regnamespace(quote_ident(registry))) THEN
    RAISE EXCEPTION 'schema % holds other objects', quote_ident(registry)
      USING ERRCODE = 'duplicate_schema', HINT = 'A registry has a schema of its own: name one that is empty or does not exist.';
  END IF;
  IF EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = registry AND NOT pg_has_role(n.nspowner, 'USAGE')) THEN
    RAISE EXCEPTION 'schema % belongs to somebody else', quote_ident(registry)
      USING ERRCODE = 'insufficient_privilege', HINT = 'Who owns the schema can put functions beside those of the registry.';
  ELSIF to_regnamespace(quote_ident(registry)) IS NULL THEN
    EXECUTE format('CREATE SCHEMA %I', registry);
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', registry, 'Registry of policies and log of decisions, made by create_registry');
  END IF;
  FOR planned IN SELECT * FROM @extschema@.registry_plan(registry) AS p ORDER BY p.ordinal LOOP
    EXECUTE planned.statement;
  END LOOP;
  EXECUTE format('SELECT count(*) FROM %I.extend_decision_log((current_date + interval ''1 year'')::date)', registry);
END;
$create_registry$;

COMMENT ON FUNCTION create_registry(text) IS
  'Makes the schema with a registry of policies and a log of decisions: tables that only grow, and functions over them. They belong to the caller';

CREATE FUNCTION update_registry(registry text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $update_registry$
DECLARE
  planned record;
BEGIN
  PERFORM @extschema@.require_registry(registry);
  FOR planned IN
    SELECT * FROM @extschema@.registry_plan(registry) AS p WHERE p.type IN ('function', 'view', 'trigger', 'comment') ORDER BY p.ordinal
  LOOP
    EXECUTE planned.statement;
  END LOOP;
END;
$update_registry$;

COMMENT ON FUNCTION update_registry(text) IS
  'Makes the functions, triggers and views of a registry again, after an update of the extension; rows and grants stay';

CREATE FUNCTION drop_registry(registry text, with_evidence boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $drop_registry$
DECLARE
  versions bigint;
  decisions bigint;
  made record;
BEGIN
  PERFORM @extschema@.require_registry(registry);
  EXECUTE format('SELECT (SELECT count(*) FROM %1$I.policy_version), (SELECT count(*) FROM %1$I.decision_log)', registry) INTO versions, decisions;
  IF versions + decisions > 0 AND NOT coalesce(with_evidence, false) THEN
    RAISE EXCEPTION 'registry % holds evidence: % versions of policies and % decisions', quote_ident(registry), versions, decisions
      USING ERRCODE = 'object_not_in_prerequisite_state',
        HINT = 'Dump the schema and keep the dump as long as the law wants; then say with_evidence => true.';
  END IF;
  FOR made IN
    SELECT t.tgname AS name, t.tgrelid::regclass::text AS of
    FROM pg_trigger AS t
    JOIN pg_class AS k ON k.oid = t.tgrelid
    JOIN pg_proc AS f ON f.oid = t.tgfoid
    WHERE k.relnamespace = to_regnamespace(quote_ident(registry)) AND f.pronamespace = k.relnamespace AND NOT t.tgisinternal AND t.tgparentid = 0
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', made.name, made.of);
  END LOOP;
  FOR made IN SELECT * FROM @extschema@.registry_plan(registry) AS p WHERE p.type IN ('function', 'view', 'table') ORDER BY p.ordinal DESC LOOP
    EXECUTE format('DROP %s IF EXISTS %I.%s', upper(made.type), registry, made.object);
  END LOOP;
  BEGIN
    EXECUTE format('DROP SCHEMA %I', registry);
  EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
    NULL;                       -- it holds other things or is somebody else's
  END;
END;
$drop_registry$;

COMMENT ON FUNCTION drop_registry(text, boolean) IS
  'Removes a registry, and its schema if nothing else is in it. One that holds anything goes only with with_evidence => true';
