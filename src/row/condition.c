/*
 * condition.c
 *		Conditions over the attributes of rows.
 *
 * An object's members are joined by AND: {"age": "< 35", "trades_90_days": ">= 5"}.  {"all": [...]}, {"any": [...]},
 * {"at_least": {"n": 2, "of": [...]}}, {"not": {...}}, {"xor": [...]} and {"surrogate": [...]} combine conditions; true and false
 * are conditions too.  The logic is three-valued: false AND unknown is false, true OR unknown is true; a condition is unknown only if the
 * unknown value matters.  xor and surrogate are those of PMML 4.4 (TreeModel, CompoundPredicate): an odd number holds, unknown if one is;
 * the first that is not unknown.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "row/condition.h"
#include "value/day.h"

static Condition *
make_condition(ConditionType type, int nof)
{
	Condition *condition = palloc0(sizeof(Condition));

	condition->type = type;
	condition->of = palloc(sizeof(Condition *) * Max(nof, 1));
	return condition;
}

/* A list of conditions; n is how many must hold of CONDITION_AT_LEAST. */
static Condition *
parse_list(DocumentNode *list, ConditionType type, int n, AttributeList *attributes,
           bool with_comparisons)
{
	Condition *condition;

	crm_document_expect(list, DOCUMENT_ARRAY);
	if (list->nitems == 0)
		document_malformed(list, NULL, "the list is empty");
	condition = make_condition(type, list->nitems);
	condition->n = n;
	for (int i = 0; i < list->nitems; i++)
		condition->of[condition->nof++] =
		    crm_condition_parse(list->items[i], attributes, with_comparisons);
	return condition;
}

static Condition *
parse_member(DocumentNode *member, AttributeList *attributes, bool with_comparisons)
{
	Condition *condition;
	Comparison *comparison;

	if (strcmp(member->key, "all") == 0)
		return parse_list(member, CONDITION_ALL, 0, attributes, with_comparisons);
	if (strcmp(member->key, "any") == 0)
		return parse_list(member, CONDITION_AT_LEAST, 1, attributes, with_comparisons);
	if (strcmp(member->key, "xor") == 0)
		return parse_list(member, CONDITION_XOR, 0, attributes, with_comparisons);
	if (strcmp(member->key, "surrogate") == 0)
		return parse_list(member, CONDITION_SURROGATE, 0, attributes, with_comparisons);
	if (strcmp(member->key, "not") == 0)
	{
		condition = make_condition(CONDITION_NOT, 1);
		condition->of[condition->nof++] = crm_condition_parse(member, attributes, with_comparisons);
		return condition;
	}
	if (with_comparisons)
	{
		DocumentNode alone = *member->parent;

		alone.items = &member;
		alone.nitems = 1;
		comparison = crm_comparison_parse(&alone, attributes);
		if (comparison)
		{
			condition = make_condition(CONDITION_RELATION, 0);
			condition->comparison = comparison;
			return condition;
		}
	}
	if (strcmp(member->key, "at_least") == 0)
	{
		static const char *const keys[] = {"n", "of"};
		DocumentNode *of;

		crm_document_keys(member, keys, lengthof(keys));
		of = crm_document_require(member, "of");
		crm_document_expect(of, DOCUMENT_ARRAY);
		return parse_list(
		    of, CONDITION_AT_LEAST,
		    crm_document_integer(crm_document_require(member, "n"), 1, Max(of->nitems, 1)),
		    attributes, with_comparisons);
	}
	condition = make_condition(CONDITION_TEST, 0);
	condition->test = crm_unary_test_parse(member, with_comparisons);
	condition->attribute =
	    crm_attribute_named(attributes, member->key, condition->test->kind, member);
	condition->input = attributes->items[condition->attribute].input;
	return condition;
}

/* Read a condition over several attributes.  Comparisons and as_of are for policies that have sides. */
Condition *
crm_condition_parse(DocumentNode *node, AttributeList *attributes, bool with_comparisons)
{
	Condition *condition;

	if (node->type == DOCUMENT_BOOLEAN)
	{
		condition = make_condition(CONDITION_CONSTANT, 0);
		condition->constant = node->boolean ? TRUTH_TRUE : TRUTH_FALSE;
		return condition;
	}
	if (node->type != DOCUMENT_OBJECT)
		document_malformed(
		    node, "Write {\"attribute\": test, ...}, {\"all\": [...]} or {\"any\": [...]}.",
		    "a condition over attributes must be an object");
	if (node->nitems == 0)
		document_malformed(node, NULL, "the condition is empty");
	crm_document_sort(node);
	if (node->nitems == 1)
		return parse_member(node->items[0], attributes, with_comparisons);
	condition = make_condition(CONDITION_ALL, node->nitems);
	for (int i = 0; i < node->nitems; i++)
		condition->of[condition->nof++] =
		    parse_member(node->items[i], attributes, with_comparisons);
	return condition;
}

/* A test of an attribute whose values may be replaced before they are tested. */
static Truth
eval_input_test(const Condition *condition, const Row *row)
{
	int attribute = condition->attribute;
	const Literal *replacement;

	switch (crm_input_apply(condition->input, row->types[attribute], row->values[attribute],
	                        row->nulls[attribute], &replacement))
	{
		case INPUT_KEPT:
			return crm_unary_test_eval(condition->test, row->types[attribute],
			                           row->values[attribute], false, row->as_of);
		case INPUT_REPLACED:
			return crm_unary_test_literal(condition->test, replacement);
		default:
			return crm_unary_test_eval(condition->test, row->types[attribute], (Datum) 0, true,
			                           row->as_of);
	}
}

Truth
crm_condition_eval(const Condition *condition, const Row *row)
{
	switch (condition->type)
	{
		case CONDITION_TEST:
			if (unlikely(condition->input != NULL))
				return eval_input_test(condition, row);
			return crm_unary_test_eval(condition->test, row->types[condition->attribute],
			                           row->values[condition->attribute],
			                           row->nulls[condition->attribute], row->as_of);
		case CONDITION_CONSTANT:
			return condition->constant;
		case CONDITION_RELATION:
			return crm_comparison_eval(condition->comparison, row);
		case CONDITION_NOT:
		{
			Truth truth = crm_condition_eval(condition->of[0], row);

			return truth == TRUTH_UNKNOWN ? truth : truth == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE;
		}
		case CONDITION_ALL:
		{
			Truth result = TRUTH_TRUE;

			for (int i = 0; i < condition->nof; i++)
			{
				Truth truth = crm_condition_eval(condition->of[i], row);

				if (truth == TRUTH_FALSE)
					return TRUTH_FALSE;
				if (truth == TRUTH_UNKNOWN)
					result = TRUTH_UNKNOWN;
			}
			return result;
		}
		case CONDITION_AT_LEAST:
		{
			int holds = 0, may_hold = 0;

			for (int i = 0; i < condition->nof; i++)
			{
				Truth truth = crm_condition_eval(condition->of[i], row);

				holds += truth == TRUTH_TRUE;
				may_hold += truth != TRUTH_FALSE;
				if (holds >= condition->n)
					return TRUTH_TRUE;
			}
			return may_hold >= condition->n ? TRUTH_UNKNOWN : TRUTH_FALSE;
		}
		case CONDITION_XOR:
		{
			bool odd = false;

			for (int i = 0; i < condition->nof; i++)
			{
				Truth truth = crm_condition_eval(condition->of[i], row);

				if (truth == TRUTH_UNKNOWN)
					return TRUTH_UNKNOWN;
				odd ^= truth == TRUTH_TRUE;
			}
			return odd ? TRUTH_TRUE : TRUTH_FALSE;
		}
		case CONDITION_SURROGATE:
			for (int i = 0; i < condition->nof; i++)
			{
				Truth truth = crm_condition_eval(condition->of[i], row);

				if (truth != TRUTH_UNKNOWN)
					return truth;
			}
			return TRUTH_UNKNOWN;
	}
	return TRUTH_UNKNOWN;
}

/* Whether a condition is false whatever the values of other sides than the known ones are. */
bool
crm_condition_is_false(const Condition *condition, const Row *row, const AttributeList *attributes,
                       uint32 known_sides)
{
	int may_hold = 0;

	switch (condition->type)
	{
		case CONDITION_TEST:
			return (known_sides & (1u << attributes->items[condition->attribute].side)) != 0 &&
			       crm_condition_eval(condition, row) == TRUTH_FALSE;
		case CONDITION_NOT:
			return condition->of[0]->type == CONDITION_TEST &&
			       (known_sides & (1u << attributes->items[condition->of[0]->attribute].side)) !=
			           0 &&
			       crm_condition_eval(condition, row) == TRUTH_FALSE;
		case CONDITION_CONSTANT:
			return condition->constant == TRUTH_FALSE;
		case CONDITION_RELATION:
		case CONDITION_XOR:
		case CONDITION_SURROGATE:
			return false;
		case CONDITION_ALL:
			for (int i = 0; i < condition->nof; i++)
				if (crm_condition_is_false(condition->of[i], row, attributes, known_sides))
					return true;
			return false;
		case CONDITION_AT_LEAST:
			for (int i = 0; i < condition->nof; i++)
				may_hold += !crm_condition_is_false(condition->of[i], row, attributes, known_sides);
			return may_hold < condition->n;
	}
	return false;
}

/* ---- explaining ---- */

static void
explain_test(const Condition *condition, const Row *row, const AttributeList *attributes,
             Finding *finding)
{
	const UnaryTest *test = condition->test;
	int attribute = condition->attribute;
	char *label = crm_attribute_label(attributes, attribute);
	char *value;

	if (crm_condition_eval(condition, row) == TRUTH_TRUE)
	{
		/* a day that must not be before the as-of day is good until it comes */
		if (test->reads_as_of && !test->negated && test->nranges == 1 &&
		    test->ranges[0].low.is_as_of && !test->ranges[0].has_high &&
		    row->types[attribute] == COLUMN_DATE && !row->nulls[attribute] &&
		    !DATE_NOT_FINITE(DatumGetDateADT(row->values[attribute])))
		{
			finding->lapses = true;
			finding->valid_until =
			    DatumGetDateADT(row->values[attribute]) - test->ranges[0].low_open;
		}
		return;
	}
	if (finding->text.len > 0)
		appendStringInfoString(&finding->text, "; ");
	if (row->nulls[attribute])
	{
		appendStringInfo(&finding->text, "%s is not known", label);
		return;
	}
	value = crm_value_text(row->types[attribute], row->values[attribute]);
	appendStringInfo(&finding->text, "%s %s, needs %s", label, value && *value ? value : "none",
	                 test->needs);
}

/*
 * Say what of a condition does not hold.  Days combine as the logic does: all of several conditions hold when the last
 * is resolved and until the first lapses.
 */
void
crm_condition_explain(const Condition *condition, const Row *row, const AttributeList *attributes,
                      Finding *finding)
{
	bool all = condition->type == CONDITION_ALL;
	bool every_failure_resolves = true, some_failure_resolves = false, some_holds_for_ever = false;
	int needed = all ? condition->nof : condition->n;
	DateADT resolves_on = 0;

	check_stack_depth();
	switch (condition->type)
	{
		case CONDITION_TEST:
			explain_test(condition, row, attributes, finding);
			return;
		case CONDITION_RELATION:
			crm_comparison_explain(condition->comparison, row, attributes, finding);
			return;
		case CONDITION_NOT:
			if (crm_condition_eval(condition, row) != TRUTH_TRUE)
				appendStringInfo(&finding->text, "%san excluded condition holds",
				                 finding->text.len > 0 ? "; " : "");
			return;
		case CONDITION_XOR:
			if (crm_condition_eval(condition, row) != TRUTH_TRUE)
				appendStringInfo(&finding->text, "%sof alternatives, no odd number holds",
				                 finding->text.len > 0 ? "; " : "");
			return;
		case CONDITION_CONSTANT:
			if (condition->constant != TRUTH_TRUE)
				appendStringInfo(&finding->text, "%sit never holds",
				                 finding->text.len > 0 ? "; " : "");
			return;
		case CONDITION_SURROGATE:
		{
			/* the one that decides; where none is known, the first is what is missing */
			int decides = 0;

			for (int i = condition->nof - 1; i >= 0; i--)
				if (crm_condition_eval(condition->of[i], row) != TRUTH_UNKNOWN)
					decides = i;
			crm_condition_explain(condition->of[decides], row, attributes, finding);
			return;
		}
		default:
			break;
	}

	for (int i = 0; i < condition->nof; i++)
	{
		Finding part = {0};
		bool holds = crm_condition_eval(condition->of[i], row) == TRUTH_TRUE;

		initStringInfo(&part.text);
		crm_condition_explain(condition->of[i], row, attributes, &part);
		if (holds)
		{
			if (!part.lapses)
				some_holds_for_ever = true;
			else if (!finding->lapses || (all ? part.valid_until < finding->valid_until
			                                  : part.valid_until > finding->valid_until))
			{
				finding->lapses = true;
				finding->valid_until = part.valid_until;
			}
			continue;
		}
		appendStringInfo(&finding->text, "%s%s",
		                 finding->text.len > 0 && part.text.len > 0 ? "; " : "", part.text.data);
		finding->nshortfalls += part.nshortfalls;
		if (part.nshortfalls > 0)
			finding->shortfall = part.shortfall;
		if (!part.resolves)
			every_failure_resolves = false;
		else if (!some_failure_resolves ||
		         (all ? part.resolves_on > resolves_on : part.resolves_on < resolves_on))
			resolves_on = part.resolves_on;
		some_failure_resolves |= part.resolves;
	}
	if (all ? some_failure_resolves && every_failure_resolves
	        : some_failure_resolves && needed == 1)
	{
		finding->resolves = true;
		finding->resolves_on = resolves_on;
	}
	/* what lapses before the rest is resolved has to be renewed: time alone does not resolve it */
	if (finding->resolves && finding->lapses && finding->valid_until < finding->resolves_on)
		finding->resolves = false;
	if (!all && (some_holds_for_ever || needed > 1))
		finding->lapses = false;
}

/* Say what the values are that a condition tests: "client age 72, product risk level R5". */
void
crm_condition_describe(const Condition *condition, const Row *row, const AttributeList *attributes,
                       StringInfo out)
{
	int attribute = condition->attribute;
	char *value;

	for (int i = 0; i < condition->nof; i++)
		crm_condition_describe(condition->of[i], row, attributes, out);
	if (condition->type != CONDITION_TEST || row->nulls[attribute])
		return;
	value = crm_value_text(row->types[attribute], row->values[attribute]);
	appendStringInfo(out, "%s%s %s", out->len > 0 ? ", " : "",
	                 crm_attribute_label(attributes, attribute), value && *value ? value : "none");
}

/* The first attribute of a side that a condition reads, or -1: what a reader wants to see beside its outcome. */
int
crm_condition_first(const Condition *condition, const AttributeList *attributes, int side)
{
	int found = -1;

	switch (condition->type)
	{
		case CONDITION_TEST:
			return attributes->items[condition->attribute].side == side ? condition->attribute : -1;
		case CONDITION_RELATION:
			if (attributes->items[condition->comparison->left].side == side)
				return condition->comparison->left;
			if (condition->comparison->right >= 0 &&
			    attributes->items[condition->comparison->right].side == side)
				return condition->comparison->right;
			return -1;
		default:
			for (int i = 0; i < condition->nof && found < 0; i++)
				found = crm_condition_first(condition->of[i], attributes, side);
			return found;
	}
}
