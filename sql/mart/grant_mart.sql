-- What a reader of a mart needs: the mart's views, the kept tables that they read, its functions, and, since views run with the rights of who reads, the views of
-- the source and what security_invoker views among them read in turn. Row-level security is what shows each reader the own clients: numbers of all clients in
-- refresh_log and closed_month are not given.
CREATE FUNCTION mart_reader_privilege(mart text)
RETURNS TABLE (place int, kind text, object text, columns text[], privilege text, id oid)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $mart_reader_privilege$
#variable_conflict use_column
DECLARE
  source text;
BEGIN
  EXECUTE format('SELECT d.source FROM %I.definition AS d', mart) INTO source;
  RETURN QUERY
    WITH RECURSIVE view_of_source AS (
      SELECT to_regclass(format('%I.%I', source, v."view"))::oid AS id FROM @extschema@.source_view(source) AS v WHERE v.usable
    ), below AS (               -- with the columns that are read
      SELECT v.id, NULL::int AS attnum FROM view_of_source AS v
      UNION
      SELECT d.refobjid, d.refobjsubid
      FROM below AS b
      JOIN pg_class AS k ON k.oid = b.id AND k.relkind = 'v'
      JOIN LATERAL pg_options_to_table(k.reloptions) AS o ON o.option_name = 'security_invoker' AND o.option_value::bool
      JOIN pg_rewrite AS w ON w.ev_class = b.id
      JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> b.id
    ), needed AS (
      SELECT 1 AS place, 'SCHEMA' AS kind, s.name AS object, NULL::text[] AS columns, 'USAGE' AS privilege, to_regnamespace(s.name)::oid AS id
      FROM (VALUES (quote_ident(mart)), ('@extschema@')) AS s (name)
      UNION ALL
      SELECT 2, 'TABLE', k.oid::regclass::text, t.columns, 'SELECT', k.oid
      FROM (
        SELECT o.name, NULL::text[] AS columns FROM @extschema@.mart_object(mart) AS o
        UNION ALL SELECT o.name, NULL FROM @extschema@.client_value_object() AS o
        UNION ALL SELECT unnest(ARRAY['client_summary', 'co_holding_day', 'tier_month', 'tier_told']), NULL
        UNION ALL SELECT 'refresh_log', '{month,has_standings,refreshed_at}'
        UNION ALL SELECT 'closed_month', '{month,tiers,closed_at}'
      ) AS t
      JOIN pg_class AS k ON k.oid = to_regclass(format('%I.%I', mart, t.name))
      UNION ALL
      SELECT 3, 'FUNCTION', f.oid::regprocedure::text, NULL, 'EXECUTE', f.oid
      FROM (
        SELECT o.signature FROM @extschema@.mart_object(mart) AS o
        UNION ALL SELECT format('%I.%I(date)', mart, o.name || '_at') FROM @extschema@.client_value_object() AS o) AS o
      JOIN pg_proc AS f ON f.oid = to_regprocedure(o.signature)
      UNION ALL
      SELECT 4, 'TABLE', b.id::regclass::text, CASE WHEN b.id NOT IN (SELECT v.id FROM view_of_source AS v) THEN coalesce(array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum > 0), c.any_one) END, 'SELECT', b.id
      FROM below AS b
      LEFT JOIN pg_attribute AS a ON a.attrelid = b.id AND a.attnum = b.attnum
      CROSS JOIN LATERAL (      -- who only asks whether there are rows must be let see a column, whichever
        SELECT ARRAY(SELECT o.attname::text FROM pg_attribute AS o WHERE o.attrelid = b.id AND o.attnum > 0 AND NOT o.attisdropped ORDER BY o.attnum LIMIT 1) AS any_one) AS c
      GROUP BY b.id, c.any_one
    )
    SELECT n.place, n.kind, n.object, n.columns,
      n.privilege || coalesce(' (' || (SELECT string_agg(quote_ident(c.name), ', ' ORDER BY c.place) FROM unnest(n.columns) WITH ORDINALITY AS c (name, place)) || ')', ''), n.id
    FROM needed AS n
    ORDER BY n.place, n.object COLLATE "C";
END;
$mart_reader_privilege$;

COMMENT ON FUNCTION mart_reader_privilege(text) IS
  'The privileges that a reader of a mart needs: schemas, views and kept tables of the mart, its functions, views of the source and what those that are security_invoker read; columns NULL: all';

-- Gives a role what it lacks. own_only: of the mart's own objects, whose owner can give it.
CREATE FUNCTION mart_grant_reader(mart text, reader regrole, own_only bool)
RETURNS TABLE (object text, privilege text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_grant_reader$
#variable_conflict use_column
DECLARE
  needed record;
BEGIN
  FOR needed IN
    SELECT p.*
    FROM @extschema@.mart_reader_privilege(mart) AS p
    WHERE NOT own_only OR p.place IN (2, 3)
    ORDER BY p.place, p.object COLLATE "C"
  LOOP
    CONTINUE WHEN needed.place IN (1, 4) AND @extschema@.mart_reader_has(reader, needed.kind, needed.id, needed.columns);
    EXECUTE format('GRANT %s ON %s %s TO %s', needed.privilege, needed.kind, needed.object, reader);
    IF NOT @extschema@.mart_reader_has(reader, needed.kind, needed.id, needed.columns) THEN
      RAISE EXCEPTION '% cannot grant % on %', quote_ident(current_user), needed.privilege, needed.object
        USING ERRCODE = 'insufficient_privilege', HINT = format('Let its owner run: GRANT %s ON %s %s TO %s;', needed.privilege, needed.kind, needed.object, reader);
    END IF;
    RETURN QUERY VALUES (needed.object, needed.privilege);
  END LOOP;
END;
$mart_grant_reader$;

COMMENT ON FUNCTION mart_grant_reader(text, regrole, bool) IS 'Grants a role what a reader of a mart needs; grant_mart and mart_build call it';

CREATE FUNCTION mart_reader_has(reader regrole, kind text, id oid, columns text[])
RETURNS bool
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE mart_reader_has.kind
  WHEN 'SCHEMA' THEN pg_catalog.has_schema_privilege(mart_reader_has.reader, mart_reader_has.id, 'USAGE')
  WHEN 'FUNCTION' THEN pg_catalog.has_function_privilege(mart_reader_has.reader, mart_reader_has.id, 'EXECUTE')
  ELSE pg_catalog.has_table_privilege(mart_reader_has.reader, mart_reader_has.id, 'SELECT')
    OR mart_reader_has.columns IS NOT NULL AND (SELECT pg_catalog.bool_and(pg_catalog.has_column_privilege(mart_reader_has.reader, mart_reader_has.id, c.name, 'SELECT'))
      FROM pg_catalog.unnest(mart_reader_has.columns) AS c (name)) END;

COMMENT ON FUNCTION mart_reader_has(regrole, text, oid, text[]) IS 'Whether a role has a privilege that a reader of a mart needs';

-- The role of a name, for grant_mart and revoke_mart.
CREATE FUNCTION require_role(role text)
RETURNS regrole
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $require_role$
BEGIN
  IF role IS NULL OR to_regrole(quote_ident(role)) IS NULL THEN
    RAISE EXCEPTION 'role % does not exist', coalesce(quote_ident(role), 'NULL') USING ERRCODE = 'undefined_object', HINT = 'CREATE ROLE makes one.';
  END IF;
  RETURN to_regrole(quote_ident(role));
END;
$require_role$;

COMMENT ON FUNCTION require_role(text) IS 'The role of a name; an error if there is none';

CREATE FUNCTION grant_mart(mart text, role text)
RETURNS TABLE (object text, privilege text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $grant_mart$
DECLARE
  reader regrole := @extschema@.require_role(role);
BEGIN
  PERFORM @extschema@.require_mart(mart);
  -- first of all, so that a refresh and another definition have ended, which want both the definition and the tables
  EXECUTE format('UPDATE %I.definition AS d SET readers = array_remove(d.readers, $1) || $1', mart) USING role;
  RETURN QUERY SELECT * FROM @extschema@.mart_grant_reader(mart, reader, false);
END;
$grant_mart$;

COMMENT ON FUNCTION grant_mart(text, text) IS
  'Lets a role read a mart: a row for each privilege that it is given. What the role has already of schemas and of the source is not given again. update_mart gives it the mart''s new objects, too';

CREATE FUNCTION revoke_mart(mart text, role text)
RETURNS TABLE (object text, privilege text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $revoke_mart$
#variable_conflict use_column
DECLARE
  reader regrole := @extschema@.require_role(role);
  needed record;
BEGIN
  PERFORM @extschema@.require_mart(mart);
  EXECUTE format('UPDATE %I.definition AS d SET readers = array_remove(d.readers, $1)', mart) USING role;
  FOR needed IN
    SELECT p.*
    FROM @extschema@.mart_reader_privilege(mart) AS p
    WHERE EXISTS (
      SELECT FROM pg_namespace AS n CROSS JOIN LATERAL aclexplode(n.nspacl) AS a WHERE p.kind = 'SCHEMA' AND n.oid = p.id AND a.grantee = reader
      UNION ALL SELECT FROM pg_proc AS f CROSS JOIN LATERAL aclexplode(f.proacl) AS a WHERE p.kind = 'FUNCTION' AND f.oid = p.id AND a.grantee = reader
      UNION ALL SELECT FROM pg_class AS k CROSS JOIN LATERAL aclexplode(k.relacl) AS a WHERE p.kind = 'TABLE' AND k.oid = p.id AND a.grantee = reader
      UNION ALL SELECT FROM pg_attribute AS t CROSS JOIN LATERAL aclexplode(t.attacl) AS a WHERE p.kind = 'TABLE' AND t.attrelid = p.id AND a.grantee = reader)
    ORDER BY p.place DESC, p.object COLLATE "C"
  LOOP
    EXECUTE format('REVOKE %s ON %s %s FROM %s', needed.privilege, needed.kind, needed.object, reader);
    RETURN QUERY VALUES (needed.object, needed.privilege);
  END LOOP;
END;
$revoke_mart$;

COMMENT ON FUNCTION revoke_mart(text, text) IS
  'Takes back what grant_mart gives: a row for each privilege that the role had itself. Where the role reads other marts of the source, or uses the extension otherwise, grant that again';
