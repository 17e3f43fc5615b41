/*
 * sync_log.c: which sources are ingested by which statements, and how it went.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "base/spi.h"
#include "ingest/ingest.h"
#include "ingest/sync.h"

static char *
text_at(int row, int column, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	char *text = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	MemoryContextSwitchTo(old);
	return text;
}

static void
run(const char *sql, int n, Oid *types, Datum *args, const char *nulls)
{
	if (SPI_execute_with_args(sql, n, types, args, nulls, false, 0) < 0)
		elog(ERROR, "could not run \"%s\"", sql);
}

/* The one that is named must be there, and have a table to be read from. */
static void
check_source(const char *name)
{
	Oid types[] = {TEXTOID};
	Datum args[] = {CStringGetTextDatum(name)};

	(void) dbi_source_open(name);
	run("SELECT s.remote IS NULL FROM dbinsight.sources s WHERE s.source = $1", 1, types, args,
		NULL);
	if (text_at(0, 1, CurrentMemoryContext)[0] == 't')
		ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("source \"%s\" has no remote table", name),
				errhint("UPDATE dbinsight.sources SET remote = 'catalog.schema.table' WHERE source = '%s', or load its rows with load_rows().",
						name));
}

static DbiFeed *
new_feed(DbiSync *sync, const char *source)
{
	DbiFeed *feed = MemoryContextAllocZero(sync->context, sizeof(DbiFeed));

	feed->source = MemoryContextStrdup(sync->context, source);
	return feed;
}

List *
dbi_sync_sources(DbiSync *sync, const char *source, bool only_due)
{
	List *feeds = NIL;
	DbiOwner caller;
	MemoryContext old;
	Oid types[] = {BOOLOID};
	Datum args[] = {BoolGetDatum(only_due)};

	dbi_become_owner(&caller);
	SPI_connect();
	if (source != NULL)
	{
		check_source(source);
		old = MemoryContextSwitchTo(sync->context);
		feeds = list_make1(new_feed(sync, source));
		MemoryContextSwitchTo(old);
	}
	else
	{
		run("SELECT s.source FROM dbinsight._ingest_sources($1) s", 1, types, args, NULL);
		old = MemoryContextSwitchTo(sync->context);
		for (uint64 i = 0; i < SPI_processed; i++)
			feeds = lappend(feeds, new_feed(sync, text_at(i, 1, sync->context)));
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	dbi_become_caller(&caller);
	return feeds;
}

static DbiSlice *
slice_at(int row, MemoryContext context)
{
	DbiSlice *slice = MemoryContextAllocZero(context, sizeof(DbiSlice));
	HeapTuple tuple = SPI_tuptable->vals[row];
	bool isnull;
	Datum since = SPI_getbinval(tuple, SPI_tuptable->tupdesc, 5, &isnull);

	slice->statement = text_at(row, 1, context);
	slice->type = text_at(row, 2, context);
	slice->low = text_at(row, 3, context);
	slice->high = text_at(row, 4, context);
	slice->has_since = !isnull;
	slice->since = isnull ? 0 : DatumGetTimestampTz(since);
	slice->until = DatumGetTimestampTz(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 6, &isnull));
	return slice;
}

/* The source is ours alone: a run of it that has no end has lost its session. */
static void
end_lost_runs(DbiFeed *feed)
{
	Oid types[] = {TEXTOID};
	Datum args[] = {CStringGetTextDatum(feed->source)};

	run("UPDATE dbinsight.ingest_runs SET state = 'failed', ended_at = clock_timestamp(), sqlstate = '57P01',"
		" message = 'the session that ran it is gone' WHERE source = $1 AND state = 'running'",
		1, types, args, NULL);
}

static void
write_run(DbiFeed *feed)
{
	DbiSlice *first = feed->slices ? linitial(feed->slices) : NULL;
	DbiSlice *last = feed->slices ? llast(feed->slices) : NULL;
	Oid types[] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID};
	Datum args[] = {CStringGetTextDatum(feed->source), TimestampTzGetDatum(first ? first->since : 0),
					TimestampTzGetDatum(last ? last->until : 0),
					Int32GetDatum(list_length(feed->slices))};
	char nulls[] = {' ', first && first->has_since ? ' ' : 'n', last ? ' ' : 'n', ' ', '\0'};
	bool isnull;

	run("INSERT INTO dbinsight.ingest_runs (source, since, until, slices, attempt, due)"
		" SELECT $1, $2, $3, $4, coalesce((SELECT s.failures FROM dbinsight.ingest_state s WHERE s.source = $1), 0) + 1,"
		" (SELECT i.due FROM dbinsight._ingest_sources(false) i WHERE i.source = $1) RETURNING id",
		4, types, args, nulls);
	feed->run =
		DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

void
dbi_sync_plan(DbiFeed *feed, Datum since, bool has_since, Datum until, bool has_until)
{
	MemoryContext context = GetMemoryChunkContext(feed);
	MemoryContext old;
	DbiOwner caller;
	Oid types[] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum args[] = {CStringGetTextDatum(feed->source), since, until};
	char nulls[] = {' ', has_since ? ' ' : 'n', has_until ? ' ' : 'n', '\0'};
	bool isnull;

	INSTR_TIME_SET_CURRENT(feed->started);
	dbi_become_owner(&caller);
	SPI_connect();
	run("SELECT s.mode <> 'local' FROM dbinsight.sources s WHERE s.source = $1", 1, types, args,
		NULL);
	feed->is_remote =
		DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	run("SELECT * FROM dbinsight._ingest_slices($1, $2, coalesce($3, dbinsight.now()))", 3, types,
		args, nulls);
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
		feed->slices = lappend(feed->slices, slice_at(i, context));
	MemoryContextSwitchTo(old);
	end_lost_runs(feed);
	write_run(feed);
	SPI_finish();
	dbi_become_caller(&caller);
}

/*
 * A window that leaves a gap behind what was read before moves nothing: the gap
 * would never be read. Nor counts what was read until a time that is still to
 * come, on a clock that was ahead: what has that time later would be left out.
 */
static void
move_read_until(DbiFeed *feed, const DbiSlice *slice)
{
	Oid types[] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum args[] = {CStringGetTextDatum(feed->source), TimestampTzGetDatum(slice->since),
					TimestampTzGetDatum(slice->until)};
	char nulls[] = {' ', slice->has_since ? ' ' : 'n', ' ', '\0'};

	run("UPDATE dbinsight.ingest_state s SET read_until ="
		" greatest(CASE WHEN s.read_until > dbinsight.now() THEN dbinsight.now() ELSE s.read_until END, $3)"
		" WHERE s.source = $1 AND ($2 IS NULL OR s.read_until IS NULL OR $2 <= s.read_until)",
		3, types, args, nulls);
}

bool
dbi_sync_halve(DbiFeed *feed)
{
	DbiSlice *slice = list_nth(feed->slices, feed->at);
	MemoryContext context = GetMemoryChunkContext(feed);
	MemoryContext old;
	DbiOwner caller;
	Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Oid id_type[] = {INT8OID};
	Datum args[6];
	Datum id[] = {Int64GetDatum(feed->run)};
	bool halved;

	if (slice->type == NULL)
		return false;
	args[0] = CStringGetTextDatum(slice->statement);
	args[1] = CStringGetTextDatum(slice->type);
	args[2] = CStringGetTextDatum(slice->low);
	args[3] = CStringGetTextDatum(slice->high);
	args[4] = TimestampTzGetDatum(slice->since);
	args[5] = TimestampTzGetDatum(slice->until);
	dbi_become_owner(&caller);
	SPI_connect();
	run("SELECT $1, $2, h.low, h.high, h.since, h.until"
		" FROM dbinsight._ingest_halves($2, $3, $4, $5, $6) h ORDER BY h.since",
		lengthof(types), types, args, NULL);
	halved = SPI_processed == 2;
	if (halved)
	{
		old = MemoryContextSwitchTo(context);
		feed->slices = list_insert_nth(feed->slices, feed->at + 1, slice_at(1, context));
		lfirst(list_nth_cell(feed->slices, feed->at)) = slice_at(0, context);
		MemoryContextSwitchTo(old);
		run("UPDATE dbinsight.ingest_runs SET slices = slices + 1 WHERE id = $1", 1, id_type, id,
			NULL);
	}
	SPI_finish();
	dbi_become_caller(&caller);
	return halved;
}

int64
dbi_sync_refresh(DbiFeed *feed, const DbiSlice *slice)
{
	DbiOwner caller;
	Oid types[] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum args[] = {CStringGetTextDatum(feed->source), TimestampTzGetDatum(slice->since),
					TimestampTzGetDatum(slice->until)};
	char nulls[] = {' ', slice->has_since ? ' ' : 'n', ' ', '\0'};
	bool isnull;
	int64 rows;

	dbi_become_owner(&caller);
	SPI_connect();
	run("SELECT dbinsight._refresh_remote($1, $2, $3)", 3, types, args, nulls);
	rows = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	dbi_become_caller(&caller);
	return rows;
}

void
dbi_sync_slice_done(DbiFeed *feed, const DbiSlice *slice)
{
	DbiOwner caller;
	Oid types[] = {INT8OID, INT4OID, INT8OID, INT8OID, INT8OID, INT8OID};
	Datum args[] = {Int64GetDatum(feed->run),       Int32GetDatum(feed->at),
					Int64GetDatum(feed->rows_read), Int64GetDatum(feed->rows_written),
					Int64GetDatum(feed->bytes),     Int64GetDatum(feed->requests)};

	dbi_become_owner(&caller);
	SPI_connect();
	move_read_until(feed, slice);
	run("UPDATE dbinsight.ingest_runs SET slices_done = $2, rows_read = $3, rows_written = $4, bytes = $5, requests = $6"
		" WHERE id = $1",
		6, types, args, NULL);
	SPI_finish();
	dbi_become_caller(&caller);
}

static void
write_end(DbiFeed *feed, const ErrorData *error)
{
	Oid types[] = {INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum args[5] = {Int64GetDatum(feed->run)};
	char nulls[] = "  nnn";

	args[1] = CStringGetTextDatum(feed->state == FEED_DONE          ? "succeeded"
								  : feed->state == FEED_UNAVAILABLE ? "unavailable"
																	: "failed");
	if (error != NULL)
	{
		args[2] = CStringGetTextDatum(unpack_sql_state(error->sqlerrcode));
		args[3] = CStringGetTextDatum(error->message ? error->message : "");
		nulls[2] = nulls[3] = ' ';
	}
	if (error != NULL && error->hint != NULL)
	{
		args[4] = CStringGetTextDatum(error->hint);
		nulls[4] = ' ';
	}
	run("UPDATE dbinsight.ingest_runs SET ended_at = clock_timestamp(), state = $2, sqlstate = $3, message = $4, hint = $5"
		" WHERE id = $1",
		5, types, args, nulls);
}

bool
dbi_sync_ended(DbiFeed *feed, const ErrorData *error)
{
	bool news;
	DbiOwner caller;
	Oid types[] = {TEXTOID, TEXTOID, BOOLOID};
	Datum args[3] = {CStringGetTextDatum(feed->source)};
	char nulls[] = {' ', error ? ' ' : 'n', ' ', '\0'};

	args[1] = error ? CStringGetTextDatum(feed->message) : (Datum) 0;
	args[2] = BoolGetDatum(feed->state == FEED_UNAVAILABLE);
	dbi_become_owner(&caller);
	SPI_connect();
	write_end(feed, error);
	run("SELECT 1 FROM dbinsight.ingest_state s WHERE s.source = $1 AND s.last_error IS NOT DISTINCT FROM $2 AND $3 IS NOT NULL",
		3, types, args, nulls);
	news = SPI_processed == 0;
	run("INSERT INTO dbinsight.ingest_state AS s (source, last_error, failures, unavailable_since)"
		" VALUES ($1, $2, CASE WHEN $2 IS NULL THEN 0 ELSE 1 END, CASE WHEN $3 THEN clock_timestamp() END)"
		" ON CONFLICT (source) DO UPDATE SET last_error = excluded.last_error,"
		" failures = CASE WHEN $2 IS NULL THEN 0 ELSE s.failures + 1 END,"
		" unavailable_since = CASE WHEN $3 THEN coalesce(s.unavailable_since, excluded.unavailable_since) END",
		3, types, args, nulls);
	SPI_finish();
	dbi_become_caller(&caller);
	return news;
}

bool
dbi_sync_watermark(const char *source, TimestampTz *watermark)
{
	DbiOwner caller;
	Oid types[] = {TEXTOID};
	Datum args[] = {CStringGetTextDatum(source)};
	bool isnull = true;

	dbi_become_owner(&caller);
	SPI_connect();
	run("SELECT s.watermark FROM dbinsight.ingest_state s WHERE s.source = $1", 1, types, args,
		NULL);
	if (SPI_processed > 0)
		*watermark = DatumGetTimestampTz(
			SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	dbi_become_caller(&caller);
	return !isnull;
}
