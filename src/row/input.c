/*
 * input.c
 *		How the values of attributes enter a policy.
 *
 * {"age": {"missing_if": [-1], "valid": "[0..120]", "invalid": "missing", "missing": {"value": 40}}}: values that stand for NULL
 * come first, then those that are not valid, then what takes the place of NULL.  Semantics are those of PMML 4.4 (MiningSchema): what is
 * invalid and counts as missing is replaced as what is missing.
 */
#include "postgres.h"

#include "row/input.h"

/* A test of single values. */
static UnaryTest *
read_test(const DocumentNode *node, int attribute, AttributeList *attributes)
{
	UnaryTest *test = crm_unary_test_parse(node, false);

	if (test->list != LIST_NONE)
		document_malformed(node, NULL, "a test of a list cannot say how values enter");
	if (test->anything || test->matches_null)
		document_malformed(node, NULL, "must be a test of values that are not NULL");
	crm_attribute_use(attributes, 0, attributes->items[attribute].name, test->kind, node);
	return test;
}

/* {"value": x}: one value, written as in a test. */
static void
read_value(DocumentNode *node, Literal *value, int attribute, AttributeList *attributes)
{
	static const char *const keys[] = {"value"};
	DocumentNode *member;
	UnaryTest *test;

	crm_document_keys(node, keys, lengthof(keys));
	member = crm_document_require(node, "value");
	test = read_test(member, attribute, attributes);
	if (test->negated || test->nranges != 1 || !test->ranges[0].has_low ||
	    !test->ranges[0].has_high ||
	    crm_literal_compare(&test->ranges[0].low, &test->ranges[0].high) != 0)
		document_malformed(member, "Write 5, true, [\"branch\"] or \"2026-01-31\".",
		                   "must be one value");
	*value = test->ranges[0].low;
}

/* What becomes of values: one of two words, or {"value": x}. */
static InputResult
read_result(DocumentNode *node, bool may_be_missing, Literal *value, int attribute,
            AttributeList *attributes)
{
	static const char *const choices[] = {"null", "missing"};

	if (node->type == DOCUMENT_OBJECT)
	{
		read_value(node, value, attribute, attributes);
		return INPUT_REPLACED;
	}
	if (node->type != DOCUMENT_STRING)
		document_malformed(node, NULL, "must be %s\"null\" or {\"value\": ...}",
		                   may_be_missing ? "\"missing\", " : "");
	return crm_document_choice(node, choices, may_be_missing ? 2 : 1) == 0 ? INPUT_REFUSED
	                                                                       : INPUT_MISSING;
}

/* Read the object of inputs, by attribute, before anything else that uses attributes. */
void
crm_inputs_parse(DocumentNode *node, AttributeList *attributes)
{
	static const char *const keys[] = {"missing_if", "valid", "invalid", "missing"};

	crm_document_sort(node);
	attributes->using = "inputs";
	for (int i = 0; i < node->nitems; i++)
	{
		DocumentNode *item = node->items[i];
		Input *input = palloc0(sizeof(Input));
		DocumentNode *member;

		crm_document_keys(item, keys, lengthof(keys));
		if (item->nitems == 0)
			document_malformed(item, NULL, "nothing is said of the attribute");
		input->attribute = crm_attribute_use(attributes, 0, item->key, KIND_ANY, item);
		input->invalid = input->missing = INPUT_MISSING;
		if ((member = crm_document_get(item, "missing_if")))
			input->missing_if = read_test(member, input->attribute, attributes);
		if ((member = crm_document_get(item, "valid")))
		{
			input->valid = read_test(member, input->attribute, attributes);
			crm_document_require(item, "invalid");
		}
		if ((member = crm_document_get(item, "invalid")))
		{
			if (input->valid == NULL)
				document_malformed(member, "Add \"valid\": a test.",
				                   "it is not said which values are valid");
			input->invalid =
			    read_result(member, true, &input->invalid_value, input->attribute, attributes);
		}
		if ((member = crm_document_get(item, "missing")))
			input->missing =
			    read_result(member, false, &input->missing_value, input->attribute, attributes);
		attributes->items[input->attribute].input = input;
	}
}

/* What becomes of a value; the replacement is set where there is one. */
InputResult
crm_input_apply(const Input *input, ColumnType type, Datum value, bool isnull,
                const Literal **replacement)
{
	if (!crm_is_missing(type, value, isnull))
	{
		Truth missing = input->missing_if
		                    ? crm_unary_test_eval(input->missing_if, type, value, false, 0)
		                    : TRUTH_FALSE;
		Truth valid =
		    input->valid ? crm_unary_test_eval(input->valid, type, value, false, 0) : TRUTH_TRUE;

		if (missing == TRUTH_FALSE && valid == TRUTH_TRUE)
			return INPUT_KEPT;
		if (missing == TRUTH_FALSE && input->invalid != INPUT_MISSING)
		{
			*replacement = &input->invalid_value;
			return input->invalid;
		}
	}
	*replacement = &input->missing_value;
	return input->missing;
}

/* Whether some value has no result. */
bool
crm_input_may_refuse(const Input *input)
{
	return input->invalid == INPUT_REFUSED || input->missing == INPUT_REFUSED;
}
