-- Questions of the mart more, longer, broader: how many clients come and how good they are, how long they stay, how much of what they have is here,
-- and how assets and revenue came to be what they are.

-- lacking has a need that is not met -> why.
CREATE FUNCTION mart_relationship_piece(balance_mode text, lacking jsonb)
RETURNS TABLE (name text, template text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
  SELECT p.*
  FROM (VALUES
    -- Clients by the month in which they came: those of whom the data tell from then on.
    ('known opening', 'isfinite(c.opened_on) AND c.opened_on > ''1900-01-01'' AND (c.closed_on IS NULL OR c.closed_on > c.opened_on)'),
    ('days of the source', '(SELECT d.first_day, d.last_day FROM {mart}.source_days($1) AS d OFFSET 0)'),      -- found once
    ('new clients', '(
        SELECT c.client_id, c.opened_on, c.closed_on, c.branch_id::text AS branch_id, c.segment::text AS segment, date_trunc(''month'', c.opened_on::timestamp)::date AS cohort_month
        FROM {client} AS c
        WHERE {known opening})'),
    ('clients who came', '(
        SELECT n.*, n.opened_on + {setting: activation_days} AS until_day, n.opened_on + {setting: activation_days} <= d.last_day + 1 AS observed
        FROM {new clients} AS n
        CROSS JOIN {days of the source} AS d
        WHERE n.opened_on <= $1 AND n.cohort_month >= date_trunc(''month'', d.first_day::timestamp))'),
    ('same cohort', 'k.branch_id IS NOT DISTINCT FROM n.branch_id AND k.segment IS NOT DISTINCT FROM n.segment'),
    ('first days', 's.on_day >= n.opened_on AND s.on_day < n.until_day AND s.on_day <= $1'),
    -- the balance at the end of the first days: the newest, or in a source of snapshots that of the newest day with one
    ('balance after the first days', CASE mart_relationship_piece.balance_mode
      WHEN 'snapshot' THEN 'max(s.amount::numeric) FILTER (WHERE s.on_day = snapshot.days[width_bucket(n.until_day - 1, snapshot.days)])'
      ELSE '(array_agg(s.amount::numeric ORDER BY s.on_day DESC, s.amount::numeric DESC))[1]' END),
    ('days of snapshots', CASE mart_relationship_piece.balance_mode WHEN 'snapshot' THEN 'CROSS JOIN (
            SELECT array_agg(DISTINCT d.on_day ORDER BY d.on_day) AS days
            FROM {calendar} AS d
            WHERE d.on_day <= (SELECT max(b.on_day) FROM {balance} AS b WHERE b.on_day <= $1)) AS snapshot' ELSE '' END),

    -- A client of the month before who is none any more when the next month begins is lost in it.
    ('months of clients', '(
        SELECT s.*, c.branch_id::text AS branch_id, c.segment::text AS segment, c.opened_on, coalesce(c.opened_on >= s.month, false) AS is_new,
          coalesce(c.closed_on <= s.month + interval ''1 month'', false) AS is_lost
        FROM {mart}.client_summary AS s
        JOIN {client} AS c ON c.client_id = s.client_id
        WHERE s.month <= {summary month})'),

    -- How long clients stay, in days, by what they are. Who came before the data begin is followed from their first day on.
    ('lives', '(
        SELECT c.client_id, c.branch_id::text AS branch_id, c.segment::text AS segment, c.opened_on, least(c.closed_on, d.last_day) - c.opened_on AS duration,
          coalesce(c.closed_on <= d.last_day, false) AS ended, greatest(d.first_day - c.opened_on, 0) AS entry
        FROM {client} AS c
        CROSS JOIN {days of the source} AS d
        WHERE {known opening} AND c.opened_on <= d.last_day AND (c.opened_on >= d.first_day OR c.closed_on > d.first_day OR c.closed_on IS NULL))'),
    ('lifetimes', '(
        SELECT k.dimension, k.dimension_order, k.value, k.value_order, k.lifetime
        FROM (
          SELECT CASE grouping(c.branch_id, c.segment) WHEN 3 THEN ''all clients'' WHEN 1 THEN ''branch'' ELSE ''segment'' END AS dimension,
            CASE grouping(c.branch_id, c.segment) WHEN 3 THEN 1 WHEN 1 THEN 2 ELSE 3 END AS dimension_order,
            coalesce(c.branch_id, c.segment) AS value, NULL::int AS value_order, {crm}.survival(c.duration, c.ended, c.entry) AS lifetime
          FROM {lives} AS c
          WHERE c.duration > c.entry OR c.entry = 0
          GROUP BY GROUPING SETS ((), (c.branch_id), (c.segment))'
      || CASE WHEN mart_relationship_piece.lacking ?| ARRAY['tiers', 'tier_measure', 'tier moves'] THEN '' ELSE '
          UNION ALL
          SELECT ''tier'', 4, {label}[c.tier_order], c.tier_order, {crm}.survival(c.duration, c.ended, c.entry)
          FROM (
            SELECT {crm}.tier_rank(t.standing) AS tier_order, c.duration, c.ended, (t.month + interval ''{months}'')::date - c.opened_on AS entry
            FROM {lives} AS c
            JOIN {mart}.tier_month AS t ON t.client_id = c.client_id
              AND t.month = greatest(date_trunc(''{period}'', c.opened_on::timestamp)::date, (SELECT min(r.month) FROM {periods} AS r))
            WHERE t.month <= {last month}) AS c
          WHERE c.tier_order IS NOT NULL AND c.duration > c.entry
          GROUP BY c.tier_order' END || ') AS k
        WHERE k.lifetime IS NOT NULL{known dimensions})'),
    ('days of a month', '(365.25 / 12)'),

    ('balance days ago', CASE mart_relationship_piece.balance_mode
      WHEN 'snapshot' THEN 's.on_day = (SELECT max(d.on_day) FROM {calendar} AS d WHERE d.on_day <= $1 - b.days)' ELSE 's.on_day <= $1 - b.days' END),

    -- Revenue and assets of a month by branch and by segment.
    ('margins', '(
          SELECT s.month, CASE grouping(s.branch_id) WHEN 0 THEN ''branch'' ELSE ''segment'' END AS dimension, coalesce(s.branch_id, s.segment) AS value,
            sum(coalesce(s.average_assets, 0)) AS assets, sum(s.commission + s.advice + s.distribution + s.interest + s.other_fees) AS revenue
          FROM {months of clients} AS s
          GROUP BY GROUPING SETS ((s.month, s.branch_id), (s.month, s.segment)))'),
    ('known dimensions', CASE WHEN mart_relationship_piece.lacking ? 'client.branch_id' THEN ' AND k.dimension <> ''branch''' ELSE '' END
      || CASE WHEN mart_relationship_piece.lacking ? 'client.segment' THEN ' AND k.dimension <> ''segment''' ELSE '' END)
  ) AS p (name, template);
END;

COMMENT ON FUNCTION mart_relationship_piece(text, jsonb) IS 'Pieces of SQL that the questions of the mart about the relationship are made of, for balance_mode change or snapshot and for what is lacking';

CREATE FUNCTION mart_relationship_question()
RETURNS TABLE (ordinal int, name text, is_view bool, needs text[], arguments text, rows int, from_template text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT q.*
  FROM (VALUES
    (50, 'acquisition_cohort', true, ARRAY['client.opened_on', 'dated view'], 'as_of date', 1000,
      '(
        WITH came AS MATERIALIZED {clients who came}
        SELECT n.cohort_month, n.branch_id, n.segment, count(*) AS clients, count(*) FILTER (WHERE n.observed) AS observed,
          count(*) FILTER (WHERE n.observed AND b.highest >= {setting: activation_assets}) AS activated, count(*) FILTER (WHERE n.observed AND t.client_id IS NOT NULL) AS traded,
          coalesce(sum(b.amount) FILTER (WHERE n.observed AND (n.closed_on IS NULL OR n.closed_on >= n.until_day)), 0) AS assets, coalesce(sum(r.amount) FILTER (WHERE n.observed), 0) AS revenue,
          coalesce(sum(k.cost) FILTER (WHERE n.observed), 0) AS cost
        FROM came AS n
        LEFT JOIN (
          SELECT n.client_id, max(s.amount::numeric) AS highest, {balance after the first days} AS amount
          FROM came AS n
          JOIN {balance} AS s ON s.client_id = n.client_id AND {first days}
          {days of snapshots}
          WHERE {usable balance}
          GROUP BY n.client_id) AS b ON b.client_id = n.client_id
        LEFT JOIN (
          SELECT DISTINCT n.client_id
          FROM came AS n
          JOIN {trade} AS s ON s.client_id = n.client_id AND {first days}
          WHERE {usable trade}) AS t ON t.client_id = n.client_id
        LEFT JOIN (
          SELECT n.client_id, sum(s.amount::numeric) AS amount
          FROM came AS n
          JOIN {fee} AS s ON s.client_id = n.client_id AND {first days}
          WHERE {usable fee}
          GROUP BY n.client_id) AS r ON r.client_id = n.client_id
        LEFT JOIN (
          SELECT n.client_id, sum(coalesce(r.per_contact, 0) + coalesce(r.per_minute * s.minutes::numeric, 0)) AS cost
          FROM came AS n
          JOIN {contact} AS s ON s.client_id = n.client_id AND {first days}
          LEFT JOIN {rates} AS r ON r.channel = s.channel AND r.from_day <= s.on_day AND s.on_day < r.until_day
          WHERE {usable contact}
          GROUP BY n.client_id) AS k ON k.client_id = n.client_id
        GROUP BY n.cohort_month, n.branch_id, n.segment) AS k',
      'How many clients came in each month and what became of them within the days of the setting activation_days: one row a cohort, key cohort_month, branch_id and segment. '
      'Shares are of those of whom so many days are known'),
    (51, 'acquisition_tier', true, ARRAY['client.opened_on', 'tiers', 'tier_measure', 'tier moves'], 'as_of date', 1000,
      '(
        SELECT n.cohort_month, n.branch_id, n.segment, n.months, l.tier, l.tier_order, count(*) AS clients, count(*) FILTER (WHERE n.highest >= l.tier_order) AS reached
        FROM (
          SELECT n.client_id, n.cohort_month, n.branch_id, n.segment, m.months, max({crm}.tier_rank(t.standing)) AS highest
          FROM {new clients} AS n
          CROSS JOIN unnest({setting: tier_months}) AS m (months)
          LEFT JOIN {mart}.tier_month AS t ON t.client_id = n.client_id AND t.month + interval ''{months}'' <= n.cohort_month + make_interval(months => m.months)
          WHERE n.cohort_month >= (SELECT min(r.month) FROM {periods} AS r) AND n.cohort_month + make_interval(months => m.months) <= {last month} + interval ''{months}''
          GROUP BY n.client_id, n.cohort_month, n.branch_id, n.segment, m.months) AS n
        CROSS JOIN unnest({label}) WITH ORDINALITY AS l (tier, tier_order)
        GROUP BY n.cohort_month, n.branch_id, n.segment, n.months, l.tier, l.tier_order) AS k',
      'How many of the clients of a month had reached a tier some months later, whatever became of it: one row for cohort_month, branch_id, segment, months and tier, which are its key. '
      'The months are those of the setting tier_months; cohorts that are younger have no row'),
    (52, 'retention_cohort', true, ARRAY['client.opened_on', 'summaries'], 'as_of date', 10000,
      '(
        SELECT n.cohort_month, n.branch_id, n.segment, m.month, n.clients, coalesce(k.remaining, 0) AS remaining, coalesce(k.active, 0) AS active, coalesce(k.assets, 0) AS assets
        FROM (SELECT n.cohort_month, n.branch_id, n.segment, count(*) AS clients FROM {new clients} AS n GROUP BY n.cohort_month, n.branch_id, n.segment) AS n
        JOIN {mart}.refresh_log AS m ON m.month >= n.cohort_month
        LEFT JOIN (
          SELECT n.cohort_month, n.branch_id, n.segment, s.month, count(*) AS remaining,
            count(*) FILTER (WHERE s.activity IS NOT NULL OR s.closing_assets >= {setting: effective_assets}) AS active, sum(s.closing_assets) AS assets
          FROM {new clients} AS n
          JOIN {mart}.client_summary AS s ON s.client_id = n.client_id
          WHERE s.month <= {summary month} AND n.cohort_month >= (SELECT min(r.month) FROM {mart}.refresh_log AS r)
            AND (n.closed_on IS NULL OR n.closed_on > s.month + interval ''1 month'')
          GROUP BY n.cohort_month, n.branch_id, n.segment, s.month) AS k ON k.cohort_month = n.cohort_month AND k.month = m.month AND {same cohort}
        WHERE m.month <= {summary month} AND n.cohort_month >= (SELECT min(r.month) FROM {mart}.refresh_log AS r)) AS k',
      'How many of the clients of a month are still there, and still active, some months later: one row for cohort_month, branch_id, segment and months_since, which are its key. '
      'A month that is not over has no row; a cohort that is gone has rows of 0. Cohorts begin with the first month that is refreshed: client_lifetime has older clients too'),
    (53, 'client_lifetime', true, ARRAY['client.opened_on', 'client.closed_on', 'dated view'], 'as_of date', 1000,
      '{lifetimes} AS k
      CROSS JOIN LATERAL (
        SELECT greatest(1, ceil(t."time" / {days of a month}))::int AS months, (array_agg(t.at_risk ORDER BY t."time"))[1] AS at_risk, sum(t.events) AS events, sum(t.censored) AS censored,
          (array_agg(t.survival ORDER BY t."time" DESC))[1] AS survival, (array_agg(t.lower_95 ORDER BY t."time" DESC))[1] AS lower_95,
          (array_agg(t.upper_95 ORDER BY t."time" DESC))[1] AS upper_95
        FROM {crm}.survival_table(k.lifetime) AS t
        GROUP BY 1) AS t',
      'How long clients stay, by Kaplan and Meier: the curve for all, by branch, by segment and by the first tier that is known. One row for dimension, value and months, which are its key; '
      'a month in which nobody left or was lost from sight has no row'),
    (54, 'client_lifetime_summary', true, ARRAY['client.opened_on', 'client.closed_on', 'dated view'], 'as_of date', 100,
      '(
        SELECT k.*, {crm}.rollup(k.lifetime) OVER (PARTITION BY k.dimension_order ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS others
        FROM {lifetimes} AS k) AS k
      CROSS JOIN LATERAL {crm}.median_survival(k.lifetime) AS m
      CROSS JOIN LATERAL {crm}.log_rank(k.lifetime, k.others) AS t',
      'How long clients stay, in figures: for all, by branch, by segment and by the first tier that is known, each against all others. One row for dimension and value, which are its key'),
    (55, 'relationship_breadth', true, ARRAY['breadth'], 'as_of date', 10000,
      '{mart}.client_facts($1) AS f
      LEFT JOIN {positions of the day} AS held ON held.client_id = f.client_id
      LEFT JOIN (
        SELECT DISTINCT ON (s.client_id) s.client_id, s.on_day, s.amount::numeric AS amount
        FROM {external_assets} AS s
        WHERE s.on_day <= $1 AND s.amount::numeric >= 0 AND s.amount::numeric < {limit}
        ORDER BY s.client_id, s.on_day DESC, s.amount::numeric DESC) AS elsewhere ON elsewhere.client_id = f.client_id
      CROSS JOIN LATERAL (SELECT nullif(nullif(nullif(({assets})::numeric, ''NaN''), ''Infinity''), ''-Infinity'') AS amount) AS known
      CROSS JOIN LATERAL (SELECT CASE WHEN known.amount < 0 THEN 0 ELSE known.amount END AS amount) AS own',
      'How broad the relationship with each client is: what the client holds, and which part of the client''s assets is here. One row a client, key client_id'),
    (56, 'relationship_dimensions', true, ARRAY['client.opened_on', 'summaries'], 'as_of date', 1000,
      '(
        SELECT s.month, s.branch_id, count(*) FILTER (WHERE NOT s.is_lost) AS clients, count(*) FILTER (WHERE s.is_new) AS new_clients, count(*) FILTER (WHERE s.is_lost) AS lost_clients,
          avg(s.tenure) FILTER (WHERE NOT s.is_lost) AS mean_tenure, {crm}.distribution(s.tenure::float8) FILTER (WHERE NOT s.is_lost) AS tenure,
          avg(s.classes_held) FILTER (WHERE NOT s.is_lost) AS classes, avg(s.effective_classes::numeric) FILTER (WHERE NOT s.is_lost) AS effective_classes,
          count(*) FILTER (WHERE NOT s.is_lost AND s.classes_held >= 2) AS broad_clients, coalesce(sum(s.closing_assets) FILTER (WHERE NOT s.is_lost), 0) AS assets
        FROM (
          SELECT s.*, CASE WHEN isfinite(s.opened_on) AND s.opened_on > ''1900-01-01'' THEN (s.month + interval ''1 month'')::date - s.opened_on END AS tenure
          FROM {months of clients} AS s) AS s
        GROUP BY s.month, s.branch_id) AS n
      LEFT JOIN (
        SELECT m.month, c.branch_id::text AS branch_id, count(*) AS before, count(*) FILTER (WHERE c.closed_on IS NULL OR c.closed_on > m.month + interval ''1 month'') AS kept
        FROM {mart}.refresh_log AS m
        JOIN {client} AS c ON (c.opened_on IS NULL OR c.opened_on < m.month - interval ''11 months'') AND (c.closed_on IS NULL OR c.closed_on > m.month - interval ''11 months'')
        WHERE m.month <= {summary month} AND m.month - interval ''11 months'' >= (SELECT min(r.month) FROM {mart}.refresh_log AS r)
        GROUP BY m.month, c.branch_id::text) AS k ON k.month = n.month AND k.branch_id IS NOT DISTINCT FROM n.branch_id',
      'More, longer, broader: how many clients there are, how long they have been here, and how much they do with the firm. One row a month and branch, key month and branch_id; '
      'the branch is the one that serves the client now'),
    (57, 'asset_bridge', true, ARRAY['balance', 'summaries'], 'as_of date', 1000,
      '(
        SELECT s.month, s.branch_id, sum(s.opening_assets) AS opening_assets,
          {crm}.asset_bridge(CASE WHEN s.is_new THEN 0 ELSE round(coalesce(s.opening_assets, 0), 4) END, CASE WHEN s.is_lost THEN 0 ELSE round(coalesce(s.closing_assets, 0), 4) END,
            round(coalesce(s.inflow, 0), 4), round(coalesce(s.outflow, 0), 4), s.is_new, s.is_lost) AS bridge
        FROM {months of clients} AS s
        GROUP BY s.month, s.branch_id) AS b',
      'Why the assets at the end of a month are not those at its beginning: closing = opening + new + inflow - outflow + market - lost. One row a month and branch, key month and branch_id; '
      'the branch is the one that serves the client now'),
    (58, 'revenue_mix', true, ARRAY['fee', 'summaries'], 'as_of date', 200,
      '(
        SELECT k.*, first_value(k.amount) OVER year_ago AS amount_before, first_value(k.share) OVER year_ago AS share_before
        FROM (
          SELECT s.month, k.kind, k.kind_order, k.amount, k.amount / nullif(sum(k.amount) OVER (PARTITION BY s.month), 0) AS share
          FROM (
            SELECT s.month, sum(s.commission) AS commission, sum(s.advice) AS advice, sum(s.distribution) AS distribution, sum(s.interest) AS interest, sum(s.other_fees) AS other
            FROM {months of clients} AS s
            GROUP BY s.month) AS s
          CROSS JOIN LATERAL (VALUES (''commission'', 1, s.commission), (''advice'', 2, s.advice), (''distribution'', 3, s.distribution), (''interest'', 4, s.interest), (''other'', 5, s.other))
            AS k (kind, kind_order, amount)) AS k
        WINDOW year_ago AS (PARTITION BY k.kind_order ORDER BY k.month RANGE BETWEEN interval ''12 months'' PRECEDING AND interval ''12 months'' PRECEDING)) AS k',
      'What revenue is made of, and how that changed: one row a month and kind of revenue, key month and kind'),
    (59, 'revenue_shift', true, ARRAY['fee', 'balance', 'summaries', 'branch or segment'], 'as_of date', 1000,
      '(
        WITH m AS MATERIALIZED (
          SELECT g.month, g.dimension, g.value, g.assets, g.revenue, g.assets / nullif(sum(g.assets) OVER (PARTITION BY g.month, g.dimension), 0) AS weight,
            CASE WHEN g.assets <> 0 THEN g.revenue / g.assets END AS margin
          FROM {margins} AS g)
        SELECT coalesce(a.month, (b.month + interval ''12 months'')::date) AS month, coalesce(a.dimension, b.dimension) AS dimension, coalesce(a.value, b.value) AS value, a.assets, a.revenue, a.weight, a.margin,
          coalesce(a.weight, 0) AS weight_now, coalesce(a.margin, 0) AS margin_now, coalesce(b.weight, 0) AS weight_before, coalesce(b.margin, 0) AS margin_before
        FROM m AS a
        FULL JOIN m AS b ON b.month = (a.month - interval ''12 months'')::date AND b.dimension = a.dimension AND coalesce(b.value, '''') = coalesce(a.value, '''') AND (b.value IS NULL) = (a.value IS NULL)) AS k
      WHERE EXISTS (SELECT FROM {mart}.refresh_log AS r WHERE r.month = k.month) AND k.month <= {summary month} AND EXISTS (SELECT FROM {mart}.refresh_log AS r WHERE r.month = k.month - interval ''12 months''){known dimensions}',
      'Why revenue per unit of assets is not what it was a year before: because assets moved to branches or segments with other margins (mix), or because margins changed (rate). '
      'One row a month, dimension and value, which are its key; over the values of a dimension the two effects add up to the change of the whole'),
    (70, 'churn_risk', true, ARRAY['attrition'], 'as_of date', 10000,
      '{mart}.client_facts($1) AS f
      LEFT JOIN (
        SELECT s.client_id, -sum(s.amount::numeric) FILTER (WHERE s.amount < 0 AND s.on_day > $1 - 30) AS outflow_30, -sum(s.amount::numeric) FILTER (WHERE s.amount < 0) AS outflow_90, sum(s.amount::numeric) AS net_90
        FROM {cash_flow} AS s
        WHERE s.on_day > $1 - 90 AND s.on_day <= $1 AND {usable cash_flow}
        GROUP BY s.client_id) AS flow ON flow.client_id = f.client_id
      LEFT JOIN (
        SELECT s.client_id, {crm}.activity(s.on_day, round(s.amount::numeric, 4)) AS activity
        FROM {trade} AS s
        WHERE s.on_day > $1 - {setting: rhythm_days} AND s.on_day <= $1 AND {usable trade}
        GROUP BY s.client_id) AS trade ON trade.client_id = f.client_id
      LEFT JOIN LATERAL (
        SELECT max(s.amount) FILTER (WHERE s.days = 30) AS assets_30, max(s.amount) FILTER (WHERE s.days = 90) AS assets_90
        FROM (
          SELECT b.days, (SELECT s.amount::numeric FROM {balance} AS s WHERE s.client_id = f.client_id AND {balance days ago} AND {usable balance} ORDER BY s.on_day DESC LIMIT 1) AS amount
          FROM (VALUES (30), (90)) AS b (days)) AS s) AS before ON true
      CROSS JOIN LATERAL (
        SELECT {crm}.recency_days(trade.activity, $1) AS silent_days,
          CASE WHEN {crm}.active_days(trade.activity) > 1 THEN ({crm}.last_day(trade.activity) - {crm}.first_day(trade.activity))::float8 / ({crm}.active_days(trade.activity) - 1) END AS usual_gap) AS rhythm',
      'What says that a client may be leaving: money taken out, assets that shrink for other reasons than the market, silence that is long for this client. One row a client, key client_id; '
      'a scorecard can be made of its columns')
  ) AS q (ordinal, name, is_view, needs, arguments, rows, from_template, meaning);
END;

COMMENT ON FUNCTION mart_relationship_question() IS 'The questions of the mart about the relationship; part of mart_question()';

CREATE FUNCTION mart_relationship_column()
RETURNS TABLE (questions text, name text, type text, needs text[], expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
  SELECT c.*
  FROM (VALUES
    ('acquisition_cohort acquisition_tier retention_cohort client_lifetime client_lifetime_summary relationship_breadth relationship_dimensions asset_bridge revenue_mix revenue_shift churn_risk',
      'as_of', 'date', NULL::text[], '$1', 'The day that is asked about'),
    ('acquisition_cohort client_lifetime client_lifetime_summary relationship_breadth churn_risk', 'data_through', 'date', NULL, '{data through}',
      'Newest day, at or before as_of, on which balances, trades or holdings have a row'),
    ('acquisition_tier', 'data_through', 'date', NULL, '{tier through}', '{tier through meaning}'),
    ('retention_cohort relationship_dimensions asset_bridge revenue_mix revenue_shift', 'data_through', 'date', NULL, '{summary through}',
      'Last day of the newest month that ended at or before as_of and was refreshed'),

    ('acquisition_cohort acquisition_tier retention_cohort', 'cohort_month', 'date', NULL, 'k.cohort_month', 'First day of the month in which the clients came'),
    ('acquisition_cohort acquisition_tier retention_cohort', 'branch_id', 'text', ARRAY['client.branch_id'], 'k.branch_id', 'Branch that serves the clients'),
    ('acquisition_cohort acquisition_tier retention_cohort', 'segment', 'text', ARRAY['client.segment'], 'k.segment', 'Segment that the firm put the clients in'),

    ('acquisition_cohort', 'clients', 'bigint', NULL, 'k.clients', 'Number of clients who came'),
    ('acquisition_cohort', 'observed_clients', 'bigint', NULL, 'k.observed', 'Of these, those of whom {value: activation_days} days are known, counted from the day of opening; the following columns are about them'),
    ('acquisition_cohort', 'activated_clients', 'bigint', ARRAY['balance'], 'k.activated', 'Clients whose balance came to {value: activation_assets} or more within {value: activation_days} days'),
    ('acquisition_cohort', 'activation_rate', 'float8', ARRAY['balance'], 'k.activated::float8 / nullif(k.observed, 0)', 'Share of the observed clients who were activated, a fraction of 1'),
    ('acquisition_cohort', 'trading_clients', 'bigint', ARRAY['trade'], 'k.traded', 'Clients who traded within {value: activation_days} days'),
    ('acquisition_cohort', 'trading_rate', 'float8', ARRAY['trade'], 'k.traded::float8 / nullif(k.observed, 0)', 'Share of the observed clients who traded, a fraction of 1'),
    ('acquisition_cohort', 'assets', 'numeric(18,2)', ARRAY['balance'], 'k.assets', 'Balances after {value: activation_days} days of the observed clients who are still there'),
    ('acquisition_cohort', 'assets_per_client', 'numeric(18,2)', ARRAY['balance'], 'k.assets / nullif(k.observed, 0)', 'The same for each observed client'),
    ('acquisition_cohort', 'revenue', 'numeric(18,2)', ARRAY['fee'], 'k.revenue', 'Revenue from the observed clients within {value: activation_days} days'),
    ('acquisition_cohort', 'service_cost', 'numeric(18,2)', ARRAY['contact', 'contact.channel', 'cost'], 'k.cost',
      'Cost of the contacts with the observed clients within {value: activation_days} days, by the rates of their channels'),
    ('acquisition_cohort', 'service_cost_per_client', 'numeric(18,2)', ARRAY['contact', 'contact.channel', 'cost'], 'k.cost / nullif(k.observed, 0)', 'The same for each observed client'),

    ('acquisition_tier', 'months', 'integer', NULL, 'k.months', 'Months from the beginning of cohort_month'),
    ('acquisition_tier', 'tier', 'text', NULL, 'k.tier', 'Tier of the policy {tier policy name}'),
    ('acquisition_tier', 'tier_order', 'integer', NULL, 'k.tier_order', 'Rank of the tier, lowest 1'),
    ('acquisition_tier', 'clients', 'bigint', NULL, 'k.clients', 'Number of clients who came'),
    ('acquisition_tier', 'reached_clients', 'bigint', NULL, 'k.reached', 'Number of them who had the tier, or a higher one, at the end of some {period} within the months'),
    ('acquisition_tier', 'reached_share', 'float8', NULL, 'k.reached::float8 / k.clients', 'Share of the clients who came, a fraction of 1'),

    ('retention_cohort', 'month', 'date', NULL, 'k.month', 'First day of the month that is looked at'),
    ('retention_cohort', 'months_since', 'integer', NULL, '12 * (extract(year FROM k.month) - extract(year FROM k.cohort_month)) + extract(month FROM k.month) - extract(month FROM k.cohort_month)',
      'Months from cohort_month to month; 0 is the month in which they came'),
    ('retention_cohort', 'clients', 'bigint', NULL, 'k.clients', 'Number of clients who came'),
    ('retention_cohort', 'remaining_clients', 'bigint', NULL, 'k.remaining', 'Number of them who are clients when the month has ended'),
    ('retention_cohort', 'retention', 'float8', NULL, 'k.remaining::float8 / k.clients', 'Share of the clients who came, a fraction of 1'),
    ('retention_cohort', 'active_clients', 'bigint', ARRAY['activity'], 'k.active', 'Number of them who besides traded in the month or had {value: effective_assets} or more at its end'),
    ('retention_cohort', 'active_share', 'float8', ARRAY['activity'], 'k.active::float8 / k.clients', 'Share of the clients who came, a fraction of 1'),
    ('retention_cohort', 'assets', 'numeric(18,2)', ARRAY['balance'], 'k.assets', 'Assets at the end of the month of those who remain'),
    ('retention_cohort', 'asset_retention', 'float8', ARRAY['balance'],
      '(k.assets / nullif(first_value(k.assets) OVER (PARTITION BY k.cohort_month, k.branch_id, k.segment ORDER BY k.month), 0))::float8',
      'These assets for each unit of those at the end of cohort_month; what clients bring later counts'),

    ('client_lifetime client_lifetime_summary', 'dimension', 'text', NULL, 'k.dimension', 'What clients are told apart by: all clients, branch, segment, or tier (the first that is known, from then on)'),
    ('client_lifetime client_lifetime_summary', 'dimension_order', 'integer', NULL, 'k.dimension_order', 'Order of dimension'),
    ('client_lifetime client_lifetime_summary', 'value', 'text', NULL, 'k.value', 'The branch, segment or tier; empty for all clients, and for those of whom it is not known'),
    ('client_lifetime client_lifetime_summary', 'value_order', 'integer', NULL, 'k.value_order', 'Rank of the tier, lowest 1'),
    ('client_lifetime', 'months', 'integer', NULL, 't.months', 'Months since the relationship began, a month being the twelfth part of 365.25 days: 1 is the first'),
    ('client_lifetime', 'at_risk', 'bigint', NULL, 't.at_risk', 'Clients who were followed on the first day in this month on which somebody left or was lost from sight'),
    ('client_lifetime', 'events', 'bigint', NULL, 't.events', 'Clients who left in this month of theirs'),
    ('client_lifetime', 'censored', 'bigint', NULL, 't.censored', 'Clients who were still there when last seen, in this month of theirs'),
    ('client_lifetime', 'survival', 'float8', NULL, 't.survival', 'Share of clients who stay longer, a fraction of 1'),
    ('client_lifetime', 'lower_95', 'float8', NULL, 't.lower_95', 'Lower bound of this share, with a confidence of 95 %'),
    ('client_lifetime', 'upper_95', 'float8', NULL, 't.upper_95', 'Upper bound of this share, with a confidence of 95 %'),

    ('client_lifetime_summary', 'clients', 'bigint', NULL, '{crm}.subjects(k.lifetime)', 'Clients who were followed'),
    ('client_lifetime_summary', 'lost_clients', 'bigint', NULL, '{crm}.ended(k.lifetime)', 'Clients who left'),
    ('client_lifetime_summary', 'median_months', 'float8', NULL, 'm.median / {days of a month}', 'Months that half of the clients do not stay longer than; empty if fewer left'),
    ('client_lifetime_summary', 'median_lower_95', 'float8', NULL, 'm.lower_95 / {days of a month}', 'Lower bound of the median, with a confidence of 95 %'),
    ('client_lifetime_summary', 'median_upper_95', 'float8', NULL, 'm.upper_95 / {days of a month}', 'Upper bound of the median, with a confidence of 95 %'),
    ('client_lifetime_summary', 'mean_months', 'float8', NULL, '{crm}.restricted_mean(k.lifetime, {setting: lifetime_months} * {days of a month}) / {days of a month}',
      'Mean number of months that clients stay in the first {value: lifetime_months}; empty if nobody was followed so long'),
    ('client_lifetime_summary', 'stay_1_year', 'float8', NULL, '{crm}.survival_at(k.lifetime, 365.25)', 'Share of clients who stay longer than a year, a fraction of 1; empty if nobody was followed so long'),
    ('client_lifetime_summary', 'stay_3_years', 'float8', NULL, '{crm}.survival_at(k.lifetime, 3 * 365.25)', 'Share of clients who stay longer than three years'),
    ('client_lifetime_summary', 'stay_5_years', 'float8', NULL, '{crm}.survival_at(k.lifetime, 5 * 365.25)', 'Share of clients who stay longer than five years'),
    ('client_lifetime_summary', 'expected_lost', 'float8', NULL, 't.expected_a', 'Clients who would have left if they left as all of the dimension do'),
    ('client_lifetime_summary', 'chi_square', 'float8', NULL, 't.chi_square', 'Log-rank test against all others of the dimension: the statistic, with one degree of freedom'),
    ('client_lifetime_summary', 'p_value', 'float8', NULL, 't.p_value', 'Probability of such a difference, or a greater one, by chance; small where these clients stay longer or shorter than others'),

    ('relationship_breadth churn_risk', 'client_id', 'text', NULL, 'f.client_id', 'The client''s number'),
    ('relationship_breadth churn_risk', '*client_columns', NULL, NULL, NULL, NULL),
    ('relationship_breadth', 'products', 'bigint', ARRAY['holding'], 'coalesce(held.products, 0)', 'Products held on the newest day of positions'),
    ('relationship_breadth', 'classes', 'bigint', ARRAY['holding', 'product', 'product class'], 'coalesce(held.classes, 0)', 'Classes of product held: their categories, else kinds'),
    ('relationship_breadth', 'effective_classes', 'float8', ARRAY['holding', 'holding.market_value', 'product', 'product class'], 'held.effective',
      'Effective number of classes: the exponential of the entropy of their shares in the value; as many classes of equal value would be as broad. Empty if nothing of value is held'),
    ('relationship_breadth', 'own_assets', 'numeric(18,2)', ARRAY['assets'], 'own.amount', 'Assets here: the balance at the end of the day, else the value of holdings; 0 if below 0'),
    ('relationship_breadth', 'declared_assets', 'numeric(18,2)', ARRAY['external_assets'], 'elsewhere.amount', 'Assets elsewhere, as the client declared last; empty if never'),
    ('relationship_breadth', 'declared_on', 'date', ARRAY['external_assets'], 'elsewhere.on_day', 'Day of the declaration'),
    ('relationship_breadth', 'wallet', 'numeric(18,2)', ARRAY['assets', 'external_assets'], 'own.amount + elsewhere.amount', 'All assets of the client: here and elsewhere'),
    ('relationship_breadth', 'wallet_share', 'float8', ARRAY['assets', 'external_assets'], '(own.amount / nullif(own.amount + elsewhere.amount, 0))::float8', 'Share of all assets that is here, a fraction of 1'),
    ('relationship_breadth', 'opportunity', 'numeric(18,2)', ARRAY['assets', 'external_assets'], 'elsewhere.amount', 'What could come: all assets less those here'),

    ('relationship_dimensions', 'month', 'date', NULL, 'n.month', 'First day of the month'),
    ('relationship_dimensions', 'branch_id', 'text', ARRAY['client.branch_id'], 'n.branch_id', 'Branch that serves the clients'),
    ('relationship_dimensions', 'clients', 'bigint', NULL, 'n.clients', 'More: number of clients when the month has ended'),
    ('relationship_dimensions', 'new_clients', 'bigint', NULL, 'n.new_clients', 'Clients who came in the month, also if they left again'),
    ('relationship_dimensions', 'lost_clients', 'bigint', NULL, 'n.lost_clients', 'Clients who left in the month: the first day of the next finds them gone'),
    ('relationship_dimensions', 'net_new_clients', 'bigint', NULL, 'n.new_clients - n.lost_clients', 'New less lost clients'),
    ('relationship_dimensions', 'mean_tenure_months', 'float8', NULL, 'n.mean_tenure::float8 / {days of a month}', 'Longer: mean number of months since clients came, at the end of the month'),
    ('relationship_dimensions', 'median_tenure_months', 'float8', NULL, '{crm}.quantile(n.tenure, 0.5) / {days of a month}', 'The number of months that half of the clients do not exceed, within 1 %'),
    ('relationship_dimensions', 'retention_12_months', 'float8', NULL, 'k.kept::float8 / k.before',
      'Share of the clients of twelve months before who still are; empty before twelve months are refreshed'),
    ('relationship_dimensions', 'mean_classes', 'float8', ARRAY['holding', 'product', 'product class'], 'n.classes::float8', 'Broader: classes of product for each client'),
    ('relationship_dimensions', 'mean_effective_classes', 'float8', ARRAY['holding', 'holding.market_value', 'product', 'product class'], 'n.effective_classes::float8',
      'Effective number of classes for each client who holds something of value'),
    ('relationship_dimensions', 'broad_clients', 'bigint', ARRAY['holding', 'product', 'product class'], 'n.broad_clients', 'Clients who hold products of two classes or more'),
    ('relationship_dimensions', 'broad_share', 'float8', ARRAY['holding', 'product', 'product class'], 'n.broad_clients::float8 / nullif(n.clients, 0)', 'Share of these among the clients, a fraction of 1'),
    ('relationship_dimensions', 'assets', 'numeric(18,2)', ARRAY['balance'], 'n.assets', 'Assets of the clients at the end of the month'),
    ('relationship_dimensions', 'assets_per_client', 'numeric(18,2)', ARRAY['balance'], 'n.assets / nullif(n.clients, 0)', 'Assets for each client'),

    ('asset_bridge', 'month', 'date', NULL, 'b.month', 'First day of the month'),
    ('asset_bridge', 'branch_id', 'text', ARRAY['client.branch_id'], 'b.branch_id', 'Branch that serves the clients'),
    ('asset_bridge', 'opening_assets', 'numeric(18,2)', NULL, '{crm}.opening_assets(b.bridge)', 'Assets of the clients at the beginning of the month'),
    ('asset_bridge', 'new_assets', 'numeric(18,2)', NULL, '{crm}.new_assets(b.bridge)', 'Assets at the end of the month of clients who came in it'),
    ('asset_bridge', 'inflow', 'numeric(18,2)', ARRAY['cash_flow'], '{crm}.inflow(b.bridge)', 'What the clients who stayed brought in'),
    ('asset_bridge', 'outflow', 'numeric(18,2)', ARRAY['cash_flow'], '{crm}.outflow(b.bridge)', 'What the clients who stayed took out, above 0'),
    ('asset_bridge', 'market', 'numeric(18,2)', NULL, '{crm}.market_change(b.bridge)', 'What else changed the assets of the clients who stayed; all of the change, if the source has no cash_flow'),
    ('asset_bridge', 'lost_assets', 'numeric(18,2)', NULL, '{crm}.lost_assets(b.bridge)', 'Assets at the beginning of the month of clients who left in it, above 0'),
    ('asset_bridge', 'closing_assets', 'numeric(18,2)', NULL, '{crm}.closing_assets(b.bridge)', 'Assets of the clients at the end of the month'),
    ('asset_bridge', 'difference', 'numeric(18,2)', NULL,
      'coalesce(b.opening_assets, 0) + {crm}.net_new_assets(b.bridge) + {crm}.market_change(b.bridge) - {crm}.closing_assets(b.bridge)',
      'What the parts come to, from the balances of all before the month, less closing_assets: 0, unless clients who came in the month had balances before'),
    ('asset_bridge', 'opening_clients', 'bigint', NULL, '{crm}.opening_clients(b.bridge)', 'Clients at the beginning of the month'),
    ('asset_bridge', 'new_clients', 'bigint', NULL, '{crm}.new_clients(b.bridge)', 'Clients who came in the month, also if they left again'),
    ('asset_bridge', 'lost_clients', 'bigint', NULL, '{crm}.lost_clients(b.bridge)', 'Clients who left in the month, also if they had just come'),
    ('asset_bridge', 'closing_clients', 'bigint', NULL, '{crm}.closing_clients(b.bridge)', 'Clients when the month has ended'),
    ('asset_bridge', 'organic_growth', 'float8', ARRAY['cash_flow'], '{crm}.organic_growth(b.bridge)', 'New + inflow - outflow - lost for each unit of opening assets'),
    ('asset_bridge', 'asset_attrition', 'float8', ARRAY['cash_flow'], '{crm}.asset_attrition(b.bridge)', 'Outflow + lost for each unit of opening assets: attrition by assets'),
    ('asset_bridge', 'client_attrition', 'float8', NULL, '{crm}.client_attrition(b.bridge)', 'Share of the clients at the beginning who left: attrition by heads'),

    ('revenue_mix', 'month', 'date', NULL, 'k.month', 'First day of the month'),
    ('revenue_mix', 'kind', 'text', NULL, 'k.kind', 'Kind of revenue: commission, advice, distribution, interest or other'),
    ('revenue_mix', 'kind_order', 'integer', NULL, 'k.kind_order', 'Order of the kind'),
    ('revenue_mix', 'amount', 'numeric(18,2)', NULL, 'k.amount', 'Revenue of the month'),
    ('revenue_mix', 'share', 'float8', NULL, 'k.share::float8', 'Share of all revenue of the month, a fraction of 1'),
    ('revenue_mix', 'amount_change', 'numeric(18,2)', NULL, 'k.amount - k.amount_before', 'Revenue less that of the same month a year before; empty without one'),
    ('revenue_mix', 'share_change', 'float8', NULL, '(k.share - k.share_before)::float8', 'Share less that of the same month a year before'),

    ('revenue_shift', 'month', 'date', NULL, 'k.month', 'First day of the month'),
    ('revenue_shift', 'dimension', 'text', NULL, 'k.dimension', 'What clients are told apart by: branch or segment'),
    ('revenue_shift', 'value', 'text', NULL, 'k.value', 'The branch or segment; empty for clients without one'),
    ('revenue_shift', 'assets', 'numeric(18,2)', NULL, 'coalesce(k.assets, 0)', 'Mean of the assets at the end of each day of the month'),
    ('revenue_shift', 'revenue', 'numeric(18,2)', NULL, 'coalesce(k.revenue, 0)', 'Revenue of the month'),
    ('revenue_shift', 'weight', 'float8', NULL, 'k.weight_now::float8', 'Share of the assets of all values of the dimension, a fraction of 1'),
    ('revenue_shift', 'weight_before', 'float8', NULL, 'k.weight_before::float8', 'The same a year before'),
    ('revenue_shift', 'margin', 'float8', NULL, 'k.margin_now::float8', 'Revenue of the month for each unit of assets; 0 without assets'),
    ('revenue_shift', 'margin_before', 'float8', NULL, 'k.margin_before::float8', 'The same a year before'),
    ('revenue_shift', 'mix_effect', 'float8', NULL, '((k.weight_now - k.weight_before) * k.margin_before)::float8', 'Part of the change of the whole margin that comes from the change of the weight'),
    ('revenue_shift', 'rate_effect', 'float8', NULL, '(k.weight_now * (k.margin_now - k.margin_before))::float8', 'Part of the change of the whole margin that comes from the change of the margin'),

    ('churn_risk', 'assets', 'numeric(18,2)', ARRAY['balance'], 'f.assets', 'Balance at the end of the day'),
    ('churn_risk', 'outflow_30_days', 'numeric(18,2)', ARRAY['cash_flow'], 'coalesce(flow.outflow_30, 0)', 'Money and securities taken out in the 30 days that end with as_of, above 0'),
    ('churn_risk', 'outflow_90_days', 'numeric(18,2)', ARRAY['cash_flow'], 'coalesce(flow.outflow_90, 0)', 'The same in 90 days'),
    ('churn_risk', 'outflow_share_30_days', 'float8', ARRAY['cash_flow', 'balance'], '(coalesce(flow.outflow_30, 0) / nullif(greatest(before.assets_30, 0), 0))::float8',
      'Outflow of 30 days for each unit of the balance 30 days before; empty without one above 0'),
    ('churn_risk', 'outflow_share_90_days', 'float8', ARRAY['cash_flow', 'balance'], '(coalesce(flow.outflow_90, 0) / nullif(greatest(before.assets_90, 0), 0))::float8', 'The same of 90 days'),
    ('churn_risk', 'asset_change_90_days', 'float8', ARRAY['balance'], '((f.assets - before.assets_90) / nullif(greatest(before.assets_90, 0), 0))::float8',
      'Change of the balance in 90 days for each unit of what it was'),
    ('churn_risk', 'net_flow_share_90_days', 'float8', ARRAY['cash_flow', 'balance'], '(coalesce(flow.net_90, 0) / nullif(greatest(before.assets_90, 0), 0))::float8',
      'What of this change came from what the client brought in and took out: below 0 the assets shrink net of the market'),
    ('churn_risk', 'silent_days', 'integer', ARRAY['trade'], 'rhythm.silent_days', 'Days since the last trade; empty if there was none in {value: rhythm_days} days'),
    ('churn_risk', 'usual_gap_days', 'float8', ARRAY['trade'], 'rhythm.usual_gap', 'Mean number of days between two days with a trade in these {value: rhythm_days} days; empty with fewer than two'),
    ('churn_risk', 'silence_ratio', 'float8', ARRAY['trade'], 'rhythm.silent_days / nullif(rhythm.usual_gap, 0)', 'Days since the last trade for each day of the usual gap: far above 1 the client is silent for longer than usual')
  ) AS c (questions, name, type, needs, expression, meaning);
END;

COMMENT ON FUNCTION mart_relationship_column() IS 'The columns of the questions about the relationship; part of mart_column()';
