/*
 * plan_change_talk.c: a change with talk around it: "only 5, I have a short
 * attention span", "not enough for my sample, take 90".
 *
 * A message is cut at its commas and stops. The longest run of parts in which
 * every word is accounted for is the change; what is left must ask for
 * nothing, or the whole is a question of its own.
 */
#include "postgres.h"

#include "agents/plan_change.h"
#include "agents/split.h"

/* A message of more parts, or more words, is no remark beside a change. */
#define MOST_PARTS 5
#define MOST_WORDS 30
/* Evidence from which a remark speaks for something of ours. */
#define SPEAKS 2.5

typedef struct Parts
{
	int n;
	int from[MOST_PARTS];
	int to[MOST_PARTS];
} Parts;

static bool
is_stop(const DbiToken *t)
{
	return t->slot < 0 && ((t->kind == DBI_TOK_PUNCT && strchr(",;.?!:-()", t->text[0]) != NULL) ||
						   (t->kind == DBI_TOK_WORD && dbi_is_one_of(t->text, "because|cause|cuz")));
}

/* Parts of the text; false when there are too many, or only one. */
static bool
find_parts(const DbiText *text, Parts *parts)
{
	int from = 0;

	parts->n = 0;
	for (int i = 0; i <= text->n; i++)
	{
		if (i < text->n && !is_stop(&text->tokens[i]))
			continue;
		if (i > from)
		{
			if (parts->n == MOST_PARTS)
				return false;
			parts->from[parts->n] = from;
			parts->to[parts->n++] = i;
		}
		from = i + 1;
	}
	return parts->n > 1;
}

static DbiText *
part_of_text(const DbiText *text, int from, int to)
{
	DbiText *part = palloc(sizeof(DbiText));

	part->source = text->source;
	part->n = to - from;
	part->tokens = palloc(sizeof(DbiToken) * part->n);
	memcpy(part->tokens, text->tokens + from, sizeof(DbiToken) * part->n);
	return part;
}

/* Slots that lie in [from, to), as of a text that begins there; its tokens are told their numbers. */
static List *
part_of_slots(DbiText *part, List *slots, int from, int to)
{
	List *r = NIL;
	ListCell *lc;

	for (int i = 0; i < part->n; i++)
		part->tokens[i].slot = -1;
	foreach(lc, slots)
	{
		DbiSlot *slot = palloc(sizeof(DbiSlot));

		memcpy(slot, lfirst(lc), sizeof(DbiSlot));
		if (slot->from < from || slot->to > to)
			continue;
		slot->from -= from;
		slot->to -= from;
		if (slot->kind != DBI_SLOT_TAKEN)
			for (int i = slot->from; i < slot->to; i++)
				part->tokens[i].slot = list_length(r);
		r = lappend(r, slot);
	}
	return r;
}

/* A plan of the words [from, to) alone. */
static DbiPlanner
planner_of(const DbiPlanner *p, int from, int to)
{
	DbiPlanner q = *p;

	q.text = part_of_text(p->text, from, to);
	q.slots = part_of_slots(q.text, p->slots, from, to);
	dbi_change_add_number_word(&q);
	q.clauses =
		list_make1(dbi_score_stretch(p->lex, q.text, q.slots, 0, q.text->n, p->only_agent));
	return q;
}

/* Whether a part wants to be answered. */
static bool
asks(DbiPlanner *p, int from, int to)
{
	DbiPlanner q = planner_of(p, from, to);

	return dbi_begins_question(p->text, from) ||
		   (to < p->text->n && strcmp(p->text->tokens[to].text, "?") == 0) ||
		   dbi_lexical_evidence(&q) >= SPEAKS;
}

static bool
is_only_talk(DbiPlanner *p, const Parts *parts, int first, int last)
{
	for (int i = 0; i < parts->n; i++)
		if ((i < first || i > last) && asks(p, parts->from[i], parts->to[i]))
			return false;
	return true;
}

bool
dbi_cut_talk(DbiPlanner *p)
{
	Parts parts;

	if (dbi_count_words(p->text) > MOST_WORDS || !find_parts(p->text, &parts))
		return false;
	for (int len = parts.n - 1; len > 0; len--)
		for (int first = 0; first + len <= parts.n; first++)
		{
			int last = first + len - 1;
			DbiPlanner q = planner_of(p, parts.from[first], parts.to[last]);

			if (!dbi_is_pure_change(&q) || !is_only_talk(p, &parts, first, last))
				continue;
			p->text = q.text;
			p->slots = q.slots;
			p->clauses = q.clauses;
			p->cuts_otherwise = false;
			p->chosen = NULL;
			return true;
		}
	return false;
}
