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

#include "common/int.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/datetime.h"

#include "agents/understand.h"
#include "base/base.h"

/* The night: from six in the evening to eight in the morning. */
#define NIGHT_BEGINS 18
#define NIGHT_ENDS 8

/* A reach longer than this is a slip of the pen: three years. */
#define MAX_HOURS (24.0 * 1100)

typedef struct Reader
{
	const DbiToken *tokens;
	int n;
	int at;
	const DbiClock *clock;
	DbiPeriod *period;
	int depth; /* of points within points: "week of the end of May" */
} Reader;

/* Nobody says more; and what is said must not be read in exponential time. */
#define MAX_DEPTH 3

static bool read_point(Reader *r);

/* ---- reading words ---- */

static const DbiToken *
peek(Reader *r, int ahead)
{
	return r->at + ahead < r->n ? &r->tokens[r->at + ahead] : NULL;
}

static bool
is_word(Reader *r, int ahead, const char *word)
{
	const DbiToken *t = peek(r, ahead);

	return t && (t->kind == DBI_TOK_WORD || t->kind == DBI_TOK_IDENT) && strcmp(t->text, word) == 0;
}

/* Whether the token is one of the words, written "a|b|c". */
static bool
one_of(Reader *r, int ahead, const char *words)
{
	const DbiToken *t = peek(r, ahead);

	return t && t->kind == DBI_TOK_WORD && dbi_is_one_of(t->text, words);
}

static bool
take(Reader *r, const char *words)
{
	if (!one_of(r, 0, words))
		return false;
	r->at++;
	return true;
}

static bool
take_pair(Reader *r, const char *first, const char *second)
{
	if (!is_word(r, 0, first) || !is_word(r, 1, second))
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

static bool
take_unit(Reader *r, DbiGrain *grain, double *hours)
{
	const DbiToken *t = peek(r, 0);

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
static bool
take_count(Reader *r, double *value)
{
	int start = r->at;
	int used;

	if (take(r, "half"))
	{
		(void) take(r, "a|an");
		*value = 0.5;
		return true;
	}
	if (take(r, "couple") || (take(r, "a") && take(r, "couple")))
	{
		(void) take(r, "of");
		*value = 2;
		return true;
	}
	r->at = start;
	(void) take(r, "a");
	if (take(r, "few|several"))
	{
		(void) take(r, "of");
		*value = 3;
		return true;
	}
	if (take(r, "dozen"))
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
static bool
take_length(Reader *r, double *count, DbiGrain *grain, double *hours)
{
	int start = r->at;
	const DbiToken *t = peek(r, 0);

	if (t && t->kind == DBI_TOK_NUMBER && t->unit[0] != '\0' && strcmp(t->unit, "m") != 0 &&
		unit_of(t->unit, grain, hours))
	{
		*count = t->number;
		r->at++;
		return true;
	}
	if (take_count(r, count) && take_unit(r, grain, hours))
		return true;
	r->at = start;
	return false;
}

/* ---- building periods ---- */

static bool
calendar(Reader *r, DateADT start, DateADT end, DbiGrain grain)
{
	r->period->kind = DBI_PERIOD_CALENDAR;
	r->period->grain = grain;
	r->period->start = start;
	r->period->end = end;
	r->period->hours = 0;
	return true;
}

/* The last count units up to now. */
static bool
rolling(Reader *r, double count, DbiGrain grain, double hours)
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
static bool
unit_period(Reader *r, DbiGrain grain, int steps)
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
	return calendar(r, first, Min(end, r->clock->today), grain);
}

/* A reach back from now to an hour of a day. */
static bool
reach_back(Reader *r, DateADT day, int hour, DateADT last)
{
	double since_midnight = r->clock->hour + r->clock->minute / 60.0;

	r->period->kind = DBI_PERIOD_HOURS;
	r->period->grain = DBI_GRAIN_HOUR;
	r->period->start = day;
	r->period->end = last;
	r->period->hours = Max(ceil(24.0 * (r->clock->today - day) + since_midnight - hour), 1);
	return true;
}

static bool
overnight(Reader *r)
{
	return reach_back(r, r->clock->today - 1, NIGHT_BEGINS, r->clock->today);
}

/* ---- the grammar ---- */

static int
month_number(const char *word)
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
static int
day_number(const DbiToken *t)
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
static bool
ends_there(Reader *r, int ahead)
{
	const DbiToken *t = peek(r, ahead);

	return !t || (t->kind == DBI_TOK_PUNCT && strchr(",;:.?!)", t->text[0]) != NULL) ||
		   one_of(r, ahead,
				  "by|per|vs|versus|to|till|until|through|thru|against|only|please|pls|too");
}

/* "may" is a month only where a month can stand. */
static bool
is_month(Reader *r, int ahead)
{
	const DbiToken *t = peek(r, ahead);
	const DbiToken *before = r->at + ahead > 0 ? &r->tokens[r->at + ahead - 1] : NULL;

	if (!t || t->kind != DBI_TOK_WORD || month_number(t->text) == 0)
		return false;
	if (strcmp(t->text, "may") != 0)
		return true;
	if (day_number(peek(r, ahead + 1)) || year_number(peek(r, ahead + 1)) ||
		(before && day_number(before)) || ends_there(r, ahead + 1))
		return true;
	return before && before->kind == DBI_TOK_WORD &&
		   strstr(" in of since during from to until till through for last this and with vs versus before after ",
				  psprintf(" %s ", before->text)) != NULL;
}

/* The year of a month named without one: the last that has begun. */
static int
year_of(Reader *r, int month, int day)
{
	int y;
	int m;
	int d;

	dbi_split_date(r->clock->today, &y, &m, &d);
	return month > m || (month == m && day > d) ? y - 1 : y;
}

static bool
month_period(Reader *r, int year, int month)
{
	DateADT first = dbi_make_date(year, month, 1);
	DateADT end = first + dbi_days_in_month(year, month) - 1;

	return calendar(r, first, first <= r->clock->today ? Min(end, r->clock->today) : end,
					DBI_GRAIN_MONTH);
}

static bool
day_period(Reader *r, int year, int month, int day)
{
	DateADT date;

	if (month < 1 || month > 12 || day < 1 || day > dbi_days_in_month(year, month))
		return false;
	date = dbi_make_date(year, month, day);
	return calendar(r, date, date, DBI_GRAIN_DAY);
}

/* A year after a month or a day: "2025", ", 2025", "of 2025"; 0 when there is none. */
static int
take_year(Reader *r)
{
	const DbiToken *t = peek(r, 0);
	int year;

	if (t && year_number(peek(r, 1)) &&
		(strcmp(t->text, ",") == 0 || strcmp(t->text, "of") == 0 || strcmp(t->text, "in") == 0))
		r->at++;
	year = year_number(peek(r, 0));
	if (year)
		r->at++;
	return year;
}

/* 12 March, Mar 12th 2025, March 2025, March. */
static bool
read_month_date(Reader *r)
{
	int start = r->at;
	int day = day_number(peek(r, 0));
	int month;
	int year;

	if (day)
	{
		r->at++;
		(void) take(r, "of");
	}
	if (!is_month(r, 0))
	{
		r->at = start;
		return false;
	}
	month = month_number(peek(r, 0)->text);
	r->at++;
	if (!day && (day = day_number(peek(r, 0))) != 0)
		r->at++;
	year = take_year(r);
	if (day)
		return day_period(r, year ? year : year_of(r, month, day), month, day);
	(void) take_pair(r, "so", "far");
	return month_period(r, year ? year : year_of(r, month, 1), month);
}

/* 2025-03-12, 2025-03, 03/12/2025, 12.03.2025. */
static bool
read_digits(Reader *r)
{
	const DbiToken *t = peek(r, 0);
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
		return month_period(r, a, b);
	if (a >= 1000)
		return day_period(r, a, b, c);
	if (sep == '.' || a > 12 || (DateOrder == DATEORDER_DMY && b <= 12))
	{
		if (sep != '.' && a <= 12 && a != b)
			r->period->note = psprintf("\"%s\" was read as day/month/year.", t->text);
		return day_period(r, c, b, a);
	}
	if (b <= 12 && a != b)
		r->period->note = psprintf("\"%s\" was read as month/day/year.", t->text);
	return day_period(r, c, a, b);
}

/* Q1, Q1 2025, 2025 Q1, first quarter of 2025. */
static bool
read_quarter(Reader *r)
{
	static const char *const ordinals[] = {"first", "second", "third", "fourth"};
	const DbiToken *t = peek(r, 0);
	int start = r->at;
	int q = 0;
	int year = 0;
	int y;
	int m;
	int d;
	DateADT first;

	if (t && year_number(t) && peek(r, 1) && peek(r, 1)->text[0] == 'q')
	{
		year = year_number(t);
		r->at++;
		t = peek(r, 0);
	}
	if (t && t->kind == DBI_TOK_WORD && strlen(t->text) == 2 && t->text[0] == 'q' &&
		t->text[1] >= '1' && t->text[1] <= '4')
		q = t->text[1] - '0';
	for (int i = 0; q == 0 && i < 4; i++)
		if (is_word(r, 0, ordinals[i]) && is_word(r, 1, "quarter"))
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
	return calendar(r, first,
					first <= r->clock->today ? Min(dbi_add_months(first, 3) - 1, r->clock->today)
											 : dbi_add_months(first, 3) - 1,
					DBI_GRAIN_QUARTER);
}

static bool
read_year(Reader *r)
{
	int year;
	bool said = take(r, "year");
	const DbiToken *before = r->at > 0 ? &r->tokens[r->at - 1] : NULL;

	year = year_number(peek(r, 0));
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
	return calendar(r, dbi_make_date(year, 1, 1),
					dbi_make_date(year, 1, 1) <= r->clock->today
						? Min(dbi_make_date(year, 12, 31), r->clock->today)
						: dbi_make_date(year, 12, 31),
					DBI_GRAIN_YEAR);
}

/* Days from to to of a period, no later than today. */
static bool
part_of_period(Reader *r, const DbiPeriod *whole, int from, int to)
{
	DateADT start = whole->start + from;
	DateADT end = Min(whole->start + to, whole->end);

	if (start > end)
		return false;
	return calendar(r, start, start <= r->clock->today ? Min(end, r->clock->today) : end,
					DBI_GRAIN_DAY);
}

/* Early, mid and late in a month; its halves; its first or last days; so of a quarter. */
static bool
read_part(Reader *r)
{
	int start = r->at;
	double count = 0;
	DbiPeriod whole;
	DateADT end;
	int half = 0;
	char part = '\0';

	(void) take(r, "the");
	if (one_of(r, 0, "early|mid|late") ||
		(one_of(r, 0, "first|second|last") && is_word(r, 1, "half")))
	{
		part = peek(r, 0)->text[0];
		half = is_word(r, 1, "half");
		r->at += 1 + half;
	}
	else if (one_of(r, 0, "first|last"))
	{
		part = peek(r, 0)->text[0];
		r->at++;
		if (!take_count(r, &count) || !take(r, "day|days") || count < 1 || count > 31)
			part = '\0';
	}
	if (part == '\0' || (count > 0 || half ? !take(r, "of|in") : (take(r, "in|of"), false)))
	{
		r->at = start;
		return false;
	}
	(void) take(r, "the");
	if (!read_point(r) || r->period->grain < DBI_GRAIN_MONTH)
	{
		r->at = start;
		return false;
	}
	whole = *r->period;
	end = dbi_step(dbi_first_of(whole.start, whole.grain), whole.grain, 1) - 1;
	whole.end = end;
	if (count > 0)
		return part == 'f' ? part_of_period(r, &whole, 0, (int) count - 1)
						   : part_of_period(r, &whole, end - whole.start - (int) count + 1,
											end - whole.start);
	if (half)
		return part == 'f'
				   ? part_of_period(r, &whole, 0, (end - whole.start + 1) / 2 - 1)
				   : part_of_period(r, &whole, (end - whole.start + 1) / 2, end - whole.start);
	if (part == 'e')
		return part_of_period(r, &whole, 0, 9);
	return part == 'm' ? part_of_period(r, &whole, 10, 19)
					   : part_of_period(r, &whole, 20, end - whole.start);
}

/* First, last, nth week of a month; week of a day. */
static bool
read_week_of(Reader *r)
{
	static const char *const ordinals[] = {"first", "second", "third", "fourth", "last"};
	int start = r->at;
	int nth = -1;
	DbiPeriod inner;

	(void) take(r, "the");
	for (int i = 0; i < 5; i++)
		if (is_word(r, 0, ordinals[i]) && is_word(r, 1, "week") &&
			(is_word(r, 2, "of") || is_word(r, 2, "in")))
			nth = i;
	if (nth < 0 && !(is_word(r, 0, "week") && is_word(r, 1, "of")))
	{
		r->at = start;
		return false;
	}
	r->at += nth < 0 ? 2 : 3;
	(void) take(r, "the");
	if (!read_point(r))
	{
		r->at = start;
		return false;
	}
	inner = *r->period;
	if (nth < 0)
	{
		DateADT monday = dbi_first_of(inner.start, DBI_GRAIN_WEEK);

		return calendar(r, monday,
						monday <= r->clock->today ? Min(monday + 6, r->clock->today) : monday + 6,
						DBI_GRAIN_WEEK);
	}
	if (inner.grain != DBI_GRAIN_MONTH)
	{
		r->at = start;
		return false;
	}
	if (nth == 4)
		return calendar(r, inner.end - 6, inner.end, DBI_GRAIN_WEEK);
	return calendar(r, inner.start + 7 * nth, Min(inner.start + 7 * nth + 6, r->clock->today),
					DBI_GRAIN_WEEK);
}

static int
weekday_number(const char *word)
{
	static const char *const names[] = {"monday", "tuesday",  "wednesday", "thursday",
										"friday", "saturday", "sunday"};
	size_t len = strlen(word);

	if (len > 1 && word[len - 1] == 's' && len > 6)
		len--;
	for (int i = 0; i < 7; i++)
		if ((len == strlen(names[i]) && strncmp(word, names[i], len) == 0) ||
			(len == 3 && strncmp(word, names[i], 3) == 0 && strcmp(word, "sun") != 0 &&
			 strcmp(word, "sat") != 0) ||
			(len == 4 && strncmp(word, names[i], 4) == 0))
			return i;
	return -1;
}

/* "mondays" are a habit but before what one of them has: "fridays bill". */
static bool
is_habit(Reader *r, const DbiToken *t)
{
	size_t len = strlen(t->text);

	return len > 6 && t->text[len - 1] == 's' &&
		   !one_of(r, 1,
				   "bill|spend|spending|cost|costs|runs|failures|failed|numbers|figures|total|usage|data|"
				   "report|jobs|queries|events|incidents|outage|outages|logins|load|loads|errors|deploy|"
				   "traffic|drivers|charges|expenses|damage|spike|peak");
}

/*
 * Which week a weekday is of: "friday last week", "sunday a week ago". Returns
 * false when nothing of the kind follows.
 */
static bool
take_week_of_day(Reader *r, int day, DateADT *date)
{
	DateADT monday = dbi_first_of(r->clock->today, DBI_GRAIN_WEEK);
	int back = (dbi_weekday(r->clock->today) - day + 7) % 7;
	int start = r->at;
	double count;
	DbiGrain grain;
	double hours;

	(void) take(r, "of");
	if (take(r, "last|previous|past") && take(r, "week|weeks"))
	{
		*date = monday - 7 + day;
		return true;
	}
	r->at = start;
	(void) take(r, "of");
	if (take_pair(r, "this", "week"))
	{
		*date = monday + day;
		return true;
	}
	r->at = start;
	if (take_pair(r, "before", "last"))
	{
		*date = r->clock->today - (back == 0 ? 7 : back) - 7;
		return true;
	}
	if (take(r, "a|one") && take(r, "week|wk"))
		count = 1;
	else
	{
		r->at = start;
		if (!take_length(r, &count, &grain, &hours) || grain != DBI_GRAIN_WEEK || count > 100)
		{
			r->at = start;
			return false;
		}
	}
	if (!take(r, "ago|back|earlier"))
	{
		r->at = start;
		return false;
	}
	/* A week before the last one: on Monday, "Sunday a week ago" is not yesterday. */
	*date = r->clock->today - back - 7 * (int) count;
	return true;
}

/* Monday, last Friday, this Tuesday, Friday last week, the Friday before. */
static bool
read_weekday(Reader *r)
{
	int start = r->at;
	bool last = take(r, "last|previous|past");
	const DbiToken *t;
	DateADT date;
	int day;
	int back;

	if (!last)
		(void) take(r, "this");
	t = peek(r, 0);
	day = t && t->kind == DBI_TOK_WORD ? weekday_number(t->text) : -1;
	if (day < 0 || is_habit(r, t))
	{
		r->at = start;
		return false;
	}
	r->at++;
	back = (dbi_weekday(r->clock->today) - day + 7) % 7;
	if (last && back == 0)
		back = 7;
	date = r->clock->today - back;
	if (take_week_of_day(r, day, &date))
		return calendar(r, date, date, DBI_GRAIN_DAY);
	if (one_of(r, 0, "before|earlier") && (ends_there(r, 1) || one_of(r, 1, "that|this|it")))
	{
		r->at++;
		(void) take(r, "that|this|it");
		(void) calendar(r, date, date, DBI_GRAIN_DAY);
		r->period->kind = DBI_PERIOD_PRIOR;
		r->period->hours = day + 1;
		return true;
	}
	if (take(r, "night|evening"))
		return reach_back(r, date, NIGHT_BEGINS, Min(date + 1, r->clock->today));
	(void) take(r, "morning|afternoon");
	return calendar(r, date, date, DBI_GRAIN_DAY);
}

static bool
read_weekend(Reader *r)
{
	int start = r->at;
	bool last = take(r, "last|previous|past");
	DateADT monday = dbi_first_of(r->clock->today, DBI_GRAIN_WEEK);
	DateADT saturday;

	if (!last)
		(void) take(r, "this|the");
	if (!take(r, "weekend|weekends"))
	{
		r->at = start;
		return false;
	}
	saturday = dbi_weekday(r->clock->today) >= 5 && !last ? monday + 5 : monday - 2;
	return calendar(r, saturday, Min(saturday + 1, r->clock->today), DBI_GRAIN_DAY);
}

/* today, yesterday, the day before yesterday, their parts, overnight. */
static bool
read_day_word(Reader *r)
{
	DateADT today = r->clock->today;
	int start = r->at;

	(void) take(r, "the");
	if (is_word(r, 0, "day") && is_word(r, 1, "before") && is_word(r, 2, "yesterday"))
	{
		r->at += 3;
		return calendar(r, today - 2, today - 2, DBI_GRAIN_DAY);
	}
	if (take(r, "overnight|night") || take_pair(r, "last", "night"))
		return overnight(r);
	r->at = start;
	if (take(r, "today|todays"))
	{
		(void) take_pair(r, "so", "far");
		return calendar(r, today, today, DBI_GRAIN_DAY);
	}
	if (take(r, "tonight") || take(r, "tomorrow"))
	{
		bool tomorrow = strcmp(r->tokens[r->at - 1].text, "tomorrow") == 0;

		(void) calendar(r, today + tomorrow, today + tomorrow, DBI_GRAIN_DAY);
		if (tomorrow || r->clock->hour < NIGHT_BEGINS)
			r->period->kind = DBI_PERIOD_FUTURE;
		return true;
	}
	if (take(r, "yesterday|yesterdays"))
	{
		if (take(r, "evening|night"))
			return overnight(r);
		(void) take(r, "morning|afternoon");
		return calendar(r, today - 1, today - 1, DBI_GRAIN_DAY);
	}
	if (is_word(r, 0, "this") && one_of(r, 1, "morning|afternoon|evening"))
	{
		r->at += 2;
		return calendar(r, today, today, DBI_GRAIN_DAY);
	}
	return false;
}

/* N units ago: that day, week, month; hours reach back. */
static bool
read_ago(Reader *r)
{
	int start = r->at;
	double count;
	DbiGrain grain;
	double hours;

	if (!take_length(r, &count, &grain, &hours))
	{
		r->at = start;
		if (!take(r, "a|an|one") || !take_unit(r, &grain, &hours))
		{
			r->at = start;
			return false;
		}
		count = 1;
	}
	if (!one_of(r, 0, "ago|back|earlier") || count > 10000)
	{
		r->at = start;
		return false;
	}
	r->at++;
	if (strcmp(r->tokens[r->at - 1].text, "earlier") == 0)
	{
		/* Earlier than what was spoken of; without it, than today. */
		(void) unit_period(r, grain == DBI_GRAIN_HOUR ? DBI_GRAIN_DAY : grain, -(int) count);
		r->period->kind = DBI_PERIOD_PRIOR;
		r->period->hours = -count;
		return true;
	}
	/* "14 days back" reaches back as far; "14 days ago" is that day. */
	if (strcmp(r->tokens[r->at - 1].text, "back") == 0)
		return rolling(r, count, grain, hours);
	if (grain == DBI_GRAIN_HOUR)
		return rolling(r, count, grain, hours);
	if (hours == 24 * 14)
		count *= 2;
	return unit_period(r, grain, -(int) count);
}

/* "the 8th": the last day of that number. */
static bool
read_ordinal_day(Reader *r)
{
	const DbiToken *before = r->at > 0 ? &r->tokens[r->at - 1] : NULL;
	const DbiToken *t = peek(r, 0);
	int day = day_number(t);
	int y;
	int m;
	int d;

	if (!day || t->unit[0] == '\0' || !before || before->kind != DBI_TOK_WORD ||
		!dbi_is_one_of(before->text, "the|on|since|from|to|till|until|and|after|before|through") ||
		!(ends_there(r, 1) || one_of(r, 1, "and|or|instead|not|of|then|in|for|on")) ||
		(one_of(r, 1, "of") && !one_of(r, 2, "this|the|last")))
		return false;
	r->at++;
	dbi_split_date(r->clock->today, &y, &m, &d);
	if (take(r, "of"))
	{
		bool last = one_of(r, 0, "last");

		(void) take(r, "this|the|last");
		(void) take(r, "current");
		if (!take(r, "month"))
			return false;
		if (last)
			dbi_split_date(dbi_add_months(dbi_make_date(y, m, 1), -1), &y, &m, &d);
		return day_period(r, y, m, day);
	}
	while (day > dbi_days_in_month(y, m) || (dbi_make_date(y, m, day) > r->clock->today))
		dbi_split_date(dbi_add_months(dbi_make_date(y, m, 1), -1), &y, &m, &d);
	return day_period(r, y, m, day);
}

/* midnight, noon, 9am, 6 pm: an hour of today, or of the day named after it. */
static bool
read_hour(Reader *r)
{
	int start = r->at;
	const DbiToken *t = peek(r, 0);
	double hour = -1;
	DateADT day = r->clock->today;

	if (take(r, "midnight"))
		return calendar(r, day, day, DBI_GRAIN_DAY);
	if (take(r, "noon|midday"))
		hour = 12;
	else if (t && t->kind == DBI_TOK_NUMBER && t->number >= 1 && t->number <= 12)
	{
		bool pm = strcmp(t->unit, "pm") == 0;

		r->at++;
		if (t->unit[0] == '\0' && one_of(r, 0, "am|pm|oclock"))
		{
			pm = one_of(r, 0, "pm");
			r->at++;
		}
		else if (!pm && strcmp(t->unit, "am") != 0)
		{
			r->at = start;
			return false;
		}
		hour = fmod(t->number, 12) + 12 * pm;
	}
	if (hour < 0)
		return false;
	if (take(r, "yesterday"))
		day--;
	else
		(void) (take(r, "today") || take_pair(r, "this", "morning"));
	return reach_back(r, day, (int) hour, r->clock->today);
}

/* A moment or stretch that can be an end of a range. */
static bool
read_point_here(Reader *r)
{
	int start = r->at;
	DbiGrain grain;
	double hours;

	(void) take(r, "the");
	if (read_week_of(r) || read_part(r) || read_day_word(r) || read_ago(r) || read_digits(r) ||
		read_quarter(r) || read_month_date(r) || read_weekday(r) || read_weekend(r) ||
		read_ordinal_day(r))
		return true;
	if (take(r, "last|previous|prior"))
	{
		if (is_month(r, 0))
		{
			int y;
			int m;
			int d;
			int month = month_number(peek(r, 0)->text);

			dbi_split_date(r->clock->today, &y, &m, &d);
			r->at++;
			return month_period(r, month < m ? y : y - 1, month);
		}
		if (take_unit(r, &grain, &hours) && grain >= DBI_GRAIN_WEEK)
			return unit_period(r, grain, -1);
	}
	else if (take(r, "this|current"))
	{
		if (take_unit(r, &grain, &hours) && grain >= DBI_GRAIN_DAY)
			return unit_period(r, grain, 0);
	}
	else if (take(r, "beginning|start") && take(r, "of"))
	{
		if (read_point(r))
			return calendar(r, r->period->start, r->period->start, DBI_GRAIN_DAY);
	}
	else if (take(r, "end") && take(r, "of"))
	{
		if (read_point(r))
			return calendar(r, r->period->end, r->period->end, DBI_GRAIN_DAY);
	}
	else if (take(r, "now"))
		return calendar(r, r->clock->today, r->clock->today, DBI_GRAIN_DAY);
	else if (read_year(r))
		return true;
	r->at = start;
	return false;
}

static bool
read_point(Reader *r)
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
read_range_end(Reader *r, const DbiPeriod *first)
{
	int day;

	if (read_point(r))
		return true;
	day = day_number(peek(r, 0));
	if (day && first->kind == DBI_PERIOD_CALENDAR)
	{
		int y;
		int m;
		int d;

		dbi_split_date(first->start, &y, &m, &d);
		r->at++;
		return day_period(r, y, m, day);
	}
	return false;
}

static bool
take_range_word(Reader *r, bool between)
{
	const DbiToken *t = peek(r, 0);

	if (between)
		return take(r, "and|to");
	/* "June 1-5": the dash fell away when the chunk was parted. */
	if (t && t->kind == DBI_TOK_NUMBER && t->glued)
		return true;
	if (take(r, "to|till|til|until|through|thru") || take_pair(r, "up", "to"))
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
read_range(Reader *r)
{
	int start = r->at;
	bool between = take(r, "between");
	bool from = !between && take(r, "from|starting");
	DbiPeriod first;
	int day = 0;

	(void) take(r, "the");
	if (!read_point(r))
	{
		day = between || from ? day_number(peek(r, 0)) : 0;
		if (!day)
		{
			r->at = start;
			return false;
		}
		r->at++;
	}
	first = *r->period;
	if (!between && !day && first.kind == DBI_PERIOD_CALENDAR && first.start <= r->clock->today &&
		(take(r, "onwards|onward") || (from && take(r, "on")) || take_pair(r, "and", "later")))
		return calendar(r, first.start, r->clock->today, DBI_GRAIN_DAY);
	if (!take_range_word(r, between) || !(day ? read_point(r) : read_range_end(r, &first)))
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
		if (!day_period(r, y, m, day))
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
		return calendar(r, swap, first.end, DBI_GRAIN_DAY);
	}
	return calendar(r, first.start,
					first.start <= r->clock->today ? Min(r->period->end, r->clock->today)
												   : r->period->end,
					DBI_GRAIN_DAY);
}

/* since A, after A, until A, before A. */
static bool
read_open_range(Reader *r)
{
	int start = r->at;
	DateADT today = r->clock->today;
	bool since = take(r, "since") || take_pair(r, "ever", "since");
	bool after = !since && take(r, "after");
	bool before = !since && !after && take(r, "before");
	bool until = !since && !after && !before && take(r, "until|till");

	if (since && read_hour(r))
		return true;
	if (!(since || after || before || until) || !read_point(r))
	{
		r->at = start;
		return false;
	}
	if (since && r->period->kind != DBI_PERIOD_CALENDAR)
		return true;
	if (since)
		return calendar(r, r->period->start, Max(today, r->period->start), DBI_GRAIN_DAY);
	if (after)
		return calendar(r, r->period->end + 1, Max(today, r->period->end + 1), DBI_GRAIN_DAY);
	r->period->note = "No start was named; 30 days were taken.";
	if (until)
		return calendar(r, r->period->end - 29, r->period->end, DBI_GRAIN_DAY);
	return calendar(r, r->period->start - 30, r->period->start - 1, DBI_GRAIN_DAY);
}

/* last 7 days, past week, this month, next quarter, month to date. */
static bool
read_relative(Reader *r)
{
	int start = r->at;
	double count = 1;
	DbiGrain grain;
	double hours;
	bool past;
	bool next;

	(void) take(r, "the");
	if (take(r, "mtd"))
		return unit_period(r, DBI_GRAIN_MONTH, 0);
	if (take(r, "qtd"))
		return unit_period(r, DBI_GRAIN_QUARTER, 0);
	if (take(r, "ytd"))
		return unit_period(r, DBI_GRAIN_YEAR, 0);
	if (take(r, "wtd"))
		return unit_period(r, DBI_GRAIN_WEEK, 0);
	if (take_unit(r, &grain, &hours))
	{
		if (is_word(r, 0, "to") && is_word(r, 1, "date"))
		{
			r->at += 2;
			return unit_period(r, grain, 0);
		}
		if (is_word(r, 0, "before") && is_word(r, 1, "last") && grain >= DBI_GRAIN_WEEK)
		{
			r->at += 2;
			return unit_period(r, grain, -2);
		}
		if ((is_word(r, 0, "before") && !is_word(r, 1, "yesterday")) || is_word(r, 0, "earlier"))
		{
			r->at++;
			(void) take(r, "that");
			(void) unit_period(r, grain, -1);
			r->period->kind = DBI_PERIOD_PRIOR;
			return true;
		}
		r->at = start;
		return false;
	}
	past = one_of(r, 0, "last|past|previous|prior|trailing|preceding|recent|latest");
	next = one_of(r, 0, "next|coming|upcoming|following");
	if (past || next)
	{
		bool rolls = one_of(r, 0, "past|trailing");

		r->at++;
		if (take_length(r, &count, &grain, &hours))
		{
			if (past)
				return rolling(r, count, grain, hours);
			(void) rolling(r, count, grain, hours);
			r->period->kind = DBI_PERIOD_FUTURE;
			r->period->start = r->clock->today;
			r->period->end = r->clock->today + (int) ceil(r->period->hours / 24) - 1;
			return true;
		}
		if (take_unit(r, &grain, &hours))
		{
			if (next)
				return unit_period(r, grain, 1);
			if (rolls || grain <= DBI_GRAIN_DAY || hours == 24 * 14)
			{
				if (rolls && grain >= DBI_GRAIN_MONTH)
					return rolling(r, hours / 24, DBI_GRAIN_DAY, 24);
				return rolling(r, 1, grain, hours);
			}
			return unit_period(r, grain, -1);
		}
		r->at = start;
		return false;
	}
	if (take(r, "this|current|running") && take_unit(r, &grain, &hours))
	{
		(void) take_pair(r, "so", "far");
		return unit_period(r, grain, 0);
	}
	r->at = start;
	(void) take(r, "the");
	if (take(r, "rest|remainder|end") && take(r, "of"))
	{
		(void) take(r, "the|this");
		(void) take(r, "current");
		next = take(r, "next");
		if (!take_unit(r, &grain, &hours) || grain < DBI_GRAIN_WEEK)
		{
			r->at = start;
			return false;
		}
		(void) unit_period(r, grain, next ? 1 : 0);
		r->period->kind = DBI_PERIOD_FUTURE;
		r->period->end = dbi_step(r->period->start, grain, 1) - 1;
		r->period->start = r->clock->today;
		return true;
	}
	r->at = start;
	return false;
}

static bool
read_recent(Reader *r)
{
	if (take(r, "recently|lately") || take_pair(r, "these", "days") || take_pair(r, "of", "late"))
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
read_length(Reader *r)
{
	double count;
	DbiGrain grain;
	double hours;
	int start = r->at;

	if (take_length(r, &count, &grain, &hours) && grain >= DBI_GRAIN_HOUR && hours >= 1)
	{
		if (!rolling(r, count, grain, hours))
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
	 "current|coming|couple",
	 "during|day|december|dec|dozen",
	 "ever|early|end|eight|eighteen|eighty|eleven",
	 "from|for|first|fourth|friday|february|feb|following|four|fourteen|forty|five|fifteen|fifty|fri|frid|fridays|few|fortnight|fortnights",
	 "",
	 "half|hour",
	 "in",
	 "january|jan|july|jul|june|jun",
	 "",
	 "last|late|latest|lately",
	 "mid|month|mtd|monday|mon|mond|march|mar|may|mondays|minute",
	 "next|night|now|november|nov|nine|nineteen|ninety",
	 "on|over|of|october|oct|overnight|one",
	 "past|previous|prior|preceding",
	 "quarter|q1|q2|q3|q4|qtd",
	 "recent|recently|rest|remainder|running",
	 "since|starting|start|saturday|satu|sunday|sund|saturdays|sundays|september|sept|sep|second|several|seven|seventeen|seventy|six|sixteen|sixty",
	 "today|todays|tonight|tomorrow|this|the|these|throughout|trailing|third|thursday|thu|thur|thursdays|tuesday|tue|tues|tuesdays|till|to|two|three|ten|twelve|thirteen|twenty|thirty",
	 "until|upcoming",
	 "",
	 "week|wtd|within|weekend|weekends|wednesday|wed|wedn|wednesdays",
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
is_now(Reader *r)
{
	r->period->kind = DBI_PERIOD_RECENT;
	r->period->grain = DBI_GRAIN_DAY;
	r->period->start = r->period->end = r->clock->today;
	return 1;
}

int
dbi_parse_period(const DbiToken *tokens, int n, const DbiClock *clock, DbiPeriod *period)
{
	Reader r = {tokens, n, 0, clock, period, 0};

	memset(period, 0, sizeof(DbiPeriod));
	if (n == 0 || !may_begin(&tokens[0]))
		return 0;
	if (is_word(&r, 0, "now"))
		return is_now(&r);
	(void) take(&r, "in|on|over|during|for|within|throughout|of|at|across");
	if (r.at > 0 && is_word(&r, 0, "the") && one_of(&r, 1, "night"))
		r.at++;
	if (read_range(&r) || read_open_range(&r) || read_week_of(&r) || read_part(&r) ||
		read_relative(&r) || read_point(&r) || read_recent(&r) || read_length(&r))
		return r.at;
	r.at = 0;
	memset(period, 0, sizeof(DbiPeriod));
	if (take(&r, "from|by|to|until") && (read_relative(&r) || read_point(&r)))
		return r.at;
	r.at = 0;
	memset(period, 0, sizeof(DbiPeriod));
	return read_relative(&r) || read_point(&r) || read_recent(&r) ? r.at : 0;
}

/* The running unit (steps 0) or one before it, as "this month" and "last month" mean it. */
bool
dbi_period_of_unit(DbiGrain grain, int steps, const DbiClock *clock, DbiPeriod *period)
{
	Reader r = {NULL, 0, 0, clock, period, 0};

	memset(period, 0, sizeof(DbiPeriod));
	return unit_period(&r, grain, steps);
}
