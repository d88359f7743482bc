/*
 * document.c
 *		A JSON document that knows where each of its parts stands.
 *
 * The JSON parser is PostgreSQL's own; this file keeps what jsonb throws away (order, repeated keys, the place of an
 * element) and writes the canonical form: no white space, numbers in their shortest exact decimal form.
 *
 * An error may be found deep inside a document.  A hard error is thrown; a soft one (PostgreSQL 16 and later) is saved
 * and control leaves through reader->escape.  Nothing is held at that point but memory of the current context.
 */
#include "postgres.h"

#include <math.h>

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/varlena.h"

#include "compat.h"
#include "value/document.h"

#define MAX_NUMBER_LENGTH 400

/* ---- where an element stands ---- */

static bool
is_plain_key(const char *key)
{
	if (*key == '\0')
		return false;
	for (; *key; key++)
		if (!(*key == '_' || IS_HIGHBIT_SET(*key) || isalnum((unsigned char) *key)))
			return false;
	return true;
}

static void
append_path(StringInfo out, const DocumentNode *node)
{
	if (node->parent == NULL)
		return;
	append_path(out, node->parent);
	if (node->parent->type == DOCUMENT_ARRAY)
		appendStringInfo(out, "[%d]", node->index);
	else if (is_plain_key(node->key))
		appendStringInfo(out, "%s%s", out->len > 0 ? "." : "", node->key);
	else
	{
		int clip = pg_mbcliplen(node->key, strlen(node->key), 60);

		appendStringInfo(out, "[\"%.*s\"]", clip, node->key);
	}
}

/* Path of an element, "characteristics[2].bins[0].points"; empty for the document itself. */
char *
crm_document_path(const DocumentNode *node)
{
	StringInfoData out;

	initStringInfo(&out);
	append_path(&out, node);
	return out.data;
}

/* The named things that an element belongs to: In characteristic "assets", bin "young". */
static char *
named_owners(const DocumentNode *node)
{
	char *owners = NULL;

	for (; node != NULL && node->parent != NULL; node = node->parent)
	{
		static const char *const names[] = {"name", "label"};
		const char *collection = node->parent->key;

		if (node->type != DOCUMENT_OBJECT || node->parent->type != DOCUMENT_ARRAY ||
		    collection == NULL || *collection == '\0')
			continue;
		for (int i = 0; i < lengthof(names); i++)
		{
			DocumentNode *name = crm_document_get(node, names[i]);
			int length = strlen(collection);

			if (name == NULL || name->type != DOCUMENT_STRING)
				continue;
			if (collection[length - 1] == 's')
				length--;
			owners = psprintf("%.*s \"%.*s\"%s%s", length, collection,
			                  pg_mbcliplen(name->text, strlen(name->text), 60), name->text,
			                  owners ? ", " : "", owners ? owners : "");
			break;
		}
	}
	return owners;
}

/* Report what is wrong with an element, where, and what to do (hint, may be NULL); does not return. */
void
crm_document_error(const DocumentNode *node, int sqlerrcode, const char *hint, const char *format,
                   ...)
{
	DocumentReader *reader = node->reader;
	const char *path = crm_document_path(node);
	const char *owners = named_owners(node);
	StringInfoData message;

	initStringInfo(&message);
	for (;;)
	{
		va_list arguments;
		int more;

		va_start(arguments, format);
		more = appendStringInfoVA(&message, format, arguments);
		va_end(arguments);
		if (more == 0)
			break;
		enlargeStringInfo(&message, more);
	}

	MemoryContextSwitchTo(reader->context);
	crm_errsave(reader->escontext,
	            (errcode(sqlerrcode),
	             *path ? errmsg("invalid %s at %s: %s", reader->type_name, path, message.data)
	                   : errmsg("invalid %s: %s", reader->type_name, message.data),
	             owners ? errdetail("In %s.", owners) : 0, hint ? errhint("%s", hint) : 0));
	siglongjmp(*reader->escape, 1);
}

/* ---- reading ---- */

typedef struct ParseState
{
	DocumentReader *reader;
	JsonLexContext *lexer;
	const char *start;
	DocumentNode *root;
	DocumentNode *open; /* the array or object being read */
	char *key;          /* of the member being read */
	int depth;
	bool need_key;
} ParseState;

static DocumentNode *
add_node(ParseState *state, DocumentType type)
{
	DocumentNode *node = palloc0(sizeof(DocumentNode));
	DocumentNode *parent = state->open;

	node->type = type;
	node->reader = state->reader;
	node->parent = parent;
	if (parent == NULL)
	{
		state->root = node;
		return node;
	}
	if (parent->type == DOCUMENT_OBJECT)
		node->key = state->key;
	node->index = parent->nitems;
	if (parent->nitems == parent->capacity)
	{
		parent->capacity = parent->capacity ? parent->capacity * 2 : 8;
		parent->items = parent->items
		                    ? repalloc(parent->items, parent->capacity * sizeof(DocumentNode *))
		                    : palloc(parent->capacity * sizeof(DocumentNode *));
	}
	parent->items[parent->nitems++] = node;
	return node;
}

static void
open_node(ParseState *state, DocumentType type)
{
	DocumentNode *node = add_node(state, type);

	if (++state->depth > CRM_DOCUMENT_MAX_DEPTH)
		crm_document_error(node, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		                   "nested more than %d levels deep", CRM_DOCUMENT_MAX_DEPTH);
	state->open = node;
}

static int
compare_keys(const void *a, const void *b)
{
	const DocumentNode *first = *(DocumentNode *const *) a;
	const DocumentNode *second = *(DocumentNode *const *) b;
	int order = strcmp(first->key, second->key);

	return order != 0 ? order : first->index - second->index;
}

static void
refuse_repeated_keys(DocumentNode *object)
{
	DocumentNode **sorted;

	if (object->nitems < 2)
		return;
	sorted = palloc(object->nitems * sizeof(DocumentNode *));
	memcpy(sorted, object->items, object->nitems * sizeof(DocumentNode *));
	qsort(sorted, object->nitems, sizeof(DocumentNode *), compare_keys);
	for (int i = 1; i < object->nitems; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			document_malformed(sorted[i], NULL, "key is given twice");
	pfree(sorted);
}

static void
close_node(ParseState *state)
{
	if (state->open->type == DOCUMENT_OBJECT)
		refuse_repeated_keys(state->open);
	state->open = state->open->parent;
	state->depth--;
}

static CrmJsonResult
object_start(void *state)
{
	open_node(state, DOCUMENT_OBJECT);
	CRM_JSON_OK;
}

static CrmJsonResult
array_start(void *state)
{
	open_node(state, DOCUMENT_ARRAY);
	CRM_JSON_OK;
}

static CrmJsonResult
container_end(void *state)
{
	close_node(state);
	CRM_JSON_OK;
}

static CrmJsonResult
field_start(void *state, char *name, bool isnull)
{
	((ParseState *) state)->key = name;
	CRM_JSON_OK;
}

/*
 * A number's double and its shortest exact decimal form: 500000.00 is 500000, 1e3 is 1000.
 */
static void
read_number(DocumentNode *node, char *token)
{
	Numeric exact;

	if (strlen(token) > MAX_NUMBER_LENGTH)
		crm_document_error(node, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		                   "a number of more than %d characters", MAX_NUMBER_LENGTH);
	errno = 0;
	node->number = strtod(token, NULL);
	if (errno == ERANGE && (isinf(node->number) || fabs(node->number) < 1e-300))
		crm_document_error(node, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, NULL,
		                   "number %.40s is out of range", token);
	if (node->number == 0)
	{
		node->number = 0; /* no negative zero */
		node->text = "0";
		return;
	}
	exact = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(token),
	                                            ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	node->text = numeric_normalize(exact);
	if (strlen(node->text) > MAX_NUMBER_LENGTH)
		crm_document_error(node, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		                   "a number of more than %d digits", MAX_NUMBER_LENGTH);
}

static CrmJsonResult
scalar(void *arg, char *token, JsonTokenType token_type)
{
	ParseState *state = arg;
	DocumentNode *node;

	switch (token_type)
	{
		case JSON_TOKEN_STRING:
			node = add_node(state, DOCUMENT_STRING);
			node->text = token;
			break;
		case JSON_TOKEN_NUMBER:
			node = add_node(state, DOCUMENT_NUMBER);
			read_number(node, token);
			break;
		case JSON_TOKEN_TRUE:
		case JSON_TOKEN_FALSE:
			node = add_node(state, DOCUMENT_BOOLEAN);
			node->boolean = (token_type == JSON_TOKEN_TRUE);
			break;
		default:
			add_node(state, DOCUMENT_NULL);
	}
	CRM_JSON_OK;
}

/* Read a document.  Errors of the JSON itself name the line and the column. */
DocumentNode *
crm_document_parse(DocumentReader *reader, const char *text, size_t length)
{
	ParseState state = {.reader = reader};
	JsonSemAction actions = {.semstate = &state,
	                         .object_start = object_start,
	                         .object_end = container_end,
	                         .array_start = array_start,
	                         .array_end = container_end,
	                         .object_field_start = field_start,
	                         .scalar = scalar};
	JsonParseErrorType result;
	DocumentNode nowhere = {.reader = reader};
	char *copy;

	if (length > CRM_DOCUMENT_MAX_LENGTH)
		crm_document_error(&nowhere, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		                   "the document has %zu bytes, more than %d", length,
		                   CRM_DOCUMENT_MAX_LENGTH);
	copy = pnstrdup(text, length);
	state.lexer = crm_json_lexer(copy, length, GetDatabaseEncoding());
	result = pg_parse_json(state.lexer, &actions);
	if (result != JSON_SUCCESS)
	{
		const char *at = state.lexer->token_start ? state.lexer->token_start : copy + length;
		const char *line = at;
		int line_number = 1;

		for (const char *c = copy; c < at; c++)
			line_number += (*c == '\n');
		while (line > copy && line[-1] != '\n')
			line--;
		document_malformed(&nowhere, "A document is one JSON object.",
		                   "not JSON at line %d, column %d: %s", line_number,
		                   pg_mbstrlen_with_len(line, at - line) + 1,
		                   json_errdetail(result, state.lexer));
	}
	crm_document_expect(state.root, DOCUMENT_OBJECT);
	return state.root;
}

/*
 * Read a document in memory of its own and let "take" have what it says, which must not point into it.  False after a soft
 * error.
 */
bool
crm_document_read(const char *type_name, const char *text, size_t length, Node *escontext,
                  TakeDocument take, void *result)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(caller, "crm_ext document", ALLOCSET_DEFAULT_SIZES);
	sigjmp_buf escape;
	DocumentReader reader = {
	    .type_name = type_name, .escontext = escontext, .context = caller, .escape = &escape};
	bool taken = sigsetjmp(escape, 0) == 0;

	MemoryContextSwitchTo(work);
	if (taken)
		take(crm_document_parse(&reader, text, length), result);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
	return taken;
}

/* ---- writing ---- */

/* Write the canonical form of a node. */
void
crm_document_write(StringInfo out, const DocumentNode *node)
{
	switch (node->type)
	{
		case DOCUMENT_NULL:
			appendStringInfoString(out, "null");
			break;
		case DOCUMENT_BOOLEAN:
			appendStringInfoString(out, node->boolean ? "true" : "false");
			break;
		case DOCUMENT_NUMBER:
			appendStringInfoString(out, node->text);
			break;
		case DOCUMENT_STRING:
			escape_json(out, node->text);
			break;
		case DOCUMENT_ARRAY:
		case DOCUMENT_OBJECT:
			appendStringInfoChar(out, node->type == DOCUMENT_ARRAY ? '[' : '{');
			for (int i = 0; i < node->nitems; i++)
			{
				if (i > 0)
					appendStringInfoChar(out, ',');
				if (node->type == DOCUMENT_OBJECT)
				{
					escape_json(out, node->items[i]->key);
					appendStringInfoChar(out, ':');
				}
				crm_document_write(out, node->items[i]);
			}
			appendStringInfoChar(out, node->type == DOCUMENT_ARRAY ? ']' : '}');
	}
}

/* ---- taking apart ---- */

static const char *
type_name(DocumentType type)
{
	switch (type)
	{
		case DOCUMENT_NULL:
			return "null";
		case DOCUMENT_BOOLEAN:
			return "true or false";
		case DOCUMENT_NUMBER:
			return "a number";
		case DOCUMENT_STRING:
			return "a string";
		case DOCUMENT_ARRAY:
			return "an array";
		case DOCUMENT_OBJECT:
			return "an object";
	}
	return NULL;
}

/* Insist on a node's type. */
void
crm_document_expect(const DocumentNode *node, DocumentType type)
{
	if (node->type != type)
		document_malformed(node, NULL, "must be %s, not %s", type_name(type),
		                   type_name(node->type));
}

/* The word that is nearest to a misspelled one, or NULL if none is near. */
const char *
crm_nearest(const char *word, const char *const *words, int nwords)
{
	const char *nearest = NULL;
	int length = strlen(word);
	int limit = Min(3, length / 2);

	if (length == 0 || length > 63)
		return NULL;
	for (int i = 0; i < nwords; i++)
	{
		int distance;

		if (strlen(words[i]) > 63)
			continue;
		distance = varstr_levenshtein_less_equal(word, length, words[i], strlen(words[i]), 1, 1, 1,
		                                         limit, true);
		if (distance <= limit && (nearest == NULL || distance < limit))
		{
			nearest = words[i];
			limit = distance;
		}
	}
	return nearest;
}

static char *
join_words(const char *const *words, int nwords)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < nwords; i++)
		appendStringInfo(&out, "%s%s", i > 0 ? ", " : "", words[i]);
	return out.data;
}

/*
 * Insist that a node is an object with none but these keys, and put its members into that order, which is the order
 * of the canonical form.
 */
void
crm_document_keys(DocumentNode *node, const char *const *keys, int nkeys)
{
	DocumentNode **ordered;
	int n = 0;

	crm_document_expect(node, DOCUMENT_OBJECT);
	if (node->nitems == 0)
		return;
	ordered = palloc(node->nitems * sizeof(DocumentNode *));
	for (int k = 0; k < nkeys; k++)
		for (int i = 0; i < node->nitems; i++)
			if (strcmp(node->items[i]->key, keys[k]) == 0)
				ordered[n++] = node->items[i];
	if (n < node->nitems)
		for (int i = 0; i < node->nitems; i++)
		{
			bool known = false;
			const char *nearest;

			for (int k = 0; k < nkeys && !known; k++)
				known = strcmp(node->items[i]->key, keys[k]) == 0;
			if (known)
				continue;
			nearest = crm_nearest(node->items[i]->key, keys, nkeys);
			document_malformed(node->items[i],
			                   nearest ? psprintf("Perhaps you meant \"%s\".", nearest)
			                           : psprintf("Known keys: %s.", join_words(keys, nkeys)),
			                   "unknown key");
		}
	memcpy(node->items, ordered, n * sizeof(DocumentNode *));
	pfree(ordered);
}

/* Put the members of an object whose keys are free into the order of the canonical form, that of their bytes. */
void
crm_document_sort(DocumentNode *node)
{
	crm_document_expect(node, DOCUMENT_OBJECT);
	if (node->nitems > 1)
		qsort(node->items, node->nitems, sizeof(DocumentNode *), compare_keys);
}

static int
compare_names(const void *a, const void *b)
{
	const DocumentNode *first = *(DocumentNode *const *) a;
	const DocumentNode *second = *(DocumentNode *const *) b;
	int order = strcmp(first->text, second->text);

	return order != 0 ? order : first->parent->index - second->parent->index;
}

/* Refuse two elements of a list that have the same "name"; what they are is said in the message. */
void
crm_document_names(const DocumentNode *list, const char *what)
{
	DocumentNode **names = palloc(sizeof(DocumentNode *) * Max(list->nitems, 1));
	int n = 0;

	for (int i = 0; i < list->nitems; i++)
	{
		DocumentNode *name = crm_document_get(list->items[i], "name");

		if (name && name->type == DOCUMENT_STRING)
			names[n++] = name;
	}
	qsort(names, n, sizeof(DocumentNode *), compare_names);
	for (int i = 1; i < n; i++)
		if (strcmp(names[i - 1]->text, names[i]->text) == 0)
			document_malformed(names[i], NULL, "another %s has this name", what);
	pfree(names);
}

/* The member of an object, or NULL. */
DocumentNode *
crm_document_get(const DocumentNode *node, const char *key)
{
	if (node->type == DOCUMENT_OBJECT)
		for (int i = 0; i < node->nitems; i++)
			if (strcmp(node->items[i]->key, key) == 0)
				return node->items[i];
	return NULL;
}

/* The member of an object that must be there. */
DocumentNode *
crm_document_require(const DocumentNode *node, const char *key)
{
	DocumentNode *member = crm_document_get(node, key);

	if (member == NULL)
		document_malformed(node, NULL, "key \"%s\" is missing", key);
	return member;
}

/* A string that is not empty. */
const char *
crm_document_text(const DocumentNode *node)
{
	crm_document_expect(node, DOCUMENT_STRING);
	if (*node->text == '\0')
		document_malformed(node, NULL, "must not be empty");
	return node->text;
}

double
crm_document_number(const DocumentNode *node)
{
	crm_document_expect(node, DOCUMENT_NUMBER);
	return node->number;
}

int
crm_document_integer(const DocumentNode *node, int low, int high)
{
	double number = crm_document_number(node);

	if (number != floor(number) || number < low || number > high)
		crm_document_error(node, ERRCODE_INVALID_TEXT_REPRESENTATION, NULL,
		                   "must be a whole number from %d to %d, not %s", low, high, node->text);
	return (int) number;
}

bool
crm_document_boolean(const DocumentNode *node)
{
	crm_document_expect(node, DOCUMENT_BOOLEAN);
	return node->boolean;
}

/* The position of a string among the allowed ones. */
int
crm_document_choice(const DocumentNode *node, const char *const *choices, int nchoices)
{
	const char *text = crm_document_text(node);
	const char *nearest;

	for (int i = 0; i < nchoices; i++)
		if (strcmp(text, choices[i]) == 0)
			return i;
	nearest = crm_nearest(text, choices, nchoices);
	document_malformed(node,
	                   nearest ? psprintf("Perhaps you meant \"%s\".", nearest)
	                           : psprintf("Write one of: %s.", join_words(choices, nchoices)),
	                   "\"%.*s\" is not known here", pg_mbcliplen(text, strlen(text), 60), text);
}
