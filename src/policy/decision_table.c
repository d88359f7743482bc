/*
 * decision_table.c
 *		Decision tables: rules over the columns of a row, and what those that hit give.
 *
 * Vocabulary and semantics are those of decision tables in OMG DMN 1.5, clause 8.2: a rule hits where all its tests are true; the hit
 * policy says what the hits give.  Every column has its values cut into segments by the tests of all rules, with a bit for each rule
 * that hits there, so that a row costs one look into a table for each column and an AND of bits.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "policy/decision_table.h"
#include "row/planner_support.h"
#include "row/row_json.h"

static const PolicyKind decision_table_kind = {"decision_table", "decision table",
                                               CRM_DECISION_TABLE, crm_decision_table_compile};

/* The compiled table of a stored one. */
void *
crm_decision_table_of(struct varlena *value)
{
	return crm_policy_compile(value, &decision_table_kind);
}

/* The value of a document. */
PolicyValue *
crm_decision_table_make(const char *document)
{
	return crm_policy_make(&decision_table_kind, document, strlen(document), NULL);
}

/* ---- applying ---- */

/* What a function gives. */
typedef enum AnswerForm
{
	ANSWER_JSONB, /* of all outputs */
	ANSWER_TEXT,  /* of one */
	ANSWER_NUMBER
} AnswerForm;

/* The answers for an output, ready to be returned: of a conflict, where no rule hits, and of each rule. */
#define ANSWER_CONFLICT 0
#define ANSWER_OTHERWISE 1
#define ANSWER_RULE 2

typedef struct Answers
{
	Datum *values;
	bool *nulls;
} Answers;

/* What a call site has bound: where the rows come from, how their columns are looked up, and the answers. */
typedef struct TableBinding
{
	Row *row;
	RowSource *source;
	RowArguments *arguments; /* or, where the values are passed themselves */
	Lookup **lookups;        /* of each column, NULL where its tests are applied themselves */
	MemoryContext context;   /* of the lookups */
	bool bound;
	uint64 *hits;
	uint64 *tested_hits; /* of one column whose tests are applied */
	bool constant;       /* the answers live as long as the call site */
	bool output_known;   /* the name of the output is a constant and has been found */
	int output;
	Answers *answers; /* of each output */
} TableBinding;

static void
bind_lookups(const DecisionTable *table, TableBinding *binding)
{
	MemoryContext caller = MemoryContextSwitchTo(binding->context);

	MemoryContextReset(binding->context);
	for (int c = 0; c < table->policy.attributes.n; c++)
		if (table->columns[c].segments)
		{
			Lookup *lookup =
			    crm_lookup_make(&table->columns[c].segments->partition, binding->row->types[c]);

			binding->lookups[c] = lookup->ambiguous ? NULL : lookup;
		}
	MemoryContextSwitchTo(caller);
	binding->bound = true;
}

static TableBinding *
make_binding(CallSite *site, const DecisionTable *table)
{
	TableBinding *binding = palloc0(sizeof(TableBinding));

	binding->context =
	    AllocSetContextCreate(site->context, "crm_ext lookups", ALLOCSET_SMALL_SIZES);
	binding->row = crm_row_make(&table->policy.attributes);
	binding->lookups = palloc0(sizeof(Lookup *) * table->policy.attributes.n);
	binding->hits = palloc(sizeof(uint64) * table->nwords);
	binding->tested_hits = palloc(sizeof(uint64) * table->nwords);
	binding->answers = palloc0(sizeof(Answers) * table->noutputs);
	binding->constant = site->constant;
	return binding;
}

/*
 * The table of argument 0, bound at the first call to the row of argument "first", or to the values from there on, with the
 * values of this call's row.
 */
static const DecisionTable *
table_and_row(FunctionCallInfo fcinfo, int first, bool is_values, TableBinding **result)
{
	CallSite *site = crm_call_site(fcinfo, 0, crm_decision_table_of);
	const DecisionTable *table = site->policy;
	const AttributeList *attributes = &table->policy.attributes;
	TableBinding *binding = site->binding;

	if (unlikely(binding == NULL))
	{
		MemoryContext caller = MemoryContextSwitchTo(site->context);

		binding = make_binding(site, table);
		if (!is_values)
			binding->source =
			    crm_row_source_make(fcinfo, first, decision_table_kind.title, attributes, 0);
		else
		{
			binding->arguments = crm_row_arguments_make(fcinfo, first, decision_table_kind.title,
			                                            attributes, ROW_EVERY_SIDE, binding->row);
			bind_lookups(table, binding);
		}
		MemoryContextSwitchTo(caller);
		site->binding = binding;
	}
	if (is_values)
		row_read_arguments(fcinfo, binding->arguments, binding->row);
	else if (crm_row_read(binding->source, PG_GETARG_DATUM(first), attributes, binding->row) ||
	         !binding->bound)
		bind_lookups(table, binding);
	*result = binding;
	return table;
}

/* The rules whose tests of a column hold; each is applied. */
static const uint64 *
test_column(const DecisionTable *table, TableBinding *binding, int c)
{
	const Column *column = &table->columns[c];
	const Row *row = binding->row;
	bool is_missing = crm_is_missing(row->types[c], row->values[c], row->nulls[c]);
	uint64 *hits = binding->tested_hits;

	memset(hits, 0, sizeof(uint64) * table->nwords);
	for (int i = 0; i < column->ninputs; i++)
		if (!is_missing && crm_unary_test_eval(column_values(table, column, i), row->types[c],
		                                       row->values[c], false, 0) != TRUTH_TRUE)
			return hits;
	for (int r = 0; r < table->nrules; r++)
	{
		bool hit = true;

		for (int i = 0; i < column->ninputs && hit; i++)
			hit = crm_unary_test_eval(column_test(table, column, i, r), row->types[c],
			                          row->values[c], row->nulls[c], 0) == TRUTH_TRUE;
		if (hit)
			hits[r / WORD_BITS] |= bit_of(r);
	}
	return hits;
}

/* The rules that hit a row. */
static inline const uint64 *
find_hits(const DecisionTable *table, TableBinding *binding)
{
	const Row *row = binding->row;
	uint64 *hits = binding->hits;
	int nwords = table->nwords;

	for (int c = 0; c < table->policy.attributes.n; c++)
	{
		const Column *column = &table->columns[c];
		const uint64 *of_column;

		if (binding->lookups[c])
			of_column =
			    column->hits + (Size) nwords * lookup_part(binding->lookups[c], row->types[c],
			                                               row->values[c], row->nulls[c]);
		else
			of_column = test_column(table, binding, c);
		if (c == 0)
			for (int w = 0; w < nwords; w++)
				hits[w] = of_column[w];
		else
			for (int w = 0; w < nwords; w++)
				hits[w] &= of_column[w];
	}
	return hits;
}

/* Whether hits are more than the hit policy knows what to do with. */
static inline bool
hits_conflict(const DecisionTable *table, const uint64 *hits, int first)
{
	int other = first;

	if (table->hit_policy != HIT_UNIQUE && table->hit_policy != HIT_ANY)
		return false;
	do
		other = next_hit(table, hits, other);
	while (other >= 0 && table->hit_policy == HIT_ANY &&
	       table->rules[other].same == table->rules[first].same);
	if (other >= 0 && table->conflict_is_error)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg(table->hit_policy == HIT_UNIQUE
		                    ? "rules %d and %d of the decision table hit the same row"
		                    : "rules %d and %d of the decision table hit the same row and give "
		                      "different outputs",
		                table->rules[first].number, table->rules[other].number),
		         errdetail("The decision table says \"conflict\": \"error\"."),
		         errhint("decision_table_check() lists the rows where rules conflict.")));
	return other >= 0;
}

/* ---- answers ---- */

static void
set_json_value(JsonbValue *json, const Literal *value)
{
	if (value == NULL)
	{
		json->type = jbvNull;
		return;
	}
	switch (value->kind)
	{
		case KIND_NUMBER:
			json->type = jbvNumeric;
			json->val.numeric = value->exact;
			break;
		case KIND_BOOLEAN:
			json->type = jbvBool;
			json->val.boolean = value->integer != 0;
			break;
		default:
			json->type = jbvString;
			json->val.string.val = unconstify(char *, value->text);
			json->val.string.len = value->length;
	}
}

/* Write the outputs as an object. */
static JsonbValue *
push_outputs(JsonbParseState **state, const DecisionTable *table, const Literal *const *then)
{
	JsonbValue json;

	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int o = 0; o < table->noutputs; o++)
	{
		json.type = jbvString;
		json.val.string.val = unconstify(char *, table->outputs[o].name);
		json.val.string.len = strlen(table->outputs[o].name);
		pushJsonbValue(state, WJB_KEY, &json);
		set_json_value(&json, then[o]);
		pushJsonbValue(state, WJB_VALUE, &json);
	}
	return pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static Datum
outputs_as_object(const DecisionTable *table, const Literal *const *then)
{
	JsonbParseState *state = NULL;

	return JsonbPGetDatum(JsonbValueToJsonb(push_outputs(&state, table, then)));
}

static void
push_element(JsonbParseState **state, const DecisionTable *table, const Literal *const *then)
{
	JsonbValue json;

	if (table->noutputs > 1)
		push_outputs(state, table, then);
	else
	{
		set_json_value(&json, then[0]);
		pushJsonbValue(state, WJB_ELEM, &json);
	}
}

/* What all hits give, as an array. */
static Datum
list_of_hits(const DecisionTable *table, const uint64 *hits)
{
	JsonbParseState *state = NULL;
	int rule = next_hit(table, hits, -1);

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	if (rule < 0 && table->otherwise)
		push_element(&state, table, table->otherwise);
	for (; rule >= 0; rule = next_hit(table, hits, rule))
		push_element(&state, table, table->rules[rule].then);
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
}

static char *
literal_text(const Literal *value)
{
	switch (value->kind)
	{
		case KIND_NUMBER:
			return numeric_normalize(value->exact);
		case KIND_BOOLEAN:
			return value->integer ? "true" : "false";
		default:
			return pnstrdup(value->text, value->length);
	}
}

/* One output in the form of an answer; false for NULL. */
static bool
make_answer(AnswerForm form, const Literal *value, Datum *answer)
{
	JsonbValue json;

	if (value == NULL)
		return false;
	switch (form)
	{
		case ANSWER_JSONB:
			set_json_value(&json, value);
			*answer = JsonbPGetDatum(JsonbValueToJsonb(&json));
			break;
		case ANSWER_TEXT:
			*answer = CStringGetTextDatum(literal_text(value));
			break;
		case ANSWER_NUMBER:
			*answer = NumericGetDatum(value->exact);
	}
	return true;
}

/* Make the answers for an output, or for all of them as one object. */
static void
make_answers(const DecisionTable *table, AnswerForm form, int output, Answers *answers)
{
	int n = table->nrules + ANSWER_RULE;

	answers->nulls = palloc(sizeof(bool) * n);
	answers->values = palloc0(sizeof(Datum) * n);
	for (int i = 0; i < n; i++)
	{
		const Literal *const *then = i >= ANSWER_RULE        ? table->rules[i - ANSWER_RULE].then
		                             : i == ANSWER_OTHERWISE ? table->otherwise
		                                                     : NULL;

		if (then != NULL && form == ANSWER_JSONB && table->noutputs > 1)
		{
			answers->values[i] = outputs_as_object(table, then);
			answers->nulls[i] = false;
		}
		else
			answers->nulls[i] =
			    then == NULL || !make_answer(form, then[output], &answers->values[i]);
	}
}

/* The sum or the number of the hits; NULL where no hit has a number. */
static Numeric
aggregate_hits(const DecisionTable *table, const uint64 *hits)
{
	Datum sum = (Datum) 0;
	int64 count = 0;
	int rule = next_hit(table, hits, -1);

	if (rule < 0 && table->otherwise && table->otherwise[0])
		return table->otherwise[0]->exact;
	for (; rule >= 0; rule = next_hit(table, hits, rule))
	{
		const Literal *value = table->rules[rule].then[0];

		if (table->aggregation == AGGREGATION_COUNT)
			count++;
		else if (value != NULL)
			sum = count++ == 0
			          ? NumericGetDatum(value->exact)
			          : DirectFunctionCall2(numeric_add, sum, NumericGetDatum(value->exact));
	}
	if (table->aggregation == AGGREGATION_COUNT)
		return int64_to_numeric(count);
	if (count == 0)
		return NULL;
	if (count > 1)
		sum = DirectFunctionCall1(numeric_trim_scale, sum);
	return DatumGetNumeric(sum);
}

static const char *
output_names(const DecisionTable *table)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int o = 0; o < table->noutputs; o++)
		appendStringInfo(&out, "%s%s", o > 0 ? ", " : "", table->outputs[o].name);
	return out.data;
}

/* The output that an argument names; NULL names the only one. */
static int
find_output(FunctionCallInfo fcinfo, const DecisionTable *table, AnswerForm form, int argument)
{
	int output = 0;

	if (gives_list(table))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the decision table gives a list of all hits, not one value"),
		                errhint("Use decide() or decide_all(), or another hit policy.")));
	if (!PG_ARGISNULL(argument))
	{
		char *name = text_to_cstring(PG_GETARG_TEXT_PP(argument));

		while (output < table->noutputs && strcmp(table->outputs[output].name, name) != 0)
			output++;
		if (output == table->noutputs)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("the decision table has no output \"%s\"", name),
			                errdetail("Its outputs are: %s.", output_names(table))));
		pfree(name);
	}
	else if (table->noutputs > 1)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("the decision table has %d outputs, and none is named", table->noutputs),
		         errdetail("Its outputs are: %s.", output_names(table)),
		         errhint("Name one of them as the argument \"output\".")));
	if (form == ANSWER_NUMBER && table->aggregation != AGGREGATION_COUNT &&
	    table->outputs[output].kind != KIND_NUMBER && table->outputs[output].kind != KIND_ANY)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("output \"%s\" of the decision table is a %s, not a number",
		                table->outputs[output].name, crm_kind_name(table->outputs[output].kind)),
		         errhint("Use decide_text().")));
	return output;
}

/*
 * What the table gives for the row that has been read.  What is returned of a constant table lives as long as the call site; of
 * another it is copied, since the next row may bring another table.
 */
static Datum
answer(FunctionCallInfo fcinfo, const DecisionTable *table, TableBinding *binding, AnswerForm form,
       int output_argument)
{
	const uint64 *hits = find_hits(table, binding);
	Answers *answers;
	int which;

	if (form == ANSWER_JSONB && gives_list(table))
		return list_of_hits(table, hits);
	if (form != ANSWER_JSONB && !binding->output_known)
	{
		binding->output = find_output(fcinfo, table, form, output_argument);
		binding->output_known = crm_argument_is_constant(fcinfo->flinfo, output_argument);
	}
	if (table->aggregation == AGGREGATION_SUM || table->aggregation == AGGREGATION_COUNT)
	{
		Literal value = {.kind = KIND_NUMBER, .exact = aggregate_hits(table, hits)};
		Datum result;

		if (value.exact == NULL)
			PG_RETURN_NULL();
		make_answer(form, &value, &result);
		return binding->constant ? result : datumCopy(result, false, -1);
	}

	answers = &binding->answers[binding->output];
	if (answers->values == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(binding));

		make_answers(table, form, binding->output, answers);
		MemoryContextSwitchTo(caller);
	}
	which = next_hit(table, hits, -1);
	if (which < 0)
		which = ANSWER_OTHERWISE;
	else
		which = hits_conflict(table, hits, which) ? ANSWER_CONFLICT : which + ANSWER_RULE;
	if (answers->nulls[which])
		PG_RETURN_NULL();
	return binding->constant ? answers->values[which]
	                         : datumCopy(answers->values[which], false, -1);
}

/* The answer for the row of argument 1, whose output argument 2 names. */
static Datum
decide_row(FunctionCallInfo fcinfo, AnswerForm form)
{
	TableBinding *binding;
	const DecisionTable *table;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	table = table_and_row(fcinfo, 1, false, &binding);
	return answer(fcinfo, table, binding, form, 2);
}

/* The answer for values, after the argument that names the output. */
static Datum
decide_values(FunctionCallInfo fcinfo, AnswerForm form)
{
	TableBinding *binding;
	const DecisionTable *table;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	table = table_and_row(fcinfo, form == ANSWER_JSONB ? 1 : 2, true, &binding);
	return answer(fcinfo, table, binding, form, 1);
}

/* ---- SQL ---- */

/* decision_table_in(cstring) -> decision_table.  Errors: 22P02, 22003, 54000, with the path of the element. */
PG_FUNCTION_INFO_V1(crm_decision_table_in);
Datum
crm_decision_table_in(PG_FUNCTION_ARGS)
{
	return crm_policy_in(fcinfo, &decision_table_kind);
}

/* decision_table_recv(internal) -> decision_table: what decision_table_send wrote, checked as text is. */
PG_FUNCTION_INFO_V1(crm_decision_table_recv);
Datum
crm_decision_table_recv(PG_FUNCTION_ARGS)
{
	return crm_policy_recv(fcinfo, &decision_table_kind);
}

/* policy_attributes(decision_table) -> table of what it reads, in the order of decide_values' arguments. */
PG_FUNCTION_INFO_V1(crm_decision_table_attributes);
Datum
crm_decision_table_attributes(PG_FUNCTION_ARGS)
{
	const DecisionTable *table = crm_decision_table_of(PG_GETARG_VARLENA_P(0));

	return crm_policy_list_attributes(fcinfo, &table->policy.attributes);
}

/*
 * decide(decision_table, row "any") -> jsonb
 *
 * What the rules that hit give, by the table's hit policy (OMG DMN 1.5, 8.2.8): the value of the one output, or an object of several;
 * an array of these where the hit policy gives all hits; a number where it sums or counts them.  Where no rule hits: the defaults, else
 * NULL, an empty array, or a count of 0.  Errors: 42703, 42702 and 42804 where the row does not have what the table reads; 22023 where
 * rules conflict and the table says "error".
 */
PG_FUNCTION_INFO_V1(crm_decide);
Datum
crm_decide(PG_FUNCTION_ARGS)
{
	return decide_row(fcinfo, ANSWER_JSONB);
}

/*
 * decide_text(decision_table, row "any", output text) -> text
 *
 * The value of the output of that name, or of the only one where it is NULL, as text: numbers in their shortest form, days as YYYY-MM-DD.  Errors: as decide(); 22023 where the hit policy
 * gives all hits, where there are several outputs and none is named, and where there is none of the name.
 */
PG_FUNCTION_INFO_V1(crm_decide_text);
Datum
crm_decide_text(PG_FUNCTION_ARGS)
{
	return decide_row(fcinfo, ANSWER_TEXT);
}

/*
 * decide_number(decision_table, row "any", output text) -> numeric
 *
 * The value of one output that is a number.  It is numeric, as the numbers of DMN are decimals: a sum is exact.  Errors: as
 * decide_text(); 22023 where the output is not a number.
 */
PG_FUNCTION_INFO_V1(crm_decide_number);
Datum
crm_decide_number(PG_FUNCTION_ARGS)
{
	return decide_row(fcinfo, ANSWER_NUMBER);
}

/*
 * decide_values(decision_table, VARIADIC "any") -> jsonb
 *
 * The same decision from the values themselves, in the order of policy_attributes(table).  Errors: as decide(); 22023 for another
 * number of values.
 */
PG_FUNCTION_INFO_V1(crm_decide_values);
Datum
crm_decide_values(PG_FUNCTION_ARGS)
{
	return decide_values(fcinfo, ANSWER_JSONB);
}

/* decide_text_values(decision_table, output text, VARIADIC "any") -> text: NULL names the only output.  Errors: as decide_text(). */
PG_FUNCTION_INFO_V1(crm_decide_text_values);
Datum
crm_decide_text_values(PG_FUNCTION_ARGS)
{
	return decide_values(fcinfo, ANSWER_TEXT);
}

/* decide_number_values(decision_table, output text, VARIADIC "any") -> numeric: the same of decide_number(). */
PG_FUNCTION_INFO_V1(crm_decide_number_values);
Datum
crm_decide_number_values(PG_FUNCTION_ARGS)
{
	return decide_values(fcinfo, ANSWER_NUMBER);
}

/*
 * decide_support(internal) -> internal
 *
 * Planner support of the functions that apply a table to a row: with a constant table and a row whose columns are known,
 * decide(table, row) becomes decide_values(table, column, ...), decide_text(table, row, output) becomes decide_text_values(table,
 * output, column, ...), and so on, so that no row is formed and no other column is fetched.
 */
PG_FUNCTION_INFO_V1(crm_decide_support);
Datum
crm_decide_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(crm_simplify_rows((Node *) PG_GETARG_POINTER(0), crm_decision_table_of, 1));
}

/*
 * decision_inputs(decision_table, row "any") -> jsonb
 *
 * What the table reads of the row, by name: it decides the same over that.  Errors: as decide(); 22003 for a value that JSON cannot hold, as
 * infinity.
 */
PG_FUNCTION_INFO_V1(crm_decision_table_inputs);
Datum
crm_decision_table_inputs(PG_FUNCTION_ARGS)
{
	TableBinding *binding;
	const DecisionTable *table = table_and_row(fcinfo, 1, false, &binding);
	StringInfoData out;

	initStringInfo(&out);
	crm_row_write_json(&out, binding->row, &table->policy.attributes, 0);
	return crm_json_datum(out.data);
}

static Datum
decide_all(FunctionCallInfo fcinfo, const DecisionTable *table, TableBinding *binding)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const uint64 *hits = find_hits(table, binding);
	int ordinal = 0;

	InitMaterializedSRF(fcinfo, 0);
	for (int r = next_hit(table, hits, -1); r >= 0; r = next_hit(table, hits, r))
	{
		const Rule *rule = &table->rules[r];
		Datum values[4] = {Int32GetDatum(++ordinal), Int32GetDatum(rule->number)};
		bool nulls[4] = {false, false, rule->name == NULL, false};

		if (rule->name)
			values[2] = CStringGetTextDatum(rule->name);
		values[3] = outputs_as_object(table, rule->then);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * decide_all(decision_table, row "any") -> table (ordinal, rule, name, outputs)
 *
 * Every rule that hits the row, whatever the hit policy, in the order in which hits count: by priority of the outputs, by the value for a
 * minimum or maximum, else as the rules stand.  Where hits conflict both are there.  Errors: as decide(), but for conflicts.
 */
PG_FUNCTION_INFO_V1(crm_decide_all);
Datum
crm_decide_all(PG_FUNCTION_ARGS)
{
	TableBinding *binding;
	const DecisionTable *table = table_and_row(fcinfo, 1, false, &binding);

	return decide_all(fcinfo, table, binding);
}

/* decide_all_values(decision_table, VARIADIC "any"): the same from the values themselves; no row for a NULL table. */
PG_FUNCTION_INFO_V1(crm_decide_all_values);
Datum
crm_decide_all_values(PG_FUNCTION_ARGS)
{
	TableBinding *binding;
	const DecisionTable *table;

	if (PG_ARGISNULL(0))
	{
		InitMaterializedSRF(fcinfo, 0);
		return (Datum) 0;
	}
	table = table_and_row(fcinfo, 1, true, &binding);
	return decide_all(fcinfo, table, binding);
}
