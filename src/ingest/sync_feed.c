/*
 * sync_feed.c: a slice of a source, from the warehouse into the gold table.
 *
 * The rows are read to their end before the first one is written: while the
 * network is waited for, no lock is held that another loader waits for.
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "base/base.h"
#include "databricks/fdw_scan.h"
#include "ingest/ingest.h"
#include "ingest/sync.h"

typedef struct Stage
{
	DbiStatement *statement;
	TupleDesc desc;
	Tuplestorestate *rows;
	int64 count;
} Stage;

void
dbi_feed_begin(DbiSync *sync, DbiFeed *feed)
{
	DbiSlice *slice = list_nth(feed->slices, feed->at);
	DbiStatementOptions options = {.large = true,
								   .max_bytes = (int64) dbi_guc_max_result_bytes * 1024};
	DbiParameter bounds[] = {{"low", slice->low, slice->type}, {"high", slice->high, slice->type}};
	MemoryContext old;

	feed->state = FEED_READING;
	if (feed->is_remote)
		return; /* its statements are those of the foreign table */
	if (feed->context == NULL)
		feed->context =
			AllocSetContextCreate(sync->context, "dbinsight feed", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(feed->context);
	feed->statement = dbi_statement_begin(sync->workspace, slice->statement, bounds,
										  slice->type ? lengthof(bounds) : 0, &options);
	MemoryContextSwitchTo(old);
}

bool
dbi_feed_too_large(const DbiFeed *feed)
{
	return feed->statement != NULL && dbi_statement_too_large(feed->statement);
}

void
dbi_feed_end(DbiFeed *feed)
{
	if (feed->statement != NULL)
		dbi_statement_end(feed->statement);
	feed->statement = NULL;
	if (feed->context != NULL)
		MemoryContextReset(feed->context);
}

/* Each row is one cell: a JSON object, see _remote_rows(). */
static void
check_columns(Stage *stage)
{
	int n;

	(void) dbi_statement_columns(stage->statement, &n);
	if (n != 1)
		ereport(ERROR, (errcode(ERRCODE_FDW_INCONSISTENT_DESCRIPTOR_INFORMATION),
						errmsg("the warehouse returned %d columns where one was asked for", n)));
}

/* As text, for some JSON has no place in jsonb: the loader says so of its row alone. */
static void
stage_row(Stage *stage, const char *row)
{
	Datum datum = CStringGetTextDatum(row);
	bool isnull = false;

	tuplestore_putvalues(stage->rows, stage->desc, &datum, &isnull);
	pfree(DatumGetPointer(datum));
	stage->count++;
}

static void
read_slice(Stage *stage)
{
	char **values;

	stage->desc = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(stage->desc, 1, "row", TEXTOID, -1, 0);
	stage->rows = tuplestore_begin_heap(false, false, work_mem);
	check_columns(stage);
	while (dbi_statement_next(stage->statement, &values))
	{
		CHECK_FOR_INTERRUPTS();
		if (values[0] != NULL)
			stage_row(stage, values[0]);
	}
}

/* Rows written. An empty slice is a load too: it says that the source was asked. */
static int64
write_slice(Stage *stage, const char *source)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(stage->desc, &TTSOpsMinimalTuple);
	DbiLoad *load = dbi_load_begin(source);

	while (tuplestore_gettupleslot(stage->rows, true, false, slot))
	{
		bool isnull;
		text *row = DatumGetTextPP(slot_getattr(slot, 1, &isnull));

		dbi_load_text(load, VARDATA_ANY(row), VARSIZE_ANY_EXHDR(row));
	}
	ExecDropSingleTupleTableSlot(slot);
	return dbi_load_end(load);
}

/* What is derived from a source that is not local follows the rows of the slice. */
static void
refresh_slice(DbiFeed *feed)
{
	DbiSlice *slice = list_nth(feed->slices, feed->at);
	DbiStatementCounters before = dbi_scans_spent();
	DbiStatementCounters after;

	PushActiveSnapshot(GetTransactionSnapshot());
	feed->rows_read += dbi_sync_refresh(feed, slice);
	after = dbi_scans_spent();
	feed->bytes += after.bytes - before.bytes;
	feed->requests += after.requests - before.requests;
	feed->at++;
	dbi_sync_slice_done(feed, slice);
	PopActiveSnapshot();
}

static void
load_slice(DbiFeed *feed)
{
	DbiSlice *slice = list_nth(feed->slices, feed->at);
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight slice", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Stage stage = {.statement = feed->statement};
	const DbiStatementCounters *counters;

	read_slice(&stage);
	counters = dbi_statement_counters(feed->statement);
	PushActiveSnapshot(GetTransactionSnapshot());
	feed->rows_written += write_slice(&stage, feed->source);
	feed->rows_read += stage.count;
	feed->bytes += counters->bytes;
	feed->requests += counters->requests;
	feed->at++;
	dbi_sync_slice_done(feed, slice);
	PopActiveSnapshot();
	dbi_feed_end(feed);
	tuplestore_end(stage.rows);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

void
dbi_feed_slice(DbiSync *sync, DbiFeed *feed)
{
	if (feed->is_remote)
		refresh_slice(feed);
	else
		load_slice(feed);
}
