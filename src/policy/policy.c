/*
 * policy.c
 *		What all policies share: reading, storing, printing, and listing what they read.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "policy/policy.h"

/* The keys that every document may have. */
void
crm_policy_common(const DocumentNode *root, Policy *policy)
{
	static const char *const others[] = {"version", "description", "basis"};

	policy->name = document_text_or(root, "name", NULL);
	for (int i = 0; i < lengthof(others); i++)
		document_text_or(root, others[i], NULL);
}

/* A document on its way to a value. */
typedef struct Making
{
	const PolicyKind *kind;
	MemoryContext caller;
	PolicyValue *value;
} Making;

/* Compiling a document is what checks it. */
static void
make_value(DocumentNode *root, void *result)
{
	Making *making = result;
	StringInfoData canonical;
	PolicyValue *value;

	making->kind->compile(root);
	initStringInfo(&canonical);
	crm_document_write(&canonical, root);
	if (canonical.len > CRM_DOCUMENT_MAX_LENGTH)
		crm_document_error(root, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		                   "the document has %d bytes with its numbers written out, more than %d",
		                   canonical.len, CRM_DOCUMENT_MAX_LENGTH);
	MemoryContextSwitchTo(making->caller);
	value = (PolicyValue *) crm_value_alloc(
	    making->kind->kind, offsetof(PolicyValue, document) - sizeof(CrmValue) + canonical.len);
	crm_digest(canonical.data, canonical.len, value->digest);
	memcpy(value->document, canonical.data, canonical.len);
	making->value = value;
}

/* The value of a document, or NULL after a soft error. */
PolicyValue *
crm_policy_make(const PolicyKind *kind, const char *text, size_t length, Node *escontext)
{
	Making making = {.kind = kind, .caller = CurrentMemoryContext};

	crm_document_read(kind->title, text, length, escontext, make_value, &making);
	return making.value;
}

static size_t
document_length(const PolicyValue *value)
{
	return VARSIZE(value) - offsetof(PolicyValue, document);
}

/* Compile a stored value in the current context. */
void *
crm_policy_compile(struct varlena *datum, const PolicyKind *kind)
{
	PolicyValue *value = (PolicyValue *) crm_value_check(datum, kind->kind);
	DocumentReader *reader = palloc0(sizeof(DocumentReader));

	reader->type_name = kind->title;
	reader->context = CurrentMemoryContext;
	return kind->compile(crm_document_parse(reader, value->document, document_length(value)));
}

Datum
crm_policy_in(FunctionCallInfo fcinfo, const PolicyKind *kind)
{
	char *text = PG_GETARG_CSTRING(0);

	return PointerGetDatum(crm_policy_make(kind, text, strlen(text), fcinfo->context));
}

/* policy_out(policy) -> cstring: the canonical document. */
PG_FUNCTION_INFO_V1(crm_policy_out);
Datum
crm_policy_out(PG_FUNCTION_ARGS)
{
	PolicyValue *value = (PolicyValue *) PG_GETARG_VARLENA_P(0);

	PG_RETURN_CSTRING(pnstrdup(value->document, document_length(value)));
}

/* policy_send(policy) -> bytea: the version byte, then the canonical document. */
PG_FUNCTION_INFO_V1(crm_policy_send);
Datum
crm_policy_send(PG_FUNCTION_ARGS)
{
	PolicyValue *value = (PolicyValue *) PG_GETARG_VARLENA_P(0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, value->header.version);
	pq_sendtext(&out, value->document, document_length(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

Datum
crm_policy_recv(FunctionCallInfo fcinfo, const PolicyKind *kind)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	char *text;
	int length;

	crm_recv_version(message, kind->title);
	text = pq_getmsgtext(message, message->len - message->cursor, &length);
	return PointerGetDatum(crm_policy_make(kind, text, length, NULL));
}

/* Fill the result of policy_attributes(). */
Datum
crm_policy_list_attributes(FunctionCallInfo fcinfo, const AttributeList *attributes)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0, ordinal = 1; i < attributes->n; i++)
	{
		const Attribute *it = &attributes->items[i];
		Datum *uses = palloc(sizeof(Datum) * Max(it->nuses, 1));
		Datum values[5];
		bool nulls[5] = {false};

		if (it->derived)
			continue;
		for (int u = 0; u < it->nuses; u++)
			uses[u] = CStringGetTextDatum(it->uses[u]);
		values[0] = Int32GetDatum(ordinal++);
		nulls[1] = attributes->sides == NULL;
		if (!nulls[1])
			values[1] = CStringGetTextDatum(attributes->sides[it->side]);
		values[2] = CStringGetTextDatum(it->name);
		values[3] = CStringGetTextDatum(crm_kind_name(it->kind));
		values[4] =
		    PointerGetDatum(construct_array(uses, it->nuses, TEXTOID, -1, false, TYPALIGN_INT));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
