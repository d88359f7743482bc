/*
 * asset_bridge.c
 *		asset_bridge_summary: why the assets at the end of a period are not those at its beginning.
 *
 *		closing - opening = new + inflow - outflow + market - lost
 *
 * A row is a client and a period.  New is what clients who joined have at its end, lost what clients who left had at its beginning: what they
 * brought and took in between is in these.  Flows are those of the clients who stayed, and market is what is left of the change
 * of their assets, so that the bridge closes to the last 1/10000.
 *
 * Closed: the clients who stayed, joined, left, and joined and left; opening, closing, inflow and outflow of those who stayed, new
 * and lost assets.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "summary/record.h"
#include "summary/summary.h"

typedef struct AssetBridgeState
{
	CrmState state;
	uint32 unused;
	int64 stayed; /* clients */
	int64 joined;
	int64 left;
	int64 joined_and_left;
	CrmMoney opening; /* of those who stayed, as the next three */
	CrmMoney closing;
	CrmMoney inflow;
	CrmMoney outflow;
	CrmMoney new_assets;  /* closing of those who joined */
	CrmMoney lost_assets; /* opening of those who left */
} AssetBridgeState;

/* What the bridge of one period, or of a chain of them, is printed from. */
typedef struct Bridge
{
	int128 opening;
	int128 new_assets;
	int128 inflow;
	int128 outflow;
	int128 market;
	int128 lost_assets;
	int128 transfers;
	int128 closing;
	int64 opening_clients;
	int64 new_clients;
	int64 lost_clients;
	int64 transferred_clients;
	int64 closing_clients;
} Bridge;

static CrmState *open_bridge(CrmReader *in, uint16 flags);
static uint16 close_bridge(const CrmState *state, CrmWriter *out);
static CrmState *merge_bridge(CrmState *into, const CrmState *from);
static CrmState *merge_closed_bridge(CrmState *into, CrmReader *in, uint16 flags);
static void check_bridge(const CrmState *state);

/* A state has no items, but the size of one is divided by. */
static const CrmSummaryKind bridge_kind = {
    .type_name = "asset_bridge_summary",
    .kind = CRM_ASSET_BRIDGE_SUMMARY,
    .flags = 0,
    .fixed = sizeof(AssetBridgeState),
    .item = sizeof(int64),
    .max_items = 0,
    .of_what = "items",
    .open = open_bridge,
    .close = close_bridge,
    .merge = merge_bridge,
    .merge_closed = merge_closed_bridge,
    .check = check_bridge,
};

/* ------------------------------------------------------------------------------------------------------------------
 * The summary
 * ------------------------------------------------------------------------------------------------------------------ */

/* Could so many amounts, each in 64 bits, add up to this? */
static bool
is_total(const CrmMoney *total, int64 count)
{
	int128 most = (int128) count * PG_INT64_MAX, units = crm_money_load(total);

	return units >= -most && units <= most;
}

static int64
clients_of(const AssetBridgeState *state)
{
	return state->stayed + state->joined + state->left + state->joined_and_left;
}

/* What no rows can have given, for errdetail; NULL if there is nothing of the kind.  Its clients can be counted. */
static const char *
contradiction(const AssetBridgeState *state)
{
	if (clients_of(state) == 0)
		return "It has no clients.";
	if (!is_total(&state->opening, state->stayed) || !is_total(&state->closing, state->stayed) ||
	    !is_total(&state->inflow, state->stayed) || !is_total(&state->outflow, state->stayed) ||
	    !is_total(&state->new_assets, state->joined) || !is_total(&state->lost_assets, state->left))
		return "A total does not fit the number of clients.";
	if (crm_money_load(&state->inflow) < 0 || crm_money_load(&state->outflow) < 0)
		return "A flow is negative.";
	return NULL;
}

static uint16
close_bridge(const CrmState *closed, CrmWriter *out)
{
	const AssetBridgeState *state = (const AssetBridgeState *) closed;

	crm_put_varint(out, state->stayed);
	crm_put_varint(out, state->joined);
	crm_put_varint(out, state->left);
	crm_put_varint(out, state->joined_and_left);
	crm_put_int128(out, crm_money_load(&state->opening));
	crm_put_int128(out, crm_money_load(&state->closing));
	crm_put_int128(out, crm_money_load(&state->inflow));
	crm_put_int128(out, crm_money_load(&state->outflow));
	crm_put_int128(out, crm_money_load(&state->new_assets));
	crm_put_int128(out, crm_money_load(&state->lost_assets));
	return 0;
}

/* Read the stored form into a zeroed state, trusting nothing. */
static void
read_bridge(CrmReader *in, AssetBridgeState *state)
{
	static const char *const too_many = "A number of clients is out of range.";
	const char *why;

	state->stayed = (int64) crm_get_varint_max(in, PG_INT64_MAX, too_many);
	state->joined = (int64) crm_get_varint_max(in, PG_INT64_MAX - state->stayed, too_many);
	state->left =
	    (int64) crm_get_varint_max(in, PG_INT64_MAX - state->stayed - state->joined, too_many);
	state->joined_and_left =
	    (int64) crm_get_varint_max(in, PG_INT64_MAX - clients_of(state), too_many);
	crm_money_store(&state->opening, crm_get_int128(in));
	crm_money_store(&state->closing, crm_get_int128(in));
	crm_money_store(&state->inflow, crm_get_int128(in));
	crm_money_store(&state->outflow, crm_get_int128(in));
	crm_money_store(&state->new_assets, crm_get_int128(in));
	crm_money_store(&state->lost_assets, crm_get_int128(in));
	if (in->why == NULL && (why = contradiction(state)) != NULL)
		crm_reader_fail(in, why);
}

static CrmState *
open_bridge(CrmReader *in, uint16 flags)
{
	CrmState *state = crm_state_new(&bridge_kind, 0);

	read_bridge(in, (AssetBridgeState *) state);
	return state;
}

/* Nothing but the number of clients can run over: an amount has 64 bits, a total fewer than 127. */
static CrmState *
merge_bridge(CrmState *into_state, const CrmState *from_state)
{
	AssetBridgeState *into = (AssetBridgeState *) into_state;
	const AssetBridgeState *from = (const AssetBridgeState *) from_state;

	(void) crm_add_clients(clients_of(into), clients_of(from));
	into->stayed += from->stayed;
	into->joined += from->joined;
	into->left += from->left;
	into->joined_and_left += from->joined_and_left;
	crm_money_accumulate(&into->opening, crm_money_load(&from->opening));
	crm_money_accumulate(&into->closing, crm_money_load(&from->closing));
	crm_money_accumulate(&into->inflow, crm_money_load(&from->inflow));
	crm_money_accumulate(&into->outflow, crm_money_load(&from->outflow));
	crm_money_accumulate(&into->new_assets, crm_money_load(&from->new_assets));
	crm_money_accumulate(&into->lost_assets, crm_money_load(&from->lost_assets));
	return into_state;
}

static CrmState *
merge_closed_bridge(CrmState *into, CrmReader *in, uint16 flags)
{
	AssetBridgeState from = {0};

	read_bridge(in, &from);
	return in->why == NULL ? merge_bridge(into, &from.state) : NULL;
}

static void
check_bridge(const CrmState *state)
{
	Assert(clients_of((const AssetBridgeState *) state) > 0);
	Assert(contradiction((const AssetBridgeState *) state) == NULL);
}

/* 22003 where the parts, each of which is in range, are not when they are put together. */
static Bridge
bridge_of(const AssetBridgeState *state)
{
	int128 opening = crm_money_load(&state->opening), closing = crm_money_load(&state->closing);
	Bridge bridge = {0};

	bridge.new_assets = crm_money_load(&state->new_assets);
	bridge.lost_assets = crm_money_load(&state->lost_assets);
	bridge.inflow = crm_money_load(&state->inflow);
	bridge.outflow = crm_money_load(&state->outflow);
	bridge.opening = crm_money_add(opening, bridge.lost_assets);
	bridge.closing = crm_money_add(closing, bridge.new_assets);
	bridge.market = crm_money_add(crm_money_add(closing, -opening),
	                              crm_money_add(bridge.outflow, -bridge.inflow));
	bridge.opening_clients = state->stayed + state->left;
	bridge.new_clients = state->joined + state->joined_and_left;
	bridge.lost_clients = state->left + state->joined_and_left;
	bridge.closing_clients = state->stayed + state->joined;
	return bridge;
}

/*
 * Go on from one period to the next.  What opens it but did not close the one before was transferred: clients of a branch come from
 * others and go to others between two periods.
 */
static Bridge
chained(const Bridge *before, const Bridge *next)
{
	Bridge chain = *next;
	int128 transferred = crm_money_add(next->opening, -before->closing);

	chain.opening = before->opening;
	chain.new_assets = crm_money_add(before->new_assets, next->new_assets);
	chain.inflow = crm_money_add(before->inflow, next->inflow);
	chain.outflow = crm_money_add(before->outflow, next->outflow);
	chain.market = crm_money_add(before->market, next->market);
	chain.lost_assets = crm_money_add(before->lost_assets, next->lost_assets);
	chain.transfers = crm_money_add(before->transfers, transferred);
	chain.opening_clients = before->opening_clients;
	chain.new_clients = crm_add_clients(before->new_clients, next->new_clients);
	chain.lost_clients = crm_add_clients(before->lost_clients, next->lost_clients);
	chain.transferred_clients = crm_add_clients(before->transferred_clients,
	                                            next->opening_clients - before->closing_clients);
	return chain;
}

/* ------------------------------------------------------------------------------------------------------------------
 * SQL
 * ------------------------------------------------------------------------------------------------------------------ */

CRM_SUMMARY_FUNCTIONS(asset_bridge, &bridge_kind);

static int64
flow_of(Datum amount, const char *name, const char *other)
{
	int64 units = crm_money_narrow(crm_money_from_numeric(amount));

	if (units < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("%s must not be negative, but is %s", name, crm_numeric_text(amount)),
		         errhint("Give what goes the other way as %s.", other)));
	return units;
}

/* The assets where a client was not one yet or is one no more: none, which may also be NULL. */
static void
refuse_assets(int64 units, const char *what, const char *name, const char *hint)
{
	if (units != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("a client who is %s cannot have assets at the %s", what, name),
		                errdetail("They are %s.", crm_numeric_text(crm_money_numeric(units))),
		                errhint("%s", hint)));
}

/*
 * transition of asset_bridge(opening numeric, closing numeric, inflow numeric, outflow numeric, is_new boolean, is_lost boolean)
 *
 * A row with a NULL is skipped, except that the opening of a new client and the closing of a lost one may be NULL, which is 0.
 * Assets may be negative, where a client owes more than is held.  Errors: 22023 for a negative flow, for a new client with an opening
 * and a lost one with a closing other than 0; 22003 for NaN, infinities, more than four decimals and amounts of
 * 922,337,203,685,477.5808 or more.
 */
PG_FUNCTION_INFO_V1(crm_asset_bridge_add);
Datum
crm_asset_bridge_add(PG_FUNCTION_ARGS)
{
	AssetBridgeState *state;
	int64 opening = 0, closing = 0, inflow, outflow;
	bool is_new, is_lost;

	if (PG_ARGISNULL(3) || PG_ARGISNULL(4) || PG_ARGISNULL(5) || PG_ARGISNULL(6))
		return crm_summary_skip(fcinfo, &bridge_kind);
	is_new = PG_GETARG_BOOL(5);
	is_lost = PG_GETARG_BOOL(6);
	if ((PG_ARGISNULL(1) && !is_new) || (PG_ARGISNULL(2) && !is_lost))
		return crm_summary_skip(fcinfo, &bridge_kind);
	if (!PG_ARGISNULL(1))
		opening = crm_money_narrow(crm_money_from_numeric(PG_GETARG_DATUM(1)));
	if (!PG_ARGISNULL(2))
		closing = crm_money_narrow(crm_money_from_numeric(PG_GETARG_DATUM(2)));
	inflow = flow_of(PG_GETARG_DATUM(3), "inflow", "outflow");
	outflow = flow_of(PG_GETARG_DATUM(4), "outflow", "inflow");
	if (is_new)
		refuse_assets(opening, "new", "opening",
		              "New is who had no account at the beginning of the period.");
	if (is_lost)
		refuse_assets(closing, "lost", "closing",
		              "Lost is who has no account any more at the end of the period.");
	state = (AssetBridgeState *) crm_summary_state(fcinfo, &bridge_kind);
	if (state == NULL)
		state = (AssetBridgeState *) crm_state_new(&bridge_kind, 0);
	(void) crm_add_clients(clients_of(state), 1);
	if (is_new && is_lost)
		state->joined_and_left++;
	else if (is_new)
	{
		state->joined++;
		crm_money_accumulate(&state->new_assets, closing);
	}
	else if (is_lost)
	{
		state->left++;
		crm_money_accumulate(&state->lost_assets, opening);
	}
	else
	{
		state->stayed++;
		crm_money_accumulate(&state->opening, opening);
		crm_money_accumulate(&state->closing, closing);
		crm_money_accumulate(&state->inflow, inflow);
		crm_money_accumulate(&state->outflow, outflow);
	}
	return crm_summary_return(fcinfo, &bridge_kind, &state->state);
}

static Bridge
bridge_argument(FunctionCallInfo fcinfo)
{
	return bridge_of((const AssetBridgeState *) crm_summary_read(&bridge_kind, PG_GETARG_DATUM(0)));
}

/* One row of a bridge; the clients of a flow or of the market are not counted. */
static void
put_part(FunctionCallInfo fcinfo, int ordinal, const char *part, int128 amount, int64 clients,
         bool counted)
{
	CrmRecord row = {0};

	crm_record_add(&row, Int32GetDatum(ordinal), false);
	crm_record_add(&row, CStringGetTextDatum(part), false);
	crm_record_add(&row, crm_money_numeric(amount), false);
	crm_record_add(&row, Int64GetDatum(clients), !counted);
	crm_record_put(fcinfo, &row);
}

static void
put_bridge(FunctionCallInfo fcinfo, const Bridge *bridge)
{
	put_part(fcinfo, 1, "opening", bridge->opening, bridge->opening_clients, true);
	put_part(fcinfo, 2, "new", bridge->new_assets, bridge->new_clients, true);
	put_part(fcinfo, 3, "inflow", bridge->inflow, 0, false);
	put_part(fcinfo, 4, "outflow", -bridge->outflow, 0, false);
	put_part(fcinfo, 5, "market", bridge->market, 0, false);
	put_part(fcinfo, 6, "lost", -bridge->lost_assets, -bridge->lost_clients, true);
	put_part(fcinfo, 7, "transfers", bridge->transfers, bridge->transferred_clients, true);
	put_part(fcinfo, 8, "closing", bridge->closing, bridge->closing_clients, true);
}

/*
 * asset_bridge_parts(asset_bridge_summary) -> table (ordinal int, part text, amount numeric, clients int8)
 *
 * opening, new, inflow, outflow, market, lost, transfers, closing, as they are added: what takes assets or clients away is negative.
 * One period has no transfers.  clients is NULL for flows and market.
 */
PG_FUNCTION_INFO_V1(crm_asset_bridge_parts);
Datum
crm_asset_bridge_parts(PG_FUNCTION_ARGS)
{
	Bridge bridge = bridge_argument(fcinfo);

	InitMaterializedSRF(fcinfo, 0);
	put_bridge(fcinfo, &bridge);
	return (Datum) 0;
}

/*
 * asset_bridge_parts(asset_bridge_summary[]) -> the same for consecutive periods, in their order
 *
 * From the opening of the first to the closing of the last.  What a period opens with beyond what the one before closed with is transfers: clients
 * who were counted elsewhere then.  A NULL is no period; without any there are no rows.  Error: 22003 where the sums are out of range.
 */
PG_FUNCTION_INFO_V1(crm_asset_bridge_chain_parts);
Datum
crm_asset_bridge_chain_parts(PG_FUNCTION_ARGS)
{
	ArrayType *periods = PG_GETARG_ARRAYTYPE_P(0);
	Bridge chain = {0};
	Datum *values;
	bool *nulls;
	int nvalues, nperiods = 0;
	int16 length;
	bool by_value;
	char alignment;

	get_typlenbyvalalign(ARR_ELEMTYPE(periods), &length, &by_value, &alignment);
	deconstruct_array(periods, ARR_ELEMTYPE(periods), length, by_value, alignment, &values, &nulls,
	                  &nvalues);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < nvalues; i++)
	{
		Bridge period;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;
		period = bridge_of((const AssetBridgeState *) crm_summary_read(&bridge_kind, values[i]));
		chain = nperiods++ == 0 ? period : chained(&chain, &period);
	}
	if (nperiods > 0)
		put_bridge(fcinfo, &chain);
	return (Datum) 0;
}

/* opening_assets(asset_bridge_summary) -> numeric: of all clients at the opening */
PG_FUNCTION_INFO_V1(crm_asset_bridge_opening_assets);
Datum
crm_asset_bridge_opening_assets(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(crm_money_numeric(bridge_argument(fcinfo).opening));
}

/* closing_assets(asset_bridge_summary) -> numeric: of all clients at the closing */
PG_FUNCTION_INFO_V1(crm_asset_bridge_closing_assets);
Datum
crm_asset_bridge_closing_assets(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(crm_money_numeric(bridge_argument(fcinfo).closing));
}

/* new_assets(asset_bridge_summary) -> numeric: closing assets of those who joined */
PG_FUNCTION_INFO_V1(crm_asset_bridge_new_assets);
Datum
crm_asset_bridge_new_assets(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(crm_money_numeric(bridge_argument(fcinfo).new_assets));
}

/* lost_assets(asset_bridge_summary) -> numeric: opening assets of those who left */
PG_FUNCTION_INFO_V1(crm_asset_bridge_lost_assets);
Datum
crm_asset_bridge_lost_assets(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(crm_money_numeric(bridge_argument(fcinfo).lost_assets));
}

/* inflow(asset_bridge_summary) -> numeric: of those who stayed */
PG_FUNCTION_INFO_V1(crm_asset_bridge_inflow);
Datum
crm_asset_bridge_inflow(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(crm_money_numeric(bridge_argument(fcinfo).inflow));
}

/* outflow(asset_bridge_summary) -> numeric: of those who stayed, not negative */
PG_FUNCTION_INFO_V1(crm_asset_bridge_outflow);
Datum
crm_asset_bridge_outflow(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(crm_money_numeric(bridge_argument(fcinfo).outflow));
}

/* market_change(asset_bridge_summary) -> numeric: what the assets of those who stayed changed beyond their flows */
PG_FUNCTION_INFO_V1(crm_asset_bridge_market_change);
Datum
crm_asset_bridge_market_change(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(crm_money_numeric(bridge_argument(fcinfo).market));
}

/* new + inflow - outflow - lost */
static int128
net_new_assets(const Bridge *bridge)
{
	return crm_money_add(crm_money_add(bridge->new_assets, -bridge->lost_assets),
	                     crm_money_add(bridge->inflow, -bridge->outflow));
}

/* net_new_assets(asset_bridge_summary) -> numeric: all of the change that the market did not make */
PG_FUNCTION_INFO_V1(crm_asset_bridge_net_new_assets);
Datum
crm_asset_bridge_net_new_assets(PG_FUNCTION_ARGS)
{
	Bridge bridge = bridge_argument(fcinfo);

	PG_RETURN_DATUM(crm_money_numeric(net_new_assets(&bridge)));
}

/* opening_clients(asset_bridge_summary) -> int8 */
PG_FUNCTION_INFO_V1(crm_asset_bridge_opening_clients);
Datum
crm_asset_bridge_opening_clients(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(bridge_argument(fcinfo).opening_clients);
}

/* closing_clients(asset_bridge_summary) -> int8 */
PG_FUNCTION_INFO_V1(crm_asset_bridge_closing_clients);
Datum
crm_asset_bridge_closing_clients(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(bridge_argument(fcinfo).closing_clients);
}

/* new_clients(asset_bridge_summary) -> int8: those who joined, also if they left again */
PG_FUNCTION_INFO_V1(crm_asset_bridge_new_clients);
Datum
crm_asset_bridge_new_clients(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(bridge_argument(fcinfo).new_clients);
}

/* lost_clients(asset_bridge_summary) -> int8: those who left, also if they had just joined */
PG_FUNCTION_INFO_V1(crm_asset_bridge_lost_clients);
Datum
crm_asset_bridge_lost_clients(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(bridge_argument(fcinfo).lost_clients);
}

/* A share of the opening assets; NULL where these are not above 0. */
static Datum
share_of_opening(FunctionCallInfo fcinfo, const Bridge *bridge, int128 amount)
{
	if (bridge->opening <= 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) amount / (double) bridge->opening);
}

/* market_return(asset_bridge_summary) -> float8: market_change / opening_assets */
PG_FUNCTION_INFO_V1(crm_asset_bridge_market_return);
Datum
crm_asset_bridge_market_return(PG_FUNCTION_ARGS)
{
	Bridge bridge = bridge_argument(fcinfo);

	return share_of_opening(fcinfo, &bridge, bridge.market);
}

/* organic_growth(asset_bridge_summary) -> float8: net_new_assets / opening_assets */
PG_FUNCTION_INFO_V1(crm_asset_bridge_organic_growth);
Datum
crm_asset_bridge_organic_growth(PG_FUNCTION_ARGS)
{
	Bridge bridge = bridge_argument(fcinfo);

	return share_of_opening(fcinfo, &bridge, net_new_assets(&bridge));
}

/* outflow_share(asset_bridge_summary) -> float8: outflow / opening_assets */
PG_FUNCTION_INFO_V1(crm_asset_bridge_outflow_share);
Datum
crm_asset_bridge_outflow_share(PG_FUNCTION_ARGS)
{
	Bridge bridge = bridge_argument(fcinfo);

	return share_of_opening(fcinfo, &bridge, bridge.outflow);
}

/* lost_share(asset_bridge_summary) -> float8: lost_assets / opening_assets */
PG_FUNCTION_INFO_V1(crm_asset_bridge_lost_share);
Datum
crm_asset_bridge_lost_share(PG_FUNCTION_ARGS)
{
	Bridge bridge = bridge_argument(fcinfo);

	return share_of_opening(fcinfo, &bridge, bridge.lost_assets);
}

/* asset_attrition(asset_bridge_summary) -> float8: (outflow + lost_assets) / opening_assets, weighted by assets */
PG_FUNCTION_INFO_V1(crm_asset_bridge_asset_attrition);
Datum
crm_asset_bridge_asset_attrition(PG_FUNCTION_ARGS)
{
	Bridge bridge = bridge_argument(fcinfo);

	return share_of_opening(fcinfo, &bridge, crm_money_add(bridge.outflow, bridge.lost_assets));
}

/*
 * client_attrition(asset_bridge_summary) -> float8: which share of the clients at the opening left, by heads; NULL if there were
 * none.
 */
PG_FUNCTION_INFO_V1(crm_asset_bridge_client_attrition);
Datum
crm_asset_bridge_client_attrition(PG_FUNCTION_ARGS)
{
	const AssetBridgeState *state =
	    (const AssetBridgeState *) crm_summary_read(&bridge_kind, PG_GETARG_DATUM(0));

	if (state->stayed + state->left == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) state->left / (double) (state->stayed + state->left));
}
