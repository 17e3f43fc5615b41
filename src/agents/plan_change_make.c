/*
 * plan_change_make.c: the call before, with what a follow-up changes: numbers
 * that stand alone, lengths beside the period before, the other of two words,
 * what was narrowed wide again.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"

#include "agents/plan_change.h"

/* How far back a scaled period may reach: what the tools take. */
#define MOST_HOURS 9600.0

static DbiSlot *
replaced_by(DbiPlanner *p, int number, DbiSlot *slot)
{
	DbiSlot *old = list_nth(p->slots, number);

	slot->from = old->from;
	slot->to = old->to;
	slot->span = slot->value = old->span;
	slot->origin = DBI_ORIGIN_TEXT;
	lfirst(list_nth_cell(p->slots, number)) = slot;
	return slot;
}

/* The argument of a tool that says how far it looks, or NULL. */
static const DbiArgument *
window_of(const DbiTool *tool)
{
	for (int a = 0; a < tool->narguments; a++)
	{
		const char *name = tool->arguments[a].name;
		size_t len = strlen(name);

		if (strncmp(name, "min", 3) != 0 && strncmp(name, "max", 3) != 0 &&
			((len >= 4 && strcmp(name + len - 4, "days") == 0) ||
			 (len >= 5 && strcmp(name + len - 5, "hours") == 0)))
			return &tool->arguments[a];
	}
	return NULL;
}

static DbiPlanArg *
kept_argument(const DbiFrameClause *f, const char *name)
{
	ListCell *lc;

	foreach(lc, f->args)
		if (strcmp(((DbiPlanArg *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	return NULL;
}

static void
set_length(DbiPlanner *p, DbiSlot *slot, const DbiArgument *window, double value)
{
	bool hours = strstr(window->name, "hours") != NULL;

	slot->kind = DBI_SLOT_DATE;
	slot->period.kind = strstr(window->name, "horizon") ? DBI_PERIOD_FUTURE : DBI_PERIOD_ROLLING;
	slot->period.grain = hours ? DBI_GRAIN_HOUR : DBI_GRAIN_DAY;
	slot->period.hours = value * (hours ? 1 : 24);
	slot->period.end = p->clock.today;
	slot->period.start = p->clock.today - (int) ceil(slot->period.hours / 24) + 1;
	if (slot->period.kind == DBI_PERIOD_FUTURE)
	{
		slot->period.start = p->clock.today;
		slot->period.end = p->clock.today + (int) value - 1;
	}
}

/* "4+", "4 or more", "4 and up". */
static bool
is_least(const DbiText *text, const DbiSlot *slot)
{
	const char *next = slot->to < text->n ? text->tokens[slot->to].text : "";
	const char *after = slot->to + 1 < text->n ? text->tokens[slot->to + 1].text : "";

	return dbi_is_one_of(next, "+|plus|upwards") ||
		   (dbi_is_one_of(next, "or|and") &&
			dbi_is_one_of(after, "more|up|above|higher|over|beyond"));
}

/* An argument that a number is a limit of, where a limit is spoken of: "threshold 2.5". */
static const DbiArgument *
limit_of(DbiPlanner *p, const DbiTool *tool, const DbiSlot *slot)
{
	bool spoken = is_least(p->text, slot);

	for (int i = 0; i < p->text->n; i++)
		spoken =
			spoken ||
			dbi_is_one_of(p->text->tokens[i].text,
						  "threshold|cutoff|sensitivity|score|stricter|strict|looser|minimum|min|least");
	for (int a = 0; spoken && a < tool->narguments; a++)
		if (strstr(tool->arguments[a].name, "threshold") != NULL ||
			strncmp(tool->arguments[a].name, "min_", 4) == 0)
			return &tool->arguments[a];
	return NULL;
}

bool
dbi_change_takes_rows(const DbiTool *tool)
{
	for (int a = 0; a < tool->narguments; a++)
		if (strcmp(tool->arguments[a].name, "top_n") == 0)
			return true;
	return false;
}

static bool
speaks_of_rows(DbiPlanner *p)
{
	for (int i = 0; i < p->text->n; i++)
		if (dbi_is_one_of(p->text->tokens[i].text,
						  "rows|row|entries|results|items|top|first|list|best|worst|show|give|gimme|gimmie|see|enough|"
						  "names|deeper|suffice|suffices|plenty") ||
			(dbi_is_one_of(p->text->tokens[i].text, "them|those|these") && i > 0 &&
			 strcmp(p->text->tokens[i - 1].text, "of") == 0))
			return true;
	return false;
}

/* "just 5", where no length of time was spoken of; so few even where one was. */
#define FEW_ROWS 25
#define HANDFUL 10

static bool
says_only(DbiPlanner *p)
{
	for (int i = 0; i < p->text->n; i++)
		if (dbi_is_one_of(p->text->tokens[i].text, "only|just|cap|limit"))
			return true;
	return false;
}

/* A number that stands alone is of the argument that was last a number: "90 pls", "five will do". */
static void
place_number(DbiPlanner *p, DbiFrameClause *f, const DbiTool *tool, int number, double value)
{
	const DbiArgument *window = window_of(tool);
	const DbiArgument *limit = limit_of(p, tool, list_nth(p->slots, number));
	DbiSlot *made = palloc0(sizeof(DbiSlot));
	bool counted = kept_argument(f, "top_n") != NULL ||
				   (dbi_change_takes_rows(tool) &&
					(speaks_of_rows(p) ||
					 (says_only(p) &&
					  value <= (window && kept_argument(f, window->name) ? HANDFUL : FEW_ROWS))));

	if (limit)
	{
		DbiPlanArg *a = palloc0(sizeof(DbiPlanArg));

		a->name = limit->name;
		a->value = psprintf("%.12g", value);
		a->origin = DBI_ORIGIN_TEXT;
		f->args = lcons(a, f->args);
		return;
	}
	if (window && !counted && value >= 1 && value <= MOST_HOURS)
		set_length(p, made, window, value);
	else
	{
		made->kind = DBI_SLOT_TOP_N;
		made->number = value;
	}
	made = replaced_by(p, number, made);
	if (made->kind == DBI_SLOT_TOP_N)
		made->value = psprintf("%.0f", value);
}

/* Of a unit of time shorter than a day, else 0. */
static double
seconds_in(const char *unit)
{
	if (dbi_is_one_of(unit, "second|seconds|sec|secs"))
		return 1;
	if (dbi_is_one_of(unit, "minute|minutes|min|mins"))
		return 60;
	return dbi_is_one_of(unit, "hour|hours|hrs") ? 3600 : 0;
}

/* "five will do", "ten minutes" are numbers too, when nothing else is said. */
void
dbi_change_add_number_word(DbiPlanner *p)
{
	double value;

	for (int i = 0; i < p->text->n; i++)
	{
		DbiSlot *slot;
		double scale;
		int used = p->text->tokens[i].slot < 0
					   ? dbi_number_word(p->text->tokens + i, p->text->n - i, &value)
					   : 0;

		if (used == 0 && p->text->tokens[i].slot < 0 && strcmp(p->text->tokens[i].text, "dozen") == 0)
		{
			value = 12;
			used = 1;
		}
		if (used == 0 || p->text->tokens[i].kind != DBI_TOK_WORD ||
			strcmp(p->text->tokens[i].text, "one") == 0)
			continue;
		slot = palloc0(sizeof(DbiSlot));
		slot->kind = DBI_SLOT_NUMBER;
		if (i + used < p->text->n && (scale = seconds_in(p->text->tokens[i + used].text)) > 0)
		{
			slot->unit = DBI_UNIT_SECONDS;
			value *= scale;
			used++;
		}
		slot->from = i;
		slot->to = i + used;
		slot->span = slot->value = dbi_span(p->text, i, i + used);
		slot->number = value;
		for (int k = i; k < i + used; k++)
			p->text->tokens[k].slot = list_length(p->slots);
		p->slots = lappend(p->slots, slot);
		return;
	}
}

/* "just the latest", "only the last run": one row, of a tool that counts them. */
void
dbi_change_add_single(DbiPlanner *p)
{
	DbiText *text = p->text;
	DbiSlot *slot;

	for (int i = 0; i < text->n; i++)
	{
		bool ends =
			i + 1 >= text->n || text->tokens[i + 1].kind == DBI_TOK_PUNCT ||
			dbi_is_one_of(text->tokens[i + 1].text, "one|run|training|entry|row|please|pls|only");

		if (text->tokens[i].slot >= 0 || !ends ||
			!dbi_is_one_of(text->tokens[i].text,
						   "last|latest|newest|first|worst|biggest|slowest|top|longest"))
			continue;
		slot = palloc0(sizeof(DbiSlot));
		slot->kind = DBI_SLOT_TOP_N;
		slot->from = i;
		slot->to = i + 1;
		slot->span = dbi_span(text, i, i + 1);
		slot->number = 1;
		slot->value = "1";
		text->tokens[i].slot = list_length(p->slots);
		p->slots = lappend(p->slots, slot);
		return;
	}
}

static bool
is_taken_by_words(DbiPlanner *p, const DbiTool *tool, const DbiSlot *slot)
{
	DbiWordHit hit;

	for (int a = 0; a < tool->narguments; a++)
		if (dbi_find_argument_word(p->lex, tool->name, &tool->arguments[a], p->text, p->slots, 0,
								   p->text->n, &hit) &&
			hit.number >= slot->from && hit.number < slot->to)
			return true;
	return false;
}

static bool
takes_seconds(const DbiTool *tool)
{
	for (int a = 0; a < tool->narguments; a++)
		if (strstr(tool->arguments[a].name, "seconds") || strstr(tool->arguments[a].name, "minutes"))
			return true;
	return false;
}

/* "same 4 analytics": a word that sounds like it. */
static bool
is_preposition(DbiPlanner *p, const DbiSlot *slot)
{
	int named = slot->to < p->text->n ? p->text->tokens[slot->to].slot : -1;
	DbiSlotKind kind;

	if (named < 0 || slot->unit != DBI_UNIT_NONE || (slot->number != 4 && slot->number != 2))
		return false;
	kind = ((DbiSlot *) list_nth(p->slots, named))->kind;
	return kind == DBI_SLOT_NAME || kind == DBI_SLOT_ENVIRONMENT;
}

static void
place_numbers(DbiPlanner *p, DbiFrameClause *f, const DbiTool *tool)
{
	for (int i = 0; i < list_length(p->slots); i++)
	{
		DbiSlot *slot = list_nth(p->slots, i);
		const DbiArgument *window = window_of(tool);

		if (slot->kind == DBI_SLOT_NUMBER && is_preposition(p, slot))
		{
			slot->kind = DBI_SLOT_TAKEN;
			continue;
		}
		/* "90 minutes", where no duration is asked for */
		if (slot->kind == DBI_SLOT_NUMBER && slot->unit == DBI_UNIT_SECONDS && window &&
			!takes_seconds(tool) && slot->number > 0)
			set_length(p, slot, window,
					   ceil(slot->number / (strstr(window->name, "hours") ? 3600 : 86400)));
		/* "last 14" is no number of rows where there is none. */
		if ((slot->kind == DBI_SLOT_NUMBER || slot->kind == DBI_SLOT_THRESHOLD ||
			 (slot->kind == DBI_SLOT_TOP_N && !dbi_change_takes_rows(tool))) &&
			slot->unit == DBI_UNIT_NONE && !is_taken_by_words(p, tool, slot))
			place_number(p, f, tool, i, slot->number);
	}
}

static const struct
{
	const char *words;
	DbiGrain grain;
	int days;
} units[] = {{"day", DBI_GRAIN_DAY, 1},          {"week", DBI_GRAIN_WEEK, 7},
			 {"fortnight", DBI_GRAIN_WEEK, 14},  {"month", DBI_GRAIN_MONTH, 30},
			 {"quarter", DBI_GRAIN_QUARTER, 90}, {"year", DBI_GRAIN_YEAR, 365}};

static int
unit_at(const DbiText *text, int i)
{
	for (int k = 0; i >= 0 && i < text->n && k < lengthof(units); k++)
		if (text->tokens[i].slot < 0 && dbi_is_one_of(text->tokens[i].text, units[k].words))
			return k;
	return -1;
}

static void
add_period(DbiPlanner *p, const DbiPeriod *period, int from, int to)
{
	DbiSlot *slot = dbi_made_period(NULL, period, dbi_span(p->text, from, to));

	slot->from = from;
	slot->to = to;
	for (int k = from; k < to; k++)
		p->text->tokens[k].slot = list_length(p->slots);
	p->slots = lappend(p->slots, slot);
}

/* "month instead of week", "week rather". */
static bool
is_put_in_place(const DbiText *text, int i)
{
	return i + 1 < text->n && dbi_is_one_of(text->tokens[i + 1].text, "instead|rather") &&
		   (i == 0 || !dbi_is_one_of(text->tokens[i - 1].text, "of|than|this|last|previous|next"));
}

/*
 * Periods that only mean something beside the one before: "a month", "the
 * whole week", "the day after", "the following week".
 */
void
dbi_change_add_relative_period(DbiPlanner *p)
{
	DbiSlot *was = dbi_frame_period(p);
	DbiText *text = p->text;

	for (int i = 0; i < text->n && dbi_period_slots(p->slots) == NIL; i++)
	{
		int k = unit_at(text, i);
		const char *before = i > 0 ? text->tokens[i - 1].text : "";
		const char *after = i + 1 < text->n ? text->tokens[i + 1].text : "";
		DbiPeriod q;

		if (k < 0)
			continue;
		memset(&q, 0, sizeof(q));
		q.grain = units[k].grain;
		if (was && (dbi_is_one_of(after, "after|later") || dbi_is_one_of(before, "following|next")))
		{
			bool later = dbi_is_one_of(after, "after|later");

			q.kind = DBI_PERIOD_CALENDAR;
			q.start = q.grain == DBI_GRAIN_DAY
						  ? was->period.end + 1
						  : dbi_step(dbi_first_of(was->period.end, q.grain), q.grain, 1);
			q.end = Min(dbi_step(q.start, q.grain, 1) - 1, Max(p->clock.today, q.start));
			if (q.start > p->clock.today)
				return;
			add_period(p, &q, later ? i : i - 1, later ? i + 2 : i + 1);
		}
		else if (dbi_is_one_of(before, "a|an|whole|full|entire|complete|one") ||
				 is_put_in_place(text, i) || dbi_count_words(text) == 1)
		{
			bool alone = !dbi_is_one_of(before, "a|an|whole|full|entire|complete|one");

			q.kind = DBI_PERIOD_ROLLING;
			q.hours = 24.0 * units[k].days;
			q.end = p->clock.today;
			q.start = q.end - units[k].days + 1;
			add_period(p, &q, alone ? i : i - 1, i + 1);
		}
	}
}

/* The period of before, so many times as long. */
static void
scale_period(DbiPlanner *p, double factor)
{
	DbiSlot *was = dbi_frame_period(p);
	DbiSlot *slot;
	int days;

	if (!was || dbi_period_slots(p->slots) != NIL)
		return;
	slot = dbi_made_period(was, &was->period, was->span);
	days = (int) ceil((was->period.end - was->period.start + 1) * factor);
	slot->period.note = NULL;
	slot->period.hours = Min(was->period.hours * factor, MOST_HOURS);
	if (was->period.kind == DBI_PERIOD_FUTURE)
		slot->period.end = was->period.start + days - 1;
	else
		slot->period.start = was->period.end - days + 1;
	slot->span = slot->value =
		psprintf("%s to %s", dbi_date_text(slot->period.start), dbi_date_text(slot->period.end));
	slot->origin = DBI_ORIGIN_TEXT;
	p->slots = lappend(p->slots, slot);
}

/* Of two words for an argument, both aside, the one that it did not have. */
static void
flip_words(DbiFrameClause *f, const DbiTool *tool)
{
	for (int a = 0; a < tool->narguments; a++)
	{
		const DbiArgument *arg = &tool->arguments[a];
		DbiPlanArg *kept = kept_argument(f, arg->name);
		const char *other = NULL;
		int others = 0;

		for (int w = 0; kept && w < arg->nwords; w++)
			if (strcmp(arg->words[w], kept->value) != 0 &&
				!dbi_is_one_of(arg->words[w], "both|all|any"))
			{
				other = arg->words[w];
				others++;
			}
		if (others == 1)
			kept->value = other;
	}
}

/* Whether the slot is one of the kind that is wide again: "" is all, "-" words of arguments. */
static bool
is_widened(const DbiSlot *slot, const char *kind)
{
	if (slot->kind == DBI_SLOT_DATE)
		return false;
	if (kind[0] == '\0')
		return true;
	if (slot->kind == DBI_SLOT_SEVERITY)
		return dbi_is_one_of(kind, "-|severity");
	return strcmp(dbi_is_workspace(slot) ? "workspace" : dbi_slot_type(slot), kind) == 0;
}

/* "all workspaces", "for everybody": what was narrowed is wide again. */
static void
drop_narrowing(DbiPlanner *p, DbiFrameClause *f, const DbiTool *tool)
{
	List *args = NIL;
	List *slots = NIL;
	ListCell *lc;
	const char *kind = dbi_change_widened_argument(p, tool);

	if (!kind)
		kind = dbi_change_widened_kind(p->text);
	if (!kind)
		return;
	foreach(lc, p->frame->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (!is_widened(slot, kind))
			slots = lappend(slots, slot);
	}
	foreach(lc, f->args)
	{
		DbiPlanArg *kept = lfirst(lc);
		bool text = false;
		bool words = false;

		for (int a = 0; a < tool->narguments; a++)
			if (strcmp(tool->arguments[a].name, kept->name) == 0)
			{
				text = tool->arguments[a].type == TEXTOID;
				words = tool->arguments[a].nwords > 0;
			}
		if (!text || (kind[0] && !words && strncmp(kept->name, kind, strlen(kind)) != 0))
			args = lappend(args, kept);
	}
	p->frame->slots = slots;
	f->args = args;
}

/* The clause of the frame again: its agent and its tool, whatever the new words are like. */
static DbiClause *
same_clause(DbiPlanner *p, const DbiFrameClause *f, int tool)
{
	DbiClause *clause = dbi_read_frame_clause(p, f);

	dbi_score_clause(p->lex, p->text, p->slots, clause, p->only_agent, p->lex->tools[tool].agent,
					 tool);
	clause->best_agent = p->lex->tools[tool].agent;
	clause->best_tool = tool;
	clause->evidence = Max(clause->evidence, DBI_OWN_EVIDENCE);
	clause->confidence = Max(clause->confidence, 0.9);
	return clause;
}

bool
dbi_plan_change(DbiPlanner *p)
{
	List *clauses = NIL;
	ListCell *lc;
	DbiChange c;

	dbi_read_change(&c, p);
	dbi_take_kind_from_frame(p);
	foreach(lc, dbi_meant_clauses(p))
	{
		DbiFrameClause *f = lfirst(lc);
		int tool = dbi_change_tool_index(p, f);

		if (tool < 0 || (p->only_agent >= 0 && p->lex->tools[tool].agent != p->only_agent))
			continue;
		drop_narrowing(p, f, &p->lex->tools[tool]);
		place_numbers(p, f, &p->lex->tools[tool]);
		if (c.flip)
			flip_words(f, &p->lex->tools[tool]);
		clauses = lappend(clauses, same_clause(p, f, tool));
	}
	if (clauses == NIL)
		return false;
	if (c.factor > 0)
		scale_period(p, c.factor);
	p->plan->follow_up = true;
	p->change_only = true;
	p->clauses = clauses;
	foreach(lc, clauses)
		dbi_plan_clause(p, lfirst(lc), DBI_INHERIT_ALL);
	return true;
}
