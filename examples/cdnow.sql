-- CDNOW, the purchases of an online music shop's new customers, as crm_ext reads it: the file as it is in schema cdnow, and over it
-- the views of the source contract in schema source. Both schemas are dropped and made again.
--
--   psql -1 -v directory=/path/to/cdnow -f cdnow.sql
--
-- CDNOW_master.txt: the entire purchase history, up to the end of June 1998, of 23,570 customers whose first purchase was in the
-- first quarter of 1997. P. S. Fader and B. G. S. Hardie: Notes on the CDNOW Master Data Set (brucehardie.com/notes/026). No licence
-- is stated; the authors offer it for research and teaching.
--
-- What the file says and what the views make of it:
-- * A row is a purchase: customer, day as 19970101, number of CDs, dollars. There are clients and purchases and nothing else: no
--   products, so trade has no product_id; no balances, holdings or profiles. The mart says what it leaves out for that.
-- * A client is one from the day of the first purchase on (opened_on). Nobody ever closes.
-- * Purchases have no number. Their place in the file is their trade_id, so two purchases on one day stay two.
-- * 80 purchases cost nothing. They count as purchases, as they do in the published figures, so the view has them. The contract asks
--   for amounts above 0: check_source warns of them, and a mart's months set them aside in its table rejected.
-- * The published models are calibrated on the first 39 weeks, to 1997-09-30, and tested on the 39 that follow.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
\if :{?directory}
\else
  DO 'BEGIN RAISE EXCEPTION ''say where the file is: psql -v directory=/path/to/cdnow -f cdnow.sql''; END';
\endif

DROP SCHEMA IF EXISTS source, cdnow CASCADE;
CREATE SCHEMA cdnow;
COMMENT ON SCHEMA cdnow IS 'CDNOW (Fader and Hardie), the file as it is';

CREATE TABLE cdnow.line (
  place int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  line text NOT NULL
);
COMMENT ON TABLE cdnow.line IS 'CDNOW_master.txt, line by line; the first is the heading';

\cd :directory
\echo '  CDNOW_master.txt'
\copy cdnow.line (line) FROM 'CDNOW_master.txt'

CREATE TABLE cdnow.purchase (
  purchase_id int PRIMARY KEY,
  customer_id text NOT NULL,
  on_day date NOT NULL,
  cds int NOT NULL,
  dollars numeric(10, 2) NOT NULL
);
COMMENT ON TABLE cdnow.purchase IS 'The lines as columns; purchase_id is the place in the file';

INSERT INTO cdnow.purchase
SELECT place - 1, word[1], to_date(word[2], 'YYYYMMDD'), word[3]::int, word[4]::numeric
FROM cdnow.line CROSS JOIN LATERAL regexp_split_to_array(btrim(line), ' +') AS word
WHERE place > 1
ORDER BY place;
CREATE INDEX ON cdnow.purchase (customer_id, on_day);
CREATE INDEX ON cdnow.purchase (on_day);

CREATE TABLE cdnow.customer (
  customer_id text PRIMARY KEY,
  first_purchase_on date NOT NULL
);
COMMENT ON TABLE cdnow.customer IS 'One row a customer of the file';
INSERT INTO cdnow.customer SELECT customer_id, min(on_day) FROM cdnow.purchase GROUP BY customer_id ORDER BY customer_id;

\echo '  source views'
CREATE SCHEMA source;
COMMENT ON SCHEMA source IS 'CDNOW as crm_ext reads it: one view for each part of the source contract';

CREATE VIEW source.client WITH (security_invoker) AS
SELECT customer_id AS client_id, 'person' AS kind, first_purchase_on AS opened_on FROM cdnow.customer;
COMMENT ON VIEW source.client IS 'One row a customer; opened_on is the day of the first purchase';

CREATE VIEW source.trade WITH (security_invoker) AS
SELECT purchase_id::text AS trade_id, customer_id AS client_id, on_day, 'buy' AS side, dollars AS amount, cds FROM cdnow.purchase;
COMMENT ON VIEW source.trade IS 'One row a purchase, in dollars; cds is the number of CDs';

ANALYZE cdnow.line, cdnow.purchase, cdnow.customer;
RESET client_min_messages;
