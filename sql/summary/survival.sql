-- survival_summary type

CREATE TYPE survival_summary;

CREATE FUNCTION survival_summary_in(cstring) RETURNS survival_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_survival_in';
CREATE FUNCTION survival_summary_out(survival_summary) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_survival_out';
CREATE FUNCTION survival_summary_recv(internal) RETURNS survival_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_survival_recv';
CREATE FUNCTION survival_summary_send(survival_summary) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_survival_send';

CREATE TYPE survival_summary (
  INPUT = survival_summary_in,
  OUTPUT = survival_summary_out,
  RECEIVE = survival_summary_recv,
  SEND = survival_summary_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE survival_summary IS 'how long subjects were followed and how many ended, by duration';
COMMENT ON FUNCTION survival_summary_in(cstring) IS 'I/O: hexadecimal digits, as printed';
COMMENT ON FUNCTION survival_summary_out(survival_summary) IS 'I/O: hexadecimal digits, independent of any setting';
COMMENT ON FUNCTION survival_summary_recv(internal) IS 'I/O: binary form';
COMMENT ON FUNCTION survival_summary_send(survival_summary) IS 'I/O: binary form';

-- survival_summary equality and hash

CREATE FUNCTION survival_summary_eq(survival_summary, survival_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION survival_summary_ne(survival_summary, survival_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION survival_summary_hash(survival_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION survival_summary_hash_extended(survival_summary, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = survival_summary, RIGHTARG = survival_summary, FUNCTION = survival_summary_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = survival_summary, RIGHTARG = survival_summary, FUNCTION = survival_summary_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS survival_summary_ops DEFAULT FOR TYPE survival_summary USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 survival_summary_hash(survival_summary),
  FUNCTION 2 survival_summary_hash_extended(survival_summary, bigint);

COMMENT ON FUNCTION survival_summary_eq(survival_summary, survival_summary) IS 'implementation of = operator';
COMMENT ON FUNCTION survival_summary_ne(survival_summary, survival_summary) IS 'implementation of <> operator';
COMMENT ON FUNCTION survival_summary_hash(survival_summary) IS 'hash of the stored bytes';
COMMENT ON FUNCTION survival_summary_hash_extended(survival_summary, bigint) IS 'hash of the stored bytes, with a seed';
COMMENT ON OPERATOR = (survival_summary, survival_summary) IS 'the same bytes, which is: made of the same durations';
COMMENT ON OPERATOR <> (survival_summary, survival_summary) IS 'other bytes';
COMMENT ON OPERATOR CLASS survival_summary_ops USING hash IS 'hash operator class of survival_summary';

-- survival aggregates

CREATE FUNCTION survival_summary_final(state survival_summary) RETURNS survival_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_survival_final';
CREATE FUNCTION survival_summary_combine(state survival_summary, other survival_summary) RETURNS survival_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_survival_merge';
CREATE FUNCTION survival_summary_merge(state survival_summary, summary survival_summary) RETURNS survival_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_survival_merge';
COMMENT ON FUNCTION survival_summary_final(survival_summary) IS 'final function of the aggregates of survival_summary';
COMMENT ON FUNCTION survival_summary_combine(survival_summary, survival_summary) IS 'combine function of the aggregates of survival_summary';
COMMENT ON FUNCTION survival_summary_merge(survival_summary, survival_summary) IS 'transition function of rollup(survival_summary)';

CREATE FUNCTION survival_add(state survival_summary, duration integer, ended boolean) RETURNS survival_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_survival_add';
COMMENT ON FUNCTION survival_add(survival_summary, integer, boolean) IS 'transition function of survival(integer, boolean)';
CREATE AGGREGATE survival(duration integer, ended boolean) (
  SFUNC = survival_add,
  STYPE = survival_summary,
  SSPACE = 512,
  FINALFUNC = survival_summary_final,
  COMBINEFUNC = survival_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE survival(integer, boolean) IS 'summary of durations for Kaplan-Meier curves: ended is false for who was still there';

CREATE FUNCTION survival_add(state survival_summary, duration integer, ended boolean, entry integer) RETURNS survival_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_survival_add';
COMMENT ON FUNCTION survival_add(survival_summary, integer, boolean, integer) IS 'transition function of survival(integer, boolean, integer)';
CREATE AGGREGATE survival(duration integer, ended boolean, entry integer) (
  SFUNC = survival_add,
  STYPE = survival_summary,
  SSPACE = 512,
  FINALFUNC = survival_summary_final,
  COMBINEFUNC = survival_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE survival(integer, boolean, integer) IS 'the same for subjects who came under observation at a duration of entry only (left truncation)';

CREATE AGGREGATE rollup(summary survival_summary) (
  SFUNC = survival_summary_merge,
  STYPE = survival_summary,
  SSPACE = 512,
  FINALFUNC = survival_summary_final,
  COMBINEFUNC = survival_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(survival_summary) IS 'the summary of all rows that the summaries were made of';

-- survival accessors

CREATE FUNCTION subjects(summary survival_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_survival_subjects';
COMMENT ON FUNCTION subjects(survival_summary) IS
  'how many subjects were followed';

CREATE FUNCTION ended(summary survival_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_survival_ended';
COMMENT ON FUNCTION ended(survival_summary) IS
  'how many subjects were seen to end';

CREATE FUNCTION survival_at(summary survival_summary, duration double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_survival_at_duration';
COMMENT ON FUNCTION survival_at(survival_summary, double precision) IS
  'the share that lives longer than a duration; NULL where nobody was followed so long';

CREATE FUNCTION median_survival(
  summary survival_summary, bounds text DEFAULT 'log-log', OUT median double precision, OUT lower_95 double precision, OUT upper_95 double precision
) RETURNS record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_survival_median_of';
COMMENT ON FUNCTION median_survival(survival_summary, text) IS
  'the duration that half of the subjects do not outlive, with bounds; NULL where the curve does not come down so far';

CREATE FUNCTION restricted_mean(summary survival_summary, until double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_survival_restricted_mean';
COMMENT ON FUNCTION restricted_mean(survival_summary, double precision) IS
  'the mean duration up to a limit; NULL where nobody was followed so long';

CREATE FUNCTION survival_table(
  summary survival_summary, bounds text DEFAULT 'log-log', OUT "time" integer, OUT at_risk bigint, OUT events bigint, OUT censored bigint, OUT survival double precision, OUT std_error double precision, OUT lower_95 double precision, OUT upper_95 double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 100 AS 'MODULE_PATHNAME', 'crm_survival_table';
COMMENT ON FUNCTION survival_table(survival_summary, text) IS
  'the curve: a row for each duration at which somebody ended or was lost from sight';

CREATE FUNCTION log_rank(
  a survival_summary, b survival_summary, OUT chi_square double precision, OUT p_value double precision, OUT events_a bigint, OUT expected_a double precision, OUT events_b bigint, OUT expected_b double precision
) RETURNS record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_survival_log_rank';
COMMENT ON FUNCTION log_rank(survival_summary, survival_summary) IS
  'the log-rank test of whether two curves are one, with one degree of freedom';
