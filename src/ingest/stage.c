/*
 * stage.c: rows typed while more of them come.
 *
 * Between the network and the gold table rows wait as typed tuples, beyond
 * work_mem in a file. To type them takes no lock, so it is done while the next
 * ones are on their way; what has to be taken as jsonb waits as text, with its
 * place among the others.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/owner.h"
#include "ingest/ingest.h"

struct DbiStage
{
	DbiSource *source;
	TupleDesc desc; /* of the gold table */
	Datum *values;
	bool *nulls;
	MemoryContext row_context;
	Tuplestorestate *rows; /* NULL until the first one */
	Tuplestorestate *odd;  /* of (place, text) */
	TupleDesc odd_desc;
	int64 count; /* of both */
};

DbiStage *
dbi_stage_open(const char *source)
{
	DbiStage *stage = palloc0(sizeof(DbiStage));
	DbiOwner caller;
	Relation rel;

	dbi_become_owner(&caller);
	stage->source = dbi_source_open(source);
	rel = table_open(stage->source->gold_oid, AccessShareLock);
	stage->desc = CreateTupleDescCopy(RelationGetDescr(rel));
	table_close(rel, AccessShareLock);
	dbi_become_caller(&caller);
	stage->values = palloc(sizeof(Datum) * stage->desc->natts);
	stage->nulls = palloc(sizeof(bool) * stage->desc->natts);
	stage->odd_desc = CreateTemplateTupleDesc(2);
	TupleDescInitEntry(stage->odd_desc, 1, "place", INT8OID, -1, 0);
	TupleDescInitEntry(stage->odd_desc, 2, "row", TEXTOID, -1, 0);
	stage->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight staged row", ALLOCSET_DEFAULT_SIZES);
	return stage;
}

/* The rows go into files of the transaction that reads them. */
static void
begin_rows(DbiStage *stage)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(stage));

	stage->rows = tuplestore_begin_heap(false, false, work_mem);
	stage->odd = tuplestore_begin_heap(false, false, work_mem);
	MemoryContextSwitchTo(old);
}

static void
put_odd(DbiStage *stage, const char *text, int len)
{
	Datum values[] = {Int64GetDatum(stage->count),
					  PointerGetDatum(cstring_to_text_with_len(text, len))};
	bool nulls[] = {false, false};

	tuplestore_putvalues(stage->odd, stage->odd_desc, values, nulls);
}

void
dbi_stage_text(DbiStage *stage, const char *text, int len)
{
	MemoryContext old;

	if (stage->rows == NULL)
		begin_rows(stage);
	old = MemoryContextSwitchTo(stage->row_context);
	if (dbi_text_to_values(stage->source, stage->desc, text, len, stage->values, stage->nulls))
		tuplestore_putvalues(stage->rows, stage->desc, stage->values, stage->nulls);
	else
		put_odd(stage, text, len);
	stage->count++;
	MemoryContextSwitchTo(old);
	MemoryContextReset(stage->row_context);
}

int64
dbi_stage_count(const DbiStage *stage)
{
	return stage->count;
}

/* The place of the next odd row, which is in the slot then; behind all when there is none. */
static int64
next_odd(DbiStage *stage, TupleTableSlot *slot)
{
	bool isnull;

	if (!tuplestore_gettupleslot(stage->odd, true, false, slot))
		return stage->count;
	return DatumGetInt64(slot_getattr(slot, 1, &isnull));
}

static void
load_odd(TupleTableSlot *slot, DbiLoad *load)
{
	bool isnull;
	text *row = DatumGetTextPP(slot_getattr(slot, 2, &isnull));

	dbi_load_text(load, VARDATA_ANY(row), VARSIZE_ANY_EXHDR(row));
}

void
dbi_stage_load(DbiStage *stage, DbiLoad *load)
{
	TupleTableSlot *typed = MakeSingleTupleTableSlot(stage->desc, &TTSOpsMinimalTuple);
	TupleTableSlot *odd = MakeSingleTupleTableSlot(stage->odd_desc, &TTSOpsMinimalTuple);
	int64 odd_place;

	dbi_load_check(load, stage->source, stage->desc);
	odd_place = stage->count > 0 ? next_odd(stage, odd) : 0;
	for (int64 place = 0; place < stage->count; place++)
	{
		if (place == odd_place)
		{
			load_odd(odd, load);
			odd_place = next_odd(stage, odd);
		}
		else if (tuplestore_gettupleslot(stage->rows, true, false, typed))
			dbi_load_typed(load, typed);
		else
			elog(ERROR, "a staged row is missing");
	}
	ExecDropSingleTupleTableSlot(typed);
	ExecDropSingleTupleTableSlot(odd);
}

void
dbi_stage_end(DbiStage *stage)
{
	if (stage->rows == NULL)
		return;
	tuplestore_end(stage->rows);
	tuplestore_end(stage->odd);
	stage->rows = stage->odd = NULL;
	stage->count = 0;
}
