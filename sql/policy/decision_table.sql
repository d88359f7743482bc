-- decision_table type

CREATE TYPE decision_table;

CREATE FUNCTION decision_table_in(cstring) RETURNS decision_table
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_decision_table_in';
CREATE FUNCTION decision_table_out(decision_table) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_policy_out';
CREATE FUNCTION decision_table_recv(internal) RETURNS decision_table
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_decision_table_recv';
CREATE FUNCTION decision_table_send(decision_table) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_policy_send';

CREATE TYPE decision_table (
  INPUT = decision_table_in,
  OUTPUT = decision_table_out,
  RECEIVE = decision_table_recv,
  SEND = decision_table_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE decision_table IS 'rules over the columns of a row and what they give (OMG DMN), written as a JSON document';
COMMENT ON FUNCTION decision_table_in(cstring) IS 'I/O';
COMMENT ON FUNCTION decision_table_out(decision_table) IS 'I/O';
COMMENT ON FUNCTION decision_table_recv(internal) IS 'I/O';
COMMENT ON FUNCTION decision_table_send(decision_table) IS 'I/O';

CREATE CAST (jsonb AS decision_table) WITH INOUT;
CREATE CAST (decision_table AS jsonb) WITH INOUT;
COMMENT ON CAST (jsonb AS decision_table) IS 'read a document that is stored as jsonb';
COMMENT ON CAST (decision_table AS jsonb) IS 'the document as jsonb';

-- decision_table equality and hash

CREATE FUNCTION decision_table_eq(decision_table, decision_table) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION decision_table_ne(decision_table, decision_table) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION decision_table_hash(decision_table) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION decision_table_hash_extended(decision_table, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = decision_table, RIGHTARG = decision_table, FUNCTION = decision_table_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = decision_table, RIGHTARG = decision_table, FUNCTION = decision_table_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS decision_table_ops DEFAULT FOR TYPE decision_table USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 decision_table_hash(decision_table),
  FUNCTION 2 decision_table_hash_extended(decision_table, bigint);

COMMENT ON FUNCTION decision_table_eq(decision_table, decision_table) IS 'implementation of = operator';
COMMENT ON FUNCTION decision_table_ne(decision_table, decision_table) IS 'implementation of <> operator';
COMMENT ON FUNCTION decision_table_hash(decision_table) IS 'hash';
COMMENT ON FUNCTION decision_table_hash_extended(decision_table, bigint) IS 'hash';
COMMENT ON OPERATOR = (decision_table, decision_table) IS 'the same canonical document';
COMMENT ON OPERATOR <> (decision_table, decision_table) IS 'another canonical document';
COMMENT ON OPERATOR CLASS decision_table_ops USING hash IS 'hash operator class of decision_table';

-- decision_table functions

CREATE FUNCTION policy_attributes(
  policy decision_table, OUT ordinal integer, OUT side text, OUT name text, OUT value_kind text, OUT used_in text[]
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'crm_decision_table_attributes';
COMMENT ON FUNCTION policy_attributes(decision_table) IS
  'what the policy reads: its name, the kind of value it is compared as, and the inputs that read it';

CREATE FUNCTION decide_support(internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_decide_support';
COMMENT ON FUNCTION decide_support(internal) IS
  'planner support: decide(policy, row) becomes decide_values(policy, column, ...), and so do the other functions of a table and a row';

CREATE FUNCTION decide(policy decision_table, "row" "any") RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 SUPPORT decide_support AS 'MODULE_PATHNAME', 'crm_decide';
COMMENT ON FUNCTION decide(decision_table, "any") IS
  'what the rules that hit the row give: one output or an object of several; an array of all hits where the hit policy says so';

CREATE FUNCTION decide_text(policy decision_table, "row" "any", output text DEFAULT NULL) RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 SUPPORT decide_support AS 'MODULE_PATHNAME', 'crm_decide_text';
COMMENT ON FUNCTION decide_text(decision_table, "any", text) IS 'one output as text; NULL names the only output';

CREATE FUNCTION decide_number(policy decision_table, "row" "any", output text DEFAULT NULL) RETURNS numeric
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 SUPPORT decide_support AS 'MODULE_PATHNAME', 'crm_decide_number';
COMMENT ON FUNCTION decide_number(decision_table, "any", text) IS 'one output, which is a number; NULL names the only output';

CREATE FUNCTION decide_values(policy decision_table, VARIADIC "values" "any") RETURNS jsonb
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_decide_values';
COMMENT ON FUNCTION decide_values(decision_table, VARIADIC "any") IS
  'decide() from the values themselves, in the order of policy_attributes(policy)';

CREATE FUNCTION decide_text_values(policy decision_table, output text, VARIADIC "values" "any") RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_decide_text_values';
COMMENT ON FUNCTION decide_text_values(decision_table, text, VARIADIC "any") IS
  'decide_text() from the values themselves, in the order of policy_attributes(policy); NULL names the only output';

CREATE FUNCTION decide_number_values(policy decision_table, output text, VARIADIC "values" "any") RETURNS numeric
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_decide_number_values';
COMMENT ON FUNCTION decide_number_values(decision_table, text, VARIADIC "any") IS
  'decide_number() from the values themselves, in the order of policy_attributes(policy); NULL names the only output';

CREATE FUNCTION decision_inputs(policy decision_table, "row" "any") RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'crm_decision_table_inputs';
COMMENT ON FUNCTION decision_inputs(decision_table, "any") IS
  'what the table reads of a row, by name, to be kept with the decision: the table decides the same over it';

CREATE FUNCTION decide_all(
  policy decision_table, "row" "any", OUT ordinal integer, OUT rule integer, OUT name text, OUT outputs jsonb
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 3 SUPPORT decide_support AS 'MODULE_PATHNAME', 'crm_decide_all';
COMMENT ON FUNCTION decide_all(decision_table, "any") IS
  'every rule that hits the row, whatever the hit policy, in the order in which hits count';

CREATE FUNCTION decide_all_values(
  policy decision_table, VARIADIC "values" "any", OUT ordinal integer, OUT rule integer, OUT name text, OUT outputs jsonb
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 3 AS 'MODULE_PATHNAME', 'crm_decide_all_values';
COMMENT ON FUNCTION decide_all_values(decision_table, VARIADIC "any") IS
  'decide_all() from the values themselves, in the order of policy_attributes(policy)';

CREATE FUNCTION decision_table_check(
  policy decision_table, OUT problem text, OUT rules integer[], OUT region jsonb, OUT witness jsonb, OUT message text
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10 AS 'MODULE_PATHNAME', 'crm_decision_table_check';
COMMENT ON FUNCTION decision_table_check(decision_table) IS
  'rules that overlap or conflict, rules that never count, and rows that no rule hits: all such rows as tests, and one of them as witness';

