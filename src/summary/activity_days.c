/*
 * activity_days.c
 *		The set of days of an activity_summary's open state: a sorted list or a bitmap, whichever takes less memory.
 */
#include "postgres.h"

#include "port/pg_bitutils.h"

#include "summary/activity_days.h"

DateADT
crm_activity_lowest_day(const ActivityState *state)
{
	if (is_bitmap(state))
		return state->base + pg_rightmost_one_pos32(state->set.words[0]);
	return state->set.days[0];
}

DateADT
crm_activity_highest_day(const ActivityState *state)
{
	uint32 last = state->state.used - 1;

	if (is_bitmap(state))
		return state->base + (int32) (last * WORD_BITS) +
		       pg_leftmost_one_pos32(state->set.words[last]);
	return state->set.days[last];
}

static uint32
count_words(const uint32 *words, uint32 nwords)
{
	uint32 count = 0;

	for (uint32 i = 0; i < nwords; i++)
		count += pg_popcount32(words[i]);
	return count;
}

uint32
crm_activity_count_days(const ActivityState *state)
{
	return is_bitmap(state) ? count_words(state->set.words, state->state.used) : state->state.used;
}

/* The days of a bitmap as a list. */
void
crm_activity_list_words(DateADT base, const uint32 *words, uint32 nwords, DateADT *days)
{
	for (uint32 i = 0; i < nwords; i++)
		for (uint32 word = words[i]; word != 0; word &= word - 1)
			*days++ = base + (int32) (i * WORD_BITS) + pg_rightmost_one_pos32(word);
}

static ActivityState *
reserve(ActivityState *state, uint32 items)
{
	return (ActivityState *) crm_state_reserve(&crm_activity_kind, &state->state, items);
}

/* A list with the same contents but its days, and room for so many. */
static ActivityState *
without_days(const ActivityState *state, uint32 items)
{
	ActivityState *copy = (ActivityState *) crm_state_new(&crm_activity_kind, items);

	copy->events = state->events;
	copy->negatives = state->negatives;
	copy->total = state->total;
	copy->first_total = state->first_total;
	return copy;
}

/* A list as a bitmap that reaches over the days from low to high. */
static ActivityState *
to_bitmap(const ActivityState *state, DateADT low, DateADT high)
{
	ActivityState *bitmap = without_days(state, words_between(low, high));

	bitmap->state.header.flags |= BITMAP;
	bitmap->state.used = words_between(low, high);
	bitmap->base = word_base(low);
	for (uint32 i = 0; i < state->state.used; i++)
		set_day(bitmap, state->set.days[i]);
	return bitmap;
}

static ActivityState *
to_list(const ActivityState *state)
{
	uint32 ndays = crm_activity_count_days(state);
	ActivityState *list = without_days(state, ndays);

	crm_activity_list_words(state->base, state->set.words, state->state.used, list->set.days);
	list->state.used = ndays;
	return list;
}

/*
 * A bitmap made to reach over the days from low to high, which are about to be added; or a list, if a bitmap would take more
 * memory than one.  A sentinel such as 9999-12-31 among ordinary days costs four bytes.
 */
static ActivityState *
stretch(ActivityState *state, DateADT low, DateADT high)
{
	uint32 used = state->state.used;
	DateADT top = state->base + (int32) ((used - 1) * WORD_BITS);
	uint32 below;
	uint32 wanted;

	if (low >= state->base && word_base(high) <= top)
		return state;
	low = Min(low, state->base);
	high = Max(high, top);
	wanted = words_between(low, high);
	if (wanted > crm_activity_count_days(state))
		return to_list(state);
	state = reserve(state, wanted);
	below = (state->base - word_base(low)) / WORD_BITS;
	if (below > 0)
	{
		memmove(state->set.words + below, state->set.words, used * sizeof(uint32));
		memset(state->set.words, 0, below * sizeof(uint32));
	}
	memset(state->set.words + below + used, 0, (wanted - below - used) * sizeof(uint32));
	state->base = word_base(low);
	state->state.used = wanted;
	return state;
}

/* Add days of a sorted list to a list. */
static ActivityState *
merge_lists(ActivityState *state, const DateADT *days, uint32 ndays)
{
	uint32 used = state->state.used;
	uint32 extra = 0;
	DateADT *own = state->set.days;
	int64 i, j, k;

	if (used == 0 || days[0] > own[used - 1])
		extra = ndays;
	else
	{
		uint32 at = 0;

		for (uint32 n = 0; n < ndays; n++)
		{
			while (at < used && own[at] < days[n])
				at++;
			if (at == used || own[at] != days[n])
				extra++;
		}
	}
	if (extra == 0)
		return state;
	if (used + extra > crm_state_room(&crm_activity_kind, &state->state))
	{
		DateADT low = used == 0 ? days[0] : Min(days[0], own[0]);
		DateADT high = used == 0 ? days[ndays - 1] : Max(days[ndays - 1], own[used - 1]);

		if (words_between(low, high) <= (used + extra) / 2)
		{
			state = to_bitmap(state, low, high);
			for (uint32 n = 0; n < ndays; n++)
				set_day(state, days[n]);
			return state;
		}
		state = reserve(state, used + extra);
		own = state->set.days;
	}
	/* from the back, so that nothing is overwritten before it has moved */
	i = (int64) used - 1;
	j = (int64) ndays - 1;
	for (k = (int64) used + extra - 1; j >= 0; k--)
	{
		if (i >= 0 && own[i] >= days[j])
		{
			if (own[i] == days[j])
				j--;
			own[k] = own[i--];
		}
		else
			own[k] = days[j--];
	}
	state->state.used = used + extra;
	return state;
}

ActivityState *
crm_activity_add_list(ActivityState *state, const DateADT *days, uint32 ndays)
{
	if (is_bitmap(state))
		state = stretch(state, days[0], days[ndays - 1]);
	if (!is_bitmap(state))
		return merge_lists(state, days, ndays);
	for (uint32 n = 0; n < ndays; n++)
		set_day(state, days[n]);
	return state;
}

ActivityState *
crm_activity_add_bitmap(ActivityState *state, const ActivityState *from)
{
	DateADT low = crm_activity_lowest_day(from);
	DateADT high = crm_activity_highest_day(from);

	if (is_bitmap(state))
		state = stretch(state, low, high);
	else if (state->state.used > 0)
	{
		DateADT lowest = Min(low, crm_activity_lowest_day(state));
		DateADT highest = Max(high, crm_activity_highest_day(state));

		if (words_between(lowest, highest) <= Max(crm_activity_count_days(from), state->state.used))
			state = to_bitmap(state, lowest, highest);
	}
	if (is_bitmap(state))
	{
		uint32 offset = (from->base - state->base) / WORD_BITS;

		for (uint32 i = 0; i < from->state.used; i++)
			state->set.words[offset + i] |= from->set.words[i];
	}
	else
	{
		uint32 ndays = crm_activity_count_days(from);
		DateADT *days = palloc(ndays * sizeof(DateADT));

		crm_activity_list_words(from->base, from->set.words, from->state.used, days);
		state = merge_lists(state, days, ndays);
		pfree(days);
	}
	return state;
}

ActivityState *
crm_activity_add_day(ActivityState *state, DateADT day)
{
	DateADT *days = state->set.days;
	uint32 used = state->state.used;
	uint32 low = 0;
	uint32 high = used;

	if (is_bitmap(state))
	{
		uint32 bit = (uint32) day - (uint32) state->base;

		if (likely(day >= state->base && bit / WORD_BITS < used))
		{
			set_day(state, day);
			return state;
		}
		return crm_activity_add_list(state, &day, 1);
	}
	if (used > 0 && days[used - 1] < day)
		low = used;
	while (low < high)
	{
		uint32 middle = (low + high) / 2;

		if (days[middle] < day)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < used && days[low] == day)
		return state;
	if (used == crm_state_room(&crm_activity_kind, &state->state))
		return merge_lists(state, &day, 1);
	memmove(days + low + 1, days + low, (used - low) * sizeof(DateADT));
	days[low] = day;
	state->state.used = used + 1;
	return state;
}
