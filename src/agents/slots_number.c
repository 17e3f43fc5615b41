/*
 * slots_number.c: counts, thresholds and other numbers of a question.
 */
#include "postgres.h"

#include <math.h>

#include "agents/slots.h"

/* Seconds of one of a unit of time that a threshold can have. */
static bool
seconds_of(const char *unit, double *seconds)
{
	static const struct
	{
		const char *words;
		double seconds;
	} known[] = {{" ms msec msecs millisecond milliseconds ", 0.001},
				 {" s sec secs second seconds ", 1},
				 {" m min mins minute minutes ", 60},
				 {" h hr hrs hour hours ", 3600},
				 {" d day days ", 86400},
				 {" w wk week weeks ", 604800}};

	if (*unit == '\0')
		return false;
	for (int i = 0; i < lengthof(known); i++)
		if (strstr(known[i].words, psprintf(" %s ", unit)) != NULL)
		{
			*seconds = known[i].seconds;
			return true;
		}
	return false;
}

/* The number at i with its unit; returns the tokens it takes. */
static int
read_quantity(DbiScan *s, int i, double *value, DbiUnit *unit)
{
	const DbiToken *t = dbi_scan_at(s, i);
	double factor;
	int used;

	if (!t)
		return 0;
	*unit = DBI_UNIT_NONE;
	if (t->kind == DBI_TOK_NUMBER && t->unit[0] != '\0')
	{
		*value = t->number;
		if (strcmp(t->unit, "%") == 0)
			*unit = DBI_UNIT_PERCENT;
		else if (strcmp(t->unit, "$") == 0 || strcmp(t->unit, "usd") == 0)
			*unit = DBI_UNIT_MONEY;
		else if (strcmp(t->unit, "k") == 0)
			*value *= 1000;
		else if (strcmp(t->unit, "gb") == 0 || strcmp(t->unit, "gib") == 0)
			*unit = DBI_UNIT_GIB;
		else if (strcmp(t->unit, "tb") == 0 || strcmp(t->unit, "tib") == 0)
		{
			*unit = DBI_UNIT_GIB;
			*value *= 1024;
		}
		else if (seconds_of(t->unit, &factor))
		{
			*unit = DBI_UNIT_SECONDS;
			*value *= factor;
		}
		else
			return 0;
		return 1;
	}
	used = dbi_number_word(t, s->text->n - i, value);
	if (used == 0 && dbi_scan_is(s, i, "a|an|one"))
	{
		*value = 1;
		used = 1;
	}
	if (used == 0)
		return 0;
	t = dbi_scan_at(s, i + used);
	if (t && t->kind == DBI_TOK_WORD)
	{
		/* "a d" is no day. */
		if (seconds_of(t->text, &factor) &&
			(strlen(t->text) > 1 || dbi_scan_at(s, i)->kind == DBI_TOK_NUMBER))
		{
			*unit = DBI_UNIT_SECONDS;
			*value *= factor;
			return used + 1;
		}
		if (dbi_scan_is(s, i + used, "percent|pct"))
			*unit = DBI_UNIT_PERCENT;
		else if (dbi_scan_is(s, i + used, "dollars|dollar|usd|bucks"))
			*unit = DBI_UNIT_MONEY;
		else if (dbi_scan_is(s, i + used, "gb|gib|gigabytes|gigabyte"))
			*unit = DBI_UNIT_GIB;
		else
			return used;
		return used + 1;
	}
	return used;
}

static bool
is_calendar_unit(DbiScan *s, int i)
{
	return dbi_scan_is(s, i,
					   "day|days|week|weeks|wk|wks|month|months|mo|mos|quarter|quarters|year|years|yr|yrs|fortnight|fortnights");
}

/*
 * over 3 minutes, > 2h, longer than 30 seconds, at least 90%, above 4. "over"
 * and "within" before a number of days are a period, not a threshold.
 */
int
dbi_read_threshold(DbiScan *s, int i)
{
	int p = i;
	double value;
	DbiUnit unit;
	int used;
	bool sure = true;
	DbiSlot *slot;

	if (dbi_scan_is(s, p, ">|>=|<|<="))
		p++;
	else if (dbi_scan_is(s, p,
						 "more|longer|greater|slower|bigger|larger|higher|older|less|fewer|shorter|lower") &&
			 dbi_scan_is(s, p + 1, "than"))
		p += 2;
	else if (dbi_scan_is(s, p, "at") && dbi_scan_is(s, p + 1, "least|most"))
		p += 2;
	else if (dbi_scan_is(s, p, "exceeding|exceeds|exceed|above|beyond|below|under|minimum|min"))
		p++;
	else if (dbi_scan_is(s, p, "over"))
	{
		sure = false;
		p++;
	}
	else
		return 0;
	used = read_quantity(s, p, &value, &unit);
	/* "over 2 weeks" is how far to look. */
	if (used == 0 || (!sure && unit == DBI_UNIT_SECONDS && value >= 86400) ||
		(unit == DBI_UNIT_NONE && is_calendar_unit(s, p + used)))
		return 0;
	slot = dbi_scan_add(s, DBI_SLOT_THRESHOLD, i, p + used);
	slot->number = value;
	slot->unit = unit;
	return p + used - i;
}

/* A superlative that a count can stand before: slowest, worst, most. */
static bool
is_superlative(const DbiToken *t)
{
	size_t len;

	if (!t || t->kind != DBI_TOK_WORD)
		return false;
	len = strlen(t->text);
	return (len > 5 && strcmp(t->text + len - 3, "est") == 0 && strcmp(t->text, "request") != 0) ||
		   strcmp(t->text, "top") == 0 || strcmp(t->text, "most") == 0 ||
		   strcmp(t->text, "worst") == 0 || strcmp(t->text, "best") == 0;
}

static bool
is_time_unit(DbiScan *s, int i)
{
	return dbi_scan_is(s, i,
					   "minute|minutes|min|mins|hour|hours|hr|hrs|day|days|week|weeks|month|months|quarter|quarters|year|years|"
					   "second|seconds|sec|secs|percent|pct|dollars|usd|times|d|h|w|s|m|am|pm");
}

/* Things people count rows by. */
static bool
is_countable(DbiScan *s, int i)
{
	return dbi_scan_is(s, i,
					   "jobs|workflows|queries|statements|tables|datasets|runs|models|users|people|accounts|clusters|endpoints|"
					   "workspaces|pipelines|warehouses|resources|things|items|rows|entries|results|incidents|outages|alerts|"
					   "events|findings|addresses|ips|trainings|schemas|columns|skus|teams|projects|tags|services|destinations|"
					   "domains|culprits|offenders|ones");
}

/* More than this is a code or an amount, unless "top" or the like says it is a count. */
#define MOST_ROWS 200

static DbiSlot *
add_count(DbiScan *s, int from, int to, double value)
{
	DbiSlot *slot = dbi_scan_add(s, DBI_SLOT_TOP_N, from, to);

	slot->number = value;
	slot->value = psprintf("%.0f", value);
	return slot;
}

/* "single most costly", "just the one": one row. */
static int
read_single(DbiScan *s, int i)
{
	int p = i + 1;

	if (dbi_scan_is(s, i, "single") && is_superlative(dbi_scan_at(s, p)))
	{
		(void) add_count(s, i, i + 1, 1);
		return 1;
	}
	if (!dbi_scan_is(s, i, "just|only"))
		return 0;
	if (dbi_scan_is(s, p, "the"))
		p++;
	if (!dbi_scan_is(s, p, "one") ||
		(dbi_scan_at(s, p + 1) && dbi_scan_at(s, p + 1)->kind == DBI_TOK_WORD))
		return 0;
	(void) add_count(s, i, p + 1, 1);
	return p + 1 - i;
}

/* "which 3 jobs", "the 10 tables", "10 jobs …" at the head of a part. */
static bool
counts_rows(DbiScan *s, int i, int p, int used, double value)
{
	const DbiToken *before = dbi_scan_at(s, i - 1);

	if (value > MOST_ROWS ||
		(!is_countable(s, p + used) && !is_superlative(dbi_scan_at(s, p + used))))
		return false;
	return p > i || !before || before->kind == DBI_TOK_PUNCT ||
		   dbi_scan_is(s, i - 1,
					   "which|what|the|our|my|name|only|just|any|pick|want|need|and|me|see");
}

/* top 5, first ten, 5 slowest, last 20 runs, limit 10, show 5 jobs, which 3 jobs. */
int
dbi_read_top_n(DbiScan *s, int i)
{
	int p = i;
	double value;
	int used = read_single(s, i);
	bool led = dbi_scan_is(s, p,
						   "top|first|last|limit|worst|best|latest|biggest|slowest|bottom|newest|"
						   "oldest|largest|highest|lowest|heaviest");
	bool asked = !led && dbi_scan_is(s, p, "show|list|give|find|get|me|see|name");

	if (used > 0)
		return used;
	if (led || asked)
		p++;
	if (asked && dbi_scan_is(s, p, "me"))
		p++;
	if (dbi_scan_is(s, p, "the"))
		p++;
	used = dbi_number_word(s->text->tokens + p, s->text->n - p, &value);
	if (used == 0 || value < 1 || value > 100000 || value != floor(value) ||
		is_time_unit(s, p + used) || s->text->tokens[p].slot >= 0)
		return 0;
	if (!led && !is_superlative(dbi_scan_at(s, p + used)) &&
		!(asked && dbi_scan_at(s, p + used) && dbi_scan_at(s, p + used)->kind == DBI_TOK_WORD) &&
		!counts_rows(s, i, p, used, value))
		return 0;
	(void) add_count(s, led ? i : p, p + used, value);
	return p + used - i;
}

/* Numbers nothing else took: "min_runs 3" finds them by the argument's name. */
int
dbi_read_number(DbiScan *s, int i)
{
	double value;
	DbiUnit unit;
	int used;
	DbiSlot *slot;

	if (dbi_scan_at(s, i)->kind == DBI_TOK_WORD)
		return 0;
	used = read_quantity(s, i, &value, &unit);
	if (used == 0)
		return 0;
	/* "job 7001" names a job. */
	if (used == 1 && dbi_scan_at(s, i)->unit[0] == '\0' && dbi_scan_at(s, i - 1) &&
		dbi_scan_at(s, i - 1)->kind == DBI_TOK_WORD &&
		dbi_scan_at(s, i - 1)->text[strlen(dbi_scan_at(s, i - 1)->text) - 1] != 's' &&
		dbi_kind_word(dbi_scan_at(s, i - 1)->stem))
	{
		slot = dbi_scan_add(s, DBI_SLOT_NAME, i, i + 1);
		return 1;
	}
	/* "50 GiB min", "10 minutes or more" */
	if (unit != DBI_UNIT_NONE &&
		(dbi_scan_is(s, i + used, "min|minimum|upwards|plus") ||
		 (dbi_scan_is(s, i + used, "or|and|at") &&
		  dbi_scan_is(s, i + used + 1, "more|longer|higher|above|up|over|least"))))
	{
		slot = dbi_scan_add(s, DBI_SLOT_THRESHOLD, i, i + used);
		slot->number = value;
		slot->unit = unit;
		return used;
	}
	slot = dbi_scan_add(s, DBI_SLOT_NUMBER, i, i + used);
	slot->number = value;
	slot->unit = unit;
	return used;
}
