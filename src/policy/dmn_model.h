/*
 * dmn_model.h
 *		DMN models: their decisions, types and names.
 */
#ifndef CRM_DMN_MODEL_H
#define CRM_DMN_MODEL_H

#include "policy/decision_table.h"
#include "value/xml_tree.h"

/* What a typeRef means. */
typedef struct FeelType
{
	ValueKind kind;
	bool collection;
	const XmlNode *structure; /* the definition that has the components, or NULL */
	const XmlNode *allowed;   /* the allowed values, or NULL */
	const char *undefined;    /* the name of a type that the model does not define, or NULL */
} FeelType;

/* As DMN writes them, in the order of HitPolicy, and of Aggregation, whose first is none */
extern const char *const crm_dmn_hit_policies[7];
extern const char *const crm_dmn_aggregations[5];

extern const XmlNode *crm_dmn_find_table(const XmlNode *root, const char *wanted);
extern const XmlNode *crm_dmn_logic(const XmlNode *owner);
extern void crm_dmn_check_language(const XmlNode *node);

extern void crm_dmn_expect(const XmlNode *node, const char *const *names, int nnames);
extern const char *crm_dmn_text(const XmlNode *node);
extern const char *crm_dmn_clean_name(const char *name);
extern const char *crm_dmn_name(const XmlNode *node);
extern int crm_dmn_position(const char *word, const char *const *words, int nwords);
extern char *crm_dmn_join(const char *const *words, int nwords);

extern bool crm_dmn_defines(const XmlNode *root, const char *reference);
extern void crm_dmn_type(const XmlNode *root, const XmlNode *node, const char *reference,
                         FeelType *type);
extern bool crm_dmn_component(const XmlNode *root, const char *name, FeelType *type);
extern bool crm_dmn_path(const XmlNode *root, const XmlNode *owner, const char *path,
                         FeelType *type);

#endif
