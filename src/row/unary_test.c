/*
 * unary_test.c
 *		Tests of one value.
 *
 * A JSON string holds DMN unary tests in S-FEEL (OMG DMN 1.5, clause 9.2):
 *
 *	tests    := "-" | "not" "(" list ")" | list
 *	list     := test { "," test }
 *	test     := [ "<" | "<=" | ">" | ">=" ] end | interval | "null"
 *	interval := ( "[" | "(" | "]" ) end ".." end ( "]" | ")" | "[" )
 *	end      := number | "text" | true | false | date("...") | @"..." | a bare ISO day or moment | as_of
 *
 * A JSON array lists values, {"not": [...]} excludes them, {"contains": [...]} and {"overlaps": [...]} are of lists;
 * true, false, null and a number stand for themselves.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "row/unary_test.h"
#include "value/day.h"

typedef struct Scanner
{
	const DocumentNode *node;
	const char *text;
	const char *at;
	bool allow_as_of;
	UnaryTest *test;
	int capacity;
} Scanner;

crm_noreturn static void fault(const Scanner *scanner, const char *at, const char *what);

/* Report a fault of a test with the column where it stands. */
static void
fault(const Scanner *scanner, const char *at, const char *what)
{
	const char *hint = "Write tests like \"< 5\", \"[1..10)\", \"not(< 0)\" or \"-\"; list texts "
	                   "as [\"branch\", \"phone\"].";
	bool is_word = *scanner->text != '\0';

	for (const char *c = scanner->text; *c && is_word; c++)
		is_word = *c == '_' || *c == ' ' || IS_HIGHBIT_SET(*c) || isalnum((unsigned char) *c);
	if (is_word && !isdigit((unsigned char) *scanner->text) && strlen(scanner->text) < 60)
		hint = psprintf("To compare with text write [\"%s\"].", scanner->text);
	document_malformed(scanner->node, hint, "%s at column %d of the test \"%.*s\"", what,
	                   pg_mbstrlen_with_len(scanner->text, at - scanner->text) + 1,
	                   pg_mbcliplen(scanner->text, strlen(scanner->text), 60), scanner->text);
}

static void
skip_blanks(Scanner *scanner)
{
	while (*scanner->at == ' ' || *scanner->at == '\t' || *scanner->at == '\n' ||
	       *scanner->at == '\r')
		scanner->at++;
}

/* Take a word or a mark if it comes next. */
static bool
take(Scanner *scanner, const char *word)
{
	size_t length = strlen(word);

	skip_blanks(scanner);
	if (strncmp(scanner->at, word, length) != 0)
		return false;
	if (isalpha((unsigned char) word[0]) &&
	    (scanner->at[length] == '_' || isalnum((unsigned char) scanner->at[length])))
		return false;
	scanner->at += length;
	return true;
}

/* A quoted S-FEEL string, with the escapes \" and \\. */
static void
read_quoted(Scanner *scanner, const char **text, int *length)
{
	const char *start = scanner->at++;
	StringInfoData out;

	initStringInfo(&out);
	while (*scanner->at != '"')
	{
		if (*scanner->at == '\0')
			fault(scanner, start, "a quoted text does not end");
		if (*scanner->at == '\\' && (scanner->at[1] == '"' || scanner->at[1] == '\\'))
			scanner->at++;
		appendStringInfoChar(&out, *scanner->at++);
	}
	scanner->at++;
	*text = out.data;
	*length = out.len;
}

/* A day or moment, or false. */
static bool
temporal_literal(const char *text, size_t length, Literal *literal)
{
	DateADT day;
	Timestamp moment;
	bool has_offset;

	memset(literal, 0, sizeof(Literal));
	if (crm_day_parse(text, length, &day))
	{
		literal->kind = KIND_DATE;
		literal->integer = crm_day_to_timestamp(day);
		return true;
	}
	if (crm_timestamp_parse(text, length, &moment, &has_offset))
	{
		literal->kind = has_offset ? KIND_TIMESTAMPTZ : KIND_TIMESTAMP;
		literal->integer = moment;
		return true;
	}
	return false;
}

static void
read_number(Scanner *scanner, Literal *literal)
{
	const char *start = scanner->at;
	char *digits;
	double value;

	if (*scanner->at == '-')
		scanner->at++;
	while (isdigit((unsigned char) *scanner->at))
		scanner->at++;
	if (*scanner->at == '.' && isdigit((unsigned char) scanner->at[1]))
	{
		scanner->at++;
		while (isdigit((unsigned char) *scanner->at))
			scanner->at++;
	}
	if (*scanner->at == 'e' || *scanner->at == 'E')
	{
		scanner->at++;
		if (*scanner->at == '-' || *scanner->at == '+')
			scanner->at++;
		if (!isdigit((unsigned char) *scanner->at))
			fault(scanner, scanner->at, "the exponent has no digits");
		while (isdigit((unsigned char) *scanner->at))
			scanner->at++;
	}
	digits = pnstrdup(start, scanner->at - start);
	errno = 0;
	value = strtod(digits, NULL);
	if (strlen(digits) > 400 || (errno == ERANGE && (value > 1 || value < -1 || value == 0)))
		crm_document_error(scanner->node, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, NULL,
		                   "the number at column %d of the test is out of range",
		                   pg_mbstrlen_with_len(scanner->text, start - scanner->text) + 1);
	crm_literal_number(literal, value == 0 ? "0" : digits);
}

/* One end of a test: a literal. */
static void
read_end(Scanner *scanner, Literal *literal)
{
	const char *start;
	size_t span;

	skip_blanks(scanner);
	start = scanner->at;

	if (*start == '"')
	{
		const char *text;
		int length;

		read_quoted(scanner, &text, &length);
		crm_literal_text(literal, text, length);
		return;
	}
	if (*start == '@' || strncmp(start, "date", 4) == 0)
	{
		bool call = *start != '@';
		const char *text;
		int length;

		scanner->at++;
		if (call)
		{
			scanner->at = start;
			if (!take(scanner, "date and time") && !take(scanner, "date"))
				fault(scanner, start, "expected a value");
			if (!take(scanner, "("))
				fault(scanner, scanner->at, "expected (");
			skip_blanks(scanner);
		}
		if (*scanner->at != '"')
			fault(scanner, scanner->at, "expected a quoted day or moment");
		read_quoted(scanner, &text, &length);
		if (!temporal_literal(text, length, literal))
			fault(scanner, start, "not a day as YYYY-MM-DD or a moment as YYYY-MM-DDTHH:MM:SS");
		if (call && !take(scanner, ")"))
			fault(scanner, scanner->at, "expected )");
		return;
	}
	if (take(scanner, "as_of"))
	{
		if (!scanner->allow_as_of)
			fault(scanner, start, "as_of is known to suitability policies only");
		memset(literal, 0, sizeof(Literal));
		literal->kind = KIND_DATE;
		literal->is_as_of = true;
		scanner->test->reads_as_of = true;
		return;
	}
	if (take(scanner, "true") || take(scanner, "false"))
	{
		crm_literal_boolean(literal, *start == 't');
		return;
	}
	/* a bare day or moment: the characters that such a one can have */
	span = strspn(start, "0123456789-:T.+Z");
	if (span >= 10 && start[4] == '-')
	{
		const char *dots = strstr(start, "..");

		if (dots != NULL && dots < start + span)
			span = dots - start;
		if (span == 10 && start[10] == ' ' && strspn(start + 11, "0123456789") == 2 &&
		    start[13] == ':')
			span = 11 + strspn(start + 11, "0123456789:");
		if (!temporal_literal(start, span, literal))
			fault(scanner, start, "not a day as YYYY-MM-DD or a moment as YYYY-MM-DDTHH:MM:SS");
		scanner->at = start + span;
		return;
	}
	if (isdigit((unsigned char) *start) || (*start == '-' && isdigit((unsigned char) start[1])))
	{
		read_number(scanner, literal);
		return;
	}
	fault(scanner, start, "expected a value");
}

static bool
common_kinds(ValueKind *kind, ValueKind other)
{
	if (*kind == KIND_ANY || (*kind == KIND_DATE && other == KIND_TIMESTAMP))
		*kind = other;
	return *kind == other || (*kind == KIND_TIMESTAMP && other == KIND_DATE);
}

static Range *
add_range(Scanner *scanner)
{
	UnaryTest *test = scanner->test;

	if (test->nranges == scanner->capacity)
	{
		scanner->capacity = scanner->capacity ? scanner->capacity * 2 : 4;
		test->ranges = test->ranges ? repalloc(test->ranges, scanner->capacity * sizeof(Range))
		                            : palloc(scanner->capacity * sizeof(Range));
	}
	memset(&test->ranges[test->nranges], 0, sizeof(Range));
	return &test->ranges[test->nranges++];
}

static void
note_kind(Scanner *scanner, const Literal *literal, const char *at)
{
	if (!common_kinds(&scanner->test->kind, literal->kind))
		fault(scanner, at,
		      psprintf("a %s among values of kind %s", crm_kind_name(literal->kind),
		               crm_kind_name(scanner->test->kind)));
}

/* The range of one single value. */
static void
add_point(Scanner *scanner, const Literal *literal)
{
	Range *range = add_range(scanner);

	range->has_low = range->has_high = true;
	range->low = range->high = *literal;
}

static void
read_interval(Scanner *scanner, bool low_open)
{
	const char *start = scanner->at - 1;
	Range *range = add_range(scanner);
	int order;

	range->has_low = range->has_high = true;
	range->low_open = low_open;
	read_end(scanner, &range->low);
	note_kind(scanner, &range->low, start + 1);
	if (!take(scanner, ".."))
		fault(scanner, scanner->at, "expected ..");
	skip_blanks(scanner);
	read_end(scanner, &range->high);
	note_kind(scanner, &range->high, start + 1);
	if (take(scanner, "]"))
		range->high_open = false;
	else if (take(scanner, ")") || take(scanner, "["))
		range->high_open = true;
	else
		fault(scanner, scanner->at, "expected ] or ) or [");
	if (range->low.kind == KIND_BOOLEAN)
		fault(scanner, start, "true and false have no interval");
	if (range->low.is_as_of || range->high.is_as_of)
		return;
	order = crm_literal_compare(&range->low, &range->high);
	if (order > 0 || (order == 0 && (range->low_open || range->high_open)))
		fault(scanner, start, "the interval is empty");
}

static void
read_test(Scanner *scanner)
{
	const char *start;
	Literal literal;

	skip_blanks(scanner);
	start = scanner->at;
	if (take(scanner, "null"))
		scanner->test->matches_null = true;
	else if (take(scanner, "[") || take(scanner, "(") || take(scanner, "]"))
		read_interval(scanner, *start != '[');
	else if (*start == '<' || *start == '>')
	{
		bool open = start[1] != '=';
		Range *range;

		scanner->at += open ? 1 : 2;
		read_end(scanner, &literal);
		note_kind(scanner, &literal, start);
		if (literal.kind == KIND_BOOLEAN)
			fault(scanner, start, "true and false have no order");
		range = add_range(scanner);
		if (*start == '<')
		{
			range->has_high = true;
			range->high_open = open;
			range->high = literal;
		}
		else
		{
			range->has_low = true;
			range->low_open = open;
			range->low = literal;
		}
	}
	else if (*start == '=' || *start == '!')
		fault(scanner, start,
		      "expected a value; equality is written without a sign, inequality as not(...)");
	else
	{
		read_end(scanner, &literal);
		note_kind(scanner, &literal, start);
		add_point(scanner, &literal);
	}
}

static void
read_tests(Scanner *scanner)
{
	if (take(scanner, "-"))
	{
		skip_blanks(scanner);
		if (*scanner->at == '\0')
		{
			scanner->test->anything = true;
			return;
		}
		scanner->at = scanner->text; /* a negative number */
	}
	if (take(scanner, "not"))
	{
		scanner->test->negated = true;
		if (!take(scanner, "("))
			fault(scanner, scanner->at, "expected (");
	}
	do
		read_test(scanner);
	while (take(scanner, ","));
	if (scanner->test->negated && !take(scanner, ")"))
		fault(scanner, scanner->at, "expected )");
	skip_blanks(scanner);
	if (*scanner->at != '\0')
		fault(scanner, scanner->at, "unexpected text");
	/* not(null) and not(null, 5) exclude NULL, as every not(...) does */
	if (scanner->test->negated)
	{
		scanner->test->excludes_null = scanner->test->matches_null;
		scanner->test->matches_null = false;
	}
}

/* One element of a list of values. */
static void
read_element(Scanner *scanner, const DocumentNode *element)
{
	Literal literal;

	switch (element->type)
	{
		case DOCUMENT_STRING:
			crm_literal_text(&literal, element->text, strlen(element->text));
			break;
		case DOCUMENT_NUMBER:
			crm_literal_number(&literal, element->text);
			break;
		case DOCUMENT_BOOLEAN:
			crm_literal_boolean(&literal, element->boolean);
			break;
		case DOCUMENT_NULL:
			if (scanner->test->list == LIST_NONE)
			{
				scanner->test->matches_null = true;
				return;
			}
			/* FALLTHROUGH */
		default:
			document_malformed(element, NULL,
			                   "a value of a list must be a text, a number, true or false");
	}
	if (scanner->test->list != LIST_NONE && literal.kind != KIND_TEXT)
		document_malformed(element, NULL, "must be a text");
	if (!common_kinds(&scanner->test->kind, literal.kind))
		document_malformed(element, NULL, "a %s among values of kind %s",
		                   crm_kind_name(literal.kind), crm_kind_name(scanner->test->kind));
	add_point(scanner, &literal);
}

static void
read_list(Scanner *scanner, const DocumentNode *list)
{
	crm_document_expect(list, DOCUMENT_ARRAY);
	if (list->nitems == 0)
		document_malformed(list, NULL, "the list is empty");
	for (int i = 0; i < list->nitems; i++)
		read_element(scanner, list->items[i]);
}

/* Read the condition of one attribute. */
UnaryTest *
crm_unary_test_parse(const DocumentNode *node, bool allow_as_of)
{
	UnaryTest *test = palloc0(sizeof(UnaryTest));
	Scanner scanner = {.node = node, .allow_as_of = allow_as_of, .test = test};
	StringInfoData text;

	switch (node->type)
	{
		case DOCUMENT_STRING:
			scanner.text = scanner.at = node->text;
			read_tests(&scanner);
			break;
		case DOCUMENT_ARRAY:
			read_list(&scanner, node);
			break;
		case DOCUMENT_OBJECT:
		{
			static const char *const forms[] = {"not", "contains", "overlaps"};
			int form = 0;

			if (node->nitems != 1)
				document_malformed(node, NULL,
				                   "must be one of {\"not\": [...]}, {\"contains\": [...]}, "
				                   "{\"overlaps\": [...]}");
			while (form < lengthof(forms) && strcmp(node->items[0]->key, forms[form]) != 0)
				form++;
			if (form == 0)
				test->negated = true;
			else if (form == 1)
				test->list = LIST_CONTAINS;
			else if (form == 2)
				test->list = LIST_OVERLAPS;
			else
				document_malformed(node->items[0], NULL,
				                   "a test of one value is {\"not\": [...]}, {\"contains\": [...]} "
				                   "or {\"overlaps\": [...]}");
			read_list(&scanner, node->items[0]);
			if (form == 0)
			{
				test->excludes_null = test->matches_null;
				test->matches_null = false;
			}
			else
				test->kind = KIND_TEXTS;
			break;
		}
		default:
			read_element(&scanner, node);
	}

	initStringInfo(&text);
	if (node->type == DOCUMENT_STRING)
		appendStringInfoString(&text, node->text);
	else
		crm_document_write(&text, node);
	test->text = test->needs = text.data;

	if (node->type == DOCUMENT_ARRAY)
	{
		StringInfoData needs;

		initStringInfo(&needs);
		for (int i = 0; i < node->nitems; i++)
		{
			const DocumentNode *element = node->items[i];

			appendStringInfoString(&needs, i > 0 ? " or " : "");
			if (element->type == DOCUMENT_STRING)
				appendStringInfoString(&needs, element->text);
			else
				crm_document_write(&needs, element);
		}
		test->needs = needs.data;
	}
	return test;
}

/* ---- applying ---- */

static bool
in_range(const Operand *operand, const Range *range, Literal *as_of)
{
	int order;

	if (range->has_low)
	{
		order = crm_operand_compare(operand, range->low.is_as_of ? as_of : &range->low);
		if (order < 0 || (order == 0 && range->low_open))
			return false;
	}
	if (range->has_high)
	{
		order = crm_operand_compare(operand, range->high.is_as_of ? as_of : &range->high);
		if (order > 0 || (order == 0 && range->high_open))
			return false;
	}
	return true;
}

/* Whether a list of texts contains, or overlaps with, the texts of the test; NULL elements are ignored. */
static bool
list_matches(const UnaryTest *test, Datum value)
{
	Datum *elements;
	bool *nulls;
	int n;

	crm_deconstruct_texts(value, &elements, &nulls, &n);
	for (int r = 0; r < test->nranges; r++)
	{
		bool found = false;

		for (int i = 0; i < n && !found; i++)
		{
			Operand operand;

			if (nulls[i])
				continue;
			crm_operand_read(&operand, COLUMN_TEXT, elements[i]);
			found = crm_operand_compare(&operand, &test->ranges[r].low) == 0;
		}
		if (found != (test->list == LIST_CONTAINS))
			return found;
	}
	return test->list == LIST_CONTAINS;
}

/*
 * Apply a test to a value.  NULL matches only null and "-"; what else is asked of it is unknown.
 */
Truth
crm_unary_test_eval(const UnaryTest *test, ColumnType type, Datum value, bool isnull, DateADT as_of)
{
	Operand operand;
	Literal as_of_literal;
	bool matches = false;

	if (test->anything)
		return TRUTH_TRUE;
	if (isnull ||
	    (type != COLUMN_OTHER && type != COLUMN_TEXTS && !crm_operand_read(&operand, type, value)))
		return test->matches_null                          ? TRUTH_TRUE
		       : test->nranges > 0 && !test->excludes_null ? TRUTH_UNKNOWN
		                                                   : TRUTH_FALSE;
	if (test->list != LIST_NONE)
		return list_matches(test, value) ? TRUTH_TRUE : TRUTH_FALSE;
	if (test->reads_as_of)
	{
		memset(&as_of_literal, 0, sizeof(Literal));
		as_of_literal.kind = KIND_DATE;
		as_of_literal.integer = crm_day_to_timestamp(as_of);
	}
	for (int i = 0; i < test->nranges && !matches; i++)
		matches = in_range(&operand, &test->ranges[i], &as_of_literal);
	return matches != test->negated ? TRUTH_TRUE : TRUTH_FALSE;
}

/* Apply a test to a literal of a kind that fits.  The test is not of lists nor of the as-of day. */
Truth
crm_unary_test_literal(const UnaryTest *test, const Literal *literal)
{
	bool matches = test->anything;

	for (int i = 0; i < test->nranges && !matches; i++)
	{
		const Range *range = &test->ranges[i];
		int low = range->has_low ? crm_literal_compare(literal, &range->low) : 1;
		int high = range->has_high ? crm_literal_compare(literal, &range->high) : -1;

		matches = (low > 0 || (low == 0 && !range->low_open)) &&
		          (high < 0 || (high == 0 && !range->high_open));
	}
	return (test->anything || matches != test->negated) ? TRUTH_TRUE : TRUTH_FALSE;
}
