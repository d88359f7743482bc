-- Questions of the mart what to offer whom, and what the rules ask for: what is held together, next best products, audiences, call-backs, trading
-- permissions.
CREATE FUNCTION mart_offer_piece(lacking jsonb)
RETURNS TABLE (name text, template text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT p.*
  FROM (VALUES
    -- what each client holds on the newest day of positions, one array a client
    ('held by client', '(SELECT h.client_id, array_agg(DISTINCT h.product_id::text) AS products FROM {holding} AS h WHERE h.on_day = {newest holding} GROUP BY h.client_id)'),

    -- The day of positions that what is held together is counted on: the last of the newest month that is refreshed, which has it counted, unless that is
    -- older than the month before the newest positions.
    ('counted day', 'coalesce((SELECT max(n.on_day) FROM {holding} AS n
          WHERE n.on_day < {summary month} + interval ''1 month'' AND n.on_day >= date_trunc(''month'', {newest holding}::timestamp) - interval ''1 month''), {newest holding})'),

    -- Clients whom call-backs of the year are about: those of the last day of the year before, but for dormant and suspended ones. Whom to call of
    -- those who are left is drawn by a hash, so that nobody chooses.
    ('callback year', '(
        SELECT y.client_id, y.is_done, count(*) OVER () AS eligible, count(*) FILTER (WHERE y.is_done) OVER () AS done,
          CASE WHEN y.may_be_called THEN row_number() OVER (PARTITION BY y.may_be_called ORDER BY y.draw, y.client_id) END AS place
        FROM (
          SELECT c.client_id::text COLLATE "C" AS client_id, k.client_id IS NOT NULL AS is_done, k.client_id IS NULL AND (c.closed_on IS NULL OR $1 < c.closed_on) AS may_be_called,
            hashtextextended(c.client_id::text COLLATE "C", extract(year FROM $1)::bigint) AS draw
          FROM {client} AS c
          LEFT JOIN (SELECT DISTINCT k.client_id FROM {callback} AS k WHERE k.on_day >= date_trunc(''year'', $1::timestamp) AND k.on_day <= $1) AS k ON k.client_id = c.client_id
          WHERE (c.opened_on IS NULL OR c.opened_on < date_trunc(''year'', $1::timestamp)) AND (c.closed_on IS NULL OR c.closed_on >= date_trunc(''year'', $1::timestamp))
            AND c.dormant IS NOT TRUE AND c.suspended IS NOT TRUE) AS y)'),
    -- Clients of the last twelve months with the day by which they must be called back, and the day on which they first were.
    ('callback new', '(
        SELECT c.client_id, d.due_on, min(k.on_day) AS called_on
        FROM {client} AS c
        LEFT JOIN {callback} AS k ON k.client_id = c.client_id AND k.on_day >= c.opened_on AND k.on_day <= $1
        CROSS JOIN LATERAL (SELECT (c.opened_on + make_interval(months => {setting: callback_months}))::date AS due_on) AS d
        WHERE c.opened_on <= $1 AND c.opened_on > $1 - interval ''1 year'' AND (c.closed_on IS NULL OR $1 < c.closed_on)
        GROUP BY c.client_id, d.due_on)'),

    -- Who holds what goes with a product, and who holds the product itself.
    ('audience reasons', CASE WHEN NOT mart_offer_piece.lacking ? 'holding' THEN 'LEFT JOIN (
        SELECT DISTINCT ON (h.client_id) h.client_id, a.product AS because, a.confidence, a.lift, a.lift_lower
        FROM (SELECT {mart}.co_holding($3) AS summary OFFSET 0) AS s
        CROSS JOIN LATERAL {crm}.co_holding_pairs(s.summary) AS a
        JOIN {holding} AS h ON h.product_id = a.product AND h.on_day = {newest holding on $3}
        WHERE a.other = $1 AND a.clients_both >= {setting: next_product_clients} AND a.lift_lower > 1
        ORDER BY h.client_id, a.lift_lower DESC, a.product COLLATE "C") AS h ON h.client_id = f.client_id' ELSE '' END),
    ('audience not held', CASE WHEN NOT mart_offer_piece.lacking ? 'holding' THEN
      'AND f.client_id NOT IN (SELECT h.client_id FROM {holding} AS h WHERE h.on_day = {newest holding on $3} AND h.product_id = $1 AND h.client_id IS NOT NULL)' ELSE '' END),
    ('audience order', CASE WHEN NOT mart_offer_piece.lacking ? 'holding' THEN 'o.outcome, h.lift_lower DESC NULLS LAST,' ELSE 'o.outcome,' END),
    ('newest holding on $3', '(SELECT max(n.on_day) FROM {holding} AS n WHERE n.on_day <= $3)')
  ) AS p (name, template);
END;

COMMENT ON FUNCTION mart_offer_piece(jsonb) IS 'Pieces of SQL that the questions of the mart about offers and duties are made of';

-- The table of what is held together on the last day of positions of each month. It is about all clients: row-level security shows a row to readers who see
-- just the positions that were counted, by a digest of them; others have those that they see counted for them.
CREATE FUNCTION mart_offer_table(mart text, source text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $mart_offer_table$
BEGIN
  EXECUTE format($table$
    CREATE TABLE IF NOT EXISTS %1$I.co_holding_day (
      on_day date PRIMARY KEY,
      most_products int NOT NULL,
      digest numeric NOT NULL,
      summary @extschema@.co_holding_summary
    );
    COMMENT ON TABLE %1$I.co_holding_day IS 'What was held together on the last day of positions of each month; refresh_mart writes it';
    COMMENT ON COLUMN %1$I.co_holding_day.on_day IS 'The day';
    COMMENT ON COLUMN %1$I.co_holding_day.most_products IS 'Of how many products at most: those that most clients held';
    COMMENT ON COLUMN %1$I.co_holding_day.digest IS 'Digest of the positions that were counted';
    COMMENT ON COLUMN %1$I.co_holding_day.summary IS 'Which products the clients held together; empty if no client held any';
    ALTER TABLE %1$I.co_holding_day ENABLE ROW LEVEL SECURITY;
    DROP POLICY IF EXISTS whole_book ON %1$I.co_holding_day;
    CREATE POLICY whole_book ON %1$I.co_holding_day FOR SELECT USING (
      digest = (SELECT coalesce(sum(hashtextextended(h.product_id::text, hashtextextended(h.client_id::text, 0))), 0) FROM %2$I.holding AS h
        WHERE h.on_day = co_holding_day.on_day AND h.client_id IN (SELECT c.client_id FROM %2$I.client AS c)));
    COMMENT ON POLICY whole_book ON %1$I.co_holding_day IS 'Readers who see just the positions that were counted';
  $table$, mart, source);
END;
$mart_offer_table$;

COMMENT ON FUNCTION mart_offer_table(text, text) IS 'Makes the table of what is held together, where it is not there yet; mart_build calls it';

CREATE FUNCTION mart_offer_question()
RETURNS TABLE (ordinal int, name text, is_view bool, needs text[], arguments text, rows int, from_template text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT q.*
  FROM (VALUES
    (60, 'co_holding_value', false, ARRAY['holding'], 'from_day date, to_day date', 1,
      '(SELECT max(n.on_day) AS on_day FROM {holding} AS n WHERE n.on_day >= $1 AND n.on_day < $2) AS d
      CROSS JOIN LATERAL (
        WITH held AS MATERIALIZED (
          SELECT h.products, h.digest
          FROM (
            SELECT h.client_id, array_agg(DISTINCT h.product_id::text) AS products, sum(hashtextextended(h.product_id::text, hashtextextended(h.client_id::text, 0))) AS digest
            FROM {holding} AS h
            WHERE h.on_day = d.on_day AND h.product_id IS NOT NULL
            GROUP BY h.client_id) AS h
          WHERE h.client_id IN (SELECT c.client_id FROM {client} AS c)
        ), held_most AS (
          SELECT p.product_id FROM held AS h CROSS JOIN unnest(h.products) AS p (product_id)
          WHERE p.product_id IS NOT NULL
          GROUP BY p.product_id ORDER BY count(*) DESC, p.product_id COLLATE "C" LIMIT {setting: co_holding_products}
        )
        SELECT coalesce(sum(h.digest), 0) AS digest, {crm}.co_holding(h.products, a.among) AS summary
        FROM held AS h CROSS JOIN (SELECT array_agg(m.product_id) AS among FROM held_most AS m) AS a) AS h
      WHERE d.on_day IS NOT NULL',
      'What is held together on the newest day of positions from a day until the day before another; refresh_mart keeps it in the table co_holding_day'),
    (61, 'co_holding', false, ARRAY['holding'], 'as_of date', 1,
      '(SELECT {counted day} AS on_day OFFSET 0) AS d',
      'Which products are held together, by clients who hold any, of the products that most clients hold: on the last day of positions of the newest month that was refreshed, if it is this one '
      'or the last, else on the newest at or before as_of. Who sees the whole book gets what refresh_mart counted, others a count of the clients whom they see'),
    (62, 'product_association', true, ARRAY['holding'], 'as_of date', 1000,
      '(SELECT {mart}.co_holding($1) AS summary OFFSET 0) AS s
      CROSS JOIN LATERAL {crm}.co_holding_pairs(s.summary) AS a
      LEFT JOIN {product} AS p ON p.product_id = a.product
      LEFT JOIN {product} AS o ON o.product_id = a.other',
      'What else the holders of a product hold: one row for an ordered pair of products, key product_id and other_product_id'),
    (63, 'next_best_product', true, ARRAY['suitability', 'product', 'holding'], 'as_of date', 10000,
      '(
        WITH offered AS MATERIALIZED (SELECT {product row} FROM {mart}.product_facts($1) AS f)
        SELECT f.*
        FROM (
          SELECT f.*, row_number() OVER (PARTITION BY f.client_id ORDER BY n.rank) AS "next place", n.product AS "next product", {product name} AS "next name", o.outcome AS "next outcome",
            n.because AS "next because", n.clients_both AS "next clients", n.confidence AS "next confidence", n.lift AS "next lift", n.lift_lower AS "next lower"
          FROM (SELECT {client row: recommend} FROM {mart}.client_facts($1) AS f) AS f
          JOIN {held by client} AS h ON h.client_id = f.client_id
          CROSS JOIN (SELECT {mart}.co_holding($1) AS summary OFFSET 0) AS s
          CROSS JOIN LATERAL {crm}.next_products(s.summary, h.products, {setting: co_holding_products}, {setting: next_product_clients}) WITH ORDINALITY
            AS n (product, because, clients_both, confidence, lift, lift_lower, g2, rank)
          JOIN offered AS p ON p.product_id = n.product
          CROSS JOIN LATERAL (SELECT {crm}.suitability({suitability}, f, p, $1) AS outcome OFFSET 0) AS o
          WHERE o.outcome <= {setting: next_product_outcome}) AS f
        WHERE f."next place" <= {setting: next_products}) AS f
      CROSS JOIN LATERAL (SELECT f."next outcome" AS outcome) AS o
      LEFT JOIN {product} AS b ON b.product_id = f."next because"',
      'What to offer each client next: products that are not held, go with what is held and may be recommended: one row for a client and place'),
    (64, 'audience', false, ARRAY['suitability', 'product'],
      'product_id text, at_most {crm}.suitability_outcome DEFAULT ''suitable'', as_of date DEFAULT {crm}.as_of()', 10000,
      '(SELECT {client row: recommend} FROM {mart}.client_facts($3) AS f) AS f
      JOIN (SELECT {product row} FROM {mart}.product_facts($3) AS f) AS p ON p.product_id = $1
      CROSS JOIN LATERAL (SELECT {crm}.suitability({suitability on $3}, f, p, $3) AS outcome OFFSET 0) AS o
      {audience reasons}
      WHERE o.outcome <= $2 {audience not held}
      ORDER BY {audience order} f.client_id',
      'To whom a product may be offered, with an outcome of at_most, best first: clients who do not hold it, those before who hold what goes with it'),
    (65, 'callback_due', true, ARRAY['callback', 'client.opened_on'], 'as_of date', 1000,
      '(
        SELECT n.client_id, ''new client'' AS duty, 1 AS duty_order, n.due_on FROM {callback new} AS n WHERE n.called_on IS NULL
        UNION ALL
        SELECT y.client_id, ''yearly share'' AS duty, 2 AS duty_order, make_date(extract(year FROM $1)::int, 12, 31) AS due_on FROM {callback year} AS y
        WHERE y.place <= ceil({setting: callback_share} * y.eligible) - y.done) AS d
      JOIN {client} AS c ON c.client_id = d.client_id
      LEFT JOIN {mart}.client_facts($1) AS f ON f.client_id = d.client_id
      LEFT JOIN (SELECT k.client_id, max(k.on_day) AS last_on FROM {callback} AS k WHERE k.on_day <= $1 GROUP BY k.client_id) AS k ON k.client_id = d.client_id',
      'Whom to call back: clients of the last twelve months who were not called since they came, and as many of last year''s as the yearly share asks for, drawn by a hash: '
      'one row for a client and duty'),
    (66, 'callback_summary', true, ARRAY['callback', 'client.opened_on'], 'as_of date', 2,
      '(
        SELECT ''new client'' AS duty, 1 AS duty_order, count(*) AS eligible, count(*) AS required, count(n.called_on) AS done, count(*) FILTER (WHERE n.called_on IS NULL AND n.due_on < $1) AS overdue
        FROM {callback new} AS n
        UNION ALL
        SELECT ''yearly share'' AS duty, 2 AS duty_order, count(*) AS eligible, ceil({setting: callback_share} * count(*))::bigint AS required, count(*) FILTER (WHERE y.is_done) AS done, 0 AS overdue
        FROM {callback year} AS y) AS d',
      'How far the duty to call clients back is met: one row a duty, key duty'),
    (67, 'trading_permission', true, ARRAY['suitability', 'product.permission'], 'as_of date', 10000,
      '(
        WITH entry AS MATERIALIZED (
          SELECT DISTINCT f.permission::text AS "permission code", {product kind: open_permission} FROM {mart}.product_facts($1) AS f WHERE f.permission IS NOT NULL)
        SELECT f.*, k."permission code", o."permission product", o."permission outcome"
        FROM (SELECT {permission row} FROM {mart}.client_facts($1) AS f) AS f
        CROSS JOIN (SELECT DISTINCT e."permission code" FROM entry AS e) AS k
        CROSS JOIN LATERAL (
          SELECT e AS "permission product", {crm}.suitability({suitability}, f, e, $1, {crm}.instruction(''open_permission'')) AS "permission outcome"
          FROM entry AS e
          WHERE e."permission code" = k."permission code"
          ORDER BY 2, e::text COLLATE "C"
          LIMIT 1) AS o) AS f
      CROSS JOIN LATERAL (SELECT f."permission code" AS code, f."permission outcome" AS outcome) AS o
      LEFT JOIN (
        SELECT a.client_id, a.code::text AS code, max(a.opened_on) AS opened_on FROM {permission} AS a
        WHERE a.opened_on <= $1 AND (a.closed_on IS NULL OR $1 < a.closed_on) GROUP BY 1, 2) AS a ON a.client_id = f.client_id AND a.code = o.code
      LEFT JOIN LATERAL (
        SELECT count(*) AS checks, string_agg(coalesce(d.code, d.name), '', '' ORDER BY d.ordinal) AS codes, string_agg({sentence}, ''; '' ORDER BY d.ordinal) AS reasons,
          CASE WHEN count(*) = count(d.resolves_on) THEN max(d.resolves_on) END AS resolves_on, max(d.shortfall) AS shortfall
        FROM {crm}.suitability_detail({suitability}, f, f."permission product", $1, {crm}.instruction(''open_permission'')) AS d
        WHERE d.outcome > ''suitable'' AND o.outcome > ''suitable'') AS d ON true',
      'Which trading permissions each client has and might open, by the entry rules of the policy (action open_permission) for the product of the permission that is easiest to enter: '
      'one row for a client and permission')
  ) AS q (ordinal, name, is_view, needs, arguments, rows, from_template, meaning);
END;

COMMENT ON FUNCTION mart_offer_question() IS 'The questions of the mart about offers and duties; part of mart_question()';

CREATE FUNCTION mart_offer_column()
RETURNS TABLE (questions text, name text, type text, needs text[], expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT c.*
  FROM (VALUES
    ('co_holding_value', 'on_day', 'date', NULL::text[], 'd.on_day', 'The day of the positions that were counted'),
    ('co_holding_value', 'most_products', 'integer', NULL, '{setting: co_holding_products}', 'Of how many products at most: those that most clients hold'),
    ('co_holding_value', 'digest', 'numeric', NULL, 'h.digest', 'Digest of the positions of clients'),
    ('co_holding_value', 'summary', '@extschema@.co_holding_summary', NULL, 'h.summary', 'Which products the clients hold together'),

    ('co_holding', '*result', '@extschema@.co_holding_summary', NULL,
      'coalesce((SELECT k.summary FROM {mart}.co_holding_day AS k WHERE k.on_day = d.on_day AND k.most_products = {setting: co_holding_products}),
      (SELECT v.summary FROM {mart}.co_holding_value(d.on_day, d.on_day + 1) AS v))', NULL),

    ('product_association next_best_product callback_due callback_summary trading_permission', 'as_of', 'date', NULL, '$1', 'The day that is asked about'),
    ('product_association next_best_product callback_due callback_summary trading_permission', 'data_through', 'date', NULL, '{data through}',
      'Newest day, at or before as_of, on which balances, trades or holdings have a row'),

    ('product_association next_best_product', 'counted_on', 'date', NULL, '{counted day}', 'Day of the positions that what goes together is counted on: the last of the newest month that was refreshed, if that is this one or the last; else the newest at or before as_of'),
    ('product_association', 'product_id', 'text', NULL, 'a.product', 'A product'),
    ('product_association', 'product_name', 'text', ARRAY['product.name'], 'p.name', 'Its name'),
    ('product_association', 'other_product_id', 'text', NULL, 'a.other', 'Another product'),
    ('product_association', 'other_product_name', 'text', ARRAY['product.name'], 'o.name', 'Its name'),
    ('product_association', 'clients', 'bigint', NULL, 'a.clients', 'Clients who hold the product'),
    ('product_association', 'other_clients', 'bigint', NULL, 'a.clients_other', 'Clients who hold the other'),
    ('product_association', 'clients_both', 'bigint', NULL, 'a.clients_both', 'Clients who hold both'),
    ('product_association', 'support', 'float8', NULL, 'a.support', 'Share of all clients with holdings who hold both, a fraction of 1'),
    ('product_association', 'confidence', 'float8', NULL, 'a.confidence', 'Share of the holders of the product who hold the other, a fraction of 1'),
    ('product_association', 'lift', 'float8', NULL, 'a.lift', 'How many times the share of all clients that is'),
    ('product_association', 'lift_lower', 'float8', NULL, 'a.lift_lower', 'Lower end of the 95 % interval of the lift'),
    ('product_association', 'log_likelihood_ratio', 'float8', NULL, 'a.g2', 'How sure it is that the two are not independent: log-likelihood ratio of Dunning, 3.84 is 95 %'),

    ('next_best_product audience trading_permission', 'client_id', 'text', NULL, 'f.client_id', 'The client''s number'),
    ('callback_due', 'client_id', 'text', NULL, 'c.client_id', 'The client''s number'),
    ('next_best_product audience callback_due trading_permission', '*client_columns', NULL, NULL, NULL, NULL),

    ('next_best_product', 'place', 'integer', NULL, 'f."next place"', 'Place among the products for the client, best 1'),
    ('next_best_product', 'product_id', 'text', NULL, 'f."next product"', 'The product to offer'),
    ('next_best_product', 'product_name', 'text', ARRAY['product.name'], 'f."next name"', 'Its name'),
    ('next_best_product', 'outcome', 'text', NULL, 'o.outcome', 'Outcome of the policy {suitability policy name} for recommending it'),
    ('next_best_product', 'outcome_order', 'integer', NULL, '{order: o.outcome}', 'Order of the outcome: suitable 1 to prohibited 6'),
    ('next_best_product', 'because_product_id', 'text', NULL, 'f."next because"', 'The product held that it goes with best'),
    ('next_best_product', 'because_product_name', 'text', ARRAY['product.name'], 'b.name', 'Its name'),
    ('next_best_product', 'clients_both', 'bigint', NULL, 'f."next clients"', 'Clients who hold both'),
    ('next_best_product', 'confidence', 'float8', NULL, 'f."next confidence"', 'Share of the holders of the one who hold the other, a fraction of 1'),
    ('next_best_product', 'lift', 'float8', NULL, 'f."next lift"', 'How many times the share of all clients that is'),
    ('next_best_product', 'lift_lower', 'float8', NULL, 'f."next lower"', 'Lower end of the 95 % interval of the lift; products are in its order'),
    ('next_best_product', 'reason', 'text', NULL,
      'format(''%s of 100 clients who hold %s hold it too, %s times as many as of all clients'', round((100 * f."next confidence")::numeric), coalesce(b.name, f."next because"), round(f."next lift"::numeric, 1))', 'Why, in one sentence'),

    ('audience', 'outcome', 'text', NULL, 'o.outcome', 'Outcome of the policy {suitability policy name} for recommending it'),
    ('audience', 'outcome_order', 'integer', NULL, '{order: o.outcome}', 'Order of the outcome: suitable 1 to prohibited 6'),
    ('audience', 'because_product_id', 'text', ARRAY['holding'], 'h.because', 'The product held that it goes with best; empty if it goes with none'),
    ('audience', 'confidence', 'float8', ARRAY['holding'], 'h.confidence', 'Share of the holders of that product who hold this one, a fraction of 1'),
    ('audience', 'lift', 'float8', ARRAY['holding'], 'h.lift', 'How many times the share of all clients that is'),
    ('audience', 'lift_lower', 'float8', ARRAY['holding'], 'h.lift_lower', 'Lower end of the 95 % interval of the lift; clients are in its order'),

    ('callback_due callback_summary', 'duty', 'text', NULL, 'd.duty', 'new client: within a month of opening, or as many as the setting callback_months has. yearly share: the share of last year''s clients that a year asks for'),
    ('callback_due callback_summary', 'duty_order', 'integer', NULL, 'd.duty_order', 'Order of the duty'),
    ('callback_due', 'due_on', 'date', NULL, 'd.due_on', 'Last day on which the call is in time'),
    ('callback_due', 'days_left', 'integer', NULL, 'd.due_on - $1', 'Days from as_of to due_on, negative if past'),
    ('callback_due', 'overdue', 'boolean', NULL, 'd.due_on < $1', 'The day is past'),
    ('callback_due', 'last_callback_on', 'date', NULL, 'k.last_on', 'Day of the newest call-back; empty if there is none'),
    ('callback_summary', 'eligible', 'bigint', NULL, 'd.eligible', 'Clients whom the duty is about; of the yearly share, those of the end of last year who are neither dormant nor suspended'),
    ('callback_summary', 'required', 'bigint', NULL, 'd.required', 'How many of them must be called back'),
    ('callback_summary', 'done', 'bigint', NULL, 'd.done', 'How many were'),
    ('callback_summary', 'remaining', 'bigint', NULL, 'greatest(d.required - d.done, 0)', 'How many are left'),
    ('callback_summary', 'overdue', 'bigint', NULL, 'd.overdue', 'How many are left and past their day'),
    ('callback_summary', 'share_done', 'float8', NULL, 'd.done::float8 / nullif(d.eligible, 0)', 'Share of the eligible who were called back, a fraction of 1'),

    ('trading_permission', 'permission', 'text', NULL, 'o.code', 'The trading permission'),
    ('trading_permission', 'is_open', 'boolean', ARRAY['permission'], 'a.code IS NOT NULL', 'Whether the client has it'),
    ('trading_permission', 'opened_on', 'date', ARRAY['permission'], 'a.opened_on', 'First day of the permission'),
    ('trading_permission', 'outcome', 'text', NULL, 'o.outcome', 'Outcome of the policy {suitability policy name} for opening it now'),
    ('trading_permission', 'outcome_order', 'integer', NULL, '{order: o.outcome}', 'Order of the outcome: suitable 1 to prohibited 6'),
    ('trading_permission', 'assets_20_days', 'numeric(18,2)', ARRAY['client fact assets_20_days'], 'f.assets_20_days', 'Mean of the balances at the end of each of the 20 trading days before the day; unknown if the calendar has fewer'),
    ('trading_permission', 'checks', 'bigint', NULL, 'd.checks', 'Number of checks that fail'),
    ('trading_permission', 'check_codes', 'text', NULL, 'd.codes', 'Codes of the checks that fail, or their names'),
    ('trading_permission', 'reasons', 'text', NULL, 'd.reasons', 'One sentence for each check that fails'),
    ('trading_permission', 'shortfall', 'numeric(18,2)', NULL, 'd.shortfall', 'Largest amount by which a check that asks for an amount is missed'),
    ('trading_permission', 'resolves_on', 'date', NULL, 'd.resolves_on', 'Day on which time alone lets the client in, if it does')
  ) AS c (questions, name, type, needs, expression, meaning);
END;

COMMENT ON FUNCTION mart_offer_column() IS 'The columns of the questions about offers and duties; part of mart_column()';
