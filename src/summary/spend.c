/*
 * spend.c
 *		spend_summary: how many clients came back on how many days, and for what total.
 *
 * The first active day does not count: what a client brings on it is what the client was won with.  Clients who never came back, or for
 * no positive total, are counted and say nothing else: a Gamma-Gamma model has no place for them.
 *
 * Closed: the clients without a repeat day, those without a positive total, the number of rows, in the order of frequency
 * and total; for each its frequency (as the distance from the row before), total and the number of clients.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "summary/activity.h"
#include "summary/record.h"
#include "summary/spend.h"

#define MAX_FREQUENCY PG_INT32_MAX

typedef struct SpendState
{
	CrmState state;
	uint32 unused;
	int64 clients; /* of all three sorts */
	int64 without_repeat;
	int64 not_positive;
} SpendState;

static CrmState *open_spend(CrmReader *in, uint16 flags);
static uint16 close_spend(const CrmState *state, CrmWriter *out);
static CrmState *merge_spend(CrmState *into, const CrmState *from);
static void check_spend(const CrmState *state);

static const CrmSummaryKind spend_kind = {
    .type_name = "spend_summary",
    .kind = CRM_SPEND_SUMMARY,
    .flags = 0,
    .fixed = sizeof(SpendState),
    .item = sizeof(CrmTally),
    .max_items = CRM_TALLY_MAX_SLOTS,
    .of_what = "distinct frequencies and totals",
    .open = open_spend,
    .close = close_spend,
    .merge = merge_spend,
    .check = check_spend,
};

/* ------------------------------------------------------------------------------------------------------------------
 * The summary
 * ------------------------------------------------------------------------------------------------------------------ */

static void
count_clients(SpendState *state, int64 clients)
{
	if (__builtin_add_overflow(state->clients, clients, &state->clients))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("number of clients is out of range")));
}

static uint16
close_spend(const CrmState *closed, CrmWriter *out)
{
	const SpendState *state = (const SpendState *) closed;
	CrmTally *sorted = crm_tally_sorted(&spend_kind, closed);
	uint64 frequency = 0;

	crm_put_varint(out, state->without_repeat);
	crm_put_varint(out, state->not_positive);
	crm_put_varint(out, closed->used);
	for (uint32 i = 0; i < closed->used; i++)
	{
		crm_put_varint(out, sorted[i].high - frequency);
		crm_put_varint(out, sorted[i].low);
		crm_put_varint(out, sorted[i].count);
		frequency = sorted[i].high;
	}
	pfree(sorted);
	return 0;
}

static CrmState *
open_spend(CrmReader *in, uint16 flags)
{
	static const char *const too_many = "A number of clients is out of range.";
	int64 without_repeat = (int64) crm_get_varint_max(in, PG_INT64_MAX, too_many);
	int64 not_positive = (int64) crm_get_varint_max(in, PG_INT64_MAX - without_repeat, too_many);
	uint32 nrows =
	    (uint32) crm_get_varint_max(in, CRM_TALLY_MAX_ROWS, "It has too many distinct rows.");
	uint64 frequency = 0;
	CrmState *state;

	if (in->why == NULL && nrows == 0 && without_repeat + not_positive == 0)
		crm_reader_fail(in, "It has no clients.");
	if (crm_reader_left(in) < (Size) nrows * 3)
		crm_reader_fail(in, "It ends too early.");
	if (in->why != NULL)
		return NULL;
	state = crm_tally_new(&spend_kind, nrows);
	((SpendState *) state)->without_repeat = without_repeat;
	((SpendState *) state)->not_positive = not_positive;
	((SpendState *) state)->clients = without_repeat + not_positive;
	for (uint32 i = 0; i < nrows; i++)
	{
		uint64 units, clients;

		CHECK_FOR_INTERRUPTS();
		frequency += crm_get_varint_max(in, MAX_FREQUENCY, "A frequency is out of range.");
		units = crm_get_varint_max(in, PG_INT64_MAX, "A total is out of range.");
		clients = crm_get_varint_max(in, PG_INT64_MAX - ((SpendState *) state)->clients, too_many);
		if (in->why == NULL && (frequency == 0 || frequency > MAX_FREQUENCY))
			crm_reader_fail(in, "A frequency is out of range.");
		if (in->why == NULL && units == 0)
			crm_reader_fail(in, "A total is not positive.");
		if (in->why == NULL && clients == 0)
			crm_reader_fail(in, "There is a row without clients.");
		if (in->why != NULL)
			return NULL;
		count_clients((SpendState *) state, (int64) clients);
		state = crm_tally_add(&spend_kind, state, frequency, units, (int64) clients);
	}
	return state;
}

static CrmState *
merge_spend(CrmState *into, const CrmState *from_state)
{
	const SpendState *from = (const SpendState *) from_state;

	count_clients((SpendState *) into, from->clients);
	((SpendState *) into)->without_repeat += from->without_repeat;
	((SpendState *) into)->not_positive += from->not_positive;
	return crm_tally_merge(&spend_kind, into, from_state);
}

static void
check_spend(const CrmState *checked)
{
#ifdef USE_ASSERT_CHECKING
	const SpendState *state = (const SpendState *) checked;
	CrmTally *sorted = crm_tally_sorted(&spend_kind, checked);
	int64 clients = state->without_repeat + state->not_positive;

	crm_tally_check(&spend_kind, checked);
	Assert(state->without_repeat >= 0 && state->not_positive >= 0);
	for (uint32 i = 0; i < checked->used; i++)
	{
		Assert(sorted[i].high >= 1 && sorted[i].high <= MAX_FREQUENCY);
		Assert(sorted[i].low >= 1 && sorted[i].low <= PG_INT64_MAX);
		clients += sorted[i].count;
	}
	Assert(clients == state->clients && clients > 0);
	pfree(sorted);
#endif
}

/* A summary as the model wants it. */
void
crm_spends_read(Datum datum, CrmSpends *read)
{
	const CrmState *state = crm_summary_read(&spend_kind, datum);
	CrmTally *sorted = crm_tally_sorted(&spend_kind, state);

	read->nrows = state->used;
	read->without_repeat = ((const SpendState *) state)->without_repeat;
	read->not_positive = ((const SpendState *) state)->not_positive;
	read->clients =
	    ((const SpendState *) state)->clients - read->without_repeat - read->not_positive;
	read->rows = palloc(sizeof(CrmSpend) * Max(read->nrows, 1));
	for (uint32 i = 0; i < read->nrows; i++)
	{
		read->rows[i].frequency = (int32) sorted[i].high;
		read->rows[i].units = (int64) sorted[i].low;
		read->rows[i].clients = sorted[i].count;
	}
	crm_digest(sorted, sizeof(CrmTally) * read->nrows, read->digest);
	pfree(sorted);
}

/* ------------------------------------------------------------------------------------------------------------------
 * SQL
 * ------------------------------------------------------------------------------------------------------------------ */

CRM_SUMMARY_FUNCTIONS(spend, &spend_kind);

/*
 * repeat_spend(activity activity_summary) -> spend_summary, transition function
 *
 * 22003 for a client who spent 922,337,203,685,477.5808 or more; 54000 for more than 8,388,608 distinct frequencies
 * and totals.
 */
PG_FUNCTION_INFO_V1(crm_spend_add);
Datum
crm_spend_add(PG_FUNCTION_ARGS)
{
	CrmState *state = crm_summary_state(fcinfo, &spend_kind);

	if (!PG_ARGISNULL(1))
	{
		int128 total;
		int32 frequency = crm_activity_repeat(PG_GETARG_DATUM(1), &total);

		if (state == NULL)
			state = crm_tally_new(&spend_kind, 0);
		count_clients((SpendState *) state, 1);
		if (frequency == 0)
			((SpendState *) state)->without_repeat++;
		else if (total <= 0)
			((SpendState *) state)->not_positive++;
		else
			state = crm_tally_add(&spend_kind, state, frequency, crm_money_narrow(total), 1);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	return crm_summary_return(fcinfo, &spend_kind, state);
}

/* clients(spend_summary) -> bigint: those who came back for nothing, or not at all, included */
PG_FUNCTION_INFO_V1(crm_spend_clients);
Datum
crm_spend_clients(PG_FUNCTION_ARGS)
{
	const CrmState *state = crm_summary_read(&spend_kind, PG_GETARG_DATUM(0));

	PG_RETURN_INT64(((const SpendState *) state)->clients);
}

/*
 * spend_table(spend_summary) -> table (frequency int, total numeric, clients bigint)
 *
 * A row with frequency 0 for clients without a repeat day; one without frequency and total for those who came back for no positive
 * total.
 */
PG_FUNCTION_INFO_V1(crm_spend_table);
Datum
crm_spend_table(PG_FUNCTION_ARGS)
{
	CrmSpends read;

	crm_spends_read(PG_GETARG_DATUM(0), &read);
	InitMaterializedSRF(fcinfo, 0);
	for (int64 i = -2; i < (int64) read.nrows; i++)
	{
		CrmRecord record = {0};
		int64 clients = i == -2   ? read.without_repeat
		                : i == -1 ? read.not_positive
		                          : read.rows[i].clients;

		CHECK_FOR_INTERRUPTS();
		if (clients == 0)
			continue;
		crm_record_add(&record, Int32GetDatum(i < 0 ? 0 : read.rows[i].frequency), i == -1);
		crm_record_add(&record, i < 0 ? (Datum) 0 : crm_money_numeric(read.rows[i].units), i < 0);
		crm_record_count(&record, clients);
		crm_record_put(fcinfo, &record);
	}
	return (Datum) 0;
}
