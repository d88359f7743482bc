-- asset_bridge_summary: what holds whatever the rows and however they are split.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

SELECT extract(epoch FROM clock_timestamp())::bigint % 1000003 AS seed \gset
SELECT diag('seed ' || :seed);
SELECT setseed(:seed / 1000003.0) IS NOT NULL AS seeded \gset

-- Clients who stay, join, leave, or do both; debts, and amounts near the limit of 64 bits.
CREATE TABLE client_month AS
SELECT id, CASE WHEN is_new THEN CASE WHEN id % 2 = 0 THEN 0 END ELSE opening END AS opening, CASE WHEN is_lost THEN CASE WHEN id % 3 = 0 THEN 0 END ELSE closing END AS closing, inflow, outflow, is_new, is_lost
FROM (
  SELECT id, CASE WHEN id % 97 = 0 THEN -922337203685477.5807 ELSE round((random() * 1e6 - 1e5)::numeric, (random() * 4)::int) END AS opening,
    CASE WHEN id % 89 = 0 THEN 922337203685477.5807 ELSE round((random() * 1e6 - 1e5)::numeric, (random() * 4)::int) END AS closing,
    CASE WHEN random() < 0.5 THEN 0 ELSE round((random() * 1e5)::numeric, 2) END AS inflow, CASE WHEN random() < 0.5 THEN 0 ELSE round((random() * 1e5)::numeric, 4) END AS outflow,
    random() < 0.1 AS is_new, random() < 0.1 AS is_lost
  FROM generate_series(1, 6000) AS id) AS drawn;
ANALYZE client_month;

\set summary asset_bridge
\set rows client_month
\set arguments 'opening, closing, inflow, outflow, is_new, is_lost'
\set types 'numeric, numeric, numeric, numeric, boolean, boolean'
\set null_row '1, 1, 1, NULL, false, false'
\set accessors 'net_new_assets(s)'
\ir ../reference/summary_properties.sql

------------------------------------------------------------------------------------------------------------------------
-- Figures against the rows themselves
------------------------------------------------------------------------------------------------------------------------

CREATE TABLE figure AS SELECT parts(id, 2, 500) AS n, asset_bridge(opening, closing, inflow, outflow, is_new, is_lost) AS b FROM client_month GROUP BY 1;
INSERT INTO figure SELECT 1000, asset_bridge(opening, closing, inflow, outflow, is_new, is_lost) FROM client_month;
CREATE TABLE expected AS
SELECT n, coalesce(sum(opening), 0) AS opening, coalesce(sum(closing), 0) AS closing, coalesce(sum(closing) FILTER (WHERE is_new), 0) AS new, coalesce(sum(opening) FILTER (WHERE is_lost), 0) AS lost,
  coalesce(sum(inflow) FILTER (WHERE NOT is_new AND NOT is_lost), 0) AS inflow, coalesce(sum(outflow) FILTER (WHERE NOT is_new AND NOT is_lost), 0) AS outflow,
  coalesce(sum(closing - opening - inflow + outflow) FILTER (WHERE NOT is_new AND NOT is_lost), 0) AS market,
  count(*) FILTER (WHERE NOT is_new) AS opening_clients, count(*) FILTER (WHERE NOT is_lost) AS closing_clients, count(*) FILTER (WHERE is_new) AS new_clients, count(*) FILTER (WHERE is_lost) AS lost_clients,
  count(*) FILTER (WHERE is_lost AND NOT is_new) AS left_clients
FROM (SELECT parts(id, 2, 500) AS n, * FROM client_month UNION ALL SELECT 1000, * FROM client_month) AS grouped GROUP BY n;
SELECT is_empty($$
  SELECT n FROM figure FULL JOIN expected AS e USING (n)
  WHERE (opening_assets(b), closing_assets(b), new_assets(b), lost_assets(b), inflow(b), outflow(b), market_change(b)) IS DISTINCT FROM (e.opening, e.closing, e.new, e.lost, e.inflow, e.outflow, e.market)
    OR (opening_clients(b), closing_clients(b), new_clients(b), lost_clients(b)) IS DISTINCT FROM (e.opening_clients, e.closing_clients, e.new_clients, e.lost_clients)
    OR net_new_assets(b) <> e.new + e.inflow - e.outflow - e.lost
$$, 'parts and clients are those of the rows, exactly');
SELECT is_empty($$
  SELECT n FROM figure, LATERAL (SELECT sum(amount) FILTER (WHERE ordinal < 8) - sum(amount) FILTER (WHERE ordinal = 8) AS open, sum(clients) FILTER (WHERE ordinal < 8) - sum(clients) FILTER (WHERE ordinal = 8) AS clients_open,
    array_agg(part ORDER BY ordinal) AS parts FROM asset_bridge_parts(b)) AS p
  WHERE open <> 0 OR clients_open <> 0 OR parts <> '{opening,new,inflow,outflow,market,lost,transfers,closing}'
$$, 'every bridge closes to the last 1/10000, in assets and in clients');
SELECT is_empty($$
  SELECT n FROM figure, asset_bridge_parts(b)
  WHERE amount <> CASE part WHEN 'opening' THEN opening_assets(b) WHEN 'new' THEN new_assets(b) WHEN 'inflow' THEN inflow(b) WHEN 'outflow' THEN -outflow(b) WHEN 'market' THEN market_change(b) WHEN 'lost' THEN -lost_assets(b)
      WHEN 'transfers' THEN 0 WHEN 'closing' THEN closing_assets(b) END
    OR clients IS DISTINCT FROM CASE part WHEN 'opening' THEN opening_clients(b) WHEN 'new' THEN new_clients(b) WHEN 'lost' THEN -lost_clients(b) WHEN 'transfers' THEN 0 WHEN 'closing' THEN closing_clients(b) END
$$, 'the parts are what the accessors say');
SELECT is_empty($$
  SELECT n FROM figure JOIN expected AS e USING (n)
  WHERE CASE WHEN e.opening > 0 THEN abs(organic_growth(b) + market_return(b) - (e.closing / e.opening - 1)) > 1e-9 * (1 + abs(e.closing / e.opening)) OR abs(outflow_share(b) + lost_share(b) - asset_attrition(b)) > 1e-12
      OR abs(market_return(b) - e.market / e.opening) > 1e-12 * (1 + abs(e.market / e.opening))
    ELSE num_nonnulls(organic_growth(b), market_return(b), outflow_share(b), lost_share(b), asset_attrition(b)) > 0 END
    OR client_attrition(b) IS DISTINCT FROM e.left_clients::float8 / nullif(e.opening_clients, 0)
$$, 'shares of the opening add up; there are none where it is not above 0');

-- A chain of months, each client in a branch that may change between them
CREATE TABLE history AS
WITH RECURSIVE month (month, client, branch, opening, closing, inflow, outflow) AS (
  SELECT 1, id, id % 4, 0::numeric, round((random() * 1e5)::numeric, 2), 0::numeric, 0::numeric FROM generate_series(1, 300) AS id
  UNION ALL
  SELECT month + 1, client, CASE WHEN random() < 0.1 THEN (random() * 3)::int ELSE branch END, closing, round((closing * (0.9 + random() * 0.2)::numeric + 100), 2), round((random() * 100)::numeric, 2), round((random() * 100)::numeric, 2)
  FROM month WHERE month < 12)
SELECT *, month = 1 + client % 5 AS is_new, month = 12 - client % 3 AS is_lost FROM month WHERE month BETWEEN 1 + client % 5 AND 12 - client % 3;
CREATE TABLE monthly AS
SELECT month, branch, asset_bridge(CASE WHEN NOT is_new THEN opening END, CASE WHEN NOT is_lost THEN closing END, inflow, outflow, is_new, is_lost) AS b FROM history GROUP BY month, branch;
CREATE TABLE chain AS
SELECT branch, p.* FROM (SELECT branch, array_agg(b ORDER BY month) AS months FROM monthly GROUP BY branch) AS m, asset_bridge_parts(months) AS p
UNION ALL SELECT -1, p.* FROM (SELECT array_agg(b ORDER BY month) AS months FROM (SELECT month, rollup(b) AS b FROM monthly GROUP BY month) AS firm) AS m, asset_bridge_parts(months) AS p;
SELECT is_empty($$ SELECT branch FROM chain GROUP BY branch HAVING sum(amount) FILTER (WHERE ordinal < 8) <> sum(amount) FILTER (WHERE ordinal = 8) OR sum(clients) FILTER (WHERE ordinal < 8) <> sum(clients) FILTER (WHERE ordinal = 8) $$,
  'a chain of months closes as well');
SELECT is_empty($$ SELECT part FROM chain GROUP BY part HAVING sum(amount) FILTER (WHERE branch >= 0) <> sum(amount) FILTER (WHERE branch < 0) OR sum(clients) FILTER (WHERE branch >= 0) <> sum(clients) FILTER (WHERE branch < 0) $$,
  'and the chains of the branches add up to that of the firm');
SELECT is((SELECT (amount, clients)::text FROM chain WHERE branch = -1 AND part = 'transfers'), '(0,0)', 'which has no transfers');
SELECT ok((SELECT bool_or(amount <> 0) FROM chain WHERE part = 'transfers'), 'while branches do');
SELECT is_empty($$ SELECT n FROM figure WHERE (SELECT array_agg(p::text ORDER BY p.ordinal) FROM asset_bridge_parts(b) AS p) <> (SELECT array_agg(p::text ORDER BY p.ordinal) FROM asset_bridge_parts(ARRAY[b]) AS p) $$,
  'a chain of one is that one');

-- Nothing runs over that the number of clients does not stop
CREATE FUNCTION doubled(b asset_bridge_summary, times int) RETURNS asset_bridge_summary LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. times LOOP b := crm.asset_bridge_summary_merge(b, b); END LOOP;
  RETURN b;
END
$$;
SELECT is((SELECT market_change(b) FROM doubled(asset_bridge_add(NULL, -922337203685477.5807, 922337203685477.5807, 0, 0, false, false), 61) AS b), 2 * 2305843009213693952 * 922337203685477.5807,
  '2^61 clients, each from one end of the amounts to the other');
SELECT throws_ok($$ SELECT market_change(asset_bridge_summary_merge(doubled(b, 62), doubled(b, 61))) FROM asset_bridge_add(NULL, -922337203685477.5807, 922337203685477.5807, 0, 922337203685477.5807, false, false) AS b $$, '22003', 'amount is out of range', 'what 128 bits do not hold');
SELECT throws_ok($$ SELECT doubled(asset_bridge_add(NULL, 1, 1, 0, 0, false, false), 63) $$, '22003', 'number of clients is out of range', '2^63 clients are too many');

SELECT * FROM finish();
ROLLBACK;
