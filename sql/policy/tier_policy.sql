-- tier_policy type

CREATE TYPE tier_policy;

CREATE FUNCTION tier_policy_in(cstring) RETURNS tier_policy
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_policy_in';
CREATE FUNCTION tier_policy_out(tier_policy) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_policy_out';
CREATE FUNCTION tier_policy_recv(internal) RETURNS tier_policy
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_policy_recv';
CREATE FUNCTION tier_policy_send(tier_policy) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_policy_send';

CREATE TYPE tier_policy (
  INPUT = tier_policy_in,
  OUTPUT = tier_policy_out,
  RECEIVE = tier_policy_recv,
  SEND = tier_policy_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE tier_policy IS 'ordered tiers with thresholds, written as a JSON document';
COMMENT ON FUNCTION tier_policy_in(cstring) IS 'I/O';
COMMENT ON FUNCTION tier_policy_out(tier_policy) IS 'I/O';
COMMENT ON FUNCTION tier_policy_recv(internal) IS 'I/O';
COMMENT ON FUNCTION tier_policy_send(tier_policy) IS 'I/O';

CREATE CAST (jsonb AS tier_policy) WITH INOUT;
CREATE CAST (tier_policy AS jsonb) WITH INOUT;
COMMENT ON CAST (jsonb AS tier_policy) IS 'read a document that is stored as jsonb';
COMMENT ON CAST (tier_policy AS jsonb) IS 'the document as jsonb';

-- tier_policy equality and hash

CREATE FUNCTION tier_policy_eq(tier_policy, tier_policy) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION tier_policy_ne(tier_policy, tier_policy) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION tier_policy_hash(tier_policy) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION tier_policy_hash_extended(tier_policy, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = tier_policy, RIGHTARG = tier_policy, FUNCTION = tier_policy_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = tier_policy, RIGHTARG = tier_policy, FUNCTION = tier_policy_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS tier_policy_ops DEFAULT FOR TYPE tier_policy USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 tier_policy_hash(tier_policy),
  FUNCTION 2 tier_policy_hash_extended(tier_policy, bigint);

COMMENT ON FUNCTION tier_policy_eq(tier_policy, tier_policy) IS 'implementation of = operator';
COMMENT ON FUNCTION tier_policy_ne(tier_policy, tier_policy) IS 'implementation of <> operator';
COMMENT ON FUNCTION tier_policy_hash(tier_policy) IS 'hash';
COMMENT ON FUNCTION tier_policy_hash_extended(tier_policy, bigint) IS 'hash';
COMMENT ON OPERATOR = (tier_policy, tier_policy) IS 'the same canonical document';
COMMENT ON OPERATOR <> (tier_policy, tier_policy) IS 'another canonical document';
COMMENT ON OPERATOR CLASS tier_policy_ops USING hash IS 'hash operator class of tier_policy';

-- tier_policy functions

CREATE FUNCTION policy_attributes(
  policy tier_policy, OUT ordinal integer, OUT side text, OUT name text, OUT value_kind text, OUT used_in text[]
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'crm_tier_policy_attributes';
COMMENT ON FUNCTION policy_attributes(tier_policy) IS
  'what the policy reads: whose attribute, its name, the kind of value it is compared as, and the parts of the document that read it';

CREATE FUNCTION tier_policy(labels text[], enter double precision[]) RETURNS tier_policy
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_policy_make';
COMMENT ON FUNCTION tier_policy(text[], double precision[]) IS
  'tiers from the lowest to the highest, with the thresholds to enter all but the lowest';

CREATE FUNCTION tier(policy tier_policy, value double precision) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier';
COMMENT ON FUNCTION tier(tier_policy, double precision) IS 'the label of the tier of a value';

CREATE FUNCTION tier_rank(policy tier_policy, value double precision) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_rank';
COMMENT ON FUNCTION tier_rank(tier_policy, double precision) IS 'the rank of the tier of a value, lowest 1';

CREATE FUNCTION tier(policy tier_policy, value double precision, as_enum anyenum) RETURNS anyenum
  LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_enum';
COMMENT ON FUNCTION tier(tier_policy, double precision, anyenum) IS
  'the tier of a value as an enum: tier(policy, value, NULL::my_tier)';

CREATE FUNCTION tier_labels(policy tier_policy) RETURNS text[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_labels';
COMMENT ON FUNCTION tier_labels(tier_policy) IS 'the labels of the tiers, lowest first';

CREATE FUNCTION decision_inputs(policy tier_policy, value double precision) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_inputs';
COMMENT ON FUNCTION decision_inputs(tier_policy, double precision) IS
  'the value, to be kept with the decision: {"value": ...}';
