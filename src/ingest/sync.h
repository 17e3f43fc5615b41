/*
 * ingest/sync.h: what ingestion is made of; private to sync*.c.
 *
 * A feed is one source being brought up to date: its statements, one a slice,
 * oldest first. Several feeds have a statement under way at a time, for the
 * warehouse is the slow part; rows are written one feed at a time.
 */
#ifndef DBI_INGEST_SYNC_H
#define DBI_INGEST_SYNC_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "portability/instr_time.h"

#include "databricks/statement.h"
#include "ingest/ingest.h"

typedef struct DbiSlice
{
	char *statement;
	char *type; /* of the bounds; NULL: the table is read whole */
	char *low;
	char *high;
	bool has_since;
	TimestampTz since;
	TimestampTz until;
} DbiSlice;

typedef enum
{
	FEED_WAITING, /* has no statement yet */
	FEED_READING,
	FEED_DONE,
	FEED_FAILED,
	FEED_UNAVAILABLE
} DbiFeedState;

typedef struct DbiFeed
{
	char *source;
	bool is_remote; /* its rows stay on the warehouse: a slice refreshes what is derived from them */
	DbiFeedState state;
	List *slices; /* of DbiSlice */
	int at;       /* the slice that is read */
	int turn;     /* when it had its last one */
	DbiStatement *statement;
	DbiStage *stage;       /* its rows so far */
	MemoryContext context; /* of both */
	MemoryContext read;    /* the same of the slice before, while that is written */
	int64 run;             /* of ingest_runs */
	int64 rows_read;
	int64 rows_written;
	int64 bytes;
	int64 requests;
	char *message; /* why it failed */
	instr_time started;
} DbiFeed;

typedef struct DbiSync
{
	DbiWorkspace *workspace;
	MemoryContext context; /* lives until the end, whatever is committed */
	bool commits;          /* each slice, as a procedure may */
	bool one;              /* a source was named: its error is the caller's */
	List *feeds;
	int turn;
} DbiSync;

/* ---- sync_feed.c ---- */

/* Sends the statement of the feed's slice, unless that is done already. */
void dbi_feed_begin(DbiSync *sync, DbiFeed *feed);
/* Reads the slice to its end, sends the next one's statement, then writes the slice and moves the watermark. */
void dbi_feed_slice(DbiSync *sync, DbiFeed *feed);
/* Whether it failed because the result of the slice is larger than may be read. */
bool dbi_feed_too_large(const DbiFeed *feed);
/* Ends what is under way on the warehouse. */
void dbi_feed_end(DbiFeed *feed);

/* ---- sync_log.c: as the extension's owner ---- */

/* Feeds of the sources to be ingested, or of the one that is named. */
List *dbi_sync_sources(DbiSync *sync, const char *source, bool only_due);
/* Their slices, and a row of ingest_runs each. */
void dbi_sync_plan(DbiFeed *feed, Datum since, bool has_since, Datum until, bool has_until);
/* Refreshes what is derived from a remote source, for a slice; how many rows that has there. */
int64 dbi_sync_refresh(DbiFeed *feed, const DbiSlice *slice);
/* Puts two slices in the place of the one that is read; false when it is too narrow for that. */
bool dbi_sync_halve(DbiFeed *feed);
void dbi_sync_slice_done(DbiFeed *feed, const DbiSlice *slice);
/* error: NULL when it went well. Whether that is another story than the last one. */
bool dbi_sync_ended(DbiFeed *feed, const ErrorData *error);
/* The watermark of a source; false when it has none. */
bool dbi_sync_watermark(const char *source, TimestampTz *watermark);

#endif
