/*
 * call_site.h
 *		What a function keeps between its calls in one query: the compiled policy, and what was bound to it.
 */
#ifndef CRM_CALL_SITE_H
#define CRM_CALL_SITE_H

#include "fmgr.h"

typedef struct CallSite
{
	bool constant;         /* the policy is a literal */
	MemoryContext context; /* of the policy and what is bound; emptied when the policy changes */
	struct varlena *key;   /* the argument as it came */
	Size key_size;
	void *policy;  /* compiled */
	void *binding; /* of the caller, NULL after the policy has changed */
} CallSite;

/* Compiles a policy, which starts with its AttributeList. */
typedef void *(*CompilePolicy)(struct varlena *value);

extern bool crm_argument_is_constant(FmgrInfo *function, int argument);
extern CallSite *crm_call_site(FunctionCallInfo fcinfo, int argument, CompilePolicy compile);

#endif
