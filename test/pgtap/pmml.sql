-- Scorecards from PMML files of another implementation (Apache KIE, Apache-2.0), which do not come with the project: CRM_EXT_DATA is a
-- folder with them in pmml. Every card is read; the rows that the files' own tests expect are reproduced.
\set directory `test -r "$CRM_EXT_DATA/pmml/SimpleScorecard.pmml" && echo "$CRM_EXT_DATA/pmml"`
SELECT :'directory' = '' AS absent \gset
\if :absent
  SELECT plan(1);
  SELECT skip('the PMML files are not here: set CRM_EXT_DATA', 1);
  SELECT * FROM finish();
  \quit
\endif
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = crm, public;
SELECT no_plan();

CREATE TABLE file (name text, model text);
\set command 'for f in "' :directory '"/*.pmml; do printf "%s\\t%s\\n" "$(basename "$f" .pmml)" "$(base64 -w0 <"$f")"; done'
COPY file FROM PROGRAM :'command';
CREATE TABLE model AS SELECT name, convert_from(decode(model, 'base64'), 'UTF8')::xml AS model FROM file;
CREATE TABLE card AS
SELECT m.name || ': ' || n AS name, scorecard_from_pmml(model, n) AS card
FROM model AS m, XMLTABLE('//*[local-name() = "Scorecard"]' PASSING model COLUMNS n text PATH '@modelName') AS x;
SELECT ok(card IS NOT NULL, name || ' is read') FROM card;
SELECT cmp_ok(count(*), '>=', 12::bigint, 'all models of all files') FROM card;
SELECT is(card ->> 'name', n, 'without a name the only one') FROM (SELECT scorecard_from_pmml(model)::jsonb AS card, 'SimpleScorecard' AS n FROM model WHERE name = 'SimpleScorecard') AS s;
SELECT throws_ok($$SELECT scorecard_from_pmml(model) FROM model WHERE name = 'MultipleScorecard'$$, '22023', NULL, 'of several one must be named');

-- The rows that the files' tests expect: the score and the reason codes in their order.
CREATE TABLE expected (pmml_file text, model_name text, input1 numeric, input2 text, score float8, reason1 text, reason2 text);
\set command 'for f in "' :directory '"/*.expected.csv; do sed "1d; s/\\r$//" "$f"; done'
COPY expected FROM PROGRAM :'command' (FORMAT csv);
SELECT cmp_ok(count(*), '>=', 10::bigint, 'expected rows') FROM expected;
CREATE TABLE scored AS
SELECT e.*, format('%s of (%s, %s)', e.model_name, input1, input2) AS title, score(c.card, r) AS has_score, reason_codes(c.card, r, 2) AS has_reasons
FROM expected AS e LEFT JOIN card AS c ON c.name = e.pmml_file || ': ' || e.model_name,
  LATERAL (SELECT jsonb_build_object('input1', input1, 'input2', CASE WHEN input2 ~ '^-?[0-9.]+$' THEN to_jsonb(input2::numeric) ELSE to_jsonb(input2) END) AS r) AS j;
SELECT is(has_score, score, title) FROM scored;
SELECT is(has_reasons, array_remove(ARRAY[reason1, reason2], NULL), title || ': reasons') FROM scored;

-- Worked out by hand from the files
CREATE FUNCTION pg_temp.scores(model text, "row" jsonb) RETURNS float8 LANGUAGE sql AS $$ SELECT score(card, "row") FROM card WHERE name = scores.model $$;
CREATE FUNCTION pg_temp.reasons(model text, "row" jsonb) RETURNS text[] LANGUAGE sql AS $$ SELECT reason_codes(card, "row", 9) FROM card WHERE name = reasons.model $$;
SELECT is(pg_temp.scores(m, r), s, format('%s of %s', m, r)) FROM (VALUES
  -- 0.345 + 40 - 10 + 10 + 1; a STUDENT is not among the declared values and counts as missing, for which there is no attribute; 12 is in no range
  ('ScorecardSample_DMG: Sample Score', '{"age": 33, "occupation": "SKYDIVER", "residenceState": "KN", "validLicense": true}'::jsonb, 41.345::float8),
  ('ScorecardSample_DMG: Sample Score', '{"age": 5, "occupation": "PROGRAMMER", "residenceState": "AP", "validLicense": false}', 0.345::float8 + 10 + 5 - 10 - 1),
  ('ScorecardSample_DMG: Sample Score', '{"age": 33, "occupation": "STUDENT", "residenceState": "KN", "validLicense": true}', NULL),
  ('ScorecardSample_DMG: Sample Score', '{"age": 12, "occupation": "SKYDIVER", "residenceState": "KN", "validLicense": true}', NULL),
  -- 10 + (1 + 2) + 1 * 2; where input1 is not above -1000, 25; points of a missing number are missing
  ('BasicComplexPartialScore: BasicComplexPartialScore', '{"input1": 1, "input2": 2}', 15), ('BasicComplexPartialScore: BasicComplexPartialScore', '{"input1": -1000, "input2": 1001}', 10 + 25 - 50),
  ('BasicComplexPartialScore: BasicComplexPartialScore', '{"input1": 1}', NULL), ('BasicComplexPartialScore: BasicComplexPartialScore', '{}', 10 + 25 - 50),
  -- 10 + (3 + 4 - 5) + 2 * (3 * (4 / 2))
  ('NestedComplexPartialScore: NestedComplexPartialScoreScorecard', '{"input1": 3, "input2": 4}', 10 + 2 + 12),
  -- -15 - 10.5 - 18, where input1 is missing the first condition is not met and the second is by input2
  ('CompoundNestedPredicateScorecard: CompoundNestedPredicateScorecard', '{"input1": -20, "input2": "classB"}', -15 + 25 - 18), ('CompoundNestedPredicateScorecard: CompoundNestedPredicateScorecard', '{"input1": 6, "input2": "classB"}', -15 - 10.5 + 10),
  ('CompoundNestedPredicateScorecard: CompoundNestedPredicateScorecard', '{"input2": "classA"}', -15 + 25 - 18), ('CompoundNestedPredicateScorecard: CompoundNestedPredicateScorecard', '{"input1": 25.4, "input2": "classD"}', -15 - 10.5 + 100.5),
  -- xor: exactly one of two is classA; unknown if one is missing
  ('CompoundPredicateScorecard: CompoundPredicateScorecard', '{"input1": -5, "input2": -6, "input3": "classA", "input4": "classB"}', -15 - 10 - 18 - 50), ('CompoundPredicateScorecard: CompoundPredicateScorecard', '{"input1": 0, "input2": 0, "input3": "classA", "input4": "classA"}', -15 + 15 - 18 + 150),
  ('CompoundPredicateScorecard: CompoundPredicateScorecard', '{"input1": 0, "input2": -6, "input3": "classC"}', -15 + 25 + 105.5 + 150), ('CompoundPredicateScorecard: CompoundPredicateScorecard', '{"input1": 0, "input2": -6, "input3": "classA"}', -15 + 25 - 18 + 150),
  ('MultipleScorecard: Forecast Score', '{"period": "SPRING", "worldcontinent": "ASIA", "precipitation": true, "humidity": 30}', 0 + 9.7::float8 - 2.3 - 1 + 3.3), ('MultipleScorecard: Forecast Score', '{"period": "SPRING", "worldcontinent": "OCEANIA", "precipitation": true, "humidity": 30}', NULL),
  ('SimpleScorecardWithTransformations: SimpleScorecardWithTransformations', '{"input1": 5, "input2": 5}', 25), ('SimpleScorecardWithTransformations: SimpleScorecardWithTransformations', '{"input1": 10.5, "input2": -5}', 5 + 50 - 8)) AS v(m, r, s);
SELECT is(pg_temp.reasons('ScorecardSample_DMG: Sample Score', '{"age": 33, "occupation": "SKYDIVER", "residenceState": "KN", "validLicense": true}'), ARRAY[]::text[], 'CX2 is 40 above and 10 below the baseline 0: together no reason');
SELECT is(pg_temp.reasons('ScorecardSample_DMG: Sample Score', '{"age": 5, "occupation": "TEACHER", "residenceState": "AP", "validLicense": false}'), ARRAY['RES', 'LX00'], 'below the baseline: 10 of RES, 1 of LX00');
SELECT is(pg_temp.reasons('CompoundPredicateScorecard: CompoundPredicateScorecard', '{"input1": -5, "input2": -6, "input3": "classC", "input4": "classC"}'), ARRAY['characteristic3ReasonCode', 'characteristic2ReasonCode'], 'points above the baseline: 125, 94.5');
SELECT is(pg_temp.reasons('MultipleScorecard: Forecast Score', '{"period": "SPRING", "worldcontinent": "ASIA", "precipitation": true, "humidity": 30}'), ARRAY[]::text[], 'no codes where the file does not use them');

-- the canonical document reads back to the same card
SELECT is(card::text::scorecard, card, name || ' survives as text') FROM card;
SELECT * FROM finish();
ROLLBACK;
