-- The cases of the DMN Technology Compatibility Kit (dmn-tck/tck, Apache-2.0 and CC-BY-SA), which do not come with the project.
-- CRM_EXT_DATA is a folder with them in dmn, one folder a case: the model, and its expected results as test XML.
\set directory `test -d "$CRM_EXT_DATA/dmn" && echo "$CRM_EXT_DATA/dmn"`
SELECT :'directory' = '' AS absent \gset
\if :absent
  SELECT plan(1);
  SELECT skip('the DMN TCK is not here: set CRM_EXT_DATA', 1);
  SELECT * FROM finish();
  \quit
\endif

BEGIN;
SET LOCAL search_path = public, crm;
SET LOCAL client_min_messages = warning;
SELECT no_plan();

-- What a test file says of a value: <value xsi:type="...">, components or a list, within each other.
CREATE FUNCTION pg_temp.tck_value(node xml) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  spaces text[] := ARRAY[ARRAY['t', 'http://www.omg.org/spec/DMN/20160719/testcase'], ARRAY['xsi', 'http://www.w3.org/2001/XMLSchema-instance']];
  type text;
  value text;
BEGIN
  IF xpath_exists('/*/t:list', node, spaces) THEN
    RETURN (SELECT coalesce(jsonb_agg(pg_temp.tck_value(i) ORDER BY n), '[]') FROM unnest(xpath('/*/t:list/t:item', node, spaces)) WITH ORDINALITY AS l(i, n));
  ELSIF xpath_exists('/*/t:component', node, spaces) THEN
    RETURN (SELECT jsonb_object_agg((xpath('string(/*/@name)', c))[1]::text, pg_temp.tck_value(c)) FROM unnest(xpath('/*/t:component', node, spaces)) AS l(c));
  ELSIF NOT xpath_exists('/*/t:value', node, spaces) OR xpath_exists('/*/t:value[@xsi:nil="true"]', node, spaces) THEN
    RETURN NULL;
  END IF;
  SELECT x.type, x.value INTO type, value
  FROM XMLTABLE(XMLNAMESPACES('http://www.omg.org/spec/DMN/20160719/testcase' AS t, 'http://www.w3.org/2001/XMLSchema-instance' AS xsi),
    '/*/t:value' PASSING node COLUMNS type text PATH '@xsi:type', value text PATH '.') AS x;
  RETURN CASE split_part(type, ':', 2) WHEN 'string' THEN to_jsonb(value) WHEN 'date' THEN to_jsonb(value) WHEN 'dateTime' THEN to_jsonb(value)
    WHEN 'boolean' THEN to_jsonb(value::boolean) ELSE to_jsonb(value::numeric) END;
END $$;

CREATE TEMP TABLE tck AS
SELECT folder, pg_read_file(format('%s/%s/%s', :'directory', folder, model))::xml AS model,
       regexp_replace(pg_read_file(format('%s/%s/%s', :'directory', folder, tests)), '^\s*<\?xml[^>]*\?>', '')::xml AS tests
FROM pg_ls_dir(:'directory') AS folder,
     LATERAL (SELECT min(f) FILTER (WHERE f LIKE '%.dmn') AS model, min(f) FILTER (WHERE f LIKE '%test%.xml') AS tests FROM pg_ls_dir(:'directory' || '/' || folder) AS f) AS files;

CREATE TEMP TABLE tck_case AS
SELECT folder, model, c.id, r.decision,
       (SELECT jsonb_object_agg(i.name, pg_temp.tck_value(i.node))
        FROM XMLTABLE(XMLNAMESPACES('http://www.omg.org/spec/DMN/20160719/testcase' AS t), '/t:testCase/t:inputNode' PASSING c.node COLUMNS name text PATH '@name', node xml PATH '.') AS i) AS input,
       pg_temp.tck_value(r.expected) AS expected
FROM tck,
     XMLTABLE(XMLNAMESPACES('http://www.omg.org/spec/DMN/20160719/testcase' AS t), '/t:testCases/t:testCase' PASSING tests COLUMNS id text PATH '@id', node xml PATH '.') AS c,
     XMLTABLE(XMLNAMESPACES('http://www.omg.org/spec/DMN/20160719/testcase' AS t), '/t:testCase/t:resultNode' PASSING c.node COLUMNS decision text PATH '@name', expected xml PATH 't:expected') AS r;

SELECT cmp_ok((SELECT count(DISTINCT folder) FROM tck_case), '>=', 9::bigint, 'nine cases at least');
SELECT is((SELECT count(*) FROM tck_case WHERE input IS NULL OR expected IS NULL), 0::bigint, 'every test says what is given and expected');
SELECT is(decide(decision_table_from_dmn(model, decision), input), expected, format('%s, test %s: %s', folder, id, decision)) FROM tck_case ORDER BY folder, id;
SELECT is(decide(decision_table_from_dmn(decision_table_to_dmn(decision_table_from_dmn(model, decision))), input), expected, format('%s, test %s, there and back', folder, id)) FROM tck_case ORDER BY folder, id;

SELECT * FROM finish();
ROLLBACK;
