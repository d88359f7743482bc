-- gamma_gamma_model type

CREATE TYPE gamma_gamma_model;

CREATE FUNCTION gamma_gamma_model_in(cstring) RETURNS gamma_gamma_model
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_gamma_gamma_in';
CREATE FUNCTION gamma_gamma_model_out(gamma_gamma_model) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_model_out';
CREATE FUNCTION gamma_gamma_model_recv(internal) RETURNS gamma_gamma_model
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_gamma_gamma_recv';
CREATE FUNCTION gamma_gamma_model_send(gamma_gamma_model) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_model_send';

CREATE TYPE gamma_gamma_model (
  INPUT = gamma_gamma_model_in,
  OUTPUT = gamma_gamma_model_out,
  RECEIVE = gamma_gamma_model_recv,
  SEND = gamma_gamma_model_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE gamma_gamma_model IS 'fitted parameters of the Gamma-Gamma model of amounts, written as a JSON document';
COMMENT ON FUNCTION gamma_gamma_model_in(cstring) IS 'I/O: a JSON document';
COMMENT ON FUNCTION gamma_gamma_model_out(gamma_gamma_model) IS 'I/O: the JSON document, numbers in their shortest exact form';
COMMENT ON FUNCTION gamma_gamma_model_recv(internal) IS 'I/O: binary form';
COMMENT ON FUNCTION gamma_gamma_model_send(gamma_gamma_model) IS 'I/O: binary form';

CREATE CAST (jsonb AS gamma_gamma_model) WITH INOUT;
CREATE CAST (gamma_gamma_model AS jsonb) WITH INOUT;
COMMENT ON CAST (jsonb AS gamma_gamma_model) IS 'read a model that is stored as jsonb';
COMMENT ON CAST (gamma_gamma_model AS jsonb) IS 'the model as jsonb';

-- gamma_gamma_model equality and hash

CREATE FUNCTION gamma_gamma_model_eq(gamma_gamma_model, gamma_gamma_model) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION gamma_gamma_model_ne(gamma_gamma_model, gamma_gamma_model) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION gamma_gamma_model_hash(gamma_gamma_model) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION gamma_gamma_model_hash_extended(gamma_gamma_model, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = gamma_gamma_model, RIGHTARG = gamma_gamma_model, FUNCTION = gamma_gamma_model_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = gamma_gamma_model, RIGHTARG = gamma_gamma_model, FUNCTION = gamma_gamma_model_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS gamma_gamma_model_ops DEFAULT FOR TYPE gamma_gamma_model USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 gamma_gamma_model_hash(gamma_gamma_model),
  FUNCTION 2 gamma_gamma_model_hash_extended(gamma_gamma_model, bigint);

COMMENT ON FUNCTION gamma_gamma_model_eq(gamma_gamma_model, gamma_gamma_model) IS 'implementation of = operator';
COMMENT ON FUNCTION gamma_gamma_model_ne(gamma_gamma_model, gamma_gamma_model) IS 'implementation of <> operator';
COMMENT ON FUNCTION gamma_gamma_model_hash(gamma_gamma_model) IS 'hash of the stored bytes';
COMMENT ON FUNCTION gamma_gamma_model_hash_extended(gamma_gamma_model, bigint) IS 'hash of the stored bytes, with a seed';
COMMENT ON OPERATOR = (gamma_gamma_model, gamma_gamma_model) IS 'the same parameters and the same fit';
COMMENT ON OPERATOR <> (gamma_gamma_model, gamma_gamma_model) IS 'another model';
COMMENT ON OPERATOR CLASS gamma_gamma_model_ops USING hash IS 'hash operator class of gamma_gamma_model';

-- gamma_gamma_fit

CREATE FUNCTION gamma_gamma_fit(summary spend_summary) RETURNS gamma_gamma_model
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000000 AS 'MODULE_PATHNAME', 'crm_gamma_gamma_fit';
COMMENT ON FUNCTION gamma_gamma_fit(spend_summary) IS 'the Gamma-Gamma model of highest likelihood';

CREATE AGGREGATE gamma_gamma_fit(activity activity_summary) (
  SFUNC = repeat_spend_add,
  STYPE = spend_summary,
  SSPACE = 65536,
  FINALFUNC = gamma_gamma_fit,
  COMBINEFUNC = spend_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE gamma_gamma_fit(activity_summary) IS
  'the Gamma-Gamma model of highest likelihood for what clients spend on active days after their first';

CREATE FUNCTION gamma_gamma_model(p double precision, q double precision, gamma double precision) RETURNS gamma_gamma_model
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_gamma_gamma_given';
COMMENT ON FUNCTION gamma_gamma_model(double precision, double precision, double precision) IS
  'a model of given parameters, such as those of a paper; it predicts, and has no standard errors';

-- gamma_gamma_model accessors

CREATE FUNCTION model_status(model gamma_gamma_model) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_model_status';
COMMENT ON FUNCTION model_status(gamma_gamma_model) IS
  'how the fit ended: converged, not_converged, at_bound, not_identified, unsuitable, too_few; given where there was none';

CREATE FUNCTION model_diagnostics(model gamma_gamma_model, OUT name text, OUT value text, OUT meaning text) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'crm_model_diagnostics';
COMMENT ON FUNCTION model_diagnostics(gamma_gamma_model) IS
  'how the fit went, whatever its status: a row for each figure, with what it means';

CREATE FUNCTION model_parameters(
  model gamma_gamma_model, any_status boolean DEFAULT false, OUT ordinal integer, OUT name text, OUT estimate double precision, OUT std_error double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 4 AS 'MODULE_PATHNAME', 'crm_model_list_parameters';
COMMENT ON FUNCTION model_parameters(gamma_gamma_model, boolean) IS
  'a row for each parameter, with its standard error; an error if the fit did not converge, unless any_status';

CREATE FUNCTION model_covariance(model gamma_gamma_model, any_status boolean DEFAULT false) RETURNS double precision[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_model_covariance';
COMMENT ON FUNCTION model_covariance(gamma_gamma_model, boolean) IS
  'the covariance matrix of the estimates, in the order of model_parameters; NULL where the parameters were given';

CREATE FUNCTION log_likelihood(model gamma_gamma_model, any_status boolean DEFAULT false) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_model_log_likelihood';
COMMENT ON FUNCTION log_likelihood(gamma_gamma_model, boolean) IS
  'the log-likelihood of the data at the estimates; NULL where the parameters were given';

-- gamma_gamma_model predictions

CREATE FUNCTION expected_amount(model gamma_gamma_model, activity activity_summary, any_status boolean DEFAULT false) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_gamma_gamma_expected_amount';
COMMENT ON FUNCTION expected_amount(gamma_gamma_model, activity_summary, boolean) IS
  'what the client''s next active day is expected to bring; NULL where the expectation does not exist';

CREATE FUNCTION expected_amount(model gamma_gamma_model, x bigint, mean_amount double precision, any_status boolean DEFAULT false) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_gamma_gamma_expected_amount_by_numbers';
COMMENT ON FUNCTION expected_amount(gamma_gamma_model, bigint, double precision, boolean) IS
  'the same for x repeat purchases of a mean amount';

CREATE FUNCTION expected_amount_new(model gamma_gamma_model, any_status boolean DEFAULT false) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_gamma_gamma_expected_amount_new';
COMMENT ON FUNCTION expected_amount_new(gamma_gamma_model, boolean) IS
  'what an active day of a client who never came back is expected to bring: the mean of all; NULL if q <= 1';
