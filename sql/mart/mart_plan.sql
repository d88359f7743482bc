-- How a mart would be made: for each question, the statements that make it, or why it is left out. Nothing is made here, so the plan can be read.
-- definition is the row of the mart's table "definition" as jsonb.
CREATE FUNCTION mart_plan(mart text, definition jsonb)
RETURNS TABLE (ordinal int, object text, status text, reason text, signature text, shape text, columns text[], types text[],
  function_sql text, view_sql text, comment_sql text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 100000 ROWS 20
SET search_path = pg_catalog, pg_temp
SET jit = off                   -- compiling takes longer than it saves
AS $mart_plan$
#variable_conflict use_column
DECLARE
  source text := definition ->> 'source';
  client_columns text[] := ARRAY(SELECT jsonb_array_elements_text(definition -> 'client_columns'));
  tier_measure text := definition ->> 'tier_measure';
  period text := (definition ->> 'tiers')::jsonb ->> 'period';
  from_balances text;           -- the fact that decides tiers, if balances alone give it
  pieces jsonb;
  lacking jsonb;                -- a need that is not met -> why
  facts jsonb;                  -- side -> name -> fact
  rating_reads text[];
  suitability_reads jsonb;      -- side, name, place
  client_reads text[];
  product_reads text[];
  change_reads text[];          -- of a client, for suitability_change: an earlier policy may read any column of the source
  reads_for jsonb;              -- side -> attribute -> the actions whose checks read it; absent if more than checks do
  kinds jsonb;                  -- side -> what tells apart the pairs of suitability_matrix, as a select list
  problem record;
BEGIN
  -- what the source offers
  SELECT jsonb_object_agg(v."view", v.reason) FILTER (WHERE NOT v.usable),
    jsonb_object_agg(v."view", jsonb_build_object('is', CASE
      WHEN NOT v.usable THEN format('(SELECT %s WHERE false)', n.nulls)
      WHEN n.missing IS NULL THEN format('%I.%I', source, v."view")
      ELSE format('(SELECT r.*, %s FROM %I.%I AS r)', n.missing, source, v."view") END))
  INTO lacking, pieces
  FROM @extschema@.source_view(source) AS v
  CROSS JOIN LATERAL (
    SELECT string_agg(format('NULL::%s AS %I', c.type, c."column"), ', ') AS nulls,
      string_agg(format('NULL::%s AS %I', c.type, c."column"), ', ') FILTER (WHERE s.state = 'missing') AS missing
    FROM @extschema@.source_contract() AS c
    LEFT JOIN @extschema@.source_shape(source) AS s ON s."view" = c."view" AND s."column" = c."column"
    WHERE c."view" = v."view") AS n;
  lacking := coalesce(lacking, '{}');
  IF lacking ? 'client' THEN
    RAISE EXCEPTION 'a mart needs the view client: %', lacking ->> 'client'
      USING ERRCODE = CASE WHEN to_regnamespace(quote_ident(source)) IS NULL THEN 'invalid_schema_name' ELSE 'undefined_table' END,
        HINT = format('SELECT * FROM @extschema@.check_source(%L) says what is missing.', source);
  END IF;
  SELECT lacking || coalesce(jsonb_object_agg(c."view" || '.' || c."column", coalesce(lacking ->> c."view", format('%I.%I has no column %I', source, c."view", c."column"))), '{}')
  INTO lacking
  FROM @extschema@.source_contract() AS c
  LEFT JOIN @extschema@.source_shape(source) AS s ON s."view" = c."view" AND s."column" = c."column"
  WHERE lacking ? c."view" OR s.state = 'missing';
  SELECT jsonb_object_agg(f.side, f.facts) INTO facts
  FROM (SELECT f.side, jsonb_object_agg(f.name, to_jsonb(f)) AS facts FROM @extschema@.mart_fact(source) AS f GROUP BY f.side) AS f;

  -- what the policies read
  rating_reads := ARRAY(
    SELECT a.name
    FROM @extschema@.mart_policy(definition, 'rating') AS p CROSS JOIN LATERAL @extschema@.policy_attributes(p.document::@extschema@.scorecard) AS a
    GROUP BY a.name ORDER BY min(p.from_day) NULLS FIRST, min(a.ordinal));
  SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.place), '[]') INTO suitability_reads
  FROM (
    SELECT a.side, a.name, row_number() OVER (ORDER BY min(p.from_day) NULLS FIRST, min(a.ordinal)) AS place,
      min(p.document::jsonb ->> 'name') AS policy
    FROM @extschema@.mart_policy(definition, 'suitability') AS p CROSS JOIN LATERAL @extschema@.policy_attributes(p.document::@extschema@.suitability_policy) AS a
    WHERE NOT coalesce(p.document::jsonb -> 'derive' ? (a.side || '.' || a.name), false)
    GROUP BY a.side, a.name
  ) AS r;
  client_reads := ARRAY(SELECT r.name FROM jsonb_to_recordset(suitability_reads) AS r (side text, name text, place int) WHERE r.side = 'client' ORDER BY r.place);
  product_reads := ARRAY(SELECT r.name FROM jsonb_to_recordset(suitability_reads) AS r (side text, name text, place int) WHERE r.side = 'product' ORDER BY r.place);
  SELECT r.* INTO problem
  FROM (
    SELECT format('the scorecard "%s" reads', (SELECT min(p.document::jsonb ->> 'name') FROM @extschema@.mart_policy(definition, 'rating') AS p)) AS reader, 'client' AS side,
      unnest(rating_reads) AS name
    UNION ALL
    SELECT format('the suitability policy "%s" reads', r.policy), r.side, r.name FROM jsonb_to_recordset(suitability_reads) AS r (side text, name text, policy text)
    WHERE r.side = 'client' OR r.side = 'product' AND NOT lacking ? 'product'
    UNION ALL SELECT 'client_columns names', 'client', unnest(client_columns)
    UNION ALL SELECT 'tier_measure names', 'client', nullif(tier_measure, 'score')
  ) AS r
  WHERE r.name IS NOT NULL AND NOT facts -> r.side ? r.name
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '% "%", which the source cannot give for a %', problem.reader, problem.name, problem.side
      USING ERRCODE = 'undefined_column',
        DETAIL = format('There are: %s.', (SELECT string_agg(k.name, ', ' ORDER BY (facts -> problem.side -> k.name ->> 'ordinal')::int)
          FROM jsonb_object_keys(facts -> problem.side) AS k (name))),
        HINT = format('Add the column to the source''s view %s, or correct the name.', CASE problem.side WHEN 'client' THEN 'client or client_profile'
          ELSE 'product or product_grade' END);
  END IF;
  SELECT c.name, c.question INTO problem
  FROM @extschema@.mart_column() AS c
  WHERE c.name = ANY (client_columns) AND c.name <> 'client_id' AND c.question NOT LIKE '%facts'
    AND EXISTS (SELECT FROM @extschema@.mart_column() AS o WHERE o.question = c.question AND o.name = '*client_columns')
    AND c.expression <> 'c.' || c.name                   -- which is the very same column
    AND NOT EXISTS (SELECT FROM @extschema@.mart_computed_fact() AS f WHERE f.side = 'client' AND f.name = c.name)
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'client_columns names "%", which is a column of % already', problem.name, problem.question
      USING ERRCODE = 'duplicate_column', HINT = 'Give the column another name in the source.';
  END IF;
  SELECT p.document::jsonb ->> 'name' AS policy, a.name, k.columns INTO problem
  FROM @extschema@.mart_policy(definition, 'segments') AS p
  CROSS JOIN LATERAL @extschema@.policy_attributes(p.document::@extschema@.decision_table) AS a
  CROSS JOIN (SELECT ARRAY['recency_days', 'frequency', 'monetary', 'recency_score', 'frequency_score', 'monetary_score'] AS columns) AS k
  WHERE a.name <> ALL (k.columns)
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the decision table "%" reads "%", which client_rfm does not have', problem.policy, problem.name
      USING ERRCODE = 'undefined_column', DETAIL = format('There are: %s.', array_to_string(problem.columns, ', '));
  END IF;
  SELECT p.document::jsonb ->> 'name' AS policy INTO problem
  FROM @extschema@.mart_policy(definition, 'segments') AS p
  WHERE @extschema@.decision_table_labels(p.document::@extschema@.decision_table, 'segment') IS NULL AND p.document IS NOT NULL
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the decision table "%" has no output "segment"', problem.policy
      USING ERRCODE = 'undefined_column', HINT = 'It names the segment of a client: the outputs of the table must have it.';
  END IF;
  tier_measure := @extschema@.mart_tier_measure(source, tier_measure);
  from_balances := @extschema@.mart_tier_from_balances(source, tier_measure);      -- once: a function that is inlined asks again and again
  IF tier_measure = 'score' AND NOT EXISTS (SELECT FROM @extschema@.mart_policy(definition, 'rating')) THEN
    RAISE EXCEPTION 'tier_measure "score" needs a scorecard' USING ERRCODE = 'invalid_parameter_value', HINT = 'Give one as rating.';
  END IF;
  SELECT lacking || coalesce(jsonb_object_agg(s.slot, CASE
      WHEN definition ->> 'registry' IS NULL THEN format('no %s was given as %s', replace(s.kind, '_', ' '), s.slot)
      WHEN s.by_name AND definition ->> (s.slot || '_name') IS NULL THEN format('no %s of the registry was named as %s', replace(s.kind, '_', ' '), s.slot)
      ELSE format('the registry has no approved %s', replace(s.kind, '_', ' ')) END), '{}')
  INTO lacking
  FROM @extschema@.mart_policy_slot() AS s
  WHERE NOT EXISTS (SELECT FROM @extschema@.mart_policy(definition, s.slot));
  SELECT lacking || coalesce(jsonb_object_agg(n.need, n.reason), '{}') INTO lacking
  FROM (VALUES
    ('tier moves', period IS NULL OR lacking ?& ARRAY['balance', 'trade', 'holding'], CASE
      WHEN definition ->> 'tiers' IS NULL THEN 'no tier policy was given as tiers' WHEN period IS NULL THEN 'the tier policy has no "period"'
      ELSE 'nothing in the source has months' END),
    ('dated view', lacking ?& ARRAY['balance', 'trade', 'holding'], concat_ws('; ', lacking ->> 'balance', lacking ->> 'trade', lacking ->> 'holding')),
    ('client value', NOT EXISTS (
        SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = to_regprocedure(format('%I.client_worth_at(date)', mart))
          AND d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass(format('%I.client', source))),
      CASE WHEN to_regprocedure(format('%I.client_worth_at(date)', mart)) IS NULL THEN 'add_client_value was not called' ELSE 'client_value is of another source: call add_client_value again' END),
    ('summaries', lacking ?& ARRAY['balance', 'trade', 'holding'], concat_ws('; ', lacking ->> 'balance', lacking ->> 'trade', lacking ->> 'holding')),
    ('tier_measure', tier_measure IS NULL, format('nothing to decide tiers by: %s', lacking ->> 'balance')),
    ('client fact assets_20_days', NOT facts -> 'client' ? 'assets_20_days', 'clients have no assets_20_days'),
    ('activity', lacking ?& ARRAY['balance', 'trade'], concat_ws('; ', lacking ->> 'balance', lacking ->> 'trade')),
    ('breadth', lacking ?& ARRAY['holding', 'external_assets'], concat_ws('; ', lacking ->> 'holding', lacking ->> 'external_assets')),
    ('branch or segment', lacking ?& ARRAY['client.branch_id', 'client.segment'], concat_ws('; ', lacking ->> 'client.branch_id', lacking ->> 'client.segment')),
    ('attrition', lacking ?& ARRAY['cash_flow', 'trade'], concat_ws('; ', lacking ->> 'cash_flow', lacking ->> 'trade')),
    ('assets', NOT facts -> 'client' ?| ARRAY['assets', 'holdings_value'], concat_ws('; ', lacking ->> 'balance', lacking ->> 'holding')),
    ('client money', lacking ? 'fee' AND NOT facts -> 'client' ?| ARRAY['assets', 'holdings_value'], concat_ws('; ', lacking ->> 'balance', lacking ->> 'holding', lacking ->> 'fee')),
    ('client measure', lacking ?& ARRAY['fee', 'rating'] AND NOT facts -> 'client' ?| ARRAY['assets', 'holdings_value'],
      concat_ws('; ', lacking ->> 'balance', lacking ->> 'holding', lacking ->> 'fee', lacking ->> 'rating')),
    ('product class', lacking ?& ARRAY['product.category', 'product.kind'], concat_ws('; ', lacking ->> 'product.category', lacking ->> 'product.kind')),
    ('client fact risk_level', NOT facts -> 'client' ? 'risk_level', 'clients have no risk_level'),
    ('product fact risk_level', NOT coalesce(facts -> 'product' ? 'risk_level', false), 'products have no risk_level')
  ) AS n (need, unmet, reason)
  WHERE n.unmet;
  PERFORM @extschema@.mart_service_require(definition, facts);
  SELECT lacking || coalesce(jsonb_object_agg(n.need, n.reason), '{}') INTO lacking FROM @extschema@.mart_service_lack(definition, lacking, facts) AS n;

  SELECT jsonb_object_agg(a.side, a.actions) INTO reads_for
  FROM (
    SELECT a.side, jsonb_object_agg(a.name, c.actions) FILTER (WHERE c.actions IS NOT NULL) AS actions
    FROM jsonb_to_recordset(suitability_reads) AS a (side text, name text)
    CROSS JOIN LATERAL (         -- NULL if something else than checks reads it: then it counts for every action
      SELECT CASE WHEN bool_and(c.rule IS NOT NULL) THEN array_agg(DISTINCT k.action) END AS actions
      FROM @extschema@.mart_policy(definition, 'suitability') AS p
      CROSS JOIN LATERAL @extschema@.policy_attributes(p.document::@extschema@.suitability_policy) AS r
      CROSS JOIN LATERAL unnest(r.used_in) AS u (name)
      LEFT JOIN LATERAL jsonb_array_elements(p.document::jsonb -> 'checks') AS c (rule) ON c.rule ->> 'name' = u.name AND u.name NOT IN ('exempt', 'derive')      -- which stand for more than a check of that name
      CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(c.rule -> 'actions', '["recommend", "buy", "hold"]')) AS k (action)
      WHERE r.side = a.side AND r.name = a.name) AS c
    GROUP BY a.side) AS a;
  SELECT jsonb_object_agg(s.side, format('%s AS "%s level"%s', CASE WHEN lacking ? format('%s fact risk_level', s.side) THEN 'NULL::text'
    ELSE 'f.risk_level::text' END, s.side, r.list)) INTO kinds
  FROM (VALUES ('client', client_reads), ('product', product_reads)) AS s (side, reads)
  CROSS JOIN LATERAL (
    SELECT string_agg(CASE WHEN c.actions IS NULL THEN format(', f.%I', r.name)
      ELSE format(', CASE WHEN coalesce($2, ''recommend'') = ANY (%L::text[]) THEN f.%I END AS %I', c.actions, r.name, r.name) END, '' ORDER BY r.place) AS list
    FROM unnest(s.reads) WITH ORDINALITY AS r (name, place)
    CROSS JOIN LATERAL (SELECT array_agg(k.action) AS actions FROM jsonb_array_elements_text(reads_for -> s.side -> r.name) AS k (action)) AS c) AS r;

  change_reads := ARRAY(SELECT f.key FROM jsonb_each(facts -> 'client') AS f WHERE f.value ->> 'changes_with' <> 'activity' OR f.key = ANY (client_reads)
    OR f.key = ANY (client_columns) ORDER BY (f.value ->> 'ordinal')::int);

  -- the pieces that depend on source and policies
  SELECT pieces || jsonb_object_agg(p.name, p.template) INTO pieces
  FROM (
    SELECT p.* FROM @extschema@.mart_piece(definition ->> 'balance_mode') AS p
    UNION ALL
    SELECT p.* FROM @extschema@.mart_tier_piece(CASE WHEN NOT lacking ?| ARRAY['tier moves', 'tier_measure'] THEN period END,
      from_balances) AS p
    UNION ALL
    SELECT p.* FROM @extschema@.mart_summary_piece(definition ->> 'balance_mode', lacking,
      NOT lacking ?| ARRAY['tier moves', 'tier_measure'] AND period IS NOT NULL AND from_balances IS NULL) AS p
    UNION ALL
    SELECT p.* FROM @extschema@.mart_service_piece(lacking) AS p
    UNION ALL
    SELECT p.* FROM @extschema@.mart_offer_piece(lacking) AS p
  ) AS p;
  pieces := pieces || @extschema@.mart_setting_piece(definition -> 'settings');
  SELECT pieces || jsonb_object_agg(p.name, jsonb_build_object('is', coalesce(p.final, ''))) INTO pieces
  FROM (VALUES
    ('crm', '@extschema@'),
    ('brace', '{'),             -- in names that the source gives
    ('mart', quote_ident(mart)),
    ('score', @extschema@.mart_policy_by_day(definition, 'rating', '$1', '@extschema@.score(%s, rated)')),
    -- standings go on from month to month under one policy, the last
    ('tiers', CASE WHEN period IS NULL THEN @extschema@.mart_policy_by_day(definition, 'tiers', '$1', '%s')
      ELSE format('%L::@extschema@.tier_policy', definition ->> 'tiers') END),
    ('suitability', @extschema@.mart_policy_by_day(definition, 'suitability', '$1', '%s')),
    ('segments', @extschema@.mart_policy_by_day(definition, 'segments', '$1', '%s')),
    ('life_stage', @extschema@.mart_policy_by_day(definition, 'life_stage', '$1', '%s')),
    ('service_model', @extschema@.mart_policy_by_day(definition, 'service_model', '$1', '%s')),
    ('suitability on $2', @extschema@.mart_policy_by_day(definition, 'suitability', '$2', '%s')),
    ('suitability on $3', @extschema@.mart_policy_by_day(definition, 'suitability', '$3', '%s')),
    ('suitability on $4', @extschema@.mart_policy_by_day(definition, 'suitability', '$4', '%s')),
    ('hold', '@extschema@.instruction(''hold'')'),
    ('scorecard name', @extschema@.mart_policy_title(definition, 'rating')),
    ('segment', CASE WHEN lacking ? 'segments' THEN 'NULL::text' ELSE @extschema@.mart_policy_by_day(definition, 'segments', '$1', '@extschema@.decide_text(%s, r, ''segment'')') END),
    ('segment order', @extschema@.mart_policy_by_day(definition, 'segments', '$1', 'array_position(@extschema@.decision_table_labels(%s, ''segment''), g.segment)')),
    ('segments name', @extschema@.mart_policy_title(definition, 'segments')),
    ('tier policy name', @extschema@.mart_policy_title(definition, 'tiers')),
    ('suitability policy name', @extschema@.mart_policy_title(definition, 'suitability')),
    ('tier measure', tier_measure),
    ('calendar', CASE
      WHEN lacking ? 'trading_day' THEN pieces -> 'balance' ->> 'is'
      WHEN definition ->> 'market' IS NULL THEN pieces -> 'trading_day' ->> 'is'
      ELSE format('(SELECT m.on_day FROM %s AS m WHERE m.market = %L)', pieces -> 'trading_day' ->> 'is', definition ->> 'market') END),
    ('first day', (
      SELECT format('least(%s)', string_agg(format('(SELECT min(s.on_day) FROM %s AS s WHERE s.on_day > ''1900-01-01'' AND s.on_day <= $1)', pieces -> v.name ->> 'is'), ', '))
      FROM unnest(ARRAY['balance', 'trade', 'holding']) AS v (name) WHERE NOT lacking ? v.name)),
    ('data through', (
      SELECT CASE count(*) WHEN 0 THEN 'NULL::date' ELSE format('greatest(%s)',
        string_agg(format('(SELECT max(s.on_day) FROM %s AS s WHERE s.on_day <= $1)', pieces -> v.name ->> 'is'), ', ')) END
      FROM unnest(ARRAY['balance', 'trade', 'holding']) AS v (name) WHERE NOT lacking ? v.name)),
    ('sentence', 'concat(coalesce(d.reason, d.name), '': '' || d.finding)'),
    ('action', 'coalesce($2, ''recommend'')'),
    ('tier value', CASE tier_measure WHEN 'score' THEN @extschema@.mart_policy_by_day(definition, 'rating', '$1', '@extschema@.score(%s, f)')
      ELSE coalesce('f.' || quote_ident(tier_measure), 'NULL::numeric') END),
    ('assets', CASE WHEN facts -> 'client' ? 'assets' THEN 'f.assets' WHEN facts -> 'client' ? 'holdings_value' THEN 'f.holdings_value'
      ELSE 'NULL::numeric' END),
    ('rated', CASE WHEN NOT lacking ? 'rating' THEN format('CROSS JOIN LATERAL (SELECT %s) AS rated',
      (SELECT string_agg('f.' || quote_ident(r.name), ', ') FROM unnest(rating_reads) AS r (name))) END),
    ('reasons', CASE WHEN NOT lacking ? 'rating' THEN format(
      'CROSS JOIN LATERAL (SELECT %2$s AS codes OFFSET 0) AS k
      LEFT JOIN LATERAL (
        SELECT max(d.reason) FILTER (WHERE d.reason_code = k.codes[1]) AS reason_1, max(d.reason) FILTER (WHERE d.reason_code = k.codes[2]) AS reason_2,
          max(d.reason) FILTER (WHERE d.reason_code = k.codes[3]) AS reason_3
        FROM @extschema@.score_detail(%1$s, rated) AS d) AS r ON true', @extschema@.mart_policy_by_day(definition, 'rating', '$1', '%s'),
      @extschema@.mart_policy_by_day(definition, 'rating', '$1', '@extschema@.reason_codes(%s, rated, 3)')) END),
    -- what decides a pair: the risk level, and what the checks of the asked action read. An attribute that only checks of other actions read
    -- counts as NULL, so that pairs that differ in nothing else are one
    ('client kind', kinds ->> 'client'),
    ('client group', 'f."client level"' || coalesce((SELECT string_agg(', f.' || quote_ident(r.name), '') FROM unnest(client_reads) AS r (name)), '')),
    ('product kind', kinds ->> 'product'),
    ('product name', CASE WHEN facts -> 'product' ? 'name' THEN 'p.name::text' ELSE 'NULL::text' END),
    ('product kind: open_permission', replace(kinds ->> 'product', '$2', '''open_permission''::text')),
    ('product group', 'f."product level"' || coalesce((SELECT string_agg(', f.' || quote_ident(r.name), '') FROM unnest(product_reads) AS r (name)), ''))
  ) AS p (name, final);
  SELECT pieces || jsonb_object_agg(p.name, jsonb_build_object('is', p.final)) INTO pieces FROM @extschema@.mart_service_final(definition, lacking, facts) AS p;
  SELECT pieces || jsonb_object_agg(l.name, jsonb_build_object('is', l.list)) INTO pieces
  FROM (
    SELECT r.name, string_agg(format(CASE WHEN f.counts THEN 'f.%1$I' ELSE 'CASE WHEN false THEN f.%1$I END AS %1$I' END, f.name), ', ' ORDER BY f.place) FILTER (WHERE f.name IS NOT NULL) AS list
    FROM (VALUES
      ('rating row', 'client', ARRAY['client_id'] || client_columns || rating_reads),
      ('tier row', 'client', ARRAY['client_id', 'assets', 'holdings_value'] || client_columns || tier_measure
        || CASE tier_measure WHEN 'score' THEN rating_reads END),
      ('value row', 'client', ARRAY['client_id'] || client_columns),
      ('client row', 'client', ARRAY['client_id', 'risk_level'] || client_columns || client_reads),
      -- what only checks of other actions read is NULL: it is not asked for
      ('client row: recommend', 'client', ARRAY['client_id', 'risk_level'] || client_columns || client_reads),
      ('client row: hold', 'client', ARRAY['client_id', 'risk_level'] || client_columns || client_reads),
      ('permission row', 'client', ARRAY['client_id', 'risk_level', 'assets_20_days'] || client_columns || client_reads),
      ('change row', 'client', change_reads),
      ('product row', 'product', ARRAY['product_id', 'name', 'risk_level'] || product_reads)
    ) AS r (name, side, reads)
    LEFT JOIN LATERAL (
      SELECT u.name, min(u.place) AS place,
        r.name NOT LIKE '%: %' OR min(u.place) <= 2 + cardinality(client_columns) OR coalesce(reads_for -> r.side -> u.name ? split_part(r.name, ': ', 2), true) AS counts
      FROM unnest(r.reads) WITH ORDINALITY AS u (name, place)
      WHERE coalesce(facts -> r.side ? u.name, false) GROUP BY u.name) AS f ON true
    GROUP BY r.name
  ) AS l;
  SELECT pieces || jsonb_object_agg(o.name, jsonb_build_object('is', o.final)) INTO pieces
  FROM (
    SELECT format('client before: %s', k.kind) AS name,       -- f with the facts of one kind as they were
      (SELECT string_agg(format('%s.%I', CASE f.value ->> 'changes_with' WHEN k.kind THEN 'b' ELSE 'f' END, f.key), ', ')
       FROM jsonb_each(facts -> 'client') AS f WHERE f.key = ANY (change_reads)) AS final
    FROM unnest(ARRAY['profile', 'activity', 'time']) AS k (kind)
    UNION ALL
    SELECT format('order: %s', e.expression), coalesce((
        SELECT CASE WHEN count(*) = 1 AND bool_and(p.from_day IS NULL) THEN min(o.place)
          ELSE 'CASE' || string_agg(format(' WHEN $1 >= %L::date THEN %s', p.from_day, o.place), '' ORDER BY p.from_day DESC) || ' END' END
        FROM @extschema@.mart_policy(definition, 'suitability') AS p
        LEFT JOIN LATERAL @extschema@.suitability_levels(p.document::@extschema@.suitability_policy) AS l ON l.side = e.side AND l.attribute = 'risk_level'
        CROSS JOIN LATERAL (
          SELECT CASE WHEN l.levels IS NULL THEN 'NULL::integer'
            ELSE format('coalesce(array_position(%L::text[], %s::text), %s)', l.levels, e.expression, cardinality(l.levels) + 1) END AS place) AS o), 'NULL::integer')
    FROM unnest(ARRAY['m."client level"', 'f.risk_level', 'm."product level"', 'p.risk_level'], ARRAY['client', 'client', 'product', 'product'])
      AS e (expression, side)
    UNION ALL
    SELECT format('order: %s', e.expression), format('array_position(enum_range(NULL::@extschema@.suitability_outcome), %s)', e.expression)
    FROM unnest(ARRAY['m.outcome', 'o.outcome', 'o.before', 'o.after']) AS e (expression)
  ) AS o;

  -- dated checks: a row for each date about the client that a check of the day's policy wants to be recent
  SELECT pieces || jsonb_build_object(
    'dated checks', jsonb_build_object('is', string_agg(d.list, ' UNION ALL ' ORDER BY d.from_day)),
    'dated values', jsonb_build_object('is', (
      SELECT string_agg(DISTINCT format('WHEN %L THEN f.%I::date', f.name, f.name), ' ') FROM jsonb_array_elements_text(jsonb_agg(d.facts)) AS a (facts)
      CROSS JOIN LATERAL jsonb_array_elements_text(a.facts::jsonb) AS f (name)))),
    lacking || CASE WHEN count(*) = 0 THEN jsonb_build_object('dated checks', 'no check of the suitability policy uses within_months or within_days')
      ELSE '{}' END
  INTO pieces, lacking
  FROM (
    SELECT d.from_day, jsonb_agg(DISTINCT d.fact) AS facts,
      format('SELECT * FROM (VALUES %s) AS v', string_agg(format('(%s, %L::text, %L::text, %L::text, %L::interval, %L::text)', d.ordinal, d.name, d.code,
        d.fact, d.span, d.action), ', ' ORDER BY d.ordinal, d.fact))
      || CASE WHEN d.from_day IS NULL THEN '' ELSE format(' WHERE $1 >= %L::date', d.from_day) END || CASE WHEN d.until_day IS NULL THEN '' ELSE format(' AND $1 < %L::date', d.until_day) END AS list
    FROM (
      SELECT DISTINCT p.from_day, p.until_day, c.ordinal, c.rule ->> 'name' AS name, c.rule ->> 'code' AS code, r.relation ->> 'client' AS fact,
        format('%s %s', r.relation ->> r.unit, r.unit) AS span, coalesce(c.rule -> 'actions' ->> 0, 'recommend') AS action
      FROM @extschema@.mart_policy(definition, 'suitability') AS p
      CROSS JOIN LATERAL jsonb_array_elements(p.document::jsonb -> 'checks') WITH ORDINALITY AS c (rule, ordinal)
      CROSS JOIN LATERAL (
        SELECT jsonb_path_query(c.rule, 'strict $.require.**.within_months', '{}', true), 'months'
        UNION ALL
        SELECT jsonb_path_query(c.rule, 'strict $.require.**.within_days', '{}', true), 'days') AS r (relation, unit)
      WHERE facts -> 'client' ? (r.relation ->> 'client')
    ) AS d
    GROUP BY d.from_day, d.until_day
  ) AS d;

  -- questions that are left out, for those that read them
  SELECT lacking || coalesce(jsonb_object_agg('view ' || l.name, l.reason), '{}') INTO lacking
  FROM (
    SELECT q.name, string_agg(DISTINCT lacking ->> n.need, '; ') AS reason
    FROM @extschema@.mart_question() AS q CROSS JOIN LATERAL unnest(q.needs) AS n (need) WHERE lacking ? n.need GROUP BY q.name) AS l;
  SELECT pieces || jsonb_object_agg(p.name, p.template) INTO pieces
  FROM (
    SELECT p.* FROM @extschema@.mart_client_piece(lacking) AS p
    UNION ALL
    SELECT p.* FROM @extschema@.mart_relationship_piece(definition ->> 'balance_mode', lacking) AS p
  ) AS p;

  RETURN QUERY
    WITH question AS (
      SELECT q.*, (SELECT string_agg(DISTINCT lacking ->> n.need, '; ') FROM unnest(q.needs) AS n (need)) AS left_out
      FROM @extschema@.mart_question() AS q
    ), carried AS (               -- facts as columns for people and tools to read
      SELECT f.side, f.ordinal::numeric AS place, f.name, f.contract, f.meaning, f.type AS own_type, f.expression AS source_expression,
        CASE
          WHEN f.family = 'integer' THEN CASE WHEN f.type = 'bigint' THEN 'bigint' ELSE 'integer' END
          WHEN f.family = 'numeric' AND f.contract THEN 'numeric(18,2)'
          WHEN f.family = 'numeric' AND f.type IN ('real', 'double precision') THEN 'float8'
          WHEN f.family = 'numeric' THEN 'numeric(28,6)'
          WHEN f.family IN ('boolean', 'date') THEN f.family
          WHEN f.family = 'timestamp with time zone' THEN 'timestamptz'
          ELSE 'text'
        END AS type,
        replace(CASE f.family WHEN 'text[]' THEN format('array_to_string(f.%I, '', '')', f.name) ELSE format('f.%I', f.name) END, '{', '{brace}') AS expression
      FROM @extschema@.mart_fact(source) AS f
    ), wanted AS (
      SELECT c.question, c.ordinal, 0 AS place, c.name, c.type, c.expression, c.meaning, false AS raw,
        (SELECT string_agg(DISTINCT lacking ->> n.need, '; ') FROM unnest(c.needs) AS n (need)) AS left_out
      FROM @extschema@.mart_column() AS c
      WHERE c.name NOT LIKE '*%' OR c.name = '*result'
      UNION ALL
      SELECT c.question, c.ordinal, f.place, f.name, f.own_type, f.source_expression, f.meaning, true, NULL
      FROM @extschema@.mart_column() AS c
      JOIN carried AS f ON c.name = format('*%s facts', f.side)
      UNION ALL
      SELECT c.question, c.ordinal, f.place, f.name, f.type, f.expression, f.meaning, false, NULL
      FROM @extschema@.mart_column() AS c
      JOIN carried AS f ON c.name = format('*%s contract', f.side) AND f.contract
      UNION ALL
      SELECT c.question, c.ordinal, f.place + 0.5, 'risk_level_order', 'integer', '{order: f.risk_level}',
        'Place of the level in the policy, lowest 1; last if not in it', false, NULL
      FROM @extschema@.mart_column() AS c
      JOIN carried AS f ON c.name = format('*%s contract', f.side) AND f.contract AND f.name = 'risk_level'
      WHERE NOT lacking ? 'suitability'
      UNION ALL
      SELECT c.question, c.ordinal, k.place, f.name, f.type, f.expression, f.meaning, false, NULL
      FROM @extschema@.mart_column() AS c
      CROSS JOIN unnest(client_columns) WITH ORDINALITY AS k (name, place)
      JOIN carried AS f ON f.side = 'client' AND f.name = k.name
      WHERE c.name = '*client_columns' AND f.name <> 'client_id' AND NOT (c.question = 'client_360' AND f.contract)
        AND NOT EXISTS (SELECT FROM @extschema@.mart_column() AS o WHERE o.question = c.question AND o.name = f.name)
    ), made AS (
      SELECT w.question, w.ordinal, w.place, w.name, w.type, w.left_out,
        @extschema@.mart_expand(w.meaning, pieces) AS meaning,
        @extschema@.mart_expand(CASE      -- no NaN, no infinity, nothing that the type cannot hold, rounded money
          WHEN w.raw THEN w.expression
          WHEN w.type LIKE 'numeric(%' THEN format('CASE WHEN %s THEN (%s)::%s END', @extschema@.mart_holds(w.type, w.expression), w.expression, w.type)
          WHEN w.type = 'float8' THEN format('nullif(nullif(nullif(%s, ''NaN''), ''Infinity''), ''-Infinity'')', w.expression)
          WHEN w.type IN ('date', 'timestamptz') AND w.expression !~ '^\$|^\w+\.(cohort_)?month$' THEN      -- months are finite, and filters on them reach the index
            format('nullif(nullif(%s, ''infinity''), ''-infinity'')', w.expression)
          WHEN w.type IN ('text', 'bigint', 'integer') THEN format('(%s)::%s', w.expression, w.type)
          ELSE w.expression END, pieces) AS expression
      FROM wanted AS w
      WHERE w.left_out IS NULL
    ), assembled AS (
      SELECT q.ordinal, q.name, q.is_view, q.rows, q.left_out,
        @extschema@.mart_expand(q.meaning, pieces) AS meaning,
        o.function_name, o.arguments, o.signature,
        array_agg(m.name ORDER BY m.ordinal, m.place) FILTER (WHERE m.name IS NOT NULL) AS columns,
        array_agg(m.type ORDER BY m.ordinal, m.place) FILTER (WHERE m.name IS NOT NULL) AS types,
        array_agg(m.meaning ORDER BY m.ordinal, m.place) FILTER (WHERE m.name IS NOT NULL) AS meanings,
        coalesce(max(m.type) FILTER (WHERE m.name = '*result'), format('TABLE(%s)', string_agg(
          quote_ident(m.name) || ' ' || format_type(regexp_replace(m.type, '\(.*', '')::regtype, NULL), ', ' ORDER BY m.ordinal, m.place))) AS shape,
        string_agg(CASE m.name WHEN '*result' THEN m.expression ELSE m.expression || ' AS ' || quote_ident(m.name) END, E',\n    '
          ORDER BY m.ordinal, m.place) AS list,
        CASE WHEN q.left_out IS NULL THEN @extschema@.mart_expand(q.from_template, pieces) END AS origin
      FROM question AS q
      JOIN @extschema@.mart_object(mart) AS o ON o.name = q.name
      LEFT JOIN made AS m ON m.question = q.name
      GROUP BY q.ordinal, q.name, q.is_view, q.rows, q.left_out, q.meaning, q.from_template, o.function_name, o.arguments, o.signature
    )
    SELECT a.ordinal, a.name, CASE WHEN a.left_out IS NULL THEN 'created' ELSE 'left out' END,
      coalesce(a.left_out, CASE
        WHEN a.name = 'client_facts' THEN (
          SELECT string_agg((lacking ->> v.name) || v.consequence, '; ' ORDER BY v.place)
          FROM (VALUES (1, 'client_profile', ': its columns are read from client, the past cannot be reproduced'), (2, 'balance', ': no assets'),
            (3, 'trading_day', ': days seen in balance stand for trading days'), (4, 'trade', ': no trades'), (5, 'holding', ': no holdings'),
            (6, 'permission', ': no permissions')) AS v (place, name, consequence)
          WHERE lacking ? v.name)
        WHEN a.name = 'product_facts' THEN (lacking ->> 'product_grade') || ': its columns are read from product, the past cannot be reproduced'
        ELSE nullif(concat_ws('; ', lacking ->> ('facts of ' || a.name),
          (SELECT string_agg(DISTINCT r.reason, '; ') FROM wanted AS w CROSS JOIN regexp_split_to_table(w.left_out, '; ') AS r (reason) WHERE w.question = a.name)), '') END),
      a.signature, a.shape, a.columns, a.types,
      format(E'FUNCTION %I.%I (%s) RETURNS %s\nLANGUAGE sql STABLE PARALLEL RESTRICTED%s\nBEGIN ATOMIC\n  SELECT\n    %s\n  FROM %s;\nEND',
        mart, a.function_name, a.arguments, a.shape, CASE WHEN a.shape LIKE 'TABLE%' THEN format(' ROWS %s', a.rows) END, a.list, a.origin),
      CASE WHEN a.is_view THEN format('SELECT %s FROM %I.%I(@extschema@.as_of()) AS v', v.list, mart, a.function_name) END,
      ARRAY[format('COMMENT ON FUNCTION %s IS %L', a.signature, CASE WHEN a.is_view THEN format('The view %s as of any day. ', a.name) ELSE '' END || a.meaning)]
        || CASE WHEN a.is_view THEN format('COMMENT ON VIEW %I.%I IS %L', mart, a.name, a.meaning)
          || ARRAY(SELECT format('COMMENT ON COLUMN %I.%I.%I IS %L', mart, a.name, c.name, c.meaning) FROM unnest(a.columns, a.meanings) AS c (name, meaning)) END
    FROM assembled AS a
    CROSS JOIN LATERAL (          -- columns that the view has keep their places, so that views over it stay
      SELECT string_agg(format(CASE WHEN c.type LIKE 'numeric%' THEN 'v.%1$I::%2$s AS %1$I' ELSE 'v.%1$I' END, c.name, c.type), ', '
        ORDER BY CASE WHEN l.attname IS NULL THEN t.attnum END NULLS LAST, c.place) AS list
      FROM unnest(a.columns, a.types) WITH ORDINALITY AS c (name, type, place)
      LEFT JOIN pg_attribute AS t ON t.attrelid = to_regclass(format('%I.%I', mart, a.name)) AND t.attname = c.name
      LEFT JOIN (
        SELECT t.attname FROM pg_attribute AS t
        WHERE t.attrelid = to_regclass(format('%I.%I', mart, a.name)) AND t.attnum > 0 AND t.attname <> ALL (a.columns)
        LIMIT 1) AS l ON true) AS v
    ORDER BY a.ordinal;
END;
$mart_plan$;

COMMENT ON FUNCTION mart_plan(text, jsonb) IS
  'How a mart of a definition would be made: the statements for each function, view and comment, or why it is left out. Makes nothing';
