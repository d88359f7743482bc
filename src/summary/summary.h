/*
 * summary.h
 *		What all summaries share: the state protocol, and text and binary I/O.
 *
 * A summary is closed or open.  Closed: the header of values, then packed bytes in the one canonical form; this is what
 * is stored, compared, hashed and sent.  Open: a struct of fixed width that begins with CrmState and has room to grow; it lives
 * only inside an aggregate.  The transition type of every aggregate is the summary's own type, so both forms travel as
 * one, told apart by a flag.  The rules that keep this sound are all in summary.c:
 *
 *	- a new or grown state is allocated in the current context and returned; the executor copies it and frees the old one.
 *	  Nothing here frees or reallocates an argument;
 *	- the room of a state is VARSIZE and nothing else, since that is all that the copy has;
 *	- an argument is changed in place only if it is argument 0 of an aggregate and arrived open, plain and aligned;
 *	- outside an aggregate every function returns a closed value.
 *
 * A summary's own file holds its state, how it is opened from bytes, closed into bytes and merged, and says so in a
 * CrmSummaryKind; CRM_SUMMARY_FUNCTIONS makes the SQL-callable rest.
 */
#ifndef CRM_SUMMARY_H
#define CRM_SUMMARY_H

#include "value/binary.h"
#include "value/money.h"
#include "value/value.h"

/* A flag of the header, in open states only. The low byte belongs to the kind and is part of the value. */
#define CRM_SUMMARY_OPEN 0x8000
#define CRM_SUMMARY_FLAGS 0x00FF

/* How an open state begins. The struct of a kind has its own fields next, then an array of items up to VARSIZE. */
typedef struct CrmState
{
	CrmValue header;
	uint32 used; /* items in use */
} CrmState;

typedef struct CrmSummaryKind
{
	const char *type_name; /* of SQL */
	CrmKind kind;
	uint16 flags;        /* those of the low byte that a closed value may have */
	Size fixed;          /* bytes of an open state before its items; a multiple of eight */
	Size item;           /* bytes of an item */
	uint32 max_items;    /* more are 54000 */
	const char *of_what; /* items, in the message of that error: "distinct days" */

	/*
	 * Read the bytes of a closed value into a new state (crm_state_new) in the current context.  They may come from
	 * anybody: every invariant is checked, memory is asked for only as the bytes left justify it, and what is wrong is
	 * said by crm_reader_fail; the state is then ignored and may be NULL.  That the bytes are canonical is checked by
	 * the caller, who closes the state again and compares.
	 */
	CrmState *(*open)(CrmReader *in, uint16 flags);

	/* Write the bytes of a state, return the flags of its low byte.  The state is not changed. */
	uint16 (*close)(const CrmState *state, CrmWriter *out);

	/* Add "from" to "into", return "into" or a grown copy of it.  "from" is not changed. */
	CrmState *(*merge)(CrmState *into, const CrmState *from);

	/*
	 * Add the bytes of a closed value to "into", with the checks of "open": what open and merge would do, without a
	 * state between them.  Optional.
	 */
	CrmState *(*merge_closed)(CrmState *into, CrmReader *in, uint16 flags);

	/* Assert every invariant of a state; called in assertion builds only. */
	void (*check)(const CrmState *state);
} CrmSummaryKind;

/* The flags and the bytes of a closed value, where they lie. */
typedef struct CrmClosed
{
	uint16 flags;
	CrmReader reader;
} CrmClosed;

extern int64 crm_add_clients(int64 a, int64 b);
extern CrmState *crm_state_new(const CrmSummaryKind *kind, uint32 items);
extern CrmState *crm_state_grow(const CrmSummaryKind *kind, CrmState *state, uint32 items);
crm_noreturn extern void crm_state_full(const CrmSummaryKind *kind);

extern CrmState *crm_summary_state(FunctionCallInfo fcinfo, const CrmSummaryKind *kind);
extern Datum crm_summary_return(FunctionCallInfo fcinfo, const CrmSummaryKind *kind,
                                CrmState *state);
extern Datum crm_summary_skip(FunctionCallInfo fcinfo, const CrmSummaryKind *kind);
extern CrmValue *crm_summary_close(const CrmSummaryKind *kind, const CrmState *state);
extern const CrmState *crm_summary_read(const CrmSummaryKind *kind, Datum datum);
extern CrmClosed crm_summary_closed(const CrmSummaryKind *kind, Datum datum);
extern void crm_summary_corrupted(const CrmSummaryKind *kind, const CrmReader *reader);

extern Datum crm_summary_in(FunctionCallInfo fcinfo, const CrmSummaryKind *kind);
extern Datum crm_summary_out(FunctionCallInfo fcinfo, const CrmSummaryKind *kind);
extern Datum crm_summary_recv(FunctionCallInfo fcinfo, const CrmSummaryKind *kind);
extern Datum crm_summary_send(FunctionCallInfo fcinfo, const CrmSummaryKind *kind);
extern Datum crm_summary_merge(FunctionCallInfo fcinfo, const CrmSummaryKind *kind);
extern Datum crm_summary_final(FunctionCallInfo fcinfo, const CrmSummaryKind *kind);

/* For how many items a state has room. */
static inline uint32
crm_state_room(const CrmSummaryKind *kind, const CrmState *state)
{
	return (VARSIZE(state) - kind->fixed) / kind->item;
}

/* The state itself or a copy with room for so many items.  Use what is returned, and leave the old one alone. */
static inline CrmState *
crm_state_reserve(const CrmSummaryKind *kind, CrmState *state, uint32 items)
{
	if (likely(items <= crm_state_room(kind, state)))
		return state;
	return crm_state_grow(kind, state, items);
}

/*
 * The SQL-callable functions of a summary: crm_NAME_in, _out, _recv, _send, _merge (the transition function of rollup
 * and, declared STRICT, the combine function) and _final.
 */
#define CRM_SUMMARY_FUNCTION(name, what, kind)                                                     \
	PG_FUNCTION_INFO_V1(crm_##name##_##what);                                                      \
	Datum crm_##name##_##what(PG_FUNCTION_ARGS)                                                    \
	{                                                                                              \
		return crm_summary_##what(fcinfo, kind);                                                   \
	}                                                                                              \
	extern int no_such_variable

#define CRM_SUMMARY_FUNCTIONS(name, kind)                                                          \
	CRM_SUMMARY_FUNCTION(name, in, kind);                                                          \
	CRM_SUMMARY_FUNCTION(name, out, kind);                                                         \
	CRM_SUMMARY_FUNCTION(name, recv, kind);                                                        \
	CRM_SUMMARY_FUNCTION(name, send, kind);                                                        \
	CRM_SUMMARY_FUNCTION(name, merge, kind);                                                       \
	CRM_SUMMARY_FUNCTION(name, final, kind)

#endif
