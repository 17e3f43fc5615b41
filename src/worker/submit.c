/*
 * submit.c: submit() and stop().
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"
#include "utils/wait_event.h"

#include "agents/chat.h"
#include "agents/person.h"
#include "base/base.h"
#include "base/spi.h"
#include "worker/worker.h"

/* A question whose worker has it but does not answer yet is waited for so long: ms. */
#define STOP_PATIENCE 1000
#define STOP_STEP 20

static SPIPlanPtr settings_plan;

/* What an answer depends on and a worker would not have by itself. */
static char *
settings_to_copy(void)
{
	char *settings;

	dbi_spi_prepare(&settings_plan,
					"SELECT pg_catalog.jsonb_object_agg(s.name, s.setting)::pg_catalog.text FROM pg_catalog.pg_settings s"
					" WHERE s.context OPERATOR(pg_catalog.=) 'user' AND (pg_catalog.starts_with(s.name, 'dbinsight.')"
					" OR s.name OPERATOR(pg_catalog.=) ANY ('{TimeZone,search_path,DateStyle,IntervalStyle,lc_monetary,lc_numeric,lc_time}'))",
					0, NULL);
	if (dbi_spi_execute_plan(settings_plan, NULL, NULL, true, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "could not read the settings");
	settings = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	return settings ? settings : "{}";
}

static bool
has_login(Oid role)
{
	HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	bool login = HeapTupleIsValid(tuple) && ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return login;
}

/* The worker logs in as the session's user and takes the role; it must be able to. */
static void
check_can_run(void)
{
	Oid login = GetSessionUserId();
	Oid role = GetUserId();

	if (role != login && !dbi_may_set_role(login, role))
		ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				errmsg("a worker cannot answer as role \"%s\"", GetUserNameFromId(role, false)),
				errdetail("It logs in as \"%s\", which may not take that role.",
						  GetUserNameFromId(login, false)),
				errhint(
					"Ask with dbinsight.ask(), or call submit() outside a SECURITY DEFINER function."));
	if (DBI_WORKER_NEEDS_LOGIN && !has_login(login))
		ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				errmsg("a worker cannot log in as role \"%s\"", GetUserNameFromId(login, false)),
				errhint("ALTER ROLE … LOGIN, or ask with dbinsight.ask()."));
}

static void
fill_row(DbiSubmitted *row, DbiChat *chat)
{
	row->conversation = chat->conversation;
	row->question = unconstify(char *, chat->question);
	row->agent = unconstify(char *, chat->agent);
	row->id = *DatumGetUUIDP(OidFunctionCall0(F_GEN_RANDOM_UUID));
	row->person = dbi_person_name();
	row->role = GetUserNameFromId(GetUserId(), false);
	row->settings = settings_to_copy();
}

PG_FUNCTION_INFO_V1(dbi_submit);
Datum
dbi_submit(PG_FUNCTION_ARGS)
{
	DbiChat *chat = dbi_stream_chat(dbi_stream_of_call(fcinfo));
	pg_uuid_t *id = palloc(sizeof(pg_uuid_t));
	DbiSubmitted row;

	PreventCommandIfReadOnly("dbinsight.submit()");
	PreventCommandDuringRecovery("dbinsight.submit()");
	check_can_run();
	SPI_connect();
	dbi_chat_prepare(chat);
	fill_row(&row, chat);
	dbi_queue_insert(&row);
	*id = row.id;
	(void) dbi_queue_start();
	SPI_finish();
	PG_RETURN_UUID_P(id);
}

PG_FUNCTION_INFO_V1(dbi_start_submitted);
Datum
dbi_start_submitted(PG_FUNCTION_ARGS)
{
	int n;

	PreventCommandIfReadOnly("dbinsight.run_due()");
	SPI_connect();
	n = dbi_queue_start();
	SPI_finish();
	PG_RETURN_INT32(n);
}

/* ---- stop ---- */

static void
wait_a_step(void)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, STOP_STEP,
					 PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

PG_FUNCTION_INFO_V1(dbi_stop);
Datum
dbi_stop(PG_FUNCTION_ARGS)
{
	pg_uuid_t *conversation = PG_GETARG_UUID_P(0);
	char *person = dbi_person_name();
	bool taken = false;
	int waiting = 0;
	bool running;

	if (!XactReadOnly && !RecoveryInProgress())
	{
		SPI_connect();
		waiting = dbi_queue_stop(conversation, person, &taken);
		SPI_finish();
	}
	running = dbi_stop_running(conversation, person);
	for (int ms = 0; !running && taken && ms < STOP_PATIENCE; ms += STOP_STEP)
	{
		wait_a_step();
		running = dbi_stop_running(conversation, person);
	}
	PG_RETURN_BOOL(running || waiting > 0);
}
