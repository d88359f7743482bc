-- service_concentration_summary type

CREATE TYPE service_concentration_summary;

CREATE FUNCTION service_concentration_summary_in(cstring) RETURNS service_concentration_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_service_concentration_in';
CREATE FUNCTION service_concentration_summary_out(service_concentration_summary) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_service_concentration_out';
CREATE FUNCTION service_concentration_summary_recv(internal) RETURNS service_concentration_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_service_concentration_recv';
CREATE FUNCTION service_concentration_summary_send(service_concentration_summary) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_service_concentration_send';

CREATE TYPE service_concentration_summary (
  INPUT = service_concentration_summary_in,
  OUTPUT = service_concentration_summary_out,
  RECEIVE = service_concentration_summary_recv,
  SEND = service_concentration_summary_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE service_concentration_summary IS 'what service clients got, in the order of their value, within a relative accuracy of it';
COMMENT ON FUNCTION service_concentration_summary_in(cstring) IS 'I/O: hexadecimal digits, as printed';
COMMENT ON FUNCTION service_concentration_summary_out(service_concentration_summary) IS 'I/O: hexadecimal digits, independent of any setting';
COMMENT ON FUNCTION service_concentration_summary_recv(internal) IS 'I/O: binary form';
COMMENT ON FUNCTION service_concentration_summary_send(service_concentration_summary) IS 'I/O: binary form';

-- service_concentration_summary equality and hash

CREATE FUNCTION service_concentration_summary_eq(service_concentration_summary, service_concentration_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION service_concentration_summary_ne(service_concentration_summary, service_concentration_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION service_concentration_summary_hash(service_concentration_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION service_concentration_summary_hash_extended(service_concentration_summary, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = service_concentration_summary, RIGHTARG = service_concentration_summary, FUNCTION = service_concentration_summary_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = service_concentration_summary, RIGHTARG = service_concentration_summary, FUNCTION = service_concentration_summary_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS service_concentration_summary_ops DEFAULT FOR TYPE service_concentration_summary USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 service_concentration_summary_hash(service_concentration_summary),
  FUNCTION 2 service_concentration_summary_hash_extended(service_concentration_summary, bigint);

COMMENT ON FUNCTION service_concentration_summary_eq(service_concentration_summary, service_concentration_summary) IS 'implementation of = operator';
COMMENT ON FUNCTION service_concentration_summary_ne(service_concentration_summary, service_concentration_summary) IS 'implementation of <> operator';
COMMENT ON FUNCTION service_concentration_summary_hash(service_concentration_summary) IS 'hash of the stored bytes';
COMMENT ON FUNCTION service_concentration_summary_hash_extended(service_concentration_summary, bigint) IS 'hash of the stored bytes, with a seed';
COMMENT ON OPERATOR = (service_concentration_summary, service_concentration_summary) IS 'the same bytes: the same clients, values and service in each bucket';
COMMENT ON OPERATOR <> (service_concentration_summary, service_concentration_summary) IS 'other bytes';
COMMENT ON OPERATOR CLASS service_concentration_summary_ops USING hash IS 'hash operator class of service_concentration_summary';

-- service_concentration_summary aggregates

CREATE FUNCTION service_concentration_summary_final(state service_concentration_summary) RETURNS service_concentration_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_service_concentration_final';
CREATE FUNCTION service_concentration_summary_combine(state service_concentration_summary, other service_concentration_summary) RETURNS service_concentration_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_service_concentration_merge';
CREATE FUNCTION service_concentration_summary_merge(state service_concentration_summary, summary service_concentration_summary) RETURNS service_concentration_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_service_concentration_merge';
COMMENT ON FUNCTION service_concentration_summary_final(service_concentration_summary) IS 'final function of the aggregates of service_concentration_summary';
COMMENT ON FUNCTION service_concentration_summary_combine(service_concentration_summary, service_concentration_summary) IS 'combine function of the aggregates of service_concentration_summary';
COMMENT ON FUNCTION service_concentration_summary_merge(service_concentration_summary, service_concentration_summary) IS 'transition function of rollup(service_concentration_summary)';

CREATE FUNCTION service_concentration_add(state service_concentration_summary, value double precision, service numeric) RETURNS service_concentration_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_service_concentration_add';
COMMENT ON FUNCTION service_concentration_add(service_concentration_summary, double precision, numeric) IS 'transition function of service_concentration(double precision, numeric)';
CREATE AGGREGATE service_concentration(value double precision, service numeric) (
  SFUNC = service_concentration_add,
  STYPE = service_concentration_summary,
  SSPACE = 512,
  FINALFUNC = service_concentration_summary_final,
  COMBINEFUNC = service_concentration_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE service_concentration(double precision, numeric) IS 'what service clients got, in the order of their value, with a relative accuracy of 0.01';

CREATE FUNCTION service_concentration_add(state service_concentration_summary, value double precision, service numeric, accuracy double precision) RETURNS service_concentration_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_service_concentration_add';
COMMENT ON FUNCTION service_concentration_add(service_concentration_summary, double precision, numeric, double precision) IS 'transition function of service_concentration(double precision, numeric, double precision)';
CREATE AGGREGATE service_concentration(value double precision, service numeric, accuracy double precision) (
  SFUNC = service_concentration_add,
  STYPE = service_concentration_summary,
  SSPACE = 512,
  FINALFUNC = service_concentration_summary_final,
  COMBINEFUNC = service_concentration_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE service_concentration(double precision, numeric, double precision) IS 'what service clients got, in the order of their value, with a relative accuracy between 0.0005 and 0.5';

CREATE AGGREGATE rollup(summary service_concentration_summary) (
  SFUNC = service_concentration_summary_merge,
  STYPE = service_concentration_summary,
  SSPACE = 512,
  FINALFUNC = service_concentration_summary_final,
  COMBINEFUNC = service_concentration_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(service_concentration_summary) IS 'the summary of all rows that the summaries were made of';

-- service_concentration accessors

CREATE FUNCTION clients(summary service_concentration_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_service_concentration_clients';
COMMENT ON FUNCTION clients(service_concentration_summary) IS 'how many rows';

CREATE FUNCTION total_value(summary service_concentration_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_service_concentration_total_value';
COMMENT ON FUNCTION total_value(service_concentration_summary) IS 'the sum of the values, each rounded to 1/10000; exact';

CREATE FUNCTION total_service(summary service_concentration_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_service_concentration_total_service';
COMMENT ON FUNCTION total_service(service_concentration_summary) IS 'the sum of the service, exact';

CREATE FUNCTION value_accuracy(summary service_concentration_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_service_concentration_value_accuracy';
COMMENT ON FUNCTION value_accuracy(service_concentration_summary) IS 'by how much values that count as equal may differ: twice this share of them';

CREATE FUNCTION concentration_index(summary service_concentration_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_service_concentration_index';
COMMENT ON FUNCTION concentration_index(service_concentration_summary) IS 'service against value, 2 cov(service, rank) / mean(service): -1 if the least valuable client gets all, 1 if the most valuable one does; NULL without service';

CREATE FUNCTION concentration_error(summary service_concentration_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_service_concentration_error';
COMMENT ON FUNCTION concentration_error(service_concentration_summary) IS 'by how much concentration_index can be too high or too low, since near values count as equal; NULL without service';

CREATE FUNCTION gini_of_value(summary service_concentration_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_service_concentration_gini_of_value';
COMMENT ON FUNCTION gini_of_value(service_concentration_summary) IS 'the Gini coefficient of value, what concentration_index is if service is in proportion to value; NULL if it adds up to 0, an error if one is negative';

CREATE FUNCTION kakwani_index(summary service_concentration_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_service_concentration_kakwani_index';
COMMENT ON FUNCTION kakwani_index(service_concentration_summary) IS 'concentration_index less gini_of_value: 0 if service is in proportion to value, below 0 if those of low value get more than that';

CREATE FUNCTION concentration_curve(
  summary service_concentration_summary, points integer, OUT population_share double precision, OUT value_share double precision, OUT service_share double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 100 AS 'MODULE_PATHNAME', 'crm_service_concentration_curve';
COMMENT ON FUNCTION concentration_curve(service_concentration_summary, integer) IS
  'at points + 1 places: which share of the value the clients of lowest value have, and which share of the service they got';
