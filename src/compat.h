/*
 * compat.h
 *		Every difference between the PostgreSQL versions that crm_ext builds with (15 to 18).
 */
#ifndef CRM_COMPAT_H
#define CRM_COMPAT_H

#include "common/jsonapi.h"
#include "utils/json.h"

#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#endif

/* Soft errors exist since 16; before it every error is thrown. */
#if PG_VERSION_NUM >= 160000
#define crm_is_soft(context) ((context) != NULL && IsA(context, ErrorSaveContext))
#define crm_errsave(context, ...) errsave(context, __VA_ARGS__)
#else
#define crm_is_soft(context) false
#define crm_errsave(context, ...) ereport(ERROR, __VA_ARGS__)
#endif

/* A function that does not return is marked in front of its declaration; the macro has another name since 18. */
#if PG_VERSION_NUM >= 180000
#define crm_noreturn pg_noreturn
#else
#define crm_noreturn pg_attribute_noreturn()
#endif

/* Callbacks of the JSON parser return an error code since 16. */
#if PG_VERSION_NUM >= 160000
typedef JsonParseErrorType CrmJsonResult;
#define CRM_JSON_OK return JSON_SUCCESS
#else
typedef void CrmJsonResult;
#define CRM_JSON_OK return
#endif

/* The lexer may live in caller's memory since 17. */
static inline JsonLexContext *
crm_json_lexer(char *text, int length, int encoding)
{
#if PG_VERSION_NUM >= 170000
	return makeJsonLexContextCstringLen(NULL, text, length, encoding, true);
#else
	return makeJsonLexContextCstringLen(text, length, encoding, true);
#endif
}

/* Rights to any object are asked for by one function since 16. */
#if PG_VERSION_NUM >= 160000
#define crm_may_execute(function)                                                                  \
	(object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK)
#else
#define crm_may_execute(function)                                                                  \
	(pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK)
#endif

/* Module magic carries name and version since 18. */
#ifdef PG_MODULE_MAGIC_EXT
#define CRM_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "crm_ext", .version = CRM_EXT_VERSION)
#else
#define CRM_MODULE_MAGIC PG_MODULE_MAGIC
#endif

#endif
