/*
 * plan.c: from a question to the calls that answer it.
 *
 * tokens → slots → clauses with their agent and tool → what the conversation
 * adds → comparison, companions → calls with filled arguments.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "agents/refuse.h"

/* A question of fewer words that speaks for nothing is a follow-up. */
#define FOLLOW_UP_WORDS 12
/* In a platform-wide question the domains are less sure than the platform. */
#define DOMAIN_SHARE 0.6
/* A named job is looked for over a week, where no period is named. */
#define WHY_HOURS 168

typedef struct Planner
{
	const DbiLexicon *lex;
	DbiText *text;
	DbiClock clock;
	List *slots;   /* of the question */
	List *clauses; /* of DbiClause * */
	DbiFrame *frame;
	int only_agent;
	const char *frame_json;
	DbiPlan *plan;
	int comparisons;
	int own_routes;      /* those of the question itself lead the routes */
	List *frame_clauses; /* of DbiFrameClause *: for the next turn */
	const char *missing; /* a required argument nothing was said for */
	const char *missing_tool;
} Planner;

/* ---- words for enums ---- */

const char *
dbi_plan_kind_name(DbiPlanKind kind)
{
	static const char *const names[] = {"answer",       "clarify",          "refuse_scope",
										"refuse_write", "refuse_injection", "refuse_input",
										"smalltalk"};

	return names[kind];
}

const char *
dbi_origin_name(DbiOrigin origin)
{
	static const char *const names[] = {"text", "frame", "preference", "default"};

	return names[origin];
}

const char *
dbi_call_role_name(DbiCallRole role)
{
	static const char *const names[] = {"answer", "baseline", "cause", "if_unhealthy"};

	return names[role];
}

void
dbi_assume(List **assumptions, const char *fmt, ...)
{
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, fmt);
		needed = appendStringInfoVA(&s, fmt, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&s, needed);
	}
	foreach(lc, *assumptions)
		if (strcmp(lfirst(lc), s.data) == 0)
			return;
	*assumptions = lappend(*assumptions, s.data);
}

/* ---- the person ---- */

static char *
preferred_zone(void)
{
	MemoryContext caller = CurrentMemoryContext;
	char *zone = NULL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to the server programming interface");
	if (SPI_execute("SELECT timezone FROM dbinsight.user_preferences WHERE user_id = dbinsight.person()",
					true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the preferences");
	if (SPI_processed == 1)
		zone = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (zone)
		zone = MemoryContextStrdup(caller, zone);
	SPI_finish();
	return zone;
}

/* ---- intent ---- */

static const char *
intent_of(const DbiLexicon *lex, List *clauses)
{
	static const char *const order[] = {"compare", "why",  "forecast", "summarise", "trend",
										"count",   "when", "list",     "whether"};

	for (int i = 0; i < lengthof(order); i++)
	{
		ListCell *lc;

		foreach(lc, clauses)
			if (dbi_clause_hit(lex, lfirst(lc), order[i]))
				return order[i];
	}
	return "what";
}

static bool
hit_anywhere(Planner *p, const char *concept)
{
	ListCell *lc;

	foreach(lc, p->clauses)
		if (dbi_clause_hit(p->lex, lfirst(lc), concept))
			return true;
	return false;
}

static bool
kind_anywhere(Planner *p, DbiConceptKind kind)
{
	ListCell *lc;

	foreach(lc, p->clauses)
		if (dbi_clause_kind(p->lex, lfirst(lc), kind))
			return true;
	return false;
}

static double
best_evidence(Planner *p)
{
	double best = 0;
	ListCell *lc;

	foreach(lc, p->clauses)
		best = Max(best, ((DbiClause *) lfirst(lc))->evidence);
	return best;
}

/* ---- slots of a clause ---- */

/* Values that hold for the whole question, wherever in it they stand. */
static bool
is_shared(const DbiSlot *slot)
{
	return slot->kind == DBI_SLOT_DATE || slot->kind == DBI_SLOT_ENVIRONMENT ||
		   slot->kind == DBI_SLOT_NAME || slot->kind == DBI_SLOT_USER || slot->kind == DBI_SLOT_IP;
}

/* Two slots of the same nature: the newer one takes the place of the older. */
static bool
same_nature(const DbiSlot *a, const DbiSlot *b)
{
	bool workspace_a = a->kind == DBI_SLOT_ENVIRONMENT ||
					   (a->kind == DBI_SLOT_NAME && a->candidates &&
						strcmp(((DbiCandidate *) linitial(a->candidates))->kind, "workspace") == 0);
	bool workspace_b = b->kind == DBI_SLOT_ENVIRONMENT ||
					   (b->kind == DBI_SLOT_NAME && b->candidates &&
						strcmp(((DbiCandidate *) linitial(b->candidates))->kind, "workspace") == 0);

	if (workspace_a || workspace_b)
		return workspace_a && workspace_b;
	if (a->kind == DBI_SLOT_NAME && b->kind == DBI_SLOT_NAME)
		return true;
	return a->kind == b->kind;
}

static bool
has_nature(List *slots, const DbiSlot *slot)
{
	ListCell *lc;

	foreach(lc, slots)
		if (same_nature(lfirst(lc), slot))
			return true;
	return false;
}

static List *
slots_of(Planner *p, const DbiClause *clause, bool inherit)
{
	List *own = NIL;
	List *shared = NIL;
	ListCell *lc;

	foreach(lc, p->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->from >= clause->from && slot->to <= clause->to)
			own = lappend(own, slot);
	}
	foreach(lc, p->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (is_shared(slot) && !list_member_ptr(own, slot) && !has_nature(own, slot))
			shared = lappend(shared, slot);
	}
	own = list_concat(own, shared);
	if (!inherit)
		return own;
	shared = NIL;
	foreach(lc, p->frame->slots)
		if (!has_nature(own, lfirst(lc)))
			shared = lappend(shared, lfirst(lc));
	return list_concat(own, shared);
}

/* ---- periods ---- */

static List *
period_slots(List *slots)
{
	List *r = NIL;
	ListCell *lc;

	foreach(lc, slots)
		if (((DbiSlot *) lfirst(lc))->kind == DBI_SLOT_DATE)
			r = lappend(r, lfirst(lc));
	return r;
}

static DbiSlot *
made_slot(const DbiSlot *like, const DbiPeriod *period, const char *span)
{
	DbiSlot *slot = palloc0(sizeof(DbiSlot));

	slot->kind = DBI_SLOT_DATE;
	slot->from = slot->to = -1;
	slot->origin = like ? like->origin : DBI_ORIGIN_TEXT;
	slot->span = slot->value = span;
	slot->period = *period;
	return slot;
}

/* Leading words a period is said with are no part of its name. */
static const char *
label_of(const char *span)
{
	static const char *const leads[] = {"in ",     "on ",         "over ", "during ", "for ",
										"within ", "throughout ", "of ",   "at ",     "from ",
										"by ",     "to ",         "with ", "vs ",     "versus ",
										"than ",   "until ",      "the ",  "across "};
	char *s = dbi_lower(span);

	for (int i = 0; i < lengthof(leads); i++)
		if (strncmp(s, leads[i], strlen(leads[i])) == 0)
		{
			s += strlen(leads[i]);
			i = -1;
		}
	return s;
}

/* Several periods without a comparison: the stretch from the first to the last. */
static DbiSlot *
joined_period(Planner *p, List *periods)
{
	DbiSlot *first = linitial(periods);
	DbiPeriod all = first->period;
	ListCell *lc;

	if (list_length(periods) == 1)
		return first;
	foreach(lc, periods)
	{
		DbiPeriod *q = &((DbiSlot *) lfirst(lc))->period;

		if (q->kind == DBI_PERIOD_RECENT || q->kind == DBI_PERIOD_SPAN ||
			q->kind == DBI_PERIOD_FUTURE)
			return first;
		all.start = Min(all.start, q->start);
		all.end = Max(all.end, q->end);
	}
	all.kind = DBI_PERIOD_CALENDAR;
	all.grain = DBI_GRAIN_DAY;
	dbi_assume(&p->plan->assumptions, "The days from %s to %s were taken together.",
			   dbi_date_text(all.start), dbi_date_text(all.end));
	return made_slot(first, &all,
					 psprintf("%s to %s", dbi_date_text(all.start), dbi_date_text(all.end)));
}

/* The period the conversation is about, or NULL. */
static DbiSlot *
frame_period(Planner *p)
{
	ListCell *lc;

	foreach(lc, p->frame->slots)
		if (((DbiSlot *) lfirst(lc))->kind == DBI_SLOT_DATE)
			return lfirst(lc);
	return NULL;
}

/* The two sides of a comparison of periods: the later one, and what it is held against. */
static bool
compared_periods(Planner *p, List *slots, DbiSlot **now, DbiSlot **before)
{
	static const struct
	{
		const char *concept;
		DbiGrain grain;
		const char *now;
		const char *before;
	} over[] = {{"day_over_day", DBI_GRAIN_DAY, "today", "yesterday"},
				{"week_over_week", DBI_GRAIN_WEEK, "this week", "last week"},
				{"month_over_month", DBI_GRAIN_MONTH, "this month", "last month"},
				{"quarter_over_quarter", DBI_GRAIN_QUARTER, "this quarter", "last quarter"},
				{"year_over_year", DBI_GRAIN_YEAR, "this year", "last year"}};
	List *periods = period_slots(slots);
	DbiSlot *a = periods ? linitial(periods) : NULL;
	DbiSlot *b = list_length(periods) > 1 ? lsecond(periods) : NULL;
	DbiPeriod made;

	*before = NULL;
	/* "vs last month": against what the conversation is about. */
	if (p->plan->follow_up && a && !b && a->origin == DBI_ORIGIN_TEXT &&
		a->period.kind != DBI_PERIOD_PRIOR && (b = frame_period(p)) != NULL &&
		b->period.start == a->period.start && b->period.end == a->period.end)
		b = NULL;
	if (b && b->period.kind == DBI_PERIOD_PRIOR)
		b = NULL;
	if (a && a->period.kind == DBI_PERIOD_PRIOR)
	{
		/* "vs the month before": of what the conversation is about, else of the running one. */
		DbiGrain grain = a->period.grain;
		const char *said = a->span;

		a = b ? b : frame_period(p);
		b = NULL;
		if (a && a->period.kind == DBI_PERIOD_CALENDAR && a->period.grain != grain)
		{
			made = dbi_period_shifted(&a->period, grain);
			b = made_slot(a, &made, said);
		}
		if (!a)
		{
			(void) dbi_period_of_unit(grain, 0, &p->clock, &made);
			a = made_slot(NULL, &made,
						  psprintf("%s to %s", dbi_date_text(made.start), dbi_date_text(made.end)));
		}
	}
	for (int i = 0; !b && i < lengthof(over); i++)
		if (hit_anywhere(p, over[i].concept))
		{
			if (!a)
			{
				(void) dbi_period_of_unit(over[i].grain, 0, &p->clock, &made);
				a = made_slot(NULL, &made, over[i].now);
			}
			made = dbi_period_before(&a->period);
			b = made_slot(a, &made, over[i].before);
		}
	if (!a || a->period.kind == DBI_PERIOD_FUTURE || a->period.kind == DBI_PERIOD_RECENT)
		return false;
	if (!b)
	{
		made = dbi_period_before(&a->period);
		b = made_slot(a, &made, "the period before");
	}
	if (b->period.end > a->period.end ||
		(b->period.end == a->period.end && b->period.start > a->period.start))
	{
		DbiSlot *swap = a;

		a = b;
		b = swap;
	}
	*now = a;
	*before = b;
	return true;
}

/* A unit still running is held against as many days of the one before. */
static DbiSlot *
of_equal_length(Planner *p, DbiSlot *now, DbiSlot *before)
{
	int days = now->period.end - now->period.start;
	DbiPeriod cut = before->period;

	if (now->period.kind != DBI_PERIOD_CALENDAR || before->period.kind != DBI_PERIOD_CALENDAR ||
		now->period.end != p->clock.today || now->period.grain != before->period.grain ||
		now->period.grain < DBI_GRAIN_WEEK || before->period.end - before->period.start <= days)
		return before;
	cut.end = cut.start + days;
	dbi_assume(&p->plan->assumptions,
			   "\"%s\" is not over: its %d days (%s to %s) are compared with the first %d of \"%s\" (%s to %s).",
			   label_of(now->span), days + 1, dbi_date_text(now->period.start),
			   dbi_date_text(now->period.end), days + 1, label_of(before->span),
			   dbi_date_text(cut.start), dbi_date_text(cut.end));
	return made_slot(before, &cut, before->span);
}

/* ---- calls ---- */

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

static DbiPlanCall *
add_call(Planner *p, const DbiClause *clause, int tool, List *slots, DbiSlot *period,
		 const char *domain, DbiCallRole role, double confidence)
{
	const DbiTool *t = &p->lex->tools[tool];
	DbiPlanCall *call = palloc0(sizeof(DbiPlanCall));
	DbiFilling filling = {p->lex, p->text, &p->clock,
						  clause, slots,   period ? &period->period : NULL,
						  period, domain,  &p->plan->assumptions};
	List *assumed = list_copy(p->plan->assumptions);
	const char *missing;

	call->agent = p->lex->agents[t->agent].name;
	call->tool = t->name;
	call->function = t->function;
	call->confidence = confidence;
	call->role = role;
	call->label = period ? label_of(period->span) : "";
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

/* ---- routes ---- */

/* Agents of the question itself before those of a health check; each in the agents' order. */
static void
add_route(Planner *p, int agent, double confidence, bool itself)
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

/* ---- one clause ---- */

static bool
is_platform_wide(Planner *p, const DbiClause *clause, int *domain)
{
	const char *agent = p->lex->agents[clause->best_agent].name;

	*domain = -1;
	if (strcmp(agent, "platform") != 0)
		return false;
	if (dbi_clause_hit(p->lex, clause, "alert") ||
		strcmp(p->lex->tools[clause->best_tool].name, "get_active_alerts") == 0)
	{
		for (int a = 0; a < p->lex->nagents; a++)
			if (a != clause->best_agent && clause->agents[a] >= 1 &&
				(*domain < 0 || clause->agents[a] > clause->agents[*domain]))
				*domain = a;
		return *domain < 0;
	}
	return dbi_clause_hit(p->lex, clause, "overall") != NULL;
}

/* A tool of each domain, for when the health check finds something there. */
static void
add_domains(Planner *p, const DbiClause *clause, List *slots, DbiSlot *period)
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
		(void) add_call(p, clause, best, slots, period, NULL, DBI_CALL_IF_UNHEALTHY,
						rint(clause->confidence * DOMAIN_SHARE * 100) / 100);
	}
}

static void
add_companions(Planner *p, const DbiClause *clause, int tool, List *slots, DbiSlot *period,
			   const char *intent)
{
	for (int i = 0; i < p->lex->ncompanions; i++)
	{
		const DbiCompanion *c = &p->lex->companions[i];
		int other;

		if (strcmp(c->tool, p->lex->tools[tool].name) != 0 || strcmp(c->intent, intent) != 0)
			continue;
		other = owned_tool(p->lex, c->companion);
		if (other < 0 || (p->only_agent >= 0 && p->lex->tools[other].agent != p->only_agent))
			continue;
		(void) add_call(p, clause, other, slots, period, NULL,
						strcmp(intent, "why") == 0 ? DBI_CALL_CAUSE : DBI_CALL_ANSWER,
						rint(clause->confidence * 90) / 100);
	}
}

static bool
is_workspace(const DbiSlot *slot)
{
	return slot->kind == DBI_SLOT_ENVIRONMENT ||
		   (slot->kind == DBI_SLOT_NAME && slot->candidates &&
			strcmp(((DbiCandidate *) linitial(slot->candidates))->kind, "workspace") == 0);
}

/* Two things of one kind named in a comparison: their slots. */
static bool
compared_things(List *slots, DbiSlot **a, DbiSlot **b)
{
	*a = *b = NULL;
	for (int i = 0; i < list_length(slots); i++)
		for (int k = i + 1; k < list_length(slots); k++)
		{
			DbiSlot *x = list_nth(slots, i);
			DbiSlot *y = list_nth(slots, k);

			if (x->origin != y->origin || (x->kind != DBI_SLOT_NAME && !is_workspace(x)) ||
				!same_nature(x, y))
				continue;
			*a = x;
			*b = y;
			return true;
		}
	return false;
}

static bool
compare(Planner *p, const DbiClause *clause, List *slots)
{
	DbiSlot *now;
	DbiSlot *before;
	List *rest = NIL;
	ListCell *lc;
	DbiPlanCall *one;
	DbiPlanCall *two;

	if (compared_things(slots, &now, &before))
	{
		List *periods = period_slots(slots);
		DbiSlot *period = periods ? joined_period(p, periods) : NULL;

		rest = list_delete_ptr(list_copy(slots), before);
		one = add_call(p, clause, clause->best_tool, rest, period, NULL, DBI_CALL_ANSWER,
					   clause->confidence);
		rest = list_delete_ptr(list_copy(slots), now);
		two = one ? add_call(p, clause, clause->best_tool, rest, period, NULL, DBI_CALL_BASELINE,
							 clause->confidence)
				  : NULL;
		if (one)
			one->label = now->span;
		if (two)
			two->label = before->span;
	}
	else
	{
		if (!compared_periods(p, slots, &now, &before))
			return false;
		before = of_equal_length(p, now, before);
		foreach(lc, slots)
			if (((DbiSlot *) lfirst(lc))->kind != DBI_SLOT_DATE)
				rest = lappend(rest, lfirst(lc));
		one = add_call(p, clause, clause->best_tool, rest, now, NULL, DBI_CALL_ANSWER,
					   clause->confidence);
		two = one ? add_call(p, clause, clause->best_tool, rest, before, NULL, DBI_CALL_BASELINE,
							 clause->confidence)
				  : NULL;
	}
	if (two)
		one->comparison = two->comparison = ++p->comparisons;
	return one != NULL;
}

/* "Why did X fail?" names no time: the last failure may be some days old. */
static DbiSlot *
period_for_why(Planner *p, const DbiClause *clause, List *slots)
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
		slot = made_slot(NULL, &week, "the last 7 days");
		slot->origin = DBI_ORIGIN_DEFAULT;
		return slot;
	}
	return NULL;
}

static void
remember(Planner *p, const DbiClause *clause)
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
}

static void
plan_clause(Planner *p, const DbiClause *clause, bool inherit)
{
	List *slots = slots_of(p, clause, inherit);
	List *periods = period_slots(slots);
	DbiSlot *period;
	int domain;
	bool wide = is_platform_wide(p, clause, &domain);
	const char *intent = p->plan->intent;

	add_route(p, clause->best_agent, clause->confidence, true);
	remember(p, clause);
	if (strcmp(intent, "compare") == 0 && compare(p, clause, slots))
		return;
	period = periods ? joined_period(p, periods) : NULL;
	if (period && period->period.kind == DBI_PERIOD_PRIOR)
	{
		/* "and the week before?" */
		DbiSlot *was = frame_period(p);
		DbiPeriod q = period->period;

		if (was)
			q = was->period.grain == q.grain ? dbi_period_before(&was->period)
											 : dbi_unit_before(was->period.start, q.grain);
		q.kind = DBI_PERIOD_CALENDAR;
		period->period = q;
	}
	if (!period && strcmp(intent, "why") == 0)
		period = period_for_why(p, clause, slots);
	if (domain >= 0)
		add_route(p, domain, rint(clause->confidence * 90) / 100, true);
	(void) add_call(p, clause, clause->best_tool, slots, period,
					domain >= 0 ? p->lex->agents[domain].name : NULL, DBI_CALL_ANSWER,
					clause->confidence);
	if (p->missing)
		return;
	add_companions(p, clause, clause->best_tool, slots, period, intent);
	if (wide)
	{
		add_companions(p, clause, clause->best_tool, slots, period, "platform");
		add_domains(p, clause, slots, period);
	}
}

/* ---- follow-ups ---- */

/* The clause of the frame with what the new words add to it. */
static DbiClause *
continued(Planner *p, const DbiFrameClause *f)
{
	DbiClause *clause = dbi_read_clause(p->lex, p->text, p->slots, 0, p->text->n);
	int agent = dbi_find_agent(p->lex, f->agent);
	int tool = -1;
	ListCell *lc;

	foreach(lc, f->concepts)
	{
		int concept = dbi_find_concept(p->lex, lfirst(lc));
		DbiHit *hit;

		if (concept < 0)
			continue;
		hit = palloc(sizeof(DbiHit));
		hit->concept = concept;
		hit->weight = 1;
		hit->from = hit->to = -1;
		clause->hits = lappend(clause->hits, hit);
	}
	for (int t = 0; t < p->lex->ntools; t++)
		if (p->lex->tools[t].agent == agent && strcmp(p->lex->tools[t].name, f->tool) == 0)
			tool = t;
	dbi_score_clause(p->lex, p->text, p->slots, clause, p->only_agent, agent, tool);
	return clause->best_agent >= 0 && clause->best_tool >= 0 ? clause : NULL;
}

static int
count_words(const DbiText *text)
{
	int n = 0;

	for (int i = 0; i < text->n; i++)
		n += text->tokens[i].kind != DBI_TOK_PUNCT;
	return n;
}

/* Whether a word, and not only the name of something, speaks for a subject. */
static bool
names_a_subject(Planner *p)
{
	ListCell *lc;
	ListCell *h;

	foreach(lc, p->clauses)
		foreach(h, ((DbiClause *) lfirst(lc))->hits)
		{
			DbiHit *hit = lfirst(h);
			DbiConcept *c = &p->lex->concepts[hit->concept];

			if (hit->from >= 0 && p->text->tokens[hit->from].slot < 0 &&
				c->kind == DBI_CONCEPT_TOPIC && c->weights != NIL)
				return true;
		}
	return false;
}

/* Whether the words only change something in what was asked before. */
static bool
is_follow_up(Planner *p)
{
	return p->frame->clauses != NIL && count_words(p->text) <= FOLLOW_UP_WORDS &&
		   (best_evidence(p) < DBI_OWN_EVIDENCE || !names_a_subject(p)) &&
		   (p->slots != NIL || kind_anywhere(p, DBI_CONCEPT_FOLLOW) ||
			kind_anywhere(p, DBI_CONCEPT_INTENT) || best_evidence(p) > 0);
}

/* A name nobody knows, in place of one that was spoken of, is of the same kind. */
static void
take_kind_from_frame(Planner *p)
{
	ListCell *lc;
	ListCell *f;

	foreach(lc, p->slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->candidates ? linitial(slot->candidates) : NULL;

		if (slot->kind != DBI_SLOT_NAME || slot->context || (c && c->known))
			continue;
		foreach(f, p->frame->slots)
		{
			DbiSlot *old = lfirst(f);

			if (old->kind != DBI_SLOT_NAME || old->candidates == NIL)
				continue;
			c = palloc0(sizeof(DbiCandidate));
			c->kind = ((DbiCandidate *) linitial(old->candidates))->kind;
			c->value = slot->value;
			slot->candidates = list_make1(c);
			break;
		}
	}
}

static bool
plan_follow_up(Planner *p)
{
	List *clauses = NIL;
	ListCell *lc;

	take_kind_from_frame(p);
	foreach(lc, p->frame->clauses)
	{
		DbiClause *clause = continued(p, lfirst(lc));

		if (clause)
			clauses = lappend(clauses, clause);
	}
	if (clauses == NIL)
		return false;
	p->plan->follow_up = true;
	p->clauses = clauses;
	foreach(lc, clauses)
		plan_clause(p, lfirst(lc), true);
	return true;
}

/* ---- the plan ---- */

static DbiPlan *
reply(Planner *p, DbiPlanKind kind, const char *message)
{
	p->plan->kind = kind;
	p->plan->message = message;
	p->plan->routes = NIL;
	p->plan->calls = NIL;
	p->plan->assumptions = NIL;
	p->plan->frame_json = p->frame_json && p->frame_json[0] ? p->frame_json : "{}";
	return p->plan;
}

/* Slots to remember: those of this turn, then those it kept. */
static List *
slots_to_keep(Planner *p, bool inherit)
{
	List *keep = NIL;
	List *old = NIL;
	ListCell *lc;

	foreach(lc, p->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->kind != DBI_SLOT_NUMBER && slot->kind != DBI_SLOT_TOP_N &&
			slot->kind != DBI_SLOT_THRESHOLD &&
			!(slot->kind == DBI_SLOT_DATE && slot->period.kind == DBI_PERIOD_PRIOR))
			keep = lappend(keep, slot);
	}
	foreach(lc, inherit ? p->frame->slots : NIL)
		if (!has_nature(keep, lfirst(lc)))
			old = lappend(old, lfirst(lc));
	return list_concat(keep, old);
}

static DbiPlan *
finish(Planner *p, bool inherit)
{
	if (p->plan->calls == NIL && p->missing)
	{
		char *what = pstrdup(p->missing);

		for (char *c = what; *c; c++)
			if (strcmp(c, "_name") == 0 || strcmp(c, "_id") == 0)
				*c = '\0';
			else if (*c == '_')
				*c = ' ';
		return reply(p, DBI_PLAN_CLARIFY,
					 psprintf("Which %s? %s needs it; name it and I will look.", what,
							  p->missing_tool));
	}
	if (p->plan->calls == NIL)
		return reply(p, DBI_PLAN_REFUSE_SCOPE, dbi_refusal(DBI_PLAN_REFUSE_SCOPE));
	if (p->missing)
		dbi_assume(&p->plan->assumptions, "%s was left out: it needs %s, which was not named.",
				   p->missing_tool, p->missing);
	p->plan->kind = DBI_PLAN_ANSWER;
	p->plan->message = NULL;
	p->plan->frame_json = dbi_write_frame(p->frame_clauses, slots_to_keep(p, inherit));
	return p->plan;
}

static double
scope_evidence(Planner *p)
{
	double most = 0;
	ListCell *lc;

	foreach(lc, p->clauses)
		most = Max(most, ((DbiClause *) lfirst(lc))->scope);
	return most;
}

/* Refusals, small talk and questions that say too little; NULL to go on. */
static DbiPlan *
admit(Planner *p, DbiPlanKind *kind)
{
	DbiClause *all;

	if (dbi_wants_rules_broken(p->lex, p->text, p->slots))
		return reply(p, *kind = DBI_PLAN_REFUSE_INJECTION, dbi_refusal(DBI_PLAN_REFUSE_INJECTION));
	if (dbi_wants_change(p->lex, p->text, p->slots))
		return reply(p, *kind = DBI_PLAN_REFUSE_WRITE, dbi_refusal(DBI_PLAN_REFUSE_WRITE));
	if (scope_evidence(p) > 0 && scope_evidence(p) >= best_evidence(p))
		return reply(p, *kind = DBI_PLAN_REFUSE_SCOPE, dbi_refusal(DBI_PLAN_REFUSE_SCOPE));
	if (kind_anywhere(p, DBI_CONCEPT_SMALLTALK) && best_evidence(p) < DBI_OWN_EVIDENCE &&
		p->slots == NIL)
	{
		all = dbi_read_clause(p->lex, p->text, p->slots, 0, p->text->n);
		return reply(p, *kind = DBI_PLAN_SMALLTALK, dbi_smalltalk(p->lex, all));
	}
	return NULL;
}

static const char *
what_about(Planner *p)
{
	DbiSlot *slot = p->slots ? linitial(p->slots) : NULL;

	if (!slot)
		return dbi_refusal(DBI_PLAN_CLARIFY);
	return psprintf("What about %s? For example its cost, its failures, or who used it.",
					label_of(slot->span));
}

/* Whether an agent that was chosen by the caller has anything to say. */
static bool
chosen_agent_fits(Planner *p)
{
	return p->only_agent < 0 || best_evidence(p) > 1 || p->slots != NIL ||
		   kind_anywhere(p, DBI_CONCEPT_INTENT);
}

static bool
plan_clauses(Planner *p, bool inherit)
{
	bool any = false;
	ListCell *lc;

	foreach(lc, p->clauses)
	{
		DbiClause *clause = lfirst(lc);

		if (clause->best_agent < 0 || clause->best_tool < 0 ||
			clause->evidence < DBI_SOME_EVIDENCE || clause->scope >= clause->evidence)
			continue;
		plan_clause(p, clause, inherit);
		any = true;
	}
	return any;
}

/* "and failed jobs?", "by workspace", "for staging": too short to begin anew. */
static bool
begins_midway(const DbiText *text)
{
	return text->n > 0 && (dbi_is_one_of(text->tokens[0].text, "and|also|plus|but") ||
						   (count_words(text) <= 4 &&
							dbi_is_one_of(text->tokens[0].text, "by|per|for|in|on|with|without")));
}

static DbiPlan *
make_plan(Planner *p)
{
	DbiPlan *refused;
	DbiPlanKind kind;
	bool points_back;

	if (p->text->n == 0)
		return reply(p, DBI_PLAN_CLARIFY, dbi_refusal(DBI_PLAN_CLARIFY));
	p->clauses = dbi_split(p->lex, p->text, p->slots, p->only_agent);
	p->plan->intent = intent_of(p->lex, p->clauses);
	if (hit_anywhere(p, "start_over") && best_evidence(p) < DBI_OWN_EVIDENCE)
	{
		p->frame_json = "{}";
		return reply(p, DBI_PLAN_SMALLTALK,
					 "All right, from the start. What would you like to know?");
	}
	if ((refused = admit(p, &kind)) != NULL)
		return refused;
	if (is_follow_up(p) && plan_follow_up(p))
		return finish(p, true);
	points_back = p->frame->clauses != NIL &&
				  (kind_anywhere(p, DBI_CONCEPT_FOLLOW) || begins_midway(p->text));
	if (chosen_agent_fits(p) && plan_clauses(p, points_back))
		return finish(p, points_back);
	if (p->slots != NIL && count_words(p->text) <= FOLLOW_UP_WORDS && scope_evidence(p) == 0)
		return reply(p, DBI_PLAN_CLARIFY, what_about(p));
	return reply(p, DBI_PLAN_REFUSE_SCOPE, dbi_refusal(DBI_PLAN_REFUSE_SCOPE));
}

static int
checked_agent(const DbiLexicon *lex, const char *agent)
{
	int found;

	if (agent == NULL || agent[0] == '\0')
		return -1;
	found = dbi_find_agent(lex, agent);
	if (found < 0 || !lex->agents[found].enabled)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there is no agent \"%s\"", agent),
						errhint("Agents are in dbinsight.agents; only enabled ones answer.")));
	return found;
}

static DbiPlan *
plan_question(const char *question, const char *agent, const char *frame_json, bool explain)
{
	Planner p;

	memset(&p, 0, sizeof(p));
	p.plan = palloc0(sizeof(DbiPlan));
	p.plan->normalised = "";
	p.plan->intent = "what";
	p.frame_json = frame_json;
	if (strlen(question) > DBI_MAX_QUESTION_BYTES)
	{
		(void) reply(&p, DBI_PLAN_REFUSE_INPUT, dbi_refusal(DBI_PLAN_REFUSE_INPUT));
		p.plan->explanation =
			psprintf("kind: %s\nreply: %s\n", dbi_plan_kind_name(p.plan->kind), p.plan->message);
		return p.plan;
	}
	p.lex = dbi_lexicon();
	p.only_agent = checked_agent(p.lex, agent);
	p.frame = dbi_read_frame(frame_json);
	dbi_set_clock(&p.clock, preferred_zone());
	p.text = dbi_tokenize(question);
	dbi_repair_typos(p.lex, p.text);
	p.slots = dbi_resolve_names(p.lex, p.text, dbi_find_slots(p.text, &p.clock));
	p.plan->normalised = dbi_normalise(p.text, p.slots);
	(void) make_plan(&p);
	if (explain)
		p.plan->explanation = dbi_explain_text(p.lex, p.text, p.slots, p.clauses, p.plan);
	return p.plan;
}

/* The names of operators and types in what is read must mean pg_catalog's. */
static DbiPlan *
plan_safely(const char *question, const char *agent, const char *frame_json, bool explain)
{
	int level = NewGUCNestLevel();
	DbiPlan *plan;

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	plan = plan_question(question, agent, frame_json, explain);
	AtEOXact_GUC(true, level);
	return plan;
}

DbiPlan *
dbi_plan_question(const char *question, const char *agent, const char *frame_json)
{
	return plan_safely(question, agent, frame_json, false);
}

DbiPlan *
dbi_explain_question(const char *question, const char *agent, const char *frame_json)
{
	return plan_safely(question, agent, frame_json, true);
}
