/*
 * launcher.c: with the library preloaded, the background worker that finds the
 * databases and starts a scheduler in each.
 *
 * It has no database itself, so it cannot see where the extension is: it
 * starts a scheduler, which ends at once where it has nothing to do. Such a
 * database is asked again seldom; CREATE EXTENSION starts a scheduler itself.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"
#include "utils/wait_event.h"

#include "base/base.h"
#include "worker/worker.h"

PGDLLEXPORT void dbi_launcher_main(Datum arg);

/* A database without the extension is asked again after this; ms. */
#define ASK_AGAIN (10 * 60 * 1000)

/* A scheduler that lives longer than this has found its extension; ms. */
#define STAYED (5 * 1000)

/* Without a free worker process the launcher looks again after this; ms. */
#define NO_WORKER_INTERVAL (5 * 1000)

typedef struct Known
{
	Oid database; /* hash key */
	BackgroundWorkerHandle *handle;
	TimestampTz started;
	bool stayed; /* the scheduler found something to do */
	bool seen;   /* in this scan */
} Known;

static HTAB *known;

bool
dbi_is_wanted(const char *name)
{
	char *copy = pstrdup(dbi_guc_database);
	List *names;
	ListCell *cell;

	if (!SplitIdentifierString(copy, ',', &names) || names == NIL)
		return true;
	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

/* datconnlimit below -1: a DROP DATABASE was interrupted */
static bool
can_be_served(Form_pg_database row)
{
	return row->datallowconn && !row->datistemplate && row->datconnlimit >= -1 &&
		   dbi_is_wanted(NameStr(row->datname));
}

static List *
read_databases(void)
{
	List *found = NIL;
	MemoryContext caller = CurrentMemoryContext;
	Relation relation;
	TableScanDesc scan;
	HeapTuple tuple;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database row = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext inner;
		DbiSchedulerArg *arg;

		if (!can_be_served(row))
			continue;
		inner = MemoryContextSwitchTo(caller);
		arg = palloc0(sizeof(DbiSchedulerArg));
		arg->database = row->oid;
		arg->tablespace = row->dattablespace;
		found = lappend(found, arg);
		MemoryContextSwitchTo(inner);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
	return found;
}

/* Whether a scheduler is to be started now. */
static bool
needs_scheduler(Known *entry)
{
	pid_t pid;

	if (entry->handle == NULL)
		return true;
	if (GetBackgroundWorkerPid(entry->handle, &pid) != BGWH_STOPPED)
	{
		entry->stayed = TimestampDifferenceExceeds(entry->started, GetCurrentTimestamp(), STAYED);
		return false;
	}
	return entry->stayed ||
		   TimestampDifferenceExceeds(entry->started, GetCurrentTimestamp(), ASK_AGAIN);
}

/* False: there is no free worker process. */
static bool
start(Known *entry, const DbiSchedulerArg *arg)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	if (entry->handle)
		pfree(entry->handle);
	entry->handle = NULL;
	if (!dbi_register_scheduler(arg, &entry->handle))
		entry->handle = NULL;
	MemoryContextSwitchTo(caller);
	entry->started = GetCurrentTimestamp();
	entry->stayed = false;
	return entry->handle != NULL;
}

static void
forget_unseen(void)
{
	HASH_SEQ_STATUS scan;
	Known *entry;

	hash_seq_init(&scan, known);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		if (entry->seen)
			continue;
		if (entry->handle)
			pfree(entry->handle);
		hash_search(known, &entry->database, HASH_REMOVE, NULL);
	}
}

/* False: some database got no scheduler for want of a worker process. */
static bool
scan(void)
{
	List *databases = read_databases();
	bool complete = true;
	HASH_SEQ_STATUS all;
	Known *entry;
	ListCell *cell;

	hash_seq_init(&all, known);
	while ((entry = hash_seq_search(&all)) != NULL)
		entry->seen = false;
	foreach(cell, databases)
	{
		const DbiSchedulerArg *arg = lfirst(cell);
		bool found;

		entry = hash_search(known, &arg->database, HASH_ENTER, &found);
		if (!found)
		{
			entry->handle = NULL;
			entry->stayed = false;
		}
		entry->seen = true;
		if (complete && needs_scheduler(entry))
			complete = start(entry, arg);
	}
	forget_unseen();
	return complete;
}

static void
sleep_for(long ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms,
					 PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

void
dbi_launcher_main(Datum arg)
{
	HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(Known)};
	MemoryContext scratch;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_appname("dbinsight: launcher");
	known = hash_create("dbinsight databases", 16, &control, HASH_ELEM | HASH_BLOBS);
	scratch = AllocSetContextCreate(TopMemoryContext, "dbinsight launcher", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		bool complete;

		MemoryContextSwitchTo(scratch);
		complete = scan();
		MemoryContextReset(scratch);
		sleep_for(complete ? dbi_guc_launcher_interval * 1000L : NO_WORKER_INTERVAL);
	}
}
