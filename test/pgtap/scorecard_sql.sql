-- The SQL of a scorecard gives what score() gives, bit for bit, on rows of every type of column: the example cards, cards of every part of the
-- grammar, and the cards of PMML files where these are (CRM_EXT_DATA). CRM_EXT_SOURCE is the project's folder; test/run sets both.
\set rating `cat "$CRM_EXT_SOURCE/examples/policies/client_rating.json"`
\set far_trans_rating `cat "$CRM_EXT_SOURCE/examples/policies/far_trans_rating.json"`
\set directory `test -r "$CRM_EXT_DATA/pmml/SimpleScorecard.pmml" && echo "$CRM_EXT_DATA/pmml"`
SELECT :'directory' = '' AS absent \gset
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = crm, public;
SELECT no_plan();

-- How many of the rows of a table the SQL scores otherwise, with an alias and without.
CREATE FUNCTION pg_temp.differences(card scorecard, rows_of regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM %s AS "the client" WHERE (%s) IS DISTINCT FROM score(%L::scorecard, "the client") OR (%s) IS DISTINCT FROM score(%3$L::scorecard, "the client")',
    rows_of, scorecard_to_sql(card, 'the client'), card, scorecard_to_sql(card)) INTO n;
  RETURN n;
END $$;
CREATE FUNCTION pg_temp.scored(card scorecard, rows_of regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN
  EXECUTE format('SELECT count(score(%L::scorecard, c)) FROM %s AS c', card, rows_of) INTO n;
  RETURN n;
END $$;

------------------------------------------------------------------------------------------------------------------------
-- Cards of every part of the grammar
------------------------------------------------------------------------------------------------------------------------
CREATE TYPE client_kind AS ENUM ('retail', 'private', 'it''s');
CREATE DOMAIN amount AS numeric;
CREATE FUNCTION pg_temp.sometimes(value anyelement) RETURNS anyelement LANGUAGE sql VOLATILE AS $$ SELECT CASE WHEN random() < 0.15 THEN NULL ELSE value END $$;
SELECT setseed(0.5);
-- values around the limits of the cards: halves from -3 to 12, some of them NaN or infinite
CREATE TABLE client AS
SELECT i AS client_id, pg_temp.sometimes((random() * 30)::int::int2 - 6::int2) AS i2, pg_temp.sometimes((random() * 15)::int - 3) AS i4, pg_temp.sometimes((random() * 15)::int8 - 3) AS i8,
  pg_temp.sometimes(CASE WHEN random() < 0.1 THEN 'NaN' ELSE round(random()::numeric * 30) / 2 - 3 END) AS n, pg_temp.sometimes((round(random()::numeric * 150) / 10 - 3)::amount) AS a,
  pg_temp.sometimes((CASE WHEN random() < 0.1 THEN 'NaN' WHEN random() < 0.05 THEN 'Infinity' WHEN random() < 0.05 THEN '-Infinity' ELSE round(random() * 150) / 10 - 3 END)::float8) AS f8,
  pg_temp.sometimes((CASE WHEN random() < 0.1 THEN 'NaN' ELSE round(random() * 150) / 10 - 3 END)::float4) AS f4,
  pg_temp.sometimes(random() < 0.5) AS b, pg_temp.sometimes((ARRAY['a', 'B', 'b', 'é', '', 'it''s', 'back\slash', 'a '])[1 + (random() * 7)::int]) AS s,
  pg_temp.sometimes((ARRAY['a', 'B', 'b', 'a '])[1 + (random() * 3)::int]::char(4)) AS c4, pg_temp.sometimes((ARRAY['retail', 'private', 'it''s'])[1 + (random() * 2)::int]::client_kind) AS k,
  pg_temp.sometimes(date '2026-01-28' + (random() * 6)::int) AS d, pg_temp.sometimes(timestamp '2026-01-30 12:00' + (random() * 6)::int * interval '12 hours') AS m,
  pg_temp.sometimes(timestamptz '2026-01-30 12:00+08' + (random() * 6)::int * interval '12 hours') AS tz,
  pg_temp.sometimes((ARRAY['{}', '{stock}', '{stock,bond}', '{NULL,bond}', '{fund}'])[1 + (random() * 4)::int]::text[]) AS "list of", pg_temp.sometimes((random() * 3)::int) AS "user"
FROM generate_series(1, 3000) AS i;

CREATE TABLE card (name text, card scorecard);
-- each number type against the same tests; 0.3 tells floats and decimals apart
INSERT INTO card
SELECT 'tests of ' || x, format('{"initial_score": 0.1, "characteristics": [
  {"name": "ranges", "attribute": "%1$s", "bins": [{"when": "< -2.5", "points": 0.1}, {"when": "[-2.5..0.3)", "points": 0.2}, {"when": "0.3, (0.3..5], (7.5..8)", "points": 0.7}, {"when": "not(<= 5, (7.5..8))", "points": 1e-7}, {"when": null, "points": -3}]},
  {"name": "first", "attribute": "%1$s", "hit_policy": "first", "weight": 0.3, "bins": [{"when": [5, 7, null], "points": 1}, {"when": "< 6", "points": 2}, {"when": "not(9)", "points": 3}, {"when": "-", "points": 4}, {"when": "> 3", "points": 5}]},
  {"name": "linear", "attribute": "%1$s", "unmatched": "null", "bins": [{"when": "< 100", "points": {"add": 1.1, "multiply": 0.7, "clamp": [-0.5, 6.25]}}, {"when": "null", "points": 1}]},
  {"name": "expression", "weight": 1.7, "bins": [{"when": {"%1$s": "not(< 2, 5)"}, "points": {"+": [{"*": ["%1$s", "i4", 0.1]}, {"coalesce": [{"/": ["n", {"-": ["%1$s", 3]}]}, {"-": ["f8"]}, 7]}]}}, {"when": "-", "points": {"coalesce": ["%1$s", "i8", 0]}}]}]}', x)::scorecard
FROM unnest(ARRAY['i2', 'i4', 'i8', 'n', 'a', 'f8', 'f4']) AS x;
INSERT INTO card
SELECT 'texts of ' || x, format('{"characteristics": [{"name": "values", "attribute": "%1$s", "bins": [{"when": ["a", "it''s", "private"], "points": 1}, {"when": {"not": ["a", "it''s", "private", "B"]}, "points": 2}, {"when": ["B", null], "points": 4}]},
  {"name": "order", "attribute": "%1$s", "unmatched": 8, "bins": [{"when": "[\"B\"..\"b\")", "points": 16}, {"when": "> \"b\"", "points": 32}]}, {"name": "escapes", "attribute": "%1$s", "bins": [{"when": ["back\\slash", "é"], "points": 64}, {"when": "-", "points": 0}]}]}', x)::scorecard
FROM unnest(ARRAY['s', 'c4', 'k']) AS x;
INSERT INTO card VALUES
  ('days and moments', '{"characteristics": [{"name": "d", "attribute": "d", "bins": [{"when": "< 2026-01-31", "points": 1}, {"when": ">= 2026-01-31", "points": 2}, {"when": null, "points": 3}]}, {"name": "m", "attribute": "m", "bins": [{"when": "[2026-01-31..2026-02-01T12:00:00]", "points": 10}, {"when": "-", "points": 20}]},
    {"name": "dm", "attribute": "d", "unmatched": 0, "bins": [{"when": "> 2026-01-30T00:00:01", "points": 100}]}, {"name": "tz", "attribute": "tz", "unmatched": 0, "bins": [{"when": ">= 2026-02-01T00:00:00+08:00", "points": 1000}]}]}'),
  ('conditions', '{"clamp": [-20, 70], "characteristics": [{"name": "at least", "unmatched": 0, "bins": [{"when": {"at_least": {"n": 2, "of": [{"b": true}, {"i4": "< 5"}, {"s": ["a"]}]}}, "points": 1}, {"when": {"not": {"at_least": {"n": 2, "of": [{"b": true}, {"i4": "< 5"}, {"f8": ">= 2"}]}}}, "points": 2}]},
    {"name": "xor", "unmatched": 0, "bins": [{"when": {"xor": [{"b": true}, {"f4": "> 3"}, {"n": "not(null, 5)"}]}, "points": 10}, {"when": {"not": {"xor": [{"b": false}, {"n": "null, 5"}]}}, "points": 20}]},
    {"name": "surrogate", "unmatched": 0, "bins": [{"when": {"surrogate": [{"f8": "< 2"}, {"n": "< 2"}, {"i8": "[1..3]"}]}, "points": -100}, {"when": {"not": {"surrogate": [{"b": true}, {"k": ["retail"]}, false]}}, "points": 100}]},
    {"name": "lists", "unmatched": 0, "bins": [{"when": {"all": [{"list of": {"contains": ["stock", "bond"]}}, true]}, "points": 5}, {"when": {"any": [{"list of": {"overlaps": ["fund", "bond"]}}, {"list of": null}]}, "points": 6}]},
    {"name": "nulls only", "attribute": "user", "bins": [{"when": null, "points": 0.5}, {"when": "not(null)", "points": 0.25}]}]}'),
  ('inputs', '{"initial_score": 3, "inputs": {"i4": {"missing_if": [-1, 0], "valid": "[-3..9]", "invalid": "missing", "missing": {"value": 4.5}}, "f8": {"valid": "not(< 0, 1)", "invalid": {"value": 1.5}}, "n": {"valid": "< 11", "invalid": "null"}, "i8": {"missing": "null", "missing_if": "> 11", "valid": "< 9", "invalid": "missing"},
      "s": {"valid": ["a", "b", "B", "é"], "invalid": {"value": ["b"]}, "missing": {"value": ["é"]}}, "d": {"missing": {"value": "2026-01-30"}}, "b": {"missing": {"value": true}}},
    "characteristics": [{"name": "i4", "attribute": "i4", "bins": [{"when": "< 4.5", "points": 1}, {"when": ">= 4.5", "points": 2}]}, {"name": "s", "attribute": "s", "hit_policy": "first", "bins": [{"when": ["b", "é"], "points": 10}, {"when": "-", "points": 20}]},
      {"name": "all", "unmatched": 0, "bins": [{"when": {"d": "< 2026-01-31", "b": true, "f8": "> 1"}, "points": {"*": ["f8", "i4"]}}]}, {"name": "n", "attribute": "n", "bins": [{"when": null, "points": 100}, {"when": "-", "points": {"multiply": 2}}]}]}');
SELECT is(pg_temp.differences(card, 'client'), 0::bigint, format('%s: %s scores of 3000 rows', name, pg_temp.scored(card, 'client'))) FROM card;
SELECT ok(pg_temp.scored(card, 'client') > 100, name || ' scores rows') FROM card;

-- what "error" says becomes NULL
SELECT is(pg_temp.scored('{"characteristics": [{"name": "a", "unmatched": "error", "bins": [{"when": {"client_id": "> 0"}, "points": 1}]}]}', 'client'), 3000::bigint, 'no row of the card with "error" fails');
SELECT is(pg_temp.differences('{"characteristics": [{"name": "a", "unmatched": "error", "bins": [{"when": {"client_id": "> 0"}, "points": 1}]}]}', 'client'), 0::bigint, 'and its SQL agrees');
SELECT matches(scorecard_to_sql('{"characteristics": [{"name": "a", "unmatched": "error", "bins": [{"when": {"x": "> 0"}, "points": 1}]}]}'), 'ELSE NULL -- the scorecard raises an error here', 'where it would fail the SQL says so');
-- names cannot break out of the text
SELECT is(pg_temp.differences(format('{"characteristics": [{"name": %s, "attribute": "client_id", "bins": [{"when": "-", "points": 7}]}]}', to_json(E'a\r\n + 1 -- \n*/ + 2'::text))::scorecard, 'client'), 0::bigint, 'a name is a comment of one line');
CREATE TABLE injected AS SELECT 1 AS "x"" + 1 --";
SELECT is(pg_temp.differences('{"characteristics": [{"name": "a", "attribute": "x\" + 1 --", "bins": [{"when": "1", "points": 7}, {"when": "-", "points": 8}]}]}', 'injected'), 0::bigint, 'a column is quoted');

-- a real is compared in double precision, in a list of values and after a replacement too; NaN is replaced wherever it is read
CREATE TABLE reals AS SELECT x::real AS x, y::float8 AS y FROM unnest('{0.01,0.1,0.5,2,-7,NaN,Infinity,NULL}'::text[]) AS x, unnest('{0.01,5,NaN,NULL}'::text[]) AS y;
SELECT is(pg_temp.differences('{"inputs": {"x": {"valid": "not(-7)", "invalid": {"value": 0.1}, "missing": {"value": 0.01}}, "y": {"missing": {"value": 5}}}, "characteristics": [{"name": "list", "attribute": "x", "bins": [{"when": "0.01, 0.1", "points": 1}, {"when": "-", "points": 2}]},
  {"name": "condition", "unmatched": 0, "bins": [{"when": {"x": "0.5, 0.01, 0.1"}, "points": 10}, {"when": {"y": 5}, "points": 20}]}, {"name": "points", "bins": [{"when": "-", "points": {"+": ["x", {"*": [1000, "y"]}]}}]}]}', 'reals'), 0::bigint, 'reals and NaN');
SELECT is(pg_temp.differences('{"inputs": {"y": {"missing": "null"}}, "characteristics": [{"name": "list", "attribute": "x", "bins": [{"when": "0.01, 0.1", "points": 1}, {"when": "-", "points": 2}]}, {"name": "condition", "unmatched": 0, "bins": [{"when": {"y": "< 5"}, "points": 20}]}]}', 'reals'), 0::bigint, 'reals, and NaN that makes the score NULL');

------------------------------------------------------------------------------------------------------------------------
-- The example cards
------------------------------------------------------------------------------------------------------------------------
CREATE FUNCTION pg_temp.random_rows(card scorecard, name text) RETURNS regclass LANGUAGE plpgsql AS $$
DECLARE
  columns text;
BEGIN
  -- a column for each attribute: numbers over many magnitudes, texts from the card itself
  SELECT string_agg(format('%s AS %I', CASE value_kind
      WHEN 'number' THEN 'pg_temp.sometimes((CASE WHEN random() < 0.3 THEN round(random() * 20) ELSE (10 ^ (random() * 8))::numeric(20, 2) END)::' || (ARRAY['numeric', 'float8', 'int8'])[1 + ordinal % 3] || ')'
      WHEN 'text' THEN format('pg_temp.sometimes((%L::text[])[1 + (random() * %s)::int])', words.texts, greatest(cardinality(words.texts) - 1, 0))
      WHEN 'boolean' THEN 'pg_temp.sometimes(random() < 0.5)'
      WHEN 'text[]' THEN format('pg_temp.sometimes(ARRAY[(%L::text[])[1 + (random() * %s)::int]])', words.texts, greatest(cardinality(words.texts) - 1, 0))
      ELSE 'pg_temp.sometimes(date ''2024-01-01'' + (random() * 900)::int)' END, a.name), ', ' ORDER BY ordinal) INTO columns
  FROM policy_attributes(card) AS a, (SELECT array_agg(DISTINCT m[1]) AS texts FROM regexp_matches(card::text, '"([^"]{1,30})"', 'g') AS m) AS words;
  EXECUTE format('CREATE TABLE %I AS SELECT %s FROM generate_series(1, 2000)', name, columns);
  RETURN quote_ident(name)::regclass;
END $$;
SELECT is(pg_temp.differences(:'rating', pg_temp.random_rows(:'rating', 'of_rating')), 0::bigint, 'the rating of the examples');
SELECT is(pg_temp.differences(:'far_trans_rating', pg_temp.random_rows(:'far_trans_rating', 'of_far_trans')), 0::bigint, 'the rating of FAR-Trans');

------------------------------------------------------------------------------------------------------------------------
-- The cards of PMML files
------------------------------------------------------------------------------------------------------------------------
\if :absent
  SELECT skip('the PMML files are not here: set CRM_EXT_DATA', 1);
\else
  CREATE TABLE file (name text, model text);
  \set command 'for f in "' :directory '"/*.pmml; do printf "%s\\t%s\\n" "$(basename "$f")" "$(base64 -w0 <"$f")"; done'
  COPY file FROM PROGRAM :'command';
  CREATE TABLE imported AS
  SELECT name, scorecard_from_pmml(convert_from(decode(model, 'base64'), 'UTF8')::xml, CASE name WHEN 'MultipleScorecard.pmml' THEN 'CompoundNestedPredicateScorecard' END) AS card FROM file;
  SELECT is(pg_temp.differences(card, pg_temp.random_rows(card, name)), 0::bigint, name) FROM imported;
\endif
SELECT * FROM finish();
ROLLBACK;
