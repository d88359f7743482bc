-- Ten investors' real trades as a source: examples/disposition_effect.sql over the files, which do not come with the project. CRM_EXT_DATA is
-- a folder with disposition-effect in it, and CRM_EXT_SOURCE the project's folder; test/run sets both where they are.
\set directory `test -r "$CRM_EXT_DATA/disposition-effect/DEanalysis_transactions.csv" && echo "$CRM_EXT_DATA/disposition-effect"`
SELECT :'directory' = '' AS absent \gset
\if :absent
  SELECT plan(1);
  SELECT skip('the data set DEanalysis is not here: set CRM_EXT_DATA', 1);
  SELECT * FROM finish();
  \quit
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();
\ir ../../examples/disposition_effect.sql
SET LOCAL client_min_messages = warning;
SET LOCAL crm.as_of = '2018-12-31';

-- Counted in the files by another program
SELECT results_eq('SELECT count(*), count(*) FILTER (WHERE quantity = 0) FROM disposition_effect.transaction', $$VALUES (4917::bigint, 8::bigint)$$,
  '4,917 rows, of which eight are of nothing');
SELECT results_eq('SELECT side, count(*) FROM source.trade GROUP BY side ORDER BY side', $$VALUES ('buy', 2648::bigint), ('sell', 2261)$$, 'the others are trades');
SELECT results_eq('SELECT count(*), min(opened_on) FROM source.client', $$VALUES (10::bigint, date '2010-01-05')$$, 'ten investors');
SELECT results_eq('SELECT count(*) FROM source.product', ARRAY[337::bigint], '337 securities');
SELECT results_eq($$SELECT client_id, amount FROM source.balance WHERE on_day = '2018-12-31' AND client_id <> '44382' ORDER BY client_id$$,
  $$VALUES ('46Z68', 0.00), ('4Q17Z', 11676.70), ('62NQ8', -1370.95), ('743Q1', -4997.20), ('784ZZ', 20822.22), ('8ZQ32', 4164.08),
    ('QZ31Q', 7175.80), ('QZ621', -15477.89), ('QZNZN', -16632.72)$$, 'what the positions are worth in the end, each at its newest price');
SELECT results_eq($$SELECT amount FROM source.balance WHERE on_day = '2018-12-31' AND client_id = '44382'$$,
  $$SELECT 22736848.80 - 73926 * 307.00$$, 'and without the 73,926 units of GAS3L that a consolidation took away');

SELECT is_empty('SELECT client_id, product_id, on_day FROM source.holding GROUP BY 1, 2, 3 HAVING count(*) > 1', 'a position a day is one row');
SELECT is_empty('SELECT client_id, on_day FROM source.balance GROUP BY 1, 2 HAVING count(*) > 1', 'and so is a balance');
SELECT is_empty($$SELECT client_id, on_day FROM source.holding GROUP BY 1, 2
    EXCEPT SELECT client_id, on_day FROM source.balance WHERE on_day = (date_trunc('month', on_day) + interval '1 month')::date - 1$$,
  'positions stand at month ends, where balances stand too');
SELECT is_empty('SELECT client_id, on_day FROM source.balance AS b JOIN source.holding AS h USING (client_id, on_day) GROUP BY client_id, on_day, amount HAVING sum(market_value) <> amount',
  'a balance is the sum of the positions');
SELECT set_eq($$SELECT client_id, product_id, quantity FROM source.holding WHERE on_day = '2014-06-30'$$,
  $$SELECT client_id, product_id, sum(CASE side WHEN 'buy' THEN quantity ELSE -quantity END) FROM source.trade WHERE on_day <= '2014-06-30'
    GROUP BY 1, 2 HAVING sum(CASE side WHEN 'buy' THEN quantity ELSE -quantity END) <> 0$$, 'a position is what was bought less what was sold');
SELECT is_empty($$SELECT * FROM disposition_effect.adjustment AS a WHERE quantity <> (SELECT sold - bought
    FROM (SELECT sum(quantity) FILTER (WHERE side = 'buy') - sum(quantity) FILTER (WHERE side = 'sell' AND on_day < a.on_day) AS bought,
      sum(quantity) FILTER (WHERE side = 'sell' AND on_day >= a.on_day) AS sold FROM source.trade AS t WHERE t.client_id = a.investor AND t.product_id = a.asset) AS s)$$,
  'the consolidation leaves what was then sold');

-- What comes in and goes out against the balance: the rest of a month is what prices did to what was held before and what was traded since.
CREATE FUNCTION pg_temp.price(asset text, through date) RETURNS numeric LANGUAGE sql AS $$
  SELECT p.price FROM disposition_effect.market_price AS p WHERE p.asset = $1 AND p.priced_at < $2 + 1 ORDER BY p.priced_at DESC LIMIT 1 $$;
SELECT set_eq($$SELECT client_id, round(e.amount - b.amount - coalesce((SELECT sum(f.amount) FROM source.cash_flow AS f
      WHERE f.client_id = b.client_id AND f.on_day BETWEEN '2014-06-01' AND '2014-06-30'), 0)) FROM source.balance AS b JOIN source.balance AS e USING (client_id)
    WHERE b.on_day = '2014-05-31' AND e.on_day = '2014-06-30'$$,
  $$SELECT client_id, round(coalesce(sum(gain), 0)) FROM (SELECT DISTINCT client_id FROM source.balance WHERE on_day = '2014-05-31') AS c
    LEFT JOIN (
      SELECT client_id, quantity * (pg_temp.price(product_id, '2014-06-30') - pg_temp.price(product_id, '2014-05-31')) AS gain FROM source.holding WHERE on_day = '2014-05-31'
      UNION ALL
      SELECT client_id, CASE side WHEN 'buy' THEN quantity ELSE -quantity END * (pg_temp.price(product_id, '2014-06-30') - price) FROM source.trade
      WHERE on_day BETWEEN '2014-06-01' AND '2014-06-30') AS g USING (client_id) GROUP BY client_id$$,
  'what a month''s flows leave of the change of a balance is what prices did');
SELECT ok((SELECT count(*) > 20 FROM source.trade WHERE on_day BETWEEN '2014-06-01' AND '2014-06-30'), 'in a month with trades');

SELECT is_empty($$SELECT * FROM crm.check_source('source') WHERE severity <> 'note'$$, 'check_source has nothing against it');
CREATE TEMP TABLE made AS SELECT * FROM crm.create_mart('mart', 'source');
SELECT results_eq('SELECT count(*), sum(assets) FROM mart.client_360', $$SELECT count(*), sum(amount) FROM source.balance WHERE on_day = '2018-12-31'$$,
  'every investor is in the mart, with the newest balance');

SELECT * FROM finish();
ROLLBACK;
