/*
 * queue.c: the rows of dbinsight.submitted, written as their owner.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/async.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "base/base.h"
#include "base/owner.h"
#include "base/spi.h"
#include "worker/worker.h"

#define CHANNEL "dbinsight_chat"

/* A question whose worker dies is given to another one once: it may be what kills them. */
#define MAX_ATTEMPTS "2"

static SPIPlanPtr insert_plan;
static SPIPlanPtr claim_plan;
static SPIPlanPtr finish_plan;
static SPIPlanPtr stop_plan;
static SPIPlanPtr running_plan;
static SPIPlanPtr held_plan;
static SPIPlanPtr lost_plan;
static SPIPlanPtr orphan_plan;
static SPIPlanPtr waiting_plan;

/* ---- statements ---- */

static void
run(SPIPlanPtr *plan, const char *sql, int n, Oid *types, Datum *values, const char *nulls)
{
	DbiOwner saved;
	int code;

	dbi_become_owner(&saved);
	dbi_spi_prepare(plan, sql, n, types);
	code = dbi_spi_execute_plan(*plan, values, nulls, false, 0);
	dbi_become_caller(&saved);
	if (code < 0)
		elog(ERROR, "could not write to dbinsight.submitted: %s", SPI_result_code_string(code));
}

static Datum
text_or_null(const char *s, char *isnull)
{
	*isnull = s ? ' ' : 'n';
	return s ? CStringGetTextDatum(s) : (Datum) 0;
}

static char *
text_column(int row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

static pg_uuid_t
uuid_column(int row, int column)
{
	bool isnull;

	return *DatumGetUUIDP(
		SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull));
}

/* ---- a question ---- */

void
dbi_queue_insert(const DbiSubmitted *row)
{
	Oid types[] = {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID};
	Datum values[8];
	char nulls[] = "        ";

	values[0] = UUIDPGetDatum(&row->id);
	values[1] = UUIDPGetDatum(&row->conversation);
	values[2] = CStringGetTextDatum(row->question);
	values[3] = text_or_null(row->agent, &nulls[3]);
	values[4] = CStringGetTextDatum(row->person);
	values[5] = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	values[6] = CStringGetTextDatum(row->role);
	values[7] = DirectFunctionCall1(jsonb_in, CStringGetDatum(row->settings));
	run(&insert_plan,
		"INSERT INTO dbinsight.submitted (id, conversation, question, agent, user_id, login, role, settings)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		8, types, values, nulls);
}

/* A conversation's questions are answered in their order. */
#define FIRST_OF_CONVERSATION                                                                  \
	" AND NOT EXISTS (SELECT FROM dbinsight.submitted e WHERE e.conversation = s.conversation" \
	" AND e.state IN ('queued', 'running') AND (e.queued_at, e.id) < (s.queued_at, s.id))"

bool
dbi_queue_claim(const pg_uuid_t *id, DbiSubmitted *row)
{
	Oid types[] = {UUIDOID, INT4OID};
	Datum values[] = {UUIDPGetDatum(id), Int32GetDatum(MyProcPid)};

	run(&claim_plan,
		"UPDATE dbinsight.submitted s SET state = 'running', pid = $2, attempts = attempts + 1,"
		" started_at = clock_timestamp(), finished_at = NULL"
		" WHERE s.id = $1 AND s.state = 'queued'" FIRST_OF_CONVERSATION
		" RETURNING s.conversation, s.question, s.agent, s.user_id, s.role, s.settings",
		2, types, values, NULL);
	if (SPI_processed == 0)
		return false;
	row->id = *id;
	row->conversation = uuid_column(0, 1);
	row->question = text_column(0, 2);
	row->agent = text_column(0, 3);
	row->person = text_column(0, 4);
	row->role = text_column(0, 5);
	row->settings = text_column(0, 6);
	return true;
}

static void
notify(const pg_uuid_t *id, const pg_uuid_t *conversation, const char *state)
{
	char *payload =
		psprintf("{\"conversation\": \"%s\", \"message\": \"%s\", \"status\": \"%s\"}",
				 DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(conversation))),
				 DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id))), state);

	Async_Notify(CHANNEL, payload);
}

void
dbi_queue_finish(const DbiSubmitted *row, const char *state, const char *sqlstate,
				 const char *message)
{
	Oid types[] = {UUIDOID, TEXTOID, TEXTOID, TEXTOID};
	Datum values[4];
	char nulls[] = "    ";

	values[0] = UUIDPGetDatum(&row->id);
	values[1] = CStringGetTextDatum(state);
	values[2] = text_or_null(sqlstate, &nulls[2]);
	values[3] = text_or_null(message, &nulls[3]);
	run(&finish_plan,
		"UPDATE dbinsight.submitted SET state = $2, sqlstate = $3, message = $4, pid = NULL,"
		" finished_at = clock_timestamp() WHERE id = $1",
		4, types, values, nulls);
	notify(&row->id, &row->conversation, state);
}

int
dbi_queue_stop(const pg_uuid_t *conversation, const char *person, bool *running)
{
	Oid types[] = {UUIDOID, TEXTOID};
	Datum values[] = {UUIDPGetDatum(conversation), CStringGetTextDatum(person)};
	int n;

	run(&stop_plan,
		"UPDATE dbinsight.submitted SET state = 'stopped', finished_at = clock_timestamp()"
		" WHERE conversation = $1 AND user_id = $2 AND state = 'queued' RETURNING id",
		2, types, values, NULL);
	n = SPI_processed;
	for (int i = 0; i < n; i++)
	{
		pg_uuid_t id = uuid_column(i, 1);

		notify(&id, conversation, "stopped");
	}
	run(&running_plan,
		"SELECT FROM dbinsight.submitted WHERE conversation = $1 AND user_id = $2 AND state = 'running'",
		2, types, values, NULL);
	*running = SPI_processed > 0;
	return n;
}

/* ---- what can run ---- */

static bool
has_worker(const pg_uuid_t *id)
{
	LOCKTAG tag;

	dbi_set_worker_lock(&tag, id);
	if (LockAcquire(&tag, ExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, ExclusiveLock, false);
	return false;
}

static void
requeue(const pg_uuid_t *id, const pg_uuid_t *conversation)
{
	Oid type = UUIDOID;
	Datum value = UUIDPGetDatum(id);

	run(&lost_plan,
		"UPDATE dbinsight.submitted SET pid = NULL,"
		" state = CASE WHEN attempts < " MAX_ATTEMPTS " THEN 'queued' ELSE 'failed' END,"
		" sqlstate = CASE WHEN attempts >= " MAX_ATTEMPTS " THEN '57P02' END,"
		" message = CASE WHEN attempts >= " MAX_ATTEMPTS
		" THEN 'the worker ended before the answer, twice' END,"
		" finished_at = CASE WHEN attempts >= " MAX_ATTEMPTS " THEN clock_timestamp() END"
		" WHERE id = $1 RETURNING state",
		1, &type, &value, NULL);
	if (SPI_processed == 1 && strcmp(text_column(0, 1), "failed") == 0)
		notify(id, conversation, "failed");
}

/* Questions that are running by their rows, and whose worker is not there. */
static int
look_for_lost(void)
{
	int alive = 0;
	uint64 n;
	SPITupleTable *rows;

	run(&held_plan,
		"SELECT id, conversation FROM dbinsight.submitted WHERE state = 'running' FOR UPDATE SKIP LOCKED",
		0, NULL, NULL, NULL);
	n = SPI_processed;
	rows = SPI_tuptable;
	for (uint64 i = 0; i < n; i++)
	{
		pg_uuid_t id;
		pg_uuid_t conversation;

		SPI_tuptable = rows;
		id = uuid_column(i, 1);
		conversation = uuid_column(i, 2);
		if (has_worker(&id))
			alive++;
		else
			requeue(&id, &conversation);
	}
	return alive;
}

/* A question of a login that is gone can run as nobody. */
static void
fail_orphans(void)
{
	run(&orphan_plan,
		"UPDATE dbinsight.submitted SET state = 'failed', sqlstate = '42704', finished_at = clock_timestamp(),"
		" message = format('role \"%s\" does not exist', login)"
		" WHERE state = 'queued' AND login NOT IN (SELECT rolname FROM pg_roles)",
		0, NULL, NULL, NULL);
}

int
dbi_queue_start(void)
{
	int alive = look_for_lost();
	Oid type = INT8OID;
	Datum limit = Int64GetDatum(Max(dbi_guc_submit_workers - alive, 0));
	int n;

	fail_orphans();
	run(&waiting_plan,
		"SELECT s.id, r.oid FROM dbinsight.submitted s JOIN pg_roles r ON r.rolname = s.login"
		" WHERE s.state = 'queued'" FIRST_OF_CONVERSATION " ORDER BY s.queued_at, s.id LIMIT $1",
		1, &type, &limit, NULL);
	n = SPI_processed;
	for (int i = 0; i < n; i++)
	{
		pg_uuid_t id = uuid_column(i, 1);
		bool isnull;
		Datum login = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull);

		dbi_start_at_commit(DatumGetObjectId(login), &id);
	}
	return n;
}
