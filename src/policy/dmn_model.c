/*
 * dmn_model.c
 *		DMN models: their decisions, types and names (OMG, Decision Model and Notation 1.1 to 1.5).
 */
#include "postgres.h"

#include "miscadmin.h"

#include "policy/dmn_model.h"

const char *const crm_dmn_hit_policies[7] = {"UNIQUE",     "ANY",          "PRIORITY", "FIRST",
                                             "RULE ORDER", "OUTPUT ORDER", "COLLECT"};
const char *const crm_dmn_aggregations[5] = {"", "SUM", "MIN", "MAX", "COUNT"};

/* Expressions of DMN, any of which may be the logic of a decision. */
static const char *const expressions[] = {
    "decisionTable",      "literalExpression", "invocation", "context", "relation", "list",
    "functionDefinition", "conditional",       "filter",     "for",     "every",    "some"};

static const char *const expression_titles[] = {"a decision table",
                                                "a literal expression",
                                                "an invocation",
                                                "a context",
                                                "a relation",
                                                "a list",
                                                "a function",
                                                "a conditional",
                                                "a filter",
                                                "an iteration",
                                                "a quantified expression",
                                                "a quantified expression"};

static void read_item(const XmlNode *root, const XmlNode *item, FeelType *type, int depth);

/* ---- texts and names ---- */

/* Insist that an element has none but these of DMN in it, besides what every element may have.  Those of other namespaces are extensions. */
void
crm_dmn_expect(const XmlNode *node, const char *const *names, int nnames)
{
	xml_foreach_child(child, node)
	{
		if (crm_xml_is(child, child->name) && !crm_xml_is(child, "description") &&
		    !crm_xml_is(child, "extensionElements") &&
		    crm_dmn_position(child->name, names, nnames) < 0)
			xml_unsupported(child, psprintf("Known here: %s.", crm_dmn_join(names, nnames)),
			                "element %s is not supported in %s", child->name, node->name);
	}
}

/* The text of an element's child "text", or an empty one. */
const char *
crm_dmn_text(const XmlNode *node)
{
	static const char *const names[] = {"text"};
	const XmlNode *text = node ? crm_xml_optional_child(node, "text") : NULL;

	if (node)
	{
		crm_dmn_expect(node, names, lengthof(names));
		crm_xml_expect_attributes(node, "id label typeRef expressionLanguage");
		crm_xml_expect_no_text(node, "Write it within the element text.");
	}
	if (text)
		crm_xml_expect_children(text, "");
	return text ? text->text : "";
}

/* A name with single blanks, and none around its dots. */
const char *
crm_dmn_clean_name(const char *name)
{
	StringInfoData out;
	char *clean;

	initStringInfo(&out);
	for (const char *c = name; *c; c++)
	{
		bool blank = strchr(" \t\r\n", *c) != NULL;

		if (!blank)
		{
			if (*c == '.' && out.len > 0 && out.data[out.len - 1] == ' ')
				out.data[--out.len] = '\0';
			appendStringInfoChar(&out, *c);
		}
		else if (out.len > 0 && out.data[out.len - 1] != ' ' && out.data[out.len - 1] != '.')
			appendStringInfoChar(&out, ' ');
	}
	if (out.len > 0 && out.data[out.len - 1] == ' ')
		out.data[--out.len] = '\0';
	clean = pnstrdup(out.data, out.len);
	pfree(out.data);
	return clean;
}

/* Clean the names of all elements, once and for all: they are compared again and again. */
static void
clean_names(const XmlNode *node)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < node->nattributes; i++)
		if (*node->attributes[i].namespace == '\0' && strcmp(node->attributes[i].name, "name") == 0)
			node->attributes[i].value = crm_dmn_clean_name(node->attributes[i].value);
	xml_foreach_child(child, node) clean_names(child);
}

const char *
crm_dmn_name(const XmlNode *node)
{
	const char *name = crm_xml_attribute(node, "name");

	return name ? name : "";
}

/* The position of a word among others, or -1. */
int
crm_dmn_position(const char *word, const char *const *words, int nwords)
{
	for (int i = 0; i < nwords; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return -1;
}

char *
crm_dmn_join(const char *const *words, int nwords)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < nwords; i++)
		appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : "", words[i]);
	return out.data;
}

/* Only FEEL is understood; where nothing is said, that is the language. */
void
crm_dmn_check_language(const XmlNode *node)
{
	const char *language = crm_xml_attribute(node, "expressionLanguage");

	for (const char *c = language; c && *c; c++)
		if (pg_strncasecmp(c, "feel", 4) == 0)
			return;
	if (language && *language)
		xml_unsupported(node, "Write the expressions in FEEL.",
		                "the expression language \"%s\" is not supported", language);
}

/* ---- the model and its decisions ---- */

static void
check_model(const XmlNode *root)
{
	static const char *const namespaces[] = {"http://www.omg.org/spec/DMN/20151101/dmn.xsd",
	                                         "http://www.omg.org/spec/DMN/20180521/MODEL/",
	                                         "https://www.omg.org/spec/DMN/20191111/MODEL/",
	                                         "https://www.omg.org/spec/DMN/20211108/MODEL/",
	                                         "https://www.omg.org/spec/DMN/20230324/MODEL/"};

	if (strcmp(root->name, "definitions") != 0)
		xml_malformed(root, NULL, "the root of a DMN model is definitions, not %s", root->name);
	if (crm_dmn_position(root->namespace, namespaces, lengthof(namespaces)) < 0)
		xml_malformed(root,
		              psprintf("DMN 1.1 to 1.5 are read, in one of: %s.",
		                       crm_dmn_join(namespaces, lengthof(namespaces))),
		              "the namespace \"%s\" is not one of DMN", root->namespace);
	crm_dmn_check_language(root);
}

static bool
is_expression(const XmlNode *node)
{
	return crm_xml_is(node, node->name) &&
	       crm_dmn_position(node->name, expressions, lengthof(expressions)) >= 0;
}

/* The expression that a decision or business knowledge model holds, or NULL. */
const XmlNode *
crm_dmn_logic(const XmlNode *owner)
{
	const XmlNode *holder = crm_xml_is(owner, "businessKnowledgeModel")
	                            ? crm_xml_optional_child(owner, "encapsulatedLogic")
	                            : owner;

	if (holder)
	{
		xml_foreach_child(child, holder)
		{
			if (is_expression(child))
				return child;
		}
	}
	return NULL;
}

static bool
is_table(const XmlNode *logic)
{
	return logic && strcmp(logic->name, "decisionTable") == 0;
}

/* The decisions, or the business knowledge models, that are tables: how many, one of them, and all their names. */
static int
list_tables(const XmlNode *root, const char *what, const XmlNode **found, StringInfo names)
{
	int n = 0;

	for (const XmlNode *owner = crm_xml_child(root, what); owner; owner = crm_xml_next(owner, what))
	{
		CHECK_FOR_INTERRUPTS();
		if (!is_table(crm_dmn_logic(owner)))
			continue;
		*found = owner;
		n++;
		appendStringInfo(names, "%s%s", names->len > 0 ? ", " : "", crm_dmn_name(owner));
	}
	return n;
}

static const char *
table_hint(const XmlNode *root)
{
	const XmlNode *any;
	StringInfoData names;

	initStringInfo(&names);
	list_tables(root, "decision", &any, &names);
	list_tables(root, "businessKnowledgeModel", &any, &names);
	return names.len > 0 ? psprintf("Decision tables of the model: %s.", names.data) : NULL;
}

/* The only decision that is a table, else the only business knowledge model. */
static const XmlNode *
find_only(const XmlNode *root)
{
	const XmlNode *found = NULL;
	StringInfoData names;
	int n;

	initStringInfo(&names);
	n = list_tables(root, "decision", &found, &names);
	if (n == 0)
		n = list_tables(root, "businessKnowledgeModel", &found, &names);
	if (n == 0)
		xml_malformed(root, NULL, "the model has no decision table");
	if (n > 1)
		xml_malformed(root, psprintf("Name one of: %s.", names.data),
		              "the model has %d decision tables", n);
	return found;
}

/* The decision or business knowledge model of a name, or of an id. */
static const XmlNode *
find_named(const XmlNode *root, const char *wanted)
{
	const XmlNode *found = NULL;
	int logic;

	for (int pass = 0; pass < 2 && found == NULL; pass++)
		xml_foreach_child(child, root)
		{
			const char *name = pass == 0 ? crm_dmn_name(child) : crm_xml_attribute(child, "id");

			if (!crm_xml_is(child, "decision") && !crm_xml_is(child, "businessKnowledgeModel"))
				continue;
			if (name == NULL || strcmp(name, wanted) != 0)
				continue;
			if (found)
				xml_malformed(child, pass == 0 ? "Ask for one of them by its id." : NULL,
				              "two decisions have the %s \"%s\"", pass == 0 ? "name" : "id",
				              wanted);
			found = child;
		}
	if (found == NULL)
		xml_malformed(root, table_hint(root), "there is no decision \"%s\"", wanted);
	if (crm_dmn_logic(found) == NULL)
		xml_unsupported(found, table_hint(root), "\"%s\" has no logic, not even a decision table",
		                wanted);
	logic = crm_dmn_position(crm_dmn_logic(found)->name, expressions, lengthof(expressions));
	if (logic > 0)
		xml_unsupported(found, table_hint(root), "\"%s\" is %s, not a decision table", wanted,
		                expression_titles[logic]);
	return found;
}

/* The decision, or business knowledge model, whose table is wanted: by its name or id, or the only one. */
const XmlNode *
crm_dmn_find_table(const XmlNode *root, const char *wanted)
{
	const XmlNode *owner, *logic;

	check_model(root);
	clean_names(root);
	owner = wanted ? find_named(root, crm_dmn_clean_name(wanted)) : find_only(root);
	logic = crm_dmn_logic(owner);
	for (const XmlNode *next = logic->next; next; next = next->next)
		if (is_expression(next))
			xml_malformed(next, NULL, "a decision has one expression, and this is another");
	return owner;
}

/* ---- types ---- */

/* The kind of a type that FEEL, or a widespread tool, has of its own; false for other names. */
static bool
builtin_type(const char *name, ValueKind *kind, const XmlNode *node)
{
	static const struct
	{
		const char *name;
		ValueKind kind;
	} types[] = {{"Any", KIND_ANY},
	             {"number", KIND_NUMBER},
	             {"string", KIND_TEXT},
	             {"boolean", KIND_BOOLEAN},
	             {"date", KIND_DATE},
	             {"date and time", KIND_TIMESTAMP},
	             {"dateTime", KIND_TIMESTAMP},
	             {"integer", KIND_NUMBER},
	             {"int", KIND_NUMBER},
	             {"long", KIND_NUMBER},
	             {"double", KIND_NUMBER},
	             {"float", KIND_NUMBER},
	             {"decimal", KIND_NUMBER}};
	static const char *const others[] = {"time",
	                                     "days and time duration",
	                                     "dayTimeDuration",
	                                     "years and months duration",
	                                     "yearMonthDuration",
	                                     "duration",
	                                     "context",
	                                     "list",
	                                     "function"};

	for (int i = 0; i < lengthof(types); i++)
		if (strcmp(name, types[i].name) == 0)
		{
			*kind = types[i].kind;
			return true;
		}
	if (crm_dmn_position(name, others, lengthof(others)) >= 0)
		xml_unsupported(node, "Numbers, texts, booleans and dates are compared.",
		                "values of type \"%s\" are not supported", name);
	return false;
}

/* A typeRef without the prefix that DMN 1.1 writes. */
static const char *
type_name(const char *reference)
{
	const char *colon = strrchr(reference, ':');

	return crm_dmn_clean_name(colon ? colon + 1 : reference);
}

static const XmlNode *
find_item(const XmlNode *root, const char *name)
{
	const XmlNode *item = crm_xml_child(root, "itemDefinition");

	while (item && strcmp(crm_dmn_name(item), name) != 0)
		item = crm_xml_next(item, "itemDefinition");
	return item;
}

/* Follow a typeRef. */
static void
read_type(const XmlNode *root, const XmlNode *node, const char *reference, FeelType *type,
          int depth)
{
	const char *name = type_name(reference);
	const XmlNode *item;

	if (builtin_type(name, &type->kind, node))
		return;
	item = find_item(root, name);
	if (item == NULL)
		xml_malformed(node, "Types of imported models are not read.",
		              "type \"%s\" is not defined in the model", name);
	read_item(root, item, type, depth + 1);
}

/* What an itemDefinition or itemComponent says of its values; the allowed values nearest to the use count. */
static void
read_item(const XmlNode *root, const XmlNode *item, FeelType *type, int depth)
{
	const XmlNode *reference = crm_xml_optional_child(item, "typeRef");
	const char *collection = crm_xml_attribute(item, "isCollection");

	check_stack_depth();
	if (depth > 64)
		xml_malformed(item, NULL, "type \"%s\" is defined by itself", crm_dmn_name(item));
	type->collection |=
	    collection && (strcmp(collection, "true") == 0 || strcmp(collection, "1") == 0);
	if (type->allowed == NULL)
		type->allowed = crm_xml_optional_child(item, "allowedValues");
	if (type->allowed == NULL)
		type->allowed = crm_xml_optional_child(item, "typeConstraint");
	if (crm_xml_child(item, "itemComponent"))
		type->structure = item;
	else if (reference)
		read_type(root, reference, reference->text, type, depth);
	else if (crm_xml_child(item, "functionItem"))
		xml_unsupported(item, NULL, "values of type \"%s\" are functions", crm_dmn_name(item));
}

/* Whether a typeRef names a type that the model defines. */
bool
crm_dmn_defines(const XmlNode *root, const char *reference)
{
	return find_item(root, type_name(reference)) != NULL;
}

/* What the typeRef of an element means. */
void
crm_dmn_type(const XmlNode *root, const XmlNode *node, const char *reference, FeelType *type)
{
	memset(type, 0, sizeof(FeelType));
	read_type(root, node, reference, type, 0);
}

/* Put the type of a component in the place of that of its structure; nothing is known of one that is not there, and false returned. */
bool
crm_dmn_component(const XmlNode *root, const char *name, FeelType *type)
{
	const XmlNode *item = type->structure ? crm_xml_child(type->structure, "itemComponent") : NULL;

	while (item && strcmp(crm_dmn_name(item), name) != 0)
		item = crm_xml_next(item, "itemComponent");
	memset(type, 0, sizeof(FeelType));
	if (item)
		read_item(root, item, type, 0);
	return item != NULL;
}

/* ---- names of inputs ---- */

/* The declaration of a name that the table may read: its variable, or a parameter of a business knowledge model. */
static const XmlNode *
find_variable(const XmlNode *root, const XmlNode *owner, const char *name)
{
	static const char *const declaring[] = {"inputData", "decision"};
	const XmlNode *logic = crm_xml_child(owner, "encapsulatedLogic");
	const XmlNode *node = logic ? crm_xml_child(logic, "formalParameter") : NULL;

	for (; node; node = crm_xml_next(node, "formalParameter"))
		if (strcmp(crm_dmn_name(node), name) == 0)
			return node;
	for (int i = 0; i < lengthof(declaring); i++)
		for (node = crm_xml_child(root, declaring[i]); node;
		     node = crm_xml_next(node, declaring[i]))
			if (strcmp(crm_dmn_name(node), name) == 0)
			{
				const XmlNode *variable = crm_xml_child(node, "variable");

				return variable ? variable : node;
			}
	return NULL;
}

/* Whether a text is a name, or a path of names, by its looks: no operator of FEEL, neither sign nor word. */
static bool
looks_like_name(const char *text)
{
	static const char *const words[] = {
	    "and",  "or",    "not",       "if",      "then",     "else",     "for",  "return", "in",
	    "some", "every", "satisfies", "between", "function", "instance", "true", "false",  "null"};
	bool begins = true;

	for (const char *c = text; *c;)
	{
		const char *start = c;

		while (*c == '_' || IS_HIGHBIT_SET(*c) || isalnum((unsigned char) *c))
			c++;
		if (c == start || (begins && isdigit((unsigned char) *start)) ||
		    crm_dmn_position(pnstrdup(start, c - start), words, lengthof(words)) >= 0)
			return false;
		begins = *c == '.';
		if (*c == ' ' || *c == '.')
			c++;
		else if (*c)
			return false;
	}
	return !begins;
}

/* Follow the components of a path from a type; false where what stands there is no path. */
static bool
follow_path(const XmlNode *root, const char *path, FeelType *type)
{
	while (*path == '.')
	{
		size_t length = strcspn(path + 1, ".");
		bool collection = type->collection;

		const char *undefined = type->undefined;

		if (!crm_dmn_component(root, pnstrdup(path + 1, length), type))
		{
			type->undefined = undefined;
			return looks_like_name(path + 1);
		}
		type->collection |= collection;
		path += 1 + length;
	}
	return true;
}

/*
 * Whether a text is a name or a path, and the type of what it names, as far as the model says.  A name of the model may have dots
 * and signs, too: the longest that the text begins with counts.
 */
bool
crm_dmn_path(const XmlNode *root, const XmlNode *owner, const char *path, FeelType *type)
{
	memset(type, 0, sizeof(FeelType));
	for (const char *end = path + strlen(path); end > path;)
	{
		const XmlNode *variable = find_variable(root, owner, pnstrdup(path, end - path));

		if (variable)
		{
			const char *reference = crm_xml_attribute(variable, "typeRef");
			ValueKind kind;

			if (reference == NULL || *reference == '\0')
				;
			else if (builtin_type(type_name(reference), &kind, variable) ||
			         crm_dmn_defines(root, reference))
				read_type(root, variable, reference, type, 0);
			else
				type->undefined = reference;
			return follow_path(root, end, type);
		}
		do
			end--;
		while (end > path && *end != '.');
	}
	return looks_like_name(path);
}
