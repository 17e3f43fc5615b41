/*
 * split.c: the questions within a question.
 *
 * Conjunctions and stops part a text into stretches. A stretch is a question
 * of its own, or belongs to the one before it: that is judged by what both
 * speak for, alone and together, and weighed as the router has learned it from
 * single questions with such words in them and from pairs of questions.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "agents/router.h"
#include "agents/split.h"

/* A part that loses most of its evidence beside the part before belongs to it: "tried to log in and failed". */
#define DISSOLVED 0.3
/* More conjunctions and stops than this are not parted at. */
#define MAX_SEPARATORS 24
/* Most that is said in a conversation is one thing, with words around it. */
#define CLEARLY_TWO 0.7
/* What is named in a list has no more words of its own. */
#define LISTED_WORDS 2
/* Evidence beyond this says no more. */
#define MOST_EVIDENCE 8.0

/* A word that sets what stands before it beside what comes after: "spend vs incidents". */
static bool
compares(const DbiText *text, int i)
{
	const char *word = text->tokens[i].text;

	/* Names and days are compared by what is asked of them. */
	if (i + 1 >= text->n || text->tokens[i + 1].slot >= 0)
		return false;
	if (dbi_is_one_of(word, "vs|versus|against"))
		return true;
	if (!dbi_is_one_of(word, "with|to"))
		return false;
	while (--i >= 0)
		if (dbi_is_one_of(text->tokens[i].text, "compare|compared|comparison|correlate"))
			return true;
	return false;
}

bool
dbi_is_comparing_split(const DbiText *text, const DbiClause *clause)
{
	return clause->from > 0 && compares(text, clause->from - 1);
}

/* Tokens of a conjunction or a stop at i that can part two questions; 0: none. */
static int
separator(const DbiText *text, int i)
{
	static const char *const words[] = {"and",          "also",   "plus",    "but",
										"then",         "while",  "because", "whereas",
										"additionally", "making", "causing", "affecting",
										"impacting",    "or",     "besides", "moreover",
										"und",          "sowie",  "y"};
	const DbiToken *t = &text->tokens[i];

	if (t->slot >= 0)
		return 0;
	if (t->kind == DBI_TOK_PUNCT)
		return strchr(",;.?!", t->text[0]) != NULL ||
					   (strchr("+&-", t->text[0]) != NULL && !t->glued)
				   ? 1
				   : 0;
	if (t->kind != DBI_TOK_WORD)
		return 0;
	if (i + 2 < text->n && strcmp(t->text, "as") == 0 &&
		strcmp(text->tokens[i + 1].text, "well") == 0 && strcmp(text->tokens[i + 2].text, "as") == 0)
		return 3;
	if (i + 1 < text->n && strcmp(text->tokens[i + 1].text, "with") == 0 &&
		(strcmp(t->text, "along") == 0 || strcmp(t->text, "together") == 0))
		return 2;
	for (int k = 0; k < lengthof(words); k++)
		if (strcmp(t->text, words[k]) == 0)
			return 1;
	return compares(text, i) ? 1 : 0;
}

static double
bounded(double x)
{
	return Min(Max(x, 0), MOST_EVIDENCE);
}

/* Words a question or an order to see begins with. */
bool
dbi_begins_question(const DbiText *text, int from)
{
	return from < text->n &&
		   dbi_is_one_of(text->tokens[from].text,
						 "what|which|who|whom|whose|how|when|where|why|is|are|was|were|do|does|did|has|have|"
						 "had|can|could|any|show|list|give|get|find|tell|compare|check|whats|hows|wheres|whos");
}

/* How the stretch is parted from what is before it: 0 conjunction, 1 comma and the like, 2 end of a sentence. */
static int
parting(const DbiText *text, const DbiClause *next)
{
	const DbiToken *t = next->from > 0 ? &text->tokens[next->from - 1] : NULL;

	if (t == NULL || t->kind != DBI_TOK_PUNCT)
		return 0;
	return strchr(".?!;", t->text[0]) != NULL ? 2 : 1;
}

/* "… and what does it cost": of what the part before is about. */
static bool
refers_back(const DbiText *text, const DbiClause *next)
{
	for (int i = next->from; i < next->to; i++)
		if (text->tokens[i].slot < 0 &&
			dbi_is_one_of(text->tokens[i].text, "it|its|that|they|them|their|those|these|thereby"))
			return true;
	return false;
}

void
dbi_split_features(const DbiLexicon *lex, const DbiText *text, const DbiBoundary *b, double *x)
{
	const DbiClause *last = b->last;
	const DbiClause *next = b->next;
	int how = parting(text, next);
	double beside = b->both->agents[next->best_agent];

	x[0] = 1;
	x[1] = bounded(next->evidence) / 4;
	x[2] = bounded(next->lexical[next->best_agent]) / 4;
	x[3] = bounded(last->evidence) / 4;
	x[4] = bounded(last->lexical[last->best_agent]) / 4;
	x[5] = Min(dbi_own_words(lex, text, next), 6) / 6.0;
	x[6] = Min(dbi_own_words(lex, text, last), 6) / 6.0;
	x[7] = next->from < next->to && dbi_begins_question(text, next->from);
	x[8] = how == 1;
	x[9] = how == 2;
	x[10] = bounded(beside) / 4;
	x[11] = bounded(beside) / Max(bounded(next->evidence), 0.5);
	x[12] = bounded(b->both->evidence) / 4;
	x[13] = next->best_agent == last->best_agent;
	x[14] = next->confidence;
	x[15] = bounded(b->both->lexical[next->best_agent]) /
			Max(bounded(next->lexical[next->best_agent]), 0.5);
	x[16] = bounded(next->scope) / 4;
	x[17] = bounded(next->tools[next->best_tool]) / 4;
	x[18] = bounded(b->both->tools[next->best_tool]) / 4;
	/* What each has for the other's tool, and what is left of the last one's when they are one. */
	x[19] = bounded(next->tools[last->best_tool]) / 4;
	x[20] = bounded(last->tools[next->best_tool]) / 4;
	x[21] = bounded(last->tools[last->best_tool]) / 4;
	x[22] = bounded(b->both->tools[last->best_tool]) / 4;
	x[23] = Min(bounded(last->evidence), bounded(next->evidence)) / 4;
	x[24] = last->confidence;
	x[25] = b->both->confidence;
	/* A list of things: "uptime, incidents and breaches". */
	x[26] = dbi_own_words(lex, text, next) <= LISTED_WORDS;
	x[27] = x[26] > 0 && dbi_own_words(lex, text, last) <= LISTED_WORDS;
	x[28] = refers_back(text, next);
	/* "Noted with thanks. And …" */
	x[29] = bounded(next->refusal[DBI_LABEL_SMALLTALK]) / 4;
	x[30] = bounded(last->refusal[DBI_LABEL_SMALLTALK]) / 4;
	/* "Budget season is upon us. Forecast …": what was said before the question. */
	x[31] = dbi_begins_question(text, last->from);
	x[32] = !dbi_begins_question(text, last->from) && dbi_begins_question(text, next->from);
	x[33] = next->from > 0 && dbi_is_one_of(text->tokens[next->from - 1].text,
											"or|but|then|while|because|whereas|making|causing|"
											"affecting|impacting");
}

static bool
stands_alone(const DbiClause *c)
{
	return c->evidence >= DBI_OWN_EVIDENCE && c->lexical[c->best_agent] >= DBI_SOME_EVIDENCE;
}

/*
 * "uptime, mtd, incidents": the month so far is asked for. The last of a list
 * is a period, unless a conjunction stands before it: "failed jobs, mtd".
 */
bool
dbi_asks_month_so_far(const DbiLexicon *lex, const DbiText *text, const DbiClause *c)
{
	const DbiHit *hit = dbi_clause_hit(lex, c, "month_to_date");
	int end = text->n;

	while (end > c->to && text->tokens[end - 1].kind == DBI_TOK_PUNCT)
		end--;
	return hit != NULL && hit->weight >= 1 && hit->from == c->from && hit->to == c->to &&
		   (c->from == 0 || c->to < end || text->tokens[c->from - 1].kind == DBI_TOK_WORD);
}

/* "which clusters, pipelines or jobs": kinds and names of things, of which nothing is asked. */
static bool
only_names_things(const DbiLexicon *lex, const DbiText *text, const DbiClause *c)
{
	if (dbi_asks_month_so_far(lex, text, c))
		return false;
	for (int i = c->from; i < c->to; i++)
	{
		const DbiToken *t = &text->tokens[i];

		if (t->slot < 0 && t->kind == DBI_TOK_WORD && !dbi_is_stop(lex, t->text, t->stem) &&
			!dbi_begins_question(text, i) && !dbi_kind_word(t->stem))
			return false;
	}
	return true;
}

/* Both could be questions, and not the same one; what is compared must be clearer than that. */
static bool
may_part(const DbiLexicon *lex, const DbiText *text, const DbiBoundary *b)
{
	return b->last->best_agent >= 0 && b->next->best_agent >= 0 && b->last->best_tool >= 0 &&
		   b->next->best_tool >= 0 && b->next->evidence >= DBI_SOME_EVIDENCE &&
		   b->last->evidence >= DBI_SOME_EVIDENCE && b->next->scope < b->next->evidence &&
		   b->last->scope < b->last->evidence && !only_names_things(lex, text, b->last) &&
		   !only_names_things(lex, text, b->next) &&
		   (dbi_begins_question(text, b->next->from) ||
			b->both->lexical[b->next->best_agent] >=
				DISSOLVED * b->next->lexical[b->next->best_agent]) &&
		   (b->last->best_agent != b->next->best_agent || b->last->best_tool != b->next->best_tool) &&
		   (!dbi_is_comparing_split(text, b->next) ||
			(stands_alone(b->last) && stands_alone(b->next)));
}

static bool
parts(const DbiLexicon *lex, const DbiText *text, const DbiBoundary *b, double least)
{
	double x[DBI_SPLIT_FEATURES];
	double z = 0;

	if (lex->router == NULL || dbi_router_off)
		return stands_alone(b->last) && stands_alone(b->next);
	dbi_split_features(lex, text, b, x);
	for (int i = 0; i < DBI_SPLIT_FEATURES; i++)
		z += x[i] * lex->router->split[i];
	return z > least;
}

int
dbi_count_separators(const DbiText *text)
{
	int n = 0;

	for (int i = 0; i < text->n; i++)
		n += separator(text, i) > 0;
	return n;
}

/* A bare "mtd" in a list of other things: two words or less teach nothing of it. */
static bool
parts_month_so_far(const DbiSplitter *s, const DbiBoundary *b)
{
	return s->least <= 0 && b->last->best_agent != b->next->best_agent &&
		   (dbi_asks_month_so_far(s->lex, s->text, b->next) ||
			(dbi_asks_month_so_far(s->lex, s->text, b->last) &&
			 (b->last->from > 0 || dbi_count_separators(s->text) > 1)));
}

static List *
add_stretch(const DbiSplitter *s, List *clauses, DbiClause *next)
{
	DbiBoundary b = {clauses ? llast(clauses) : NULL, next, NULL};
	bool part;

	if (clauses == NIL)
		return list_make1(next);
	b.both = dbi_score_stretch(s->lex, s->text, s->slots, b.last->from, next->to, s->only_agent);
	if (!may_part(s->lex, s->text, &b))
		part = false;
	else
		part = s->decide ? s->decide(s, &b)
						 : parts_month_so_far(s, &b) || parts(s->lex, s->text, &b, s->least);
	if (part)
		return lappend(clauses, next);
	llast(clauses) = b.both;
	return clauses;
}

List *
dbi_split_by(const DbiSplitter *s)
{
	const DbiText *text = s->text;
	List *clauses = NIL;
	/* A text of many parts is no list of questions: it is read as one. */
	bool whole = dbi_count_separators(text) > MAX_SEPARATORS;
	int from = 0;

	for (int i = 0; i <= text->n && !whole; i++)
	{
		int sep = i < text->n ? separator(text, i) : 1;

		CHECK_FOR_INTERRUPTS();
		if (sep == 0)
			continue;
		if (i > from)
			clauses =
				add_stretch(s, clauses,
							dbi_score_stretch(s->lex, s->text, s->slots, from, i, s->only_agent));
		from = i + sep;
		i = Max(i, from - 1);
	}
	if (clauses == NIL)
		clauses =
			list_make1(dbi_score_stretch(s->lex, s->text, s->slots, 0, text->n, s->only_agent));
	return clauses;
}

List *
dbi_split(const DbiLexicon *lex, DbiText *text, List *slots, int only_agent,
		  bool within_conversation)
{
	DbiSplitter s =
		{lex, text, slots, only_agent, NULL, NULL, within_conversation ? CLEARLY_TWO : 0};

	return dbi_split_by(&s);
}
