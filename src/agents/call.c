/*
 * call.c: calls a tool for an answer.
 *
 * Each call has an internal subtransaction that is read-only, so that a tool
 * that fails is named in the answer and costs nothing else, and one that tries
 * to write fails. Arguments are checked against the function's real types and
 * bound; every argument is passed, defaults too, so that no other overload can
 * be meant. The caller's rights and snapshot are those of the answer.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/string.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "portability/instr_time.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "agents/call_parts.h"
#include "base/base.h"
#include "base/json.h"

bool
dbi_must_rethrow(const ErrorData *error)
{
	int class = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return class == ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) ||
		   class == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) ||
		   error->sqlerrcode == ERRCODE_DATA_CORRUPTED ||
		   error->sqlerrcode == ERRCODE_INDEX_CORRUPTED;
}

/* ---- the arguments ---- */

typedef struct Bound
{
	int n;
	Oid *types;
	Datum *values;
	char *nulls;
} Bound;

/* A JSON scalar as the text its type's input function reads; NULL for null. */
static char *
scalar_text(JsonbValue *v)
{
	switch (v->type)
	{
		case jbvString:
			return pnstrdup(v->val.string.val, v->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(v->val.numeric)));
		case jbvBool:
			return pstrdup(v->val.boolean ? "true" : "false");
		case jbvBinary:
			return JsonbToCString(NULL, v->val.binary.data, v->val.binary.len);
		default:
			return NULL;
	}
}

static Datum
read_text(Oid type, char *text)
{
	Oid input;
	Oid param;

	getTypeInputInfo(type, &input, &param);
	return OidInputFunctionCall(input, text, param, -1);
}

static Datum
read_array(Oid element, JsonbValue *v)
{
	JsonbIterator *it = JsonbIteratorInit(v->val.binary.data);
	JsonbIteratorToken token;
	JsonbValue item;
	ArrayBuildState *state = initArrayResult(element, CurrentMemoryContext, false);

	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		char *text;

		if (token != WJB_ELEM)
			continue;
		text = scalar_text(&item);
		state = accumArrayResult(state, text ? read_text(element, text) : (Datum) 0, text == NULL,
								 element, CurrentMemoryContext);
	}
	return makeArrayResult(state, CurrentMemoryContext);
}

static Datum
read_value(Oid type, JsonbValue *v, bool *isnull)
{
	Oid element = get_element_type(getBaseType(type));
	char *text;

	if (OidIsValid(element) && v->type == jbvBinary && JsonContainerIsArray(v->val.binary.data))
	{
		*isnull = false;
		return read_array(element, v);
	}
	text = scalar_text(v);
	*isnull = text == NULL;
	return text ? read_text(type, text) : (Datum) 0;
}

/* The function's default, computed. */
static Datum
default_datum(const DbiToolArg *arg, bool *isnull)
{
	EState *estate = CreateExecutorState();
	MemoryContext caller = CurrentMemoryContext;
	ExprState *expr;
	ExprContext *econtext;
	Datum value;

	MemoryContextSwitchTo(estate->es_query_cxt);
	expr = ExecPrepareExpr((Expr *) copyObject(arg->default_expr), estate);
	econtext = GetPerTupleExprContext(estate);
	value = ExecEvalExprSwitchContext(expr, econtext, isnull);
	MemoryContextSwitchTo(caller);
	if (!*isnull)
		value = datumCopy(value, get_typbyval(arg->type), get_typlen(arg->type));
	FreeExecutorState(estate);
	return value;
}

static char *
argument_names(const DbiTool *tool)
{
	StringInfoData s;

	initStringInfo(&s);
	for (int i = 0; i < tool->nargs; i++)
		appendStringInfo(&s, "%s%s", i > 0 ? ", " : "", tool->args[i].name);
	return s.len > 0 ? s.data : "none";
}

/* Members that are no argument are an error: a filter silently lost would make the answer wrong. */
static void
refuse_unknown(DbiResult *r, Jsonb *given)
{
	JsonbIterator *it = JsonbIteratorInit(&given->root);
	JsonbIteratorToken token;
	JsonbValue v;

	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		bool known = false;
		char *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(v.val.string.val, v.val.string.len);
		for (int i = 0; i < r->tool->nargs; i++)
			known |= strcmp(r->tool->args[i].name, name) == 0;
		if (!known)
		{
			r->argument = name;
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("%s has no argument \"%s\"", r->tool->name, name),
					errhint("Its arguments: %s.", argument_names(r->tool)));
		}
	}
}

static bool
is_window(const DbiPlanCall *call, const DbiToolArg *arg)
{
	return call->window && arg->type == INT4OID && strcmp(call->window, arg->name) == 0;
}

/* The window that reached back from now, counted from the end of the period: as long as the period. */
static Datum
narrowed(const DbiPlanCall *call, Datum window)
{
	int days = call->period_end - call->period_start + 1;
	int length = pg_str_endswith(call->window, "hours") ? 24 * days : days;

	return Int32GetDatum(Min(length, DatumGetInt32(window)));
}

static void
bind_argument(DbiResult *r, Jsonb *given, int i, Bound *bound)
{
	const DbiToolArg *arg = &r->tool->args[i];
	JsonbValue *v = dbi_jsonb_member(&given->root, arg->name);
	DbiGiven *g = &r->given[i];
	bool isnull;

	r->argument = arg->name;
	if (v == NULL && arg->default_expr == NULL)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("%s needs a value for \"%s\"", r->tool->name, arg->name),
				arg->about ? errhint("%s: %s.", arg->name, arg->about) : 0);
	bound->types[i] = arg->type;
	bound->values[i] = v ? read_value(arg->type, v, &isnull) : default_datum(arg, &isnull);
	if (v && is_window(r->call, arg))
		bound->values[i] = narrowed(r->call, bound->values[i]);
	bound->nulls[i] = isnull ? 'n' : ' ';
	g->name = arg->name;
	g->kind = dbi_kind(arg->name, arg->type);
	g->given = v != NULL;
	dbi_cell(&g->cell, g->kind, arg->type, bound->values[i], isnull);
	r->ngiven = i + 1;
	r->argument = NULL;
}

static void
bind_arguments(DbiResult *r, Bound *bound)
{
	Jsonb *given =
		DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(r->call->arguments)));
	int n = Max(r->tool->nargs, 1);

	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the arguments of %s are not a JSON object", r->tool->name));
	refuse_unknown(r, given);
	bound->n = r->tool->nargs;
	bound->types = palloc(sizeof(Oid) * n);
	bound->values = palloc(sizeof(Datum) * n);
	bound->nulls = palloc(n + 1);
	r->given = palloc0(sizeof(DbiGiven) * n);
	for (int i = 0; i < bound->n; i++)
		bind_argument(r, given, i, bound);
}

/* ---- the call ---- */

static char *
call_text(const DbiTool *tool)
{
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfo(&s, "SELECT * FROM %s(", quote_qualified_identifier(tool->schema, tool->name));
	for (int i = 0; i < tool->nargs; i++)
		appendStringInfo(&s, "%s$%d", i > 0 ? ", " : "", i + 1);
	appendStringInfoString(&s, ")");
	return s.data;
}

static void
copy_rows(DbiResult *r)
{
	TupleDesc desc = SPI_tuptable->tupdesc;
	int limit = dbi_guc_max_tool_rows;

	r->columns = palloc0(sizeof(DbiColumn) * Max(desc->natts, 1));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped)
			continue;
		r->columns[r->ncolumns].name = pstrdup(NameStr(att->attname));
		r->columns[r->ncolumns].type = att->atttypid;
		r->columns[r->ncolumns].kind = dbi_kind(NameStr(att->attname), att->atttypid);
		r->ncolumns++;
	}
	r->truncated = SPI_processed > limit;
	r->nrows = Min(SPI_processed, limit);
	r->rows = palloc(sizeof(DbiCell *) * Max(r->nrows, 1));
	for (int row = 0; row < r->nrows; row++)
	{
		r->rows[row] = palloc0(sizeof(DbiCell) * Max(r->ncolumns, 1));
		for (int i = 0, c = 0; i < desc->natts; i++)
		{
			bool isnull;
			Datum value;

			if (TupleDescAttr(desc, i)->attisdropped)
				continue;
			value = SPI_getbinval(SPI_tuptable->vals[row], desc, i + 1, &isnull);
			dbi_cell(&r->rows[row][c], r->columns[c].kind, r->columns[c].type, value, isnull);
			c++;
		}
		CHECK_FOR_INTERRUPTS();
	}
}

static void
check_callable(DbiResult *r)
{
	DbiUnfit *why = dbi_tool_unfit(r->call->function);

	if (why)
		ereport(ERROR, errcode(why->sqlstate), errmsg_internal("%s", why->message),
				errhint("%s", why->hint));
	if (!dbi_tool_allowed(r->call->function))
		ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				errmsg("you may not execute %s", r->call->tool),
				errhint("Ask for it: GRANT EXECUTE ON FUNCTION %s TO …",
						format_procedure_qualified(r->call->function)));
}

static void
set_for_call(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
}

/*
 * The tool's own schema is on the path, so that a user's function finds what
 * stands beside it; the caller's path is not, so that an answer does not
 * depend on it. No JIT: a tool's query has hundreds of expressions over few
 * rows, and compiling them (seconds, deaf to interrupts) outlasts the query.
 */
static void
set_settings(const DbiPlanCall *call, const DbiTool *tool)
{
	set_for_call("search_path", psprintf("pg_catalog, %s, pg_temp", quote_identifier(tool->schema)));
	set_for_call("jit", "off");
	if (call->window)
		set_for_call("dbinsight.now",
					 psprintf("%s 00:00:00+00", dbi_date_text(call->period_end + 1)));
}

void
dbi_run_tool(DbiResult *r, DbiDeadline *deadline, MemoryContext results)
{
	Bound bound;
	int nest;
	int code;

	XactReadOnly = true; /* back to what it was when the subtransaction, or the worker, ends */
	check_callable(r);
	r->tool = dbi_tool(r->call->function);
	nest = NewGUCNestLevel();
	set_settings(r->call, r->tool);
	bind_arguments(r, &bound);
	dbi_deadline_begin(deadline);
	code = SPI_execute_with_args(call_text(r->tool), bound.n, bound.types, bound.values,
								 bound.nulls, true, dbi_guc_max_tool_rows + 1);
	dbi_deadline_end(deadline);
	if (code != SPI_OK_SELECT)
		elog(ERROR, "could not call %s: %s", r->tool->name, SPI_result_code_string(code));
	MemoryContextSwitchTo(results);
	copy_rows(r);
	SPI_freetuptable(SPI_tuptable);
	AtEOXact_GUC(true, nest);
}

void
dbi_keep_error(DbiResult *r, const ErrorData *error, const DbiDeadline *deadline)
{
	r->ok = false;
	r->nrows = 0;
	r->ncolumns = 0;
	if (!dbi_deadline_caused(deadline, error))
	{
		r->sqlstate = error->sqlerrcode;
		r->error = error->message ? pstrdup(error->message) : "unknown error";
		r->hint = error->hint ? pstrdup(error->hint) : NULL;
		return;
	}
	r->sqlstate = ERRCODE_QUERY_CANCELED;
	r->stopped = deadline->ended == DBI_ENDED_BY_STOP;
	if (r->stopped)
	{
		r->error = pstrdup("it was stopped");
		return;
	}
	r->error = psprintf("it took longer than dbinsight.tool_timeout (%d ms)", dbi_guc_tool_timeout);
	r->hint = "Ask about a shorter period, or raise dbinsight.tool_timeout.";
}

/* In a subtransaction of its own, so that an error costs nothing else. */
static void
run_here(DbiResult *r)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	const DbiStopSlot *watched = dbi_stop_watched();
	DbiDeadline deadline = {.slot = watched};

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		dbi_run_tool(r, &deadline, caller);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		dbi_deadline_end(&deadline);
		(void) dbi_stop_watch(watched); /* the tool may have asked, and not come to its end */
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		if (dbi_must_rethrow(error) && !dbi_deadline_caused(&deadline, error))
			ReThrowError(error);
		dbi_keep_error(r, error, &deadline);
		FreeErrorData(error);
	}
	PG_END_TRY();
}

/* What is left to do with the rows, wherever they were made. */
DbiResult *
dbi_finish_call(DbiResult *r)
{
	if (!r->stopped)
		dbi_remember_ms(r->call->function, r->elapsed_ms);
	if (r->ok)
	{
		dbi_focus(r);
		dbi_name_ids(r);
	}
	return r;
}

DbiResult *
dbi_call_tool(const DbiPlanCall *call)
{
	DbiResult *r = palloc0(sizeof(DbiResult));
	instr_time start;
	instr_time elapsed;

	r->call = call;
	r->ok = true;
	r->began = GetCurrentTimestamp();
	INSTR_TIME_SET_CURRENT(start);
	run_here(r);
	INSTR_TIME_SET_CURRENT(elapsed);
	INSTR_TIME_SUBTRACT(elapsed, start);
	r->elapsed_ms = INSTR_TIME_GET_MILLISEC(elapsed);
	return dbi_finish_call(r);
}

int
dbi_column(const DbiResult *result, const char *name)
{
	for (int i = 0; i < result->ncolumns; i++)
		if (strcmp(result->columns[i].name, name) == 0)
			return i;
	return -1;
}

const DbiGiven *
dbi_given(const DbiResult *result, const char *name)
{
	for (int i = 0; i < result->ngiven; i++)
		if (strcmp(result->given[i].name, name) == 0)
			return &result->given[i];
	return NULL;
}
