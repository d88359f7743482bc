-- The decision log: what may be written, what the hashes and seals find, how months come and go. What happens between sessions and in crashes
-- is in test/tap/decision_log.pl.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

SELECT create_registry('registry');
SELECT registry.propose_policy('{"name":"t","version":"1","tiers": [{"label": "mass"}, {"label": "affluent", "enter": 500000}]}'::tier_policy, current_date, 'first');
CREATE FUNCTION policy() RETURNS bytea STABLE LANGUAGE sql AS 'SELECT sha256 FROM registry.policy_version WHERE name = ''t''';

-- The hash, computed here in another way: a list of SQL literals.
CREATE VIEW wrong_hash AS
SELECT decision_id FROM registry.decision_log AS d WHERE d.sha256 <> sha256(convert_to('crm_ext decision 1: ' || (
    SELECT string_agg(coalesce(quote_literal(x), 'NULL'), ',' ORDER BY n)
    FROM unnest(ARRAY[d.decision_id::text, d.recorded_xid::text, extract(epoch FROM d.recorded_at)::text, d.recorded_by, d.recorded_login, d.subject,
      d.product, d.kind, d.outcome, d.reasons::text, encode(d.policy_sha256, 'hex'), d.inputs::text, (d.valid_on - date '2000-01-01')::text,
      d.evidence::text]) WITH ORDINALITY AS e (x, n)), 'UTF8'));

SELECT is(registry.log_decision('C1', 'tier_policy', 'mass', NULL, policy(), '{"value": 5}', '2026-01-31'), 1::bigint, 'a decision is logged');
SELECT registry.log_decision('C2', 'manual override', NULL, ARRAY['a''b', 'c\d', NULL, 'é,"', 'NULL'], NULL, '{"x": [1.50, "y", null]}', '0001-01-01 BC', 'P1', '{"recording": "r\\1"}');
SELECT registry.log_decision('', '', '', ARRAY[]::text[], NULL, '{}', '5874897-12-31', '', 'null');
SELECT results_eq('SELECT subject, product, kind, outcome, reasons, policy_sha256, inputs, valid_on, evidence, recorded_by, recorded_login FROM registry.decision_log WHERE decision_id = 2',
  $$ VALUES ('C2', 'P1', 'manual override', NULL::text, '["a''b", "c\\d", null, "é,\"", "NULL"]'::jsonb, NULL::bytea, '{"x": [1.50, "y", null]}'::jsonb, date '0001-01-01 BC',
    '{"recording": "r\\1"}'::jsonb, current_user::text COLLATE "default", session_user::text COLLATE "default") $$, 'every column is what was said');
SELECT is_empty('SELECT decision_id FROM wrong_hash', 'the hash is that of the list of literals');

-- Settings do not change a hash: rows written under other settings are recomputed under these.
SET LOCAL DateStyle = 'SQL, DMY'; SET LOCAL TimeZone = 'Pacific/Kiritimati'; SET LOCAL IntervalStyle = 'iso_8601'; SET LOCAL bytea_output = 'escape';
SET LOCAL extra_float_digits = -15; SET LOCAL standard_conforming_strings = off; SET LOCAL xmlbinary = hex; SET LOCAL quote_all_identifiers = on;
SELECT registry.log_decision('C3', 'note', 'x', ARRAY['a'], NULL, '{"value": 0.1}', '2026-01-31', NULL, '{"n": 1.0}');
RESET standard_conforming_strings; RESET DateStyle; RESET TimeZone; RESET IntervalStyle; RESET bytea_output; RESET extra_float_digits; RESET quote_all_identifiers;
SELECT is_empty('SELECT decision_id FROM wrong_hash', 'whatever the settings of the writer');

-- What may not be written.
SELECT throws_ok(format('INSERT INTO registry.decision_log (subject, kind, inputs, valid_on, %s) %s VALUES (''C'', ''note'', ''{}'', current_date, %s)', c.name, c.clause, c.value),
  c.code, NULL, format('%s is not for the writer to say', c.name))
FROM (VALUES ('recorded_at', '', '''2020-01-01''', '22023'), ('recorded_at', '', '''infinity''', '22023'), ('recorded_at', '', 'NULL', '22023'),
  ('recorded_at', '', 'clock_timestamp() + interval ''1 second''', '22023'), ('recorded_by', '', '''somebody''', '22023'), ('recorded_login', '', '''somebody''', '22023'),
  ('recorded_xid', '', '''3''', '22023'), ('decision_id', '', '1', '428C9'), ('sha256', '', '''\x00''', '428C9'), ('sha256', 'OVERRIDING SYSTEM VALUE', '''\x00''', '428C9')) AS c (name, clause, value, code);
SELECT throws_ok(format('SELECT registry.log_decision(%s)', c.arguments), c.code, NULL, c.name)
FROM (VALUES ('NULL, ''note'', ''x'', NULL, NULL, ''{}'', current_date', '23502', 'not without a subject'),
  ('''C'', NULL, ''x'', NULL, NULL, ''{}'', current_date', '23502', 'not without a kind'),
  ('''C'', ''note'', ''x'', NULL, NULL, NULL, current_date', '23502', 'not without inputs'),
  ('''C'', ''note'', ''x'', NULL, NULL, ''{}'', NULL', '23502', 'not without a day'),
  ('''C'', ''note'', ''x'', NULL, NULL, ''{}'', ''infinity''', '22008', 'not on no day'),
  ('''C'', ''note'', ''x'', NULL, NULL, ''[1]'', current_date', '23514', 'inputs are an object'),
  ('''C'', ''tier_policy'', ''x'', NULL, NULL, ''{}'', current_date', '22004', 'a decision by a policy names it'),
  ('''C'', ''scorecard'', ''x'', NULL, policy(), ''{}'', current_date', '23503', 'of its kind'),
  ('''C'', ''tier_policy'', ''x'', NULL, ''\x00'', ''{}'', current_date', '23503', 'and of this registry')) AS c (arguments, code, name);
SELECT throws_ok(format('%s %s %s', c.change, t.name, c.rest), '55000', NULL, format('%s of %s is refused', c.change, t.name))
FROM (VALUES ('UPDATE', 'SET outcome = ''x'''), ('DELETE FROM', ''), ('TRUNCATE', '')) AS c (change, rest)
CROSS JOIN (VALUES ('registry.decision_log'), (to_char(clock_timestamp() AT TIME ZONE 'UTC', '"registry.decision_log_"YYYY"_"MM'))) AS t (name);
SELECT throws_ok('TRUNCATE registry.decision_log_default', '55000', NULL, 'TRUNCATE of the default partition is refused');
SELECT throws_ok(format('%s', c), '55000', NULL, c || ' is refused')
FROM unnest(ARRAY['UPDATE registry.decision_seal SET number = 1', 'DELETE FROM registry.decision_seal', 'TRUNCATE registry.decision_seal', 'UPDATE registry.decision_retention SET reason = ''x''',
  'DELETE FROM registry.decision_retention', 'TRUNCATE registry.decision_retention']) AS c;
SELECT lives_ok($$ COPY registry.decision_log (subject, kind, inputs, valid_on) FROM PROGRAM 'printf "C9\tnote\t{}\t2026-01-31\n"' $$, 'COPY goes in like INSERT');

-- Seals.
SELECT results_eq('SELECT status, decisions FROM registry.verify_decision_log()', $$ VALUES ('unsealed', 5::bigint) $$, 'what is not sealed is counted');
SELECT results_eq('SELECT seal, decisions FROM registry.seal_decision_log()', 'VALUES (1::bigint, 5::bigint)', 'the decisions so far are sealed');
SELECT is_empty('SELECT * FROM registry.seal_decision_log()', 'nothing new, no seal');
INSERT INTO registry.decision_log (subject, kind, outcome, policy_sha256, inputs, valid_on)
SELECT 'C' || n, 'tier_policy', 'mass', policy(), jsonb_build_object('value', n), current_date FROM generate_series(1, 1000) AS n;
SELECT results_eq('SELECT seal, decisions FROM registry.seal_decision_log()', 'VALUES (2::bigint, 1000::bigint)', 'then the next');
SELECT registry.log_decision('C8', 'note', 'x', NULL, NULL, '{}', current_date);
SELECT results_eq('SELECT seal, decisions FROM registry.seal_decision_log()', 'VALUES (3::bigint, 1::bigint)', 'and the next');
SELECT registry.log_decision('C8', 'note', 'y', NULL, NULL, '{}', current_date);
SELECT results_eq('SELECT seal, status, decisions FROM registry.verify_decision_log()',
  $$ VALUES (1::bigint, 'intact', 5::bigint), (2, 'intact', 1000), (3, 'intact', 1), (NULL, 'unsealed', 1) $$, 'all is as it was sealed');
SELECT results_eq('SELECT seal, status, decisions FROM registry.verify_decision_log(2, 2)', $$ VALUES (2::bigint, 'intact', 1000::bigint) $$, 'a part may be checked');
SELECT is_empty($$ SELECT s.seal FROM registry.decision_seal AS s WHERE sha256(convert_to('crm_ext seal 1: ' || (
    SELECT string_agg(coalesce(quote_literal(x), 'NULL'), ',' ORDER BY n) FROM unnest(ARRAY[s.seal::text, encode(s.previous_sha256, 'hex'), (s.month - date '2000-01-01')::text,
    s.decisions::text, s.number::text, encode(sha256(s.leaves), 'hex'), s.through::text, s.open::text, s.snapshot::text, extract(epoch FROM s.sealed_at)::text, s.sealed_by,
    s.sealed_login]) WITH ORDINALITY AS e (x, n)), 'UTF8')) <> s.sha256 $$, 'a seal''s hash is that of its list of literals');

-- Rights by plain grants: who logs does not seal, who seals does not log, who reads does neither.
CREATE ROLE "log test writer";
CREATE ROLE "log test sealer";
CREATE ROLE "log test reader";
SELECT format('GRANT USAGE ON SCHEMA registry, %I TO "log test writer", "log test sealer", "log test reader"', n.nspname)
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'crm_ext' \gexec
GRANT SELECT ON registry.policy_version, registry.policy_event TO "log test writer";
GRANT SELECT, INSERT ON registry.decision_log TO "log test writer";
GRANT SELECT ON registry.decision_log, registry.decision_seal, registry.decision_log_decision_id_seq TO "log test sealer", "log test reader";
GRANT SELECT ON registry.decision_retention TO "log test reader";
GRANT INSERT ON registry.decision_seal TO "log test sealer";
CREATE FUNCTION as_role(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', role);
  EXECUTE statement INTO answer;
  RESET ROLE;
  RETURN answer;
END $$;
CREATE TABLE logged AS SELECT as_role('log test writer', $$ SELECT registry.log_decision('C', 'note', 'x', NULL, NULL, '{}', current_date) $$)::bigint AS id;
SELECT is((SELECT d.recorded_by FROM registry.decision_log AS d JOIN logged AS l ON l.id = d.decision_id), 'log test writer', 'a writer logs in the own name');
SELECT lives_ok(format('SELECT as_role(%L, %L)', 'log test writer', format('SELECT registry.log_decision(''C'', ''tier_policy'', ''mass'', NULL, %L, ''{}'', current_date)', policy())), 'also by a policy');
SELECT throws_ok(format($$ SELECT as_role(%L, %L) $$, c.role, c.statement), '42501', NULL, format('%s: not %s', c.role, c.statement))
FROM (VALUES ('log test writer', 'SELECT count(*) FROM registry.seal_decision_log()'), ('log test writer', 'UPDATE registry.decision_log SET outcome = 1'), ('log test writer', 'DELETE FROM registry.decision_log'),
  ('log test writer', 'SELECT registry.detach_decisions(''2020-01-01'', ''x'')'), ('log test sealer', 'SELECT registry.log_decision(''C'', ''note'', ''x'', NULL, NULL, ''{}'', current_date)'),
  ('log test reader', 'SELECT registry.log_decision(''C'', ''note'', ''x'', NULL, NULL, ''{}'', current_date)'), ('log test reader', 'SELECT count(*) FROM registry.seal_decision_log()'),
  ('log test sealer', 'TRUNCATE registry.decision_seal')) AS c (role, statement)
WHERE c.statement NOT LIKE '%detach%';
SELECT is(as_role('log test sealer', 'SELECT sum(decisions) FROM registry.seal_decision_log()'), '3', 'a sealer seals');
SELECT is((SELECT sealed_by FROM registry.decision_seal ORDER BY seal DESC LIMIT 1), 'log test sealer', 'in the own name');
SELECT is(as_role('log test reader', 'SELECT count(*) FROM registry.verify_decision_log() WHERE status NOT IN (''intact'', ''unsealed'')'), '0', 'a reader verifies');
SELECT registry.log_decision('C8', 'note', 'z', NULL, NULL, '{}', current_date);

-- Somebody with the rights of the owner changes the evidence: what is found. Each time all is put back.
CREATE FUNCTION tampered(statement text, anchor text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  SET LOCAL session_replication_role = replica;
  EXECUTE statement;
  SET LOCAL session_replication_role = origin;
  answer := (SELECT string_agg(concat_ws(' ', v.seal, v.status, v.decision_id, v.decisions), '; ') FROM registry.verify_decision_log(anchor => anchor) AS v WHERE v.status NOT IN ('intact'));
  RAISE EXCEPTION 'put it back' USING ERRCODE = 'P4711', DETAIL = answer;
EXCEPTION WHEN SQLSTATE 'P4711' THEN
  GET STACKED DIAGNOSTICS answer = PG_EXCEPTION_DETAIL;
  RETURN answer;
END $$;
SELECT is(tampered('SELECT 1'), 'unsealed 1', 'nothing is found where nothing was done');
SELECT is(tampered('DROP EXTENSION crm_ext CASCADE'), 'unsealed 1', 'the log outlives the extension, and is verified without it');
SELECT is(tampered(format('UPDATE registry.decision_log SET %s WHERE decision_id = 500', c)), '2 changed 500; unsealed 1', format('%s is found', c))
FROM unnest(ARRAY['outcome = ''affluent''', 'outcome = NULL', 'subject = ''C0''', 'product = ''''', 'reasons = ''[]''', 'inputs = ''{"value": 501}''', 'inputs = ''{}''', 'valid_on = valid_on - 1',
  'kind = ''scorecard''', 'policy_sha256 = NULL', 'recorded_by = ''x''', 'recorded_login = ''x''', 'recorded_at = recorded_at + interval ''1 microsecond''',
  'recorded_xid = ''3''', 'evidence = ''{}''']) AS c;
SELECT is(tampered('UPDATE registry.decision_log SET recorded_at = recorded_at + interval ''40 days'' WHERE decision_id = 500'), '2 changed 500; unsealed 1', 'a move to another month is found');
SELECT is(tampered('DELETE FROM registry.decision_log WHERE decision_id = 500'), '2 removed 500; unsealed 1', 'a removed decision is found');
SELECT is((SELECT count(*) FROM regexp_matches(tampered('DELETE FROM registry.decision_log WHERE decision_id BETWEEN 300 AND 400'), ' removed ', 'g')), 101::bigint, 'so are many');
SELECT is(tampered('INSERT INTO registry.decision_log (decision_id, recorded_xid, recorded_at, subject, kind, inputs, valid_on) OVERRIDING SYSTEM VALUE
  SELECT 500, ''3'', recorded_at + interval ''1 microsecond'', ''C'', ''note'', ''{}'', valid_on FROM registry.decision_log WHERE decision_id = 500'), '2 inserted 500; unsealed 1', 'a second decision of one number is found');
SELECT is(tampered('INSERT INTO registry.decision_log (decision_id, subject, kind, inputs, valid_on) OVERRIDING SYSTEM VALUE VALUES (1000000, ''C'', ''note'', ''{}'', current_date)'),
  'inserted 1000000; unsealed 2', 'a number that was never given out is found');
SELECT is(tampered('INSERT INTO registry.decision_log (subject, kind, inputs, valid_on, recorded_at) VALUES (''C'', ''note'', ''{}'', current_date, ''2020-01-01'')'),
  (SELECT format('inserted %s; unsealed 2', max(decision_id) + 1) FROM registry.decision_log), 'a back-dated decision is found');
SELECT is(tampered('SELECT setval(''registry.decision_log_decision_id_seq'', nextval(''registry.decision_log_decision_id_seq'') + 100); SELECT registry.seal_decision_log();
  INSERT INTO registry.decision_log (decision_id, subject, kind, inputs, valid_on) OVERRIDING SYSTEM VALUE VALUES (1050, ''C'', ''note'', ''{}'', current_date)'), 'unsealed 1',
  'a number that may still be in flight is not yet an alarm');
SELECT is(tampered('DELETE FROM registry.decision_seal WHERE seal = 2'), '2 seal removed; no seal 1000; unsealed 1', 'a removed seal is found');
SELECT is(tampered('DELETE FROM registry.decision_seal WHERE seal = 1'), '1 seal removed; no seal 5; unsealed 1', 'the first too');
SELECT is(tampered('DELETE FROM registry.decision_seal WHERE seal = 4', (SELECT encode(sha256, 'hex') FROM registry.decision_seal WHERE seal = 4)), 'unsealed 4; seal removed',
  'the last if its hash was kept elsewhere');
SELECT is(tampered('SELECT 1', (SELECT encode(sha256, 'hex') FROM registry.decision_seal WHERE seal = 2)), 'unsealed 1', 'an anchor that is there is good');
SELECT is(tampered(format('UPDATE registry.decision_seal SET %s WHERE seal = 2', c)), '2 seal changed; unsealed 1', format('a seal with %s is found', c))
FROM unnest(ARRAY['sealed_by = ''x''', 'sealed_at = sealed_at + interval ''1 microsecond''', 'month = month + 1', 'snapshot = ''3:3:''', 'sealed_login = ''x''', 'open = ''{}''::int8multirange + ''{[2,3)}''']) AS c;
SELECT is(tampered('UPDATE registry.decision_log SET outcome = ''affluent'' WHERE decision_id = 500; UPDATE registry.decision_seal AS s
    SET leaves = overlay(s.leaves PLACING d.sha256 FROM (32 * (500 - lower(s.decisions)) + 1)::int) FROM registry.decision_log AS d WHERE d.decision_id = 500 AND s.seal = 2'),
  '2 seal changed; unsealed 1', 'a decision changed together with its leaf is found');
SELECT is(tampered(format('UPDATE registry.decision_log SET outcome = ''affluent'' WHERE decision_id = 500; UPDATE registry.decision_seal AS s
    SET leaves = overlay(s.leaves PLACING d.sha256 FROM (32 * (500 - lower(s.decisions)) + 1)::int) FROM registry.decision_log AS d WHERE d.decision_id = 500 AND s.seal = 2;
    UPDATE registry.decision_seal AS s SET sha256 = %s WHERE seal = 2', seal_sha256_expression())), '3 chain broken; unsealed 1', 'together with leaf and seal too, by the next seal');

-- Months. Decisions of a month without a partition wait in the default partition until there is one.
SET LOCAL session_replication_role = replica;
INSERT INTO registry.decision_log (subject, kind, inputs, valid_on, recorded_at)
SELECT 'old', 'note', '{}', '2020-01-01', t FROM unnest(ARRAY['2020-01-31 23:59:59.999999+00', '2020-02-01 00:00:00+00', '2020-02-29 12:00:00+00']::timestamptz[]) AS t;
SET LOCAL session_replication_role = origin;
CREATE TABLE old AS SELECT decision_id, sha256, recorded_at, recorded_xid FROM registry.decision_log WHERE subject = 'old';
SELECT is((SELECT count(*) FROM registry.decision_log_default), 3::bigint, 'no decision is refused for want of a partition');
SELECT results_eq($$ SELECT month, decisions FROM registry.seal_decision_log() ORDER BY month $$,
  $$ SELECT * FROM (VALUES (date '2020-01-01', 1::bigint), ('2020-02-01', 2), (date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date, 1)) AS v ORDER BY 1 $$, 'each month has seals of its own');
SELECT throws_ok($$ SELECT registry.detach_decisions('2020-01-15', 'old enough') $$, '42P01', 'the log has no partition for 2020-01', 'a month in the default partition is not detached');
SELECT set_eq($$ SELECT registry.extend_decision_log(current_date) $$, ARRAY['registry.decision_log_2020_01', 'registry.decision_log_2020_02'], 'their partitions are made');
SELECT is_empty('SELECT * FROM registry.decision_log_default', 'and they have moved');
SELECT is_empty('SELECT o.* FROM old AS o LEFT JOIN registry.decision_log AS d USING (decision_id, sha256, recorded_at, recorded_xid) WHERE d.decision_id IS NULL', 'as they were');
SELECT is_empty('SELECT registry.extend_decision_log(current_date)', 'nothing more to do');
SELECT is((SELECT count(*) FROM registry.extend_decision_log((current_date + interval '2 years')::date)), 12::bigint, 'a year more');
SELECT throws_ok(format('SELECT registry.extend_decision_log(%s)', d), '22023', NULL, format('not through %s', d)) FROM unnest(ARRAY['NULL', '''infinity''', '''9999-12-31''']) AS d;
SELECT throws_ok('DELETE FROM registry.decision_log_2020_01', '55000', NULL, 'what moved is as safe as before');
SELECT throws_ok('TRUNCATE registry.decision_log_2020_01', '55000', NULL, 'from TRUNCATE too');
CREATE FUNCTION found() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', v.status, v.decision_id, v.decisions, v.message), '; ') FROM registry.verify_decision_log() AS v WHERE v.status NOT IN ('intact', 'back-dated') $$;
SELECT is(found(), 'unsealed 0', 'all is well');
SELECT throws_ok($$ SELECT registry.detach_decisions(current_date, 'x') $$, '55000', NULL, 'the month that runs stays');
SELECT throws_ok($$ SELECT registry.detach_decisions('2019-01-01', 'x') $$, '42P01', NULL, 'what is not there is not detached');
SELECT throws_ok($$ SELECT registry.detach_decisions('2020-01-01', NULL) $$, '22004', NULL, 'not without a reason');
SELECT is(registry.detach_decisions('2020-01-15', 'kept for 20 years'), 'registry.decision_log_2020_01', 'an old month is taken out');
SELECT alike(found(), 'detached 1 % took the month out on %: kept for 20 years; unsealed 0', 'verify says so');
SELECT is((SELECT count(*) FROM registry.decision_log_2020_01), 1::bigint, 'its table stands');
SELECT lives_ok($$ DROP TABLE registry.decision_log_2020_01 $$, 'it may be dropped');
SELECT alike(found(), 'detached 1 %; unsealed 0', 'the seals stay and are checked');
DROP TABLE registry.decision_log_2020_02;
SELECT is((SELECT count(*) FROM registry.verify_decision_log() WHERE status = 'removed'), 2::bigint, 'a month dropped without detach_decisions is missed');

SELECT throws_like($$ SELECT drop_registry('registry') $$, '%1 versions of policies and % decisions', 'a log is not dropped by mistake');
DROP VIEW wrong_hash;
SELECT lives_ok($$ SELECT drop_registry('registry', true) $$, 'only when one says so');

-- decision_inputs: the policy decides the same over what was kept.
CREATE TYPE channel AS ENUM ('branch', 'app');
CREATE TABLE given (i2 int2, i4 int, i8 bigint, n numeric, r real, d float8, b bool, t text, v varchar, c char(5), m name, e channel, day date, ts timestamp, tz timestamptz, l text[]);
INSERT INTO given
SELECT n, n * 1000, n * 10000000000, n / 3.0, n / 3.0::real, n / 3.0::float8, n % 2 = 0, E'té"xt\\' || n, 'v' || n, 'c' || n, 'm' || n, CASE n % 2 WHEN 0 THEN 'branch' ELSE 'app' END::channel,
  date '2026-01-01' + n, timestamp '2026-01-01 00:00:00.123456' + n * interval '1 hour', timestamptz '2026-01-01 00:00:00+08' + n * interval '1 hour', ARRAY['x' || n % 3, NULL, 'y"']
FROM generate_series(-20, 20) AS n;
INSERT INTO given DEFAULT VALUES;
INSERT INTO given VALUES (0, 0, 0, 'NaN', 'NaN', 'NaN', false, '', '', '', '', NULL, NULL, NULL, NULL, '{}');
CREATE FUNCTION bins(low text, high text) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_array(jsonb_build_object('when', '< ' || low, 'points', 1),
  jsonb_build_object('when', format('[%s..%s)', low, high), 'points', 2), jsonb_build_object('when', '>= ' || high, 'points', 4), jsonb_build_object('when', NULL, 'points', 8)) $$;
CREATE TABLE card AS SELECT jsonb_build_object('characteristics', (
    SELECT jsonb_agg(jsonb_build_object('name', c.name, 'attribute', c.name, 'weight', 10 ^ c.place, 'bins', coalesce(c.bins, bins(c.low, c.high))) ORDER BY c.place)
    FROM (SELECT v.*, row_number() OVER () AS place FROM (VALUES ('i2', '-5', '5', NULL::jsonb), ('i4', '0', '1000', NULL), ('i8', '0', '10000000000', NULL), ('n', '-0.3333333333333333', '0.3333333333333333', NULL), ('r', '0.3', '0.6', NULL),
      ('d', '-0.1', '1', NULL), ('day', '2025-12-31', '2026-01-05', NULL), ('ts', '2026-01-01T00:00:00.123456', '2026-01-01T05:00:00', NULL), ('tz', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00-05:00', NULL),
      ('t', NULL, NULL, '[{"when": ["té\"xt\\1"], "points": 1}, {"when": "-", "points": 3}]'), ('c', NULL, NULL, '[{"when": ["c1", "c-20"], "points": 1}, {"when": "-", "points": 3}]'),
      ('e', NULL, NULL, '[{"when": ["app"], "points": 1}, {"when": "-", "points": 3}]'), ('b', NULL, NULL, '[{"when": true, "points": 1}, {"when": "-", "points": 3}]'))
      AS v (name, low, high, bins)) AS c))::scorecard AS card;
SELECT is_empty('SELECT g.* FROM card, given AS g WHERE score(card, g) IS DISTINCT FROM score(card, decision_inputs(card, g))', 'a score over its inputs is the same score');
SELECT cmp_ok((SELECT count(DISTINCT score(card, g)) FROM card, given AS g), '>', 10::bigint, 'though scores differ');
SELECT is_empty('SELECT g.* FROM card, given AS g WHERE decision_inputs(card, decision_inputs(card, g)) <> decision_inputs(card, g)', 'inputs of inputs are the same');
SELECT is((SELECT decision_inputs('{"characteristics": [{"name": "a", "attribute": "a", "bins": [{"when": "-", "points": 1}]}]}'::scorecard, x) FROM (SELECT 1 AS a, 2 AS b) AS x), '{"a": 1}',
  'they are what the card reads and no more');
SELECT throws_ok($$ SELECT decision_inputs('{"characteristics": [{"name": "a", "attribute": "a", "bins": [{"when": "< 5", "points": 1}, {"when": ">= 5", "points": 2}, {"when": null, "points": 0}]}]}'::scorecard, x)
  FROM (SELECT 'Infinity'::float8 AS a) AS x $$, '22003', '"a" is Infinity, which JSON cannot hold', 'infinity is no JSON');
SELECT throws_ok($$ SELECT decision_inputs('{"tiers": [{"label": "a"}]}'::tier_policy, '-Infinity') $$, '22003', NULL, 'for tiers neither');
SELECT is(decision_inputs('{"tiers": [{"label": "a"}]}'::tier_policy, 'NaN'), '{"value": null}', 'NaN counts as missing');
CREATE TABLE rules AS SELECT '{"derive": {"client.age": {"years_since": "client.birth"}}, "checks": [
  {"name": "risk", "require": {"allowed": {"client": "risk", "product": "risk", "pairs": {"C1": ["R1"], "C2": ["R1", "R2"]}}}, "otherwise": {"solicited": "prohibited", "unsolicited": "overridable"}},
  {"name": "old", "applies": {"client.age": ">= 70"}, "require": {"instruction.amount": "< 1000"}, "otherwise": "needs_approval"},
  {"name": "kind", "require": {"contains": {"client": "kinds", "product": "kind"}}, "otherwise": "notice"}]}'::suitability_policy AS rules;
SELECT is_empty($$
  SELECT c, p, i.instruction
  FROM rules, (SELECT 'C' || n % 3 AS risk, date '1940-01-01' + 2000 * n AS birth, ARRAY['fund', NULL] AS kinds, 'unread' AS other FROM generate_series(1, 12) AS n) AS c,
    (SELECT 'R' || n AS risk, CASE n WHEN 1 THEN 'fund' ELSE 'note' END AS kind FROM generate_series(1, 3) AS n) AS p,
    (VALUES (NULL::jsonb), (instruction('buy', 'client', 'app', 5000, '{"order": "o1"}')), (instruction('buy', 'firm', NULL, 500))) AS i (instruction)
  CROSS JOIN LATERAL (SELECT decision_inputs(rules, c, p, '2026-01-31', i.instruction) AS kept) AS k
  WHERE suitability(rules, c, p, '2026-01-31', i.instruction) IS DISTINCT FROM suitability(rules, kept -> 'client', kept -> 'product', '2026-01-31', kept -> 'instruction')
    OR kept -> 'client' ? 'other' OR kept -> 'client' ? 'age' $$, 'an outcome over its inputs is the same outcome');
SELECT is(decision_inputs(rules, '{"risk": "C1"}', '{}', NULL, NULL), NULL, 'NULL in, NULL out') FROM rules;

SELECT * FROM finish();
ROLLBACK;
