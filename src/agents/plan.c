/*
 * plan.c: from a question to the calls that answer it.
 *
 * tokens → slots → clauses with their agent and tool → what the conversation
 * adds → comparison, companions → calls with filled arguments.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "agents/plan_change.h"
#include "agents/refuse.h"
#include "agents/router.h"
#include "agents/split.h"

/*
 * Learned evidence from which a text is an order or an injection. On questions
 * the scorers were not trained on, hardly any question of the account has half
 * of it, and most orders and injections have twice as much.
 */
#define LEARNED_WRITE 1.8
#define LEARNED_INJECTION 0.8
/* In a conversation a few words are like much: "go back 72 instead". */
#define BRIEF_REFUSAL 3.0

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

bool
dbi_hit_anywhere(DbiPlanner *p, const char *concept)
{
	ListCell *lc;

	foreach(lc, p->clauses)
		if (dbi_clause_hit(p->lex, lfirst(lc), concept))
			return true;
	return false;
}

bool
dbi_kind_anywhere(DbiPlanner *p, DbiConceptKind kind)
{
	ListCell *lc;

	foreach(lc, p->clauses)
		if (dbi_clause_kind(p->lex, lfirst(lc), kind))
			return true;
	return false;
}

double
dbi_best_evidence(DbiPlanner *p)
{
	double best = 0;
	ListCell *lc;

	foreach(lc, p->clauses)
		best = Max(best, ((DbiClause *) lfirst(lc))->evidence);
	return best;
}

/* Of what the lexicon says: a few words are like many an example, and no question of their own. */
double
dbi_lexical_evidence(DbiPlanner *p)
{
	double best = 0;
	ListCell *lc;

	foreach(lc, p->clauses)
		for (int a = 0; a < p->lex->nagents; a++)
			best = Max(best, ((DbiClause *) lfirst(lc))->lexical[a]);
	return best;
}

/* ---- the plan ---- */

static DbiPlan *
reply(DbiPlanner *p, DbiPlanKind kind, const char *message)
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
slots_to_keep(DbiPlanner *p, bool inherit)
{
	List *keep = NIL;
	List *old = NIL;
	ListCell *lc;

	foreach(lc, p->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->kind != DBI_SLOT_NUMBER && slot->kind != DBI_SLOT_TOP_N &&
			slot->kind != DBI_SLOT_THRESHOLD && slot->kind != DBI_SLOT_TAKEN &&
			slot->kind != DBI_SLOT_DATE && !dbi_is_negated(p, slot))
			keep = lappend(keep, slot);
	}
	/* Of several periods the one that was meant. */
	if (p->period && p->period->origin == DBI_ORIGIN_TEXT &&
		p->period->period.kind != DBI_PERIOD_PRIOR)
		keep = lappend(keep, p->period);
	foreach(lc, p->frame->slots)
		if (!dbi_has_nature(keep, lfirst(lc)) &&
			dbi_is_inherited(lfirst(lc), inherit ? DBI_INHERIT_ALL : p->kept))
			old = lappend(old, lfirst(lc));
	return list_concat(keep, old);
}

static DbiPlan *
finish(DbiPlanner *p, bool inherit)
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
	dbi_offer_readings(p);
	p->plan->frame_json = dbi_write_frame(p->frame_clauses, slots_to_keep(p, inherit),
										  dbi_past_of(p->frame, p->frame_clauses), p->readings);
	return p->plan;
}

/* By what was learned, unless the words only read: "create a cost report", "update me on costs". */
static bool
is_like_orders(DbiPlanner *p, const DbiClause *all, bool brief)
{
	return all->refusal[DBI_LABEL_WRITE] >=
			   (brief ? BRIEF_REFUSAL : Max(LEARNED_WRITE, all->evidence / 2)) &&
		   !dbi_reads_only(p->lex, p->text, all);
}

/* "and failed jobs?", "by workspace", "for staging": too short to begin anew. */
static bool
begins_midway(const DbiText *text)
{
	return text->n > 0 && (dbi_is_one_of(text->tokens[0].text, "and|also|plus|but") ||
						   (dbi_count_words(text) <= 4 &&
							dbi_is_one_of(text->tokens[0].text, "by|per|for|in|on|with|without")));
}

/* Of what the lexicon says of other subjects. */
static bool
speaks_of_others(DbiPlanner *p)
{
	double most = 0;
	ListCell *lc;

	foreach(lc, p->clauses)
	{
		DbiClause *c = lfirst(lc);

		most = Max(most, c->scope - Max(c->refusal[DBI_LABEL_SCOPE], 0));
	}
	return most > 0 && most >= dbi_lexical_evidence(p);
}

static bool
points_back(DbiPlanner *p)
{
	return p->frame->clauses != NIL &&
		   (p->chosen || dbi_kind_anywhere(p, DBI_CONCEPT_FOLLOW) || begins_midway(p->text));
}

/* Signs alone are like whatever has signs in it. */
static bool
has_words(const DbiText *text)
{
	int n = 0;

	for (int i = 0; i < text->n; i++)
		n += text->tokens[i].kind == DBI_TOK_WORD && strlen(text->tokens[i].text) > 2;
	return n > 1;
}

/*
 * "raise it to ten minutes", "set the threshold to 5": of the call before, not
 * of the account; money and percent are of a budget or a price.
 */
static bool
changes_question(DbiPlanner *p)
{
	const DbiText *text = p->text;
	ListCell *lc;

	foreach(lc, p->slots)
		if (((DbiSlot *) lfirst(lc))->unit == DBI_UNIT_MONEY ||
			((DbiSlot *) lfirst(lc))->unit == DBI_UNIT_PERCENT)
			return false;
	for (int i = 0; i + 1 < text->n; i++)
	{
		int k = i + 1;

		if (!dbi_is_one_of(text->tokens[i].text,
						   "raise|lower|set|increase|decrease|reduce|extend|push|move|put|cut|change|switch|drop"))
			continue;
		while (k + 1 < text->n && dbi_is_one_of(text->tokens[k].text, "the|that|this"))
			k++;
		dbi_change_add_number_word(p);
		return dbi_is_one_of(text->tokens[k].text,
							 "it|to|that|this|limit|threshold|cutoff|window|period|bar|minimum|range|"
							 "number|timeframe|span|list|sensitivity|severity|horizon") &&
			   dbi_is_pure_change(p);
	}
	return false;
}

/* "that is all for today, thanks": whatever day is in it. */
static bool
takes_leave(DbiPlanner *p)
{
	ListCell *lc;

	foreach(lc, p->slots)
		if (((DbiSlot *) lfirst(lc))->kind != DBI_SLOT_DATE)
			return false;
	return dbi_hit_anywhere(p, "goodbye") && dbi_lexical_evidence(p) < DBI_OWN_EVIDENCE &&
		   dbi_count_words(p->text) <= DBI_FOLLOW_UP_WORDS;
}

/* Refusals, small talk and questions that say too little; NULL to go on. */
static DbiPlan *
admit(DbiPlanner *p, DbiPlanKind *kind)
{
	DbiClause *all;
	bool brief;

	if (dbi_wants_rules_broken(p->lex, p->text, p->slots))
		return reply(p, *kind = DBI_PLAN_REFUSE_INJECTION, dbi_refusal(DBI_PLAN_REFUSE_INJECTION));
	if (dbi_wants_change(p->lex, p->text, p->slots) &&
		!(p->frame->clauses != NIL && changes_question(p)))
		return reply(p, *kind = DBI_PLAN_REFUSE_WRITE, dbi_refusal(DBI_PLAN_REFUSE_WRITE));
	if (takes_leave(p))
		return reply(p, *kind = DBI_PLAN_SMALLTALK,
					 dbi_smalltalk(p->lex,
								   dbi_read_clause(p->lex, p->text, p->slots, 0, p->text->n)));
	/* What only changes the question before, or one of before, is like nothing that was learned. */
	p->changes = dbi_go_back(p) ? DBI_CHANGES_VALUE : dbi_only_changes(p);
	if (p->changes == DBI_CHANGES_VALUE)
		return NULL;
	all = dbi_score_stretch(p->lex, p->text, p->slots, 0, p->text->n, p->only_agent);
	brief = p->frame->clauses != NIL && dbi_count_words(p->text) <= DBI_FOLLOW_UP_WORDS;
	if (has_words(p->text) && all->refusal[DBI_LABEL_INJECTION] >=
								  (brief ? BRIEF_REFUSAL : Max(LEARNED_INJECTION, all->evidence / 2)))
		return reply(p, *kind = DBI_PLAN_REFUSE_INJECTION, dbi_refusal(DBI_PLAN_REFUSE_INJECTION));
	if (is_like_orders(p, all, brief))
		return reply(p, *kind = DBI_PLAN_REFUSE_WRITE, dbi_refusal(DBI_PLAN_REFUSE_WRITE));
	if (p->changes == DBI_CHANGES_WORD)
		return NULL;
	/* A few words in a conversation are like nothing; only what they say counts. */
	p->ours = points_back(p) || dbi_is_follow_up(p)
				  ? !speaks_of_others(p)
				  : !dbi_is_foreign(p->lex, p->text, all) || dbi_names_ours(p->text, p->slots, all);
	/* A report about something of ours, however it is ordered. */
	p->ours = p->ours || (dbi_clause_hit(p->lex, all, "document") != NULL &&
						  dbi_lexical_evidence(p) >= DBI_OWN_EVIDENCE);
	if (dbi_kind_anywhere(p, DBI_CONCEPT_SMALLTALK) && dbi_lexical_evidence(p) < DBI_OWN_EVIDENCE &&
		p->slots == NIL)
		return reply(p, *kind = DBI_PLAN_SMALLTALK, dbi_smalltalk(p->lex, all));
	if (!p->ours)
		return reply(p, *kind = DBI_PLAN_REFUSE_SCOPE, dbi_refusal(DBI_PLAN_REFUSE_SCOPE));
	return NULL;
}

/* The name or the time that was said alone, with what may be asked about it. */
static DbiPlan *
ask_back(DbiPlanner *p)
{
	(void) reply(p, DBI_PLAN_CLARIFY, dbi_what_about(p));
	p->plan->frame_json =
		dbi_write_frame(p->frame->clauses, p->frame->slots, p->frame->past, p->readings);
	return p->plan;
}

/* Whether an agent that was chosen by the caller has anything to say. */
static bool
chosen_agent_fits(DbiPlanner *p)
{
	return p->only_agent < 0 || dbi_best_evidence(p) > 1 || p->slots != NIL ||
		   dbi_kind_anywhere(p, DBI_CONCEPT_INTENT);
}

/* Words of a short question that leaves out what it is about: "last trained when?". */
#define ELLIPTICAL_WORDS 6

/* No name, and no word for the kind of thing: it is about the thing the conversation is about. */
static bool
leaves_out_name(DbiPlanner *p)
{
	ListCell *lc;

	if (dbi_count_words(p->text) > ELLIPTICAL_WORDS)
		return false;
	foreach(lc, p->slots)
		if (((DbiSlot *) lfirst(lc))->kind == DBI_SLOT_NAME)
			return false;
	for (int i = 0; i < p->text->n; i++)
		if (dbi_kind_word(p->text->tokens[i].stem) ||
			dbi_is_one_of(p->text->tokens[i].text, "any|all|every|which|overall"))
			return false;
	return true;
}

/* Whether the tool looks at as much of the past as it is told to. */
static bool
looks_back(const DbiTool *tool)
{
	for (int a = 0; a < tool->narguments; a++)
		if (dbi_is_one_of(tool->arguments[a].name, "start_date|end_date|days|hours|lookback_days"))
			return true;
	return false;
}

/* "has its content drifted", where nothing in the question can be meant by "its". */
static bool
speaks_of_its_own(DbiPlanner *p)
{
	ListCell *lc;

	foreach(lc, p->slots)
		if (((DbiSlot *) lfirst(lc))->kind == DBI_SLOT_NAME ||
			((DbiSlot *) lfirst(lc))->kind == DBI_SLOT_USER)
			return false;
	for (int i = 0; i < p->text->n; i++)
		if (dbi_is_one_of(p->text->tokens[i].text, "its|their|his|her"))
			return true;
	return false;
}

/*
 * What a question takes from the conversation though nothing in it points
 * back: the same question again all but what is said anew, another one to the
 * same agent the time, and a short one the thing.
 */
static DbiInherit
elliptical(DbiPlanner *p, const DbiClause *clause)
{
	DbiFrameClause *before = p->frame->clauses ? llast(p->frame->clauses) : NULL;
	DbiInherit inherit = DBI_INHERIT_NOTHING;

	if (!before || dbi_count_words(p->text) > DBI_FOLLOW_UP_WORDS)
		return DBI_INHERIT_NOTHING;
	if (speaks_of_its_own(p))
		inherit |= DBI_INHERIT_NAMES;
	if (strcmp(p->lex->agents[clause->best_agent].name, before->agent) != 0)
	{
		p->kept |= inherit;
		return inherit;
	}
	if (strcmp(p->lex->tools[clause->best_tool].name, before->tool) == 0)
	{
		p->plan->follow_up = true;
		inherit = DBI_INHERIT_ALL;
	}
	else
	{
		if (leaves_out_name(p))
			inherit |= DBI_INHERIT_NAMES;
		if (dbi_period_slots(p->slots) == NIL && looks_back(&p->lex->tools[clause->best_tool]) &&
			dbi_frame_period(p) != NULL && dbi_frame_period(p)->period.kind != DBI_PERIOD_FUTURE)
		{
			inherit |= DBI_INHERIT_PERIOD;
			dbi_assume(&p->plan->assumptions, "The period of the question before was kept: %s.",
					   dbi_period_label(dbi_frame_period(p)->span));
		}
	}
	p->kept |= inherit;
	return inherit;
}

/* "anyway", beside what is asked: nothing of it is known. */
static bool
says_nothing(DbiPlanner *p, const DbiClause *clause)
{
	ListCell *lc;

	if (p->frame->clauses == NIL || list_length(p->clauses) < 2 || clause->hits != NIL)
		return false;
	foreach(lc, p->slots)
		if (((DbiSlot *) lfirst(lc))->from >= clause->from &&
			((DbiSlot *) lfirst(lc))->to <= clause->to)
			return false;
	return true;
}

static bool
plan_clauses(DbiPlanner *p, bool inherit)
{
	DbiClause *likeliest = NULL;
	bool any = false;
	ListCell *lc;

	if (p->forced_tool >= 0 && list_length(p->clauses) == 1)
	{
		DbiClause *clause = linitial(p->clauses);

		clause->best_tool = p->forced_tool;
		clause->best_agent = p->lex->tools[p->forced_tool].agent;
		clause->evidence = Max(clause->evidence, DBI_OWN_EVIDENCE);
		dbi_plan_clause(p, clause, DBI_INHERIT_NOTHING);
		return true;
	}
	foreach(lc, p->clauses)
	{
		DbiClause *clause = lfirst(lc);

		if (clause->best_agent < 0 || clause->best_tool < 0 || says_nothing(p, clause))
			continue;
		if (clause->learned && (!likeliest || clause->evidence > likeliest->evidence))
			likeliest = clause;
		if (clause->evidence < DBI_SOME_EVIDENCE || clause->scope >= clause->evidence)
			continue;
		/* "who owns the first one": what was shown of it says so, unless another tool takes it. */
		if (p->chosen && !dbi_takes_slot(&p->lex->tools[clause->best_tool], p->chosen) &&
			dbi_plan_change(p))
			return true;
		dbi_plan_clause(p, clause, inherit ? DBI_INHERIT_ALL : elliptical(p, clause));
		any = true;
	}
	/* A question of ours, though nothing speaks clearly for an agent. */
	if (!any && p->ours && likeliest)
		dbi_plan_clause(p, likeliest, inherit ? DBI_INHERIT_ALL : elliptical(p, likeliest));
	return any || (p->ours && likeliest);
}

/* "which resources were behind that": the best of the tools that look for its cause, or -1. */
static int
tool_of_cause(DbiPlanner *p, const DbiClause *clause, const char *tool)
{
	int best = -1;

	for (int i = 0; i < p->lex->ncompanions; i++)
	{
		const DbiCompanion *c = &p->lex->companions[i];

		if (strcmp(c->tool, tool) != 0 || strcmp(c->intent, "why") != 0)
			continue;
		for (int t = 0; t < p->lex->ntools; t++)
			if (p->lex->tools[t].owner == t && strcmp(p->lex->tools[t].name, c->companion) == 0 &&
				clause->tools[t] > 0 && (best < 0 || clause->tools[t] > clause->tools[best]))
				best = t;
	}
	return best;
}

/* How far behind the best the agent asked before may be in what points back. */
#define STICKY 1.5

/* What points back is more likely for the agent that was asked before. */
static void
stay_near(DbiPlanner *p)
{
	DbiFrameClause *before = llast(p->frame->clauses);
	int agent = dbi_find_agent(p->lex, before->agent);
	ListCell *lc;

	foreach(lc, p->clauses)
	{
		DbiClause *clause = lfirst(lc);

		int cause;

		dbi_score_clause(p->lex, p->text, p->slots, clause, p->only_agent, agent, -1);
		cause = strcmp(p->plan->intent, "why") == 0 ? tool_of_cause(p, clause, before->tool) : -1;
		if (cause >= 0 && (p->only_agent < 0 || p->lex->tools[cause].agent == p->only_agent))
		{
			clause->best_tool = cause;
			clause->best_agent = p->lex->tools[cause].agent;
			clause->evidence = Max(clause->agents[clause->best_agent], DBI_OWN_EVIDENCE);
			continue;
		}
		if (agent < 0 || clause->best_agent == agent || p->only_agent >= 0 ||
			clause->agents[agent] < DBI_OWN_EVIDENCE ||
			clause->evidence - clause->agents[agent] > STICKY)
			continue;
		clause->best_agent = agent;
		clause->evidence = clause->agents[agent];
		clause->best_tool = -1;
		for (int t = 0; t < p->lex->ntools; t++)
			if (p->lex->tools[t].agent == agent &&
				(clause->best_tool < 0 || clause->tools[t] > clause->tools[clause->best_tool] + 1e-9))
				clause->best_tool = t;
	}
}

/* "compare failed jobs with late tables": two questions, not two periods of one. */
static bool
sets_questions_beside(DbiPlanner *p)
{
	ListCell *lc;

	foreach(lc, p->clauses)
		if (dbi_is_comparing_split(p->text, lfirst(lc)))
			return true;
	return false;
}

static DbiPlan *
make_plan(DbiPlanner *p)
{
	DbiPlan *refused;
	DbiPlanKind kind;
	bool back;

	if (p->text->n == 0)
		return reply(p, DBI_PLAN_CLARIFY, dbi_refusal(DBI_PLAN_CLARIFY));
	p->clauses = dbi_split(p->lex, p->text, p->slots, p->only_agent, p->frame->clauses != NIL);
	p->plan->intent = sets_questions_beside(p) ? "what" : intent_of(p->lex, p->clauses);
	if (dbi_hit_anywhere(p, "start_over") && dbi_lexical_evidence(p) < DBI_OWN_EVIDENCE)
	{
		p->frame_json = "{}";
		return reply(p, DBI_PLAN_SMALLTALK,
					 "All right, from the start. What would you like to know?");
	}
	if ((refused = admit(p, &kind)) != NULL)
		return refused;
	if (p->changes != DBI_CHANGES_NOTHING && dbi_plan_change(p))
		return finish(p, true);
	back = points_back(p);
	if (back)
		stay_near(p);
	if (dbi_is_follow_up(p) && dbi_plan_follow_up(p))
		return finish(p, true);
	if (chosen_agent_fits(p) && plan_clauses(p, back))
		return finish(p, back);
	if (p->slots != NIL && dbi_count_words(p->text) <= DBI_FOLLOW_UP_WORDS && p->ours)
		return ask_back(p);
	return reply(p, DBI_PLAN_REFUSE_SCOPE, dbi_refusal(DBI_PLAN_REFUSE_SCOPE));
}

/* Another reading of the question before, asked in its place. */
static void
take_reading(DbiPlanner *p, const DbiReading *reading)
{
	DbiFrameClause wanted = {reading->agent, reading->tool, NIL, NIL};

	p->text = dbi_tokenize(reading->question);
	if (reading->agent && reading->tool)
		p->forced_tool = dbi_change_tool_index(p, &wanted);
	if (p->only_agent >= 0 && p->forced_tool >= 0 &&
		p->lex->tools[p->forced_tool].agent != p->only_agent)
		p->forced_tool = -1;
	p->frame = dbi_read_frame(NULL);
}

/* A question that was offered is asked as if nothing had been asked before; what was can be gone back to. */
static void
begin_anew(DbiPlanner *p)
{
	DbiFrame *frame = palloc0(sizeof(DbiFrame));

	frame->past = dbi_past_of(p->frame, NIL);
	p->frame = frame;
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
	DbiPlanner p;
	const char *chosen;
	const DbiReading *reading;

	memset(&p, 0, sizeof(p));
	p.forced_tool = -1;
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
	if ((reading = dbi_chosen_reading(p.text, p.frame)) != NULL)
		take_reading(&p, reading);
	else if ((chosen = dbi_chosen_question(p.text, p.frame)) != NULL)
	{
		p.text = dbi_tokenize(chosen);
		begin_anew(&p);
	}
	else if (dbi_is_offered(question, p.frame))
		begin_anew(&p);
	dbi_translate(p.lex, p.text);
	dbi_drop_courtesy(p.text);
	dbi_repair_typos(p.lex, p.text);
	dbi_untwist_words(p.lex, p.text);
	p.slots = dbi_resolve_names(p.lex, p.text, dbi_find_slots(p.text, &p.clock));
	dbi_choose_row(&p);
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
