/*
 * agents/split.h: how a text is parted into questions. Private to
 * understanding; router_train.c learns the weights by following the same path.
 */
#ifndef DBI_AGENTS_SPLIT_H
#define DBI_AGENTS_SPLIT_H

#include "agents/understand.h"

/* Two stretches side by side, and what they are together. */
typedef struct DbiBoundary
{
	DbiClause *last;
	DbiClause *next;
	DbiClause *both;
} DbiBoundary;

typedef struct DbiSplitter
{
	const DbiLexicon *lex;
	DbiText *text;
	List *slots;
	int only_agent;
	bool (*decide)(const struct DbiSplitter *splitter,
				   const DbiBoundary *boundary); /* NULL: by the model */
	void *arg;
	double least; /* evidence for two questions from which they are parted */
} DbiSplitter;

/* Whether the words from there on begin as a question or an order to see does. */
extern bool dbi_begins_question(const DbiText *text, int from);
/* Whether the clause was parted from the one before by a word that compares. */
extern bool dbi_is_comparing_split(const DbiText *text, const DbiClause *clause);
/* Places at which a text might be parted. */
extern int dbi_count_separators(const DbiText *text);
extern List *dbi_split_by(const DbiSplitter *splitter);

/* DBI_SPLIT_FEATURES numbers, about 0 to 2. */
extern void dbi_split_features(const DbiLexicon *lexicon, const DbiText *text,
							   const DbiBoundary *boundary, double *features);

/* Whether a stretch is nothing but "mtd" and asks for it. */
extern bool dbi_asks_month_so_far(const DbiLexicon *lexicon, const DbiText *text,
								  const DbiClause *clause);

#endif
