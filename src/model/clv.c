/*
 * clv.c
 *		What a client is worth: purchases ahead (BG/NBD or Pareto/NBD) times what one brings (Gamma-Gamma), discounted.
 *
 * CLV = margin E(M) sum over periods k of E(purchases in period k) / (1 + d)^k, after Fader, Hardie and Lee (2005), "RFM and CLV",
 * with the periods of the purchase model's unit of time.  Purchases and amounts are taken to be independent, which the correlation in the
 * diagnostics of the Gamma-Gamma model is there to check.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/date.h"

#include "model/gamma_gamma.h"
#include "model/purchase_model.h"
#include "summary/activity.h"
#include "summary/record.h"
#include "value/money.h"

#define MAX_PERIODS 10000
/* Relative step of the derivatives of the delta method */
#define DIFFERENCE 1e-4

/* What is asked of a client. */
typedef struct Question
{
	CrmHistory history;
	double total; /* of the repeat purchases */
	double horizon;
	double discount_rate;
	double margin;
} Question;

typedef struct Worth
{
	double p_alive;
	double purchases;
	double discounted; /* purchases, each counting less the later it comes */
	double amount;     /* of one; NaN where it does not exist */
	double clv;
} Worth;

#define PERIODS_AT_ONCE 128

/*
 * Purchases of a client who is alive, all of them and with those of period k divided by (1 + rate)^k; the last period may be a broken
 * one.
 */
static void
discount_purchases(const CrmModel *model, const Question *question, double *all, double *discounted)
{
	const CrmPurchaseKind *kind = crm_purchase_kind(model);
	double per_period = 1 / (1 + question->discount_rate), factor = 1;
	double times[PERIODS_AT_ONCE], made[PERIODS_AT_ONCE];

	*all = *discounted = 0;
	for (double start = 0; start < question->horizon; start = times[PERIODS_AT_ONCE - 1])
	{
		int n = 0;

		CHECK_FOR_INTERRUPTS();
		while (n < PERIODS_AT_ONCE && (n == 0 ? start : times[n - 1]) < question->horizon)
		{
			times[n] = Min(start + n + 1, question->horizon);
			n++;
		}
		kind->purchases_if_alive(model->parameters, &question->history, n, times, made);
		for (int i = 0; i < n; i++)
		{
			double length = times[i] - (i == 0 ? start : times[i - 1]);

			factor *= length == 1 ? per_period : pow(per_period, length);
			*discounted += (made[i] - *all) * factor;
			*all = made[i];
		}
		if (n < PERIODS_AT_ONCE)
			break;
	}
}

/* What decides over the purchases of clients who are alive, but for their history. */
typedef struct Outlook
{
	double parameters[CRM_MODEL_PARAMETERS];
	double horizon;
	double discount_rate;
	uint64 kind; /* a whole word, so that no byte is undefined */
} Outlook;

/* What discount_purchases has said of a history, of which t_x does not matter. */
typedef struct Remembered
{
	uint64 outlook; /* number of the outlook that it belongs to; 0 in a free place */
	double x;
	double T;
	double all;
	double discounted;
} Remembered;

#define REMEMBERED 4096

/*
 * The clients of a book have few distinct x and T, while the sum over the periods is what a CLV costs: a call site keeps what it
 * has found.  Where two histories have one place, the later one takes it.
 */
typedef struct Memory
{
	Outlook outlook;
	uint64 noutlooks;
	Remembered places[REMEMBERED];
} Memory;

static void
recall_purchases(Memory *memory, const CrmModel *model, const Question *question, double *all,
                 double *discounted)
{
	Outlook outlook = {.horizon = question->horizon,
	                   .discount_rate = question->discount_rate,
	                   .kind = model->header.kind};
	double key[2] = {question->history.x, question->history.T};
	Remembered *place, found;

	memcpy(outlook.parameters, model->parameters, sizeof(outlook.parameters));
	if (memory->noutlooks == 0 || memcmp(&outlook, &memory->outlook, sizeof(Outlook)) != 0)
	{
		memory->outlook = outlook;
		memory->noutlooks++;
	}
	place = &memory->places[hash_bytes((const unsigned char *) key, sizeof(key)) % REMEMBERED];
	if (place->outlook != memory->noutlooks || place->x != key[0] || place->T != key[1])
	{
		/* kept when it is whole: a cancelled sum must not be found under the history that had the place */
		discount_purchases(model, question, &found.all, &found.discounted);
		found.outlook = memory->noutlooks;
		found.x = key[0];
		found.T = key[1];
		*place = found;
	}
	*all = place->all;
	*discounted = place->discounted;
}

/* 22003 for a value beyond the numbers, which takes a discount rate far below 0. */
static Worth
worth_of(FunctionCallInfo fcinfo, const CrmModel *purchases, const CrmModel *amounts,
         const Question *question)
{
	FmgrInfo *site = fcinfo->flinfo;
	Worth worth;

	if (site->fn_extra == NULL)
		site->fn_extra = MemoryContextAllocZero(site->fn_mcxt, sizeof(Memory));
	worth.p_alive = crm_purchase_p_alive(purchases, &question->history);
	recall_purchases(site->fn_extra, purchases, question, &worth.purchases, &worth.discounted);
	worth.purchases *= worth.p_alive;
	worth.discounted *= worth.p_alive;
	worth.amount = crm_expected_amount(amounts, question->history.x, question->total);
	worth.clv = worth.discounted * worth.amount * question->margin;
	if (!isfinite(worth.discounted) || isinf(worth.clv))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("the value of a client is out of range"),
		                errhint("Look at horizon, discount_rate and margin: a rate below 0 makes "
		                        "late purchases worth more than early ones.")));
	return worth;
}

/*
 * Read the arguments that all functions here share: purchase model, amount model, activity, as_of, horizon, discount_rate, margin.  False
 * if the client does not exist yet.
 */
static bool
read_question(FunctionCallInfo fcinfo, const CrmModel *purchases, Question *question)
{
	CrmActivityAsOf state;
	int128 total;

	question->horizon = crm_horizon_check(PG_GETARG_FLOAT8(4));
	question->discount_rate = PG_GETARG_FLOAT8(5);
	question->margin = PG_GETARG_FLOAT8(6);
	if (question->horizon > MAX_PERIODS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("horizon must be at most %d periods", MAX_PERIODS),
		                errhint("Fit the model with a longer unit of time: days_per_unit.")));
	if (!(question->discount_rate > -1 && question->discount_rate <= 1000))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("discount_rate must be a number above -1, of one period of the model"),
		         errhint("10 %% a year is power(1.1, 7 / 365.25) - 1 a week.")));
	if (!isfinite(question->margin) || fabs(question->margin) > 1e12)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("margin must be a number: the share of an amount that is earned")));
	if (!crm_activity_as_of(PG_GETARG_DATUM(2), PG_GETARG_DATEADT(3), &state))
		return false;
	if (!state.is_whole)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the summary has activity after the as-of day"),
		                errdetail("Its total cannot be cut at a day, as its days can."),
		                errhint("Summarize or roll up only what happened up to that day.")));
	crm_purchase_history(purchases, PG_GETARG_DATUM(2), PG_GETARG_DATEADT(3), &question->history);
	crm_activity_repeat(PG_GETARG_DATUM(2), &total);
	question->total = (double) total / CRM_MONEY_SCALE;
	return true;
}

/*
 * clv(purchase model, gamma_gamma_model, activity activity_summary, as_of date, horizon float8, discount_rate float8, margin float8, any_status
 * bool) -> float8
 *
 * Horizon in, and discount_rate of, one unit of time of the purchase model; margin is the share of an amount that is earned.  NULL before the
 * first active day, and where no amount can be expected.  22023: activity after as_of, a horizon below 0 or above 10,000, a
 * discount_rate of -1 or less, numbers that are not finite.  22003: a value beyond the numbers.
 */
PG_FUNCTION_INFO_V1(crm_clv);
Datum
crm_clv(PG_FUNCTION_ARGS)
{
	bool any_status = PG_GETARG_BOOL(7);
	const CrmModel *purchases = crm_model_usable(fcinfo, 0, any_status);
	const CrmModel *amounts = crm_model_usable(fcinfo, 1, any_status);
	Question question;
	Worth worth;

	if (!read_question(fcinfo, purchases, &question))
		PG_RETURN_NULL();
	worth = worth_of(fcinfo, purchases, amounts, &question);
	if (isnan(worth.clv))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(worth.clv);
}

/*
 * clv_detail(the same) -> (p_alive, expected_purchases, discounted_purchases, expected_amount, margin, clv float8)
 *
 * clv is discounted_purchases times expected_amount times margin, to the bit.
 */
PG_FUNCTION_INFO_V1(crm_clv_detail);
Datum
crm_clv_detail(PG_FUNCTION_ARGS)
{
	bool any_status = PG_GETARG_BOOL(7);
	const CrmModel *purchases = crm_model_usable(fcinfo, 0, any_status);
	const CrmModel *amounts = crm_model_usable(fcinfo, 1, any_status);
	CrmRecord record = {0};
	Question question;
	Worth worth;

	if (!read_question(fcinfo, purchases, &question))
		PG_RETURN_NULL();
	worth = worth_of(fcinfo, purchases, amounts, &question);
	crm_record_number(&record, worth.p_alive);
	crm_record_number(&record, worth.purchases);
	crm_record_number(&record, worth.discounted);
	crm_record_number(&record, worth.amount);
	crm_record_number(&record, question.margin);
	crm_record_number(&record, worth.clv);
	return crm_record_return(fcinfo, &record);
}

/* The variance that the estimates of one of the two models bring into the CLV: g' V g, with g by central differences. */
static double
variance_from(FunctionCallInfo fcinfo, const CrmModel *varied, const CrmModel *purchases,
              const CrmModel *amounts, const Question *question)
{
	int n = crm_model_kind(varied)->nparameters;
	double slope[CRM_MODEL_PARAMETERS], variance = 0;

	for (int i = 0; i < n; i++)
	{
		CrmModel above = *varied, below = *varied;

		above.parameters[i] *= 1 + DIFFERENCE;
		below.parameters[i] *= 1 - DIFFERENCE;
		slope[i] = worth_of(fcinfo, varied == purchases ? &above : purchases,
		                    varied == amounts ? &above : amounts, question)
		               .clv -
		           worth_of(fcinfo, varied == purchases ? &below : purchases,
		                    varied == amounts ? &below : amounts, question)
		               .clv;
		slope[i] /= 2 * DIFFERENCE * varied->parameters[i];
	}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			variance += slope[i] * slope[j] * varied->covariance[crm_covariance_at(i, j)];
	return variance;
}

/* How many standard errors a normal variable stays within with a probability between 0 and 1. */
static double
normal_bound(double probability)
{
	double low = 0, high = 40;

	for (int i = 0; i < 60; i++)
	{
		double middle = (low + high) / 2;

		if (erfc(middle * M_SQRT1_2) > 1 - probability)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/*
 * clv_interval(the same up to margin, confidence float8, any_status bool) -> (clv, std_error, lower, upper float8)
 *
 * The uncertainty of the estimates only, by the delta method, the two fits taken as independent; what a single client will do varies far
 * more.  NULL where the parameters of a model were given.  22023 also for a confidence outside (0, 1).
 */
PG_FUNCTION_INFO_V1(crm_clv_interval);
Datum
crm_clv_interval(PG_FUNCTION_ARGS)
{
	double confidence = PG_GETARG_FLOAT8(7);
	bool any_status = PG_GETARG_BOOL(8);
	const CrmModel *purchases = crm_model_usable(fcinfo, 0, any_status);
	const CrmModel *amounts = crm_model_usable(fcinfo, 1, any_status);
	CrmRecord record = {0};
	Question question;
	double clv, std_error = NAN, bound;

	if (!(confidence > 0 && confidence < 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("confidence must be between 0 and 1")));
	if (!read_question(fcinfo, purchases, &question))
		PG_RETURN_NULL();
	clv = worth_of(fcinfo, purchases, amounts, &question).clv;
	if (purchases->header.flags & amounts->header.flags & CRM_MODEL_HAS_COVARIANCE)
	{
		double variance = variance_from(fcinfo, purchases, purchases, amounts, &question) +
		                  variance_from(fcinfo, amounts, purchases, amounts, &question);

		/* not known where the value exists only just, q next to 1, or where its square is beyond the numbers */
		std_error = variance < 0 ? 0 : isinf(variance) ? NAN : sqrt(variance);
	}
	bound = normal_bound(confidence) * std_error;
	crm_record_number(&record, clv);
	crm_record_number(&record, std_error);
	crm_record_number(&record, clv - bound);
	crm_record_number(&record, clv + bound);
	return crm_record_return(fcinfo, &record);
}
