/*
 * scorecard_sql.c
 *		A scorecard as SQL: what an auditor reads, and may run without the extension.
 *
 * The logic is SQL's own, which is that of documents: three-valued, NULL matching nothing.  What SQL does otherwise is written out: NaN
 * counts as missing, text is compared by its bytes.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "policy/scorecard.h"
#include "value/day.h"

typedef struct Writer
{
	StringInfoData out;
	const AttributeList *attributes;
	const char *alias; /* quoted, with its dot, or empty */
} Writer;

#define write(writer, ...) appendStringInfo(&(writer)->out, __VA_ARGS__)

/* ---- values ---- */

/* A double as a literal that reads back as the same: as numeric, which becomes a double where it is added. */
static char *
number_literal(double number)
{
	char digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	/* products of numbers in range may be out of it */
	if (isinf(number))
		return psprintf("'%sInfinity'::double precision", number < 0 ? "-" : "");
	digits[double_to_shortest_decimal_bufn(number, digits)] = '\0';
	return pstrdup(digits);
}

static char *
literal(const Literal *value)
{
	switch (value->kind)
	{
		case KIND_NUMBER:
			return numeric_normalize(value->exact);
		case KIND_TEXT:
			return quote_literal_cstr(pnstrdup(value->text, value->length));
		case KIND_BOOLEAN:
			return value->integer ? "true" : "false";
		case KIND_TIMESTAMPTZ:
			return psprintf("TIMESTAMPTZ '%s'",
			                crm_value_text(COLUMN_TIMESTAMPTZ, Int64GetDatum(value->integer)));
		case KIND_DATE:
			return psprintf("DATE '%s'", crm_day_text((DateADT) (value->integer / USECS_PER_DAY)));
		default:
			return psprintf("TIMESTAMP '%s'",
			                crm_value_text(COLUMN_TIMESTAMP, Int64GetDatum(value->integer)));
	}
}

/* ---- tests ---- */

/* A column under its own name, of a type that compares as documents do; adding 0 makes double precision of a real. */
static void
write_raw_column(Writer *writer, int attribute)
{
	const Attribute *it = &writer->attributes->items[attribute];
	const char *name = quote_identifier(it->name);

	switch (it->kind)
	{
		case KIND_NUMBER:
			write(writer, "NULLIF(%s%s + 0, 'NaN'::numeric) AS %s", writer->alias, name, name);
			break;
		case KIND_TEXT:
			write(writer, "%s%s::text COLLATE \"C\" AS %s", writer->alias, name, name);
			break;
		case KIND_TEXTS:
			write(writer, "%s%s::text[] AS %s", writer->alias, name, name);
			break;
		default:
			write(writer, "%s%s", writer->alias, name);
	}
}

static const char *
column_name(const Writer *writer, int attribute)
{
	return quote_identifier(writer->attributes->items[attribute].name);
}

static bool
is_point(const Range *range)
{
	return range->has_low && range->has_high && !range->low_open && !range->high_open &&
	       crm_literal_compare(&range->low, &range->high) == 0;
}

/* The values of the ranges from "first" that are single ones: how many follow each other. */
static int
points_from(const UnaryTest *test, int first)
{
	int n = 0;

	while (first + n < test->nranges && is_point(&test->ranges[first + n]))
		n++;
	return n;
}

static void
write_range(Writer *writer, const char *column, const Range *range)
{
	if (range->has_low)
		write(writer, "%s %s %s", column, range->low_open ? ">" : ">=", literal(&range->low));
	if (range->has_low && range->has_high)
		write(writer, " AND ");
	if (range->has_high)
		write(writer, "%s %s %s", column, range->high_open ? "<" : "<=", literal(&range->high));
}

/* Any of the ranges of a test. */
static void
write_ranges(Writer *writer, const char *column, const UnaryTest *test)
{
	for (int i = 0; i < test->nranges;)
	{
		int n = points_from(test, i);

		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			write(writer, " OR ");
		if (n == 0)
			write_range(writer, column, &test->ranges[i++]);
		else if (n == 1)
			write(writer, "%s = %s", column, literal(&test->ranges[i++].low));
		else
		{
			write(writer, "%s IN (", column);
			for (int p = 0; p < n; p++)
				write(writer, "%s%s", p > 0 ? ", " : "", literal(&test->ranges[i++].low));
			write(writer, ")");
		}
	}
}

static void
write_list_test(Writer *writer, const char *column, const UnaryTest *test)
{
	write(writer, "%s %s ARRAY[", column, test->list == LIST_CONTAINS ? "@>" : "&&");
	for (int i = 0; i < test->nranges; i++)
		write(writer, "%s%s", i > 0 ? ", " : "", literal(&test->ranges[i].low));
	write(writer, "]");
}

/* A test of a column, as an operand of AND. */
static void
write_test(Writer *writer, const char *column, const UnaryTest *test)
{
	if (test->anything)
		write(writer, "true");
	else if (test->list != LIST_NONE)
		write_list_test(writer, column, test);
	else if (test->nranges == 0)
		write(writer, "%s IS %sNULL", column, test->negated ? "NOT " : "");
	else if (test->negated)
	{
		if (test->excludes_null)
			write(writer, "%s IS NOT NULL AND ", column);
		write(writer, "NOT (");
		write_ranges(writer, column, test);
		write(writer, ")");
	}
	else if (test->matches_null)
	{
		write(writer, "(%s IS NULL OR ", column);
		write_ranges(writer, column, test);
		write(writer, ")");
	}
	else
	{
		bool several = points_from(test, 0) < test->nranges && test->nranges > 1;

		write(writer, several ? "(" : "");
		write_ranges(writer, column, test);
		write(writer, several ? ")" : "");
	}
}

/* ---- rows ---- */

/* A column as it enters: what is missing or invalid taken out or replaced. */
static void
write_input_column(Writer *writer, int attribute)
{
	const Input *input = writer->attributes->items[attribute].input;
	const char *name = column_name(writer, attribute);

	if (input == NULL)
	{
		write(writer, "%s", name);
		return;
	}
	if (input->missing == INPUT_REPLACED)
		write(writer, "COALESCE(");
	if (input->missing_if || input->valid)
	{
		write(writer, "CASE");
		if (input->missing_if)
		{
			write(writer, " WHEN ");
			write_test(writer, name, input->missing_if);
			write(writer, " THEN NULL");
		}
		if (input->valid)
		{
			write(writer, " WHEN NOT (");
			write_test(writer, name, input->valid);
			write(writer, ") THEN %s",
			      input->invalid == INPUT_REPLACED ? literal(&input->invalid_value) : "NULL");
		}
		write(writer, " ELSE %s END", name);
	}
	else
		write(writer, "%s", name);
	if (input->missing == INPUT_REPLACED)
		write(writer, ", %s)", literal(&input->missing_value));
	write(writer, "%s AS %s",
	      writer->attributes->items[attribute].kind == KIND_TEXT ? " COLLATE \"C\"" : "", name);
}

/* What holds of the rows whose input has a score. */
static void
write_gate(Writer *writer, const Input *input)
{
	const char *name = column_name(writer, input->attribute);

	if (input->missing == INPUT_REFUSED)
	{
		write(writer, "%s IS NOT NULL", name);
		if (input->missing_if)
		{
			write(writer, " AND NOT (");
			write_test(writer, name, input->missing_if);
			write(writer, ")");
		}
		if (input->valid && input->invalid != INPUT_REPLACED)
		{
			write(writer, " AND (");
			write_test(writer, name, input->valid);
			write(writer, ")");
		}
		return;
	}
	write(writer, "(%s IS NULL OR ", name);
	if (input->missing_if)
	{
		write_test(writer, name, input->missing_if);
		write(writer, " OR ");
	}
	write_test(writer, name, input->valid);
	write(writer, ")");
}

/* The row that the card reads, each column once; no row where an input has no score, which makes the score NULL. */
static void
write_row(Writer *writer, const Scorecard *card)
{
	int n = writer->attributes->n;
	bool has_inputs = false;

	if (n == 0)
		return;
	for (int i = 0; i < n; i++)
		has_inputs |= writer->attributes->items[i].input != NULL;
	write(writer, "FROM (\n  SELECT ");
	for (int i = 0; i < n && has_inputs; i++)
	{
		write(writer, i > 0 ? ",\n    " : "");
		write_input_column(writer, i);
	}
	write(writer, has_inputs ? "\n  FROM (\n    SELECT " : "");
	for (int i = 0; i < n; i++)
	{
		write(writer, i > 0 ? ",\n    %s" : "", has_inputs ? "  " : "");
		write_raw_column(writer, i);
	}
	write(writer, has_inputs ? ") AS raw" : "");
	for (int i = 0; i < card->ngates; i++)
	{
		write(writer, i > 0 ? " AND " : "\n  WHERE ");
		write_gate(writer, card->gates[i]);
	}
	write(writer, ") AS client\n");
}

/* ---- conditions ---- */

static void write_condition(Writer *writer, const Condition *condition);

static void
write_joined(Writer *writer, const Condition *condition, const char *between)
{
	write(writer, "(");
	for (int i = 0; i < condition->nof; i++)
	{
		if (i > 0)
			write(writer, "%s", between);
		write_condition(writer, condition->of[i]);
	}
	write(writer, ")");
}

/* So many of the conditions hold: counted by what surely holds and by what may. */
static void
write_at_least(Writer *writer, const Condition *condition)
{
	for (int may = 0; may < 2; may++)
	{
		write(writer, may ? " OR CASE WHEN " : "(");
		for (int i = 0; i < condition->nof; i++)
		{
			write(writer, i > 0 ? " + (" : "(");
			write_condition(writer, condition->of[i]);
			write(writer, may ? " IS NOT FALSE)::int" : " IS TRUE)::int");
		}
		write(writer, " >= %d", condition->n);
	}
	write(writer, " THEN NULL ELSE false END)");
}

static void
write_condition(Writer *writer, const Condition *condition)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	switch (condition->type)
	{
		case CONDITION_TEST:
			write(writer, "(");
			write_test(writer, column_name(writer, condition->attribute), condition->test);
			write(writer, ")");
			break;
		case CONDITION_ALL:
			write_joined(writer, condition, " AND ");
			break;
		case CONDITION_AT_LEAST:
			if (condition->n == 1)
				write_joined(writer, condition, " OR ");
			else
				write_at_least(writer, condition);
			break;
		case CONDITION_XOR:
			for (int i = 1; i < condition->nof; i++)
				write(writer, "(");
			write_condition(writer, condition->of[0]);
			for (int i = 1; i < condition->nof; i++)
			{
				write(writer, " <> ");
				write_condition(writer, condition->of[i]);
				write(writer, ")");
			}
			break;
		case CONDITION_SURROGATE:
			write(writer, "COALESCE");
			write_joined(writer, condition, ", ");
			break;
		case CONDITION_NOT:
			write(writer, "(NOT ");
			write_condition(writer, condition->of[0]);
			write(writer, ")");
			break;
		case CONDITION_CONSTANT:
			write(writer, condition->constant == TRUTH_TRUE ? "true" : "false");
			break;
		case CONDITION_RELATION:
			break; /* of policies with sides only */
	}
}

/* ---- points ---- */

/* An expression in double precision. */
static void
write_expression(Writer *writer, const Expression *expression)
{
	static const char *const operators[] = {[EXPRESSION_ADD] = " + ",
	                                        [EXPRESSION_SUBTRACT] = " - ",
	                                        [EXPRESSION_MULTIPLY] = " * ",
	                                        [EXPRESSION_DIVIDE] = " / "};

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	switch (expression->type)
	{
		case EXPRESSION_CONSTANT:
			/* a sign would bind less than the cast */
			write(writer,
			      signbit(expression->number) ? "(%s)::double precision" : "%s::double precision",
			      number_literal(expression->number));
			break;
		case EXPRESSION_ATTRIBUTE:
			write(writer, "%s::double precision", column_name(writer, expression->attribute));
			break;
		case EXPRESSION_COALESCE:
			write(writer, "COALESCE(");
			for (int i = 0; i < expression->nof; i++)
			{
				write(writer, i > 0 ? ", NULLIF(" : "NULLIF(");
				write_expression(writer, expression->of[i]);
				write(writer, ", 'NaN')");
			}
			write(writer, ")");
			break;
		case EXPRESSION_CLAMP:
		{
			Writer inner = *writer;

			initStringInfo(&inner.out);
			write_expression(&inner, expression->of[0]);
			write(writer, "CASE");
			if (!isinf(expression->low))
				write(writer, " WHEN %s < %s THEN %s", inner.out.data,
				      number_literal(expression->low), number_literal(expression->low));
			if (!isinf(expression->high))
				write(writer, " WHEN %s > %s THEN %s", inner.out.data,
				      number_literal(expression->high), number_literal(expression->high));
			write(writer, " ELSE %s END", inner.out.data);
			break;
		}
		default:
			write(writer, expression->nof == 1 ? "(- " : "(");
			for (int i = 0; i < expression->nof; i++)
			{
				bool divisor = i > 0 && expression->type == EXPRESSION_DIVIDE;

				if (i > 0)
					write(writer, "%s", operators[expression->type]);
				write(writer, divisor ? "NULLIF(" : "");
				write_expression(writer, expression->of[i]);
				write(writer, divisor ? ", 0)" : "");
			}
			write(writer, ")");
	}
}

static void
write_points(Writer *writer, const Characteristic *it, const Bin *bin)
{
	if (bin->computed == NULL)
	{
		write(writer, "%s", number_literal(bin->points * it->weight));
		return;
	}
	write(writer, "NULLIF(");
	write_expression(writer, bin->computed);
	write(writer, ", 'NaN')");
	if (it->weight != 1)
		write(writer, " * (%s)", number_literal(it->weight));
}

/* A name as a comment of one line. */
static void
write_comment(Writer *writer, const char *text)
{
	write(writer, "  -- ");
	for (const char *c = text; *c; c++)
		appendStringInfoChar(&writer->out, *c == '\n' || *c == '\r' ? ' ' : *c);
	write(writer, "\n");
}

static bool
takes_rest(const Bin *bin)
{
	return bin->test ? bin->test->anything : bin->condition == NULL;
}

static void
write_characteristic(Writer *writer, const Characteristic *it)
{
	write_comment(writer, it->name);
	if (takes_rest(&it->bins[0]))
	{
		write(writer, "  + ");
		write_points(writer, it, &it->bins[0]);
		write(writer, "\n");
		return;
	}
	write(writer, "  + CASE\n");
	for (int b = 0; b < it->nbins; b++)
	{
		const Bin *bin = &it->bins[b];

		CHECK_FOR_INTERRUPTS();
		if (takes_rest(bin))
		{
			write(writer, "      ELSE ");
			write_points(writer, it, bin);
			write(writer, "\n    END\n");
			return; /* what follows is never reached */
		}
		write(writer, "      WHEN ");
		if (bin->test)
			write_test(writer, column_name(writer, it->attribute), bin->test);
		else
			write_condition(writer, bin->condition);
		write(writer, " THEN ");
		write_points(writer, it, bin);
		write(writer, "\n");
	}
	if (it->unmatched == UNMATCHED_POINTS && it->unmatched_points != 0)
		write(writer, "      ELSE %s\n", number_literal(it->unmatched_points * it->weight));
	else if (it->unmatched == UNMATCHED_POINTS && it->has_unmatched)
		write(writer, "      ELSE 0\n");
	else if (it->unmatched == UNMATCHED_ERROR)
		write(writer, "      ELSE NULL -- the scorecard raises an error here\n");
	else if (it->unmatched == UNMATCHED_NULL)
		write(writer, "      ELSE NULL\n");
	write(writer, "    END\n");
}

/* Whether points can be infinite: Infinity - Infinity is no score. */
static bool
may_be_infinite(const Scorecard *card)
{
	for (int i = 0; i < card->ncharacteristics; i++)
	{
		const Characteristic *it = &card->characteristics[i];

		if (isinf(it->unmatched_points * it->weight))
			return true;
		for (int b = 0; b < it->nbins; b++)
			if (it->bins[b].computed || isinf(it->bins[b].points * it->weight))
				return true;
	}
	return false;
}

/* The whole card as an expression. */
static void
write_card(Writer *writer, const Scorecard *card)
{
	bool not_finite = may_be_infinite(card);

	if (card->clamped)
	{
		write(writer, "(SELECT CASE");
		if (!isinf(card->low))
			write(writer, " WHEN score < %s THEN %s", number_literal(card->low),
			      number_literal(card->low));
		if (!isinf(card->high))
			write(writer, " WHEN score > %s THEN %s", number_literal(card->high),
			      number_literal(card->high));
		write(writer, " ELSE score END\nFROM ");
	}
	write(writer, not_finite ? "(SELECT NULLIF(\n" : "(SELECT\n");
	write(writer,
	      signbit(card->initial_score) ? "  (%s)::double precision\n" : "  %s::double precision\n",
	      number_literal(card->initial_score));
	for (int i = 0; i < card->ncharacteristics; i++)
		write_characteristic(writer, &card->characteristics[i]);
	if (not_finite)
		write(writer, "  , 'NaN')\n");
	if (card->clamped)
		write(writer, "  AS score\n");
	write_row(writer, card);
	write(writer, card->clamped ? ") AS card)" : ")");
}

/*
 * scorecard_to_sql(card scorecard, alias text) -> text
 *
 * The card as an SQL expression over columns of the alias, or over bare columns where it is NULL.  It gives what score() gives, for columns of the
 * types that the card is applied to, but for "unmatched": "error", which gives NULL, and but for numbers beyond the range of a double, which
 * SQL refuses.
 */
PG_FUNCTION_INFO_V1(crm_scorecard_to_sql);
Datum
crm_scorecard_to_sql(PG_FUNCTION_ARGS)
{
	const Scorecard *card;
	Writer writer;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	card = crm_policy_compile(PG_GETARG_VARLENA_P(0), &crm_scorecard_kind);
	initStringInfo(&writer.out);
	writer.attributes = &card->policy.attributes;
	writer.alias = PG_ARGISNULL(1)
	                   ? ""
	                   : psprintf("%s.", quote_identifier(text_to_cstring(PG_GETARG_TEXT_PP(1))));
	write_card(&writer, card);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(writer.out.data, writer.out.len));
}
