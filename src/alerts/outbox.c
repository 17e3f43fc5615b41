/*
 * outbox.c: sends what is due in dbinsight.outbox.
 *
 * Deliveries are taken with a lease, sent, and written down, each in a
 * transaction of its own when called as a procedure. While the network is
 * waited for there is neither a lock nor a snapshot.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "alerts/outbox.h"
#include "base/base.h"
#include "base/try.h"
#include "databricks/mlflow.h"

/* How long the loop may sleep without looking at what is under way. */
#define LOOK_MS 1000

/* A lease is longer than a call may take by ten seconds, _outbox_lease(); it is renewed when half of those are gone. */
#define LEASE_SLACK_MS 5000

typedef struct DbiOutbox
{
	MemoryContext context; /* lives until the end, whatever is committed */
	bool commits;          /* each step, as a procedure may */
	int limit;             /* attempts that may still be made */
	List *under_way;       /* of DbiAttempt */
	int delivered;
	int failed;
} DbiOutbox;

/* ---- senders ---- */

const DbiSender *
dbi_find_sender(const char *kind)
{
	static const DbiSender *const senders[] = {&dbi_webhook_sender, &dbi_mlflow_run_sender,
											   &dbi_mlflow_trace_sender};

	for (int i = 0; i < lengthof(senders); i++)
		if (strcmp(senders[i]->kind, kind) == 0)
			return senders[i];
	return NULL;
}

ForeignServer *
dbi_sender_server(const DbiSender *sender, const char *name, Oid role)
{
	ForeignServer *server = GetForeignServerByName(name, false);
	AclResult result = dbi_server_aclcheck(server->serverid, role, ACL_USAGE);

	if (strcmp(GetForeignDataWrapper(server->fdwid)->fdwname, sender->wrapper) != 0)
		ereport(ERROR, errcode(ERRCODE_WRONG_OBJECT_TYPE),
				errmsg("server \"%s\" is not one of the wrapper %s", name, sender->wrapper));
	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FOREIGN_SERVER, server->servername);
	return server;
}

/* ---- one attempt ---- */

static void
begin(DbiAttempt *attempt)
{
	DbiDelivery *d = &attempt->delivery;
	const DbiSender *sender = dbi_find_sender(attempt->kind);

	if (sender == NULL)
		elog(ERROR, "there is no sender for \"%s\"", attempt->kind);
	d->user = get_role_oid(attempt->owner, false);
	d->server = dbi_sender_server(sender, attempt->destination, d->user);
	d->what = psprintf("server \"%s\"", attempt->destination);
	d->deadline.at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), dbi_guc_delivery_timeout);
	d->deadline.whose = "dbinsight.delivery_timeout";
	attempt->sender = sender;
}

static bool
advance(DbiAttempt *attempt)
{
	if (attempt->sender == NULL)
		begin(attempt);
	return attempt->sender->advance(&attempt->delivery);
}

/* What was understood and refused will be refused again; a secret or a limit may be another by then. */
static bool
is_for_good(int status)
{
	return status >= 400 && status < 500 && status != 401 && status != 403 && status != 407 &&
		   status != 408 && status != 409 && status != 425 && status != 429;
}

static void
end_attempt(DbiOutbox *outbox, DbiAttempt *attempt)
{
	if (outbox->commits)
		SPI_commit();
	MemoryContextDelete(attempt->context);
}

static void
end_badly(DbiOutbox *outbox, DbiAttempt *attempt, ErrorData *error)
{
	int status = attempt->delivery.status;
	bool for_good = is_for_good(status);

	outbox->failed++;
	dbi_outbox_failed(attempt, error, for_good, !for_good && status != 409);
	end_attempt(outbox, attempt);
}

static void
end_well(DbiOutbox *outbox, DbiAttempt *attempt)
{
	outbox->delivered++;
	dbi_outbox_sent(attempt);
	end_attempt(outbox, attempt);
}

typedef struct Advance
{
	DbiAttempt *attempt;
	bool arrived;
} Advance;

/*
 * Interrupts wait until it is over, so that what is raised is the delivery's
 * own: 57014 is a deadline here, not a cancel.
 */
static void
advance_undisturbed(void *arg)
{
	Advance *step = arg;

	HOLD_INTERRUPTS();
	step->arrived = advance(step->attempt);
	RESUME_INTERRUPTS();
}

/* What fails takes the other deliveries not along. */
static bool
try_advance(DbiAttempt *attempt, ErrorData **error)
{
	Advance step = {attempt, false};
	MemoryContext caller = MemoryContextSwitchTo(attempt->context);

	*error = dbi_try(advance_undisturbed, &step);
	MemoryContextSwitchTo(caller);
	return step.arrived;
}

/* ---- all of them ---- */

static void
tell_progress(DbiOutbox *outbox)
{
	char text[128];

	if (!outbox->commits)
		return;
	snprintf(text, sizeof(text), "deliver: %d under way, %d delivered, %d failed",
			 list_length(outbox->under_way), outbox->delivered, outbox->failed);
	pgstat_report_activity(STATE_RUNNING, text);
}

static void
take_more(DbiOutbox *outbox)
{
	int slots = dbi_guc_max_parallel_requests - list_length(outbox->under_way);
	List *taken;
	MemoryContext old;

	slots = Min(slots, outbox->limit);
	if (slots <= 0)
		return;
	taken = dbi_outbox_claim(slots, outbox->context);
	outbox->limit -= list_length(taken);
	old = MemoryContextSwitchTo(outbox->context);
	outbox->under_way = list_concat(outbox->under_way, taken);
	MemoryContextSwitchTo(old);
	if (outbox->commits)
		SPI_commit();
	tell_progress(outbox);
}

/* A run is many calls, each with a time of its own: the lease must outlast the one under way. */
static void
keep_lease(DbiOutbox *outbox, DbiAttempt *attempt)
{
	TimestampTz until =
		TimestampTzPlusMilliseconds(attempt->leased, dbi_guc_delivery_timeout + LEASE_SLACK_MS);

	if (attempt->delivery.deadline.at <= until)
		return;
	dbi_outbox_renew(attempt);
	if (outbox->commits)
		SPI_commit();
}

/* Whether one of them has ended. */
static bool
advance_all(DbiOutbox *outbox)
{
	bool ended = false;
	ListCell *lc;

	foreach(lc, outbox->under_way)
	{
		DbiAttempt *attempt = lfirst(lc);
		ErrorData *error;
		bool arrived = try_advance(attempt, &error);

		if (!arrived && error == NULL)
		{
			keep_lease(outbox, attempt);
			continue;
		}
		ended = true;
		outbox->under_way = foreach_delete_current(outbox->under_way, lc);
		if (arrived)
			end_well(outbox, attempt);
		else
			end_badly(outbox, attempt, error);
	}
	return ended;
}

static void
send_all(DbiOutbox *outbox)
{
	take_more(outbox);
	while (outbox->under_way != NIL)
	{
		CHECK_FOR_INTERRUPTS();
		if (advance_all(outbox))
			take_more(outbox);
		else
		{
			/* Names were looked up; what was seen then must hold nobody up. */
			InvalidateCatalogSnapshotConditionally();
			dbi_net_wait(TimestampTzPlusMilliseconds(GetCurrentTimestamp(), LOOK_MS));
		}
	}
}

/* ---- from SQL ---- */

PG_FUNCTION_INFO_V1(dbi_deliver);
Datum
dbi_deliver(PG_FUNCTION_ARGS)
{
	DbiOutbox outbox = {.limit = PG_GETARG_INT32(0)};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum values[3];
	bool nulls[3] = {false};

	if (outbox.limit < 1)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("limit_rows must be 1 or more"));
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	outbox.context = CurrentMemoryContext;
	send_all(&outbox);
	values[0] = Int32GetDatum(outbox.delivered);
	values[1] = Int32GetDatum(outbox.failed);
	values[2] = Int32GetDatum((int32) Min(dbi_outbox_left(), PG_INT32_MAX));
	SPI_finish();
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(dbi_deliver_due);
Datum
dbi_deliver_due(PG_FUNCTION_ARGS)
{
	CallContext *call = fcinfo->context && IsA(fcinfo->context, CallContext)
							? (CallContext *) fcinfo->context
							: NULL;
	DbiOutbox outbox = {.commits = call != NULL && !call->atomic,
						.limit = PG_ARGISNULL(0) ? PG_INT32_MAX : PG_GETARG_INT32(0)};

	SPI_connect_ext(outbox.commits ? SPI_OPT_NONATOMIC : 0);
	outbox.context = CurrentMemoryContext;
	send_all(&outbox);
	if (outbox.delivered > 0 || outbox.failed > 0)
		ereport(NOTICE, errmsg("%d delivered, %d failed", outbox.delivered, outbox.failed));
	SPI_finish();
	PG_RETURN_VOID();
}
