/*
 * clock.c: the clock, and the windows tools look through.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/base.h"

/* Ranges longer than this are a mistake, not a question: three years. */
#define MAX_RANGE_DAYS 1100

PG_FUNCTION_INFO_V1(dbi_now_sql);

TimestampTz
dbi_now(void)
{
	TimestampTz t;

	if (dbi_guc_now[0] != '\0' && dbi_parse_timestamp(dbi_guc_now, strlen(dbi_guc_now), &t))
		return t;
	return GetCurrentTransactionStartTimestamp();
}

DateADT
dbi_today(void)
{
	TimestampTz t = dbi_now();

	return (DateADT) (t >= 0 ? t / USECS_PER_DAY : -((-t + USECS_PER_DAY - 1) / USECS_PER_DAY));
}

Datum
dbi_now_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(dbi_now());
}

PG_FUNCTION_INFO_V1(dbi_today_sql);
Datum
dbi_today_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(dbi_today());
}

/* An integer argument within 1..max, or 22023 with the range. */
static int
checked_int(FunctionCallInfo fcinfo, int argno, const char *name, int max)
{
	int v;

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must not be null", name),
				 errhint("Give a whole number from 1 to %d.", max)));
	v = PG_GETARG_INT32(argno);
	if (v < 1 || v > max)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be between 1 and %d, not %d", name, max, v),
						errhint("Give a whole number from 1 to %d.", max)));
	return v;
}

PG_FUNCTION_INFO_V1(dbi_since_hours);
Datum
dbi_since_hours(PG_FUNCTION_ARGS)
{
	int hours = checked_int(fcinfo, 0, "hours", PG_GETARG_INT32(1));

	PG_RETURN_TIMESTAMPTZ(dbi_now() - hours * USECS_PER_HOUR);
}

PG_FUNCTION_INFO_V1(dbi_since_days);
Datum
dbi_since_days(PG_FUNCTION_ARGS)
{
	int days = checked_int(fcinfo, 0, "days", PG_GETARG_INT32(1));

	PG_RETURN_TIMESTAMPTZ(dbi_now() - days * USECS_PER_DAY);
}

PG_FUNCTION_INFO_V1(dbi_first_day);
Datum
dbi_first_day(PG_FUNCTION_ARGS)
{
	int days = checked_int(fcinfo, 0, "days", PG_GETARG_INT32(1));

	PG_RETURN_DATEADT(dbi_today() - days);
}

static DateADT
checked_date(FunctionCallInfo fcinfo, int argno, const char *name, DateADT fallback)
{
	DateADT d;

	if (PG_ARGISNULL(argno))
		return fallback;
	d = PG_GETARG_DATEADT(argno);
	if (DATE_NOT_FINITE(d))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be a finite date", name)));
	return d;
}

static void
check_range(DateADT start, DateADT end)
{
	if (end < start)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("end_date must not be before start_date"),
						errhint("Give a range that ends on or after the day it starts.")));
	if (end - start >= MAX_RANGE_DAYS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a range of dates must not span more than %d days", MAX_RANGE_DAYS),
						errhint("Ask for a shorter range.")));
}

/* A missing end is yesterday, or the start when that is later. */
static DateADT
range_end(FunctionCallInfo fcinfo)
{
	DateADT yesterday = dbi_today() - 1;

	if (!PG_ARGISNULL(0))
		yesterday = Max(yesterday, checked_date(fcinfo, 0, "start_date", 0));
	return checked_date(fcinfo, 1, "end_date", yesterday);
}

PG_FUNCTION_INFO_V1(dbi_start_date);
Datum
dbi_start_date(PG_FUNCTION_ARGS)
{
	DateADT end = range_end(fcinfo);
	DateADT fallback = Min(dbi_today() - PG_GETARG_INT32(2), end);
	DateADT start = checked_date(fcinfo, 0, "start_date", fallback);

	check_range(start, end);
	PG_RETURN_DATEADT(start);
}

PG_FUNCTION_INFO_V1(dbi_end_date);
Datum
dbi_end_date(PG_FUNCTION_ARGS)
{
	DateADT end = range_end(fcinfo);

	if (!PG_ARGISNULL(0))
		check_range(PG_GETARG_DATEADT(0), end);
	PG_RETURN_DATEADT(end);
}

PG_FUNCTION_INFO_V1(dbi_top_n);
Datum
dbi_top_n(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(checked_int(fcinfo, 0, "top_n", 100000));
}

PG_FUNCTION_INFO_V1(dbi_in_range);
Datum
dbi_in_range(PG_FUNCTION_ARGS)
{
	char *name = PG_ARGISNULL(0) ? "value" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	double low = PG_GETARG_FLOAT8(2);
	double high = PG_GETARG_FLOAT8(3);

	if (PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("the bounds of %s must not be null", name)));
	if (PG_ARGISNULL(1) || !(PG_GETARG_FLOAT8(1) >= low && PG_GETARG_FLOAT8(1) <= high))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be between %g and %g", name, low, high),
						errhint("Give a number from %g to %g.", low, high)));
	PG_RETURN_FLOAT8(PG_GETARG_FLOAT8(1));
}

/* Whether a moment lies outside the business hours of a weekday. */
PG_FUNCTION_INFO_V1(dbi_is_off_hours);
Datum
dbi_is_off_hours(PG_FUNCTION_ARGS)
{
	static pg_tz *zone = NULL;
	static char zone_name[TZ_STRLEN_MAX + 1];
	pg_time_t t = timestamptz_to_time_t(PG_GETARG_TIMESTAMPTZ(0));
	struct pg_tm *tm;
	int start;
	int end;
	bool inside;

	if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(0)))
		PG_RETURN_NULL();
	if (zone == NULL || strcmp(zone_name, dbi_guc_business_tz) != 0)
	{
		zone = pg_tzset(dbi_guc_business_tz);
		strlcpy(zone_name, dbi_guc_business_tz, sizeof(zone_name));
	}
	tm = pg_localtime(&t, zone);
	dbi_business_hours(&start, &end);
	inside = start < end ? (tm->tm_hour >= start && tm->tm_hour < end)
						 : (tm->tm_hour >= start || tm->tm_hour < end);
	PG_RETURN_BOOL(tm->tm_wday == 0 || tm->tm_wday == 6 || !inside);
}
