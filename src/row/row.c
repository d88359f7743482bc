/*
 * row.c
 *		Rows as arguments.
 *
 * Parameters that take a row are declared "any", so that a row of any type, a record, jsonb, json and an unknown literal (which is
 * read as jsonb) all fit.  A policy's attributes are found by their names, once for each row type.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "compat.h"
#include "row/row.h"
#include "value/day.h"

/* How columns of a type hold their values. */
ColumnType
crm_column_type(Oid type)
{
	type = getBaseType(type);
	switch (type)
	{
		case INT2OID:
			return COLUMN_INT2;
		case INT4OID:
			return COLUMN_INT4;
		case INT8OID:
			return COLUMN_INT8;
		case NUMERICOID:
			return COLUMN_NUMERIC;
		case FLOAT4OID:
			return COLUMN_FLOAT4;
		case FLOAT8OID:
			return COLUMN_FLOAT8;
		case BOOLOID:
			return COLUMN_BOOL;
		case TEXTOID:
		case VARCHAROID:
			return COLUMN_TEXT;
		case BPCHAROID:
			return COLUMN_BPCHAR;
		case NAMEOID:
			return COLUMN_NAME;
		case DATEOID:
			return COLUMN_DATE;
		case TIMESTAMPOID:
			return COLUMN_TIMESTAMP;
		case TIMESTAMPTZOID:
			return COLUMN_TIMESTAMPTZ;
		case TEXTARRAYOID:
		case VARCHARARRAYOID:
			return COLUMN_TEXTS;
		default:
			return type_is_enum(type) ? COLUMN_ENUM : COLUMN_OTHER;
	}
}

static void
check_comparable(const Attribute *attribute, Oid type, const char *policy_name)
{
	if (!crm_column_fits(attribute->kind, crm_column_type(type)))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DATATYPE_MISMATCH),
		     errmsg("column \"%s\" of type %s cannot be compared as the %s does", attribute->name,
		            format_type_be(type), policy_name),
		     errdetail("The %s compares it as %s.", policy_name, crm_kind_name(attribute->kind)),
		     attribute->kind == KIND_TEXT && (crm_column_type(type) == COLUMN_DATE ||
		                                      crm_column_type(type) == COLUMN_TIMESTAMP)
		         ? errhint("Write days as tests: \"2026-01-31\" alone in a string, not in a list.")
		     : crm_column_type(type) == COLUMN_TIMESTAMPTZ
		         ? errhint("A timestamptz column is compared with moments that carry an offset: "
		                   "2026-01-31T00:00:00+08:00.")
		         : 0));
}

/* A row with room for a policy's attributes, all NULL. */
Row *
crm_row_make(const AttributeList *attributes)
{
	Row *row = palloc0(sizeof(Row));
	int n = Max(attributes->n, 1);

	row->types = palloc0(sizeof(ColumnType) * n);
	row->values = palloc0(sizeof(Datum) * n);
	row->nulls = palloc(sizeof(bool) * n);
	memset(row->nulls, true, n);
	return row;
}

/* The reader of an argument's rows for one side of a policy. */
RowSource *
crm_row_source_make(FunctionCallInfo fcinfo, int argument, const char *policy_name,
                    const AttributeList *attributes, int side)
{
	RowSource *source = palloc0(sizeof(RowSource));
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, argument);

	source->policy_name = policy_name;
	source->side = side;
	source->argument_type = OidIsValid(type) ? getBaseType(type) : InvalidOid;
	switch (source->argument_type)
	{
		case JSONBOID:
		case JSONOID:
		case UNKNOWNOID:
			source->is_json = true;
			break;
		default:
			if (!type_is_rowtype(source->argument_type))
				ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
				                errmsg("a %s is applied to a row, not to a value of type %s",
				                       policy_name, format_type_be(type)),
				                errhint("Pass a row of a table, view or subquery by its name, a "
				                        "record, or jsonb.")));
	}
	source->attributes = palloc(sizeof(int) * Max(attributes->n, 1));
	source->columns = palloc(sizeof(int) * Max(attributes->n, 1));
	for (int i = 0; i < attributes->n; i++)
		if (attributes->items[i].side == side && !attributes->items[i].derived)
			source->attributes[source->nattributes++] = i;
	return source;
}

/* ---- composite rows ---- */

static char *
column_list(TupleDesc descriptor)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int c = 0; c < descriptor->natts; c++)
		if (!TupleDescAttr(descriptor, c)->attisdropped)
			appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : "",
			                 NameStr(TupleDescAttr(descriptor, c)->attname));
	return out.len > 0 ? out.data : "no column";
}

static const char *
nearest_column(const char *name, TupleDesc descriptor)
{
	const char **names = palloc(sizeof(char *) * Max(descriptor->natts, 1));
	int n = 0;

	for (int c = 0; c < descriptor->natts; c++)
		if (!TupleDescAttr(descriptor, c)->attisdropped)
			names[n++] = NameStr(TupleDescAttr(descriptor, c)->attname);
	return crm_nearest(name, names, n);
}

/* Find the attributes among the columns of a row type. */
static void
bind_columns(RowSource *source, Oid type, int32 typmod, const AttributeList *attributes, Row *row)
{
	MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(source));
	TupleDesc descriptor = lookup_rowtype_tupdesc_copy(type, typmod);

	for (int i = 0; i < source->nattributes; i++)
	{
		int place = source->attributes[i];
		const Attribute *attribute = &attributes->items[place];
		int found = -1;

		for (int c = 0; c < descriptor->natts; c++)
		{
			Form_pg_attribute column = TupleDescAttr(descriptor, c);

			if (column->attisdropped || strcmp(NameStr(column->attname), attribute->name) != 0)
				continue;
			if (found >= 0)
				ereport(ERROR, (errcode(ERRCODE_AMBIGUOUS_COLUMN),
				                errmsg("column \"%s\" that the %s reads stands twice in the row",
				                       attribute->name, source->policy_name)));
			found = c;
		}
		if (found < 0)
		{
			const char *nearest = nearest_column(attribute->name, descriptor);

			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
			                errmsg("column \"%s\" that the %s reads does not exist",
			                       attribute->name, source->policy_name),
			                errdetail("The row has: %s.", column_list(descriptor)),
			                nearest ? errhint("Perhaps you meant \"%s\".", nearest) : 0));
		}
		check_comparable(attribute, TupleDescAttr(descriptor, found)->atttypid,
		                 source->policy_name);
		source->columns[i] = found;
		row->types[place] = crm_column_type(TupleDescAttr(descriptor, found)->atttypid);
	}
	if (source->descriptor)
	{
		FreeTupleDesc(source->descriptor);
		pfree(source->values);
		pfree(source->nulls);
	}
	source->descriptor = descriptor;
	source->values = palloc(sizeof(Datum) * Max(descriptor->natts, 1));
	source->nulls = palloc(sizeof(bool) * Max(descriptor->natts, 1));
	source->row_type = type;
	source->row_typmod = typmod;
	source->row_identifier = assign_record_type_identifier(type, typmod);
	MemoryContextSwitchTo(caller);
}

/* Take a policy's attributes from a row; true if their column types have changed since the row before. */
bool
crm_row_read(RowSource *source, Datum datum, const AttributeList *attributes, Row *row)
{
	HeapTupleHeader header;
	HeapTupleData tuple;
	bool rebound = false;

	if (source->is_json)
	{
		if (source->argument_type == JSONOID)
			datum = DirectFunctionCall1(jsonb_in, CStringGetDatum(TextDatumGetCString(datum)));
		else if (source->argument_type == UNKNOWNOID)
			datum = DirectFunctionCall1(jsonb_in, datum);
		return crm_row_read_jsonb(source, datum, attributes, row);
	}
	header = DatumGetHeapTupleHeader(datum);
	if (HeapTupleHeaderGetTypeId(header) != source->row_type ||
	    HeapTupleHeaderGetTypMod(header) != source->row_typmod ||
	    (source->row_type != RECORDOID &&
	     assign_record_type_identifier(source->row_type, source->row_typmod) !=
	         source->row_identifier))
	{
		bind_columns(source, HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header),
		             attributes, row);
		rebound = true;
	}
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, source->descriptor, source->values, source->nulls);
	for (int i = 0; i < source->nattributes; i++)
	{
		row->values[source->attributes[i]] = source->values[source->columns[i]];
		row->nulls[source->attributes[i]] = source->nulls[source->columns[i]];
	}
	return rebound;
}

/* ---- JSON rows ---- */

static void
refuse_json_value(const Attribute *attribute, const JsonbValue *value, const char *policy_name)
{
	const char *found = value->type == jbvString    ? "a string"
	                    : value->type == jbvNumeric ? "a number"
	                    : value->type == jbvBool    ? "true or false"
	                                                : "an array or object";

	ereport(ERROR,
	        (errcode(ERRCODE_DATATYPE_MISMATCH),
	         errmsg("key \"%s\" holds %s, which cannot be compared as the %s does", attribute->name,
	                found, policy_name),
	         errdetail("The %s compares it as %s.", policy_name, crm_kind_name(attribute->kind))));
}

/* A JSON array of strings as text[]. */
static Datum
json_texts(const JsonbValue *value, const Attribute *attribute, const char *policy_name)
{
	JsonbContainer *container = value->val.binary.data;
	int n = JsonContainerSize(container);
	Datum *elements = palloc(sizeof(Datum) * Max(n, 1));
	int kept = 0;

	for (int i = 0; i < n; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(container, i);

		if (element->type == jbvNull)
			continue;
		if (element->type != jbvString)
			refuse_json_value(attribute, element, policy_name);
		elements[kept++] = PointerGetDatum(
		    cstring_to_text_with_len(element->val.string.val, element->val.string.len));
	}
	return PointerGetDatum(construct_array(elements, kept, TEXTOID, -1, false, TYPALIGN_INT));
}

/* A JSON string as a day or moment. */
static Datum
json_temporal(const JsonbValue *value, const Attribute *attribute, ColumnType *type)
{
	const char *text = value->val.string.val;
	int length = value->val.string.len;
	DateADT day;
	Timestamp moment;
	bool has_offset;

	if (attribute->kind != KIND_TIMESTAMPTZ && crm_day_parse(text, length, &day))
	{
		*type = COLUMN_DATE;
		return DateADTGetDatum(day);
	}
	if (!crm_timestamp_parse(text, length, &moment, &has_offset) ||
	    has_offset != (attribute->kind == KIND_TIMESTAMPTZ))
		ereport(ERROR, (errcode(ERRCODE_INVALID_DATETIME_FORMAT),
		                errmsg("key \"%s\" holds \"%.*s\", which is not a %s", attribute->name,
		                       Min(length, 40), text, crm_kind_name(attribute->kind)),
		                errhint("Write days as YYYY-MM-DD and moments as YYYY-MM-DDTHH:MM:SS, with "
		                        "an offset where the policy's have one.")));
	*type = has_offset ? COLUMN_TIMESTAMPTZ : COLUMN_TIMESTAMP;
	return TimestampGetDatum(moment);
}

/*
 * The value of an attribute in a JSON object, or NULL: the key of that name, else, for a name with dots, the member of a nested
 * object: "applicant.age" is {"applicant.age": 30} or {"applicant": {"age": 30}}.  Names are short, and so is the way down.
 */
static JsonbValue *
find_json_value(JsonbContainer *object, const char *name, JsonbValue *buffer)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, strlen(name), buffer);

	for (const char *dot = strchr(name, '.'); value == NULL && dot; dot = strchr(dot + 1, '.'))
	{
		JsonbValue inner;
		JsonbValue *nested = getKeyJsonValueFromContainer(object, name, dot - name, &inner);

		if (nested && nested->type == jbvBinary && JsonContainerIsObject(nested->val.binary.data))
			value = find_json_value(nested->val.binary.data, dot + 1, buffer);
	}
	return value;
}

/* Take a policy's attributes from a JSON object; a key that is not there is NULL.  The column types may change. */
bool
crm_row_read_jsonb(const RowSource *source, Datum datum, const AttributeList *attributes, Row *row)
{
	Jsonb *json = DatumGetJsonbP(datum);
	bool changed = false;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("a %s is applied to a JSON object, not to an array or a single value",
		                source->policy_name)));
	for (int i = 0; i < source->nattributes; i++)
	{
		int place = source->attributes[i];
		const Attribute *attribute = &attributes->items[place];
		JsonbValue buffer;
		JsonbValue *value = find_json_value(&json->root, attribute->name, &buffer);
		ColumnType type = COLUMN_OTHER;

		row->nulls[place] = value == NULL || value->type == jbvNull;
		if (row->nulls[place])
			continue;
		switch (value->type)
		{
			case jbvNumeric:
				type = COLUMN_NUMERIC;
				row->values[place] = NumericGetDatum(value->val.numeric);
				break;
			case jbvBool:
				type = COLUMN_BOOL;
				row->values[place] = BoolGetDatum(value->val.boolean);
				break;
			case jbvString:
				if (attribute->kind == KIND_DATE || attribute->kind == KIND_TIMESTAMP ||
				    attribute->kind == KIND_TIMESTAMPTZ)
					row->values[place] = json_temporal(value, attribute, &type);
				else
				{
					type = COLUMN_TEXT;
					row->values[place] = PointerGetDatum(
					    cstring_to_text_with_len(value->val.string.val, value->val.string.len));
				}
				break;
			case jbvBinary:
				if (JsonContainerIsArray(value->val.binary.data) &&
				    (attribute->kind == KIND_TEXTS || attribute->kind == KIND_TEXT_OR_TEXTS))
				{
					type = COLUMN_TEXTS;
					row->values[place] = json_texts(value, attribute, source->policy_name);
				}
				break;
			default:
				break;
		}
		if (!crm_column_fits(attribute->kind, type))
			refuse_json_value(attribute, value, source->policy_name);
		changed |= row->types[place] != type;
		row->types[place] = type;
	}
	return changed;
}

/* ---- arguments, one for each attribute ---- */

/* Bind the arguments from "first" on, which must be the policy's attributes of the sides that are named, in their order. */
RowArguments *
crm_row_arguments_make(FunctionCallInfo fcinfo, int first, const char *policy_name,
                       const AttributeList *attributes, uint32 sides, Row *row)
{
	RowArguments *arguments = palloc0(sizeof(RowArguments));

	if (get_fn_expr_variadic(fcinfo->flinfo))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("the values of a row have types of their own and cannot be one array"),
		         errhint("Pass them one by one, without VARIADIC.")));
	arguments->first = first;
	arguments->attributes = palloc(sizeof(int) * Max(attributes->n, 1));
	for (int i = 0; i < attributes->n; i++)
		if ((sides & ROW_SIDE(attributes->items[i].side)) != 0 && !attributes->items[i].derived)
			arguments->attributes[arguments->n++] = i;
	if (PG_NARGS() - first != arguments->n)
	{
		StringInfoData names;

		initStringInfo(&names);
		for (int i = 0; i < arguments->n; i++)
		{
			const Attribute *it = &attributes->items[arguments->attributes[i]];

			appendStringInfo(&names, "%s%s%s%s", i > 0 ? ", " : "",
			                 attributes->sides ? attributes->sides[it->side] : "",
			                 attributes->sides ? "." : "", it->name);
		}
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the %s reads %d values, not %d", policy_name, arguments->n,
		                       PG_NARGS() - first),
		                arguments->n > 0 ? errdetail("In this order: %s.", names.data) : 0));
	}
	for (int i = 0; i < arguments->n; i++)
	{
		const Attribute *it = &attributes->items[arguments->attributes[i]];
		Oid type = get_fn_expr_argtype(fcinfo->flinfo, first + i);

		if (type == UNKNOWNOID || !OidIsValid(type))
			ereport(ERROR,
			        (errcode(ERRCODE_INDETERMINATE_DATATYPE),
			         errmsg("could not determine the type of the value for \"%s\"", it->name),
			         errhint("Cast the value: NULL::int, 'branch'::text.")));
		check_comparable(it, type, policy_name);
		row->types[arguments->attributes[i]] = crm_column_type(type);
	}
	return arguments;
}
