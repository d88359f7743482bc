-- co_holding_summary type

CREATE TYPE co_holding_summary;

CREATE FUNCTION co_holding_summary_in(cstring) RETURNS co_holding_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_co_holding_in';
CREATE FUNCTION co_holding_summary_out(co_holding_summary) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_co_holding_out';
CREATE FUNCTION co_holding_summary_recv(internal) RETURNS co_holding_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_co_holding_recv';
CREATE FUNCTION co_holding_summary_send(co_holding_summary) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_co_holding_send';

CREATE TYPE co_holding_summary (
  INPUT = co_holding_summary_in,
  OUTPUT = co_holding_summary_out,
  RECEIVE = co_holding_summary_recv,
  SEND = co_holding_summary_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE co_holding_summary IS 'how many clients hold each product, and each two of them';
COMMENT ON FUNCTION co_holding_summary_in(cstring) IS 'I/O: hexadecimal digits, as printed';
COMMENT ON FUNCTION co_holding_summary_out(co_holding_summary) IS 'I/O: hexadecimal digits, independent of any setting';
COMMENT ON FUNCTION co_holding_summary_recv(internal) IS 'I/O: binary form';
COMMENT ON FUNCTION co_holding_summary_send(co_holding_summary) IS 'I/O: binary form';

-- co_holding_summary equality and hash

CREATE FUNCTION co_holding_summary_eq(co_holding_summary, co_holding_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION co_holding_summary_ne(co_holding_summary, co_holding_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION co_holding_summary_hash(co_holding_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION co_holding_summary_hash_extended(co_holding_summary, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = co_holding_summary, RIGHTARG = co_holding_summary, FUNCTION = co_holding_summary_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = co_holding_summary, RIGHTARG = co_holding_summary, FUNCTION = co_holding_summary_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS co_holding_summary_ops DEFAULT FOR TYPE co_holding_summary USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 co_holding_summary_hash(co_holding_summary),
  FUNCTION 2 co_holding_summary_hash_extended(co_holding_summary, bigint);

COMMENT ON FUNCTION co_holding_summary_eq(co_holding_summary, co_holding_summary) IS 'implementation of = operator';
COMMENT ON FUNCTION co_holding_summary_ne(co_holding_summary, co_holding_summary) IS 'implementation of <> operator';
COMMENT ON FUNCTION co_holding_summary_hash(co_holding_summary) IS 'hash of the stored bytes';
COMMENT ON FUNCTION co_holding_summary_hash_extended(co_holding_summary, bigint) IS 'hash of the stored bytes, with a seed';
COMMENT ON OPERATOR = (co_holding_summary, co_holding_summary) IS 'the same bytes, which is: made of the same clients';
COMMENT ON OPERATOR <> (co_holding_summary, co_holding_summary) IS 'other bytes';
COMMENT ON OPERATOR CLASS co_holding_summary_ops USING hash IS 'hash operator class of co_holding_summary';

-- co_holding aggregates

CREATE FUNCTION co_holding_summary_final(state co_holding_summary) RETURNS co_holding_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_co_holding_final';
CREATE FUNCTION co_holding_summary_combine(state co_holding_summary, other co_holding_summary) RETURNS co_holding_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'crm_co_holding_merge';
CREATE FUNCTION co_holding_summary_merge(state co_holding_summary, summary co_holding_summary) RETURNS co_holding_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'crm_co_holding_merge';
COMMENT ON FUNCTION co_holding_summary_final(co_holding_summary) IS 'final function of the aggregates of co_holding_summary';
COMMENT ON FUNCTION co_holding_summary_combine(co_holding_summary, co_holding_summary) IS 'combine function of the aggregates of co_holding_summary';
COMMENT ON FUNCTION co_holding_summary_merge(co_holding_summary, co_holding_summary) IS 'transition function of rollup(co_holding_summary)';

CREATE FUNCTION co_holding_add(state co_holding_summary, products text[]) RETURNS co_holding_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_co_holding_add';
COMMENT ON FUNCTION co_holding_add(co_holding_summary, text[]) IS 'transition function of co_holding(text[])';
CREATE AGGREGATE co_holding(products text[]) (
  SFUNC = co_holding_add,
  STYPE = co_holding_summary,
  SSPACE = 16384,
  FINALFUNC = co_holding_summary_final,
  COMBINEFUNC = co_holding_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE co_holding(text[]) IS 'summary of clients, each with the distinct products, or classes of them, that the client holds';

CREATE FUNCTION co_holding_add(state co_holding_summary, products text[], among text[]) RETURNS co_holding_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_co_holding_add';
COMMENT ON FUNCTION co_holding_add(co_holding_summary, text[], text[]) IS 'transition function of co_holding(text[], text[])';
CREATE AGGREGATE co_holding(products text[], among text[]) (
  SFUNC = co_holding_add,
  STYPE = co_holding_summary,
  SSPACE = 16384,
  FINALFUNC = co_holding_summary_final,
  COMBINEFUNC = co_holding_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE co_holding(text[], text[]) IS 'the same, in which only the products of the second argument count; a client with none of them is one who holds nothing';

CREATE AGGREGATE rollup(summary co_holding_summary) (
  SFUNC = co_holding_summary_merge,
  STYPE = co_holding_summary,
  SSPACE = 16384,
  FINALFUNC = co_holding_summary_final,
  COMBINEFUNC = co_holding_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(co_holding_summary) IS 'the summary of all clients that the summaries were made of, who must be different ones';

-- co_holding accessors

CREATE FUNCTION co_holding_clients(summary co_holding_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_co_holding_clients';
COMMENT ON FUNCTION co_holding_clients(co_holding_summary) IS
  'how many clients, those who hold nothing included';

CREATE FUNCTION co_holding_products(
  summary co_holding_summary, OUT product text, OUT clients bigint, OUT share double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 ROWS 100 AS 'MODULE_PATHNAME', 'crm_co_holding_products';
COMMENT ON FUNCTION co_holding_products(co_holding_summary) IS
  'a row for each product that somebody holds: its clients, and their share of all';

CREATE FUNCTION co_holding_pairs(
  summary co_holding_summary, OUT product text, OUT other text, OUT clients bigint, OUT clients_other bigint, OUT clients_both bigint,
  OUT support double precision, OUT confidence double precision, OUT lift double precision, OUT lift_lower double precision, OUT g2 double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000 AS 'MODULE_PATHNAME', 'crm_co_holding_pairs';
COMMENT ON FUNCTION co_holding_pairs(co_holding_summary) IS
  'a row for each ordered pair of products that somebody holds both of: counts, support, confidence, lift with the lower end of its 95 % interval, and the log-likelihood ratio of Dunning';

CREATE FUNCTION next_products(
  summary co_holding_summary, held text[], n integer, min_clients bigint DEFAULT 5,
  OUT product text, OUT because text, OUT clients_both bigint, OUT confidence double precision, OUT lift double precision, OUT lift_lower double precision, OUT g2 double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 3 AS 'MODULE_PATHNAME', 'crm_next_products';
COMMENT ON FUNCTION next_products(co_holding_summary, text[], integer, bigint) IS
  'for a client who holds these products: at most n others, each because of the held one it is most strongly associated with, by the lower end of the lift, which must be above 1';
