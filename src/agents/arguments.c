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

#include "agents/understand.h"

/* Windows the built-in tools take; a longer one would be an error. */
#define MAX_TOOL_DAYS 400
#define MAX_TOOL_HOURS 9600
#define MAX_RANGE_DAYS 1100

/* How far from a number the words of an argument's name may stand. */
#define NAME_DISTANCE 3

typedef struct Fill
{
	const DbiFilling *in;
	const DbiTool *tool;
	DbiPlanCall *call;
	List *used; /* slots that filled an argument */
	bool period_used;
	bool window; /* the period became a number of hours or days */
	int reach;   /* that number of days */
} Fill;

/* ---- names and types of arguments ---- */

static bool
is_number(Oid type)
{
	return type == INT4OID || type == INT8OID || type == INT2OID || type == FLOAT8OID ||
		   type == FLOAT4OID || type == NUMERICOID;
}

static bool
is_whole(Oid type)
{
	return type == INT4OID || type == INT8OID || type == INT2OID;
}

static bool
is_date(Oid type)
{
	return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

static bool
is_text(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == NAMEOID || type == BPCHAROID ||
		   type == INETOID || type == UUIDOID;
}

static bool
ends_with(const char *s, const char *suffix)
{
	size_t a = strlen(s);
	size_t b = strlen(suffix);

	return a >= b && strcmp(s + a - b, suffix) == 0;
}

/* Name without the prefixes people give parameters. */
static const char *
plain_name(const char *name)
{
	if (name[0] == '_')
		name++;
	if ((name[0] == 'p' || name[0] == 'v') && name[1] == '_')
		name += 2;
	return name;
}

/* What kind of thing an argument wants, or NULL: workspace_id, job_name, "table" … */
static const char *
entity_kind(const char *name)
{
	static const char *const kinds[] = {"workspace", "job",      "table",     "schema",  "model",
										"endpoint",  "pipeline", "warehouse", "cluster", "sku"};
	char *base = pstrdup(plain_name(name));
	static const char *const suffixes[] = {"_full_name", "_name", "_id"};

	for (int i = 0; i < lengthof(suffixes); i++)
		if (ends_with(base, suffixes[i]))
		{
			base[strlen(base) - strlen(suffixes[i])] = '\0';
			break;
		}
	for (int i = 0; i < lengthof(kinds); i++)
		if (strcmp(base, kinds[i]) == 0)
			return kinds[i];
	return NULL;
}

static bool
is_user_argument(const char *name)
{
	return dbi_is_one_of(name,
						 "user|user_name|username|user_email|email|principal|actor|owner|executed_by|requester|grantee|account");
}

/* ---- slots ---- */

static DbiSlot *
slot_of(const Fill *f, DbiSlotKind kind)
{
	ListCell *lc;

	foreach(lc, f->in->slots)
		if (((DbiSlot *) lfirst(lc))->kind == kind)
			return lfirst(lc);
	return NULL;
}

static void
set(Fill *f, const DbiArgument *arg, const char *value, DbiOrigin origin, const char *span)
{
	DbiPlanArg *a = palloc0(sizeof(DbiPlanArg));

	a->name = arg->name;
	a->value = value;
	a->origin = origin;
	a->span = span;
	f->call->args = lappend(f->call->args, a);
}

static bool
set_slot(Fill *f, const DbiArgument *arg, const char *value, DbiSlot *slot)
{
	set(f, arg, value, slot->origin, slot->span);
	f->used = list_append_unique_ptr(f->used, slot);
	return true;
}

static bool
set_number(Fill *f, const DbiArgument *arg, double value, DbiSlot *slot)
{
	if (is_whole(arg->type))
		return set_slot(f, arg, psprintf("%.0f", ceil(value - 1e-9)), slot);
	return set_slot(f, arg, psprintf("%.12g", value), slot);
}

/* ---- periods ---- */

static bool
has_horizon(const DbiTool *tool)
{
	for (int i = 0; i < tool->narguments; i++)
		if (strstr(tool->arguments[i].name, "horizon") != NULL)
			return true;
	return false;
}

static bool
is_past(const DbiPeriod *p)
{
	return p->kind != DBI_PERIOD_FUTURE && p->kind != DBI_PERIOD_RECENT;
}

static bool
set_period(Fill *f, const DbiArgument *arg, const char *value)
{
	set(f, arg, value, f->in->period_slot ? f->in->period_slot->origin : DBI_ORIGIN_DEFAULT,
		f->in->period_slot ? f->in->period_slot->span : NULL);
	f->period_used = true;
	return true;
}

/* A window back from now, in days or hours; within what the built-in tools take. */
static bool
set_window(Fill *f, const DbiArgument *arg, int value, int most)
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
	return set_period(f, arg, psprintf("%d", value));
}

/*
 * The one day of a tool that shows one: the end of the period. A longer period
 * that runs on ends with yesterday, since today's usage is still arriving.
 */
static DateADT
single_day(Fill *f)
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
range_start(Fill *f)
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

static bool
fill_date(Fill *f, const DbiArgument *arg)
{
	const DbiPeriod *p = f->in->period;
	const char *name = plain_name(arg->name);
	DateADT day;

	if (!p || !is_past(p))
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
	else if (ends_with(name, "baseline_date") || strcmp(name, "baseline") == 0)
		day = p->start;
	else
		day = single_day(f);
	return set_period(f, arg, dbi_date_text(day));
}

static bool
fill_window(Fill *f, const DbiArgument *arg)
{
	const DbiPeriod *p = f->in->period;
	const char *name = plain_name(arg->name);
	DbiSlot *limit = slot_of(f, DBI_SLOT_THRESHOLD);

	if (strstr(name, "horizon") != NULL)
	{
		if (p && (p->kind == DBI_PERIOD_FUTURE || p->kind == DBI_PERIOD_SPAN ||
				  p->kind == DBI_PERIOD_ROLLING))
			return set_period(f, arg, psprintf("%d", dbi_period_days(p, f->in->clock)));
		return false;
	}
	if (strncmp(name, "min", 3) == 0 || strncmp(name, "max", 3) == 0 || strstr(name, "history") ||
		strstr(name, "baseline"))
		return false;
	if (ends_with(name, "hours") || ends_with(name, "days") || strcmp(name, "weeks") == 0 ||
		strcmp(name, "months") == 0)
	{
		bool hours = ends_with(name, "hours");

		if (p && is_past(p) && hours)
			return set_window(f, arg, dbi_period_hours(p, f->in->clock), MAX_TOOL_HOURS);
		if (p && is_past(p) && ends_with(name, "days"))
			return set_window(f, arg, dbi_period_days(p, f->in->clock), MAX_TOOL_DAYS);
		if (p && is_past(p))
			return set_window(f, arg,
							  (dbi_period_days(p, f->in->clock) + 6) /
								  (strcmp(name, "weeks") == 0 ? 7 : 30),
							  MAX_TOOL_DAYS);
		/* "not updated for more than 12 hours" */
		if (!p && limit && limit->unit == DBI_UNIT_SECONDS &&
			list_member_ptr(f->used, limit) == false && limit->number >= (hours ? 3600 : 86400))
			return set_number(f, arg, limit->number / (hours ? 3600 : 86400), limit);
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

/* ---- numbers ---- */

/* Whether a word of the argument's name stands near the slot. */
static bool
named_beside(const Fill *f, const char *name, const DbiSlot *slot)
{
	char *words = pstrdup(name);
	char *save;

	if (slot->from < 0)
		return false;
	for (char *w = strtok_r(words, "_", &save); w; w = strtok_r(NULL, "_", &save))
	{
		char *stem = dbi_stem(w);

		if (dbi_is_one_of(w, "min|max|n|num|number|of|count|value|threshold|limit|days|hours"))
			continue;
		for (int i = Max(slot->from - NAME_DISTANCE, 0);
			 i < Min(slot->to + NAME_DISTANCE, f->in->text->n); i++)
			if (strcmp(f->in->text->tokens[i].stem, stem) == 0)
				return true;
	}
	return false;
}

/* Factor from the slot's unit to the argument's, 0 when they do not fit. */
static double
unit_factor(const char *name, const DbiSlot *slot)
{
	if (ends_with(name, "seconds") || ends_with(name, "_s") || ends_with(name, "secs"))
		return slot->unit == DBI_UNIT_SECONDS ? 1 : 0;
	if (ends_with(name, "minutes") || ends_with(name, "_min"))
		return slot->unit == DBI_UNIT_SECONDS ? 1.0 / 60 : 0;
	if (ends_with(name, "_ms"))
		return slot->unit == DBI_UNIT_SECONDS ? 1000 : 0;
	if (strncmp(name, "min_", 4) == 0 && ends_with(name, "hours"))
		return slot->unit == DBI_UNIT_SECONDS ? 1.0 / 3600 : 0;
	if (strstr(name, "pct") || strstr(name, "percent") || strcmp(name, "cpu_threshold") == 0)
		return slot->unit == DBI_UNIT_PERCENT ? 1 : 0;
	if (strstr(name, "gib") || strstr(name, "_gb"))
		return slot->unit == DBI_UNIT_GIB ? 1 : 0;
	if (strstr(name, "cost") || strstr(name, "usd") || strstr(name, "commit") ||
		strstr(name, "amount"))
		return slot->unit == DBI_UNIT_MONEY ? 1 : 0;
	return 0;
}

static bool
fill_number(Fill *f, const DbiArgument *arg)
{
	const char *name = plain_name(arg->name);
	DbiSlot *top = slot_of(f, DBI_SLOT_TOP_N);
	ListCell *lc;

	if (dbi_is_one_of(name, "top_n|top|n|limit|limit_rows|max_rows|row_limit|count|k"))
		return top ? set_slot(f, arg, top->value, top) : false;
	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);
		double factor;

		if ((slot->kind != DBI_SLOT_THRESHOLD && slot->kind != DBI_SLOT_NUMBER) ||
			list_member_ptr(f->used, slot))
			continue;
		factor = slot->kind == DBI_SLOT_THRESHOLD ? unit_factor(name, slot) : 0;
		if (factor > 0)
			return set_number(f, arg, slot->number * factor, slot);
		if (slot->unit == DBI_UNIT_NONE && named_beside(f, name, slot))
			return set_number(f, arg, slot->number, slot);
	}
	return false;
}

/* ---- names ---- */

static bool
tool_takes(const DbiTool *tool, const char *kind)
{
	for (int i = 0; i < tool->narguments; i++)
	{
		const char *k = entity_kind(tool->arguments[i].name);

		if (k && strcmp(k, kind) == 0)
			return true;
	}
	return false;
}

static DbiCandidate *
candidate_of(const DbiSlot *slot, const char *kind)
{
	ListCell *lc;

	foreach(lc, slot->candidates)
		if (strcmp(((DbiCandidate *) lfirst(lc))->kind, kind) == 0)
			return lfirst(lc);
	return NULL;
}

/* A name nobody knows may be what the tool asks for, unless it was called something else. */
static bool
may_be(const Fill *f, const DbiSlot *slot, const char *kind)
{
	DbiCandidate *c = slot->candidates ? linitial(slot->candidates) : NULL;

	if (slot->kind != DBI_SLOT_NAME || (c && c->known) ||
		(slot->context && strcmp(slot->context, kind) != 0))
		return false;
	return !c || !tool_takes(f->tool, c->kind);
}

static bool
fill_entity(Fill *f, const DbiArgument *arg, const char *kind)
{
	ListCell *lc;

	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->kind == DBI_SLOT_NAME || slot->kind == DBI_SLOT_ENVIRONMENT
							  ? candidate_of(slot, kind)
							  : NULL;

		if (!c || list_member_ptr(f->used, slot))
			continue;
		if (c->others > 0 && strchr(c->value, '%') == NULL)
			dbi_assume(f->in->assumptions, "%d %ss are called %s; %s was taken.", c->others + 1,
					   kind, slot->span, c->value);
		else if (c->others > 0)
			dbi_assume(f->in->assumptions, "%d workspaces belong to %s; all of them are shown.",
					   c->others + 1, slot->span);
		return set_slot(f, arg, c->value, slot);
	}
	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (!list_member_ptr(f->used, slot) && may_be(f, slot, kind) &&
			strcmp(kind, "workspace") != 0)
			return set_slot(f, arg, slot->value, slot);
	}
	/* The schema of a table that was named in full. */
	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->kind == DBI_SLOT_NAME ? candidate_of(slot, "table") : NULL;
		const char *dot = c ? strrchr(c->value, '.') : NULL;

		if (strcmp(kind, "schema") == 0 && dot && strchr(c->value, '.') != dot)
		{
			set(f, arg, pnstrdup(c->value, dot - c->value), slot->origin, slot->span);
			return true;
		}
	}
	return false;
}

/*
 * A word of the clause that is one of the argument's words, or a concept of
 * that name. "failing" is FAILED, but "runs" is not RUNNING.
 */
static bool
fill_enum(Fill *f, const DbiArgument *arg)
{
	const DbiText *text = f->in->text;

	for (int w = 0; w < arg->nwords; w++)
	{
		char *word = dbi_lower(arg->words[w]);
		char *stem = dbi_stem(word);
		const DbiHit *hit = dbi_clause_hit(f->in->lexicon, f->in->clause, word);

		if (hit)
		{
			set(f, arg, arg->words[w], hit->from < 0 ? DBI_ORIGIN_FRAME : DBI_ORIGIN_TEXT,
				hit->from < 0 ? NULL : dbi_span(text, hit->from, hit->to));
			return true;
		}
		for (int i = f->in->clause->from; i < f->in->clause->to; i++)
			if (strcmp(text->tokens[i].text, word) == 0 ||
				(text->tokens[i].kind == DBI_TOK_WORD && !ends_with(word, "ing") &&
				 strcmp(text->tokens[i].stem, stem) == 0))
			{
				set(f, arg, arg->words[w], DBI_ORIGIN_TEXT, dbi_span(text, i, i + 1));
				return true;
			}
	}
	return false;
}

static bool
fill_from(Fill *f, const DbiArgument *arg, DbiSlotKind kind)
{
	DbiSlot *slot = slot_of(f, kind);

	return slot && !list_member_ptr(f->used, slot) ? set_slot(f, arg, slot->value, slot) : false;
}

/* A name for an argument no kind is known of: beside a word of its name, or quoted. */
static bool
fill_by_name(Fill *f, const DbiArgument *arg)
{
	ListCell *lc;

	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->candidates ? linitial(slot->candidates) : NULL;

		if (slot->kind != DBI_SLOT_NAME || list_member_ptr(f->used, slot) || (c && c->known))
			continue;
		if (named_beside(f, plain_name(arg->name), slot) || (!arg->optional && !f->tool->builtin))
			return set_slot(f, arg, slot->value, slot);
	}
	return false;
}

static bool
fill_text(Fill *f, const DbiArgument *arg)
{
	const char *name = plain_name(arg->name);
	const char *kind = entity_kind(name);

	if (dbi_is_one_of(name, "severity|min_severity|priority"))
		return fill_from(f, arg, DBI_SLOT_SEVERITY);
	if (dbi_is_one_of(name, "regulation|framework|standard"))
		return fill_from(f, arg, DBI_SLOT_REGULATION);
	if (is_user_argument(name))
		return fill_from(f, arg, DBI_SLOT_USER);
	if (arg->type == INETOID || dbi_is_one_of(name, "ip|source_ip|ip_address|address"))
		return fill_from(f, arg, DBI_SLOT_IP);
	if (strcmp(name, "domain") == 0 && f->in->domain)
	{
		set(f, arg, f->in->domain, DBI_ORIGIN_TEXT, f->in->domain);
		return true;
	}
	if (kind)
		return fill_entity(f, arg, kind);
	if (arg->nwords > 0)
		return fill_enum(f, arg);
	return fill_by_name(f, arg);
}

/* ---- the call ---- */

static void
fill_argument(Fill *f, const DbiArgument *arg)
{
	if (is_date(arg->type))
		(void) fill_date(f, arg);
	else if (is_number(arg->type))
		(void) (fill_window(f, arg) || fill_number(f, arg));
	else if (is_text(arg->type))
		(void) fill_text(f, arg);
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
arguments_json(const Fill *f)
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
		if (is_number(argument_named(f->tool, a->name)->type))
			appendStringInfoString(&s, a->value);
		else
			escape_json(&s, a->value);
	}
	appendStringInfoChar(&s, '}');
	return s.data;
}

static void
add_filter(Fill *f, const char *kind, const char *value, const char *span)
{
	DbiPlanFilter *filter = palloc(sizeof(DbiPlanFilter));

	filter->kind = kind;
	filter->value = value;
	f->call->filters = lappend(f->call->filters, filter);
	dbi_assume(f->in->assumptions,
			   "%s has no argument for \"%s\"; its rows are narrowed to it where they name it.",
			   f->tool->name, span);
}

/* What was named and no argument took. */
static void
add_filters(Fill *f)
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

static void
note_period(Fill *f)
{
	const DbiPeriod *p = f->in->period;
	const char *said = f->in->period_slot ? f->in->period_slot->span : f->call->label;

	if (!p)
		return;
	if (p->note)
		dbi_assume(f->in->assumptions, "%s", p->note);
	if (p->kind == DBI_PERIOD_RECENT)
	{
		dbi_assume(f->in->assumptions, "\"%s\" was taken as the usual window of %s.", said,
				   f->tool->name);
		return;
	}
	if (!f->period_used)
	{
		dbi_assume(f->in->assumptions, "%s takes no %s; \"%s\" was left out.", f->tool->name,
				   p->kind == DBI_PERIOD_FUTURE && has_horizon(f->tool) == false ? "future period"
																				 : "period",
				   said);
		return;
	}
	if (!is_past(p))
		return;
	f->call->has_period = true;
	f->call->period_start = p->start;
	f->call->period_end = p->end;
	f->call->wider = f->window;
	/* Without the tool's name, so that several tools say it once. */
	if (f->window && p->kind == DBI_PERIOD_HOURS)
		dbi_assume(f->in->assumptions, "\"%s\" was read as 18:00 on %s up to now.", said,
				   dbi_date_text(p->start));
	else if (f->window && f->reach <= 1)
		dbi_assume(f->in->assumptions, "\"%s\" was read as the last 24 hours.", said);
	else if (f->window)
		dbi_assume(f->in->assumptions, "\"%s\" (%s to %s) was read as the last %d days.", said,
				   dbi_date_text(p->start), dbi_date_text(p->end), f->reach);
}

const char *
dbi_fill_call(const DbiFilling *filling, const DbiTool *tool, DbiPlanCall *call)
{
	Fill f = {filling, tool, call, NIL, false, false, 0};
	const char *missing = NULL;

	for (int i = 0; i < tool->narguments; i++)
	{
		int before = list_length(call->args);

		fill_argument(&f, &tool->arguments[i]);
		if (list_length(call->args) == before && !tool->arguments[i].optional && missing == NULL)
			missing = tool->arguments[i].name;
	}
	call->arguments = arguments_json(&f);
	if (missing == NULL)
	{
		add_filters(&f);
		note_period(&f);
	}
	return missing;
}
