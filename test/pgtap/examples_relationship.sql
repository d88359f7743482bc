-- The rest of the made-up broker (examples/relationship.sql): keys, shares, flows against balances, services, and what is planted, as data.
-- That the mart finds it: planted.sql.
\set clients 400
\set products 40
\set first_day 2025-07-01
\set last_day 2026-06-30
\set digest 'SELECT md5(string_agg(md5(t::text), '''' ORDER BY md5(t::text))) FROM '

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT no_plan();
-- making it is not what is tested: no workers for that
SET LOCAL max_parallel_workers_per_gather = 0;
\ir ../../examples/warehouse.sql
CREATE TEMP TABLE before AS
SELECT 'client' AS name, (:digest warehouse.client AS t) AS digest
UNION ALL SELECT 'assessment', (:digest warehouse.risk_assessment AS t)
UNION ALL SELECT 'trade', (:digest warehouse.trade AS t)
UNION ALL SELECT 'position', (:digest warehouse.position_month_end AS t)
UNION ALL SELECT 'net_assets', (:digest warehouse.net_assets AS t);
\ir ../../examples/relationship.sql
RESET max_parallel_workers_per_gather;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SET LOCAL crm.as_of = '2026-06-30';

SELECT results_eq($$SELECT name, digest FROM before$$, format($$SELECT * FROM (
    SELECT 'client', (%1$s warehouse.client AS t WHERE client_id < '2')
    UNION ALL SELECT 'assessment', (%1$s warehouse.risk_assessment AS t WHERE client_id < '2')
    UNION ALL SELECT 'trade', (%1$s warehouse.trade AS t)
    UNION ALL SELECT 'position', (%1$s warehouse.position_month_end AS t WHERE client_id < '2')
    UNION ALL SELECT 'net_assets', (%1$s warehouse.net_assets AS t WHERE client_id < '2')) AS t$$, :'digest'),
  'nothing that warehouse.sql made is changed');

------------------------------------------------------------------------------------------------------------------------
-- Keys, references, ranges
------------------------------------------------------------------------------------------------------------------------

SELECT set_eq($$SELECT DISTINCT "view" FROM crm.source_contract()$$, $$SELECT relname::text FROM pg_class WHERE relnamespace = 'source'::regnamespace AND relkind = 'v'$$,
  'with it, the source has every view of the contract, and none besides');
SELECT is_empty($$SELECT "view", "column", severity, "count", example, consequence FROM crm.check_source('source') WHERE severity <> 'note'$$,
  'check_source has nothing against it: keys are unique, shares sum to 1, clients are known, spans hold');
SELECT is_empty('SELECT client_id FROM source.household GROUP BY client_id HAVING sum(share) <> 1', 'the shares of a client sum to 1');
SELECT cmp_ok((SELECT count(*) FROM (SELECT FROM source.household GROUP BY client_id HAVING count(*) = 2) AS c), '>', 0::bigint, 'some clients live in two households');
SELECT cmp_ok((SELECT count(*) FROM (SELECT FROM source.household GROUP BY household_id HAVING count(*) > 1) AS h), '>', 50::bigint, 'and many households are of two clients');
SELECT is_empty('SELECT client_id FROM source.client EXCEPT SELECT client_id FROM source.account WHERE kind = ''securities''', 'every client has an account for securities');
SELECT set_eq($$SELECT client_id FROM source.account WHERE kind = 'margin'$$, $$SELECT client_id FROM source.permission WHERE code = 'Margin'$$, 'one for margin who may trade on margin');
SELECT is_empty(format('SELECT ''%1$s'', on_day FROM source.%1$s JOIN source.client AS c USING (client_id) WHERE on_day < opened_on OR on_day > coalesce(closed_on, ''2026-06-30'') OR on_day > ''2026-06-30''', name),
  'no ' || name || ' before a client came or after the client left') FROM unnest('{cash_flow,fee,contact,callback}'::text[]) AS v (name);
SELECT set_eq('SELECT DISTINCT kind FROM source.fee', ARRAY['commission', 'advice', 'distribution', 'interest', 'other'], 'all kinds of revenue');
SELECT results_eq($$SELECT client_id, on_day, amount FROM source.fee WHERE kind = 'commission' ORDER BY 1, 2$$,
  $$SELECT client_id, on_day, sum(greatest(5, round(amount * .00025, 2))) FROM source.trade GROUP BY 1, 2 ORDER BY 1, 2$$, 'the commission is that of the trades: 0.025 %, at least 5');
SELECT set_eq($$SELECT DISTINCT channel FROM source.contact$$, 'SELECT channel FROM source.cost', 'every channel has a rate');
SELECT cmp_ok((SELECT count(*) FROM source.cost WHERE valid_from BETWEEN '2025-01-01' AND '2026-06-30'), '>', 0::bigint, 'and rates change in time');

------------------------------------------------------------------------------------------------------------------------
-- Flows against balances
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$SELECT b.client_id, b.on_day, b.amount, f.amount FROM source.balance AS b
    CROSS JOIN LATERAL (SELECT sum(f.amount) AS amount FROM source.cash_flow AS f WHERE f.client_id = b.client_id AND f.on_day <= b.on_day) AS f
    WHERE b.amount <> coalesce(f.amount, 0) AND b.client_id NOT IN (SELECT client_id FROM source.holding) AND b.client_id NOT IN (SELECT client_id FROM source.trade)$$,
  'who holds nothing has what came in less what went out, to the cent, on every day');
-- What prices did from one month end to the next, of what was held at both and what was traded in between; a day's market is that of its close.
CREATE TEMP TABLE market AS
SELECT client_id, month_end, sum(gain) AS gain
FROM (
  SELECT h.client_id, m.on_day AS month_end, h.quantity * (e.price - b.price) AS gain
  FROM warehouse.position_month_end AS h
  JOIN (SELECT on_day, lead(on_day) OVER (ORDER BY on_day) AS next_day FROM (SELECT DISTINCT on_day FROM warehouse.position_month_end) AS d) AS d ON d.on_day = h.on_day
  JOIN (SELECT DISTINCT on_day FROM warehouse.position_month_end) AS m ON m.on_day = d.next_day
  JOIN warehouse.price AS b ON b.product_id = h.product_id AND b.on_day = h.on_day
  JOIN warehouse.price AS e ON e.product_id = h.product_id AND e.on_day = m.on_day
  UNION ALL
  SELECT t.client_id, m.on_day, CASE side WHEN 'buy' THEN t.quantity ELSE -t.quantity END * (e.price - t.price)
  FROM warehouse.trade AS t
  CROSS JOIN LATERAL (SELECT min(on_day) AS on_day FROM warehouse.position_month_end WHERE on_day >= t.on_day) AS m
  JOIN warehouse.price AS e ON e.product_id = t.product_id AND e.on_day = m.on_day) AS g
GROUP BY client_id, month_end;
SELECT is_empty($$WITH month_end AS (SELECT on_day, lag(on_day) OVER (ORDER BY on_day) AS before FROM (SELECT DISTINCT on_day FROM warehouse.position_month_end) AS d)
    SELECT c.client_id, m.on_day, e.amount - coalesce(b.amount, 0) - coalesce(f.amount, 0) AS remains, coalesce(k.gain, 0) AS market
    FROM source.client AS c CROSS JOIN month_end AS m
    JOIN LATERAL (SELECT amount FROM source.balance WHERE client_id = c.client_id AND on_day <= m.on_day ORDER BY on_day DESC LIMIT 1) AS e ON true
    LEFT JOIN LATERAL (SELECT amount FROM source.balance WHERE client_id = c.client_id AND on_day <= m.before ORDER BY on_day DESC LIMIT 1) AS b ON true
    LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM source.cash_flow WHERE client_id = c.client_id AND on_day > m.before AND on_day <= m.on_day) AS f ON true
    LEFT JOIN market AS k ON k.client_id = c.client_id AND k.month_end = m.on_day
    WHERE m.before IS NOT NULL AND (c.closed_on IS NULL OR c.closed_on > m.on_day)
      AND abs(e.amount - coalesce(b.amount, 0) - coalesce(f.amount, 0) - coalesce(k.gain, 0)) > 1$$,
  'what flows leave of a month''s change is what prices did to what was held and traded, of every client and month, to the rounding of positions');
SELECT is_empty($$SELECT client_id FROM source.client JOIN (SELECT client_id, sum(amount) AS net FROM source.cash_flow GROUP BY client_id) AS f USING (client_id)
    WHERE closed_on IS NOT NULL AND client_id NOT IN (SELECT client_id FROM source.holding) AND client_id NOT IN (SELECT client_id FROM source.trade) AND net <> 0$$,
  'who leaves takes everything along');
SELECT results_eq($$SELECT count(*) FROM source.client AS c WHERE closed_on IS NOT NULL AND (SELECT amount FROM source.balance AS b WHERE b.client_id = c.client_id ORDER BY on_day DESC LIMIT 1) <> 0$$,
  ARRAY[0::bigint], 'and leaves nothing');
SELECT ok((SELECT sum(f.amount) FILTER (WHERE f.on_day > '2025-07-01') < .5 * sum(f.amount) FROM source.cash_flow AS f JOIN source.client AS c USING (client_id) WHERE c.opened_on < '2025-07-01'),
  'most of what old clients have was there on the first day');

------------------------------------------------------------------------------------------------------------------------
-- Services
------------------------------------------------------------------------------------------------------------------------

\set tiers `cat "$CRM_EXT_SOURCE/examples/policies/client_tiers.json"`
SELECT set_eq('SELECT DISTINCT tier FROM source.entitlement', format('SELECT unnest(crm.tier_labels(%L))', :'tiers'), 'every tier of the policy is owed something');
SELECT is_empty($$SELECT client_class FROM source.entitlement WHERE client_class <> '-' EXCEPT SELECT investor_class FROM source.client_profile$$, 'a class of clients is one of investors');
SELECT is_empty($$SELECT service FROM source.contact WHERE service IS NOT NULL EXCEPT SELECT service FROM source.entitlement$$, 'what is delivered is what is owed');
SELECT is_empty($$SELECT direction FROM source.contact WHERE (direction = 'outbound') <> (service IS NOT NULL)$$, 'by the firm; who asks gets an answer');
SELECT is_empty($$SELECT * FROM source.contact WHERE on_day <> (started_at AT TIME ZONE 'Asia/Shanghai')::date$$, 'a contact begins on its day, in Shanghai');
SELECT is_empty($$SELECT k.contact_id FROM source.contact AS k LEFT JOIN warehouse.adviser AS a ON a.adviser_id = k.employee_id JOIN source.client AS c USING (client_id)
    WHERE (k.channel IN ('phone', 'branch')) <> (a.adviser_id IS NOT NULL) OR a.branch_id <> c.branch_id$$, 'people of the client''s branch call and meet');

------------------------------------------------------------------------------------------------------------------------
-- What is planted
------------------------------------------------------------------------------------------------------------------------

SELECT set_has('SELECT DISTINCT plant FROM warehouse.planted', $$VALUES ('flapping'), ('campaign'), ('held together'), ('never called back'), ('unfairly served tail'), ('never contacted'),
  ('holds a re-graded product'), ('assessment lapses within 30 days')$$, 'every cohort is there');
SELECT is_empty($$SELECT client_id FROM warehouse.planted WHERE client_id NOT IN (SELECT client_id FROM source.client)$$, 'of clients');
SELECT results_eq($$SELECT DISTINCT below, above FROM (SELECT client_id, count(*) FILTER (WHERE amount < 500000) AS below, count(*) FILTER (WHERE amount >= 500000) AS above
    FROM source.balance JOIN warehouse.planted USING (client_id) WHERE plant = 'flapping' GROUP BY client_id) AS c$$, $$VALUES (6::bigint, 6::bigint)$$,
  'flapping: half the months above the threshold, half below');
SELECT results_eq($$SELECT date_trunc('month', opened_on)::date, count(*) FILTER (WHERE closed_on < date_trunc('month', opened_on) + interval '4 months') * 10 / count(*)
    FROM source.client JOIN warehouse.planted USING (client_id) WHERE plant = 'campaign' GROUP BY 1$$, $$VALUES (date '2025-08-01', 7::bigint)$$, 'campaign: of one month''s clients seven in ten leave within four');
SELECT ok((SELECT together::float8 * held / (one * other) > 2 FROM (
    SELECT count(*) AS held, count(*) FILTER (WHERE a) AS one, count(*) FILTER (WHERE b) AS other, count(*) FILTER (WHERE a AND b) AS together
    FROM (SELECT bool_or(product_id = 'P0009') AS a, bool_or(product_id = 'P0011') AS b FROM source.holding WHERE on_day = '2026-06-30' GROUP BY client_id) AS c) AS n),
  'held together: more than twice as often as chance would have it');
SELECT is_empty($$SELECT k.client_id FROM source.callback AS k JOIN warehouse.planted USING (client_id) WHERE plant = 'never called back'$$, 'never called back');
SELECT cmp_ok((SELECT count(*) FROM warehouse.planted WHERE plant = 'unfairly served tail'), '>', 5::bigint, 'an unfairly served tail');
SELECT is_empty($$SELECT k.contact_id FROM source.contact AS k JOIN warehouse.planted USING (client_id) WHERE plant = 'unfairly served tail' AND service IS NOT NULL$$, 'gets nothing of what it is owed');
SELECT is_empty($$SELECT client_id FROM source.balance JOIN warehouse.planted USING (client_id) WHERE plant = 'unfairly served tail' AND amount >= 50000$$, 'and was never above the lowest tier');
SELECT ok((SELECT avg((k.client_id IS NOT NULL)::int) > .5 FROM source.client AS c LEFT JOIN (SELECT DISTINCT client_id FROM source.contact WHERE service IS NOT NULL AND on_day > '2026-03-31') AS k USING (client_id)
    WHERE branch_id <> 'B07' AND closed_on IS NULL AND NOT EXISTS (SELECT FROM source.balance AS b WHERE b.client_id = c.client_id AND b.amount >= 50000)), 'unlike that of the other branches');
SELECT cmp_ok((SELECT count(*) FROM warehouse.planted WHERE plant = 'never contacted'), '>', 3::bigint, 'clients whom nobody ever contacted');
SELECT is_empty($$SELECT k.contact_id FROM source.contact AS k JOIN warehouse.planted USING (client_id) WHERE plant = 'never contacted'$$, 'have no contact of any kind');
SELECT set_eq($$SELECT client_id FROM source.client WHERE closed_on IS NULL AND opened_on < date '2026-06-30' - 92 AND branch_id <> 'B07' AND client_id < '2' EXCEPT SELECT client_id FROM source.contact$$,
  $$SELECT client_id FROM warehouse.planted JOIN source.client USING (client_id) WHERE plant = 'never contacted' AND branch_id <> 'B07'$$, 'and they are the only ones');

SELECT * FROM finish();
ROLLBACK;
