/*
 * transition_matrix.h
 *		Probabilities of moving between ranks, over time.
 */
#ifndef CRM_TRANSITION_MATRIX_H
#define CRM_TRANSITION_MATRIX_H

/* A square matrix, row by row. */
typedef struct SquareMatrix
{
	int size;
	double *cell;
} SquareMatrix;

#define MATRIX(m, row, column) ((m)->cell[(row) * (m)->size + (column)])

extern SquareMatrix crm_matrix_new(int size);
extern SquareMatrix crm_matrix_exponential(const SquareMatrix *generator, double horizon);

#endif
