/*
 * policy.h
 *		What all policies share: a document behind a header, read once, compiled at its call site.
 */
#ifndef CRM_POLICY_H
#define CRM_POLICY_H

#include "fmgr.h"

#include "value/call_site.h"
#include "row/row.h"
#include "value/value.h"

/* The stored form: the header of values, then this. */
typedef struct PolicyValue
{
	CrmValue header;
	uint8 digest[8]; /* the first bytes of the document's SHA-256 */
	char document[FLEXIBLE_ARRAY_MEMBER];
} PolicyValue;

/* Every compiled policy starts with this. */
typedef struct Policy
{
	AttributeList attributes;
	const char *name; /* or NULL */
} Policy;

typedef struct PolicyKind
{
	const char *type_name; /* of SQL */
	const char *title;     /* in messages: "suitability policy" */
	CrmKind kind;
	void *(*compile)(DocumentNode *root);
} PolicyKind;

#define POLICY_COMMON_KEYS "name", "version", "description", "basis"
extern void crm_policy_common(const DocumentNode *root, Policy *policy);

extern Datum crm_policy_in(FunctionCallInfo fcinfo, const PolicyKind *kind);
extern Datum crm_policy_recv(FunctionCallInfo fcinfo, const PolicyKind *kind);
extern PolicyValue *crm_policy_make(const PolicyKind *kind, const char *text, size_t length,
                                    Node *escontext);
extern void *crm_policy_compile(struct varlena *value, const PolicyKind *kind);
extern Datum crm_policy_list_attributes(FunctionCallInfo fcinfo, const AttributeList *attributes);

#endif
