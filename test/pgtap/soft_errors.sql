-- Input functions report bad literals softly (PostgreSQL 16 and later), so that pg_input_is_valid() answers and, from 17 on,
-- COPY ... ON_ERROR ignore passes over bad rows.
SELECT current_setting('server_version_num')::int < 160000 AS absent \gset
\if :absent
  SELECT plan(1);
  SELECT skip('soft errors came with PostgreSQL 16', 1);
  SELECT * FROM finish();
  \quit
\endif
BEGIN;
SELECT no_plan();
CREATE TEMP TABLE literal (type text, literal text, valid bool);
INSERT INTO literal VALUES
  ('scorecard', '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 1}]}]}', true),
  ('scorecard', '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< 5", "points": 1}]}]}', false),
  ('scorecard', '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< 1e999", "points": 1}, {"when": "-", "points": 0}]}]}', false),
  ('scorecard', 'nonsense', false), ('scorecard', '', false), ('scorecard', repeat('[', 100), false),
  ('scorecard', '{"name": "' || repeat('x', 1100000) || '"}', false),
  ('tier_policy', '{"tiers": [{"label": "mass"}, {"label": "gold", "enter": 5}]}', true),
  ('tier_policy', '{"tiers": [{"label": "mass"}, {"label": "gold", "enter": 5, "keep": 6}]}', false),
  ('decision_table', '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}', true),
  ('decision_table', '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1, 2]}]}', false),
  ('suitability_policy', '{"checks": [{"name": "a", "require": {"client.x": 1}, "otherwise": "notice"}]}', true),
  ('suitability_policy', '{"checks": [{"name": "a", "require": {"x": 1}, "otherwise": "notice"}]}', false),
  ('activity_summary', (SELECT crm.activity('2026-01-05', 5)::text), true), ('activity_summary', '00', false), ('activity_summary', 'xyz', false),
  ('balance_summary', (SELECT crm.balance('2026-01-05', 5)::text), true), ('balance_summary', '01', false),
  ('distribution_summary', (SELECT crm.distribution(5)::text), true), ('distribution_summary', '0100', false),
  ('survival_summary', (SELECT crm.survival(5, true)::text), true), ('survival_summary', '0100ff', false),
  ('migration_summary', (SELECT crm.migration(1, 2)::text), true), ('migration_summary', '0100ff', false),
  ('co_holding_summary', (SELECT crm.co_holding('{a,b}')::text), true), ('co_holding_summary', '0100ff', false),
  ('coverage_summary', (SELECT crm.coverage(2, 1)::text), true), ('coverage_summary', '0100ff', false),
  ('service_concentration_summary', (SELECT crm.service_concentration(5, 1)::text), true), ('service_concentration_summary', '0100ff', false),
  ('asset_bridge_summary', (SELECT crm.asset_bridge(5, 7, 3, 1, false, false)::text), true), ('asset_bridge_summary', '0100ff', false);
SELECT is(pg_input_is_valid(literal, 'crm.' || type), valid, type || ': ' || left(literal, 60)) FROM literal;
-- the soft error says what the hard one says
SELECT is((SELECT row(e.sql_error_code, e.message, e.detail, e.hint)::text FROM pg_input_error_info('{"tiers": [{"label": "mass"}, {"label": "gold", "enter": 5, "keep": 6}]}', 'crm.tier_policy') AS e),
  row('22P02', 'invalid tier policy at tiers[1].keep: 6 is above enter, which is 5', 'In tier "gold".', NULL)::text, 'message and detail');
-- thousands of them leave nothing behind: the session goes on, and its memory with it
SELECT is((SELECT count(*) FROM generate_series(1, 20000) AS n WHERE pg_input_is_valid('{"tiers": [{"label": "mass"}, {"label": "gold", "enter": ' || n || ', "keep": 10001}]}', 'crm.tier_policy')),
  10000::bigint, 'valid and invalid in turn');
SELECT cmp_ok((SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name LIKE 'crm_ext%'), 'IS NOT DISTINCT FROM', NULL::numeric, 'no context of a document is left');
SELECT * FROM finish();
ROLLBACK;
