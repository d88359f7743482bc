/*
 * planner_support.h
 *		Rows taken apart when a query is planned: the columns that a policy reads, instead of the whole row.
 */
#ifndef CRM_PLANNER_SUPPORT_H
#define CRM_PLANNER_SUPPORT_H

#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"

#include "row/attribute.h"

extern List *crm_row_columns(PlannerInfo *root, Node *row, const AttributeList *attributes,
                             int side);
extern Node *crm_values_call(const FuncExpr *call, const char *name, List *leading, List *columns);

#endif
