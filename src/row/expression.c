/*
 * expression.c
 *		Numbers computed from the attributes of a row.
 *
 * A number stands for itself and a string for the attribute of that name.  {"+": [...]}, {"-": [a, b]}, {"*": [...]}, {"/": [a, b]} and
 * {"coalesce": [...]} compute; they are evaluated in double, as PMML's arithmetic is.  What is computed from NULL or by a division by
 * zero is not known; coalesce is the first of its operands that is.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"

#include "row/expression.h"

static const struct
{
	const char *name;
	ExpressionType type;
	int least, most; /* operands */
} operations[] = {{"+", EXPRESSION_ADD, 2, PG_INT32_MAX},
                  {"-", EXPRESSION_SUBTRACT, 1, 2},
                  {"*", EXPRESSION_MULTIPLY, 2, PG_INT32_MAX},
                  {"/", EXPRESSION_DIVIDE, 2, 2},
                  {"coalesce", EXPRESSION_COALESCE, 1, PG_INT32_MAX}};

static Expression *
make_expression(ExpressionType type, int nof)
{
	Expression *expression = palloc0(sizeof(Expression));

	expression->type = type;
	expression->nof = nof;
	expression->of = palloc0(sizeof(Expression *) * Max(nof, 1));
	return expression;
}

static Expression *
make_constant(double number)
{
	Expression *expression = make_expression(EXPRESSION_CONSTANT, 0);

	expression->number = number;
	return expression;
}

static Expression *
make_attribute(int attribute, const AttributeList *attributes)
{
	Expression *expression = make_expression(EXPRESSION_ATTRIBUTE, 0);

	expression->attribute = attribute;
	expression->input = attributes->items[attribute].input;
	return expression;
}

/* Read an expression; attributes that it names are numbers. */
Expression *
crm_expression_parse(DocumentNode *node, AttributeList *attributes)
{
	Expression *expression;
	DocumentNode *operands;
	int o = 0;

	check_stack_depth();
	if (node->type == DOCUMENT_NUMBER)
		return make_constant(node->number);
	if (node->type == DOCUMENT_STRING)
	{
		const char *name = crm_document_text(node);

		if (strspn(name, "0123456789.eE+- ") == strlen(name))
			document_malformed(node, "Write numbers without quotes.",
			                   "a string names an attribute, and this one looks like a number");
		return make_attribute(crm_attribute_use(attributes, 0, name, KIND_NUMBER, node),
		                      attributes);
	}
	if (node->type != DOCUMENT_OBJECT || node->nitems != 1)
		document_malformed(node,
		                   "Write a number, the name of an attribute, or one of {\"+\": [...]}, "
		                   "{\"-\": [a, b]}, {\"*\": [...]}, {\"/\": [a, b]}, {\"coalesce\": "
		                   "[...]}.",
		                   "not an expression");
	operands = node->items[0];
	while (o < lengthof(operations) && strcmp(operands->key, operations[o].name) != 0)
		o++;
	if (o == lengthof(operations))
		document_malformed(operands, "Known operations: +, -, *, /, coalesce.",
		                   "unknown operation");
	crm_document_expect(operands, DOCUMENT_ARRAY);
	if (operands->nitems < operations[o].least || operands->nitems > operations[o].most)
		document_malformed(operands, NULL, "%s takes %s", operations[o].name,
		                   operations[o].most == 2
		                       ? operations[o].least == 2 ? "two operands" : "one or two operands"
		                   : operations[o].least == 2 ? "two or more operands"
		                                              : "one or more operands");
	expression = make_expression(operations[o].type, operands->nitems);
	for (int i = 0; i < operands->nitems; i++)
		expression->of[i] = crm_expression_parse(operands->items[i], attributes);
	return expression;
}

/* add + multiply * the attribute, within low and high. */
Expression *
crm_expression_linear(int attribute, const AttributeList *attributes, double add, double multiply,
                      double low, double high)
{
	Expression *clamp = make_expression(EXPRESSION_CLAMP, 1);
	Expression *sum = make_expression(EXPRESSION_ADD, 2);
	Expression *product = make_expression(EXPRESSION_MULTIPLY, 2);

	product->of[0] = make_constant(multiply);
	product->of[1] = make_attribute(attribute, attributes);
	sum->of[0] = make_constant(add);
	sum->of[1] = product;
	clamp->of[0] = sum;
	clamp->low = low;
	clamp->high = high;
	return isinf(low) && isinf(high) ? sum : clamp;
}

static bool
attribute_number(const Expression *expression, const Row *row, double *result)
{
	int attribute = expression->attribute;
	Operand operand;

	if (expression->input)
	{
		const Literal *replacement;

		switch (crm_input_apply(expression->input, row->types[attribute], row->values[attribute],
		                        row->nulls[attribute], &replacement))
		{
			case INPUT_KEPT:
				break;
			case INPUT_REPLACED:
				*result = replacement->number;
				return true;
			default:
				return false;
		}
	}
	if (row->nulls[attribute] ||
	    !crm_operand_read(&operand, row->types[attribute], row->values[attribute]))
		return false;
	switch (operand.form)
	{
		case OPERAND_INTEGER:
			*result = operand.integer;
			break;
		case OPERAND_FLOAT:
			*result = operand.number;
			break;
		default:
			*result = DatumGetFloat8(
			    DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(operand.numeric)));
	}
	return true;
}

/* The number that a row gives; false where it is not known. */
bool
crm_expression_eval(const Expression *expression, const Row *row, double *result)
{
	double operand;

	switch (expression->type)
	{
		case EXPRESSION_CONSTANT:
			*result = expression->number;
			return true;
		case EXPRESSION_ATTRIBUTE:
			return attribute_number(expression, row, result);
		case EXPRESSION_COALESCE:
			for (int i = 0; i < expression->nof; i++)
				if (crm_expression_eval(expression->of[i], row, result))
					return true;
			return false;
		default:
			break;
	}

	if (!crm_expression_eval(expression->of[0], row, result))
		return false;
	for (int i = 1; i < expression->nof; i++)
	{
		if (!crm_expression_eval(expression->of[i], row, &operand))
			return false;
		switch (expression->type)
		{
			case EXPRESSION_ADD:
				*result += operand;
				break;
			case EXPRESSION_SUBTRACT:
				*result -= operand;
				break;
			case EXPRESSION_MULTIPLY:
				*result *= operand;
				break;
			default:
				if (operand == 0)
					return false;
				*result /= operand;
		}
	}
	if (expression->type == EXPRESSION_SUBTRACT && expression->nof == 1)
		*result = -*result;
	if (expression->type == EXPRESSION_CLAMP)
		*result = Max(expression->low, Min(expression->high, *result));
	return !isnan(*result); /* Infinity - Infinity is not known either */
}
