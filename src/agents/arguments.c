/*
 * arguments.c: values of a tool's arguments from the slots of a question.
 *
 * Goes by the name and the type of each argument as pg_proc has them, so the
 * tools of others are filled as the own ones are. What a question names and a
 * tool has no argument for becomes a filter on its rows, and is said.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "agents/arguments.h"
#include "base/base.h"

/* ---- names and types of arguments ---- */

bool
dbi_is_number(Oid type)
{
	return type == INT4OID || type == INT8OID || type == INT2OID || type == FLOAT8OID ||
		   type == FLOAT4OID || type == NUMERICOID;
}

bool
dbi_is_whole(Oid type)
{
	return type == INT4OID || type == INT8OID || type == INT2OID;
}

bool
dbi_is_date(Oid type)
{
	return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

bool
dbi_is_text(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == NAMEOID || type == BPCHAROID ||
		   type == INETOID || type == UUIDOID;
}

bool
dbi_ends_with(const char *s, const char *suffix)
{
	size_t a = strlen(s);
	size_t b = strlen(suffix);

	return a >= b && strcmp(s + a - b, suffix) == 0;
}

/* Name without the prefixes people give parameters. */
const char *
dbi_plain_name(const char *name)
{
	if (name[0] == '_')
		name++;
	if ((name[0] == 'p' || name[0] == 'v') && name[1] == '_')
		name += 2;
	return name;
}

/* What kind of thing an argument wants, or NULL: workspace_id, job_name, "table" … */
const char *
dbi_entity_kind(const char *name)
{
	static const char *const kinds[] = {"workspace", "job",      "table",     "schema",  "model",
										"endpoint",  "pipeline", "warehouse", "cluster", "sku"};
	char *base = pstrdup(dbi_plain_name(name));
	static const char *const suffixes[] = {"_full_name", "_name", "_id"};

	for (int i = 0; i < lengthof(suffixes); i++)
		if (dbi_ends_with(base, suffixes[i]))
		{
			base[strlen(base) - strlen(suffixes[i])] = '\0';
			break;
		}
	for (int i = 0; i < lengthof(kinds); i++)
		if (strcmp(base, kinds[i]) == 0)
			return kinds[i];
	return NULL;
}

bool
dbi_is_user_argument(const char *name)
{
	return dbi_is_one_of(name,
						 "user|user_name|username|user_email|email|principal|actor|owner|executed_by|requester|grantee|account");
}

/* ---- slots ---- */

bool
dbi_takes_slot(const DbiTool *tool, const DbiSlot *slot)
{
	for (int i = 0; i < tool->narguments; i++)
	{
		const char *kind = dbi_entity_kind(dbi_plain_name(tool->arguments[i].name));
		ListCell *lc;

		if (slot->kind == DBI_SLOT_USER && dbi_is_user_argument(tool->arguments[i].name))
			return true;
		foreach(lc, kind ? slot->candidates : NIL)
			if (strcmp(((DbiCandidate *) lfirst(lc))->kind, kind) == 0)
				return true;
	}
	return false;
}

/* Whether an argument may still take the slot. */
bool
dbi_is_free(const DbiFill *f, const DbiSlot *slot)
{
	return !list_member_ptr(f->used, slot) && !(f->said_only && slot->origin == DBI_ORIGIN_FRAME);
}

DbiSlot *
dbi_fill_slot(const DbiFill *f, DbiSlotKind kind)
{
	ListCell *lc;

	foreach(lc, f->in->slots)
		if (((DbiSlot *) lfirst(lc))->kind == kind &&
			!(f->said_only && ((DbiSlot *) lfirst(lc))->origin == DBI_ORIGIN_FRAME))
			return lfirst(lc);
	return NULL;
}

void
dbi_fill_set(DbiFill *f, const DbiArgument *arg, const char *value, DbiOrigin origin,
			 const char *span)
{
	DbiPlanArg *a = palloc0(sizeof(DbiPlanArg));

	a->name = arg->name;
	a->value = value;
	a->origin = origin;
	a->span = span;
	f->call->args = lappend(f->call->args, a);
}

bool
dbi_fill_set_slot(DbiFill *f, const DbiArgument *arg, const char *value, DbiSlot *slot)
{
	dbi_fill_set(f, arg, value, slot->origin, slot->span);
	f->used = list_append_unique_ptr(f->used, slot);
	return true;
}

bool
dbi_fill_set_number(DbiFill *f, const DbiArgument *arg, double value, DbiSlot *slot)
{
	if (dbi_is_whole(arg->type))
		return dbi_fill_set_slot(f, arg, psprintf("%.0f", ceil(value - 1e-9)), slot);
	return dbi_fill_set_slot(f, arg, psprintf("%.12g", value), slot);
}

/* ---- the call ---- */

/* A frame is a row anyone may write to their own conversation: its values are read as input. */
static bool
is_value_of(const DbiArgument *arg, const char *value)
{
	DateADT date;
	char *end;

	if (dbi_is_date(arg->type))
		return dbi_parse_date(value, strlen(value), &date);
	if (dbi_is_number(arg->type))
	{
		(void) strtod(value, &end);
		return end != value && *end == '\0' && strspn(value, "0123456789.-") == strlen(value);
	}
	for (int i = 0; i < arg->nwords; i++)
		if (strcmp(arg->words[i], value) == 0)
			return true;
	return arg->nwords == 0 && dbi_is_text(arg->type);
}

/* Whether the argument says over which time; a new period takes the place of all of them. */
static bool
is_time(const DbiArgument *arg)
{
	const char *name = dbi_plain_name(arg->name);

	return dbi_is_date(arg->type) || (dbi_is_number(arg->type) && strncmp(name, "min", 3) != 0 &&
									  strncmp(name, "max", 3) != 0 &&
									  (dbi_ends_with(name, "days") || dbi_ends_with(name, "hours")));
}

const char *
dbi_kept_value(const DbiFill *f, const DbiArgument *arg)
{
	ListCell *lc;

	foreach(lc, f->in->kept)
	{
		DbiPlanArg *a = lfirst(lc);

		if (strcmp(a->name, arg->name) == 0 && is_value_of(arg, a->value))
			return a->value;
	}
	return NULL;
}

/* What the tool was called with before, where this turn says nothing else. */
static bool
fill_kept(DbiFill *f, const DbiArgument *arg)
{
	bool said =
		f->in->period && f->in->period_slot && f->in->period_slot->origin != DBI_ORIGIN_FRAME;
	const char *value = said && is_time(arg) ? NULL : dbi_kept_value(f, arg);

	if (value)
		dbi_fill_set(f, arg, value, DBI_ORIGIN_FRAME, NULL);
	return value != NULL;
}

/* What the conversation was about before is not narrowed to where the argument has a value. */
static void
pass_over_frame(DbiFill *f, const DbiArgument *arg)
{
	const char *kind = dbi_entity_kind(dbi_plain_name(arg->name));
	ListCell *lc;
	ListCell *c;

	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->origin != DBI_ORIGIN_FRAME)
			continue;
		foreach(c, kind ? slot->candidates : NIL)
			if (strcmp(((DbiCandidate *) lfirst(c))->kind, kind) == 0)
				f->used = list_append_unique_ptr(f->used, slot);
		if (slot->kind == DBI_SLOT_USER && dbi_is_user_argument(arg->name))
			f->used = list_append_unique_ptr(f->used, slot);
		if (slot->kind == DBI_SLOT_SEVERITY && strstr(arg->name, "severity"))
			f->used = list_append_unique_ptr(f->used, slot);
	}
}

static void
fill_argument(DbiFill *f, const DbiArgument *arg)
{
	bool filled = false;

	/* What was said turns ago gives way to what the tool was called with last. */
	f->said_only = dbi_kept_value(f, arg) != NULL && !is_time(arg);
	if (dbi_is_date(arg->type))
		filled = dbi_fill_date(f, arg);
	else if (dbi_is_number(arg->type))
		filled = dbi_fill_window(f, arg) || dbi_fill_number(f, arg);
	else if (dbi_is_text(arg->type))
		filled = dbi_fill_text(f, arg);
	f->said_only = false;
	if (filled || fill_kept(f, arg))
		pass_over_frame(f, arg);
}

static const DbiArgument *
argument_named(const DbiTool *tool, const char *name)
{
	for (int i = 0; i < tool->narguments; i++)
		if (strcmp(tool->arguments[i].name, name) == 0)
			return &tool->arguments[i];
	return NULL;
}

static char *
arguments_json(const DbiFill *f)
{
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	appendStringInfoChar(&s, '{');
	foreach(lc, f->call->args)
	{
		DbiPlanArg *a = lfirst(lc);

		if (s.len > 1)
			appendStringInfoString(&s, ", ");
		escape_json(&s, a->name);
		appendStringInfoString(&s, ": ");
		if (dbi_is_number(argument_named(f->tool, a->name)->type))
			appendStringInfoString(&s, a->value);
		else
			escape_json(&s, a->value);
	}
	appendStringInfoChar(&s, '}');
	return s.data;
}

static bool
rows_tell(const DbiTool *tool, const char *kind)
{
	for (int i = 0; i < tool->ncolumns; i++)
		if (strcmp(kind, tool->columns[i]) == 0 || dbi_column_names(kind, tool->columns[i]))
			return true;
	return false;
}

static void
add_filter(DbiFill *f, const char *kind, const char *value, const char *span)
{
	DbiPlanFilter *filter;

	if (!rows_tell(f->tool, kind))
	{
		dbi_assume(f->in->assumptions,
				   "%s does not tell one %s from another: \"%s\" was left out, its rows are of all.",
				   f->tool->name, kind, span);
		return;
	}
	filter = palloc(sizeof(DbiPlanFilter));
	filter->kind = kind;
	filter->value = value;
	f->call->filters = lappend(f->call->filters, filter);
	dbi_assume(f->in->assumptions,
			   "%s has no argument for \"%s\"; its rows are narrowed to it where they name it.",
			   f->tool->name, span);
}

/* What was named and no argument took. */
static void
add_filters(DbiFill *f)
{
	ListCell *lc;

	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->candidates ? linitial(slot->candidates) : NULL;

		if (list_member_ptr(f->used, slot))
			continue;
		if ((slot->kind == DBI_SLOT_NAME || slot->kind == DBI_SLOT_ENVIRONMENT) && c)
			add_filter(f, c->kind, c->value, slot->span);
		else if (slot->kind == DBI_SLOT_USER)
			add_filter(f, "user", slot->value, slot->span);
		else if (slot->kind == DBI_SLOT_IP)
			add_filter(f, "ip", slot->value, slot->span);
		else if (slot->kind == DBI_SLOT_SEVERITY)
			add_filter(f, "severity", slot->value, slot->span);
		else if (slot->kind == DBI_SLOT_TOP_N && slot->origin == DBI_ORIGIN_TEXT)
			dbi_assume(f->in->assumptions, "%s takes no number of rows; \"%s\" was left out.",
					   f->tool->name, slot->span);
	}
}

static bool
takes_window(const DbiTool *tool)
{
	for (int i = 0; i < tool->narguments; i++)
		if (is_time(&tool->arguments[i]))
			return true;
	return false;
}

/* The hour a part of a day began at. */
static int
first_hour(const DbiFill *f)
{
	const DbiPeriod *p = f->in->period;
	const DbiClock *clock = f->in->clock;

	return (int) ceil(24.0 * (clock->today - p->start) + clock->hour + clock->minute / 60.0 -
					  p->hours);
}

/*
 * Rows that add up a window cannot be cut to a part of it: a period that is over
 * is looked at as of its end. Only the built-in tools are known to read the
 * clock through dbinsight.now() alone.
 */
static bool
is_asked_as_of_its_end(const DbiFill *f)
{
	const DbiPeriod *p = f->in->period;

	return f->window && f->tool->builtin && p->kind == DBI_PERIOD_CALENDAR &&
		   p->end < f->in->clock->today &&
		   (dbi_ends_with(f->counts, "hours") || dbi_ends_with(f->counts, "days"));
}

static void
note_period(DbiFill *f)
{
	const DbiPeriod *p = f->in->period;
	const char *said = f->in->period_slot ? f->in->period_slot->span : f->call->label;

	if (!p)
		return;
	if (p->note)
		dbi_assume(f->in->assumptions, "%s", p->note);
	if (p->kind == DBI_PERIOD_RECENT)
	{
		if (takes_window(f->tool))
			dbi_assume(f->in->assumptions, "\"%s\" was taken as the usual window of %s.", said,
					   f->tool->name);
		return;
	}
	/* What was said turns ago need not be said of every tool that cannot use it. */
	if (!f->period_used && f->in->period_slot && f->in->period_slot->origin == DBI_ORIGIN_FRAME)
		return;
	if (!f->period_used)
	{
		dbi_assume(f->in->assumptions, "%s takes no %s; \"%s\" was left out.", f->tool->name,
				   p->kind == DBI_PERIOD_FUTURE && dbi_has_horizon(f->tool) == false ? "future period"
																					 : "period",
				   said);
		return;
	}
	/* "next month" begins later than today: the days until then are looked at, and not told. */
	if (p->kind == DBI_PERIOD_FUTURE && p->start > f->in->clock->today)
	{
		f->call->has_period = f->call->wider = true;
		f->call->period_start = p->start;
		f->call->period_end = p->end;
		return;
	}
	if (!dbi_is_past(p))
		return;
	f->call->has_period = true;
	f->call->period_start = p->start;
	f->call->period_end = p->end;
	f->call->wider = f->window;
	/* Without the tool's name, so that several tools say it once. */
	if (is_asked_as_of_its_end(f))
	{
		f->call->window = f->counts;
		return;
	}
	if (f->window && p->kind == DBI_PERIOD_HOURS)
		dbi_assume(f->in->assumptions, "\"%s\" was read as %02d:00 on %s up to now.", said,
				   first_hour(f), dbi_date_text(p->start));
	else if (f->window && f->reach <= 1)
		dbi_assume(f->in->assumptions, "\"%s\" was read as the last 24 hours.", said);
	else if (f->window)
		dbi_assume(f->in->assumptions, "\"%s\" (%s to %s) was read as the last %d days.", said,
				   dbi_date_text(p->start), dbi_date_text(p->end), f->reach);
}

/* Rows that are narrowed to something must not have been cut to the first few of all before. */
#define ENOUGH_ROWS "1000"

static void
read_enough(DbiFill *f)
{
	ListCell *lc;

	if (f->call->filters == NIL)
		return;
	foreach(lc, f->call->args)
		if (strcmp(((DbiPlanArg *) lfirst(lc))->name, "top_n") == 0)
			return;
	for (int i = 0; i < f->tool->narguments; i++)
		if (strcmp(f->tool->arguments[i].name, "top_n") == 0)
		{
			DbiPlanArg *all = palloc0(sizeof(DbiPlanArg));

			all->name = "top_n";
			all->value = ENOUGH_ROWS;
			all->origin = DBI_ORIGIN_DEFAULT;
			f->call->args = lappend(f->call->args, all);
		}
}

const char *
dbi_fill_call(const DbiFilling *filling, const DbiTool *tool, DbiPlanCall *call)
{
	DbiFill f = {filling, tool, call, NIL, false, false, false, false, 0};
	const char *missing = NULL;

	for (int i = 0; i < tool->narguments; i++)
	{
		int before = list_length(call->args);

		fill_argument(&f, &tool->arguments[i]);
		if (list_length(call->args) == before && !tool->arguments[i].optional && missing == NULL)
			missing = tool->arguments[i].name;
	}
	if (missing == NULL)
	{
		add_filters(&f);
		note_period(&f);
		read_enough(&f);
	}
	call->arguments = arguments_json(&f);
	return missing;
}
