-- The mart of a broker: how long the first build takes, the refresh of one month, and each view, beside the floor: count(*) over the trades. Prints seconds.
--
--   psql -X -q -d DATABASE -v clients=20000 -v months=24 -f test/bench/client_mart.sql
--
-- The database has crm_ext in schema crm; run it in the project's folder, for the policies. A client has some 20 trades, and a balance and up to three positions a
-- month, and now and then a flow, a fee, a contact. Makes and drops the schemas bench_source and bench_mart; -v keep=1 leaves them, and
-- -v source_is_there=1 takes the source that an earlier run of the same size left.

\set ON_ERROR_STOP on
\if :{?clients}
\else
  \set clients 20000
\endif
\if :{?months}
\else
  \set months 24
\endif
\set rating `cat examples/policies/client_rating.json`
\set tiers `cat examples/policies/client_tiers.json`
\set suitability `cat examples/policies/cn_retail_suitability.json`
\set segments `cat examples/policies/rfm_segments.json`
SET client_min_messages = warning;
SET jit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';
SET search_path = pg_catalog;
SELECT (date '2026-07-01' - make_interval(months => :months))::date AS first_day \gset
SET crm.as_of = '2026-06-30';
DROP SCHEMA IF EXISTS bench_mart CASCADE;
\if :{?source_is_there}
DROP TABLE IF EXISTS bench_source.measured;
DROP PROCEDURE IF EXISTS bench_source.measure;
\else
DROP SCHEMA IF EXISTS bench_source CASCADE;
CREATE SCHEMA bench_source;

CREATE FUNCTION bench_source.draw(n bigint, purpose int) RETURNS float8 IMMUTABLE STRICT PARALLEL SAFE
RETURN (hashint8extended(n, purpose) & 1048575)::float8 / 1048576;
\echo 'source'
CREATE TABLE bench_source.month AS
SELECT m::date AS from_day, (m + interval '1 month')::date - 1 AS last_day, (row_number() OVER (ORDER BY m))::int AS place
FROM generate_series(date :'first_day', date '2026-06-30', interval '1 month') AS m;
SET search_path = bench_source, pg_catalog;
CREATE TABLE client AS
SELECT 'C' || n AS client_id, 'person'::text AS kind,
  CASE WHEN n % 8 = 0 THEN date :'first_day' + floor(draw(n, 1) * (date '2026-06-30' - date :'first_day'))::int ELSE date :'first_day' - 1 - floor(draw(n, 1) * 3000)::int END AS opened_on,
  CASE WHEN draw(n, 2) < .02 THEN date '2026-06-30' - floor(draw(n, 3) * 100)::int END AS closed_on, date '1950-01-01' + floor(draw(n, 4) * 20000)::int AS birth_date,
  'B' || n % 50 AS branch_id, 'A' || n % 2000 AS adviser_id, false AS dormant, false AS suspended, date '2030-01-01' AS id_expires_on, 'app'::text AS channel, date '2015-01-01' AS experience_since
FROM generate_series(1, :clients) AS n;
CREATE TABLE client_profile AS
SELECT 'C' || n AS client_id, date '2015-01-01' AS valid_from, NULL::date AS valid_to, 'C' || 1 + floor(5 * draw(n, 5))::int AS risk_level, false AS lowest_class, date '2026-06-30' - floor(draw(n, 6) * 900)::int AS assessed_on,
  'ordinary'::text AS investor_class, NULL::date AS professional_until, 60 AS longest_term_months, ARRAY['fixed_income', 'equity'] AS kinds, 100000::numeric AS income
FROM generate_series(1, :clients) AS n;
CREATE TABLE product AS
SELECT 'P' || n AS product_id, 'Product ' || n AS name, CASE WHEN n % 3 = 0 THEN 'equity' ELSE 'fixed_income' END AS kind, 'class ' || n % 12 AS category, NULL::int AS term_months,
  CASE WHEN n % 50 = 0 THEN 'STAR' END AS permission, NULL::numeric AS minimum_amount FROM generate_series(1, 300) AS n;
CREATE TABLE product_grade AS SELECT 'P' || n AS product_id, date '2015-01-01' AS valid_from, NULL::date AS valid_to, 'R' || 1 + n % 5 AS risk_level FROM generate_series(1, 300) AS n;
CREATE TABLE trading_day AS SELECT 'XSHG'::text AS market, d::date AS on_day FROM generate_series(date :'first_day' - 60, date '2026-07-31', interval '1 day') AS d WHERE extract(isodow FROM d) < 6;
-- by month, as such tables grow; of the days of the relationship
CREATE TABLE trade AS
SELECT r.* FROM (
  SELECT 'T' || m.place * 10000000::bigint + n AS trade_id, c.client_id, 'P' || 1 + floor(300 * power(draw(n, 10), 2))::int AS product_id, m.from_day + floor(28 * draw(n, 11))::int AS on_day,
    CASE WHEN draw(n, 12) < .55 THEN 'buy' ELSE 'sell' END AS side, round((2000 * exp(2 * draw(n, 13)))::numeric, 2) AS amount, 'app'::text AS channel, 'client'::text AS initiated_by
  FROM month AS m CROSS JOIN LATERAL generate_series(m.place, 22 * :clients, :months) AS n
  CROSS JOIN LATERAL (SELECT 'C' || 1 + floor(:clients * power(draw(n, 14), 1.5))::bigint AS client_id) AS c) AS r
JOIN client AS c ON c.client_id = r.client_id AND r.on_day >= c.opened_on AND (c.closed_on IS NULL OR r.on_day < c.closed_on);
CREATE TABLE balance AS
SELECT r.* FROM (
  SELECT 'C' || n AS client_id, m.from_day + floor(27 * draw(n * 64 + m.place, 20))::int AS on_day, round((exp(8 + 6 * draw(n, 21) + .4 * draw(n * 64 + m.place, 22)))::numeric, 2) AS amount
  FROM month AS m CROSS JOIN generate_series(1, :clients) AS n) AS r
JOIN client AS c ON c.client_id = r.client_id AND r.on_day >= c.opened_on AND (c.closed_on IS NULL OR r.on_day < c.closed_on);
CREATE TABLE holding AS
SELECT r.* FROM (
  SELECT DISTINCT ON (m.place, n, product_id) 'C' || n AS client_id, 'P' || 1 + floor(300 * power(draw(n * 8 + k, 30), 2))::int AS product_id, m.last_day AS on_day, 100::numeric AS quantity, round((exp(7 + 5 * draw(n * 8 + k, 31)))::numeric, 2) AS market_value
  FROM month AS m CROSS JOIN generate_series(1, :clients) AS n CROSS JOIN LATERAL generate_series(1, floor(4 * draw(n, 32))::int) AS k) AS r
JOIN client AS c ON c.client_id = r.client_id AND r.on_day >= c.opened_on AND (c.closed_on IS NULL OR r.on_day < c.closed_on);
CREATE TABLE cash_flow AS
SELECT r.* FROM (
  SELECT 'C' || n AS client_id, m.from_day + floor(27 * draw(n * 64 + m.place, 40))::int AS on_day, round((20000 * (draw(n * 64 + m.place, 41) - .45))::numeric, 2) + .01 AS amount
  FROM month AS m CROSS JOIN generate_series(1, :clients) AS n WHERE draw(n * 64 + m.place, 42) < .2) AS r
JOIN client AS c ON c.client_id = r.client_id AND r.on_day >= c.opened_on AND (c.closed_on IS NULL OR r.on_day < c.closed_on);
CREATE TABLE fee AS SELECT client_id, on_day, 'commission'::text AS kind, greatest(5, round(amount * .00025, 2)) AS amount FROM trade;
CREATE TABLE cost AS SELECT c.channel, date '2015-01-01' AS valid_from, c.per_minute, c.per_contact FROM (VALUES ('app', 0.0, 0.2), ('phone', 2.5, 3)) AS c (channel, per_minute, per_contact);
CREATE TABLE contact AS
SELECT r.* FROM (
  SELECT 'K' || m.place * 10000000::bigint + n AS contact_id, 'C' || n AS client_id, m.from_day + floor(27 * draw(n * 64 + m.place, 50))::int AS on_day, CASE WHEN draw(n * 64 + m.place, 51) < .6 THEN 'app' ELSE 'phone' END AS channel,
    CASE WHEN n % 2 = 0 THEN 'market letter' ELSE 'adviser call' END AS service, round((10 * draw(n * 64 + m.place, 52))::numeric, 1) AS minutes
  FROM month AS m CROSS JOIN generate_series(1, :clients) AS n WHERE draw(n * 64 + m.place, 53) < .3) AS r
JOIN client AS c ON c.client_id = r.client_id AND r.on_day >= c.opened_on AND (c.closed_on IS NULL OR r.on_day < c.closed_on);
CREATE TABLE entitlement AS SELECT t.tier, '-'::text AS client_class, s.service, s.per_quarter, 5::numeric AS minutes
FROM unnest(ARRAY['mass', 'retail', 'affluent', 'wealth', 'private']) AS t (tier) CROSS JOIN (VALUES ('market letter', 3::numeric), ('adviser call', .5)) AS s (service, per_quarter);
CREATE TABLE household AS SELECT 'C' || n AS client_id, 'H' || n / 2 AS household_id, 1::numeric AS share FROM generate_series(1, :clients) AS n;
CREATE TABLE external_assets AS SELECT 'C' || n AS client_id, date '2025-01-01' AS on_day, 50000::numeric AS amount FROM generate_series(1, :clients) AS n WHERE draw(n, 60) < .3;
CREATE TABLE callback AS SELECT 'C' || n AS client_id, date '2026-06-30' - floor(700 * draw(n, 70))::int AS on_day, 'reached'::text AS outcome FROM generate_series(1, :clients) AS n WHERE draw(n, 71) < .12;
CREATE TABLE permission AS SELECT 'C' || n AS client_id, 'STAR'::text AS code, date '2024-01-01' AS opened_on, NULL::date AS closed_on FROM generate_series(1, :clients) AS n WHERE draw(n, 80) < .1;
ALTER TABLE client ADD PRIMARY KEY (client_id);
ALTER TABLE product ADD PRIMARY KEY (product_id);
ALTER TABLE client_profile ADD PRIMARY KEY (client_id, valid_from);
ALTER TABLE balance ADD PRIMARY KEY (client_id, on_day);
ALTER TABLE holding ADD PRIMARY KEY (client_id, product_id, on_day);
CREATE INDEX ON balance (on_day);
CREATE INDEX ON holding (on_day);
CREATE INDEX ON trade (client_id, on_day);
CREATE INDEX ON trade (on_day);
CREATE INDEX ON cash_flow (on_day);
CREATE INDEX ON fee (on_day);
CREATE INDEX ON fee (client_id, on_day);
CREATE INDEX ON contact (on_day);
CREATE INDEX ON contact (client_id, on_day);
CREATE INDEX ON callback (client_id, on_day);
CREATE INDEX ON household (client_id);
CREATE INDEX ON permission (client_id);
CREATE INDEX ON cash_flow (client_id, on_day);
CREATE INDEX ON external_assets (client_id, on_day);
SET search_path = pg_catalog;
VACUUM ANALYZE;
\endif

CREATE TABLE bench_source.measured (place int GENERATED ALWAYS AS IDENTITY, what text, seconds float8, rows bigint);
CREATE PROCEDURE bench_source.measure(what text, command text) LANGUAGE plpgsql AS $$
DECLARE
  started timestamptz := clock_timestamp();
  counted bigint;
BEGIN
  EXECUTE command INTO counted;
  INSERT INTO bench_source.measured (what, seconds, rows) VALUES (what, extract(epoch FROM clock_timestamp() - started), counted);
  RAISE LOG '%: % s', what, round(extract(epoch FROM clock_timestamp() - started), 1);
END $$;
\echo 'mart'
CALL bench_source.measure('floor: count(*) of the trades', 'SELECT count(*) FROM bench_source.trade');
SELECT count(*) FROM crm.create_mart('bench_mart', 'bench_source', rating => :'rating', tiers => :'tiers', suitability => :'suitability', segments => :'segments', market => 'XSHG', client_columns => '{branch_id}') \g /dev/null
SELECT clock_timestamp() AS started \gset
CALL crm.refresh_mart('bench_mart', '2026-05-31');
INSERT INTO bench_source.measured (what, seconds, rows) SELECT 'first build, all months but the last', extract(epoch FROM clock_timestamp() - :'started'), (SELECT count(*) FROM bench_mart.client_summary);
VACUUM ANALYZE bench_mart.client_summary;
VACUUM ANALYZE bench_mart.tier_month;
SELECT clock_timestamp() AS started \gset
CALL crm.refresh_mart('bench_mart', '2026-06-30', check_from => 'infinity');
INSERT INTO bench_source.measured (what, seconds, rows) SELECT 'one month''s refresh', extract(epoch FROM clock_timestamp() - :'started'), (SELECT count(*) FROM bench_mart.client_summary WHERE month = '2026-06-01');
VACUUM ANALYZE bench_mart.client_summary;
VACUUM ANALYZE bench_mart.tier_month;
\echo 'views, with all their columns'
SELECT format('CALL bench_source.measure(%L, %L)', v.name, format('SELECT count(v) FROM bench_mart.%I AS v', v.name))
FROM (SELECT q.name FROM crm.mart_question() AS q WHERE q.is_view AND to_regclass('bench_mart.' || q.name) IS NOT NULL ORDER BY q.ordinal) AS v \gexec
CALL bench_source.measure('client_360 of one client', 'SELECT count(v) FROM bench_mart.client_360 AS v WHERE client_id = ''C77''');
CALL bench_source.measure('audience of a product', 'SELECT count(v) FROM bench_mart.audience(''P7'') AS v');
SELECT what, round(seconds::numeric, 2) AS seconds, rows FROM bench_source.measured ORDER BY place;
SELECT to_char(month, 'YYYY-MM') AS month, round(seconds::numeric, 1) AS seconds, clients FROM bench_mart.refresh_log ORDER BY refresh_log.month;
SELECT pg_size_pretty(pg_total_relation_size('bench_mart.client_summary')) AS client_summary, pg_size_pretty(pg_total_relation_size('bench_source.trade')) AS trade;
\if :{?keep}
\else
  DROP SCHEMA bench_mart, bench_source CASCADE;
\endif
