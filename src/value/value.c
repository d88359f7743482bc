/*
 * value.c
 *		The header that all stored values share, and their equality and hash.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/hashfn.h"
#include "common/sha2.h"
#include "libpq/pqformat.h"

#include "compat.h"
#include "value/value.h"

/* A zeroed value of a kind, with room for the kind's own bytes. */
CrmValue *
crm_value_alloc(CrmKind kind, Size nbytes)
{
	CrmValue *value = palloc0(sizeof(CrmValue) + nbytes);

	SET_VARSIZE(value, sizeof(CrmValue) + nbytes);
	value->version = CRM_VALUE_VERSION;
	value->kind = kind;
	return value;
}

/* Refuse a detoasted value that this library cannot read: made by a newer one, or not one of ours at all. */
CrmValue *
crm_value_check(struct varlena *datum, CrmKind kind)
{
	CrmValue *value = (CrmValue *) datum;

	if (VARSIZE(datum) < sizeof(CrmValue) || value->kind != kind)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
		                errmsg("stored value is not of the kind that its type says")));
	if (value->version != CRM_VALUE_VERSION)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("stored value has format version %d, this library reads version %d",
		                       value->version, CRM_VALUE_VERSION),
		                errhint("Install the version of crm_ext that wrote it, or a later one.")));
	return value;
}

/* The first eight bytes of the SHA-256 of bytes. */
void
crm_digest(const void *bytes, Size length, uint8 digest[8])
{
	uint8 full[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL || pg_cryptohash_init(context) < 0 ||
	    pg_cryptohash_update(context, bytes, length) < 0 ||
	    pg_cryptohash_final(context, full, sizeof(full)) < 0)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute a SHA-256")));
	pg_cryptohash_free(context);
	memcpy(digest, full, 8);
}

/* The version byte that leads every binary message. */
void
crm_recv_version(StringInfo message, const char *type_name)
{
	int version = pq_getmsgbyte(message);

	if (version != CRM_VALUE_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		                errmsg("invalid binary %s: format version %d, expected %d", type_name,
		                       version, CRM_VALUE_VERSION)));
}

/*
 * value = value, value <> value -> bool, for every type: two values are equal if their bytes are, since the stored
 * form is canonical.
 */
static bool
values_equal(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);
	Size length = VARSIZE_ANY_EXHDR(a);

	return length == VARSIZE_ANY_EXHDR(b) && memcmp(VARDATA_ANY(a), VARDATA_ANY(b), length) == 0;
}

PG_FUNCTION_INFO_V1(crm_value_eq);
Datum
crm_value_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(values_equal(fcinfo));
}

PG_FUNCTION_INFO_V1(crm_value_ne);
Datum
crm_value_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!values_equal(fcinfo));
}

/* hash(value) -> int4, and hash(value, seed int8) -> int8: of the same bytes that = compares. */
PG_FUNCTION_INFO_V1(crm_value_hash);
Datum
crm_value_hash(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);

	return hash_any((unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

PG_FUNCTION_INFO_V1(crm_value_hash_extended);
Datum
crm_value_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);

	return hash_any_extended((unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
	                         PG_GETARG_INT64(1));
}
