/*
 * tier_standing.h
 *		Where a client stands among the tiers of a policy, and the step from one period to the next.
 */
#ifndef CRM_TIER_STANDING_H
#define CRM_TIER_STANDING_H

#include "policy/tier_policy.h"

#define STANDING_VERSION 1

/*
 * A value of fixed size, stored as it is.  Unused bytes are zero, so that equal standings have equal bytes.  Every day is the
 * first of a period.
 */
typedef struct TierStanding
{
	uint8 policy[8]; /* the digest of the policy that it is a standing of */
	DateADT period;  /* of the last step */
	DateADT since;   /* in which the tier was reached */
	DateADT override_since;
	DateADT override_until;
	uint16 run_below; /* periods in a row below the tier */
	uint8 version;
	uint8 rank;          /* of the tier, lowest 1 */
	uint8 override_rank; /* given by hand, 0 for none */
	uint8 on_watch;
	uint8 nbases;
	uint8 bases[MAX_WINDOW]; /* the base ranks of the last periods, the last one last */
	uint8 unused;
} TierStanding;

StaticAssertDecl(sizeof(TierStanding) == 56, "the type's length in SQL");

#define BASE_MISSING 0

extern DateADT crm_tier_period(const TierPolicy *policy, DateADT day);
extern DateADT crm_tier_next_period(const TierPolicy *policy, DateADT period);
extern int crm_tier_base(const TierPolicy *policy, const TierStanding *standing, double value);
extern void crm_tier_start(const TierPolicy *policy, TierStanding *standing, int base,
                           DateADT period);
extern void crm_tier_step(const TierPolicy *policy, TierStanding *standing, int base,
                          DateADT period);
extern void crm_tier_skip(const TierPolicy *policy, TierStanding *standing, DateADT period);
extern bool crm_tier_is_review(const TierPolicy *policy, const TierStanding *standing,
                               DateADT period);

#define PG_GETARG_STANDING(n) ((TierStanding *) PG_GETARG_POINTER(n))
#define BASE_OF_VALUE (-1)

extern const TierPolicy *crm_tier_policy_argument(FunctionCallInfo fcinfo, int argument);
extern void crm_tier_check_standing(const TierPolicy *policy, const TierStanding *standing);
extern DateADT crm_tier_period_of_day(const TierPolicy *policy, DateADT day);
extern bool crm_tier_step_to(const TierPolicy *policy, TierStanding *standing, bool is_first,
                             int base, double value, DateADT period);

/* The rank that counts: the one given by hand, while it holds. */
static inline int
tier_effective_rank(const TierStanding *standing)
{
	return standing->override_rank ? standing->override_rank : standing->rank;
}

#endif
