-- Who may use the functions, views and columns of a mart, as the statements that say so.
CREATE FUNCTION mart_grant(mart text)
RETURNS TABLE (object text, id oid, "column" text, statement text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 50
BEGIN ATOMIC
  WITH made AS (
    SELECT o.signature AS object, f.oid AS id, f.proacl AS acl, 'FUNCTION' AS kind
    FROM mart_object(mart_grant.mart) AS o
    JOIN pg_catalog.pg_proc AS f ON f.oid = pg_catalog.to_regprocedure(o.signature)
    WHERE f.proacl IS NOT NULL
    UNION ALL
    SELECT n.name, v.oid, v.relacl, 'TABLE'
    FROM mart_object(mart_grant.mart) AS o
    CROSS JOIN LATERAL (SELECT pg_catalog.format('%I.%I', mart_grant.mart, o.name) AS name) AS n
    JOIN pg_catalog.pg_class AS v ON v.oid = pg_catalog.to_regclass(n.name)
  ), granted AS (
    SELECT m.object, m.id, NULL::text AS "column", m.kind, a.grantee, a.privilege_type, a.is_grantable
    FROM made AS m
    CROSS JOIN LATERAL pg_catalog.aclexplode(m.acl) AS a
    UNION ALL
    SELECT m.object, m.id, t.attname, m.kind, a.grantee, a.privilege_type, a.is_grantable
    FROM made AS m
    JOIN pg_catalog.pg_attribute AS t ON t.attrelid = m.id AND m.kind = 'TABLE'
    CROSS JOIN LATERAL pg_catalog.aclexplode(t.attacl) AS a
  )
  SELECT m.object, m.id, NULL::text, pg_catalog.format('REVOKE ALL ON %s %s FROM PUBLIC', m.kind, m.object)
  FROM made AS m
  UNION ALL
  SELECT g.object, g.id, g."column", pg_catalog.format('GRANT %s%s ON %s %s TO %s%s', g.privilege_type, CASE WHEN g."column" IS NULL THEN '' ELSE pg_catalog.format('(%I)', g."column") END, g.kind,
    g.object, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::pg_catalog.regrole::text END,
    CASE WHEN g.is_grantable AND g.grantee <> 0 THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM granted AS g;
END;

COMMENT ON FUNCTION mart_grant(text) IS 'Who may use the functions, views and columns of a mart, as the statements that grant it';

-- Brings a mart into line with its definition. What keeps its shape is replaced in place, so that grants and views of users stay; what changes
-- its shape is dropped and made again with the grants that it had; an object of a user that depends on it stops that with an error.
CREATE FUNCTION mart_build(mart text)
RETURNS TABLE (object text, status text, reason text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $mart_build$
#variable_conflict use_column
DECLARE
  plan jsonb;
  planned record;
  statement text;
  grants jsonb;
BEGIN
  EXECUTE format('SELECT jsonb_agg(to_jsonb(p) ORDER BY p.ordinal) FROM %I.definition AS d CROSS JOIN LATERAL @extschema@.mart_plan($1, to_jsonb(d)) AS p', mart)
    INTO plan USING mart;
  grants := (SELECT jsonb_agg(to_jsonb(g)) FROM @extschema@.mart_grant(mart) AS g);
  IF plan @> '[{"object": "summary_value", "status": "created"}]' THEN
    EXECUTE format('SELECT @extschema@.mart_summary_tables($1, d.source) FROM %I.definition AS d', mart) USING mart;
  END IF;
  IF plan @> '[{"object": "co_holding_value", "status": "created"}]' THEN
    EXECUTE format('SELECT @extschema@.mart_offer_table($1, d.source) FROM %I.definition AS d', mart) USING mart;
  END IF;
  IF plan @> '[{"object": "tier_value", "status": "created"}]' THEN
    EXECUTE format('SELECT @extschema@.mart_tier_tables($1, d.source) FROM %I.definition AS d', mart) USING mart;
  END IF;

  -- functions whose shape changes must go, and so must those that read them: views let go of them first
  IF EXISTS (
    SELECT FROM jsonb_to_recordset(plan) AS p (status text, signature text, shape text)
    JOIN pg_proc AS f ON f.oid = to_regprocedure(p.signature)
    WHERE p.status = 'created' AND p.shape <> pg_get_function_result(f.oid)
  ) THEN
    FOR planned IN SELECT * FROM jsonb_to_recordset(plan) AS p (ordinal int, object text, signature text) ORDER BY p.ordinal DESC LOOP
      IF to_regclass(format('%I.%I', mart, planned.object)) IS NOT NULL THEN
        EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker = true) AS SELECT %s', mart, planned.object, (
          SELECT string_agg(format('NULL::%s AS %I', format_type(a.atttypid, a.atttypmod), a.attname), ', ' ORDER BY a.attnum)
          FROM pg_attribute AS a
          WHERE a.attrelid = to_regclass(format('%I.%I', mart, planned.object)) AND a.attnum > 0));
      END IF;
      EXECUTE format('DROP FUNCTION IF EXISTS %s', planned.signature);
    END LOOP;
  END IF;

  FOR planned IN
    SELECT *
    FROM jsonb_to_recordset(plan) AS p (ordinal int, object text, status text, reason text, function_sql text, view_sql text, comment_sql text[])
    WHERE p.status = 'created' ORDER BY p.ordinal
  LOOP
    EXECUTE 'CREATE OR REPLACE ' || planned.function_sql;
    IF planned.view_sql IS NOT NULL THEN
      statement := format('VIEW %I.%I WITH (security_invoker = true) AS %s', mart, planned.object, planned.view_sql);
      BEGIN
        EXECUTE 'CREATE OR REPLACE ' || statement;
      EXCEPTION WHEN invalid_table_definition THEN        -- columns went, moved or changed their types
        EXECUTE format('DROP VIEW %I.%I', mart, planned.object);
        EXECUTE 'CREATE ' || statement;
      END;
    END IF;
    FOREACH statement IN ARRAY planned.comment_sql LOOP
      EXECUTE statement;
    END LOOP;
    RETURN QUERY VALUES (planned.object, planned.status, planned.reason);
  END LOOP;

  -- what is no longer made, and is read by nothing any more
  FOR planned IN SELECT * FROM jsonb_to_recordset(plan) AS p (ordinal int, object text, status text, signature text)
    WHERE p.status = 'left out' ORDER BY p.ordinal DESC
  LOOP
    EXECUTE format('DROP VIEW IF EXISTS %I.%I', mart, planned.object);
    EXECUTE format('DROP FUNCTION IF EXISTS %s', planned.signature);
  END LOOP;
  IF NOT plan @> '[{"object": "co_holding_value", "status": "created"}]' THEN
    EXECUTE format('DROP TABLE IF EXISTS %I.co_holding_day', mart);      -- whose policy reads positions
  END IF;

  FOR statement IN              -- on what was made again
    SELECT g.statement
    FROM jsonb_to_recordset(grants) AS g (object text, id oid, "column" text, statement text)
    CROSS JOIN LATERAL (SELECT CASE WHEN g.object LIKE '%)' THEN to_regprocedure(g.object)::oid ELSE to_regclass(g.object)::oid END AS id) AS n
    WHERE n.id <> g.id
      AND (g."column" IS NULL OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = n.id AND a.attname = g."column"))
  LOOP
    EXECUTE statement;
  END LOOP;
  FOR statement IN EXECUTE format('SELECT r.name FROM %I.definition AS d CROSS JOIN unnest(d.readers) AS r (name) WHERE to_regrole(quote_ident(r.name)) IS NOT NULL', mart) LOOP
    PERFORM @extschema@.mart_grant_reader(mart, to_regrole(quote_ident(statement)), true);
  END LOOP;
  RETURN QUERY
    SELECT p.object, p.status, p.reason
    FROM jsonb_to_recordset(plan) AS p (ordinal int, object text, status text, reason text)
    WHERE p.status = 'left out'
    ORDER BY p.ordinal;
END;
$mart_build$;

COMMENT ON FUNCTION mart_build(text) IS 'Brings the objects of a mart into line with its table "definition"; create_mart and update_mart call it';

-- Changes what a mart is made from, where what is not given stays, then makes its objects. given has the names of the columns of "definition".
CREATE FUNCTION mart_define(mart text, given jsonb)
RETURNS TABLE (object text, status text, reason text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off                   -- compiling takes longer than it saves
AS $mart_define$
#variable_conflict use_variable
DECLARE
  asked jsonb := jsonb_strip_nulls(given - 'settings');
  settings jsonb := coalesce(nullif(given -> 'settings', 'null'), '{}');
  kept jsonb;
  new jsonb;
  names jsonb;
  columns text;
BEGIN
  EXECUTE format('SELECT to_jsonb(d) FROM %I.definition AS d FOR UPDATE', mart) INTO kept;      -- what another changes meanwhile is not lost
  kept := coalesce(kept, '{"balance_mode": "change", "client_columns": [], "settings": {}, "readers": [], "only_row": true}');
  IF jsonb_typeof(settings) <> 'object' THEN
    RAISE EXCEPTION 'settings must be a JSON object' USING ERRCODE = 'invalid_parameter_value', HINT = 'Such as {"callback_share": 0.1}: mart_setting() lists them.';
  END IF;
  new := kept || asked || jsonb_build_object('settings', jsonb_strip_nulls((kept -> 'settings') || settings));
  IF new ->> 'balance_mode' NOT IN ('change', 'snapshot') THEN
    RAISE EXCEPTION 'balance_mode "%" is not known', new ->> 'balance_mode'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'It is change (a balance stands until the next) or snapshot (a trading day without one is 0).';
  ELSIF new ->> 'source' = mart THEN
    RAISE EXCEPTION 'mart and source are the same schema' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM @extschema@.mart_setting_piece(new -> 'settings');
  SELECT jsonb_object_agg(s.slot, new ->> (s.slot || '_name')) FILTER (WHERE new ->> (s.slot || '_name') IS NOT NULL) INTO names FROM @extschema@.mart_policy_slot() AS s;
  IF new ->> 'registry' IS NULL AND names IS NOT NULL THEN
    RAISE EXCEPTION 'names of policies need a registry' USING ERRCODE = 'invalid_parameter_value', HINT = 'Say where they are: registry => ...';
  ELSIF new ->> 'registry' IS NOT NULL THEN
    IF asked ?| ARRAY(SELECT s.slot FROM @extschema@.mart_policy_slot() AS s) THEN
      RAISE EXCEPTION 'policies come either from registry % or are given', quote_ident(new ->> 'registry')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Propose and approve the policy in the registry, then call update_mart.';
    END IF;
    new := new || jsonb_build_object('policies', @extschema@.mart_registry_policies(new ->> 'registry', coalesce(names, '{}')));
    SELECT new || jsonb_object_agg(s.slot, new -> 'policies' -> s.slot -> -1 ->> 'document') INTO new      -- the last; NULL where none governs then
    FROM @extschema@.mart_policy_slot() AS s;
  END IF;
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns
  FROM pg_attribute AS a WHERE a.attrelid = to_regclass(format('%I.definition', mart)) AND a.attnum > 0 AND NOT a.attisdropped;
  EXECUTE format('
    WITH changed AS (
      UPDATE %1$I.definition SET (%2$s) = (SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.definition, $1)) RETURNING true
    )
    INSERT INTO %1$I.definition (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.definition, $1) WHERE NOT EXISTS (SELECT FROM changed)', mart, columns)
  USING new;
  RETURN QUERY SELECT * FROM @extschema@.mart_build(mart);
  RETURN QUERY SELECT * FROM @extschema@.mart_refresh_follow(mart, @extschema@.mart_refresh_lock(mart, true));
END;
$mart_define$;

COMMENT ON FUNCTION mart_define(text, jsonb) IS
  'Changes the definition of a mart, where what is not given stays, and makes its objects; create_mart and update_mart call it';

CREATE FUNCTION is_mart(mart text)
RETURNS bool
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT pg_catalog.count(*) = 2
  FROM pg_catalog.pg_attribute AS a
  WHERE a.attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.definition', is_mart.mart)) AND a.attname IN ('source', 'balance_mode');
END;

COMMENT ON FUNCTION is_mart(text) IS 'Whether a schema is a mart: it has the table definition that create_mart makes';

CREATE FUNCTION require_mart(mart text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $require_mart$
BEGIN
  IF mart IS NULL OR NOT @extschema@.is_mart(mart) THEN
    RAISE EXCEPTION 'schema % is not a mart', coalesce(quote_ident(mart), 'NULL')
      USING ERRCODE = 'invalid_schema_name', HINT = 'create_mart makes one.';
  END IF;
END;
$require_mart$;

COMMENT ON FUNCTION require_mart(text) IS 'An error unless the schema is a mart';

CREATE FUNCTION create_mart(mart text, source text, rating scorecard DEFAULT NULL, tiers tier_policy DEFAULT NULL,
  suitability suitability_policy DEFAULT NULL, balance_mode text DEFAULT 'change', client_columns text[] DEFAULT '{}',
  tier_measure text DEFAULT NULL, market text DEFAULT NULL, segments decision_table DEFAULT NULL, life_stage decision_table DEFAULT NULL,
  service_model decision_table DEFAULT NULL, settings jsonb DEFAULT NULL, registry text DEFAULT NULL, rating_name text DEFAULT NULL, tiers_name text DEFAULT NULL,
  suitability_name text DEFAULT NULL, segments_name text DEFAULT NULL, life_stage_name text DEFAULT NULL, service_model_name text DEFAULT NULL)
RETURNS TABLE (object text, status text, reason text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $create_mart$
#variable_conflict use_column
BEGIN
  IF mart IS NULL OR source IS NULL THEN
    RAISE EXCEPTION 'mart and source must be names of schemas, not NULL' USING ERRCODE = 'null_value_not_allowed';
  ELSIF @extschema@.is_mart(mart) THEN
    RAISE EXCEPTION 'schema % is a mart already', quote_ident(mart)
      USING ERRCODE = 'duplicate_object', HINT = 'update_mart changes it, drop_mart removes it.';
  ELSIF EXISTS (SELECT FROM pg_class AS k WHERE k.relnamespace = to_regnamespace(quote_ident(mart)))
    OR EXISTS (SELECT FROM pg_proc AS f WHERE f.pronamespace = to_regnamespace(quote_ident(mart))) THEN
    RAISE EXCEPTION 'schema % holds other objects', quote_ident(mart)
      USING ERRCODE = 'duplicate_schema', HINT = 'A mart has a schema of its own: name one that is empty or does not exist.';
  END IF;
  IF to_regnamespace(quote_ident(mart)) IS NULL THEN
    EXECUTE format('CREATE SCHEMA %I', mart);
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', mart, 'Mart over the source schema ' || source || ', made by create_mart');
  END IF;
  EXECUTE format($table$
    CREATE TABLE %1$I.definition (
      source text NOT NULL,
      rating text,
      tiers text,
      suitability text,
      balance_mode text NOT NULL CHECK (balance_mode IN ('change', 'snapshot')),
      client_columns text[] NOT NULL,
      tier_measure text,
      market text,
      segments text,
      life_stage text,
      service_model text,
      settings jsonb NOT NULL,
      registry text,
      rating_name text,
      tiers_name text,
      suitability_name text,
      segments_name text,
      life_stage_name text,
      service_model_name text,
      policies jsonb,
      readers text[] NOT NULL DEFAULT '{}',
      only_row boolean NOT NULL DEFAULT true UNIQUE CHECK (only_row)
    );
    COMMENT ON TABLE %1$I.definition IS 'What the mart was made from, in one row; update_mart changes it';
    COMMENT ON COLUMN %1$I.definition.source IS 'Schema of the source views';
    COMMENT ON COLUMN %1$I.definition.rating IS 'Scorecard of client_rating';
    COMMENT ON COLUMN %1$I.definition.tiers IS 'Tier policy of client_tier';
    COMMENT ON COLUMN %1$I.definition.suitability IS 'Suitability policy';
    COMMENT ON COLUMN %1$I.definition.balance_mode IS 'What a day without a balance means: change (carried forward) or snapshot (0)';
    COMMENT ON COLUMN %1$I.definition.client_columns IS 'Facts about the client that every view of clients carries';
    COMMENT ON COLUMN %1$I.definition.tier_measure IS 'The fact that decides the tier; NULL takes average_assets, assets or holdings_value, the first there is';
    COMMENT ON COLUMN %1$I.definition.market IS 'The market whose trading days count; NULL takes the days of all markets';
    COMMENT ON COLUMN %1$I.definition.segments IS 'Decision table of client_rfm';
    COMMENT ON COLUMN %1$I.definition.life_stage IS 'Decision table of life_stage';
    COMMENT ON COLUMN %1$I.definition.service_model IS 'Decision table of service_match';
    COMMENT ON COLUMN %1$I.definition.settings IS 'Settings that are not as mart_setting() has them';
    COMMENT ON COLUMN %1$I.definition.registry IS 'Registry that the policies come from; NULL: they were given';
    COMMENT ON COLUMN %1$I.definition.rating_name IS 'Name of the scorecard in the registry; NULL: the only one';
    COMMENT ON COLUMN %1$I.definition.tiers_name IS 'Name of the tier policy in the registry; NULL: the only one';
    COMMENT ON COLUMN %1$I.definition.suitability_name IS 'Name of the suitability policy in the registry; NULL: the only one';
    COMMENT ON COLUMN %1$I.definition.segments_name IS 'Name of the decision table for segments in the registry; NULL: none';
    COMMENT ON COLUMN %1$I.definition.life_stage_name IS 'Name of the decision table for life stages in the registry; NULL: none';
    COMMENT ON COLUMN %1$I.definition.service_model_name IS 'Name of the decision table for services in the registry; NULL: none';
    COMMENT ON COLUMN %1$I.definition.policies IS 'The versions of the registry when the mart was made or updated, with their first days';
    COMMENT ON COLUMN %1$I.definition.readers IS 'Roles that grant_mart lets read the mart';
    COMMENT ON COLUMN %1$I.definition.only_row IS 'Keeps the table at one row';
  $table$, mart);
  RETURN QUERY SELECT * FROM @extschema@.mart_define(mart, jsonb_build_object('source', source, 'rating', rating::text, 'tiers', tiers::text, 'suitability', suitability::text,
    'balance_mode', balance_mode, 'client_columns', client_columns, 'tier_measure', tier_measure, 'market', market, 'segments', segments::text, 'life_stage', life_stage::text,
    'service_model', service_model::text, 'settings', settings, 'registry', registry, 'rating_name', rating_name, 'tiers_name', tiers_name, 'suitability_name', suitability_name,
    'segments_name', segments_name, 'life_stage_name', life_stage_name, 'service_model_name', service_model_name));
END;
$create_mart$;

COMMENT ON FUNCTION create_mart(text, text, scorecard, tier_policy, suitability_policy, text, text[], text, text, decision_table, decision_table, decision_table, jsonb, text, text, text, text, text, text, text) IS
  'Makes the schema mart with the views that the source and the policies allow. One row for each: created or left out, and why. '
  'balance_mode: change (a balance stands until the next) or snapshot (a trading day without one is 0). client_columns: facts that every view of clients '
  'carries. tier_measure: the fact that decides the tier, or score. market: whose trading days count. segments, life_stage, service_model: decision tables. settings: see mart_setting(). '
  'registry: instead of policies, the schema whose approved versions are used, each on the days on which it governs; rating_name and the like where it has several policies of a kind, '
  'and for each decision table';

CREATE FUNCTION update_mart(mart text, source text DEFAULT NULL, rating scorecard DEFAULT NULL, tiers tier_policy DEFAULT NULL,
  suitability suitability_policy DEFAULT NULL, balance_mode text DEFAULT NULL, client_columns text[] DEFAULT NULL,
  tier_measure text DEFAULT NULL, market text DEFAULT NULL, segments decision_table DEFAULT NULL, life_stage decision_table DEFAULT NULL,
  service_model decision_table DEFAULT NULL, settings jsonb DEFAULT NULL, registry text DEFAULT NULL, rating_name text DEFAULT NULL, tiers_name text DEFAULT NULL,
  suitability_name text DEFAULT NULL, segments_name text DEFAULT NULL, life_stage_name text DEFAULT NULL, service_model_name text DEFAULT NULL)
RETURNS TABLE (object text, status text, reason text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $update_mart$
BEGIN
  PERFORM @extschema@.require_mart(mart);
  RETURN QUERY SELECT * FROM @extschema@.mart_define(mart, jsonb_build_object('source', source, 'rating', rating::text, 'tiers', tiers::text, 'suitability', suitability::text,
    'balance_mode', balance_mode, 'client_columns', client_columns, 'tier_measure', tier_measure, 'market', market, 'segments', segments::text, 'life_stage', life_stage::text,
    'service_model', service_model::text, 'settings', settings, 'registry', registry, 'rating_name', rating_name, 'tiers_name', tiers_name, 'suitability_name', suitability_name,
    'segments_name', segments_name, 'life_stage_name', life_stage_name, 'service_model_name', service_model_name));
END;
$update_mart$;

COMMENT ON FUNCTION update_mart(text, text, scorecard, tier_policy, suitability_policy, text, text[], text, text, decision_table, decision_table, decision_table, jsonb, text, text, text, text, text, text, text) IS
  'Makes the views of a mart again after a change of source or policies; NULL keeps what the mart was made with; of settings, those that are not named stay, and null takes one back. Grants stay, and so do views over '
  'the mart''s views if the columns that there were stay. Policies of a registry are read anew: call it after an approval';

CREATE FUNCTION drop_mart(mart text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $drop_mart$
DECLARE
  made record;
BEGIN
  PERFORM @extschema@.require_mart(mart);
  EXECUTE format('SELECT FROM %I.definition AS d FOR UPDATE', mart);      -- no add_client_value meanwhile
  FOR made IN SELECT * FROM @extschema@.mart_object(mart) AS o ORDER BY o.ordinal DESC LOOP
    EXECUTE format('DROP VIEW IF EXISTS %I.%I', mart, made.name);
    EXECUTE format('DROP FUNCTION IF EXISTS %s', made.signature);
  END LOOP;
  PERFORM @extschema@.drop_client_value(mart);
  EXECUTE format('DROP TABLE IF EXISTS %1$I.tier_told, %1$I.closed_month, %1$I.tier_month, %1$I.co_holding_day, %1$I.client_summary, %1$I.rejected, %1$I.refresh_log', mart);
  EXECUTE format('DROP TABLE %I.definition', mart);
  BEGIN
    EXECUTE format('DROP SCHEMA %I', mart);
  EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
    NULL;                       -- it holds other things or is somebody else's
  END;
END;
$drop_mart$;

COMMENT ON FUNCTION drop_mart(text) IS
  'Removes a mart, and its schema if nothing else is in it. An object that depends on a view of the mart stops it with an error';
