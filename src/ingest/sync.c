/*
 * sync.c: ingest() and ingest_due(): sources are brought up to date from the
 * workspace of dbinsight.databricks_server.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "base/base.h"
#include "base/compat.h"
#include "base/try.h"
#include "common/hashfn.h"
#include "ingest/ingest.h"
#include "ingest/sync.h"

/* A space of advisory locks that pg_advisory_lock(), which knows 1 and 2, cannot reach. */
#define INGEST_LOCKS 0xd6

static DbiWorkspace *
open_workspace(void)
{
	if (dbi_guc_databricks_server[0] == '\0')
		ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("no Databricks workspace is set"),
				errhint(
					"CREATE SERVER ... FOREIGN DATA WRAPPER databricks, then SET dbinsight.databricks_server to its name."));
	return dbi_workspace_named(dbi_guc_databricks_server);
}

/* ---- one ingestion of a source at a time; the lock outlives commits ---- */

static void
set_tag(LOCKTAG *tag, const char *source)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) source, strlen(source), 0);

	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (hash >> 32), (uint32) hash, INGEST_LOCKS);
}

static bool
lock_source(const char *source)
{
	LOCKTAG tag;

	set_tag(&tag, source);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

static void
unlock_source(const char *source)
{
	LOCKTAG tag;

	set_tag(&tag, source);
	LockRelease(&tag, ExclusiveLock, true);
}

/* ---- how it goes ---- */

/* Where no one can have been asked for a privilege that is missing, or for a table that is not there. */
static bool
is_unavailable(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE ||
		   error->sqlerrcode == ERRCODE_UNDEFINED_TABLE ||
		   error->sqlerrcode == ERRCODE_INVALID_SCHEMA_NAME ||
		   error->sqlerrcode == ERRCODE_UNDEFINED_SCHEMA;
}

static void
tell_progress(DbiSync *sync, const DbiFeed *feed)
{
	char text[256];

	if (!sync->commits)
		return;
	snprintf(text, sizeof(text), "ingest %s: slice %d of %d, " INT64_FORMAT " rows", feed->source,
			 feed->at + 1, list_length(feed->slices), feed->rows_read);
	pgstat_report_activity(STATE_RUNNING, text);
}

static double
elapsed_ms(const DbiFeed *feed)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, feed->started);
	return INSTR_TIME_GET_MILLISEC(now);
}

static void
commit(DbiSync *sync)
{
	if (sync->commits)
		SPI_commit();
}

static void
end_well(DbiSync *sync, DbiFeed *feed)
{
	feed->state = FEED_DONE;
	(void) dbi_sync_ended(feed, NULL);
	ereport(NOTICE, errmsg("ingest %s: " INT64_FORMAT " rows read, " INT64_FORMAT " written",
						   feed->source, feed->rows_read, feed->rows_written));
}

/* A cancel is not the source's failure; nor is a fault of the caller's own. */
static bool
is_passed_on(DbiSync *sync, const ErrorData *error)
{
	return sync->one || error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
		   ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION;
}

static void
end_badly(DbiSync *sync, DbiFeed *feed, ErrorData *error)
{
	bool news;

	dbi_feed_end(feed);
	feed->state = is_unavailable(error) ? FEED_UNAVAILABLE : FEED_FAILED;
	feed->message = MemoryContextStrdup(sync->context, error->message ? error->message : "");
	news = dbi_sync_ended(feed, error);
	if (news || feed->state == FEED_FAILED)
		ereport(WARNING, errcode(error->sqlerrcode),
				errmsg("source %s was not ingested: %s", feed->source, feed->message),
				error->detail ? errdetail("%s", error->detail) : 0,
				error->hint ? errhint("%s", error->hint) : 0);
}

typedef struct Step
{
	DbiSync *sync;
	DbiFeed *feed;
	void (*take)(DbiSync *sync, DbiFeed *feed);
} Step;

static void
take_step(void *arg)
{
	Step *step = arg;

	step->take(step->sync, step->feed);
}

/* A slice that is too large is read in halves; what cannot be halved stays what it is. */
static void
halve(DbiSync *sync, DbiFeed *feed)
{
	DbiSlice *slice = list_nth(feed->slices, feed->at);

	if (!dbi_sync_halve(feed))
		return;
	dbi_feed_end(feed);
	ereport(NOTICE, errmsg("ingest %s: the slice from %s to %s is too large and is read in halves",
						   feed->source, slice->low, slice->high));
	dbi_feed_begin(sync, feed);
}

/* What fails takes neither the other feeds along nor the slices before. */
static void
try_step(DbiSync *sync, DbiFeed *feed, void (*take)(DbiSync *sync, DbiFeed *feed))
{
	Step step = {sync, feed, take};
	ErrorData *error = dbi_try(take_step, &step);

	if (error != NULL && dbi_feed_too_large(feed))
	{
		ErrorData *other;

		step.take = halve;
		other = dbi_try(take_step, &step);
		if (other != NULL || !dbi_feed_too_large(feed))
			error = other;
	}
	if (error == NULL)
		return;
	if (is_passed_on(sync, error))
	{
		dbi_feed_end(feed);
		ReThrowError(error);
	}
	end_badly(sync, feed, error);
}

static void
start(DbiSync *sync, DbiFeed *feed)
{
	if (feed->slices == NIL)
		end_well(sync, feed);
	else
		dbi_feed_begin(sync, feed);
}

static void
step(DbiSync *sync, DbiFeed *feed)
{
	dbi_feed_slice(sync, feed);
	if (feed->at < list_length(feed->slices))
		dbi_feed_begin(sync, feed);
	else
		end_well(sync, feed);
}

/*
 * They take turns, so that the warehouse has the time between to run the next
 * statement of each.
 */
static DbiFeed *
next_feed(DbiSync *sync)
{
	DbiFeed *next = NULL;
	ListCell *lc;

	foreach(lc, sync->feeds)
	{
		DbiFeed *feed = lfirst(lc);

		if (feed->state == FEED_READING && (next == NULL || feed->turn < next->turn))
			next = feed;
	}
	if (next != NULL)
		next->turn = ++sync->turn;
	return next;
}

/* Begins statements until there are as many under way as there may be. */
static void
fill(DbiSync *sync)
{
	int reading = 0;
	ListCell *lc;

	foreach(lc, sync->feeds)
		reading += ((DbiFeed *) lfirst(lc))->state == FEED_READING;
	foreach(lc, sync->feeds)
	{
		DbiFeed *feed = lfirst(lc);

		if (reading >= dbi_guc_ingest_sources)
			break;
		if (feed->state != FEED_WAITING)
			continue;
		try_step(sync, feed, start);
		commit(sync);
		reading += feed->state == FEED_READING;
	}
}

static void
run_feeds(DbiSync *sync)
{
	DbiFeed *feed;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		fill(sync);
		feed = next_feed(sync);
		if (feed == NULL)
			break;
		tell_progress(sync, feed);
		try_step(sync, feed, step);
		commit(sync);
	}
}

static void
end_all(DbiSync *sync)
{
	ListCell *lc;

	foreach(lc, sync->feeds)
	{
		DbiFeed *feed = lfirst(lc);

		dbi_feed_end(feed);
		unlock_source(feed->source);
	}
}

/* Those another session is ingesting are left to it. */
static void
lock_feeds(DbiSync *sync)
{
	List *all = sync->feeds;
	ListCell *lc;

	sync->feeds = NIL;
	foreach(lc, all)
	{
		DbiFeed *feed = lfirst(lc);
		MemoryContext old;

		if (!lock_source(feed->source))
		{
			ereport(sync->one ? ERROR : NOTICE, errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					errmsg("source %s is being ingested by another session", feed->source));
			continue;
		}
		old = MemoryContextSwitchTo(sync->context);
		sync->feeds = lappend(sync->feeds, feed);
		MemoryContextSwitchTo(old);
	}
}

static void
run_sync(DbiSync *sync, Datum since, bool has_since, Datum until, bool has_until)
{
	ListCell *lc;

	lock_feeds(sync);
	PG_TRY();
	{
		foreach(lc, sync->feeds)
			dbi_sync_plan(lfirst(lc), since, has_since, until, has_until);
		commit(sync);
		run_feeds(sync);
	}
	PG_FINALLY();
	{
		end_all(sync);
	}
	PG_END_TRY();
}

static void
put_rows(DbiSync *sync, ReturnSetInfo *result)
{
	ListCell *lc;

	foreach(lc, sync->feeds)
	{
		DbiFeed *feed = lfirst(lc);
		TimestampTz watermark = 0;
		Datum values[5];
		bool nulls[5] = {false};

		if (feed->state != FEED_DONE)
			continue;
		values[0] = CStringGetTextDatum(feed->source);
		values[1] = Int64GetDatum(feed->rows_read);
		values[2] = Int64GetDatum(feed->rows_written);
		nulls[3] = !dbi_sync_watermark(feed->source, &watermark);
		values[3] = TimestampTzGetDatum(watermark);
		values[4] =
			DirectFunctionCall3(numeric_in, CStringGetDatum(psprintf("%.1f", elapsed_ms(feed))),
								ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(dbi_ingest);
Datum
dbi_ingest(PG_FUNCTION_ARGS)
{
	DbiSync sync = {.context = CurrentMemoryContext, .one = !PG_ARGISNULL(0)};

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && PG_GETARG_TIMESTAMPTZ(1) >= PG_GETARG_TIMESTAMPTZ(2))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("since must be before until"));
	InitMaterializedSRF(fcinfo, 0);
	sync.workspace = open_workspace();
	sync.feeds =
		dbi_sync_sources(&sync, sync.one ? text_to_cstring(PG_GETARG_TEXT_PP(0)) : NULL, false);
	run_sync(&sync, PG_GETARG_DATUM(1), !PG_ARGISNULL(1), PG_GETARG_DATUM(2), !PG_ARGISNULL(2));
	put_rows(&sync, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* So that whoever called, a job for one, learns that not all is well. */
static void
raise_failures(DbiSync *sync)
{
	StringInfoData names;
	const char *first = NULL;
	int failed = 0;
	ListCell *lc;

	initStringInfo(&names);
	foreach(lc, sync->feeds)
	{
		DbiFeed *feed = lfirst(lc);

		if (feed->state != FEED_FAILED)
			continue;
		failed++;
		if (first == NULL)
			first = feed->message;
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", feed->source);
	}
	if (failed > 0)
		ereport(ERROR, errcode(ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION),
				errmsg("%d of %d sources were not ingested: %s", failed, list_length(sync->feeds),
					   names.data),
				errdetail("The first one: %s", first),
				errhint(
					"SELECT * FROM dbinsight.ingest_runs WHERE state = 'failed' ORDER BY id DESC shows each; the others are committed."));
}

PG_FUNCTION_INFO_V1(dbi_ingest_due);
Datum
dbi_ingest_due(PG_FUNCTION_ARGS)
{
	CallContext *call = fcinfo->context && IsA(fcinfo->context, CallContext)
							? (CallContext *) fcinfo->context
							: NULL;
	bool all = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
	DbiSync sync = {.commits = call != NULL && !call->atomic};

	if (dbi_guc_databricks_server[0] == '\0')
	{
		/* The job is there before the workspace is, and that is no failure. */
		ereport(NOTICE, errmsg("no Databricks workspace is set: nothing to ingest"));
		PG_RETURN_VOID();
	}
	SPI_connect_ext(sync.commits ? SPI_OPT_NONATOMIC : 0);
	sync.context = CurrentMemoryContext;
	sync.workspace = open_workspace();
	sync.feeds = dbi_sync_sources(&sync, NULL, !all);
	run_sync(&sync, (Datum) 0, false, (Datum) 0, false);
	raise_failures(&sync);
	SPI_finish();
	PG_RETURN_VOID();
}
