/*
 * attribute.h
 *		What a policy reads: named attributes, the kind of value each is compared with, and the literals of documents.
 */
#ifndef CRM_ATTRIBUTE_H
#define CRM_ATTRIBUTE_H

#include "utils/date.h"
#include "utils/numeric.h"

#include "value/document.h"

/* What the literals of a document say an attribute is. */
typedef enum ValueKind
{
	KIND_ANY, /* only asked whether it is NULL */
	KIND_NUMBER,
	KIND_TEXT,
	KIND_BOOLEAN,
	KIND_DATE,         /* literals are days; a date or timestamp column fits */
	KIND_TIMESTAMP,    /* literals are moments without an offset */
	KIND_TIMESTAMPTZ,  /* literals are moments with an offset */
	KIND_TEXTS,        /* a list of texts */
	KIND_TEXT_OR_TEXTS /* either */
} ValueKind;

/* How a column holds its value. */
typedef enum ColumnType
{
	COLUMN_INT2,
	COLUMN_INT4,
	COLUMN_INT8,
	COLUMN_NUMERIC,
	COLUMN_FLOAT4,
	COLUMN_FLOAT8,
	COLUMN_BOOL,
	COLUMN_TEXT,
	COLUMN_BPCHAR,
	COLUMN_NAME,
	COLUMN_ENUM,
	COLUMN_DATE,
	COLUMN_TIMESTAMP,
	COLUMN_TIMESTAMPTZ,
	COLUMN_TEXTS,
	COLUMN_OTHER /* may only be asked whether it is NULL */
} ColumnType;

typedef struct Literal
{
	ValueKind kind;
	bool is_as_of; /* the as-of day, known only when the policy is applied */
	bool integral; /* number: equal to "integer" */
	bool below;    /* number: less than every int64 */
	int64 integer; /* number: its floor, within int64; boolean: 0 or 1; temporal: microseconds */
	double number;
	Numeric exact;
	const char *text;
	int length;
} Literal;

/* A set of values between two ends; a single value has two equal closed ends. */
typedef struct Range
{
	bool has_low, has_high;
	bool low_open, high_open;
	Literal low, high;
} Range;

/* One attribute of a policy. */
typedef struct Attribute
{
	int side; /* of the policy's own: client, product, ...; 0 where there is one row */
	const char *name;
	ValueKind kind;
	bool derived;              /* computed from others, not read */
	const struct Input *input; /* how its values enter, or NULL */
	const char **uses;         /* the parts of the document that read it */
	int nuses;
} Attribute;

typedef struct AttributeList
{
	Attribute *items;
	int n;
	int capacity;
	int *slots;               /* places from 1, by a hash of side and name; 0 is free */
	int nslots;               /* a power of two, more than twice n */
	const char *const *sides; /* names of the sides, or NULL where there is one row */
	int nsides;
	const char *using; /* the part of the document that is being read */
} AttributeList;

/* A value taken from a row, ready to be compared. */
typedef enum OperandForm
{
	OPERAND_INTEGER, /* also boolean and temporal */
	OPERAND_FLOAT,
	OPERAND_NUMERIC,
	OPERAND_TEXT
} OperandForm;

typedef struct Operand
{
	OperandForm form;
	int64 integer;
	double number;
	Numeric numeric;
	const char *text;
	int length;
} Operand;

extern int crm_attribute_use(AttributeList *list, int side, const char *name, ValueKind kind,
                             const DocumentNode *node);
extern int crm_attribute_named(AttributeList *list, const char *name, ValueKind kind,
                               const DocumentNode *node);
extern char *crm_attribute_label(const AttributeList *list, int attribute);
extern const char *crm_kind_name(ValueKind kind);

extern void crm_literal_number(Literal *literal, const char *digits);
extern void crm_literal_text(Literal *literal, const char *text, int length);
extern void crm_literal_boolean(Literal *literal, bool value);
extern int crm_literal_compare(const Literal *a, const Literal *b);

extern void crm_deconstruct_texts(Datum array, Datum **elements, bool **nulls, int *n);
extern bool crm_column_fits(ValueKind kind, ColumnType type);
extern bool crm_is_missing(ColumnType type, Datum value, bool isnull);
extern bool crm_operand_read(Operand *operand, ColumnType type, Datum value);
extern int crm_operand_compare(const Operand *operand, const Literal *literal);
extern char *crm_value_text(ColumnType type, Datum value);
extern char *crm_number_text(Datum numeric);

#endif
