/*
 * repeat_purchase.c
 *		repeat_purchase_summary: how many clients have which x, t_x and T.
 *
 * These three are all that BG/NBD and Pareto/NBD want to know of a client, so that a fit costs what the distinct ones
 * cost, not what the clients do.
 *
 * Closed: the number of rows, in the order of T, t_x, x; for each its T (as the distance from the row before), t_x, x and the
 * number of clients.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/date.h"

#include "summary/activity.h"
#include "summary/record.h"
#include "summary/repeat_purchase.h"

#define MAX_TENURE (DATE_END_JULIAN - DATETIME_MIN_JULIAN)

typedef struct RepeatPurchaseState
{
	CrmState state;
	uint32 unused;
	int64 clients;
} RepeatPurchaseState;

static CrmState *open_repeat_purchases(CrmReader *in, uint16 flags);
static uint16 close_repeat_purchases(const CrmState *state, CrmWriter *out);
static CrmState *merge_repeat_purchases(CrmState *into, const CrmState *from);
static void check_repeat_purchases(const CrmState *state);

static const CrmSummaryKind repeat_purchase_kind = {
    .type_name = "repeat_purchase_summary",
    .kind = CRM_REPEAT_PURCHASE_SUMMARY,
    .flags = 0,
    .fixed = sizeof(RepeatPurchaseState),
    .item = sizeof(CrmTally),
    .max_items = CRM_TALLY_MAX_SLOTS,
    .of_what = "distinct frequencies, recencies and tenures",
    .open = open_repeat_purchases,
    .close = close_repeat_purchases,
    .merge = merge_repeat_purchases,
    .check = check_repeat_purchases,
};

/* ------------------------------------------------------------------------------------------------------------------
 * The summary
 * ------------------------------------------------------------------------------------------------------------------ */

static inline CrmRepeatPurchase
row_of(const CrmTally *tally)
{
	CrmRepeatPurchase row = {.frequency = (int32) (tally->low & 0xFFFFFFFF),
	                         .recency_days = (int32) (tally->low >> 32),
	                         .tenure_days = (int32) tally->high,
	                         .clients = tally->count};

	return row;
}

static CrmState *
add_clients(CrmState *state, const CrmRepeatPurchase *row)
{
	if (__builtin_add_overflow(((RepeatPurchaseState *) state)->clients, row->clients,
	                           &((RepeatPurchaseState *) state)->clients))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("number of clients is out of range")));
	return crm_tally_add(&repeat_purchase_kind, state, (uint64) row->tenure_days,
	                     (uint64) row->recency_days << 32 | (uint32) row->frequency, row->clients);
}

static uint16
close_repeat_purchases(const CrmState *state, CrmWriter *out)
{
	CrmTally *sorted = crm_tally_sorted(&repeat_purchase_kind, state);
	int32 tenure = 0;

	crm_put_varint(out, state->used);
	for (uint32 i = 0; i < state->used; i++)
	{
		CrmRepeatPurchase row = row_of(&sorted[i]);

		crm_put_varint(out, row.tenure_days - tenure);
		crm_put_varint(out, row.recency_days);
		crm_put_varint(out, row.frequency);
		crm_put_varint(out, row.clients);
		tenure = row.tenure_days;
	}
	pfree(sorted);
	return 0;
}

static CrmState *
open_repeat_purchases(CrmReader *in, uint16 flags)
{
	uint32 nrows =
	    (uint32) crm_get_varint_max(in, CRM_TALLY_MAX_ROWS, "It has too many distinct rows.");
	int64 tenure = 0;
	CrmState *state;

	if (in->why == NULL && nrows == 0)
		crm_reader_fail(in, "It has no clients.");
	if (crm_reader_left(in) < (Size) nrows * 4)
		crm_reader_fail(in, "It ends too early.");
	if (in->why != NULL)
		return NULL;
	state = crm_tally_new(&repeat_purchase_kind, nrows);
	for (uint32 i = 0; i < nrows; i++)
	{
		CrmRepeatPurchase row;

		CHECK_FOR_INTERRUPTS();
		tenure += (int64) crm_get_varint_max(in, MAX_TENURE, "A tenure is too long.");
		if (tenure > MAX_TENURE)
			crm_reader_fail(in, "A tenure is too long.");
		row.tenure_days = (int32) tenure;
		row.recency_days =
		    (int32) crm_get_varint_max(in, row.tenure_days, "A recency is longer than the tenure.");
		row.frequency = (int32) crm_get_varint_max(
		    in, row.recency_days, "There are more repeat days than days to have them on.");
		row.clients =
		    (int64) crm_get_varint_max(in, PG_INT64_MAX - ((RepeatPurchaseState *) state)->clients,
		                               "A number of clients is out of range.");
		if (in->why == NULL && row.clients == 0)
			crm_reader_fail(in, "There is a row without clients.");
		if (in->why == NULL && (row.frequency == 0) != (row.recency_days == 0))
			crm_reader_fail(in, "There is a recency without repeat days.");
		if (in->why != NULL)
			return NULL;
		state = add_clients(state, &row);
	}
	/* rows of one key would have been added up: that they are closed otherwise says that they are not canonical */
	return state;
}

static CrmState *
merge_repeat_purchases(CrmState *into, const CrmState *from)
{
	if (__builtin_add_overflow(((RepeatPurchaseState *) into)->clients,
	                           ((const RepeatPurchaseState *) from)->clients,
	                           &((RepeatPurchaseState *) into)->clients))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("number of clients is out of range")));
	return crm_tally_merge(&repeat_purchase_kind, into, from);
}

static void
check_repeat_purchases(const CrmState *state)
{
#ifdef USE_ASSERT_CHECKING
	CrmTally *sorted = crm_tally_sorted(&repeat_purchase_kind, state);
	int64 clients = 0;

	crm_tally_check(&repeat_purchase_kind, state);
	Assert(state->used > 0);
	for (uint32 i = 0; i < state->used; i++)
	{
		CrmRepeatPurchase row = row_of(&sorted[i]);

		Assert(row.frequency >= 0 && row.frequency <= row.recency_days);
		Assert((row.frequency == 0) == (row.recency_days == 0));
		Assert(row.recency_days <= row.tenure_days && row.tenure_days <= MAX_TENURE);
		clients += row.clients;
	}
	Assert(clients == ((const RepeatPurchaseState *) state)->clients);
	pfree(sorted);
#endif
}

/* A summary as models want it. */
void
crm_repeat_purchases_read(Datum datum, CrmRepeatPurchases *read)
{
	const CrmState *state = crm_summary_read(&repeat_purchase_kind, datum);
	CrmTally *sorted = crm_tally_sorted(&repeat_purchase_kind, state);

	read->nrows = state->used;
	read->clients = ((const RepeatPurchaseState *) state)->clients;
	read->rows = palloc(sizeof(CrmRepeatPurchase) * read->nrows);
	for (uint32 i = 0; i < read->nrows; i++)
		read->rows[i] = row_of(&sorted[i]);
	crm_digest(sorted, sizeof(CrmTally) * read->nrows, read->digest);
	pfree(sorted);
}

/* ------------------------------------------------------------------------------------------------------------------
 * SQL
 * ------------------------------------------------------------------------------------------------------------------ */

CRM_SUMMARY_FUNCTIONS(repeat_purchases, &repeat_purchase_kind);

/*
 * repeat_purchases(activity activity_summary, as_of date) -> repeat_purchase_summary, transition function
 *
 * A client whose first active day comes after as_of is skipped: there is no client yet.  22008 for an infinite day; 54000
 * for more than 8,388,608 distinct (x, t_x, T).
 */
PG_FUNCTION_INFO_V1(crm_repeat_purchases_add);
Datum
crm_repeat_purchases_add(PG_FUNCTION_ARGS)
{
	CrmState *state = crm_summary_state(fcinfo, &repeat_purchase_kind);
	CrmActivityAsOf activity;

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) &&
	    crm_activity_as_of(PG_GETARG_DATUM(1), PG_GETARG_DATEADT(2), &activity))
	{
		CrmRepeatPurchase row = {.frequency = activity.frequency,
		                         .recency_days = activity.tenure_days - activity.recency_days,
		                         .tenure_days = activity.tenure_days,
		                         .clients = 1};

		if (state == NULL)
			state = crm_tally_new(&repeat_purchase_kind, 0);
		state = add_clients(state, &row);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	return crm_summary_return(fcinfo, &repeat_purchase_kind, state);
}

/* clients(repeat_purchase_summary) -> bigint */
PG_FUNCTION_INFO_V1(crm_repeat_purchases_clients);
Datum
crm_repeat_purchases_clients(PG_FUNCTION_ARGS)
{
	const CrmState *state = crm_summary_read(&repeat_purchase_kind, PG_GETARG_DATUM(0));

	PG_RETURN_INT64(((const RepeatPurchaseState *) state)->clients);
}

/* repeat_purchase_table(repeat_purchase_summary) -> table (frequency int, recency_days int, tenure_days int, clients bigint) */
PG_FUNCTION_INFO_V1(crm_repeat_purchases_table);
Datum
crm_repeat_purchases_table(PG_FUNCTION_ARGS)
{
	CrmRepeatPurchases read;

	crm_repeat_purchases_read(PG_GETARG_DATUM(0), &read);
	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < read.nrows; i++)
	{
		CrmRecord record = {0};

		CHECK_FOR_INTERRUPTS();
		crm_record_add(&record, Int32GetDatum(read.rows[i].frequency), false);
		crm_record_add(&record, Int32GetDatum(read.rows[i].recency_days), false);
		crm_record_add(&record, Int32GetDatum(read.rows[i].tenure_days), false);
		crm_record_count(&record, read.rows[i].clients);
		crm_record_put(fcinfo, &record);
	}
	return (Datum) 0;
}
