-- What clients are owed and get, over 20,000 made-up clients with every oddity that a source may have: each view against plain SQL over the same rows that
-- shares nothing with the mart.
\set life_stage `cat "$CRM_EXT_SOURCE/examples/policies/life_stage.json"`
\set service_model `cat "$CRM_EXT_SOURCE/examples/policies/service_model.json"`
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT no_plan();

------------------------------------------------------------------------------------------------------------------------
-- The source
------------------------------------------------------------------------------------------------------------------------

-- a number from 0 to n - 1 that looks drawn by lot, but is always the same
CREATE FUNCTION pg_temp.lot(id bigint, purpose text, n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN
  (hashint8extended(id, hashtext(purpose)) & 2147483647)::int % n;

CREATE SCHEMA source;
CREATE TABLE source.client AS
SELECT 'C' || n AS client_id, date '2012-01-01' + pg_temp.lot(n, 'opened', 5290) AS opened_on,
  CASE WHEN n % 50 = 0 THEN date '2026-01-01' + pg_temp.lot(n, 'closed', 300) END AS closed_on,
  CASE WHEN n % 13 > 0 THEN date '1930-01-01' + pg_temp.lot(n, 'born', 28000) END AS birth_date, 'B' || n % 8 AS branch_id
FROM generate_series(1, 20000) AS n;
UPDATE source.client SET opened_on = NULL WHERE client_id IN ('C7', 'C8');
UPDATE source.client SET opened_on = '-infinity', closed_on = 'infinity' WHERE client_id = 'C9';
CREATE UNIQUE INDEX ON source.client (client_id);
CREATE TABLE source.client_profile AS
SELECT 'C' || n AS client_id, date '2020-01-01' AS valid_from, NULL::date AS valid_to, CASE WHEN n % 5 = 0 THEN 'professional' WHEN n % 7 > 0 THEN 'ordinary' END AS investor_class,
  CASE pg_temp.lot(n, 'retired', 4) WHEN 0 THEN true WHEN 1 THEN false WHEN 2 THEN false END AS retired, nullif(pg_temp.lot(n, 'dependants', 5), 4) AS dependants,
  ARRAY['n' || n % 3, 'all'] AS kinds
FROM generate_series(1, 20000) AS n WHERE n % 40 > 0;
CREATE UNIQUE INDEX ON source.client_profile (client_id, valid_from);
CREATE TABLE source.balance AS
SELECT 'C' || n AS client_id, date '2026-06-30' - 100 * k - pg_temp.lot(n, 'day', 100) AS on_day,
  CASE WHEN n % 500 = 0 THEN -50.25 WHEN n % 20 = 0 THEN 0 WHEN n % 3 = 0 THEN 25000 ELSE round((1000 * power(pg_temp.lot(n, 'wealth', 100000) / 100000.0 + 0.00001, -0.8))::numeric, 2) END + k AS amount
FROM generate_series(1, 19990) AS n CROSS JOIN generate_series(0, 2) AS k;
UPDATE source.balance SET amount = 'NaN' WHERE client_id = 'C11';
CREATE UNIQUE INDEX ON source.balance (client_id, on_day);
CREATE INDEX ON source.balance (on_day);
CREATE TABLE source.holding AS
SELECT 'C' || n AS client_id, 'P' || k AS product_id, date '2026-06-08' AS on_day, 100::numeric * k AS market_value FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(1, 2) AS k
WHERE n % 4 > 1;
CREATE TABLE source.trade AS
SELECT 'C' || n AS client_id, date '2026-07-10' - pg_temp.lot(n * 10 + k, 'day', 20 + 3 * pg_temp.lot(n, 'age', 800)) AS on_day, 1000::numeric AS amount
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 5) AS k WHERE k < pg_temp.lot(n, 'trades', 7) AND n % 6 > 0;
CREATE INDEX ON source.trade (on_day);
CREATE TABLE source.entitlement (tier text, client_class text, service text, per_quarter float8, minutes int);
INSERT INTO source.entitlement VALUES
  ('mass', '-', 'statement', 1, 0), ('retail', '-', 'statement', 1, 0), ('affluent', '-', 'statement', 3, 0), ('wealth', '-', 'statement', 3, NULL),
  ('mass', '-', 'survey', 0.25, 2), ('retail', '-', 'survey', 0.25, 2), ('affluent', '-', 'survey', 0.25, 2),
  ('retail', '-', 'adviser call', 1, 10), ('retail', 'professional', 'adviser call', 2, 30), ('affluent', '-', 'adviser call', 2, 15), ('affluent', 'ordinary', 'adviser call', 0, 0),
  ('wealth', 'professional', 'review', 1, 60), ('wealth', '-', 'adviser call', 3, 20),
  ('wealth', '-', 'odd', 'NaN', 5), ('wealth', '-', 'odder', -1, 5), ('wealth', '-', 'oddest', 1e300, 5), ('wealth', '-', 'unsaid', NULL, 5), ('nowhere', '-', 'lost', 1, 1), ('wealth', '-', NULL, 1, 1);
CREATE TABLE source.contact AS
SELECT format('K%s-%s', n, k) AS contact_id, 'C' || n AS client_id, date '2026-07-05' - pg_temp.lot(n * 100 + k, 'day', 40 + 10 * k) AS on_day,
  (ARRAY['app', 'phone', 'branch', 'fax', NULL])[1 + pg_temp.lot(n * 100 + k, 'channel', 5)] AS channel,
  (ARRAY['statement', 'statement and market letter', 'survey', 'satisfaction survey', 'adviser call', 'portfolio check', 'review', 'review in person', 'trading desk call', NULL])[1 + pg_temp.lot(n * 100 + k, 'service', 10)]
    AS service, (pg_temp.lot(n * 100 + k, 'minutes', 60) / 2.0)::float8 AS minutes
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 29) AS k
WHERE k < CASE WHEN n % 11 = 0 THEN 0 ELSE pg_temp.lot(n, 'contacts', 30) END AND n % 17 > 0;
UPDATE source.contact SET minutes = 'NaN' WHERE client_id = 'C100';
UPDATE source.contact SET minutes = -1 WHERE client_id = 'C101';
UPDATE source.contact SET minutes = 'Infinity' WHERE client_id = 'C102';
UPDATE source.contact SET minutes = NULL WHERE client_id IN ('C103', 'C104', 'C105');
UPDATE source.contact SET on_day = 'infinity' WHERE client_id = 'C106';
INSERT INTO source.contact SELECT 'G' || n, 'nobody', '2026-06-01', 'app', 'statement', 1 FROM generate_series(1, 5) AS n;
CREATE INDEX ON source.contact (on_day);
CREATE TABLE source.cost (channel text, valid_from date, per_minute numeric, per_contact numeric);
INSERT INTO source.cost VALUES ('app', '2020-01-01', 0, 0.05), ('phone', '2025-01-01', 2, 1), ('phone', '2026-02-01', 2.5, NULL), ('branch', '2025-09-01', NULL, 30), ('branch', '2026-06-15', 9, 9), ('letter', '2020-01-01', 1, 1);
CREATE TABLE source.fee AS
SELECT 'C' || n AS client_id, date '2026-07-05' - pg_temp.lot(n * 10 + k, 'fee', 600) AS on_day, (ARRAY['commission', 'advice', 'odd'])[1 + (n + k) % 3] AS kind,
  round((pg_temp.lot(n * 10 + k, 'amount', 100000) / 100.0)::numeric, 2) - CASE WHEN n % 99 = 0 THEN 600 ELSE 0 END AS amount
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 4) AS k WHERE n % 3 > 0;
UPDATE source.fee SET amount = 'NaN' WHERE client_id = 'C200';
ANALYZE;
SET LOCAL crm.as_of = '2026-06-10';

SELECT set_eq($$SELECT object, status, reason FROM crm.create_mart('mart', 'source', tiers => crm.tier_policy('{mass,retail,affluent,wealth}', '{10000,50000,300000}'), tier_measure => 'assets',
    life_stage => '$$ || replace(:'life_stage', '''', '''''') || $$', service_model => '$$ || replace(:'service_model', '''', '''''') || $$', client_columns => '{branch_id,kinds}')
    WHERE object IN ('life_stage', 'life_stage_summary', 'service_match', 'service_gap', 'coverage_by_tier', 'coverage_by_service', 'fairness', 'service_concentration', 'cost_to_serve', 'channel_break_even')$$,
  $$SELECT o, 'created', CASE o WHEN 'life_stage' THEN 'the source has no horizon_years, years_covered: unknown to the decision table' END
    FROM unnest(ARRAY['life_stage', 'life_stage_summary', 'service_match', 'service_gap', 'coverage_by_tier', 'coverage_by_service', 'fairness', 'service_concentration', 'cost_to_serve', 'channel_break_even']) AS o$$,
  'all views of service are made; a fact that the source does not have is said');
