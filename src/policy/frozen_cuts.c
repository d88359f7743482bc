/*
 * frozen_cuts.c
 *		Cut points taken from a distribution and written into a policy, where they stay until somebody takes new ones.
 *
 * Ranking by NTILE gives a client another score when others move, or when only the order of the rows does.  A threshold does not, and equal
 * values are on the same side of it.
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

extern Datum crm_distribution_quantile(PG_FUNCTION_ARGS);
extern Datum crm_tier_policy_make(PG_FUNCTION_ARGS);

#define MAX_CUTS 1000

static double
quantile_of(Datum summary, double p)
{
	return DatumGetFloat8(
	    DirectFunctionCall2(crm_distribution_quantile, summary, Float8GetDatum(p)));
}

static char *
number_text(double number)
{
	return crm_value_text(COLUMN_FLOAT8, Float8GetDatum(number));
}

/*
 * tier_policy(distribution_summary, labels text[], shares float8[]) -> tier_policy
 *
 * Tiers from the lowest to the highest that have these shares of the distribution's values, with thresholds at its quantiles.  Errors: 22023
 * where there is not one share above 0 for each label, where they do not add up to 1, or where so many values are equal that two thresholds
 * would be; 22P02 as for the document.
 */
PG_FUNCTION_INFO_V1(crm_tier_policy_of_distribution);
Datum
crm_tier_policy_of_distribution(PG_FUNCTION_ARGS)
{
	Datum *shares, *cuts;
	bool *nulls;
	int nshares;
	double sum = 0;
	int nlabels =
	    ArrayGetNItems(ARR_NDIM(PG_GETARG_ARRAYTYPE_P(1)), ARR_DIMS(PG_GETARG_ARRAYTYPE_P(1)));

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
	                  TYPALIGN_DOUBLE, &shares, &nulls, &nshares);
	if (nshares != nlabels)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("there are %d labels but %d shares", nlabels, nshares)));
	cuts = palloc(sizeof(Datum) * Max(nshares, 1));
	for (int i = 0; i < nshares; i++)
	{
		if (nulls[i] || !(DatumGetFloat8(shares[i]) > 0 && DatumGetFloat8(shares[i]) <= 1))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("the share of tier %d is not above 0 and at most 1", i + 1)));
		sum += DatumGetFloat8(shares[i]);
		if (i == nshares - 1)
			break;
		cuts[i] = Float8GetDatum(quantile_of(PG_GETARG_DATUM(0), Min(sum, 1)));
		if (i > 0 && DatumGetFloat8(cuts[i]) <= DatumGetFloat8(cuts[i - 1]))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("tiers %d and %d would begin at the same value, %s", i + 1,
			                       i + 2, number_text(DatumGetFloat8(cuts[i]))),
			                errdetail("Equal values are never split between tiers."),
			                errhint("Use fewer tiers, or other shares.")));
	}
	if (!(fabs(sum - 1) <= 1e-6))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the shares add up to %s, not to 1", number_text(sum))));
	return DirectFunctionCall2(
	    crm_tier_policy_make, PG_GETARG_DATUM(1),
	    PointerGetDatum(construct_array(cuts, nshares - 1, FLOAT8OID, sizeof(float8),
	                                    FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)));
}

/*
 * bins(distribution_summary, n int) -> jsonb
 *
 * The bins of a scorecard's characteristic: n of equal shares of the distribution's values, with 1 to n points, and one for NULL with 0.
 * Where so many values are equal that a bin would be empty, its points are skipped.  Error: 22023 for less than 2 or more than 1000.
 */
PG_FUNCTION_INFO_V1(crm_bins_of_distribution);
Datum
crm_bins_of_distribution(PG_FUNCTION_ARGS)
{
	int n = PG_GETARG_INT32(1);
	StringInfoData out;
	char *from = NULL;
	double last = 0;

	if (n < 2 || n > MAX_CUTS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the number of bins must be 2 to %d, not %d", MAX_CUTS, n)));
	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	for (int i = 1; i < n; i++)
	{
		double cut = quantile_of(PG_GETARG_DATUM(0), (double) i / n);

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
