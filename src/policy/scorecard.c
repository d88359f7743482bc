/*
 * scorecard.c
 *		Scorecards: points for the bins of characteristics, added up, with reasons.
 *
 * Vocabulary and semantics are those of the PMML 4.4 Scorecard (dmg.org): partial scores by attribute, an initial score,
 * baseline scores, reason codes by points below or above the baseline.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "policy/scorecard.h"
#include "row/planner_support.h"
#include "row/row_json.h"

const PolicyKind crm_scorecard_kind = {"scorecard", "scorecard", CRM_SCORECARD,
                                       crm_scorecard_compile};

static void *
compile_value(struct varlena *value)
{
	return crm_policy_compile(value, &crm_scorecard_kind);
}

/* ---- applying ---- */

typedef struct ReasonRanking ReasonRanking;

/* The reason that a part gives: none where the difference is not above 0. */
typedef struct PartReason
{
	double difference;
	uint64 code; /* of the card's codes, from 1 */
} PartReason;

/* A characteristic bound to the type of its column. */
typedef struct Term
{
	Lookup *lookup; /* of the one attribute, or NULL */
	ColumnType type;
	int attribute;
	const double *points;      /* by part + 1, weighted; NULL where they are not constants */
	const double *segments;    /* the same by the lookup's starts */
	double null_points;        /* the same of NULL */
	const PartReason *reasons; /* by part + 1 */
} Term;

/* What a call site has bound: where the rows come from, and the terms for their column types. */
typedef struct ScorecardBinding
{
	Row *row;
	RowSource *source;
	RowArguments *arguments; /* or, where the values are passed themselves */
	Term *terms;             /* of each characteristic */
	MemoryContext context;   /* of what the terms point to */
	bool bound;
	bool constant; /* the points of every term are constants, and every value has a score */
	ReasonRanking *ranking;
} ScorecardBinding;

/* The points of each part, where all are constants; part PART_NONE is the unmatched. */
static double *
constant_points(const Characteristic *it)
{
	double *points;

	if (it->attribute < 0 || it->unmatched != UNMATCHED_POINTS)
		return NULL;
	points = palloc(sizeof(double) * (it->nbins + 1));
	points[PART_NONE + 1] = it->unmatched_points * it->weight;
	for (int b = 0; b < it->nbins; b++)
	{
		if (it->bins[b].computed)
			return NULL;
		points[b + 1] = it->bins[b].points * it->weight;
	}
	return points;
}

/* How far points are from the baseline on the side that gives a reason. */
static inline double
difference_of(const Scorecard *card, const Characteristic *it, double points)
{
	return card->points_above ? points - it->baseline : it->baseline - points;
}

/* The reasons of each part, whose points are constants. */
static PartReason *
constant_reasons(const Scorecard *card, const Characteristic *it, const double *points)
{
	PartReason *reasons = palloc0(sizeof(PartReason) * (it->nbins + 1));

	for (int part = PART_NONE; part < it->nbins && it->has_baseline; part++)
	{
		int code = part == PART_NONE ? it->code : it->bins[part].code;

		if (code >= 0)
			reasons[part + 1] =
			    (PartReason){difference_of(card, it, points[part + 1]), (uint64) code + 1};
	}
	return reasons;
}

/* Bind the characteristics to the column types of the row. */
static void
bind_terms(const Scorecard *card, ScorecardBinding *binding)
{
	MemoryContext caller = MemoryContextSwitchTo(binding->context);

	MemoryContextReset(binding->context);
	memset(binding->terms, 0, sizeof(Term) * card->ncharacteristics);
	binding->constant = card->ngates == 0;
	for (int i = 0; i < card->ncharacteristics; i++)
	{
		const Characteristic *it = &card->characteristics[i];
		Term *term = &binding->terms[i];

		term->attribute = it->attribute;
		if (it->attribute >= 0)
		{
			term->type = binding->row->types[it->attribute];
			term->lookup = crm_lookup_make(it->partition, term->type);
			if (!term->lookup->ambiguous)
				term->points = constant_points(it);
		}
		if (term->points == NULL)
		{
			binding->constant = false;
			continue;
		}
		if (term->lookup->form == OPERAND_INTEGER || term->lookup->form == OPERAND_FLOAT)
		{
			double *segments = palloc(sizeof(double) * (term->lookup->nstarts + 1));

			for (int segment = 0; segment <= term->lookup->nstarts; segment++)
				segments[segment] = term->points[term->lookup->parts[segment] + 1];
			term->segments = segments;
		}
		term->null_points = term->points[term->lookup->null_part + 1];
		term->reasons = constant_reasons(card, it, term->points);
	}
	MemoryContextSwitchTo(caller);
	binding->bound = true;
}

/*
 * The card of argument 0, bound at the first call to the row of argument "first", or to the values from there on.
 */
static const Scorecard *
bind_card(FunctionCallInfo fcinfo, int first, bool is_values, ScorecardBinding **result)
{
	CallSite *site = crm_call_site(fcinfo, 0, compile_value);
	const Scorecard *card = site->policy;

	if (unlikely(site->binding == NULL))
	{
		MemoryContext caller = MemoryContextSwitchTo(site->context);
		const AttributeList *attributes = &card->policy.attributes;
		ScorecardBinding *binding = palloc0(sizeof(ScorecardBinding));

		binding->context =
		    AllocSetContextCreate(site->context, "crm_ext terms", ALLOCSET_SMALL_SIZES);
		binding->row = crm_row_make(attributes);
		binding->terms = palloc0(sizeof(Term) * card->ncharacteristics);
		if (!is_values)
			binding->source =
			    crm_row_source_make(fcinfo, first, crm_scorecard_kind.title, attributes, 0);
		else
		{
			binding->arguments = crm_row_arguments_make(fcinfo, first, crm_scorecard_kind.title,
			                                            attributes, ROW_EVERY_SIDE, binding->row);
			bind_terms(card, binding);
		}
		MemoryContextSwitchTo(caller);
		site->binding = binding;
	}
	*result = site->binding;
	return card;
}

/* The same, with the values of this call's row. */
static const Scorecard *
card_and_row(FunctionCallInfo fcinfo, int first, bool is_values, ScorecardBinding **binding)
{
	const Scorecard *card = bind_card(fcinfo, first, is_values, binding);
	const AttributeList *attributes = &card->policy.attributes;

	if (is_values)
		row_read_arguments(fcinfo, (*binding)->arguments, (*binding)->row);
	else if (crm_row_read((*binding)->source, PG_GETARG_DATUM(first), attributes,
	                      (*binding)->row) ||
	         !(*binding)->bound)
		bind_terms(card, *binding);
	return card;
}

/* The first bin whose test of the attribute holds, or NULL. */
static const Bin *
test_bins(const Characteristic *it, const Input *input, const Row *row)
{
	for (int b = 0; b < it->nbins; b++)
	{
		Condition condition = {.type = CONDITION_TEST,
		                       .attribute = it->attribute,
		                       .test = it->bins[b].test,
		                       .input = input};

		if (crm_condition_eval(&condition, row) == TRUTH_TRUE)
			return &it->bins[b];
	}
	return NULL;
}

/* The bin that a row falls into, or NULL. */
static inline const Bin *
find_bin(const Scorecard *card, const Characteristic *it, const Lookup *lookup, const Row *row)
{
	if (it->attribute >= 0 && unlikely(lookup->ambiguous))
		return test_bins(it, card->policy.attributes.items[it->attribute].input, row);
	if (it->attribute >= 0)
	{
		int part = lookup_part(lookup, row->types[it->attribute], row->values[it->attribute],
		                       row->nulls[it->attribute]);

		return part == PART_NONE ? NULL : &it->bins[part];
	}
	for (int b = 0; b < it->nbins; b++)
		if (it->bins[b].condition == NULL ||
		    crm_condition_eval(it->bins[b].condition, row) == TRUTH_TRUE)
			return &it->bins[b];
	return NULL;
}

/* The points of a row for a characteristic; false where they are NULL. */
static inline bool
points_of(const Characteristic *it, const Bin *bin, const Row *row, double *points)
{
	if (bin == NULL)
	{
		if (it->unmatched == UNMATCHED_NULL)
			return false;
		if (it->unmatched == UNMATCHED_ERROR)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("no bin of characteristic \"%s\" takes the row", it->name),
			                errdetail("The scorecard says \"unmatched\": \"error\".")));
		*points = it->unmatched_points;
	}
	else if (bin->computed)
	{
		if (!crm_expression_eval(bin->computed, row, points))
			return false;
	}
	else
		*points = bin->points;
	*points *= it->weight;
	return true;
}

/* Whether the value of an input has no score. */
static bool
is_refused(const Input *input, const Row *row)
{
	const Literal *replacement;

	return crm_input_apply(input, row->types[input->attribute], row->values[input->attribute],
	                       row->nulls[input->attribute], &replacement) == INPUT_REFUSED;
}

static bool
any_refused(const Scorecard *card, const Row *row)
{
	for (int i = 0; i < card->ngates; i++)
		if (is_refused(card->gates[i], row))
			return true;
	return false;
}

/* The points of a value for a term with constant points. */
static inline double
constant_term(const Term *term, Datum value, bool isnull)
{
	if (unlikely(isnull))
		return term->null_points;
	switch (term->type)
	{
		/* the common types, without a call */
		case COLUMN_INT4:
			return term->segments[lookup_integer(term->lookup, DatumGetInt32(value))];
		case COLUMN_INT8:
			return term->segments[lookup_integer(term->lookup, DatumGetInt64(value))];
		case COLUMN_FLOAT8:
			if (unlikely(isnan(DatumGetFloat8(value))))
				return term->null_points;
			return term->segments[lookup_number(term->lookup, DatumGetFloat8(value))];
		case COLUMN_TEXT:
			if (lookup_has_text(term->lookup, value))
				return term->points[lookup_text(term->lookup, VARDATA_ANY(DatumGetPointer(value)),
				                                VARSIZE_ANY_EXHDR(DatumGetPointer(value))) +
				                    1];
			/* FALLTHROUGH */
		default:
			return term->points[lookup_part(term->lookup, term->type, value, false) + 1];
	}
}

static inline double
clamp_score(const Scorecard *card, double sum)
{
	return card->clamped ? Max(card->low, Min(card->high, sum)) : sum;
}

/* The score of a row; false where it is NULL. */
static bool
score_row(const Scorecard *card, const ScorecardBinding *binding, double *score)
{
	const Row *row = binding->row;
	double sum = card->initial_score;

	if (any_refused(card, row))
		return false;
	for (int i = 0; i < card->ncharacteristics; i++)
	{
		const Characteristic *it = &card->characteristics[i];
		const Term *term = &binding->terms[i];
		double points;

		if (term->points)
			points = constant_term(term, row->values[term->attribute], row->nulls[term->attribute]);
		else if (!points_of(it, find_bin(card, it, term->lookup, row), row, &points))
			return false;
		sum += points;
	}
	if (unlikely(isnan(sum)))
		return false; /* Infinity - Infinity */
	*score = clamp_score(card, sum);
	return true;
}

/* ---- reasons ---- */

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

	if (any_refused(card, row))
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
			const Bin *bin = find_bin(card, it, term->lookup, row);

			code = bin ? bin->code : it->code;
			if (!points_of(it, bin, row, &points))
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

/* scorecard_in(cstring) -> scorecard.  Errors: 22P02, 22003, 54000, with the path of the element. */
PG_FUNCTION_INFO_V1(crm_scorecard_in);
Datum
crm_scorecard_in(PG_FUNCTION_ARGS)
{
	return crm_policy_in(fcinfo, &crm_scorecard_kind);
}

/* scorecard_recv(internal) -> scorecard: what scorecard_send wrote, checked as text is. */
PG_FUNCTION_INFO_V1(crm_scorecard_recv);
Datum
crm_scorecard_recv(PG_FUNCTION_ARGS)
{
	return crm_policy_recv(fcinfo, &crm_scorecard_kind);
}

/* policy_attributes(scorecard) -> table of what it reads, in the order of score_values' arguments. */
PG_FUNCTION_INFO_V1(crm_scorecard_attributes);
Datum
crm_scorecard_attributes(PG_FUNCTION_ARGS)
{
	const Scorecard *card = compile_value(PG_GETARG_VARLENA_P(0));

	return crm_policy_list_attributes(fcinfo, &card->policy.attributes);
}

/*
 * score(scorecard, row "any") -> float8
 *
 * Initial score plus the points of each characteristic times its weight, in the document's order, within the card's clamp
 * (PMML 4.4 Scorecard).  NULL where a characteristic or an input says so, and where points are computed of what is not known.  Errors: 42703, 42702 and 42804 where the row does not have
 * what the card reads; 22023 where a characteristic says "error".
 */
PG_FUNCTION_INFO_V1(crm_score);
Datum
crm_score(PG_FUNCTION_ARGS)
{
	ScorecardBinding *binding;
	const Scorecard *card = card_and_row(fcinfo, 1, false, &binding);
	double score;

	if (!score_row(card, binding, &score))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(score);
}

/*
 * decision_inputs(scorecard, row "any") -> jsonb
 *
 * What the card reads of the row, by name: score(card, decision_inputs(card, row)) is score(card, row).  Errors: as score(); 22003 for a value
 * that JSON cannot hold, as infinity.
 */
PG_FUNCTION_INFO_V1(crm_scorecard_inputs);
Datum
crm_scorecard_inputs(PG_FUNCTION_ARGS)
{
	ScorecardBinding *binding;
	const Scorecard *card = card_and_row(fcinfo, 1, false, &binding);
	StringInfoData out;

	initStringInfo(&out);
	crm_row_write_json(&out, binding->row, &card->policy.attributes, 0);
	return crm_json_datum(out.data);
}

/*
 * score_values(scorecard, VARIADIC "any") -> float8
 *
 * The same score from the values themselves, in the order of policy_attributes(card).  Errors: as score(); 22023 for
 * another number of values.
 */
PG_FUNCTION_INFO_V1(crm_score_values);
Datum
crm_score_values(PG_FUNCTION_ARGS)
{
	const Scorecard *card;
	ScorecardBinding *binding;
	double score;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	card = bind_card(fcinfo, 1, true, &binding);
	if (likely(binding->constant))
	{
		/* straight from the arguments */
		score = card->initial_score;
		for (int i = 0; i < card->ncharacteristics; i++)
		{
			const Term *term = &binding->terms[i];
			const NullableDatum *argument = &fcinfo->args[1 + term->attribute];

			score += constant_term(term, argument->value, argument->isnull);
		}
		if (unlikely(isnan(score)))
			PG_RETURN_NULL();
		PG_RETURN_FLOAT8(clamp_score(card, score));
	}
	row_read_arguments(fcinfo, binding->arguments, binding->row);
	if (!score_row(card, binding, &score))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(score);
}

/*
 * scorecard_support(internal) -> internal
 *
 * Planner support of the functions that apply a card to a row: with a constant card and a row whose columns are known, score(card, row)
 * becomes score_values(card, column, ...), reason_codes(card, row, n) becomes reason_codes_values(card, n, column, ...), and so on,
 * so that no row is formed and no other column is fetched.
 */
PG_FUNCTION_INFO_V1(crm_scorecard_support);
Datum
crm_scorecard_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(crm_simplify_rows((Node *) PG_GETARG_POINTER(0), compile_value, 1));
}

static Datum
score_detail(FunctionCallInfo fcinfo, const Scorecard *card, const ScorecardBinding *binding)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const Row *row = binding->row;
	double sum = card->initial_score;
	bool sum_is_null = false;
	int ordinal = card->ncharacteristics;
	Datum values[10];
	bool nulls[10];

	InitMaterializedSRF(fcinfo, 0);
	memset(nulls, true, sizeof(nulls));
	nulls[0] = nulls[1] = nulls[5] = false;
	values[0] = Int32GetDatum(0);
	values[1] = CStringGetTextDatum("initial score");
	values[5] = Float8GetDatum(card->initial_score);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);

	for (int i = 0; i < card->ncharacteristics; i++)
	{
		const Characteristic *it = &card->characteristics[i];
		const Bin *bin = find_bin(card, it, binding->terms[i].lookup, row);
		const char *texts[10] = {NULL};
		double points;

		memset(nulls, true, sizeof(nulls));
		values[0] = Int32GetDatum(i + 1);
		nulls[0] = false;
		texts[1] = it->name;
		if (it->attribute >= 0)
		{
			texts[2] = card->policy.attributes.items[it->attribute].name;
			if (!row->nulls[it->attribute])
				texts[3] = crm_value_text(row->types[it->attribute], row->values[it->attribute]);
		}
		texts[4] = bin ? bin->text : "unmatched";
		nulls[5] = !points_of(it, bin, row, &points);
		if (!nulls[5])
		{
			values[5] = Float8GetDatum(points);
			sum += points;
		}
		else
			sum_is_null = true;
		nulls[6] = !it->has_baseline;
		values[6] = Float8GetDatum(it->baseline);
		nulls[7] = nulls[5] || nulls[6];
		if (!nulls[7])
			values[7] = Float8GetDatum(difference_of(card, it, points));
		texts[8] = bin ? bin->reason_code : it->reason_code;
		texts[9] = bin ? bin->reason : it->reason;
		for (int c = 1; c < 10; c++)
			if (texts[c])
			{
				values[c] = CStringGetTextDatum(texts[c]);
				nulls[c] = false;
			}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}

	for (int i = 0; i < card->ngates; i++)
	{
		int attribute = card->gates[i]->attribute;
		const char *name = card->policy.attributes.items[attribute].name;
		const char *text = NULL;

		if (!is_refused(card->gates[i], row))
			continue;
		sum_is_null = true;
		memset(nulls, true, sizeof(nulls));
		if (!row->nulls[attribute])
			text = crm_value_text(row->types[attribute], row->values[attribute]);
		values[0] = Int32GetDatum(++ordinal);
		values[1] = CStringGetTextDatum(psprintf("input %s", name));
		values[2] = CStringGetTextDatum(name);
		values[4] = CStringGetTextDatum(text ? "invalid" : "missing");
		nulls[0] = nulls[1] = nulls[2] = nulls[4] = false;
		if (text)
		{
			values[3] = CStringGetTextDatum(text);
			nulls[3] = false;
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}

	sum_is_null |= isnan(sum);
	if (card->clamped && !sum_is_null && (sum < card->low || sum > card->high))
	{
		static const char *const names[] = {"sum before the clamp, taken back", "clamp"};

		for (int i = 0; i < 2; i++)
		{
			memset(nulls, true, sizeof(nulls));
			nulls[0] = nulls[1] = nulls[5] = false;
			values[0] = Int32GetDatum(++ordinal);
			values[1] = CStringGetTextDatum(names[i]);
			values[5] = Float8GetDatum(i == 0 ? -sum : sum < card->low ? card->low : card->high);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

/*
 * score_detail(scorecard, row "any") -> table (ordinal, characteristic, attribute, value, condition, points, baseline,
 * difference, reason_code, reason)
 *
 * What score() adds up: ordinal 0 is the initial score, then one row for each characteristic;
 * sum(points ORDER BY ordinal) is the score bit for bit, but where a clamp ends an infinite sum.  Points that are NULL make the score NULL; a row of an input whose value has no score
 * is the last.  A score that is clamped has two more rows: one that takes the sum back to 0, one with the limit.
 */
PG_FUNCTION_INFO_V1(crm_score_detail);
Datum
crm_score_detail(PG_FUNCTION_ARGS)
{
	ScorecardBinding *binding;
	const Scorecard *card = card_and_row(fcinfo, 1, false, &binding);

	return score_detail(fcinfo, card, binding);
}

/* score_detail_values(scorecard, VARIADIC "any"): the same from the values themselves; no row for a NULL card. */
PG_FUNCTION_INFO_V1(crm_score_detail_values);
Datum
crm_score_detail_values(PG_FUNCTION_ARGS)
{
	ScorecardBinding *binding;
	const Scorecard *card;

	if (PG_ARGISNULL(0))
	{
		InitMaterializedSRF(fcinfo, 0);
		return (Datum) 0;
	}
	card = card_and_row(fcinfo, 1, true, &binding);
	return score_detail(fcinfo, card, binding);
}

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
	const Scorecard *card = card_and_row(fcinfo, 1, false, &binding);

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
	card = bind_card(fcinfo, 2, true, &binding);
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
