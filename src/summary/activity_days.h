/*
 * activity_days.h
 *		The set of days of an activity_summary's open state.
 */
#ifndef CRM_ACTIVITY_DAYS_H
#define CRM_ACTIVITY_DAYS_H

#include "utils/date.h"

#include "summary/summary.h"

#define MAX_DAYS 100000
#define BITMAP                                                                                     \
	0x01 /* flag: the days are a bitmap; in an open state of its words, in a closed value of its bytes */
#define FIRST_ITEMS 4
#define WORD_BITS 32

typedef struct ActivityState
{
	CrmState state; /* used: days of the list, or words of the bitmap */
	int32 base;     /* of the bitmap: the day of its lowest bit, a multiple of 32 */
	int64 events;
	int64 negatives;
	CrmMoney total;
	CrmMoney first_total; /* of the lowest day */
	union
	{
		DateADT days[1]; /* ascending, distinct */
		uint32 words[1]; /* the first and the last are not zero */
	} set;               /* up to VARSIZE */
} ActivityState;

#define FIXED_BYTES offsetof(ActivityState, set)

StaticAssertDecl(FIXED_BYTES % 8 == 0, "the items of a state begin at a multiple of eight");
StaticAssertDecl(sizeof(DateADT) == sizeof(uint32), "days and words have one size");

extern const CrmSummaryKind crm_activity_kind;

extern DateADT crm_activity_lowest_day(const ActivityState *state);
extern DateADT crm_activity_highest_day(const ActivityState *state);
extern uint32 crm_activity_count_days(const ActivityState *state);
extern void crm_activity_list_words(DateADT base, const uint32 *words, uint32 nwords,
                                    DateADT *days);
extern ActivityState *crm_activity_add_list(ActivityState *state, const DateADT *days,
                                            uint32 ndays);
extern ActivityState *crm_activity_add_bitmap(ActivityState *state, const ActivityState *from);
extern ActivityState *crm_activity_add_day(ActivityState *state, DateADT day);

static inline bool
is_bitmap(const ActivityState *state)
{
	return (state->state.header.flags & BITMAP) != 0;
}

/* The lowest day of the word that holds a day. */
static inline DateADT
word_base(DateADT day)
{
	return day & ~(WORD_BITS - 1);
}

/* How many words a bitmap from one day to another has. */
static inline uint32
words_between(DateADT low, DateADT high)
{
	return (uint32) (((int64) word_base(high) - word_base(low)) / WORD_BITS) + 1;
}

static inline void
set_day(ActivityState *state, DateADT day)
{
	uint32 bit = (uint32) (day - state->base);

	state->set.words[bit / WORD_BITS] |= (uint32) 1 << (bit % WORD_BITS);
}

#endif
