/*
 * schedule_next.c: the next moment of a schedule, through changes of the
 * clock, and next_run().
 *
 * Time is walked in stretches of one offset from UTC. Inside a stretch the
 * wall clock runs evenly, so the next match is found on the calendar alone.
 * Between two stretches the clock jumps: forwards over wall times that never
 * come, or back over some that come twice.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "worker/schedule.h"

/* The Gregorian calendar repeats after 400 years, weekdays included. */
#define CALENDAR_CYCLE 146097

/* No clock was ever set back by more than a day; from so far back the walk begins. */
#define LOOK_BACK (2 * SECS_PER_DAY)

#define MINUTES_PER_DAY (HOURS_PER_DAY * MINS_PER_HOUR)

/* Seconds from 1970, where pgtime.h counts from, to 2000. */
#define EPOCH_SHIFT ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

static int64
floor_div(int64 a, int64 b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* ---- the calendar ---- */

/* day: since 1970 */
static bool
day_matches(const DbiSchedule *s, int64 day)
{
	int julian = (int) (day + UNIX_EPOCH_JDATE);
	int year;
	int month;
	int mday;
	bool by_date;
	bool by_weekday;

	j2date(julian, &year, &month, &mday);
	by_date = s->days & (1U << mday);
	by_weekday = s->weekdays & (1U << j2day(julian));
	return (s->months & (1U << month)) &&
		   (s->either ? by_date || by_weekday : by_date && by_weekday);
}

/* The first matching minute of a day from the given one on, or -1. */
static int
next_minute(const DbiSchedule *s, int minute)
{
	for (; minute < MINUTES_PER_DAY; minute++)
		if ((s->hours & (1U << (minute / MINS_PER_HOUR))) &&
			(s->minutes & (UINT64CONST(1) << (minute % MINS_PER_HOUR))))
			return minute;
	return -1;
}

/* The first matching wall time from the given one on, in seconds. */
static bool
next_wall(const DbiSchedule *s, int64 from, int64 *wall)
{
	int64 minute = floor_div(from + SECS_PER_MINUTE - 1, SECS_PER_MINUTE);
	int64 first = floor_div(minute, MINUTES_PER_DAY);
	int of_day = (int) (minute - first * MINUTES_PER_DAY);

	for (int64 day = first; day <= first + CALENDAR_CYCLE; day++, of_day = 0)
	{
		int found = day_matches(s, day) ? next_minute(s, of_day) : -1;

		if (found >= 0)
		{
			*wall = (day * MINUTES_PER_DAY + found) * SECS_PER_MINUTE;
			return true;
		}
	}
	return false;
}

/* ---- the clock ---- */

/* From begin on one offset counts, until end, where the clock jumps to the next. */
typedef struct Stretch
{
	pg_time_t begin;
	pg_time_t end;
	bool has_end;
	int64 offset;
	int64 next_offset;
} Stretch;

static void
read_stretch(Stretch *stretch, pg_time_t begin, const pg_tz *zone)
{
	long int before;
	long int after;
	int ignored[2];
	int found = pg_next_dst_boundary(&begin, &before, &ignored[0], &stretch->end, &after,
									 &ignored[1], zone);

	if (found < 0)
		elog(ERROR, "could not read the changes of time zone \"%s\"",
			 pg_get_timezone_name(unconstify(pg_tz *, zone)));
	stretch->begin = begin;
	stretch->has_end = found > 0;
	stretch->offset = before;
	stretch->next_offset = found > 0 ? after : before;
}

/* A wall time of the gap that the clock jumps over at the end. */
static bool
skips_match(const DbiSchedule *s, const Stretch *stretch)
{
	int64 wall;

	return stretch->has_end && stretch->next_offset > stretch->offset &&
		   next_wall(s, stretch->end + stretch->offset, &wall) &&
		   wall < stretch->end + stretch->next_offset;
}

static bool
next_of_sets(const DbiSchedule *s, pg_time_t after, const pg_tz *zone, pg_time_t *next)
{
	pg_time_t begin = after - LOOK_BACK;
	int64 passed = PG_INT64_MIN; /* wall times below were there before the clock was set back */
	Stretch stretch;

	for (;; begin = stretch.end)
	{
		read_stretch(&stretch, begin, zone);
		if (!stretch.has_end || stretch.end > after)
		{
			int64 wall = Max(stretch.begin, after + 1) + stretch.offset;

			if (!next_wall(s, s->every ? wall : Max(wall, passed), &wall))
				return false;
			*next = wall - stretch.offset;
			if (!stretch.has_end || *next < stretch.end)
				return true;
			if (!s->every && skips_match(s, &stretch))
			{
				*next = stretch.end;
				return true;
			}
		}
		if (stretch.next_offset < stretch.offset)
			passed = Max(passed, stretch.end + stretch.offset);
	}
}

bool
dbi_schedule_next(const DbiSchedule *schedule, TimestampTz after, const pg_tz *zone,
				  TimestampTz *next)
{
	pg_time_t found;

	if (schedule->step > 0)
		*next = (floor_div(after, schedule->step) + 1) * schedule->step;
	else if (!next_of_sets(schedule, floor_div(after, USECS_PER_SEC) + EPOCH_SHIFT, zone, &found))
		return false;
	else
		*next = (found - EPOCH_SHIFT) * USECS_PER_SEC;
	return IS_VALID_TIMESTAMP(*next);
}

/* ---- next_run() ---- */

static pg_tz *
find_zone(const char *name)
{
	pg_tz *zone = strlen(name) <= TZ_STRLEN_MAX ? pg_tzset(name) : NULL;

	if (zone == NULL || !pg_tz_acceptable(zone))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("time zone \"%s\" is not known", name), errhint("See pg_timezone_names."));
	return zone;
}

PG_FUNCTION_INFO_V1(dbi_next_run);
Datum
dbi_next_run(PG_FUNCTION_ARGS)
{
	char *written = text_to_cstring(PG_GETARG_TEXT_PP(0));
	TimestampTz after = PG_GETARG_TIMESTAMPTZ(1);
	pg_tz *zone = find_zone(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	DbiSchedule schedule;
	char *wrong = dbi_schedule_parse(written, &schedule);
	TimestampTz next;

	if (wrong)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("schedule \"%s\" cannot be followed", written), errdetail("%s", wrong),
				errhint(
					"Write minute, hour, day of the month, month and weekday as in '30 2 * * mon-fri', or '@daily', or '5 min'."));
	if (TIMESTAMP_NOT_FINITE(after) || !dbi_schedule_next(&schedule, after, zone, &next))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("schedule \"%s\" has no next run after %s", written,
					   timestamptz_to_str(after)));
	PG_RETURN_TIMESTAMPTZ(next);
}
