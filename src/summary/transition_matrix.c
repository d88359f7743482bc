/*
 * transition_matrix.c
 *		Probabilities of moving between ranks, over time.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "summary/transition_matrix.h"

/*
 * With at most half a move expected in a step, the terms left out are below the last bit of a
 * double.
 */
#define STEP 0.5
#define TERMS 16

SquareMatrix
crm_matrix_new(int size)
{
	SquareMatrix matrix = {size, palloc0(sizeof(double) * size * size)};

	return matrix;
}

static SquareMatrix
multiply(const SquareMatrix *a, const SquareMatrix *b)
{
	SquareMatrix product = crm_matrix_new(a->size);

	for (int row = 0; row < a->size; row++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int through = 0; through < a->size; through++)
		{
			double first = MATRIX(a, row, through);

			if (first != 0)
				for (int column = 0; column < a->size; column++)
					MATRIX(&product, row, column) += first * MATRIX(b, through, column);
		}
	}
	return product;
}

static void
replace(SquareMatrix *matrix, SquareMatrix with)
{
	pfree(matrix->cell);
	*matrix = with;
}

/* Rows of probabilities add up to 1; rounding would otherwise double at each squaring. */
static void
normalize(SquareMatrix *matrix)
{
	for (int row = 0; row < matrix->size; row++)
	{
		double sum = 0;

		for (int column = 0; column < matrix->size; column++)
			sum += MATRIX(matrix, row, column);
		for (int column = 0; column < matrix->size; column++)
			MATRIX(matrix, row, column) /= sum;
	}
}

/*
 * exp(generator * horizon): the probabilities after a time, where the generator holds the rates
 * of moving, and on its diagonal what makes each row add up to 0.
 *
 * By uniformization (Jensen 1953): with the fastest rate q, exp(G t) is the sum over n of
 * Poisson(n; qt) times the n-th power of I + G/q, in which nothing is negative, so that nothing
 * cancels.  A long time is halved until qt is small, and the result squared as often.
 */
SquareMatrix
crm_matrix_exponential(const SquareMatrix *generator, double horizon)
{
	int size = generator->size;
	double fastest = 0, mean, poisson;
	int halvings = 0;
	SquareMatrix jump = crm_matrix_new(size), power = crm_matrix_new(size),
	             result = crm_matrix_new(size);

	for (int row = 0; row < size; row++)
		fastest = Max(fastest, -MATRIX(generator, row, row));
	/* beyond what a double holds nothing changes any more */
	mean = Min(fastest * horizon, STEP * DBL_MAX);
	if (mean > STEP)
	{
		frexp(mean / STEP, &halvings);
		mean = ldexp(mean, -halvings);
	}
	for (int row = 0; row < size; row++)
		for (int column = 0; column < size; column++)
		{
			double same = row == column ? 1 : 0;

			MATRIX(&jump, row, column) =
			    fastest > 0 ? Max(0, same + MATRIX(generator, row, column) / fastest) : same;
			MATRIX(&power, row, column) = same;
		}
	poisson = exp(-mean);
	for (int term = 0; term < TERMS; term++)
	{
		for (int at = 0; at < size * size; at++)
			result.cell[at] += poisson * power.cell[at];
		poisson *= mean / (term + 1);
		replace(&power, multiply(&power, &jump));
	}
	normalize(&result);
	for (; halvings > 0; halvings--)
	{
		replace(&result, multiply(&result, &result));
		normalize(&result);
	}
	return result;
}
