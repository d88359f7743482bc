/*
 * sfeel.h
 *		Cells of DMN decision tables, written in S-FEEL, as the JSON of decision_table documents.
 */
#ifndef CRM_SFEEL_H
#define CRM_SFEEL_H

#include "lib/stringinfo.h"

#include "row/unary_test.h"
#include "value/xml_tree.h"

/* One text of a model, and the column whose values it speaks of. */
typedef struct SfeelCell
{
	const XmlNode *node; /* where it stands, for errors */
	const char *text;
	const char *place; /* for errors: rule 3, input "Age" */
	ValueKind *kind;   /* of the column; KIND_ANY until a value says what it is */
} SfeelCell;

extern void crm_sfeel_tests(StringInfo out, const SfeelCell *cell);
extern void crm_sfeel_value(StringInfo out, const SfeelCell *cell);
extern bool crm_sfeel_values(StringInfo out, const SfeelCell *cell);
extern bool crm_sfeel_allowed(const SfeelCell *cell, const UnaryTest *allowed);

#endif
