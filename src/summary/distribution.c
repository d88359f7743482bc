/*
 * distribution.c
 *		distribution_summary: how many values lie where, and what they add up to.
 *
 * A value is rounded to 1/10000 and counted in a bucket whose width is a fixed share of it
 * (log_bucket.c).  Each bucket has its count and its exact total, so that nothing depends on the
 * order of the rows.
 *
 * A side of zero has at most 4096 buckets.  Where there would be more, those nearest to zero are
 * merged into the 4096th from outside.  Merging early or late makes no difference: a bucket that
 * is not among the outer 4096 of some of the values is not among those of all of them.  So an
 * open state collapses only when it has twice as many, and the bytes are those of the values.
 *
 * An open state holds its first values as they are, in eight bytes each; a group of a few, such
 * as a client's month, then takes a quarter of the memory that its buckets would.  With the 57th
 * value it becomes a table of buckets (cells.h).
 *
 * Closed: per_octave, lowest and highest as doubles, the number of buckets; for each its number
 * (as the distance from the one before), count, and by how much the total is above count times
 * the lowest value of the bucket.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "summary/distribution.h"

#define FLAG_NEGATIVE_MERGED 0x01
#define FLAG_POSITIVE_MERGED 0x02
#define MAX_BUCKETS 4096
#define MAX_OPEN_BUCKETS 8000
#define INITIAL_SIZE 128
#define MAX_LIST_SIZE 512

typedef struct DistributionState
{
	CrmState state;
	int32 per_octave;
	double lowest;
	double highest;
	int64 count;
	int32 floor[2];     /* as in Distribution */
	uint32 nbuckets[2]; /* on each side of zero */
	                    /* then buckets, or, as long as none is in use, the units of each value */
} DistributionState;

static CrmState *open_distribution(CrmReader *in, uint16 flags);
static uint16 close_distribution(const CrmState *state, CrmWriter *out);
static CrmState *merge_distribution(CrmState *into, const CrmState *from);
static CrmState *merge_closed_distribution(CrmState *into, CrmReader *in, uint16 flags);
static void check_distribution(const CrmState *state);

static const CrmSummaryKind distribution_kind = {
    .type_name = "distribution_summary",
    .kind = CRM_DISTRIBUTION_SUMMARY,
    .flags = FLAG_NEGATIVE_MERGED | FLAG_POSITIVE_MERGED,
    .fixed = sizeof(DistributionState),
    .item = sizeof(CrmCell),
    .max_items = 65536,
    .of_what = "buckets",
    .open = open_distribution,
    .close = close_distribution,
    .merge = merge_distribution,
    .merge_closed = merge_closed_distribution,
    .check = check_distribution,
};

static inline int
side_of(int bucket)
{
	return bucket > 0 ? POSITIVE : NEGATIVE;
}

/* A value in units of 1/10000, the even one of two that are equally near. */
int64
crm_distribution_units(double value)
{
	return (int64) rint(value * CRM_MONEY_SCALE);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Buckets
 * ------------------------------------------------------------------------------------------------------------------
 */

/*
 * Merge the buckets of one side that are not among its outer 4096.  "nearest" is the index of the
 * one nearest to zero, from which the others of the side lie in the given direction.  Returns how
 * many are left; those that are not have count 0.
 */
static uint32
collapse_side(CrmCell *buckets, int nearest, int direction, uint32 nbuckets, int32 *floor)
{
	int surplus = (int) nbuckets - MAX_BUCKETS;
	CrmCell *outer;

	if (surplus <= 0)
		return nbuckets;
	outer = &buckets[nearest + direction * surplus];
	for (int i = 0; i < surplus; i++)
	{
		CrmCell *inner = &buckets[nearest + direction * i];

		outer->count += inner->count;
		crm_money_store(&outer->total, crm_bucket_total(outer) + crm_bucket_total(inner));
		inner->count = 0;
	}
	*floor = outer->key;
	return MAX_BUCKETS;
}

/*
 * The buckets of a state in their order, collapsed as the stored form says; *floor and *nbuckets
 * as they are then.
 */
static CrmCell *
canonical_buckets(const DistributionState *state, int32 floor[2], uint32 nbuckets[2], uint32 *total)
{
	CrmCell *buckets = crm_cells_sorted(&distribution_kind, &state->state);
	uint32 before = state->state.used, kept = 0;

	memcpy(floor, state->floor, sizeof(state->floor));
	nbuckets[NEGATIVE] = collapse_side(buckets, (int) state->nbuckets[NEGATIVE] - 1, -1,
	                                   state->nbuckets[NEGATIVE], &floor[NEGATIVE]);
	nbuckets[POSITIVE] = collapse_side(buckets, (int) (before - state->nbuckets[POSITIVE]), 1,
	                                   state->nbuckets[POSITIVE], &floor[POSITIVE]);
	for (uint32 i = 0; i < before; i++)
		if (buckets[i].count > 0)
			buckets[kept++] = buckets[i];
	*total = kept;
	return buckets;
}

static void
collapse(DistributionState *state)
{
	int32 floor[2];
	uint32 nbuckets[2], total;
	CrmCell *buckets = canonical_buckets(state, floor, nbuckets, &total);

	memcpy(state->floor, floor, sizeof(floor));
	memcpy(state->nbuckets, nbuckets, sizeof(nbuckets));
	crm_cells_replace(&distribution_kind, &state->state, buckets, total);
	pfree(buckets);
}

/* Count values in a bucket, or in the one that has taken it in. */
static inline DistributionState *
add_to_bucket(DistributionState *state, int bucket, int64 count, int128 total)
{
	int side = side_of(bucket);
	CrmState *base = &state->state;
	uint32 used = base->used;
	CrmCell *cell;

	if (bucket != 0 && state->floor[side] != 0 && abs(bucket) < abs(state->floor[side]))
		bucket = state->floor[side];
	cell = crm_cell_at(&distribution_kind, &base, bucket);
	state = (DistributionState *) base;
	cell->count += count;
	crm_money_store(&cell->total, crm_bucket_total(cell) + total);
	if (base->used != used && bucket != 0 && ++state->nbuckets[side] > MAX_OPEN_BUCKETS)
		collapse(state);
	return state;
}

/* Add buckets in their order. */
static DistributionState *
add_buckets(DistributionState *state, const CrmCell *buckets, uint32 nbuckets)
{
	for (uint32 i = 0; i < nbuckets; i++)
		state =
		    add_to_bucket(state, buckets[i].key, buckets[i].count, crm_bucket_total(&buckets[i]));
	return state;
}

static DistributionState *
without_values(CrmState *base, int per_octave)
{
	DistributionState *state = (DistributionState *) base;

	state->per_octave = per_octave;
	state->lowest = INFINITY;
	state->highest = -INFINITY;
	return state;
}

/* A new state of some bytes in all, or the few less that make no bucket. */
static DistributionState *
new_state(int per_octave, Size size)
{
	return without_values(
	    crm_state_new(&distribution_kind, (size - sizeof(DistributionState)) / sizeof(CrmCell)),
	    per_octave);
}

static inline bool
is_list(const DistributionState *state)
{
	return state->state.used == 0;
}

static inline int64 *
values_of(const DistributionState *state)
{
	return (int64 *) crm_cells(&distribution_kind, &state->state);
}

static inline int64
list_room(const DistributionState *state)
{
	return (VARSIZE(state) - sizeof(DistributionState)) / sizeof(int64);
}

/* A state with buckets instead of a list of values; the state itself if it has them. */
static const DistributionState *
tabulate(const DistributionState *state)
{
	const int64 *values = values_of(state);
	DistributionState *table;

	if (!is_list(state))
		return state;
	table = new_state(state->per_octave, MAX_LIST_SIZE);
	table->lowest = state->lowest;
	table->highest = state->highest;
	table->count = state->count;
	for (int64 i = 0; i < state->count; i++)
		table = add_to_bucket(table, crm_bucket_of(values[i], state->per_octave), 1, values[i]);
	return table;
}

/* Count one value more, which the ends of the range know of already. */
static DistributionState *
add_units(DistributionState *state, int64 units)
{
	if (is_list(state))
	{
		Size size = pg_nextpower2_size_t(VARSIZE(state));

		if (state->count >= list_room(state) && size < MAX_LIST_SIZE)
		{
			DistributionState *larger = new_state(state->per_octave, 2 * size);

			memcpy((char *) larger + VARHDRSZ, (char *) state + VARHDRSZ,
			       VARSIZE(state) - VARHDRSZ);
			state = larger;
		}
		if (state->count < list_room(state))
		{
			values_of(state)[state->count++] = units;
			return state;
		}
		state = (DistributionState *) tabulate(state);
	}
	crm_cell_count(&state->count, 1);
	return add_to_bucket(state, crm_bucket_of(units, state->per_octave), 1, units);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Stored form
 * ------------------------------------------------------------------------------------------------------------------
 */

static uint16
close_distribution(const CrmState *base, CrmWriter *out)
{
	const DistributionState *state = tabulate((const DistributionState *) base);
	int32 floor[2];
	uint32 nbuckets[2], total;
	CrmCell *buckets = canonical_buckets(state, floor, nbuckets, &total);

	crm_put_varint(out, state->per_octave);
	crm_put_double(out, state->lowest);
	crm_put_double(out, state->highest);
	crm_put_varint(out, total);
	for (uint32 i = 0; i < total; i++)
	{
		const CrmCell *bucket = &buckets[i];
		int64 lowest, highest;

		if (i == 0)
			crm_put_zigzag(out, bucket->key);
		else
			crm_put_varint(out, bucket->key - buckets[i - 1].key - 1);
		crm_put_varint(out, bucket->count);
		crm_bucket_bounds(bucket->key, state->per_octave, &lowest, &highest);
		if (bucket->key != 0)
			crm_put_int128(out, crm_bucket_total(bucket) - (int128) bucket->count * lowest);
	}
	pfree(buckets);
	return (floor[NEGATIVE] ? FLAG_NEGATIVE_MERGED : 0) |
	       (floor[POSITIVE] ? FLAG_POSITIVE_MERGED : 0);
}

static bool
is_value(double value)
{
	return isfinite(value) && fabs(value) <= MAX_VALUE && !(value == 0 && signbit(value));
}

/*
 * Could so many values, each in this range and those at the ends of the distribution among them,
 * add up to this?
 */
static bool
is_possible(const CrmCell *bucket, int128 low, int128 high, const int64 *first, const int64 *last)
{
	int64 others = bucket->count;
	int128 least = 0, most = 0;

	if (first != NULL)
		low = Max(low, *first);
	if (last != NULL)
		high = Min(high, *last);
	if (first != NULL && last != NULL && others == 1)
		return *first == *last && crm_bucket_total(bucket) == *first;
	if (first != NULL)
	{
		least += *first;
		most += *first;
		others--;
	}
	if (last != NULL)
	{
		least += *last;
		most += *last;
		others--;
	}
	least += low * others;
	most += high * others;
	return (others == 0 || low <= high) && crm_bucket_total(bucket) >= least &&
	       crm_bucket_total(bucket) <= most;
}

/* The lowest and the highest number of units that a bucket may hold. */
typedef struct Bounds
{
	int64 low;
	int64 high;
} Bounds;

/* Could the totals of the buckets be those of values between the bounds? */
static void
check_totals(CrmReader *in, const Distribution *read, const Bounds *bounds)
{
	int64 first = crm_distribution_units(read->lowest);
	int64 last = crm_distribution_units(read->highest);
	int end = read->nbuckets - 1;

	for (int i = 0; i <= end && in->why == NULL; i++)
	{
		const CrmCell *bucket = &read->buckets[i];
		int64 low = bounds[i].low, high = bounds[i].high;

		if (crm_bucket_is_merged(read, bucket))
		{
			if (bucket->key > 0)
				low = 1;
			else
				high = -1;
		}
		if ((i == 0 && (first < low || first > high)) || (i == end && (last < low || last > high)))
			crm_reader_fail(in, "Its lowest or highest value is not in its first or last bucket.");
		else if (!is_possible(bucket, low, high, i == 0 ? &first : NULL, i == end ? &last : NULL))
			crm_reader_fail(in, "A total does not fit its bucket.");
	}
}

/* Read the stored form, trusting nothing. */
static void
read_distribution(CrmReader *in, uint16 flags, Distribution *read)
{
	int64 count = 0;
	int64 nbuckets[2] = {0, 0};
	int highest_bucket;
	Bounds *bounds; /* of each bucket */

	memset(read, 0, sizeof(Distribution));
	read->per_octave =
	    (int) crm_get_varint_max(in, MAX_BUCKETS_AN_OCTAVE, "It has too many buckets an octave.");
	read->lowest = crm_get_double(in);
	read->highest = crm_get_double(in);
	read->nbuckets = (int) crm_get_varint_max(in, 2 * MAX_BUCKETS + 1, "It has too many buckets.");
	if (in->why != NULL)
		return;
	if (read->per_octave == 0 || read->nbuckets == 0)
		crm_reader_fail(in, "It has no buckets.");
	else if (!is_value(read->lowest) || !is_value(read->highest) || read->lowest > read->highest)
		crm_reader_fail(in, "Its lowest and highest value are not the ends of a range.");
	else if (crm_reader_left(in) < (Size) read->nbuckets * 2)
		crm_reader_fail(in, "It ends too early.");
	if (in->why != NULL)
		return;
	highest_bucket = crm_bucket_of(MAX_UNITS, read->per_octave);
	read->buckets = palloc0(sizeof(CrmCell) * read->nbuckets);
	bounds = palloc(sizeof(Bounds) * read->nbuckets);
	for (int i = 0; i < read->nbuckets; i++)
	{
		CrmCell *bucket = &read->buckets[i];
		int64 key = i == 0 ? crm_get_zigzag(in)
		                   : read->buckets[i - 1].key + 1 +
		                         (int64) crm_get_varint_max(in, 4 * (uint64) highest_bucket,
		                                                    "A bucket is out of range.");
		uint64 in_bucket;
		int128 above = 0;

		CHECK_FOR_INTERRUPTS();
		if (key < -highest_bucket || key > highest_bucket)
			crm_reader_fail(in, "A bucket is out of range.");
		in_bucket = crm_get_varint_max(in, PG_INT64_MAX - count, "A count is out of range.");
		if (in_bucket == 0)
			crm_reader_fail(in, "A bucket is empty.");
		if (in->why != NULL)
			return;
		bucket->key = (int32) key;
		bucket->taken = 1;
		bucket->count = (int64) in_bucket;
		count += bucket->count;
		if (key != 0)
			nbuckets[side_of(bucket->key)]++;
		/* the innermost bucket: the last of the negative side, the first of the positive one */
		if (key < 0 && (flags & FLAG_NEGATIVE_MERGED))
			read->floor[NEGATIVE] = bucket->key;
		if (key > 0 && (flags & FLAG_POSITIVE_MERGED) && read->floor[POSITIVE] == 0)
			read->floor[POSITIVE] = bucket->key;
		crm_bucket_bounds(bucket->key, read->per_octave, &bounds[i].low, &bounds[i].high);
		if (bounds[i].low > bounds[i].high)
			crm_reader_fail(in, "A bucket cannot hold a value.");
		else if (key != 0)
			above = crm_get_int128(in);
		if (above > (int128) bucket->count * MAX_UNITS ||
		    above < -(int128) bucket->count * MAX_UNITS)
			crm_reader_fail(in, "A total does not fit its bucket.");
		crm_money_store(&bucket->total, (int128) bucket->count * bounds[i].low + above);
		if (in->why != NULL)
			return;
	}
	if ((read->floor[NEGATIVE] != 0) != ((flags & FLAG_NEGATIVE_MERGED) != 0) ||
	    (read->floor[POSITIVE] != 0) != ((flags & FLAG_POSITIVE_MERGED) != 0) ||
	    nbuckets[NEGATIVE] > MAX_BUCKETS || nbuckets[POSITIVE] > MAX_BUCKETS ||
	    (read->floor[NEGATIVE] != 0 && nbuckets[NEGATIVE] != MAX_BUCKETS) ||
	    (read->floor[POSITIVE] != 0 && nbuckets[POSITIVE] != MAX_BUCKETS))
		crm_reader_fail(in, "The number of its buckets is not what its flags say.");
	read->count = count;
	check_totals(in, read, bounds);
	pfree(bounds);
	if (count == 1 && read->lowest != read->highest)
		crm_reader_fail(in, "One value cannot be the lowest and the highest if they differ.");
}

/* A summary as accessors want it. */
const Distribution *
crm_distribution_read(Datum summary)
{
	CrmClosed closed = crm_summary_closed(&distribution_kind, summary);
	Distribution *read = palloc(sizeof(Distribution));

	read_distribution(&closed.reader, closed.flags, read);
	crm_summary_corrupted(&distribution_kind, &closed.reader);
	return read;
}

static void
refuse_other_accuracy(const DistributionState *into, int per_octave)
{
	if (into->per_octave != per_octave)
		crm_bucket_refuse_accuracy("distributions of different accuracy cannot be merged",
		                           into->per_octave, per_octave);
}

/* Add what was read to a state that has buckets. */
static DistributionState *
add_distribution(DistributionState *into, const Distribution *from)
{
	bool floors_moved = false;

	into->lowest = Min(into->lowest, from->lowest);
	into->highest = Max(into->highest, from->highest);
	crm_cell_count(&into->count, from->count);
	/* What "from" has merged, nearer to zero, is merged in "into" too. */
	for (int side = 0; side < 2; side++)
		if (abs(from->floor[side]) > abs(into->floor[side]))
		{
			into->floor[side] = from->floor[side];
			floors_moved = true;
		}
	if (floors_moved)
	{
		uint32 nsorted = into->state.used;
		CrmCell *sorted = crm_cells_sorted(&distribution_kind, &into->state);

		crm_cells_replace(&distribution_kind, &into->state, NULL, 0);
		memset(into->nbuckets, 0, sizeof(into->nbuckets));
		into = add_buckets(into, sorted, nsorted);
		pfree(sorted);
	}
	return add_buckets(into, from->buckets, from->nbuckets);
}

static CrmState *
merge_distribution(CrmState *into_base, const CrmState *from_base)
{
	DistributionState *into = (DistributionState *) into_base;
	const DistributionState *from = (const DistributionState *) from_base;
	Distribution read = {.lowest = from->lowest, .highest = from->highest, .count = from->count};

	refuse_other_accuracy(into, from->per_octave);
	if (is_list(from))
	{
		into->lowest = Min(into->lowest, from->lowest);
		into->highest = Max(into->highest, from->highest);
		for (int64 i = 0; i < from->count; i++)
			into = add_units(into, values_of(from)[i]);
		return &into->state;
	}
	memcpy(read.floor, from->floor, sizeof(read.floor));
	read.nbuckets = (int) from_base->used;
	read.buckets = crm_cells_sorted(&distribution_kind, from_base);
	into = add_distribution((DistributionState *) tabulate(into), &read);
	pfree(read.buckets);
	return &into->state;
}

static CrmState *
merge_closed_distribution(CrmState *into_base, CrmReader *in, uint16 flags)
{
	DistributionState *into = (DistributionState *) into_base;
	Distribution read;

	read_distribution(in, flags, &read);
	if (in->why != NULL)
		return NULL;
	refuse_other_accuracy(into, read.per_octave);
	into = add_distribution((DistributionState *) tabulate(into), &read);
	pfree(read.buckets);
	return &into->state;
}

static CrmState *
open_distribution(CrmReader *in, uint16 flags)
{
	Distribution read;
	DistributionState *state;

	read_distribution(in, flags, &read);
	if (in->why != NULL)
		return NULL;
	state = add_distribution(
	    without_values(crm_cells_new(&distribution_kind, read.nbuckets), read.per_octave), &read);
	pfree(read.buckets);
	return &state->state;
}

static void
check_distribution(const CrmState *base)
{
#ifdef USE_ASSERT_CHECKING
	const DistributionState *state = (const DistributionState *) base;
	const CrmCell *cells = crm_cells(&distribution_kind, base);
	uint32 nslots = crm_state_room(&distribution_kind, base);
	uint32 nbuckets[2] = {0, 0};
	int64 count = 0;

	if (is_list(state))
	{
		Assert(state->count > 0 && state->count <= list_room(state));
		Assert(state->nbuckets[NEGATIVE] == 0 && state->nbuckets[POSITIVE] == 0);
		Assert(state->floor[NEGATIVE] == 0 && state->floor[POSITIVE] == 0);
		for (int64 i = 0; i < state->count; i++)
			Assert(values_of(state)[i] >= crm_distribution_units(state->lowest) &&
			       values_of(state)[i] <= crm_distribution_units(state->highest));
		return;
	}
	crm_cells_check(&distribution_kind, base);
	Assert(state->per_octave >= 1 && state->per_octave <= MAX_BUCKETS_AN_OCTAVE);
	Assert(is_value(state->lowest) && is_value(state->highest) && state->lowest <= state->highest);
	for (uint32 slot = 0; slot < nslots; slot++)
	{
		if (!cells[slot].taken)
			continue;
		Assert(cells[slot].count > 0);
		count += cells[slot].count;
		if (cells[slot].key != 0)
		{
			nbuckets[side_of(cells[slot].key)]++;
			Assert(abs(cells[slot].key) >= abs(state->floor[side_of(cells[slot].key)]));
		}
	}
	Assert(count == state->count);
	Assert(nbuckets[NEGATIVE] == state->nbuckets[NEGATIVE] &&
	       nbuckets[NEGATIVE] <= MAX_OPEN_BUCKETS);
	Assert(nbuckets[POSITIVE] == state->nbuckets[POSITIVE] &&
	       nbuckets[POSITIVE] <= MAX_OPEN_BUCKETS);
#endif
}

/* ------------------------------------------------------------------------------------------------------------------
 * SQL
 * ------------------------------------------------------------------------------------------------------------------
 */

CRM_SUMMARY_FUNCTIONS(distribution, &distribution_kind);

static DistributionState *
add_value(DistributionState *state, double value)
{
	if (unlikely(!(fabs(value) <= MAX_VALUE)))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("value of a distribution must be a number between -9e14 and 9e14"),
		                errhint("Leave out what is NaN or infinite with FILTER (WHERE ...).")));
	value += 0.0; /* -0 becomes 0 */
	state->lowest = Min(state->lowest, value);
	state->highest = Max(state->highest, value);
	return add_units(state, crm_distribution_units(value));
}

/*
 * transition of distribution(value float8) and distribution(value float8, accuracy float8)
 *
 * A NULL value is skipped, a NULL accuracy is 0.01.  Errors: 22003 for NaN, infinities and
 * |value| > 9e14; 22023 for an accuracy outside 0.0005 to 0.5, or another one than that of the
 * rows before.
 */
PG_FUNCTION_INFO_V1(crm_distribution_add);
Datum
crm_distribution_add(PG_FUNCTION_ARGS)
{
	DistributionState *state;
	int per_octave = DEFAULT_BUCKETS_AN_OCTAVE;

	if (PG_ARGISNULL(1))
		return crm_summary_skip(fcinfo, &distribution_kind);
	if (PG_NARGS() > 2 && !PG_ARGISNULL(2))
		per_octave = crm_buckets_an_octave(PG_GETARG_FLOAT8(2));
	state = (DistributionState *) crm_summary_state(fcinfo, &distribution_kind);
	if (state == NULL)
		state = new_state(per_octave, INITIAL_SIZE);
	else if (unlikely(state->per_octave != per_octave))
		crm_bucket_refuse_accuracy("rows of one distribution have different accuracies",
		                           state->per_octave, per_octave);
	state = add_value(state, PG_GETARG_FLOAT8(1));
	return crm_summary_return(fcinfo, &distribution_kind, &state->state);
}
