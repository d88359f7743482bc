-- migration_summary type

CREATE TYPE migration_summary;

CREATE FUNCTION migration_summary_in(cstring) RETURNS migration_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_migration_in';
CREATE FUNCTION migration_summary_out(migration_summary) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_migration_out';
CREATE FUNCTION migration_summary_recv(internal) RETURNS migration_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_migration_recv';
CREATE FUNCTION migration_summary_send(migration_summary) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_migration_send';

CREATE TYPE migration_summary (
  INPUT = migration_summary_in,
  OUTPUT = migration_summary_out,
  RECEIVE = migration_summary_recv,
  SEND = migration_summary_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE migration_summary IS 'how many moved from which rank to which, and what they weigh';
COMMENT ON FUNCTION migration_summary_in(cstring) IS 'I/O: hexadecimal digits, as printed';
COMMENT ON FUNCTION migration_summary_out(migration_summary) IS 'I/O: hexadecimal digits, independent of any setting';
COMMENT ON FUNCTION migration_summary_recv(internal) IS 'I/O: binary form';
COMMENT ON FUNCTION migration_summary_send(migration_summary) IS 'I/O: binary form';

-- migration_summary equality and hash

CREATE FUNCTION migration_summary_eq(migration_summary, migration_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION migration_summary_ne(migration_summary, migration_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION migration_summary_hash(migration_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION migration_summary_hash_extended(migration_summary, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = migration_summary, RIGHTARG = migration_summary, FUNCTION = migration_summary_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = migration_summary, RIGHTARG = migration_summary, FUNCTION = migration_summary_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS migration_summary_ops DEFAULT FOR TYPE migration_summary USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 migration_summary_hash(migration_summary),
  FUNCTION 2 migration_summary_hash_extended(migration_summary, bigint);

COMMENT ON FUNCTION migration_summary_eq(migration_summary, migration_summary) IS 'implementation of = operator';
COMMENT ON FUNCTION migration_summary_ne(migration_summary, migration_summary) IS 'implementation of <> operator';
COMMENT ON FUNCTION migration_summary_hash(migration_summary) IS 'hash of the stored bytes';
COMMENT ON FUNCTION migration_summary_hash_extended(migration_summary, bigint) IS 'hash of the stored bytes, with a seed';
COMMENT ON OPERATOR = (migration_summary, migration_summary) IS 'the same bytes, which is: made of the same moves';
COMMENT ON OPERATOR <> (migration_summary, migration_summary) IS 'other bytes';
COMMENT ON OPERATOR CLASS migration_summary_ops USING hash IS 'hash operator class of migration_summary';

-- migration aggregates

CREATE FUNCTION migration_summary_final(state migration_summary) RETURNS migration_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_migration_final';
CREATE FUNCTION migration_summary_combine(state migration_summary, other migration_summary) RETURNS migration_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_migration_merge';
CREATE FUNCTION migration_summary_merge(state migration_summary, summary migration_summary) RETURNS migration_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_migration_merge';
COMMENT ON FUNCTION migration_summary_final(migration_summary) IS 'final function of the aggregates of migration_summary';
COMMENT ON FUNCTION migration_summary_combine(migration_summary, migration_summary) IS 'combine function of the aggregates of migration_summary';
COMMENT ON FUNCTION migration_summary_merge(migration_summary, migration_summary) IS 'transition function of rollup(migration_summary)';

CREATE FUNCTION migration_add(state migration_summary, from_rank integer, to_rank integer) RETURNS migration_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_migration_add';
COMMENT ON FUNCTION migration_add(migration_summary, integer, integer) IS 'transition function of migration(integer, integer)';
CREATE AGGREGATE migration(from_rank integer, to_rank integer) (
  SFUNC = migration_add,
  STYPE = migration_summary,
  SSPACE = 512,
  FINALFUNC = migration_summary_final,
  COMBINEFUNC = migration_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE migration(integer, integer) IS 'summary of moves between ranks, each of weight 1';

CREATE FUNCTION migration_add(state migration_summary, from_rank integer, to_rank integer, weight numeric) RETURNS migration_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_migration_add';
COMMENT ON FUNCTION migration_add(migration_summary, integer, integer, numeric) IS 'transition function of migration(integer, integer, numeric)';
CREATE AGGREGATE migration(from_rank integer, to_rank integer, weight numeric) (
  SFUNC = migration_add,
  STYPE = migration_summary,
  SSPACE = 512,
  FINALFUNC = migration_summary_final,
  COMBINEFUNC = migration_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE migration(integer, integer, numeric) IS 'summary of moves between ranks, with a weight: money that moves, or the time for which the first rank was held';

CREATE AGGREGATE rollup(summary migration_summary) (
  SFUNC = migration_summary_merge,
  STYPE = migration_summary,
  SSPACE = 512,
  FINALFUNC = migration_summary_final,
  COMBINEFUNC = migration_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(migration_summary) IS 'the summary of all rows that the summaries were made of';

-- migration accessors

CREATE FUNCTION moves(summary migration_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_migration_moves';
COMMENT ON FUNCTION moves(migration_summary) IS
  'how many moves, those that stay included';

CREATE FUNCTION migration_table(
  summary migration_summary, OUT from_rank integer, OUT to_rank integer, OUT moves bigint, OUT weight numeric, OUT probability double precision, OUT weight_share double precision, OUT rate double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 25 AS 'MODULE_PATHNAME', 'crm_migration_table';
COMMENT ON FUNCTION migration_table(migration_summary) IS
  'a row for each pair of ranks that occurs: moves, weight, their shares of the first rank, and moves per unit of weight';

CREATE FUNCTION migration_probability(
  summary migration_summary, from_rank integer, to_rank integer
) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_migration_probability';
COMMENT ON FUNCTION migration_probability(migration_summary, integer, integer) IS
  'cohort form: which share of those at the first rank is at the second afterwards; NULL if nobody was at the first';

CREATE FUNCTION migration_probability(
  summary migration_summary, from_rank integer, to_rank integer, horizon double precision
) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'crm_migration_probability_after';
COMMENT ON FUNCTION migration_probability(migration_summary, integer, integer, double precision) IS
  'duration form: the probability to be at the second rank after a time, where weights are times for which the first rank was held';

CREATE FUNCTION migration_forecast(
  summary migration_summary, horizon double precision, OUT from_rank integer, OUT to_rank integer, OUT probability double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 25 AS 'MODULE_PATHNAME', 'crm_migration_forecast';
COMMENT ON FUNCTION migration_forecast(migration_summary, double precision) IS
  'duration form: that probability for every pair of ranks';

CREATE FUNCTION stay_rate(summary migration_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_migration_stay_rate';
COMMENT ON FUNCTION stay_rate(migration_summary) IS
  'which share of the moves stays at its rank';

CREATE FUNCTION upgrade_rate(summary migration_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_migration_upgrade_rate';
COMMENT ON FUNCTION upgrade_rate(migration_summary) IS
  'which share of the moves goes to a higher rank';

CREATE FUNCTION downgrade_rate(summary migration_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_migration_downgrade_rate';
COMMENT ON FUNCTION downgrade_rate(migration_summary) IS
  'which share of the moves goes to a lower rank';

CREATE FUNCTION stay_rate(summary migration_summary, from_rank integer) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_migration_stay_rate';
COMMENT ON FUNCTION stay_rate(migration_summary, integer) IS
  'which share of the moves from a rank stays there';

CREATE FUNCTION upgrade_rate(summary migration_summary, from_rank integer) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_migration_upgrade_rate';
COMMENT ON FUNCTION upgrade_rate(migration_summary, integer) IS
  'which share of the moves from a rank goes to a higher one';

CREATE FUNCTION downgrade_rate(summary migration_summary, from_rank integer) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_migration_downgrade_rate';
COMMENT ON FUNCTION downgrade_rate(migration_summary, integer) IS
  'which share of the moves from a rank goes to a lower one';

CREATE FUNCTION mobility(summary migration_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_migration_mobility';
COMMENT ON FUNCTION mobility(migration_summary) IS
  'mobility of Shorrocks: (k - trace P) / (k - 1) over the k ranks that moves come from, 0 if nobody moves';
