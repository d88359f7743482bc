-- Questions of the mart what clients are owed and get: life stage, service model, gaps, fairness, cost to serve.
CREATE FUNCTION mart_service_piece(definition jsonb)
RETURNS TABLE (name text, template text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT NULL::text, NULL::text WHERE false;
END;

COMMENT ON FUNCTION mart_service_piece(jsonb) IS 'Pieces of SQL that the questions of the mart about service are made of';

CREATE FUNCTION mart_service_question()
RETURNS TABLE (ordinal int, name text, is_view bool, needs text[], arguments text, rows int, from_template text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT NULL::int, NULL::text, NULL::bool, NULL::text[], NULL::text, NULL::int, NULL::text, NULL::text WHERE false;
END;

COMMENT ON FUNCTION mart_service_question() IS 'The questions of the mart about service; part of mart_question()';

CREATE FUNCTION mart_service_column()
RETURNS TABLE (questions text, name text, type text, needs text[], expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT NULL::text, NULL::text, NULL::text, NULL::text[], NULL::text, NULL::text WHERE false;
END;

COMMENT ON FUNCTION mart_service_column() IS 'The columns of the questions about service; part of mart_column()';
