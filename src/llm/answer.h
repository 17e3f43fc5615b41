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
};

/*
 * linger.c: a request whose answer is whole but which has not ended: it is let
 * to, so that its connection serves the next one. dbi_linger_end() ends those
 * that have, or that had their time.
 */
extern void dbi_linger(DbiRequest *request);
extern void dbi_linger_end(void);

#endif
