-- The monthly summaries of a mart, on 5,000 clients, against plain SQL that is written another way: balances day by day, everything else by sums over the
-- source. After every change of the source, what a refresh leaves must be what a mart that is made anew comes to, and what verify_mart finds must be nothing.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT no_plan();

\set clients 5000
CREATE SCHEMA summary_source;
-- number n is a hash of what it is about
CREATE FUNCTION pg_temp.pick(n int, of int, salt int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT (hashint4extended($1, $3) & 2147483647)::int % $2 $$;
CREATE TABLE summary_source.client AS
SELECT 'C' || n AS client_id, CASE pg_temp.pick(n, 10, 1) WHEN 0 THEN NULL WHEN 1 THEN date '2024-01-01' + pg_temp.pick(n, 120, 2) ELSE date '2020-01-01' END AS opened_on,
  CASE pg_temp.pick(n, 12, 3) WHEN 0 THEN date '2024-01-01' + pg_temp.pick(n, 150, 4) END AS closed_on, (ARRAY['north', 'south'])[1 + n % 2] AS branch_id
FROM generate_series(1, :clients) AS n;
UPDATE summary_source.client SET closed_on = '2024-02-01' WHERE client_id IN ('C1', 'C2');
UPDATE summary_source.client SET closed_on = '2024-02-02' WHERE client_id = 'C3';
UPDATE summary_source.client SET closed_on = opened_on WHERE client_id = 'C4';
ALTER TABLE summary_source.client ADD PRIMARY KEY (client_id);
CREATE TABLE summary_source.balance AS
SELECT 'C' || n AS client_id, date '2024-01-02' + pg_temp.pick(n * 8 + k, 120, 5) AS on_day, round((pg_temp.pick(n * 8 + k, 5000000, 6) / 3.0)::numeric, 2) AS amount
FROM generate_series(1, :clients) AS n, generate_series(1, 3) AS k WHERE pg_temp.pick(n, 20, 7) > 0;
DELETE FROM summary_source.balance AS b WHERE EXISTS (SELECT FROM summary_source.balance AS o WHERE (o.client_id, o.on_day) = (b.client_id, b.on_day) AND o.ctid < b.ctid);
CREATE INDEX ON summary_source.balance (client_id, on_day);
CREATE INDEX ON summary_source.balance (on_day);
CREATE TABLE summary_source.trade AS
SELECT 'C' || 1 + pg_temp.pick(n, :clients, 8) AS client_id, date '2024-01-01' + pg_temp.pick(n, 121, 9) AS on_day, (1 + pg_temp.pick(n, 100000, 10))::numeric / 100 AS amount FROM generate_series(1, 3 * :clients / 2) AS n;
CREATE TABLE summary_source.cash_flow AS
SELECT 'C' || 1 + pg_temp.pick(n, :clients, 11) AS client_id, date '2024-01-01' + pg_temp.pick(n, 121, 12) AS on_day, (pg_temp.pick(n, 100000, 13) - 50000)::numeric / 100 AS amount FROM generate_series(1, :clients) AS n;
CREATE TABLE summary_source.fee AS
SELECT 'C' || 1 + pg_temp.pick(n, :clients, 14) AS client_id, date '2024-01-01' + pg_temp.pick(n, 121, 15) AS on_day, (pg_temp.pick(n, 10000, 16) - 500)::numeric / 100 AS amount,
  (ARRAY['commission', 'advice', 'distribution', 'interest', 'other'])[1 + pg_temp.pick(n, 5, 17)] AS kind FROM generate_series(1, 3 * :clients / 2) AS n;
CREATE TABLE summary_source.contact AS
SELECT 'K' || n AS contact_id, 'C' || 1 + pg_temp.pick(n, :clients, 18) AS client_id, date '2024-01-01' + pg_temp.pick(n, 121, 19) AS on_day,
  CASE pg_temp.pick(n, 6, 20) WHEN 0 THEN NULL ELSE pg_temp.pick(n, 60, 21) END::numeric AS minutes, (ARRAY['phone', 'visit', 'letter', NULL])[1 + pg_temp.pick(n, 4, 22)] AS channel FROM generate_series(1, :clients) AS n;
CREATE TABLE summary_source.cost AS
SELECT * FROM (VALUES ('phone', date '2020-01-01', 1.5, 2.0), ('phone', '2024-02-15', 1.7, NULL), ('visit', '2024-01-10', 2, 80)) AS v (channel, valid_from, per_minute, per_contact);
CREATE TABLE summary_source.product AS
SELECT 'P' || n AS product_id, CASE WHEN n % 5 = 0 THEN NULL ELSE (ARRAY['bond', 'fund', 'note'])[1 + n % 3] END AS category, CASE WHEN n % 10 > 0 THEN 'cash' END AS kind FROM generate_series(1, 50) AS n;
-- positions of three days; none in March
CREATE TABLE summary_source.holding AS
SELECT DISTINCT ON (client_id, product_id, on_day) * FROM (
  SELECT 'C' || n AS client_id, 'P' || 1 + pg_temp.pick(n * 8 + k, 52, 23) AS product_id, d AS on_day, 1::numeric AS quantity, (pg_temp.pick(n * 8 + k + extract(month FROM d)::int, 100000, 24) - 1000)::numeric / 10 AS market_value
  FROM generate_series(1, :clients) AS n, generate_series(1, 4) AS k, unnest('{2024-01-15,2024-01-31,2024-02-28,2024-04-30}'::date[]) AS d WHERE pg_temp.pick(n + extract(day FROM d)::int, 3, 25) > 0) AS h;
CREATE INDEX ON summary_source.holding (on_day);
CREATE TABLE summary_source.trading_day AS
SELECT 'X' AS market, d::date AS on_day FROM generate_series(date '2023-12-01', date '2024-05-31', '1 day') AS d WHERE extract(isodow FROM d) < 6;
ANALYZE;
SET LOCAL crm.as_of = '2024-04-30';

------------------------------------------------------------------------------------------------------------------------
-- What must come out
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP VIEW month AS
SELECT m::date AS month, (m + interval '1 month')::date AS next, extract(day FROM m + interval '1 month' - interval '1 day')::int AS days FROM generate_series(date '2024-01-01', date '2024-04-01', '1 month') AS m;
CREATE TEMP VIEW member AS
SELECT m.*, c.client_id FROM summary_source.client AS c JOIN month AS m ON coalesce(c.opened_on, '2000-01-01') < m.next AND coalesce(c.closed_on, '2100-01-01') > m.month
  AND (c.opened_on IS NULL OR c.closed_on IS NULL OR c.closed_on > c.opened_on);
-- the balance of every day, by the balances that are not contradicted; those of before the month in which the client came do not count
CREATE FUNCTION pg_temp.daily(mode text) RETURNS TABLE (client_id text, on_day date, amount numeric) LANGUAGE sql AS $$
  WITH good AS (SELECT client_id, on_day, min(amount) AS amount FROM summary_source.balance JOIN summary_source.client USING (client_id)
    WHERE amount > -1e14 AND amount < 1e14 AND (opened_on IS NULL OR on_day >= date_trunc('month', opened_on)) GROUP BY 1, 2 HAVING count(DISTINCT amount) = 1),
  days AS MATERIALIZED (SELECT d::date AS on_day, (SELECT max(t.on_day) FROM summary_source.trading_day AS t WHERE t.on_day <= least(d, (SELECT max(b.on_day) FROM summary_source.balance AS b)))
    AS trading_day FROM generate_series(date '2024-01-01', date '2024-04-30', '1 day') AS d),
  step AS (SELECT client_id, on_day, amount, lead(on_day, 1, date '2024-05-01') OVER (PARTITION BY client_id ORDER BY on_day) AS ends FROM good)
  SELECT s.client_id, d::date, s.amount FROM step AS s CROSS JOIN LATERAL generate_series(s.on_day, s.ends - 1, '1 day') AS d WHERE mode = 'change'
  UNION ALL
  SELECT c.client_id, d.on_day, coalesce(g.amount, 0)
  FROM summary_source.client AS c
  CROSS JOIN days AS d
  LEFT JOIN good AS g ON g.client_id = c.client_id AND g.on_day = d.trading_day
  WHERE mode = 'snapshot'
$$;
CREATE FUNCTION pg_temp.expected_assets(mode text) RETURNS TABLE (month date, client_id text, closing numeric, asset_days numeric, average numeric) LANGUAGE sql AS $$
  SELECT m.month, m.client_id, d.closing, d.asset_days, round(d.asset_days / m.days, 6)
  FROM member AS m
  LEFT JOIN (
    SELECT client_id, date_trunc('month', on_day::timestamp)::date AS month, max(amount) FILTER (WHERE extract(day FROM on_day + 1) = 1) AS closing, sum(amount) AS asset_days
    FROM pg_temp.daily(mode) GROUP BY 1, 2) AS d ON d.client_id = m.client_id AND d.month = m.month
$$;
CREATE FUNCTION pg_temp.expected_rest() RETURNS TABLE (month date, client_id text, trades bigint, turnover numeric, inflow numeric, outflow numeric, commission numeric, advice numeric, distribution numeric, interest numeric, other_fees numeric,
  contacts bigint, minutes numeric, cost numeric) LANGUAGE sql AS $$
  WITH event AS (
    SELECT client_id, on_day, 'trade' AS kind, amount, NULL::numeric AS cost FROM summary_source.trade WHERE amount > 0 AND amount < 1e14
    UNION ALL SELECT client_id, on_day, CASE WHEN amount > 0 THEN 'in' ELSE 'out' END, abs(amount), NULL FROM summary_source.cash_flow WHERE amount > -1e14 AND amount < 1e14
    UNION ALL SELECT client_id, on_day, kind, amount, NULL FROM summary_source.fee WHERE amount > -1e14 AND amount < 1e14
    UNION ALL SELECT k.client_id, k.on_day, 'contact', k.minutes, coalesce(r.per_contact, 0) + coalesce(r.per_minute, 0) * coalesce(k.minutes, 0)
      FROM summary_source.contact AS k LEFT JOIN LATERAL (SELECT * FROM summary_source.cost AS r WHERE r.channel = k.channel AND r.valid_from <= k.on_day ORDER BY r.valid_from DESC LIMIT 1) AS r ON true
      WHERE k.minutes IS NULL OR k.minutes >= 0 AND k.minutes < 1e14
  )
  SELECT m.month, m.client_id, count(*) FILTER (WHERE e.kind = 'trade'), coalesce(sum(e.amount) FILTER (WHERE e.kind = 'trade'), 0), coalesce(sum(e.amount) FILTER (WHERE e.kind = 'in'), 0), coalesce(sum(e.amount) FILTER (WHERE e.kind = 'out'), 0),
    coalesce(sum(e.amount) FILTER (WHERE e.kind = 'commission'), 0), coalesce(sum(e.amount) FILTER (WHERE e.kind = 'advice'), 0), coalesce(sum(e.amount) FILTER (WHERE e.kind = 'distribution'), 0),
    coalesce(sum(e.amount) FILTER (WHERE e.kind = 'interest'), 0), coalesce(sum(e.amount) FILTER (WHERE e.kind = 'other'), 0),
    count(*) FILTER (WHERE e.kind = 'contact'), coalesce(sum(e.amount) FILTER (WHERE e.kind = 'contact'), 0), coalesce(sum(e.cost), 0)
  FROM member AS m LEFT JOIN event AS e ON e.client_id = m.client_id AND date_trunc('month', e.on_day) = m.month GROUP BY 1, 2
$$;
-- who was no client in the month of the positions has none of them later
CREATE FUNCTION pg_temp.expected_held() RETURNS TABLE (month date, client_id text, products int, classes int, effective numeric) LANGUAGE sql AS $$
  SELECT m.month, m.client_id, count(DISTINCT h.product_id)::int, count(DISTINCT h.class)::int, round(exp(-sum(h.share * ln(h.share)) FILTER (WHERE h.first))::numeric, 9)
  FROM (SELECT m.*, d.held_on FROM member AS m JOIN (SELECT m.month, max(h.on_day) AS held_on FROM month AS m JOIN (SELECT DISTINCT on_day FROM summary_source.holding) AS h ON h.on_day < m.next GROUP BY 1) AS d USING (month)) AS m
  LEFT JOIN (
    SELECT h.*, row_number() OVER (PARTITION BY h.on_day, h.client_id, h.class) = 1 AS first, CASE WHEN h.value > 0 THEN h.value::float8 / (sum(h.value / h.many) FILTER (WHERE h.value > 0) OVER (PARTITION BY h.on_day, h.client_id))::float8 END AS share
    FROM (
      SELECT h.*, k.class, count(*) OVER w AS many, CASE WHEN k.class IS NOT NULL THEN sum(h.market_value) OVER w END AS value
      FROM summary_source.holding AS h LEFT JOIN (SELECT product_id, coalesce(category, kind) AS class FROM summary_source.product) AS k USING (product_id)
      JOIN member AS o ON o.client_id = h.client_id AND o.month = date_trunc('month', h.on_day)::date
      WHERE h.market_value > -1e14 AND h.market_value < 1e14 AND h.product_id IS NOT NULL
      WINDOW w AS (PARTITION BY h.on_day, h.client_id, k.class)) AS h) AS h
    ON h.client_id = m.client_id AND h.on_day = m.held_on
  GROUP BY 1, 2
$$;
CREATE FUNCTION pg_temp.check_all(what text, mode text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  DROP TABLE IF EXISTS expected_assets, expected_rest, expected_held;
  CREATE TEMP TABLE expected_assets AS SELECT * FROM pg_temp.expected_assets(mode);
  CREATE TEMP TABLE expected_rest AS SELECT * FROM pg_temp.expected_rest();
  CREATE TEMP TABLE expected_held AS SELECT * FROM pg_temp.expected_held();
  ANALYZE expected_assets, expected_rest, expected_held;
  RETURN NEXT is_empty('SELECT month, client_id, m.closing_assets, e.closing, m.asset_days, e.asset_days FROM mart.client_summary AS m FULL JOIN expected_assets AS e USING (month, client_id)
    WHERE m.month IS NULL OR e.month IS NULL OR (m.closing_assets, m.asset_days, round(m.average_assets, 6)) IS DISTINCT FROM (e.closing, e.asset_days, e.average)', what || ': assets, day by day');
  RETURN NEXT is_empty('SELECT month, client_id FROM mart.client_summary AS m FULL JOIN expected_rest AS e USING (month, client_id)
    WHERE (coalesce(crm.events(m.activity), 0), coalesce(crm.total(m.activity), 0), m.inflow, m.outflow, m.commission, m.advice, m.distribution, m.interest, m.other_fees, m.contacts, m.minutes, m.service_cost)
      IS DISTINCT FROM (e.trades, e.turnover, e.inflow, e.outflow, e.commission, e.advice, e.distribution, e.interest, e.other_fees, e.contacts, e.minutes, e.cost)', what || ': trades, flows, revenue, service');
  RETURN NEXT is_empty('SELECT month, client_id, products_held, e.products, classes_held, e.classes, effective_classes, e.effective FROM mart.client_summary AS m FULL JOIN expected_held AS e USING (month, client_id)
    WHERE (m.products_held, m.classes_held, round(m.effective_classes::numeric, 9)) IS DISTINCT FROM (e.products, e.classes, e.effective)', what || ': what is held');
END $$;
CREATE FUNCTION pg_temp.same_as_anew(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE anew.client_summary, anew.tier_month, anew.rejected, anew.refresh_log;
  CALL crm.refresh_mart('anew', commit_each_month => false);
  RETURN NEXT is_empty('SELECT m::text FROM mart.client_summary AS m EXCEPT SELECT a::text FROM anew.client_summary AS a', what || ': no row that one made anew has not');
  RETURN NEXT is_empty('SELECT a::text FROM anew.client_summary AS a EXCEPT SELECT m::text FROM mart.client_summary AS m', what || ': and all that it has');
  RETURN NEXT is_empty('(SELECT m::text FROM mart.tier_month AS m EXCEPT SELECT a::text FROM anew.tier_month AS a) UNION ALL (SELECT a::text FROM anew.tier_month AS a EXCEPT SELECT m::text FROM mart.tier_month AS m)', what || ': standings too');
  RETURN NEXT is_empty('(TABLE mart.rejected EXCEPT ALL TABLE anew.rejected) UNION ALL (TABLE anew.rejected EXCEPT ALL TABLE mart.rejected)', what || ': and what is rejected');
END $$;
-- the months that a refresh finds to be others, for everyone or for some
CREATE FUNCTION pg_temp.refreshed() RETURNS date[] LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := (SELECT jsonb_object_agg(month, corrections) FROM mart.refresh_log);
BEGIN
  CALL crm.refresh_mart('mart', commit_each_month => false);
  RETURN ARRAY(SELECT month FROM mart.refresh_log WHERE corrections > (before ->> month::text)::int ORDER BY month);
END $$;

------------------------------------------------------------------------------------------------------------------------
-- Change mode
------------------------------------------------------------------------------------------------------------------------

\set tiers '{"period": "quarter", "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 500000, "keep": 400000}], "moves": {"down_after": 1}}'
SELECT is(status || ': ' || reason, 'created: empty until refresh_mart is called', 'create_mart says what fills the table') FROM crm.create_mart('mart', 'summary_source', tiers => :'tiers') WHERE object = 'client_summary';
SELECT count(*) FROM crm.create_mart('anew', 'summary_source', tiers => :'tiers');
SELECT is_empty('SELECT * FROM mart.client_month', 'nothing is there before');
SELECT lives_ok('CALL crm.refresh_mart(''mart'', commit_each_month => false)', 'a refresh');
SELECT results_eq('SELECT month, clients, standings, has_standings, rejected, corrections FROM mart.refresh_log ORDER BY month', $$
  SELECT month, count(*), CASE WHEN month = '2024-03-01' THEN (SELECT count(*) FROM mart.tier_month) END, month = '2024-03-01', (SELECT count(*) FROM mart.rejected AS r WHERE r.month = m.month), 0 FROM member AS m GROUP BY month ORDER BY month$$,
  'the log: months, and standings where the quarter ends');
SELECT results_eq('SELECT r.month, s.key, (s.value ->> 0)::bigint FROM mart.refresh_log AS r CROSS JOIN LATERAL jsonb_each(r.sources) AS s WHERE s.key IN (''trade'', ''fee'') ORDER BY 1, 2', $$
  SELECT date_trunc('month', on_day)::date, kind, count(*) FROM (SELECT on_day, 'trade' AS kind FROM summary_source.trade UNION ALL SELECT on_day, 'fee' FROM summary_source.fee) AS e GROUP BY 1, 2 ORDER BY 1, 2$$, 'and rows by view');
SELECT pg_temp.check_all('change mode', 'change');
SELECT is_empty('SELECT * FROM crm.verify_mart(''mart'', 1)', 'verify_mart finds nothing to say');
SELECT set_eq('SELECT DISTINCT month FROM mart.tier_month', ARRAY[date '2024-01-01'], 'the quarter is stepped once it is there');
SELECT is_empty($$SELECT t.client_id FROM mart.tier_month AS t FULL JOIN (
    SELECT client_id, (sum(asset_days) / 91)::float8 AS value FROM mart.client_summary JOIN summary_source.client USING (client_id) WHERE month < '2024-04-01' AND (closed_on IS NULL OR closed_on >= '2024-04-01') AND (opened_on IS NULL OR opened_on < '2024-04-01')
      AND (closed_on IS NULL OR closed_on > opened_on OR opened_on IS NULL) GROUP BY client_id) AS e USING (client_id)
  WHERE t.value IS DISTINCT FROM e.value$$, 'by the days of all its months');
SELECT results_eq('SELECT month, count(tier) > 0 FROM mart.client_month GROUP BY month ORDER BY month', $$VALUES (date '2024-01-01', false), ('2024-02-01', false), ('2024-03-01', true), ('2024-04-01', true)$$,
  'client_month has the tier of the newest quarter that had ended');
SELECT results_eq('SELECT sum(turnover), sum(commission + advice + distribution + interest + other_fees), sum(contacts), sum(inflow - outflow), sum(service_cost) FROM mart.client_month', $$
  SELECT sum(turnover), sum(commission + advice + distribution + interest + other_fees), sum(contacts), sum(inflow - outflow), sum(round(cost, 2)) FROM expected_rest$$, 'and what the summaries say');
SELECT results_eq('SELECT DISTINCT data_through FROM mart.client_month_at(''2024-03-30'')', ARRAY[date '2024-02-29'], 'through the last month that had ended');

------------------------------------------------------------------------------------------------------------------------
-- Corrections: each kind of row, changed, deleted, moved
------------------------------------------------------------------------------------------------------------------------

SELECT is(pg_temp.refreshed(), '{}', 'a refresh that finds nothing refreshes nothing');
UPDATE summary_source.trade SET amount = amount + 1 WHERE ctid = (SELECT min(ctid) FROM summary_source.trade WHERE on_day BETWEEN '2024-02-01' AND '2024-02-29');
SELECT is(pg_temp.refreshed(), '{2024-02-01,2024-03-01}', 'a trade changes its month; the quarter is looked at again');
DELETE FROM summary_source.trade WHERE ctid = (SELECT min(ctid) FROM summary_source.trade WHERE on_day BETWEEN '2024-04-01' AND '2024-04-30');
SELECT is(pg_temp.refreshed(), '{2024-04-01}', 'a deleted one, too');
INSERT INTO summary_source.trade SELECT * FROM summary_source.trade WHERE on_day = '2024-04-11';
INSERT INTO summary_source.trade SELECT * FROM summary_source.trade WHERE on_day = '2024-04-11' LIMIT 2;
SELECT is(pg_temp.refreshed(), '{2024-04-01}', 'rows that come twice, or three times');
UPDATE summary_source.cash_flow SET on_day = '2024-04-15' WHERE ctid = (SELECT min(ctid) FROM summary_source.cash_flow WHERE on_day BETWEEN '2024-01-01' AND '2024-01-31');
SELECT is(pg_temp.refreshed(), '{2024-01-01,2024-03-01,2024-04-01}', 'a flow that is moved changes both its months');
UPDATE summary_source.fee SET kind = CASE kind WHEN 'advice' THEN 'other' ELSE 'advice' END WHERE ctid = (SELECT min(ctid) FROM summary_source.fee WHERE on_day BETWEEN '2024-04-01' AND '2024-04-30');
SELECT is(pg_temp.refreshed(), '{2024-04-01}', 'the kind of a fee');
UPDATE summary_source.cost SET per_contact = 3 WHERE valid_from = '2024-02-15';
SELECT is(pg_temp.refreshed(), '{2024-02-01,2024-03-01,2024-04-01}', 'a rate, from its month on');
UPDATE summary_source.product SET category = 'fund' WHERE product_id = 'P10';
SELECT is(pg_temp.refreshed(), '{2024-01-01,2024-02-01,2024-03-01,2024-04-01}', 'the class of a product that is held');
UPDATE summary_source.holding SET market_value = market_value * 2 WHERE on_day = '2024-01-15';
SELECT is(pg_temp.refreshed(), '{}', 'positions that are not the newest of a month are not read');
DELETE FROM summary_source.holding WHERE on_day = '2024-02-28' AND client_id = (SELECT min(client_id) FROM summary_source.holding JOIN mart.client_summary USING (client_id) WHERE month = '2024-03-01' AND on_day = '2024-02-28');
SELECT is(pg_temp.refreshed(), '{2024-02-01,2024-03-01,2024-04-01}', 'the newest are, and stand until there are newer');
UPDATE summary_source.balance SET amount = amount + 1 WHERE client_id = 'C101';
DELETE FROM summary_source.balance WHERE client_id = 'C102' AND on_day >= '2024-02-01';
INSERT INTO summary_source.balance VALUES ('C103', '2024-01-01', 777);
SELECT pg_temp.refreshed();
UPDATE summary_source.client SET closed_on = '2024-02-20' WHERE client_id = 'C104';
UPDATE summary_source.client SET closed_on = '2024-03-01' WHERE client_id = 'C105';
UPDATE summary_source.client SET closed_on = '2024-03-02' WHERE client_id = 'C2';
UPDATE summary_source.client SET opened_on = '2024-02-11', closed_on = NULL WHERE client_id = 'C106';
DELETE FROM summary_source.client WHERE client_id = 'C107';
INSERT INTO summary_source.client VALUES ('late', '2024-01-20', NULL, 'north');
INSERT INTO summary_source.balance VALUES ('late', '2024-01-20', 5), ('late', '2024-03-05', 70000000);
SELECT pg_temp.refreshed();
SELECT pg_temp.check_all('after corrections', 'change');
SELECT pg_temp.same_as_anew('after corrections');

------------------------------------------------------------------------------------------------------------------------
-- Rows that cannot be used
------------------------------------------------------------------------------------------------------------------------

DELETE FROM summary_source.client WHERE client_id = 'C200';
INSERT INTO summary_source.balance VALUES ('C201', '2024-02-10', 1), ('C201', '2024-02-10', 2), ('C202', '2024-02-10', 3), ('C202', '2024-02-10', 3), (NULL, '2024-02-10', 4), ('C203', '2024-02-10', NULL),
  ('C204', '2024-02-10', 'NaN'), ('C205', '2024-02-10', 'Infinity'), ('C208', '2024-02-10', '-1e14'), ('C208', '2024-02-11', 1e14 - 1), ('nobody', '2024-02-10', 1), ('C207', '2024-01-31', 9), ('C207', '2024-02-29', 8), ('C207', '2024-02-29', 7);
INSERT INTO summary_source.trade VALUES ('C201', '2024-02-10', 0), ('C201', '2024-02-10', -5), ('C202', '2024-02-10', 'NaN'), ('C202', '2024-02-10', 2.00004), ('nobody', '2024-02-10', 1);
INSERT INTO summary_source.cash_flow VALUES ('C201', '2024-02-10', 'NaN'), (NULL, '2024-02-10', 1);
INSERT INTO summary_source.fee VALUES ('C201', '2024-02-10', 5, 'gift'), ('C201', '2024-02-10', 5, NULL), ('C201', '2024-02-10', '-Infinity', 'advice');
INSERT INTO summary_source.contact VALUES ('bad', 'C201', '2024-02-10', -1, 'phone'), ('worse', 'C201', '2024-02-10', 'NaN', 'phone');
INSERT INTO summary_source.holding VALUES ('C201', NULL, '2024-02-28', 1, 1), ('C201', 'P1', '2024-02-28', 1, 'NaN'), ('nobody', 'P1', '2024-02-28', 1, 1);
SELECT pg_temp.refreshed();
SELECT set_eq('SELECT "view", client_id, reason, count(*) FROM mart.rejected WHERE month = ''2024-02-01'' AND reason <> ''client_id is no client of the month'' GROUP BY 1, 2, 3', $$VALUES
  ('balance', 'C201', 'different balances for the client and day', 2::bigint), ('balance', NULL, 'no client_id', 1), ('balance', 'C203', 'no amount', 1), ('balance', 'C204', 'amount is not a finite number', 1),
  ('balance', 'C205', 'amount is not a finite number', 1), ('balance', 'C208', 'amount is out of range', 1), ('balance', 'C207', 'different balances for the client and day', 2),
  ('trade', 'C201', 'amount is not above 0', 2), ('trade', 'C202', 'amount is not a finite number', 1),
  ('cash_flow', 'C201', 'amount is not a finite number', 1), ('cash_flow', NULL, 'no client_id', 1), ('fee', 'C201', 'kind is not one of the contract', 2), ('fee', 'C201', 'amount is not a finite number', 1),
  ('contact', 'C201', 'minutes are not a number from 0', 2), ('holding', 'C201', 'no product_id', 1), ('holding', 'C201', 'market_value is not a finite number, or out of range', 1)$$,
  'rows that cannot be used, and why');
SELECT set_eq('SELECT "view", client_id, on_day, count(*) FROM mart.rejected WHERE reason = ''client_id is no client of the month'' GROUP BY 1, 2, 3', $$
  SELECT r.* FROM (
    SELECT 'balance' AS "view", client_id, on_day, count(*) FROM summary_source.balance GROUP BY 2, 3
    UNION ALL SELECT 'trade', client_id, on_day, count(*) FROM summary_source.trade GROUP BY 2, 3
    UNION ALL SELECT 'cash_flow', client_id, on_day, count(*) FROM summary_source.cash_flow GROUP BY 2, 3
    UNION ALL SELECT 'fee', client_id, on_day, count(*) FROM summary_source.fee GROUP BY 2, 3
    UNION ALL SELECT 'contact', client_id, on_day, count(*) FROM summary_source.contact GROUP BY 2, 3
    UNION ALL SELECT 'holding', client_id, on_day, count(*) FROM summary_source.holding WHERE on_day IN ('2024-01-31', '2024-02-28', '2024-04-30') GROUP BY 2, 3) AS r
  JOIN month AS m ON date_trunc('month', r.on_day) = m.month
  WHERE r.client_id IS NOT NULL AND NOT EXISTS (SELECT FROM member AS c WHERE c.month = m.month AND c.client_id = r.client_id)
    AND NOT EXISTS (SELECT FROM summary_source.client AS c WHERE c.client_id = r.client_id AND c.closed_on = m.month AND r.on_day = m.month AND coalesce(c.opened_on < m.month, true))$$,
  'and those of months in which the client was none, or of nobody; a relationship that ends on the first of the month may have rows of that day');
SELECT ok(count(*) > 0, 'and no later ones') FROM mart.rejected AS r JOIN summary_source.client AS c USING (client_id) WHERE c.closed_on = r.month AND r.on_day > r.month AND coalesce(c.opened_on < r.month, true);
SELECT is_empty($$SELECT * FROM mart.rejected WHERE (source_row::jsonb ->> 'client_id', (source_row::jsonb ->> 'on_day')::date) IS DISTINCT FROM (client_id, on_day) OR date_trunc('month', on_day) <> month$$, 'with the row itself');
SELECT ok(count(*) > 0, 'what a client has who is not in client') FROM mart.rejected WHERE client_id = 'C200';
SELECT is(closing_assets, 9::numeric, 'where two balances contradict each other, the one before stands') FROM mart.client_summary WHERE client_id = 'C207' AND month = '2024-02-01';
SELECT is((SELECT b.amount FROM pg_temp.daily('change') AS b WHERE b.client_id = 'C202' AND b.on_day = '2024-02-10'), 3::numeric, 'two that are the same are one');
UPDATE summary_source.balance SET amount = 0, on_day = on_day + 1 WHERE client_id = 'C204' AND amount = 'NaN';
SELECT matches(pg_temp.refreshed()::text, '2024-02-01', 'nothing on a day is another row than NaN the day before');
UPDATE summary_source.trade SET amount = 2 WHERE amount = 2.00004;
SELECT pg_temp.refreshed();
SELECT pg_temp.check_all('with rows that cannot be used', 'change');
SELECT pg_temp.same_as_anew('with rows that cannot be used');
DELETE FROM summary_source.balance WHERE client_id IS NULL;
DELETE FROM summary_source.fee WHERE kind = 'gift';
SELECT pg_temp.refreshed();
SELECT is_empty('SELECT * FROM mart.rejected WHERE "view" = ''balance'' AND client_id IS NULL OR source_row LIKE ''%gift%''', 'when they are put right they are rejected no more');
SELECT results_eq('SELECT rejected FROM mart.refresh_log WHERE month = ''2024-02-01''', 'SELECT count(*) FROM mart.rejected WHERE month = ''2024-02-01''', 'as the log counts');

------------------------------------------------------------------------------------------------------------------------
-- verify_mart finds what was tampered with
------------------------------------------------------------------------------------------------------------------------

UPDATE mart.client_summary SET inflow = inflow + 1, activity = NULL WHERE client_id = 'C301' AND month = '2024-02-01';
DELETE FROM mart.client_summary WHERE client_id = 'C302' AND month = '2024-04-01';
INSERT INTO mart.client_summary (month, client_id) VALUES ('2024-04-01', 'made up');
UPDATE mart.tier_month SET value = -1 WHERE client_id = 'C303';
SELECT set_has('SELECT kept_in, month, client_id, "column" FROM crm.verify_mart(''mart'', 1)', $$VALUES ('client_summary', date '2024-02-01', 'C301', 'inflow'), ('client_summary', '2024-04-01', 'C302', 'client_id'), ('client_summary', '2024-04-01', 'made up', 'client_id'),
  ('tier_month', '2024-01-01', 'C303', 'value')$$, 'verify_mart lists what differs');
SELECT is((recomputed::numeric, kept::numeric), (SELECT (inflow - 1, inflow) FROM mart.client_summary WHERE client_id = 'C301' AND month = '2024-02-01'), 'kept and recomputed') FROM crm.verify_mart('mart', 1) WHERE "column" = 'inflow';
SELECT is_empty('SELECT * FROM crm.verify_mart(''mart'', 1, from_month => ''2024-03-01'', to_month => ''2024-03-31'') WHERE kept_in = ''client_summary''', 'in some months');
UPDATE mart.client_summary SET minutes = minutes + 1;
CREATE TEMP TABLE verified AS SELECT 1 AS run, * FROM crm.verify_mart('mart', 50) UNION ALL SELECT 2, * FROM crm.verify_mart('mart', 50) UNION ALL SELECT 3, * FROM crm.verify_mart('mart', 50, seed => 1) UNION ALL SELECT 4, * FROM crm.verify_mart('mart', 0.01);
SELECT set_eq('SELECT month, client_id, "column" FROM verified WHERE run = 1', 'SELECT month, client_id, "column" FROM verified WHERE run = 2', 'the same seed, the same clients');
SELECT ok(count(DISTINCT client_id) FILTER (WHERE run = 1) BETWEEN 40 AND 50 AND count(DISTINCT client_id) FILTER (WHERE run = 4) BETWEEN :clients * 0.004 AND :clients * 0.016, 'a number of clients, or a share') FROM verified;
SELECT isnt_empty('SELECT client_id FROM verified WHERE run = 3 EXCEPT SELECT client_id FROM verified WHERE run = 1', 'another seed, others');
SELECT throws_ok(format('SELECT * FROM crm.verify_mart(''mart'', %s)', coalesce(s, 'NULL')), '22023', NULL, concat('a sample of ', coalesce(s, 'NULL'))) FROM unnest(ARRAY['0', '-1', NULL, '''NaN''']) AS s;
CALL crm.refresh_mart('mart', recompute_from => '-infinity', commit_each_month => false);
SELECT pg_temp.same_as_anew('recompute_from puts it right');

------------------------------------------------------------------------------------------------------------------------
-- Snapshot mode, without a tier policy
------------------------------------------------------------------------------------------------------------------------

SELECT crm.drop_mart('anew'), crm.drop_mart('mart');
SELECT count(*) FROM crm.create_mart('mart', 'summary_source', balance_mode => 'snapshot');
SELECT hasnt_table('mart', 'tier_month', 'no tier policy, no standings');
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT pg_temp.check_all('snapshot mode', 'snapshot');
DELETE FROM summary_source.trading_day WHERE on_day BETWEEN '2024-02-27' AND '2024-03-05';
INSERT INTO summary_source.balance SELECT client_id, '2024-02-26', 1000 + length(client_id) FROM summary_source.client WHERE client_id LIKE 'C5%' ON CONFLICT DO NOTHING;
SELECT pg_temp.refreshed();
SELECT pg_temp.check_all('snapshot mode, another calendar', 'snapshot');
SELECT is_empty('SELECT * FROM crm.verify_mart(''mart'', 500)', 'verify_mart agrees');
SELECT hasnt_column('mart', 'client_month', 'tier', 'client_month without tiers');
CREATE TEMP TABLE kept AS SELECT * FROM mart.client_summary;
SELECT results_eq(format('SELECT object, reason FROM crm.update_mart(''mart'', tiers => %L) WHERE object IN (''tier_month'', ''client_summary'')', :'tiers'), $$VALUES ('tier_month', 'empty until refresh_mart is called')$$, 'a tier policy that comes later');
SELECT is_empty('SELECT k::text FROM kept AS k EXCEPT SELECT s::text FROM mart.client_summary AS s', 'leaves the summaries');
CALL crm.refresh_mart('mart', check_from => 'infinity', commit_each_month => false);
SELECT results_eq('SELECT month, standings FROM mart.refresh_log WHERE has_standings', 'SELECT date ''2024-03-01'', count(*) FROM mart.tier_month', 'and is stepped through from them');
SELECT results_eq('SELECT object, reason FROM crm.update_mart(''mart'', balance_mode => ''change'') WHERE object IN (''tier_month'', ''client_summary'')',
  $$VALUES ('client_summary', 'what decides summaries is another: empty until refresh_mart is called'), ('tier_month', 'what decides tiers is another: empty until refresh_mart is called')$$, 'another mode empties both');
SELECT is_empty('SELECT FROM mart.client_summary UNION ALL SELECT FROM mart.rejected', 'all of it');
SELECT crm.drop_mart('mart');

------------------------------------------------------------------------------------------------------------------------
-- Sources that lack something
------------------------------------------------------------------------------------------------------------------------

CREATE SCHEMA summary_part;
CREATE FUNCTION pg_temp.without(lacking text, columns text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  DROP SCHEMA summary_part CASCADE;
  CREATE SCHEMA summary_part;
  FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'summary_source'::regnamespace AND relkind = 'r' AND relname <> lacking LOOP
    EXECUTE format('CREATE VIEW summary_part.%1$I AS SELECT * FROM summary_source.%1$I WHERE %2$s', name, CASE WHEN name IN ('cost', 'product', 'trading_day') THEN 'true' ELSE 'length(client_id) < 5' END);
  END LOOP;
  PERFORM * FROM crm.create_mart('part', 'summary_part', client_columns => '{branch_id}');
  CALL crm.refresh_mart('part', commit_each_month => false);
  FOR name IN SELECT attname FROM pg_attribute WHERE attrelid = 'part.client_summary'::regclass AND attnum > 0 AND attname NOT IN ('month', 'client_id') LOOP
    IF name = ANY (columns) THEN
      RETURN NEXT is_empty(format('SELECT FROM part.client_summary WHERE %I IS NOT NULL', name), format('no %s, no %s', lacking, name));
    ELSE
      RETURN NEXT isnt_empty(format('SELECT FROM part.client_summary WHERE %I IS NOT NULL', name), format('no %s, but %s', lacking, name));
    END IF;
  END LOOP;
  RETURN NEXT lives_ok('SELECT * FROM part.client_month', format('the view without %s', lacking));
  RETURN NEXT is_empty('SELECT * FROM crm.verify_mart(''part'', 1)', format('and verify_mart without %s', lacking));
  PERFORM crm.drop_mart('part');
END $$;
SELECT pg_temp.without('balance', '{opening_assets,closing_assets,average_assets,asset_days}');
SELECT pg_temp.without('trade', '{activity}');
SELECT pg_temp.without('cash_flow', '{inflow,outflow}');
SELECT pg_temp.without('fee', '{commission,advice,distribution,interest,other_fees}');
SELECT pg_temp.without('contact', '{contacts,minutes,service_cost}');
SELECT pg_temp.without('cost', '{service_cost}');
SELECT pg_temp.without('holding', '{products_held,classes_held,effective_classes}');
SELECT pg_temp.without('product', '{classes_held,effective_classes}');
SELECT pg_temp.without('trading_day', '{}');
-- columns that may be missing, and clients without days
DROP SCHEMA summary_part CASCADE;
CREATE SCHEMA summary_part;
CREATE VIEW summary_part.client AS SELECT client_id FROM summary_source.client WHERE length(client_id) < 5;
CREATE VIEW summary_part.trade AS SELECT client_id, on_day, amount::float8 AS amount FROM summary_source.trade;
CREATE VIEW summary_part.contact AS SELECT contact_id, client_id, on_day FROM summary_source.contact;
CREATE VIEW summary_part.cost AS SELECT channel, valid_from FROM summary_source.cost;
CREATE VIEW summary_part.product AS SELECT product_id FROM summary_source.product;
CREATE VIEW summary_part.holding AS SELECT client_id, product_id, on_day FROM summary_source.holding;
SELECT count(*) FROM crm.create_mart('part', 'summary_part');
CALL crm.refresh_mart('part', commit_each_month => false);
SELECT results_eq('SELECT count(activity) > 0, count(contacts) > 0, count(minutes), count(service_cost), count(products_held) > 0, count(classes_held), count(effective_classes) FROM part.client_summary',
  $$VALUES (true, true, 0::bigint, 0::bigint, true, 0::bigint, 0::bigint)$$, 'columns that are missing give empty ones');
SELECT is((SELECT count(*) FROM part.client_summary), (SELECT 4 * count(*) FROM summary_part.client), 'who has no opening day always was a client');
SELECT crm.drop_mart('part');
CREATE OR REPLACE VIEW summary_part.client AS SELECT client_id FROM summary_source.client WHERE false;
CREATE OR REPLACE VIEW summary_part.trade AS SELECT client_id, on_day, amount::float8 AS amount FROM summary_source.trade WHERE false;
CREATE OR REPLACE VIEW summary_part.holding AS SELECT client_id, product_id, on_day FROM summary_source.holding WHERE false;
SELECT count(*) FROM crm.create_mart('part', 'summary_part');
SELECT lives_ok('CALL crm.refresh_mart(''part'', commit_each_month => false)', 'a source without rows');
SELECT is_empty('SELECT month FROM part.client_summary UNION ALL SELECT month FROM part.refresh_log UNION ALL SELECT month FROM part.client_month', 'gives nothing');
SELECT is_empty('SELECT * FROM crm.verify_mart(''part'', 1)', 'which is right');
SELECT crm.drop_mart('part');

SELECT is_empty('SELECT n.nspname FROM pg_namespace AS n WHERE n.nspname IN (''mart'', ''anew'', ''part'')', 'nothing is left behind');
SELECT * FROM finish();
ROLLBACK;
