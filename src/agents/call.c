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
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "portability/instr_time.h"
#include "storage/latch.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/resowner.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "agents/call.h"
#include "agents/stream.h"
#include "base/base.h"

/* ---- the deadline, and the wish of somebody else that the answer ends ---- */

/* stop() is noticed inside a tool within this time. */
#define STOP_POLL_MS 50

static TimeoutId deadline_timeout = MAX_TIMEOUTS;
static TimeoutId stop_timeout = MAX_TIMEOUTS;
static volatile sig_atomic_t deadline_passed = false;
static volatile sig_atomic_t stop_noticed = false;

/* In a signal handler: ask for a cancel as statement_timeout does. */
static void
cancel_tool(void)
{
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

static void
deadline_handler(void)
{
	deadline_passed = true;
	cancel_tool();
}

static void
stop_handler(void)
{
	if (!dbi_stop_wanted())
		return;
	stop_noticed = true;
	cancel_tool();
}

static void
start_deadline(void)
{
	if (deadline_timeout == MAX_TIMEOUTS)
	{
		deadline_timeout = RegisterTimeout(USER_TIMEOUT, deadline_handler);
		stop_timeout = RegisterTimeout(USER_TIMEOUT, stop_handler);
	}
	deadline_passed = false;
	stop_noticed = false;
	enable_timeout_after(deadline_timeout, dbi_guc_tool_timeout);
	if (dbi_stop_watched())
		enable_timeout_every(stop_timeout,
							 TimestampTzPlusMilliseconds(GetCurrentTimestamp(), STOP_POLL_MS),
							 STOP_POLL_MS);
}

/* A cancel of our own that nobody has seen yet must not hit what comes next. */
static void
stop_deadline(void)
{
	disable_timeout(deadline_timeout, false);
	disable_timeout(stop_timeout, false);
	if (deadline_passed || stop_noticed)
		QueryCancelPending = false;
}

/* A cancel is ours when a timer of ours asked for it and nothing else had set its mark. */
static bool
is_ours(const ErrorData *error)
{
	return (deadline_passed || stop_noticed) && error->sqlerrcode == ERRCODE_QUERY_CANCELED &&
		   error->message_id &&
		   strcmp(error->message_id, "canceling statement due to user request") == 0;
}

/* Errors that are about the session or the server, not about the tool. */
static bool
must_rethrow(const ErrorData *error)
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

static JsonbValue *
member(Jsonb *object, const char *name)
{
	JsonbValue key;

	key.type = jbvString;
	key.val.string.val = unconstify(char *, name);
	key.val.string.len = strlen(name);
	return findJsonbValueFromContainer(&object->root, JB_FOBJECT, &key);
}

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

static void
bind_argument(DbiResult *r, Jsonb *given, int i, Bound *bound)
{
	const DbiToolArg *arg = &r->tool->args[i];
	JsonbValue *v = member(given, arg->name);
	DbiGiven *g = &r->given[i];
	bool isnull;

	r->argument = arg->name;
	if (v == NULL && arg->default_expr == NULL)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("%s needs a value for \"%s\"", r->tool->name, arg->name),
				arg->about ? errhint("%s: %s.", arg->name, arg->about) : 0);
	bound->types[i] = arg->type;
	bound->values[i] = v ? read_value(arg->type, v, &isnull) : default_datum(arg, &isnull);
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
set_settings(const DbiTool *tool)
{
	set_for_call("search_path", psprintf("pg_catalog, %s, pg_temp", quote_identifier(tool->schema)));
	set_for_call("jit", "off");
}

/* Inside the subtransaction; whatever it throws is the tool's error. */
static void
run(DbiResult *r, MemoryContext results)
{
	Bound bound;
	int nest;
	int code;

	XactReadOnly = true; /* back to what it was at the subtransaction's end */
	check_callable(r);
	r->tool = dbi_tool(r->call->function);
	nest = NewGUCNestLevel();
	set_settings(r->tool);
	bind_arguments(r, &bound);
	start_deadline();
	code = SPI_execute_with_args(call_text(r->tool), bound.n, bound.types, bound.values,
								 bound.nulls, true, dbi_guc_max_tool_rows + 1);
	stop_deadline();
	if (code != SPI_OK_SELECT)
		elog(ERROR, "could not call %s: %s", r->tool->name, SPI_result_code_string(code));
	MemoryContextSwitchTo(results);
	copy_rows(r);
	SPI_freetuptable(SPI_tuptable);
	AtEOXact_GUC(true, nest);
}

static void
keep_error(DbiResult *r, const ErrorData *error)
{
	r->ok = false;
	r->nrows = 0;
	r->ncolumns = 0;
	if (is_ours(error) && stop_noticed)
	{
		r->stopped = true;
		r->sqlstate = ERRCODE_QUERY_CANCELED;
		r->error = pstrdup("it was stopped");
		return;
	}
	if (is_ours(error))
	{
		r->sqlstate = ERRCODE_QUERY_CANCELED;
		r->error =
			psprintf("it took longer than dbinsight.tool_timeout (%d ms)", dbi_guc_tool_timeout);
		r->hint = "Ask about a shorter period, or raise dbinsight.tool_timeout.";
		return;
	}
	r->sqlstate = error->sqlerrcode;
	r->error = error->message ? pstrdup(error->message) : "unknown error";
	r->hint = error->hint ? pstrdup(error->hint) : NULL;
}

/* SPI is connected. The result lives in the caller's memory context. */
DbiResult *
dbi_call_tool(const DbiPlanCall *call)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	DbiResult *r = palloc0(sizeof(DbiResult));
	instr_time start;
	instr_time elapsed;

	r->call = call;
	r->ok = true;
	INSTR_TIME_SET_CURRENT(start);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		run(r, caller);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (deadline_timeout != MAX_TIMEOUTS)
			stop_deadline();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		if (must_rethrow(error) && !is_ours(error))
			ReThrowError(error);
		keep_error(r, error);
		FreeErrorData(error);
	}
	PG_END_TRY();
	deadline_passed = false;
	stop_noticed = false;
	INSTR_TIME_SET_CURRENT(elapsed);
	INSTR_TIME_SUBTRACT(elapsed, start);
	r->elapsed_ms = INSTR_TIME_GET_MILLISEC(elapsed);
	if (r->ok)
	{
		dbi_focus(r);
		dbi_name_ids(r);
	}
	return r;
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
