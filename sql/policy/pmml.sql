-- scorecards from PMML

CREATE FUNCTION scorecard_from_pmml(model xml, model_name text DEFAULT NULL) RETURNS scorecard
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME', 'crm_scorecard_from_pmml';
COMMENT ON FUNCTION scorecard_from_pmml(xml, text) IS
  'the Scorecard of a PMML 4.x file, by its modelName where the file has several';

