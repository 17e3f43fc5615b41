/*
 * sync_feed.c: a slice of a source, from the warehouse into the gold table.
 *
 * The rows are read to their end before the first one is written: while the
 * network is waited for, no lock is held that another loader waits for. They
 * are typed as they come. While they are written the warehouse has the
 * statement of the next slice already.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/base.h"
#include "base/try.h"
#include "databricks/fdw_scan.h"
#include "ingest/ingest.h"
#include "ingest/sync.h"

/* Sends the statement of a slice. */
static void
begin_slice(DbiSync *sync, DbiFeed *feed, int at)
{
	DbiSlice *slice = list_nth(feed->slices, at);
	DbiStatementOptions options = {.large = true,
								   .max_bytes = (int64) dbi_guc_max_result_bytes * 1024};
	DbiParameter bounds[] = {{"low", slice->low, slice->type}, {"high", slice->high, slice->type}};
	MemoryContext old;

	feed->context = AllocSetContextCreate(sync->context, "dbinsight feed", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(feed->context);
	feed->stage = dbi_stage_open(feed->source);
	feed->statement = dbi_statement_begin(sync->workspace, slice->statement, bounds,
										  slice->type ? lengthof(bounds) : 0, &options);
	MemoryContextSwitchTo(old);
}

void
dbi_feed_begin(DbiSync *sync, DbiFeed *feed)
{
	feed->state = FEED_READING;
	/* The statements of a remote source are those of its foreign table. */
	if (!feed->is_remote && feed->statement == NULL)
		begin_slice(sync, feed, feed->at);
}

bool
dbi_feed_too_large(const DbiFeed *feed)
{
	return feed->statement != NULL && dbi_statement_too_large(feed->statement);
}

static void
end_context(MemoryContext *context)
{
	if (*context != NULL)
		MemoryContextDelete(*context);
	*context = NULL;
}

/* A statement ends with its context. */
void
dbi_feed_end(DbiFeed *feed)
{
	feed->statement = NULL;
	feed->stage = NULL;
	end_context(&feed->context);
	end_context(&feed->read);
}

/* Each row is one cell: a JSON object, see _remote_rows(). */
static void
check_columns(DbiStatement *statement)
{
	int n;

	(void) dbi_statement_columns(statement, &n);
	if (n != 1)
		ereport(ERROR, (errcode(ERRCODE_FDW_INCONSISTENT_DESCRIPTOR_INFORMATION),
						errmsg("the warehouse returned %d columns where one was asked for", n)));
}

static void
read_slice(DbiFeed *feed)
{
	const DbiStatementCounters *counters;
	char **values;

	check_columns(feed->statement);
	while (dbi_statement_next(feed->statement, &values))
	{
		CHECK_FOR_INTERRUPTS();
		if (values[0] != NULL)
			dbi_stage_text(feed->stage, values[0], strlen(values[0]));
	}
	counters = dbi_statement_counters(feed->statement);
	feed->bytes += counters->bytes;
	feed->requests += counters->requests;
	feed->rows_read += dbi_stage_count(feed->stage);
}

/* Rows written. An empty slice is a load too: it says that the source was asked. */
static int64
write_slice(DbiStage *stage, const char *source)
{
	DbiLoad *load = dbi_load_begin(source);

	dbi_stage_load(stage, load);
	return dbi_load_end(load);
}

/* The slice that is read makes room for the next one. */
static DbiStage *
put_aside(DbiFeed *feed)
{
	DbiStage *stage = feed->stage;

	feed->read = feed->context;
	feed->context = NULL;
	feed->statement = NULL;
	feed->stage = NULL;
	return stage;
}

typedef struct Next
{
	DbiSync *sync;
	DbiFeed *feed;
} Next;

static void
begin_next(void *arg)
{
	Next *next = arg;

	begin_slice(next->sync, next->feed, next->feed->at + 1);
}

/* When that fails it is begun again, and its error raised, when its turn comes. */
static void
try_next(DbiSync *sync, DbiFeed *feed)
{
	Next next = {sync, feed};
	ErrorData *error;

	if (feed->at + 1 >= list_length(feed->slices))
		return;
	error = dbi_try(begin_next, &next);
	if (error == NULL)
		return;
	feed->statement = NULL;
	feed->stage = NULL;
	end_context(&feed->context);
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
		ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION)
		ReThrowError(error);
	FreeErrorData(error);
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
load_slice(DbiSync *sync, DbiFeed *feed)
{
	DbiSlice *slice = list_nth(feed->slices, feed->at);
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight slice", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	DbiStage *stage;

	read_slice(feed);
	stage = put_aside(feed);
	try_next(sync, feed);
	PushActiveSnapshot(GetTransactionSnapshot());
	feed->rows_written += write_slice(stage, feed->source);
	feed->at++;
	dbi_sync_slice_done(feed, slice);
	PopActiveSnapshot();
	dbi_stage_end(stage);
	end_context(&feed->read);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

void
dbi_feed_slice(DbiSync *sync, DbiFeed *feed)
{
	if (feed->is_remote)
		refresh_slice(feed);
	else
		load_slice(sync, feed);
}
