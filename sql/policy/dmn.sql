-- DMN

CREATE FUNCTION decision_table_from_dmn(model xml, decision_name text DEFAULT NULL) RETURNS decision_table
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME', 'crm_decision_table_from_dmn';
COMMENT ON FUNCTION decision_table_from_dmn(xml, text) IS
  'the decision table of a DMN 1.1 to 1.5 model: of the decision of that name or id, or the only one';

CREATE FUNCTION decision_table_to_dmn(policy decision_table) RETURNS xml
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'crm_decision_table_to_dmn';
COMMENT ON FUNCTION decision_table_to_dmn(decision_table) IS
  'the table as a DMN 1.3 model with one decision, which decision_table_from_dmn reads back';
