-- The decision log: decisions a second logged set-based and one by one, sealed and verified, against a plain INSERT into a table of the same shape.
--
--   psql -v rows=1000000 -f test/bench/decision_log.sql
--
-- One run; the schema bench_log is made and dropped. One by one is a tenth of the rows, in one transaction: commits are not what is measured.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?rows} \else \set rows 1000000 \endif
\pset pager off
SET client_min_messages = warning;
SET search_path = crm, public;
SET jit = off;
SELECT create_registry('bench_log') \g /dev/null
SELECT bench_log.propose_policy('{"name":"t","version":"1","tiers": [{"label": "mass"}, {"label": "affluent", "enter": 500000}]}'::tier_policy, current_date, 'bench') \g /dev/null
SELECT format('''\x%s''::bytea', encode(sha256, 'hex')) AS policy FROM bench_log.policy_version \gset
CREATE TEMP TABLE plain (LIKE bench_log.decision_log INCLUDING INDEXES);
CREATE TEMP TABLE step (ordinal int, name text, decisions bigint, text text);
INSERT INTO step VALUES
  (1, 'floor: plain table, two indexes', :rows, format($$INSERT INTO plain SELECT '3', n, clock_timestamp(), 'x', 'x', 'C' || n, NULL, 'tier_policy', 'mass', NULL, %1$s,
    jsonb_build_object('value', n), '2026-06-30', NULL, %1$s FROM generate_series(1, %2$s) AS n$$, :'policy', :rows)),
  (2, 'INSERT ... SELECT', :rows, format($$INSERT INTO bench_log.decision_log (subject, kind, outcome, policy_sha256, inputs, valid_on)
    SELECT 'C' || n, 'tier_policy', 'mass', %1$s, jsonb_build_object('value', n), '2026-06-30' FROM generate_series(1, %2$s) AS n$$, :'policy', :rows)),
  (3, 'log_decision, one by one', :rows / 10, format($$DO 'BEGIN FOR n IN 1 .. %2$s LOOP PERFORM bench_log.log_decision(''C'' || n, ''tier_policy'', ''mass'', NULL, %1$s,
    jsonb_build_object(''value'', n), ''2026-06-30''); END LOOP; END'$$, replace(:'policy', '''', ''''''), :rows / 10)),
  (4, 'seal_decision_log', :rows + :rows / 10, 'SELECT * FROM bench_log.seal_decision_log()'),
  (5, 'verify_decision_log', :rows + :rows / 10, 'SELECT * FROM bench_log.verify_decision_log()'),
  (6, 'replay_check without a mart', :rows + :rows / 10, 'SELECT * FROM bench_log.replay_check(NULL)');
CREATE TEMP TABLE timing (ordinal int, seconds float8);
DO $$
DECLARE
  s record;
  started timestamptz;
BEGIN
  FOR s IN SELECT * FROM step ORDER BY ordinal LOOP
    started := clock_timestamp();
    EXECUTE s.text;
    INSERT INTO timing VALUES (s.ordinal, extract(epoch FROM clock_timestamp() - started));
  END LOOP;
END $$;
SELECT s.name, s.decisions, round(t.seconds::numeric, 1) AS seconds, round((t.seconds * 1e6 / s.decisions)::numeric, 1) AS microseconds_each
FROM step AS s JOIN timing AS t USING (ordinal) ORDER BY ordinal;
SELECT status, count(*) AS rows, sum(decisions) AS decisions FROM bench_log.verify_decision_log() GROUP BY 1 ORDER BY 1;
SELECT pg_size_pretty((SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'bench_log.decision_log'::regclass)) AS log,
  pg_size_pretty(pg_total_relation_size('bench_log.decision_seal')) AS seals, pg_size_pretty(pg_total_relation_size('plain')) AS plain;
SELECT drop_registry('bench_log', true) \g /dev/null
