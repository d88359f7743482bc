-- Decisions of the example policies over the mart of the made-up warehouse, logged and replayed: nothing changes, then a fact is corrected, then a
-- rule, and replay tells them apart. CRM_EXT_SOURCE is the project's folder; test/run sets it.
\set cn `cat "$CRM_EXT_SOURCE/examples/policies/cn_retail_suitability.json"`
\set rating `cat "$CRM_EXT_SOURCE/examples/policies/client_rating.json"`
\set tiers '{"name": "assets", "version": "1", "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 100000}, {"label": "private", "enter": 1000000}]}'
\set clients 200
\set products 40
\set first_day 2026-01-01
\set last_day 2026-06-30

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT no_plan();
SET LOCAL max_parallel_workers_per_gather = 0;
\ir ../../examples/warehouse.sql
RESET max_parallel_workers_per_gather;
SET LOCAL client_min_messages = warning;
CREATE TEMP TABLE made AS
SELECT * FROM crm.create_mart('mart', 'source', rating => :'rating', tiers => :'tiers', suitability => :'cn', market => 'XSHG');
SELECT ok((SELECT count(*) >= 5 FROM made WHERE status = 'created'), 'there is a mart');

SELECT crm.create_registry('registry');
CREATE ROLE "replay test approver";
GRANT USAGE ON SCHEMA registry, crm TO "replay test approver";
GRANT SELECT, INSERT ON registry.policy_event, registry.policy_version TO "replay test approver";
CREATE FUNCTION approve(version_id bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  answer bigint;
BEGIN
  SET LOCAL ROLE "replay test approver";
  answer := registry.approve_policy(version_id, 'agreed', true);
  RESET ROLE;
  RETURN answer;
END $$;
\set stage '{"name": "stage", "version": "1", "hit_policy": "first", "inputs": ["age", "risk_level"], "outputs": [{"name": "stage", "values": ["careful", "saving", "other"]}], "rules": [{"name": "C1", "when": ["-", ["C1"]], "then": ["careful"]}, {"name": "young", "when": ["< 40", "-"], "then": ["saving"]}, {"when": ["-", "-"], "then": ["other"]}]}'
SELECT approve(registry.propose_policy(:'cn'::crm.suitability_policy, '2026-01-01', 'first', backdated => true)) IS NOT NULL AS ok;
SELECT approve(registry.propose_policy(:'rating'::crm.scorecard, '2026-01-01', 'first', backdated => true)) IS NOT NULL AS ok;
SELECT approve(registry.propose_policy(:'tiers'::crm.tier_policy, '2026-01-01', 'first', backdated => true)) IS NOT NULL AS ok;
SELECT approve(registry.propose_policy(:'stage'::crm.decision_table, '2026-01-01', 'first', backdated => true)) IS NOT NULL AS ok;
SELECT v.name AS cn_name FROM registry.policy_version AS v WHERE kind = 'suitability_policy' \gset
SELECT v.name AS rating_name FROM registry.policy_version AS v WHERE kind = 'scorecard' \gset
SELECT v.name AS tiers_name FROM registry.policy_version AS v WHERE kind = 'tier_policy' \gset

-- Logged one by one, by the helper, ...
CREATE TEMP TABLE logged AS
SELECT f.client_id, 'scorecard' AS kind, d.* FROM (SELECT registry.scorecard(:'rating_name', '2026-06-30') AS card) AS p, mart.client_facts('2026-06-30') AS f
CROSS JOIN LATERAL registry.decide_and_log('scorecard', :'rating_name', f.client_id, crm.decision_inputs(p.card, f), '2026-06-30') AS d;
INSERT INTO logged
SELECT t.client_id, 'tier_policy', d.* FROM mart.client_tier_at('2026-06-30') AS t
CROSS JOIN LATERAL registry.decide_and_log('tier_policy', :'tiers_name', t.client_id, jsonb_build_object('value', t.tier_value), '2026-06-30') AS d WHERE t.tier_value IS NOT NULL;
INSERT INTO logged
SELECT f.client_id, 'decision_table', d.* FROM (SELECT registry.decision_table('stage', '2026-06-30') AS rules) AS p, mart.client_facts('2026-06-30') AS f
CROSS JOIN LATERAL registry.decide_and_log('decision_table', 'stage', f.client_id, crm.decision_inputs(p.rules, f), '2026-06-30') AS d;
SELECT is_empty('SELECT l.client_id FROM logged AS l JOIN mart.client_rating_at(''2026-06-30'') AS r USING (client_id)
  WHERE l.kind = ''scorecard'' AND (l.outcome::float8, l.reasons[1]) IS DISTINCT FROM (r.score, r.reason_1_code)', 'the helper gives the score and reasons of the mart');
SELECT is_empty('SELECT l.client_id FROM logged AS l JOIN mart.client_tier_at(''2026-06-30'') AS t USING (client_id) WHERE l.kind = ''tier_policy'' AND l.outcome IS DISTINCT FROM t.tier',
  'and its tier');
SELECT ok((SELECT count(DISTINCT outcome) = 3 FROM logged WHERE kind = 'decision_table'), 'the table decides all it can');
-- ... and set-based, by a plain INSERT: the holdings that the firm would still recommend or not.
INSERT INTO registry.decision_log (subject, product, kind, outcome, reasons, policy_sha256, inputs, valid_on, evidence)
SELECT f.client_id, p.product_id, 'suitability_policy', crm.suitability(:'cn'::crm.suitability_policy, f, p, '2026-06-30', crm.instruction('buy', 'client', 'app')), NULL,
  (SELECT v.sha256 FROM registry.policy_version AS v WHERE v.kind = 'suitability_policy'),
  crm.decision_inputs(:'cn'::crm.suitability_policy, f, p, '2026-06-30', crm.instruction('buy', 'client', 'app')), '2026-06-30', '{"recording": "rec-1"}'
FROM (SELECT DISTINCT client_id, product_id FROM source.holding WHERE on_day = '2026-06-30') AS h
JOIN mart.client_facts('2026-06-30') AS f USING (client_id) JOIN mart.product_facts('2026-06-30') AS p USING (product_id);
SELECT registry.log_decision('C0', 'closing call', 'done', NULL, NULL, '{"by": "phone"}', '2026-06-30') AS manual \gset
SELECT cmp_ok((SELECT count(*) FROM registry.decision_log), '>', 700::bigint, 'there are decisions to replay');

CREATE FUNCTION statuses() RETURNS TABLE (kind text, status text, n bigint) LANGUAGE sql AS $$
  SELECT kind, status, count(*) FROM registry.replay_check('-infinity', NULL, 'mart') GROUP BY 1, 2 $$;
SELECT set_eq('SELECT kind, status FROM statuses()', $$ VALUES ('scorecard', 'same'), ('tier_policy', 'same'), ('decision_table', 'same'), ('suitability_policy', 'same'), ('closing call', 'no rule') $$,
  'nothing has changed: every decision is the same');
SELECT is_empty($$ SELECT * FROM registry.replay_check('-infinity', NULL, 'mart') WHERE status = 'same'
  AND (outcome, outcome, outcome) IS DISTINCT FROM (with_facts, with_rule, outcome_now) $$, 'so is every outcome');
SELECT is((SELECT sum(n) FROM statuses()), (SELECT count(*)::numeric FROM registry.decision_log), 'each decision comes once');

-- A fact of the past is corrected: the risk level of a client who has all kinds of decisions.
SELECT subject AS corrected FROM registry.decision_log WHERE kind = 'suitability_policy' AND inputs -> 'client' ->> 'risk_level' IN ('C4', 'C5') AND outcome = 'suitable' AND product IN (
  SELECT product_id FROM mart.product_facts('2026-06-30') WHERE risk_level >= 'R3') ORDER BY decision_id LIMIT 1 \gset
CREATE TEMP TABLE corrected AS SELECT :'corrected'::text AS client_id;
UPDATE warehouse.risk_assessment SET risk_level = 'C1' WHERE client_id = :'corrected' AND valid_from <= '2026-06-30' AND (valid_to IS NULL OR valid_to > '2026-06-30');
CREATE TEMP TABLE replayed AS SELECT * FROM registry.replay_check('-infinity', NULL, 'mart');
SELECT set_eq('SELECT DISTINCT subject, kind FROM replayed WHERE status NOT IN (''same'', ''no rule'')', $$ SELECT client_id, kind FROM corrected, unnest(ARRAY['suitability_policy', 'decision_table']) AS k (kind) $$,
  'facts changed for this client, where the policy reads the risk level');
SELECT set_eq('SELECT DISTINCT status, note FROM replayed WHERE subject IN (SELECT client_id FROM corrected) AND kind IN (''suitability_policy'', ''decision_table'')',
  $$ VALUES ('facts changed', NULL::text) $$, 'that is the facts, and no rule');
SELECT is_empty('SELECT * FROM replayed WHERE rule_changed IS NOT NULL OR with_rule IS DISTINCT FROM outcome AND status <> ''no rule''', 'no rule has changed');
SELECT is((SELECT jsonb_path_query_array(facts_changed, '$[*].path') FROM replayed WHERE kind = 'decision_table' AND status = 'facts changed'), '["risk_level"]', 'it says which fact');
SELECT is((SELECT DISTINCT d ->> 'path' || ' ' || (d ->> 'after') FROM replayed, jsonb_array_elements(facts_changed) AS d WHERE kind = 'suitability_policy'), 'client.risk_level C1', 'and what it is now');
SELECT is((SELECT with_facts FROM replayed WHERE kind = 'decision_table' AND status = 'facts changed'), 'careful', 'and what would be decided over it');
SELECT is_empty(format($$ SELECT r.decision_id FROM replayed AS r LEFT JOIN mart.client_facts('2026-06-30') AS f ON f.client_id = r.subject LEFT JOIN mart.product_facts('2026-06-30') AS p ON p.product_id = r.product
  WHERE r.kind = 'suitability_policy' AND r.with_facts IS DISTINCT FROM crm.suitability(%L::crm.suitability_policy, f, p, '2026-06-30', crm.instruction('buy', 'client', 'app'))::text $$, :'cn'),
  'which is what the mart decides');
SELECT cmp_ok((SELECT count(*) FROM replayed WHERE kind = 'suitability_policy' AND outcome <> with_facts), '>', 0::bigint, 'some outcomes are others now');

-- A rule is corrected: one more check, from the first day on.
SELECT jsonb_set(jsonb_set(:'cn'::jsonb, '{version}', '"corrected"'), '{checks}', :'cn'::jsonb -> 'checks' || '[{"name": "no options", "code": "NOPT", "applies": {"product.kind": ["equity"]},
  "require": {"client.risk_level": ["C5"]}, "otherwise": "needs_approval", "missing": "skip"}]') AS cn2 \gset
SELECT registry.propose_policy(:'cn2'::jsonb::crm.suitability_policy, '2026-01-01', 'a check was forgotten', backdated => true) AS second \gset
SELECT is_empty('SELECT * FROM registry.replay_check(''-infinity'', NULL, ''mart'') WHERE rule_changed IS NOT NULL', 'a proposal changes nothing');
SELECT approve(:second) IS NOT NULL AS ok;
DROP TABLE replayed;
CREATE TEMP TABLE replayed AS SELECT * FROM registry.replay_check('-infinity', NULL, 'mart');
SELECT set_eq('SELECT DISTINCT kind, status, subject IN (SELECT client_id FROM corrected) FROM replayed WHERE kind = ''suitability_policy''',
  $$ VALUES ('suitability_policy', 'rule changed', false), ('suitability_policy', 'facts and rule changed', true) $$, 'the rule changed for all, facts and rule for the one');
SELECT set_eq('SELECT DISTINCT status FROM replayed WHERE kind IN (''scorecard'', ''tier_policy'')', ARRAY['same'], 'other rules did not change');
SELECT is((SELECT jsonb_agg(DISTINCT d ->> 'path' ORDER BY d ->> 'path') FROM replayed, jsonb_array_elements(rule_changed) AS d WHERE status = 'rule changed'), '["checks[no options]", "version"]',
  'it says what changed in the rule');
SELECT is_empty(format($$ SELECT r.* FROM replayed AS r LEFT JOIN mart.client_facts('2026-06-30') AS f ON f.client_id = r.subject LEFT JOIN mart.product_facts('2026-06-30') AS p ON p.product_id = r.product
  WHERE r.kind = 'suitability_policy' AND r.outcome_now IS DISTINCT FROM crm.suitability(%L::crm.suitability_policy, f, p, '2026-06-30', crm.instruction('buy', 'client', 'app'))::text $$, :'cn2'),
  'outcome_now is what the rule of today decides over the facts of today');
SELECT is_empty($$ SELECT r.* FROM replayed AS r WHERE status = 'rule changed' AND (with_facts <> outcome OR with_rule <> outcome_now) $$, 'where only the rule changed, the facts change no outcome');
SELECT set_eq('SELECT DISTINCT outcome, with_rule FROM replayed WHERE status = ''rule changed'' AND outcome <> with_rule AND outcome = ''suitable''', $$ VALUES ('suitable', 'needs_approval') $$,
  'the new check shows');

-- One decision, and bounds.
SELECT decision_id AS one FROM replayed WHERE status = 'facts and rule changed' ORDER BY decision_id LIMIT 1 \gset
SELECT results_eq(format('SELECT * FROM registry.replay(%s, ''mart'')', :one), format('SELECT * FROM replayed WHERE decision_id = %s', :one), 'replay of one decision says the same');
SELECT is((SELECT status || ': ' || note FROM registry.replay(:one)), 'rule changed: the facts were not looked at', 'without a mart the facts are not looked at');
SELECT is((SELECT status FROM registry.replay(:manual, 'mart')), 'no rule', 'a decision without a rule has none to replay');
SELECT throws_ok('SELECT * FROM registry.replay(-1)', 'P0002', 'there is no decision number -1', 'what was not logged is not replayed');
SELECT throws_ok('SELECT * FROM registry.replay(NULL)', 'P0002', NULL, 'nor NULL');
SELECT throws_ok('SELECT * FROM registry.replay(1, ''no such mart'')', '3F000', NULL, 'a mart must be one');
SELECT is_empty('SELECT * FROM registry.replay_check(''infinity'')', 'from a time on');
SELECT is_empty('SELECT * FROM registry.replay_check(''-infinity'', ''-infinity'')', 'until before another');
SELECT is_empty('SELECT * FROM registry.replay_check(NULL) EXCEPT SELECT * FROM registry.replay_check(''-infinity'')', 'NULL is no bound');

-- A rule that the mart cannot feed, a rule that is void, a client who is gone, a log that was changed.
SELECT approve(registry.propose_policy(jsonb_set(jsonb_set(:'stage'::jsonb, '{version}', '"2"'), '{inputs,0}', '"shoe_size"')::crm.decision_table, '2026-01-01', 'x', backdated => true)) AS event \gset
SELECT set_eq('SELECT DISTINCT status, note FROM registry.replay_check(''-infinity'', NULL, ''mart'') WHERE kind = ''decision_table''',
  $$ VALUES ('rule changed', 'the mart mart does not know shoe_size of a client') $$, 'what the mart does not know is said');
SELECT version_id AS shoes FROM registry.policy_version WHERE name = 'stage' AND version = '2' \gset
SELECT version_id AS stage_1 FROM registry.policy_version WHERE name = 'stage' AND version = '1' \gset
SELECT registry.retire_policy(version_id, '2026-01-01', 'void', true) FROM registry.policy_version WHERE name = 'stage';
SELECT set_eq('SELECT DISTINCT status, note, outcome_now FROM registry.replay_check(''-infinity'', NULL, ''mart'') WHERE kind = ''decision_table'' AND subject NOT IN (SELECT client_id FROM corrected)',
  $$ VALUES ('rule changed', 'no rule governs that day any more', NULL::text) $$, 'where no rule governs there is no outcome');
UPDATE warehouse.client SET opened_on = '2026-07-15' WHERE client_id = :'corrected';
SELECT set_eq(format('SELECT DISTINCT note, with_facts FROM registry.replay_check(''-infinity'', NULL, ''mart'') WHERE kind = ''scorecard'' AND subject = %L', :'corrected'),
  $$ VALUES ('the mart does not know client or product on that day', NULL::text) $$, 'a client who is not known that day any more');
SET LOCAL session_replication_role = replica;
UPDATE registry.decision_log SET outcome = outcome::float8 + 1 WHERE kind = 'scorecard' AND subject <> :'corrected';
UPDATE registry.decision_log SET reasons = '["XX"]' WHERE kind = 'suitability_policy' AND subject <> :'corrected' AND product = 'P0002';
SET LOCAL session_replication_role = origin;
SELECT set_eq(format('SELECT DISTINCT status FROM registry.replay_check(''-infinity'', NULL, ''mart'') WHERE kind = ''scorecard'' AND subject <> %L', :'corrected'), ARRAY['not reproduced'],
  'a logged outcome that the logged policy does not give is not reproduced');
SELECT set_eq(format('SELECT DISTINCT status FROM registry.replay_check(''-infinity'') WHERE kind = ''suitability_policy'' AND subject <> %L AND product = ''P0002''', :'corrected'), ARRAY['not reproduced'],
  'nor are reasons that it does not give');

-- The helper.
SELECT throws_ok($$ SELECT * FROM registry.decide_and_log('decision_table', 'stage', 'C', '{}', '2026-06-30') $$, 'P0002', 'no decision_table "stage" governs on 2026-06-30', 'no rule, no decision');
SELECT throws_ok(format($$ SELECT * FROM registry.decide_and_log('tier_policy', %L, 'C', NULL, '2026-06-30') $$, :'tiers_name'), '22004', NULL, 'no inputs, no decision');
SELECT decision_id AS trimmed FROM registry.decide_and_log('tier_policy', :'tiers_name', 'C', '{"value": 5, "other": 1}', '2026-06-30') \gset
SELECT is((SELECT inputs FROM registry.decision_log WHERE decision_id = :trimmed), '{"value": 5}', 'what the policy does not read is not kept');
SELECT throws_ok($$ SELECT crm.policy_decision('no kind', '{}', '{}', '2026-01-01') $$, '22023', NULL, 'a kind that is none');
SELECT throws_ok($$ SELECT crm.policy_inputs(NULL, '{}', '{}', '2026-01-01') $$, '22023', NULL, 'NULL is none');

SELECT * FROM finish();
ROLLBACK;
