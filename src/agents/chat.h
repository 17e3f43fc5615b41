/*
 * agents/chat.h: what is kept of a turn of a conversation.
 */
#ifndef DBI_AGENTS_CHAT_H
#define DBI_AGENTS_CHAT_H

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "agents/answer.h"
#include "agents/stream.h"

/* Who answers. */
#define DBI_MODEL "embedded"

typedef struct DbiChat /* one turn */
{
	const char *question;
	const char *agent;     /* or NULL */
	bool stored;           /* false: a read-only transaction */
	bool has_conversation; /* it exists already */
	pg_uuid_t conversation;
	bool has_message; /* the id of the answer was given */
	pg_uuid_t message;
	DbiPlan *plan;     /* NULL: not made */
	DbiAnswer *answer; /* as far as it came */
	char *scores;
	double latency_ms;
	TimestampTz began; /* by the clock on the wall, as are the next two */
	TimestampTz plan_began;
	TimestampTz plan_ended; /* 0: there is no plan */
	const char *status;     /* complete, stopped, unread */
	const char *model;      /* who worded the answer */
	int64 prompt_tokens;    /* of all requests to language models, as the next two */
	int64 completion_tokens;
	double cost_usd;
	const char *engine;   /* model or embedded, when a model was asked for; else NULL */
	const char *reason;   /* why not by the model, or not as a whole; or NULL */
	struct DbiTeam *team; /* NULL: no model was asked for */
} DbiChat;

/* 22023 for a question without a word. */
void dbi_check_question(const char *question);

/* question, conversation, agent: arguments of every function that asks. */
DbiStream *dbi_stream_of_call(FunctionCallInfo fcinfo);

/* Checks who is asked, and takes the conversation; its frame, or NULL for a new one. */
char *dbi_chat_open(DbiChat *chat);

/* For a turn to be made later: the same checks, and a new conversation is made now. */
void dbi_chat_prepare(DbiChat *chat);

/* trace.c: how the stored answer was made, as spans. */
void dbi_trace_store(const DbiChat *chat);

/* Question and answer become messages of the conversation. */
void dbi_chat_store(DbiChat *chat);

#endif
