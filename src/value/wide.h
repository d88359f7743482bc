/*
 * wide.h
 *		Whole numbers below 2^256: squares of exact totals, and what they are compared with.
 *
 * They are not negative, and nothing here looks for an overflow: a caller knows the bounds of what it adds and multiplies.
 */
#ifndef CRM_WIDE_H
#define CRM_WIDE_H

#include <math.h>

#include "port/pg_bitutils.h"

#include "value/money.h"

#define CRM_WIDE_WORDS 4

typedef struct CrmWide
{
	uint64 word[CRM_WIDE_WORDS]; /* lowest first */
} CrmWide;

static inline CrmWide
crm_wide_sum(const CrmWide *a, const CrmWide *b)
{
	CrmWide sum;
	uint128 carry = 0;

	for (int i = 0; i < CRM_WIDE_WORDS; i++)
	{
		carry += (uint128) a->word[i] + b->word[i];
		sum.word[i] = (uint64) carry;
		carry >>= 64;
	}
	return sum;
}

/* a - b, of which b must not be the larger one. */
static inline CrmWide
crm_wide_difference(const CrmWide *a, const CrmWide *b)
{
	CrmWide difference;
	uint64 borrow = 0;

	for (int i = 0; i < CRM_WIDE_WORDS; i++)
	{
		uint128 taken = (uint128) b->word[i] + borrow;

		borrow = a->word[i] < taken;
		difference.word[i] = a->word[i] - (uint64) taken;
	}
	return difference;
}

static inline CrmWide
crm_wide_times(const CrmWide *a, uint64 factor)
{
	CrmWide product;
	uint128 carry = 0;

	for (int i = 0; i < CRM_WIDE_WORDS; i++)
	{
		carry += (uint128) a->word[i] * factor;
		product.word[i] = (uint64) carry;
		carry >>= 64;
	}
	return product;
}

static inline CrmWide
crm_wide_product(uint128 a, uint128 b)
{
	CrmWide wide = {{(uint64) a, (uint64) (a >> 64)}};
	CrmWide low = crm_wide_times(&wide, (uint64) b);
	CrmWide high = crm_wide_times(&wide, (uint64) (b >> 64));
	CrmWide shifted = {{0, high.word[0], high.word[1], high.word[2]}};

	return crm_wide_sum(&low, &shifted);
}

/* Below 0, 0 or above 0, as a is below, equal to or above b. */
static inline int
crm_wide_compare(const CrmWide *a, const CrmWide *b)
{
	for (int i = CRM_WIDE_WORDS - 1; i >= 0; i--)
		if (a->word[i] != b->word[i])
			return a->word[i] < b->word[i] ? -1 : 1;
	return 0;
}

/* The nearest double, so that the larger of two numbers never has the smaller one. */
static inline double
crm_wide_double(const CrmWide *a)
{
	int top = CRM_WIDE_WORDS - 1, shift;
	uint64 leading, rest;

	while (top > 0 && a->word[top] == 0)
		top--;
	leading = a->word[top];
	if (top == 0)
		return (double) leading;

	/* the 64 bits from the first one on, of which the last says whether anything but zeros follows */
	shift = 63 - pg_leftmost_one_pos64(leading);
	rest = a->word[top - 1] << shift;
	if (shift > 0)
		leading = leading << shift | a->word[top - 1] >> (64 - shift);
	for (int i = 0; i < top - 1; i++)
		rest |= a->word[i];
	return ldexp((double) (leading | (rest != 0)), 64 * top - shift);
}

#endif
