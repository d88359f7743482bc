/*
 * tier_standing.c
 *		Standings: the type, and its steps as a function and as an aggregate.
 *
 * A standing is written as a JSON object, {"policy":"1f3a...","period":"2026-06-01","rank":4,"since":"2026-02-01",
 * "run_below":2,"on_watch":false,"bases":[4,4,3,3]}, with "override":{"rank":5,"since":...,"until":...} where a tier was given by hand.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "policy/tier_standing.h"
#include "value/day.h"

/* ---- what makes a standing one ---- */

/* Years of four digits: what day.c reads and writes, and no gap is longer than a moment. */
#define FIRST_DAY (-730119) /* 0001-01-01 */
#define LAST_DAY 2921939    /* 9999-12-31 */

static bool
is_usual_day(DateADT day)
{
	return day >= FIRST_DAY && day <= LAST_DAY;
}

static bool
starts_month(DateADT day)
{
	int year, month, in_month;

	if (!is_usual_day(day))
		return false;
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &in_month);
	return in_month == 1;
}

/* What is wrong with a standing that came from outside, or NULL. */
static const char *
fault_of(const TierStanding *standing)
{
	if (standing->rank == 0)
		return "the rank must be 1 or more";
	if (!starts_month(standing->period) || !starts_month(standing->since))
		return "period and since must be the first day of a month";
	if (standing->since > standing->period)
		return "since must not be after the period";
	if (standing->nbases == 0 || standing->nbases > MAX_WINDOW)
		return "there must be 1 to 24 base ranks";
	for (int i = 0; i < standing->nbases; i++)
		if (standing->bases[i] == 0)
			return "a base rank must be 1 or more";
	for (int i = standing->nbases; i < MAX_WINDOW; i++)
		if (standing->bases[i] != 0)
			return "there are base ranks beyond their number";
	if (standing->on_watch > 1)
		return "on_watch must be true or false";
	if (standing->override_rank == 0)
		return standing->override_since == 0 && standing->override_until == 0
		           ? NULL
		           : "an override without a rank";
	if (!starts_month(standing->override_since) || standing->override_since > standing->period)
		return "the override must be since the first day of a month that is not after the period";
	if (!DATE_IS_NOEND(standing->override_until) && !is_usual_day(standing->override_until))
		return "the override must last until infinity or a day in the years 1 to 9999";
	if (standing->override_until < standing->period)
		return "the override has ended before the period";
	return NULL;
}

/* ---- text ---- */

static DateADT
read_day(const DocumentNode *node)
{
	const char *text = crm_document_text(node);
	DateADT day;

	if (strcmp(text, "infinity") == 0)
		DATE_NOEND(day);
	else if (!crm_day_parse(text, strlen(text), &day))
		document_malformed(node, "Write days as YYYY-MM-DD.", "\"%s\" is not a day", text);
	return day;
}

static void
read_digest(const DocumentNode *node, uint8 digest[8])
{
	const char *text = crm_document_text(node);

	if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		document_malformed(node, NULL, "must be 16 hexadecimal digits");
	hex_decode(text, 16, (char *) digest);
}

static void
take_standing(DocumentNode *root, void *result)
{
	static const char *const keys[] = {"policy",    "period",   "rank",  "since",
	                                   "run_below", "on_watch", "bases", "override"};
	static const char *const override_keys[] = {"rank", "since", "until"};
	TierStanding *standing = result;
	DocumentNode *bases, *override;
	const char *fault;

	memset(standing, 0, sizeof(TierStanding));
	standing->version = STANDING_VERSION;
	crm_document_keys(root, keys, lengthof(keys));
	read_digest(crm_document_require(root, "policy"), standing->policy);
	standing->period = read_day(crm_document_require(root, "period"));
	standing->rank = crm_document_integer(crm_document_require(root, "rank"), 1, MAX_RANK);
	standing->since = read_day(crm_document_require(root, "since"));
	standing->run_below =
	    crm_document_integer(crm_document_require(root, "run_below"), 0, PG_UINT16_MAX);
	standing->on_watch = crm_document_boolean(crm_document_require(root, "on_watch"));
	bases = crm_document_require(root, "bases");
	crm_document_expect(bases, DOCUMENT_ARRAY);
	if (bases->nitems == 0 || bases->nitems > MAX_WINDOW)
		document_malformed(bases, NULL, "there must be 1 to %d base ranks", MAX_WINDOW);
	for (int i = 0; i < bases->nitems; i++)
		standing->bases[standing->nbases++] = crm_document_integer(bases->items[i], 1, MAX_RANK);
	if ((override = crm_document_get(root, "override")))
	{
		crm_document_keys(override, override_keys, lengthof(override_keys));
		standing->override_rank =
		    crm_document_integer(crm_document_require(override, "rank"), 1, MAX_RANK);
		standing->override_since = read_day(crm_document_require(override, "since"));
		standing->override_until = read_day(crm_document_require(override, "until"));
	}
	fault = fault_of(standing);
	if (fault)
		document_malformed(root, NULL, "%s", fault);
}

/* tier_standing_in(cstring) -> tier_standing.  Errors: 22P02, 54000, with the path of the element. */
PG_FUNCTION_INFO_V1(crm_tier_standing_in);
Datum
crm_tier_standing_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	TierStanding *standing = palloc(sizeof(TierStanding));

	if (!crm_document_read("tier standing", text, strlen(text), fcinfo->context, take_standing,
	                       standing))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(standing);
}

/* tier_standing_out(tier_standing) -> cstring */
PG_FUNCTION_INFO_V1(crm_tier_standing_out);
Datum
crm_tier_standing_out(PG_FUNCTION_ARGS)
{
	const TierStanding *standing = PG_GETARG_STANDING(0);
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"policy\":\"");
	for (int i = 0; i < lengthof(standing->policy); i++)
		appendStringInfo(&out, "%02x", standing->policy[i]);
	appendStringInfo(&out,
	                 "\",\"period\":\"%s\",\"rank\":%d,\"since\":\"%s\",\"run_below\":%d,"
	                 "\"on_watch\":%s,\"bases\":[",
	                 crm_day_text(standing->period), standing->rank, crm_day_text(standing->since),
	                 standing->run_below, standing->on_watch ? "true" : "false");
	for (int i = 0; i < standing->nbases; i++)
		appendStringInfo(&out, "%s%d", i > 0 ? "," : "", standing->bases[i]);
	appendStringInfoChar(&out, ']');
	if (standing->override_rank)
		appendStringInfo(&out, ",\"override\":{\"rank\":%d,\"since\":\"%s\",\"until\":\"%s\"}",
		                 standing->override_rank, crm_day_text(standing->override_since),
		                 crm_day_text(standing->override_until));
	appendStringInfoChar(&out, '}');
	PG_RETURN_CSTRING(out.data);
}

/* ---- binary ---- */

/* tier_standing_send(tier_standing) -> bytea: the version byte, then the fields in the order of the text. */
PG_FUNCTION_INFO_V1(crm_tier_standing_send);
Datum
crm_tier_standing_send(PG_FUNCTION_ARGS)
{
	const TierStanding *standing = PG_GETARG_STANDING(0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, standing->version);
	pq_sendbytes(&out, (const char *) standing->policy, sizeof(standing->policy));
	pq_sendint32(&out, standing->period);
	pq_sendbyte(&out, standing->rank);
	pq_sendint32(&out, standing->since);
	pq_sendint16(&out, standing->run_below);
	pq_sendbyte(&out, standing->on_watch);
	pq_sendbyte(&out, standing->nbases);
	pq_sendbytes(&out, (const char *) standing->bases, standing->nbases);
	pq_sendbyte(&out, standing->override_rank);
	pq_sendint32(&out, standing->override_since);
	pq_sendint32(&out, standing->override_until);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/* tier_standing_recv(internal) -> tier_standing: what tier_standing_send wrote, checked as text is.  Error: 22P03. */
PG_FUNCTION_INFO_V1(crm_tier_standing_recv);
Datum
crm_tier_standing_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	TierStanding *standing = palloc0(sizeof(TierStanding));
	const char *fault;

	crm_recv_version(message, "tier standing");
	standing->version = STANDING_VERSION;
	pq_copymsgbytes(message, (char *) standing->policy, sizeof(standing->policy));
	standing->period = pq_getmsgint(message, 4);
	standing->rank = pq_getmsgbyte(message);
	standing->since = pq_getmsgint(message, 4);
	standing->run_below = pq_getmsgint(message, 2);
	standing->on_watch = pq_getmsgbyte(message);
	standing->nbases = pq_getmsgbyte(message);
	if (standing->nbases <= MAX_WINDOW)
		pq_copymsgbytes(message, (char *) standing->bases, standing->nbases);
	standing->override_rank = pq_getmsgbyte(message);
	standing->override_since = pq_getmsgint(message, 4);
	standing->override_until = pq_getmsgint(message, 4);
	fault = fault_of(standing);
	if (fault)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		                errmsg("invalid binary tier standing: %s", fault)));
	PG_RETURN_POINTER(standing);
}

/* ---- equality and hash ---- */

PG_FUNCTION_INFO_V1(crm_tier_standing_eq);
Datum
crm_tier_standing_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(memcmp(PG_GETARG_STANDING(0), PG_GETARG_STANDING(1), sizeof(TierStanding)) == 0);
}

PG_FUNCTION_INFO_V1(crm_tier_standing_ne);
Datum
crm_tier_standing_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(memcmp(PG_GETARG_STANDING(0), PG_GETARG_STANDING(1), sizeof(TierStanding)) != 0);
}

PG_FUNCTION_INFO_V1(crm_tier_standing_hash);
Datum
crm_tier_standing_hash(PG_FUNCTION_ARGS)
{
	return hash_any((unsigned char *) PG_GETARG_POINTER(0), sizeof(TierStanding));
}

PG_FUNCTION_INFO_V1(crm_tier_standing_hash_extended);
Datum
crm_tier_standing_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_any_extended((unsigned char *) PG_GETARG_POINTER(0), sizeof(TierStanding),
	                         PG_GETARG_INT64(1));
}

/* ---- stepping ---- */

/* The policy of an argument, which must have periods. */
const TierPolicy *
crm_tier_policy_argument(FunctionCallInfo fcinfo, int argument)
{
	const TierPolicy *policy = crm_call_site(fcinfo, argument, crm_tier_policy_of)->policy;

	if (policy->months == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the tier policy has no \"period\", so nobody stands in one"),
		                errhint("Add \"period\": \"month\" or \"quarter\", and \"moves\".")));
	if (policy->ntiers > MAX_RANK)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("standings are kept for at most %d tiers, the policy has %d",
		                       MAX_RANK, policy->ntiers)));
	return policy;
}

static void
check_digest(const TierPolicy *policy, const TierStanding *standing)
{
	if (memcmp(policy->digest, standing->policy, sizeof(policy->digest)) != 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("the standing is one of another tier policy"),
		         errdetail("The policy's digest is %02x%02x%02x%02x..., the standing has "
		                   "%02x%02x%02x%02x....",
		                   policy->digest[0], policy->digest[1], policy->digest[2],
		                   policy->digest[3], standing->policy[0], standing->policy[1],
		                   standing->policy[2], standing->policy[3]),
		         errhint("Carry it over with tier_standing(policy, label, since, period).")));
}

/* Refuse a standing that no steps under the policy lead to; it may have been written by hand. */
void
crm_tier_check_standing(const TierPolicy *policy, const TierStanding *standing)
{
	int highest = Max(standing->rank, standing->override_rank);

	check_digest(policy, standing);
	for (int i = 0; i < standing->nbases; i++)
		highest = Max(highest, standing->bases[i]);
	if (highest > policy->ntiers)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the standing has rank %d, the policy has ranks 1 to %d", highest,
		                       policy->ntiers)));
	if (crm_tier_period(policy, standing->period) != standing->period ||
	    crm_tier_period(policy, standing->since) != standing->since)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("period and since of the standing must be the first days of "
		                       "periods of the policy"),
		                errdetail("They are %s and %s.", crm_day_text(standing->period),
		                          crm_day_text(standing->since))));
}

DateADT
crm_tier_period_of_day(const TierPolicy *policy, DateADT day)
{
	if (!is_usual_day(day))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("the day of a period must be in the years 1 to 9999, not %s",
		                       crm_day_text(day))));
	return crm_tier_period(policy, day);
}

/*
 * One step of a standing, of which "base" says the base rank, or the value does where it is BASE_OF_VALUE.  False where there
 * is no standing yet and nothing to start one from.
 */
bool
crm_tier_step_to(const TierPolicy *policy, TierStanding *standing, bool is_first, int base,
                 double value, DateADT period)
{
	if (is_first)
	{
		if (base == BASE_OF_VALUE)
			base = crm_tier_base(policy, NULL, value);
		if (base == BASE_MISSING)
			return false;
		crm_tier_start(policy, standing, base, period);
		return true;
	}
	if (period <= standing->period)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("the period of %s does not come after that of the standing, %s",
		                crm_day_text(period), crm_day_text(standing->period)),
		         errhint("Step once for each period, in order: tier_track(policy, value, on_day "
		                 "ORDER BY on_day).")));
	crm_tier_skip(policy, standing, period);
	if (base == BASE_OF_VALUE)
		base = crm_tier_base(policy, standing, value);
	crm_tier_step(policy, standing, base, period);
	return true;
}

static Datum
tier_step(FunctionCallInfo fcinfo, int base, double value)
{
	const TierPolicy *policy = crm_tier_policy_argument(fcinfo, 0);
	TierStanding *standing = palloc(sizeof(TierStanding));

	if (PG_ARGISNULL(3))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("the day of the step must not be NULL")));
	if (!PG_ARGISNULL(1))
	{
		crm_tier_check_standing(policy, PG_GETARG_STANDING(1));
		*standing = *PG_GETARG_STANDING(1);
	}
	if (!crm_tier_step_to(policy, standing, PG_ARGISNULL(1), base, value,
	                      crm_tier_period_of_day(policy, PG_GETARG_DATEADT(3))))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(standing);
}

/*
 * tier_step(policy tier_policy, standing tier_standing, value float8, on_day date) -> tier_standing
 *
 * The standing after the period of a day, whose value may be NULL or NaN: the policy says what a missing period is, and so are those that
 * were left out since the last step.  A NULL standing is started by the first value.  NULL for a NULL policy, and while there is no
 * value.  Errors: 22023 for a standing of another policy, a policy without periods, a period that does not come after the standing's;
 * 22004 for a NULL day, 22008 for one that is infinite or not in the years 1 to 9999.
 */
PG_FUNCTION_INFO_V1(crm_tier_step_value);
Datum
crm_tier_step_value(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return tier_step(fcinfo, PG_ARGISNULL(2) ? BASE_MISSING : BASE_OF_VALUE,
	                 PG_ARGISNULL(2) ? 0 : PG_GETARG_FLOAT8(2));
}

/*
 * tier_step(policy tier_policy, standing tier_standing, base_rank int, on_day date) -> tier_standing
 *
 * The same from a base rank, lowest 1, such as the higher of two measures' tiers.  Errors: as above; 22023 for a rank that the policy
 * does not have.
 */
PG_FUNCTION_INFO_V1(crm_tier_step_rank);
Datum
crm_tier_step_rank(PG_FUNCTION_ARGS)
{
	int base = PG_ARGISNULL(2) ? BASE_MISSING : PG_GETARG_INT32(2);

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(2))
	{
		const TierPolicy *policy = crm_tier_policy_argument(fcinfo, 0);

		if (base < 1 || base > policy->ntiers)
			ereport(ERROR,
			        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			         errmsg("the policy has ranks 1 to %d, not %d", policy->ntiers, base),
			         errhint("An integer is a base rank; write a value as %d::float8.", base)));
	}
	return tier_step(fcinfo, base, 0);
}

/*
 * tier_track_step(tier_standing, policy tier_policy, value float8, on_day date [, start tier_standing]) -> tier_standing
 *
 * The transition function of tier_track(): tier_step() on the aggregate's own state.  A row with a NULL policy or day is skipped.  The
 * first row goes on from the starting standing, if there is one.
 */
PG_FUNCTION_INFO_V1(crm_tier_track_step);
Datum
crm_tier_track_step(PG_FUNCTION_ARGS)
{
	TierStanding *standing = PG_ARGISNULL(0) ? NULL : PG_GETARG_STANDING(0);
	bool is_first = standing == NULL;
	const TierPolicy *policy;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(3))
	{
		if (is_first)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(standing);
	}
	policy = crm_tier_policy_argument(fcinfo, 1);
	if (is_first || !AggCheckCallContext(fcinfo, NULL))
	{
		TierStanding *own = palloc(sizeof(TierStanding));

		if (!is_first)
			*own = *standing;
		else if (PG_NARGS() > 4 && !PG_ARGISNULL(4))
		{
			*own = *PG_GETARG_STANDING(4);
			is_first = false;
		}
		standing = own;
		if (!is_first)
			crm_tier_check_standing(policy, standing);
	}
	else
		check_digest(policy, standing);
	if (!crm_tier_step_to(policy, standing, is_first,
	                      PG_ARGISNULL(2) ? BASE_MISSING : BASE_OF_VALUE,
	                      PG_ARGISNULL(2) ? 0 : PG_GETARG_FLOAT8(2),
	                      crm_tier_period_of_day(policy, PG_GETARG_DATEADT(3))))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(standing);
}

/* ---- making and overriding ---- */

static int
rank_of_label(FunctionCallInfo fcinfo, const TierPolicy *policy, int argument)
{
	char *label = text_to_cstring(PG_GETARG_TEXT_PP(argument));
	int rank = 0;

	while (rank < policy->ntiers && strcmp(policy->labels[rank], label) != 0)
		rank++;
	if (rank == policy->ntiers)
	{
		const char *nearest = crm_nearest(label, policy->labels, policy->ntiers);

		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the policy has no tier \"%s\"", label),
		                nearest ? errhint("Perhaps you meant \"%s\".", nearest) : 0));
	}
	return rank + 1;
}

/*
 * tier_standing(policy tier_policy, label text, since date, period date) -> tier_standing
 *
 * The standing of who is known to have had a tier since a day, in a period: to go on from a tier that was kept elsewhere, or under another
 * version of the policy.  What the periods before were is not known; the last is taken for one in the tier.  Errors: 22023 for a label
 * that the policy does not have, or since after the period; 22008 for infinite days.
 */
PG_FUNCTION_INFO_V1(crm_tier_standing_make);
Datum
crm_tier_standing_make(PG_FUNCTION_ARGS)
{
	const TierPolicy *policy = crm_tier_policy_argument(fcinfo, 0);
	TierStanding *standing = palloc(sizeof(TierStanding));
	DateADT since = crm_tier_period_of_day(policy, PG_GETARG_DATEADT(2));
	DateADT period = crm_tier_period_of_day(policy, PG_GETARG_DATEADT(3));

	if (since > period)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the tier cannot be held since %s in the period of %s",
		                       crm_day_text(since), crm_day_text(period))));
	crm_tier_start(policy, standing, rank_of_label(fcinfo, policy, 1), period);
	standing->since = since;
	PG_RETURN_POINTER(standing);
}

/*
 * tier_override(policy tier_policy, standing tier_standing, label text, until date) -> tier_standing
 *
 * The standing with a tier given by hand up to the period of a day, infinity for no end.  The moves go on underneath and count again when it
 * has ended.  A NULL label takes an override back.  NULL for a NULL policy or standing.  Errors: 22023 for a label that the policy does not
 * have, a standing of another policy, a day before the standing's period; 22004 for a NULL day with a label.
 */
PG_FUNCTION_INFO_V1(crm_tier_override);
Datum
crm_tier_override(PG_FUNCTION_ARGS)
{
	const TierPolicy *policy;
	TierStanding *standing = palloc(sizeof(TierStanding));

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	policy = crm_tier_policy_argument(fcinfo, 0);
	crm_tier_check_standing(policy, PG_GETARG_STANDING(1));
	*standing = *PG_GETARG_STANDING(1);
	standing->override_rank = standing->override_since = standing->override_until = 0;
	if (PG_ARGISNULL(2))
		PG_RETURN_POINTER(standing);
	if (PG_ARGISNULL(3))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("the last day of the override must not be NULL"),
		                errhint("Write 'infinity' for an override without an end.")));
	standing->override_rank = rank_of_label(fcinfo, policy, 2);
	standing->override_since = standing->period;
	standing->override_until = PG_GETARG_DATEADT(3);
	if (!DATE_IS_NOEND(standing->override_until) && !DATE_IS_NOBEGIN(standing->override_until) &&
	    !is_usual_day(standing->override_until))
		ereport(ERROR,
		        (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		         errmsg("the last day of the override must be in the years 1 to 9999, not %s",
		                crm_day_text(standing->override_until)),
		         errhint("Write 'infinity' for an override without an end.")));
	if (standing->override_until < standing->period)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("the override ends on %s, before the period of the standing, %s",
		                crm_day_text(standing->override_until), crm_day_text(standing->period))));
	PG_RETURN_POINTER(standing);
}

/* ---- reading ---- */

/* tier_label(policy tier_policy, standing tier_standing) -> text: the tier that counts.  Error: 22023 for another policy's. */
PG_FUNCTION_INFO_V1(crm_tier_label);
Datum
crm_tier_label(PG_FUNCTION_ARGS)
{
	const TierPolicy *policy = crm_tier_policy_argument(fcinfo, 0);

	crm_tier_check_standing(policy, PG_GETARG_STANDING(1));
	PG_RETURN_TEXT_P(policy->texts[tier_effective_rank(PG_GETARG_STANDING(1)) - 1]);
}

/* tier_rank(tier_standing) -> int: the rank of the tier that counts, lowest 1. */
PG_FUNCTION_INFO_V1(crm_tier_standing_rank);
Datum
crm_tier_standing_rank(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(tier_effective_rank(PG_GETARG_STANDING(0)));
}

/* tier_since(tier_standing) -> date: the first day of the period in which the tier that counts was reached. */
PG_FUNCTION_INFO_V1(crm_tier_since);
Datum
crm_tier_since(PG_FUNCTION_ARGS)
{
	const TierStanding *standing = PG_GETARG_STANDING(0);

	PG_RETURN_DATEADT(standing->override_rank ? standing->override_since : standing->since);
}

/* tier_period(tier_standing) -> date: the first day of the period of the last step. */
PG_FUNCTION_INFO_V1(crm_tier_standing_period);
Datum
crm_tier_standing_period(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(PG_GETARG_STANDING(0)->period);
}

/* on_watch(tier_standing) -> bool: whether the tier is about to be lost, by the policy's watch_after. */
PG_FUNCTION_INFO_V1(crm_on_watch);
Datum
crm_on_watch(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_STANDING(0)->on_watch != 0);
}

/* tier_base_rank(tier_standing) -> int: the base rank of the last period that counted. */
PG_FUNCTION_INFO_V1(crm_tier_base_rank);
Datum
crm_tier_base_rank(PG_FUNCTION_ARGS)
{
	const TierStanding *standing = PG_GETARG_STANDING(0);

	PG_RETURN_INT32(standing->bases[standing->nbases - 1]);
}

/* tier_run_below(tier_standing) -> int: the periods in a row below the tier. */
PG_FUNCTION_INFO_V1(crm_tier_run_below);
Datum
crm_tier_run_below(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PG_GETARG_STANDING(0)->run_below);
}

/* tier_override_until(tier_standing) -> date: the last day of a tier given by hand, NULL where there is none. */
PG_FUNCTION_INFO_V1(crm_tier_override_until);
Datum
crm_tier_override_until(PG_FUNCTION_ARGS)
{
	const TierStanding *standing = PG_GETARG_STANDING(0);

	if (standing->override_rank == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(standing->override_until);
}
