/*
 * dates_word.c: words of a period: units, counts, lengths, and the periods
 * made of them.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/datetime.h"

#include "agents/dates.h"

/* A reach longer than this is a slip of the pen: three years. */
#define MAX_HOURS (24.0 * 1100)

const DbiToken *
dbi_date_peek(DbiDates *r, int ahead)
{
	return r->at + ahead < r->n ? &r->tokens[r->at + ahead] : NULL;
}

bool
dbi_date_is_word(DbiDates *r, int ahead, const char *word)
{
	const DbiToken *t = dbi_date_peek(r, ahead);

	return t && (t->kind == DBI_TOK_WORD || t->kind == DBI_TOK_IDENT) && strcmp(t->text, word) == 0;
}

/* Whether the token is one of the words, written "a|b|c". */
bool
dbi_date_one_of(DbiDates *r, int ahead, const char *words)
{
	const DbiToken *t = dbi_date_peek(r, ahead);

	return t && t->kind == DBI_TOK_WORD && dbi_is_one_of(t->text, words);
}

bool
dbi_date_take(DbiDates *r, const char *words)
{
	if (!dbi_date_one_of(r, 0, words))
		return false;
	r->at++;
	return true;
}

bool
dbi_date_take_pair(DbiDates *r, const char *first, const char *second)
{
	if (!dbi_date_is_word(r, 0, first) || !dbi_date_is_word(r, 1, second))
		return false;
	r->at += 2;
	return true;
}

static const struct
{
	const char *words;
	DbiGrain grain;
	double hours; /* of one, when it is a length */
} units[] = {{"minute|minutes|min|mins", DBI_GRAIN_HOUR, 1.0 / 60},
			 {"hour|hours|hr|hrs|h", DBI_GRAIN_HOUR, 1},
			 {"day|days|d", DBI_GRAIN_DAY, 24},
			 {"week|weeks|wk|wks|w", DBI_GRAIN_WEEK, 24 * 7},
			 {"fortnight|fortnights", DBI_GRAIN_WEEK, 24 * 14},
			 {"month|months|mo|mos", DBI_GRAIN_MONTH, 24 * 30},
			 {"quarter|quarters|qtr|qtrs", DBI_GRAIN_QUARTER, 24 * 90},
			 {"year|years|yr|yrs|y", DBI_GRAIN_YEAR, 24 * 365}};

static bool
unit_of(const char *word, DbiGrain *grain, double *hours)
{
	for (int i = 0; i < lengthof(units); i++)
		if (dbi_is_one_of(word, units[i].words))
		{
			*grain = units[i].grain;
			*hours = units[i].hours;
			return true;
		}
	return false;
}

bool
dbi_date_take_unit(DbiDates *r, DbiGrain *grain, double *hours)
{
	const DbiToken *t = dbi_date_peek(r, 0);

	if (!t || t->kind != DBI_TOK_WORD || !unit_of(t->text, grain, hours))
		return false;
	r->at++;
	return true;
}

static const char *const small_numbers[] = {"zero",    "one",       "two",      "three",
											"four",    "five",      "six",      "seven",
											"eight",   "nine",      "ten",      "eleven",
											"twelve",  "thirteen",  "fourteen", "fifteen",
											"sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const tens[] = {"twenty", "thirty",  "forty",  "fifty",
								   "sixty",  "seventy", "eighty", "ninety"};

static int
small_number(const DbiToken *t)
{
	for (int i = 0; i < lengthof(small_numbers); i++)
		if (t->kind == DBI_TOK_WORD && strcmp(t->text, small_numbers[i]) == 0)
			return i;
	return -1;
}

/* A number in digits or words; returns the tokens it takes. */
int
dbi_number_word(const DbiToken *tokens, int n, double *value)
{
	int small;

	if (n == 0)
		return 0;
	if (tokens[0].kind == DBI_TOK_NUMBER && tokens[0].unit[0] == '\0')
	{
		*value = tokens[0].number;
		return 1;
	}
	if ((small = small_number(&tokens[0])) >= 0)
	{
		*value = small;
		return 1;
	}
	for (int i = 0; i < lengthof(tens); i++)
		if (tokens[0].kind == DBI_TOK_WORD && strcmp(tokens[0].text, tens[i]) == 0)
		{
			small = n > 1 ? small_number(&tokens[1]) : -1;
			*value = 20 + 10 * i + (small > 0 && small < 10 ? small : 0);
			return small > 0 && small < 10 ? 2 : 1;
		}
	return 0;
}

/* "a couple of", "a few", "half a", "a dozen", or a number. */
bool
dbi_date_take_count(DbiDates *r, double *value)
{
	int start = r->at;
	int used;

	if (dbi_date_take(r, "half"))
	{
		(void) dbi_date_take(r, "a|an");
		*value = 0.5;
		return true;
	}
	if (dbi_date_take(r, "couple") || (dbi_date_take(r, "a") && dbi_date_take(r, "couple")))
	{
		(void) dbi_date_take(r, "of");
		*value = 2;
		return true;
	}
	r->at = start;
	(void) dbi_date_take(r, "a");
	if (dbi_date_take(r, "few|several"))
	{
		(void) dbi_date_take(r, "of");
		*value = 3;
		return true;
	}
	if (dbi_date_take(r, "dozen"))
	{
		*value = 12;
		return true;
	}
	r->at = start;
	used = dbi_number_word(r->tokens + r->at, r->n - r->at, value);
	r->at += used;
	return used > 0;
}

/* A count and its unit: "30 days", "30-day", "48h", "2 wks", "a couple of hours". */
bool
dbi_date_take_length(DbiDates *r, double *count, DbiGrain *grain, double *hours)
{
	int start = r->at;
	const DbiToken *t = dbi_date_peek(r, 0);

	if (t && t->kind == DBI_TOK_NUMBER && t->unit[0] != '\0' && strcmp(t->unit, "m") != 0 &&
		unit_of(t->unit, grain, hours))
	{
		*count = t->number;
		r->at++;
		return true;
	}
	if (dbi_date_take_count(r, count) && dbi_date_take_unit(r, grain, hours))
		return true;
	r->at = start;
	return false;
}

/* ---- building periods ---- */

bool
dbi_date_calendar(DbiDates *r, DateADT start, DateADT end, DbiGrain grain)
{
	r->period->kind = DBI_PERIOD_CALENDAR;
	r->period->grain = grain;
	r->period->start = start;
	r->period->end = end;
	r->period->hours = 0;
	return true;
}

/* The last count units up to now. */
bool
dbi_date_rolling(DbiDates *r, double count, DbiGrain grain, double hours)
{
	DateADT today = r->clock->today;
	double reach = Min(Max(count * hours, 0), MAX_HOURS);

	if (reach <= 0)
		return false;
	r->period->kind = DBI_PERIOD_ROLLING;
	r->period->grain = grain;
	r->period->end = today;
	r->period->hours = reach;
	if (grain >= DBI_GRAIN_MONTH && count == floor(count) && count < 40)
	{
		r->period->start = dbi_step(today, grain, -(int) count) + 1;
		r->period->hours = 24.0 * (today - r->period->start + 1);
	}
	else
		r->period->start = today - (int) ceil(reach / 24) + 1;
	return true;
}

/* The unit some steps from the running one; the running one ends today. */
bool
dbi_date_unit_period(DbiDates *r, DbiGrain grain, int steps)
{
	DateADT first = dbi_step(dbi_first_of(r->clock->today, grain), grain, steps);
	DateADT end = dbi_step(first, grain, 1) - 1;

	if (steps > 0)
	{
		r->period->kind = DBI_PERIOD_FUTURE;
		r->period->grain = grain;
		r->period->start = first;
		r->period->end = end;
		return true;
	}
	return dbi_date_calendar(r, first, Min(end, r->clock->today), grain);
}

/* A reach back from now to an hour of a day. */
bool
dbi_date_reach_back(DbiDates *r, DateADT day, int hour, DateADT last)
{
	double since_midnight = r->clock->hour + r->clock->minute / 60.0;

	r->period->kind = DBI_PERIOD_HOURS;
	r->period->grain = DBI_GRAIN_HOUR;
	r->period->start = day;
	r->period->end = last;
	r->period->hours = Max(ceil(24.0 * (r->clock->today - day) + since_midnight - hour), 1);
	return true;
}

bool
dbi_date_overnight(DbiDates *r)
{
	return dbi_date_reach_back(r, r->clock->today - 1, DBI_NIGHT_BEGINS, r->clock->today);
}
