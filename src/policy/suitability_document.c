/*
 * suitability_document.c
 *		Reading suitability policies.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "policy/suitability_policy.h"

const char *const crm_outcome_names[NOUTCOMES] = {"suitable",     "notice",         "overridable",
                                                  "undetermined", "needs_approval", "prohibited"};

static const char *const side_names[NSIDES] = {"client", "product", "instruction"};

static void
read_consequence(DocumentNode *node, bool may_skip, Consequence *consequence)
{
	static const char *const reason_keys[] = {"outcome", "reason"};
	static const char *const initiative_keys[] = {"solicited", "unsolicited"};
	static const char *const names[] = {"suitable",     "notice",         "overridable",
	                                    "undetermined", "needs_approval", "prohibited",
	                                    "skip"};

	memset(consequence, 0, sizeof(Consequence));
	if (node->type == DOCUMENT_OBJECT && crm_document_get(node, "outcome"))
	{
		crm_document_keys(node, reason_keys, lengthof(reason_keys));
		if (crm_document_get(crm_document_get(node, "outcome"), "outcome"))
			document_malformed(crm_document_get(node, "outcome"), NULL,
			                   "an outcome within an outcome");
		read_consequence(crm_document_get(node, "outcome"), may_skip, consequence);
		consequence->reason = document_text_or(node, "reason", NULL);
	}
	else if (node->type == DOCUMENT_OBJECT)
	{
		crm_document_keys(node, initiative_keys, lengthof(initiative_keys));
		consequence->solicited = crm_document_choice(crm_document_require(node, "solicited"),
		                                             crm_outcome_names, NOUTCOMES);
		consequence->unsolicited = crm_document_choice(crm_document_require(node, "unsolicited"),
		                                               crm_outcome_names, NOUTCOMES);
	}
	else
	{
		int choice = crm_document_choice(node, names, may_skip ? NOUTCOMES + 1 : NOUTCOMES);

		consequence->skip = choice == NOUTCOMES;
		if (!consequence->skip)
			consequence->solicited = consequence->unsolicited = choice;
	}
}

static void
read_derived(SuitabilityPolicy *policy, DocumentNode *derive)
{
	static const char *const spans[] = {"years_since", "months_since", "days_since"};
	AttributeList *attributes = &policy->policy.attributes;

	crm_document_sort(derive);
	policy->derived = palloc(sizeof(Derived) * Max(derive->nitems, 1));
	for (int i = 0; i < derive->nitems; i++)
	{
		DocumentNode *node = derive->items[i];
		Derived *it = &policy->derived[policy->nderived++];
		DocumentNode *source;
		int known;

		crm_document_keys(node, spans, lengthof(spans));
		if (node->nitems != 1)
			document_malformed(node, NULL, "must be one of years_since, months_since, days_since");
		source = node->items[0];
		it->span = strcmp(source->key, "years_since") == 0    ? SPAN_YEARS
		           : strcmp(source->key, "months_since") == 0 ? SPAN_MONTHS
		                                                      : SPAN_DAYS;
		attributes->using = "derive";
		it->source = crm_attribute_named(attributes, crm_document_text(source), KIND_DATE, source);
		if (attributes->items[it->source].derived)
			document_malformed(source, NULL, "is derived itself");
		known = attributes->n;
		it->attribute = crm_attribute_named(attributes, node->key, KIND_NUMBER, node);
		if (it->attribute < known)
			document_malformed(node, NULL, "is an attribute of the row already");
		attributes->items[it->attribute].derived = true;
	}
}

/* The bit of an action, entered among the policy's actions at its first use. */
static uint64
action_bit(SuitabilityPolicy *policy, const char *name, const DocumentNode *node)
{
	int a = 0;

	while (a < policy->nactions && strcmp(policy->actions[a], name) != 0)
		a++;
	if (a == policy->nactions)
	{
		if (a == MAX_ACTIONS)
			crm_document_error(node, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL, "more than %d actions",
			                   MAX_ACTIONS);
		policy->actions[policy->nactions++] = name;
	}
	return UINT64CONST(1) << a;
}

static void
read_check(SuitabilityPolicy *policy, Check *it, DocumentNode *node)
{
	static const char *const keys[] = {"name",    "code",    "basis",     "reason", "actions",
	                                   "applies", "require", "otherwise", "missing"};
	static const char *const default_actions[] = {"recommend", "buy", "hold"};
	AttributeList *attributes = &policy->policy.attributes;
	DocumentNode *member;

	crm_document_keys(node, keys, lengthof(keys));
	it->name = crm_document_text(crm_document_require(node, "name"));
	it->code = document_text_or(node, "code", it->name);
	it->basis = document_text_or(node, "basis", NULL);
	it->reason = document_text_or(node, "reason", it->name);
	attributes->using = it->name;
	if ((member = crm_document_get(node, "actions")))
	{
		crm_document_expect(member, DOCUMENT_ARRAY);
		if (member->nitems == 0)
			document_malformed(member, NULL, "the list is empty");
		for (int i = 0; i < member->nitems; i++)
		{
			uint64 bit = action_bit(policy, crm_document_text(member->items[i]), member->items[i]);

			if (it->actions & bit)
				document_malformed(member->items[i], NULL, "is listed twice");
			it->actions |= bit;
		}
	}
	else
		for (int i = 0; i < lengthof(default_actions); i++)
			it->actions |= action_bit(policy, default_actions[i], node);
	if ((member = crm_document_get(node, "applies")))
		it->applies = crm_condition_parse(member, attributes, true);
	if ((member = crm_document_get(node, "require")))
		it->require = crm_condition_parse(member, attributes, true);
	else if (it->applies == NULL)
		document_malformed(node, NULL, "has neither \"applies\" nor \"require\"");
	read_consequence(crm_document_require(node, "otherwise"), false, &it->otherwise);
	if ((member = crm_document_get(node, "missing")))
		read_consequence(member, true, &it->missing);
	else
		it->missing.solicited = it->missing.unsolicited = OUTCOME_UNDETERMINED;
}

static int
compare_checks(const void *a, const void *b)
{
	return strcmp((*(Check *const *) a)->name, (*(Check *const *) b)->name);
}

static void
read_exemptions(SuitabilityPolicy *policy, const DocumentNode *list)
{
	static const char *const keys[] = {"when", "checks", "basis"};
	Check **sorted; /* by name */

	crm_document_expect(list, DOCUMENT_ARRAY);
	if (list->nitems > MAX_EXEMPTIONS)
		crm_document_error(list, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL, "more than %d exemptions",
		                   MAX_EXEMPTIONS);
	policy->exemptions = palloc(sizeof(Condition *) * Max(list->nitems, 1));
	sorted = palloc(sizeof(Check *) * policy->nchecks);
	for (int c = 0; c < policy->nchecks; c++)
		sorted[c] = &policy->checks[c];
	qsort(sorted, policy->nchecks, sizeof(Check *), compare_checks);
	for (int i = 0; i < list->nitems; i++)
	{
		DocumentNode *checks;

		crm_document_keys(list->items[i], keys, lengthof(keys));
		document_text_or(list->items[i], "basis", NULL);
		policy->policy.attributes.using = "exempt";
		policy->exemptions[policy->nexemptions++] = crm_condition_parse(
		    crm_document_require(list->items[i], "when"), &policy->policy.attributes, true);
		checks = crm_document_require(list->items[i], "checks");
		crm_document_expect(checks, DOCUMENT_ARRAY);
		if (checks->nitems == 0)
			document_malformed(checks, NULL, "the list is empty");
		for (int j = 0; j < checks->nitems; j++)
		{
			const Check wanted = {.name = crm_document_text(checks->items[j])};
			const Check *key = &wanted;
			Check **found = bsearch(&key, sorted, policy->nchecks, sizeof(Check *), compare_checks);

			if (found == NULL)
				document_malformed(checks->items[j], NULL, "there is no check \"%s\"", wanted.name);
			(*found)->exempt_by |= UINT64CONST(1) << i;
		}
	}
}

/* Read a policy; what is wrong with it is an error with the path of the element. */
void *
crm_suitability_compile(DocumentNode *root)
{
	static const char *const keys[] = {POLICY_COMMON_KEYS, "none_applies", "derive", "exempt",
	                                   "checks"};
	SuitabilityPolicy *policy = palloc0(sizeof(SuitabilityPolicy));
	DocumentNode *checks, *member;

	crm_document_keys(root, keys, lengthof(keys));
	crm_policy_common(root, &policy->policy);
	policy->policy.attributes.sides = side_names;
	policy->policy.attributes.nsides = NSIDES;
	policy->actions = palloc(sizeof(char *) * MAX_ACTIONS);
	if ((member = crm_document_get(root, "none_applies")))
		read_consequence(member, false, &policy->none_applies);
	else
		policy->none_applies.solicited = policy->none_applies.unsolicited = OUTCOME_UNDETERMINED;
	if ((member = crm_document_get(root, "derive")))
		read_derived(policy, member);

	checks = crm_document_require(root, "checks");
	crm_document_expect(checks, DOCUMENT_ARRAY);
	if (checks->nitems == 0)
		document_malformed(checks, NULL, "the list is empty");
	crm_document_names(checks, "check");
	policy->nchecks = checks->nitems;
	policy->checks = palloc0(sizeof(Check) * policy->nchecks);
	for (int i = 0; i < checks->nitems; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_check(policy, &policy->checks[i], checks->items[i]);
	}
	if ((member = crm_document_get(root, "exempt")))
		read_exemptions(policy, member);

	/* an instruction that is NULL has these two all the same, as texts */
	policy->policy.attributes.using = NULL;
	for (int i = 0; i < policy->policy.attributes.n; i++)
	{
		const Attribute *it = &policy->policy.attributes.items[i];

		if (it->side == SIDE_INSTRUCTION &&
		    (strcmp(it->name, "action") == 0 || strcmp(it->name, "initiated_by") == 0))
			crm_attribute_use(&policy->policy.attributes, SIDE_INSTRUCTION, it->name, KIND_TEXT,
			                  root);
	}
	return policy;
}
