/*
 * start.c: starts workers; those of submitted questions when the transaction
 * that made them visible has committed.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/lock.h"

#include "base/base.h"
#include "worker/worker.h"

/* Of one transaction; a question beyond these waits for the next start. */
#define MAX_STARTS 16

/* pg_advisory_lock() uses 1 and 2 in this field of the tag; stop() has a space of its own. */
#define WORKER_LOCK_SPACE 0xDB2

static DbiWorkerArg starts[MAX_STARTS];
static int nstarts;

void
dbi_set_worker_lock(LOCKTAG *tag, const pg_uuid_t *id)
{
	uint64 key = hash_bytes_extended(id->data, UUID_LEN, 0);

	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (key >> 32), (uint32) key, WORKER_LOCK_SPACE);
}

bool
dbi_register_worker(const DbiWorkerKind *kind, const void *extra, size_t size,
					BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = kind->restart;
	worker.bgw_notify_pid = handle ? MyProcPid : 0;
	strlcpy(worker.bgw_library_name, "dbinsight", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, kind->function, sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, kind->name, sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, kind->type, sizeof(worker.bgw_type));
	Assert(size <= sizeof(worker.bgw_extra));
	memcpy(worker.bgw_extra, extra, size);
	return RegisterDynamicBackgroundWorker(&worker, handle);
}

/* After the commit nothing may fail: without a slot the question just goes on waiting. */
static void
start_worker(const DbiWorkerArg *arg)
{
	static const DbiWorkerKind kind = {"dbi_submit_worker_main", "dbinsight: submitted question",
									   "dbinsight answer", BGW_NEVER_RESTART};

	(void) dbi_register_worker(&kind, arg, sizeof(*arg), NULL);
}

static void
at_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT)
		for (int i = 0; i < nstarts; i++)
			start_worker(&starts[i]);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		nstarts = 0;
}

void
dbi_start_at_commit(Oid login, const pg_uuid_t *id)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(at_end, NULL);
	registered = true;
	for (int i = 0; i < nstarts; i++)
		if (memcmp(&starts[i].id, id, sizeof(pg_uuid_t)) == 0)
			return;
	if (nstarts == MAX_STARTS)
		return;
	starts[nstarts].database = MyDatabaseId;
	starts[nstarts].login = login;
	starts[nstarts].id = *id;
	nstarts++;
}
