/*
 * decision_table.h
 *		A decision table as it is read from its document, applied to rows and checked.
 */
#ifndef CRM_DECISION_TABLE_H
#define CRM_DECISION_TABLE_H

#include "port/pg_bitutils.h"

#include "policy/policy.h"
#include "row/partition.h"

typedef enum HitPolicy
{
	HIT_UNIQUE,
	HIT_ANY,
	HIT_PRIORITY,
	HIT_FIRST,
	HIT_RULE_ORDER,
	HIT_OUTPUT_ORDER,
	HIT_COLLECT
} HitPolicy;

typedef enum Aggregation
{
	AGGREGATION_NONE,
	AGGREGATION_SUM,
	AGGREGATION_MIN,
	AGGREGATION_MAX,
	AGGREGATION_COUNT
} Aggregation;

typedef struct Output
{
	const char *name;
	ValueKind kind;  /* of what it gives: number, text, boolean or date; any where all is null */
	Literal *values; /* allowed, the first first in priority; NULL where any is allowed */
	int nvalues;
} Output;

typedef struct Rule
{
	int number; /* from 1, in the order of the document */
	const char *name;
	const Literal **then; /* of each output, NULL for null */
	int *places;          /* of these among the values of the outputs: their priority */
	int same; /* the first rule, in the order of the table, that gives the same outputs */
} Rule;

/*
 * All that the rules ask of one attribute; several inputs may.  The bit of a rule is set where all its tests of the attribute hold, and
 * the inputs allow the value.
 */
typedef struct Column
{
	UnaryTest **tests; /* [input * 64 * nwords + rule], then what each input allows */
	int ninputs;
	Segments *segments; /* of the values; NULL where they are lists */
	uint64 *hits;       /* a bit set of rules for each part */
	bool *allowed;      /* by the inputs, for each part */
} Column;

/* The rules stand in the order in which hits count: the first hit is the one that single-hit policies give. */
typedef struct DecisionTable
{
	Policy policy;
	HitPolicy hit_policy;
	Aggregation aggregation;
	bool conflict_is_error;
	Output *outputs;
	int noutputs;
	const Literal **otherwise; /* the defaults, NULL for null; NULL where no output has one */
	Rule *rules;
	int nrules;
	int nwords;      /* of a bit set of rules */
	Column *columns; /* of each attribute */
} DecisionTable;

#define WORD_BITS 64
#define bit_of(rule) (UINT64CONST(1) << ((rule) % WORD_BITS))
#define bit_is_set(set, rule) (((set)[(rule) / WORD_BITS] & bit_of(rule)) != 0)

/* Whether the result is the list of all hits. */
static inline bool
gives_list(const DecisionTable *table)
{
	return table->hit_policy == HIT_RULE_ORDER || table->hit_policy == HIT_OUTPUT_ORDER ||
	       (table->hit_policy == HIT_COLLECT && table->aggregation == AGGREGATION_NONE);
}

/* What an input allows of a column's values; NULL is not refused. */
static inline const UnaryTest *
column_values(const DecisionTable *table, const Column *column, int input)
{
	return column->tests[column->ninputs * table->nwords * WORD_BITS + input];
}

static inline const UnaryTest *
column_test(const DecisionTable *table, const Column *column, int input, int rule)
{
	return column->tests[input * table->nwords * WORD_BITS + rule];
}

/* The next hit after a rule, or -1; after -1 comes the first. */
static inline int
next_hit(const DecisionTable *table, const uint64 *hits, int after)
{
	int word = (after + 1) / WORD_BITS;
	uint64 rest =
	    word < table->nwords ? hits[word] & (~UINT64CONST(0) << ((after + 1) % WORD_BITS)) : 0;

	while (rest == 0)
	{
		if (++word >= table->nwords)
			return -1;
		rest = hits[word];
	}
	return word * WORD_BITS + pg_rightmost_one_pos64(rest);
}

extern void *crm_decision_table_compile(DocumentNode *root);
extern void *crm_decision_table_of(struct varlena *value);
extern PolicyValue *crm_decision_table_make(const char *document);

#endif
