/*
 * pmml_expression.c
 *		Expressions of a PMML file: FieldRef, Constant, and Apply of the four operations or of a DefineFunction, and the derived fields
 *		that are computed by them (PMML 4.4, "Transformations" and "Functions").
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/json.h"

#include "policy/pmml.h"

#define MAX_DEPTH 100

/* In a document each takes two bytes at least */
#define MAX_EXPRESSIONS (CRM_DOCUMENT_MAX_LENGTH / 2)

/* The parameters of the function that is being applied. */
typedef struct Scope
{
	const XmlNode *function; /* NULL outside of functions */
	PmmlExpression **arguments;
	int depth; /* of functions within functions */
} Scope;

static PmmlExpression *build(PmmlModel *model, const XmlNode *node, const Scope *scope);

static PmmlExpression *
make_expression(PmmlExpressionType type, int nof)
{
	PmmlExpression *expression = palloc0(sizeof(PmmlExpression));

	expression->type = type;
	expression->nof = nof;
	expression->of = palloc0(sizeof(PmmlExpression *) * Max(nof, 1));
	return expression;
}

static PmmlExpression *
make_constant(const char *text)
{
	PmmlExpression *expression = make_expression(PMML_CONSTANT, 0);

	expression->text = text;
	expression->whole = strspn(text, "-0123456789") == strlen(text);
	return expression;
}

static PmmlExpression *
make_field(PmmlField *field)
{
	PmmlExpression *expression = make_expression(PMML_FIELD, 0);

	expression->field = field;
	expression->whole = field->integer;
	return expression;
}

static PmmlExpression *
make_apply(const char *operation, PmmlExpression *first, PmmlExpression *second)
{
	PmmlExpression *expression = make_expression(PMML_APPLY, 2);

	expression->text = operation;
	expression->of[0] = first;
	expression->of[1] = second;
	expression->whole = first->whole && second->whole && strcmp(operation, "/") != 0;
	return expression;
}

/* The one child that is no Extension. */
const XmlNode *
crm_pmml_only_child(const XmlNode *node, const char *what)
{
	const XmlNode *only = NULL;

	xml_foreach_child(child, node)
	{
		if (crm_xml_is(child, "Extension") || crm_xml_is(child, "ParameterField"))
			continue;
		if (only)
			xml_malformed(child, NULL, "%s has one %s only", node->name, what);
		only = child;
	}
	if (only == NULL)
		xml_malformed(node, NULL, "the %s is missing", what);
	return only;
}

/* Refuse the dataType of a derived field or function if its values would have to be converted. */
static void
check_type(const XmlNode *node, const PmmlExpression *expression)
{
	const char *type = crm_xml_attribute(node, "dataType");
	bool number = expression->type != PMML_FIELD || expression->field->kind == KIND_NUMBER;

	if (type == NULL)
		return;
	if (strcmp(type, "integer") == 0 ? !number || !expression->whole
	    : strcmp(type, "double") == 0 || strcmp(type, "float") == 0
	        ? !number
	        : expression->type == PMML_APPLY ||
	              (expression->type == PMML_FIELD &&
	               strcmp(type, crm_xml_attribute(expression->field->node, "dataType")) != 0))
		xml_unsupported(node, NULL, "a conversion to dataType %s is not supported", type);
}

/* The expression of a derived field, built at its first use. */
PmmlExpression *
crm_pmml_derived(PmmlModel *model, PmmlField *field, const XmlNode *node)
{
	Scope scope = {0};

	if (field->open)
		xml_malformed(field->node, NULL, "the field is computed from itself");
	if (field->expression == NULL)
	{
		field->open = true;
		crm_pmml_check(field->node);
		field->expression = build(model, crm_pmml_only_child(field->node, "expression"), &scope);
		check_type(field->node, field->expression);
		field->open = false;
	}
	return field->expression;
}

static PmmlExpression *
build_field(PmmlModel *model, const XmlNode *node, const Scope *scope)
{
	const char *name = crm_xml_require_attribute(node, "field");
	const char *missing = crm_xml_attribute(node, "mapMissingTo");
	PmmlExpression *expression;

	if (scope->function)
	{
		const XmlNode *parameter = crm_xml_child(scope->function, "ParameterField");
		int i = 0;

		while (parameter && strcmp(crm_xml_require_attribute(parameter, "name"), name) != 0)
		{
			parameter = crm_xml_next(parameter, "ParameterField");
			i++;
		}
		if (parameter == NULL)
			xml_malformed(node, NULL, "the function has no parameter \"%.*s\"",
			              pg_mbcliplen(name, strlen(name), 60), name);
		expression = scope->arguments[i];
	}
	else
	{
		PmmlField *field = crm_pmml_field(model, name, node);

		if (field->derived)
			expression = crm_pmml_derived(model, field, node);
		else
			expression = make_field(field);
	}
	return missing
	           ? make_apply("coalesce", expression, make_constant(crm_pmml_number(missing, node)))
	           : expression;
}

/* A constant; numbers are kept as they are written in documents, other types as their text. */
static PmmlExpression *
build_constant(const XmlNode *node)
{
	const char *type = crm_xml_attribute(node, "dataType");

	if (crm_pmml_boolean(node, "missing", false))
		xml_unsupported(node, NULL, "a Constant that is missing is not supported");
	if (type == NULL || strcmp(type, "integer") == 0 || strcmp(type, "float") == 0 ||
	    strcmp(type, "double") == 0)
		return make_constant(crm_pmml_number(node->text, node));
	xml_unsupported(node, NULL, "a Constant of dataType %s is not supported", type);
}

static PmmlExpression *
build_function(PmmlModel *model, const XmlNode *node, const char *name, PmmlExpression **arguments,
               int narguments, int depth)
{
	const XmlNode *dictionary = crm_xml_optional_child(model->root, "TransformationDictionary");
	const XmlNode *function = dictionary ? crm_xml_child(dictionary, "DefineFunction") : NULL;
	PmmlExpression *expression;
	Scope scope = {0};
	int nparameters = 0;

	while (function && strcmp(crm_xml_require_attribute(function, "name"), name) != 0)
		function = crm_xml_next(function, "DefineFunction");
	if (function == NULL)
		xml_unsupported(node, "Supported: +, -, *, / and functions that the file defines by them.",
		                "function \"%.*s\" is not supported", pg_mbcliplen(name, strlen(name), 60),
		                name);
	for (const XmlNode *parameter = crm_xml_child(function, "ParameterField"); parameter;
	     parameter = crm_xml_next(parameter, "ParameterField"))
		nparameters++;
	crm_pmml_check(function);
	if (nparameters != narguments)
		xml_malformed(
		    node, NULL,
		    "function \"%.*s\" with the number of parameters %d has the number of arguments %d",
		    pg_mbcliplen(name, strlen(name), 60), name, nparameters, narguments);
	if (depth >= MAX_DEPTH)
		xml_malformed(function, NULL, "the function applies itself, or more than %d others",
		              MAX_DEPTH);
	scope.function = function;
	scope.arguments = arguments;
	scope.depth = depth + 1;
	expression = build(model, crm_pmml_only_child(function, "expression"), &scope);
	check_type(function, expression);
	return expression;
}

static PmmlExpression *
build_apply(PmmlModel *model, const XmlNode *node, const Scope *scope)
{
	static const char *const operations[] = {"+", "-", "*", "/"};
	static const char *const treatments[] = {"asMissing", "asIs", "returnInvalid"};
	const char *name = crm_xml_require_attribute(node, "function");
	const char *missing = crm_xml_attribute(node, "mapMissingTo");
	const char *otherwise = crm_xml_attribute(node, "defaultValue");
	PmmlExpression **arguments;
	PmmlExpression *expression;
	int n = 0, o = 0;
	bool strict;

	xml_foreach_child(child, node) n += !crm_xml_is(child, "Extension");
	arguments = palloc(sizeof(PmmlExpression *) * Max(n, 1));
	n = 0;
	xml_foreach_child(child, node)
	{
		if (!crm_xml_is(child, "Extension"))
			arguments[n++] = build(model, child, scope);
	}

	while (o < lengthof(operations) && strcmp(name, operations[o]) != 0)
		o++;
	if (o < lengthof(operations))
	{
		if (n != 2)
			xml_malformed(node, NULL, "%s takes two arguments, not %d", name, n);
		expression = make_apply(operations[o], arguments[0], arguments[1]);
	}
	else
		expression = build_function(model, node, name, arguments, n, scope->depth);

	/* a quotient may be unknown though no argument is missing */
	strict = o < 3 || (o == 3 && arguments[1]->type == PMML_CONSTANT &&
	                   strtod(arguments[1]->text, NULL) != 0);
	if (crm_pmml_choice(node, "invalidValueTreatment", treatments, lengthof(treatments), 0) != 0 &&
	    otherwise && !strict)
		xml_unsupported(node, "With a defaultValue it is asMissing.",
		                "invalidValueTreatment=\"%s\" of %s is not supported",
		                crm_xml_attribute(node, "invalidValueTreatment"), name);
	if (missing)
	{
		if (!strict)
			xml_unsupported(node, "Put mapMissingTo on the FieldRefs.",
			                "mapMissingTo of %s is not supported", name);
		expression =
		    make_apply("coalesce", expression, make_constant(crm_pmml_number(missing, node)));
	}
	if (otherwise)
		expression =
		    make_apply("coalesce", expression, make_constant(crm_pmml_number(otherwise, node)));
	return expression;
}

static PmmlExpression *
build(PmmlModel *model, const XmlNode *node, const Scope *scope)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	/* functions that apply others twice multiply */
	if (++model->nexpressions > MAX_EXPRESSIONS)
		crm_xml_error(node, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		              "with the functions applied, there are more than %d expressions",
		              MAX_EXPRESSIONS);
	crm_pmml_check(node);
	if (crm_xml_is(node, "FieldRef"))
		return build_field(model, node, scope);
	if (crm_xml_is(node, "Constant"))
		return build_constant(node);
	if (crm_xml_is(node, "Apply"))
		return build_apply(model, node, scope);
	xml_unsupported(node, "Supported: FieldRef, Constant, and Apply of +, -, * and /.",
	                "expression %s is not supported", node->name);
}

/* The expression that an element is. */
PmmlExpression *
crm_pmml_expression(PmmlModel *model, const XmlNode *node)
{
	Scope scope = {0};

	return build(model, node, &scope);
}

/*
 * The operands of an operation.  A sum whose first operand is a sum has those of both, in the same order: PMML's operations have two
 * operands each, and long sums would be nested too deep.
 */
static void
write_operands(StringInfo out, const PmmlExpression *expression, const XmlNode *node)
{
	const PmmlExpression *first = expression->of[0];
	bool joined = first->type == PMML_APPLY && strcmp(first->text, expression->text) == 0 &&
	              strcmp(first->text, "-") != 0 && strcmp(first->text, "/") != 0;

	check_stack_depth();
	if (joined)
		write_operands(out, first, node);
	else
		crm_pmml_write_expression(out, first, node);
	for (int i = 1; i < expression->nof; i++)
	{
		appendStringInfoChar(out, ',');
		crm_pmml_write_expression(out, expression->of[i], node);
	}
}

/* Write an expression as the points of a document; fields must be numbers.  The node is what the points are of. */
void
crm_pmml_write_expression(StringInfo out, const PmmlExpression *expression, const XmlNode *node)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	/* derived fields that use others twice multiply */
	if (out->len > CRM_DOCUMENT_MAX_LENGTH)
		crm_xml_error(node, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		              "written out, the expression has more than %d bytes",
		              CRM_DOCUMENT_MAX_LENGTH);
	switch (expression->type)
	{
		case PMML_FIELD:
			if (expression->field->kind != KIND_NUMBER)
				xml_malformed(
				    node, NULL, "field \"%.*s\" is not a number",
				    pg_mbcliplen(expression->field->name, strlen(expression->field->name), 60),
				    expression->field->name);
			escape_json(out, expression->field->name);
			break;
		case PMML_CONSTANT:
			appendStringInfoString(out, expression->text);
			break;
		case PMML_APPLY:
			appendStringInfo(out, "{\"%s\":[", expression->text);
			write_operands(out, expression, node);
			appendStringInfoString(out, "]}");
	}
}
