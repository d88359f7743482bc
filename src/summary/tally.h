/*
 * tally.h
 *		Open states that count how often each pair of numbers occurs.
 *
 * The items are the slots of a hash table with open addressing, as in cells.h; but a key has 128 bits, in two words, and a
 * cell is nothing but its key and a count.
 */
#ifndef CRM_TALLY_H
#define CRM_TALLY_H

#include "summary/summary.h"

typedef struct CrmTally
{
	uint64 high;
	uint64 low;
	int64 count; /* 0 in a free slot, whose other fields mean nothing */
} CrmTally;

#define CRM_TALLY_MAX_ROWS 8388608
/* A table is at most three quarters full, and its size is rounded up to a power of two. */
#define CRM_TALLY_MAX_SLOTS (3 * CRM_TALLY_MAX_ROWS)

extern CrmState *crm_tally_new(const CrmSummaryKind *kind, uint32 nrows);
extern CrmState *crm_tally_add(const CrmSummaryKind *kind, CrmState *state, uint64 high, uint64 low,
                               int64 count);
extern CrmState *crm_tally_merge(const CrmSummaryKind *kind, CrmState *into, const CrmState *from);
extern CrmTally *crm_tally_sorted(const CrmSummaryKind *kind, const CrmState *state);
extern void crm_tally_check(const CrmSummaryKind *kind, const CrmState *state);

#endif
