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
CREATE TABLE source.cost (channel text, valid_from date, per_minute numeric, per_contact numeric);
INSERT INTO source.cost VALUES ('app', '2020-01-01', 0, 0.05), ('phone', '2025-01-01', 2, 1), ('phone', '2026-02-01', 2.5, NULL), ('branch', '2025-09-01', NULL, 30), ('branch', '2026-06-15', 9, 9), ('letter', '2020-01-01', 1, 1);
CREATE TABLE source.fee AS
SELECT 'C' || n AS client_id, date '2026-07-05' - pg_temp.lot(n * 10 + k, 'fee', 600) AS on_day, (ARRAY['commission', 'advice', 'odd'])[1 + (n + k) % 3] AS kind,
  round((pg_temp.lot(n * 10 + k, 'amount', 100000) / 100.0)::numeric, 2) - CASE WHEN n % 99 = 0 THEN 600 ELSE 0 END AS amount
FROM generate_series(1, 20000) AS n CROSS JOIN generate_series(0, 4) AS k WHERE n % 3 > 0;
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
SELECT pg_temp.same('SELECT client_id, tier, life_stage, service, channel, times_per_quarter, minutes, minutes_per_quarter FROM mart.service_match',
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
SELECT pg_temp.same('SELECT measure, clients, service, assets, round(concentration_index::numeric, 9), round(gini_of_value::numeric, 9), round(kakwani_index::numeric, 9) FROM mart.service_concentration',
  $$WITH ranked AS (          -- the rank of a client: the mean place of all with as much
      SELECT s.*, (s.place - 0.5) / s.clients AS own, avg((s.place - 0.5) / s.clients) OVER (PARTITION BY s.measure, s.value) AS rank
      FROM (SELECT s.*, greatest(s.assets, 0) AS value, row_number() OVER (PARTITION BY measure ORDER BY greatest(s.assets, 0)) AS place, count(*) OVER (PARTITION BY measure) AS clients
        FROM served AS s WHERE s.assets <> 'NaN') AS s), figure AS (
      SELECT measure, count(*) AS clients, round(sum(amount)::numeric, 2) AS service, round(sum(value), 2) AS value, 2 * covar_pop(amount, rank::float8) / avg(amount) AS c, 2 * covar_pop(value::float8, own::float8) / avg(value::float8) AS g
      FROM ranked GROUP BY 1)
    SELECT measure, clients, service, value, round(c::numeric, 9), round(g::numeric, 9), round((c - g)::numeric, 9) FROM figure$$, 'service against value, by covariances');

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
SELECT * FROM finish();
ROLLBACK;
