/*
 * llm/known.h: what a backend has learned of models.
 */
#ifndef DBI_LLM_KNOWN_H
#define DBI_LLM_KNOWN_H

#include "postgres.h"

#include "llm/ask.h"
#include "llm/reading.h"

/* What a model of a server is known not to understand. */
extern uint32 dbi_known_lacks(const char *url, const char *model);

/*
 * What an error of status 400 or 422 says that it lacks, of what was sent; 0
 * when it says nothing of the kind. It is kept.
 */
extern uint32 dbi_learn_lack(const DbiAsk *ask, const char *url, const DbiToldError *error);

/* Tokens that a prompt was estimated at without what was learned, and that it had. */
extern void dbi_learn_tokens(const char *model, double estimated, double real);

/* An estimate with what was learned. */
extern double dbi_learned(const char *model, double estimate);

/* Without what was learned. */
extern double dbi_plain_estimate(size_t len, bool json);
extern double dbi_ask_estimate(const DbiAsk *ask);

#endif
