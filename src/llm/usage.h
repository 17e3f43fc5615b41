/*
 * llm/usage.h: a row of llm_usage.
 */
#ifndef DBI_LLM_USAGE_H
#define DBI_LLM_USAGE_H

#include "postgres.h"

#include "llm/model.h"

typedef struct
{
	const DbiModel *model;
	const char *name; /* of the model that was asked */
	const char *id;   /* of the response, or NULL */
	const char *status;
	const char *error; /* SQLSTATE, or NULL */
	const DbiModelUsage *usage;
	double latency_ms;
	double first_token_ms; /* negative: none */
} DbiBooking;

extern void dbi_book(const DbiBooking *booking, const DbiModelUse *use);

#endif
