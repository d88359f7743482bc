/*
 * money.h
 *		Exact sums of money: 128-bit integers of 1/10000 units.
 */
#ifndef CRM_MONEY_H
#define CRM_MONEY_H

#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

#ifndef HAVE_INT128
#error "crm_ext needs a compiler with 128-bit integers"
#endif

#define CRM_MONEY_SCALE 10000

/* As it lies in a state: two words, so that no alignment above eight bytes is asked for. */
typedef struct CrmMoney
{
	uint64 low;
	int64 high;
} CrmMoney;

static inline int128
crm_money_load(const CrmMoney *money)
{
	return (int128) (((uint128) (uint64) money->high << 64) | money->low);
}

static inline void
crm_money_store(CrmMoney *money, int128 units)
{
	money->low = (uint64) units;
	money->high = (int64) (units >> 64);
}

/* For totals that cannot run over, because of how many amounts there can be. */
static inline void
crm_money_accumulate(CrmMoney *total, int128 units)
{
	crm_money_store(total, crm_money_load(total) + units);
}

static inline int128
crm_money_from_int8(int64 amount)
{
	return (int128) amount * CRM_MONEY_SCALE;
}

extern int128 crm_money_from_numeric(Datum amount);
extern int64 crm_money_narrow(int128 units);
extern Datum crm_money_numeric(int128 units);
extern Datum crm_money_mean(int128 units, int64 count);
extern char *crm_numeric_text(Datum number);
crm_noreturn extern void crm_money_overflow(void);

static inline int128
crm_money_add(int128 a, int128 b)
{
	int128 sum;

	if (unlikely(__builtin_add_overflow(a, b, &sum)))
		crm_money_overflow();
	return sum;
}

#endif
