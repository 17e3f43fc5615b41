/*
 * schedule_parse.c: the text of a schedule: five fields as crontab(5) has
 * them, a name such as @daily, or an interval.
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "worker/schedule.h"

#define NFIELDS 5

enum
{
	F_MINUTE,
	F_HOUR,
	F_DAY,
	F_MONTH,
	F_WEEKDAY
};

typedef struct Field
{
	const char *what;
	int low;
	int high;
	const char *const *names; /* of low, low + 1, … */
} Field;

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
										  "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

/* 0 and 7 are both Sunday. */
static const Field fields[NFIELDS] = {{"minute", 0, 59, NULL},
									  {"hour", 0, 23, NULL},
									  {"day of the month", 1, 31, NULL},
									  {"month", 1, 12, month_names},
									  {"weekday", 0, 7, weekday_names}};

static const struct
{
	const char *name;
	const char *text;
} named[] = {{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
			 {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
			 {"@hourly", "0 * * * *"}};

/* ---- one field ---- */

/* A number or a name; -1 when there is neither. */
static int
read_value(const char **s, const Field *field)
{
	int value = 0;
	int digits = 0;

	for (int i = 0; field->names && field->names[i]; i++)
		if (pg_strncasecmp(*s, field->names[i], 3) == 0 && !isalnum((unsigned char) (*s)[3]))
		{
			*s += 3;
			return field->low + i;
		}
	for (; **s >= '0' && **s <= '9' && digits < 4; digits++)
		value = 10 * value + *(*s)++ - '0';
	return digits > 0 ? value : -1;
}

/* One of the parts between commas: a star, a value or a range, and a step of the first and last. */
static char *
read_part(const char **s, const Field *field, uint64 *set)
{
	bool is_range = true;
	int low = field->low;
	int high = field->high;
	int step = 1;

	if (**s == '*')
		(*s)++;
	else
	{
		low = high = read_value(s, field);
		is_range = **s == '-';
		if (is_range)
		{
			(*s)++;
			high = read_value(s, field);
			/* up to Sunday is a range too */
			if (field->high == 7 && high == 0 && low > 0)
				high = 7;
		}
	}
	if (**s == '/')
	{
		(*s)++;
		step = read_value(s, &fields[F_MINUTE]);
		if (step < 1)
			return psprintf("The step of the %s is not a positive number.", field->what);
		if (!is_range)
			return psprintf("A step of the %s needs a range or a star before it.", field->what);
	}
	if (low < field->low || low > field->high || high < field->low || high > field->high)
		return psprintf("The %s goes from %d to %d.", field->what, field->low, field->high);
	if (low > high)
		return psprintf("A range of the %s ends before it begins.", field->what);
	for (int i = low; i <= high; i += step)
		*set |= UINT64CONST(1) << i;
	return NULL;
}

static char *
read_field(const char *s, const Field *field, uint64 *set)
{
	*set = 0;
	for (;;)
	{
		char *wrong = read_part(&s, field, set);

		if (wrong)
			return wrong;
		if (*s == '\0')
			return NULL;
		if (*s++ != ',')
			return psprintf("The %s cannot be read.", field->what);
	}
}

/* ---- five fields ---- */

/* Split at blanks into copies; how many there are, also beyond NFIELDS. */
static int
split(const char *text, char *words[NFIELDS])
{
	int n = 0;

	while (*(text += strspn(text, " \t")) != '\0')
	{
		size_t len = strcspn(text, " \t");

		if (n < NFIELDS)
			words[n] = pnstrdup(text, len);
		n++;
		text += len;
	}
	return n;
}

/* What has five words and a minute and hour that begin with digits or stars; "1 day 5 min ago" has not. */
static bool
looks_like_cron(char *words[NFIELDS], int n)
{
	return n == NFIELDS && strspn(words[F_MINUTE], "0123456789*,-/") == strlen(words[F_MINUTE]) &&
		   strspn(words[F_HOUR], "0123456789*,-/") == strlen(words[F_HOUR]);
}

static char *
parse_cron(char *words[NFIELDS], DbiSchedule *schedule)
{
	pg_tz *utc = pg_tzset("GMT");
	uint64 sets[NFIELDS];
	TimestampTz ignored;

	for (int i = 0; i < NFIELDS; i++)
	{
		char *wrong = read_field(words[i], &fields[i], &sets[i]);

		if (wrong)
			return wrong;
	}
	schedule->minutes = sets[F_MINUTE];
	schedule->hours = (uint32) sets[F_HOUR];
	schedule->days = (uint32) sets[F_DAY];
	schedule->months = (uint32) sets[F_MONTH];
	schedule->weekdays = (uint32) ((sets[F_WEEKDAY] | sets[F_WEEKDAY] >> 7) & 0x7F);
	schedule->either = words[F_DAY][0] != '*' && words[F_WEEKDAY][0] != '*';
	schedule->every = words[F_MINUTE][0] == '*' || words[F_HOUR][0] == '*';
	if (!dbi_schedule_next(schedule, 0, utc, &ignored))
		return pstrdup("No year has such a day.");
	return NULL;
}

/* ---- an interval ---- */

/* A day is 24 hours; what has months has no length. */
static char *
parse_interval(const char *text, DbiSchedule *schedule)
{
	char *copy = pstrdup(text);
	char work[256];
	char *words[MAXDATEFIELDS];
	int types[MAXDATEFIELDS];
	struct pg_itm_in span = {0};
	int n;
	int type = DTK_DELTA;
	int error = ParseDateTime(copy, work, sizeof(work), words, types, MAXDATEFIELDS, &n);

	if (error == 0)
		error = DecodeInterval(words, types, n, INTERVAL_FULL_RANGE, &type, &span);
	if (error == DTERR_BAD_FORMAT)
		error = DecodeISO8601Interval(copy, &type, &span);
	if (error != 0 || type != DTK_DELTA || strspn(text, "0123456789. ") == strlen(text))
		return pstrdup("It is neither five fields, nor a name such as @daily, nor an interval.");
	if (span.tm_year != 0 || span.tm_mon != 0)
		return pstrdup("An interval of months has no fixed length.");
	/* a thousand years of days fit into 64 bits */
	if (abs(span.tm_mday) > 365000 || span.tm_usec > 365000 * USECS_PER_DAY)
		return pstrdup("The interval is too long.");
	schedule->step = span.tm_mday * USECS_PER_DAY + span.tm_usec;
	if (schedule->step < USECS_PER_SEC)
		return pstrdup("An interval is a second at least.");
	return NULL;
}

char *
dbi_schedule_parse(const char *text, DbiSchedule *schedule)
{
	char *words[NFIELDS];
	int n;

	memset(schedule, 0, sizeof(*schedule));
	for (int i = 0; i < lengthof(named); i++)
		if (pg_strcasecmp(text, named[i].name) == 0)
			text = named[i].text;
	if (*text == '@')
		return pstrdup(
			"There are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually.");
	n = split(text, words);
	return looks_like_cron(words, n) ? parse_cron(words, schedule) : parse_interval(text, schedule);
}
