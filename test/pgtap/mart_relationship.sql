-- More, longer, broader, over 20,000 made-up clients with every oddity that a source may have: each view against plain SQL over the same rows that
-- shares nothing with the mart; then the cohorts that the example broker plants.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT no_plan();
\set clients `echo "${CRM_EXT_TEST_CLIENTS:-20000}"`

------------------------------------------------------------------------------------------------------------------------
-- The source
------------------------------------------------------------------------------------------------------------------------

-- a number from 0 to n - 1 that looks drawn by lot, but is always the same
CREATE FUNCTION pg_temp.lot(id bigint, purpose text, n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN
  (hashint8extended(id, hashtext(purpose)) & 2147483647)::int % n;

-- whether two queries give the same rows
CREATE FUNCTION pg_temp.same(have text, want text, what text) RETURNS text LANGUAGE sql AS $$
  SELECT is_empty(format('WITH h AS MATERIALIZED (%s), w AS MATERIALIZED (%s)
    (SELECT ''only in the mart'', x.* FROM (TABLE h EXCEPT ALL TABLE w) AS x) UNION ALL (SELECT ''only expected'', x.* FROM (TABLE w EXCEPT ALL TABLE h) AS x)', have, want), what)
$$;

CREATE SCHEMA source;      -- indexes come before updates: in the transaction that makes them they could not be used otherwise
CREATE TABLE source.client AS
SELECT c.client_id, c.n AS number, c.opened_on, CASE
    WHEN c.segment = 'campaign' AND c.n % 10 > 2 THEN c.opened_on + 20 + pg_temp.lot(c.n, 'left', 80)
    WHEN c.n % 17 = 0 THEN greatest(c.opened_on + 1, date '2024-10-01' + pg_temp.lot(c.n, 'closed', 700))
    WHEN c.n % 101 = 0 THEN date '9999-12-31' END AS closed_on, c.branch_id, c.segment
FROM (
  SELECT 'C' || n AS client_id, n, CASE WHEN n % 4 = 0 THEN date '2025-04-01' + pg_temp.lot(n, 'came', 480) ELSE date '2014-01-01' + pg_temp.lot(n, 'opened', 4000) END AS opened_on,
    CASE WHEN n % 37 > 0 THEN 'B' || n % 6 END AS branch_id,
    CASE WHEN n % 4 = 0 AND pg_temp.lot(n, 'came', 480) BETWEEN 122 AND 152 THEN 'campaign' WHEN n % 9 = 0 THEN 'wealth' ELSE 'retail' END AS segment
  FROM generate_series(1, :clients) AS n) AS c;
CREATE UNIQUE INDEX ON source.client (client_id);
UPDATE source.client SET opened_on = NULL WHERE client_id IN ('C7', 'C9');
UPDATE source.client SET opened_on = '1900-01-01' WHERE client_id IN ('C11', 'C13');
UPDATE source.client SET opened_on = '-infinity' WHERE client_id = 'C15';
UPDATE source.client SET opened_on = '2025-06-10', closed_on = '2025-06-10' WHERE client_id = 'C19';
UPDATE source.client SET opened_on = '2025-06-10', closed_on = '2025-06-11' WHERE client_id = 'C23';
UPDATE source.client SET closed_on = '2025-09-01' WHERE client_id IN ('C21', 'C25');      -- on the first day of a month
UPDATE source.client SET opened_on = '2025-04-01', closed_on = '2025-05-01' WHERE client_id = 'C27';
UPDATE source.client SET closed_on = 'infinity' WHERE client_id = 'C29';
CREATE TABLE source.balance AS
SELECT b.client_id, b.on_day, b.amount
FROM (
  SELECT c.client_id, b.on_day, round((CASE WHEN c.number % 50 = 0 THEN -10 WHEN c.number % 3 = 0 THEN 3000 ELSE 100 * power(1.0001, pg_temp.lot(c.number * 10 + b.k, 'wealth', 90000)) END)::numeric, 2 + c.number % 3) AS amount, c.opened_on
  FROM source.client AS c
  CROSS JOIN LATERAL (SELECT k, date '2024-12-20' + 95 * k + pg_temp.lot(c.number * 10 + k, 'day', 95) AS on_day FROM generate_series(0, 5) AS k
    UNION ALL SELECT 9, c.opened_on + pg_temp.lot(c.number, 'soon', 100) WHERE c.number % 4 = 0) AS b
  WHERE c.number % 31 > 0) AS b
WHERE b.on_day BETWEEN coalesce(b.opened_on, '2024-01-01') AND '2026-07-10' AND b.on_day >= '2025-04-01'
GROUP BY b.client_id, b.on_day, b.amount;
DELETE FROM source.balance AS b USING source.balance AS o WHERE o.client_id = b.client_id AND o.on_day = b.on_day AND o.amount < b.amount;
CREATE UNIQUE INDEX ON source.balance (client_id, on_day);
CREATE INDEX ON source.balance (on_day);
UPDATE source.balance SET amount = 'NaN' WHERE client_id = 'C100';
INSERT INTO source.balance VALUES ('nobody', '2025-05-05', 100);
CREATE TABLE source.trade AS
SELECT 'C' || n AS client_id, date '2026-07-10' - pg_temp.lot(n * 100 + k, 'trade', 460) AS on_day, 100 + pg_temp.lot(n * 100 + k, 'amount', 100000)::numeric AS amount
FROM generate_series(1, :clients) AS n CROSS JOIN generate_series(0, 7) AS k WHERE n % 5 > 1 AND k < pg_temp.lot(n, 'trades', 9);
CREATE INDEX ON source.trade (client_id, on_day);
CREATE INDEX ON source.trade (on_day);
INSERT INTO source.trade VALUES ('C1', '2026-06-01', NULL), ('C3', '2026-06-01', 'NaN'), (NULL, '2026-06-01', 5), ('C4', '2026-06-02', 0);
CREATE TABLE source.product AS
SELECT 'P' || n AS product_id, CASE WHEN n % 11 > 0 THEN 'category ' || n % 4 END AS category, CASE WHEN n % 2 = 0 THEN 'kind ' || n % 3 END AS kind FROM generate_series(1, 33) AS n;
CREATE TABLE source.holding AS
SELECT 'C' || n AS client_id, 'P' || 1 + (n * 7 + k * 8 + pg_temp.lot(n + extract(month FROM d)::int, 'turns', 3)) % 33 AS product_id, d::date AS on_day,
  round((10 * power(1.0005, pg_temp.lot(n * 10 + k, 'value', 20000)))::numeric, 2) * CASE WHEN n % 997 = 0 THEN -1 ELSE 1 END AS market_value
FROM generate_series(1, :clients) AS n CROSS JOIN generate_series(0, 3) AS k CROSS JOIN generate_series(timestamp '2025-04-30', timestamp '2026-06-30', '1 month') AS d
WHERE k < pg_temp.lot(n, 'products', 5) AND n % 3 = 0;
CREATE UNIQUE INDEX ON source.holding (client_id, product_id, on_day);
CREATE INDEX ON source.holding (on_day);
UPDATE source.holding SET market_value = NULL WHERE client_id = 'C21';
CREATE TABLE source.cash_flow AS
SELECT 'C' || n AS client_id, date '2026-07-10' - pg_temp.lot(n * 100 + k, 'flow', 460) AS on_day, (pg_temp.lot(n * 100 + k, 'moved', 200000) - 100000)::numeric / 7 AS amount
FROM generate_series(1, :clients) AS n CROSS JOIN generate_series(0, 4) AS k WHERE n % 3 > 0;
CREATE INDEX ON source.cash_flow (client_id, on_day);
CREATE INDEX ON source.cash_flow (on_day);
UPDATE source.cash_flow SET amount = round(amount, 2);
UPDATE source.cash_flow SET amount = 'Infinity' WHERE client_id = 'C200';
CREATE TABLE source.fee AS
SELECT 'C' || n AS client_id, date '2026-07-10' - pg_temp.lot(n * 100 + k, 'fee', 460) AS on_day, (ARRAY['commission', 'advice', 'distribution', 'interest', 'other', 'unheard of'])[1 + (n + k) % 6] AS kind,
  round((pg_temp.lot(n * 100 + k, 'fee amount', 20000) - 500)::numeric / 13, 2) AS amount
FROM generate_series(1, :clients) AS n CROSS JOIN generate_series(0, 3) AS k WHERE n % 7 > 0;
CREATE INDEX ON source.fee (client_id, on_day);
CREATE INDEX ON source.fee (on_day);
CREATE TABLE source.contact AS
SELECT format('K%s-%s', n, k) AS contact_id, 'C' || n AS client_id, date '2026-07-10' - pg_temp.lot(n * 100 + k, 'contact', 460) AS on_day, (ARRAY['phone', 'app', 'branch', NULL])[1 + (n + k) % 4] AS channel,
  CASE WHEN n % 6 > 0 THEN pg_temp.lot(n * 100 + k, 'minutes', 40)::numeric END AS minutes
FROM generate_series(1, :clients) AS n CROSS JOIN generate_series(0, 3) AS k;
CREATE INDEX ON source.contact (client_id, on_day);
CREATE INDEX ON source.contact (on_day);
UPDATE source.contact SET minutes = -5 WHERE client_id = 'C8';
CREATE TABLE source.cost AS SELECT * FROM (VALUES ('phone', date '2024-01-01', 2.5, 3), ('phone', '2026-01-01', 3, NULL), ('branch', '2024-01-01', 4, 20), ('app', '2025-06-01', NULL, 0.2))
  AS c (channel, valid_from, per_minute, per_contact);
CREATE TABLE source.external_assets AS
SELECT 'C' || n AS client_id, date '2026-07-10' - 200 * k - pg_temp.lot(n + k, 'declared', 150) AS on_day, pg_temp.lot(n * 10 + k, 'elsewhere', 500000)::numeric AS amount
FROM generate_series(1, :clients) AS n CROSS JOIN generate_series(0, 1) AS k WHERE n % 3 = 1;
CREATE UNIQUE INDEX ON source.external_assets (client_id, on_day);
UPDATE source.external_assets SET amount = 0 WHERE client_id IN ('C31', 'C62');
UPDATE source.external_assets SET amount = 'NaN' WHERE client_id = 'C34';
ANALYZE source.client, source.balance, source.trade, source.holding, source.product, source.cash_flow, source.fee, source.contact, source.cost, source.external_assets;

CREATE TEMP TABLE policy AS SELECT '{"name": "tiers", "version": "1", "period": "month", "tiers": [{"label": "mass"}, {"label": "retail", "enter": 2000}, {"label": "wealth", "enter": 20000, "keep": 15000}],
  "moves": {"up_after": 1, "down_after": 2, "land": "best_of_window", "window": 2, "missing": "carry"}}'::crm.tier_policy AS tiers;
SET LOCAL crm.as_of = '2026-06-30';
CREATE TEMP TABLE question AS SELECT q.name FROM crm.mart_question() AS q WHERE q.name IN (SELECT r.name FROM crm.mart_relationship_question() AS r);
CREATE TEMP TABLE made AS SELECT m.* FROM policy AS p CROSS JOIN LATERAL crm.create_mart('mart', 'source', tiers => p.tiers, client_columns => '{branch_id}',
  settings => '{"activation_assets": 5000, "effective_assets": 3000, "lifetime_months": 24}') AS m;
SELECT set_eq('SELECT object, status, reason FROM made WHERE object IN (SELECT q.name FROM question AS q)', 'SELECT name, ''created'', NULL::text FROM question', 'a full source gives all of them');
CALL crm.refresh_mart('mart', commit_each_month => false);

------------------------------------------------------------------------------------------------------------------------
-- What must come out
------------------------------------------------------------------------------------------------------------------------

-- what there was of each client in each month, from the source
CREATE TEMP TABLE balance_at AS      -- at the end of each month, carried forward
SELECT b.client_id, b.month, first_value(b.amount) OVER (PARTITION BY b.client_id, b.known ORDER BY b.month) AS amount
FROM (
  SELECT c.client_id, m.month::date AS month, b.amount, count(b.amount) OVER (PARTITION BY c.client_id ORDER BY m.month) AS known
  FROM source.client AS c
  CROSS JOIN generate_series(timestamp '2025-03-01', timestamp '2026-06-01', '1 month') AS m (month)
  LEFT JOIN (SELECT DISTINCT ON (client_id, date_trunc('month', on_day)) client_id, date_trunc('month', on_day) AS month, amount FROM source.balance WHERE amount <> 'NaN'
    ORDER BY client_id, date_trunc('month', on_day), on_day DESC) AS b ON b.client_id = c.client_id AND b.month = m.month) AS b;
ANALYZE balance_at;
CREATE TEMP TABLE expected AS
SELECT m.month, c.client_id, c.branch_id, c.segment, c.opened_on, c.closed_on, coalesce(c.opened_on >= m.month, false) AS came, coalesce(c.closed_on <= m.next_month, false) AS gone,
  CASE WHEN c.opened_on >= m.month THEN 0 ELSE coalesce(o.amount, 0) END AS opening, coalesce(b.amount, 0) AS closing,
  coalesce(f.inflow, 0) AS inflow, coalesce(f.outflow, 0) AS outflow, t.client_id IS NOT NULL AS traded, coalesce(h.classes, 0) AS classes, h.effective
FROM (SELECT d::date AS month, (d + interval '1 month')::date AS next_month FROM generate_series(timestamp '2025-04-01', timestamp '2026-06-01', '1 month') AS d) AS m
JOIN source.client AS c ON (c.opened_on IS NULL OR c.opened_on < m.next_month) AND (c.closed_on IS NULL OR c.closed_on > m.month) AND (c.closed_on IS NULL OR c.opened_on IS NULL OR c.closed_on > c.opened_on)
LEFT JOIN balance_at AS o ON o.client_id = c.client_id AND o.month = (m.month - interval '1 month')::date
LEFT JOIN balance_at AS b ON b.client_id = c.client_id AND b.month = m.month
LEFT JOIN (
  SELECT client_id, date_trunc('month', on_day)::date AS month, sum(greatest(amount, 0)) AS inflow, sum(-least(amount, 0)) AS outflow FROM source.cash_flow WHERE amount <> 'Infinity' GROUP BY 1, 2) AS f
  ON f.client_id = c.client_id AND f.month = m.month
LEFT JOIN (SELECT DISTINCT client_id, date_trunc('month', on_day)::date AS month FROM source.trade WHERE amount > 0 AND amount <> 'NaN') AS t ON t.client_id = c.client_id AND t.month = m.month
LEFT JOIN (
  SELECT client_id, month, count(*) AS classes, exp(-sum(value / whole * ln(value / whole)) FILTER (WHERE value > 0)) AS effective
  FROM (
    SELECT *, sum(value) OVER (PARTITION BY client_id, month) AS whole
    FROM (
      SELECT client_id, date_trunc('month', on_day)::date AS month, coalesce(category, kind) AS class, greatest(sum(market_value), 0) AS value
      FROM source.holding JOIN source.product USING (product_id) WHERE coalesce(category, kind) IS NOT NULL GROUP BY 1, 2, 3) AS k) AS k
  GROUP BY client_id, month) AS h ON h.client_id = c.client_id AND h.month = m.month;
ANALYZE expected;
SELECT ok(count(*) > 10 * :clients AND count(*) FILTER (WHERE came AND gone) > 3 AND count(*) FILTER (WHERE gone) > :clients / 40 AND count(*) FILTER (WHERE came) > :clients / 5, 'a history with something in it') FROM expected;

-- client_month, on which the rest stands
SELECT pg_temp.same('SELECT month, client_id, branch_id, coalesce(opening_assets, 0), coalesce(assets, 0), inflow, outflow, trades > 0, classes_held FROM mart.client_month',
  'SELECT month, client_id, branch_id, round(CASE WHEN came THEN 0 ELSE opening END, 2), round(closing, 2), inflow, outflow, traded, classes FROM expected', 'client_month has what each client had and did in each month');

-- asset_bridge
SELECT pg_temp.same('SELECT month, branch_id, opening_assets, new_assets, inflow, outflow, market, lost_assets, closing_assets, opening_clients, new_clients, lost_clients, closing_clients FROM mart.asset_bridge',
  $$SELECT month, branch_id, round(coalesce(sum(opening) FILTER (WHERE NOT came), 0), 2), round(coalesce(sum(closing) FILTER (WHERE came AND NOT gone), 0), 2), coalesce(sum(inflow) FILTER (WHERE NOT came AND NOT gone), 0),
      coalesce(sum(outflow) FILTER (WHERE NOT came AND NOT gone), 0), round(coalesce(sum(closing - opening - inflow + outflow) FILTER (WHERE NOT came AND NOT gone), 0), 2),
      round(coalesce(sum(opening) FILTER (WHERE gone AND NOT came), 0), 2), round(coalesce(sum(closing) FILTER (WHERE NOT gone), 0), 2),
      count(*) FILTER (WHERE NOT came), count(*) FILTER (WHERE came), count(*) FILTER (WHERE gone), count(*) FILTER (WHERE NOT gone)
    FROM expected GROUP BY month, branch_id$$, 'asset_bridge is what the balances and flows of each month come to');
SELECT is_empty('SELECT * FROM mart.asset_bridge WHERE difference <> 0 OR difference IS NULL', 'the bridge closes');
SELECT is_empty('SELECT * FROM mart.asset_bridge WHERE abs(opening_assets + new_assets + inflow - outflow + market - lost_assets - closing_assets) > 0.03', 'as it is shown too, but for the cents of rounding');
SELECT pg_temp.same('SELECT month, sum(opening_assets), sum(opening_clients) FROM mart.asset_bridge WHERE month > ''2025-04-01'' GROUP BY month',
  'SELECT (month + interval ''1 month'')::date, sum(closing_assets), sum(closing_clients) FROM mart.asset_bridge WHERE month < ''2026-06-01'' GROUP BY month', 'each month begins with what the one before ended with');
SELECT pg_temp.same('SELECT month, branch_id, round(asset_attrition::numeric, 12), round(client_attrition::numeric, 12) FROM mart.asset_bridge',
  $$SELECT month, branch_id, round((coalesce(sum(outflow) FILTER (WHERE NOT came AND NOT gone), 0) + coalesce(sum(opening) FILTER (WHERE gone AND NOT came), 0)) / nullif(greatest(sum(opening) FILTER (WHERE NOT came), 0), 0), 12),
      round(count(*) FILTER (WHERE gone AND NOT came)::numeric / nullif(count(*) FILTER (WHERE NOT came), 0), 12)
    FROM expected GROUP BY month, branch_id$$, 'attrition by assets and by heads');

-- retention_cohort
CREATE TEMP TABLE cohort AS
SELECT date_trunc('month', opened_on)::date AS cohort_month, * FROM source.client
WHERE opened_on BETWEEN '2025-04-01' AND '2026-07-10' AND (closed_on IS NULL OR closed_on > opened_on);
CREATE FUNCTION pg_temp.retained(through date) RETURNS TABLE (cohort_month date, branch_id text, segment text, months_since int, clients bigint, remaining bigint, active bigint, assets numeric) LANGUAGE sql AS $$
  SELECT n.cohort_month, n.branch_id, n.segment, m.n, count(DISTINCT n.client_id), count(e.client_id), count(e.client_id) FILTER (WHERE e.traded OR e.closing >= 3000), round(coalesce(sum(e.closing), 0), 2)
  FROM cohort AS n
  CROSS JOIN generate_series(0, 14) AS m (n)
  LEFT JOIN expected AS e ON e.client_id = n.client_id AND e.month = (n.cohort_month + make_interval(months => m.n))::date AND NOT e.gone
  WHERE (n.cohort_month + make_interval(months => m.n + 1))::date <= through + 1
  GROUP BY 1, 2, 3, 4
$$;
CREATE TEMP TABLE cohort_assets AS
SELECT n.cohort_month, n.branch_id, n.segment, (extract(year FROM age(e.month, n.cohort_month)) * 12 + extract(month FROM age(e.month, n.cohort_month)))::int AS months_since, sum(e.closing) AS assets
FROM cohort AS n JOIN expected AS e ON e.client_id = n.client_id AND NOT e.gone GROUP BY 1, 2, 3, 4;
ANALYZE cohort, cohort_assets;
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, months_since, clients, remaining_clients, active_clients, assets FROM mart.retention_cohort', 'SELECT * FROM pg_temp.retained(''2026-06-30'')',
  'retention_cohort follows the clients of each month, and has no row of a month that is not over');
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, months_since, clients, remaining_clients, active_clients, assets FROM mart.retention_cohort_at(''2026-03-30'')', 'SELECT * FROM pg_temp.retained(''2026-02-28'')',
  'as of another day');
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, months_since, retention, active_share, round(asset_retention::numeric, 9) FROM mart.retention_cohort',
  $$SELECT r.cohort_month, r.branch_id, r.segment, r.months_since, r.remaining::float8 / r.clients, r.active::float8 / r.clients, round(coalesce(e.assets, 0) / nullif(o.assets, 0), 9)
    FROM pg_temp.retained('2026-06-30') AS r
    LEFT JOIN cohort_assets AS e ON (e.cohort_month, e.months_since, coalesce(e.branch_id, ''), e.segment) = (r.cohort_month, r.months_since, coalesce(r.branch_id, ''), r.segment)
    LEFT JOIN cohort_assets AS o ON (o.cohort_month, o.months_since, coalesce(o.branch_id, ''), o.segment) = (r.cohort_month, 0, coalesce(r.branch_id, ''), r.segment)$$, 'shares of those who came, and of what they had at first');
SELECT ok(min(retention) FILTER (WHERE segment = 'campaign' AND months_since = 6) < 0.6 AND avg(retention) FILTER (WHERE segment <> 'campaign' AND months_since = 6) > 0.9, 'those of the campaign leave early')
FROM mart.retention_cohort;
SELECT ok(count(*) > 0, 'a cohort of which nobody is left is there, with 0') FROM mart.retention_cohort WHERE remaining_clients = 0 AND months_since > 0;

-- acquisition_cohort
CREATE FUNCTION pg_temp.acquired(as_of date, through date) RETURNS TABLE (cohort_month date, branch_id text, segment text, clients bigint, observed bigint, activated bigint, trading bigint, assets numeric, revenue numeric, cost numeric)
LANGUAGE sql AS $$
  SELECT n.cohort_month, n.branch_id, n.segment, count(*), count(*) FILTER (WHERE n.seen), count(*) FILTER (WHERE n.seen AND n.highest >= 5000), count(*) FILTER (WHERE n.seen AND n.trades > 0),
    round(coalesce(sum(n.amount) FILTER (WHERE n.seen AND (n.closed_on IS NULL OR n.closed_on >= n.opened_on + 90)), 0), 2), coalesce(sum(n.revenue) FILTER (WHERE n.seen), 0), round(coalesce(sum(n.cost) FILTER (WHERE n.seen), 0), 2)
  FROM (
    SELECT c.*, c.opened_on + 89 <= through AS seen,
      (SELECT max(b.amount) FROM source.balance AS b WHERE b.client_id = c.client_id AND b.on_day BETWEEN c.opened_on AND least(c.opened_on + 89, as_of) AND b.amount <> 'NaN') AS highest,
      (SELECT b.amount FROM source.balance AS b WHERE b.client_id = c.client_id AND b.on_day BETWEEN c.opened_on AND least(c.opened_on + 89, as_of) AND b.amount <> 'NaN' ORDER BY b.on_day DESC LIMIT 1) AS amount,
      (SELECT count(*) FROM source.trade AS t WHERE t.client_id = c.client_id AND t.on_day BETWEEN c.opened_on AND least(c.opened_on + 89, as_of) AND t.amount > 0 AND t.amount <> 'NaN') AS trades,
      (SELECT sum(f.amount) FROM source.fee AS f WHERE f.client_id = c.client_id AND f.on_day BETWEEN c.opened_on AND least(c.opened_on + 89, as_of) AND f.kind <> 'unheard of') AS revenue,
      (SELECT sum(coalesce(r.per_minute * k.minutes, 0) + coalesce(r.per_contact, 0)) FROM source.contact AS k
        CROSS JOIN LATERAL (SELECT * FROM source.cost AS r WHERE r.channel = k.channel AND r.valid_from <= k.on_day ORDER BY r.valid_from DESC LIMIT 1) AS r
        WHERE k.client_id = c.client_id AND k.on_day BETWEEN c.opened_on AND least(c.opened_on + 89, as_of) AND (k.minutes IS NULL OR k.minutes >= 0)) AS cost
    FROM cohort AS c WHERE c.opened_on <= as_of) AS n
  GROUP BY 1, 2, 3
$$;
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, clients, observed_clients, activated_clients, trading_clients, assets, revenue, service_cost FROM mart.acquisition_cohort',
  'SELECT * FROM pg_temp.acquired(''2026-06-30'', ''2026-06-30'')', 'acquisition_cohort tells what the first 90 days brought');
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, clients, observed_clients, activated_clients, trading_clients, assets, revenue, service_cost FROM mart.acquisition_cohort_at(''2025-11-11'')',
  'SELECT * FROM pg_temp.acquired(''2025-11-11'', ''2025-11-11'')', 'as of another day');
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, activation_rate, trading_rate FROM mart.acquisition_cohort',
  'SELECT cohort_month, branch_id, segment, activated::float8 / nullif(observed, 0), trading::float8 / nullif(observed, 0) FROM pg_temp.acquired(''2026-06-30'', ''2026-06-30'')', 'rates are of those who were observed');
SELECT is_empty('SELECT * FROM mart.acquisition_cohort WHERE (assets_per_client IS NULL) <> (observed_clients = 0) OR abs(assets_per_client * observed_clients - assets) > 0.01 * observed_clients', 'and so is what each has');

-- acquisition_tier
CREATE TEMP TABLE standing AS SELECT client_id, month, tier_order FROM mart.tier_history WHERE tier_order IS NOT NULL;
CREATE INDEX ON standing (client_id);
ANALYZE standing;
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, months, tier, clients, reached_clients FROM mart.acquisition_tier',
  $$SELECT n.cohort_month, n.branch_id, n.segment, m.n, l.tier, count(*), count(*) FILTER (WHERE EXISTS (
      SELECT FROM standing AS t WHERE t.client_id = n.client_id AND t.month < n.cohort_month + make_interval(months => m.n) AND t.tier_order >= l.tier_order))
    FROM cohort AS n CROSS JOIN unnest('{3,6,12}'::int[]) AS m (n) CROSS JOIN (VALUES ('mass', 1), ('retail', 2), ('wealth', 3)) AS l (tier, tier_order)
    WHERE n.cohort_month + make_interval(months => m.n) <= '2026-07-01' GROUP BY 1, 2, 3, 4, 5$$, 'acquisition_tier tells who reached which tier');

-- client_lifetime
CREATE TEMP TABLE life AS
SELECT client_id, branch_id, segment, least(closed_on, '2026-06-30') - opened_on AS days, coalesce(closed_on <= '2026-06-30', false) AS left_us, greatest(date '2025-04-01' - opened_on, 0) AS seen_after
FROM source.client
WHERE opened_on > '1900-01-01' AND opened_on <= '2026-06-30' AND (closed_on IS NULL OR closed_on > greatest(opened_on, '2025-04-01')) AND client_id <> 'C15';
SELECT is((SELECT min(on_day) FROM source.balance), '2025-04-01', 'the data begin with a quarter');
CREATE TEMP TABLE grouped_life AS SELECT 'all clients' AS dimension, NULL AS value, * FROM life UNION ALL SELECT 'segment', segment, * FROM life;
CREATE TEMP TABLE curve AS      -- the share that stays: the product of what remains at each day on which somebody leaves. At risk is who stays so long, less who is not seen yet
SELECT t.dimension, t.value, t.days, t.at_risk, t.events, exp(sum(ln(1 - t.events::float8 / t.at_risk)) OVER (PARTITION BY t.dimension, t.value ORDER BY t.days)) AS survival
FROM (
  SELECT e.dimension, e.value, e.days, e.events, cardinality(l.stays) - width_bucket(e.days - 1, l.stays) - (cardinality(l.entries) - width_bucket(e.days - 1, l.entries)) + 1 AS at_risk      -- 1 for the last entry, which is none
  FROM (SELECT dimension, value, array_agg(days ORDER BY days) AS stays, array_agg(seen_after ORDER BY seen_after) FILTER (WHERE seen_after > 0) || 1000000 AS entries FROM grouped_life GROUP BY 1, 2) AS l
  JOIN (SELECT dimension, value, days, count(*) AS events FROM grouped_life WHERE left_us GROUP BY 1, 2, 3) AS e ON e.dimension = l.dimension AND coalesce(e.value, '') = coalesce(l.value, '')) AS t
WHERE t.events < t.at_risk;
SELECT pg_temp.same($$SELECT dimension, value, months, events, round(survival::numeric, 9) FROM mart.client_lifetime WHERE dimension IN ('all clients', 'segment') AND events > 0$$,
  $$SELECT dimension, value, ceil(days / (365.25 / 12))::int, sum(events), round(min(survival)::numeric, 9) FROM curve GROUP BY 1, 2, 3$$, 'client_lifetime is the curve of Kaplan and Meier, with who came before the data entering late');
SELECT pg_temp.same($$SELECT dimension, value, clients, lost_clients, round(stay_1_year::numeric, 9) FROM mart.client_lifetime_summary WHERE dimension IN ('all clients', 'segment')$$,
  $$SELECT l.dimension, l.value, count(*), count(*) FILTER (WHERE left_us), CASE WHEN max(days) > 365.25 THEN (SELECT round(c.survival::numeric, 9) FROM curve AS c WHERE (c.dimension, coalesce(c.value, '')) = (l.dimension, coalesce(l.value, '')) AND c.days <= 365 ORDER BY c.days DESC LIMIT 1) END
    FROM grouped_life AS l GROUP BY l.dimension, l.value$$, 'client_lifetime_summary counts the same clients');
SELECT pg_temp.same($$SELECT value, round(median_months::numeric, 6) FROM mart.client_lifetime_summary WHERE value = 'campaign'$$,
  $$SELECT 'campaign', round((coalesce(min(days) FILTER (WHERE abs(survival - 0.5) < 1e-9), min(days) FILTER (WHERE survival < 0.5 - 1e-9)) + min(days) FILTER (WHERE survival < 0.5 - 1e-9)) / 2.0 / (365.25 / 12), 6)
    FROM curve WHERE value = 'campaign'$$, 'the median is where the curve comes under a half, or in the middle of where it is a half');
SELECT ok(p_value < 1e-12 AND lost_clients > 2 * expected_lost, 'those of the campaign are found to leave sooner than others') FROM mart.client_lifetime_summary WHERE value = 'campaign';
SELECT ok(p_value IS NULL AND mean_months < 24, 'all clients have no others') FROM mart.client_lifetime_summary WHERE dimension = 'all clients';
SELECT pg_temp.same($$SELECT value, value_order, clients FROM mart.client_lifetime_summary WHERE dimension = 'tier'$$,
  $$SELECT (ARRAY['mass', 'retail', 'wealth'])[s.tier_order], s.tier_order, count(*)
    FROM life AS l JOIN source.client AS c USING (client_id)
    JOIN standing AS s ON s.client_id = l.client_id AND s.month = greatest(date_trunc('month', c.opened_on)::date, date '2025-04-01')
    WHERE l.days > (s.month + interval '1 month')::date - c.opened_on GROUP BY 2$$, 'by tier clients are followed from the first month that has one');

-- relationship_breadth
SELECT pg_temp.same('SELECT client_id, branch_id, products, classes, round(effective_classes::numeric, 9), own_assets, declared_assets, declared_on, wallet, round(wallet_share::numeric, 12), opportunity FROM mart.relationship_breadth',
  $$SELECT c.client_id, c.branch_id, coalesce(h.products, 0), coalesce(h.classes, 0), round(k.effective::numeric, 9), round(c.own, 2), e.amount, e.on_day, round(c.own + e.amount, 2), round((c.own / nullif(c.own + e.amount, 0))::float8::numeric, 12), e.amount
    FROM (SELECT c.*, (SELECT CASE WHEN b.amount <> 'NaN' THEN greatest(b.amount, 0) END FROM source.balance AS b WHERE b.client_id = c.client_id AND b.on_day <= '2026-06-30' ORDER BY b.on_day DESC LIMIT 1) AS own FROM source.client AS c) AS c
    LEFT JOIN (SELECT client_id, count(DISTINCT product_id) AS products, count(DISTINCT coalesce(category, kind)) AS classes FROM source.holding JOIN source.product USING (product_id) WHERE on_day = '2026-06-28' GROUP BY 1) AS h USING (client_id)
    LEFT JOIN (SELECT client_id, exp(-sum(value / whole * ln(value / whole)) FILTER (WHERE value > 0)) AS effective FROM (
      SELECT client_id, value, sum(value) OVER (PARTITION BY client_id) AS whole FROM (
        SELECT client_id, greatest(sum(market_value), 0) AS value FROM source.holding JOIN source.product USING (product_id)
        WHERE on_day = '2026-06-28' AND coalesce(category, kind) IS NOT NULL GROUP BY client_id, coalesce(category, kind)) AS v) AS v WHERE whole > 0 GROUP BY client_id) AS k USING (client_id)
    LEFT JOIN LATERAL (SELECT e.amount, e.on_day FROM source.external_assets AS e WHERE e.client_id = c.client_id AND e.on_day <= '2026-06-30' AND e.amount <> 'NaN' ORDER BY e.on_day DESC LIMIT 1) AS e ON true
    WHERE (c.opened_on IS NULL OR c.opened_on <= '2026-06-30') AND (c.closed_on IS NULL OR c.closed_on > '2026-06-30')$$, 'relationship_breadth: what is held, and what part of the wallet it is');
SELECT ok(count(*) FILTER (WHERE wallet_share IS NULL AND declared_assets IS NOT NULL) < count(*) FILTER (WHERE declared_assets IS NOT NULL) / 2 AND count(wallet_share) > 100, 'a share of wallet where there is a wallet') FROM mart.relationship_breadth;

-- relationship_dimensions
SELECT pg_temp.same('SELECT month, branch_id, clients, new_clients, lost_clients, net_new_clients, round(mean_tenure_months::numeric, 9), round(mean_classes::numeric, 9), round(mean_effective_classes::numeric, 9), broad_clients, assets FROM mart.relationship_dimensions',
  $$SELECT month, branch_id, count(*) FILTER (WHERE NOT gone), count(*) FILTER (WHERE came), count(*) FILTER (WHERE gone), count(*) FILTER (WHERE came) - count(*) FILTER (WHERE gone),
      round(avg(CASE WHEN opened_on > '1900-01-01' THEN (month + interval '1 month')::date - opened_on END) FILTER (WHERE NOT gone) / (365.25 / 12), 9),
      round(avg(classes) FILTER (WHERE NOT gone), 9), round((avg(effective) FILTER (WHERE NOT gone))::numeric, 9), count(*) FILTER (WHERE NOT gone AND classes >= 2), round(sum(closing) FILTER (WHERE NOT gone), 2)
    FROM (SELECT * FROM expected WHERE client_id <> 'C15' UNION ALL SELECT month, client_id, branch_id, segment, NULL, closed_on, came, gone, opening, closing, inflow, outflow, traded, classes, effective FROM expected WHERE client_id = 'C15') AS e
    GROUP BY month, branch_id$$, 'relationship_dimensions: more, longer, broader');
SELECT pg_temp.same('SELECT month, branch_id, round(retention_12_months::numeric, 12) FROM mart.relationship_dimensions WHERE month >= ''2026-03-01''',
  $$SELECT a.month, a.branch_id, round(count(*) FILTER (WHERE b.client_id IS NOT NULL)::numeric / count(*), 12)
    FROM (SELECT (month + interval '11 months')::date AS month, client_id, branch_id FROM expected WHERE NOT came) AS a
    LEFT JOIN expected AS b ON b.client_id = a.client_id AND b.month = a.month AND NOT b.gone
    WHERE a.month <= '2026-06-01' GROUP BY 1, 2$$, 'who was a client twelve months before and still is');
SELECT ok(count(*) > 0 AND bool_and(retention_12_months IS NULL), 'which is not known before twelve months are') FROM mart.relationship_dimensions WHERE month < '2026-03-01';
SELECT is_empty($$SELECT d.*, e.median FROM mart.relationship_dimensions AS d JOIN (
    SELECT month, branch_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY (month + interval '1 month')::date - opened_on) / (365.25 / 12) AS median FROM expected WHERE NOT gone AND opened_on > '1900-01-01' GROUP BY 1, 2) AS e
  ON e.month = d.month AND e.branch_id IS NOT DISTINCT FROM d.branch_id WHERE abs(d.median_tenure_months / e.median - 1) > 0.01$$, 'the median of the tenure is within 1 %');

-- revenue_mix, revenue_shift
CREATE TEMP TABLE revenue AS
SELECT date_trunc('month', f.on_day)::date AS month, e.branch_id, e.segment, f.kind, f.amount
FROM source.fee AS f JOIN expected AS e ON e.client_id = f.client_id AND e.month = date_trunc('month', f.on_day)::date WHERE f.kind <> 'unheard of' AND f.on_day <= '2026-06-30';
SELECT pg_temp.same('SELECT month, kind, amount, round(share::numeric, 12), amount_change, round(share_change::numeric, 12) FROM mart.revenue_mix',
  $$WITH k AS (
      SELECT m.month, k.kind, coalesce(sum(r.amount), 0) AS amount, coalesce(sum(r.amount), 0) / sum(coalesce(sum(r.amount), 0)) OVER (PARTITION BY m.month) AS share
      FROM (SELECT DISTINCT month FROM expected) AS m CROSS JOIN (SELECT DISTINCT kind FROM revenue) AS k LEFT JOIN revenue AS r USING (month, kind) GROUP BY 1, 2)
    SELECT a.month, a.kind, a.amount, round(a.share, 12), a.amount - b.amount, round(a.share - b.share, 12) FROM k AS a LEFT JOIN k AS b ON b.kind = a.kind AND b.month = a.month - interval '1 year'$$,
  'revenue_mix: each kind, its share, and both against a year before');
CREATE TEMP TABLE margin AS
SELECT m.*, m.assets / sum(m.assets) OVER (PARTITION BY m.month) AS weight, m.revenue / m.assets AS margin
FROM (
  SELECT a.month, a.branch_id, a.assets, coalesce(r.revenue, 0) AS revenue
  FROM (SELECT month, c.branch_id, sum(average_assets) AS assets FROM mart.client_summary AS s JOIN source.client AS c USING (client_id) GROUP BY 1, 2) AS a
  LEFT JOIN (SELECT month, branch_id, sum(amount) AS revenue FROM revenue GROUP BY 1, 2) AS r ON r.month = a.month AND r.branch_id IS NOT DISTINCT FROM a.branch_id) AS m;
SELECT pg_temp.same('SELECT month, value, assets, revenue, round(mix_effect::numeric, 12), round(rate_effect::numeric, 12) FROM mart.revenue_shift WHERE dimension = ''branch''',
  $$SELECT a.month, a.branch_id, round(a.assets, 2), a.revenue, round((a.weight - b.weight) * b.margin, 12), round(a.weight * (a.margin - b.margin), 12)
    FROM margin AS a JOIN margin AS b ON b.month = a.month - interval '1 year' AND b.branch_id IS NOT DISTINCT FROM a.branch_id$$, 'revenue_shift: what the mix did to the margin, and what the rates did');
SELECT pg_temp.same('SELECT month, dimension, round(sum(mix_effect + rate_effect)::numeric, 12) FROM mart.revenue_shift GROUP BY 1, 2',
  $$SELECT a.month, d.dimension, round(a.margin - b.margin, 12)
    FROM (SELECT month, sum(revenue) / sum(assets) AS margin FROM margin GROUP BY 1) AS a JOIN (SELECT month, sum(revenue) / sum(assets) AS margin FROM margin GROUP BY 1) AS b ON b.month = a.month - interval '1 year'
    CROSS JOIN (VALUES ('branch'), ('segment')) AS d (dimension)$$, 'which add up to the change of the whole margin');
SELECT ok(count(*) > 0, 'a segment that was not there a year before counts') FROM mart.revenue_shift WHERE dimension = 'segment' AND weight_before = 0 AND weight > 0;

-- churn_risk
CREATE FUNCTION pg_temp.at_risk(as_of date) RETURNS TABLE (client_id text, assets numeric, out_30 numeric, out_90 numeric, share_30 numeric, share_90 numeric, change numeric, net numeric, silent int, gap numeric) LANGUAGE sql AS $$
  SELECT c.client_id, round(c.now, 2), coalesce(f.out_30, 0), coalesce(f.out_90, 0), round((coalesce(f.out_30, 0) / nullif(greatest(c.before_30, 0), 0))::float8::numeric, 9), round((coalesce(f.out_90, 0) / nullif(greatest(c.before_90, 0), 0))::float8::numeric, 9),
    round(((c.now - c.before_90) / nullif(greatest(c.before_90, 0), 0))::float8::numeric, 9), round((coalesce(f.net, 0) / nullif(greatest(c.before_90, 0), 0))::float8::numeric, 9), as_of - t.newest, round(t.gap::float8::numeric, 9)
  FROM (SELECT c.*, (SELECT b.amount FROM source.balance AS b WHERE b.client_id = c.client_id AND b.on_day <= as_of ORDER BY b.on_day DESC LIMIT 1) AS now,
      (SELECT b.amount FROM source.balance AS b WHERE b.client_id = c.client_id AND b.on_day <= as_of - 30 ORDER BY b.on_day DESC LIMIT 1) AS before_30,
      (SELECT b.amount FROM source.balance AS b WHERE b.client_id = c.client_id AND b.on_day <= as_of - 90 ORDER BY b.on_day DESC LIMIT 1) AS before_90 FROM source.client AS c) AS c
  LEFT JOIN (SELECT client_id, -sum(least(amount, 0)) FILTER (WHERE on_day > as_of - 30) AS out_30, -sum(least(amount, 0)) AS out_90, sum(amount) AS net FROM source.cash_flow
    WHERE on_day > as_of - 90 AND on_day <= as_of AND amount <> 'Infinity' GROUP BY 1) AS f USING (client_id)
  LEFT JOIN (SELECT client_id, max(on_day) AS newest, avg(gap) AS gap FROM (
      SELECT client_id, on_day, on_day - lag(on_day) OVER (PARTITION BY client_id ORDER BY on_day) AS gap FROM (SELECT DISTINCT client_id, on_day FROM source.trade WHERE on_day > as_of - 365 AND on_day <= as_of AND amount > 0 AND amount <> 'NaN') AS t) AS t
    GROUP BY 1) AS t USING (client_id)
  WHERE (c.opened_on IS NULL OR c.opened_on <= as_of) AND (c.closed_on IS NULL OR c.closed_on > as_of) AND c.client_id <> 'C100'
$$;
SELECT pg_temp.same('SELECT client_id, assets, outflow_30_days, outflow_90_days, round(outflow_share_30_days::numeric, 9), round(outflow_share_90_days::numeric, 9), round(asset_change_90_days::numeric, 9), round(net_flow_share_90_days::numeric, 9),
    silent_days, round(usual_gap_days::numeric, 9) FROM mart.churn_risk WHERE client_id <> ''C100''', 'SELECT * FROM pg_temp.at_risk(''2026-06-30'')', 'churn_risk: money that leaves, assets that shrink, silence');
SELECT pg_temp.same('SELECT client_id, assets, outflow_30_days, outflow_90_days, round(outflow_share_30_days::numeric, 9), round(outflow_share_90_days::numeric, 9), round(asset_change_90_days::numeric, 9), round(net_flow_share_90_days::numeric, 9),
    silent_days, round(usual_gap_days::numeric, 9) FROM mart.churn_risk_at(''2025-12-24'') WHERE client_id <> ''C100''', 'SELECT * FROM pg_temp.at_risk(''2025-12-24'')', 'as of another day');
SELECT ok(count(*) FILTER (WHERE silence_ratio > 3) > 0 AND count(*) FILTER (WHERE outflow_share_90_days > 0.5) > 0, 'some are silent for long, some take out much') FROM mart.churn_risk;

------------------------------------------------------------------------------------------------------------------------
-- A month alone is a month alone
------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE 'EXPLAIN (COSTS off) ' || query;
END $$;
ANALYZE mart.client_summary;
SELECT ok(string_agg(line, E'\n') ~ 'Index Cond: [^\n]*\(?s?\.?month = ''2026-03-01''', v.name || ': a filter on the month reaches the index of client_summary')
FROM unnest('{asset_bridge,relationship_dimensions,client_month}'::text[]) AS v (name) CROSS JOIN LATERAL pg_temp.plan(format('SELECT * FROM mart.%I WHERE month = ''2026-03-01''', v.name)) AS p (line) GROUP BY v.name;

------------------------------------------------------------------------------------------------------------------------
-- Less of a source
------------------------------------------------------------------------------------------------------------------------

-- makes the mart again without a view or column of the source, and reads all that it then has
CREATE FUNCTION pg_temp.without(what text) RETURNS TABLE (name text, status text, reason text, columns text[]) LANGUAGE plpgsql AS $$
DECLARE
  made record;
  kept text := split_part(what, '.', 1);
BEGIN
  IF what LIKE '%.%' THEN
    EXECUTE format('ALTER TABLE source.%I RENAME COLUMN %I TO hidden', kept, split_part(what, '.', 2));
  ELSE
    EXECUTE format('ALTER TABLE source.%I RENAME TO hidden', what);
  END IF;
  FOR made IN SELECT m.* FROM crm.update_mart('mart', client_columns => '{}') AS m WHERE m.object IN (SELECT q.name FROM question AS q) LOOP
    name := made.object;
    status := made.status;
    reason := made.reason;
    columns := NULL;
    IF status = 'created' THEN
      EXECUTE format('SELECT count(*) FROM (SELECT * FROM mart.%I OFFSET 0) AS v', name);
      columns := ARRAY(SELECT a.attname::text FROM pg_attribute AS a WHERE a.attrelid = format('mart.%I', name)::regclass AND a.attnum > 0 AND NOT a.attisdropped);
    END IF;
    RETURN NEXT;
  END LOOP;
  IF what LIKE '%.%' THEN
    EXECUTE format('ALTER TABLE source.%I RENAME COLUMN hidden TO %I', kept, split_part(what, '.', 2));
  ELSE
    EXECUTE format('ALTER TABLE source.hidden RENAME TO %I', what);
  END IF;
END $$;
DELETE FROM source.client WHERE number > 1000;      -- the rest takes long and says no more
CREATE TEMP TABLE lesser AS
SELECT w.what, m.* FROM unnest('{balance,trade,holding,product,cash_flow,fee,contact,cost,external_assets,client.opened_on,client.closed_on,client.branch_id,client.segment,holding.market_value,product.category,contact.channel,contact.minutes}'::text[]) AS w (what)
CROSS JOIN LATERAL pg_temp.without(w.what) AS m;
SELECT is_empty('SELECT * FROM lesser WHERE status = ''left out'' AND (reason IS NULL OR reason NOT LIKE ''%'' || split_part(what, ''.'', greatest(1, 1 + (what LIKE ''%.%'')::int)) || ''%'')', 'what is left out names what is missing');
SELECT pg_temp.same('SELECT what, name FROM lesser WHERE status = ''left out''', $$SELECT v.what, v.name FROM (VALUES ('balance', 'asset_bridge'), ('balance', 'revenue_shift'), ('fee', 'revenue_mix'), ('fee', 'revenue_shift'),
    ('client.opened_on', 'acquisition_cohort'), ('client.opened_on', 'acquisition_tier'), ('client.opened_on', 'retention_cohort'), ('client.opened_on', 'client_lifetime'), ('client.opened_on', 'client_lifetime_summary'),
    ('client.opened_on', 'relationship_dimensions'), ('client.closed_on', 'client_lifetime'), ('client.closed_on', 'client_lifetime_summary')) AS v (what, name)$$, 'only what cannot do without is left out');
SELECT is_empty($$SELECT what, name FROM lesser WHERE (what = 'cash_flow' AND columns && '{inflow,outflow,asset_attrition,outflow_30_days}') OR (what = 'trade' AND columns && '{silent_days,trading_clients}')
  OR (what = 'external_assets' AND columns && '{wallet,wallet_share}') OR (what = 'client.branch_id' AND 'branch_id' = ANY (columns)) OR (what = 'client.segment' AND 'segment' = ANY (columns))
  OR (what = 'product' AND columns && '{classes,mean_classes}') OR (what IN ('contact', 'cost', 'contact.channel') AND 'service_cost' = ANY (columns))$$, 'columns that cannot be filled are not there');

-- a source of snapshots: a trading day without a balance is 0
CREATE TABLE source.trading_day AS SELECT 'X'::text AS market, d::date AS on_day FROM generate_series(timestamp '2024-12-01', timestamp '2026-12-31', '1 day') AS d WHERE extract(isodow FROM d) < 6;
SELECT is(count(*), 0::bigint, 'all are made of snapshots, too') FROM crm.update_mart('mart', balance_mode => 'snapshot', market => 'X') AS m WHERE m.status = 'left out' AND m.object IN (SELECT q.name FROM question AS q);
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, assets FROM mart.acquisition_cohort',
  $$SELECT n.cohort_month, n.branch_id, n.segment, round(coalesce(sum(b.amount) FILTER (WHERE n.opened_on + 89 <= '2026-06-30' AND (n.closed_on IS NULL OR n.closed_on >= n.opened_on + 90)), 0), 2)
    FROM (SELECT * FROM cohort WHERE number <= 1000) AS n
    LEFT JOIN LATERAL (SELECT max(d.on_day) AS on_day FROM source.trading_day AS d WHERE d.on_day <= n.opened_on + 89) AS d ON true
    LEFT JOIN source.balance AS b ON b.client_id = n.client_id AND b.on_day = d.on_day AND b.on_day >= n.opened_on AND b.amount <> 'NaN'
    WHERE n.opened_on <= '2026-06-30' GROUP BY 1, 2, 3$$, 'of snapshots that of the day counts');
SELECT ok(count(outflow_share_90_days) > 0 AND count(outflow_share_90_days) < (SELECT count(*) FROM source.balance WHERE on_day = '2026-04-01') + 1, 'and 90 days before, too') FROM mart.churn_risk;

-- an empty source
SELECT crm.drop_mart('mart');
TRUNCATE source.client, source.balance, source.trade, source.holding, source.product, source.cash_flow, source.fee, source.contact, source.cost, source.external_assets, source.trading_day;
SELECT set_eq('SELECT m.object, m.status FROM policy AS p CROSS JOIN LATERAL crm.create_mart(''mart'', ''source'', tiers => p.tiers) AS m WHERE m.object IN (SELECT q.name FROM question AS q)', 'SELECT name, ''created''::text FROM question', 'an empty source makes all of them');
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT is_empty(format('SELECT * FROM mart.%I', q.name), q.name || ' is empty where the source is') FROM question AS q;
SELECT crm.drop_mart('mart');
DROP SCHEMA source CASCADE;

------------------------------------------------------------------------------------------------------------------------
-- What the example broker plants
------------------------------------------------------------------------------------------------------------------------

\set clients `echo "${CRM_EXT_TEST_CLIENTS:-20000}"`
\set products 40
\set first_day 2025-07-01
\set last_day 2026-06-30
\ir ../../examples/warehouse.sql
\ir ../../examples/relationship.sql
SET LOCAL client_min_messages = warning;
SET LOCAL crm.as_of = '2026-06-30';
CREATE TEMP TABLE broker AS SELECT m.* FROM crm.create_mart('mart', 'source', market => 'XSHG',
  tiers => '{"name": "tiers", "version": "1", "period": "month", "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 500000, "keep": 450000}],
    "moves": {"up_after": 1, "watch_after": 2, "down_after": 3, "land": "best_of_window", "window": 3, "missing": "carry"}}') AS m;
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT ok(sum(clients) >= 20 AND sum(remaining_clients)::float8 / sum(clients) BETWEEN 0.2 AND 0.4, 'the cohort of the campaign has lost seven in ten after four months')
FROM mart.retention_cohort WHERE segment = 'campaign' AND months_since = 4;
SELECT ok(bool_and(remaining_clients::float8 / clients > 0.8), 'and no other segment has in any month') FROM (
  SELECT segment, months_since, sum(remaining_clients) AS remaining_clients, sum(clients) AS clients FROM mart.retention_cohort WHERE segment <> 'campaign' GROUP BY 1, 2) AS r;
SELECT is(value, 'campaign', 'its lifetimes stand out') FROM mart.client_lifetime_summary WHERE dimension = 'segment' ORDER BY p_value LIMIT 1;
SELECT pg_temp.same($$SELECT p.client_id, count(*), count(DISTINCT h.base_tier), count(*) FILTER (WHERE h.change IN ('up', 'down') AND h.month > '2025-09-01') FROM warehouse.planted AS p JOIN mart.tier_history AS h ON h.client_id = p.client_id WHERE p.plant = 'flapping' GROUP BY 1$$,
  $$SELECT client_id, 12::bigint, 2::bigint, 0::bigint FROM warehouse.planted WHERE plant = 'flapping'$$, 'clients who go over a threshold and back each month keep their tier');
SELECT is_empty('SELECT * FROM mart.asset_bridge WHERE difference <> 0', 'the broker''s assets are accounted for');
SELECT * FROM finish();
ROLLBACK;
