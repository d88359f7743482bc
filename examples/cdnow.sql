-- CDNOW, the purchases of the customers of a shop, as crm_ext reads them: the file as it is in schema cdnow, and over it the views of the
-- source contract in schema source. Both schemas are dropped and made again. It is the smallest source there is: clients and trades.
--
--   psql -1 -v directory=/path/to/cdnow -f cdnow.sql
--
-- All 23,570 customers who bought at CDNOW for the first time in the first quarter of 1997, and their 69,659 purchases until the end of June
-- 1998. P. S. Fader, B. G. S. Hardie: Notes on the CDNOW Master Data Set (brucehardie.com/notes/026). No licence is stated; the authors offer it
-- for research and teaching. The lines of CDNOW_master.txt are customer, day (yyyymmdd), number of CDs, dollars, between blanks.
--
-- What the file says and what the views make of it:
-- * A customer is a client from the day of the first purchase. Nobody says when one left, so there is no closed_on.
-- * 80 purchases are of 0 dollars. The contract has trades above 0 only, so the view trade leaves them out: neither their day nor their amount
--   counts. 68 customers have no other purchase: they are clients without a trade. Where a purchase of 0 ends the silence of a client, the
--   figures of the models differ a little from those in the literature, which count it as a purchase.
-- * Purchases of a customer on one day are as many trades; the models count the day once, as the literature does.
-- * There are no products, holdings, balances or profiles; the mart says what it leaves out for that.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
\if :{?directory}
\else
  DO 'BEGIN RAISE EXCEPTION ''say where the file is: psql -v directory=/path/to/cdnow -f cdnow.sql''; END';
\endif

DROP SCHEMA IF EXISTS source, cdnow CASCADE;
CREATE SCHEMA cdnow;
COMMENT ON SCHEMA cdnow IS 'CDNOW (Fader and Hardie), the file as it is';

CREATE TEMP TABLE cdnow_line (number int GENERATED ALWAYS AS IDENTITY, line text NOT NULL);
\cd :directory
\echo '  CDNOW_master.txt'
\copy cdnow_line (line) FROM 'CDNOW_master.txt' WITH (HEADER true)

CREATE TABLE cdnow.purchase (
  number int PRIMARY KEY,
  customer_id text NOT NULL,
  on_day date NOT NULL,
  cds int NOT NULL,
  dollars numeric NOT NULL
);
COMMENT ON TABLE cdnow.purchase IS 'CDNOW_master.txt: the purchases';
COMMENT ON COLUMN cdnow.purchase.number IS 'Place in the file';
INSERT INTO cdnow.purchase
SELECT l.number, f.field[1], f.field[2]::date, f.field[3]::int, f.field[4]::numeric
FROM cdnow_line AS l
CROSS JOIN LATERAL (SELECT regexp_split_to_array(btrim(l.line, E' \r'), ' +') AS field) AS f;
DROP TABLE cdnow_line;

CREATE TABLE cdnow.customer (customer_id text PRIMARY KEY, first_on date NOT NULL);
COMMENT ON TABLE cdnow.customer IS 'The customers of the file, with the day of the first purchase';
INSERT INTO cdnow.customer SELECT customer_id, min(on_day) FROM cdnow.purchase GROUP BY customer_id;

CREATE INDEX ON cdnow.purchase (customer_id, on_day);
CREATE INDEX ON cdnow.purchase (on_day);

\echo '  source views'
CREATE SCHEMA source;
COMMENT ON SCHEMA source IS 'CDNOW as crm_ext reads it: one view for each part of the source contract';

CREATE VIEW source.client WITH (security_invoker) AS
SELECT customer_id AS client_id, 'person' AS kind, first_on AS opened_on
FROM cdnow.customer;
COMMENT ON VIEW source.client IS 'One row a customer; opened_on is the day of the first purchase, be it of 0 dollars';

CREATE VIEW source.trade WITH (security_invoker) AS
SELECT number::text AS trade_id, customer_id AS client_id, on_day, 'buy' AS side, dollars AS amount
FROM cdnow.purchase
WHERE dollars > 0;
COMMENT ON VIEW source.trade IS 'The purchases of more than 0 dollars';

ANALYZE cdnow.purchase, cdnow.customer;
RESET client_min_messages;
