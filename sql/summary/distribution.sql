-- distribution_summary type

CREATE TYPE distribution_summary;

CREATE FUNCTION distribution_summary_in(cstring) RETURNS distribution_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_distribution_in';
CREATE FUNCTION distribution_summary_out(distribution_summary) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_distribution_out';
CREATE FUNCTION distribution_summary_recv(internal) RETURNS distribution_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_distribution_recv';
CREATE FUNCTION distribution_summary_send(distribution_summary) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_distribution_send';

CREATE TYPE distribution_summary (
  INPUT = distribution_summary_in,
  OUTPUT = distribution_summary_out,
  RECEIVE = distribution_summary_recv,
  SEND = distribution_summary_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE distribution_summary IS 'how many values lie where and what they add up to, within a relative accuracy';
COMMENT ON FUNCTION distribution_summary_in(cstring) IS 'I/O: hexadecimal digits, as printed';
COMMENT ON FUNCTION distribution_summary_out(distribution_summary) IS 'I/O: hexadecimal digits, independent of any setting';
COMMENT ON FUNCTION distribution_summary_recv(internal) IS 'I/O: binary form';
COMMENT ON FUNCTION distribution_summary_send(distribution_summary) IS 'I/O: binary form';

-- distribution_summary equality and hash

CREATE FUNCTION distribution_summary_eq(distribution_summary, distribution_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION distribution_summary_ne(distribution_summary, distribution_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION distribution_summary_hash(distribution_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION distribution_summary_hash_extended(distribution_summary, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = distribution_summary, RIGHTARG = distribution_summary, FUNCTION = distribution_summary_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = distribution_summary, RIGHTARG = distribution_summary, FUNCTION = distribution_summary_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS distribution_summary_ops DEFAULT FOR TYPE distribution_summary USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 distribution_summary_hash(distribution_summary),
  FUNCTION 2 distribution_summary_hash_extended(distribution_summary, bigint);

COMMENT ON FUNCTION distribution_summary_eq(distribution_summary, distribution_summary) IS 'implementation of = operator';
COMMENT ON FUNCTION distribution_summary_ne(distribution_summary, distribution_summary) IS 'implementation of <> operator';
COMMENT ON FUNCTION distribution_summary_hash(distribution_summary) IS 'hash of the stored bytes';
COMMENT ON FUNCTION distribution_summary_hash_extended(distribution_summary, bigint) IS 'hash of the stored bytes, with a seed';
COMMENT ON OPERATOR = (distribution_summary, distribution_summary) IS 'the same bytes, which is: made of the same values';
COMMENT ON OPERATOR <> (distribution_summary, distribution_summary) IS 'other bytes';
COMMENT ON OPERATOR CLASS distribution_summary_ops USING hash IS 'hash operator class of distribution_summary';

-- distribution aggregates

CREATE FUNCTION distribution_summary_final(state distribution_summary) RETURNS distribution_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_distribution_final';
CREATE FUNCTION distribution_summary_combine(state distribution_summary, other distribution_summary) RETURNS distribution_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_distribution_merge';
CREATE FUNCTION distribution_summary_merge(state distribution_summary, summary distribution_summary) RETURNS distribution_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_distribution_merge';
COMMENT ON FUNCTION distribution_summary_final(distribution_summary) IS 'final function of the aggregates of distribution_summary';
COMMENT ON FUNCTION distribution_summary_combine(distribution_summary, distribution_summary) IS 'combine function of the aggregates of distribution_summary';
COMMENT ON FUNCTION distribution_summary_merge(distribution_summary, distribution_summary) IS 'transition function of rollup(distribution_summary)';

CREATE FUNCTION distribution_add(state distribution_summary, value double precision) RETURNS distribution_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_distribution_add';
COMMENT ON FUNCTION distribution_add(distribution_summary, double precision) IS 'transition function of distribution(double precision)';
CREATE AGGREGATE distribution(value double precision) (
  SFUNC = distribution_add,
  STYPE = distribution_summary,
  SSPACE = 512,
  FINALFUNC = distribution_summary_final,
  COMBINEFUNC = distribution_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE distribution(double precision) IS 'summary of values for quantiles, inequality and the tail, with a relative accuracy of 0.01';

CREATE FUNCTION distribution_add(state distribution_summary, value double precision, accuracy double precision) RETURNS distribution_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_distribution_add';
COMMENT ON FUNCTION distribution_add(distribution_summary, double precision, double precision) IS 'transition function of distribution(double precision, double precision)';
CREATE AGGREGATE distribution(value double precision, accuracy double precision) (
  SFUNC = distribution_add,
  STYPE = distribution_summary,
  SSPACE = 512,
  FINALFUNC = distribution_summary_final,
  COMBINEFUNC = distribution_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE distribution(double precision, double precision) IS 'summary of values for quantiles, inequality and the tail, with a relative accuracy between 0.0005 and 0.5';

CREATE AGGREGATE rollup(summary distribution_summary) (
  SFUNC = distribution_summary_merge,
  STYPE = distribution_summary,
  SSPACE = 512,
  FINALFUNC = distribution_summary_final,
  COMBINEFUNC = distribution_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(distribution_summary) IS 'the summary of all rows that the summaries were made of';

-- distribution accessors

CREATE FUNCTION value_count(summary distribution_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_count';
COMMENT ON FUNCTION value_count(distribution_summary) IS
  'how many values';

CREATE FUNCTION total(summary distribution_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_total';
COMMENT ON FUNCTION total(distribution_summary) IS
  'the sum of the values, each rounded to 1/10000; exact';

CREATE FUNCTION mean(summary distribution_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_mean';
COMMENT ON FUNCTION mean(distribution_summary) IS
  'the sum of the values divided by their number';

CREATE FUNCTION minimum(summary distribution_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_minimum';
COMMENT ON FUNCTION minimum(distribution_summary) IS
  'the lowest value, exact';

CREATE FUNCTION maximum(summary distribution_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_maximum';
COMMENT ON FUNCTION maximum(distribution_summary) IS
  'the highest value, exact';

CREATE FUNCTION quantile(summary distribution_summary, p double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_quantile';
COMMENT ON FUNCTION quantile(distribution_summary, double precision) IS
  'percentile_disc(p) of the values within the relative accuracy; exact at both ends';

CREATE FUNCTION quantile(summary distribution_summary, p double precision[]) RETURNS double precision[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_quantiles';
COMMENT ON FUNCTION quantile(distribution_summary, double precision[]) IS
  'percentile_disc of the values for each p, within the relative accuracy';

CREATE FUNCTION cdf(summary distribution_summary, value double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_cdf';
COMMENT ON FUNCTION cdf(distribution_summary, double precision) IS
  'the share of the values that are not above a value';

CREATE FUNCTION accuracy(summary distribution_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_accuracy_of';
COMMENT ON FUNCTION accuracy(distribution_summary) IS
  'the relative error that no quantile exceeds, values in collapsed buckets excepted';

CREATE FUNCTION collapsed(summary distribution_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_collapsed';
COMMENT ON FUNCTION collapsed(distribution_summary) IS
  'how many values are in collapsed buckets, nearest to zero, to which the accuracy does not apply';

CREATE FUNCTION gini(summary distribution_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_gini';
COMMENT ON FUNCTION gini(distribution_summary) IS
  'the Gini coefficient, from 0 (all equal) to 1; NULL if the total is 0, an error if a value is negative';

CREATE FUNCTION lorenz(
  summary distribution_summary, points integer, OUT population_share double precision, OUT value_share double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 100 AS 'MODULE_PATHNAME', 'crm_distribution_lorenz';
COMMENT ON FUNCTION lorenz(distribution_summary, integer) IS
  'the Lorenz curve at points + 1 places: which share of the total the lowest values have';

CREATE FUNCTION top_share(summary distribution_summary, p double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_top_share';
COMMENT ON FUNCTION top_share(distribution_summary, double precision) IS
  'which share of the total the highest p of the values have';

CREATE FUNCTION tail_share(summary distribution_summary, p double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_tail_share';
COMMENT ON FUNCTION tail_share(distribution_summary, double precision) IS
  'which share of the total the lowest p of the values have: the long tail';

CREATE FUNCTION histogram(
  summary distribution_summary, OUT from_value double precision, OUT to_value double precision, OUT value_count bigint, OUT total numeric
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 300 AS 'MODULE_PATHNAME', 'crm_distribution_histogram';
COMMENT ON FUNCTION histogram(distribution_summary) IS
  'the buckets that hold values, ends included, with their exact count and total';

CREATE FUNCTION tail_index(
  summary distribution_summary, INOUT k bigint, OUT alpha double precision, OUT std_error double precision, OUT threshold double precision
) RETURNS record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_distribution_tail_index';
COMMENT ON FUNCTION tail_index(distribution_summary, bigint) IS
  'the Hill estimate of the exponent of the tail from the k highest values, and the value at which the tail begins';

CREATE FUNCTION tail_index(
  summary distribution_summary, ks bigint[], OUT k bigint, OUT alpha double precision, OUT std_error double precision, OUT threshold double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 10 AS 'MODULE_PATHNAME', 'crm_distribution_tail_path';
COMMENT ON FUNCTION tail_index(distribution_summary, bigint[]) IS
  'the Hill estimate for each k, to see whether it depends on k';
