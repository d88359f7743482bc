-- scorecard type

CREATE TYPE scorecard;

CREATE FUNCTION scorecard_in(cstring) RETURNS scorecard
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_scorecard_in';
CREATE FUNCTION scorecard_out(scorecard) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_policy_out';
CREATE FUNCTION scorecard_recv(internal) RETURNS scorecard
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_scorecard_recv';
CREATE FUNCTION scorecard_send(scorecard) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_policy_send';

CREATE TYPE scorecard (
  INPUT = scorecard_in,
  OUTPUT = scorecard_out,
  RECEIVE = scorecard_recv,
  SEND = scorecard_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE scorecard IS 'points for the bins of characteristics, written as a JSON document';
COMMENT ON FUNCTION scorecard_in(cstring) IS 'I/O';
COMMENT ON FUNCTION scorecard_out(scorecard) IS 'I/O';
COMMENT ON FUNCTION scorecard_recv(internal) IS 'I/O';
COMMENT ON FUNCTION scorecard_send(scorecard) IS 'I/O';

CREATE CAST (jsonb AS scorecard) WITH INOUT;
CREATE CAST (scorecard AS jsonb) WITH INOUT;
COMMENT ON CAST (jsonb AS scorecard) IS 'read a document that is stored as jsonb';
COMMENT ON CAST (scorecard AS jsonb) IS 'the document as jsonb';

-- scorecard equality and hash

CREATE FUNCTION scorecard_eq(scorecard, scorecard) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION scorecard_ne(scorecard, scorecard) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION scorecard_hash(scorecard) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION scorecard_hash_extended(scorecard, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = scorecard, RIGHTARG = scorecard, FUNCTION = scorecard_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = scorecard, RIGHTARG = scorecard, FUNCTION = scorecard_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS scorecard_ops DEFAULT FOR TYPE scorecard USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 scorecard_hash(scorecard),
  FUNCTION 2 scorecard_hash_extended(scorecard, bigint);

COMMENT ON FUNCTION scorecard_eq(scorecard, scorecard) IS 'implementation of = operator';
COMMENT ON FUNCTION scorecard_ne(scorecard, scorecard) IS 'implementation of <> operator';
COMMENT ON FUNCTION scorecard_hash(scorecard) IS 'hash';
COMMENT ON FUNCTION scorecard_hash_extended(scorecard, bigint) IS 'hash';
COMMENT ON OPERATOR = (scorecard, scorecard) IS 'the same canonical document';
COMMENT ON OPERATOR <> (scorecard, scorecard) IS 'another canonical document';
COMMENT ON OPERATOR CLASS scorecard_ops USING hash IS 'hash operator class of scorecard';

-- scorecard functions

CREATE FUNCTION policy_attributes(
  policy scorecard, OUT ordinal integer, OUT side text, OUT name text, OUT value_kind text, OUT used_in text[]
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'crm_scorecard_attributes';
COMMENT ON FUNCTION policy_attributes(scorecard) IS
  'what the policy reads: whose attribute, its name, the kind of value it is compared as, and the parts of the document that read it';

CREATE FUNCTION scorecard_support(internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_scorecard_support';
COMMENT ON FUNCTION scorecard_support(internal) IS
  'planner support: score(card, row) becomes score_values(card, column, ...), and so do the other functions of a card and a row';

CREATE FUNCTION score(card scorecard, "row" "any") RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 SUPPORT scorecard_support AS 'MODULE_PATHNAME', 'crm_score';
COMMENT ON FUNCTION score(scorecard, "any") IS
  'the score of a row: initial score plus the points of each characteristic';

CREATE FUNCTION score_values(card scorecard, VARIADIC "values" "any") RETURNS double precision
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_score_values';
COMMENT ON FUNCTION score_values(scorecard, VARIADIC "any") IS
  'the same score from the values themselves, in the order of policy_attributes(card)';

CREATE FUNCTION decision_inputs(card scorecard, "row" "any") RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'crm_scorecard_inputs';
COMMENT ON FUNCTION decision_inputs(scorecard, "any") IS
  'what the card reads of a row, by name, to be kept with the decision: the card gives it the same score';

CREATE FUNCTION score_detail(
  card scorecard, "row" "any",
  OUT ordinal integer, OUT characteristic text, OUT attribute text, OUT value text, OUT condition text,
  OUT points double precision, OUT baseline double precision, OUT difference double precision,
  OUT reason_code text, OUT reason text
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 10 SUPPORT scorecard_support AS 'MODULE_PATHNAME', 'crm_score_detail';
COMMENT ON FUNCTION score_detail(scorecard, "any") IS
  'what score() adds up: sum(points ORDER BY ordinal) is the score bit for bit';

CREATE FUNCTION score_detail_values(
  card scorecard, VARIADIC "values" "any",
  OUT ordinal integer, OUT characteristic text, OUT attribute text, OUT value text, OUT condition text,
  OUT points double precision, OUT baseline double precision, OUT difference double precision,
  OUT reason_code text, OUT reason text
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 10 AS 'MODULE_PATHNAME', 'crm_score_detail_values';
COMMENT ON FUNCTION score_detail_values(scorecard, VARIADIC "any") IS
  'the same from the values themselves, in the order of policy_attributes(card)';

CREATE FUNCTION reason_codes(card scorecard, "row" "any", n integer) RETURNS text[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 SUPPORT scorecard_support AS 'MODULE_PATHNAME', 'crm_reason_codes';
COMMENT ON FUNCTION reason_codes(scorecard, "any", integer) IS
  'at most n reason codes, the largest difference from the baseline first';

CREATE FUNCTION reason_codes_values(card scorecard, n integer, VARIADIC "values" "any") RETURNS text[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_reason_codes_values';
COMMENT ON FUNCTION reason_codes_values(scorecard, integer, VARIADIC "any") IS
  'the same codes from the values themselves, in the order of policy_attributes(card)';

CREATE FUNCTION scorecard_to_sql(card scorecard, alias text DEFAULT NULL) RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'crm_scorecard_to_sql';
COMMENT ON FUNCTION scorecard_to_sql(scorecard, text) IS
  'the card as an SQL expression over the columns of an alias, for auditors';

