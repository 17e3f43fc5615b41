/*
 * worker/schedule.h: when a job is due. Pure functions of a schedule, a
 * moment and a time zone; see README.md for what a schedule means when clocks
 * change.
 */
#ifndef DBI_SCHEDULE_H
#define DBI_SCHEDULE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"

typedef struct DbiSchedule
{
	int64 step;      /* microseconds between runs; 0: the sets below */
	uint64 minutes;  /* bit n: minute n */
	uint32 hours;    /* bit n: hour n */
	uint32 days;     /* bit n: day n of the month, from 1 */
	uint32 months;   /* bit n: month n, from 1 */
	uint32 weekdays; /* bit n: 0 is Sunday */
	bool either;     /* day of month and weekday are both given: one of them is enough */
	bool every;      /* minute or hour is a star: it follows the clock through its changes */
} DbiSchedule;

/* schedule_parse.c: NULL, or what is wrong with it, as an errdetail. */
char *dbi_schedule_parse(const char *text, DbiSchedule *schedule);

/* schedule_next.c: the first moment after the given one; false when there is none. */
bool dbi_schedule_next(const DbiSchedule *schedule, TimestampTz after, const pg_tz *zone,
					   TimestampTz *next);

#endif
