/*
 * databricks/fdw_explain.c: what EXPLAIN tells of a foreign scan.
 */
#include "postgres.h"

#include "commands/explain.h"
#include "nodes/execnodes.h"

#include "base/compat.h"
#include "databricks/fdw_scan.h"

void
dbiExplainForeignScan(ForeignScanState *node, struct ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	DbiScan *scan = node->fdw_state;
	const DbiStatementCounters *counters;

	if (plan->scan.scanrelid == 0)
		ExplainPropertyText("Relations", strVal(list_nth(plan->fdw_private, DBI_PLAN_RELATIONS)),
							es);
	if (es->verbose)
		ExplainPropertyText("Remote SQL", strVal(list_nth(plan->fdw_private, DBI_PLAN_SQL)), es);
	if (!es->analyze)
		return;
	counters = dbi_scan_counters(scan);
	ExplainPropertyInteger("Statements", NULL, scan->runs, es);
	ExplainPropertyInteger("Rows Fetched", NULL, counters->rows, es);
	ExplainPropertyInteger("Bytes Fetched", NULL, counters->bytes, es);
	ExplainPropertyInteger("Chunks", NULL, counters->chunks, es);
	ExplainPropertyInteger("Requests", NULL, counters->requests, es);
}
