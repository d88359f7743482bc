/*
 * tally.c
 *		Open states that count how often each pair of numbers occurs.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "summary/cells.h"
#include "summary/tally.h"

#define INITIAL_SIZE 256

static inline CrmTally *
slots_of(const CrmSummaryKind *kind, const CrmState *state)
{
	return (CrmTally *) ((char *) state + kind->fixed);
}

/* The slot of a key, or the free one where it would stand. */
static inline CrmTally *
find_slot(CrmTally *slots, uint32 nslots, uint64 high, uint64 low)
{
	uint64 mixed = high * UINT64CONST(0x9E3779B97F4A7C15) ^ low;
	uint32 slot;

	mixed = (mixed ^ mixed >> 32) * UINT64CONST(0xD6E8FEB86659FD93);
	slot = (uint32) (((mixed >> 32) * nslots) >> 32);
	while (slots[slot].count != 0 && (slots[slot].low != low || slots[slot].high != high))
		slot = slot + 1 < nslots ? slot + 1 : 0;
	return &slots[slot];
}

/* A new state with room for so many rows.  54000 for more than a value may have. */
CrmState *
crm_tally_new(const CrmSummaryKind *kind, uint32 nrows)
{
	uint64 nslots = (uint64) nrows * 4 / 3 + 2;
	Size size = pg_nextpower2_size_t(Max(kind->fixed + nslots * sizeof(CrmTally), INITIAL_SIZE));

	if (nrows > CRM_TALLY_MAX_ROWS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("%s cannot have more than %u %s", kind->type_name,
		                       CRM_TALLY_MAX_ROWS, kind->of_what)));
	return crm_state_new(kind, (size - kind->fixed) / sizeof(CrmTally));
}

static CrmState *
enlarge(const CrmSummaryKind *kind, const CrmState *state)
{
	CrmState *larger = crm_tally_new(kind, state->used + 1);
	const CrmTally *slots = slots_of(kind, state);
	CrmTally *larger_slots = slots_of(kind, larger);
	uint32 nslots = crm_state_room(kind, state), larger_nslots = crm_state_room(kind, larger);

	CHECK_FOR_INTERRUPTS();
	memcpy((char *) larger + VARHDRSZ, (const char *) state + VARHDRSZ, kind->fixed - VARHDRSZ);
	for (uint32 i = 0; i < nslots; i++)
		if (slots[i].count != 0)
			*find_slot(larger_slots, larger_nslots, slots[i].high, slots[i].low) = slots[i];
	return larger;
}

/* Count a key so many times more.  What is returned is the state or a larger copy of it. */
CrmState *
crm_tally_add(const CrmSummaryKind *kind, CrmState *state, uint64 high, uint64 low, int64 count)
{
	uint32 nslots = crm_state_room(kind, state);
	CrmTally *slot = find_slot(slots_of(kind, state), nslots, high, low);

	if (slot->count == 0)
	{
		if (((uint64) state->used + 1) * 4 > (uint64) nslots * 3 ||
		    state->used >= CRM_TALLY_MAX_ROWS)
		{
			state = enlarge(kind, state);
			slot = find_slot(slots_of(kind, state), crm_state_room(kind, state), high, low);
		}
		state->used++;
		slot->high = high;
		slot->low = low;
	}
	crm_cell_count(&slot->count, count);
	return state;
}

CrmState *
crm_tally_merge(const CrmSummaryKind *kind, CrmState *into, const CrmState *from)
{
	const CrmTally *slots = slots_of(kind, from);
	uint32 nslots = crm_state_room(kind, from);

	CHECK_FOR_INTERRUPTS();
	for (uint32 i = 0; i < nslots; i++)
		if (slots[i].count != 0)
			into = crm_tally_add(kind, into, slots[i].high, slots[i].low, slots[i].count);
	return into;
}

static int
compare_rows(const void *a, const void *b)
{
	const CrmTally *x = a, *y = b;

	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	return x->low < y->low ? -1 : x->low > y->low;
}

/* A copy of the rows in the order of their keys; there are as many as the state says. */
CrmTally *
crm_tally_sorted(const CrmSummaryKind *kind, const CrmState *state)
{
	CrmTally *sorted = palloc(sizeof(CrmTally) * Max(state->used, 1));
	const CrmTally *slots = slots_of(kind, state);
	uint32 nslots = crm_state_room(kind, state), n = 0;

	CHECK_FOR_INTERRUPTS();
	for (uint32 i = 0; i < nslots && n < state->used; i++)
		if (slots[i].count != 0)
			sorted[n++] = slots[i];
	Assert(n == state->used);
	qsort(sorted, n, sizeof(CrmTally), compare_rows);
	return sorted;
}

/* In assertion builds: every row is found where it is looked for, and none is counted that is not there. */
void
crm_tally_check(const CrmSummaryKind *kind, const CrmState *state)
{
#ifdef USE_ASSERT_CHECKING
	CrmTally *slots = slots_of(kind, state);
	uint32 nslots = crm_state_room(kind, state), taken = 0;

	Assert(state->used < nslots && state->used <= CRM_TALLY_MAX_ROWS);
	for (uint32 i = 0; i < nslots; i++)
	{
		if (slots[i].count == 0)
			continue;
		taken++;
		Assert(slots[i].count > 0);
		Assert(find_slot(slots, nslots, slots[i].high, slots[i].low) == &slots[i]);
	}
	Assert(taken == state->used);
#endif
}
