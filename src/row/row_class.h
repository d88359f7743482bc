/*
 * row_class.h
 *		Classes of rows that conditions cannot tell apart: what is decided for one row holds for all of its class.
 */
#ifndef CRM_ROW_CLASS_H
#define CRM_ROW_CLASS_H

#include "row/condition.h"
#include "row/partition.h"

/* One digit of a row's class: the part of an attribute's value, or the truth of a condition. */
typedef struct ClassDigit
{
	int attribute; /* or -1: */
	const Condition *condition;
	ColumnType type;
	Lookup *lookup;
	uint64 weight;
} ClassDigit;

typedef struct RowClasses
{
	DateADT as_of; /* the classes are of this day */
	int ndigits;
	ClassDigit *digits;
} RowClasses;

extern RowClasses *crm_row_classes_make(const Condition *const *conditions, int nconditions,
                                        const AttributeList *attributes, uint32 constant_sides,
                                        const Row *row);

/* The class of a row of the day and column types for which the classes were made. */
static inline uint64
row_class(const RowClasses *classes, const Row *row)
{
	uint64 class = 0;

	for (int i = 0; i < classes->ndigits; i++)
	{
		const ClassDigit *it = &classes->digits[i];
		int digit = it->attribute >= 0
		                ? lookup_part(it->lookup, it->type, row->values[it->attribute],
		                              row->nulls[it->attribute])
		                : (int) crm_condition_eval(it->condition, row);

		class += it->weight * (uint64) digit;
	}
	return class;
}

#endif
