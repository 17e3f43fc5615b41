/*
 * insert.c: rows that are known to be new, into the partitions of a fact the
 * way COPY does it.
 *
 * The rows come from a query, for columns that the source does not have
 * itself are computed in SQL. They are routed, completed by the generated
 * columns, checked, and written many to a page. The indexes of a partition
 * that this load has made are not kept up row by row but built at the end:
 * until then nobody else can see it.
 *
 * Only facts without triggers, rules and row security are written so; the
 * others get the INSERT of store.c, which knows what these ask for.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/execPartition.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "base/compat.h"
#include "ingest/ingest.h"

/* As many rows, and as many bytes, as COPY gathers before it writes. */
#define BUFFER_ROWS 1000
#define BUFFER_BYTES 65535
/* Fewer rows are put into the indexes one by one: building all of them costs more. */
#define WORTH_BUILDING 2000

typedef struct Leaf
{
	ResultRelInfo *rri;
	TupleTableSlot *slots[BUFFER_ROWS];
	int n;
	BulkInsertState bistate;
	bool build_later;
} Leaf;

struct DbiInsert
{
	DestReceiver receiver; /* must be first */
	DbiSource *source;
	MemoryContext context; /* as long as the load */
	int64 count;           /* rows of this slice */
	int64 written;
	Relation root;
	EState *estate;
	ModifyTableState *mtstate;
	PartitionTupleRouting *routing;
	ResultRelInfo *root_rri;
	TupleTableSlot *root_slot;
	List *leaves; /* of Leaf */
	Leaf *last;
	int buffered;
	Size bytes;
	List *build_later; /* oids of partitions without indexes as yet */
};

/* ---- whether a fact can be written so ---- */

static bool
is_plain(Relation rel)
{
	return rel->trigdesc == NULL && rel->rd_rules == NULL &&
		   check_enable_rls(RelationGetRelid(rel), InvalidOid, true) != RLS_ENABLED &&
		   (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ||
			rel->rd_rel->relkind == RELKIND_RELATION);
}

/* A column that no source has may have a default: INSERT knows it. */
static bool
has_foreign_default(DbiSource *source, TupleDesc desc)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && att->attgenerated == '\0' && (att->atthasdef || att->attidentity) &&
			!dbi_source_has_column(source, NameStr(att->attname)))
			return true;
	}
	return false;
}

DbiInsert *
dbi_insert_begin(DbiSource *source)
{
	DbiInsert *insert;
	List *oids;
	ListCell *lc;
	bool plain = source->partitioned;

	if (!plain)
		return NULL;
	oids = find_all_inheritors(source->gold_oid, RowExclusiveLock, NULL);
	foreach(lc, oids)
	{
		Relation rel = table_open(lfirst_oid(lc), NoLock);

		plain &= is_plain(rel) && !has_foreign_default(source, RelationGetDescr(rel));
		table_close(rel, NoLock);
	}
	if (!plain)
		return NULL;
	insert = palloc0(sizeof(DbiInsert));
	insert->source = source;
	insert->context = CurrentMemoryContext;
	return insert;
}

/* ---- open and close ---- */

static void
open_routing(DbiInsert *insert)
{
	MemoryContext old = MemoryContextSwitchTo(insert->context);

	insert->root = table_open(insert->source->gold_oid, RowExclusiveLock);
	insert->estate = CreateExecutorState();
	MemoryContextSwitchTo(insert->estate->es_query_cxt);
	insert->root_rri = makeNode(ResultRelInfo);
	InitResultRelInfo(insert->root_rri, insert->root, 0, NULL, 0);
	insert->mtstate = makeNode(ModifyTableState);
	insert->mtstate->ps.state = insert->estate;
	insert->mtstate->operation = CMD_INSERT;
	insert->mtstate->mt_nrels = 1;
	insert->mtstate->resultRelInfo = insert->root_rri;
	insert->mtstate->rootResultRelInfo = insert->root_rri;
	insert->routing = ExecSetupPartitionTupleRouting(insert->estate, insert->root);
	insert->root_slot = MakeSingleTupleTableSlot(RelationGetDescr(insert->root), &TTSOpsVirtual);
	insert->leaves = NIL;
	insert->last = NULL;
	MemoryContextSwitchTo(old);
}

static void
write_leaf(DbiInsert *insert, Leaf *leaf)
{
	EState *estate = insert->estate;
	MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));

	table_multi_insert(leaf->rri->ri_RelationDesc, leaf->slots, leaf->n, GetCurrentCommandId(true),
					   0, leaf->bistate);
	MemoryContextSwitchTo(old);
	for (int i = 0; i < leaf->n; i++)
	{
		if (leaf->rri->ri_NumIndices > 0 && !leaf->build_later)
		{
			ResetPerTupleExprContext(estate);
			list_free(dbi_insert_index_tuples(leaf->rri, leaf->slots[i], estate));
		}
		ExecClearTuple(leaf->slots[i]);
	}
	ResetPerTupleExprContext(estate);
	leaf->n = 0;
}

static void
write_buffered(DbiInsert *insert)
{
	ListCell *lc;

	foreach(lc, insert->leaves)
	{
		Leaf *leaf = lfirst(lc);

		if (leaf->n > 0)
			write_leaf(insert, leaf);
	}
	insert->buffered = 0;
	insert->bytes = 0;
}

static void
close_leaf(Leaf *leaf)
{
	for (int i = 0; i < BUFFER_ROWS && leaf->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(leaf->slots[i]);
	FreeBulkInsertState(leaf->bistate);
}

/* Nothing stays open between two slices: the next may need another partition. */
static void
close_routing(DbiInsert *insert)
{
	ListCell *lc;

	foreach(lc, insert->leaves)
		close_leaf(lfirst(lc));
	ExecDropSingleTupleTableSlot(insert->root_slot);
	ExecResetTupleTable(insert->estate->es_tupleTable, false);
	ExecCleanupTupleRouting(insert->mtstate, insert->routing);
	table_close(insert->root, NoLock);
	FreeExecutorState(insert->estate);
}

static void
run_on(const char *command, Oid part)
{
	char *name = get_rel_name(part);

	SPI_connect();
	if (SPI_execute(psprintf("%s %s", command, quote_qualified_identifier("dbinsight", name)),
					false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not finish \"%s\"", name);
	SPI_finish();
}

/*
 * The indexes of a new month, and statistics: the refreshes that follow, and
 * the tools until autovacuum comes, would else believe it to be of some size.
 * A small sample is enough to tell them so.
 */
static void
finish_partition(Oid part)
{
	int guc_level = NewGUCNestLevel();

	(void) set_config_option("default_statistics_target", "10", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	run_on("REINDEX TABLE", part);
	run_on("ANALYZE", part);
	AtEOXact_GUC(false, guc_level);
}

/* From here on every row is in every index. */
void
dbi_insert_settle(DbiInsert *insert)
{
	ListCell *lc;

	if (insert == NULL)
		return;
	foreach(lc, insert->build_later)
		finish_partition(lfirst_oid(lc));
	list_free(insert->build_later);
	insert->build_later = NIL;
}

/* ---- rows ---- */

static Leaf *
new_leaf(DbiInsert *insert, ResultRelInfo *rri)
{
	Relation rel = rri->ri_RelationDesc;
	Leaf *leaf = palloc0(sizeof(Leaf));
	MemoryContext old;

	leaf->rri = rri;
	leaf->bistate = GetBulkInsertState();
	if (insert->count >= WORTH_BUILDING && rel->rd_createSubid != InvalidSubTransactionId &&
		RelationGetNumberOfBlocks(rel) == 0)
	{
		old = MemoryContextSwitchTo(insert->context);
		insert->build_later = lappend_oid(insert->build_later, RelationGetRelid(rel));
		MemoryContextSwitchTo(old);
	}
	leaf->build_later = dbi_insert_pending(insert, RelationGetRelid(rel));
	insert->leaves = lappend(insert->leaves, leaf);
	return leaf;
}

static Leaf *
leaf_of(DbiInsert *insert, ResultRelInfo *rri)
{
	ListCell *lc;

	if (insert->last != NULL && insert->last->rri == rri)
		return insert->last;
	foreach(lc, insert->leaves)
		if (((Leaf *) lfirst(lc))->rri == rri)
			return lfirst(lc);
	return new_leaf(insert, rri);
}

static TupleTableSlot *
next_slot(DbiInsert *insert, Leaf *leaf)
{
	if (leaf->slots[leaf->n] == NULL)
		leaf->slots[leaf->n] = table_slot_create(leaf->rri->ri_RelationDesc, NULL);
	return leaf->slots[leaf->n++];
}

static void
complete_row(DbiInsert *insert, ResultRelInfo *rri, TupleTableSlot *row)
{
	TupleConstr *constr = RelationGetDescr(rri->ri_RelationDesc)->constr;

	row->tts_tableOid = RelationGetRelid(rri->ri_RelationDesc);
	if (constr == NULL)
		return;
	if (constr->has_generated_stored)
		ExecComputeStoredGenerated(rri, insert->estate, row, CMD_INSERT);
	ExecConstraints(rri, row, insert->estate);
}

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	DbiInsert *insert = (DbiInsert *) self;
	TupleTableSlot *row = insert->root_slot;
	MemoryContext old = MemoryContextSwitchTo(insert->estate->es_query_cxt);
	TupleConversionMap *map;
	ResultRelInfo *rri;
	TupleTableSlot *kept;

	slot_getallattrs(slot);
	ExecClearTuple(row);
	memcpy(row->tts_values, slot->tts_values, sizeof(Datum) * row->tts_tupleDescriptor->natts);
	memcpy(row->tts_isnull, slot->tts_isnull, sizeof(bool) * row->tts_tupleDescriptor->natts);
	ExecStoreVirtualTuple(row);
	rri = ExecFindPartition(insert->mtstate, insert->root_rri, insert->routing, row, insert->estate);
	map = dbi_root_to_child_map(rri, insert->estate);
	if (map != NULL)
		row = execute_attr_map_slot(map->attrMap, row, rri->ri_PartitionTupleSlot);
	complete_row(insert, rri, row);
	insert->last = leaf_of(insert, rri);
	kept = next_slot(insert, insert->last);
	ExecCopySlot(kept, row);
	kept->tts_tableOid = row->tts_tableOid;
	ResetPerTupleExprContext(insert->estate);
	insert->buffered++;
	insert->written++;
	insert->bytes += ((BufferHeapTupleTableSlot *) kept)->base.tuple->t_len;
	if (insert->buffered >= BUFFER_ROWS || insert->bytes >= BUFFER_BYTES)
		write_buffered(insert);
	MemoryContextSwitchTo(old);
	return true;
}

static void
no_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	if (desc->natts != RelationGetDescr(((DbiInsert *) self)->root)->natts)
		elog(ERROR, "the rows of a load do not have the columns of their table");
}

static void
no_shutdown(DestReceiver *self)
{
}

/* Write the rows of a query with the columns of the fact; SPI is connected. */
int64
dbi_insert_query(DbiInsert *insert, const char *query, int64 count)
{
	SPIExecuteOptions options = {0};
	int rc;

	open_routing(insert);
	insert->receiver.receiveSlot = receive;
	insert->receiver.rStartup = no_startup;
	insert->receiver.rShutdown = no_shutdown;
	insert->receiver.rDestroy = no_shutdown;
	insert->receiver.mydest = DestNone;
	insert->count = count;
	insert->written = 0;
	options.dest = &insert->receiver;
	rc = SPI_execute_extended(query, &options);
	if (rc < 0)
		elog(ERROR, "unexpected result of a load query: %s", SPI_result_code_string(rc));
	write_buffered(insert);
	close_routing(insert);
	return insert->written;
}

bool
dbi_insert_pending(DbiInsert *insert, Oid part)
{
	return list_member_oid(insert->build_later, part);
}
