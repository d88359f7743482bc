/*
 * unary_test.h
 *		A test of one value: DMN unary tests (S-FEEL), lists of values, and set tests of lists.
 */
#ifndef CRM_UNARY_TEST_H
#define CRM_UNARY_TEST_H

#include "row/attribute.h"

typedef enum Truth
{
	TRUTH_FALSE,
	TRUTH_TRUE,
	TRUTH_UNKNOWN
} Truth;

typedef enum ListTest
{
	LIST_NONE,
	LIST_CONTAINS, /* the list has all of these */
	LIST_OVERLAPS  /* the list has one of these */
} ListTest;

typedef struct UnaryTest
{
	ValueKind kind;     /* of its literals */
	bool anything;      /* "-" */
	bool matches_null;  /* null is among the values */
	bool excludes_null; /* not(null, ...) */
	bool negated;       /* not(...): the ranges are what is excluded */
	bool reads_as_of;
	ListTest list;
	Range *ranges; /* any of them */
	int nranges;
	const char *text;  /* as written */
	const char *needs; /* as a reader says it: R1 or R2 */
} UnaryTest;

extern UnaryTest *crm_unary_test_parse(const DocumentNode *node, bool allow_as_of);
extern Truth crm_unary_test_literal(const UnaryTest *test, const Literal *literal);
extern Truth crm_unary_test_eval(const UnaryTest *test, ColumnType type, Datum value, bool isnull,
                                 DateADT as_of);

#endif
