/*
 * suitability_policy.c
 *		May this client have this product: checks over client, product and instruction, and the worst outcome.
 *
 * What the rules are stands in documents; here is only how they are applied.  A check is skipped where it does not concern the
 * action, the client is exempt, or its condition "applies" does not hold; otherwise its requirement decides.  What cannot be decided for
 * want of a value has the check's outcome "missing".
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "policy/suitability_policy.h"
#include "row/planner_support.h"
#include "row/row_class.h"
#include "row/row_json.h"
#include "value/day.h"

static const PolicyKind suitability_kind = {"suitability_policy", "suitability policy",
                                            CRM_SUITABILITY_POLICY, crm_suitability_compile};

static void *
compile_value(struct varlena *value)
{
	return crm_policy_compile(value, &suitability_kind);
}

/* ---- applying ---- */

/* Where the arguments of a function stand: rows of client and product, or their values from "values" on. */
typedef struct Arguments
{
	int client, product; /* 0 where the values are passed */
	int as_of, at_most, instruction;
	int values; /* 0 where the rows are passed */
} Arguments;

/* The outcome of a class of rows. */
typedef struct ClassOutcome
{
	bool known;
	uint8 outcome;
	uint64 class;
} ClassOutcome;

#define CLASS_OUTCOMES_BITS 12
#define MAX_CLASSES_MADE 16

typedef struct SuitabilityBinding
{
	MemoryContext context;
	Row *row;
	RowSource *sources[NSIDES];
	RowArguments *values; /* or, where those of client and product are passed themselves */
	bool instruction_is_constant, instruction_is_read;
	int action; /* of the policy's actions, or -1 */
	bool solicited;
	Oid outcome_oids[NOUTCOMES];
	uint64 exemptions_known, /* of this row: which have been evaluated, */
	    exemptions_hold;     /* and hold */
	RowClasses *classes;     /* of rows that have the same outcome, or NULL */
	int classes_made;        /* for the as-of days and column types that came by */
	ClassOutcome *outcomes;  /* of the classes met last */
} SuitabilityBinding;

typedef enum Applies
{
	APPLIES_NO,
	APPLIES_YES,
	APPLIES_EXEMPT,
	APPLIES_UNDECIDED /* for want of a value */
} Applies;

/* Find the values of the enum suitability_outcome. */
static void
find_outcomes(Oid enum_type, Oid *oids)
{
	for (int i = 0; i < NOUTCOMES; i++)
		oids[i] = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid, ObjectIdGetDatum(enum_type),
		                          CStringGetDatum(crm_outcome_names[i]));
}

static void
set_text(Row *row, int attribute, const char *text)
{
	row->types[attribute] = COLUMN_TEXT;
	row->values[attribute] = CStringGetTextDatum(text);
	row->nulls[attribute] = false;
}

/* A key of the instruction that must be a string; NULL where it is absent. */
static char *
instruction_text(Jsonb *json, const char *key)
{
	JsonbValue buffer;
	JsonbValue *value = getKeyJsonValueFromContainer(&json->root, key, strlen(key), &buffer);

	if (value == NULL || value->type == jbvNull)
		return NULL;
	if (value->type != jbvString)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("\"%s\" of the instruction must be a string", key)));
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* Read the instruction: NULL is a recommendation by the firm. */
static void
read_instruction(SuitabilityBinding *binding, const SuitabilityPolicy *policy, Datum datum,
                 bool isnull)
{
	const AttributeList *attributes = &policy->policy.attributes;
	const char *action = "recommend";
	const char *initiated_by = "firm";
	Row *row = binding->row;

	for (int i = 0; i < attributes->n; i++)
		if (attributes->items[i].side == SIDE_INSTRUCTION)
			row->nulls[i] = true;
	if (!isnull)
	{
		Jsonb *json = DatumGetJsonbP(datum);
		char *text;

		crm_row_read_jsonb(binding->sources[SIDE_INSTRUCTION], datum, attributes, row);
		if ((text = instruction_text(json, "action")))
			action = text;
		if ((text = instruction_text(json, "initiated_by")))
			initiated_by = text;
	}
	binding->solicited = strcmp(initiated_by, "client") != 0;
	if (binding->solicited && strcmp(initiated_by, "firm") != 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("an instruction is initiated by \"firm\" or \"client\", not by \"%s\"",
		                initiated_by)));
	binding->action = policy->nactions - 1;
	while (binding->action >= 0 && strcmp(policy->actions[binding->action], action) != 0)
		binding->action--;
	for (int i = 0; i < attributes->n; i++)
		if (attributes->items[i].side == SIDE_INSTRUCTION && row->nulls[i])
		{
			if (strcmp(attributes->items[i].name, "action") == 0)
				set_text(row, i, action);
			else if (strcmp(attributes->items[i].name, "initiated_by") == 0)
				set_text(row, i, initiated_by);
		}
}

/* Compute the attributes that are derived from days; one from a day that has not come is NULL. */
static void
derive_attributes(const SuitabilityPolicy *policy, Row *row)
{
	for (int i = 0; i < policy->nderived; i++)
	{
		const Derived *it = &policy->derived[i];
		DateADT day;
		int64 number;

		row->nulls[it->attribute] = true;
		row->types[it->attribute] = COLUMN_INT8;
		if (row->nulls[it->source])
			continue;
		day = crm_row_day(row, it->source);
		if (DATE_NOT_FINITE(day) || DATE_NOT_FINITE(row->as_of) || day > row->as_of)
			continue;
		switch (it->span)
		{
			case SPAN_YEARS:
				number = crm_months_between(day, row->as_of) / 12;
				break;
			case SPAN_MONTHS:
				number = crm_months_between(day, row->as_of);
				break;
			default:
				number = (int64) row->as_of - day;
		}
		row->values[it->attribute] = Int64GetDatum(number);
		row->nulls[it->attribute] = false;
	}
}

static SuitabilityBinding *
make_binding(FunctionCallInfo fcinfo, const Arguments *arguments, const SuitabilityPolicy *policy)
{
	SuitabilityBinding *it = palloc0(sizeof(SuitabilityBinding));
	const AttributeList *attributes = &policy->policy.attributes;
	const int rows[NSIDES] = {arguments->client, arguments->product, arguments->instruction};

	it->context = CurrentMemoryContext;
	it->row = crm_row_make(attributes);
	for (int side = 0; side < NSIDES; side++)
		if (rows[side] > 0)
			it->sources[side] =
			    crm_row_source_make(fcinfo, rows[side], suitability_kind.title, attributes, side);
	if (arguments->values > 0)
		it->values =
		    crm_row_arguments_make(fcinfo, arguments->values, suitability_kind.title, attributes,
		                           ROW_SIDE(SIDE_CLIENT) | ROW_SIDE(SIDE_PRODUCT), it->row);
	it->instruction_is_constant = crm_argument_is_constant(fcinfo->flinfo, arguments->instruction);
	it->outcomes = palloc(sizeof(ClassOutcome) << CLASS_OUTCOMES_BITS);
	return it;
}

/*
 * Bind the policy of argument 0 to client, product, as-of day and instruction; false if the result is NULL because one of
 * the first three is.
 */
static bool
policy_and_rows(FunctionCallInfo fcinfo, const Arguments *arguments,
                const SuitabilityPolicy **policy, SuitabilityBinding **binding)
{
	CallSite *site;
	SuitabilityBinding *it;
	const AttributeList *attributes;
	Row *row;
	DateADT as_of;
	bool is_changed = false;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(arguments->as_of) || PG_ARGISNULL(arguments->client) ||
	    PG_ARGISNULL(arguments->product))
		return false;
	site = crm_call_site(fcinfo, 0, compile_value);
	*policy = site->policy;
	attributes = &(*policy)->policy.attributes;
	if (unlikely(site->binding == NULL))
	{
		MemoryContext caller = MemoryContextSwitchTo(site->context);

		site->binding = make_binding(fcinfo, arguments, *policy);
		MemoryContextSwitchTo(caller);
	}
	it = site->binding;
	row = it->row;
	as_of = PG_GETARG_DATEADT(arguments->as_of);
	is_changed = as_of != row->as_of;
	row->as_of = as_of;
	if (arguments->values > 0)
		row_read_arguments(fcinfo, it->values, row);
	else
	{
		is_changed |= crm_row_read(it->sources[SIDE_CLIENT], PG_GETARG_DATUM(arguments->client),
		                           attributes, row);
		is_changed |= crm_row_read(it->sources[SIDE_PRODUCT], PG_GETARG_DATUM(arguments->product),
		                           attributes, row);
	}
	if (is_changed)
		it->classes = NULL;
	if (unlikely(!it->instruction_is_read))
	{
		MemoryContext caller = CurrentMemoryContext;

		if (it->instruction_is_constant)
			MemoryContextSwitchTo(site->context);
		read_instruction(it, *policy, PG_GETARG_DATUM(arguments->instruction),
		                 PG_ARGISNULL(arguments->instruction));
		MemoryContextSwitchTo(caller);
		it->instruction_is_read = it->instruction_is_constant;
	}
	if ((*policy)->nderived > 0)
		derive_attributes(*policy, row);
	it->exemptions_known = it->exemptions_hold = 0;
	*binding = it;
	return true;
}

static bool
is_exempt(const SuitabilityPolicy *policy, SuitabilityBinding *binding, const Check *check)
{
	uint64 unknown = check->exempt_by & ~binding->exemptions_known;

	for (int i = 0; unknown != 0; i++, unknown >>= 1)
		if (unknown & 1)
		{
			binding->exemptions_known |= UINT64CONST(1) << i;
			if (crm_condition_eval(policy->exemptions[i], binding->row) == TRUTH_TRUE)
				binding->exemptions_hold |= UINT64CONST(1) << i;
		}
	return (check->exempt_by & binding->exemptions_hold) != 0;
}

/* Whether a check applies, and the consequence if it does not pass, else NULL. */
static Applies
apply_check(const SuitabilityPolicy *policy, SuitabilityBinding *binding, const Check *check,
            const Consequence **consequence)
{
	Truth truth;

	*consequence = NULL;
	if (binding->action < 0 || (check->actions & (UINT64CONST(1) << binding->action)) == 0)
		return APPLIES_NO;
	truth = check->applies ? crm_condition_eval(check->applies, binding->row) : TRUTH_TRUE;
	if (truth == TRUTH_FALSE)
		return APPLIES_NO;
	if (check->exempt_by && is_exempt(policy, binding, check))
		return APPLIES_EXEMPT;
	if (truth == TRUTH_TRUE)
	{
		truth = check->require ? crm_condition_eval(check->require, binding->row) : TRUTH_FALSE;
		if (truth == TRUTH_TRUE)
			return APPLIES_YES;
		if (truth == TRUTH_FALSE)
		{
			*consequence = &check->otherwise;
			return APPLIES_YES;
		}
	}
	if (check->missing.skip)
		return APPLIES_NO;
	*consequence = &check->missing;
	return APPLIES_UNDECIDED;
}

static inline Outcome
outcome_of(const Consequence *consequence, bool solicited)
{
	return consequence == NULL ? OUTCOME_SUITABLE
	       : solicited         ? consequence->solicited
	                           : consequence->unsolicited;
}

/* The worst outcome of the checks that apply. */
static Outcome
decide(const SuitabilityPolicy *policy, SuitabilityBinding *binding)
{
	Outcome worst = OUTCOME_SUITABLE;
	bool some_applies = false;

	for (int i = 0; i < policy->nchecks && worst < OUTCOME_PROHIBITED; i++)
	{
		const Consequence *consequence;
		Outcome outcome;

		if (apply_check(policy, binding, &policy->checks[i], &consequence) == APPLIES_NO)
			continue;
		some_applies = true;
		outcome = outcome_of(consequence, binding->solicited);
		worst = Max(worst, outcome);
	}
	return some_applies ? worst : outcome_of(&policy->none_applies, binding->solicited);
}

/* ---- the same for classes of rows ---- */

/* The conditions that may have a say in the outcome of the action. */
static RowClasses *
make_classes(const SuitabilityPolicy *policy, const SuitabilityBinding *binding)
{
	const Condition **conditions =
	    palloc(sizeof(Condition *) * (2 * policy->nchecks + MAX_EXEMPTIONS));
	uint64 exemptions = 0;
	int n = 0;

	for (int i = 0; i < policy->nchecks; i++)
	{
		const Check *check = &policy->checks[i];

		if (binding->action < 0 || (check->actions & (UINT64CONST(1) << binding->action)) == 0 ||
		    (check->applies &&
		     crm_condition_is_false(check->applies, binding->row, &policy->policy.attributes,
		                            ROW_SIDE(SIDE_INSTRUCTION))))
			continue;
		conditions[n++] = check->applies;
		conditions[n++] = check->require;
		exemptions |= check->exempt_by;
	}
	for (int i = 0; i < policy->nexemptions; i++)
		if (exemptions & (UINT64CONST(1) << i))
			conditions[n++] = policy->exemptions[i];
	return crm_row_classes_make(conditions, n, &policy->policy.attributes,
	                            ROW_SIDE(SIDE_INSTRUCTION), binding->row);
}

/*
 * The outcome of the row.  With one instruction for all rows, rows that no condition tells apart have the same outcome, which is decided
 * once.  Where the days or the types keep changing, classes are not worth their making.
 */
static Outcome
outcome_of_row(const SuitabilityPolicy *policy, SuitabilityBinding *binding)
{
	ClassOutcome *place;
	uint64 class;

	if (unlikely(binding->classes == NULL))
	{
		MemoryContext caller;

		if (!binding->instruction_is_constant || binding->classes_made == MAX_CLASSES_MADE)
			return decide(policy, binding);
		caller = MemoryContextSwitchTo(binding->context);
		binding->classes = make_classes(policy, binding);
		MemoryContextSwitchTo(caller);
		binding->classes_made = binding->classes ? binding->classes_made + 1 : MAX_CLASSES_MADE;
		if (binding->classes == NULL)
			return decide(policy, binding);
		memset(binding->outcomes, 0, sizeof(ClassOutcome) << CLASS_OUTCOMES_BITS);
	}
	class = row_class(binding->classes, binding->row);
	place =
	    &binding->outcomes[(class * UINT64CONST(0x9E3779B97F4A7C15)) >> (64 - CLASS_OUTCOMES_BITS)];
	if (!place->known || place->class != class)
	{
		place->outcome = decide(policy, binding);
		place->class = class;
		place->known = true;
	}
	return place->outcome;
}

/* ---- SQL ---- */

/* suitability_policy_in(cstring) -> suitability_policy.  Errors: 22P02, 22003, 54000, with the path of the element. */
PG_FUNCTION_INFO_V1(crm_suitability_policy_in);
Datum
crm_suitability_policy_in(PG_FUNCTION_ARGS)
{
	return crm_policy_in(fcinfo, &suitability_kind);
}

/* suitability_policy_recv(internal) -> suitability_policy: what suitability_policy_send wrote, checked as text is. */
PG_FUNCTION_INFO_V1(crm_suitability_policy_recv);
Datum
crm_suitability_policy_recv(PG_FUNCTION_ARGS)
{
	return crm_policy_recv(fcinfo, &suitability_kind);
}

/* policy_attributes(suitability_policy) -> table of what it reads of client, product and instruction. */
PG_FUNCTION_INFO_V1(crm_suitability_policy_attributes);
Datum
crm_suitability_policy_attributes(PG_FUNCTION_ARGS)
{
	const SuitabilityPolicy *policy = compile_value(PG_GETARG_VARLENA_P(0));

	return crm_policy_list_attributes(fcinfo, &policy->policy.attributes);
}

static Datum
suitability(FunctionCallInfo fcinfo, const Arguments *arguments)
{
	const SuitabilityPolicy *policy;
	SuitabilityBinding *binding;

	if (!policy_and_rows(fcinfo, arguments, &policy, &binding))
		PG_RETURN_NULL();
	if (unlikely(!OidIsValid(binding->outcome_oids[0])))
		find_outcomes(get_func_rettype(fcinfo->flinfo->fn_oid), binding->outcome_oids);
	PG_RETURN_OID(binding->outcome_oids[outcome_of_row(policy, binding)]);
}

/*
 * suitability(suitability_policy, client "any", product "any", as_of date, instruction jsonb) -> suitability_outcome
 *
 * The worst outcome of the checks that apply, or "none_applies".  NULL where policy, client, product or day is NULL; a NULL
 * instruction is a recommendation by the firm.  Errors: 42703, 42702 and 42804 where a row does not have what the policy
 * reads; 22023 for a malformed instruction.
 */
PG_FUNCTION_INFO_V1(crm_suitability);
Datum
crm_suitability(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {.client = 1, .product = 2, .as_of = 3, .instruction = 4};

	return suitability(fcinfo, &arguments);
}

/*
 * suitability_values(suitability_policy, as_of date, instruction jsonb, VARIADIC "any") -> suitability_outcome
 *
 * The same outcome from the values of client and product themselves, in the order of policy_attributes(policy).  Errors: as
 * suitability(); 22023 for another number of values.
 */
PG_FUNCTION_INFO_V1(crm_suitability_values);
Datum
crm_suitability_values(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {.as_of = 1, .instruction = 2, .values = 3};

	return suitability(fcinfo, &arguments);
}

/*
 * decision_inputs(suitability_policy, client "any", product "any", as_of date, instruction jsonb) -> jsonb
 *
 * What the policy reads of client and product, by name, and the whole instruction: {"client": {...}, "product": {...}, "instruction": {...}}.
 * Applied to these parts the policy decides the same.  NULL as suitability(); errors as suitability(); 22003 for a value that JSON cannot
 * hold, as infinity.
 */
PG_FUNCTION_INFO_V1(crm_suitability_inputs);
Datum
crm_suitability_inputs(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {.client = 1, .product = 2, .as_of = 3, .instruction = 4};
	const SuitabilityPolicy *policy;
	SuitabilityBinding *binding;
	StringInfoData out;

	if (!policy_and_rows(fcinfo, &arguments, &policy, &binding))
		PG_RETURN_NULL();
	initStringInfo(&out);
	appendStringInfoString(&out, "{\"client\": ");
	crm_row_write_json(&out, binding->row, &policy->policy.attributes, SIDE_CLIENT);
	appendStringInfoString(&out, ", \"product\": ");
	crm_row_write_json(&out, binding->row, &policy->policy.attributes, SIDE_PRODUCT);
	appendStringInfoString(&out, ", \"instruction\": ");
	if (PG_ARGISNULL(4))
		appendStringInfoString(&out, "{\"action\": \"recommend\", \"initiated_by\": \"firm\"}");
	else
	{
		Jsonb *instruction = PG_GETARG_JSONB_P(4);

		JsonbToCString(&out, &instruction->root, VARSIZE(instruction));
	}
	appendStringInfoChar(&out, '}');
	return crm_json_datum(out.data);
}

static Datum
suitable(FunctionCallInfo fcinfo, const Arguments *arguments)
{
	const SuitabilityPolicy *policy;
	SuitabilityBinding *binding;
	int at_most = 0;

	if (PG_ARGISNULL(arguments->at_most) || !policy_and_rows(fcinfo, arguments, &policy, &binding))
		PG_RETURN_NULL();
	if (unlikely(!OidIsValid(binding->outcome_oids[0])))
		find_outcomes(get_fn_expr_argtype(fcinfo->flinfo, arguments->at_most),
		              binding->outcome_oids);
	while (at_most < NOUTCOMES - 1 &&
	       binding->outcome_oids[at_most] != PG_GETARG_OID(arguments->at_most))
		at_most++;
	PG_RETURN_BOOL(outcome_of_row(policy, binding) <= at_most);
}

/*
 * suitable(suitability_policy, client "any", product "any", as_of date, at_most suitability_outcome, instruction jsonb) -> bool
 *
 * Whether the outcome is not worse than at_most.  NULL and errors as for suitability().
 */
PG_FUNCTION_INFO_V1(crm_suitable);
Datum
crm_suitable(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {
	    .client = 1, .product = 2, .as_of = 3, .at_most = 4, .instruction = 5};

	return suitable(fcinfo, &arguments);
}

/*
 * suitable_values(suitability_policy, as_of date, at_most suitability_outcome, instruction jsonb, VARIADIC "any") -> bool: the same
 * from the values themselves.
 */
PG_FUNCTION_INFO_V1(crm_suitable_values);
Datum
crm_suitable_values(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {.as_of = 1, .at_most = 2, .instruction = 3, .values = 4};

	return suitable(fcinfo, &arguments);
}

/*
 * suitability_support(internal) -> internal
 *
 * Planner support of the functions that apply a policy to a client and a product: with a constant policy and rows whose columns are
 * known, suitability(policy, client, product, as_of, instruction) becomes suitability_values(policy, as_of, instruction, column,
 * ...), and so on.
 */
PG_FUNCTION_INFO_V1(crm_suitability_support);
Datum
crm_suitability_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(crm_simplify_rows((Node *) PG_GETARG_POINTER(0), compile_value, 2));
}

/* What a reader wants to see of a check beside its outcome: the value of one side. */
static const char *
side_value(const Check *check, const SuitabilityPolicy *policy, const Row *row, int side)
{
	const AttributeList *attributes = &policy->policy.attributes;
	int attribute = check->require ? crm_condition_first(check->require, attributes, side) : -1;

	if (attribute < 0 && check->applies)
		attribute = crm_condition_first(check->applies, attributes, side);
	if (attribute < 0 || row->nulls[attribute])
		return NULL;
	return crm_value_text(row->types[attribute], row->values[attribute]);
}

static Datum
suitability_detail(FunctionCallInfo fcinfo, const Arguments *arguments)
{
	static const char *const applies_names[] = {"no", "yes", "exempt", "undecided"};
	enum
	{
		ORDINAL,
		NAME,
		CODE,
		APPLIES,
		CLIENT_VALUE,
		PRODUCT_VALUE,
		OUTCOME,
		REASON,
		FINDING,
		BASIS,
		SHORTFALL,
		RESOLVES_ON,
		VALID_UNTIL,
		NCOLUMNS
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const SuitabilityPolicy *policy;
	SuitabilityBinding *binding;
	Oid oids[NOUTCOMES];

	InitMaterializedSRF(fcinfo, 0);
	if (!policy_and_rows(fcinfo, arguments, &policy, &binding))
		return (Datum) 0;
	find_outcomes(TupleDescAttr(result->setDesc, OUTCOME)->atttypid, oids);

	for (int i = 0; i < policy->nchecks; i++)
	{
		const Check *check = &policy->checks[i];
		const AttributeList *attributes = &policy->policy.attributes;
		const Consequence *consequence;
		Applies applies = apply_check(policy, binding, check, &consequence);
		const char *texts[NCOLUMNS] = {NULL};
		Datum values[NCOLUMNS];
		bool nulls[NCOLUMNS];
		Finding finding = {0};

		memset(nulls, true, sizeof(nulls));
		values[ORDINAL] = Int32GetDatum(i + 1);
		nulls[ORDINAL] = false;
		texts[NAME] = check->name;
		texts[CODE] = check->code;
		texts[APPLIES] = applies_names[applies];
		texts[CLIENT_VALUE] = side_value(check, policy, binding->row, SIDE_CLIENT);
		texts[PRODUCT_VALUE] = side_value(check, policy, binding->row, SIDE_PRODUCT);
		texts[BASIS] = check->basis;
		initStringInfo(&finding.text);
		if (applies == APPLIES_YES || applies == APPLIES_UNDECIDED)
		{
			values[OUTCOME] = ObjectIdGetDatum(oids[outcome_of(consequence, binding->solicited)]);
			nulls[OUTCOME] = false;
			if (applies == APPLIES_UNDECIDED && check->applies &&
			    crm_condition_eval(check->applies, binding->row) != TRUTH_TRUE)
				crm_condition_explain(check->applies, binding->row, attributes, &finding);
			else if (check->require)
				crm_condition_explain(check->require, binding->row, attributes, &finding);
			else
				crm_condition_describe(check->applies, binding->row, attributes, &finding.text);
		}
		if (consequence)
		{
			texts[REASON] = consequence->reason ? consequence->reason : check->reason;
			if (finding.text.len > 0)
				texts[FINDING] = finding.text.data;
			if (finding.nshortfalls == 1)
			{
				values[SHORTFALL] = finding.shortfall;
				nulls[SHORTFALL] = false;
			}
			if (finding.resolves)
			{
				values[RESOLVES_ON] = DateADTGetDatum(finding.resolves_on);
				nulls[RESOLVES_ON] = false;
			}
		}
		else if (finding.lapses)
		{
			values[VALID_UNTIL] = DateADTGetDatum(finding.valid_until);
			nulls[VALID_UNTIL] = false;
		}
		for (int c = 0; c < NCOLUMNS; c++)
			if (texts[c])
			{
				values[c] = CStringGetTextDatum(texts[c]);
				nulls[c] = false;
			}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * suitability_detail(suitability_policy, client "any", product "any", as_of date, instruction jsonb) -> table
 *
 * One row for each check in the document's order: whether it applies, the values of both sides, its outcome, the reason, what is short
 * and when time alone resolves it (resolves_on) or breaks it (after valid_until).  The worst outcome is
 * suitability()'s.  NULL arguments give no row; errors as for suitability().
 */
PG_FUNCTION_INFO_V1(crm_suitability_detail);
Datum
crm_suitability_detail(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {.client = 1, .product = 2, .as_of = 3, .instruction = 4};

	return suitability_detail(fcinfo, &arguments);
}

/* suitability_detail_values(suitability_policy, as_of date, instruction jsonb, VARIADIC "any"): the same from the values. */
PG_FUNCTION_INFO_V1(crm_suitability_detail_values);
Datum
crm_suitability_detail_values(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {.as_of = 1, .instruction = 2, .values = 3};

	return suitability_detail(fcinfo, &arguments);
}

/*
 * instruction(action text, initiated_by text, channel text, amount numeric, extra jsonb) -> jsonb
 *
 * What a client or an adviser wants to do, for suitability(): keys that are NULL are left out, those of "extra" are added.
 * Errors: 22023 if initiated_by is neither firm nor client, if the amount is not finite, or extra is no object.
 */
PG_FUNCTION_INFO_V1(crm_instruction);
Datum
crm_instruction(PG_FUNCTION_ARGS)
{
	static const char *const keys[] = {"action", "initiated_by", "channel"};
	StringInfoData out;
	Datum instruction;

	initStringInfo(&out);
	for (int i = 0; i < lengthof(keys); i++)
	{
		char *word;

		if (PG_ARGISNULL(i))
			continue;
		word = text_to_cstring(PG_GETARG_TEXT_PP(i));
		if (i == 1 && strcmp(word, "firm") != 0 && strcmp(word, "client") != 0)
			ereport(ERROR,
			        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			         errmsg("an instruction is initiated by \"firm\" or \"client\", not by \"%s\"",
			                word)));
		appendStringInfo(&out, "%s\"%s\": ", out.len > 0 ? ", " : "{", keys[i]);
		escape_json(&out, word);
	}
	if (!PG_ARGISNULL(3))
	{
		Numeric amount = PG_GETARG_NUMERIC(3);

		if (numeric_is_nan(amount) || numeric_is_inf(amount))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("the amount of an instruction must be a finite number")));
		appendStringInfo(
		    &out, "%s\"amount\": %s", out.len > 0 ? ", " : "{",
		    DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(amount))));
	}
	appendStringInfoString(&out, out.len > 0 ? "}" : "{}");
	instruction = DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data));
	if (!PG_ARGISNULL(4))
	{
		if (!JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(4)))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("\"extra\" of an instruction must be a JSON object")));
		instruction = DirectFunctionCall2(jsonb_concat, PG_GETARG_DATUM(4), instruction);
	}
	PG_RETURN_DATUM(instruction);
}
