/*
 * attribute.c
 *		Attributes of policies, literals of documents, and values of rows: how one is compared with another.
 *
 * Integers and numerics are compared exactly with the decimal literal, floats with the literal rounded to double.  Text is
 * compared by its bytes.  NaN counts as missing.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "row/attribute.h"
#include "value/day.h"

/* ---- attributes ---- */

static const char *const kind_names[] = {"any",         "number", "text",
                                         "boolean",     "date",   "timestamp",
                                         "timestamptz", "text[]", "text or text[]"};

const char *
crm_kind_name(ValueKind kind)
{
	return kind_names[kind];
}

/* The kind that serves two uses of one attribute, or -1. */
static int
common_kind(ValueKind a, ValueKind b)
{
	if (a == b || b == KIND_ANY)
		return a;
	if (a == KIND_ANY)
		return b;
	if ((a == KIND_DATE && b == KIND_TIMESTAMP) || (a == KIND_TIMESTAMP && b == KIND_DATE))
		return KIND_TIMESTAMP;
	if (a == KIND_TEXT_OR_TEXTS && (b == KIND_TEXT || b == KIND_TEXTS))
		return b;
	if (b == KIND_TEXT_OR_TEXTS && (a == KIND_TEXT || a == KIND_TEXTS))
		return a;
	return -1;
}

/* The slot of an attribute: the one that has it, else the free one where it belongs. */
static int *
find_slot(const AttributeList *list, int side, const char *name)
{
	uint32 at = hash_bytes((const unsigned char *) name, strlen(name)) + side;

	for (;; at++)
	{
		int *slot = &list->slots[at & (list->nslots - 1)];

		if (*slot == 0 ||
		    (list->items[*slot - 1].side == side && strcmp(list->items[*slot - 1].name, name) == 0))
			return slot;
	}
}

/* Enter an attribute at the end of the list. */
static void
add_attribute(AttributeList *list, Attribute attribute)
{
	if (list->n == list->capacity)
	{
		list->capacity = list->capacity ? list->capacity * 2 : 16;
		list->items = list->items ? repalloc(list->items, list->capacity * sizeof(Attribute))
		                          : palloc(list->capacity * sizeof(Attribute));
		if (list->slots)
			pfree(list->slots);
		list->nslots = list->capacity * 4;
		list->slots = palloc0(list->nslots * sizeof(int));
		for (int i = 0; i < list->n; i++)
			*find_slot(list, list->items[i].side, list->items[i].name) = i + 1;
	}
	list->items[list->n++] = attribute;
	*find_slot(list, attribute.side, attribute.name) = list->n;
}

/* The place of an attribute in the list, entered there at its first use. */
int
crm_attribute_use(AttributeList *list, int side, const char *name, ValueKind kind,
                  const DocumentNode *node)
{
	Attribute *attribute;
	int place;

	CHECK_FOR_INTERRUPTS();
	if (*name == '\0')
		document_malformed(node, NULL, "an attribute without a name");
	if (list->n == 0 || *find_slot(list, side, name) == 0)
	{
		if (strlen(name) >= NAMEDATALEN)
			document_malformed(node, NULL, "an attribute's name has at most %d bytes",
			                   NAMEDATALEN - 1);
		add_attribute(list, (Attribute){.side = side, .name = name, .kind = kind});
	}
	place = *find_slot(list, side, name) - 1;
	attribute = &list->items[place];
	if (common_kind(attribute->kind, kind) < 0)
		document_malformed(node, NULL,
		                   "attribute \"%s\" is compared as %s here and as %s elsewhere", name,
		                   crm_kind_name(kind), crm_kind_name(attribute->kind));
	attribute->kind = common_kind(attribute->kind, kind);
	if (list->using &&
	    (attribute->nuses == 0 || strcmp(attribute->uses[attribute->nuses - 1], list->using) != 0))
	{
		/* grows by doubling: the capacity is the power of two above nuses */
		if ((attribute->nuses & (attribute->nuses - 1)) == 0)
		{
			Size size = Max(1, attribute->nuses * 2) * sizeof(char *);

			attribute->uses = attribute->uses ? repalloc(attribute->uses, size) : palloc(size);
		}
		attribute->uses[attribute->nuses++] = list->using;
	}
	return place;
}

/* The same for a name as documents write it: "client.age" where the policy has sides, "age" where it has one row. */
int
crm_attribute_named(AttributeList *list, const char *name, ValueKind kind, const DocumentNode *node)
{
	if (list->sides == NULL)
		return crm_attribute_use(list, 0, name, kind, node);
	for (int side = 0; side < list->nsides; side++)
	{
		size_t length = strlen(list->sides[side]);

		if (strncmp(name, list->sides[side], length) == 0 && name[length] == '.' &&
		    name[length + 1] != '\0')
			return crm_attribute_use(list, side, name + length + 1, kind, node);
	}
	document_malformed(node, "Write client.name, product.name or instruction.name.",
	                   "attribute \"%s\" does not say whose it is", name);
}

/* An attribute's name for a reader: client risk level. */
char *
crm_attribute_label(const AttributeList *list, int attribute)
{
	const Attribute *it = &list->items[attribute];
	char *label =
	    list->sides ? psprintf("%s %s", list->sides[it->side], it->name) : pstrdup(it->name);

	for (char *c = label; *c; c++)
		if (*c == '_')
			*c = ' ';
	return label;
}

/* ---- literals ---- */

static int
numeric_order(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a), NumericGetDatum(b)));
}

/* A number from its decimal digits, which are known to be well formed and within the range of a double. */
void
crm_literal_number(Literal *literal, const char *digits)
{
	Numeric floor_numeric;

	memset(literal, 0, sizeof(Literal));
	literal->kind = KIND_NUMBER;
	literal->number = strtod(digits, NULL);
	if (literal->number == 0)
		literal->number = 0;
	literal->exact = DatumGetNumeric(DirectFunctionCall3(
	    numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	if (numeric_order(literal->exact, int64_to_numeric(PG_INT64_MAX)) > 0)
		literal->integer = PG_INT64_MAX;
	else if (numeric_order(literal->exact, int64_to_numeric(PG_INT64_MIN)) < 0)
	{
		literal->integer = PG_INT64_MIN;
		literal->below = true;
	}
	else
	{
		floor_numeric =
		    DatumGetNumeric(DirectFunctionCall1(numeric_floor, NumericGetDatum(literal->exact)));
		literal->integer =
		    DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(floor_numeric)));
		literal->integral = numeric_order(floor_numeric, literal->exact) == 0;
	}
}

void
crm_literal_text(Literal *literal, const char *text, int length)
{
	memset(literal, 0, sizeof(Literal));
	literal->kind = KIND_TEXT;
	literal->text = text;
	literal->length = length;
}

void
crm_literal_boolean(Literal *literal, bool value)
{
	memset(literal, 0, sizeof(Literal));
	literal->kind = KIND_BOOLEAN;
	literal->integer = value;
	literal->integral = true;
}

static int
compare_bytes(const char *a, int a_length, const char *b, int b_length)
{
	int order = memcmp(a, b, Min(a_length, b_length));

	return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

/* Order of two literals of one kind. */
int
crm_literal_compare(const Literal *a, const Literal *b)
{
	switch (a->kind)
	{
		case KIND_NUMBER:
			return numeric_order(a->exact, b->exact);
		case KIND_TEXT:
			return compare_bytes(a->text, a->length, b->text, b->length);
		default:
			return (a->integer > b->integer) - (a->integer < b->integer);
	}
}

/* ---- values of rows ---- */

/* The label of an enum's value. */
static Datum
enum_label(Datum value)
{
	HeapTuple tuple = SearchSysCache1(ENUMOID, value);
	Datum label;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		                errmsg("invalid internal value for enum: %u", DatumGetObjectId(value))));
	label = CStringGetTextDatum(NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel));
	ReleaseSysCache(tuple);
	return label;
}

/* The elements of a text[] or varchar[]. */
void
crm_deconstruct_texts(Datum array, Datum **elements, bool **nulls, int *n)
{
	ArrayType *texts = DatumGetArrayTypeP(array);

	deconstruct_array(texts, ARR_ELEMTYPE(texts), -1, false, TYPALIGN_INT, elements, nulls, n);
}

/* Whether a column's values can be compared with literals of a kind. */
bool
crm_column_fits(ValueKind kind, ColumnType type)
{
	bool is_text =
	    type == COLUMN_TEXT || type == COLUMN_BPCHAR || type == COLUMN_NAME || type == COLUMN_ENUM;

	switch (kind)
	{
		case KIND_ANY:
			return true;
		case KIND_NUMBER:
			return type <= COLUMN_FLOAT8;
		case KIND_TEXT:
			return is_text;
		case KIND_BOOLEAN:
			return type == COLUMN_BOOL;
		case KIND_DATE:
		case KIND_TIMESTAMP:
			return type == COLUMN_DATE || type == COLUMN_TIMESTAMP;
		case KIND_TIMESTAMPTZ:
			return type == COLUMN_TIMESTAMPTZ;
		case KIND_TEXTS:
			return type == COLUMN_TEXTS;
		case KIND_TEXT_OR_TEXTS:
			return is_text || type == COLUMN_TEXTS;
	}
	return false;
}

/* Read a value that is not NULL; false where it counts as missing (NaN). */
bool
crm_operand_read(Operand *operand, ColumnType type, Datum value)
{
	switch (type)
	{
		case COLUMN_INT2:
			operand->form = OPERAND_INTEGER;
			operand->integer = DatumGetInt16(value);
			return true;
		case COLUMN_INT4:
			operand->form = OPERAND_INTEGER;
			operand->integer = DatumGetInt32(value);
			return true;
		case COLUMN_INT8:
			operand->form = OPERAND_INTEGER;
			operand->integer = DatumGetInt64(value);
			return true;
		case COLUMN_NUMERIC:
			operand->form = OPERAND_NUMERIC;
			operand->numeric = DatumGetNumeric(value);
			return !numeric_is_nan(operand->numeric);
		case COLUMN_FLOAT4:
			operand->form = OPERAND_FLOAT;
			operand->number = DatumGetFloat4(value);
			return !isnan(operand->number);
		case COLUMN_FLOAT8:
			operand->form = OPERAND_FLOAT;
			operand->number = DatumGetFloat8(value);
			return !isnan(operand->number);
		case COLUMN_BOOL:
			operand->form = OPERAND_INTEGER;
			operand->integer = DatumGetBool(value);
			return true;
		case COLUMN_ENUM:
			value = enum_label(value);
			/* FALLTHROUGH */
		case COLUMN_TEXT:
		case COLUMN_BPCHAR:
		{
			struct varlena *text = PG_DETOAST_DATUM_PACKED(value);

			operand->form = OPERAND_TEXT;
			operand->text = VARDATA_ANY(text);
			operand->length = VARSIZE_ANY_EXHDR(text);
			if (type == COLUMN_BPCHAR)
				while (operand->length > 0 && operand->text[operand->length - 1] == ' ')
					operand->length--;
			return true;
		}
		case COLUMN_NAME:
			operand->form = OPERAND_TEXT;
			operand->text = NameStr(*DatumGetName(value));
			operand->length = strlen(operand->text);
			return true;
		case COLUMN_DATE:
			operand->form = OPERAND_INTEGER;
			operand->integer = crm_day_to_timestamp(DatumGetDateADT(value));
			return true;
		case COLUMN_TIMESTAMP:
		case COLUMN_TIMESTAMPTZ:
			operand->form = OPERAND_INTEGER;
			operand->integer = DatumGetTimestamp(value);
			return true;
		case COLUMN_TEXTS:
		case COLUMN_OTHER:
			break;
	}
	return false;
}

/* Whether a value counts as missing: NULL or NaN. */
bool
crm_is_missing(ColumnType type, Datum value, bool isnull)
{
	Operand operand;

	return isnull ||
	       (crm_column_fits(KIND_NUMBER, type) && !crm_operand_read(&operand, type, value));
}

/* Order of a value and a literal, whose kinds are known to fit. */
int
crm_operand_compare(const Operand *operand, const Literal *literal)
{
	switch (operand->form)
	{
		case OPERAND_INTEGER:
			if (operand->integer != literal->integer)
				return operand->integer < literal->integer ? -1 : 1;
			return literal->below ? 1 : literal->kind == KIND_NUMBER && !literal->integral ? -1 : 0;
		case OPERAND_FLOAT:
			return (operand->number > literal->number) - (operand->number < literal->number);
		case OPERAND_NUMERIC:
			return numeric_order(operand->numeric, literal->exact);
		case OPERAND_TEXT:
			return compare_bytes(operand->text, operand->length, literal->text, literal->length);
	}
	return 0;
}

/* ---- printing, independent of any setting ---- */

/* A numeric without trailing zeros and with commas between the thousands. */
char *
crm_number_text(Datum numeric)
{
	char *digits = numeric_normalize(DatumGetNumeric(numeric));
	int whole = strspn(digits, "-0123456789");
	int first = digits[0] == '-';
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < whole; i++)
	{
		if (i > first && (whole - i) % 3 == 0)
			appendStringInfoChar(&out, ',');
		appendStringInfoChar(&out, digits[i]);
	}
	appendStringInfoString(&out, digits + whole);
	return out.data;
}

static char *
timestamp_text(Timestamp moment, bool with_offset)
{
	struct pg_tm time;
	fsec_t fraction;
	char text[MAXDATELEN + 1];

	if (TIMESTAMP_NOT_FINITE(moment))
		return pstrdup(TIMESTAMP_IS_NOBEGIN(moment) ? "-infinity" : "infinity");
	if (timestamp2tm(moment, NULL, &time, &fraction, NULL, NULL) != 0)
		ereport(ERROR,
		        (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	EncodeDateTime(&time, fraction, false, 0, NULL, USE_ISO_DATES, text);
	return with_offset ? psprintf("%s+00", text) : pstrdup(text);
}

/* A value as ISO text or shortest number, whatever the session's settings; NULL for what has no such form. */
char *
crm_value_text(ColumnType type, Datum value)
{
	switch (type)
	{
		case COLUMN_INT2:
			return psprintf("%d", DatumGetInt16(value));
		case COLUMN_INT4:
			return psprintf("%d", DatumGetInt32(value));
		case COLUMN_INT8:
			return psprintf(INT64_FORMAT, DatumGetInt64(value));
		case COLUMN_NUMERIC:
			return DatumGetCString(DirectFunctionCall1(numeric_out, value));
		case COLUMN_FLOAT4:
		{
			char *text = palloc(FLOAT_SHORTEST_DECIMAL_LEN);

			if (isnan(DatumGetFloat4(value)))
				return "NaN";
			if (isinf(DatumGetFloat4(value)))
				return DatumGetFloat4(value) > 0 ? "Infinity" : "-Infinity";
			float_to_shortest_decimal_buf(DatumGetFloat4(value), text);
			return text;
		}
		case COLUMN_FLOAT8:
		{
			char *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

			if (isnan(DatumGetFloat8(value)))
				return "NaN";
			if (isinf(DatumGetFloat8(value)))
				return DatumGetFloat8(value) > 0 ? "Infinity" : "-Infinity";
			double_to_shortest_decimal_buf(DatumGetFloat8(value), text);
			return text;
		}
		case COLUMN_BOOL:
			return DatumGetBool(value) ? "true" : "false";
		case COLUMN_TEXT:
		case COLUMN_BPCHAR:
		case COLUMN_NAME:
		case COLUMN_ENUM:
		{
			Operand operand;

			crm_operand_read(&operand, type, value);
			return pnstrdup(operand.text, operand.length);
		}
		case COLUMN_DATE:
			return crm_day_text(DatumGetDateADT(value));
		case COLUMN_TIMESTAMP:
			return timestamp_text(DatumGetTimestamp(value), false);
		case COLUMN_TIMESTAMPTZ:
			return timestamp_text(DatumGetTimestamp(value), true);
		case COLUMN_TEXTS:
		{
			Datum *elements;
			bool *nulls;
			int n;
			StringInfoData out;

			crm_deconstruct_texts(value, &elements, &nulls, &n);
			initStringInfo(&out);
			for (int i = 0; i < n; i++)
				if (!nulls[i])
					appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : "",
					                 TextDatumGetCString(elements[i]));
			return out.data;
		}
		case COLUMN_OTHER:
			break;
	}
	return NULL;
}
