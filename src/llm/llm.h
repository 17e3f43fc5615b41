/*
 * llm/llm.h: the door of llm/: language models behind one interface.
 *
 * A model is a foreign server of the wrapper dbinsight_llm. A request is sent
 * and streams; its answer grows while anybody drives net's loop. Several are
 * in flight at once. What goes wrong with an answer is data, for the caller
 * mostly has another way to answer; only cancel and a request that makes no
 * sense raise.
 */
#ifndef DBI_LLM_H
#define DBI_LLM_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "net/net.h"

typedef struct DbiModel DbiModel;

/*
 * A server of the wrapper with its options and the current user's secret, in
 * the current memory context, which must outlive the answers asked of it.
 * Raises 42704 when there is no such server or no user mapping, 42501 without
 * USAGE, 42809 when it is of another wrapper, 55000 when an option or the
 * secret is missing. Asks nothing of the network.
 */
extern DbiModel *dbi_model_open(const char *server);

/* The server's name; its options model, max_tokens and temperature. */
extern const char *dbi_model_server(const DbiModel *model);
extern const char *dbi_model_name(const DbiModel *model);
extern int dbi_model_max_tokens(const DbiModel *model);

typedef enum
{
	DBI_SAYS_SYSTEM,
	DBI_SAYS_USER,
	DBI_SAYS_MODEL,
	DBI_SAYS_TOOL
} DbiSpeaker;

/* A tool the model wants called. */
typedef struct
{
	const char *id; /* never NULL: made up where the server gave none */
	const char *name;
	const char *arguments; /* the text as the model wrote it; "{}" for none; perhaps no JSON at all */
	const char *extra; /* members of the call not known here, an object's JSON, to be sent back unchanged; or NULL */
} DbiModelCall;

typedef struct
{
	DbiSpeaker speaker;
	const char *text;    /* NULL or empty: none */
	List *calls;         /* DbiModelCall, of the model */
	const char *call_id; /* of a tool: which call it answers */
	bool failed;         /* of a tool: the answer is an error */
	const char *raw; /* of the model: a dialect's own blocks, to be replayed unchanged, or NULL */
} DbiModelMessage;

typedef struct
{
	const char *name;
	const char *description;
	const char *schema; /* JSON Schema of the arguments, an object's text */
} DbiModelTool;

typedef struct
{
	List *messages;          /* DbiModelMessage */
	List *tools;             /* DbiModelTool */
	const char *tool_choice; /* "auto", "none", "required", or NULL: not said. "none" also withdraws them from the sight of servers that know no such choice */
	int max_tokens;          /* 0: the server's */
	double temperature;      /* negative: the server's; it is not sent to models that refuse it */
	const char *schema_name; /* output held to a JSON Schema, or NULL */
	const char *schema;
	DbiDeadline deadline;
	const char *model; /* NULL: the server's */
} DbiModelRequest;

typedef struct DbiModelAnswer DbiModelAnswer;

/*
 * Sends a request and does not wait. The answer lives in a memory context of
 * its own below the current one; when that goes, it is broken off. Everything
 * is copied. Raises 22023 for a request that is none.
 */
extern DbiModelAnswer *dbi_model_ask(DbiModel *model, const DbiModelRequest *request);

/*
 * Takes in what has come; true when it has ended, well or not. The caller
 * waits with dbi_net_wait(), whatever for, and looks again: retries and the
 * fallback model are begun from there.
 */
extern bool dbi_model_advance(DbiModelAnswer *answer);

/* Waits for the end, answering interrupts. */
extern void dbi_model_wait(DbiModelAnswer *answer);

/* Frees it at once, and breaks it off if it has not ended. */
extern void dbi_model_end(DbiModelAnswer *answer);

/* The text so far, whole characters only, in the database's encoding; NUL follows. */
extern const char *dbi_model_text(DbiModelAnswer *answer, size_t *len);

/* DbiModelCall; complete when the answer has ended well, NIL before. */
extern List *dbi_model_calls(DbiModelAnswer *answer);

typedef enum
{
	DBI_FINISH_NONE,    /* still running, or broken off */
	DBI_FINISH_STOP,    /* the model was done */
	DBI_FINISH_LENGTH,  /* max_tokens reached: the text is cut */
	DBI_FINISH_CALLS,   /* it wants tools called: see dbi_model_calls() */
	DBI_FINISH_REFUSED, /* refused by the model or a filter; the text may say why */
	DBI_FINISH_OTHER
} DbiFinish;

typedef struct
{
	int64 prompt;     /* tokens read, the cached ones and those written to the cache with them */
	int64 completion; /* tokens written, reasoning with them */
	int64 cached;     /* of prompt: read from the server's cache */
	int64 cache_write;
	bool estimated; /* the server told none, or the answer broke off: counted here */
} DbiModelUsage;

extern DbiFinish dbi_model_finish(DbiModelAnswer *answer);
extern const char *dbi_finish_word(
	DbiFinish finish); /* stop, length, tool_calls, refusal, other, or NULL */
extern const DbiModelUsage *dbi_model_usage(DbiModelAnswer *answer);
extern double dbi_model_cost(DbiModelAnswer *answer); /* USD by price_in and price_out; 0 without prices */
extern const char *dbi_model_answer_id(
	DbiModelAnswer *answer); /* the server's id of the response, or NULL */
extern const char *dbi_model_answer_model(
	DbiModelAnswer *answer); /* the model that answered, the fallback perhaps */
extern double dbi_model_first_token_ms(DbiModelAnswer *answer); /* from the sending; negative: none came */
extern double dbi_model_latency_ms(DbiModelAnswer *answer); /* so far, or to the end */
extern int dbi_model_tries(DbiModelAnswer *answer);         /* HTTP requests made */

/* What went wrong. The words hold no secret. */
typedef struct
{
	int sqlstate;
	const char *message;
	const char *hint;    /* or NULL */
	bool passing;        /* another attempt later may do better */
	bool context_length; /* the conversation is too long for the model */
	int status;          /* HTTP, or 0 when no answer came */
} DbiModelFault;

extern const DbiModelFault *dbi_model_fault(DbiModelAnswer *answer); /* NULL: nothing */
pg_noreturn extern void dbi_model_raise(DbiModelAnswer *answer);     /* raises it */

/* The answer as a message for the next round, in the current memory context. */
extern DbiModelMessage *dbi_model_message(DbiModelAnswer *answer);

/*
 * How many tokens so many bytes are to a model, about: starts at 3.6 bytes a token,
 * 3.0 of JSON, and learns from what servers report. Kept by the backend.
 */
extern double dbi_model_token_estimate(const char *model, size_t len, bool json);
extern double dbi_model_request_estimate(DbiModel *model, const DbiModelRequest *request);

/*
 * A row of llm_usage for an answer that has ended or is broken off: in the
 * caller's transaction. conversation, message: UUID texts, or NULL.
 */
typedef struct
{
	const char *conversation;
	const char *message;
	const char *agent;   /* or NULL */
	const char *purpose; /* "route", "agent", "synthesis" …, or NULL */
} DbiModelUse;

extern void dbi_model_book(DbiModelAnswer *answer, const DbiModelUse *use);

/*
 * When the transaction ends with an error while the answer is there, what it
 * has used is booked all the same, as the person's: with the next turn that
 * calls dbi_owed_settle(), or when the session ends.
 */
extern void dbi_model_owe(DbiModelAnswer *answer, const DbiModelUse *use, const char *person);
extern void dbi_owed_settle(void);

/* breaker.c: shared state; from _PG_init(). */
extern void dbi_llm_init(void);

#endif
