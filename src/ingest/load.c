/*
 * load.c: a load from begin to end, and load_rows().
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/hashfn.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/base.h"
#include "base/json.h"
#include "base/owner.h"
#include "ingest/ingest.h"

/* Rows are written in slices of this many; bounds the memory of a large file. */
#define SLICE_ROWS 20000
/* Months from 2000 to 2100, the years value.c lets pass. */
#define MONTHS 1200
/* Of a row that is kept as text. */
#define MAX_KEPT_BYTES 100000
/* Rejected rows remembered by their hash; bounds the memory of a file of bad rows. */
#define MAX_REMEMBERED 20000

typedef struct Rejected
{
	uint8 hash[PG_SHA256_DIGEST_LENGTH];
	int64 again; /* times it came after it was written */
} Rejected;

/* A set of hashes, spread well enough to be their own hashes. */
typedef struct KeyEntry
{
	uint64 hash;
	char status;
} KeyEntry;

#define SH_PREFIX keys
#define SH_ELEMENT_TYPE KeyEntry
#define SH_KEY_TYPE uint64
#define SH_KEY hash
#define SH_HASH_KEY(tb, key) ((uint32) (key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct DbiLoad
{
	DbiSource *source;
	DbiOwner caller;
	TupleDesc desc;
	Datum *values;
	bool *nulls;
	int nkeys;
	AttrNumber *keys_at; /* columns of the key */
	AttrNumber noted;    /* the last column that is looked at here: key, time, watermark */
	MemoryContext row_context;
	MemoryContext slice_context;
	Tuplestorestate *rows;
	HTAB *rejects;
	DbiInsert *insert; /* NULL: every row goes the long way */
	keys_hash *keys;   /* hashes of the keys of this load, or since they were forgotten */
	bool has_duplicates;
	int64 slice_count;
	int64 read;
	int64 written;
	int64 rejected;
	bool any_time;
	TimestampTz oldest;
	TimestampTz newest;
	TimestampTz watermark;
	bool any_watermark;
	bool touched[MONTHS]; /* months with rows in this load */
	bool fresh[MONTHS];   /* months that may still lack a partition */
	instr_time started;
};

static void
new_slice(DbiLoad *load)
{
	MemoryContext old = MemoryContextSwitchTo(load->slice_context);

	load->rows = tuplestore_begin_heap(true, false, work_mem);
	load->has_duplicates = false;
	load->slice_count = 0;
	MemoryContextSwitchTo(old);
}

/* Loaders of one gold table take turns, so that no key comes in twice. */
static void
lock_gold(DbiSource *source)
{
	Oid argtypes[1] = {TEXTOID};
	Datum args[1] = {CStringGetTextDatum(source->gold_table)};

	SPI_connect();
	SPI_execute_with_args("SELECT pg_advisory_xact_lock(hashtextextended('dbinsight load of ' || $1, 0))",
						  1, argtypes, args, NULL, false, 0);
	SPI_finish();
}

/* Rows go where the gold name is a table of ours. */
static void
check_is_local(const DbiSource *source)
{
	char *mode = source->mode;

	if (strcmp(mode, "local") != 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("source \"%s\" takes no rows: its mode is %s", source->name, mode),
						errhint("SELECT dbinsight.use_local('%s') has its gold table here again.",
								source->name)));
}

/* Which columns of a row are looked at here. */
static void
find_noted(DbiLoad *load)
{
	ListCell *lc;

	load->keys_at = palloc(sizeof(AttrNumber) * list_length(load->source->key));
	foreach(lc, load->source->key)
		load->keys_at[load->nkeys++] = SPI_fnumber(load->desc, lfirst(lc));
	load->noted = Max(load->source->time_attnum, load->source->watermark_attnum);
	for (int i = 0; i < load->nkeys; i++)
		load->noted = Max(load->noted, load->keys_at[i]);
}

DbiLoad *
dbi_load_begin(const char *name)
{
	DbiLoad *load = palloc0(sizeof(DbiLoad));
	Relation rel;

	INSTR_TIME_SET_CURRENT(load->started);
	dbi_become_owner(&load->caller);
	load->source = dbi_source_open(name);
	check_is_local(load->source);
	lock_gold(load->source);
	rel = table_open(load->source->gold_oid, RowExclusiveLock);
	load->desc = CreateTupleDescCopy(RelationGetDescr(rel));
	table_close(rel, NoLock);
	find_noted(load);
	load->insert = dbi_insert_begin(load->source);
	load->keys = keys_create(CurrentMemoryContext, 1024, NULL);
	load->values = palloc(sizeof(Datum) * load->desc->natts);
	load->nulls = palloc(sizeof(bool) * load->desc->natts);
	load->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight row", ALLOCSET_DEFAULT_SIZES);
	load->slice_context =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight slice", ALLOCSET_DEFAULT_SIZES);
	new_slice(load);
	return load;
}

/* ---- what the rows say about time ---- */

static TimestampTz
column_time(DbiLoad *load, AttrNumber attnum)
{
	Datum d = load->values[attnum - 1];

	if (TupleDescAttr(load->desc, attnum - 1)->atttypid == DATEOID)
		return (TimestampTz) DatumGetDateADT(d) * USECS_PER_DAY;
	return DatumGetTimestampTz(d);
}

static void
note_month(DbiLoad *load, TimestampTz t)
{
	int y;
	int m;
	int d;
	int month;

	j2date((int) (t / USECS_PER_DAY) + POSTGRES_EPOCH_JDATE, &y, &m, &d);
	month = (y - 2000) * 12 + m - 1;
	if (month >= 0 && month < MONTHS)
	{
		load->fresh[month] |= !load->touched[month];
		load->touched[month] = true;
	}
}

static void
note_times(DbiLoad *load)
{
	DbiSource *s = load->source;
	TimestampTz t;

	if (s->time_attnum > 0 && !load->nulls[s->time_attnum - 1])
	{
		t = column_time(load, s->time_attnum);
		note_month(load, t);
		load->oldest = load->any_time ? Min(load->oldest, t) : t;
		load->newest = load->any_time ? Max(load->newest, t) : t;
		load->any_time = true;
	}
	if (s->watermark_attnum > 0 && !load->nulls[s->watermark_attnum - 1])
	{
		t = column_time(load, s->watermark_attnum);
		load->watermark = load->any_watermark ? Max(load->watermark, t) : t;
		load->any_watermark = true;
	}
}

/* ---- rows ---- */

/* A hash of the key: two rows that share it are told apart by SQL later. */
static void
note_key(DbiLoad *load)
{
	uint64 hash = 0;
	bool found;

	for (int i = 0; i < load->nkeys; i++)
	{
		AttrNumber n = load->keys_at[i];
		Datum d = load->values[n - 1];
		uint64 h;

		if (TupleDescAttr(load->desc, n - 1)->attlen == -1)
			h = hash_bytes_extended((unsigned char *) VARDATA_ANY(DatumGetPointer(d)),
									VARSIZE_ANY_EXHDR(DatumGetPointer(d)), 0);
		else
			h = hash_bytes_extended((unsigned char *) &d, sizeof(d), 0);
		hash = hash_combine64(hash, h);
	}
	keys_insert(load->keys, hash, &found);
	load->has_duplicates |= found;
}

static void
make_partitions(DbiLoad *load)
{
	Oid argtypes[2] = {TEXTOID, TIMESTAMPTZOID};
	Datum args[2] = {CStringGetTextDatum(load->source->gold_table)};

	if (!load->source->partitioned)
		return;
	for (int month = 0; month < MONTHS; month++)
	{
		if (!load->fresh[month])
			continue;
		args[1] = TimestampTzGetDatum(
			(int64) (date2j(2000 + month / 12, month % 12 + 1, 1) - POSTGRES_EPOCH_JDATE) *
			USECS_PER_DAY);
		SPI_connect();
		SPI_execute_with_args("SELECT dbinsight._ensure_partitions($1, $2, $2)", 2, argtypes, args,
							  NULL, false, 0);
		SPI_finish();
		load->fresh[month] = false;
	}
}

/* Rows of which some key is known, or comes twice. */
static void
store_any(DbiLoad *load, Tuplestorestate *rows, int64 count, bool has_duplicates)
{
	DbiStored stored;

	dbi_insert_settle(load->insert);
	dbi_store(load->source, rows, count, has_duplicates, &stored);
	load->written += stored.written;
	if (stored.replaced > 0 && load->any_time)
	{
		note_month(load, stored.oldest_replaced);
		note_month(load, stored.newest_replaced);
		load->oldest = Min(load->oldest, stored.oldest_replaced);
		load->newest = Max(load->newest, stored.newest_replaced);
	}
}

/* Share the slice out by whether a row's key is known. */
static void
split_slice(DbiLoad *load, const bool *is_known, Tuplestorestate *fresh, Tuplestorestate *known)
{
	TupleTableSlot *row = MakeSingleTupleTableSlot(load->desc, &TTSOpsMinimalTuple);

	for (int64 i = 0; tuplestore_gettupleslot(load->rows, true, false, row); i++)
		tuplestore_puttupleslot(is_known[i] ? known : fresh, row);
	ExecDropSingleTupleTableSlot(row);
}

/* New rows take the short way, whatever the others are. */
static void
store_split(DbiLoad *load, const bool *is_known, int64 known_count)
{
	Tuplestorestate *fresh = tuplestore_begin_heap(true, false, work_mem);
	Tuplestorestate *known = tuplestore_begin_heap(true, false, work_mem);

	split_slice(load, is_known, fresh, known);
	load->written += dbi_store_new(load->source, load->insert, load->desc, fresh,
								   load->slice_count - known_count);
	store_any(load, known, known_count, false);
	tuplestore_end(fresh);
	tuplestore_end(known);
}

static void
store_slice(DbiLoad *load)
{
	bool *is_known = palloc0(sizeof(bool) * load->slice_count);
	int64 known = -1;

	if (load->insert != NULL && !load->has_duplicates)
		known = dbi_known_rows(load->source, load->insert, load->desc, load->rows,
							   load->slice_count, is_known);
	if (known == 0)
		load->written +=
			dbi_store_new(load->source, load->insert, load->desc, load->rows, load->slice_count);
	else if (known < 0 || known == load->slice_count)
		store_any(load, load->rows, load->slice_count, load->has_duplicates);
	else
		store_split(load, is_known, known);
}

/*
 * Where there are more keys than memory for them, the partitions get their
 * indexes and are asked from then on.
 */
static void
forget_keys(DbiLoad *load)
{
	if (load->keys->members * sizeof(KeyEntry) <= (uint64) maintenance_work_mem * 512)
		return;
	dbi_insert_settle(load->insert);
	keys_reset(load->keys);
}

static void
flush_slice(DbiLoad *load)
{
	MemoryContext old = MemoryContextSwitchTo(load->slice_context);

	if (load->slice_count > 0)
	{
		make_partitions(load);
		store_slice(load);
		forget_keys(load);
	}
	tuplestore_end(load->rows);
	MemoryContextSwitchTo(old);
	MemoryContextReset(load->slice_context);
	new_slice(load);
}

/* ---- rows that do not fit ---- */

static HTAB *
remember_rejects(MemoryContext context)
{
	HASHCTL ctl = {0};

	ctl.keysize = PG_SHA256_DIGEST_LENGTH;
	ctl.entrysize = sizeof(Rejected);
	ctl.hcxt = context;
	return hash_create("dbinsight rejected rows", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static bytea *
hash_datum(const uint8 *hash)
{
	bytea *result = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	SET_VARSIZE(result, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	memcpy(VARDATA(result), hash, PG_SHA256_DIGEST_LENGTH);
	return result;
}

/*
 * A row that comes again is counted here and written once at the end: each
 * update of a row in the transaction that made it walks all versions before.
 */
static void
write_again(DbiLoad *load)
{
	Oid argtypes[3] = {TEXTOID, BYTEAOID, INT8OID};
	Datum args[3] = {CStringGetTextDatum(load->source->name)};
	HASH_SEQ_STATUS status;
	Rejected *r;

	SPI_connect();
	hash_seq_init(&status, load->rejects);
	while ((r = hash_seq_search(&status)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (r->again == 0)
			continue;
		args[1] = PointerGetDatum(hash_datum(r->hash));
		args[2] = Int64GetDatum(r->again);
		SPI_execute_with_args("UPDATE dbinsight.rejected_rows SET times = times + $3"
							  " WHERE source = $1 AND row_hash = $2",
							  3, argtypes, args, NULL, false, 0);
	}
	SPI_finish();
	hash_destroy(load->rejects);
	load->rejects = NULL;
}

/* Whether the row was rejected before in this load. */
static bool
came_again(DbiLoad *load, const bytea *hash)
{
	Rejected *r;
	bool found;

	if (load->rejects != NULL && hash_get_num_entries(load->rejects) >= MAX_REMEMBERED)
		write_again(load);
	if (load->rejects == NULL)
		load->rejects = remember_rejects(GetMemoryChunkContext(load));
	r = hash_search(load->rejects, VARDATA(hash), HASH_ENTER, &found);
	r->again = found ? r->again + 1 : 0;
	return found;
}

static bytea *
row_hash(Jsonb *row)
{
	bytea *result = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);

	SET_VARSIZE(result, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	if (ctx == NULL || pg_cryptohash_init(ctx) < 0 ||
		pg_cryptohash_update(ctx, (uint8 *) VARDATA(row), VARSIZE(row) - VARHDRSZ) < 0 ||
		pg_cryptohash_final(ctx, (uint8 *) VARDATA(result), PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not hash a rejected row");
	pg_cryptohash_free(ctx);
	return result;
}

static void
reject(DbiLoad *load, Jsonb *row, const char *column, const char *reason)
{
	static SPIPlanPtr plan = NULL;
	Oid argtypes[5] = {TEXTOID, BYTEAOID, TEXTOID, TEXTOID, JSONBOID};
	Datum args[5];
	char nulls[6] = "     ";

	load->rejected++;
	args[1] = PointerGetDatum(row_hash(row));
	if (came_again(load, DatumGetByteaPP(args[1])))
		return;
	args[0] = CStringGetTextDatum(load->source->name);
	args[2] = CStringGetTextDatum(reason);
	args[3] = column != NULL ? CStringGetTextDatum(column) : (Datum) 0;
	args[4] = JsonbPGetDatum(row);
	nulls[3] = column != NULL ? ' ' : 'n';
	SPI_connect();
	if (plan == NULL)
	{
		SPIPlanPtr fresh =
			SPI_prepare("INSERT INTO dbinsight.rejected_rows AS r (source, row_hash, reason, column_name, \"row\")"
						" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (source, row_hash) DO UPDATE"
						" SET reason = excluded.reason, column_name = excluded.column_name,"
						" rejected_at = excluded.rejected_at, times = r.times + 1",
						5, argtypes);

		if (fresh == NULL || SPI_keepplan(fresh) != 0)
			elog(ERROR, "could not prepare the keeping of rejected rows");
		plan = fresh;
	}
	SPI_execute_plan(plan, args, nulls, false, 0);
	SPI_finish();
}

/* The row that load->values holds into the slice. */
static void
keep_row(DbiLoad *load)
{
	note_key(load);
	note_times(load);
	tuplestore_putvalues(load->rows, load->desc, load->values, load->nulls);
	load->slice_count++;
}

static void
flush_full(DbiLoad *load)
{
	if (load->slice_count >= SLICE_ROWS)
		flush_slice(load);
}

/* What was palloc'd for a row goes; a slice that is full is written. */
static void
end_row(DbiLoad *load, MemoryContext old)
{
	MemoryContextSwitchTo(old);
	MemoryContextReset(load->row_context);
	flush_full(load);
}

void
dbi_load_typed(DbiLoad *load, TupleTableSlot *row)
{
	CHECK_FOR_INTERRUPTS();
	load->read++;
	slot_getsomeattrs(row, load->noted);
	memcpy(load->values, row->tts_values, sizeof(Datum) * load->noted);
	memcpy(load->nulls, row->tts_isnull, sizeof(bool) * load->noted);
	note_key(load);
	note_times(load);
	tuplestore_puttupleslot(load->rows, row);
	load->slice_count++;
	flush_full(load);
}

void
dbi_load_check(const DbiLoad *load, const DbiSource *source, TupleDesc desc)
{
	if (load->source->registered == source->registered &&
		load->source->gold_oid == source->gold_oid && equalTupleDescs(load->desc, desc))
		return;
	ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					errmsg("source \"%s\" or its gold table was changed while its rows were read",
						   source->name),
					errhint("Ingest it again.")));
}

void
dbi_load_element(DbiLoad *load, JsonbValue *element)
{
	MemoryContext old = MemoryContextSwitchTo(load->row_context);
	const char *column = NULL;
	const char *why;

	CHECK_FOR_INTERRUPTS();
	load->read++;
	if (element->type != jbvBinary || !JsonContainerIsObject(element->val.binary.data))
		reject(load, JsonbValueToJsonb(element), NULL, "the row is not an object");
	else if ((why = dbi_row_to_values(load->source, load->desc, element->val.binary.data,
									  load->values, load->nulls, &column)) != NULL)
		reject(load, dbi_row_without_excluded(load->source, element->val.binary.data), column,
			   psprintf("%s: %s", column, why));
	else
		keep_row(load);
	end_row(load, old);
}

/* JSON that jsonb can't hold (a \u0000 for one): set aside as its text. */
static void
reject_text(DbiLoad *load, const char *text, int len)
{
	MemoryContext old = MemoryContextSwitchTo(load->row_context);
	JsonbValue v;

	CHECK_FOR_INTERRUPTS();
	load->read++;
	v.type = jbvString;
	v.val.string.len = pg_mbcliplen(text, len, MAX_KEPT_BYTES);
	v.val.string.val = unconstify(char *, text);
	reject(load, JsonbValueToJsonb(&v), NULL,
		   "the row holds a \\u0000 or a character the database has no place for");
	MemoryContextSwitchTo(old);
	MemoryContextReset(load->row_context);
}

/* A row by way of jsonb: what text.c gives up. */
static void
load_jsonb(DbiLoad *load, const char *text, int len)
{
	MemoryContext old = MemoryContextSwitchTo(load->row_context); /* reset with the row */
	Jsonb *row = dbi_try_jsonb(text, len);
	JsonbValue v;

	MemoryContextSwitchTo(old);
	if (row == NULL)
		reject_text(load, text, len);
	else
	{
		if (JB_ROOT_IS_SCALAR(row))
			v = *getIthJsonbValueFromContainer(&row->root, 0);
		else
			JsonbToJsonbValue(row, &v);
		dbi_load_element(load, &v);
	}
}

void
dbi_load_text(DbiLoad *load, const char *text, int len)
{
	MemoryContext old = MemoryContextSwitchTo(load->row_context);

	CHECK_FOR_INTERRUPTS();
	if (dbi_text_to_values(load->source, load->desc, text, len, load->values, load->nulls))
	{
		load->read++;
		keep_row(load);
		end_row(load, old);
	}
	else
	{
		MemoryContextSwitchTo(old);
		MemoryContextReset(load->row_context);
		load_jsonb(load, text, len);
	}
}

/* ---- the end of a load ---- */

static void
refresh_between(DbiLoad *load, TimestampTz since, TimestampTz until)
{
	Oid argtypes[3] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum args[3];

	args[0] = CStringGetTextDatum(load->source->gold_table);
	args[1] = TimestampTzGetDatum(since);
	args[2] = TimestampTzGetDatum(until);
	SPI_connect();
	SPI_execute_with_args("SELECT dbinsight._refresh_derived($1, $2, $3)", 3, argtypes, args, NULL,
						  false, 0);
	SPI_finish();
}

static TimestampTz
month_start(int month)
{
	return (TimestampTz) (date2j(2000 + month / 12, month % 12 + 1, 1) - POSTGRES_EPOCH_JDATE) *
		   USECS_PER_DAY;
}

/*
 * What depends on the rows is brought up to date once, for each run of months
 * that has some: a batch with a row of 2009 and one of 2024 does not rebuild
 * fifteen years.
 */
static void
refresh_derived(DbiLoad *load)
{
	if (load->source->time_attnum == 0)
	{
		refresh_between(load, DT_NOBEGIN, DT_NOEND);
		return;
	}
	for (int month = 0; month < MONTHS; month++)
	{
		int first = month;

		if (!load->touched[month])
			continue;
		while (month + 1 < MONTHS && load->touched[month + 1])
			month++;
		refresh_between(load, Max(month_start(first), load->oldest),
						Min(month_start(month + 1) - 1, load->newest));
	}
}

static void
after_load(DbiLoad *load)
{
	if (load->source->after_load == NULL)
		return;
	SPI_connect();
	SPI_execute(psprintf("SELECT %s()",
						 quote_qualified_identifier("dbinsight", load->source->after_load)),
				false, 0);
	SPI_finish();
}

static double
elapsed_ms(DbiLoad *load)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, load->started);
	return INSTR_TIME_GET_MILLISEC(now);
}

static void
write_log(DbiLoad *load)
{
	Oid argtypes[8] = {TEXTOID,        INT8OID,        INT8OID,        INT8OID,
					   TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, FLOAT8OID};
	Datum args[8];
	char nulls[9] = "        ";

	args[0] = CStringGetTextDatum(load->source->name);
	args[1] = Int64GetDatum(load->read);
	args[2] = Int64GetDatum(load->written);
	args[3] = Int64GetDatum(load->rejected);
	args[4] = TimestampTzGetDatum(load->oldest);
	args[5] = TimestampTzGetDatum(load->newest);
	args[6] = TimestampTzGetDatum(load->watermark);
	args[7] = Float8GetDatum(elapsed_ms(load));
	nulls[4] = nulls[5] = load->any_time ? ' ' : 'n';
	nulls[6] = load->any_watermark ? ' ' : 'n';
	SPI_connect();
	SPI_execute_with_args("INSERT INTO dbinsight.ingest_log (source, rows_read, rows_written, rows_rejected, first_event, last_event, elapsed_ms)"
						  " VALUES ($1, $2, $3, $4, $5, $6, round($8::numeric, 1))",
						  8, argtypes, args, nulls, false, 0);
	SPI_execute_with_args(
		"INSERT INTO dbinsight.ingest_state AS s (source, watermark, last_event_time, last_loaded_at)"
		" SELECT $1, $7, $6, dbinsight.now() WHERE $2 IS NOT NULL AND $3 IS NOT NULL AND $4 IS NOT NULL AND $5 IS NOT DISTINCT FROM $5 AND $8 IS NOT NULL"
		" ON CONFLICT (source) DO UPDATE SET watermark = greatest(s.watermark, excluded.watermark),"
		" last_event_time = greatest(s.last_event_time, excluded.last_event_time),"
		" last_loaded_at = excluded.last_loaded_at, last_error = NULL",
		8, argtypes, args, nulls, false, 0);
	SPI_finish();
}

int64
dbi_load_end(DbiLoad *load)
{
	int64 written;

	flush_slice(load);
	if (load->rejects != NULL)
		write_again(load);
	dbi_insert_settle(load->insert);
	written = load->written;
	if (written > 0)
	{
		refresh_derived(load);
		after_load(load);
	}
	write_log(load);
	dbi_become_caller(&load->caller);
	if (load->rejected > 0)
		ereport(WARNING,
				(errmsg("%lld of %lld rows of \"%s\" were set aside", (long long) load->rejected,
						(long long) load->read, load->source->name),
				 errhint("SELECT reason, \"row\" FROM dbinsight.rejected_rows WHERE source = '%s' shows why.",
						 load->source->name)));
	tuplestore_end(load->rows);
	return written;
}

void
dbi_not_null(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
}

PG_FUNCTION_INFO_V1(dbi_load_rows);
Datum
dbi_load_rows(PG_FUNCTION_ARGS)
{
	char *source;
	Jsonb *rows;
	DbiLoad *load;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue v;

	dbi_not_null(fcinfo, 0, "source");
	dbi_not_null(fcinfo, 1, "rows");
	source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	rows = PG_GETARG_JSONB_P(1);
	if (JB_ROOT_IS_SCALAR(rows))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows must be a JSON array of objects"),
				 errhint(
					 "Write '[{\"column\": \"value\", …}, …]' with the system table's own columns.")));
	load = dbi_load_begin(source);
	if (JB_ROOT_IS_OBJECT(rows))
	{
		JsonbToJsonbValue(rows, &v);
		dbi_load_element(load, &v);
	}
	else
	{
		it = JsonbIteratorInit(&rows->root);
		while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
			if (token == WJB_ELEM)
				dbi_load_element(load, &v);
	}
	PG_RETURN_INT64(dbi_load_end(load));
}
