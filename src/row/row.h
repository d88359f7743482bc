/*
 * row.h
 *		Rows as arguments: of a table, view or subquery, a record, or JSON.
 */
#ifndef CRM_ROW_H
#define CRM_ROW_H

#include "access/tupdesc.h"
#include "fmgr.h"

#include "row/condition.h"

/* One argument that takes rows, bound to the attributes of one side of a policy. */
typedef struct RowSource
{
	const char *policy_name; /* "scorecard", for messages */
	int side;
	Oid argument_type;
	bool is_json;
	Oid row_type; /* what the columns are bound to */
	int32 row_typmod;
	uint64 row_identifier; /* changes when the type is altered */
	TupleDesc descriptor;
	Datum *values; /* of the whole tuple */
	bool *nulls;
	int nattributes;
	int *attributes; /* of the policy, of this side, that are read */
	int *columns;    /* of the tuple, from 0 */
} RowSource;

extern ColumnType crm_column_type(Oid type);
extern Row *crm_row_make(const AttributeList *attributes);
extern RowSource *crm_row_source_make(FunctionCallInfo fcinfo, int argument,
                                      const char *policy_name, const AttributeList *attributes,
                                      int side);
extern bool crm_row_read(RowSource *source, Datum datum, const AttributeList *attributes, Row *row);
extern bool crm_row_read_jsonb(const RowSource *source, Datum jsonb,
                               const AttributeList *attributes, Row *row);

/* The values of rows as arguments of their own, one for each attribute of the sides that are named, in the policy's order. */
typedef struct RowArguments
{
	int first;
	int n;
	int *attributes; /* of the policy, that the arguments are */
} RowArguments;

#define ROW_SIDE(side) (1u << (side))
#define ROW_EVERY_SIDE (~0u)
extern RowArguments *crm_row_arguments_make(FunctionCallInfo fcinfo, int first,
                                            const char *policy_name,
                                            const AttributeList *attributes, uint32 sides,
                                            Row *row);

static inline void
row_read_arguments(FunctionCallInfo fcinfo, const RowArguments *arguments, Row *row)
{
	const NullableDatum *argument = &fcinfo->args[arguments->first];

	for (int i = 0; i < arguments->n; i++)
	{
		row->values[arguments->attributes[i]] = argument[i].value;
		row->nulls[arguments->attributes[i]] = argument[i].isnull;
	}
}

#endif
