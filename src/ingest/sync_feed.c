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
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "base/json.h"
#include "ingest/ingest.h"
#include "ingest/sync.h"

/* How a column of the result becomes a member of the row's object. */
typedef struct Member
{
	const char *name;
	int len;
	int column;
	bool nested; /* JSON text: an array, a map, a struct, a variant */
	bool number;
	bool boolean;
} Member;

typedef struct Stage
{
	DbiStatement *statement;
	Member *members; /* in the order of jsonb's keys */
	int nmembers;
	TupleDesc desc;
	Tuplestorestate *rows;
	MemoryContext row_context;
	int64 count;
} Stage;

void
dbi_feed_begin(DbiSync *sync, DbiFeed *feed)
{
	DbiSlice *slice = list_nth(feed->slices, feed->at);
	DbiStatementOptions options = {.large = true};
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

void
dbi_feed_end(DbiFeed *feed)
{
	if (feed->statement != NULL)
		dbi_statement_end(feed->statement);
	feed->statement = NULL;
	if (feed->context != NULL)
		MemoryContextReset(feed->context);
}

static int
compare_members(const void *a, const void *b)
{
	const Member *x = a;
	const Member *y = b;
	int cmp = x->len - y->len;

	if (cmp == 0)
		cmp = memcmp(x->name, y->name, x->len);
	return cmp != 0 ? cmp : x->column - y->column;
}

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

/* The columns of the result; a name that comes again is left out. */
static void
read_members(Stage *stage)
{
	static const char *const nested[] = {"ARRAY", "MAP", "STRUCT", "VARIANT", NULL};
	static const char *const numbers[] = {"BYTE",  "SHORT",  "INT",     "LONG",
										  "FLOAT", "DOUBLE", "DECIMAL", NULL};
	int n;
	int kept = 0;
	const DbiColumn *columns = dbi_statement_columns(stage->statement, &n);

	stage->members = palloc(sizeof(Member) * Max(n, 1));
	for (int i = 0; i < n; i++)
		stage->members[i] = (Member){columns[i].name,
									 (int) strlen(columns[i].name),
									 i,
									 is_one_of(columns[i].type_name, nested),
									 is_one_of(columns[i].type_name, numbers),
									 strcmp(columns[i].type_name, "BOOLEAN") == 0};
	qsort(stage->members, n, sizeof(Member), compare_members);
	for (int i = 0; i < n; i++)
		if (kept == 0 || stage->members[i].len != stage->members[kept - 1].len ||
			memcmp(stage->members[i].name, stage->members[kept - 1].name, stage->members[i].len) != 0)
			stage->members[kept++] = stage->members[i];
	stage->nmembers = kept;
}

/*
 * A value as load_rows() would be given it. What is not JSON after all, and
 * numbers jsonb has none for (NaN), stay text: the loader says what is wrong.
 */
static void
set_value(const Member *member, char *text, JsonbValue *v)
{
	Jsonb *parsed = NULL;
	int len = (int) strlen(text);

	if (member->nested)
		parsed = dbi_try_jsonb(text, len);
	if (parsed != NULL && JB_ROOT_IS_SCALAR(parsed))
		*v = *getIthJsonbValueFromContainer(&parsed->root, 0);
	else if (parsed != NULL)
		JsonbToJsonbValue(parsed, v);
	else if (member->number && len > 0 && len < 100 && strspn(text, "-0123456789.Ee+") == len)
	{
		v->type = jbvNumeric;
		v->val.numeric =
			DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
												ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	}
	else if (member->boolean && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
	{
		v->type = jbvBool;
		v->val.boolean = text[0] == 't';
	}
	else
	{
		v->type = jbvString;
		v->val.string.val = text;
		v->val.string.len = len;
	}
}

static void
stage_row(Stage *stage, char **values)
{
	MemoryContext old = MemoryContextSwitchTo(stage->row_context);
	JsonbParseState *state = NULL;
	JsonbValue *object;
	Datum datum;
	bool isnull = false;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < stage->nmembers; i++)
	{
		Member *m = &stage->members[i];
		JsonbValue key = {.type = jbvString, .val.string = {m->len, unconstify(char *, m->name)}};
		JsonbValue v;

		if (values[m->column] == NULL)
			continue; /* a missing field is null */
		set_value(m, values[m->column], &v);
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_VALUE, &v);
	}
	object = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	datum = JsonbPGetDatum(JsonbValueToJsonb(object));
	tuplestore_putvalues(stage->rows, stage->desc, &datum, &isnull);
	stage->count++;
	MemoryContextSwitchTo(old);
	MemoryContextReset(stage->row_context);
}

static void
read_slice(Stage *stage)
{
	char **values;

	stage->desc = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(stage->desc, 1, "row", JSONBOID, -1, 0);
	stage->rows = tuplestore_begin_heap(false, false, work_mem);
	stage->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight staged row", ALLOCSET_DEFAULT_SIZES);
	read_members(stage);
	while (dbi_statement_next(stage->statement, &values))
	{
		CHECK_FOR_INTERRUPTS();
		stage_row(stage, values);
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
		Jsonb *row = DatumGetJsonbP(slot_getattr(slot, 1, &isnull));
		JsonbValue v;

		JsonbToJsonbValue(row, &v);
		dbi_load_element(load, &v);
	}
	ExecDropSingleTupleTableSlot(slot);
	return dbi_load_end(load);
}

/* What is derived from a source that is not local follows the rows of the slice. */
static void
refresh_slice(DbiFeed *feed)
{
	DbiSlice *slice = list_nth(feed->slices, feed->at);

	PushActiveSnapshot(GetTransactionSnapshot());
	feed->rows_read += dbi_sync_refresh(feed, slice);
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
