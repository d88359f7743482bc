/*
 * distribution.h
 *		A distribution summary, read: its buckets in the order of their values.
 */
#ifndef CRM_DISTRIBUTION_H
#define CRM_DISTRIBUTION_H

#include "summary/cells.h"
#include "summary/log_bucket.h"

/* The sides of zero, as indexes. */
#define NEGATIVE 0
#define POSITIVE 1

typedef struct Distribution
{
	int per_octave;
	double lowest; /* exactly as they came */
	double highest;
	int64 count;
	int floor[2]; /* the bucket into which those nearer to zero were merged, 0 if none was */
	int nbuckets;
	CrmCell *buckets;
} Distribution;

extern const Distribution *crm_distribution_read(Datum summary);
extern int64 crm_distribution_units(double value);
extern int crm_cut_bucket(const Distribution *distribution, double share);

static inline int128
crm_bucket_total(const CrmCell *bucket)
{
	return crm_money_load(&bucket->total);
}

/* Does the bucket hold values that belong to others, nearer to zero? */
static inline bool
crm_bucket_is_merged(const Distribution *distribution, const CrmCell *bucket)
{
	return bucket->key != 0 &&
	       bucket->key == distribution->floor[bucket->key > 0 ? POSITIVE : NEGATIVE];
}

#endif
