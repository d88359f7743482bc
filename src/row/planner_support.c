/*
 * planner_support.c
 *		Rows taken apart when a query is planned.
 *
 * A function that takes a row makes the executor fetch every column and form a tuple.  Where the policy is a constant and the row a
 * variable, its columns can be passed one by one instead.  That is done only where it cannot change the result: not where the whole row
 * may be NULL (an outer join, grouping sets), and not where an expression that is left out would have had an effect.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "row/planner_support.h"
#include "row/row.h"

/* Whether a relation stands below the side of an outer join that may be all NULL. */
static bool
may_be_null(Node *jointree, int relation, bool nullable)
{
	if (jointree == NULL)
		return false;
	if (IsA(jointree, RangeTblRef))
		return nullable && ((RangeTblRef *) jointree)->rtindex == relation;
	if (IsA(jointree, FromExpr))
	{
		ListCell *cell;

		foreach (cell, ((FromExpr *) jointree)->fromlist)
			if (may_be_null(lfirst(cell), relation, nullable))
				return true;
		return false;
	}
	if (IsA(jointree, JoinExpr))
	{
		JoinExpr *join = (JoinExpr *) jointree;
		bool left = join->jointype == JOIN_RIGHT || join->jointype == JOIN_FULL;
		bool right = join->jointype != JOIN_INNER && join->jointype != JOIN_RIGHT;

		return may_be_null(join->larg, relation, nullable || left) ||
		       may_be_null(join->rarg, relation, nullable || right);
	}
	return true;
}

/* Whether a whole-row variable is sure to be a row of its relation, whose columns can be named. */
static bool
is_plain_row(PlannerInfo *root, const Var *var)
{
	RangeTblEntry *relation;

	if (var->varattno != InvalidAttrNumber || var->varlevelsup != 0 || IS_SPECIAL_VARNO(var->varno))
		return false;
#if PG_VERSION_NUM >= 160000
	if (!bms_is_empty(var->varnullingrels))
		return false;
#endif
#if PG_VERSION_NUM >= 180000
	if (var->varreturningtype != VAR_RETURNING_DEFAULT)
		return false;
#endif
	if (root == NULL)
		return true; /* an index's or a constraint's expression */

	/*
	 * The planner simplifies the condition of an EXISTS with the outer query as root: a variable may then be of another
	 * range table than the one that is at hand.  Nothing tells, so nothing is done where there is a sub-select.
	 */
	if (root->parse->hasSubLinks || var->varno > list_length(root->parse->rtable))
		return false;
	relation = rt_fetch(var->varno, root->parse->rtable);
	if (relation->rtekind == RTE_RELATION
	        ? get_rel_type_id(relation->relid) != var->vartype
	        : relation->rtekind != RTE_SUBQUERY || relation->subquery == NULL)
		return false;
	return !may_be_null((Node *) root->parse->jointree, var->varno, false);
}

/* A row whose columns are known by name, and the expression of each. */
typedef struct RowShape
{
	Node *row;
	TupleDesc descriptor; /* of a named row type, or NULL: */
	List *names;          /* of a record's columns, */
	List *targets;        /* and, where the row is a subquery's, what it selects */
} RowShape;

/* Know a row's columns; false where they cannot be known. */
static bool
know_columns(PlannerInfo *root, Node *row, RowShape *shape)
{
	Oid type = exprType(row);

	memset(shape, 0, sizeof(RowShape));
	shape->row = row;
	if (root != NULL && root->parse->groupingSets != NIL)
		return false;
	switch (nodeTag(row))
	{
		case T_Var:
			if (!is_plain_row(root, (Var *) row))
				return false;
			break;
		case T_RowExpr:
			if (contain_volatile_functions(row) || expression_returns_set(row))
				return false;
			break;
		case T_Const:
			if (((Const *) row)->constisnull)
				return false;
			break;
		default:
			return false;
	}
	if (type != RECORDOID)
	{
		if (get_typtype(type) != TYPTYPE_COMPOSITE)
			return false;
		shape->descriptor = lookup_rowtype_tupdesc_copy(type, -1);
	}
	else if (IsA(row, RowExpr))
		shape->names = ((RowExpr *) row)->colnames;
	else if (IsA(row, Const))
		return false;
	else
	{
		RangeTblEntry *relation = root ? rt_fetch(((Var *) row)->varno, root->parse->rtable) : NULL;

		if (relation == NULL || relation->rtekind != RTE_SUBQUERY)
			return false;
		shape->names = relation->eref->colnames;
		shape->targets = relation->subquery->targetList;
	}
	return true;
}

/* A column of a constant row. */
static Node *
constant_column(const Const *row, TupleDesc descriptor, int place)
{
	Form_pg_attribute column = TupleDescAttr(descriptor, place);
	HeapTupleHeader header = DatumGetHeapTupleHeader(row->constvalue);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	bool isnull;
	Datum value = heap_getattr(&tuple, place + 1, descriptor, &isnull);

	return (Node *) makeConst(
	    column->atttypid, column->atttypmod, column->attcollation, column->attlen,
	    isnull ? (Datum) 0 : datumCopy(value, column->attbyval, column->attlen), isnull,
	    column->attbyval);
}

/* The column of a name as an expression, or NULL where there is none, or more than one. */
static Node *
column_expression(const RowShape *shape, const char *name)
{
	const Var *var = (const Var *) shape->row;
	int n = shape->descriptor ? shape->descriptor->natts : list_length(shape->names);
	int found = -1;

	for (int c = 0; c < n; c++)
	{
		if (shape->descriptor
		        ? TupleDescAttr(shape->descriptor, c)->attisdropped ||
		              strcmp(NameStr(TupleDescAttr(shape->descriptor, c)->attname), name) != 0
		        : strcmp(strVal(list_nth(shape->names, c)), name) != 0)
			continue;
		if (found >= 0)
			return NULL;
		found = c;
	}
	if (found < 0)
		return NULL;
	if (IsA(shape->row, RowExpr))
		return found < list_length(((RowExpr *) shape->row)->args)
		           ? copyObject(list_nth(((RowExpr *) shape->row)->args, found))
		           : NULL;
	if (shape->descriptor)
	{
		Form_pg_attribute column = TupleDescAttr(shape->descriptor, found);

		if (IsA(shape->row, Const))
			return constant_column((const Const *) shape->row, shape->descriptor, found);
		return (Node *) makeVar(var->varno, found + 1, column->atttypid, column->atttypmod,
		                        column->attcollation, 0);
	}
	if (found >= list_length(shape->targets) ||
	    ((TargetEntry *) list_nth(shape->targets, found))->resjunk)
		return NULL;
	return (Node *) makeVarFromTargetEntry(var->varno, list_nth(shape->targets, found));
}

/* The columns of the rows that a policy reads, in the policy's order; false where a row must stay whole. */
static bool
read_columns(const RowShape *shapes, int nrows, const AttributeList *attributes, List **columns)
{
	for (int i = 0; i < attributes->n; i++)
	{
		const Attribute *attribute = &attributes->items[i];
		Node *column;

		if (attribute->side >= nrows || attribute->derived)
			continue;
		column = column_expression(&shapes[attribute->side], attribute->name);
		if (column == NULL || exprType(column) == UNKNOWNOID ||
		    !crm_column_fits(attribute->kind, crm_column_type(exprType(column))))
			return false;
		*columns = lappend(*columns, column);
	}
	return *columns != NIL;
}

/* The collation that the parser would give to a call with these arguments, so that both are the same expression. */
static Oid
input_collation(const List *arguments)
{
	Oid collation = InvalidOid;
	ListCell *cell;

	foreach (cell, arguments)
	{
		Oid of_argument = exprCollation(lfirst(cell));

		if (!OidIsValid(of_argument) || of_argument == collation)
			continue;
		if (!OidIsValid(collation) || collation == DEFAULT_COLLATION_OID)
			collation = of_argument;
		else if (of_argument != DEFAULT_COLLATION_OID)
			return InvalidOid;
	}
	return collation;
}

static Node *
simplified_call(const FuncExpr *call, Oid target, List *arguments)
{
	FuncExpr *simplified = makeFuncExpr(target, call->funcresulttype, arguments, call->funccollid,
	                                    input_collation(arguments), COERCE_EXPLICIT_CALL);

	simplified->funcretset = call->funcretset;
	simplified->location = call->location;
	return (Node *) simplified;
}

/*
 * The function "f_values" of the policy, the arguments that are no rows, and VARIADIC "any", or InvalidOid where there is none or the
 * user may not execute it; nor where the user may not execute f, which the executor then refuses.  It is looked for in the catalog, in the
 * schema of f: neither search_path nor the right to use the schema has a say.
 */
static Oid
values_function(Oid function, const List *arguments)
{
	char *name = psprintf("%s_values", get_func_name(function));
	Oid *types = palloc(sizeof(Oid) * (list_length(arguments) + 1));
	Oid target;

	for (int i = 0; i < list_length(arguments); i++)
		types[i] = exprType(list_nth(arguments, i));
	types[list_length(arguments)] = ANYOID;
	if (strlen(name) >= NAMEDATALEN)
		return InvalidOid;
	target = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
	                         PointerGetDatum(buildoidvector(types, list_length(arguments) + 1)),
	                         ObjectIdGetDatum(get_func_namespace(function)));
	return OidIsValid(target) && crm_may_execute(function) && crm_may_execute(target) ? target
	                                                                                  : InvalidOid;
}

/*
 * Simplify a call f(policy, row, ..., further arguments), whose rows are the arguments 1 to nrows, of the sides 0 to nrows - 1 of the
 * policy, to f_values(policy, further arguments, column, ...).  NULL where the policy is no constant or a row must stay whole.
 */
Node *
crm_simplify_rows(Node *request, CompilePolicy compile, int nrows)
{
	PlannerInfo *root;
	const FuncExpr *call;
	const Const *constant;
	const AttributeList *attributes;
	RowShape shapes[2];
	List *arguments, *columns = NIL;
	Oid target;

	Assert(nrows <= lengthof(shapes));
	if (!IsA(request, SupportRequestSimplify))
		return NULL;
	root = ((SupportRequestSimplify *) request)->root;
	call = ((SupportRequestSimplify *) request)->fcall;
	constant = linitial(call->args);
	if (!IsA(constant, Const) || constant->constisnull)
		return NULL;
	for (int r = 0; r < nrows; r++)
		if (!know_columns(root, list_nth(call->args, r + 1), &shapes[r]))
			return NULL;
	attributes = compile(PG_DETOAST_DATUM(constant->constvalue)); /* a policy starts with them */
	if (!read_columns(shapes, nrows, attributes, &columns))
		return NULL;
	arguments = list_make1(linitial(call->args));
	for (int i = nrows + 1; i < list_length(call->args); i++)
		arguments = lappend(arguments, list_nth(call->args, i));
	target = values_function(call->funcid, arguments);
	arguments = list_concat(arguments, columns);
	if (!OidIsValid(target) || list_length(arguments) > FUNC_MAX_ARGS)
		return NULL;
	return simplified_call(call, target, arguments);
}
