/*
 * log_bucket.h
 *		Buckets whose width is a fixed share of the values in them.
 */
#ifndef CRM_LOG_BUCKET_H
#define CRM_LOG_BUCKET_H

/* Buckets an octave: from 1 (accuracy 1/3) to 1000 (accuracy 1/2001). */
#define MAX_BUCKETS_AN_OCTAVE 1000
/* |value| <= 9e14 in units of 1/10000 */
#define MAX_UNITS INT64CONST(9000000000000000000)

extern int crm_bucket_of(int64 units, int per_octave);
extern void crm_bucket_bounds(int bucket, int per_octave, int64 *lowest, int64 *highest);

#endif
