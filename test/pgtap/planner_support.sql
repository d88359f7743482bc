-- A function of a policy and a row is rewritten to the columns when a query is planned. Random queries are asked twice: with the
-- policy as a literal, where the planner may rewrite, and from a sub-select, where it cannot. What would be wrong if this failed:
-- an answer would depend on how the query was planned.
--
-- The second question of the same kind: suitability is decided once for a class of rows. With the instruction from a sub-select each
-- row is decided by itself, and must have the same outcome.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT plan(26);

\if :{?seed}
\else
SELECT round(random()::numeric, 6) AS seed \gset
\endif
SELECT diag('seed ' || :'seed');
SELECT setseed(:seed);

CREATE TYPE pg_temp.channel_kind AS ENUM ('branch', 'phone', 'app');
CREATE TEMP TABLE client (
  id int, assets float8, age int, trades bigint, fee numeric, channel text, code char(3), kind pg_temp.channel_kind,
  risk_level text, kinds text[], born date, assessed_on date, seen timestamp, active bool, dropped text, other point
);
INSERT INTO client
SELECT i,
  CASE (random() * 9)::int WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE round((random() * 100)::numeric, 1)::float8 END,
  nullif((random() * 90)::int, 20), nullif((random() * 30)::bigint, 7), nullif(round((random() * 10)::numeric, 1), 5),
  (ARRAY['branch', 'phone', 'app', 'a channel with a long name', NULL, ''])[1 + (random() * 5)::int],
  (ARRAY['a', 'bc', 'def', NULL])[1 + (random() * 3)::int], (enum_range(NULL::pg_temp.channel_kind) || NULL)[1 + (random() * 3)::int],
  (ARRAY['C1', 'C2', 'C3', 'C9', NULL])[1 + (random() * 4)::int],
  CASE (random() * 4)::int WHEN 0 THEN NULL WHEN 1 THEN '{}' WHEN 2 THEN '{fund,NULL}' ELSE '{fund,bond}' END::text[],
  date '1950-01-31' + (random() * 25000)::int, CASE (random() * 8)::int WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity'
    ELSE date '2023-01-01' + (random() * 1400)::int END::date,
  timestamp '2024-01-01' + random() * interval '900 days', (ARRAY[true, false, NULL])[1 + (random() * 2)::int], 'x', point(1, i)
FROM generate_series(1, 120) AS i;
ALTER TABLE client DROP COLUMN dropped;
CREATE TEMP TABLE product (
  product_id int, grade text, kind text, term_months int, minimum numeric, listed_on date
);
INSERT INTO product
SELECT i, (ARRAY['R1', 'R2', 'R3', 'R9', NULL])[1 + i % 5], (ARRAY['fund', 'bond', NULL])[1 + i % 3], nullif(i % 7, 3) * 12,
  nullif(round((random() * 100)::numeric, 1), 0), nullif(date '2025-01-01' + (random() * 600)::int, '2025-06-01')
FROM generate_series(1, 20) AS i;
CREATE TEMP VIEW client_view AS SELECT * FROM client WHERE id > 3;
CREATE TEMP VIEW shuffled AS SELECT channel, assets * 1 AS assets, other, trades, id, age, fee, code, kind, risk_level, kinds, born, assessed_on, seen, active FROM client;
CREATE TEMP TABLE parted (LIKE client) PARTITION BY LIST (active);
CREATE TEMP TABLE parted_some PARTITION OF parted FOR VALUES IN (true);
CREATE TEMP TABLE parted_rest PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT * FROM client;

\set card '{"initial_score": 10.25, "clamp": [-50, null], "characteristics": [{"name": "assets", "attribute": "assets", "reason_code": "AST", "bins": [{"when": "< 10", "points": 1.1}, {"when": "[10..50)", "points": {"add": 2, "multiply": 0.1, "clamp": [0, 6]}}, {"when": ">= 50", "points": 9}, {"when": null, "points": -3}]}, {"name": "age", "attribute": "age", "reason_code": "AGE", "weight": 0.3, "bins": [{"when": "< 30", "points": 4}, {"when": "-", "points": 7}]}, {"name": "channel", "attribute": "channel", "reason_code": "CHN", "bins": [{"when": ["branch", "a channel with a long name"], "points": 3}, {"when": "-", "points": 1, "reason_code": "AGE"}]}, {"name": "mixed", "unmatched": 0, "reason_code": "MIX", "baseline_score": 6, "bins": [{"when": {"all": [{"trades": "> 5"}, {"any": [{"code": ["a", "bc"]}, {"active": true}]}]}, "points": 5}, {"when": {"kinds": {"contains": ["bond"]}}, "points": 2}]}, {"name": "seen", "attribute": "seen", "reason_code": "SEEN", "unmatched": 2, "bins": [{"when": ">= 2025-06-30", "points": 8}]}]}'
\set simple '{"characteristics": [{"name": "fee", "attribute": "fee", "reason_code": "FEE", "bins": [{"when": "< 3", "points": 1}, {"when": "[3..7]", "points": 2}, {"when": "> 7", "points": 3}, {"when": null, "points": 0}]}, {"name": "trades", "attribute": "trades", "reason_code": "TRD", "bins": [{"when": "<= 4", "points": 4}, {"when": "-", "points": 5}]}, {"name": "kind", "attribute": "kind", "reason_code": "KND", "bins": [{"when": ["phone"], "points": 1}, {"when": "-", "points": 3}]}]}'
\set suitability '{"derive": {"client.age_now": {"years_since": "client.born"}}, "exempt": [{"when": {"client.assets": "> 95"}, "checks": ["risk", "term"]}], "checks": [{"name": "risk", "require": {"allowed": {"client": "risk_level", "product": "grade", "pairs": {"C1": ["R1"], "C2": ["R1", "R2"], "C3": ["R1", "R2", "R3"]}}}, "otherwise": {"solicited": "prohibited", "unsolicited": "overridable"}}, {"name": "term", "applies": {"not": {"product.term_months": null}}, "require": {"at_least": {"client": "age", "product": "term_months"}}, "otherwise": "notice", "missing": "skip"}, {"name": "kind", "require": {"contains": {"client": "kinds", "product": "kind"}}, "otherwise": "notice", "missing": "notice"}, {"name": "assessed", "require": {"within_months": {"client": "assessed_on", "months": 18}}, "otherwise": "undetermined"}, {"name": "not from later", "require": {"client.seen": "<= as_of"}, "otherwise": "needs_approval", "missing": "skip"}, {"name": "listed", "require": {"for_days": {"product": "listed_on", "days": 90}}, "otherwise": "notice"}, {"name": "senior", "applies": {"client.age_now": ">= 70", "product.grade": ["R3"]}, "otherwise": "needs_approval", "missing": "skip"}, {"name": "range", "applies": {"client.born": "[1960-01-01..as_of]"}, "require": {"client.fee": "not(5)"}, "otherwise": "notice", "missing": "skip"}, {"name": "amount", "applies": {"not": {"instruction.amount": null}}, "require": {"at_least": {"client": "assets", "instruction": "amount", "times": 2}}, "otherwise": "overridable"}, {"name": "minimum", "require": {"at_least": {"client": "assets", "product": "minimum"}}, "otherwise": "overridable", "missing": "skip"}]}'

\set table '{"hit_policy": "collect", "inputs": ["channel", "age", "assets", "kinds"], "outputs": ["a", {"name": "b", "type": "number"}], "rules": [{"when": [["branch", "phone"], "< 40", "-", "-"], "then": ["x", 1]}, {"when": ["-", "[20..60)", "> 50", "-"], "then": ["y", 2.5]}, {"when": [null, "-", "-", {"contains": ["bond"]}], "then": ["z", null]}, {"when": ["-", "not(30)", "<= 10", {"overlaps": ["fund", "note"]}], "then": [null, 7]}]}'
\set first '{"hit_policy": "first", "inputs": ["trades", "kind", "active"], "outputs": [{"name": "a", "default": "none"}, {"name": "b", "default": -1}], "rules": [{"when": ["> 20", ["branch"], true], "then": ["x", 1]}, {"when": ["< 5", "-", "-"], "then": ["y", 2.5]}, {"when": ["-", ["phone", "app"], false], "then": ["z", null]}]}'

-- A random relation with the columns of a client, and one joined or not to others, as a piece of FROM.
CREATE FUNCTION pg_temp.relation() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT (ARRAY[
    'client', 'client_view', 'shuffled', 'parted', '(SELECT * FROM client)', '(SELECT * FROM shuffled OFFSET 0)',
    '(SELECT * FROM client UNION ALL SELECT * FROM parted)', '(SELECT DISTINCT ON (id) * FROM parted ORDER BY id)',
    '(SELECT c.* FROM client AS c JOIN product AS q ON q.product_id = c.id)',
    '(SELECT id, assets + 1 AS assets, abs(age) AS age, trades, fee, upper(channel) AS channel, code, kind, risk_level, kinds, born, assessed_on, seen, active FROM client LIMIT 50)',
    '(SELECT max(id) AS id, max(assets) AS assets, age, max(trades) AS trades, max(fee) AS fee, max(channel) AS channel, max(code)::char(3) AS code, max(kind) AS kind, max(risk_level) AS risk_level, max(kinds) AS kinds, max(born) AS born, max(assessed_on) AS assessed_on, max(seen) AS seen, bool_or(active) AS active FROM client GROUP BY age)'
  ])[1 + floor(random() * 11)::int]
$$;
CREATE FUNCTION pg_temp.from_piece() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT format((ARRAY[
    '%s AS c', '%s AS c JOIN client AS o ON o.id = c.id + 50', '%s AS c LEFT JOIN client AS o ON o.id = c.id + 50',
    'client AS o LEFT JOIN %s AS c ON c.id = o.id + 50', 'client AS o RIGHT JOIN %s AS c ON c.id = o.id + 50',
    'client AS o FULL JOIN %s AS c ON c.id = o.id + 50', '(client AS o JOIN product AS q ON o.id = q.product_id) LEFT JOIN %s AS c ON c.id = o.id + 1',
    'client AS o CROSS JOIN LATERAL (SELECT * FROM %s AS i WHERE i.id = o.id) AS c', '(SELECT 1 AS one) AS o LEFT JOIN (client AS e JOIN %s AS c USING (id)) ON true'
  ])[1 + floor(random() * 9)::int], pg_temp.relation())
$$;
-- What is asked of the row c: %1$s is the policy, %2$s the instruction.
CREATE FUNCTION pg_temp.wrap(expression text, is_set bool) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT CASE WHEN is_set
    THEN format('SELECT array_agg(d::text ORDER BY d::text) FROM %s CROSS JOIN LATERAL %s AS d', pg_temp.from_piece(), expression)
    ELSE format((ARRAY[
      'SELECT array_agg(v ORDER BY v) FROM (SELECT %1$s::text AS v FROM %2$s) AS w',
      'SELECT array_agg(c.id ORDER BY c.id) FROM %2$s WHERE %1$s::text > ''1''',
      'SELECT array_agg(v ORDER BY v) FROM (SELECT coalesce(%1$s::text, ''none'') || count(*) AS v FROM %2$s GROUP BY %1$s) AS w',
      'SELECT array_agg(v ORDER BY v) FROM (SELECT (CASE WHEN c.id %% 2 = 0 THEN %1$s END)::text AS v FROM %2$s) AS w',
      'SELECT array_agg(v ORDER BY v) FROM (SELECT lag(%1$s::text) OVER (ORDER BY c.id, c.channel, %1$s) AS v FROM %2$s) AS w',
      'SELECT array_agg(v ORDER BY v) FROM (SELECT (SELECT %1$s::text) AS v FROM %2$s) AS w',
      'SELECT array_agg(p.product_id ORDER BY p.product_id) FROM product AS p WHERE EXISTS (SELECT 1 FROM %2$s WHERE c.id = p.product_id AND %1$s::text <> ''17'')'
    ])[1 + floor(random() * 7)::int], expression, pg_temp.from_piece()) END
$$;
CREATE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text; BEGIN EXECUTE query INTO answer; RETURN answer; END $$;
CREATE FUNCTION pg_temp.is_rewritten(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE line text; BEGIN
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP IF line ~ '_values\(' THEN RETURN true; END IF; END LOOP;
  RETURN false;
END $$;

-- n random queries of an expression: how many were rewritten, and those whose answers differ.
CREATE FUNCTION pg_temp.try(n int, expression text, policy text, type text, is_set bool DEFAULT false, OUT rewritten int, OUT differing text)
LANGUAGE plpgsql AS $$
DECLARE
  query text;
  literal text;
  hidden text;
BEGIN
  rewritten := 0;
  FOR i IN 1..n LOOP
    query := pg_temp.wrap(expression, is_set);
    literal := replace(query, '$policy', format('%L::crm.%I', policy, type));
    hidden := replace(query, '$policy', format('(SELECT %L::crm.%I)', policy, type));
    rewritten := rewritten + pg_temp.is_rewritten(literal)::int;
    IF pg_temp.is_rewritten(hidden) THEN
      differing := 'rewritten without a constant: ' || hidden;
    ELSIF pg_temp.answer(literal) IS DISTINCT FROM pg_temp.answer(hidden) THEN
      differing := literal;
    END IF;
  END LOOP;
END $$;

CREATE TEMP TABLE tried AS
SELECT t.name, r.* FROM (VALUES
  ('score', 'crm.score($policy, c)', :'card', 'scorecard', false),
  ('score of constant points', 'crm.score($policy, c)', :'simple', 'scorecard', false),
  ('reason_codes', 'crm.reason_codes($policy, c, 2)', :'card', 'scorecard', false),
  ('reason_codes of constant points', 'crm.reason_codes($policy, c, 1 + c.id % 3)', :'simple', 'scorecard', false),
  ('score_detail', 'crm.score_detail($policy, c)', :'card', 'scorecard', true),
  ('decide', 'crm.decide($policy, c)', :'table', 'decision_table', false),
  ('decide_text', 'crm.decide_text($policy, c, ''a'')', :'first', 'decision_table', false),
  ('decide_number', 'crm.decide_number($policy, c, ''b'')', :'first', 'decision_table', false),
  ('decide_all', 'crm.decide_all($policy, c)', :'table', 'decision_table', true),
  ('suitability', 'crm.suitability($policy, c, ROW(7, ''R2'', ''fund'', 12, 5, date ''2025-03-01'')::product, ''2026-01-31'')', :'suitability', 'suitability_policy', false),
  ('suitable', 'crm.suitable($policy, c, ROW(7, ''R1'', ''bond'', 24, NULL, date ''2025-11-11'')::product, date ''2025-12-31'' + c.id % 3, ''undetermined'', crm.instruction(''buy'', ''client'', NULL, 30))', :'suitability', 'suitability_policy', false),
  ('suitability_detail', 'crm.suitability_detail($policy, c, ROW(7, ''R2'', ''fund'', 12, 5, date ''2025-03-01'')::product, ''2026-01-31'')', :'suitability', 'suitability_policy', true)
) AS t(name, expression, policy, type, is_set), pg_temp.try(60, t.expression, t.policy, t.type, t.is_set) AS r;
SELECT is(differing, NULL, name || ': the same answers') FROM tried;
SELECT cmp_ok(rewritten, '>', 10, name || ': rewritten in some queries') FROM tried;

-- Every pair, with the instruction as a literal (classes), and from a sub-select (each pair by itself), over days and instructions.
CREATE FUNCTION pg_temp.pairs(day date, instruction text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  policy text := current_setting('test.suitability');
  answers text[];
BEGIN
  EXECUTE format('SELECT array_agg(DISTINCT answer) FROM (
      SELECT md5(string_agg(concat(c.id, p.product_id, crm.suitability(%1$L, c, p, %2$L, %3$s)), '','' ORDER BY c.id, p.product_id)) FROM client AS c, product AS p
      UNION ALL
      SELECT md5(string_agg(concat(c.id, p.product_id, crm.suitability(%1$L, c, p, %2$L, (SELECT %3$s))), '','' ORDER BY c.id, p.product_id)) FROM client AS c, product AS p
    ) AS a(answer)', policy, day, instruction) INTO answers;
  RETURN cardinality(answers);
END $$;
SELECT set_config('test.suitability', :'suitability', true) \g /dev/null
SELECT is((SELECT string_agg(DISTINCT pg_temp.pairs(day::date, instruction), ',')
           FROM generate_series(timestamp '2025-01-01', timestamp '2026-12-01', interval '5 days') AS day,
                unnest(ARRAY['NULL::jsonb', $$'{"action": "hold"}'::jsonb$$, $$'{"action": "buy", "initiated_by": "client", "amount": 20}'::jsonb$$]) AS instruction),
  '1', 'a pair''s outcome is that of its class, on any day and for any instruction');
SELECT is((SELECT count(*) FROM (SELECT crm.suitability(:'suitability', c, p, d) AS by_day, crm.suitability(:'suitability', c, p, d, (SELECT NULL::jsonb)) AS alone
                                 FROM client AS c, product AS p, unnest('{infinity,-infinity,2026-01-31,5874897-12-31,"4713-11-24 BC",294276-12-31}'::date[]) AS d) AS x
           WHERE by_day IS DISTINCT FROM alone), 0::bigint, 'the same where the day changes from row to row, to the ends of the calendar');

SELECT * FROM finish();
ROLLBACK;
