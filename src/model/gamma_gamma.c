/*
 * gamma_gamma.c
 *		The Gamma-Gamma model of Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value".
 *
 * The amount of a purchase is Gamma(p, nu) with a nu of the client's own, Gamma(q, gamma) over the clients, whatever their
 * frequency.  The mean m of x amounts is all that is needed of a client.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "model/fit.h"
#include "model/gamma_gamma.h"
#include "model/special_function.h"
#include "summary/activity.h"
#include "summary/spend.h"

#define P 0
#define Q 1
#define GAMMA 2

typedef struct SpendProblem
{
	CrmFitProblem fit;
	uint32 nfrequencies;
	double *frequencies;
	double (*by_frequency)[3]; /* room for the likelihood's own figures */
	uint32 *places;            /* of a row's frequency */
	double *totals;            /* x m, in the fit's unit: the mean of m */
	double *ln_totals;
	double *weights;
	double sum_ln_means;
} SpendProblem;

/*
 * ln L = -ln B(p x, q) - ln m + p x ln (x m / (gamma + x m)) + q ln (gamma / (gamma + x m))
 */
static double
log_likelihood(const CrmFitProblem *fit, const double *theta, double *gradient, uint32 stride)
{
	const SpendProblem *problem = (const SpendProblem *) fit;
	double p = exp(theta[P]), q = exp(theta[Q]), gamma = exp(theta[GAMMA]);
	double digamma_q = crm_digamma(q);
	double sum = 0, by_p = 0, by_q = 0, by_gamma = 0;

	for (uint32 i = 0; i < problem->nfrequencies; i++)
	{
		double p_x = p * problem->frequencies[i];
		double both = crm_digamma(p_x + q);

		problem->by_frequency[i][0] = -crm_ln_beta(p_x, q);
		problem->by_frequency[i][1] = both - crm_digamma(p_x);
		problem->by_frequency[i][2] = both - digamma_q;
	}
	for (uint32 i = 0; i < fit->nrows; i += stride)
	{
		const double *own = problem->by_frequency[problem->places[i]];
		double x = problem->frequencies[problem->places[i]], total = problem->totals[i];
		double weight = problem->weights[i] * stride;
		double ln_both = log(gamma + total);

		sum += weight *
		       (own[0] + p * x * (problem->ln_totals[i] - ln_both) + q * (theta[GAMMA] - ln_both));
		by_p += weight * x * (own[1] + problem->ln_totals[i] - ln_both);
		by_q += weight * (own[2] + theta[GAMMA] - ln_both);
		by_gamma += weight * (q - (p * x + q) * (gamma / (gamma + total)));
	}
	gradient[P] = p * by_p;
	gradient[Q] = q * by_q;
	gradient[GAMMA] = by_gamma;
	return sum - problem->sum_ln_means;
}

/* Lay out the rows of a summary, which are in the order of their frequency. */
static SpendProblem *
make_problem(const CrmSpends *spends, double *unit)
{
	SpendProblem *problem = palloc0(sizeof(SpendProblem));
	double sum = 0;

	for (uint32 i = 0; i < spends->nrows; i++)
		sum += (double) spends->rows[i].clients * spends->rows[i].units / spends->rows[i].frequency;
	*unit = sum / spends->clients;

	problem->fit.nparameters = crm_gamma_gamma_kind.nparameters;
	problem->fit.nrows = spends->nrows;
	problem->fit.clients = (double) spends->clients;
	problem->fit.log_likelihood = log_likelihood;
	problem->frequencies = palloc(sizeof(double) * spends->nrows);
	problem->places = palloc(sizeof(uint32) * spends->nrows);
	problem->totals = palloc(sizeof(double) * spends->nrows);
	problem->ln_totals = palloc(sizeof(double) * spends->nrows);
	problem->weights = palloc(sizeof(double) * spends->nrows);
	for (uint32 i = 0; i < spends->nrows; i++)
	{
		const CrmSpend *row = &spends->rows[i];

		if (i == 0 || row->frequency != spends->rows[i - 1].frequency)
			problem->frequencies[problem->nfrequencies++] = row->frequency;
		problem->places[i] = problem->nfrequencies - 1;
		problem->totals[i] = row->units / *unit;
		problem->ln_totals[i] = log(problem->totals[i]);
		problem->weights[i] = (double) row->clients;
		problem->sum_ln_means +=
		    row->clients * (problem->ln_totals[i] - log((double) row->frequency));
	}
	problem->by_frequency = palloc(sizeof(*problem->by_frequency) * problem->nfrequencies);
	*unit /= CRM_MONEY_SCALE;
	return problem;
}

/* The correlation of frequency and mean amount over the clients; NaN if one of them is the same for all. */
static double
correlate(const SpendProblem *problem)
{
	double mean_x = 0, mean_m = 0, xx = 0, xm = 0, mm = 0;

	for (uint32 i = 0; i < problem->fit.nrows; i++)
	{
		double x = problem->frequencies[problem->places[i]];

		mean_x += problem->weights[i] * x / problem->fit.clients;
		mean_m += problem->weights[i] * problem->totals[i] / x / problem->fit.clients;
	}
	for (uint32 i = 0; i < problem->fit.nrows; i++)
	{
		double x = problem->frequencies[problem->places[i]] - mean_x;
		double m = problem->totals[i] / problem->frequencies[problem->places[i]] - mean_m;

		xx += problem->weights[i] * x * x;
		xm += problem->weights[i] * x * m;
		mm += problem->weights[i] * m * m;
	}
	/* what rounding leaves of equal amounts is no variance */
	if (!(xx > 0) || !(mm > 1e-24 * problem->fit.clients))
		return NAN;
	return Max(-1, Min(xm / sqrt(xx * mm), 1));
}

/*
 * gamma_gamma_fit(spend_summary) -> gamma_gamma_model
 *
 * A fit that comes to no sound end gives a model that says so.
 */
PG_FUNCTION_INFO_V1(crm_gamma_gamma_fit);
Datum
crm_gamma_gamma_fit(PG_FUNCTION_ARGS)
{
	static const double ones[CRM_MODEL_PARAMETERS] = {1, 1, 1, 1};
	/* ln of p, q and gamma; the mean amount is 1 */
	static const double starts[][CRM_MODEL_PARAMETERS] = {
	    {1.1, 1.1, -0.4}, {0, 0.9, 0.4}, {3, 2.3, -0.8}, {0, 0, 0}};
	CrmModel *model = crm_model_new(&crm_gamma_gamma_kind, ones, 0);
	CrmSpends spends;

	crm_spends_read(PG_GETARG_DATUM(0), &spends);
	if (spends.clients + spends.without_repeat + spends.not_positive > CRM_MOST_CLIENTS)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("number of clients is out of range")));
	model->clients = spends.clients;
	model->left_out = spends.without_repeat + spends.not_positive;
	model->distinct_rows = spends.nrows;
	memcpy(model->data_digest, spends.digest, sizeof(model->data_digest));
	model->header.flags = CRM_MODEL_FITTED;
	model->status = CRM_FIT_TOO_FEW;
	if (spends.nrows >= crm_gamma_gamma_kind.nparameters)
	{
		double unit, correlation;
		SpendProblem *problem = make_problem(&spends, &unit);
		double units[CRM_MODEL_PARAMETERS] = {1, 1, unit};
		CrmFit fit;

		crm_fit(&problem->fit, starts, lengthof(starts), &fit);
		crm_fit_store(&fit, units, model);
		model->log_likelihood = fit.log_likelihood - problem->fit.clients * log(unit);
		correlation = correlate(problem);
		if (!isnan(correlation))
		{
			model->header.flags |= CRM_MODEL_HAS_CORRELATION;
			model->correlation = correlation == 0 ? 0 : correlation;
		}
	}
	PG_RETURN_POINTER(model);
}

/* gamma_gamma_model(p, q, gamma float8) -> gamma_gamma_model.  22023: a parameter that is not positive. */
PG_FUNCTION_INFO_V1(crm_gamma_gamma_given);
Datum
crm_gamma_gamma_given(PG_FUNCTION_ARGS)
{
	double parameters[CRM_MODEL_PARAMETERS] = {PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1),
	                                           PG_GETARG_FLOAT8(2)};

	for (int i = 0; i < crm_gamma_gamma_kind.nparameters; i++)
		crm_model_check_parameter(parameters[i], crm_gamma_gamma_kind.names[i]);
	PG_RETURN_POINTER(crm_model_new(&crm_gamma_gamma_kind, parameters, 0));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Predictions
 * ------------------------------------------------------------------------------------------------------------------ */

/*
 * E(M | x, total) = p (gamma + total) / (p x + q - 1): the client's own mean drawn towards that of all, the more the smaller x is.  A
 * total below zero counts as zero.  NaN where the expectation does not exist: p x + q <= 1.
 */
double
crm_expected_amount(const CrmModel *model, double x, double total)
{
	double p = model->parameters[P], rest = p * x + model->parameters[Q] - 1;

	if (!(rest > 0))
		return NAN;
	return p * (model->parameters[GAMMA] + Max(total, 0)) / rest;
}

/*
 * expected_amount(model gamma_gamma_model, activity activity_summary, any_status bool) -> float8
 *
 * What the client's next purchase day is expected to bring; that of a new client where there has been none but the first.  NULL where the
 * expectation does not exist, which is for new clients if q <= 1.
 */
PG_FUNCTION_INFO_V1(crm_gamma_gamma_expected_amount);
Datum
crm_gamma_gamma_expected_amount(PG_FUNCTION_ARGS)
{
	const CrmModel *model = crm_model_usable(fcinfo, 0, PG_GETARG_BOOL(2));
	int128 total;
	int32 x = crm_activity_repeat(PG_GETARG_DATUM(1), &total);
	double amount = crm_expected_amount(model, x, (double) total / CRM_MONEY_SCALE);

	if (isnan(amount))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(amount);
}

/*
 * expected_amount(model gamma_gamma_model, x bigint, mean_amount float8, any_status bool) -> float8
 *
 * The same for x repeat purchases of a mean amount, which does not matter if x is 0.  22023: a negative x, an amount that is not
 * finite.
 */
PG_FUNCTION_INFO_V1(crm_gamma_gamma_expected_amount_by_numbers);
Datum
crm_gamma_gamma_expected_amount_by_numbers(PG_FUNCTION_ARGS)
{
	const CrmModel *model = crm_model_usable(fcinfo, 0, PG_GETARG_BOOL(3));
	int64 x = PG_GETARG_INT64(1);
	double mean = PG_GETARG_FLOAT8(2), amount;

	if (x < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("x must not be negative")));
	if (!isfinite(mean) || fabs(mean) > 1e100)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("mean_amount must be a finite number")));
	amount = crm_expected_amount(model, (double) x, mean * x);
	if (isnan(amount))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(amount);
}

/* expected_amount_new(model gamma_gamma_model, any_status bool) -> float8: p gamma / (q - 1), NULL if q <= 1 */
PG_FUNCTION_INFO_V1(crm_gamma_gamma_expected_amount_new);
Datum
crm_gamma_gamma_expected_amount_new(PG_FUNCTION_ARGS)
{
	double amount = crm_expected_amount(crm_model_usable(fcinfo, 0, PG_GETARG_BOOL(1)), 0, 0);

	if (isnan(amount))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(amount);
}
