/*
 * xml_tree.h
 *		An XML document as a tree that knows where each of its elements stands, so that every error can say so.
 */
#ifndef CRM_XML_TREE_H
#define CRM_XML_TREE_H

#include "compat.h"

#define CRM_XML_MAX_LENGTH (4 * 1024 * 1024)
#define CRM_XML_MAX_NODES 500000
#define CRM_XML_MAX_DEPTH 256

typedef struct XmlAttribute
{
	const char *name;
	const char *namespace; /* empty for most */
	const char *value;
} XmlAttribute;

typedef struct XmlNode XmlNode;

/* An element.  Comments and processing instructions are not in the tree. */
struct XmlNode
{
	const char *name;      /* without a prefix */
	const char *namespace; /* empty where it has none */
	const char
	    *text; /* of its own text and CDATA, joined, without the blanks around it; never NULL */
	XmlAttribute *attributes;
	int nattributes;
	XmlNode *parent;   /* NULL at the root */
	XmlNode *first;    /* child */
	XmlNode *next;     /* sibling */
	const char *title; /* "PMML", for messages */
};

extern XmlNode *crm_xml_parse(Datum xml, const char *title);

/* Every child element, whatever its name and namespace */
#define xml_foreach_child(child, node)                                                             \
	for (XmlNode *child = (node)->first; child != NULL; child = child->next)

/* The children of one name in the node's own namespace: the first, and the next after it */
extern XmlNode *crm_xml_child(const XmlNode *node, const char *name);
extern XmlNode *crm_xml_next(const XmlNode *child, const char *name);
extern XmlNode *crm_xml_require_child(const XmlNode *node, const char *name);
extern XmlNode *crm_xml_optional_child(const XmlNode *node, const char *name);

/* The value of an attribute without a namespace */
extern const char *crm_xml_attribute(const XmlNode *node, const char *name);
extern const char *crm_xml_require_attribute(const XmlNode *node, const char *name);

/* Whether an element has a name and stands in the same namespace as its parent */
extern bool crm_xml_is(const XmlNode *node, const char *name);

/* Nothing is passed over: what else is in an element is an error.  Lists are words with single blanks between */
extern void crm_xml_expect_attributes(const XmlNode *node, const char *names);
extern void crm_xml_expect_children(const XmlNode *node, const char *names);
extern void crm_xml_expect_no_text(const XmlNode *node, const char *hint);

/* Complaining: "invalid PMML at /PMML/Scorecard/Characteristics/Characteristic[2]: ..." */
crm_noreturn extern void crm_xml_error(const XmlNode *node, int sqlerrcode, const char *hint,
                                       const char *format, ...) pg_attribute_printf(4, 5);
extern char *crm_xml_path(const XmlNode *node);
#define xml_malformed(node, hint, ...)                                                             \
	crm_xml_error(node, ERRCODE_INVALID_PARAMETER_VALUE, hint, __VA_ARGS__)
#define xml_unsupported(node, hint, ...)                                                           \
	crm_xml_error(node, ERRCODE_FEATURE_NOT_SUPPORTED, hint, __VA_ARGS__)

#endif
