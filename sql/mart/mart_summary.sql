-- What a mart keeps of every client and calendar month: the table client_summary, which refresh_mart brings up to date. A month is made from the
-- month's own rows of the source and from the row of the month before, so it costs what the month costs, however long the history is.

-- The pieces of SQL that a month is made with. lacking has the views and columns that the source does not have, as keys.
CREATE FUNCTION mart_summary_piece(balance_mode text, lacking jsonb, everything bool)
RETURNS TABLE (name text, template text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 40
BEGIN ATOMIC
  SELECT 'has ' || h.name, CASE WHEN mart_summary_piece.lacking ?| h.needs THEN 'false' ELSE 'true' END
  FROM (VALUES
    ('balance', ARRAY['balance']), ('trade', ARRAY['trade']), ('cash_flow', ARRAY['cash_flow']), ('fee', ARRAY['fee']), ('contact', ARRAY['contact']),
    ('minutes', ARRAY['contact', 'contact.minutes']), ('service cost', ARRAY['contact', 'contact.channel', 'cost']), ('holding', ARRAY['holding']),
    ('classes', CASE WHEN mart_summary_piece.lacking ?& ARRAY['product.category', 'product.kind'] THEN ARRAY['product.category'] ELSE ARRAY['holding', 'product'] END),
    ('class value', CASE WHEN mart_summary_piece.lacking ?& ARRAY['product.category', 'product.kind'] THEN ARRAY['product.category']
      ELSE ARRAY['holding', 'holding.market_value', 'product'] END)
  ) AS h (name, needs)
  UNION ALL
  SELECT p.*
  FROM (SELECT CASE mart_summary_piece.balance_mode
    WHEN 'snapshot' THEN '(
          SELECT s.client_id, NULL::date AS first_day, sum(s.amount * (d.ends - d.on_day)) AS weighted, max(s.amount) FILTER (WHERE d.ends = $2) AS closing,
            count(*) > {number of days} AS repeated
          FROM {rows} AS s
          JOIN {snapshot days} AS d ON d.on_day = s.on_day
          GROUP BY s.client_id)'
    ELSE '(
          SELECT s.client_id, min(s.on_day) AS first_day, sum(s.amount * (s.ends - s.on_day)) AS weighted, max(s.amount) FILTER (WHERE s.ends = $2) AS closing,
            count(*) > {number of days} AS repeated
          FROM (
            SELECT s.client_id, s.on_day, s.amount, lead(s.on_day, 1, $2) OVER (PARTITION BY s.client_id ORDER BY s.on_day) AS ends FROM {rows} AS s) AS s
          GROUP BY s.client_id)' END) AS sums (template)
  -- The effective number of classes is the exponential of the entropy of their shares in the value, ln S - sum(v ln v) / S; the terms are added as
  -- numeric, so that it does not depend on the order of rows.
  CROSS JOIN (VALUES ('(
        SELECT v.client_id, sum(v.products)::bigint AS products, count(v.class) AS classes, CASE count(v.value) WHEN 1 THEN 1::float8
          ELSE exp(ln(sum(v.value)::float8) - sum((v.value::float8 * ln(v.value::float8))::numeric)::float8 / sum(v.value)::float8) END AS effective
        FROM (
          SELECT h.client_id, k.class, count(*) AS products, nullif(greatest(sum(h.value) FILTER (WHERE k.class IS NOT NULL), 0), 0) AS value
          FROM (
            SELECT s.client_id, s.product_id, sum(s.market_value::numeric) AS value
            FROM {holding} AS s
            WHERE {these} AND {usable holding}
            GROUP BY s.client_id, s.product_id) AS h
          LEFT JOIN {classes} AS k ON k.product_id = h.product_id
          GROUP BY h.client_id, k.class) AS v
        GROUP BY v.client_id)')) AS positions (template)
  CROSS JOIN LATERAL (VALUES
    -- the newest month that had ended on the day and is refreshed, and its last day
    ('summary month', '(SELECT max(r.month) FROM {mart}.refresh_log AS r WHERE r.month + interval ''1 month'' <= $1 + 1)'),
    ('summary through', '(({summary month} + interval ''1 month'')::date - 1)'),

    ('newest positions', '(SELECT max(n.on_day) FROM {holding} AS n WHERE n.on_day >= $1 AND n.on_day < $2)'),
    ('in the month', 's.on_day >= $1 AND s.on_day < $2 AND ($3 IS NULL OR s.client_id::text = ANY ($3))'),

    -- Rows that can be used. NaN counts as above all numbers, so what is below a limit is a number; amounts stay far enough from what numeric(18,2) holds for
    -- sums to fit.
    ('limit', '1e14'),
    ('usable balance', 'abs(s.amount::numeric) < {limit}'),
    ('usable trade', '(s.amount::numeric > 0 AND s.amount::numeric < {limit})'),
    ('usable cash_flow', 'abs(s.amount::numeric) < {limit}'),
    ('usable fee', '(abs(s.amount::numeric) < {limit} AND s.kind::text IN (''commission'', ''advice'', ''distribution'', ''interest'', ''other''))'),
    ('usable contact', '(s.minutes IS NULL OR s.minutes::numeric >= 0 AND s.minutes::numeric < {limit})'),
    ('usable holding', '(s.product_id IS NOT NULL AND (s.market_value IS NULL OR abs(s.market_value::numeric) < {limit}))'),
    -- and what is wrong with the others
    ('fault of an amount', 'CASE WHEN s.amount IS NULL THEN ''no amount'' WHEN s.amount::numeric IN (''NaN'', ''Infinity'', ''-Infinity'') THEN ''amount is not a finite number''
          WHEN abs(s.amount::numeric) >= {limit} THEN ''amount is out of range'' END'),
    ('fault of balance', 'coalesce({fault of an amount}, CASE WHEN o.on_day IS NOT NULL THEN ''different balances for the client and day'' END)'),
    ('fault of trade', 'coalesce({fault of an amount}, CASE WHEN NOT {usable trade} THEN ''amount is not above 0'' END)'),
    ('fault of cash_flow', '{fault of an amount}'),
    ('fault of fee', 'coalesce({fault of an amount}, CASE WHEN NOT coalesce({usable fee}, false) THEN ''kind is not one of the contract'' END)'),
    ('fault of contact', 'CASE WHEN NOT {usable contact} THEN ''minutes are not a number from 0'' END'),
    ('fault of holding', 'CASE WHEN s.product_id IS NULL THEN ''no product_id'' WHEN NOT {usable holding} THEN ''market_value is not a finite number, or out of range'' END'),
    ('rejected rows', (
      SELECT pg_catalog.format('(
        WITH k AS MATERIALIZED (      -- the day on which the relationship ends may have a last row
          SELECT c.client_id::text AS client_id, pg_catalog.bool_or({client of the month}) AS whole FROM {client} AS c
          WHERE {client of the month} OR c.closed_on = $1 AND (c.opened_on IS NULL OR c.opened_on < $1) GROUP BY 1)%s) AS s', pg_catalog.string_agg(pg_catalog.format('
        SELECT %1$L AS "view", s.client_id::text AS client_id, s.on_day, f.reason, to_jsonb(s)::text AS source_row
        FROM {%1$s} AS s
        LEFT JOIN k ON k.client_id = s.client_id::text AND (k.whole OR s.on_day = $1)%2$s
        CROSS JOIN LATERAL (SELECT CASE WHEN s.client_id IS NULL THEN ''no client_id'' WHEN k.client_id IS NULL THEN ''client_id is no client of the month'' ELSE {fault of %1$s} END AS reason) AS f
        WHERE %3$s AND f.reason IS NOT NULL', v.name,
          CASE v.name WHEN 'balance' THEN '
        LEFT JOIN {different balances} AS o ON o.client_id = s.client_id AND o.on_day = s.on_day' END,
          CASE v.name WHEN 'holding' THEN 's.on_day = {newest positions} AND ($3 IS NULL OR s.client_id::text = ANY ($3))' ELSE '{in the month}' END), ' UNION ALL ' ORDER BY v.place))
      FROM pg_catalog.unnest(ARRAY['balance', 'trade', 'holding', 'cash_flow', 'fee', 'contact']) WITH ORDINALITY AS v (name, place)
      WHERE NOT mart_summary_piece.lacking ? v.name)),

    ('client of the month', '(c.opened_on IS NULL OR c.opened_on < $2) AND (c.closed_on IS NULL OR c.closed_on > $1 AND (c.opened_on IS NULL OR c.closed_on > c.opened_on))'),
    ('summary values', '(
        SELECT c.client_id, bool_or(c.opened_on IS NULL OR c.opened_on < $1) AS began_before       -- one row a client, should the source repeat one
        FROM {client} AS c
        WHERE {client of the month} AND ($3 IS NULL OR c.client_id::text = ANY ($3)) AND c.client_id IS NOT NULL
        GROUP BY c.client_id) AS c
      LEFT JOIN {mart}.client_summary AS before ON before.client_id = c.client_id AND before.month = ($1 - interval ''1 month'')::date
      LEFT JOIN {balances of the month} AS o ON o.client_id = c.client_id COLLATE "C"
      LEFT JOIN LATERAL {balances of a client} AS r ON true
      CROSS JOIN LATERAL (
        SELECT CASE WHEN o.repeated THEN r.first_day ELSE o.first_day END AS first_day, CASE WHEN o.repeated THEN r.weighted ELSE o.weighted END AS weighted,
          CASE WHEN o.repeated THEN r.closing ELSE o.closing END AS closing) AS m
      LEFT JOIN (
        SELECT s.client_id, {crm}.activity(s.on_day, round(s.amount::numeric, 4)) AS activity
        FROM {trade} AS s
        WHERE {in the month} AND {usable trade}
        GROUP BY s.client_id) AS trade ON trade.client_id = c.client_id
      LEFT JOIN (
        SELECT s.client_id, coalesce(sum(s.amount::numeric) FILTER (WHERE s.amount > 0), 0) AS inflow, coalesce(-sum(s.amount::numeric) FILTER (WHERE s.amount < 0), 0) AS outflow
        FROM {cash_flow} AS s
        WHERE {in the month} AND {usable cash_flow}
        GROUP BY s.client_id) AS flow ON flow.client_id = c.client_id
      LEFT JOIN (
        SELECT s.client_id, sum(s.amount::numeric) FILTER (WHERE s.kind::text = ''commission'') AS commission, sum(s.amount::numeric) FILTER (WHERE s.kind::text = ''advice'') AS advice,
          sum(s.amount::numeric) FILTER (WHERE s.kind::text = ''distribution'') AS distribution, sum(s.amount::numeric) FILTER (WHERE s.kind::text = ''interest'') AS interest,
          sum(s.amount::numeric) FILTER (WHERE s.kind::text = ''other'') AS other
        FROM {fee} AS s
        WHERE {in the month} AND {usable fee}
        GROUP BY s.client_id) AS fee ON fee.client_id = c.client_id
      LEFT JOIN (
        SELECT s.client_id, count(*) AS contacts, sum(s.minutes::numeric) AS minutes, sum(coalesce(r.per_contact, 0) + coalesce(r.per_minute * s.minutes::numeric, 0)) AS cost
        FROM {contact} AS s
        LEFT JOIN {rates} AS r ON r.channel = s.channel::text AND r.from_day <= s.on_day AND s.on_day < r.until_day
        WHERE {in the month} AND {usable contact}
        GROUP BY s.client_id) AS service ON service.client_id = c.client_id
      CROSS JOIN (
        SELECT {newest positions} AS held_on, {first balance day} AS first_day OFFSET 0) AS d
      LEFT JOIN {positions of the month} AS held ON held.client_id = c.client_id
      CROSS JOIN LATERAL (
        SELECT coalesce(before.closing_assets, CASE WHEN before.client_id IS NULL AND c.began_before THEN {balance before} END, {no balance}) AS amount OFFSET 0) AS opening'),
    ('closing balance', CASE mart_summary_piece.balance_mode
      WHEN 'snapshot' THEN 'CASE WHEN {has balance} THEN CASE WHEN d.first_day IS NULL THEN opening.amount ELSE coalesce(m.closing, 0) END END'
      ELSE 'coalesce(m.closing, opening.amount)' END),
    ('asset days', 'CASE WHEN opening.amount IS NOT NULL OR m.weighted IS NOT NULL
        THEN coalesce(opening.amount, 0) * (coalesce({opening ends}, $2) - $1) + coalesce(m.weighted, 0) END'),

    -- One pass over the balances of the month. What it began with is what the month before ended with, and is looked up where there is no row of it;
    -- balances of before the relationship began do not count. Two different balances for one day are none. Clients who have several for a day are told by
    -- a bit for each day, and are computed again, one by one.
    ('balance before', '(
          SELECT min(s.amount::numeric) FROM {balance} AS s WHERE s.client_id = c.client_id AND {day before} AND {usable balance}
          GROUP BY s.on_day HAVING min(s.amount::numeric) = max(s.amount::numeric) ORDER BY s.on_day DESC LIMIT 1)'),
    ('day before', CASE mart_summary_piece.balance_mode
      WHEN 'snapshot' THEN 's.on_day = (SELECT max(d.on_day) FROM {calendar} AS d WHERE d.on_day < $1)' ELSE 's.on_day < $1' END),
    ('no balance', CASE WHEN mart_summary_piece.balance_mode = 'snapshot' AND NOT mart_summary_piece.lacking ? 'balance' THEN '0' ELSE 'NULL' END),
    ('opening ends', CASE mart_summary_piece.balance_mode WHEN 'snapshot' THEN 'd.first_day' ELSE 'm.first_day' END),
    ('first balance day', CASE mart_summary_piece.balance_mode WHEN 'snapshot' THEN '(SELECT min(d.on_day) FROM {snapshot days} AS d)' ELSE 'NULL::date' END),
    ('snapshot days', '(SELECT d.on_day, lead(d.on_day, 1, $2) OVER (ORDER BY d.on_day) AS ends
            FROM (SELECT DISTINCT d.on_day FROM {calendar} AS d
              WHERE d.on_day >= $1 AND d.on_day < $2 AND d.on_day <= (SELECT max(b.on_day) FROM {balance} AS b WHERE b.on_day < $2)) AS d)'),
    ('balances of the month', pg_catalog.replace(sums.template, '{rows}', '(
              SELECT s.client_id COLLATE "C" AS client_id, s.on_day, s.amount::numeric AS amount      -- bytes sort fastest
              FROM {balance} AS s
              WHERE {in the month} AND {usable balance})')),
    ('balances of a client', pg_catalog.replace(sums.template, '{rows}', '(
              SELECT s.client_id, s.on_day, min(s.amount::numeric) AS amount
              FROM {balance} AS s
              WHERE o.repeated AND s.client_id = c.client_id AND s.on_day >= $1 AND s.on_day < $2 AND {usable balance}
              GROUP BY s.client_id, s.on_day
              HAVING min(s.amount::numeric) = max(s.amount::numeric))')),
    ('different balances', '(
          SELECT s.client_id, s.on_day
          FROM {balance} AS s
          JOIN (
            SELECT s.client_id FROM {balance} AS s WHERE {in the month} AND {usable balance} GROUP BY s.client_id
            HAVING sign(count(*) - {number of days}) = 1) AS r ON r.client_id = s.client_id
          WHERE {in the month} AND {usable balance}
          GROUP BY s.client_id, s.on_day
          HAVING min(s.amount::numeric) <> max(s.amount::numeric))'),
    ('number of days', 'bit_count(bit_or(1::bigint << (s.on_day - $1))::bit(64))'),

    -- rates of channels; a rate holds until the next
    ('rates', '(
          SELECT k.channel::text AS channel, k.valid_from AS from_day, lead(k.valid_from, 1, ''infinity'') OVER (PARTITION BY k.channel ORDER BY k.valid_from, k.per_minute, k.per_contact) AS until_day,
            CASE WHEN k.per_minute >= 0 AND k.per_minute::numeric < {limit} THEN k.per_minute::numeric END AS per_minute,
            CASE WHEN k.per_contact >= 0 AND k.per_contact::numeric < {limit} THEN k.per_contact::numeric END AS per_contact
          FROM {cost} AS k)'),

    -- Positions of the newest day of the month, or of the newest until the day that is asked about, on which anyone has one.
    ('positions of the month', replace(positions.template, '{these}', 's.on_day = {newest positions} AND ($3 IS NULL OR s.client_id::text = ANY ($3))')),
    ('positions of the day', replace(positions.template, '{these}', 's.on_day = {newest holding}')),
    ('classes', '(SELECT p.product_id, min(coalesce(p.category::text, p.kind::text)) AS class FROM {product} AS p GROUP BY p.product_id)'),

    -- What the source has in each month, to see late corrections by: for each view a number of rows and a digest of what is read of them, which does not
    -- depend on their order and to which repeated rows count. Who was a client then belongs to it. Days are doubled, since the hash of an amount of 0 is the
    -- seed less 1 and that of NaN the seed.
    ('source digests', pg_catalog.replace('(
        SELECT d.month, ''client'' AS "view", 0::bigint AS rows, d.digest FROM {digests of clients} AS d
        UNION ALL {digests by day}) AS s', '{digests by day}',
      (SELECT pg_catalog.string_agg(pg_catalog.format('
        SELECT date_trunc(''month'', d.on_day::timestamp)::date AS month, %L AS "view", sum(d.rows)::bigint AS rows, sum(d.digest) AS digest
        FROM (SELECT s.on_day, count(*) AS rows, sum(%s::numeric) AS digest FROM %s AS s WHERE s.on_day >= $1 AND s.on_day < $2%s GROUP BY s.on_day) AS d GROUP BY 1',
          v.name, CASE WHEN mart_summary_piece.everything AND v.name IN ('balance', 'trade', 'holding') THEN 'hashtextextended(s::text, 0)' ELSE v.digest END,
          v.relation, v.condition), ' UNION ALL ' ORDER BY v.place)
       FROM (VALUES
         (1, 'balance', '{balance}', 'hashtextextended(coalesce(s.client_id::text, ''''), hash_numeric_extended(coalesce(s.amount::numeric, ''NaN''), 2 * (s.on_day - date ''2000-01-01'')))', ''),
         (2, 'trade', '{trade}', 'hashtextextended(coalesce(s.client_id::text, ''''), hash_numeric_extended(coalesce(s.amount::numeric, ''NaN''), 2 * (s.on_day - date ''2000-01-01'')))', ''),
         (3, 'holding', '(SELECT h.*, k.class FROM {holding} AS h LEFT JOIN {classes} AS k ON k.product_id = h.product_id)',
           'hash_record_extended(ROW(s.client_id::text, s.product_id::text, s.on_day, s.market_value::numeric, s.class), 0)',
           ' AND s.on_day IN (SELECT max(n.on_day) FROM {holding} AS n WHERE n.on_day >= $1 AND n.on_day < $2 GROUP BY date_trunc(''month'', n.on_day::timestamp))'),
         (4, 'cash_flow', '{cash_flow}', 'hashtextextended(coalesce(s.client_id::text, ''''), hash_numeric_extended(coalesce(s.amount::numeric, ''NaN''), 2 * (s.on_day - date ''2000-01-01'')))', ''),
         (5, 'fee', '{fee}', 'hash_record_extended(ROW(s.client_id::text, s.on_day, s.kind::text, s.amount::numeric), 0)', ''),
         (6, 'contact', '(SELECT s.*, r.per_minute, r.per_contact FROM {contact} AS s LEFT JOIN {rates} AS r ON r.channel = s.channel::text AND r.from_day <= s.on_day AND s.on_day < r.until_day)',
           'hash_record_extended(ROW(s.client_id::text, s.on_day, s.minutes::numeric, s.per_minute, s.per_contact), 0)', ''),
         (7, 'trading_day', '(SELECT DISTINCT d.on_day FROM {calendar} AS d)', 'hash_record_extended(ROW(s.on_day), 0)', '')
       ) AS v (place, name, relation, digest, condition)
       WHERE CASE v.name WHEN 'trading_day' THEN mart_summary_piece.balance_mode = 'snapshot' AND NOT mart_summary_piece.lacking ?| ARRAY['trading_day', 'balance']
         ELSE NOT mart_summary_piece.lacking ? v.name END))),
    ('digests of clients', '(
          SELECT g.month::date AS month, coalesce(sum(e.digest) OVER (ORDER BY g.month), 0) AS digest
          FROM generate_series($1::timestamp, $2::timestamp - interval ''1 day'', interval ''1 month'') AS g (month)
          LEFT JOIN (
            SELECT greatest(date_trunc(''month'', e.on_day::timestamp), $1::timestamp) AS month, sum(e.digest) AS digest
            FROM ({lasting digests}) AS e
            WHERE e.on_day < $2
            GROUP BY 1) AS e ON e.month = g.month)'),
    -- Clients count twice: for having a row of the month, which lasts until the month of the last day, and for standing at its end.
    ('lasting digests', 'SELECT d.on_day, d.times * hashtextextended({client digest}, 0)::numeric AS digest
          FROM {client} AS c
          CROSS JOIN LATERAL (VALUES (coalesce(c.opened_on, ''-infinity''), 2), (c.closed_on, -1),
            ((date_trunc(''month'', (c.closed_on - 1)::timestamp) + interval ''1 month'')::date, -1)) AS d (on_day, times)
          WHERE c.closed_on IS NULL OR c.opened_on IS NULL OR c.closed_on > c.opened_on'
      || CASE WHEN mart_summary_piece.everything THEN '
          UNION ALL
          SELECT p.valid_from, hashtextextended(p::text, 1)::numeric FROM {client_profile} AS p
          UNION ALL
          SELECT p.opened_on, hashtextextended(p::text, 2)::numeric FROM {permission} AS p' ELSE '' END),
    ('client digest', CASE WHEN mart_summary_piece.everything THEN 'c::text' ELSE 'c.client_id::text' END)
  ) AS p (name, template);
END;

COMMENT ON FUNCTION mart_summary_piece(text, jsonb, bool) IS
  'Pieces of SQL that a month of client_summary is made with, for balance_mode change or snapshot and for what the source lacks. everything: digests are of whole rows, and of profiles and permissions too';

CREATE FUNCTION mart_summary_question()
RETURNS TABLE (ordinal int, name text, is_view bool, needs text[], arguments text, rows int, from_template text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
  SELECT q.*
  FROM (VALUES
    (13, 'summary_value', false, ARRAY['summaries'], 'from_day date, to_day date, clients text[] DEFAULT NULL', 100000, '{summary values}',
      'The row of client_summary for each client, or for some, in the month from a day until the day before another; refresh_mart reads it'),
    (14, 'source_digest', false, ARRAY['summaries'], 'from_day date, to_day date', 100, '{source digests}',
      'What the source has in each month: for each of its views a number of rows and a digest of them. refresh_mart sees late corrections by it'),
    (15, 'source_reject', false, ARRAY['summaries'], 'from_day date, to_day date, clients text[] DEFAULT NULL', 100, '{rejected rows}',
      'Rows of the source in the month from a day until the day before another that cannot be used, and why; refresh_mart keeps them in the table rejected'),
    (25, 'client_month', true, ARRAY['summaries'], 'as_of date', 100000,
      '{client} AS c
      JOIN {mart}.client_summary AS s ON s.client_id = c.client_id AND s.month <= {summary month}
      {month tier join}
      LEFT JOIN {mart}.client_facts($1) AS f ON f.client_id = c.client_id',
      'Fact table for BI tools: one row for a client and month, key month and client_id. What the client is, such as the branch, is as of as_of')
  ) AS q (ordinal, name, is_view, needs, arguments, rows, from_template, meaning);
END;

COMMENT ON FUNCTION mart_summary_question() IS 'The questions of the mart about its monthly summaries; part of mart_question()';

CREATE FUNCTION mart_summary_column()
RETURNS TABLE (questions text, name text, type text, needs text[], expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 60
BEGIN ATOMIC
  SELECT c.*
  FROM (VALUES
    ('summary_value', 'client_id', 'text', NULL::text[], 'c.client_id', 'The client''s number'),
    ('summary_value', 'activity', '@extschema@.activity_summary', NULL, 'trade.activity', 'Trades of the month'),
    ('summary_value', 'opening_assets', 'numeric', NULL, 'opening.amount', 'Balance at the end of the day before the month'),
    ('summary_value', 'closing_assets', 'numeric', NULL, '{closing balance}', 'Balance at the end of the month'),
    ('summary_value', 'average_assets', 'numeric', NULL, '({asset days}) / ($2 - $1)', 'Mean of the balances at the end of each calendar day'),
    ('summary_value', 'asset_days', 'numeric', NULL, '{asset days}', 'Sum of the balances at the end of each calendar day'),
    ('summary_value', 'inflow', 'numeric', NULL, 'CASE WHEN {has cash_flow} THEN coalesce(flow.inflow, 0) END', 'Money and securities moved in'),
    ('summary_value', 'outflow', 'numeric', NULL, 'CASE WHEN {has cash_flow} THEN coalesce(flow.outflow, 0) END', 'Money and securities moved out'),
    ('summary_value', 'commission', 'numeric', NULL, 'CASE WHEN {has fee} THEN coalesce(fee.commission, 0) END', 'Commissions'),
    ('summary_value', 'advice', 'numeric', NULL, 'CASE WHEN {has fee} THEN coalesce(fee.advice, 0) END', 'Fees for advice'),
    ('summary_value', 'distribution', 'numeric', NULL, 'CASE WHEN {has fee} THEN coalesce(fee.distribution, 0) END', 'Fees for distribution'),
    ('summary_value', 'interest', 'numeric', NULL, 'CASE WHEN {has fee} THEN coalesce(fee.interest, 0) END', 'Interest'),
    ('summary_value', 'other_fees', 'numeric', NULL, 'CASE WHEN {has fee} THEN coalesce(fee.other, 0) END', 'Other fees'),
    ('summary_value', 'contacts', 'bigint', NULL, 'CASE WHEN {has contact} THEN coalesce(service.contacts, 0) END', 'Number of contacts'),
    ('summary_value', 'minutes', 'numeric', NULL, 'CASE WHEN {has minutes} THEN coalesce(service.minutes, 0) END', 'Minutes of contacts'),
    ('summary_value', 'service_cost', 'numeric', NULL, 'CASE WHEN {has service cost} THEN coalesce(service.cost, 0) END', 'Cost of the contacts'),
    ('summary_value', 'products_held', 'integer', NULL, 'CASE WHEN {has holding} THEN CASE WHEN d.held_on IS NULL THEN coalesce(before.products_held, 0) ELSE coalesce(held.products, 0) END END',
      'Number of products held'),
    ('summary_value', 'classes_held', 'integer', NULL, 'CASE WHEN {has classes} THEN CASE WHEN d.held_on IS NULL THEN coalesce(before.classes_held, 0) ELSE coalesce(held.classes, 0) END END',
      'Number of classes of product held'),
    ('summary_value', 'effective_classes', 'float8', NULL, 'CASE WHEN {has class value} THEN CASE WHEN d.held_on IS NULL THEN before.effective_classes ELSE held.effective END END',
      'Effective number of classes held'),

    ('source_digest', 'month', 'date', NULL, 's.month', 'First day of the month'),
    ('source_digest', 'view', 'text', NULL, 's."view"', 'View of the source'),
    ('source_digest', 'rows', 'bigint', NULL, 's.rows', 'Number of its rows'),
    ('source_digest', 'digest', 'bigint', NULL, 'hash_numeric_extended(s.digest, 0)', 'Digest of its rows'),

    ('source_reject', 'view', 'text', NULL, 's."view"', 'View of the source'),
    ('source_reject', 'client_id', 'text', NULL, 's.client_id', 'The client, as the row says'),
    ('source_reject', 'on_day', 'date', NULL, 's.on_day', 'The day'),
    ('source_reject', 'reason', 'text', NULL, 's.reason', 'What is wrong'),
    ('source_reject', 'source_row', 'text', NULL, 's.source_row', 'The row'),

    ('client_month', 'as_of', 'date', NULL, '$1', 'The day that is asked about'),
    ('client_month', 'data_through', 'date', NULL, '{summary through}', 'Last day of the newest month that ended at or before as_of and was refreshed'),
    ('client_month', 'month', 'date', NULL, 's.month', 'First day of the month'),
    ('client_month', 'client_id', 'text', NULL, 'c.client_id', 'The client''s number'),
    ('client_month', 'branch_id', 'text', ARRAY['client.branch_id'], 'c.branch_id', 'Branch that serves the client'),
    ('client_month', 'adviser_id', 'text', ARRAY['client.adviser_id'], 'c.adviser_id', 'Adviser who serves the client'),
    ('client_month', '*client_columns', NULL, NULL, NULL, NULL),
    ('client_month', 'assets', 'numeric(18,2)', NULL, '{month assets}', 'Assets of the client at the end of the month: the balance, else what the tier policy goes by'),
    ('client_month', 'tier_value', 'numeric(18,2)', ARRAY['tiers', 'tier_measure', 'tier moves'], 't.value', '{tier value meaning}'),
    ('client_month', 'tier', 'text', ARRAY['tiers', 'tier_measure', 'tier moves'], '{crm}.tier_label({tiers}, t.standing)',
      'Tier of the policy {tier policy name} after the newest {period} that had ended; empty until there is a first value'),
    ('client_month', 'tier_order', 'integer', ARRAY['tiers', 'tier_measure', 'tier moves'], '{crm}.tier_rank(t.standing)', 'Rank of the tier, lowest 1'),
    ('client_month', 'on_watch', 'boolean', ARRAY['tiers', 'tier_measure', 'tier moves'], '{crm}.on_watch(t.standing)', 'Whether the tier is about to be lost, by the policy'),
    ('client_month', 'opening_assets', 'numeric(18,2)', ARRAY['balance'], 's.opening_assets', 'Balance at the end of the day before the month'),
    ('client_month', 'average_assets', 'numeric(18,2)', ARRAY['balance'], 's.average_assets', 'Mean of the balances at the end of each calendar day of the month; days before the first balance count as 0'),
    ('client_month', 'trades', 'bigint', ARRAY['trade'], 'coalesce({crm}.events(s.activity), 0)', 'Number of trades'),
    ('client_month', 'turnover', 'numeric(18,2)', ARRAY['trade'], 'coalesce({crm}.total(s.activity), 0)', 'Gross amount bought and sold'),
    ('client_month', 'active_days', 'integer', ARRAY['trade'], 'coalesce({crm}.active_days(s.activity), 0)', 'Number of days with a trade'),
    ('client_month', 'inflow', 'numeric(18,2)', ARRAY['cash_flow'], 's.inflow', 'Money and securities moved in'),
    ('client_month', 'outflow', 'numeric(18,2)', ARRAY['cash_flow'], 's.outflow', 'Money and securities moved out, above 0'),
    ('client_month', 'commission', 'numeric(18,2)', ARRAY['fee'], 's.commission', 'Revenue from commissions'),
    ('client_month', 'advice', 'numeric(18,2)', ARRAY['fee'], 's.advice', 'Revenue from advice'),
    ('client_month', 'distribution', 'numeric(18,2)', ARRAY['fee'], 's.distribution', 'Revenue from the distribution of products'),
    ('client_month', 'interest', 'numeric(18,2)', ARRAY['fee'], 's.interest', 'Revenue from interest'),
    ('client_month', 'other_fees', 'numeric(18,2)', ARRAY['fee'], 's.other_fees', 'Other revenue'),
    ('client_month', 'contacts', 'bigint', ARRAY['contact'], 's.contacts', 'Number of contacts'),
    ('client_month', 'minutes', 'numeric(18,2)', ARRAY['contact.minutes', 'contact'], 's.minutes', 'Minutes of the contacts'),
    ('client_month', 'service_cost', 'numeric(18,2)', ARRAY['contact.channel', 'contact', 'cost'], 's.service_cost', 'Cost of the contacts, by the rates of their channels on their days'),
    ('client_month', 'products_held', 'integer', ARRAY['holding'], 's.products_held', 'Products held on the newest day of positions at or before the end of the month'),
    ('client_month', 'classes_held', 'integer', ARRAY['holding', 'product'], 's.classes_held', 'Classes of product held: their categories, else kinds'),
    ('client_month', 'effective_classes', 'float8', ARRAY['holding', 'product'], 's.effective_classes',
      'Effective number of classes held: the exponential of the entropy of their shares in the value')
  ) AS c (questions, name, type, needs, expression, meaning);
END;

COMMENT ON FUNCTION mart_summary_column() IS 'The columns of the questions about monthly summaries; part of mart_column()';

-- The tables of a mart whose source has months: ordinary tables of whoever made the mart. Row-level security lets readers see rows of the clients whom
-- the source's view client shows them; the owner, who refreshes, is not bound by it.
CREATE FUNCTION mart_summary_tables(mart text, source text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $mart_summary_tables$
BEGIN
  EXECUTE format($table$
    CREATE TABLE IF NOT EXISTS %1$I.refresh_log (
      month date PRIMARY KEY,
      clients bigint NOT NULL,
      standings bigint,
      has_standings boolean GENERATED ALWAYS AS (standings IS NOT NULL) STORED,
      rejected bigint NOT NULL,
      written bigint NOT NULL,
      corrections int NOT NULL DEFAULT 0,
      refreshed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      seconds float8 NOT NULL,
      source_rows bigint NOT NULL,
      sources jsonb NOT NULL,
      basis jsonb NOT NULL
    );
    COMMENT ON TABLE %1$I.refresh_log IS 'The months for which client_summary is complete, and how each was refreshed last; refresh_mart writes it';
    COMMENT ON COLUMN %1$I.refresh_log.month IS 'First day of the month';
    COMMENT ON COLUMN %1$I.refresh_log.clients IS 'Rows of client_summary';
    COMMENT ON COLUMN %1$I.refresh_log.standings IS 'Rows of tier_month for the month, or for the quarter that ends with it; empty if none are kept or the quarter goes on';
    COMMENT ON COLUMN %1$I.refresh_log.has_standings IS 'Whether standings are there: the views read this, so that readers need not see numbers of clients';
    COMMENT ON COLUMN %1$I.refresh_log.rejected IS 'Rows of the table rejected';
    COMMENT ON COLUMN %1$I.refresh_log.written IS 'Rows that the last refresh wrote or removed';
    COMMENT ON COLUMN %1$I.refresh_log.corrections IS 'How often the month was refreshed again, since its source or that of an earlier month changed';
    COMMENT ON COLUMN %1$I.refresh_log.refreshed_at IS 'When it was refreshed last';
    COMMENT ON COLUMN %1$I.refresh_log.seconds IS 'How long that took';
    COMMENT ON COLUMN %1$I.refresh_log.source_rows IS 'Rows of the source that were there then';
    COMMENT ON COLUMN %1$I.refresh_log.sources IS 'For each view of the source the number of its rows and a digest of them: other ones mean a late correction';
    COMMENT ON COLUMN %1$I.refresh_log.basis IS 'What the rows rest on: source, balance_mode and market; measure and policy of tiers';

    CREATE TABLE IF NOT EXISTS %1$I.client_summary (
      month date,
      client_id text,
      activity @extschema@.activity_summary,
      opening_assets numeric,
      closing_assets numeric,
      average_assets numeric,
      asset_days numeric,
      inflow numeric,
      outflow numeric,
      commission numeric,
      advice numeric,
      distribution numeric,
      interest numeric,
      other_fees numeric,
      contacts bigint,
      minutes numeric,
      service_cost numeric,
      products_held int,
      classes_held int,
      effective_classes float8,
      PRIMARY KEY (month, client_id)
    );
    CREATE INDEX IF NOT EXISTS client_summary_client ON %1$I.client_summary (client_id, month);
    COMMENT ON TABLE %1$I.client_summary IS 'What there was of each client in each month: a row for who was a client on some day of it; refresh_mart writes it';
    COMMENT ON COLUMN %1$I.client_summary.month IS 'First day of the month';
    COMMENT ON COLUMN %1$I.client_summary.client_id IS 'The client';
    COMMENT ON COLUMN %1$I.client_summary.activity IS 'Trades of the month, amounts rounded to four decimals; empty if there were none';
    COMMENT ON COLUMN %1$I.client_summary.opening_assets IS 'Balance at the end of the day before the month; empty if there was none';
    COMMENT ON COLUMN %1$I.client_summary.closing_assets IS 'Balance at the end of the month; empty if there was none';
    COMMENT ON COLUMN %1$I.client_summary.average_assets IS 'Mean of the balances at the end of each calendar day of the month, days before the first balance counted as 0; empty if there was none';
    COMMENT ON COLUMN %1$I.client_summary.asset_days IS 'Sum of these balances, exactly: those of several months together give the mean over all their days';
    COMMENT ON COLUMN %1$I.client_summary.inflow IS 'Money and securities moved in; empty if the source has no cash_flow';
    COMMENT ON COLUMN %1$I.client_summary.outflow IS 'Money and securities moved out, above 0; empty if the source has no cash_flow';
    COMMENT ON COLUMN %1$I.client_summary.commission IS 'Revenue from commissions; empty if the source has no fee';
    COMMENT ON COLUMN %1$I.client_summary.advice IS 'Revenue from advice';
    COMMENT ON COLUMN %1$I.client_summary.distribution IS 'Revenue from the distribution of products';
    COMMENT ON COLUMN %1$I.client_summary.interest IS 'Revenue from interest';
    COMMENT ON COLUMN %1$I.client_summary.other_fees IS 'Other revenue';
    COMMENT ON COLUMN %1$I.client_summary.contacts IS 'Number of contacts; empty if the source has no contact';
    COMMENT ON COLUMN %1$I.client_summary.minutes IS 'Minutes of the contacts';
    COMMENT ON COLUMN %1$I.client_summary.service_cost IS 'Cost of the contacts by the rates of their channels on their days, 0 for a channel without a rate; empty if the source has no cost';
    COMMENT ON COLUMN %1$I.client_summary.products_held IS 'Products held on the newest day of positions at or before the end of the month; empty if the source has no holding';
    COMMENT ON COLUMN %1$I.client_summary.classes_held IS 'Classes of product held, by category, else kind; empty if products have neither';
    COMMENT ON COLUMN %1$I.client_summary.effective_classes IS 'Effective number of classes: the exponential of the entropy of their shares in the value; empty if nothing of value is held';

    CREATE TABLE IF NOT EXISTS %1$I.rejected (
      month date NOT NULL,
      "view" text NOT NULL,
      client_id text,
      on_day date NOT NULL,
      reason text NOT NULL,
      source_row text NOT NULL
    );
    CREATE INDEX IF NOT EXISTS rejected_month ON %1$I.rejected (month, "view");
    COMMENT ON TABLE %1$I.rejected IS 'Rows of the source that client_summary could not use; refresh_mart writes it';
    COMMENT ON COLUMN %1$I.rejected.month IS 'First day of the month';
    COMMENT ON COLUMN %1$I.rejected."view" IS 'View of the source';
    COMMENT ON COLUMN %1$I.rejected.client_id IS 'The client, as the row says';
    COMMENT ON COLUMN %1$I.rejected.on_day IS 'The day';
    COMMENT ON COLUMN %1$I.rejected.reason IS 'What is wrong';
    COMMENT ON COLUMN %1$I.rejected.source_row IS 'The row, as JSON';
  $table$, mart);
  PERFORM @extschema@.mart_protect(mart, 'client_summary', source);
  PERFORM @extschema@.mart_protect(mart, 'rejected', source);
END;
$mart_summary_tables$;

COMMENT ON FUNCTION mart_summary_tables(text, text) IS 'Makes the tables of a mart whose source has months, where they are not there yet; mart_build calls it';

-- Lets readers see the rows of a kept table of the clients whom they see in the source. EXISTS lets the planner choose between an index and one
-- pass over client.
CREATE FUNCTION mart_protect(mart text, kept text, source text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $mart_protect$
BEGIN
  EXECUTE format('ALTER TABLE %1$I.%2$I ENABLE ROW LEVEL SECURITY;
    DROP POLICY IF EXISTS visible_client ON %1$I.%2$I;
    CREATE POLICY visible_client ON %1$I.%2$I FOR SELECT USING (EXISTS (SELECT FROM %3$I.client AS c WHERE c.client_id::text = %2$I.client_id));
    COMMENT ON POLICY visible_client ON %1$I.%2$I IS ''Rows of clients whom the reader sees in the source''', mart, kept, source);
END;
$mart_protect$;

COMMENT ON FUNCTION mart_protect(text, text, text) IS 'Row-level security of a table that a mart keeps: readers see the rows of clients whom they see in the source';
