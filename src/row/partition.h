/*
 * partition.h
 *		The tests of one attribute as a partition of its values: proof that they neither overlap nor leave a gap, the
 *		segments into which tests that do overlap cut them, and the table that finds the part of a value.
 */
#ifndef CRM_PARTITION_H
#define CRM_PARTITION_H

#include <math.h>

#include "row/unary_test.h"

#define PART_NONE (-1)

typedef struct PartRange
{
	Range range;
	int part;
} PartRange;

typedef struct Partition
{
	ValueKind kind;
	PartRange *ranges; /* sorted, disjoint */
	int nranges;
	int capacity;
	int null_part;      /* of NULL */
	int rest_part;      /* of what no test takes */
	bool covered;       /* the ranges take every value that is not NULL */
	bool shares_double; /* two literals of a test, whose ranges have been joined, are one double */
} Partition;

/*
 * The values of one attribute, cut by tests: all values of a part match the same tests, and those of two parts do not.  NULL
 * has a part of its own.
 */
#define PART_NULL 0

typedef struct Segments
{
	Partition partition; /* into these parts, ready for crm_lookup_make() */
	PartRange *ranges;   /* every value but NULL: sorted, disjoint, none empty */
	int nranges;
	int nparts;
	int nwords;      /* of a bit set with a bit for each test */
	uint64 *matches; /* the tests that match, a bit set for each part */
} Segments;

/* A text among single values. */
typedef struct LookupText
{
	uint64 key; /* of the text and its length */
	const char *text;
	int length;
	int part;
} LookupText;

/* How to find the part of a value of one column type. */
typedef struct Lookup
{
	OperandForm form;
	bool exact; /* text: the starts are single values, in "texts" */
	bool
	    ambiguous; /* floats: two of the literals are one double, whose part may be that of no other value */
	int nstarts; /* padded to a multiple of LOOKUP_STEP with starts that no value, or the greatest, reaches */
	int *parts;      /* of the values from a start up to the next; parts[0] is of those below all */
	int64 *integers; /* a start is the first value of its part, */
	double *numbers;
	Literal *literals; /* or, where there is no first value, */
	bool *after;       /* what all its values come after */
	LookupText *texts; /* sorted by length, then bytes */
	uint8 *slots;      /* where the text of a key stands, from 1, */
	uint64 multiplier; /* by (key * multiplier) >> shift; no slots where no multiplier was found */
	int shift;
	int null_part;
	int rest_part;
} Lookup;

extern void crm_partition_init(Partition *partition);
extern void crm_partition_add(Partition *partition, const UnaryTest *test, int part,
                              const DocumentNode *node);
extern void crm_partition_finish(Partition *partition, DocumentNode *const *nodes);
extern char *crm_partition_gap(const Partition *partition);
extern Segments *crm_segments_make(UnaryTest *const *tests, int ntests, const DocumentNode *node);
extern Lookup *crm_lookup_make(const Partition *partition, ColumnType type);
extern int crm_lookup_other(const Lookup *lookup, ColumnType type, Datum value);

/*
 * How many starts are not above a value.  A few are counted, without a branch; among more, halving finds the place.
 */
#define LOOKUP_STEP 4
#define LOOKUP_COUNTED 16
#define LOOKUP_STARTS(name, type, starts)                                                          \
	static inline int name(const Lookup *lookup, type value)                                       \
	{                                                                                              \
		const type *base = lookup->starts;                                                         \
		int n = lookup->nstarts;                                                                   \
		int count = 0;                                                                             \
                                                                                                   \
		if (n <= LOOKUP_COUNTED)                                                                   \
		{                                                                                          \
			for (int i = 0; i < n; i += LOOKUP_STEP)                                               \
				count += (base[i] <= value) + (base[i + 1] <= value) + (base[i + 2] <= value) +    \
				         (base[i + 3] <= value);                                                   \
			return count;                                                                          \
		}                                                                                          \
		while (n > 1)                                                                              \
		{                                                                                          \
			int half = n / 2;                                                                      \
                                                                                                   \
			base = base[half - 1] <= value ? base + half : base;                                   \
			n -= half;                                                                             \
		}                                                                                          \
		return (int) (base - lookup->starts) + (base[0] <= value);                                 \
	}

LOOKUP_STARTS(lookup_integer, int64, integers)
LOOKUP_STARTS(lookup_number, double, numbers)

/* A key of a text: equal texts have equal keys, and of one length up to eight bytes only those. */
static inline uint64
lookup_text_key(const char *text, int length)
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

/* Whether a text column's value can be looked up as it stands. */
static inline bool
lookup_has_text(const Lookup *lookup, Datum value)
{
	return lookup->slots != NULL && !VARATT_IS_EXTERNAL(DatumGetPointer(value)) &&
	       !VARATT_IS_COMPRESSED(DatumGetPointer(value));
}

/* The part of a text among single values, which have slots. */
static inline int
lookup_text(const Lookup *lookup, const char *text, int length)
{
	uint64 key = lookup_text_key(text, length);
	int slot = lookup->slots[(key * lookup->multiplier) >> lookup->shift];

	if (slot > 0)
	{
		const LookupText *found = &lookup->texts[slot - 1];

		if (found->key == key && found->length == length &&
		    (length <= 8 || memcmp(found->text, text, length) == 0))
			return found->part;
	}
	return lookup->rest_part;
}

/* Days from 2000 on that are surely timestamps too. */
#define LOOKUP_DAYS 36500000

/* The part of a value, PART_NONE if it has none. */
static pg_attribute_always_inline int
lookup_part(const Lookup *lookup, ColumnType type, Datum value, bool isnull)
{
	if (isnull)
		return lookup->null_part;
	switch (type)
	{
		case COLUMN_INT4:
			return lookup->parts[lookup_integer(lookup, DatumGetInt32(value))];
		case COLUMN_INT8:
			return lookup->parts[lookup_integer(lookup, DatumGetInt64(value))];
		case COLUMN_FLOAT8:
		{
			double number = DatumGetFloat8(value);

			if (unlikely(isnan(number)))
				return lookup->null_part;
			return lookup->parts[lookup_number(lookup, number)];
		}
		case COLUMN_DATE:
			if (unlikely(DATE_NOT_FINITE(DatumGetDateADT(value)) ||
			             abs(DatumGetDateADT(value)) > LOOKUP_DAYS))
				return crm_lookup_other(lookup, type, value);
			return lookup->parts[lookup_integer(lookup, DatumGetDateADT(value) * USECS_PER_DAY)];
		case COLUMN_TEXT:
			if (lookup_has_text(lookup, value))
				return lookup_text(lookup, VARDATA_ANY(DatumGetPointer(value)),
				                   VARSIZE_ANY_EXHDR(DatumGetPointer(value)));
			/* FALLTHROUGH */
		default:
			return crm_lookup_other(lookup, type, value);
	}
}

#endif
