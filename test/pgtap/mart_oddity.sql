-- What the views say of odd sources: other types, rows that cannot be used, facts that are not known. A few clients, each with an oddity.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT no_plan();

CREATE SCHEMA source;
CREATE TYPE source.channel AS ENUM ('phone', 'visit');
CREATE TABLE source.client (client_id varchar(10), opened_on date, closed_on date, branch_id text, segment text, risk_level text, assessed_on date, trained_on date);
INSERT INTO source.client VALUES
  ('C1', '2020-01-01', NULL, 'B1', 'x', 'C2', '2025-05-01', NULL), ('C2', '2020-01-01', NULL, 'B1', 'x', 'C4', '2026-05-01', '2026-02-01'),
  ('C3', '2026-01-05', NULL, NULL, NULL, 'C4', '2026-01-05', '2026-01-05'), ('C4', '2020-01-01', NULL, 'B2', 'y', NULL, NULL, NULL),
  ('C5', '2026-01-06', NULL, NULL, NULL, 'C4', '2026-01-05', '2026-01-05'), ('C6', '2026-01-07', '2026-06-01', NULL, 'x', 'C4', '2026-01-05', '2026-01-05');
CREATE TABLE source.balance (client_id varchar(10), on_day date, amount float8);
INSERT INTO source.balance VALUES ('C1', '2026-01-01', 100), ('C2', '2026-01-01', 300), ('C5', '2026-01-06', 10000), ('C6', '2026-01-07', 9999);
CREATE TABLE source.external_assets (client_id text, on_day date, amount numeric);
INSERT INTO source.external_assets VALUES ('C3', '2026-02-01', 5000), ('C1', '2026-02-01', 100);
CREATE TABLE source.contact (contact_id text, client_id text, on_day date, channel source.channel, service text, minutes real);
INSERT INTO source.contact VALUES ('1', 'C1', '2026-05-01', 'phone', 'call', 10);
CREATE TABLE source.cost (channel varchar(20), valid_from date, per_minute numeric, per_contact numeric);
INSERT INTO source.cost VALUES ('phone', '2020-01-01', 1, 2);
CREATE TABLE source.product (product_id text, name text, category text, risk_level text);
INSERT INTO source.product VALUES ('P1', 'One', 'fund', 'R1'), ('P2', 'Two', 'bond', 'R2');
CREATE TABLE source.holding (client_id text, product_id text, on_day date, market_value numeric);
INSERT INTO source.holding VALUES ('C1', 'P1', '2026-06-01', 100), ('C1', NULL, '2026-06-01', 50), ('C1', 'P9', '2026-06-01', 100),
  ('C2', 'P1', '2026-06-01', 'NaN'), ('C2', 'P2', '2026-06-01', 50), ('C4', 'P2', '2026-06-01', NULL);
CREATE TABLE source.trade (trade_id text, client_id text, on_day date, amount numeric);
INSERT INTO source.trade VALUES ('1', 'C1', '2026-05-05', 100), ('2', 'C1', '2026-05-06', -40), ('3', 'C2', '2026-06-06', 40);
CREATE TABLE source.fee (client_id text, on_day date, kind text, amount numeric);
INSERT INTO source.fee VALUES ('C1', '2026-05-05', 'commission', 10), ('C1', '2026-05-05', 'bribe', 7), ('C2', '2026-05-05', 'commission', 'NaN'), ('C2', '2026-05-06', 'commission', 5);
CREATE TABLE source.callback (client_id text, on_day date);
INSERT INTO source.callback VALUES ('C3', '2026-01-04'), ('C3', '2026-02-20'), ('C3', '2026-02-10'), (NULL, '2026-02-01');

SET LOCAL crm.as_of = '2026-06-30';
SELECT lives_ok($$SELECT crm.create_mart('mart', 'source', tiers => crm.tier_policy('{mass,rich}', '{200}'), suitability => '{"name": "match", "checks": [
  {"name": "assessed", "reason": "too long ago", "require": {"within_months": {"client": "assessed_on", "months": 24}}, "otherwise": "undetermined"},
  {"name": "trained", "reason": "too long ago", "require": {"within_months": {"client": "trained_on", "months": 24}}, "otherwise": "undetermined"}]}')$$,
  'a channel may be an enum here and text there');
CALL crm.refresh_mart('mart', commit_each_month => false);

SELECT results_eq('SELECT cost, contacts_without_rate FROM mart.cost_to_serve WHERE clients_served > 0', 'VALUES (12.00, 0::bigint)', 'and its rate is found');
SELECT results_eq('SELECT sum(service_cost) FROM mart.client_month', 'VALUES (12.00)', 'in the summaries, too');
SELECT results_eq('SELECT service_cost FROM mart.acquisition_cohort WHERE service_cost IS NOT NULL AND cohort_month = ''2026-01-01'' AND segment = ''x''', 'VALUES (0.00)', 'and for new clients');

-- Gini of 100, 300, 10000: 2 (1 * 100 + 2 * 300 + 3 * 10000) / (3 * 10400) - 4 / 3
SELECT results_eq('SELECT clients, clients_unknown, round(gini::numeric, 3), assets FROM mart.asset_concentration', 'VALUES (5::bigint, 2::bigint, 0.635, 10400.00)', 'clients whose assets are not known are not those who have nothing');
SELECT results_eq('SELECT client_id, own_assets, wallet, wallet_share FROM mart.relationship_breadth WHERE client_id IN (''C1'', ''C3'', ''C4'') ORDER BY 1',
  $$VALUES ('C1', 100.00, 200.00, 0.5::float8), ('C3', NULL, NULL, NULL), ('C4', NULL, NULL, NULL)$$, 'nor is their share of wallet 0');
SELECT results_eq('SELECT client_id, activity_class FROM mart.client_360 WHERE client_id IN (''C3'', ''C4'') ORDER BY 1', $$VALUES ('C3', 'steady'), ('C4', 'steady')$$, 'who holds something of unknown value is not dormant');

SELECT results_eq('SELECT client_id, revenue_12_months FROM mart.client_360 WHERE revenue_12_months IS NOT NULL ORDER BY 1', $$VALUES ('C1', 10.00), ('C2', 5.00)$$, 'revenue is what cost_to_serve and the summaries take for it');
SELECT results_eq('SELECT sum(revenue) FROM mart.abc_class', 'SELECT sum(revenue) FROM mart.cost_to_serve', 'everywhere');
SELECT results_eq('SELECT client_id, frequency, monetary FROM mart.client_rfm WHERE frequency > 0 ORDER BY 1', $$VALUES ('C1', 1, 100.00), ('C2', 1, 40.00)$$, 'a trade is above 0, here as in the summaries');
SELECT results_eq('SELECT client_id, classes_held, holdings_by_class, main_class, main_class_share FROM mart.client_360 WHERE classes_held > 0 ORDER BY 1',
  $$VALUES ('C1', 2::bigint, 'fund 50 %, not classed 50 %', 'fund', 0.5::float8), ('C2', 1, 'bond 100 %', 'bond', 1), ('C4', 1, 'bond', 'bond', NULL)$$,
  'products that are not in product are not classed, and values that are no numbers do not count');
SELECT results_eq('SELECT client_id, assessment_due_on, assessment_overdue FROM mart.client_360 ORDER BY 1', $$VALUES ('C1'::text, NULL::date, true), ('C2', '2028-02-01', false), ('C3', '2028-01-05', false), ('C4', NULL, true), ('C5', '2028-01-05', false)$$,
  'no day until which all checks pass where one never did');

SELECT results_eq('SELECT month, clients, remaining_clients, active_clients FROM mart.retention_cohort WHERE month = ''2026-05-01'' AND segment IS NULL', $$VALUES (date '2026-05-01', 2::bigint, 2::bigint, 1::bigint)$$,
  'active from effective_assets on, also without branch and segment');
SELECT results_eq('SELECT segment, clients, remaining_clients FROM mart.retention_cohort WHERE month = ''2026-05-01'' ORDER BY 1', $$VALUES ('x', 1::bigint, 0::bigint), (NULL, 2, 2)$$, 'an unknown segment is one by itself');
SELECT results_eq('SELECT client_id, due_on FROM mart.callback_due WHERE duty = ''new client'' ORDER BY 1', $$VALUES ('C5', date '2026-02-06')$$, 'a call before the client came is none');
SELECT results_eq('SELECT eligible, done FROM mart.callback_summary WHERE duty = ''new client''', 'VALUES (2::bigint, 1::bigint)', 'and two calls are one');

-- A plan without an index on call-backs reads them once, not once a client.
CREATE FUNCTION pg_temp.repeated(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
    IF line ~ 'SubPlan' AND line !~ 'hashed' THEN RETURN NEXT line; END IF;
  END LOOP;
END $$;
SELECT is_empty('SELECT pg_temp.repeated(''SELECT * FROM mart.callback_summary'')', 'call-backs are read once');

-- A check that is called as a section of the policy is, but of another action, changes nothing.
CREATE FUNCTION pg_temp.decided(name text) RETURNS TABLE (client_id text, product_id text, outcome text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM crm.create_mart('named', 'source', suitability => format('{"name": "sections", "exempt": [{"when": {"client.trained_on": ">= 2026-02-01"}, "checks": ["risk"]}],
    "derive": {"client.years": {"years_since": "client.assessed_on"}}, "checks": [
    {"name": "risk", "require": {"allowed": {"client": "risk_level", "product": "risk_level", "pairs": {"C2": ["R1"], "C4": ["R9"]}}}, "otherwise": "prohibited"},
    {"name": "known", "applies": {"client.years": "> 5"}, "otherwise": "notice", "missing": "skip"},
    {"name": "%s", "actions": ["buy"], "applies": {"product.name": ["none"]}, "otherwise": "prohibited"}]}', name)::crm.suitability_policy);
  RETURN QUERY SELECT e.client_id, e.product_id, e.outcome FROM named.suitability_exception AS e UNION ALL SELECT a.client_id, 'P1', a.outcome FROM named.audience('P1', 'prohibited') AS a;
  PERFORM crm.drop_mart('named');
END $$;
CREATE TEMP TABLE decided AS SELECT * FROM pg_temp.decided('other');
SELECT set_has('TABLE decided', $$VALUES ('C4', 'P2', 'undetermined'), ('C5', 'P1', 'prohibited')$$, 'a policy with an exemption');
SELECT is_empty('SELECT product_id FROM decided WHERE client_id = ''C2''', 'which holds');
SELECT set_eq(format('SELECT * FROM pg_temp.decided(%L)', n), 'TABLE decided', n) FROM unnest('{exempt,derive}'::text[]) AS n;

-- Amounts beyond all reason: of this client they are not known, and nobody else's answers fail.
INSERT INTO source.client VALUES ('huge', '2020-01-01', NULL, 'B1', 'x', 'C2', '2025-05-01', NULL);
INSERT INTO source.balance VALUES ('huge', '2026-01-01', 1e300), ('huge', '2026-05-01', 9e16);
INSERT INTO source.external_assets VALUES ('huge', '2026-02-01', 1e40);
INSERT INTO source.contact VALUES ('2', 'huge', '2026-05-01', 'phone', 'call', 1e30);
INSERT INTO source.holding VALUES ('huge', 'P1', '2026-06-01', 1e25), ('huge', 'P2', '2026-06-01', -1e25);
INSERT INTO source.trade VALUES ('4', 'huge', '2026-05-05', 1e20);
INSERT INTO source.fee VALUES ('huge', '2026-05-05', 'commission', 1e25);
CREATE TEMP TABLE before AS SELECT to_jsonb(c) AS client FROM mart.client_360 AS c WHERE c.client_id <> 'huge';
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT lives_ok(format('SELECT v::text FROM mart.%I AS v', q.name), q.name) FROM crm.mart_question() AS q WHERE q.is_view AND to_regclass('mart.' || q.name) IS NOT NULL ORDER BY q.ordinal;
SELECT results_eq('SELECT assets, revenue_12_months FROM mart.client_360 WHERE client_id = ''huge''', 'VALUES (NULL::numeric, NULL::numeric)', 'amounts that no account has are not known');
SELECT is_empty('SELECT client FROM before EXCEPT SELECT to_jsonb(c) FROM mart.client_360 AS c', 'and what is known of others is what it was');

SELECT * FROM finish();
ROLLBACK;
