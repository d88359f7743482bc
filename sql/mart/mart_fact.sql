-- What the mart knows about a client and about a product as of a day: the facts that policies may name. Facts come from the columns of the
-- source; the rest are computed, and are here as data: name, type, the source views it needs, expression, what makes it change, meaning.
-- Expressions see c (client), profile, p (product), grade and the joins of mart_fact_join; $1 is the day.
CREATE FUNCTION mart_computed_fact()
RETURNS TABLE (side text, name text, type text, needs text[], expression text, changes_with text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
  SELECT f.*
  FROM (VALUES
    ('client', 'profile_from', 'date', ARRAY['client_profile'], 'profile.valid_from', 'profile',
      'First day of the version of the profile that is used'),
    ('client', 'age', 'integer', ARRAY['client.birth_date'], '{years since c.birth_date}', 'time',
      'Age in completed years; a birthday on 29 February counts on 28 February of other years'),
    ('client', 'tenure_months', 'integer', ARRAY['client.opened_on'], '{months since c.opened_on}', 'time',
      'Completed calendar months since the relationship began'),
    ('client', 'assets', 'numeric', ARRAY['balance'], '{balance now}', 'activity',
      'Balance at the end of the day'),
    ('client', 'average_assets', 'numeric', ARRAY['balance'], '{average 30}', 'activity',
      'Mean of the balances at the end of each of the 30 calendar days that end with the day; days before the first balance count as 0'),
    ('client', 'assets_20_days', 'numeric', ARRAY['balance'], '{average 20}', 'activity',
      'Mean of the balances at the end of each of the 20 trading days before the day, the day itself left out; unknown if the calendar has fewer'),
    ('client', 'first_trade_on', 'date', ARRAY['trade'], 'trade.first_on', 'activity', 'Day of the first trade'),
    ('client', 'last_trade_on', 'date', ARRAY['trade'], 'trade.last_on', 'activity', 'Day of the last trade'),
    ('client', 'trades_90_days', 'bigint', ARRAY['trade'], 'coalesce(trade.trades, 0)', 'activity',
      'Number of trades in the 90 calendar days that end with the day'),
    ('client', 'turnover_90_days', 'numeric', ARRAY['trade'], 'coalesce(trade.turnover, 0)', 'activity',
      'Gross amount bought and sold in the 90 calendar days that end with the day'),
    ('client', 'products_held', 'bigint', ARRAY['holding'], 'coalesce(held.products, 0)', 'activity',
      'Number of products held on the newest day of positions'),
    ('client', 'holdings_value', 'numeric', ARRAY['holding'], 'coalesce(held.market_value, 0)', 'activity',
      'Market value of the positions on their newest day'),
    ('client', 'permissions', 'text[]', ARRAY['permission'], 'coalesce(permitted.codes, ARRAY[]::text[])', 'activity',
      'Trading permissions that are open'),
    ('client', 'effective', 'boolean', ARRAY['balance'], 'coalesce({balance now} >= {setting: effective_assets} AND {balance now} < ''Infinity'', false)', 'activity',
      'Whether the client counts as effective: assets of at least {value: effective_assets}'),
    ('client', 'activity_class', 'text', ARRAY['balance', 'trade'], 'CASE WHEN trade.last_on > $1 - {setting: active_days} THEN ''active''
        WHEN coalesce({balance now}, 0) <= {setting: dormant_cash} AND coalesce(held.market_value, held.products, 0) = 0
          AND coalesce(greatest(trade.last_on, c.opened_on) <= $1 - make_interval(years => {setting: dormant_years}), true) THEN ''dormant''
        ELSE ''steady'' END', 'activity',
      'active: a trade in the {value: active_days} days that end with the day; dormant: no holdings, assets of at most {value: dormant_cash} and no trade for {value: dormant_years} years; else steady'),
    ('product', 'grade_from', 'date', ARRAY['product_grade'], 'grade.valid_from', 'product',
      'First day of the version of the grade that is used')
  ) AS f (side, name, type, needs, expression, changes_with, meaning);
END;

COMMENT ON FUNCTION mart_computed_fact() IS
  'Facts about clients and products that the mart computes: side, name, type, source views or columns it needs, expression, meaning';

-- The facts that a source can give. A column of the newest version of a profile or grade goes before one of client or product with the same
-- name, and a column of the source before a computed fact.
CREATE FUNCTION mart_fact(source text)
RETURNS TABLE (side text, ordinal int, name text, type text, family text, expression text, changes_with text, contract bool, meaning text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 40
BEGIN ATOMIC
  WITH side AS (
    SELECT s.*
    FROM (VALUES ('client', 'client', 'c', 2), ('client_profile', 'client', 'profile', 1),
      ('product', 'product', 'p', 2), ('product_grade', 'product', 'grade', 1)) AS s ("view", side, alias, rank)
  ), contract AS (              -- risk_level, say, is of the contract in client too: that is where it is read without client_profile
    SELECT DISTINCT ON (s.side, c."column") s.side, c."column", c.meaning, c.ordinal
    FROM source_contract() WITH ORDINALITY AS c ("view", "column", type, key, required, refers_to, allowed, must_be, meaning, ordinal)
    JOIN side AS s ON s."view" = c."view"
    ORDER BY s.side, c."column", c.ordinal
  ), column_of_source AS (
    SELECT k.side, coalesce(c.ordinal, 10000 + s.ordinal) AS ordinal, s."column" AS name, s.type, s.family,
      pg_catalog.replace(pg_catalog.format('%s.%I', k.alias, s."column"), '{', '{brace}') AS expression, k.side AS changes_with, c.ordinal IS NOT NULL AS contract,
      coalesce(c.meaning, pg_catalog.replace(pg_catalog.format('Column %s of the source''s view %s', s."column", s."view"), '{', '{brace}')) AS meaning, k.rank
    FROM side AS k
    JOIN source_view(mart_fact.source) AS v ON v."view" = k."view" AND v.usable
    JOIN source_shape(mart_fact.source) AS s ON s."view" = k."view" AND s.state IN ('present', 'extra')
      AND NOT (k.alias IN ('profile', 'grade') AND s."column" IN ('client_id', 'product_id', 'valid_from', 'valid_to'))
    LEFT JOIN contract AS c ON c.side = k.side AND c."column" = s."column"
  ), computed AS (
    SELECT f.side, 5000 + pg_catalog.row_number() OVER () AS ordinal, f.name, f.type, CASE f.type WHEN 'bigint' THEN 'integer' ELSE f.type END AS family,
      f.expression, f.changes_with, true AS contract, f.meaning, 3 AS rank
    FROM mart_computed_fact() AS f
    WHERE NOT EXISTS (
      SELECT FROM pg_catalog.unnest(f.needs) AS n (name)
      WHERE n.name NOT IN (
        SELECT v."view" FROM source_view(mart_fact.source) AS v WHERE v.usable
        UNION ALL
        SELECT s."view" || '.' || s."column" FROM source_shape(mart_fact.source) AS s WHERE s.state = 'present'))
  ), ranked AS (
    SELECT DISTINCT ON (a.side, a.name) a.*
    FROM (SELECT c.* FROM column_of_source AS c UNION ALL SELECT c.* FROM computed AS c) AS a
    ORDER BY a.side, a.name, a.rank
  )
  SELECT r.side, (pg_catalog.row_number() OVER (PARTITION BY r.side ORDER BY r.ordinal))::int, r.name, r.type, r.family, r.expression,
    CASE r.changes_with WHEN 'client' THEN 'profile' ELSE r.changes_with END,
    r.contract OR EXISTS (SELECT FROM mart_computed_fact() AS f WHERE f.side = r.side AND f.name = r.name), r.meaning
  FROM ranked AS r
  ORDER BY r.side, r.ordinal;
END;

COMMENT ON FUNCTION mart_fact(text) IS
  'The facts about clients and products that a source schema can give, in the order of the columns of client_facts and product_facts';

-- The pieces that facts are computed with. {view} is a view of the source completed to the contract's columns.
CREATE FUNCTION mart_piece(balance_mode text)
RETURNS TABLE (name text, template text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
  SELECT p.*
  FROM (VALUES ('
      SELECT sum(s.amount * (width_bucket(s.ends - 1, {asked}.days) - width_bucket(s.on_day - 1, {asked}.days))) / cardinality({asked}.days) AS amount
        FROM (
          SELECT b.amount, b.on_day, {balance ends} AS ends
          FROM (
            (SELECT b.on_day, b.amount::numeric AS amount FROM {balance} AS b
             WHERE b.client_id = c.client_id AND b.on_day <= {asked}.days[1] ORDER BY b.on_day DESC LIMIT 1)
            UNION ALL
            SELECT b.on_day, b.amount::numeric FROM {balance} AS b
            WHERE b.client_id = c.client_id AND b.on_day > {asked}.days[1] AND b.on_day <= {asked}.days[cardinality({asked}.days)]) AS b) AS s')) AS average (template)
  CROSS JOIN LATERAL (VALUES
    ('years since c.birth_date', 'CASE WHEN isfinite(c.birth_date) AND c.birth_date <= $1 THEN (extract(year FROM $1) - extract(year FROM c.birth_date))::int'
      ' - (c.birth_date + make_interval(years => (extract(year FROM $1) - extract(year FROM c.birth_date))::int) > $1)::int END'),
    ('months since c.opened_on', 'CASE WHEN isfinite(c.opened_on) AND c.opened_on <= $1 THEN {months apart}'
      ' - (c.opened_on + make_interval(months => {months apart}) > $1)::int END'),
    ('months apart', '(12 * (extract(year FROM $1) - extract(year FROM c.opened_on)) + extract(month FROM $1) - extract(month FROM c.opened_on))::int'),
    ('balance now', CASE mart_piece.balance_mode WHEN 'snapshot' THEN 'coalesce(balance_now.amount, 0)' ELSE 'balance_now.amount' END),
    ('average 30', CASE mart_piece.balance_mode WHEN 'snapshot' THEN 'coalesce(average_30.amount, 0)' ELSE 'average_30.amount' END),
    ('average 20', CASE mart_piece.balance_mode
      WHEN 'snapshot' THEN 'CASE WHEN cardinality(trading.days) = 20 THEN coalesce(average_20.amount, 0) END'
      ELSE 'CASE WHEN cardinality(trading.days) = 20 THEN average_20.amount END' END),

    ('client joins', '{client} AS c
      LEFT JOIN (
        SELECT DISTINCT ON (v.client_id) v.*
        FROM {client_profile} AS v
        WHERE v.valid_from <= $1 AND (v.valid_to IS NULL OR $1 < v.valid_to)
        ORDER BY v.client_id, v.valid_from DESC) AS profile ON profile.client_id = c.client_id
      LEFT JOIN (
        SELECT t.client_id, min(t.on_day) AS first_on, max(t.on_day) AS last_on, count(*) FILTER (WHERE t.on_day > $1 - 90) AS trades,
          sum(t.amount::numeric) FILTER (WHERE t.on_day > $1 - 90) AS turnover
        FROM {trade} AS t
        WHERE t.on_day <= $1
        GROUP BY t.client_id) AS trade ON trade.client_id = c.client_id
      LEFT JOIN (
        SELECT h.client_id, count(DISTINCT h.product_id) AS products, sum(h.market_value::numeric) AS market_value
        FROM {holding} AS h
        WHERE h.on_day = {newest holding}
        GROUP BY h.client_id) AS held ON held.client_id = c.client_id
      LEFT JOIN (
        SELECT a.client_id, array_agg(DISTINCT a.code::text ORDER BY a.code::text) AS codes
        FROM {permission} AS a
        WHERE a.opened_on <= $1 AND (a.closed_on IS NULL OR $1 < a.closed_on)
        GROUP BY a.client_id) AS permitted ON permitted.client_id = c.client_id
      LEFT JOIN (
        SELECT array_agg(d.on_day ORDER BY d.on_day) AS days
        FROM (SELECT DISTINCT d.on_day FROM {calendar} AS d WHERE d.on_day < $1 AND d.on_day >= $1 - 366 ORDER BY d.on_day DESC LIMIT 20) AS d
        ) AS trading ON true
      LEFT JOIN (
        SELECT array_agg($1 - d.ago ORDER BY d.ago DESC) AS days
        FROM generate_series(0, 29) AS d (ago)) AS calendar ON true
      LEFT JOIN (
        SELECT array_agg(DISTINCT d.on_day ORDER BY d.on_day) AS days
        FROM {calendar} AS d
        WHERE d.on_day >= $1 - 366 AND d.on_day <= (SELECT max(b.on_day) FROM {balance} AS b WHERE b.on_day <= $1)) AS snapshot ON true
      LEFT JOIN LATERAL (
        SELECT max(b.amount) AS amount
        FROM (SELECT b.amount::numeric AS amount FROM {balance} AS b WHERE b.client_id = c.client_id AND {balance of the day}
          ORDER BY b.on_day DESC LIMIT 1) AS b) AS balance_now ON true
      LEFT JOIN LATERAL ({average over calendar}) AS average_30 ON true
      LEFT JOIN LATERAL ({average over trading}) AS average_20 ON true
      WHERE (c.opened_on IS NULL OR c.opened_on <= $1) AND (c.closed_on IS NULL OR $1 < c.closed_on)'),
    ('product joins', '{product} AS p
      LEFT JOIN (
        SELECT DISTINCT ON (v.product_id) v.*
        FROM {product_grade} AS v
        WHERE v.valid_from <= $1 AND (v.valid_to IS NULL OR $1 < v.valid_to)
        ORDER BY v.product_id, v.valid_from DESC) AS grade ON grade.product_id = p.product_id'),
    ('newest holding', '(SELECT max(n.on_day) FROM {holding} AS n WHERE n.on_day <= $1)'),

    -- A balance stands from its day until the day before the next one: the client's next balance (change), or the next trading day with
    -- balances of anyone (snapshot). Its weight is the number of asked days in between.
    ('balance of the day', CASE mart_piece.balance_mode
      WHEN 'snapshot' THEN 'b.on_day = snapshot.days[cardinality(snapshot.days)]' ELSE 'b.on_day <= $1' END),
    ('balance ends', CASE mart_piece.balance_mode
      WHEN 'snapshot' THEN 'coalesce(snapshot.days[width_bucket(b.on_day, snapshot.days) + 1], $1 + 1)'
      ELSE 'lead(b.on_day, 1, $1 + 1) OVER (ORDER BY b.on_day)' END),
    ('average over calendar', replace(average.template, '{asked}', 'calendar')),
    ('average over trading', replace(average.template, '{asked}', 'trading'))
  ) AS p (name, template);
END;

COMMENT ON FUNCTION mart_piece(text) IS 'Pieces of SQL that facts and views are made of, for balance_mode change or snapshot';

-- The condition that a numeric column of a type, numeric(p,s), holds the value of an expression: false for NaN and the infinities, too.
CREATE FUNCTION mart_holds(type text, expression text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN (
  SELECT pg_catalog.format('abs((%s)::numeric) <= %s.%s', mart_holds.expression, pg_catalog.repeat('9', d.digits[1]::int - d.digits[2]::int), pg_catalog.repeat('9', d.digits[2]::int))
  FROM pg_catalog.regexp_match(mart_holds.type, '(\d+),(\d+)') AS d (digits));

COMMENT ON FUNCTION mart_holds(text, text) IS 'The condition that a column of type numeric(p,s) holds the value of an expression, as SQL';

-- Puts values in place of {names}, pieces within pieces too. An unknown name is an error of the catalogue, not of the user.
CREATE FUNCTION mart_expand(template text, pieces jsonb)
RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $mart_expand$
DECLARE
  part text[];
  result text := '';
BEGIN
  FOR part IN SELECT m FROM regexp_matches(template, '([^{]*)(\{[^}]*\})?', 'g') AS m LOOP
    result := result || part[1];
    IF part[2] IS NOT NULL THEN
      part[2] := btrim(part[2], '{}');
      IF pieces -> part[2] IS NULL THEN
        RAISE EXCEPTION 'no piece "%"', part[2] USING ERRCODE = 'undefined_object';
      END IF;
      -- a value that is final comes as {"is": ...} and is not looked into: names and documents may hold braces
      result := result || coalesce(pieces -> part[2] ->> 'is', @extschema@.mart_expand(pieces ->> part[2], pieces));
    END IF;
  END LOOP;
  RETURN result;
END;
$mart_expand$;

COMMENT ON FUNCTION mart_expand(text, jsonb) IS 'A template with its {names} replaced by pieces: {"name": "template"} or {"name": {"is": "final text"}}';
