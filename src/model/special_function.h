/*
 * special_function.h
 *		Functions that models of purchasing need, accurate where the textbook forms cancel.
 */
#ifndef CRM_SPECIAL_FUNCTION_H
#define CRM_SPECIAL_FUNCTION_H

#include <math.h>

extern double crm_ln_rising(double x, double n);
extern double crm_digamma(double x);
extern double crm_digamma_rising(double x, double n);
extern double crm_ln_beta(double a, double b);
extern double crm_ln_nbd(double r, double ln_z, double ln_complement, double n);
extern double crm_ln_stays(double a, double b, double n);
extern double crm_nbd_tail(double r, double z, double complement, double n);

/*
 * The logarithm of a positive function with one mode, and its slope: whatever it does far from the mode, it falls there at
 * least exponentially.
 */
typedef double (*CrmLogDensity)(double u, const void *parameters, double *slope);
extern double crm_ln_integral(CrmLogDensity density, const void *parameters, double near);

/* ln(1 + e^z) */
static inline double
crm_ln_1p_exp(double z)
{
	return z > 0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

/* 1 / (1 + e^-z) */
static inline double
crm_logistic(double z)
{
	double e = exp(-fabs(z));

	return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

#endif
