-- Ten retail investors and what they traded in nine years, as crm_ext reads it: the files as they are in schema disposition_effect, and
-- over them the views of the source contract in schema source. Both schemas are dropped and made again.
--
--   psql -1 -v directory=/path/to/disposition-effect -f disposition_effect.sql
--
-- DEanalysis_transactions.csv and DEanalysis_marketprices.csv.gz are the data set DEanalysis of the R package dispositionEffect 1.0.1
-- (L. Mazzucchelli and M. Zanotti, licence MIT): 4,917 real trades of 10 investors in 337 securities, 2010 to 2018, and for each
-- moment of a trade the prices of what the investor had. gzip reads the second file.
--
-- What the files say and what the views make of it:
-- * A row is a trade: investor, B or S, security, quantity, price, moment. Its place in the file is the trade_id; the files have
--   no numbers. The amount is quantity times price to the cent. Quantities come as 2e+05, prices as 9e-04: numeric reads both.
-- * Eight purchases have the quantity 0: an order without an execution, or a fraction that was cut off. Nobody knows what they cost;
--   trade, whose amounts are above 0, leaves them out.
-- * Positions are the running sums of the trades; the files have none of their own. A sale of more than was bought is a position below
--   0: these investors sold short, and some may have held before 2010 what they sold. The quantity and the value are negative then.
-- * holding has the positions at the end of every month. A position is worth the newest price up to that day, whoever traded then.
--   Prices are there for the moments of trades only: a position that nobody trades keeps an old price.
-- * The files know no splits and no rights issues, and a code may come to stand for another security. One consolidation is beyond doubt:
--   the price of GAS3L goes from 0.12 to 121 on 2018-05-16, and an investor who had bought 74,000 sells 74. The table adjustment has it,
--   and room for more. Where nothing proves it, as in SPM of 2017, the position stays what the trades add up to.
-- * balance is what the positions are worth, on the days on which the investor traded and at month ends (balance mode: change). What
--   cash the investors had is not known. So a purchase is paid with money that comes in, and what a sale brings goes out: that is
--   cash_flow, and what remains of a change of the balance is the market.
-- * A client is one from the day of the first trade on. Names, kinds and currencies of the securities are not known.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
\if :{?directory}
\else
  DO 'BEGIN RAISE EXCEPTION ''say where the files are: psql -v directory=/path/to/disposition-effect -f disposition_effect.sql''; END';
\endif

DROP SCHEMA IF EXISTS source, disposition_effect CASCADE;
CREATE SCHEMA disposition_effect;
COMMENT ON SCHEMA disposition_effect IS 'DEanalysis of the R package dispositionEffect (MIT), the files as they are, and positions derived from them';

CREATE TABLE disposition_effect.transaction (
  place int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  investor text NOT NULL,
  type text NOT NULL CHECK (type IN ('B', 'S')),
  asset text NOT NULL,
  quantity numeric NOT NULL,
  price numeric NOT NULL,
  traded_at timestamp NOT NULL
);
COMMENT ON TABLE disposition_effect.transaction IS 'DEanalysis_transactions.csv: trades, in the order of the file';

CREATE TABLE disposition_effect.market_price (
  asset text,
  priced_at timestamp,
  price numeric NOT NULL,
  PRIMARY KEY (asset, priced_at)
);
COMMENT ON TABLE disposition_effect.market_price IS 'DEanalysis_marketprices.csv.gz: prices at the moments of trades';

CREATE TABLE disposition_effect.adjustment (
  investor text,
  asset text,
  on_day date,
  quantity numeric NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (investor, asset, on_day)
);
COMMENT ON TABLE disposition_effect.adjustment IS 'Changes of positions that are no trades, which the files do not have';
INSERT INTO disposition_effect.adjustment VALUES ('44382', 'GAS3L', '2018-05-16', 74 - 74000, '1,000 units became one');

\cd :directory
\echo '  DEanalysis_transactions.csv, DEanalysis_marketprices.csv.gz'
\copy disposition_effect.transaction (investor, type, asset, quantity, price, traded_at) FROM 'DEanalysis_transactions.csv' WITH (FORMAT csv, HEADER true)
\copy disposition_effect.market_price FROM PROGRAM 'gzip -dc DEanalysis_marketprices.csv.gz' WITH (FORMAT csv, HEADER true)
CREATE INDEX ON disposition_effect.transaction (investor, traded_at);
CREATE INDEX ON disposition_effect.transaction ((traded_at::date));
ANALYZE disposition_effect.transaction, disposition_effect.market_price;

\echo '  positions'
-- The days on which an investor's positions are valued: days with a trade of that investor, and month ends from the first trade on.
CREATE TABLE disposition_effect.position (
  investor text,
  asset text,
  on_day date,
  quantity numeric NOT NULL,
  market_value numeric(18, 2) NOT NULL,
  PRIMARY KEY (investor, on_day, asset)
);
COMMENT ON TABLE disposition_effect.position IS 'What an investor held at the end of a day, a running sum of the trades, at the newest price; without what came to nothing';

CREATE TABLE disposition_effect.valuation (
  investor text,
  on_day date,
  is_month_end bool NOT NULL,
  market_value numeric(18, 2) NOT NULL,
  PRIMARY KEY (investor, on_day)
);
COMMENT ON TABLE disposition_effect.valuation IS 'What the positions of an investor were worth together at the end of a day, also where that is nothing';

CREATE TEMP TABLE month_end AS
SELECT (month + interval '1 month')::date - 1 AS on_day
FROM (SELECT generate_series(date_trunc('month', min(traded_at)), date_trunc('month', max(traded_at)), interval '1 month') AS month
      FROM disposition_effect.transaction) AS m;

CREATE TEMP TABLE valued_day AS
SELECT investor, on_day, bool_or(is_month_end) AS is_month_end
FROM (
  SELECT investor, traded_at::date AS on_day, false AS is_month_end FROM disposition_effect.transaction
  UNION ALL
  SELECT i.investor, m.on_day, true
  FROM (SELECT investor, min(traded_at)::date AS first_on FROM disposition_effect.transaction GROUP BY investor) AS i
  JOIN month_end AS m ON m.on_day >= i.first_on) AS d
GROUP BY investor, on_day;

WITH run AS (           -- a position holds from a day on which it changed until the next such day
  SELECT investor, asset, on_day, sum(change) OVER earlier AS quantity, lead(on_day) OVER earlier AS next_on
  FROM (
    SELECT investor, asset, on_day, sum(change) AS change
    FROM (
      SELECT investor, asset, traded_at::date AS on_day, CASE type WHEN 'B' THEN quantity ELSE -quantity END AS change
      FROM disposition_effect.transaction
      UNION ALL
      SELECT investor, asset, on_day, quantity FROM disposition_effect.adjustment) AS c
    GROUP BY investor, asset, on_day) AS c
  WINDOW earlier AS (PARTITION BY investor, asset ORDER BY on_day))
INSERT INTO disposition_effect.position
SELECT d.investor, r.asset, d.on_day, r.quantity, round(r.quantity * p.price, 2)
FROM valued_day AS d
JOIN run AS r ON r.investor = d.investor AND d.on_day >= r.on_day AND (r.next_on IS NULL OR d.on_day < r.next_on)
CROSS JOIN LATERAL (
  SELECT m.price FROM disposition_effect.market_price AS m
  WHERE m.asset = r.asset AND m.priced_at < d.on_day + 1 ORDER BY m.priced_at DESC LIMIT 1) AS p
WHERE r.quantity <> 0
ORDER BY d.on_day, d.investor, r.asset;

INSERT INTO disposition_effect.valuation
SELECT d.investor, d.on_day, d.is_month_end, coalesce(sum(p.market_value), 0)
FROM valued_day AS d LEFT JOIN disposition_effect.position AS p USING (investor, on_day)
GROUP BY d.investor, d.on_day, d.is_month_end
ORDER BY d.on_day, d.investor;
DROP TABLE month_end, valued_day;
CREATE INDEX ON disposition_effect.position (on_day);
CREATE INDEX ON disposition_effect.valuation (on_day);

\echo '  source views'
CREATE SCHEMA source;
COMMENT ON SCHEMA source IS 'The investors of DEanalysis as crm_ext reads them: one view for each part of the source contract';

CREATE VIEW source.client WITH (security_invoker) AS
SELECT investor AS client_id, 'person' AS kind, min(traded_at)::date AS opened_on FROM disposition_effect.transaction GROUP BY investor;
COMMENT ON VIEW source.client IS 'One row an investor; opened_on is the day of the first trade';

CREATE VIEW source.product WITH (security_invoker) AS
SELECT DISTINCT asset AS product_id FROM disposition_effect.transaction;
COMMENT ON VIEW source.product IS 'One row a security that was traded';

CREATE VIEW source.trade WITH (security_invoker) AS
SELECT place::text AS trade_id, investor AS client_id, asset AS product_id, traded_at::date AS on_day, CASE type WHEN 'B' THEN 'buy' ELSE 'sell' END AS side,
  round(quantity * price, 2) AS amount, quantity, price, traded_at
FROM disposition_effect.transaction
WHERE quantity > 0;
COMMENT ON VIEW source.trade IS 'One row a trade; without the eight of quantity 0';

CREATE VIEW source.holding WITH (security_invoker) AS
SELECT p.investor AS client_id, p.asset AS product_id, p.on_day, p.quantity, p.market_value
FROM disposition_effect.position AS p JOIN disposition_effect.valuation AS v USING (investor, on_day)
WHERE v.is_month_end;
COMMENT ON VIEW source.holding IS 'Positions at month ends; below 0 where sold short';

CREATE VIEW source.balance WITH (security_invoker) AS
SELECT investor AS client_id, on_day, market_value AS amount FROM disposition_effect.valuation;
COMMENT ON VIEW source.balance IS 'What the positions are worth, on days with a trade and at month ends (balance mode: change); cash is not known';

CREATE VIEW source.cash_flow WITH (security_invoker) AS
SELECT client_id, on_day, CASE side WHEN 'buy' THEN amount ELSE -amount END AS amount, trade_id FROM source.trade;
COMMENT ON VIEW source.cash_flow IS 'Purchases are paid with money that comes in, what sales bring goes out';

ANALYZE disposition_effect.position, disposition_effect.valuation;
RESET client_min_messages;
