/*
 * population_stability.c
 *		The population stability index: how far a distribution has moved from the one that cut points were made of.
 *
 * PSI = sum of (actual share - expected share) * ln(actual share / expected share) over bins; the symmetric Kullback-Leibler divergence
 * of the two (Jeffreys).  Below 0.1 little has changed, above 0.25 much has: rules of thumb of credit scoring (N. Siddiqi,
 * Credit Risk Scorecards, 2006).
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "summary/distribution.h"
#include "summary/record.h"

extern Datum crm_distribution_cdf(PG_FUNCTION_ARGS);

#define MAX_BINS 1000

/* What a bin adds to the index; a share of 0 beside another is infinitely far. */
static double
contribution(double expected, double actual)
{
	if (expected == actual)
		return 0;
	if (expected == 0 || actual == 0)
		return get_float8_infinity();
	return (actual - expected) * log(actual / expected);
}

/* ---- of two distributions ---- */

typedef struct StabilityBin
{
	double above, up_to; /* the bin's values */
	double expected, actual;
} StabilityBin;

/*
 * Bins of equal shares of the expected distribution, with ends between its buckets; where many values are equal there are fewer.  A bin
 * that is empty in one of the two is taken to have half a value, so that the index stays finite.
 */
static int
make_bins(Datum expected, Datum actual, int wanted, StabilityBin *bins)
{
	const Distribution *cut = crm_distribution_read(expected);
	double half[2] = {0.5 / cut->count, 0.5 / crm_distribution_read(actual)->count};
	double above = -get_float8_infinity();
	double below_expected = 0, below_actual = 0;
	int64 below = 0;
	int n = 0, bucket = 0;

	for (int i = 1; i <= wanted; i++)
	{
		double up_to = get_float8_infinity();
		double up_to_expected = 1, up_to_actual = 1;

		if (i < wanted)
		{
			int next = crm_cut_bucket(cut, (double) i / wanted);
			int64 low, high;

			CHECK_FOR_INTERRUPTS();
			if (next == 0)
				ereport(ERROR,
				        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				         errmsg("the expected values are all equal, within their accuracy, and "
				                "make no bins")));
			if (next == bucket)
				continue;
			while (bucket < next)
				below += cut->buckets[bucket++].count;
			crm_bucket_bounds(cut->buckets[next - 1].key, cut->per_octave, &low, &high);
			up_to = (double) high / CRM_MONEY_SCALE;
			up_to_expected = (double) below / cut->count;
			up_to_actual = DatumGetFloat8(
			    DirectFunctionCall2(crm_distribution_cdf, actual, Float8GetDatum(up_to)));
		}
		bins[n++] = (StabilityBin){above, up_to, Max(up_to_expected - below_expected, half[0]),
		                           Max(up_to_actual - below_actual, half[1])};
		above = up_to;
		below_expected = up_to_expected;
		below_actual = up_to_actual;
	}
	return n;
}

static StabilityBin *
bins_of_arguments(FunctionCallInfo fcinfo, int *n)
{
	int wanted = PG_GETARG_INT32(2);
	StabilityBin *bins;

	if (wanted < 2 || wanted > MAX_BINS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the number of bins must be 2 to %d, not %d", MAX_BINS, wanted)));
	bins = palloc(sizeof(StabilityBin) * wanted);
	*n = make_bins(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), wanted, bins);
	return bins;
}

/*
 * population_stability(expected distribution_summary, actual distribution_summary, bins int) -> float8
 *
 * The index over bins that have equal shares of the expected distribution, as nearly as equal values allow.  Errors: 22023 for less than 2 or more than
 * 1000 bins, and where the expected values are all equal.
 */
PG_FUNCTION_INFO_V1(crm_population_stability);
Datum
crm_population_stability(PG_FUNCTION_ARGS)
{
	int n;
	const StabilityBin *bins = bins_of_arguments(fcinfo, &n);
	double index = 0;

	for (int i = 0; i < n; i++)
		index += contribution(bins[i].expected, bins[i].actual);
	PG_RETURN_FLOAT8(index);
}

/*
 * population_stability_bins(expected distribution_summary, actual distribution_summary, bins int) -> table (bin, above, up_to,
 * expected_share, actual_share, contribution): what population_stability() adds up.
 */
PG_FUNCTION_INFO_V1(crm_population_stability_bins);
Datum
crm_population_stability_bins(PG_FUNCTION_ARGS)
{
	int n;
	const StabilityBin *bins = bins_of_arguments(fcinfo, &n);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		CrmRecord row = {0};

		crm_record_add(&row, Int32GetDatum(i + 1), false);
		crm_record_number(&row, bins[i].above);
		crm_record_number(&row, bins[i].up_to);
		crm_record_number(&row, bins[i].expected);
		crm_record_number(&row, bins[i].actual);
		crm_record_number(&row, contribution(bins[i].expected, bins[i].actual));
		crm_record_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/* ---- of two lists of shares ---- */

static double *
shares_argument(FunctionCallInfo fcinfo, int argument, const char *name, int *n)
{
	Datum *values;
	bool *nulls;
	double *shares, sum = 0;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
	                  TYPALIGN_DOUBLE, &values, &nulls, n);
	shares = palloc(sizeof(double) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		shares[i] = nulls[i] ? get_float8_nan() : DatumGetFloat8(values[i]);
		if (!(shares[i] >= 0 && shares[i] <= 1))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("share %d of the %s ones is not between 0 and 1", i + 1, name)));
		sum += shares[i];
	}
	if (!(fabs(sum - 1) <= 1e-6))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the %s shares add up to %.10g, not to 1", name, sum)));
	return shares;
}

/*
 * population_stability(expected float8[], actual float8[]) -> float8
 *
 * The index of shares that were counted elsewhere; Infinity where a bin is empty in one of the two alone.  Errors: 22023 for lists of
 * different length, for shares outside 0 to 1 or NULL, or that do not add up to 1.
 */
PG_FUNCTION_INFO_V1(crm_population_stability_shares);
Datum
crm_population_stability_shares(PG_FUNCTION_ARGS)
{
	int nexpected, nactual;
	const double *expected = shares_argument(fcinfo, 0, "expected", &nexpected);
	const double *actual = shares_argument(fcinfo, 1, "actual", &nactual);
	double index = 0;

	if (nexpected != nactual)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("there are %d expected shares but %d actual ones", nexpected, nactual)));
	for (int i = 0; i < nexpected; i++)
		index += contribution(expected[i], actual[i]);
	PG_RETURN_FLOAT8(index);
}
