/*
 * tier_outlook.c
 *		What comes of a standing, and how one came about: the same steps, looked at.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "policy/tier_standing.h"

/* ---- looking ahead ---- */

/* The base rank of every period to come, if all have this value. */
static int
base_ahead(const TierPolicy *policy, const TierStanding *standing, double value)
{
	if (!isnan(value))
		return crm_tier_base(policy, standing, value);
	switch (policy->moves.missing)
	{
		case MISSING_CARRY:
			return standing->bases[standing->nbases - 1];
		case MISSING_COUNT_BELOW:
			return 1;
		case MISSING_FREEZE:
			break;
	}
	return standing->rank;
}

/*
 * tier_outlook(policy tier_policy, standing tier_standing, value float8) -> (periods_to_downgrade int, landing text,
 * amount_to_keep float8, amount_to_rise float8, next_review date)
 *
 * What comes if every following period has this value: after how many the tier is lost, NULL if it is not, and which tier then; how much the
 * value must grow to keep the tier (0 where it does) and to enter the next, NULL at the top; the first day of the next period in which
 * the tier may be lost, were it below for long enough, NULL in the lowest.  A NULL value is missing: the amounts are NULL.  A tier given by hand
 * does not matter.  Errors: 22023 for a standing of another policy.
 */
PG_FUNCTION_INFO_V1(crm_tier_outlook);
Datum
crm_tier_outlook(PG_FUNCTION_ARGS)
{
	enum
	{
		PERIODS,
		LANDING,
		TO_KEEP,
		TO_RISE,
		REVIEW,
		NCOLUMNS
	};
	Datum values[NCOLUMNS];
	bool nulls[NCOLUMNS] = {true, true, true, true, true};
	const TierPolicy *policy;
	const TierStanding *standing;
	TierStanding ahead;
	TupleDesc descriptor;
	DateADT period;
	bool is_below;
	double value = PG_ARGISNULL(2) ? get_float8_nan() : PG_GETARG_FLOAT8(2);

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	policy = crm_tier_policy_argument(fcinfo, 0);
	standing = PG_GETARG_STANDING(1);
	crm_tier_check_standing(policy, standing);

	/* the lowest tier is never reviewed; all others are once in a while, and lost at last if the value is below them */
	ahead = *standing;
	period = standing->period;
	is_below = standing->rank > 1 && base_ahead(policy, standing, value) < standing->rank;
	for (int n = 1; standing->rank > 1 && (nulls[REVIEW] || (is_below && nulls[PERIODS])); n++)
	{
		CHECK_FOR_INTERRUPTS();
		period = crm_tier_next_period(policy, period);
		if (nulls[REVIEW] && crm_tier_is_review(policy, standing, period))
		{
			values[REVIEW] = DateADTGetDatum(period);
			nulls[REVIEW] = false;
		}
		if (!is_below || !nulls[PERIODS])
			continue;
		crm_tier_step(policy, &ahead, crm_tier_base(policy, &ahead, value), period);
		if (ahead.rank < standing->rank)
		{
			values[PERIODS] = Int32GetDatum(n);
			values[LANDING] = PointerGetDatum(policy->texts[ahead.rank - 1]);
			nulls[PERIODS] = nulls[LANDING] = false;
		}
	}
	if (!isnan(value))
	{
		double keep = standing->rank > 1 ? policy->keep[standing->rank - 1] : value;

		values[TO_KEEP] = Float8GetDatum(value >= keep ? 0 : keep - value);
		nulls[TO_KEEP] = false;
		nulls[TO_RISE] = standing->rank == policy->ntiers;
		if (!nulls[TO_RISE])
			values[TO_RISE] = Float8GetDatum(Max(0, policy->enter[standing->rank] - value));
	}
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
		                errmsg("tier_outlook() is declared with a result that is no row type")));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

/* What happened to a standing in a period. */
static char *
describe_step(const TierPolicy *policy, const TierStanding *before, const TierStanding *after,
              bool is_missing)
{
	const Moves *moves = &policy->moves;
	StringInfoData out;
	const char *period_name = policy->months == 1 ? "month" : "quarter";

	initStringInfo(&out);
	if (is_missing)
		appendStringInfo(&out, "no value, %s",
		                 moves->missing == MISSING_CARRY         ? "taken as the one before; "
		                 : moves->missing == MISSING_COUNT_BELOW ? "counts as the lowest tier; "
		                                                         : "does not count");
	if (is_missing && moves->missing == MISSING_FREEZE)
		return out.data;
	if (before == NULL)
		appendStringInfoString(&out, "first period");
	else if (after->rank > before->rank)
		appendStringInfo(&out, "up from %s, above it for %d %s%s", policy->labels[before->rank - 1],
		                 moves->up_after, period_name, moves->up_after == 1 ? "" : "s");
	else if (after->rank < before->rank)
		appendStringInfo(&out, "down from %s, below it for %d %s%s, to %s",
		                 policy->labels[before->rank - 1], before->run_below + 1, period_name,
		                 before->run_below == 0 ? "" : "s",
		                 moves->land == LAND_ONE_DOWN  ? "the tier below"
		                 : moves->land == LAND_CURRENT ? "the tier of this one"
		                                               : "the best of the window");
	else if (after->run_below > 0)
	{
		appendStringInfo(&out, "below %s for %d ", policy->labels[after->rank - 1],
		                 after->run_below);
		if (after->run_below < moves->down_after)
			appendStringInfo(&out, "of %d ", moves->down_after);
		appendStringInfo(&out, "%ss", period_name);
		if (after->on_watch)
			appendStringInfoString(&out, ", on watch");
		if (after->run_below >= moves->down_after)
			appendStringInfoString(&out, crm_tier_is_review(policy, before, after->period)
			                                 ? ", kept as the best of the window"
			                                 : ", no review in it");
	}
	else if (after->bases[after->nbases - 1] > after->rank)
		appendStringInfo(&out, "above %s, not yet for %d %ss", policy->labels[after->rank - 1],
		                 moves->up_after, period_name);
	else
		appendStringInfoString(&out, before->run_below > 0 ? "kept again" : "kept");
	if (after->override_rank)
		appendStringInfo(&out, "; %s by hand", policy->labels[after->override_rank - 1]);
	return out.data;
}

/* The arrays of a history, which must be of one length and without NULL days. */
static int
history_arguments(FunctionCallInfo fcinfo, Datum **values, bool **value_nulls, Datum **days)
{
	bool *day_nulls;
	int nvalues, ndays;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
	                  TYPALIGN_DOUBLE, values, value_nulls, &nvalues);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), DATEOID, sizeof(DateADT), true, TYPALIGN_INT, days,
	                  &day_nulls, &ndays);
	if (nvalues != ndays)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("the number of values, %d, is not that of the days, %d", nvalues, ndays)));
	for (int i = 0; i < ndays; i++)
		if (day_nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			                errmsg("the day of a period must not be NULL")));
	return nvalues;
}

static void
put_step(ReturnSetInfo *result, const TierPolicy *policy, const TierStanding *before,
         const TierStanding *after, bool is_missing, double value)
{
	Datum values[8];
	bool nulls[8] = {false};

	values[0] = DateADTGetDatum(after->period);
	nulls[1] = is_missing;
	values[1] = Float8GetDatum(value);
	nulls[2] = is_missing && policy->moves.missing == MISSING_FREEZE;
	values[2] = PointerGetDatum(policy->texts[after->bases[after->nbases - 1] - 1]);
	values[3] = PointerGetDatum(policy->texts[tier_effective_rank(after) - 1]);
	values[4] = DateADTGetDatum(after->override_rank ? after->override_since : after->since);
	values[5] = Int32GetDatum(after->run_below);
	values[6] = BoolGetDatum(after->on_watch != 0);
	values[7] = CStringGetTextDatum(describe_step(policy, before, after, is_missing));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * tier_explain(policy tier_policy, "values" float8[], on_days date[], start tier_standing) -> table (period, value, base, tier, since,
 * run_below, on_watch, reason)
 *
 * Period by period, those without a value too, how the standing came about: tier_track() over the same history ends in the last row.  NULL
 * policy or arrays give no row.  Errors: as tier_step(); 22023 for arrays of different length.
 */
PG_FUNCTION_INFO_V1(crm_tier_explain);
Datum
crm_tier_explain(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const TierPolicy *policy;
	TierStanding standing, before;
	bool is_first = PG_ARGISNULL(3);
	Datum *values, *days;
	bool *nulls;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return (Datum) 0;
	policy = crm_tier_policy_argument(fcinfo, 0);
	n = history_arguments(fcinfo, &values, &nulls, &days);
	if (!is_first)
	{
		crm_tier_check_standing(policy, PG_GETARG_STANDING(3));
		standing = *PG_GETARG_STANDING(3);
	}
	for (int i = 0; i < n; i++)
	{
		double value = nulls[i] ? get_float8_nan() : DatumGetFloat8(values[i]);
		DateADT period;

		period = crm_tier_period_of_day(policy, DatumGetDateADT(days[i]));
		while (!is_first && crm_tier_next_period(policy, standing.period) < period)
		{
			CHECK_FOR_INTERRUPTS();
			before = standing;
			crm_tier_step(policy, &standing, BASE_MISSING,
			              crm_tier_next_period(policy, standing.period));
			put_step(result, policy, &before, &standing, true, 0);
		}
		before = standing;
		if (!crm_tier_step_to(policy, &standing, is_first, BASE_OF_VALUE, value, period))
			continue;
		put_step(result, policy, is_first ? NULL : &before, &standing, isnan(value), value);
		is_first = false;
	}
	return (Datum) 0;
}
