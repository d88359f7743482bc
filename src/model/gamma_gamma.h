/*
 * gamma_gamma.h
 *		What a Gamma-Gamma model says of a client's amounts.
 */
#ifndef CRM_GAMMA_GAMMA_H
#define CRM_GAMMA_GAMMA_H

#include "model/model.h"

extern double crm_expected_amount(const CrmModel *model, double x, double total);

#endif
