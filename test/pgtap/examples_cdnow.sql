-- CDNOW as a source: examples/cdnow.sql over the file, which does not come with the project. CRM_EXT_DATA is a folder with cdnow in it, and
-- CRM_EXT_SOURCE the project's folder; test/run sets both where they are.
\set directory `test -r "$CRM_EXT_DATA/cdnow/CDNOW_master.txt" && echo "$CRM_EXT_DATA/cdnow"`
SELECT :'directory' = '' AS absent \gset
\if :absent
  SELECT plan(1);
  SELECT skip('CDNOW is not here: set CRM_EXT_DATA', 1);
  SELECT * FROM finish();
  \quit
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();
\ir ../../examples/cdnow.sql
SET LOCAL client_min_messages = warning;
SET LOCAL crm.as_of = '1998-06-30';

-- Published figures (Fader and Hardie, Notes on the CDNOW Master Data Set); the sum is that of the file's last column by another program.
SELECT results_eq('SELECT count(*), count(DISTINCT client_id), sum(amount) FROM source.trade', $$VALUES (69659::bigint, 23570::bigint, 2500315.63)$$,
  '69,659 purchases of 23,570 customers, to the cent');
SELECT results_eq('SELECT count(*), min(opened_on), max(opened_on) FROM source.client', $$VALUES (23570::bigint, date '1997-01-01', date '1997-03-25')$$,
  'the cohort is that of the first quarter of 1997');
SELECT results_eq('SELECT min(on_day), max(on_day), sum(cds)::bigint FROM source.trade', $$VALUES (date '1997-01-01', date '1998-06-30', 167881::bigint)$$,
  'to the end of June 1998');
SELECT is_empty('SELECT client_id FROM source.client EXCEPT SELECT client_id FROM source.trade', 'no customer without a purchase');
SELECT is_empty('SELECT trade_id FROM source.trade GROUP BY trade_id HAVING count(*) > 1', 'every purchase has its own number');
SELECT is_empty('SELECT client_id FROM source.client JOIN source.trade AS t USING (client_id) GROUP BY client_id, opened_on HAVING min(t.on_day) <> opened_on',
  'a client is one from the first purchase on');
SELECT results_eq('SELECT customer_id, on_day, cds, dollars FROM cdnow.purchase WHERE purchase_id IN (1, 69659) ORDER BY purchase_id',
  $$VALUES ('00001', date '1997-01-01', 1, 11.77), ('23570', '1997-03-26', 2, 42.96)$$, 'the first line and the last');

SELECT results_eq($$SELECT "view", "column", severity, "count" FROM crm.check_source('source') WHERE severity <> 'note'$$,
  $$VALUES ('trade', 'amount', 'warning', 80::bigint)$$, 'check_source finds the 80 purchases that cost nothing, and nothing else');
CREATE TEMP TABLE made AS SELECT * FROM crm.create_mart('mart', 'source');
SELECT results_eq('SELECT count(*) FROM mart.client_360', ARRAY[23570::bigint], 'every customer is in the mart');
SELECT set_eq($$SELECT object FROM made WHERE object IN ('client_rfm', 'client_month', 'product_facts', 'suitability_matrix', 'asset_concentration') AND status = 'created'$$,
  ARRAY['client_rfm', 'client_month'], 'purchases are enough for recency, frequency and amount, and for the months; not for what needs products or assets');

SELECT * FROM finish();
ROLLBACK;
