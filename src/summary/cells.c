/*
 * cells.c
 *		Open states that are a table of counts by a number.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "summary/cells.h"

void
crm_cells_overflow(void)
{
	ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("count is out of range")));
}

/*
 * A new state with room for so many cells.  Its size is a power of two, which is how memory
 * contexts round; a slot is found by a multiplication, so that the number of slots need not be
 * one.
 */
CrmState *
crm_cells_new(const CrmSummaryKind *kind, uint32 ncells)
{
	uint64 slots = Max((uint64) ncells * 4 / 3 + 1, 2);
	Size size;

	if (ncells > kind->max_items / 2)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("%s cannot have more than %u %s", kind->type_name,
		                       kind->max_items / 2, kind->of_what)));
	size = pg_nextpower2_size_t(Max(kind->fixed + slots * sizeof(CrmCell), CRM_CELLS_INITIAL_SIZE));
	return crm_state_new(kind, (size - kind->fixed) / sizeof(CrmCell));
}

/* A copy of a state, with room for so many cells. */
CrmState *
crm_cells_enlarge(const CrmSummaryKind *kind, const CrmState *state, uint32 ncells)
{
	CrmState *larger = crm_cells_new(kind, ncells);
	uint32 nslots = crm_state_room(kind, state), larger_nslots = crm_state_room(kind, larger);
	const CrmCell *cells = crm_cells(kind, state);
	CrmCell *larger_cells = crm_cells(kind, larger);

	memcpy((char *) larger + VARHDRSZ, (const char *) state + VARHDRSZ, kind->fixed - VARHDRSZ);
	for (uint32 slot = 0; slot < nslots; slot++)
	{
		CHECK_FOR_INTERRUPTS();
		if (cells[slot].taken)
			*crm_cell_slot(larger_cells, larger_nslots, cells[slot].key) = cells[slot];
	}
	return larger;
}

/*
 * Places are sorted instead of cells, since a place is one number: the key, raised so that it is
 * not negative, then the slot.
 */
#define ST_SORT sort_places
#define ST_ELEMENT_TYPE uint64
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* A copy of the cells in the order of their keys; there are as many as the state says. */
CrmCell *
crm_cells_sorted(const CrmSummaryKind *kind, const CrmState *state)
{
	CrmCell *sorted = palloc(sizeof(CrmCell) * Max(state->used, 1));
	uint64 *places = palloc(sizeof(uint64) * Max(state->used, 1));
	const CrmCell *cells = crm_cells(kind, state);
	uint32 nslots = crm_state_room(kind, state), n = 0;

	CHECK_FOR_INTERRUPTS();
	for (uint32 slot = 0; slot < nslots && n < state->used; slot++)
		if (cells[slot].taken)
			places[n++] = (uint64) ((uint32) cells[slot].key ^ 0x80000000) << 32 | slot;
	Assert(n == state->used);
	sort_places(places, n);
	for (uint32 i = 0; i < n; i++)
		sorted[i] = cells[(uint32) places[i]];
	pfree(places);
	return sorted;
}

/* Give a state other cells, of different keys, in place.  It must have room for them. */
void
crm_cells_replace(const CrmSummaryKind *kind, CrmState *state, const CrmCell *cells, uint32 ncells)
{
	uint32 nslots = crm_state_room(kind, state);
	CrmCell *own = crm_cells(kind, state);

	Assert(ncells < nslots);
	memset(own, 0, sizeof(CrmCell) * nslots);
	for (uint32 i = 0; i < ncells; i++)
	{
		CHECK_FOR_INTERRUPTS();
		*crm_cell_slot(own, nslots, cells[i].key) = cells[i];
	}
	state->used = ncells;
}

/*
 * In assertion builds: every cell is found where it is looked for, and none is counted that is
 * not there.
 */
void
crm_cells_check(const CrmSummaryKind *kind, const CrmState *state)
{
#ifdef USE_ASSERT_CHECKING
	uint32 nslots = crm_state_room(kind, state);
	CrmCell *cells = crm_cells(kind, state);
	uint32 taken = 0;

	Assert(state->used < nslots);
	for (uint32 slot = 0; slot < nslots; slot++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!cells[slot].taken)
			continue;
		taken++;
		Assert(cells[slot].taken == 1);
		Assert(crm_cell_slot(cells, nslots, cells[slot].key) == &cells[slot]);
	}
	Assert(taken == state->used);
#endif
}
