-- Activity summaries of public data that does not come with the project: CRM_EXT_DATA is a folder with cdnow, rfm and rfm-lifetimes in it.
\set directory `test -r "$CRM_EXT_DATA/cdnow/CDNOW_master.txt" && echo "$CRM_EXT_DATA"`
SELECT :'directory' = '' AS absent \gset
\if :absent
  SELECT plan(1);
  SELECT skip('the public data sets are not here: set CRM_EXT_DATA', 1);
  SELECT * FROM finish();
  \quit
\endif
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = crm, public;
SET LOCAL datestyle = ISO;
SELECT no_plan();

------------------------------------------------------------------------------------------------------------------------
-- CDNOW (Fader and Hardie): 23,570 customers whose first purchase was in the first quarter of 1997, to June 1998
------------------------------------------------------------------------------------------------------------------------

\set command 'sed ''s/\\r$//; s/^ *//; s/  */ /g'' "' :directory '/cdnow/CDNOW_master.txt" | sed 1d'
CREATE TABLE purchase (customer_id text, on_day text, cds int, dollars numeric);
COPY purchase FROM PROGRAM :'command' (DELIMITER ' ');
CREATE TABLE customer AS SELECT customer_id, activity(on_day::date, dollars) AS a FROM purchase GROUP BY 1;
SELECT is((SELECT (count(*), sum(events(a)))::text FROM customer), '(23570,69659)', '23,570 customers and 69,659 purchases');
SELECT is((SELECT total(rollup(a)) FROM customer), (SELECT sum(dollars) FROM purchase), 'the rollup of all customers has every cent');
SELECT ok((SELECT max(first_day(a)) < '1997-04-01' AND max(last_day(a)) <= '1998-06-30' FROM customer), 'the cohort is that of the first quarter of 1997');

-- The sample of one customer in ten: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005),
-- calibrate on the first 39 weeks, to 1997-09-30. Purchases of one customer on one day are one transaction there, as here.
\set command 'sed ''s/\\r$//; s/^ *//; s/  */ /g'' "' :directory '/cdnow/CDNOW_sample.txt"'
CREATE TABLE sampled (master_id text, customer_id text, on_day text, cds int, dollars numeric);
COPY sampled FROM PROGRAM :'command' (DELIMITER ' ');
CREATE TABLE sample AS SELECT customer_id, activity(on_day::date, dollars) AS a FROM sampled GROUP BY 1;
SELECT results_eq($$ SELECT least(frequency(a, '1997-09-30'), 7), count(*)::int FROM sample GROUP BY 1 ORDER BY 1 $$,
  $$ VALUES (0, 1411), (1, 439), (2, 214), (3, 100), (4, 62), (5, 38), (6, 29), (7, 64) $$, 'the frequency histogram of the calibration period: 2,357 customers');
SELECT is((SELECT count(*)::int FROM (SELECT DISTINCT frequency(a, d), tenure_days(a, d) - recency_days(a, d), tenure_days(a, d)
    FROM sample, (VALUES ('1997-09-30'::date)) AS v (d)) AS x), 1016, '1,016 distinct (x, t_x, T)');
-- Customer 1 of the paper's spreadsheet: x 2, t_x 30.43 weeks, T 38.86 weeks.
SELECT is((SELECT (frequency(a, d), round((tenure_days(a, d) - recency_days(a, d)) / 7.0, 2), round(tenure_days(a, d) / 7.0, 2))::text
    FROM sample, (VALUES ('1997-09-30'::date)) AS v (d) WHERE customer_id = '0001'), '(2,30.43,38.86)', 'customer 1 of the sample');

------------------------------------------------------------------------------------------------------------------------
-- lifetimes' log whose same-day rows make libraries disagree: days are counted, not rows (tests/test_utils.py of lifetimes)
------------------------------------------------------------------------------------------------------------------------

\set file :directory '/rfm-lifetimes/transactions.csv'
CREATE TABLE log (id int, on_day date, amount numeric);
COPY log FROM :'file' (FORMAT csv, HEADER);
SELECT results_eq($$
    SELECT id, frequency(a, d), tenure_days(a, d) - recency_days(a, d), tenure_days(a, d)
    FROM (SELECT id, activity(on_day, amount) AS a FROM log GROUP BY 1) AS c, (VALUES ('2015-02-07'::date)) AS v (d) ORDER BY 1 $$,
  $$ VALUES (1, 1, 36, 37), (2, 0, 0, 37), (3, 2, 4, 37), (4, 2, 20, 22), (5, 2, 2, 22), (6, 0, 0, 5) $$, 'frequency, recency and T');

------------------------------------------------------------------------------------------------------------------------
-- rfm_data_orders of the R package rfm: 4,906 orders of 995 customers, analysed as of 2006-12-31; the first rows of its README
-- (the file has the names without titles)
------------------------------------------------------------------------------------------------------------------------

\set file :directory '/rfm/rfm_data_orders.csv'
CREATE TABLE ordered (customer_id text, order_date date, revenue numeric, first_name text, last_name text, email text);
COPY ordered FROM :'file' (FORMAT csv, HEADER);
CREATE TABLE buyer AS SELECT customer_id, activity(order_date, revenue) AS a FROM ordered GROUP BY 1;
CREATE TABLE readme AS SELECT * FROM (VALUES
  ('Abbey O''Reilly', date '2006-06-09', 205, 6, 472, '3-4-3'), ('Add Senger', '2006-08-13', 140, 3, 340, '4-1-2'), ('Aden Lesch', '2006-06-20', 194, 4, 405, '3-2-3'),
  ('Admiral Senger', '2006-08-21', 132, 5, 448, '4-3-3'), ('Agness O''Keefe', '2006-10-02', 90, 9, 843, '5-5-5'), ('Aileen Barton', '2006-10-08', 84, 9, 763, '5-5-5'),
  ('Ailene Hermann', '2006-03-25', 281, 8, 699, '3-5-5'), ('Aiyanna Bruen', '2006-04-29', 246, 4, 157, '3-2-1'), ('Ala Schmidt', '2006-01-16', 349, 3, 363, '2-1-2'),
  ('Alannah Borer', '2005-04-21', 619, 4, 196, '1-2-1')) AS v (customer_id, last, recency, orders, amount, code);
SELECT is((SELECT (count(*), sum(events(a)))::text FROM buyer), '(995,4906)', '995 customers and 4,906 orders');
SELECT results_eq($$ SELECT customer_id, last_day(a), recency_days(a, '2006-12-31'), events(a)::int, total(a)::int FROM buyer JOIN readme USING (customer_id) ORDER BY 1 $$,
  $$ SELECT customer_id, last, recency, orders, amount FROM readme ORDER BY 1 $$, 'last order, recency, orders and amount');
-- The package's classes are quintiles, a value from a quintile on to one above it in the lower one (its bins end at the quintile plus 1).
SELECT results_eq($$
    SELECT customer_id, (rfm(a, '2006-12-31', cuts.recency, cuts.frequency, cuts.monetary)).code
    FROM buyer JOIN readme USING (customer_id), (
      SELECT (SELECT array_agg(floor(q)::int ORDER BY q) FROM unnest(r) AS q) AS recency, (SELECT array_agg(floor(q)::int + 1 ORDER BY q) FROM unnest(f) AS q) AS frequency, (SELECT array_agg(q::numeric + 1 ORDER BY q) FROM unnest(m) AS q) AS monetary
      FROM (SELECT percentile_cont('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY recency_days(a, '2006-12-31')) AS r,
        percentile_cont('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY active_days(a)) AS f, percentile_cont('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY total(a)) AS m FROM buyer) AS q) AS cuts
    ORDER BY 1 $$, $$ SELECT customer_id, code FROM readme ORDER BY 1 $$, 'recency, frequency and monetary scores of the README');

SELECT * FROM finish();
ROLLBACK;
