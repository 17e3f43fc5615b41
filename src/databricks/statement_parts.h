/*
 * databricks/statement_parts.h: what a statement is made of; private to statement*.c.
 */
#ifndef DBI_DATABRICKS_STATEMENT_PARTS_H
#define DBI_DATABRICKS_STATEMENT_PARTS_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "databricks/call.h"
#include "databricks/rows.h"
#include "databricks/statement.h"
#include "base/compat.h"

/* What an answer may take that is kept whole; INLINE results end at 25 MB of the warehouse's own. */
#define DBI_MAX_ANSWER ((size_t) 64 * 1024 * 1024)

/* A statement's id is some 36 characters. */
#define DBI_MAX_ID 64

typedef enum
{
	STATEMENT_SENDING, /* the first answer is awaited */
	STATEMENT_WAITING, /* for the time of the next poll */
	STATEMENT_POLLING,
	STATEMENT_READING, /* succeeded: rows */
	STATEMENT_FINISHED
} DbiStatementState;

/* One chunk of the result on its way. */
typedef struct
{
	DbiStatement *statement; /* NULL: not open */
	int64 index;
	DbiCall *call;       /* asks for the chunk, or for its link */
	DbiRequest *request; /* downloads behind a link */
	char *url;           /* the link, a secret; or NULL */
	TimestampTz expires; /* of the link; 0: unknown */
	bool asked;          /* for the link, after the first: it is fresh */
	List *headers;       /* DbiHeader */
	const char *data;    /* rows that are here, INLINE; or NULL */
	size_t left;         /* bytes of it */
	char *kept;          /* what data points into, when it is ours */
	int64 row_count;     /* as announced; -1: not */
	int64 row_offset;
	int64 next; /* chunk that follows; -1: none was named */
	int64 told; /* rows read when the link was lost last */
	int losses; /* in a row, without a row between */
	TimestampTz again;
	MemoryContext context; /* of all of the above; what is under way ends with it */
	MemoryContextCallback callback;
} DbiChunk;

struct DbiStatement
{
	MemoryContext context;
	MemoryContext row_context;
	MemoryContextCallback callback;
	DbiWorkspace *workspace;
	bool large;
	int64 row_limit;
	int64 max_bytes;
	bool too_large;
	DbiDeadline deadline;
	DbiStatementState state;

	DbiCall *call;      /* that runs the statement or asks how it is */
	DbiRequest *cancel; /* prepared while errors may be raised */
	char *cancel_token; /* that it bears */
	bool remote_runs;   /* as far as we know */
	char id[DBI_MAX_ID + 1];
	TimestampTz poll_at;
	int poll_wait_ms;

	DbiColumn *columns;
	int ncolumns;
	int64 total_chunks; /* -1: not announced */
	int64 total_rows;

	DbiChunk *chunks; /* a ring: chunk i is at i modulo nchunks */
	int nchunks;
	int64 current; /* chunk that rows are read from */
	int64 known;   /* chunks up to here exist, when total_chunks is -1 */
	DbiRows *rows;
	int64 chunk_rows; /* read of the current chunk */
	int64 skip;       /* of them, to be passed over after a loss */
	bool have_row;    /* read and not given out */
	uint32 given;     /* rows, to drive the loop now and then */

	DbiStatementCounters counters;
	int64 ended_requests;
	int64 ended_bytes;
	int epoll; /* -1 until somebody asks */
	int timer;
};

/* statement_answer.c */
void dbi_statement_take_answer(DbiStatement *s, const char *body, size_t len);
/* The answer without its rows, and where those are in it; NULL when it is no JSON. */
Jsonb *dbi_statement_parse(const char *body, size_t len, const char **rows, size_t *rows_len);
pg_noreturn extern void dbi_statement_bad_answer(DbiStatement *s, const char *why);
/* Raises when so many bytes are more than the caller takes. */
void dbi_statement_check_bytes(DbiStatement *s, int64 bytes);

/* statement_chunk.c */
void dbi_chunks_init(DbiStatement *s);
void dbi_chunk_take(DbiStatement *s, JsonbContainer *result, const char *rows, size_t rows_len,
					int64 index);
bool dbi_chunks_advance(DbiStatement *s); /* whether anything changed */
bool dbi_chunks_read_row(DbiStatement *s);
TimestampTz dbi_chunks_wake(DbiStatement *s);
void dbi_statement_count(DbiStatement *s, int requests, int64 bytes);

/* statement_cancel.c; neither raises but the first */
void dbi_cancel_prepare(DbiStatement *s);
void dbi_cancel_send(DbiStatement *s);

#endif
