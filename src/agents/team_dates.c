/*
 * team_dates.c: the days that questions speak of, worked out for a model,
 * which copies dates well and computes them badly.
 */
#include "postgres.h"

#include "agents/team_dates.h"
#include "agents/understand.h"
#include "base/base.h"

static void
range(StringInfo s, const char *name, DateADT start, DateADT end)
{
	appendStringInfo(s, "\n%s: %s to %s", name, dbi_date_text(start), dbi_date_text(end));
}

static void
unit(StringInfo s, const char *name, DateADT today, DbiGrain grain)
{
	DateADT first = dbi_first_of(today, grain);

	range(s, psprintf("this %s so far", name), first, today);
	range(s, psprintf("last %s", name), dbi_step(first, grain, -1), first - 1);
}

/* Weeks begin on Monday; both days of a range are in it. */
char *
dbi_date_block(void)
{
	static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
									   "Friday", "Saturday", "Sunday"};
	DateADT today = dbi_today();
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfo(&s,
					 "Dates (UTC, both days of a range are in it):\ntoday: %s, a %s\nyesterday: %s",
					 dbi_date_text(today), days[dbi_weekday(today)], dbi_date_text(today - 1));
	range(&s, "last 7 days", today - 6, today);
	range(&s, "last 30 days", today - 29, today);
	unit(&s, "week", today, DBI_GRAIN_WEEK);
	unit(&s, "month", today, DBI_GRAIN_MONTH);
	unit(&s, "quarter", today, DBI_GRAIN_QUARTER);
	unit(&s, "year", today, DBI_GRAIN_YEAR);
	return s.data;
}
