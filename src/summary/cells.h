/*
 * cells.h
 *		Open states that are a table of counts by a number.
 *
 * The items of such a state are the slots of a hash table with open addressing: finding a cell
 * takes a multiplication and mostly one look, so that a row costs the same whatever the number of
 * cells.  A table doubles when it is three quarters full, and may be half as large as the kind's
 * max_items.
 *
 * Cells of another table are added in the order of their keys (crm_cells_sorted), never of its
 * slots: by these, the first ones all belong into the first part of a smaller table, and each
 * would look past all others.  Keys can still be chosen such that they all have one slot, so that
 * loops over cells can be cancelled.
 */
#ifndef CRM_CELLS_H
#define CRM_CELLS_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "compat.h"
#include "summary/summary.h"

typedef struct CrmCell
{
	int32 key;
	uint32 taken; /* 0 in a free slot, whose other fields mean nothing */
	union
	{
		struct /* distribution, migration */
		{
			int64 count;
			CrmMoney total;
		};
		struct /* survival */
		{
			int64 ended;
			int64 censored;
			int64 entered;
		};
	};
} CrmCell;

StaticAssertDecl(sizeof(CrmCell) == 32, "a cell has no padding");

#define CRM_CELLS_INITIAL_SIZE 256

static inline CrmCell *
crm_cells(const CrmSummaryKind *kind, const CrmState *state)
{
	return (CrmCell *) ((char *) state + kind->fixed);
}

/* The slot of a key, or the free one where it would stand. */
static inline CrmCell *
crm_cell_slot(CrmCell *cells, uint32 nslots, int32 key)
{
	uint32 mixed = (uint32) key * 0x9E3779B1u;
	uint32 slot = (uint32) (((uint64) mixed * nslots) >> 32);

	while (cells[slot].taken && cells[slot].key != key)
		slot = slot + 1 < nslots ? slot + 1 : 0;
	return &cells[slot];
}

extern CrmState *crm_cells_new(const CrmSummaryKind *kind, uint32 ncells);
extern CrmState *crm_cells_enlarge(const CrmSummaryKind *kind, const CrmState *state,
                                   uint32 ncells);
extern CrmCell *crm_cells_sorted(const CrmSummaryKind *kind, const CrmState *state);
extern void crm_cells_replace(const CrmSummaryKind *kind, CrmState *state, const CrmCell *cells,
                              uint32 ncells);
extern void crm_cells_check(const CrmSummaryKind *kind, const CrmState *state);
crm_noreturn extern void crm_cells_overflow(void);

/*
 * The cell of a key, made if there is none.  *state may become a larger copy; pointers to cells
 * of the old one are stale.
 */
static inline CrmCell *
crm_cell_at(const CrmSummaryKind *kind, CrmState **state, int32 key)
{
	uint32 nslots = crm_state_room(kind, *state);
	CrmCell *cell = crm_cell_slot(crm_cells(kind, *state), nslots, key);

	if (likely(cell->taken))
		return cell;
	if (((uint64) (*state)->used + 1) * 4 > (uint64) nslots * 3 ||
	    (*state)->used >= kind->max_items / 2)
	{
		*state = crm_cells_enlarge(kind, *state, (*state)->used + 1);
		cell = crm_cell_slot(crm_cells(kind, *state), crm_state_room(kind, *state), key);
	}
	(*state)->used++;
	memset(cell, 0, sizeof(CrmCell));
	cell->key = key;
	cell->taken = 1;
	return cell;
}

/* Counts of rows do not come near 2^63, but those of crafted values do. */
static inline void
crm_cell_count(int64 *count, int64 more)
{
	if (unlikely(__builtin_add_overflow(*count, more, count)))
		crm_cells_overflow();
}

#endif
