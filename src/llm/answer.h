/*
 * llm/answer.h: an answer in flight, as the files of this room know it.
 */
#ifndef DBI_LLM_ANSWER_H
#define DBI_LLM_ANSWER_H

#include "postgres.h"

#include "utils/memutils.h"

#include "llm/ask.h"
#include "llm/reading.h"
#include "llm/sse.h"

/* Who is to be charged when the transaction is rolled back. */
typedef struct
{
	char *person;
	char *conversation; /* or NULL, as the next two */
	char *agent;
	char *purpose;
	TimestampTz at;
} DbiOwed;

struct DbiModelAnswer
{
	MemoryContext context;
	MemoryContextCallback callback; /* of context: ends the request */
	DbiModel *model;
	DbiAsk *ask;
	const char *fallback; /* the model to ask when the first one fails, or NULL */
	DbiDeadline deadline;

	DbiRequest *request; /* under way, or NULL */
	char *token;         /* it bears, or NULL */
	bool renewed;        /* the workspace's token was refused once */
	bool admitted;       /* the breaker waits to hear of it */

	DbiReading *reading;
	DbiSse sse;
	bool opened;          /* the first byte was looked at */
	bool plain;           /* a body of JSON, not a stream */
	StringInfoData whole; /* of which this much has come */

	bool done;
	DbiModelFault *fault;
	TimestampTz sent; /* the first request */
	TimestampTz first;
	TimestampTz ended;
	int tries;        /* of requests that ended */
	double estimated; /* tokens of the prompt, before what was learned */
	DbiOwed *owed;    /* NULL: what is rolled back is lost */
};

/*
 * linger.c: a request whose answer is whole but which has not ended: it is let
 * to, so that its connection serves the next one. dbi_linger_end() ends those
 * that have, or that had their time.
 */
extern void dbi_linger(DbiRequest *request);
extern void dbi_linger_end(void);

/* usage.c: why it ended, a word of llm_usage. */
extern const char *dbi_model_status(DbiModelAnswer *answer);

/* owed.c: remembers the usage of an answer that goes with its transaction. */
extern void dbi_owed_keep(DbiModelAnswer *answer);

#endif
