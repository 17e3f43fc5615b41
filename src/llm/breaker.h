/*
 * llm/breaker.h: endpoints that failed again and again are left alone for a
 * while. A model of a URL is an endpoint, for all sessions of the server when
 * the library is preloaded, else for this one.
 */
#ifndef DBI_LLM_BREAKER_H
#define DBI_LLM_BREAKER_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef enum
{
	DBI_BREAKER_CLOSED, /* ask it */
	DBI_BREAKER_PROBE,  /* ask it: whether it is back, all others wait for that */
	DBI_BREAKER_OPEN    /* leave it alone */
} DbiBreaker;

extern DbiBreaker dbi_breaker_admit(const char *url, const char *model);

/* What became of a request that was admitted; a probe ends with one of them. */
extern void dbi_breaker_succeeded(const char *url, const char *model);
extern void dbi_breaker_failed(const char *url, const char *model);
extern void dbi_breaker_unknown(const char *url, const char *model);

#endif
