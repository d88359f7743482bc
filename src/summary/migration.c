/*
 * migration.c
 *		migration_summary: how many moved from which rank to which, and what they weigh.
 *
 * Each pair of ranks has its number of moves and the exact sum of their weights.  A move from a
 * rank to itself is staying there.
 *
 * Two estimates come from it.  Cohort: of those at a rank, the share that is at another at the
 * end of the period.  Duration: a weight is the time for which the first rank was held, so that
 * moves divided by weight are rates, whose matrix exponential gives the probabilities after any
 * time (transition_matrix.c).
 *
 * Closed: the number of pairs; for each its number (as the distance from the one before), moves,
 * weight.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"

#include "summary/cells.h"
#include "summary/record.h"
#include "summary/transition_matrix.h"

#define MAX_RANK 1000
#define NRANKS (MAX_RANK + 1)
#define MAX_PAIRS 524288
/* The exponential takes the third power of it. */
#define MAX_FORECAST_RANKS 300

typedef struct MigrationState
{
	CrmState state;
	uint32 unused;
	int64 moves;
} MigrationState;

/* A summary as accessors want it: pairs in the order of the first rank, then of the second. */
typedef struct Migration
{
	int npairs;
	CrmCell *pairs;
	int64 moves;
} Migration;

static CrmState *open_migration(CrmReader *in, uint16 flags);
static uint16 close_migration(const CrmState *state, CrmWriter *out);
static CrmState *merge_migration(CrmState *into, const CrmState *from);
static CrmState *merge_closed_migration(CrmState *into, CrmReader *in, uint16 flags);
static void check_migration(const CrmState *state);

static const CrmSummaryKind migration_kind = {
    .type_name = "migration_summary",
    .kind = CRM_MIGRATION_SUMMARY,
    .flags = 0,
    .fixed = sizeof(MigrationState),
    .item = sizeof(CrmCell),
    .max_items = 2 * MAX_PAIRS,
    .of_what = "distinct pairs of ranks",
    .open = open_migration,
    .close = close_migration,
    .merge = merge_migration,
    .merge_closed = merge_closed_migration,
    .check = check_migration,
};

static inline int
from_rank(const CrmCell *pair)
{
	return pair->key / NRANKS;
}

static inline int
to_rank(const CrmCell *pair)
{
	return pair->key % NRANKS;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Stored form
 * ------------------------------------------------------------------------------------------------------------------
 */

static uint16
close_migration(const CrmState *state, CrmWriter *out)
{
	CrmCell *pairs = crm_cells_sorted(&migration_kind, state);

	crm_put_varint(out, state->used);
	for (uint32 i = 0; i < state->used; i++)
	{
		crm_put_varint(out, i == 0 ? pairs[i].key : pairs[i].key - pairs[i - 1].key - 1);
		crm_put_varint(out, pairs[i].count);
		crm_put_int128(out, crm_money_load(&pairs[i].total));
	}
	pfree(pairs);
	return 0;
}

/* Read the stored form, trusting nothing. */
static void
read_migration(CrmReader *in, Migration *read)
{
	int64 key = -1;

	memset(read, 0, sizeof(Migration));
	read->npairs = (int) crm_get_varint_max(in, MAX_PAIRS, "It has too many pairs of ranks.");
	if (in->why == NULL && read->npairs == 0)
		crm_reader_fail(in, "It has no moves.");
	if (crm_reader_left(in) < (Size) read->npairs * 3)
		crm_reader_fail(in, "It ends too early.");
	if (in->why != NULL)
		return;
	read->pairs = palloc0(sizeof(CrmCell) * read->npairs);
	for (int i = 0; i < read->npairs; i++)
	{
		CrmCell *pair = &read->pairs[i];
		int128 weight;

		CHECK_FOR_INTERRUPTS();
		key += 1 + (int64) crm_get_varint_max(in, NRANKS * NRANKS - 1, "A rank is out of range.");
		if (key >= NRANKS * NRANKS)
			crm_reader_fail(in, "A rank is out of range.");
		pair->key = (int32) key;
		pair->taken = 1;
		pair->count =
		    crm_get_varint_max(in, PG_INT64_MAX - read->moves, "A count is out of range.");
		read->moves += pair->count;
		weight = crm_get_int128(in);
		if (in->why == NULL && pair->count == 0)
			crm_reader_fail(in, "Nobody moves between two ranks.");
		if (weight < 0)
			crm_reader_fail(in, "A weight is negative.");
		crm_money_store(&pair->total, weight);
		if (in->why != NULL)
			return;
	}
}

static void
add_weight(CrmCell *pair, int128 weight)
{
	crm_money_store(&pair->total, crm_money_add(crm_money_load(&pair->total), weight));
}

/* Add pairs in their order. */
static CrmState *
add_pairs(CrmState *into, const CrmCell *pairs, uint32 npairs, int64 moves)
{
	crm_cell_count(&((MigrationState *) into)->moves, moves);
	for (uint32 i = 0; i < npairs; i++)
	{
		CrmCell *pair = crm_cell_at(&migration_kind, &into, pairs[i].key);

		CHECK_FOR_INTERRUPTS();
		pair->count += pairs[i].count;
		add_weight(pair, crm_money_load(&pairs[i].total));
	}
	return into;
}

static CrmState *
merge_migration(CrmState *into, const CrmState *from)
{
	CrmCell *pairs = crm_cells_sorted(&migration_kind, from);

	into = add_pairs(into, pairs, from->used, ((const MigrationState *) from)->moves);
	pfree(pairs);
	return into;
}

static CrmState *
merge_closed_migration(CrmState *into, CrmReader *in, uint16 flags)
{
	Migration read;

	read_migration(in, &read);
	if (in->why != NULL)
		return NULL;
	into = add_pairs(into, read.pairs, read.npairs, read.moves);
	pfree(read.pairs);
	return into;
}

static CrmState *
open_migration(CrmReader *in, uint16 flags)
{
	Migration read;
	CrmState *state;

	read_migration(in, &read);
	if (in->why != NULL)
		return NULL;
	state =
	    add_pairs(crm_cells_new(&migration_kind, read.npairs), read.pairs, read.npairs, read.moves);
	pfree(read.pairs);
	return state;
}

static void
check_migration(const CrmState *state)
{
#ifdef USE_ASSERT_CHECKING
	const CrmCell *cells = crm_cells(&migration_kind, state);
	uint32 nslots = crm_state_room(&migration_kind, state);
	int64 moves = 0;

	crm_cells_check(&migration_kind, state);
	for (uint32 slot = 0; slot < nslots; slot++)
	{
		if (!cells[slot].taken)
			continue;
		Assert(cells[slot].key >= 0 && cells[slot].key < NRANKS * NRANKS);
		Assert(cells[slot].count > 0 && crm_money_load(&cells[slot].total) >= 0);
		moves += cells[slot].count;
	}
	Assert(moves == ((const MigrationState *) state)->moves);
#endif
}

/* ------------------------------------------------------------------------------------------------------------------
 * Duration form
 * ------------------------------------------------------------------------------------------------------------------
 */

/* The ranks that occur, in order, and the index of each. */
typedef struct Ranks
{
	int n;
	int rank[NRANKS];
	int index[NRANKS]; /* -1 where it does not occur */
} Ranks;

static Ranks *
ranks_of(const Migration *migration)
{
	Ranks *ranks = palloc0(sizeof(Ranks));

	for (int i = 0; i < migration->npairs; i++)
		ranks->index[from_rank(&migration->pairs[i])] =
		    ranks->index[to_rank(&migration->pairs[i])] = 1;
	for (int rank = 0; rank < NRANKS; rank++)
	{
		bool occurs = ranks->index[rank] != 0;

		ranks->index[rank] = occurs ? ranks->n : -1;
		if (occurs)
			ranks->rank[ranks->n++] = rank;
	}
	return ranks;
}

/*
 * The probabilities after a time.  Rates are moves by the time for which the rank was held; a
 * rank from which there is no move is never left.
 */
static SquareMatrix
probabilities_after(const Migration *migration, const Ranks *ranks, double horizon)
{
	SquareMatrix generator = crm_matrix_new(ranks->n);
	double *exposure = palloc0(sizeof(double) * ranks->n);

	if (!(horizon >= 0 && isfinite(horizon)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("horizon must be a number of periods that is not negative")));
	if (ranks->n > MAX_FORECAST_RANKS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("probabilities after a time are computed for at most %d ranks",
		                       MAX_FORECAST_RANKS),
		                errdetail("The summary has %d.", ranks->n)));
	for (int i = 0; i < migration->npairs; i++)
		exposure[ranks->index[from_rank(&migration->pairs[i])]] +=
		    (double) crm_money_load(&migration->pairs[i].total) / CRM_MONEY_SCALE;
	for (int i = 0; i < migration->npairs; i++)
	{
		const CrmCell *pair = &migration->pairs[i];
		int from = ranks->index[from_rank(pair)], to = ranks->index[to_rank(pair)];
		double rate;

		if (from == to)
			continue;
		if (exposure[from] == 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("rank %d was left but held for no time", from_rank(pair)),
			                errhint("The weight of each row must be the time for which its first "
			                        "rank was held.")));
		rate = pair->count / exposure[from];
		MATRIX(&generator, from, to) += rate;
		MATRIX(&generator, from, from) -= rate;
	}
	return crm_matrix_exponential(&generator, horizon);
}

/* ------------------------------------------------------------------------------------------------------------------
 * SQL
 * ------------------------------------------------------------------------------------------------------------------
 */

CRM_SUMMARY_FUNCTIONS(migration, &migration_kind);

static void
check_rank(const char *name, int32 rank)
{
	if (rank < 0 || rank > MAX_RANK)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("%s must be between 0 and %d, but is %d", name, MAX_RANK, rank)));
}

/*
 * transition of migration(from_rank int, to_rank int) and migration(from_rank int, to_rank int,
 * weight numeric)
 *
 * A row with a NULL is skipped: a weight that is not known is neither 0 nor 1. Errors: 22023 for
 * ranks outside 0 to 1000 and negative weights; 22003 for weights with more than four decimals;
 * 54000 for more than 524288 distinct pairs.
 */
PG_FUNCTION_INFO_V1(crm_migration_add);
Datum
crm_migration_add(PG_FUNCTION_ARGS)
{
	CrmState *state;
	CrmCell *pair;
	int128 weight = CRM_MONEY_SCALE;
	int32 from, to;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || (PG_NARGS() > 3 && PG_ARGISNULL(3)))
		return crm_summary_skip(fcinfo, &migration_kind);
	from = PG_GETARG_INT32(1);
	to = PG_GETARG_INT32(2);
	check_rank("from_rank", from);
	check_rank("to_rank", to);
	if (PG_NARGS() > 3)
		weight = crm_money_from_numeric(PG_GETARG_DATUM(3));
	if (weight < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("weight must not be negative"),
		         errhint("Weigh with greatest(weight, 0), or leave the row "
		                 "out with FILTER.")));
	state = crm_summary_state(fcinfo, &migration_kind);
	if (state == NULL)
		state = crm_cells_new(&migration_kind, 0);
	crm_cell_count(&((MigrationState *) state)->moves, 1);
	pair = crm_cell_at(&migration_kind, &state, from * NRANKS + to);
	pair->count++;
	add_weight(pair, weight);
	return crm_summary_return(fcinfo, &migration_kind, state);
}

static Migration
migration_of(Datum summary)
{
	CrmClosed closed = crm_summary_closed(&migration_kind, summary);
	Migration migration;

	read_migration(&closed.reader, &migration);
	crm_summary_corrupted(&migration_kind, &closed.reader);
	return migration;
}

/* moves(migration_summary) -> int8 */
PG_FUNCTION_INFO_V1(crm_migration_moves);
Datum
crm_migration_moves(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(migration_of(PG_GETARG_DATUM(0)).moves);
}

/*
 * migration_table(migration_summary) -> table (from_rank, to_rank, moves, weight, probability,
 * weight_share, rate)
 *
 * probability and weight_share are shares of the first rank's moves and weight; rate is moves by
 * the first rank's weight, NULL for who stays.  weight_share and rate are NULL where the weight
 * is 0.
 */
PG_FUNCTION_INFO_V1(crm_migration_table);
Datum
crm_migration_table(PG_FUNCTION_ARGS)
{
	Migration migration = migration_of(PG_GETARG_DATUM(0));

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0, end; i < migration.npairs; i = end)
	{
		int64 moves = 0;
		double weight = 0;

		CHECK_FOR_INTERRUPTS();
		for (end = i; end < migration.npairs &&
		              from_rank(&migration.pairs[end]) == from_rank(&migration.pairs[i]);
		     end++)
		{
			moves += migration.pairs[end].count;
			weight += (double) crm_money_load(&migration.pairs[end].total) / CRM_MONEY_SCALE;
		}
		for (int at = i; at < end; at++)
		{
			const CrmCell *pair = &migration.pairs[at];
			int128 total = crm_money_load(&pair->total);
			CrmRecord row = {0};

			crm_record_add(&row, Int32GetDatum(from_rank(pair)), false);
			crm_record_add(&row, Int32GetDatum(to_rank(pair)), false);
			crm_record_count(&row, pair->count);
			crm_record_add(&row, crm_money_numeric(total), false);
			crm_record_number(&row, (double) pair->count / moves);
			crm_record_number(&row, weight > 0 ? (double) total / CRM_MONEY_SCALE / weight : NAN);
			crm_record_number(
			    &row, weight > 0 && from_rank(pair) != to_rank(pair) ? pair->count / weight : NAN);
			crm_record_put(fcinfo, &row);
		}
	}
	return (Datum) 0;
}

/*
 * migration_probability(migration_summary, from_rank int, to_rank int) -> float8; NULL if nobody
 * was at the first rank.
 */
PG_FUNCTION_INFO_V1(crm_migration_probability);
Datum
crm_migration_probability(PG_FUNCTION_ARGS)
{
	Migration migration = migration_of(PG_GETARG_DATUM(0));
	int32 from = PG_GETARG_INT32(1), to = PG_GETARG_INT32(2);
	int64 moves = 0, moves_to = 0;

	for (int i = 0; i < migration.npairs; i++)
		if (from_rank(&migration.pairs[i]) == from)
		{
			moves += migration.pairs[i].count;
			if (to_rank(&migration.pairs[i]) == to)
				moves_to = migration.pairs[i].count;
		}
	if (moves == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) moves_to / moves);
}

/*
 * migration_probability(migration_summary, from_rank int, to_rank int, horizon float8) -> float8
 *
 * NULL if the first rank does not occur, 0 if the second does not.  Errors: 22023 for a horizon
 * below 0 or without end, and for a rank that was left but held for no time; 54000 for more than
 * 300 ranks.
 */
PG_FUNCTION_INFO_V1(crm_migration_probability_after);
Datum
crm_migration_probability_after(PG_FUNCTION_ARGS)
{
	Migration migration = migration_of(PG_GETARG_DATUM(0));
	Ranks *ranks = ranks_of(&migration);
	SquareMatrix after = probabilities_after(&migration, ranks, PG_GETARG_FLOAT8(3));
	int32 from = PG_GETARG_INT32(1), to = PG_GETARG_INT32(2);

	if (from < 0 || from > MAX_RANK || ranks->index[from] < 0)
		PG_RETURN_NULL();
	if (to < 0 || to > MAX_RANK || ranks->index[to] < 0)
		PG_RETURN_FLOAT8(0);
	PG_RETURN_FLOAT8(MATRIX(&after, ranks->index[from], ranks->index[to]));
}

/*
 * migration_forecast(migration_summary, horizon float8) -> table (from_rank, to_rank,
 * probability): the same for all pairs.
 */
PG_FUNCTION_INFO_V1(crm_migration_forecast);
Datum
crm_migration_forecast(PG_FUNCTION_ARGS)
{
	Migration migration = migration_of(PG_GETARG_DATUM(0));
	Ranks *ranks = ranks_of(&migration);
	SquareMatrix after = probabilities_after(&migration, ranks, PG_GETARG_FLOAT8(1));

	InitMaterializedSRF(fcinfo, 0);
	for (int from = 0; from < ranks->n; from++)
		for (int to = 0; to < ranks->n; to++)
		{
			CrmRecord row = {0};

			CHECK_FOR_INTERRUPTS();
			crm_record_add(&row, Int32GetDatum(ranks->rank[from]), false);
			crm_record_add(&row, Int32GetDatum(ranks->rank[to]), false);
			crm_record_number(&row, MATRIX(&after, from, to));
			crm_record_put(fcinfo, &row);
		}
	return (Datum) 0;
}

/*
 * The share of the moves, from one rank or from all, whose direction is -1, 0 or 1; NULL if there
 * are none.
 */
static Datum
rate_of_direction(FunctionCallInfo fcinfo, int direction)
{
	Migration migration = migration_of(PG_GETARG_DATUM(0));
	int64 moves = 0, in_direction = 0;

	for (int i = 0; i < migration.npairs; i++)
	{
		const CrmCell *pair = &migration.pairs[i];
		int difference = to_rank(pair) - from_rank(pair);

		if (PG_NARGS() > 1 && from_rank(pair) != PG_GETARG_INT32(1))
			continue;
		moves += pair->count;
		if ((difference > 0) - (difference < 0) == direction)
			in_direction += pair->count;
	}
	if (moves == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) in_direction / moves);
}

/* stay_rate(migration_summary [, from_rank int]) -> float8 */
PG_FUNCTION_INFO_V1(crm_migration_stay_rate);
Datum
crm_migration_stay_rate(PG_FUNCTION_ARGS)
{
	return rate_of_direction(fcinfo, 0);
}

/* upgrade_rate(migration_summary [, from_rank int]) -> float8 */
PG_FUNCTION_INFO_V1(crm_migration_upgrade_rate);
Datum
crm_migration_upgrade_rate(PG_FUNCTION_ARGS)
{
	return rate_of_direction(fcinfo, 1);
}

/* downgrade_rate(migration_summary [, from_rank int]) -> float8 */
PG_FUNCTION_INFO_V1(crm_migration_downgrade_rate);
Datum
crm_migration_downgrade_rate(PG_FUNCTION_ARGS)
{
	return rate_of_direction(fcinfo, -1);
}

/*
 * mobility(migration_summary) -> float8
 *
 * Shorrocks (1978): (k - trace P) / (k - 1), where P has the cohort probabilities of the k ranks
 * that moves come from.  NULL for one rank.
 */
PG_FUNCTION_INFO_V1(crm_migration_mobility);
Datum
crm_migration_mobility(PG_FUNCTION_ARGS)
{
	Migration migration = migration_of(PG_GETARG_DATUM(0));
	double trace = 0;
	int k = 0;

	for (int i = 0, end; i < migration.npairs; i = end, k++)
	{
		int64 moves = 0, stays = 0;

		for (end = i; end < migration.npairs &&
		              from_rank(&migration.pairs[end]) == from_rank(&migration.pairs[i]);
		     end++)
		{
			moves += migration.pairs[end].count;
			if (from_rank(&migration.pairs[end]) == to_rank(&migration.pairs[end]))
				stays = migration.pairs[end].count;
		}
		trace += (double) stays / moves;
	}
	if (k < 2)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((k - trace) / (k - 1));
}
