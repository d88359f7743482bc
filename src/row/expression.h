/*
 * expression.h
 *		Numbers computed from the attributes of a row.
 */
#ifndef CRM_EXPRESSION_H
#define CRM_EXPRESSION_H

#include "row/condition.h"

typedef enum ExpressionType
{
	EXPRESSION_CONSTANT,
	EXPRESSION_ATTRIBUTE,
	EXPRESSION_ADD,
	EXPRESSION_SUBTRACT, /* or negate, of one operand */
	EXPRESSION_MULTIPLY,
	EXPRESSION_DIVIDE,
	EXPRESSION_COALESCE,
	EXPRESSION_CLAMP /* of one operand, between low and high */
} ExpressionType;

typedef struct Expression Expression;

struct Expression
{
	ExpressionType type;
	double number;
	int attribute;
	const Input *input; /* how the attribute's values enter, or NULL */
	double low, high;
	Expression **of;
	int nof;
};

extern Expression *crm_expression_parse(DocumentNode *node, AttributeList *attributes);
extern Expression *crm_expression_linear(int attribute, const AttributeList *attributes, double add,
                                         double multiply, double low, double high);
extern bool crm_expression_eval(const Expression *expression, const Row *row, double *result);

#endif
