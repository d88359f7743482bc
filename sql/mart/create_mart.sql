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
  IF plan @> '[{"object": "tier_value", "status": "created"}]' THEN
    EXECUTE format('SELECT @extschema@.mart_tier_tables($1, d.source) FROM %I.definition AS d', mart) USING mart;
  END IF;

  -- what is no longer made
  FOR planned IN SELECT * FROM jsonb_to_recordset(plan) AS p (ordinal int, object text, status text, signature text)
    WHERE p.status = 'left out' ORDER BY p.ordinal DESC
  LOOP
    EXECUTE format('DROP VIEW IF EXISTS %I.%I', mart, planned.object);
    EXECUTE format('DROP FUNCTION IF EXISTS %s', planned.signature);
  END LOOP;

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

  FOR statement IN              -- on what was made again
    SELECT g.statement
    FROM jsonb_to_recordset(grants) AS g (object text, id oid, "column" text, statement text)
    CROSS JOIN LATERAL (SELECT CASE WHEN g.object LIKE '%)' THEN to_regprocedure(g.object)::oid ELSE to_regclass(g.object)::oid END AS id) AS n
    WHERE n.id <> g.id
      AND (g."column" IS NULL OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = n.id AND a.attname = g."column"))
  LOOP
    EXECUTE statement;
  END LOOP;
  RETURN QUERY
    SELECT p.object, p.status, p.reason
    FROM jsonb_to_recordset(plan) AS p (ordinal int, object text, status text, reason text)
    WHERE p.status = 'left out'
    ORDER BY p.ordinal;
END;
$mart_build$;

COMMENT ON FUNCTION mart_build(text) IS 'Brings the objects of a mart into line with its table "definition"; create_mart and update_mart call it';

-- A definition whose NULLs keep what there is, then the mart that it defines.
CREATE FUNCTION mart_define(mart text, source text, rating text, tiers text, suitability text, balance_mode text, client_columns text[],
  tier_measure text, market text, registry text, rating_name text, tiers_name text, suitability_name text)
RETURNS TABLE (object text, status text, reason text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_define$
#variable_conflict use_variable
DECLARE
  is_given boolean := coalesce(rating, tiers, suitability) IS NOT NULL;
  known record;
  policies jsonb;
BEGIN
  IF balance_mode NOT IN ('change', 'snapshot') THEN
    RAISE EXCEPTION 'balance_mode "%" is not known', balance_mode
      USING ERRCODE = 'invalid_parameter_value', HINT = 'It is change (a balance stands until the next) or snapshot (a trading day without one is 0).';
  ELSIF source = mart THEN
    RAISE EXCEPTION 'mart and source are the same schema' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('SELECT d.registry, d.rating_name, d.tiers_name, d.suitability_name FROM (SELECT) AS one LEFT JOIN %I.definition AS d ON true', mart) INTO known;
  registry := coalesce(registry, known.registry);
  IF registry IS NOT NULL AND is_given THEN
    RAISE EXCEPTION 'policies come either from registry % or as rating, tiers and suitability', quote_ident(registry)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Propose and approve the policy in the registry, then call update_mart.';
  ELSIF registry IS NULL AND coalesce(rating_name, tiers_name, suitability_name) IS NOT NULL THEN
    RAISE EXCEPTION 'names of policies need a registry' USING ERRCODE = 'invalid_parameter_value', HINT = 'Say where they are: registry => ...';
  END IF;
  rating_name := coalesce(rating_name, known.rating_name);
  tiers_name := coalesce(tiers_name, known.tiers_name);
  suitability_name := coalesce(suitability_name, known.suitability_name);
  IF registry IS NOT NULL THEN
    policies := @extschema@.mart_registry_policies(registry, rating_name, tiers_name, suitability_name);
    rating := policies -> 'rating' -> -1 ->> 'document';      -- the last; NULL where none governs then
    tiers := policies -> 'tiers' -> -1 ->> 'document';
    suitability := policies -> 'suitability' -> -1 ->> 'document';
  END IF;
  EXECUTE format('
    WITH new AS (
      SELECT * FROM (VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13))
        AS n (source, rating, tiers, suitability, balance_mode, client_columns, tier_measure, market, registry, rating_name, tiers_name, suitability_name, policies)
    ), changed AS (
      UPDATE %1$I.definition AS d
      SET source = coalesce(n.source, d.source),
        rating = CASE WHEN n.registry IS NULL THEN coalesce(n.rating, d.rating) ELSE n.rating END,
        tiers = CASE WHEN n.registry IS NULL THEN coalesce(n.tiers, d.tiers) ELSE n.tiers END,
        suitability = CASE WHEN n.registry IS NULL THEN coalesce(n.suitability, d.suitability) ELSE n.suitability END,
        balance_mode = coalesce(n.balance_mode, d.balance_mode),
        client_columns = coalesce(n.client_columns, d.client_columns), tier_measure = coalesce(n.tier_measure, d.tier_measure),
        market = coalesce(n.market, d.market), registry = n.registry, rating_name = n.rating_name, tiers_name = n.tiers_name,
        suitability_name = n.suitability_name, policies = n.policies
      FROM new AS n
      RETURNING true
    )
    INSERT INTO %1$I.definition (source, rating, tiers, suitability, balance_mode, client_columns, tier_measure, market, registry, rating_name, tiers_name,
      suitability_name, policies)
    SELECT source, rating, tiers, suitability, coalesce(balance_mode, ''change''), coalesce(client_columns, ARRAY[]::text[]), tier_measure, market,
      registry, rating_name, tiers_name, suitability_name, policies
    FROM new WHERE NOT EXISTS (SELECT FROM changed)', mart)
  USING source, rating, tiers, suitability, balance_mode, client_columns, tier_measure, market, registry, rating_name, tiers_name, suitability_name, policies;
  RETURN QUERY SELECT * FROM @extschema@.mart_build(mart);
  RETURN QUERY SELECT * FROM @extschema@.mart_tier_follow(mart, @extschema@.mart_tier_lock(mart, true));
END;
$mart_define$;

COMMENT ON FUNCTION mart_define(text, text, text, text, text, text, text[], text, text, text, text, text, text) IS
  'Changes the definition of a mart, where NULL keeps what there is, and makes its objects; create_mart and update_mart call it';

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
  tier_measure text DEFAULT NULL, market text DEFAULT NULL, registry text DEFAULT NULL, rating_name text DEFAULT NULL, tiers_name text DEFAULT NULL,
  suitability_name text DEFAULT NULL)
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
      registry text,
      rating_name text,
      tiers_name text,
      suitability_name text,
      policies jsonb,
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
    COMMENT ON COLUMN %1$I.definition.registry IS 'Registry that the policies come from; NULL: they were given';
    COMMENT ON COLUMN %1$I.definition.rating_name IS 'Name of the scorecard in the registry; NULL: the only one';
    COMMENT ON COLUMN %1$I.definition.tiers_name IS 'Name of the tier policy in the registry; NULL: the only one';
    COMMENT ON COLUMN %1$I.definition.suitability_name IS 'Name of the suitability policy in the registry; NULL: the only one';
    COMMENT ON COLUMN %1$I.definition.policies IS 'The versions of the registry when the mart was made or updated, with their first days';
    COMMENT ON COLUMN %1$I.definition.only_row IS 'Keeps the table at one row';
  $table$, mart);
  RETURN QUERY SELECT * FROM @extschema@.mart_define(mart, source, rating::text, tiers::text, suitability::text, balance_mode, client_columns,
    tier_measure, market, registry, rating_name, tiers_name, suitability_name);
END;
$create_mart$;

COMMENT ON FUNCTION create_mart(text, text, scorecard, tier_policy, suitability_policy, text, text[], text, text, text, text, text, text) IS
  'Makes the schema mart with the views that the source and the policies allow. One row for each: created or left out, and why. '
  'balance_mode: change (a balance stands until the next) or snapshot (a trading day without one is 0). client_columns: facts that every view of clients '
  'carries. tier_measure: the fact that decides the tier, or score. market: whose trading days count. registry: instead of policies, the schema whose approved versions '
  'are used, each on the days on which it governs; rating_name, tiers_name and suitability_name where it has several policies of a kind';

CREATE FUNCTION update_mart(mart text, source text DEFAULT NULL, rating scorecard DEFAULT NULL, tiers tier_policy DEFAULT NULL,
  suitability suitability_policy DEFAULT NULL, balance_mode text DEFAULT NULL, client_columns text[] DEFAULT NULL,
  tier_measure text DEFAULT NULL, market text DEFAULT NULL, registry text DEFAULT NULL, rating_name text DEFAULT NULL, tiers_name text DEFAULT NULL,
  suitability_name text DEFAULT NULL)
RETURNS TABLE (object text, status text, reason text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $update_mart$
BEGIN
  PERFORM @extschema@.require_mart(mart);
  RETURN QUERY SELECT * FROM @extschema@.mart_define(mart, source, rating::text, tiers::text, suitability::text, balance_mode, client_columns,
    tier_measure, market, registry, rating_name, tiers_name, suitability_name);
END;
$update_mart$;

COMMENT ON FUNCTION update_mart(text, text, scorecard, tier_policy, suitability_policy, text, text[], text, text, text, text, text, text) IS
  'Makes the views of a mart again after a change of source or policies; NULL keeps what the mart was made with. Grants stay, and so do views over '
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
  PERFORM @extschema@.drop_client_value(mart);
  FOR made IN SELECT * FROM @extschema@.mart_object(mart) AS o ORDER BY o.ordinal DESC LOOP
    EXECUTE format('DROP VIEW IF EXISTS %I.%I', mart, made.name);
    EXECUTE format('DROP FUNCTION IF EXISTS %s', made.signature);
  END LOOP;
  EXECUTE format('DROP TABLE IF EXISTS %1$I.tier_told, %1$I.closed_month, %1$I.tier_month, %1$I.refresh_log', mart);
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
