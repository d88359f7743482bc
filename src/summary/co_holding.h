/*
 * co_holding.h
 *		co_holding_summary: how many clients hold each product, and each two of them.
 */
#ifndef CRM_CO_HOLDING_H
#define CRM_CO_HOLDING_H

#include "summary/association.h"
#include "summary/summary.h"

typedef struct CrmHeldProduct
{
	const char *name; /* not terminated */
	uint32 length;
	int64 clients;
} CrmHeldProduct;

/* A summary as accessors want it: products in the order of their bytes. */
typedef struct CrmCoHolding
{
	int64 clients;
	uint32 nproducts;
	CrmHeldProduct *products;
	const int64 *pairs; /* by crm_pair_place */
} CrmCoHolding;

extern CrmCoHolding crm_co_holding_of(Datum summary);
extern Datum crm_product_text(const CrmHeldProduct *product);
extern int crm_compare_products(const char *a, uint32 a_length, const char *b, uint32 b_length);

/* Pairs of the first n products are the first n(n - 1)/2 places, so that products can be added. */
static inline uint32
crm_pair_place(uint32 a, uint32 b)
{
	return a > b ? a * (a - 1) / 2 + b : b * (b - 1) / 2 + a;
}

/* The counts of two products, which must be different ones. */
static inline CrmJointCount
crm_joint_count(const CrmCoHolding *holding, uint32 one, uint32 other)
{
	CrmJointCount count = {.clients = holding->clients,
	                       .one = holding->products[one].clients,
	                       .other = holding->products[other].clients,
	                       .both = holding->pairs[crm_pair_place(one, other)]};

	return count;
}

#endif
