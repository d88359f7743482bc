-- Scorecards: reading, applying, explaining, and what is refused.
SET search_path = crm, public;
SET extra_float_digits = 0;
SET datestyle = ISO;

-- A card reads like the table that an analyst would draw.
CREATE TEMP TABLE card AS SELECT '{
  "version": "2026-01", "name": "client_value", "initial_score": 100.0, "reason_code_algorithm": "points_below",
  "characteristics": [
    {"name": "assets", "attribute": "average_assets", "baseline_score": 30, "reason_code": "AST", "reason": "few assets",
     "bins": [{"when": "< 10000", "points": 5}, {"when": "[10000..500000)", "points": 20},
              {"when": ">= 5e5", "points": 60.50}, {"when": null, "points": 0}]},
    {"name": "channel", "attribute": "channel", "reason_code": "CHN",
     "bins": [{"when": ["branch", "phone"], "points": 8}, {"when": "-", "points": 12}]},
    {"name": "young and active", "reason_code": "YA", "unmatched": 0,
     "bins": [{"when": {"age": "< 35", "trades_90_days": ">= 5"}, "points": 10}]}]}'::scorecard AS card;

-- It is stored in its canonical form: keys in the order of the grammar, no white space, shortest numbers.
SELECT card FROM card;
SELECT card::jsonb->>'name' AS name, card = card::jsonb::scorecard AS same, card = card::text::scorecard AS same_text FROM card;

CREATE TEMP TABLE client (client_id int, average_assets numeric, channel text, age int, trades_90_days int);
INSERT INTO client VALUES
  (1, 600000, 'branch', 30, 7), (2, 9999.99, 'web', 40, 1), (3, NULL, NULL, NULL, NULL), (4, 10000, 'phone', 20, 4),
  (5, 'NaN', 'phone', 35, 5), (6, 'Infinity', 'Branch', 34, 5), (7, '-Infinity', '', NULL, 5);
SELECT client_id, score(card, client), reason_codes(card, client, 3) FROM client, card ORDER BY client_id;

-- The explanation is what is added up.
SELECT d.* FROM client, card, score_detail(card, client) AS d WHERE client_id = 4;
SELECT client_id, score(card, client) = (SELECT sum(points ORDER BY ordinal) FROM score_detail(card, client)) AS adds_up
FROM client, card ORDER BY client_id;

-- What it reads, in the order of score_values.
SELECT a.* FROM card, policy_attributes(card) AS a;
SELECT score_values(card, 600000, 'branch'::text, 30, 7), score_values(card, NULL::float8, NULL::text, NULL::int, NULL::int) FROM card;

-- Rows of every form.
SELECT score(card, s) AS subquery FROM card, (SELECT average_assets * 2 AS average_assets, channel, age, trades_90_days FROM client WHERE client_id = 2) AS s;
SELECT score(card, '{"average_assets": 600000, "channel": "branch", "age": 30, "trades_90_days": 7}') AS literal,
       score(card, '{"channel": "branch"}'::jsonb) AS jsonb, score(card, '{"average_assets": 12000, "channel": null}'::json) AS json FROM card;
SELECT score(card, NULL) AS null_row, score(card, NULL::client) AS null_composite, score(NULL::scorecard, client) AS null_card FROM card, client LIMIT 1;
CREATE TYPE channel_type AS ENUM ('branch', 'phone', 'web');
CREATE DOMAIN money_amount AS numeric CHECK (VALUE >= 0);
SELECT score(card, r) AS other_types FROM card,
  (SELECT 12000::float4 AS average_assets, 'phone'::channel_type AS channel, 30::int2 AS age, 9::int8 AS trades_90_days) AS r;
SELECT score(card, r) AS domains FROM card,
  (SELECT 12000::money_amount AS average_assets, 'phone  '::char(10) AS channel, 30::numeric AS age, 9::float8 AS trades_90_days) AS r;
-- rows of changing types at one call site
SELECT score(card, r) FROM card, LATERAL (VALUES (1), (2)) AS v(i), LATERAL (SELECT to_jsonb(c) AS r FROM client AS c WHERE client_id = i) AS x ORDER BY i;
-- a card that changes from row to row
SELECT score(c, '{"x": 1}') FROM (VALUES
  ('{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 1}]}]}'::scorecard),
  ('{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 2}]}]}'),
  ('{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 1}]}]}')) AS v(c);
-- as an expression index
CREATE INDEX ON client (score('{"characteristics": [{"name": "a", "attribute": "age", "bins": [{"when": "< 35", "points": 1}, {"when": "-", "points": 2}]}]}'::scorecard, client));

-- What does not fit the row.
SELECT score(card, r) FROM card, (SELECT 1 AS average_asset, 'x' AS channel, 1 AS age, 1 AS trades_90_days) AS r;
SELECT score(card, r) FROM card, (SELECT '1'::text AS average_assets, 'x'::text AS channel, 1 AS age, 1 AS trades_90_days) AS r;
SELECT score(card, r) FROM card, (SELECT 1 AS average_assets, 1 AS age, 2 AS age, 1 AS trades_90_days, 'x'::text AS channel) AS r;
SELECT score(card, 5) FROM card;
SELECT score(card, '[1, 2]') FROM card;
SELECT score(card, 'no json') FROM card;
SELECT score(card, '{"average_assets": "much"}') FROM card;
SELECT score(card, '{"channel": ["branch"]}') FROM card;
SELECT score_values(card, 1, 'x'::text) FROM card;
SELECT score_values(card, 1, 'x', 1, 1) FROM card;
SELECT score_values(card, VARIADIC '{1,2,3,4}'::int[]) FROM card;
SELECT score_values(card, 'x'::text, 'x'::text, 1, 1) FROM card;
SELECT reason_codes(card, client, 0) FROM card, client;

-- Points: weights, points of the attribute, limits, "unmatched".
SELECT d.* FROM score_detail('{"initial_score": 1, "clamp": [0, 50], "characteristics": [
  {"name": "weighted", "attribute": "x", "weight": 0.5, "bins": [{"when": "<= 3", "points": 10, "reason_code": "LOW", "reason": "x is low"}, {"when": "> 3", "points": 30}, {"when": null, "points": 7}]},
  {"name": "computed", "attribute": "y", "bins": [{"when": "not(< 0)", "points": {"add": 5, "multiply": 0.001, "clamp": [null, 90]}}, {"when": "-", "points": 0}]}]}', '{"x": 3, "y": 1000000}') AS d;
SELECT score('{"characteristics": [{"name": "n", "unmatched": "null", "bins": [{"when": {"x": 1}, "points": 1}]}]}', v::jsonb) FROM (VALUES ('{"x": 1}'), ('{"x": 2}'), ('{}')) AS t(v);
SELECT score('{"characteristics": [{"name": "n", "unmatched": "error", "bins": [{"when": {"x": 1}, "points": 1}]}]}', '{"x": 2}');
SELECT score('{"characteristics": [{"name": "n", "attribute": "x", "unmatched": 9, "bins": [{"when": "< 1", "points": 1}]}]}', v::jsonb) FROM (VALUES ('{"x": 0}'), ('{"x": 2}'), ('{}')) AS t(v);
-- points above the baseline; codes that are shared add up; ties stand in the document's order; what is not above 0 is no reason
SELECT reason_codes('{"reason_code_algorithm": "points_above", "baseline_score": 0, "characteristics": [
  {"name": "a", "attribute": "x", "reason_code": "ONE", "bins": [{"when": "-", "points": 2}]},
  {"name": "b", "attribute": "x", "reason_code": "TWO", "bins": [{"when": "-", "points": 5}]},
  {"name": "c", "attribute": "x", "reason_code": "ONE", "bins": [{"when": "-", "points": 3}]},
  {"name": "d", "attribute": "x", "reason_code": "THREE", "bins": [{"when": "-", "points": 6}]},
  {"name": "e", "attribute": "x", "reason_code": "NONE", "bins": [{"when": "-", "points": 0}]},
  {"name": "f", "attribute": "x", "reason_code": "LESS", "bins": [{"when": "-", "points": -1}]}]}', '{}', n) FROM generate_series(1, 5, 2) AS n;

-- Published example: the scorecard of Apache KIE's test "SimpleScorecard" (PMML 4.4), five rows with score and codes.
SELECT x, y, score(c, r), reason_codes(c, r, 2)
FROM (VALUES ('{"initial_score": 5, "characteristics": [
   {"name": "input1Score", "attribute": "input1", "baseline_score": 4, "reason_code": "Input1ReasonCode",
    "bins": [{"when": "<= 10", "points": -12}, {"when": "> 10", "points": 50}, {"when": null, "points": 0}]},
   {"name": "input2Score", "attribute": "input2", "baseline_score": 8, "reason_code": "Input2ReasonCode",
    "bins": [{"when": "<= -5", "points": -8}, {"when": "> -5", "points": 32}, {"when": null, "points": 0}]}]}'::scorecard)) AS k(c),
  (VALUES (5, 5), (5, -10), (20.5, 4), (23.5, -12), (10, -5)) AS v(x, y), LATERAL (SELECT x AS input1, y AS input2) AS r;

-- Tests of one value, in every form.
CREATE FUNCTION pg_temp.takes(test text, value jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT CASE score(format('{"characteristics": [{"name": "t", "unmatched": 0, "bins": [{"when": {"x": %s}, "points": 1}]}]}', test)::scorecard,
                    jsonb_build_object('x', value)) WHEN 1 THEN 'yes' ELSE '-' END $$;
SELECT test, string_agg(pg_temp.takes(test, v), ' ' ORDER BY o) AS "null 0 1 1.5 5 10 11"
FROM unnest(ARRAY['"-"', 'null', '"null"', '5', '"5"', '"< 5"', '"<= 5"', '"> 5"', '">= 5"', '"[1..10]"', '"(1..10)"', '"[1..10)"', '"(1..10]"', '"]1..10["', '"[1..10["', '"]1..10]"',
  '"not(5)"', '"not(null)"', '"not([1..10))"', '"< 1, > 10"', '"not(< 1, > 10)"', '"null, 5"', '[1, 5]', '[null, 5]', '{"not": [1, 5]}', '"1.5"', '"[-1e0..0.5]"', '"not(null, 5)"']) WITH ORDINALITY AS t(test, n),
  unnest('{null,0,1,1.5,5,10,11}'::jsonb[]) WITH ORDINALITY AS u(v, o) GROUP BY n, test ORDER BY n;
SELECT test, string_agg(pg_temp.takes(test, v), ' ' ORDER BY o) AS "null '' a B b é"
FROM unnest(ARRAY['["a"]', '"\"a\""', '"not(\"a\")"', '{"not": ["a", "b"]}', '">= \"a\""', '"[\"B\"..\"b\")"', '"\"\""', '["é"]']) WITH ORDINALITY AS t(test, n),
  unnest('{null,"\"\"","\"a\"","\"B\"","\"b\"","\"é\""}'::jsonb[]) WITH ORDINALITY AS u(v, o) GROUP BY n, test ORDER BY n;
SELECT test, string_agg(pg_temp.takes(test, v), ' ' ORDER BY o) AS "null true false"
FROM unnest(ARRAY['true', '"true"', 'false', '"not(true)"', '[true, false]', '{"not": [false]}']) WITH ORDINALITY AS t(test, n),
  unnest('{null,true,false}'::jsonb[]) WITH ORDINALITY AS u(v, o) GROUP BY n, test ORDER BY n;
SELECT test, string_agg(pg_temp.takes(test, v), ' ' ORDER BY o) AS "null 31.12. 31.1. 1.2. 1.2.12h"
FROM unnest(ARRAY['"2026-01-31"', '"date(\"2026-01-31\")"', '"@\"2026-01-31\""', '"< 2026-02-01"', '"[2026-01-01..2026-02-01]"', '"> 2026-02-01T00:00:00"', '"<= 2026-02-01 00:00:00"']) WITH ORDINALITY AS t(test, n),
  unnest('{null,"\"2025-12-31\"","\"2026-01-31\"","\"2026-02-01T00:00:00\"","\"2026-02-01T12:00:00\""}'::jsonb[]) WITH ORDINALITY AS u(v, o) GROUP BY n, test ORDER BY n;
SELECT test, string_agg(pg_temp.takes(test, v), ' ' ORDER BY o) AS "null [] [null] [a] [a,b] [c]"
FROM unnest(ARRAY['{"contains": ["a"]}', '{"contains": ["a", "b"]}', '{"overlaps": ["b", "c"]}', 'null']) WITH ORDINALITY AS t(test, n),
  unnest('{null,[],[null],"[\"a\"]","[\"a\",\"b\"]","[\"c\"]"}'::jsonb[]) WITH ORDINALITY AS u(v, o) GROUP BY n, test ORDER BY n;
-- NULL or not, of a value of any type
SELECT r.x IS NULL AS missing, score('{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "not(null)", "points": 1}, {"when": null, "points": 2}]}]}', r)
FROM (VALUES ('{a}'::text[]), ('{}'), (NULL)) AS v(x), LATERAL (SELECT v.x) AS r;
SELECT score('{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "not(null)", "points": 1}, {"when": null, "points": 2}]}]}', r) FROM (SELECT '(1,2)'::point AS x) AS r;
-- three-valued: all, any, at_least, not
CREATE FUNCTION pg_temp.holds(test text, "row" jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT CASE score(format('{"characteristics": [{"name": "t", "unmatched": 0, "bins": [{"when": %s, "points": 1}]}]}', test)::scorecard, "row") WHEN 1 THEN 'yes' ELSE '-' END $$;
SELECT test, string_agg(pg_temp.holds(test, v), ' ' ORDER BY o) AS "{} a b ab !a !a!b"
FROM unnest(ARRAY['{"a": true, "b": true}', '{"all": [{"a": true}, {"b": true}]}', '{"any": [{"a": true}, {"b": true}]}', '{"at_least": {"n": 2, "of": [{"a": true}, {"b": true}, {"a": false}]}}',
  '{"not": {"a": true}}', '{"not": {"all": [{"a": true}, {"b": true}]}}', '{"not": {"any": [{"a": true}, {"b": true}]}}']) WITH ORDINALITY AS t(test, n),
  unnest(ARRAY['{}', '{"a": true}', '{"b": true}', '{"a": true, "b": true}', '{"a": false}', '{"a": false, "b": false}']::jsonb[]) WITH ORDINALITY AS u(v, o) GROUP BY n, test ORDER BY n;

-- Exact where the column is: 0.1 + 0.2 as numeric is 0.3, as float8 it is not; a whole number next to a decimal limit.
SELECT score(c, n) AS numeric_is, score(c, f) AS float_is FROM (VALUES ('{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< 0.3", "points": 1}, {"when": "0.3", "points": 2}, {"when": "> 0.3", "points": 3}, {"when": null, "points": 4}]}]}'::scorecard)) AS k(c),
  (SELECT 0.1 + 0.2 AS x) AS n, (SELECT 0.1::float8 + 0.2::float8 AS x) AS f;
SELECT v.x, score('{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< -2.5", "points": 1}, {"when": "[-2.5..2.5]", "points": 2}, {"when": "(2.5..9223372036854775807)", "points": 3}, {"when": ">= 9223372036854775807", "points": 4}, {"when": null, "points": 5}]}]}', r)
FROM (VALUES (-3::int8), (-2), (2), (3), (9223372036854775806), (9223372036854775807), (NULL)) AS v(x), LATERAL (SELECT v.x) AS r;

-- The whole grammar over the same rows, by lookup and by tests one by one: the same bins for every column type.
CREATE TEMP TABLE value_of_every_type AS
  SELECT i::int2 AS a, i::int4 AS b, i::int8 AS c, (i / 2.0)::numeric AS d, (i / 2.0)::float4 AS e, (i / 2.0)::float8 AS f FROM generate_series(-30, 30) AS i
  UNION ALL SELECT NULL, NULL, NULL, 'NaN', 'NaN', 'NaN' UNION ALL SELECT NULL, NULL, NULL, 'Infinity', 'Infinity', 'Infinity' UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, '-Infinity';
SELECT attribute, count(*) AS rows, count(*) FILTER (WHERE by_lookup IS DISTINCT FROM by_test) AS differ
FROM unnest('{a,b,c,d,e,f}'::text[]) AS attribute, value_of_every_type AS v,
  LATERAL (SELECT score(replace('{"characteristics": [{"name": "n", "attribute": "@", "bins": [{"when": "< -5, 7", "points": 1}, {"when": "[-5..0.5)", "points": 2}, {"when": "[0.5..2.5], (3..7)", "points": 3},
     {"when": "(2.5..3]", "points": 4}, {"when": "> 7", "points": 5}, {"when": null, "points": 6}]}]}', '@', attribute)::scorecard, v) AS by_lookup,
   score(replace('{"characteristics": [{"name": "n", "unmatched": 0, "bins": [{"when": {"@": "< -5, 7"}, "points": 1}, {"when": {"@": "[-5..0.5)"}, "points": 2}, {"when": {"@": "[0.5..2.5], (3..7)"}, "points": 3},
     {"when": {"@": "(2.5..3]"}, "points": 4}, {"when": {"@": "> 7"}, "points": 5}, {"when": {"@": null}, "points": 6}]}]}', '@', attribute)::scorecard, v) AS by_test) AS s
GROUP BY attribute ORDER BY attribute;
-- many texts, few texts, long texts
SELECT count(*) AS texts, count(*) FILTER (WHERE score(c, r) IS DISTINCT FROM (CASE WHEN i <= 300 THEN i % 7 ELSE 99 END)) AS wrong
FROM (SELECT format('{"characteristics": [{"name": "n", "attribute": "t", "bins": [%s, {"when": "-", "points": 99}]}]}',
        string_agg(format('{"when": %s, "points": %s}', texts, p), ', '))::scorecard AS c
      FROM (SELECT i % 7 AS p, jsonb_agg(repeat('x', i % 20) || i) AS texts FROM generate_series(1, 300) AS i GROUP BY 1) AS b) AS k,
  generate_series(1, 400) AS i, LATERAL (SELECT repeat('x', i % 20) || i AS t) AS r;

-- Documents that are refused.
SELECT n, problem('scorecard', literal) FROM (VALUES
  (1, ''), (2, '[]'), (3, '{"characteristics": []}'), (4, '{}'), (5, '{"characteristics": [{}]}'),
  (6, '{"name": "", "characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 1}]}]}'),
  (7, '{"characteristic": [{"name": "a"}]}'),
  (8, '{"characteristics": [{"name": "a", "atribute": "x", "bins": []}]}'),
  (9, '{"characteristics": [{"name": "a", "attribute": "x", "bins": []}]}'),
  (10, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-"}]}]}'),
  (11, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"points": 1}]}]}'),
  (12, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": "1"}]}]}'),
  (13, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< 5", "points": 1}, {"when": ">= 6", "points": 2}, {"when": null, "points": 0}]}]}'),
  (14, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< 5", "points": 1}, {"when": "> 5", "points": 2}, {"when": null, "points": 0}]}]}'),
  (15, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "[0..5)", "points": 1}, {"when": ">= 5", "points": 2}, {"when": null, "points": 0}]}]}'),
  (16, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "<= 5", "points": 1}, {"when": ">= 5", "points": 2}, {"when": null, "points": 0}]}]}'),
  (17, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< 9", "points": 1}, {"when": "[3..4]", "points": 2}, {"when": "-", "points": 0}]}]}'),
  (18, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< 5", "points": 1}, {"when": ">= 5", "points": 2}]}]}'),
  (19, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< 5", "points": 1}, {"when": ">= 5", "points": 2}, {"when": null, "points": 0}, {"when": "-", "points": 0}]}]}'),
  (20, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 1}, {"when": ">= 5", "points": 2}]}]}'),
  (21, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": null, "points": 1}, {"when": "null, 5", "points": 2}, {"when": "-", "points": 0}]}]}'),
  (22, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": ["b", "c"], "points": 1}, {"when": ["c"], "points": 2}, {"when": "-", "points": 0}]}]}'),
  (23, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": ["b", "c"], "points": 1}, {"when": null, "points": 0}]}]}'),
  (24, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": true, "points": 1}, {"when": null, "points": 0}]}]}'),
  (25, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "branch", "points": 1}, {"when": "-", "points": 0}]}]}'),
  (26, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< five", "points": 1}, {"when": "-", "points": 0}]}]}'),
  (27, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "[1..5", "points": 1}, {"when": "-", "points": 0}]}]}'),
  (28, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "[5..1]", "points": 1}, {"when": "-", "points": 0}]}]}'),
  (29, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "[5..5)", "points": 1}, {"when": "-", "points": 0}]}]}'),
  (30, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "= 5", "points": 1}, {"when": "-", "points": 0}]}]}'),
  (31, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": ">= as_of", "points": 1}, {"when": "-", "points": 0}]}]}'),
  (32, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": [], "points": 1}, {"when": "-", "points": 0}]}]}'),
  (33, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": ["b", 5], "points": 1}, {"when": "-", "points": 0}]}]}'),
  (34, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< 5", "points": 1}, {"when": ["b"], "points": 1}, {"when": "-", "points": 0}]}]}'),
  (35, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< 5", "points": 1e999}, {"when": "-", "points": 0}]}]}'),
  (36, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "< 1e999", "points": 1}, {"when": "-", "points": 0}]}]}'),
  (37, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 1}]}, {"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 1}]}]}'),
  (38, '{"characteristics": [{"name": "a", "bins": [{"when": {"x": "< 5"}, "points": 1}]}]}'),
  (39, '{"characteristics": [{"name": "a", "unmatched": "zero", "bins": [{"when": {"x": "< 5"}, "points": 1}]}]}'),
  (40, '{"characteristics": [{"name": "a", "bins": [{"when": "< 5", "points": 1}, {"when": "-", "points": 1}]}]}'),
  (41, '{"characteristics": [{"name": "a", "unmatched": 0, "bins": [{"when": {"at_least": {"n": 3, "of": [{"x": 1}, {"y": 1}]}}, "points": 1}]}]}'),
  (42, '{"characteristics": [{"name": "a", "unmatched": 0, "bins": [{"when": {"all": []}, "points": 1}]}]}'),
  (43, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": {"multiply": 2}}]}]}'),
  (44, '{"characteristics": [{"name": "a", "unmatched": 0, "bins": [{"when": {"x": 1}, "points": {"multiply": 2}}]}]}'),
  (45, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": {"contains": ["b"]}, "points": 1}, {"when": "-", "points": 0}]}]}'),
  (46, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "2026-02-30", "points": 1}, {"when": "-", "points": 0}]}]}'),
  (47, '{"clamp": [5, 1], "characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 1}]}]}'),
  (48, '{"name": "a", "name": "b"}'), (49, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 1,}]}]}'),
  (50, '{"reason_code_algorithm": "point_below", "characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 1}]}]}'),
  (51, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "not(< 5", "points": 1}, {"when": "-", "points": 0}]}]}'),
  (52, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "", "points": 1}, {"when": "-", "points": 0}]}]}'),
  (53, '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "\"branch", "points": 1}, {"when": "-", "points": 0}]}]}')
) AS v(n, literal) ORDER BY n;
SELECT problem('scorecard', repeat('[', 100)) AS deep, problem('scorecard', '{"description": "' || repeat('x', 1100000) || '"}') AS long,
       problem('scorecard', '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": ' || repeat('1', 500) || '}]}]}') AS digits;
-- a large document is read as fast as a small one: 20,000 bins
SELECT length(c::text) > 700000 AS large, score(c, '{"x": 12345.5}') FROM (SELECT format('{"characteristics": [{"name": "a", "attribute": "x", "bins": [%s, {"when": "-", "points": 0}]}]}',
  string_agg(format('{"when": "[%s..%s)", "points": %s}', i, i + 1, i), ','))::scorecard AS c FROM generate_series(1, 20000) AS i) AS k;

-- Equality, hash, and the forms in which values travel.
SELECT card = '{"characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "-", "points": 1}]}]}' AS equal, card <> card AS unequal,
       scorecard_hash(card) = scorecard_hash(card::text::scorecard) AS same_hash FROM card;
SELECT count(*) FROM (SELECT card FROM card UNION SELECT card::text::scorecard FROM card) AS u;

-- Planner support: with a constant card and a row whose columns are known, score() becomes score_values() of the columns.
CREATE FUNCTION pg_temp.calls(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  line text;
  found text[] := '{}';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
    found := found || ARRAY(SELECT m[1] FROM regexp_matches(line, '(score(?:_values)?)\(''[^'']*''::(?:crm\.)?scorecard', 'g') AS m);
  END LOOP;
  RETURN (SELECT string_agg(DISTINCT f, ', ' ORDER BY f) FROM unnest(found) AS f);
END $$;
CREATE TEMP TABLE visit (visit_id int PRIMARY KEY, dropped int, x int, channel text);
ALTER TABLE visit DROP COLUMN dropped;
INSERT INTO visit SELECT i, i, 'c' || i % 3 FROM generate_series(1, 100) AS i;
CREATE TEMP VIEW early_visit AS SELECT * FROM visit WHERE visit_id <= 50;
CREATE TEMP TABLE visit_part (x int, visit_id int, channel text) PARTITION BY RANGE (visit_id);
CREATE TEMP TABLE visit_part_1 (channel text, visit_id int, x int);
ALTER TABLE visit_part ATTACH PARTITION visit_part_1 FOR VALUES FROM (0) TO (1000);
INSERT INTO visit_part SELECT x, visit_id, channel FROM visit;
SELECT $$'{"characteristics": [{"name": "x", "attribute": "x", "bins": [{"when": "< 50", "points": 1}, {"when": "-", "points": 2}]}, {"name": "c", "attribute": "channel", "bins": [{"when": ["c1"], "points": 10}, {"when": "-", "points": 20}]}]}'::scorecard$$ AS c \gset
CREATE TEMP TABLE planned (n serial, what text, query text);
INSERT INTO planned (what, query) VALUES
  ('table', format('SELECT sum(score(%s, v)) FROM visit AS v', :'c')),
  ('view', format('SELECT sum(score(%s, v)) FROM early_visit AS v', :'c')),
  ('subquery', format('SELECT sum(score(%s, v)) FROM (SELECT channel, x + 1 AS x FROM visit) AS v', :'c')),
  ('subquery that stays', format('SELECT sum(score(%s, v)) FROM (SELECT channel, x + 1 AS x FROM visit OFFSET 1) AS v', :'c')),
  ('partitioned table', format('SELECT sum(score(%s, v)) FROM visit_part AS v', :'c')),
  ('join', format('SELECT sum(score(%s, a) + score(%1$s, b)) FROM visit AS a JOIN visit AS b ON b.visit_id = a.visit_id + 50', :'c')),
  ('outer join, the side that stays', format('SELECT sum(score(%s, a)) FROM visit AS a LEFT JOIN visit AS b ON b.visit_id = a.visit_id + 50', :'c')),
  ('outer join, the side that may be NULL', format('SELECT sum(score(%s, b)) FROM visit AS a LEFT JOIN visit AS b ON b.visit_id = a.visit_id + 50', :'c')),
  ('right join', format('SELECT sum(score(%s, a)) FROM visit AS a RIGHT JOIN visit AS b ON b.visit_id = a.visit_id + 50', :'c')),
  ('full join', format('SELECT sum(score(%s, a)) FROM visit AS a FULL JOIN visit AS b ON b.visit_id = a.visit_id + 50', :'c')),
  ('view in an outer join', format('SELECT sum(score(%s, b)) FROM visit AS a LEFT JOIN early_visit AS b ON b.visit_id = a.visit_id + 20', :'c')),
  ('grouping sets', format('SELECT sum(s) FROM (SELECT score(%s, v) AS s FROM visit AS v GROUP BY GROUPING SETS ((v), ())) AS g', :'c')),
  ('outer query', format('SELECT sum((SELECT score(%s, v) FROM (SELECT 1 OFFSET 0) AS one)) FROM visit AS v', :'c')),
  ('volatile column', format('SELECT count(score(%s, v)) FROM (SELECT channel, x, ROW(x, channel) AS r FROM visit WHERE random() < 2) AS v', :'c')),
  ('jsonb', format('SELECT sum(score(%s, to_jsonb(v))) FROM visit AS v', :'c')),
  ('filter', format('SELECT count(*) FROM visit AS v WHERE score(%s, v) > 11', :'c')),
  ('values', format('SELECT sum(score(%s, v)) FROM (VALUES (1, ''c1''::text), (60, ''c2''), (NULL, NULL)) AS v(x, channel)', :'c'));
CREATE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE answer text; BEGIN EXECUTE query INTO answer; RETURN answer; END $$;
SELECT what, pg_temp.calls(query) AS calls, pg_temp.answer(query) AS answer,
       pg_temp.answer(query) = pg_temp.answer(replace(query, :'c', format('(SELECT %s)', :'c'))) AS same_without
FROM planned ORDER BY n;
-- an expression index serves the function in either form
SELECT format('CREATE INDEX visit_score ON visit (score(%s, visit))', :'c') \gexec
SET enable_seqscan = off;
SELECT pg_temp.calls(format('SELECT * FROM visit AS v WHERE score(%s, v) = 11', :'c')) AS calls, pg_temp.answer(format('SELECT count(*) FROM visit AS v WHERE score(%s, v) = 11', :'c')) AS answer;
CREATE FUNCTION pg_temp.uses_index(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE line text; BEGIN FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP IF line LIKE '%visit_score%' THEN RETURN true; END IF; END LOOP; RETURN false; END $$;
SELECT pg_temp.uses_index(format('SELECT * FROM visit AS v WHERE score(%s, v) = 11', :'c')) AS by_row, pg_temp.uses_index(format('SELECT * FROM visit AS v WHERE score_values(%s, x, channel) = 11', :'c')) AS by_values;
RESET enable_seqscan;
-- not where a sub-select's condition is simplified in the name of the outer query, nor where a row is grouped or returns a set
RESET ROLE;
CREATE TEMP TABLE place (id int, x int, a int);
INSERT INTO place VALUES (1, -5, 3), (2, -5, 3);
CREATE TEMP TABLE other_place (id int, k int);
INSERT INTO other_place VALUES (1, 7), (2, 7), (3, 7);
SELECT $$'{"characteristics": [{"name": "c", "attribute": "a", "bins": [{"when": "> 0", "points": 7}, {"when": "-", "points": 1}]}]}'::scorecard$$ AS c \gset
SELECT format('SELECT o.id, EXISTS (SELECT 1 FROM (SELECT id, x, a FROM place OFFSET 0) AS s WHERE s.id = o.id AND score(%s, s) > 1) FROM (SELECT id, k AS a, 1 AS x FROM other_place OFFSET 0) AS o ORDER BY 1', :'c') \gexec
SELECT format('SELECT o.id, EXISTS (SELECT 1 FROM other_place AS u LEFT JOIN place AS t ON t.id = u.id WHERE u.id = o.id AND score(%s, t) > 0) FROM other_place AS o JOIN other_place AS o2 USING (k, id) ORDER BY 1', :'c') \gexec
CREATE TYPE t AS (x int, a int);
SELECT format('SELECT ROW(x, a)::t, score(%s, ROW(x, a)::t) FROM place GROUP BY GROUPING SETS ((ROW(x, a)::t), ()) ORDER BY 2', :'c') \gexec
SELECT format('SELECT score(%s, ROW(generate_series(1, 3), 5)::t)', :'c') \gexec
-- a role without the right to use the schema may read a view that scores, and one without the right to score_values too
CREATE ROLE regress_crm_reader;
CREATE SCHEMA report;
CREATE TABLE report.client AS SELECT * FROM place;
SELECT format('CREATE VIEW report.rated AS SELECT id, crm.score(%s, c) AS score FROM report.client AS c', replace(:'c', '::scorecard', '::crm.scorecard')) \gexec
GRANT USAGE ON SCHEMA report TO regress_crm_reader;
GRANT SELECT ON report.rated TO regress_crm_reader;
SET ROLE regress_crm_reader;
SELECT * FROM report.rated ORDER BY 1;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION score_values FROM PUBLIC;
SET ROLE regress_crm_reader;
SELECT * FROM report.rated ORDER BY 1;
RESET ROLE;
GRANT EXECUTE ON FUNCTION score_values TO PUBLIC;
-- and the right to score is asked for, though score_values takes its place
REVOKE EXECUTE ON FUNCTION score FROM PUBLIC;
SET ROLE regress_crm_reader;
SELECT * FROM report.rated ORDER BY 1;
RESET ROLE;
GRANT EXECUTE ON FUNCTION score TO PUBLIC;
DROP VIEW report.rated;
DROP TABLE report.client;
DROP SCHEMA report;
DROP ROLE regress_crm_reader;
-- a row type that is altered while a function runs is bound again
CREATE TABLE altered (a text, z text);
INSERT INTO altered VALUES ('x', 'y');
DO $$
DECLARE
  r altered;
BEGIN
  FOR i IN 1..2 LOOP
    SELECT * INTO r FROM altered;
    RAISE NOTICE 'score %', crm.score('{"characteristics": [{"name": "c", "attribute": "a", "bins": [{"when": ["x"], "points": 7}, {"when": "-", "points": 1}]}]}'::crm.scorecard, r);
    IF i = 1 THEN
      ALTER TABLE altered RENAME a TO b;
      ALTER TABLE altered RENAME z TO a;
    END IF;
  END LOOP;
END $$;
DROP TABLE altered;
-- what is no number has no computed points; a number that does not fit when written out; zeros of any size; owners without a name
SELECT n, problem('scorecard', literal) FROM (VALUES
  (1, '{"characteristics": [{"name": "c", "attribute": "a", "bins": [{"when": null, "points": 0}, {"when": ["x"], "points": {"multiply": 1}}, {"when": "-", "points": 2}]}]}'),
  (2, '{"initial_score": 1.' || repeat('1', 380) || 'e-300, "characteristics": [{"name": "c", "attribute": "a", "bins": [{"when": "-", "points": 2}]}]}'),
  (3, '{"characteristics": [{"name": "c", "attribute": "a", "bins": [{"when": [' || repeat('1e300, ', 4000) || '1e300], "points": 1}, {"when": "-", "points": 2}]}]}'),
  (4, '{"initial_score": 0e-20000, "characteristics": [{"name": "c", "attribute": "a", "bins": [{"when": "< 0e-20000", "points": 1}, {"when": "-", "points": 2}]}]}'),
  (5, '{"": [{"name": "x", "name": "y"}]}'),
  (6, '{"characteristics": [{"name": "c", "unmatched": 0, "bins": [{"when": {"": "< 5"}, "points": 1}]}]}')) AS v(n, literal) ORDER BY n;

-- The first bin that matches: bins may overlap, and one that is never reached is taken, since imported cards have such.
SELECT x, score('{"characteristics": [{"name": "a", "attribute": "x", "hit_policy": "first", "bins": [{"when": "< 10", "points": 1}, {"when": "< 20", "points": 2}, {"when": "[5..15]", "points": 3}, {"when": "-", "points": 4}, {"when": null, "points": 5}]}]}', r)
FROM (VALUES (1::float8), (9.5), (10), (19), (20), (NULL), ('NaN')) AS r(x);
SELECT s, score('{"characteristics": [{"name": "a", "attribute": "s", "hit_policy": "first", "bins": [{"when": ["a", "b"], "points": 1}, {"when": {"not": ["c"]}, "points": 2}, {"when": ["c", "d", null], "points": 3}]}]}', r)
FROM (VALUES ('a'), ('b'), ('c'), ('d'), (NULL)) AS r(s);
SELECT b, score('{"characteristics": [{"name": "a", "attribute": "b", "hit_policy": "first", "unmatched": 9, "bins": [{"when": true, "points": 1}, {"when": [true, false], "points": 2}]}]}', r) FROM (VALUES (true), (false), (NULL)) AS r(b);
-- in a characteristic over several attributes the first bin counts anyway; "-" may then stand anywhere
SELECT x, score('{"characteristics": [{"name": "a", "hit_policy": "first", "bins": [{"when": {"x": "< 5"}, "points": 1}, {"when": "-", "points": 2}, {"when": {"x": "> 9"}, "points": 3}]}]}', r) FROM (VALUES (1), (20), (NULL)) AS r(x);

-- Computed points: NULL and a division by zero are not known, and make the score NULL.
CREATE FUNCTION pg_temp.computes(points text, "row" jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(score(format('{"characteristics": [{"name": "t", "bins": [{"when": "-", "points": %s}]}]}', points)::scorecard, "row")::text, '-') $$;
SELECT points, string_agg(pg_temp.computes(points, v), ' ' ORDER BY o) AS "{} (7) (7,2) (7,0)"
FROM unnest(ARRAY['"a"', '{"+": ["a", "b"]}', '{"+": ["a", 1, "b", 0.5]}', '{"-": ["a", "b"]}', '{"-": ["a"]}', '{"*": ["a", "b", 2]}', '{"/": ["a", "b"]}', '{"coalesce": ["b", "a"]}', '{"coalesce": ["b", -1]}', '{"+": [{"coalesce": ["a", 0]}, {"coalesce": [{"/": ["a", "b"]}, 100]}]}',
  '{"-": [{"*": ["a", "a"]}, {"/": [1, 4]}]}', '{"-": [{"-": [3]}]}']) WITH ORDINALITY AS t(points, n), unnest(ARRAY['{}', '{"a": 7}', '{"a": 7, "b": 2}', '{"a": 7, "b": 0}']::jsonb[]) WITH ORDINALITY AS u(v, o) GROUP BY n, points ORDER BY n;
CREATE TEMP TABLE computing AS SELECT '{"reason_code_algorithm": "points_above", "characteristics": [
  {"name": "turnover per asset", "weight": 2, "reason_code": "T", "baseline_score": 1, "attribute": "assets", "unmatched": "null", "bins": [{"when": "> 0", "points": {"/": ["turnover", "assets"]}}]},
  {"name": "no baseline", "bins": [{"when": {"kind": ["x"]}, "points": {"+": ["assets", 1]}}, {"when": "-", "points": 0}]}]}'::scorecard AS card;
SELECT r.*, score(card, r), reason_codes(card, r, 3) FROM computing, (VALUES (100::numeric, 200::int8, 'x'), (100, 40, 'y'), (100, NULL, 'y'), (0, 5, 'y'), ('NaN', 5, 'y'), ('Infinity', 5, 'y')) AS r(assets, turnover, kind);
SELECT d.* FROM computing, score_detail(card, '{"assets": 100, "turnover": 200, "kind": "x"}') AS d;
SELECT a.* FROM computing, policy_attributes(card) AS a;
-- infinities are ordinary, but their difference is not known
SELECT pg_temp.computes('{"-": ["a", "a"]}', '{"a": 1e400}'), pg_temp.computes('{"*": ["a", 1e308]}', '{"a": 100}');

-- xor, surrogate, true and false
SELECT test, string_agg(pg_temp.holds(test, v), ' ' ORDER BY o) AS "{} a b ab !a !a!b"
FROM unnest(ARRAY['{"xor": [{"a": true}, {"b": true}]}', '{"not": {"xor": [{"a": true}, {"b": true}]}}', '{"xor": [{"a": true}]}', '{"surrogate": [{"a": true}, {"b": true}]}', '{"not": {"surrogate": [{"a": true}, {"b": true}]}}', '{"surrogate": [{"a": true}, true]}',
  '{"surrogate": [{"a": true}, false]}', 'true', 'false', '{"all": [true, {"a": true}]}', '{"xor": [true, {"a": true}]}']) WITH ORDINALITY AS t(test, n),
  unnest(ARRAY['{}', '{"a": true}', '{"b": true}', '{"a": true, "b": true}', '{"a": false}', '{"a": false, "b": false}']::jsonb[]) WITH ORDINALITY AS u(v, o) GROUP BY n, test ORDER BY n;

-- Inputs: what stands for NULL, what is invalid, and what takes their place, before anything tests or computes.
CREATE TEMP TABLE entering AS SELECT '{"inputs": {
  "age": {"missing_if": [-1], "valid": "[0..120]", "invalid": "missing", "missing": {"value": 34.5}},
  "channel": {"valid": ["branch", "phone"], "invalid": "null"}, "trades": {"valid": "not(< 0)", "invalid": {"value": 0}, "missing": "null"}, "since": {"missing": {"value": "2020-01-01"}}},
 "characteristics": [
  {"name": "age", "attribute": "age", "bins": [{"when": "< 34.5", "points": 1}, {"when": ">= 34.5", "points": 2}]},
  {"name": "channel", "attribute": "channel", "bins": [{"when": ["branch"], "points": 10}, {"when": ["phone"], "points": 20}, {"when": null, "points": 30}]},
  {"name": "trades", "attribute": "trades", "bins": [{"when": "0", "points": 0}, {"when": "not(0)", "points": {"multiply": 100}}]},
  {"name": "both", "unmatched": 0, "bins": [{"when": {"age": "34.5", "since": "< 2021-01-01"}, "points": 1000}]},
  {"name": "age in points", "bins": [{"when": "-", "points": {"*": [10000, "age"]}}]}]}'::scorecard AS card;
SELECT r.*, score(card, r), score_values(card, r.age, r.channel, r.since, r.trades) = score(card, r) AS same
FROM entering, (VALUES (30, 'branch', date '2022-01-01', 2), (-1, 'phone', NULL, 1), (121, NULL, '2020-01-01', -5), (NULL, 'branch', NULL, 0), (30, 'web', NULL, 1), (30, 'phone', NULL, NULL)) AS r(age, channel, since, trades);
SELECT a.* FROM entering, policy_attributes(card) AS a;
SELECT d.ordinal, d.characteristic, d.attribute, d.value, d.condition, d.points FROM entering, score_detail(card, '{"age": 200, "channel": "web", "trades": null}') AS d;
SELECT reason_codes(card, '{"age": 200, "channel": "web"}', 5) FROM entering;

-- What is wrong with the new parts.
SELECT n, problem('scorecard', format('{%s"characteristics": [{"name": "a", %s}]}', top, body)) FROM (VALUES
  (1, '', '"attribute": "x", "hit_policy": "second", "bins": [{"when": "-", "points": 1}]'), (2, '', '"attribute": "x", "hit_policy": "first", "bins": [{"when": "< 10", "points": 1}, {"when": "[5..20)", "points": 2}, {"when": null, "points": 3}]'),
  (3, '', '"attribute": "x", "hit_policy": "first", "bins": [{"when": "< 10", "points": 1}, {"when": ">= 5", "points": 2}]'), (4, '', '"attribute": "x", "bins": [{"when": "-", "points": {"multiply": 1}}]'),
  (5, '', '"bins": [{"when": "-", "points": {"^": ["x", 2]}}]'), (6, '', '"bins": [{"when": "-", "points": {"/": ["x"]}}]'), (7, '', '"bins": [{"when": "-", "points": {"-": [1, 2, 3]}}]'), (8, '', '"bins": [{"when": "-", "points": {"+": []}}]'),
  (9, '', '"bins": [{"when": "-", "points": {"+": ["x", true]}}]'), (10, '', '"bins": [{"when": "-", "points": {"+": ["x", "5"]}}]'), (11, '', '"bins": [{"when": "-", "points": {"+": ["x", 1], "-": [1, 2]}}]'), (12, '', '"bins": [{"when": "-", "points": {"+": "x"}}]'),
  (13, '', '"bins": [{"when": {"x": ["a"]}, "points": {"+": ["x", 1]}}, {"when": "-", "points": 1}]'), (14, '', '"bins": [{"when": "-", "points": ""}]'), (15, '', '"bins": [{"when": {"xor": []}, "points": 1}, {"when": "-", "points": 1}]'), (16, '', '"bins": [{"when": {"surrogate": {"x": 1}}, "points": 1}, {"when": "-", "points": 1}]'),
  (17, '"inputs": [], ', '"bins": [{"when": "-", "points": 1}]'), (18, '"inputs": {"x": {}}, ', '"bins": [{"when": "-", "points": 1}]'), (19, '"inputs": {"x": {"valid": "> 5"}}, ', '"bins": [{"when": "-", "points": 1}]'), (20, '"inputs": {"x": {"invalid": "null"}}, ', '"bins": [{"when": "-", "points": 1}]'),
  (21, '"inputs": {"x": {"valid": "> 5", "invalid": "zero"}}, ', '"bins": [{"when": "-", "points": 1}]'), (22, '"inputs": {"x": {"missing": "missing"}}, ', '"bins": [{"when": "-", "points": 1}]'), (23, '"inputs": {"x": {"missing": 5}}, ', '"bins": [{"when": "-", "points": 1}]'),
  (24, '"inputs": {"x": {"missing": {"value": "> 5"}}}, ', '"bins": [{"when": "-", "points": 1}]'), (25, '"inputs": {"x": {"missing": {"value": null}}}, ', '"bins": [{"when": "-", "points": 1}]'), (26, '"inputs": {"x": {"missing": {"value": ["a"]}}}, ', '"attribute": "x", "bins": [{"when": "< 5", "points": 1}, {"when": "-", "points": 1}]'),
  (27, '"inputs": {"x": {"valid": {"contains": ["a"]}, "invalid": "null"}}, ', '"bins": [{"when": "-", "points": 1}]'), (28, '"inputs": {"x": {"valid": "-", "invalid": "null"}}, ', '"bins": [{"when": "-", "points": 1}]'), (29, '"inputs": {"x": {"missing_if": [null], "missing": "null"}}, ', '"bins": [{"when": "-", "points": 1}]'),
  (30, '"inputs": {"x": {"valid": "[0..9]", "invalid": "null", "missing": {"value": 3}}}, ', '"attribute": "x", "bins": [{"when": "< 5", "points": 1}, {"when": "[5..9)", "points": 2}]'), (31, '"inputs": {"x": {"valid": "[0..9]", "invalid": "missing"}}, ', '"attribute": "x", "bins": [{"when": "[0..9]", "points": 1}]'),
  (32, '"inputs": {"x": {"valid": "[0..9]", "invalid": "null", "missing": "null"}}, ', '"attribute": "x", "bins": [{"when": "[0..9]", "points": 1}]'), (33, '"inputs": {"x": {"is_missing": [1]}}, ', '"bins": [{"when": "-", "points": 1}]')) AS v(n, top, body) ORDER BY n;

-- As SQL, for auditors.
\t on
SELECT scorecard_to_sql(card, 'c') FROM entering;
SELECT scorecard_to_sql(card) FROM computing;
SELECT scorecard_to_sql('{"initial_score": -5, "clamp": [0, 100.5], "characteristics": [
  {"name": "line\nbreak", "attribute": "odd \"name\"", "weight": 0.5, "unmatched": "error", "bins": [{"when": "[1..2), 5, (7..9], null", "points": -1}, {"when": "not(< 10)", "points": {"add": 1, "multiply": -0.25, "clamp": [null, 3]}}]},
  {"name": "texts", "attribute": "user", "bins": [{"when": ["it''s", "a\\b"], "points": 1}, {"when": "-", "points": 2}]},
  {"name": "several", "unmatched": 7, "bins": [{"when": {"at_least": {"n": 2, "of": [{"a": true}, {"d": ">= 2026-01-31"}, {"kinds": {"contains": ["stock"]}}]}}, "points": 3}, {"when": {"not": {"xor": [{"a": true}, {"d": null}, false]}}, "points": 4}, {"when": {"surrogate": [{"a": true}, {"moment": "< 2026-01-31T10:00:00Z"}]}, "points": {"coalesce": ["n", {"-": ["m"]}]}}]}]}', 'My Table');
SELECT scorecard_to_sql('{"characteristics": [{"name": "a", "unmatched": "null", "bins": [{"when": true, "points": 1}]}]}');
\t off
SELECT scorecard_to_sql(NULL) IS NULL AS "null";

-- NaN is missing wherever an input is read: by the bins of one attribute, by a condition, by points
SELECT x, score(card, r), (SELECT sum(points ORDER BY ordinal) FROM score_detail(card, r)) AS detail, score(refusing, r) AS refusing
FROM (VALUES (5::float8), ('NaN'), (NULL), (4)) AS r(x), (SELECT '{"inputs": {"x": {"missing": {"value": 5}}}, "characteristics": [{"name": "a", "attribute": "x", "bins": [{"when": "5", "points": 1}, {"when": "-", "points": 0}]},
  {"name": "b", "unmatched": 0, "bins": [{"when": {"x": 5}, "points": 10}]}, {"name": "c", "bins": [{"when": "-", "points": {"*": [20, "x"]}}]}]}'::scorecard AS card,
  '{"inputs": {"x": {"missing": "null"}}, "characteristics": [{"name": "b", "unmatched": 0, "bins": [{"when": {"x": 5}, "points": 10}]}]}'::scorecard AS refusing) AS c;
