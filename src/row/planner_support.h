/*
 * planner_support.h
 *		Rows taken apart when a query is planned: the columns that a policy reads, instead of the whole row.
 */
#ifndef CRM_PLANNER_SUPPORT_H
#define CRM_PLANNER_SUPPORT_H

#include "nodes/supportnodes.h"

#include "value/call_site.h"

extern Node *crm_simplify_rows(Node *request, CompilePolicy compile, int nrows);

#endif
