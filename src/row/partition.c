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
#include "utils/hsearch.h"
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

/* Whether an end of one range and another one of the other are the same double, though not the same number. */
static bool
ranges_share_double(const Range *first, const Range *second)
{
	const Literal *ends[2][2] = {
	    {first->has_low ? &first->low : NULL, first->has_high ? &first->high : NULL},
	    {second->has_low ? &second->low : NULL, second->has_high ? &second->high : NULL}};

	for (int a = 0; a < 2; a++)
		for (int b = 0; b < 2; b++)
			if (ends[0][a] && ends[1][b] && ends[0][a]->number == ends[1][b]->number &&
			    crm_literal_compare(ends[0][a], ends[1][b]) != 0)
				return true;
	return false;
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

			partition->shares_double |=
			    test->kind == KIND_NUMBER && ranges_share_double(last, &sorted[i]);
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

/* ---- segments ---- */

/* The bit sets of one attribute have at most so many words together: 32 MB. */
#define SEGMENTS_MAX_WORDS (4 * 1024 * 1024)

/* A place between two values, where a test starts or ends to match. */
typedef struct Cut
{
	const Literal *at;
	bool after; /* after the value, not before it */
	int test;   /* or -1 */
} Cut;

static int
compare_cuts(const void *a, const void *b)
{
	const Cut *x = a;
	const Cut *y = b;
	int order = crm_literal_compare(x->at, y->at);

	return order != 0 ? order : x->after - y->after;
}

/* Whether no value lies between two cuts, either of which may be NULL for none. */
static bool
is_empty(ValueKind kind, const Cut *low, const Cut *high)
{
	switch (kind)
	{
		case KIND_TEXT:
		{
			/* the first text after another is that with one more byte, the lowest that a text can have */
			int length = low ? low->at->length : 0;

			if (high == NULL || (low && !low->after))
				return false;
			if (low == NULL)
				return high->at->length == 0 && !high->after;
			return !high->after && high->at->length == length + 1 &&
			       high->at->text[length] == '\001' &&
			       memcmp(high->at->text, low->at->text, length) == 0;
		}
		case KIND_BOOLEAN:
			return !low || !high || low->at->integer != high->at->integer;
		case KIND_DATE:
		case KIND_TIMESTAMP:
		case KIND_TIMESTAMPTZ:
			return low && high && low->after && !high->after &&
			       high->at->integer - low->at->integer == 1;
		default:
			return false;
	}
}

/* The part of a set of tests, entered at its first use. */
static int
part_of_set(Segments *segments, HTAB *parts, const uint64 *set, const DocumentNode *node)
{
	Size size = sizeof(uint64) * segments->nwords;
	int part = segments->nparts;
	bool found = false;
	int *entry = NULL;

	if (parts != NULL)
	{
		entry = (int *) ((char *) hash_search(parts, set, HASH_ENTER, &found) + size);
		if (found)
			return *entry;
		*entry = part;
	}
	if ((int64) (part + 1) * segments->nwords > SEGMENTS_MAX_WORDS)
		crm_document_error(node, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
		                   "Use fewer rules, or tests with fewer different values.",
		                   "the tests of one attribute tell too many kinds of values apart");
	/* grows by doubling: the capacity is the power of two from nparts on */
	if ((part & (part - 1)) == 0)
		segments->matches =
		    segments->matches ? repalloc(segments->matches, size * part * 2) : palloc(size);
	memcpy(segments->matches + (Size) part * segments->nwords, set, size);
	return segments->nparts++;
}

/* The cuts that the tests make, in order. */
static Cut *
make_cuts(const Partition *taken, int *n)
{
	Cut *cuts = palloc_extended(sizeof(Cut) * (2 * (Size) taken->nranges + 4), MCXT_ALLOC_HUGE);
	int ncuts = 0;

	for (int i = 0; i < taken->nranges; i++)
	{
		const PartRange *it = &taken->ranges[i];

		if (it->range.has_low)
			cuts[ncuts++] = (Cut){&it->range.low, it->range.low_open, it->part};
		if (it->range.has_high)
			cuts[ncuts++] = (Cut){&it->range.high, !it->range.high_open, it->part};
	}
	if (taken->kind == KIND_BOOLEAN)
	{
		Literal *both = palloc(sizeof(Literal) * 2);

		for (int i = 0; i < 4; i++)
		{
			crm_literal_boolean(&both[i / 2], i / 2);
			cuts[ncuts++] = (Cut){&both[i / 2], i % 2, -1};
		}
	}
	qsort(cuts, ncuts, sizeof(Cut), compare_cuts);
	*n = ncuts;
	return cuts;
}

/*
 * Cut the values of an attribute into segments by tests, which may overlap.  No test may be of lists or of the as-of day.  The
 * node is the element to name where there are too many parts (54000).
 */
Segments *
crm_segments_make(UnaryTest *const *tests, int ntests, const DocumentNode *node)
{
	Segments *segments = palloc0(sizeof(Segments));
	Partition *partition = &segments->partition;
	Partition taken; /* the ranges of all tests; they overlap */
	HASHCTL control = {0};
	HTAB *parts;
	uint64 *set, *null_set;
	const Cut *low = NULL;
	Cut *cuts;
	int ncuts;

	segments->nwords = Max(1, (ntests + 63) / 64);
	set = palloc0(sizeof(uint64) * segments->nwords);
	null_set = palloc0(sizeof(uint64) * segments->nwords);
	crm_partition_init(&taken);
	for (int t = 0; t < ntests; t++)
	{
		uint64 bit = UINT64CONST(1) << (t % 64);

		CHECK_FOR_INTERRUPTS();
		if (tests[t]->anything || tests[t]->matches_null)
			null_set[t / 64] |= bit;
		if (tests[t]->anything)
			set[t / 64] |= bit;
		else
		{
			taken.null_part = PART_NONE;
			crm_partition_add(&taken, tests[t], t, node);
		}
	}
	for (int i = 0; i < taken.nranges; i++)
		if (!taken.ranges[i].range.has_low)
			set[taken.ranges[i].part / 64] |= UINT64CONST(1) << (taken.ranges[i].part % 64);
	cuts = make_cuts(&taken, &ncuts);

	control.keysize = sizeof(uint64) * segments->nwords;
	control.entrysize = control.keysize + sizeof(int);
	control.hcxt = CurrentMemoryContext;
	parts = hash_create("crm_ext segments", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	part_of_set(segments, NULL, null_set, node); /* PART_NULL */

	/* from cut to cut, with the tests that match in between */
	segments->ranges =
	    palloc_extended(sizeof(PartRange) * ((Size) ncuts + 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i <= ncuts;)
	{
		const Cut *high = i < ncuts ? &cuts[i] : NULL;

		CHECK_FOR_INTERRUPTS();
		if (!is_empty(taken.kind, low, high))
		{
			PartRange *it = &segments->ranges[segments->nranges++];

			if (low)
			{
				it->range.has_low = true;
				it->range.low = *low->at;
				it->range.low_open = low->after;
			}
			if (high)
			{
				it->range.has_high = true;
				it->range.high = *high->at;
				it->range.high_open = !high->after;
			}
			it->part = part_of_set(segments, parts, set, node);
		}
		if (high == NULL)
			break;
		low = high;
		for (; i < ncuts && compare_cuts(low, &cuts[i]) == 0; i++)
			if (cuts[i].test >= 0)
				set[cuts[i].test / 64] ^= UINT64CONST(1) << (cuts[i].test % 64);
	}
	hash_destroy(parts);

	/* the part of the last values is the rest: where all tests list single texts, what remains are these */
	crm_partition_init(partition);
	partition->kind = taken.kind;
	partition->shares_double = taken.shares_double;
	partition->covered = true;
	partition->null_part = PART_NULL;
	partition->rest_part = segments->ranges[segments->nranges - 1].part;
	for (int i = 0; i < segments->nranges; i++)
		if (segments->ranges[i].part != partition->rest_part)
			append_range(partition, segments->ranges[i].range, segments->ranges[i].part);
	pfree(cuts);
	if (taken.ranges)
		pfree(taken.ranges);
	return segments;
}

/* ---- finding the part of a value ---- */

/* Find a multiplier that gives each of a few texts a slot of its own. */
static void
make_slots(Lookup *lookup, int n)
{
	int bits = 3;
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
		while (i < n && lookup->slots[(lookup->texts[i].key * multiplier) >> lookup->shift] == 0)
		{
			lookup->slots[(lookup->texts[i].key * multiplier) >> lookup->shift] = i + 1;
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

/* Fill the last step of counted starts; the greatest value of all may be counted there and finds the same part. */
static void
pad_starts(Lookup *lookup)
{
	if (lookup->integers == NULL && lookup->numbers == NULL)
		return;
	while (lookup->nstarts % LOOKUP_STEP != 0)
	{
		if (lookup->integers)
			lookup->integers[lookup->nstarts] = PG_INT64_MAX;
		else
			lookup->numbers[lookup->nstarts] = INFINITY;
		lookup->nstarts++;
		lookup->parts[lookup->nstarts] = lookup->parts[lookup->nstarts - 1];
	}
}

/*
 * Whether two literals of the ranges round to one double.  That double equals both, and so may match tests that no decimal matches
 * together: it has to be tested itself.
 */
static bool
literals_share_double(const Partition *partition)
{
	if (partition->kind != KIND_NUMBER)
		return false;
	for (int i = 0; i < partition->nranges; i++)
		if (ranges_share_double(&partition->ranges[i].range, &partition->ranges[i].range) ||
		    (i > 0 &&
		     ranges_share_double(&partition->ranges[i - 1].range, &partition->ranges[i].range)))
			return true;
	return partition->shares_double;
}

/* The table that finds the part of a column's values.  Where it is ambiguous, the caller applies the tests themselves. */
Lookup *
crm_lookup_make(const Partition *partition, ColumnType type)
{
	Lookup *lookup = palloc0(sizeof(Lookup));
	int n = partition->nranges;
	int capacity = 2 * n + 2;

	lookup->null_part = partition->null_part;
	lookup->rest_part = partition->rest_part;
	lookup->parts = palloc(sizeof(int) * (capacity + LOOKUP_STEP + 1));
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
			lookup->ambiguous = literals_share_double(partition);
			lookup->numbers = palloc(sizeof(double) * (capacity + LOOKUP_STEP));
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
			lookup->integers = palloc(sizeof(int64) * (capacity + LOOKUP_STEP));
	}

	if (lookup->exact)
	{
		PartRange *sorted = palloc(sizeof(PartRange) * n);

		memcpy(sorted, partition->ranges, sizeof(PartRange) * n);
		qsort(sorted, n, sizeof(PartRange), compare_exact);
		lookup->texts = palloc(sizeof(LookupText) * n);
		for (int i = 0; i < n; i++)
		{
			const Literal *literal = &sorted[i].range.low;

			lookup->texts[i] = (LookupText){lookup_text_key(literal->text, literal->length),
			                                literal->text, literal->length, sorted[i].part};
		}
		lookup->nstarts = n;
		make_slots(lookup, n);
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
	pad_starts(lookup);
	return lookup;
}

/* The part of a text among many single values, by halving. */
static int
halve_texts(const Lookup *lookup, const char *text, int length)
{
	int low = 0, high = lookup->nstarts;

	while (low < high)
	{
		int middle = (low + high) / 2;
		const LookupText *found = &lookup->texts[middle];
		int order =
		    length != found->length ? length - found->length : memcmp(text, found->text, length);

		if (order == 0)
			return found->part;
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
		return lookup->slots ? lookup_text(lookup, operand.text, operand.length)
		                     : halve_texts(lookup, operand.text, operand.length);
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
