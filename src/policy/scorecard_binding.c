/*
 * scorecard_binding.c
 *		A scorecard bound at a call site to the columns of its rows: the bin that a row falls into, and its points.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "policy/scorecard_binding.h"

/* The compiled card of a stored one. */
void *
crm_scorecard_of(struct varlena *value)
{
	return crm_policy_compile(value, &crm_scorecard_kind);
}

/* The points of each part, where all are constants; part PART_NONE is the unmatched. */
static double *
constant_points(const Characteristic *it)
{
	double *points;

	if (it->attribute < 0 || it->unmatched != UNMATCHED_POINTS)
		return NULL;
	points = palloc(sizeof(double) * (it->nbins + 1));
	points[PART_NONE + 1] = it->unmatched_points * it->weight;
	for (int b = 0; b < it->nbins; b++)
	{
		if (it->bins[b].computed)
			return NULL;
		points[b + 1] = it->bins[b].points * it->weight;
	}
	return points;
}

/* The reasons of each part, whose points are constants. */
static PartReason *
constant_reasons(const Scorecard *card, const Characteristic *it, const double *points)
{
	PartReason *reasons = palloc0(sizeof(PartReason) * (it->nbins + 1));

	for (int part = PART_NONE; part < it->nbins && it->has_baseline; part++)
	{
		int code = part == PART_NONE ? it->code : it->bins[part].code;

		if (code >= 0)
			reasons[part + 1] =
			    (PartReason){difference_of(card, it, points[part + 1]), (uint64) code + 1};
	}
	return reasons;
}

/* Bind the characteristics to the column types of the row. */
static void
bind_terms(const Scorecard *card, ScorecardBinding *binding)
{
	MemoryContext caller = MemoryContextSwitchTo(binding->context);

	MemoryContextReset(binding->context);
	memset(binding->terms, 0, sizeof(Term) * card->ncharacteristics);
	binding->constant = card->ngates == 0;
	for (int i = 0; i < card->ncharacteristics; i++)
	{
		const Characteristic *it = &card->characteristics[i];
		Term *term = &binding->terms[i];

		term->attribute = it->attribute;
		if (it->attribute >= 0)
		{
			term->type = binding->row->types[it->attribute];
			term->lookup = crm_lookup_make(it->partition, term->type);
			if (!term->lookup->ambiguous)
				term->points = constant_points(it);
		}
		if (term->points == NULL)
		{
			binding->constant = false;
			continue;
		}
		if (term->lookup->form == OPERAND_INTEGER || term->lookup->form == OPERAND_FLOAT)
		{
			double *segments = palloc(sizeof(double) * (term->lookup->nstarts + 1));

			for (int segment = 0; segment <= term->lookup->nstarts; segment++)
				segments[segment] = term->points[term->lookup->parts[segment] + 1];
			term->segments = segments;
		}
		term->null_points = term->points[term->lookup->null_part + 1];
		term->reasons = constant_reasons(card, it, term->points);
	}
	MemoryContextSwitchTo(caller);
	binding->bound = true;
}

/*
 * The card of argument 0, bound at the first call to the row of argument "first", or to the values from there on.
 */
const Scorecard *
crm_scorecard_bind(FunctionCallInfo fcinfo, int first, bool is_values, ScorecardBinding **result)
{
	CallSite *site = crm_call_site(fcinfo, 0, crm_scorecard_of);
	const Scorecard *card = site->policy;

	if (unlikely(site->binding == NULL))
	{
		MemoryContext caller = MemoryContextSwitchTo(site->context);
		const AttributeList *attributes = &card->policy.attributes;
		ScorecardBinding *binding = palloc0(sizeof(ScorecardBinding));

		binding->context =
		    AllocSetContextCreate(site->context, "crm_ext terms", ALLOCSET_SMALL_SIZES);
		binding->row = crm_row_make(attributes);
		binding->terms = palloc0(sizeof(Term) * card->ncharacteristics);
		if (!is_values)
			binding->source =
			    crm_row_source_make(fcinfo, first, crm_scorecard_kind.title, attributes, 0);
		else
		{
			binding->arguments = crm_row_arguments_make(fcinfo, first, crm_scorecard_kind.title,
			                                            attributes, ROW_EVERY_SIDE, binding->row);
			bind_terms(card, binding);
		}
		MemoryContextSwitchTo(caller);
		site->binding = binding;
	}
	*result = site->binding;
	return card;
}

/* The same, with the values of this call's row. */
const Scorecard *
crm_scorecard_read(FunctionCallInfo fcinfo, int first, bool is_values, ScorecardBinding **binding)
{
	const Scorecard *card = crm_scorecard_bind(fcinfo, first, is_values, binding);
	const AttributeList *attributes = &card->policy.attributes;

	if (is_values)
		row_read_arguments(fcinfo, (*binding)->arguments, (*binding)->row);
	else if (crm_row_read((*binding)->source, PG_GETARG_DATUM(first), attributes,
	                      (*binding)->row) ||
	         !(*binding)->bound)
		bind_terms(card, *binding);
	return card;
}

/* The first bin whose test of the attribute holds, or NULL. */
static const Bin *
test_bins(const Characteristic *it, const Input *input, const Row *row)
{
	for (int b = 0; b < it->nbins; b++)
	{
		Condition condition = {.type = CONDITION_TEST,
		                       .attribute = it->attribute,
		                       .test = it->bins[b].test,
		                       .input = input};

		if (crm_condition_eval(&condition, row) == TRUTH_TRUE)
			return &it->bins[b];
	}
	return NULL;
}

/* The bin that a row falls into, or NULL. */
const Bin *
crm_scorecard_bin(const Scorecard *card, const Characteristic *it, const Lookup *lookup,
                  const Row *row)
{
	if (it->attribute >= 0 && unlikely(lookup->ambiguous))
		return test_bins(it, card->policy.attributes.items[it->attribute].input, row);
	if (it->attribute >= 0)
	{
		int part = lookup_part(lookup, row->types[it->attribute], row->values[it->attribute],
		                       row->nulls[it->attribute]);

		return part == PART_NONE ? NULL : &it->bins[part];
	}
	for (int b = 0; b < it->nbins; b++)
		if (it->bins[b].condition == NULL ||
		    crm_condition_eval(it->bins[b].condition, row) == TRUTH_TRUE)
			return &it->bins[b];
	return NULL;
}

/* The points of a row for a characteristic; false where they are NULL. */
bool
crm_scorecard_points(const Characteristic *it, const Bin *bin, const Row *row, double *points)
{
	if (bin == NULL)
	{
		if (it->unmatched == UNMATCHED_NULL)
			return false;
		if (it->unmatched == UNMATCHED_ERROR)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("no bin of characteristic \"%s\" takes the row", it->name),
			                errdetail("The scorecard says \"unmatched\": \"error\".")));
		*points = it->unmatched_points;
	}
	else if (bin->computed)
	{
		if (!crm_expression_eval(bin->computed, row, points))
			return false;
	}
	else
		*points = bin->points;
	*points *= it->weight;
	return true;
}

/* Whether the value of an input has no score. */
bool
crm_scorecard_refuses_input(const Input *input, const Row *row)
{
	const Literal *replacement;

	return crm_input_apply(input, row->types[input->attribute], row->values[input->attribute],
	                       row->nulls[input->attribute], &replacement) == INPUT_REFUSED;
}

bool
crm_scorecard_refuses(const Scorecard *card, const Row *row)
{
	for (int i = 0; i < card->ngates; i++)
		if (crm_scorecard_refuses_input(card->gates[i], row))
			return true;
	return false;
}
