/*
 * dates_day.c: days by their names, how long ago, and hours of a day.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/datetime.h"

#include "agents/dates.h"

static int
weekday_number(const char *word)
{
	static const char *const names[] = {"monday", "tuesday",  "wednesday", "thursday",
										"friday", "saturday", "sunday"};
	size_t len = strlen(word);

	if (len > 1 && word[len - 1] == 's' && len > 6)
		len--;
	for (int i = 0; i < 7; i++)
		if ((i == 3 && dbi_is_one_of(word, "thur|thurs")) || (i == 1 && strcmp(word, "tues") == 0) ||
			(len == strlen(names[i]) && strncmp(word, names[i], len) == 0) ||
			(len == 3 && strncmp(word, names[i], 3) == 0 && strcmp(word, "sun") != 0 &&
			 strcmp(word, "sat") != 0) ||
			(len == 4 && strncmp(word, names[i], 4) == 0))
			return i;
	return -1;
}

/* "mondays" are a habit but before what one of them has: "fridays bill". */
static bool
is_habit(DbiDates *r, const DbiToken *t)
{
	size_t len = strlen(t->text);

	return len > 6 && t->text[len - 1] == 's' &&
		   !dbi_date_one_of(r, 1,
							"bill|spend|spending|cost|costs|runs|failures|failed|numbers|figures|total|usage|data|"
							"report|jobs|queries|events|incidents|outage|outages|logins|load|loads|errors|deploy|"
							"traffic|drivers|charges|expenses|damage|spike|peak");
}

/*
 * Which week a weekday is of: "friday last week", "sunday a week ago". Returns
 * false when nothing of the kind follows.
 */
static bool
take_week_of_day(DbiDates *r, int day, DateADT *date)
{
	DateADT monday = dbi_first_of(r->clock->today, DBI_GRAIN_WEEK);
	int back = (dbi_weekday(r->clock->today) - day + 7) % 7;
	int start = r->at;
	double count;
	DbiGrain grain;
	double hours;

	(void) dbi_date_take(r, "of");
	if (dbi_date_take(r, "last|previous|past") && dbi_date_take(r, "week|weeks"))
	{
		*date = monday - 7 + day;
		return true;
	}
	r->at = start;
	(void) dbi_date_take(r, "of");
	if (dbi_date_take_pair(r, "this", "week"))
	{
		*date = monday + day;
		return true;
	}
	r->at = start;
	if (dbi_date_take_pair(r, "before", "last"))
	{
		*date = r->clock->today - (back == 0 ? 7 : back) - 7;
		return true;
	}
	if (dbi_date_take(r, "a|one") && dbi_date_take(r, "week|wk"))
		count = 1;
	else
	{
		r->at = start;
		if (!dbi_date_take_length(r, &count, &grain, &hours) || grain != DBI_GRAIN_WEEK ||
			count > 100)
		{
			r->at = start;
			return false;
		}
	}
	if (!dbi_date_take(r, "ago|back|earlier"))
	{
		r->at = start;
		return false;
	}
	/* A week before the last one: on Monday, "Sunday a week ago" is not yesterday. */
	*date = r->clock->today - back - 7 * (int) count;
	return true;
}

/* "Wednesday the 3rd": the last 3rd that was a Wednesday, within a year, else the last 3rd. */
static bool
take_day_of_month(DbiDates *r, int weekday, DateADT *date)
{
	int start = r->at;
	const DbiToken *t;
	DateADT first = dbi_first_of(r->clock->today, DBI_GRAIN_MONTH);
	DateADT last = 0;

	(void) dbi_date_take(r, "the");
	t = dbi_date_peek(r, 0);
	if (!t || t->kind != DBI_TOK_NUMBER || !dbi_is_one_of(t->unit, "st|nd|rd|th") ||
		t->number < 1 || t->number > 31 || dbi_date_one_of(r, 1, "of"))
	{
		r->at = start;
		return false;
	}
	for (int back = 0; back < 12; back++)
	{
		DateADT month = dbi_add_months(first, -back);
		DateADT day = month + (int) t->number - 1;

		if (day > r->clock->today || dbi_first_of(day, DBI_GRAIN_MONTH) != month)
			continue;
		last = last ? last : day;
		if (dbi_weekday(day) != weekday)
			continue;
		last = day;
		break;
	}
	r->at++;
	*date = last;
	return true;
}

/* "Wednesday, 3 June", "Wednesday the 3rd of June", "Wed 2025-06-03": the date says it all. */
static bool
read_full_date(DbiDates *r)
{
	int start = r->at;
	const DbiToken *t = dbi_date_peek(r, 0);

	if (t && t->kind == DBI_TOK_PUNCT && strcmp(t->text, ",") == 0)
		r->at++;
	(void) dbi_date_take(r, "the");
	if ((dbi_date_read_month_date(r) || dbi_date_read_digits(r)) &&
		r->period->start == r->period->end)
		return true;
	r->at = start;
	return false;
}

/* Monday, last Friday, this Tuesday, Friday last week, the Friday before, Friday the 5th. */
bool
dbi_date_read_weekday(DbiDates *r)
{
	int start = r->at;
	bool last = dbi_date_take(r, "last|previous|past");
	const DbiToken *t;
	DateADT date;
	int day;
	int back;

	if (!last)
		(void) dbi_date_take(r, "this");
	t = dbi_date_peek(r, 0);
	day = t && t->kind == DBI_TOK_WORD ? weekday_number(t->text) : -1;
	if (day < 0 || is_habit(r, t))
	{
		r->at = start;
		return false;
	}
	r->at++;
	if (read_full_date(r))
		return true;
	back = (dbi_weekday(r->clock->today) - day + 7) % 7;
	if (last && back == 0)
		back = 7;
	date = r->clock->today - back;
	if (take_day_of_month(r, day, &date) || take_week_of_day(r, day, &date))
		return dbi_date_calendar(r, date, date, DBI_GRAIN_DAY);
	if (dbi_date_one_of(r, 0, "before|earlier") &&
		(dbi_date_ends_there(r, 1) || dbi_date_one_of(r, 1, "that|this|it")))
	{
		r->at++;
		(void) dbi_date_take(r, "that|this|it");
		(void) dbi_date_calendar(r, date, date, DBI_GRAIN_DAY);
		r->period->kind = DBI_PERIOD_PRIOR;
		r->period->hours = day + 1;
		return true;
	}
	if (dbi_date_one_of(r, 0, "after|later") &&
		(dbi_date_ends_there(r, 1) || dbi_date_one_of(r, 1, "that|this|it")))
	{
		r->at++;
		(void) dbi_date_take(r, "that|this|it");
		(void) dbi_date_calendar(r, date, date, DBI_GRAIN_DAY);
		r->period->kind = DBI_PERIOD_PRIOR;
		r->period->hours = day + 8;
		return true;
	}
	if (dbi_date_take(r, "night|evening"))
		return dbi_date_reach_back(r, date, DBI_NIGHT_BEGINS, Min(date + 1, r->clock->today));
	(void) dbi_date_take(r, "morning|afternoon");
	return dbi_date_calendar(r, date, date, DBI_GRAIN_DAY);
}

bool
dbi_date_read_weekend(DbiDates *r)
{
	int start = r->at;
	bool last = dbi_date_take(r, "last|previous|past");
	DateADT monday = dbi_first_of(r->clock->today, DBI_GRAIN_WEEK);
	DateADT saturday;

	if (!last)
		(void) dbi_date_take(r, "this|the");
	if (!dbi_date_take(r, "weekend|weekends"))
	{
		r->at = start;
		return false;
	}
	saturday = dbi_weekday(r->clock->today) >= 5 && !last ? monday + 5 : monday - 2;
	return dbi_date_calendar(r, saturday, Min(saturday + 1, r->clock->today), DBI_GRAIN_DAY);
}

/* today, yesterday, the day before yesterday, their parts, overnight. */
bool
dbi_date_read_day_word(DbiDates *r)
{
	DateADT today = r->clock->today;
	int start = r->at;

	(void) dbi_date_take(r, "the");
	if (dbi_date_is_word(r, 0, "day") && dbi_date_is_word(r, 1, "before") &&
		dbi_date_is_word(r, 2, "yesterday"))
	{
		r->at += 3;
		return dbi_date_calendar(r, today - 2, today - 2, DBI_GRAIN_DAY);
	}
	if (dbi_date_take(r, "overnight|night") || dbi_date_take_pair(r, "last", "night"))
		return dbi_date_overnight(r);
	r->at = start;
	if (dbi_date_take(r, "today|todays"))
	{
		(void) dbi_date_take_pair(r, "so", "far");
		return dbi_date_calendar(r, today, today, DBI_GRAIN_DAY);
	}
	if (dbi_date_take(r, "tonight") || dbi_date_take(r, "tomorrow"))
	{
		bool tomorrow = strcmp(r->tokens[r->at - 1].text, "tomorrow") == 0;

		(void) dbi_date_calendar(r, today + tomorrow, today + tomorrow, DBI_GRAIN_DAY);
		if (tomorrow || r->clock->hour < DBI_NIGHT_BEGINS)
			r->period->kind = DBI_PERIOD_FUTURE;
		return true;
	}
	if (dbi_date_take(r, "yesterday|yesterdays"))
	{
		if (dbi_date_take(r, "evening|night"))
			return dbi_date_overnight(r);
		(void) dbi_date_take(r, "morning|afternoon");
		return dbi_date_calendar(r, today - 1, today - 1, DBI_GRAIN_DAY);
	}
	if (dbi_date_is_word(r, 0, "this") && dbi_date_one_of(r, 1, "morning|afternoon|evening"))
	{
		r->at += 2;
		return dbi_date_calendar(r, today, today, DBI_GRAIN_DAY);
	}
	return false;
}

/* N units ago: that day, week, month; hours reach back. */
bool
dbi_date_read_ago(DbiDates *r)
{
	int start = r->at;
	double count;
	DbiGrain grain;
	double hours;

	if (!dbi_date_take_length(r, &count, &grain, &hours))
	{
		r->at = start;
		if (!dbi_date_take(r, "a|an|one") || !dbi_date_take_unit(r, &grain, &hours))
		{
			r->at = start;
			return false;
		}
		count = 1;
	}
	if (!dbi_date_one_of(r, 0, "ago|back|earlier") || count > 10000)
	{
		r->at = start;
		return false;
	}
	r->at++;
	if (strcmp(r->tokens[r->at - 1].text, "earlier") == 0)
	{
		/* Earlier than what was spoken of; without it, than today. */
		(void) dbi_date_unit_period(r, grain == DBI_GRAIN_HOUR ? DBI_GRAIN_DAY : grain,
									-(int) count);
		r->period->kind = DBI_PERIOD_PRIOR;
		r->period->hours = -count;
		return true;
	}
	/* "14 days back" reaches back as far; "14 days ago" is that day. */
	if (strcmp(r->tokens[r->at - 1].text, "back") == 0)
		return dbi_date_rolling(r, count, grain, hours);
	if (grain == DBI_GRAIN_HOUR)
		return dbi_date_rolling(r, count, grain, hours);
	if (hours == 24 * 14)
		count *= 2;
	return dbi_date_unit_period(r, grain, -(int) count);
}

/* "the 8th": the last day of that number. */
bool
dbi_date_read_ordinal_day(DbiDates *r)
{
	const DbiToken *before = r->at > 0 ? &r->tokens[r->at - 1] : NULL;
	const DbiToken *t = dbi_date_peek(r, 0);
	int day = dbi_date_day_number(t);
	int y;
	int m;
	int d;

	if (!day || t->unit[0] == '\0' || !before || before->kind != DBI_TOK_WORD ||
		!dbi_is_one_of(before->text, "the|on|since|from|to|till|until|and|after|before|through") ||
		!(dbi_date_ends_there(r, 1) ||
		  dbi_date_one_of(r, 1, "and|or|instead|not|of|then|in|for|on")) ||
		(dbi_date_one_of(r, 1, "of") && !dbi_date_one_of(r, 2, "this|the|last")))
		return false;
	r->at++;
	dbi_split_date(r->clock->today, &y, &m, &d);
	if (dbi_date_take(r, "of"))
	{
		bool last = dbi_date_one_of(r, 0, "last");

		(void) dbi_date_take(r, "this|the|last");
		(void) dbi_date_take(r, "current");
		if (!dbi_date_take(r, "month"))
			return false;
		if (last)
			dbi_split_date(dbi_add_months(dbi_make_date(y, m, 1), -1), &y, &m, &d);
		return dbi_date_day_period(r, y, m, day);
	}
	while (day > dbi_days_in_month(y, m) || (dbi_make_date(y, m, day) > r->clock->today))
		dbi_split_date(dbi_add_months(dbi_make_date(y, m, 1), -1), &y, &m, &d);
	return dbi_date_day_period(r, y, m, day);
}

/* midnight, noon, 9am, 6 pm: an hour of today, or of the day named after it. */
bool
dbi_date_read_hour(DbiDates *r)
{
	int start = r->at;
	const DbiToken *t = dbi_date_peek(r, 0);
	double hour = -1;
	DateADT day = r->clock->today;

	if (dbi_date_take(r, "midnight"))
		return dbi_date_calendar(r, day, day, DBI_GRAIN_DAY);
	if (dbi_date_one_of(r, 0, "yesterday") && dbi_date_one_of(r, 1, "noon|midday"))
	{
		r->at += 2;
		return dbi_date_reach_back(r, day - 1, 12, day);
	}
	if (dbi_date_take(r, "noon|midday"))
		hour = 12;
	else if (t && t->kind == DBI_TOK_NUMBER && t->number >= 1 && t->number <= 12)
	{
		bool pm = strcmp(t->unit, "pm") == 0;

		r->at++;
		if (t->unit[0] == '\0' && dbi_date_one_of(r, 0, "am|pm|oclock"))
		{
			pm = dbi_date_one_of(r, 0, "pm");
			r->at++;
		}
		else if (!pm && strcmp(t->unit, "am") != 0 &&
				 !(t->unit[0] == '\0' && dbi_date_one_of(r, 0, "this|in") &&
				   dbi_date_one_of(r, 1, "morning|the")))
		{
			r->at = start;
			return false;
		}
		hour = fmod(t->number, 12) + 12 * pm;
	}
	if (hour < 0)
		return false;
	if (dbi_date_take(r, "yesterday"))
		day--;
	else
		(void) (dbi_date_take(r, "today") || dbi_date_take_pair(r, "this", "morning") ||
				(dbi_date_take_pair(r, "in", "the") && dbi_date_take(r, "morning")));
	return dbi_date_reach_back(r, day, (int) hour, r->clock->today);
}
