-- Tiers that remember: what a mart has besides where its tier policy has a "period". Standings are kept in the table tier_month, one row for a
-- client and month (quarter, where that is the period), which refresh_mart brings up to date.

-- The fact that decides tiers: the one that is asked for, or the first that the source can give.
CREATE FUNCTION mart_tier_measure(source text, asked text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
RETURN coalesce(mart_tier_measure.asked, (
  SELECT m.name
  FROM pg_catalog.unnest(ARRAY['average_assets', 'assets', 'holdings_value']) WITH ORDINALITY AS m (name, place)
  JOIN mart_fact(mart_tier_measure.source) AS f ON f.side = 'client' AND f.name = m.name
  ORDER BY m.place
  LIMIT 1));

COMMENT ON FUNCTION mart_tier_measure(text, text) IS
  'The fact that decides tiers: the one that is asked for, else average_assets, assets or holdings_value, the first that the source can give';

-- The same, if it is one that comes from balances alone and not from a column of the source.
CREATE FUNCTION mart_tier_from_balances(source text, measure text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
RETURN (
  SELECT f.name
  FROM mart_fact(mart_tier_from_balances.source) AS f
  JOIN mart_computed_fact() AS k ON k.side = f.side AND k.name = f.name AND k.expression = f.expression
  WHERE f.side = 'client' AND f.name = mart_tier_from_balances.measure AND f.name IN ('average_assets', 'assets'));

COMMENT ON FUNCTION mart_tier_from_balances(text, text) IS
  'The fact that decides tiers, if it is average_assets or assets and computed from balances; else NULL';

-- The pieces of SQL that say where a tier comes from. period is NULL where nothing is remembered. from_balances is the measure where the summaries of the
-- period's months give it: average_assets, then the mean over all days of the period, or assets.
CREATE FUNCTION mart_tier_piece(period text, from_balances text)
RETURNS TABLE (name text, template text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
  SELECT p.name, CASE WHEN mart_tier_piece.period IS NULL THEN p.without ELSE p.with END
  FROM (VALUES
    ('tier clients', '(SELECT {tier row}, {tier value} AS tier_value FROM {mart}.client_facts($1) AS f) AS f CROSS JOIN LATERAL (SELECT f.tier_value) AS t',
      '(SELECT {tier row} FROM {mart}.client_facts($1) AS f) AS f {tier join}
      LEFT JOIN LATERAL {crm}.tier_outlook({tiers}, t.standing, t.tier_value) AS o ON true'),
    ('tier join', 'CROSS JOIN LATERAL (SELECT {tier value} AS tier_value) AS t',
      'LEFT JOIN (SELECT m.client_id, m.month, m.value AS tier_value, m.assets, m.standing FROM {mart}.tier_month AS m) AS t
        ON t.client_id = f.client_id AND t.month = {last month}'),
    ('month tier join', '', 'LEFT JOIN {mart}.tier_month AS t ON t.client_id = s.client_id
        AND t.month = (date_trunc(''{period}'', s.month + interval ''1 month'') - interval ''{months}'')::date'),
    ('month assets', 's.closing_assets', 'CASE WHEN {has balance} THEN s.closing_assets ELSE t.assets END'),
    ('tier label', '{crm}.tier({tiers}, t.tier_value::float8)', '{crm}.tier_label({tiers}, t.standing)'),
    ('tier rank', '{crm}.tier_rank({tiers}, t.tier_value::float8)', '{crm}.tier_rank(t.standing)'),
    ('tier assets', '{assets}', 't.assets'),
    ('tier through', '{data through}', '({last month} + interval ''{months}'')::date - 1'),
    ('tier through meaning', 'Newest day, at or before as_of, on which balances, trades or holdings have a row',
      'Last day of the newest {period} that ended at or before as_of and was refreshed'),
    ('tier assets meaning', 'Assets of the client: the balance at the end of the day, else the value of holdings',
      'Assets of the client at the end of the {period}: the balance, else the value of holdings'),
    ('tier value meaning', 'What the tier is decided by: {tier measure}',
      CASE mart_tier_piece.from_balances WHEN 'average_assets' THEN 'What the tier is decided by: the mean of the balances at the end of each calendar day of the {period}'
        ELSE 'What the tier is decided by: {tier measure} at the end of the {period}' END)
  ) AS p (name, without, "with")
  UNION ALL
  SELECT p.*
  FROM (VALUES
    ('period', mart_tier_piece.period),
    ('months', CASE mart_tier_piece.period WHEN 'quarter' THEN '3 months' ELSE '1 month' END),
    -- the newest refreshed period that had ended on the day; a period ends the day before the next begins
    ('last month', '(SELECT max(r.month) FROM {periods} AS r WHERE r.month + interval ''{months}'' <= $1 + 1)'),
    ('periods', '(SELECT (r.month + interval ''1 month'' - interval ''{months}'')::date AS month FROM {mart}.refresh_log AS r WHERE r.has_standings)'),
    ('label', '({crm}.tier_labels({tiers}))'),

    -- Balances come from the summaries of the period's months, other measures are facts as of its last day.
    ('tier values', CASE
      WHEN mart_tier_piece.from_balances IS NULL THEN '(SELECT {tier row}, {tier value} AS tier_value FROM {mart}.client_facts($2 - 1) AS f) AS f
        CROSS JOIN LATERAL (SELECT f.client_id, (f.tier_value)::float8 AS value, {assets} AS assets) AS v
        WHERE $3 IS NULL OR f.client_id = ANY ($3)'
      ELSE '{client} AS c
        JOIN (
          SELECT s.client_id, sum(s.asset_days) / ($2 - $1) AS average, max(s.closing_assets) FILTER (WHERE s.month = ($2 - interval ''1 month'')::date) AS closing
          FROM {mart}.client_summary AS s
          WHERE s.month >= $1 AND s.month < $2 AND ($3 IS NULL OR s.client_id = ANY ($3))
          GROUP BY s.client_id) AS s ON s.client_id = c.client_id
        CROSS JOIN LATERAL (SELECT c.client_id, (' || CASE mart_tier_piece.from_balances WHEN 'assets' THEN 's.closing' ELSE 's.average' END || ')::float8 AS value, s.closing AS assets) AS v
        WHERE (c.opened_on IS NULL OR c.opened_on < $2) AND (c.closed_on IS NULL OR $2 <= c.closed_on)' END)
  ) AS p (name, template);
END;

COMMENT ON FUNCTION mart_tier_piece(text, text) IS
  'Pieces of SQL that say where tiers come from: the measure as of the day, or standings that are kept for each period';

-- The questions about tiers that need a memory, as those of mart_question, and their columns, as those of mart_column.
CREATE FUNCTION mart_tier_question()
RETURNS TABLE (ordinal int, name text, is_view bool, needs text[], arguments text, rows int, from_template text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
  SELECT q.*
  FROM (VALUES
    (20, 'source_days', false, ARRAY['dated view'], 'as_of date', 1, '(SELECT {first day} AS first_day, {data through} AS last_day) AS d',
      'The first and the last day, at or before a day, on which balances, trades or holdings have a row; 1900-01-01 counts as no day'),
    (21, 'calendar', true, ARRAY['dated view'], 'as_of date', 1000,
      '{mart}.source_days($1) AS s
      CROSS JOIN LATERAL generate_series(date_trunc(''month'', s.first_day::timestamp), $1::timestamp, interval ''1 day'') AS g (day)
      CROSS JOIN LATERAL (SELECT g.day::date AS on_day) AS d',
      'The days from the beginning of the first month of the data to as_of: one row a day, key on_day'),
    (22, 'tier_value', false, ARRAY['tiers', 'tier_measure', 'tier moves'], 'from_day date, to_day date, clients text[] DEFAULT NULL', 10000, '{tier values}',
      'What decides the tier of each client, or of some, in the period from a day until the day before another; refresh_mart reads it'),
    (24, 'tier_history', true, ARRAY['tiers', 'tier_measure', 'tier moves'], 'as_of date', 100000,
      '{client} AS c
      JOIN {mart}.tier_month AS t ON t.client_id = c.client_id AND t.month <= {last month}
      LEFT JOIN {mart}.tier_month AS p ON p.client_id = t.client_id AND p.month = (t.month - interval ''{months}'')::date
      LEFT JOIN {mart}.client_facts($1) AS f ON f.client_id = c.client_id',
      'How the tier of each client came about: one row for a client and {period}, key client_id and month'),
    (26, 'tier_watch', true, ARRAY['tiers', 'tier_measure', 'tier moves'], 'as_of date', 1000,
      '{tier clients} WHERE {crm}.on_watch(t.standing) OR o.periods_to_downgrade = 1',
      'Clients who are about to lose their tier: on watch by the policy, or lost after one more {period} like the last. One row a client, key client_id'),
    (27, 'tier_migration', true, ARRAY['tiers', 'tier_measure', 'tier moves'], 'as_of date', 1000,
      '(
        SELECT g.grain, (r.month - g.span)::date AS from_month, r.month AS to_month, x.from_order, x.to_order, x.clients, x.assets
        FROM {periods} AS r
        CROSS JOIN (VALUES (''{period}'', interval ''{months}''), (''year'', interval ''1 year'')) AS g (grain, span)
        CROSS JOIN LATERAL (
          SELECT {crm}.tier_rank(b.standing) AS from_order, {crm}.tier_rank(a.standing) AS to_order, count(*) AS clients, sum(coalesce(a.assets, b.assets)) AS assets
          FROM (SELECT t.* FROM {mart}.tier_month AS t WHERE t.month = (r.month - g.span)::date) AS b
          FULL JOIN (SELECT t.* FROM {mart}.tier_month AS t WHERE t.month = r.month) AS a ON a.client_id = b.client_id
          JOIN {client} AS c ON c.client_id = coalesce(a.client_id, b.client_id)
          GROUP BY 1, 2) AS x
        WHERE r.month <= {last month} AND EXISTS (SELECT FROM {periods} AS e WHERE e.month = (r.month - g.span)::date)) AS x',
      'How many clients went from which tier to which, {period} by {period} and over a year: one row for grain, to_month, from_tier and to_tier. '
      'An empty from_tier is who had none, such as a new client; an empty to_tier is who has none, such as one who left'),
    (28, 'tier_as_told', true, ARRAY['tiers', 'tier_measure', 'tier moves'], 'as_of date', 10000,
      '{mart}.closed_month AS k
      CROSS JOIN LATERAL (
        SELECT coalesce(l.client_id, t.client_id) AS client_id, l.tier, l.tier_order, t.standing
        FROM (SELECT t.* FROM {mart}.tier_told AS t WHERE t.month = k.month) AS l
        FULL JOIN (SELECT t.* FROM {mart}.tier_month AS t WHERE t.month = k.month) AS t ON t.client_id = l.client_id) AS t
      JOIN {client} AS c ON c.client_id = t.client_id
      LEFT JOIN {mart}.client_facts($1) AS f ON f.client_id = c.client_id
      WHERE k.month <= {last month}',
      'What clients were told when a {period} was closed beside what its tiers are by the data and the policy of today: one row for a client and closed {period}'),
    (29, 'tier_why', false, ARRAY['tiers', 'tier_measure', 'tier moves'], 'client_id text, as_of date DEFAULT {crm}.as_of()', 24,
      '(
        SELECT array_agg(t.value ORDER BY t.month) AS history, array_agg(t.month ORDER BY t.month) AS months
        FROM {client} AS c
        JOIN {mart}.tier_month AS t ON t.client_id = c.client_id
        WHERE c.client_id = $1 AND t.month + interval ''{months}'' <= $2 + 1) AS h
      CROSS JOIN LATERAL {crm}.tier_explain({tiers}, h.history, h.months) AS e',
      'Why a client has the tier, {period} by {period}')
  ) AS q (ordinal, name, is_view, needs, arguments, rows, from_template, meaning);
END;

COMMENT ON FUNCTION mart_tier_question() IS 'The questions of the mart about tiers that remember, and about the calendar; part of mart_question()';

CREATE FUNCTION mart_tier_column()
RETURNS TABLE (questions text, name text, type text, needs text[], expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT c.*
  FROM (VALUES
    ('source_days', 'first_day', 'date', NULL::text[], 'd.first_day', 'The first day'),
    ('source_days', 'last_day', 'date', NULL, 'd.last_day', 'The last day'),

    ('calendar', 'as_of', 'date', NULL, '$1', 'The day that is asked about'),
    ('calendar', 'data_through', 'date', NULL, 's.last_day', 'Newest day, at or before as_of, on which balances, trades or holdings have a row'),
    ('calendar', 'on_day', 'date', NULL, 'd.on_day', 'The day'),
    ('calendar', 'year', 'integer', NULL, 'extract(year FROM d.on_day)', 'Year'),
    ('calendar', 'quarter', 'integer', NULL, 'extract(quarter FROM d.on_day)', 'Quarter, 1 to 4'),
    ('calendar', 'month', 'date', NULL, 'date_trunc(''month'', d.on_day::timestamp)::date', 'First day of the month'),
    ('calendar', 'month_of_year', 'integer', NULL, 'extract(month FROM d.on_day)', 'Month, 1 to 12'),
    ('calendar', 'week', 'date', NULL, 'date_trunc(''week'', d.on_day::timestamp)::date', 'Monday of the week'),
    ('calendar', 'week_of_year', 'integer', NULL, 'extract(week FROM d.on_day)', 'Number of the week by ISO 8601'),
    ('calendar', 'day_of_week', 'integer', NULL, 'extract(isodow FROM d.on_day)', 'Day of the week, Monday 1 to Sunday 7'),
    ('calendar', 'is_month_end', 'boolean', NULL, 'extract(day FROM d.on_day + 1) = 1', 'Whether it is the last day of a month'),
    ('calendar', 'is_trading_day', 'boolean', ARRAY['trading_day'], 'd.on_day IN (SELECT t.on_day FROM {calendar} AS t)', 'Whether the market trades'),

    ('tier_value', 'client_id', 'text', NULL, 'v.client_id', 'The client''s number'),
    ('tier_value', 'value', 'float8', NULL, 'v.value', 'What decides the tier'),
    ('tier_value', 'assets', 'numeric', NULL, 'v.assets', 'Assets at the end of the period'),

    ('tier_history tier_watch tier_migration tier_as_told', 'as_of', 'date', NULL, '$1', 'The day that is asked about'),
    ('tier_history tier_watch tier_migration tier_as_told', 'data_through', 'date', NULL, '{tier through}', '{tier through meaning}'),
    ('tier_as_told', 'month', 'date', NULL, 'k.month', 'First day of the {period}'),
    ('tier_history tier_as_told', 'client_id', 'text', NULL, 'c.client_id', 'The client''s number'),
    ('tier_watch', 'client_id', 'text', NULL, 'f.client_id', 'The client''s number'),
    ('tier_history tier_watch tier_as_told', '*client_columns', NULL, NULL, NULL, NULL),
    ('client_tier', 'month', 'date', ARRAY['tier moves'], 't.month', 'First day of the {period} of the tier'),
    ('tier_history', 'month', 'date', NULL, 't.month', 'First day of the {period}'),
    ('tier_history tier_watch', 'assets', 'numeric(18,2)', NULL, 't.assets', '{tier assets meaning}'),
    ('tier_history', 'tier_value', 'numeric(18,2)', NULL, 't.value', '{tier value meaning}'),
    ('tier_watch', 'tier_value', 'numeric(18,2)', NULL, 't.tier_value', '{tier value meaning}'),
    ('tier_history', 'base_tier', 'text', NULL, '{label}[{crm}.tier_base_rank(t.standing)]', 'Tier of this {period} by the thresholds alone, those to keep a tier included'),
    ('tier_history', 'base_tier_order', 'integer', NULL, '{crm}.tier_base_rank(t.standing)', 'Rank of that tier, lowest 1'),
    ('tier_history tier_watch', 'tier', 'text', NULL, '{crm}.tier_label({tiers}, t.standing)',
      'Tier of the policy {tier policy name}; empty until there is a first value'),
    ('tier_history tier_watch', 'tier_order', 'integer', NULL, '{crm}.tier_rank(t.standing)', 'Rank of the tier, lowest 1'),
    ('tier_history', 'previous_tier', 'text', NULL, '{label}[{crm}.tier_rank(p.standing)]', 'Tier of the {period} before'),
    ('tier_history', 'previous_tier_order', 'integer', NULL, '{crm}.tier_rank(p.standing)', 'Rank of that tier, lowest 1'),
    ('tier_history', 'change', 'text', NULL, 'CASE WHEN t.standing IS NULL THEN NULL WHEN p.standing IS NULL THEN ''first''
        WHEN {crm}.tier_rank(t.standing) > {crm}.tier_rank(p.standing) THEN ''up''
        WHEN {crm}.tier_rank(t.standing) < {crm}.tier_rank(p.standing) THEN ''down'' ELSE ''kept'' END', 'first, up, down or kept'),
    ('client_tier tier_history tier_watch', 'since', 'date', ARRAY['tier moves'], '{crm}.tier_since(t.standing)', 'First day of the {period} in which the tier was reached'),
    ('client_tier tier_history tier_watch', 'on_watch', 'boolean', ARRAY['tier moves'], '{crm}.on_watch(t.standing)', 'Whether the tier is about to be lost, by the policy'),
    ('client_tier tier_history tier_watch', 'periods_below', 'integer', ARRAY['tier moves'], '{crm}.tier_run_below(t.standing)', 'How many {period}s in a row the value was below the tier'),
    ('client_tier tier_watch', 'periods_to_downgrade', 'integer', ARRAY['tier moves'], 'o.periods_to_downgrade',
      'After how many more {period}s like the last the tier is lost; empty if it is not'),
    ('client_tier tier_watch', 'landing', 'text', ARRAY['tier moves'], 'o.landing', 'The tier that comes then'),
    ('client_tier tier_watch', 'landing_order', 'integer', ARRAY['tier moves'], 'array_position({label}, o.landing)', 'Rank of that tier, lowest 1'),
    ('client_tier tier_watch', 'amount_to_keep', 'numeric(18,2)', ARRAY['tier moves'], 'o.amount_to_keep', 'How much more the value must be for the tier to be kept; 0 if it is'),
    ('client_tier tier_watch', 'amount_to_rise', 'numeric(18,2)', ARRAY['tier moves'], 'o.amount_to_rise', 'How much more the value must be for the next tier; empty in the highest'),
    ('client_tier tier_watch', 'next_review', 'date', ARRAY['tier moves'], 'o.next_review', 'First day of the next {period} in which the tier may be lost'),

    ('tier_migration', 'grain', 'text', NULL, 'x.grain', '{period}, or year: from to_month''s {period} a year before'),
    ('tier_migration', 'from_month', 'date', NULL, 'x.from_month', 'First day of the earlier {period}'),
    ('tier_migration', 'to_month', 'date', NULL, 'x.to_month', 'First day of the later {period}'),
    ('tier_migration', 'from_tier', 'text', NULL, '{label}[x.from_order]', 'Tier in the earlier {period}; empty for who had none'),
    ('tier_migration', 'from_tier_order', 'integer', NULL, 'x.from_order', 'Rank of that tier, lowest 1'),
    ('tier_migration', 'to_tier', 'text', NULL, '{label}[x.to_order]', 'Tier in the later {period}; empty for who has none'),
    ('tier_migration', 'to_tier_order', 'integer', NULL, 'x.to_order', 'Rank of that tier, lowest 1'),
    ('tier_migration', 'clients', 'bigint', NULL, 'x.clients', 'Number of clients'),
    ('tier_migration', 'client_share', 'float8', NULL, '(x.clients / sum(x.clients) OVER (PARTITION BY x.grain, x.to_month, x.from_order))::float8',
      'Share of the clients of from_tier, a fraction of 1'),
    ('tier_migration', 'assets', 'numeric(18,2)', NULL, 'x.assets', 'Assets of these clients at the end of the later {period}; of who is gone, of the earlier'),

    ('tier_as_told', 'tier_as_told', 'text', NULL, 't.tier', 'Tier that the client was told; empty if none'),
    ('tier_as_told', 'tier_as_told_order', 'integer', NULL, 't.tier_order', 'Rank of that tier in the policy of then, lowest 1'),
    ('tier_as_told', 'tier_recomputed', 'text', NULL, '{crm}.tier_label({tiers}, t.standing)', 'Tier by the data and the policy of today'),
    ('tier_as_told', 'tier_recomputed_order', 'integer', NULL, '{crm}.tier_rank(t.standing)', 'Rank of that tier, lowest 1'),
    ('tier_as_told', 'differs', 'boolean', NULL, 't.tier IS DISTINCT FROM {crm}.tier_label({tiers}, t.standing)', 'Whether the two are different'),
    ('tier_as_told', 'closed_at', 'timestamptz', NULL, 'k.closed_at', 'When the {period} was closed'),
    ('tier_as_told', 'policy_as_told', 'text', NULL, 'concat_ws('' '', k.tiers::jsonb ->> ''name'', k.tiers::jsonb ->> ''version'')', 'Name and version of the tier policy of then'),

    ('tier_why', 'month', 'date', NULL, 'e.period', 'First day of the {period}'),
    ('tier_why', 'tier_value', 'numeric', NULL, 'round(e.value::numeric, 2)', '{tier value meaning}'),
    ('tier_why', 'base_tier', 'text', NULL, 'e.base', 'Tier of this {period} by the thresholds alone'),
    ('tier_why', 'tier', 'text', NULL, 'e.tier', 'Tier after the {period}'),
    ('tier_why', 'since', 'date', NULL, 'e.since', 'First day of the {period} in which it was reached'),
    ('tier_why', 'periods_below', 'integer', NULL, 'e.run_below', 'How many {period}s in a row the value was below the tier'),
    ('tier_why', 'on_watch', 'boolean', NULL, 'e.on_watch', 'Whether the tier is about to be lost, by the policy'),
    ('tier_why', 'reason', 'text', NULL, 'e.reason', 'What happened in the {period}')
  ) AS c (questions, name, type, needs, expression, meaning);
END;

COMMENT ON FUNCTION mart_tier_column() IS 'The columns of the questions about tiers that remember, and about the calendar; part of mart_column()';
