/*
 * log_bucket.h
 *		Buckets whose width is a fixed share of the values in them.
 */
#ifndef CRM_LOG_BUCKET_H
#define CRM_LOG_BUCKET_H

#include "compat.h"

/* Buckets an octave: from 1 (accuracy 1/3) to 1000 (accuracy 1/2001). */
#define MAX_BUCKETS_AN_OCTAVE 1000
/* accuracy 1/101 */
#define DEFAULT_BUCKETS_AN_OCTAVE 50
/* |value| <= 9e14, and that in units of 1/10000 */
#define MAX_VALUE 9e14
#define MAX_UNITS INT64CONST(9000000000000000000)

extern int crm_bucket_of(int64 units, int per_octave);
extern void crm_bucket_bounds(int bucket, int per_octave, int64 *lowest, int64 *highest);
extern double crm_bucket_accuracy(int per_octave);
extern int crm_buckets_an_octave(double accuracy);
crm_noreturn extern void crm_bucket_refuse_accuracy(const char *what, int one, int other);

#endif
