/*
 * databricks/row.h: a row of strings becomes the values of a tuple.
 */
#ifndef DBI_DATABRICKS_ROW_H
#define DBI_DATABRICKS_ROW_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"

#include "databricks/statement.h"

typedef struct DbiRow DbiRow;

/*
 * Attributes (of int) are those the columns of the result hold, in their order;
 * columns is the scan's list of target entries, NIL for a table's own.
 */
extern DbiRow *dbi_row_create(TupleDesc desc, List *attributes, List *columns, Relation table);
/* Starts counting rows anew, and checks that the result has the columns it should. */
extern void dbi_row_begin(DbiRow *row, DbiStatement *statement);
extern void dbi_row_read(DbiRow *row, char **cells, Datum *values, bool *nulls);

#endif
