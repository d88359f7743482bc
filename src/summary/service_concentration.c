/*
 * service_concentration.c
 *		service_concentration_summary: does service follow value?
 *
 * Clients are put in the order of their value by the buckets of a distribution (log_bucket.c); each bucket knows its clients and the
 * exact totals of their value and of the service that they got.  Clients of one bucket count as equal in value.  No bucket
 * is ever merged into another, so that this is all that is lost, and how much it can matter follows from
 * the totals (concentration_error).
 *
 * An open state is a table of cells (cells.h) with one or two of them for a bucket: of key 2b the clients of bucket b and what
 * their values add up to, of key 2b + 1, where they got any, their service.
 *
 * Closed: per_octave, the number of buckets; for each its number (as the distance from the one before), clients, by how
 * much the total of their values is above clients times the lowest value of the bucket, and their service.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "summary/concentration_curve.h"
#include "summary/distribution.h"
#include "summary/record.h"

/* Two for each bucket on both sides of zero at the finest accuracy, 62952 a side, are not as many. */
#define MAX_CELLS 262144

typedef struct ServiceConcentrationState
{
	CrmState state;
	int32 per_octave;
	int64 clients;
} ServiceConcentrationState;

/* A summary as accessors want it: two curves over the same buckets, in the order of value. */
typedef struct ServiceConcentration
{
	int per_octave;
	int nbuckets;
	int64 clients;
	CrmCell *values;   /* clients and what their values add up to */
	CrmCell *services; /* the same clients and what they got */
} ServiceConcentration;

static CrmState *open_concentration(CrmReader *in, uint16 flags);
static uint16 close_concentration(const CrmState *state, CrmWriter *out);
static CrmState *merge_concentration(CrmState *into, const CrmState *from);
static CrmState *merge_closed_concentration(CrmState *into, CrmReader *in, uint16 flags);
static void check_concentration(const CrmState *state);

static const CrmSummaryKind concentration_kind = {
    .type_name = "service_concentration_summary",
    .kind = CRM_SERVICE_CONCENTRATION_SUMMARY,
    .flags = 0,
    .fixed = sizeof(ServiceConcentrationState),
    .item = sizeof(CrmCell),
    .max_items = 2 * MAX_CELLS,
    .of_what = "totals of buckets",
    .open = open_concentration,
    .close = close_concentration,
    .merge = merge_concentration,
    .merge_closed = merge_closed_concentration,
    .check = check_concentration,
};

static inline int32
value_key(int bucket)
{
	return 2 * bucket;
}

static inline int32
service_key(int bucket)
{
	return 2 * bucket + 1;
}

static inline bool
is_service(int32 key)
{
	return key & 1;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Stored form
 * ------------------------------------------------------------------------------------------------------------------ */

/* Nothing but the number of clients can run over: an amount has 64 bits, a total fewer than 127. */
static CrmState *
add_to_bucket(CrmState *state, int bucket, int64 clients, int128 value, int128 service)
{
	CrmCell *cell = crm_cell_at(&concentration_kind, &state, value_key(bucket));

	crm_cell_count(&((ServiceConcentrationState *) state)->clients, clients);
	cell->count += clients;
	crm_money_accumulate(&cell->total, value);
	if (service > 0)
	{
		cell = crm_cell_at(&concentration_kind, &state, service_key(bucket));
		crm_money_accumulate(&cell->total, service);
	}
	return state;
}

static CrmState *
new_concentration(int per_octave, uint32 nbuckets)
{
	CrmState *state = crm_cells_new(&concentration_kind, 2 * nbuckets);

	((ServiceConcentrationState *) state)->per_octave = per_octave;
	return state;
}

/* The buckets of an open state. */
static ServiceConcentration
buckets_of(const CrmState *state)
{
	const ServiceConcentrationState *open = (const ServiceConcentrationState *) state;
	CrmCell *cells = crm_cells_sorted(&concentration_kind, state);
	ServiceConcentration read = {.per_octave = open->per_octave, .clients = open->clients};
	CrmCell *value = NULL;

	read.values = palloc0(sizeof(CrmCell) * state->used);
	read.services = palloc0(sizeof(CrmCell) * state->used);
	for (uint32 i = 0; i < state->used; i++)
	{
		CrmCell *service;

		if (is_service(cells[i].key))
		{
			Assert(value != NULL && cells[i].key == value->key + 1);
			read.services[read.nbuckets - 1].total = cells[i].total;
			continue;
		}
		value = &cells[i];
		service = &read.services[read.nbuckets];
		service->key = value->key / 2;
		service->count = value->count;
		read.values[read.nbuckets] = *service;
		read.values[read.nbuckets++].total = value->total;
	}
	pfree(cells);
	return read;
}

static uint16
close_concentration(const CrmState *state, CrmWriter *out)
{
	ServiceConcentration read = buckets_of(state);

	crm_put_varint(out, read.per_octave);
	crm_put_varint(out, read.nbuckets);
	for (int i = 0; i < read.nbuckets; i++)
	{
		const CrmCell *value = &read.values[i];
		int64 lowest, highest;

		if (i == 0)
			crm_put_zigzag(out, value->key);
		else
			crm_put_varint(out, value->key - read.values[i - 1].key - 1);
		crm_put_varint(out, value->count);
		crm_bucket_bounds(value->key, read.per_octave, &lowest, &highest);
		if (lowest < highest)
			crm_put_int128(out, crm_money_load(&value->total) - (int128) value->count * lowest);
		crm_put_int128(out, crm_money_load(&read.services[i].total));
	}
	pfree(read.values);
	pfree(read.services);
	return 0;
}

/* Read the stored form, trusting nothing. */
static ServiceConcentration
read_concentration(CrmReader *in)
{
	ServiceConcentration read = {0};
	int highest_bucket;

	read.per_octave =
	    (int) crm_get_varint_max(in, MAX_BUCKETS_AN_OCTAVE, "It has too many buckets an octave.");
	read.nbuckets = (int) crm_get_varint_max(in, MAX_CELLS / 2, "It has too many buckets.");
	if (in->why == NULL && (read.per_octave == 0 || read.nbuckets == 0))
		crm_reader_fail(in, "It has no buckets.");
	if (crm_reader_left(in) < (Size) read.nbuckets * 3)
		crm_reader_fail(in, "It ends too early.");
	if (in->why != NULL)
		return read;
	highest_bucket = crm_bucket_of(MAX_UNITS, read.per_octave);
	read.values = palloc0(sizeof(CrmCell) * read.nbuckets);
	read.services = palloc0(sizeof(CrmCell) * read.nbuckets);
	for (int i = 0; i < read.nbuckets; i++)
	{
		CrmCell *value = &read.values[i], *service = &read.services[i];
		int64 key, lowest, highest;
		int128 above = 0, delivered;

		CHECK_FOR_INTERRUPTS();
		if (i == 0)
			key = crm_get_zigzag(in);
		else
			key = read.values[i - 1].key + 1 +
			      (int64) crm_get_varint_max(in, 2 * (uint64) highest_bucket,
			                                 "A bucket is out of range.");
		if (key < -highest_bucket || key > highest_bucket)
			crm_reader_fail(in, "A bucket is out of range.");
		value->count =
		    (int64) crm_get_varint_max(in, PG_INT64_MAX - read.clients, "A count is out of range.");
		if (in->why == NULL && value->count == 0)
			crm_reader_fail(in, "A bucket is empty.");
		if (in->why != NULL)
			return read;
		read.clients += value->count;
		value->key = service->key = (int32) key;
		service->count = value->count;
		crm_bucket_bounds(value->key, read.per_octave, &lowest, &highest);
		if (lowest > highest)
			crm_reader_fail(in, "A bucket cannot hold a value.");
		if (lowest < highest)
			above = crm_get_int128(in);
		if (above < 0 || above > (int128) value->count * (highest - lowest))
			crm_reader_fail(in, "A total does not fit its bucket.");
		delivered = crm_get_int128(in);
		if (delivered < 0 || delivered > (int128) value->count * PG_INT64_MAX)
			crm_reader_fail(in, "Service does not fit its bucket.");
		if (in->why != NULL)
			return read;
		crm_money_store(&value->total, (int128) value->count * lowest + above);
		crm_money_store(&service->total, delivered);
	}
	return read;
}

static void
refuse_other_accuracy(const CrmState *into, int per_octave)
{
	int own = ((const ServiceConcentrationState *) into)->per_octave;

	if (own != per_octave)
		crm_bucket_refuse_accuracy("service concentrations of different accuracy cannot be merged",
		                           own, per_octave);
}

/* Add what was read to a state, in the order of the buckets, and free it. */
static CrmState *
add_concentration(CrmState *into, const ServiceConcentration *from)
{
	for (int i = 0; i < from->nbuckets; i++)
	{
		CHECK_FOR_INTERRUPTS();
		into = add_to_bucket(into, from->values[i].key, from->values[i].count,
		                     crm_money_load(&from->values[i].total),
		                     crm_money_load(&from->services[i].total));
	}
	pfree(from->values);
	pfree(from->services);
	return into;
}

static CrmState *
merge_concentration(CrmState *into, const CrmState *from)
{
	ServiceConcentration read;

	refuse_other_accuracy(into, ((const ServiceConcentrationState *) from)->per_octave);
	read = buckets_of(from);
	return add_concentration(into, &read);
}

static CrmState *
merge_closed_concentration(CrmState *into, CrmReader *in, uint16 flags)
{
	ServiceConcentration read = read_concentration(in);

	if (in->why != NULL)
		return NULL;
	refuse_other_accuracy(into, read.per_octave);
	return add_concentration(into, &read);
}

static CrmState *
open_concentration(CrmReader *in, uint16 flags)
{
	ServiceConcentration read = read_concentration(in);

	if (in->why != NULL)
		return NULL;
	return add_concentration(new_concentration(read.per_octave, read.nbuckets), &read);
}

static void
check_concentration(const CrmState *state)
{
#ifdef USE_ASSERT_CHECKING
	const ServiceConcentrationState *open = (const ServiceConcentrationState *) state;
	CrmCell *cells = crm_cells_sorted(&concentration_kind, state);
	int64 clients = 0;

	crm_cells_check(&concentration_kind, state);
	Assert(open->per_octave >= 1 && open->per_octave <= MAX_BUCKETS_AN_OCTAVE);
	for (uint32 i = 0; i < state->used; i++)
	{
		if (is_service(cells[i].key))
		{
			Assert(i > 0 && cells[i].key == cells[i - 1].key + 1);
			Assert(cells[i].count == 0 && crm_money_load(&cells[i].total) > 0);
			continue;
		}
		Assert(cells[i].count > 0);
		clients += cells[i].count;
	}
	Assert(clients == open->clients && clients > 0);
	pfree(cells);
#endif
}

/* ------------------------------------------------------------------------------------------------------------------
 * Figures
 * ------------------------------------------------------------------------------------------------------------------ */

/* C of service; NaN where there was none. */
static double
concentration_index(const ServiceConcentration *read)
{
	return crm_curve_index(read->services, read->nbuckets, read->clients);
}

/* Shares of value are not defined where some of it is negative. */
static bool
has_negatives(const ServiceConcentration *read)
{
	return read->values[0].key < 0;
}

/* G of value; NaN where it adds up to 0.  22023 where some of it is negative. */
static double
gini_of_value(const ServiceConcentration *read)
{
	double index = crm_curve_index(read->values, read->nbuckets, read->clients);

	if (has_negatives(read))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("shares of a total are not defined where values are negative"),
		                errhint("Summarize greatest(value, 0), or leave the negative values "
		                        "out with FILTER.")));
	return isnan(index) ? index : Max(0, index);
}

/*
 * How far the index can be from that of the values themselves, to 1/10000.  A client's rank is off by at most half of what the others in the
 * bucket take, where their values may differ: where they do not all lie at one end of it.
 */
static double
concentration_error(const ServiceConcentration *read)
{
	double total = (double) crm_curve_total(read->services, read->nbuckets), error = 0;

	for (int i = 0; i < read->nbuckets; i++)
	{
		const CrmCell *value = &read->values[i];
		int128 sum = crm_money_load(&value->total);
		int64 lowest, highest;

		crm_bucket_bounds(value->key, read->per_octave, &lowest, &highest);
		if (sum != (int128) value->count * lowest && sum != (int128) value->count * highest)
			error +=
			    (double) (value->count - 1) * (double) crm_money_load(&read->services[i].total);
	}
	return error / read->clients / total;
}

/* ------------------------------------------------------------------------------------------------------------------
 * SQL
 * ------------------------------------------------------------------------------------------------------------------ */

CRM_SUMMARY_FUNCTIONS(service_concentration, &concentration_kind);

/*
 * transition of service_concentration(value float8, service numeric) and service_concentration(value float8, service
 * numeric, accuracy float8)
 *
 * A row without value or service is skipped, a NULL accuracy is 0.01.  Errors: 22003 for a value that is NaN, infinite or beyond 9e14
 * and for service of more than four decimals or 922,337,203,685,477.5808 or more; 22023 for negative service, an accuracy
 * outside 0.0005 to 0.5 or another one than that of the rows before.
 */
PG_FUNCTION_INFO_V1(crm_service_concentration_add);
Datum
crm_service_concentration_add(PG_FUNCTION_ARGS)
{
	CrmState *state;
	double value;
	int64 units, service;
	int per_octave = DEFAULT_BUCKETS_AN_OCTAVE;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return crm_summary_skip(fcinfo, &concentration_kind);
	value = PG_GETARG_FLOAT8(1);
	if (!(fabs(value) <= MAX_VALUE))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("value must be a number between -9e14 and 9e14"),
		                errhint("Leave out what is NaN or infinite with FILTER (WHERE ...).")));
	service = crm_money_narrow(crm_money_from_numeric(PG_GETARG_DATUM(2)));
	if (service < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("service must not be negative"),
		         errhint("Leave out what was cancelled, or net it before it is summarized.")));
	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
		per_octave = crm_buckets_an_octave(PG_GETARG_FLOAT8(3));
	state = crm_summary_state(fcinfo, &concentration_kind);
	if (state == NULL)
		state = new_concentration(per_octave, 0);
	else if (((ServiceConcentrationState *) state)->per_octave != per_octave)
		crm_bucket_refuse_accuracy("rows of one service concentration have different accuracies",
		                           ((ServiceConcentrationState *) state)->per_octave, per_octave);
	units = crm_distribution_units(value);
	state = add_to_bucket(state, crm_bucket_of(units, per_octave), 1, units, service);
	return crm_summary_return(fcinfo, &concentration_kind, state);
}

static ServiceConcentration
concentration_of(FunctionCallInfo fcinfo)
{
	CrmClosed closed = crm_summary_closed(&concentration_kind, PG_GETARG_DATUM(0));
	ServiceConcentration read = read_concentration(&closed.reader);

	crm_summary_corrupted(&concentration_kind, &closed.reader);
	return read;
}

static Datum
number_or_null(FunctionCallInfo fcinfo, double number)
{
	if (isnan(number))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(number);
}

/* clients(service_concentration_summary) -> int8 */
PG_FUNCTION_INFO_V1(crm_service_concentration_clients);
Datum
crm_service_concentration_clients(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(concentration_of(fcinfo).clients);
}

/* total_value(service_concentration_summary) -> numeric: exact, of the values rounded to 1/10000 */
PG_FUNCTION_INFO_V1(crm_service_concentration_total_value);
Datum
crm_service_concentration_total_value(PG_FUNCTION_ARGS)
{
	ServiceConcentration read = concentration_of(fcinfo);

	PG_RETURN_DATUM(crm_money_numeric(crm_curve_total(read.values, read.nbuckets)));
}

/* total_service(service_concentration_summary) -> numeric, exact */
PG_FUNCTION_INFO_V1(crm_service_concentration_total_service);
Datum
crm_service_concentration_total_service(PG_FUNCTION_ARGS)
{
	ServiceConcentration read = concentration_of(fcinfo);

	PG_RETURN_DATUM(crm_money_numeric(crm_curve_total(read.services, read.nbuckets)));
}

/* value_accuracy(service_concentration_summary) -> float8: half the width of a bucket, of the values in it */
PG_FUNCTION_INFO_V1(crm_service_concentration_value_accuracy);
Datum
crm_service_concentration_value_accuracy(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(crm_bucket_accuracy(concentration_of(fcinfo).per_octave));
}

/*
 * concentration_index(service_concentration_summary) -> float8
 *
 * Kakwani, Wagstaff and van Doorslaer (1997): 2 cov(service, rank) / mean(service), the ranks those of value, (i - 1/2) / n, ties
 * with their mean.  From -1, the client of least value gets all, to 1, the one of most value does.  NULL where there was no
 * service.
 */
PG_FUNCTION_INFO_V1(crm_service_concentration_index);
Datum
crm_service_concentration_index(PG_FUNCTION_ARGS)
{
	ServiceConcentration read = concentration_of(fcinfo);

	return number_or_null(fcinfo, concentration_index(&read));
}

/*
 * concentration_error(service_concentration_summary) -> float8: by how much concentration_index can be too high or too low,
 * since values of one bucket count as equal.  NULL where there was no service.
 */
PG_FUNCTION_INFO_V1(crm_service_concentration_error);
Datum
crm_service_concentration_error(PG_FUNCTION_ARGS)
{
	ServiceConcentration read = concentration_of(fcinfo);

	return number_or_null(fcinfo, concentration_error(&read));
}

/*
 * gini_of_value(service_concentration_summary) -> float8: gini(distribution(value)) of the same accuracy.  NULL where the values
 * add up to 0; 22023 where some are negative.
 */
PG_FUNCTION_INFO_V1(crm_service_concentration_gini_of_value);
Datum
crm_service_concentration_gini_of_value(PG_FUNCTION_ARGS)
{
	ServiceConcentration read = concentration_of(fcinfo);

	return number_or_null(fcinfo, gini_of_value(&read));
}

/*
 * kakwani_index(service_concentration_summary) -> float8
 *
 * Kakwani (1977): concentration_index - gini_of_value.  0 where service is in proportion to value, below where those of low value get
 * more than that.  NULL and error as for these.
 */
PG_FUNCTION_INFO_V1(crm_service_concentration_kakwani_index);
Datum
crm_service_concentration_kakwani_index(PG_FUNCTION_ARGS)
{
	ServiceConcentration read = concentration_of(fcinfo);

	return number_or_null(fcinfo, concentration_index(&read) - gini_of_value(&read));
}

/*
 * concentration_curve(service_concentration_summary, points int) -> table (population_share, value_share, service_share)
 *
 * What the clients of lowest value have of the value and got of the service, at 0, 1/points ... 1.  A share is NULL where its total is 0,
 * that of value also where some values are negative.  Error: 22023 for points outside 1 to 100000.
 */
PG_FUNCTION_INFO_V1(crm_service_concentration_curve);
Datum
crm_service_concentration_curve(PG_FUNCTION_ARGS)
{
	ServiceConcentration read = concentration_of(fcinfo);
	int32 points = PG_GETARG_INT32(1);

	crm_curve_check_points("concentration curve", points);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i <= points; i++)
	{
		double p = (double) i / points;
		CrmRecord row = {0};

		CHECK_FOR_INTERRUPTS();
		crm_record_number(&row, p);
		crm_record_number(&row, has_negatives(&read)
		                            ? NAN
		                            : crm_curve_share(read.values, read.nbuckets, read.clients, p));
		crm_record_number(&row, crm_curve_share(read.services, read.nbuckets, read.clients, p));
		crm_record_put(fcinfo, &row);
	}
	return (Datum) 0;
}
