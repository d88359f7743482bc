-- What holds of every document that is accepted, whatever it says. A broken property is raised as FZ001.
CREATE SCHEMA fuzz;

CREATE FUNCTION fuzz.broken(property text, VARIADIC detail text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'FZ001', MESSAGE = property, DETAIL = left(array_to_string(detail, ' | ', 'NULL'), 4000);
END
$$;

CREATE TABLE fuzz.client (n int, attributes jsonb);
INSERT INTO fuzz.client VALUES
  (1, '{}'),
  (2, '{"mean_assets": 5000, "service": "desk", "dormant": false, "age": 30, "orders_60d": 9, "kinds": ["bond", "fund"],
        "risk_level": "low", "lowest_class": true, "longest_term_months": 12, "objectives": ["income"], "assessed_on": "2023-09-30",
        "first_trade_on": "2023-12-31", "assets_20_days": 320000, "birth_date": "1948-02-29", "professional_until": "2023-12-31"}'),
  (3, '{"mean_assets": 750000, "service": null, "dormant": true, "age": 35.5, "orders_60d": 0, "kinds": [],
        "risk_level": "high", "lowest_class": false, "longest_term_months": 1200, "objectives": [], "assessed_on": "2000-01-01",
        "first_trade_on": null, "assets_20_days": 1e30, "birth_date": "2004-02-29", "professional_until": "2025-01-01"}');

CREATE TABLE fuzz.product (n int, attributes jsonb);
INSERT INTO fuzz.product VALUES
  (1, '{}'),
  (2, '{"risk_level": "1", "term_months": 6, "kind": "fund", "objectives": ["income", "growth"], "permission": "GROWTH"}'),
  (3, '{"risk_level": "4", "term_months": 600, "kind": "bond", "objectives": [], "permission": null}');

-- The hash functions by kind of policy, whatever their names.
CREATE FUNCTION fuzz.hash_function(kind text, number int) RETURNS regproc
LANGUAGE sql AS $$
  SELECT p.amproc::regproc
  FROM pg_opclass AS o
  JOIN pg_am AS a ON a.oid = o.opcmethod AND a.amname = 'hash'
  JOIN pg_amproc AS p ON p.amprocfamily = o.opcfamily AND p.amprocnum = number
  WHERE o.opcintype = format('crm.%I', kind)::regtype
$$;

DO $do$
DECLARE
  kind text;
BEGIN
  FOREACH kind IN ARRAY ARRAY['scorecard', 'tier_policy', 'decision_table', 'suitability_policy'] LOOP
    EXECUTE format($create$
      CREATE TABLE fuzz.received_%1$s (document crm.%1$s);
      CREATE FUNCTION fuzz.check_value(v crm.%1$s) RETURNS void
      LANGUAGE plpgsql AS $$
      DECLARE
        again crm.%1$s := v::text::crm.%1$s;
        through_jsonb crm.%1$s;
      BEGIN
        IF again::text <> v::text THEN
          PERFORM fuzz.broken('the text of the text differs', v::text, again::text);
        END IF;
        IF NOT v = again OR v <> again THEN
          PERFORM fuzz.broken('not equal to itself read again', v::text);
        END IF;
        IF %2$s(v) <> %2$s(again) OR %3$s(v, 7) <> %3$s(again, 7) THEN
          PERFORM fuzz.broken('equal but of other hash', v::text);
        END IF;
        IF %2$s(v) <> (%3$s(v, 0) & 4294967295)::bit(32)::int THEN
          PERFORM fuzz.broken('the 64-bit hash of seed 0 does not end in the hash', v::text);
        END IF;
        IF %4$s(v) <> %4$s(again) THEN
          PERFORM fuzz.broken('sent otherwise after being read again', v::text);
        END IF;
        through_jsonb := v::jsonb::crm.%1$s;
        -- jsonb orders keys in its own way, so the text may differ, but not what it says.
        IF v::jsonb <> through_jsonb::jsonb THEN
          PERFORM fuzz.broken('another document through jsonb', v::text, through_jsonb::text);
        END IF;
        PERFORM crm.policy_attributes(v);
        PERFORM fuzz.use(v);
      END $$;
      CREATE FUNCTION fuzz.check_%1$s(document text) RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM fuzz.check_value(document::crm.%1$s);
      END $$;
      CREATE FUNCTION fuzz.check_received_%1$s() RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM fuzz.check_value(document) FROM fuzz.received_%1$s;
      END $$
      $create$, kind, fuzz.hash_function(kind, 1), fuzz.hash_function(kind, 2),
      (SELECT typsend FROM pg_type WHERE oid = format('crm.%I', kind)::regtype));
  END LOOP;
END
$do$;

-- The SQL of a card gives what the card gives, on typed columns. It has no "error", and SQL refuses numbers out of range.
CREATE FUNCTION fuzz.compare_sql(v crm.scorecard) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  columns text;
  differs text;
BEGIN
  SELECT string_agg(format('(%s)[i] AS %I', CASE value_kind
      WHEN 'number' THEN (ARRAY['ARRAY[NULL, 5, 33.5, -1e3]::float8[]', 'ARRAY[0, NULL, 1, 1000000]::int8[]', 'ARRAY[''NaN'', 30, 0.1, NULL]::numeric[]'])[1 + ordinal % 3]
      WHEN 'text' THEN 'ARRAY[''phone'', NULL, ''branch'', '''']'
      WHEN 'boolean' THEN 'ARRAY[true, false, NULL, true]'
      WHEN 'date' THEN 'ARRAY[''2024-01-01'', NULL, ''infinity'', ''1999-12-31'']::date[]'
      WHEN 'timestamp' THEN 'ARRAY[''2024-01-01'', NULL, ''2024-01-01 12:00'', ''-infinity'']::timestamp[]'
      WHEN 'timestamptz' THEN 'ARRAY[''2024-01-01 00:00+00'', NULL, ''2024-01-01 12:00+08'', ''infinity'']::timestamptz[]'
      WHEN 'any' THEN 'ARRAY[1, NULL, 2, 3]' END, name), ', ')
    FILTER (WHERE value_kind <> 'text[]') INTO columns
  FROM crm.policy_attributes(v);
  IF v::text ~ '"(error|contains|overlaps)"' OR (SELECT count(*) > 100 FROM crm.policy_attributes(v)) THEN
    RETURN;
  END IF;
  EXECUTE format('SELECT string_agg(r::text, '' '') FROM (SELECT %s FROM generate_series(1, 4) AS i) AS r WHERE crm.score(%L::crm.scorecard, r) IS DISTINCT FROM %s',
    coalesce(columns, 'i'), v, crm.scorecard_to_sql(v, 'r')) INTO differs;
  IF differs IS NOT NULL THEN
    PERFORM fuzz.broken('the SQL scores otherwise', v::text, differs);
  END IF;
EXCEPTION WHEN numeric_value_out_of_range THEN
  NULL;
END
$$;

-- Nothing but a document's own "error" raises here: rows are jsonb, so that every attribute is at most NULL or of another kind.
CREATE FUNCTION fuzz.use(v crm.scorecard) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  client record;
  points float8;
  added float8;
BEGIN
  FOR client IN SELECT attributes FROM fuzz.client ORDER BY n LOOP
    points := crm.score(v, client.attributes);
    SELECT sum(d.points ORDER BY d.ordinal) INTO added FROM crm.score_detail(v, client.attributes) AS d;
    IF points IS NOT NULL AND points IS DISTINCT FROM added THEN
      PERFORM fuzz.broken('score_detail does not add up', v::text, client.attributes::text, points::text, added::text);
    END IF;
    IF points <> points OR points = 'NaN' THEN
      PERFORM fuzz.broken('a score that is not a number', v::text, client.attributes::text);
    END IF;
    IF cardinality(crm.reason_codes(v, client.attributes, 3)) > 3 THEN
      PERFORM fuzz.broken('more reasons than were asked for', v::text);
    END IF;
  END LOOP;
  PERFORM fuzz.compare_sql(v);
END
$$;

CREATE FUNCTION fuzz.use(v crm.tier_policy) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  labels text[] := crm.tier_labels(v);
  probe float8;
  rank int;
  last_rank int := 1;
BEGIN
  FOREACH probe IN ARRAY ARRAY['-Infinity', -1, 0, 45000, 60000, 1e6, 1e15, 'Infinity']::float8[] LOOP
    rank := crm.tier_rank(v, probe);
    IF rank IS NULL OR rank < last_rank OR rank > cardinality(labels) THEN
      PERFORM fuzz.broken('a higher value with a lower rank, or none', v::text, probe::text, rank::text);
    END IF;
    IF crm.tier(v, probe) IS DISTINCT FROM labels[rank] THEN
      PERFORM fuzz.broken('the label is not that of the rank', v::text, probe::text);
    END IF;
    last_rank := rank;
  END LOOP;
  IF crm.tier(v, 'NaN') IS NOT NULL OR crm.tier_rank(v, NULL) IS NOT NULL THEN
    PERFORM fuzz.broken('a tier without a value', v::text);
  END IF;
END
$$;

CREATE FUNCTION fuzz.use(v crm.decision_table) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  client record;
  hits int[];
  first jsonb;
  problem record;
  single boolean := coalesce(v::jsonb->>'hit_policy', 'unique') IN ('unique', 'any', 'first', 'priority');
BEGIN
  FOR client IN SELECT attributes FROM fuzz.client ORDER BY n LOOP
    SELECT array_agg(d.rule ORDER BY d.ordinal), (array_agg(d.outputs ORDER BY d.ordinal))[1] INTO hits, first FROM crm.decide_all(v, client.attributes) AS d;
    BEGIN
      IF single AND cardinality(hits) = 1 AND jsonb_array_length(v::jsonb->'outputs') > 1 AND crm.decide(v, client.attributes) IS DISTINCT FROM first THEN
        PERFORM fuzz.broken('one hit does not decide', v::text, client.attributes::text);
      END IF;
      PERFORM crm.decide(v, client.attributes);
    EXCEPTION WHEN invalid_parameter_value THEN
      IF v::jsonb->>'conflict' IS DISTINCT FROM 'error' OR cardinality(hits) < 2 THEN
        RAISE;
      END IF;
    END;
  END LOOP;
  FOR problem IN SELECT * FROM crm.decision_table_check(v) AS c WHERE c.witness IS NOT NULL LIMIT 20 LOOP
    hits := ARRAY(SELECT d.rule FROM crm.decide_all(v, problem.witness) AS d ORDER BY d.ordinal);
    IF (CASE problem.problem WHEN 'gap' THEN hits <> '{}' WHEN 'unreachable' THEN hits[1] = problem.rules[1] OR NOT hits @> problem.rules[1:1] ELSE NOT hits @> problem.rules END) THEN
      PERFORM fuzz.broken('a witness that shows nothing', v::text, problem::text, hits::text);
    END IF;
  END LOOP;
END
$$;

CREATE FUNCTION fuzz.use(v crm.suitability_policy) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  pair record;
  instruction jsonb;
  outcome crm.suitability_outcome;
  worst crm.suitability_outcome;
BEGIN
  FOR pair IN
    SELECT c.attributes AS client, p.attributes AS product FROM fuzz.client AS c, fuzz.product AS p WHERE c.n = p.n OR c.n = 2
  LOOP
    FOREACH instruction IN ARRAY ARRAY[NULL, crm.instruction('open_permission', 'client', 'phone', 1000)] LOOP
      outcome := crm.suitability(v, pair.client, pair.product, '2024-02-29', instruction);
      SELECT max(d.outcome) INTO worst FROM crm.suitability_detail(v, pair.client, pair.product, '2024-02-29', instruction) AS d;
      IF outcome IS NULL OR (worst IS NOT NULL AND outcome <> worst) THEN
        PERFORM fuzz.broken('the worst check does not decide', outcome::text, worst::text, pair.client::text, pair.product::text,
          instruction::text, v::text);
      END IF;
      IF NOT crm.suitable(v, pair.client, pair.product, '2024-02-29', outcome, instruction) THEN
        PERFORM fuzz.broken('not suitable at its own outcome', v::text, pair.client::text, pair.product::text);
      END IF;
    END LOOP;
  END LOOP;
END
$$;
