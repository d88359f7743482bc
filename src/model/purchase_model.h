/*
 * purchase_model.h
 *		What the two models of purchasing, BG/NBD and Pareto/NBD, have in common.
 */
#ifndef CRM_PURCHASE_MODEL_H
#define CRM_PURCHASE_MODEL_H

#include "utils/date.h"

#include "model/fit.h"
#include "summary/repeat_purchase.h"

/* A client's history in the model's unit of time: x repeat purchases, the last at t_x, looked at at T. */
typedef struct CrmHistory
{
	double x;
	double t_x;
	double T;
} CrmHistory;

/*
 * What a fit reads, gathered once: numbers that depend on a day or a frequency alone are computed once for each that occurs.
 * Rows of clients who never came back come first.
 */
typedef struct CrmPurchaseRow
{
	uint32 frequency; /* place in frequencies */
	uint32 recency;   /* place in times */
	uint32 tenure;
} CrmPurchaseRow;

typedef struct CrmPurchaseProblem
{
	CrmFitProblem fit;
	CrmPurchaseRow *rows;
	double *weights;
	uint32 nfrequencies;
	double *frequencies;
	uint32 ntimes;
	double *times;        /* in the fit's unit: the mean tenure */
	double *by_frequency; /* room for the likelihood's own figures, CRM_BY_FREQUENCY for each */
	double *by_time;      /* CRM_BY_TIME for each */
	double *
	    by_both; /* CRM_BY_BOTH for each frequency and time, or NULL where these are more than the rows */
	double mean_rate; /* purchases in the fit's unit of time */
} CrmPurchaseProblem;

#define CRM_BY_FREQUENCY 4
#define CRM_BY_TIME 4
#define CRM_BY_BOTH 5
#define CRM_STARTS 4

typedef struct CrmPurchaseKind
{
	const CrmModelKind *model;
	int time_parameter[CRM_MODEL_PARAMETERS]; /* 1 where a parameter is a time */
	CrmLogLikelihood log_likelihood;
	/* where searches start: r, and the two other parameters, of which alpha follows from r */
	double starts[CRM_STARTS][3];

	/* ln of the odds to be alive, HUGE_VAL if that is certain */
	double (*ln_odds_alive)(const double *parameters, const CrmHistory *history);
	/* purchases within each of some ascending times, if alive at their start; t_x does not matter */
	void (*purchases_if_alive)(const double *parameters, const CrmHistory *history, int ntimes,
	                           const double *times, double *purchases);
	/* purchases of a new client within a time */
	double (*purchases_new)(const double *parameters, double time);
	/* the probability that a new client makes n of them */
	double (*probability)(const double *parameters, double n, double time);
} CrmPurchaseKind;

extern const CrmPurchaseKind crm_bgnbd;
extern const CrmPurchaseKind crm_pareto_nbd;

extern const CrmPurchaseKind *crm_purchase_kind(const CrmModel *model);
extern bool crm_purchase_history(const CrmModel *model, Datum activity, DateADT as_of,
                                 CrmHistory *history);
extern double crm_purchase_p_alive(const CrmModel *model, const CrmHistory *history);
extern double crm_purchase_expected(const CrmModel *model, const CrmHistory *history, double time);
extern double crm_horizon_check(double horizon);

#endif
