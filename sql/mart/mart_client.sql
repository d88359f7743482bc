-- Questions of the mart who the clients are and what they are worth: recency, frequency and monetary segments, ranks, classes by share, concentration,
-- households, and the one view of the client that brings all together.

-- lacking has a need that is not met -> why; "view NAME" is a question that is left out.
CREATE FUNCTION mart_client_piece(lacking jsonb)
RETURNS TABLE (name text, template text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
  SELECT p.*
  FROM (VALUES (
    'n.% AS "% part", nullif(sum(n.%) OVER (), 0) AS "% whole", sum(n.%) OVER (ORDER BY n.% DESC NULLS LAST) AS "% so far",
          coalesce(sum(n.%) OVER (ORDER BY n.% DESC NULLS LAST GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS "% before"',
    'CASE WHEN f."% part" IS NULL THEN NULL WHEN f."% before" < {setting: abc_a_share} * f."% whole" THEN ''A''
        WHEN f."% before" < {setting: abc_b_share} * f."% whole" THEN ''B'' ELSE ''C'' END'
    )) AS abc (part, class)
  CROSS JOIN LATERAL (VALUES
    ('client score', CASE WHEN mart_client_piece.lacking ? 'rating' THEN 'NULL::numeric' ELSE '({score})::numeric' END),
    ('client tier rank', CASE WHEN mart_client_piece.lacking ?| ARRAY['tiers', 'tier_measure'] THEN 'NULL::integer' ELSE '{tier rank}' END),
    ('revenue of a year', 'SELECT s.client_id, sum(s.amount::numeric) AS amount FROM {fee} AS s
        WHERE s.on_day > ($1 - interval ''1 year'')::date AND s.on_day <= $1 AND {usable fee} GROUP BY s.client_id'),
    ('valued clients', '(
        SELECT {value row}, v."client tier rank", CASE WHEN abs(v.assets) <= 9e14 THEN v.assets END AS "client assets",      -- what a distribution holds
          nullif(nullif(nullif(v.score, ''NaN''), ''Infinity''), ''-Infinity'') AS "client score", revenue.amount AS "client revenue"
        FROM {mart}.client_facts($1) AS f {rated} {tier join}
        CROSS JOIN LATERAL (SELECT ({assets})::numeric AS assets, {client score} AS score, {client tier rank} AS "client tier rank") AS v
        LEFT JOIN ({revenue of a year}) AS revenue ON revenue.client_id = f.client_id)'),
    -- what the client has of each household; without shares, equal parts
    ('household shares', '(
        SELECT h.*, round(sum(h.share) OVER (PARTITION BY h.client_id), 4) = 1 AS complete
        FROM (
          SELECT h.client_id, h.household_id, coalesce(h.share::numeric, 1.0 / count(*) OVER (PARTITION BY h.client_id)) AS share
          FROM {household} AS h) AS h)'),
    -- the part of the whole that a client has, and those with more; cumulative over equal values together
    ('abc: assets', replace(abc.part, '%', 'assets')),
    ('abc: revenue', replace(abc.part, '%', 'revenue')),
    ('abc class: assets', replace(abc.class, '%', 'assets')),
    ('abc class: revenue', replace(abc.class, '%', 'revenue')),
    ('asset distribution', '(
        SELECT count(*) AS clients, count(f."client assets") FILTER (WHERE f."client assets" > 0) AS owners, count(*) FILTER (WHERE f."client assets" < 0) AS debtors,
          count(*) FILTER (WHERE f."client assets" IS NULL) AS unknown, 
          {crm}.distribution(greatest(f."client assets", 0)::float8) FILTER (WHERE f."client assets" IS NOT NULL) AS assets
        FROM {valued clients} AS f)')
  ) AS p (name, template)
  UNION ALL
  -- columns that are there before add_client_value is called, so that views over client_360 stay when it is
  SELECT 'worth: ' || w.name, CASE WHEN mart_client_piece.lacking ? 'client value' THEN 'NULL::float8' ELSE 'worth.' || w.name END
  FROM (VALUES ('p_alive'), ('expected_purchases'), ('clv')) AS w (name)
  UNION ALL
  -- what client_360 joins, where it is there
  SELECT j.name, CASE WHEN mart_client_piece.lacking ?| j.needs THEN '' ELSE j.template END
  FROM (VALUES
    ('outlook join', ARRAY['tiers', 'tier_measure', 'tier moves'], 'LEFT JOIN LATERAL {crm}.tier_outlook({tiers}, t.standing, t.tier_value) AS o ON true'),
    ('household join', ARRAY['household'], 'LEFT JOIN (
        SELECT h.client_id, (array_agg(h.household_id ORDER BY h.share DESC, h.household_id))[1] AS household_id, count(*) AS households, bool_and(h.complete) AS complete
        FROM {household shares} AS h
        GROUP BY h.client_id) AS home ON home.client_id = f.client_id'),
    ('class join', ARRAY['holding', 'holding.market_value', 'product', 'product class'], 'LEFT JOIN (
        SELECT k.client_id, string_agg(concat(k.class, '' '' || round(100 * k.share) || '' %''), '', '' ORDER BY k.share DESC NULLS LAST, k.class) AS list,
          (array_agg(k.class ORDER BY k.share DESC NULLS LAST, k.class))[1] AS main_class, max(k.share) AS main_share, count(*) AS classes
        FROM (
          SELECT h.client_id, h.class, h.value / nullif(sum(h.value) OVER (PARTITION BY h.client_id), 0) AS share
          FROM (
            SELECT s.client_id, coalesce(k.class, ''not classed'') AS class, greatest(sum(s.market_value::numeric), 0) AS value
            FROM {holding} AS s
            LEFT JOIN {classes} AS k ON k.product_id = s.product_id
            WHERE s.on_day = {newest holding} AND {usable holding}
            GROUP BY s.client_id, coalesce(k.class, ''not classed'')) AS h) AS k
        GROUP BY k.client_id) AS held ON held.client_id = f.client_id'),
    ('worth join', ARRAY['client value'], 'LEFT JOIN (
        SELECT w.client_id, min(w.p_alive) AS p_alive, min(w.expected_purchases) AS expected_purchases, min(w.clv) AS clv
        FROM {mart}.client_worth_at($1) AS w GROUP BY w.client_id) AS worth ON worth.client_id = f.client_id'),
    ('revenue join', ARRAY['fee'], 'LEFT JOIN ({revenue of a year}) AS revenue ON revenue.client_id = f.client_id'),
    ('assessment join', ARRAY['view assessment_due'], 'LEFT JOIN (
        SELECT d.client_id, CASE WHEN count(*) = count(d.due_on) THEN min(d.due_on) END AS due_on, bool_or(d.overdue) AS overdue
        FROM {mart}.assessment_due_at($1) AS d
        GROUP BY d.client_id) AS due ON due.client_id = f.client_id'),
    ('exception join', ARRAY['view suitability_exception'], 'LEFT JOIN (
        SELECT e.client_id, count(*) AS holdings, max(e.outcome_order) AS worst
        FROM {mart}.suitability_exception_at($1) AS e
        GROUP BY e.client_id) AS unsuitable ON unsuitable.client_id = f.client_id'),
    ('rfm join', ARRAY['view client_rfm'], 'LEFT JOIN {mart}.client_rfm_at($1) AS rfm ON rfm.client_id = f.client_id'),
    ('stage join', ARRAY['view life_stage'], 'LEFT JOIN {mart}.life_stage_at($1) AS stage ON stage.client_id = f.client_id'),
    ('service join', ARRAY['view service_gap'], 'LEFT JOIN (
        SELECT g.client_id, sum(g.owed) AS owed, sum(g.delivered) AS delivered, sum(g.gap) AS gap
        FROM {mart}.service_gap_at($1) AS g
        GROUP BY g.client_id) AS service ON service.client_id = f.client_id'),
    ('offer join', ARRAY['view next_best_product'], 'LEFT JOIN (
        SELECT n.client_id, string_agg(n.product_id, '', '' ORDER BY n.place) AS products, max(n.product_id) FILTER (WHERE n.place = 1) AS first_product,
          max(n.reason) FILTER (WHERE n.place = 1) AS reason
        FROM {mart}.next_best_product_at($1) AS n
        GROUP BY n.client_id) AS offer ON offer.client_id = f.client_id')
  ) AS j (name, needs, template);
END;

COMMENT ON FUNCTION mart_client_piece(jsonb) IS 'Pieces of SQL that the questions of the mart about value and rank are made of';

CREATE FUNCTION mart_client_question()
RETURNS TABLE (ordinal int, name text, is_view bool, needs text[], arguments text, rows int, from_template text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT q.*
  FROM (VALUES
    (30, 'client_rfm', true, ARRAY['trade'], 'as_of date', 10000,
      '{mart}.client_facts($1) AS f
      LEFT JOIN (
        SELECT s.client_id, {crm}.activity(s.on_day, round(s.amount::numeric, 4)) AS activity
        FROM {trade} AS s
        WHERE s.on_day > $1 - {setting: rfm_days} AND s.on_day <= $1 AND {usable trade}
        GROUP BY s.client_id) AS a ON a.client_id = f.client_id
      CROSS JOIN LATERAL (
        SELECT {crm}.rfm(a.activity, $1, {setting: rfm_recency_days}, {setting: rfm_frequency}, {setting: rfm_monetary}) AS score OFFSET 0) AS s
      CROSS JOIN LATERAL (
        SELECT {crm}.recency_days(a.activity, $1) AS recency_days, {crm}.active_days(a.activity) AS frequency, {crm}.total(a.activity) AS monetary,
          (s.score).recency AS recency_score, (s.score).frequency AS frequency_score, (s.score).monetary AS monetary_score) AS r
      CROSS JOIN LATERAL (SELECT {segment} AS segment OFFSET 0) AS g',
      'How lately, how often and for how much each client trades, by fixed cut points: one row a client, key client_id'),
    (31, 'top_clients', true, ARRAY['client measure'], 'as_of date', 300,
      '(
        SELECT f.*, rank() OVER by_value AS "client rank", f."client amount" / nullif(sum(f."client amount") OVER of_measure, 0) AS "client part",
          sum(f."client amount") OVER by_value / nullif(sum(f."client amount") OVER of_measure, 0) AS "clients part"
        FROM (
          SELECT f.*, m.measure AS "client measure", m.place AS "client measure order", m.value AS "client value",
            CASE WHEN m.measure <> ''score'' THEN greatest(m.value, 0) END AS "client amount"
          FROM {valued clients} AS f
          CROSS JOIN LATERAL unnest(ARRAY[''assets'', ''score'', ''revenue''], ARRAY[f."client assets", f."client score", f."client revenue"])
            WITH ORDINALITY AS m (measure, value, place)
          WHERE m.value IS NOT NULL) AS f
        WINDOW of_measure AS (PARTITION BY f."client measure order"), by_value AS (PARTITION BY f."client measure order" ORDER BY f."client value" DESC)) AS f
      WHERE f."client rank" <= {setting: top_clients}',
      'The clients who come first by assets, score and revenue: one row a measure and client, key measure and client_id; equal values have the same rank and are all in it'),
    (32, 'abc_class', true, ARRAY['client money'], 'as_of date', 10000,
      '(
        SELECT f.*, {abc: assets}, {abc: revenue}
        FROM {valued clients} AS f
        CROSS JOIN LATERAL (SELECT CASE WHEN f."client assets" IS NOT NULL THEN greatest(f."client assets", 0) END AS assets,
          CASE WHEN f."client revenue" IS NOT NULL THEN greatest(f."client revenue", 0) END AS revenue) AS n) AS f',
      'Classes by cumulative share: A brings the first part of the whole, B the next, C the long tail. One row a client, key client_id'),
    (33, 'asset_concentration', true, ARRAY['assets'], 'as_of date', 1,
      '{asset distribution} AS s
      LEFT JOIN LATERAL {crm}.tail_index(s.assets, greatest(1, floor(s.owners * {setting: tail_share}))::bigint) AS h ON true',
      'How unequal the assets of the clients are: one row'),
    (34, 'asset_lorenz', true, ARRAY['assets'], 'as_of date', 101,
      '{asset distribution} AS s
      CROSS JOIN LATERAL {crm}.lorenz(s.assets, {setting: lorenz_points}) AS l',
      'The Lorenz curve of the assets of the clients: which share the lowest and the highest have. One row a point, key client_share'),
    (35, 'tail_index_path', true, ARRAY['assets'], 'as_of date', 5,
      '{asset distribution} AS s
      CROSS JOIN unnest({setting: tail_shares}) AS p (share)
      LEFT JOIN LATERAL {crm}.tail_index(s.assets, greatest(1, floor(s.owners * p.share))::bigint) AS h ON true',
      'The tail index of the assets for several places at which the tail may begin: it means something where it hardly depends on the place. One row a place, key tail_share'),
    (36, 'household_360', true, ARRAY['household'], 'as_of date', 10000,
      '(
        SELECT h.household_id, count(*) AS members, bool_and(h.complete) AS complete, sum(h.share * f."client assets") AS assets, sum(h.share * f."client revenue") AS revenue,
          max(f."client tier rank") AS tier_rank, max(f."client score") AS score, min(c.opened_on) AS opened_on
        FROM {household shares} AS h
        JOIN {valued clients} AS f ON f.client_id = h.client_id
        JOIN {client} AS c ON c.client_id = h.client_id
        GROUP BY h.household_id) AS h
      LEFT JOIN (
        SELECT s.household_id, count(DISTINCT p.product_id) AS products, sum(s.share * p.market_value::numeric) AS market_value
        FROM {household shares} AS s
        JOIN {mart}.client_facts($1) AS f ON f.client_id = s.client_id
        JOIN {holding} AS p ON p.client_id = s.client_id
        WHERE p.on_day = {newest holding}
        GROUP BY s.household_id) AS held ON held.household_id = h.household_id',
      'One view of the household: one row a household, key household_id. Amounts are shared out: a client who belongs to two households counts in each with the share of it'),
    (90, 'client_360', true, ARRAY[]::text[], 'as_of date', 10000,
      '{mart}.client_facts($1) AS f {rated} {reasons} {tier join} {outlook join} {household join} {class join} {revenue join} {worth join} {assessment join} {exception join} {rfm join} {stage join}
      {service join} {offer join}',
      'One view of the client: one row a client, key client_id')
  ) AS q (ordinal, name, is_view, needs, arguments, rows, from_template, meaning);
END;

COMMENT ON FUNCTION mart_client_question() IS 'The questions of the mart about value and rank, and the one view of the client; part of mart_question()';

CREATE FUNCTION mart_client_column()
RETURNS TABLE (questions text, name text, type text, needs text[], expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT c.*
  FROM (VALUES
    ('client_rfm top_clients abc_class asset_concentration asset_lorenz tail_index_path household_360', 'as_of', 'date', NULL::text[], '$1', 'The day that is asked about'),
    ('client_rfm top_clients abc_class asset_concentration asset_lorenz tail_index_path household_360', 'data_through', 'date', NULL, '{data through}',
      'Newest day, at or before as_of, on which balances, trades or holdings have a row'),
    ('top_clients', 'measure', 'text', NULL, 'f."client measure"', 'What clients are ranked by: assets, score, or revenue of the last twelve months'),
    ('top_clients', 'measure_order', 'integer', NULL, 'f."client measure order"', 'Order of the measure'),
    ('top_clients', 'measure_rank', 'bigint', NULL, 'f."client rank"', 'Rank by the measure, highest 1; equal values have the same'),
    ('client_rfm top_clients abc_class', 'client_id', 'text', NULL, 'f.client_id', 'The client''s number'),
    ('client_rfm top_clients abc_class', '*client_columns', NULL, NULL, NULL, NULL),

    ('client_rfm', 'recency_days', 'integer', NULL, 'r.recency_days', 'Days since the last day with a trade; empty if there was none in the {value: rfm_days} days that end with as_of'),
    ('client_rfm', 'frequency', 'integer', NULL, 'coalesce(r.frequency, 0)', 'Number of days with a trade in these {value: rfm_days} days'),
    ('client_rfm', 'monetary', 'numeric(18,2)', NULL, 'coalesce(r.monetary, 0)', 'Amount of the trades in these {value: rfm_days} days'),
    ('client_rfm', 'recency_score', 'integer', NULL, 'r.recency_score', 'Class of recency_days, 1 the longest ago'),
    ('client_rfm', 'frequency_score', 'integer', NULL, 'r.frequency_score', 'Class of frequency, 1 the lowest'),
    ('client_rfm', 'monetary_score', 'integer', NULL, 'r.monetary_score', 'Class of monetary, 1 the lowest'),
    ('client_rfm', 'rfm_code', 'text', NULL, '(s.score).code', 'The three classes, such as 5-4-3'),
    ('client_rfm', 'rfm_segment', 'text', ARRAY['segments'], 'g.segment', 'Segment by the decision table {segments name}'),
    ('client_rfm', 'rfm_segment_order', 'integer', ARRAY['segments'], '{segment order}', 'Place of the segment in the decision table, first 1'),

    ('top_clients', 'measure_value', 'numeric(18,2)', NULL, 'f."client value"', 'Value of the measure'),
    ('top_clients', 'measure_share', 'float8', NULL, 'f."client part"::float8', 'Share of the sum over all clients, a fraction of 1, values below 0 taken as 0; empty for the score'),
    ('top_clients', 'cumulative_share', 'float8', NULL, 'f."clients part"::float8', 'Share of this client and of all with a value that is not lower'),

    ('abc_class', 'assets', 'numeric(18,2)', ARRAY['assets'], 'f."client assets"', 'Assets of the client: the balance at the end of the day, else the value of holdings'),
    ('abc_class', 'asset_share', 'float8', ARRAY['assets'], '(f."assets part" / f."assets whole")::float8', 'Share of the assets of all clients, a fraction of 1, assets below 0 taken as 0'),
    ('abc_class', 'asset_cumulative_share', 'float8', ARRAY['assets'], 'CASE WHEN f."assets part" IS NOT NULL THEN (f."assets so far" / f."assets whole")::float8 END', 'Share of this client and of all with assets that are not lower'),
    ('abc_class', 'asset_class', 'text', ARRAY['assets'], '{abc class: assets}',
      'A while those with more assets have less than {value: abc_a_share} of all, B while less than {value: abc_b_share}, else C; equal assets have the same class'),
    ('abc_class', 'asset_class_order', 'integer', ARRAY['assets'], 'array_position(ARRAY[''A'', ''B'', ''C''], {abc class: assets})', 'Order of the class: A 1'),
    ('abc_class', 'revenue', 'numeric(18,2)', ARRAY['fee'], 'f."client revenue"', 'Revenue of the last twelve months; empty if there was no fee'),
    ('abc_class', 'revenue_share', 'float8', ARRAY['fee'], '(f."revenue part" / f."revenue whole")::float8', 'Share of the revenue of all clients, a fraction of 1, revenue below 0 taken as 0'),
    ('abc_class', 'revenue_cumulative_share', 'float8', ARRAY['fee'], 'CASE WHEN f."revenue part" IS NOT NULL THEN (f."revenue so far" / f."revenue whole")::float8 END', 'Share of this client and of all with revenue that is not lower'),
    ('abc_class', 'revenue_class', 'text', ARRAY['fee'], '{abc class: revenue}', 'The same classes, by revenue'),
    ('abc_class', 'revenue_class_order', 'integer', ARRAY['fee'], 'array_position(ARRAY[''A'', ''B'', ''C''], {abc class: revenue})', 'Order of the class: A 1'),

    ('asset_concentration', 'clients', 'bigint', NULL, 's.clients', 'Number of clients'),
    ('asset_concentration', 'clients_with_assets', 'bigint', NULL, 's.owners', 'Those with assets above 0'),
    ('asset_concentration', 'clients_in_debt', 'bigint', NULL, 's.debtors', 'Those with assets below 0, which are taken as 0'),
    ('asset_concentration', 'clients_unknown', 'bigint', NULL, 's.unknown', 'Those whose assets are not known, who are not counted in the shares'),
    ('asset_concentration', 'assets', 'numeric(18,2)', NULL, 'coalesce({crm}.total(s.assets), 0)', 'Assets of all clients'),
    ('asset_concentration', 'gini', 'float8', NULL, '{crm}.gini(s.assets)', 'Gini coefficient of the assets: 0 if all are equal, near 1 if one has all'),
    ('asset_concentration', 'top_1_percent_share', 'float8', NULL, '{crm}.top_share(s.assets, 0.01)', 'Share of the assets that the highest 1 % of the clients have, a fraction of 1'),
    ('asset_concentration', 'top_5_percent_share', 'float8', NULL, '{crm}.top_share(s.assets, 0.05)', 'That of the highest 5 %'),
    ('asset_concentration', 'top_10_percent_share', 'float8', NULL, '{crm}.top_share(s.assets, 0.1)', 'That of the highest 10 %'),
    ('asset_concentration', 'top_20_percent_share', 'float8', NULL, '{crm}.top_share(s.assets, 0.2)', 'That of the highest 20 %'),
    ('asset_concentration', 'tail_80_percent_share', 'float8', NULL, '{crm}.tail_share(s.assets, 0.8)', 'That of the lowest 80 %: the long tail'),
    ('asset_lorenz', 'client_share', 'float8', NULL, 'l.population_share', 'Share of the clients, a fraction of 1'),
    ('asset_lorenz', 'lowest_share', 'float8', NULL, 'l.value_share', 'Share of the assets that so many clients with the lowest have'),
    ('asset_lorenz', 'highest_share', 'float8', NULL, '{crm}.top_share(s.assets, l.population_share)', 'Share of the assets that so many clients with the highest have'),
    ('tail_index_path', 'tail_share', 'float8', NULL, 'p.share', 'Share of the clients with assets that are taken as the tail, a fraction of 1'),
    ('asset_concentration tail_index_path', 'tail_index', 'float8', NULL, 'h.alpha',
      'Hill''s estimate of the exponent of the tail: the lower, the more the highest outweigh the rest; 2 and below, a variance does not exist'),
    ('asset_concentration tail_index_path', 'tail_index_error', 'float8', NULL, 'h.std_error', 'Its standard error'),
    ('asset_concentration tail_index_path', 'tail_clients', 'bigint', NULL, 'h.k', 'k: the number of highest clients that it is estimated from'),
    ('asset_concentration tail_index_path', 'tail_from', 'numeric(18,2)', NULL, 'h.threshold::numeric', 'Assets at which the tail begins'),

    ('household_360', 'household_id', 'text', NULL, 'h.household_id', 'The household''s number'),
    ('household_360', 'members', 'bigint', NULL, 'h.members', 'Number of clients who belong to it'),
    ('household_360', 'shares_complete', 'boolean', NULL, 'h.complete',
      'For each member the shares of all households sum to 1, to four decimals. Where they do not, amounts are counted twice or not at all. Without a share a client belongs to all in equal parts'),
    ('household_360', 'assets', 'numeric(18,2)', ARRAY['assets'], 'h.assets', 'Assets of the members, each by its share; of those that are known'),
    ('household_360', 'holdings_value', 'numeric(18,2)', ARRAY['holding.market_value', 'holding'], 'held.market_value', 'Market value of their holdings on the newest day of positions, each by its share'),
    ('household_360', 'products_held', 'bigint', ARRAY['holding'], 'coalesce(held.products, 0)', 'Number of products that a member holds'),
    ('household_360', 'revenue_12_months', 'numeric(18,2)', ARRAY['fee'], 'h.revenue', 'Revenue of the last twelve months, each by its share; empty if there was no fee'),
    ('household_360', 'best_score', 'float8', ARRAY['rating'], 'h.score::float8', 'Highest score of a member'),
    ('household_360', 'best_tier', 'text', ARRAY['tiers', 'tier_measure'], '{label}[h.tier_rank]', 'Highest tier of a member'),
    ('household_360', 'best_tier_order', 'integer', ARRAY['tiers', 'tier_measure'], 'h.tier_rank', 'Rank of that tier, lowest 1'),
    ('household_360', 'oldest_relationship', 'date', ARRAY['client.opened_on'], 'h.opened_on', 'Day on which the oldest relationship of a member began'),

    ('client_360', 'tier_since', 'date', ARRAY['tiers', 'tier_measure', 'tier moves'], '{crm}.tier_since(t.standing)', 'First day of the {period} in which the tier was reached'),
    ('client_360', 'tier_on_watch', 'boolean', ARRAY['tiers', 'tier_measure', 'tier moves'], '{crm}.on_watch(t.standing)', 'Whether the tier is about to be lost, by the policy'),
    ('client_360', 'periods_to_downgrade', 'integer', ARRAY['tiers', 'tier_measure', 'tier moves'], 'o.periods_to_downgrade', 'After how many more {period}s like the last the tier is lost; empty if it is not'),
    ('client_360', 'landing_tier', 'text', ARRAY['tiers', 'tier_measure', 'tier moves'], 'o.landing', 'The tier that comes then'),
    ('client_360', 'landing_tier_order', 'integer', ARRAY['tiers', 'tier_measure', 'tier moves'], 'array_position({label}, o.landing)', 'Rank of that tier, lowest 1'),
    ('client_360', 'household_id', 'text', ARRAY['household'], 'home.household_id', 'Household that has the largest share of the client'),
    ('client_360', 'households', 'bigint', ARRAY['household'], 'coalesce(home.households, 0)', 'Number of households that the client belongs to'),
    ('client_360', 'household_shares_complete', 'boolean', ARRAY['household'], 'home.complete', 'The shares of these sum to 1, to four decimals; empty without a household'),
    ('client_360', 'classes_held', 'bigint', ARRAY['holding', 'holding.market_value', 'product', 'product class'], 'coalesce(held.classes, 0)', 'Number of classes of product held: the category, else the kind, else not classed'),
    ('client_360', 'holdings_by_class', 'text', ARRAY['holding', 'holding.market_value', 'product', 'product class'], 'held.list', 'The classes held with their share of the market value in percent, largest first'),
    ('client_360', 'main_class', 'text', ARRAY['holding', 'holding.market_value', 'product', 'product class'], 'held.main_class', 'The class with the largest share'),
    ('client_360', 'main_class_share', 'float8', ARRAY['holding', 'holding.market_value', 'product', 'product class'], 'held.main_share::float8', 'Its share of the market value, a fraction of 1'),
    ('client_360', 'revenue_12_months', 'numeric(18,2)', ARRAY['fee'], 'revenue.amount', 'Revenue of the last twelve months; empty if there was no fee'),
    ('client_360', 'p_alive', 'float8', ARRAY['trade'], '{worth: p_alive}', 'Probability that the client still trades: client_value; empty until add_client_value is called'),
    ('client_360', 'expected_purchases', 'float8', ARRAY['trade'], '{worth: expected_purchases}', 'Days with a trade that are expected in the horizon of client_value'),
    ('client_360', 'clv', 'numeric(18,2)', ARRAY['trade'], '{worth: clv}', 'Value of the client in that time: client_value'),
    ('client_360', 'assessment_due_on', 'date', ARRAY['view assessment_due'], 'due.due_on', 'Last day on which all dated checks of the suitability policy pass; empty if none applies or something was never assessed'),
    ('client_360', 'assessment_overdue', 'boolean', ARRAY['view assessment_due'], 'coalesce(due.overdue, false)', 'A dated check does not pass any more, or never did'),
    ('client_360', 'unsuitable_holdings', 'bigint', ARRAY['view suitability_exception'], 'coalesce(unsuitable.holdings, 0)', 'Number of holdings that are not suitable: suitability_exception'),
    ('client_360', 'worst_outcome', 'text', ARRAY['view suitability_exception'], '(enum_range(NULL::{crm}.suitability_outcome))[unsuitable.worst]', 'The worst outcome of a holding; empty if all are suitable'),
    ('client_360', 'worst_outcome_order', 'integer', ARRAY['view suitability_exception'], 'unsuitable.worst', 'Order of the outcome: suitable 1 to prohibited 6'),
    ('client_360', 'rfm_code', 'text', ARRAY['view client_rfm'], 'rfm.rfm_code', 'Classes of recency, frequency and amount of trades, such as 5-4-3: client_rfm'),
    ('client_360', 'rfm_segment', 'text', ARRAY['view client_rfm', 'segments'], 'rfm.rfm_segment', 'Segment by the decision table {segments name}: client_rfm'),
    ('client_360', 'rfm_segment_order', 'integer', ARRAY['view client_rfm', 'segments'], 'rfm.rfm_segment_order', 'Place of the segment in the decision table, first 1'),
    ('client_360', 'life_stage', 'text', ARRAY['view life_stage'], 'stage.life_stage', 'Stage of the wealth life cycle: life_stage'),
    ('client_360', 'life_stage_order', 'integer', ARRAY['view life_stage'], 'stage.life_stage_order', 'Order of the stage'),
    ('client_360', 'services_owed', 'numeric(18,2)', ARRAY['view service_gap'], 'coalesce(service.owed, 0)', 'Services that are owed in the quarter: service_gap'),
    ('client_360', 'services_delivered', 'numeric(18,2)', ARRAY['view service_gap'], 'coalesce(service.delivered, 0)', 'Services that were delivered in it so far'),
    ('client_360', 'services_gap', 'numeric(18,2)', ARRAY['view service_gap'], 'coalesce(service.gap, 0)', 'Services that are still owed in it'),
    ('client_360', 'next_product_id', 'text', ARRAY['view next_best_product'], 'offer.first_product', 'Product to offer next: next_best_product'),
    ('client_360', 'next_product_reason', 'text', ARRAY['view next_best_product'], 'offer.reason', 'Why that one'),
    ('client_360', 'next_product_ids', 'text', ARRAY['view next_best_product'], 'offer.products', 'The products to offer next, best first')
  ) AS c (questions, name, type, needs, expression, meaning);
END;

COMMENT ON FUNCTION mart_client_column() IS 'The columns of the questions about value and rank; part of mart_column()';
