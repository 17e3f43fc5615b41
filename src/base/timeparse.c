/*
 * timeparse.c: the times Databricks prints.
 *
 * ISO 8601 only: YYYY-MM-DD, then T or a space and HH:MM[:SS[.fraction]], then
 * Z, a space and UTC, or an offset +HH[:MM[:SS]]. Without a zone the time is
 * UTC, as the system tables have it. Core's timestamptz input would also take
 * "now", "tomorrow" and the session's DateStyle, and would throw.
 */
#include "postgres.h"

#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "base/base.h"

typedef struct TimeScan
{
	const char *p;
	const char *end;
} TimeScan;

static bool
digits(TimeScan *s, int n, int *value)
{
	int v = 0;

	if (s->end - s->p < n)
		return false;
	for (int i = 0; i < n; i++)
	{
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	s->p += n;
	*value = v;
	return true;
}

static bool
accept(TimeScan *s, char c)
{
	if (s->p >= s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool
scan_date(TimeScan *s, int *julian)
{
	int y;
	int m;
	int d;

	if (!digits(s, 4, &y) || !accept(s, '-') || !digits(s, 2, &m) || !accept(s, '-') ||
		!digits(s, 2, &d))
		return false;
	if (y < 1 || m < 1 || m > 12 || d < 1 || d > day_tab[isleap(y)][m - 1])
		return false;
	*julian = date2j(y, m, d) - POSTGRES_EPOCH_JDATE;
	return true;
}

/* Fraction of a second: any number of digits, rounded down to microseconds. */
static bool
scan_fraction(TimeScan *s, int *usec)
{
	int n = 0;
	int v = 0;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
	{
		if (n++ < 6)
			v = v * 10 + (*s->p - '0');
		s->p++;
	}
	if (n == 0)
		return false;
	for (; n < 6; n++)
		v *= 10;
	*usec = v;
	return true;
}

static bool
scan_time(TimeScan *s, int64 *usec_of_day)
{
	int h;
	int mi;
	int sec = 0;
	int usec = 0;

	if (!digits(s, 2, &h) || !accept(s, ':') || !digits(s, 2, &mi))
		return false;
	if (accept(s, ':') && !digits(s, 2, &sec))
		return false;
	if (accept(s, '.') && !scan_fraction(s, &usec))
		return false;
	if (h > 23 || mi > 59 || sec > 60)
		return false;
	*usec_of_day = ((h * 60 + mi) * 60 + sec) * USECS_PER_SEC + usec;
	return true;
}

/* The zone as microseconds east of UTC; nothing means UTC. */
static bool
scan_zone(TimeScan *s, int64 *east)
{
	int h;
	int m = 0;
	int sec = 0;
	bool minus;

	*east = 0;
	if (s->p == s->end || accept(s, 'Z') || accept(s, 'z'))
		return s->p == s->end;
	(void) accept(s, ' ');
	if (s->end - s->p == 3 && pg_strncasecmp(s->p, "UTC", 3) == 0)
		return true;
	minus = s->p < s->end && *s->p == '-';
	if (!accept(s, '+') && !accept(s, '-'))
		return false;
	if (!digits(s, 2, &h))
		return false;
	(void) accept(s, ':');
	if (s->p < s->end && !digits(s, 2, &m))
		return false;
	if (accept(s, ':') && !digits(s, 2, &sec))
		return false;
	if (s->p != s->end || h > 15 || m > 59 || sec > 59)
		return false;
	*east = ((int64) (h * 60 + m) * 60 + sec) * USECS_PER_SEC * (minus ? -1 : 1);
	return true;
}

static TimeScan
trimmed(const char *str, size_t len)
{
	TimeScan s = {str, str + len};

	while (s.p < s.end && *s.p == ' ')
		s.p++;
	while (s.end > s.p && s.end[-1] == ' ')
		s.end--;
	return s;
}

bool
dbi_parse_timestamp(const char *str, size_t len, TimestampTz *result)
{
	TimeScan s = trimmed(str, len);
	int day;
	int64 time = 0;
	int64 east = 0;

	if (!scan_date(&s, &day))
		return false;
	if (s.p < s.end)
	{
		if (!accept(&s, 'T') && !accept(&s, 't') && !accept(&s, ' '))
			return false;
		if (!scan_time(&s, &time) || !scan_zone(&s, &east))
			return false;
	}
	*result = (int64) day * USECS_PER_DAY + time - east;
	return true;
}

/* A date, or the UTC date of a time. */
bool
dbi_parse_date(const char *str, size_t len, DateADT *result)
{
	TimestampTz t;

	if (!dbi_parse_timestamp(str, len, &t))
		return false;
	*result = (DateADT) (t >= 0 ? t / USECS_PER_DAY : -((-t + USECS_PER_DAY - 1) / USECS_PER_DAY));
	return true;
}
