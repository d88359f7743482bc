/*
 * rfm.c
 *		Recency, frequency and monetary classes (Hughes 1994) of an activity summary.
 *
 * Classes come from cut points that the caller gives, so that equal values are never in two classes and a client's class does
 * not depend on who else is there.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "summary/activity.h"

/* The elements of an array of cut points: one dimension, no NULL.  22023 names the argument. */
static int
read_cuts(ArrayType *array, Oid type, const char *name, Datum **cuts)
{
	bool *nulls;
	int ncuts;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("%s has more than one dimension", name)));
	if (type == INT4OID)
		deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, cuts, &nulls, &ncuts);
	else
		deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, cuts, &nulls, &ncuts);
	for (int i = 0; i < ncuts; i++)
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("%s has a NULL element", name)));
	return ncuts;
}

static void
cuts_descend(const char *name, int place)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s do not ascend", name),
	                errdetail("Cut point %d is below the one before it.", place),
	                errhint("Give the cut points from the lowest to the highest.")));
}

/* The number of integer cut points below a value and of those equal to it. */
static int
place_integer(ArrayType *array, const char *name, int32 value, int *nequal, int *ncuts)
{
	Datum *cuts;
	int nbelow = 0;

	*ncuts = read_cuts(array, INT4OID, name, &cuts);
	*nequal = 0;
	for (int i = 0; i < *ncuts; i++)
	{
		int32 cut = DatumGetInt32(cuts[i]);

		if (i > 0 && cut < DatumGetInt32(cuts[i - 1]))
			cuts_descend(name, i + 1);
		nbelow += cut < value;
		*nequal += cut == value;
	}
	return nbelow;
}

/* The number of numeric cut points not above a value. */
static int
place_numeric(ArrayType *array, const char *name, Datum value)
{
	Datum *cuts;
	int ncuts = read_cuts(array, NUMERICOID, name, &cuts);
	int nreached = 0;

	for (int i = 0; i < ncuts; i++)
	{
		if (numeric_is_nan(DatumGetNumeric(cuts[i])))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("%s has the element NaN", name)));
		if (i > 0 && DatumGetBool(DirectFunctionCall2(numeric_lt, cuts[i], cuts[i - 1])))
			cuts_descend(name, i + 1);
		nreached += DatumGetBool(DirectFunctionCall2(numeric_le, cuts[i], value));
	}
	return nreached;
}

/*
 * rfm(activity_summary, as_of date, recency_cuts int[], frequency_cuts int[], monetary_cuts numeric[]) -> rfm
 *
 * n - 1 ascending cut points make n classes, 1 the worst; a value that is a cut point is in the better class.  Recency is
 * recency_days (less is better), frequency is active_days up to as_of, monetary is total.  A summary that is NULL or
 * begins after as_of is that of a client who never traded: 1-1-1.  NULL if another argument is.  22023: cut points that
 * descend or are NULL, and activity after as_of, since a total cannot be cut at a day.
 */
PG_FUNCTION_INFO_V1(crm_rfm);
Datum
crm_rfm(PG_FUNCTION_ARGS)
{
	CrmActivityAsOf activity = {0};
	bool traded;
	int nbelow, nequal, ncuts;
	int class[3];
	TupleDesc descriptor;
	Datum values[4];
	bool nulls[4] = {false};
	char code[48];

	for (int i = 1; i < 5; i++)
		if (PG_ARGISNULL(i))
			PG_RETURN_NULL();
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
			ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
			                errmsg("rfm() is declared with a result that is no row type")));
		fcinfo->flinfo->fn_extra = BlessTupleDesc(CreateTupleDescCopy(descriptor));
		MemoryContextSwitchTo(old);
	}
	descriptor = fcinfo->flinfo->fn_extra;

	traded =
	    !PG_ARGISNULL(0) && crm_activity_as_of(PG_GETARG_DATUM(0), PG_GETARG_DATEADT(1), &activity);
	if (traded && !activity.is_whole)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the summary has activity after the as-of day"),
		                errdetail("Its total cannot be cut at a day, as its days can."),
		                errhint("Summarize or roll up only what happened up to that day.")));

	/* cut points are read for every client, so that wrong ones are not found by some of them only */
	nbelow = place_integer(PG_GETARG_ARRAYTYPE_P(2), "recency_cuts", activity.recency_days, &nequal,
	                       &ncuts);
	class[0] = 1 + ncuts - nbelow;
	nbelow = place_integer(PG_GETARG_ARRAYTYPE_P(3), "frequency_cuts", activity.frequency + 1,
	                       &nequal, &ncuts);
	class[1] = 1 + nbelow + nequal;
	class[2] = 1 + place_numeric(PG_GETARG_ARRAYTYPE_P(4), "monetary_cuts",
	                             crm_money_numeric(activity.total));
	if (!traded)
		class[0] = class[1] = class[2] = 1;
	snprintf(code, sizeof(code), "%d-%d-%d", class[0], class[1], class[2]);
	for (int i = 0; i < 3; i++)
		values[i] = Int32GetDatum(class[i]);
	values[3] = CStringGetTextDatum(code);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls)));
}
