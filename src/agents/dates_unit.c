/*
 * dates_unit.c: months, quarters, years, weeks, their parts, and dates in
 * digits.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/datetime.h"

#include "agents/dates.h"

int
dbi_date_month_number(const char *word)
{
	static const char *const names[] = {"january",   "february", "march",    "april",
										"may",       "june",     "july",     "august",
										"september", "october",  "november", "december"};
	size_t len = strlen(word);

	if (strcmp(word, "sept") == 0)
		return 9;
	for (int i = 0; i < 12; i++)
		if (strcmp(word, names[i]) == 0 || (len == 3 && strncmp(word, names[i], 3) == 0))
			return i + 1;
	return 0;
}

/* A day of a month in digits: 12, 12th, 1st. */
int
dbi_date_day_number(const DbiToken *t)
{
	if (!t || t->kind != DBI_TOK_NUMBER || t->number < 1 || t->number > 31 ||
		t->number != floor(t->number))
		return 0;
	if (t->unit[0] == '\0' || strcmp(t->unit, "st") == 0 || strcmp(t->unit, "nd") == 0 ||
		strcmp(t->unit, "rd") == 0 || strcmp(t->unit, "th") == 0)
		return (int) t->number;
	return 0;
}

static int
year_number(const DbiToken *t)
{
	if (t && t->kind == DBI_TOK_NUMBER && t->unit[0] == '\0' && strlen(t->text) == 4 &&
		t->number >= 1990 && t->number <= 2100)
		return (int) t->number;
	return 0;
}

/* Whether nothing follows that a verb could belong to: "chargeback may?", "may by SKU". */
bool
dbi_date_ends_there(DbiDates *r, int ahead)
{
	const DbiToken *t = dbi_date_peek(r, ahead);

	return !t || (t->kind == DBI_TOK_PUNCT && strchr(",;:.?!)", t->text[0]) != NULL) ||
		   dbi_date_one_of(r, ahead,
						   "by|per|vs|versus|to|till|until|through|thru|against|only|please|pls|too");
}

/* "may" is a verb beside its subject or before another verb: "who may read", "may I". */
bool
dbi_date_is_month(DbiDates *r, int ahead)
{
	const DbiToken *t = dbi_date_peek(r, ahead);
	const DbiToken *before = r->at + ahead > 0 ? &r->tokens[r->at + ahead - 1] : NULL;

	if (!t || t->kind != DBI_TOK_WORD || dbi_date_month_number(t->text) == 0)
		return false;
	if (strcmp(t->text, "may") == 0 && before &&
		dbi_is_one_of(before->text, "who|whom|they|he|she|we|you|i"))
		return false;
	if (strcmp(t->text, "may") != 0 || dbi_date_ends_there(r, ahead + 1))
		return true;
	if (dbi_date_day_number(dbi_date_peek(r, ahead + 1)) ||
		year_number(dbi_date_peek(r, ahead + 1)) || (before && dbi_date_day_number(before)))
		return true;
	if (before && before->kind == DBI_TOK_WORD &&
		strstr(" in of since during from to until till through for last this and with vs versus before after ",
			   psprintf(" %s ", before->text)) != NULL)
		return true;
	return dbi_date_one_of(r, ahead + 1,
						   "instead|then|though|again|as|bill|spend|costs|cost|numbers|figures|so|was|were|looks|"
						   "looked|in|for|on|and|or|data|invoice|total|"
						   "money|spending|charges|budget|usage|consumption|damage");
}

/* The year of a month named without one: the last that has begun. */
static int
year_of(DbiDates *r, int month, int day)
{
	int y;
	int m;
	int d;

	dbi_split_date(r->clock->today, &y, &m, &d);
	return month > m || (month == m && day > d) ? y - 1 : y;
}

bool
dbi_date_month_period(DbiDates *r, int year, int month)
{
	DateADT first = dbi_make_date(year, month, 1);
	DateADT end = first + dbi_days_in_month(year, month) - 1;

	return dbi_date_calendar(r, first, first <= r->clock->today ? Min(end, r->clock->today) : end,
							 DBI_GRAIN_MONTH);
}

bool
dbi_date_day_period(DbiDates *r, int year, int month, int day)
{
	DateADT date;

	if (month < 1 || month > 12 || day < 1 || day > dbi_days_in_month(year, month))
		return false;
	date = dbi_make_date(year, month, day);
	return dbi_date_calendar(r, date, date, DBI_GRAIN_DAY);
}

/* A year after a month or a day: "2025", ", 2025", "of 2025"; 0 when there is none. */
static int
take_year(DbiDates *r)
{
	const DbiToken *t = dbi_date_peek(r, 0);
	int year;

	if (t && year_number(dbi_date_peek(r, 1)) &&
		(strcmp(t->text, ",") == 0 || strcmp(t->text, "of") == 0 || strcmp(t->text, "in") == 0))
		r->at++;
	year = year_number(dbi_date_peek(r, 0));
	if (year)
		r->at++;
	return year;
}

/* 12 March, Mar 12th 2025, March 2025, March. */
bool
dbi_date_read_month_date(DbiDates *r)
{
	int start = r->at;
	int day = dbi_date_day_number(dbi_date_peek(r, 0));
	int month;
	int year;

	if (day)
	{
		r->at++;
		(void) dbi_date_take(r, "of");
	}
	if (!dbi_date_is_month(r, 0))
	{
		r->at = start;
		return false;
	}
	month = dbi_date_month_number(dbi_date_peek(r, 0)->text);
	r->at++;
	if (!day && (day = dbi_date_day_number(dbi_date_peek(r, 0))) != 0)
		r->at++;
	year = take_year(r);
	if (day)
		return dbi_date_day_period(r, year ? year : year_of(r, month, day), month, day);
	(void) dbi_date_take_pair(r, "so", "far");
	return dbi_date_month_period(r, year ? year : year_of(r, month, 1), month);
}

/* 2025-03-12, 2025-03, 03/12/2025, 12.03.2025. */
bool
dbi_date_read_digits(DbiDates *r)
{
	const DbiToken *t = dbi_date_peek(r, 0);
	int a;
	int b;
	int c;
	char sep;
	int n;

	if (!t || t->kind != DBI_TOK_DATE)
		return false;
	n = sscanf(t->text, "%d%c%d%*c%d", &a, &sep, &b, &c);
	r->at++;
	if (n == 3)
		return dbi_date_month_period(r, a, b);
	if (a >= 1000)
		return dbi_date_day_period(r, a, b, c);
	if (sep == '.' || a > 12 || (DateOrder == DATEORDER_DMY && b <= 12))
	{
		if (sep != '.' && a <= 12 && a != b)
			r->period->note = psprintf("\"%s\" was read as day/month/year.", t->text);
		return dbi_date_day_period(r, c, b, a);
	}
	if (b <= 12 && a != b)
		r->period->note = psprintf("\"%s\" was read as month/day/year.", t->text);
	return dbi_date_day_period(r, c, a, b);
}

/* Q1, Q1 2025, 2025 Q1, first quarter of 2025. */
bool
dbi_date_read_quarter(DbiDates *r)
{
	static const char *const ordinals[] = {"first", "second", "third", "fourth"};
	const DbiToken *t = dbi_date_peek(r, 0);
	int start = r->at;
	int q = 0;
	int year = 0;
	int y;
	int m;
	int d;
	DateADT first;

	if (t && year_number(t) && dbi_date_peek(r, 1) && dbi_date_peek(r, 1)->text[0] == 'q')
	{
		year = year_number(t);
		r->at++;
		t = dbi_date_peek(r, 0);
	}
	if (t && t->kind == DBI_TOK_WORD && strlen(t->text) == 2 && t->text[0] == 'q' &&
		t->text[1] >= '1' && t->text[1] <= '4')
		q = t->text[1] - '0';
	for (int i = 0; q == 0 && i < 4; i++)
		if (dbi_date_is_word(r, 0, ordinals[i]) && dbi_date_is_word(r, 1, "quarter"))
		{
			q = i + 1;
			r->at++;
		}
	if (q == 0)
	{
		r->at = start;
		return false;
	}
	r->at++;
	if (!year)
		year = take_year(r);
	dbi_split_date(r->clock->today, &y, &m, &d);
	if (!year)
		year = (q - 1) * 3 + 1 > m ? y - 1 : y;
	first = dbi_make_date(year, (q - 1) * 3 + 1, 1);
	return dbi_date_calendar(r, first,
							 first <= r->clock->today
								 ? Min(dbi_add_months(first, 3) - 1, r->clock->today)
								 : dbi_add_months(first, 3) - 1,
							 DBI_GRAIN_QUARTER);
}

bool
dbi_date_read_year(DbiDates *r)
{
	int year;
	bool said = dbi_date_take(r, "year");
	const DbiToken *before = r->at > 0 ? &r->tokens[r->at - 1] : NULL;

	year = year_number(dbi_date_peek(r, 0));
	if (!year)
	{
		r->at -= said;
		return false;
	}
	/* A bare number of four digits is a year only after a word that wants a time. */
	if (!said && !(before && before->kind == DBI_TOK_WORD &&
				   strstr(" in of during for since from until till to through and vs versus with ",
						  psprintf(" %s ", before->text))))
		return false;
	r->at++;
	return dbi_date_calendar(r, dbi_make_date(year, 1, 1),
							 dbi_make_date(year, 1, 1) <= r->clock->today
								 ? Min(dbi_make_date(year, 12, 31), r->clock->today)
								 : dbi_make_date(year, 12, 31),
							 DBI_GRAIN_YEAR);
}

/* Days from to to of a period, no later than today. */
static bool
part_of_period(DbiDates *r, const DbiPeriod *whole, int from, int to)
{
	DateADT start = whole->start + from;
	DateADT end = Min(whole->start + to, whole->end);

	if (start > end)
		return false;
	return dbi_date_calendar(r, start, start <= r->clock->today ? Min(end, r->clock->today) : end,
							 DBI_GRAIN_DAY);
}

/* A part of a month or a quarter as it is said. */
typedef struct Part
{
	char end;     /* first, last (or second), early, mid, late: its letter */
	bool half;    /* a half of it */
	double count; /* days of it, or 0 */
} Part;

static bool
take_part(DbiDates *r, Part *part)
{
	memset(part, 0, sizeof(*part));
	(void) dbi_date_take(r, "the");
	if (!dbi_date_one_of(r, 0, "early|mid|late|first|second|last"))
		return false;
	part->end = dbi_date_peek(r, 0)->text[0];
	r->at++;
	if (strchr("em", part->end) || strcmp(r->tokens[r->at - 1].text, "late") == 0)
	{
		part->end = part->end == 'l' ? 'L' : part->end;
		(void) dbi_date_take(r, "in|of");
		return true;
	}
	part->half = dbi_date_take(r, "half");
	if (!part->half && (!dbi_date_take_count(r, &part->count) || !dbi_date_take(r, "day|days") ||
						part->count < 1 || part->count > 31))
		return false;
	return dbi_date_take(r, "of|in");
}

/* Early, mid and late in a month; its halves; its first or last days; so of a quarter. */
bool
dbi_date_read_part(DbiDates *r)
{
	int start = r->at;
	DbiPeriod whole;
	Part part;
	int last;
	int half;
	bool read = take_part(r, &part);

	(void) dbi_date_take(r, "the");
	if (!read || !dbi_date_read_point(r) || r->period->grain < DBI_GRAIN_MONTH)
	{
		r->at = start;
		return false;
	}
	whole = *r->period;
	whole.end = dbi_step(dbi_first_of(whole.start, whole.grain), whole.grain, 1) - 1;
	last = whole.end - whole.start;
	half = (last + 1) / 2;
	if (part.count > 0)
		return part.end == 'f' ? part_of_period(r, &whole, 0, (int) part.count - 1)
							   : part_of_period(r, &whole, last - (int) part.count + 1, last);
	if (part.half)
		return part.end == 'f' ? part_of_period(r, &whole, 0, half - 1)
							   : part_of_period(r, &whole, half, last);
	if (part.end == 'e')
		return part_of_period(r, &whole, 0, 9);
	return part.end == 'm' ? part_of_period(r, &whole, 10, 19) : part_of_period(r, &whole, 20, last);
}

/* week 23, cw 23: of the ISO calendar, the last one of that number. */
bool
dbi_date_read_numbered_week(DbiDates *r)
{
	const DbiToken *t = dbi_date_peek(r, 1);
	int y;
	int m;
	int d;
	DateADT monday;

	if (!dbi_date_one_of(r, 0, "week|cw|kw|wk") || !t || t->kind != DBI_TOK_NUMBER ||
		t->unit[0] != '\0' || t->number < 1 || t->number > 53 || t->number != floor(t->number))
		return false;
	dbi_split_date(r->clock->today, &y, &m, &d);
	r->at += 2;
	/* The week with 4 January in it is the first. */
	monday = dbi_first_of(dbi_make_date(y, 1, 4), DBI_GRAIN_WEEK) + 7 * ((int) t->number - 1);
	if (monday > r->clock->today)
		monday =
			dbi_first_of(dbi_make_date(y - 1, 1, 4), DBI_GRAIN_WEEK) + 7 * ((int) t->number - 1);
	return dbi_date_calendar(r, monday, Min(monday + 6, r->clock->today), DBI_GRAIN_WEEK);
}

/* First, last, nth week of a month; week of a day. */
bool
dbi_date_read_week_of(DbiDates *r)
{
	static const char *const ordinals[] = {"first", "second", "third", "fourth", "last"};
	int start = r->at;
	int nth = -1;
	DbiPeriod inner;

	(void) dbi_date_take(r, "the");
	for (int i = 0; i < 5; i++)
		if (dbi_date_is_word(r, 0, ordinals[i]) && dbi_date_is_word(r, 1, "week") &&
			(dbi_date_is_word(r, 2, "of") || dbi_date_is_word(r, 2, "in")))
			nth = i;
	if (nth < 0 && !(dbi_date_is_word(r, 0, "week") && dbi_date_is_word(r, 1, "of")))
	{
		r->at = start;
		return false;
	}
	r->at += nth < 0 ? 2 : 3;
	(void) dbi_date_take(r, "the");
	if (!dbi_date_read_point(r))
	{
		r->at = start;
		return false;
	}
	inner = *r->period;
	if (nth < 0)
	{
		DateADT monday = dbi_first_of(inner.start, DBI_GRAIN_WEEK);

		return dbi_date_calendar(r, monday,
								 monday <= r->clock->today ? Min(monday + 6, r->clock->today)
														   : monday + 6,
								 DBI_GRAIN_WEEK);
	}
	if (inner.grain != DBI_GRAIN_MONTH)
	{
		r->at = start;
		return false;
	}
	if (nth == 4)
		return dbi_date_calendar(r, inner.end - 6, inner.end, DBI_GRAIN_WEEK);
	return dbi_date_calendar(r, inner.start + 7 * nth,
							 Min(inner.start + 7 * nth + 6, r->clock->today), DBI_GRAIN_WEEK);
}
