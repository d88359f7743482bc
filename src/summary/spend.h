/*
 * spend.h
 *		What Gamma-Gamma is fitted to: how many clients came back how often and spent how much then.
 */
#ifndef CRM_SPEND_H
#define CRM_SPEND_H

#include "summary/tally.h"

typedef struct CrmSpend
{
	int32 frequency; /* active days after the first, 1 or more */
	int64 units;     /* their total in 1/10000, 1 or more */
	int64 clients;
} CrmSpend;

typedef struct CrmSpends
{
	uint32 nrows; /* in the order of frequency, units */
	CrmSpend *rows;
	int64 clients;        /* of the rows */
	int64 without_repeat; /* active on one day only */
	int64 not_positive;   /* came back, for a total of zero or less */
	uint8 digest[8];      /* of the rows, for a model to say what it was fitted to */
} CrmSpends;

extern void crm_spends_read(Datum datum, CrmSpends *read);

#endif
