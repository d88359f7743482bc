/*
 * model.h
 *		What all models share: fitted parameters as a value, how it is written, and how the fit went.
 */
#ifndef CRM_MODEL_H
#define CRM_MODEL_H

#include "value/value.h"

#define CRM_MODEL_PARAMETERS 4
#define CRM_MODEL_COVARIANCES (CRM_MODEL_PARAMETERS * (CRM_MODEL_PARAMETERS + 1) / 2)

/* Flags of the header */
#define CRM_MODEL_FITTED 0x01 /* else the parameters were given, and there is nothing else */
#define CRM_MODEL_HAS_COVARIANCE 0x02 /* where the likelihood has a peak at the parameters */
#define CRM_MODEL_HAS_CORRELATION 0x04

/* How a fit ended.  Numbers are stored: never change or reuse one. */
typedef enum CrmFitStatus
{
	CRM_FIT_GIVEN = 0, /* not fitted */
	CRM_FIT_CONVERGED = 1,
	CRM_FIT_NOT_CONVERGED = 2,
	CRM_FIT_AT_BOUND = 3,
	CRM_FIT_NOT_IDENTIFIED = 4,
	CRM_FIT_UNSUITABLE = 5,
	CRM_FIT_TOO_FEW = 6
} CrmFitStatus;

/* The stored form.  Every byte that says nothing is zero, so that equal models have equal bytes. */
typedef struct CrmModel
{
	CrmValue header;
	double parameters[CRM_MODEL_PARAMETERS];
	double days_per_unit;                     /* of the time unit of a purchase model */
	double covariance[CRM_MODEL_COVARIANCES]; /* of the parameters, the lower triangle by rows */
	double log_likelihood;
	double
	    gradient_norm; /* the largest slope of the mean log-likelihood by a logarithm of a parameter */
	double correlation;  /* of frequency and amount, Gamma-Gamma only */
	int64 clients;       /* that were fitted to */
	int64 left_out;      /* Gamma-Gamma: those who say nothing about it */
	int64 dense_clients; /* purchase models: active on most days */
	uint32 distinct_rows;
	uint32 iterations;
	uint32 status;
	uint8 data_digest[8]; /* of the distinct rows */
	uint32 unused;
} CrmModel;

typedef struct CrmModelKind
{
	const char *type_name; /* of SQL */
	const char *title;     /* in messages */
	CrmKind kind;
	int nparameters;
	const char *names[CRM_MODEL_PARAMETERS];
	bool has_time; /* days_per_unit and dense_clients, else left_out and correlation */
} CrmModelKind;

#define CRM_MOST_CLIENTS INT64CONST(9007199254740992) /* that a double counts exactly */

extern const CrmModelKind crm_bgnbd_kind;
extern const CrmModelKind crm_pareto_nbd_kind;
extern const CrmModelKind crm_gamma_gamma_kind;

extern const CrmModelKind *crm_model_kind(const CrmModel *model);
extern CrmModel *crm_model_new(const CrmModelKind *kind, const double *parameters,
                               double days_per_unit);
extern void crm_model_set_parameter(CrmModel *model, int i, double number);
extern void crm_model_settle_covariance(CrmModel *model);
extern const CrmModel *crm_model_argument(FunctionCallInfo fcinfo, int argument);
extern const CrmModel *crm_model_usable(FunctionCallInfo fcinfo, int argument, bool any_status);
extern void crm_model_check_parameter(double number, const char *name);

/* The place of a covariance in the lower triangle. */
static inline int
crm_covariance_at(int i, int j)
{
	return i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i;
}

#endif
