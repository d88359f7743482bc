-- balance_summary type

CREATE TYPE balance_summary;

CREATE FUNCTION balance_summary_in(cstring) RETURNS balance_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_in';
CREATE FUNCTION balance_summary_out(balance_summary) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_out';
CREATE FUNCTION balance_summary_recv(internal) RETURNS balance_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_recv';
CREATE FUNCTION balance_summary_send(balance_summary) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_send';

CREATE TYPE balance_summary (
  INPUT = balance_summary_in,
  OUTPUT = balance_summary_out,
  RECEIVE = balance_summary_recv,
  SEND = balance_summary_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE balance_summary IS 'end-of-day balances of one account or client, merged by rollup';
COMMENT ON FUNCTION balance_summary_in(cstring) IS 'I/O of balance_summary';
COMMENT ON FUNCTION balance_summary_out(balance_summary) IS 'I/O of balance_summary';
COMMENT ON FUNCTION balance_summary_recv(internal) IS 'I/O of balance_summary';
COMMENT ON FUNCTION balance_summary_send(balance_summary) IS 'I/O of balance_summary';

-- balance_summary equality and hash

CREATE FUNCTION balance_summary_eq(balance_summary, balance_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION balance_summary_ne(balance_summary, balance_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION balance_summary_hash(balance_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION balance_summary_hash_extended(balance_summary, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = balance_summary, RIGHTARG = balance_summary, FUNCTION = balance_summary_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = balance_summary, RIGHTARG = balance_summary, FUNCTION = balance_summary_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS balance_summary_ops DEFAULT FOR TYPE balance_summary USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 balance_summary_hash(balance_summary),
  FUNCTION 2 balance_summary_hash_extended(balance_summary, bigint);

COMMENT ON FUNCTION balance_summary_eq(balance_summary, balance_summary) IS 'implementation of = operator';
COMMENT ON FUNCTION balance_summary_ne(balance_summary, balance_summary) IS 'implementation of <> operator';
COMMENT ON FUNCTION balance_summary_hash(balance_summary) IS 'hash of balance_summary';
COMMENT ON FUNCTION balance_summary_hash_extended(balance_summary, bigint) IS '64-bit hash of balance_summary';
COMMENT ON OPERATOR = (balance_summary, balance_summary) IS 'the same history';
COMMENT ON OPERATOR <> (balance_summary, balance_summary) IS 'another history';
COMMENT ON OPERATOR CLASS balance_summary_ops USING hash IS 'hash operator class of balance_summary';

-- balance_summary aggregates

CREATE FUNCTION balance_summary_final(state balance_summary) RETURNS balance_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_final';
COMMENT ON FUNCTION balance_summary_final(balance_summary) IS 'final function of the aggregates of balance_summary';
CREATE FUNCTION balance_summary_combine(state balance_summary, other balance_summary) RETURNS balance_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_balance_merge';
COMMENT ON FUNCTION balance_summary_combine(balance_summary, balance_summary) IS 'combine function of the aggregates of balance_summary';
CREATE FUNCTION balance_summary_merge(state balance_summary, summary balance_summary) RETURNS balance_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_balance_merge';
COMMENT ON FUNCTION balance_summary_merge(balance_summary, balance_summary) IS 'transition function of rollup(balance_summary)';

CREATE AGGREGATE rollup(summary balance_summary) (
  SFUNC = balance_summary_merge, STYPE = balance_summary, SSPACE = 256, FINALFUNC = balance_summary_final,
  COMBINEFUNC = balance_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(balance_summary) IS 'one summary of the balances in all of them';

CREATE FUNCTION balance_add(state balance_summary, on_day date, amount numeric) RETURNS balance_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_add_numeric';
COMMENT ON FUNCTION balance_add(balance_summary, date, numeric) IS 'transition function of balance(date, numeric)';
CREATE AGGREGATE balance(on_day date, amount numeric) (
  SFUNC = balance_add, STYPE = balance_summary, SSPACE = 256, FINALFUNC = balance_summary_final,
  COMBINEFUNC = balance_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE balance(date, numeric) IS 'end-of-day balances; on a day without a row the one before holds';

CREATE FUNCTION balance_add(state balance_summary, on_day date, amount bigint) RETURNS balance_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_add_int8';
COMMENT ON FUNCTION balance_add(balance_summary, date, bigint) IS 'transition function of balance(date, bigint)';
CREATE AGGREGATE balance(on_day date, amount bigint) (
  SFUNC = balance_add, STYPE = balance_summary, SSPACE = 256, FINALFUNC = balance_summary_final,
  COMBINEFUNC = balance_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE balance(date, bigint) IS 'end-of-day balances; on a day without a row the one before holds';

CREATE FUNCTION balance_add(state balance_summary, on_day date, amount integer) RETURNS balance_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_add_int4';
COMMENT ON FUNCTION balance_add(balance_summary, date, integer) IS 'transition function of balance(date, integer)';
CREATE AGGREGATE balance(on_day date, amount integer) (
  SFUNC = balance_add, STYPE = balance_summary, SSPACE = 256, FINALFUNC = balance_summary_final,
  COMBINEFUNC = balance_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE balance(date, integer) IS 'end-of-day balances; on a day without a row the one before holds';

CREATE FUNCTION balance_snapshot_add(state balance_summary, on_day date, amount numeric) RETURNS balance_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_snapshot_add_numeric';
COMMENT ON FUNCTION balance_snapshot_add(balance_summary, date, numeric) IS 'transition function of balance_snapshot(date, numeric)';
CREATE AGGREGATE balance_snapshot(on_day date, amount numeric) (
  SFUNC = balance_snapshot_add, STYPE = balance_summary, SSPACE = 256, FINALFUNC = balance_summary_final,
  COMBINEFUNC = balance_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE balance_snapshot(date, numeric) IS 'end-of-day balances; a day without a row is 0';

CREATE FUNCTION balance_snapshot_add(state balance_summary, on_day date, amount bigint) RETURNS balance_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_snapshot_add_int8';
COMMENT ON FUNCTION balance_snapshot_add(balance_summary, date, bigint) IS 'transition function of balance_snapshot(date, bigint)';
CREATE AGGREGATE balance_snapshot(on_day date, amount bigint) (
  SFUNC = balance_snapshot_add, STYPE = balance_summary, SSPACE = 256, FINALFUNC = balance_summary_final,
  COMBINEFUNC = balance_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE balance_snapshot(date, bigint) IS 'end-of-day balances; a day without a row is 0';

CREATE FUNCTION balance_snapshot_add(state balance_summary, on_day date, amount integer) RETURNS balance_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_snapshot_add_int4';
COMMENT ON FUNCTION balance_snapshot_add(balance_summary, date, integer) IS 'transition function of balance_snapshot(date, integer)';
CREATE AGGREGATE balance_snapshot(on_day date, amount integer) (
  SFUNC = balance_snapshot_add, STYPE = balance_summary, SSPACE = 256, FINALFUNC = balance_summary_final,
  COMBINEFUNC = balance_summary_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE balance_snapshot(date, integer) IS 'end-of-day balances; a day without a row is 0';

-- balance_summary functions

CREATE FUNCTION with_opening(summary balance_summary, on_day date, amount numeric) RETURNS balance_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_with_opening';
COMMENT ON FUNCTION with_opening(balance_summary, date, numeric) IS
  'the summary with the balance that was carried to the beginning of a day; the summary may be NULL';

CREATE FUNCTION first_day(summary balance_summary) RETURNS date
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_first_day';
COMMENT ON FUNCTION first_day(balance_summary) IS 'the day of the first balance or opening';

CREATE FUNCTION last_day(summary balance_summary) RETURNS date
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_last_day';
COMMENT ON FUNCTION last_day(balance_summary) IS 'the day of the last balance or opening';

CREATE FUNCTION balance_at(summary balance_summary, on_day date) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_balance_at';
COMMENT ON FUNCTION balance_at(balance_summary, date) IS 'the balance at the end of a day; NULL if it is not known';

CREATE FUNCTION average_balance(summary balance_summary, from_day date, to_day date) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_balance_average';
COMMENT ON FUNCTION average_balance(balance_summary, date, date) IS
  'the average end-of-day balance from from_day to the day before to_day; NULL if one is not known';

CREATE FUNCTION average_balance(summary balance_summary, days date[]) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_balance_average_list';
COMMENT ON FUNCTION average_balance(balance_summary, date[]) IS
  'the average end-of-day balance of the listed days; NULL if one is not known';

CREATE FUNCTION minimum_balance(summary balance_summary, from_day date, to_day date) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_balance_minimum';
COMMENT ON FUNCTION minimum_balance(balance_summary, date, date) IS
  'the lowest end-of-day balance from from_day to the day before to_day; NULL if one is not known';

CREATE FUNCTION minimum_balance(summary balance_summary, days date[]) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_balance_minimum_list';
COMMENT ON FUNCTION minimum_balance(balance_summary, date[]) IS
  'the lowest end-of-day balance of the listed days; NULL if one is not known';

CREATE FUNCTION days_at_least(summary balance_summary, amount numeric, from_day date, to_day date) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_balance_days_at_least';
COMMENT ON FUNCTION days_at_least(balance_summary, numeric, date, date) IS
  'the days from from_day to the day before to_day that ended with at least the amount';

CREATE FUNCTION days_at_least(summary balance_summary, amount numeric, days date[]) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_balance_days_at_least_list';
COMMENT ON FUNCTION days_at_least(balance_summary, numeric, date[]) IS 'the listed days that ended with at least the amount';

CREATE FUNCTION opening_breaks(summary balance_summary) RETURNS date[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_balance_opening_breaks';
COMMENT ON FUNCTION opening_breaks(balance_summary) IS 'the days whose opening is not the balance that was carried to them';

CREATE FUNCTION balance_entries(
  summary balance_summary, OUT on_day date, OUT amount numeric, OUT is_opening boolean
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 ROWS 100 AS 'MODULE_PATHNAME', 'crm_balance_entries';
COMMENT ON FUNCTION balance_entries(balance_summary) IS 'what the summary knows: a row for each balance and opening, by day';
