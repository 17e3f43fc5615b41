/*
 * command.c: runs a job's SQL the way a client's would be run: several
 * statements are one transaction, a single one is its own, so that VACUUM and
 * procedures that commit work.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/analyze.h"
#include "tcop/cmdtag.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "base/base.h"
#include "worker/worker.h"

static List *
plan_statement(RawStmt *raw, const char *sql)
{
	bool needs_snapshot = analyze_requires_snapshot(raw);
	List *plans;

	if (needs_snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	plans = pg_plan_queries(pg_analyze_and_rewrite_fixedparams(raw, sql, NULL, 0, NULL), sql,
							CURSOR_OPT_PARALLEL_OK, NULL);
	if (needs_snapshot)
		PopActiveSnapshot();
	return plans;
}

/* Rows it returned or changed. */
static uint64
run_statement(RawStmt *raw, const char *sql)
{
	Portal portal;
	DestReceiver *nowhere = CreateDestReceiver(DestNone);
	QueryCompletion completion;
	List *plans = plan_statement(raw, sql);

	portal = CreatePortal("", true, true);
	portal->visible = false;
	PortalDefineQuery(portal, NULL, sql, CreateCommandTag(raw->stmt), plans, NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	InitializeQueryCompletion(&completion);
	(void) dbi_portal_run(portal, nowhere, &completion);
	nowhere->rDestroy(nowhere);
	PortalDrop(portal, false);
	return completion.nprocessed;
}

static void
check_can_run(RawStmt *raw)
{
	if (IsAbortedTransactionBlockState() &&
		!(IsA(raw->stmt, TransactionStmt) &&
		  castNode(TransactionStmt, raw->stmt)->kind != TRANS_STMT_BEGIN))
		ereport(ERROR, errcode(ERRCODE_IN_FAILED_SQL_TRANSACTION),
				errmsg(
					"current transaction is aborted, commands ignored until end of transaction block"));
}

uint64
dbi_run_command(const char *sql)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "dbinsight job command", ALLOCSET_DEFAULT_SIZES);
	bool started = true;
	uint64 rows = 0;
	List *statements;
	ListCell *cell;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	MemoryContextSwitchTo(context);
	statements = pg_parse_query(sql);
	foreach(cell, statements)
	{
		RawStmt *raw = lfirst_node(RawStmt, cell);

		check_can_run(raw);
		if (!started)
			StartTransactionCommand();
		started = true;
		if (list_length(statements) > 1)
			BeginImplicitTransactionBlock();
		MemoryContextSwitchTo(context);
		CHECK_FOR_INTERRUPTS();
		rows = run_statement(raw, sql);
		if (lnext(statements, cell) == NULL && list_length(statements) > 1)
			EndImplicitTransactionBlock();
		if (lnext(statements, cell) == NULL || IsA(raw->stmt, TransactionStmt))
		{
			CommitTransactionCommand();
			started = false;
		}
		else
			CommandCounterIncrement();
	}
	if (started)
		CommitTransactionCommand();
	if (IsTransactionOrTransactionBlock())
		ereport(ERROR, errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				errmsg("the command left a transaction open"),
				errhint("End it with COMMIT, or leave out BEGIN."));
	MemoryContextDelete(context);
	return rows;
}
