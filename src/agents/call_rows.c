/*
 * call_rows.c: takes the rows of a call as they come, and ends the query when
 * there are more than dbinsight.max_tool_rows.
 *
 * A row count given to the executor would end it too, but then it starts no
 * parallel workers.
 */
#include "postgres.h"

#include "executor/tuptable.h"
#include "tcop/dest.h"

#include "agents/call_parts.h"
#include "base/base.h"

typedef struct RowTaker
{
	DestReceiver receiver;
	DbiResult *result;
	MemoryContext results;
	int room; /* rows that result->rows has room for */
} RowTaker;

static void
take_columns(DestReceiver *self, int operation, TupleDesc desc)
{
	RowTaker *taker = (RowTaker *) self;
	DbiResult *r = taker->result;
	MemoryContext old = MemoryContextSwitchTo(taker->results);

	r->columns = palloc0(sizeof(DbiColumn) * Max(desc->natts, 1));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped)
			continue;
		r->columns[r->ncolumns].name = pstrdup(NameStr(att->attname));
		r->columns[r->ncolumns].type = att->atttypid;
		r->columns[r->ncolumns].kind = dbi_kind(NameStr(att->attname), att->atttypid);
		r->ncolumns++;
	}
	taker->room = 16;
	r->rows = palloc(sizeof(DbiCell *) * taker->room);
	MemoryContextSwitchTo(old);
}

static DbiCell *
cells_of(const DbiResult *r, TupleTableSlot *slot)
{
	TupleDesc desc = slot->tts_tupleDescriptor;
	DbiCell *cells = palloc0(sizeof(DbiCell) * Max(r->ncolumns, 1));

	slot_getallattrs(slot);
	for (int i = 0, c = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attisdropped)
			continue;
		dbi_cell(&cells[c], r->columns[c].kind, r->columns[c].type, slot->tts_values[i],
				 slot->tts_isnull[i]);
		c++;
	}
	return cells;
}

/* False ends the query. */
static bool
take_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowTaker *taker = (RowTaker *) self;
	DbiResult *r = taker->result;
	MemoryContext old;

	r->truncated = r->nrows >= dbi_guc_max_tool_rows;
	if (r->truncated)
		return false;
	old = MemoryContextSwitchTo(taker->results);
	if (r->nrows == taker->room)
	{
		taker->room *= 2;
		r->rows = repalloc(r->rows, sizeof(DbiCell *) * taker->room);
	}
	r->rows[r->nrows++] = cells_of(r, slot);
	MemoryContextSwitchTo(old);
	return true;
}

static void
do_nothing(DestReceiver *self)
{
}

DestReceiver *
dbi_take_rows(DbiResult *result, MemoryContext results)
{
	RowTaker *taker = palloc0(sizeof(RowTaker));

	taker->receiver.receiveSlot = take_row;
	taker->receiver.rStartup = take_columns;
	taker->receiver.rShutdown = do_nothing;
	taker->receiver.rDestroy = do_nothing;
	taker->receiver.mydest = DestTuplestore; /* rows that are kept; there is no name for ours */
	taker->result = result;
	taker->results = results;
	return &taker->receiver;
}
