-- tier_standing type

CREATE TYPE tier_standing;

CREATE FUNCTION tier_standing_in(cstring) RETURNS tier_standing
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_standing_in';
CREATE FUNCTION tier_standing_out(tier_standing) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_standing_out';
CREATE FUNCTION tier_standing_recv(internal) RETURNS tier_standing
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_standing_recv';
CREATE FUNCTION tier_standing_send(tier_standing) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_standing_send';

CREATE TYPE tier_standing (
  INPUT = tier_standing_in,
  OUTPUT = tier_standing_out,
  RECEIVE = tier_standing_recv,
  SEND = tier_standing_send,
  INTERNALLENGTH = 56,
  ALIGNMENT = int4
);

COMMENT ON TYPE tier_standing IS
  'where a client stands among the tiers of a policy: rank, since when, how long below, the base ranks of the last periods';
COMMENT ON FUNCTION tier_standing_in(cstring) IS 'I/O';
COMMENT ON FUNCTION tier_standing_out(tier_standing) IS 'I/O';
COMMENT ON FUNCTION tier_standing_recv(internal) IS 'I/O';
COMMENT ON FUNCTION tier_standing_send(tier_standing) IS 'I/O';

CREATE CAST (jsonb AS tier_standing) WITH INOUT;
CREATE CAST (tier_standing AS jsonb) WITH INOUT;
COMMENT ON CAST (jsonb AS tier_standing) IS 'read a standing that is stored as jsonb';
COMMENT ON CAST (tier_standing AS jsonb) IS 'the standing as jsonb';

-- tier_standing equality and hash

CREATE FUNCTION tier_standing_eq(tier_standing, tier_standing) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_standing_eq';
CREATE FUNCTION tier_standing_ne(tier_standing, tier_standing) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_standing_ne';
CREATE FUNCTION tier_standing_hash(tier_standing) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_standing_hash';
CREATE FUNCTION tier_standing_hash_extended(tier_standing, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_standing_hash_extended';

CREATE OPERATOR = (
  LEFTARG = tier_standing, RIGHTARG = tier_standing, FUNCTION = tier_standing_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = tier_standing, RIGHTARG = tier_standing, FUNCTION = tier_standing_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS tier_standing_ops DEFAULT FOR TYPE tier_standing USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 tier_standing_hash(tier_standing),
  FUNCTION 2 tier_standing_hash_extended(tier_standing, bigint);

COMMENT ON FUNCTION tier_standing_eq(tier_standing, tier_standing) IS 'implementation of = operator';
COMMENT ON FUNCTION tier_standing_ne(tier_standing, tier_standing) IS 'implementation of <> operator';
COMMENT ON FUNCTION tier_standing_hash(tier_standing) IS 'hash';
COMMENT ON FUNCTION tier_standing_hash_extended(tier_standing, bigint) IS 'hash';
COMMENT ON OPERATOR = (tier_standing, tier_standing) IS 'the same standing under the same policy';
COMMENT ON OPERATOR <> (tier_standing, tier_standing) IS 'another standing, or one under another policy';
COMMENT ON OPERATOR CLASS tier_standing_ops USING hash IS 'hash operator class of tier_standing';

-- tier_standing steps

CREATE FUNCTION tier_step(policy tier_policy, standing tier_standing, value double precision, on_day date) RETURNS tier_standing
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_tier_step_value';
COMMENT ON FUNCTION tier_step(tier_policy, tier_standing, double precision, date) IS
  'the standing after the period of a day; a NULL standing is started by the first value';

CREATE FUNCTION tier_step(policy tier_policy, standing tier_standing, base_rank integer, on_day date) RETURNS tier_standing
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_tier_step_rank';
COMMENT ON FUNCTION tier_step(tier_policy, tier_standing, integer, date) IS
  'the same from a base rank, such as the higher of the tiers of two measures';

CREATE FUNCTION tier_track_step(state tier_standing, policy tier_policy, value double precision, on_day date) RETURNS tier_standing
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_tier_track_step';
CREATE FUNCTION tier_track_step(state tier_standing, policy tier_policy, value double precision, on_day date, start tier_standing) RETURNS tier_standing
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'crm_tier_track_step';
COMMENT ON FUNCTION tier_track_step(tier_standing, tier_policy, double precision, date) IS 'transition function of tier_track';
COMMENT ON FUNCTION tier_track_step(tier_standing, tier_policy, double precision, date, tier_standing) IS 'transition function of tier_track';

CREATE AGGREGATE tier_track(policy tier_policy, value double precision, on_day date) (
  SFUNC = tier_track_step,
  STYPE = tier_standing,
  SSPACE = 56,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE tier_track(tier_policy, double precision, date) IS
  'the standing after a history, one row a period in the order of the days: tier_track(policy, value, on_day ORDER BY on_day), or OVER (ORDER BY on_day)';

CREATE AGGREGATE tier_track(policy tier_policy, value double precision, on_day date, start tier_standing) (
  SFUNC = tier_track_step,
  STYPE = tier_standing,
  SSPACE = 56,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE tier_track(tier_policy, double precision, date, tier_standing) IS
  'the same, going on from a standing that was kept; NULL starts anew';

CREATE FUNCTION tier_standing(policy tier_policy, label text, since date, period date) RETURNS tier_standing
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_standing_make';
COMMENT ON FUNCTION tier_standing(tier_policy, text, date, date) IS
  'the standing of who is known to have had a tier since a day, in a period: from elsewhere, or from another version of the policy';

CREATE FUNCTION tier_override(policy tier_policy, standing tier_standing, label text, until date) RETURNS tier_standing
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_override';
COMMENT ON FUNCTION tier_override(tier_policy, tier_standing, text, date) IS
  'the standing with a tier given by hand up to the period of a day; a NULL label takes it back';

-- tier_standing accessors

CREATE FUNCTION tier_label(policy tier_policy, standing tier_standing) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_label';
COMMENT ON FUNCTION tier_label(tier_policy, tier_standing) IS 'the label of the tier that counts, given by hand or earned';

CREATE FUNCTION tier_rank(standing tier_standing) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_standing_rank';
COMMENT ON FUNCTION tier_rank(tier_standing) IS 'the rank of the tier that counts, lowest 1';

CREATE FUNCTION tier_since(standing tier_standing) RETURNS date
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_since';
COMMENT ON FUNCTION tier_since(tier_standing) IS 'the first day of the period in which the tier that counts was reached';

CREATE FUNCTION tier_period(standing tier_standing) RETURNS date
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_standing_period';
COMMENT ON FUNCTION tier_period(tier_standing) IS 'the first day of the period of the last step';

CREATE FUNCTION on_watch(standing tier_standing) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_on_watch';
COMMENT ON FUNCTION on_watch(tier_standing) IS 'whether the tier is about to be lost, by the policy''s watch_after';

CREATE FUNCTION tier_base_rank(standing tier_standing) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_base_rank';
COMMENT ON FUNCTION tier_base_rank(tier_standing) IS 'the base rank of the last period that counted';

CREATE FUNCTION tier_run_below(standing tier_standing) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_run_below';
COMMENT ON FUNCTION tier_run_below(tier_standing) IS 'the periods in a row below the tier';

CREATE FUNCTION tier_override_until(standing tier_standing) RETURNS date
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_override_until';
COMMENT ON FUNCTION tier_override_until(tier_standing) IS 'the last day of a tier given by hand, NULL where there is none';

CREATE FUNCTION tier_outlook(
  policy tier_policy, standing tier_standing, value double precision,
  OUT periods_to_downgrade integer, OUT landing text, OUT amount_to_keep double precision,
  OUT amount_to_rise double precision, OUT next_review date
)
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'crm_tier_outlook';
COMMENT ON FUNCTION tier_outlook(tier_policy, tier_standing, double precision) IS
  'what comes if the value stays: periods until the tier is lost and which comes then, how much is short of keeping it and of the next, and the next day of review';

CREATE FUNCTION tier_explain(
  policy tier_policy, "values" double precision[], on_days date[], start tier_standing DEFAULT NULL,
  OUT period date, OUT value double precision, OUT base text, OUT tier text, OUT since date,
  OUT run_below integer, OUT on_watch boolean, OUT reason text
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 24 AS 'MODULE_PATHNAME', 'crm_tier_explain';
COMMENT ON FUNCTION tier_explain(tier_policy, double precision[], date[], tier_standing) IS
  'period by period, how the standing came about; tier_track() over the same history ends in the last row';
