/*
 * xml_tree.c
 *		An XML document as a tree.
 *
 * PostgreSQL itself parses it: XMLTABLE gives one row for each node and one for each attribute, both in the order of the
 * document.  How many attributes an element has says which of the second rows are its own.
 *
 * XMLTABLE takes documents only, whatever the setting xmloption is, and knows neither the search path nor the clock, so that
 * a function which reads a tree may be IMMUTABLE as xpath() is.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/xml.h"

#include "value/document.h"
#include "value/xml_tree.h"

static const char nodes_query[] =
    "SELECT t.depth, t.element, t.name, t.namespace, t.attributes, t.content"
    " FROM XMLTABLE('//node()' PASSING $1 COLUMNS"
    " depth pg_catalog.int4 PATH 'count(ancestor::*)',"
    " element pg_catalog.bool PATH 'boolean(self::*)',"
    " name pg_catalog.text PATH 'local-name()',"
    " namespace pg_catalog.text PATH 'namespace-uri()',"
    " attributes pg_catalog.int4 PATH 'count(@*)',"
    " content pg_catalog.text PATH 'self::text()') AS t";

static const char attributes_query[] = "SELECT t.name, t.namespace, t.value"
                                       " FROM XMLTABLE('//@*' PASSING $1 COLUMNS"
                                       " name pg_catalog.text PATH 'local-name()',"
                                       " namespace pg_catalog.text PATH 'namespace-uri()',"
                                       " value pg_catalog.text PATH '.') AS t";

crm_noreturn static void
refuse(const char *title, int sqlerrcode, const char *hint, const char *what)
{
	ereport(ERROR, (errcode(sqlerrcode), errmsg("invalid %s: %s", title, what),
	                hint ? errhint("%s", hint) : 0));
}

/*
 * Refuse a document type declaration, and with it every entity: what comes before the first element may be blanks, comments and
 * processing instructions only.
 */
static void
check_prolog(const char *at, const char *end, const char *title)
{
	static const char mark[] = "\xEF\xBB\xBF";

	if (end - at >= 3 && memcmp(at, mark, 3) == 0)
		at += 3;
	for (;;)
	{
		const char *close;

		while (at < end && strchr(" \t\r\n", *at) != NULL)
			at++;
		if (end - at >= 4 && memcmp(at, "<!--", 4) == 0)
			close = "-->";
		else if (end - at >= 2 && memcmp(at, "<?", 2) == 0)
			close = "?>";
		else
			break;
		at = strstr(at, close);
		if (at == NULL)
			return; /* not a document, as the parser will say */
		at += strlen(close);
	}
	if (end - at >= 2 && memcmp(at, "<!", 2) == 0)
		refuse(title, ERRCODE_INVALID_PARAMETER_VALUE,
		       "Take the DOCTYPE out: such a document needs none.",
		       "a document type declaration is refused");
}

/* The text of a column of a row, or an empty one. */
static const char *
row_text(SPITupleTable *table, uint64 row, int column)
{
	char *value = SPI_getvalue(table->vals[row], table->tupdesc, column);

	return value ? value : "";
}

static int
row_integer(SPITupleTable *table, uint64 row, int column)
{
	bool isnull;
	Datum value = SPI_getbinval(table->vals[row], table->tupdesc, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

/* Run one of the queries; its rows stay until SPI_finish. */
static SPITupleTable *
run(const char *query, Datum xml, const char *title)
{
	Oid type = XMLOID;
	int result = SPI_execute_with_args(query, 1, &type, &xml, NULL, true, CRM_XML_MAX_NODES + 1);

	if (result != SPI_OK_SELECT)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
		                errmsg("could not read the XML: %s", SPI_result_code_string(result))));
	if (SPI_processed > CRM_XML_MAX_NODES)
		refuse(title, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		       psprintf("more than %d nodes", CRM_XML_MAX_NODES));
	return SPI_tuptable;
}

/* The text of an element is known when it ends: cut the blanks around it. */
static void
finish_text(XmlNode *node, StringInfo text)
{
	static const char blanks[] = " \t\r\n";
	char *start = text->data;

	start += strspn(start, blanks);
	while (text->len > 0 && strchr(blanks, text->data[text->len - 1]) != NULL)
		text->data[--text->len] = '\0';
	node->text = *start ? pstrdup(start) : "";
}

/* Take the attributes of a node from the rows, from "next" on. */
static uint64
take_attributes(XmlNode *node, SPITupleTable *table, uint64 next)
{
	if (next + node->nattributes > table->numvals)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
		                errmsg("the attributes of the XML do not belong to its elements")));
	node->attributes = palloc(sizeof(XmlAttribute) * Max(node->nattributes, 1));
	for (int i = 0; i < node->nattributes; i++, next++)
		node->attributes[i] = (XmlAttribute){.name = row_text(table, next, 1),
		                                     .namespace = row_text(table, next, 2),
		                                     .value = row_text(table, next, 3)};
	return next;
}

/* Build the tree from the rows. */
static XmlNode *
build(SPITupleTable *nodes, SPITupleTable *attributes, const char *title)
{
	XmlNode *open[CRM_XML_MAX_DEPTH];        /* the element that is open at each depth, */
	XmlNode *last[CRM_XML_MAX_DEPTH] = {0};  /* its last child so far, */
	StringInfoData texts[CRM_XML_MAX_DEPTH]; /* its text */
	XmlNode *root = NULL;
	int depth = 0; /* how many are open */
	uint64 next_attribute = 0;

	for (int i = 0; i < CRM_XML_MAX_DEPTH; i++)
		initStringInfo(&texts[i]);
	for (uint64 row = 0; row < nodes->numvals; row++)
	{
		int at = row_integer(nodes, row, 1);
		bool isnull;
		bool element = DatumGetBool(SPI_getbinval(nodes->vals[row], nodes->tupdesc, 2, &isnull));
		XmlNode *node;

		CHECK_FOR_INTERRUPTS();
		while (depth > at)
		{
			depth--;
			finish_text(open[depth], &texts[depth]);
		}
		if (!element)
		{
			if (at > 0)
				appendStringInfoString(&texts[at - 1], row_text(nodes, row, 6));
			continue;
		}
		if (at == CRM_XML_MAX_DEPTH)
			refuse(title, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
			       psprintf("nested more than %d levels deep", CRM_XML_MAX_DEPTH));
		node = palloc0(sizeof(XmlNode));
		node->title = title;
		node->name = row_text(nodes, row, 3);
		node->namespace = row_text(nodes, row, 4);
		node->nattributes = row_integer(nodes, row, 5);
		next_attribute = take_attributes(node, attributes, next_attribute);
		if (at == 0)
			root = node;
		else
		{
			node->parent = open[at - 1];
			if (strcmp(node->namespace, node->parent->namespace) == 0)
				node->namespace = node->parent->namespace;
			if (last[at - 1])
				last[at - 1]->next = node;
			else
				node->parent->first = node;
			last[at - 1] = node;
		}
		open[at] = node;
		last[at] = NULL;
		resetStringInfo(&texts[at]);
		depth = at + 1;
	}
	while (depth > 0)
	{
		depth--;
		finish_text(open[depth], &texts[depth]);
	}
	return root;
}

/*
 * Read a document into the current context.  The title stands in messages: "PMML".
 *
 * Errors: 54000 for more than 4 MB, nodes or levels than the limits; 22023 for a document type declaration, and for content that is not a document;
 * what PostgreSQL itself says of XML, above all 0A000 where it was built without.
 */
XmlNode *
crm_xml_parse(Datum xml, const char *title)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext tree;
	Size length = toast_raw_datum_size(xml) - VARHDRSZ;
	xmltype *value;
	char *document;
	SPITupleTable *nodes, *attributes;
	XmlNode *root;

	if (length > CRM_XML_MAX_LENGTH)
		refuse(title, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		       psprintf("the document has %zu bytes, more than %d", length, CRM_XML_MAX_LENGTH));
	value = DatumGetXmlP(xml);
	document = TextDatumGetCString(PointerGetDatum(value));
	check_prolog(document, document + length, title);
	pfree(document);
	if (!xml_is_document(value))
		refuse(title, ERRCODE_INVALID_PARAMETER_VALUE,
		       "Pass a whole document, which has one element at its root.",
		       "the XML is not a document");

	if (SPI_connect() != SPI_OK_CONNECT)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not connect to SPI")));
	nodes = run(nodes_query, XmlPGetDatum(value), title);
	attributes = run(attributes_query, XmlPGetDatum(value), title);
	/* the tree outlives SPI */
	tree = MemoryContextSwitchTo(caller);
	root = build(nodes, attributes, title);
	MemoryContextSwitchTo(tree);
	SPI_finish();
	MemoryContextSwitchTo(caller);
	return root;
}

/* ---- taking apart ---- */

bool
crm_xml_is(const XmlNode *node, const char *name)
{
	return strcmp(node->name, name) == 0 &&
	       (node->parent == NULL || strcmp(node->namespace, node->parent->namespace) == 0);
}

static XmlNode *
find(XmlNode *node, const char *name)
{
	while (node != NULL && !crm_xml_is(node, name))
		node = node->next;
	return node;
}

/* The first child of a name, or NULL. */
XmlNode *
crm_xml_child(const XmlNode *node, const char *name)
{
	return find(node->first, name);
}

/* The next sibling of a name, or NULL. */
XmlNode *
crm_xml_next(const XmlNode *child, const char *name)
{
	return find(child->next, name);
}

/* A child that must be there, and once. */
XmlNode *
crm_xml_require_child(const XmlNode *node, const char *name)
{
	XmlNode *child = crm_xml_child(node, name);

	if (child == NULL)
		xml_malformed(node, NULL, "element %s is missing", name);
	if (crm_xml_next(child, name) != NULL)
		xml_malformed(crm_xml_next(child, name), NULL, "element %s is given twice", name);
	return child;
}

/* A child that may be there, but once: the child, or NULL. */
XmlNode *
crm_xml_optional_child(const XmlNode *node, const char *name)
{
	XmlNode *child = crm_xml_child(node, name);

	if (child && crm_xml_next(child, name) != NULL)
		xml_malformed(crm_xml_next(child, name), NULL, "element %s is given twice", name);
	return child;
}

/* The value of an attribute, or NULL. */
const char *
crm_xml_attribute(const XmlNode *node, const char *name)
{
	for (int i = 0; i < node->nattributes; i++)
		if (*node->attributes[i].namespace == '\0' && strcmp(node->attributes[i].name, name) == 0)
			return node->attributes[i].value;
	return NULL;
}

/* The value of an attribute that must be there. */
const char *
crm_xml_require_attribute(const XmlNode *node, const char *name)
{
	const char *value = crm_xml_attribute(node, name);

	if (value == NULL)
		xml_malformed(node, NULL, "attribute %s is missing", name);
	return value;
}

/* Whether a word is in a list of words with single blanks between. */
static bool
has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; *at;)
	{
		size_t span = strcspn(at, " ");

		if (span == length && strncmp(at, word, length) == 0)
			return true;
		at += span + (at[span] == ' ');
	}
	return false;
}

/* A hint that lists words. */
static const char *
known_words(const char *list)
{
	StringInfoData out;

	if (*list == '\0')
		return NULL;
	initStringInfo(&out);
	appendStringInfoString(&out, "Known here: ");
	for (const char *c = list; *c; c++)
		appendStringInfo(&out, *c == ' ' ? ", " : "%c", *c);
	appendStringInfoChar(&out, '.');
	return out.data;
}

/*
 * Insist that an element has none but these attributes, given as a list of words.  Those of other namespaces are a tool's own, and so
 * are those whose names begin with x-.
 */
void
crm_xml_expect_attributes(const XmlNode *node, const char *names)
{
	for (int i = 0; i < node->nattributes; i++)
	{
		const XmlAttribute *attribute = &node->attributes[i];

		if (*attribute->namespace == '\0' && pg_strncasecmp(attribute->name, "x-", 2) != 0 &&
		    !has_word(names, attribute->name))
			xml_unsupported(node, known_words(names), "attribute %.*s is not supported in %s",
			                pg_mbcliplen(attribute->name, strlen(attribute->name), 60),
			                attribute->name, node->name);
	}
}

/* Insist that an element has none but these elements in it, given as a list of words. */
void
crm_xml_expect_children(const XmlNode *node, const char *names)
{
	xml_foreach_child(child, node)
	{
		if (!crm_xml_is(child, child->name))
			xml_unsupported(
			    child, NULL, "element %s of the namespace \"%.*s\" is not supported here",
			    child->name, pg_mbcliplen(child->namespace, strlen(child->namespace), 80),
			    child->namespace);
		if (!has_word(names, child->name))
			xml_unsupported(child, known_words(names), "element %s is not supported here",
			                child->name);
	}
}

/* Insist that an element has no text of its own. */
void
crm_xml_expect_no_text(const XmlNode *node, const char *hint)
{
	if (*node->text)
		xml_malformed(node, hint, "a text is not expected here: \"%.*s\"",
		              pg_mbcliplen(node->text, strlen(node->text), 60), node->text);
}

/* ---- complaining ---- */

static void
append_path(StringInfo out, const XmlNode *node)
{
	int before = 0;
	bool alone = true;

	check_stack_depth();
	if (node->parent)
	{
		bool passed = false;

		append_path(out, node->parent);
		xml_foreach_child(sibling, node->parent)
		{
			passed |= sibling == node;
			if (sibling == node || strcmp(sibling->name, node->name) != 0)
				continue;
			alone = false;
			before += !passed;
		}
	}
	appendStringInfo(out, "/%s", node->name);
	if (!alone)
		appendStringInfo(out, "[%d]", before + 1);
}

/* The path of an element as XPath has it: /PMML/Scorecard/Characteristics/Characteristic[2]. */
char *
crm_xml_path(const XmlNode *node)
{
	StringInfoData out;

	initStringInfo(&out);
	append_path(&out, node);
	return out.data;
}

/* The named elements that an element belongs to: In Scorecard "client value", Characteristic "assets". */
static char *
named_owners(const XmlNode *node)
{
	static const char *const names[] = {"name", "modelName", "field", "label", "id"};
	char *owners = NULL;

	for (; node != NULL; node = node->parent)
	{
		const char *name = NULL;

		for (int i = 0; i < lengthof(names) && name == NULL; i++)
			name = crm_xml_attribute(node, names[i]);
		if (name == NULL)
			continue;
		owners = psprintf("%s \"%.*s\"%s%s", node->name, pg_mbcliplen(name, strlen(name), 60), name,
		                  owners ? ", " : "", owners ? owners : "");
	}
	return owners;
}

/* Report what is wrong with an element, where, and what to do (hint, may be NULL); does not return. */
void
crm_xml_error(const XmlNode *node, int sqlerrcode, const char *hint, const char *format, ...)
{
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
	ereport(ERROR, (errcode(sqlerrcode),
	                errmsg("invalid %s at %s: %s", node->title, crm_xml_path(node), message.data),
	                owners ? errdetail("In %s.", owners) : 0, hint ? errhint("%s", hint) : 0));
}
