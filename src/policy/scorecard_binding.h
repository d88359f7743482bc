/*
 * scorecard_binding.h
 *		A scorecard bound at a call site to the columns of its rows.
 */
#ifndef CRM_SCORECARD_BINDING_H
#define CRM_SCORECARD_BINDING_H

#include "policy/scorecard.h"

typedef struct ReasonRanking ReasonRanking;

/* The reason that a part gives: none where the difference is not above 0. */
typedef struct PartReason
{
	double difference;
	uint64 code; /* of the card's codes, from 1 */
} PartReason;

/* A characteristic bound to the type of its column. */
typedef struct Term
{
	Lookup *lookup; /* of the one attribute, or NULL */
	ColumnType type;
	int attribute;
	const double *points;      /* by part + 1, weighted; NULL where they are not constants */
	const double *segments;    /* the same by the lookup's starts */
	double null_points;        /* the same of NULL */
	const PartReason *reasons; /* by part + 1 */
} Term;

/* What a call site has bound: where the rows come from, and the terms for their column types. */
typedef struct ScorecardBinding
{
	Row *row;
	RowSource *source;
	RowArguments *arguments; /* or, where the values are passed themselves */
	Term *terms;             /* of each characteristic */
	MemoryContext context;   /* of what the terms point to */
	bool bound;
	bool constant; /* the points of every term are constants, and every value has a score */
	ReasonRanking *ranking;
} ScorecardBinding;

/* How far points are from the baseline on the side that gives a reason. */
static inline double
difference_of(const Scorecard *card, const Characteristic *it, double points)
{
	return card->points_above ? points - it->baseline : it->baseline - points;
}

extern void *crm_scorecard_of(struct varlena *value);
extern const Scorecard *crm_scorecard_bind(FunctionCallInfo fcinfo, int first, bool is_values,
                                           ScorecardBinding **result);
extern const Scorecard *crm_scorecard_read(FunctionCallInfo fcinfo, int first, bool is_values,
                                           ScorecardBinding **binding);
extern const Bin *crm_scorecard_bin(const Scorecard *card, const Characteristic *it,
                                    const Lookup *lookup, const Row *row);
extern bool crm_scorecard_points(const Characteristic *it, const Bin *bin, const Row *row,
                                 double *points);
extern bool crm_scorecard_refuses(const Scorecard *card, const Row *row);
extern bool crm_scorecard_refuses_input(const Input *input, const Row *row);

#endif
