-- The ledgers of ten private investors, 4,917 real purchases and sales, as crm_ext reads them: the files as they are, and positions made from
-- them, in schema disposition, and over these the views of the source contract in schema source. Both schemas are dropped and made again.
--
--   psql -1 -v directory=/path/to/disposition-effect -f disposition_effect.sql
--
-- The files are DEanalysis_transactions.csv and DEanalysis_marketprices.csv.gz of the R package dispositionEffect (L. Mazzucchelli, M. Zanotti;
-- licence MIT). gzip must be on the path.
--
-- What the files say and what the views make of it:
-- * Every ledger has 482 to 500 rows, so it is a part of what the investor did. Nothing is known of the investor before the first and after the
--   last row: a client is opened on the day of the first and closed on the day after the last. It is the ledger that ends, not the relationship;
--   do not count by it who stays and who leaves.
-- * Eight purchases are of quantity 0. They move nothing, and the contract has trades above 0 only: the view trade leaves them out. A quantity
--   is written 2e+05.
-- * The amount of a trade is quantity times price. Futures on the index, MINI with a digit and the letter of the month, have prices in points:
--   their amounts are what was traded, not what was paid.
-- * Holdings are running quantities at the ends of months, valued with the newest price at or before them; priced_on says of which day, half are
--   of the last 4 days, one in twenty is older than 120. The files have prices only of moments at which someone trades.
-- * What was held before the first row is not in the files. Where a running quantity falls below 0, there was something, or it was sold short: the
--   whole pair of investor and asset is left out of the holdings, 115 of 576, some of them futures. So are other futures, whose price is not their
--   value, and positions over which the price more than trebled, or fell below a third, from one moment to the next: consolidated or
--   split, by all appearance, so the quantity is no longer what the ledger adds up to. Smaller splits go unseen. Of 3,415 positions 1,522 stay.
-- * There is no balance: the cash of the investors is in no file, and what is left of the positions is not all they have. The mart takes the
--   value of the holdings for assets where it needs some, which shows who holds what, not who is rich.
-- * The files have no names, kinds, currencies or grades of assets, and no profiles; the mart says what it leaves out for that.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
\if :{?directory}
\else
  DO 'BEGIN RAISE EXCEPTION ''say where the files are: psql -v directory=/path/to/disposition-effect -f disposition_effect.sql''; END';
\endif

DROP SCHEMA IF EXISTS source, disposition CASCADE;
CREATE SCHEMA disposition;
COMMENT ON SCHEMA disposition IS 'Ledgers of ten investors (R package dispositionEffect, MIT), the files as they are, and positions made from them';

CREATE TABLE disposition.transaction (
  number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  investor text NOT NULL,
  type text NOT NULL CHECK (type IN ('B', 'S')),
  asset text NOT NULL,
  quantity numeric NOT NULL,
  price numeric NOT NULL,
  executed_at timestamp NOT NULL
);
COMMENT ON TABLE disposition.transaction IS 'DEanalysis_transactions.csv: what was bought (B) and sold (S)';
COMMENT ON COLUMN disposition.transaction.number IS 'Place in the file';

CREATE TABLE disposition.market_price (
  asset text,
  quoted_at timestamp,
  price numeric NOT NULL,
  PRIMARY KEY (asset, quoted_at)
);
COMMENT ON TABLE disposition.market_price IS 'DEanalysis_marketprices.csv: prices of all assets of an investor whenever the investor trades one';

\cd :directory
\echo '  DEanalysis_transactions.csv'
\copy disposition.transaction (investor, type, asset, quantity, price, executed_at) FROM 'DEanalysis_transactions.csv' WITH (FORMAT csv, HEADER true)
\echo '  DEanalysis_marketprices.csv.gz'
\copy disposition.market_price FROM PROGRAM 'gzip -dc DEanalysis_marketprices.csv.gz' WITH (FORMAT csv, HEADER true)
CREATE INDEX ON disposition.transaction (investor, executed_at);
ANALYZE disposition.transaction, disposition.market_price;

\echo '  positions at the ends of months'
CREATE TABLE disposition.position_month_end (
  investor text,
  asset text,
  on_day date,
  quantity numeric NOT NULL,
  market_value numeric(18,2) NOT NULL,
  priced_on date NOT NULL,
  PRIMARY KEY (investor, asset, on_day)
);
COMMENT ON TABLE disposition.position_month_end IS 'Positions that the ledger gives without doubt at the ends of months, at the newest price';
WITH movement AS (
  SELECT investor, asset, executed_at, moved, sum(moved) OVER ledger AS held, lead(executed_at) OVER ledger AS next_at
  FROM (SELECT investor, asset, executed_at, CASE type WHEN 'B' THEN quantity ELSE -quantity END AS moved FROM disposition.transaction) AS t
  WINDOW ledger AS (PARTITION BY investor, asset ORDER BY executed_at)
), position AS (
  SELECT investor, asset, executed_at, held, next_at, min(held) OVER (PARTITION BY investor, asset) AS lowest,
    max(executed_at) FILTER (WHERE held = moved) OVER (PARTITION BY investor, asset ORDER BY executed_at) AS held_since
  FROM movement
), jump AS (
  SELECT asset, quoted_at
  FROM (SELECT asset, quoted_at, price, lag(price) OVER (PARTITION BY asset ORDER BY quoted_at) AS before FROM disposition.market_price) AS p
  WHERE price > 3 * before OR 3 * price < before
), month_end AS (
  SELECT (m + interval '1 month')::date - 1 AS on_day
  FROM (SELECT date_trunc('month', min(executed_at)) AS first, max(executed_at) AS last FROM disposition.transaction) AS t, generate_series(first, last, '1 month') AS m
), ledger AS (
  SELECT investor, max(executed_at)::date AS last_on FROM disposition.transaction GROUP BY investor
)
INSERT INTO disposition.position_month_end
SELECT p.investor, p.asset, m.on_day, p.held, round(p.held * q.price, 2), q.quoted_at::date
FROM position AS p
JOIN ledger AS l ON l.investor = p.investor
JOIN month_end AS m ON m.on_day >= p.executed_at::date AND m.on_day <= l.last_on AND (p.next_at IS NULL OR m.on_day < p.next_at::date)
CROSS JOIN LATERAL (
  SELECT q.price, q.quoted_at FROM disposition.market_price AS q WHERE q.asset = p.asset AND q.quoted_at < m.on_day + 1 ORDER BY q.quoted_at DESC LIMIT 1) AS q
WHERE p.held > 0 AND p.lowest >= 0 AND p.asset !~ '^MINI[0-9][A-Z]$'
  AND NOT EXISTS (SELECT FROM jump AS j WHERE j.asset = p.asset AND j.quoted_at >= p.held_since AND j.quoted_at < m.on_day + 1);
CREATE INDEX ON disposition.position_month_end (on_day);
ANALYZE disposition.position_month_end;

\echo '  source views'
CREATE SCHEMA source;
COMMENT ON SCHEMA source IS 'Ten ledgers as crm_ext reads them: one view for each part of the source contract';

CREATE VIEW source.client WITH (security_invoker) AS
SELECT investor AS client_id, 'person' AS kind, min(executed_at)::date AS opened_on, max(executed_at)::date + 1 AS closed_on
FROM disposition.transaction
GROUP BY investor;
COMMENT ON VIEW source.client IS 'One row an investor, from the first day of the ledger to the last';
COMMENT ON COLUMN source.client.closed_on IS 'The day after the last row of the ledger: after it nothing is known, the investor need not have left';

CREATE VIEW source.product WITH (security_invoker) AS
SELECT DISTINCT asset AS product_id, asset AS name
FROM disposition.market_price;
COMMENT ON VIEW source.product IS 'One row an asset';

CREATE VIEW source.trade WITH (security_invoker) AS
SELECT number::text AS trade_id, investor AS client_id, asset AS product_id, executed_at::date AS on_day, CASE type WHEN 'B' THEN 'buy' ELSE 'sell' END AS side,
  round(quantity * price, 2) AS amount
FROM disposition.transaction
WHERE quantity > 0;
COMMENT ON VIEW source.trade IS 'The purchases and sales of more than nothing';

CREATE VIEW source.holding WITH (security_invoker) AS
SELECT investor AS client_id, asset AS product_id, on_day, quantity, market_value, priced_on
FROM disposition.position_month_end;
COMMENT ON VIEW source.holding IS 'Positions at the ends of months, as far as the ledger gives them without doubt';
COMMENT ON COLUMN source.holding.priced_on IS 'Day of the price in market_value';

RESET client_min_messages;
