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
	int null_part; /* of NULL */
	int rest_part; /* of what no test takes */
	bool covered;  /* the ranges take every value that is not NULL */
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

/* How to find the part of a value of one column type. */
typedef struct Lookup
{
	OperandForm form;
	bool
	    exact; /* text: the starts are single values, sorted by length, then bytes; parts[i] is of the i-th */
	int nstarts;
	int *parts;      /* of the values from a start up to the next; parts[0] is of those below all */
	int64 *integers; /* a start is the first value of its part, */
	double *numbers;
	Literal *literals; /* or, where there is no first value, */
	bool *after;       /* what all its values come after */
	uint64 *keys;      /* exact: of the literals, */
	uint8 *slots;      /* where the literal of a key stands, from 1, */
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
extern int crm_lookup_text(const Lookup *lookup, const char *text, int length);
extern int crm_lookup_other(const Lookup *lookup, ColumnType type, Datum value);

/*
 * How many starts are not above a value.  A few are counted, without a branch; among more, halving finds the place.
 */
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
			for (int i = 0; i < n; i++)                                                            \
				count += base[i] <= value;                                                         \
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

/* The part of a value, PART_NONE if it has none. */
static inline int
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
		case COLUMN_TEXT:
		{
			struct varlena *text = (struct varlena *) DatumGetPointer(value);

			if (lookup->exact && !VARATT_IS_EXTERNAL(text) && !VARATT_IS_COMPRESSED(text))
				return crm_lookup_text(lookup, VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
		}
			/* FALLTHROUGH */
		default:
			return crm_lookup_other(lookup, type, value);
	}
}

#endif
