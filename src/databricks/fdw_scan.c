/*
 * databricks/fdw_scan.c: running a plan's statement and reading its rows.
 *
 * One run is one statement. It begins at the first row asked for and lives in a
 * memory context of its own: an error, a closed cursor or an aborted
 * subtransaction ends it, on the warehouse too.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "databricks/fdw_scan.h"
#include "databricks/zone.h"

static DbiStatementCounters all_spent;

/* Which relation tells server and user: that of the scan, or any of those joined. */
static Oid
relation_of(ForeignScan *plan, EState *estate, RangeTblEntry **rte)
{
	int index = plan->scan.scanrelid;

	if (index == 0)
		index = bms_next_member(dbi_scan_relids(plan), -1);
	*rte = exec_rt_fetch(index, estate);
	return (*rte)->relid;
}

/* A text made for UTC gives other days elsewhere; cached plans outlive a SET. */
static void
check_zone(DbiScan *scan)
{
	if ((scan->flags & DBI_PLAN_NEEDS_UTC) && !dbi_zone_is_utc())
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("this plan was made while TimeZone was UTC"),
						errhint("DISCARD PLANS, or SET TimeZone to UTC again.")));
}

void
dbiBeginForeignScan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	EState *estate = node->ss.ps.state;
	List *private = plan->fdw_private;
	RangeTblEntry *rte;
	Oid relid = relation_of(plan, estate, &rte);
	DbiScan *scan = palloc0(sizeof(DbiScan));

	node->fdw_state = scan;
	scan->sql = strVal(list_nth(private, DBI_PLAN_SQL));
	scan->flags = linitial_int(list_nth(private, DBI_PLAN_FLAGS));
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	check_zone(scan);
	scan->serverid = GetForeignTable(relid)->serverid;
	scan->userid = dbi_check_as_user(plan, rte);
	if (!OidIsValid(scan->userid))
		scan->userid = GetUserId();
	scan->context = AllocSetContextCreate(estate->es_query_cxt, "dbinsight foreign scan",
										  ALLOCSET_DEFAULT_SIZES);
	scan->exprs = plan->fdw_exprs;
	scan->params = ExecInitExprList(plan->fdw_exprs, &node->ss.ps);
	scan->row = dbi_row_create(node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
							   list_nth(private, DBI_PLAN_RETRIEVED), plan->fdw_scan_tlist,
							   plan->scan.scanrelid ? node->ss.ss_currentRelation : NULL);
}

/* What the statement's markers stand for, calculated now. */
static DbiParameter *
bind_parameters(ForeignScanState *node, DbiScan *scan)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	DbiParameter *bound = palloc0(sizeof(DbiParameter) * Max(list_length(scan->params), 1));
	ListCell *state, *expr;
	int n = 0;

	forboth(state, scan->params, expr, scan->exprs)
	{
		Oid type = exprType(lfirst(expr));
		DbiParameter *parameter = &bound[n++];
		bool null;
		Datum value = ExecEvalExprSwitchContext(lfirst(state), econtext, &null);
		char *remote = (char *) dbi_type_rule(type)->remote;

		parameter->name = psprintf("p%d", n);
		if (!null)
			parameter->value = dbi_value_text(type, value, &remote);
		parameter->type = remote;
	}
	return bound;
}

static bool
wants_links(ForeignServer *server, int flags)
{
	const char *disposition = dbi_option(server->options, "disposition");

	if (disposition && strcmp(disposition, "auto") != 0)
		return strcmp(disposition, "external_links") == 0;
	return (flags & DBI_PLAN_SMALL) == 0;
}

void
dbi_scan_start(ForeignScanState *node)
{
	DbiScan *scan = node->fdw_state;
	DbiStatementOptions options = {0};
	MemoryContext caller = MemoryContextSwitchTo(scan->context);
	DbiParameter *parameters = bind_parameters(node, scan);

	options.large = wants_links(GetForeignServer(scan->serverid), scan->flags);
	scan->statement =
		dbi_statement_begin(dbi_workspace_open(scan->serverid, scan->userid), scan->sql, parameters,
							list_length(scan->params), &options);
	scan->runs++;
	MemoryContextSwitchTo(caller);
}

static void
first_row(DbiScan *scan)
{
	MemoryContext caller = MemoryContextSwitchTo(scan->context);

	dbi_row_begin(scan->row, scan->statement);
	scan->rescanned = false;
	MemoryContextSwitchTo(caller);
}

TupleTableSlot *
dbiIterateForeignScan(ForeignScanState *node)
{
	DbiScan *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	MemoryContext caller;
	char **cells;

	ExecClearTuple(slot);
	if (scan->at_end)
		return slot;
	if (scan->statement == NULL)
	{
		dbi_scan_start(node);
		scan->rescanned = true;
	}
	if (scan->rescanned)
		first_row(scan);
	if (!dbi_statement_next(scan->statement, &cells))
	{
		scan->at_end = true;
		return slot;
	}
	/* Values live as long as the tuple: until the executor asks for the next one. */
	caller = MemoryContextSwitchTo(node->ss.ps.ps_ExprContext->ecxt_per_tuple_memory);
	dbi_row_read(scan->row, cells, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(caller);
	return ExecStoreVirtualTuple(slot);
}

static void
add_counters(DbiStatementCounters *sum, const DbiStatementCounters *more)
{
	sum->requests += more->requests;
	sum->bytes += more->bytes;
	sum->rows += more->rows;
	sum->chunks += more->chunks;
}

const DbiStatementCounters *
dbi_scan_counters(DbiScan *scan)
{
	static DbiStatementCounters sum;

	sum = scan->spent;
	if (scan->statement)
		add_counters(&sum, dbi_statement_counters(scan->statement));
	return &sum;
}

DbiStatementCounters
dbi_scans_spent(void)
{
	return all_spent;
}

static void
end_run(DbiScan *scan)
{
	if (scan->statement)
	{
		/* Before the end, which frees what is counted. */
		const DbiStatementCounters *spent = dbi_statement_counters(scan->statement);

		add_counters(&scan->spent, spent);
		add_counters(&all_spent, spent);
		dbi_statement_end(scan->statement);
	}
	scan->statement = NULL;
	scan->at_end = false;
	MemoryContextReset(scan->context);
}

void
dbiReScanForeignScan(ForeignScanState *node)
{
	DbiScan *scan = node->fdw_state;

	/* Sent and not read, and nothing it was sent with has changed: it serves. */
	if (scan->statement && scan->rescanned && node->ss.ps.chgParam == NULL)
		return;
	end_run(scan);
}

void
dbiEndForeignScan(ForeignScanState *node)
{
	DbiScan *scan = node->fdw_state;

	if (scan && scan->context)
		end_run(scan);
}
