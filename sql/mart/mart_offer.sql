-- Questions of the mart what to offer whom, and what the rules ask for: next best product, audience, call-backs, trading permissions.
CREATE FUNCTION mart_offer_piece(definition jsonb)
RETURNS TABLE (name text, template text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT NULL::text, NULL::text WHERE false;
END;

COMMENT ON FUNCTION mart_offer_piece(jsonb) IS 'Pieces of SQL that the questions of the mart about offers and duties are made of';

CREATE FUNCTION mart_offer_question()
RETURNS TABLE (ordinal int, name text, is_view bool, needs text[], arguments text, rows int, from_template text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT NULL::int, NULL::text, NULL::bool, NULL::text[], NULL::text, NULL::int, NULL::text, NULL::text WHERE false;
END;

COMMENT ON FUNCTION mart_offer_question() IS 'The questions of the mart about offers and duties; part of mart_question()';

CREATE FUNCTION mart_offer_column()
RETURNS TABLE (questions text, name text, type text, needs text[], expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT NULL::text, NULL::text, NULL::text, NULL::text[], NULL::text, NULL::text WHERE false;
END;

COMMENT ON FUNCTION mart_offer_column() IS 'The columns of the questions about offers and duties; part of mart_column()';
