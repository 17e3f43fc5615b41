/*
 * agents/call.h: one call of a tool and what came back.
 */
#ifndef DBI_AGENTS_CALL_H
#define DBI_AGENTS_CALL_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "agents/registry.h"
#include "agents/plan.h"

/* What a column measures; decides how a value is printed. */
typedef enum DbiKind
{
	DBI_TEXT,
	DBI_COUNT, /* whole things: thousands separated */
	DBI_PLAIN, /* a number that is a name: status code, version, year */
	DBI_NUMBER,
	DBI_USD,
	DBI_PCT,
	DBI_SECONDS,
	DBI_MS,
	DBI_MINUTES,
	DBI_HOURS,
	DBI_BYTES,
	DBI_GIB,
	DBI_TIB,
	DBI_MBPS,
	DBI_DATE,
	DBI_TIME,
	DBI_BOOL,
	DBI_LIST, /* an array */
	DBI_JSON
} DbiKind;

typedef struct DbiColumn
{
	char *name;
	Oid type;
	DbiKind kind;
} DbiColumn;

/*
 * A value. text is what the type's output function prints (for a list its
 * elements, joined); number is the value of a number, 0 or 1 of a boolean,
 * microseconds since 2000 of a date or time, the length of a list.
 */
typedef struct DbiCell
{
	bool isnull;
	double number;
	char *text;
	char *id;   /* what text was before a name took its place, or NULL */
	int nitems; /* elements of a list */
	char **items;
} DbiCell;

/* An argument as the tool got it: given, or the function's own default. */
typedef struct DbiGiven
{
	char *name;
	DbiKind kind;
	DbiCell cell;
	bool given;
} DbiGiven;

typedef struct DbiResult
{
	const DbiPlanCall *call;
	DbiTool *tool; /* NULL when there is no such function */
	int ngiven;
	DbiGiven *given;
	bool ok;
	char *error; /* when not ok: what went wrong */
	char *hint;
	char *argument; /* the argument that was wrong, or NULL */
	int sqlstate;
	bool stopped; /* not ok, because stop() was called */
	int ncolumns;
	DbiColumn *columns;
	int nrows;
	DbiCell **rows;
	bool truncated; /* there were more than dbinsight.max_tool_rows */
	int dropped;    /* rows left out by filters or because they lie outside the period asked for */
	bool repeated;  /* shares the rows of an identical earlier call */
	int default_days; /* window when no argument says one; 0: the tool has none */
	bool in_worker;
	TimestampTz began; /* by the clock on the wall */
	double elapsed_ms;
} DbiResult;

/* SPI is connected. The result lives in the caller's memory context. */
DbiResult *dbi_call_tool(const DbiPlanCall *call);

/*
 * call_parallel.c: makes those of the calls that are slow at the same time, in
 * workers. Returns the results, to be finished one by one; a call that has
 * none is left to dbi_call_tool().
 */
List *dbi_call_ahead(List *calls);
DbiResult *dbi_finish_call(DbiResult *result);

/* -1 when there is no such column. */
int dbi_column(const DbiResult *result, const char *name);
const DbiGiven *dbi_given(const DbiResult *result, const char *name);

/* Errors that are about the session or the server, not about what was called. */
bool dbi_must_rethrow(const ErrorData *error);

/* call_json.c: what the wrong argument should be, or NULL. */
char *dbi_expected(const DbiResult *result);

/* Did the call fail for its arguments, so that others may do better? */
bool dbi_is_argument_error(const DbiResult *result);

/* call_value.c: typed values to cells. */
DbiKind dbi_kind(const char *name, Oid type);
bool dbi_kind_numeric(DbiKind kind);

/*
 * call_adds.c: can the rows of a column be added up? yes: it is an amount that
 * parts in rows; never: it is a mean, a share, a limit, a count of what several
 * rows share. Of what is neither, nobody knows.
 */
bool dbi_column_adds(const DbiColumn *column);
bool dbi_column_never_adds(const DbiColumn *column);
void dbi_cell(DbiCell *cell, DbiKind kind, Oid type, Datum value, bool isnull);

/* call_names.c */
void dbi_name_ids(DbiResult *result);
List *dbi_workspaces_named(const char *pattern);

/* call_focus.c: keeps the rows the question is about. */
void dbi_focus(DbiResult *result);

/*
 * Are the rows those of the period asked for? They are not when the window
 * reaches back further and rows add up what lies in it.
 */
bool dbi_is_of_period(const DbiResult *result);

#endif
