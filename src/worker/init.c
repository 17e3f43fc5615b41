/*
 * init.c: what the postmaster does when the library is preloaded.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "postmaster/bgworker.h"

#include "worker/worker.h"

/* Seconds after which a launcher that died comes back. */
#define LAUNCHER_RESTART 10

bool dbi_preloaded;

void
dbi_worker_init(void)
{
	BackgroundWorker worker;

	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	dbi_preloaded = true;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = LAUNCHER_RESTART;
	strlcpy(worker.bgw_library_name, "dbinsight", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "dbi_launcher_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "dbinsight launcher", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "dbinsight launcher", sizeof(worker.bgw_type));
	RegisterBackgroundWorker(&worker);
}
