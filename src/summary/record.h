/*
 * record.h
 *		Results of several columns, in which a number that is not defined is NULL.
 */
#ifndef CRM_RECORD_H
#define CRM_RECORD_H

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"

#define CRM_RECORD_COLUMNS 10

typedef struct CrmRecord
{
	int ncolumns;
	Datum values[CRM_RECORD_COLUMNS];
	bool nulls[CRM_RECORD_COLUMNS];
} CrmRecord;

static inline void
crm_record_add(CrmRecord *record, Datum value, bool null)
{
	Assert(record->ncolumns < CRM_RECORD_COLUMNS);
	record->values[record->ncolumns] = value;
	record->nulls[record->ncolumns++] = null;
}

static inline void
crm_record_count(CrmRecord *record, int64 count)
{
	crm_record_add(record, Int64GetDatum(count), false);
}

static inline void
crm_record_number(CrmRecord *record, double number)
{
	crm_record_add(record, Float8GetDatum(number), isnan(number));
}

/* The result of a function that returns one row. */
static inline Datum
crm_record_return(FunctionCallInfo fcinfo, CrmRecord *record)
{
	TupleDesc columns;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		     errmsg("function returning record called in context that cannot accept type record")));
	Assert(columns->natts == record->ncolumns);
	return HeapTupleGetDatum(
	    heap_form_tuple(BlessTupleDesc(columns), record->values, record->nulls));
}

/* A row of a function that returns many; InitMaterializedSRF has been called. */
static inline void
crm_record_put(FunctionCallInfo fcinfo, CrmRecord *record)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	Assert(result->setDesc->natts == record->ncolumns);
	tuplestore_putvalues(result->setResult, result->setDesc, record->values, record->nulls);
}

#endif
