-- DMN

CREATE FUNCTION decision_table_from_dmn(model xml, decision_name text DEFAULT NULL) RETURNS decision_table
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME', 'crm_decision_table_from_dmn';
COMMENT ON FUNCTION decision_table_from_dmn(xml, text) IS
  'the decision table of a DMN 1.1 to 1.5 model: of the decision of that name or id, or the only one';
