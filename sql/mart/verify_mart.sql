-- Whether what a mart keeps is what its source says, for a sample of clients, and for what they all hold together. Each month is computed again from the
-- source and from the kept row of the month before, and each standing from the kept one before: if every month follows from the one before, all of them
-- are right.
CREATE FUNCTION verify_mart(mart text, sample numeric DEFAULT 100, seed bigint DEFAULT 0, from_month date DEFAULT NULL, to_month date DEFAULT NULL)
RETURNS TABLE (kept_in text, month date, client_id text, "column" text, kept text, recomputed text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp
SET jit = off                   -- compiling takes longer than it saves
AS $verify_mart$
#variable_conflict use_column
DECLARE
  basis jsonb;
  source text;
  clients text[];
  checked record;
  -- kept beside recomputed rows, k and n, by column; of a row that is on one side only, its client
  difference text := '
    SELECT %L, $1, coalesce(k.client_id, n.client_id), c.name, CASE WHEN c.name = ''client_id'' THEN k.client_id ELSE k.kept ->> c.name END,
      CASE WHEN c.name = ''client_id'' THEN n.client_id ELSE n.kept ->> c.name END
    FROM (%s) AS k
    FULL JOIN (%s) AS n ON n.client_id = k.client_id
    CROSS JOIN LATERAL (
      SELECT ''client_id'' AS name WHERE k.client_id IS NULL OR n.client_id IS NULL
      UNION ALL
      SELECT o.key FROM jsonb_each(k.kept) AS o WHERE n.client_id IS NOT NULL AND o.value IS DISTINCT FROM n.kept -> o.key) AS c
    ORDER BY coalesce(k.client_id, n.client_id) COLLATE "C", c.name COLLATE "C"';
BEGIN
  PERFORM @extschema@.require_mart(mart);
  IF sample IS NULL OR sample <= 0 OR sample = 'NaN' OR seed IS NULL THEN
    RAISE EXCEPTION 'the sample must be a share of the clients up to 1 or a number of clients, and the seed a number'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Such as 0.01 for one in a hundred, or 500.';
  ELSIF to_regclass(format('%I.client_summary', mart)) IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format('SELECT d.source, (SELECT r.basis FROM %1$I.refresh_log AS r ORDER BY r.month DESC LIMIT 1) FROM %1$I.definition AS d', mart) INTO source, basis;
  EXECUTE format('
    SELECT array_agg(s.client_id)
    FROM (
      SELECT c.client_id
      FROM (SELECT c.client_id::text FROM %2$I.client AS c UNION SELECT s.client_id FROM %1$I.client_summary AS s) AS c
      CROSS JOIN LATERAL (SELECT hashtextextended(c.client_id, $2) AS digest) AS h
      WHERE c.client_id IS NOT NULL AND ($1 > 1 OR h.digest::numeric + 9223372036854775808 < $1 * 18446744073709551616)
      ORDER BY h.digest, c.client_id COLLATE "C"
      LIMIT CASE WHEN $1 > 1 THEN ceil($1)::bigint END) AS s', mart, source) INTO clients USING sample, seed;
  FOR checked IN EXECUTE format('
      SELECT r.month, (r.month + interval ''1 month'')::date AS next_month, CASE WHEN r.has_standings THEN @extschema@.mart_period_ended($3, r.month) END AS period
      FROM %1$I.refresh_log AS r
      CROSS JOIN (SELECT date_trunc(''month'', s.first_day::timestamp) AS first_month FROM %1$I.source_days(''infinity'') AS s) AS s      -- an archive may have taken others
      WHERE r.month >= greatest(s.first_month, date_trunc(''month'', $1::timestamp)) AND ($2 IS NULL OR r.month <= $2)
      ORDER BY r.month', mart) USING from_month, to_month, basis ->> 'period'
  LOOP
    RETURN QUERY EXECUTE format(difference, 'client_summary',
      format('SELECT s.client_id, to_jsonb(s) - ''{month,client_id}''::text[] AS kept FROM %I.client_summary AS s WHERE s.month = $1 AND s.client_id = ANY ($3)', mart),
      format('SELECT v.client_id, to_jsonb(v) - ''client_id'' AS kept FROM %I.summary_value($1, $2, $3) AS v', mart)) USING checked.month, checked.next_month, clients;
    IF to_regprocedure(format('%I.co_holding_value(date, date)', mart)) IS NOT NULL THEN      -- who does not see the whole book has no row to check
      RETURN QUERY EXECUTE format('
        SELECT ''co_holding_day'', $1, NULL::text, c.name, k.kept ->> c.name, n.recomputed ->> c.name
        FROM (SELECT to_jsonb(k) AS kept FROM %1$I.co_holding_day AS k WHERE k.on_day >= $1 AND k.on_day < $2) AS k
        LEFT JOIN (SELECT to_jsonb(v) AS recomputed FROM %1$I.co_holding_value($1, $2) AS v) AS n ON true
        CROSS JOIN unnest(ARRAY[''on_day'', ''digest'', ''summary'']) AS c (name)
        WHERE coalesce(k.kept -> ''most_products'' = n.recomputed -> ''most_products'', true) AND k.kept -> c.name IS DISTINCT FROM n.recomputed -> c.name
        ORDER BY c.name COLLATE "C"', mart) USING checked.month, checked.next_month;
    END IF;
    CONTINUE WHEN checked.period IS NULL OR to_regprocedure(format('%I.tier_value(date, date, text[])', mart)) IS NULL;
    RETURN QUERY EXECUTE format(difference, 'tier_month',
      format('SELECT t.client_id, to_jsonb(t) - ''{month,client_id}''::text[] AS kept FROM %I.tier_month AS t WHERE t.month = $1 AND t.client_id = ANY ($3)', mart),
      format('SELECT v.client_id, jsonb_build_object(''value'', v.value, ''assets'', v.assets, ''standing'', @extschema@.tier_step($4, p.standing, v.value, $1)::text) AS kept
        FROM (SELECT DISTINCT ON (v.client_id COLLATE "C") v.* FROM %1$I.tier_value($1, $2, $3) AS v ORDER BY v.client_id COLLATE "C", v.value, v.assets) AS v
        LEFT JOIN %1$I.tier_month AS p ON p.client_id = v.client_id AND p.month = ($1 - CASE %2$L WHEN ''quarter'' THEN interval ''3 months'' ELSE interval ''1 month'' END)::date', mart, basis ->> 'period'))
    USING checked.period, checked.next_month, clients, (basis ->> 'tiers')::@extschema@.tier_policy;
  END LOOP;
END;
$verify_mart$;

COMMENT ON FUNCTION verify_mart(text, numeric, bigint, date, date) IS
  'Computes the kept months of a sample of clients again from the source and lists what differs: table, month, client, column, kept and recomputed value. sample: a share up to 1, '
  'or a number of clients; the same seed takes the same clients. What is held together is counted again for all';
