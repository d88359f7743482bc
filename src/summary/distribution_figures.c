/*
 * distribution_figures.c
 *		What is read off a distribution summary: quantiles, inequality, the tail.
 *
 * A bucket's count and total are exact, so that figures are exact wherever they fall between
 * buckets; within one, the values are not further apart than twice the accuracy.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "summary/concentration_curve.h"
#include "summary/distribution.h"
#include "summary/record.h"

/*
 * The bounds of the values in a bucket, in units: those of its number, but not beyond the ends of
 * the distribution.
 */
static void
bounds_of(const Distribution *distribution, const CrmCell *bucket, int64 *low, int64 *high)
{
	crm_bucket_bounds(bucket->key, distribution->per_octave, low, high);
	if (crm_bucket_is_merged(distribution, bucket))
	{
		if (bucket->key > 0)
			*low = 1;
		else
			*high = -1;
	}
	*low = Max(*low, crm_distribution_units(distribution->lowest));
	*high = Min(*high, crm_distribution_units(distribution->highest));
}

/*
 * The value that stands for a bucket: a single one is known exactly, else the one that is off by
 * the same share from both ends, 2LH / (L + H).
 */
static double
stand_in(const Distribution *distribution, const CrmCell *bucket)
{
	int64 low, high;

	if (bucket->key == 0)
		return 0;
	if (bucket->count == 1)
		return (double) crm_bucket_total(bucket) / CRM_MONEY_SCALE;
	bounds_of(distribution, bucket, &low, &high);
	return 2.0 * low * high / ((double) low + high) / CRM_MONEY_SCALE;
}

static void
refuse_share(const char *what)
{
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be between 0 and 1", what)));
}

/* The value of rank p * count, rounded up: what percentile_disc(p) is of the values themselves. */
static double
quantile(const Distribution *distribution, double p)
{
	double rank = ceil(p * distribution->count);
	int64 below = 0;

	if (rank <= 1)
		return distribution->lowest;
	if (rank >= (double) distribution->count)
		return distribution->highest;
	for (int i = 0; i < distribution->nbuckets; i++)
	{
		below += distribution->buckets[i].count;
		if (rank <= (double) below)
			return stand_in(distribution, &distribution->buckets[i]);
	}
	return distribution->highest;
}

/* How many of the values in a bucket are not above some units, as if they were spread evenly. */
static double
count_up_to(const Distribution *distribution, const CrmCell *bucket, int64 units)
{
	int64 low, high;

	if (bucket->count == 1)
		return crm_bucket_total(bucket) <= units ? 1 : 0;
	bounds_of(distribution, bucket, &low, &high);
	if (units >= high)
		return bucket->count;
	if (units < low)
		return 0;
	return bucket->count * (((double) units - low + 1) / ((double) high - low + 1));
}

static double
total_of(const Distribution *distribution)
{
	return crm_curve_total(distribution->buckets, distribution->nbuckets);
}

/* Shares of a total say nothing where some of it is negative: the curve would leave the square. */
static const Distribution *
read_for_shares(Datum summary)
{
	const Distribution *distribution = crm_distribution_read(summary);

	if (distribution->lowest < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("shares of a total are not defined where values are negative"),
		                errdetail("The lowest value is %g.", distribution->lowest),
		                errhint("Summarize greatest(value, 0), or leave the negative values "
		                        "out with FILTER.")));
	return distribution;
}

/* L(p), the share of the total that the lowest p of the values have; NaN if the total is 0. */
static double
lorenz(const Distribution *distribution, double p)
{
	return crm_curve_share(distribution->buckets, distribution->nbuckets, distribution->count, p);
}

/* ---- SQL ---- */

/* quantile(distribution_summary, p float8) -> float8.  Error: 22023 for p outside 0 to 1. */
PG_FUNCTION_INFO_V1(crm_distribution_quantile);
Datum
crm_distribution_quantile(PG_FUNCTION_ARGS)
{
	double p = PG_GETARG_FLOAT8(1);

	if (!(p >= 0 && p <= 1))
		refuse_share("p of a quantile");
	PG_RETURN_FLOAT8(quantile(crm_distribution_read(PG_GETARG_DATUM(0)), p));
}

/*
 * quantile(distribution_summary, p float8[]) -> float8[], one for each p; NULL for NULL.  Error:
 * 22023 likewise.
 */
PG_FUNCTION_INFO_V1(crm_distribution_quantiles);
Datum
crm_distribution_quantiles(PG_FUNCTION_ARGS)
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
		double p;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;
		p = DatumGetFloat8(values[i]);
		if (!(p >= 0 && p <= 1))
			refuse_share("p of a quantile");
		values[i] = Float8GetDatum(quantile(distribution, p));
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, ARR_NDIM(shares), ARR_DIMS(shares),
	                                         ARR_LBOUND(shares), FLOAT8OID, sizeof(float8),
	                                         FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * cdf(distribution_summary, value float8) -> float8: the share of the values that are not above
 * it.  Error: 22023 for NaN.
 */
PG_FUNCTION_INFO_V1(crm_distribution_cdf);
Datum
crm_distribution_cdf(PG_FUNCTION_ARGS)
{
	const Distribution *distribution = crm_distribution_read(PG_GETARG_DATUM(0));
	double value = PG_GETARG_FLOAT8(1);
	double below = 0;
	int64 units;
	int bucket_of_value;

	if (isnan(value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("value must not be NaN")));
	if (value < distribution->lowest)
		PG_RETURN_FLOAT8(0);
	if (value >= distribution->highest)
		PG_RETURN_FLOAT8(1);
	units = crm_distribution_units(value);
	bucket_of_value = crm_bucket_of(units, distribution->per_octave);
	for (int i = 0; i < distribution->nbuckets; i++)
	{
		const CrmCell *bucket = &distribution->buckets[i];

		if (bucket->key < bucket_of_value && !crm_bucket_is_merged(distribution, bucket))
			below += bucket->count;
		else
			below += count_up_to(distribution, bucket, units);
	}
	PG_RETURN_FLOAT8(below / distribution->count);
}

/* value_count(distribution_summary) -> int8 */
PG_FUNCTION_INFO_V1(crm_distribution_count);
Datum
crm_distribution_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(crm_distribution_read(PG_GETARG_DATUM(0))->count);
}

/* total(distribution_summary) -> numeric: exact, of the values rounded to 1/10000. */
PG_FUNCTION_INFO_V1(crm_distribution_total);
Datum
crm_distribution_total(PG_FUNCTION_ARGS)
{
	const Distribution *distribution = crm_distribution_read(PG_GETARG_DATUM(0));
	int128 total = 0;

	for (int i = 0; i < distribution->nbuckets; i++)
		total += crm_bucket_total(&distribution->buckets[i]);
	PG_RETURN_DATUM(crm_money_numeric(total));
}

/* mean(distribution_summary) -> float8: the exact total divided by the count.  */
PG_FUNCTION_INFO_V1(crm_distribution_mean);
Datum
crm_distribution_mean(PG_FUNCTION_ARGS)
{
	const Distribution *distribution = crm_distribution_read(PG_GETARG_DATUM(0));

	PG_RETURN_FLOAT8(total_of(distribution) / ((double) distribution->count * CRM_MONEY_SCALE));
}

/*
 * minimum(distribution_summary), maximum(distribution_summary) -> float8: the lowest and highest
 * value as it came.
 */
PG_FUNCTION_INFO_V1(crm_distribution_minimum);
Datum
crm_distribution_minimum(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(crm_distribution_read(PG_GETARG_DATUM(0))->lowest);
}

PG_FUNCTION_INFO_V1(crm_distribution_maximum);
Datum
crm_distribution_maximum(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(crm_distribution_read(PG_GETARG_DATUM(0))->highest);
}

/*
 * accuracy(distribution_summary) -> float8: the relative error that no quantile outside merged
 * buckets exceeds.
 */
PG_FUNCTION_INFO_V1(crm_distribution_accuracy_of);
Datum
crm_distribution_accuracy_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(crm_bucket_accuracy(crm_distribution_read(PG_GETARG_DATUM(0))->per_octave));
}

/*
 * collapsed(distribution_summary) -> int8: how many values are in merged buckets, for which the
 * accuracy is not promised.
 */
PG_FUNCTION_INFO_V1(crm_distribution_collapsed);
Datum
crm_distribution_collapsed(PG_FUNCTION_ARGS)
{
	const Distribution *distribution = crm_distribution_read(PG_GETARG_DATUM(0));
	int64 collapsed = 0;

	for (int i = 0; i < distribution->nbuckets; i++)
		if (crm_bucket_is_merged(distribution, &distribution->buckets[i]))
			collapsed += distribution->buckets[i].count;
	PG_RETURN_INT64(collapsed);
}

/*
 * gini(distribution_summary) -> float8
 *
 * 2 sum(i x_i) / (n sum(x)) - (n + 1) / n over sorted values, as twice the area between the
 * Lorenz curve and the diagonal. Values in one bucket count as equal, which takes off at most 0.52
 * of the accuracy: values from 1 to r have a Gini coefficient of at most (sqrt(r) - 1) / (sqrt(r) +
 * 1).  That does not hold for merged buckets.  NULL if the total is 0; 22023 if a value is negative.
 */
PG_FUNCTION_INFO_V1(crm_distribution_gini);
Datum
crm_distribution_gini(PG_FUNCTION_ARGS)
{
	const Distribution *distribution = read_for_shares(PG_GETARG_DATUM(0));
	double index =
	    crm_curve_index(distribution->buckets, distribution->nbuckets, distribution->count);

	if (isnan(index))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(Max(0, index));
}

/*
 * lorenz(distribution_summary, points int) -> table (population_share, value_share): the curve at
 * 0, 1/points ... 1. No row if the total is 0; 22023 if a value is negative.
 */
PG_FUNCTION_INFO_V1(crm_distribution_lorenz);
Datum
crm_distribution_lorenz(PG_FUNCTION_ARGS)
{
	const Distribution *distribution = read_for_shares(PG_GETARG_DATUM(0));
	int32 points = PG_GETARG_INT32(1);

	crm_curve_check_points("Lorenz curve", points);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i <= points && total_of(distribution) > 0; i++)
	{
		double p = (double) i / points;
		CrmRecord row = {0};

		CHECK_FOR_INTERRUPTS();
		crm_record_number(&row, p);
		crm_record_number(&row, lorenz(distribution, p));
		crm_record_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/* The share of the total that the highest or the lowest p have; NULL if the total is 0. */
static Datum
share_of_total(FunctionCallInfo fcinfo, bool top)
{
	const Distribution *distribution = read_for_shares(PG_GETARG_DATUM(0));
	double p = PG_GETARG_FLOAT8(1), share;

	if (!(p >= 0 && p <= 1))
		refuse_share("p of a share");
	share = top ? 1 - lorenz(distribution, 1 - p) : lorenz(distribution, p);
	if (isnan(share))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(share);
}

/*
 * top_share(distribution_summary, p float8) -> float8: what the highest p of the values have of
 * the total.
 */
PG_FUNCTION_INFO_V1(crm_distribution_top_share);
Datum
crm_distribution_top_share(PG_FUNCTION_ARGS)
{
	return share_of_total(fcinfo, true);
}

/*
 * tail_share(distribution_summary, p float8) -> float8: what the lowest p of the values have of
 * the total.
 */
PG_FUNCTION_INFO_V1(crm_distribution_tail_share);
Datum
crm_distribution_tail_share(PG_FUNCTION_ARGS)
{
	return share_of_total(fcinfo, false);
}

/*
 * histogram(distribution_summary) -> table (from_value, to_value, value_count, total): a row for
 * each bucket, ends included.
 */
PG_FUNCTION_INFO_V1(crm_distribution_histogram);
Datum
crm_distribution_histogram(PG_FUNCTION_ARGS)
{
	const Distribution *distribution = crm_distribution_read(PG_GETARG_DATUM(0));

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < distribution->nbuckets; i++)
	{
		const CrmCell *bucket = &distribution->buckets[i];
		CrmRecord row = {0};
		int64 low, high;

		CHECK_FOR_INTERRUPTS();
		bounds_of(distribution, bucket, &low, &high);
		crm_record_number(&row, (double) low / CRM_MONEY_SCALE);
		crm_record_number(&row, (double) high / CRM_MONEY_SCALE);
		crm_record_count(&row, bucket->count);
		crm_record_add(&row, crm_money_numeric(crm_bucket_total(bucket)), false);
		crm_record_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/*
 * The logarithm of the n-th highest value in a bucket (n from 0; halves are places between), as
 * if the values were spread evenly on the scale of logarithms.
 */
static double
log_in_bucket(const Distribution *distribution, const CrmCell *bucket, double n)
{
	int64 low, high;

	if (bucket->count == 1)
		return log((double) crm_bucket_total(bucket));
	bounds_of(distribution, bucket, &low, &high);
	return log(high) - (n + 0.5) / bucket->count * (log(high) - log(low));
}

/*
 * Hill (1975): of the k highest values x_1 >= ... >= x_k, 1/alpha is the mean of ln x_i - ln
 * x_(k+1); the standard error of alpha is alpha / sqrt(k).  NaN where the highest k + 1 are not
 * all positive and outside merged buckets, or all equal.
 */
static double
hill(const Distribution *distribution, int64 k, double *threshold)
{
	double logs = 0, last;
	int64 taken = 0, low, high;

	*threshold = NAN;
	for (int i = distribution->nbuckets - 1; i >= 0; i--)
	{
		const CrmCell *bucket = &distribution->buckets[i];
		int64 left = k - taken;

		if (bucket->key <= 0 || crm_bucket_is_merged(distribution, bucket))
			return NAN;
		if (bucket->count <= left)
		{
			logs += bucket->count * log((double) crm_bucket_total(bucket) / bucket->count);
			taken += bucket->count;
			continue;
		}
		/* evenly spread ones have their mean in their middle */
		logs += left * log_in_bucket(distribution, bucket, (left - 1) / 2.0);
		last = log_in_bucket(distribution, bucket, left);
		bounds_of(distribution, bucket, &low, &high);
		if (bucket->count == 1)
			low = high = (int64) crm_bucket_total(bucket);
		*threshold = (low == high ? low : exp(last)) / CRM_MONEY_SCALE;
		/* equal values, of which rounding would leave a difference */
		if (taken == 0 && low == high)
			return NAN;
		logs = logs / k - last;
		return logs > 0 ? 1 / logs : NAN;
	}
	return NAN;
}

static CrmRecord
tail_row(const Distribution *distribution, int64 k)
{
	CrmRecord row = {0};
	double threshold, alpha;

	if (k < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("k of a tail index must be at least 1"),
		                errhint("It is how many of the highest values are the tail.")));
	alpha = hill(distribution, k, &threshold);
	crm_record_count(&row, k);
	crm_record_number(&row, alpha);
	crm_record_number(&row, alpha / sqrt((double) k));
	crm_record_number(&row, threshold);
	return row;
}

/*
 * tail_index(distribution_summary, k int8) -> (k, alpha, std_error, threshold)
 *
 * NULLs where there are not k + 1 positive values outside merged buckets or they are equal.  Error:
 * 22023 for k below 1.
 */
PG_FUNCTION_INFO_V1(crm_distribution_tail_index);
Datum
crm_distribution_tail_index(PG_FUNCTION_ARGS)
{
	CrmRecord row = tail_row(crm_distribution_read(PG_GETARG_DATUM(0)), PG_GETARG_INT64(1));

	return crm_record_return(fcinfo, &row);
}

/*
 * tail_index(distribution_summary, k int8[]) -> setof the same: the path, a row for each k that
 * is not NULL.
 */
PG_FUNCTION_INFO_V1(crm_distribution_tail_path);
Datum
crm_distribution_tail_path(PG_FUNCTION_ARGS)
{
	const Distribution *distribution = crm_distribution_read(PG_GETARG_DATUM(0));
	Datum *values;
	bool *nulls;
	int nvalues;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
	                  TYPALIGN_DOUBLE, &values, &nulls, &nvalues);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < nvalues; i++)
	{
		CrmRecord row;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;
		row = tail_row(distribution, DatumGetInt64(values[i]));
		crm_record_put(fcinfo, &row);
	}
	return (Datum) 0;
}
