-- coverage_summary type

CREATE TYPE coverage_summary;

CREATE FUNCTION coverage_summary_in(cstring) RETURNS coverage_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_coverage_in';
CREATE FUNCTION coverage_summary_out(coverage_summary) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_coverage_out';
CREATE FUNCTION coverage_summary_recv(internal) RETURNS coverage_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_coverage_recv';
CREATE FUNCTION coverage_summary_send(coverage_summary) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_coverage_send';

CREATE TYPE coverage_summary (
  INPUT = coverage_summary_in,
  OUTPUT = coverage_summary_out,
  RECEIVE = coverage_summary_recv,
  SEND = coverage_summary_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE coverage_summary IS 'what service clients are owed and what they got: exact totals, numbers of clients, evenness';
COMMENT ON FUNCTION coverage_summary_in(cstring) IS 'I/O: hexadecimal digits, as printed';
COMMENT ON FUNCTION coverage_summary_out(coverage_summary) IS 'I/O: hexadecimal digits, independent of any setting';
COMMENT ON FUNCTION coverage_summary_recv(internal) IS 'I/O: binary form';
COMMENT ON FUNCTION coverage_summary_send(coverage_summary) IS 'I/O: binary form';

-- coverage_summary equality and hash

CREATE FUNCTION coverage_summary_eq(coverage_summary, coverage_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION coverage_summary_ne(coverage_summary, coverage_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION coverage_summary_hash(coverage_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION coverage_summary_hash_extended(coverage_summary, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = coverage_summary, RIGHTARG = coverage_summary, FUNCTION = coverage_summary_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = coverage_summary, RIGHTARG = coverage_summary, FUNCTION = coverage_summary_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS coverage_summary_ops DEFAULT FOR TYPE coverage_summary USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 coverage_summary_hash(coverage_summary),
  FUNCTION 2 coverage_summary_hash_extended(coverage_summary, bigint);

COMMENT ON FUNCTION coverage_summary_eq(coverage_summary, coverage_summary) IS 'implementation of = operator';
COMMENT ON FUNCTION coverage_summary_ne(coverage_summary, coverage_summary) IS 'implementation of <> operator';
COMMENT ON FUNCTION coverage_summary_hash(coverage_summary) IS 'hash of the stored bytes';
COMMENT ON FUNCTION coverage_summary_hash_extended(coverage_summary, bigint) IS 'hash of the stored bytes, with a seed';
COMMENT ON OPERATOR = (coverage_summary, coverage_summary) IS 'the same bytes: the same clients, totals and sum of squares';
COMMENT ON OPERATOR <> (coverage_summary, coverage_summary) IS 'other bytes';
COMMENT ON OPERATOR CLASS coverage_summary_ops USING hash IS 'hash operator class of coverage_summary';

-- coverage_summary aggregates

CREATE FUNCTION coverage_summary_final(state coverage_summary) RETURNS coverage_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_coverage_final';
CREATE FUNCTION coverage_summary_combine(state coverage_summary, other coverage_summary) RETURNS coverage_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_coverage_merge';
CREATE FUNCTION coverage_summary_merge(state coverage_summary, summary coverage_summary) RETURNS coverage_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_coverage_merge';
COMMENT ON FUNCTION coverage_summary_final(coverage_summary) IS 'final function of the aggregates of coverage_summary';
COMMENT ON FUNCTION coverage_summary_combine(coverage_summary, coverage_summary) IS 'combine function of the aggregates of coverage_summary';
COMMENT ON FUNCTION coverage_summary_merge(coverage_summary, coverage_summary) IS 'transition function of rollup(coverage_summary)';

CREATE FUNCTION coverage_add(state coverage_summary, owed numeric, delivered numeric) RETURNS coverage_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_coverage_add';
COMMENT ON FUNCTION coverage_add(coverage_summary, numeric, numeric) IS 'transition function of coverage(numeric, numeric)';
CREATE AGGREGATE coverage(owed numeric, delivered numeric) (
  SFUNC = coverage_add,
  STYPE = coverage_summary,
  SSPACE = 136,
  FINALFUNC = coverage_summary_final,
  COMBINEFUNC = coverage_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE coverage(numeric, numeric) IS 'what service clients are owed and what they got, one row a client, or a client, service and period';

CREATE AGGREGATE rollup(summary coverage_summary) (
  SFUNC = coverage_summary_merge,
  STYPE = coverage_summary,
  SSPACE = 136,
  FINALFUNC = coverage_summary_final,
  COMBINEFUNC = coverage_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(coverage_summary) IS 'the summary of all rows that the summaries were made of';

-- coverage accessors

CREATE FUNCTION clients(summary coverage_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_clients';
COMMENT ON FUNCTION clients(coverage_summary) IS 'how many rows, those with nothing owed and nothing delivered included';

CREATE FUNCTION owed_clients(summary coverage_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_owed_clients';
COMMENT ON FUNCTION owed_clients(coverage_summary) IS 'how many rows with something owed';

CREATE FUNCTION fully_covered(summary coverage_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_fully_covered';
COMMENT ON FUNCTION fully_covered(coverage_summary) IS 'how many rows with something owed, and as much or more delivered';

CREATE FUNCTION untouched(summary coverage_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_untouched';
COMMENT ON FUNCTION untouched(coverage_summary) IS 'how many rows with something owed, and nothing delivered';

CREATE FUNCTION served_unowed(summary coverage_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_served_unowed';
COMMENT ON FUNCTION served_unowed(coverage_summary) IS 'how many rows with something delivered, and nothing owed';

CREATE FUNCTION owed(summary coverage_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_owed';
COMMENT ON FUNCTION owed(coverage_summary) IS 'the sum of what is owed, exact';

CREATE FUNCTION delivered(summary coverage_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_delivered';
COMMENT ON FUNCTION delivered(coverage_summary) IS 'the sum of what was delivered, exact';

CREATE FUNCTION covered(summary coverage_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_covered';
COMMENT ON FUNCTION covered(coverage_summary) IS 'the sum of the lower one of owed and delivered, row by row; exact';

CREATE FUNCTION service_gap(summary coverage_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_service_gap';
COMMENT ON FUNCTION service_gap(coverage_summary) IS 'the sum of what is owed and was not delivered, max(0, owed - delivered) row by row; exact';

CREATE FUNCTION coverage_rate(summary coverage_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_rate';
COMMENT ON FUNCTION coverage_rate(coverage_summary) IS 'covered / owed, from 0 to 1; NULL where nothing is owed';

CREATE FUNCTION fully_covered_share(summary coverage_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_fully_covered_share';
COMMENT ON FUNCTION fully_covered_share(coverage_summary) IS 'which share of the rows with something owed is fully covered; NULL if there are none';

CREATE FUNCTION untouched_share(summary coverage_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_untouched_share';
COMMENT ON FUNCTION untouched_share(coverage_summary) IS 'which share of the rows with something owed got nothing; NULL if there are none';

CREATE FUNCTION jain_index(summary coverage_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_jain_index';
COMMENT ON FUNCTION jain_index(coverage_summary) IS 'how evenly it was delivered, (sum x)^2 / (n sum x^2): 1 if all rows got the same, 1/n if one got all; NULL if nothing was delivered';

CREATE FUNCTION coefficient_of_variation(summary coverage_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_coverage_coefficient_of_variation';
COMMENT ON FUNCTION coefficient_of_variation(coverage_summary) IS 'the standard deviation of what was delivered, of all rows, divided by its mean; NULL if nothing was delivered';
