CREATE FUNCTION plan_cost(query text)
RETURNS float8
LANGUAGE plpgsql STRICT COST 10000
SET search_path = pg_catalog, pg_temp
AS $plan_cost$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
  -- What is done with the rows afterwards does not count: fewer are joined and grouped for less, even where all had to be read.
  RETURN coalesce((SELECT sum((n.node ->> 'Total Cost')::float8) FROM jsonb_path_query(plan, 'strict $.** ? (exists (@."Relation Name"))') AS n (node)),
    (plan -> 0 -> 'Plan' ->> 'Total Cost')::float8);
END;
$plan_cost$;

COMMENT ON FUNCTION plan_cost(text) IS 'The planner''s estimate of what it costs to read the relations of a query, which is not run';

-- What is missing, mistyped or doubtful in a source schema. A relation is read once, whatever is asked of it: its columns of the contract are put
-- aside, and each kind of check is a predicate (all are counted in one pass) or a query over that. Keys of client and product are kept for those
-- that refer to them.
CREATE FUNCTION check_source(source text, suitability suitability_policy DEFAULT NULL, as_of date DEFAULT as_of(), tiers tier_policy DEFAULT NULL)
RETURNS TABLE ("view" text, "column" text, severity text, "count" int8, example text, consequence text)
LANGUAGE plpgsql COST 1000000 ROWS 20
SET search_path = pg_catalog, pg_temp
SET jit = off                   -- compiling takes longer than it saves
AS $check_source$
#variable_conflict use_column
DECLARE
  relation record;
  finding record;
  known jsonb := '{}';          -- relation -> its keys, for what refers to it
  looked record;
BEGIN
  IF to_regnamespace(quote_ident(check_source.source)) IS NULL THEN
    RAISE EXCEPTION 'schema % does not exist', quote_ident(check_source.source)
      USING ERRCODE = 'invalid_schema_name', HINT = 'Make a schema with the views of source_contract(); only client must be there.';
  END IF;

  -- columns
  RETURN QUERY
    SELECT s."view", s."column", 'error', NULL::int8, s.type,
      CASE s.state
        WHEN 'mistyped' THEN format('must be %s: the mart leaves this view out', c.type)
        ELSE 'the mart leaves this view out' END
    FROM @extschema@.source_shape(check_source.source) AS s
    JOIN @extschema@.source_contract() AS c ON c."view" = s."view" AND c."column" = s."column"
    WHERE s.state = 'mistyped' OR (s.state = 'missing' AND s.required)
    UNION ALL
    SELECT v."view", NULL, CASE v."view" WHEN 'client' THEN 'error' ELSE 'note' END, NULL, NULL,
      CASE v."view"
        WHEN 'client' THEN 'no mart can be made'
        WHEN 'client_profile' THEN 'the same columns are read from client; the past cannot be reproduced'
        WHEN 'product_grade' THEN 'the same columns are read from product; the past cannot be reproduced'
        WHEN 'trading_day' THEN 'days seen in balance stand for trading days'
        ELSE 'what needs it is left out' END
    FROM @extschema@.source_view(check_source.source) AS v
    WHERE NOT EXISTS (SELECT FROM @extschema@.source_shape(check_source.source) AS s WHERE s."view" = v."view")
    UNION ALL
    SELECT s."view", s."column", 'note', NULL, NULL, 'unknown in the mart: what needs it is left out'
    FROM @extschema@.source_shape(check_source.source) AS s
    WHERE s.state = 'missing' AND NOT s.required
    UNION ALL
    SELECT s."view", s."column", 'warning', NULL, s.type, 'money in floating point is not exact: cast it to numeric'
    FROM @extschema@.source_shape(check_source.source) AS s
    WHERE s.state = 'present' AND s.type IN ('real', 'double precision')
    ORDER BY 3, 1, 2;

  FOR relation IN
    SELECT v."view" AS name, format('%I.%I', check_source.source, v."view") AS qualified,
      array_agg(c."column" ORDER BY c.key) FILTER (WHERE c.key IS NOT NULL AND s.state = 'present') AS key,
      (SELECT k.oid FROM pg_class AS k JOIN pg_namespace AS n ON n.oid = k.relnamespace
       WHERE n.nspname = check_source.source AND k.relname = v."view") AS oid,
      string_agg(quote_ident(c."column"), ', ') FILTER (WHERE s.state = 'present') AS columns,
      (SELECT array_agg(p.first || ' ' || p.last) FROM (VALUES ('valid_from', 'valid_to'), ('opened_on', 'closed_on')) AS p (first, last)
       WHERE p.first = ANY (array_agg(s."column") FILTER (WHERE s.state = 'present'))
         AND p.last = ANY (array_agg(s."column") FILTER (WHERE s.state = 'present'))) AS spans,
      v."view" IN (SELECT r.refers_to FROM @extschema@.source_contract() AS r) AS is_referred_to,
      bool_or(c."column" = 'on_day' AND (c.key IS NOT NULL OR v."view" IN ('trade', 'cash_flow', 'fee', 'contact')) AND v."view" <> 'trading_day') AS is_history
    FROM @extschema@.source_view(check_source.source) AS v
    JOIN @extschema@.source_contract() AS c ON c."view" = v."view"
    JOIN @extschema@.source_shape(check_source.source) AS s ON s."view" = c."view" AND s."column" = c."column"
    WHERE v.usable
    GROUP BY v."view"
    ORDER BY v."view" NOT IN ('client', 'product'), v."view"
  LOOP
    WITH checked AS (             -- values: what a row must not be
      SELECT c."column", k.severity, k.consequence, replace(k.predicate, '{column}', quote_ident(c."column")) AS predicate,
        concat_ws(', ', (SELECT string_agg(quote_ident(i.name) || '::text', ', ') FROM unnest(relation.key) AS i (name)
                         WHERE i.name <> c."column"), quote_ident(c."column") || '::text') AS shown
      FROM @extschema@.source_contract() AS c
      JOIN @extschema@.source_shape(check_source.source) AS s ON s."view" = c."view" AND s."column" = c."column" AND s.state = 'present'
      LEFT JOIN @extschema@.suitability_levels(check_source.suitability) AS l
        ON l.attribute = c."column" AND c."view" = ANY (CASE l.side WHEN 'client' THEN ARRAY['client', 'client_profile']
          ELSE ARRAY['product', 'product_grade'] END)
      CROSS JOIN LATERAL (VALUES
        (c.required, 'error', '{column} IS NULL', 'the row is not used'),
        (c.allowed IS NOT NULL, 'warning', format('{column}::text <> ALL (%L::text[])', c.allowed),
          format('not in the contract: %s', array_to_string(c.allowed, ', '))),
        (l.levels IS NOT NULL, 'warning', format('{column}::text <> ALL (%L::text[])', l.levels),
          format('not a level of the policy (%s): its clients or products are undetermined', array_to_string(l.levels, ', '))),
        (c."column" = 'tier' AND check_source.tiers IS NOT NULL, 'warning', format('{column}::text <> ALL (%L::text[])', @extschema@.tier_labels(check_source.tiers)),
          format('not a tier of the policy (%s): nobody is owed it', array_to_string(@extschema@.tier_labels(check_source.tiers), ', '))),
        (c.must_be LIKE '%0', 'warning', format('NOT {column} %s', c.must_be), format('must be %s', c.must_be)),
        (c.must_be = '<= as_of', 'warning', format('{column} > %L::date AND {column} NOT IN (''9999-12-31'', ''infinity'')', check_source.as_of),
          'in the future: not seen before that day'),
        (c.type = 'date', CASE WHEN c."column" IN ('valid_from', 'valid_to', 'closed_on', 'valid_until', 'professional_until', 'id_expires_on')
            THEN 'note' ELSE 'warning' END,
          '{column} IN (''1900-01-01'', ''2000-01-01'', ''9999-12-31'', ''infinity'', ''-infinity'')',
          'looks like a sentinel that stands for not known: give NULL')
      ) AS k (asked, severity, predicate, consequence)
      WHERE c."view" = relation.name AND k.asked
      UNION ALL
      SELECT split_part(i.span, ' ', 2), 'warning', 'the span is empty: the row never holds', format('%I <= %I', split_part(i.span, ' ', 2), split_part(i.span, ' ', 1)),
        (SELECT string_agg(quote_ident(j.name) || '::text', ', ') FROM unnest(relation.key) AS j (name))
      FROM unnest(relation.spans) AS i (span)
    ), query AS (                 -- keys, references, versions, shares: what rows must not be together
      SELECT array_to_string(relation.key, ', ') AS "column", 'error' AS severity, 'repeated key: which of the rows is used is not determined' AS consequence,
        format('SELECT count(*), min(k.example) FROM (SELECT concat_ws('' '', %1$s) AS example FROM s GROUP BY %1$s HAVING count(*) > 1) AS k',
          (SELECT string_agg(quote_ident(k.name), ', ') FROM unnest(relation.key) AS k (name))) AS query
      WHERE relation.key IS NOT NULL
      UNION ALL
      SELECT c."column", 'warning', format('not in %s: the rows are not used', c.refers_to),
        format('SELECT count(*), min(o.%1$I::text) FROM s AS o WHERE o.%1$I IS NOT NULL AND o.%1$I::text NOT IN (SELECT k.key FROM jsonb_array_elements_text($1 -> %2$L) AS k (key))',
          c."column", c.refers_to)
      FROM @extschema@.source_contract() AS c
      JOIN @extschema@.source_shape(check_source.source) AS s ON s."view" = c."view" AND s."column" = c."column" AND s.state = 'present'
      WHERE c."view" = relation.name AND known ? c.refers_to
      UNION ALL
      SELECT split_part(i.span, ' ', 1), 'warning', 'versions overlap: the newest that has begun is used',
        format('SELECT count(*), min(o.example) FROM (SELECT concat_ws('' '', %1$s, %2$I) AS example, '
          'lead(%2$I) OVER (PARTITION BY %1$s ORDER BY %2$I) < coalesce(%3$I, ''infinity'') AS overlaps FROM s) AS o WHERE o.overlaps',
          (SELECT string_agg(quote_ident(k.name), ', ') FROM unnest(relation.key) AS k (name) WHERE k.name <> split_part(i.span, ' ', 1)),
          split_part(i.span, ' ', 1), split_part(i.span, ' ', 2))
      FROM unnest(relation.spans) AS i (span)
      WHERE split_part(i.span, ' ', 1) = ANY (relation.key)
      UNION ALL
      SELECT 'share', 'error', 'the shares of a client do not sum to 1: sums over households are not those of the clients',
        'SELECT count(*), min(o.client_id::text) FROM (SELECT client_id FROM s GROUP BY client_id HAVING sum(share) <> 1) AS o'
      FROM @extschema@.source_shape(check_source.source) AS s
      WHERE relation.name = 'household' AND s."view" = 'household' AND s."column" = 'share' AND s.state = 'present'
    )
    SELECT array_agg(f."column" ORDER BY f.place) AS columns, array_agg(f.severity ORDER BY f.place) AS severities, array_agg(f.consequence ORDER BY f.place) AS consequences,
      string_agg(format('count(*) FILTER (WHERE %s)', f.predicate), ', ' ORDER BY f.place) FILTER (WHERE f.query IS NULL) AS counting,
      string_agg(format('min(concat_ws('' '', %s)) FILTER (WHERE %s)', f.shown, f.predicate), ', ' ORDER BY f.place) FILTER (WHERE f.query IS NULL) AS showing,
      string_agg(format(' UNION ALL SELECT %s, f.* FROM (%s) AS f', f.place, f.query), '') FILTER (WHERE f.query IS NOT NULL) AS queries
    INTO finding
    FROM (
      SELECT row_number() OVER (ORDER BY f.query IS NOT NULL, f."column", f.severity, f.consequence) AS place, f.*
      FROM (
        SELECT c."column", c.severity, c.consequence, c.predicate, c.shown, NULL AS query FROM checked AS c
        UNION ALL
        SELECT q."column", q.severity, q.consequence, NULL, NULL, q.query FROM query AS q) AS f) AS f;

    BEGIN
      EXECUTE format('
          WITH s AS MATERIALIZED (SELECT %1$s FROM %2$s), found AS (
            SELECT f.place, f.count, f.example
            FROM (SELECT ARRAY[%3$s]::int8[] AS counts, ARRAY[%4$s]::text[] AS examples FROM s) AS a
            CROSS JOIN LATERAL unnest(a.counts, a.examples) WITH ORDINALITY AS f (count, example, place) %5$s)
          SELECT (SELECT jsonb_agg(to_jsonb(f) ORDER BY f.place) FROM found AS f WHERE f.count > 0) AS findings,
            (SELECT count(*) FROM s) AS rows, %6$s AS keys, %7$s AS first_day',
        relation.columns, relation.qualified, finding.counting, finding.showing, finding.queries,
        CASE WHEN relation.is_referred_to THEN format('(SELECT coalesce(jsonb_agg(DISTINCT s.%1$I::text) FILTER (WHERE s.%1$I IS NOT NULL), ''[]'') FROM s)', relation.key[1]) ELSE 'NULL::jsonb' END,
        CASE WHEN relation.is_history THEN '(SELECT CASE WHEN max(s.on_day) - min(s.on_day) > 365 AND count(*) >= 10000 THEN min(s.on_day) END FROM s WHERE isfinite(s.on_day))'
          ELSE 'NULL::date' END)
      INTO looked USING known;
    EXCEPTION WHEN OTHERS THEN
      RETURN QUERY VALUES (relation.name, NULL::text, 'error', NULL::int8, SQLERRM, 'the view cannot be read, nor what needs it');
      CONTINUE;
    END;
    IF relation.is_referred_to THEN
      known := known || jsonb_build_object(relation.name, looked.keys);
    END IF;
    RETURN QUERY
      SELECT relation.name, finding.columns[f.place], finding.severities[f.place], f."count", f.example, finding.consequences[f.place]
      FROM jsonb_to_recordset(looked.findings) AS f (place int, "count" int8, example text)
      ORDER BY f.place;
    IF looked.rows = 0 THEN
      RETURN QUERY VALUES (relation.name, NULL::text, 'note', 0::int8, NULL::text, 'no rows');
      CONTINUE;
    END IF;

    -- row-level security: a view that runs as its owner, or a stored copy, over tables that have it
    RETURN QUERY
      WITH RECURSIVE under AS (
        SELECT k.oid, k.relname, k.relkind <> 'v' OR coalesce(o.option_value::bool, false) AS invoker, k.relkind, k.relrowsecurity
        FROM pg_class AS k
        LEFT JOIN LATERAL pg_options_to_table(k.reloptions) AS o ON o.option_name = 'security_invoker'
        WHERE k.oid = relation.oid
        UNION
        SELECT k.oid, k.relname, u.invoker AND (k.relkind <> 'v' OR coalesce(o.option_value::bool, false)) AND u.relkind <> 'm',
          k.relkind, k.relrowsecurity
        FROM under AS u
        JOIN pg_rewrite AS w ON w.ev_class = u.oid
        JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> u.oid
        JOIN pg_class AS k ON k.oid = d.refobjid
        LEFT JOIN LATERAL pg_options_to_table(k.reloptions) AS o ON o.option_name = 'security_invoker'
      )
      SELECT relation.name, NULL::text, 'warning', count(DISTINCT u.oid), min(u.oid::regclass::text),
        'the view is not security_invoker: everyone sees what its owner sees, whatever the row-level security of the tables says'
      FROM under AS u
      WHERE u.relrowsecurity AND NOT u.invoker
      HAVING count(*) > 0;

    -- plans: a year or more of history must not be read for a month of everyone or for the days of one client
    IF looked.first_day IS NOT NULL THEN
      FOR finding IN
        SELECT k.*
        FROM (VALUES
          ('on_day', 'note', format('on_day >= %1$L::date + 180 AND on_day < %1$L::date + 210', looked.first_day),
            'the plan for one month reads all months: let the view pass on_day down to an index or to partitions'),
          ('client_id', 'warning', format('client_id = %L AND on_day >= %L::date + 180', '-', looked.first_day),
            'the plan for one client reads all clients: the mart needs an index on (client_id, on_day)')
        ) AS k ("column", severity, predicate, consequence)
      LOOP
        IF @extschema@.plan_cost(format('SELECT * FROM %s WHERE %s', relation.qualified, finding.predicate))
            > 0.5 * @extschema@.plan_cost(format('SELECT * FROM %s', relation.qualified)) THEN
          RETURN QUERY VALUES (relation.name, finding."column", finding.severity, NULL::int8, NULL::text, finding.consequence);
        END IF;
      END LOOP;
    END IF;
  END LOOP;
END;
$check_source$;

COMMENT ON FUNCTION check_source(text, suitability_policy, date, tier_policy) IS
  'One row for each thing that is missing, mistyped or doubtful in a source schema: view, column, severity (error, warning, note), '
  'number of rows, an example and what follows from it. With policies, levels and tiers that they do not know are found too. Each relation is read once';
