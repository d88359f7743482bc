/*
 * summary.c
 *		What all summaries share: the state protocol, and text and binary I/O.
 *
 * The wire form is the version byte, the low byte of the flags, then the bytes of the closed value.  The text is its
 * hexadecimal form, so that no setting has a say in it.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "port/pg_bitutils.h"

#include "compat.h"
#include "summary/summary.h"

#define WIRE_HEADER 2 /* version, flags */

/* ------------------------------------------------------------------------------------------------------------------
 * States
 * ------------------------------------------------------------------------------------------------------------------ */

static bool
is_open(const void *value)
{
	return (((const CrmValue *) value)->flags & CRM_SUMMARY_OPEN) != 0;
}

static void
deep_check(const CrmSummaryKind *kind, const CrmState *state)
{
#ifdef USE_ASSERT_CHECKING
	Assert(is_open(state));
	Assert(state->header.kind == kind->kind && state->header.version == CRM_VALUE_VERSION);
	Assert((state->header.flags & ~(CRM_SUMMARY_OPEN | CRM_SUMMARY_FLAGS)) == 0);
	Assert(VARSIZE(state) >= kind->fixed && state->used <= crm_state_room(kind, state));
	Assert((uintptr_t) state % MAXIMUM_ALIGNOF == 0);
	kind->check(state);
#endif
}

/* 54000: more items than a state of this kind may have. */
void
crm_state_full(const CrmSummaryKind *kind)
{
	ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
	                errmsg("%s cannot have more than %u %s", kind->type_name, kind->max_items,
	                       kind->of_what)));
}

/* The sum of two numbers of clients; 22003 if it is out of range, which takes crafted values. */
int64
crm_add_clients(int64 a, int64 b)
{
	int64 sum;

	if (__builtin_add_overflow(a, b, &sum))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("number of clients is out of range")));
	return sum;
}

static CrmState *
allocate(const CrmSummaryKind *kind, Size size)
{
	CrmState *state = palloc0(size);

	SET_VARSIZE(state, size);
	state->header.version = CRM_VALUE_VERSION;
	state->header.kind = kind->kind;
	state->header.flags = CRM_SUMMARY_OPEN;
	return state;
}

/* A zeroed open state with room for so many items, in the current context. */
CrmState *
crm_state_new(const CrmSummaryKind *kind, uint32 items)
{
	if (items > kind->max_items)
		crm_state_full(kind);
	return allocate(kind, kind->fixed + (Size) items * kind->item);
}

/*
 * A copy with more room, in the current context.  The sizes are powers of two, which is how memory contexts round: the
 * executor's copy wastes nothing.
 */
CrmState *
crm_state_grow(const CrmSummaryKind *kind, CrmState *state, uint32 items)
{
	Size most = kind->fixed + (Size) kind->max_items * kind->item;
	Size size;
	CrmState *grown;

	if (items > kind->max_items)
		crm_state_full(kind);
	size = kind->fixed + (Size) items * kind->item;
	size = Min(pg_nextpower2_size_t(size), most);
	grown = allocate(kind, size);
	memcpy((char *) grown + VARHDRSZ, (char *) state + VARHDRSZ,
	       kind->fixed - VARHDRSZ + (Size) state->used * kind->item);
	return grown;
}

/* A closed value that does not read: not a user's mistake, the bytes were checked when they came in. */
void
crm_summary_corrupted(const CrmSummaryKind *kind, const CrmReader *reader)
{
	if (reader->why != NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_DATA_CORRUPTED), errmsg("stored %s is damaged", kind->type_name),
		         errdetail_internal("%s", reader->why)));
}

static CrmReader
reader_of(const CrmValue *value)
{
	const uint8 *bytes = (const uint8 *) CRM_VALUE_BYTES(value);
	CrmReader reader = {bytes, bytes + CRM_VALUE_NBYTES(value), NULL};

	return reader;
}

static CrmState *
open_closed(const CrmSummaryKind *kind, const CrmValue *value)
{
	CrmReader reader = reader_of(value);
	CrmState *state = kind->open(&reader, value->flags & CRM_SUMMARY_FLAGS);

	crm_summary_corrupted(kind, &reader);
	deep_check(kind, state);
	return state;
}

/* An argument as an open state that is only read: the argument itself if it is open, else a new one. */
const CrmState *
crm_summary_read(const CrmSummaryKind *kind, Datum datum)
{
	CrmValue *value = crm_value_check(PG_DETOAST_DATUM(datum), kind->kind);

	return is_open(value) ? (CrmState *) value : open_closed(kind, value);
}

/*
 * Argument 0 of a transition or combine function as an open state that may be changed; NULL if it is NULL.  It is the
 * argument itself only inside an aggregate, and only if nothing had to be unpacked for it.
 */
CrmState *
crm_summary_state(FunctionCallInfo fcinfo, const CrmSummaryKind *kind)
{
	struct varlena *argument;
	CrmValue *value;
	CrmState *copy;

	if (PG_ARGISNULL(0))
		return NULL;
	argument = (struct varlena *) PG_GETARG_POINTER(0);
	value = crm_value_check(PG_DETOAST_DATUM(PointerGetDatum(argument)), kind->kind);
	if (!is_open(value))
		return open_closed(kind, value);
	if ((struct varlena *) value != argument || AggCheckCallContext(fcinfo, NULL))
		return (CrmState *) value;
	copy = palloc(VARSIZE(value));
	memcpy(copy, value, VARSIZE(value));
	return copy;
}

/* What a transition or combine function returns: the state inside an aggregate, else a closed value. */
Datum
crm_summary_return(FunctionCallInfo fcinfo, const CrmSummaryKind *kind, CrmState *state)
{
	if (AggCheckCallContext(fcinfo, NULL))
		return PointerGetDatum(state);
	return PointerGetDatum(crm_summary_close(kind, state));
}

/* A new closed value, in the current context. */
CrmValue *
crm_summary_close(const CrmSummaryKind *kind, const CrmState *state)
{
	CrmWriter out = {0};
	CrmValue *value;
	uint16 flags;

	deep_check(kind, state);
	crm_writer_grow(&out, sizeof(CrmValue) + 56);
	memset(out.data, 0, sizeof(CrmValue));
	out.length = sizeof(CrmValue);
	flags = kind->close(state, &out);
	Assert((flags & ~kind->flags) == 0);
	value = (CrmValue *) out.data;
	SET_VARSIZE(value, out.length);
	value->version = CRM_VALUE_VERSION;
	value->kind = kind->kind;
	value->flags = flags;
	return value;
}

/* A closed value, unpacked: an open argument is closed. */
static CrmValue *
closed_value(const CrmSummaryKind *kind, Datum datum)
{
	CrmValue *value = crm_value_check(PG_DETOAST_DATUM(datum), kind->kind);

	return is_open(value) ? crm_summary_close(kind, (CrmState *) value) : value;
}

/* What a transition function returns for a row that it skips: the state as it is. */
Datum
crm_summary_skip(FunctionCallInfo fcinfo, const CrmSummaryKind *kind)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (AggCheckCallContext(fcinfo, NULL))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	PG_RETURN_POINTER(closed_value(kind, PG_GETARG_DATUM(0)));
}

/* An argument's closed bytes, for accessors that need only some of them.  Nothing is copied unless it was toasted. */
CrmClosed
crm_summary_closed(const CrmSummaryKind *kind, Datum datum)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(datum);
	CrmClosed closed;

	if (VARATT_IS_SHORT(packed))
	{
		const char *bytes = VARDATA_SHORT(packed);

		if (VARSIZE_ANY_EXHDR(packed) >= sizeof(CrmValue) - VARHDRSZ)
		{
			memcpy(&closed.flags, bytes + offsetof(CrmValue, flags) - VARHDRSZ,
			       sizeof(closed.flags));
			if ((uint8) bytes[offsetof(CrmValue, version) - VARHDRSZ] == CRM_VALUE_VERSION &&
			    (uint8) bytes[offsetof(CrmValue, kind) - VARHDRSZ] == kind->kind &&
			    (closed.flags & CRM_SUMMARY_OPEN) == 0)
			{
				closed.reader.at = (const uint8 *) bytes + sizeof(CrmValue) - VARHDRSZ;
				closed.reader.end = (const uint8 *) bytes + VARSIZE_ANY_EXHDR(packed);
				closed.reader.why = NULL;
				return closed;
			}
		}
	}
	{
		CrmValue *value = closed_value(kind, PointerGetDatum(packed));

		closed.flags = value->flags;
		closed.reader = reader_of(value);
	}
	return closed;
}

/* Add an argument, open or closed, to a state. */
static CrmState *
merge_value(const CrmSummaryKind *kind, CrmState *into, Datum datum)
{
	CrmValue *value = crm_value_check(PG_DETOAST_DATUM(datum), kind->kind);
	CrmReader reader;

	if (is_open(value))
	{
		deep_check(kind, (CrmState *) value);
		return kind->merge(into, (CrmState *) value);
	}
	if (kind->merge_closed == NULL)
		return kind->merge(into, open_closed(kind, value));
	reader = reader_of(value);
	into = kind->merge_closed(into, &reader, value->flags & CRM_SUMMARY_FLAGS);
	crm_summary_corrupted(kind, &reader);
	return into;
}

/*
 * merge(summary, summary) -> summary: the transition function of rollup, and the combine function of every aggregate.
 *
 * A single summary stays closed, so that a rollup over groups of one costs a copy.
 */
Datum
crm_summary_merge(FunctionCallInfo fcinfo, const CrmSummaryKind *kind)
{
	CrmState *state;

	if (PG_ARGISNULL(1))
		return crm_summary_skip(fcinfo, kind);
	if (PG_ARGISNULL(0))
	{
		if (AggCheckCallContext(fcinfo, NULL))
			PG_RETURN_POINTER(crm_value_check(PG_DETOAST_DATUM(PG_GETARG_DATUM(1)), kind->kind));
		PG_RETURN_POINTER(closed_value(kind, PG_GETARG_DATUM(1)));
	}
	state = merge_value(kind, crm_summary_state(fcinfo, kind), PG_GETARG_DATUM(1));
	deep_check(kind, state);
	return crm_summary_return(fcinfo, kind, state);
}

/* final(summary) -> summary: the closed value.  The state is only read, so windows may call it after every row. */
Datum
crm_summary_final(FunctionCallInfo fcinfo, const CrmSummaryKind *kind)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(closed_value(kind, PG_GETARG_DATUM(0)));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Text and binary
 * ------------------------------------------------------------------------------------------------------------------ */

/* The value of a wire form, or NULL with *why: every invariant is checked, then that no other bytes say the same. */
static CrmValue *
read_wire(const CrmSummaryKind *kind, const uint8 *bytes, Size length, const char **why)
{
	CrmReader reader = {bytes + WIRE_HEADER, bytes + length, NULL};
	CrmState *state;
	CrmValue *value;

	if (length < WIRE_HEADER)
		*why = "It ends too early.";
	else if (bytes[0] != CRM_VALUE_VERSION)
		*why = "Its first byte is not a format version that this library reads.";
	else if (bytes[1] & ~kind->flags)
		*why = "It has flags that are not in use.";
	else
	{
		state = kind->open(&reader, bytes[1]);
		if (reader.why == NULL && reader.at != reader.end)
			reader.why = "There are bytes behind its end.";
		*why = reader.why;
	}
	if (*why != NULL)
		return NULL;
	value = crm_summary_close(kind, state);
	if (value->flags != bytes[1] || CRM_VALUE_NBYTES(value) != length - WIRE_HEADER ||
	    memcmp(CRM_VALUE_BYTES(value), bytes + WIRE_HEADER, length - WIRE_HEADER) != 0)
	{
		*why = "Its bytes are not in the canonical form.";
		return NULL;
	}
	return value;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* in(cstring) -> summary; 22P02, softly, for anything that out does not write (capital letters excepted). */
Datum
crm_summary_in(FunctionCallInfo fcinfo, const CrmSummaryKind *kind)
{
	const char *text = PG_GETARG_CSTRING(0);
	Size length = strlen(text);
	uint8 *bytes = palloc(length / 2 + 1);
	const char *why = NULL;
	CrmValue *value = NULL;

	if (length % 2 != 0)
		why = "The number of hexadecimal digits is odd.";
	for (Size i = 0; i + 1 < length && why == NULL; i += 2)
	{
		int high = hex_digit(text[i]);
		int low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0)
			why = "It is not written in hexadecimal digits.";
		bytes[i / 2] = (uint8) (high << 4 | low);
	}
	if (why == NULL)
		value = read_wire(kind, bytes, length / 2, &why);
	if (value == NULL)
	{
		crm_errsave(fcinfo->context, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		                              errmsg("invalid input syntax for type %s", kind->type_name),
		                              errdetail_internal("%s", why),
		                              errhint("The text of a summary is what this library has "
		                                      "printed; make one with its aggregate.")));
		PG_RETURN_NULL();
	}
	PG_RETURN_POINTER(value);
}

/* out(summary) -> cstring */
Datum
crm_summary_out(FunctionCallInfo fcinfo, const CrmSummaryKind *kind)
{
	static const char digits[] = "0123456789abcdef";
	CrmValue *value = closed_value(kind, PG_GETARG_DATUM(0));
	const uint8 *bytes = (const uint8 *) CRM_VALUE_BYTES(value);
	Size length = CRM_VALUE_NBYTES(value);
	char *text = palloc((WIRE_HEADER + length) * 2 + 1);
	char *at = text;

	for (Size i = 0; i < WIRE_HEADER + length; i++)
	{
		uint8 byte = i == 0   ? value->version
		             : i == 1 ? (uint8) value->flags
		                      : bytes[i - WIRE_HEADER];

		*at++ = digits[byte >> 4];
		*at++ = digits[byte & 15];
	}
	*at = '\0';
	PG_RETURN_CSTRING(text);
}

/* recv(internal) -> summary; 22P03 */
Datum
crm_summary_recv(FunctionCallInfo fcinfo, const CrmSummaryKind *kind)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;
	const char *why = NULL;
	CrmValue *value;

	value = read_wire(kind, (const uint8 *) pq_getmsgbytes(message, length), length, &why);
	if (value == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		         errmsg("invalid binary %s", kind->type_name), errdetail_internal("%s", why)));
	PG_RETURN_POINTER(value);
}

/* send(summary) -> bytea */
Datum
crm_summary_send(FunctionCallInfo fcinfo, const CrmSummaryKind *kind)
{
	CrmValue *value = closed_value(kind, PG_GETARG_DATUM(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, value->version);
	pq_sendbyte(&message, (uint8) value->flags);
	pq_sendbytes(&message, CRM_VALUE_BYTES(value), CRM_VALUE_NBYTES(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}
