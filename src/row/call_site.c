/*
 * call_site.c
 *		The cache at a call site.
 *
 * A literal or a parameter is compiled once.  Any other argument is recognised by its toast pointer, or by all its bytes; never
 * by a hash alone, since two documents may share one.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "compat.h"
#include "row/call_site.h"

/* The call site with the compiled policy of this call's argument, which must not be NULL. */
CallSite *
crm_call_site(FunctionCallInfo fcinfo, int argument, CompilePolicy compile)
{
	CallSite *site = fcinfo->flinfo->fn_extra;
	struct varlena *datum = (struct varlena *) DatumGetPointer(PG_GETARG_DATUM(argument));
	MemoryContext caller;
	Size size;

	if (site != NULL && site->policy != NULL && site->stable)
		return site;
	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));
		site->stable = get_fn_expr_arg_stable(fcinfo->flinfo, argument);
		site->context =
		    AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "crm_ext policy", ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = site;
	}

	size = VARSIZE_ANY(datum);
	if (site->policy != NULL && size == site->key_size && memcmp(datum, site->key, size) == 0)
		return site;

	site->policy = site->binding = NULL;
	MemoryContextReset(site->context);
	caller = MemoryContextSwitchTo(site->context);
	site->policy = compile(PG_DETOAST_DATUM(PointerGetDatum(datum)));
	site->key = palloc(size);
	memcpy(site->key, datum, size);
	site->key_size = size;
	MemoryContextSwitchTo(caller);
	return site;
}
