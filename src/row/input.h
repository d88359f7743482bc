/*
 * input.h
 *		How the values of an attribute enter a policy: which count as missing, which are valid, and what takes the place of
 *		the others.
 */
#ifndef CRM_INPUT_H
#define CRM_INPUT_H

#include "row/unary_test.h"

/* What becomes of a value. */
typedef enum InputResult
{
	INPUT_KEPT,
	INPUT_MISSING,  /* it counts as NULL */
	INPUT_REPLACED, /* another value takes its place */
	INPUT_REFUSED   /* there is no result */
} InputResult;

typedef struct Input
{
	int attribute;
	UnaryTest *missing_if;                /* values that count as NULL, or NULL */
	UnaryTest *valid;                     /* or NULL: every value is */
	InputResult invalid;                  /* what becomes of a value that is not, */
	InputResult missing;                  /* and of NULL: INPUT_MISSING where nothing is said */
	Literal invalid_value, missing_value; /* where they are replaced */
} Input;

extern void crm_inputs_parse(DocumentNode *node, AttributeList *attributes);
extern InputResult crm_input_apply(const Input *input, ColumnType type, Datum value, bool isnull,
                                   const Literal **replacement);
extern bool crm_input_may_refuse(const Input *input);

#endif
