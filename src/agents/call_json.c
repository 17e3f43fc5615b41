/*
 * call_json.c: a call and its result as JSON, for programs: an error is data,
 * with what was wrong and what is expected.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "agents/call.h"
#include "base/base.h"

#define MAX_GOT_BYTES 200

static const DbiToolArg *
argument(const DbiResult *r)
{
	for (int i = 0; r->tool && r->argument && i < r->tool->nargs; i++)
		if (strcmp(r->tool->args[i].name, r->argument) == 0)
			return &r->tool->args[i];
	return NULL;
}

/* "integer: look-back in days, 1 to 400, default 7" */
char *
dbi_expected(const DbiResult *r)
{
	const DbiToolArg *arg = argument(r);

	if (arg == NULL)
		return NULL;
	return arg->about ? psprintf("%s: %s", format_type_be(arg->type), arg->about)
					  : pstrdup(format_type_be(arg->type));
}

static void
field(StringInfo s, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (s->data[s->len - 1] != '{')
		appendStringInfoString(s, ", ");
	appendStringInfo(s, "\"%s\": ", name);
	escape_json(s, value);
}

static void
error_object(StringInfo s, const DbiResult *r)
{
	appendStringInfoString(s, "{\"ok\": false, \"error\": {");
	field(s, "message", r->error);
	field(s, "sqlstate", unpack_sql_state(r->sqlstate));
	field(s, "argument", r->argument);
	field(s, "expected", dbi_expected(r));
	field(s, "hint", r->hint);
	appendStringInfoString(s, "}}");
}

static void
cell_json(StringInfo s, const DbiColumn *column, const DbiCell *cell)
{
	if (cell->isnull)
		appendStringInfoString(s, "null");
	else if (column->kind == DBI_BOOL)
		appendStringInfoString(s, cell->number ? "true" : "false");
	else if (column->kind == DBI_JSON ||
			 (dbi_kind_numeric(column->kind) &&
			  strspn(cell->text, "-+0123456789.e") == strlen(cell->text)))
		appendStringInfoString(s, cell->text);
	else if (column->kind == DBI_LIST)
	{
		appendStringInfoChar(s, '[');
		for (int i = 0; i < cell->nitems; i++)
		{
			appendStringInfoString(s, i > 0 ? ", " : "");
			escape_json(s, cell->items[i]);
		}
		appendStringInfoChar(s, ']');
	}
	else
		escape_json(s, cell->text);
}

static void
rows_object(StringInfo s, const DbiResult *r)
{
	appendStringInfo(s, "{\"ok\": true, \"truncated\": %s, \"rows\": [",
					 r->truncated ? "true" : "false");
	for (int row = 0; row < r->nrows; row++)
	{
		appendStringInfoString(s, row > 0 ? ", {" : "{");
		for (int c = 0; c < r->ncolumns; c++)
		{
			appendStringInfoString(s, c > 0 ? ", " : "");
			escape_json(s, r->columns[c].name);
			appendStringInfoString(s, ": ");
			cell_json(s, &r->columns[c], &r->rows[row][c]);
		}
		appendStringInfoChar(s, '}');
	}
	appendStringInfoString(s, "]}");
}

PG_FUNCTION_INFO_V1(dbi_call_tool_sql);
Datum
dbi_call_tool_sql(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	DbiPlanCall call = {.agent = "", .label = "", .role = DBI_CALL_ANSWER};
	DbiResult *result;
	StringInfoData s;
	Datum json;

	call.function = PG_GETARG_OID(0);
	call.tool = get_func_name(call.function);
	call.arguments = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (call.tool == NULL)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_FUNCTION),
				errmsg("function with OID %u does not exist", call.function));
	SPI_connect();
	result = dbi_call_tool(&call);
	MemoryContextSwitchTo(caller);
	initStringInfo(&s);
	if (result->ok)
		rows_object(&s, result);
	else
		error_object(&s, result);
	json = DirectFunctionCall1(jsonb_in, CStringGetDatum(s.data));
	SPI_finish();
	PG_RETURN_DATUM(json);
}

bool
dbi_is_argument_error(const DbiResult *r)
{
	return r->argument != NULL ||
		   ERRCODE_TO_CATEGORY(r->sqlstate) == ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION);
}
