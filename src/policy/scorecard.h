/*
 * scorecard.h
 *		A scorecard as it is read from its document and applied to rows.
 */
#ifndef CRM_SCORECARD_H
#define CRM_SCORECARD_H

#include "policy/policy.h"
#include "row/partition.h"

typedef enum Unmatched
{
	UNMATCHED_POINTS,
	UNMATCHED_NULL, /* the score is NULL */
	UNMATCHED_ERROR
} Unmatched;

typedef struct Bin
{
	Condition *condition; /* of a characteristic over several attributes */
	const char *text;     /* as written */
	double points;
	bool computed; /* points + multiply * the attribute, within low and high */
	double multiply;
	double low, high;
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
	Partition partition; /* of the one attribute's values */
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
} Scorecard;

extern void *crm_scorecard_compile(DocumentNode *root);

#endif
