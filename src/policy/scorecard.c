/*
 * scorecard.c
 *		Scorecards: points for the bins of characteristics, added up, with reasons.
 *
 * Vocabulary and semantics are those of the PMML 4.4 Scorecard (dmg.org): partial scores by attribute, an initial score,
 * baseline scores, reason codes by points below or above the baseline.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"

#include "policy/scorecard_binding.h"
#include "row/planner_support.h"
#include "row/row_json.h"

const PolicyKind crm_scorecard_kind = {"scorecard", "scorecard", CRM_SCORECARD,
                                       crm_scorecard_compile};

/* ---- applying ---- */

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

	if (crm_scorecard_refuses(card, row))
		return false;
	for (int i = 0; i < card->ncharacteristics; i++)
	{
		const Characteristic *it = &card->characteristics[i];
		const Term *term = &binding->terms[i];
		double points;

		if (term->points)
			points = constant_term(term, row->values[term->attribute], row->nulls[term->attribute]);
		else if (!crm_scorecard_points(it, crm_scorecard_bin(card, it, term->lookup, row), row,
		                               &points))
			return false;
		sum += points;
	}
	if (unlikely(isnan(sum)))
		return false; /* Infinity - Infinity */
	*score = clamp_score(card, sum);
	return true;
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
	const Scorecard *card = crm_scorecard_of(PG_GETARG_VARLENA_P(0));

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
	const Scorecard *card = crm_scorecard_read(fcinfo, 1, false, &binding);
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
	const Scorecard *card = crm_scorecard_read(fcinfo, 1, false, &binding);
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
	card = crm_scorecard_bind(fcinfo, 1, true, &binding);
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
	PG_RETURN_POINTER(crm_simplify_rows((Node *) PG_GETARG_POINTER(0), crm_scorecard_of, 1));
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
		const Bin *bin = crm_scorecard_bin(card, it, binding->terms[i].lookup, row);
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
		nulls[5] = !crm_scorecard_points(it, bin, row, &points);
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

		if (!crm_scorecard_refuses_input(card->gates[i], row))
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
	const Scorecard *card = crm_scorecard_read(fcinfo, 1, false, &binding);

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
	card = crm_scorecard_read(fcinfo, 1, true, &binding);
	return score_detail(fcinfo, card, binding);
}
