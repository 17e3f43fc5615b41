/*
 * route.c: which agents and tools a stretch of words speaks for.
 *
 * Evidence for an agent is the sum of the weights of the concepts found, what
 * its best tool has, and how like its examples the words are. Confidence grows
 * with the evidence and falls with that of the runner-up.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "agents/arguments.h"
#include "agents/router.h"
#include "agents/understand.h"

/* Share of a tool's own evidence that also speaks for its agent. */
#define TOOL_SHARE 0.3
/* A likeness below this is chance; what is above counts so much. */
#define CHANCE_LIKENESS 0.35
#define LIKE_AGENT 2.0
#define LIKE_TOOL 3.0
/* A question seen before, word for word but for names and days. */
#define SAME_LIKENESS 0.97
#define SAME_BONUS 1.5
/* A word or two are like many an example by chance. */
#define ENOUGH_FEATURES 4.0
/* What a tool says of itself counts less than a question people ask. */
#define DESCRIPTION_SHARE 0.4
/* A tool an agent borrows counts less than one it owns. */
#define BORROWED_SHARE 0.8
/* In a follow-up the agent and the tool of before stay likely. */
#define FRAME_AGENT 1.0
#define FRAME_TOOL 1.0
/* Against a tool that takes no period when one was named, or only a past one when the future was. */
#define NO_PERIOD 4.0
/* Against a tool that can say nothing of the thing that was named. */
#define NO_NAME 2.5
/* For a tool that looks ahead when a time to come was named. */
#define LOOKS_AHEAD 1.5
/* Words from which on a follow-up is also like what was learned. */
#define OWN_WORDS 2
/* An agent that was chosen needs little more. */
#define CHOSEN_AGENT 0.7

/* ---- words to concepts ---- */

static bool
is_barrier(const DbiToken *t)
{
	return t->kind == DBI_TOK_PUNCT && strchr(",;.?!:", t->text[0]) != NULL;
}

/*
 * The words of a stretch, names by their type; a barrier is a unit no form
 * has. Stop words are units only when all words are wanted.
 */
static int
unit_words(const DbiLexicon *lex, const DbiText *text, List *slots, int from, int to, bool all,
		   DbiUnitWord *units)
{
	int n = 0;
	int last_slot = -1;

	for (int i = from; i < to; i++)
	{
		const DbiToken *t = &text->tokens[i];
		DbiUnitWord *u = &units[n];

		u->from = i;
		u->to = i + 1;
		if (t->slot >= 0)
		{
			DbiSlot *slot = list_nth(slots, t->slot);

			if (t->slot == last_slot ||
				(slot->kind != DBI_SLOT_NAME && slot->kind != DBI_SLOT_REGULATION))
				continue;
			last_slot = t->slot;
			u->to = slot->to;
			u->word = u->stem = psprintf("<%s>", dbi_slot_type(slot));
		}
		else if (is_barrier(t))
			u->word = u->stem = "|";
		else if (t->kind == DBI_TOK_WORD && (all || !dbi_is_stop(lex, t->text, t->stem)))
		{
			u->word = t->text;
			u->stem = t->stem;
		}
		else
			continue;
		n++;
	}
	return n;
}

static List *
add_hits(const DbiLexicon *lex, List *hits, const char *key, double share, int from, int to)
{
	const DbiForm *form = dbi_find_form(lex, key);
	const DbiForm *end = lex->forms + lex->nforms;

	for (; form && form < end && strcmp(form->key, key) == 0; form++)
	{
		DbiHit *hit = palloc(sizeof(DbiHit));

		hit->concept = form->concept;
		hit->weight = form->weight * (float) share;
		hit->from = from;
		hit->to = to;
		hits = lappend(hits, hit);
	}
	return hits;
}

/* Units i to i + len as a key: a mark, then their words or stems. */
static char *
key_of(const char *mark, const DbiUnitWord *units, int i, int len, bool stems)
{
	size_t size = strlen(mark) + 1;
	char *key;
	char *p;

	for (int k = i; k < i + len; k++)
		size += strlen(stems ? units[k].stem : units[k].word) + 1;
	key = palloc(size);
	p = stpcpy(key, mark);
	for (int k = i; k < i + len; k++)
	{
		if (k > i)
			*p++ = ' ';
		p = stpcpy(p, stems ? units[k].stem : units[k].word);
	}
	return key;
}

/* Most places begin no form of many words: that is seen without making its key. */
static void
set_longest(const DbiLexicon *lex, DbiUnitWord *units, int n, bool all)
{
	for (int i = 0; i < n; i++)
	{
		char *key = key_of(all ? "~" : "=", units, i, 1, all);

		units[i].longest = dbi_longest_form(lex, key);
		if (!all)
			units[i].longest = Max(units[i].longest, dbi_longest_form(lex, units[i].stem));
		pfree(key);
	}
}

/*
 * Forms of this many units at every place that is still free: of all words, or
 * of those that carry meaning, there the very words before the stems.
 */
static List *
match_length(const DbiLexicon *lex, List *hits, DbiUnitWord *units, bool *used, int first, int n,
			 int len, bool all)
{
	for (int i = 0; i + len <= n; i++)
	{
		int before = list_length(hits);
		int from = units[i].from;
		int to = units[i + len - 1].to;
		bool free = len <= units[i].longest;
		char *key;

		for (int k = i; k < i + len && free; k++)
			free = !used[units[k].from - first] && units[k].word[0] != '|';
		if (!free)
			continue;
		CHECK_FOR_INTERRUPTS();
		key = key_of(all ? "~" : "", units, i, len, true);
		hits = add_hits(lex, hits, key, 1, from, to);
		pfree(key);
		if (!all)
		{
			key = key_of("=", units, i, len, false);
			hits = add_hits(lex, hits, key, 1, from, to);
			pfree(key);
		}
		if (list_length(hits) > before)
			for (int k = i; k < i + len; k++)
				used[units[k].from - first] = true;
	}
	return hits;
}

/* "this month", "June so far": the month is neither over nor on its first day. */
static bool
is_running_month(const DbiPeriod *p)
{
	int year, month, day;

	if (p->kind != DBI_PERIOD_CALENDAR || p->grain != DBI_GRAIN_MONTH ||
		p->start != dbi_first_of(p->start, DBI_GRAIN_MONTH))
		return false;
	dbi_split_date(p->end, &year, &month, &day);
	return p->start < p->end && p->end < p->start + dbi_days_in_month(year, month) - 1;
}

/* Types of the slots in the stretch, whatever forms have used their words. */
static List *
match_slots(const DbiLexicon *lex, List *hits, List *slots, int from, int to)
{
	ListCell *lc;

	foreach(lc, slots)
	{
		DbiSlot *slot = lfirst(lc);
		double share = 1;
		ListCell *c;

		if (slot->from < from || slot->to > to)
			continue;
		/* "mtd" is a period that says what is asked. */
		if (slot->kind == DBI_SLOT_DATE)
			hits = add_hits(lex, hits, psprintf("=%s", dbi_lower(slot->span)), 1, slot->from,
							slot->to);
		if (slot->kind == DBI_SLOT_DATE && is_running_month(&slot->period))
			hits = add_hits(lex, hits, "<running_month>", 1, slot->from, slot->to);
		foreach(c, slot->kind == DBI_SLOT_NAME ? slot->candidates : NIL)
		{
			hits = add_hits(lex, hits, psprintf("<%s>", ((DbiCandidate *) lfirst(c))->kind), share,
							slot->from, slot->to);
			share = 0.5;
		}
		if (slot->kind != DBI_SLOT_NAME)
			hits =
				add_hits(lex, hits, psprintf("<%s>", dbi_slot_type(slot)), 1, slot->from, slot->to);
		else
			hits = add_hits(lex, hits, "<name>", 1, slot->from, slot->to);
	}
	return hits;
}

/* Concepts of a stretch: the longest forms first, each word in one form only. */
List *
dbi_match_forms(const DbiLexicon *lex, const DbiText *text, List *slots, int from, int to)
{
	DbiUnitWord *all = palloc(sizeof(DbiUnitWord) * (to - from + 1));
	DbiUnitWord *units = palloc(sizeof(DbiUnitWord) * (to - from + 1));
	bool *used = palloc0(sizeof(bool) * (to - from + 1));
	int nall = unit_words(lex, text, slots, from, to, true, all);
	int n = unit_words(lex, text, slots, from, to, false, units);
	List *hits = NIL;

	set_longest(lex, all, nall, true);
	set_longest(lex, units, n, false);
	for (int len = Min(lex->longest, nall); len > 0; len--)
	{
		if (len > 1)
			hits = match_length(lex, hits, all, used, from, nall, len, true);
		hits = match_length(lex, hits, units, used, from, n, len, false);
	}
	return match_slots(lex, hits, slots, from, to);
}

bool
dbi_is_concept_word(const DbiLexicon *lex, const DbiToken *t, const char *concept)
{
	int wanted = dbi_find_concept(lex, concept);
	const char *keys[2] = {t->stem, psprintf("=%s", t->text)};

	for (int i = 0; i < 2; i++)
	{
		const DbiForm *form = dbi_find_form(lex, keys[i]);

		for (; form && form < lex->forms + lex->nforms && strcmp(form->key, keys[i]) == 0; form++)
			if (form->concept == wanted)
				return true;
	}
	return false;
}

const DbiHit *
dbi_clause_hit(const DbiLexicon *lex, const DbiClause *clause, const char *concept)
{
	ListCell *lc;

	foreach(lc, clause->hits)
		if (strcmp(lex->concepts[((DbiHit *) lfirst(lc))->concept].name, concept) == 0)
			return lfirst(lc);
	return NULL;
}

const DbiHit *
dbi_clause_kind(const DbiLexicon *lex, const DbiClause *clause, DbiConceptKind kind)
{
	ListCell *lc;

	foreach(lc, clause->hits)
		if (lex->concepts[((DbiHit *) lfirst(lc))->concept].kind == kind)
			return lfirst(lc);
	return NULL;
}

/* Lower case, slots by their type: what the question looks like to the planner. */
char *
dbi_normalise(const DbiText *text, List *slots)
{
	StringInfoData s;
	int last_slot = -1;

	initStringInfo(&s);
	for (int i = 0; i < text->n; i++)
	{
		const DbiToken *t = &text->tokens[i];

		if (t->slot >= 0 && t->slot == last_slot)
			continue;
		last_slot = t->slot;
		if (t->kind == DBI_TOK_PUNCT && t->slot < 0)
			continue;
		appendStringInfo(&s, "%s%s%s%s", s.len ? " " : "", t->slot >= 0 ? "<" : "",
						 t->slot >= 0 ? dbi_slot_type(list_nth(slots, t->slot)) : t->text,
						 t->slot >= 0 ? ">" : "");
	}
	return s.data;
}

/* ---- evidence ---- */

/* Strength of each concept: its best form. */
static float *
strengths(const DbiLexicon *lex, const DbiClause *clause)
{
	float *s = palloc0(sizeof(float) * Max(lex->nconcepts, 1));
	ListCell *lc;

	foreach(lc, clause->hits)
	{
		DbiHit *hit = lfirst(lc);

		s[hit->concept] = Max(s[hit->concept], hit->weight);
	}
	return s;
}

static void
add_concepts(const DbiLexicon *lex, DbiClause *clause, const float *strength)
{
	for (int c = 0; c < lex->nconcepts; c++)
	{
		ListCell *lc;

		if (strength[c] <= 0)
			continue;
		foreach(lc, lex->concepts[c].weights)
		{
			DbiWeight *w = lfirst(lc);
			double value = w->weight * strength[c];

			if (w->with >= 0 && strength[w->with] <= 0)
				continue;
			if (w->agent < 0)
				clause->scope += value;
			else if (w->tool < 0)
				clause->agents[w->agent] += value;
			else
				clause->tools[w->tool] += value;
		}
	}
}

static void
add_likeness(const DbiLexicon *lex, DbiText *text, List *slots, DbiClause *clause)
{
	double *agents = palloc0(sizeof(double) * Max(lex->nagents, 1));
	DbiExample question;
	double *likes;
	double enough;

	memset(&question, 0, sizeof(question));
	dbi_make_features(lex, text, slots, clause, &question);
	enough = Min(1.0, (question.nfeatures + 1) / ENOUGH_FEATURES);
	likes = dbi_likenesses(lex, &question);
	for (int i = 0; i < lex->nexamples; i++)
	{
		const DbiExample *e = &lex->examples[i];
		double like = likes[i];
		bool owned = e->tool < 0 || lex->tools[e->tool].owner == e->tool;

		/* In training no question may be its own witness. */
		if (like <= 0 || (dbi_router_off && like >= SAME_LIKENESS))
			continue;
		like *= enough * (e->description ? DESCRIPTION_SHARE : 1);

		if (e->tool >= 0)
			clause->likeness[e->tool] =
				Max(clause->likeness[e->tool], like * (owned ? 1 : BORROWED_SHARE));
		if (owned)
			agents[e->agent] = Max(agents[e->agent], like);
	}
	for (int a = 0; a < lex->nagents; a++)
		if (agents[a] > CHANCE_LIKENESS)
			clause->agents[a] += LIKE_AGENT * (agents[a] - CHANCE_LIKENESS) / (1 - CHANCE_LIKENESS) +
								 (agents[a] >= SAME_LIKENESS ? SAME_BONUS : 0);
	for (int t = 0; t < lex->ntools; t++)
		if (clause->likeness[t] > CHANCE_LIKENESS)
			clause->tools[t] +=
				LIKE_TOOL * (clause->likeness[t] - CHANCE_LIKENESS) / (1 - CHANCE_LIKENESS) +
				(clause->likeness[t] >= SAME_LIKENESS ? SAME_BONUS : 0);
	pfree(likes);
}

/* Best tool of an agent; without any evidence the first one it owns. */
static int
best_tool(const DbiLexicon *lex, const DbiClause *clause, int agent)
{
	int best = -1;

	for (int t = 0; t < lex->ntools; t++)
	{
		if (lex->tools[t].agent != agent)
			continue;
		if (best < 0 || clause->tools[t] > clause->tools[best] + 1e-9)
			best = t;
	}
	return best;
}

/* Words that carry meaning and name nothing. */
int
dbi_own_words(const DbiLexicon *lex, const DbiText *text, const DbiClause *clause)
{
	int n = 0;

	for (int i = clause->from; i < clause->to; i++)
	{
		const DbiToken *t = &text->tokens[i];

		n += t->slot < 0 && t->kind == DBI_TOK_WORD && !dbi_is_stop(lex, t->text, t->stem);
	}
	return n;
}

/*
 * Whether what was learned may speak: not of mere values, not where the words
 * are an example of the registry, and not where the lexicon points to an agent
 * or a tool that is newer than the model.
 */
static bool
may_speak(const DbiLexicon *lex, const DbiText *text, const DbiClause *clause)
{
	int best = -1;
	int tool;

	if (lex->router == NULL || dbi_router_off || dbi_own_words(lex, text, clause) == 0)
		return false;
	for (int t = 0; t < lex->ntools; t++)
		if (clause->likeness[t] >= REMEMBERED_LIKENESS)
			return false;
	for (int a = 0; a < lex->nagents; a++)
		if (best < 0 || clause->lexical[a] > clause->lexical[best] + 1e-9)
			best = a;
	if (best < 0 || clause->lexical[best] < DBI_OWN_EVIDENCE)
		return true;
	tool = best_tool(lex, clause, best);
	return dbi_router_knows(lex->router, DBI_LABEL_AGENT, lex->agents[best].name) &&
		   (tool < 0 || dbi_router_knows(lex->router, DBI_LABEL_TOOL, lex->tools[tool].name));
}

/* What was learned from examples, on top of what the lexicon says. */
static void
add_learned(const DbiLexicon *lex, const DbiText *text, List *slots, DbiClause *clause)
{
	DbiSparse features;

	if (!may_speak(lex, text, clause))
		return;
	clause->learned = true;
	dbi_router_features(lex, text, slots, clause, &features);
	dbi_router_add(lex->router, lex, &features, clause);
	clause->scope = Max(clause->scope + clause->refusal[DBI_LABEL_SCOPE], 0);
}

static bool
takes_period(const DbiTool *tool, bool future)
{
	for (int i = 0; i < tool->narguments; i++)
	{
		const char *name = tool->arguments[i].name;

		if (strstr(name, "horizon") != NULL)
		{
			if (future)
				return true;
		}
		else if (strstr(name, "date") || strstr(name, "hours") || strstr(name, "days") ||
				 strcmp(name, "month") == 0 || strcmp(name, "since") == 0 ||
				 strcmp(name, "weeks") == 0)
			return true;
	}
	return false;
}

/* A tool of the month so far has a period of its own. */
static bool
has_own_period(const DbiTool *tool, const DbiPeriod *period)
{
	return strstr(tool->name, "_mtd_") != NULL && is_running_month(period);
}

static bool
looks_ahead(const DbiTool *tool)
{
	return takes_period(tool, true) && !takes_period(tool, false);
}

/* A tool of the state of things, where its agent has one of what will be. */
static bool
another_looks_ahead(const DbiLexicon *lex, int tool)
{
	if (looks_ahead(&lex->tools[tool]) || takes_period(&lex->tools[tool], true))
		return false;
	for (int t = 0; t < lex->ntools; t++)
		if (lex->tools[t].agent == lex->tools[tool].agent && looks_ahead(&lex->tools[t]))
			return true;
	return false;
}

static void
weigh_period(const DbiLexicon *lex, List *slots, DbiClause *clause)
{
	ListCell *lc;

	foreach(lc, slots)
	{
		DbiSlot *slot = lfirst(lc);
		bool future = slot->period.kind == DBI_PERIOD_FUTURE || slot->period.kind == DBI_PERIOD_SPAN;

		if (slot->kind != DBI_SLOT_DATE || slot->from < clause->from || slot->to > clause->to ||
			slot->period.kind == DBI_PERIOD_RECENT)
			continue;
		for (int t = 0; t < lex->ntools; t++)
		{
			bool ahead = slot->period.kind == DBI_PERIOD_FUTURE;

			if (clause->tools[t] > 0 && !has_own_period(&lex->tools[t], &slot->period) &&
				(ahead ? takes_period(&lex->tools[t], false) || another_looks_ahead(lex, t)
					   : !takes_period(&lex->tools[t], future)))
				clause->tools[t] = Max(clause->tools[t] - NO_PERIOD, 0);
			else if (ahead && clause->agents[lex->tools[t].agent] > 0 && looks_ahead(&lex->tools[t]))
				clause->tools[t] += LOOKS_AHEAD;
		}
		return;
	}
}

/* Whether the tool takes the thing, or has a column that may name it. */
static bool
tells_of(const DbiTool *tool, const DbiSlot *slot)
{
	ListCell *lc;

	if (dbi_takes_slot(tool, slot))
		return true;
	for (int i = 0; i < tool->ncolumns; i++)
	{
		if (slot->kind == DBI_SLOT_USER && dbi_column_names("user", tool->columns[i]))
			return true;
		foreach(lc, slot->candidates)
			if (dbi_column_names(((DbiCandidate *) lfirst(lc))->kind, tool->columns[i]))
				return true;
	}
	return tool->ncolumns == 0;
}

/* What was named, and is known, must be told of. */
static void
weigh_names(const DbiLexicon *lex, List *slots, DbiClause *clause)
{
	ListCell *lc;

	foreach(lc, slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->candidates ? linitial(slot->candidates) : NULL;

		if (slot->from < clause->from || slot->to > clause->to ||
			!(slot->kind == DBI_SLOT_USER || (c && c->known)))
			continue;
		for (int t = 0; t < lex->ntools; t++)
			if (clause->tools[t] > 0 && !tells_of(&lex->tools[t], slot))
				clause->tools[t] = Max(clause->tools[t] - NO_NAME, 0);
	}
}

static void
choose(const DbiLexicon *lex, DbiClause *clause, int only_agent)
{
	double second = 0;

	clause->best_agent = -1;
	clause->best_tool = -1;
	/* What was learned may speak against every agent: the least unlikely is taken then. */
	clause->evidence = clause->learned ? -DBL_MAX : 0;
	clause->confidence = 0;
	for (int a = 0; a < lex->nagents; a++)
	{
		if (!lex->agents[a].enabled || (only_agent >= 0 && a != only_agent))
			continue;
		if (clause->agents[a] > clause->evidence + 1e-9)
		{
			second = Max(clause->evidence, 0);
			clause->evidence = clause->agents[a];
			clause->best_agent = a;
		}
		else
			second = Max(second, clause->agents[a]);
	}
	if (clause->best_agent < 0)
	{
		clause->evidence = 0;
		return;
	}
	clause->best_tool = best_tool(lex, clause, clause->best_agent);
	if (lex->router != NULL && !dbi_router_off)
		clause->confidence = dbi_router_confidence(lex->router, clause->evidence, second);
	else
		clause->confidence = (1 - exp(-0.9 * clause->evidence)) *
							 sqrt(clause->evidence / (clause->evidence + 0.5 * Max(second, 0)));
	clause->confidence = rint(clause->confidence * 100) / 100;
}

/* By agent, before anything learned is added. */
static double *
lexical_evidence(const DbiLexicon *lex, const DbiClause *clause)
{
	double *lexical = palloc0(sizeof(double) * Max(lex->nagents, 1));

	for (int a = 0; a < lex->nagents; a++)
	{
		int t = best_tool(lex, clause, a);

		lexical[a] = clause->agents[a];
		if (t >= 0 && lex->tools[t].owner == t && clause->tools[t] > 0)
			lexical[a] += TOOL_SHARE * clause->tools[t];
	}
	return lexical;
}

void
dbi_score_clause(const DbiLexicon *lex, DbiText *text, List *slots, DbiClause *clause,
				 int only_agent, int frame_agent, int frame_tool)
{
	float *strength = strengths(lex, clause);

	clause->agents = palloc0(sizeof(double) * Max(lex->nagents, 1));
	clause->tools = palloc0(sizeof(double) * Max(lex->ntools, 1));
	clause->likeness = palloc0(sizeof(double) * Max(lex->ntools, 1));
	clause->scope = 0;
	add_concepts(lex, clause, strength);
	add_likeness(lex, text, slots, clause);
	clause->lexical = lexical_evidence(lex, clause);
	/* A word that points back into a conversation is like many a question, and none. */
	if ((frame_agent < 0 && frame_tool < 0) || dbi_own_words(lex, text, clause) >= OWN_WORDS)
		add_learned(lex, text, slots, clause);
	weigh_period(lex, slots, clause);
	weigh_names(lex, slots, clause);
	if (frame_agent >= 0)
		clause->agents[frame_agent] += FRAME_AGENT;
	if (frame_tool >= 0)
		clause->tools[frame_tool] += FRAME_TOOL;
	if (only_agent >= 0)
		clause->agents[only_agent] += CHOSEN_AGENT;
	for (int a = 0; a < lex->nagents; a++)
	{
		int t = best_tool(lex, clause, a);

		if (t >= 0 && lex->tools[t].owner == t && clause->tools[t] > 0)
			clause->agents[a] += TOOL_SHARE * clause->tools[t];
	}
	choose(lex, clause, only_agent);
	pfree(strength);
}

DbiClause *
dbi_read_clause(const DbiLexicon *lex, DbiText *text, List *slots, int from, int to)
{
	DbiClause *clause = palloc0(sizeof(DbiClause));

	clause->from = from;
	clause->to = to;
	clause->hits = dbi_match_forms(lex, text, slots, from, to);
	return clause;
}

DbiClause *
dbi_score_stretch(const DbiLexicon *lex, DbiText *text, List *slots, int from, int to,
				  int only_agent)
{
	DbiClause *clause = dbi_read_clause(lex, text, slots, from, to);

	dbi_score_clause(lex, text, slots, clause, only_agent, -1, -1);
	return clause;
}
