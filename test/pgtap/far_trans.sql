-- The main job on real input: FAR-Trans (Sanz-Cruzado et al. 2024, CC-BY 4.0), which does not come with the project. CRM_EXT_DATA
-- is a folder with the data set in far-trans, and CRM_EXT_SOURCE the project's folder; test/run sets the latter.
\set directory `test -r "$CRM_EXT_DATA/far-trans/customer_information.csv" && echo "$CRM_EXT_DATA/far-trans"`
\set eu `cat "$CRM_EXT_SOURCE/examples/policies/eu_mifid_suitability.json"`
\set rating `cat "$CRM_EXT_SOURCE/examples/policies/far_trans_rating.json"`
\set tiers `cat "$CRM_EXT_SOURCE/examples/policies/far_trans_tiers.json"`
SELECT :'directory' = '' AS absent \gset
\if :absent
  SELECT plan(1);
  SELECT skip('FAR-Trans is not here: set CRM_EXT_DATA', 1);
  SELECT * FROM finish();
  \quit
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();
\ir ../../examples/far_trans.sql
SET LOCAL client_min_messages = warning;
SET LOCAL crm.as_of = '2022-11-30';
CREATE TEMP TABLE made AS
SELECT *
FROM crm.create_mart('mart', 'source', rating => :'rating', tiers => :'tiers', suitability => :'eu', tier_measure => 'score', client_columns => '{segment}');

SELECT set_eq('SELECT object FROM made JOIN crm.mart_question() AS q ON q.name = object WHERE status = ''left out'' AND q.ordinal < 30', ARRAY['suitability_exception', 'suitability_change', 'trading_days',
  'source_days', 'calendar', 'summary_value', 'source_digest', 'source_reject', 'tier_value', 'tier_history', 'client_month', 'tier_watch', 'tier_migration', 'tier_as_told', 'tier_why'],
  'what needs holdings, a calendar, days or tiers that move is left out');
SELECT set_eq('SELECT object, reason FROM made WHERE object IN (''client_rfm'', ''abc_class'', ''asset_concentration'', ''household_360'')', $$VALUES ('client_rfm', 'source has no view trade'),
  ('abc_class', 'source has no view balance; source has no view holding; source has no view fee'), ('asset_concentration', 'source has no view balance; source has no view holding'),
  ('household_360', 'source has no view household')$$, 'nor is there what clients are worth, or belong to');
SELECT results_eq('SELECT count(*), count(DISTINCT measure_rank), min(measure_value), max(measure_rank) FROM mart.top_clients WHERE measure = ''score''', $$
  SELECT count(*), count(DISTINCT score), round(min(score)::numeric, 2), (SELECT count(*) + 1 FROM mart.client_rating AS a WHERE a.score > min(r.score))
  FROM mart.client_rating AS r WHERE score >= (SELECT score FROM mart.client_rating WHERE score IS NOT NULL ORDER BY score DESC OFFSET 99 LIMIT 1)$$, 'clients are ranked by score, equal scores together');
SELECT results_eq('SELECT count(*) FROM mart.client_360', ARRAY[29090::bigint], 'every client, by the newest version of the profile');
SELECT results_eq('SELECT count(*), count(risk_level) FROM mart.product_facts(''2022-11-30'')', $$VALUES (806::bigint, 806::bigint)$$, 'every security, graded');

-- Counted in customer_information.csv by another program
SELECT results_eq('SELECT risk_level_source, count(*), count(risk_level), count(assessed_on) FROM mart.client_facts(''2022-11-30'') GROUP BY 1 ORDER BY 1',
  $$VALUES ('answered', 21629::bigint, 21629::bigint, 21629::bigint), ('predicted', 7141, 0, 0), (NULL, 320, 0, 319)$$,
  'predicted levels are told apart; the sentinel date and Not_Available are empty');
SELECT results_eq('SELECT min(assessed_on) FROM mart.client_facts(''2022-11-30'')', ARRAY[date '2013-02-28'], 'the sentinel is not taken for an old questionnaire');
SELECT results_eq('SELECT count(*) FROM mart.client_facts(''2020-06-30'') WHERE assessed_on > ''2020-06-30''
    AND NOT EXISTS (SELECT FROM mart.product_facts(''2020-06-30'') AS p WHERE crm.suitability(' || quote_literal(:'eu') || ', client_facts, p, ''2020-06-30'') <= ''overridable'')',
  'SELECT count(*) FROM mart.client_facts(''2020-06-30'') WHERE assessed_on > ''2020-06-30''',
  'looking back, a questionnaire from later makes nothing suitable');

SELECT results_eq('SELECT outcome, sum(pairs)::bigint FROM mart.suitability_matrix GROUP BY outcome, outcome_order ORDER BY outcome_order',
  $$VALUES ('suitable', 3947958::bigint), ('notice', 147752), ('undetermined', 8543463), ('prohibited', 10807367)$$,
  'the full matrix of 29,090 x 806 pairs');
SELECT is_empty('SELECT * FROM mart.suitability_matrix WHERE client_risk_level IS NULL AND outcome <> ''undetermined''',
  'who did not answer is undetermined for every security');
-- That each pair decided by itself gives the same counts: test/bench/far_trans_matrix.sql.

SELECT * FROM finish();
ROLLBACK;
