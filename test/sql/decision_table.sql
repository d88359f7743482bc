-- Decision tables: reading, deciding by each hit policy, checking, and what is refused.
SET search_path = crm, public;
SET datestyle = ISO;

-- A table reads like the one that an analyst would draw.
CREATE TEMP TABLE package AS SELECT '{
  "name": "service_package", "version": "2026-01", "hit_policy": "first",
  "outputs": ["package", {"name": "minutes", "type": "number"}],
  "inputs": ["tier", {"attribute": "life_stage", "label": "Stage of life"}, "age"],
  "rules": [
    {"then": ["legacy", 240.0], "when": [["private"], "-", ">= 60"], "name": "private and old"},
    {"when": [["private", "affluent"], ["spending", "gifting"], "-"], "then": ["retirement", 1.2e2]},
    {"when": ["-", "-", "-"], "then": ["essential", 10]}]}'::decision_table AS policy;

-- It is stored in its canonical form.
SELECT policy FROM package;
SELECT policy::jsonb->>'name' AS name, policy = policy::text::decision_table AS same_text, policy = policy::jsonb::decision_table AS same,
       policy <> '{"inputs": ["x"], "outputs": ["y"], "rules": [{"when": ["-"], "then": [1]}]}' AS other,
       decision_table_hash(policy) = decision_table_hash(policy::text::decision_table) AS hash FROM package;
SELECT a.* FROM package, policy_attributes(policy) AS a;

CREATE TEMP TABLE client (client_id int, tier text, life_stage text, age int);
INSERT INTO client VALUES (1, 'private', 'gifting', 71), (2, 'affluent', 'spending', 64), (3, 'private', 'accumulation', 35), (4, 'mass', NULL, NULL), (5, NULL, NULL, 80);
SELECT client_id, decide(policy, client), decide_text(policy, client, 'package'), decide_number(policy, client, 'minutes'), decide_text(policy, client, 'minutes') AS as_text
FROM client, package ORDER BY client_id;

-- Every rule that hits, in the order in which hits count.
SELECT client_id, d.* FROM client, package, decide_all(policy, client) AS d ORDER BY client_id, ordinal;

-- From the values, and from rows of every form.
SELECT decide_values(policy, 'private'::text, 'gifting'::text, 71), decide_text_values(policy, 'package', 'private'::text, NULL::text, 59.5),
       decide_number_values(policy, 'minutes', NULL::text, NULL::text, NULL::int) FROM package;
SELECT decide(policy, '{"tier": "private", "life_stage": "x", "age": 60}') AS literal, decide(policy, '{"tier": "affluent", "life_stage": "gifting"}'::jsonb) AS jsonb,
       decide(policy, '{}'::json) AS json, decide(policy, NULL) AS null_row, decide(NULL::decision_table, client) AS null_table FROM package, client LIMIT 1;
CREATE TYPE tier_type AS ENUM ('mass', 'affluent', 'private');
SELECT decide_text(policy, r, 'package') FROM package, (SELECT 'private'::tier_type AS tier, 'gifting   '::char(12) AS life_stage, 60::float8 AS age) AS r;
SELECT decide_values(NULL::decision_table, 1);

-- A constant table and a row whose columns are known: the planner takes the row apart.
EXPLAIN (VERBOSE, COSTS OFF)
SELECT decide('{"inputs": ["age"], "outputs": ["a", "b"], "rules": [{"when": ["< 60"], "then": [1, "x"]}]}', client),
       decide_text('{"inputs": ["age"], "outputs": ["a"], "rules": [{"when": ["< 60"], "then": ["x"]}]}', client),
       decide_number('{"inputs": ["age"], "outputs": ["a", "b"], "rules": [{"when": ["< 60"], "then": [1, "x"]}]}', client, 'a') FROM client;
CREATE INDEX client_package ON client (decide_text('{"inputs": ["age"], "outputs": ["a"], "rules": [{"when": ["< 60"], "then": ["x"]}]}', client));
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT client_id FROM client WHERE decide_text('{"inputs": ["age"], "outputs": ["a"], "rules": [{"when": ["< 60"], "then": ["x"]}]}', client) = 'x';
RESET enable_seqscan;
RESET enable_bitmapscan;
CREATE TABLE generated_package (age int, package text GENERATED ALWAYS AS (decide_text_values('{"inputs": ["age"], "outputs": ["a"], "rules": [{"when": ["< 60"], "then": ["x"]}]}', NULL, age)) STORED);
INSERT INTO generated_package VALUES (59), (60) RETURNING *;

-- ---------------------------------------------------------------------------------------------------------------------
-- Hit policies
-- ---------------------------------------------------------------------------------------------------------------------
CREATE TEMP TABLE value (x) AS VALUES (1), (2), (3), (NULL);
CREATE FUNCTION pg_temp.by(keys text, outputs text DEFAULT '"o"') RETURNS decision_table LANGUAGE sql AS $$
  SELECT format('{%s, "inputs": ["x"], "outputs": [%s], "rules": [{"when": [">= 2"], "then": [0.10]}, {"when": ["[1..2]"], "then": [0.2]}, {"when": ["2"], "then": [0.2]}]}', keys, outputs)::decision_table $$;

SELECT k.keys, k.outputs, jsonb_agg(decide(pg_temp.by(k.keys, k.outputs), value) ORDER BY x) AS "of 1, 2, 3 and NULL"
FROM value, (VALUES
  (1, '"hit_policy": "unique"', '"o"'), (2, '"hit_policy": "any"', '"o"'), (3, '"hit_policy": "first"', '"o"'),
  (4, '"hit_policy": "priority"', '{"name": "o", "values": [0.2, 0.1]}'), (5, '"hit_policy": "priority"', '{"name": "o", "values": [0.1, 0.2], "default": 0.2}'),
  (6, '"hit_policy": "rule_order"', '"o"'), (7, '"hit_policy": "output_order"', '{"name": "o", "values": [0.2, 0.1]}'), (8, '"hit_policy": "collect"', '{"name": "o", "default": 0.5}'),
  (9, '"hit_policy": "collect", "aggregation": "sum"', '"o"'), (10, '"hit_policy": "collect", "aggregation": "min"', '"o"'),
  (11, '"hit_policy": "collect", "aggregation": "max"', '{"name": "o", "default": null}'), (12, '"hit_policy": "collect", "aggregation": "count"', '"o"')) AS k (n, keys, outputs)
GROUP BY n, keys, outputs ORDER BY n;
-- a sum is exact, as number and as text
SELECT decide_number(pg_temp.by('"hit_policy": "collect", "aggregation": "sum"'), '{"x": 2}'), decide_text(pg_temp.by('"hit_policy": "collect", "aggregation": "sum"'), '{"x": 2}'),
       decide_text(pg_temp.by('"hit_policy": "collect", "aggregation": "count"'), '{"x": 2}');
-- the smallest and largest of texts and days
SELECT decide_text('{"hit_policy": "collect", "aggregation": "max", "inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": ["a"]}, {"when": [1], "then": ["b"]}, {"when": [1], "then": [null]}]}', '{"x": 1}') AS text,
       decide('{"hit_policy": "collect", "aggregation": "min", "inputs": ["x"], "outputs": [{"name": "o", "type": "date"}], "rules": [{"when": ["-"], "then": ["2026-02-01"]}, {"when": [1], "then": ["2026-01-31"]}]}', '{"x": 1}') AS date,
       decide_text('{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": [1], "then": [true]}]}', '{"x": 1}') AS boolean;
-- defaults stand for every output; without any, no hit is NULL
SELECT decide('{"inputs": ["x"], "outputs": [{"name": "a", "default": 7}, "b"], "rules": [{"when": [1], "then": [1, "x"]}]}', '{"x": 2}') AS defaults,
       decide('{"inputs": ["x"], "outputs": ["a", "b"], "rules": [{"when": [1], "then": [1, "x"]}]}', '{"x": 2}') AS none,
       decide('{"hit_policy": "collect", "inputs": ["x"], "outputs": ["a", "b"], "rules": [{"when": [1], "then": [1, null]}]}', '{"x": 1}') AS list;
-- hits that conflict
SELECT decide(pg_temp.by('"conflict": "error"'), '{"x": 2}');
SELECT decide(pg_temp.by('"hit_policy": "any", "conflict": "error"'), '{"x": 2}');
SELECT d.* FROM decide_all(pg_temp.by('"conflict": "error"'), '{"x": 2}') AS d;

-- A value that the input does not allow hits no rule; NULL is not refused by it. Two inputs may read one attribute, and lists are tested too.
SELECT x, decide('{"inputs": [{"attribute": "x", "values": "[0..10]"}, {"attribute": "x", "label": "even"}], "outputs": ["o"],
  "rules": [{"when": ["> 5", [0, 2, 4, 6, 8, 10, 12]], "then": ["high"]}, {"when": [null, "-"], "then": ["none"]}, {"when": ["< 5", "-"], "then": ["low"]}]}', r)
FROM (VALUES (-1), (3), (6), (7), (12), (NULL)) AS r (x);
SELECT kinds, decide('{"hit_policy": "collect", "inputs": ["kinds"], "outputs": ["o"], "rules": [{"when": [{"contains": ["stock", "bond"]}], "then": ["both"]},
  {"when": [{"overlaps": ["stock", "option"]}], "then": ["risky"]}, {"when": ["not(null)"], "then": ["known"]}, {"when": [null], "then": ["unknown"]}]}', r)
FROM (VALUES ('{stock,bond}'::text[]), ('{bond,NULL}'), ('{}'), (NULL)) AS r (kinds);
-- More rules than a word has bits.
SELECT x, decide(policy, r), (SELECT array_agg(rule) FROM decide_all(policy, r)) AS rules
FROM (SELECT format('{"inputs": ["x"], "outputs": ["o"], "rules": [%s, {"when": ["[60..70]"], "then": ["some"]}]}', string_agg(format('{"when": [%s], "then": ["%s"]}', i, i), ', '))::decision_table AS policy
  FROM generate_series(1, 130) AS i) AS t, (VALUES (1), (64), (65), (128), (130), (131)) AS r (x);

-- ---------------------------------------------------------------------------------------------------------------------
-- The check
-- ---------------------------------------------------------------------------------------------------------------------
SELECT * FROM package, decision_table_check(policy);
SELECT c.* FROM decision_table_check('{"inputs": ["tier", {"attribute": "age", "values": "[0..150]"}], "outputs": ["package"], "rules": [
  {"when": [["private", "wealthy"], ">= 60"], "then": ["legacy"]}, {"when": [{"not": ["private"]}, "<= 60"], "then": ["essential"]}, {"when": [["private"], "> 200"], "then": ["never"]}]}') AS c;
-- a rule that is covered by two others only together; the default leaves no gap
SELECT c.* FROM decision_table_check('{"hit_policy": "first", "inputs": ["age", "tier"], "outputs": [{"name": "o", "default": 0}], "rules": [
  {"when": ["< 40", "-"], "then": [1]}, {"when": [">= 40", ["private"]], "then": [2]}, {"when": ["[30..50]", ["private"]], "then": [3]}, {"when": ["[30..50]", "-"], "then": [4]}]}') AS c;
-- what comes first is said by the outputs
SELECT c.* FROM decision_table_check('{"hit_policy": "priority", "inputs": ["age"], "outputs": [{"name": "o", "values": ["yes", "no"], "default": "no"}], "rules": [
  {"when": ["> 50"], "then": ["no"]}, {"when": ["> 40"], "then": ["yes"]}]}') AS c;
-- rules of an any table may overlap if they agree
SELECT c.* FROM decision_table_check('{"hit_policy": "any", "inputs": ["on_day", "kinds"], "outputs": ["o"], "rules": [{"when": ["< 2026-01-01", "-"], "then": [1]}, {"when": ["<= 2026-01-31", "not(null)"], "then": [1]},
  {"when": [">= 2026-01-31", {"overlaps": ["stock"]}], "then": [2]}, {"when": ["-", {"contains": ["stock", "bond"]}], "then": [2]}, {"when": [null, "-"], "then": [2]}]}') AS c;
SELECT c.* FROM decision_table_check('{"inputs": ["at", "b", "n", "c"], "outputs": ["o"], "rules": [{"when": ["< 2026-01-01T00:00:00Z", true, "not(null)", "< \"m\""], "then": [1]}, {"when": ["-", "not(null)", null, ["m", "z"]], "then": [1]}]}') AS c;
-- too much to compare is refused
SELECT * FROM decision_table_check(format('{"inputs": ["kinds"], "outputs": ["o"], "rules": [{"when": [{"contains": [%s]}], "then": [1]}]}', (SELECT string_agg('"k' || i || '"', ',') FROM generate_series(1, 13) AS i))::decision_table);
SELECT * FROM decision_table_check((SELECT format('{"inputs": ["x"], "outputs": ["o"], "rules": [%s]}', string_agg('{"when": ["-"], "then": [1]}', ',')) FROM generate_series(1, 200))::decision_table);

-- ---------------------------------------------------------------------------------------------------------------------
-- What does not fit
-- ---------------------------------------------------------------------------------------------------------------------
SELECT decide_text(policy, client) FROM package, client;
SELECT decide_text(policy, client, 'Package') FROM package, client;
SELECT decide_number(policy, client, 'package') FROM package, client;
SELECT decide_number_values(policy, NULL, 'private'::text, NULL::text, 1) FROM package;
SELECT decide_text(pg_temp.by('"hit_policy": "rule_order"'), '{"x": 2}');
SELECT decide_number(pg_temp.by('"hit_policy": "collect"'), '{"x": 2}', 'o');
SELECT decide(policy, r) FROM package, (SELECT 1 AS tiers, 'x' AS life_stage, 1 AS age) AS r;
SELECT decide(policy, r) FROM package, (SELECT 'x' AS tier, 'x' AS life_stage, 'x'::text AS age) AS r;
SELECT decide(policy, '{"age": "60"}') FROM package;
SELECT decide(policy, 5) FROM package;
SELECT decide_values(policy, 'private'::text) FROM package;
SELECT decide_values(policy, NULL, NULL, NULL) FROM package;

-- What the document must not say, with the path of the element.
\set VERBOSITY terse
DO $$
DECLARE
  document text;
BEGIN
  FOREACH document IN ARRAY ARRAY[
    '', '[]', '{}', '{"inputs": [], "outputs": ["o"], "rules": []}', '{"inputs": ["x"], "outputs": [], "rules": []}', '{"inputs": ["x"], "outputs": ["o"], "rules": []}',
    '{"inputs": ["x"], "outputs": ["o"], "rules": {}}', '{"inputs": "x", "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"hitpolicy": "first", "inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"hit_policy": "firts", "inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"hit_policy": "first", "aggregation": "sum", "inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"hit_policy": "collect", "aggregation": "average", "inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"hit_policy": "first", "conflict": "error", "inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"hit_policy": "collect", "aggregation": "count", "inputs": ["x"], "outputs": ["o", "p"], "rules": [{"when": ["-"], "then": [1, 2]}]}',
    '{"hit_policy": "collect", "aggregation": "sum", "inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": ["a"]}]}',
    '{"hit_policy": "collect", "aggregation": "count", "inputs": ["x"], "outputs": [{"name": "o", "default": 0}], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"hit_policy": "priority", "inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"hit_policy": "output_order", "inputs": ["x"], "outputs": [{"name": "o", "default": 1}], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": [{"label": "x"}], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}', '{"inputs": [5], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": [""], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": [{"attribute": "x", "values": "< "}], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": [{"attribute": "x", "values": ["a"]}], "outputs": ["o"], "rules": [{"when": ["< 5"], "then": [1]}]}',
    '{"inputs": ["x", "x"], "outputs": ["o"], "rules": [{"when": ["< 5", ["a"]], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": ["o", "o"], "rules": [{"when": ["-"], "then": [1, 1]}]}', '{"inputs": ["x"], "outputs": [{"values": [1]}], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": [{"name": "o", "type": "int"}], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": [{"name": "o", "values": []}], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": [{"name": "o", "values": [1, "a"]}], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": [{"name": "o", "values": [1, null]}], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": [{"name": "o", "values": [1, 1.0]}], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": [{"name": "o", "values": [1], "default": 2}], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": [{"name": "o", "default": "a"}], "rules": [{"when": ["-"], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": [{"name": "o", "type": "date"}], "rules": [{"when": ["-"], "then": ["2026-02-30"]}]}',
    '{"inputs": ["x"], "outputs": [{"name": "o", "type": "date"}], "rules": [{"when": ["-"], "then": [5]}]}',
    '{"inputs": ["x"], "outputs": [{"name": "o", "type": "text"}], "rules": [{"when": ["-"], "then": [5]}]}',
    '{"inputs": ["x"], "outputs": [{"name": "o", "values": ["a", "b"]}], "rules": [{"when": ["-"], "then": ["c"]}]}',
    '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}, {"when": ["-"], "then": ["a"]}]}',
    '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [[1]]}]}', '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-", "-"], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1, 2]}]}', '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": "-", "then": [1]}]}',
    '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"]}]}', '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["a"], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": [">= as_of"], "then": [1]}]}', '{"inputs": ["x"], "outputs": ["o"], "rules": [{"name": "r", "when": ["[5..1]"], "then": [1]}]}',
    '{"inputs": ["x"], "outputs": ["o"], "rules": ["-"]}', '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1], "else": [2]}]}']
  LOOP
    BEGIN
      PERFORM document::decision_table;
      RAISE WARNING 'accepted: %', document;
    EXCEPTION WHEN OTHERS THEN
      RAISE INFO '% %', SQLSTATE, SQLERRM;
    END;
  END LOOP;
END $$;
\set VERBOSITY default
-- in full: where, and what to write instead
SELECT '{"inputs": ["x"], "outputs": ["o"], "rules": [{"name": "young", "when": ["branch"], "then": [1]}]}'::decision_table;
SELECT '{"hit_policy": "priority", "inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}]}'::decision_table;
SELECT '{"inputs": ["x"], "outputs": ["o"], "rules": [{"when": ["-"], "then": [1]}, {"name": "b", "when": ["-"], "then": ["1"]}]}'::decision_table;
-- limits
SELECT (SELECT format('{"inputs": ["x"], "outputs": ["o"], "rules": [%s]}', string_agg('{"when":["-"],"then":[1]}', ',')) FROM generate_series(1, 10001))::decision_table IS NULL;
SELECT (SELECT format('{"inputs": ["x"], "outputs": ["o"], "rules": [%s]}', string_agg(format('{"when":["[%s..%s)"],"then":[1]}', i, i + 5000), ',')) FROM generate_series(1, 10000) AS i)::decision_table IS NULL;
SELECT (SELECT format('{"inputs": [%s], "outputs": ["o"], "rules": [{"when": [1], "then": [1]}]}', string_agg('"x"', ',')) FROM generate_series(1, 1001))::decision_table IS NULL;

DROP TABLE generated_package;
DROP TYPE tier_type;
