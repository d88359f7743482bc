-- asset_bridge_summary type

CREATE TYPE asset_bridge_summary;

CREATE FUNCTION asset_bridge_summary_in(cstring) RETURNS asset_bridge_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_asset_bridge_in';
CREATE FUNCTION asset_bridge_summary_out(asset_bridge_summary) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_asset_bridge_out';
CREATE FUNCTION asset_bridge_summary_recv(internal) RETURNS asset_bridge_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_asset_bridge_recv';
CREATE FUNCTION asset_bridge_summary_send(asset_bridge_summary) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_asset_bridge_send';

CREATE TYPE asset_bridge_summary (
  INPUT = asset_bridge_summary_in,
  OUTPUT = asset_bridge_summary_out,
  RECEIVE = asset_bridge_summary_recv,
  SEND = asset_bridge_summary_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);

COMMENT ON TYPE asset_bridge_summary IS 'why the assets at the end of a period are not those at its beginning: new, flows, market, lost';
COMMENT ON FUNCTION asset_bridge_summary_in(cstring) IS 'I/O: hexadecimal digits, as printed';
COMMENT ON FUNCTION asset_bridge_summary_out(asset_bridge_summary) IS 'I/O: hexadecimal digits, independent of any setting';
COMMENT ON FUNCTION asset_bridge_summary_recv(internal) IS 'I/O: binary form';
COMMENT ON FUNCTION asset_bridge_summary_send(asset_bridge_summary) IS 'I/O: binary form';

-- asset_bridge_summary equality and hash

CREATE FUNCTION asset_bridge_summary_eq(asset_bridge_summary, asset_bridge_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_eq';
CREATE FUNCTION asset_bridge_summary_ne(asset_bridge_summary, asset_bridge_summary) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_ne';
CREATE FUNCTION asset_bridge_summary_hash(asset_bridge_summary) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash';
CREATE FUNCTION asset_bridge_summary_hash_extended(asset_bridge_summary, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_value_hash_extended';

CREATE OPERATOR = (
  LEFTARG = asset_bridge_summary, RIGHTARG = asset_bridge_summary, FUNCTION = asset_bridge_summary_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR <> (
  LEFTARG = asset_bridge_summary, RIGHTARG = asset_bridge_summary, FUNCTION = asset_bridge_summary_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS asset_bridge_summary_ops DEFAULT FOR TYPE asset_bridge_summary USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 asset_bridge_summary_hash(asset_bridge_summary),
  FUNCTION 2 asset_bridge_summary_hash_extended(asset_bridge_summary, bigint);

COMMENT ON FUNCTION asset_bridge_summary_eq(asset_bridge_summary, asset_bridge_summary) IS 'implementation of = operator';
COMMENT ON FUNCTION asset_bridge_summary_ne(asset_bridge_summary, asset_bridge_summary) IS 'implementation of <> operator';
COMMENT ON FUNCTION asset_bridge_summary_hash(asset_bridge_summary) IS 'hash of the stored bytes';
COMMENT ON FUNCTION asset_bridge_summary_hash_extended(asset_bridge_summary, bigint) IS 'hash of the stored bytes, with a seed';
COMMENT ON OPERATOR = (asset_bridge_summary, asset_bridge_summary) IS 'the same bytes: the same clients and totals';
COMMENT ON OPERATOR <> (asset_bridge_summary, asset_bridge_summary) IS 'other bytes';
COMMENT ON OPERATOR CLASS asset_bridge_summary_ops USING hash IS 'hash operator class of asset_bridge_summary';

-- asset_bridge_summary aggregates

CREATE FUNCTION asset_bridge_summary_final(state asset_bridge_summary) RETURNS asset_bridge_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_asset_bridge_final';
CREATE FUNCTION asset_bridge_summary_combine(state asset_bridge_summary, other asset_bridge_summary) RETURNS asset_bridge_summary
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_asset_bridge_merge';
CREATE FUNCTION asset_bridge_summary_merge(state asset_bridge_summary, summary asset_bridge_summary) RETURNS asset_bridge_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_asset_bridge_merge';
COMMENT ON FUNCTION asset_bridge_summary_final(asset_bridge_summary) IS 'final function of the aggregates of asset_bridge_summary';
COMMENT ON FUNCTION asset_bridge_summary_combine(asset_bridge_summary, asset_bridge_summary) IS 'combine function of the aggregates of asset_bridge_summary';
COMMENT ON FUNCTION asset_bridge_summary_merge(asset_bridge_summary, asset_bridge_summary) IS 'transition function of rollup(asset_bridge_summary)';

CREATE FUNCTION asset_bridge_add(state asset_bridge_summary, opening numeric, closing numeric, inflow numeric, outflow numeric, is_new boolean, is_lost boolean) RETURNS asset_bridge_summary
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_asset_bridge_add';
COMMENT ON FUNCTION asset_bridge_add(asset_bridge_summary, numeric, numeric, numeric, numeric, boolean, boolean) IS 'transition function of asset_bridge(numeric, numeric, numeric, numeric, boolean, boolean)';
CREATE AGGREGATE asset_bridge(opening numeric, closing numeric, inflow numeric, outflow numeric, is_new boolean, is_lost boolean) (
  SFUNC = asset_bridge_add,
  STYPE = asset_bridge_summary,
  SSPACE = 144,
  FINALFUNC = asset_bridge_summary_final,
  COMBINEFUNC = asset_bridge_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE asset_bridge(numeric, numeric, numeric, numeric, boolean, boolean) IS 'why the assets at the end of a period are not those at its beginning, one row a client; the opening of a new client and the closing of a lost one may be NULL';

CREATE AGGREGATE rollup(summary asset_bridge_summary) (
  SFUNC = asset_bridge_summary_merge,
  STYPE = asset_bridge_summary,
  SSPACE = 144,
  FINALFUNC = asset_bridge_summary_final,
  COMBINEFUNC = asset_bridge_summary_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(asset_bridge_summary) IS 'the bridge of all clients of one period that the summaries were made of; for consecutive periods see asset_bridge_parts';

-- asset_bridge accessors

CREATE FUNCTION asset_bridge_parts(
  summary asset_bridge_summary, OUT ordinal integer, OUT part text, OUT amount numeric, OUT clients bigint
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 8 AS 'MODULE_PATHNAME', 'crm_asset_bridge_parts';
COMMENT ON FUNCTION asset_bridge_parts(asset_bridge_summary) IS
  'the eight parts in order: opening, new, inflow, outflow, market, lost, transfers, closing; those between the two ends are signed and add up to their difference';

CREATE FUNCTION asset_bridge_parts(
  summaries asset_bridge_summary[], OUT ordinal integer, OUT part text, OUT amount numeric, OUT clients bigint
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 8 AS 'MODULE_PATHNAME', 'crm_asset_bridge_chain_parts';
COMMENT ON FUNCTION asset_bridge_parts(asset_bridge_summary[]) IS
  'the same from the first to the last of consecutive periods; what a period opens with beyond the closing of the one before is transfers';

CREATE FUNCTION opening_assets(summary asset_bridge_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_opening_assets';
COMMENT ON FUNCTION opening_assets(asset_bridge_summary) IS 'assets of all clients at the beginning of the period';

CREATE FUNCTION closing_assets(summary asset_bridge_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_closing_assets';
COMMENT ON FUNCTION closing_assets(asset_bridge_summary) IS 'assets of all clients at the end of the period';

CREATE FUNCTION new_assets(summary asset_bridge_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_new_assets';
COMMENT ON FUNCTION new_assets(asset_bridge_summary) IS 'closing assets of the clients who joined';

CREATE FUNCTION lost_assets(summary asset_bridge_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_lost_assets';
COMMENT ON FUNCTION lost_assets(asset_bridge_summary) IS 'opening assets of the clients who left';

CREATE FUNCTION inflow(summary asset_bridge_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_inflow';
COMMENT ON FUNCTION inflow(asset_bridge_summary) IS 'what the clients who stayed brought in';

CREATE FUNCTION outflow(summary asset_bridge_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_outflow';
COMMENT ON FUNCTION outflow(asset_bridge_summary) IS 'what the clients who stayed took out, not negative';

CREATE FUNCTION market_change(summary asset_bridge_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_market_change';
COMMENT ON FUNCTION market_change(asset_bridge_summary) IS 'what the assets of the clients who stayed changed beyond their flows';

CREATE FUNCTION net_new_assets(summary asset_bridge_summary) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_net_new_assets';
COMMENT ON FUNCTION net_new_assets(asset_bridge_summary) IS 'new + inflow - outflow - lost: the change that the market did not make';

CREATE FUNCTION opening_clients(summary asset_bridge_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_opening_clients';
COMMENT ON FUNCTION opening_clients(asset_bridge_summary) IS 'how many clients at the beginning of the period';

CREATE FUNCTION closing_clients(summary asset_bridge_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_closing_clients';
COMMENT ON FUNCTION closing_clients(asset_bridge_summary) IS 'how many clients at the end of the period';

CREATE FUNCTION new_clients(summary asset_bridge_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_new_clients';
COMMENT ON FUNCTION new_clients(asset_bridge_summary) IS 'how many clients joined, also if they left again';

CREATE FUNCTION lost_clients(summary asset_bridge_summary) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_lost_clients';
COMMENT ON FUNCTION lost_clients(asset_bridge_summary) IS 'how many clients left, also if they had just joined';

CREATE FUNCTION market_return(summary asset_bridge_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_market_return';
COMMENT ON FUNCTION market_return(asset_bridge_summary) IS 'market_change / opening_assets; NULL where these are not above 0';

CREATE FUNCTION organic_growth(summary asset_bridge_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_organic_growth';
COMMENT ON FUNCTION organic_growth(asset_bridge_summary) IS 'net_new_assets / opening_assets; NULL where these are not above 0';

CREATE FUNCTION outflow_share(summary asset_bridge_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_outflow_share';
COMMENT ON FUNCTION outflow_share(asset_bridge_summary) IS 'outflow / opening_assets; NULL where these are not above 0';

CREATE FUNCTION lost_share(summary asset_bridge_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_lost_share';
COMMENT ON FUNCTION lost_share(asset_bridge_summary) IS 'lost_assets / opening_assets; NULL where these are not above 0';

CREATE FUNCTION asset_attrition(summary asset_bridge_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_asset_attrition';
COMMENT ON FUNCTION asset_attrition(asset_bridge_summary) IS '(outflow + lost_assets) / opening_assets, which is attrition weighted by assets; NULL where these are not above 0';

CREATE FUNCTION client_attrition(summary asset_bridge_summary) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_asset_bridge_client_attrition';
COMMENT ON FUNCTION client_attrition(asset_bridge_summary) IS 'which share of the clients at the beginning left, by heads; NULL if there were none';
