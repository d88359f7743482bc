-- The questions that the mart answers, as data. Each becomes a function of the day ($1), and a view over it unless it has more arguments than a
-- default can give. from_template is what the columns of mart_column are read from; {names} are pieces (see mart_plan).
CREATE FUNCTION mart_question()
RETURNS TABLE (ordinal int, name text, is_view bool, needs text[], arguments text, rows int, from_template text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
  SELECT q.*
  FROM (VALUES
    (1, 'client_facts', false, ARRAY[]::text[], 'as_of date', 10000, '{client joins}',
      'What is known about each client as of a day, for policies to read. Clients are those whose relationship had begun and not ended'),
    (2, 'product_facts', false, ARRAY['product'], 'as_of date', 500, '{product joins}',
      'What is known about each product as of a day, for policies to read'),
    (4, 'client_rating', true, ARRAY['rating'], 'as_of date', 10000,
      '(SELECT {rating row} FROM {mart}.client_facts($1) AS f) AS f {rated} {reasons}',
      'The rating of each client and what cost most points: one row a client, key client_id'),
    (5, 'client_tier', true, ARRAY['tiers', 'tier_measure'], 'as_of date', 10000,
      '{tier clients}',
      'The tier of each client: one row a client, key client_id'),
    (6, 'tier_summary', true, ARRAY['tiers', 'tier_measure'], 'as_of date', 10,
      '(SELECT l.tier, l.tier_order FROM unnest({crm}.tier_labels({tiers})) WITH ORDINALITY AS l (tier, tier_order)
        UNION ALL SELECT NULL::text AS tier, NULL::bigint AS tier_order) AS l
      LEFT JOIN (
        SELECT t.tier, count(*) AS clients, sum(t.assets) AS assets
        FROM {mart}.client_tier_at($1) AS t
        GROUP BY t.tier) AS s ON s.tier = l.tier OR (s.tier IS NULL AND l.tier IS NULL)
      WHERE l.tier IS NOT NULL OR s.clients > 0',
      'How many clients each tier has and what they bring: one row a tier, key tier; tier is empty for clients whose measure is not known'),
    (7, 'suitability_matrix', true, ARRAY['suitability', 'product'], 'as_of date, action text DEFAULT ''recommend''', 100,
      '(SELECT c."client level", p."product level",
          {crm}.suitability({suitability}, c, p, $1, {crm}.instruction({action})) AS outcome, sum(c.clients_alike * p.products_alike)::bigint AS pairs
        FROM (SELECT f.*, count(*) AS clients_alike FROM (SELECT {client kind} FROM {mart}.client_facts($1) AS f) AS f GROUP BY {client group}) AS c
        CROSS JOIN (SELECT f.*, count(*) AS products_alike FROM (SELECT {product kind} FROM {mart}.product_facts($1) AS f) AS f
          GROUP BY {product group}) AS p
        GROUP BY 1, 2, 3) AS m',
      'How many pairs of client and product have each outcome: one row for a client risk level, product risk level and outcome. '
      'Only distinct combinations of what the policy reads are decided'),
    (8, 'suitability_exception', true, ARRAY['suitability', 'product', 'holding'], 'as_of date', 1000,
      '{holding} AS h
      JOIN (SELECT {client row: hold} FROM {mart}.client_facts($1) AS f) AS f ON f.client_id = h.client_id
      JOIN (SELECT {product row} FROM {mart}.product_facts($1) AS f) AS p ON p.product_id = h.product_id
      LEFT JOIN (
        SELECT a.client_id, a.product_id, jsonb_object_agg(concat_ws('' '', a.kind, a.check_code), to_jsonb(a) ORDER BY a.on_day) AS given
        FROM {acknowledgement} AS a
        WHERE a.on_day <= $1 AND (a.valid_until IS NULL OR $1 <= a.valid_until)
        GROUP BY a.client_id, a.product_id) AS a ON a.client_id = h.client_id AND a.product_id = h.product_id
      CROSS JOIN LATERAL (
        SELECT {crm}.suitability({suitability}, f, p, $1, {crm}.instruction(''hold'')) AS outcome OFFSET 0) AS o
      CROSS JOIN LATERAL (
        SELECT count(*) AS checks, string_agg(coalesce(d.code, d.name), '', '' ORDER BY d.ordinal) AS codes,
          string_agg({sentence}, ''; '' ORDER BY d.ordinal) AS reasons,
          CASE WHEN count(*) = count(d.resolves_on) THEN max(d.resolves_on) END AS resolves_on,
          coalesce(bool_and(d.outcome = ''notice'' OR k.acknowledgement IS NOT NULL), false) AS cleared,
          max((k.acknowledgement ->> ''on_day'')::date) AS acknowledged_on,
          min((k.acknowledgement ->> ''valid_until'')::date) AS acknowledged_until,
          string_agg(DISTINCT k.acknowledgement ->> ''evidence_id'', '', '') AS evidence,
          string_agg(DISTINCT k.acknowledgement ->> ''approved_by'', '', '') AS approved_by
        FROM {crm}.suitability_detail({suitability}, f, p, $1, {crm}.instruction(''hold'')) AS d
        CROSS JOIN LATERAL (
          SELECT a.given -> concat_ws('' '', CASE d.outcome WHEN ''overridable'' THEN ''client_warning'' WHEN ''needs_approval'' THEN ''supervisor_approval''
            END, coalesce(d.code, d.name)) AS acknowledgement) AS k
        WHERE d.outcome > ''suitable'') AS d
      WHERE h.on_day = {newest holding} AND o.outcome > ''suitable''',
      'Holdings on the newest day of positions that are not suitable now (action hold), why, and what clears them: one row for a client and product'),
    (9, 'suitability_change', false, ARRAY['suitability', 'product', 'holding'],
      'from_day date, to_day date, policy_before {crm}.suitability_policy DEFAULT NULL', 1000,
      '{holding} AS h
      JOIN (SELECT {change row} FROM {mart}.client_facts($2) AS f) AS f ON f.client_id = h.client_id
      JOIN (SELECT {change row} FROM {mart}.client_facts($1) AS f) AS b ON b.client_id = h.client_id
      JOIN {mart}.product_facts($2) AS p ON p.product_id = h.product_id
      JOIN {mart}.product_facts($1) AS g ON g.product_id = h.product_id
      CROSS JOIN LATERAL (
        SELECT {crm}.suitability(coalesce($3, {suitability}), b, g, $1, {hold}) AS before,
          {crm}.suitability({suitability on $2}, f, p, $2, {hold}) AS after OFFSET 0) AS o
      CROSS JOIN LATERAL (SELECT {client before: profile}) AS f_profile
      CROSS JOIN LATERAL (SELECT {client before: activity}) AS f_activity
      CROSS JOIN LATERAL (SELECT {client before: time}) AS f_time
      WHERE h.on_day = (SELECT max(n.on_day) FROM {holding} AS n WHERE n.on_day <= $2) AND o.before <> o.after',
      'Holdings on the newest day of positions at or before to_day whose outcome (action hold) differs between two days, and why. '
      'A cause is named if the outcome of to_day would be less changed had that alone stayed as it was: re-graded, profile changed, '
      'activity changed (balances, trades, holdings, permissions), lapsed or resolved with time, policy changed; several together if none alone decides'),
    (10, 'assessment_due', true, ARRAY['suitability', 'dated checks'], 'as_of date', 10000,
      '(SELECT {client row} FROM {mart}.client_facts($1) AS f) AS f
      CROSS JOIN ({dated checks}) AS k (ordinal, name, code, attribute, span, action)
      CROSS JOIN LATERAL (SELECT CASE k.attribute {dated values} END AS last_on) AS v
      CROSS JOIN LATERAL (SELECT (nullif(nullif(v.last_on, ''infinity''), ''-infinity'') + k.span)::date AS due_on) AS e
      CROSS JOIN LATERAL (
        SELECT coalesce(bool_or(d.applies IN (''no'', ''exempt'')), false) AS spared
        FROM {crm}.suitability_detail({suitability}, f, jsonb_build_object(), $1, {crm}.instruction(k.action)) AS d
        WHERE d.ordinal = k.ordinal) AS x
      WHERE NOT x.spared',
      'When each client must be assessed again, for each dated check of the policy that applies to the client: one row for a client and check'),
    (11, 'why', false, ARRAY['suitability', 'product'],
      'client_id text, product_id text, action text DEFAULT ''recommend'', as_of date DEFAULT {crm}.as_of()', 5,
      '(SELECT $1 AS client_id) AS asked
      LEFT JOIN (SELECT {client row} FROM {mart}.client_facts($4) AS f WHERE f.client_id = $1) AS f ON true
      LEFT JOIN (SELECT {product row} FROM {mart}.product_facts($4) AS f WHERE f.product_id = $2) AS p ON true
      CROSS JOIN LATERAL (
        SELECT {crm}.suitability({suitability on $4}, f, p, $4, {crm}.instruction($3)) AS outcome) AS o
      LEFT JOIN LATERAL (
        SELECT d.* FROM {crm}.suitability_detail({suitability on $4}, f, p, $4, {crm}.instruction($3)) AS d WHERE d.outcome > ''suitable'') AS d ON true
      WHERE o.outcome IS NULL OR o.outcome > ''suitable''',
      'Why a client may not have a product: one sentence for each check that fails, none if the product is suitable'),
    (12, 'trading_days', false, ARRAY['trading_day'], 'market text, before date, n integer', 1,
      '(SELECT DISTINCT d.on_day FROM {trading_day} AS d WHERE ($1 IS NULL OR d.market = $1) AND d.on_day < $2
        ORDER BY d.on_day DESC LIMIT greatest($3, 0)) AS d',
      'The n trading days of a market before a day, oldest first; all markets together if market is NULL')
  ) AS q (ordinal, name, is_view, needs, arguments, rows, from_template, meaning)
  UNION ALL
  SELECT q.* FROM mart_summary_question() AS q
  UNION ALL
  SELECT q.* FROM mart_tier_question() AS q
  UNION ALL
  SELECT q.* FROM mart_client_question() AS q
  UNION ALL
  SELECT q.* FROM mart_service_question() AS q
  UNION ALL
  SELECT q.* FROM mart_relationship_question() AS q
  UNION ALL
  SELECT q.* FROM mart_offer_question() AS q;
END;

COMMENT ON FUNCTION mart_question() IS
  'The questions that the mart answers: name, whether it is a view too, what it needs of source and policies, arguments, where it reads, meaning';

-- Their columns, in order. A name that begins with * stands for many: *facts (all), *contract (those of the contract, for people to read),
-- *client_columns (those that create_mart was asked to carry), *result (the only value of a function that returns no table). A column whose needs are not met is left out.
CREATE FUNCTION mart_column()
RETURNS TABLE (ordinal int, question text, name text, type text, needs text[], expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL UNSAFE ROWS 100      -- rows are numbered as they stand here: workers would bring them in another order
BEGIN ATOMIC
  SELECT (pg_catalog.row_number() OVER ())::int, q.name, c.name, c.type, c.needs, c.expression, c.meaning
  FROM (
    VALUES
    ('client_facts', '*client facts', NULL, NULL::text[], NULL, NULL),
    ('product_facts', '*product facts', NULL, NULL, NULL, NULL),

    ('client_360 client_rating client_tier tier_summary suitability_matrix suitability_exception assessment_due', 'as_of', 'date', NULL, '$1',
      'The day that is asked about'),
    ('suitability_change', 'from_day', 'date', NULL, '$1', 'The earlier day'),
    ('suitability_change', 'to_day', 'date', NULL, '$2', 'The later day'),
    ('client_360 client_rating suitability_matrix suitability_exception assessment_due', 'data_through', 'date', NULL,
      '{data through}', 'Newest day, at or before as_of, on which balances, trades or holdings have a row'),
    ('client_tier tier_summary', 'data_through', 'date', NULL, '{tier through}', '{tier through meaning}'),

    ('client_360', '*client contract', NULL, NULL, NULL, NULL),
    ('client_rating client_tier suitability_exception assessment_due suitability_change', 'client_id', 'text', NULL, 'f.client_id',
      'The client''s number'),
    ('client_360 client_rating client_tier suitability_exception assessment_due suitability_change', '*client_columns', NULL, NULL, NULL, NULL),

    ('client_360 client_rating', 'score', 'float8', ARRAY['rating'], '{score}', 'Points of the scorecard {scorecard name}'),
    ('client_360 client_rating', 'reason_1_code', 'text', ARRAY['rating'], 'k.codes[1]', 'Code of what cost most points'),
    ('client_360 client_rating', 'reason_1', 'text', ARRAY['rating'], 'r.reason_1', 'What cost most points'),
    ('client_360 client_rating', 'reason_2_code', 'text', ARRAY['rating'], 'k.codes[2]', 'Code of what cost second most points'),
    ('client_360 client_rating', 'reason_2', 'text', ARRAY['rating'], 'r.reason_2', 'What cost second most points'),
    ('client_360 client_rating', 'reason_3_code', 'text', ARRAY['rating'], 'k.codes[3]', 'Code of what cost third most points'),
    ('client_360 client_rating', 'reason_3', 'text', ARRAY['rating'], 'r.reason_3', 'What cost third most points'),

    ('client_tier', 'assets', 'numeric(18,2)', NULL, '{tier assets}', '{tier assets meaning}'),
    ('client_360 client_tier', 'tier_value', 'numeric(18,2)', ARRAY['tiers', 'tier_measure'], 't.tier_value', '{tier value meaning}'),
    ('client_360 client_tier', 'tier', 'text', ARRAY['tiers', 'tier_measure'], '{tier label}',
      'Tier of the policy {tier policy name}; empty if the measure is not known'),
    ('client_360 client_tier', 'tier_order', 'integer', ARRAY['tiers', 'tier_measure'], '{tier rank}',
      'Rank of the tier, lowest 1'),

    ('tier_summary', 'tier', 'text', NULL, 'l.tier', 'Tier of the policy {tier policy name}; empty if the measure is not known'),
    ('tier_summary', 'tier_order', 'integer', NULL, 'l.tier_order', 'Rank of the tier, lowest 1'),
    ('tier_summary', 'clients', 'bigint', NULL, 'coalesce(s.clients, 0)', 'Number of clients'),
    ('tier_summary', 'client_share', 'float8', NULL, 'coalesce(s.clients, 0)::float8 / nullif(sum(s.clients) OVER (), 0)::float8',
      'Share of all clients, a fraction of 1'),
    ('tier_summary', 'assets', 'numeric(18,2)', NULL, 'CASE WHEN s.clients > 0 THEN s.assets ELSE 0 END', 'Assets of these clients; empty if they are not known'),
    ('tier_summary', 'asset_share', 'float8', NULL, '((CASE WHEN s.clients > 0 THEN s.assets ELSE 0 END) / nullif(sum(s.assets) OVER (), 0))::float8',
      'Share of the assets of all clients, a fraction of 1'),

    ('suitability_matrix', 'action', 'text', NULL, '{action}', 'What would be done with the product'),
    ('suitability_matrix', 'client_risk_level', 'text', NULL, 'm."client level"', 'Risk level of the clients; empty if not known'),
    ('suitability_matrix', 'client_risk_level_order', 'integer', NULL, '{order: m."client level"}', 'Place of the level in the policy, lowest 1; last if not in it'),
    ('suitability_matrix', 'product_risk_level', 'text', NULL, 'm."product level"', 'Risk level of the products; empty if not known'),
    ('suitability_matrix', 'product_risk_level_order', 'integer', NULL, '{order: m."product level"}', 'Place of the level in the policy, lowest 1; last if not in it'),
    ('suitability_matrix', 'outcome', 'text', NULL, 'm.outcome', 'Outcome of the policy {suitability policy name}'),
    ('suitability_matrix', 'outcome_order', 'integer', NULL, '{order: m.outcome}', 'Order of the outcome: suitable 1 to prohibited 6'),
    ('suitability_matrix', 'pairs', 'bigint', NULL, 'm.pairs', 'Number of pairs of a client and a product'),

    ('suitability_exception suitability_change', 'product_id', 'text', NULL, 'h.product_id', 'The product''s code'),
    ('suitability_exception', 'product_name', 'text', ARRAY['product.name'], 'p.name', 'Name of the product'),
    ('suitability_exception suitability_change', 'held_on', 'date', NULL, 'h.on_day', 'Day of the position'),
    ('suitability_exception suitability_change', 'quantity', 'numeric(28,6)', ARRAY['holding.quantity'], 'h.quantity', 'Units held'),
    ('suitability_exception suitability_change', 'market_value', 'numeric(18,2)', ARRAY['holding.market_value'], 'h.market_value', 'Market value of the position'),
    ('suitability_exception', 'client_risk_level', 'text', ARRAY['client fact risk_level'], 'f.risk_level', 'Risk level of the client'),
    ('suitability_exception', 'client_risk_level_order', 'integer', ARRAY['client fact risk_level'], '{order: f.risk_level}',
      'Place of the level in the policy, lowest 1; last if not in it'),
    ('suitability_exception', 'product_risk_level', 'text', ARRAY['product fact risk_level'], 'p.risk_level', 'Risk level of the product'),
    ('suitability_exception', 'product_risk_level_order', 'integer', ARRAY['product fact risk_level'], '{order: p.risk_level}',
      'Place of the level in the policy, lowest 1; last if not in it'),
    ('suitability_exception', 'outcome', 'text', NULL, 'o.outcome', 'Outcome of the policy {suitability policy name}'),
    ('suitability_exception', 'outcome_order', 'integer', NULL, '{order: o.outcome}', 'Order of the outcome: suitable 1 to prohibited 6'),
    ('suitability_exception', 'checks', 'bigint', NULL, 'd.checks', 'Number of checks that fail'),
    ('suitability_exception', 'check_codes', 'text', NULL, 'd.codes', 'Codes of the checks that fail, or their names'),
    ('suitability_exception', 'reasons', 'text', NULL, 'd.reasons', 'One sentence for each check that fails'),
    ('suitability_exception', 'resolves_on', 'date', NULL, 'd.resolves_on', 'Day on which time alone makes the holding suitable, if it does'),
    ('suitability_exception', 'cleared', 'boolean', ARRAY['acknowledgement'], 'd.cleared',
      'Every check that fails is a notice or has an acknowledgement of the right kind that is valid on the day: a client_warning clears overridable, '
      'a supervisor_approval clears needs_approval, nothing clears undetermined or prohibited'),
    ('suitability_exception', 'acknowledged_on', 'date', ARRAY['acknowledgement'], 'd.acknowledged_on', 'Day of the newest of these acknowledgements'),
    ('suitability_exception', 'acknowledged_until', 'date', ARRAY['acknowledgement'], 'd.acknowledged_until', 'Last day on which all of them hold; empty if they have no end'),
    ('suitability_exception', 'evidence_id', 'text', ARRAY['acknowledgement'], 'd.evidence', 'Where the evidence is'),
    ('suitability_exception', 'approved_by', 'text', ARRAY['acknowledgement'], 'd.approved_by', 'Who approved'),

    ('suitability_change', 'before', 'text', NULL, 'o.before', 'Outcome on from_day, with the facts and the policy of before'),
    ('suitability_change', 'before_order', 'integer', NULL, '{order: o.before}', 'Order of the outcome: suitable 1 to prohibited 6'),
    ('suitability_change', 'after', 'text', NULL, 'o.after', 'Outcome on to_day'),
    ('suitability_change', 'after_order', 'integer', NULL, '{order: o.after}', 'Order of the outcome: suitable 1 to prohibited 6'),
    ('suitability_change', 'cause', 'text', NULL, 'coalesce((
        SELECT string_agg(k.cause, '' and '' ORDER BY k.place)
        FROM unnest(ARRAY[''re-graded'', ''profile changed'', ''activity changed'',
          CASE WHEN o.before < o.after THEN ''lapsed with time'' ELSE ''resolved with time'' END, ''policy changed''], ARRAY[
          {crm}.suitability({suitability on $2}, f, g, $2, {hold}),
          {crm}.suitability({suitability on $2}, f_profile, p, $2, {hold}),
          {crm}.suitability({suitability on $2}, f_activity, p, $2, {hold}),
          {crm}.suitability({suitability on $2}, f_time, p, $1, {hold}),
          {crm}.suitability(coalesce($3, {suitability}), f, p, $2, {hold})]) WITH ORDINALITY AS k (cause, otherwise, place)
        WHERE CASE WHEN o.before < o.after THEN k.otherwise < o.after ELSE k.otherwise > o.after END), ''several together'')',
      'What changed the outcome'),

    ('assessment_due', 'check_name', 'text', NULL, 'k.name', 'Name of the dated check of the policy {suitability policy name}'),
    ('assessment_due', 'check_order', 'integer', NULL, 'k.ordinal', 'Place of the check in the policy'),
    ('assessment_due', 'check_code', 'text', NULL, 'k.code', 'Code of the check'),
    ('assessment_due', 'fact', 'text', NULL, 'k.attribute', 'The fact about the client that is dated'),
    ('assessment_due', 'last_on', 'date', NULL, 'v.last_on', 'Day of the fact; empty if there is none'),
    ('assessment_due', 'due_on', 'date', NULL, 'e.due_on', 'Last day on which the check passes; empty if never assessed'),
    ('assessment_due', 'days_left', 'integer', NULL, 'e.due_on - $1', 'Days from as_of to due_on, negative if past'),
    ('assessment_due', 'overdue', 'boolean', NULL, 'coalesce(e.due_on < $1, true)', 'The day is past or there never was one'),

    ('trading_days', '*result', 'date[]', NULL, 'coalesce(array_agg(d.on_day ORDER BY d.on_day), ARRAY[]::date[])', NULL),

    ('why', 'check_order', 'integer', NULL, 'd.ordinal', 'Place of the check in the policy'),
    ('why', 'check_code', 'text', NULL, 'coalesce(d.code, d.name)', 'Code of the check, or its name'),
    ('why', 'outcome', 'text', NULL, 'coalesce(d.outcome, o.outcome, ''undetermined'')', 'Outcome of the check'),
    ('why', 'sentence', 'text', NULL, 'CASE WHEN f.client_id IS NULL THEN format(''client %s is not a client on %s'', $1, $4)
        WHEN p.product_id IS NULL THEN format(''there is no product %s'', $2)
        WHEN d.outcome IS NULL THEN ''no check of the policy applies'' ELSE {sentence} END', 'Why, in one sentence'),
    ('why', 'basis', 'text', NULL, 'd.basis', 'The law or house rule that the check rests on')
    UNION ALL
    SELECT c.* FROM mart_summary_column() AS c
    UNION ALL
    SELECT c.* FROM mart_tier_column() AS c
    UNION ALL
    SELECT c.* FROM mart_client_column() AS c
    UNION ALL
    SELECT c.* FROM mart_service_column() AS c
    UNION ALL
    SELECT c.* FROM mart_relationship_column() AS c
    UNION ALL
    SELECT c.* FROM mart_offer_column() AS c
  ) AS c (questions, name, type, needs, expression, meaning)
  CROSS JOIN LATERAL pg_catalog.regexp_split_to_table(c.questions, ' ') AS q (name);
END;

COMMENT ON FUNCTION mart_column() IS 'The columns of the mart''s questions: type, what they need, expression, meaning';

-- The functions and views that a mart may have, by name and signature.
CREATE FUNCTION mart_object(mart text)
RETURNS TABLE (ordinal int, name text, is_view bool, function_name text, arguments text, signature text)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 20
BEGIN ATOMIC
  SELECT q.ordinal, q.name, q.is_view, f.name, a.arguments,
    pg_catalog.format('%I.%I(%s)', mart_object.mart, f.name, (
      SELECT pg_catalog.string_agg(pg_catalog.split_part(pg_catalog.btrim(p.argument), ' ', 2), ', ' ORDER BY p.place)
      FROM pg_catalog.regexp_split_to_table(a.arguments, ',') WITH ORDINALITY AS p (argument, place)))
  FROM mart_question() AS q
  CROSS JOIN LATERAL (SELECT CASE WHEN q.is_view THEN q.name || '_at' ELSE q.name END AS name) AS f
  CROSS JOIN LATERAL (SELECT pg_catalog.replace(q.arguments, '{crm}', '@extschema@') AS arguments) AS a;
END;

COMMENT ON FUNCTION mart_object(text) IS 'The functions and views that a mart may have: name, whether there is a view of the name, function and signature';
