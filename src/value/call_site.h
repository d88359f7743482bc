/*
 * call_site.h
 *		What a function keeps between its calls in one query: a compiled value, such as a policy, and what was bound to it.
 */
#ifndef CRM_CALL_SITE_H
#define CRM_CALL_SITE_H

#include "fmgr.h"

typedef struct CallSite
{
	bool constant;         /* the value is a literal */
	MemoryContext context; /* of what is compiled and bound; emptied when the value changes */
	struct varlena *key;   /* the argument as it came */
	Size key_size;
	void *policy;  /* or whatever is compiled */
	void *binding; /* of the caller, NULL after the value has changed */
} CallSite;

/* Compiles a value; a policy starts with its AttributeList. */
typedef void *(*CompilePolicy)(struct varlena *value);

extern bool crm_argument_is_constant(FmgrInfo *function, int argument);
extern CallSite *crm_call_site(FunctionCallInfo fcinfo, int argument, CompilePolicy compile);

#endif
