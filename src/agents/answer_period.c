/*
 * answer_period.c: the period an answer speaks of, in words.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"

#include "agents/answer_expr.h"
#include "base/base.h"

static char *
day_text(DateADT day)
{
	DbiCell cell;

	dbi_cell(&cell, DBI_DATE, DATEOID, DateADTGetDatum(day), false);
	return cell.text;
}

static char *
one_day(DateADT day, bool preposition)
{
	char *text = day_text(day);

	if (day == dbi_today())
		return psprintf("today (%s)", text);
	if (day == dbi_today() - 1)
		return psprintf("yesterday (%s)", text);
	return preposition ? psprintf("on %s", text) : text;
}

/* "last 24 hours", "past week" reach back from now, whatever day that is. */
static bool
is_rolling(const char *label)
{
	return strncmp(label, "past ", 5) == 0 ||
		   (strncmp(label, "last ", 5) == 0 && isdigit((unsigned char) label[5]));
}

/* "this month" needs no preposition. */
static bool
is_name(const char *label)
{
	static const char *const names[] = {"today", "overnight", "this ", "last ", "previous ", NULL};

	for (const char *const *name = names; *name; name++)
		if (strncmp(label, *name, strlen(*name)) == 0)
			return true;
	return false;
}

static char *
range(DateADT start, DateADT end, const char *label, bool preposition)
{
	bool rolling = is_rolling(label);

	if (start == end)
		return one_day(start, preposition);
	if (rolling)
		return psprintf("%sthe %s (%s to %s)", preposition ? "in " : "", label, day_text(start),
						day_text(end));
	if (is_name(label))
		return psprintf("%s (%s to %s)", label, day_text(start), day_text(end));
	return psprintf(preposition ? "from %s to %s" : "%s to %s", day_text(start), day_text(end));
}

/* Argument names that say how far a window reaches back. */
typedef struct Window
{
	const char *argument;
	const char *unit;
	const char *where;
} Window;

static const Window windows[] = {{"hours", "hour", "the last"},
								 {"days", "day", "the last"},
								 {"lookback_days", "day", "the last"},
								 {"weeks", "week", "the last"},
								 {"horizon_days", "day", "the next"},
								 {NULL}};

static char *
window_text(const DbiResult *r, bool preposition)
{
	for (const Window *w = windows; w->argument; w++)
	{
		const DbiGiven *g = dbi_given(r, w->argument);

		if (g == NULL || g->cell.isnull || !dbi_kind_numeric(g->kind))
			continue;
		if (g->cell.number == 1)
			return psprintf("%s%s %s", preposition ? "in " : "", w->where, w->unit);
		return psprintf("%s%s %s %ss", preposition ? "in " : "", w->where, g->cell.text, w->unit);
	}
	return NULL;
}

static DateADT
given_day(const DbiGiven *g)
{
	return (DateADT) (g->cell.number / USECS_PER_DAY);
}

/* start_date and end_date; NULLs are what _start_date and _end_date make of them. */
static char *
dates_text(const DbiResult *r, bool preposition)
{
	const DbiGiven *start = dbi_given(r, "start_date");
	const DbiGiven *end = dbi_given(r, "end_date");
	DateADT until;

	if (start == NULL || end == NULL)
		return NULL;
	if (start->cell.isnull && end->cell.isnull)
		return NULL;
	until = end->cell.isnull ? dbi_today() - 1 : given_day(end);
	if (start->cell.isnull)
		return psprintf(preposition ? "up to %s" : "the days up to %s", day_text(until));
	return range(given_day(start), Max(until, given_day(start)), r->call->label, preposition);
}

char *
dbi_period(const DbiResult *r, bool preposition)
{
	const DbiGiven *date = dbi_given(r, "date");
	char *text;

	if (!r->call->wider && dbi_given(r, "horizon_days") &&
		(text = window_text(r, preposition)) != NULL)
		return text; /* a forecast looks ahead whatever was asked */
	if (r->call->has_period && is_rolling(r->call->label) &&
		(text = window_text(r, preposition)) != NULL)
		return text; /* not from midnight, as days would say */
	if (!dbi_is_of_period(r) && (text = window_text(r, false)) != NULL)
		return is_name(r->call->label) ? psprintf("%s (%s)", r->call->label, text)
									   : window_text(r, preposition);
	if (r->call->has_period)
		return range(r->call->period_start, r->call->period_end, r->call->label, preposition);
	if ((text = dates_text(r, preposition)) != NULL || (text = window_text(r, preposition)) != NULL)
		return text;
	if (date && date->kind == DBI_DATE)
		return one_day(date->cell.isnull ? dbi_today() - 1 : given_day(date), preposition);
	if (r->default_days > 0)
		return psprintf("%sthe last %d days", preposition ? "in " : "", r->default_days);
	return NULL;
}

bool
dbi_say_period(DbiText *t, const DbiResult *r, bool preposition)
{
	char *text = r ? dbi_period(r, preposition) : NULL;

	if (text == NULL)
		return false;
	dbi_say_from(t, text, r->call->tool, "period");
	return true;
}
