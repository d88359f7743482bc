/*
 * binary.c
 *		Bytes of closed summaries: a reader that trusts nothing and a writer.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "value/binary.h"

static const char *const ends_early = "It ends too early.";
static const char *const not_shortest = "A number is not written in its shortest form.";
static const char *const too_large = "A number is too large.";

uint64
crm_get_varint_slow(CrmReader *in)
{
	uint64 number = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8 byte;

		if (in->at >= in->end)
		{
			crm_reader_fail(in, ends_early);
			return 0;
		}
		byte = *in->at++;
		if (shift == 63 && byte > 1)
		{
			crm_reader_fail(in, too_large);
			return 0;
		}
		number |= (uint64) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			if (byte == 0 && shift > 0)
			{
				crm_reader_fail(in, not_shortest);
				return 0;
			}
			return number;
		}
	}
	crm_reader_fail(in, too_large);
	return 0;
}

/* A zigzag varint of up to 128 bits. */
int128
crm_get_int128(CrmReader *in)
{
	uint128 number = 0;

	for (int shift = 0; shift < 128; shift += 7)
	{
		uint8 byte = crm_get_byte(in);

		if (in->why != NULL)
			return 0;
		if (shift == 126 && byte > 3)
			break;
		number |= (uint128) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			if (byte == 0 && shift > 0)
			{
				crm_reader_fail(in, not_shortest);
				return 0;
			}
			return (int128) (number >> 1) ^ -(int128) (number & 1);
		}
	}
	crm_reader_fail(in, too_large);
	return 0;
}

double
crm_get_double(CrmReader *in)
{
	const uint8 *bytes = crm_get_bytes(in, 8);
	uint64 bits = 0;
	double number;

	if (bytes == NULL)
		return 0;
	for (int i = 7; i >= 0; i--)
		bits = bits << 8 | bytes[i];
	memcpy(&number, &bits, sizeof(number));
	return number;
}

/* The next bytes, in place; NULL if there are not so many. */
const uint8 *
crm_get_bytes(CrmReader *in, Size count)
{
	const uint8 *bytes = in->at;

	if (count > crm_reader_left(in))
	{
		crm_reader_fail(in, ends_early);
		return NULL;
	}
	in->at += count;
	return bytes;
}

/* Room for so many bytes more. */
void
crm_writer_grow(CrmWriter *out, Size count)
{
	Size capacity = Max(out->capacity * 2, out->length + count);

	if (!AllocSizeIsValid(capacity))
		capacity = out->length + count;
	out->data = out->data == NULL ? palloc(capacity) : repalloc(out->data, capacity);
	out->capacity = capacity;
}

void
crm_put_varint(CrmWriter *out, uint64 number)
{
	if (out->capacity - out->length < 10)
		crm_writer_grow(out, 10);
	while (number >= 0x80)
	{
		out->data[out->length++] = (uint8) (number | 0x80);
		number >>= 7;
	}
	out->data[out->length++] = (uint8) number;
}

void
crm_put_int128(CrmWriter *out, int128 number)
{
	uint128 zigzag = ((uint128) number << 1) ^ (uint128) (number >> 127);

	if (out->capacity - out->length < 19)
		crm_writer_grow(out, 19);
	while (zigzag >= 0x80)
	{
		out->data[out->length++] = (uint8) (zigzag | 0x80);
		zigzag >>= 7;
	}
	out->data[out->length++] = (uint8) zigzag;
}

void
crm_put_double(CrmWriter *out, double number)
{
	uint64 bits;

	memcpy(&bits, &number, sizeof(bits));
	for (int i = 0; i < 8; i++)
		crm_put_byte(out, (uint8) (bits >> (8 * i)));
}

/* Append bytes, or zeros if "bytes" is NULL; what is returned is where they stand until the next call. */
uint8 *
crm_put_bytes(CrmWriter *out, const void *bytes, Size count)
{
	uint8 *place;

	if (out->capacity - out->length < count)
		crm_writer_grow(out, count);
	place = out->data + out->length;
	if (bytes != NULL)
		memcpy(place, bytes, count);
	else
		memset(place, 0, count);
	out->length += count;
	return place;
}
