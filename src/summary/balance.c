/*
 * balance.c
 *		balance_summary: end-of-day balances of one account or client.
 *
 * In change mode a balance holds until the next one; in snapshot mode a day that is absent is 0.  An opening says what the
 * balance was at the beginning of a day; it comes before that day's own entry and lets a month stand without the months before.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/numeric.h"

#include "summary/summary.h"
#include "value/day.h"

#define MAX_ENTRIES 100000
#define SNAPSHOT 0x01 /* flag: absent days are 0 */
#define FIRST_ITEMS 3
#define MAX_ZEROS 15

typedef struct BalanceEntry
{
	int64 key;   /* twice the day, plus one unless it is an opening: ascending and distinct */
	int64 units; /* the smallest integer does not occur */
} BalanceEntry;

typedef struct BalanceState
{
	CrmState state; /* used: entries */
	int32 unused;
	BalanceEntry entries[FLEXIBLE_ARRAY_MEMBER];
} BalanceState;

static CrmState *open_balance(CrmReader *in, uint16 flags);
static uint16 close_balance(const CrmState *state, CrmWriter *out);
static CrmState *merge_balance(CrmState *into, const CrmState *from);
static void check_balance(const CrmState *state);

static const CrmSummaryKind balance_kind = {
    .type_name = "balance_summary",
    .kind = CRM_BALANCE_SUMMARY,
    .flags = SNAPSHOT,
    .fixed = offsetof(BalanceState, entries),
    .item = sizeof(BalanceEntry),
    .max_items = MAX_ENTRIES,
    .of_what = "balances",
    .open = open_balance,
    .close = close_balance,
    .merge = merge_balance,
    .check = check_balance,
};

static bool
is_snapshot(const BalanceState *state)
{
	return (state->state.header.flags & SNAPSHOT) != 0;
}

static inline int64
change_key(DateADT day)
{
	return (int64) day * 2 + 1;
}

static inline int64
opening_key(DateADT day)
{
	return (int64) day * 2;
}

static inline DateADT
day_of(const BalanceEntry *entry)
{
	return (DateADT) (entry->key >> 1);
}

static inline bool
is_opening(const BalanceEntry *entry)
{
	return (entry->key & 1) == 0;
}

static char *
shown(int128 units)
{
	return crm_numeric_text(crm_money_numeric(units));
}

/* ------------------------------------------------------------------------------------------------------------------
 * The summary
 * ------------------------------------------------------------------------------------------------------------------ */

static void
check_same(const BalanceEntry *a, int64 units)
{
	if (a->units != units)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		     errmsg("two different %s for %s: %s and %s",
		            is_opening(a) ? "opening balances" : "balances", crm_day_text(day_of(a)),
		            shown(Min(a->units, units)), shown(Max(a->units, units))),
		     errhint("A balance summary is of one account or client and has one end-of-day amount "
		             "for each day.")));
}

/* The number of entries with a key not above this one. */
static uint32
entries_until(const BalanceState *state, int64 key)
{
	uint32 low = 0;
	uint32 high = state->state.used;

	if (high > 0 && state->entries[high - 1].key <= key)
		return high;
	while (low < high)
	{
		uint32 middle = (low + high) / 2;

		if (state->entries[middle].key <= key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static BalanceState *
reserve(BalanceState *state, uint32 entries)
{
	return (BalanceState *) crm_state_reserve(&balance_kind, &state->state, entries);
}

static BalanceState *
add_entry(BalanceState *state, int64 key, int64 units)
{
	uint32 used = state->state.used;
	uint32 place = entries_until(state, key);

	if (place > 0 && state->entries[place - 1].key == key)
	{
		check_same(&state->entries[place - 1], units);
		return state;
	}
	state = reserve(state, used + 1);
	memmove(state->entries + place + 1, state->entries + place,
	        (used - place) * sizeof(BalanceEntry));
	state->entries[place].key = key;
	state->entries[place].units = units;
	state->state.used = used + 1;
	return state;
}

static CrmState *
merge_balance(CrmState *into_state, const CrmState *from_state)
{
	BalanceState *into = (BalanceState *) into_state;
	const BalanceState *from = (const BalanceState *) from_state;
	uint32 used = into->state.used;
	uint32 more = from->state.used;
	uint32 extra = 0;
	uint32 at = 0;
	int64 i, j;

	if (is_snapshot(into) != is_snapshot(from))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("balance and balance_snapshot summaries cannot be merged"),
		         errdetail("A missing day is carried forward in the one and is 0 in the other.")));
	if (into->entries[used - 1].key < from->entries[0].key)
		extra = more;
	else
		for (uint32 n = 0; n < more; n++)
		{
			while (at < used && into->entries[at].key < from->entries[n].key)
				at++;
			if (at < used && into->entries[at].key == from->entries[n].key)
				check_same(&into->entries[at], from->entries[n].units);
			else
				extra++;
		}
	if (extra == 0)
		return &into->state;
	into = reserve(into, used + extra);
	/* from the back, so that nothing is overwritten before it has moved */
	i = (int64) used - 1;
	j = (int64) more - 1;
	for (int64 k = (int64) used + extra - 1; j >= 0; k--)
	{
		if (i >= 0 && into->entries[i].key >= from->entries[j].key)
		{
			if (into->entries[i].key == from->entries[j].key)
				j--;
			into->entries[k] = into->entries[i--];
		}
		else
			into->entries[k] = from->entries[j--];
	}
	into->state.used = used + extra;
	return &into->state;
}

static void
check_balance(const CrmState *checked)
{
#ifdef USE_ASSERT_CHECKING
	const BalanceState *state = (const BalanceState *) checked;

	Assert(checked->used > 0 && checked->used <= MAX_ENTRIES);
	for (uint32 i = 0; i < checked->used; i++)
	{
		Assert(i == 0 || state->entries[i - 1].key < state->entries[i].key);
		Assert(state->entries[i].units != PG_INT64_MIN);
		Assert(!(is_snapshot(state) && is_opening(&state->entries[i])));
	}
	Assert(IS_VALID_DATE(day_of(&state->entries[0])) &&
	       IS_VALID_DATE(day_of(&state->entries[checked->used - 1])));
#endif
}

/* 10^zeros, zeros being how many decimal zeros all amounts end with, up to MAX_ZEROS. */
static int64
common_power(const BalanceState *state, int *zeros)
{
	int64 power = 1;

	*zeros = 0;
	while (*zeros < MAX_ZEROS)
	{
		for (uint32 i = 0; i < state->state.used; i++)
			if (state->entries[i].units % (power * 10) != 0)
				return power;
		power *= 10;
		(*zeros)++;
	}
	return power;
}

/*
 * The bytes of a closed value: number of entries, how many decimal zeros the amounts end with, then the entries: key (the first
 * zigzag, the others less the key before and 1) and amount without those zeros (zigzag, less the amount before, as 64-bit
 * integers that wrap).
 */
static uint16
close_balance(const CrmState *closed, CrmWriter *out)
{
	const BalanceState *state = (const BalanceState *) closed;
	int zeros;
	int64 power = common_power(state, &zeros);
	uint64 last = 0;

	crm_put_varint(out, closed->used);
	crm_put_byte(out, (uint8) zeros);
	for (uint32 i = 0; i < closed->used; i++)
	{
		uint64 amount = (uint64) (state->entries[i].units / power);

		if (i == 0)
			crm_put_zigzag(out, state->entries[i].key);
		else
			crm_put_varint(out, (uint64) (state->entries[i].key - state->entries[i - 1].key - 1));
		crm_put_zigzag(out, (int64) (amount - last));
		last = amount;
	}
	return closed->header.flags & SNAPSHOT;
}

static CrmState *
open_balance(CrmReader *in, uint16 flags)
{
	uint32 used = crm_get_varint_max(in, MAX_ENTRIES, "It has too many balances.");
	int zeros = crm_get_byte(in);
	int64 power = 1;
	int64 lowest_key = opening_key(DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE);
	int64 highest_key = change_key(DATE_END_JULIAN - POSTGRES_EPOCH_JDATE - 1);
	int64 key = 0;
	uint64 amount = 0;
	BalanceState *state;

	if (in->why == NULL && used == 0)
		crm_reader_fail(in, "It has no balance.");
	if (zeros > MAX_ZEROS)
		crm_reader_fail(in, "Its amounts end with too many zeros.");
	/* an entry has two bytes at least */
	if (used > crm_reader_left(in) / 2)
		crm_reader_fail(in, "It ends too early.");
	if (in->why != NULL)
		return NULL;
	for (int i = 0; i < zeros; i++)
		power *= 10;
	state = (BalanceState *) crm_state_new(&balance_kind, Max(used, FIRST_ITEMS));
	state->state.header.flags |= flags;
	for (uint32 i = 0; i < used && in->why == NULL; i++)
	{
		int64 units;

		if (i == 0)
			key = crm_get_zigzag(in);
		else
			key +=
			    (int64) crm_get_varint_max(in, (uint64) PG_UINT32_MAX * 2, "A gap is too long.") +
			    1;
		amount += (uint64) crm_get_zigzag(in);
		if (key < lowest_key || key > highest_key)
			crm_reader_fail(in, "A day is out of range.");
		else if (is_snapshot(state) && (key & 1) == 0)
			crm_reader_fail(in, "A snapshot has an opening balance.");
		else if (__builtin_mul_overflow((int64) amount, power, &units) || units == PG_INT64_MIN)
			crm_reader_fail(in, "An amount is out of range.");
		else
		{
			state->entries[i].key = key;
			state->entries[i].units = units;
			state->state.used = i + 1;
		}
	}
	return &state->state;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Aggregates
 * ------------------------------------------------------------------------------------------------------------------ */

CRM_SUMMARY_FUNCTIONS(balance, &balance_kind);

static BalanceState *
new_balance(uint16 flags)
{
	BalanceState *state = (BalanceState *) crm_state_new(&balance_kind, FIRST_ITEMS);

	state->state.header.flags |= flags;
	return state;
}

static Datum
add_balance(FunctionCallInfo fcinfo, uint16 mode, DateADT day, int128 units)
{
	BalanceState *state = (BalanceState *) crm_summary_state(fcinfo, &balance_kind);

	if (DATE_NOT_FINITE(day))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("day of a balance is infinite")));
	if (state == NULL)
		state = new_balance(mode);
	else if ((state->state.header.flags & SNAPSHOT) != mode)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("balance and balance_snapshot summaries cannot be merged")));
	state = add_entry(state, change_key(day), crm_money_narrow(units));
	return crm_summary_return(fcinfo, &balance_kind, &state->state);
}

/*
 * balance(on_day date, amount numeric | int8 | int4) -> balance_summary, and balance_snapshot: transition functions
 *
 * 22008 for an infinite day; 22003 for NaN, infinite amounts, more than four decimals and amounts from
 * 922,337,203,685,477.5808 on; 22023 for two different amounts on one day; 54000 for more than 100,000 balances.
 */
#define ADD_BALANCE(name, mode, units)                                                             \
	PG_FUNCTION_INFO_V1(crm_##name);                                                               \
	Datum crm_##name(PG_FUNCTION_ARGS)                                                             \
	{                                                                                              \
		if (PG_ARGISNULL(1) || PG_ARGISNULL(2))                                                    \
			return crm_summary_skip(fcinfo, &balance_kind);                                        \
		return add_balance(fcinfo, mode, PG_GETARG_DATEADT(1), units);                             \
	}                                                                                              \
	extern int no_such_variable

ADD_BALANCE(balance_add_numeric, 0, crm_money_from_numeric(PG_GETARG_DATUM(2)));
ADD_BALANCE(balance_add_int8, 0, crm_money_from_int8(PG_GETARG_INT64(2)));
ADD_BALANCE(balance_add_int4, 0, crm_money_from_int8(PG_GETARG_INT32(2)));
ADD_BALANCE(balance_snapshot_add_numeric, SNAPSHOT, crm_money_from_numeric(PG_GETARG_DATUM(2)));
ADD_BALANCE(balance_snapshot_add_int8, SNAPSHOT, crm_money_from_int8(PG_GETARG_INT64(2)));
ADD_BALANCE(balance_snapshot_add_int4, SNAPSHOT, crm_money_from_int8(PG_GETARG_INT32(2)));

/*
 * with_opening(balance_summary, on_day date, amount numeric) -> balance_summary
 *
 * The balance at the beginning of a day, that is, carried from the day before, and until the first change.  An opening of that day
 * is replaced; a NULL summary gives one that has the opening only.  NULL if another argument is.  22023: a balance
 * before that day, and snapshots, which carry nothing.
 */
PG_FUNCTION_INFO_V1(crm_balance_with_opening);
Datum
crm_balance_with_opening(PG_FUNCTION_ARGS)
{
	BalanceState *state;
	DateADT day;
	int64 units;
	int64 key;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	day = PG_GETARG_DATEADT(1);
	units = crm_money_narrow(crm_money_from_numeric(PG_GETARG_DATUM(2)));
	if (DATE_NOT_FINITE(day))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("day of a balance is infinite")));
	key = opening_key(day);
	state = PG_ARGISNULL(0) ? new_balance(0)
	                        : (BalanceState *) crm_summary_state(fcinfo, &balance_kind);
	if (is_snapshot(state))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("a balance_snapshot summary has no opening balance"),
		                errdetail("A missing day is 0 there; nothing is carried forward.")));
	if (state->state.used > 0 && state->entries[0].key < key)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("the summary has a balance before its opening on %s", crm_day_text(day)),
		         errdetail("The first is of %s.", crm_day_text(day_of(&state->entries[0])))));
	if (state->state.used > 0 && state->entries[0].key == key)
		state->entries[0].units = units;
	else
		state = add_entry(state, key, units);
	PG_RETURN_POINTER(crm_summary_close(&balance_kind, &state->state));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Accessors
 * ------------------------------------------------------------------------------------------------------------------ */

/* What a walk over days found. */
typedef struct BalanceWalk
{
	int64 known;   /* days whose balance is known */
	int64 days;    /* days asked for */
	int64 reached; /* known days with at least the amount asked for */
	int128 sum;
	int64 minimum;
} BalanceWalk;

static inline void
walk_days(BalanceWalk *walk, int64 units, int64 days, int128 amount)
{
	if (days == 0)
		return;
	if (walk->known == 0 || units < walk->minimum)
		walk->minimum = units;
	walk->known += days;
	walk->sum += (int128) units * days;
	if (units >= amount)
		walk->reached += days;
}

/* The balance of a day; false if it is before all that is known. */
static bool
balance_on(const BalanceState *state, DateADT day, int64 *units)
{
	uint32 count = entries_until(state, change_key(day));

	*units = 0;
	if (is_snapshot(state))
	{
		if (count > 0 && state->entries[count - 1].key == change_key(day))
			*units = state->entries[count - 1].units;
		return true;
	}
	if (count == 0)
		return false;
	*units = state->entries[count - 1].units;
	return true;
}

/* All days of [from, to). */
static BalanceWalk
walk_window(const BalanceState *state, DateADT from, DateADT to, int128 amount)
{
	BalanceWalk walk = {0};
	int64 first = from;
	uint32 next;

	if (DATE_NOT_FINITE(from) || DATE_NOT_FINITE(to))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("window has an infinite bound")));
	if (from >= to)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("window from %s to %s has no day", crm_day_text(from), crm_day_text(to)),
		         errhint("The last day of a window is the day before to_day.")));
	walk.days = (int64) to - from;
	if (is_snapshot(state))
	{
		for (next = entries_until(state, opening_key(from));
		     next < state->state.used && day_of(&state->entries[next]) < to; next++)
			walk_days(&walk, state->entries[next].units, 1, amount);
		walk_days(&walk, 0, walk.days - walk.known, amount);
		return walk;
	}
	next = entries_until(state, change_key(from));
	if (next == 0)
	{
		if (day_of(&state->entries[0]) >= to)
			return walk;
		first = day_of(&state->entries[0]);
		next = 1;
	}
	for (; first < to; next++)
	{
		int64 until = to;

		if (next < state->state.used && day_of(&state->entries[next]) < to)
			until = day_of(&state->entries[next]);
		walk_days(&walk, state->entries[next - 1].units, until - first, amount);
		first = until;
	}
	return walk;
}

/* The days of a list, each as often as it is there. */
static BalanceWalk
walk_list(const BalanceState *state, ArrayType *list, int128 amount)
{
	BalanceWalk walk = {0};
	Datum *days;
	bool *nulls;
	int ndays;

	deconstruct_array(list, DATEOID, sizeof(DateADT), true, TYPALIGN_INT, &days, &nulls, &ndays);
	walk.days = ndays;
	for (int i = 0; i < ndays; i++)
	{
		int64 units;

		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("list of days has a NULL element")));
		if (DATE_NOT_FINITE(DatumGetDateADT(days[i])))
			ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			                errmsg("list of days has an infinite day")));
		if (balance_on(state, DatumGetDateADT(days[i]), &units))
			walk_days(&walk, units, 1, amount);
	}
	return walk;
}

static const BalanceState *
balance_argument(FunctionCallInfo fcinfo)
{
	return (const BalanceState *) crm_summary_read(&balance_kind, PG_GETARG_DATUM(0));
}

/* first_day(balance_summary) -> date: of the first balance or opening */
PG_FUNCTION_INFO_V1(crm_balance_first_day);
Datum
crm_balance_first_day(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(day_of(&balance_argument(fcinfo)->entries[0]));
}

/* last_day(balance_summary) -> date: of the last balance or opening */
PG_FUNCTION_INFO_V1(crm_balance_last_day);
Datum
crm_balance_last_day(PG_FUNCTION_ARGS)
{
	const BalanceState *state = balance_argument(fcinfo);

	PG_RETURN_DATEADT(day_of(&state->entries[state->state.used - 1]));
}

/* balance_at(balance_summary, on_day date) -> numeric: at the end of the day; NULL before the first in change mode */
PG_FUNCTION_INFO_V1(crm_balance_at);
Datum
crm_balance_at(PG_FUNCTION_ARGS)
{
	int64 units;

	if (DATE_NOT_FINITE(PG_GETARG_DATEADT(1)))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("day of a balance is infinite")));
	if (!balance_on(balance_argument(fcinfo), PG_GETARG_DATEADT(1), &units))
		PG_RETURN_NULL();
	return crm_money_numeric(units);
}

/* sum of the end-of-day balances / number of days; NULL unless each is known */
static Datum
average_of(FunctionCallInfo fcinfo, const BalanceWalk *walk)
{
	if (walk->known < walk->days || walk->days == 0)
		PG_RETURN_NULL();
	return crm_money_mean(walk->sum, walk->days);
}

/* average_balance(balance_summary, from_day date, to_day date) -> numeric, over all days of [from_day, to_day) */
PG_FUNCTION_INFO_V1(crm_balance_average);
Datum
crm_balance_average(PG_FUNCTION_ARGS)
{
	BalanceWalk walk =
	    walk_window(balance_argument(fcinfo), PG_GETARG_DATEADT(1), PG_GETARG_DATEADT(2), 0);

	return average_of(fcinfo, &walk);
}

/* average_balance(balance_summary, days date[]) -> numeric */
PG_FUNCTION_INFO_V1(crm_balance_average_list);
Datum
crm_balance_average_list(PG_FUNCTION_ARGS)
{
	BalanceWalk walk = walk_list(balance_argument(fcinfo), PG_GETARG_ARRAYTYPE_P(1), 0);

	return average_of(fcinfo, &walk);
}

static Datum
minimum_of(FunctionCallInfo fcinfo, const BalanceWalk *walk)
{
	if (walk->known < walk->days || walk->days == 0)
		PG_RETURN_NULL();
	return crm_money_numeric(walk->minimum);
}

/* minimum_balance(balance_summary, from_day date, to_day date) -> numeric, of all days of [from_day, to_day) */
PG_FUNCTION_INFO_V1(crm_balance_minimum);
Datum
crm_balance_minimum(PG_FUNCTION_ARGS)
{
	BalanceWalk walk =
	    walk_window(balance_argument(fcinfo), PG_GETARG_DATEADT(1), PG_GETARG_DATEADT(2), 0);

	return minimum_of(fcinfo, &walk);
}

/* minimum_balance(balance_summary, days date[]) -> numeric */
PG_FUNCTION_INFO_V1(crm_balance_minimum_list);
Datum
crm_balance_minimum_list(PG_FUNCTION_ARGS)
{
	BalanceWalk walk = walk_list(balance_argument(fcinfo), PG_GETARG_ARRAYTYPE_P(1), 0);

	return minimum_of(fcinfo, &walk);
}

/* days_at_least(balance_summary, amount numeric, from_day date, to_day date) -> int: of the days whose balance is known */
PG_FUNCTION_INFO_V1(crm_balance_days_at_least);
Datum
crm_balance_days_at_least(PG_FUNCTION_ARGS)
{
	int128 amount = crm_money_from_numeric(PG_GETARG_DATUM(1));
	BalanceWalk walk =
	    walk_window(balance_argument(fcinfo), PG_GETARG_DATEADT(2), PG_GETARG_DATEADT(3), amount);

	PG_RETURN_INT32((int32) walk.reached);
}

/* days_at_least(balance_summary, amount numeric, days date[]) -> int */
PG_FUNCTION_INFO_V1(crm_balance_days_at_least_list);
Datum
crm_balance_days_at_least_list(PG_FUNCTION_ARGS)
{
	int128 amount = crm_money_from_numeric(PG_GETARG_DATUM(1));
	BalanceWalk walk = walk_list(balance_argument(fcinfo), PG_GETARG_ARRAYTYPE_P(2), amount);

	PG_RETURN_INT32((int32) walk.reached);
}

/*
 * opening_breaks(balance_summary) -> date[]: the days of openings that differ from the balance that is carried to them: a month
 * between is missing, or was corrected after the opening was taken from it
 */
PG_FUNCTION_INFO_V1(crm_balance_opening_breaks);
Datum
crm_balance_opening_breaks(PG_FUNCTION_ARGS)
{
	const BalanceState *state = balance_argument(fcinfo);
	Datum *days = palloc(sizeof(Datum) * state->state.used);
	int ndays = 0;

	for (uint32 i = 1; i < state->state.used; i++)
		if (is_opening(&state->entries[i]) &&
		    state->entries[i].units != state->entries[i - 1].units)
			days[ndays++] = DateADTGetDatum(day_of(&state->entries[i]));
	PG_RETURN_ARRAYTYPE_P(
	    construct_array(days, ndays, DATEOID, sizeof(DateADT), true, TYPALIGN_INT));
}

/* balance_entries(balance_summary) -> setof (on_day date, amount numeric, is_opening bool), by day, an opening first */
PG_FUNCTION_INFO_V1(crm_balance_entries);
Datum
crm_balance_entries(PG_FUNCTION_ARGS)
{
	const BalanceState *state = balance_argument(fcinfo);
	ReturnSetInfo *result;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	for (uint32 i = 0; i < state->state.used; i++)
	{
		Datum values[3];
		bool nulls[3] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = DateADTGetDatum(day_of(&state->entries[i]));
		values[1] = crm_money_numeric(state->entries[i].units);
		values[2] = BoolGetDatum(is_opening(&state->entries[i]));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
