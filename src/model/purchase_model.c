/*
 * purchase_model.c
 *		What the two models of purchasing, BG/NBD and Pareto/NBD, have in common: the fit, and what they predict.
 *
 * A function of SQL has one symbol for both: the model itself says which it is.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "model/purchase_model.h"
#include "model/special_function.h"
#include "summary/activity.h"
#include "summary/record.h"

/* About eleven thousand years; a longer tenure comes from a sentinel. */
#define MAX_TENURE_DAYS 4000000
/* Clients who were active on more than half of the days of at least two weeks, if they are that part of those who came back */
#define DENSE_DAYS 14
#define DENSE_SHARE 0.1

const CrmPurchaseKind *
crm_purchase_kind(const CrmModel *model)
{
	return model->header.kind == CRM_BGNBD_MODEL ? &crm_bgnbd : &crm_pareto_nbd;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Fit
 * ------------------------------------------------------------------------------------------------------------------ */

/* The distinct numbers among marks[0 .. most], ascending; places[number] is where a number stands. */
static double *
list_marked(uint32 *places, int32 most, uint32 *n, double unit)
{
	double *listed;
	uint32 at = 0;

	for (int32 i = 0; i <= most; i++)
		at += places[i] != 0;
	*n = at;
	listed = palloc(sizeof(double) * at);
	at = 0;
	for (int32 i = 0; i <= most; i++)
		if (places[i] != 0)
		{
			listed[at] = i / unit;
			places[i] = at++;
		}
	return listed;
}

/* Put the rows of those who came back into a random order, always the same one, so that each stride-th is a fair sample. */
static void
shuffle_rows(CrmPurchaseProblem *problem)
{
	pg_prng_state random;

	pg_prng_seed(&random, 1);
	for (uint32 i = problem->fit.nrows; i > problem->fit.nwhole + 1; i--)
	{
		uint32 other = (uint32) pg_prng_uint64_range(&random, problem->fit.nwhole, i - 1);
		CrmPurchaseRow row = problem->rows[i - 1];
		double weight = problem->weights[i - 1];

		problem->rows[i - 1] = problem->rows[other];
		problem->weights[i - 1] = problem->weights[other];
		problem->rows[other] = row;
		problem->weights[other] = weight;
	}
}

/* Lay out the rows of a summary for the likelihoods.  The unit of time is the mean tenure. */
static CrmPurchaseProblem *
make_problem(const CrmPurchaseKind *kind, const CrmRepeatPurchases *purchases, double *unit)
{
	CrmPurchaseProblem *problem = palloc0(sizeof(CrmPurchaseProblem));
	double tenure = 0, repeats = 0;
	int32 longest = 0, most = 0;
	uint32 *frequency_places, *time_places, first = 0;

	for (uint32 i = 0; i < purchases->nrows; i++)
	{
		const CrmRepeatPurchase *row = &purchases->rows[i];

		longest = Max(longest, row->tenure_days);
		most = Max(most, row->frequency);
		tenure += (double) row->tenure_days * row->clients;
		repeats += (double) row->frequency * row->clients;
		first += row->frequency == 0;
	}
	if (longest > MAX_TENURE_DAYS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("a tenure of %d days is too long for a model", longest),
		                errhint("Look for days that stand for \"unknown\", such as 1900-01-01 or "
		                        "9999-12-31.")));
	*unit = tenure / purchases->clients;
	problem->mean_rate = repeats / purchases->clients;

	problem->fit.nparameters = kind->model->nparameters;
	problem->fit.nrows = purchases->nrows;
	problem->fit.nwhole = first;
	problem->fit.clients = (double) purchases->clients;
	problem->fit.log_likelihood = kind->log_likelihood;
	problem->rows = palloc(sizeof(CrmPurchaseRow) * purchases->nrows);
	problem->weights = palloc(sizeof(double) * purchases->nrows);

	frequency_places = palloc0(sizeof(uint32) * ((Size) most + 1));
	time_places = palloc0(sizeof(uint32) * ((Size) longest + 1));
	for (uint32 i = 0; i < purchases->nrows; i++)
	{
		frequency_places[purchases->rows[i].frequency] = 1;
		time_places[purchases->rows[i].recency_days] = 1;
		time_places[purchases->rows[i].tenure_days] = 1;
	}
	problem->frequencies = list_marked(frequency_places, most, &problem->nfrequencies, 1);
	problem->times = list_marked(time_places, longest, &problem->ntimes, *unit);
	problem->by_frequency = palloc(sizeof(double) * CRM_BY_FREQUENCY * problem->nfrequencies);
	problem->by_time = palloc(sizeof(double) * CRM_BY_TIME * problem->ntimes);

	if ((uint64) problem->nfrequencies * problem->ntimes <= purchases->nrows)
		problem->by_both =
		    palloc(sizeof(double) * CRM_BY_BOTH * problem->nfrequencies * problem->ntimes);

	for (uint32 i = 0, none = 0, some = first; i < purchases->nrows; i++)
	{
		const CrmRepeatPurchase *row = &purchases->rows[i];
		uint32 place = row->frequency == 0 ? none++ : some++;

		problem->rows[place].frequency = frequency_places[row->frequency];
		problem->rows[place].recency = time_places[row->recency_days];
		problem->rows[place].tenure = time_places[row->tenure_days];
		problem->weights[place] = (double) row->clients;
	}
	pfree(frequency_places);
	pfree(time_places);
	shuffle_rows(problem);
	return problem;
}

/* Clients who were active on most days.  Days are counted, not visits, so that their rate is far above what is counted. */
static int64
count_dense(const CrmRepeatPurchases *purchases, int64 *came_back)
{
	int64 dense = 0;

	*came_back = 0;
	for (uint32 i = 0; i < purchases->nrows; i++)
	{
		const CrmRepeatPurchase *row = &purchases->rows[i];

		if (row->frequency > 0)
			*came_back += row->clients;
		if (row->tenure_days >= DENSE_DAYS && row->frequency > row->tenure_days / 2)
			dense += row->clients;
	}
	return dense;
}

static CrmModel *
fit_purchases(const CrmPurchaseKind *kind, Datum summary, double days_per_unit)
{
	static const double ones[CRM_MODEL_PARAMETERS] = {1, 1, 1, 1};
	CrmModel *model = crm_model_new(kind->model, ones, days_per_unit);
	CrmRepeatPurchases purchases;
	int64 came_back;

	crm_model_check_parameter(days_per_unit, "days_per_unit");
	crm_repeat_purchases_read(summary, &purchases);
	if (purchases.clients > CRM_MOST_CLIENTS)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("number of clients is out of range")));
	model->clients = purchases.clients;
	model->distinct_rows = purchases.nrows;
	memcpy(model->data_digest, purchases.digest, sizeof(model->data_digest));
	model->dense_clients = count_dense(&purchases, &came_back);
	if (came_back == 0 || purchases.nrows < kind->model->nparameters)
	{
		model->header.flags = CRM_MODEL_FITTED;
		model->status = CRM_FIT_TOO_FEW;
	}
	else
	{
		double starts[CRM_STARTS][CRM_MODEL_PARAMETERS], unit, units[CRM_MODEL_PARAMETERS];
		CrmPurchaseProblem *problem = make_problem(kind, &purchases, &unit);
		CrmFit fit;

		for (int i = 0; i < CRM_STARTS; i++)
		{
			starts[i][0] = log(kind->starts[i][0]);
			starts[i][1] = log(kind->starts[i][0] / (1.5 * problem->mean_rate));
			starts[i][2] = log(kind->starts[i][1]);
			starts[i][3] = log(kind->starts[i][2]);
		}
		crm_fit(&problem->fit, starts, CRM_STARTS, &fit);
		for (int i = 0; i < kind->model->nparameters; i++)
			units[i] = kind->time_parameter[i] ? unit / days_per_unit : 1;
		crm_fit_store(&fit, units, model);
		/*
		 * The fit's own unit of time has no part in the likelihood: x purchases at given moments have the density of
		 * a time to the power of -x.
		 */
		model->log_likelihood = fit.log_likelihood - problem->mean_rate * problem->fit.clients *
		                                                 log(unit / days_per_unit);
		if (model->dense_clients > DENSE_SHARE * came_back)
			model->status = CRM_FIT_UNSUITABLE;
	}
	return model;
}

/*
 * bgnbd_fit(repeat_purchase_summary, days_per_unit float8) -> bgnbd_model, pareto_nbd_fit likewise
 *
 * Parameters and horizons of the model are in units of so many days, by default weeks as in the papers.  A fit that comes to no
 * sound end gives a model that says so.  22023: days_per_unit out of range, a tenure beyond 4,000,000 days.
 */
PG_FUNCTION_INFO_V1(crm_bgnbd_fit);
Datum
crm_bgnbd_fit(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(
	    fit_purchases(&crm_bgnbd, PG_GETARG_DATUM(0), PG_NARGS() > 1 ? PG_GETARG_FLOAT8(1) : 7));
}

PG_FUNCTION_INFO_V1(crm_pareto_nbd_fit);
Datum
crm_pareto_nbd_fit(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(fit_purchases(&crm_pareto_nbd, PG_GETARG_DATUM(0),
	                                PG_NARGS() > 1 ? PG_GETARG_FLOAT8(1) : 7));
}

/* A model of given parameters. */
static Datum
given_model(FunctionCallInfo fcinfo, const CrmModelKind *kind)
{
	double parameters[CRM_MODEL_PARAMETERS];
	double days_per_unit = PG_GETARG_FLOAT8(kind->nparameters);

	for (int i = 0; i < kind->nparameters; i++)
	{
		parameters[i] = PG_GETARG_FLOAT8(i);
		crm_model_check_parameter(parameters[i], kind->names[i]);
	}
	crm_model_check_parameter(days_per_unit, "days_per_unit");
	PG_RETURN_POINTER(crm_model_new(kind, parameters, days_per_unit));
}

/* bgnbd_model(r, alpha, a, b, days_per_unit float8) -> bgnbd_model.  22023: a parameter that is not positive. */
PG_FUNCTION_INFO_V1(crm_bgnbd_given);
Datum
crm_bgnbd_given(PG_FUNCTION_ARGS)
{
	return given_model(fcinfo, &crm_bgnbd_kind);
}

/* pareto_nbd_model(r, alpha, s, beta, days_per_unit float8) -> pareto_nbd_model.  22023: likewise. */
PG_FUNCTION_INFO_V1(crm_pareto_nbd_given);
Datum
crm_pareto_nbd_given(PG_FUNCTION_ARGS)
{
	return given_model(fcinfo, &crm_pareto_nbd_kind);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Predictions
 * ------------------------------------------------------------------------------------------------------------------ */

/* 22023 for a time that is no time. */
double
crm_horizon_check(double horizon)
{
	if (!(horizon >= 0 && horizon <= 1e12))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("horizon must be a number from 0 to 1e12, in the model's unit of "
		                       "time")));
	return horizon;
}

/* A client's history as of a day in the model's unit; false if the first active day comes later. */
bool
crm_purchase_history(const CrmModel *model, Datum activity, DateADT as_of, CrmHistory *history)
{
	CrmActivityAsOf state;

	if (!crm_activity_as_of(activity, as_of, &state))
		return false;
	history->x = state.frequency;
	history->t_x = (state.tenure_days - state.recency_days) / model->days_per_unit;
	history->T = state.tenure_days / model->days_per_unit;
	return true;
}

/*
 * The arguments between the model and any_status: activity, as_of, or x, t_x, T.  False if the client does not exist yet.  22023 for
 * a history that cannot be.
 */
static bool
history_argument(FunctionCallInfo fcinfo, const CrmModel *model, bool by_numbers,
                 CrmHistory *history)
{
	int64 x;

	if (!by_numbers)
		return crm_purchase_history(model, PG_GETARG_DATUM(1), PG_GETARG_DATEADT(2), history);
	x = PG_GETARG_INT64(1);
	history->x = (double) x;
	history->t_x = PG_GETARG_FLOAT8(2);
	history->T = PG_GETARG_FLOAT8(3);
	if (x < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("x must not be negative")));
	if (!(history->t_x >= 0 && history->T >= history->t_x && history->T <= 1e12))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("t_x and T must be numbers with 0 <= t_x <= T")));
	if ((x == 0) != (history->t_x == 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("t_x must be 0 if x is, and only then"),
		                errdetail("It is the time from the first purchase to the last of x "
		                          "repeat purchases.")));
	return true;
}

double
crm_purchase_p_alive(const CrmModel *model, const CrmHistory *history)
{
	return crm_logistic(crm_purchase_kind(model)->ln_odds_alive(model->parameters, history));
}

double
crm_purchase_expected(const CrmModel *model, const CrmHistory *history, double time)
{
	const CrmPurchaseKind *kind = crm_purchase_kind(model);
	double purchases;

	kind->purchases_if_alive(model->parameters, history, 1, &time, &purchases);
	return crm_logistic(kind->ln_odds_alive(model->parameters, history)) * purchases;
}

/* P(alive), or with the sign turned, what is left to 1, to the last digit. */
static Datum
alive_or_gone(FunctionCallInfo fcinfo, bool by_numbers, double sign)
{
	const CrmModel *model = crm_model_usable(fcinfo, 0, PG_GETARG_BOOL(by_numbers ? 4 : 3));
	CrmHistory history;

	if (!history_argument(fcinfo, model, by_numbers, &history))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(
	    crm_logistic(sign * crm_purchase_kind(model)->ln_odds_alive(model->parameters, &history)));
}

/* p_alive(model, activity activity_summary, as_of date, any_status bool) -> float8; NULL before the first active day */
PG_FUNCTION_INFO_V1(crm_purchase_p_alive_of);
Datum
crm_purchase_p_alive_of(PG_FUNCTION_ARGS)
{
	return alive_or_gone(fcinfo, false, 1);
}

/* p_alive(model, x bigint, t_x float8, t float8, any_status bool) -> float8.  22023: t_x > T and the like */
PG_FUNCTION_INFO_V1(crm_purchase_p_alive_by_numbers);
Datum
crm_purchase_p_alive_by_numbers(PG_FUNCTION_ARGS)
{
	return alive_or_gone(fcinfo, true, 1);
}

/* churn_score(model, activity activity_summary, as_of date, any_status bool) -> float8: 1 - P(alive) */
PG_FUNCTION_INFO_V1(crm_purchase_churn_score);
Datum
crm_purchase_churn_score(PG_FUNCTION_ARGS)
{
	return alive_or_gone(fcinfo, false, -1);
}

/*
 * churn_detail(model, activity activity_summary, as_of date, any_status bool) -> (score float8, p_alive float8, silent_days int,
 * usual_gap_days float8, gaps_missed float8)
 *
 * The client's own rhythm beside the score: the mean of the gaps between its active days, and how often that gap fits into the silence
 * since the last one.  Both are NULL for a client who never came back.  NULL before the first active day.
 */
PG_FUNCTION_INFO_V1(crm_purchase_churn_detail);
Datum
crm_purchase_churn_detail(PG_FUNCTION_ARGS)
{
	const CrmModel *model = crm_model_usable(fcinfo, 0, PG_GETARG_BOOL(3));
	CrmActivityAsOf state;
	CrmHistory history;
	CrmRecord record = {0};
	double ln_odds, gap = NAN;

	if (!crm_activity_as_of(PG_GETARG_DATUM(1), PG_GETARG_DATEADT(2), &state))
		PG_RETURN_NULL();
	crm_purchase_history(model, PG_GETARG_DATUM(1), PG_GETARG_DATEADT(2), &history);
	ln_odds = crm_purchase_kind(model)->ln_odds_alive(model->parameters, &history);
	if (state.frequency > 0)
		gap = (double) (state.tenure_days - state.recency_days) / state.frequency;
	crm_record_number(&record, crm_logistic(-ln_odds));
	crm_record_number(&record, crm_logistic(ln_odds));
	crm_record_add(&record, Int32GetDatum(state.recency_days), false);
	crm_record_number(&record, gap);
	crm_record_number(&record, state.recency_days / gap);
	return crm_record_return(fcinfo, &record);
}

static Datum
expected_purchases(FunctionCallInfo fcinfo, bool by_numbers)
{
	int horizon_at = by_numbers ? 4 : 3;
	const CrmModel *model = crm_model_usable(fcinfo, 0, PG_GETARG_BOOL(horizon_at + 1));
	double horizon = crm_horizon_check(PG_GETARG_FLOAT8(horizon_at));
	CrmHistory history;

	if (!history_argument(fcinfo, model, by_numbers, &history))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(crm_purchase_expected(model, &history, horizon));
}

/*
 * expected_purchases(model, activity activity_summary, as_of date, horizon float8, any_status bool) -> float8
 *
 * Days with a purchase in the horizon after as_of; NULL before the first active day.  22023: a horizon that is negative or not finite.
 */
PG_FUNCTION_INFO_V1(crm_purchase_expected_of);
Datum
crm_purchase_expected_of(PG_FUNCTION_ARGS)
{
	return expected_purchases(fcinfo, false);
}

/* expected_purchases(model, x bigint, t_x float8, t float8, horizon float8, any_status bool) -> float8 */
PG_FUNCTION_INFO_V1(crm_purchase_expected_by_numbers);
Datum
crm_purchase_expected_by_numbers(PG_FUNCTION_ARGS)
{
	return expected_purchases(fcinfo, true);
}

/* expected_purchases_new(model, horizon float8, any_status bool) -> float8: repeat purchases of a client who has just come */
PG_FUNCTION_INFO_V1(crm_purchase_expected_new);
Datum
crm_purchase_expected_new(PG_FUNCTION_ARGS)
{
	const CrmModel *model = crm_model_usable(fcinfo, 0, PG_GETARG_BOOL(2));
	double horizon = crm_horizon_check(PG_GETARG_FLOAT8(1));

	PG_RETURN_FLOAT8(crm_purchase_kind(model)->purchases_new(model->parameters, horizon));
}

/*
 * purchase_probability(model, n bigint, horizon float8, any_status bool) -> float8
 *
 * That a client who has just come makes n repeat purchases in the horizon.  22023: a negative n or horizon.
 */
PG_FUNCTION_INFO_V1(crm_purchase_probability);
Datum
crm_purchase_probability(PG_FUNCTION_ARGS)
{
	const CrmModel *model = crm_model_usable(fcinfo, 0, PG_GETARG_BOOL(3));
	int64 n = PG_GETARG_INT64(1);
	double horizon = crm_horizon_check(PG_GETARG_FLOAT8(2));

	if (n < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("n must not be negative")));
	PG_RETURN_FLOAT8(crm_purchase_kind(model)->probability(model->parameters, (double) n, horizon));
}
