/*
 * call_site.c
 *		The cache at a call site.
 *
 * A literal is compiled once.  Any other argument is recognised by its toast pointer, or by all its bytes; never by a hash alone, since
 * two documents may share one.  What lives expanded in memory, as arrays of PL/pgSQL do, is flattened first: its address may be that of
 * another value a row later.  A parameter is no literal, though get_fn_expr_arg_stable() calls it stable: PL/pgSQL
 * evaluates a simple expression again and again with the same fn_extra and other values of its variables.
 */
#include "postgres.h"

#include "nodes/primnodes.h"
#include "utils/memutils.h"

#include "compat.h"
#include "value/call_site.h"

/* Whether an argument of a call is a literal. */
bool
crm_argument_is_constant(FmgrInfo *function, int argument)
{
	Node *call = function->fn_expr;

	if (call == NULL || !IsA(call, FuncExpr) || argument >= list_length(((FuncExpr *) call)->args))
		return false;
	return IsA(list_nth(((FuncExpr *) call)->args, argument), Const);
}

/* The call site with the compiled policy of this call's argument, which must not be NULL. */
CallSite *
crm_call_site(FunctionCallInfo fcinfo, int argument, CompilePolicy compile)
{
	CallSite *site = fcinfo->flinfo->fn_extra;
	struct varlena *datum = (struct varlena *) DatumGetPointer(PG_GETARG_DATUM(argument));
	MemoryContext caller;
	Size size;

	if (site != NULL && site->policy != NULL && site->constant)
		return site;
	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));
		site->constant = crm_argument_is_constant(fcinfo->flinfo, argument);
		site->context =
		    AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "crm_ext policy", ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = site;
	}

	if (VARATT_IS_EXTERNAL_EXPANDED(datum))
		datum = PG_DETOAST_DATUM(PointerGetDatum(datum));
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
