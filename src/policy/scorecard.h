/*
 * scorecard.h
 *		A scorecard as it is read from its document and applied to rows.
 */
#ifndef CRM_SCORECARD_H
#define CRM_SCORECARD_H

#include "policy/policy.h"
#include "row/expression.h"
#include "row/partition.h"

typedef enum Unmatched
{
	UNMATCHED_POINTS,
	UNMATCHED_NULL, /* the score is NULL */
	UNMATCHED_ERROR
} Unmatched;

typedef struct Bin
{
	UnaryTest *test;      /* of the characteristic's attribute, */
	Condition *condition; /* or over several; neither: it takes the rest */
	const char *text;     /* as written */
	double points;
	Expression *computed; /* instead of the points, or NULL */
	bool of_attribute;    /* computed of the characteristic's attribute alone */
	const char *reason_code, *reason;
	int code; /* of the card's codes, or -1 */
} Bin;

typedef struct Characteristic
{
	const char *name;
	int attribute; /* or -1 */
	double weight;
	bool has_baseline;
	double baseline;
	const char *reason_code, *reason;
	int code; /* of what no bin takes */
	Bin *bins;
	int nbins;
	const Partition *partition; /* of the one attribute's values into bins */
	bool has_unmatched;
	Unmatched unmatched;
	double unmatched_points;
} Characteristic;

typedef struct Scorecard
{
	Policy policy;
	double initial_score;
	bool points_above;
	bool clamped;
	double low, high;
	Characteristic *characteristics;
	int ncharacteristics;
	const char **codes; /* the distinct reason codes */
	int ncodes;
	bool codes_are_own;  /* no two characteristics share a code */
	const Input **gates; /* inputs of which some value has no score */
	int ngates;
} Scorecard;

extern void *crm_scorecard_compile(DocumentNode *root);
extern const PolicyKind crm_scorecard_kind;

#endif
