-- pareto_nbd_model type

CREATE TYPE pareto_nbd_model;

CREATE FUNCTION pareto_nbd_model_in(cstring) RETURNS pareto_nbd_model
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_pareto_nbd_in';
CREATE FUNCTION pareto_nbd_model_out(pareto_nbd_model) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_model_out';
CREATE FUNCTION pareto_nbd_model_recv(internal) RETURNS pareto_nbd_model
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_pareto_nbd_recv';
CREATE FUNCTION pareto_nbd_model_send(pareto_nbd_model) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_model_send';

CREATE TYPE pareto_nbd_model (
  INPUT = pareto_nbd_model_in,
  OUTPUT = pareto_nbd_model_out,
  RECEIVE = pareto_nbd_model_recv,
  SEND = pareto_nbd_model_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE pareto_nbd_model IS 'fitted parameters of the Pareto/NBD model of repeat purchases, written as a JSON document';
COMMENT ON FUNCTION pareto_nbd_model_in(cstring) IS 'I/O: a JSON document';
COMMENT ON FUNCTION pareto_nbd_model_out(pareto_nbd_model) IS 'I/O: the JSON document, numbers in their shortest exact form';
COMMENT ON FUNCTION pareto_nbd_model_recv(internal) IS 'I/O: binary form';
COMMENT ON FUNCTION pareto_nbd_model_send(pareto_nbd_model) IS 'I/O: binary form';

CREATE CAST (jsonb AS pareto_nbd_model) WITH INOUT;
CREATE CAST (pareto_nbd_model AS jsonb) WITH INOUT;
COMMENT ON CAST (jsonb AS pareto_nbd_model) IS 'read a model that is stored as jsonb';
COMMENT ON CAST (pareto_nbd_model AS jsonb) IS 'the model as jsonb';

-- pareto_nbd_model equality and hash

CREATE FUNCTION pareto_nbd_model_eq(pareto_nbd_model, pareto_nbd_model) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION pareto_nbd_model_ne(pareto_nbd_model, pareto_nbd_model) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION pareto_nbd_model_hash(pareto_nbd_model) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION pareto_nbd_model_hash_extended(pareto_nbd_model, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = pareto_nbd_model, RIGHTARG = pareto_nbd_model, FUNCTION = pareto_nbd_model_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = pareto_nbd_model, RIGHTARG = pareto_nbd_model, FUNCTION = pareto_nbd_model_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS pareto_nbd_model_ops DEFAULT FOR TYPE pareto_nbd_model USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 pareto_nbd_model_hash(pareto_nbd_model),
  FUNCTION 2 pareto_nbd_model_hash_extended(pareto_nbd_model, bigint);

COMMENT ON FUNCTION pareto_nbd_model_eq(pareto_nbd_model, pareto_nbd_model) IS 'implementation of = operator';
COMMENT ON FUNCTION pareto_nbd_model_ne(pareto_nbd_model, pareto_nbd_model) IS 'implementation of <> operator';
COMMENT ON FUNCTION pareto_nbd_model_hash(pareto_nbd_model) IS 'hash of the stored bytes';
COMMENT ON FUNCTION pareto_nbd_model_hash_extended(pareto_nbd_model, bigint) IS 'hash of the stored bytes, with a seed';
COMMENT ON OPERATOR = (pareto_nbd_model, pareto_nbd_model) IS 'the same parameters and the same fit';
COMMENT ON OPERATOR <> (pareto_nbd_model, pareto_nbd_model) IS 'another model';
COMMENT ON OPERATOR CLASS pareto_nbd_model_ops USING hash IS 'hash operator class of pareto_nbd_model';

-- pareto_nbd_fit

CREATE FUNCTION pareto_nbd_fit(summary repeat_purchase_summary, days_per_unit double precision DEFAULT 7) RETURNS pareto_nbd_model
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000000 AS 'MODULE_PATHNAME', 'crm_pareto_nbd_fit';
COMMENT ON FUNCTION pareto_nbd_fit(repeat_purchase_summary, double precision) IS
  'the Pareto/NBD model of highest likelihood; its unit of time is so many days, by default a week';

CREATE FUNCTION pareto_nbd_fit_final(state repeat_purchase_summary) RETURNS pareto_nbd_model
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000000 AS 'MODULE_PATHNAME', 'crm_pareto_nbd_fit';
COMMENT ON FUNCTION pareto_nbd_fit_final(repeat_purchase_summary) IS 'final function of pareto_nbd_fit(activity_summary, date)';

CREATE AGGREGATE pareto_nbd_fit(activity activity_summary, as_of date) (
  SFUNC = repeat_purchases_add,
  STYPE = repeat_purchase_summary,
  SSPACE = 65536,
  FINALFUNC = pareto_nbd_fit_final,
  COMBINEFUNC = repeat_purchase_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE pareto_nbd_fit(activity_summary, date) IS
  'the Pareto/NBD model of highest likelihood for the clients as of a day, its unit of time a week';

CREATE FUNCTION pareto_nbd_model(r double precision, alpha double precision, s double precision, beta double precision, days_per_unit double precision DEFAULT 7) RETURNS pareto_nbd_model
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_pareto_nbd_given';
COMMENT ON FUNCTION pareto_nbd_model(double precision, double precision, double precision, double precision, double precision) IS
  'a model of given parameters, such as those of a paper; it predicts, and has no standard errors';

-- pareto_nbd_model accessors

CREATE FUNCTION model_status(model pareto_nbd_model) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_model_status';
COMMENT ON FUNCTION model_status(pareto_nbd_model) IS
  'how the fit ended: converged, not_converged, at_bound, not_identified, unsuitable, too_few; given where there was none';

CREATE FUNCTION model_diagnostics(model pareto_nbd_model, OUT name text, OUT value text, OUT meaning text) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'crm_model_diagnostics';
COMMENT ON FUNCTION model_diagnostics(pareto_nbd_model) IS
  'how the fit went, whatever its status: a row for each figure, with what it means';

CREATE FUNCTION model_parameters(
  model pareto_nbd_model, any_status boolean DEFAULT false, OUT ordinal integer, OUT name text, OUT estimate double precision, OUT std_error double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 4 AS 'MODULE_PATHNAME', 'crm_model_list_parameters';
COMMENT ON FUNCTION model_parameters(pareto_nbd_model, boolean) IS
  'a row for each parameter, with its standard error; an error if the fit did not converge, unless any_status';

CREATE FUNCTION model_covariance(model pareto_nbd_model, any_status boolean DEFAULT false) RETURNS double precision[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_model_covariance';
COMMENT ON FUNCTION model_covariance(pareto_nbd_model, boolean) IS
  'the covariance matrix of the estimates, in the order of model_parameters; NULL where the parameters were given';

CREATE FUNCTION log_likelihood(model pareto_nbd_model, any_status boolean DEFAULT false) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_model_log_likelihood';
COMMENT ON FUNCTION log_likelihood(pareto_nbd_model, boolean) IS
  'the log-likelihood of the data at the estimates; NULL where the parameters were given';

-- pareto_nbd_model predictions

CREATE FUNCTION p_alive(model pareto_nbd_model, activity activity_summary, as_of date, any_status boolean DEFAULT false) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_purchase_p_alive_of';
COMMENT ON FUNCTION p_alive(pareto_nbd_model, activity_summary, date, boolean) IS
  'the probability that the client is still one as of a day; NULL before the first active day';

CREATE FUNCTION p_alive(model pareto_nbd_model, x bigint, t_x double precision, t double precision, any_status boolean DEFAULT false) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_purchase_p_alive_by_numbers';
COMMENT ON FUNCTION p_alive(pareto_nbd_model, bigint, double precision, double precision, boolean) IS
  'the same for x repeat purchases, the last at t_x, as of T, times in the model''s unit since the first purchase';

CREATE FUNCTION churn_score(model pareto_nbd_model, activity activity_summary, as_of date, any_status boolean DEFAULT false) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_purchase_churn_score';
COMMENT ON FUNCTION churn_score(pareto_nbd_model, activity_summary, date, boolean) IS
  '1 - P(alive): how far the silence of a client goes beyond its own rhythm, from 0 to 1';

CREATE FUNCTION churn_detail(
  model pareto_nbd_model, activity activity_summary, as_of date, any_status boolean DEFAULT false,
  OUT score double precision, OUT p_alive double precision, OUT silent_days integer, OUT usual_gap_days double precision, OUT gaps_missed double precision
) RETURNS record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_purchase_churn_detail';
COMMENT ON FUNCTION churn_detail(pareto_nbd_model, activity_summary, date, boolean) IS
  'the churn score beside the client''s own rhythm: days of silence, the usual gap between active days, and how often it fits into the silence';

CREATE FUNCTION expected_purchases(
  model pareto_nbd_model, activity activity_summary, as_of date, horizon double precision, any_status boolean DEFAULT false
) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'crm_purchase_expected_of';
COMMENT ON FUNCTION expected_purchases(pareto_nbd_model, activity_summary, date, double precision, boolean) IS
  'days with a purchase that a client is expected to have in the horizon after a day, in the model''s unit of time; NULL before the first active day';

CREATE FUNCTION expected_purchases(
  model pareto_nbd_model, x bigint, t_x double precision, t double precision, horizon double precision, any_status boolean DEFAULT false
) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'crm_purchase_expected_by_numbers';
COMMENT ON FUNCTION expected_purchases(pareto_nbd_model, bigint, double precision, double precision, double precision, boolean) IS
  'the same for x repeat purchases, the last at t_x, as of T';

CREATE FUNCTION expected_purchases_new(model pareto_nbd_model, horizon double precision, any_status boolean DEFAULT false) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'crm_purchase_expected_new';
COMMENT ON FUNCTION expected_purchases_new(pareto_nbd_model, double precision, boolean) IS
  'repeat purchases that a client who has just made the first one is expected to make in the horizon';

CREATE FUNCTION purchase_probability(model pareto_nbd_model, n bigint, horizon double precision, any_status boolean DEFAULT false) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'crm_purchase_probability';
COMMENT ON FUNCTION purchase_probability(pareto_nbd_model, bigint, double precision, boolean) IS
  'the probability that a client who has just made the first purchase makes n repeat purchases in the horizon';
