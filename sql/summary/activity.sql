-- activity_summary type

CREATE TYPE activity_summary;

CREATE FUNCTION activity_summary_in(cstring) RETURNS activity_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_in';
CREATE FUNCTION activity_summary_out(activity_summary) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_out';
CREATE FUNCTION activity_summary_recv(internal) RETURNS activity_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_recv';
CREATE FUNCTION activity_summary_send(activity_summary) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_send';

CREATE TYPE activity_summary (
  INPUT = activity_summary_in,
  OUTPUT = activity_summary_out,
  RECEIVE = activity_summary_recv,
  SEND = activity_summary_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE activity_summary IS 'days of activity, number of events and exact total of one client, merged by rollup';
COMMENT ON FUNCTION activity_summary_in(cstring) IS 'I/O of activity_summary';
COMMENT ON FUNCTION activity_summary_out(activity_summary) IS 'I/O of activity_summary';
COMMENT ON FUNCTION activity_summary_recv(internal) IS 'I/O of activity_summary';
COMMENT ON FUNCTION activity_summary_send(activity_summary) IS 'I/O of activity_summary';

-- activity_summary equality and hash

CREATE FUNCTION activity_summary_eq(activity_summary, activity_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION activity_summary_ne(activity_summary, activity_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION activity_summary_hash(activity_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION activity_summary_hash_extended(activity_summary, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = activity_summary, RIGHTARG = activity_summary, FUNCTION = activity_summary_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = activity_summary, RIGHTARG = activity_summary, FUNCTION = activity_summary_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS activity_summary_ops DEFAULT FOR TYPE activity_summary USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 activity_summary_hash(activity_summary),
  FUNCTION 2 activity_summary_hash_extended(activity_summary, bigint);

COMMENT ON FUNCTION activity_summary_eq(activity_summary, activity_summary) IS 'implementation of = operator';
COMMENT ON FUNCTION activity_summary_ne(activity_summary, activity_summary) IS 'implementation of <> operator';
COMMENT ON FUNCTION activity_summary_hash(activity_summary) IS 'hash of activity_summary';
COMMENT ON FUNCTION activity_summary_hash_extended(activity_summary, bigint) IS '64-bit hash of activity_summary';
COMMENT ON OPERATOR = (activity_summary, activity_summary) IS 'the same history';
COMMENT ON OPERATOR <> (activity_summary, activity_summary) IS 'another history';
COMMENT ON OPERATOR CLASS activity_summary_ops USING hash IS 'hash operator class of activity_summary';

-- activity_summary aggregates

CREATE FUNCTION activity_summary_final(state activity_summary) RETURNS activity_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_final';
COMMENT ON FUNCTION activity_summary_final(activity_summary) IS 'final function of the aggregates of activity_summary';
CREATE FUNCTION activity_summary_combine(state activity_summary, other activity_summary) RETURNS activity_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_activity_merge';
COMMENT ON FUNCTION activity_summary_combine(activity_summary, activity_summary) IS 'combine function of the aggregates of activity_summary';
CREATE FUNCTION activity_summary_merge(state activity_summary, summary activity_summary) RETURNS activity_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_activity_merge';
COMMENT ON FUNCTION activity_summary_merge(activity_summary, activity_summary) IS 'transition function of rollup(activity_summary)';

CREATE AGGREGATE rollup(summary activity_summary) (
  SFUNC = activity_summary_merge, STYPE = activity_summary, SSPACE = 128, FINALFUNC = activity_summary_final,
  COMBINEFUNC = activity_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(activity_summary) IS 'one summary of the activity in all of them';

CREATE FUNCTION activity_add(state activity_summary, on_day date, amount numeric) RETURNS activity_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_add_numeric';
COMMENT ON FUNCTION activity_add(activity_summary, date, numeric) IS 'transition function of activity(date, numeric)';
CREATE AGGREGATE activity(on_day date, amount numeric) (
  SFUNC = activity_add, STYPE = activity_summary, SSPACE = 128, FINALFUNC = activity_summary_final,
  COMBINEFUNC = activity_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE activity(date, numeric) IS 'first and last day, distinct active days, number of events and exact total';

CREATE FUNCTION activity_add(state activity_summary, on_day date, amount bigint) RETURNS activity_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_add_int8';
COMMENT ON FUNCTION activity_add(activity_summary, date, bigint) IS 'transition function of activity(date, bigint)';
CREATE AGGREGATE activity(on_day date, amount bigint) (
  SFUNC = activity_add, STYPE = activity_summary, SSPACE = 128, FINALFUNC = activity_summary_final,
  COMBINEFUNC = activity_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE activity(date, bigint) IS 'first and last day, distinct active days, number of events and exact total';

CREATE FUNCTION activity_add(state activity_summary, on_day date, amount integer) RETURNS activity_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_add_int4';
COMMENT ON FUNCTION activity_add(activity_summary, date, integer) IS 'transition function of activity(date, integer)';
CREATE AGGREGATE activity(on_day date, amount integer) (
  SFUNC = activity_add, STYPE = activity_summary, SSPACE = 128, FINALFUNC = activity_summary_final,
  COMBINEFUNC = activity_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE activity(date, integer) IS 'first and last day, distinct active days, number of events and exact total';

-- activity_summary accessors

CREATE FUNCTION first_day(summary activity_summary) RETURNS date
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_first_day';
COMMENT ON FUNCTION first_day(activity_summary) IS 'the first active day';

CREATE FUNCTION last_day(summary activity_summary) RETURNS date
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_last_day';
COMMENT ON FUNCTION last_day(activity_summary) IS 'the last active day';

CREATE FUNCTION active_days(summary activity_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_active_days';
COMMENT ON FUNCTION active_days(activity_summary) IS 'the number of distinct days with an event';

CREATE FUNCTION active_dates(summary activity_summary) RETURNS date[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_activity_active_dates';
COMMENT ON FUNCTION active_dates(activity_summary) IS 'the distinct days with an event, ascending';

CREATE FUNCTION events(summary activity_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_events';
COMMENT ON FUNCTION events(activity_summary) IS 'the number of events';

CREATE FUNCTION negative_events(summary activity_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_negative_events';
COMMENT ON FUNCTION negative_events(activity_summary) IS 'the number of events with an amount below zero';

CREATE FUNCTION total(summary activity_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_total';
COMMENT ON FUNCTION total(activity_summary) IS 'the exact sum of the amounts';

CREATE FUNCTION first_day_total(summary activity_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_first_day_total';
COMMENT ON FUNCTION first_day_total(activity_summary) IS 'the exact sum of the amounts of the first active day';

CREATE FUNCTION mean_amount(summary activity_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_mean_amount';
COMMENT ON FUNCTION mean_amount(activity_summary) IS 'the total divided by the number of events';

CREATE FUNCTION recency_days(summary activity_summary, as_of date) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_recency_days';
COMMENT ON FUNCTION recency_days(activity_summary, date) IS 'days since the last active day up to as_of; NULL if there is none';

CREATE FUNCTION frequency(summary activity_summary, as_of date) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_frequency';
COMMENT ON FUNCTION frequency(activity_summary, date) IS
  'active days after the first, up to as_of; NULL if the first comes later';

CREATE FUNCTION tenure_days(summary activity_summary, as_of date) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_activity_tenure_days';
COMMENT ON FUNCTION tenure_days(activity_summary, date) IS 'days since the first active day; NULL if it comes later than as_of';
