-- The values of a column are looked up among all that a policy asks of them. What is found must be what the tests say, which SQL says
-- here: integers and numeric compare with the decimal itself, floats with the decimal rounded to double. What would be wrong if this
-- failed: a value at the end of a type's range, or a double that several decimals round to, would fall into a wrong bin.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT plan(23);

CREATE TEMP TABLE literal AS
SELECT digits, row_number() OVER () AS place FROM unnest('{-1e300,-9223372036854775809,-9223372036854775808,-9223372036854775807.5,-2147483648,-0.5,0,1e-300,0.1,0.10000000000000001,0.5,
  5,32767,2147483647,9007199254740992,9007199254740993,9223372036854775806.5,9223372036854775807,9223372036854775808,1e300}'::text[]) AS digits;
-- Six tests of each literal, and some whose ranges are joined into one though their ends are one double.
CREATE TEMP TABLE test AS
SELECT place * 6 + o AS number, format(form, digits) AS test, format(predicate, digits, digits) AS predicate
FROM literal, (VALUES (1, '< %s', 'v < L(%s)'), (2, '<= %s', 'v <= L(%s)'), (3, '%s', 'v = L(%s)'), (4, '>= %s', 'v >= L(%s)'), (5, '> %s', 'v > L(%s)'), (6, 'not(%s)', 'v <> L(%s)')) AS t(o, form, predicate)
UNION ALL VALUES
  (1001, 'not(> 9223372036854775806.5, (-0..9223372036854775807))', 'NOT (v > L(9223372036854775806.5) OR v > L(0) AND v < L(9223372036854775807))'),
  (1002, '(9007199254740992..9007199254740993], [9007199254740993..1e16]', 'v > L(9007199254740992) AND v <= L(9007199254740993) OR v >= L(9007199254740993) AND v <= L(1e16)');

CREATE TEMP TABLE value AS
SELECT row_number() OVER () AS id, v FROM (SELECT digits AS v FROM literal UNION SELECT unnest('{NULL,NaN,Infinity,-Infinity,-0,1,4,6,9223372036854775806,-9223372036854775807,-32768,32766,1.7976931348623157e308,5e-324,9223372036854774784}'::text[])) AS a;
CREATE FUNCTION pg_temp.cast_or_null(v text, type regtype) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text; BEGIN EXECUTE format('SELECT %L::%s', v, type) INTO result; RETURN result; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;

-- The numbers of the tests that hold for each value of a type, by SQL.
CREATE FUNCTION pg_temp.by_sql(type regtype) RETURNS TABLE (id bigint, hits int[]) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT a.id, ARRAY(SELECT t.n FROM (VALUES %s) AS t(n, holds) WHERE t.holds ORDER BY 1) FROM (SELECT a.id, pg_temp.cast_or_null(a.v, %L)::%s AS v FROM value AS a) AS a',
    (SELECT string_agg(format('(%s, %s)', number, CASE WHEN type IN ('real'::regtype, 'double precision') THEN 'v <> ''NaN'' AND (' || regexp_replace(predicate, 'L\(([^)]*)\)', '(''\1''::float8)', 'g') || ')'
      ELSE 'v::numeric <> ''NaN'' AND (' || regexp_replace(predicate, 'L\(([^)]*)\)', '(''\1''::numeric)', 'g') || ')' END), ', ') FROM test), type, type);
END $$;
CREATE FUNCTION pg_temp.by(query text, type regtype, document jsonb) RETURNS TABLE (id bigint, hits int[]) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT r.id, %s FROM (SELECT a.id, pg_temp.cast_or_null(a.v, %L)::%s AS v FROM value AS a) AS r', format(query, document), type, type);
END $$;

CREATE TEMP TABLE document AS SELECT
  jsonb_build_object('hit_policy', 'collect', 'inputs', '["v"]'::jsonb, 'outputs', '["n"]'::jsonb, 'rules', jsonb_agg(jsonb_build_object('when', jsonb_build_array(test), 'then', jsonb_build_array(number)) ORDER BY number)) AS decision,
  jsonb_build_object('characteristics', jsonb_build_array(jsonb_build_object('name', 'v', 'attribute', 'v', 'hit_policy', 'first', 'unmatched', 0, 'bins', jsonb_agg(jsonb_build_object('when', test, 'points', number) ORDER BY number DESC)))) AS card
FROM test;

CREATE TEMP TABLE type AS SELECT unnest('{smallint,integer,bigint,numeric,real,"double precision"}'::regtype[]) AS type;
SELECT bag_eq(format('SELECT * FROM pg_temp.by_sql(%L)', type),
  format('SELECT * FROM pg_temp.by(%L, %L, (SELECT decision FROM document))', 'ARRAY(SELECT (d.outputs->>''n'')::int FROM decide_all(%L::decision_table, r) AS d)', type),
  type || ': the rules that hit are those whose tests hold') FROM type;
SELECT bag_eq(format('SELECT id, coalesce((SELECT max(h) FROM unnest(hits) AS h), 0) FROM pg_temp.by_sql(%L)', type),
  format('SELECT id, hits[1] FROM pg_temp.by(%L, %L, (SELECT card FROM document))', 'ARRAY[score(%L::scorecard, r)::int]', type),
  type || ': the bin is the first whose test holds') FROM type;

-- Some of the tests alone: few enough that the starts are counted, and are padded with the greatest value of the type.
CREATE TEMP TABLE small AS SELECT place, jsonb_build_object('characteristics', jsonb_build_array(jsonb_build_object('name', 'v', 'attribute', 'v', 'hit_policy', 'first', 'unmatched', 0, 'bins',
  (SELECT jsonb_agg(jsonb_build_object('when', test, 'points', number) ORDER BY number DESC) FROM test WHERE number BETWEEN place * 6 + 1 AND place * 6 + 6)))) AS card FROM literal;
SELECT is_empty(format($$SELECT s.place, id, hits, points FROM small AS s, LATERAL (SELECT b.id, b.hits[1] AS points FROM pg_temp.by('ARRAY[score(%%L::scorecard, r)::int]', %1$L, s.card) AS b) AS found
    JOIN (SELECT * FROM pg_temp.by_sql(%1$L)) AS q USING (id) WHERE points <> coalesce((SELECT max(h) FROM unnest(hits) AS h WHERE h BETWEEN s.place * 6 + 1 AND s.place * 6 + 6), 0)$$, type),
  type || ': the same of the tests of one literal') FROM type;

-- Suitability of a pair is that of its class, also of a double that belongs to no class of decimals.
\set policy '{"checks": [{"name": "low", "applies": {"client.v": "<= 9223372036854775807"}, "otherwise": "notice"}, {"name": "high", "applies": {"client.v": ">= 9223372036854775808"}, "otherwise": "prohibited"}]}'
SELECT results_eq(format('SELECT v, suitability(%L, r, ''{}'', ''2026-01-31'', %s) FROM (VALUES (1, 1::float8), (2, 9223372036854775808), (3, 1e19)) AS r(id, v) ORDER BY id', :'policy', instruction),
  $$VALUES (1::float8, 'notice'::suitability_outcome), (9223372036854775808, 'prohibited'), (1e19, 'prohibited')$$, 'outcomes of doubles with the instruction ' || instruction)
FROM unnest(ARRAY['NULL', '(SELECT NULL::jsonb)']) AS instruction;

-- NaN is NULL for the inputs of a card, whatever is said of values.
SELECT is(score(format('{"inputs": {"v": %s}, "characteristics": [{"name": "one", "attribute": "v", "unmatched": 0, "bins": [{"when": "5", "points": 1}, {"when": null, "points": 2}]}, {"name": "several", "unmatched": 0, "bins": [{"when": {"v": "5"}, "points": 10}, {"when": {"v": null}, "points": 20}]}]}', input)::scorecard, r)::int, points,
  'NaN under ' || input)
FROM (VALUES ('{"missing": {"value": 5}}', 11), ('{"missing_if": "not(null, 5)", "missing": {"value": 5}}', 11), ('{"valid": "not(null, 5)", "invalid": {"value": 7}}', 22)) AS i(input, points), (SELECT 'NaN'::float8 AS v) AS r;

SELECT * FROM finish();
ROLLBACK;
