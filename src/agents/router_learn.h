/*
 * agents/router_learn.h: between the parts of the router's training.
 */
#ifndef DBI_AGENTS_ROUTER_LEARN_H
#define DBI_AGENTS_ROUTER_LEARN_H

#include "agents/router.h"

/* Rows of features with a yes or no each. */
typedef struct DbiTable
{
	int columns;
	int n;
	int size;
	double *x;
	bool *yes;
} DbiTable;

/* ---- router_logistic.c ---- */
extern void dbi_table_init(DbiTable *table, int columns);
extern double *dbi_table_row(DbiTable *table, bool yes);
extern void dbi_fit_logistic(DbiTable *table, float *weights);

/* ---- router_split.c ---- */

typedef struct DbiQuestion
{
	const char *words;
	int label; /* of its tool: questions of one label are one question */
} DbiQuestion;

/* The courtesies are no questions, though they stand beside one. */
extern void dbi_learn_split(const DbiLexicon *lexicon, const DbiQuestion *questions, int n,
							const DbiQuestion *courtesies, int ncourtesies, float *split);

#endif
