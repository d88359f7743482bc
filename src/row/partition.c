/*
 * partition.c
 *		The tests of one attribute as a partition of its values.
 *
 * Each test is a union of ranges.  Sorted, the ranges of all tests show every overlap and every gap, whatever the
 * type of the column that the values will come from: a decimal between two whole numbers is a value too.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "row/partition.h"
#include "value/day.h"

void
crm_partition_init(Partition *partition)
{
	memset(partition, 0, sizeof(Partition));
	partition->kind = KIND_ANY;
	partition->null_part = partition->rest_part = PART_NONE;
}

static int
compare_lows(const Range *a, const Range *b)
{
	int order;

	if (!a->has_low || !b->has_low)
		return a->has_low - b->has_low;
	order = crm_literal_compare(&a->low, &b->low);
	return order != 0 ? order : a->low_open - b->low_open;
}

static int
compare_part_ranges(const void *a, const void *b)
{
	int order = compare_lows(&((const PartRange *) a)->range, &((const PartRange *) b)->range);

	return order != 0 ? order : ((const PartRange *) a)->part - ((const PartRange *) b)->part;
}

static int
compare_ranges(const void *a, const void *b)
{
	return compare_lows(a, b);
}

/* How the end of one range meets the start of a later one: below 0 a gap between, 0 adjacent, above 0 an overlap. */
static int
meets(const Range *first, const Range *second)
{
	int order;

	if (!first->has_high || !second->has_low)
		return 1;
	order = crm_literal_compare(&first->high, &second->low);
	if (order != 0)
		return order;
	if (first->high_open && second->low_open)
		return -1;
	return first->high_open || second->low_open ? 0 : 1;
}

static void
append_range(Partition *partition, Range range, int part)
{
	if (partition->nranges == partition->capacity)
	{
		partition->capacity = partition->capacity ? partition->capacity * 2 : 16;
		partition->ranges =
		    partition->ranges
		        ? repalloc_huge(partition->ranges, partition->capacity * sizeof(PartRange))
		        : palloc_extended(partition->capacity * sizeof(PartRange), MCXT_ALLOC_HUGE);
	}
	partition->ranges[partition->nranges++] = (PartRange){range, part};
}

/* Add a test; what it matches belongs to a part.  The test must not be "-" or of lists or of the as-of day. */
void
crm_partition_add(Partition *partition, const UnaryTest *test, int part, const DocumentNode *node)
{
	Range *sorted;
	int n = 0;

	if (test->matches_null)
	{
		if (partition->null_part != PART_NONE)
			document_malformed(node, NULL, "an earlier bin takes NULL already");
		partition->null_part = part;
	}
	if (test->kind != KIND_ANY)
		partition->kind = test->kind;

	if (test->kind == KIND_BOOLEAN)
	{
		/* two values, no space between them */
		for (int value = 0; value < 2; value++)
		{
			Range point = {.has_low = true, .has_high = true};
			bool named = false;

			crm_literal_boolean(&point.low, value);
			point.high = point.low;
			for (int i = 0; i < test->nranges; i++)
				named |= test->ranges[i].low.integer == value;
			if (named != test->negated)
				append_range(partition, point, part);
		}
		return;
	}

	/* the test's own ranges may touch or overlap: join them */
	sorted = palloc(sizeof(Range) * Max(test->nranges, 1));
	if (test->nranges > 0)
		memcpy(sorted, test->ranges, sizeof(Range) * test->nranges);
	qsort(sorted, test->nranges, sizeof(Range), compare_ranges);
	for (int i = 0; i < test->nranges; i++)
	{
		if (n > 0 && meets(&sorted[n - 1], &sorted[i]) >= 0)
		{
			Range *last = &sorted[n - 1];
			int order = !last->has_high       ? 1
			            : !sorted[i].has_high ? -1
			                                  : crm_literal_compare(&last->high, &sorted[i].high);

			if (order < 0 || (order == 0 && last->high_open))
			{
				last->has_high = sorted[i].has_high;
				last->high = sorted[i].high;
				last->high_open = sorted[i].high_open;
			}
		}
		else
			sorted[n++] = sorted[i];
	}

	if (!test->negated)
		for (int i = 0; i < n; i++)
			append_range(partition, sorted[i], part);
	else
	{
		/* the spaces between them */
		Range space = {0};

		for (int i = 0; i <= n; i++)
		{
			space.has_high = i < n && sorted[i].has_low;
			if (space.has_high)
			{
				space.high = sorted[i].low;
				space.high_open = !sorted[i].low_open;
			}
			if (i == n || sorted[i].has_low)
				append_range(partition, space, part);
			if (i == n || !sorted[i].has_high)
				break;
			space.has_low = true;
			space.low = sorted[i].high;
			space.low_open = !sorted[i].high_open;
		}
	}
	pfree(sorted);
}

static char *
literal_text(const Literal *literal)
{
	switch (literal->kind)
	{
		case KIND_NUMBER:
			return numeric_normalize(literal->exact);
		case KIND_TEXT:
			return psprintf("\"%.*s\"", Min(literal->length, 60), literal->text);
		case KIND_BOOLEAN:
			return literal->integer ? "true" : "false";
		case KIND_TIMESTAMPTZ:
			return crm_value_text(COLUMN_TIMESTAMPTZ, Int64GetDatum(literal->integer));
		default:
			return literal->integer % USECS_PER_DAY == 0
			           ? crm_day_text((DateADT) (literal->integer / USECS_PER_DAY))
			           : crm_value_text(COLUMN_TIMESTAMP, Int64GetDatum(literal->integer));
	}
}

/* Sort the ranges and refuse overlaps; nodes are the elements of the document that the parts stand for. */
void
crm_partition_finish(Partition *partition, DocumentNode *const *nodes)
{
	PartRange *ranges = partition->ranges;
	int n = partition->nranges;

	if (n > 1)
		qsort(ranges, n, sizeof(PartRange), compare_part_ranges);
	for (int i = 1; i < n; i++)
		if (meets(&ranges[i - 1].range, &ranges[i].range) > 0)
		{
			int later = Max(ranges[i - 1].part, ranges[i].part);
			int earlier = Min(ranges[i - 1].part, ranges[i].part);

			document_malformed(nodes[later], "Every value must belong to one bin only.",
			                   "overlaps with bin [%d]%s%s", earlier,
			                   ranges[i].range.has_low ? " at " : " below ",
			                   ranges[i].range.has_low    ? literal_text(&ranges[i].range.low)
			                   : ranges[i].range.has_high ? literal_text(&ranges[i].range.high)
			                                              : "every value");
		}

	if (partition->kind == KIND_BOOLEAN)
		partition->covered = n == 2;
	else
	{
		partition->covered = n > 0 && !ranges[0].range.has_low && !ranges[n - 1].range.has_high;
		for (int i = 1; i < n && partition->covered; i++)
			partition->covered = meets(&ranges[i - 1].range, &ranges[i].range) == 0;
	}
}

/* The first values that no range takes, as a test: "[5..10)". */
char *
crm_partition_gap(const Partition *partition)
{
	const PartRange *ranges = partition->ranges;
	int n = partition->nranges;

	if (n == 0)
		return "every value";
	if (partition->kind == KIND_BOOLEAN)
		return ranges[0].range.has_low && ranges[0].range.low.integer ? "false" : "true";
	if (ranges[0].range.has_low)
	{
		if (partition->kind == KIND_TEXT)
			return "every other text";
		return psprintf("%s %s", ranges[0].range.low_open ? "<=" : "<",
		                literal_text(&ranges[0].range.low));
	}
	for (int i = 1; i < n; i++)
	{
		const Range *first = &ranges[i - 1].range;
		const Range *second = &ranges[i].range;

		if (meets(first, second) < 0)
		{
			if (crm_literal_compare(&first->high, &second->low) == 0)
				return literal_text(&first->high);
			return psprintf("%c%s..%s%c", first->high_open ? '[' : '(', literal_text(&first->high),
			                literal_text(&second->low), second->low_open ? ']' : ')');
		}
	}
	return psprintf("%s %s", ranges[n - 1].range.high_open ? ">=" : ">",
	                literal_text(&ranges[n - 1].range.high));
}

/* ---- finding the part of a value ---- */

/* A key of a text: equal texts have equal keys, and texts of at most eight bytes only those. */
static inline uint64
text_key(const char *text, int length)
{
	uint64 key = 0;

	if (length >= 8)
		memcpy(&key, text, 8);
	else if (length >= 4)
	{
		uint32 first, last;

		memcpy(&first, text, 4);
		memcpy(&last, text + length - 4, 4);
		key = (uint64) last << 32 | first;
	}
	else if (length > 0)
		key = (uint64) (unsigned char) text[0] | (uint64) (unsigned char) text[length / 2] << 8 |
		      (uint64) (unsigned char) text[length - 1] << 16;
	return key ^ (uint64) length << 56;
}

/* Find a multiplier that gives each of a few texts a slot of its own. */
static void
make_slots(Lookup *lookup)
{
	int bits = 3;
	int n = lookup->nstarts;
	uint64 multiplier = UINT64CONST(0x9E3779B97F4A7C15);

	if (n > 64)
		return;
	while (1 << bits < 4 * n)
		bits++;
	lookup->slots = palloc(1 << bits);
	lookup->shift = 64 - bits;
	for (int attempt = 0; attempt < 1000; attempt++)
	{
		int i = 0;

		memset(lookup->slots, 0, 1 << bits);
		while (i < n && lookup->slots[(lookup->keys[i] * multiplier) >> lookup->shift] == 0)
		{
			lookup->slots[(lookup->keys[i] * multiplier) >> lookup->shift] = i + 1;
			i++;
		}
		if (i == n)
		{
			lookup->multiplier = multiplier;
			return;
		}
		multiplier =
		    multiplier * UINT64CONST(6364136223846793005) + UINT64CONST(1442695040888963408);
	}
	pfree(lookup->slots);
	lookup->slots = NULL;
}

static int
compare_exact(const void *a, const void *b)
{
	const Literal *x = &((const PartRange *) a)->range.low;
	const Literal *y = &((const PartRange *) b)->range.low;

	return x->length != y->length ? x->length - y->length : memcmp(x->text, y->text, x->length);
}

/* Where the values of a start begin: at a literal, or after it. */
static void
add_start(Lookup *lookup, const Literal *literal, bool after, int part)
{
	int n = lookup->nstarts;

	/* a start that is not above the one before leaves that one without a value of its own: take its place */
	switch (lookup->form)
	{
		case OPERAND_INTEGER:
		{
			int64 start = literal->integer;

			if (literal->below)
				start = PG_INT64_MIN;
			else if (after || (literal->kind == KIND_NUMBER && !literal->integral))
			{
				if (start == PG_INT64_MAX)
					return;
				start++;
			}
			if (n > 0 && start <= lookup->integers[n - 1])
				start = lookup->integers[--n];
			lookup->integers[n] = start;
			break;
		}
		case OPERAND_FLOAT:
		{
			double start = after ? nextafter(literal->number, INFINITY) : literal->number;

			if (n > 0 && start <= lookup->numbers[n - 1])
				start = lookup->numbers[--n];
			lookup->numbers[n] = start;
			break;
		}
		default:
			lookup->literals[n] = *literal;
			lookup->after[n] = after;
	}
	if (lookup->parts[n] != part)
		lookup->parts[++n] = part;
	lookup->nstarts = n;
}

/* The table that finds the part of a column's values. */
Lookup *
crm_lookup_make(const Partition *partition, ColumnType type)
{
	Lookup *lookup = palloc0(sizeof(Lookup));
	int n = partition->nranges;
	int capacity = 2 * n + 2;

	lookup->null_part = partition->null_part;
	lookup->rest_part = partition->rest_part;
	lookup->parts = palloc(sizeof(int) * (capacity + 1));
	lookup->parts[0] = partition->rest_part;
	if (n <= 0)
		return lookup;

	switch (type)
	{
		case COLUMN_NUMERIC:
			lookup->form = OPERAND_NUMERIC;
			break;
		case COLUMN_FLOAT4:
		case COLUMN_FLOAT8:
			lookup->form = OPERAND_FLOAT;
			lookup->numbers = palloc(sizeof(double) * capacity);
			break;
		case COLUMN_TEXT:
		case COLUMN_BPCHAR:
		case COLUMN_NAME:
		case COLUMN_ENUM:
			lookup->form = OPERAND_TEXT;
			lookup->exact = true;
			for (int i = 0; i < n && lookup->exact; i++)
				lookup->exact = partition->ranges[i].range.has_low &&
				                partition->ranges[i].range.has_high &&
				                crm_literal_compare(&partition->ranges[i].range.low,
				                                    &partition->ranges[i].range.high) == 0;
			break;
		default:
			lookup->form = OPERAND_INTEGER;
			lookup->integers = palloc(sizeof(int64) * capacity);
	}

	if (lookup->exact)
	{
		PartRange *sorted = palloc(sizeof(PartRange) * n);

		memcpy(sorted, partition->ranges, sizeof(PartRange) * n);
		qsort(sorted, n, sizeof(PartRange), compare_exact);
		lookup->literals = palloc(sizeof(Literal) * n);
		lookup->keys = palloc(sizeof(uint64) * n);
		for (int i = 0; i < n; i++)
		{
			lookup->literals[i] = sorted[i].range.low;
			lookup->keys[i] = text_key(sorted[i].range.low.text, sorted[i].range.low.length);
			lookup->parts[i] = sorted[i].part;
		}
		lookup->parts[n] = partition->rest_part;
		lookup->nstarts = n;
		make_slots(lookup);
		pfree(sorted);
		return lookup;
	}
	if (lookup->form == OPERAND_NUMERIC || lookup->form == OPERAND_TEXT)
	{
		lookup->literals = palloc(sizeof(Literal) * capacity);
		lookup->after = palloc(sizeof(bool) * capacity);
	}
	for (int i = 0; i < n; i++)
	{
		const PartRange *it = &partition->ranges[i];

		if (!it->range.has_low)
			lookup->parts[0] = it->part;
		else
			add_start(lookup, &it->range.low, it->range.low_open, it->part);
		if (it->range.has_high &&
		    (i + 1 == n || meets(&it->range, &partition->ranges[i + 1].range) < 0))
			add_start(lookup, &it->range.high, !it->range.high_open, partition->rest_part);
	}
	return lookup;
}

/* The part of a text among single values. */
int
crm_lookup_text(const Lookup *lookup, const char *text, int length)
{
	int low = 0, high = lookup->nstarts;

	if (lookup->slots)
	{
		uint64 key = text_key(text, length);
		int i = lookup->slots[(key * lookup->multiplier) >> lookup->shift] - 1;

		if (i >= 0 && lookup->keys[i] == key && lookup->literals[i].length == length &&
		    (length <= 8 || memcmp(lookup->literals[i].text, text, length) == 0))
			return lookup->parts[i];
		return lookup->rest_part;
	}
	while (low < high)
	{
		int middle = (low + high) / 2;
		const Literal *literal = &lookup->literals[middle];
		int order = length != literal->length ? length - literal->length
		                                      : memcmp(text, literal->text, length);

		if (order == 0)
			return lookup->parts[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return lookup->rest_part;
}

/* The part of a value of any type. */
int
crm_lookup_other(const Lookup *lookup, ColumnType type, Datum value)
{
	Operand operand;
	int low = 0, high = lookup->nstarts;

	if (high == 0 && type >= COLUMN_TEXTS)
		return lookup->parts[0];
	if (!crm_operand_read(&operand, type, value))
		return lookup->null_part;
	if (operand.form == OPERAND_INTEGER)
		return lookup->parts[lookup_integer(lookup, operand.integer)];
	if (operand.form == OPERAND_FLOAT)
		return lookup->parts[lookup_number(lookup, operand.number)];
	if (lookup->exact)
		return crm_lookup_text(lookup, operand.text, operand.length);
	while (low < high)
	{
		int middle = (low + high) / 2;
		int order = crm_operand_compare(&operand, &lookup->literals[middle]);

		if (order > 0 || (order == 0 && !lookup->after[middle]))
			low = middle + 1;
		else
			high = middle;
	}
	return lookup->parts[low];
}
