/*
 * scorecard_document.c
 *		Reading scorecards, and the proof that they are total.
 *
 * A characteristic of one attribute is total: its bins are proved to take every value, NULL included, and to be disjoint, unless
 * the first that matches is said to count.
 */
#include "postgres.h"

#include <math.h>

#include "lib/qunique.h"
#include "miscadmin.h"

#include "policy/scorecard.h"

/* Limits: [low, high], null for none. */
static void
read_limits(const DocumentNode *node, double *low, double *high)
{
	double *limits[2] = {low, high};

	crm_document_expect(node, DOCUMENT_ARRAY);
	if (node->nitems != 2)
		document_malformed(node, NULL, "must be [lowest, highest]");
	*low = -INFINITY;
	*high = INFINITY;
	for (int i = 0; i < 2; i++)
		if (node->items[i]->type != DOCUMENT_NULL)
			*limits[i] = crm_document_number(node->items[i]);
	if (*low > *high)
		document_malformed(node, NULL, "the lowest is above the highest");
}

/* Points that are add + multiply * the attribute, within a clamp. */
static void
read_linear_points(DocumentNode *node, const Characteristic *it, Bin *bin,
                   const AttributeList *attributes)
{
	static const char *const keys[] = {"add", "multiply", "clamp"};
	double low = -INFINITY, high = INFINITY;
	double add, multiply;
	DocumentNode *clamp;

	crm_document_keys(node, keys, lengthof(keys));
	if (it->attribute < 0)
		document_malformed(
		    node, "Give the characteristic an attribute, or the bin a number of points.",
		    "points are computed of the characteristic's attribute, and it has none");
	add = document_number_or(node, "add", 0);
	multiply = crm_document_number(crm_document_require(node, "multiply"));
	clamp = crm_document_get(node, "clamp");
	if (clamp)
		read_limits(clamp, &low, &high);
	bin->of_attribute = true;
	bin->computed = crm_expression_linear(it->attribute, attributes, add, multiply, low, high);
}

/* Points: a number, {"multiply": ...} of the attribute, or an expression. */
static void
read_points(DocumentNode *node, const Characteristic *it, Bin *bin, AttributeList *attributes)
{
	if (node->type == DOCUMENT_NUMBER)
		bin->points = node->number;
	else if (node->type == DOCUMENT_OBJECT &&
	         (node->nitems != 1 || crm_document_get(node, "add") ||
	          crm_document_get(node, "multiply") || crm_document_get(node, "clamp")))
		read_linear_points(node, it, bin, attributes);
	else
		bin->computed = crm_expression_parse(node, attributes);
}

/* The first bin whose test matches a value, PART_NONE if none does. */
static int
bin_of_literal(const Characteristic *it, const Literal *value)
{
	for (int b = 0; b < it->nbins; b++)
		if (crm_unary_test_literal(it->bins[b].test, value) == TRUTH_TRUE)
			return b;
	return PART_NONE;
}

static int
bin_of_null(const Characteristic *it)
{
	for (int b = 0; b < it->nbins; b++)
		if (it->bins[b].test->anything || it->bins[b].test->matches_null)
			return b;
	return PART_NONE;
}

/* The bin that counts for what becomes of values. */
static int
bin_of_result(const Characteristic *it, const Input *input, InputResult result,
              const Literal *replacement)
{
	if (result == INPUT_MISSING && input && input->missing != INPUT_MISSING)
		return bin_of_result(it, input, input->missing, &input->missing_value);
	if (result == INPUT_REPLACED)
		return bin_of_literal(it, replacement);
	return bin_of_null(it);
}

static bool
has_test(const Segments *segments, int part, int test)
{
	return segments->matches[(Size) part * segments->nwords + test / 64] >> (test % 64) & 1;
}

/*
 * The bins by value where the first that matches counts, or where values are replaced before they are tested.  The values that have no
 * bin go to "gap", but for those that have no score anyway.
 */
static Partition *
partition_by_first(const Characteristic *it, const Input *input, const DocumentNode *node,
                   Partition *gap)
{
	int n = it->nbins;
	int missing_if = -1, valid = -1;
	UnaryTest **tests = palloc(sizeof(UnaryTest *) * (n + 2));
	Segments *segments;
	Partition *partition;
	int *bins;

	for (int b = 0; b < n; b++)
		tests[b] = it->bins[b].test;
	if (input && input->missing_if)
		tests[missing_if = n++] = input->missing_if;
	if (input && input->valid)
		tests[valid = n++] = input->valid;
	segments = crm_segments_make(tests, n, node);
	partition = &segments->partition;

	bins = palloc(sizeof(int) * segments->nparts);
	for (int part = 0; part < segments->nparts; part++)
	{
		if (part == PART_NULL || (missing_if >= 0 && has_test(segments, part, missing_if)))
			bins[part] = bin_of_result(it, input, INPUT_MISSING, NULL);
		else if (valid >= 0 && !has_test(segments, part, valid))
			bins[part] = bin_of_result(it, input, input->invalid, &input->invalid_value);
		else
		{
			int b = 0;

			while (b < it->nbins && !has_test(segments, part, b))
				b++;
			bins[part] = b < it->nbins ? b : PART_NONE;
		}
	}

	crm_partition_init(gap);
	gap->kind = partition->kind;
	gap->covered = true;
	gap->ranges = palloc_extended(sizeof(PartRange) * (Size) segments->nranges, MCXT_ALLOC_HUGE);
	for (int i = 0; i < segments->nranges; i++)
	{
		int part = segments->ranges[i].part;
		bool refused =
		    (valid >= 0 && !has_test(segments, part, valid) && input->invalid == INPUT_REFUSED) ||
		    (input && input->missing == INPUT_REFUSED);

		if (bins[part] != PART_NONE || refused)
			gap->ranges[gap->nranges++] = segments->ranges[i];
		else
			gap->covered = false;
	}
	for (int i = 0; i < partition->nranges; i++)
		partition->ranges[i].part = bins[partition->ranges[i].part];
	partition->rest_part = bins[partition->rest_part];
	partition->null_part = bins[PART_NULL];
	return partition;
}

/* Insist that the bins take every value, NULL included. */
static void
check_coverage(const Characteristic *it, const Partition *covered, const Input *input,
               const DocumentNode *bins)
{
	if (it->partition->null_part == PART_NONE && !(input && input->missing == INPUT_REFUSED))
		document_malformed(
		    bins, "Add {\"when\": null, \"points\": ...}, or a last bin {\"when\": \"-\", ...}.",
		    "no bin takes NULL");
	if (!covered->covered)
		document_malformed(bins,
		                   "Add a bin for it, a last bin {\"when\": \"-\", ...}, or \"unmatched\".",
		                   "no bin takes %s", crm_partition_gap(covered));
}

/* The bins of a characteristic over one attribute. */
static void
read_attribute_bins(Characteristic *it, const DocumentNode *bins, AttributeList *attributes,
                    bool first)
{
	Partition *partition = palloc(sizeof(Partition));
	const Input *input = attributes->items[it->attribute].input;
	bool has_rest = false;
	int null_part;

	crm_partition_init(partition);
	for (int b = 0; b < bins->nitems; b++)
	{
		const DocumentNode *when = crm_document_get(bins->items[b], "when");
		UnaryTest *test;

		test = crm_unary_test_parse(when, false);
		it->bins[b].test = test;
		it->bins[b].text = test->text;
		if (test->list != LIST_NONE)
			document_malformed(when,
			                   "Leave the attribute out and write {\"attribute\": {\"contains\": "
			                   "[...]}} in each bin.",
			                   "a test of a list cannot be a bin of one attribute");
		if (test->anything && b != bins->nitems - 1 && !first)
			document_malformed(when, NULL, "\"-\" takes the rest and must be the last bin");
		has_rest |= test->anything;
		crm_attribute_use(attributes, 0, attributes->items[it->attribute].name, test->kind, when);
		if (it->bins[b].of_attribute)
			crm_attribute_use(attributes, 0, attributes->items[it->attribute].name, KIND_NUMBER,
			                  when);
		if (!test->anything && !first)
			crm_partition_add(partition, test, b, when);
	}
	if (!first)
		crm_partition_finish(partition, bins->items);
	it->partition = partition;

	if (first || input)
	{
		Partition covered;

		it->partition = partition_by_first(it, input, bins, &covered);
		if (!has_rest && !it->has_unmatched)
			check_coverage(it, &covered, input, bins);
	}
	else if (has_rest)
	{
		if (partition->covered && partition->null_part != PART_NONE)
			document_malformed(bins->items[it->nbins - 1], NULL,
			                   "no value is left for \"-\": the bins before it take every one");
		partition->rest_part = it->nbins - 1;
		if (partition->null_part == PART_NONE)
			partition->null_part = it->nbins - 1;
	}
	else if (!it->has_unmatched)
		check_coverage(it, partition, NULL, bins);

	null_part = it->partition->null_part;
	if (null_part != PART_NONE && it->bins[null_part].of_attribute &&
	    (input == NULL || input->missing == INPUT_MISSING))
		document_malformed(bins->items[null_part], "Give NULL a bin of its own.",
		                   "points are computed of the attribute, but the bin takes NULL too");
}

/* The bins of a characteristic over several attributes: the first that holds. */
static void
read_condition_bins(Characteristic *it, const DocumentNode *bins, AttributeList *attributes,
                    bool first)
{
	bool has_rest = false;

	for (int b = 0; b < bins->nitems; b++)
	{
		DocumentNode *when = crm_document_get(bins->items[b], "when");
		StringInfoData text;

		if (when->type == DOCUMENT_STRING && strcmp(when->text, "-") == 0)
		{
			if (b != bins->nitems - 1 && !first)
				document_malformed(when, NULL, "\"-\" takes the rest and must be the last bin");
			it->bins[b].text = "-";
			has_rest = true;
			continue;
		}
		it->bins[b].condition = crm_condition_parse(when, attributes, false);
		has_rest |= it->bins[b].condition->type == CONDITION_CONSTANT &&
		            it->bins[b].condition->constant == TRUTH_TRUE;
		initStringInfo(&text);
		crm_document_write(&text, when);
		it->bins[b].text = text.data;
	}
	if (!has_rest && !it->has_unmatched)
		document_malformed(bins,
		                   "Add \"unmatched\": points, \"null\" or \"error\", or a last bin "
		                   "{\"when\": \"-\", ...}.",
		                   "it cannot be proved that one of the bins always holds");
}

static void
read_unmatched(Characteristic *it, const DocumentNode *node)
{
	static const char *const choices[] = {"null", "error"};

	if (node->type == DOCUMENT_NUMBER)
	{
		it->unmatched = UNMATCHED_POINTS;
		it->unmatched_points = node->number;
	}
	else if (node->type != DOCUMENT_STRING)
		document_malformed(node, NULL, "must be a number of points, \"null\" or \"error\"");
	else
		it->unmatched = crm_document_choice(node, choices, lengthof(choices)) == 0
		                    ? UNMATCHED_NULL
		                    : UNMATCHED_ERROR;
}

/*
 * The baseline of a characteristic for which the document gives none: the best that a client can reach, so that the
 * difference is what is lost.  None where points are computed.
 */
static void
default_baseline(Characteristic *it, bool points_above)
{
	double best = it->bins[0].points * it->weight;

	for (int b = 0; b < it->nbins; b++)
	{
		double points = it->bins[b].points * it->weight;

		if (it->bins[b].computed)
			return;
		if (points_above ? points < best : points > best)
			best = points;
	}
	if (it->has_unmatched && it->unmatched == UNMATCHED_POINTS)
	{
		double points = it->unmatched_points * it->weight;

		if (points_above ? points < best : points > best)
			best = points;
	}
	it->has_baseline = true;
	it->baseline = best;
}

static void
read_characteristic(Characteristic *it, DocumentNode *node, Scorecard *card,
                    const DocumentNode *card_baseline)
{
	static const char *const keys[] = {"name",           "attribute",   "weight",
	                                   "baseline_score", "reason_code", "reason",
	                                   "unmatched",      "hit_policy",  "bins"};
	static const char *const hit_policies[] = {"unique", "first"};
	static const char *const bin_keys[] = {"when", "points", "reason_code", "reason"};
	AttributeList *attributes = &card->policy.attributes;
	DocumentNode *bins, *member;
	const DocumentNode *unmatched;
	bool first = false;

	crm_document_keys(node, keys, lengthof(keys));
	it->name = crm_document_text(crm_document_require(node, "name"));
	it->weight = document_number_or(node, "weight", 1);
	it->reason_code = document_text_or(node, "reason_code", NULL);
	it->reason = document_text_or(node, "reason", NULL);
	it->attribute = -1;
	attributes->using = it->name;
	if ((member = crm_document_get(node, "attribute")))
		it->attribute =
		    crm_attribute_use(attributes, 0, crm_document_text(member), KIND_ANY, member);
	unmatched = crm_document_get(node, "unmatched");
	if (unmatched)
		read_unmatched(it, unmatched);
	it->has_unmatched = unmatched != NULL;
	if ((member = crm_document_get(node, "hit_policy")))
		first = crm_document_choice(member, hit_policies, lengthof(hit_policies)) == 1;

	bins = crm_document_require(node, "bins");
	crm_document_expect(bins, DOCUMENT_ARRAY);
	if (bins->nitems == 0)
		document_malformed(bins, NULL, "the list is empty");
	it->nbins = bins->nitems;
	it->bins = palloc0(sizeof(Bin) * it->nbins);
	for (int b = 0; b < it->nbins; b++)
	{
		crm_document_keys(bins->items[b], bin_keys, lengthof(bin_keys));
		crm_document_require(bins->items[b], "when");
		read_points(crm_document_require(bins->items[b], "points"), it, &it->bins[b], attributes);
		it->bins[b].reason_code = document_text_or(bins->items[b], "reason_code", it->reason_code);
		it->bins[b].reason = document_text_or(bins->items[b], "reason", it->reason);
	}
	if (it->attribute >= 0)
		read_attribute_bins(it, bins, attributes, first);
	else
		read_condition_bins(it, bins, attributes, first);

	member = crm_document_get(node, "baseline_score");
	if (member || card_baseline)
	{
		it->has_baseline = true;
		it->baseline = crm_document_number(member ? member : card_baseline);
	}
	else
		default_baseline(it, card->points_above);
}

/* How values enter, and which of the inputs have values without a score. */
static void
read_inputs(DocumentNode *node, Scorecard *card)
{
	const AttributeList *attributes = &card->policy.attributes;

	crm_inputs_parse(node, &card->policy.attributes);
	card->gates = palloc(sizeof(Input *) * Max(attributes->n, 1));
	for (int i = 0; i < attributes->n; i++)
		if (attributes->items[i].input && crm_input_may_refuse(attributes->items[i].input))
			card->gates[card->ngates++] = attributes->items[i].input;
}

static int
compare_codes(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The place of a reason code among the card's, -1 for none. */
static int
code_place(const Scorecard *card, const char *code)
{
	const char **found =
	    code == NULL ? NULL
	                 : bsearch(&code, card->codes, card->ncodes, sizeof(char *), compare_codes);

	return found == NULL ? -1 : (int) (found - card->codes);
}

/* A characteristic uses a code: false if another does too. */
static bool
own_code(int *owners, int code, int characteristic)
{
	if (code < 0)
		return true;
	if (owners[code] < 0)
		owners[code] = characteristic;
	return owners[code] == characteristic;
}

/* Number the distinct reason codes. */
static void
number_codes(Scorecard *card)
{
	int *owners;
	int n = 0;

	for (int i = 0; i < card->ncharacteristics; i++)
		n += card->characteristics[i].nbins + 1;
	card->codes = palloc(sizeof(char *) * n);
	n = 0;
	for (int i = 0; i < card->ncharacteristics; i++)
	{
		const Characteristic *it = &card->characteristics[i];

		if (it->reason_code)
			card->codes[n++] = it->reason_code;
		for (int b = 0; b < it->nbins; b++)
			if (it->bins[b].reason_code)
				card->codes[n++] = it->bins[b].reason_code;
	}
	qsort(card->codes, n, sizeof(char *), compare_codes);
	card->ncodes = qunique(card->codes, n, sizeof(char *), compare_codes);
	owners = palloc(sizeof(int) * Max(card->ncodes, 1));
	memset(owners, -1, sizeof(int) * card->ncodes);
	card->codes_are_own = true;
	for (int i = 0; i < card->ncharacteristics; i++)
	{
		Characteristic *it = &card->characteristics[i];

		it->code = code_place(card, it->reason_code);
		card->codes_are_own &= own_code(owners, it->code, i);
		for (int b = 0; b < it->nbins; b++)
		{
			it->bins[b].code = code_place(card, it->bins[b].reason_code);
			card->codes_are_own &= own_code(owners, it->bins[b].code, i);
		}
	}
}

/* Read a card; what is wrong with it is an error with the path of the element. */
void *
crm_scorecard_compile(DocumentNode *root)
{
	static const char *const keys[] = {POLICY_COMMON_KEYS, "initial_score", "reason_code_algorithm",
	                                   "baseline_score",   "clamp",         "inputs",
	                                   "characteristics"};
	static const char *const algorithms[] = {"points_below", "points_above"};
	Scorecard *card = palloc0(sizeof(Scorecard));
	DocumentNode *list, *member;

	crm_document_keys(root, keys, lengthof(keys));
	crm_policy_common(root, &card->policy);
	card->initial_score = document_number_or(root, "initial_score", 0);
	if ((member = crm_document_get(root, "reason_code_algorithm")))
		card->points_above = crm_document_choice(member, algorithms, lengthof(algorithms)) == 1;
	if ((member = crm_document_get(root, "clamp")))
	{
		card->clamped = true;
		read_limits(member, &card->low, &card->high);
	}
	if ((member = crm_document_get(root, "inputs")))
		read_inputs(member, card);
	list = crm_document_require(root, "characteristics");
	crm_document_expect(list, DOCUMENT_ARRAY);
	if (list->nitems == 0)
		document_malformed(list, NULL, "the list is empty");
	crm_document_names(list, "characteristic");
	card->ncharacteristics = list->nitems;
	card->characteristics = palloc0(sizeof(Characteristic) * list->nitems);
	for (int i = 0; i < list->nitems; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_characteristic(&card->characteristics[i], list->items[i], card,
		                    crm_document_get(root, "baseline_score"));
	}
	number_codes(card);
	return card;
}
