-- What examples/relationship.sql plants among the clients of the made-up broker, the mart must find. CRM_EXT_SOURCE is the project's folder;
-- test/run sets it.
\set rating `cat "$CRM_EXT_SOURCE/examples/policies/client_rating.json"`
\set tiers `cat "$CRM_EXT_SOURCE/examples/policies/client_tiers.json"`
\set suitability `cat "$CRM_EXT_SOURCE/examples/policies/cn_retail_suitability.json"`
\set segments `cat "$CRM_EXT_SOURCE/examples/policies/rfm_segments.json"`
\set life_stage `cat "$CRM_EXT_SOURCE/examples/policies/life_stage.json"`
\set clients 2000
\set products 60
\set first_day 2025-01-01
\set last_day 2026-06-30

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT no_plan();
\ir ../../examples/warehouse.sql
\ir ../../examples/relationship.sql
SET LOCAL client_min_messages = warning;
SET LOCAL crm.as_of = '2026-06-30';

------------------------------------------------------------------------------------------------------------------------
-- The source itself
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty(format('SELECT "view", "column", count, example, consequence FROM crm.check_source(%L, suitability => %L, tiers => %L) WHERE severity <> ''note''', 'source', :'suitability', :'tiers'),
  'nothing is doubtful in the made-up source');
CREATE TEMP TABLE made AS
SELECT * FROM crm.create_mart('mart', 'source', rating => :'rating', tiers => :'tiers', suitability => :'suitability', segments => :'segments', life_stage => :'life_stage', market => 'XSHG', client_columns => '{branch_id}');
SELECT is_empty($$ SELECT object, reason FROM made WHERE status = 'left out' $$, 'the whole mart is made of it');
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT results_eq('SELECT count(*), min(month), max(month) FROM mart.refresh_log', $$ VALUES (18::bigint, date '2025-01-01', date '2026-06-01') $$, 'month by month');
SELECT is_empty('SELECT * FROM mart.rejected', 'no row of it is refused');
SELECT is_empty($$ SELECT client_id, amount, flow FROM (
    SELECT a.client_id, a.amount, (SELECT sum(f.amount) FROM source.cash_flow AS f WHERE f.client_id = a.client_id AND f.on_day <= a.on_day) AS flow
    FROM source.balance AS a JOIN warehouse.planted AS p ON p.client_id = a.client_id AND p.plant IN ('flapping', 'campaign')) AS a
  WHERE amount <> coalesce(flow, 0) $$, 'where nothing is held, balances are what came in and went out');
SELECT is_empty($$ SELECT month, sum(opening_assets), sum(closing_assets - opening_assets - inflow + outflow) FROM mart.client_summary WHERE month > '2025-01-01' GROUP BY month
  HAVING abs(sum(closing_assets - opening_assets - inflow + outflow)) > 0.1 * sum(opening_assets) $$, 'what flows do not explain is no more than a market can do in a month');

------------------------------------------------------------------------------------------------------------------------
-- What was planted
------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.planted(plant text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT p.client_id FROM warehouse.planted AS p WHERE p.plant = planted.plant $$;

SELECT results_eq(format($$ SELECT count(*), sum((bare.rank <> bare.before)::int)::bigint FROM (
    SELECT client_id, crm.tier_rank(%L, tier_value::float8) AS rank, lag(crm.tier_rank(%L, tier_value::float8)) OVER (PARTITION BY client_id ORDER BY month) AS before
    FROM mart.tier_history WHERE client_id IN (SELECT pg_temp.planted('flapping')) AND month >= '2025-01-01') AS bare $$, :'tiers', :'tiers'),
  $$ SELECT 18 * count(*), 17 * count(*) FROM pg_temp.planted('flapping') $$, 'by the thresholds alone the flapping cohort changes its tier each month');
SELECT results_eq($$ SELECT max(changes) FROM (SELECT client_id, count(*) FILTER (WHERE change IN ('up', 'down')) AS changes FROM mart.tier_history
  WHERE client_id IN (SELECT pg_temp.planted('flapping')) GROUP BY 1) AS t $$, ARRAY[1::bigint], 'by the moves of the policy it does not');

SELECT set_eq($$ SELECT client_id FROM mart.suitability_change('2026-05-01', '2026-06-30') WHERE product_id = 'P0001' AND cause = 're-graded' AND client_id IN (SELECT pg_temp.planted('holds a re-graded product')) $$,
  $$ SELECT pg_temp.planted('holds a re-graded product') $$, 'holders of the product that was re-graded');
SELECT set_eq($$ SELECT client_id FROM mart.assessment_due WHERE days_left BETWEEN 1 AND 30 $$, $$ SELECT pg_temp.planted('assessment lapses within 30 days') $$, 'the wave of assessments that lapse');

SELECT results_eq($$ SELECT product_id, other_product_id FROM mart.product_association ORDER BY log_likelihood_ratio DESC, product_id LIMIT 2 $$,
  $$ VALUES ('P0009', 'P0011'), ('P0011', 'P0009') $$, 'of all pairs, the one that is held together stands out most');
SELECT is_empty($$ SELECT pg_temp.planted('held together') EXCEPT SELECT client_id FROM source.holding WHERE product_id = 'P0009' AND on_day = '2026-06-30' $$, 'and these hold it');

SELECT set_eq($$ SELECT client_id FROM mart.callback_due WHERE duty = 'new client' AND overdue AND client_id IN (SELECT pg_temp.planted('never called back')) $$,
  $$ SELECT pg_temp.planted('never called back') $$, 'new clients whom nobody called');

SELECT is_empty($$ SELECT p.client_id FROM pg_temp.planted('unfairly served tail') AS p (client_id)
  LEFT JOIN (SELECT client_id, sum(owed) AS owed, sum(delivered) AS delivered FROM mart.service_gap GROUP BY 1) AS g USING (client_id) WHERE NOT coalesce(g.owed > 0 AND g.delivered = 0, false) $$,
  'the tail that is served unfairly is owed something and got nothing');
SELECT results_eq($$ SELECT branch_id FROM mart.service_gap WHERE tier = 'mass' GROUP BY 1 ORDER BY sum(least(owed, delivered)) / sum(owed) LIMIT 1 $$, ARRAY['B07'], 'of the branches, theirs serves the lowest tier worst');
SELECT ok(min(coverage) FILTER (WHERE tier = 'mass') < min(coverage) FILTER (WHERE tier <> 'mass'), 'and of the tiers the lowest is served worst') FROM mart.coverage_by_tier;
SELECT cmp_ok((SELECT never_contacted FROM mart.coverage_by_tier WHERE tier = 'mass'), '>=', (SELECT count(*) FROM mart.client_tier WHERE tier = 'mass' AND client_id IN (SELECT pg_temp.planted('unfairly served tail'))),
  'clients who were never contacted count');
SELECT results_eq($$ SELECT branch_id, tier FROM mart.service_gap GROUP BY 1, 2 HAVING sum(owed - gap) < 0.1 * sum(owed) $$, $$ VALUES ('B07', 'mass') $$,
  'of all branches and tiers there is one that gets next to nothing of what it is owed');
SELECT results_eq($$ SELECT measure, tier FROM (SELECT DISTINCT ON (measure) measure, tier FROM mart.fairness WHERE tier IS NOT NULL ORDER BY measure, jain_index) AS f ORDER BY 1 $$,
  $$ VALUES ('contacts', 'mass'), ('minutes', 'mass') $$, 'the lowest tier is served least evenly');

SELECT results_eq($$ SELECT clients, remaining_clients FROM (SELECT sum(clients)::bigint AS clients, sum(remaining_clients)::bigint AS remaining_clients FROM mart.retention_cohort
    WHERE cohort_month = '2025-08-01' AND segment = 'campaign' AND months_since = 4) AS r $$,
  $$ SELECT count(*), count(*) FILTER (WHERE c.closed_on IS NULL) FROM pg_temp.planted('campaign') AS p (client_id) JOIN source.client AS c USING (client_id) $$, 'the campaign''s clients, and how few are left');
SELECT ok((SELECT sum(remaining_clients) / sum(clients) FROM mart.retention_cohort WHERE segment = 'campaign' AND months_since = 4) < 0.5
  * (SELECT sum(remaining_clients) / sum(clients) FROM mart.retention_cohort WHERE segment <> 'campaign' AND months_since = 4), 'others stay');

SELECT is_empty('SELECT month, branch_id FROM mart.asset_bridge WHERE abs(difference) > 0.01 OR difference IS NULL', 'the bridge of assets closes');
SELECT results_eq('SELECT sum(closing_assets) FROM mart.asset_bridge WHERE month = ''2026-06-01''', 'SELECT sum(closing_assets)::numeric(18,2) FROM mart.client_summary JOIN source.client USING (client_id)
  WHERE month = ''2026-06-01'' AND (closed_on IS NULL OR closed_on > ''2026-06-30'')', 'with what clients have');

SELECT * FROM finish();
ROLLBACK;
