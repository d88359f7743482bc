/*
 * activity.c
 *		activity_summary: on which days somebody was active, how many events there were, and their exact total.
 *
 * An open state keeps its days as a sorted list or as a bitmap, whichever takes less memory.  A closed value keeps them as
 * gaps or as a bitmap, whichever takes fewer bytes; the two choices have nothing to do with each other, and the second
 * one depends on the days alone.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"

#include "summary/activity.h"
#include "summary/activity_days.h"

static CrmState *open_activity(CrmReader *in, uint16 flags);
static uint16 close_activity(const CrmState *state, CrmWriter *out);
static CrmState *merge_activity(CrmState *into, const CrmState *from);
static void check_activity(const CrmState *state);

const CrmSummaryKind crm_activity_kind = {
    .type_name = "activity_summary",
    .kind = CRM_ACTIVITY_SUMMARY,
    .flags = BITMAP,
    .fixed = FIXED_BYTES,
    .item = sizeof(DateADT),
    .max_items = MAX_DAYS,
    .of_what = "active days",
    .open = open_activity,
    .close = close_activity,
    .merge = merge_activity,
    .check = check_activity,
};

/* ------------------------------------------------------------------------------------------------------------------
 * The summary
 * ------------------------------------------------------------------------------------------------------------------ */

static int64
add_counts(int64 a, int64 b)
{
	int64 sum;

	if (pg_add_s64_overflow(a, b, &sum))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("number of events is out of range")));
	return sum;
}

static CrmState *
merge_activity(CrmState *into_state, const CrmState *from_state)
{
	ActivityState *into = (ActivityState *) into_state;
	const ActivityState *from = (const ActivityState *) from_state;

	into->events = add_counts(into->events, from->events);
	into->negatives += from->negatives;
	crm_money_store(&into->total,
	                crm_money_add(crm_money_load(&into->total), crm_money_load(&from->total)));
	if (is_bitmap(from))
		into = crm_activity_add_bitmap(into, from);
	else
		into = crm_activity_add_list(into, from->set.days, from->state.used);
	return &into->state;
}

/* What a total says about the signs of its events, and what they say about it. */
static bool
total_is_possible(int128 total, int64 events, int64 negatives)
{
	if (negatives == 0)
		return total >= 0;
	if (negatives == events)
		return total <= -(int128) events;
	return true;
}

static void
check_activity(const CrmState *checked)
{
#ifdef USE_ASSERT_CHECKING
	const ActivityState *state = (const ActivityState *) checked;
	uint32 used = checked->used;

	Assert(used > 0 && used <= MAX_DAYS);
	Assert(state->events >= crm_activity_count_days(state));
	Assert(state->negatives >= 0 && state->negatives <= state->events);
	Assert(total_is_possible(crm_money_load(&state->total), state->events, state->negatives));
	if (is_bitmap(state))
	{
		Assert(state->base == word_base(state->base));
		Assert(state->set.words[0] != 0 && state->set.words[used - 1] != 0);
	}
	else
		for (uint32 i = 1; i < used; i++)
			Assert(state->set.days[i - 1] < state->set.days[i]);
	Assert(IS_VALID_DATE(crm_activity_lowest_day(state)) &&
	       IS_VALID_DATE(crm_activity_highest_day(state)));
#endif
}

/*
 * The bytes of a closed value: first day (zigzag), number of days, events above that number, negative events, total, and the
 * days after the first.  Those are either gaps, each less one, or with the flag a bitmap whose lowest bit is the day after
 * the first and whose last byte is not zero.
 */
static uint16
close_activity(const CrmState *closed, CrmWriter *out)
{
	const ActivityState *state = (const ActivityState *) closed;
	uint32 ndays = crm_activity_count_days(state);
	DateADT first = crm_activity_lowest_day(state);
	Size span = (Size) ((int64) crm_activity_highest_day(state) - first);
	Size bitmap_bytes = (span + 7) / 8;
	Size gap_bytes = 0;
	const DateADT *days = state->set.days;
	DateADT *listed = NULL;
	uint16 flags = 0;

	if (ndays > MAX_DAYS)
		crm_state_full(&crm_activity_kind);
	if (is_bitmap(state))
	{
		days = listed = palloc(ndays * sizeof(DateADT));
		crm_activity_list_words(state->base, state->set.words, closed->used, listed);
	}
	crm_put_zigzag(out, first);
	crm_put_varint(out, ndays);
	crm_put_varint(out, state->events - ndays);
	crm_put_varint(out, state->negatives);
	crm_put_int128(out, crm_money_load(&state->total));
	for (uint32 i = 1; i < ndays && gap_bytes <= bitmap_bytes; i++)
		gap_bytes += crm_varint_length((uint64) ((int64) days[i] - days[i - 1] - 1));
	if (bitmap_bytes < gap_bytes)
	{
		uint8 *bytes = crm_put_bytes(out, NULL, bitmap_bytes);

		for (uint32 i = 1; i < ndays; i++)
		{
			Size bit = (Size) ((int64) days[i] - first - 1);

			bytes[bit / 8] |= 1 << (bit % 8);
		}
		flags = BITMAP;
	}
	else
		for (uint32 i = 1; i < ndays; i++)
			crm_put_varint(out, (uint64) ((int64) days[i] - days[i - 1] - 1));
	if (listed != NULL)
		pfree(listed);
	return flags;
}

/* What stands before the days in a closed value. */
typedef struct ActivityHead
{
	DateADT first;
	uint32 ndays;
	int64 events;
	int64 negatives;
	int128 total;
	bool bitmap;
	CrmReader rest; /* the days after the first */
} ActivityHead;

static void
read_head(CrmReader *in, uint16 flags, ActivityHead *head)
{
	int64 first = crm_get_zigzag(in);

	if (first < DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE ||
	    first >= DATE_END_JULIAN - POSTGRES_EPOCH_JDATE)
	{
		crm_reader_fail(in, "Its first day is out of range.");
		first = 0;
	}
	head->first = (DateADT) first;
	head->ndays = crm_get_varint_max(in, MAX_DAYS, "It has too many days.");
	head->events = crm_get_varint_max(in, PG_INT64_MAX - head->ndays, "It has too many events.");
	head->events += head->ndays;
	head->negatives =
	    crm_get_varint_max(in, head->events, "It has more negative events than events.");
	head->total = crm_get_int128(in);
	head->bitmap = (flags & BITMAP) != 0;
	if (in->why == NULL && head->ndays == 0)
		crm_reader_fail(in, "It has no day.");
	if (in->why == NULL && !total_is_possible(head->total, head->events, head->negatives))
		crm_reader_fail(in, "Its total does not agree with its events.");
	head->rest = *in;
}

static ActivityState *
open_gaps(CrmReader *in, const ActivityHead *head)
{
	ActivityState *state;
	int64 day = head->first;

	/* a gap has a byte at least */
	if (head->ndays - 1 > crm_reader_left(in))
	{
		crm_reader_fail(in, "It ends too early.");
		return NULL;
	}
	state = (ActivityState *) crm_state_new(&crm_activity_kind, Max(head->ndays, FIRST_ITEMS));
	state->set.days[0] = head->first;
	for (uint32 i = 1; i < head->ndays; i++)
	{
		day += (int64) crm_get_varint_max(in, PG_INT32_MAX, "A gap is too long.") + 1;
		if (!IS_VALID_DATE(day))
		{
			crm_reader_fail(in, "A day is out of range.");
			return NULL;
		}
		state->set.days[i] = (DateADT) day;
	}
	state->state.used = head->ndays;
	return state;
}

static ActivityState *
open_bitmap(CrmReader *in, const ActivityHead *head)
{
	Size nbytes = crm_reader_left(in);
	const uint8 *bytes = crm_get_bytes(in, nbytes);
	ActivityState *state;
	int64 last;
	uint32 nwords;

	/* a bitmap is not written unless it is shorter than the gaps, which have five bytes at most */
	if (nbytes == 0 || nbytes >= 5 * (Size) MAX_DAYS || bytes[nbytes - 1] == 0)
	{
		crm_reader_fail(in, "Its bitmap does not end with a day.");
		return NULL;
	}
	last =
	    (int64) head->first + (int64) (nbytes - 1) * 8 + pg_leftmost_one_pos[bytes[nbytes - 1]] + 1;
	if (!IS_VALID_DATE(last))
	{
		crm_reader_fail(in, "A day is out of range.");
		return NULL;
	}
	nwords = words_between(head->first, (DateADT) last);
	if (nwords <= head->ndays || nwords <= FIRST_ITEMS)
	{
		state = (ActivityState *) crm_state_new(&crm_activity_kind, Max(nwords, FIRST_ITEMS));
		state->state.header.flags |= BITMAP;
		state->base = word_base(head->first);
		state->state.used = nwords;
		set_day(state, head->first);
		for (Size i = 0; i < nbytes; i++)
			for (uint32 byte = bytes[i]; byte != 0; byte &= byte - 1)
				set_day(state, head->first + 1 + (int32) (i * 8) + pg_rightmost_one_pos32(byte));
	}
	else
	{
		uint32 used = 0;

		state = (ActivityState *) crm_state_new(&crm_activity_kind, Max(head->ndays, FIRST_ITEMS));
		state->set.days[used++] = head->first;
		for (Size i = 0; i < nbytes; i++)
			for (uint32 byte = bytes[i]; byte != 0 && used < head->ndays; byte &= byte - 1)
				state->set.days[used++] =
				    head->first + 1 + (int32) (i * 8) + pg_rightmost_one_pos32(byte);
		state->state.used = used;
	}
	if (pg_popcount((const char *) bytes, (int) nbytes) + 1 != head->ndays)
		crm_reader_fail(in, "Its number of days is not that of its bitmap.");
	return state;
}

static CrmState *
open_activity(CrmReader *in, uint16 flags)
{
	ActivityHead head;
	ActivityState *state;

	read_head(in, flags, &head);
	if (in->why != NULL)
		return NULL;
	state = head.bitmap ? open_bitmap(in, &head) : open_gaps(in, &head);
	if (in->why != NULL)
		return NULL;
	state->events = head.events;
	state->negatives = head.negatives;
	crm_money_store(&state->total, head.total);
	return &state->state;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Aggregates
 * ------------------------------------------------------------------------------------------------------------------ */

CRM_SUMMARY_FUNCTIONS(activity, &crm_activity_kind);

static Datum
add_event(FunctionCallInfo fcinfo, DateADT day, int128 units)
{
	ActivityState *state = (ActivityState *) crm_summary_state(fcinfo, &crm_activity_kind);

	if (DATE_NOT_FINITE(day))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("day of an event is infinite")));
	if (state == NULL)
		state = (ActivityState *) crm_state_new(&crm_activity_kind, FIRST_ITEMS);
	state->events = add_counts(state->events, 1);
	state->negatives += units < 0;
	crm_money_store(&state->total, crm_money_add(crm_money_load(&state->total), units));
	state = crm_activity_add_day(state, day);
	return crm_summary_return(fcinfo, &crm_activity_kind, &state->state);
}

/*
 * activity(on_day date, amount numeric | int8 | int4) -> activity_summary, transition functions
 *
 * 22008 for an infinite day; 22003 for NaN, infinite amounts, more than four decimals and overflow; 54000 for more
 * than 100,000 distinct days.
 */
PG_FUNCTION_INFO_V1(crm_activity_add_numeric);
Datum
crm_activity_add_numeric(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return crm_summary_skip(fcinfo, &crm_activity_kind);
	return add_event(fcinfo, PG_GETARG_DATEADT(1), crm_money_from_numeric(PG_GETARG_DATUM(2)));
}

PG_FUNCTION_INFO_V1(crm_activity_add_int8);
Datum
crm_activity_add_int8(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return crm_summary_skip(fcinfo, &crm_activity_kind);
	return add_event(fcinfo, PG_GETARG_DATEADT(1), crm_money_from_int8(PG_GETARG_INT64(2)));
}

PG_FUNCTION_INFO_V1(crm_activity_add_int4);
Datum
crm_activity_add_int4(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return crm_summary_skip(fcinfo, &crm_activity_kind);
	return add_event(fcinfo, PG_GETARG_DATEADT(1), crm_money_from_int8(PG_GETARG_INT32(2)));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Accessors
 * ------------------------------------------------------------------------------------------------------------------ */

static ActivityHead
head_of(Datum datum)
{
	CrmClosed closed = crm_summary_closed(&crm_activity_kind, datum);
	ActivityHead head;

	read_head(&closed.reader, closed.flags, &head);
	crm_summary_corrupted(&crm_activity_kind, &closed.reader);
	return head;
}

/* The number of active days up to a day, and the last of them; 0 if the first comes later. */
static uint32
days_until(const ActivityHead *head, DateADT until, DateADT *last)
{
	CrmReader in = head->rest;
	uint32 count = 1;

	if (until < head->first)
		return 0;
	*last = head->first;
	if (!head->bitmap)
	{
		for (; count < head->ndays; count++)
		{
			int64 day = (int64) *last + (int64) crm_get_varint(&in) + 1;

			if (day > until)
				break;
			*last = (DateADT) day;
		}
	}
	else
	{
		Size nbytes = crm_reader_left(&in);
		Size nbits = (Size) ((int64) until - head->first); /* of the days that count */

		for (Size i = 0; i < nbytes && i * 8 < nbits; i++)
		{
			uint8 byte = in.at[i];

			if (nbits - i * 8 < 8)
				byte &= (1 << (nbits - i * 8)) - 1;
			if (byte != 0)
			{
				count += pg_number_of_ones[byte];
				*last = head->first + (int32) (i * 8) + pg_leftmost_one_pos[byte] + 1;
			}
		}
	}
	crm_summary_corrupted(&crm_activity_kind, &in);
	return count;
}

/* What an activity_summary says as of a day; false if the first active day comes later.  22008 for an infinite day. */
bool
crm_activity_as_of(Datum activity, DateADT as_of, CrmActivityAsOf *result)
{
	ActivityHead head = head_of(activity);
	uint32 count;

	if (DATE_NOT_FINITE(as_of))
		ereport(ERROR,
		        (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("as-of day is infinite")));
	count = days_until(&head, as_of, &result->last_day);
	if (count == 0)
		return false;
	result->first_day = head.first;
	result->recency_days = as_of - result->last_day;
	result->frequency = (int32) count - 1;
	result->tenure_days = as_of - head.first;
	result->is_whole = count == head.ndays;
	result->events = head.events;
	result->total = head.total;
	return true;
}

/* first_day(activity_summary) -> date */
PG_FUNCTION_INFO_V1(crm_activity_first_day);
Datum
crm_activity_first_day(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(head_of(PG_GETARG_DATUM(0)).first);
}

/* last_day(activity_summary) -> date */
PG_FUNCTION_INFO_V1(crm_activity_last_day);
Datum
crm_activity_last_day(PG_FUNCTION_ARGS)
{
	ActivityHead head = head_of(PG_GETARG_DATUM(0));
	DateADT last;

	days_until(&head, DATEVAL_NOEND, &last);
	PG_RETURN_DATEADT(last);
}

/* active_days(activity_summary) -> int: distinct days with an event */
PG_FUNCTION_INFO_V1(crm_activity_active_days);
Datum
crm_activity_active_days(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32((int32) head_of(PG_GETARG_DATUM(0)).ndays);
}

/* events(activity_summary) -> bigint: rows, whatever their amount */
PG_FUNCTION_INFO_V1(crm_activity_events);
Datum
crm_activity_events(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(head_of(PG_GETARG_DATUM(0)).events);
}

/* negative_events(activity_summary) -> bigint: rows with an amount below zero */
PG_FUNCTION_INFO_V1(crm_activity_negative_events);
Datum
crm_activity_negative_events(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(head_of(PG_GETARG_DATUM(0)).negatives);
}

/* total(activity_summary) -> numeric: the exact sum of the amounts */
PG_FUNCTION_INFO_V1(crm_activity_total);
Datum
crm_activity_total(PG_FUNCTION_ARGS)
{
	return crm_money_numeric(head_of(PG_GETARG_DATUM(0)).total);
}

/* mean_amount(activity_summary) -> numeric: total / events */
PG_FUNCTION_INFO_V1(crm_activity_mean_amount);
Datum
crm_activity_mean_amount(PG_FUNCTION_ARGS)
{
	ActivityHead head = head_of(PG_GETARG_DATUM(0));

	return crm_money_mean(head.total, head.events);
}

/*
 * recency_days(activity_summary, as_of date) -> int: days from the last active day up to as_of until as_of; NULL if the first
 * comes later.  0 is best.  The recency t_x of BG/NBD is tenure_days - recency_days.
 */
PG_FUNCTION_INFO_V1(crm_activity_recency_days);
Datum
crm_activity_recency_days(PG_FUNCTION_ARGS)
{
	CrmActivityAsOf result;

	if (!crm_activity_as_of(PG_GETARG_DATUM(0), PG_GETARG_DATEADT(1), &result))
		PG_RETURN_NULL();
	PG_RETURN_INT32(result.recency_days);
}

/* frequency(activity_summary, as_of date) -> int: active days after the first, up to as_of; NULL if the first comes later */
PG_FUNCTION_INFO_V1(crm_activity_frequency);
Datum
crm_activity_frequency(PG_FUNCTION_ARGS)
{
	CrmActivityAsOf result;

	if (!crm_activity_as_of(PG_GETARG_DATUM(0), PG_GETARG_DATEADT(1), &result))
		PG_RETURN_NULL();
	PG_RETURN_INT32(result.frequency);
}

/* tenure_days(activity_summary, as_of date) -> int: days from the first active day to as_of; NULL if it comes later */
PG_FUNCTION_INFO_V1(crm_activity_tenure_days);
Datum
crm_activity_tenure_days(PG_FUNCTION_ARGS)
{
	CrmActivityAsOf result;

	if (!crm_activity_as_of(PG_GETARG_DATUM(0), PG_GETARG_DATEADT(1), &result))
		PG_RETURN_NULL();
	PG_RETURN_INT32(result.tenure_days);
}

/* active_dates(activity_summary) -> date[]: the active days, ascending */
PG_FUNCTION_INFO_V1(crm_activity_active_dates);
Datum
crm_activity_active_dates(PG_FUNCTION_ARGS)
{
	const ActivityState *state =
	    (const ActivityState *) crm_summary_read(&crm_activity_kind, PG_GETARG_DATUM(0));
	uint32 ndays = crm_activity_count_days(state);
	DateADT *days = palloc(ndays * sizeof(DateADT));
	Datum *elements = palloc(ndays * sizeof(Datum));

	if (is_bitmap(state))
		crm_activity_list_words(state->base, state->set.words, state->state.used, days);
	else
		memcpy(days, state->set.days, ndays * sizeof(DateADT));
	for (uint32 i = 0; i < ndays; i++)
		elements[i] = DateADTGetDatum(days[i]);
	PG_RETURN_ARRAYTYPE_P(
	    construct_array(elements, (int) ndays, DATEOID, sizeof(DateADT), true, TYPALIGN_INT));
}
