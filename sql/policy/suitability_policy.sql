-- outcomes

CREATE TYPE suitability_outcome AS ENUM (
  'suitable', 'notice', 'overridable', 'undetermined', 'needs_approval', 'prohibited'
);
COMMENT ON TYPE suitability_outcome IS 'what a suitability policy decides, from the best to the worst';

-- suitability_policy type

CREATE TYPE suitability_policy;

CREATE FUNCTION suitability_policy_in(cstring) RETURNS suitability_policy
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_suitability_policy_in';
CREATE FUNCTION suitability_policy_out(suitability_policy) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_policy_out';
CREATE FUNCTION suitability_policy_recv(internal) RETURNS suitability_policy
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_suitability_policy_recv';
CREATE FUNCTION suitability_policy_send(suitability_policy) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_policy_send';

CREATE TYPE suitability_policy (
  INPUT = suitability_policy_in,
  OUTPUT = suitability_policy_out,
  RECEIVE = suitability_policy_recv,
  SEND = suitability_policy_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE suitability_policy IS 'checks of what a client may hold, written as a JSON document';
COMMENT ON FUNCTION suitability_policy_in(cstring) IS 'I/O';
COMMENT ON FUNCTION suitability_policy_out(suitability_policy) IS 'I/O';
COMMENT ON FUNCTION suitability_policy_recv(internal) IS 'I/O';
COMMENT ON FUNCTION suitability_policy_send(suitability_policy) IS 'I/O';

CREATE CAST (jsonb AS suitability_policy) WITH INOUT;
CREATE CAST (suitability_policy AS jsonb) WITH INOUT;
COMMENT ON CAST (jsonb AS suitability_policy) IS 'read a document that is stored as jsonb';
COMMENT ON CAST (suitability_policy AS jsonb) IS 'the document as jsonb';

-- suitability_policy equality and hash

CREATE FUNCTION suitability_policy_eq(suitability_policy, suitability_policy) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION suitability_policy_ne(suitability_policy, suitability_policy) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION suitability_policy_hash(suitability_policy) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION suitability_policy_hash_extended(suitability_policy, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = suitability_policy, RIGHTARG = suitability_policy, FUNCTION = suitability_policy_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = suitability_policy, RIGHTARG = suitability_policy, FUNCTION = suitability_policy_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS suitability_policy_ops DEFAULT FOR TYPE suitability_policy USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 suitability_policy_hash(suitability_policy),
  FUNCTION 2 suitability_policy_hash_extended(suitability_policy, bigint);

COMMENT ON FUNCTION suitability_policy_eq(suitability_policy, suitability_policy) IS 'implementation of = operator';
COMMENT ON FUNCTION suitability_policy_ne(suitability_policy, suitability_policy) IS 'implementation of <> operator';
COMMENT ON FUNCTION suitability_policy_hash(suitability_policy) IS 'hash';
COMMENT ON FUNCTION suitability_policy_hash_extended(suitability_policy, bigint) IS 'hash';
COMMENT ON OPERATOR = (suitability_policy, suitability_policy) IS 'the same canonical document';
COMMENT ON OPERATOR <> (suitability_policy, suitability_policy) IS 'another canonical document';
COMMENT ON OPERATOR CLASS suitability_policy_ops USING hash IS 'hash operator class of suitability_policy';

-- suitability_policy functions

CREATE FUNCTION policy_attributes(
  policy suitability_policy, OUT ordinal integer, OUT side text, OUT name text, OUT value_kind text, OUT used_in text[]
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'crm_suitability_policy_attributes';
COMMENT ON FUNCTION policy_attributes(suitability_policy) IS
  'what the policy reads: whose attribute, its name, the kind of value it is compared as, and the parts of the document that read it';

CREATE FUNCTION instruction(
  action text DEFAULT 'recommend', initiated_by text DEFAULT 'firm', channel text DEFAULT NULL,
  amount numeric DEFAULT NULL, extra jsonb DEFAULT NULL
) RETURNS jsonb
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_instruction';
COMMENT ON FUNCTION instruction(text, text, text, numeric, jsonb) IS
  'what is to be done, for suitability(): initiated by the firm (solicited) or by the client (unsolicited)';

CREATE FUNCTION suitability_support(internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_suitability_support';
COMMENT ON FUNCTION suitability_support(internal) IS
  'planner support: suitability(policy, client, product, as_of, instruction) becomes suitability_values(policy, as_of, instruction, column, ...), and so do the other functions of a policy and two rows';

CREATE FUNCTION suitability(
  policy suitability_policy, client "any", product "any", as_of date, instruction jsonb DEFAULT NULL
) RETURNS suitability_outcome
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 SUPPORT suitability_support AS 'MODULE_PATHNAME', 'crm_suitability';
COMMENT ON FUNCTION suitability(suitability_policy, "any", "any", date, jsonb) IS
  'the worst outcome of the checks that apply; a NULL instruction is a recommendation by the firm';

CREATE FUNCTION suitability_values(policy suitability_policy, as_of date, instruction jsonb, VARIADIC "values" "any")
  RETURNS suitability_outcome
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_suitability_values';
COMMENT ON FUNCTION suitability_values(suitability_policy, date, jsonb, VARIADIC "any") IS
  'the same outcome from the values of client and product themselves, in the order of policy_attributes(policy)';

CREATE FUNCTION decision_inputs(
  policy suitability_policy, client "any", product "any", as_of date, instruction jsonb DEFAULT NULL
) RETURNS jsonb
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 40 AS 'MODULE_PATHNAME', 'crm_suitability_inputs';
COMMENT ON FUNCTION decision_inputs(suitability_policy, "any", "any", date, jsonb) IS
  'what the policy reads of client and product, by name, and the instruction, to be kept with the decision';

CREATE FUNCTION suitable(
  policy suitability_policy, client "any", product "any", as_of date,
  at_most suitability_outcome DEFAULT 'suitable', instruction jsonb DEFAULT NULL
) RETURNS boolean
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 SUPPORT suitability_support AS 'MODULE_PATHNAME', 'crm_suitable';
COMMENT ON FUNCTION suitable(suitability_policy, "any", "any", date, suitability_outcome, jsonb) IS
  'whether the outcome is not worse than at_most';

CREATE FUNCTION suitable_values(
  policy suitability_policy, as_of date, at_most suitability_outcome, instruction jsonb, VARIADIC "values" "any"
) RETURNS boolean
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_suitable_values';
COMMENT ON FUNCTION suitable_values(suitability_policy, date, suitability_outcome, jsonb, VARIADIC "any") IS
  'the same from the values of client and product themselves, in the order of policy_attributes(policy)';

CREATE FUNCTION suitability_detail(
  policy suitability_policy, client "any", product "any", as_of date, instruction jsonb DEFAULT NULL,
  OUT ordinal integer, OUT name text, OUT code text, OUT applies text, OUT client_value text,
  OUT product_value text, OUT outcome suitability_outcome, OUT reason text, OUT finding text,
  OUT basis text, OUT shortfall numeric, OUT resolves_on date, OUT valid_until date
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 200 ROWS 10 SUPPORT suitability_support AS 'MODULE_PATHNAME', 'crm_suitability_detail';
COMMENT ON FUNCTION suitability_detail(suitability_policy, "any", "any", date, jsonb) IS
  'one row for each check: whether it applies, its outcome and reason, what is short and when it resolves or lapses';

CREATE FUNCTION suitability_detail_values(
  policy suitability_policy, as_of date, instruction jsonb, VARIADIC "values" "any",
  OUT ordinal integer, OUT name text, OUT code text, OUT applies text, OUT client_value text,
  OUT product_value text, OUT outcome suitability_outcome, OUT reason text, OUT finding text,
  OUT basis text, OUT shortfall numeric, OUT resolves_on date, OUT valid_until date
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 200 ROWS 10 AS 'MODULE_PATHNAME', 'crm_suitability_detail_values';
COMMENT ON FUNCTION suitability_detail_values(suitability_policy, date, jsonb, VARIADIC "any") IS
  'the same from the values of client and product themselves, in the order of policy_attributes(policy)';
