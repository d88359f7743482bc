/*
 * crm_ext.c
 *		Module magic and settings.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "fmgr.h"
#include "utils/guc.h"

#include "compat.h"
#include "value/day.h"

CRM_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

static char *as_of_setting;
static bool settings_are_defined;

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

/* Define the settings, which takes over values that were set before. */
static void
define_settings(void)
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

	DefineCustomStringVariable(
	    "crm.as_of", "The day that as_of() and the mart's views report, as YYYY-MM-DD.",
	    "Empty means today's date.", &as_of_setting, "", PGC_USERSET, 0, check_as_of, NULL, NULL);
	MarkGUCPrefixReserved("crm");
	settings_are_defined = true;
}

/*
 * Whether the settings must wait: during a parallel operation no value can be taken over; it would be dropped with a warning.  A starting
 * worker has no such value yet.
 */
static bool
settings_must_wait(void)
{
	return IsInParallelMode() && !InitializingParallelWorker &&
	       GetConfigOption("crm.as_of", true, false) != NULL;
}

/* The setting crm.as_of, "" where it is not set. */
const char *
crm_as_of_setting(void)
{
	const char *waiting;

	if (!settings_are_defined && !settings_must_wait())
		define_settings();
	if (settings_are_defined)
		return as_of_setting;
	waiting = GetConfigOption("crm.as_of", true, false);
	return waiting ? waiting : "";
}

void
_PG_init(void)
{
	if (!settings_must_wait())
		define_settings();
}
