-- More, longer, broader, over 20,000 made-up clients with every oddity that a source may have: each view against plain SQL over the same rows that
-- shares nothing with the mart; then the cohorts that the example broker plants.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT no_plan();

------------------------------------------------------------------------------------------------------------------------
-- The source
------------------------------------------------------------------------------------------------------------------------

-- a number from 0 to n - 1 that looks drawn by lot, but is always the same
CREATE FUNCTION pg_temp.lot(id bigint, purpose text, n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN
  (hashint8extended(id, hashtext(purpose)) & 2147483647)::int % n;

-- whether two queries give the same rows
CREATE FUNCTION pg_temp.same(have text, want text, what text) RETURNS text LANGUAGE sql AS $$
  SELECT is_empty(format('(SELECT ''only in the mart'', h.* FROM (%1$s EXCEPT ALL %2$s) AS h) UNION ALL (SELECT ''only expected'', w.* FROM (%2$s EXCEPT ALL %1$s) AS w)', '(' || have || ')', '(' || want || ')'), what)
$$;

CREATE SCHEMA source;      -- indexes come before updates: in the transaction that makes them they could not be used otherwise
CREATE TABLE source.client AS
SELECT c.client_id, c.n AS number, c.opened_on, CASE
    WHEN c.segment = 'campaign' AND c.n % 10 > 2 THEN c.opened_on + 20 + pg_temp.lot(c.n, 'left', 80)
    WHEN c.n % 17 = 0 THEN greatest(c.opened_on + 1, date '2024-10-01' + pg_temp.lot(c.n, 'closed', 700))
    WHEN c.n % 101 = 0 THEN date '9999-12-31' END AS closed_on, c.branch_id, c.segment
FROM (
  SELECT 'C' || n AS client_id, n, CASE WHEN n % 4 = 0 THEN date '2025-01-01' + pg_temp.lot(n, 'came', 600) ELSE date '2014-01-01' + pg_temp.lot(n, 'opened', 4000) END AS opened_on,
    CASE WHEN n % 37 > 0 THEN 'B' || n % 6 END AS branch_id,
    CASE WHEN n % 4 = 0 AND pg_temp.lot(n, 'came', 600) BETWEEN 212 AND 242 THEN 'campaign' WHEN n % 9 = 0 THEN 'wealth' ELSE 'retail' END AS segment
  FROM generate_series(1, 20000) AS n) AS c;
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
WHERE b.on_day BETWEEN coalesce(b.opened_on, '2024-01-01') AND '2026-07-10' AND b.on_day >= '2025-01-01'
GROUP BY b.client_id, b.on_day, b.amount;
DELETE FROM source.balance AS b USING source.balance AS o WHERE o.client_id = b.client_id AND o.on_day = b.on_day AND o.amount < b.amount;
CREATE UNIQUE INDEX ON source.balance (client_id, on_day);
CREATE INDEX ON source.balance (on_day);
UPDATE source.balance SET amount = 'NaN' WHERE client_id = 'C100';
INSERT INTO source.balance VALUES ('nobody', '2025-05-05', 100);
CREATE TABLE source.trade AS
SELECT 'C' || n AS client_id, date '2026-07-10' - pg_temp.lot(n * 100 + k, 'trade', 560) AS on_day, 100 + pg_temp.lot(n * 100 + k, 'amount', 100000)::numeric AS amount
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 7) AS k WHERE n % 5 > 1 AND k < pg_temp.lot(n, 'trades', 9);
CREATE INDEX ON source.trade (client_id, on_day);
CREATE INDEX ON source.trade (on_day);
INSERT INTO source.trade VALUES ('C1', '2026-06-01', NULL), ('C3', '2026-06-01', 'NaN'), (NULL, '2026-06-01', 5), ('C4', '2026-06-02', 0);
CREATE TABLE source.product AS
SELECT 'P' || n AS product_id, CASE WHEN n % 11 > 0 THEN 'category ' || n % 4 END AS category, CASE WHEN n % 2 = 0 THEN 'kind ' || n % 3 END AS kind FROM generate_series(1, 33) AS n;
CREATE TABLE source.holding AS
SELECT 'C' || n AS client_id, 'P' || 1 + (n * 7 + k * 8 + pg_temp.lot(n + extract(month FROM d)::int, 'turns', 3)) % 33 AS product_id, d::date AS on_day,
  round((10 * power(1.0005, pg_temp.lot(n * 10 + k, 'value', 20000)))::numeric, 2) * CASE WHEN n % 997 = 0 THEN -1 ELSE 1 END AS market_value
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 3) AS k CROSS JOIN generate_series(timestamp '2025-01-30', timestamp '2026-06-30', '1 month') AS d
WHERE k < pg_temp.lot(n, 'products', 5) AND n % 3 = 0;
CREATE UNIQUE INDEX ON source.holding (client_id, product_id, on_day);
CREATE INDEX ON source.holding (on_day);
UPDATE source.holding SET market_value = NULL WHERE client_id = 'C21';
CREATE TABLE source.cash_flow AS
SELECT 'C' || n AS client_id, date '2026-07-10' - pg_temp.lot(n * 100 + k, 'flow', 560) AS on_day, (pg_temp.lot(n * 100 + k, 'moved', 200000) - 100000)::numeric / 7 AS amount
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 4) AS k WHERE n % 3 > 0;
CREATE INDEX ON source.cash_flow (client_id, on_day);
CREATE INDEX ON source.cash_flow (on_day);
UPDATE source.cash_flow SET amount = round(amount, 2);
UPDATE source.cash_flow SET amount = 'Infinity' WHERE client_id = 'C200';
CREATE TABLE source.fee AS
SELECT 'C' || n AS client_id, date '2026-07-10' - pg_temp.lot(n * 100 + k, 'fee', 560) AS on_day, (ARRAY['commission', 'advice', 'distribution', 'interest', 'other', 'unheard of'])[1 + (n + k) % 6] AS kind,
  round((pg_temp.lot(n * 100 + k, 'fee amount', 20000) - 500)::numeric / 13, 2) AS amount
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 3) AS k WHERE n % 7 > 0;
CREATE INDEX ON source.fee (client_id, on_day);
CREATE INDEX ON source.fee (on_day);
CREATE TABLE source.contact AS
SELECT format('K%s-%s', n, k) AS contact_id, 'C' || n AS client_id, date '2026-07-10' - pg_temp.lot(n * 100 + k, 'contact', 560) AS on_day, (ARRAY['phone', 'app', 'branch', NULL])[1 + (n + k) % 4] AS channel,
  CASE WHEN n % 6 > 0 THEN pg_temp.lot(n * 100 + k, 'minutes', 40)::numeric END AS minutes
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 3) AS k;
CREATE INDEX ON source.contact (client_id, on_day);
CREATE INDEX ON source.contact (on_day);
UPDATE source.contact SET minutes = -5 WHERE client_id = 'C8';
CREATE TABLE source.cost AS SELECT * FROM (VALUES ('phone', date '2024-01-01', 2.5, 3), ('phone', '2026-01-01', 3, NULL), ('branch', '2024-01-01', 4, 20), ('app', '2025-06-01', NULL, 0.2))
  AS c (channel, valid_from, per_minute, per_contact);
CREATE TABLE source.external_assets AS
SELECT 'C' || n AS client_id, date '2026-07-10' - 200 * k - pg_temp.lot(n + k, 'declared', 150) AS on_day, pg_temp.lot(n * 10 + k, 'elsewhere', 500000)::numeric AS amount
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 1) AS k WHERE n % 3 = 1;
UPDATE source.external_assets SET amount = 0 WHERE client_id IN ('C31', 'C62');
UPDATE source.external_assets SET amount = 'NaN' WHERE client_id = 'C34';
ANALYZE source.client, source.balance, source.trade, source.holding, source.product, source.cash_flow, source.fee, source.contact, source.cost, source.external_assets;

CREATE TEMP TABLE policy AS SELECT '{"name": "tiers", "version": "1", "period": "month", "tiers": [{"label": "mass"}, {"label": "retail", "enter": 2000}, {"label": "wealth", "enter": 20000, "keep": 15000}],
  "moves": {"up_after": 1, "down_after": 2, "land": "best_of_window", "window": 2, "missing": "carry"}}'::crm.tier_policy AS tiers;
SET LOCAL crm.as_of = '2026-06-30';
CREATE TEMP TABLE question AS SELECT q.name FROM crm.mart_question() AS q WHERE q.name IN (SELECT r.name FROM crm.mart_relationship_question() AS r);
CREATE TEMP TABLE made AS SELECT m.* FROM policy AS p CROSS JOIN LATERAL crm.create_mart('mart', 'source', tiers => p.tiers, client_columns => '{branch_id}',
  settings => '{"activation_assets": 5000, "effective_assets": 2500, "lifetime_months": 24}') AS m;
SELECT set_eq('SELECT object, status, reason FROM made WHERE object IN (SELECT q.name FROM question AS q)', 'SELECT name, ''created'', NULL::text FROM question', 'a full source gives all of them');
CALL crm.refresh_mart('mart', commit_each_month => false);

------------------------------------------------------------------------------------------------------------------------
-- What must come out
------------------------------------------------------------------------------------------------------------------------

-- what there was of each client in each month, from the source
CREATE TEMP TABLE expected AS
SELECT m.month, c.client_id, c.branch_id, c.segment, c.opened_on, c.closed_on, coalesce(c.opened_on >= m.month, false) AS came, coalesce(c.closed_on <= m.next_month, false) AS gone,
  CASE WHEN c.opened_on >= m.month THEN 0 ELSE coalesce((SELECT b.amount FROM source.balance AS b WHERE b.client_id = c.client_id AND b.on_day < m.month AND b.amount <> 'NaN' ORDER BY b.on_day DESC LIMIT 1), 0) END AS opening,
  coalesce((SELECT b.amount FROM source.balance AS b WHERE b.client_id = c.client_id AND b.on_day < m.next_month AND b.amount <> 'NaN' ORDER BY b.on_day DESC LIMIT 1), 0) AS closing,
  coalesce(f.inflow, 0) AS inflow, coalesce(f.outflow, 0) AS outflow, t.client_id IS NOT NULL AS traded, coalesce(h.classes, 0) AS classes, h.effective
FROM (SELECT d::date AS month, (d + interval '1 month')::date AS next_month FROM generate_series(timestamp '2025-01-01', timestamp '2026-06-01', '1 month') AS d) AS m
JOIN source.client AS c ON (c.opened_on IS NULL OR c.opened_on < m.next_month) AND (c.closed_on IS NULL OR c.closed_on > m.month) AND (c.closed_on IS NULL OR c.opened_on IS NULL OR c.closed_on > c.opened_on)
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
SELECT ok(count(*) > 300000 AND count(*) FILTER (WHERE came AND gone) > 3 AND count(*) FILTER (WHERE gone) > 500 AND count(*) FILTER (WHERE came) > 4000, 'a history with something in it') FROM expected;

-- asset_bridge
SELECT pg_temp.same('SELECT month, branch_id, opening_assets, new_assets, inflow, outflow, market, lost_assets, closing_assets, opening_clients, new_clients, lost_clients, closing_clients FROM mart.asset_bridge',
  $$SELECT month, branch_id, round(coalesce(sum(opening) FILTER (WHERE NOT came), 0), 2), round(coalesce(sum(closing) FILTER (WHERE came AND NOT gone), 0), 2), coalesce(sum(inflow) FILTER (WHERE NOT came AND NOT gone), 0),
      coalesce(sum(outflow) FILTER (WHERE NOT came AND NOT gone), 0), round(coalesce(sum(closing - opening - inflow + outflow) FILTER (WHERE NOT came AND NOT gone), 0), 2),
      round(coalesce(sum(opening) FILTER (WHERE gone AND NOT came), 0), 2), round(coalesce(sum(closing) FILTER (WHERE NOT gone), 0), 2),
      count(*) FILTER (WHERE NOT came), count(*) FILTER (WHERE came), count(*) FILTER (WHERE gone), count(*) FILTER (WHERE NOT gone)
    FROM expected GROUP BY month, branch_id$$, 'asset_bridge is what the balances and flows of each month come to');
SELECT is_empty('SELECT * FROM mart.asset_bridge WHERE difference <> 0 OR difference IS NULL', 'the bridge closes');
SELECT is_empty('SELECT * FROM mart.asset_bridge WHERE abs(opening_assets + new_assets + inflow - outflow + market - lost_assets - closing_assets) > 0.03', 'as it is shown too, but for the cents of rounding');
SELECT pg_temp.same('SELECT month, sum(opening_assets), sum(opening_clients) FROM mart.asset_bridge WHERE month > ''2025-01-01'' GROUP BY month',
  'SELECT (month + interval ''1 month'')::date, sum(closing_assets), sum(closing_clients) FROM mart.asset_bridge WHERE month < ''2026-06-01'' GROUP BY month', 'each month begins with what the one before ended with');
SELECT pg_temp.same('SELECT month, branch_id, round(asset_attrition::numeric, 12), round(client_attrition::numeric, 12) FROM mart.asset_bridge',
  $$SELECT month, branch_id, round((coalesce(sum(outflow) FILTER (WHERE NOT came AND NOT gone), 0) + coalesce(sum(opening) FILTER (WHERE gone AND NOT came), 0)) / nullif(greatest(sum(opening) FILTER (WHERE NOT came), 0), 0), 12),
      round(count(*) FILTER (WHERE gone AND NOT came)::numeric / nullif(count(*) FILTER (WHERE NOT came), 0), 12)
    FROM expected GROUP BY month, branch_id$$, 'attrition by assets and by heads');

-- retention_cohort
CREATE TEMP TABLE cohort AS
SELECT date_trunc('month', opened_on)::date AS cohort_month, * FROM source.client
WHERE opened_on BETWEEN '2025-01-01' AND '2026-07-10' AND (closed_on IS NULL OR closed_on > opened_on);
CREATE FUNCTION pg_temp.retained(through date) RETURNS TABLE (cohort_month date, branch_id text, segment text, months_since int, clients bigint, remaining bigint, active bigint, assets numeric) LANGUAGE sql AS $$
  SELECT n.cohort_month, n.branch_id, n.segment, m.n, count(DISTINCT n.client_id), count(e.client_id), count(e.client_id) FILTER (WHERE e.traded OR e.closing > 2500), round(coalesce(sum(e.closing), 0), 2)
  FROM cohort AS n
  CROSS JOIN generate_series(0, 17) AS m (n)
  LEFT JOIN expected AS e ON e.client_id = n.client_id AND e.month = (n.cohort_month + make_interval(months => m.n))::date AND NOT e.gone
  WHERE (n.cohort_month + make_interval(months => m.n + 1))::date <= through + 1
  GROUP BY 1, 2, 3, 4
$$;
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, months_since, clients, remaining_clients, active_clients, assets FROM mart.retention_cohort', 'SELECT * FROM pg_temp.retained(''2026-06-30'')',
  'retention_cohort follows the clients of each month, and has no row of a month that is not over');
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, months_since, clients, remaining_clients, active_clients, assets FROM mart.retention_cohort_at(''2026-03-30'')', 'SELECT * FROM pg_temp.retained(''2026-02-28'')',
  'as of another day');
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, months_since, retention, round(asset_retention::numeric, 9) FROM mart.retention_cohort',
  $$SELECT cohort_month, branch_id, segment, months_since, remaining::float8 / clients, round((assets_exact / nullif(first_value(assets_exact) OVER (PARTITION BY cohort_month, branch_id, segment ORDER BY months_since), 0)), 9)
    FROM (SELECT r.*, coalesce((SELECT sum(e.closing) FROM expected AS e WHERE NOT e.gone AND e.month = (r.cohort_month + make_interval(months => r.months_since))::date AND e.opened_on >= r.cohort_month
      AND e.opened_on < r.cohort_month + interval '1 month' AND e.branch_id IS NOT DISTINCT FROM r.branch_id AND e.segment IS NOT DISTINCT FROM r.segment), 0) AS assets_exact
      FROM pg_temp.retained('2026-06-30') AS r WHERE r.segment = 'campaign') AS r
    UNION ALL
    SELECT cohort_month, branch_id, segment, months_since, retention, round(asset_retention::numeric, 9) FROM mart.retention_cohort WHERE segment <> 'campaign'$$, 'shares of the campaign''s cohort');
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
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, activation_rate, round(assets_per_client * observed_clients - assets) FROM mart.acquisition_cohort',
  'SELECT cohort_month, branch_id, segment, activated::float8 / nullif(observed, 0), CASE WHEN observed > 0 THEN 0 END::numeric FROM pg_temp.acquired(''2026-06-30'', ''2026-06-30'')', 'rates are of those who were observed');

-- acquisition_tier
CREATE TEMP TABLE standing AS SELECT client_id, month, tier_order FROM mart.tier_history WHERE tier_order IS NOT NULL;
CREATE INDEX ON standing (client_id);
ANALYZE standing;
SELECT pg_temp.same('SELECT cohort_month, branch_id, segment, months, tier, clients, reached_clients FROM mart.acquisition_tier',
  $$SELECT n.cohort_month, n.branch_id, n.segment, m.n, l.tier, count(*), count(*) FILTER (WHERE EXISTS (
      SELECT FROM standing AS t WHERE t.client_id = n.client_id AND t.month < n.cohort_month + make_interval(months => m.n) AND t.tier_order >= l.tier_order))
    FROM cohort AS n CROSS JOIN unnest('{3,6,12}'::int[]) AS m (n) CROSS JOIN (VALUES ('mass', 1), ('retail', 2), ('wealth', 3)) AS l (tier, tier_order)
    WHERE n.cohort_month + make_interval(months => m.n) <= '2026-07-01' GROUP BY 1, 2, 3, 4, 5$$, 'acquisition_tier tells who reached which tier');

ROLLBACK;
