/*
 * llm/ask.h: a request as a dialect's JSON.
 */
#ifndef DBI_LLM_ASK_H
#define DBI_LLM_ASK_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "llm/model.h"

/* What a model was found not to understand; see known.c. */
enum
{
	DBI_LACKS_STREAM_OPTIONS = 1 << 0,
	DBI_LACKS_MAX_TOKENS = 1 << 1, /* it wants max_completion_tokens */
	DBI_LACKS_TEMPERATURE = 1 << 2,
	DBI_LACKS_TOOL_CHOICE = 1 << 3,
	DBI_LACKS_SCHEMA = 1 << 4, /* response_format */
	DBI_LACKS_STREAM = 1 << 5
};

/* A request, ready to be said of any model of its server. In UTF-8 are the parts of the body. */
typedef struct
{
	DbiProvider provider;
	const char *name; /* of the model */
	uint32 lacks;
	int max_tokens;
	double temperature; /* negative: not sent */
	const char *tool_choice;
	const char *schema_name; /* letters, digits, _ and - */
	const char *schema;
	const char *system;   /* Anthropic: a JSON array, or NULL */
	const char *messages; /* a JSON array */
	const char *tools;    /* a JSON array, or NULL */
} DbiAsk;

/* Copies all of a request. Raises 22023 for one that makes no sense. */
extern DbiAsk *dbi_ask_create(const DbiModel *model, const DbiModelRequest *request);

/* To be measured only: schemas are read again when it is asked. */
extern DbiAsk *dbi_ask_unchecked(const DbiModel *model, const DbiModelRequest *request);

/* The body of the POST. */
extern char *dbi_ask_body(const DbiAsk *ask);

/* Of a dialect. */
extern void dbi_openai_parts(DbiAsk *ask, const DbiModelRequest *request);
extern void dbi_openai_body(StringInfo out, const DbiAsk *ask);
extern void dbi_anthropic_parts(DbiAsk *ask, const DbiModelRequest *request);
extern void dbi_anthropic_body(StringInfo out, const DbiAsk *ask);

/* For them. JSON text of the database as UTF-8; a call's arguments, "{}" when they are no object. */
extern void dbi_append_json(StringInfo out, const char *json);
extern void dbi_append_arguments(StringInfo out, const DbiModelCall *call);
extern void dbi_append_name(StringInfo out, const char *name);
extern char *dbi_system_text(const List *messages);
extern bool dbi_is_object(const char *json);

#endif
