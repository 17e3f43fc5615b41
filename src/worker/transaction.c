/*
 * transaction.c: transactions of a worker.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "pgstat.h"
#include "utils/snapmgr.h"

#include "base/owner.h"
#include "worker/worker.h"

static DbiOwner saved;

void
dbi_worker_begin(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	XactReadOnly = false;
	XactIsoLevel = XACT_READ_COMMITTED;
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
dbi_worker_commit(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
}

bool
dbi_worker_begin_as_owner(void)
{
	dbi_worker_begin();
	if (!OidIsValid(get_namespace_oid("dbinsight", true)))
	{
		dbi_worker_commit();
		return false;
	}
	dbi_become_owner(&saved);
	SPI_connect();
	return true;
}

void
dbi_worker_commit_as_owner(void)
{
	SPI_finish();
	dbi_become_caller(&saved);
	dbi_worker_commit();
}
