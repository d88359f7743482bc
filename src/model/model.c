/*
 * model.c
 *		What all models share: fitted parameters as a value, how it is written, and how the fit went.
 *
 * A model is written as a JSON object, {"parameters":{"r":0.24,...},"days_per_unit":7,"fit":{"status":"converged",...}}.
 * Without "fit" the parameters are somebody's, such as those of a paper: such a model predicts, and has no standard
 * errors.  Numbers are in their shortest exact form, so that text and binary form give the same bytes back.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "model/model.h"
#include "summary/record.h"
#include "value/document.h"

#define LOWEST_PARAMETER 1e-12
#define HIGHEST_PARAMETER 1e18

const CrmModelKind crm_bgnbd_kind = {
    "bgnbd_model", "BG/NBD model", CRM_BGNBD_MODEL, 4, {"r", "alpha", "a", "b"}, true};
const CrmModelKind crm_pareto_nbd_kind = {"pareto_nbd_model",          "Pareto/NBD model",
                                          CRM_PARETO_NBD_MODEL,        4,
                                          {"r", "alpha", "s", "beta"}, true};
const CrmModelKind crm_gamma_gamma_kind = {
    "gamma_gamma_model", "Gamma-Gamma model", CRM_GAMMA_GAMMA_MODEL, 3, {"p", "q", "gamma"}, false};

/* In the order of CrmFitStatus; what each means is what an error says that refuses the model. */
static const char *const status_names[] = {
    "given", "converged", "not_converged", "at_bound", "not_identified", "unsuitable", "too_few"};
static const char *const status_meanings[] = {
    "The parameters were given.",
    "The likelihood has its peak at the parameters.",
    "The search ended before it came to a peak of the likelihood.",
    ("The likelihood still rises where a parameter is as extreme as it may be: the data do not "
     "vary as the model says."),
    "The likelihood is flat at the parameters: the data do not tell them apart.",
    "The data are not of the kind that the model describes.",
    "There are fewer distinct rows than parameters, or nobody came back."};

StaticAssertDecl(lengthof(status_names) == CRM_FIT_TOO_FEW + 1, "a name for every status");
StaticAssertDecl(lengthof(status_meanings) == CRM_FIT_TOO_FEW + 1, "a meaning for every status");

/* ------------------------------------------------------------------------------------------------------------------
 * What makes a model one
 * ------------------------------------------------------------------------------------------------------------------ */

const CrmModelKind *
crm_model_kind(const CrmModel *model)
{
	static const CrmModelKind *const kinds[] = {&crm_bgnbd_kind, &crm_pareto_nbd_kind,
	                                            &crm_gamma_gamma_kind};

	for (int i = 0; i < lengthof(kinds); i++)
		if (model->header.kind == kinds[i]->kind)
			return kinds[i];
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("stored value is not a model")));
}

/* A model whose parameters are given. */
CrmModel *
crm_model_new(const CrmModelKind *kind, const double *parameters, double days_per_unit)
{
	CrmModel *model = (CrmModel *) crm_value_alloc(kind->kind, sizeof(CrmModel) - sizeof(CrmValue));

	memcpy(model->parameters, parameters, sizeof(double) * kind->nparameters);
	if (kind->has_time)
		model->days_per_unit = days_per_unit;
	return model;
}

static bool
parameter_is_possible(double number)
{
	return number >= LOWEST_PARAMETER && number <= HIGHEST_PARAMETER; /* not of NaN */
}

/* 22023 for a number that cannot be a parameter. */
void
crm_model_check_parameter(double number, const char *name)
{
	if (!parameter_is_possible(number))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("%s must be a number from %g to %g", name, LOWEST_PARAMETER,
		                       HIGHEST_PARAMETER)));
}

/* Whether a triangle can be that of covariances: positive variances, and no correlation beyond 1. */
static bool
covariance_is_possible(const CrmModelKind *kind, const double *covariance)
{
	for (int i = 0; i < kind->nparameters; i++)
		for (int j = 0; j <= i; j++)
		{
			double both = covariance[crm_covariance_at(i, j)];
			double own = sqrt(covariance[crm_covariance_at(i, i)]) *
			             sqrt(covariance[crm_covariance_at(j, j)]);

			if (!(own > 0) || !(fabs(both) <= own * (1 + 1e-9)) || !isfinite(own))
				return false;
		}
	return true;
}

/* A parameter that was fitted, which is never out of the range that a model may have. */
void
crm_model_set_parameter(CrmModel *model, int i, double number)
{
	model->parameters[i] = Max(LOWEST_PARAMETER, Min(number, HIGHEST_PARAMETER));
}

/* Keep the covariances that were fitted, unless they are those of a likelihood without a peak. */
void
crm_model_settle_covariance(CrmModel *model)
{
	if (covariance_is_possible(crm_model_kind(model), model->covariance))
		model->header.flags |= CRM_MODEL_HAS_COVARIANCE;
	else
	{
		memset(model->covariance, 0, sizeof(model->covariance));
		if (model->status == CRM_FIT_CONVERGED)
			model->status = CRM_FIT_NOT_IDENTIFIED;
	}
}

/* What is wrong with a model that came from outside, or NULL. */
static const char *
fault_of(const CrmModelKind *kind, const CrmModel *model)
{
	uint16 known = CRM_MODEL_FITTED | CRM_MODEL_HAS_COVARIANCE | CRM_MODEL_HAS_CORRELATION;

	for (int i = 0; i < kind->nparameters; i++)
		if (!parameter_is_possible(model->parameters[i]))
			return "a parameter is out of range";
	if (kind->has_time && !parameter_is_possible(model->days_per_unit))
		return "days_per_unit is out of range";
	if (model->header.flags & ~known)
		return "it has flags that are not in use";
	if (!(model->header.flags & CRM_MODEL_FITTED))
		return model->header.flags != 0 ? "it has figures of a fit without a fit" : NULL;
	if (model->status <= CRM_FIT_GIVEN || model->status > CRM_FIT_TOO_FEW)
		return "its status is unknown";
	if (!isfinite(model->log_likelihood))
		return "the log-likelihood is not finite";
	if (!(model->gradient_norm >= 0) || !isfinite(model->gradient_norm))
		return "the gradient norm is out of range";
	if (model->clients < 0 || model->clients > CRM_MOST_CLIENTS || model->left_out < 0 ||
	    model->left_out > CRM_MOST_CLIENTS || model->dense_clients < 0 ||
	    model->dense_clients > model->clients || model->distinct_rows > model->clients)
		return "a number of clients is out of range";
	if (model->iterations > PG_INT32_MAX || model->distinct_rows > PG_INT32_MAX)
		return "a count is out of range";
	if (kind->has_time && model->header.flags & CRM_MODEL_HAS_CORRELATION)
		return "a model of purchases has no correlation of amounts";
	if (model->header.flags & CRM_MODEL_HAS_CORRELATION && !(fabs(model->correlation) <= 1))
		return "the correlation is out of range";
	if (model->header.flags & CRM_MODEL_HAS_COVARIANCE &&
	    !covariance_is_possible(kind, model->covariance))
		return "the covariances are those of nothing";
	if (model->status == CRM_FIT_CONVERGED && !(model->header.flags & CRM_MODEL_HAS_COVARIANCE))
		return "a fit that converged has covariances";
	return NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Text
 * ------------------------------------------------------------------------------------------------------------------ */

static void
append_number(StringInfo out, const char *key, double number)
{
	char digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(number, digits);
	if (key != NULL)
		appendStringInfo(out, "\"%s\":", key);
	appendStringInfoString(out, digits);
}

static void
append_fit(StringInfo out, const CrmModelKind *kind, const CrmModel *model)
{
	appendStringInfo(out, ",\"fit\":{\"status\":\"%s\",", status_names[model->status]);
	append_number(out, "log_likelihood", model->log_likelihood);
	appendStringInfo(out, ",\"iterations\":%u,", model->iterations);
	append_number(out, "gradient_norm", model->gradient_norm);
	appendStringInfo(out, ",\"clients\":" INT64_FORMAT, model->clients);
	appendStringInfo(out, ",\"%s\":" INT64_FORMAT, kind->has_time ? "dense_clients" : "left_out",
	                 kind->has_time ? model->dense_clients : model->left_out);
	appendStringInfo(out, ",\"distinct_rows\":%u,\"data_digest\":\"", model->distinct_rows);
	for (int i = 0; i < sizeof(model->data_digest); i++)
		appendStringInfo(out, "%02x", model->data_digest[i]);
	appendStringInfoChar(out, '"');
	if (model->header.flags & CRM_MODEL_HAS_CORRELATION)
	{
		appendStringInfoChar(out, ',');
		append_number(out, "correlation", model->correlation);
	}
	if (model->header.flags & CRM_MODEL_HAS_COVARIANCE)
	{
		appendStringInfoString(out, ",\"covariance\":");
		for (int i = 0; i <= crm_covariance_at(kind->nparameters - 1, kind->nparameters - 1); i++)
		{
			appendStringInfoChar(out, i == 0 ? '[' : ',');
			append_number(out, NULL, model->covariance[i]);
		}
		appendStringInfoChar(out, ']');
	}
	appendStringInfoChar(out, '}');
}

/* model_out(model) -> cstring */
PG_FUNCTION_INFO_V1(crm_model_out);
Datum
crm_model_out(PG_FUNCTION_ARGS)
{
	const CrmModel *model = crm_model_argument(fcinfo, 0);
	const CrmModelKind *kind = crm_model_kind(model);
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"parameters\":");
	for (int i = 0; i < kind->nparameters; i++)
	{
		appendStringInfoChar(&out, i == 0 ? '{' : ',');
		append_number(&out, kind->names[i], model->parameters[i]);
	}
	appendStringInfoChar(&out, '}');
	if (kind->has_time)
	{
		appendStringInfoChar(&out, ',');
		append_number(&out, "days_per_unit", model->days_per_unit);
	}
	if (model->header.flags & CRM_MODEL_FITTED)
		append_fit(&out, kind, model);
	appendStringInfoChar(&out, '}');
	PG_RETURN_CSTRING(out.data);
}

static double
read_positive(const DocumentNode *node)
{
	double number = crm_document_number(node);

	if (!parameter_is_possible(number))
		document_malformed(node, NULL, "must be a number from %g to %g", LOWEST_PARAMETER,
		                   HIGHEST_PARAMETER);
	return number;
}

static int64
read_count(const DocumentNode *node, double most)
{
	double number = crm_document_number(node);

	if (!(number >= 0 && number <= most && number == floor(number)))
		document_malformed(node, NULL, "must be a whole number from 0 to %.0f", most);
	return (int64) number;
}

static void
read_fit(DocumentNode *fit, const CrmModelKind *kind, CrmModel *model)
{
	const char *const keys[] = {"status",        "log_likelihood",
	                            "iterations",    "gradient_norm",
	                            "clients",       kind->has_time ? "dense_clients" : "left_out",
	                            "distinct_rows", "data_digest",
	                            "correlation",   "covariance"};
	int ncovariances = crm_covariance_at(kind->nparameters - 1, kind->nparameters - 1) + 1;
	DocumentNode *node;
	const char *digest;

	crm_document_keys(fit, keys, lengthof(keys));
	model->header.flags = CRM_MODEL_FITTED;
	model->status = crm_document_choice(crm_document_require(fit, "status"), status_names + 1,
	                                    lengthof(status_names) - 1) +
	                1;
	model->log_likelihood = crm_document_number(crm_document_require(fit, "log_likelihood"));
	model->iterations = read_count(crm_document_require(fit, "iterations"), PG_INT32_MAX);
	model->gradient_norm = crm_document_number(crm_document_require(fit, "gradient_norm"));
	model->clients = read_count(crm_document_require(fit, "clients"), CRM_MOST_CLIENTS);
	if (kind->has_time)
		model->dense_clients =
		    read_count(crm_document_require(fit, "dense_clients"), CRM_MOST_CLIENTS);
	else
		model->left_out = read_count(crm_document_require(fit, "left_out"), CRM_MOST_CLIENTS);
	model->distinct_rows = read_count(crm_document_require(fit, "distinct_rows"), PG_INT32_MAX);
	node = crm_document_require(fit, "data_digest");
	digest = crm_document_text(node);
	if (strlen(digest) != 16 || strspn(digest, "0123456789abcdef") != 16)
		document_malformed(node, NULL, "must be 16 hexadecimal digits");
	hex_decode(digest, 16, (char *) model->data_digest);
	if ((node = crm_document_get(fit, "correlation")))
	{
		model->correlation = crm_document_number(node);
		model->header.flags |= CRM_MODEL_HAS_CORRELATION;
	}
	if ((node = crm_document_get(fit, "covariance")))
	{
		crm_document_expect(node, DOCUMENT_ARRAY);
		if (node->nitems != ncovariances)
			document_malformed(node, NULL, "must have %d numbers, the lower triangle by rows",
			                   ncovariances);
		for (int i = 0; i < ncovariances; i++)
			model->covariance[i] = crm_document_number(node->items[i]);
		model->header.flags |= CRM_MODEL_HAS_COVARIANCE;
	}
}

/* A document on its way to a model. */
typedef struct Reading
{
	const CrmModelKind *kind;
	CrmModel *model;
} Reading;

/* -0 is 0: the two are equal, and so must their bytes be. */
static void
take_model(DocumentNode *root, void *result)
{
	static const char *const keys[] = {"parameters", "days_per_unit", "fit"};
	Reading *reading = result;
	const CrmModelKind *kind = reading->kind;
	CrmModel *model = reading->model;
	DocumentNode *parameters, *node;
	const char *fault;

	crm_document_keys(root, keys, lengthof(keys));
	parameters = crm_document_require(root, "parameters");
	crm_document_keys(parameters, kind->names, kind->nparameters);
	for (int i = 0; i < kind->nparameters; i++)
		model->parameters[i] = read_positive(crm_document_require(parameters, kind->names[i]));
	node = crm_document_get(root, "days_per_unit");
	if (kind->has_time)
		model->days_per_unit = node ? read_positive(node) : 7;
	else if (node)
		document_malformed(node, NULL, "a %s has no unit of time", kind->title);
	if ((node = crm_document_get(root, "fit")))
		read_fit(node, kind, model);
	fault = fault_of(kind, model);
	if (fault)
		document_malformed(root, NULL, "%s", fault);
}

/* model_in(cstring) -> model.  Errors: 22P02, 22003, 54000, with the path of the element. */
static Datum
read_text(FunctionCallInfo fcinfo, const CrmModelKind *kind)
{
	static const double nothing[CRM_MODEL_PARAMETERS];
	char *text = PG_GETARG_CSTRING(0);
	Reading reading = {.kind = kind, .model = crm_model_new(kind, nothing, 0)};

	if (!crm_document_read(kind->title, text, strlen(text), fcinfo->context, take_model, &reading))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(reading.model);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Binary: the version byte, the flags, then the fields in the order of CrmModel, in network order
 * ------------------------------------------------------------------------------------------------------------------ */

/* model_send(model) -> bytea */
PG_FUNCTION_INFO_V1(crm_model_send);
Datum
crm_model_send(PG_FUNCTION_ARGS)
{
	const CrmModel *model = crm_model_argument(fcinfo, 0);
	const CrmModelKind *kind = crm_model_kind(model);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, model->header.version);
	pq_sendbyte(&out, (uint8) model->header.flags);
	for (int i = 0; i < kind->nparameters; i++)
		pq_sendfloat8(&out, model->parameters[i]);
	pq_sendfloat8(&out, model->days_per_unit);
	if (model->header.flags & CRM_MODEL_FITTED)
	{
		for (int i = 0; i < CRM_MODEL_COVARIANCES; i++)
			pq_sendfloat8(&out, model->covariance[i]);
		pq_sendfloat8(&out, model->log_likelihood);
		pq_sendfloat8(&out, model->gradient_norm);
		pq_sendfloat8(&out, model->correlation);
		pq_sendint64(&out, model->clients);
		pq_sendint64(&out, model->left_out);
		pq_sendint64(&out, model->dense_clients);
		pq_sendint32(&out, model->distinct_rows);
		pq_sendint32(&out, model->iterations);
		pq_sendint32(&out, model->status);
		pq_sendbytes(&out, (const char *) model->data_digest, sizeof(model->data_digest));
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/* Fields that a flag says are absent, or that the kind does not have, are zero, to the bit. */
static const char *
unused_fault(const CrmModelKind *kind, const CrmModel *model)
{
	static const double zeros[CRM_MODEL_COVARIANCES];
	int used = model->header.flags & CRM_MODEL_HAS_COVARIANCE
	               ? crm_covariance_at(kind->nparameters - 1, kind->nparameters - 1) + 1
	               : 0;
	bool clean = memcmp(model->covariance + used, zeros,
	                    sizeof(double) * (CRM_MODEL_COVARIANCES - used)) == 0;

	if (!(model->header.flags & CRM_MODEL_HAS_CORRELATION))
		clean &= memcmp(&model->correlation, zeros, sizeof(double)) == 0;
	if (kind->has_time)
		clean &= model->left_out == 0;
	else
		clean &=
		    model->dense_clients == 0 && memcmp(&model->days_per_unit, zeros, sizeof(double)) == 0;
	return clean ? NULL : "a field that is not in use is not zero";
}

static bool
has_negative_zero(const CrmModel *model)
{
	for (const double *number = model->parameters; number <= &model->correlation; number++)
		if (*number == 0 && signbit(*number))
			return true;
	return false;
}

/* model_recv(internal) -> model; 22P03 */
static Datum
read_binary(FunctionCallInfo fcinfo, const CrmModelKind *kind)
{
	static const double nothing[CRM_MODEL_PARAMETERS];
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	CrmModel *model = crm_model_new(kind, nothing, 0);
	const char *fault;

	crm_recv_version(message, kind->type_name);
	model->header.flags = pq_getmsgbyte(message);
	for (int i = 0; i < kind->nparameters; i++)
		model->parameters[i] = pq_getmsgfloat8(message);
	model->days_per_unit = pq_getmsgfloat8(message);
	if (model->header.flags & CRM_MODEL_FITTED)
	{
		for (int i = 0; i < CRM_MODEL_COVARIANCES; i++)
			model->covariance[i] = pq_getmsgfloat8(message);
		model->log_likelihood = pq_getmsgfloat8(message);
		model->gradient_norm = pq_getmsgfloat8(message);
		model->correlation = pq_getmsgfloat8(message);
		model->clients = pq_getmsgint64(message);
		model->left_out = pq_getmsgint64(message);
		model->dense_clients = pq_getmsgint64(message);
		model->distinct_rows = pq_getmsgint(message, 4);
		model->iterations = pq_getmsgint(message, 4);
		model->status = pq_getmsgint(message, 4);
		pq_copymsgbytes(message, (char *) model->data_digest, sizeof(model->data_digest));
	}
	fault = fault_of(kind, model);
	if (fault == NULL)
		fault = unused_fault(kind, model);
	if (fault == NULL && has_negative_zero(model))
		fault = "a number is minus zero";
	if (fault != NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		                errmsg("invalid binary %s: %s", kind->type_name, fault)));
	PG_RETURN_POINTER(model);
}

#define MODEL_INPUT(name)                                                                          \
	PG_FUNCTION_INFO_V1(crm_##name##_in);                                                          \
	Datum crm_##name##_in(PG_FUNCTION_ARGS)                                                        \
	{                                                                                              \
		return read_text(fcinfo, &crm_##name##_kind);                                              \
	}                                                                                              \
	PG_FUNCTION_INFO_V1(crm_##name##_recv);                                                        \
	Datum crm_##name##_recv(PG_FUNCTION_ARGS)                                                      \
	{                                                                                              \
		return read_binary(fcinfo, &crm_##name##_kind);                                            \
	}                                                                                              \
	extern int no_such_variable

MODEL_INPUT(bgnbd);
MODEL_INPUT(pareto_nbd);
MODEL_INPUT(gamma_gamma);

/* ------------------------------------------------------------------------------------------------------------------
 * Reading a model
 * ------------------------------------------------------------------------------------------------------------------ */

/* An argument as a model of any kind; the types of SQL say which kinds there can be. */
const CrmModel *
crm_model_argument(FunctionCallInfo fcinfo, int argument)
{
	struct varlena *datum = PG_GETARG_VARLENA_P(argument);

	if (VARSIZE(datum) != sizeof(CrmModel))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("stored model is damaged")));
	return (const CrmModel *) crm_value_check(datum, ((CrmValue *) datum)->kind);
}

/*
 * The same for a figure that means something only if the fit is sound.  22023 if it is not, unless any_status; but where there were
 * too few data there are no estimates at all.
 */
const CrmModel *
crm_model_usable(FunctionCallInfo fcinfo, int argument, bool any_status)
{
	const CrmModel *model = crm_model_argument(fcinfo, argument);

	if (model->status > CRM_FIT_CONVERGED && (!any_status || model->status == CRM_FIT_TOO_FEW))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("the fit of the %s has the status \"%s\"", crm_model_kind(model)->title,
		                status_names[model->status]),
		         errdetail_internal("%s", status_meanings[model->status]),
		         model->status == CRM_FIT_TOO_FEW
		             ? errhint("See model_diagnostics(model). There are no estimates to use.")
		             : errhint("See model_diagnostics(model). To use the model nevertheless, give "
		                       "the argument any_status => true.")));
	return model;
}

/* model_status(model) -> text */
PG_FUNCTION_INFO_V1(crm_model_status);
Datum
crm_model_status(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(status_names[crm_model_argument(fcinfo, 0)->status]));
}

/* log_likelihood(model, any_status bool) -> float8; NULL if the parameters were given.  22023 for a fit that is not sound. */
PG_FUNCTION_INFO_V1(crm_model_log_likelihood);
Datum
crm_model_log_likelihood(PG_FUNCTION_ARGS)
{
	const CrmModel *model = crm_model_usable(fcinfo, 0, PG_GETARG_BOOL(1));

	if (!(model->header.flags & CRM_MODEL_FITTED))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(model->log_likelihood);
}

/*
 * model_parameters(model, any_status bool) -> table (ordinal int, name text, estimate float8, std_error float8)
 *
 * Standard errors from the inverse of the Hessian of the log-likelihood; NULL where there is none.
 */
PG_FUNCTION_INFO_V1(crm_model_list_parameters);
Datum
crm_model_list_parameters(PG_FUNCTION_ARGS)
{
	const CrmModel *model = crm_model_usable(fcinfo, 0, PG_GETARG_BOOL(1));
	const CrmModelKind *kind = crm_model_kind(model);
	bool has_errors = (model->header.flags & CRM_MODEL_HAS_COVARIANCE) != 0;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < kind->nparameters; i++)
	{
		CrmRecord record = {0};

		crm_record_add(&record, Int32GetDatum(i + 1), false);
		crm_record_add(&record, CStringGetTextDatum(kind->names[i]), false);
		crm_record_number(&record, model->parameters[i]);
		crm_record_number(&record,
		                  has_errors ? sqrt(model->covariance[crm_covariance_at(i, i)]) : NAN);
		crm_record_put(fcinfo, &record);
	}
	return (Datum) 0;
}

/* model_covariance(model, any_status bool) -> float8[][], in the order of the parameters; NULL where there is none */
PG_FUNCTION_INFO_V1(crm_model_covariance);
Datum
crm_model_covariance(PG_FUNCTION_ARGS)
{
	const CrmModel *model = crm_model_usable(fcinfo, 0, PG_GETARG_BOOL(1));
	int n = crm_model_kind(model)->nparameters;
	Datum elements[CRM_MODEL_PARAMETERS * CRM_MODEL_PARAMETERS];
	int dimensions[2] = {n, n}, lower[2] = {1, 1};

	if (!(model->header.flags & CRM_MODEL_HAS_COVARIANCE))
		PG_RETURN_NULL();
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			elements[i * n + j] = Float8GetDatum(model->covariance[crm_covariance_at(i, j)]);
	PG_RETURN_ARRAYTYPE_P(construct_md_array(elements, NULL, 2, dimensions, lower, FLOAT8OID,
	                                         sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static void
put_diagnostic(FunctionCallInfo fcinfo, const char *name, const char *value, const char *meaning)
{
	CrmRecord record = {0};

	crm_record_add(&record, CStringGetTextDatum(name), false);
	crm_record_add(&record, CStringGetTextDatum(value), false);
	crm_record_add(&record, CStringGetTextDatum(meaning), false);
	crm_record_put(fcinfo, &record);
}

static char *
number_text(double number)
{
	char *digits = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	double_to_shortest_decimal_buf(number, digits);
	return digits;
}

/* model_diagnostics(model) -> table (name text, value text, meaning text): how the fit went, whatever its status */
PG_FUNCTION_INFO_V1(crm_model_diagnostics);
Datum
crm_model_diagnostics(PG_FUNCTION_ARGS)
{
	const CrmModel *model = crm_model_argument(fcinfo, 0);
	const CrmModelKind *kind = crm_model_kind(model);
	char digest[17] = {0};

	InitMaterializedSRF(fcinfo, 0);
	put_diagnostic(fcinfo, "status", status_names[model->status], status_meanings[model->status]);
	if (kind->has_time)
		put_diagnostic(fcinfo, "days_per_unit", number_text(model->days_per_unit),
		               "days in the unit of time of parameters and horizons");
	if (!(model->header.flags & CRM_MODEL_FITTED))
		return (Datum) 0;
	put_diagnostic(fcinfo, "log_likelihood", number_text(model->log_likelihood),
	               "at the parameters, natural logarithm");
	put_diagnostic(fcinfo, "iterations", psprintf("%u", model->iterations),
	               "evaluations of the likelihood in the search");
	put_diagnostic(fcinfo, "gradient_norm", number_text(model->gradient_norm),
	               "largest slope of the mean log-likelihood by the logarithm of a parameter");
	put_diagnostic(fcinfo, "clients", psprintf(INT64_FORMAT, model->clients),
	               "clients that the model was fitted to");
	if (kind->has_time)
		put_diagnostic(
		    fcinfo, "dense_clients", psprintf(INT64_FORMAT, model->dense_clients),
		    "of these, active on more than half of the days since their first: too often for a "
		    "model of random visits that are counted by days");
	else
		put_diagnostic(fcinfo, "left_out", psprintf(INT64_FORMAT, model->left_out),
		               "clients without a repeat day or a positive repeat total");
	put_diagnostic(fcinfo, "distinct_rows", psprintf("%u", model->distinct_rows),
	               "distinct rows that these clients make");
	hex_encode((const char *) model->data_digest, sizeof(model->data_digest), digest);
	put_diagnostic(fcinfo, "data_digest", digest,
	               "first bytes of the SHA-256 of those rows: equal data, equal digest");
	if (model->header.flags & CRM_MODEL_HAS_CORRELATION)
		put_diagnostic(fcinfo, "correlation", number_text(model->correlation),
		               "of frequency and mean amount: the model assumes that there is none");
	return (Datum) 0;
}
