/*
 * association.h
 *		How two attributes of the same clients go together: lift and the log-likelihood ratio.
 */
#ifndef CRM_ASSOCIATION_H
#define CRM_ASSOCIATION_H

#include "postgres.h"

/* Of so many clients, those with one product, with the other and with both. */
typedef struct CrmJointCount
{
	int64 clients;
	int64 one;
	int64 other;
	int64 both;
} CrmJointCount;

extern double crm_lift(const CrmJointCount *count);
extern double crm_lift_lower(const CrmJointCount *count);
extern double crm_log_likelihood_ratio(const CrmJointCount *count);

/* Whether there can be such clients: no cell of the two by two table is below 0. */
static inline bool
crm_joint_count_possible(const CrmJointCount *count)
{
	return count->both <= count->one && count->both <= count->other &&
	       (uint64) count->one + (uint64) count->other <=
	           (uint64) count->clients + (uint64) count->both;
}

#endif
