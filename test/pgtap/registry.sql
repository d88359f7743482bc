-- The registry of policies: a version's life, who may do what, what governed on a day as it was known at a time.
-- Several tests would pass in a registry that cannot be changed by anybody; so rights are tested with roles that have them.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

CREATE ROLE "registry test proposer";
CREATE ROLE "registry test approver";
CREATE ROLE "registry test reader";
CREATE FUNCTION crm_schema() RETURNS text LANGUAGE sql AS $$
  SELECT n.nspname::text FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'crm_ext' $$;
SELECT format('GRANT USAGE ON SCHEMA %I TO "registry test proposer", "registry test approver", "registry test reader"', crm_schema()) \gexec
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC;

-- pgTAP keeps its results in temporary objects of the session's user; other roles must write them too.
CREATE FUNCTION as_role(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', role);
  EXECUTE statement INTO answer;
  RESET ROLE;
  RETURN answer;
EXCEPTION WHEN OTHERS THEN
  RESET ROLE;
  RAISE;
END $$;

SELECT lives_ok($$ SELECT create_registry('{registry} O''Brien''s "rules" %s $body$') $$, 'a registry may have any name that a schema may have');
SELECT lives_ok($$ SELECT drop_registry('{registry} O''Brien''s "rules" %s $body$') $$, 'an empty one is dropped');
SELECT hasnt_schema('{registry} O''Brien''s "rules" %s $body$', 'with its schema');
SELECT create_registry('registry');
SELECT is_empty($$
  SELECT d.refobjid FROM pg_depend AS d JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
  WHERE c.relnamespace = 'registry'::regnamespace AND d.deptype = 'e'
$$, 'its tables are nobody''s members');
SELECT is_empty($$
  SELECT c.oid::regclass, a.attname FROM pg_class AS c LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  WHERE c.relnamespace = 'registry'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
    AND (obj_description(c.oid, 'pg_class') IS NULL OR (a.attnum IS NOT NULL AND col_description(c.oid, a.attnum) IS NULL))
$$, 'every table, column and view has a comment');
SELECT is_empty($$
  SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'registry'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
$$, 'and so has every function');
SELECT is_empty($$
  SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'registry'::regnamespace
    AND (p.prosecdef OR (p.prosqlbody IS NULL AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)))
$$, 'no function has rights of its own, and each fixes its search_path');

-- Schemas that cannot be one.
CREATE SCHEMA taken;
CREATE TABLE taken.something ();
SELECT throws_ok($$ SELECT create_registry('taken') $$, '42P06', 'schema taken holds other objects', 'not beside other things');
SELECT throws_ok($$ SELECT create_registry('registry') $$, '42710', 'schema registry is a registry already', 'not twice');
SELECT throws_ok($$ SELECT create_registry(NULL) $$, '22004', NULL, 'not without a name');
SELECT throws_ok($$ SELECT create_registry('') $$, '22004', NULL, 'not with an empty name');
SELECT throws_ok($$ SELECT drop_registry('taken') $$, '3F000', 'schema taken is not a registry', 'another schema is not dropped');
SELECT throws_ok($$ SELECT update_registry('no such schema') $$, '3F000', NULL, 'nor updated');
SELECT throws_ok($$ SELECT as_role('registry test proposer', 'SELECT create_registry(''theirs'')') $$, '42501', NULL,
  'who may not create a schema may not create a registry');
CREATE SCHEMA somebodys AUTHORIZATION "registry test reader";
GRANT CREATE, USAGE ON SCHEMA somebodys TO "registry test proposer";
SELECT throws_ok($$ SELECT as_role('registry test proposer', 'SELECT create_registry(''somebodys'')') $$, '42501', 'schema somebodys belongs to somebody else',
  'not in a schema whose owner could put functions beside it');
SELECT format('GRANT CREATE ON DATABASE %I TO "registry test reader"', current_database()) \gexec
SELECT lives_ok($$ SELECT as_role('registry test reader', 'SELECT create_registry(''theirs'')') $$, 'no superuser is needed');
SELECT is((SELECT tableowner::text FROM pg_tables WHERE schemaname = 'theirs' AND tablename = 'policy_version'), 'registry test reader', 'the caller owns it');

-- Rights by plain grants.
GRANT USAGE ON SCHEMA registry TO "registry test proposer", "registry test approver", "registry test reader";
GRANT SELECT ON registry.policy_version, registry.policy_event, registry.policy_timeline TO "registry test proposer", "registry test approver", "registry test reader";
GRANT INSERT ON registry.policy_version TO "registry test proposer";
GRANT INSERT ON registry.policy_event TO "registry test approver";

CREATE FUNCTION tiers(version text, enter numeric, name text DEFAULT 'client_tier') RETURNS jsonb IMMUTABLE RETURN jsonb_build_object('name', name,
  'version', version, 'tiers', jsonb_build_array(jsonb_build_object('label', 'mass'), jsonb_build_object('label', 'affluent', 'enter', enter)));
CREATE FUNCTION propose(version text, enter numeric, valid_from date, options text DEFAULT '') RETURNS bigint LANGUAGE sql AS $$
  SELECT as_role('registry test proposer',
    format('SELECT registry.propose_policy(''tier_policy'', %L::jsonb, %L, ''it is time''%s)', tiers(version, enter), valid_from, options))::bigint $$;
CREATE FUNCTION approve(version_id bigint) RETURNS bigint LANGUAGE sql AS $$
  SELECT as_role('registry test approver', format('SELECT registry.approve_policy(%s, ''agreed'', true)', version_id))::bigint $$;

SELECT is(propose('1', 100, '2024-01-01', ', backdated => true'), 1::bigint, 'a version is proposed');
SELECT is_empty($$ SELECT registry.tier_policy('client_tier', '2024-06-01') WHERE registry.tier_policy('client_tier', '2024-06-01') IS NOT NULL $$,
  'a proposal does not govern');
SELECT throws_ok($$ SELECT as_role('registry test proposer', 'SELECT registry.approve_policy(1, ''I agree with myself'')') $$, '42501',
  'permission denied for table policy_event', 'a proposer has no right to approve');
SELECT throws_ok($$ SELECT as_role('registry test approver', 'SELECT registry.propose_policy(''tier_policy'', tiers(''9'', 1), current_date, ''x'')') $$, '42501',
  NULL, 'nor an approver to propose');
SELECT throws_ok($$ SELECT as_role('registry test reader', 'SELECT registry.reject_policy(1, ''no'')') $$, '42501', NULL, 'a reader may do neither');
GRANT INSERT ON registry.policy_event TO "registry test proposer";
SELECT throws_like($$ SELECT as_role('registry test proposer', 'SELECT registry.approve_policy(1, ''I agree with myself'')') $$,
  '%proposed version "1" of tier_policy "client_tier" and cannot approve it', 'who has both rights approves no own proposal');
SELECT throws_like($$ SELECT as_role('registry test proposer', 'INSERT INTO registry.policy_event (version_id, event, backdated, reason) VALUES (1, ''approved'', true, ''x'')') $$,
  '%cannot approve it', 'nor by a plain INSERT');
SELECT throws_like($$ SELECT as_role('registry test proposer',
  'INSERT INTO registry.policy_event (version_id, event, backdated, reason, recorded_by) VALUES (1, ''approved'', true, ''x'', ''registry test approver'')') $$,
  'who records and when is not for the writer to say', 'nor in the name of somebody else');
SELECT lives_ok('SELECT approve(1)', 'somebody else approves');
SELECT is((registry.tier_policy('client_tier', '2024-06-01'))::jsonb, tiers('1', 100), 'then it governs');
SELECT is(registry.tier_policy('client_tier', '2023-12-31'), NULL, 'not before its first day');
SELECT is((registry.tier_policy('client_tier', '9999-12-31'))::jsonb, tiers('1', 100), 'without an end');
SELECT is(registry.tier_policy('another', '2024-06-01'), NULL, 'only under its name');
SELECT is(registry.scorecard('client_tier', '2024-06-01'), NULL, 'and kind');
SELECT is(registry.tier_policy(NULL, '2024-06-01'), NULL, 'NULL in, NULL out');
SELECT is(as_role('registry test reader', 'SELECT (registry.tier_policy(''client_tier'', ''2024-06-01''))::jsonb ->> ''version'''), '1', 'a reader looks it up');
SELECT throws_like('SELECT approve(1)', '%is approved already', 'it is approved once');
SELECT throws_like($$ SELECT as_role('registry test approver', 'SELECT registry.reject_policy(1, ''too late'')') $$, '%is approved already', 'and not rejected then');

-- The rules of a proposal.
SELECT throws_ok($$ SELECT propose('2', 200, '2024-07-01') $$, '22023', 'valid_from 2024-07-01 is past', 'a back-dated version must be said to be');
SELECT throws_ok($$ SELECT propose('1', 999, current_date) $$, '23505', 'version "1" of tier_policy "client_tier" is another document already',
  'one name and version is one document');
SELECT lives_ok($$ SELECT propose('1', 100, current_date) $$, 'the same document may be proposed again');
SELECT throws_ok($$ SELECT propose('2', 200, 'infinity') $$, '22023', NULL, 'not from no day');
SELECT throws_ok($$ SELECT propose('2', 200, '-infinity', ', backdated => true') $$, '22023', NULL, 'nor from ever');
SELECT throws_ok($$ SELECT propose('2', 200, current_date, ', current_date') $$, '22023', NULL, 'nor for no time');
SELECT throws_ok($$ SELECT propose('2', 200, current_date, ', ''infinity''') $$, '22023', NULL, 'an end is a day');
SELECT throws_ok($$ SELECT registry.propose_policy('tier_policy', tiers('2', 200), NULL, 'x') $$, '22004', NULL, 'not without a day');
SELECT throws_ok($$ SELECT registry.propose_policy('tier_policy', tiers('2', 200), current_date, NULL) $$, '22004', NULL, 'not without a reason');
SELECT throws_ok($$ SELECT registry.propose_policy('tier_policy', tiers('2', 200), current_date, ' ') $$, '22023', NULL, 'a blank is no reason');
SELECT throws_ok($$ SELECT registry.propose_policy(NULL::tier_policy, current_date, 'x') $$, '22004', NULL, 'not without a document');
SELECT throws_ok($$ SELECT registry.propose_policy('tier_policy', '{"tiers": [{"label": "a"}]}', current_date, 'x') $$, '22023',
  'a document in a registry needs "name" and "version"', 'not without name and version');
SELECT throws_ok($$ SELECT registry.propose_policy('tier_policy', '{"name": "x", "version": "1", "tiers": []}', current_date, 'x') $$, '22P02', NULL,
  'not a document that its type refuses');
SELECT throws_ok($$ SELECT registry.propose_policy('int4', '1', current_date, 'x') $$, '22023', 'policies of kind "int4" are not known', 'not of a type that is no policy');
SELECT throws_ok($$ INSERT INTO registry.policy_version (kind, name, version, document, valid_from, backdated, reason)
  VALUES ('tier_policy', 'x', '1', '{"name": "x", "version": "1", "tiers": [{"label": "a"}]}', current_date, false, 'x') $$, '22023',
  'the document is not in the canonical form of a tier_policy', 'a plain INSERT must be in order too');
SELECT throws_ok($$ INSERT INTO registry.policy_version (kind, name, version, document, valid_from, backdated, reason)
  VALUES ('tier_policy', 'y', '1', '{"name":"x","version":"1","tiers":[{"label":"a"}]}', current_date, false, 'x') $$, '22023',
  'name and version are not those of the document', 'its name is that of the document');
SELECT throws_ok($$ INSERT INTO registry.policy_version (kind, name, version, document, valid_from, backdated, reason)
  VALUES ('tier_policy', 'x', '1', '{"name":"x","version":"1","tiers":[{"label":"a"}]}', '2020-01-01', false, 'x') $$, '22023', NULL,
  'and a day that is past must be said to be');
SELECT throws_ok($$ INSERT INTO registry.policy_version (kind, name, version, document, valid_from, backdated, reason, recorded_at)
  VALUES ('tier_policy', 'x', '1', '{"name":"x","version":"1","tiers":[{"label":"a"}]}', current_date, false, 'x', '2020-01-01') $$, '22023', NULL,
  'recorded_at is now');
SELECT lives_ok($$ INSERT INTO registry.policy_version (kind, name, version, document, valid_from, backdated, reason)
  VALUES ('tier_policy', 'x', '1', '{"name":"x","version":"1","tiers":[{"label":"a"}]}', current_date, false, 'x') $$, 'what is in order goes in');

-- Every kind, and documents in other words.
SELECT lives_ok(format('SELECT registry.propose_policy(%L::%I.%I, current_date, ''x'')', d.document, crm_schema(), d.kind), format('a %s is proposed', d.kind))
FROM (VALUES
  ('scorecard', '{"version": "1", "name": "back\\slash \u0022 \u00e9", "characteristics": [{"name": "a", "attribute": "a", "bins": [{"when": "-", "points": 1.50}]}]}'),
  ('suitability_policy', '{"name": "s", "version": "1", "checks": [{"name": "a", "require": {"product.risk_level": ["R1"]}, "otherwise": "notice"}]}'),
  ('tier_policy', '{"name": "t", "version": "1", "tiers": [{"label": "a"}]}')) AS d (kind, document);
SELECT is_empty($$ SELECT kind FROM policy_kind() EXCEPT SELECT split_part(p.proname, ' ', 1) FROM pg_proc AS p WHERE p.pronamespace = 'registry'::regnamespace $$,
  'every kind has its lookup');
SELECT is((SELECT v.sha256 FROM registry.policy_version AS v WHERE v.kind = 'scorecard'),
  (SELECT sha256(convert_to(v.document, 'UTF8')) FROM registry.policy_version AS v WHERE v.kind = 'scorecard'), 'the hash is the SHA-256 of the document''s bytes');

-- Two times: valid and known.
CREATE TABLE moment (name text, at timestamptz);
INSERT INTO moment VALUES ('after 1', clock_timestamp());
SELECT propose('2', 200, '2024-07-01', ', backdated => true') AS second \gset
SELECT is((registry.tier_policy('client_tier', '2024-08-01'))::jsonb, tiers('1', 100), 'a proposal replaces nothing');
SELECT lives_ok(format('SELECT approve(%s)', :second), 'the second version is approved');
INSERT INTO moment VALUES ('after 2', clock_timestamp());
SELECT is((registry.tier_policy('client_tier', '2024-06-30'))::jsonb, tiers('1', 100), 'the first version governs until the day before');
SELECT is((registry.tier_policy('client_tier', '2024-07-01'))::jsonb, tiers('2', 200), 'the second from its first day');
SELECT is((SELECT registry.tier_policy('client_tier', '2024-07-01', at)::jsonb FROM moment WHERE name = 'after 1'), tiers('1', 100),
  'as it was known before, the first');
SELECT is((registry.tier_policy('client_tier', '2024-07-01', '-infinity')), NULL, 'nothing was known before all');
SELECT propose('3', 300, '2024-07-01', ', backdated => true') AS third \gset
SELECT approve(:third);
SELECT is((registry.tier_policy('client_tier', '2024-07-01'))::jsonb, tiers('3', 300), 'a correction of the same first day wins when it is approved later');
INSERT INTO moment VALUES ('after 3', clock_timestamp());
SELECT lives_ok(format($$ SELECT as_role('registry test approver', 'SELECT registry.retire_policy(%s, ''2024-07-01'', ''a mistake'', true)') $$, :third), 'it is retired from its first day');
SELECT is((registry.tier_policy('client_tier', '2024-07-01'))::jsonb, tiers('2', 200), 'so it is void: the version before governs');
SELECT is((SELECT registry.tier_policy('client_tier', '2024-07-01', at)::jsonb FROM moment WHERE name = 'after 3'), tiers('3', 300),
  'before that was known it was not');
SELECT lives_ok(format($$ SELECT as_role('registry test approver', 'SELECT registry.retire_policy(%s, ''2024-10-01'', ''no more'', true)') $$, :second), 'the second is retired');
SELECT is((registry.tier_policy('client_tier', '2024-09-30'))::jsonb, tiers('2', 200), 'it governs until the day before its end');
SELECT is(registry.tier_policy('client_tier', '2024-10-01'), NULL, 'then none governs: what it replaced does not come back');
SELECT is((registry.tier_policy('client_tier', '2024-06-30'))::jsonb, tiers('1', 100), 'the past stays');
SELECT propose('4', 400, '2024-12-01', ', ''2025-01-01'', true') AS fourth \gset
SELECT approve(:fourth);
SELECT is((registry.tier_policy('client_tier', '2024-12-31'))::jsonb, tiers('4', 400), 'a version may have an end from the beginning');
SELECT is(registry.tier_policy('client_tier', '2025-01-01'), NULL, 'and ends there');
SELECT results_eq($$ SELECT version, valid_from, valid_until, status, decided_by FROM registry.policy_timeline WHERE name = 'client_tier' AND status <> 'proposed' ORDER BY valid_from, version_id $$,
  $$ VALUES ('1', date '2024-01-01', date '2024-07-01', 'approved', 'registry test approver'), ('2', '2024-07-01', '2024-10-01', 'retired', 'registry test approver'),
    ('3', '2024-07-01', '2024-07-01', 'void', 'registry test approver'), ('4', '2024-12-01', '2025-01-01', 'approved', 'registry test approver') $$, 'the timeline says all that');
SELECT is_empty($$
  SELECT d.day, t.version FROM generate_series(date '2023-12-01', date '2025-02-01', '1 day') AS d (day)
  LEFT JOIN registry.policy_timeline AS t ON t.name = 'client_tier' AND t.status IN ('approved', 'retired') AND d.day >= t.valid_from AND (t.valid_until IS NULL OR d.day < t.valid_until)
  WHERE registry.tier_policy('client_tier', d.day::date)::jsonb ->> 'version' IS DISTINCT FROM t.version
$$, 'on every day the timeline and the lookup agree');

SELECT propose('5', 500, current_date) AS fifth \gset
SELECT lives_ok(format($$ SELECT as_role('registry test approver', 'SELECT registry.reject_policy(%s, ''too high'')') $$, :fifth), 'a version is rejected');
SELECT throws_like(format('SELECT approve(%s)', :fifth), '%is rejected already', 'a rejected one is not approved');
SELECT throws_like(format($$ SELECT as_role('registry test approver', 'SELECT registry.retire_policy(%s, current_date, ''x'')') $$, :fifth), '%cannot be retired', 'nor retired');
SELECT throws_ok($$ SELECT registry.approve_policy(4711, 'x') $$, 'P0002', NULL, 'what was never proposed is not approved');
SELECT throws_ok($$ SELECT registry.approve_policy(NULL, 'x') $$, '22004', NULL, 'NULL is no version');
SELECT throws_ok($$ SELECT registry.approve_policy(5, NULL) $$, '22004', NULL, 'NULL is no reason');
SELECT throws_ok($$ SELECT registry.retire_policy(1, 'infinity', 'x') $$, '22023', NULL, 'infinity is no end');
SELECT throws_ok($$ SELECT registry.retire_policy(1, '2024-05-01', 'x') $$, '22023', 'valid_until 2024-05-01 is past', 'a back-dated end must be said to be');
SELECT throws_ok($$ SELECT registry.retire_policy(1, '2023-05-01', 'x', true) $$, '22023', NULL, 'no end before the beginning');
SELECT propose('6', 600, current_date) AS sixth \gset
SELECT throws_ok(format($$ SELECT registry.retire_policy(%s, current_date, 'x') $$, :sixth), '55000', NULL, 'what is not approved is not retired');

-- Rows are evidence.
SELECT throws_ok(format('%s %s', change, t), '55000', format('%s of %s is refused: its rows are evidence', split_part(change, ' ', 1), replace(split_part(t, ' ', 1), 'registry.', '')), format('%s %s is refused', change, t))
FROM (VALUES ('UPDATE', 'registry.policy_version SET reason = ''x'''), ('DELETE FROM', 'registry.policy_version'), ('TRUNCATE', 'registry.policy_version CASCADE'),
  ('UPDATE', 'registry.policy_event SET reason = ''x'''), ('DELETE FROM', 'registry.policy_event'), ('TRUNCATE', 'registry.policy_event')) AS c (change, t);
SELECT throws_like($$ SELECT drop_registry('registry') $$, 'registry registry holds evidence: % versions of policies and 0 decisions', 'it is not dropped by mistake');

-- A hundred versions are one index probe.
INSERT INTO registry.policy_version (kind, name, version, document, valid_from, backdated, reason)
SELECT 'scorecard', c.document ->> 'name', c.document ->> 'version', c.document::text::scorecard::text, current_date + n, false, 'grows'
FROM generate_series(1, 100) AS n
CROSS JOIN LATERAL (SELECT jsonb_build_object('name', 'big', 'version', n::text, 'characteristics', (
  SELECT jsonb_agg(jsonb_build_object('name', 'c' || i, 'attribute', 'a' || i, 'bins', '[{"when": "< 10", "points": 1}, {"when": ">= 10", "points": 2}, {"when": null, "points": 0}]'::jsonb))
  FROM generate_series(1, 20) AS i)) AS document) AS c;
SELECT as_role('registry test approver', $$ WITH a AS (INSERT INTO registry.policy_event (version_id, event, backdated, reason)
  SELECT version_id, 'approved', false, 'x' FROM registry.policy_version WHERE name = 'big' RETURNING 1) SELECT count(*) FROM a $$);
ANALYZE registry.policy_version, registry.policy_event;
CREATE FUNCTION plan_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; answer text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP answer := answer || line || E'\n'; END LOOP;
  RETURN answer;
END $$;
SET LOCAL max_parallel_workers_per_gather = 0; -- the plan of one process
SELECT alike(plan_of($$ SELECT document FROM registry.policy_at('scorecard', 'big', current_date + 50) $$), '%Index Scan using policy_version_validity on policy_version v%', 'the lookup is inlined and probes its index');
SELECT unalike(plan_of($$ SELECT document FROM registry.policy_at('scorecard', 'big', current_date + 50) $$), '%Seq Scan on policy_version%', 'and does not read them all');
SELECT is((registry.scorecard('big', current_date + 50))::jsonb ->> 'version', '50', 'it finds the version of the day');
SELECT is((registry.scorecard('big', current_date + 1000))::jsonb ->> 'version', '100', 'and the last');
SELECT alike(plan_of($$ SELECT score((SELECT registry.scorecard('big', current_date + 50)), x) FROM (SELECT 1 AS a1) AS x $$), '%InitPlan%', 'a lookup in parentheses is evaluated once a query');

-- Grants and rows stay when it is updated.
CREATE TABLE before_update AS SELECT p.oid::regprocedure::text AS object, p.proacl::text AS acl, p.oid FROM pg_proc AS p WHERE p.pronamespace = 'registry'::regnamespace;
REVOKE ALL ON FUNCTION registry.tier_policy(text, date, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION registry.tier_policy(text, date, timestamptz) TO "registry test reader";
CREATE VIEW public.user_view AS SELECT name, status FROM registry.policy_timeline;
SELECT lives_ok($$ SELECT update_registry('registry') $$, 'a registry is updated');
SELECT ok(has_function_privilege('registry test reader', 'registry.tier_policy(text, date, timestamptz)', 'EXECUTE')
  AND NOT has_function_privilege('registry test approver', 'registry.tier_policy(text, date, timestamptz)', 'EXECUTE'), 'grants stay');
SELECT is((SELECT count(*) FROM before_update AS b JOIN pg_proc AS p ON p.oid = b.oid), (SELECT count(*) FROM before_update), 'functions stay what they are');
SELECT ok((SELECT count(*) FROM public.user_view) > 100, 'views of users stay');

-- Somebody's search_path, operators and functions.
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.lower_than(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.lower_than);
CREATE FUNCTION hostile.sha256(bytea) RETURNS bytea IMMUTABLE LANGUAGE sql AS 'SELECT ''\x00''::bytea';
CREATE FUNCTION hostile.coalesce_date(date) RETURNS date IMMUTABLE LANGUAGE sql AS 'SELECT $1';
SET LOCAL search_path = hostile, pg_catalog, public;
CREATE TABLE public.hostile_answer AS SELECT (registry.tier_policy('client_tier', '2024-06-30'))::jsonb ->> 'version' AS version,
  registry.propose_policy('tier_policy', '{"name": "h", "version": "1", "tiers": [{"label": "a"}]}'::jsonb, current_date, 'x') AS proposed;
SET LOCAL search_path = public, crm;
SELECT results_eq('SELECT a.version, v.name, length(v.sha256) FROM public.hostile_answer AS a JOIN registry.policy_version AS v ON v.version_id = a.proposed',
  $$ VALUES ('1', 'h', 32) $$, 'lookups and proposals do not see the caller''s search_path');

-- Large documents.
SELECT lives_ok($$ SELECT registry.propose_policy('scorecard', jsonb_build_object('name', 'huge', 'version', '1', 'description', repeat('x', 900000), 'characteristics',
  '[{"name": "a", "attribute": "a", "bins": [{"when": "-", "points": 1}]}]'::jsonb), current_date, 'x') $$, 'a document of almost a megabyte');
SELECT throws_ok($$ SELECT registry.propose_policy('scorecard', jsonb_build_object('name', 'huge', 'version', '2', 'description', repeat('x', 2000000), 'characteristics',
  '[{"name": "a", "attribute": "a", "bins": [{"when": "-", "points": 1}]}]'::jsonb), current_date, 'x') $$, '54000', NULL, 'not of two');

DROP VIEW public.user_view;
SELECT lives_ok($$ SELECT drop_registry('registry', with_evidence => true) $$, 'who says so may drop it');
SELECT hasnt_schema('registry', 'then nothing is left');

-- policy_diff: each kind of change; nothing where nothing differs.
SELECT results_eq($$ SELECT path, change, before, after FROM document_diff(
    '{"a": 1, "l": [{"name": "x", "v": 1}, {"name": "y", "v": 2}, {"name": "z"}], "p": ["a"], "q": {"r": [1]}}',
    '{"a": 2, "l": [{"name": "y", "v": 3}, {"name": "x", "v": 1}, {"name": "w"}], "p": ["b"], "n": {"k": 1}, "q": {"r": [1]}}') $$,
  $$ VALUES ('a', 'changed', '1'::jsonb, '2'::jsonb), ('l[y]', 'moved', '2', '1'), ('l[y].v', 'changed', '2', '3'), ('l[x]', 'moved', '1', '2'), ('l[w]', 'added', NULL, '{"name": "w"}'),
    ('l[z]', 'removed', '{"name": "z"}', NULL), ('n', 'added', NULL, '{"k": 1}'), ('p', 'changed', '["a"]', '["b"]') $$, 'every kind of change');
SELECT results_eq($$ SELECT path, change, before, after FROM policy_diff(
    '{"characteristics": [{"name": "a", "attribute": "a", "bins": [{"when": "< 5", "points": 1}, {"when": ">= 5", "points": 2}, {"when": null, "points": 0}]}]}'::scorecard,
    '{"characteristics": [{"name": "a", "attribute": "a", "bins": [{"when": "< 6", "points": 1}, {"when": ">= 6", "points": 2}, {"when": null, "points": 3}]}]}') $$,
  $$ VALUES ('characteristics[a].bins["< 5"]', 'removed', '{"when": "< 5", "points": 1}'::jsonb, NULL::jsonb), ('characteristics[a].bins["< 6"]', 'added', NULL, '{"when": "< 6", "points": 1}'),
    ('characteristics[a].bins[">= 5"]', 'removed', '{"when": ">= 5", "points": 2}', NULL), ('characteristics[a].bins[">= 6"]', 'added', NULL, '{"when": ">= 6", "points": 2}'),
    ('characteristics[a].bins[null].points', 'changed', '0', '3') $$, 'bins are matched by their condition');
SELECT is_empty($$ SELECT * FROM policy_diff('{"name": "t", "tiers": [{"label": "a"}]}'::tier_policy, '{"tiers": [{"label": "a"}], "name": "t"}') $$, 'nothing differs');
SELECT is_empty($$ SELECT * FROM policy_diff(NULL::scorecard, '{"characteristics": [{"name": "a", "attribute": "a", "bins": [{"when": "-", "points": 1}]}]}') $$, 'NULL differs from nothing');
SELECT throws_ok($$ SELECT * FROM policy_diff('{"tiers": [{"label": "a"}]}'::tier_policy, '{"characteristics": [{"name": "a", "attribute": "a", "bins": [{"when": "-", "points": 1}]}]}'::scorecard) $$,
  '42883', NULL, 'kinds are not compared with each other');
SELECT results_eq($$ SELECT path, change FROM document_diff('[{"name": "a", "w": 1}, {"name": "a", "w": 2}]', '[{"name": "a", "w": 1}, {"name": "b"}, {"name": "a", "w": 3}]') $$,
  $$ VALUES ('[b]', 'added'), ('[a #2].w', 'changed') $$, 'two elements of one name are matched in their order');
SELECT results_eq($$ SELECT path, change FROM document_diff('[{"w": 1}, {"w": 2}]', '[{"w": 1}, {"w": 3}, {"w": 4}]') $$,
  $$ VALUES ('[2].w', 'changed'), ('[3]', 'added') $$, 'elements without a name by their place');

SELECT * FROM finish();
ROLLBACK;
