-- spend_summary type

CREATE TYPE spend_summary;

CREATE FUNCTION spend_summary_in(cstring) RETURNS spend_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_spend_in';
CREATE FUNCTION spend_summary_out(spend_summary) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_spend_out';
CREATE FUNCTION spend_summary_recv(internal) RETURNS spend_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_spend_recv';
CREATE FUNCTION spend_summary_send(spend_summary) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_spend_send';

CREATE TYPE spend_summary (
  INPUT = spend_summary_in,
  OUTPUT = spend_summary_out,
  RECEIVE = spend_summary_recv,
  SEND = spend_summary_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE spend_summary IS 'how many clients came back on how many days for what total: what a Gamma-Gamma model is fitted to';
COMMENT ON FUNCTION spend_summary_in(cstring) IS 'I/O: hexadecimal digits, as printed';
COMMENT ON FUNCTION spend_summary_out(spend_summary) IS 'I/O: hexadecimal digits, independent of any setting';
COMMENT ON FUNCTION spend_summary_recv(internal) IS 'I/O: binary form';
COMMENT ON FUNCTION spend_summary_send(spend_summary) IS 'I/O: binary form';

-- spend_summary equality and hash

CREATE FUNCTION spend_summary_eq(spend_summary, spend_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION spend_summary_ne(spend_summary, spend_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION spend_summary_hash(spend_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION spend_summary_hash_extended(spend_summary, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = spend_summary, RIGHTARG = spend_summary, FUNCTION = spend_summary_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = spend_summary, RIGHTARG = spend_summary, FUNCTION = spend_summary_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS spend_summary_ops DEFAULT FOR TYPE spend_summary USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 spend_summary_hash(spend_summary),
  FUNCTION 2 spend_summary_hash_extended(spend_summary, bigint);

COMMENT ON FUNCTION spend_summary_eq(spend_summary, spend_summary) IS 'implementation of = operator';
COMMENT ON FUNCTION spend_summary_ne(spend_summary, spend_summary) IS 'implementation of <> operator';
COMMENT ON FUNCTION spend_summary_hash(spend_summary) IS 'hash of the stored bytes';
COMMENT ON FUNCTION spend_summary_hash_extended(spend_summary, bigint) IS 'hash of the stored bytes, with a seed';
COMMENT ON OPERATOR = (spend_summary, spend_summary) IS 'the same bytes, which is: made of the same clients';
COMMENT ON OPERATOR <> (spend_summary, spend_summary) IS 'other bytes';
COMMENT ON OPERATOR CLASS spend_summary_ops USING hash IS 'hash operator class of spend_summary';

-- spend_summary aggregates

CREATE FUNCTION spend_summary_final(state spend_summary) RETURNS spend_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_spend_final';
CREATE FUNCTION spend_summary_combine(state spend_summary, other spend_summary) RETURNS spend_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_spend_merge';
CREATE FUNCTION spend_summary_merge(state spend_summary, summary spend_summary) RETURNS spend_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_spend_merge';
COMMENT ON FUNCTION spend_summary_final(spend_summary) IS 'final function of the aggregates of spend_summary';
COMMENT ON FUNCTION spend_summary_combine(spend_summary, spend_summary) IS 'combine function of the aggregates of spend_summary';
COMMENT ON FUNCTION spend_summary_merge(spend_summary, spend_summary) IS 'transition function of rollup(spend_summary)';

CREATE FUNCTION repeat_spend_add(state spend_summary, activity activity_summary) RETURNS spend_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_spend_add';
COMMENT ON FUNCTION repeat_spend_add(spend_summary, activity_summary) IS 'transition function of repeat_spend(activity_summary)';
CREATE AGGREGATE repeat_spend(activity activity_summary) (
  SFUNC = repeat_spend_add,
  STYPE = spend_summary,
  SSPACE = 65536,
  FINALFUNC = spend_summary_final,
  COMBINEFUNC = spend_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE repeat_spend(activity_summary) IS 'how many clients came back on how many days after their first, and for what total';

CREATE AGGREGATE rollup(summary spend_summary) (
  SFUNC = spend_summary_merge,
  STYPE = spend_summary,
  SSPACE = 512,
  FINALFUNC = spend_summary_final,
  COMBINEFUNC = spend_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(spend_summary) IS 'the summary of all clients that the summaries were made of';

-- spend_summary accessors

CREATE FUNCTION clients(summary spend_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_spend_clients';
COMMENT ON FUNCTION clients(spend_summary) IS 'how many clients, those who came back for nothing or not at all included';

CREATE FUNCTION spend_table(
  summary spend_summary, OUT frequency integer, OUT total numeric, OUT clients bigint
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 1000 AS 'MODULE_PATHNAME', 'crm_spend_table';
COMMENT ON FUNCTION spend_table(spend_summary) IS
  'a row for each number of repeat days and their total that occur; frequency 0 without a total for clients who never came back, neither for those who came back for zero or less';
