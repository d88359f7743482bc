/*
 * decision_table_region.c
 *		Regions of the rows that a decision table is applied to: how they are cut, written as tests, and shown by a row.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "policy/decision_table_region.h"
#include "value/day.h"

/* ---- cutting ---- */

/* A column of lists is cut by which of so many texts they have: 4096 parts. */
#define MAX_WORDS 12

static int
word_place(const Dimension *dimension, const Literal *word)
{
	int place = 0;

	while (place < dimension->nwords && crm_literal_compare(word, dimension->words[place]) != 0)
		place++;
	return place;
}

/* Enter the texts that a test of lists names. */
static void
enter_words(Dimension *dimension, const UnaryTest *test, const char *attribute)
{
	for (int i = 0; i < test->nranges; i++)
	{
		const Literal *word = &test->ranges[i].low;

		if (word_place(dimension, word) < dimension->nwords)
			continue;
		if (dimension->nwords == MAX_WORDS)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			                errmsg("the decision table is too large to be checked"),
			                errdetail("The tests of the lists in \"%s\" name more than %d "
			                          "different texts.",
			                          attribute, MAX_WORDS)));
		dimension->words[dimension->nwords++] = word;
	}
}

/* Whether a test holds for the lists that have a set of the texts. */
static bool
test_of_words(const Dimension *dimension, const UnaryTest *test, uint32 set)
{
	uint32 named = 0;

	if (test->anything)
		return true;
	for (int i = 0; i < test->nranges; i++)
		named |= 1U << word_place(dimension, &test->ranges[i].low);
	switch (test->list)
	{
		case LIST_CONTAINS:
			return (set & named) == named;
		case LIST_OVERLAPS:
			return (set & named) != 0;
		default:
			return test->negated; /* null and not(null) are all that there is besides */
	}
}

static void
cut_lists(Dimension *dimension, const DecisionTable *table, int c)
{
	const Column *column = &table->columns[c];
	int nsets;
	uint64 *hits;
	bool *allowed;

	dimension->words = palloc(sizeof(Literal *) * MAX_WORDS);
	for (int i = 0; i < column->ninputs; i++)
	{
		enter_words(dimension, column_values(table, column, i),
		            table->policy.attributes.items[c].name);
		for (int r = 0; r < table->nrules; r++)
			enter_words(dimension, column_test(table, column, i, r),
			            table->policy.attributes.items[c].name);
	}
	nsets = 1 << dimension->nwords;
	dimension->nparts = nsets + 1;
	dimension->allowed = allowed = palloc(sizeof(bool) * dimension->nparts);
	dimension->hits = hits = palloc_extended(sizeof(uint64) * dimension->nparts * table->nwords,
	                                         MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	memset(allowed, true, dimension->nparts);
	for (int set = 0; set < nsets; set++)
		for (int i = 0; i < column->ninputs; i++)
			allowed[set + 1] &= test_of_words(dimension, column_values(table, column, i), set);
	for (int r = 0; r < table->nrules; r++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int part = 0; part < dimension->nparts; part++)
		{
			bool hit = allowed[part];

			for (int i = 0; i < column->ninputs && hit; i++)
			{
				const UnaryTest *test = column_test(table, column, i, r);

				hit = part == PART_NULL ? test->anything || test->matches_null
				                        : test_of_words(dimension, test, part - 1);
			}
			if (hit)
				hits[part * table->nwords + r / WORD_BITS] |= bit_of(r);
		}
	}
}

/* The columns of a table, cut into parts. */
Dimension *
crm_table_dimensions(const DecisionTable *table)
{
	Dimension *dimensions = palloc0(sizeof(Dimension) * table->policy.attributes.n);

	for (int c = 0; c < table->policy.attributes.n; c++)
	{
		const Column *column = &table->columns[c];

		if (column->segments)
			dimensions[c] = (Dimension){.segments = column->segments,
			                            .nparts = column->segments->nparts,
			                            .hits = column->hits,
			                            .allowed = column->allowed};
		else
			cut_lists(&dimensions[c], table, c);
	}
	return dimensions;
}

/* ---- writing JSON ---- */

static void
push_text(JsonbParseState **state, JsonbIteratorToken token, const char *text, int length)
{
	JsonbValue json = {.type = jbvString};

	json.val.string.val = unconstify(char *, text);
	json.val.string.len = length;
	pushJsonbValue(state, token, &json);
}

static void
push_null(JsonbParseState **state, JsonbIteratorToken token)
{
	JsonbValue json = {.type = jbvNull};

	pushJsonbValue(state, token, &json);
}

/* ---- a region as tests ---- */

/* A moment as documents write it. */
static char *
moment_text(ValueKind kind, int64 moment)
{
	char *text;

	if (kind != KIND_TIMESTAMPTZ && moment % USECS_PER_DAY == 0)
		return crm_day_text((DateADT) (moment / USECS_PER_DAY));
	text = crm_value_text(COLUMN_TIMESTAMP, TimestampGetDatum(moment));
	if (strchr(text, ' '))
		*strchr(text, ' ') = 'T';
	return kind == KIND_TIMESTAMPTZ ? psprintf("%sZ", text) : text;
}

/* A literal as unary tests write it. */
static void
append_literal(StringInfo out, const Literal *literal)
{
	switch (literal->kind)
	{
		case KIND_NUMBER:
			appendStringInfoString(out, numeric_normalize(literal->exact));
			break;
		case KIND_TEXT:
			appendStringInfoChar(out, '"');
			for (int i = 0; i < literal->length; i++)
			{
				if (literal->text[i] == '"' || literal->text[i] == '\\')
					appendStringInfoChar(out, '\\');
				appendStringInfoChar(out, literal->text[i]);
			}
			appendStringInfoChar(out, '"');
			break;
		case KIND_BOOLEAN:
			appendStringInfoString(out, literal->integer ? "true" : "false");
			break;
		default:
			appendStringInfoString(out, moment_text(literal->kind, literal->integer));
	}
}

static bool
is_point(const Range *range)
{
	return range->has_low && range->has_high && !range->low_open && !range->high_open &&
	       crm_literal_compare(&range->low, &range->high) == 0;
}

static void
append_range(StringInfo out, const Range *range)
{
	if (out->len > 0)
		appendStringInfoString(out, ", ");
	if (is_point(range))
		append_literal(out, &range->low);
	else if (!range->has_low || !range->has_high)
	{
		if (range->has_low)
			appendStringInfoString(out, range->low_open ? "> " : ">= ");
		else
			appendStringInfoString(out, range->high_open ? "< " : "<= ");
		append_literal(out, range->has_low ? &range->low : &range->high);
	}
	else
	{
		appendStringInfoChar(out, range->low_open ? '(' : '[');
		append_literal(out, &range->low);
		appendStringInfoString(out, "..");
		append_literal(out, &range->high);
		appendStringInfoChar(out, range->high_open ? ')' : ']');
	}
}

/* The ranges of the parts that are selected, or of those that are not; neighbours are joined. */
static Range *
join_ranges(const Segments *segments, const bool *parts, bool selected, int *n)
{
	Range *ranges = palloc_extended(sizeof(Range) * (Size) segments->nranges, MCXT_ALLOC_HUGE);
	int joined = 0;

	for (int i = 0; i < segments->nranges; i++)
	{
		const PartRange *it = &segments->ranges[i];

		CHECK_FOR_INTERRUPTS();
		if (parts[it->part] != selected)
			continue;
		if (i > 0 && parts[segments->ranges[i - 1].part] == selected &&
		    it->range.low.kind != KIND_BOOLEAN)
		{
			Range *last = &ranges[joined - 1];

			last->has_high = it->range.has_high;
			last->high = it->range.high;
			last->high_open = it->range.high_open;
		}
		else
			ranges[joined++] = it->range;
	}
	*n = joined;
	return ranges;
}

static bool
all_points(const Range *ranges, int n)
{
	for (int i = 0; i < n; i++)
		if (!is_point(&ranges[i]))
			return false;
	return n > 0;
}

static void
push_points(JsonbParseState **state, JsonbIteratorToken token, const Range *ranges, int n,
            bool with_null)
{
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n; i++)
	{
		const Literal *literal = &ranges[i].low;
		JsonbValue json = {.type = jbvBool};

		if (literal->kind == KIND_TEXT)
			push_text(state, WJB_ELEM, literal->text, literal->length);
		else
		{
			json.val.boolean = literal->integer != 0;
			pushJsonbValue(state, WJB_ELEM, &json);
		}
	}
	if (with_null)
		push_null(state, WJB_ELEM);
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* Write a set of parts as a unary test: what a cell of a rule would say.  Texts are listed. */
static void
push_values(JsonbParseState **state, const Segments *segments, const bool *parts)
{
	bool is_listed =
	    segments->partition.kind == KIND_TEXT || segments->partition.kind == KIND_BOOLEAN;
	bool with_null = parts[PART_NULL];
	int n, nothers;
	Range *ranges = join_ranges(segments, parts, true, &n);
	Range *others = join_ranges(segments, parts, false, &nothers);
	StringInfoData text;

	if (n == 0)
		push_null(state, WJB_VALUE);
	else if (nothers == 0)
		push_text(state, WJB_VALUE, "not(null)", 9);
	else if (is_listed && all_points(ranges, n))
		push_points(state, WJB_VALUE, ranges, n, with_null);
	else if (is_listed && all_points(others, nothers))
	{
		/* no single test says "none of these, or NULL" */
		if (with_null)
			pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
		pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		push_text(state, WJB_KEY, "not", 3);
		push_points(state, WJB_VALUE, others, nothers, false);
		pushJsonbValue(state, WJB_END_OBJECT, NULL);
		if (with_null)
		{
			push_null(state, WJB_ELEM);
			pushJsonbValue(state, WJB_END_ARRAY, NULL);
		}
	}
	else
	{
		initStringInfo(&text);
		for (int i = 0; i < n; i++)
			append_range(&text, &ranges[i]);
		if (with_null)
			appendStringInfoString(&text, ", null");
		push_text(state, WJB_VALUE, text.data, text.len);
	}
	pfree(ranges);
	pfree(others);
}

static void
push_words(JsonbParseState **state, const Dimension *dimension, const char *key, uint32 set)
{
	if (set == 0)
		return;
	push_text(state, WJB_KEY, key, strlen(key));
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int w = 0; w < dimension->nwords; w++)
		if (set & 1U << w)
			push_text(state, WJB_ELEM, dimension->words[w]->text, dimension->words[w]->length);
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/*
 * Write the lists that are selected among those that contain some texts and lack others; what the texts before "word" say is decided.
 */
static void
push_lists(JsonbParseState **state, const Dimension *dimension, const bool *parts, int word,
           uint32 contains, uint32 lacks)
{
	bool all = true, none = true;

	for (uint32 set = 0; set < 1U << dimension->nwords; set++)
		if ((set & contains) == contains && (set & lacks) == 0)
		{
			all &= parts[set + 1];
			none &= !parts[set + 1];
		}
	if (all)
	{
		pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		push_words(state, dimension, "contains", contains);
		push_words(state, dimension, "lacks", lacks);
		pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	else if (!none)
	{
		push_lists(state, dimension, parts, word + 1, contains | 1U << word, lacks);
		push_lists(state, dimension, parts, word + 1, contains, lacks | 1U << word);
	}
}

/* Write a set of parts of a column of lists: what they contain and lack, in an array of alternatives. */
static void
push_list_value(JsonbParseState **state, const Dimension *dimension, const bool *parts)
{
	bool all = true, none = true;

	for (int part = PART_NULL + 1; part < dimension->nparts; part++)
	{
		all &= parts[part];
		none &= !parts[part];
	}
	if (none)
		push_null(state, WJB_VALUE);
	else if (all)
		push_text(state, WJB_VALUE, "not(null)", 9);
	else
	{
		pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
		push_lists(state, dimension, parts, 0, 0, 0);
		if (parts[PART_NULL])
			push_null(state, WJB_ELEM);
		pushJsonbValue(state, WJB_END_ARRAY, NULL);
	}
}

/* Every row of a region as a JSON object of tests; a column that may have any allowed value, NULL included, is left out. */
Datum
crm_region_tests(const DecisionTable *table, const Dimension *dimensions, bool *const *region)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int c = 0; c < table->policy.attributes.n; c++)
	{
		const Dimension *it = &dimensions[c];
		const char *name = table->policy.attributes.items[c].name;
		bool any = true;

		for (int part = 0; part < it->nparts; part++)
			any &= region[c][part] || !it->allowed[part];
		if (any)
			continue;
		push_text(&state, WJB_KEY, name, strlen(name));
		if (it->segments)
			push_values(&state, it->segments, region[c]);
		else
			push_list_value(&state, it, region[c]);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/* ---- a row of a region ---- */

static bool
in_range(const Literal *literal, const Range *range)
{
	int low = range->has_low ? crm_literal_compare(literal, &range->low) : 1;
	int high = range->has_high ? crm_literal_compare(literal, &range->high) : -1;

	return (low > 0 || (low == 0 && !range->low_open)) &&
	       (high < 0 || (high == 0 && !range->high_open));
}

/* A number of a range: an end, else a whole number, else the middle. */
static Numeric
number_of(const Range *range)
{
	Datum one = NumericGetDatum(int64_to_numeric(1));
	Datum low, high, next;
	int order;

	if (range->has_low && !range->low_open)
		return range->low.exact;
	if (range->has_high && !range->high_open)
		return range->high.exact;
	if (!range->has_low && !range->has_high)
		return int64_to_numeric(0);
	high = NumericGetDatum(range->high.exact);
	if (!range->has_low)
		return DatumGetNumeric(DirectFunctionCall2(numeric_sub, high, one));
	low = NumericGetDatum(range->low.exact);
	next = DirectFunctionCall2(numeric_add, DirectFunctionCall1(numeric_floor, low), one);
	order = range->has_high ? DatumGetInt32(DirectFunctionCall2(numeric_cmp, next, high)) : -1;
	if (order < 0)
		return DatumGetNumeric(next);
	return DatumGetNumeric(DirectFunctionCall2(numeric_div,
	                                           DirectFunctionCall2(numeric_add, low, high),
	                                           NumericGetDatum(int64_to_numeric(2))));
}

/* A moment of a range: an end, else a day, else the middle. */
static int64
moment_of(const Range *range)
{
	int64 next;

	if (range->has_low && !range->low_open)
		return range->low.integer;
	if (range->has_high && !range->high_open)
		return range->high.integer;
	if (!range->has_low)
		return range->has_high ? range->high.integer - USECS_PER_DAY : 0;
	next = range->low.integer + USECS_PER_DAY;
	next -= ((next % USECS_PER_DAY) + USECS_PER_DAY) % USECS_PER_DAY;
	if (!range->has_high || next < range->high.integer)
		return next;
	return range->low.integer + (range->high.integer - range->low.integer) / 2;
}

/* A text of a range: an end, else a plain text, else the first after the lower end. */
static void
text_of(const Range *range, Literal *text)
{
	static const char *const endings[] = {"other", "a", "0", "", "\001"};

	if (range->has_low && !range->low_open)
		*text = range->low;
	else if (range->has_high && !range->high_open)
		*text = range->high;
	else
		for (int i = 0; i < lengthof(endings); i++)
		{
			char *candidate = range->has_low ? psprintf("%s%s", range->low.text, endings[i])
			                                 : pstrdup(endings[i]);

			crm_literal_text(text, candidate, strlen(candidate));
			if (in_range(text, range))
				break;
		}
}

/* Write one value of a part; false where JSON rows cannot have it. */
static bool
push_value(JsonbParseState **state, const Segments *segments, int part)
{
	const Range *range = NULL;
	JsonbValue json;
	Literal text;
	char *moment;

	for (int i = segments->nranges - 1; i >= 0; i--)
		if (segments->ranges[i].part == part)
			range = &segments->ranges[i].range;
	switch (segments->partition.kind)
	{
		case KIND_ANY:
			push_text(state, WJB_VALUE, "any", 3);
			return true;
		case KIND_NUMBER:
			json.type = jbvNumeric;
			json.val.numeric = number_of(range);
			pushJsonbValue(state, WJB_VALUE, &json);
			return true;
		case KIND_BOOLEAN:
			json.type = jbvBool;
			json.val.boolean = range->low.integer != 0;
			pushJsonbValue(state, WJB_VALUE, &json);
			return true;
		case KIND_TEXT:
			text_of(range, &text);
			push_text(state, WJB_VALUE, text.text, text.length);
			return true;
		default:
			moment = moment_text(segments->partition.kind, moment_of(range));
			push_text(state, WJB_VALUE, moment, strlen(moment));
			return moment[4] == '-' && strstr(moment, "BC") == NULL;
	}
}

/* One row of a region as JSON; NULL where it has a day that is not written with four digits of a year. */
Datum
crm_region_row(const DecisionTable *table, const Dimension *dimensions, bool *const *region,
               bool *isnull)
{
	JsonbParseState *state = NULL;

	*isnull = false;
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int c = 0; c < table->policy.attributes.n; c++)
	{
		const Dimension *it = &dimensions[c];
		const char *name = table->policy.attributes.items[c].name;
		int part = 1;

		push_text(&state, WJB_KEY, name, strlen(name));
		while (part < it->nparts && !region[c][part])
			part++;
		if (part == it->nparts)
			push_null(&state, WJB_VALUE);
		else if (it->segments)
			*isnull |= !push_value(&state, it->segments, part);
		else
		{
			pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
			for (int w = 0; w < it->nwords; w++)
				if ((part - 1) & 1 << w)
					push_text(&state, WJB_ELEM, it->words[w]->text, it->words[w]->length);
			pushJsonbValue(&state, WJB_END_ARRAY, NULL);
		}
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}
