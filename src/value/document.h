/*
 * document.h
 *		A JSON document that knows where each of its parts stands, so that every error can say so.
 */
#ifndef CRM_DOCUMENT_H
#define CRM_DOCUMENT_H

#include <setjmp.h>

#include "lib/stringinfo.h"
#include "nodes/nodes.h"

#include "compat.h"

#define CRM_DOCUMENT_MAX_LENGTH (1024 * 1024)
#define CRM_DOCUMENT_MAX_DEPTH 64

typedef enum DocumentType
{
	DOCUMENT_NULL,
	DOCUMENT_BOOLEAN,
	DOCUMENT_NUMBER,
	DOCUMENT_STRING,
	DOCUMENT_ARRAY,
	DOCUMENT_OBJECT
} DocumentType;

/* The reading of one document: whose it is, and where its errors go. */
typedef struct DocumentReader
{
	const char *type_name; /* "scorecard", for messages */
	Node *escontext;       /* takes soft errors, or NULL */
	MemoryContext context; /* where a saved error is kept */
	sigjmp_buf *escape;    /* where to go after a soft error */
} DocumentReader;

typedef struct DocumentNode DocumentNode;

struct DocumentNode
{
	DocumentType type;
	bool boolean;
	const char *text; /* of a string, or the canonical digits of a number */
	double number;
	const char *key;      /* in an object */
	int index;            /* in an array */
	DocumentNode *parent; /* NULL at the root */
	DocumentNode **items; /* of an array or object, in the order of the document */
	int nitems;
	int capacity;
	DocumentReader *reader;
};

/* Reading; crm_document_read() is for input functions: it takes a document apart and gives false after a soft error. */
typedef void (*TakeDocument)(DocumentNode *root, void *result);
extern bool crm_document_read(const char *type_name, const char *text, size_t length,
                              Node *escontext, TakeDocument take, void *result);
extern DocumentNode *crm_document_parse(DocumentReader *reader, const char *text, size_t length);
extern void crm_document_write(StringInfo out, const DocumentNode *node);

/* Complaining: "invalid scorecard at characteristics[2].bins[0].points: ..." */
crm_noreturn extern void crm_document_error(const DocumentNode *node, int sqlerrcode,
                                            const char *hint, const char *format, ...)
    pg_attribute_printf(4, 5);
extern char *crm_document_path(const DocumentNode *node);
#define document_malformed(node, hint, ...)                                                        \
	crm_document_error(node, ERRCODE_INVALID_TEXT_REPRESENTATION, hint, __VA_ARGS__)

/* Taking apart */
extern void crm_document_keys(DocumentNode *node, const char *const *keys, int nkeys);
extern void crm_document_sort(DocumentNode *node);
extern void crm_document_names(const DocumentNode *list, const char *what);
extern DocumentNode *crm_document_get(const DocumentNode *node, const char *key);
extern DocumentNode *crm_document_require(const DocumentNode *node, const char *key);
extern void crm_document_expect(const DocumentNode *node, DocumentType type);
extern const char *crm_document_text(const DocumentNode *node);
extern double crm_document_number(const DocumentNode *node);
extern int crm_document_integer(const DocumentNode *node, int low, int high);
extern bool crm_document_boolean(const DocumentNode *node);
extern int crm_document_choice(const DocumentNode *node, const char *const *choices, int nchoices);
extern const char *crm_nearest(const char *word, const char *const *words, int nwords);

/* A member's value, or a default where the member is absent. */
static inline const char *
document_text_or(const DocumentNode *node, const char *key, const char *otherwise)
{
	const DocumentNode *member = crm_document_get(node, key);

	return member ? crm_document_text(member) : otherwise;
}

static inline double
document_number_or(const DocumentNode *node, const char *key, double otherwise)
{
	const DocumentNode *member = crm_document_get(node, key);

	return member ? crm_document_number(member) : otherwise;
}

#endif
