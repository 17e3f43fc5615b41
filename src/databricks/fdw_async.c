/*
 * databricks/fdw_async.c: several foreign scans under one Append run at once.
 *
 * All statements are sent before the first is waited for; the Append then
 * sleeps on the descriptors of all of them.
 */
#include "postgres.h"

#include "executor/execAsync.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "storage/latch.h"

#include "base/compat.h"
#include "databricks/fdw_scan.h"

bool
dbiIsForeignPathAsyncCapable(ForeignPath *path)
{
	return dbi_relation(path->path.parent)->async_capable;
}

/* The node's next tuple, through its filter and projection. */
static void
answer(AsyncRequest *areq)
{
	ExecAsyncRequestDone(areq, areq->requestee->ExecProcNodeReal(areq->requestee));
}

static void
answer_or_wait(AsyncRequest *areq)
{
	DbiScan *scan = ((ForeignScanState *) areq->requestee)->fdw_state;

	if (scan->at_end || dbi_statement_ready(scan->statement))
		answer(areq);
	else
		ExecAsyncRequestPending(areq);
}

void
dbiForeignAsyncRequest(AsyncRequest *areq)
{
	ForeignScanState *node = (ForeignScanState *) areq->requestee;
	DbiScan *scan = node->fdw_state;

	if (scan->statement == NULL && !scan->at_end)
	{
		dbi_scan_start(node);
		scan->rescanned = true;
	}
	answer_or_wait(areq);
}

void
dbiForeignAsyncConfigureWait(AsyncRequest *areq)
{
	DbiScan *scan = ((ForeignScanState *) areq->requestee)->fdw_state;
	AppendState *append = (AppendState *) areq->requestor;

	AddWaitEventToSet(append->as_eventset, WL_SOCKET_READABLE,
					  dbi_statement_wait_fd(scan->statement), NULL, areq);
}

void
dbiForeignAsyncNotify(AsyncRequest *areq)
{
	answer_or_wait(areq);
}
