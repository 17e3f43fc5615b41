/*
 * calendar.c: days, units of days, and the person's clock.
 */
#include "postgres.h"

#include <math.h>

#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "agents/understand.h"
#include "base/base.h"

DateADT
dbi_make_date(int year, int month, int day)
{
	return date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
}

void
dbi_split_date(DateADT date, int *year, int *month, int *day)
{
	j2date(date + POSTGRES_EPOCH_JDATE, year, month, day);
}

char *
dbi_date_text(DateADT date)
{
	int y;
	int m;
	int d;

	dbi_split_date(date, &y, &m, &d);
	return psprintf("%04d-%02d-%02d", y, m, d);
}

int
dbi_days_in_month(int year, int month)
{
	return month == 12 ? 31 : dbi_make_date(year, month + 1, 1) - dbi_make_date(year, month, 1);
}

/* 0 is Monday. */
int
dbi_weekday(DateADT date)
{
	return (date + POSTGRES_EPOCH_JDATE) % 7;
}

/* The same day some months on, or the last day of that month. */
DateADT
dbi_add_months(DateADT date, int months)
{
	int y;
	int m;
	int d;

	dbi_split_date(date, &y, &m, &d);
	m += months - 1;
	y += m >= 0 ? m / 12 : -((11 - m) / 12);
	m = (m % 12 + 12) % 12 + 1;
	return dbi_make_date(y, m, Min(d, dbi_days_in_month(y, m)));
}

DateADT
dbi_first_of(DateADT date, DbiGrain grain)
{
	int y;
	int m;
	int d;

	dbi_split_date(date, &y, &m, &d);
	switch (grain)
	{
		case DBI_GRAIN_WEEK:
			return date - dbi_weekday(date);
		case DBI_GRAIN_MONTH:
			return dbi_make_date(y, m, 1);
		case DBI_GRAIN_QUARTER:
			return dbi_make_date(y, (m - 1) / 3 * 3 + 1, 1);
		case DBI_GRAIN_YEAR:
			return dbi_make_date(y, 1, 1);
		default:
			return date;
	}
}

DateADT
dbi_step(DateADT first, DbiGrain grain, int count)
{
	switch (grain)
	{
		case DBI_GRAIN_WEEK:
			return first + 7 * count;
		case DBI_GRAIN_MONTH:
			return dbi_add_months(first, count);
		case DBI_GRAIN_QUARTER:
			return dbi_add_months(first, 3 * count);
		case DBI_GRAIN_YEAR:
			return dbi_add_months(first, 12 * count);
		default:
			return first + count;
	}
}

/* A noon that stands still, for what must not depend on the day it is done. */
void
dbi_set_still_clock(DbiClock *clock)
{
	memset(clock, 0, sizeof(DbiClock));
	clock->zone = "UTC";
	clock->today = dbi_make_date(2025, 6, 18);
	clock->hour = 12;
	clock->now = (TimestampTz) clock->today * USECS_PER_DAY + 12 * USECS_PER_HOUR;
}

void
dbi_set_clock(DbiClock *clock, const char *zone)
{
	pg_tz *tz = zone ? pg_tzset(zone) : NULL;
	pg_time_t t;
	struct pg_tm *tm;

	memset(clock, 0, sizeof(DbiClock));
	clock->now = dbi_now();
	clock->preference = tz != NULL;
	clock->zone = tz ? zone : "UTC";
	t = timestamptz_to_time_t(clock->now);
	tm = pg_localtime(&t, tz ? tz : pg_tzset("UTC"));
	clock->today = dbi_make_date(tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday);
	clock->hour = tm->tm_hour;
	clock->minute = tm->tm_min;
}

int
dbi_period_days(const DbiPeriod *period, const DbiClock *clock)
{
	if (period->kind == DBI_PERIOD_ROLLING || period->kind == DBI_PERIOD_SPAN ||
		period->kind == DBI_PERIOD_HOURS)
		return Max((int) ceil(period->hours / 24), 1);
	if (period->kind == DBI_PERIOD_FUTURE)
		return Max(period->end - clock->today + 1, 1);
	return Max(clock->today - period->start + 1, 1);
}

int
dbi_period_hours(const DbiPeriod *period, const DbiClock *clock)
{
	if (period->kind == DBI_PERIOD_ROLLING || period->kind == DBI_PERIOD_SPAN ||
		period->kind == DBI_PERIOD_HOURS)
		return Max((int) ceil(period->hours), 1);
	return 24 * dbi_period_days(period, clock);
}

/* The day so many days into a unit, no later than the unit's end. */
DbiPeriod
dbi_period_before(const DbiPeriod *period)
{
	DbiPeriod p = *period;
	int days = period->end - period->start + 1;

	p.kind = DBI_PERIOD_CALENDAR;
	p.note = NULL;
	if (period->kind == DBI_PERIOD_CALENDAR && period->grain >= DBI_GRAIN_WEEK &&
		dbi_first_of(period->start, period->grain) == period->start)
	{
		p.start = dbi_step(period->start, period->grain, -1);
		p.end = Min(p.start + days - 1, period->start - 1);
		return p;
	}
	p.start = period->start - days;
	p.end = period->start - 1;
	return p;
}

/* The same days one unit earlier. */
DbiPeriod
dbi_period_shifted(const DbiPeriod *period, DbiGrain grain)
{
	DbiPeriod p = *period;

	p.kind = DBI_PERIOD_CALENDAR;
	p.note = NULL;
	p.start = dbi_step(period->start, grain, -1);
	p.end = Max(dbi_step(period->end, grain, -1), p.start);
	return p;
}

/* The last whole unit that ends before the day. */
DbiPeriod
dbi_unit_before(DateADT day, DbiGrain grain)
{
	DbiPeriod p;

	memset(&p, 0, sizeof(p));
	p.kind = DBI_PERIOD_CALENDAR;
	p.grain = grain;
	p.start = dbi_step(dbi_first_of(day, grain), grain, -1);
	p.end = dbi_step(p.start, grain, 1) - 1;
	return p;
}
