-- The source contract as data: what check_source looks for, what create_mart builds on and what the documentation prints.
CREATE FUNCTION source_contract()
RETURNS TABLE ("view" text, "column" text, type text, key int, required bool, refers_to text, allowed text[], must_be text,
  meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100 ROWS 100
BEGIN ATOMIC
  SELECT c.*
  FROM (VALUES
    -- view, column, type, place in the key, required, refers to, allowed values, what a value must be, meaning
    ('client', 'client_id', 'text', 1, true, NULL::text, NULL::text[], NULL::text, 'The client''s number'),
    ('client', 'kind', 'text', NULL, false, NULL, ARRAY['person', 'entity', 'product'], NULL, 'person, entity or product'),
    ('client', 'opened_on', 'date', NULL, false, NULL, NULL, '<= as_of', 'Day on which the relationship began'),
    ('client', 'closed_on', 'date', NULL, false, NULL, NULL, NULL, 'First day on which the client was no longer one'),
    ('client', 'birth_date', 'date', NULL, false, NULL, NULL, '<= as_of', 'Date of birth'),
    ('client', 'branch_id', 'text', NULL, false, NULL, NULL, NULL, 'Branch that serves the client'),
    ('client', 'adviser_id', 'text', NULL, false, NULL, NULL, NULL, 'Adviser who serves the client'),
    ('client', 'segment', 'text', NULL, false, NULL, NULL, NULL, 'Segment that the firm put the client in'),
    ('client', 'dormant', 'boolean', NULL, false, NULL, NULL, NULL, 'The account is dormant'),
    ('client', 'suspended', 'boolean', NULL, false, NULL, NULL, NULL, 'Trading is suspended'),
    ('client', 'id_expires_on', 'date', NULL, false, NULL, NULL, NULL, 'Day on which the identity document expires'),

    ('client_profile', 'client_id', 'text', 1, true, 'client', NULL, NULL, 'The client'),
    ('client_profile', 'valid_from', 'date', 2, true, NULL, NULL, NULL, 'First day of this version'),
    ('client_profile', 'valid_to', 'date', NULL, false, NULL, NULL, NULL, 'First day on which this version no longer held'),
    ('client_profile', 'risk_level', 'text', NULL, false, NULL, NULL, NULL, 'Risk level of the client'),
    ('client_profile', 'lowest_class', 'boolean', NULL, false, NULL, NULL, NULL, 'The client is of the lowest class, which no consent overrides'),
    ('client_profile', 'assessed_on', 'date', NULL, false, NULL, NULL, '<= as_of', 'Day of the newest risk assessment'),
    ('client_profile', 'investor_class', 'text', NULL, false, NULL, NULL, NULL, 'Class of investor, such as ordinary or professional'),
    ('client_profile', 'professional_until', 'date', NULL, false, NULL, NULL, NULL, 'Last day of the status of professional investor'),
    ('client_profile', 'longest_term_months', 'integer', NULL, false, NULL, NULL, '>= 0', 'Longest term the client accepts, in months'),
    ('client_profile', 'kinds', 'text[]', NULL, false, NULL, NULL, NULL, 'Kinds of product the client accepts'),
    ('client_profile', 'objectives', 'text[]', NULL, false, NULL, NULL, NULL, 'Investment objectives of the client'),
    ('client_profile', 'loss_capacity', 'text', NULL, false, NULL, NULL, NULL, 'Loss the client can bear'),
    ('client_profile', 'income', 'numeric', NULL, false, NULL, NULL, NULL, 'Yearly income'),
    ('client_profile', 'net_assets', 'numeric', NULL, false, NULL, NULL, NULL, 'Net assets as the client declared them'),

    ('product', 'product_id', 'text', 1, true, NULL, NULL, NULL, 'The product''s code'),
    ('product', 'name', 'text', NULL, false, NULL, NULL, NULL, 'Name of the product'),
    ('product', 'kind', 'text', NULL, false, NULL, NULL, NULL, 'Kind of product, as in the client''s kinds'),
    ('product', 'category', 'text', NULL, false, NULL, NULL, NULL, 'Category of the product'),
    ('product', 'issuer_id', 'text', NULL, false, NULL, NULL, NULL, 'Issuer of the product'),
    ('product', 'currency', 'text', NULL, false, NULL, NULL, NULL, 'Currency of the product'),
    ('product', 'term_months', 'integer', NULL, false, NULL, NULL, '>= 0', 'Term of the product, in months'),
    ('product', 'permission', 'text', NULL, false, NULL, NULL, NULL, 'Trading permission that the product needs'),
    ('product', 'minimum_amount', 'numeric', NULL, false, NULL, NULL, '>= 0', 'Smallest amount that may be bought'),

    ('product_grade', 'product_id', 'text', 1, true, 'product', NULL, NULL, 'The product'),
    ('product_grade', 'valid_from', 'date', 2, true, NULL, NULL, NULL, 'First day of this version'),
    ('product_grade', 'valid_to', 'date', NULL, false, NULL, NULL, NULL, 'First day on which this version no longer held'),
    ('product_grade', 'risk_level', 'text', NULL, false, NULL, NULL, NULL, 'Risk level of the product'),

    ('holding', 'client_id', 'text', 1, true, 'client', NULL, NULL, 'The client'),
    ('holding', 'product_id', 'text', 2, true, 'product', NULL, NULL, 'The product'),
    ('holding', 'on_day', 'date', 3, true, NULL, NULL, '<= as_of', 'Day of the position'),
    ('holding', 'quantity', 'numeric', NULL, false, NULL, NULL, NULL, 'Units held'),
    ('holding', 'market_value', 'numeric', NULL, false, NULL, NULL, NULL, 'Market value of the position'),

    ('balance', 'client_id', 'text', 1, true, 'client', NULL, NULL, 'The client'),
    ('balance', 'on_day', 'date', 2, true, NULL, NULL, '<= as_of', 'Day at the end of which the balance stood'),
    ('balance', 'amount', 'numeric', NULL, true, NULL, NULL, NULL, 'Net assets, margin debt taken off'),

    ('trade', 'trade_id', 'text', 1, false, NULL, NULL, NULL, 'The trade''s number'),
    ('trade', 'client_id', 'text', NULL, true, 'client', NULL, NULL, 'The client'),
    ('trade', 'product_id', 'text', NULL, false, 'product', NULL, NULL, 'The product'),
    ('trade', 'on_day', 'date', NULL, true, NULL, NULL, '<= as_of', 'Day of the trade'),
    ('trade', 'side', 'text', NULL, false, NULL, ARRAY['buy', 'sell'], NULL, 'buy or sell'),
    ('trade', 'amount', 'numeric', NULL, true, NULL, NULL, '> 0', 'Gross amount, above 0'),
    ('trade', 'channel', 'text', NULL, false, NULL, NULL, NULL, 'Channel of the order'),
    ('trade', 'initiated_by', 'text', NULL, false, NULL, ARRAY['firm', 'client'], NULL, 'firm (solicited) or client (unsolicited)'),

    ('trading_day', 'market', 'text', 1, true, NULL, NULL, NULL, 'The market'),
    ('trading_day', 'on_day', 'date', 2, true, NULL, NULL, NULL, 'A day on which the market trades'),

    ('permission', 'client_id', 'text', 1, true, 'client', NULL, NULL, 'The client'),
    ('permission', 'code', 'text', 2, true, NULL, NULL, NULL, 'The trading permission'),
    ('permission', 'opened_on', 'date', 3, true, NULL, NULL, '<= as_of', 'First day of the permission'),
    ('permission', 'closed_on', 'date', NULL, false, NULL, NULL, NULL, 'First day without the permission'),

    ('acknowledgement', 'client_id', 'text', NULL, true, 'client', NULL, NULL, 'The client'),
    ('acknowledgement', 'product_id', 'text', NULL, true, 'product', NULL, NULL, 'The product'),
    ('acknowledgement', 'check_code', 'text', NULL, true, NULL, NULL, NULL, 'Code of the check that it clears'),
    ('acknowledgement', 'kind', 'text', NULL, true, NULL, ARRAY['client_warning', 'supervisor_approval'], NULL,
      'client_warning or supervisor_approval'),
    ('acknowledgement', 'on_day', 'date', NULL, true, NULL, NULL, '<= as_of', 'Day on which it was given'),
    ('acknowledgement', 'valid_until', 'date', NULL, false, NULL, NULL, NULL, 'Last day on which it holds'),
    ('acknowledgement', 'evidence_id', 'text', NULL, false, NULL, NULL, NULL, 'Where the evidence is'),
    ('acknowledgement', 'approved_by', 'text', NULL, false, NULL, NULL, NULL, 'Who approved'),

    ('household', 'client_id', 'text', 1, true, 'client', NULL, NULL, 'The client'),
    ('household', 'household_id', 'text', 2, true, NULL, NULL, NULL, 'The household'),
    ('household', 'share', 'numeric', NULL, false, NULL, NULL, '> 0', 'Share of the client that the household has; those of a client sum to 1'),

    ('account', 'account_id', 'text', 1, true, NULL, NULL, NULL, 'The account''s number'),
    ('account', 'client_id', 'text', NULL, true, 'client', NULL, NULL, 'The client'),
    ('account', 'kind', 'text', NULL, false, NULL, NULL, NULL, 'Kind of account'),
    ('account', 'opened_on', 'date', NULL, false, NULL, NULL, '<= as_of', 'First day of the account'),
    ('account', 'closed_on', 'date', NULL, false, NULL, NULL, NULL, 'First day without the account'),

    ('cash_flow', 'client_id', 'text', NULL, true, 'client', NULL, NULL, 'The client'),
    ('cash_flow', 'on_day', 'date', NULL, true, NULL, NULL, '<= as_of', 'Day of the movement'),
    ('cash_flow', 'amount', 'numeric', NULL, true, NULL, NULL, '<> 0', 'Money and securities moved in (above 0) or out (below 0)'),

    ('fee', 'client_id', 'text', NULL, true, 'client', NULL, NULL, 'The client'),
    ('fee', 'on_day', 'date', NULL, true, NULL, NULL, '<= as_of', 'Day of the fee'),
    ('fee', 'kind', 'text', NULL, true, NULL, ARRAY['commission', 'advice', 'distribution', 'interest', 'other'], NULL,
      'commission, advice, distribution, interest or other'),
    ('fee', 'amount', 'numeric', NULL, true, NULL, NULL, NULL, 'Revenue; below 0 where it was paid back'),

    ('cost', 'channel', 'text', 1, true, NULL, NULL, NULL, 'The channel'),
    ('cost', 'valid_from', 'date', 2, true, NULL, NULL, NULL, 'First day on which the rate holds; it holds until the next'),
    ('cost', 'per_minute', 'numeric', NULL, false, NULL, NULL, '>= 0', 'Cost of a minute'),
    ('cost', 'per_contact', 'numeric', NULL, false, NULL, NULL, '>= 0', 'Cost of a contact, besides its minutes'),

    ('contact', 'contact_id', 'text', 1, true, NULL, NULL, NULL, 'The contact''s number'),
    ('contact', 'client_id', 'text', NULL, true, 'client', NULL, NULL, 'The client'),
    ('contact', 'employee_id', 'text', NULL, false, NULL, NULL, NULL, 'Who served the client'),
    ('contact', 'on_day', 'date', NULL, true, NULL, NULL, '<= as_of', 'Day of the contact'),
    ('contact', 'started_at', 'timestamp with time zone', NULL, false, NULL, NULL, NULL, 'When it began'),
    ('contact', 'channel', 'text', NULL, false, NULL, NULL, NULL, 'Channel of the contact'),
    ('contact', 'direction', 'text', NULL, false, NULL, NULL, NULL, 'Whether client or firm began it'),
    ('contact', 'service', 'text', NULL, false, NULL, NULL, NULL, 'Service that was delivered'),
    ('contact', 'minutes', 'numeric', NULL, false, NULL, NULL, '>= 0', 'How long it took'),

    ('entitlement', 'tier', 'text', 1, true, NULL, NULL, NULL, 'Tier of the client'),
    ('entitlement', 'client_class', 'text', 2, true, NULL, NULL, NULL, 'Class of the client; - for all classes'),
    ('entitlement', 'service', 'text', 3, true, NULL, NULL, NULL, 'Service that is owed'),
    ('entitlement', 'per_quarter', 'numeric', NULL, true, NULL, NULL, '>= 0', 'How often in a quarter'),
    ('entitlement', 'minutes', 'numeric', NULL, false, NULL, NULL, '>= 0', 'Minutes that it takes each time'),

    ('external_assets', 'client_id', 'text', 1, true, 'client', NULL, NULL, 'The client'),
    ('external_assets', 'on_day', 'date', 2, true, NULL, NULL, '<= as_of', 'Day of the declaration'),
    ('external_assets', 'amount', 'numeric', NULL, true, NULL, NULL, '>= 0', 'Assets that the client declared to have elsewhere'),

    ('callback', 'client_id', 'text', NULL, true, 'client', NULL, NULL, 'The client'),
    ('callback', 'on_day', 'date', NULL, true, NULL, NULL, '<= as_of', 'Day of the call'),
    ('callback', 'outcome', 'text', NULL, false, NULL, NULL, NULL, 'What came of it')
  ) AS c ("view", "column", type, key, required, refers_to, allowed, must_be, meaning);
END;

COMMENT ON FUNCTION source_contract() IS
  'The views and columns that a source schema may offer: type, place in the key, whether the view is of use without it, what it refers to, '
  'allowed values, what a value must be (as_of: the day asked about) and meaning. Only the view client must be there';

-- The contract beside what a source schema has. A relation that is absent gives no rows; columns beyond the contract come as 'extra'.
CREATE FUNCTION source_shape(source text)
RETURNS TABLE ("view" text, ordinal int, "column" text, type text, family text, state text, required bool, meaning text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 100
BEGIN ATOMIC
  WITH RECURSIVE relation AS (
    SELECT k.relname::text AS "view", k.oid
    FROM pg_catalog.pg_class AS k
    JOIN pg_catalog.pg_namespace AS n ON n.oid = k.relnamespace
    WHERE n.nspname = source_shape.source
      AND k.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND k.relname IN (SELECT c."view" FROM source_contract() AS c)
  ), resolved AS (            -- domains down to their base types
    SELECT r."view", a.attnum::int AS ordinal, a.attname::text AS "column",
      pg_catalog.format_type(a.atttypid, NULL) AS type, a.atttypid AS base
    FROM relation AS r
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT d."view", d.ordinal, d."column", d.type, t.typbasetype
    FROM resolved AS d
    JOIN pg_catalog.pg_type AS t ON t.oid = d.base AND t.typtype = 'd'
  ), present AS (
    SELECT d."view", d.ordinal, d."column", d.type,
      CASE
        WHEN t.typname IN ('int2', 'int4', 'int8') THEN 'integer'
        WHEN t.typname IN ('numeric', 'float4', 'float8') THEN 'numeric'
        WHEN t.typname IN ('bool', 'date', 'timestamp', 'timestamptz') THEN pg_catalog.format_type(t.oid, NULL)
        WHEN t.typname IN ('_text', '_varchar') THEN 'text[]'
        WHEN t.typcategory IN ('S', 'E') THEN 'text'
        ELSE 'other'
      END AS family
    FROM resolved AS d
    JOIN pg_catalog.pg_type AS t ON t.oid = d.base AND t.typtype <> 'd'
  ), contract AS (
    SELECT c.*, r.oid
    FROM source_contract() AS c
    JOIN relation AS r ON r."view" = c."view"
  )
  SELECT coalesce(p."view", c."view"), p.ordinal, coalesce(p."column", c."column"), p.type, p.family,
    CASE
      WHEN c."column" IS NULL THEN 'extra'
      WHEN p."column" IS NULL THEN 'missing'
      WHEN p.family = c.type OR (p.family = 'integer' AND c.type = 'numeric') THEN 'present'
      ELSE 'mistyped'
    END,
    coalesce(c.required, false), c.meaning
  FROM contract AS c
  FULL JOIN present AS p ON p."view" = c."view" AND p."column" = c."column";
END;

COMMENT ON FUNCTION source_shape(text) IS
  'The columns of the contract''s views in a source schema: present, missing, mistyped or extra, with their types';

-- Which of the contract's views can be used, and if not, why. The schema must exist and hold a usable client view.
CREATE FUNCTION source_view(source text)
RETURNS TABLE ("view" text, usable bool, reason text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
  SELECT c."view",
    pg_catalog.count(s."view") > 0 AND NOT coalesce(pg_catalog.bool_or(
      (s.state = 'missing' AND s.required) OR s.state = 'mistyped'), false),
    CASE
      WHEN pg_catalog.count(s."view") = 0 THEN pg_catalog.format('%s has no view %s', pg_catalog.quote_ident(source_view.source), c."view")
      ELSE pg_catalog.format('%s.%s: ', pg_catalog.quote_ident(source_view.source), c."view") || pg_catalog.string_agg(
        CASE s.state WHEN 'missing' THEN pg_catalog.format('no column %s', s."column")
          ELSE pg_catalog.format('%s is %s, must be %s', s."column", s.type, c.type) END, ', ')
        FILTER (WHERE (s.state = 'missing' AND s.required) OR s.state = 'mistyped')
    END
  FROM source_contract() AS c
  LEFT JOIN source_shape(source_view.source) AS s ON s."view" = c."view" AND s."column" = c."column"
  GROUP BY c."view";
END;

COMMENT ON FUNCTION source_view(text) IS 'Which of the contract''s views a source schema offers in a usable form, and what is wrong with the others';

-- The levels that a suitability policy knows, lowest first as its documents list them: names on the client's side and on the product's.
CREATE FUNCTION suitability_levels(policy suitability_policy)
RETURNS TABLE (side text, attribute text, levels text[])
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 2
BEGIN ATOMIC
  WITH RECURSIVE node AS (      -- every object of the document, in json so that keys keep their order
    SELECT (suitability_levels.policy)::text::json AS value, ARRAY[0]::int[] AS path
    UNION ALL
    SELECT e.value, n.path || e.place::int
    FROM node AS n
    CROSS JOIN LATERAL (
      SELECT o.value, o.place
      FROM pg_catalog.json_each(CASE pg_catalog.json_typeof(n.value) WHEN 'object' THEN n.value END) WITH ORDINALITY AS o (key, value, place)
      UNION ALL
      SELECT a.value, a.place
      FROM pg_catalog.json_array_elements(CASE pg_catalog.json_typeof(n.value) WHEN 'array' THEN n.value END)
        WITH ORDINALITY AS a (value, place)
    ) AS e
    WHERE pg_catalog.json_typeof(n.value) IN ('object', 'array')
  ), allowed AS (
    SELECT n.value -> 'allowed' AS rule, n.path
    FROM node AS n
    WHERE pg_catalog.json_typeof(n.value) = 'object' AND pg_catalog.json_typeof(n.value -> 'allowed' -> 'pairs') = 'object'
  ), level AS (
    SELECT 'client' AS side, a.rule ->> 'client' AS attribute, k.key AS name, a.path || k.place::int AS path
    FROM allowed AS a
    CROSS JOIN LATERAL pg_catalog.json_object_keys(a.rule -> 'pairs') WITH ORDINALITY AS k (key, place)
    UNION ALL
    SELECT 'product', a.rule ->> 'product', v.name, a.path || k.place::int || v.place::int
    FROM allowed AS a
    CROSS JOIN LATERAL pg_catalog.json_each(a.rule -> 'pairs') WITH ORDINALITY AS k (key, value, place)
    CROSS JOIN LATERAL pg_catalog.json_array_elements_text(k.value) WITH ORDINALITY AS v (name, place)
  ), first_seen AS (
    SELECT l.side, l.attribute, l.name, pg_catalog.min(l.path) AS path
    FROM level AS l
    GROUP BY l.side, l.attribute, l.name
  )
  SELECT f.side, f.attribute, pg_catalog.array_agg(f.name ORDER BY f.path)
  FROM first_seen AS f
  GROUP BY f.side, f.attribute;
END;

COMMENT ON FUNCTION suitability_levels(suitability_policy) IS
  'The levels that the policy''s "allowed" relations know, in the order of the document: one row for an attribute of a side';
