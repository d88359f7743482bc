/*
 * tier_machine.c
 *		The step of a standing from one period to the next.
 *
 * A tier is gained when the base rank has been above it for "up_after" periods, and lost when it has been below for "down_after"
 * periods in a row, where the calendar and "min_hold" allow it.  The base rank of a value is that of its thresholds to enter, but a
 * client keeps the tier that he has while the value is not below its threshold to keep (a Schmitt trigger).
 *
 * A window that is longer than "down_after" may still hold a period in the tier when that number is reached.  The best of it is the tier then:
 * nothing is lost, the run goes on, and the first period whose window is below the tier as a whole ends it.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/datetime.h"

#include "policy/tier_standing.h"
#include "value/day.h"

/* The first day of the period of a day. */
DateADT
crm_tier_period(const TierPolicy *policy, DateADT day)
{
	int year, month, in_month;

	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &in_month);
	month -= (month - 1) % policy->months;
	return date2j(year, month, 1) - POSTGRES_EPOCH_JDATE;
}

DateADT
crm_tier_next_period(const TierPolicy *policy, DateADT period)
{
	return crm_day_add_months(period, policy->months);
}

/* The base rank of a value for who has a standing; standing may be NULL. */
int
crm_tier_base(const TierPolicy *policy, const TierStanding *standing, double value)
{
	int entered, kept;

	if (isnan(value))
		return BASE_MISSING;
	entered = crm_tier_rank_of(policy, policy->enter, value);
	if (standing == NULL || entered >= standing->rank)
		return entered;
	kept = crm_tier_rank_of(policy, policy->keep, value);
	return Min(kept, standing->rank);
}

/* The first standing: at once in the tier of the base rank. */
void
crm_tier_start(const TierPolicy *policy, TierStanding *standing, int base, DateADT period)
{
	memset(standing, 0, sizeof(TierStanding));
	memcpy(standing->policy, policy->digest, sizeof(standing->policy));
	standing->version = STANDING_VERSION;
	standing->period = standing->since = period;
	standing->rank = standing->bases[0] = base;
	standing->nbases = 1;
}

static void
remember_base(TierStanding *standing, int base)
{
	if (standing->nbases == MAX_WINDOW)
		memmove(standing->bases, standing->bases + 1, --standing->nbases);
	standing->bases[standing->nbases++] = base;
}

/* Whether a tier may be lost in a period. */
bool
crm_tier_is_review(const TierPolicy *policy, const TierStanding *standing, DateADT period)
{
	const Moves *moves = &policy->moves;
	int held = crm_months_between(standing->since, period);
	int year, month, day;

	if (held / policy->months < moves->min_hold)
		return false;
	switch (moves->calendar)
	{
		case CALENDAR_ROLLING:
			return true;
		case CALENDAR_ANNIVERSARY:
			return held > 0 && held % 12 == 0;
		case CALENDAR_FIXED:
			j2date(period + POSTGRES_EPOCH_JDATE, &year, &month, &day);
			return month == moves->review_month - (moves->review_month - 1) % policy->months;
	}
	return false;
}

static int
landing_rank(const Moves *moves, const TierStanding *standing, int base)
{
	int best = base;

	switch (moves->land)
	{
		case LAND_ONE_DOWN:
			return standing->rank - 1;
		case LAND_CURRENT:
			return base;
		case LAND_BEST_OF_WINDOW:
			for (int i = Max(0, standing->nbases - moves->window); i < standing->nbases; i++)
				best = Max(best, standing->bases[i]);
			return Min(best, standing->rank);
	}
	return base;
}

/* The rank that the last periods have earned: the lowest of the last "up_after", if all are above the tier. */
static int
earned_rank(const Moves *moves, const TierStanding *standing)
{
	int lowest = standing->bases[standing->nbases - 1];

	if (standing->nbases < moves->up_after)
		return standing->rank;
	for (int i = standing->nbases - moves->up_after; i < standing->nbases; i++)
		lowest = Min(lowest, standing->bases[i]);
	return Max(lowest, standing->rank);
}

static void
set_rank(TierStanding *standing, int rank, DateADT period)
{
	if (rank == standing->rank)
		return;
	standing->rank = rank;
	standing->since = period;
	standing->run_below = 0;
}

/* One period, the next one, whose base rank may be missing. */
void
crm_tier_step(const TierPolicy *policy, TierStanding *standing, int base, DateADT period)
{
	const Moves *moves = &policy->moves;

	standing->period = period;
	if (standing->override_rank && period > standing->override_until)
		standing->override_rank = standing->override_since = standing->override_until = 0;
	if (base == BASE_MISSING)
	{
		if (moves->missing == MISSING_FREEZE)
			return;
		base = moves->missing == MISSING_CARRY ? standing->bases[standing->nbases - 1] : 1;
	}
	remember_base(standing, base);
	if (base >= standing->rank)
	{
		standing->run_below = 0;
		set_rank(standing, earned_rank(moves, standing), period);
	}
	else
	{
		if (standing->run_below < PG_UINT16_MAX)
			standing->run_below++;
		if (standing->run_below >= moves->down_after &&
		    crm_tier_is_review(policy, standing, period))
			set_rank(standing, landing_rank(moves, standing, base), period);
	}
	standing->on_watch = moves->watch_after > 0 && standing->run_below >= moves->watch_after;
}

/* Step through the periods before one, that have no value. */
void
crm_tier_skip(const TierPolicy *policy, TierStanding *standing, DateADT period)
{
	DateADT next;

	/* the usual case, without a calendar: two periods on is more days away */
	if (period - standing->period <= 31 * policy->months)
		return;
	next = crm_tier_next_period(policy, standing->period);
	for (; next < period; next = crm_tier_next_period(policy, next))
	{
		CHECK_FOR_INTERRUPTS();
		crm_tier_step(policy, standing, BASE_MISSING, next);
	}
}
