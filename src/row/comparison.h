/*
 * comparison.h
 *		Conditions that set two attributes, or an attribute and a day, against each other.
 */
#ifndef CRM_COMPARISON_H
#define CRM_COMPARISON_H

#include "row/attribute.h"
#include "row/unary_test.h"

struct Row;
struct Finding;

typedef enum ComparisonType
{
	COMPARISON_ALLOWED,  /* the pair stands in a table */
	COMPARISON_AT_LEAST, /* left >= right */
	COMPARISON_AT_MOST,  /* left <= right */
	COMPARISON_CONTAINS, /* the left list has the right text, or every text of the right list */
	COMPARISON_OVERLAPS, /* the lists have a text in common */
	COMPARISON_WITHIN_MONTHS, /* as_of is at most so long after the day */
	COMPARISON_WITHIN_DAYS,
	COMPARISON_FOR_MONTHS, /* as_of is at least so long after the day */
	COMPARISON_FOR_DAYS
} ComparisonType;

typedef struct Comparison
{
	ComparisonType type;
	int left;      /* attribute */
	int right;     /* attribute, or -1 for a constant */
	Literal value; /* the constant */
	Literal times; /* the right side is multiplied by it */
	bool multiplied;
	int count;           /* months or days */
	const char *measure; /* what the left side is called in explanations */

	/* allowed pairs */
	Literal *lefts, *rights;
	int nlefts, nrights;
	bool *allowed; /* [left * nrights + right] */
} Comparison;

extern Comparison *crm_comparison_parse(DocumentNode *node, AttributeList *attributes);
extern Truth crm_comparison_of_day(const Comparison *comparison, DateADT day, DateADT as_of);
extern Truth crm_comparison_eval(const Comparison *comparison, const struct Row *row);
extern void crm_comparison_explain(const Comparison *comparison, const struct Row *row,
                                   const AttributeList *attributes, struct Finding *finding);

#endif
