/*
 * day.c
 *		Days: strict ISO text, a broker's YYYYMMDD integers, calendar months, and the as-of day.
 *
 * Nothing here depends on DateStyle or TimeZone, so that what uses it may be IMMUTABLE.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "value/day.h"

/* Read exactly "count" digits. */
static bool
read_digits(const char *text, int count, int *number)
{
	*number = 0;
	for (int i = 0; i < count; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		*number = *number * 10 + (text[i] - '0');
	}
	return true;
}

static bool
is_calendar_day(int year, int month, int day)
{
	return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= day_tab[isleap(year)][month - 1];
}

/* Read a day written as YYYY-MM-DD; false if it is anything else or no day of the calendar. */
bool
crm_day_parse(const char *text, size_t length, DateADT *day)
{
	int y, m, d;

	if (length != 10 || text[4] != '-' || text[7] != '-' || !read_digits(text, 4, &y) ||
	    !read_digits(text + 5, 2, &m) || !read_digits(text + 8, 2, &d) || !is_calendar_day(y, m, d))
		return false;
	*day = date2j(y, m, d) - POSTGRES_EPOCH_JDATE;
	return true;
}

/*
 * Read a moment written as YYYY-MM-DD, a 'T' or a blank, HH:MM:SS, an optional fraction of up to six digits and
 * an optional offset: Z or +HH:MM.  With an offset the result is in UTC.
 */
bool
crm_timestamp_parse(const char *text, size_t length, Timestamp *moment, bool *has_offset)
{
	DateADT day;
	int hour, minute, second;
	int64 fraction = 0;
	size_t at = 19;

	*has_offset = false;
	if (length < 19 || !crm_day_parse(text, 10, &day) || (text[10] != 'T' && text[10] != ' ') ||
	    text[13] != ':' || text[16] != ':' || !read_digits(text + 11, 2, &hour) ||
	    !read_digits(text + 14, 2, &minute) || !read_digits(text + 17, 2, &second) || hour > 23 ||
	    minute > 59 || second > 59)
		return false;
	if (at < length && text[at] == '.')
	{
		int64 unit = 100000;

		for (at++; at < length && text[at] >= '0' && text[at] <= '9'; at++, unit /= 10)
		{
			if (unit == 0)
				return false;
			fraction += unit * (text[at] - '0');
		}
		if (unit == 100000)
			return false;
	}
	*moment = (Timestamp) day * USECS_PER_DAY + hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE +
	          second * USECS_PER_SEC + fraction;
	if (at == length)
		return true;

	*has_offset = true;
	if (text[at] == 'Z')
		return at + 1 == length;
	if ((text[at] != '+' && text[at] != '-') || length - at != 6 || text[at + 3] != ':' ||
	    !read_digits(text + at + 1, 2, &hour) || !read_digits(text + at + 4, 2, &minute) ||
	    hour > 15 || minute > 59)
		return false;
	*moment -= (text[at] == '-' ? -1 : 1) * (hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE);
	return true;
}

/* A day as ISO text, whatever DateStyle says. */
char *
crm_day_text(DateADT day)
{
	int y, m, d;

	if (DATE_IS_NOBEGIN(day))
		return pstrdup("-infinity");
	if (DATE_IS_NOEND(day))
		return pstrdup("infinity");
	j2date(day + POSTGRES_EPOCH_JDATE, &y, &m, &d);
	if (y <= 0)
		return psprintf("%04d-%02d-%02d BC", 1 - y, m, d);
	return psprintf("%04d-%02d-%02d", y, m, d);
}

/*
 * The same day of the month so many months later, or the last day of that month where it has fewer days.
 * Infinite days stay; what leaves the range of dates becomes infinite.
 */
DateADT
crm_day_add_months(DateADT day, int months)
{
	int y, m, d;
	int64 month;
	int last;

	if (DATE_NOT_FINITE(day))
		return day;
	j2date(day + POSTGRES_EPOCH_JDATE, &y, &m, &d);
	month = (int64) y * 12 + (m - 1) + months;
	y = (int) (month >= 0 ? month / 12 : -((11 - month) / 12));
	m = (int) (month - (int64) y * 12) + 1;
	last = day_tab[isleap(y)][m - 1];
	d = Min(d, last);
	if (IS_VALID_JULIAN(y, m, d) && IS_VALID_DATE(date2j(y, m, d) - POSTGRES_EPOCH_JDATE))
		return date2j(y, m, d) - POSTGRES_EPOCH_JDATE;
	if (months < 0)
		DATE_NOBEGIN(day);
	else
		DATE_NOEND(day);
	return day;
}

/* Whole calendar months from one finite day to another; negative if "to" is before "from". */
int
crm_months_between(DateADT from, DateADT to)
{
	int y1, m1, d1, y2, m2, d2;
	int months;

	j2date(from + POSTGRES_EPOCH_JDATE, &y1, &m1, &d1);
	j2date(to + POSTGRES_EPOCH_JDATE, &y2, &m2, &d2);
	months = (y2 - y1) * 12 + (m2 - m1);
	/* a month is full when its day has come, or on the last day of a month that does not have it */
	if (months > 0 && crm_day_add_months(from, months) > to)
		months--;
	else if (months < 0 && crm_day_add_months(from, months) < to)
		months++;
	return months;
}

/* Midnight of a day; what leaves the range of timestamps becomes infinite. */
Timestamp
crm_day_to_timestamp(DateADT day)
{
	int overflow;
	Timestamp moment = date2timestamp_opt_overflow(day, &overflow);

	if (overflow > 0)
		TIMESTAMP_NOEND(moment);
	return moment;
}

/*
 * as_of() -> date
 *
 * The day of the setting crm.as_of, or today's date where it is empty.  STABLE: the only function of the
 * extension that reads a setting or the clock.
 */
PG_FUNCTION_INFO_V1(crm_as_of);
Datum
crm_as_of(PG_FUNCTION_ARGS)
{
	const char *setting = crm_as_of_setting();
	DateADT day;

	if (*setting != '\0')
	{
		if (!crm_day_parse(setting, strlen(setting), &day))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("invalid value for parameter \"crm.as_of\": \"%s\"", setting)));
		PG_RETURN_DATEADT(day);
	}
	PG_RETURN_DATEADT(GetSQLCurrentDate());
}

/*
 * day(yyyymmdd int) -> date
 *
 * The day of a broker's integer: 20260131 is 2026-01-31.  The sentinels 0, 99991231 and 19000101 mean "none"
 * and give NULL; what is no day of the calendar is 22008.
 */
PG_FUNCTION_INFO_V1(crm_day);
Datum
crm_day(PG_FUNCTION_ARGS)
{
	int32 number = PG_GETARG_INT32(0);
	int y = number / 10000, m = number / 100 % 100, d = number % 100;

	if (number == 0 || number == 99991231 || number == 19000101)
		PG_RETURN_NULL();
	if (number < 0 || y > 9999 || !is_calendar_day(y, m, d))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
		                errmsg("%d is not a day written as YYYYMMDD", number),
		                errhint("0, 99991231 and 19000101 stand for no day and give NULL.")));
	PG_RETURN_DATEADT(date2j(y, m, d) - POSTGRES_EPOCH_JDATE);
}
