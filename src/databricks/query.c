/*
 * query.c: _databricks_query(), any statement on a warehouse, its rows as text.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/base.h"
#include "databricks/statement.h"

static DbiStatement *
begin(FunctionCallInfo fcinfo)
{
	char *server = NameStr(*PG_GETARG_NAME(0));
	char *sql = text_to_cstring(PG_GETARG_TEXT_PP(1));
	DbiStatementOptions options = {.large = PG_GETARG_BOOL(2),
								   .row_limit = PG_GETARG_INT64(3),
								   .timeout_ms = PG_GETARG_INT32(4)};

	return dbi_statement_begin(dbi_workspace_named(server), sql, NULL, 0, &options);
}

static Datum
text_array(char **values, int n)
{
	Datum *datums = palloc(sizeof(Datum) * Max(n, 1));
	bool *nulls = palloc(sizeof(bool) * Max(n, 1));
	int dims[] = {n};
	int bounds[] = {1};

	for (int i = 0; i < n; i++)
	{
		nulls[i] = values[i] == NULL;
		datums[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(values[i]);
	}
	return PointerGetDatum(construct_md_array(datums, nulls, n > 0 ? 1 : 0, dims, bounds, TEXTOID,
											  -1, false, TYPALIGN_INT));
}

/* A row a call, so that a large result streams where it stands in a SELECT list. */
PG_FUNCTION_INFO_V1(dbi_databricks_query);
Datum
dbi_databricks_query(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	char **values;
	int n;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = begin(fcinfo);
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	(void) dbi_statement_columns(call->user_fctx, &n);
	if (!dbi_statement_next(call->user_fctx, &values))
		SRF_RETURN_DONE(call);
	SRF_RETURN_NEXT(call, text_array(values, n));
}
