/*
 * agents/router_learn.h: between the parts of the router's training.
 */
#ifndef DBI_AGENTS_ROUTER_LEARN_H
#define DBI_AGENTS_ROUTER_LEARN_H

#include "agents/router.h"

typedef struct DbiQuestion
{
	const char *words;
	int label; /* of its tool: questions of one label are one question */
} DbiQuestion;

extern void dbi_learn_split(const DbiLexicon *lexicon, const DbiQuestion *questions, int n,
							float *split);

#endif
