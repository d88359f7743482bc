/*
 * pmml.h
 *		A PMML scorecard on its way to a document: its fields, and the parts that are translated apart.
 */
#ifndef CRM_PMML_H
#define CRM_PMML_H

#include "lib/stringinfo.h"

#include "row/attribute.h"
#include "value/document.h"
#include "value/xml_tree.h"

typedef struct PmmlExpression PmmlExpression;

/* A DataField or DerivedField. */
typedef struct PmmlField
{
	const char *name;
	const XmlNode *node;
	const char *optype;
	ValueKind kind; /* KIND_ANY: of a type that has no column */
	bool integer;
	bool ordered;          /* < and > are those of its type */
	const XmlNode *mining; /* the MiningField of an active field */
	bool used;             /* by a predicate or by points */
	bool has_moments;      /* a value of it was read, */
	bool has_offset;       /* with an offset from UTC as all of them */
	bool derived;
	PmmlExpression *expression; /* of a derived field, once it was needed */
	bool open;                  /* it is being computed: to need it again is a circle */
} PmmlField;

typedef struct PmmlModel
{
	const XmlNode *root;
	const XmlNode *scorecard;
	PmmlField *fields; /* sorted by name */
	int nfields;
	int nexpressions; /* that were built */
} PmmlModel;

/* What points and derived fields are computed by. */
typedef enum PmmlExpressionType
{
	PMML_FIELD,
	PMML_CONSTANT,
	PMML_APPLY /* an operation of the scorecard's own: +, -, *, /, coalesce */
} PmmlExpressionType;

struct PmmlExpression
{
	PmmlExpressionType type;
	bool whole; /* it gives whole numbers of whole numbers */
	PmmlField *field;
	const char *text; /* of a constant, or the operation */
	PmmlExpression **of;
	int nof;
};

/* A test of one field. */
typedef struct PmmlTest
{
	PmmlField *field; /* NULL where any row passes */
	bool negated;
	bool null;            /* NULL is among the values */
	StringInfoData items; /* S-FEEL, joined by commas */
	StringInfoData texts; /* the same as elements of a JSON list, where every item is a text */
	int nitems;
} PmmlTest;

/* pmml.c */
extern void crm_pmml_check(const XmlNode *node);

/* pmml_field.c */
extern void crm_pmml_read_fields(PmmlModel *model);
extern PmmlField *crm_pmml_field(const PmmlModel *model, const char *name, const XmlNode *node);
extern const char *crm_pmml_number(const char *text, const XmlNode *node);
extern void crm_pmml_literal(StringInfo out, PmmlField *field, const char *text,
                             const XmlNode *node);
extern int crm_pmml_compare(const PmmlField *field, const char *a, const char *b,
                            const XmlNode *node);
extern void crm_pmml_interval(StringInfo out, PmmlField *field, const char *low, bool low_open,
                              const char *high, bool high_open, const XmlNode *node);
extern void crm_pmml_write_inputs(StringInfo out, const PmmlModel *model);
extern int crm_pmml_choice(const XmlNode *node, const char *attribute, const char *const *choices,
                           int nchoices, int otherwise);
extern bool crm_pmml_boolean(const XmlNode *node, const char *attribute, bool otherwise);

/* pmml_expression.c */
extern PmmlExpression *crm_pmml_expression(PmmlModel *model, const XmlNode *node);
extern PmmlExpression *crm_pmml_derived(PmmlModel *model, PmmlField *field, const XmlNode *node);
extern void crm_pmml_write_expression(StringInfo out, const PmmlExpression *expression,
                                      const XmlNode *node);
extern const XmlNode *crm_pmml_only_child(const XmlNode *node, const char *what);

/* pmml_predicate.c */
extern void crm_pmml_test_init(PmmlTest *test, PmmlField *field);
extern StringInfo crm_pmml_test_item(PmmlTest *test);
extern void crm_pmml_test_value(PmmlTest *test, const char *text, const XmlNode *node);
extern const XmlNode *crm_pmml_predicate_of(const XmlNode *node);
extern bool crm_pmml_test(PmmlModel *model, const XmlNode *node, PmmlTest *test);
extern void crm_pmml_write_test(StringInfo out, const PmmlTest *test);
extern void crm_pmml_write_condition(StringInfo out, PmmlModel *model, const XmlNode *node);

#endif
