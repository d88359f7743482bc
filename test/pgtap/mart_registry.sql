-- A mart whose policies come from a registry: on each day it must give what a mart made with the version of that day gives.
-- CRM_EXT_SOURCE is the project's folder; test/run sets it.
\set cn `cat "$CRM_EXT_SOURCE/examples/policies/cn_retail_suitability.json"`
\set rating `cat "$CRM_EXT_SOURCE/examples/policies/client_rating.json"`
\set clients 200
\set products 40
\set first_day 2025-10-01
\set last_day 2026-06-30

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT no_plan();
SET LOCAL max_parallel_workers_per_gather = 0;
\ir ../../examples/warehouse.sql
RESET max_parallel_workers_per_gather;
SET LOCAL client_min_messages = warning;

SELECT crm.create_registry('rules');
CREATE ROLE "mart registry test approver";
GRANT USAGE ON SCHEMA rules, crm TO "mart registry test approver";
GRANT SELECT, INSERT ON rules.policy_event, rules.policy_version TO "mart registry test approver";
CREATE FUNCTION approved(version_id bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  SET LOCAL ROLE "mart registry test approver";
  PERFORM rules.approve_policy(version_id, 'agreed', true);
  RESET ROLE;
  RETURN version_id;
END $$;
CREATE FUNCTION propose(kind text, document jsonb, version text, valid_from date, valid_until date DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
  SELECT rules.propose_policy(kind, document || jsonb_build_object('version', version), valid_from, 'a test', valid_until, backdated => true) $$;

-- Nothing approved yet: the mart is made without.
CREATE TEMP TABLE made AS SELECT * FROM crm.create_mart('dated', 'source', market => 'XSHG', client_columns => '{branch_id}', registry => 'rules');
SELECT set_eq($$ SELECT object, reason FROM made WHERE object IN ('client_rating', 'suitability_matrix', 'why') AND status = 'left out' $$,
  $$ VALUES ('client_rating', 'the registry has no approved scorecard'), ('suitability_matrix', 'the registry has no approved suitability policy'),
    ('why', 'the registry has no approved suitability policy') $$, 'a registry without versions gives a mart without what they decide');

-- Three periods: none, a first version, a second one that reads another fact; for suitability a version that ends and leaves a gap.
\set rating2 '{"name": "client_rating", "initial_score": 7, "reason_code_algorithm": "points_below", "characteristics": [{"name": "age", "attribute": "age", "reason_code": "AGE", "reason": "young", "bins": [{"when": "< 40", "points": 1}, {"when": ">= 40", "points": 9}, {"when": null, "points": 0}]}, {"name": "assets", "attribute": "assets", "reason_code": "LOW", "bins": [{"when": "< 100000", "points": 5}, {"when": ">= 100000", "points": 50}, {"when": null, "points": 0}]}]}'
\set cn2 '{"name": "cn_retail", "checks": [{"name": "risk", "code": "R", "reason": "too risky", "require": {"allowed": {"client": "risk_level", "product": "risk_level", "pairs": {"C5": ["R5", "R4", "R3"], "C4": ["R3"]}}}, "otherwise": "prohibited"}, {"name": "assessed", "code": "A", "require": {"within_months": {"client": "assessed_on", "months": 12}}, "otherwise": "notice"}, {"name": "term", "actions": ["buy"], "require": {"client.income": ">= 1"}, "otherwise": "notice"}]}'
\set tiers1 '{"name": "tiers", "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 100000}]}'
\set tiers2 '{"name": "tiers", "tiers": [{"label": "mass"}, {"label": "middle", "enter": 50000}, {"label": "top", "enter": 500000}]}'
SELECT jsonb_set(:'cn'::jsonb, '{name}', '"cn_retail"') AS cn1 \gset
SELECT approved(propose('scorecard', :'rating', '1', '2025-11-01')) + approved(propose('scorecard', :'rating2', '2', '2026-03-01'))
  + approved(propose('tier_policy', :'tiers1', '1', '2025-11-01')) + approved(propose('tier_policy', :'tiers2', '2', '2026-04-01'))
  + approved(propose('suitability_policy', :'cn1', '1', '2025-11-01', '2026-02-01')) + approved(propose('suitability_policy', :'cn2', '2', '2026-03-01')) > 0 AS approved;
SELECT is_empty($$ SELECT r FROM dated.client_360_at('2026-06-30') AS r WHERE to_jsonb(r) ? 'score' $$, 'an approval alone changes no mart');
SELECT is_empty('SELECT object, reason FROM crm.update_mart(''dated'') WHERE status <> ''created'' AND reason !~ ''period|has no view|of the registry was named''', 'update_mart takes it in');

-- The same marts with the versions given.
SELECT count(*) > 0 AS made FROM crm.create_mart('first', 'source', rating => :'rating'::jsonb::crm.scorecard, tiers => :'tiers1'::jsonb::crm.tier_policy,
  suitability => :'cn1'::jsonb::crm.suitability_policy, market => 'XSHG', client_columns => '{branch_id}');
SELECT count(*) > 0 AS made FROM crm.create_mart('second', 'source', rating => :'rating2'::jsonb::crm.scorecard, tiers => :'tiers2'::jsonb::crm.tier_policy,
  suitability => :'cn2'::jsonb::crm.suitability_policy, market => 'XSHG', client_columns => '{branch_id}');
CREATE FUNCTION same(question text, day date, expected text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN NEXT set_eq(format('SELECT * FROM dated.%I(%L)', question, day), format('SELECT * FROM %I.%I(%L)', expected, question, day),
    format('%s on %s as the %s versions say', question, day, expected));
END $$;
SELECT same(q.question, d.day, d.expected)
FROM (VALUES (date '2025-11-01', 'first', 'rating tiers suitability'), ('2026-01-31', 'first', 'rating tiers suitability'), ('2026-02-28', 'first', 'rating tiers'),
  ('2026-03-01', 'second', 'rating suitability'), ('2026-03-31', 'first', 'tiers'), ('2026-04-01', 'second', 'rating tiers suitability'), ('2026-06-30', 'second', 'rating tiers suitability'))
  AS d (day, expected, slots)
JOIN (VALUES ('client_rating_at', 'rating'), ('client_tier_at', 'tiers'), ('suitability_exception_at', 'suitability'), ('suitability_matrix_at', 'suitability'),
  ('assessment_due_at', 'suitability')) AS q (question, slot) ON q.slot = ANY (string_to_array(d.slots, ' '));
SELECT cmp_ok((SELECT count(DISTINCT outcome) FROM dated.suitability_exception_at('2026-06-30')), '>', 1::bigint, 'and they say something');
SELECT set_eq($$ SELECT DISTINCT score, reason_1_code FROM dated.client_rating_at('2025-10-31') $$, $$ VALUES (NULL::float8, NULL::text) $$, 'before the first version there is no score');
SELECT set_eq($$ SELECT DISTINCT tier FROM dated.client_tier_at('2025-10-31') $$, $$ VALUES (NULL::text) $$, 'no tier');
SELECT set_eq($$ SELECT DISTINCT outcome FROM dated.suitability_matrix_at('2026-02-15') $$, $$ VALUES (NULL::text) $$, 'nor an outcome where none governs');
SELECT is_empty($$ SELECT * FROM dated.assessment_due_at('2026-02-15') $$, 'and nothing is due');
SELECT set_eq('SELECT tier FROM dated.tier_summary_at(''2026-03-31'')', ARRAY['mass', 'affluent'], 'the tiers of a day');
SELECT set_eq('SELECT tier FROM dated.tier_summary_at(''2026-06-30'')', ARRAY['mass', 'middle', 'top'], 'and of another');
SELECT set_eq($$ SELECT w.* FROM (SELECT client_id, product_id FROM source.holding WHERE on_day = '2026-06-30' ORDER BY 1, 2 LIMIT 5) AS h, dated.why(h.client_id, h.product_id, 'hold', '2026-06-30') AS w $$,
  $$ SELECT w.* FROM (SELECT client_id, product_id FROM source.holding WHERE on_day = '2026-06-30' ORDER BY 1, 2 LIMIT 5) AS h, second.why(h.client_id, h.product_id, 'hold', '2026-06-30') AS w $$,
  'why says what the version of the day says');
SELECT set_eq('SELECT client_id, product_id, before, after FROM dated.suitability_change(''2026-01-31'', ''2026-06-30'')',
  format($$ SELECT * FROM (SELECT h.client_id, h.product_id, crm.suitability(%L::jsonb::crm.suitability_policy, b, g, '2026-01-31', crm.instruction('hold'))::text AS before,
      crm.suitability(%L::jsonb::crm.suitability_policy, f, p, '2026-06-30', crm.instruction('hold'))::text AS after
    FROM source.holding AS h JOIN dated.client_facts('2026-01-31') AS b USING (client_id) JOIN dated.client_facts('2026-06-30') AS f USING (client_id)
    JOIN dated.product_facts('2026-01-31') AS g USING (product_id) JOIN dated.product_facts('2026-06-30') AS p USING (product_id) WHERE h.on_day = '2026-06-30') AS o WHERE before <> after $$, :'cn1', :'cn2'),
  'a change between days of two versions');
SELECT ok((SELECT bool_or(cause LIKE '%policy changed%') FROM dated.suitability_change('2026-01-31', '2026-06-30')), 'whose cause may be the policy');
SET LOCAL crm.as_of = '2026-01-31';
SELECT set_eq('SELECT client_id, score FROM dated.client_360', 'SELECT client_id, score FROM first.client_360', 'the views are of the day of the setting');
SET LOCAL crm.as_of = '2026-06-30';
SELECT set_eq('SELECT client_id, score FROM dated.client_360', 'SELECT client_id, score FROM second.client_360', 'and of another');

-- Each version is a literal: for a given day the planner is left with one, and takes the row apart.
CREATE FUNCTION plan_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; answer text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || statement LOOP answer := answer || line || E'\n'; END LOOP;
  RETURN answer;
END $$;
SELECT alike(plan_of('SELECT client_id, score FROM dated.client_rating_at(''2026-06-30'')'), '%score_values(%', 'the planner takes the row apart');
SELECT unalike(plan_of('SELECT client_id, score FROM dated.client_rating_at(''2026-06-30'')'), '%CASE WHEN ((''2026-06-30''%', 'for the one version of the day');
SELECT alike(plan_of('SELECT client_id, score FROM dated.client_rating'), '%score_values(%score_values(%', 'in each branch where the day is a setting');

-- Another approval, and what stays.
GRANT SELECT ON dated.client_rating TO "mart registry test approver";
CREATE VIEW user_view AS SELECT client_id, score FROM dated.client_rating;
SELECT approved(propose('scorecard', :'rating', '3', '2026-06-01')) > 0 AS approved;
SELECT same('client_rating_at', '2026-06-30', 'second');
SELECT count(*) > 0 AS updated FROM crm.update_mart('dated');
SELECT same('client_rating_at', '2026-06-30', 'first');
SELECT same('client_rating_at', '2026-05-31', 'second');
SELECT ok(has_table_privilege('mart registry test approver', 'dated.client_rating', 'SELECT'), 'grants stay');

-- What is refused.
SELECT throws_ok(format($$ SELECT crm.create_mart('both', 'source', rating => %L::jsonb::crm.scorecard, registry => 'rules') $$, :'rating'), '22023', NULL, 'not from both');
SELECT throws_ok(format($$ SELECT crm.update_mart('dated', rating => %L::jsonb::crm.scorecard) $$, :'rating'), '22023', NULL, 'nor later');
SELECT throws_ok($$ SELECT crm.create_mart('other', 'source', rating_name => 'client_rating') $$, '22023', 'names of policies need a registry', 'a name needs a registry');
SELECT throws_ok($$ SELECT crm.create_mart('other', 'source', registry => 'source') $$, '3F000', 'schema source is not a registry', 'a registry must be one');
SELECT throws_ok($$ SELECT crm.create_mart('other', 'source', registry => 'rules', rating_name => 'no such') $$, '42704', 'registry rules has no approved scorecard "no such"', 'a name must be there');
SELECT approved(propose('scorecard', :'rating'::jsonb || '{"name": "another"}', '1', '2026-01-01')) > 0 AS approved;
SELECT throws_ok($$ SELECT crm.update_mart('dated') $$, '22023', 'registry rules has several policies of kind scorecard', 'of several one must be named');
SELECT lives_ok($$ SELECT crm.update_mart('dated', rating_name => 'client_rating') $$, 'then it goes on');
SELECT lives_ok($$ SELECT crm.update_mart('dated') $$, 'and the name stays');
SELECT approved(propose('scorecard', '{"name": "client_rating", "characteristics": [{"name": "a", "attribute": "no_such_fact", "bins": [{"when": "-", "points": 1}]}]}', '4', '2026-06-15')) > 0 AS approved;
SELECT throws_ok($$ SELECT crm.update_mart('dated') $$, '42703', NULL, 'a version that reads what the source cannot give is an error');
SELECT same('client_rating_at', '2026-06-30', 'first');
SELECT lives_ok($$ SELECT crm.update_mart('first', registry => 'rules', rating_name => 'another') $$, 'a mart of given policies may move to a registry');

SELECT * FROM finish();
ROLLBACK;
