/*
 * bgnbd.c
 *		The BG/NBD model of Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24.
 *
 * While alive a client purchases at random at a rate of its own, Gamma(r, alpha) over the clients; after each purchase the client is gone
 * with a probability of its own, Beta(a, b) over the clients.
 */
#include "postgres.h"

#include "model/purchase_model.h"
#include "model/special_function.h"

#define R 0
#define ALPHA 1
#define A 2
#define B 3

/* ------------------------------------------------------------------------------------------------------------------
 * Likelihood
 * ------------------------------------------------------------------------------------------------------------------ */

/*
 * ln L = ln Gamma(r + x) / Gamma(r) + r ln alpha + ln Gamma(a + b) Gamma(b + x) / (Gamma(b) Gamma(a + b + x))
 *        + ln ((alpha + T)^-(r + x) + [x > 0] a / (b + x - 1) (alpha + t_x)^-(r + x))
 */
static double
log_likelihood(const CrmFitProblem *fit, const double *theta, double *gradient, uint32 stride)
{
	const CrmPurchaseProblem *problem = (const CrmPurchaseProblem *) fit;
	double r = exp(theta[R]), alpha = exp(theta[ALPHA]), a = exp(theta[A]), b = exp(theta[B]);
	double clients = 0, sum = 0, by_r = 0, by_alpha = 0, by_a = 0, by_b = 0;

	for (uint32 i = 0; i < problem->nfrequencies; i++)
	{
		double x = problem->frequencies[i], *own = problem->by_frequency + i * CRM_BY_FREQUENCY;
		double both = crm_digamma_rising(a + b, x);

		own[0] = crm_ln_rising(r, x) + crm_ln_rising(b, x) - crm_ln_rising(a + b, x);
		own[1] = crm_digamma_rising(r, x);
		own[2] = -both;
		own[3] = crm_digamma_rising(b, x) - both;
	}
	for (uint32 i = 0; i < problem->ntimes; i++)
	{
		problem->by_time[i * CRM_BY_TIME] = log(alpha + problem->times[i]);
		problem->by_time[i * CRM_BY_TIME + 1] = 1 / (alpha + problem->times[i]);
	}

	for (uint32 i = 0; i < fit->nrows; i += i < fit->nwhole ? 1 : stride)
	{
		const CrmPurchaseRow *row = &problem->rows[i];
		double weight = problem->weights[i] * (i < fit->nwhole ? 1 : stride);
		double x = problem->frequencies[row->frequency];
		const double *own = problem->by_frequency + row->frequency * CRM_BY_FREQUENCY;
		const double *tenure = problem->by_time + row->tenure * CRM_BY_TIME;
		double value = own[0] - (r + x) * tenure[0];
		double slope_r = own[1] - tenure[0], slope_alpha = -(r + x) * tenure[1];
		double slope_a = own[2], slope_b = own[3];

		if (x > 0)
		{
			const double *recency = problem->by_time + row->recency * CRM_BY_TIME;
			/* the odds to be gone since the last purchase */
			double ln_odds = log(a / (b + (x - 1))) + (r + x) * (tenure[0] - recency[0]);
			double e = exp(-fabs(ln_odds));
			double gone = ln_odds > 0 ? 1 / (1 + e) : e / (1 + e);

			value += (ln_odds > 0 ? ln_odds : 0) + log1p(e);
			slope_r += gone * (tenure[0] - recency[0]);
			slope_alpha += gone * (r + x) * (tenure[1] - recency[1]);
			slope_a += gone / a;
			slope_b -= gone / (b + (x - 1));
		}
		clients += weight;
		sum += weight * value;
		by_r += weight * slope_r;
		by_alpha += weight * slope_alpha;
		by_a += weight * slope_a;
		by_b += weight * slope_b;
	}
	gradient[R] = r * (by_r + clients * theta[ALPHA]);
	gradient[ALPHA] = alpha * by_alpha + clients * r;
	gradient[A] = a * by_a;
	gradient[B] = b * by_b;
	return sum + clients * r * theta[ALPHA];
}

/* ------------------------------------------------------------------------------------------------------------------
 * Predictions
 * ------------------------------------------------------------------------------------------------------------------ */

/* P(alive) = 1 / (1 + [x > 0] a / (b + x - 1) ((alpha + T) / (alpha + t_x))^(r + x)) */
static double
ln_odds_alive(const double *parameters, const CrmHistory *history)
{
	double x = history->x;

	if (x == 0)
		return HUGE_VAL;
	return log(parameters[B] + (x - 1)) - log(parameters[A]) -
	       (parameters[R] + x) *
	           log1p((history->T - history->t_x) / (parameters[ALPHA] + history->t_x));
}

/* A client who is alive: the rate is Gamma(shape, 1 / time already seen), the chance to go Beta(a, b). */
typedef struct Alive
{
	double shape;
	double ratio; /* of the integral: time ahead by time seen, that of the prior included */
	double a;
	double b;
} Alive;

/*
 * ln of the integrand over the chance p to go, by u = ln(p / (1 - p)): p^a (1 - p)^b (1 - (1 + p ratio)^-shape) / p.
 */
static double
purchases_density(double u, const void *parameters, double *slope)
{
	const Alive *alive = parameters;
	double ln_p = -crm_ln_1p_exp(-u), ln_q = -crm_ln_1p_exp(u), q = exp(ln_q);
	double ln_scaled = ln_p + log(alive->ratio), scaled = exp(ln_scaled);
	double exponent = alive->shape * log1p(scaled);
	double inner = scaled < 1e-20 ? log(alive->shape) + ln_scaled : log(-expm1(-exponent));
	double inner_slope =
	    scaled < 1e-20 ? 1 : alive->shape * scaled / (1 + scaled) / expm1(exponent);

	*slope = (alive->a - 1 + inner_slope) * q - alive->b * exp(ln_p);
	return (alive->a - 1) * ln_p + alive->b * ln_q + inner;
}

/*
 * Purchases ahead of a client who is alive.
 *
 * The paper's form with 2F1 is a difference of two numbers that are close for short horizons and equal for a = 1.
 * Here all terms are positive.  A client who could not go would make n purchases with the negative binomial probability of
 * n; one who can makes the k-th if it stays after each of the k - 1 before, which has the probability
 * (b)_k-1 / (a + b)_k-1.  So E = sum over n of P(n) sum over k < n of (b)_k / (a + b)_k.
 */

#define MAX_TERMS 1024
/* So many horizons are taken through the series together: their sums do not wait for one another. */
#define LANES 8

/* What the terms have whatever the horizon: made as they are asked for, so that many horizons cost little more than one. */
typedef struct Terms
{
	int n;
	double stays;
	double steps[MAX_TERMS]; /* by which P(n) grows, but for z */
	double made[MAX_TERMS];  /* sum over k <= n */
} Terms;

/* For as many ascending ratios above 0 as lanes, or fewer; false if the series would be too long. */
static pg_attribute_always_inline bool
sum_series(const Alive *alive, const int lanes, int nratios, const double *ratios, Terms *terms,
           double *purchases)
{
	double z[LANES], probability[LANES], sum[LANES];

	for (int lane = 0; lane < nratios; lane++)
	{
		z[lane] = ratios[lane] / (1 + ratios[lane]);
		probability[lane] = exp(-alive->shape * log1p(ratios[lane]));
	}
	/* lanes that are left over do again what the last one does */
	for (int lane = nratios; lane < lanes; lane++)
	{
		z[lane] = z[nratios - 1];
		probability[lane] = probability[nratios - 1];
	}
	memset(sum, 0, sizeof(sum));
	for (int n = 0; n < MAX_TERMS; n++)
	{
		double step, made;

		if (n == terms->n)
		{
			terms->steps[n] = (alive->shape + n) / (n + 1);
			terms->made[n] = (n > 0 ? terms->made[n - 1] : 0) + terms->stays;
			terms->stays *= (alive->b + n) / (alive->a + alive->b + n);
			terms->n++;
		}
		step = terms->steps[n];
		made = terms->made[n];
		for (int lane = 0; lane < lanes; lane++)
		{
			probability[lane] *= z[lane] * step;
			sum[lane] += probability[lane] * made;
		}
		/*
		 * From here on no term is a larger part of the one before it; the longest horizon takes the most terms.  Not looked at
		 * each time.
		 */
		if (n % 8 == 7)
		{
			double most = z[lanes - 1] * Max(step, 1) * (n + 2) / (n + 1);

			if (most < 1 &&
			    probability[lanes - 1] * made * most < 1e-16 * (1 - most) * sum[lanes - 1])
			{
				memcpy(purchases, sum, sizeof(double) * nratios);
				return true;
			}
		}
	}
	return false;
}

/* The compiler makes one loop for each number of lanes. */
static bool
purchases_by_series(const Alive *alive, int nratios, const double *ratios, Terms *terms,
                    double *purchases)
{
	return nratios == 1 ? sum_series(alive, 1, 1, ratios, terms, purchases)
	                    : sum_series(alive, LANES, nratios, ratios, terms, purchases);
}

/* The same expectation as an integral over the chance to go, for where the series would be long. */
static double
purchases_by_integral(const Alive *alive, double ratio)
{
	Alive longer = *alive;

	longer.ratio = ratio;
	return exp(crm_ln_integral(purchases_density, &longer,
	                           log(alive->a / (alive->b + alive->shape * ratio))) -
	           crm_ln_beta(alive->a, alive->b));
}

/* Purchases within each of some ascending times, in the unit of "seen", the time already seen with that of the prior. */
static void
purchases_ahead(const Alive *alive, double seen, int ntimes, const double *times, double *purchases)
{
	Terms terms;

	terms.n = 0;
	terms.stays = 1;
	for (int i = 0, n; i < ntimes; i += n)
	{
		double ratios[LANES], most = Min(100 / alive->shape, 10);

		for (n = 0; n < LANES && i + n < ntimes; n++)
		{
			ratios[n] = times[i + n] / seen;
			if (ratios[n] == 0 || ratios[n] >= most)
				break;
		}
		if (n > 0 && purchases_by_series(alive, n, ratios, &terms, purchases + i))
			continue;
		n = 1;
		purchases[i] = times[i] == 0 ? 0 : purchases_by_integral(alive, times[i] / seen);
	}
}

static void
purchases_if_alive(const double *parameters, const CrmHistory *history, int ntimes,
                   const double *times, double *purchases)
{
	Alive alive = {
	    .shape = parameters[R] + history->x, .a = parameters[A], .b = parameters[B] + history->x};

	purchases_ahead(&alive, parameters[ALPHA] + history->T, ntimes, times, purchases);
}

static double
purchases_new(const double *parameters, double time)
{
	Alive alive = {.shape = parameters[R], .a = parameters[A], .b = parameters[B]};
	double purchases;

	purchases_ahead(&alive, parameters[ALPHA], 1, &time, &purchases);
	return purchases;
}

/*
 * P(X(t) = n) = B(a, b + n) / B(a, b) P(N = n) + [n > 0] B(a + 1, b + n - 1) / B(a, b) P(N >= n), where N is the negative binomial
 * count of a client who cannot go
 */
static double
probability(const double *parameters, double n, double time)
{
	double r = parameters[R], alpha = parameters[ALPHA], a = parameters[A], b = parameters[B];
	double stays = crm_ln_stays(a, b, n);
	double sum;

	if (time == 0)
		return n == 0;
	sum = exp(stays + crm_ln_nbd(r, -log1p(alpha / time), -log1p(time / alpha), n));
	if (n > 0)
		sum += exp(log(a / (b + (n - 1))) + stays) *
		       crm_nbd_tail(r, time / (alpha + time), alpha / (alpha + time), n);
	return sum;
}

const CrmPurchaseKind crm_bgnbd = {.model = &crm_bgnbd_kind,
                                   .time_parameter = {0, 1, 0, 0},
                                   .log_likelihood = log_likelihood,
                                   .starts = {{1, 1, 3}, {0.3, 0.6, 2}, {4, 0.2, 2}, {1, 3, 3}},
                                   .ln_odds_alive = ln_odds_alive,
                                   .purchases_if_alive = purchases_if_alive,
                                   .purchases_new = purchases_new,
                                   .probability = probability};
