/*
 * databricks/statement.h: one SQL statement on a warehouse, its rows as they come.
 */
#ifndef DBI_DATABRICKS_STATEMENT_H
#define DBI_DATABRICKS_STATEMENT_H

#include "postgres.h"

#include "port.h"

#include "databricks/workspace.h"

/* A value for the marker :name of the statement. */
typedef struct
{
	const char *name;
	const char *value; /* as text; NULL is SQL's NULL */
	const char *type;  /* a scalar type of Databricks SQL; NULL means STRING */
} DbiParameter;

/* A column of the result as the manifest tells it. */
typedef struct
{
	char *name;      /* may be empty, may come twice */
	char *type_name; /* BOOLEAN, LONG, STRING, … */
	char *type_text; /* SQL text: BIGINT, STRUCT<street: STRING> */
	int precision;   /* of a DECIMAL; else 0 */
	int scale;
} DbiColumn;

/* All zero is a fair start: no limit, a small result, the server's defaults. */
typedef struct
{
	int64 row_limit; /* 0: none. Rows beyond it are left out without an error */
	bool large;      /* more than 25 MB may come: by links, in parallel */
	int timeout_ms;  /* until the last row; 0: the server's option `timeout`, else none */
	int64 max_bytes; /* 0: none. A larger result is error 54000, if it can be before it is fetched */
	const char *catalog; /* for names that are not qualified; NULL: the server's option */
	const char *schema;
} DbiStatementOptions;

/* For EXPLAIN ANALYZE and the rows of ingestion. */
typedef struct
{
	int64 requests; /* HTTP requests, repeated ones too */
	int64 bytes;    /* of bodies received, unpacked */
	int64 rows;     /* given out by dbi_statement_next() */
	int64 chunks;
	const char *statement_id; /* NULL until the warehouse has said it */
} DbiStatementCounters;

typedef struct DbiStatement DbiStatement;

/*
 * Sends the statement and does not wait. It lives in a memory context of its
 * own, a child of the current one; when that goes, by whatever road, the
 * statement is ended, and cancelled on the warehouse if it still runs there.
 * The workspace must live as long.
 */
extern DbiStatement *dbi_statement_begin(DbiWorkspace *workspace, const char *sql,
										 const DbiParameter *parameters, int nparameters,
										 const DbiStatementOptions *options);

/* Waits until they are known. A statement without a result has none. */
extern const DbiColumn *dbi_statement_columns(DbiStatement *statement, int *n);

/*
 * The next row, as many strings or NULLs as there are columns, in the
 * database's encoding; valid until the next call. Waits. False at the end, and
 * only when every row that the warehouse promised has come.
 */
extern bool dbi_statement_next(DbiStatement *statement, char ***values);

/* Makes progress without waiting: would next() answer at once? */
extern bool dbi_statement_ready(DbiStatement *statement);

/*
 * One descriptor that is readable when there is progress to make, for an
 * asynchronous Append. The same one until the statement ends.
 */
extern pgsocket dbi_statement_wait_fd(DbiStatement *statement);

/* Whether it failed because its result is larger than max_bytes, or than the warehouse gives out. */
extern bool dbi_statement_too_large(const DbiStatement *statement);

extern const DbiStatementCounters *dbi_statement_counters(DbiStatement *statement);

/* Cancels the remote statement when it still runs. */
extern void dbi_statement_end(DbiStatement *statement);

#endif
