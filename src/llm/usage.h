/*
 * llm/usage.h: a row of llm_usage.
 */
#ifndef DBI_LLM_USAGE_H
#define DBI_LLM_USAGE_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "llm/model.h"

typedef struct
{
	const char *server;
	const char *name; /* of the model that was asked */
	const char *id;   /* of the response, or NULL */
	const char *status;
	const char *error; /* SQLSTATE, or NULL */
	const DbiModelUsage *usage;
	double usd;
	double latency_ms;
	double first_token_ms; /* negative: none */
	const char *person;    /* NULL: whoever asks, now */
	TimestampTz at;        /* with person */
} DbiBooking;

extern void dbi_book(const DbiBooking *booking, const DbiModelUse *use);

#endif
