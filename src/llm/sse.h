/*
 * llm/sse.h: server-sent events out of bytes that are cut anywhere.
 */
#ifndef DBI_LLM_SSE_H
#define DBI_LLM_SSE_H

#include "postgres.h"

#include "lib/stringinfo.h"

typedef struct DbiSse
{
	StringInfoData pending; /* bytes that came */
	int head;               /* of pending: read as lines before here */
	int seen;               /* looked through for the end of a line before here */
	StringInfoData event;   /* fields of the event being read */
	StringInfoData data;
	bool any_data;
	bool after_cr; /* a line ended with CR: a LF that follows belongs to it */
	bool begun;    /* the first bytes were seen, a byte order mark skipped */
	bool finished; /* no more bytes will come */
	bool taken;    /* the event was handed out: it is cleared by the next call */
} DbiSse;

/* In the current memory context, which must outlive it. */
extern void dbi_sse_init(DbiSse *sse);

/* False when an event is larger than any model's. */
extern bool dbi_sse_feed(DbiSse *sse, const char *bytes, size_t len);

/* What is left is the last line, and the last event. */
extern void dbi_sse_finish(DbiSse *sse);

/* The next whole event with data, valid until the next call; NUL follows the data. */
extern bool dbi_sse_next(DbiSse *sse, const char **event, const char **data, size_t *len);

#endif
