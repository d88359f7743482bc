/*
 * association.c
 *		How two attributes of the same clients go together: lift and the log-likelihood ratio.
 *
 * The two by two table of a pair is n11 = both, n12 = one only, n21 = other only, n22 = neither, with
 * n = clients, n1. = one and n.1 = other.
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "summary/association.h"

/* The normal quantile of 0.975: an interval of 95 % has so many standard errors on each side. */
#define STANDARD_ERRORS 1.959963984540054

/* Below this difference to what is expected, a series gives the digits that a logarithm loses. */
#define SMALL 0.01
#define LAST_POWER 8

/* n n11 / (n1. n.1): how many times as many hold both as if the products had nothing to do with each other. */
double
crm_lift(const CrmJointCount *count)
{
	return (double) count->clients * (double) count->both /
	       ((double) count->one * (double) count->other);
}

/*
 * The lower end of the 95 % interval of the lift, 0 for a pair that nobody holds.
 *
 * By the delta method for the logarithm of a function of multinomial counts (Agresti, Categorical Data Analysis, 3rd edition
 * 2013, section 16.1).  The gradient of ln(p11 / (p1. p.1)) has the mean -1, so that the variance, 1/n11 - 1/n1. - 1/n.1 +
 * (2 lift - 1)/n, is a sum over the cells in which nothing is below 0:
 *
 *	[n11 g^2 + n12 (n2. / n1.)^2 + n21 (n.2 / n.1)^2 + n22] / n^2
 *
 * where g is n n21 / (n11 n.1) - n2. / n1., and the same with the two products exchanged: half of both, for the same bits either way round.
 */
double
crm_lift_lower(const CrmJointCount *count)
{
	double n = (double) count->clients, both = (double) count->both;
	double one = (double) count->one, one_only = (double) (count->one - count->both);
	double other = (double) count->other, other_only = (double) (count->other - count->both);
	double neither = (double) (count->clients - count->one - (count->other - count->both));
	double odds_one = (double) (count->clients - count->one) / one;
	double odds_other = (double) (count->clients - count->other) / other;
	double gradient, sum;

	if (count->both == 0)
		return 0;
	gradient = ((n * other_only / (both * other) - odds_one) +
	            (n * one_only / (both * one) - odds_other)) /
	           2;
	sum = both * gradient * gradient +
	      (one_only * odds_one * odds_one + other_only * odds_other * odds_other) + neither;
	return crm_lift(count) * exp(-STANDARD_ERRORS * sqrt(sum) / n);
}

/* observed ln(observed / expected) - (observed - expected), which is never below 0. */
static double
surprise(double observed, double expected, double difference)
{
	double ratio = difference / expected;

	if (fabs(ratio) < SMALL)
	{
		/* (1 + x) ln(1 + x) - x = x^2 / 2 - x^3 / 6 + x^4 / 12 - ... */
		double power = ratio, sum = 0;

		for (int m = 2; m <= LAST_POWER; m++)
		{
			power *= m == 2 ? ratio : -ratio;
			sum += power / (m * (m - 1));
		}
		return expected * sum;
	}
	return (observed > 0 ? observed * log(observed / expected) : 0) - difference;
}

/*
 * G2 of the two by two table: 2 sum n_ij ln(n_ij / expected_ij), Dunning (1993), Accurate methods for the statistics of
 * surprise and coincidence, Computational Linguistics 19(1).
 *
 * The differences to what is expected are n11 n22 - n12 n21 divided by n, up to the sign, in all four cells; they add up to 0,
 * so that each cell may have its own difference taken off.  The determinant is exact: G2 is 0 if and only if the two are
 * independent, and never below.
 */
double
crm_log_likelihood_ratio(const CrmJointCount *count)
{
	int64 one_only = count->one - count->both;
	int64 other_only = count->other - count->both;
	int64 neither = count->clients - count->one - other_only;
	int128 determinant = (int128) count->both * neither - (int128) one_only * other_only;
	double n = (double) count->clients;
	double one = (double) count->one, not_one = (double) (count->clients - count->one);
	double other = (double) count->other, not_other = (double) (count->clients - count->other);
	double difference = (double) determinant / n;

	if (determinant == 0)
		return 0;
	return 2 * (surprise((double) count->both, one * other / n, difference) +
	            (surprise((double) one_only, one * not_other / n, -difference) +
	             surprise((double) other_only, not_one * other / n, -difference)) +
	            surprise((double) neither, not_one * not_other / n, difference));
}
