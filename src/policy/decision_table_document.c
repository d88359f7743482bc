/*
 * decision_table_document.c
 *		Reading decision tables.
 *
 * Vocabulary and semantics are those of decision tables in OMG DMN 1.5, clause 8: inputs with allowed values, outputs with
 * values in order of priority and defaults, rules, hit policy and aggregation.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "policy/decision_table.h"
#include "value/day.h"

#define MAX_RULES 10000
#define MAX_COLUMNS 1000            /* of inputs and of outputs, and values of an output */
#define MAX_WORDS (8 * 1024 * 1024) /* of all columns' bit sets: 64 MB */

static const char *const output_types[] = {"number", "text", "boolean", "date"};
static const ValueKind output_kinds[] = {KIND_NUMBER, KIND_TEXT, KIND_BOOLEAN, KIND_DATE};

static DocumentNode *
require_list(const DocumentNode *node, const char *key, int limit)
{
	DocumentNode *list = crm_document_require(node, key);

	crm_document_expect(list, DOCUMENT_ARRAY);
	if (list->nitems == 0)
		document_malformed(list, NULL, "the list is empty");
	if (list->nitems > limit)
		crm_document_error(list, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		                   "a decision table has at most %d %s, not %d", limit, key, list->nitems);
	return list;
}

/* ---- inputs ---- */

/* What is read of an input before its tests are. */
typedef struct TableInput
{
	int attribute;
	const char *label;
	UnaryTest *values;
	int place; /* among the inputs of the same attribute */
} TableInput;

static UnaryTest *
read_test(const DocumentNode *node, const TableInput *input, AttributeList *attributes)
{
	UnaryTest *test = crm_unary_test_parse(node, false);

	crm_attribute_use(attributes, 0, attributes->items[input->attribute].name, test->kind, node);
	return test;
}

static TableInput *
read_inputs(DocumentNode *list, AttributeList *attributes)
{
	static const char *const keys[] = {"attribute", "label", "values"};
	TableInput *inputs = palloc0(sizeof(TableInput) * list->nitems);

	for (int i = 0; i < list->nitems; i++)
	{
		TableInput *it = &inputs[i];
		DocumentNode *name = list->items[i];
		const DocumentNode *values = NULL;

		CHECK_FOR_INTERRUPTS();
		if (name->type != DOCUMENT_STRING)
		{
			crm_document_keys(name, keys, lengthof(keys));
			it->label = document_text_or(name, "label", NULL);
			values = crm_document_get(name, "values");
			name = crm_document_require(name, "attribute");
		}
		if (it->label == NULL)
			it->label = crm_document_text(name);
		it->attribute = crm_attribute_use(attributes, 0, crm_document_text(name), KIND_ANY, name);
		if (values != NULL)
			it->values = read_test(values, it, attributes);
		for (int j = 0; j < i; j++)
			it->place += inputs[j].attribute == it->attribute;
	}
	return inputs;
}

/* ---- outputs ---- */

/* The kind of an output's value as it is written; a text may be a day where the output says so. */
static ValueKind
written_kind(const DocumentNode *node)
{
	switch (node->type)
	{
		case DOCUMENT_NULL:
			return KIND_ANY;
		case DOCUMENT_NUMBER:
			return KIND_NUMBER;
		case DOCUMENT_STRING:
			return KIND_TEXT;
		case DOCUMENT_BOOLEAN:
			return KIND_BOOLEAN;
		default:
			document_malformed(node, NULL, "an output is a text, a number, true, false or null");
	}
}

/* A value of an output; NULL for null. */
static Literal *
read_output_value(const DocumentNode *node, const Output *output)
{
	ValueKind kind = written_kind(node);
	Literal *literal;
	DateADT day;

	if (kind == KIND_ANY)
		return NULL;
	if (kind != (output->kind == KIND_DATE ? KIND_TEXT : output->kind))
		document_malformed(
		    node, "All values of an output are of one kind: 10 is a number, \"10\" a text.",
		    "output \"%s\" is a %s, and this is a %s", output->name, crm_kind_name(output->kind),
		    crm_kind_name(kind));
	literal = palloc(sizeof(Literal));
	switch (output->kind)
	{
		case KIND_NUMBER:
			crm_literal_number(literal, node->text);
			break;
		case KIND_BOOLEAN:
			crm_literal_boolean(literal, node->boolean);
			break;
		case KIND_DATE:
			if (!crm_day_parse(node->text, strlen(node->text), &day))
				document_malformed(node, NULL,
				                   "output \"%s\" is a date, and this is not a day as YYYY-MM-DD",
				                   output->name);
			memset(literal, 0, sizeof(Literal));
			literal->kind = KIND_DATE;
			literal->integer = crm_day_to_timestamp(day);
			literal->text = node->text;
			literal->length = strlen(node->text);
			break;
		default:
			crm_literal_text(literal, node->text, strlen(node->text));
	}
	return literal;
}

/* The place of a value in an output's list of values, or nvalues. */
static int
place_of(const Output *output, const Literal *value)
{
	int place = 0;

	while (place < output->nvalues &&
	       (value == NULL || crm_literal_compare(value, &output->values[place]) != 0))
		place++;
	return place;
}

/* A value that the output allows, and its place among the allowed; null comes after all. */
static Literal *
read_allowed_value(const DocumentNode *node, const Output *output, int *place)
{
	Literal *value = read_output_value(node, output);

	*place = place_of(output, value);
	if (value != NULL && output->values != NULL && *place == output->nvalues)
		document_malformed(node, NULL, "is not among the values of output \"%s\"", output->name);
	return value;
}

/* The kind of an output that has no "type": that of the first value that is written for it. */
static ValueKind
infer_kind(const DocumentNode *values, const DocumentNode *otherwise, const DocumentNode *rules,
           int place)
{
	ValueKind kind = values ? written_kind(values->items[0]) : KIND_ANY;

	for (int r = 0; r < rules->nitems && kind == KIND_ANY; r++)
	{
		const DocumentNode *then = crm_document_get(rules->items[r], "then");

		if (then && then->type == DOCUMENT_ARRAY && place < then->nitems)
			kind = written_kind(then->items[place]);
	}
	return kind == KIND_ANY && otherwise ? written_kind(otherwise) : kind;
}

static void
read_output(DecisionTable *table, DocumentNode *node, const DocumentNode *rules)
{
	static const char *const keys[] = {"name", "type", "values", "default"};
	Output *it = &table->outputs[node->index];
	const DocumentNode *type, *values, *otherwise;

	if (node->type == DOCUMENT_STRING)
		it->name = crm_document_text(node);
	else
	{
		crm_document_keys(node, keys, lengthof(keys));
		it->name = crm_document_text(crm_document_require(node, "name"));
	}
	type = crm_document_get(node, "type");
	values = crm_document_get(node, "values");
	otherwise = crm_document_get(node, "default");
	if (values)
		values = require_list(node, "values", MAX_COLUMNS);
	it->kind = type ? output_kinds[crm_document_choice(type, output_types, lengthof(output_types))]
	                : infer_kind(values, otherwise, rules, node->index);
	if (values)
	{
		it->values = palloc(sizeof(Literal) * values->nitems);
		for (int v = 0; v < values->nitems; v++)
		{
			const Literal *value = read_output_value(values->items[v], it);

			CHECK_FOR_INTERRUPTS();
			if (value == NULL)
				document_malformed(values->items[v], NULL,
				                   "null need not be listed: it is always allowed");
			if (place_of(it, value) < it->nvalues)
				document_malformed(values->items[v], NULL, "the value is listed twice");
			it->values[it->nvalues++] = *value;
		}
	}
	if (otherwise)
	{
		int place;

		if (table->otherwise == NULL)
			table->otherwise = palloc0(sizeof(Literal *) * table->noutputs);
		table->otherwise[node->index] = read_allowed_value(otherwise, it, &place);
	}
}

static void
read_outputs(DecisionTable *table, const DocumentNode *list, const DocumentNode *rules)
{
	table->noutputs = list->nitems;
	table->outputs = palloc0(sizeof(Output) * list->nitems);
	for (int i = 0; i < list->nitems; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_output(table, list->items[i], rules);
		for (int j = 0; j < i; j++)
			if (strcmp(table->outputs[i].name, table->outputs[j].name) == 0)
				document_malformed(list->items[i], NULL, "another output has this name");
	}
}

/* ---- hit policy ---- */

static void
read_hit_policy(DecisionTable *table, const DocumentNode *root)
{
	static const char *const hit_policies[] = {"unique",     "any",          "priority", "first",
	                                           "rule_order", "output_order", "collect"};
	static const char *const aggregations[] = {"sum", "min", "max", "count"};
	static const char *const conflicts[] = {"null", "error"};
	const DocumentNode *member;

	if ((member = crm_document_get(root, "hit_policy")))
		table->hit_policy = crm_document_choice(member, hit_policies, lengthof(hit_policies));
	if ((member = crm_document_get(root, "aggregation")))
	{
		table->aggregation =
		    AGGREGATION_SUM + crm_document_choice(member, aggregations, lengthof(aggregations));
		if (table->hit_policy != HIT_COLLECT)
			document_malformed(member, "Write \"hit_policy\": \"collect\".",
			                   "only the hit policy \"collect\" aggregates");
	}
	if ((member = crm_document_get(root, "conflict")))
	{
		table->conflict_is_error = crm_document_choice(member, conflicts, lengthof(conflicts)) == 1;
		if (table->hit_policy != HIT_UNIQUE && table->hit_policy != HIT_ANY)
			document_malformed(
			    member, NULL,
			    "hits can conflict under the hit policies \"unique\" and \"any\" only");
	}
}

/* Whether the outputs are such as the hit policy and the aggregation need. */
static void
check_outputs(const DecisionTable *table, const DocumentNode *root)
{
	const DocumentNode *aggregation = crm_document_get(root, "aggregation");
	const DocumentNode *outputs = crm_document_get(root, "outputs");

	if (table->hit_policy == HIT_PRIORITY || table->hit_policy == HIT_OUTPUT_ORDER)
	{
		bool ranked = false;

		for (int o = 0; o < table->noutputs; o++)
			ranked |= table->outputs[o].values != NULL;
		if (!ranked)
			document_malformed(outputs,
			                   "Write {\"name\": ..., \"values\": [...]}, the first first.",
			                   "hit policy \"%s\" needs an output whose \"values\" are in order of "
			                   "priority",
			                   crm_document_get(root, "hit_policy")->text);
	}
	if (table->aggregation == AGGREGATION_NONE)
		return;
	if (table->noutputs > 1)
		document_malformed(aggregation, NULL, "only a table with one output aggregates, not %d",
		                   table->noutputs);
	if (table->aggregation == AGGREGATION_SUM && table->outputs[0].kind != KIND_NUMBER &&
	    table->outputs[0].kind != KIND_ANY)
		document_malformed(aggregation, NULL, "a sum is of numbers, and output \"%s\" is a %s",
		                   table->outputs[0].name, crm_kind_name(table->outputs[0].kind));
	if (table->aggregation == AGGREGATION_COUNT && table->otherwise)
		document_malformed(crm_document_get(outputs->items[0], "default"), NULL,
		                   "where no rule hits, the count is 0 and no default");
}

/* ---- rules ---- */

static void
expect_cells(const DocumentNode *list, int n, const char *what)
{
	crm_document_expect(list, DOCUMENT_ARRAY);
	if (list->nitems != n)
		document_malformed(list, NULL, "has %d elements, and the table has %d %s%s", list->nitems,
		                   n, what, n == 1 ? "" : "s");
}

static int
compare_values(const Literal *a, const Literal *b)
{
	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	return crm_literal_compare(a, b);
}

/* Which of two rules counts first: by priority of the outputs, or by the value that is looked for; then by number. */
static int
compare_rules(const void *x, const void *y, void *arg)
{
	const DecisionTable *table = arg;
	const Rule *a = x;
	const Rule *b = y;
	int order = 0;

	if (table->hit_policy == HIT_PRIORITY || table->hit_policy == HIT_OUTPUT_ORDER)
		for (int o = 0; o < table->noutputs && order == 0; o++)
			order = a->places[o] - b->places[o];
	else if (table->aggregation == AGGREGATION_MIN)
		order = compare_values(a->then[0], b->then[0]);
	else if (table->aggregation == AGGREGATION_MAX)
		order = a->then[0] && b->then[0] ? compare_values(b->then[0], a->then[0])
		                                 : compare_values(a->then[0], b->then[0]);
	return order != 0 ? order : a->number - b->number;
}

/* Order by outputs, equal ones by their place, to find rules that give the same. */
static int
compare_outputs(const void *x, const void *y, void *arg)
{
	const DecisionTable *table = arg;
	const Rule *a = *(Rule *const *) x;
	const Rule *b = *(Rule *const *) y;

	for (int o = 0; o < table->noutputs; o++)
	{
		int order = compare_values(a->then[o], b->then[o]);

		if (order != 0)
			return order;
	}
	return a < b ? -1 : a > b;
}

static void
find_same_outputs(DecisionTable *table)
{
	Rule **sorted = palloc(sizeof(Rule *) * table->nrules);

	for (int r = 0; r < table->nrules; r++)
		sorted[r] = &table->rules[r];
	qsort_arg(sorted, table->nrules, sizeof(Rule *), compare_outputs, table);
	for (int r = 0; r < table->nrules; r++)
	{
		bool same = r > 0;

		for (int o = 0; o < table->noutputs && same; o++)
			same = compare_values(sorted[r]->then[o], sorted[r - 1]->then[o]) == 0;
		sorted[r]->same = same ? sorted[r - 1]->same : (int) (sorted[r] - table->rules);
	}
	pfree(sorted);
}

/* Read the rules but for their tests, and put them into the order in which hits count. */
static void
read_rules(DecisionTable *table, const DocumentNode *list, int ninputs)
{
	static const char *const keys[] = {"name", "description", "when", "then"};

	table->nrules = list->nitems;
	table->nwords = (list->nitems + WORD_BITS - 1) / WORD_BITS;
	table->rules = palloc0(sizeof(Rule) * list->nitems);
	for (int r = 0; r < list->nitems; r++)
	{
		Rule *it = &table->rules[r];
		DocumentNode *node = list->items[r];
		const DocumentNode *then;

		CHECK_FOR_INTERRUPTS();
		crm_document_keys(node, keys, lengthof(keys));
		it->number = r + 1;
		it->name = document_text_or(node, "name", NULL);
		document_text_or(node, "description", NULL);
		expect_cells(crm_document_require(node, "when"), ninputs, "input");
		then = crm_document_require(node, "then");
		expect_cells(then, table->noutputs, "output");
		it->then = palloc(sizeof(Literal *) * table->noutputs);
		it->places = palloc(sizeof(int) * table->noutputs);
		for (int o = 0; o < table->noutputs; o++)
			it->then[o] = read_allowed_value(then->items[o], &table->outputs[o], &it->places[o]);
	}
	qsort_arg(table->rules, table->nrules, sizeof(Rule), compare_rules, table);
	find_same_outputs(table);
}

/* ---- columns ---- */

/* Gather the tests of each attribute. */
static void
read_tests(DecisionTable *table, const DocumentNode *rules, const TableInput *inputs, int ninputs)
{
	static UnaryTest nothing; /* what is no rule matches no value */
	static UnaryTest anything = {.anything = true};
	AttributeList *attributes = &table->policy.attributes;
	int width = table->nwords * WORD_BITS;

	table->columns = palloc0(sizeof(Column) * attributes->n);
	for (int i = 0; i < ninputs; i++)
		table->columns[inputs[i].attribute].ninputs++;
	for (int c = 0; c < attributes->n; c++)
	{
		Column *it = &table->columns[c];
		Size n = (Size) it->ninputs * (width + 1);

		it->tests = palloc_extended(sizeof(UnaryTest *) * n, MCXT_ALLOC_HUGE);
		for (Size t = 0; t < n; t++)
			it->tests[t] = &nothing;
	}
	for (int i = 0; i < ninputs; i++)
	{
		Column *column = &table->columns[inputs[i].attribute];

		column->tests[column->ninputs * width + inputs[i].place] =
		    inputs[i].values ? inputs[i].values : &anything;
	}
	for (int i = 0; i < ninputs; i++)
	{
		attributes->using = inputs[i].label;
		for (int r = 0; r < table->nrules; r++)
		{
			const DocumentNode *rule = rules->items[table->rules[r].number - 1];

			table->columns[inputs[i].attribute].tests[inputs[i].place * width + r] =
			    read_test(crm_document_get(rule, "when")->items[i], &inputs[i], attributes);
		}
	}
}

/* Cut a column's values into segments, and find which rules hit in each. */
static void
cut_column(Column *column, int nwords, const DocumentNode *inputs)
{
	int n = column->ninputs;
	Segments *segments = crm_segments_make(column->tests, n * nwords * WORD_BITS + n, inputs);

	column->segments = segments;
	column->hits =
	    palloc_extended(sizeof(uint64) * (Size) segments->nparts * nwords, MCXT_ALLOC_HUGE);
	column->allowed = palloc(segments->nparts);
	for (int part = 0; part < segments->nparts; part++)
	{
		const uint64 *matches = segments->matches + (Size) part * segments->nwords;
		uint64 *hits = column->hits + (Size) part * nwords;

		column->allowed[part] = true;
		for (int i = 0; i < n && part != PART_NULL; i++)
			column->allowed[part] &= bit_is_set(matches + n * nwords, i);
		for (int w = 0; w < nwords; w++)
		{
			hits[w] = column->allowed[part] ? matches[w] : 0;
			for (int i = 1; i < n; i++)
				hits[w] &= matches[i * nwords + w];
		}
	}
}

/* Read a table; what is wrong with it is an error with the path of the element. */
void *
crm_decision_table_compile(DocumentNode *root)
{
	static const char *const keys[] = {POLICY_COMMON_KEYS, "hit_policy", "aggregation", "conflict",
	                                   "inputs",           "outputs",    "rules"};
	DecisionTable *table = palloc0(sizeof(DecisionTable));
	AttributeList *attributes = &table->policy.attributes;
	DocumentNode *inputs, *outputs, *rules;
	int64 nwords = 0;
	TableInput *read;

	crm_document_keys(root, keys, lengthof(keys));
	crm_policy_common(root, &table->policy);
	read_hit_policy(table, root);
	inputs = require_list(root, "inputs", MAX_COLUMNS);
	outputs = require_list(root, "outputs", MAX_COLUMNS);
	rules = require_list(root, "rules", MAX_RULES);
	read = read_inputs(inputs, attributes);
	read_outputs(table, outputs, rules);
	check_outputs(table, root);
	read_rules(table, rules, inputs->nitems);
	read_tests(table, rules, read, inputs->nitems);
	for (int c = 0; c < attributes->n; c++)
	{
		Column *column = &table->columns[c];

		CHECK_FOR_INTERRUPTS();
		if (attributes->items[c].kind == KIND_TEXTS)
			continue;
		cut_column(column, table->nwords, inputs);
		nwords += (int64) column->segments->nparts * column->segments->nwords;
		if (nwords > MAX_WORDS)
			crm_document_error(inputs, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
			                   "Use fewer rules, or tests with fewer different values.",
			                   "the rules tell too many kinds of rows apart");
	}
	return table;
}
