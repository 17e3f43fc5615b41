/*
 * llm/fault.h: what went wrong, as the caller is told.
 */
#ifndef DBI_LLM_FAULT_H
#define DBI_LLM_FAULT_H

#include "postgres.h"

#include "llm/model.h"
#include "llm/reading.h"

/* In the current memory context. key: a secret that may be in a server's words, or NULL. */
extern DbiModelFault *dbi_fault(int sqlstate, const char *message, const char *hint, bool passing);
extern DbiModelFault *dbi_fault_of_answer(const DbiModel *model, DbiRequest *request,
										  const char *key);
extern DbiModelFault *dbi_fault_told(const DbiModel *model, const DbiToldError *error, int status,
									 const char *key);

/* Of an error that was caught: to be called in PG_CATCH, in the context that keeps it. */
extern DbiModelFault *dbi_fault_caught(void);

/* What an error's body says, in the current memory context. */
extern DbiToldError dbi_told_by(DbiRequest *request);

/* Whether the answer of a try is worth another, and when: DbiHttp's policy for language models. */
extern int64 dbi_model_again(DbiRequest *request);

#endif
