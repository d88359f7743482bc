-- Documents of close to a megabyte, the most that is taken, with thousands of names. What would be wrong if this failed: reading one
-- would take the square of its size, half a minute, for whoever may type a literal. The limit is far above what reading takes.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT plan(10);

CREATE TEMP TABLE document AS
SELECT 'scorecard' AS kind, 'characteristics and attributes' AS many,
  '{"characteristics": [' || (SELECT string_agg(format('{"name":"%s","attribute":"a%s","bins":[{"when":"-","points":1}]}', i, i), ',') FROM generate_series(1, 14000) AS i) || ']}' AS document
UNION ALL SELECT 'scorecard', 'attributes of one characteristic',
  '{"characteristics": [{"name": "x", "unmatched": 0, "bins": [' || (SELECT string_agg(format('{"when":{"a%s":1},"points":1}', i), ',') FROM generate_series(1, 28000) AS i) || ']}]}'
UNION ALL SELECT 'scorecard', 'inputs', '{"inputs": {' || (SELECT string_agg(format('"a%s":{"missing":{"value":1}}', i), ',') FROM generate_series(1, 28000) AS i)
  || '}, "characteristics": [{"name": "x", "attribute": "a1", "bins": [{"when": "-", "points": 1}]}]}'
UNION ALL SELECT 'suitability_policy', 'checks', '{"checks": [' || (SELECT string_agg(format('{"name":"c%s","applies":{"client.a%s":1},"otherwise":"notice"}', i, i), ',') FROM generate_series(1, 14000) AS i) || ']}'
UNION ALL SELECT 'suitability_policy', 'exemptions', '{"exempt": [' || (SELECT string_agg(format('{"when":true,"checks":[%s]}', (SELECT string_agg(format('"c%s"', 8000 - i % 100), ',') FROM generate_series(1, 7000) AS i)), ',') FROM generate_series(1, 7))
  || '], "checks": [' || (SELECT string_agg(format('{"name":"c%s","applies":true,"otherwise":"notice"}', i), ',') FROM generate_series(1, 8000) AS i) || ']}';

SET LOCAL statement_timeout = '8s';
SELECT lives_ok(format('SELECT %L::%I', document, kind), kind || ' with thousands of ' || many) FROM document WHERE length(document) BETWEEN 700000 AND 1024 * 1024;
RESET statement_timeout;

-- What is found among thousands is what was written.
SELECT is(score((SELECT document FROM document WHERE many = 'characteristics and attributes')::scorecard, '{}'::jsonb), 14000::float8, 'every characteristic counts');
SELECT is((SELECT string_agg(name, ',' ORDER BY ordinal) FROM policy_attributes((SELECT document FROM document WHERE many = 'attributes of one characteristic')::scorecard)),
  (SELECT string_agg('a' || i, ',' ORDER BY i) FROM generate_series(1, 28000) AS i), 'every attribute is there once, as they are read');
SELECT is((SELECT count(*) FROM suitability_detail((SELECT document FROM document WHERE many = 'exemptions')::suitability_policy, '{}'::jsonb, '{}'::jsonb, '2026-01-31') WHERE applies = 'exempt'), 100::bigint, 'the checks that are named are exempt');
SELECT throws_like(format('SELECT %L::scorecard', replace(document, '"name":"7"', '"name":"9000"')), 'invalid scorecard at characteristics[8999].name: another characteristic has this name', 'the later of two characteristics of one name') FROM document WHERE many = 'characteristics and attributes';
SELECT throws_like(format('SELECT %L::suitability_policy', replace(document, '"name":"c7"', '"name":"c7000"')), 'invalid suitability policy at checks[6999].name: another check has this name', 'the later of two checks of one name') FROM document WHERE many = 'exemptions';

SELECT * FROM finish();
ROLLBACK;
