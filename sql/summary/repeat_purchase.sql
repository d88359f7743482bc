-- repeat_purchase_summary type

CREATE TYPE repeat_purchase_summary;

CREATE FUNCTION repeat_purchase_summary_in(cstring) RETURNS repeat_purchase_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_repeat_purchases_in';
CREATE FUNCTION repeat_purchase_summary_out(repeat_purchase_summary) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_repeat_purchases_out';
CREATE FUNCTION repeat_purchase_summary_recv(internal) RETURNS repeat_purchase_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_repeat_purchases_recv';
CREATE FUNCTION repeat_purchase_summary_send(repeat_purchase_summary) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_repeat_purchases_send';

CREATE TYPE repeat_purchase_summary (
  INPUT = repeat_purchase_summary_in,
  OUTPUT = repeat_purchase_summary_out,
  RECEIVE = repeat_purchase_summary_recv,
  SEND = repeat_purchase_summary_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE repeat_purchase_summary IS 'how many clients have which frequency, recency and tenure: what purchase models are fitted to';
COMMENT ON FUNCTION repeat_purchase_summary_in(cstring) IS 'I/O: hexadecimal digits, as printed';
COMMENT ON FUNCTION repeat_purchase_summary_out(repeat_purchase_summary) IS 'I/O: hexadecimal digits, independent of any setting';
COMMENT ON FUNCTION repeat_purchase_summary_recv(internal) IS 'I/O: binary form';
COMMENT ON FUNCTION repeat_purchase_summary_send(repeat_purchase_summary) IS 'I/O: binary form';

-- repeat_purchase_summary equality and hash

CREATE FUNCTION repeat_purchase_summary_eq(repeat_purchase_summary, repeat_purchase_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION repeat_purchase_summary_ne(repeat_purchase_summary, repeat_purchase_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION repeat_purchase_summary_hash(repeat_purchase_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION repeat_purchase_summary_hash_extended(repeat_purchase_summary, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = repeat_purchase_summary, RIGHTARG = repeat_purchase_summary, FUNCTION = repeat_purchase_summary_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = repeat_purchase_summary, RIGHTARG = repeat_purchase_summary, FUNCTION = repeat_purchase_summary_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS repeat_purchase_summary_ops DEFAULT FOR TYPE repeat_purchase_summary USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 repeat_purchase_summary_hash(repeat_purchase_summary),
  FUNCTION 2 repeat_purchase_summary_hash_extended(repeat_purchase_summary, bigint);

COMMENT ON FUNCTION repeat_purchase_summary_eq(repeat_purchase_summary, repeat_purchase_summary) IS 'implementation of = operator';
COMMENT ON FUNCTION repeat_purchase_summary_ne(repeat_purchase_summary, repeat_purchase_summary) IS 'implementation of <> operator';
COMMENT ON FUNCTION repeat_purchase_summary_hash(repeat_purchase_summary) IS 'hash of the stored bytes';
COMMENT ON FUNCTION repeat_purchase_summary_hash_extended(repeat_purchase_summary, bigint) IS 'hash of the stored bytes, with a seed';
COMMENT ON OPERATOR = (repeat_purchase_summary, repeat_purchase_summary) IS 'the same bytes, which is: made of the same clients';
COMMENT ON OPERATOR <> (repeat_purchase_summary, repeat_purchase_summary) IS 'other bytes';
COMMENT ON OPERATOR CLASS repeat_purchase_summary_ops USING hash IS 'hash operator class of repeat_purchase_summary';

-- repeat_purchase_summary aggregates

CREATE FUNCTION repeat_purchase_summary_final(state repeat_purchase_summary) RETURNS repeat_purchase_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_repeat_purchases_final';
CREATE FUNCTION repeat_purchase_summary_combine(state repeat_purchase_summary, other repeat_purchase_summary) RETURNS repeat_purchase_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_repeat_purchases_merge';
CREATE FUNCTION repeat_purchase_summary_merge(state repeat_purchase_summary, summary repeat_purchase_summary) RETURNS repeat_purchase_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_repeat_purchases_merge';
COMMENT ON FUNCTION repeat_purchase_summary_final(repeat_purchase_summary) IS 'final function of the aggregates of repeat_purchase_summary';
COMMENT ON FUNCTION repeat_purchase_summary_combine(repeat_purchase_summary, repeat_purchase_summary) IS 'combine function of the aggregates of repeat_purchase_summary';
COMMENT ON FUNCTION repeat_purchase_summary_merge(repeat_purchase_summary, repeat_purchase_summary) IS 'transition function of rollup(repeat_purchase_summary)';

CREATE FUNCTION repeat_purchases_add(state repeat_purchase_summary, activity activity_summary, as_of date) RETURNS repeat_purchase_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_repeat_purchases_add';
COMMENT ON FUNCTION repeat_purchases_add(repeat_purchase_summary, activity_summary, date) IS 'transition function of repeat_purchases(activity_summary, date)';
CREATE AGGREGATE repeat_purchases(activity activity_summary, as_of date) (
  SFUNC = repeat_purchases_add,
  STYPE = repeat_purchase_summary,
  SSPACE = 65536,
  FINALFUNC = repeat_purchase_summary_final,
  COMBINEFUNC = repeat_purchase_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE repeat_purchases(activity_summary, date) IS 'how many clients have which frequency, recency and tenure as of a day; clients who come later are skipped';

CREATE AGGREGATE rollup(summary repeat_purchase_summary) (
  SFUNC = repeat_purchase_summary_merge,
  STYPE = repeat_purchase_summary,
  SSPACE = 512,
  FINALFUNC = repeat_purchase_summary_final,
  COMBINEFUNC = repeat_purchase_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(repeat_purchase_summary) IS 'the summary of all clients that the summaries were made of';

-- repeat_purchase_summary accessors

CREATE FUNCTION clients(summary repeat_purchase_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_repeat_purchases_clients';
COMMENT ON FUNCTION clients(repeat_purchase_summary) IS 'how many clients';

CREATE FUNCTION repeat_purchase_table(
  summary repeat_purchase_summary, OUT frequency integer, OUT recency_days integer, OUT tenure_days integer, OUT clients bigint
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 1000 AS 'MODULE_PATHNAME', 'crm_repeat_purchases_table';
COMMENT ON FUNCTION repeat_purchase_table(repeat_purchase_summary) IS
  'a row for each x (active days after the first), t_x (from the first to the last) and T (from the first to the as-of day) that occur';
