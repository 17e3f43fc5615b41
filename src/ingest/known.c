/*
 * known.c: which rows of a slice have a key that the gold table already holds.
 *
 * Each partition's own index on the key is asked for each row, wherever the
 * row's time would put it: a newer version may have moved to another month.
 * Partitions that this load has made are left out; whether a key came twice
 * in one load the load itself remembers.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "ingest/ingest.h"

typedef struct Probe
{
	Relation heap;
	Relation index;
	TupleTableSlot *slot;
	IndexScanDesc scan;
	int nkeys;
	ScanKeyData keys[INDEX_MAX_KEYS];
	AttrNumber from[INDEX_MAX_KEYS]; /* of the incoming row */
} Probe;

/* Number of a key column by its name in a relation, 0 when it is no part of the key. */
static AttrNumber
key_column(DbiSource *source, Relation rel, AttrNumber attnum)
{
	char *name;
	ListCell *lc;

	if (attnum <= 0)
		return 0;
	name = NameStr(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attname);
	foreach(lc, source->key)
		if (strcmp(lfirst(lc), name) == 0)
			return get_attnum(source->gold_oid, name);
	return 0;
}

/* Whether the key's columns, and only they, begin a btree index; fills the probe. */
static bool
begins_with_key(DbiSource *source, Probe *probe, Relation index)
{
	Form_pg_index form = index->rd_index;

	probe->nkeys = list_length(source->key);
	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisunique || !form->indisvalid ||
		!heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL) ||
		form->indnkeyatts < probe->nkeys)
		return false;
	for (int i = 0; i < probe->nkeys; i++)
	{
		Oid type = index->rd_opcintype[i];
		Oid op = get_opfamily_member(index->rd_opfamily[i], type, type, BTEqualStrategyNumber);

		probe->from[i] = key_column(source, probe->heap, form->indkey.values[i]);
		if (probe->from[i] == 0 || !OidIsValid(op))
			return false;
		ScanKeyEntryInitialize(&probe->keys[i], 0, i + 1, BTEqualStrategyNumber, InvalidOid,
							   index->rd_indcollation[i], get_opcode(op), (Datum) 0);
	}
	return true;
}

/* NULL when the partition has no index to ask. */
static Probe *
open_probe(DbiSource *source, Relation heap)
{
	Probe *probe = palloc0(sizeof(Probe));
	List *indexes = RelationGetIndexList(heap);
	ListCell *lc;

	probe->heap = heap;
	foreach(lc, indexes)
	{
		probe->index = index_open(lfirst_oid(lc), AccessShareLock);
		if (begins_with_key(source, probe, probe->index))
		{
			probe->slot = table_slot_create(heap, NULL);
			probe->scan = dbi_index_beginscan(heap, probe->index, GetActiveSnapshot(), probe->nkeys);
			return probe;
		}
		index_close(probe->index, AccessShareLock);
	}
	return NULL;
}

static void
close_probe(Probe *probe)
{
	index_endscan(probe->scan);
	ExecDropSingleTupleTableSlot(probe->slot);
	index_close(probe->index, AccessShareLock);
}

static bool
finds(Probe *probe, TupleTableSlot *row)
{
	bool isnull;
	bool found;

	for (int i = 0; i < probe->nkeys; i++)
		probe->keys[i].sk_argument = slot_getattr(row, probe->from[i], &isnull);
	index_rescan(probe->scan, probe->keys, probe->nkeys, NULL, 0);
	found = index_getnext_slot(probe->scan, ForwardScanDirection, probe->slot);
	ExecClearTuple(probe->slot);
	return found;
}

/* Ask one partition for every row; false when it can't be asked. */
static bool
ask(DbiSource *source, Relation heap, Tuplestorestate *rows, TupleTableSlot *row, bool *known)
{
	Probe *probe = open_probe(source, heap);

	if (probe == NULL)
		return false;
	tuplestore_rescan(rows);
	for (int64 i = 0; tuplestore_gettupleslot(rows, true, false, row); i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!known[i])
			known[i] = finds(probe, row);
	}
	close_probe(probe);
	return true;
}

static int64
count_known(const bool *known, int64 count)
{
	int64 n = 0;

	for (int64 i = 0; i < count; i++)
		n += known[i];
	return n;
}

/* How many of the rows are known, told for each in known; -1 when it can't be told. */
int64
dbi_known_rows(DbiSource *source, DbiInsert *insert, TupleDesc desc, Tuplestorestate *rows,
			   int64 count, bool *known)
{
	TupleTableSlot *row = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	List *oids = find_all_inheritors(source->gold_oid, AccessShareLock, NULL);
	bool can_tell = true;
	ListCell *lc;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	foreach(lc, oids)
	{
		Relation heap = table_open(lfirst_oid(lc), NoLock);

		if (can_tell && heap->rd_rel->relkind == RELKIND_RELATION &&
			!dbi_insert_pending(insert, RelationGetRelid(heap)) &&
			RelationGetNumberOfBlocks(heap) > 0)
			can_tell = ask(source, heap, rows, row, known);
		table_close(heap, NoLock);
	}
	PopActiveSnapshot();
	ExecDropSingleTupleTableSlot(row);
	tuplestore_rescan(rows);
	return can_tell ? count_known(known, count) : -1;
}
