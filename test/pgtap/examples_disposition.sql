-- The mart over real trades and the positions made from them, examples/disposition_effect.sql (R package dispositionEffect, MIT), which do not come
-- with the project. CRM_EXT_DATA is a folder with the data set in disposition-effect; test/run sets it.
\set directory `test -r "$CRM_EXT_DATA/disposition-effect/DEanalysis_marketprices.csv.gz" && echo "$CRM_EXT_DATA/disposition-effect"`
SELECT :'directory' = '' AS absent \gset
\if :absent
  SELECT plan(1);
  SELECT skip('the ledgers of dispositionEffect are not here: set CRM_EXT_DATA', 1);
  SELECT * FROM finish();
  \quit
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();
\ir ../../examples/disposition_effect.sql
SET LOCAL client_min_messages = warning;
SET LOCAL crm.as_of = '2011-06-30';
SET LOCAL jit = off;

------------------------------------------------------------------------------------------------------------------------
-- The source. Counted in the files by another program: rows, those of quantity 0, pairs below 0, positions.
------------------------------------------------------------------------------------------------------------------------

SELECT results_eq('SELECT count(*), count(DISTINCT investor), count(DISTINCT asset), count(*) FILTER (WHERE type = ''B''), count(*) FILTER (WHERE quantity = 0) FROM disposition.transaction',
  'VALUES (4917::bigint, 10::bigint, 337::bigint, 2656::bigint, 8::bigint)', 'every row of the ledgers is read');
SELECT results_eq('SELECT (SELECT count(*) FROM disposition.market_price), (SELECT count(*) FROM source.product), (SELECT count(*) FROM source.trade)', 'VALUES (258137::bigint, 337::bigint, 4909::bigint)',
  'and every price; purchases of nothing are not trades');
SELECT is_empty('SELECT * FROM crm.check_source(''source'', as_of => ''2018-12-31'') WHERE severity <> ''note''', 'check_source finds nothing but what is not there');

-- Positions once more, each looked up by itself instead of carried from row to row
CREATE TEMP TABLE moved AS SELECT investor, asset, executed_at, CASE type WHEN 'B' THEN quantity ELSE -quantity END AS quantity FROM disposition.transaction;
CREATE INDEX ON moved (investor, asset, executed_at);
CREATE TEMP TABLE standing AS
SELECT m.*, (SELECT sum(o.quantity) FROM moved AS o WHERE o.investor = m.investor AND o.asset = m.asset AND o.executed_at <= m.executed_at) AS held FROM moved AS m;
CREATE INDEX ON standing (investor, asset, executed_at);
ANALYZE moved, standing;
CREATE TEMP TABLE position AS
SELECT p.investor, p.asset, e.on_day, s.held AS quantity,
  EXISTS (SELECT FROM standing AS l WHERE l.investor = p.investor AND l.asset = p.asset AND l.held < 0) AS below,
  (SELECT min(h.executed_at) FROM standing AS h WHERE h.investor = p.investor AND h.asset = p.asset AND h.quantity <> 0 AND h.executed_at > coalesce(
    (SELECT max(f.executed_at) FROM standing AS f WHERE f.investor = p.investor AND f.asset = p.asset AND f.held = 0 AND f.executed_at < e.on_day + 1), '-infinity')) AS since
FROM (SELECT DISTINCT investor, asset FROM moved) AS p
CROSS JOIN (SELECT (date '2010-02-01' + n * interval '1 month')::date - 1 AS on_day FROM generate_series(0, 107) AS n) AS e
CROSS JOIN LATERAL (SELECT s.held FROM standing AS s WHERE s.investor = p.investor AND s.asset = p.asset AND s.executed_at < e.on_day + 1 ORDER BY s.executed_at DESC LIMIT 1) AS s
WHERE s.held <> 0 AND e.on_day <= (SELECT max(executed_at)::date FROM moved AS m WHERE m.investor = p.investor);
SELECT is((SELECT count(DISTINCT (investor, asset)) FROM standing WHERE held < 0), 115::bigint, 'pairs whose running quantity falls below 0');
SELECT results_eq('SELECT count(*), count(*) FILTER (WHERE below) FROM position', 'VALUES (3415::bigint, 1851::bigint)', 'positions at the ends of months, and those of such pairs');
SELECT results_eq('SELECT investor, asset, on_day, quantity, market_value, priced_on FROM disposition.position_month_end ORDER BY 1, 2, 3', $$
  SELECT investor, asset, on_day, quantity, round(quantity * q.price, 2)::numeric(18,2), q.priced_on
  FROM position AS p
  CROSS JOIN LATERAL (SELECT q.price, q.quoted_at::date AS on_day FROM disposition.market_price AS q WHERE q.asset = p.asset AND q.quoted_at::date <= p.on_day ORDER BY q.quoted_at DESC LIMIT 1) AS q (price, priced_on)
  WHERE NOT below AND asset NOT LIKE 'MINI%' AND NOT EXISTS (
    SELECT FROM disposition.market_price AS a
    CROSS JOIN LATERAL (SELECT b.price FROM disposition.market_price AS b WHERE b.asset = a.asset AND b.quoted_at < a.quoted_at ORDER BY b.quoted_at DESC LIMIT 1) AS b
    WHERE a.asset = p.asset AND a.quoted_at >= p.since AND a.quoted_at::date <= p.on_day AND greatest(a.price, b.price) > 3 * least(a.price, b.price))
  ORDER BY 1, 2, 3 $$, 'the positions of the ledger, as far as it gives them, at the newest price');
SELECT is((SELECT count(*) FROM source.holding), 1522::bigint, 'as many as another program finds');
SELECT is_empty('SELECT h.* FROM source.holding AS h JOIN source.client AS c USING (client_id) WHERE h.on_day NOT BETWEEN c.opened_on AND c.closed_on - 1 OR h.priced_on > h.on_day',
  'none outside a ledger, none at a price of later');

------------------------------------------------------------------------------------------------------------------------
-- The mart
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE made AS SELECT * FROM crm.create_mart('mart', 'source', tiers => crm.tier_policy('{small,middling,large}', '{2000,10000}'));
SELECT set_eq($$ SELECT object, status FROM made WHERE object IN ('client_facts', 'product_facts', 'client_tier', 'client_month', 'client_rfm', 'top_clients', 'asset_concentration', 'co_holding', 'client_360',
    'client_rating', 'suitability_matrix', 'trading_days', 'household_360', 'callback_due', 'next_best_product') $$,
  $$ VALUES ('client_facts', 'created'), ('product_facts', 'created'), ('client_tier', 'created'), ('client_month', 'created'), ('client_rfm', 'created'), ('top_clients', 'created'),
    ('asset_concentration', 'created'), ('co_holding', 'created'), ('client_360', 'created'), ('client_rating', 'left out'), ('suitability_matrix', 'left out'), ('trading_days', 'left out'),
    ('household_360', 'left out'), ('callback_due', 'left out'), ('next_best_product', 'left out') $$, 'what trades and holdings answer is made, by the value of the holdings');
SELECT is_empty('SELECT object FROM made WHERE status = ''left out'' AND reason IS NULL', 'the rest is left out with a reason');
CALL crm.refresh_mart('mart', '2011-06-30', commit_each_month => false);

SELECT results_eq('SELECT client_id, trades_90_days, turnover_90_days, products_held, holdings_value, tier FROM mart.client_360 ORDER BY 1', $$
  SELECT c.investor, count(*) FILTER (WHERE t.quantity > 0 AND t.executed_at >= '2011-04-02' AND t.executed_at < '2011-07-01'),
    coalesce(sum(round(t.quantity * t.price, 2)) FILTER (WHERE t.executed_at >= '2011-04-02' AND t.executed_at < '2011-07-01'), 0)::numeric(18,2), h.products, h.value,
    CASE WHEN h.value >= 10000 THEN 'large' WHEN h.value >= 2000 THEN 'middling' ELSE 'small' END
  FROM (SELECT investor FROM disposition.transaction GROUP BY investor HAVING min(executed_at) < '2011-07-01' AND max(executed_at) >= '2011-06-30') AS c
  JOIN disposition.transaction AS t USING (investor)
  CROSS JOIN LATERAL (
    SELECT count(*) AS products, coalesce(sum(p.market_value), 0)::numeric(18,2) AS value
    FROM disposition.position_month_end AS p WHERE p.investor = c.investor AND p.on_day = '2011-06-30') AS h
  GROUP BY c.investor, h.products, h.value ORDER BY 1 $$, 'the one view of each client whose ledger covers the day');
SELECT results_eq('SELECT month, client_id, trades, turnover, products_held FROM mart.client_month ORDER BY 1, 2', $$
  SELECT m.month, c.investor, count(t.number) FILTER (WHERE t.quantity > 0), coalesce(sum(round(t.quantity * t.price, 2)), 0)::numeric(18,2),
    (SELECT count(*)::int FROM disposition.position_month_end AS p WHERE p.investor = c.investor AND p.on_day = (m.month + interval '1 month')::date - 1)
  FROM (SELECT date '2010-01-01' + n * interval '1 month', n FROM generate_series(0, 17) AS n) AS g (at, n)
  CROSS JOIN LATERAL (SELECT g.at::date AS month) AS m
  JOIN (SELECT investor, min(executed_at) AS first_at, max(executed_at) AS last_at FROM disposition.transaction GROUP BY investor) AS c ON c.first_at < m.month + interval '1 month' AND c.last_at >= m.month
  LEFT JOIN disposition.transaction AS t ON t.investor = c.investor AND t.executed_at >= m.month AND t.executed_at < m.month + interval '1 month'
  GROUP BY m.month, c.investor ORDER BY 1, 2 $$, 'the months of each client');
SELECT results_eq('SELECT clients, clients_with_assets, assets, round(gini::numeric, 12) FROM mart.asset_concentration', $$
  SELECT count(*), count(*) FILTER (WHERE value > 0), sum(value)::numeric(18,2), round(sum((2 * place - n - 1) * value) / (n * sum(value)), 12)
  FROM (
    SELECT value, row_number() OVER (ORDER BY value) AS place, count(*) OVER () AS n
    FROM (SELECT coalesce(sum(p.market_value), 0) AS value
          FROM (SELECT investor FROM disposition.transaction GROUP BY investor HAVING min(executed_at) < '2011-07-01' AND max(executed_at) >= '2011-06-30') AS c
          LEFT JOIN disposition.position_month_end AS p ON p.investor = c.investor AND p.on_day = '2011-06-30' GROUP BY c.investor) AS v) AS v
  GROUP BY n $$, 'the Gini coefficient, by its definition');
SELECT results_eq('SELECT client_id, recency_days, frequency, monetary FROM mart.client_rfm ORDER BY 1', $$
  SELECT investor, date '2011-06-30' - max(on_day), count(DISTINCT on_day)::int, coalesce(sum(amount), 0)::numeric(18,2)
  FROM (SELECT investor FROM disposition.transaction GROUP BY investor HAVING min(executed_at) < '2011-07-01' AND max(executed_at) >= '2011-06-30') AS c
  LEFT JOIN (SELECT investor, executed_at::date AS on_day, round(quantity * price, 2) AS amount FROM disposition.transaction
             WHERE quantity > 0 AND executed_at >= '2010-07-01' AND executed_at < '2011-07-01') AS t USING (investor)
  GROUP BY investor ORDER BY 1 $$, 'recency, frequency and monetary value of a year');
SELECT results_eq('SELECT tier, clients, assets FROM mart.tier_summary ORDER BY tier_order', 'SELECT tier, count(client_id), coalesce(sum(holdings_value), 0)::numeric(18,2)
  FROM (VALUES (1, ''small''), (2, ''middling''), (3, ''large'')) AS t (place, tier) LEFT JOIN mart.client_360 USING (tier) GROUP BY place, tier ORDER BY place', 'tiers add the clients up');

SELECT * FROM finish();
ROLLBACK;
