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
 *	value    := number | "text" | true | false | null | date("...") | date(y, m, d) | date and time("...") | @"..."
 *
 * They become the JSON of a decision_table: lists of values where that is all there is, else a string of tests.  The rest of FEEL
 * (names, functions, arithmetic, lists) is refused by name; nothing is passed over.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "policy/sfeel.h"
#include "value/day.h"

typedef struct Scanner
{
	const SfeelCell *cell;
	const char *at;
} Scanner;

/* null is of KIND_ANY. */
typedef struct Value
{
	ValueKind kind;
	const char *text; /* a decoded text, JSON's digits, an ISO day or moment, true or false */
} Value;

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
	Value value; /* the lower end of an interval */
	Value high;
	bool low_open, high_open;
} Test;

/* ---- complaining ---- */

crm_noreturn static void malformed(const Scanner *scanner, const char *at, const char *what);
crm_noreturn static void unsupported(const Scanner *scanner, const char *what, const char *hint);

/* The text of a cell, short enough for a message. */
static char *
excerpt(const char *text)
{
	int length = strlen(text);

	return pnstrdup(text, pg_mbcliplen(text, length, 60));
}

static void
malformed(const Scanner *scanner, const char *at, const char *what)
{
	const char *text = scanner->cell->text;

	crm_xml_error(scanner->cell->node, ERRCODE_INVALID_PARAMETER_VALUE, NULL,
	              "%s: %s at column %d of %s", scanner->cell->place, what,
	              pg_mbstrlen_with_len(text, at - text) + 1, excerpt(text));
}

static void
unsupported(const Scanner *scanner, const char *what, const char *hint)
{
	crm_xml_error(
	    scanner->cell->node, ERRCODE_FEATURE_NOT_SUPPORTED,
	    hint ? hint : "A cell holds constants: numbers, \"texts\", true, false, null, dates.",
	    "%s: %s is not supported: %s", scanner->cell->place, what, excerpt(scanner->cell->text));
}

/* ---- scanning ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
starts_name(char c)
{
	return c == '_' || IS_HIGHBIT_SET(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
continues_name(char c)
{
	return starts_name(c) || is_digit(c);
}

static void
skip_blanks(Scanner *scanner)
{
	while (is_blank(*scanner->at))
		scanner->at++;
}

/* Take a word or a mark if it comes next; the blanks between the words of "date and time" are free. */
static bool
take(Scanner *scanner, const char *expected)
{
	const char *at;

	skip_blanks(scanner);
	at = scanner->at;
	for (const char *c = expected; *c; c++)
	{
		if (*c == ' ' && is_blank(*at))
			while (is_blank(*at))
				at++;
		else if (*c == *at)
			at++;
		else
			return false;
	}
	if (starts_name(*expected) && continues_name(*at))
		return false;
	scanner->at = at;
	return true;
}

/* Refuse the name or the call that comes next. */
static void
refuse_name(Scanner *scanner)
{
	const char *start = scanner->at, *end = start, *after;
	char *name;

	while (continues_name(*end) || is_blank(*end) || *end == '.')
	{
		if (end[0] == '.' && end[1] == '.')
			break;
		end++;
	}
	after = end;
	while (end > start && is_blank(end[-1]))
		end--;
	name = excerpt(pnstrdup(start, end - start));
	if (*after == '(')
		unsupported(scanner, psprintf("the function %s", name), NULL);
	unsupported(
	    scanner, psprintf("the name %s", name),
	    psprintf("Write a text in quotes: \"%s\"; a cell holds constants, not the values of "
	             "other inputs.",
	             name));
}

/* What follows a value: an operator makes it an expression. */
static void
refuse_operator(Scanner *scanner)
{
	skip_blanks(scanner);
	if (*scanner->at != '\0' && strchr("+-*/", *scanner->at))
		unsupported(scanner, "arithmetic", NULL);
	if (starts_name(*scanner->at))
	{
		const char *end = scanner->at;

		while (continues_name(*end))
			end++;
		unsupported(scanner,
		            psprintf("the operator %s", excerpt(pnstrdup(scanner->at, end - scanner->at))),
		            NULL);
	}
}

/* ---- values ---- */

static int
hex_digits(Scanner *scanner, const char *start, int count)
{
	int code = 0;

	for (int i = 0; i < count; i++)
	{
		char c = *scanner->at;

		if (is_digit(c))
			code = code * 16 + c - '0';
		else if (c >= 'a' && c <= 'f')
			code = code * 16 + c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			code = code * 16 + c - 'A' + 10;
		else
			malformed(scanner, start, psprintf("an escape without %d hexadecimal digits", count));
		scanner->at++;
	}
	return code;
}

/* A character by its code: \uXXXX, two of them for a surrogate pair, or \UXXXXXX. */
static void
read_code(Scanner *scanner, const char *start, StringInfo out)
{
	unsigned char utf[MAX_UNICODE_EQUIVALENT_STRING + 1];
	int code;

	if (*scanner->at++ == 'U')
		code = hex_digits(scanner, start, 6);
	else
	{
		code = hex_digits(scanner, start, 4);
		if (is_utf16_surrogate_first(code) && scanner->at[0] == '\\' && scanner->at[1] == 'u')
		{
			int second;

			scanner->at += 2;
			second = hex_digits(scanner, start, 4);
			if (!is_utf16_surrogate_second(second))
				malformed(scanner, start, "half of a surrogate pair");
			code = surrogate_pair_to_codepoint(code, second);
		}
	}
	if (is_utf16_surrogate_first(code) || is_utf16_surrogate_second(code))
		malformed(scanner, start, "half of a surrogate pair");
	if (!is_valid_unicode_codepoint(code))
		malformed(scanner, start, "an escape that is no character");
	pg_unicode_to_server(code, utf);
	appendStringInfoString(out, (char *) utf);
}

/* The text of a value without the room that was to spare: there may be very many. */
static const char *
keep(StringInfo out)
{
	const char *text = pnstrdup(out->data, out->len);

	pfree(out->data);
	return text;
}

/* A quoted text, decoded. */
static const char *
read_text(Scanner *scanner)
{
	static const char escapes[] = "\"\\'ntr";
	static const char meant[] = "\"\\'\n\t\r";
	const char *start = scanner->at++;
	StringInfoData out;

	initStringInfo(&out);
	while (*scanner->at != '"')
	{
		const char *at = scanner->at;

		if (*at == '\0')
			malformed(scanner, start, "a quoted text does not end");
		if (*at != '\\')
		{
			appendStringInfoChar(&out, *scanner->at++);
			continue;
		}
		scanner->at++;
		if (*scanner->at == 'u' || *scanner->at == 'U')
			read_code(scanner, at, &out);
		else
		{
			const char *escape = *scanner->at ? strchr(escapes, *scanner->at) : NULL;

			if (escape == NULL)
				malformed(scanner, at, "an unknown escape");
			appendStringInfoChar(&out, meant[escape - escapes]);
			scanner->at++;
		}
	}
	scanner->at++;
	return keep(&out);
}

/* A number as JSON writes it: no leading zeros, and a digit before the point. */
static const char *
read_number(Scanner *scanner)
{
	const char *start = scanner->at;
	StringInfoData out;
	double value;

	initStringInfo(&out);
	if (*scanner->at == '-')
	{
		appendStringInfoChar(&out, '-');
		scanner->at++;
		skip_blanks(scanner);
	}
	while (scanner->at[0] == '0' && is_digit(scanner->at[1]))
		scanner->at++;
	if (*scanner->at == '.')
		appendStringInfoChar(&out, '0');
	while (is_digit(*scanner->at))
		appendStringInfoChar(&out, *scanner->at++);
	if (scanner->at[0] == '.' && is_digit(scanner->at[1]))
	{
		appendStringInfoChar(&out, *scanner->at++);
		while (is_digit(*scanner->at))
			appendStringInfoChar(&out, *scanner->at++);
	}
	if (*scanner->at == 'e' || *scanner->at == 'E')
	{
		appendStringInfoChar(&out, *scanner->at++);
		if (*scanner->at == '-' || *scanner->at == '+')
			appendStringInfoChar(&out, *scanner->at++);
		if (!is_digit(*scanner->at))
			malformed(scanner, scanner->at, "the exponent has no digits");
		while (is_digit(*scanner->at))
			appendStringInfoChar(&out, *scanner->at++);
	}
	if (continues_name(*scanner->at))
		malformed(scanner, start, "not a number");
	errno = 0;
	value = strtod(out.data, NULL);
	if (out.len > 400 || (errno == ERANGE && (isinf(value) || value == 0)))
		crm_xml_error(scanner->cell->node, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, NULL,
		              "%s: a number is out of range at column %d of %s", scanner->cell->place,
		              pg_mbstrlen_with_len(scanner->cell->text, start - scanner->cell->text) + 1,
		              excerpt(scanner->cell->text));
	if (value == 0 && strpbrk(out.data, "eE"))
		return "0"; /* whatever its exponent, which numeric may not hold */
	return keep(&out);
}

/* A day or moment from the text of date(...), date and time(...) or @"...". */
static void
temporal_value(Scanner *scanner, const char *start, const char *text, Value *value)
{
	size_t length = strlen(text);
	DateADT day;
	Timestamp moment;
	bool has_offset;

	if (crm_day_parse(text, length, &day))
		value->kind = KIND_DATE;
	else if (crm_timestamp_parse(text, length, &moment, &has_offset))
		value->kind = has_offset ? KIND_TIMESTAMPTZ : KIND_TIMESTAMP;
	else if (*text == 'P' || strncmp(text, "-P", 2) == 0)
		unsupported(scanner, "a duration", NULL);
	else if (length >= 5 && text[2] == ':')
		unsupported(scanner, "a time of day", NULL);
	else if (strchr(text, '@'))
		unsupported(scanner, "a time zone by its name", NULL);
	else
		malformed(scanner, start, "not a day as YYYY-MM-DD or a moment as YYYY-MM-DDTHH:MM:SS");
	value->text = text;
	if (value->kind != KIND_DATE)
	{
		char *copy = pstrdup(text);

		copy[10] = 'T';
		value->text = copy;
	}
}

/* The arguments of date(y, m, d). */
static const char *
read_day_numbers(Scanner *scanner, const char *start)
{
	int numbers[3];

	for (int i = 0; i < 3; i++)
	{
		int digits = 0;

		numbers[i] = 0;
		skip_blanks(scanner);
		for (; digits < 4 && is_digit(*scanner->at); digits++)
			numbers[i] = numbers[i] * 10 + *scanner->at++ - '0';
		if (digits == 0 || (i < 2 && !take(scanner, ",")))
			malformed(scanner, start, "expected a day as date(\"YYYY-MM-DD\") or date(y, m, d)");
	}
	return psprintf("%04d-%02d-%02d", numbers[0], numbers[1], numbers[2]);
}

/* date(...), date and time(...), @"...": false if none of them comes next. */
static bool
read_temporal(Scanner *scanner, Value *value)
{
	const char *start = scanner->at;
	bool literal = take(scanner, "@");
	bool moment = !literal && take(scanner, "date and time");

	if (!literal && !moment && !take(scanner, "date"))
		return false;
	if (!literal && !take(scanner, "("))
	{
		scanner->at = start;
		return false;
	}
	skip_blanks(scanner);
	if (*scanner->at == '"')
		temporal_value(scanner, start, read_text(scanner), value);
	else if (!literal && !moment && is_digit(*scanner->at))
		temporal_value(scanner, start, read_day_numbers(scanner, start), value);
	else if (starts_name(*scanner->at))
		refuse_name(scanner);
	else
		malformed(scanner, scanner->at, "expected a quoted day or moment");
	if (!literal && !moment && value->kind != KIND_DATE)
		malformed(scanner, start, "a moment is written as date and time(\"...\")");
	if (!literal && !take(scanner, ")"))
	{
		refuse_operator(scanner);
		malformed(scanner, scanner->at, "expected )");
	}
	return true;
}

static void
read_value(Scanner *scanner, Value *value)
{
	const char *start;
	const char *digits;

	skip_blanks(scanner);
	start = digits = scanner->at;
	if (*digits == '-')
		for (digits++; is_blank(*digits); digits++)
			;
	if (is_digit(*digits) || (*digits == '.' && is_digit(digits[1])))
	{
		value->kind = KIND_NUMBER;
		value->text = read_number(scanner);
	}
	else if (*start == '"')
	{
		value->kind = KIND_TEXT;
		value->text = read_text(scanner);
	}
	else if (take(scanner, "true") || take(scanner, "false"))
	{
		value->kind = KIND_BOOLEAN;
		value->text = *start == 't' ? "true" : "false";
	}
	else if (take(scanner, "null"))
	{
		value->kind = KIND_ANY;
		value->text = "null";
	}
	else if (!read_temporal(scanner, value))
	{
		if (starts_name(*start))
			refuse_name(scanner);
		if (*start == '?')
			unsupported(scanner, "the input as ?", NULL);
		if (*start == '[' || *start == '{')
			unsupported(scanner, *start == '[' ? "a list" : "a context", NULL);
		if (*start == '(' || *start == '-')
			unsupported(scanner, "an expression", NULL);
		malformed(scanner, start, "expected a value");
	}
	refuse_operator(scanner);
}

static bool
is_temporal(ValueKind kind)
{
	return kind == KIND_DATE || kind == KIND_TIMESTAMP || kind == KIND_TIMESTAMPTZ;
}

/* Days and moments share a column; whether they have offsets is for the table to say. */
static void
note_kind(const Scanner *scanner, const Value *value)
{
	ValueKind *kind = scanner->cell->kind;

	if (*kind == KIND_ANY)
		*kind = value->kind;
	if (value->kind == KIND_ANY || value->kind == *kind ||
	    (is_temporal(value->kind) && is_temporal(*kind)))
		return;
	crm_xml_error(scanner->cell->node, ERRCODE_DATATYPE_MISMATCH, NULL,
	              "%s: a value of type %s in a column of type %s: %s", scanner->cell->place,
	              crm_kind_name(value->kind), crm_kind_name(*kind), excerpt(scanner->cell->text));
}

/* ---- tests ---- */

static void
read_interval(Scanner *scanner, Test *test)
{
	const char *start = scanner->at;

	test->comparator = IS_BETWEEN;
	test->low_open = *scanner->at++ != '[';
	read_value(scanner, &test->value);
	if (!take(scanner, ".."))
	{
		skip_blanks(scanner);
		if (*start == '[' && (*scanner->at == ',' || *scanner->at == ']'))
			unsupported(scanner, "a list",
			            "Write the values with commas between, without brackets.");
		if (*start == '(' && *scanner->at == ')')
			unsupported(scanner, "an expression in brackets", NULL);
		malformed(scanner, scanner->at, "expected ..");
	}
	read_value(scanner, &test->high);
	if (take(scanner, "]"))
		test->high_open = false;
	else if (take(scanner, ")") || take(scanner, "["))
		test->high_open = true;
	else
		malformed(scanner, scanner->at, "expected ] or ) or [");
	if (test->value.kind == KIND_ANY || test->high.kind == KIND_ANY)
		malformed(scanner, start, "null is no end of an interval");
	if (test->value.kind == KIND_BOOLEAN || test->high.kind == KIND_BOOLEAN)
		malformed(scanner, start, "true and false have no interval");
	note_kind(scanner, &test->value);
	note_kind(scanner, &test->high);
}

static Test *
read_test(Scanner *scanner)
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

	skip_blanks(scanner);
	start = scanner->at;
	if (*start == '[' || *start == '(' || *start == ']')
	{
		read_interval(scanner, test);
		return test;
	}
	for (int i = 0; i < lengthof(marks); i++)
		if (take(scanner, marks[i].mark))
		{
			test->comparator = marks[i].comparator;
			break;
		}
	read_value(scanner, &test->value);
	if (test->comparator >= IS_LESS && test->value.kind == KIND_ANY)
		malformed(scanner, start, "null has no order");
	if (test->comparator >= IS_LESS && test->value.kind == KIND_BOOLEAN)
		malformed(scanner, start, "true and false have no order");
	note_kind(scanner, &test->value);
	return test;
}

/* The tests of a cell, and whether they are within not(...). */
static List *
read_tests(Scanner *scanner, bool *negated)
{
	List *tests = NIL;

	*negated = false;
	if (take(scanner, "not"))
	{
		*negated = true;
		if (!take(scanner, "("))
			malformed(scanner, scanner->at, "expected (");
		if (take(scanner, "not"))
			unsupported(scanner, "not within not", NULL);
	}
	do
		tests = lappend(tests, read_test(scanner));
	while (take(scanner, ","));
	if (*negated && !take(scanner, ")"))
		malformed(scanner, scanner->at, "expected )");
	skip_blanks(scanner);
	if (*scanner->at != '\0')
		malformed(scanner, scanner->at, "unexpected text");
	return tests;
}

/* ---- writing ---- */

/* A value as JSON. */
static void
write_json(StringInfo out, const Value *value)
{
	if (value->kind == KIND_TEXT || is_temporal(value->kind))
		escape_json(out, value->text);
	else
		appendStringInfoString(out, value->text);
}

/* A value within a string of tests. */
static void
write_operand(StringInfo out, const Value *value)
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
write_test(StringInfo out, const Scanner *scanner, const Test *test)
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
		unsupported(scanner, "!= null among other tests", NULL);
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

		if (test->comparator > IS_NOT_EQUAL || is_temporal(test->value.kind) ||
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
	while (is_blank(*text))
		text++;
	return *text == '\0';
}

/* The tests of an input entry, or of allowed values; an empty cell is "-". */
void
crm_sfeel_tests(StringInfo out, const SfeelCell *cell)
{
	Scanner scanner = {cell, cell->text};
	StringInfoData string;
	ListCell *item;
	List *tests;
	bool negated;

	if (take(&scanner, "-") && is_empty(scanner.at))
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
static Value
read_output(const SfeelCell *cell)
{
	Scanner scanner = {cell, cell->text};
	Value value = {KIND_ANY, "null"};

	if (is_empty(cell->text))
		return value;
	read_value(&scanner, &value);
	if (*scanner.at == ',')
		unsupported(&scanner, "a list", NULL);
	if (*scanner.at != '\0')
		malformed(&scanner, scanner.at, "unexpected text");
	note_kind(&scanner, &value);
	return value;
}

void
crm_sfeel_value(StringInfo out, const SfeelCell *cell)
{
	Value value = read_output(cell);

	write_json(out, &value);
}

/*
 * The allowed values of an output as a JSON list, in their order; false where they are not a list of values but tests.  null is always
 * allowed and is left out.
 */
bool
crm_sfeel_values(StringInfo out, const SfeelCell *cell)
{
	Scanner scanner = {cell, cell->text};
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
	Value value = read_output(cell);
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
