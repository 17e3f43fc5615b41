/*
 * plan_follow.c: questions that only change something in the one before.
 */
#include "postgres.h"

#include "agents/planner.h"

/* The new words as a clause, with what a clause of the frame was about added to it; not yet scored. */
DbiClause *
dbi_read_frame_clause(DbiPlanner *p, const DbiFrameClause *f)
{
	DbiClause *clause = dbi_read_clause(p->lex, p->text, p->slots, 0, p->text->n);
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
	return clause;
}

/* The clause of the frame with what the new words add to it. */
static DbiClause *
continued(DbiPlanner *p, const DbiFrameClause *f)
{
	DbiClause *clause = dbi_read_frame_clause(p, f);
	int agent = dbi_find_agent(p->lex, f->agent);
	int tool = -1;

	for (int t = 0; t < p->lex->ntools; t++)
		if (p->lex->tools[t].agent == agent && strcmp(p->lex->tools[t].name, f->tool) == 0)
			tool = t;
	dbi_score_clause(p->lex, p->text, p->slots, clause, p->only_agent, agent, tool);
	return clause->best_agent >= 0 && clause->best_tool >= 0 ? clause : NULL;
}

int
dbi_count_words(const DbiText *text)
{
	int n = 0;

	for (int i = 0; i < text->n; i++)
		n += text->tokens[i].kind != DBI_TOK_PUNCT;
	return n;
}

static bool
is_of_frame(DbiPlanner *p, const DbiConcept *concept)
{
	ListCell *lc;
	ListCell *n;

	foreach(lc, p->frame->clauses)
		foreach(n, ((DbiFrameClause *) lfirst(lc))->concepts)
			if (strcmp(lfirst(n), concept->name) == 0)
				return true;
	return false;
}

/* Whether a word, and not only the name or the kind of something, speaks for another subject. */
static bool
names_a_subject(DbiPlanner *p)
{
	ListCell *lc;
	ListCell *h;

	foreach(lc, p->clauses)
		foreach(h, ((DbiClause *) lfirst(lc))->hits)
		{
			DbiHit *hit = lfirst(h);
			DbiConcept *c = &p->lex->concepts[hit->concept];

			if (hit->from >= 0 && p->text->tokens[hit->from].slot < 0 &&
				!(hit->to == hit->from + 1 && dbi_kind_word(p->text->tokens[hit->from].stem)) &&
				c->kind == DBI_CONCEPT_TOPIC && c->weights != NIL && !is_of_frame(p, c))
				return true;
		}
	return false;
}

/* Whether the words only change something in what was asked before. */
bool
dbi_is_follow_up(DbiPlanner *p)
{
	return p->frame->clauses != NIL && dbi_count_words(p->text) <= DBI_FOLLOW_UP_WORDS &&
		   !p->cuts_otherwise && !names_a_subject(p) && !dbi_counts_anothers(p) &&
		   (p->slots != NIL || dbi_kind_anywhere(p, DBI_CONCEPT_FOLLOW) ||
			dbi_kind_anywhere(p, DBI_CONCEPT_INTENT) || dbi_lexical_evidence(p) > 0);
}

/* A name nobody knows, in place of one that was spoken of, is of the same kind. */
void
dbi_take_kind_from_frame(DbiPlanner *p)
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

bool
dbi_plan_follow_up(DbiPlanner *p)
{
	List *clauses = NIL;
	ListCell *lc;

	dbi_take_kind_from_frame(p);
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
		dbi_plan_clause(p, lfirst(lc), DBI_INHERIT_ALL);
	return true;
}
