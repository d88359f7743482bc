/*
 * sfeel_literal.h
 *		Scanning S-FEEL: marks, and literals as values.
 */
#ifndef CRM_SFEEL_LITERAL_H
#define CRM_SFEEL_LITERAL_H

#include "compat.h"
#include "policy/sfeel.h"

typedef struct SfeelScanner
{
	const SfeelCell *cell;
	const char *at;
} SfeelScanner;

/* null is of KIND_ANY. */
typedef struct SfeelValue
{
	ValueKind kind;
	const char *text; /* a decoded text, JSON's digits, an ISO day or moment, true or false */
} SfeelValue;

extern void crm_sfeel_skip_blanks(SfeelScanner *scanner);
extern bool crm_sfeel_take(SfeelScanner *scanner, const char *expected);
extern void crm_sfeel_literal(SfeelScanner *scanner, SfeelValue *value);
extern bool crm_sfeel_is_temporal(ValueKind kind);
extern void crm_sfeel_note_kind(const SfeelScanner *scanner, const SfeelValue *value);
crm_noreturn extern void crm_sfeel_malformed(const SfeelScanner *scanner, const char *at,
                                             const char *what);
crm_noreturn extern void crm_sfeel_unsupported(const SfeelScanner *scanner, const char *what,
                                               const char *hint);

#endif
