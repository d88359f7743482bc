/*
 * pmml_predicate.c
 *		Predicates of a PMML file as tests and conditions (PMML 4.4, "Tree Models").
 *
 * What is asked of a missing value is unknown, in PMML as in documents, so that a predicate becomes a condition of the same form.  Where
 * all predicates of a characteristic ask one field, each becomes a test of it, which is faster and easier to read.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/json.h"

#include "policy/pmml.h"

static const char *const predicates[] = {"SimplePredicate", "CompoundPredicate",
                                         "SimpleSetPredicate", "True", "False"};

static bool
is_predicate(const XmlNode *node)
{
	for (int i = 0; i < lengthof(predicates); i++)
		if (crm_xml_is(node, predicates[i]))
			return true;
	return false;
}

/* The predicate of an Attribute. */
const XmlNode *
crm_pmml_predicate_of(const XmlNode *node)
{
	const XmlNode *found = NULL;

	xml_foreach_child(child, node)
	{
		if (crm_xml_is(child, "Extension") || crm_xml_is(child, "ComplexPartialScore"))
			continue;
		if (!is_predicate(child))
			xml_unsupported(child, NULL, "element %s is not supported here", child->name);
		if (found)
			xml_malformed(child, NULL, "an Attribute has one predicate only");
		found = child;
	}
	if (found == NULL)
		xml_malformed(node, NULL, "the predicate is missing");
	return found;
}

/* The field that a predicate asks: a data field, or a derived one that stands for it. */
static PmmlField *
asked_field(PmmlModel *model, const XmlNode *node)
{
	const char *name = crm_xml_require_attribute(node, "field");
	PmmlField *field = crm_pmml_field(model, name, node);

	if (field->derived)
	{
		PmmlExpression *expression = crm_pmml_derived(model, field, node);

		if (expression->type != PMML_FIELD)
			xml_unsupported(node, "Supported in predicates: derived fields that are a FieldRef.",
			                "a predicate of the computed field \"%.*s\" is not supported",
			                pg_mbcliplen(name, strlen(name), 60), name);
		return expression->field;
	}
	return field;
}

/* A test of a field without any value yet. */
void
crm_pmml_test_init(PmmlTest *test, PmmlField *field)
{
	memset(test, 0, sizeof(PmmlTest));
	test->field = field;
	initStringInfo(&test->items);
	initStringInfo(&test->texts);
}

static void
free_test(PmmlTest *test)
{
	pfree(test->items.data);
	pfree(test->texts.data);
}

/* Start an item of a test: what follows is written after it. */
StringInfo
crm_pmml_test_item(PmmlTest *test)
{
	if (test->nitems++ > 0)
		appendStringInfoString(&test->items, ", ");
	return &test->items;
}

/* Add a single value to a test. */
void
crm_pmml_test_value(PmmlTest *test, const char *text, const XmlNode *node)
{
	crm_pmml_literal(crm_pmml_test_item(test), test->field, text, node);
	if (test->field->kind == KIND_TEXT)
	{
		if (test->texts.len > 0)
			appendStringInfoChar(&test->texts, ',');
		escape_json(&test->texts, text);
	}
}

/* ---- simple predicates ---- */

enum
{
	EQUAL,
	NOT_EQUAL,
	LESS_THAN,
	LESS_OR_EQUAL,
	GREATER_THAN,
	GREATER_OR_EQUAL,
	IS_MISSING,
	IS_NOT_MISSING
};

static int
operator_of(const XmlNode *node)
{
	static const char *const operators[] = {"equal",       "notEqual",    "lessThan",
	                                        "lessOrEqual", "greaterThan", "greaterOrEqual",
	                                        "isMissing",   "isNotMissing"};

	crm_xml_require_attribute(node, "operator");
	return crm_pmml_choice(node, "operator", operators, lengthof(operators), 0);
}

/* The value that a predicate compares with, of a field that it may be compared with. */
static const char *
value_of(const XmlNode *node, const PmmlField *field, int which)
{
	const char *value = crm_xml_require_attribute(node, "value");

	if (which >= LESS_THAN && !field->ordered)
		xml_unsupported(node, NULL,
		                "operator %s is not supported for the %s field \"%.*s\" of dataType %s",
		                crm_xml_attribute(node, "operator"), field->optype,
		                pg_mbcliplen(field->name, strlen(field->name), 60), field->name,
		                crm_xml_attribute(field->node, "dataType"));
	return value;
}

static void
simple_test(PmmlModel *model, const XmlNode *node, PmmlTest *test)
{
	static const char *const marks[] = {"", "", "< ", "<= ", "> ", ">= "};
	int which = operator_of(node);

	crm_pmml_test_init(test, asked_field(model, node));
	if (which == IS_MISSING || which == IS_NOT_MISSING)
	{
		if (crm_xml_attribute(node, "value"))
			xml_malformed(node, NULL, "%s takes no value", crm_xml_attribute(node, "operator"));
		test->null = true;
		test->negated = which == IS_NOT_MISSING;
	}
	else if (which <= NOT_EQUAL)
	{
		crm_pmml_test_value(test, value_of(node, test->field, which), node);
		test->negated = which == NOT_EQUAL;
	}
	else
	{
		appendStringInfoString(crm_pmml_test_item(test), marks[which]);
		crm_pmml_literal(&test->items, test->field, value_of(node, test->field, which), node);
	}
}

/* ---- sets ---- */

/* The elements of an Array: separated by blanks, those in quotes with \" for a quote (PMML 4.4, "General Structure"). */
static void
read_array(PmmlTest *test, const XmlNode *array)
{
	static const char *const types[] = {"string", "int", "integer", "real", "double", "float"};
	const char *count = crm_xml_attribute(array, "n");
	const char *at = array->text;
	StringInfoData element;
	int n = 0;

	initStringInfo(&element);
	crm_xml_require_attribute(array, "type");
	crm_pmml_choice(array, "type", types, lengthof(types), 0);
	while (*(at += strspn(at, " \t\r\n")) != '\0')
	{
		CHECK_FOR_INTERRUPTS();
		resetStringInfo(&element);
		if (*at == '"')
		{
			for (at++; *at != '"'; at++)
			{
				if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
					at++;
				if (*at == '\0')
					xml_malformed(array, NULL, "a quoted text does not end");
				appendStringInfoChar(&element, *at);
			}
			at++;
			if (*at != '\0' && strchr(" \t\r\n", *at) == NULL)
				xml_malformed(array, "Separate the elements by blanks.",
				              "a quoted text is followed by \"%.*s\"",
				              pg_mbcliplen(at, strlen(at), 20), at);
		}
		else
			while (*at != '\0' && strchr(" \t\r\n", *at) == NULL)
			{
				if (*at == '"')
					xml_malformed(array, "Put the whole text into quotes, with \\\" for a quote.",
					              "a quote within a text");
				appendStringInfoChar(&element, *at++);
			}
		crm_pmml_test_value(test, element.data, array);
		n++;
	}
	if (n == 0)
		xml_malformed(array, NULL, "the array is empty");
	if (count && strtod(crm_pmml_number(count, array), NULL) != n)
		xml_malformed(array, NULL, "the array has %d elements, not %.20s", n, count);
}

static void
set_test(PmmlModel *model, const XmlNode *node, PmmlTest *test)
{
	static const char *const operators[] = {"isIn", "isNotIn"};

	crm_pmml_test_init(test, asked_field(model, node));
	crm_xml_require_attribute(node, "booleanOperator");
	test->negated =
	    crm_pmml_choice(node, "booleanOperator", operators, lengthof(operators), 0) == 1;
	read_array(test, crm_xml_require_child(node, "Array"));
}

/* ---- compound predicates ---- */

enum
{
	AND,
	OR,
	XOR,
	SURROGATE
};

static int
boolean_operator_of(const XmlNode *node)
{
	static const char *const operators[] = {"and", "or", "xor", "surrogate"};

	crm_xml_require_attribute(node, "booleanOperator");
	return crm_pmml_choice(node, "booleanOperator", operators, lengthof(operators), 0);
}

/* Two bounds of one field as an interval; false where they are anything else. */
static bool
interval_test(PmmlModel *model, const XmlNode *node, PmmlTest *test)
{
	const XmlNode *bounds[2] = {NULL, NULL}; /* low, high */
	const char *values[2];
	int operators[2];
	PmmlField *field = NULL;
	int order;

	xml_foreach_child(child, node)
	{
		int which, side;

		if (crm_xml_is(child, "Extension"))
			continue;
		if (!crm_xml_is(child, "SimplePredicate"))
			return false;
		which = operator_of(child);
		if (which < LESS_THAN || which > GREATER_OR_EQUAL)
			return false;
		side = which < GREATER_THAN;
		if (bounds[side] || (field && field != asked_field(model, child)))
			return false;
		field = asked_field(model, child);
		bounds[side] = child;
		operators[side] = which;
		values[side] = value_of(child, field, which);
	}
	if (bounds[0] == NULL || bounds[1] == NULL)
		return false;
	order = crm_pmml_compare(field, values[0], values[1], node);
	if (order > 0 || (order == 0 && (operators[0] == GREATER_THAN || operators[1] == LESS_THAN)))
		return false; /* empty */
	crm_pmml_test_init(test, field);
	crm_pmml_interval(crm_pmml_test_item(test), field, values[0], operators[0] == GREATER_THAN,
	                  values[1], operators[1] == LESS_THAN, node);
	return true;
}

/* Add what one of several alternatives takes; false where it is of another field, or more than values and intervals. */
static bool
add_alternative(PmmlTest *test, const PmmlTest *part)
{
	if (part->negated || part->field == NULL)
		return false;
	if (test->field == NULL)
		crm_pmml_test_init(test, part->field);
	else if (part->field != test->field)
		return false;
	test->null |= part->null;
	if (part->nitems > 0)
	{
		appendStringInfoString(crm_pmml_test_item(test), part->items.data);
		test->nitems += part->nitems - 1;
	}
	if (part->texts.len > 0)
		appendStringInfo(&test->texts, "%s%s", test->texts.len > 0 ? "," : "", part->texts.data);
	return true;
}

/* Alternatives for one field as a test of any of them; false where they are anything else. */
static bool
union_test(PmmlModel *model, const XmlNode *node, PmmlTest *test)
{
	PmmlTest all = {0};

	xml_foreach_child(child, node)
	{
		PmmlTest part;
		bool added;

		if (crm_xml_is(child, "Extension"))
			continue;
		added = crm_pmml_test(model, child, &part);
		if (added)
		{
			added = add_alternative(&all, &part);
			free_test(&part); /* nested, they would add up */
		}
		if (!added)
		{
			if (all.field)
				free_test(&all);
			return false;
		}
	}
	*test = all;
	return all.field != NULL;
}

/* A predicate as a test of one field, or of anything; false where it is more than that. */
bool
crm_pmml_test(PmmlModel *model, const XmlNode *node, PmmlTest *test)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (crm_xml_is(node, "SimplePredicate"))
		simple_test(model, node, test);
	else if (crm_xml_is(node, "SimpleSetPredicate"))
		set_test(model, node, test);
	else if (crm_xml_is(node, "True"))
		crm_pmml_test_init(test, NULL);
	else if (crm_xml_is(node, "CompoundPredicate"))
	{
		int which = boolean_operator_of(node);

		return which == AND  ? interval_test(model, node, test)
		       : which == OR ? union_test(model, node, test)
		                     : false;
	}
	else
		return false;
	return true;
}

/* Write a test as the "when" of a bin. */
void
crm_pmml_write_test(StringInfo out, const PmmlTest *test)
{
	StringInfoData text;

	if (test->field == NULL)
	{
		appendStringInfoString(out, "\"-\"");
		return;
	}
	if (test->nitems == 0)
	{
		appendStringInfoString(out, test->negated ? "\"not(null)\"" : "null");
		return;
	}
	if (test->texts.len > 0)
	{
		appendStringInfo(out, test->negated ? "{\"not\":[%s%s]}" : "[%s%s]", test->texts.data,
		                 test->null ? ",null" : "");
		return;
	}
	initStringInfo(&text);
	appendStringInfo(&text, test->negated ? "not(%s%s)" : "%s%s", test->items.data,
	                 test->null ? ", null" : "");
	escape_json(out, text.data);
	pfree(text.data);
}

/* Write a predicate as a condition. */
void
crm_pmml_write_condition(StringInfo out, PmmlModel *model, const XmlNode *node)
{
	static const char *const names[] = {"all", "any", "xor", "surrogate"};
	static const char *const reserved[] = {"all", "any", "at_least", "not", "xor", "surrogate"};
	PmmlTest test;
	int n = 0;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (!is_predicate(node))
		xml_unsupported(node, NULL, "predicate %s is not supported", node->name);
	if (crm_xml_is(node, "True") || crm_xml_is(node, "False"))
	{
		appendStringInfoString(out, crm_xml_is(node, "True") ? "true" : "false");
		return;
	}
	if (crm_pmml_test(model, node, &test))
	{
		for (int i = 0; i < lengthof(reserved); i++)
			if (strcmp(test.field->name, reserved[i]) == 0)
				xml_unsupported(node, "Rename the field.",
				                "a field of the name \"%s\" is not supported in a compound "
				                "predicate of several fields",
				                test.field->name);
		appendStringInfoChar(out, '{');
		escape_json(out, test.field->name);
		appendStringInfoChar(out, ':');
		crm_pmml_write_test(out, &test);
		appendStringInfoChar(out, '}');
		free_test(&test);
		return;
	}
	appendStringInfo(out, "{\"%s\":[", names[boolean_operator_of(node)]);
	xml_foreach_child(child, node)
	{
		if (crm_xml_is(child, "Extension"))
			continue;
		if (n++ > 0)
			appendStringInfoChar(out, ',');
		crm_pmml_write_condition(out, model, child);
	}
	if (n == 0)
		xml_malformed(node, NULL, "a CompoundPredicate without a predicate");
	appendStringInfoString(out, "]}");
}
