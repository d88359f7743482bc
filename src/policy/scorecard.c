/*
 * scorecard.c
 *		Scorecards: points for the bins of characteristics, added up, with reasons.
 *
 * Vocabulary and semantics are those of the PMML 4.4 Scorecard (dmg.org): partial scores by attribute, an initial score,
 * baseline scores, reason codes by points below or above the baseline.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "policy/scorecard.h"
#include "row/planner_support.h"
#include "row/row_json.h"

static const PolicyKind scorecard_kind = {"scorecard", "scorecard", CRM_SCORECARD,
                                          crm_scorecard_compile};

static void *
compile_value(struct varlena *value)
{
	return crm_policy_compile(value, &scorecard_kind);
}

/* ---- applying ---- */

/* A characteristic bound to the type of its column. */
typedef struct Term
{
	Lookup *lookup;         /* of the one attribute, or NULL */
	const double *points;   /* by part + 1, weighted; NULL where they are not constants */
	const double *segments; /* the same by the lookup's starts */
} Term;

/* What a call site has bound: where the rows come from, and the terms for their column types. */
typedef struct ScorecardBinding
{
	Row *row;
	RowSource *source;
	Term *terms;           /* of each characteristic */
	MemoryContext context; /* of what the terms point to */
	bool bound;
} ScorecardBinding;

/* The points of each part, where all are constants; part PART_NONE is the unmatched. */
static double *
constant_points(const Characteristic *it)
{
	double *points = palloc(sizeof(double) * (it->nbins + 1));

	if (it->unmatched != UNMATCHED_POINTS)
		return NULL;
	points[PART_NONE + 1] = it->unmatched_points * it->weight;
	for (int b = 0; b < it->nbins; b++)
	{
		if (it->bins[b].computed)
			return NULL;
		points[b + 1] = it->bins[b].points * it->weight;
	}
	return points;
}

/* Bind the characteristics to the column types of the row. */
static void
bind_terms(const Scorecard *card, ScorecardBinding *binding)
{
	MemoryContext caller = MemoryContextSwitchTo(binding->context);

	MemoryContextReset(binding->context);
	memset(binding->terms, 0, sizeof(Term) * card->ncharacteristics);
	for (int i = 0; i < card->ncharacteristics; i++)
	{
		const Characteristic *it = &card->characteristics[i];
		Term *term = &binding->terms[i];
		double *segments;

		if (it->attribute < 0)
			continue;
		term->lookup = crm_lookup_make(&it->partition, binding->row->types[it->attribute]);
		term->points = constant_points(it);
		if (term->points == NULL)
			continue;
		segments = palloc(sizeof(double) * (term->lookup->nstarts + 1));
		for (int segment = 0; segment <= term->lookup->nstarts; segment++)
			segments[segment] = term->points[term->lookup->parts[segment] + 1];
		term->segments = segments;
	}
	MemoryContextSwitchTo(caller);
	binding->bound = true;
}

static ScorecardBinding *
make_binding(CallSite *site, const Scorecard *card)
{
	ScorecardBinding *binding = MemoryContextAllocZero(site->context, sizeof(ScorecardBinding));

	binding->context = AllocSetContextCreate(site->context, "crm_ext terms", ALLOCSET_SMALL_SIZES);
	binding->row = crm_row_make(&card->policy.attributes);
	binding->terms = palloc0(sizeof(Term) * card->ncharacteristics);
	return binding;
}

/*
 * The card of argument 0, bound to the row of argument 1, with the row's values.
 */
static const Scorecard *
card_and_row(FunctionCallInfo fcinfo, ScorecardBinding **binding)
{
	CallSite *site = crm_call_site(fcinfo, 0, compile_value);
	const Scorecard *card = site->policy;

	if (site->binding == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(site->context);

		*binding = make_binding(site, card);
		(*binding)->source =
		    crm_row_source_make(fcinfo, 1, scorecard_kind.title, &card->policy.attributes, 0);
		MemoryContextSwitchTo(caller);
		site->binding = *binding;
	}
	*binding = site->binding;
	if (crm_row_read((*binding)->source, PG_GETARG_DATUM(1), &card->policy.attributes,
	                 (*binding)->row) ||
	    !(*binding)->bound)
		bind_terms(card, *binding);
	return card;
}

/* The bin that a row falls into, or NULL. */
static inline const Bin *
find_bin(const Characteristic *it, const Lookup *lookup, const Row *row)
{
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

static double
attribute_number(const Characteristic *it, const Row *row)
{
	Operand operand;

	crm_operand_read(&operand, row->types[it->attribute], row->values[it->attribute]);
	switch (operand.form)
	{
		case OPERAND_INTEGER:
			return operand.integer;
		case OPERAND_FLOAT:
			return operand.number;
		default:
			return DatumGetFloat8(
			    DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(operand.numeric)));
	}
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
		*points = bin->points + bin->multiply * attribute_number(it, row);
		*points = Max(bin->low, Min(bin->high, *points));
	}
	else
		*points = bin->points;
	*points *= it->weight;
	return true;
}

/* The score of a row; false where it is NULL. */
static bool
score_row(const Scorecard *card, const ScorecardBinding *binding, double *score)
{
	const Row *row = binding->row;
	double sum = card->initial_score;

	for (int i = 0; i < card->ncharacteristics; i++)
	{
		const Characteristic *it = &card->characteristics[i];
		const Term *term = &binding->terms[i];
		double points;

		if (term->segments != NULL && !row->nulls[it->attribute])
		{
			Datum value = row->values[it->attribute];

			/* the common types, without a call */
			switch (row->types[it->attribute])
			{
				case COLUMN_INT4:
					sum += term->segments[lookup_integer(term->lookup, DatumGetInt32(value))];
					continue;
				case COLUMN_INT8:
					sum += term->segments[lookup_integer(term->lookup, DatumGetInt64(value))];
					continue;
				default:
					sum += term->points[lookup_part(term->lookup, row->types[it->attribute], value,
					                                false) +
					                    1];
					continue;
			}
		}
		if (!points_of(it, find_bin(it, term->lookup, row), row, &points))
			return false;
		sum += points;
	}
	if (card->clamped)
		sum = Max(card->low, Min(card->high, sum));
	*score = sum;
	return true;
}

/* How far points are from the baseline on the side that gives a reason. */
static inline double
difference_of(const Scorecard *card, const Characteristic *it, double points)
{
	return card->points_above ? points - it->baseline : it->baseline - points;
}

/* ---- SQL ---- */

/* scorecard_in(cstring) -> scorecard.  Errors: 22P02, 22003, 54000, with the path of the element. */
PG_FUNCTION_INFO_V1(crm_scorecard_in);
Datum
crm_scorecard_in(PG_FUNCTION_ARGS)
{
	return crm_policy_in(fcinfo, &scorecard_kind);
}

/* scorecard_recv(internal) -> scorecard: what scorecard_send wrote, checked as text is. */
PG_FUNCTION_INFO_V1(crm_scorecard_recv);
Datum
crm_scorecard_recv(PG_FUNCTION_ARGS)
{
	return crm_policy_recv(fcinfo, &scorecard_kind);
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
 * (PMML 4.4 Scorecard).  NULL where a characteristic says so.  Errors: 42703, 42702 and 42804 where the row does not have
 * what the card reads; 22023 where a characteristic says "error".
 */
PG_FUNCTION_INFO_V1(crm_score);
Datum
crm_score(PG_FUNCTION_ARGS)
{
	ScorecardBinding *binding;
	const Scorecard *card = card_and_row(fcinfo, &binding);
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
	const Scorecard *card = card_and_row(fcinfo, &binding);
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
	CallSite *site;
	const Scorecard *card;
	ScorecardBinding *binding;
	Row *row;
	double score;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	site = crm_call_site(fcinfo, 0, compile_value);
	card = site->policy;
	if (site->binding == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(site->context);

		binding = make_binding(site, card);
		crm_row_bind_arguments(fcinfo, 1, scorecard_kind.title, &card->policy.attributes,
		                       binding->row);
		bind_terms(card, binding);
		MemoryContextSwitchTo(caller);
		site->binding = binding;
	}
	binding = site->binding;
	row = binding->row;
	for (int i = 0; i < card->policy.attributes.n; i++)
	{
		row->values[i] = fcinfo->args[i + 1].value;
		row->nulls[i] = fcinfo->args[i + 1].isnull;
	}
	if (!score_row(card, binding, &score))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(score);
}

/*
 * score_support(internal) -> internal
 *
 * Planner support of score(): with a constant card and a row whose columns are known, it becomes
 * score_values(card, column, ...), so that no row is formed and no other column is fetched.
 */
PG_FUNCTION_INFO_V1(crm_score_support);
Datum
crm_score_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);
	FuncExpr *call;
	const Const *constant;
	const Scorecard *card;
	List *columns;

	if (!IsA(request, SupportRequestSimplify))
		PG_RETURN_POINTER(NULL);
	call = ((SupportRequestSimplify *) request)->fcall;
	constant = linitial(call->args);
	if (!IsA(constant, Const) || constant->constisnull)
		PG_RETURN_POINTER(NULL);
	card = compile_value(PG_DETOAST_DATUM(constant->constvalue));
	columns = crm_row_columns(((SupportRequestSimplify *) request)->root, lsecond(call->args),
	                          &card->policy.attributes, 0);
	PG_RETURN_POINTER(columns == NIL ? NULL
	                                 : crm_values_call(call, "score_values",
	                                                   list_make1(linitial(call->args)), columns));
}

/*
 * score_detail(scorecard, row "any") -> table (ordinal, characteristic, attribute, value, condition, points, baseline,
 * difference, reason_code, reason)
 *
 * What score() adds up: ordinal 0 is the initial score, then one row for each characteristic;
 * sum(points ORDER BY ordinal) is the score bit for bit.  A score that is clamped has two more rows: one that takes the sum back to 0,
 * one with the limit.
 */
PG_FUNCTION_INFO_V1(crm_score_detail);
Datum
crm_score_detail(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ScorecardBinding *binding;
	const Scorecard *card = card_and_row(fcinfo, &binding);
	const Row *row = binding->row;
	double sum = card->initial_score;
	bool sum_is_null = false;
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
		const Bin *bin = find_bin(it, binding->terms[i].lookup, row);
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

	if (card->clamped && !sum_is_null && (sum < card->low || sum > card->high))
	{
		static const char *const names[] = {"sum before the clamp, taken back", "clamp"};

		for (int i = 0; i < 2; i++)
		{
			memset(nulls, true, sizeof(nulls));
			nulls[0] = nulls[1] = nulls[5] = false;
			values[0] = Int32GetDatum(card->ncharacteristics + 1 + i);
			values[1] = CStringGetTextDatum(names[i]);
			values[5] = Float8GetDatum(i == 0 ? -sum : sum < card->low ? card->low : card->high);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

typedef struct Reason
{
	const char *code;
	double difference;
	int order;
} Reason;

static int
compare_reasons(const void *a, const void *b)
{
	const Reason *first = a;
	const Reason *second = b;

	if (first->difference != second->difference)
		return first->difference > second->difference ? -1 : 1;
	return first->order - second->order;
}

/*
 * reason_codes(scorecard, row "any", n int) -> text[]
 *
 * At most n codes, the largest difference from the baseline first.  Differences of characteristics that share a code add up; what
 * is not above 0 is no reason; ties stand in the document's order (PMML 4.4, "Ranking reason codes").
 * Errors: as score(); 22023 if n is not above 0.
 */
PG_FUNCTION_INFO_V1(crm_reason_codes);
Datum
crm_reason_codes(PG_FUNCTION_ARGS)
{
	ScorecardBinding *binding;
	const Scorecard *card = card_and_row(fcinfo, &binding);
	int wanted = PG_GETARG_INT32(2);
	Reason *reasons = palloc(sizeof(Reason) * card->ncharacteristics);
	Datum *codes = palloc(sizeof(Datum) * card->ncharacteristics);
	int n = 0, kept = 0;

	if (wanted <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the number of reason codes must be above 0, not %d", wanted)));
	for (int i = 0; i < card->ncharacteristics; i++)
	{
		const Characteristic *it = &card->characteristics[i];
		const Bin *bin = find_bin(it, binding->terms[i].lookup, binding->row);
		const char *code = bin ? bin->reason_code : it->reason_code;
		double points;
		int r = 0;

		if (!points_of(it, bin, binding->row, &points) || code == NULL || !it->has_baseline)
			continue;
		while (r < n && strcmp(reasons[r].code, code) != 0)
			r++;
		if (r == n)
			reasons[n++] = (Reason){code, 0, r};
		reasons[r].difference += difference_of(card, it, points);
	}
	qsort(reasons, n, sizeof(Reason), compare_reasons);
	while (kept < n && kept < wanted && reasons[kept].difference > 0)
	{
		codes[kept] = CStringGetTextDatum(reasons[kept].code);
		kept++;
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(codes, kept, TEXTOID, -1, false, TYPALIGN_INT));
}
