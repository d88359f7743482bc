/*
 * binary.h
 *		Bytes of closed summaries: a reader that trusts nothing and a writer.
 *
 * Numbers have one form each, so that equal values have equal bytes: varints in groups of seven bits, lowest first, with
 * no empty last group; signed numbers as zigzag; doubles as their eight bytes, lowest first.
 */
#ifndef CRM_BINARY_H
#define CRM_BINARY_H

#include "postgres.h"

/* A reader that has gone wrong stays so and gives zeros: look at "why" once, after reading or in a long loop. */
typedef struct CrmReader
{
	const uint8 *at;
	const uint8 *end;
	const char *why; /* NULL, or what is wrong, for errdetail */
} CrmReader;

typedef struct CrmWriter
{
	uint8 *data;
	Size length;
	Size capacity;
} CrmWriter;

static inline Size
crm_reader_left(const CrmReader *in)
{
	return in->end - in->at;
}

static inline void
crm_reader_fail(CrmReader *in, const char *why)
{
	if (in->why == NULL)
		in->why = why;
	in->at = in->end;
}

extern uint64 crm_get_varint_slow(CrmReader *in);
extern int128 crm_get_int128(CrmReader *in);
extern double crm_get_double(CrmReader *in);
extern const uint8 *crm_get_bytes(CrmReader *in, Size count);

extern void crm_writer_grow(CrmWriter *out, Size count);
extern void crm_put_varint(CrmWriter *out, uint64 number);
extern void crm_put_int128(CrmWriter *out, int128 number);
extern void crm_put_double(CrmWriter *out, double number);
extern uint8 *crm_put_bytes(CrmWriter *out, const void *bytes, Size count);

static inline uint8
crm_get_byte(CrmReader *in)
{
	if (unlikely(in->at >= in->end))
	{
		crm_reader_fail(in, "It ends too early.");
		return 0;
	}
	return *in->at++;
}

static inline uint64
crm_get_varint(CrmReader *in)
{
	if (likely(in->at < in->end && *in->at < 0x80))
		return *in->at++;
	return crm_get_varint_slow(in);
}

/* A varint that must not be above a limit, such as a count that memory is about to be asked for. */
static inline uint64
crm_get_varint_max(CrmReader *in, uint64 max, const char *why)
{
	uint64 number = crm_get_varint(in);

	if (unlikely(number > max))
	{
		crm_reader_fail(in, why);
		return 0;
	}
	return number;
}

static inline int64
crm_get_zigzag(CrmReader *in)
{
	uint64 number = crm_get_varint(in);

	return (int64) (number >> 1) ^ -(int64) (number & 1);
}

static inline void
crm_put_byte(CrmWriter *out, uint8 byte)
{
	if (unlikely(out->length >= out->capacity))
		crm_writer_grow(out, 1);
	out->data[out->length++] = byte;
}

static inline void
crm_put_zigzag(CrmWriter *out, int64 number)
{
	crm_put_varint(out, ((uint64) number << 1) ^ (uint64) (number >> 63));
}

static inline int
crm_varint_length(uint64 number)
{
	int length = 1;

	while (number >= 0x80)
	{
		number >>= 7;
		length++;
	}
	return length;
}

#endif
