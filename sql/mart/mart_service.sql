-- Questions of the mart what clients are owed and get: stage of life, service model, gaps, coverage, fairness, cost to serve.

-- What a decision table of the mart reads of clients, in its order: name, kind of value, and whether the mart can give it: the tier and the stage of life
-- where it has them, and facts. What it cannot give is unknown to the table.
CREATE FUNCTION mart_service_reads(definition jsonb, lacking jsonb, facts jsonb, slot text)
RETURNS TABLE (name text, kind text, place bigint, given text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
  SELECT a.name, CASE WHEN a.kind = 'number' THEN 'numeric' WHEN a.kind IN ('any', 'text or text[]') THEN 'text' ELSE a.kind END, a.place,
    CASE
      WHEN mart_service_reads.slot = 'service_model' AND a.name IN ('tier', 'tier_order') AND NOT mart_service_reads.lacking ?| ARRAY['tiers', 'tier_measure'] THEN 'tier'
      WHEN mart_service_reads.slot = 'service_model' AND a.name = 'life_stage' AND NOT mart_service_reads.lacking ? 'life_stage' THEN 'life_stage'
      WHEN mart_service_reads.facts -> 'client' ? a.name THEN 'fact' END
  FROM (
    SELECT a.name, pg_catalog.min(a.value_kind) AS kind, pg_catalog.row_number() OVER (ORDER BY pg_catalog.min(p.from_day) NULLS FIRST, pg_catalog.min(a.ordinal)) AS place
    FROM mart_policy(mart_service_reads.definition, mart_service_reads.slot) AS p CROSS JOIN LATERAL policy_attributes(p.document::decision_table) AS a
    GROUP BY a.name) AS a;
END;

COMMENT ON FUNCTION mart_service_reads(jsonb, jsonb, jsonb, text) IS
  'What the decision table of a mart as life_stage or service_model reads: name, type, place, and what gives it: tier, life_stage, fact, or NULL where it stays unknown';

-- What is wrong with the decision tables for stages of life and services, as errors.
CREATE FUNCTION mart_service_require(definition jsonb, facts jsonb)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $mart_service_require$
DECLARE
  version record;
  class text := nullif(definition -> 'settings' ->> 'service_class', '');
BEGIN
  FOR version IN
    SELECT s.slot, s.output, p.document::jsonb ->> 'name' AS name, p.document,
      (p.document::jsonb ? 'aggregation') AS adds_up, coalesce(p.document::jsonb ->> 'hit_policy' IN ('collect', 'rule_order', 'output_order'), false) AS lists
    FROM (VALUES ('life_stage', 'life_stage'), ('service_model', 'service')) AS s (slot, output)
    CROSS JOIN LATERAL @extschema@.mart_policy(definition, s.slot) AS p
    WHERE p.document IS NOT NULL
  LOOP
    IF @extschema@.decision_table_labels(version.document::@extschema@.decision_table, version.output) IS NULL THEN
      RAISE EXCEPTION 'the decision table "%" has no output "%"', version.name, version.output USING ERRCODE = 'undefined_column',
        HINT = CASE version.slot WHEN 'life_stage' THEN 'The stage of the client is read from it; an output "focus" may say what the stage is about.'
          ELSE 'The service that is owed is read from it; outputs "times_per_quarter", "minutes" and "channel" say how often, how long and where.' END;
    ELSIF version.adds_up OR version.lists AND version.slot = 'life_stage' THEN
      RAISE EXCEPTION 'the decision table "%" gives % where the mart''s % needs %', version.name,
        CASE WHEN version.adds_up THEN 'one figure over all hits' ELSE 'a list' END, version.slot, CASE version.slot WHEN 'life_stage' THEN 'one stage' ELSE 'services' END
        USING ERRCODE = 'invalid_parameter_value', HINT = CASE version.slot WHEN 'life_stage' THEN 'Use the hit policy unique, any, priority or first.'
          ELSE 'Use the hit policy collect without an aggregation.' END;
    END IF;
  END LOOP;
  IF class IS NOT NULL AND NOT facts -> 'client' ? class THEN
    RAISE EXCEPTION 'the setting "service_class" names "%", which the source cannot give for a client', class USING ERRCODE = 'undefined_column',
      DETAIL = format('There are: %s.', (SELECT string_agg(k.name, ', ' ORDER BY (facts -> 'client' -> k.name ->> 'ordinal')::int) FROM jsonb_object_keys(facts -> 'client') AS k (name)));
  END IF;
END;
$mart_service_require$;

COMMENT ON FUNCTION mart_service_require(jsonb, jsonb) IS 'An error where a mart''s decision tables life_stage and service_model do not say a stage or services, or service_class names no fact';

-- What the questions about service lack, besides views and columns of the source.
CREATE FUNCTION mart_service_lack(definition jsonb, lacking jsonb, facts jsonb)
RETURNS TABLE (need text, reason text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 ROWS 5
BEGIN ATOMIC
  SELECT 'services owed', pg_catalog.concat_ws('; ', k.lacking ->> 'service_model', k.lacking ->> 'entitlement',
    CASE WHEN NOT k.lacking ? 'entitlement' THEN coalesce(k.lacking ->> 'tiers', k.lacking ->> 'tier_measure') || ' to tell what is owed by' END)
  FROM (SELECT mart_service_lack.lacking AS lacking) AS k
  WHERE k.lacking ? 'service_model' AND k.lacking ?| ARRAY['entitlement', 'tiers', 'tier_measure']
  UNION ALL
  SELECT 'life_stage focus', coalesce(mart_service_lack.lacking ->> 'life_stage', 'the decision table life_stage has no output "focus"')
  WHERE mart_service_lack.lacking ? 'life_stage' OR EXISTS (
    SELECT FROM mart_policy(mart_service_lack.definition, 'life_stage') AS p
    WHERE p.document IS NOT NULL AND decision_table_labels(p.document::decision_table, 'focus') IS NULL)
  UNION ALL
  SELECT 'facts of ' || q.question, pg_catalog.format('the source has no %s: unknown to the decision table', pg_catalog.string_agg(r.name, ', ' ORDER BY r.place))
  FROM (VALUES ('life_stage', 'life_stage'), ('service_model', 'service_match')) AS q (slot, question)
  CROSS JOIN LATERAL mart_service_reads(mart_service_lack.definition, mart_service_lack.lacking, mart_service_lack.facts, q.slot) AS r
  WHERE r.given IS NULL
  GROUP BY q.question;
END;

COMMENT ON FUNCTION mart_service_lack(jsonb, jsonb, jsonb) IS 'Needs of the questions about service that are not met, and why; "facts of QUESTION" is what its decision table does without';

-- Pieces with documents and names of the user in them, which are final.
CREATE FUNCTION mart_service_final(definition jsonb, lacking jsonb, facts jsonb)
RETURNS TABLE (name text, final text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
  WITH reads AS (
    SELECT s.slot, r.*
    FROM (VALUES ('life_stage'), ('service_model')) AS s (slot)
    CROSS JOIN LATERAL mart_service_reads(mart_service_final.definition, mart_service_final.lacking, mart_service_final.facts, s.slot) AS r
  )
  SELECT 'life stage row', coalesce(pg_catalog.string_agg(CASE r.given WHEN 'fact' THEN pg_catalog.format('f.%I', r.name) ELSE pg_catalog.format('NULL::%s AS %I', r.kind, r.name) END, ', ' ORDER BY r.place), 'NULL')
  FROM reads AS r WHERE r.slot = 'life_stage'
  UNION ALL
  -- what the service model reads besides tier and stage of life
  SELECT 'service row', coalesce(pg_catalog.string_agg(CASE r.given WHEN 'fact' THEN pg_catalog.format(', f.%I', r.name) ELSE pg_catalog.format(', NULL::%s AS %I', r.kind, r.name) END, '' ORDER BY r.place), '')
  FROM reads AS r WHERE r.slot = 'service_model' AND r.name NOT IN ('tier', 'tier_order', 'life_stage')
  UNION ALL
  SELECT f.name, CASE WHEN mart_service_final.facts -> 'client' ? f.fact THEN pg_catalog.format('f.%I::%s', f.fact, f.type) ELSE pg_catalog.format('NULL::%s', f.type) END
  FROM (VALUES ('client class', coalesce(nullif(mart_service_final.definition -> 'settings' ->> 'service_class', ''), 'investor_class'), 'text'), ('opened on', 'opened_on', 'date'),
    ('tier of the source', 'tier', 'text'), ('tier order of the source', 'tier_order', 'integer')) AS f (name, fact, type)
  UNION ALL
  SELECT 'life stage', CASE WHEN NOT mart_service_final.lacking ? 'life_stage'
      THEN mart_policy_by_day(mart_service_final.definition, 'life_stage', '$1', '@extschema@.decide_text(%s, s, ''life_stage'')')
    WHEN mart_service_final.facts -> 'client' ? 'life_stage' THEN 'f.life_stage::text' ELSE 'NULL::text' END
  UNION ALL
  SELECT 'life stage focus', CASE WHEN mart_service_final.lacking ? 'life_stage focus' THEN 'NULL::text'
    ELSE mart_policy_by_day(mart_service_final.definition, 'life_stage', '$1', '@extschema@.decide_text(%s, s, ''focus'')') END
  UNION ALL
  SELECT 'life stages', coalesce(mart_policy_by_day(mart_service_final.definition, 'life_stage', '$1', '@extschema@.decision_table_labels(%s, ''life_stage'')'), 'NULL::text[]')
  UNION ALL
  SELECT 'missing facts', CASE WHEN pg_catalog.count(*) = 1 AND pg_catalog.bool_and(m.from_day IS NULL) THEN pg_catalog.min(m.list)
    ELSE coalesce('CASE' || pg_catalog.string_agg(pg_catalog.format(' WHEN $1 >= %L::date THEN %s', m.from_day, m.list), '' ORDER BY m.from_day DESC) || ' END', 'NULL::text') END
  FROM (
    SELECT p.from_day, coalesce((
      SELECT pg_catalog.format('nullif(concat_ws('', '', %s), '''')', pg_catalog.string_agg(pg_catalog.format('CASE WHEN s.%I IS NULL THEN %L END', a.name, a.name), ', ' ORDER BY a.ordinal))
      FROM policy_attributes(p.document::decision_table) AS a), 'NULL::text') AS list
    FROM mart_policy(mart_service_final.definition, 'life_stage') AS p) AS m
  UNION ALL
  -- the values by name, not the row: by them the executor remembers what was decided
  SELECT 'service decision', CASE WHEN pg_catalog.count(*) = 1 AND pg_catalog.bool_and(m.from_day IS NULL) THEN pg_catalog.min(m.decision)
    ELSE coalesce('CASE' || pg_catalog.string_agg(pg_catalog.format(' WHEN $1 >= %L::date THEN %s', m.from_day, m.decision), '' ORDER BY m.from_day DESC) || ' END', 'NULL::jsonb') END
  FROM (
    SELECT p.from_day, coalesce((
      SELECT pg_catalog.format('@extschema@.decide_values(%L::@extschema@.decision_table, %s)', p.document, pg_catalog.string_agg(pg_catalog.format('k.%I', a.name), ', ' ORDER BY a.ordinal))
      FROM policy_attributes(p.document::decision_table) AS a), 'NULL::jsonb') AS decision
    FROM mart_policy(mart_service_final.definition, 'service_model') AS p) AS m
  UNION ALL
  SELECT t.slot || ' name', mart_policy_title(mart_service_final.definition, t.slot) FROM (VALUES ('life_stage'), ('service_model')) AS t (slot);
END;

COMMENT ON FUNCTION mart_service_final(jsonb, jsonb, jsonb) IS 'Pieces of SQL of the questions about service that are final, since they hold documents and names of the user';

CREATE FUNCTION mart_service_piece(lacking jsonb)
RETURNS TABLE (name text, template text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
  SELECT p.*
  FROM (VALUES
    ('quarter', 'date_trunc(''quarter'', $1::timestamp)::date'),
    ('next quarter', '(date_trunc(''quarter'', $1::timestamp) + interval ''3 months'')::date'),
    ('staged clients', '{mart}.client_facts($1) AS f
      CROSS JOIN LATERAL (SELECT {life stage row}) AS s
      CROSS JOIN LATERAL (SELECT {life stage} AS life_stage OFFSET 0) AS k'),
    -- The columns of k are what decides what is owed. They are computed before anything is looked up by them (OFFSET 0), so that clients who are alike in them
    -- are looked up once and then remembered by the executor.
    ('service clients', '{mart}.client_facts($1) AS f {tier join}
      CROSS JOIN LATERAL (SELECT {life stage row}) AS s
      CROSS JOIN LATERAL (
        SELECT ' || CASE WHEN mart_service_piece.lacking ?| ARRAY['tiers', 'tier_measure'] THEN '{tier of the source} AS tier, {tier order of the source}' ELSE '{tier label} AS tier, {tier rank}' END
          || ' AS tier_order, {life stage} AS life_stage, {client class} AS "client class"{service row} OFFSET 0) AS k'),
    -- no more than the tier, so that only what decides it is read
    ('tiered clients', '{mart}.client_facts($1) AS f {tier join} CROSS JOIN LATERAL (SELECT {tier label} AS tier, {tier rank} AS tier_order OFFSET 0) AS k'),
    ('owed', CASE WHEN NOT mart_service_piece.lacking ? 'service_model' THEN '
        SELECT e.service, string_agg(DISTINCT e.channel COLLATE "C", '', '') AS channel, sum(e.times) AS times, sum(e.times * e.minutes) AS minutes
        FROM (
          SELECT CASE jsonb_typeof(e.said) WHEN ''object'' THEN e.said ->> ''service'' ELSE jsonb_build_array(e.said) ->> 0 END AS service, e.said ->> ''channel'' AS channel,
            CASE jsonb_typeof(e.said -> ''times_per_quarter'') WHEN ''number'' THEN (e.said -> ''times_per_quarter'')::numeric ELSE 1 END AS times,
            CASE jsonb_typeof(e.said -> ''minutes'') WHEN ''number'' THEN greatest((e.said -> ''minutes'')::numeric, 0) END AS minutes
          FROM jsonb_path_query({service decision}, ''lax $[*]'') AS e (said)) AS e
        WHERE e.service IS NOT NULL AND e.times > 0
        GROUP BY e.service'
      ELSE '
        SELECT e.service, NULL::text AS channel, e.times, e.times * e.minutes AS minutes
        FROM (
          SELECT DISTINCT ON (e.service) e.service::text AS service, e.per_quarter::numeric AS times,
            CASE WHEN e.minutes::numeric BETWEEN 0 AND {most} THEN e.minutes::numeric END AS minutes
          FROM {entitlement} AS e
          WHERE e.tier::text = k.tier AND e.client_class::text IN (k."client class", ''-'') AND e.service IS NOT NULL AND e.per_quarter::numeric BETWEEN 0 AND {most}
          ORDER BY e.service, e.client_class::text = ''-'', e.per_quarter DESC, e.minutes DESC NULLS LAST) AS e
        WHERE e.times > 0' END),
    ('most', '1e6'),
    ('most minutes', '9e14'),      -- as much as summaries take
    ('contacts of the quarter', '{contact} AS s WHERE s.on_day >= {quarter} AND s.on_day <= $1 AND {usable contact}'),
    ('contacts of clients', '(
        SELECT s.client_id, count(*) AS contacts, least(round(coalesce(sum(s.minutes::numeric), 0), 4), {most minutes}) AS minutes
        FROM {contacts of the quarter}
        GROUP BY s.client_id) AS n ON n.client_id = f.client_id'),
    -- one row for a client and service that is owed, and one for a client who is owed nothing
    ('service gaps', '{service clients}
      LEFT JOIN LATERAL ({owed}) AS o ON true
      CROSS JOIN LATERAL (SELECT round(o.times, 4) AS owed,
        round(o.times * greatest($1 + 1 - greatest({quarter}, {opened on}), 0) / ({next quarter} - {quarter}), 4) AS owed_by_now, round(o.minutes, 4) AS minutes) AS w
      LEFT JOIN (
        SELECT s.client_id, s.service::text AS service, count(*) AS contacts, coalesce(sum(s.minutes::numeric), 0) AS minutes
        FROM {contacts of the quarter} AND s.service IS NOT NULL
        GROUP BY s.client_id, s.service::text) AS d ON d.client_id = f.client_id AND d.service = o.service
      LEFT JOIN {contacts of clients}'),
    ('service through', '(SELECT max(s.on_day) FROM {contact} AS s WHERE s.on_day <= $1)'),

    ('year', '(($1 - interval ''1 year'')::date + 1)'),
    ('priced contacts', '(
        SELECT s.client_id, s.channel::text AS channel, count(*) AS contacts, coalesce(sum(s.minutes::numeric), 0) AS minutes, count(*) FILTER (WHERE r.channel IS NULL) AS without_rate,
          sum(coalesce(r.per_contact, 0) + coalesce(r.per_minute * s.minutes::numeric, 0)) AS cost
        FROM {contact} AS s
        LEFT JOIN {rates} AS r ON r.channel = s.channel::text AND r.from_day <= s.on_day AND s.on_day < r.until_day
        WHERE s.on_day >= {year} AND s.on_day <= $1 AND {usable contact}
        GROUP BY s.client_id, s.channel::text)'),
    ('revenues', '(
        SELECT s.client_id, sum(s.amount::numeric) AS revenue
        FROM {fee} AS s
        WHERE s.on_day >= {year} AND s.on_day <= $1 AND {usable fee}
        GROUP BY s.client_id)'),
    ('earning clients', '(
        SELECT f.client_id, k.tier, k.tier_order, CASE WHEN abs(({assets})::numeric) < {limit} THEN ({assets})::numeric END AS assets, coalesce(e.revenue, 0) AS revenue
        FROM {tiered clients}
        LEFT JOIN {revenues} AS e ON e.client_id = f.client_id)')
  ) AS p (name, template);
END;

COMMENT ON FUNCTION mart_service_piece(jsonb) IS 'Pieces of SQL that the questions of the mart about service are made of';

CREATE FUNCTION mart_service_question()
RETURNS TABLE (ordinal int, name text, is_view bool, needs text[], arguments text, rows int, from_template text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT q.*
  FROM (VALUES
    (40, 'life_stage', true, ARRAY['life_stage'], 'as_of date', 10000, '{staged clients}',
      'The stage of each client in the wealth life cycle: one row a client, key client_id'),
    (41, 'life_stage_summary', true, ARRAY['life_stage'], 'as_of date', 10,
      '(SELECT l.life_stage, l.place FROM unnest({life stages}) WITH ORDINALITY AS l (life_stage, place)
        UNION ALL SELECT NULL::text, NULL::bigint) AS l
      LEFT JOIN (
        SELECT k.life_stage, count(*) AS clients, sum(({assets})::numeric) FILTER (WHERE abs(({assets})::numeric) < {limit}) AS assets
        FROM {staged clients}
        GROUP BY k.life_stage) AS s ON s.life_stage = l.life_stage OR (s.life_stage IS NULL AND l.life_stage IS NULL)
      WHERE l.life_stage IS NOT NULL OR s.clients > 0',
      'How many clients are in each stage of life and what they have: one row a stage, key life_stage; empty for clients whom no rule places'),
    (42, 'service_match', true, ARRAY['services owed'], 'as_of date', 10000, '{service clients}
      CROSS JOIN LATERAL ({owed}) AS o',
      'What each client is owed in a quarter: one row a client and service, key client_id and service'),
    (43, 'service_gap', true, ARRAY['services owed', 'contact', 'contact.service'], 'as_of date', 10000, '{service gaps}
      WHERE o.service IS NOT NULL',
      'What each client is owed in the calendar quarter of as_of and got of it until as_of, whether there was any contact or not: one row a client and service, key client_id and service'),
    (44, 'coverage_by_tier', true, ARRAY['services owed', 'contact', 'contact.service', 'tiers', 'tier_measure'], 'as_of date', 10,
      '(
        SELECT c.tier, c.tier_order, count(*) AS clients, count(*) FILTER (WHERE c.contacts = 0) AS never_contacted, sum(c.delivered)::bigint AS delivered, sum(c.minutes) AS minutes,
          {crm}.coverage(coalesce(c.owed, 0), coalesce(c.covered, 0)) AS coverage, {crm}.coverage(coalesce(c.owed_by_now, 0), coalesce(c.covered_by_now, 0)) AS by_now
        FROM (
          SELECT k.tier, k.tier_order, f.client_id, coalesce(max(n.contacts), 0) AS contacts, sum(w.owed) AS owed, sum(w.owed_by_now) AS owed_by_now,
            sum(d.contacts) AS delivered, sum(least(w.owed, coalesce(d.contacts, 0))) AS covered, sum(least(w.owed_by_now, coalesce(d.contacts, 0))) AS covered_by_now,
            sum(w.minutes) AS minutes
          FROM {service gaps}
          GROUP BY k.tier, k.tier_order, f.client_id) AS c
        GROUP BY c.tier, c.tier_order) AS s',
      'How much of what they are owed in the calendar quarter of as_of the clients of each tier got until as_of, those without any contact counted: one row a tier, key tier'),
    (45, 'coverage_by_service', true, ARRAY['services owed', 'contact', 'contact.service', 'tiers', 'tier_measure'], 'as_of date', 50,
      '(
        SELECT k.tier, k.tier_order, o.service, sum(w.minutes) AS minutes, coalesce(sum(d.contacts), 0)::bigint AS delivered, sum(d.minutes) AS delivered_minutes,
          {crm}.coverage(w.owed, coalesce(d.contacts, 0)) AS coverage, {crm}.coverage(w.owed_by_now, coalesce(d.contacts, 0)) AS by_now
        FROM {service gaps}
        WHERE o.service IS NOT NULL
        GROUP BY k.tier, k.tier_order, o.service) AS s',
      'The same by service: one row a tier and service, key tier and service'),
    (46, 'fairness', true, ARRAY['contact', 'tiers', 'tier_measure'], 'as_of date', 20,
      '(
        SELECT k.tier, k.tier_order, v.measure, v.place, {crm}.coverage(0, v.amount) AS service
        FROM {tiered clients}
        LEFT JOIN {contacts of clients}
        CROSS JOIN LATERAL (VALUES (''contacts'', 1, coalesce(n.contacts, 0)::numeric), (''minutes'', 2, CASE WHEN {has minutes} THEN coalesce(n.minutes, 0) END)) AS v (measure, place, amount)
        WHERE v.amount IS NOT NULL
        GROUP BY k.tier, k.tier_order, v.measure, v.place) AS s',
      'How evenly the clients of a tier were served in the calendar quarter of as_of until as_of, by any service: one row a tier and measure, key tier and measure'),
    (47, 'service_concentration', true, ARRAY['contact', 'assets'], 'as_of date', 2,
      '(
        SELECT v.measure, v.place, {crm}.service_concentration(greatest(f.assets, 0)::float8, v.amount, 0.001) AS service
        FROM (
          SELECT ({assets})::numeric AS assets, coalesce(n.contacts, 0)::numeric AS contacts, coalesce(n.minutes, 0) AS minutes
          FROM {mart}.client_facts($1) AS f
          LEFT JOIN {contacts of clients}) AS f
        CROSS JOIN LATERAL (VALUES (''contacts'', 1, f.contacts), (''minutes'', 2, CASE WHEN {has minutes} THEN f.minutes END)) AS v (measure, place, amount)
        WHERE abs(f.assets) < {limit} AND v.amount IS NOT NULL
        GROUP BY v.measure, v.place) AS s
      LEFT JOIN LATERAL {crm}.concentration_curve(s.service, 100) AS c ON c.population_share = round(100 * {setting: service_tail_share})::float8 / 100',
      'How far service follows value, over all clients whose assets are known, in the calendar quarter of as_of until as_of: one row a measure, key measure'),
    (48, 'cost_to_serve', true, ARRAY['contact', 'contact.channel', 'cost', 'tiers', 'tier_measure'], 'as_of date', 10,
      '(
        SELECT c.tier, c.tier_order, count(*) AS clients, count(y.client_id) AS served, sum(c.assets) AS assets, sum(c.revenue) AS revenue, coalesce(sum(y.contacts), 0) AS contacts,
          coalesce(sum(y.minutes), 0) AS minutes, coalesce(sum(y.without_rate), 0) AS without_rate, coalesce(sum(y.cost), 0) AS cost
        FROM {earning clients} AS c
        LEFT JOIN (
          SELECT y.client_id, sum(y.contacts) AS contacts, sum(y.minutes) AS minutes, sum(y.without_rate) AS without_rate, sum(y.cost) AS cost
          FROM {priced contacts} AS y
          GROUP BY y.client_id) AS y ON y.client_id = c.client_id
        GROUP BY c.tier, c.tier_order) AS s',
      'What the clients of each tier cost and bring in the year that ends with as_of: one row a tier, key tier'),
    (49, 'channel_break_even', true, ARRAY['contact', 'contact.channel', 'cost', 'tiers', 'tier_measure'], 'as_of date', 30,
      '(
        WITH client AS (SELECT * FROM {earning clients} AS c)
        SELECT c.tier, c.tier_order, c.channel, c.clients, c.contacts, c.minutes, c.without_rate, c.cost, CASE WHEN t.assets > 0 THEN t.revenue / t.assets END AS yield
        FROM (
          SELECT c.tier, c.tier_order, y.channel, count(*) AS clients, sum(y.contacts) AS contacts, sum(y.minutes) AS minutes, sum(y.without_rate) AS without_rate, sum(y.cost) AS cost
          FROM client AS c
          JOIN {priced contacts} AS y ON y.client_id = c.client_id
          GROUP BY c.tier, c.tier_order, y.channel) AS c
        JOIN (
          SELECT c.tier, sum(c.revenue) AS revenue, sum(c.assets) AS assets
          FROM client AS c
          GROUP BY c.tier) AS t ON t.tier IS NOT DISTINCT FROM c.tier) AS s',
      'What each channel costs in each tier in the year that ends with as_of, and the assets from which a client brings as much: one row a tier and channel, key tier and channel')
  ) AS q (ordinal, name, is_view, needs, arguments, rows, from_template, meaning);
END;

COMMENT ON FUNCTION mart_service_question() IS 'The questions of the mart about service; part of mart_question()';

CREATE FUNCTION mart_service_column()
RETURNS TABLE (questions text, name text, type text, needs text[], expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT c.*
  FROM (VALUES
    ('life_stage life_stage_summary service_match service_gap coverage_by_tier coverage_by_service fairness service_concentration cost_to_serve channel_break_even',
      'as_of', 'date', NULL::text[], '$1', 'The day that is asked about'),
    ('life_stage life_stage_summary service_match', 'data_through', 'date', NULL, '{data through}', 'Newest day, at or before as_of, on which balances, trades or holdings have a row'),
    ('service_gap coverage_by_tier coverage_by_service fairness service_concentration cost_to_serve channel_break_even', 'data_through', 'date', NULL, '{service through}',
      'Newest day, at or before as_of, on which there was a contact'),
    ('service_gap coverage_by_tier coverage_by_service fairness service_concentration', 'quarter', 'date', NULL, '{quarter}', 'First day of the calendar quarter'),
    ('cost_to_serve channel_break_even', 'from_day', 'date', NULL, '{year}', 'First day of the year that ends with as_of'),
    ('life_stage service_match service_gap', 'client_id', 'text', NULL, 'f.client_id', 'The client''s number'),
    ('life_stage service_match service_gap', '*client_columns', NULL, NULL, NULL, NULL),

    ('life_stage', 'life_stage', 'text', NULL, 'k.life_stage', 'Stage by the decision table {life_stage name}; empty if no rule places the client'),
    ('life_stage', 'life_stage_order', 'integer', NULL, 'array_position({life stages}, k.life_stage)', 'Place of the stage in the table, first 1'),
    ('life_stage', 'focus', 'text', ARRAY['life_stage focus'], '{life stage focus}', 'What the stage is about, by the table'),
    ('life_stage', 'missing_facts', 'text', NULL, '{missing facts}', 'What the table reads and is not known of the client; empty if all is known'),

    ('life_stage_summary', 'life_stage', 'text', NULL, 'l.life_stage', 'Stage by the decision table {life_stage name}; empty for clients whom no rule places'),
    ('life_stage_summary', 'life_stage_order', 'integer', NULL, 'l.place', 'Place of the stage in the table, first 1'),
    ('life_stage_summary', 'clients', 'bigint', NULL, 'coalesce(s.clients, 0)', 'Number of clients'),
    ('life_stage_summary', 'client_share', 'float8', NULL, 'coalesce(s.clients, 0)::float8 / nullif(sum(s.clients) OVER (), 0)::float8', 'Share of all clients, a fraction of 1'),
    ('life_stage_summary', 'assets', 'numeric(18,2)', ARRAY['assets'], 'CASE WHEN s.clients > 0 THEN s.assets ELSE 0 END', 'Assets of these clients; empty if they are not known'),

    ('service_match service_gap', 'tier', 'text', ARRAY['tiers', 'tier_measure'], 'k.tier', 'Tier of the policy {tier policy name}; empty if the measure is not known'),
    ('service_match service_gap', 'tier_order', 'integer', ARRAY['tiers', 'tier_measure'], 'k.tier_order', 'Rank of the tier, lowest 1'),
    ('service_match service_gap', 'life_stage', 'text', ARRAY['life_stage'], 'k.life_stage', 'Stage by the decision table {life_stage name}'),
    ('service_match service_gap', 'life_stage_order', 'integer', ARRAY['life_stage'], 'array_position({life stages}, k.life_stage)', 'Place of the stage in the table, first 1'),
    ('service_match service_gap', 'service', 'text', NULL, 'o.service', 'Service that is owed'),
    ('service_match service_gap', 'service_channel', 'text', ARRAY['service_model'], 'o.channel', 'Channel by which it is to be delivered; empty if it may be any'),
    ('service_match', 'times_per_quarter', 'numeric(18,4)', NULL, 'o.times', 'How often it is owed in a quarter; 0.25 is once a year'),
    ('service_match', 'minutes', 'numeric(18,2)', NULL, 'o.minutes / o.times', 'Minutes that it takes each time; empty if that is not said'),
    ('service_match', 'minutes_per_quarter', 'numeric(18,2)', NULL, 'o.minutes', 'Minutes that it takes in a quarter'),

    ('service_gap', 'owed', 'numeric(18,4)', NULL, 'w.owed', 'How often it is owed in the whole quarter'),
    ('service_gap', 'owed_by_now', 'numeric(18,4)', NULL, 'w.owed_by_now', 'The part of owed that falls on the days until as_of; of a client who came in the quarter, on those since then'),
    ('service_gap', 'delivered', 'bigint', NULL, 'coalesce(d.contacts, 0)', 'How often it was delivered in the quarter until as_of'),
    ('service_gap', 'gap', 'numeric(18,4)', NULL, 'greatest(w.owed - coalesce(d.contacts, 0), 0)', 'How often it is still to be delivered in the quarter: owed less delivered, at least 0'),
    ('service_gap', 'behind', 'numeric(18,4)', NULL, 'greatest(w.owed_by_now - coalesce(d.contacts, 0), 0)', 'How far delivery is late: owed_by_now less delivered, at least 0'),
    ('service_gap', 'owed_minutes', 'numeric(18,2)', NULL, 'w.minutes', 'Minutes that it takes in the whole quarter; empty if that is not said'),
    ('service_gap', 'delivered_minutes', 'numeric(18,2)', ARRAY['contact.minutes'], 'coalesce(d.minutes, 0)', 'Minutes of what was delivered'),
    ('service_gap', 'contacts', 'bigint', NULL, 'coalesce(n.contacts, 0)', 'Contacts of the client in the quarter until as_of, for any service or none; 0 for who was not contacted'),

    ('coverage_by_tier coverage_by_service fairness cost_to_serve channel_break_even', 'tier', 'text', NULL, 's.tier', 'Tier of the policy {tier policy name}; empty if the measure is not known'),
    ('coverage_by_tier coverage_by_service fairness cost_to_serve channel_break_even', 'tier_order', 'integer', NULL, 's.tier_order', 'Rank of the tier, lowest 1'),
    ('coverage_by_service', 'service', 'text', NULL, 's.service', 'Service that is owed'),
    ('channel_break_even', 'channel', 'text', NULL, 's.channel', 'Channel of the contacts; empty if it is not known'),
    ('fairness service_concentration', 'measure', 'text', NULL, 's.measure', 'What service is measured by: contacts or minutes'),
    ('fairness service_concentration', 'measure_order', 'integer', NULL, 's.place', 'Order of the measure'),
    ('coverage_by_tier cost_to_serve', 'clients', 'bigint', NULL, 's.clients', 'Number of clients of the tier'),
    ('fairness', 'clients', 'bigint', NULL, '{crm}.clients(s.service)', 'Number of clients of the tier, those who got nothing counted'),
    ('service_concentration', 'clients', 'bigint', NULL, '{crm}.clients(s.service)', 'Number of clients whose assets are known, those who got nothing counted'),
    ('coverage_by_tier', 'never_contacted', 'bigint', NULL, 's.never_contacted', 'Clients who had no contact in the quarter until as_of'),
    ('coverage_by_tier', 'owed_clients', 'bigint', NULL, '{crm}.owed_clients(s.coverage)', 'Clients who are owed something'),
    ('coverage_by_service', 'owed_clients', 'bigint', NULL, '{crm}.owed_clients(s.coverage)', 'Clients who are owed the service'),
    ('coverage_by_service', 'not_served', 'bigint', NULL, '{crm}.untouched(s.coverage)', 'Those of them who did not get it in the quarter until as_of'),
    ('coverage_by_tier', 'fully_covered', 'bigint', NULL, '{crm}.fully_covered(s.coverage)', 'Those of them who got all that they are owed in the whole quarter, of each service'),
    ('coverage_by_service', 'fully_covered', 'bigint', NULL, '{crm}.fully_covered(s.coverage)', 'Those of them who got it as often as they are owed in the whole quarter'),
    ('coverage_by_tier coverage_by_service', 'fully_covered_share', 'float8', NULL, '{crm}.fully_covered_share(s.coverage)', 'The same as a share of owed_clients, a fraction of 1'),
    ('coverage_by_tier coverage_by_service', 'owed', 'numeric(18,4)', NULL, '{crm}.owed(s.coverage)', 'What they are owed in the whole quarter: number of times, over all services'),
    ('coverage_by_tier coverage_by_service', 'owed_by_now', 'numeric(18,4)', NULL, '{crm}.owed(s.by_now)', 'The part of owed that falls on the days until as_of'),
    ('coverage_by_tier coverage_by_service', 'delivered', 'bigint', NULL, 'coalesce(s.delivered, 0)', 'How often services that are owed were delivered in the quarter until as_of'),
    ('coverage_by_tier coverage_by_service', 'gap', 'numeric(18,4)', NULL, '{crm}.service_gap(s.coverage)', 'How often services are still to be delivered in the quarter'),
    ('coverage_by_tier coverage_by_service', 'behind', 'numeric(18,4)', NULL, '{crm}.service_gap(s.by_now)', 'How far delivery is late: what is owed by now and was not delivered'),
    ('coverage_by_tier coverage_by_service', 'coverage', 'float8', NULL, '{crm}.coverage_rate(s.coverage)',
      'Share of owed that was delivered, a fraction of 1: what one client got beyond what is owed does not make up for another'),
    ('coverage_by_tier coverage_by_service', 'coverage_by_now', 'float8', NULL, '{crm}.coverage_rate(s.by_now)', 'The same of owed_by_now'),
    ('coverage_by_tier coverage_by_service', 'owed_minutes', 'numeric(18,2)', NULL, 's.minutes', 'Minutes that what is owed takes in the whole quarter; empty if that is not said'),
    ('coverage_by_service', 'delivered_minutes', 'numeric(18,2)', ARRAY['contact.minutes'], 'coalesce(s.delivered_minutes, 0)', 'Minutes of what was delivered'),

    ('fairness', 'served', 'bigint', NULL, '{crm}.served_unowed(s.service)', 'Clients who got any service'),
    ('fairness', 'served_share', 'float8', NULL, '{crm}.served_unowed(s.service)::float8 / {crm}.clients(s.service)', 'The same as a share of all clients of the tier, a fraction of 1'),
    ('fairness', 'service', 'numeric(18,2)', NULL, '{crm}.delivered(s.service)', 'Contacts or minutes of the tier'),
    ('fairness', 'service_share', 'float8', NULL, '({crm}.delivered(s.service) / nullif(sum({crm}.delivered(s.service)) OVER (PARTITION BY s.place), 0))::float8', 'The same as a share of all tiers, a fraction of 1'),
    ('fairness', 'client_share', 'float8', NULL, '({crm}.clients(s.service) / sum({crm}.clients(s.service)) OVER (PARTITION BY s.place))::float8', 'Clients as a share of all tiers, a fraction of 1'),
    ('fairness', 'mean', 'float8', NULL, '({crm}.delivered(s.service) / {crm}.clients(s.service))::float8', 'Contacts or minutes for each client of the tier'),
    ('fairness', 'disparity', 'float8', NULL, '({crm}.delivered(s.service) * sum({crm}.clients(s.service)) OVER (PARTITION BY s.place)
        / nullif({crm}.clients(s.service) * sum({crm}.delivered(s.service)) OVER (PARTITION BY s.place), 0))::float8', 'The mean of the tier beside that of all clients: 1 is the same'),
    ('fairness', 'jain_index', 'float8', NULL, '{crm}.jain_index(s.service)',
      'Evenness within the tier, of Jain, Chiu and Hawe: 1 where all got the same, 1 / clients where one got all; empty where nobody got anything'),
    ('fairness', 'coefficient_of_variation', 'float8', NULL, '{crm}.coefficient_of_variation(s.service)', 'Standard deviation within the tier divided by the mean, 0 where all got the same'),

    ('service_concentration', 'service', 'numeric(18,2)', NULL, '{crm}.total_service(s.service)', 'Contacts or minutes of all these clients'),
    ('service_concentration', 'assets', 'numeric(18,2)', NULL, '{crm}.total_value(s.service)', 'Their assets, what is below 0 counted as 0'),
    ('service_concentration', 'concentration_index', 'float8', NULL, '{crm}.concentration_index(s.service)',
      'Concentration of service over clients in the order of their assets: 0 where it does not follow value, above 0 where those with more get more, below 0 where they get less'),
    ('service_concentration', 'concentration_error', 'float8', NULL, '{crm}.concentration_error(s.service)', 'By how much it can be off, since assets that are nearly equal count as equal'),
    ('service_concentration', 'gini_of_value', 'float8', NULL, '{crm}.gini_of_value(s.service)', 'Gini coefficient of the assets: what the concentration index would be if service were in proportion to value'),
    ('service_concentration', 'kakwani_index', 'float8', NULL, '{crm}.kakwani_index(s.service)',
      'The difference of both: 0 where service is in proportion to value, below 0 where it is less unequal than that'),
    ('service_concentration', 'tail_client_share', 'float8', NULL, 'c.population_share', 'The tail: this share of the clients, those with the lowest assets'),
    ('service_concentration', 'tail_value_share', 'float8', NULL, 'c.value_share', 'What the tail has of the assets, a fraction of 1'),
    ('service_concentration', 'tail_service_share', 'float8', NULL, 'c.service_share', 'What the tail got of the service, a fraction of 1'),
    ('service_concentration', 'disparity', 'float8', NULL, '(1 - c.service_share) * c.population_share / nullif(c.service_share * (1 - c.population_share), 0)',
      'Service for a client of the head beside that for one of the tail: 1 is the same; empty where the tail got nothing'),

    ('cost_to_serve', 'clients_served', 'bigint', NULL, 's.served', 'Those of them who had a contact'),
    ('channel_break_even', 'clients_served', 'bigint', NULL, 's.clients', 'Clients who had a contact by the channel'),
    ('cost_to_serve channel_break_even', 'contacts', 'bigint', NULL, 's.contacts', 'Number of contacts'),
    ('cost_to_serve channel_break_even', 'minutes', 'numeric(18,2)', ARRAY['contact.minutes'], 's.minutes', 'Minutes of the contacts'),
    ('cost_to_serve channel_break_even', 'cost', 'numeric(18,2)', NULL, 's.cost', 'Cost of the contacts, by the rates of their channels on their days'),
    ('cost_to_serve channel_break_even', 'contacts_without_rate', 'bigint', NULL, 's.without_rate', 'Contacts whose channel had no rate on the day; they count as free'),
    ('channel_break_even', 'cost_per_contact', 'numeric(18,2)', NULL, 's.cost / nullif(s.contacts, 0)', 'Cost of a contact'),
    ('cost_to_serve', 'cost_per_client', 'numeric(18,2)', NULL, 's.cost / nullif(s.clients, 0)', 'Cost of a client of the tier, those without a contact counted'),
    ('channel_break_even', 'cost_per_client', 'numeric(18,2)', NULL, 's.cost / nullif(s.clients, 0)', 'Cost of a client who had a contact by the channel'),
    ('cost_to_serve', 'assets', 'numeric(18,2)', ARRAY['assets'], 's.assets', 'Assets of the clients on as_of'),
    ('cost_to_serve', 'revenue', 'numeric(18,2)', ARRAY['fee'], 's.revenue', 'Revenue from the clients'),
    ('cost_to_serve', 'margin', 'numeric(18,2)', ARRAY['fee'], 's.revenue - s.cost', 'Revenue less cost'),
    ('cost_to_serve', 'margin_per_client', 'numeric(18,2)', ARRAY['fee'], '(s.revenue - s.cost) / nullif(s.clients, 0)', 'The same for each client'),
    ('cost_to_serve', 'revenue_yield', 'float8', ARRAY['fee', 'assets'], '(CASE WHEN s.assets > 0 THEN s.revenue / s.assets END)::float8', 'Revenue of the year divided by assets, a fraction of 1'),
    ('cost_to_serve', 'break_even_assets', 'numeric(18,2)', ARRAY['fee', 'assets'], 's.cost / nullif(s.clients, 0) / CASE WHEN s.assets > 0 AND s.revenue / s.assets > 1e-6 THEN s.revenue / s.assets END',
      'Assets with which a client of the tier brings what it costs: cost_per_client divided by revenue_yield; empty where they bring as good as nothing'),
    ('channel_break_even', 'revenue_yield', 'float8', ARRAY['fee', 'assets'], 's.yield::float8', 'Revenue of the year from all clients of the tier divided by their assets, a fraction of 1'),
    ('channel_break_even', 'break_even_assets', 'numeric(18,2)', ARRAY['fee', 'assets'], 's.cost / nullif(s.clients, 0) / CASE WHEN s.yield > 1e-6 THEN s.yield END',
      'Assets with which a client of the tier brings what the channel costs for one: cost_per_client divided by revenue_yield; empty where they bring as good as nothing')
  ) AS c (questions, name, type, needs, expression, meaning);
END;

COMMENT ON FUNCTION mart_service_column() IS 'The columns of the questions about service; part of mart_column()';
