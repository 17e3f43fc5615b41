/*
 * router_features.c: a stretch of words as hashed features.
 *
 * Three blocks, each of length one: the concepts found, the words (one and two
 * in a row, names by their type), and the runs of three to five characters of
 * the words that carry meaning, which know a word by its relatives.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"

#include "agents/router.h"

#define CONCEPT_BLOCK 1.0
#define WORD_BLOCK 1.0
#define CHARACTER_BLOCK 0.6
#define SHORTEST_RUN 3
#define LONGEST_RUN 4

typedef struct FeatureBlock
{
	uint32 *buckets;
	int n;
	int size;
} FeatureBlock;

static void
add(FeatureBlock *b, char kind, const char *text, Size len)
{
	uint32 hash = hash_bytes_extended((const unsigned char *) text, len, kind);

	if (b->n == b->size)
	{
		b->size *= 2;
		b->buckets = repalloc(b->buckets, sizeof(uint32) * b->size);
	}
	b->buckets[b->n++] = hash & (DBI_ROUTER_BUCKETS - 1);
}

static void
add_word(FeatureBlock *b, char kind, const char *text)
{
	add(b, kind, text, strlen(text));
}

static int
compare(const void *a, const void *b)
{
	uint32 x = *(const uint32 *) a;
	uint32 y = *(const uint32 *) b;

	return (x > y) - (x < y);
}

/* Appends a block to the features, its length made `length`. */
static void
close_block(FeatureBlock *b, double length, DbiSparse *f)
{
	int n = 0;

	qsort(b->buckets, b->n, sizeof(uint32), compare);
	for (int i = 0; i < b->n; i++)
		if (n == 0 || b->buckets[n - 1] != b->buckets[i])
			b->buckets[n++] = b->buckets[i];
	f->buckets = repalloc(f->buckets, sizeof(uint32) * (f->n + n + 1));
	f->values = repalloc(f->values, sizeof(float) * (f->n + n + 1));
	for (int i = 0; i < n; i++)
	{
		f->buckets[f->n] = b->buckets[i];
		f->values[f->n++] = (float) (length / sqrt(n));
	}
	pfree(b->buckets);
}

static FeatureBlock
new_block(void)
{
	FeatureBlock b = {palloc(sizeof(uint32) * 64), 0, 64};

	return b;
}

static void
add_runs(FeatureBlock *b, const char *word)
{
	char *marked = psprintf("<%s>", word);
	int len = (int) strlen(marked);

	for (int run = SHORTEST_RUN; run <= LONGEST_RUN; run++)
		for (int i = 0; i + run <= len; i++)
			add(b, 'c', marked + i, run);
	pfree(marked);
}

/* What stands for token i among the words: its stem, or its slot's type; NULL within a slot or at a stop. */
static const char *
unit_at(const DbiText *text, List *slots, int i, int *last_slot)
{
	const DbiToken *t = &text->tokens[i];
	DbiSlot *slot;

	if (t->slot < 0)
	{
		*last_slot = -1;
		return t->kind == DBI_TOK_WORD || t->kind == DBI_TOK_NUMBER
				   ? (t->kind == DBI_TOK_NUMBER ? "<number>" : t->stem)
				   : NULL;
	}
	if (t->slot == *last_slot)
		return NULL;
	*last_slot = t->slot;
	slot = list_nth(slots, t->slot);
	/* What a name is the account knows; the model must not depend on the account. */
	return slot->kind == DBI_SLOT_NAME ? "<name>" : psprintf("<%s>", dbi_slot_type(slot));
}

/* Concepts found by words; those of names depend on the account. */
static void
add_concepts(const DbiLexicon *lex, const DbiText *text, const DbiClause *clause, FeatureBlock *b)
{
	ListCell *lc;

	foreach(lc, clause->hits)
	{
		DbiHit *hit = lfirst(lc);
		DbiConcept *c = &lex->concepts[hit->concept];

		if (hit->from < 0 || text->tokens[hit->from].slot >= 0 || c->kind == DBI_CONCEPT_STOP)
			continue;
		add_word(b, 'k', c->name);
	}
}

void
dbi_router_features(const DbiLexicon *lex, const DbiText *text, List *slots,
					const DbiClause *clause, DbiSparse *f)
{
	FeatureBlock concepts = new_block();
	FeatureBlock words = new_block();
	FeatureBlock runs = new_block();
	const char *before = "^";
	int last_slot = -1;

	f->n = 0;
	f->buckets = palloc(sizeof(uint32));
	f->values = palloc(sizeof(float));
	add_concepts(lex, text, clause, &concepts);
	for (int i = clause->from; i < clause->to; i++)
	{
		const char *unit = unit_at(text, slots, i, &last_slot);
		const DbiToken *t = &text->tokens[i];

		if (unit == NULL)
			continue;
		if (unit[0] == '<' || !dbi_is_stop(lex, t->text, t->stem))
			add_word(&words, 'w', unit);
		add_word(&words, 'p', psprintf("%s %s", before, unit));
		if (unit[0] != '<' && strlen(unit) >= SHORTEST_RUN && !dbi_is_stop(lex, t->text, t->stem))
			add_runs(&runs, t->text);
		before = unit;
	}
	add_word(&words, 'p', psprintf("%s $", before));
	close_block(&concepts, CONCEPT_BLOCK, f);
	close_block(&words, WORD_BLOCK, f);
	close_block(&runs, CHARACTER_BLOCK, f);
}
