/*
 * tier_standing.c
 *		Standings: the type, its steps as a function and as an aggregate, and what can be read from one.
 *
 * A standing is written as a JSON object, {"policy":"1f3a...","period":"2026-06-01","rank":4,"since":"2026-02-01",
 * "run_below":2,"on_watch":false,"bases":[4,4,3,3]}, with "override":{"rank":5,"since":...,"until":...} where a tier was given by hand.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/float.h"

#include "policy/tier_standing.h"
#include "value/day.h"

#define PG_GETARG_STANDING(n) ((TierStanding *) PG_GETARG_POINTER(n))

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
static const TierPolicy *
policy_argument(FunctionCallInfo fcinfo, int argument)
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
static void
check_policy(const TierPolicy *policy, const TierStanding *standing)
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

static DateADT
period_of_day(const TierPolicy *policy, DateADT day)
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
#define BASE_OF_VALUE (-1)

static bool
step_standing(const TierPolicy *policy, TierStanding *standing, bool is_first, int base,
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
	const TierPolicy *policy = policy_argument(fcinfo, 0);
	TierStanding *standing = palloc(sizeof(TierStanding));

	if (PG_ARGISNULL(3))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("the day of the step must not be NULL")));
	if (!PG_ARGISNULL(1))
	{
		check_policy(policy, PG_GETARG_STANDING(1));
		*standing = *PG_GETARG_STANDING(1);
	}
	if (!step_standing(policy, standing, PG_ARGISNULL(1), base, value,
	                   period_of_day(policy, PG_GETARG_DATEADT(3))))
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
		const TierPolicy *policy = policy_argument(fcinfo, 0);

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
	policy = policy_argument(fcinfo, 1);
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
			check_policy(policy, standing);
	}
	else
		check_digest(policy, standing);
	if (!step_standing(policy, standing, is_first, PG_ARGISNULL(2) ? BASE_MISSING : BASE_OF_VALUE,
	                   PG_ARGISNULL(2) ? 0 : PG_GETARG_FLOAT8(2),
	                   period_of_day(policy, PG_GETARG_DATEADT(3))))
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
	const TierPolicy *policy = policy_argument(fcinfo, 0);
	TierStanding *standing = palloc(sizeof(TierStanding));
	DateADT since = period_of_day(policy, PG_GETARG_DATEADT(2));
	DateADT period = period_of_day(policy, PG_GETARG_DATEADT(3));

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
	policy = policy_argument(fcinfo, 0);
	check_policy(policy, PG_GETARG_STANDING(1));
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
	const TierPolicy *policy = policy_argument(fcinfo, 0);

	check_policy(policy, PG_GETARG_STANDING(1));
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

/* ---- looking ahead ---- */

/* The base rank of every period to come, if all have this value. */
static int
base_ahead(const TierPolicy *policy, const TierStanding *standing, double value)
{
	if (!isnan(value))
		return crm_tier_base(policy, standing, value);
	switch (policy->moves.missing)
	{
		case MISSING_CARRY:
			return standing->bases[standing->nbases - 1];
		case MISSING_COUNT_BELOW:
			return 1;
		case MISSING_FREEZE:
			break;
	}
	return standing->rank;
}

/*
 * tier_outlook(policy tier_policy, standing tier_standing, value float8) -> (periods_to_downgrade int, landing text,
 * amount_to_keep float8, amount_to_rise float8, next_review date)
 *
 * What comes if every following period has this value: after how many the tier is lost, NULL if it is not, and which tier then; how much the
 * value must grow to keep the tier (0 where it does) and to enter the next, NULL at the top; the first day of the next period in which
 * the tier may be lost, were it below for long enough, NULL in the lowest.  A NULL value is missing: the amounts are NULL.  A tier given by hand
 * does not matter.  Errors: 22023 for a standing of another policy.
 */
PG_FUNCTION_INFO_V1(crm_tier_outlook);
Datum
crm_tier_outlook(PG_FUNCTION_ARGS)
{
	enum
	{
		PERIODS,
		LANDING,
		TO_KEEP,
		TO_RISE,
		REVIEW,
		NCOLUMNS
	};
	Datum values[NCOLUMNS];
	bool nulls[NCOLUMNS] = {true, true, true, true, true};
	const TierPolicy *policy;
	const TierStanding *standing;
	TierStanding ahead;
	TupleDesc descriptor;
	DateADT period;
	bool is_below;
	double value = PG_ARGISNULL(2) ? get_float8_nan() : PG_GETARG_FLOAT8(2);

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	policy = policy_argument(fcinfo, 0);
	standing = PG_GETARG_STANDING(1);
	check_policy(policy, standing);

	/* the lowest tier is never reviewed; all others are once in a while, and lost at last if the value is below them */
	ahead = *standing;
	period = standing->period;
	is_below = standing->rank > 1 && base_ahead(policy, standing, value) < standing->rank;
	for (int n = 1; standing->rank > 1 && (nulls[REVIEW] || (is_below && nulls[PERIODS])); n++)
	{
		CHECK_FOR_INTERRUPTS();
		period = crm_tier_next_period(policy, period);
		if (nulls[REVIEW] && crm_tier_is_review(policy, standing, period))
		{
			values[REVIEW] = DateADTGetDatum(period);
			nulls[REVIEW] = false;
		}
		if (!is_below || !nulls[PERIODS])
			continue;
		crm_tier_step(policy, &ahead, crm_tier_base(policy, &ahead, value), period);
		if (ahead.rank < standing->rank)
		{
			values[PERIODS] = Int32GetDatum(n);
			values[LANDING] = PointerGetDatum(policy->texts[ahead.rank - 1]);
			nulls[PERIODS] = nulls[LANDING] = false;
		}
	}
	if (!isnan(value))
	{
		double keep = standing->rank > 1 ? policy->keep[standing->rank - 1] : value;

		values[TO_KEEP] = Float8GetDatum(value >= keep ? 0 : keep - value);
		nulls[TO_KEEP] = false;
		nulls[TO_RISE] = standing->rank == policy->ntiers;
		if (!nulls[TO_RISE])
			values[TO_RISE] = Float8GetDatum(Max(0, policy->enter[standing->rank] - value));
	}
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "tier_outlook must return a row");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

/* What happened to a standing in a period. */
static char *
describe_step(const TierPolicy *policy, const TierStanding *before, const TierStanding *after,
              bool is_missing)
{
	const Moves *moves = &policy->moves;
	StringInfoData out;
	const char *period_name = policy->months == 1 ? "month" : "quarter";

	initStringInfo(&out);
	if (is_missing)
		appendStringInfo(&out, "no value, %s",
		                 moves->missing == MISSING_CARRY         ? "taken as the one before; "
		                 : moves->missing == MISSING_COUNT_BELOW ? "counts as the lowest tier; "
		                                                         : "does not count");
	if (is_missing && moves->missing == MISSING_FREEZE)
		return out.data;
	if (before == NULL)
		appendStringInfoString(&out, "first period");
	else if (after->rank > before->rank)
		appendStringInfo(&out, "up from %s, above it for %d %s%s", policy->labels[before->rank - 1],
		                 moves->up_after, period_name, moves->up_after == 1 ? "" : "s");
	else if (after->rank < before->rank)
		appendStringInfo(&out, "down from %s, below it for %d %s%s, to %s",
		                 policy->labels[before->rank - 1], before->run_below + 1, period_name,
		                 before->run_below == 0 ? "" : "s",
		                 moves->land == LAND_ONE_DOWN  ? "the tier below"
		                 : moves->land == LAND_CURRENT ? "the tier of this one"
		                                               : "the best of the window");
	else if (after->run_below > 0)
	{
		appendStringInfo(&out, "below %s for %d ", policy->labels[after->rank - 1],
		                 after->run_below);
		if (after->run_below < moves->down_after)
			appendStringInfo(&out, "of %d ", moves->down_after);
		appendStringInfo(&out, "%ss", period_name);
		if (after->on_watch)
			appendStringInfoString(&out, ", on watch");
		if (after->run_below >= moves->down_after)
			appendStringInfoString(&out, crm_tier_is_review(policy, before, after->period)
			                                 ? ", kept as the best of the window"
			                                 : ", no review in it");
	}
	else if (after->bases[after->nbases - 1] > after->rank)
		appendStringInfo(&out, "above %s, not yet for %d %ss", policy->labels[after->rank - 1],
		                 moves->up_after, period_name);
	else
		appendStringInfoString(&out, before->run_below > 0 ? "kept again" : "kept");
	if (after->override_rank)
		appendStringInfo(&out, "; %s by hand", policy->labels[after->override_rank - 1]);
	return out.data;
}

/* The arrays of a history, which must be of one length and without NULL days. */
static int
history_arguments(FunctionCallInfo fcinfo, Datum **values, bool **value_nulls, Datum **days)
{
	bool *day_nulls;
	int nvalues, ndays;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
	                  TYPALIGN_DOUBLE, values, value_nulls, &nvalues);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), DATEOID, sizeof(DateADT), true, TYPALIGN_INT, days,
	                  &day_nulls, &ndays);
	if (nvalues != ndays)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("the number of values, %d, is not that of the days, %d", nvalues, ndays)));
	for (int i = 0; i < ndays; i++)
		if (day_nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			                errmsg("the day of a period must not be NULL")));
	return nvalues;
}

static void
put_step(ReturnSetInfo *result, const TierPolicy *policy, const TierStanding *before,
         const TierStanding *after, bool is_missing, double value)
{
	Datum values[8];
	bool nulls[8] = {false};

	values[0] = DateADTGetDatum(after->period);
	nulls[1] = is_missing;
	values[1] = Float8GetDatum(value);
	nulls[2] = is_missing && policy->moves.missing == MISSING_FREEZE;
	values[2] = PointerGetDatum(policy->texts[after->bases[after->nbases - 1] - 1]);
	values[3] = PointerGetDatum(policy->texts[tier_effective_rank(after) - 1]);
	values[4] = DateADTGetDatum(after->override_rank ? after->override_since : after->since);
	values[5] = Int32GetDatum(after->run_below);
	values[6] = BoolGetDatum(after->on_watch != 0);
	values[7] = CStringGetTextDatum(describe_step(policy, before, after, is_missing));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * tier_explain(policy tier_policy, "values" float8[], on_days date[], start tier_standing) -> table (period, value, base, tier, since,
 * run_below, on_watch, reason)
 *
 * Period by period, those without a value too, how the standing came about: tier_track() over the same history ends in the last row.  NULL
 * policy or arrays give no row.  Errors: as tier_step(); 22023 for arrays of different length.
 */
PG_FUNCTION_INFO_V1(crm_tier_explain);
Datum
crm_tier_explain(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const TierPolicy *policy;
	TierStanding standing, before;
	bool is_first = PG_ARGISNULL(3);
	Datum *values, *days;
	bool *nulls;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return (Datum) 0;
	policy = policy_argument(fcinfo, 0);
	n = history_arguments(fcinfo, &values, &nulls, &days);
	if (!is_first)
	{
		check_policy(policy, PG_GETARG_STANDING(3));
		standing = *PG_GETARG_STANDING(3);
	}
	for (int i = 0; i < n; i++)
	{
		double value = nulls[i] ? get_float8_nan() : DatumGetFloat8(values[i]);
		DateADT period;

		period = period_of_day(policy, DatumGetDateADT(days[i]));
		while (!is_first && crm_tier_next_period(policy, standing.period) < period)
		{
			CHECK_FOR_INTERRUPTS();
			before = standing;
			crm_tier_step(policy, &standing, BASE_MISSING,
			              crm_tier_next_period(policy, standing.period));
			put_step(result, policy, &before, &standing, true, 0);
		}
		before = standing;
		if (!step_standing(policy, &standing, is_first, BASE_OF_VALUE, value, period))
			continue;
		put_step(result, policy, is_first ? NULL : &before, &standing, isnan(value), value);
		is_first = false;
	}
	return (Datum) 0;
}
