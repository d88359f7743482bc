/*
 * concentration_curve.c
 *		What share of a total goes to the lowest: the curves of Lorenz and of concentration.
 *
 * Cells in the order of a value have the number of their rows and what these have of something, which may be the
 * value itself: the curve is then that of Lorenz and its index that of Gini.  If it is something else, such as the service
 * that clients in the order of their assets got, it is a concentration curve.  The rows of one cell are taken to have equal
 * parts: the curve is straight there, which is what giving ties their mean rank comes to.
 */
#include "postgres.h"

#include <math.h>

#include "summary/concentration_curve.h"

/* The total of all cells, in units. */
int128
crm_curve_total(const CrmCell *cells, int ncells)
{
	int128 total = 0;

	for (int i = 0; i < ncells; i++)
		total += crm_money_load(&cells[i].total);
	return total;
}

/* What the lowest p of the rows have of the total; NaN if that is 0. */
double
crm_curve_share(const CrmCell *cells, int ncells, int64 count, double p)
{
	double total = (double) crm_curve_total(cells, ncells), left = p * count;
	int128 below = 0;

	if (total == 0)
		return NAN;
	for (int i = 0; i < ncells; i++)
	{
		int128 own = crm_money_load(&cells[i].total);

		if (left < cells[i].count)
			return ((double) below + own * (left / cells[i].count)) / total;
		left -= cells[i].count;
		below += own;
	}
	return 1;
}

/*
 * Twice the area between the diagonal and the curve, less what is above the diagonal: from -1, all goes to the lowest, to 1, all
 * goes to the highest.  NaN if the total is 0.
 *
 * It is 2 cov(part, rank) / mean(part), with ranks (i - 1/2) / n, of which ties have the mean.
 */
double
crm_curve_index(const CrmCell *cells, int ncells, int64 count)
{
	double total = (double) crm_curve_total(cells, ncells), area = 0;
	int128 below = 0;

	if (total == 0)
		return NAN;
	for (int i = 0; i < ncells; i++)
	{
		int128 with = below + crm_money_load(&cells[i].total);

		area += (double) cells[i].count * ((double) below + (double) with);
		below = with;
	}
	return 1 - area / count / total;
}

/* 22023 for a number of points that no curve is drawn with. */
void
crm_curve_check_points(const char *what, int32 points)
{
	if (points < 1 || points > MAX_CURVE_POINTS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("points of a %s must be between 1 and %d", what, MAX_CURVE_POINTS)));
}
