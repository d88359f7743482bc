/*
 * cut_points.c
 *		Values that cut a distribution into bins of wanted shares.
 *
 * Ranking by NTILE gives a client another bin when others move, or when only the order of the rows does, and puts equal values into
 * different bins.  A cut point that is kept does neither.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "summary/distribution.h"

/* The mean of a bucket's values, rounded up: their value where they are equal, and never above the highest. */
static double
beginning_of(const Distribution *distribution, const CrmCell *bucket)
{
	int128 total = crm_bucket_total(bucket);
	int128 mean = total / bucket->count;

	if (total > 0 && total % bucket->count != 0)
		mean++;
	return Min((double) mean / CRM_MONEY_SCALE, distribution->highest);
}

/*
 * The bucket before which the share of the values is nearest to the wanted one, the first of two; 0 where there is one bucket alone, as neither
 * side may be empty.
 */
int
crm_cut_bucket(const Distribution *distribution, double share)
{
	double wanted = share * distribution->count, nearest = 0;
	int64 below = 0;
	int bucket = 0;

	for (int b = 1; b < distribution->nbuckets; b++)
	{
		double distance;

		below += distribution->buckets[b - 1].count;
		distance = fabs(below - wanted);
		if (bucket > 0 && distance >= nearest)
			break;
		nearest = distance;
		bucket = b;
	}
	return bucket;
}

/*
 * cut_points(distribution_summary, p float8[]) -> float8[]
 *
 * For each p the value at which a bin begins that leaves the share of the values nearest to p below it.  Values in one bucket of the summary,
 * equal ones above all, are not told apart, and neither side is empty: NULL where there is one bucket alone.  NULL for NULL.  Error: 22023
 * for p that is not above 0 and below 1.
 */
PG_FUNCTION_INFO_V1(crm_cut_points);
Datum
crm_cut_points(PG_FUNCTION_ARGS)
{
	const Distribution *distribution = crm_distribution_read(PG_GETARG_DATUM(0));
	ArrayType *shares = PG_GETARG_ARRAYTYPE_P(1);
	Datum *values;
	bool *nulls;
	int nvalues;

	deconstruct_array(shares, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values,
	                  &nulls, &nvalues);
	for (int i = 0; i < nvalues; i++)
	{
		int bucket;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;
		if (!(DatumGetFloat8(values[i]) > 0 && DatumGetFloat8(values[i]) < 1))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("the share below a cut point must be above 0 and below 1")));
		bucket = crm_cut_bucket(distribution, DatumGetFloat8(values[i]));
		nulls[i] = bucket == 0;
		if (bucket > 0)
			values[i] = Float8GetDatum(beginning_of(distribution, &distribution->buckets[bucket]));
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, ARR_NDIM(shares), ARR_DIMS(shares),
	                                         ARR_LBOUND(shares), FLOAT8OID, sizeof(float8),
	                                         FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
