/*
 * row_class.c
 *		Classes of rows that conditions cannot tell apart.
 *
 * The conditions ask few things of a value: whether it lies above a threshold, or in a list.  Each attribute's values are cut at all that
 * is asked of it; the parts that a row's values fall into, as the digits of one number, are the row's class.  What sets two
 * attributes of rows against each other cannot be cut: its truth is a digit of its own.
 */
#include "postgres.h"

#include "row/row_class.h"
#include "value/day.h"

/* More is not worth the cutting. */
#define MAX_TESTS 512

/* As-of days around which every day that a comparison can name is one, also as a timestamp. */
#define LONG_AGO 40000
#define MIN_DAY (DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE + LONG_AGO)
#define MAX_DAY LOOKUP_DAYS

typedef struct Collection
{
	const Row *row;
	UnaryTest **tests; /* of all attributes */
	int *attributes;   /* whose each is */
	int ntests;
	const Condition **others; /* that cannot be cut */
	int nothers;
	bool too_many;
} Collection;

static void
add_test(Collection *collection, int attribute, UnaryTest *test)
{
	if (collection->ntests == MAX_TESTS)
	{
		collection->too_many = true;
		return;
	}
	collection->attributes[collection->ntests] = attribute;
	collection->tests[collection->ntests++] = test;
}

/* A test for one range. */
static void
add_range(Collection *collection, int attribute, ValueKind kind, const Literal *low,
          const Literal *high)
{
	UnaryTest *test = palloc0(sizeof(UnaryTest));
	Range *range = palloc0(sizeof(Range));

	range->has_low = low != NULL;
	if (low)
		range->low = *low;
	range->has_high = high != NULL;
	if (high)
		range->high = *high;
	test->kind = kind;
	test->ranges = range;
	test->nranges = 1;
	add_test(collection, attribute, test);
}

static void
add_day(Collection *collection, int attribute, DateADT day)
{
	Literal literal = {.kind = KIND_DATE, .integer = crm_day_to_timestamp(day)};

	add_range(collection, attribute, KIND_DATE, &literal, NULL);
}

/* A test that names the as-of day, with the day in its place; ranges that are empty then are left out. */
static UnaryTest *
with_as_of(const UnaryTest *test, DateADT as_of)
{
	UnaryTest *copy = palloc(sizeof(UnaryTest));
	Literal literal = {.kind = KIND_DATE, .integer = crm_day_to_timestamp(as_of)};

	*copy = *test;
	copy->ranges = palloc(sizeof(Range) * Max(test->nranges, 1));
	copy->nranges = 0;
	for (int r = 0; r < test->nranges; r++)
	{
		Range range = test->ranges[r];
		int order;

		if (range.has_low && range.low.is_as_of)
			range.low = literal;
		if (range.has_high && range.high.is_as_of)
			range.high = literal;
		order = range.has_low && range.has_high ? crm_literal_compare(&range.low, &range.high) : -1;
		if (order < 0 || (order == 0 && !range.low_open && !range.high_open))
			copy->ranges[copy->nranges++] = range;
	}
	return copy;
}

/* What a comparison of a day with the as-of day asks: is it later, and is it before the first day of which it is not true any more. */
static void
add_days(Collection *collection, const Comparison *comparison)
{
	DateADT as_of = collection->row->as_of;
	DateADT low = as_of - LONG_AGO;
	DateADT high = as_of;
	Truth long_ago;

	add_day(collection, comparison->left, as_of + 1);
	long_ago = crm_comparison_of_day(comparison, low, as_of);
	if (crm_comparison_of_day(comparison, high, as_of) == long_ago)
		return;
	while (high - low > 1)
	{
		DateADT middle = low + (high - low) / 2;

		if (crm_comparison_of_day(comparison, middle, as_of) == long_ago)
			low = middle;
		else
			high = middle;
	}
	add_day(collection, comparison->left, high);
}

static void
collect_comparison(Collection *collection, const Condition *condition)
{
	const Comparison *comparison = condition->comparison;

	switch (comparison->type)
	{
		case COMPARISON_ALLOWED:
			for (int i = 0; i < comparison->nlefts; i++)
				add_range(collection, comparison->left, KIND_TEXT, &comparison->lefts[i],
				          &comparison->lefts[i]);
			for (int i = 0; i < comparison->nrights; i++)
				add_range(collection, comparison->right, KIND_TEXT, &comparison->rights[i],
				          &comparison->rights[i]);
			return;
		case COMPARISON_AT_LEAST:
		case COMPARISON_AT_MOST:
			if (comparison->right >= 0)
				break;
			if (comparison->type == COMPARISON_AT_LEAST)
				add_range(collection, comparison->left, KIND_NUMBER, &comparison->value, NULL);
			else
				add_range(collection, comparison->left, KIND_NUMBER, NULL, &comparison->value);
			return;
		case COMPARISON_CONTAINS:
		case COMPARISON_OVERLAPS:
			break;
		default:
			add_days(collection, comparison);
			return;
	}
	collection->others[collection->nothers++] = condition;
}

static void
collect(Collection *collection, const Condition *condition)
{
	if (collection->nothers == MAX_TESTS)
		collection->too_many = true;
	if (collection->too_many)
		return;
	switch (condition->type)
	{
		case CONDITION_CONSTANT:
			return;
		case CONDITION_TEST:
			if (condition->test->list != LIST_NONE || condition->input != NULL)
				collection->others[collection->nothers++] = condition;
			else if (!condition->test->anything)
				add_test(collection, condition->attribute,
				         condition->test->reads_as_of
				             ? with_as_of(condition->test, collection->row->as_of)
				             : condition->test);
			return;
		case CONDITION_RELATION:
			collect_comparison(collection, condition);
			return;
		default:
			for (int i = 0; i < condition->nof; i++)
				collect(collection, condition->of[i]);
	}
}

/*
 * The classes of rows for the as-of day and the column types of a row; the sides that are named have the same values in all rows.  NULL where there are too many to be told apart by a number,
 * the values of an attribute cannot be looked up, or the day is out of every calendar.
 */
RowClasses *
crm_row_classes_make(const Condition *const *conditions, int nconditions,
                     const AttributeList *attributes, uint32 constant_sides, const Row *row)
{
	RowClasses *classes = palloc0(sizeof(RowClasses));
	Collection collection = {.row = row};
	uint64 weight = 1;

	if (row->as_of < MIN_DAY || row->as_of > MAX_DAY)
		return NULL;
	collection.tests = palloc(sizeof(UnaryTest *) * MAX_TESTS);
	collection.attributes = palloc(sizeof(int) * MAX_TESTS);
	collection.others = palloc(sizeof(Condition *) * MAX_TESTS);
	for (int i = 0; i < nconditions; i++)
		if (conditions[i])
			collect(&collection, conditions[i]);
	if (collection.too_many)
		return NULL;

	classes->as_of = row->as_of;
	classes->digits = palloc0(sizeof(ClassDigit) * (attributes->n + collection.nothers));
	for (int i = 0; i < attributes->n + collection.nothers; i++)
	{
		ClassDigit *digit = &classes->digits[classes->ndigits];
		int nparts = 3;

		digit->attribute = -1;
		if (i >= attributes->n)
			digit->condition = collection.others[i - attributes->n];
		else
		{
			UnaryTest **tests = palloc(sizeof(UnaryTest *) * Max(collection.ntests, 1));
			int n = 0;
			Segments *segments;

			for (int t = 0; t < collection.ntests; t++)
				if (collection.attributes[t] == i)
					tests[n++] = collection.tests[t];
			if (n == 0 || (constant_sides & (1u << attributes->items[i].side)) != 0)
				continue;
			segments = crm_segments_make(tests, n, NULL);
			digit->attribute = i;
			digit->type = row->types[i];
			digit->lookup = crm_lookup_make(&segments->partition, row->types[i]);
			if (digit->lookup->ambiguous)
				return NULL;
			nparts = segments->nparts;
		}
		digit->weight = weight;
		if (weight > PG_UINT64_MAX / nparts)
			return NULL;
		weight *= nparts;
		classes->ndigits++;
	}
	return classes;
}
