-- What a function keeps between calls must not outlive what it was made from. PL/pgSQL evaluates a simple expression again and
-- again with the same function state and other values in its variables: state that is kept because "a parameter does not
-- change" then answers with an earlier policy. Prepared statements, whose plan is kept, are the same risk.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT plan(12);

CREATE FUNCTION pg_temp.flat_card(points int) RETURNS scorecard LANGUAGE sql AS $$
  SELECT format('{"name": "flat", "initial_score": %s, "characteristics": [{"name": "x", "attribute": "x", "bins": '
    '[{"when": "-", "points": 0}]}]}', points)::scorecard
$$;

CREATE FUNCTION pg_temp.scores() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  card scorecard;
  score float8;
  scores float8[];
BEGIN
  FOR card IN SELECT pg_temp.flat_card(n) FROM generate_series(1, 3) AS n LOOP
    score := score(card, '{}'::jsonb);
    scores := scores || score;
  END LOOP;
  RETURN scores;
END $$;
SELECT is(pg_temp.scores(), '{1,2,3}', 'a loop over scorecards scores with each');

CREATE FUNCTION pg_temp.tiers() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  policy tier_policy;
  label text;
  labels text[];
BEGIN
  FOR policy IN SELECT tier_policy(ARRAY['a' || n, 'b' || n], ARRAY[NULL, n]) FROM generate_series(1, 3) AS n LOOP
    label := tier(policy, 2);
    labels := labels || label;
  END LOOP;
  RETURN labels;
END $$;
SELECT is(pg_temp.tiers(), '{b1,b2,a3}', 'a loop over tier policies uses each');

CREATE FUNCTION pg_temp.decisions() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  policy decision_table;
  output text;
  decision text;
  decisions text[];
BEGIN
  FOR policy IN SELECT format('{"inputs": ["x"], "outputs": ["a", "b"], "rules": [{"when": ["-"], "then": ["a%s", "b%s"]}]}', n, n)::decision_table FROM generate_series(1, 2) AS n LOOP
    FOREACH output IN ARRAY ARRAY['a', 'b', 'a'] LOOP
      decision := decide_text(policy, '{}'::jsonb, output);
      decisions := decisions || decision;
    END LOOP;
  END LOOP;
  RETURN decisions;
END $$;
SELECT is(pg_temp.decisions(), '{a1,b1,a1,a2,b2,a2}', 'a loop over decision tables and outputs decides each');

CREATE FUNCTION pg_temp.rule(outcome text) RETURNS suitability_policy LANGUAGE sql AS $$
  SELECT format('{"name": "one rule", "checks": [{"name": "x", "actions": ["buy"], "applies": {"client.x": 1}, "otherwise": {"solicited": %s, '
    '"unsolicited": "notice"}}], "none_applies": "suitable"}', to_json(outcome))::suitability_policy
$$;

CREATE FUNCTION pg_temp.outcomes() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  policy suitability_policy;
  instruction jsonb;
  outcome suitability_outcome;
  outcomes suitability_outcome[];
BEGIN
  FOR policy IN SELECT pg_temp.rule(o) FROM unnest(ARRAY['prohibited', 'needs_approval']) AS o LOOP
    FOREACH instruction IN ARRAY ARRAY[NULL, instruction('buy'), instruction('buy', 'client'), NULL] LOOP
      outcome := suitability(policy, '{"x": 1}'::jsonb, '{}'::jsonb, '2024-01-01', instruction);
      outcomes := outcomes || outcome;
    END LOOP;
  END LOOP;
  RETURN outcomes;
END $$;
SELECT is(pg_temp.outcomes(), '{suitable,prohibited,notice,suitable,suitable,needs_approval,notice,suitable}',
  'a loop over policies and instructions decides each, NULL too');

CREATE FUNCTION pg_temp.days() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  policy suitability_policy := '{"name": "fresh", "checks": [{"name": "fresh", "require": {"within_months": {"client": "asked_on", "months": 12}},
    "otherwise": "prohibited"}]}';
  day date;
  outcome suitability_outcome;
  outcomes suitability_outcome[];
BEGIN
  FOREACH day IN ARRAY ARRAY['2024-06-01', '2025-06-01', '2024-06-01']::date[] LOOP
    outcome := suitability(policy, '{"asked_on": "2024-01-01"}'::jsonb, '{}'::jsonb, day);
    outcomes := outcomes || outcome;
  END LOOP;
  RETURN outcomes;
END $$;
SELECT is(pg_temp.days(), '{suitable,prohibited,suitable}', 'a loop over days decides as of each');

-- Rows of another type at the same place.
CREATE FUNCTION pg_temp.rows() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  card scorecard := '{"name": "c", "initial_score": 0, "characteristics": [{"name": "x", "attribute": "x", "bins":
    [{"when": "< 5", "points": 1}, {"when": ">= 5", "points": 2}, {"when": null, "points": 3}]}]}';
  r record;
  score float8;
  scores float8[];
BEGIN
  FOR i IN 1..4 LOOP
    IF i = 1 THEN SELECT 4 AS x INTO r;
    ELSIF i = 2 THEN SELECT 'name'::text AS y, 5.0::numeric AS x INTO r;
    ELSIF i = 3 THEN SELECT 1::float8 AS x, now() AS z INTO r;
    ELSE SELECT NULL::int AS x INTO r;
    END IF;
    score := score(card, r);
    scores := scores || score;
  END LOOP;
  RETURN scores;
END $$;
SELECT is(pg_temp.rows(), '{1,2,1,3}', 'rows of another type are bound again');

-- Policies from a table: each row its own, the same one again later.
CREATE TEMP TABLE card AS SELECT n, pg_temp.flat_card(n % 3) AS document FROM generate_series(1, 9) AS n;
SELECT is((SELECT count(*) FROM card WHERE score(document, '{}'::jsonb) <> n % 3), 0::bigint, 'a column of policies');

-- Of the same length, and long enough to be moved out of line: neither the address nor the length tells them apart.
CREATE TEMP TABLE long_card AS
SELECT n, format('{"name": "flat", "description": "%s", "initial_score": %s, "characteristics": [{"name": "x", "attribute": "x", "bins": '
    '[{"when": "-", "points": 0}]}]}', (SELECT string_agg(md5(g::text || n % 2), '') FROM generate_series(1, 200) AS g), n)::scorecard AS document
FROM generate_series(1, 6) AS n;
SELECT is((SELECT string_agg(score(document, '{}'::jsonb)::text, ',' ORDER BY n) FROM long_card), '1,2,3,4,5,6', 'documents out of line');

-- Arrays that PL/pgSQL made live expanded in memory, one often where the one before was: neither does their address tell them apart.
CREATE FUNCTION pg_temp.one_of_two(n int) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  products text[] := '{}';
BEGIN
  products := products || ('p' || n % 2);
  RETURN products;
END $$;
SELECT results_eq($$ SELECT p.product, p.clients FROM (SELECT co_holding('{p0,p1}', pg_temp.one_of_two(n)) AS s FROM generate_series(1, 10) AS n) AS x, co_holding_products(s) AS p $$,
  $$ VALUES ('p0', 5::bigint), ('p1', 5) $$, 'each row counts among its own products');

CREATE FUNCTION pg_temp.among_more_and_more() RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  among text[] := '{}';
  summary co_holding_summary;
  counts bigint[];
BEGIN
  FOR i IN 0 .. 2 LOOP
    among := among || ('p' || i);
    summary := co_holding_add(NULL, '{p0,p1,p2}', among);
    counts := counts || (SELECT count(*) FROM co_holding_products(summary));
  END LOOP;
  RETURN counts;
END $$;
SELECT is(pg_temp.among_more_and_more(), '{1,2,3}', 'an array that grows where it stands');

-- A prepared statement with a kept plan.
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE one_score(scorecard) AS SELECT score($1, '{}'::jsonb);
SELECT results_eq('EXECUTE one_score(pg_temp.flat_card(7))', 'VALUES (7::float8)', 'a prepared statement');
SELECT results_eq('EXECUTE one_score(pg_temp.flat_card(8))', 'VALUES (8::float8)', 'and again with another policy');

SELECT * FROM finish();
ROLLBACK;
