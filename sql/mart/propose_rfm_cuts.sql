-- Cut points of recency, frequency and monetary value from what the clients of a mart do now, as settings for update_mart to freeze. They leave, as nearly as
-- equal values allow, equal shares of the clients with a trade in each class.
CREATE FUNCTION propose_rfm_cuts(mart text, as_of date DEFAULT as_of(), classes integer DEFAULT 5)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $propose_rfm_cuts$
DECLARE
  shares float8[];
  proposed jsonb;
BEGIN
  PERFORM @extschema@.require_mart(mart);
  IF as_of IS NULL OR classes IS NULL THEN
    RAISE EXCEPTION 'as_of and classes must not be NULL' USING ERRCODE = 'null_value_not_allowed';
  ELSIF NOT classes BETWEEN 2 AND 100 THEN
    RAISE EXCEPTION 'classes must be from 2 to 100' USING ERRCODE = 'invalid_parameter_value';
  ELSIF to_regprocedure(format('%I.client_rfm_at(date)', mart)) IS NULL THEN
    RAISE EXCEPTION 'mart % has no client_rfm', quote_ident(mart)
      USING ERRCODE = 'undefined_table', HINT = 'It needs the trades of the source.';
  END IF;
  shares := ARRAY(SELECT i / classes::float8 FROM generate_series(1, classes - 1) AS i);
  -- the lower recency is better, so that a cut point there is the last day of the better class
  EXECUTE format('
    SELECT jsonb_build_object(
      ''rfm_recency_days'', coalesce(jsonb_agg(ceil(c.recency)::int - 1 ORDER BY c.place) FILTER (WHERE c.recency IS NOT NULL), ''[]''),
      ''rfm_frequency'', coalesce(jsonb_agg(ceil(c.frequency)::int ORDER BY c.place) FILTER (WHERE c.frequency IS NOT NULL), ''[]''),
      ''rfm_monetary'', coalesce(jsonb_agg(trunc(c.monetary::numeric, 2) ORDER BY c.place) FILTER (WHERE c.monetary IS NOT NULL), ''[]''))
    FROM (
      SELECT @extschema@.distribution(r.recency_days::float8, 0.002) AS recency, @extschema@.distribution(r.frequency::float8, 0.002) AS frequency,
        @extschema@.distribution(r.monetary::float8, 0.002) AS monetary
      FROM %I.client_rfm_at($1) AS r
      WHERE r.recency_days IS NOT NULL) AS d
    CROSS JOIN LATERAL unnest(@extschema@.cut_points(d.recency, $2), @extschema@.cut_points(d.frequency, $2), @extschema@.cut_points(d.monetary, $2))
      WITH ORDINALITY AS c (recency, frequency, monetary, place)', mart)
  INTO proposed USING as_of, shares;
  RETURN proposed;
END;
$propose_rfm_cuts$;

COMMENT ON FUNCTION propose_rfm_cuts(text, date, integer) IS
  'Cut points for client_rfm that leave equal shares of the clients with a trade in each class, as settings: SELECT update_mart(mart, settings => propose_rfm_cuts(mart)) freezes them';
