/*
 * pmml_field.c
 *		The fields of a PMML file: DataDictionary, MiningSchema and derived fields, and what becomes of their missing and invalid values
 *		(PMML 4.4, "Data Dictionary" and "Mining Schema").
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "policy/pmml.h"
#include "value/day.h"

/* ---- values ---- */

/* The place of an attribute's value among the allowed ones. */
int
crm_pmml_choice(const XmlNode *node, const char *attribute, const char *const *choices,
                int nchoices, int otherwise)
{
	const char *value = crm_xml_attribute(node, attribute);
	StringInfoData known;

	if (value == NULL)
		return otherwise;
	for (int i = 0; i < nchoices; i++)
		if (strcmp(value, choices[i]) == 0)
			return i;
	initStringInfo(&known);
	for (int i = 0; i < nchoices; i++)
		appendStringInfo(&known, "%s%s", i > 0 ? ", " : "", choices[i]);
	xml_malformed(node, psprintf("Known: %s.", known.data), "%s \"%.*s\" is not known", attribute,
	              pg_mbcliplen(value, strlen(value), 60), value);
}

/* An attribute that is true or false, as XML Schema writes them. */
bool
crm_pmml_boolean(const XmlNode *node, const char *attribute, bool otherwise)
{
	static const char *const booleans[] = {"false", "true", "0", "1"};

	return crm_pmml_choice(node, attribute, booleans, lengthof(booleans), otherwise) % 2 == 1;
}

/* A number as JSON and S-FEEL write it. */
const char *
crm_pmml_number(const char *text, const XmlNode *node)
{
	const char *at = text + strspn(text, " \t\r\n");
	int length = strcspn(at, " \t\r\n");
	const char *rest = at + length + strspn(at + length, " \t\r\n");
	char *digits = pnstrdup(at, length);
	char *end;
	double value;

	errno = 0;
	value = strtod(digits, &end);
	if (*rest != '\0' || length == 0 || *end != '\0' ||
	    strspn(digits, "0123456789.eE+-") != (size_t) length)
		xml_malformed(node, NULL, "\"%.*s\" is not a number", pg_mbcliplen(text, strlen(text), 60),
		              text);
	if (length > 400 || (errno == ERANGE && (isinf(value) || fabs(value) < 1e-300)))
		crm_xml_error(node, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, NULL,
		              "the number %.40s is out of range", digits);
	if (value == 0)
		return "0"; /* whatever its exponent, which numeric may not hold */
	return numeric_normalize(DatumGetNumeric(DirectFunctionCall3(
	    numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1))));
}

/* A day or moment of a field, of microseconds; one of a dateTime may have an offset from UTC. */
static Timestamp
read_moment(const PmmlField *field, const char *text, const XmlNode *node, bool *has_offset)
{
	DateADT day;
	Timestamp moment;

	*has_offset = false;
	if (crm_day_parse(text, strlen(text), &day))
		return crm_day_to_timestamp(day);
	if (field->kind == KIND_DATE || !crm_timestamp_parse(text, strlen(text), &moment, has_offset))
		xml_malformed(node,
		              field->kind == KIND_DATE ? "Write days as YYYY-MM-DD."
		                                       : "Write moments as YYYY-MM-DDTHH:MM:SS.",
		              "\"%.*s\" is not a %s", pg_mbcliplen(text, strlen(text), 60), text,
		              crm_xml_attribute(field->node, "dataType"));
	return moment;
}

/* Write a value of a field as an S-FEEL literal. */
void
crm_pmml_literal(StringInfo out, PmmlField *field, const char *text, const XmlNode *node)
{
	bool has_offset;

	switch (field->kind)
	{
		case KIND_NUMBER:
			appendStringInfoString(out, crm_pmml_number(text, node));
			break;
		case KIND_BOOLEAN:
			if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
				appendStringInfoString(out, "true");
			else if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
				appendStringInfoString(out, "false");
			else
				xml_malformed(node, NULL, "\"%.*s\" is neither true nor false",
				              pg_mbcliplen(text, strlen(text), 60), text);
			break;
		case KIND_TEXT:
			appendStringInfoChar(out, '"');
			for (const char *c = text; *c; c++)
			{
				if (*c == '"' || *c == '\\')
					appendStringInfoChar(out, '\\');
				appendStringInfoChar(out, *c);
			}
			appendStringInfoChar(out, '"');
			break;
		default:
			read_moment(field, text, node, &has_offset);
			if (field->has_moments && has_offset != field->has_offset)
				xml_unsupported(node, "Write all of them with an offset, or none.",
				                "values with and without an offset from UTC are not supported: "
				                "field \"%.*s\"",
				                pg_mbcliplen(field->name, strlen(field->name), 60), field->name);
			field->has_moments = true;
			field->has_offset = has_offset;
			appendStringInfoString(out, text);
	}
}

/* Order of two values of a field. */
int
crm_pmml_compare(const PmmlField *field, const char *a, const char *b, const XmlNode *node)
{
	Literal first, second;
	bool has_offset;

	if (field->kind == KIND_DATE || field->kind == KIND_TIMESTAMP)
	{
		Timestamp left = read_moment(field, a, node, &has_offset);
		Timestamp right = read_moment(field, b, node, &has_offset);

		return (left > right) - (left < right);
	}
	if (field->kind != KIND_NUMBER)
		return strcmp(a, b);
	crm_literal_number(&first, crm_pmml_number(a, node));
	crm_literal_number(&second, crm_pmml_number(b, node));
	return crm_literal_compare(&first, &second);
}

/* Write an interval between two values of a field, which must not be empty. */
void
crm_pmml_interval(StringInfo out, PmmlField *field, const char *low, bool low_open,
                  const char *high, bool high_open, const XmlNode *node)
{
	int order = crm_pmml_compare(field, low, high, node);

	if (order > 0 || (order == 0 && (low_open || high_open)))
		xml_malformed(node, NULL, "the interval is empty");
	appendStringInfoChar(out, low_open ? '(' : '[');
	crm_pmml_literal(out, field, low, node);
	appendStringInfoString(out, "..");
	crm_pmml_literal(out, field, high, node);
	appendStringInfoChar(out, high_open ? ')' : ']');
}

/* ---- fields ---- */

static const char *const optypes[] = {"continuous", "categorical", "ordinal"};

static int
compare_fields(const void *a, const void *b)
{
	return strcmp(((const PmmlField *) a)->name, ((const PmmlField *) b)->name);
}

static PmmlField *
find_field(const PmmlModel *model, const char *name)
{
	PmmlField key = {.name = name};

	return model->nfields == 0
	           ? NULL
	           : bsearch(&key, model->fields, model->nfields, sizeof(PmmlField), compare_fields);
}

/* A field that a part of the model reads. */
PmmlField *
crm_pmml_field(const PmmlModel *model, const char *name, const XmlNode *node)
{
	PmmlField *field = find_field(model, name);
	int clip = pg_mbcliplen(name, strlen(name), 60);

	if (field == NULL)
		xml_malformed(node, NULL, "field \"%.*s\" is not declared", clip, name);
	if (field->derived)
		return field;
	if (field->mining == NULL)
		xml_malformed(node, NULL, "field \"%.*s\" is not an active field of the MiningSchema", clip,
		              name);
	if (field->kind == KIND_ANY)
		xml_unsupported(node, NULL, "field \"%.*s\" of dataType %s is not supported", clip, name,
		                crm_xml_attribute(field->node, "dataType"));
	if (strlen(name) >= NAMEDATALEN)
		crm_xml_error(node, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		              "field \"%.*s...\" has a name of more than %d bytes", clip, name,
		              NAMEDATALEN - 1);
	if (!field->used)
	{
		crm_pmml_check(field->node);
		crm_pmml_check(field->mining);
	}
	field->used = true;
	return field;
}

/* The kind of a dataType; KIND_ANY for those that are counts of days or seconds. */
static ValueKind
kind_of(const XmlNode *node)
{
	static const char *const types[] = {"string",
	                                    "integer",
	                                    "float",
	                                    "double",
	                                    "boolean",
	                                    "date",
	                                    "dateTime",
	                                    "time",
	                                    "timeSeconds",
	                                    "dateDaysSince[0]",
	                                    "dateDaysSince[1960]",
	                                    "dateDaysSince[1970]",
	                                    "dateDaysSince[1980]",
	                                    "dateTimeSecondsSince[0]",
	                                    "dateTimeSecondsSince[1960]",
	                                    "dateTimeSecondsSince[1970]",
	                                    "dateTimeSecondsSince[1980]"};

	crm_xml_require_attribute(node, "dataType");
	switch (crm_pmml_choice(node, "dataType", types, lengthof(types), -1))
	{
		case 0:
			return KIND_TEXT;
		case 1:
		case 2:
		case 3:
			return KIND_NUMBER;
		case 4:
			return KIND_BOOLEAN;
		case 5:
			return KIND_DATE;
		case 6:
			return KIND_TIMESTAMP;
		default:
			return KIND_ANY;
	}
}

/* Whether < and > on a field are those of its type: not on categories, nor on ranks that the file puts in another order. */
static bool
is_ordered(const PmmlField *field)
{
	const char *before = NULL;

	if (field->kind != KIND_NUMBER && field->kind != KIND_DATE && field->kind != KIND_TIMESTAMP)
		return false;
	if (strcmp(field->optype, "ordinal") != 0)
		return strcmp(field->optype, "continuous") == 0;
	for (const XmlNode *value = crm_xml_child(field->node, "Value"); value;
	     value = crm_xml_next(value, "Value"))
	{
		const char *text = crm_xml_require_attribute(value, "value");
		const char *property = crm_xml_attribute(value, "property");

		if (property && strcmp(property, "valid") != 0)
			continue; /* it has no rank */
		if (before && crm_pmml_compare(field, before, text, value) >= 0)
			return false;
		before = text;
	}
	return true;
}

static void
add_fields(PmmlModel *model, const XmlNode *parent, const char *element, int *capacity)
{
	if (parent == NULL)
		return;
	for (const XmlNode *node = crm_xml_child(parent, element); node;
	     node = crm_xml_next(node, element))
	{
		PmmlField *field;

		CHECK_FOR_INTERRUPTS();
		if (model->nfields == *capacity)
		{
			*capacity *= 2;
			model->fields = repalloc(model->fields, sizeof(PmmlField) * *capacity);
		}
		field = &model->fields[model->nfields++];
		memset(field, 0, sizeof(PmmlField));
		field->node = node;
		field->name = crm_xml_require_attribute(node, "name");
		if (*field->name == '\0')
			xml_malformed(node, NULL, "the name is empty");
		field->derived = strcmp(element, "DerivedField") == 0;
		field->kind = kind_of(node);
		field->integer = strcmp(crm_xml_attribute(node, "dataType"), "integer") == 0;
		field->optype = crm_xml_require_attribute(node, "optype");
		crm_pmml_choice(node, "optype", optypes, lengthof(optypes), 0);
	}
}

/* Note which fields the model may read. */
static void
read_mining_schema(PmmlModel *model)
{
	static const char *const usages[] = {"active",          "supplementary", "predicted",
	                                     "target",          "group",         "order",
	                                     "frequencyWeight", "analysisWeight"};
	const XmlNode *schema = crm_xml_require_child(model->scorecard, "MiningSchema");

	crm_pmml_check(schema);
	for (const XmlNode *node = crm_xml_child(schema, "MiningField"); node;
	     node = crm_xml_next(node, "MiningField"))
	{
		const char *name = crm_xml_require_attribute(node, "name");
		PmmlField *field = find_field(model, name);

		CHECK_FOR_INTERRUPTS();
		if (field == NULL || field->derived)
			xml_malformed(node, NULL, "the DataDictionary has no field of this name");
		if (crm_pmml_choice(node, "usageType", usages, lengthof(usages), 0) != 0)
			continue;
		if (field->mining)
			xml_malformed(node, NULL, "the field is given twice");
		if (crm_xml_attribute(node, "optype"))
			field->optype = crm_xml_attribute(node, "optype");
		field->ordered = is_ordered(field);
		crm_pmml_choice(node, "optype", optypes, lengthof(optypes), 0);
		field->mining = node;
	}
}

/* Read every declaration of fields. */
void
crm_pmml_read_fields(PmmlModel *model)
{
	int capacity = 64;

	model->fields = palloc(sizeof(PmmlField) * capacity);
	add_fields(model, crm_xml_require_child(model->root, "DataDictionary"), "DataField", &capacity);
	add_fields(model, crm_xml_optional_child(model->root, "TransformationDictionary"),
	           "DerivedField", &capacity);
	add_fields(model, crm_xml_optional_child(model->scorecard, "LocalTransformations"),
	           "DerivedField", &capacity);
	qsort(model->fields, model->nfields, sizeof(PmmlField), compare_fields);
	for (int i = 1; i < model->nfields; i++)
		if (compare_fields(&model->fields[i - 1], &model->fields[i]) == 0)
			xml_malformed(model->fields[i].node, NULL, "another field has this name");
	read_mining_schema(model);
}

/* ---- inputs ---- */

/* Add the Values of a property to a test; how many there are. */
static int
add_values(PmmlTest *test, const char *property)
{
	static const char *const properties[] = {"valid", "invalid", "missing"};
	int n = 0;

	for (const XmlNode *value = crm_xml_child(test->field->node, "Value"); value;
	     value = crm_xml_next(value, "Value"))
	{
		int which = crm_pmml_choice(value, "property", properties, lengthof(properties), 0);

		crm_pmml_check(value);
		if (strcmp(properties[which], property) != 0)
			continue;
		crm_pmml_test_value(test, crm_xml_require_attribute(value, "value"), value);
		n++;
	}
	return n;
}

/* Add the Intervals to a test; how many there are. */
static int
add_intervals(PmmlTest *test)
{
	static const char *const closures[] = {"openClosed", "openOpen", "closedOpen", "closedClosed"};
	PmmlField *field = test->field;
	int n = 0;

	for (const XmlNode *interval = crm_xml_child(field->node, "Interval"); interval;
	     interval = crm_xml_next(interval, "Interval"))
	{
		const char *left = crm_xml_attribute(interval, "leftMargin");
		const char *right = crm_xml_attribute(interval, "rightMargin");
		bool low_open, high_open;
		StringInfo out;
		int closure;

		crm_pmml_check(interval);
		crm_xml_require_attribute(interval, "closure");
		closure = crm_pmml_choice(interval, "closure", closures, lengthof(closures), 0);
		low_open = closure == 0 || closure == 1;
		high_open = closure == 1 || closure == 2;
		if (field->kind == KIND_TEXT || field->kind == KIND_BOOLEAN)
			xml_malformed(interval, NULL, "a field of dataType %s has no intervals",
			              crm_xml_attribute(field->node, "dataType"));
		if (left == NULL && right == NULL)
			xml_malformed(interval, NULL, "an interval has a leftMargin, a rightMargin or both");
		out = crm_pmml_test_item(test);
		if (left && right)
			crm_pmml_interval(out, field, left, low_open, right, high_open, interval);
		else
		{
			appendStringInfoString(out,
			                       left ? (low_open ? "> " : ">= ") : (high_open ? "< " : "<= "));
			crm_pmml_literal(out, field, left ? left : right, interval);
		}
		n++;
	}
	return n;
}

/* The test of the values that the DataField declares valid; false where it declares none. */
static bool
valid_test(PmmlTest *test, PmmlField *field)
{
	PmmlTest invalid;
	int nvalid, ninvalid;

	crm_pmml_test_init(&invalid, field);
	ninvalid = add_values(&invalid, "invalid");
	crm_pmml_test_init(test, field);
	nvalid = add_values(test, "valid") + add_intervals(test);
	if (nvalid > 0 && ninvalid > 0 && crm_xml_child(field->node, "Interval"))
		xml_unsupported(field->node, "Cut the invalid values out of the intervals.",
		                "a field with both intervals and invalid values is not supported");
	if (nvalid == 0 && ninvalid > 0)
	{
		*test = invalid;
		test->negated = true;
	}
	return nvalid > 0 || ninvalid > 0;
}

static void
write_key(StringInfo out, const char *key, int *n)
{
	appendStringInfo(out, "%s\"%s\":", (*n)++ > 0 ? "," : "", key);
}

/* Write what takes the place of values: {"value": ...}. */
static void
write_replacement(StringInfo out, PmmlField *field, const char *text, const XmlNode *node)
{
	PmmlTest value;

	crm_pmml_test_init(&value, field);
	crm_pmml_test_value(&value, text, node);
	appendStringInfoString(out, "{\"value\":");
	crm_pmml_write_test(out, &value);
	appendStringInfoChar(out, '}');
}

/* How one field enters; nothing where its values enter as they are. */
static void
write_input(StringInfo out, PmmlField *field, bool first)
{
	static const char *const outliers[] = {"asIs", "asMissingValues", "asExtremeValues"};
	static const char *const missing_treatments[] = {"asIs",     "asMean",  "asMode",
	                                                 "asMedian", "asValue", "returnInvalid"};
	static const char *const invalid_treatments[] = {"returnInvalid", "asIs", "asMissing",
	                                                 "asValue"};
	const XmlNode *mining = field->mining;
	const char *replacement = crm_xml_attribute(mining, "missingValueReplacement");
	int missing = crm_pmml_choice(mining, "missingValueTreatment", missing_treatments,
	                              lengthof(missing_treatments), 0);
	int invalid = crm_pmml_choice(mining, "invalidValueTreatment", invalid_treatments,
	                              lengthof(invalid_treatments), 0);
	StringInfoData body;
	PmmlTest test;
	int n = 0;

	if (crm_pmml_choice(mining, "outliers", outliers, lengthof(outliers), 0) != 0)
		xml_unsupported(mining, NULL, "outliers=\"%s\" is not supported",
		                crm_xml_attribute(mining, "outliers"));
	if (missing == 5 && replacement)
		xml_malformed(mining, NULL,
		              "missingValueReplacement and missingValueTreatment=\"returnInvalid\" exclude "
		              "each other");
	initStringInfo(&body);
	crm_pmml_test_init(&test, field);
	if (add_values(&test, "missing") > 0)
	{
		write_key(&body, "missing_if", &n);
		crm_pmml_write_test(&body, &test);
	}
	if (invalid != 1 && valid_test(&test, field))
	{
		write_key(&body, "valid", &n);
		crm_pmml_write_test(&body, &test);
		write_key(&body, "invalid", &n);
		if (invalid == 0)
			appendStringInfoString(&body, "\"null\"");
		else if (invalid == 2)
			appendStringInfoString(&body, "\"missing\"");
		else
			write_replacement(&body, field,
			                  crm_xml_require_attribute(mining, "invalidValueReplacement"), mining);
	}
	if (replacement || missing == 5)
	{
		write_key(&body, "missing", &n);
		if (replacement)
			write_replacement(&body, field, replacement, mining);
		else
			appendStringInfoString(&body, "\"null\"");
	}
	if (n == 0)
		return;
	if (!first)
		appendStringInfoChar(out, ',');
	escape_json(out, field->name);
	appendStringInfo(out, ":{%s}", body.data);
}

/*
 * Write how the fields enter, an object by field: "valid", "missing" and so on.  Fields that neither a predicate nor points read do not
 * matter: their columns need not be there.
 */
void
crm_pmml_write_inputs(StringInfo out, const PmmlModel *model)
{
	int start = out->len;

	for (int i = 0; i < model->nfields; i++)
		if (model->fields[i].used)
			write_input(out, &model->fields[i], out->len == start);
}
