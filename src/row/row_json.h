/*
 * row_json.h
 *		What a policy read of a row, written as JSON.
 */
#ifndef CRM_ROW_JSON_H
#define CRM_ROW_JSON_H

#include "lib/stringinfo.h"

#include "row/condition.h"

extern void crm_row_write_json(StringInfo out, const Row *row, const AttributeList *attributes,
                               int side);
extern Datum crm_json_datum(const char *text);

#endif
