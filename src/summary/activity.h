/*
 * activity.h
 *		What an activity summary says as of a day, for those who build on it.
 */
#ifndef CRM_ACTIVITY_H
#define CRM_ACTIVITY_H

#include "utils/date.h"

#include "value/money.h"

typedef struct CrmActivityAsOf
{
	DateADT first_day;
	DateADT last_day;   /* the last active day up to the as-of day */
	int32 recency_days; /* from it to the as-of day */
	int32 frequency;    /* active days after the first, up to the as-of day */
	int32 tenure_days;  /* from the first active day to the as-of day */
	bool is_whole; /* no activity after the as-of day: only then are the next two as of that day */
	int64 events;
	int128 total;
	int128 first_total; /* of the first day, whatever the as-of day */
} CrmActivityAsOf;

extern bool crm_activity_as_of(Datum activity, DateADT as_of, CrmActivityAsOf *result);
extern int32 crm_activity_repeat(Datum activity, int128 *total);

#endif
