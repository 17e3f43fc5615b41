/*
 * router_split.c: learns when a conjunction parts two questions.
 *
 * From questions that the scorers have not been trained on: where one with
 * conjunctions in it is parted, that is wrong; where two questions of different
 * tools have been joined, parting them there is right.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "agents/router_learn.h"
#include "agents/split.h"

/* More show the same. */
#define MOST_QUESTIONS 600
/* Neighbours in the list are of one tool: the second of a pair comes from afar. */
#define PAIR_STEP 37

typedef struct Truth
{
	int second; /* byte at which the second question begins; -1: there is none */
	DbiTable table;
} Truth;

static bool
decide(const DbiSplitter *s, const DbiBoundary *b)
{
	Truth *truth = s->arg;
	int begins = s->text->tokens[b->next->from].start;
	int before = s->text->tokens[b->last->from].start;
	bool part = truth->second >= 0 && begins >= truth->second && before < truth->second;

	dbi_split_features(s->lex, s->text, b, dbi_table_row(&truth->table, part));
	return part;
}

static void
look_at(const DbiLexicon *lex, const char *words, Truth *truth)
{
	DbiClock clock;
	DbiSplitter s = {lex, dbi_tokenize(words), NIL, -1, decide, truth};

	dbi_set_still_clock(&clock);
	dbi_drop_courtesy(s.text);
	dbi_repair_typos(lex, s.text);
	s.slots = dbi_find_slots(s.text, &clock);
	(void) dbi_split_by(&s);
}

static void
gather(const DbiLexicon *lex, const DbiQuestion *questions, int n, Truth *truth)
{
	static const char *const joints[] = {" and ",  ". ",  ", also ", "; ",  " plus ",
										 ", and ", " + ", "? ",      " & ", ", "};
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight split", ALLOCSET_DEFAULT_SIZES);
	MemoryContext context = CurrentMemoryContext;

	for (int i = 0; i < n; i += Max(n / MOST_QUESTIONS, 1))
	{
		const DbiQuestion *a = &questions[i];
		const DbiQuestion *b = &questions[(int) (((int64) i * PAIR_STEP + 11) % n)];
		const char *joint = joints[i / Max(n / MOST_QUESTIONS, 1) % lengthof(joints)];

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(scratch);
		MemoryContextSwitchTo(scratch);
		truth->second = -1;
		look_at(lex, a->words, truth);
		if (a->label != b->label && strlen(a->words) + strlen(b->words) < DBI_MAX_QUESTION_BYTES / 2)
		{
			truth->second = (int) (strlen(a->words) + strlen(joint));
			look_at(lex, psprintf("%s%s%s", a->words, joint, b->words), truth);
		}
		MemoryContextSwitchTo(context);
	}
	MemoryContextDelete(scratch);
}

/* The lexicon has the router whose scores are looked at. */
void
dbi_learn_split(const DbiLexicon *lex, const DbiQuestion *questions, int n, float *split)
{
	Truth truth = {-1, {0}};

	dbi_table_init(&truth.table, DBI_SPLIT_FEATURES);
	gather(lex, questions, n, &truth);
	dbi_fit_logistic(&truth.table, split);
}
