-- Decision tables: published examples, and properties of random tables. What a table decides is compared with an evaluation of the same
-- tests as conditions of a scorecard, which shares neither the segments nor the bit sets; what decision_table_check() says is compared
-- with every row of a grid that has a value of each kind.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

-- ---------------------------------------------------------------------------------------------------------------------
-- Published examples: the compliance kit of DMN (github.com/dmn-tck/tck, compliance level 2); tables and results, in our words
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE published (test text, policy decision_table, applicant jsonb, expected jsonb);
INSERT INTO published
SELECT '0004-simpletable-U', '{"inputs": ["age", {"attribute": "risk", "values": ["High", "Low", "Medium"]}, "affordable"], "outputs": [{"name": "status", "values": ["Approved", "Declined"]}],
  "rules": [{"when": [">= 18", ["Medium", "Low"], true], "then": ["Approved"]}, {"when": ["< 18", ["Medium", "Low"], true], "then": ["Declined"]},
            {"when": ["-", ["High"], true], "then": ["Declined"]}, {"when": ["-", "-", false], "then": ["Declined"]}]}', v.*
FROM (VALUES ('{"age": 18, "risk": "Medium", "affordable": true}'::jsonb, '"Approved"'::jsonb), ('{"age": 17, "risk": "Medium", "affordable": true}', '"Declined"'),
  ('{"age": 18, "risk": "High", "affordable": true}', '"Declined"')) AS v;
INSERT INTO published
SELECT '0007-simpletable-P2', '{"hit_policy": "priority", "inputs": ["age", {"attribute": "risk", "values": ["High", "Low", "Medium"]}, "affordable"], "outputs": [{"name": "status", "values": ["Approved", "Declined"]}],
  "rules": [{"when": [">= 18", ["Medium", "Low"], true], "then": ["Approved"]}, {"when": ["-", "-", "-"], "then": ["Declined"]}]}', v.*
FROM (VALUES ('{"age": 18, "risk": "Medium", "affordable": true}'::jsonb, '"Approved"'::jsonb), ('{"age": 17, "risk": "Medium", "affordable": true}', '"Declined"'),
  ('{"age": 18, "risk": "High", "affordable": true}', '"Declined"')) AS v;
-- an output without values has no say in the priority
INSERT INTO published
SELECT '0118-multi-priority-hitpolicy', '{"hit_policy": "priority", "inputs": ["age", {"attribute": "risk", "values": ["High", "Low", "Medium"]}, "affordable"],
  "outputs": [{"name": "status", "values": ["Approved", "Declined"]}, "rate"],
  "rules": [{"when": [">= 18", ["Medium", "Low"], true], "then": ["Approved", "Basic"]}, {"when": ["< 18", "-", "-"], "then": ["Declined", "Standard"]},
            {"when": ["-", ["High"], "-"], "then": ["Approved", "Standard"]}]}', v.*
FROM (VALUES ('{"age": 17, "risk": "High", "affordable": true}'::jsonb, '{"status": "Approved", "rate": "Standard"}'::jsonb),
  ('{"age": 19, "risk": "Low", "affordable": true}', '{"status": "Approved", "rate": "Basic"}'), ('{"age": 10, "risk": "Low", "affordable": true}', '{"status": "Declined", "rate": "Standard"}')) AS v;
INSERT INTO published
SELECT '0110-outputOrder-hitpolicy', jsonb_set(p.policy::jsonb, '{hit_policy}', '"output_order"')::decision_table, v.*
FROM (SELECT policy FROM published WHERE test = '0118-multi-priority-hitpolicy' LIMIT 1) AS p,
  (VALUES ('{"age": 17, "risk": "High", "affordable": true}'::jsonb, '[{"status": "Approved", "rate": "Standard"}, {"status": "Declined", "rate": "Standard"}]'::jsonb),
    ('{"age": 19, "risk": "Low", "affordable": true}', '[{"status": "Approved", "rate": "Basic"}]'), ('{"age": 10, "risk": "Low", "affordable": true}', '[{"status": "Declined", "rate": "Standard"}]')) AS v;
INSERT INTO published
SELECT '0115-sum-collect-hitpolicy', '{"hit_policy": "collect", "aggregation": "sum", "inputs": ["years"], "outputs": ["salary"],
  "rules": [{"when": ["> 1"], "then": [100]}, {"when": ["> 2"], "then": [200]}, {"when": ["> 3"], "then": [300]}, {"when": ["> 5"], "then": [500]}]}', v.*
FROM (VALUES ('{"years": 6}'::jsonb, '1100'::jsonb), ('{"years": 3}', '300'), ('{"years": 2}', '100')) AS v;
INSERT INTO published
SELECT '0117-multi-any-hitpolicy', '{"hit_policy": "any", "inputs": ["age", {"attribute": "risk", "values": ["High", "Low", "Medium"]}, "affordable"],
  "outputs": [{"name": "status", "values": ["Approved", "Declined"], "default": "Declined"}, {"name": "rate", "values": ["Best", "Standard"], "default": "Standard"}],
  "rules": [{"when": [">= 18", ["Low"], true], "then": ["Approved", "Best"]}, {"when": [">= 18", ["Medium"], true], "then": ["Approved", "Standard"]},
            {"when": ["< 18", ["Medium", "Low"], true], "then": ["Declined", "Standard"]}, {"when": ["-", ["High"], true], "then": ["Declined", "Standard"]},
            {"when": ["-", "-", false], "then": ["Declined", "Standard"]}, {"when": [">= 19", ["Low"], true], "then": ["Approved", "Best"]}]}', v.*
FROM (VALUES ('{"age": 19, "risk": "Low", "affordable": true}'::jsonb, '{"status": "Approved", "rate": "Best"}'::jsonb), ('{"age": 17, "risk": "High", "affordable": true}', '{"status": "Declined", "rate": "Standard"}'),
  ('{"age": 19, "risk": "Medium", "affordable": true}', '{"status": "Approved", "rate": "Standard"}')) AS v;
SELECT is(decide(policy, applicant), expected, test || ': ' || applicant) FROM published;
SELECT is_empty($$SELECT DISTINCT problem, region FROM published, decision_table_check(policy) WHERE test LIKE '0117%'$$, 'the any table of the kit has no conflict: its two rules that overlap give the same');

-- ---------------------------------------------------------------------------------------------------------------------
-- Random tables
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql AS $$ SELECT choices[1 + floor(random() * cardinality(choices))] $$;

-- A grid with a value of each kind that the cells tell apart, and what of it a table reads
CREATE TEMP TABLE grid AS
SELECT row_number() OVER () AS id, to_jsonb(r) AS facts, ARRAY(SELECT jsonb_object_keys(jsonb_strip_nulls(to_jsonb(r)))) AS attributes
FROM (SELECT x, c, b, d, k FROM unnest('{-1,0,0.5,1,1.5,2,3,NULL}'::numeric[]) AS x, unnest('{"",a,ab,b,other,NULL}'::text[]) AS c, unnest('{t,f,NULL}'::bool[]) AS b,
  unnest('{2025-12-31,2026-01-01,2026-03-01,2026-06-30,2026-07-01,NULL}'::timestamp[]) AS d, (VALUES ('{}'::text[]), ('{p}'), ('{q}'), ('{p,q}'), ('{z}'), (NULL)) AS l (k)) AS r;

CREATE FUNCTION pg_temp.cell(attribute text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE attribute
    WHEN 'x' THEN pg_temp.pick('"-"', '"< 1"', '">= 1"', '"[0..2]"', '"(0..2)"', '"not(1)"', '2', 'null', '"not(null)"', '"< 0, 1, > 2"', '[0, 1, null]', '"> 1, null"', '{"not": [0, 2]}')
    WHEN 'c' THEN pg_temp.pick('"-"', '["a"]', '["a", "b"]', '{"not": ["a"]}', '["b", null]', '"< \"b\""', '">= \"ab\""', 'null', '"not(null)"', '[""]')
    WHEN 'b' THEN pg_temp.pick('"-"', 'true', 'false', '"not(true)"', '[true, false]', 'null', '"true, null"')
    WHEN 'd' THEN pg_temp.pick('"-"', '"< 2026-01-01"', '">= 2026-01-01"', '"[2026-01-01..2026-06-30)"', '"2026-06-30"', 'null', '"not(2026-01-01)"')
    ELSE pg_temp.pick('"-"', '{"contains": ["p"]}', '{"contains": ["p", "q"]}', '{"overlaps": ["p", "q"]}', '{"overlaps": ["q"]}', 'null', '"not(null)"')
  END $$;

CREATE FUNCTION pg_temp.random_table(hit_policy text, rules int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  attributes text[] := ARRAY(SELECT a FROM unnest(ARRAY['x', 'c', 'b', 'd', 'k']) AS a ORDER BY random() LIMIT 1 + floor(random() * 3));
  inputs text;
  listed text;
BEGIN
  IF random() < 0.3 THEN
    attributes := attributes || attributes[1];
  END IF;
  SELECT string_agg(CASE WHEN a = 'x' AND random() < 0.3 THEN '{"attribute": "x", "values": "[0..2]"}' ELSE to_json(a)::text END, ', ' ORDER BY n) INTO inputs
  FROM unnest(attributes) WITH ORDINALITY AS u (a, n);
  SELECT string_agg(format('{"when": [%s], "then": [%s]}', (SELECT string_agg(pg_temp.cell(a), ', ' ORDER BY n) FROM unnest(attributes) WITH ORDINALITY AS u (a, n)),
    pg_temp.pick('1', '2', '3', 'null')), ', ') INTO listed
  FROM generate_series(1, rules);
  RETURN format('{"hit_policy": %s, "inputs": [%s], "outputs": [{"name": "o", "type": "number", "values": [3, 1, 2]%s}], "rules": [%s]}',
    hit_policy, inputs, CASE WHEN random() < 0.3 AND hit_policy NOT LIKE '%count%' THEN ', "default": 2' ELSE '' END, listed);
END $$;

CREATE TEMP TABLE sample (id serial, policy jsonb, decision decision_table, attributes text[]);
SELECT setseed(0.42);
INSERT INTO sample (policy)
SELECT pg_temp.random_table(h, CASE WHEN i = 1 THEN 70 ELSE 1 + floor(random() * 6)::int END)
FROM (VALUES ('"unique"'), ('"any"'), ('"priority"'), ('"first"'), ('"rule_order"'), ('"output_order"'), ('"collect"'), ('"collect", "aggregation": "sum"'),
  ('"collect", "aggregation": "min"'), ('"collect", "aggregation": "max"'), ('"collect", "aggregation": "count"')) AS v (h), generate_series(1, 24) AS i;
UPDATE sample SET decision = policy::decision_table, attributes = ARRAY(SELECT name FROM policy_attributes(policy::decision_table));

-- The same tests as conditions: a scorecard with a characteristic for each rule, 1 where it hits
CREATE TEMP TABLE twin AS
SELECT s.id, jsonb_build_object('characteristics', jsonb_agg(jsonb_build_object('name', r.n::text, 'unmatched', 0, 'bins', jsonb_build_array(jsonb_build_object('points', 1, 'when',
    jsonb_build_object('all', (SELECT jsonb_agg(CASE WHEN jsonb_typeof(i.input) = 'object'
        THEN jsonb_build_object('all', jsonb_build_array(jsonb_build_object('any', jsonb_build_array('{"x": null}'::jsonb, jsonb_build_object('x', i.input->'values'))), jsonb_build_object('x', w.cell)))
        ELSE jsonb_build_object(i.input #>> '{}', w.cell) END)
      FROM jsonb_array_elements(s.policy->'inputs') WITH ORDINALITY AS i (input, n) JOIN jsonb_array_elements(r.rule->'when') WITH ORDINALITY AS w (cell, n) USING (n)))))) ORDER BY r.n))::scorecard AS card
FROM sample AS s, jsonb_array_elements(s.policy->'rules') WITH ORDINALITY AS r (rule, n)
GROUP BY s.id;

CREATE TEMP TABLE expected AS
SELECT s.id, g.id AS grid_id, g.facts, coalesce(h.hits, '{}') AS hits
FROM sample AS s JOIN twin AS t USING (id) JOIN grid AS g ON g.attributes <@ s.attributes
CROSS JOIN LATERAL (SELECT array_agg(d.characteristic::int ORDER BY d.ordinal) AS hits FROM score_detail(t.card, g.facts) AS d WHERE d.ordinal > 0 AND d.points = 1) AS h;
SELECT cmp_ok((SELECT count(*) FROM expected WHERE cardinality(hits) > 1), '>', 1000::bigint, 'the random tables have many rows with several hits');
SELECT cmp_ok((SELECT count(*) FROM expected WHERE cardinality(hits) = 0), '>', 1000::bigint, 'and many with none');

SELECT is_empty($$SELECT e.id, e.facts, e.hits FROM expected AS e JOIN sample AS s USING (id)
  WHERE hits IS DISTINCT FROM ARRAY(SELECT rule FROM decide_all(s.decision, e.facts) ORDER BY rule)$$, 'the rules that hit are those whose conditions hold');

-- What the hit policy makes of the hits, said again in SQL
CREATE TEMP VIEW hit AS
SELECT e.id, e.grid_id, e.facts, h.rule, s.policy->>'hit_policy' AS hit_policy, s.policy->>'aggregation' AS aggregation, s.policy #> '{outputs,0,default}' AS otherwise,
  nullif(s.policy #> ARRAY['rules', (h.rule - 1)::text, 'then', '0'], 'null') AS o
FROM expected AS e JOIN sample AS s USING (id) LEFT JOIN LATERAL unnest(e.hits) AS h (rule) ON true;
CREATE TEMP TABLE decided AS
SELECT id, grid_id, facts,
  CASE WHEN hit_policy IN ('rule_order', 'output_order') OR (hit_policy = 'collect' AND aggregation IS NULL)
      THEN CASE WHEN count(rule) = 0 THEN coalesce(jsonb_build_array(min(otherwise::text)::jsonb) - (CASE WHEN min(otherwise::text) IS NULL THEN 0 ELSE 9 END), '[]')
        WHEN hit_policy = 'output_order' THEN jsonb_agg(o ORDER BY array_position('{3,1,2}', o::text), rule) ELSE jsonb_agg(o ORDER BY rule) END
    WHEN aggregation = 'count' THEN to_jsonb(count(rule))
    WHEN count(rule) = 0 THEN min(otherwise::text)::jsonb
    WHEN aggregation = 'sum' THEN to_jsonb(sum(o::numeric))
    WHEN aggregation = 'min' THEN to_jsonb(min(o::numeric))
    WHEN aggregation = 'max' THEN to_jsonb(max(o::numeric))
    WHEN hit_policy = 'unique' THEN CASE WHEN count(rule) = 1 THEN min(o::text)::jsonb END
    WHEN hit_policy = 'any' THEN CASE WHEN count(DISTINCT coalesce(o, 'null')) = 1 THEN min(o::text)::jsonb END
    WHEN hit_policy = 'priority' THEN (array_agg(o ORDER BY array_position('{3,1,2}', o::text), rule))[1]
    ELSE (array_agg(o ORDER BY rule))[1] END AS answer
FROM hit GROUP BY id, grid_id, facts, hit_policy, aggregation;
SELECT is_empty($$SELECT s.policy->>'hit_policy', s.policy->>'aggregation', d.facts, d.answer, decide(s.decision, d.facts) FROM decided AS d JOIN sample AS s USING (id)
  WHERE d.answer IS DISTINCT FROM decide(s.decision, d.facts)$$, 'each hit policy decides as SQL says');
SELECT is_empty($$SELECT id, facts FROM decided AS d JOIN sample AS s USING (id)
  WHERE jsonb_typeof(coalesce(d.answer, '0')) <> 'array' AND s.policy->>'hit_policy' NOT LIKE '%order' AND (s.policy->>'hit_policy' <> 'collect' OR s.policy ? 'aggregation')
    AND (decide_number(s.decision, d.facts) IS DISTINCT FROM d.answer::numeric OR decide_text(s.decision, d.facts, 'o') IS DISTINCT FROM d.answer #>> '{}')$$,
  'as number and as text it is the same');

-- Columns of every type give what jsonb gives: other lookups, the same parts
CREATE TEMP TABLE typed AS
SELECT g.id, g.facts, g.attributes, (g.facts->>'x')::numeric AS x, (g.facts->>'c') AS c, (g.facts->>'b')::bool AS b, (g.facts->>'d')::timestamp AS d,
  CASE WHEN jsonb_typeof(g.facts->'k') = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(g.facts->'k')) END AS k FROM grid AS g;
SELECT is_empty(format('SELECT s.id, t.facts FROM sample AS s JOIN %s AS t ON t.attributes <@ s.attributes WHERE decide(s.decision, t) IS DISTINCT FROM decide(s.decision, t.facts)', rows), name)
FROM (VALUES ('columns', 'typed'), ('float8 and varchar', '(SELECT id, facts, attributes, x::float8 AS x, c::varchar AS c, b, d::timestamp AS d, k::varchar[] AS k FROM typed)'),
  ('whole numbers', '(SELECT id, facts, attributes, x::int AS x, c, b, d::date AS d, k FROM typed WHERE x IS NULL OR x = floor(x))'),
  ('float4 and names', '(SELECT id, facts, attributes, x::float4 AS x, c::name AS c, b, d, k FROM typed)'),
  ('int8', '(SELECT id, facts, attributes, x::int8 AS x, c, b, d, k FROM typed WHERE x IS NULL OR x = floor(x))')) AS v (name, rows);

-- A constant table is taken apart by the planner, which gives the same
CREATE FUNCTION pg_temp.planned(policy decision_table, reads text[]) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT id FROM typed AS t WHERE attributes <@ %L AND decide(%L::decision_table, t) IS DISTINCT FROM decide(%L::decision_table, t.facts)', reads, policy, policy);
END $$;
SELECT is_empty('SELECT id, pg_temp.planned(decision, attributes) FROM sample', 'a call that the planner has taken apart gives the same');
-- and a table that changes from row to row leaves earlier answers alone
SELECT is((SELECT array_agg(decide(s.decision, g.facts) ORDER BY s.id, g.id) FROM sample AS s, grid AS g WHERE s.id % 9 = 0 AND g.id < 20),
  (SELECT array_agg(decide(s.decision, g.facts) ORDER BY s.id, g.id) FROM grid AS g, sample AS s WHERE s.id % 9 = 0 AND g.id < 20), 'in any order of rows and tables');

-- ---------------------------------------------------------------------------------------------------------------------
-- The check, against every row of the grid
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE problem AS
SELECT s.id, row_number() OVER () AS number, c.*, s.policy->>'hit_policy' AS hit_policy FROM sample AS s, decision_table_check(s.decision) AS c;
SELECT set_eq('SELECT DISTINCT problem FROM problem', ARRAY['unreachable', 'overlap', 'conflict', 'gap'], 'problems of every kind');
CREATE TEMP TABLE grid_hit AS
SELECT s.id, g.id AS grid_id, g.facts, array_agg(d.rule ORDER BY d.ordinal) FILTER (WHERE d.rule IS NOT NULL) AS hits
FROM sample AS s JOIN grid AS g ON g.attributes <@ s.attributes LEFT JOIN LATERAL decide_all(s.decision, g.facts) AS d ON true GROUP BY s.id, g.id, g.facts;

-- A witness shows its problem.
SELECT is_empty($$SELECT * FROM problem AS p JOIN sample AS s USING (id), LATERAL (SELECT array_agg(rule ORDER BY ordinal) AS hits, count(DISTINCT outputs) AS outputs FROM decide_all(s.decision, p.witness)) AS d
  WHERE NOT CASE problem WHEN 'gap' THEN hits IS NULL WHEN 'overlap' THEN hits @> rules WHEN 'conflict' THEN hits @> rules AND d.outputs > 1
    ELSE witness IS NULL OR (hits @> rules[1:1] AND hits[1] <> rules[1]) END$$, 'every witness shows its problem');
-- Nothing is missed, and nothing made up.
SELECT set_eq($$SELECT DISTINCT id, a, b FROM problem, LATERAL (SELECT rules[1], rules[2]) AS r (a, b) WHERE problem IN ('overlap', 'conflict')$$,
  $$SELECT DISTINCT h.id, a, b FROM grid_hit AS h JOIN sample AS s USING (id), unnest(hits) AS a, unnest(hits) AS b
    WHERE a < b AND (s.policy->>'hit_policy' = 'unique' OR (s.policy->>'hit_policy' = 'any' AND s.policy #> ARRAY['rules', (a - 1)::text, 'then'] <> s.policy #> ARRAY['rules', (b - 1)::text, 'then']))$$,
  'the pairs that overlap or conflict are those that hit a row of the grid together');
SELECT set_eq($$SELECT id, rules[1] FROM problem WHERE problem = 'unreachable'$$,
  $$SELECT s.id, r FROM sample AS s, generate_series(1, jsonb_array_length(s.policy->'rules')) AS r
    WHERE NOT EXISTS (SELECT FROM grid_hit AS h WHERE h.id = s.id AND CASE WHEN s.policy->>'hit_policy' IN ('first', 'priority') THEN hits[1] = r ELSE r = ANY (hits) END)$$,
  'the rules that never count are those that count in no row of the grid');
SELECT is_empty($$SELECT p.id, p.rules FROM problem AS p JOIN grid_hit AS h USING (id) WHERE problem = 'unreachable' AND rules[1] = ANY (hits) AND NOT hits && rules[2:]$$,
  'wherever such a rule hits, one of those that are named hits before it');
SELECT set_eq($$SELECT DISTINCT id FROM problem WHERE problem = 'gap'$$,
  $$SELECT DISTINCT h.id FROM grid_hit AS h JOIN sample AS s USING (id) WHERE hits IS NULL AND s.policy #> '{outputs,0,default}' IS NULL
    AND (NOT s.policy->'inputs' @> '[{"attribute": "x"}]' OR (h.facts->>'x') IS NULL OR (h.facts->>'x')::numeric BETWEEN 0 AND 2)$$,
  'a table has gaps if there is an allowed row of the grid that no rule hits');

-- A region is a rule: its tests can be pasted into a table, one that gives the number of the region.
CREATE TEMP TABLE region AS
SELECT p.id, p.number, p.problem, p.rules, jsonb_build_object('hit_policy', 'collect', 'inputs', '["x", "c", "b", "d"]'::jsonb, 'outputs', '["n"]'::jsonb, 'rules',
  jsonb_agg(jsonb_build_object('when', jsonb_build_array(coalesce(p.region->'x', '"-"'), coalesce(c, '"-"'), coalesce(p.region->'b', '"-"'), coalesce(p.region->'d', '"-"')), 'then', jsonb_build_array(p.number))))::decision_table AS decision
FROM problem AS p LEFT JOIN LATERAL (SELECT e FROM jsonb_array_elements(CASE WHEN p.region->'c' @> '[{}]' THEN p.region->'c' ELSE jsonb_build_array(p.region->'c') END) AS a (e)) AS a (c) ON p.region ? 'c'
WHERE p.region IS NOT NULL AND NOT p.region ? 'k' GROUP BY p.id, p.number, p.problem, p.rules;
SELECT cmp_ok((SELECT count(*) FROM region), '>', 100::bigint, 'many regions without lists');
SELECT is_empty($$SELECT * FROM (
    SELECT h.id, h.grid_id, r.problem, r.rules, count(d.rule) AS regions, bool_or(CASE r.problem WHEN 'gap' THEN h.hits IS NULL ELSE h.hits @> CASE r.problem WHEN 'unreachable' THEN r.rules[1:1] ELSE r.rules END END) AS shows
    FROM region AS r JOIN grid_hit AS h USING (id) JOIN LATERAL decide_all(r.decision, h.facts) AS d ON true
    GROUP BY 1, 2, 3, 4) AS x WHERE regions > 1 OR NOT shows$$, 'every row of a region shows the problem, and regions of gaps are disjoint');
SELECT is_empty($$SELECT h.id, h.facts FROM grid_hit AS h JOIN sample AS s USING (id)
  WHERE hits IS NULL AND s.policy #> '{outputs,0,default}' IS NULL AND NOT EXISTS (SELECT FROM problem AS p WHERE p.id = h.id AND p.problem = 'gap' AND p.region ? 'k')
    AND (NOT s.policy->'inputs' @> '[{"attribute": "x"}]' OR (h.facts->>'x') IS NULL OR (h.facts->>'x')::numeric BETWEEN 0 AND 2)
    AND NOT EXISTS (SELECT FROM region AS r, decide_all(r.decision, h.facts) WHERE r.id = h.id AND r.problem = 'gap')$$, 'and every row that no rule hits is in one');

SELECT * FROM finish();
ROLLBACK;
