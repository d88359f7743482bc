/*
 * suitability_policy.h
 *		A suitability policy as it is read from its document and applied to client, product and instruction.
 */
#ifndef CRM_SUITABILITY_POLICY_H
#define CRM_SUITABILITY_POLICY_H

#include "policy/policy.h"

/* From the best to the worst, as in the enum suitability_outcome. */
typedef enum Outcome
{
	OUTCOME_SUITABLE,
	OUTCOME_NOTICE,
	OUTCOME_OVERRIDABLE,
	OUTCOME_UNDETERMINED,
	OUTCOME_NEEDS_APPROVAL,
	OUTCOME_PROHIBITED
} Outcome;

#define NOUTCOMES 6
extern const char *const crm_outcome_names[NOUTCOMES];

enum
{
	SIDE_CLIENT,
	SIDE_PRODUCT,
	SIDE_INSTRUCTION,
	NSIDES
};

#define MAX_ACTIONS 64

/* What follows when a requirement fails: by who took the initiative. */
typedef struct Consequence
{
	bool skip; /* as if the check did not apply */
	Outcome solicited, unsolicited;
	const char *reason;
} Consequence;

typedef struct Check
{
	const char *name, *code, *basis, *reason;
	uint64 actions;     /* bits of the policy's actions */
	Condition *applies; /* or NULL: always */
	Condition *require; /* or NULL: the consequence follows whenever it applies */
	Consequence otherwise, missing;
	uint64 exempt_by; /* bits of the exemptions that name it */
} Check;

typedef enum Span
{
	SPAN_YEARS,
	SPAN_MONTHS,
	SPAN_DAYS
} Span;

typedef struct Derived
{
	int attribute, source;
	Span span;
} Derived;

#define MAX_EXEMPTIONS 64

typedef struct SuitabilityPolicy
{
	Policy policy;
	Consequence none_applies;
	const char **actions;
	int nactions;
	Derived *derived;
	int nderived;
	Condition **exemptions;
	int nexemptions;
	Check *checks;
	int nchecks;
} SuitabilityPolicy;

extern void *crm_suitability_compile(DocumentNode *root);

#endif
