-- Scorecards from PMML: each feature with scores worked out by hand, and what is refused.
SET search_path = crm, public;
SET datestyle = ISO;

-- A file of one scorecard, from its parts.
CREATE FUNCTION pg_temp.pmml_file(fields text, mining text, characteristics text, card text DEFAULT '', transformations text DEFAULT '', inside text DEFAULT '') RETURNS xml
LANGUAGE sql AS $$
  SELECT xmlparse(DOCUMENT format('<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary>%s</DataDictionary>%s'
    '<Scorecard modelName="card" functionName="regression" %s><MiningSchema>%s</MiningSchema>%s<Characteristics>%s</Characteristics></Scorecard></PMML>',
    fields, transformations, card, mining, inside, characteristics)) $$;
-- The usual fields: a number x, a number y, a text s, a boolean b, a day d.
CREATE FUNCTION pg_temp.pmml(characteristics text, card text DEFAULT 'useReasonCodes="false"', transformations text DEFAULT '', inside text DEFAULT '') RETURNS xml
LANGUAGE sql AS $$
  SELECT pg_temp.pmml_file('<DataField name="x" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="integer"/>'
    '<DataField name="s" optype="categorical" dataType="string"/><DataField name="b" optype="categorical" dataType="boolean"/><DataField name="d" optype="continuous" dataType="date"/>',
    '<MiningField name="x"/><MiningField name="y"/><MiningField name="s"/><MiningField name="b"/><MiningField name="d"/>', characteristics, card, transformations, inside) $$;
-- What a predicate gives: 1 where it matches, 0 where it does not.
CREATE FUNCTION pg_temp.matches(predicate text, "row" jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT score(scorecard_from_pmml(pg_temp.pmml(format('<Characteristic><Attribute partialScore="1">%s</Attribute><Attribute partialScore="0"><True/></Attribute></Characteristic>', predicate))), "row")::text $$;
CREATE FUNCTION pg_temp.problem(model xml, name text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  message text; detail text; hint text; code text;
BEGIN
  PERFORM scorecard_from_pmml(model, name);
  RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, code = RETURNED_SQLSTATE;
  RETURN concat_ws(E'\n  ', code || ' ' || message, nullif(detail, ''), nullif(hint, ''));
END $$;

-- The sample of the specification (PMML 4.4, Scorecard): 3 + 0 + 26 points; RC2 lacks 18 of its baseline, RC1 16, RC3 nothing.
CREATE TEMP TABLE sample AS SELECT scorecard_from_pmml(pg_temp.pmml_file(
  '<DataField name="department" dataType="string" optype="categorical"/><DataField name="age" dataType="integer" optype="continuous"/><DataField name="income" dataType="double" optype="continuous"/><DataField name="overall" dataType="double" optype="continuous"/>',
  '<MiningField name="department" invalidValueTreatment="asMissing"/><MiningField name="age" usageType="active" invalidValueTreatment="asMissing"/><MiningField name="income" invalidValueTreatment="asMissing"/><MiningField name="overall" usageType="predicted"/>',
  '<Characteristic name="departmentScore" reasonCode="RC1" baselineScore="19">
     <Attribute partialScore="-9"><SimplePredicate field="department" operator="isMissing"/></Attribute>
     <Attribute partialScore="19"><SimplePredicate field="department" operator="equal" value="marketing"/></Attribute>
     <Attribute partialScore="3"><SimplePredicate field="department" operator="equal" value="engineering"/></Attribute>
     <Attribute partialScore="6"><SimplePredicate field="department" operator="equal" value="business"/></Attribute>
   </Characteristic>
   <Characteristic name="ageScore" reasonCode="RC2" baselineScore="18">
     <Attribute partialScore="-1"><SimplePredicate field="age" operator="isMissing"/></Attribute>
     <Attribute partialScore="-3"><SimplePredicate field="age" operator="lessOrEqual" value="18"/></Attribute>
     <Attribute partialScore="0"><CompoundPredicate booleanOperator="and"><SimplePredicate field="age" operator="greaterThan" value="18"/><SimplePredicate field="age" operator="lessOrEqual" value="29"/></CompoundPredicate></Attribute>
     <Attribute partialScore="12"><CompoundPredicate booleanOperator="and"><SimplePredicate field="age" operator="greaterThan" value="29"/><SimplePredicate field="age" operator="lessOrEqual" value="39"/></CompoundPredicate></Attribute>
     <Attribute partialScore="18"><SimplePredicate field="age" operator="greaterThan" value="39"/></Attribute>
   </Characteristic>
   <Characteristic name="incomeScore" reasonCode="RC3" baselineScore="10">
     <Attribute partialScore="5"><SimplePredicate field="income" operator="isMissing"/></Attribute>
     <Attribute><SimplePredicate field="income" operator="lessOrEqual" value="1000"/>
       <ComplexPartialScore><Apply function="+"><Apply function="*"><Constant>0.03</Constant><FieldRef field="income"/></Apply><Constant>11</Constant></Apply></ComplexPartialScore></Attribute>
     <Attribute partialScore="5"><CompoundPredicate booleanOperator="and"><SimplePredicate field="income" operator="greaterThan" value="1000"/><SimplePredicate field="income" operator="lessOrEqual" value="2500"/></CompoundPredicate></Attribute>
     <Attribute partialScore="-3"><SimplePredicate field="income" operator="greaterThan" value="2500"/></Attribute>
   </Characteristic>', 'useReasonCodes="true" reasonCodeAlgorithm="pointsBelow" initialScore="0" baselineMethod="other"')) AS card;
SELECT r.*, score(card, r), reason_codes(card, r, 3) FROM sample,
  (VALUES ('engineering', 25, 500.0), ('marketing', 40, 1000), ('business', 18, 2500.01), (NULL, NULL, NULL), ('sales', 30, 1000)) AS r(department, age, income);
SELECT card FROM sample;
SELECT d.* FROM sample, score_detail(card, '{"department": "engineering", "age": 25, "income": 500}') AS d;
SELECT a.* FROM sample, policy_attributes(card) AS a;

-- Every operator, on missing values too: what is asked of them is unknown.
SELECT p AS predicate, string_agg(coalesce(pg_temp.matches(p, r), '-'), ' ' ORDER BY o) AS "{} 4 5 6"
FROM unnest(ARRAY['<SimplePredicate field="x" operator="equal" value="5"/>', '<SimplePredicate field="x" operator="notEqual" value="5"/>',
  '<SimplePredicate field="x" operator="lessThan" value="5"/>', '<SimplePredicate field="x" operator="lessOrEqual" value="+5.0"/>', '<SimplePredicate field="x" operator="greaterThan" value="5e0"/>',
  '<SimplePredicate field="x" operator="greaterOrEqual" value=" 5 "/>', '<SimplePredicate field="x" operator="isMissing"/>', '<SimplePredicate field="x" operator="isNotMissing"/>',
  '<SimpleSetPredicate field="x" booleanOperator="isIn"><Array n="2" type="real">4 6.0</Array></SimpleSetPredicate>', '<SimpleSetPredicate field="x" booleanOperator="isNotIn"><Array type="int">4 6</Array></SimpleSetPredicate>',
  '<True/>', '<False/>',
  '<CompoundPredicate booleanOperator="and"><SimplePredicate field="x" operator="lessThan" value="6"/><SimplePredicate field="x" operator="greaterThan" value="4"/></CompoundPredicate>',
  '<CompoundPredicate booleanOperator="and"><SimplePredicate field="x" operator="lessThan" value="4"/><SimplePredicate field="x" operator="greaterThan" value="5"/></CompoundPredicate>',
  '<CompoundPredicate booleanOperator="or"><SimplePredicate field="x" operator="isMissing"/><SimplePredicate field="x" operator="greaterThan" value="5"/></CompoundPredicate>',
  '<CompoundPredicate booleanOperator="or"><SimplePredicate field="x" operator="notEqual" value="4"/><False/></CompoundPredicate>',
  '<CompoundPredicate booleanOperator="and"><True/><SimplePredicate field="x" operator="notEqual" value="4"/></CompoundPredicate>',
  '<CompoundPredicate booleanOperator="xor"><SimplePredicate field="x" operator="lessOrEqual" value="5"/><SimplePredicate field="x" operator="greaterOrEqual" value="5"/></CompoundPredicate>',
  '<CompoundPredicate booleanOperator="xor"><True/><SimplePredicate field="x" operator="equal" value="5"/></CompoundPredicate>',
  '<CompoundPredicate booleanOperator="surrogate"><SimplePredicate field="x" operator="equal" value="5"/><True/></CompoundPredicate>',
  '<CompoundPredicate booleanOperator="surrogate"><SimplePredicate field="x" operator="equal" value="5"/><SimplePredicate field="y" operator="equal" value="5"/></CompoundPredicate>']) WITH ORDINALITY AS t(p, n),
  unnest(ARRAY['{}', '{"x": 4}', '{"x": 5}', '{"x": 6}']::jsonb[]) WITH ORDINALITY AS u(r, o) GROUP BY n, p ORDER BY n;
-- two fields: xor is unknown if one is; a surrogate steps in where the first is unknown, not where it is false
SELECT p AS predicate, string_agg(pg_temp.matches(p, r), ' ' ORDER BY o) AS "{} x y xy x!y"
FROM unnest(ARRAY['and', 'or', 'xor', 'surrogate']) WITH ORDINALITY AS t(op, n),
  format('<CompoundPredicate booleanOperator="%s"><SimplePredicate field="x" operator="equal" value="1"/><SimplePredicate field="y" operator="equal" value="1"/></CompoundPredicate>', op) AS p,
  unnest(ARRAY['{}', '{"x": 1}', '{"y": 1}', '{"x": 1, "y": 1}', '{"x": 1, "y": 2}']::jsonb[]) WITH ORDINALITY AS u(r, o) GROUP BY n, p ORDER BY n;
-- an odd number of three; nested
SELECT a, b, c, pg_temp.matches(format('<CompoundPredicate booleanOperator="xor"><SimplePredicate field="x" operator="equal" value="1"/><SimplePredicate field="y" operator="equal" value="1"/><SimplePredicate field="b" operator="equal" value="true"/></CompoundPredicate>'),
  jsonb_build_object('x', a, 'y', b, 'b', c = 1)) AS xor,
  pg_temp.matches('<CompoundPredicate booleanOperator="or"><CompoundPredicate booleanOperator="and"><SimplePredicate field="x" operator="equal" value="1"/><CompoundPredicate booleanOperator="xor"><SimplePredicate field="y" operator="equal" value="1"/><SimplePredicate field="b" operator="equal" value="1"/></CompoundPredicate></CompoundPredicate><False/></CompoundPredicate>',
  jsonb_build_object('x', a, 'y', b, 'b', c = 1)) AS nested
FROM generate_series(0, 1) AS a, generate_series(0, 1) AS b, generate_series(0, 1) AS c ORDER BY 1, 2, 3;
-- texts: blanks, quotes and backslashes in arrays; text by its bytes; days
SELECT pg_temp.matches('<SimpleSetPredicate field="s" booleanOperator="isIn"><Array n="4" type="string">plain "two words" "with \"quotes\"" "back\\slash"</Array></SimpleSetPredicate>', jsonb_build_object('s', v)) AS matches, v
FROM unnest(ARRAY['plain', 'two words', 'with "quotes"', 'back\slash', 'two', 'Plain', '']) AS v;
SELECT pg_temp.matches('<SimplePredicate field="s" operator="equal" value="say &quot;5 &lt; 6&quot; \ or é"/>', jsonb_build_object('s', 'say "5 < 6" \ or é'));
SELECT v, pg_temp.matches('<CompoundPredicate booleanOperator="and"><SimplePredicate field="d" operator="greaterOrEqual" value="2026-01-31"/><SimplePredicate field="d" operator="lessThan" value="2026-02-28"/></CompoundPredicate>', jsonb_build_object('d', v))
FROM unnest(ARRAY['2026-01-30', '2026-01-31', '2026-02-27', '2026-02-28', NULL]) AS v;

-- The first Attribute that matches counts; none makes the score NULL.
SELECT x, score(scorecard_from_pmml(pg_temp.pmml('<Characteristic><Attribute partialScore="1"><SimplePredicate field="x" operator="lessThan" value="10"/></Attribute>
  <Attribute partialScore="2"><SimplePredicate field="x" operator="lessThan" value="20"/></Attribute><Attribute partialScore="3"><SimplePredicate field="x" operator="lessThan" value="5"/></Attribute></Characteristic>')), jsonb_build_object('x', x))
FROM unnest(ARRAY[1, 10, 19, 20, NULL]) AS x;

-- Computed points: what is missing makes them missing, unless something is mapped to it.
CREATE FUNCTION pg_temp.computes(expression text, "row" jsonb, transformations text DEFAULT '') RETURNS float8 LANGUAGE sql AS $$
  SELECT score(scorecard_from_pmml(pg_temp.pmml(format('<Characteristic><Attribute partialScore="99"><True/><ComplexPartialScore>%s</ComplexPartialScore></Attribute></Characteristic>', expression), transformations => transformations)), "row") $$;
SELECT e AS expression, string_agg(coalesce(pg_temp.computes(e, r)::text, '-'), ' ' ORDER BY o) AS "{} (7) (7,2) (7,0)"
FROM unnest(ARRAY['<FieldRef field="x"/>', '<Constant dataType="double">2.5</Constant>', '<Apply function="+"><FieldRef field="x"/><FieldRef field="y"/></Apply>',
  '<Apply function="-"><FieldRef field="x"/><FieldRef field="y"/></Apply>', '<Apply function="*"><FieldRef field="x"/><FieldRef field="y"/></Apply>', '<Apply function="/"><FieldRef field="x"/><FieldRef field="y"/></Apply>',
  '<Apply function="+"><FieldRef field="x" mapMissingTo="100"/><FieldRef field="y" mapMissingTo="10"/></Apply>', '<Apply function="+" mapMissingTo="-1"><FieldRef field="x"/><FieldRef field="y"/></Apply>',
  '<Apply function="/" defaultValue="-2"><FieldRef field="x"/><FieldRef field="y"/></Apply>', '<Apply function="/" mapMissingTo="-3"><FieldRef field="x"/><Constant>2</Constant></Apply>',
  '<Apply function="*"><Apply function="-"><Constant>1</Constant><FieldRef field="x"/></Apply><Apply function="/"><FieldRef field="x"/><Constant>-2</Constant></Apply></Apply>']) WITH ORDINALITY AS t(e, n),
  unnest(ARRAY['{}', '{"x": 7}', '{"x": 7, "y": 2}', '{"x": 7, "y": 0}']::jsonb[]) WITH ORDINALITY AS u(r, o) GROUP BY n, e ORDER BY n;

-- Derived fields and functions of the file, where they are used: aliases in predicates, the four operations in points.
SELECT pg_temp.computes('<FieldRef field="twice"/>', '{"x": 3, "y": 4}', t) AS twice, pg_temp.computes('<Apply function="mean"><FieldRef field="x"/><FieldRef field="also_y"/></Apply>', '{"x": 3, "y": 4}', t) AS mean,
  pg_temp.computes('<FieldRef field="sum"/>', '{"x": 3}', t) AS sum_of_missing
FROM (VALUES ('<TransformationDictionary>
  <DefineFunction name="mean" optype="continuous" dataType="double"><ParameterField name="a"/><ParameterField name="b"/><Apply function="/"><Apply function="+"><FieldRef field="a"/><FieldRef field="b"/></Apply><Constant>2</Constant></Apply></DefineFunction>
  <DefineFunction name="same" optype="continuous" dataType="double"><ParameterField name="x"/><FieldRef field="x"/></DefineFunction>
  <DefineFunction name="not used" optype="categorical"><ParameterField name="x"/><TextIndex textField="x"/></DefineFunction>
  <DerivedField name="sum" optype="continuous" dataType="double"><Apply function="+"><FieldRef field="x"/><FieldRef field="also_y"/></Apply></DerivedField>
  <DerivedField name="twice" optype="continuous" dataType="double"><Apply function="*"><Constant dataType="integer">2</Constant><FieldRef field="sum"/></Apply></DerivedField>
  <DerivedField name="also_y" optype="continuous" dataType="integer"><Apply function="same"><FieldRef field="y"/></Apply></DerivedField>
  <DerivedField name="not used either" optype="continuous" dataType="double"><NormContinuous field="x"/></DerivedField></TransformationDictionary>')) AS v(t);
SELECT scorecard_from_pmml(pg_temp.pmml('<Characteristic><Attribute partialScore="1"><SimplePredicate field="alias" operator="lessThan" value="5"/></Attribute></Characteristic>', inside =>
  '<LocalTransformations><DerivedField name="alias" optype="continuous" dataType="double"><FieldRef field="x"/></DerivedField></LocalTransformations>'));

-- Reason codes: below or above, of the attribute before the characteristic, added up by code, none where they are not used.
CREATE FUNCTION pg_temp.reasons(card text) RETURNS scorecard LANGUAGE sql AS $$
  SELECT scorecard_from_pmml(pg_temp.pmml('<Characteristic name="a" reasonCode="A" baselineScore="10"><Attribute partialScore="4" reasonCode="A1"><SimplePredicate field="x" operator="lessThan" value="5"/></Attribute><Attribute partialScore="14"><True/></Attribute></Characteristic>
  <Characteristic name="b" reasonCode="B"><Attribute partialScore="0"><SimplePredicate field="y" operator="lessThan" value="5"/></Attribute><Attribute partialScore="6"><True/></Attribute></Characteristic>
  <Characteristic name="c" reasonCode="B" baselineScore="2"><Attribute partialScore="-2"><SimplePredicate field="y" operator="lessThan" value="3"/></Attribute><Attribute partialScore="3"><True/></Attribute></Characteristic>', card)) $$;
SELECT card, r, score(pg_temp.reasons(card), r), reason_codes(pg_temp.reasons(card), r, 9)
FROM unnest(ARRAY['baselineScore="5"', 'baselineScore="5" reasonCodeAlgorithm="pointsAbove" initialScore="0.5"', 'useReasonCodes="false"']) WITH ORDINALITY AS t(card, n), unnest(ARRAY['{"x": 1, "y": 1}', '{"x": 1, "y": 9}', '{"x": 9, "y": 9}', '{"x": 9, "y": 4}']::jsonb[]) WITH ORDINALITY AS u(r, o) ORDER BY n, o;

-- Missing and invalid values, by declaration of the field and of its use.
CREATE FUNCTION pg_temp.treated(field text, mining text, "row" jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(score(scorecard_from_pmml(pg_temp.pmml_file('<DataField name="x" ' || field || '</DataField>', '<MiningField name="x" ' || mining || '/>',
    '<Characteristic name="of one"><Attribute partialScore="1"><SimplePredicate field="x" operator="isMissing"/></Attribute><Attribute partialScore="2"><SimplePredicate field="x" operator="equal" value="5"/></Attribute><Attribute partialScore="3"><True/></Attribute></Characteristic>
     <Characteristic name="of several"><Attribute partialScore="10"><CompoundPredicate booleanOperator="surrogate"><SimplePredicate field="x" operator="equal" value="5"/><True/></CompoundPredicate></Attribute><Attribute partialScore="20"><True/></Attribute></Characteristic>'
    || CASE WHEN field LIKE '%double%' THEN '<Characteristic name="points"><Attribute><True/><ComplexPartialScore><Apply function="*"><Constant>100</Constant><FieldRef field="x" mapMissingTo="0"/></Apply></ComplexPartialScore></Attribute></Characteristic>' ELSE '' END,
    'useReasonCodes="false"')), "row")::text, '-') $$;
SELECT f AS field, m AS mining, string_agg(pg_temp.treated(f, m, r), ' ' ORDER BY o) AS "{} 5 6 7 -1"
FROM unnest(ARRAY['optype="continuous" dataType="double">', 'optype="continuous" dataType="double"><Interval closure="closedOpen" leftMargin="0" rightMargin="7"/>',
    'optype="continuous" dataType="double"><Interval closure="openClosed" leftMargin="0" rightMargin="6"/><Value value="-1" property="missing"/>', 'optype="categorical" dataType="double"><Value value="5"/><Value value="6"/><Value value="-1" property="missing"/>',
    'optype="continuous" dataType="double"><Value value="6" property="invalid"/>', 'optype="continuous" dataType="double"><Interval closure="openOpen" leftMargin="5.5"/><Value value="5"/>']) WITH ORDINALITY AS a(f, n),
  unnest(ARRAY['', 'invalidValueTreatment="asIs"', 'invalidValueTreatment="asMissing"', 'invalidValueTreatment="asValue" invalidValueReplacement="5"', 'missingValueReplacement="5" missingValueTreatment="asMean"',
    'missingValueReplacement="6" invalidValueTreatment="asMissing"', 'missingValueTreatment="returnInvalid" invalidValueTreatment="asMissing"']) WITH ORDINALITY AS b(m, k),
  unnest(ARRAY['{}', '{"x": 5}', '{"x": 6}', '{"x": 7}', '{"x": -1}']::jsonb[]) WITH ORDINALITY AS u(r, o) GROUP BY n, k, f, m ORDER BY n, k;
SELECT m AS mining, string_agg(pg_temp.treated('optype="categorical" dataType="string"><Value value="5"/><Value value="6"/>', m, r), ' ' ORDER BY o) AS "{} 5 6 7"
FROM unnest(ARRAY['', 'invalidValueTreatment="asMissing"', 'invalidValueTreatment="asValue" invalidValueReplacement="5"', 'missingValueReplacement="5"']) WITH ORDINALITY AS b(m, k),
  unnest(ARRAY['{}', '{"x": "5"}', '{"x": "6"}', '{"x": "7"}']::jsonb[]) WITH ORDINALITY AS u(r, o) GROUP BY k, m ORDER BY k;
-- what an input refuses is in the detail
SELECT d.* FROM score_detail(scorecard_from_pmml(pg_temp.pmml_file('<DataField name="x" optype="continuous" dataType="double"><Interval closure="closedClosed" leftMargin="0"/></DataField>', '<MiningField name="x"/>',
  '<Characteristic name="a"><Attribute partialScore="1"><True/></Attribute><Attribute partialScore="2"><SimplePredicate field="x" operator="isMissing"/></Attribute></Characteristic>', 'useReasonCodes="false" initialScore="7"')), '{"x": -3}') AS d;

-- Several models: by name.
CREATE TEMP TABLE several AS SELECT xmlparse(DOCUMENT replace(replace(pg_temp.pmml('<Characteristic><Attribute partialScore="1"><True/></Attribute></Characteristic>')::text, '</PMML>',
  '<Scorecard modelName="other"><MiningSchema/><Characteristics><Characteristic><Attribute partialScore="2"><True/></Attribute></Characteristic></Characteristics></Scorecard><TreeModel modelName="tree"/></PMML>'), '<Header/>', '<Header/><Extension name="x"><Anything/></Extension>')) AS x;
SELECT score(scorecard_from_pmml(x, 'card'), '{}') AS card, score(scorecard_from_pmml(x, 'other'), '{}') AS other, scorecard_from_pmml(NULL) AS nothing, scorecard_from_pmml(NULL, 'other') AS nothing_named FROM several;
SELECT pg_temp.problem(x) FROM several UNION ALL SELECT pg_temp.problem(x, 'third') FROM several UNION ALL SELECT pg_temp.problem(x, 'tree') FROM several;
-- a prefix is as good as a default namespace; comments, CDATA and processing instructions do no harm
SELECT score(scorecard_from_pmml('<?xml version="1.0" encoding="UTF-8"?><!-- a card --><?style x?><p:PMML xmlns:p="http://www.dmg.org/PMML-4_1" version="4.1"><p:Header/><p:DataDictionary><p:DataField name="s" optype="categorical" dataType="string"/></p:DataDictionary>
  <p:Scorecard functionName="regression"><p:MiningSchema><p:MiningField name="s"/></p:MiningSchema><p:Characteristics><p:Characteristic><p:Attribute partialScore="1"><p:SimpleSetPredicate field="s" booleanOperator="isIn">
  <p:Array type="string">a <!-- not --> <![CDATA["<b c>"]]> d</p:Array></p:SimpleSetPredicate></p:Attribute></p:Characteristic></p:Characteristics></p:Scorecard></p:PMML>'), r)
FROM unnest(ARRAY['{"s": "a"}', '{"s": "<b c>"}', '{"s": "d"}', '{"s": "not"}']::jsonb[]) AS r;

-- What is no PMML.
SELECT n, pg_temp.problem(x) FROM (VALUES
  (1, '<Scorecard xmlns="http://www.dmg.org/PMML-4_4"/>'::xml),
  (2, '<PMML/>'), (3, '<PMML xmlns="http://www.dmg.org/PMML-3_2"/>'), (4, '<PMML xmlns="http://www.dmg.org/PMML-4_5"/>'), (5, '<PMML xmlns="http://www.dmg.org/PMML-4_44"/>'),
  (6, '<PMML xmlns="http://www.dmg.org/PMML-4_4"/>'),
  (7, '<PMML xmlns="http://www.dmg.org/PMML-4_4"><Scorecard/></PMML>'),
  (8, '<PMML xmlns="http://www.dmg.org/PMML-4_4"><DataDictionary/><Scorecard/></PMML>'),
  (9, '<PMML xmlns="http://www.dmg.org/PMML-4_4"><DataDictionary/><Scorecard><MiningSchema/></Scorecard></PMML>'),
  (10, '<PMML xmlns="http://www.dmg.org/PMML-4_4"><DataDictionary/><Scorecard><MiningSchema/><Characteristics/></Scorecard></PMML>'),
  (11, '<PMML xmlns="http://www.dmg.org/PMML-4_4"><DataDictionary/><Scorecard><MiningSchema/><Characteristics/><Characteristics/></Scorecard></PMML>'),
  (12, '<a/><b/>'), (13, 'no element'), (14, '')) AS v(n, x) ORDER BY n;
\set VERBOSITY sqlstate
SELECT '<PMML><not closed></PMML>'::xml;
\set VERBOSITY default
-- No file is read and no host is asked: PostgreSQL leaves external entities out, and here no document type is let in.
SELECT n, pg_temp.problem(x::xml) FROM (VALUES
  (1, '<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/passwd">]><PMML>&x;</PMML>'),
  (2, '<!DOCTYPE PMML [<!ENTITY x SYSTEM "http://192.0.2.1/x">]><PMML>&x;</PMML>'),
  (3, '<?xml version="1.0"?> <!-- <PMML> --> <?x <PMML> ?> <!DOCTYPE PMML SYSTEM "http://192.0.2.1/pmml.dtd"><PMML/>'),
  (4, '<!DOCTYPE PMML [<!ENTITY a "b">]><PMML>&a;</PMML>'),
  (5, '<!DOCTYPE PMML><PMML/>')) AS v(n, x) ORDER BY n;
\set VERBOSITY sqlstate
SELECT ('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' || string_agg(format('<!ENTITY %s "%s">', chr(97 + i), repeat('&' || chr(96 + i) || ';', 10)), '') || ']><x>&k;</x>')::xml IS DOCUMENT FROM generate_series(1, 10) AS i;
\set VERBOSITY default
SELECT pg_temp.problem(xmlparse(DOCUMENT '<PMML>' || repeat('<Extension/>', 10 * 1024 * 1024 / 12) || '</PMML>'));
SELECT pg_temp.problem(xmlparse(DOCUMENT '<PMML>' || repeat('<a/>', 600000) || '</PMML>'));
-- a file of 3 MB is read; a card that is too large as a document is not taken
SELECT pg_temp.problem(pg_temp.pmml('<Characteristic><Attribute partialScore="1"><True/></Attribute></Characteristic>' || repeat('<Extension name="x" value="y"/>', 100000)));
SELECT pg_temp.problem(pg_temp.pmml(string_agg(format('<Characteristic name="c%s"><Attribute partialScore="1"><SimplePredicate field="x" operator="lessThan" value="%s"/></Attribute></Characteristic>', i, i), ''))) FROM generate_series(1, 20000) AS i;

-- What cannot be said, or is said wrongly, of the card.
SELECT n, pg_temp.problem(pg_temp.pmml('<Characteristic name="a" reasonCode="A"><Attribute partialScore="1"><True/></Attribute></Characteristic>', card, inside => inside)) FROM (VALUES
  (1, 'isScorable="false"', ''), (2, 'isScorable="maybe"', ''), (3, 'baselineScore="1" initialScore="ten"', ''), (4, 'baselineScore="1" initialScore="1e999"', ''), (5, 'baselineScore="1" reasonCodeAlgorithm="points"', ''), (6, 'useReasonCodes="true"', ''),
  (7, 'baselineScore="x"', ''), (8, 'baselineScore="1" baselineMethod="median"', ''), (9, 'useReasonCodes="no"', ''),
  (10, 'baselineScore="1"', '<Targets><Target field="x" rescaleFactor="2"/></Targets>'), (11, 'baselineScore="1"', '<Targets><Target field="x" castInteger="round"/></Targets>'), (12, 'baselineScore="1"', '<Targets><Target field="x" rescaleFactor="1.0" rescaleConstant="0"/></Targets>'),
  (13, 'baselineScore="1"', '<Targets><Target field="x"><TargetValue defaultValue="3"/></Target></Targets>'), (14, 'baselineScore="1"', '<Regression/>'), (15, 'baselineScore="1"', '<Output><OutputField name="score" feature="predictedValue"/></Output>'),
  (16, 'baselineScore="1"', '<x:Output xmlns:x="urn:x"/>')) AS v(n, card, inside) ORDER BY n;
-- of characteristics and attributes
SELECT n, pg_temp.problem(pg_temp.pmml(c)) FROM (VALUES
  (1, '<Characteristic name="a"/>'), (2, '<Characteristic name="a"><Attribute><True/></Attribute></Characteristic>'), (3, '<Characteristic name="a"><Attribute partialScore="1"/></Characteristic>'),
  (4, '<Characteristic name="a"><Attribute partialScore="1"><True/><False/></Attribute></Characteristic>'), (5, '<Characteristic name="a"><Attribute partialScore="one"><True/></Attribute></Characteristic>'),
  (6, '<Characteristic name="a"><Attribute partialScore="1"><Predicate/></Attribute></Characteristic>'), (7, '<Characteristic name="a"><Attribute partialScore="1"><CompoundPredicate booleanOperator="and"><Predicate/><True/></CompoundPredicate></Attribute></Characteristic>'),
  (8, '<Characteristic name="a"><Attribute partialScore="1"><True/></Attribute></Characteristic><Characteristic name="a"><Attribute partialScore="1"><True/></Attribute></Characteristic>'),
  (9, '<Bin/>'), (10, '<Characteristic name="a"><Bin/></Characteristic>'), (11, '<Characteristic name="a"><Attribute partialScore="INF"><True/></Attribute></Characteristic>'),
  (12, '<Characteristic name="a"><Attribute partialScore=""><True/></Attribute></Characteristic>'), (13, '<Characteristic name=""><Attribute partialScore=".5"><True/></Attribute></Characteristic>')) AS v(n, c) ORDER BY n;
-- of predicates
SELECT n, pg_temp.problem(pg_temp.pmml(format('<Characteristic name="a"><Attribute partialScore="1">%s</Attribute></Characteristic>', p))) FROM (VALUES
  (1, '<SimplePredicate operator="equal" value="5"/>'), (2, '<SimplePredicate field="z" operator="equal" value="5"/>'), (3, '<SimplePredicate field="x" value="5"/>'), (4, '<SimplePredicate field="x" operator="equals" value="5"/>'),
  (5, '<SimplePredicate field="x" operator="equal"/>'), (6, '<SimplePredicate field="x" operator="isMissing" value="5"/>'), (7, '<SimplePredicate field="x" operator="equal" value="five"/>'), (8, '<SimplePredicate field="b" operator="equal" value="yes"/>'),
  (9, '<SimplePredicate field="d" operator="equal" value="31.01.2026"/>'), (10, '<SimplePredicate field="s" operator="lessThan" value="b"/>'), (11, '<SimplePredicate field="b" operator="greaterThan" value="true"/>'),
  (12, '<SimpleSetPredicate field="x" booleanOperator="isIn"/>'), (13, '<SimpleSetPredicate field="x" booleanOperator="in"><Array type="int">1</Array></SimpleSetPredicate>'), (14, '<SimpleSetPredicate field="s" booleanOperator="isIn"><Array type="string">"a</Array></SimpleSetPredicate>'),
  (15, '<SimpleSetPredicate field="s" booleanOperator="isIn"><Array type="string">"a"b</Array></SimpleSetPredicate>'), (16, '<SimpleSetPredicate field="s" booleanOperator="isIn"><Array type="string">a"b</Array></SimpleSetPredicate>'),
  (17, '<SimpleSetPredicate field="s" booleanOperator="isIn"><Array n="3" type="string">a b</Array></SimpleSetPredicate>'), (18, '<SimpleSetPredicate field="s" booleanOperator="isIn"><Array n="0" type="string"/></SimpleSetPredicate>'),
  (19, '<SimpleSetPredicate field="x" booleanOperator="isIn"><Array type="string">1 two</Array></SimpleSetPredicate>'), (20, '<SimpleSetPredicate field="s" booleanOperator="isIn"><Array>1</Array></SimpleSetPredicate>'),
  (21, '<CompoundPredicate><True/></CompoundPredicate>'), (22, '<CompoundPredicate booleanOperator="not"><True/></CompoundPredicate>'), (23, '<CompoundPredicate booleanOperator="and"/>'), (24, '<SimplePredicate field="x" operator="equal" value="1e999"/>'),
  (25, repeat('<CompoundPredicate booleanOperator="xor">', 40) || '<True/>' || repeat('</CompoundPredicate>', 40))) AS v(n, p) ORDER BY n;
-- of expressions and derived fields
SELECT n, pg_temp.problem(pg_temp.pmml(format('<Characteristic name="a"><Attribute><True/><ComplexPartialScore>%s</ComplexPartialScore></Attribute></Characteristic>', e), transformations => '<TransformationDictionary>' || t || '</TransformationDictionary>')) FROM (VALUES
  (1, '', ''), (2, '<FieldRef/>', ''), (3, '<FieldRef field="z"/>', ''), (4, '<FieldRef field="s"/>', ''), (5, '<Constant>a</Constant>', ''), (6, '<Constant dataType="string">5</Constant>', ''), (7, '<Constant missing="true"/>', ''),
  (8, '<Apply function="exp"><FieldRef field="x"/></Apply>', ''), (9, '<Apply function="+"><FieldRef field="x"/></Apply>', ''), (10, '<Apply><FieldRef field="x"/></Apply>', ''), (11, '<NormContinuous field="x"/>', ''),
  (12, '<FieldRef field="x"/><FieldRef field="y"/>', ''), (13, '<Apply function="/" mapMissingTo="1"><FieldRef field="x"/><FieldRef field="y"/></Apply>', ''), (14, '<FieldRef field="x" mapMissingTo="none"/>', ''),
  (15, '<FieldRef field="p"/>', '<DerivedField name="p" optype="continuous" dataType="double"><FieldRef field="q"/></DerivedField><DerivedField name="q" optype="continuous" dataType="double"><Apply function="+"><FieldRef field="p"/><Constant>1</Constant></Apply></DerivedField>'),
  (16, '<Apply function="f"><Constant>1</Constant></Apply>', '<DefineFunction name="f" optype="continuous"><ParameterField name="a"/><Apply function="f"><FieldRef field="a"/></Apply></DefineFunction>'),
  (17, '<Apply function="f"><Constant>1</Constant></Apply>', '<DefineFunction name="f" optype="continuous"><ParameterField name="a"/><FieldRef field="x"/></DefineFunction>'),
  (18, '<Apply function="f"><Constant>1</Constant><Constant>1</Constant></Apply>', '<DefineFunction name="f" optype="continuous"><ParameterField name="a"/><FieldRef field="a"/></DefineFunction>'),
  (19, '<FieldRef field="p"/>', '<DerivedField name="p" optype="continuous" dataType="double"/>'), (20, '<FieldRef field="p"/>', '<DerivedField name="p" optype="continuous" dataType="integer"><FieldRef field="x"/></DerivedField>'),
  (21, '<FieldRef field="p"/>', '<DerivedField name="p" optype="continuous" dataType="double"><Discretize field="x"/></DerivedField>'), (22, '<FieldRef field="p"/>', '<DerivedField name="p" optype="categorical" dataType="string"><FieldRef field="x"/></DerivedField>'),
  (23, '<FieldRef field="x"/>', '<DerivedField name="x" optype="continuous" dataType="double"><FieldRef field="y"/></DerivedField>'),
  (24, '<Apply function="f" mapMissingTo="1"><Constant>1</Constant></Apply>', '<DefineFunction name="f" optype="continuous"><ParameterField name="a"/><FieldRef field="a"/></DefineFunction>'),
  (25, repeat('<Apply function="+"><Constant>1</Constant>', 40) || '<Constant>1</Constant>' || repeat('</Apply>', 40), '')) AS v(n, e, t) ORDER BY n;
-- each of 25 derived fields uses the one before twice
SELECT pg_temp.problem(pg_temp.pmml('<Characteristic name="a"><Attribute><True/><ComplexPartialScore><FieldRef field="d25"/></ComplexPartialScore></Attribute></Characteristic>', transformations => '<TransformationDictionary>' ||
  (SELECT string_agg(format('<DerivedField name="d%s" optype="continuous" dataType="double"><Apply function="+"><FieldRef field="%s"/><FieldRef field="%2$s"/></Apply></DerivedField>', i, CASE WHEN i = 1 THEN 'x' ELSE 'd' || i - 1 END), '') FROM generate_series(1, 25) AS i) || '</TransformationDictionary>'));
SELECT pg_temp.problem(pg_temp.pmml('<Characteristic name="a"><Attribute partialScore="1"><SimplePredicate field="p" operator="lessThan" value="5"/></Attribute></Characteristic>', transformations =>
  '<TransformationDictionary><DerivedField name="p" optype="continuous" dataType="double"><Apply function="+"><FieldRef field="x"/><Constant>1</Constant></Apply></DerivedField></TransformationDictionary>'));
-- of fields
SELECT n, pg_temp.problem(pg_temp.pmml_file(f, m, format('<Characteristic name="a"><Attribute partialScore="1"><SimplePredicate field="x" operator="%s" value="5"/></Attribute></Characteristic>', operator), 'useReasonCodes="false"')) FROM (VALUES
  (1, '<DataField optype="continuous" dataType="double"/>', '', 'equal'), (2, '<DataField name="x" dataType="double"/>', '<MiningField name="x"/>', 'equal'), (3, '<DataField name="x" optype="continuous"/>', '<MiningField name="x"/>', 'equal'),
  (4, '<DataField name="x" optype="nominal" dataType="double"/>', '<MiningField name="x"/>', 'equal'), (5, '<DataField name="x" optype="continuous" dataType="number"/>', '<MiningField name="x"/>', 'equal'),
  (6, '<DataField name="x" optype="continuous" dataType="dateDaysSince[1970]"/>', '<MiningField name="x"/>', 'equal'), (7, '<DataField name="x" optype="continuous" dataType="double"/><DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x"/>', 'equal'),
  (8, '<DataField name="x" optype="continuous" dataType="double"/>', '', 'equal'), (9, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x" usageType="target"/>', 'equal'), (10, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x" usageType="input"/>', 'equal'),
  (11, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x"/><MiningField name="x"/>', 'equal'), (12, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x"/><MiningField name="z"/>', 'equal'),
  (13, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x" outliers="asExtremeValues" lowValue="1" highValue="2"/>', 'equal'), (14, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x" missingValueReplacement="none"/>', 'equal'),
  (15, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x" missingValueReplacement="1" missingValueTreatment="returnInvalid"/>', 'equal'), (16, '<DataField name="x" optype="continuous" dataType="double"><Value value="5"/></DataField>', '<MiningField name="x" invalidValueTreatment="asValue"/>', 'equal'),
  (17, '<DataField name="x" optype="continuous" dataType="double"><Value value="5"/></DataField>', '<MiningField name="x" invalidValueTreatment="drop"/>', 'equal'), (18, '<DataField name="x" optype="continuous" dataType="double"><Interval leftMargin="5"/></DataField>', '<MiningField name="x"/>', 'equal'),
  (19, '<DataField name="x" optype="continuous" dataType="double"><Interval closure="closedOpen" leftMargin="5" rightMargin="5"/></DataField>', '<MiningField name="x"/>', 'equal'), (20, '<DataField name="x" optype="continuous" dataType="double"><Interval closure="closedOpen"/></DataField>', '<MiningField name="x"/>', 'equal'),
  (21, '<DataField name="x" optype="continuous" dataType="double"><Interval closure="closedOpen" leftMargin="5"/><Value value="6" property="invalid"/></DataField>', '<MiningField name="x"/>', 'equal'), (22, '<DataField name="x" optype="categorical" dataType="string"><Interval closure="closedOpen" leftMargin="5"/></DataField>', '<MiningField name="x"/>', 'equal'),
  (23, '<DataField name="x" optype="categorical" dataType="string"><Value value="5" property="good"/></DataField>', '<MiningField name="x"/>', 'equal'), (24, '<DataField name="x" optype="categorical" dataType="string"><Value/></DataField>', '<MiningField name="x"/>', 'equal'),
  (25, '<DataField name="x" optype="ordinal" dataType="integer"><Value value="1"/><Value value="3"/><Value value="2"/></DataField>', '<MiningField name="x"/>', 'lessThan'), (26, '<DataField name="x" optype="ordinal" dataType="integer"><Value value="1"/><Value value="2"/><Value value="3"/></DataField>', '<MiningField name="x"/>', 'lessThan'),
  (27, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x" optype="categorical"/>', 'lessThan'), (28, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField/>', 'lessThan'),
  (29, '<DataField name="x" optype="continuous" dataType="double"/><DataField name="z" optype="continuous" dataType="time"/>', '<MiningField name="x"/><MiningField name="z" outliers="asMissingValues" missingValueReplacement="none"/>', 'lessThan')) AS v(n, f, m, operator) ORDER BY n;
SELECT pg_temp.problem(pg_temp.pmml_file(format('<DataField name="%s" optype="continuous" dataType="double"/>', repeat('n', 64)), format('<MiningField name="%s"/>', repeat('n', 64)), format('<Characteristic name="a"><Attribute partialScore="1"><SimplePredicate field="%s" operator="equal" value="5"/></Attribute></Characteristic>', repeat('n', 64)), 'useReasonCodes="false"'));
-- a field with the name of a connective
SELECT pg_temp.problem(pg_temp.pmml_file('<DataField name="any" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/>', '<MiningField name="any"/><MiningField name="y"/>',
  '<Characteristic name="a"><Attribute partialScore="1"><CompoundPredicate booleanOperator="and"><SimplePredicate field="any" operator="equal" value="5"/><SimplePredicate field="y" operator="equal" value="5"/></CompoundPredicate></Attribute></Characteristic>', 'useReasonCodes="false"'));

-- true and false are also 1 and 0
SELECT card, reason_codes(scorecard_from_pmml(pg_temp.pmml('<Characteristic reasonCode="A"><Attribute partialScore="1"><True/></Attribute></Characteristic>', card)), '{}', 1) FROM unnest('{"isScorable=\"1\" baselineScore=\"2\"", "useReasonCodes=\"1\" baselineScore=\"2\"", "useReasonCodes=\"0\""}'::text[]) AS card;
-- ranks are those of valid values
SELECT x, score(scorecard_from_pmml(pg_temp.pmml_file('<DataField name="x" optype="ordinal" dataType="integer"><Value value="9" property="missing"/><Value value="1"/><Value value="2" property="valid"/><Value value="3"/><Value value="-1" property="invalid"/></DataField>', '<MiningField name="x"/>',
  '<Characteristic><Attribute partialScore="1"><SimplePredicate field="x" operator="lessThan" value="3"/></Attribute><Attribute partialScore="2"><True/></Attribute></Characteristic>', 'useReasonCodes="false"')), jsonb_build_object('x', x)) FROM unnest('{1,2,3,9,-1,NULL}'::int[]) AS x;
-- a zero is a zero, whatever its exponent
SELECT score(scorecard_from_pmml(pg_temp.pmml(format('<Characteristic><Attribute partialScore="%s"><True/></Attribute></Characteristic>', n))), '{}') FROM unnest('{0e-999999999,-0E999999999,-0.0}'::text[]) AS n;
-- moments are ordered as such, and have an offset or not
CREATE FUNCTION pg_temp.moments(inside text, predicate text DEFAULT '<SimplePredicate field="x" operator="isNotMissing"/>', type text DEFAULT 'dateTime') RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.problem(pg_temp.pmml_file(format('<DataField name="x" optype="continuous" dataType="%s">%s</DataField>', type, inside), '<MiningField name="x"/>', format('<Characteristic name="a"><Attribute partialScore="1">%s</Attribute></Characteristic>', predicate), 'useReasonCodes="false"')) $$;
SELECT pg_temp.moments('<Interval closure="closedClosed" leftMargin="2026-01-01T00:00:00Z" rightMargin="2026-01-01T00:00:00-08:00"/>') AS in_order, pg_temp.moments('<Interval closure="closedClosed" leftMargin="2026-01-01T00:00:00-08:00" rightMargin="2026-01-01T00:00:00Z"/>') AS empty,
  pg_temp.moments('<Interval closure="closedClosed" leftMargin="2026-01-01" rightMargin="2026-01-01T00:00:00Z"/>') AS mixed, pg_temp.moments('<Value value="2026-01-01T00:00:00Z"/>', '<SimplePredicate field="x" operator="equal" value="2026-01-01T00:00:00"/>') AS mixed_apart,
  pg_temp.moments('', '<CompoundPredicate booleanOperator="and"><SimplePredicate field="x" operator="greaterThan" value="yesterday"/><SimplePredicate field="x" operator="lessThan" value="2026-01-01"/></CompoundPredicate>') AS malformed,
  pg_temp.moments('', '<SimplePredicate field="x" operator="equal" value="2026-01-01T00:00:00"/>', 'date') AS no_day \gx
-- nothing within an element that decides is passed over
SELECT n, pg_temp.problem(pg_temp.pmml(c)) FROM (VALUES
  (1, '<Characteristic name="a"><Attribute partialScore="1"><SimplePredicate field="x" operator="equal" value="1"><SimplePredicate field="y" operator="equal" value="1"/></SimplePredicate></Attribute></Characteristic>'),
  (2, '<Characteristic name="a"><Attribute partialScore="1"><SimpleSetPredicate field="s" booleanOperator="isIn"><Array type="string">a <b>c</b></Array></SimpleSetPredicate></Attribute></Characteristic>'),
  (3, '<Characteristic name="a"><Attribute partialScore="1"><SimpleSetPredicate field="s" booleanOperator="isIn"><Array type="string">a</Array><True/></SimpleSetPredicate></Attribute></Characteristic>'),
  (4, '<Characteristic name="a"><Attribute><True/><ComplexPartialScore><Constant>1</Constant></ComplexPartialScore><ComplexPartialScore><Constant>2</Constant></ComplexPartialScore></Attribute></Characteristic>'),
  (5, '<Characteristic name="a"><Attribute><True/><ComplexPartialScore><Constant>1<Constant>2</Constant></Constant></ComplexPartialScore></Attribute></Characteristic>'),
  (6, '<Characteristic name="a"><Attribute><True/><ComplexPartialScore><FieldRef field="x"><True/></FieldRef></ComplexPartialScore></Attribute></Characteristic>'),
  (7, '<Characteristic name="a" reasoncode="A"><Attribute partialScore="1"><True/></Attribute></Characteristic>'), (8, '<Characteristic name="a" x-note="A" t:note="B" xmlns:t="urn:tool"><Attribute partialScore="1"><True/></Attribute></Characteristic>'),
  (9, '<Characteristic name="a"><Attribute partialScore="1" weight="2"><True/></Attribute></Characteristic>'), (10, '<Characteristic name="a"><Attribute partialScore="1">2<True/></Attribute></Characteristic>'),
  (11, '<Characteristic name="a"><Attribute partialScore="1"><True>x</True></Attribute></Characteristic>'), (12, '<Characteristic name="characteristic 2"><Attribute partialScore="1"><True/></Attribute></Characteristic><Characteristic><Attribute partialScore="1"><True/></Attribute></Characteristic>'),
  (13, '<Characteristic name="a"><Attribute><True/><ComplexPartialScore><Constant missing="1">2</Constant></ComplexPartialScore></Attribute></Characteristic>'),
  (14, '<Characteristic name="a"><Attribute><True/><ComplexPartialScore><Apply function="/" defaultValue="0" invalidValueTreatment="returnInvalid"><FieldRef field="x"/><FieldRef field="y"/></Apply></ComplexPartialScore></Attribute></Characteristic>'),
  (15, '<Characteristic name="a"><Attribute><True/><ComplexPartialScore><Apply function="/" defaultValue="0" invalidValueTreatment="returnInvalid"><FieldRef field="x"/><Constant>2</Constant></Apply></ComplexPartialScore></Attribute></Characteristic>')) AS v(n, c) ORDER BY n;
SELECT n, pg_temp.problem(pg_temp.pmml_file(f, m, '<Characteristic name="a"><Attribute partialScore="1"><SimplePredicate field="x" operator="equal" value="5"/></Attribute></Characteristic>', 'useReasonCodes="false"', inside => i)) FROM (VALUES
  (1, '<DataField name="x" optype="continuous" dataType="double"><value value="5"/></DataField>', '<MiningField name="x"/>', ''), (2, '<DataField name="x" optype="continuous" dataType="double"><Value value="5" valid="no"/></DataField>', '<MiningField name="x"/>', ''),
  (3, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x" missingvaluereplacement="5"/>', ''), (4, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x"/><miningField name="y"/>', ''),
  (5, '<DataField name="x" optype="continuous" dataType="double"/><DataField name="z" optype="continuous" dataType="double"><Odd/></DataField>', '<MiningField name="x"/><MiningField name="z" odd="1"/>', ''),
  (6, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x"/>', '<LocalTransformations/><LocalTransformations/>'), (7, '<DataField name="x" optype="continuous" dataType="double"/>', '<MiningField name="x"/>', '<Targets><Target><TargetValue/><TargetValue defaultValue="3"/></Target></Targets>')) AS v(n, f, m, i) ORDER BY n;
-- functions and fields that double with each step are stopped in time
SELECT pg_temp.problem(pg_temp.pmml('<Characteristic name="a"><Attribute><True/><ComplexPartialScore><Apply function="f90"><FieldRef field="x"/></Apply></ComplexPartialScore></Attribute></Characteristic>', transformations => '<TransformationDictionary><DefineFunction name="f0" optype="continuous"><ParameterField name="a"/><FieldRef field="a"/></DefineFunction>' ||
  (SELECT string_agg(format('<DefineFunction name="f%s" optype="continuous"><ParameterField name="a"/><Apply function="+"><Apply function="f%s"><FieldRef field="a"/></Apply><Apply function="f%2$s"><FieldRef field="a"/></Apply></Apply></DefineFunction>', i, i - 1), '') FROM generate_series(1, 90) AS i) || '</TransformationDictionary>'));
SELECT pg_temp.problem(pg_temp.pmml('<Characteristic name="a"><Attribute><True/><ComplexPartialScore><FieldRef field="d90"/></ComplexPartialScore></Attribute></Characteristic>', transformations => '<TransformationDictionary>' ||
  (SELECT string_agg(format('<DerivedField name="d%s" optype="continuous" dataType="integer"><Apply function="+"><FieldRef field="%s"/><FieldRef field="%2$s"/></Apply></DerivedField>', i, CASE WHEN i = 1 THEN 'y' ELSE 'd' || i - 1 END), '') FROM generate_series(1, 90) AS i) || '</TransformationDictionary>'));
-- a long sum is no deep one, and adds up in the same order
SELECT card::jsonb #> '{characteristics,0,bins,0,points,+}' -> 40 AS last, jsonb_array_length(card::jsonb #> '{characteristics,0,bins,0,points,+}') AS operands, score(card, '{"x": 0.1}') AS score
FROM (SELECT scorecard_from_pmml(pg_temp.pmml('<Characteristic name="a"><Attribute><True/><ComplexPartialScore>' || repeat('<Apply function="+">', 40) || '<FieldRef field="x"/>' || string_agg(format('<Apply function="*"><Apply function="*"><Constant>%s</Constant><FieldRef field="x"/></Apply><FieldRef field="x"/></Apply></Apply>', i), '' ORDER BY i)
  || '</ComplexPartialScore></Attribute></Characteristic>')) AS card FROM generate_series(1, 40) AS i) AS c;
-- the order of operands and differences stays as it is
SELECT scorecard_from_pmml(pg_temp.pmml('<Characteristic name="a"><Attribute partialScore="1"><True/><ComplexPartialScore><Apply function="-"><Apply function="-"><FieldRef field="x"/><Constant>1</Constant></Apply><Apply function="+"><Constant>2</Constant><Apply function="+"><Constant>3</Constant><FieldRef field="y"/></Apply></Apply></Apply></ComplexPartialScore></Attribute></Characteristic>'))::jsonb #> '{characteristics,0,bins,0,points}' AS points;
SELECT pg_temp.problem(pg_temp.pmml('<Characteristic name="a"><Attribute partialScore="one"><True/><ComplexPartialScore><Constant>1</Constant></ComplexPartialScore></Attribute></Characteristic>')) AS malformed, pg_temp.problem(pg_temp.pmml('<Characteristic xmlns="urn:x" name="a"/>')) AS other_namespace \gx
