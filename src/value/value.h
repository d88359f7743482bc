/*
 * value.h
 *		The header that all stored values share.
 *
 * A value is a varlena: the length word, then a format version, the kind of value and flags, then what is the kind's
 * own.  The first eight bytes are the same for every kind and for ever, so that a reader can refuse what it does not know.
 */
#ifndef CRM_VALUE_H
#define CRM_VALUE_H

#include "fmgr.h"
#include "lib/stringinfo.h"

/* Numbers are stored: never change or reuse one. */
typedef enum CrmKind
{
	CRM_SCORECARD = 1,
	CRM_TIER_POLICY = 2,
	CRM_DECISION_TABLE = 3,
	CRM_SUITABILITY_POLICY = 4,
	CRM_ACTIVITY_SUMMARY = 32,
	CRM_BALANCE_SUMMARY = 33,
	CRM_DISTRIBUTION_SUMMARY = 34,
	CRM_SURVIVAL_SUMMARY = 35,
	CRM_MIGRATION_SUMMARY = 36,
	CRM_REPEAT_PURCHASE_SUMMARY = 37,
	CRM_SPEND_SUMMARY = 38,
	CRM_CO_HOLDING_SUMMARY = 39,
	CRM_COVERAGE_SUMMARY = 40,
	CRM_SERVICE_CONCENTRATION_SUMMARY = 41,
	CRM_ASSET_BRIDGE_SUMMARY = 42,
	CRM_BGNBD_MODEL = 64,
	CRM_PARETO_NBD_MODEL = 65,
	CRM_GAMMA_GAMMA_MODEL = 66
} CrmKind;

#define CRM_VALUE_VERSION 1

typedef struct CrmValue
{
	int32 vl_len_; /* varlena header (do not touch directly) */
	uint8 version; /* of the stored form */
	uint8 kind;    /* CrmKind */
	uint16 flags;  /* of the kind; unused bits are zero */
} CrmValue;

StaticAssertDecl(sizeof(CrmValue) == 8, "the stored header has eight bytes");

#define CRM_VALUE_BYTES(value) ((const char *) (value) + sizeof(CrmValue))
#define CRM_VALUE_NBYTES(value) (VARSIZE(value) - sizeof(CrmValue))

extern CrmValue *crm_value_alloc(CrmKind kind, Size nbytes);
extern CrmValue *crm_value_check(struct varlena *value, CrmKind kind);
extern void crm_digest(const void *bytes, Size length, uint8 digest[8]);
extern void crm_recv_version(StringInfo message, const char *type_name);

#endif
