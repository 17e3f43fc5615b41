/*
 * features.c: how like an example question a question is.
 *
 * Features are the stems that carry meaning, the concepts found, and the types
 * of the slots, so that examples speak for questions about other names and
 * other days. Likeness is the cosine under rarity weights.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "agents/understand.h"

/* A concept says more than the word it was found by; a slot's type less. */
#define CONCEPT_WEIGHT 1.5
#define WORD_WEIGHT 1.0
#define SLOT_WEIGHT 0.7

typedef struct Feature
{
	uint32 hash;
	float weight;
} Feature;

typedef struct Features
{
	Feature *items;
	int n;
	int size;
} Features;

static void
add(Features *f, const char *kind, const char *word, double weight)
{
	char *key = psprintf("%s:%s", kind, word);

	if (f->n == f->size)
	{
		f->size *= 2;
		f->items = repalloc(f->items, sizeof(Feature) * f->size);
	}
	f->items[f->n].hash = hash_bytes((unsigned char *) key, (int) strlen(key));
	f->items[f->n++].weight = (float) weight;
	pfree(key);
}

static int
compare(const void *a, const void *b)
{
	uint32 x = ((const Feature *) a)->hash;
	uint32 y = ((const Feature *) b)->hash;

	return (x > y) - (x < y);
}

/* Where a feature stands in rarity_hash, -1 if no example has it. */
static int
feature_place(const DbiLexicon *lex, uint32 hash)
{
	int low = 0;
	int high = lex->nrarity;

	while (low < high)
	{
		int mid = (low + high) / 2;

		if (lex->rarity_hash[mid] < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return low < lex->nrarity && lex->rarity_hash[low] == hash ? low : -1;
}

static double
rarity(const DbiLexicon *lex, uint32 hash)
{
	int place = feature_place(lex, hash);

	return place >= 0 ? lex->rarity[place] : lex->rarity_new;
}

static void
set_norm(DbiExample *e)
{
	double sum = 0;

	for (int i = 0; i < e->nfeatures; i++)
		sum += e->weights[i] * e->weights[i];
	e->norm = (float) sqrt(sum);
}

/* Sorted, each feature once; in the current context. */
static void
finish(const DbiLexicon *lex, Features *f, DbiExample *e)
{
	int n = 0;

	qsort(f->items, f->n, sizeof(Feature), compare);
	for (int i = 0; i < f->n; i++)
		if (n == 0 || f->items[n - 1].hash != f->items[i].hash)
			f->items[n++] = f->items[i];
	e->nfeatures = n;
	e->features = palloc(sizeof(uint32) * Max(n, 1));
	e->weights = palloc(sizeof(float) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		e->features[i] = f->items[i].hash;
		e->weights[i] =
			f->items[i].weight * (lex->nrarity > 0 ? (float) rarity(lex, f->items[i].hash) : 1);
	}
	set_norm(e);
}

/* Concepts that say what a question is about, not how it is asked. */
static bool
is_subject(const DbiConcept *concept)
{
	return concept->kind == DBI_CONCEPT_TOPIC && concept->weights != NIL;
}

/* A word that only asks, or points back, is like any example with it. */
static bool
is_asking(const DbiLexicon *lex, const DbiToken *t)
{
	const DbiForm *form = dbi_find_form(lex, t->stem);

	for (; form && form < lex->forms + lex->nforms && strcmp(form->key, t->stem) == 0; form++)
	{
		const DbiConcept *c = &lex->concepts[form->concept];

		if (c->kind == DBI_CONCEPT_STOP || c->kind == DBI_CONCEPT_INTENT ||
			c->kind == DBI_CONCEPT_FOLLOW || strcmp(c->name, "asks") == 0 ||
			strcmp(c->name, "polite") == 0)
			return true;
	}
	return false;
}

/* Without a word or a concept nothing is like anything: the norm is 0. */
void
dbi_make_features(const DbiLexicon *lex, const DbiText *text, List *slots, const DbiClause *clause,
				  DbiExample *e)
{
	Features f = {palloc(sizeof(Feature) * 32), 0, 32};
	int last_slot = -1;
	bool subject = false;
	ListCell *lc;

	foreach(lc, clause->hits)
	{
		DbiHit *hit = lfirst(lc);

		if (!is_subject(&lex->concepts[hit->concept]))
			continue;
		add(&f, "concept", lex->concepts[hit->concept].name, CONCEPT_WEIGHT);
		subject = subject || text->tokens[hit->from].slot < 0;
	}
	for (int i = clause->from; i < clause->to; i++)
	{
		const DbiToken *t = &text->tokens[i];

		if (t->slot >= 0)
		{
			DbiSlot *slot = list_nth(slots, t->slot);

			if (t->slot != last_slot)
				add(&f, "slot", slot->kind == DBI_SLOT_NAME ? "name" : dbi_slot_type(slot),
					SLOT_WEIGHT);
			last_slot = t->slot;
		}
		else if (t->kind == DBI_TOK_WORD && !is_asking(lex, t))
		{
			add(&f, "word", t->stem, WORD_WEIGHT);
			subject = true;
		}
	}
	if (!subject)
		f.n = 0;
	finish(lex, &f, e);
	pfree(f.items);
}

/* Notes for each feature which examples have it: a question is compared with those it shares one with. */
static void
index_examples(DbiLexicon *lex, MemoryContext context, int total)
{
	int *next = palloc0(sizeof(int) * (lex->nrarity + 1));

	lex->bearers = MemoryContextAllocHuge(context, sizeof(DbiBearer) * Max(total, 1));
	lex->first_bearers = MemoryContextAllocHuge(context, sizeof(int) * (lex->nrarity + 1));
	for (int i = 0; i < lex->nexamples; i++)
		for (int k = 0; k < lex->examples[i].nfeatures; k++)
			next[feature_place(lex, lex->examples[i].features[k]) + 1]++;
	for (int f = 0; f < lex->nrarity; f++)
		next[f + 1] += next[f];
	memcpy(lex->first_bearers, next, sizeof(int) * (lex->nrarity + 1));
	for (int i = 0; i < lex->nexamples; i++)
		for (int k = 0; k < lex->examples[i].nfeatures; k++)
		{
			int place = feature_place(lex, lex->examples[i].features[k]);

			lex->bearers[next[place]++] = (DbiBearer){i, lex->examples[i].weights[k]};
		}
	pfree(next);
}

/* Counts in how many examples each feature stands, then weighs them by it. */
void
dbi_weigh_features(DbiLexicon *lex, MemoryContext context)
{
	Feature *all;
	int total = 0;
	int n = 0;
	double examples = Max(lex->nexamples, 1);

	for (int i = 0; i < lex->nexamples; i++)
		total += lex->examples[i].nfeatures;
	all = palloc_extended(sizeof(Feature) * Max(total, 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < lex->nexamples; i++)
		for (int k = 0; k < lex->examples[i].nfeatures; k++)
			all[n++].hash = lex->examples[i].features[k];
	qsort(all, n, sizeof(Feature), compare);
	lex->rarity_hash = MemoryContextAllocHuge(context, sizeof(uint32) * Max(n, 1));
	lex->rarity = MemoryContextAllocHuge(context, sizeof(float) * Max(n, 1));
	for (int i = 0; i < n;)
	{
		int k = i;

		while (k < n && all[k].hash == all[i].hash)
			k++;
		lex->rarity_hash[lex->nrarity] = all[i].hash;
		lex->rarity[lex->nrarity++] = (float) (log(1 + examples / (k - i)) / log(1 + examples));
		i = k;
	}
	lex->rarity_new = 1;
	for (int i = 0; i < lex->nexamples; i++)
	{
		for (int k = 0; k < lex->examples[i].nfeatures; k++)
			lex->examples[i].weights[k] *= (float) rarity(lex, lex->examples[i].features[k]);
		set_norm(&lex->examples[i]);
	}
	pfree(all);
	index_examples(lex, context, total);
}

/* How like each example a question is: the cosine, 0 to 1; in the current context. */
double *
dbi_likenesses(const DbiLexicon *lex, const DbiExample *question)
{
	double *like = palloc0(sizeof(double) * Max(lex->nexamples, 1));

	if (question->norm <= 0)
		return like;
	for (int i = 0; i < question->nfeatures; i++)
	{
		int place = feature_place(lex, question->features[i]);

		if (place < 0)
			continue;
		for (int k = lex->first_bearers[place]; k < lex->first_bearers[place + 1]; k++)
			like[lex->bearers[k].example] += question->weights[i] * lex->bearers[k].weight;
	}
	for (int i = 0; i < lex->nexamples; i++)
		if (like[i] > 0)
			like[i] /= question->norm * lex->examples[i].norm;
	return like;
}
