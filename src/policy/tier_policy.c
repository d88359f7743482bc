/*
 * tier_policy.c
 *		Tiers: ordered labels, each from a threshold on.
 *
 * The thresholds to enter a tier are applied here; those to keep it and the moves over periods are read here and applied to
 * standings (tier_standing.c).
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "policy/tier_policy.h"
#include "row/row_json.h"

#define MAX_TIERS 1000
#define MAX_PERIODS 1200

static int
read_count(const DocumentNode *moves, const char *key, int low, int high, int otherwise)
{
	const DocumentNode *member = crm_document_get(moves, key);

	return member ? crm_document_integer(member, low, high) : otherwise;
}

static int
read_choice(const DocumentNode *moves, const char *key, const char *const *choices, int nchoices,
            int otherwise)
{
	const DocumentNode *member = crm_document_get(moves, key);

	return member ? crm_document_choice(member, choices, nchoices) : otherwise;
}

/* Without "moves", a tier is gained and lost at once. */
static const Moves default_moves = {
    .up_after = 1, .down_after = 1, .land = LAND_CURRENT, .review_month = 1};

static void
read_moves(DocumentNode *node, TierPolicy *policy)
{
	static const char *const keys[] = {"up_after", "watch_after", "down_after",
	                                   "land",     "window",      "min_hold",
	                                   "missing",  "calendar",    "review_month"};
	static const char *const landings[] = {"one_down", "current", "best_of_window"};
	static const char *const missings[] = {"carry", "count_below", "freeze"};
	static const char *const calendars[] = {"rolling", "anniversary", "fixed"};
	Moves *moves = &policy->moves;
	const DocumentNode *watch_after, *window, *land, *review_month;

	crm_document_keys(node, keys, lengthof(keys));
	if (policy->ntiers > MAX_RANK)
		crm_document_error(node, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
		                   "a policy with moves has at most %d tiers", MAX_RANK);
	moves->up_after = read_count(node, "up_after", 1, MAX_WINDOW, moves->up_after);
	moves->watch_after = read_count(node, "watch_after", 1, MAX_PERIODS, 0);
	moves->down_after = read_count(node, "down_after", 1, MAX_PERIODS, moves->down_after);
	moves->window = read_count(node, "window", 1, MAX_WINDOW, 0);
	moves->min_hold = read_count(node, "min_hold", 0, MAX_PERIODS, 0);
	moves->land = read_choice(node, "land", landings, lengthof(landings), moves->land);
	moves->missing = read_choice(node, "missing", missings, lengthof(missings), moves->missing);
	moves->calendar =
	    read_choice(node, "calendar", calendars, lengthof(calendars), moves->calendar);
	moves->review_month = read_count(node, "review_month", 1, 12, moves->review_month);

	watch_after = crm_document_get(node, "watch_after");
	if (watch_after && moves->watch_after > moves->down_after)
		document_malformed(watch_after, NULL, "%s is above down_after, which is %d",
		                   watch_after->text, moves->down_after);
	land = crm_document_get(node, "land");
	window = crm_document_get(node, "window");
	if (moves->land == LAND_BEST_OF_WINDOW && window == NULL)
		document_malformed(land, NULL, "\"best_of_window\" needs a \"window\"");
	if (moves->land != LAND_BEST_OF_WINDOW && window != NULL)
		document_malformed(window, NULL, "only {\"land\": \"best_of_window\"} has a window");
	review_month = crm_document_get(node, "review_month");
	if (moves->calendar != CALENDAR_FIXED && review_month != NULL)
		document_malformed(review_month, NULL,
		                   "only {\"calendar\": \"fixed\"} has a month of review");
}

static void *
compile_tier_policy(DocumentNode *root)
{
	static const char *const keys[] = {POLICY_COMMON_KEYS, "measure", "period", "tiers", "moves"};
	static const char *const tier_keys[] = {"label", "enter", "keep"};
	static const char *const periods[] = {"month", "quarter"};
	TierPolicy *policy = palloc0(sizeof(TierPolicy));
	DocumentNode *tiers, *period, *moves;

	crm_document_keys(root, keys, lengthof(keys));
	crm_policy_common(root, &policy->policy);
	document_text_or(root, "measure", NULL);
	if ((period = crm_document_get(root, "period")))
		policy->months = crm_document_choice(period, periods, lengthof(periods)) == 0 ? 1 : 3;
	tiers = crm_document_require(root, "tiers");
	crm_document_expect(tiers, DOCUMENT_ARRAY);
	if (tiers->nitems == 0)
		document_malformed(tiers, NULL, "the list is empty");
	if (tiers->nitems > MAX_TIERS)
		crm_document_error(tiers, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL, "more than %d tiers",
		                   MAX_TIERS);

	policy->ntiers = tiers->nitems;
	policy->labels = palloc(sizeof(char *) * policy->ntiers);
	policy->texts = palloc(sizeof(text *) * policy->ntiers);
	policy->enter = palloc(sizeof(double) * policy->ntiers);
	policy->keep = palloc(sizeof(double) * policy->ntiers);
	policy->enter[0] = policy->keep[0] = -INFINITY;
	for (int t = 0; t < policy->ntiers; t++)
	{
		DocumentNode *tier = tiers->items[t];
		DocumentNode *enter, *keep, *label;

		crm_document_keys(tier, tier_keys, lengthof(tier_keys));
		label = crm_document_require(tier, "label");
		policy->labels[t] = crm_document_text(label);
		policy->texts[t] = cstring_to_text(policy->labels[t]);
		for (int other = 0; other < t; other++)
			if (strcmp(policy->labels[t], policy->labels[other]) == 0)
				document_malformed(label, NULL, "another tier has this label");
		enter = crm_document_get(tier, "enter");
		keep = crm_document_get(tier, "keep");
		if (t == 0)
		{
			if (enter || keep)
				document_malformed(
				    enter ? enter : keep, "Name a tier below it first.",
				    "the lowest tier takes what is below the others and has no threshold");
			continue;
		}
		policy->enter[t] = crm_document_number(crm_document_require(tier, "enter"));
		if (t > 1 && policy->enter[t] <= policy->enter[t - 1])
			document_malformed(enter, "List the tiers from the lowest to the highest.",
			                   "%s is not above that of the tier before", enter->text);
		policy->keep[t] = keep ? crm_document_number(keep) : policy->enter[t];
		if (policy->keep[t] > policy->enter[t])
			document_malformed(keep, NULL, "%s is above enter, which is %s", keep->text,
			                   enter->text);
		if (t > 1 && policy->keep[t] <= policy->keep[t - 1])
			document_malformed(
			    keep ? keep : enter, NULL,
			    "the threshold to keep the tier is not above that of the tier before");
	}
	policy->moves = default_moves;
	if ((moves = crm_document_get(root, "moves")))
	{
		if (period == NULL)
			document_malformed(moves, NULL, "moves need a \"period\"");
		read_moves(moves, policy);
	}
	return policy;
}

static const PolicyKind tier_policy_kind = {"tier_policy", "tier policy", CRM_TIER_POLICY,
                                            compile_tier_policy};

/* The compiled policy of a stored one. */
void *
crm_tier_policy_of(struct varlena *value)
{
	TierPolicy *policy = crm_policy_compile(value, &tier_policy_kind);

	memcpy(policy->digest, ((PolicyValue *) value)->digest, sizeof(policy->digest));
	return policy;
}

/* The rank of a value, lowest 1, by the thresholds to enter or to keep a tier. */
int
crm_tier_rank_of(const TierPolicy *policy, const double *thresholds, double value)
{
	int low = 1, high = policy->ntiers;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (thresholds[middle] <= value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The policy of argument 0 and the rank of argument 1; false where the result is NULL. */
static bool
policy_and_rank(FunctionCallInfo fcinfo, const TierPolicy **policy, int *rank)
{
	double value;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return false;
	*policy = crm_call_site(fcinfo, 0, crm_tier_policy_of)->policy;
	value = PG_GETARG_FLOAT8(1);
	if (isnan(value))
		return false;
	*rank = crm_tier_rank_of(*policy, (*policy)->enter, value);
	return true;
}

/* ---- SQL ---- */

/* tier_policy_in(cstring) -> tier_policy.  Errors: 22P02, 22003, 54000, with the path of the element. */
PG_FUNCTION_INFO_V1(crm_tier_policy_in);
Datum
crm_tier_policy_in(PG_FUNCTION_ARGS)
{
	return crm_policy_in(fcinfo, &tier_policy_kind);
}

/* tier_policy_recv(internal) -> tier_policy: what tier_policy_send wrote, checked as text is. */
PG_FUNCTION_INFO_V1(crm_tier_policy_recv);
Datum
crm_tier_policy_recv(PG_FUNCTION_ARGS)
{
	return crm_policy_recv(fcinfo, &tier_policy_kind);
}

/* policy_attributes(tier_policy) -> table of what it reads: one value, its measure. */
PG_FUNCTION_INFO_V1(crm_tier_policy_attributes);
Datum
crm_tier_policy_attributes(PG_FUNCTION_ARGS)
{
	PolicyValue *value = (PolicyValue *) PG_GETARG_VARLENA_P(0);
	DocumentReader reader = {.type_name = tier_policy_kind.title, .context = CurrentMemoryContext};
	DocumentNode *root = crm_document_parse(&reader, value->document,
	                                        VARSIZE(value) - offsetof(PolicyValue, document));
	const char *used_in[] = {"tiers"};
	Attribute measure = {.name = document_text_or(root, "measure", "value"),
	                     .kind = KIND_NUMBER,
	                     .uses = used_in,
	                     .nuses = 1};
	AttributeList attributes = {.items = &measure, .n = 1};

	return crm_policy_list_attributes(fcinfo, &attributes);
}

/*
 * tier(tier_policy, value float8) -> text
 *
 * The label of the highest tier whose threshold to enter is not above the value.  NULL and NaN give NULL.  The text is the compiled
 * policy's own, which lives until the policy of the call site changes; the caller only reads it.
 */
PG_FUNCTION_INFO_V1(crm_tier);
Datum
crm_tier(PG_FUNCTION_ARGS)
{
	const TierPolicy *policy;
	int rank;

	if (!policy_and_rank(fcinfo, &policy, &rank))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(policy->texts[rank - 1]);
}

/* tier_rank(tier_policy, value float8) -> int: the rank of that tier, lowest 1. */
PG_FUNCTION_INFO_V1(crm_tier_rank);
Datum
crm_tier_rank(PG_FUNCTION_ARGS)
{
	const TierPolicy *policy;
	int rank;

	if (!policy_and_rank(fcinfo, &policy, &rank))
		PG_RETURN_NULL();
	PG_RETURN_INT32(rank);
}

/*
 * tier(tier_policy, value float8, as_enum anyenum) -> anyenum
 *
 * The same tier as a value of the enum of the third argument, whose own value does not matter: tier(p, v, NULL::my_tier).
 * Error: 22023 where the enum has no such label.
 */
PG_FUNCTION_INFO_V1(crm_tier_enum);
Datum
crm_tier_enum(PG_FUNCTION_ARGS)
{
	Oid enum_type = get_fn_expr_argtype(fcinfo->flinfo, 2);
	const TierPolicy *policy;
	HeapTuple tuple;
	Oid input, parameter;
	int rank;

	if (!policy_and_rank(fcinfo, &policy, &rank))
		PG_RETURN_NULL();
	tuple = strlen(policy->labels[rank - 1]) < NAMEDATALEN
	            ? SearchSysCache2(ENUMTYPOIDNAME, ObjectIdGetDatum(enum_type),
	                              CStringGetDatum(policy->labels[rank - 1]))
	            : NULL;
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("enum %s has no value \"%s\", which is a tier of the policy",
		                       format_type_be(enum_type), policy->labels[rank - 1])));
	ReleaseSysCache(tuple);

	/* the enum's own input function refuses a value that another transaction may not see yet */
	getTypeInputInfo(enum_type, &input, &parameter);
	PG_RETURN_DATUM(OidInputFunctionCall(input, pstrdup(policy->labels[rank - 1]), parameter, -1));
}

/* tier_labels(tier_policy) -> text[]: the labels, lowest first. */
PG_FUNCTION_INFO_V1(crm_tier_labels);
Datum
crm_tier_labels(PG_FUNCTION_ARGS)
{
	const TierPolicy *policy = crm_call_site(fcinfo, 0, crm_tier_policy_of)->policy;
	Datum *labels = palloc(sizeof(Datum) * policy->ntiers);

	for (int t = 0; t < policy->ntiers; t++)
		labels[t] = PointerGetDatum(policy->texts[t]);
	PG_RETURN_ARRAYTYPE_P(
	    construct_array(labels, policy->ntiers, TEXTOID, -1, false, TYPALIGN_INT));
}

crm_noreturn static void refuse_arrays(const char *what);

static void
refuse_arrays(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", what),
	                errhint("Write tier_policy('{mass,affluent,private}', '{500000,6000000}').")));
}

/*
 * tier_policy(labels text[], enter float8[]) -> tier_policy
 *
 * Tiers from the lowest to the highest, with the thresholds to enter all but the lowest.  A NULL may lead the thresholds, for the
 * lowest tier.  Errors: 22023 for NULLs, infinite thresholds or lengths that do not fit; 22P02 as for the document.
 */
PG_FUNCTION_INFO_V1(crm_tier_policy_make);
Datum
crm_tier_policy_make(PG_FUNCTION_ARGS)
{
	Datum *labels, *enters;
	bool *label_nulls, *enter_nulls;
	int nlabels, nenters, skip;
	StringInfoData out;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &labels,
	                  &label_nulls, &nlabels);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
	                  TYPALIGN_DOUBLE, &enters, &enter_nulls, &nenters);
	skip = nenters > 0 && enter_nulls[0] ? 1 : 0;
	if (nlabels == 0)
		refuse_arrays("there must be at least one tier");
	if (nenters - skip != nlabels - 1)
		refuse_arrays(
		    psprintf("%d tiers need %d thresholds, not %d", nlabels, nlabels - 1, nenters - skip));
	initStringInfo(&out);
	appendStringInfoString(&out, "{\"tiers\":[");
	for (int t = 0; t < nlabels; t++)
	{
		if (label_nulls[t] || (t > 0 && enter_nulls[t - 1 + skip]))
			refuse_arrays("a tier has a label and a threshold that are not NULL");
		appendStringInfoString(&out, t > 0 ? ",{\"label\":" : "{\"label\":");
		escape_json(&out, TextDatumGetCString(labels[t]));
		if (t > 0)
		{
			double enter = DatumGetFloat8(enters[t - 1 + skip]);

			if (!isfinite(enter))
				refuse_arrays("a threshold must be a finite number");
			appendStringInfo(&out, ",\"enter\":%s",
			                 crm_value_text(COLUMN_FLOAT8, Float8GetDatum(enter)));
		}
		appendStringInfoChar(&out, '}');
	}
	appendStringInfoString(&out, "]}");
	PG_RETURN_POINTER(crm_policy_make(&tier_policy_kind, out.data, out.len, NULL));
}

/* decision_inputs(tier_policy, value float8) -> jsonb: {"value": ...}; NaN is null.  Error: 22003 for an infinite value, which JSON cannot hold. */
PG_FUNCTION_INFO_V1(crm_tier_inputs);
Datum
crm_tier_inputs(PG_FUNCTION_ARGS)
{
	Attribute value = {.name = "value"};
	AttributeList attributes = {.items = &value, .n = 1};
	Row *row = crm_row_make(&attributes);
	StringInfoData out;

	row->types[0] = COLUMN_FLOAT8;
	row->values[0] = PG_GETARG_DATUM(1);
	row->nulls[0] = false;
	initStringInfo(&out);
	crm_row_write_json(&out, row, &attributes, 0);
	return crm_json_datum(out.data);
}
