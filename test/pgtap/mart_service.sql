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

-- the same rows, each as often
CREATE FUNCTION pg_temp.same(made text, expected text, what text) RETURNS text LANGUAGE sql RETURN
  is_empty(format('WITH m AS MATERIALIZED (%s), e AS MATERIALIZED (%s) (TABLE m EXCEPT ALL TABLE e) UNION ALL (TABLE e EXCEPT ALL TABLE m)', made, expected), what);

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
  CASE WHEN n % 500 = 0 THEN -50.25 WHEN n % 20 = 0 THEN 0 WHEN n % 3 = 0 THEN 25000 ELSE round((1000 * power(pg_temp.lot(n, 'wealth', 100000) / 100000.0 + 0.00001, -0.8))::numeric, 2) + k END AS amount
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
CREATE INDEX ON source.trade (client_id, on_day);
CREATE INDEX ON source.holding (client_id, on_day);
CREATE INDEX ON source.holding (on_day);
CREATE TABLE source.entitlement (tier text, client_class text, service text, per_quarter float8, minutes int);
INSERT INTO source.entitlement VALUES
  ('mass', '-', 'statement', 1, 0), ('retail', '-', 'statement', 1, 0), ('affluent', '-', 'statement', 3, 0), ('wealth', '-', 'statement', 3, NULL),
  ('mass', '-', 'survey', 0.25, 2), ('retail', '-', 'survey', 0.25, 2), ('affluent', '-', 'survey', 0.25, 2),
  ('retail', '-', 'adviser call', 1, 10), ('retail', 'professional', 'adviser call', 2, 30), ('affluent', '-', 'adviser call', 2, 15), ('affluent', 'ordinary', 'adviser call', 0, 0),
  ('wealth', 'professional', 'review', 1, 60), ('wealth', '-', 'adviser call', 3, 20),
  ('wealth', '-', 'odd', 'NaN', 5), ('wealth', '-', 'odder', -1, 5), ('wealth', '-', 'oddest', 1e300, 5), ('wealth', '-', 'unsaid', NULL, 5), ('nowhere', '-', 'lost', 1, 1), ('wealth', '-', NULL, 1, 1);
CREATE TABLE source.contact AS
SELECT format('K%s-%s', n, k) AS contact_id, 'C' || n AS client_id, date '2026-07-05' - pg_temp.lot(n * 100 + k, 'day', 40 + 30 * k) AS on_day,
  (ARRAY['app', 'phone', 'branch', 'fax', NULL])[1 + pg_temp.lot(n * 100 + k, 'channel', 5)] AS channel,
  (ARRAY['statement', 'statement and market letter', 'survey', 'satisfaction survey', 'adviser call', 'portfolio check', 'review', 'review in person', 'trading desk call', NULL])[1 + pg_temp.lot(n * 100 + k, 'service', 10)]
    AS service, (pg_temp.lot(n * 100 + k, 'minutes', 60) / 2.0)::float8 AS minutes
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 14) AS k
WHERE k < CASE WHEN n % 11 = 0 THEN 0 ELSE pg_temp.lot(n, 'contacts', 15) END AND n % 17 > 0;
UPDATE source.contact SET minutes = 'NaN' WHERE client_id = 'C100';
UPDATE source.contact SET minutes = -1 WHERE client_id = 'C101';
UPDATE source.contact SET minutes = 'Infinity' WHERE client_id = 'C102';
UPDATE source.contact SET minutes = NULL WHERE client_id IN ('C103', 'C104', 'C105');
UPDATE source.contact SET on_day = 'infinity' WHERE client_id = 'C106';
INSERT INTO source.contact SELECT 'G' || n, 'nobody', '2026-06-01', 'app', 'statement', 1 FROM generate_series(1, 5) AS n;
CREATE INDEX ON source.contact (on_day);
CREATE INDEX ON source.contact (client_id, on_day);
CREATE TABLE source.cost (channel text, valid_from date, per_minute numeric, per_contact numeric);
INSERT INTO source.cost VALUES ('app', '2020-01-01', 0, 0.05), ('phone', '2025-01-01', 2, 1), ('phone', '2026-02-01', 2.5, NULL), ('branch', '2025-09-01', NULL, 30), ('branch', '2026-06-15', 9, 9), ('letter', '2020-01-01', 1, 1);
CREATE TABLE source.fee AS
SELECT 'C' || n AS client_id, date '2026-07-05' - pg_temp.lot(n * 10 + k, 'fee', 600) AS on_day, (ARRAY['commission', 'advice', 'odd'])[1 + (n + k) % 3] AS kind,
  round((pg_temp.lot(n * 10 + k, 'amount', 100000) / 100.0)::numeric, 2) - CASE WHEN n % 99 = 0 THEN 600 ELSE 0 END AS amount
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 4) AS k WHERE n % 3 > 0;
CREATE INDEX ON source.fee (client_id, on_day);
UPDATE source.fee SET amount = 'NaN' WHERE client_id = 'C200';
ANALYZE;
SET LOCAL crm.as_of = '2026-06-10';

SELECT set_eq($$SELECT object, status, reason FROM crm.create_mart('mart', 'source', tiers => crm.tier_policy('{mass,retail,affluent,wealth}', '{5000,20000,40000}'), tier_measure => 'assets',
    life_stage => '$$ || replace(:'life_stage', '''', '''''') || $$', service_model => '$$ || replace(:'service_model', '''', '''''') || $$', client_columns => '{branch_id,kinds}')
    WHERE object IN ('life_stage', 'life_stage_summary', 'service_match', 'service_gap', 'coverage_by_tier', 'coverage_by_service', 'fairness', 'service_concentration', 'cost_to_serve', 'channel_break_even')$$,
  $$SELECT o, 'created', CASE o WHEN 'life_stage' THEN 'the source has no horizon_years, years_covered: unknown to the decision table' END
    FROM unnest(ARRAY['life_stage', 'life_stage_summary', 'service_match', 'service_gap', 'coverage_by_tier', 'coverage_by_service', 'fairness', 'service_concentration', 'cost_to_serve', 'channel_break_even']) AS o$$,
  'all views of service are made; a fact that the source does not have is said');

------------------------------------------------------------------------------------------------------------------------
-- What must come out
------------------------------------------------------------------------------------------------------------------------

-- what is known of each client on a day, and what the two decision tables make of it, by hand
CREATE FUNCTION pg_temp.known(d date) RETURNS TABLE (client_id text, branch_id text, opened_on date, class text, assets numeric, tier text, stage text, focus text, missing text, activity text, effective bool)
LANGUAGE sql AS $$
  SELECT c.client_id, c.branch_id, c.opened_on, p.investor_class, b.amount, t.tier, s.stage,
    CASE s.stage WHEN 'gifting' THEN 'family, giving and the estate' WHEN 'spending' THEN 'income from the capital' WHEN 'consolidation' THEN 'the pension, and less risk year by year'
      WHEN 'accumulation' THEN 'regular saving for the long term' ELSE 'ask for the age' END,
    array_to_string(ARRAY[CASE WHEN p.retired IS NULL THEN 'retired' END, CASE WHEN a.age IS NULL THEN 'age' END, CASE WHEN p.dependants IS NULL THEN 'dependants' END, 'horizon_years', 'years_covered'], ', '),
    CASE WHEN x.last_on > d - 90 THEN 'active'
      WHEN coalesce(b.amount, 0) <= 100 AND coalesce(h.value, 0) = 0 AND coalesce(x.last_on <= d - interval '3 years', true) AND coalesce(c.opened_on <= d - interval '3 years', true) THEN 'dormant'
      ELSE 'steady' END,
    b.amount IS NOT NULL AND b.amount <> 'NaN' AND b.amount >= 10000
  FROM source.client AS c
  LEFT JOIN source.client_profile AS p ON p.client_id = c.client_id AND p.valid_from <= d
  LEFT JOIN LATERAL (SELECT b.amount FROM source.balance AS b WHERE b.client_id = c.client_id AND b.on_day <= d ORDER BY b.on_day DESC LIMIT 1) AS b ON true
  LEFT JOIN (SELECT t.client_id, max(t.on_day) AS last_on FROM source.trade AS t WHERE t.on_day <= d GROUP BY 1) AS x ON x.client_id = c.client_id
  LEFT JOIN (SELECT h.client_id, sum(h.market_value) AS value FROM source.holding AS h WHERE h.on_day = (SELECT max(on_day) FROM source.holding WHERE on_day <= d) GROUP BY 1) AS h ON h.client_id = c.client_id
  CROSS JOIN LATERAL (SELECT extract(year FROM age(d, c.birth_date))::int AS age) AS a
  CROSS JOIN LATERAL (SELECT CASE WHEN b.amount = 'NaN' THEN NULL WHEN b.amount >= 40000 THEN 'wealth' WHEN b.amount >= 20000 THEN 'affluent' WHEN b.amount >= 5000 THEN 'retail' WHEN b.amount IS NOT NULL THEN 'mass' END AS tier) AS t
  CROSS JOIN LATERAL (SELECT CASE WHEN p.retired THEN 'spending' WHEN p.retired IS NULL AND a.age >= 65 THEN 'spending' WHEN a.age >= 45 THEN 'consolidation'
    WHEN a.age < 45 THEN 'accumulation' ELSE 'unknown' END AS stage) AS s
  WHERE (c.opened_on <= d OR c.opened_on IS NULL) AND (c.closed_on > d OR c.closed_on IS NULL)
$$;
CREATE FUNCTION pg_temp.model(d date) RETURNS TABLE (client_id text, tier text, stage text, opened_on date, service text, channel text, times numeric, minutes numeric) LANGUAGE sql AS $$
  SELECT k.client_id, k.tier, k.stage, k.opened_on, o.*
  FROM pg_temp.known(d) AS k
  CROSS JOIN LATERAL (
    SELECT 'statement and market letter', 'app', 3.0, 0 UNION ALL SELECT 'satisfaction survey', 'app', 0.25, 2
    UNION ALL SELECT 'call to a dormant client', 'phone', 1, 10 WHERE k.tier IN ('mass', 'retail') AND k.activity = 'dormant'
    UNION ALL SELECT 'saving plan check', 'app', 1, 5 WHERE k.tier IN ('mass', 'retail') AND k.stage = 'accumulation'
    UNION ALL SELECT 'portfolio check', 'app', 1, 5 WHERE k.tier <> 'mass'
    UNION ALL SELECT 'adviser call', 'phone', 1, 15 WHERE k.tier = 'affluent'
    UNION ALL SELECT 'adviser call', 'phone', 2, 20 WHERE k.tier = 'wealth'
    UNION ALL SELECT 'review in person', 'branch', 1, 60 WHERE k.tier = 'wealth'
    UNION ALL SELECT 'trading desk call', 'phone', 3, 10 WHERE k.tier IN ('affluent', 'wealth') AND k.activity = 'active'
    UNION ALL SELECT 'pension talk', 'branch', 0.5, 45 WHERE k.tier IN ('affluent', 'wealth') AND k.stage = 'consolidation'
    UNION ALL SELECT 'retirement income plan', 'branch', 0.25, 90 WHERE k.tier IN ('affluent', 'wealth') AND k.stage = 'spending'
    UNION ALL SELECT 'estate and gifting talk', 'branch', 0.5, 90 WHERE k.tier = 'wealth' AND k.stage = 'gifting') AS o (service, channel, times, minutes)
$$;
-- contacts that can be counted: minutes are a number from 0, or not known
CREATE VIEW pg_temp.counted AS SELECT c.* FROM source.contact AS c WHERE c.minutes IS NULL OR c.minutes BETWEEN 0 AND 1e6;
CREATE FUNCTION pg_temp.gap(d date, q date, n date) RETURNS TABLE (client_id text, tier text, service text, owed numeric, by_now numeric, delivered bigint, minutes numeric, owed_minutes numeric, contacts bigint)
LANGUAGE sql AS $$
  SELECT m.client_id, m.tier, m.service, m.times, round(m.times * (SELECT count(*) FROM generate_series(q::timestamp, d, '1 day') AS g WHERE g >= m.opened_on OR m.opened_on IS NULL) / (n - q), 4),
    coalesce(c.contacts, 0), coalesce(c.minutes, 0), m.times * m.minutes, coalesce(a.contacts, 0)
  FROM pg_temp.model(d) AS m
  LEFT JOIN (SELECT client_id, service, count(*) AS contacts, sum(minutes::numeric) AS minutes FROM pg_temp.counted WHERE on_day BETWEEN q AND d GROUP BY 1, 2) AS c ON c.client_id = m.client_id AND c.service = m.service
  LEFT JOIN (SELECT client_id, count(*) AS contacts FROM pg_temp.counted WHERE on_day BETWEEN q AND d GROUP BY 1) AS a ON a.client_id = m.client_id
$$;

------------------------------------------------------------------------------------------------------------------------
-- Stages of life
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE known AS SELECT * FROM pg_temp.known('2026-06-10');
SELECT ok(count(*) > 19000 AND count(DISTINCT tier) = 4 AND count(DISTINCT stage) = 4 AND count(DISTINCT activity) = 3 AND count(*) FILTER (WHERE activity = 'dormant') > 100
  AND count(*) FILTER (WHERE tier IS NULL) > 3 AND count(*) FILTER (WHERE effective) > 1000, 'clients of every kind') FROM known;
SELECT pg_temp.same('SELECT client_id, effective, activity_class FROM mart.client_facts(''2026-06-10'')', 'SELECT client_id, effective, activity FROM known', 'effective clients and classes of activity');
SELECT pg_temp.same('SELECT client_id, branch_id, life_stage, focus, missing_facts FROM mart.life_stage', 'SELECT client_id, branch_id, stage, focus, missing FROM known',
  'the stage of each client, and what is not known of it');
SELECT pg_temp.same('SELECT client_id, life_stage FROM mart.life_stage_at(''2025-03-01'')', 'SELECT client_id, stage FROM pg_temp.known(''2025-03-01'')', 'on another day');
SELECT pg_temp.same('SELECT DISTINCT life_stage_order, life_stage FROM mart.life_stage ORDER BY 1', $$VALUES (1, 'accumulation'), (2, 'consolidation'), (3, 'spending'), (5, 'unknown')$$, 'in the order of the table');
SELECT pg_temp.same('SELECT life_stage, life_stage_order, clients, client_share, assets FROM mart.life_stage_summary ORDER BY 2',
  $$SELECT s.stage, s.place, count(k.client_id), count(k.client_id)::float8 / (SELECT count(*) FROM known), round(coalesce(sum(k.assets) FILTER (WHERE k.assets <> 'NaN'), 0), 2)
    FROM unnest(ARRAY['accumulation', 'consolidation', 'spending', 'gifting', 'unknown']) WITH ORDINALITY AS s (stage, place) LEFT JOIN known AS k ON k.stage = s.stage GROUP BY 1, 2 ORDER BY 2$$,
  'the summary has every stage of the table');

------------------------------------------------------------------------------------------------------------------------
-- What is owed
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE model AS SELECT * FROM pg_temp.model('2026-06-10');
SELECT ok(count(DISTINCT service) = 10, 'most services are owed to someone') FROM model;
SELECT pg_temp.same('SELECT client_id, tier, life_stage, service, service_channel, times_per_quarter, minutes, minutes_per_quarter FROM mart.service_match',
  'SELECT client_id, tier, stage, service, channel, times, minutes, round(times * minutes, 2) FROM model', 'what the service model says, for each client');
SELECT pg_temp.same('SELECT client_id, service, times_per_quarter FROM mart.service_match_at(''2025-03-01'')', 'SELECT client_id, service, times FROM pg_temp.model(''2025-03-01'')', 'on another day');

CREATE TEMP TABLE gap AS SELECT * FROM pg_temp.gap('2026-06-10', '2026-04-01', '2026-07-01');
SELECT ok(count(*) FILTER (WHERE delivered > 0) > 1000 AND count(*) FILTER (WHERE contacts = 0) > 1000 AND count(*) FILTER (WHERE by_now < owed * 71 / 91 - 0.01) > 10, 'gaps of every kind') FROM gap;
SELECT pg_temp.same('SELECT client_id, service, owed, owed_by_now, delivered, gap, behind, delivered_minutes, owed_minutes, contacts FROM mart.service_gap',
  'SELECT client_id, service, owed, by_now, delivered, greatest(owed - delivered, 0), greatest(by_now - delivered, 0), minutes, round(owed_minutes, 2), contacts FROM gap',
  'what each client is owed and got in the quarter, whether contacted or not');
SELECT pg_temp.same('SELECT count(*), min(quarter), max(quarter), max(data_through) FROM mart.service_gap', 'SELECT count(*), date ''2026-04-01'', date ''2026-04-01'', date ''2026-06-10'' FROM gap', 'once each');
SELECT pg_temp.same('SELECT client_id, service, owed, owed_by_now, delivered FROM mart.service_gap_at(''2026-03-31'')',
  'SELECT client_id, service, owed, by_now, delivered FROM pg_temp.gap(''2026-03-31'', ''2026-01-01'', ''2026-04-01'')', 'another quarter');
SELECT is_empty('SELECT FROM mart.service_gap_at(''2026-03-31'') AS g JOIN source.client AS c USING (client_id) WHERE owed_by_now <> owed AND (opened_on < ''2026-01-01'' OR opened_on IS NULL)',
  'at the end of the quarter all is owed');

SELECT pg_temp.same('SELECT client_id, life_stage, life_stage_order, services_owed, services_delivered, services_gap FROM mart.client_360',
  $$SELECT k.client_id, k.stage, array_position('{accumulation,consolidation,spending,gifting,unknown}', k.stage), round(sum(g.owed), 2), sum(g.delivered), round(sum(greatest(g.owed - g.delivered, 0)), 2)
    FROM known AS k LEFT JOIN gap AS g USING (client_id) GROUP BY 1, 2$$, 'client_360 has the sum of it');

-- one client is looked up by indexes; all are decided once for each combination of what the model reads
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query; END $$;
SELECT is_empty(format($$SELECT line FROM pg_temp.plan('SELECT * FROM mart.%s WHERE client_id = ''C1234''') AS p (line) WHERE line ~ 'Seq Scan on (client|client_profile|balance|trade|holding|contact|fee)'$$, v),
  format('%s: one client costs no scan of a table', v)) FROM unnest(ARRAY['life_stage', 'service_match', 'service_gap', 'client_360']) AS v;
SELECT results_eq($$SELECT sum(substring(line FROM 'Misses: (\d+)')::int) BETWEEN 1 AND 200 FROM pg_temp.plan('SELECT * FROM mart.service_match') AS p (line)$$, ARRAY[true], 'the service model decides what is alike once');

CREATE TEMP TABLE by_client AS
SELECT k.client_id, k.tier, sum(g.owed) AS owed, sum(g.by_now) AS by_now, sum(g.delivered) AS delivered, sum(least(g.owed, g.delivered)) AS covered, sum(least(g.by_now, g.delivered)) AS covered_by_now,
  min((g.delivered >= g.owed)::int) = 1 AS fully, max(g.contacts) AS contacts, sum(g.owed_minutes) AS minutes
FROM known AS k LEFT JOIN gap AS g USING (client_id) GROUP BY 1, 2;
SELECT pg_temp.same('SELECT tier, tier_order, clients, never_contacted, owed_clients, fully_covered, fully_covered_share, owed, owed_by_now, delivered, gap, behind, coverage, coverage_by_now, owed_minutes FROM mart.coverage_by_tier',
  $$SELECT tier, array_position('{mass,retail,affluent,wealth}', tier), count(*), sum((contacts = 0)::int), count(owed), sum(fully::int), sum(fully::int)::float8 / count(owed), sum(owed), sum(by_now), sum(delivered)::bigint,
    sum(owed - covered), sum(by_now - covered_by_now), (sum(covered) / sum(owed))::float8, (sum(covered_by_now) / sum(by_now))::float8, round(sum(minutes), 2) FROM by_client GROUP BY tier$$, 'coverage of each tier');
SELECT pg_temp.same('SELECT tier, service, owed_clients, not_served, fully_covered, owed, owed_by_now, delivered, gap, behind, coverage, coverage_by_now, owed_minutes, delivered_minutes FROM mart.coverage_by_service',
  $$SELECT tier, service, count(*), sum((delivered = 0)::int), sum((delivered >= owed)::int), sum(owed), sum(by_now), sum(delivered)::bigint, sum(owed) - sum(least(owed, delivered)), sum(by_now) - sum(least(by_now, delivered)),
    (sum(least(owed, delivered)) / sum(owed))::float8, (sum(least(by_now, delivered)) / sum(by_now))::float8, round(sum(owed_minutes), 2), round(sum(minutes), 2) FROM gap GROUP BY tier, service$$, 'and service');

------------------------------------------------------------------------------------------------------------------------
-- Fairness
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE served AS
SELECT k.client_id, k.tier, k.assets, v.measure, v.amount::float8 AS amount
FROM known AS k
LEFT JOIN (SELECT client_id, count(*) AS contacts, coalesce(sum(minutes), 0) AS minutes FROM pg_temp.counted WHERE on_day BETWEEN '2026-04-01' AND '2026-06-10' GROUP BY 1) AS c USING (client_id)
CROSS JOIN LATERAL (VALUES ('contacts', coalesce(c.contacts, 0)::numeric), ('minutes', coalesce(c.minutes, 0)::numeric)) AS v (measure, amount);
SELECT pg_temp.same('SELECT tier, measure, clients, served, service, round(served_share::numeric, 12), round(mean::numeric, 10), round(jain_index::numeric, 10), round(coefficient_of_variation::numeric, 10) FROM mart.fairness',
  $$SELECT tier, measure, count(*), sum((amount > 0)::int), round(sum(amount)::numeric, 2), round(avg((amount > 0)::int), 12), round(avg(amount)::numeric, 10), round((power(sum(amount), 2) / count(*) / sum(amount * amount))::numeric, 10),
    round((stddev_pop(amount) / avg(amount))::numeric, 10) FROM served GROUP BY 1, 2$$, 'within tiers');
SELECT pg_temp.same('SELECT tier, measure, round(service_share::numeric, 12), round(client_share::numeric, 12), round(disparity::numeric, 10) FROM mart.fairness',
  $$SELECT s.tier, s.measure, round((sum(s.amount) / a.amount)::numeric, 12), round(count(*)::numeric / a.clients, 12), round((avg(s.amount) / a.mean)::numeric, 10)
    FROM served AS s JOIN (SELECT measure, sum(amount) AS amount, count(*) AS clients, avg(amount) AS mean FROM served GROUP BY 1) AS a USING (measure) GROUP BY s.tier, s.measure, a.amount, a.clients, a.mean$$, 'between them');
CREATE TEMP TABLE concentration AS
WITH ranked AS (          -- the rank of a client: the mean place of all with as much
  SELECT s.*, (s.place - 0.5) / s.clients AS own, avg((s.place - 0.5) / s.clients) OVER (PARTITION BY s.measure, s.value) AS rank
  FROM (SELECT s.*, greatest(s.assets, 0) AS value, row_number() OVER (PARTITION BY measure ORDER BY greatest(s.assets, 0), client_id) AS place, count(*) OVER (PARTITION BY measure) AS clients
    FROM served AS s WHERE s.assets <> 'NaN') AS s)
SELECT measure, count(*) AS clients, round(sum(amount)::numeric, 2) AS service, round(sum(value), 2) AS assets, 2 * covar_pop(amount, rank::float8) / avg(amount) AS index,
  2 * covar_pop(value::float8, own::float8) / avg(value::float8) AS gini, (sum(value) FILTER (WHERE own < 0.8) / sum(value))::float8 AS tail_value, sum(amount) FILTER (WHERE own < 0.8) / sum(amount) AS tail_service
FROM ranked GROUP BY 1;
SELECT pg_temp.same('SELECT measure, measure_order, clients, service, assets FROM mart.service_concentration', $$SELECT measure, CASE measure WHEN 'contacts' THEN 1 ELSE 2 END, clients, service, assets FROM concentration$$,
  'service and value of all clients');
SELECT is_empty('SELECT * FROM mart.service_concentration AS s FULL JOIN concentration AS c USING (measure)
  WHERE (abs(s.concentration_index - c.index) <= least(s.concentration_error + 1e-9, 0.001) AND abs(s.gini_of_value - c.gini) < 0.001 AND s.kakwani_index = s.concentration_index - s.gini_of_value) IS NOT TRUE',
  'service against value, by covariances');
SELECT is_empty('SELECT * FROM mart.service_concentration AS s FULL JOIN concentration AS c USING (measure)
  WHERE (s.tail_client_share = 0.8 AND abs(s.tail_value_share - c.tail_value) < 0.005 AND abs(s.tail_service_share - c.tail_service) < 0.005
    AND abs(s.disparity - ((1 - s.tail_service_share) / 0.2) / (s.tail_service_share / 0.8)) < 1e-9) IS NOT TRUE', 'the tail beside the head');

------------------------------------------------------------------------------------------------------------------------
-- Cost
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE priced AS
SELECT c.client_id, k.tier, c.channel, c.minutes::numeric AS minutes, r.valid_from IS NULL AS free, coalesce(r.per_contact, 0) + coalesce(r.per_minute * c.minutes::numeric, 0) AS cost
FROM pg_temp.counted AS c
JOIN known AS k USING (client_id)
LEFT JOIN LATERAL (SELECT * FROM source.cost AS r WHERE r.channel = c.channel AND r.valid_from <= c.on_day ORDER BY r.valid_from DESC LIMIT 1) AS r ON true
WHERE c.on_day BETWEEN '2025-06-11' AND '2026-06-10';
CREATE TEMP TABLE earned AS
SELECT k.tier, count(*) AS clients, sum(k.assets) FILTER (WHERE k.assets <> 'NaN') AS assets, sum(coalesce(f.amount, 0)) AS revenue
FROM known AS k
LEFT JOIN (SELECT client_id, sum(amount) AS amount FROM source.fee WHERE on_day BETWEEN '2025-06-11' AND '2026-06-10' AND amount <> 'NaN' AND kind <> 'odd' GROUP BY 1) AS f USING (client_id) GROUP BY 1;
SELECT pg_temp.same('SELECT tier, from_day, clients, clients_served, contacts, minutes, cost, contacts_without_rate, cost_per_client, assets, revenue, margin, margin_per_client, round(revenue_yield::numeric, 12), break_even_assets FROM mart.cost_to_serve',
  $$SELECT e.tier, date '2025-06-11', e.clients, p.served, p.contacts, round(p.minutes, 2), round(p.cost, 2), p.free, round(p.cost / e.clients, 2), round(e.assets, 2), round(e.revenue, 2), round(e.revenue - p.cost, 2),
      round((e.revenue - p.cost) / e.clients, 2), round(e.revenue / e.assets, 12), round(p.cost / e.clients / nullif(greatest(e.revenue / e.assets, 0), 0), 2)
    FROM earned AS e JOIN (SELECT tier, count(DISTINCT client_id) AS served, count(*) AS contacts, sum(minutes) AS minutes, sum(cost) AS cost, sum(free::int) AS free FROM priced GROUP BY 1) AS p ON p.tier IS NOT DISTINCT FROM e.tier$$,
  'cost to serve, revenue, margin and break-even by tier');
SELECT pg_temp.same('SELECT tier, channel, clients_served, contacts, minutes, cost, contacts_without_rate, cost_per_contact, cost_per_client, round(revenue_yield::numeric, 12), break_even_assets FROM mart.channel_break_even',
  $$SELECT p.tier, p.channel, p.served, p.contacts, round(p.minutes, 2), round(p.cost, 2), p.free, round(p.cost / p.contacts, 2), round(p.cost / p.served, 2), round(e.revenue / e.assets, 12), round(p.cost / p.served / (e.revenue / e.assets), 2)
    FROM earned AS e JOIN (SELECT tier, channel, count(DISTINCT client_id) AS served, count(*) AS contacts, sum(minutes) AS minutes, sum(cost) AS cost, sum(free::int) AS free FROM priced GROUP BY 1, 2) AS p
      ON p.tier IS NOT DISTINCT FROM e.tier$$, 'and by channel');

------------------------------------------------------------------------------------------------------------------------
-- Entitlements instead of a service model
------------------------------------------------------------------------------------------------------------------------

SELECT set_eq($$SELECT object, status, reason FROM crm.create_mart('entitled', 'source', tiers => crm.tier_policy('{mass,retail,affluent,wealth}', '{5000,20000,40000}'), tier_measure => 'assets')
    WHERE object IN ('life_stage', 'life_stage_summary', 'service_match', 'service_gap', 'fairness')$$,
  $$VALUES ('life_stage', 'left out', 'no decision table was given as life_stage'), ('life_stage_summary', 'left out', 'no decision table was given as life_stage'),
    ('service_match', 'created', 'no decision table was given as life_stage; no decision table was given as service_model'),
    ('service_gap', 'created', 'no decision table was given as life_stage; no decision table was given as service_model'), ('fairness', 'created', NULL)$$, 'entitlements stand for a service model');
CREATE FUNCTION pg_temp.entitled(class_of text) RETURNS TABLE (client_id text, service text, times numeric, minutes numeric) LANGUAGE sql AS $$
  SELECT k.client_id, e.service, e.per_quarter::numeric, e.minutes::numeric
  FROM (SELECT k.client_id, k.tier, CASE class_of WHEN 'investor_class' THEN k.class WHEN 'branch_id' THEN k.branch_id END AS class FROM known AS k) AS k
  JOIN source.entitlement AS e ON e.tier = k.tier AND (e.client_class = k.class OR e.client_class = '-'
    AND NOT EXISTS (SELECT FROM source.entitlement AS o WHERE o.tier = e.tier AND o.service = e.service AND o.client_class = k.class))
  WHERE e.per_quarter > 0 AND e.per_quarter <= 1000000 AND e.service IS NOT NULL
$$;
SELECT ok(count(DISTINCT (service, times)) > 6, 'entitlements of every kind') FROM pg_temp.entitled('investor_class');
SELECT pg_temp.same('SELECT client_id, service, times_per_quarter, minutes FROM entitled.service_match', 'SELECT client_id, service, times, minutes FROM pg_temp.entitled(''investor_class'')',
  'the row of the client''s class goes before the row of all classes; what is owed no times is not owed');
SELECT pg_temp.same('SELECT client_id, service, owed, delivered FROM entitled.service_gap',
  $$SELECT e.client_id, e.service, e.times, coalesce(c.contacts, 0) FROM pg_temp.entitled('investor_class') AS e
    LEFT JOIN (SELECT client_id, service, count(*) AS contacts FROM pg_temp.counted WHERE on_day BETWEEN '2026-04-01' AND '2026-06-10' GROUP BY 1, 2) AS c USING (client_id, service)$$, 'and their gaps');
SELECT pg_temp.same('SELECT tier, clients, owed_clients FROM entitled.coverage_by_tier WHERE tier IS NULL', 'SELECT NULL::text, count(*), 0::bigint FROM known WHERE tier IS NULL',
  'clients who are owed nothing are clients of their tier');
SELECT lives_ok($$SELECT crm.update_mart('entitled', settings => '{"service_class": "branch_id"}')$$, 'another fact may be the class');
INSERT INTO source.entitlement VALUES ('retail', 'B3', 'statement', 7, 1);
SELECT pg_temp.same('SELECT client_id, service, times_per_quarter, minutes FROM entitled.service_match', 'SELECT client_id, service, times, minutes FROM pg_temp.entitled(''branch_id'')', 'as it is then');
SELECT throws_ok($$SELECT crm.update_mart('entitled', settings => '{"service_class": "colour"}')$$, '42703', 'the setting "service_class" names "colour", which the source cannot give for a client');
SELECT lives_ok($$SELECT crm.update_mart('entitled', settings => '{"effective_assets": 0, "active_days": 1, "dormant_cash": 1e9, "dormant_years": 1}')$$, 'the words effective, active and dormant are settings');
SELECT pg_temp.same('SELECT client_id, effective, activity_class FROM entitled.client_facts(''2026-06-10'')',
  $$SELECT k.client_id, k.assets >= 0 AND k.assets <> 'NaN' AS effective, CASE WHEN t.last_on = '2026-06-10' THEN 'active'
      WHEN coalesce(k.assets, 0) <> 'NaN' AND NOT EXISTS (SELECT FROM source.holding AS h WHERE h.client_id = k.client_id) AND coalesce(t.last_on <= '2025-06-10', true) AND coalesce(k.opened_on <= '2025-06-10', true) THEN 'dormant' ELSE 'steady' END
    FROM (SELECT k.client_id, coalesce(k.assets, -1) AS assets, k.opened_on FROM known AS k) AS k
    LEFT JOIN (SELECT client_id, max(on_day) AS last_on FROM source.trade WHERE on_day <= '2026-06-10' GROUP BY 1) AS t USING (client_id)$$, 'that are followed');
SELECT crm.drop_mart('entitled');

------------------------------------------------------------------------------------------------------------------------
-- What a decision table may be
------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.try(life_stage crm.decision_table, service_model crm.decision_table) RETURNS void LANGUAGE sql AS $$
  SELECT crm.create_mart('tried', 'source', life_stage => life_stage, service_model => service_model)
$$;
SELECT throws_ok($$SELECT pg_temp.try('{"name": "x", "inputs": ["age"], "outputs": ["stage"], "rules": [{"when": ["> 40"], "then": ["old"]}]}', NULL)$$, '42703', 'the decision table "x" has no output "life_stage"');
SELECT throws_ok($$SELECT pg_temp.try(NULL, '{"name": "x", "inputs": ["age"], "outputs": ["offer"], "rules": [{"when": ["> 40"], "then": ["call"]}]}')$$, '42703', 'the decision table "x" has no output "service"');
SELECT throws_ok($$SELECT pg_temp.try('{"name": "x", "hit_policy": "collect", "inputs": ["age"], "outputs": ["life_stage"], "rules": [{"when": ["> 40"], "then": ["old"]}]}', NULL)$$, '22023',
  'the decision table "x" gives a list where the mart''s life_stage needs one stage');
SELECT throws_ok($$SELECT pg_temp.try(NULL, '{"name": "x", "hit_policy": "collect", "aggregation": "max", "inputs": ["age"], "outputs": ["service"], "rules": [{"when": ["> 40"], "then": ["call"]}]}')$$, '22023',
  'the decision table "x" gives one figure over all hits where the mart''s service_model needs services');

-- one output, one hit; tier and stage that the mart does not have come from nowhere
SELECT ok(count(*) > 0, 'a mart') FROM crm.create_mart('tried', 'source', service_model => '{"hit_policy": "first", "inputs": ["tier", "life_stage", "investor_class", "colour"], "outputs": ["service"],
  "rules": [{"when": [null, null, ["professional"], null], "then": ["briefing"]}, {"when": [null, null, null, null], "then": ["letter"]}]}');
SELECT pg_temp.same('SELECT client_id, service, times_per_quarter, minutes FROM tried.service_match',
  $$SELECT client_id, CASE WHEN class = 'professional' THEN 'briefing' ELSE 'letter' END, 1::numeric, NULL::numeric FROM known WHERE class = 'professional' OR class IS NULL$$, 'a service model may say no more than the service');
SELECT results_eq($$SELECT reason FROM crm.update_mart('tried') WHERE object = 'service_match'$$,
  $$VALUES ('the source has no tier, life_stage, colour: unknown to the decision table; no decision table was given as life_stage; no tier policy was given as tiers')$$, 'and what it does without is said');
SELECT hasnt_column('tried', 'service_match', 'tier', 'columns that cannot be are not there');
-- of several hits for one service all count
SELECT lives_ok($$SELECT crm.update_mart('tried', service_model => '{"hit_policy": "collect", "inputs": ["investor_class", "effective"], "outputs": ["service", "channel", "times_per_quarter", "minutes"],
  "rules": [{"when": ["-", "-"], "then": ["call", "phone", 1, 10]}, {"when": [["professional"], "-"], "then": ["call", "branch", 2, 40]}, {"when": ["-", true], "then": ["call", "phone", 0.5, null]},
    {"when": ["-", false], "then": ["visit", "branch", 0, 60]}, {"when": ["-", false], "then": [null, "branch", 1, 60]}]}')$$, 'several rules may name one service');
SELECT pg_temp.same('SELECT client_id, service, service_channel, times_per_quarter, minutes_per_quarter FROM tried.service_match',
  $$SELECT client_id, 'call', CASE class WHEN 'professional' THEN 'branch, phone' ELSE 'phone' END, 1 + CASE class WHEN 'professional' THEN 2 ELSE 0 END + CASE WHEN effective THEN 0.5 ELSE 0 END,
    10 + CASE class WHEN 'professional' THEN 80 ELSE 0 END FROM known$$, 'their times and minutes add up; a rule for no times or no service gives none');
SELECT crm.drop_mart('tried');

-- policies by day: none before April, another one from May on
SELECT crm.create_registry('rules');
CREATE ROLE "mart service test approver";
GRANT USAGE ON SCHEMA rules, crm TO "mart service test approver";
GRANT SELECT, INSERT ON rules.policy_event, rules.policy_version TO "mart service test approver";
CREATE FUNCTION pg_temp.govern(document jsonb, version text, valid_from date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  id bigint := rules.propose_policy('decision_table', document || jsonb_build_object('version', version), valid_from, 'a test', NULL, backdated => true);
BEGIN
  SET LOCAL ROLE "mart service test approver";
  PERFORM rules.approve_policy(id, 'agreed', true);
  RESET ROLE;
END $$;
SELECT pg_temp.govern('{"name": "stage", "hit_policy": "first", "inputs": ["retired"], "outputs": ["life_stage"], "rules": [{"when": [true], "then": ["late"]}, {"when": ["-"], "then": ["early"]}]}', '1', '2026-04-01');
SELECT pg_temp.govern('{"name": "stage", "hit_policy": "first", "inputs": ["dependants", "retired"], "outputs": ["life_stage", "focus"], "rules": [{"when": ["> 1", "-"], "then": ["family", "school"]}, {"when": ["-", "-"], "then": ["other", null]}]}', '2', '2026-05-01');
SELECT pg_temp.govern('{"name": "model", "hit_policy": "collect", "inputs": ["life_stage"], "outputs": ["service"], "rules": [{"when": [["early"]], "then": ["plan"]}]}', '1', '2026-04-01');
SELECT pg_temp.govern('{"name": "model", "hit_policy": "collect", "inputs": ["branch_id", "life_stage"], "outputs": ["service", "minutes"], "rules": [{"when": [["B1"], ["family"]], "then": ["school fees", 30]}]}', '2', '2026-05-01');
SELECT ok(count(*) > 0, 'a mart') FROM crm.create_mart('ruled', 'source', registry => 'rules', life_stage_name => 'stage', service_model_name => 'model');
SELECT results_eq('SELECT count(*), count(life_stage) FROM ruled.life_stage_at(''2026-03-31'')', 'SELECT count(*), 0::bigint FROM pg_temp.known(''2026-03-31'')', 'before there was a table there was no stage');
SELECT is_empty('SELECT * FROM ruled.service_match_at(''2026-03-31'')', 'and nothing owed');
SELECT pg_temp.same('SELECT client_id, life_stage, life_stage_order, missing_facts FROM ruled.life_stage_at(''2026-04-30'')',
  $$SELECT k.client_id, CASE WHEN p.retired THEN 'late' ELSE 'early' END, CASE WHEN p.retired THEN 1 ELSE 2 END, CASE WHEN p.retired IS NULL THEN 'retired' END
    FROM pg_temp.known('2026-04-30') AS k LEFT JOIN source.client_profile AS p USING (client_id)$$, 'the version of April');
SELECT pg_temp.same('SELECT client_id, service FROM ruled.service_match_at(''2026-04-30'')',
  $$SELECT k.client_id, 'plan' FROM pg_temp.known('2026-04-30') AS k LEFT JOIN source.client_profile AS p USING (client_id) WHERE p.retired IS NOT TRUE$$, 'and what is owed by it');
SELECT pg_temp.same('SELECT client_id, life_stage, missing_facts FROM ruled.life_stage',
  $$SELECT k.client_id, CASE WHEN p.dependants > 1 THEN 'family' ELSE 'other' END, nullif(concat_ws(', ', CASE WHEN p.dependants IS NULL THEN 'dependants' END, CASE WHEN p.retired IS NULL THEN 'retired' END), '')
    FROM known AS k LEFT JOIN source.client_profile AS p USING (client_id)$$, 'the version of May');
SELECT pg_temp.same('SELECT client_id, service, minutes FROM ruled.service_match',
  $$SELECT k.client_id, 'school fees', 30.00 FROM known AS k JOIN source.client_profile AS p USING (client_id) WHERE p.dependants > 1 AND k.branch_id = 'B1'$$, 'and what is owed by it');
SELECT results_eq('SELECT life_stage FROM ruled.life_stage_summary_at(''2026-04-30'') ORDER BY life_stage_order', $$VALUES ('late'), ('early')$$, 'the summary goes by the version of the day');
SELECT hasnt_column('ruled', 'life_stage', 'focus', 'an output that not every version has is no column');
SELECT crm.drop_mart('ruled');

------------------------------------------------------------------------------------------------------------------------
-- What a source may lack
------------------------------------------------------------------------------------------------------------------------

-- a few clients are enough for it
CREATE TEMP TABLE few AS SELECT 'C' || n AS client_id FROM generate_series(1, 200) AS n;
DELETE FROM source.client WHERE client_id NOT IN (SELECT client_id FROM few);
DELETE FROM source.client_profile WHERE client_id NOT IN (SELECT client_id FROM few);
DELETE FROM source.balance WHERE client_id NOT IN (SELECT client_id FROM few);
DELETE FROM source.holding WHERE client_id NOT IN (SELECT client_id FROM few);
DELETE FROM source.trade WHERE client_id NOT IN (SELECT client_id FROM few);
DELETE FROM source.contact WHERE client_id NOT IN (SELECT client_id FROM few);
DELETE FROM source.fee WHERE client_id NOT IN (SELECT client_id FROM few);
ANALYZE source.client, source.client_profile, source.balance, source.holding, source.trade, source.contact, source.fee;

CREATE FUNCTION pg_temp.service_view() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT unnest(ARRAY['life_stage', 'life_stage_summary', 'service_match', 'service_gap', 'coverage_by_tier', 'coverage_by_service', 'fairness', 'service_concentration', 'cost_to_serve', 'channel_break_even']) $$;
-- a mart of a source without a view; every view that it has can be read
CREATE FUNCTION pg_temp.mart_without(lost text, service_model crm.decision_table DEFAULT NULL) RETURNS TABLE (object text, status text, reason text) LANGUAGE plpgsql AS $$
DECLARE
  v record;
BEGIN
  DROP SCHEMA IF EXISTS partial CASCADE;
  CREATE SCHEMA partial;
  FOR v IN SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'source'::regnamespace AND c.relkind = 'r' AND c.relname <> lost LOOP
    EXECUTE format('CREATE VIEW partial.%1$I AS SELECT %2$s FROM source.%1$I', v.relname,
      (SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute AS a WHERE a.attrelid = format('source.%I', v.relname)::regclass AND a.attnum > 0 AND v.relname || '.' || a.attname <> lost));
  END LOOP;
  IF crm.is_mart('partial_mart') THEN
    PERFORM crm.drop_mart('partial_mart');
  END IF;
  CREATE TEMP TABLE IF NOT EXISTS partial_made (object text, status text, reason text);
  TRUNCATE partial_made;
  INSERT INTO partial_made
  SELECT m.* FROM crm.create_mart('partial_mart', 'partial', tiers => crm.tier_policy('{mass,retail,affluent,wealth}', '{5000,20000,40000}'),
    life_stage => '{"hit_policy": "first", "inputs": ["age"], "outputs": ["life_stage"], "rules": [{"when": [">= 60"], "then": ["late"]}, {"when": ["-"], "then": ["early"]}]}', service_model => service_model) AS m
  WHERE m.object IN (SELECT pg_temp.service_view());
  FOR v IN SELECT m.object FROM partial_made AS m WHERE m.status = 'created' LOOP
    EXECUTE format('SELECT count(*) FROM (SELECT * FROM partial_mart.%I LIMIT 1) AS v', v.object);
  END LOOP;
  RETURN QUERY SELECT * FROM partial_made;
END $$;
SELECT set_eq($$SELECT object FROM pg_temp.mart_without('contact') WHERE status = 'left out' AND reason LIKE 'partial has no view contact%'$$,
  ARRAY['service_gap', 'coverage_by_tier', 'coverage_by_service', 'fairness', 'service_concentration', 'cost_to_serve', 'channel_break_even'], 'without contacts only what is owed is known');
SELECT set_eq($$SELECT object, reason FROM pg_temp.mart_without('entitlement') WHERE status = 'left out'$$,
  $$SELECT o, 'no decision table was given as service_model; partial has no view entitlement' FROM unnest(ARRAY['service_match', 'service_gap', 'coverage_by_tier', 'coverage_by_service']) AS o$$,
  'without entitlements and a service model nothing is owed');
SELECT set_eq($$SELECT object FROM pg_temp.mart_without('cost') WHERE status = 'left out'$$, ARRAY['cost_to_serve', 'channel_break_even'], 'no rates');
SELECT set_eq($$SELECT object, reason FROM pg_temp.mart_without('fee') WHERE object IN ('cost_to_serve', 'channel_break_even')$$,
  $$VALUES ('cost_to_serve', 'partial has no view fee'), ('channel_break_even', 'partial has no view fee')$$, 'no revenue: cost alone');
SELECT hasnt_column('partial_mart', 'cost_to_serve', 'margin', 'without a margin');
SELECT set_eq($$SELECT object FROM pg_temp.mart_without('contact.service') WHERE status = 'left out'$$, ARRAY['service_gap', 'coverage_by_tier', 'coverage_by_service'], 'contacts that do not say what for');
SELECT is_empty($$SELECT * FROM pg_temp.mart_without('contact.minutes') WHERE status = 'left out'$$, 'contacts that do not say how long');
SELECT results_eq('SELECT DISTINCT measure FROM partial_mart.fairness UNION SELECT measure FROM partial_mart.service_concentration', ARRAY['contacts'], 'are measured by their number');
SELECT set_eq($$SELECT object FROM pg_temp.mart_without('contact.channel') WHERE status = 'left out'$$, ARRAY['cost_to_serve', 'channel_break_even'], 'contacts that do not say how');
SELECT is_empty($$SELECT * FROM pg_temp.mart_without('client_profile') WHERE status = 'left out'$$, 'no profile');
SELECT is_empty($$SELECT * FROM pg_temp.mart_without('trade') WHERE status = 'left out'$$, 'no trades');
SELECT is_empty($$SELECT * FROM pg_temp.mart_without('holding') WHERE status = 'left out'$$, 'no holdings');
SELECT is_empty($$SELECT * FROM pg_temp.mart_without('client.opened_on') WHERE status = 'left out'$$, 'no day of opening');
SELECT set_eq($$SELECT DISTINCT reason FROM pg_temp.mart_without('client.birth_date') WHERE object = 'life_stage'$$, ARRAY['the source has no age: unknown to the decision table; the decision table life_stage has no output "focus"'], 'no birth date');
SELECT set_eq('SELECT DISTINCT life_stage, missing_facts FROM partial_mart.life_stage', $$VALUES ('early', 'age')$$, 'which the table knows to be unknown');
SELECT set_eq($$SELECT object FROM pg_temp.mart_without('balance') WHERE status = 'left out'$$, ARRAY[]::text[], 'no balances: holdings decide tiers');
DROP SCHEMA partial CASCADE;

-- nothing there at all
CREATE FUNCTION pg_temp.rows_of(mart text) RETURNS TABLE (object text, rows bigint) LANGUAGE plpgsql AS $$
DECLARE
  v text;
BEGIN
  FOR v IN SELECT pg_temp.service_view() LOOP
    RETURN QUERY EXECUTE format('SELECT %L, count(*) FROM %I.%I', v, mart, v);
  END LOOP;
END $$;
TRUNCATE source.client, source.client_profile, source.balance, source.holding, source.trade, source.contact, source.entitlement, source.cost, source.fee;
SELECT set_eq('SELECT object FROM pg_temp.rows_of(''mart'') WHERE rows > 0', ARRAY['life_stage_summary'], 'an empty source has nothing but the names of the stages');
SELECT lives_ok($$SELECT crm.drop_mart('mart')$$, 'the mart can be dropped');

SELECT * FROM finish();
ROLLBACK;
