/*
 * router_split.c: learns when a conjunction parts two questions.
 *
 * From questions that the scorers have not been trained on: where one with
 * conjunctions in it is parted, that is wrong; where two questions of different
 * tools have been joined, parting them there is right. Logistic regression,
 * whole batch, in a fixed number of rounds.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "agents/router_learn.h"
#include "agents/split.h"

#define ROUNDS 3000
#define RATE 0.5
#define DECAY 1e-4
/* Neighbours in the list are of one tool: the second of a pair comes from afar. */
#define PAIR_STEP 37

typedef struct Judged
{
	double x[DBI_SPLIT_FEATURES];
	bool part;
} Judged;

typedef struct Truth
{
	int second; /* byte at which the second question begins; -1: there is none */
	Judged *judged;
	int n;
	int size;
} Truth;

static bool
decide(const DbiSplitter *s, const DbiBoundary *b)
{
	Truth *truth = s->arg;
	int begins = s->text->tokens[b->next->from].start;
	int before = s->text->tokens[b->last->from].start;
	bool part = truth->second >= 0 && begins >= truth->second && before < truth->second;

	if (truth->n == truth->size)
	{
		truth->size *= 2;
		truth->judged = repalloc_huge(truth->judged, sizeof(Judged) * truth->size);
	}
	dbi_split_features(s->lex, s->text, b, truth->judged[truth->n].x);
	truth->judged[truth->n++].part = part;
	return part;
}

static void
look_at(const DbiLexicon *lex, const char *words, Truth *truth)
{
	DbiClock clock;
	DbiSplitter s = {lex, dbi_tokenize(words), NIL, -1, decide, truth};

	dbi_set_clock(&clock, NULL);
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

	for (int i = 0; i < n; i++)
	{
		const DbiQuestion *a = &questions[i];
		const DbiQuestion *b = &questions[(int) (((int64) i * PAIR_STEP + 11) % n)];
		const char *joint = joints[i % lengthof(joints)];

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

static double
logit(const double *w, const double *x)
{
	double z = 0;

	for (int k = 0; k < DBI_SPLIT_FEATURES; k++)
		z += w[k] * x[k];
	return z;
}

/* The lexicon has the router whose scores are looked at. */
void
dbi_learn_split(const DbiLexicon *lex, const DbiQuestion *questions, int n, float *split)
{
	Truth truth = {-1, palloc(sizeof(Judged) * 1024), 0, 1024};
	double w[DBI_SPLIT_FEATURES] = {0};

	gather(lex, questions, n, &truth);
	for (int round = 0; round < ROUNDS && truth.n > 0; round++)
	{
		double g[DBI_SPLIT_FEATURES] = {0};

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < truth.n; i++)
		{
			const Judged *j = &truth.judged[i];
			double error = 1 / (1 + exp(-logit(w, j->x))) - j->part;

			for (int k = 0; k < DBI_SPLIT_FEATURES; k++)
				g[k] += error * j->x[k];
		}
		for (int k = 0; k < DBI_SPLIT_FEATURES; k++)
			w[k] -= RATE * (g[k] / truth.n + DECAY * w[k]);
	}
	for (int k = 0; k < DBI_SPLIT_FEATURES; k++)
		split[k] = (float) w[k];
	pfree(truth.judged);
}
