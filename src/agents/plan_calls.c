/*
 * plan_calls.c: from a clause that has its agent and tool to calls.
 */
#include "postgres.h"

#include <math.h>

#include "agents/planner.h"
#include "agents/split.h"

/* In a platform-wide question the domains are less sure than the platform. */
#define DOMAIN_SHARE 0.6
/* A named job is looked for over a week, where no period is named. */
#define WHY_HOURS 168

/* Values that hold for the whole question, wherever in it they stand. */
static bool
is_shared(const DbiSlot *slot)
{
	return slot->kind == DBI_SLOT_DATE || slot->kind == DBI_SLOT_ENVIRONMENT ||
		   slot->kind == DBI_SLOT_NAME || slot->kind == DBI_SLOT_USER || slot->kind == DBI_SLOT_IP;
}

/* Two slots of the same nature: the newer one takes the place of the older. */
bool
dbi_same_nature(const DbiSlot *a, const DbiSlot *b)
{
	bool workspace_a = dbi_is_workspace(a);
	bool workspace_b = dbi_is_workspace(b);

	if (workspace_a || workspace_b)
		return workspace_a && workspace_b;
	if (a->kind == DBI_SLOT_NAME && b->kind == DBI_SLOT_NAME)
		return true;
	return a->kind == b->kind;
}

bool
dbi_has_nature(List *slots, const DbiSlot *slot)
{
	ListCell *lc;

	foreach(lc, slots)
		if (dbi_same_nature(lfirst(lc), slot))
			return true;
	return false;
}

bool
dbi_is_inherited(const DbiSlot *slot, DbiInherit inherit)
{
	if (slot->kind == DBI_SLOT_NAME || slot->kind == DBI_SLOT_USER)
		return (inherit & DBI_INHERIT_NAMES) != 0;
	if (slot->kind == DBI_SLOT_DATE)
		return (inherit & DBI_INHERIT_PERIOD) != 0;
	return inherit == DBI_INHERIT_ALL;
}

/* "not prod", "spare me the minor ones". */
static bool
is_waved_away(const DbiText *text, int from)
{
	int i = from - 1;

	if (i >= 0 && dbi_is_one_of(text->tokens[i].text, "not|without|except|excluding|than"))
		return true;
	while (i >= 0 && dbi_is_one_of(text->tokens[i].text, "me|us|the|all|any|those|these"))
		i--;
	return i >= 0 && dbi_is_one_of(text->tokens[i].text, "spare|skip|ignore|forget|drop|lose|minus");
}

/* "not prod, dev": what was taken back, where something else of its nature is named. */
bool
dbi_is_negated(DbiPlanner *p, const DbiSlot *slot)
{
	ListCell *lc;

	if (slot->kind == DBI_SLOT_DATE || slot->from < 1 || !is_waved_away(p->text, slot->from))
		return false;
	foreach(lc, p->slots)
		if (lfirst(lc) != slot && dbi_same_nature(lfirst(lc), slot))
			return true;
	return false;
}

/* "now warehouses" turns to them and says nothing of the time. */
static bool
is_turning(DbiPlanner *p, const DbiSlot *slot)
{
	return slot->kind == DBI_SLOT_DATE && slot->period.kind == DBI_PERIOD_RECENT &&
		   slot->from >= 0 && strcmp(p->text->tokens[slot->from].text, "now") == 0 &&
		   slot->to == slot->from + 1 && p->text->n > 1 && (slot->from == 0 || p->change_only);
}

/* The month so far that is a question of its own is no period of the others. */
static bool
is_asked_itself(DbiPlanner *p, const DbiSlot *slot)
{
	ListCell *lc;

	foreach(lc, list_length(p->clauses) > 1 ? p->clauses : NIL)
	{
		DbiClause *c = lfirst(lc);

		if (slot->from == c->from && slot->to == c->to && dbi_asks_month_so_far(p->lex, p->text, c))
			return true;
	}
	return false;
}

static List *
slots_of(DbiPlanner *p, const DbiClause *clause, DbiInherit inherit)
{
	List *own = NIL;
	List *shared = NIL;
	ListCell *lc;

	foreach(lc, p->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->from >= clause->from && slot->to <= clause->to && !dbi_is_negated(p, slot) &&
			!is_turning(p, slot))
			own = lappend(own, slot);
	}
	foreach(lc, p->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (is_shared(slot) && !list_member_ptr(own, slot) && !dbi_has_nature(own, slot) &&
			!dbi_is_negated(p, slot) && !is_turning(p, slot) && !is_asked_itself(p, slot))
			shared = lappend(shared, slot);
	}
	own = list_concat(own, shared);
	if (inherit == DBI_INHERIT_NOTHING)
		return own;
	shared = NIL;
	foreach(lc, p->frame->slots)
		if (!dbi_has_nature(own, lfirst(lc)) && dbi_is_inherited(lfirst(lc), inherit))
			shared = lappend(shared, lfirst(lc));
	return list_concat(own, shared);
}

static DbiPlanCall *
same_call(List *calls, Oid function, const char *arguments)
{
	ListCell *lc;

	foreach(lc, calls)
	{
		DbiPlanCall *c = lfirst(lc);

		if (c->function == function && strcmp(c->arguments, arguments) == 0)
			return c;
	}
	return NULL;
}

/* Registration of a tool by its owner, or -1. */
static int
owned_tool(const DbiLexicon *lex, const char *name)
{
	for (int t = 0; t < lex->ntools; t++)
		if (lex->tools[t].owner == t && strcmp(lex->tools[t].name, name) == 0)
			return t;
	return -1;
}

/* In a follow-up a tool keeps what it was called with. */
static List *
kept_arguments(DbiPlanner *p, const char *tool)
{
	ListCell *lc;

	foreach(lc, p->plan->follow_up ? p->frame->clauses : NIL)
	{
		DbiFrameClause *c = lfirst(lc);

		if (strcmp(c->tool, tool) == 0)
			return c->args;
	}
	return NIL;
}

DbiPlanCall *
dbi_add_call(DbiPlanner *p, const DbiClause *clause, int tool, List *slots, DbiSlot *period,
			 const char *domain, DbiCallRole role, double confidence)
{
	const DbiTool *t = &p->lex->tools[tool];
	DbiPlanCall *call = palloc0(sizeof(DbiPlanCall));
	DbiFilling filling = {p->lex,
						  p->text,
						  &p->clock,
						  clause,
						  slots,
						  p->slots,
						  kept_arguments(p, t->name),
						  period ? &period->period : NULL,
						  period,
						  domain,
						  &p->plan->assumptions};
	List *assumed = list_copy(p->plan->assumptions);
	const char *missing;

	call->agent = p->lex->agents[t->agent].name;
	call->tool = t->name;
	call->function = t->function;
	call->confidence = confidence;
	call->role = role;
	call->label = period ? dbi_period_label(period->span) : "";
	missing = dbi_fill_call(&filling, t, call);
	if (missing)
	{
		if (role == DBI_CALL_ANSWER)
		{
			p->missing = missing;
			p->missing_tool = t->name;
		}
		p->plan->assumptions = assumed;
		return NULL;
	}
	if (list_length(p->plan->calls) >= DBI_MAX_PLAN_CALLS ||
		same_call(p->plan->calls, call->function, call->arguments))
	{
		p->plan->assumptions = assumed;
		return NULL;
	}
	p->plan->calls = lappend(p->plan->calls, call);
	return call;
}

/* Agents of the question itself before those of a health check; each in the agents' order. */
static void
add_route(DbiPlanner *p, int agent, double confidence, bool itself)
{
	DbiPlanRoute *route;
	ListCell *lc;
	int at = 0;

	foreach(lc, p->plan->routes)
	{
		int other;

		route = lfirst(lc);
		other = dbi_find_agent(p->lex, route->agent);
		if (other == agent)
		{
			route->confidence = Max(route->confidence, confidence);
			return;
		}
		if (!itself || (other < agent && foreach_current_index(lc) < p->own_routes))
			at = foreach_current_index(lc) + 1;
	}
	p->own_routes += itself;
	route = palloc(sizeof(DbiPlanRoute));
	route->agent = p->lex->agents[agent].name;
	route->confidence = confidence;
	p->plan->routes = list_insert_nth(p->plan->routes, at, route);
}

static bool
is_platform_wide(DbiPlanner *p, const DbiClause *clause, int *domain)
{
	const char *agent = p->lex->agents[clause->best_agent].name;

	*domain = -1;
	if (strcmp(agent, "platform") != 0)
		return false;
	if (dbi_clause_hit(p->lex, clause, "alert") ||
		strcmp(p->lex->tools[clause->best_tool].name, "get_active_alerts") == 0)
	{
		for (int a = 0; a < p->lex->nagents; a++)
			if (a != clause->best_agent && clause->lexical[a] >= 1 &&
				(*domain < 0 || clause->lexical[a] > clause->lexical[*domain]))
				*domain = a;
		if (*domain >= 0)
			return false;
	}
	return dbi_clause_hit(p->lex, clause, "overall") != NULL;
}

/* A tool of each domain, for when the health check finds something there. */
static void
add_domains(DbiPlanner *p, const DbiClause *clause, List *slots, DbiSlot *period)
{
	p->plan->platform_wide = true;
	for (int a = 0; a < p->lex->nagents; a++)
	{
		int best = -1;

		if (a == clause->best_agent || !p->lex->agents[a].enabled)
			continue;
		for (int t = 0; t < p->lex->ntools; t++)
			if (p->lex->tools[t].agent == a && p->lex->tools[t].builtin &&
				(best < 0 || clause->tools[t] > clause->tools[best] + 1e-9))
				best = t;
		if (best < 0)
			continue;
		add_route(p, a, rint(clause->confidence * DOMAIN_SHARE * 100) / 100, false);
		(void) dbi_add_call(p, clause, best, slots, period, NULL, DBI_CALL_IF_UNHEALTHY,
							rint(clause->confidence * DOMAIN_SHARE * 100) / 100);
	}
}

/* Whether the intent is the question's, or a concept that one of the clause's words means. */
static bool
asks_for(DbiPlanner *p, const DbiClause *clause, const char *intent)
{
	const DbiHit *hit;

	if (strcmp(p->plan->intent, intent) == 0)
		return true;
	for (int i = clause->from; i < clause->to; i++)
		if (p->text->tokens[i].slot < 0 && dbi_is_concept_word(p->lex, &p->text->tokens[i], intent))
			return true;
	/* "security events" are two words. */
	hit = dbi_clause_hit(p->lex, clause, intent);
	return hit != NULL && p->lex->concepts[hit->concept].kind == DBI_CONCEPT_TOPIC;
}

/*
 * Tools beside a tool: those of an intent that was given, or (NULL) those that
 * the question's intent and the words of the clause ask for. first: only those
 * that go before the tool, whose answer is known already.
 */
static void
add_companions(DbiPlanner *p, const DbiClause *clause, int tool, List *slots, DbiSlot *period,
			   const char *intent, bool first)
{
	for (int i = 0; i < p->lex->ncompanions; i++)
	{
		const DbiCompanion *c = &p->lex->companions[i];
		int other;

		if (strcmp(c->tool, p->lex->tools[tool].name) != 0 || (first && !c->first) ||
			(intent ? strcmp(c->intent, intent) != 0 : !asks_for(p, clause, c->intent)))
			continue;
		other = owned_tool(p->lex, c->companion);
		if (other < 0 || (p->only_agent >= 0 && p->lex->tools[other].agent != p->only_agent))
			continue;
		(void) dbi_add_call(p, clause, other, slots, period, NULL,
							strcmp(c->intent, "why") == 0 && !first ? DBI_CALL_CAUSE
																	: DBI_CALL_ANSWER,
							rint(clause->confidence * 90) / 100);
	}
}

/* "Why did X fail?" names no time: the last failure may be some days old. */
static DbiSlot *
period_for_why(DbiPlanner *p, const DbiClause *clause, List *slots)
{
	ListCell *lc;

	foreach(lc, slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiPeriod week;

		if (slot->kind != DBI_SLOT_NAME || !dbi_clause_hit(p->lex, clause, "fail"))
			continue;
		memset(&week, 0, sizeof(week));
		week.kind = DBI_PERIOD_ROLLING;
		week.grain = DBI_GRAIN_DAY;
		week.hours = WHY_HOURS;
		week.end = p->clock.today;
		week.start = p->clock.today - WHY_HOURS / 24 + 1;
		dbi_assume(&p->plan->assumptions, "No period was named; the last 7 days were searched.");
		slot = dbi_made_period(NULL, &week, "the last 7 days");
		slot->origin = DBI_ORIGIN_DEFAULT;
		return slot;
	}
	return NULL;
}

static DbiFrameClause *
remember(DbiPlanner *p, const DbiClause *clause)
{
	DbiFrameClause *f = palloc0(sizeof(DbiFrameClause));
	ListCell *lc;

	f->agent = p->lex->agents[clause->best_agent].name;
	f->tool = p->lex->tools[clause->best_tool].name;
	foreach(lc, clause->hits)
	{
		DbiConcept *c = &p->lex->concepts[((DbiHit *) lfirst(lc))->concept];

		if (c->kind == DBI_CONCEPT_TOPIC && c->weights != NIL)
			f->concepts = lappend(f->concepts, c->name);
	}
	p->frame_clauses = lappend(p->frame_clauses, f);
	return f;
}

/* What a follow-up keeps: not how many rows were read to find those of one thing. */
static List *
args_to_keep(List *args)
{
	List *keep = NIL;
	ListCell *lc;

	foreach(lc, args)
	{
		DbiPlanArg *a = lfirst(lc);

		if (a->origin != DBI_ORIGIN_DEFAULT || strcmp(a->name, "top_n") != 0)
			keep = lappend(keep, a);
	}
	return keep;
}

/* "and the week before?": of the conversation's period; "the friday before": the one before it. */
static void
resolve_prior(DbiPlanner *p, DbiSlot *period)
{
	DbiSlot *was = dbi_frame_period(p);
	DbiPeriod q = period->period;

	if (q.hours > 7)
	{
		int weekday = (int) q.hours - 8;

		q.start = (was ? was->period.end : q.start) + 1;
		q.start += (weekday - dbi_weekday(q.start) + 7) % 7;
		q.end = q.start;
	}
	else if (q.hours > 0)
	{
		int weekday = (int) q.hours - 1;

		q.end = (was ? was->period.start : q.start) - 1;
		q.end -= (dbi_weekday(q.end) - weekday + 7) % 7;
		q.start = q.end;
	}
	else if (was && q.hours < 0)
	{
		q.start = dbi_step(was->period.start, q.grain, (int) q.hours);
		q.end = dbi_step(was->period.end, q.grain, (int) q.hours);
	}
	else if (was)
		q = was->period.grain == q.grain ? dbi_period_before(&was->period)
										 : dbi_unit_before(was->period.start, q.grain);
	q.kind = DBI_PERIOD_CALENDAR;
	q.hours = 0;
	period->period = q;
}

static bool
says_same(DbiPlanner *p)
{
	for (int i = 0; i + 1 < p->text->n; i++)
		if (strcmp(p->text->tokens[i].text, "same") == 0 &&
			dbi_is_one_of(p->text->tokens[i + 1].text,
						  "day|days|date|dates|period|time|span|stretch|week|month|quarter"))
			return true;
	return false;
}

/*
 * "the previous month" after a question about April is March; "same day last
 * week" is seven days before the day that was spoken of.
 */
static void
step_back(DbiPlanner *p, DbiSlot *period)
{
	DbiSlot *was = dbi_frame_period(p);
	const char *said = dbi_period_label(period->span);
	DbiPeriod *q = &period->period;

	if (!p->plan->follow_up || !was || period->origin != DBI_ORIGIN_TEXT)
		return;
	/* "one day back", from a day: the day before it. */
	if (q->kind == DBI_PERIOD_ROLLING && was->period.kind == DBI_PERIOD_CALENDAR &&
		was->period.start == was->period.end && strstr(said, " back") != NULL)
	{
		q->kind = DBI_PERIOD_CALENDAR;
		q->end = q->start = was->period.start - (q->end - q->start + 1);
		return;
	}
	/* "the next day", of what was: not tomorrow. */
	if (q->kind == DBI_PERIOD_FUTURE && was->period.kind == DBI_PERIOD_CALENDAR &&
		(strncmp(said, "next ", 5) == 0 || strncmp(said, "following ", 10) == 0) &&
		was->period.end < p->clock.today)
	{
		q->kind = DBI_PERIOD_CALENDAR;
		q->start = q->grain == DBI_GRAIN_DAY
					   ? was->period.end + 1
					   : dbi_step(dbi_first_of(was->period.end, q->grain), q->grain, 1);
		q->end = Min(dbi_step(q->start, q->grain, 1) - 1, Max(p->clock.today, q->start));
		return;
	}
	if (q->kind != DBI_PERIOD_CALENDAR || q->grain < DBI_GRAIN_WEEK ||
		was->period.kind != DBI_PERIOD_CALENDAR)
		return;
	if (strncmp(said, "previous ", 9) == 0 || strncmp(said, "prior ", 6) == 0 ||
		strncmp(said, "preceding ", 10) == 0)
		*q = was->period.grain == q->grain ? dbi_period_before(&was->period)
										   : dbi_unit_before(was->period.start, q->grain);
	else if (strncmp(said, "last ", 5) == 0 && says_same(p) && was->period.grain < q->grain)
		*q = dbi_period_shifted(&was->period, q->grain);
}

/* More things than this are not asked for one by one. */
#define MOST_THINGS 4

/* Of the clause's slots those of one nature that the tool takes, when several were said: "prod, dev and analytics". */
static List *
several_of(const DbiTool *tool, List *slots)
{
	ListCell *lc;
	ListCell *o;

	foreach(lc, slots)
	{
		List *r = NIL;

		if (((DbiSlot *) lfirst(lc))->origin != DBI_ORIGIN_TEXT || !dbi_takes_slot(tool, lfirst(lc)))
			continue;
		foreach(o, slots)
			if (((DbiSlot *) lfirst(o))->origin == DBI_ORIGIN_TEXT &&
				dbi_takes_slot(tool, lfirst(o)) && dbi_same_nature(lfirst(lc), lfirst(o)))
				r = lappend(r, lfirst(o));
		if (list_length(r) > 1)
			return r;
	}
	return NIL;
}

/* The same call for each of several things; the first one is what the conversation goes on about. */
static DbiPlanCall *
add_calls_of_each(DbiPlanner *p, const DbiClause *clause, List *slots, List *things, DbiSlot *period)
{
	DbiPlanCall *first = NULL;
	ListCell *lc;

	foreach(lc, things)
	{
		List *own = list_make1(lfirst(lc));
		DbiPlanCall *call;
		ListCell *o;

		if (foreach_current_index(lc) == MOST_THINGS)
		{
			dbi_assume(&p->plan->assumptions, "Only the first %d that were named were asked for.",
					   MOST_THINGS);
			break;
		}
		foreach(o, slots)
			if (!list_member_ptr(things, lfirst(o)))
				own = lappend(own, lfirst(o));
		call = dbi_add_call(p, clause, clause->best_tool, own, period, NULL, DBI_CALL_ANSWER,
							clause->confidence);
		if (call)
			call->label = ((DbiSlot *) lfirst(lc))->value;
		first = first ? first : call;
	}
	return first;
}

/* A tool with a baseline makes both sides of a comparison in one call. */
static bool
compares_itself(const DbiTool *tool)
{
	for (int i = 0; i < tool->narguments; i++)
		if (strstr(tool->arguments[i].name, "baseline") != NULL)
			return true;
	return false;
}

static bool
tells(const DbiTool *tool, const char *kind)
{
	for (int i = 0; i < tool->ncolumns; i++)
		if (dbi_column_names(kind, tool->columns[i]))
			return true;
	return false;
}

/*
 * The tool of the clause, or the one that is to answer in its place (a
 * companion of intent of_KIND) when something of a kind was named that neither
 * its arguments nor its rows tell: what one job cost is no row of the daily costs.
 */
static int
tool_that_tells(DbiPlanner *p, const DbiClause *clause, List *slots)
{
	const DbiTool *tool = &p->lex->tools[clause->best_tool];
	ListCell *lc;

	foreach(lc, p->forced_tool < 0 ? slots : NIL)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->candidates ? linitial(slot->candidates) : NULL;

		if (!c || (slot->kind != DBI_SLOT_NAME && slot->kind != DBI_SLOT_ENVIRONMENT) ||
			dbi_takes_slot(tool, slot) || tells(tool, c->kind))
			continue;
		for (int i = 0; i < p->lex->ncompanions; i++)
		{
			const DbiCompanion *companion = &p->lex->companions[i];
			int other;

			if (strcmp(companion->tool, tool->name) != 0 ||
				strcmp(companion->intent, psprintf("of_%s", c->kind)) != 0)
				continue;
			other = owned_tool(p->lex, companion->companion);
			if (other >= 0 && (p->only_agent < 0 || p->lex->tools[other].agent == p->only_agent))
				return other;
		}
	}
	return clause->best_tool;
}

void
dbi_plan_clause(DbiPlanner *p, const DbiClause *said, DbiInherit inherit)
{
	List *slots = slots_of(p, said, inherit);
	DbiClause own = *said;
	const DbiClause *clause = &own;
	List *periods = dbi_period_slots(slots);
	DbiSlot *period;
	DbiFrameClause *remembered;
	DbiPlanCall *call;
	List *things;
	int domain;
	bool wide;
	const char *intent = p->plan->intent;

	own.best_tool = tool_that_tells(p, said, slots);
	own.best_agent =
		own.best_tool == said->best_tool ? said->best_agent : p->lex->tools[own.best_tool].agent;
	wide = is_platform_wide(p, clause, &domain);
	if (p->change_only)
		domain = -1;
	add_route(p, clause->best_agent, clause->confidence, true);
	remembered = remember(p, clause);
	if (strcmp(intent, "compare") == 0 && !compares_itself(&p->lex->tools[clause->best_tool]) &&
		(call = dbi_compare_calls(p, clause, slots)) != NULL)
	{
		remembered->args = args_to_keep(call->args);
		return;
	}
	period = periods ? dbi_joined_period(p, periods) : NULL;
	if (period && period->period.kind == DBI_PERIOD_PRIOR)
		resolve_prior(p, period);
	else if (period)
		step_back(p, period);
	p->period = period ? period : p->period;
	if (!period && strcmp(intent, "why") == 0)
		period = period_for_why(p, clause, slots);
	if (p->change_only && strcmp(intent, "why") == 0)
		add_companions(p, clause, clause->best_tool, slots, period, "why", true);
	things = several_of(&p->lex->tools[clause->best_tool], slots);
	if (things != NIL)
		call = add_calls_of_each(p, clause, slots, things, period);
	else
		call = dbi_add_call(p, clause, clause->best_tool, slots, period,
							domain >= 0 ? p->lex->agents[domain].name : NULL, DBI_CALL_ANSWER,
							clause->confidence);
	if (call)
		remembered->args = args_to_keep(call->args);
	if (p->missing)
		return;
	add_companions(p, clause, clause->best_tool, slots, period, NULL, false);
	if (wide)
	{
		add_companions(p, clause, clause->best_tool, slots, period, "platform", false);
		add_domains(p, clause, slots, period);
	}
}
