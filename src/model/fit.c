/*
 * fit.c
 *		Maximum likelihood over logarithms of positive parameters.
 *
 * NLopt searches (L-BFGS), first from several starts over a thinned sample of the rows, then over all of them from the best
 * place.  Newton steps take the last digits; their Hessian, by differences of the gradient, also gives the covariances.
 *
 * NLopt is a C++ library that knows nothing of PostgreSQL's errors: nothing may be thrown through it.  An interrupt is served
 * between two likelihoods.  If it is one that raises an error, the error is kept, NLopt is told to stop, and it is raised when NLopt has
 * returned; any other leaves the search as it was, so that the fit does not depend on it.
 */
#include "postgres.h"

#include <math.h>
#include <nlopt.h>

#include "miscadmin.h"

#include "model/fit.h"

/* Parameters are scaled so that ordinary ones are near 1; beyond these bounds they mean "without end". */
#define BOUND 13.0
#define NEAR_BOUND (BOUND - 0.05)
#define THINNED_ROWS 4096
#define THINNED_EVALUATIONS 80
#define MAX_EVALUATIONS 1000
#define DIFFERENCE 1e-4
#define NEWTON_STEPS 8
/* Of the mean log-likelihood, by the logarithm of a parameter */
#define SMALL_GRADIENT 1e-6
/* A standard error of a logarithm beyond which a parameter could be anything */
#define NOT_IDENTIFIED 10.0

typedef struct Search
{
	const CrmFitProblem *problem;
	uint32 stride;
	nlopt_opt optimizer;
	uint32 evaluations;
	double best;
	double best_theta[CRM_MODEL_PARAMETERS];
	ErrorData *error; /* of an interrupt that was served within NLopt */
} Search;

/* CHECK_FOR_INTERRUPTS within NLopt. */
static void
serve_interrupts(Search *search)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		CHECK_FOR_INTERRUPTS();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		search->error = CopyErrorData();
		FlushErrorState();
		nlopt_force_stop(search->optimizer);
	}
	PG_END_TRY();
}

/* The mean log-likelihood, as NLopt calls it. */
static double
evaluate(unsigned n, const double *theta, double *gradient, void *data)
{
	Search *search = data;
	double own[CRM_MODEL_PARAMETERS];
	double value = search->problem->log_likelihood(search->problem, theta, own, search->stride) /
	               search->problem->clients;

	search->evaluations++;
	if (gradient != NULL)
		for (unsigned i = 0; i < n; i++)
			gradient[i] = own[i] / search->problem->clients;
	if (value > search->best)
	{
		search->best = value;
		memcpy(search->best_theta, theta, sizeof(double) * n);
	}
	if (InterruptPending && search->error == NULL)
		serve_interrupts(search);
	return value;
}

/* Search from theta on; true if NLopt says that it came to a peak before it ran out of evaluations. */
static bool
search_peak(Search *search, double *theta, uint32 evaluations)
{
	int n = search->problem->nparameters;
	nlopt_result result;
	double value;

	search->best = -HUGE_VAL;
	memcpy(search->best_theta, theta, sizeof(double) * n);
	search->optimizer = nlopt_create(NLOPT_LD_LBFGS, n);
	if (search->optimizer == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	nlopt_set_max_objective(search->optimizer, evaluate, search);
	nlopt_set_lower_bounds1(search->optimizer, -BOUND);
	nlopt_set_upper_bounds1(search->optimizer, BOUND);
	nlopt_set_ftol_rel(search->optimizer, 1e-14);
	nlopt_set_xtol_rel(search->optimizer, 1e-10);
	nlopt_set_maxeval(search->optimizer, evaluations);
	result = nlopt_optimize(search->optimizer, theta, &value);
	nlopt_destroy(search->optimizer);
	if (search->error != NULL)
		ReThrowError(search->error);
	memcpy(theta, search->best_theta, sizeof(double) * n);
	return result > 0 && result != NLOPT_MAXEVAL_REACHED;
}

/* The mean log-likelihood and its gradient over all rows, outside NLopt. */
static double
look(Search *search, const double *theta, double *gradient)
{
	double value;

	CHECK_FOR_INTERRUPTS();
	value = search->problem->log_likelihood(search->problem, theta, gradient, 1);
	for (int i = 0; i < search->problem->nparameters; i++)
		gradient[i] /= search->problem->clients;
	search->evaluations++;
	return value / search->problem->clients;
}

static double
largest(const double *numbers, int n)
{
	double most = 0;

	for (int i = 0; i < n; i++)
		most = Max(most, fabs(numbers[i]));
	return most;
}

typedef double Matrix[CRM_MODEL_PARAMETERS][CRM_MODEL_PARAMETERS];

/*
 * The inverse of the information, minus the Hessian of the mean log-likelihood, by central differences of the gradient; false if it
 * is not positive definite, so that there is no peak.
 */
static bool
invert_information(Search *search, const double *theta, Matrix inverse)
{
	int n = search->problem->nparameters;
	Matrix lower = {{0}}, information;

	for (int i = 0; i < n; i++)
	{
		double moved[CRM_MODEL_PARAMETERS], above[CRM_MODEL_PARAMETERS],
		    below[CRM_MODEL_PARAMETERS];

		memcpy(moved, theta, sizeof(moved));
		moved[i] = theta[i] + DIFFERENCE;
		look(search, moved, above);
		moved[i] = theta[i] - DIFFERENCE;
		look(search, moved, below);
		for (int j = 0; j < n; j++)
			information[i][j] = (below[j] - above[j]) / (2 * DIFFERENCE);
	}
	/* Cholesky: information = lower lower' */
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
		{
			double sum = (information[i][j] + information[j][i]) / 2;

			for (int k = 0; k < j; k++)
				sum -= lower[i][k] * lower[j][k];
			if (i == j && !(sum > 1e-13 * fabs(information[i][i])))
				return false;
			lower[i][j] = i == j ? sqrt(sum) : sum / lower[j][j];
		}
	for (int column = 0; column < n; column++)
	{
		double solution[CRM_MODEL_PARAMETERS];

		for (int i = 0; i < n; i++)
		{
			solution[i] = i == column;
			for (int k = 0; k < i; k++)
				solution[i] -= lower[i][k] * solution[k];
			solution[i] /= lower[i][i];
		}
		for (int i = n - 1; i >= 0; i--)
		{
			for (int k = i + 1; k < n; k++)
				solution[i] -= lower[k][i] * solution[k];
			solution[i] /= lower[i][i];
		}
		for (int i = 0; i < n; i++)
			inverse[i][column] = solution[i];
	}
	return true;
}

/* Newton steps with one Hessian, as long as they lead uphill.  The last digits of L-BFGS are left to its rounding. */
static void
polish(Search *search, Matrix inverse, CrmFit *fit, double *gradient)
{
	int n = search->problem->nparameters;

	for (int step = 0; step < NEWTON_STEPS; step++)
	{
		double moved[CRM_MODEL_PARAMETERS], slope[CRM_MODEL_PARAMETERS], size = 0, value;

		for (int i = 0; i < n; i++)
		{
			double change = 0;

			for (int j = 0; j < n; j++)
				change += inverse[i][j] * gradient[j];
			moved[i] = fit->theta[i] + change;
			size = Max(size, fabs(change));
		}
		if (size > 0.5 || largest(moved, n) > BOUND)
			return;
		value = look(search, moved, slope);
		if (!(largest(slope, n) < largest(gradient, n)) ||
		    value < fit->log_likelihood - 1e-9 * fabs(fit->log_likelihood))
			return;
		memcpy(fit->theta, moved, sizeof(double) * n);
		memcpy(gradient, slope, sizeof(double) * n);
		fit->log_likelihood = value;
		if (size < 1e-11)
			return;
	}
}

/* Search over all rows from a place on, and say how it went. */
static void
fit_from(Search *search, const double *start, CrmFit *fit)
{
	int n = search->problem->nparameters;
	double gradient[CRM_MODEL_PARAMETERS];
	Matrix inverse;
	bool converged;

	memset(fit, 0, sizeof(CrmFit));
	memcpy(fit->theta, start, sizeof(double) * n);
	search->stride = 1;
	converged = search_peak(search, fit->theta, MAX_EVALUATIONS);
	fit->log_likelihood = look(search, fit->theta, gradient);
	fit->has_covariance = invert_information(search, fit->theta, inverse);
	if (fit->has_covariance)
		polish(search, inverse, fit, gradient);
	fit->gradient_norm = largest(gradient, n);
	for (int i = 0; fit->has_covariance && i < n; i++)
		for (int j = 0; j <= i; j++)
			fit->covariance[crm_covariance_at(i, j)] = inverse[i][j] / search->problem->clients;

	if (largest(fit->theta, n) > NEAR_BOUND)
		fit->status = CRM_FIT_AT_BOUND;
	else if (!fit->has_covariance)
		fit->status = converged ? CRM_FIT_NOT_IDENTIFIED : CRM_FIT_NOT_CONVERGED;
	else if (fit->gradient_norm > SMALL_GRADIENT)
		fit->status = CRM_FIT_NOT_CONVERGED;
	else
		fit->status = CRM_FIT_CONVERGED;
	for (int i = 0; fit->status == CRM_FIT_CONVERGED && i < n; i++)
		if (sqrt(fit->covariance[crm_covariance_at(i, i)]) > NOT_IDENTIFIED)
			fit->status = CRM_FIT_NOT_IDENTIFIED;
	/* elsewhere than at a peak the curvature says nothing about the estimates */
	fit->has_covariance = fit->status == CRM_FIT_CONVERGED;
}

/* A start is a rough guess; NLopt takes none beyond the bounds. */
static void
take_start(const CrmFitProblem *problem, const double *start, double *theta)
{
	for (int i = 0; i < problem->nparameters; i++)
		theta[i] = Max(-BOUND, Min(start[i], BOUND));
}

/*
 * Fit, and say how it went.  The result depends on the problem alone.
 */
void
crm_fit(const CrmFitProblem *problem, const double (*starts)[CRM_MODEL_PARAMETERS], int nstarts,
        CrmFit *fit)
{
	Search search = {.problem = problem, .stride = Max(1, problem->nrows / THINNED_ROWS)};
	double theta[CRM_MODEL_PARAMETERS], best_theta[CRM_MODEL_PARAMETERS], best = -HUGE_VAL;

	take_start(problem, starts[0], best_theta);
	for (int start = 0; start < nstarts; start++)
	{
		take_start(problem, starts[start], theta);
		search_peak(&search, theta, THINNED_EVALUATIONS);
		if (search.best > best)
		{
			best = search.best;
			memcpy(best_theta, theta, sizeof(theta));
		}
	}
	fit_from(&search, best_theta, fit);
	/* A search that came to no sound end may only have begun at the wrong place: look for a higher one everywhere. */
	for (int start = 0; start < nstarts && fit->status != CRM_FIT_CONVERGED; start++)
	{
		CrmFit other;

		take_start(problem, starts[start], theta);
		fit_from(&search, theta, &other);
		if (other.log_likelihood >
		    fit->log_likelihood -
		        (other.status == CRM_FIT_CONVERGED ? 1e-10 * fabs(fit->log_likelihood) : 0))
			*fit = other;
	}
	fit->log_likelihood *= problem->clients;
	fit->iterations = search.evaluations;
}

/* Into a model: parameter i is unit[i] times what was fitted. */
void
crm_fit_store(const CrmFit *fit, const double *unit, CrmModel *model)
{
	int n = crm_model_kind(model)->nparameters;

	for (int i = 0; i < n; i++)
		crm_model_set_parameter(model, i, exp(fit->theta[i]) * unit[i]);
	model->header.flags |= CRM_MODEL_FITTED;
	model->status = fit->status;
	model->iterations = fit->iterations;
	model->gradient_norm = fit->gradient_norm;
	if (!fit->has_covariance)
		return;
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
			model->covariance[crm_covariance_at(i, j)] = fit->covariance[crm_covariance_at(i, j)] *
			                                             model->parameters[i] *
			                                             model->parameters[j];
	crm_model_settle_covariance(model);
}
