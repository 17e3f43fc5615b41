/*
 * statement_answer.c: what the warehouse says of a statement: its state, the
 * manifest of its result, its first chunk.
 */
#include "postgres.h"

#include "base/base.h"
#include "base/json.h"
#include "databricks/error.h"
#include "databricks/statement_parts.h"

/* A table has 1600 columns here, and a query's result 1664. */
#define MAX_COLUMNS 10000

void
dbi_statement_bad_answer(DbiStatement *s, const char *why)
{
	dbi_bad_answer(s->workspace, s->id[0] ? psprintf("%s (statement %s)", why, s->id) : why);
}

Jsonb *
dbi_statement_parse(const char *body, size_t len, const char **rows, size_t *rows_len)
{
	size_t start;
	size_t end;
	StringInfoData rest;
	Jsonb *json;

	*rows = NULL;
	*rows_len = 0;
	if (!dbi_find_data_array(body, len, &start, &end))
		return dbi_try_jsonb_utf8(body, len);
	*rows = body + start;
	*rows_len = end - start;
	initStringInfo(&rest);
	appendBinaryStringInfo(&rest, body, (int) start);
	appendStringInfoString(&rest, "[]");
	appendBinaryStringInfo(&rest, body + end, (int) (len - end));
	json = dbi_try_jsonb_utf8(rest.data, rest.len);
	pfree(rest.data);
	return json;
}

/* The id becomes part of paths: nothing but what an id is made of. */
static void
take_id(DbiStatement *s, JsonbContainer *answer)
{
	char *id = dbi_jsonb_text(answer, "statement_id");
	size_t len = id ? strlen(id) : 0;

	if (len == 0 && s->id[0] != '\0')
		return;
	if (len == 0 || len > DBI_MAX_ID ||
		strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") != len)
		dbi_statement_bad_answer(s, "it names no statement_id");
	if (s->id[0] != '\0' && strcmp(s->id, id) != 0)
		dbi_statement_bad_answer(s, "it is of another statement");
	strlcpy(s->id, id, sizeof s->id);
	s->counters.statement_id = s->id;
}

static void
raise_failed(DbiStatement *s, JsonbContainer *status)
{
	DbiRemoteError e = {.code = "", .message = ""};
	JsonbContainer *error = dbi_jsonb_object(status, "error");
	char *code = error ? dbi_jsonb_text(error, "error_code") : NULL;
	char *message = error ? dbi_jsonb_text(error, "message") : NULL;

	if (code)
		e.code = code;
	if (message)
		e.message = message;
	e.sql_state = dbi_jsonb_text(status, "sql_state");
	dbi_raise_remote(s->workspace, &e, psprintf("statement %s", s->id));
}

static void
raise_canceled(DbiStatement *s)
{
	ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED),
					errmsg("%s: the statement was cancelled on the warehouse", s->workspace->what),
					errdetail("Statement %s.", s->id),
					errhint("By an administrator, a timeout of the warehouse, or its stop.")));
}

static void
raise_closed(DbiStatement *s)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("%s: the result of the statement is gone", s->workspace->what),
					errdetail("Statement %s is CLOSED.", s->id),
					errhint("The warehouse keeps a result for an hour. Run the query again.")));
}

static void
take_column(DbiColumn *column, JsonbContainer *json)
{
	int64 number;
	char *text;

	column->name = (text = dbi_jsonb_text(json, "name")) ? text : pstrdup("");
	column->type_text = (text = dbi_jsonb_text(json, "type_text")) ? text : pstrdup("");
	column->type_name = (text = dbi_jsonb_text(json, "type_name")) ? text : column->type_text;
	if (dbi_jsonb_int(json, "type_precision", &number))
		column->precision = (int) number;
	if (dbi_jsonb_int(json, "type_scale", &number))
		column->scale = (int) number;
}

static void
take_columns(DbiStatement *s, JsonbContainer *schema)
{
	JsonbContainer *columns = schema ? dbi_jsonb_array(schema, "columns") : NULL;
	int n = columns ? JsonContainerSize(columns) : 0;
	int64 count = n;

	if (schema)
		(void) dbi_jsonb_int(schema, "column_count", &count);
	if (count != n || n > MAX_COLUMNS)
		dbi_statement_bad_answer(s, "column_count is not the number of columns");
	s->columns = palloc0(sizeof(DbiColumn) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		JsonbContainer *column = dbi_jsonb_element(columns, i);

		if (column == NULL || !JsonContainerIsObject(column))
			dbi_statement_bad_answer(s, "a column is not an object");
		take_column(&s->columns[i], column);
	}
	s->ncolumns = n;
}

/* A result that was cut is an error, unless it was cut where the caller wanted it. */
static void
check_truncated(DbiStatement *s, JsonbContainer *manifest)
{
	if (!dbi_jsonb_true(manifest, "truncated"))
		return;
	if (s->row_limit > 0 && s->total_rows == s->row_limit)
		return;
	s->too_large = true;
	ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					errmsg("%s: the warehouse cut the result short", s->workspace->what),
					errdetail("Statement %s has more rows than the warehouse gives out.", s->id),
					errhint("Ask for less: fewer columns, a filter, an aggregate.")));
}

void
dbi_statement_check_bytes(DbiStatement *s, int64 bytes)
{
	if (s->max_bytes == 0 || bytes <= s->max_bytes)
		return;
	s->too_large = true;
	ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					errmsg("%s: the result is larger than " INT64_FORMAT " kB", s->workspace->what,
						   s->max_bytes / 1024),
					errdetail("Statement %s has " INT64_FORMAT " kB or more.", s->id, bytes / 1024),
					errhint("Ask for less, or raise dbinsight.max_result_bytes.")));
}

static void
take_manifest(DbiStatement *s, JsonbContainer *manifest)
{
	int64 bytes;

	s->total_chunks = s->total_rows = -1;
	take_columns(s, manifest ? dbi_jsonb_object(manifest, "schema") : NULL);
	if (manifest == NULL)
		return;
	(void) dbi_jsonb_int(manifest, "total_chunk_count", &s->total_chunks);
	(void) dbi_jsonb_int(manifest, "total_row_count", &s->total_rows);
	check_truncated(s, manifest);
	if (dbi_jsonb_int(manifest, "total_byte_count", &bytes))
		dbi_statement_check_bytes(s, bytes);
}

static void
take_result(DbiStatement *s, JsonbContainer *answer, const char *rows, size_t rows_len)
{
	JsonbContainer *result = dbi_jsonb_object(answer, "result");
	bool filled =
		rows != NULL || (result != NULL && dbi_jsonb_array(result, "external_links") != NULL);

	if (s->ncolumns == 0 && (filled || s->total_rows > 0))
		dbi_statement_bad_answer(s, "rows without columns");
	if (!filled && s->total_chunks <= 0 && s->total_rows > 0)
		dbi_statement_bad_answer(s, "rows are announced, and none are there");
	if (filled && s->total_chunks == 0)
		dbi_statement_bad_answer(s, "rows are there, and none are announced");
	s->known = filled ? 1 : 0;
	dbi_chunks_init(s);
	if (filled)
		dbi_chunk_take(s, result, rows, rows_len, 0);
	s->state = STATEMENT_READING;
}

static void
take_state(DbiStatement *s, JsonbContainer *answer, const char *rows, size_t rows_len)
{
	JsonbContainer *status = dbi_jsonb_object(answer, "status");
	char *state = status ? dbi_jsonb_text(status, "state") : NULL;

	if (state == NULL)
		dbi_statement_bad_answer(s, "it tells no state");
	s->remote_runs = strcmp(state, "SUCCEEDED") != 0 && strcmp(state, "FAILED") != 0 &&
					 strcmp(state, "CANCELED") != 0 && strcmp(state, "CLOSED") != 0;
	if (strcmp(state, "FAILED") == 0)
		raise_failed(s, status);
	if (strcmp(state, "CANCELED") == 0)
		raise_canceled(s);
	if (strcmp(state, "CLOSED") == 0)
		raise_closed(s);
	if (s->remote_runs) /* PENDING, RUNNING, and what they may be called some day */
		return;
	take_manifest(s, dbi_jsonb_object(answer, "manifest"));
	take_result(s, answer, rows, rows_len);
}

void
dbi_statement_take_answer(DbiStatement *s, const char *body, size_t len)
{
	MemoryContext old = MemoryContextSwitchTo(s->context);
	const char *rows;
	size_t rows_len;
	Jsonb *answer = dbi_statement_parse(body, len, &rows, &rows_len);

	if (answer == NULL || !JB_ROOT_IS_OBJECT(answer))
		dbi_statement_bad_answer(s, "it is not a JSON object");
	take_id(s, &answer->root);
	take_state(s, &answer->root, rows, rows_len);
	pfree(answer);
	MemoryContextSwitchTo(old);
}
