/*
 * control.c: what sessions have to do with the scheduler: to start it, to wake
 * it, to see whether it is there, to have it look once.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/dbcommands.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "base/base.h"
#include "worker/worker.h"

#define SCHEDULER_LOCK_SPACE 0xDB4

/* Wanted by this transaction, done when it has committed. */
static bool wake_wanted;
static bool start_wanted;
static bool once_wanted;

void
dbi_set_scheduler_lock(LOCKTAG *tag, bool working)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, 0, working ? 1 : 0, SCHEDULER_LOCK_SPACE);
}

/* 0: there is none. */
static int
scheduler_pid(void)
{
	LockData *data = GetLockStatusData();
	LOCKTAG tag;

	dbi_set_scheduler_lock(&tag, false);
	for (int i = 0; i < data->nelements; i++)
		if (memcmp(&data->locks[i].locktag, &tag, sizeof(tag)) == 0 && data->locks[i].holdMask != 0)
			return data->locks[i].pid;
	return 0;
}

PG_FUNCTION_INFO_V1(dbi_scheduler_pid);
Datum
dbi_scheduler_pid(PG_FUNCTION_ARGS)
{
	int pid = scheduler_pid();

	if (pid == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(pid);
}

/* ---- at commit ---- */

static void
start(bool once)
{
	DbiSchedulerArg arg = {MyDatabaseId, MyDatabaseTableSpace, once};

	(void) dbi_register_scheduler(&arg, NULL);
}

static void
wake(int pid)
{
	PGPROC *process = pid > 0 ? BackendPidGetProc(pid) : NULL;

	if (process)
		SetLatch(&process->procLatch);
}

/* The lock table is read before the commit, for after it nothing may fail. */
static void
at_end(XactEvent event, void *arg)
{
	static int pid;

	if (event == XACT_EVENT_PRE_COMMIT)
		pid = wake_wanted ? scheduler_pid() : 0;
	if (event == XACT_EVENT_COMMIT && wake_wanted)
		wake(pid);
	if (event == XACT_EVENT_COMMIT && start_wanted)
		start(false);
	if (event == XACT_EVENT_COMMIT && once_wanted)
		start(true);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		wake_wanted = start_wanted = once_wanted = false;
}

static void
want(bool *what)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(at_end, NULL);
	registered = true;
	*what = true;
}

PG_FUNCTION_INFO_V1(dbi_tell_scheduler);
Datum
dbi_tell_scheduler(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "not called as a trigger");
	want(&wake_wanted);
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(dbi_wake_scheduler);
Datum
dbi_wake_scheduler(PG_FUNCTION_ARGS)
{
	want(&wake_wanted);
	PG_RETURN_VOID();
}

/* One too many ends at once, for only one can hold the lock. */
PG_FUNCTION_INFO_V1(dbi_start_scheduler);
Datum
dbi_start_scheduler(PG_FUNCTION_ARGS)
{
	want(&start_wanted);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(dbi_is_preloaded);
Datum
dbi_is_preloaded(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(dbi_preloaded);
}

PG_FUNCTION_INFO_V1(dbi_is_wanted_here);
Datum
dbi_is_wanted_here(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(dbi_is_wanted(get_database_name(MyDatabaseId)));
}

PG_FUNCTION_INFO_V1(dbi_library_version);
Datum
dbi_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(DBINSIGHT_VERSION));
}

/* ---- run_due() ---- */

/*
 * Has a scheduler look once and waits until what it started has ended. A
 * transaction that has written may hold locks that a job waits for, and nobody
 * would see the deadlock: for it the look comes after the commit.
 */
PG_FUNCTION_INFO_V1(dbi_run_once);
Datum
dbi_run_once(PG_FUNCTION_ARGS)
{
	DbiSchedulerArg arg = {MyDatabaseId, MyDatabaseTableSpace, true};
	BackgroundWorkerHandle *handle;
	const char *done = "done";

	PreventCommandIfReadOnly("dbinsight.run_due()");
	if (scheduler_pid() != 0)
	{
		want(&wake_wanted);
		done = "a scheduler is running";
	}
	else if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
	{
		want(&once_wanted);
		done = "to be looked at when this transaction has committed";
	}
	else if (!dbi_register_scheduler(&arg, &handle))
		done = "no free worker process";
	else if (WaitForBackgroundWorkerShutdown(handle) == BGWH_POSTMASTER_DIED)
		ereport(FATAL, errcode(ERRCODE_ADMIN_SHUTDOWN), errmsg("the server is going down"));
	PG_RETURN_TEXT_P(cstring_to_text(done));
}

/* ---- owners of jobs ---- */

PG_FUNCTION_INFO_V1(dbi_may_act_as);
Datum
dbi_may_act_as(PG_FUNCTION_ARGS)
{
	Oid role = get_role_oid(NameStr(*PG_GETARG_NAME(0)), superuser());

	PG_RETURN_BOOL(superuser() || dbi_may_set_role(GetUserId(), role));
}
