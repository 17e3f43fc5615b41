/*
 * arguments_period.c: the period of a question in the arguments a tool has for
 * it: first and last day, one day, hours or days back from now.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "agents/arguments.h"

/* Windows the built-in tools take; a longer one would be an error. */
#define MAX_TOOL_DAYS 400
#define MAX_TOOL_HOURS 9600
#define MAX_RANGE_DAYS 1100

bool
dbi_has_horizon(const DbiTool *tool)
{
	for (int i = 0; i < tool->narguments; i++)
		if (strstr(tool->arguments[i].name, "horizon") != NULL)
			return true;
	return false;
}

bool
dbi_is_past(const DbiPeriod *p)
{
	return p->kind != DBI_PERIOD_FUTURE && p->kind != DBI_PERIOD_RECENT;
}

static bool
set_period(DbiFill *f, const DbiArgument *arg, const char *value)
{
	dbi_fill_set(f, arg, value, f->in->period_slot ? f->in->period_slot->origin : DBI_ORIGIN_DEFAULT,
				 f->in->period_slot ? f->in->period_slot->span : NULL);
	f->period_used = true;
	return true;
}

/* A window back from now, in days or hours; within what the built-in tools take. */
static bool
set_window(DbiFill *f, const DbiArgument *arg, int value, int most)
{
	const DbiPeriod *p = f->in->period;

	if (f->tool->builtin && value > most)
	{
		dbi_assume(f->in->assumptions,
				   "%s looks back %d %s at most, which is less than was asked for.", f->tool->name,
				   most, most == MAX_TOOL_HOURS ? "hours" : "days");
		value = most;
	}
	f->window = p->kind == DBI_PERIOD_CALENDAR || p->kind == DBI_PERIOD_HOURS;
	f->reach = most == MAX_TOOL_HOURS ? (value + 23) / 24 : value;
	f->counts = arg->name;
	return set_period(f, arg, psprintf("%d", value));
}

/*
 * The one day of a tool that shows one: the end of the period. A longer period
 * that runs on ends with yesterday, since today's usage is still arriving.
 */
static DateADT
single_day(DbiFill *f)
{
	const DbiPeriod *p = f->in->period;

	if (p->end == f->in->clock->today && p->start < p->end && p->kind != DBI_PERIOD_HOURS)
	{
		dbi_assume(f->in->assumptions,
				   "%s shows one day; of the period asked for it is %s, the last complete one.",
				   f->tool->name, dbi_date_text(p->end - 1));
		return p->end - 1;
	}
	if (p->start < p->end)
		dbi_assume(f->in->assumptions,
				   "%s shows one day; of the period asked for it is the last, %s.", f->tool->name,
				   dbi_date_text(p->end));
	return p->end;
}

static DateADT
range_start(DbiFill *f)
{
	const DbiPeriod *p = f->in->period;

	if (f->tool->builtin && p->end - p->start >= MAX_RANGE_DAYS)
	{
		dbi_assume(f->in->assumptions, "%s takes ranges of %d days at most; its end was kept.",
				   f->tool->name, MAX_RANGE_DAYS);
		return p->end - MAX_RANGE_DAYS + 1;
	}
	return p->start;
}

bool
dbi_fill_date(DbiFill *f, const DbiArgument *arg)
{
	const DbiPeriod *p = f->in->period;
	const char *name = dbi_plain_name(arg->name);
	DateADT day;

	if (!p || !dbi_is_past(p))
		return false;
	if (dbi_is_one_of(name,
					  "start_date|since|from_date|date_from|start|start_time|from_time|begin_date"))
		day = range_start(f);
	else if (dbi_is_one_of(name, "end_date|to_date|date_to|end"))
		day = p->end;
	else if (dbi_is_one_of(name, "until|end_time|to_time"))
		day = arg->type == DATEOID ? p->end : p->end + 1;
	else if (strcmp(name, "month") == 0)
	{
		int y;
		int m;
		int d;

		dbi_split_date(p->start, &y, &m, &d);
		day = dbi_make_date(y, m, 1);
	}
	else if (dbi_ends_with(name, "baseline_date") || strcmp(name, "baseline") == 0)
		day = p->start;
	else
		day = single_day(f);
	return set_period(f, arg, dbi_date_text(day));
}

static bool
from_frame(const DbiFill *f)
{
	return f->in->period_slot && f->in->period_slot->origin == DBI_ORIGIN_FRAME &&
		   f->in->period->kind != DBI_PERIOD_FUTURE;
}

/*
 * A forecast of a unit of the calendar reaches to its end: of the running one,
 * or of the next of that name ("for august", "in Q4"). 0: it is none.
 */
static int
days_ahead(const DbiFill *f)
{
	const DbiPeriod *p = f->in->period;
	DateADT today = f->in->clock->today;
	DateADT end;

	if (p->grain < DBI_GRAIN_WEEK || from_frame(f) || dbi_first_of(p->start, p->grain) != p->start)
		return 0;
	end = dbi_step(p->start, p->grain, 1) - 1;
	if (end < today && p->grain >= DBI_GRAIN_MONTH && p->grain <= DBI_GRAIN_QUARTER)
		end = dbi_step(dbi_add_months(p->start, 12), p->grain, 1) - 1;
	return end >= today ? end - today + 1 : 0;
}

bool
dbi_fill_window(DbiFill *f, const DbiArgument *arg)
{
	const DbiPeriod *p = f->in->period;
	const char *name = dbi_plain_name(arg->name);
	DbiSlot *limit = dbi_fill_slot(f, DBI_SLOT_THRESHOLD);

	if (strstr(name, "horizon") != NULL)
	{
		if (p && p->kind == DBI_PERIOD_CALENDAR && days_ahead(f) > 0)
			return set_period(f, arg, psprintf("%d", days_ahead(f)));
		if (p && !from_frame(f) &&
			(p->kind == DBI_PERIOD_FUTURE || p->kind == DBI_PERIOD_SPAN ||
			 p->kind == DBI_PERIOD_ROLLING))
			return set_period(f, arg, psprintf("%d", dbi_period_days(p, f->in->clock)));
		return false;
	}
	if (strncmp(name, "min", 3) == 0 || strncmp(name, "max", 3) == 0 || strstr(name, "history") ||
		strstr(name, "baseline"))
		return false;
	if (dbi_ends_with(name, "hours") || dbi_ends_with(name, "days") || strcmp(name, "weeks") == 0 ||
		strcmp(name, "months") == 0)
	{
		bool hours = dbi_ends_with(name, "hours");

		if (p && dbi_is_past(p) && hours)
			return set_window(f, arg, dbi_period_hours(p, f->in->clock), MAX_TOOL_HOURS);
		if (p && dbi_is_past(p) && dbi_ends_with(name, "days"))
			return set_window(f, arg, dbi_period_days(p, f->in->clock), MAX_TOOL_DAYS);
		if (p && dbi_is_past(p))
			return set_window(f, arg,
							  (dbi_period_days(p, f->in->clock) + 6) /
								  (strcmp(name, "weeks") == 0 ? 7 : 30),
							  MAX_TOOL_DAYS);
		/* "not updated for more than 12 hours" */
		if (!p && limit && limit->unit == DBI_UNIT_SECONDS &&
			list_member_ptr(f->used, limit) == false && limit->number >= (hours ? 3600 : 86400))
			return dbi_fill_set_number(f, arg, limit->number / (hours ? 3600 : 86400), limit);
	}
	if (strstr(name, "year") != NULL && p && p->grain == DBI_GRAIN_YEAR)
	{
		int y;
		int m;
		int d;

		dbi_split_date(p->start, &y, &m, &d);
		return set_period(f, arg, psprintf("%d", y));
	}
	return false;
}
