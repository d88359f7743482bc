/*
 * scorecard_document.c
 *		Reading scorecards, and the proof that they are total.
 *
 * A characteristic of one attribute is total: its bins are proved to take every value, NULL included, and to be disjoint.
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

static void
read_points(DocumentNode *node, const Characteristic *it, Bin *bin)
{
	static const char *const keys[] = {"add", "multiply", "clamp"};
	DocumentNode *clamp;

	if (node->type != DOCUMENT_OBJECT)
	{
		bin->points = crm_document_number(node);
		return;
	}
	crm_document_keys(node, keys, lengthof(keys));
	if (it->attribute < 0)
		document_malformed(
		    node, "Give the characteristic an attribute, or the bin a number of points.",
		    "points are computed of the characteristic's attribute, and it has none");
	bin->computed = true;
	bin->points = document_number_or(node, "add", 0);
	bin->multiply = crm_document_number(crm_document_require(node, "multiply"));
	bin->low = -INFINITY;
	bin->high = INFINITY;
	clamp = crm_document_get(node, "clamp");
	if (clamp)
		read_limits(clamp, &bin->low, &bin->high);
}

/* The bins of a characteristic over one attribute. */
static void
read_attribute_bins(Characteristic *it, const DocumentNode *bins, AttributeList *attributes,
                    bool has_unmatched)
{
	Partition *partition = &it->partition;
	bool has_rest = false;

	crm_partition_init(partition);
	for (int b = 0; b < bins->nitems; b++)
	{
		const DocumentNode *when = crm_document_get(bins->items[b], "when");
		UnaryTest *test;

		test = crm_unary_test_parse(when, false);
		it->bins[b].text = test->text;
		if (test->list != LIST_NONE)
			document_malformed(when,
			                   "Leave the attribute out and write {\"attribute\": {\"contains\": "
			                   "[...]}} in each bin.",
			                   "a test of a list cannot be a bin of one attribute");
		if (test->anything && b != bins->nitems - 1)
			document_malformed(when, NULL, "\"-\" takes the rest and must be the last bin");
		has_rest = test->anything;
		crm_attribute_use(attributes, 0, attributes->items[it->attribute].name, test->kind, when);
		if (it->bins[b].computed)
			crm_attribute_use(attributes, 0, attributes->items[it->attribute].name, KIND_NUMBER,
			                  when);
		if (!test->anything)
			crm_partition_add(partition, test, b, when);
	}
	crm_partition_finish(partition, bins->items);

	if (has_rest)
	{
		if (partition->covered && partition->null_part != PART_NONE)
			document_malformed(bins->items[it->nbins - 1], NULL,
			                   "no value is left for \"-\": the bins before it take every one");
		partition->rest_part = it->nbins - 1;
		if (partition->null_part == PART_NONE)
			partition->null_part = it->nbins - 1;
	}
	else if (!has_unmatched)
	{
		if (!partition->covered)
			document_malformed(
			    bins, "Add a bin for it, a last bin {\"when\": \"-\", ...}, or \"unmatched\".",
			    "no bin takes %s", crm_partition_gap(partition));
		if (partition->null_part == PART_NONE)
			document_malformed(
			    bins,
			    "Add {\"when\": null, \"points\": ...}, or a last bin {\"when\": \"-\", ...}.",
			    "no bin takes NULL");
	}
	if (partition->null_part != PART_NONE && it->bins[partition->null_part].computed)
		document_malformed(bins->items[partition->null_part], "Give NULL a bin of its own.",
		                   "points are computed of the attribute, but the bin takes NULL too");
}

/* The bins of a characteristic over several attributes: the first that holds. */
static void
read_condition_bins(Characteristic *it, const DocumentNode *bins, AttributeList *attributes,
                    bool has_unmatched)
{
	bool has_rest = false;

	for (int b = 0; b < bins->nitems; b++)
	{
		DocumentNode *when = crm_document_get(bins->items[b], "when");
		StringInfoData text;

		if (when->type == DOCUMENT_STRING && strcmp(when->text, "-") == 0)
		{
			if (b != bins->nitems - 1)
				document_malformed(when, NULL, "\"-\" takes the rest and must be the last bin");
			it->bins[b].text = "-";
			has_rest = true;
			break;
		}
		it->bins[b].condition = crm_condition_parse(when, attributes, false);
		initStringInfo(&text);
		crm_document_write(&text, when);
		it->bins[b].text = text.data;
	}
	if (!has_rest && !has_unmatched)
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
default_baseline(Characteristic *it, bool points_above, bool has_unmatched)
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
	if (has_unmatched && it->unmatched == UNMATCHED_POINTS)
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
	static const char *const keys[] = {"name",        "attribute", "weight",    "baseline_score",
	                                   "reason_code", "reason",    "unmatched", "bins"};
	static const char *const bin_keys[] = {"when", "points", "reason_code", "reason"};
	AttributeList *attributes = &card->policy.attributes;
	DocumentNode *bins, *member;
	const DocumentNode *unmatched;

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
		read_points(crm_document_require(bins->items[b], "points"), it, &it->bins[b]);
		it->bins[b].reason_code = document_text_or(bins->items[b], "reason_code", it->reason_code);
		it->bins[b].reason = document_text_or(bins->items[b], "reason", it->reason);
	}
	if (it->attribute >= 0)
		read_attribute_bins(it, bins, attributes, unmatched != NULL);
	else
		read_condition_bins(it, bins, attributes, unmatched != NULL);

	member = crm_document_get(node, "baseline_score");
	if (member || card_baseline)
	{
		it->has_baseline = true;
		it->baseline = crm_document_number(member ? member : card_baseline);
	}
	else
		default_baseline(it, card->points_above, unmatched != NULL);
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

/* Number the distinct reason codes. */
static void
number_codes(Scorecard *card)
{
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
	for (int i = 0; i < card->ncharacteristics; i++)
	{
		Characteristic *it = &card->characteristics[i];

		it->code = code_place(card, it->reason_code);
		for (int b = 0; b < it->nbins; b++)
			it->bins[b].code = code_place(card, it->bins[b].reason_code);
	}
}

/* Read a card; what is wrong with it is an error with the path of the element. */
void *
crm_scorecard_compile(DocumentNode *root)
{
	static const char *const keys[] = {POLICY_COMMON_KEYS, "initial_score", "reason_code_algorithm",
	                                   "baseline_score",   "clamp",         "characteristics"};
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
	list = crm_document_require(root, "characteristics");
	crm_document_expect(list, DOCUMENT_ARRAY);
	if (list->nitems == 0)
		document_malformed(list, NULL, "the list is empty");
	card->ncharacteristics = list->nitems;
	card->characteristics = palloc0(sizeof(Characteristic) * list->nitems);
	for (int i = 0; i < list->nitems; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_characteristic(&card->characteristics[i], list->items[i], card,
		                    crm_document_get(root, "baseline_score"));
		for (int j = 0; j < i; j++)
			if (strcmp(card->characteristics[i].name, card->characteristics[j].name) == 0)
				document_malformed(crm_document_get(list->items[i], "name"), NULL,
				                   "another characteristic has this name");
	}
	number_codes(card);
	return card;
}
