-- Decision tables from DMN models.
SET search_path = crm, public;
SET xmloption = document;

-- A model with one decision, "D", from its parts. Cells are escaped as XML has it.
CREATE FUNCTION entries(element text, cells text[]) RETURNS text
RETURN (SELECT coalesce(string_agg('<' || element || '><text>' || replace(replace(cell, '&', '&amp;'), '<', '&lt;') || '</text></' || element || '>', '' ORDER BY n), '')
        FROM unnest(cells) WITH ORDINALITY AS c(cell, n));
CREATE FUNCTION rule(tests text[], results text[]) RETURNS text
RETURN '<rule>' || entries('inputEntry', tests) || entries('outputEntry', results) || '</rule>';
CREATE FUNCTION input(name text, type text DEFAULT NULL, allowed text DEFAULT NULL) RETURNS text
RETURN '<input><inputExpression' || coalesce(' typeRef="' || type || '"', '') || '><text>' || name || '</text></inputExpression>'
  || coalesce('<inputValues><text>' || replace(allowed, '<', '&lt;') || '</text></inputValues>', '') || '</input>';
CREATE FUNCTION output(name text, type text DEFAULT NULL, allowed text DEFAULT NULL, otherwise text DEFAULT NULL) RETURNS text
RETURN '<output' || coalesce(' name="' || name || '"', '') || coalesce(' typeRef="' || type || '"', '') || '>'
  || coalesce('<outputValues><text>' || replace(allowed, '<', '&lt;') || '</text></outputValues>', '')
  || coalesce('<defaultOutputEntry><text>' || otherwise || '</text></defaultOutputEntry>', '') || '</output>';
CREATE FUNCTION model(decisions text, namespace text DEFAULT 'https://www.omg.org/spec/DMN/20230324/MODEL/') RETURNS xml
RETURN xmlparse(document '<definitions name="m" namespace="urn:m" xmlns="' || namespace || '">' || decisions || '</definitions>');
CREATE FUNCTION dmn(policy text, columns text, rules text, before text DEFAULT '') RETURNS xml
RETURN model(before || '<decision name="D" id="d"><decisionTable ' || policy || '>' || columns || rules || '</decisionTable></decision>');
-- a table of one input and one output, with the cell in its only rule
CREATE FUNCTION cell(test text, type text DEFAULT NULL) RETURNS xml
RETURN dmn('', input('x', type) || output(NULL), rule(ARRAY[test], ARRAY['1']));
CREATE FUNCTION given(result text, type text DEFAULT NULL) RETURNS xml
RETURN dmn('', input('x') || output(NULL, type), rule(ARRAY['-'], ARRAY[result]));

-- what is wrong with a model: state, message, detail, hint and context in one answer
CREATE FUNCTION refused(model xml, name text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  message text;
  detail text;
  hint text;
  context text;
BEGIN
  RETURN decision_table_from_dmn(model, name);
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
  RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || message, nullif(detail, ''), nullif(hint, ''), substring(context from '^decision table of[^\n]*'));
END $$;

-- A whole model: types, labels, descriptions, annotations.
CREATE TEMP TABLE package AS SELECT $dmn$<?xml version="1.0" encoding="UTF-8"?>
<dmn:definitions xmlns:dmn="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:feel="https://www.omg.org/spec/DMN/20191111/FEEL/"
    xmlns:tool="urn:tool" name="packages" namespace="urn:packages" expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/">
  <dmn:extensionElements><tool:page width="800"/></dmn:extensionElements>
  <dmn:itemDefinition name="tTier"><dmn:typeRef>string</dmn:typeRef><dmn:allowedValues><dmn:text>"mass", "affluent", "private"</dmn:text></dmn:allowedValues></dmn:itemDefinition>
  <dmn:itemDefinition name="tClient">
    <dmn:itemComponent name="tier"><dmn:typeRef>tTier</dmn:typeRef></dmn:itemComponent>
    <dmn:itemComponent name="date of birth"><dmn:typeRef>date</dmn:typeRef></dmn:itemComponent>
  </dmn:itemDefinition>
  <dmn:itemDefinition name="tPackages" isCollection="true"><dmn:typeRef>tPackage</dmn:typeRef></dmn:itemDefinition>
  <dmn:itemDefinition name="tPackage">
    <dmn:itemComponent name="package"><dmn:typeRef>string</dmn:typeRef></dmn:itemComponent>
    <dmn:itemComponent name="minutes a quarter"><dmn:typeRef>number</dmn:typeRef><dmn:allowedValues><dmn:text>[0..1000]</dmn:text></dmn:allowedValues></dmn:itemComponent>
  </dmn:itemDefinition>
  <!-- the client, and what was measured -->
  <dmn:inputData name="Client" id="i1"><dmn:variable name="Client" typeRef="tClient"/></dmn:inputData>
  <dmn:inputData name="Calls - last quarter" id="i2"><dmn:variable name="Calls - last quarter" typeRef="feel:number"/></dmn:inputData>
  <dmn:decision name="Service  package" id="d1">
    <dmn:description>What a client is owed.</dmn:description>
    <dmn:variable name="Service package" typeRef="tPackages"/>
    <dmn:decisionTable hitPolicy="RULE ORDER" preferredOrientation="Rule-as-Row" outputLabel="Package">
      <dmn:input label="Tier of the client"><dmn:inputExpression><dmn:text>Client . tier</dmn:text></dmn:inputExpression></dmn:input>
      <dmn:input><dmn:inputExpression><dmn:text>
        Client.date of  birth
      </dmn:text></dmn:inputExpression></dmn:input>
      <dmn:input label="Calls - last quarter"><dmn:inputExpression typeRef="feel:number"><dmn:text>Calls - last quarter</dmn:text></dmn:inputExpression></dmn:input>
      <dmn:output name="package"/>
      <dmn:output name="minutes a quarter"/>
      <dmn:annotation name="Why"/>
      <dmn:annotation name="Since"/>
      <dmn:rule label="legacy">
        <dmn:inputEntry><dmn:text><![CDATA["private"]]></dmn:text></dmn:inputEntry>
        <dmn:inputEntry><dmn:text>&lt; date("1960-01-01")</dmn:text></dmn:inputEntry>
        <dmn:inputEntry><dmn:text/></dmn:inputEntry>
        <dmn:outputEntry><dmn:text>"legacy"</dmn:text></dmn:outputEntry>
        <dmn:outputEntry><dmn:text>240</dmn:text></dmn:outputEntry>
        <dmn:annotationEntry><dmn:text>estates are planned early</dmn:text></dmn:annotationEntry>
        <dmn:annotationEntry><dmn:text>2024</dmn:text></dmn:annotationEntry>
      </dmn:rule>
      <dmn:rule>
        <dmn:description>Who calls is heard.</dmn:description>
        <dmn:inputEntry><dmn:text>-</dmn:text></dmn:inputEntry>
        <dmn:inputEntry><dmn:text>-</dmn:text></dmn:inputEntry>
        <dmn:inputEntry><dmn:text>&gt;= 3</dmn:text></dmn:inputEntry>
        <dmn:outputEntry><dmn:text>"call back"</dmn:text></dmn:outputEntry>
        <dmn:outputEntry><dmn:text>30</dmn:text></dmn:outputEntry>
        <dmn:annotationEntry><dmn:text>not read</dmn:text></dmn:annotationEntry>
      </dmn:rule>
    </dmn:decisionTable>
  </dmn:decision>
</dmn:definitions>$dmn$::xml AS model;
SELECT jsonb_pretty(decision_table_from_dmn(model)::jsonb) FROM package;
SELECT a.* FROM package, policy_attributes(decision_table_from_dmn(model)) AS a;
-- a path finds a key of that name, or a member of a nested object
SELECT client, decide(decision_table_from_dmn(model), client)
FROM package, (VALUES (1, '{"Client": {"tier": "private", "date of birth": "1950-05-05"}, "Calls - last quarter": 4}'::jsonb),
                      (2, '{"Client.tier": "private", "Client.date of birth": "1950-05-05"}'), (3, '{"Client": {"tier": "mass"}, "Calls - last quarter": 3}'),
                      (4, '{"Client": null, "Calls - last quarter": 3}'), (5, '{"Client": ["tier"]}'), (6, '{"Client": {"tier": "gold", "date of birth": "1950-05-05"}}')) AS c(n, client) ORDER BY n;

-- Every namespace; decisions by name and id.
SELECT refused(model('<decision name="D" id="d"><decisionTable>' || input('x') || output(NULL) || rule('{>1}', '{2}') || '</decisionTable></decision>', namespace))
FROM (VALUES (1, 'http://www.omg.org/spec/DMN/20151101/dmn.xsd'), (2, 'http://www.omg.org/spec/DMN/20180521/MODEL/'), (3, 'https://www.omg.org/spec/DMN/20191111/MODEL/'),
             (4, 'https://www.omg.org/spec/DMN/20211108/MODEL/'), (5, 'https://www.omg.org/spec/DMN/20230324/MODEL/'), (6, 'http://www.omg.org/spec/DMN/20130901'), (7, '')) AS v(n, namespace) ORDER BY n;
CREATE TEMP TABLE several AS SELECT model(format('
  <decision name="Tier" id="d1"><variable name="Tier" typeRef="string"/><decisionTable>%1$s</decisionTable></decision>
  <decision name="Fee" id="d2"><variable name="Fee" typeRef="number"/><decisionTable>%2$s</decisionTable></decision>
  <decision name="Net" id="d3"><literalExpression><text>Fee * 0.9</text></literalExpression></decision>
  <decision name="Lookup" id="d4"><invocation><literalExpression><text>Rebate</text></literalExpression></invocation></decision>
  <decision name="Idea" id="d5"/>
  <decision name="Both" id="d6"><context/></decision><decision name="Both" id="d7"><context/></decision>
  <businessKnowledgeModel name="Rebate" id="b1"><variable name="Rebate"/><encapsulatedLogic typeRef="number">
    <formalParameter name="Years - of - service" typeRef="number"/><decisionTable>%3$s</decisionTable></encapsulatedLogic></businessKnowledgeModel>',
  input('Assets', 'number') || output(NULL) || rule('{>=1000}', '{"\"gold\""}'),
  input('Tier') || output(NULL) || rule('{"\"gold\""}', '{1.5}'),
  input('Years - of - service') || output(NULL) || rule('{> 5}', '{0.1}'))) AS model;
SELECT name, refused(model, name) FROM several, unnest('{NULL,Tier,d1,Fee,Rebate,b1,Net,d4,Idea,Both,Tire,""}'::text[]) WITH ORDINALITY AS n(name, o) ORDER BY o;
-- no decision is a table: the only business knowledge model that is one
SELECT refused(model('<businessKnowledgeModel name="B"><encapsulatedLogic><decisionTable>' || input('x') || output(NULL) || rule('{1}', '{2}') || '</decisionTable></encapsulatedLogic></businessKnowledgeModel>'));
SELECT decision_table_from_dmn(NULL) IS NULL AS no_model;

-- Cells of inputs.
SELECT test, refused(cell(test))::jsonb #>> '{rules,0,when,0}' AS read
FROM unnest(ARRAY['', '  ', '-', ' - ', '5', '-5', '- 5', '.5', '-.5', '007', '5.50', '1e3', '1.5E-3', '"a"', '"a","b"', '"a" , null', '"say \"hi\""', '"back\\slash"',
  '"tab\tnew\nreturn\rquote\''"', '"\u00e9\u4E2D"', '"\uD83D\uDE00 \U01F600"', '"<5"', '"-"', '"a, b"', 'true', 'false', 'true, false', 'null', 'null, 5', '< 5', '<5', '<=-5', '>5', '>= 5',
  '= 5', '="a"', '= null', '!= 5', '!="a"', '!= true', '!= null', '!= 5, != 6', '5, != 6', 'true, != true', '[1..10]', '(1..10)', '[1..10)', '(1..10]', ']1..10[', ']1..10]', '[1..10[', '[ 1 .. 10 ]', '[-1..-.5]',
  '[.5...75]', '< 1, > 10, 5', '[1..2], [4..5), null', 'not(5)', 'not( 5 , 6 )', 'not("a","b")', 'not(null)', 'not(null, 5)', 'not(< 0)', 'not([1..5], > 10)', 'not(!= 5)', 'not(!= 5, 6)',
  '< "m"', '["a".."f"]', 'not(["a".."f"])', '"a", > "x"', '> "q\"u\\o"', 'date("2024-02-29")', '< date("2024-02-29")', 'date( "2024-02-29" )', 'date(2024, 2, 29)', '[date("2024-01-01")..date("2024-12-31")]', 'not(date("2024-01-01"), date("2024-12-31"))',
  '@"2024-02-29"', '>= @"2024-02-29"', 'date and time("2024-02-29T10:00:00")', 'date  and  time("2024-02-29 10:00:00.25")', '> date and time("2024-02-29T10:00:00Z")', '@"2024-02-29T10:00:00+08:00"', '!= date("2024-02-29")']) WITH ORDINALITY AS t(test, n) ORDER BY n;
SELECT test, refused(cell(test))
FROM unnest(ARRAY['High', 'High, Low', '> limit', '[a..b]', 'Client.age', '?', '? > 5', 'date', 'dates', 'today()', 'date(today())', 'duration("P1D")', '> duration("P1Y")', '@"P1D"', '-@"P1D"', 'time("10:00:00")', '@"10:00:00"', '@"2024-02-29T10:00:00@Europe/Paris"',
  'list contains(?, "a")', 'contains(?, "a")', '5 + 1', '5 - 1', '5*2', '"a" + "b"', '< 5 and > 1', '5 or 6', '> 5 * 2', '[1+1..5]', '[1,2,3]', '["a"]', '{a: 1}', '(5)', '(1 + 2)', 'not(not(5))', 'not', 'not 5', 'not(5', 'not()', 'not(-)', 'not(5) x', '5 6', '5,', ', 5', '5,,6',
  '<', '<>5', '< <5', '=> 5', '== 5', '< null', '> true', '[1..]', '[..5]', '[1..5', '[1.5]', '1..5', '[null..5]', '[false..true]', '[1.."a"]', '[5..1]', '[5..5)', '"open', '"bad \x"', '"bad \u12"', '"bad \ud800"', '"bad \ud800\u0041"', '"bad \U110000"', '"nul \u0000"', '''a''', '“a”', '5.', '+5', '--5', '1e', '0x10', '1e999', 'date("2024-02-30")', 'date("29.02.2024")', 'date(2024, 2)', 'date(5)',
  'date("2024-02-29T10:00:00")', 'date and time("2024-02-29T25:00:00")', 'date and time(date("2024-02-29"), time("10:00:00"))', '"a", 5', '5, "a"', 'true, 1', 'date("2024-02-29"), 5', '!= null, 5', 'not(!= null, 5)', '-, 5', 'else', 'é', E'5\n  x']) WITH ORDINALITY AS t(test, n) ORDER BY n;

-- and what they take, of a few values
SELECT test, array_agg(x ORDER BY x) FILTER (WHERE decide_number(decision_table_from_dmn(cell(test, 'number')), jsonb_build_object('x', x)) = 1) AS takes
FROM unnest(ARRAY['-', '3', '< 3', '<= 3', '> 3', '>= 3', '= 3', '!= 3', '[2..4]', '(2..4)', '[2..4)', '(2..4]', ']2..4[', ']2..4]', '[2..4[', '1, [3..4], null', 'not(3)', 'not(< 2, > 3)', 'null', 'not(null)', '= null', '!= null']) WITH ORDINALITY AS t(test, n),
     unnest('{1,2,3,4,5,NULL}'::numeric[]) AS x GROUP BY n, test ORDER BY n;
SELECT test, array_agg(x ORDER BY x) FILTER (WHERE decide_number(decision_table_from_dmn(cell(test)), jsonb_build_object('x', x)) = 1) AS takes
FROM unnest(ARRAY['date("2024-02-29")', '< @"2024-02-29"', '[date("2024-01-01")..date("2024-02-29"))', 'not(date("2024-02-29"))', '!= date(2024, 2, 29)', '> date and time("2024-02-29T00:00:00")']) WITH ORDINALITY AS t(test, n),
     unnest('{2023-12-31,2024-01-01,2024-02-29,2024-02-29T12:00:00,2024-03-01,NULL}'::text[]) AS x GROUP BY n, test ORDER BY n;
SELECT test, array_agg(x ORDER BY x) FILTER (WHERE decide_number(decision_table_from_dmn(cell(test)), jsonb_build_object('x', x)) = 1) AS takes
FROM unnest(ARRAY['"b"', '"a", "c"', 'not("b")', '< "b"', '["a".."b"]', '("a".."c")', '"\u0062"', '!= "b"', '"b", null']) WITH ORDINALITY AS t(test, n),
     unnest('{a,b,bb,c,NULL}'::text[]) AS x GROUP BY n, test ORDER BY n;

-- Types: of FEEL, of tools, of the model.
SELECT type, refused(cell(test, type)) FROM (VALUES (1, 'number', '5'), (2, 'string', '"a"'), (3, 'boolean', 'true'), (4, 'date', '< date("2024-01-01")'), (5, 'date and time', '< date and time("2024-01-01T00:00:00")'), (6, 'dateTime', '< date("2024-01-01")'),
  (7, 'Any', '"a"'), (8, 'feel:number', '5'), (9, 'integer', '5'), (10, 'double', '5'), (11, '', '5'), (12, 'string', 'null'), (13, 'number', '-'),
  (21, 'number', '"5"'), (22, 'string', '5'), (23, 'string', '< 5'), (24, 'string', '[1..5]'), (25, 'boolean', '"true"'), (26, 'date', '"2024-01-01"'), (27, 'number', 'date("2024-01-01")'), (28, 'time', '-'), (29, 'dayTimeDuration', '-'), (30, 'years and months duration', '-'), (31, 'context', '-'),
  (32, 'tUnknown', '-')) AS v(n, type, test) ORDER BY n;
SELECT refused(dmn('', input('x') || output('y'), rule('{5}', '{1}') || rule('{"\"a\""}', '{2}'))) AS mixed_tests, refused(dmn('', input('x') || output('y'), rule('{5}', '{1}') || rule('{6}', '{"\"a\""}'))) AS mixed_results;
CREATE FUNCTION typed(type text, definitions text, test text DEFAULT '-') RETURNS text
RETURN refused(dmn('', input('x', type) || output('y'), rule(ARRAY[test], '{1}'), definitions));
SELECT typed('tA', '<itemDefinition name="tA"><typeRef>tB</typeRef></itemDefinition><itemDefinition name="tB"><typeRef>number</typeRef><allowedValues><text>[0..150]</text></allowedValues></itemDefinition>', '< 5');
SELECT typed('m:tA', '<itemDefinition name="tA"><typeRef>m:tB</typeRef><allowedValues><text>"a","b"</text></allowedValues></itemDefinition><itemDefinition name="tB"><typeRef>string</typeRef><allowedValues><text>"a","b","c"</text></allowedValues></itemDefinition>', '"a"');
SELECT typed('tA', '<itemDefinition name="tA"><typeRef>number</typeRef><typeConstraint><text>&gt;= 0, null</text></typeConstraint></itemDefinition>');
SELECT typed('tA', '<itemDefinition name="tA"><typeRef>string</typeRef></itemDefinition>', '5');
SELECT typed('tA', '<itemDefinition name="tA"><typeRef>tB</typeRef></itemDefinition><itemDefinition name="tB"><typeRef>tA</typeRef></itemDefinition>');
SELECT typed('tA', '<itemDefinition name="tA" isCollection="true"><typeRef>number</typeRef></itemDefinition>');
SELECT typed('tA', '<itemDefinition name="tA"><itemComponent name="age"><typeRef>number</typeRef></itemComponent></itemDefinition>');
SELECT typed('tA', '<itemDefinition name="tA"><functionItem/></itemDefinition>');
SELECT typed('tA', '<itemDefinition name="tA"><typeRef>tMissing</typeRef></itemDefinition>');
SELECT typed('tA', '<itemDefinition name="tA"><typeRef>number</typeRef><allowedValues><text>"a"</text></allowedValues></itemDefinition>');

-- of the declaration of the name, where the input has none or contradicts it
SELECT type, test, refused(dmn('', input('x', type) || output('y'), rule(ARRAY[test], '{1}'), '<inputData name="x"><variable name="x" typeRef="boolean"/></inputData>')) FROM (VALUES (1, NULL, 'true'), (2, 'string', 'true'), (3, 'string', '"a"'), (4, 'Any', '5')) AS v(n, type, test) ORDER BY n;
-- a type of an imported model does not matter where the input has one of its own
SELECT type, refused(dmn('', input('x.y', type) || output('y'), rule('{"\"a\""}', '{1}'), '<import name="other"/><inputData name="x"><variable name="x" typeRef="other.tX"/></inputData>')) FROM (VALUES (1, 'string'), (2, NULL)) AS v(n, type) ORDER BY n;

-- Names of inputs: of the model, or such as look like names.
CREATE FUNCTION named(name text, before text DEFAULT '') RETURNS text
RETURN refused(dmn('', input(name) || output('y'), rule('{-}', '{1}'), before));
SELECT name, named(name)::jsonb #>> '{inputs,0}' AS read FROM unnest('{x,Date of birth,client.age,client . address . city,_x1,größe,年龄}'::text[]) AS name;
SELECT name, named(name) FROM unnest(ARRAY['', ' ', '5', '"x"', 'x + 1', 'a-b', 'x > 5', 'f(x)', 'a and b', 'if x then 1 else 2', 'x[1]', 'x.', '.x', 'a..b', '5x', 'x?', 'null', 'today()', 'not x', repeat('x', 64)]) WITH ORDINALITY AS t(name, n) ORDER BY n;
SELECT name, named(name, '<inputData name="a-b"><variable name="a-b" typeRef="number"/></inputData><inputData name="profit and loss"/><inputData name="a.b" />') FROM unnest('{a-b,profit and loss,a-b.c,a.b,a - b,a-b.c + 1,a.b.c > 5}'::text[]) AS name;

-- Results.
SELECT result, refused(given(result))::jsonb #> '{rules,0,then,0}' AS read, refused(given(result))::jsonb #>> '{outputs,0,type}' AS type
FROM unnest(ARRAY['5', '-0.50', '"a \"b\" \u00e9"', 'true', 'null', '', 'date("2024-02-29")', 'date(2024,2,29)', '@"2024-02-29"']) WITH ORDINALITY AS t(result, n) ORDER BY n;
SELECT result, refused(given(result))
FROM unnest(ARRAY['-', 'x', 'x + 1', '1 + 1', '"a" + "b"', '1, 2', '[1, 2]', '{a: 1}', 'if x then 1 else 2', 'not(true)', '< 5', '[1..2]', '= 5', '"a" "b"', 'date and time("2024-02-29T10:00:00")', 'time("10:00:00")', 'upper case("a")', '1e999', '"open']) WITH ORDINALITY AS t(result, n) ORDER BY n;
SELECT type, refused(given(result, type)) FROM (VALUES (1, 'number', '5'), (2, 'string', '5'), (3, 'number', '"5"'), (4, 'boolean', '1'), (5, 'date', '"2024-01-01"'), (6, 'date', 'date("2024-01-01")'), (7, 'date and time', 'null'), (8, 'time', 'null'), (9, 'Any', '"a"'), (10, 'number', '')) AS v(n, type, result) ORDER BY n;
-- names, types and values of outputs
SELECT refused(dmn('', input('x') || output('a', 'number', NULL, '7') || output('b', 'string', '"v","w",null', '"w"'), rule('{1}', '{5,"\"v\""}') || rule('{2}', '{"","null"}')));
SELECT refused(dmn('', input('x') || output('a') || output(NULL), rule('{1}', '{5,6}'))) AS no_name, refused(dmn('', input('x') || output('a') || output('a'), rule('{1}', '{5,6}'))) AS twice;
SELECT refused(dmn('', input('x') || output('a', NULL, '"v","w"'), rule('{1}', '{"\"z\""}'))) AS not_allowed, refused(dmn('', input('x') || output('a', NULL, '"v","w"', '"z"'), rule('{1}', '{"\"v\""}'))) AS default_not_allowed,
       refused(dmn('', input('x') || output('a', NULL, '"v","v"'), rule('{1}', '{"\"v\""}'))) AS listed_twice, refused(dmn('', input('x') || output('a', 'number', '"v"'), rule('{1}', '{1}'))) AS other_type,
       refused(dmn('', input('x') || output('a', NULL, '"v'), rule('{1}', '{"\"v\""}'))) AS malformed;
-- allowed values that are tests hold or do not, once and for all
SELECT v.*, refused(dmn('', input('x') || output('a', NULL, allowed, otherwise), rule('{1}', ARRAY[result]))) FROM (VALUES ('[0..100]', '100', '0'), ('[0..100]', '', NULL), ('[0..100)', '100', NULL), ('[0..100]', '5', '101'), ('not("a")', '"b"', NULL), ('not("a")', '"a"', NULL), ('>= date("2024-01-01")', 'date("2024-01-01")', NULL),
  ('> date("2024-01-01")', 'date("2024-01-01")', NULL), ('< 5, true', '3', NULL)) AS v(allowed, result, otherwise);
-- of the type of the whole
SELECT refused(model('<itemDefinition name="tR"><itemComponent name="grade"><typeRef>tG</typeRef></itemComponent><itemComponent name="fee"><typeRef>number</typeRef></itemComponent></itemDefinition>
  <itemDefinition name="tG"><typeRef>string</typeRef><allowedValues><text>"A","B"</text></allowedValues></itemDefinition>
  <decision name="D"><variable name="D" typeRef="tR"/><decisionTable hitPolicy="PRIORITY">' || input('x') || output('grade') || output('fee') || output('note') || rule('{1}', '{"\"B\"",5,"\"x\""}') || rule('{-}', '{"\"A\"",6,"\"y\""}') || '</decisionTable></decision>'));
SELECT refused(model('<decision name="D"><variable name="D" typeRef="number"/><decisionTable>' || input('x') || output(NULL) || rule('{1}', '{"\"a\""}') || '</decisionTable></decision>'));

-- Hit policies.
SELECT policy, decide(decision_table_from_dmn(dmn(policy, input('x') || output('y', NULL, '30, 20, 10'), rule('{> 0}', '{10}') || rule('{> 5}', '{20}') || rule('{"> 0, null"}', '{10}') || rule('{> 8}', '{30}'))), jsonb_build_object('x', x)), x
FROM (VALUES (1, ''), (2, 'hitPolicy="UNIQUE"'), (3, 'hitPolicy="ANY"'), (4, 'hitPolicy="FIRST"'), (5, 'hitPolicy="PRIORITY"'), (6, 'hitPolicy="RULE ORDER"'), (7, 'hitPolicy="OUTPUT ORDER"'), (8, 'hitPolicy="COLLECT"'),
  (9, 'hitPolicy="COLLECT" aggregation="SUM"'), (10, 'hitPolicy="COLLECT" aggregation="MIN"'), (11, 'hitPolicy="COLLECT" aggregation="MAX"'), (12, 'hitPolicy="COLLECT" aggregation="COUNT"')) AS v(n, policy), (VALUES (9), (3), (NULL), (-1)) AS w(x) ORDER BY n, x DESC;
SELECT policy, refused(dmn(policy, input('x') || output('y'), rule('{1}', '{1}'))) FROM (VALUES (1, 'hitPolicy="unique"'), (2, 'hitPolicy="RULE_ORDER"'), (3, 'hitPolicy=""'), (4, 'hitPolicy="PRIORITY"'), (5, 'hitPolicy="OUTPUT ORDER"'), (6, 'hitPolicy="COLLECT" aggregation="AVG"'), (7, 'hitPolicy="FIRST" aggregation="SUM"'), (8, 'aggregation="SUM"')) AS v(n, policy) ORDER BY n;
SELECT refused(dmn('hitPolicy="COLLECT" aggregation="MIN"', input('x') || output('a') || output('b'), rule('{1}', '{1,2}'))), refused(dmn('hitPolicy="COLLECT" aggregation="SUM"', input('x') || output('a'), rule('{1}', '{"\"a\""}')));
-- a count is a number, whatever is counted
SELECT decide(decision_table_from_dmn(model('<decision name="D"><variable name="D" typeRef="number"/><decisionTable hitPolicy="COLLECT" aggregation="COUNT">' || input('x') || output(NULL) || rule('{1}', '{"\"a\""}') || rule('{-}', '{"\"b\""}') || '</decisionTable></decision>')), '{"x": 1}');
-- two outputs in order of priority, the first first
SELECT x, decide(decision_table_from_dmn(dmn('hitPolicy="PRIORITY"', input('x') || output('a', NULL, '"high","low"', '"low"') || output('b', NULL, '3,2,1'), rule('{> 0}', '{"\"low\"",3}') || rule('{> 1}', '{"\"high\"",1}') || rule('{> 2}', '{"\"high\"",2}'))), jsonb_build_object('x', x)) FROM generate_series(0, 3) AS x;

-- Malformed models.
SELECT n, refused(xml) FROM (VALUES
  (1, '<x/>'::xml), (2, '<definitions/>'), (3, '<definitions xmlns="urn:other"/>'), (4, model('')), (5, model('<decision/>')), (6, model('<decision name="D"/>')),
  (7, model('<decision name="D"><decisionTable/></decision>')), (8, model('<decision name="D"><decisionTable>' || output('y') || rule('{}', '{1}') || '</decisionTable></decision>')),
  (9, dmn('', input('x'), rule('{1}', '{}'))), (10, dmn('', input('x') || output('y'), '')), (11, dmn('', '<input/>' || output('y'), rule('{1}', '{1}'))), (12, dmn('', '<input><inputExpression/></input>' || output('y'), rule('{1}', '{1}'))),
  (13, dmn('', input('x') || output('y'), rule('{1,2}', '{1}'))), (14, dmn('', input('x') || output('y'), rule('{1}', '{1}') || rule('{1}', '{}'))), (15, dmn('', input('x') || input('z') || output('y'), rule('{1}', '{1}'))),
  (16, dmn('', input('x') || output('y'), '<rule><inputEntry/><outputEntry/></rule>')), (17, dmn('', input('x') || output('y'), '<rule><inputEntry expressionLanguage="urn:juel"><text>${x}</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>')),
  (18, dmn('', input('x') || output('y'), '<rule><inputEntry><text>1</text></inputEntry><outputEntry expressionLanguage="groovy"><text>1</text></outputEntry></rule>')),
  (19, dmn('', input('x') || output('y'), '<rule><inputEntry expressionLanguage="http://www.omg.org/spec/FEEL/20140401"><text>1</text></inputEntry><outputEntry expressionLanguage="feel"><text>1</text></outputEntry></rule>')),
  (20, dmn('', input('x') || output('y'), '<other:rule xmlns:other="urn:other"/>')), (21, dmn('', input('x', NULL, '[1..') || output('y'), rule('{1}', '{1}'))), (22, dmn('', input('x') || output('y', NULL, NULL, 'x'), rule('{1}', '{1}'))),
  (23, xmlparse(document '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" expressionLanguage="http://www.w3.org/1999/XPath"/>')), (24, model('<decision name="D"><decisionTable>' || input('x') || output(NULL) || rule('{1}', '{1}') || '</decisionTable><literalExpression/></decision>')),
  (25, dmn('', input('x') || input('x') || output('y'), rule('{1,"\"a\""}', '{1}'))), (26, dmn('', input('x') || output(repeat('y', 100)), rule('{1}', '{1}'))), (27, dmn('', input('x') || output('y'), rule('{1}', '{1}'), '<import name="other"/>')),
  (28, model('<businessKnowledgeModel name="B"/>')), (29, model('<decision name="D"><decisionTable>' || input('x') || output(NULL) || rule('{1}', '{1}') || '</decisionTable></decision><decision name="E"><decisionTable>' || input('x') || output(NULL) || rule('{1}', '{1}') || '</decisionTable></decision>')),
  (30, dmn('', '<input><inputExpression><text>x</text></inputExpression><inputvalues/></input>' || output('y'), rule('{1}', '{1}'))), (31, dmn('', input('x') || '<output name="y"><defaultOutputEntri/></output>', rule('{1}', '{1}'))),
  (32, dmn('', input('x') || output('y'), rule('{1}', '{1}') || '<rules/>')), (33, dmn('', input('x') || output('y'), '<rule><inputEntry><text>1</text></inputEntry><outputEntry><importedValues/></outputEntry></rule>')),
  (34, dmn('', input('x') || output('y'), '<rule><inputEntry><text>1</text></inputEntry><outputEntry><text>1</text></outputEntry><note/></rule>')), (35, dmn('', input('x') || output('y'), '<rule><extensionElements><note/></extensionElements><inputEntry><text>1</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>')),
  (36, dmn('', input('x') || output('y'), '<rule><inputEntry><text>1</text></inputEntry><outputEntry><literalExpression><text>1</text></literalExpression></outputEntry></rule>'))
) AS v(n, xml) ORDER BY n;
-- nothing within an element that decides is passed over
SELECT n, refused(xml) FROM (VALUES
  (1, dmn('', input('x') || output('y'), '<rule><inputEntry>5</inputEntry><outputEntry><text>1</text></outputEntry></rule>')), (2, dmn('', input('x') || output('y'), '<rule><inputEntry><text>5<b/></text></inputEntry><outputEntry><text>1</text></outputEntry></rule>')),
  (3, dmn('', input('x') || output('y'), '<rule><inputEntry><text>5</text><text>6</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>')), (4, dmn('', input('x') || output('y'), '<rule note="n"><inputEntry><text>5</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>')),
  (5, dmn('hitpolicy="FIRST"', input('x') || output('y'), rule('{1}', '{1}'))), (6, dmn('', '<input>x<inputExpression><text>x</text></inputExpression></input>' || output('y'), rule('{1}', '{1}'))),
  (7, dmn('', '<input><inputExpression><text>x</text></inputExpression><inputValues><text>1</text></inputValues><inputValues><text>2</text></inputValues></input>' || output('y'), rule('{1}', '{1}'))),
  (8, dmn('', '<input><inputExpression><text>x</text></inputExpression><inputValues>1, 2</inputValues></input>' || output('y'), rule('{1}', '{1}'))),
  (9, dmn('', input('x') || '<output><outputValues><text>1</text></outputValues><outputValues><text>2</text></outputValues></output>', rule('{1}', '{1}'))),
  (10, dmn('', input('x') || '<output><defaultOutputEntry><text>1</text></defaultOutputEntry><defaultOutputEntry><text>2</text></defaultOutputEntry></output>', rule('{1}', '{1}'))),
  (11, dmn('xmlns:t="urn:tool" t:color="red"', input('x') || output('y'), rule('{1}', '{1}')))
) AS v(n, xml) ORDER BY n;
-- numbers out of range are found where they stand; a zero is a zero, whatever its exponent
SELECT refused(cell('[1..1e999]')) AS huge, refused(given('1e-999999999')) AS tiny, refused(dmn('', input('x') || output('y', NULL, '< 5'), rule('{-0e-999999999}', '{0e-999999999}'))) AS zero;
-- a decision and a business knowledge model of one name are told apart by id
SELECT refused(model('<decision name="A" id="a1"><invocation/></decision><businessKnowledgeModel name="A" id="a2"><encapsulatedLogic><decisionTable>' || input('x') || output(NULL) || rule('{1}', '{1}') || '</decisionTable></encapsulatedLogic></businessKnowledgeModel>'), asked) FROM unnest('{A,a2}'::text[]) AS asked;
-- XML that is refused before it is a model
SET xmloption = content;
SELECT refused('text'::xml) AS no_document, refused('<a/><b/>'::xml) AS two_documents;
SET xmloption = document;
SELECT refused('<!DOCTYPE d [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/"><decision name="&c;"/></definitions>'::xml) AS entities;
SELECT refused('<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/"><decision name="D">&a;</decision></definitions>'::xml) AS external_entity;
SELECT refused(model(repeat('<!-- ' || repeat('x', 1024 * 1024) || ' -->', 10))) AS ten_megabytes;
\set VERBOSITY terse
SELECT '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/">'::xml;
\set VERBOSITY default
-- a table of 2000 rules
SELECT jsonb_array_length(decision_table_from_dmn(dmn('', input('x') || output('y'), string_agg(rule(ARRAY['[' || i || '..' || i + 1 || ')'], ARRAY[i::text]), '' ORDER BY i)))::jsonb -> 'rules') AS rules FROM generate_series(1, 2000) AS i;

-- The other way: a table as a model.
SELECT decision_table_to_dmn('{"name": "fee", "description": "What is < 5 & \"free\"", "hit_policy": "collect", "aggregation": "min", "inputs": ["assets", {"attribute": "tier", "label": "Tier \"of\" the client", "values": ["mass", "private", null]}, "since"],
  "outputs": [{"name": "rate", "default": 1.5}], "rules": [{"name": "rich", "description": "R&D", "when": ["[1000..5000), > 10000", {"not": ["mass"]}, "< 2020-01-01"], "then": [0.5]}, {"when": [null, ["say \"hi\"\\", "\u0001\n\u00e9"], "not(2024-02-29, null)"], "then": [null]}]}');
SELECT decision_table_from_dmn(decision_table_to_dmn('{"inputs": ["x"], "outputs": ["y"], "rules": [{"when": [["\u0001\n\u00e9 \t"]], "then": ["\"\\"]}]}'));
SELECT decision_table_to_dmn('{"inputs": ["at", "since"], "outputs": [{"name": "day", "type": "date", "values": ["2024-01-02", "2024-01-01"]}, "yes"], "rules": [{"when": [">= 2024-02-29T10:00:00.5+08:00", "2024-02-29T10:00:00"], "then": ["2024-01-01", true]}, {"when": ["-", "-"], "then": [null, null]}]}');
SELECT decision_table_to_dmn('{"inputs": ["kinds"], "outputs": ["y"], "rules": [{"when": [{"contains": ["stock"]}], "then": [1]}]}');
SELECT decision_table_to_dmn('{"inputs": ["two  blanks"], "outputs": ["y"], "rules": [{"when": [1], "then": [1]}]}');
SELECT decision_table_to_dmn('{"inputs": ["x"], "outputs": [" y"], "rules": [{"when": [1], "then": [1]}]}');
SELECT decision_table_to_dmn('{"description": "bell \u0007", "inputs": ["x"], "outputs": ["y"], "rules": [{"when": [1], "then": [1]}]}');

-- Random tables of every hit policy decide alike after the way there and back, and the second model is the first.
SELECT setseed(0.5);
CREATE FUNCTION pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;
CREATE FUNCTION random_table(n int) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT format('{"name": "table %s", "hit_policy": %s, "inputs": ["n", "t", {"attribute": "b", "values": %s}, "d", {"attribute": "n", "label": "n again", "values": %s}], "outputs": [{"name": "x", "values": [30, 20.5, 10]%s}%s], "rules": [%s]}',
    n, policy, pick('"-"', '[true, null]', 'false'), pick('"-"', '"[0..9]"', '"< 8, null"'), pick('', ', "default": 10'), CASE WHEN policy LIKE '%aggregation%' THEN '' ELSE ', "y", {"name": "z", "type": "date"}' END,
    (SELECT string_agg(left('', g) || format('{"when": [%s, %s, %s, %s, %s], "then": [%s%s]}',
       pick('"-"', '5', '"< 5"', '"[1..7)"', '"(1..3], ]5..7["', '"not(3)"', '"> 7, null"', '[1, 2, null]', 'null', '{"not": [4, 5]}', '"not(null)"', '"not(< 2, > 8)"'),
       pick('"-"', '["a"]', '["a", "b&<c>"]', '{"not": ["a"]}', '"\"b&<c>\", null"', '"> \"a\""', '"[\"a\"..\"b\")"', 'null', '["q\"\\"]'),
       pick('"-"', 'true', 'false', '[true, null]', '{"not": [true]}', 'null'),
       pick('"-"', '"< 2024-06-01"', '"[2024-01-01..2024-03-01)"', '"2024-05-05"', '"@\"2024-05-05\", null"', '"not(>= date(\"2024-05-05\"))"', 'null'),
       pick('"-"', '"-"', '"-"', '"> 2"', '"<= 6"'),
       pick('10', '20.5', '30', 'null'), CASE WHEN policy LIKE '%aggregation%' THEN '' ELSE ', ' || pick('"p"', '"q & r"', 'null') || ', ' || pick('"2024-01-01"', '"2024-12-31"', 'null') END), ', ') FROM generate_series(1, 1 + floor(random() * 6)::int + n * 0) AS g))
  FROM (SELECT pick('"unique"', '"any"', '"first"', '"priority"', '"rule_order"', '"output_order"', '"collect"', '"collect", "aggregation": "sum"', '"collect", "aggregation": "min"', '"collect", "aggregation": "max"') AS policy OFFSET n * 0) AS p
$$;
CREATE TEMP TABLE round_trip AS SELECT t AS made, decision_table_from_dmn(decision_table_to_dmn(t)) AS back FROM (SELECT random_table(n)::decision_table AS t FROM generate_series(1, 300) AS n OFFSET 0) AS r;
CREATE TEMP TABLE given_row AS SELECT n, t, b, d FROM unnest('{0,1,2,3,4.5,5,7,9,NULL}'::numeric[]) AS n, unnest('{a,b,b&<c>,"q\"\\",NULL}'::text[]) AS t, unnest('{true,false,NULL}'::bool[]) AS b, unnest('{2024-01-01,2024-03-01,2024-05-05,2024-12-31,NULL}'::date[]) AS d;
SELECT count(DISTINCT made::text) > 250 AS many_tables, count(DISTINCT decide(made, r)) > 20 AS many_results, count(*) FILTER (WHERE decide(made, r) IS DISTINCT FROM decide(back, r)) AS differ FROM round_trip, given_row AS r;
SELECT count(*) FILTER (WHERE decision_table_to_dmn(made)::text <> decision_table_to_dmn(back)::text) AS differ FROM round_trip;
