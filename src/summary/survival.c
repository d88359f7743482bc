/*
 * survival.c
 *		survival_summary: how long subjects were followed, and how many ended.
 *
 * At each duration: how many ended there, how many were lost from sight there (censored), and how
 * many came under observation just after it (left truncation).  Who was seen from the start is
 * not counted as entering.  Nothing else is needed for the curve of Kaplan and Meier
 * (kaplan_meier.c), and all of it adds up.
 *
 * Closed: the number of durations; for each the distance from the one before, ended, censored,
 * entered.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"

#include "summary/cells.h"
#include "summary/kaplan_meier.h"
#include "summary/record.h"

#define MAX_DURATIONS 524288

typedef struct SurvivalState
{
	CrmState state;
	uint32 unused;
	int64 subjects;
} SurvivalState;

static CrmState *open_survival(CrmReader *in, uint16 flags);
static uint16 close_survival(const CrmState *state, CrmWriter *out);
static CrmState *merge_survival(CrmState *into, const CrmState *from);
static CrmState *merge_closed_survival(CrmState *into, CrmReader *in, uint16 flags);
static void check_survival(const CrmState *state);

static const CrmSummaryKind survival_kind = {
    .type_name = "survival_summary",
    .kind = CRM_SURVIVAL_SUMMARY,
    .flags = 0,
    .fixed = sizeof(SurvivalState),
    .item = sizeof(CrmCell),
    .max_items = 2 * MAX_DURATIONS,
    .of_what = "distinct durations",
    .open = open_survival,
    .close = close_survival,
    .merge = merge_survival,
    .merge_closed = merge_closed_survival,
    .check = check_survival,
};

/* ------------------------------------------------------------------------------------------------------------------
 * Stored form
 * ------------------------------------------------------------------------------------------------------------------
 */

static uint16
close_survival(const CrmState *state, CrmWriter *out)
{
	CrmCell *cells = crm_cells_sorted(&survival_kind, state);

	crm_put_varint(out, state->used);
	for (uint32 i = 0; i < state->used; i++)
	{
		crm_put_varint(out, i == 0 ? cells[i].key : cells[i].key - cells[i - 1].key - 1);
		crm_put_varint(out, cells[i].ended);
		crm_put_varint(out, cells[i].censored);
		crm_put_varint(out, cells[i].entered);
	}
	pfree(cells);
	return 0;
}

/*
 * Read the stored form, trusting nothing.  Some subjects fit the counts if and only if at each
 * duration no more leave than are at risk, and nobody is left at the end.
 */
static SurvivalTime *
read_times(CrmReader *in, int *ntimes, int64 *subjects)
{
	int n = (int) crm_get_varint_max(in, MAX_DURATIONS, "It has too many durations.");
	SurvivalTime *times;
	int64 time = -1, entered = 0, at_risk;

	*subjects = 0;
	*ntimes = n;
	if (in->why == NULL && n == 0)
		crm_reader_fail(in, "It has no durations.");
	if (crm_reader_left(in) < (Size) n * 4)
		crm_reader_fail(in, "It ends too early.");
	if (in->why != NULL)
		return NULL;
	times = palloc(sizeof(SurvivalTime) * n);
	for (int i = 0; i < n; i++)
	{
		SurvivalTime *now = &times[i];

		CHECK_FOR_INTERRUPTS();
		time += 1 + (int64) crm_get_varint_max(in, PG_INT32_MAX, "A duration is out of range.");
		if (time > PG_INT32_MAX)
			crm_reader_fail(in, "A duration is out of range.");
		now->time = (int32) time;
		now->ended = crm_get_varint_max(in, PG_INT64_MAX - *subjects, "A count is out of range.");
		*subjects += now->ended;
		now->censored =
		    crm_get_varint_max(in, PG_INT64_MAX - *subjects, "A count is out of range.");
		*subjects += now->censored;
		now->entered = crm_get_varint_max(in, PG_INT64_MAX - entered, "A count is out of range.");
		entered += now->entered;
		if (now->ended == 0 && now->censored == 0 && now->entered == 0)
			crm_reader_fail(in, "Nothing happens at a duration.");
		if (now->entered > 0 && now->time == 0)
			crm_reader_fail(in, "Somebody enters at 0, which is being there from the start.");
		if (in->why != NULL)
			return NULL;
	}
	at_risk = *subjects - entered;
	for (int i = 0; i < n && at_risk >= 0; i++)
	{
		at_risk -= times[i].ended + times[i].censored;
		if (at_risk >= 0)
			at_risk += times[i].entered;
	}
	if (at_risk != 0)
		crm_reader_fail(in, "More leave than are there.");
	return times;
}

/* Add times in their order; no count is above that of the subjects. */
static CrmState *
add_times(CrmState *into, const SurvivalTime *times, uint32 ntimes, int64 subjects)
{
	crm_cell_count(&((SurvivalState *) into)->subjects, subjects);
	for (uint32 i = 0; i < ntimes; i++)
	{
		CrmCell *cell = crm_cell_at(&survival_kind, &into, times[i].time);

		CHECK_FOR_INTERRUPTS();
		cell->ended += times[i].ended;
		cell->censored += times[i].censored;
		cell->entered += times[i].entered;
	}
	return into;
}

static CrmState *
merge_survival(CrmState *into, const CrmState *from)
{
	CrmCell *cells = crm_cells_sorted(&survival_kind, from);
	SurvivalTime *times = palloc(sizeof(SurvivalTime) * from->used);

	for (uint32 i = 0; i < from->used; i++)
	{
		times[i].time = cells[i].key;
		times[i].ended = cells[i].ended;
		times[i].censored = cells[i].censored;
		times[i].entered = cells[i].entered;
	}
	into = add_times(into, times, from->used, ((const SurvivalState *) from)->subjects);
	pfree(times);
	pfree(cells);
	return into;
}

static CrmState *
merge_closed_survival(CrmState *into, CrmReader *in, uint16 flags)
{
	int ntimes;
	int64 subjects;
	SurvivalTime *times = read_times(in, &ntimes, &subjects);

	if (in->why != NULL)
		return NULL;
	into = add_times(into, times, ntimes, subjects);
	pfree(times);
	return into;
}

static CrmState *
open_survival(CrmReader *in, uint16 flags)
{
	int ntimes;
	int64 subjects;
	SurvivalTime *times = read_times(in, &ntimes, &subjects);
	CrmState *state;

	if (in->why != NULL)
		return NULL;
	state = add_times(crm_cells_new(&survival_kind, ntimes), times, ntimes, subjects);
	pfree(times);
	return state;
}

static void
check_survival(const CrmState *state)
{
#ifdef USE_ASSERT_CHECKING
	const CrmCell *cells = crm_cells(&survival_kind, state);
	uint32 nslots = crm_state_room(&survival_kind, state);
	int64 left = 0, entered = 0;

	crm_cells_check(&survival_kind, state);
	for (uint32 slot = 0; slot < nslots; slot++)
	{
		if (!cells[slot].taken)
			continue;
		Assert(cells[slot].key >= 0);
		Assert(cells[slot].ended >= 0 && cells[slot].censored >= 0 && cells[slot].entered >= 0);
		Assert(cells[slot].ended + cells[slot].censored + cells[slot].entered > 0);
		Assert(cells[slot].key > 0 || cells[slot].entered == 0);
		left += cells[slot].ended + cells[slot].censored;
		entered += cells[slot].entered;
	}
	Assert(left == ((const SurvivalState *) state)->subjects);
	Assert(entered <= left);
#endif
}

/* ------------------------------------------------------------------------------------------------------------------
 * SQL
 * ------------------------------------------------------------------------------------------------------------------
 */

CRM_SUMMARY_FUNCTIONS(survival, &survival_kind);

static void
refuse_duration(const char *what, int32 number, const char *hint)
{
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg(what, number), errhint("%s", hint)));
}

/*
 * transition of survival(duration int, ended bool) and survival(duration int, ended bool, entry
 * int)
 *
 * A row without duration or ended is skipped; entry NULL or 0 is being there from the start.
 * Errors: 22023 for negative numbers and for an entry that is not before the duration; 54000 for
 * more than 524288 distinct durations.
 */
PG_FUNCTION_INFO_V1(crm_survival_add);
Datum
crm_survival_add(PG_FUNCTION_ARGS)
{
	CrmState *state;
	CrmCell *cell;
	int32 duration, entry = 0;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return crm_summary_skip(fcinfo, &survival_kind);
	duration = PG_GETARG_INT32(1);
	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
		entry = PG_GETARG_INT32(3);
	if (duration < 0)
		refuse_duration("duration must not be negative, but is %d", duration,
		                "It is the time from the start to the end, or to the last day seen.");
	if (entry < 0)
		refuse_duration("entry must not be negative, but is %d", entry,
		                "It is the time from the start to the first day seen; 0 "
		                "for who was seen "
		                "from the start.");
	if (entry > 0 && entry >= duration)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("entry must be before the end, but is %d, and the duration %d",
		                       entry, duration),
		                errhint("Leave out who ended before being seen with FILTER (WHERE "
		                        "entry < duration).")));
	state = crm_summary_state(fcinfo, &survival_kind);
	if (state == NULL)
		state = crm_cells_new(&survival_kind, 0);
	crm_cell_count(&((SurvivalState *) state)->subjects, 1);
	cell = crm_cell_at(&survival_kind, &state, duration);
	if (PG_GETARG_BOOL(2))
		cell->ended++;
	else
		cell->censored++;
	if (entry > 0)
		crm_cell_at(&survival_kind, &state, entry)->entered++;
	return crm_summary_return(fcinfo, &survival_kind, state);
}

static SurvivalTime *
times_of(Datum summary, int *ntimes)
{
	CrmClosed closed = crm_summary_closed(&survival_kind, summary);
	int64 subjects;
	SurvivalTime *times = read_times(&closed.reader, ntimes, &subjects);

	crm_summary_corrupted(&survival_kind, &closed.reader);
	return times;
}

static SurvivalCurve
curve_of(Datum summary, SurvivalScale scale)
{
	int ntimes;
	SurvivalTime *times = times_of(summary, &ntimes);

	return crm_kaplan_meier(times, ntimes, scale);
}

static SurvivalScale
scale_of(text *name)
{
	char *scale = text_to_cstring(name);

	if (strcmp(scale, "log-log") == 0)
		return SCALE_LOG_LOG;
	if (strcmp(scale, "log") == 0)
		return SCALE_LOG;
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there are no bounds \"%s\"", scale),
	         errhint("Bounds are \"log-log\" or \"log\", by the scale on "
	                 "which they are symmetric.")));
}

static double
known_duration(FunctionCallInfo fcinfo, const char *what)
{
	double duration = PG_GETARG_FLOAT8(1);

	if (!(duration >= 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("%s must not be negative", what)));
	return duration;
}

/* subjects(survival_summary) -> int8 */
PG_FUNCTION_INFO_V1(crm_survival_subjects);
Datum
crm_survival_subjects(PG_FUNCTION_ARGS)
{
	int ntimes;
	SurvivalTime *times = times_of(PG_GETARG_DATUM(0), &ntimes);
	int64 subjects = 0;

	for (int i = 0; i < ntimes; i++)
		subjects += times[i].ended + times[i].censored;
	PG_RETURN_INT64(subjects);
}

/* ended(survival_summary) -> int8 */
PG_FUNCTION_INFO_V1(crm_survival_ended);
Datum
crm_survival_ended(PG_FUNCTION_ARGS)
{
	int ntimes;
	SurvivalTime *times = times_of(PG_GETARG_DATUM(0), &ntimes);
	int64 ended = 0;

	for (int i = 0; i < ntimes; i++)
		ended += times[i].ended;
	PG_RETURN_INT64(ended);
}

/*
 * survival_at(survival_summary, duration float8) -> float8; NULL where it is not known.  Error:
 * 22023 below 0.
 */
PG_FUNCTION_INFO_V1(crm_survival_at_duration);
Datum
crm_survival_at_duration(PG_FUNCTION_ARGS)
{
	SurvivalCurve curve = curve_of(PG_GETARG_DATUM(0), SCALE_LOG_LOG);
	double share = crm_survival_at(&curve, known_duration(fcinfo, "duration"));

	if (isnan(share))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(share);
}

/*
 * restricted_mean(survival_summary, until float8) -> float8; NULL where it is not known.  Error:
 * 22023 below 0.
 */
PG_FUNCTION_INFO_V1(crm_survival_restricted_mean);
Datum
crm_survival_restricted_mean(PG_FUNCTION_ARGS)
{
	SurvivalCurve curve = curve_of(PG_GETARG_DATUM(0), SCALE_LOG_LOG);
	double mean = crm_restricted_mean(&curve, known_duration(fcinfo, "limit of a restricted mean"));

	if (isnan(mean))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(mean);
}

/*
 * median_survival(survival_summary, bounds text) -> (median, lower_95, upper_95).  Error: 22023
 * for other bounds.
 */
PG_FUNCTION_INFO_V1(crm_survival_median_of);
Datum
crm_survival_median_of(PG_FUNCTION_ARGS)
{
	SurvivalCurve curve = curve_of(PG_GETARG_DATUM(0), scale_of(PG_GETARG_TEXT_PP(1)));
	double lower, upper;
	CrmRecord row = {0};

	crm_record_number(&row, crm_survival_median(&curve, &lower, &upper));
	crm_record_number(&row, lower);
	crm_record_number(&row, upper);
	return crm_record_return(fcinfo, &row);
}

/*
 * survival_table(survival_summary, bounds text) -> table (time, at_risk, events, censored,
 * survival, std_error, lower_95, upper_95)
 *
 * The standard error is Greenwood's; it and the bounds are NULL where nobody is left.
 */
PG_FUNCTION_INFO_V1(crm_survival_table);
Datum
crm_survival_table(PG_FUNCTION_ARGS)
{
	SurvivalCurve curve = curve_of(PG_GETARG_DATUM(0), scale_of(PG_GETARG_TEXT_PP(1)));

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < curve.nsteps; i++)
	{
		const SurvivalStep *step = &curve.steps[i];
		CrmRecord row = {0};

		CHECK_FOR_INTERRUPTS();
		crm_record_add(&row, Int32GetDatum(step->time), false);
		crm_record_count(&row, step->at_risk);
		crm_record_count(&row, step->ended);
		crm_record_count(&row, step->censored);
		crm_record_number(&row, step->survival);
		crm_record_number(&row, step->std_error);
		crm_record_number(&row, step->lower);
		crm_record_number(&row, step->upper);
		crm_record_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/*
 * log_rank(a survival_summary, b survival_summary) -> (chi_square, p_value, events_a, expected_a,
 * events_b, expected_b)
 *
 * chi_square and p_value are NULL where the two were never at risk together when somebody ended.
 */
PG_FUNCTION_INFO_V1(crm_survival_log_rank);
Datum
crm_survival_log_rank(PG_FUNCTION_ARGS)
{
	int na, nb;
	SurvivalTime *a = times_of(PG_GETARG_DATUM(0), &na), *b = times_of(PG_GETARG_DATUM(1), &nb);
	LogRank test = crm_log_rank(a, na, b, nb);
	CrmRecord row = {0};

	crm_record_number(&row, test.chi_square);
	crm_record_number(&row, test.p_value);
	crm_record_count(&row, test.observed[0]);
	crm_record_number(&row, test.expected[0]);
	crm_record_count(&row, test.observed[1]);
	crm_record_number(&row, test.expected[1]);
	return crm_record_return(fcinfo, &row);
}
