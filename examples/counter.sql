-- The tables of a securities broker's counter, as many Chinese brokers have them, and the views of the source contract over them. The tables and
-- their rows are made up, in schema counter; the views in schema source are what a DBA writes. Both schemas are dropped and made again.
--
--   psql -1 -f counter.sql                  if crm_ext is in schema crm, else with -v crm=SCHEMA
--
-- doc/counter.md explains the views one by one. What is peculiar to a counter:
-- * Days are integers, 20260131. No day is 0 or 19000101, and a day without end is 99991231: day() gives NULL for all three.
-- * Balances and positions are snapshots of each trading day. What is 0 has no row: create_mart must be told balance_mode => 'snapshot'.
-- * A customer has several accounts, an ordinary and a margin account say; the contract's rows are of clients.
-- * What is bought on margin is a debt of its own table. Net assets are cash and securities less the debt and its interest.
-- * What moves in and out and what was earned are entries of journals, with a mark where an entry was taken back.
-- * Kinds, states, sides and channels are codes. Amounts are in the currency of the account; the mart wants one.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
\if :{?crm}
\else
  \set crm crm
\endif

DROP SCHEMA IF EXISTS source, counter CASCADE;
CREATE SCHEMA counter;
COMMENT ON SCHEMA counter IS 'Tables as the counter of a securities broker has them, made up';

CREATE TABLE counter.customer (
  customer_no bigint PRIMARY KEY,
  type char(1) NOT NULL,
  state char(1) NOT NULL,
  open_date int NOT NULL,
  cancel_date int NOT NULL DEFAULT 0,
  birthday int NOT NULL DEFAULT 19000101,
  id_end_date int NOT NULL DEFAULT 99991231,
  branch_no int NOT NULL
);
COMMENT ON COLUMN counter.customer.type IS '0 person, 1 entity, 3 product';
COMMENT ON COLUMN counter.customer.state IS '0 normal, 1 frozen, 2 dormant, 3 cancelled';
CREATE INDEX ON counter.customer ((customer_no::text));

CREATE TABLE counter.risk_test (customer_no bigint, test_date int, risk_level int NOT NULL, lowest char(1) NOT NULL, PRIMARY KEY (customer_no, test_date));
COMMENT ON COLUMN counter.risk_test.lowest IS '1 if the customer is of the lowest class';

CREATE TABLE counter.account (
  account_no bigint PRIMARY KEY,
  customer_no bigint NOT NULL REFERENCES counter.customer,
  kind char(1) NOT NULL,
  open_date int NOT NULL,
  close_date int NOT NULL DEFAULT 0
);
COMMENT ON COLUMN counter.account.kind IS '0 ordinary, 7 margin';
CREATE INDEX ON counter.account ((customer_no::text));

CREATE TABLE counter.security (exchange char(2), code text, name text NOT NULL, type char(1) NOT NULL, currency char(3) NOT NULL, risk_level int NOT NULL, PRIMARY KEY (exchange, code));
COMMENT ON COLUMN counter.security.type IS '0 share, 1 fund, 2 bond';

CREATE TABLE counter.trading_date (exchange char(2), init_date int, PRIMARY KEY (exchange, init_date));
CREATE TABLE counter.rate (init_date int, currency char(3), rate numeric NOT NULL, PRIMARY KEY (init_date, currency));
COMMENT ON COLUMN counter.rate.rate IS 'CNY for one unit of the currency; CNY itself is in the table';

CREATE TABLE counter.cash_daily (init_date int, account_no bigint, currency char(3), amount numeric(18,2) NOT NULL, PRIMARY KEY (init_date, account_no, currency));
CREATE TABLE counter.position_daily (init_date int, account_no bigint, exchange char(2), code text, quantity numeric(18,2) NOT NULL, price numeric(18,4) NOT NULL,
  PRIMARY KEY (init_date, account_no, exchange, code));
CREATE TABLE counter.debt_daily (init_date int, account_no bigint, principal numeric(18,2) NOT NULL, interest numeric(18,2) NOT NULL, PRIMARY KEY (init_date, account_no));
CREATE TABLE counter.deal (init_date int, deal_no int, account_no bigint NOT NULL, exchange char(2) NOT NULL, code text NOT NULL, side char(1) NOT NULL, amount numeric(18,2) NOT NULL,
  channel char(1) NOT NULL, commission numeric(18,2) NOT NULL, PRIMARY KEY (init_date, deal_no));
COMMENT ON COLUMN counter.deal.side IS '1 bought, 2 sold';
COMMENT ON COLUMN counter.deal.channel IS '4 branch, 5 telephone, 7 app';
COMMENT ON COLUMN counter.deal.commission IS 'In the currency of the security, as amount is';
CREATE TABLE counter.movement (init_date int, movement_no int, account_no bigint NOT NULL, kind char(1) NOT NULL, currency char(3) NOT NULL, amount numeric(18,2) NOT NULL,
  reversed char(1) NOT NULL, PRIMARY KEY (init_date, movement_no));
COMMENT ON COLUMN counter.movement.kind IS '1 money from the bank, 2 money to the bank, 3 securities moved in, 4 securities moved out, at their value of the day, 5 interest of a margin loan paid';
COMMENT ON COLUMN counter.movement.reversed IS '1 if the entry was taken back';

-- The mart asks for a span of days of all clients, and for the days of one client: one index each. day() is IMMUTABLE, so it may stand in them.
CREATE INDEX ON counter.cash_daily (:"crm".day(init_date));
CREATE INDEX ON counter.cash_daily (account_no, :"crm".day(init_date));
CREATE INDEX ON counter.position_daily (:"crm".day(init_date));
CREATE INDEX ON counter.position_daily (account_no, :"crm".day(init_date));
CREATE INDEX ON counter.debt_daily (:"crm".day(init_date));
CREATE INDEX ON counter.debt_daily (account_no, :"crm".day(init_date));
CREATE INDEX ON counter.deal (:"crm".day(init_date));
CREATE INDEX ON counter.deal (account_no, :"crm".day(init_date));
CREATE INDEX ON counter.movement (:"crm".day(init_date));
CREATE INDEX ON counter.movement (account_no, :"crm".day(init_date));

\echo '  rows'
INSERT INTO counter.customer (customer_no, type, state, open_date, cancel_date, birthday, id_end_date, branch_no) VALUES
  (1001, '0', '0', 20190506, 0, 19800214, 20290214, 11),
  (1002, '1', '0', 20210111, 0, 19000101, 99991231, 11),
  (1003, '0', '2', 20240617, 0, 19951130, 20261130, 12),
  (1004, '0', '3', 20180301, 20260129, 19620909, 0, 12);
INSERT INTO counter.risk_test VALUES (1001, 20210301, 3, '0'), (1001, 20250120, 4, '0'), (1002, 20250110, 5, '0'), (1003, 20240617, 1, '1'), (1004, 20230301, 2, '0');
INSERT INTO counter.account VALUES (100101, 1001, '0', 20190506, 0), (100102, 1001, '7', 20220301, 0), (100201, 1002, '0', 20210111, 0), (100301, 1003, '0', 20240617, 0),
  (100401, 1004, '0', 20180301, 20260129);
INSERT INTO counter.security VALUES ('SH', '600001', 'Steel', '0', 'CNY', 3), ('SH', '900001', 'Steel B', '0', 'USD', 3), ('SZ', '159001', 'Money fund', '1', 'CNY', 1);
INSERT INTO counter.trading_date SELECT e, d FROM unnest(ARRAY['SH', 'SZ']) AS e, unnest(ARRAY[20260126, 20260127, 20260128, 20260129, 20260130]) AS d;
INSERT INTO counter.rate SELECT d, c, r FROM unnest(ARRAY[20260126, 20260127, 20260128, 20260129, 20260130]) AS d, (VALUES ('CNY', 1), ('USD', 7.0)) AS r (c, r);
-- 1001 holds Steel in both accounts, the second time on margin; 1002 has US dollars; 1003 has sold everything and withdrawn on the 29th; 1004 has left
INSERT INTO counter.cash_daily
SELECT d, 100101, 'CNY', 20000 FROM unnest(ARRAY[20260126, 20260127, 20260128, 20260129, 20260130]) AS d UNION ALL
SELECT d, 100201, 'USD', 5000 FROM unnest(ARRAY[20260126, 20260127, 20260128, 20260129, 20260130]) AS d UNION ALL
VALUES (20260128, 100301, 'CNY', 8000.00), (20260126, 100401, 'CNY', 300.00), (20260127, 100401, 'CNY', 300.00);
INSERT INTO counter.position_daily
SELECT d, a, 'SH', '600001', 1000, p FROM (VALUES (20260126, 10.0), (20260127, 10.2), (20260128, 10.1), (20260129, 9.8), (20260130, 10.5)) AS p (d, p), unnest(ARRAY[100101, 100102]) AS a UNION ALL
SELECT d, 100201, 'SH', '900001', 2000, 1.5 FROM unnest(ARRAY[20260129, 20260130]) AS d UNION ALL
VALUES (20260126, 100301, 'SZ', '159001', 80, 100), (20260127, 100301, 'SZ', '159001', 80, 100);
INSERT INTO counter.debt_daily SELECT d, 100102, 6000, 100 + d % 100 FROM unnest(ARRAY[20260126, 20260127, 20260128, 20260129, 20260130]) AS d;
INSERT INTO counter.deal VALUES (20260128, 1, 100301, 'SZ', '159001', '2', 8000.00, '7', 5.00), (20260129, 1, 100201, 'SH', '900001', '1', 3000.00, '4', 1.50);
-- 1003's first order to withdraw was taken back
INSERT INTO counter.movement VALUES (20260126, 1, 100102, '5', 'CNY', 42.00, '0'), (20260127, 1, 100301, '2', 'CNY', 8000.00, '1'), (20260128, 1, 100401, '2', 'CNY', 300.00, '0'),
  (20260129, 1, 100301, '2', 'CNY', 8000.00, '0'), (20260129, 2, 100201, '1', 'USD', 3000.00, '0');
ANALYZE;

\echo '  source views'
CREATE SCHEMA source;
COMMENT ON SCHEMA source IS 'The counter as crm_ext reads it: one view for each part of the source contract';

CREATE VIEW source.client WITH (security_invoker) AS
SELECT
  customer_no::text AS client_id,
  CASE type WHEN '0' THEN 'person' WHEN '1' THEN 'entity' WHEN '3' THEN 'product' END AS kind,
  :"crm".day(open_date) AS opened_on,
  :"crm".day(cancel_date) AS closed_on,
  :"crm".day(birthday) AS birth_date,
  branch_no::text AS branch_id,
  state = '2' AS dormant,
  state = '1' AS suspended,
  :"crm".day(id_end_date) AS id_expires_on
FROM counter.customer;
COMMENT ON VIEW source.client IS 'One row a customer; days without a meaning are empty';

CREATE VIEW source.client_profile WITH (security_invoker) AS
SELECT customer_no::text AS client_id, :"crm".day(test_date) AS valid_from, lead(:"crm".day(test_date)) OVER (PARTITION BY customer_no ORDER BY test_date) AS valid_to,
  'C' || risk_level AS risk_level, lowest = '1' AS lowest_class, :"crm".day(test_date) AS assessed_on
FROM counter.risk_test;
COMMENT ON VIEW source.client_profile IS 'Versions of the risk test: each holds until the next';

CREATE VIEW source.account WITH (security_invoker) AS
SELECT account_no::text AS account_id, customer_no::text AS client_id, CASE kind WHEN '0' THEN 'ordinary' WHEN '7' THEN 'margin' END AS kind,
  :"crm".day(open_date) AS opened_on, :"crm".day(close_date) AS closed_on
FROM counter.account;
COMMENT ON VIEW source.account IS 'One row an account; a customer has several';

CREATE VIEW source.product WITH (security_invoker) AS
SELECT exchange || code AS product_id, name, CASE type WHEN '0' THEN 'share' WHEN '1' THEN 'fund' WHEN '2' THEN 'bond' END AS kind, currency::text AS currency, 'R' || risk_level AS risk_level
FROM counter.security;
COMMENT ON VIEW source.product IS 'One row a security, by exchange and code';

CREATE VIEW source.trading_day WITH (security_invoker) AS
SELECT exchange::text AS market, :"crm".day(init_date) AS on_day
FROM counter.trading_date;
COMMENT ON VIEW source.trading_day IS 'Days on which an exchange trades: what tells a day without rows from a day without assets';

CREATE VIEW source.holding WITH (security_invoker) AS
SELECT a.customer_no::text AS client_id, p.exchange || p.code AS product_id, :"crm".day(p.init_date) AS on_day, sum(p.quantity) AS quantity,
  CASE WHEN count(*) = count(r.rate) THEN round(sum(p.quantity * p.price * r.rate), 2) END AS market_value
FROM counter.position_daily AS p
JOIN counter.account AS a ON a.account_no = p.account_no
LEFT JOIN counter.security AS s ON s.exchange = p.exchange AND s.code = p.code
LEFT JOIN counter.rate AS r ON r.init_date = p.init_date AND r.currency = s.currency
GROUP BY a.customer_no::text, p.exchange || p.code, :"crm".day(p.init_date);
COMMENT ON VIEW source.holding IS 'Positions of all accounts of a customer together, in CNY; market_value is empty where a rate is missing';

CREATE VIEW source.balance WITH (security_invoker) AS
SELECT client_id, on_day, CASE WHEN count(*) = count(amount) THEN round(sum(amount), 2) END AS amount
FROM (
  SELECT a.customer_no::text AS client_id, :"crm".day(c.init_date) AS on_day, c.amount * r.rate AS amount
  FROM counter.cash_daily AS c
  JOIN counter.account AS a ON a.account_no = c.account_no
  LEFT JOIN counter.rate AS r ON r.init_date = c.init_date AND r.currency = c.currency
  UNION ALL
  SELECT a.customer_no::text, :"crm".day(p.init_date), p.quantity * p.price * r.rate
  FROM counter.position_daily AS p
  JOIN counter.account AS a ON a.account_no = p.account_no
  LEFT JOIN counter.security AS s ON s.exchange = p.exchange AND s.code = p.code
  LEFT JOIN counter.rate AS r ON r.init_date = p.init_date AND r.currency = s.currency
  UNION ALL
  SELECT a.customer_no::text, :"crm".day(d.init_date), -(d.principal + d.interest)
  FROM counter.debt_daily AS d
  JOIN counter.account AS a ON a.account_no = d.account_no) AS part
GROUP BY client_id, on_day;
COMMENT ON VIEW source.balance IS 'Net assets of all accounts of a customer together: cash and securities less the margin debt, in CNY; empty where a rate is missing. A trading day without a row is 0';

CREATE VIEW source.trade WITH (security_invoker) AS
SELECT d.init_date || '-' || d.deal_no AS trade_id, a.customer_no::text AS client_id, d.exchange || d.code AS product_id, :"crm".day(d.init_date) AS on_day,
  CASE d.side WHEN '1' THEN 'buy' WHEN '2' THEN 'sell' END AS side, round(d.amount * r.rate, 2) AS amount,
  CASE d.channel WHEN '4' THEN 'branch' WHEN '5' THEN 'telephone' WHEN '7' THEN 'app' END AS channel
FROM counter.deal AS d
JOIN counter.account AS a ON a.account_no = d.account_no
LEFT JOIN counter.security AS s ON s.exchange = d.exchange AND s.code = d.code
LEFT JOIN counter.rate AS r ON r.init_date = d.init_date AND r.currency = s.currency;
COMMENT ON VIEW source.trade IS 'What was bought and sold, in CNY';

CREATE VIEW source.cash_flow WITH (security_invoker) AS
SELECT a.customer_no::text AS client_id, :"crm".day(m.init_date) AS on_day, round(CASE WHEN m.kind IN ('1', '3') THEN m.amount ELSE -m.amount END * r.rate, 2) AS amount
FROM counter.movement AS m
JOIN counter.account AS a ON a.account_no = m.account_no
LEFT JOIN counter.rate AS r ON r.init_date = m.init_date AND r.currency = m.currency
WHERE m.kind IN ('1', '2', '3', '4') AND m.reversed = '0';
COMMENT ON VIEW source.cash_flow IS 'Money and securities that came in and went out, in CNY; what moves between the accounts of a customer does neither';

CREATE VIEW source.fee WITH (security_invoker) AS
SELECT a.customer_no::text AS client_id, :"crm".day(d.init_date) AS on_day, 'commission' AS kind, round(d.commission * r.rate, 2) AS amount
FROM counter.deal AS d
JOIN counter.account AS a ON a.account_no = d.account_no
LEFT JOIN counter.security AS s ON s.exchange = d.exchange AND s.code = d.code
LEFT JOIN counter.rate AS r ON r.init_date = d.init_date AND r.currency = s.currency
UNION ALL
SELECT a.customer_no::text, :"crm".day(m.init_date), 'interest', round(m.amount * r.rate, 2)
FROM counter.movement AS m
JOIN counter.account AS a ON a.account_no = m.account_no
LEFT JOIN counter.rate AS r ON r.init_date = m.init_date AND r.currency = m.currency
WHERE m.kind = '5' AND m.reversed = '0';
COMMENT ON VIEW source.fee IS 'Commissions of deals and interest of margin loans, in CNY';

RESET client_min_messages;
