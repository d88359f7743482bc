/*
 * condition.h
 *		Conditions over the attributes of rows, the same in every document.
 */
#ifndef CRM_CONDITION_H
#define CRM_CONDITION_H

#include "row/attribute.h"
#include "row/comparison.h"
#include "row/input.h"
#include "row/unary_test.h"

/* The values that a policy reads, in the order of its attributes. */
typedef struct Row
{
	ColumnType *types;
	Datum *values;
	bool *nulls;
	DateADT as_of;
} Row;

typedef enum ConditionType
{
	CONDITION_TEST,     /* of one attribute */
	CONDITION_ALL,      /* AND */
	CONDITION_AT_LEAST, /* n of them; 1 of them is OR */
	CONDITION_NOT,
	CONDITION_XOR,       /* an odd number of them */
	CONDITION_SURROGATE, /* what the first says that is known */
	CONDITION_CONSTANT,
	CONDITION_RELATION /* of two attributes */
} ConditionType;

typedef struct Condition Condition;

struct Condition
{
	ConditionType type;
	int attribute;
	UnaryTest *test;
	const Input *input; /* how the attribute's values enter, or NULL */
	Comparison *comparison;
	int n;
	Truth constant;
	Condition **of;
	int nof;
};

extern Condition *crm_condition_parse(DocumentNode *node, AttributeList *attributes,
                                      bool with_comparisons);
extern Truth crm_condition_eval(const Condition *condition, const Row *row);
extern bool crm_condition_is_false(const Condition *condition, const Row *row,
                                   const AttributeList *attributes, uint32 known_sides);

extern DateADT crm_row_day(const Row *row, int attribute);

/* Why a condition fails, and how long it holds. */
typedef struct Finding
{
	StringInfoData text; /* "20-day average 320,000, needs 500,000, short 180,000" */
	int nshortfalls;
	Datum shortfall;     /* numeric, of the one comparison that fails */
	bool resolves;       /* time alone resolves it ... */
	DateADT resolves_on; /* ... on this day */
	bool lapses;         /* time alone breaks it ... */
	DateADT valid_until; /* ... after this day */
} Finding;

extern void crm_condition_explain(const Condition *condition, const Row *row,
                                  const AttributeList *attributes, Finding *finding);
extern void crm_condition_describe(const Condition *condition, const Row *row,
                                   const AttributeList *attributes, StringInfo out);
extern int crm_condition_first(const Condition *condition, const AttributeList *attributes,
                               int side);

#endif
