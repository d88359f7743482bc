/*
 * crm_ext.c
 *		Module magic and settings.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "fmgr.h"
#include "utils/guc.h"

#include "compat.h"
#include "value/day.h"

CRM_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

static bool
check_as_of(char **newval, void **extra, GucSource source)
{
	DateADT day;

	/* a starting parallel worker has the values of the role and database first, then its leader's, which were checked */
	if (InitializingParallelWorker || **newval == '\0' ||
	    crm_day_parse(*newval, strlen(*newval), &day))
		return true;
	GUC_check_errdetail("\"%s\" is not a day written as YYYY-MM-DD.", *newval);
	return false;
}

void
_PG_init(void)
{
	const char *early;

	/*
	 * A value set before the library was loaded has been checked by nobody.
	 * DefineCustomStringVariable would only warn and fall back to today, so that every figure would be
	 * of another day: refuse to load instead, until the setting is corrected.
	 */
	early = GetConfigOption("crm.as_of", true, false);
	if (early != NULL && *early != '\0' && !InitializingParallelWorker)
	{
		DateADT day;

		if (!crm_day_parse(early, strlen(early), &day))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("invalid value for parameter \"crm.as_of\": \"%s\"", early),
			                errhint("Set it to a day written as YYYY-MM-DD, or RESET crm.as_of.")));
	}

	DefineCustomStringVariable("crm.as_of",
	                           "The day that as_of() and the mart's views report, as YYYY-MM-DD.",
	                           "Empty means today's date.", &crm_as_of_setting, "", PGC_USERSET, 0,
	                           check_as_of, NULL, NULL);
	MarkGUCPrefixReserved("crm");
}
