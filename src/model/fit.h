/*
 * fit.h
 *		Maximum likelihood over logarithms of positive parameters.
 */
#ifndef CRM_FIT_H
#define CRM_FIT_H

#include "model/model.h"

typedef struct CrmFitProblem CrmFitProblem;

/*
 * The log-likelihood at logarithms of parameters, and its gradient by them.  Of the rows behind the first nwhole, only each
 * stride-th counts, as many times.  It is called from within NLopt: it must not allocate, raise or check for interrupts.
 */
typedef double (*CrmLogLikelihood)(const CrmFitProblem *problem, const double *theta,
                                   double *gradient, uint32 stride);

struct CrmFitProblem
{
	int nparameters;
	uint32 nrows;
	uint32
	    nwhole; /* rows that stand for so many clients that none may be left out of a first look */
	double clients;
	CrmLogLikelihood log_likelihood;
};

typedef struct CrmFit
{
	double theta[CRM_MODEL_PARAMETERS]; /* logarithms of the parameters */
	double log_likelihood;
	double gradient_norm;
	double covariance[CRM_MODEL_COVARIANCES]; /* of theta, if has_covariance */
	bool has_covariance;
	uint32 iterations;
	CrmFitStatus status;
} CrmFit;

extern void crm_fit(const CrmFitProblem *problem, const double (*starts)[CRM_MODEL_PARAMETERS],
                    int nstarts, CrmFit *fit);
extern void crm_fit_store(const CrmFit *fit, const double *unit, CrmModel *model);

#endif
