/*
 * llm/owed.c: usage of requests whose transaction was rolled back.
 *
 * A cancelled turn takes its rows of llm_usage with it, but not the money. What
 * its requests had used by then is kept by the backend and booked with the next
 * turn that is stored, or when the session ends, in a transaction of its own.
 * A crash of the server loses it.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/base.h"
#include "llm/answer.h"
#include "llm/usage.h"

/* Requests of turns that were cancelled one after the other; further ones are lost. */
#define MAX_OWED 64

#define TEXT_BYTES 128

typedef struct
{
	char person[TEXT_BYTES];
	char conversation[40];
	char agent[TEXT_BYTES];
	char purpose[16];
	char server[TEXT_BYTES];
	char model[TEXT_BYTES];
	char id[TEXT_BYTES];
	char status[16];
	char error[6];
	TimestampTz at;
	DbiModelUsage usage;
	double usd;
	double latency_ms;
	double first_token_ms;
	bool booked; /* in the current transaction */
} Owed;

static Owed owed[MAX_OWED];
static int nowed;

/* ---- kept ---- */

static void
keep_text(char *to, size_t size, const char *text)
{
	int len = text ? pg_mbcliplen(text, strlen(text), size - 1) : 0;

	if (len > 0)
		memcpy(to, text, len);
	to[len] = '\0';
}

/* From a reset callback of its memory: allocates nothing, looks nothing up. */
void
dbi_owed_keep(DbiModelAnswer *a)
{
	Owed *o = &owed[nowed];

	if (nowed == MAX_OWED || dbi_model_tries(a) == 0)
		return;
	memset(o, 0, sizeof(Owed));
	keep_text(o->person, sizeof(o->person), a->owed->person);
	keep_text(o->conversation, sizeof(o->conversation), a->owed->conversation);
	keep_text(o->agent, sizeof(o->agent), a->owed->agent);
	keep_text(o->purpose, sizeof(o->purpose), a->owed->purpose);
	keep_text(o->server, sizeof(o->server), a->model->server);
	keep_text(o->model, sizeof(o->model), dbi_model_answer_model(a));
	keep_text(o->id, sizeof(o->id), dbi_model_answer_id(a));
	keep_text(o->status, sizeof(o->status), dbi_model_status(a));
	keep_text(o->error, sizeof(o->error), a->fault ? unpack_sql_state(a->fault->sqlstate) : NULL);
	o->at = a->owed->at;
	o->usage = *dbi_model_usage(a);
	o->usd = dbi_model_cost(a);
	o->latency_ms = dbi_model_latency_ms(a);
	o->first_token_ms = dbi_model_first_token_ms(a);
	nowed++;
}

/* ---- booked ---- */

static const char *
text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void
book(Owed *o)
{
	DbiModelUse use = {.conversation = text_or_null(o->conversation),
					   .agent = text_or_null(o->agent),
					   .purpose = text_or_null(o->purpose)};
	DbiBooking b = {.server = o->server,
					.name = o->model,
					.id = text_or_null(o->id),
					.status = o->status,
					.error = text_or_null(o->error),
					.usage = &o->usage,
					.usd = o->usd,
					.latency_ms = o->latency_ms,
					.first_token_ms = o->first_token_ms,
					.person = o->person,
					.at = o->at};

	dbi_book(&b, &use);
	o->booked = true;
}

/* The table's owner, who may write rows of anybody; 0: the extension is gone. */
static Oid
owner_of_usage(void)
{
	Oid schema = get_namespace_oid("dbinsight", true);
	Oid table = OidIsValid(schema) ? get_relname_relid("llm_usage", schema) : InvalidOid;
	Relation rel;
	Oid owner;

	if (!OidIsValid(table))
		return InvalidOid;
	rel = table_open(table, AccessShareLock);
	owner = rel->rd_rel->relowner;
	table_close(rel, AccessShareLock);
	return owner;
}

static void
book_all(void)
{
	Oid owner = owner_of_usage();
	Oid caller;
	int context;

	if (!OidIsValid(owner))
	{
		nowed = 0;
		return;
	}
	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(owner,
						   context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	PG_TRY();
	{
		for (int i = 0; i < nowed; i++)
			if (!owed[i].booked)
				book(&owed[i]);
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(caller, context);
	}
	PG_END_TRY();
}

/* What is booked in a subtransaction might go with it alone: not there. */
void
dbi_owed_settle(void)
{
	if (nowed > 0 && !XactReadOnly && !RecoveryInProgress() && GetCurrentTransactionNestLevel() == 1)
		book_all();
}

static void
on_xact(XactEvent event, void *arg)
{
	int left = 0;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT)
		return;
	for (int i = 0; i < nowed; i++)
	{
		if (owed[i].booked && event == XACT_EVENT_COMMIT)
			continue;
		owed[left] = owed[i];
		owed[left++].booked = false;
	}
	nowed = left;
}

/* As temporary tables are removed: in a transaction of its own. What fails here is told to the log alone. */
static void
book_at_exit(int code, Datum arg)
{
	AbortOutOfAnyTransaction();
	if (nowed == 0 || RecoveryInProgress())
		return;
	PG_TRY();
	{
		StartTransactionCommand();
		PushActiveSnapshot(GetTransactionSnapshot());
		dbi_owed_settle();
		PopActiveSnapshot();
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		EmitErrorReport();
		FlushErrorState();
		AbortOutOfAnyTransaction();
	}
	PG_END_TRY();
}

/* ---- the door ---- */

void
dbi_model_owe(DbiModelAnswer *a, const DbiModelUse *use, const char *person)
{
	static bool watching = false;
	MemoryContext old = MemoryContextSwitchTo(a->context);

	if (!watching)
	{
		RegisterXactCallback(on_xact, NULL);
		before_shmem_exit(book_at_exit, (Datum) 0);
		watching = true;
	}
	a->owed = palloc0(sizeof(DbiOwed));
	a->owed->person = pstrdup(person);
	a->owed->conversation = use->conversation ? pstrdup(use->conversation) : NULL;
	a->owed->agent = use->agent ? pstrdup(use->agent) : NULL;
	a->owed->purpose = use->purpose ? pstrdup(use->purpose) : NULL;
	a->owed->at = dbi_now();
	MemoryContextSwitchTo(old);
}
