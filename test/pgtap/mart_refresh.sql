-- What a refresh of a mart does in corners: names of columns with braces and quotes, a tier policy without a period in between, a source whose rows went
-- to an archive, and a search_path that means harm.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT no_plan();

CREATE SCHEMA corner_source;
CREATE TABLE corner_source.client AS SELECT 'C' || n AS client_id, date '2023-01-01' AS opened_on, n AS "a{b}", 'x' || n AS "odd {crm} ""x'%s" FROM generate_series(1, 5) AS n;
CREATE TABLE corner_source.balance AS
SELECT 'C' || n AS client_id, d::date AS on_day, n * 100::numeric AS amount FROM generate_series(1, 5) AS n, generate_series(date '2024-01-01', date '2024-06-30', '1 month') AS d;
SET LOCAL crm.as_of = '2024-06-30';
CREATE TEMP TABLE by_quarter AS SELECT '{"period": "quarter", "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 300}]}'::crm.tier_policy AS policy;
SELECT count(*) FROM by_quarter AS q CROSS JOIN LATERAL crm.create_mart('corner_mart', 'corner_source', tiers => q.policy, client_columns => ARRAY['a{b}', 'odd {crm} "x''%s']) AS m;
CALL crm.refresh_mart('corner_mart', commit_each_month => false);

SELECT results_eq($$SELECT "a{b}"::text, "odd {crm} ""x'%s" FROM corner_mart.client_tier ORDER BY client_id$$, $$SELECT n::text, 'x' || n FROM generate_series(1, 5) AS n$$, 'a name is a name, whatever stands in it');
SELECT is(col_description('corner_mart.client_tier'::regclass, (SELECT a.attnum FROM pg_attribute AS a WHERE a.attrelid = 'corner_mart.client_tier'::regclass AND a.attname = 'a{b}')),
  'Column a{b} of the source''s view client', 'in comments, too');
SELECT is((SELECT sum(standings) FROM corner_mart.refresh_log), 10::numeric, 'standings of two quarters');

-- a correction that comes while there are no periods
SELECT count(*) FROM crm.update_mart('corner_mart', tiers => crm.tier_policy('{mass,affluent}', '{300}'));
UPDATE corner_source.balance SET amount = 100000 WHERE client_id = 'C1' AND on_day = '2024-01-01';
CALL crm.refresh_mart('corner_mart', commit_each_month => false);
SELECT count(*) FROM by_quarter AS q CROSS JOIN LATERAL crm.update_mart('corner_mart', tiers => q.policy) AS m;
CALL crm.refresh_mart('corner_mart', commit_each_month => false);
SELECT is((SELECT value > 30000 FROM corner_mart.tier_month WHERE client_id = 'C1' AND month = '2024-01-01'), true, 'a quarter knows of a correction that came while the tier policy had no period');
SELECT is_empty('SELECT * FROM crm.verify_mart(''corner_mart'')', 'and all is as if it had had one');

-- nothing left in the source: what is kept stays, whichever months are looked at
CREATE TEMP TABLE before AS SELECT * FROM corner_mart.client_summary;
CREATE TEMP TABLE log_before AS SELECT month, corrections FROM corner_mart.refresh_log;
DELETE FROM corner_source.balance;
CALL crm.refresh_mart('corner_mart', check_from => '2024-01-01', commit_each_month => false);
SELECT set_eq('SELECT month, client_id, closing_assets, average_assets FROM corner_mart.client_summary', 'SELECT month, client_id, closing_assets, average_assets FROM before', 'an emptied source is an archive');
SELECT set_eq('SELECT month, corrections FROM corner_mart.refresh_log', 'TABLE log_before', 'and no correction');

CREATE TABLE corner_source.trade AS SELECT 'C1' AS client_id, date '2024-02-01' AS on_day, 10::numeric AS amount;
SELECT count(*) FROM crm.add_client_value('corner_mart', crm.bgnbd_model(0.243, 4.414, 0.793, 2.426), crm.gamma_gamma_model(6.25, 3.74, 15.44));
SELECT is((SELECT v."a{b}" FROM corner_mart.client_value AS v WHERE v.client_id = 'C1'), 1, 'names with braces in the views of client value, too');

-- types of a schema that comes before pg_catalog are not taken for its own
CREATE SCHEMA corner_hostile;
CREATE DOMAIN corner_hostile.date AS pg_catalog.date CHECK (false);
SET LOCAL search_path = corner_hostile, pg_catalog;
CALL crm.refresh_mart('corner_mart', '2024-06-30', commit_each_month => false);
SET LOCAL search_path = public;
SELECT pass('refresh_mart does not depend on search_path');

SELECT * FROM finish();
ROLLBACK;
