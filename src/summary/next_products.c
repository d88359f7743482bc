/*
 * next_products.c
 *		What a client who holds these products may want next.
 *
 * A rule leads from a product that is held to one that is not; only those count whose lift is above 1 with the confidence of
 * its interval.  A product is as good as the best rule that leads to it: the one of the highest lower end of the lift.
 *
 * Rules are made and ranked when a product is first held, and kept at the call site.  A call then looks at the first
 * rules of each product only: one that is behind n others of products not held is not among the best n.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "compat.h"
#include "value/call_site.h"
#include "summary/co_holding.h"
#include "summary/record.h"

typedef struct Rule
{
	uint32 product;
	double lift_lower;
} Rule;

/* The rules of one product, the best first. */
typedef struct Rules
{
	bool made;
	uint32 nrules;
	Rule *rules;
} Rules;

typedef struct Associations
{
	MemoryContext context;
	CrmCoHolding holding;
	Rules *of; /* each product */
} Associations;

typedef struct Candidate
{
	uint32 product;
	uint32 because;
	double lift_lower; /* 0 if no rule leads there */
} Candidate;

static void *
compile_associations(struct varlena *summary)
{
	Associations *associations = palloc0(sizeof(Associations));
	struct varlena *copy = palloc(VARSIZE(summary));

	memcpy(copy, summary, VARSIZE(summary));
	associations->context = CurrentMemoryContext;
	associations->holding = crm_co_holding_of(PointerGetDatum(copy));
	associations->of = palloc0(sizeof(Rules) * associations->holding.nproducts);
	return associations;
}

/* By the lift, and products of one lift by their bytes, so that the order is always the same. */
static int
compare_rules(const void *a, const void *b)
{
	const Rule *one = a, *other = b;

	if (one->lift_lower != other->lift_lower)
		return one->lift_lower > other->lift_lower ? -1 : 1;
	return one->product < other->product ? -1 : one->product > other->product;
}

static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *one = a, *other = b;

	if (one->lift_lower != other->lift_lower)
		return one->lift_lower > other->lift_lower ? -1 : 1;
	return one->product < other->product ? -1 : one->product > other->product;
}

static const Rules *
rules_of(Associations *associations, uint32 product)
{
	const CrmCoHolding *holding = &associations->holding;
	Rules *rules = &associations->of[product];
	Rule *made;
	uint32 nrules = 0;

	if (rules->made)
		return rules;
	made = palloc(sizeof(Rule) * holding->nproducts);
	for (uint32 other = 0; other < holding->nproducts; other++)
	{
		CrmJointCount count;
		double lift_lower;

		if (other == product)
			continue;
		count = crm_joint_count(holding, product, other);
		if (crm_lift(&count) <= 1)
			continue;
		lift_lower = crm_lift_lower(&count);
		if (lift_lower > 1)
			made[nrules++] = (Rule){.product = other, .lift_lower = lift_lower};
	}
	qsort(made, nrules, sizeof(Rule), compare_rules);
	rules->rules = MemoryContextAlloc(associations->context, sizeof(Rule) * nrules);
	memcpy(rules->rules, made, sizeof(Rule) * nrules);
	rules->nrules = nrules;
	rules->made = true;
	pfree(made);
	return rules;
}

/* Mark the products of an array; what nobody holds leads nowhere. */
static bool *
mark_held(const CrmCoHolding *holding, ArrayType *array)
{
	bool *held = palloc0(sizeof(bool) * holding->nproducts);
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		uint32 low = 0, high = holding->nproducts;

		CHECK_FOR_INTERRUPTS();
		while (!nulls[i] && low < high)
		{
			uint32 middle = (low + high) / 2;
			int difference = crm_compare_products(VARDATA_ANY(DatumGetPointer(elements[i])),
			                                      VARSIZE_ANY_EXHDR(DatumGetPointer(elements[i])),
			                                      holding->products[middle].name,
			                                      holding->products[middle].length);

			if (difference == 0)
				held[middle] = true;
			if (difference <= 0)
				high = middle;
			else
				low = middle + 1;
		}
	}
	return held;
}

/* All products that are among the n best of a product that is held, the best first. */
static Candidate *
rank_candidates(Associations *associations, const bool *held, uint32 n, int64 min_clients,
                uint32 *ncandidates)
{
	uint32 nproducts = associations->holding.nproducts;
	Candidate *candidates = palloc0(sizeof(Candidate) * nproducts);

	for (uint32 because = 0; because < nproducts; because++)
	{
		const Rules *rules;
		uint32 taken = 0;

		if (!held[because])
			continue;
		CHECK_FOR_INTERRUPTS();
		rules = rules_of(associations, because);
		for (uint32 i = 0; i < rules->nrules && taken < n; i++)
		{
			const Rule *rule = &rules->rules[i];
			Candidate *candidate = &candidates[rule->product];

			if (held[rule->product] ||
			    crm_joint_count(&associations->holding, because, rule->product).both < min_clients)
				continue;
			taken++;
			if (rule->lift_lower > candidate->lift_lower)
				*candidate = (Candidate){
				    .product = rule->product, .because = because, .lift_lower = rule->lift_lower};
		}
	}
	*ncandidates = 0;
	for (uint32 i = 0; i < nproducts; i++)
		if (candidates[i].lift_lower > 0)
			candidates[(*ncandidates)++] = candidates[i];
	qsort(candidates, *ncandidates, sizeof(Candidate), compare_candidates);
	return candidates;
}

/*
 * next_products(summary co_holding_summary, held text[], n int, min_clients int8) -> table (product,
 * because, clients_both, confidence, lift, lift_lower, g2)
 *
 * At most n products that are not held, the best first, each with the held product that its best rule leads from.  A rule counts if at
 * least min_clients clients hold both and the lower end of its lift is above 1.  Errors: 22023 for a negative n and for
 * min_clients below 1.
 */
PG_FUNCTION_INFO_V1(crm_next_products);
Datum
crm_next_products(PG_FUNCTION_ARGS)
{
	int32 n = PG_GETARG_INT32(2);
	int64 min_clients = PG_GETARG_INT64(3);
	Associations *associations;
	Candidate *candidates;
	uint32 ncandidates;

	if (n < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("n must not be negative, but is %d", n)));
	if (min_clients < 1)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("min_clients must be at least 1, but is %lld", (long long) min_clients)));
	associations = crm_call_site(fcinfo, 0, compile_associations)->policy;
	candidates =
	    rank_candidates(associations, mark_held(&associations->holding, PG_GETARG_ARRAYTYPE_P(1)),
	                    (uint32) n, min_clients, &ncandidates);
	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < Min(ncandidates, (uint32) n); i++)
	{
		const CrmHeldProduct *products = associations->holding.products;
		CrmJointCount count =
		    crm_joint_count(&associations->holding, candidates[i].because, candidates[i].product);
		CrmRecord row = {0};

		crm_record_add(&row, crm_product_text(&products[candidates[i].product]), false);
		crm_record_add(&row, crm_product_text(&products[candidates[i].because]), false);
		crm_record_count(&row, count.both);
		crm_record_number(&row, (double) count.both / (double) count.one);
		crm_record_number(&row, crm_lift(&count));
		crm_record_number(&row, candidates[i].lift_lower);
		crm_record_number(&row, crm_log_likelihood_ratio(&count));
		crm_record_put(fcinfo, &row);
	}
	return (Datum) 0;
}
