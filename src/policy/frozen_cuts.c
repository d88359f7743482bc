/*
 * frozen_cuts.c
 *		Cut points taken from a distribution and written into a policy, where they stay until somebody takes new ones.
 *
 * The cut points themselves are those of cut_points().
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "row/attribute.h"

extern Datum crm_cut_points(PG_FUNCTION_ARGS);
extern Datum crm_tier_policy_make(PG_FUNCTION_ARGS);

#define MAX_CUTS 1000

/* The cut points of a distribution at shares below 1; the errors are those of cut_points(), and 22023 where nothing can be cut. */
static Datum *
cut_points(Datum summary, Datum *shares, int nshares)
{
	Datum array = PointerGetDatum(construct_array(shares, nshares, FLOAT8OID, sizeof(float8),
	                                              FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	Datum *cuts;
	bool *nulls;
	int ncuts;

	deconstruct_array(DatumGetArrayTypeP(DirectFunctionCall2(crm_cut_points, summary, array)),
	                  FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &cuts, &nulls,
	                  &ncuts);
	if (ncuts > 0 && nulls[0])
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the values of the distribution are all equal, within its accuracy"),
		                errdetail("Equal values are never split.")));
	return cuts;
}

static char *
number_text(double number)
{
	return crm_value_text(COLUMN_FLOAT8, Float8GetDatum(number));
}

/*
 * tier_policy(distribution_summary, labels text[], shares float8[]) -> tier_policy
 *
 * Tiers from the lowest to the highest that have these shares of the distribution's values, as nearly as equal values allow.  Errors: 22023
 * where there is not one share above 0 for each label, where they do not add up to 1, where all values are equal, or so many that two
 * tiers would begin at the same; 22P02 as for the document.
 */
PG_FUNCTION_INFO_V1(crm_tier_policy_of_distribution);
Datum
crm_tier_policy_of_distribution(PG_FUNCTION_ARGS)
{
	ArrayType *labels = PG_GETARG_ARRAYTYPE_P(1);
	int nlabels = ArrayGetNItems(ARR_NDIM(labels), ARR_DIMS(labels));
	Datum *shares, *cuts;
	bool *nulls;
	int nshares;
	double sum = 0;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
	                  TYPALIGN_DOUBLE, &shares, &nulls, &nshares);
	if (nshares != nlabels)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("there are %d labels but %d shares", nlabels, nshares)));
	if (nshares == 0 || nshares > MAX_CUTS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("there must be 1 to %d tiers, not %d", MAX_CUTS, nshares)));
	for (int i = 0; i < nshares; i++)
	{
		if (nulls[i] || !(DatumGetFloat8(shares[i]) > 0 && DatumGetFloat8(shares[i]) <= 1))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("the share of tier %d is not above 0 and at most 1", i + 1)));
		sum += DatumGetFloat8(shares[i]);
		shares[i] = Float8GetDatum(sum);
	}
	if (!(fabs(sum - 1) <= 1e-6))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the shares add up to %.10g, not to 1", sum)));
	cuts = cut_points(PG_GETARG_DATUM(0), shares, nshares - 1);
	for (int i = 1; i < nshares - 1; i++)
		if (DatumGetFloat8(cuts[i]) <= DatumGetFloat8(cuts[i - 1]))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("tiers %d and %d would begin at the same value, %s", i + 1,
			                       i + 2, number_text(DatumGetFloat8(cuts[i]))),
			                errdetail("Equal values are never split between tiers."),
			                errhint("Use fewer tiers, or other shares.")));
	return DirectFunctionCall2(
	    crm_tier_policy_make, PG_GETARG_DATUM(1),
	    PointerGetDatum(construct_array(cuts, nshares - 1, FLOAT8OID, sizeof(float8),
	                                    FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)));
}

/*
 * bins(distribution_summary, n int) -> jsonb
 *
 * The bins of a scorecard's characteristic: n of equal shares of the distribution's values, as nearly as equal values allow, with 1 to n
 * points, and one for NULL with 0.  Where so many values are equal that a bin would be empty, its points are skipped.  Errors: 22023 for less than
 * 2 or more than 1000, and where all values are equal.
 */
PG_FUNCTION_INFO_V1(crm_bins_of_distribution);
Datum
crm_bins_of_distribution(PG_FUNCTION_ARGS)
{
	int n = PG_GETARG_INT32(1);
	Datum *shares, *cuts;
	StringInfoData out;
	char *from = NULL;
	double last = 0;

	if (n < 2 || n > MAX_CUTS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the number of bins must be 2 to %d, not %d", MAX_CUTS, n)));
	shares = palloc(sizeof(Datum) * n);
	for (int i = 1; i < n; i++)
		shares[i - 1] = Float8GetDatum((double) i / n);
	cuts = cut_points(PG_GETARG_DATUM(0), shares, n - 1);

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	for (int i = 1; i < n; i++)
	{
		double cut = DatumGetFloat8(cuts[i - 1]);

		if (from != NULL && cut <= last)
			continue;
		if (from == NULL)
			appendStringInfo(&out, "{\"when\": \"< %s\", \"points\": %d}, ", number_text(cut), i);
		else
			appendStringInfo(&out, "{\"when\": \"[%s..%s)\", \"points\": %d}, ", from,
			                 number_text(cut), i);
		from = number_text(cut);
		last = cut;
	}
	appendStringInfo(
	    &out, "{\"when\": \">= %s\", \"points\": %d}, {\"when\": null, \"points\": 0}]", from, n);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data));
}
