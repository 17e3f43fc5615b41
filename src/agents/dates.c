/*
 * dates.c: periods in words, by recursive descent over tokens.
 *
 * Past-looking: a month without a year is the last one that has begun. Days
 * are those of the person's time zone at the frozen clock, weeks start on
 * Monday, every period is closed, "this X" ends today. "The past N days" are
 * N days including today.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/datetime.h"

#include "agents/dates.h"

/* Nobody says more; and what is said must not be read in exponential time. */
#define MAX_DEPTH 3

/* A moment or stretch that can be an end of a range. */
static bool
read_point_here(DbiDates *r)
{
	int start = r->at;
	DbiGrain grain;
	double hours;

	(void) dbi_date_take(r, "the");
	if (dbi_date_read_week_of(r) || dbi_date_read_numbered_week(r) || dbi_date_read_part(r) ||
		dbi_date_read_day_word(r) || dbi_date_read_ago(r) || dbi_date_read_digits(r) ||
		dbi_date_read_quarter(r) || dbi_date_read_month_date(r) || dbi_date_read_weekday(r) ||
		dbi_date_read_weekend(r) || dbi_date_read_ordinal_day(r))
		return true;
	if (dbi_date_take(r, "last|previous|prior"))
	{
		if (dbi_date_is_month(r, 0))
		{
			int y;
			int m;
			int d;
			int month = dbi_date_month_number(dbi_date_peek(r, 0)->text);

			dbi_split_date(r->clock->today, &y, &m, &d);
			r->at++;
			return dbi_date_month_period(r, month < m ? y : y - 1, month);
		}
		if (dbi_date_take_unit(r, &grain, &hours) && grain >= DBI_GRAIN_WEEK)
			return dbi_date_unit_period(r, grain, -1);
	}
	else if (dbi_date_take(r, "this|current"))
	{
		if (dbi_date_take_unit(r, &grain, &hours) && grain >= DBI_GRAIN_DAY)
			return dbi_date_unit_period(r, grain, 0);
	}
	else if (dbi_date_take(r, "beginning|start") && dbi_date_take(r, "of"))
	{
		if (dbi_date_read_point(r))
			return dbi_date_calendar(r, r->period->start, r->period->start, DBI_GRAIN_DAY);
	}
	else if (dbi_date_take(r, "end") && dbi_date_take(r, "of"))
	{
		if (dbi_date_read_point(r))
			return dbi_date_calendar(r, r->period->end, r->period->end, DBI_GRAIN_DAY);
	}
	else if (dbi_date_take(r, "now"))
		return dbi_date_calendar(r, r->clock->today, r->clock->today, DBI_GRAIN_DAY);
	else if (dbi_date_read_year(r))
		return true;
	r->at = start;
	return false;
}

bool
dbi_date_read_point(DbiDates *r)
{
	bool read;

	if (r->depth >= MAX_DEPTH)
		return false;
	r->depth++;
	read = read_point_here(r);
	r->depth--;
	return read;
}

/* The second end may leave the month to the first: "from 1 to 15 March", "March 1 - 15". */
static bool
read_range_end(DbiDates *r, const DbiPeriod *first)
{
	int day;

	if (dbi_date_read_point(r))
		return true;
	day = dbi_date_day_number(dbi_date_peek(r, 0));
	if (day && first->kind == DBI_PERIOD_CALENDAR)
	{
		int y;
		int m;
		int d;

		dbi_split_date(first->start, &y, &m, &d);
		r->at++;
		return dbi_date_day_period(r, y, m, day);
	}
	return false;
}

static bool
take_range_word(DbiDates *r, bool between)
{
	const DbiToken *t = dbi_date_peek(r, 0);

	if (between)
		return dbi_date_take(r, "and|to");
	/* "June 1-5": the dash fell away when the chunk was parted. */
	if (t && t->kind == DBI_TOK_NUMBER && t->glued)
		return true;
	if (dbi_date_take(r, "to|till|til|until|through|thru") || dbi_date_take_pair(r, "up", "to"))
		return true;
	if (t && t->kind == DBI_TOK_PUNCT && strcmp(t->text, "-") == 0)
	{
		r->at++;
		return true;
	}
	return false;
}

/* from A to B, between A and B, A to B. */
static bool
read_range(DbiDates *r)
{
	int start = r->at;
	bool between = dbi_date_take(r, "between");
	bool from = !between && dbi_date_take(r, "from|starting");
	DbiPeriod first;
	int day = 0;

	(void) dbi_date_take(r, "the");
	if (!dbi_date_read_point(r))
	{
		day = between || from ? dbi_date_day_number(dbi_date_peek(r, 0)) : 0;
		if (!day)
		{
			r->at = start;
			return false;
		}
		r->at++;
	}
	first = *r->period;
	if (!between && !day && first.kind == DBI_PERIOD_CALENDAR && first.start <= r->clock->today &&
		(dbi_date_take(r, "onwards|onward") || (from && dbi_date_take(r, "on")) ||
		 dbi_date_take_pair(r, "and", "later")))
		return dbi_date_calendar(r, first.start, r->clock->today, DBI_GRAIN_DAY);
	if (!take_range_word(r, between) || !(day ? dbi_date_read_point(r) : read_range_end(r, &first)))
	{
		r->at = start;
		return false;
	}
	if (day)
	{
		int y;
		int m;
		int d;
		DateADT end = r->period->end;

		dbi_split_date(r->period->start, &y, &m, &d);
		if (!dbi_date_day_period(r, y, m, day))
		{
			r->at = start;
			return false;
		}
		first = *r->period;
		r->period->end = end;
	}
	if (r->period->end < first.start)
	{
		/* Said the wrong way round: the ends still name the range. */
		DateADT swap = r->period->start;

		r->period->note = "The range was given backwards; it was turned round.";
		return dbi_date_calendar(r, swap, first.end, DBI_GRAIN_DAY);
	}
	return dbi_date_calendar(r, first.start,
							 first.start <= r->clock->today ? Min(r->period->end, r->clock->today)
															: r->period->end,
							 DBI_GRAIN_DAY);
}

/* since A, after A, until A, before A. */
static bool
read_open_range(DbiDates *r)
{
	int start = r->at;
	DateADT today = r->clock->today;
	bool since = dbi_date_take(r, "since") || dbi_date_take_pair(r, "ever", "since");
	bool after = !since && dbi_date_take(r, "after");
	bool before = !since && !after && dbi_date_take(r, "before");
	bool until = !since && !after && !before && dbi_date_take(r, "until|till");

	if (since && dbi_date_read_hour(r))
		return true;
	if (!(since || after || before || until) || !dbi_date_read_point(r))
	{
		r->at = start;
		return false;
	}
	if (since && r->period->kind != DBI_PERIOD_CALENDAR)
		return true;
	if (since)
		return dbi_date_calendar(r, r->period->start, Max(today, r->period->start), DBI_GRAIN_DAY);
	if (after)
		return dbi_date_calendar(r, r->period->end + 1, Max(today, r->period->end + 1),
								 DBI_GRAIN_DAY);
	r->period->note = "No start was named; 30 days were taken.";
	if (until)
		return dbi_date_calendar(r, r->period->end - 29, r->period->end, DBI_GRAIN_DAY);
	return dbi_date_calendar(r, r->period->start - 30, r->period->start - 1, DBI_GRAIN_DAY);
}

/* last 7 days, past week, this month, next quarter, month to date. */
static bool
read_relative(DbiDates *r)
{
	int start = r->at;
	double count = 1;
	DbiGrain grain;
	double hours;
	bool past;
	bool next;

	(void) dbi_date_take(r, "the");
	if (dbi_date_take(r, "mtd"))
		return dbi_date_unit_period(r, DBI_GRAIN_MONTH, 0);
	if (dbi_date_take(r, "qtd"))
		return dbi_date_unit_period(r, DBI_GRAIN_QUARTER, 0);
	if (dbi_date_take(r, "ytd"))
		return dbi_date_unit_period(r, DBI_GRAIN_YEAR, 0);
	if (dbi_date_take(r, "wtd"))
		return dbi_date_unit_period(r, DBI_GRAIN_WEEK, 0);
	if (dbi_date_take_unit(r, &grain, &hours))
	{
		if (dbi_date_is_word(r, 0, "to") && dbi_date_is_word(r, 1, "date"))
		{
			r->at += 2;
			return dbi_date_unit_period(r, grain, 0);
		}
		if (dbi_date_is_word(r, 0, "before") && dbi_date_is_word(r, 1, "last") &&
			grain >= DBI_GRAIN_WEEK)
		{
			r->at += 2;
			return dbi_date_unit_period(r, grain, -2);
		}
		if ((dbi_date_is_word(r, 0, "before") && !dbi_date_is_word(r, 1, "yesterday")) ||
			dbi_date_is_word(r, 0, "earlier"))
		{
			r->at++;
			(void) dbi_date_take(r, "that");
			(void) dbi_date_unit_period(r, grain, -1);
			r->period->kind = DBI_PERIOD_PRIOR;
			return true;
		}
		r->at = start;
		return false;
	}
	if (dbi_date_one_of(r, 0, "these|those") && dbi_date_one_of(r, 1, "past|last"))
		r->at++;
	past = dbi_date_one_of(r, 0, "last|past|previous|prior|trailing|preceding|recent|latest");
	next = dbi_date_one_of(r, 0, "next|coming|upcoming|following");
	if (past || next)
	{
		bool rolls = dbi_date_one_of(r, 0, "past|trailing");

		r->at++;
		if (dbi_date_take_length(r, &count, &grain, &hours))
		{
			if (!dbi_date_rolling(r, count, grain, hours))
				return false; /* of no length */
			if (past)
				return true;
			r->period->kind = DBI_PERIOD_FUTURE;
			r->period->start = r->clock->today;
			r->period->end = r->clock->today + (int) ceil(r->period->hours / 24) - 1;
			return true;
		}
		if (dbi_date_take_unit(r, &grain, &hours))
		{
			if (next)
				return dbi_date_unit_period(r, grain, 1);
			if (rolls || grain <= DBI_GRAIN_DAY || hours == 24 * 14)
			{
				if (rolls && grain >= DBI_GRAIN_MONTH)
					return dbi_date_rolling(r, hours / 24, DBI_GRAIN_DAY, 24);
				return dbi_date_rolling(r, 1, grain, hours);
			}
			return dbi_date_unit_period(r, grain, -1);
		}
		r->at = start;
		return false;
	}
	if (dbi_date_take(r, "this|current|running") && dbi_date_take_unit(r, &grain, &hours))
	{
		(void) dbi_date_take_pair(r, "so", "far");
		return dbi_date_unit_period(r, grain, 0);
	}
	r->at = start;
	(void) dbi_date_take(r, "the");
	if (dbi_date_take(r, "rest|remainder|end") && dbi_date_take(r, "of"))
	{
		(void) dbi_date_take(r, "the|this");
		(void) dbi_date_take(r, "current");
		next = dbi_date_take(r, "next");
		if (!dbi_date_take_unit(r, &grain, &hours) || grain < DBI_GRAIN_WEEK)
		{
			r->at = start;
			return false;
		}
		(void) dbi_date_unit_period(r, grain, next ? 1 : 0);
		r->period->kind = DBI_PERIOD_FUTURE;
		r->period->end = dbi_step(r->period->start, grain, 1) - 1;
		r->period->start = r->clock->today;
		return true;
	}
	r->at = start;
	return false;
}

static bool
read_recent(DbiDates *r)
{
	if (dbi_date_take(r, "recently|lately") || dbi_date_take_pair(r, "these", "days") ||
		dbi_date_take_pair(r, "of", "late"))
	{
		r->period->kind = DBI_PERIOD_RECENT;
		r->period->grain = DBI_GRAIN_DAY;
		r->period->start = r->period->end = r->clock->today;
		return true;
	}
	return false;
}

/* "30-day", "7 days", "48h": a length; the tool decides which way it points. */
static bool
read_length(DbiDates *r)
{
	double count;
	DbiGrain grain;
	double hours;
	int start = r->at;

	if (dbi_date_take_length(r, &count, &grain, &hours) && grain >= DBI_GRAIN_HOUR && hours >= 1)
	{
		if (!dbi_date_rolling(r, count, grain, hours))
			return false;
		r->period->kind = DBI_PERIOD_SPAN;
		return true;
	}
	r->at = start;
	return false;
}

/* Words a period can begin with, by their first letter: most words of a question are none. */
static const char *const openers[26] =
	{"a|after|across|an|april|apr|august|aug|at",
	 "between|before|beginning|by",
	 "current|coming|couple|cw",
	 "during|day|december|dec|dozen",
	 "ever|early|end|eight|eighteen|eighty|eleven",
	 "from|for|first|fourth|friday|february|feb|following|four|fourteen|forty|five|fifteen|fifty|fri|frid|fridays|few|fortnight|fortnights",
	 "",
	 "half|hour",
	 "in",
	 "january|jan|july|jul|june|jun",
	 "kw",
	 "last|late|latest|lately",
	 "mid|month|mtd|monday|mon|mond|march|mar|may|mondays|minute",
	 "next|night|now|november|nov|nine|nineteen|ninety",
	 "on|over|of|october|oct|overnight|one",
	 "past|previous|prior|preceding",
	 "quarter|q1|q2|q3|q4|qtd",
	 "recent|recently|rest|remainder|running",
	 "since|starting|start|saturday|satu|sunday|sund|saturdays|sundays|september|sept|sep|second|several|seven|seventeen|seventy|six|sixteen|sixty",
	 "today|todays|tonight|tomorrow|this|the|these|throughout|trailing|third|thursday|thu|thur|thurs|thursdays|tuesday|tue|tues|tuesdays|till|to|two|three|ten|twelve|thirteen|twenty|thirty",
	 "until|upcoming",
	 "",
	 "week|wk|wtd|within|weekend|weekends|wednesday|wed|wedn|wednesdays",
	 "",
	 "yesterday|yesterdays|year|ytd",
	 "zero"};

static bool
may_begin(const DbiToken *t)
{
	if (t->kind == DBI_TOK_WORD)
		return t->text[0] >= 'a' && t->text[0] <= 'z' &&
			   dbi_is_one_of(t->text, openers[t->text[0] - 'a']);
	return t->kind == DBI_TOK_NUMBER || t->kind == DBI_TOK_DATE;
}

/* "now" asks for the state of things: the tool's own window. */
static int
is_now(DbiDates *r)
{
	r->period->kind = DBI_PERIOD_RECENT;
	r->period->grain = DBI_GRAIN_DAY;
	r->period->start = r->period->end = r->clock->today;
	return 1;
}

int
dbi_parse_period(const DbiToken *tokens, int n, const DbiClock *clock, DbiPeriod *period)
{
	DbiDates r = {tokens, n, 0, clock, period, 0};

	memset(period, 0, sizeof(DbiPeriod));
	if (n == 0 || !may_begin(&tokens[0]))
		return 0;
	if (dbi_date_is_word(&r, 0, "now"))
		return is_now(&r);
	(void) dbi_date_take(&r, "in|on|over|during|for|within|throughout|of|at|across");
	if (r.at > 0 && dbi_date_is_word(&r, 0, "the") && dbi_date_one_of(&r, 1, "night"))
		r.at++;
	if (read_range(&r) || read_open_range(&r) || dbi_date_read_week_of(&r) ||
		dbi_date_read_numbered_week(&r) || dbi_date_read_part(&r) || read_relative(&r) ||
		dbi_date_read_point(&r) || read_recent(&r) || read_length(&r))
		return r.at;
	r.at = 0;
	memset(period, 0, sizeof(DbiPeriod));
	if (dbi_date_take(&r, "from|by|to|until") && (read_relative(&r) || dbi_date_read_point(&r)))
		return r.at;
	r.at = 0;
	memset(period, 0, sizeof(DbiPeriod));
	return read_relative(&r) || dbi_date_read_point(&r) || read_recent(&r) ? r.at : 0;
}

/* The running unit (steps 0) or one before it, as "this month" and "last month" mean it. */
bool
dbi_period_of_unit(DbiGrain grain, int steps, const DbiClock *clock, DbiPeriod *period)
{
	DbiDates r = {NULL, 0, 0, clock, period, 0};

	memset(period, 0, sizeof(DbiPeriod));
	return dbi_date_unit_period(&r, grain, steps);
}
