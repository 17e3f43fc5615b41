/*
 * call_pack.c: a result on its way from a worker to the backend that leads:
 * everything dbi_call_tool() would have made there.
 */
#include "postgres.h"

#include "agents/call_parts.h"

/* ---- writing ---- */

static void
put(StringInfo s, const void *data, Size size)
{
	appendBinaryStringInfo(s, data, size);
}

static void
put_int(StringInfo s, int32 value)
{
	put(s, &value, sizeof(value));
}

/* -1 is the length of NULL. */
static void
put_text(StringInfo s, const char *text)
{
	put_int(s, text ? (int32) strlen(text) : -1);
	if (text)
		put(s, text, strlen(text));
}

static void
put_cell(StringInfo s, const DbiCell *cell)
{
	put_int(s, cell->isnull);
	put(s, &cell->number, sizeof(cell->number));
	put_text(s, cell->text);
	put_int(s, cell->nitems);
	for (int i = 0; i < cell->nitems; i++)
		put_text(s, cell->items[i]);
}

static void
put_given(StringInfo s, const DbiResult *r)
{
	put_int(s, r->ngiven);
	for (int i = 0; i < r->ngiven; i++)
	{
		put_text(s, r->given[i].name);
		put_int(s, r->given[i].kind);
		put_cell(s, &r->given[i].cell);
		put_int(s, r->given[i].given);
	}
}

static void
put_rows(StringInfo s, const DbiResult *r)
{
	put_int(s, r->ncolumns);
	for (int c = 0; c < r->ncolumns; c++)
	{
		put_text(s, r->columns[c].name);
		put_int(s, r->columns[c].type);
		put_int(s, r->columns[c].kind);
	}
	put_int(s, r->nrows);
	for (int i = 0; i < r->nrows; i++)
		for (int c = 0; c < r->ncolumns; c++)
			put_cell(s, &r->rows[i][c]);
}

void
dbi_pack_result(StringInfo s, const DbiResult *r)
{
	put_int(s, r->tool != NULL);
	put_given(s, r);
	put_int(s, r->ok);
	put_text(s, r->error);
	put_text(s, r->hint);
	put_text(s, r->argument);
	put_int(s, r->sqlstate);
	put_rows(s, r);
	put_int(s, r->truncated);
	put(s, &r->began, sizeof(r->began));
	put(s, &r->elapsed_ms, sizeof(r->elapsed_ms));
}

/* ---- reading ---- */

typedef struct Reader
{
	const char *at;
	const char *end;
} Reader;

static void
get(Reader *in, void *data, Size size)
{
	if (in->end - in->at < size)
		elog(ERROR, "the result of a parallel tool call is cut short");
	memcpy(data, in->at, size);
	in->at += size;
}

static int32
get_int(Reader *in)
{
	int32 value;

	get(in, &value, sizeof(value));
	return value;
}

static char *
get_text(Reader *in)
{
	int32 length = get_int(in);
	char *text;

	if (length < 0)
		return NULL;
	if (in->end - in->at < length)
		elog(ERROR, "the result of a parallel tool call is cut short");
	text = pnstrdup(in->at, length);
	in->at += length;
	return text;
}

static void
get_cell(Reader *in, DbiCell *cell)
{
	cell->isnull = get_int(in);
	get(in, &cell->number, sizeof(cell->number));
	cell->text = get_text(in);
	cell->nitems = get_int(in);
	if (cell->nitems > 0)
		cell->items = palloc(sizeof(char *) * cell->nitems);
	for (int i = 0; i < cell->nitems; i++)
		cell->items[i] = get_text(in);
}

static void
get_given(Reader *in, DbiResult *r)
{
	r->ngiven = get_int(in);
	r->given = palloc0(sizeof(DbiGiven) * Max(r->ngiven, 1));
	for (int i = 0; i < r->ngiven; i++)
	{
		r->given[i].name = get_text(in);
		r->given[i].kind = get_int(in);
		get_cell(in, &r->given[i].cell);
		r->given[i].given = get_int(in);
	}
}

static void
get_rows(Reader *in, DbiResult *r)
{
	r->ncolumns = get_int(in);
	r->columns = palloc0(sizeof(DbiColumn) * Max(r->ncolumns, 1));
	for (int c = 0; c < r->ncolumns; c++)
	{
		r->columns[c].name = get_text(in);
		r->columns[c].type = get_int(in);
		r->columns[c].kind = get_int(in);
	}
	r->nrows = get_int(in);
	r->rows = palloc(sizeof(DbiCell *) * Max(r->nrows, 1));
	for (int i = 0; i < r->nrows; i++)
	{
		r->rows[i] = palloc0(sizeof(DbiCell) * Max(r->ncolumns, 1));
		for (int c = 0; c < r->ncolumns; c++)
			get_cell(in, &r->rows[i][c]);
	}
}

DbiResult *
dbi_unpack_result(const char *data, Size size, const DbiPlanCall *call)
{
	Reader in = {data, data + size};
	DbiResult *r = palloc0(sizeof(DbiResult));

	r->call = call;
	r->in_worker = true;
	if (get_int(&in))
		r->tool = dbi_tool(call->function);
	get_given(&in, r);
	r->ok = get_int(&in);
	r->error = get_text(&in);
	r->hint = get_text(&in);
	r->argument = get_text(&in);
	r->sqlstate = get_int(&in);
	get_rows(&in, r);
	r->truncated = get_int(&in);
	get(&in, &r->began, sizeof(r->began));
	get(&in, &r->elapsed_ms, sizeof(r->elapsed_ms));
	return r;
}
