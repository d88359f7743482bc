/*
 * pareto_nbd.c
 *		The Pareto/NBD model of Schmittlein, Morrison and Colombo (1987), Counting Your Customers, Management Science 33.
 *
 * While alive a client purchases at random at a rate of its own, Gamma(r, alpha) over the clients, and leaves at random at a rate of its
 * own, Gamma(s, beta) over the clients.
 *
 * The textbook forms have differences of 2F1 that lose all digits for large x (Fader and Hardie, "A Note on Deriving the
 * Pareto/NBD Model", 2005).  Those differences are an integral over the moment y at which the client left,
 *
 *		J = integral from t_x to T of (alpha + y)^-(r + x) (beta + y)^-(s + 1) dy,
 *
 * of a smooth positive function, which is what is computed here.
 */
#include "postgres.h"

#include "model/purchase_model.h"
#include "model/special_function.h"

#define R 0
#define ALPHA 1
#define S 2
#define BETA 3

/* Gauss-Legendre on [-1, 1], eight points; NIST DLMF table 3.5.2 */
#define NODES 8
static const double nodes[NODES] = {-0.96028985649753623168, -0.79666647741362673959,
                                    -0.52553240991632898582, -0.18343464249564980494,
                                    0.18343464249564980494,  0.52553240991632898582,
                                    0.79666647741362673959,  0.96028985649753623168};
static const double weights[NODES] = {
    0.10122853629037625915, 0.22238103445337447054, 0.31370664587788728734, 0.36268378337836198297,
    0.36268378337836198297, 0.31370664587788728734, 0.22238103445337447054, 0.10122853629037625915};

/*
 * J in units of (alpha + t_x)^-(r + x) (beta + t_x)^-(s + 1), and means of what the gradient needs under its integrand.
 */
typedef struct Left
{
	double integral;
	double ln_alpha; /* of ln (alpha + y) / (alpha + t_x) */
	double ln_beta;
	double per_alpha; /* of 1 / (alpha + y) */
	double per_beta;
} Left;

/*
 * With m the smaller and M the larger of alpha and beta, y = (m + t_x) e^w - m: the sharper of the two powers becomes an exponential
 * in w, and the other is smooth.  Panels are so short that the integrand falls by about e^4 in each, which eight points integrate to
 * 13 digits.
 */
static void
integrate_left(double r_x, double alpha, double s_1, double beta, double t_x, double T,
               bool with_means, Left *left)
{
	bool alpha_low = alpha <= beta;
	double low = (alpha_low ? alpha : beta) + t_x, high = (alpha_low ? beta : alpha) + t_x;
	double low_power = alpha_low ? r_x : s_1, high_power = alpha_low ? s_1 : r_x;
	double end = log1p((T - t_x) / low), share = low / high;
	double sum = 0, ln_low = 0, ln_high = 0, per_low = 0, per_high = 0;

	for (double start = 0, last = 0; start < end && last > -40;)
	{
		/* how fast the integrand falls at most in the next unit of w */
		double e = exp(Min(start + 1, end));
		double falls = low_power + high_power * e / (e - 1 + 1 / share) - 1;
		double length = Min(Min(1, end - start), 4 / fabs(falls));

		for (int i = 0; i < NODES; i++)
		{
			double w = start + length * (1 + nodes[i]) / 2;
			double growth = exp(w), ln = log1p(share * (growth - 1));
			double part = exp((1 - low_power) * w - high_power * ln) * weights[i] * length / 2;

			sum += part;
			if (with_means)
			{
				ln_low += part * w;
				ln_high += part * ln;
				per_low += part / growth;
				per_high += part / (1 + share * (growth - 1));
			}
		}
		start += length;
		e = exp(start);
		last = (1 - low_power) * start - high_power * log1p(share * (e - 1)) - log(sum);
		if (falls <= 0)
			last = 0;
	}
	left->integral = sum * low;
	if (!with_means)
		return;
	sum = sum > 0 ? sum : 1;
	left->ln_alpha = (alpha_low ? ln_low : ln_high) / sum;
	left->ln_beta = (alpha_low ? ln_high : ln_low) / sum;
	left->per_alpha = (alpha_low ? per_low : per_high) / sum / (alpha + t_x);
	left->per_beta = (alpha_low ? per_high : per_low) / sum / (beta + t_x);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Likelihood
 * ------------------------------------------------------------------------------------------------------------------ */

/* Integrals from a time on, in units of the integrand there: of itself, and times what the gradient needs. */
typedef double Sums[CRM_BY_BOTH];

static void
sums_of(const Left *left, const double *time, Sums sums)
{
	sums[0] = left->integral;
	sums[1] = sums[0] * (time[0] + left->ln_alpha);
	sums[2] = sums[0] * (time[1] + left->ln_beta);
	sums[3] = sums[0] * left->per_alpha;
	sums[4] = sums[0] * left->per_beta;
}

/*
 * For each frequency and time, the integrals from there to the last time, piece by piece from the last one back.  Those between any two
 * times are then a difference.
 */
static void
fill_table(const CrmPurchaseProblem *problem, double r, double alpha, double s, double beta)
{
	for (uint32 f = 0; f < problem->nfrequencies; f++)
	{
		double r_x = r + problem->frequencies[f];
		Sums *table = (Sums *) problem->by_both + (Size) f * problem->ntimes;

		memset(table[problem->ntimes - 1], 0, sizeof(Sums));
		for (uint32 i = problem->ntimes - 1; i-- > 0;)
		{
			const double *from = problem->by_time + i * CRM_BY_TIME, *to = from + CRM_BY_TIME;
			double falls = exp(-r_x * (to[0] - from[0]) - (s + 1) * (to[1] - from[1]));
			Left left;

			integrate_left(r_x, alpha, s + 1, beta, problem->times[i], problem->times[i + 1], true,
			               &left);
			sums_of(&left, from, table[i]);
			for (int k = 0; k < CRM_BY_BOTH; k++)
				table[i][k] += falls * table[i + 1][k];
		}
	}
}

/* The integrals between two times of a row. */
static void
integrate_row(const CrmPurchaseProblem *problem, const CrmPurchaseRow *row, double r_x,
              double alpha, double s, double beta, bool by_table, Sums sums)
{
	const double *from = problem->by_time + row->recency * CRM_BY_TIME;
	const double *to = problem->by_time + row->tenure * CRM_BY_TIME;

	if (by_table)
	{
		const Sums *table =
		    (const Sums *) problem->by_both + (Size) row->frequency * problem->ntimes;
		double falls = exp(-r_x * (to[0] - from[0]) - (s + 1) * (to[1] - from[1]));

		for (int k = 0; k < CRM_BY_BOTH; k++)
			sums[k] = table[row->recency][k] - falls * table[row->tenure][k];
	}
	else
	{
		Left left;

		integrate_left(r_x, alpha, s + 1, beta, problem->times[row->recency],
		               problem->times[row->tenure], true, &left);
		sums_of(&left, from, sums);
	}
}

/*
 * ln L = ln Gamma(r + x) / Gamma(r) + r ln alpha + s ln beta + ln ((alpha + T)^-(r + x) (beta + T)^-s + s J)
 */
static double
log_likelihood(const CrmFitProblem *fit, const double *theta, double *gradient, uint32 stride)
{
	const CrmPurchaseProblem *problem = (const CrmPurchaseProblem *) fit;
	double r = exp(theta[R]), alpha = exp(theta[ALPHA]), s = exp(theta[S]), beta = exp(theta[BETA]);
	double clients = 0, sum = 0, by_r = 0, by_alpha = 0, by_s = 0, by_beta = 0;
	bool by_table = problem->by_both != NULL && stride == 1;

	for (uint32 i = 0; i < problem->nfrequencies; i++)
	{
		problem->by_frequency[i * CRM_BY_FREQUENCY] = crm_ln_rising(r, problem->frequencies[i]);
		problem->by_frequency[i * CRM_BY_FREQUENCY + 1] =
		    crm_digamma_rising(r, problem->frequencies[i]);
	}
	for (uint32 i = 0; i < problem->ntimes; i++)
	{
		problem->by_time[i * CRM_BY_TIME] = log(alpha + problem->times[i]);
		problem->by_time[i * CRM_BY_TIME + 1] = log(beta + problem->times[i]);
	}
	if (by_table)
		fill_table(problem, r, alpha, s, beta);

	for (uint32 i = 0; i < fit->nrows; i += i < fit->nwhole ? 1 : stride)
	{
		const CrmPurchaseRow *row = &problem->rows[i];
		double weight = problem->weights[i] * (i < fit->nwhole ? 1 : stride);
		double x = problem->frequencies[row->frequency];
		double T = problem->times[row->tenure];
		const double *own = problem->by_frequency + row->frequency * CRM_BY_FREQUENCY;
		const double *recency = problem->by_time + row->recency * CRM_BY_TIME;
		const double *tenure = problem->by_time + row->tenure * CRM_BY_TIME;
		double alive = -(r + x) * tenure[0] - s * tenure[1];
		double slope_r = -tenure[0], slope_alpha = -(r + x) / (alpha + T);
		double slope_s = -tenure[1], slope_beta = -s / (beta + T);

		if (row->recency < row->tenure)
		{
			Sums left;
			double ln_odds, gone;

			integrate_row(problem, row, r + x, alpha, s, beta, by_table, left);
			ln_odds = theta[S] + log(left[0]) - (r + x) * recency[0] - (s + 1) * recency[1] - alive;
			gone = crm_logistic(ln_odds);
			alive += crm_ln_1p_exp(ln_odds);
			slope_r += gone * (-left[1] / left[0] - slope_r);
			slope_alpha += gone * (-(r + x) * left[3] / left[0] - slope_alpha);
			slope_s += gone * (1 / s - left[2] / left[0] - slope_s);
			slope_beta += gone * (-(s + 1) * left[4] / left[0] - slope_beta);
		}
		clients += weight;
		sum += weight * (own[0] + alive);
		by_r += weight * (own[1] + slope_r);
		by_alpha += weight * slope_alpha;
		by_s += weight * slope_s;
		by_beta += weight * slope_beta;
	}
	gradient[R] = r * (by_r + clients * theta[ALPHA]);
	gradient[ALPHA] = alpha * by_alpha + clients * r;
	gradient[S] = s * (by_s + clients * theta[BETA]);
	gradient[BETA] = beta * by_beta + clients * s;
	return sum + clients * (r * theta[ALPHA] + s * theta[BETA]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Predictions
 * ------------------------------------------------------------------------------------------------------------------ */

/* P(alive) = 1 / (1 + s J (alpha + T)^(r + x) (beta + T)^s) */
static double
ln_odds_alive(const double *parameters, const CrmHistory *history)
{
	double r_x = parameters[R] + history->x, alpha = parameters[ALPHA], s = parameters[S],
	       beta = parameters[BETA];
	double silence = history->T - history->t_x;
	Left left;

	if (silence <= 0)
		return HUGE_VAL;
	integrate_left(r_x, alpha, s + 1, beta, history->t_x, history->T, false, &left);
	return -(log(s * left.integral / (beta + history->t_x)) +
	         r_x * log1p(silence / (alpha + history->t_x)) +
	         s * log1p(silence / (beta + history->t_x)));
}

/* (1 - ((beta) / (beta + time))^(s - 1)) beta / (s - 1), the time that a client is expected to stay within a time */
static double
time_alive(double s, double beta, double time)
{
	double ln = log1p(time / beta);

	return s == 1 ? beta * ln : -beta * expm1(-(s - 1) * ln) / (s - 1);
}

static void
purchases_if_alive(const double *parameters, const CrmHistory *history, int ntimes,
                   const double *times, double *purchases)
{
	double rate = (parameters[R] + history->x) / (parameters[ALPHA] + history->T);

	for (int i = 0; i < ntimes; i++)
		purchases[i] = rate * time_alive(parameters[S], parameters[BETA] + history->T, times[i]);
}

static double
purchases_new(const double *parameters, double time)
{
	return parameters[R] / parameters[ALPHA] * time_alive(parameters[S], parameters[BETA], time);
}

/* A new client who leaves within a time after n purchases. */
typedef struct Leaving
{
	const double *parameters;
	double n;
	double time;
} Leaving;

/*
 * ln of the density of the moment y of leaving and of n purchases until then, by u = ln(y / (time - y)); without the factors that
 * do not depend on y.
 */
static double
leaving_density(double u, const void *parameters, double *slope)
{
	const Leaving *leaving = parameters;
	double n = leaving->n, r = leaving->parameters[R], alpha = leaving->parameters[ALPHA];
	double s_1 = leaving->parameters[S] + 1, beta = leaving->parameters[BETA];
	double ln_p = -crm_ln_1p_exp(-u), ln_q = -crm_ln_1p_exp(u), y = leaving->time * exp(ln_p);

	*slope = exp(ln_q) * (n + 1 - (r + n) * y / (alpha + y) - s_1 * y / (beta + y)) - exp(ln_p);
	return ln_p + ln_q - (n > 0 ? n * log1p(alpha / y) : 0) - r * log1p(y / alpha) -
	       s_1 * log1p(y / beta);
}

/*
 * P(X(t) = n): the client stays all the time and makes n purchases, or leaves at a moment before and has made n by then (Fader and
 * Hardie 2005).
 */
static double
probability(const double *parameters, double n, double time)
{
	double alpha = parameters[ALPHA], s = parameters[S], beta = parameters[BETA];
	Leaving leaving = {parameters, n, time};
	double stays, leaves;

	if (time == 0)
		return n == 0;
	stays = crm_ln_nbd(parameters[R], -log1p(alpha / time), -log1p(time / alpha), n) -
	        s * log1p(time / beta);
	leaves = log(s * time / beta) + crm_ln_nbd(parameters[R], 0, 0, n) +
	         crm_ln_integral(leaving_density, &leaving, 0);
	return exp(stays) + exp(leaves);
}

const CrmPurchaseKind crm_pareto_nbd = {
    .model = &crm_pareto_nbd_kind,
    .time_parameter = {0, 1, 0, 1},
    .log_likelihood = log_likelihood,
    .starts = {{1, 1, 1}, {0.5, 0.6, 0.4}, {4, 1, 4}, {1, 3, 3}},
    .ln_odds_alive = ln_odds_alive,
    .purchases_if_alive = purchases_if_alive,
    .purchases_new = purchases_new,
    .probability = probability};
