/*
 * plan_back.c: "back to the costs", "the failed jobs again": a question of
 * some turns ago, as it was asked then. The frame keeps the last question for
 * each tool that others followed, with what it was about.
 */
#include "postgres.h"

#include "agents/planner.h"

/* Questions that can be gone back to. */
#define MOST_PAST 8
/* A tool that the words choose counts for more than any number of words of the question. */
#define SAME_TOOL 100

/* ---- what was asked before ---- */

static bool
has_tool(List *clauses, const DbiFrameClause *f)
{
	ListCell *lc;

	foreach(lc, clauses)
		if (strcmp(((DbiFrameClause *) lfirst(lc))->tool, f->tool) == 0)
			return true;
	return false;
}

static DbiFrameClause *
with_slots(const DbiFrameClause *f, List *slots)
{
	DbiFrameClause *r = palloc(sizeof(DbiFrameClause));

	*r = *f;
	r->slots = slots;
	return r;
}

/* The past of a conversation that now is about other clauses: the latest first, each tool once. */
List *
dbi_past_of(const DbiFrame *frame, List *now)
{
	List *past = NIL;
	ListCell *lc;

	foreach(lc, frame->clauses)
		if (!has_tool(now, lfirst(lc)) && !has_tool(past, lfirst(lc)))
			past = lappend(past, with_slots(lfirst(lc), frame->slots));
	foreach(lc, frame->past)
		if (list_length(past) < MOST_PAST && !has_tool(now, lfirst(lc)) &&
			!has_tool(past, lfirst(lc)))
			past = lappend(past, lfirst(lc));
	return past;
}

/* ---- going back ---- */

typedef enum Back
{
	NOT_BACK,
	MAYBE_BACK, /* "X again", "X once more", "anyway, X": of the last question, or of one before */
	BACK        /* "back to X", "return to X": not of the last one */
} Back;

static Back
says_back(const DbiText *text)
{
	Back back = NOT_BACK;

	for (int i = 0; i < text->n; i++)
	{
		const char *word = text->tokens[i].text;
		const char *next = i + 1 < text->n ? text->tokens[i + 1].text : "";
		bool ends = i + 1 == text->n || text->tokens[i + 1].kind == DBI_TOK_PUNCT ||
					dbi_is_one_of(next, "please|pls|plz|then|now|for");

		if (text->tokens[i].slot >= 0)
			continue;
		if ((dbi_is_one_of(word, "back|return|returning") && dbi_is_one_of(next, "to|on")) ||
			dbi_is_one_of(word, "revisit"))
			return BACK;
		if ((i == 0 && dbi_is_one_of(word, "anyway|anyhow")) ||
			(ends &&
			 (strcmp(word, "again") == 0 || (i > 0 && dbi_is_one_of(word, "more|time") &&
											 dbi_is_one_of(text->tokens[i - 1].text, "once|one")))))
			back = MAYBE_BACK;
	}
	return back;
}

static bool
is_spoken_of(const DbiLexicon *lex, const DbiText *text, const DbiHit *hit, const DbiFrameClause *f)
{
	ListCell *lc;

	if (hit->from < 0 || text->tokens[hit->from].slot >= 0)
		return false;
	foreach(lc, f->concepts)
		if (strcmp(lfirst(lc), lex->concepts[hit->concept].name) == 0)
			return true;
	return false;
}

/* How well the words name a question of before; 0: not at all. */
static int
naming(DbiPlanner *p, const DbiFrameClause *f)
{
	int score = 0;
	int agent = dbi_find_agent(p->lex, f->agent);
	ListCell *lc;
	ListCell *h;

	foreach(lc, p->clauses)
	{
		DbiClause *clause = lfirst(lc);

		if (clause->best_tool >= 0 && clause->evidence >= DBI_OWN_EVIDENCE &&
			strcmp(p->lex->tools[clause->best_tool].name, f->tool) == 0)
			score += SAME_TOOL;
		if (agent >= 0 && clause->lexical[agent] > 0)
			score++;
		foreach(h, clause->hits)
			if (is_spoken_of(p->lex, p->text, lfirst(h), f))
				score += 2;
	}
	return score;
}

/* Puts the question that the words go back to in the place of the one before; false when there is none. */
bool
dbi_go_back(DbiPlanner *p)
{
	DbiFrame *frame = p->frame;
	DbiFrameClause *best = NULL;
	Back back = says_back(p->text);
	int most = 0;
	ListCell *lc;

	if (frame->past == NIL || p->chosen || dbi_count_words(p->text) > DBI_FOLLOW_UP_WORDS ||
		back == NOT_BACK)
		return false;
	foreach(lc, frame->clauses)
		most = Max(most, naming(p, lfirst(lc)));
	foreach(lc, frame->past)
	{
		int score = naming(p, lfirst(lc));

		if (score > most || (score > 0 && score == most && back == BACK && !best))
		{
			most = score;
			best = lfirst(lc);
		}
	}
	if (!best)
		return false;
	frame->past = dbi_past_of(frame, list_make1(best));
	frame->clauses = list_make1(best);
	frame->slots = best->slots;
	return true;
}
