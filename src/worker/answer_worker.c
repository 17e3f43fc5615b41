/*
 * answer_worker.c: the background worker that answers one submitted question.
 *
 * It logs in as who submitted it, so that nothing a tool does can reach
 * further than that person could. Each step is a transaction of its own: to
 * take the question, to answer it, to say why not, to start what waits.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "agents/chat.h"
#include "agents/person.h"
#include "base/base.h"
#include "worker/worker.h"

PGDLLEXPORT void dbi_submit_worker_main(Datum arg);

/* ---- steps ---- */

static bool
take(const pg_uuid_t *id, DbiSubmitted *row)
{
	MemoryContext keep = AllocSetContextCreate(TopMemoryContext, "dbinsight submitted question",
											   ALLOCSET_SMALL_SIZES);
	LOCKTAG tag;
	bool taken;

	dbi_worker_begin();
	dbi_set_worker_lock(&tag, id);
	if (LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	SPI_connect();
	MemoryContextSwitchTo(keep);
	taken = dbi_queue_claim(id, row);
	SPI_finish();
	dbi_worker_commit();
	return taken;
}

static void
set_role(const char *role)
{
	if (strcmp(role, GetUserNameFromId(GetSessionUserId(), false)) != 0)
		SetConfigOption("role", role, PGC_USERSET, PGC_S_SESSION);
}

/* A setting that is gone since is left out. */
static void
set_settings(const char *settings)
{
	Oid type = JSONBOID;
	Datum value = DirectFunctionCall1(jsonb_in, CStringGetDatum(settings));

	if (SPI_execute_with_args("SELECT pg_catalog.set_config(s.key, s.value, false) FROM pg_catalog.jsonb_each_text($1) s"
							  " WHERE s.key OPERATOR(pg_catalog.=) ANY (SELECT c.name FROM pg_catalog.pg_settings c"
							  " WHERE c.context OPERATOR(pg_catalog.=) 'user')",
							  1, &type, &value, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not take over the settings");
}

static void
become(const DbiSubmitted *row)
{
	char *person;

	set_role(row->role);
	SPI_connect();
	set_settings(row->settings);
	SPI_finish();
	person = dbi_person_name();
	if (strcmp(person, row->person) != 0)
		ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				errmsg("the question is of %s, and the worker would act for %s", row->person,
					   person));
}

static void
answer(const DbiSubmitted *row)
{
	DbiStream *stream;
	DbiChat *chat;

	dbi_worker_begin();
	become(row);
	stream = dbi_stream_begin(row->question, &row->conversation, row->agent);
	chat = dbi_stream_chat(stream);
	chat->has_message = true;
	chat->message = row->id;
	while (dbi_stream_next(stream) != NULL)
		CHECK_FOR_INTERRUPTS();
	SPI_connect();
	dbi_queue_finish(row, strcmp(chat->status, "stopped") == 0 ? "stopped" : "done", NULL, NULL);
	SPI_finish();
	dbi_worker_commit();
}

/* Unless the extension itself went away meanwhile. */
static void
say_why_not(const DbiSubmitted *row, const ErrorData *error)
{
	dbi_worker_begin();
	if (OidIsValid(get_namespace_oid("dbinsight", true)))
	{
		SPI_connect();
		dbi_queue_finish(row, "failed", unpack_sql_state(error->sqlerrcode), error->message);
		SPI_finish();
	}
	dbi_worker_commit();
}

static void
try_to_answer(const DbiSubmitted *row)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		answer(row);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		EmitErrorReport();
		AbortCurrentTransaction();
		FlushErrorState();
		say_why_not(row, error);
	}
	PG_END_TRY();
}

/* As the session's user again, for others' questions are none of the role's business. */
static void
start_next(void)
{
	SetConfigOption("role", "none", PGC_USERSET, PGC_S_SESSION);
	dbi_worker_begin();
	if (OidIsValid(get_namespace_oid("dbinsight", true)))
	{
		SPI_connect();
		(void) dbi_queue_start();
		SPI_finish();
	}
	dbi_worker_commit();
}

void
dbi_submit_worker_main(Datum arg)
{
	DbiWorkerArg given;
	DbiSubmitted row;

	memcpy(&given, MyBgworkerEntry->bgw_extra, sizeof(given));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(given.database, given.login, DBI_WORKER_LOGIN_FLAGS);
	pgstat_report_appname("dbinsight: submit");
	if (!take(&given.id, &row))
		proc_exit(0);
	pgstat_report_activity(STATE_RUNNING, row.question);
	try_to_answer(&row);
	start_next();
	pgstat_report_activity(STATE_IDLE, NULL);
	proc_exit(0);
}
