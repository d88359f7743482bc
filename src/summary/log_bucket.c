/*
 * log_bucket.c
 *		Buckets whose width is a fixed share of the values in them.
 *
 * A value is a whole number of units.  Each octave [2^e, 2^(e+1)) is cut into `per_octave` parts
 * of equal width, so that the bucket of a value is found with a shift and a multiplication,
 * exactly, on every machine: no logarithm is taken, whose last bit libraries do not agree about.
 * A part that starts at L is at most L / per_octave wide; 2LU / (L + U) is then within 1 / (2 *
 * per_octave + 1) of every value in [L, U).  It takes 1.44 times the buckets that logarithms
 * would take.
 *
 * Buckets are numbered in the order of the values: 0 holds 0, 1 holds 1, positive ones hold
 * positive values and bucket -b the negatives of bucket b.  A bucket of a low octave may hold no
 * whole number; no value has its number then.
 */
#include "postgres.h"

#include <math.h>

#include "port/pg_bitutils.h"

#include "summary/log_bucket.h"

#define HIGHEST_ACCURACY 0.5

int
crm_bucket_of(int64 units, int per_octave)
{
	uint64 magnitude;
	int octave, part;

	Assert(units >= -MAX_UNITS && units <= MAX_UNITS);
	Assert(per_octave >= 1 && per_octave <= MAX_BUCKETS_AN_OCTAVE);
	if (units == 0)
		return 0;
	magnitude = units < 0 ? (uint64) 0 - (uint64) units : (uint64) units;
	octave = pg_leftmost_one_pos64(magnitude);

	/* floor(magnitude * per_octave / 2^octave), in halves where the product may need more bits */
	if (octave < 32)
		part = (int) ((magnitude * per_octave) >> octave);
	else
		part = (int) (((magnitude >> 32) * per_octave +
		               (((magnitude & 0xFFFFFFFF) * per_octave) >> 32)) >>
		              (octave - 32));
	part += (octave - 1) * per_octave + 1;
	return units < 0 ? -part : part;
}

/* The first whole number that is not below (1 + part / per_octave) * 2^octave. */
static uint64
start_of(int octave, int part, int per_octave)
{
	uint64 whole, rest;

	if (octave < 32)
		return (UINT64CONST(1) << octave) +
		       (((uint64) part << octave) + per_octave - 1) / per_octave;
	whole = ((uint64) part << (octave - 32)) / per_octave;
	rest = ((uint64) part << (octave - 32)) % per_octave;
	return (UINT64CONST(1) << octave) + (whole << 32) +
	       ((rest << 32) + per_octave - 1) / per_octave;
}

/*
 * The lowest and the highest number of units in a bucket; the highest is below the lowest where
 * there is none.
 */
void
crm_bucket_bounds(int bucket, int per_octave, int64 *lowest, int64 *highest)
{
	int index = abs(bucket) - 1;
	uint64 low, high;

	if (bucket == 0)
	{
		*lowest = *highest = 0;
		return;
	}
	low = start_of(index / per_octave, index % per_octave, per_octave);
	high = start_of((index + 1) / per_octave, (index + 1) % per_octave, per_octave) - 1;
	if (high > MAX_UNITS)
		high = MAX_UNITS;
	*lowest = bucket > 0 ? (int64) low : -(int64) high;
	*highest = bucket > 0 ? (int64) high : -(int64) low;
}

/* The relative error that so many buckets an octave do not exceed. */
double
crm_bucket_accuracy(int per_octave)
{
	return 1.0 / (2 * per_octave + 1);
}

/* The fewest buckets an octave that keep to an accuracy.  22023 for one outside 0.0005 to 0.5. */
int
crm_buckets_an_octave(double accuracy)
{
	int per_octave;

	if (!(accuracy >= crm_bucket_accuracy(MAX_BUCKETS_AN_OCTAVE) && accuracy <= HIGHEST_ACCURACY))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("accuracy must be between 0.0005 and %g", HIGHEST_ACCURACY),
		                errhint("It is the relative error of a value, 0.01 for one per cent.")));
	per_octave = (int) ceil((1 / accuracy - 1) / 2);
	if (per_octave > 1 && crm_bucket_accuracy(per_octave - 1) <= accuracy)
		per_octave--;
	return Max(per_octave, 1);
}

/* 22023: what has different accuracies has no common buckets. */
void
crm_bucket_refuse_accuracy(const char *what, int one, int other)
{
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", what),
	         errdetail("One has an accuracy of %g, the other of %g.",
	                   crm_bucket_accuracy(Max(one, other)), crm_bucket_accuracy(Min(one, other))),
	         errhint("Give all of them the same accuracy.")));
}
