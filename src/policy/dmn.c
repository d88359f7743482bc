/*
 * dmn.c
 *		Decision tables from DMN models.
 *
 * A decision of a DMN 1.1 to 1.5 file (OMG, Decision Model and Notation) whose logic is a decision table becomes the JSON document
 * of a decision_table, which is then read as any other.  Inputs are attributes by the names of the model, cells are S-FEEL with
 * constants.  What a decision_table cannot say is refused with the path of its element; nothing that decides is passed over.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "policy/decision_table.h"
#include "policy/dmn_model.h"
#include "policy/sfeel.h"

/* An input or output of the table, a column of its cells. */
typedef struct Clause
{
	const XmlNode *node;
	const char *name;
	ValueKind kind;        /* of its values */
	bool declared;         /* by a typeRef; else by its cells */
	const XmlNode *values; /* the element with the allowed values, or NULL */
} Clause;

typedef struct Table
{
	const XmlNode *root;
	const XmlNode *owner; /* the decision or business knowledge model */
	const XmlNode *logic; /* its decisionTable */
	const char *name;
	HitPolicy hit_policy;
	Aggregation aggregation;
	Clause *inputs;
	int ninputs;
	Clause *outputs;
	int noutputs;
} Table;

/* In the order of HitPolicy, and of Aggregation. */
static const char *const hit_policy_keys[] = {"unique",     "any",          "priority", "first",
                                              "rule_order", "output_order", "collect"};
static const char *const aggregation_keys[] = {"", "sum", "min", "max", "count"};

/* ---- columns ---- */

/* Insist that an element holds nothing but what is read. */
static void
check_element(const XmlNode *node, const char *const *children, int nchildren,
              const char *attributes)
{
	crm_dmn_expect(node, children, nchildren);
	crm_xml_expect_attributes(node, attributes);
	crm_xml_expect_no_text(node, NULL);
}

static void
read_input(Table *table, const XmlNode *node, Clause *column, int number)
{
	static const char *const names[] = {"inputExpression", "inputValues"};
	static const char hint[] = "An input is the name of an attribute or a path to it; compute the "
	                           "value before and name that.";
	const XmlNode *expression = crm_xml_require_child(node, "inputExpression");
	const XmlNode *values = crm_xml_optional_child(node, "inputValues");
	const char *reference = crm_xml_attribute(expression, "typeRef");
	FeelType type = {.kind = KIND_ANY};
	FeelType known = {.kind = KIND_ANY};

	CHECK_FOR_INTERRUPTS();
	check_element(node, names, lengthof(names), "id label");
	crm_dmn_check_language(expression);
	column->node = node;
	column->name = crm_dmn_clean_name(crm_dmn_text(expression));
	if (*column->name == '\0')
		xml_malformed(expression, "Write the name of an attribute there.",
		              "input %d has no expression", number);
	if (strlen(column->name) >= NAMEDATALEN)
		xml_unsupported(expression, hint, "input %d is too long for a name of at most %d bytes",
		                number, NAMEDATALEN - 1);
	if (!crm_dmn_path(table->root, table->owner, column->name, &known))
		xml_unsupported(expression, hint, "input %d is an expression, not a name: %s", number,
		                column->name);
	/* what the model says of the name counts more than a typeRef that contradicts it, which engines do not look at */
	if (reference && *reference)
		crm_dmn_type(table->root, expression, reference, &type);
	else if (known.undefined)
		crm_dmn_type(table->root, expression, known.undefined, &type);
	if ((type.kind == KIND_ANY && !type.structure) ||
	    (known.kind != KIND_ANY && known.kind != type.kind))
		type = known;
	if (type.collection)
		xml_unsupported(expression, NULL, "input \"%s\" is a list", column->name);
	if (type.structure)
		xml_unsupported(expression,
		                psprintf("Name a component: %s.%s.", column->name,
		                         crm_dmn_name(crm_xml_child(type.structure, "itemComponent"))),
		                "input \"%s\" has components", column->name);
	column->kind = type.kind;
	column->declared = column->kind != KIND_ANY;
	column->values = values && *crm_dmn_text(values) ? values : type.allowed;
}

/* The type that the table says of its whole result, or NULL. */
static const char *
result_type(const Table *table)
{
	const XmlNode *logic = crm_xml_child(table->owner, "encapsulatedLogic");
	const XmlNode *variable = crm_xml_child(table->owner, "variable");
	const char *reference = crm_xml_attribute(table->logic, "typeRef");

	/* the variable of a business knowledge model is a function */
	if (reference == NULL && logic)
		reference = crm_xml_attribute(logic, "typeRef");
	if (reference == NULL && !logic && variable)
		reference = crm_xml_attribute(variable, "typeRef");
	return reference && *reference ? reference : NULL;
}

static void
read_output(Table *table, const XmlNode *node, Clause *column, int number)
{
	static const char *const names[] = {"outputValues", "defaultOutputEntry"};
	const XmlNode *values = crm_xml_optional_child(node, "outputValues");
	const char *reference = crm_xml_attribute(node, "typeRef");
	const char *whole = result_type(table);
	FeelType type = {.kind = KIND_ANY};

	CHECK_FOR_INTERRUPTS();
	check_element(node, names, lengthof(names), "id label name typeRef");
	column->node = node;
	column->name = crm_dmn_name(node);
	if (*column->name == '\0' && table->noutputs > 1)
		xml_malformed(node, NULL, "output %d of %d has no name", number, table->noutputs);
	if (*column->name == '\0')
		column->name = table->name;
	if (reference && *reference)
		crm_dmn_type(table->root, node, reference, &type);
	else if (table->aggregation == AGGREGATION_COUNT)
		; /* the result is a number, whatever is counted */
	else if (whole && crm_dmn_defines(table->root, whole))
	{
		crm_dmn_type(table->root, table->logic, whole, &type);
		if (type.structure)
			crm_dmn_component(table->root, column->name, &type);
	}
	else if (whole && table->noutputs == 1)
		crm_dmn_type(table->root, table->logic, whole, &type);
	if (type.structure)
		xml_unsupported(node, NULL, "output \"%s\" has components", column->name);
	column->kind = type.kind;
	column->declared = column->kind != KIND_ANY;
	column->values = values && *crm_dmn_text(values) ? values : type.allowed;
}

static int
count_children(const XmlNode *node, const char *name)
{
	int n = 0;

	for (const XmlNode *child = crm_xml_child(node, name); child; child = crm_xml_next(child, name))
		n++;
	return n;
}

static void
read_columns(Table *table)
{
	static const char *const names[] = {"input", "output", "annotation", "rule"};
	const XmlNode *node;
	int i = 0;

	check_element(table->logic, names, lengthof(names),
	              "id label typeRef hitPolicy aggregation preferredOrientation outputLabel");
	table->ninputs = count_children(table->logic, "input");
	table->noutputs = count_children(table->logic, "output");
	if (table->ninputs == 0)
		xml_malformed(table->logic, NULL, "the table has no input");
	if (table->noutputs == 0)
		xml_malformed(table->logic, NULL, "the table has no output");
	if (table->aggregation != AGGREGATION_NONE && table->noutputs > 1)
		xml_malformed(table->logic, NULL, "only a table with one output aggregates, not %d",
		              table->noutputs);
	table->inputs = palloc0(sizeof(Clause) * table->ninputs);
	table->outputs = palloc0(sizeof(Clause) * table->noutputs);
	for (node = crm_xml_child(table->logic, "input"); node; node = crm_xml_next(node, "input"), i++)
		read_input(table, node, &table->inputs[i], i + 1);
	i = 0;
	for (node = crm_xml_child(table->logic, "output"); node;
	     node = crm_xml_next(node, "output"), i++)
		read_output(table, node, &table->outputs[i], i + 1);
}

/* The place of an attribute's value among the known ones; that of an absent attribute is 0. */
static int
read_choice(const XmlNode *node, const char *attribute, const char *const *choices, int nchoices)
{
	const char *value = crm_xml_attribute(node, attribute);
	int place = value ? crm_dmn_position(value, choices, nchoices) : 0;

	if (place < 0 || (value && *value == '\0'))
		xml_malformed(node, psprintf("Known here: %s.", crm_dmn_join(choices, nchoices)),
		              "the %s \"%s\" is unknown", attribute, value);
	return place;
}

static void
read_policy(Table *table)
{
	table->hit_policy = read_choice(table->logic, "hitPolicy", crm_dmn_hit_policies,
	                                lengthof(crm_dmn_hit_policies));
	table->aggregation = read_choice(table->logic, "aggregation", crm_dmn_aggregations,
	                                 lengthof(crm_dmn_aggregations));
	if (table->aggregation != AGGREGATION_NONE && table->hit_policy != HIT_COLLECT)
		xml_malformed(table->logic, NULL, "only the hit policy COLLECT aggregates, not %s",
		              crm_dmn_hit_policies[table->hit_policy]);
}

/* ---- writing the document ---- */

static void
write_member(StringInfo out, const char *key, const char *value)
{
	appendStringInfo(out, "%s\"%s\":", out->data[out->len - 1] == '{' ? "" : ",", key);
	escape_json(out, value);
}

static void
write_inputs(StringInfo out, const Table *table)
{
	appendStringInfoString(out, ",\"inputs\":[");
	for (int i = 0; i < table->ninputs; i++)
	{
		Clause *input = &table->inputs[i];
		const char *label = crm_xml_attribute(input->node, "label");

		appendStringInfoString(out, i > 0 ? "," : "");
		if (label && (*label == '\0' || strcmp(crm_dmn_clean_name(label), input->name) == 0))
			label = NULL;
		if (label == NULL && input->values == NULL)
		{
			escape_json(out, input->name);
			continue;
		}
		appendStringInfoChar(out, '{');
		write_member(out, "attribute", input->name);
		if (label)
			write_member(out, "label", label);
		if (input->values)
		{
			SfeelCell cell = {input->values, crm_dmn_text(input->values),
			                  psprintf("allowed values of input \"%s\"", input->name),
			                  &input->kind};

			crm_dmn_check_language(input->values);
			appendStringInfoString(out, ",\"values\":");
			crm_sfeel_tests(out, &cell);
		}
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

/* Where the allowed values of an output are tests, its entries and its default are checked against them here, once and for all. */
static void
check_entry(const XmlNode *entry, const char *place, Clause *output, const UnaryTest *allowed)
{
	SfeelCell cell = {entry, crm_dmn_text(entry), place, &output->kind};

	if (!crm_sfeel_allowed(&cell, allowed))
		xml_malformed(entry, NULL, "%s: %s is not among the allowed values %s", place, cell.text,
		              crm_dmn_text(output->values));
}

static void
check_entries(const Table *table, int place, const SfeelCell *values)
{
	Clause *output = &table->outputs[place];
	DocumentReader reader = {.type_name = "DMN model", .context = CurrentMemoryContext};
	const XmlNode *entry = crm_xml_child(output->node, "defaultOutputEntry");
	UnaryTest *allowed;
	StringInfoData document;
	int number = 1;

	initStringInfo(&document);
	appendStringInfoString(&document, "{\"values\":");
	crm_sfeel_tests(&document, values);
	appendStringInfoChar(&document, '}');
	allowed = crm_unary_test_parse(
	    crm_document_get(crm_document_parse(&reader, document.data, document.len), "values"),
	    false);

	if (entry)
		check_entry(entry, psprintf("default of output \"%s\"", output->name), output, allowed);
	for (const XmlNode *rule = crm_xml_child(table->logic, "rule"); rule;
	     rule = crm_xml_next(rule, "rule"), number++)
	{
		entry = crm_xml_child(rule, "outputEntry");
		for (int i = 0; i < place; i++)
			entry = crm_xml_next(entry, "outputEntry");
		check_entry(entry, psprintf("rule %d, output \"%s\"", number, output->name), output,
		            allowed);
	}
}

static void
write_outputs(StringInfo out, const Table *table)
{
	bool ranked = table->hit_policy != HIT_PRIORITY && table->hit_policy != HIT_OUTPUT_ORDER;

	appendStringInfoString(out, ",\"outputs\":[");
	for (int i = 0; i < table->noutputs; i++)
	{
		Clause *output = &table->outputs[i];
		const XmlNode *entry = crm_xml_optional_child(output->node, "defaultOutputEntry");
		StringInfoData values, otherwise;

		initStringInfo(&values);
		initStringInfo(&otherwise);
		if (output->values)
		{
			SfeelCell cell = {output->values, crm_dmn_text(output->values),
			                  psprintf("allowed values of output \"%s\"", output->name),
			                  &output->kind};

			crm_dmn_check_language(output->values);
			if (!crm_sfeel_values(&values, &cell))
				check_entries(table, i, &cell);
		}
		if (entry && *crm_dmn_text(entry))
		{
			SfeelCell cell = {entry, crm_dmn_text(entry),
			                  psprintf("default of output \"%s\"", output->name), &output->kind};

			crm_dmn_check_language(entry);
			crm_sfeel_value(&otherwise, &cell);
		}
		if (output->kind == KIND_TIMESTAMP || output->kind == KIND_TIMESTAMPTZ)
			xml_unsupported(output->node, "Outputs are numbers, texts, booleans or dates.",
			                "output \"%s\" is a moment", output->name);

		appendStringInfoString(out, i > 0 ? ",{" : "{");
		write_member(out, "name", output->name);
		if (output->declared || output->kind == KIND_DATE)
			write_member(out, "type", crm_kind_name(output->kind));
		if (values.len > strlen("[]"))
		{
			appendStringInfo(out, ",\"values\":%s", values.data);
			ranked = true;
		}
		if (otherwise.len > 0)
			appendStringInfo(out, ",\"default\":%s", otherwise.data);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
	if (!ranked)
		xml_malformed(table->logic, "List them in outputValues, the first first.",
		              "the hit policy %s needs output values in order of priority",
		              crm_dmn_hit_policies[table->hit_policy]);
}

/* What a rule says of itself: its description, else its annotations, each with the name of its column. */
static const char *
rule_description(const Table *table, const XmlNode *rule)
{
	const XmlNode *description = crm_xml_child(rule, "description");
	const XmlNode *clause = crm_xml_child(table->logic, "annotation");
	StringInfoData out;

	if (description && *description->text)
		return description->text;
	initStringInfo(&out);
	for (const XmlNode *entry = crm_xml_child(rule, "annotationEntry"); entry;
	     entry = crm_xml_next(entry, "annotationEntry"))
	{
		const char *text = crm_dmn_text(entry);
		const char *name = clause ? crm_dmn_name(clause) : "";

		clause = clause ? crm_xml_next(clause, "annotation") : NULL;
		if (*text == '\0')
			continue;
		appendStringInfo(&out, "%s%s%s%s", out.len > 0 ? "; " : "", name, *name ? ": " : "", text);
	}
	return out.data;
}

/* The cells of one kind in a rule, one for each column. */
static void
write_cells(StringInfo out, const XmlNode *rule, int number, const char *element, const char *title,
            Clause *columns, int ncolumns, void (*write)(StringInfo, const SfeelCell *))
{
	const XmlNode *entry = crm_xml_child(rule, element);
	int nentries = count_children(rule, element);

	if (nentries != ncolumns)
		xml_malformed(rule, NULL, "rule %d has %d %s%s, and the table has %d", number, nentries,
		              title, nentries == 1 ? "" : "s", ncolumns);
	for (int i = 0; i < ncolumns; i++, entry = crm_xml_next(entry, element))
	{
		SfeelCell cell = {entry, crm_dmn_text(entry),
		                  psprintf("rule %d, %s \"%s\"", number, title, columns[i].name),
		                  &columns[i].kind};

		crm_dmn_check_language(entry);
		appendStringInfoString(out, i > 0 ? "," : "");
		write(out, &cell);
	}
}

static void
write_rules(StringInfo out, const Table *table)
{
	static const char *const names[] = {"inputEntry", "outputEntry", "annotationEntry"};
	const XmlNode *rule = crm_xml_child(table->logic, "rule");

	if (rule == NULL)
		xml_malformed(table->logic, NULL, "the table has no rule");
	appendStringInfoString(out, ",\"rules\":[");
	for (int number = 1; rule; rule = crm_xml_next(rule, "rule"), number++)
	{
		const char *label = crm_xml_attribute(rule, "label");
		const char *description = rule_description(table, rule);

		CHECK_FOR_INTERRUPTS();
		check_element(rule, names, lengthof(names), "id label");
		appendStringInfoString(out, number > 1 ? ",{" : "{");
		if (label && *label)
			write_member(out, "name", label);
		if (*description)
			write_member(out, "description", description);
		appendStringInfo(out, "%s\"when\":[", out->data[out->len - 1] == '{' ? "" : ",");
		write_cells(out, rule, number, "inputEntry", "input", table->inputs, table->ninputs,
		            crm_sfeel_tests);
		appendStringInfoString(out, "],\"then\":[");
		write_cells(out, rule, number, "outputEntry", "output", table->outputs, table->noutputs,
		            crm_sfeel_value);
		appendStringInfoString(out, "]}");
	}
	appendStringInfoChar(out, ']');
}

/* The document of a table.  The cells of the rules come first: they say what columns without a typeRef hold. */
static char *
write_document(const Table *table)
{
	const XmlNode *description = crm_xml_child(table->owner, "description");
	StringInfoData out, rules;

	initStringInfo(&out);
	initStringInfo(&rules);
	write_rules(&rules, table);
	appendStringInfoChar(&out, '{');
	write_member(&out, "name", table->name);
	if (description && *description->text)
		write_member(&out, "description", description->text);
	write_member(&out, "hit_policy", hit_policy_keys[table->hit_policy]);
	if (table->aggregation != AGGREGATION_NONE)
		write_member(&out, "aggregation", aggregation_keys[table->aggregation]);
	write_inputs(&out, table);
	write_outputs(&out, table);
	appendStringInfo(&out, "%s}", rules.data);
	return out.data;
}

static void
name_decision(void *arg)
{
	errcontext("decision table of the DMN model: \"%s\"", ((const Table *) arg)->name);
}

/* ---- SQL ---- */

/*
 * decision_table_from_dmn(model xml, decision_name text DEFAULT NULL) -> decision_table
 *
 * The decision table of the decision, or business knowledge model, of that name or id; without a name the only one of the model.
 *
 * Errors: 22023 for what is no DMN model, names that are not there and malformed cells; 42804 for a cell of another type than its
 * column; 0A000 for what a decision_table cannot say, such as other expressions than tables, and FEEL beyond S-FEEL with constants;
 * 54000 for a model or document that is too large; the errors of decision_table documents, with the decision as context.
 * Source: OMG, Decision Model and Notation 1.5, clauses 6 to 9.
 */
PG_FUNCTION_INFO_V1(crm_decision_table_from_dmn);
Datum
crm_decision_table_from_dmn(PG_FUNCTION_ARGS)
{
	Table table = {0};
	ErrorContextCallback context = {error_context_stack, name_decision, &table};
	PolicyValue *value;
	char *document;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	table.root = crm_xml_parse(PG_GETARG_DATUM(0), "DMN model");
	table.owner = crm_dmn_find_table(
	    table.root, PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	table.logic = crm_dmn_logic(table.owner);
	table.name = crm_dmn_name(table.owner);
	if (*table.name == '\0')
		xml_malformed(table.owner, NULL, "the decision has no name");
	read_policy(&table);
	read_columns(&table);
	document = write_document(&table);

	error_context_stack = &context;
	value = crm_decision_table_make(document);
	error_context_stack = context.previous;
	PG_RETURN_POINTER(value);
}
