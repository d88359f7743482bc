/*
 * sfeel_literal.c
 *		Scanning S-FEEL: marks, and literals as values.
 *
 *	value    := number | "text" | true | false | null | date("...") | date(y, m, d) | date and time("...") | @"..."
 *
 * The rest of FEEL (names, functions, arithmetic) is refused by name (OMG DMN 1.5, clause 9.2).
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "policy/sfeel_literal.h"
#include "value/day.h"

/* ---- complaining ---- */

/* The text of a cell, short enough for a message. */
static char *
excerpt(const char *text)
{
	int length = strlen(text);

	return pnstrdup(text, pg_mbcliplen(text, length, 60));
}

void
crm_sfeel_malformed(const SfeelScanner *scanner, const char *at, const char *what)
{
	const char *text = scanner->cell->text;

	crm_xml_error(scanner->cell->node, ERRCODE_INVALID_PARAMETER_VALUE, NULL,
	              "%s: %s at column %d of %s", scanner->cell->place, what,
	              pg_mbstrlen_with_len(text, at - text) + 1, excerpt(text));
}

void
crm_sfeel_unsupported(const SfeelScanner *scanner, const char *what, const char *hint)
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

void
crm_sfeel_skip_blanks(SfeelScanner *scanner)
{
	while (is_blank(*scanner->at))
		scanner->at++;
}

/* Take a word or a mark if it comes next; the blanks between the words of "date and time" are free. */
bool
crm_sfeel_take(SfeelScanner *scanner, const char *expected)
{
	const char *at;

	crm_sfeel_skip_blanks(scanner);
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
refuse_name(SfeelScanner *scanner)
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
		crm_sfeel_unsupported(scanner, psprintf("the function %s", name), NULL);
	crm_sfeel_unsupported(
	    scanner, psprintf("the name %s", name),
	    psprintf("Write a text in quotes: \"%s\"; a cell holds constants, not the values of "
	             "other inputs.",
	             name));
}

/* What follows a value: an operator makes it an expression. */
static void
refuse_operator(SfeelScanner *scanner)
{
	crm_sfeel_skip_blanks(scanner);
	if (*scanner->at != '\0' && strchr("+-*/", *scanner->at))
		crm_sfeel_unsupported(scanner, "arithmetic", NULL);
	if (starts_name(*scanner->at))
	{
		const char *end = scanner->at;

		while (continues_name(*end))
			end++;
		crm_sfeel_unsupported(
		    scanner, psprintf("the operator %s", excerpt(pnstrdup(scanner->at, end - scanner->at))),
		    NULL);
	}
}

/* ---- values ---- */

static int
hex_digits(SfeelScanner *scanner, const char *start, int count)
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
			crm_sfeel_malformed(scanner, start,
			                    psprintf("an escape without %d hexadecimal digits", count));
		scanner->at++;
	}
	return code;
}

/* A character by its code: \uXXXX, two of them for a surrogate pair, or \UXXXXXX. */
static void
read_code(SfeelScanner *scanner, const char *start, StringInfo out)
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
				crm_sfeel_malformed(scanner, start, "half of a surrogate pair");
			code = surrogate_pair_to_codepoint(code, second);
		}
	}
	if (is_utf16_surrogate_first(code) || is_utf16_surrogate_second(code))
		crm_sfeel_malformed(scanner, start, "half of a surrogate pair");
	if (!is_valid_unicode_codepoint(code))
		crm_sfeel_malformed(scanner, start, "an escape that is no character");
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
read_text(SfeelScanner *scanner)
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
			crm_sfeel_malformed(scanner, start, "a quoted text does not end");
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
				crm_sfeel_malformed(scanner, at, "an unknown escape");
			appendStringInfoChar(&out, meant[escape - escapes]);
			scanner->at++;
		}
	}
	scanner->at++;
	return keep(&out);
}

/* A number as JSON writes it: no leading zeros, and a digit before the point. */
static const char *
read_number(SfeelScanner *scanner)
{
	const char *start = scanner->at;
	StringInfoData out;
	double value;

	initStringInfo(&out);
	if (*scanner->at == '-')
	{
		appendStringInfoChar(&out, '-');
		scanner->at++;
		crm_sfeel_skip_blanks(scanner);
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
			crm_sfeel_malformed(scanner, scanner->at, "the exponent has no digits");
		while (is_digit(*scanner->at))
			appendStringInfoChar(&out, *scanner->at++);
	}
	if (continues_name(*scanner->at))
		crm_sfeel_malformed(scanner, start, "not a number");
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
temporal_value(SfeelScanner *scanner, const char *start, const char *text, SfeelValue *value)
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
		crm_sfeel_unsupported(scanner, "a duration", NULL);
	else if (length >= 5 && text[2] == ':')
		crm_sfeel_unsupported(scanner, "a time of day", NULL);
	else if (strchr(text, '@'))
		crm_sfeel_unsupported(scanner, "a time zone by its name", NULL);
	else
		crm_sfeel_malformed(scanner, start,
		                    "not a day as YYYY-MM-DD or a moment as YYYY-MM-DDTHH:MM:SS");
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
read_day_numbers(SfeelScanner *scanner, const char *start)
{
	int numbers[3];

	for (int i = 0; i < 3; i++)
	{
		int digits = 0;

		numbers[i] = 0;
		crm_sfeel_skip_blanks(scanner);
		for (; digits < 4 && is_digit(*scanner->at); digits++)
			numbers[i] = numbers[i] * 10 + *scanner->at++ - '0';
		if (digits == 0 || (i < 2 && !crm_sfeel_take(scanner, ",")))
			crm_sfeel_malformed(scanner, start,
			                    "expected a day as date(\"YYYY-MM-DD\") or date(y, m, d)");
	}
	return psprintf("%04d-%02d-%02d", numbers[0], numbers[1], numbers[2]);
}

/* date(...), date and time(...), @"...": false if none of them comes next. */
static bool
read_temporal(SfeelScanner *scanner, SfeelValue *value)
{
	const char *start = scanner->at;
	bool literal = crm_sfeel_take(scanner, "@");
	bool moment = !literal && crm_sfeel_take(scanner, "date and time");

	if (!literal && !moment && !crm_sfeel_take(scanner, "date"))
		return false;
	if (!literal && !crm_sfeel_take(scanner, "("))
	{
		scanner->at = start;
		return false;
	}
	crm_sfeel_skip_blanks(scanner);
	if (*scanner->at == '"')
		temporal_value(scanner, start, read_text(scanner), value);
	else if (!literal && !moment && is_digit(*scanner->at))
		temporal_value(scanner, start, read_day_numbers(scanner, start), value);
	else if (starts_name(*scanner->at))
		refuse_name(scanner);
	else
		crm_sfeel_malformed(scanner, scanner->at, "expected a quoted day or moment");
	if (!literal && !moment && value->kind != KIND_DATE)
		crm_sfeel_malformed(scanner, start, "a moment is written as date and time(\"...\")");
	if (!literal && !crm_sfeel_take(scanner, ")"))
	{
		refuse_operator(scanner);
		crm_sfeel_malformed(scanner, scanner->at, "expected )");
	}
	return true;
}

void
crm_sfeel_literal(SfeelScanner *scanner, SfeelValue *value)
{
	const char *start;
	const char *digits;

	crm_sfeel_skip_blanks(scanner);
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
	else if (crm_sfeel_take(scanner, "true") || crm_sfeel_take(scanner, "false"))
	{
		value->kind = KIND_BOOLEAN;
		value->text = *start == 't' ? "true" : "false";
	}
	else if (crm_sfeel_take(scanner, "null"))
	{
		value->kind = KIND_ANY;
		value->text = "null";
	}
	else if (!read_temporal(scanner, value))
	{
		if (starts_name(*start))
			refuse_name(scanner);
		if (*start == '?')
			crm_sfeel_unsupported(scanner, "the input as ?", NULL);
		if (*start == '[' || *start == '{')
			crm_sfeel_unsupported(scanner, *start == '[' ? "a list" : "a context", NULL);
		if (*start == '(' || *start == '-')
			crm_sfeel_unsupported(scanner, "an expression", NULL);
		crm_sfeel_malformed(scanner, start, "expected a value");
	}
	refuse_operator(scanner);
}

bool
crm_sfeel_is_temporal(ValueKind kind)
{
	return kind == KIND_DATE || kind == KIND_TIMESTAMP || kind == KIND_TIMESTAMPTZ;
}

/* Days and moments share a column; whether they have offsets is for the table to say. */
void
crm_sfeel_note_kind(const SfeelScanner *scanner, const SfeelValue *value)
{
	ValueKind *kind = scanner->cell->kind;

	if (*kind == KIND_ANY)
		*kind = value->kind;
	if (value->kind == KIND_ANY || value->kind == *kind ||
	    (crm_sfeel_is_temporal(value->kind) && crm_sfeel_is_temporal(*kind)))
		return;
	crm_xml_error(scanner->cell->node, ERRCODE_DATATYPE_MISMATCH, NULL,
	              "%s: a value of type %s in a column of type %s: %s", scanner->cell->place,
	              crm_kind_name(value->kind), crm_kind_name(*kind), excerpt(scanner->cell->text));
}
