-- recency, frequency and monetary classes

CREATE TYPE rfm_score AS (recency integer, frequency integer, monetary integer, code text);
COMMENT ON TYPE rfm_score IS 'recency, frequency and monetary class, 1 the worst, and the three as text such as 5-4-3';

CREATE FUNCTION rfm(
  summary activity_summary, as_of date, recency_cuts integer[], frequency_cuts integer[], monetary_cuts numeric[]
) RETURNS rfm_score
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_rfm';
COMMENT ON FUNCTION rfm(activity_summary, date, integer[], integer[], numeric[]) IS
  'the classes that ascending cut points give; 1-1-1 for a client without activity';
