/*
 * row_json.c
 *		What a policy read of a row, written as JSON.
 *
 * Read again as a JSON row (row.c) it decides the same: numbers keep every digit, a real becomes the double that it is compared as, days and
 * moments are ISO whatever the session's settings.  What counts as missing is null.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "row/row_json.h"

crm_noreturn static void
refuse_value(const char *name, const char *text)
{
	ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
	                errmsg("\"%s\" is %s, which JSON cannot hold", name, text),
	                errhint("A decision over it cannot be kept as JSON.")));
}

/* A number; NaN counts as missing. */
static void
write_number(StringInfo out, const char *name, const char *digits)
{
	if (strcmp(digits, "NaN") == 0)
		appendStringInfoString(out, "null");
	else if (strchr(digits, 'I') != NULL) /* Infinity */
		refuse_value(name, digits);
	else
		appendStringInfoString(out, digits);
}

/* The JSON reader knows days and moments of the years 1 to 9999. */
static void
write_moment(StringInfo out, const char *name, const char *text, const char *offset)
{
	if (strlen(text) >= 10 && text[4] == '-' && strstr(text, "BC") == NULL)
		appendStringInfo(out, "\"%s%s\"", text, offset);
	else
		refuse_value(name, text);
}

static void
write_texts(StringInfo out, Datum array)
{
	Datum *elements;
	bool *nulls;
	int n;
	const char *separator = "";

	crm_deconstruct_texts(array, &elements, &nulls, &n);
	appendStringInfoChar(out, '[');
	for (int i = 0; i < n; i++)
		if (!nulls[i])
		{
			appendStringInfoString(out, separator);
			escape_json(out, TextDatumGetCString(elements[i]));
			separator = ", ";
		}
	appendStringInfoChar(out, ']');
}

static void
write_value(StringInfo out, const char *name, ColumnType type, Datum value)
{
	switch (type)
	{
		case COLUMN_INT2:
		case COLUMN_INT4:
		case COLUMN_INT8:
		case COLUMN_NUMERIC:
		case COLUMN_FLOAT8:
			write_number(out, name, crm_value_text(type, value));
			break;
		case COLUMN_FLOAT4:
			write_number(
			    out, name,
			    crm_value_text(COLUMN_FLOAT8, Float8GetDatum((double) DatumGetFloat4(value))));
			break;
		case COLUMN_BOOL:
			appendStringInfoString(out, crm_value_text(type, value));
			break;
		case COLUMN_TEXT:
		case COLUMN_BPCHAR:
		case COLUMN_NAME:
		case COLUMN_ENUM:
			escape_json(out, crm_value_text(type, value));
			break;
		case COLUMN_DATE:
			write_moment(out, name, crm_value_text(type, value), "");
			break;
		case COLUMN_TIMESTAMP:
			write_moment(out, name, crm_value_text(type, value), "");
			break;
		case COLUMN_TIMESTAMPTZ:
			write_moment(out, name, crm_value_text(type, value), ":00");
			break;
		case COLUMN_TEXTS:
			write_texts(out, value);
			break;
		case COLUMN_OTHER: /* only asked whether it is NULL */
			appendStringInfoString(out, "true");
	}
}

/* The attributes of one side as an object; those that are derived are not read. */
void
crm_row_write_json(StringInfo out, const Row *row, const AttributeList *attributes, int side)
{
	const char *separator = "";

	appendStringInfoChar(out, '{');
	for (int i = 0; i < attributes->n; i++)
	{
		const Attribute *it = &attributes->items[i];

		if (it->side != side || it->derived)
			continue;
		appendStringInfoString(out, separator);
		escape_json(out, it->name);
		appendStringInfoString(out, ": ");
		if (row->nulls[i])
			appendStringInfoString(out, "null");
		else
			write_value(out, it->name, row->types[i], row->values[i]);
		separator = ", ";
	}
	appendStringInfoChar(out, '}');
}

/* A text that is JSON as jsonb. */
Datum
crm_json_datum(const char *text)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}
