/*
 * decision_table_region.h
 *		Regions of the rows that a decision table is applied to: parts of the values of each column.
 */
#ifndef CRM_DECISION_TABLE_REGION_H
#define CRM_DECISION_TABLE_REGION_H

#include "policy/decision_table.h"

/* A column of values or of lists, cut into parts that the rules do not tell apart; part PART_NULL is NULL. */
typedef struct Dimension
{
	const Segments *segments; /* NULL for lists */
	int nparts;
	const uint64 *hits;  /* a bit set of rules for each part */
	const bool *allowed; /* each part, by the inputs */
	const Literal **
	    words; /* lists: the texts that tests name; part 1 + set is of the lists with that set of them */
	int nwords;
} Dimension;

/* A region is a flag for each part of each column, [column][part]. */
extern Dimension *crm_table_dimensions(const DecisionTable *table);
extern Datum crm_region_tests(const DecisionTable *table, const Dimension *dimensions,
                              bool *const *region);
extern Datum crm_region_row(const DecisionTable *table, const Dimension *dimensions,
                            bool *const *region, bool *isnull);

#endif
