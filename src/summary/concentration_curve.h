/*
 * concentration_curve.h
 *		What share of a total goes to the lowest: the curves of Lorenz and of concentration.
 */
#ifndef CRM_CONCENTRATION_CURVE_H
#define CRM_CONCENTRATION_CURVE_H

#include "summary/cells.h"

#define MAX_CURVE_POINTS 100000

extern int128 crm_curve_total(const CrmCell *cells, int ncells);
extern double crm_curve_share(const CrmCell *cells, int ncells, int64 count, double p);
extern double crm_curve_index(const CrmCell *cells, int ncells, int64 count);
extern void crm_curve_check_points(const char *what, int32 points);

#endif
