/*
 * repeat_purchase.h
 *		What models of purchasing are fitted to: how many clients have which x, t_x and T.
 */
#ifndef CRM_REPEAT_PURCHASE_H
#define CRM_REPEAT_PURCHASE_H

#include "summary/tally.h"

/* x active days after the first one, the last of them t_x days after it, looked at T days after it. */
typedef struct CrmRepeatPurchase
{
	int32 frequency;    /* x */
	int32 recency_days; /* t_x, from the first active day on, as in the literature */
	int32 tenure_days;  /* T */
	int64 clients;
} CrmRepeatPurchase;

typedef struct CrmRepeatPurchases
{
	uint32 nrows; /* in the order of tenure, recency, frequency */
	CrmRepeatPurchase *rows;
	int64 clients;
	uint8 digest[8]; /* of the rows, for a model to say what it was fitted to */
} CrmRepeatPurchases;

extern void crm_repeat_purchases_read(Datum datum, CrmRepeatPurchases *read);

#endif
