-- Questions of the mart who the clients are and what they are worth: households, recency-frequency-monetary segments, ranks, concentration.
CREATE FUNCTION mart_client_piece(definition jsonb)
RETURNS TABLE (name text, template text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT NULL::text, NULL::text WHERE false;
END;

COMMENT ON FUNCTION mart_client_piece(jsonb) IS 'Pieces of SQL that the questions of the mart about value and rank are made of';

CREATE FUNCTION mart_client_question()
RETURNS TABLE (ordinal int, name text, is_view bool, needs text[], arguments text, rows int, from_template text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT NULL::int, NULL::text, NULL::bool, NULL::text[], NULL::text, NULL::int, NULL::text, NULL::text WHERE false;
END;

COMMENT ON FUNCTION mart_client_question() IS 'The questions of the mart about value and rank; part of mart_question()';

CREATE FUNCTION mart_client_column()
RETURNS TABLE (questions text, name text, type text, needs text[], expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT NULL::text, NULL::text, NULL::text, NULL::text[], NULL::text, NULL::text WHERE false;
END;

COMMENT ON FUNCTION mart_client_column() IS 'The columns of the questions about value and rank; part of mart_column()';
