/*
 * tier_policy.h
 *		A tier policy as it is read from its document.
 */
#ifndef CRM_TIER_POLICY_H
#define CRM_TIER_POLICY_H

#include "policy/policy.h"

/* Standings remember so many base ranks, each in a byte. */
#define MAX_WINDOW 24
#define MAX_RANK 255

typedef enum Landing
{
	LAND_ONE_DOWN,
	LAND_CURRENT,
	LAND_BEST_OF_WINDOW
} Landing;

/* What a period without a value is. */
typedef enum MissingPeriod
{
	MISSING_CARRY,       /* as the one before */
	MISSING_COUNT_BELOW, /* one in the lowest tier */
	MISSING_FREEZE       /* none at all */
} MissingPeriod;

/* When a tier may be lost. */
typedef enum Calendar
{
	CALENDAR_ROLLING,     /* in any period */
	CALENDAR_ANNIVERSARY, /* a full number of years after the tier was reached */
	CALENDAR_FIXED        /* in one month of the year */
} Calendar;

/* How tiers are gained and lost; numbers are of periods. */
typedef struct Moves
{
	int up_after;
	int watch_after; /* 0 for never */
	int down_after;
	Landing land;
	int window;
	int min_hold;
	MissingPeriod missing;
	Calendar calendar;
	int review_month;
} Moves;

typedef struct TierPolicy
{
	Policy policy;
	uint8 digest[8]; /* of the stored document */
	int ntiers;
	const char **labels; /* lowest first */
	text **texts;        /* the same, as results */
	double *enter;       /* of the tiers above the lowest */
	double *keep;
	int months; /* of a period, 0 where there is none */
	Moves moves;
} TierPolicy;

extern void *crm_tier_policy_of(struct varlena *value);
extern int crm_tier_rank_of(const TierPolicy *policy, const double *thresholds, double value);

#endif
