-- How a policy decides over inputs, as SQL: the outcome as text, and all the reasons: reason codes of a scorecard, the checks of a suitability policy
-- that failed, the rules of a decision table that hit. The document is a literal, so that it is compiled once however many rows are decided.
-- inputs and valid_on are expressions. NULL decides nothing.
CREATE FUNCTION policy_decision_sql(kind text, document text, inputs text, valid_on text, OUT outcome text, OUT reasons text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN policy_decision_sql.document IS NULL THEN 'NULL::text' ELSE
      pg_catalog.format(s.outcome, p.policy, policy_decision_sql.inputs, policy_decision_sql.valid_on) END,
    CASE WHEN policy_decision_sql.document IS NULL OR s.reasons IS NULL THEN 'NULL::text[]' ELSE
      pg_catalog.format(s.reasons, p.policy, policy_decision_sql.inputs, policy_decision_sql.valid_on) END
  FROM (VALUES
    ('scorecard', '@extschema@.score(%1$s, %2$s)::text', '@extschema@.reason_codes(%1$s, %2$s, 1000)'),
    ('tier_policy', '@extschema@.tier(%1$s, (%2$s ->> ''value'')::float8)', NULL),
    ('decision_table', '@extschema@.decide(%1$s, %2$s) #>> ''{}''',
      'ARRAY(SELECT coalesce(x.name, x.rule::text) FROM @extschema@.decide_all(%1$s, %2$s) AS x ORDER BY x.ordinal)'),
    ('suitability_policy', 'CASE WHEN %2$s IS NOT NULL THEN @extschema@.suitability(%1$s, coalesce(%2$s -> ''client'', ''{}''), coalesce(%2$s -> ''product'', ''{}''), %3$s,
        nullif(%2$s -> ''instruction'', ''null''))::text END',
      'ARRAY(SELECT coalesce(x.code, x.name) FROM @extschema@.suitability_detail(%1$s, coalesce(%2$s -> ''client'', ''{}''), coalesce(%2$s -> ''product'', ''{}''), %3$s,
        nullif(%2$s -> ''instruction'', ''null'')) AS x WHERE x.outcome > ''suitable'' ORDER BY x.ordinal)')
  ) AS s (kind, outcome, reasons)
  CROSS JOIN LATERAL (SELECT pg_catalog.format('%L::@extschema@.%I', policy_decision_sql.document, policy_decision_sql.kind) AS policy) AS p
  WHERE s.kind = policy_decision_sql.kind;
END;

COMMENT ON FUNCTION policy_decision_sql(text, text, text, text) IS
  'How a policy decides over inputs and a day, which are expressions: expressions for the outcome as text and the reasons';

CREATE FUNCTION policy_decision(kind text, document text, inputs jsonb, valid_on date, OUT outcome text, OUT reasons text[])
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
SET extra_float_digits = 1
AS $policy_decision$
DECLARE
  query text := (SELECT 'SELECT ' || s.outcome || ', ' || s.reasons FROM @extschema@.policy_decision_sql(kind, document, '$1', '$2') AS s);
BEGIN
  IF query IS NULL THEN
    RAISE EXCEPTION 'policies of kind % are not known', coalesce(quote_literal(kind), 'NULL') USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE query INTO outcome, reasons USING inputs, valid_on;
END;
$policy_decision$;

COMMENT ON FUNCTION policy_decision(text, text, jsonb, date) IS
  'What a policy of a kind decides over inputs (as decision_inputs gives them) on a day: the outcome as text, and the reasons';

-- Inputs cut down to what a policy reads.
CREATE FUNCTION policy_inputs(kind text, document text, inputs jsonb, valid_on date)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $policy_inputs$
BEGIN
  CASE kind
    WHEN 'scorecard' THEN
      RETURN @extschema@.decision_inputs(document::@extschema@.scorecard, inputs);
    WHEN 'tier_policy' THEN
      RETURN jsonb_build_object('value', inputs -> 'value');
    WHEN 'decision_table' THEN
      RETURN @extschema@.decision_inputs(document::@extschema@.decision_table, inputs);
    WHEN 'suitability_policy' THEN
      RETURN @extschema@.decision_inputs(document::@extschema@.suitability_policy, coalesce(inputs -> 'client', '{}'), coalesce(inputs -> 'product', '{}'), valid_on,
        nullif(inputs -> 'instruction', 'null'));
    ELSE
      RAISE EXCEPTION 'policies of kind % are not known', coalesce(quote_literal(kind), 'NULL') USING ERRCODE = 'invalid_parameter_value';
  END CASE;
END;
$policy_inputs$;

COMMENT ON FUNCTION policy_inputs(text, text, jsonb, date) IS 'Inputs of a decision cut down to what a policy of a kind reads';

-- Where a mart has what a policy reads, as a query: client_id and product_id, and inputs as a column for each of two policies of one kind.
-- $1 is the day, $2 the instruction. NULL and the reason where the mart cannot give it.
CREATE FUNCTION mart_inputs(mart text, kind text, was text, now text, has_product boolean, OUT query text, OUT lacking text)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $mart_inputs$
DECLARE
  row_of_product text := CASE WHEN has_product THEN 'p' ELSE '''{}''::jsonb' END;
BEGIN
  IF kind = 'tier_policy' THEN
    IF to_regprocedure(format('%I.client_tier_at(date)', mart)) IS NULL THEN
      lacking := format('the mart %I has no client_tier', mart);
    ELSE
      query := format('SELECT f.client_id, NULL::text AS product_id, i.inputs AS was, i.inputs AS now
        FROM %I.client_tier_at($1) AS f CROSS JOIN LATERAL (SELECT jsonb_build_object(''value'', f.tier_value::float8) AS inputs) AS i', mart);
    END IF;
    RETURN;
  END IF;
  EXECUTE format('
    SELECT string_agg(DISTINCT format(''%%s of a %%s'', a.name, a.side), '', '')
    FROM (
      SELECT a.name, coalesce(a.side, ''client'') AS side FROM unnest($1) AS d (document) CROSS JOIN LATERAL @extschema@.policy_attributes(d.document::@extschema@.%I) AS a
      ) AS a
    WHERE a.side IN (''client'', ''product'') AND NOT (a.side = ''product'' AND NOT $3) AND NOT EXISTS (
      SELECT FROM pg_proc AS f CROSS JOIN LATERAL unnest(f.proargnames) AS c (name)
      WHERE f.oid = to_regprocedure(format(''%%I.%%s_facts(date)'', $2, a.side)) AND c.name = a.name)', kind)
  INTO lacking USING ARRAY[was, now], mart, has_product;
  IF lacking IS NOT NULL THEN
    lacking := format('the mart %I does not know %s', mart, lacking);
  ELSIF kind = 'suitability_policy' THEN
    query := format('
      SELECT f.client_id::text AS client_id, %1$s AS product_id,
        @extschema@.decision_inputs(%2$L::@extschema@.suitability_policy, f, %3$s, $1, $2) AS was,
        @extschema@.decision_inputs(%4$L::@extschema@.suitability_policy, f, %3$s, $1, $2) AS now
      FROM %5$I.client_facts($1) AS f%6$s', CASE WHEN has_product THEN 'p.product_id::text' ELSE 'NULL::text' END, was, row_of_product, now, mart,
      CASE WHEN has_product THEN format(' CROSS JOIN %I.product_facts($1) AS p', mart) ELSE '' END);
  ELSE
    query := format('
      SELECT f.client_id::text AS client_id, NULL::text AS product_id, @extschema@.decision_inputs(%1$L::@extschema@.%3$I, f) AS was,
        @extschema@.decision_inputs(%2$L::@extschema@.%3$I, f) AS now
      FROM %4$I.client_facts($1) AS f', was, now, kind, mart);
  END IF;
END;
$mart_inputs$;

COMMENT ON FUNCTION mart_inputs(text, text, text, text, boolean) IS
  'The query that takes what policies read from a mart, by client and product, or what the mart lacks; replay uses it';

CREATE FUNCTION registry_replay_template()
RETURNS TABLE (ordinal int, type text, name text, definition text, body text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT t.*
  FROM (VALUES
    (300, 'function', 'decide_and_log(text, text, text, jsonb, date, text, jsonb)',
      '{registry}.decide_and_log(kind text, name text, subject text, inputs jsonb, valid_on date DEFAULT @extschema@.as_of(), product text DEFAULT NULL,
  evidence jsonb DEFAULT NULL)
RETURNS TABLE (decision_id bigint, outcome text, reasons text[], version text) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp ROWS 1', $body$
#variable_conflict use_column
DECLARE
  policy {registry}.policy_version;
  kept jsonb;
BEGIN
  SELECT p.* INTO policy FROM {registry}.policy_at(decide_and_log.kind, decide_and_log.name, decide_and_log.valid_on) AS p;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no % "%" governs on %', decide_and_log.kind, decide_and_log.name, decide_and_log.valid_on
      USING ERRCODE = 'no_data_found', HINT = 'policy_timeline lists the versions with their periods.';
  ELSIF decide_and_log.inputs IS NULL THEN
    RAISE EXCEPTION 'a decision needs inputs' USING ERRCODE = 'null_value_not_allowed', HINT = 'decision_inputs(policy, row) takes them from a row.';
  END IF;
  kept := @extschema@.policy_inputs(decide_and_log.kind, policy.document, decide_and_log.inputs, decide_and_log.valid_on);
  SELECT d.outcome, d.reasons INTO outcome, reasons
  FROM @extschema@.policy_decision(decide_and_log.kind, policy.document, kept, decide_and_log.valid_on) AS d;
  decision_id := {registry}.log_decision(decide_and_log.subject, decide_and_log.kind, outcome, reasons, policy.sha256, kept, decide_and_log.valid_on,
    decide_and_log.product, decide_and_log.evidence);
  version := policy.version;
  RETURN NEXT;
END;
$body$, 'Applies the policy of a name that governs on the day to inputs, records the decision with what the policy read, and returns it'),

    (320, 'function', 'replay_decisions(bigint, timestamptz, timestamptz, text)',
      '{registry}.replay_decisions(decision bigint, from_time timestamptz, to_time timestamptz, mart text)
RETURNS TABLE (decision_id bigint, subject text, product text, kind text, policy text, valid_on date, status text, outcome text, with_facts text, with_rule text,
  outcome_now text, facts_changed jsonb, rule_changed jsonb, note text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 ROWS 100', $body$
#variable_conflict use_column
DECLARE
  alike record;                 -- decisions that one query over the mart serves
  was {registry}.policy_version;
  now {registry}.policy_version;
  facts record;
BEGIN
  IF mart IS NOT NULL THEN
    PERFORM @extschema@.require_mart(mart);
  END IF;
  FOR alike IN
    SELECT d.kind, d.policy_sha256, d.valid_on, nullif(d.inputs -> 'instruction', 'null') AS instruction, d.product IS NOT NULL AS has_product, count(*) AS decisions,
      min(d.decision_id) AS first_id, max(d.decision_id) AS last_id, min(d.subject) AS first_subject, min(d.product) AS first_product
    FROM {registry}.decision_log AS d
    WHERE (decision IS NULL OR d.decision_id = decision) AND (from_time IS NULL OR d.recorded_at >= from_time)
      AND (to_time IS NULL OR d.recorded_at < to_time)
    GROUP BY d.kind, d.policy_sha256, d.valid_on, d.inputs -> 'instruction', d.product IS NOT NULL
    ORDER BY min(d.decision_id)
  LOOP
    SELECT v.* INTO was FROM {registry}.policy_version AS v WHERE v.sha256 = alike.policy_sha256 ORDER BY v.version_id LIMIT 1;
    SELECT p.* INTO now FROM {registry}.policy_at(was.kind, was.name, alike.valid_on) AS p;
    SELECT m.* INTO facts FROM @extschema@.mart_inputs(mart, was.kind, was.document, coalesce(now.document, was.document), alike.has_product) AS m;
    -- again: the logged policy over the logged inputs; f: what the policies read now; n: the rule of now over the logged inputs
    RETURN QUERY EXECUTE (
      SELECT format($query$
        SELECT d.decision_id, d.subject, d.product, d.kind, $4, d.valid_on, s.status, d.outcome, o.with_facts, o.with_rule, o.outcome_now,
          CASE WHEN c.facts THEN (SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM @extschema@.document_diff(d.inputs, f.was) AS x) END,
          CASE WHEN c.rule THEN $5 END,
          CASE s.status
            WHEN 'not reproduced' THEN format('the logged policy decides %%s%%s over the logged inputs', coalesce(again.outcome, 'nothing'),
              ' because of ' || nullif(array_to_string(again.reasons, ', '), ''))
            WHEN 'no rule' THEN NULL
            ELSE nullif(concat_ws('; ', CASE WHEN $7 <> 'known' THEN $7 WHEN f.was IS NULL THEN 'the mart does not know client or product on that day' END, $6), '')
            END
        FROM {registry}.decision_log AS d
        LEFT JOIN (%1$s) AS f ON f.client_id = d.subject AND (f.product_id = d.product OR d.product IS NULL)
        CROSS JOIN LATERAL (SELECT %2$s AS outcome, %3$s AS reasons) AS again
        CROSS JOIN LATERAL (
          SELECT ARRAY(SELECT x.value FROM jsonb_array_elements_text(CASE jsonb_typeof(d.reasons) WHEN 'array' THEN d.reasons ELSE '[]' END) AS x (value)) AS reasons) AS k
        CROSS JOIN LATERAL (
          SELECT again.outcome IS NOT DISTINCT FROM d.outcome AND (d.reasons IS NULL OR (coalesce(again.reasons, '{}'))[1:cardinality(k.reasons)] = k.reasons) AS same) AS e
        CROSS JOIN LATERAL (SELECT e.same AND $7 = 'known' AND f.was IS DISTINCT FROM d.inputs AS facts, e.same AND $5 IS NOT NULL AS rule) AS c
        CROSS JOIN LATERAL (
          SELECT CASE WHEN $8 THEN 'no rule' WHEN NOT e.same THEN 'not reproduced' WHEN c.facts AND c.rule THEN 'facts and rule changed' WHEN c.facts THEN 'facts changed'
            WHEN c.rule THEN 'rule changed' ELSE 'same' END AS status) AS s
        CROSS JOIN LATERAL (
          SELECT CASE WHEN c.facts THEN %4$s WHEN e.same THEN d.outcome END AS with_facts, CASE WHEN c.rule THEN %5$s WHEN e.same THEN d.outcome END AS with_rule,
            CASE WHEN c.facts AND c.rule THEN %6$s END AS with_both) AS w
        CROSS JOIN LATERAL (
          SELECT w.with_facts, w.with_rule, CASE WHEN c.facts AND c.rule THEN w.with_both WHEN c.facts THEN w.with_facts ELSE w.with_rule END AS outcome_now) AS o
        WHERE d.decision_id BETWEEN $9 AND $10 AND d.kind = $11 AND d.policy_sha256 IS NOT DISTINCT FROM $12 AND d.valid_on = $1
          AND nullif(d.inputs -> 'instruction', 'null') IS NOT DISTINCT FROM $2 AND (d.product IS NOT NULL) = $3
          AND ($13 IS NULL OR d.recorded_at >= $13) AND ($14 IS NULL OR d.recorded_at < $14)
        ORDER BY d.decision_id$query$,
        CASE
          WHEN facts.query IS NULL THEN 'SELECT NULL::text AS client_id, NULL::text AS product_id, NULL::jsonb AS was, NULL::jsonb AS now WHERE false'
          WHEN alike.decisions = 1 THEN format('SELECT * FROM (%s) AS f WHERE f.client_id = %L%s', facts.query, alike.first_subject,
            CASE WHEN alike.has_product THEN format(' AND f.product_id = %L', alike.first_product) END)
          ELSE facts.query END,
        again.outcome, again.reasons, with_facts.outcome, with_rule.outcome, with_both.outcome)
      FROM @extschema@.policy_decision_sql(coalesce(was.kind, 'scorecard'), was.document, 'd.inputs', '$1') AS again
      CROSS JOIN @extschema@.policy_decision_sql(coalesce(was.kind, 'scorecard'), was.document, 'f.was', '$1') AS with_facts
      CROSS JOIN @extschema@.policy_decision_sql(coalesce(was.kind, 'scorecard'), now.document, 'd.inputs', '$1') AS with_rule
      CROSS JOIN @extschema@.policy_decision_sql(coalesce(was.kind, 'scorecard'), now.document, 'f.now', '$1') AS with_both)
    USING alike.valid_on, alike.instruction, alike.has_product, concat_ws(' ', was.name, was.version),
      CASE WHEN now.document IS DISTINCT FROM was.document THEN (
        SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM @extschema@.document_diff(was.document::jsonb, now.document::jsonb) AS x) END,
      CASE WHEN now.document IS NULL THEN 'no rule governs that day any more' END,
      CASE WHEN mart IS NULL THEN 'the facts were not looked at' ELSE coalesce(facts.lacking, 'known') END, was.document IS NULL,
      alike.first_id, alike.last_id, alike.kind, alike.policy_sha256, from_time, to_time;
  END LOOP;
END;
$body$, 'What has become of decisions; replay and replay_check call it'),

    (330, 'function', 'replay(bigint, text)',
      '{registry}.replay(decision bigint, mart text DEFAULT NULL)
RETURNS TABLE (decision_id bigint, subject text, product text, kind text, policy text, valid_on date, status text, outcome text, with_facts text, with_rule text,
  outcome_now text, facts_changed jsonb, rule_changed jsonb, note text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp ROWS 1', $body$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT r.* FROM {registry}.replay_decisions(replay.decision, NULL, NULL, replay.mart) AS r WHERE replay.decision IS NOT NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no decision number %', coalesce(replay.decision::text, 'NULL') USING ERRCODE = 'no_data_found';
  END IF;
END;
$body$, 'What has become of a decision: the logged policy over the logged inputs must give it again (else not reproduced); then the rule that governs its day as it is known now, and '
        'the facts of its day as the mart knows them now: same, facts changed, rule changed, facts and rule changed, or no rule for a decision without one'),
    (331, 'function', 'replay_check(timestamptz, timestamptz, text)',
      '{registry}.replay_check(from_time timestamptz, to_time timestamptz DEFAULT NULL, mart text DEFAULT NULL)
RETURNS TABLE (decision_id bigint, subject text, product text, kind text, policy text, valid_on date, status text, outcome text, with_facts text, with_rule text,
  outcome_now text, facts_changed jsonb, rule_changed jsonb, note text)
LANGUAGE sql STABLE ROWS 100
BEGIN ATOMIC
  SELECT r.* FROM {registry}.replay_decisions(NULL, replay_check.from_time, replay_check.to_time, replay_check.mart) AS r;
END', NULL, 'The same for the decisions that were recorded from a time until before another')
  ) AS t (ordinal, type, name, definition, body, meaning);
END;

COMMENT ON FUNCTION registry_replay_template() IS 'Functions of a registry that decide, log and replay, as templates';
