/*
 * scheduler.c: the background worker that starts jobs when they are due, one
 * in a database.
 *
 * It sleeps without a transaction. A look is one transaction, in which runs
 * that have lost their worker are ended and those that are due are made; the
 * workers are started after it. All that must survive is in tables, so an
 * error may simply end the process: the postmaster brings it back.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "common/relpath.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/sinval.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/base.h"
#include "worker/worker.h"

PGDLLEXPORT void dbi_scheduler_main(Datum arg);

/* Seconds after which one that failed comes back. */
#define RESTART 10

/*
 * Between two ticks, ms, the process sleeps; a tick costs no transaction. DROP
 * DATABASE gives others five seconds to leave.
 */
#define TICK 2000

/* How long it may go without a look, should a wake-up get lost; ms. */
#define LOOK_INTERVAL (5 * 60 * 1000)

/* What found no free worker is tried again after this; ms. */
#define RETRY_INTERVAL (10 * 1000)

/* A worker that this process has started, as long as it lives. */
typedef struct Active
{
	int64 run;
	BackgroundWorkerHandle *handle;
} Active;

static Active active[64]; /* the limit of dbinsight.job_workers */
static int nactive;
static bool once;
static char *version;   /* of the extension when this process began */
static Oid definitions; /* whose changes, DROP EXTENSION among them, ask for a look */
static bool look_wanted;

bool
dbi_register_scheduler(const DbiSchedulerArg *arg, BackgroundWorkerHandle **handle)
{
	static const DbiWorkerKind permanent = {"dbi_scheduler_main", "dbinsight scheduler",
											"dbinsight scheduler", RESTART};
	static const DbiWorkerKind single = {"dbi_scheduler_main", "dbinsight run_due()",
										 "dbinsight run_due", BGW_NEVER_RESTART};

	return dbi_register_worker(arg->once ? &single : &permanent, arg, sizeof(*arg), handle);
}

/* ---- one at a time ---- */

static bool
try_lock(bool working)
{
	LOCKTAG tag;

	dbi_set_scheduler_lock(&tag, working);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

/* ---- the database ---- */

/* The postmaster restarts also the scheduler of a database that is gone, and logging in would fail for ever. */
static bool
database_exists(const DbiSchedulerArg *given)
{
	char *path = GetDatabasePath(given->database, given->tablespace);

	return access(path, F_OK) == 0;
}

/*
 * DROP, ALTER … RENAME and CREATE DATABASE … TEMPLATE lock the database, then
 * wait for others to leave. The process that comes back waits for them.
 */
static void
leave_if_asked(void)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
	if (LockAcquire(&tag, RowExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		proc_exit(1);
	LockRelease(&tag, RowExclusiveLock, true);
}

/* ---- workers ---- */

static void
append_run(StringInfo list, int64 run)
{
	appendStringInfo(list, "%s" INT64_FORMAT, list->len > 1 ? "," : "", run);
}

/* Parts active into those that live and those that have ended, as array literals. */
static void
sort_out(StringInfo mine, StringInfo gone)
{
	int kept = 0;

	appendStringInfoChar(mine, '{');
	appendStringInfoChar(gone, '{');
	for (int i = 0; i < nactive; i++)
	{
		pid_t pid;
		bool ended = GetBackgroundWorkerPid(active[i].handle, &pid) == BGWH_STOPPED;

		append_run(ended ? gone : mine, active[i].run);
		if (ended)
			pfree(active[i].handle);
		else
			active[kept++] = active[i];
	}
	nactive = kept;
	appendStringInfoChar(mine, '}');
	appendStringInfoChar(gone, '}');
}

/* ---- a look ---- */

typedef struct Look
{
	DbiJobArg starts[64];
	int nstarts;
	TimestampTz due; /* DT_NOEND: nothing is planned */
	bool waiting;    /* something is due and has no worker */
	bool vanished;   /* no extension, or stop_worker() */
	bool busy;       /* somebody drops the extension */
} Look;

static Datum
column(int row, int number)
{
	bool isnull;

	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number, &isnull);
}

static void
query(const char *sql, int nargs, Oid *types, Datum *values)
{
	int code = SPI_execute_with_args(sql, nargs, types, values, NULL, false, 0);

	if (code < 0)
		elog(ERROR, "could not run \"%s\": %s", sql, SPI_result_code_string(code));
}

/* DROP EXTENSION locks the extension first and then what belongs to it, in whatever order. */
static bool
lock_extension(void)
{
	Oid extension = get_extension_oid("dbinsight", true);
	LOCKTAG tag;

	if (!OidIsValid(extension))
		return true;
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, ExtensionRelationId, extension, 0);
	return LockAcquire(&tag, AccessShareLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/* After ALTER EXTENSION UPDATE a new process has the new library, if it is not preloaded. */
static void
check_version(const char *now)
{
	if (version == NULL)
		version = MemoryContextStrdup(TopMemoryContext, now);
	if (strcmp(version, now) != 0)
		proc_exit(1);
}

static bool
may_run(void)
{
	bool enabled;

	query("SELECT s.enabled, e.extversion FROM dbinsight.scheduler s, pg_catalog.pg_extension e WHERE e.extname = 'dbinsight'",
		  0, NULL, NULL);
	if (SPI_processed != 1)
		return false;
	enabled = DatumGetBool(column(0, 1));
	check_version(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2));
	return enabled || once;
}

/* A run_due() that somebody asked for does not wait for a restore; and once it is over, it is over. */
static bool
must_wait(void)
{
	static bool over;

	if (!once && !over)
	{
		query("SELECT dbinsight._scheduler_waits()", 0, NULL, NULL);
		over = !DatumGetBool(column(0, 1));
	}
	return !once && !over;
}

static void
end_lost(void)
{
	Oid types[] = {TEXTOID, TEXTOID};
	Datum values[2];
	StringInfoData mine;
	StringInfoData gone;

	initStringInfo(&mine);
	initStringInfo(&gone);
	sort_out(&mine, &gone);
	values[0] = CStringGetTextDatum(mine.data);
	values[1] = CStringGetTextDatum(gone.data);
	query("SELECT dbinsight._job_lost($1::pg_catalog.int8[], $2::pg_catalog.int8[])", 2, types,
		  values);
}

static void
find_due(Look *look)
{
	Oid type = INT4OID;
	Datum workers = Int32GetDatum(dbi_guc_job_workers);
	bool isnull;

	query("SELECT dbinsight._job_follow()", 0, NULL, NULL);
	query("SELECT run, login FROM dbinsight._job_due($1)", 1, &type, &workers);
	look->nstarts = SPI_processed;
	for (int i = 0; i < look->nstarts; i++)
	{
		look->starts[i].database = MyDatabaseId;
		look->starts[i].run = DatumGetInt64(column(i, 1));
		look->starts[i].login = DatumGetObjectId(column(i, 2));
	}
	query("SELECT due, waiting FROM dbinsight._job_next()", 0, NULL, NULL);
	look->waiting = DatumGetBool(column(0, 2));
	look->due =
		DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	if (isnull)
		look->due = DT_NOEND;
}

static void
look_around(Look *look)
{
	memset(look, 0, sizeof(*look));
	look_wanted = false;
	if (!dbi_worker_begin_as_owner())
	{
		look->vanished = true;
		return;
	}
	definitions = get_relname_relid("job_definitions", get_namespace_oid("dbinsight", false));
	look->busy = !lock_extension();
	look->vanished = !look->busy && (!OidIsValid(definitions) || !may_run());
	look->busy = look->busy || (!look->vanished && must_wait());
	if (!look->busy && !look->vanished)
	{
		end_lost();
		find_due(look);
		if (dbi_queue_start() > 0)
			look->waiting = true;
	}
	dbi_worker_commit_as_owner();
}

static void
take_back(int64 run)
{
	Oid types[] = {INT8OID, TEXTOID};
	Datum values[] = {Int64GetDatum(run),
					  CStringGetTextDatum(
						  psprintf("a free worker process: max_worker_processes is %d",
								   max_worker_processes))};

	if (!dbi_worker_begin_as_owner())
		return;
	query("SELECT dbinsight._job_unstarted($1, $2)", 2, types, values);
	dbi_worker_commit_as_owner();
}

static void
start_workers(Look *look)
{
	for (int i = 0; i < look->nstarts; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
		bool started = nactive < lengthof(active) &&
					   dbi_register_job(&look->starts[i], &active[nactive].handle);

		MemoryContextSwitchTo(caller);
		if (started)
			active[nactive++].run = look->starts[i].run;
		else
		{
			take_back(look->starts[i].run);
			look->waiting = true;
		}
	}
}

/* ---- to sleep ---- */

static void
note_change(Datum arg, Oid relation)
{
	if (relation == InvalidOid || relation == definitions)
		look_wanted = true;
}

/* Until then, or a latch that was set, or a change. Time is looked at anew each tick, for clocks are set. */
static void
sleep_until(TimestampTz due)
{
	TimestampTz began = GetCurrentTimestamp();

	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		long left = TimestampDifferenceMilliseconds(now, due);
		int events;

		CHECK_FOR_INTERRUPTS();
		if (look_wanted || now >= due || now < began)
			return;
		events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						   Min(left, TICK), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (events & WL_LATCH_SET)
			return;
		AcceptInvalidationMessages();
		leave_if_asked();
	}
}

static TimestampTz
next_look(const Look *look)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz due = Min(look->due, TimestampTzPlusMilliseconds(now, LOOK_INTERVAL));

	if (look->busy || look->waiting)
		due = Min(due, TimestampTzPlusMilliseconds(now, look->busy ? TICK : RETRY_INTERVAL));
	return due;
}

/* For run_due(): nothing is due any more, or what is finds no worker. */
static bool
is_over(const Look *look)
{
	return once && nactive == 0 && (look->due > GetCurrentTimestamp() || look->waiting);
}

/* ---- the process ---- */

static void
note_start(void)
{
	if (!dbi_worker_begin_as_owner())
		proc_exit(0);
	if (OidIsValid(get_relname_relid("scheduler", get_namespace_oid("dbinsight", false))))
		query("UPDATE dbinsight.scheduler SET started_at = clock_timestamp() WHERE enabled", 0,
			  NULL, NULL);
	dbi_worker_commit_as_owner();
}

/* A permanent one is alone from the start, but waits for the end of a run_due() before it works. */
static void
begin_work(void)
{
	if (!once && !try_lock(false))
		proc_exit(0);
	while (!try_lock(true))
	{
		if (once)
			proc_exit(0);
		sleep_until(TimestampTzPlusMilliseconds(GetCurrentTimestamp(), TICK));
	}
	if (!once)
		note_start();
}

static void
serve(void)
{
	MemoryContext scratch =
		AllocSetContextCreate(TopMemoryContext, "dbinsight scheduler", ALLOCSET_DEFAULT_SIZES);

	for (;;)
	{
		Look look;

		MemoryContextSwitchTo(scratch);
		pgstat_report_activity(STATE_RUNNING, "looking for jobs that are due");
		look_around(&look);
		if (look.vanished)
			proc_exit(0);
		start_workers(&look);
		if (is_over(&look))
			proc_exit(0);
		pgstat_report_activity(STATE_IDLE, NULL);
		MemoryContextReset(scratch);
		sleep_until(next_look(&look));
	}
}

void
dbi_scheduler_main(Datum arg)
{
	DbiSchedulerArg given;

	memcpy(&given, MyBgworkerEntry->bgw_extra, sizeof(given));
	once = given.once;
	if (!database_exists(&given))
		proc_exit(0);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	/* as the bootstrap superuser, to be there whatever becomes of roles; the work is done as the owner */
	BackgroundWorkerInitializeConnectionByOid(given.database, InvalidOid, 0);
	pgstat_report_appname(once ? "dbinsight: run_due()" : "dbinsight: scheduler");
	CacheRegisterRelcacheCallback(note_change, (Datum) 0);
	begin_work();
	serve();
}
