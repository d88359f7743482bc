/*
 * dmn_export.c
 *		Decision tables as DMN models.
 *
 * The model is DMN 1.3 (OMG, Decision Model and Notation 1.3, clauses 6 to 9), which later tools read: one input data element for each
 * attribute, and one decision with the table.  Cells are written anew from what they mean, so that lists, days and
 * texts are S-FEEL whatever their form in the document.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "policy/decision_table.h"
#include "policy/dmn_model.h"
#include "value/day.h"

/* ---- XML ---- */

/* Text or the value of an attribute; white space in a value would become blanks if it were not written by its code. */
static void
write_escaped(StringInfo out, const char *text, bool attribute)
{
	for (const char *c = text; *c; c++)
		switch (*c)
		{
			case '&':
				appendStringInfoString(out, "&amp;");
				break;
			case '<':
				appendStringInfoString(out, "&lt;");
				break;
			case '>':
				appendStringInfoString(out, "&gt;");
				break;
			case '"':
				appendStringInfoString(out, attribute ? "&quot;" : "\"");
				break;
			case '\r':
				appendStringInfoString(out, "&#13;");
				break;
			case '\t':
			case '\n':
				if (attribute)
					appendStringInfo(out, "&#%d;", *c);
				else
					appendStringInfoChar(out, *c);
				break;
			default:
				if ((unsigned char) *c < ' ')
					ereport(ERROR,
					        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					         errmsg("a text of the decision table has the character with code %d, "
					                "which XML cannot hold",
					                *c)));
				appendStringInfoChar(out, *c);
		}
}

static void
write_attribute(StringInfo out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(out, " %s=\"", name);
	write_escaped(out, value, true);
	appendStringInfoChar(out, '"');
}

/* <element><text>...</text></element> */
static void
write_text_element(StringInfo out, const char *element, const char *text)
{
	appendStringInfo(out, "<%s><text>", element);
	write_escaped(out, text, false);
	appendStringInfo(out, "</text></%s>", element);
}

/* A name of DMN: blanks within it do not count, so that one which depends on them has no place in a model. */
static const char *
checked_name(const char *name, const char *what)
{
	if (strcmp(name, crm_dmn_clean_name(name)) != 0)
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		         errmsg("the %s \"%s\" has blanks that names of DMN cannot have", what, name),
		         errhint("Rename it.")));
	return name;
}

/* ---- FEEL ---- */

static const char *
feel_type(ValueKind kind)
{
	switch (kind)
	{
		case KIND_NUMBER:
			return "number";
		case KIND_TEXT:
			return "string";
		case KIND_BOOLEAN:
			return "boolean";
		case KIND_DATE:
			return "date";
		case KIND_TIMESTAMP:
		case KIND_TIMESTAMPTZ:
			return "date and time";
		default:
			return NULL;
	}
}

static void
write_quoted(StringInfo out, const char *text, int length)
{
	bool unicode = GetDatabaseEncoding() == PG_UTF8;

	appendStringInfoChar(out, '"');
	for (int i = 0; i < length; i++)
	{
		char c = text[i];

		if (c == '"' || c == '\\')
			appendStringInfo(out, "\\%c", c);
		else if (c == '\n')
			appendStringInfoString(out, "\\n");
		else if ((unsigned char) c < ' ')
			appendStringInfo(out, "\\u%04x", c);
		else if (unicode && length - i >= 3 &&
		         (memcmp(text + i, "\xEF\xBF\xBE", 3) == 0 ||
		          memcmp(text + i, "\xEF\xBF\xBF", 3) == 0))
		{
			/* the two characters that XML excludes besides */
			appendStringInfo(out, "\\ufff%c", text[i + 2] == '\xBE' ? 'e' : 'f');
			i += 2;
		}
		else
			appendStringInfoChar(out, c);
	}
	appendStringInfoChar(out, '"');
}

static void
write_literal(StringInfo out, const Literal *literal)
{
	char *moment;

	switch (literal->kind)
	{
		case KIND_NUMBER:
			appendStringInfoString(out, numeric_normalize(literal->exact));
			break;
		case KIND_TEXT:
			write_quoted(out, literal->text, literal->length);
			break;
		case KIND_BOOLEAN:
			appendStringInfoString(out, literal->integer ? "true" : "false");
			break;
		case KIND_DATE:
			appendStringInfo(out, "date(\"%s\")",
			                 crm_day_text(DatumGetDateADT(DirectFunctionCall1(
			                     timestamp_date, TimestampGetDatum(literal->integer)))));
			break;
		default:
			moment = crm_value_text(COLUMN_TIMESTAMP, TimestampGetDatum(literal->integer));
			moment[strlen("YYYY-MM-DD")] = 'T';
			appendStringInfo(out, "date and time(\"%s%s\")", moment,
			                 literal->kind == KIND_TIMESTAMPTZ ? "Z" : "");
	}
}

static void
write_range(StringInfo out, const Range *range)
{
	if (range->has_low && range->has_high)
	{
		if (!range->low_open && !range->high_open &&
		    crm_literal_compare(&range->low, &range->high) == 0)
		{
			write_literal(out, &range->low);
			return;
		}
		appendStringInfoChar(out, range->low_open ? '(' : '[');
		write_literal(out, &range->low);
		appendStringInfoString(out, "..");
		write_literal(out, &range->high);
		appendStringInfoChar(out, range->high_open ? ')' : ']');
	}
	else if (range->has_low)
	{
		appendStringInfoString(out, range->low_open ? "> " : ">= ");
		write_literal(out, &range->low);
	}
	else
	{
		appendStringInfoString(out, range->high_open ? "< " : "<= ");
		write_literal(out, &range->high);
	}
}

/* The tests of a node of the document as S-FEEL. */
static const char *
feel_tests(const DocumentNode *node)
{
	const UnaryTest *test = crm_unary_test_parse(node, false);
	bool null = test->matches_null || test->excludes_null;
	StringInfoData out;

	if (test->list != LIST_NONE)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("tests of lists are no S-FEEL: %s", test->text),
		                errdetail("At %s of the decision table.", crm_document_path(node))));
	if (test->anything)
		return "-";
	initStringInfo(&out);
	appendStringInfoString(&out, test->negated ? "not(" : "");
	for (int r = 0; r < test->nranges; r++)
	{
		appendStringInfoString(&out, r > 0 ? ", " : "");
		write_range(&out, &test->ranges[r]);
	}
	if (null)
		appendStringInfoString(&out, test->nranges > 0 ? ", null" : "null");
	appendStringInfoString(&out, test->negated ? ")" : "");
	return out.data;
}

/* A value of an output, whose kind says whether a text is a day. */
static void
write_value(StringInfo out, const DocumentNode *node, ValueKind kind)
{
	if (node->type == DOCUMENT_STRING && kind == KIND_DATE)
		appendStringInfo(out, "date(\"%s\")", node->text);
	else if (node->type == DOCUMENT_STRING)
		write_quoted(out, node->text, strlen(node->text));
	else
		crm_document_write(out, node);
}

static const char *
feel_value(const DocumentNode *node, ValueKind kind)
{
	StringInfoData out;

	initStringInfo(&out);
	write_value(&out, node, kind);
	return out.data;
}

/* ---- the parts of the model ---- */

static void
write_variable(StringInfo out, const char *name, const char *type)
{
	appendStringInfoString(out, "<variable");
	write_attribute(out, "name", name);
	write_attribute(out, "typeRef", type);
	appendStringInfoString(out, "/>");
}

static void
write_input_data(StringInfo out, const AttributeList *attributes)
{
	for (int i = 0; i < attributes->n; i++)
	{
		const Attribute *attribute = &attributes->items[i];

		appendStringInfo(out, "<inputData id=\"input%d\"", i + 1);
		write_attribute(out, "name", checked_name(attribute->name, "attribute"));
		appendStringInfoChar(out, '>');
		write_variable(out, attribute->name, feel_type(attribute->kind));
		appendStringInfoString(out, "</inputData>");
	}
}

static void
write_input(StringInfo out, const DocumentNode *input, const AttributeList *attributes)
{
	const char *name = input->text;
	const char *label = NULL;
	const DocumentNode *values = NULL;
	int place = 0;

	if (input->type == DOCUMENT_OBJECT)
	{
		name = crm_document_get(input, "attribute")->text;
		label = document_text_or(input, "label", NULL);
		values = crm_document_get(input, "values");
	}
	while (strcmp(attributes->items[place].name, name) != 0)
		place++;
	appendStringInfoString(out, "<input");
	write_attribute(out, "label", label);
	appendStringInfoString(out, "><inputExpression");
	write_attribute(out, "typeRef", feel_type(attributes->items[place].kind));
	appendStringInfoString(out, "><text>");
	write_escaped(out, name, false);
	appendStringInfoString(out, "</text></inputExpression>");
	if (values)
		write_text_element(out, "inputValues", feel_tests(values));
	appendStringInfoString(out, "</input>");
}

static void
write_output(StringInfo out, const DocumentNode *node, const Output *output)
{
	const DocumentNode *values = crm_document_get(node, "values");
	const DocumentNode *otherwise = crm_document_get(node, "default");

	appendStringInfoString(out, "<output");
	write_attribute(out, "name", checked_name(output->name, "output"));
	write_attribute(out, "typeRef", feel_type(output->kind));
	appendStringInfoChar(out, '>');
	if (values)
	{
		StringInfoData list;

		initStringInfo(&list);
		for (int i = 0; i < values->nitems; i++)
		{
			appendStringInfoString(&list, i > 0 ? ", " : "");
			write_value(&list, values->items[i], output->kind);
		}
		write_text_element(out, "outputValues", list.data);
	}
	if (otherwise)
		write_text_element(out, "defaultOutputEntry", feel_value(otherwise, output->kind));
	appendStringInfoString(out, "</output>");
}

static void
write_description(StringInfo out, const DocumentNode *node)
{
	const char *description = document_text_or(node, "description", NULL);

	if (description == NULL)
		return;
	appendStringInfoString(out, "<description>");
	write_escaped(out, description, false);
	appendStringInfoString(out, "</description>");
}

static void
write_rule(StringInfo out, const DocumentNode *rule, const DecisionTable *table)
{
	const DocumentNode *tests = crm_document_get(rule, "when");
	const DocumentNode *values = crm_document_get(rule, "then");

	appendStringInfoString(out, "<rule");
	write_attribute(out, "label", document_text_or(rule, "name", NULL));
	appendStringInfoChar(out, '>');
	write_description(out, rule);
	for (int i = 0; i < tests->nitems; i++)
		write_text_element(out, "inputEntry", feel_tests(tests->items[i]));
	for (int i = 0; i < values->nitems; i++)
		write_text_element(out, "outputEntry",
		                   feel_value(values->items[i], table->outputs[i].kind));
	appendStringInfoString(out, "</rule>");
}

static void
write_table(StringInfo out, const DocumentNode *root, const DecisionTable *table)
{
	const DocumentNode *inputs = crm_document_get(root, "inputs");
	const DocumentNode *outputs = crm_document_get(root, "outputs");
	const DocumentNode *rules = crm_document_get(root, "rules");

	appendStringInfo(out, "<decisionTable hitPolicy=\"%s\"",
	                 crm_dmn_hit_policies[table->hit_policy]);
	if (table->aggregation != AGGREGATION_NONE)
		write_attribute(out, "aggregation", crm_dmn_aggregations[table->aggregation]);
	appendStringInfoChar(out, '>');
	for (int i = 0; i < inputs->nitems; i++)
		write_input(out, inputs->items[i], &table->policy.attributes);
	for (int i = 0; i < outputs->nitems; i++)
		write_output(out, outputs->items[i], &table->outputs[i]);
	for (int i = 0; i < rules->nitems; i++)
	{
		CHECK_FOR_INTERRUPTS();
		write_rule(out, rules->items[i], table);
	}
	appendStringInfoString(out, "</decisionTable>");
}

/* ---- SQL ---- */

/*
 * decision_table_to_dmn(decision_table) -> xml
 *
 * The table as a DMN 1.3 model with one decision, which decision_table_from_dmn() reads back as a table that decides alike.  version, basis and
 * conflict have no place there.
 *
 * Errors: 0A000 for tests of lists, and for names with blanks that DMN does not keep; 22023 for characters that XML cannot hold.
 */
PG_FUNCTION_INFO_V1(crm_decision_table_to_dmn);
Datum
crm_decision_table_to_dmn(PG_FUNCTION_ARGS)
{
	PolicyValue *value = (PolicyValue *) PG_GETARG_VARLENA_P(0);
	const DecisionTable *table = crm_decision_table_of((struct varlena *) value);
	const AttributeList *attributes = &table->policy.attributes;
	DocumentReader reader = {.type_name = "decision table", .context = CurrentMemoryContext};
	DocumentNode *root = crm_document_parse(&reader, value->document,
	                                        VARSIZE(value) - offsetof(PolicyValue, document));
	const char *name = checked_name(table->policy.name ? table->policy.name : "decision", "name");
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out,
	                       "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" "
	                       "id=\"definitions\" namespace=\"urn:crm_ext\"");
	write_attribute(&out, "name", name);
	appendStringInfoChar(&out, '>');
	write_input_data(&out, attributes);
	appendStringInfoString(&out, "<decision id=\"decision\"");
	write_attribute(&out, "name", name);
	appendStringInfoChar(&out, '>');
	write_description(&out, root);
	write_variable(&out, name, NULL);
	for (int i = 0; i < attributes->n; i++)
		appendStringInfo(&out,
		                 "<informationRequirement id=\"requirement%d\"><requiredInput "
		                 "href=\"#input%d\"/></informationRequirement>",
		                 i + 1, i + 1);
	write_table(&out, root, table);
	appendStringInfoString(&out, "</decision></definitions>");
	PG_RETURN_DATUM(DirectFunctionCall1(xml_in, CStringGetDatum(out.data)));
}
