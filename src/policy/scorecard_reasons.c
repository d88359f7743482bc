/*
 * scorecard_reasons.c
 *		Reason codes: which characteristics kept a score from its baseline, the strongest first.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "policy/scorecard_binding.h"

/* A reason code of the row at hand. */
typedef struct Reason
{
	int code; /* of the card's codes */
	double difference;
} Reason;

/* The texts of a few codes in an order, kept for the rows that have the same. */
typedef struct ReasonList
{
	uint64 key;
	Datum codes; /* 0 where the place is free */
} ReasonList;

#define REASON_LISTS_BITS 10
#define REASON_LISTS (1 << REASON_LISTS_BITS) /* places; half of them are filled at most */
#define RANKED_CHARACTERISTICS 8

/* What the ranking of reasons keeps between the rows. */
struct ReasonRanking
{
	MemoryContext context;
	Reason *reasons; /* of the row at hand, in the document's order */
	int *place;      /* of a code among them, valid only if that reason is of the code */
	int *ranked;     /* the codes that are reported, best first */
	Datum *texts;    /* of the codes */
	ReasonList *lists;
	int nlists;
};

static ReasonRanking *
make_ranking(const Scorecard *card)
{
	ReasonRanking *ranking = palloc0(sizeof(ReasonRanking));

	ranking->context = CurrentMemoryContext;
	ranking->reasons = palloc(sizeof(Reason) * card->ncharacteristics);
	ranking->place = palloc0(sizeof(int) * Max(card->ncodes, 1));
	ranking->ranked = palloc(sizeof(int) * (card->ncharacteristics + 1));
	ranking->texts = palloc(sizeof(Datum) * Max(card->ncodes, 1));
	for (int c = 0; c < card->ncodes; c++)
		ranking->texts[c] = CStringGetTextDatum(card->codes[c]);
	ranking->lists = palloc0(sizeof(ReasonList) * REASON_LISTS);
	return ranking;
}

/* The reasons of a row, in the document's order; those that share a code are one. */
static int
find_reasons(const Scorecard *card, const ScorecardBinding *binding)
{
	const Row *row = binding->row;
	Reason *reasons = binding->ranking->reasons;
	int *place = binding->ranking->place;
	int n = 0;

	if (crm_scorecard_refuses(card, row))
		return 0;
	for (int i = 0; i < card->ncharacteristics; i++)
	{
		const Characteristic *it = &card->characteristics[i];
		const Term *term = &binding->terms[i];
		double points;
		int code;

		if (term->points)
		{
			int part = lookup_part(term->lookup, term->type, row->values[term->attribute],
			                       row->nulls[term->attribute]);

			points = term->points[part + 1];
			code = part == PART_NONE ? it->code : it->bins[part].code;
		}
		else
		{
			const Bin *bin = crm_scorecard_bin(card, it, term->lookup, row);

			code = bin ? bin->code : it->code;
			if (!crm_scorecard_points(it, bin, row, &points))
				continue;
		}
		if (code < 0 || !it->has_baseline)
			continue;
		if (place[code] >= n || reasons[place[code]].code != code)
		{
			place[code] = n;
			reasons[n++] = (Reason){code, 0};
		}
		reasons[place[code]].difference += difference_of(card, it, points);
	}
	return n;
}

/* The codes of the largest differences above 0, the largest first, ties in the document's order. */
static int
rank_reasons(const ReasonRanking *ranking, int n, int wanted)
{
	const Reason *reasons = ranking->reasons;
	int *ranked = ranking->ranked;
	int kept = 0;

	for (int r = 0; r < n; r++)
	{
		int at = kept;

		if (!(reasons[r].difference > 0))
			continue;
		while (at > 0 && reasons[ranked[at - 1]].difference < reasons[r].difference)
		{
			ranked[at] = ranked[at - 1];
			at--;
		}
		ranked[at] = r;
		if (kept < wanted)
			kept++;
	}
	for (int r = 0; r < kept; r++)
		ranked[r] = reasons[ranked[r]].code;
	return kept;
}

static Datum
code_array(const ReasonRanking *ranking, const int *codes, int n)
{
	Datum *texts = palloc(sizeof(Datum) * Max(n, 1));

	for (int r = 0; r < n; r++)
		texts[r] = ranking->texts[codes[r]];
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Reasons as one number: the codes from 1, a byte each, the best in the lowest. */
#define KEY_BITS 8
#define KEY_REASONS 8
#define KEY_CODES 255

/*
 * The reasons of a number as an array.  Few of the possible lists occur, so that most are there already; a list is kept as long as the
 * call site, never changed, and the caller only reads it.
 */
static Datum
list_of_key(ReasonRanking *ranking, uint64 key)
{
	uint64 mixed = (key + 1) * UINT64CONST(0x9E3779B97F4A7C15);
	int at = (int) (mixed >> (64 - REASON_LISTS_BITS));
	int codes[KEY_REASONS];
	int n = 0;

	while (ranking->lists[at].codes != (Datum) 0)
	{
		if (ranking->lists[at].key == key)
			return ranking->lists[at].codes;
		at = (at + 1) % REASON_LISTS;
	}
	for (uint64 rest = key; rest != 0; rest >>= KEY_BITS)
		codes[n++] = (int) (rest & KEY_CODES) - 1;
	if (ranking->nlists < REASON_LISTS / 2)
	{
		MemoryContext caller = MemoryContextSwitchTo(ranking->context);

		ranking->lists[at] = (ReasonList){key, code_array(ranking, codes, n)};
		ranking->nlists++;
		MemoryContextSwitchTo(caller);
		return ranking->lists[at].codes;
	}
	return code_array(ranking, codes, n);
}

/*
 * The ranked reasons of a card with few characteristics, each with codes of its own and constant points, as a number: the place of a reason
 * is the number of those before it, counted without a branch.
 */
static inline uint64
rank_constant(const Scorecard *card, const ScorecardBinding *binding,
              const NullableDatum *arguments, int wanted)
{
	double differences[RANKED_CHARACTERISTICS];
	uint64 codes[RANKED_CHARACTERISTICS];
	uint64 key = 0;
	int n = card->ncharacteristics;

	for (int i = 0; i < n; i++)
	{
		const Term *term = &binding->terms[i];
		const NullableDatum *argument = &arguments[term->attribute];
		const PartReason *reason = &term->reasons[lookup_part(term->lookup, term->type,
		                                                      argument->value, argument->isnull) +
		                                          1];

		differences[i] = reason->difference;
		codes[i] = reason->difference > 0 ? reason->code : 0;
	}
	for (int i = 0; i < n; i++)
	{
		int place = 0;

		for (int j = 0; j < i; j++)
			place += differences[j] >= differences[i];
		for (int j = i + 1; j < n; j++)
			place += differences[j] > differences[i];
		key |= place < wanted ? codes[i] << (KEY_BITS * place) : 0;
	}
	return key;
}

static ReasonRanking *
ranking_of(const Scorecard *card, ScorecardBinding *binding, int wanted)
{
	if (wanted <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the number of reason codes must be above 0, not %d", wanted)));
	if (unlikely(binding->ranking == NULL))
	{
		MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(binding));

		binding->ranking = make_ranking(card);
		MemoryContextSwitchTo(caller);
	}
	return binding->ranking;
}

/* The reason codes of the row that has been read. */
static Datum
reason_codes(const Scorecard *card, ScorecardBinding *binding, int wanted)
{
	ReasonRanking *ranking = ranking_of(card, binding, wanted);
	int n = rank_reasons(ranking, find_reasons(card, binding), wanted);
	uint64 key = 0;

	if (card->ncodes > KEY_CODES || n > KEY_REASONS)
		return code_array(ranking, ranking->ranked, n);
	for (int r = 0; r < n; r++)
		key |= ((uint64) ranking->ranked[r] + 1) << (KEY_BITS * r);
	return list_of_key(ranking, key);
}

/* ---- SQL ---- */

/*
 * reason_codes(scorecard, row "any", n int) -> text[]
 *
 * At most n codes, the largest difference from the baseline first.  Differences of characteristics that share a code add up; what
 * is not above 0 is no reason; ties stand in the document's order (PMML 4.4, "Ranking reason codes").  A row with an input that has no
 * score has no reasons.
 * Errors: as score(); 22023 if n is not above 0.
 */
PG_FUNCTION_INFO_V1(crm_reason_codes);
Datum
crm_reason_codes(PG_FUNCTION_ARGS)
{
	ScorecardBinding *binding;
	const Scorecard *card = crm_scorecard_read(fcinfo, 1, false, &binding);

	PG_RETURN_DATUM(reason_codes(card, binding, PG_GETARG_INT32(2)));
}

/* reason_codes_values(scorecard, n int, VARIADIC "any") -> text[]: the same from the values themselves. */
PG_FUNCTION_INFO_V1(crm_reason_codes_values);
Datum
crm_reason_codes_values(PG_FUNCTION_ARGS)
{
	ScorecardBinding *binding;
	const Scorecard *card;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	card = crm_scorecard_bind(fcinfo, 2, true, &binding);
	if (likely(binding->constant && card->codes_are_own &&
	           card->ncharacteristics <= RANKED_CHARACTERISTICS && card->ncodes <= KEY_CODES))
	{
		int wanted = PG_GETARG_INT32(1);
		ReasonRanking *ranking = ranking_of(card, binding, wanted);

		PG_RETURN_DATUM(
		    list_of_key(ranking, rank_constant(card, binding, &fcinfo->args[2], wanted)));
	}
	row_read_arguments(fcinfo, binding->arguments, binding->row);
	PG_RETURN_DATUM(reason_codes(card, binding, PG_GETARG_INT32(1)));
}
