/*
 * pmml.c
 *		Scorecards from PMML.
 *
 * A Scorecard of PMML 4.0 to 4.4 (dmg.org) is translated to the document of a scorecard, which says the same, and that document is read
 * as any other.  What would change a score and is not known here is refused.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "policy/pmml.h"
#include "policy/scorecard.h"

/* The attribute of an element if it says something, or NULL. */
static const char *
attribute_or_null(const XmlNode *node, const char *name)
{
	const char *value = crm_xml_attribute(node, name);

	return value && *value ? value : NULL;
}

static void
write_text(StringInfo out, const char *key, const char *text)
{
	if (text == NULL)
		return;
	appendStringInfo(out, ",\"%s\":", key);
	escape_json(out, text);
}

static void
write_number(StringInfo out, const char *key, const XmlNode *node, const char *attribute)
{
	const char *text = crm_xml_attribute(node, attribute);

	if (text)
		appendStringInfo(out, ",\"%s\":%s", key, crm_pmml_number(text, node));
}

/* ---- the grammar ---- */

/* What may stand in the elements that decide, beside an Extension; "*" where their readers say it. */
static const struct
{
	const char *name;
	const char *attributes;
	const char *children;
} grammar[] = {
    {"Scorecard",
     "modelName functionName algorithmName initialScore useReasonCodes reasonCodeAlgorithm "
     "baselineScore baselineMethod isScorable",
     "*"},
    {"MiningSchema", "", "MiningField"},
    {"MiningField",
     "name usageType optype importance outliers lowValue highValue missingValueReplacement "
     "missingValueTreatment invalidValueTreatment invalidValueReplacement",
     ""},
    {"DataField", "name displayName optype dataType taxonomy isCyclic", "Interval Value"},
    {"Value", "value displayValue property", ""},
    {"Interval", "closure leftMargin rightMargin", ""},
    {"DerivedField", "name displayName optype dataType", "*"},
    {"DefineFunction", "name optype dataType", "*"},
    {"ParameterField", "name displayName optype dataType", ""},
    {"Characteristics", "", "Characteristic"},
    {"Characteristic", "name reasonCode baselineScore", "Attribute"},
    {"Attribute", "reasonCode partialScore", "*"},
    {"ComplexPartialScore", "", "*"},
    {"SimplePredicate", "field operator value", ""},
    {"SimpleSetPredicate", "field booleanOperator", "Array"},
    {"CompoundPredicate", "booleanOperator", "*"},
    {"True", "", ""},
    {"False", "", ""},
    {"Array", "n type", ""},
    {"FieldRef", "field mapMissingTo", ""},
    {"Constant", "dataType missing", ""},
    {"Apply", "function mapMissingTo defaultValue invalidValueTreatment", "*"}};

/* Refuse what the grammar does not have in an element that it knows. */
void
crm_pmml_check(const XmlNode *node)
{
	int i = 0;

	while (i < lengthof(grammar) && !crm_xml_is(node, grammar[i].name))
		i++;
	if (i == lengthof(grammar))
		return;
	crm_xml_expect_attributes(node, grammar[i].attributes);
	if (strcmp(grammar[i].children, "*") != 0)
		crm_xml_expect_children(
		    node, psprintf("%s%sExtension", grammar[i].children, *grammar[i].children ? " " : ""));
	if (strcmp(node->name, "Array") != 0 && strcmp(node->name, "Constant") != 0)
		crm_xml_expect_no_text(node, NULL);
}

/* The same of everything in it, but for extensions and expressions, which are looked at where they are read. */
static void
check_all(const XmlNode *node)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	crm_pmml_check(node);
	xml_foreach_child(child, node)
	{
		if (!crm_xml_is(child, "Extension") && !crm_xml_is(node, "ComplexPartialScore"))
			check_all(child);
	}
}

/* ---- the model ---- */

/* Insist on a PMML document of a version that has scorecards. */
static void
check_root(const XmlNode *root)
{
	static const char prefix[] = "http://www.dmg.org/PMML-4_";
	const char *version = root->namespace + lengthof(prefix) - 1;

	if (strcmp(root->name, "PMML") != 0)
		xml_malformed(root, NULL, "the root is not the element PMML");
	if (strncmp(root->namespace, prefix, lengthof(prefix) - 1) != 0 || *version < '0' ||
	    *version > '4' || version[1] != '\0')
		xml_malformed(root,
		              "Supported: http://www.dmg.org/PMML-4_0 to http://www.dmg.org/PMML-4_4.",
		              "the namespace \"%.*s\" is not supported",
		              pg_mbcliplen(root->namespace, strlen(root->namespace), 80), root->namespace);
}

static bool
is_model(const XmlNode *node)
{
	static const char *const others[] = {"Header", "MiningBuildTask", "DataDictionary",
	                                     "TransformationDictionary", "Extension"};

	for (int i = 0; i < lengthof(others); i++)
		if (crm_xml_is(node, others[i]))
			return false;
	return true;
}

static char *
list_scorecards(const XmlNode *root)
{
	StringInfoData out;

	initStringInfo(&out);
	for (const XmlNode *node = crm_xml_child(root, "Scorecard"); node;
	     node = crm_xml_next(node, "Scorecard"))
	{
		const char *name = crm_xml_attribute(node, "modelName");

		appendStringInfo(&out, "%s\"%s\"", out.len > 0 ? ", " : "", name ? name : "");
	}
	return out.len > 0 ? psprintf("The file has the scorecards %s.", out.data)
	                   : "The file has no scorecard.";
}

/* The scorecard of a name, or the only one. */
static const XmlNode *
find_scorecard(const XmlNode *root, const char *name)
{
	const XmlNode *found = NULL;

	xml_foreach_child(node, root)
	{
		const char *model_name = crm_xml_attribute(node, "modelName");

		if (!is_model(node))
			continue;
		if (name ? model_name == NULL || strcmp(model_name, name) != 0
		         : !crm_xml_is(node, "Scorecard"))
			continue;
		if (found)
			xml_malformed(root, list_scorecards(root),
			              name ? "two models have the name that is asked for"
			                   : "several scorecards, and none is named");
		found = node;
	}
	if (found == NULL)
		xml_malformed(root, list_scorecards(root), "%s%s%s",
		              name ? "no model has the name \"" : "no scorecard",
		              name ? pnstrdup(name, pg_mbcliplen(name, strlen(name), 60)) : "",
		              name ? "\"" : "");
	if (!crm_xml_is(found, "Scorecard"))
		xml_unsupported(found, list_scorecards(root), "the model is a %s, not a Scorecard",
		                found->name);
	return found;
}

/* Refuse what would change the score after the points are added up. */
static void
check_targets(const XmlNode *targets)
{
	static const struct
	{
		const char *name;
		const char *neutral;
	} attributes[] = {{"rescaleConstant", "0"},
	                  {"rescaleFactor", "1"},
	                  {"castInteger", NULL},
	                  {"min", NULL},
	                  {"max", NULL}};

	for (const XmlNode *target = crm_xml_child(targets, "Target"); target;
	     target = crm_xml_next(target, "Target"))
	{
		for (int i = 0; i < lengthof(attributes); i++)
		{
			const char *text = crm_xml_attribute(target, attributes[i].name);

			if (text && (attributes[i].neutral == NULL ||
			             strcmp(crm_pmml_number(text, target), attributes[i].neutral) != 0))
				xml_unsupported(target, NULL, "%s=\"%.20s\" is not supported", attributes[i].name,
				                text);
		}
		for (const XmlNode *value = crm_xml_child(target, "TargetValue"); value;
		     value = crm_xml_next(value, "TargetValue"))
			if (crm_xml_attribute(value, "defaultValue"))
				xml_unsupported(value, NULL, "a defaultValue of the score is not supported");
	}
}

/* Refuse what is not a scorecard that scores. */
static void
check_scorecard(const XmlNode *node)
{
	static const char *const known[] = {"Extension",
	                                    "MiningSchema",
	                                    "Output",
	                                    "ModelStats",
	                                    "ModelExplanation",
	                                    "Targets",
	                                    "LocalTransformations",
	                                    "Characteristics",
	                                    "ModelVerification"};
	const char *function = crm_xml_attribute(node, "functionName");

	crm_pmml_check(node);
	if (!crm_pmml_boolean(node, "isScorable", true))
		xml_unsupported(node, NULL, "the model says that it is not to be scored");
	if (function && strcmp(function, "regression") != 0)
		xml_unsupported(node, NULL, "functionName \"%.*s\" is not supported",
		                pg_mbcliplen(function, strlen(function), 60), function);
	xml_foreach_child(child, node)
	{
		int i = 0;

		while (i < lengthof(known) && !crm_xml_is(child, known[i]))
			i++;
		if (i == lengthof(known))
			xml_unsupported(child, NULL, "element %s is not supported here", child->name);
		if (crm_xml_is(child, "Targets"))
			check_targets(child);
	}
}

/* ---- characteristics ---- */

/* The tests of the attributes, if each asks the same field, or NULL. */
static PmmlTest *
tests_of_one_field(PmmlModel *model, const XmlNode *characteristic, PmmlField **field)
{
	PmmlTest *tests;
	int n = 0;

	for (const XmlNode *node = crm_xml_child(characteristic, "Attribute"); node;
	     node = crm_xml_next(node, "Attribute"))
		n++;
	tests = palloc(sizeof(PmmlTest) * Max(n, 1));
	*field = NULL;
	n = 0;
	for (const XmlNode *node = crm_xml_child(characteristic, "Attribute"); node;
	     node = crm_xml_next(node, "Attribute"))
	{
		CHECK_FOR_INTERRUPTS();
		if (!crm_pmml_test(model, crm_pmml_predicate_of(node), &tests[n]))
			return NULL;
		if (tests[n].field)
		{
			if (*field && *field != tests[n].field)
				return NULL;
			*field = tests[n].field;
		}
		n++;
	}
	return *field ? tests : NULL;
}

/* The points of an attribute: of ComplexPartialScore where there are both. */
static void
write_points(StringInfo out, PmmlModel *model, const XmlNode *attribute)
{
	const XmlNode *complex = crm_xml_optional_child(attribute, "ComplexPartialScore");
	const char *partial = crm_xml_attribute(attribute, "partialScore");

	if (partial)
		partial = crm_pmml_number(partial, attribute);
	if (complex)
		crm_pmml_write_expression(
		    out, crm_pmml_expression(model, crm_pmml_only_child(complex, "expression")), attribute);
	else if (partial)
		appendStringInfoString(out, partial);
	else
		xml_malformed(attribute, "Add partialScore or a ComplexPartialScore.",
		              "the partial score is missing");
}

static void
write_bins(StringInfo out, PmmlModel *model, const XmlNode *characteristic, const PmmlTest *tests,
           bool with_reasons)
{
	int n = 0;

	xml_foreach_child(node, characteristic)
	{
		const XmlNode *predicate;

		if (crm_xml_is(node, "Extension"))
			continue;
		CHECK_FOR_INTERRUPTS();
		appendStringInfoString(out, n > 0 ? ",{\"when\":" : "{\"when\":");
		predicate = crm_pmml_predicate_of(node);
		if (tests)
			crm_pmml_write_test(out, &tests[n]);
		else if (crm_xml_is(predicate, "True"))
			appendStringInfoString(out, "\"-\"");
		else
			crm_pmml_write_condition(out, model, predicate);
		appendStringInfoString(out, ",\"points\":");
		write_points(out, model, node);
		if (with_reasons)
			write_text(out, "reason_code", attribute_or_null(node, "reasonCode"));
		appendStringInfoChar(out, '}');
		n++;
	}
	if (n == 0)
		xml_malformed(characteristic, NULL, "a Characteristic without an Attribute");
}

/* Reasons need a baseline: PMML requires it where reason codes are used. */
static void
check_baseline(const PmmlModel *model, const XmlNode *node)
{
	bool has_code = attribute_or_null(node, "reasonCode") != NULL;

	for (const XmlNode *child = crm_xml_child(node, "Attribute"); child;
	     child = crm_xml_next(child, "Attribute"))
		has_code |= attribute_or_null(child, "reasonCode") != NULL;
	if (has_code && crm_xml_attribute(node, "baselineScore") == NULL &&
	    crm_xml_attribute(model->scorecard, "baselineScore") == NULL)
		xml_malformed(node, "Add baselineScore, or useReasonCodes=\"false\" to the Scorecard.",
		              "the baselineScore that its reason code is measured by is missing");
}

/* A characteristic without a name is called by its number. */
static const char *
name_of(const XmlNode *characteristic, int number)
{
	const char *name = attribute_or_null(characteristic, "name");

	return name ? name : psprintf("characteristic %d", number);
}

typedef struct NamedNode
{
	const char *name;
	const XmlNode *node;
} NamedNode;

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const NamedNode *) a)->name, ((const NamedNode *) b)->name);
}

/* Refuse two characteristics of one name. */
static void
check_names(const XmlNode *list)
{
	NamedNode *named;
	int n = 0;

	for (const XmlNode *node = crm_xml_child(list, "Characteristic"); node;
	     node = crm_xml_next(node, "Characteristic"))
		n++;
	named = palloc(sizeof(NamedNode) * Max(n, 1));
	n = 0;
	for (const XmlNode *node = crm_xml_child(list, "Characteristic"); node;
	     node = crm_xml_next(node, "Characteristic"), n++)
		named[n] = (NamedNode){name_of(node, n + 1), node};
	qsort(named, n, sizeof(NamedNode), compare_names);
	for (int i = 1; i < n; i++)
		if (compare_names(&named[i - 1], &named[i]) == 0)
			xml_malformed(named[i].node, NULL, "another Characteristic has this name");
}

static void
write_characteristic(StringInfo out, PmmlModel *model, const XmlNode *node, int number,
                     bool with_reasons)
{
	PmmlField *field;
	PmmlTest *tests;

	if (with_reasons)
		check_baseline(model, node);

	/* every element is looked at before the choice of the form */
	tests = tests_of_one_field(model, node, &field);
	appendStringInfoString(out, "{\"name\":");
	escape_json(out, name_of(node, number));
	if (tests)
		write_text(out, "attribute", field->name);
	write_number(out, "baseline_score", node, "baselineScore");
	if (with_reasons)
		write_text(out, "reason_code", attribute_or_null(node, "reasonCode"));
	appendStringInfoString(out, ",\"unmatched\":\"null\",\"hit_policy\":\"first\",\"bins\":[");
	write_bins(out, model, node, tests, with_reasons);
	appendStringInfoString(out, "]}");
}

/* The document that says what a scorecard of PMML says. */
static char *
write_document(PmmlModel *model)
{
	static const char *const algorithms[] = {"pointsBelow", "pointsAbove"};
	static const char *const methods[] = {"max", "min", "mean", "neutral", "other"};
	const XmlNode *card = model->scorecard;
	const XmlNode *list = crm_xml_require_child(card, "Characteristics");
	bool with_reasons = crm_pmml_boolean(card, "useReasonCodes", true);
	StringInfoData characteristics, inputs, out;
	int n = 0;

	check_all(list);
	check_names(list);
	initStringInfo(&characteristics);
	xml_foreach_child(node, list)
	{
		if (crm_xml_is(node, "Extension"))
			continue;
		if (n++ > 0)
			appendStringInfoChar(&characteristics, ',');
		write_characteristic(&characteristics, model, node, n, with_reasons);
	}
	if (n == 0)
		xml_malformed(list, NULL, "a Scorecard without a Characteristic");

	/* what is read is known now */
	initStringInfo(&inputs);
	crm_pmml_write_inputs(&inputs, model);

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"reason_code_algorithm\":");
	escape_json(
	    &out, crm_pmml_choice(card, "reasonCodeAlgorithm", algorithms, lengthof(algorithms), 0) == 0
	              ? "points_below"
	              : "points_above");
	crm_pmml_choice(card, "baselineMethod", methods, lengthof(methods), 4);
	write_text(&out, "name", attribute_or_null(card, "modelName"));
	write_number(&out, "initial_score", card, "initialScore");
	write_number(&out, "baseline_score", card, "baselineScore");
	if (inputs.len > 0)
		appendStringInfo(&out, ",\"inputs\":{%s}", inputs.data);
	appendStringInfo(&out, ",\"characteristics\":[%s]}", characteristics.data);
	return out.data;
}

/*
 * scorecard_from_pmml(model xml, model_name text) -> scorecard
 *
 * The Scorecard of a PMML 4.x file (dmg.org, "PMML 4.4 - Scorecard") as a scorecard; without a name the only one of the file.  Scores and reason
 * codes are those of the file.
 *
 * Errors: 22023 for what is not PMML or breaks its rules; 0A000 for what PMML can say and a scorecard cannot, with the path of the element; 22003 for
 * numbers out of range; 54000 for limits; those of crm_xml_parse().
 */
PG_FUNCTION_INFO_V1(crm_scorecard_from_pmml);
Datum
crm_scorecard_from_pmml(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext work;
	PmmlModel model = {0};
	const char *name = NULL;
	char *document;
	PolicyValue *value;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	work = AllocSetContextCreate(caller, "crm_ext PMML", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(work);
	if (!PG_ARGISNULL(1))
		name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	model.root = crm_xml_parse(PG_GETARG_DATUM(0), "PMML");
	check_root(model.root);
	model.scorecard = find_scorecard(model.root, name);
	check_scorecard(model.scorecard);
	crm_pmml_read_fields(&model);
	document = write_document(&model);
	MemoryContextSwitchTo(caller);
	value = crm_policy_make(&crm_scorecard_kind, document, strlen(document), NULL);
	MemoryContextDelete(work);
	PG_RETURN_POINTER(value);
}
