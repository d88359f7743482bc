/*
 * kaplan_meier.c
 *		Survival curves from counts at times.
 *
 * Kaplan and Meier (1958): S(t) is the product of 1 - d/n over the times up to t at which d of
 * the n at risk ended.  At risk at t is who entered before t and has neither ended nor been lost
 * before t.  Greenwood (1926): the variance of S(t) is S(t)^2 times the sum of d / (n (n - d)).
 * Bounds are of 95 per cent.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "summary/kaplan_meier.h"

#define NORMAL_975 1.959963984540054
/* S = 1/2 is met exactly in exact arithmetic only. */
#define HALF_TOLERANCE 1e-9

/*
 * The standard error of S and its bounds, from the variance of log S.  On the scale log(-log S)
 * the bounds are S^exp(+-z se / log S) and stay between 0 and 1 (Kalbfleisch and Prentice 1980);
 * on the scale log S they are S exp(+-z se), cut at 1.
 */
static void
set_bounds(SurvivalStep *step, double log_variance, SurvivalScale scale)
{
	double error = sqrt(log_variance);

	if (step->survival <= 0)
	{
		step->survival = 0;
		step->std_error = step->lower = step->upper = NAN;
		return;
	}
	step->std_error = step->survival * error;
	if (log_variance == 0)
		step->lower = step->upper = step->survival;
	else if (scale == SCALE_LOG)
	{
		step->lower = step->survival * exp(-NORMAL_975 * error);
		step->upper = Min(1, step->survival * exp(NORMAL_975 * error));
	}
	else
	{
		double width = NORMAL_975 * error / -log(step->survival);

		step->lower = pow(step->survival, exp(width));
		step->upper = pow(step->survival, exp(-width));
	}
}

/* How many are at risk from the start: those who were not seen to enter later. */
static int64
at_start(const SurvivalTime *times, int ntimes)
{
	int64 at_risk = 0;

	for (int i = 0; i < ntimes; i++)
		at_risk += times[i].ended + times[i].censored - times[i].entered;
	return at_risk;
}

/* The curve of counts sorted by time. */
SurvivalCurve
crm_kaplan_meier(const SurvivalTime *times, int ntimes, SurvivalScale scale)
{
	SurvivalCurve curve = {0};
	int64 at_risk = at_start(times, ntimes);
	double survival = 1, log_variance = 0;

	curve.steps = palloc(sizeof(SurvivalStep) * Max(ntimes, 1));
	for (int i = 0; i < ntimes; i++)
	{
		const SurvivalTime *now = &times[i];

		CHECK_FOR_INTERRUPTS();
		if (now->ended > 0 || now->censored > 0)
		{
			SurvivalStep *step = &curve.steps[curve.nsteps++];
			double n = at_risk, d = now->ended;

			step->time = now->time;
			step->at_risk = at_risk;
			step->ended = now->ended;
			step->censored = now->censored;
			if (now->ended > 0)
			{
				survival *= (n - d) / n;
				if (now->ended < at_risk)
					log_variance += d / (n * (n - d));
			}
			step->survival = survival;
			set_bounds(step, log_variance, scale);
		}
		at_risk += now->entered - now->ended - now->censored;
	}
	return curve;
}

/* The number of steps up to a time. */
static int
steps_until(const SurvivalCurve *curve, double time)
{
	int low = 0, high = curve->nsteps;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (curve->steps[middle].time <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Is the curve known at a time?  After the last time it is only if nobody was left. */
static bool
is_known(const SurvivalCurve *curve, double time)
{
	const SurvivalStep *last = &curve->steps[curve->nsteps - 1];

	return time <= last->time || last->survival == 0;
}

/* S(time), the share that lives longer; NaN where nobody was followed so long. */
double
crm_survival_at(const SurvivalCurve *curve, double time)
{
	int n = steps_until(curve, time);

	if (!is_known(curve, time))
		return NAN;
	return n == 0 ? 1 : curve->steps[n - 1].survival;
}

static double
survival_of(const SurvivalStep *step)
{
	return step->survival;
}

static double
lower_of(const SurvivalStep *step)
{
	return step->lower;
}

static double
upper_of(const SurvivalStep *step)
{
	return step->upper;
}

/*
 * Where a curve comes down to 1/2: the first time at which it is below, or the middle of the
 * stretch on which it is exactly 1/2.  NaN if it does not come so far.
 */
static double
half_time(const SurvivalCurve *curve, double (*height)(const SurvivalStep *))
{
	for (int i = 0; i < curve->nsteps; i++)
	{
		double here = height(&curve->steps[i]);

		if (isnan(here))
			return NAN;
		if (here < 0.5 - HALF_TOLERANCE)
			return curve->steps[i].time;
		if (here <= 0.5 + HALF_TOLERANCE)
		{
			for (int next = i + 1; next < curve->nsteps; next++)
			{
				double there = height(&curve->steps[next]);

				if (isnan(there) || there < 0.5 - HALF_TOLERANCE)
					return (curve->steps[i].time + (double) curve->steps[next].time) / 2;
			}
			return curve->steps[i].time;
		}
	}
	return NAN;
}

/*
 * The median survival time and its bounds, where the bounds of the curve come down to 1/2
 * (Brookmeyer and Crowley 1982).  NaN for what is not reached.
 */
double
crm_survival_median(const SurvivalCurve *curve, double *lower, double *upper)
{
	*lower = half_time(curve, lower_of);
	*upper = half_time(curve, upper_of);
	return half_time(curve, survival_of);
}

/*
 * The mean time lived up to a limit: the area under the curve.  NaN where nobody was followed so
 * long.  The limit may be infinite where nobody is left.
 */
double
crm_restricted_mean(const SurvivalCurve *curve, double until)
{
	double area = 0, from = 0, survival = 1;

	if (!is_known(curve, until))
		return NAN;
	for (int i = 0; i < curve->nsteps && curve->steps[i].time < until; i++)
	{
		area += survival * (curve->steps[i].time - from);
		from = curve->steps[i].time;
		survival = curve->steps[i].survival;
	}
	return survival > 0 ? area + survival * (until - from) : area;
}

/*
 * The log-rank test of two curves (Mantel 1966): at each time at which somebody ended, as many of
 * each group are expected to end as its share of those at risk; the variance is that of the
 * hypergeometric distribution.
 */
LogRank
crm_log_rank(const SurvivalTime *a, int na, const SurvivalTime *b, int nb)
{
	const SurvivalTime *groups[2] = {a, b};
	int ntimes[2] = {na, nb}, next[2] = {0, 0};
	int64 at_risk[2] = {at_start(a, na), at_start(b, nb)};
	double difference =
	           0, /* observed less expected of the first group, exactly 0 for equal curves */
	    variance = 0;
	LogRank test = {0};

	while (next[0] < na || next[1] < nb)
	{
		int64 ended[2] = {0, 0};
		int64 leaving[2] = {0, 0};
		int32 time;
		double n, d;

		CHECK_FOR_INTERRUPTS();
		if (next[1] >= nb || (next[0] < na && a[next[0]].time <= b[next[1]].time))
			time = a[next[0]].time;
		else
			time = b[next[1]].time;
		for (int g = 0; g < 2; g++)
			if (next[g] < ntimes[g] && groups[g][next[g]].time == time)
			{
				const SurvivalTime *now = &groups[g][next[g]++];

				ended[g] = now->ended;
				leaving[g] = now->ended + now->censored - now->entered;
			}
		n = (double) at_risk[0] + at_risk[1];
		d = (double) ended[0] + ended[1];
		if (d > 0)
		{
			for (int g = 0; g < 2; g++)
			{
				test.observed[g] += ended[g];
				test.expected[g] += d * at_risk[g] / n;
			}
			difference +=
			    (double) ((int128) ended[0] * at_risk[1] - (int128) ended[1] * at_risk[0]) / n;
			if (n > 1)
				variance += d * (at_risk[0] / n) * (at_risk[1] / n) * (n - d) / (n - 1);
		}
		for (int g = 0; g < 2; g++)
			at_risk[g] -= leaving[g];
	}
	if (variance > 0)
	{
		test.chi_square = difference * difference / variance;
		test.p_value = erfc(sqrt(test.chi_square / 2));
	}
	else
		test.chi_square = test.p_value = NAN;
	return test;
}
