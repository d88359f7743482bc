/*
 * special_function.c
 *		Functions that models of purchasing need, accurate where the textbook forms cancel.
 *
 * Nothing here allocates or raises: the fits call it from within NLopt.
 */
#include "postgres.h"

#include <float.h>

#include "model/special_function.h"

/* From here on the asymptotic series below have all the digits of a double. */
#define ASYMPTOTIC 10.0
/* Up to so many factors a rising factorial is multiplied out. */
#define FEW_FACTORS 16
/* What is left of a density out here does not matter: e^-50. */
#define NEGLIGIBLE -50.0

/* ln Gamma(x) less (x - 1/2) ln x - x + ln(2 pi) / 2, for large x */
static double
stirling_rest(double x)
{
	double y = 1 / (x * x);

	return (1.0 / 12 -
	        y * (1.0 / 360 -
	             y * (1.0 / 1260 -
	                  y * (1.0 / 1680 - y * (1.0 / 1188 - y * (691.0 / 360360 - y / 156)))))) /
	       x;
}

/*
 * ln of the rising factorial Gamma(x + n) / Gamma(x), for x > 0 and n >= 0, which need not be whole.
 *
 * The difference of two lgamma() would lose as many digits as they have in common.
 */
double
crm_ln_rising(double x, double n)
{
	double product = 1;

	if (n <= FEW_FACTORS && n == floor(n) && x < 1e15)
	{
		for (int k = 0; k < (int) n; k++)
			product *= x + k;
		return log(product);
	}
	for (; x < ASYMPTOTIC; x += 1)
		product *= x / (x + n);
	return (x - 0.5) * log1p(n / x) + n * (log(x + n) - 1) + stirling_rest(x + n) -
	       stirling_rest(x) + log(product);
}

/* psi(x), for x > 0 */
double
crm_digamma(double x)
{
	double below = 0, y;

	for (; x < ASYMPTOTIC; x += 1)
		below += 1 / x;
	y = 1 / (x * x);
	return log(x) - 0.5 / x -
	       y * (1.0 / 12 -
	            y * (1.0 / 120 -
	                 y * (1.0 / 252 -
	                      y * (1.0 / 240 - y * (1.0 / 132 - y * (691.0 / 32760 - y / 12)))))) -
	       below;
}

/* psi(x + n) - psi(x), the slope of crm_ln_rising */
double
crm_digamma_rising(double x, double n)
{
	double sum = 0;

	if (n > FEW_FACTORS || n != floor(n))
		return crm_digamma(x + n) - crm_digamma(x);
	for (int k = 0; k < (int) n; k++)
		sum += 1 / (x + k);
	return sum;
}

/* ln B(a, b), for a and b > 0 */
double
crm_ln_beta(double a, double b)
{
	static const double half_ln_2pi = 0.918938533204672741780329736406;
	double low = Min(a, b), high = Max(a, b);

	if (low < ASYMPTOTIC)
		return lgamma(low) - crm_ln_rising(high, low);
	return half_ln_2pi - 0.5 * log(high) + (low - 0.5) * log(low / (low + high)) -
	       high * log1p(low / high) + stirling_rest(low) + stirling_rest(high) -
	       stirling_rest(low + high);
}

/*
 * ln of the probability that a negative binomial count is n: Gamma(r + n) / (Gamma(r) n!) (1 - z)^r z^n, where
 * ln_complement is ln(1 - z).
 */
double
crm_ln_nbd(double r, double ln_z, double ln_complement, double n)
{
	if (n == 0)
		return r * ln_complement;
	/* Gamma(r + n) / (Gamma(r) n!) is 1 / (n B(r, n)), without the difference of two large numbers */
	return r * ln_complement + n * ln_z - log(n) - crm_ln_beta(r, n);
}

/*
 * ln of (b)_n / (a + b)_n, which is the mean of (1 - p)^n over a p that is Beta(a, b); n >= 0.  It is (b)_a / (b + n)_a, too: the
 * smaller of n and a makes the smaller numbers to be subtracted.
 */
double
crm_ln_stays(double a, double b, double n)
{
	if (n <= a)
		return crm_ln_rising(b, n) - crm_ln_rising(a + b, n);
	return crm_ln_rising(b, a) - crm_ln_rising(b + n, a);
}

/* The continued fraction of the incomplete beta function, by Lentz's method (NIST DLMF 8.17.22). */
static double
beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), result;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	result = d;
	for (int m = 1; m <= 100000; m++)
	{
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double change;

		d = 1 + even * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + even / c;
		c = fabs(c) < tiny ? tiny : c;
		result *= d * c;
		d = 1 + odd * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + odd / c;
		c = fabs(c) < tiny ? tiny : c;
		change = d * c;
		result *= change;
		if (fabs(change - 1) < 4 * DBL_EPSILON)
			break;
	}
	return result;
}

/*
 * The probability that a negative binomial count is n or more, n >= 1: the regularised incomplete beta function I_z(n, r),
 * where complement is 1 - z.
 */
double
crm_nbd_tail(double r, double z, double complement, double n)
{
	double ln_z = z < 0.5 ? log(z) : log1p(-complement);
	double ln_complement = z < 0.5 ? log1p(-z) : log(complement);
	double factor;

	if (z <= 0)
		return 0;
	factor = exp(n * ln_z + r * ln_complement - crm_ln_beta(n, r));
	/* the fraction converges fast on either side of the mean, for the side that it is on */
	if (z < (n + 1) / (n + r + 2))
		return factor * beta_fraction(n, r, z) / n;
	return Max(1 - factor * beta_fraction(r, n, complement) / r, 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Integrals over the whole line
 * ------------------------------------------------------------------------------------------------------------------ */

/* Where the slope of a density is zero: it is positive below and negative above. */
static double
find_mode(CrmLogDensity density, const void *parameters, double near)
{
	double low = near, high = near, step = 1, slope;

	density(near, parameters, &slope);
	if (slope > 0)
		do
		{
			low = high;
			high += step;
			step *= 2;
			density(high, parameters, &slope);
		} while (slope > 0 && step < 1e9);
	else
		do
		{
			high = low;
			low -= step;
			step *= 2;
			density(low, parameters, &slope);
		} while (slope < 0 && step < 1e9);
	for (int i = 0; i < 60 && high - low > 1e-6 * (1 + fabs(low)); i++)
	{
		double middle = (low + high) / 2;

		density(middle, parameters, &slope);
		if (slope > 0)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/* One side of the trapezoidal sum, in units of the density at the mode: v = first, first + step, ... */
static double
sum_side(CrmLogDensity density, const void *parameters, double mode, double top, double width,
         double first, double step)
{
	double sum = 0, slope;

	for (double v = first; fabs(v) < 40; v += step)
	{
		double stretch = cosh(v);
		double height = density(mode + width * sinh(v), parameters, &slope) - top;

		sum += exp(height) * stretch;
		if (height + log(stretch) < NEGLIGIBLE)
			break;
	}
	return sum;
}

/*
 * ln of the integral of exp(density(u)) over all u.
 *
 * u = mode + width sinh(v) makes exponential tails fall double exponentially, however slow they are; the trapezoidal rule then
 * converges geometrically (Takahasi and Mori 1974): with each halving of the step the number of right digits doubles, so that eleven of them
 * that do not change mean that all are right.
 */
double
crm_ln_integral(CrmLogDensity density, const void *parameters, double near)
{
	double mode = find_mode(density, parameters, near);
	double slope_below, slope_above, top, width, sum, before, step = 0.5;

	top = density(mode, parameters, &slope_below);
	density(mode - 1e-3, parameters, &slope_below);
	density(mode + 1e-3, parameters, &slope_above);
	width = Min(1 / sqrt(Max((slope_below - slope_above) / 2e-3, 1e-12)), 2);
	sum = 1 + sum_side(density, parameters, mode, top, width, step, step) +
	      sum_side(density, parameters, mode, top, width, -step, -step);
	do
	{
		before = sum * step;
		sum += sum_side(density, parameters, mode, top, width, step / 2, step) +
		       sum_side(density, parameters, mode, top, width, -step / 2, -step);
		step /= 2;
	} while (fabs(sum * step - before) > 1e-11 * before && step > 1e-3);
	return top + log(width * sum * step);
}
