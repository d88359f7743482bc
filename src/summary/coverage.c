/*
 * coverage.c
 *		coverage_summary: what service clients are owed, what they got, and how evenly.
 *
 * A row is a client, or a client's service in a period.  Totals and the sum of squares are exact: an amount is below 2^63 units, its
 * square below 2^126, and the sum of as many as can be counted below 2^189, so that nothing but the number of rows
 * can run over.  The gap needs no total of its own: max(0, owed - delivered) is owed - min(owed, delivered).
 *
 * Closed: the number of rows, of those with something owed, fully covered, untouched, and served without being owed
 * anything; owed, delivered, covered; the sum of the squares of what was delivered, its highest 64 bits first.
 */
#include "postgres.h"

#include <math.h>

#include "summary/summary.h"
#include "value/wide.h"

typedef struct CoverageState
{
	CrmState state;
	uint32 unused;
	int64 clients;
	int64 owed_clients;  /* with something owed; of these: */
	int64 fully_covered; /* got as much or more */
	int64 untouched;     /* got nothing */
	int64 unowed;        /* got something, with nothing owed */
	CrmMoney owed;
	CrmMoney delivered;
	CrmMoney covered; /* the lower one of both, row by row */
	CrmWide squares;  /* of delivered, in units of 1/10000 squared */
} CoverageState;

#define SQUARES_WORDS 3 /* of the four that are stored */

static CrmState *open_coverage(CrmReader *in, uint16 flags);
static uint16 close_coverage(const CrmState *state, CrmWriter *out);
static CrmState *merge_coverage(CrmState *into, const CrmState *from);
static CrmState *merge_closed_coverage(CrmState *into, CrmReader *in, uint16 flags);
static void check_coverage(const CrmState *state);

/* A state has no items, but the size of one is divided by. */
static const CrmSummaryKind coverage_kind = {
    .type_name = "coverage_summary",
    .kind = CRM_COVERAGE_SUMMARY,
    .flags = 0,
    .fixed = sizeof(CoverageState),
    .item = sizeof(int64),
    .max_items = 0,
    .of_what = "items",
    .open = open_coverage,
    .close = close_coverage,
    .merge = merge_coverage,
    .merge_closed = merge_closed_coverage,
    .check = check_coverage,
};

/* ------------------------------------------------------------------------------------------------------------------
 * The summary
 * ------------------------------------------------------------------------------------------------------------------ */

static inline int64
served_clients(const CoverageState *state)
{
	return state->owed_clients - state->untouched + state->unowed;
}

/* Could so many amounts, each above 0 and in 64 bits, add up to this? */
static bool
is_total(int128 total, int64 count)
{
	return total >= count && total <= (int128) count * PG_INT64_MAX;
}

/* What no rows can have given, for errdetail; NULL if there is nothing of the kind. */
static const char *
contradiction(const CoverageState *state)
{
	int128 owed = crm_money_load(&state->owed), delivered = crm_money_load(&state->delivered);
	int128 covered = crm_money_load(&state->covered);
	int64 short_of, served;
	CrmWide square, most;

	if (state->clients <= 0)
		return "It has no clients.";
	if (state->owed_clients > state->clients || state->fully_covered > state->owed_clients ||
	    state->untouched > state->owed_clients - state->fully_covered ||
	    state->unowed > state->clients - state->owed_clients)
		return "Some of its clients are more than all.";
	short_of = state->owed_clients - state->fully_covered;
	served = served_clients(state);
	if (!is_total(owed, state->owed_clients) || !is_total(delivered, served))
		return "A total does not fit the number of clients.";
	if (!is_total(covered, state->owed_clients - state->untouched) || covered > owed - short_of ||
	    (short_of == 0 && covered != owed) || covered > delivered - state->unowed ||
	    (state->fully_covered == 0 && state->unowed == 0 && covered != delivered))
		return "What is covered does not fit what is owed and delivered.";

	/* as of any amounts: the sum of squares is least where they are equal, most where they are one or as large as may be */
	square = crm_wide_product(delivered, delivered);
	most = crm_wide_product(delivered, PG_INT64_MAX);
	if (crm_wide_compare(&state->squares, &square) > 0 ||
	    crm_wide_compare(&state->squares, &most) > 0)
		return "The sum of squares is too large.";
	most = crm_wide_times(&state->squares, served);
	if (crm_wide_compare(&most, &square) < 0)
		return "The sum of squares is too small.";
	return NULL;
}

static uint16
close_coverage(const CrmState *closed, CrmWriter *out)
{
	const CoverageState *state = (const CoverageState *) closed;

	crm_put_varint(out, state->clients);
	crm_put_varint(out, state->owed_clients);
	crm_put_varint(out, state->fully_covered);
	crm_put_varint(out, state->untouched);
	crm_put_varint(out, state->unowed);
	crm_put_int128(out, crm_money_load(&state->owed));
	crm_put_int128(out, crm_money_load(&state->delivered));
	crm_put_int128(out, crm_money_load(&state->covered));
	for (int i = SQUARES_WORDS - 1; i >= 0; i--)
		crm_put_varint(out, state->squares.word[i]);
	return 0;
}

/* Read the stored form into a zeroed state, trusting nothing. */
static void
read_coverage(CrmReader *in, CoverageState *state)
{
	static const char *const too_many = "A number of clients is out of range.";
	const char *why;

	state->clients = (int64) crm_get_varint_max(in, PG_INT64_MAX, too_many);
	state->owed_clients = (int64) crm_get_varint_max(in, PG_INT64_MAX, too_many);
	state->fully_covered = (int64) crm_get_varint_max(in, PG_INT64_MAX, too_many);
	state->untouched = (int64) crm_get_varint_max(in, PG_INT64_MAX, too_many);
	state->unowed = (int64) crm_get_varint_max(in, PG_INT64_MAX, too_many);
	crm_money_store(&state->owed, crm_get_int128(in));
	crm_money_store(&state->delivered, crm_get_int128(in));
	crm_money_store(&state->covered, crm_get_int128(in));
	for (int i = SQUARES_WORDS - 1; i >= 0; i--)
		state->squares.word[i] = crm_get_varint(in);
	if (in->why == NULL && (why = contradiction(state)) != NULL)
		crm_reader_fail(in, why);
}

static CrmState *
open_coverage(CrmReader *in, uint16 flags)
{
	CrmState *state = crm_state_new(&coverage_kind, 0);

	read_coverage(in, (CoverageState *) state);
	return state;
}

static CrmState *
merge_coverage(CrmState *into_state, const CrmState *from_state)
{
	CoverageState *into = (CoverageState *) into_state;
	const CoverageState *from = (const CoverageState *) from_state;

	into->clients = crm_add_clients(into->clients, from->clients);
	into->owed_clients += from->owed_clients;
	into->fully_covered += from->fully_covered;
	into->untouched += from->untouched;
	into->unowed += from->unowed;
	crm_money_accumulate(&into->owed, crm_money_load(&from->owed));
	crm_money_accumulate(&into->delivered, crm_money_load(&from->delivered));
	crm_money_accumulate(&into->covered, crm_money_load(&from->covered));
	into->squares = crm_wide_sum(&into->squares, &from->squares);
	return into_state;
}

static CrmState *
merge_closed_coverage(CrmState *into, CrmReader *in, uint16 flags)
{
	CoverageState from = {0};

	read_coverage(in, &from);
	return in->why == NULL ? merge_coverage(into, &from.state) : NULL;
}

static void
check_coverage(const CrmState *state)
{
	Assert(contradiction((const CoverageState *) state) == NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * SQL
 * ------------------------------------------------------------------------------------------------------------------ */

CRM_SUMMARY_FUNCTIONS(coverage, &coverage_kind);

static int64
amount_of_service(Datum amount, const char *name)
{
	int64 units = crm_money_narrow(crm_money_from_numeric(amount));

	if (units < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("%s must not be negative, but is %s", name, crm_numeric_text(amount)),
		         errhint("Leave out what was cancelled, or net it before it is "
		                 "summarized.")));
	return units;
}

/*
 * transition of coverage(owed numeric, delivered numeric), amounts of service in any one unit
 *
 * A row with a NULL is skipped.  Errors: 22023 for a negative amount; 22003 for NaN, infinities, more than four decimals
 * and amounts of 922,337,203,685,477.5808 or more.
 */
PG_FUNCTION_INFO_V1(crm_coverage_add);
Datum
crm_coverage_add(PG_FUNCTION_ARGS)
{
	CoverageState *state;
	int64 owed, delivered;
	CrmWide square;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return crm_summary_skip(fcinfo, &coverage_kind);
	owed = amount_of_service(PG_GETARG_DATUM(1), "owed");
	delivered = amount_of_service(PG_GETARG_DATUM(2), "delivered");
	state = (CoverageState *) crm_summary_state(fcinfo, &coverage_kind);
	if (state == NULL)
		state = (CoverageState *) crm_state_new(&coverage_kind, 0);
	state->clients = crm_add_clients(state->clients, 1);
	if (owed > 0)
	{
		state->owed_clients++;
		state->fully_covered += delivered >= owed;
		state->untouched += delivered == 0;
	}
	else
		state->unowed += delivered > 0;
	crm_money_accumulate(&state->owed, owed);
	crm_money_accumulate(&state->delivered, delivered);
	crm_money_accumulate(&state->covered, Min(owed, delivered));
	square = crm_wide_product(delivered, delivered);
	state->squares = crm_wide_sum(&state->squares, &square);
	return crm_summary_return(fcinfo, &coverage_kind, &state->state);
}

static const CoverageState *
coverage_of(FunctionCallInfo fcinfo)
{
	return (const CoverageState *) crm_summary_read(&coverage_kind, PG_GETARG_DATUM(0));
}

static Datum
ratio(double part, double whole)
{
	return Float8GetDatum(part / whole);
}

/* clients(coverage_summary) -> int8: the number of rows */
PG_FUNCTION_INFO_V1(crm_coverage_clients);
Datum
crm_coverage_clients(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(coverage_of(fcinfo)->clients);
}

/* owed_clients(coverage_summary) -> int8: those with something owed */
PG_FUNCTION_INFO_V1(crm_coverage_owed_clients);
Datum
crm_coverage_owed_clients(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(coverage_of(fcinfo)->owed_clients);
}

/* fully_covered(coverage_summary) -> int8: those with something owed who got as much or more */
PG_FUNCTION_INFO_V1(crm_coverage_fully_covered);
Datum
crm_coverage_fully_covered(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(coverage_of(fcinfo)->fully_covered);
}

/* untouched(coverage_summary) -> int8: those with something owed who got nothing */
PG_FUNCTION_INFO_V1(crm_coverage_untouched);
Datum
crm_coverage_untouched(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(coverage_of(fcinfo)->untouched);
}

/* served_unowed(coverage_summary) -> int8: those who got something though nothing was owed */
PG_FUNCTION_INFO_V1(crm_coverage_served_unowed);
Datum
crm_coverage_served_unowed(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(coverage_of(fcinfo)->unowed);
}

/* owed(coverage_summary) -> numeric, exact */
PG_FUNCTION_INFO_V1(crm_coverage_owed);
Datum
crm_coverage_owed(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(crm_money_numeric(crm_money_load(&coverage_of(fcinfo)->owed)));
}

/* delivered(coverage_summary) -> numeric, exact */
PG_FUNCTION_INFO_V1(crm_coverage_delivered);
Datum
crm_coverage_delivered(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(crm_money_numeric(crm_money_load(&coverage_of(fcinfo)->delivered)));
}

/* covered(coverage_summary) -> numeric, exact: the sum of min(owed, delivered) */
PG_FUNCTION_INFO_V1(crm_coverage_covered);
Datum
crm_coverage_covered(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(crm_money_numeric(crm_money_load(&coverage_of(fcinfo)->covered)));
}

/* service_gap(coverage_summary) -> numeric, exact: the sum of max(0, owed - delivered) */
PG_FUNCTION_INFO_V1(crm_coverage_service_gap);
Datum
crm_coverage_service_gap(PG_FUNCTION_ARGS)
{
	const CoverageState *state = coverage_of(fcinfo);

	PG_RETURN_DATUM(
	    crm_money_numeric(crm_money_load(&state->owed) - crm_money_load(&state->covered)));
}

/* coverage_rate(coverage_summary) -> float8: covered / owed; NULL where nothing is owed */
PG_FUNCTION_INFO_V1(crm_coverage_rate);
Datum
crm_coverage_rate(PG_FUNCTION_ARGS)
{
	const CoverageState *state = coverage_of(fcinfo);

	if (state->owed_clients == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ratio(crm_money_load(&state->covered), crm_money_load(&state->owed)));
}

/* fully_covered_share(coverage_summary) -> float8: of those with something owed; NULL if there are none */
PG_FUNCTION_INFO_V1(crm_coverage_fully_covered_share);
Datum
crm_coverage_fully_covered_share(PG_FUNCTION_ARGS)
{
	const CoverageState *state = coverage_of(fcinfo);

	if (state->owed_clients == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ratio(state->fully_covered, state->owed_clients));
}

/* untouched_share(coverage_summary) -> float8: of those with something owed; NULL if there are none */
PG_FUNCTION_INFO_V1(crm_coverage_untouched_share);
Datum
crm_coverage_untouched_share(PG_FUNCTION_ARGS)
{
	const CoverageState *state = coverage_of(fcinfo);

	if (state->owed_clients == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ratio(state->untouched, state->owed_clients));
}

/*
 * jain_index(coverage_summary) -> float8
 *
 * Jain, Chiu and Hawe (1984): (sum x)^2 / (n sum x^2) of what was delivered, from 1/n, one client gets all, to 1, all get the
 * same.  NULL where nothing was delivered.
 */
PG_FUNCTION_INFO_V1(crm_coverage_jain_index);
Datum
crm_coverage_jain_index(PG_FUNCTION_ARGS)
{
	const CoverageState *state = coverage_of(fcinfo);
	int128 delivered = crm_money_load(&state->delivered);
	CrmWide square = crm_wide_product(delivered, delivered);
	CrmWide most = crm_wide_times(&state->squares, state->clients);

	if (delivered == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ratio(crm_wide_double(&square), crm_wide_double(&most)));
}

/*
 * coefficient_of_variation(coverage_summary) -> float8
 *
 * The standard deviation of what was delivered, of all clients rather than of a sample, divided by its mean: sqrt(n sum x^2 - (sum
 * x)^2) / sum x, of which the difference is exact.  NULL where nothing was delivered.
 */
PG_FUNCTION_INFO_V1(crm_coverage_coefficient_of_variation);
Datum
crm_coverage_coefficient_of_variation(PG_FUNCTION_ARGS)
{
	const CoverageState *state = coverage_of(fcinfo);
	int128 delivered = crm_money_load(&state->delivered);
	CrmWide square = crm_wide_product(delivered, delivered);
	CrmWide most = crm_wide_times(&state->squares, state->clients);
	CrmWide difference = crm_wide_difference(&most, &square);

	if (delivered == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ratio(sqrt(crm_wide_double(&difference)), (double) delivered));
}
