/*
 * databricks/analyze.c: ANALYZE of a foreign table: count there, sample there.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "databricks/fdw.h"
#include "databricks/row.h"
#include "databricks/shippable.h"

/* TABLESAMPLE takes each row by chance; so many more are asked for that few samples come short. */
#define SURPLUS 1.2

static DbiStatement *
begin(Relation table, const char *sql, bool large)
{
	DbiStatementOptions options = {.large = large};
	ForeignTable *foreign = GetForeignTable(RelationGetRelid(table));

	return dbi_statement_begin(dbi_workspace_open(foreign->serverid, table->rd_rel->relowner), sql,
							   NULL, 0, &options);
}

static int64
count_rows(Relation table)
{
	char *sql = psprintf("SELECT count(*) FROM %s", dbi_remote_table(RelationGetRelid(table)));
	DbiStatement *statement = begin(table, sql, false);
	int64 count = 0;
	char **cells;

	while (dbi_statement_next(statement, &cells))
		count = cells[0] ? strtoi64(cells[0], NULL, 10) : 0;
	dbi_statement_end(statement);
	return count;
}

/* All columns, as scans have them. */
static char *
sample_query(Relation table, int64 count, int wanted, List **attributes)
{
	TupleDesc desc = RelationGetDescr(table);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	for (int i = 1; i <= desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i - 1);

		if (attr->attisdropped)
			continue;
		if (*attributes != NIL)
			appendStringInfoString(&sql, ", ");
		dbi_append_plain_column(&sql, table, i);
		*attributes = lappend_int(*attributes, i);
	}
	if (*attributes == NIL)
		appendStringInfoChar(&sql, '1');
	appendStringInfo(&sql, " FROM %s", dbi_remote_table(RelationGetRelid(table)));
	if (count > wanted)
		appendStringInfo(&sql, " TABLESAMPLE (%.6f PERCENT)",
						 Min(100.0, Max(0.000001, 100.0 * SURPLUS * wanted / count)));
	appendStringInfo(&sql, " LIMIT %d", wanted);
	return sql.data;
}

static int
acquire_sample(Relation table, int level, HeapTuple *rows, int wanted, double *total, double *dead)
{
	TupleDesc desc = RelationGetDescr(table);
	List *attributes = NIL;
	int64 count = count_rows(table);
	char *sql = sample_query(table, count, wanted, &attributes);
	DbiStatement *statement = begin(table, sql, true);
	DbiRow *row = dbi_row_create(desc, attributes, NIL, table);
	Datum *values = palloc0(sizeof(Datum) * Max(desc->natts, 1));
	bool *nulls = palloc0(Max(desc->natts, 1));
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight sample row", ALLOCSET_DEFAULT_SIZES);
	char **cells;
	int n = 0;

	dbi_row_begin(row, statement);
	while (n < wanted && dbi_statement_next(statement, &cells))
	{
		MemoryContext caller = MemoryContextSwitchTo(scratch);

		dbi_row_read(row, cells, values, nulls);
		MemoryContextSwitchTo(caller);
		rows[n++] = heap_form_tuple(desc, values, nulls);
		MemoryContextReset(scratch);
		CHECK_FOR_INTERRUPTS();
	}
	dbi_statement_end(statement);
	MemoryContextDelete(scratch);
	*total = count;
	*dead = 0;
	ereport(level, (errmsg("\"%s\": %lld rows on the warehouse, %d in sample",
						   RelationGetRelationName(table), (long long) count, n)));
	return n;
}

/* Pages only tell partitions of one table apart by size; a row is taken for 100 bytes. */
bool
dbiAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func, BlockNumber *totalpages)
{
	double pages = count_rows(relation) * 100.0 / BLCKSZ;

	*func = acquire_sample;
	*totalpages = (BlockNumber) Min(Max(pages, 1), MaxBlockNumber);
	return true;
}
