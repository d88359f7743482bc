-- Who sees what of a mart: branches that see only their clients, by row-level security on the tables under the source. What grant_mart gives is enough for every
-- view, and shows a branch neither rows nor sums of another, in what the mart keeps neither. Plans for one client use indexes under row-level security, too.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT no_plan();

CREATE SCHEMA access_base;
CREATE SCHEMA access_source;
CREATE TABLE access_base.client AS
SELECT 'C' || n AS client_id, (ARRAY['north', 'south', 'west'])[1 + n % 3] AS branch_id, date '2020-01-01' AS opened_on, 'secret ' || n AS passport FROM generate_series(1, 3000) AS n;
ALTER TABLE access_base.client ADD PRIMARY KEY (client_id);
CREATE INDEX ON access_base.client (branch_id);
CREATE TABLE access_base.balance AS SELECT c.client_id, d::date AS on_day, (hashtextextended(c.client_id, extract(doy FROM d)::int) & 65535)::numeric AS amount
FROM access_base.client AS c CROSS JOIN generate_series(date '2024-01-05', date '2024-03-31', '14 days') AS d;
ALTER TABLE access_base.balance ADD PRIMARY KEY (client_id, on_day);
CREATE INDEX ON access_base.balance (on_day);
CREATE TABLE access_base.trade AS SELECT 'T' || n AS trade_id, 'C' || 1 + n % 3000 AS client_id, date '2024-01-01' + n % 91 AS on_day, (1 + n % 1000)::numeric AS amount FROM generate_series(1, 9000) AS n;
CREATE INDEX ON access_base.trade (client_id, on_day);
CREATE TABLE access_base.fee AS SELECT client_id, on_day, 'commission' AS kind, amount / 100 AS amount FROM access_base.trade;
CREATE INDEX ON access_base.fee (client_id, on_day);
CREATE TABLE access_base.holding AS SELECT c.client_id, 'P' || (hashtextextended(c.client_id, k) & 7) AS product_id, d.on_day, 10::numeric AS market_value
FROM access_base.client AS c CROSS JOIN generate_series(1, 3) AS k CROSS JOIN unnest(ARRAY['2024-02-28', '2024-03-20']::date[]) AS d (on_day);
CREATE INDEX ON access_base.holding (on_day);
-- rows that cannot be used, of both branches and of nobody
INSERT INTO access_base.trade VALUES ('bad', 'C1', '2024-02-01', -1), ('bad', 'C3', '2024-02-01', -1), ('bad', 'nobody', '2024-02-01', 1);
CREATE VIEW access_source.client WITH (security_invoker = true) AS SELECT client_id, branch_id, opened_on FROM access_base.client;
CREATE VIEW access_source.balance WITH (security_invoker = true) AS SELECT client_id, on_day, amount FROM access_base.balance;
CREATE VIEW access_source.trade WITH (security_invoker = true) AS SELECT trade_id, client_id, on_day, amount FROM access_base.trade;
CREATE VIEW access_source.fee WITH (security_invoker = true) AS SELECT * FROM access_base.fee;
CREATE VIEW access_source.holding WITH (security_invoker = true) AS SELECT client_id, product_id, on_day, market_value FROM access_base.holding;
SET LOCAL crm.as_of = '2024-03-31';
ANALYZE;
SELECT count(*) FROM crm.create_mart('access_mart', 'access_source', client_columns => '{branch_id}', tiers => '{"period": "month", "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 30000, "keep": 25000}], "moves": {"down_after": 2}}');
CALL crm.refresh_mart('access_mart', commit_each_month => false);
SELECT crm.close_month('access_mart', '2024-02-01');
ANALYZE;

------------------------------------------------------------------------------------------------------------------------
-- What is granted
------------------------------------------------------------------------------------------------------------------------

CREATE ROLE branch_north;
CREATE ROLE branch_south;
CREATE TEMP TABLE given AS SELECT * FROM crm.grant_mart('access_mart', 'branch_north');
SELECT count(*) FROM crm.grant_mart('access_mart', 'branch_south');
SELECT set_has('TABLE given', $$VALUES ('access_mart', 'USAGE'), ('crm', 'USAGE'), ('access_mart.client_360', 'SELECT'), ('access_mart.client_summary', 'SELECT'), ('access_mart.client_tier_at(date)', 'EXECUTE'),
  ('access_mart.refresh_log', 'SELECT (month, has_standings, refreshed_at)'), ('access_source.client', 'SELECT'), ('access_base.client', 'SELECT (client_id, branch_id, opened_on)'), ('access_base.trade', 'SELECT (trade_id, client_id, on_day, amount)')$$,
  'grant_mart says what it gives');
SELECT set_eq($$SELECT object FROM given WHERE object LIKE 'access\_mart.%' AND object NOT LIKE '%)'$$, $$SELECT format('access_mart.%s', relname) FROM pg_class WHERE relnamespace = 'access_mart'::regnamespace
  AND (relkind = 'v' OR relkind = 'r' AND relname NOT IN ('definition', 'rejected'))$$, 'every view, and the tables that views read');
SELECT is_empty($$SELECT object, privilege FROM crm.grant_mart('access_mart', 'branch_north') WHERE object LIKE 'access\_source%' OR object LIKE 'access\_base%' OR privilege = 'USAGE'$$, 'what the role has of schemas and source is not given twice');
SELECT throws_ok('SELECT crm.grant_mart(''access_mart'', ''nobody'')', '42704', 'role nobody does not exist', 'an unknown role');
SELECT throws_ok('SELECT crm.revoke_mart(''access_mart'', NULL)', '42704', 'role NULL does not exist', 'or none');
SELECT throws_ok('SELECT crm.grant_mart(''access_source'', ''branch_north'')', '3F000', NULL, 'a schema that is no mart');

------------------------------------------------------------------------------------------------------------------------
-- What a branch sees
------------------------------------------------------------------------------------------------------------------------

-- what comes out with the whole source, of north alone
CREATE SCHEMA north_source;
CREATE VIEW north_source.client AS SELECT * FROM access_source.client WHERE branch_id = 'north';
CREATE VIEW north_source.balance AS SELECT * FROM access_source.balance JOIN north_source.client AS c USING (client_id);
CREATE VIEW north_source.trade AS SELECT t.* FROM access_source.trade AS t JOIN north_source.client AS c USING (client_id);
CREATE VIEW north_source.holding AS SELECT h.* FROM access_source.holding AS h JOIN north_source.client AS c USING (client_id);
CREATE VIEW north_source.fee AS SELECT f.* FROM access_source.fee AS f JOIN north_source.client AS c USING (client_id);
SELECT count(*) FROM access_mart.definition AS d CROSS JOIN LATERAL crm.create_mart('north_mart', 'north_source', client_columns => '{branch_id}', tiers => d.tiers::crm.tier_policy);
CALL crm.refresh_mart('north_mart', commit_each_month => false);
SELECT crm.close_month('north_mart', '2024-02-01');
CREATE FUNCTION pg_temp.seen(mart text) RETURNS TABLE (name text, digest text) LANGUAGE plpgsql AS $$
BEGIN
  FOR name IN SELECT k.relname FROM pg_class AS k WHERE k.relnamespace = 'access_mart'::regnamespace AND (k.relkind = 'v' OR k.relname IN ('client_summary', 'tier_month', 'tier_told', 'rejected')) ORDER BY 1 LOOP
    EXECUTE format('SELECT concat(count(*), '' '', sum(hashtextextended((to_jsonb(v) - ''closed_at'')::text, 0))) FROM %I.%I AS v', mart, name) INTO digest;
    RETURN NEXT;
  END LOOP;
END $$;
CREATE TEMP TABLE north AS SELECT * FROM pg_temp.seen('north_mart');
CREATE TEMP TABLE everyone AS SELECT * FROM pg_temp.seen('access_mart');
GRANT SELECT ON north, everyone TO branch_north, branch_south;
GRANT SELECT ON access_mart.rejected TO branch_north, branch_south;

ALTER TABLE access_base.client ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_base.balance ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_base.trade ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_base.fee ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_base.holding ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_branch ON access_base.client FOR SELECT USING ('branch_' || branch_id = current_user);
CREATE POLICY own_branch ON access_base.balance FOR SELECT USING (EXISTS (SELECT FROM access_base.client AS c WHERE c.client_id = balance.client_id));
CREATE POLICY own_branch ON access_base.trade FOR SELECT USING (EXISTS (SELECT FROM access_base.client AS c WHERE c.client_id = trade.client_id));
CREATE POLICY own_branch ON access_base.holding FOR SELECT USING (EXISTS (SELECT FROM access_base.client AS c WHERE c.client_id = holding.client_id));
CREATE POLICY own_branch ON access_base.fee FOR SELECT USING (EXISTS (SELECT FROM access_base.client AS c WHERE c.client_id = fee.client_id));

SET LOCAL ROLE branch_north;
SELECT set_eq('SELECT * FROM pg_temp.seen(''access_mart'')', 'TABLE north', 'every view and kept table shows a branch what a mart of its clients alone would');
SELECT isnt_empty('SELECT name FROM north EXCEPT SELECT name FROM everyone AS e JOIN north AS n USING (name) WHERE e.digest = n.digest', 'which is not what there is');
SELECT results_eq('SELECT DISTINCT client_id FROM access_mart.rejected', ARRAY['C3'], 'of what was rejected, the own');
SELECT set_eq('SELECT DISTINCT branch_id FROM access_mart.client_month', ARRAY['north'], 'nobody else''s months');
SELECT results_eq('SELECT sum(clients) FROM access_mart.tier_summary', ARRAY[1000::numeric], 'nor in sums');
SELECT is_empty('SELECT * FROM access_mart.tier_why(''C1'')', 'nor by name');
SELECT is_empty('SELECT * FROM access_mart.co_holding_day', 'what the whole book holds together is not shown');
SELECT throws_ok('SELECT clients FROM access_mart.refresh_log', '42501', NULL, 'numbers of all clients in the log are not shown');
SELECT throws_ok('SELECT clients FROM access_mart.closed_month', '42501', NULL, 'nor of what was closed');
SELECT throws_ok('SELECT basis FROM access_mart.refresh_log', '42501', NULL, 'nor what it rests on');
SELECT throws_ok('SELECT passport FROM access_base.client', '42501', NULL, 'columns that no view of the source reads stay hidden');
SELECT throws_ok('UPDATE access_mart.client_summary SET inflow = 1', '42501', NULL, 'a reader writes nothing');
SELECT throws_ok('CALL crm.refresh_mart(''access_mart'', commit_each_month => false)', '42501', NULL, 'and does not refresh');

-- a function that tells what it is given must not be given rows of others
CREATE TABLE pg_temp.told (what text);
CREATE FUNCTION pg_temp.tell(what text) RETURNS bool LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN INSERT INTO pg_temp.told VALUES (what); RETURN true; END $$;
SELECT count(*) FROM access_mart.client_summary WHERE pg_temp.tell(client_id);
SELECT count(*) FROM access_mart.tier_month WHERE pg_temp.tell(client_id);
SELECT count(*) FROM access_mart.tier_told WHERE pg_temp.tell(client_id);
SELECT count(*) FROM access_mart.rejected WHERE pg_temp.tell(source_row::jsonb ->> 'client_id');
SELECT count(*) FROM access_mart.client_month WHERE pg_temp.tell(client_id);
SELECT count(*) FROM access_mart.client_360 WHERE pg_temp.tell(client_id);
SELECT ok(count(*) > 1000, 'a function that tells was told') FROM pg_temp.told;
RESET ROLE;
SELECT is_empty('SELECT what FROM pg_temp.told WHERE what NOT IN (SELECT client_id FROM access_base.client WHERE branch_id = ''north'')', 'of own clients only');
SET LOCAL ROLE branch_south;
SELECT results_eq('SELECT sum(clients) FROM access_mart.tier_summary', ARRAY[1000::numeric], 'another branch sees as many');
SELECT set_eq('SELECT DISTINCT branch_id FROM access_mart.client_360', ARRAY['south'], 'of its own');

RESET ROLE;

-- what refresh_mart has counted is read by who sees the whole book, and by nobody else
CREATE ROLE auditor;
SELECT count(*) FROM crm.grant_mart('access_mart', 'auditor');
DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY '{client,balance,trade,fee,holding}'::text[] LOOP EXECUTE format('CREATE POLICY whole_book ON access_base.%I FOR SELECT TO auditor USING (true)', t); END LOOP; END $$;
SELECT results_eq('SELECT on_day, most_products, summary FROM access_mart.co_holding_day ORDER BY 1', $$
  SELECT h.on_day, 500, crm.co_holding(h.products) FROM (SELECT h.on_day, h.client_id, array_agg(DISTINCT h.product_id) AS products FROM access_base.holding AS h GROUP BY 1, 2) AS h
  GROUP BY h.on_day ORDER BY h.on_day$$, 'for the last day of positions of each month, what is held together');
CREATE TEMP TABLE made_up AS SELECT crm.co_holding(p.products) AS summary FROM (VALUES (ARRAY['made', 'up'])) AS p (products);
CREATE TEMP TABLE counted AS SELECT access_mart.co_holding('2024-03-31') AS summary;
CREATE TEMP TABLE counted_north AS SELECT north_mart.co_holding('2024-03-31') AS summary;
GRANT SELECT ON made_up, counted, counted_north TO auditor, branch_north;
UPDATE access_mart.co_holding_day AS k SET summary = m.summary FROM made_up AS m WHERE k.on_day = '2024-03-20';
SET LOCAL ROLE auditor;
SELECT results_eq('SELECT access_mart.co_holding(''2024-04-20'')', 'SELECT summary FROM pg_temp.made_up', 'who sees the whole book gets what was counted');
SELECT results_eq('SELECT DISTINCT counted_on, product_id FROM access_mart.product_association ORDER BY 2', $$VALUES (date '2024-03-20', 'made'), ('2024-03-20', 'up')$$, 'and so in the views');
SET LOCAL ROLE branch_north;
SELECT results_eq('SELECT access_mart.co_holding(''2024-04-20'')', 'SELECT summary FROM pg_temp.counted_north', 'others have their clients counted');
RESET ROLE;
SELECT set_eq('SELECT kept_in, month, client_id, "column" FROM crm.verify_mart(''access_mart'')', $$VALUES ('co_holding_day', date '2024-03-01', NULL, 'summary')$$, 'verify_mart sees what is made up');
CALL crm.refresh_mart('access_mart', commit_each_month => false, recompute_from => '2024-03-01');
SELECT results_eq('SELECT summary FROM access_mart.co_holding_day WHERE on_day = ''2024-03-20''', 'SELECT summary FROM counted', 'and a refresh puts it right');
UPDATE access_base.holding SET product_id = 'new' WHERE client_id = 'C1' AND on_day = '2024-03-20';
SET LOCAL ROLE auditor;
SELECT is_empty('SELECT * FROM access_mart.co_holding_day WHERE on_day = ''2024-03-20''', 'where there are other positions than were counted, be they as many');
SELECT set_has('SELECT product FROM crm.co_holding_products(access_mart.co_holding(''2024-03-31''))', $$VALUES ('new')$$, 'they are counted again');
RESET ROLE;
INSERT INTO access_base.holding VALUES ('C2', 'newer', '2024-03-21', 10), ('nobody', 'orphan', '2024-03-21', 10);
CALL crm.refresh_mart('access_mart', commit_each_month => false);
SET LOCAL ROLE auditor;
SELECT results_eq('SELECT on_day FROM access_mart.co_holding_day ORDER BY 1', $$VALUES (date '2024-02-28'), ('2024-03-21')$$, 'a later day of the month takes the place of an earlier; positions of nobody do not count');
RESET ROLE;
DELETE FROM access_base.holding WHERE on_day = '2024-03-21';
UPDATE access_base.holding AS h SET product_id = 'P' || (hashtextextended(h.client_id, 1) & 7) WHERE h.client_id = 'C1' AND h.on_day = '2024-03-20';
CALL crm.refresh_mart('access_mart', commit_each_month => false);
SELECT results_eq('SELECT on_day FROM access_mart.co_holding_day ORDER BY 1', $$VALUES (date '2024-02-28'), ('2024-03-20')$$, 'and goes with its positions');

-- two branches with as many clients and positions each: what one refreshed is nothing that the other sees
SET LOCAL ROLE branch_north;
CREATE TEMP TABLE by_north AS SELECT v.* FROM access_mart.co_holding_value('2024-03-01', '2024-04-01') AS v;
RESET ROLE;
CREATE TEMP TABLE kept AS SELECT * FROM access_mart.co_holding_day WHERE on_day = '2024-03-20';
DELETE FROM access_mart.co_holding_day WHERE on_day = '2024-03-20';
INSERT INTO access_mart.co_holding_day SELECT * FROM by_north;
SET LOCAL ROLE branch_south;
SELECT is_empty('SELECT * FROM access_mart.co_holding_day', 'as many rows are not the same rows');
SELECT is(crm.co_holding_clients(access_mart.co_holding('2024-03-31')), 1000::bigint, 'the own are counted');
SET LOCAL ROLE branch_north;
SELECT results_eq('SELECT on_day FROM access_mart.co_holding_day', $$VALUES (date '2024-03-20')$$, 'the same rows are');
RESET ROLE;
DELETE FROM access_mart.co_holding_day WHERE on_day = '2024-03-20';
CALL crm.refresh_mart('access_mart', commit_each_month => false, check_from => 'infinity');
SELECT results_eq('SELECT * FROM access_mart.co_holding_day WHERE on_day = ''2024-03-20''', 'TABLE kept', 'a refresh counts what is missing');

SELECT count(*) FROM crm.update_mart('access_mart', settings => '{"co_holding_products": 2}');
SELECT is((SELECT count(*) FROM crm.co_holding_products(access_mart.co_holding('2024-03-31'))), 2::bigint, 'another setting is heeded before the next refresh');
SELECT is_empty('SELECT * FROM crm.verify_mart(''access_mart'')', 'and is nothing that verify_mart minds');
CALL crm.refresh_mart('access_mart', commit_each_month => false);
SELECT results_eq('SELECT DISTINCT most_products FROM access_mart.co_holding_day', ARRAY[2], 'which counts by it');
SELECT count(*) FROM crm.update_mart('access_mart', settings => '{"co_holding_products": null}');
CALL crm.refresh_mart('access_mart', commit_each_month => false);
SELECT results_eq('SELECT * FROM access_mart.co_holding_day WHERE on_day = ''2024-03-20''', 'TABLE kept', 'and back');
INSERT INTO access_base.holding VALUES ('C1', 'later', '2024-05-10', 10);
SELECT results_eq('SELECT DISTINCT counted_on FROM access_mart.product_association_at(''2024-05-20'')', 'SELECT NULL::date WHERE false', 'a count that is older than the month before the newest positions counts no more');
SELECT results_eq('SELECT product FROM crm.co_holding_products(access_mart.co_holding(''2024-05-20''))', ARRAY['later'], 'but these do');
DELETE FROM access_base.holding WHERE product_id = 'later';
INSERT INTO access_base.holding VALUES ('C1', NULL, '2024-03-20', 10);
SELECT results_eq('SELECT v.* FROM access_mart.co_holding_value(''2024-03-01'', ''2024-04-01'') AS v', 'TABLE kept', 'a position without a product holds nothing');
DELETE FROM access_base.holding WHERE product_id IS NULL;

-- a source without positions, and back
CREATE SCHEMA bare_source;
CREATE VIEW bare_source.client WITH (security_invoker = true) AS TABLE access_source.client;
CREATE VIEW bare_source.trade WITH (security_invoker = true) AS TABLE access_source.trade;
SELECT count(*) FROM access_mart.definition AS d CROSS JOIN LATERAL crm.create_mart('moving_mart', 'access_source') AS m;
CALL crm.refresh_mart('moving_mart', commit_each_month => false);
SELECT count(*) FROM crm.update_mart('moving_mart', source => 'bare_source');
SELECT hasnt_table('moving_mart', 'co_holding_day', 'without positions nothing is held together');
SELECT is_empty($$SELECT FROM pg_depend WHERE classid = 'pg_policy'::regclass AND refobjid = 'access_source.holding'::regclass AND objid IN (SELECT p.oid FROM pg_policy AS p JOIN pg_class AS k ON k.oid = p.polrelid WHERE k.relnamespace = 'moving_mart'::regnamespace)$$,
  'and nothing of the mart is in the way of the view that it had');
SELECT count(*) FROM crm.update_mart('moving_mart', source => 'access_source');
CALL crm.refresh_mart('moving_mart', commit_each_month => false);
SELECT results_eq('SELECT * FROM moving_mart.co_holding_day WHERE on_day = ''2024-03-20''', 'TABLE kept', 'and back');
SELECT crm.drop_mart('moving_mart');

------------------------------------------------------------------------------------------------------------------------
-- Plans
------------------------------------------------------------------------------------------------------------------------

SET LOCAL ROLE branch_south;
CREATE FUNCTION pg_temp.scans(query text) RETURNS TABLE (node text, relation text) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
  RETURN QUERY SELECT n ->> 'Node Type', n ->> 'Relation Name' FROM jsonb_path_query(plan, 'strict $.**') AS n WHERE jsonb_typeof(n) = 'object' AND n ? 'Relation Name'
    AND NOT coalesce(position(format('(hashed %s)', n ->> 'Subplan Name') IN plan::text) > 0, false);      -- who is seen at all may be read once, by the policy on positions
END $$;
-- of big tables nothing is read as a whole for one client
SELECT is_empty(format('SELECT node, relation FROM pg_temp.scans(%L) WHERE node = ''Seq Scan'' AND relation IN (''client'', ''balance'', ''trade'', ''fee'', ''client_summary'', ''tier_month'', ''tier_told'')', q), q)
FROM unnest(ARRAY['SELECT * FROM access_mart.client_summary WHERE client_id = ''C1''', 'SELECT * FROM access_mart.tier_month WHERE client_id = ''C1''', 'SELECT * FROM access_mart.client_month WHERE client_id = ''C1''',
  'SELECT * FROM access_mart.tier_history WHERE client_id = ''C1''', 'SELECT * FROM access_mart.tier_why(''C1'')']) AS q;
RESET ROLE;
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p JOIN pg_operator AS o ON o.oprcode = p.oid JOIN pg_depend AS d ON d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e'
  WHERE o.oprname IN ('=', '<>') AND NOT p.proleakproof$$, 'comparisons of the extension''s types are LEAKPROOF, so that conditions on them may come before a policy');

------------------------------------------------------------------------------------------------------------------------
-- New objects, and taking back
------------------------------------------------------------------------------------------------------------------------

SELECT count(*) FROM crm.update_mart('access_mart', rating => '{"name": "r", "initial_score": 1, "characteristics": [{"name": "assets", "attribute": "assets", "bins": [{"when": "-", "points": 1}]}]}');
SET LOCAL ROLE branch_north;
SELECT is((SELECT count(*) FROM access_mart.client_rating), 1000::bigint, 'a view that update_mart makes is given to whom grant_mart let in');
RESET ROLE;
SELECT set_has('SELECT * FROM crm.revoke_mart(''access_mart'', ''branch_north'')', 'TABLE given', 'revoke_mart takes back what was given, and says so');
SELECT is_empty($$SELECT object FROM given WHERE object NOT LIKE '%)' AND object LIKE '%.%' AND has_table_privilege('branch_north', object, 'SELECT')$$, 'all of it');
SET LOCAL ROLE branch_north;
SELECT throws_ok('SELECT * FROM access_mart.client_360', '42501', NULL, 'the door is shut');
RESET ROLE;
SELECT count(*) FROM crm.update_mart('access_mart');
SELECT ok(NOT has_schema_privilege('branch_north', 'access_mart', 'USAGE') AND NOT has_table_privilege('branch_north', 'access_mart.client_360', 'SELECT'), 'and stays so');
SELECT ok(has_table_privilege('branch_south', 'access_mart.client_360', 'SELECT'), 'but for who still has it');

-- a view that only asks whether a table has rows
CREATE TABLE access_base.staff AS SELECT 1 AS staff_id, 9999 AS salary;
CREATE SCHEMA asking_source;
CREATE VIEW asking_source.client WITH (security_invoker = true) AS SELECT client_id FROM access_base.client WHERE EXISTS (SELECT FROM access_base.staff);
SELECT count(*) FROM crm.create_mart('asking_mart', 'asking_source');
SELECT set_has('SELECT * FROM crm.grant_mart(''asking_mart'', ''branch_north'')', $$VALUES ('access_base.staff', 'SELECT (staff_id)')$$, 'to ask whether there are rows, one column is enough');
SELECT ok(NOT has_column_privilege('branch_north', 'access_base.staff', 'salary', 'SELECT'), 'and shows no other');
SET LOCAL ROLE branch_north;
SELECT is((SELECT count(*) FROM asking_mart.client_360), 1000::bigint, 'and the view can be read');
RESET ROLE;

-- who may not grant on the source is told what to ask for
CREATE ROLE mart_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO mart_owner;
GRANT USAGE ON SCHEMA access_source, access_base, crm TO mart_owner;
GRANT SELECT ON ALL TABLES IN SCHEMA access_source, access_base TO mart_owner;
GRANT branch_north TO mart_owner;
SET LOCAL ROLE mart_owner;
SELECT count(*) FROM crm.create_mart('owned_mart', 'access_source');
SELECT throws_ok('SELECT * FROM crm.grant_mart(''owned_mart'', ''branch_north'')', '42501', NULL, 'privileges on the source come from its owner');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
