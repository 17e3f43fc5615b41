/*
 * job_worker.c: the background worker that runs one job, once.
 *
 * It logs in as the job's owner. The rows of jobs are written as the owner of
 * the extension, in transactions before and after the command's own.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timeout.h"

#include "base/base.h"
#include "worker/worker.h"

PGDLLEXPORT void dbi_job_worker_main(Datum arg);

/* 0xDB1 to 0xDB4 are ours in this field of an advisory lock's tag. */
#define JOB_LOCK_SPACE 0xDB3

typedef struct Job
{
	int64 run;
	char *name;
	char *command;
	int timeout; /* ms */
} Job;

bool
dbi_register_job(const DbiJobArg *arg, BackgroundWorkerHandle **handle)
{
	static const DbiWorkerKind kind = {"dbi_job_worker_main", "dbinsight: job", "dbinsight job",
									   BGW_NEVER_RESTART};

	return dbi_register_worker(&kind, arg, sizeof(*arg), handle);
}

/* ---- alive means holding a lock ---- */

static void
set_job_lock(LOCKTAG *tag, int64 run)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (run >> 32), (uint32) run, JOB_LOCK_SPACE);
}

PG_FUNCTION_INFO_V1(dbi_job_is_alive);
Datum
dbi_job_is_alive(PG_FUNCTION_ARGS)
{
	LOCKTAG tag;

	set_job_lock(&tag, PG_GETARG_INT64(0));
	if (LockAcquire(&tag, ExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		PG_RETURN_BOOL(true);
	LockRelease(&tag, ExclusiveLock, false);
	PG_RETURN_BOOL(false);
}

/* ---- steps ---- */

static bool
claim(Job *job)
{
	Oid types[] = {INT8OID, INT4OID};
	Datum values[] = {Int64GetDatum(job->run), Int32GetDatum(MyProcPid)};
	LOCKTAG tag;
	bool isnull;
	MemoryContext spi;

	if (!dbi_worker_begin_as_owner())
		return false;
	set_job_lock(&tag, job->run);
	if (LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	if (SPI_execute_with_args("SELECT job, command, timeout_ms FROM dbinsight._job_claim($1, $2)",
							  2, types, values, NULL, false, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "could not take run " INT64_FORMAT, job->run);
	spi = MemoryContextSwitchTo(TopMemoryContext);
	job->name = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	job->command = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
	job->timeout =
		DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &isnull));
	MemoryContextSwitchTo(spi);
	dbi_worker_commit_as_owner();
	return job->name != NULL;
}

static Datum
text_or_null(const char *s, char *isnull)
{
	*isnull = s ? ' ' : 'n';
	return s ? CStringGetTextDatum(s) : (Datum) 0;
}

/* What the command did to the session must not reach the rows of jobs. */
static void
reset_session(void)
{
	AbortOutOfAnyTransaction();
	disable_timeout(STATEMENT_TIMEOUT, false);
	QueryCancelPending = false;
	SetConfigOption("role", "none", PGC_USERSET, PGC_S_SESSION);
	ResetAllOptions();
}

/* error: NULL when it succeeded. Not when the extension itself went away meanwhile. */
static void
finish(const Job *job, uint64 rows, const ErrorData *error)
{
	Oid types[] = {INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID};
	char nulls[] = "      ";
	Datum values[6];

	reset_session();
	if (!dbi_worker_begin_as_owner())
		return;
	values[0] = Int64GetDatum(job->run);
	values[1] = CStringGetTextDatum(error ? "failed" : "succeeded");
	values[2] = text_or_null(error ? unpack_sql_state(error->sqlerrcode) : NULL, &nulls[2]);
	values[3] = text_or_null(error ? error->message : NULL, &nulls[3]);
	values[4] = text_or_null(error ? error->hint : NULL, &nulls[4]);
	values[5] = Int64GetDatum((int64) rows);
	nulls[5] = error ? 'n' : ' ';
	if (SPI_execute_with_args("SELECT dbinsight._job_finish($1, $2, $3, $4, $5, $6)", 6, types,
							  values, nulls, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not write the end of run " INT64_FORMAT, job->run);
	dbi_worker_commit_as_owner();
}

static void
run(const Job *job)
{
	PG_TRY();
	{
		enable_timeout_after(STATEMENT_TIMEOUT, job->timeout);
		finish(job, dbi_run_command(job->command), NULL);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(TopMemoryContext);
		error = CopyErrorData();
		EmitErrorReport();
		FlushErrorState();
		finish(job, 0, error);
	}
	PG_END_TRY();
}

/* Plans of tools are long and their runs short; parallel workers are as scarce as jobs' own. */
static void
set_defaults(void)
{
	SetConfigOption("jit", "off", PGC_USERSET, PGC_S_CLIENT);
	SetConfigOption("max_parallel_workers_per_gather", "0", PGC_USERSET, PGC_S_CLIENT);
}

void
dbi_job_worker_main(Datum arg)
{
	DbiJobArg given;
	Job job = {0};
	char *shown;

	memcpy(&given, MyBgworkerEntry->bgw_extra, sizeof(given));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(given.database, given.login, DBI_WORKER_LOGIN_FLAGS);
	pgstat_report_appname("dbinsight: job");
	job.run = given.run;
	if (!claim(&job))
		proc_exit(0);
	shown = psprintf("dbinsight: job %s", job.name);
	SetConfigOption("application_name", shown, PGC_USERSET, PGC_S_CLIENT);
	set_defaults();
	debug_query_string = job.command;
	pgstat_report_activity(STATE_RUNNING, job.command);
	run(&job);
	pgstat_report_activity(STATE_IDLE, NULL);
	proc_exit(0);
}
