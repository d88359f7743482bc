/*
 * sfeel.c
 *		Cells of DMN decision tables.
 *
 * Input entries hold unary tests (OMG DMN 1.5, clauses 7.3.14 and 9.2), output entries a literal:
 *
 *	tests    := "-" | "not" "(" list ")" | list
 *	list     := test { "," test }
 *	test     := [ "<" | "<=" | ">" | ">=" | "=" | "!=" ] value | interval
 *	interval := ( "[" | "(" | "]" ) value ".." value ( "]" | ")" | "[" )
 *
 * They become the JSON of a decision_table: lists of values where that is all there is, else a string of tests.  The rest of FEEL is
 * refused by name; nothing is passed over.  Values are read in sfeel_literal.c.
 */
#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "policy/sfeel.h"
#include "policy/sfeel_literal.h"
#include "value/day.h"

typedef enum Comparator
{
	IS_EQUAL,
	IS_NOT_EQUAL,
	IS_LESS,
	IS_LESS_OR_EQUAL,
	IS_GREATER,
	IS_GREATER_OR_EQUAL,
	IS_BETWEEN
} Comparator;

typedef struct Test
{
	Comparator comparator;
	SfeelValue value; /* the lower end of an interval */
	SfeelValue high;
	bool low_open, high_open;
} Test;

/* ---- tests ---- */

static void
read_interval(SfeelScanner *scanner, Test *test)
{
	const char *start = scanner->at;

	test->comparator = IS_BETWEEN;
	test->low_open = *scanner->at++ != '[';
	crm_sfeel_literal(scanner, &test->value);
	if (!crm_sfeel_take(scanner, ".."))
	{
		crm_sfeel_skip_blanks(scanner);
		if (*start == '[' && (*scanner->at == ',' || *scanner->at == ']'))
			crm_sfeel_unsupported(scanner, "a list",
			                      "Write the values with commas between, without brackets.");
		if (*start == '(' && *scanner->at == ')')
			crm_sfeel_unsupported(scanner, "an expression in brackets", NULL);
		crm_sfeel_malformed(scanner, scanner->at, "expected ..");
	}
	crm_sfeel_literal(scanner, &test->high);
	if (crm_sfeel_take(scanner, "]"))
		test->high_open = false;
	else if (crm_sfeel_take(scanner, ")") || crm_sfeel_take(scanner, "["))
		test->high_open = true;
	else
		crm_sfeel_malformed(scanner, scanner->at, "expected ] or ) or [");
	if (test->value.kind == KIND_ANY || test->high.kind == KIND_ANY)
		crm_sfeel_malformed(scanner, start, "null is no end of an interval");
	if (test->value.kind == KIND_BOOLEAN || test->high.kind == KIND_BOOLEAN)
		crm_sfeel_malformed(scanner, start, "true and false have no interval");
	crm_sfeel_note_kind(scanner, &test->value);
	crm_sfeel_note_kind(scanner, &test->high);
}

static Test *
read_test(SfeelScanner *scanner)
{
	/* in this order, since "<" begins "<=" */
	static const struct
	{
		const char *mark;
		Comparator comparator;
	} marks[] = {{"<=", IS_LESS_OR_EQUAL}, {"<", IS_LESS},  {">=", IS_GREATER_OR_EQUAL},
	             {">", IS_GREATER},        {"=", IS_EQUAL}, {"!=", IS_NOT_EQUAL}};
	Test *test = palloc0(sizeof(Test));
	const char *start;

	crm_sfeel_skip_blanks(scanner);
	start = scanner->at;
	if (*start == '[' || *start == '(' || *start == ']')
	{
		read_interval(scanner, test);
		return test;
	}
	for (int i = 0; i < lengthof(marks); i++)
		if (crm_sfeel_take(scanner, marks[i].mark))
		{
			test->comparator = marks[i].comparator;
			break;
		}
	crm_sfeel_literal(scanner, &test->value);
	if (test->comparator >= IS_LESS && test->value.kind == KIND_ANY)
		crm_sfeel_malformed(scanner, start, "null has no order");
	if (test->comparator >= IS_LESS && test->value.kind == KIND_BOOLEAN)
		crm_sfeel_malformed(scanner, start, "true and false have no order");
	crm_sfeel_note_kind(scanner, &test->value);
	return test;
}

/* The tests of a cell, and whether they are within not(...). */
static List *
read_tests(SfeelScanner *scanner, bool *negated)
{
	List *tests = NIL;

	*negated = false;
	if (crm_sfeel_take(scanner, "not"))
	{
		*negated = true;
		if (!crm_sfeel_take(scanner, "("))
			crm_sfeel_malformed(scanner, scanner->at, "expected (");
		if (crm_sfeel_take(scanner, "not"))
			crm_sfeel_unsupported(scanner, "not within not", NULL);
	}
	do
		tests = lappend(tests, read_test(scanner));
	while (crm_sfeel_take(scanner, ","));
	if (*negated && !crm_sfeel_take(scanner, ")"))
		crm_sfeel_malformed(scanner, scanner->at, "expected )");
	crm_sfeel_skip_blanks(scanner);
	if (*scanner->at != '\0')
		crm_sfeel_malformed(scanner, scanner->at, "unexpected text");
	return tests;
}

/* ---- writing ---- */

/* A value as JSON. */
static void
write_json(StringInfo out, const SfeelValue *value)
{
	if (value->kind == KIND_TEXT || crm_sfeel_is_temporal(value->kind))
		escape_json(out, value->text);
	else
		appendStringInfoString(out, value->text);
}

/* A value within a string of tests. */
static void
write_operand(StringInfo out, const SfeelValue *value)
{
	if (value->kind != KIND_TEXT)
	{
		appendStringInfoString(out, value->text);
		return;
	}
	appendStringInfoChar(out, '"');
	for (const char *c = value->text; *c; c++)
	{
		if (*c == '"' || *c == '\\')
			appendStringInfoChar(out, '\\');
		appendStringInfoChar(out, *c);
	}
	appendStringInfoChar(out, '"');
}

static void
write_test(StringInfo out, const SfeelScanner *scanner, const Test *test)
{
	static const char *const marks[] = {"", "", "< ", "<= ", "> ", ">= "};

	if (test->comparator == IS_BETWEEN)
	{
		appendStringInfoChar(out, test->low_open ? '(' : '[');
		write_operand(out, &test->value);
		appendStringInfoString(out, "..");
		write_operand(out, &test->high);
		appendStringInfoChar(out, test->high_open ? ')' : ']');
	}
	else if (test->comparator == IS_NOT_EQUAL && test->value.kind == KIND_BOOLEAN)
		appendStringInfoString(out, *test->value.text == 't' ? "false" : "true");
	else if (test->comparator == IS_NOT_EQUAL && test->value.kind == KIND_ANY)
		crm_sfeel_unsupported(scanner, "!= null among other tests", NULL);
	else if (test->comparator == IS_NOT_EQUAL)
	{
		/* what is not the value lies below or above it */
		appendStringInfoString(out, "< ");
		write_operand(out, &test->value);
		appendStringInfoString(out, ", > ");
		write_operand(out, &test->value);
	}
	else
	{
		appendStringInfoString(out, marks[test->comparator]);
		write_operand(out, &test->value);
	}
}

/* Whether the tests are values that a JSON list can say. */
static bool
are_values(const List *tests)
{
	ListCell *item;

	foreach (item, tests)
	{
		const Test *test = lfirst(item);

		if (test->comparator > IS_NOT_EQUAL || crm_sfeel_is_temporal(test->value.kind) ||
		    (test->comparator == IS_NOT_EQUAL && list_length(tests) > 1))
			return false;
	}
	return true;
}

static void
write_values(StringInfo out, const List *tests, bool negated)
{
	const Test *first = linitial(tests);
	ListCell *item;

	if (first->comparator == IS_NOT_EQUAL)
		negated = !negated;
	if (!negated && list_length(tests) == 1 && first->value.kind != KIND_TEXT)
	{
		write_json(out, &first->value);
		return;
	}
	appendStringInfoString(out, negated ? "{\"not\":[" : "[");
	foreach (item, tests)
	{
		const Test *test = lfirst(item);

		if (item != list_head(tests))
			appendStringInfoChar(out, ',');
		write_json(out, &test->value);
	}
	appendStringInfoString(out, negated ? "]}" : "]");
}

static bool
is_empty(const char *text)
{
	return text[strspn(text, " \t\n\r")] == '\0';
}

/* The tests of an input entry, or of allowed values; an empty cell is "-". */
void
crm_sfeel_tests(StringInfo out, const SfeelCell *cell)
{
	SfeelScanner scanner = {cell, cell->text};
	StringInfoData string;
	ListCell *item;
	List *tests;
	bool negated;

	if (crm_sfeel_take(&scanner, "-") && is_empty(scanner.at))
	{
		appendStringInfoString(out, "\"-\"");
		return;
	}
	scanner.at = cell->text;
	if (is_empty(cell->text))
	{
		appendStringInfoString(out, "\"-\"");
		return;
	}
	tests = read_tests(&scanner, &negated);
	if (are_values(tests))
	{
		write_values(out, tests, negated);
		return;
	}
	initStringInfo(&string);
	appendStringInfoString(&string, negated ? "not(" : "");
	foreach (item, tests)
	{
		appendStringInfoString(&string, item != list_head(tests) ? ", " : "");
		write_test(&string, &scanner, lfirst(item));
	}
	appendStringInfoString(&string, negated ? ")" : "");
	escape_json(out, string.data);
	pfree(string.data);
}

/* The value of an output entry; an empty cell is null. */
static SfeelValue
read_output(const SfeelCell *cell)
{
	SfeelScanner scanner = {cell, cell->text};
	SfeelValue value = {KIND_ANY, "null"};

	if (is_empty(cell->text))
		return value;
	crm_sfeel_literal(&scanner, &value);
	if (*scanner.at == ',')
		crm_sfeel_unsupported(&scanner, "a list", NULL);
	if (*scanner.at != '\0')
		crm_sfeel_malformed(&scanner, scanner.at, "unexpected text");
	crm_sfeel_note_kind(&scanner, &value);
	return value;
}

void
crm_sfeel_value(StringInfo out, const SfeelCell *cell)
{
	SfeelValue value = read_output(cell);

	write_json(out, &value);
}

/*
 * The allowed values of an output as a JSON list, in their order; false where they are not a list of values but tests.  null is always
 * allowed and is left out.
 */
bool
crm_sfeel_values(StringInfo out, const SfeelCell *cell)
{
	SfeelScanner scanner = {cell, cell->text};
	bool negated;
	List *tests = read_tests(&scanner, &negated);
	ListCell *item;

	foreach (item, tests)
		if (negated || ((Test *) lfirst(item))->comparator != IS_EQUAL)
			return false;
	appendStringInfoChar(out, '[');
	foreach (item, tests)
	{
		const Test *test = lfirst(item);

		if (test->value.kind == KIND_ANY)
			continue;
		appendStringInfoString(out, out->data[out->len - 1] == '[' ? "" : ",");
		write_json(out, &test->value);
	}
	appendStringInfoChar(out, ']');
	return true;
}

/* Whether an output entry is among values that tests allow; null always is. */
bool
crm_sfeel_allowed(const SfeelCell *cell, const UnaryTest *allowed)
{
	SfeelValue value = read_output(cell);
	ColumnType type = COLUMN_TEXT;
	Datum datum;
	DateADT day;

	switch (value.kind)
	{
		case KIND_ANY:
			return true;
		case KIND_NUMBER:
			type = COLUMN_NUMERIC;
			datum = DirectFunctionCall3(numeric_in, CStringGetDatum(value.text),
			                            ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
			break;
		case KIND_BOOLEAN:
			type = COLUMN_BOOL;
			datum = BoolGetDatum(*value.text == 't');
			break;
		case KIND_DATE:
			type = COLUMN_DATE;
			crm_day_parse(value.text, strlen(value.text), &day);
			datum = DateADTGetDatum(day);
			break;
		default:
			datum = CStringGetTextDatum(value.text);
	}
	return crm_unary_test_eval(allowed, type, datum, false, 0) == TRUTH_TRUE;
}
