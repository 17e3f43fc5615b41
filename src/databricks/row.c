/*
 * databricks/row.c: a row of strings becomes the values of a tuple.
 *
 * An error says which column, of which type on the warehouse, in which row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"

#include "databricks/fdw.h"
#include "databricks/row.h"

typedef struct
{
	int attribute;   /* from 0 */
	bool is_average; /* takes two cells: sum and count */
	const char *name;
	DbiReader reader;
} DbiRowColumn;

struct DbiRow
{
	TupleDesc desc;
	Relation table; /* NULL for joins and groups */
	int ncolumns;
	int ncells;
	DbiRowColumn *columns;
	const DbiColumn *remote; /* of the running statement */
	int64 number;            /* of the row in the result, from 1 */
	DbiRowColumn *current;
	int cell;
};

static const char *
column_name(DbiRow *row, List *columns, int attribute)
{
	TargetEntry *entry;

	if (row->table)
		return NameStr(TupleDescAttr(row->desc, attribute)->attname);
	entry = list_nth(columns, attribute);
	return entry->resname ? entry->resname : psprintf("%d of the result", attribute + 1);
}

DbiRow *
dbi_row_create(TupleDesc desc, List *attributes, List *columns, Relation table)
{
	DbiRow *row = palloc0(sizeof(DbiRow));
	ListCell *lc;

	row->desc = desc;
	row->table = table;
	row->columns = palloc0(sizeof(DbiRowColumn) * Max(list_length(attributes), 1));
	foreach(lc, attributes)
	{
		DbiRowColumn *column = &row->columns[row->ncolumns++];
		Form_pg_attribute attr = TupleDescAttr(desc, lfirst_int(lc) - 1);

		column->attribute = lfirst_int(lc) - 1;
		column->name = column_name(row, columns, column->attribute);
		column->is_average =
			columns != NIL &&
			dbi_is_split_average(
				(Node *) list_nth_node(TargetEntry, columns, column->attribute)->expr);
		dbi_reader_init(&column->reader, attr->atttypid, attr->atttypmod);
		row->ncells += column->is_average ? 2 : 1;
	}
	return row;
}

void
dbi_row_begin(DbiRow *row, DbiStatement *statement)
{
	int n;

	row->number = 0;
	row->remote = dbi_statement_columns(statement, &n);
	/* Without columns the statement still counts rows, with one of ones. */
	if (n != Max(row->ncells, 1))
		ereport(ERROR, (errcode(ERRCODE_FDW_INCONSISTENT_DESCRIPTOR_INFORMATION),
						errmsg("the warehouse returned %d columns where %d were asked for", n,
							   Max(row->ncells, 1))));
}

static void
say_where(void *arg)
{
	DbiRow *row = arg;

	if (row->table)
		errcontext("column \"%s\" of foreign table \"%s\" (%s on the warehouse), row " INT64_FORMAT,
				   row->current->name, RelationGetRelationName(row->table),
				   row->remote[row->cell].type_text, row->number);
	else
		errcontext("column %s (%s on the warehouse), row " INT64_FORMAT, row->current->name,
				   row->remote[row->cell].type_text, row->number);
}

/* avg(): numeric, divided as Postgres would have. */
static Datum
read_average(char *sum, char *count)
{
	Datum parts[2];
	char *texts[] = {sum, count};

	for (int i = 0; i < 2; i++)
		parts[i] = DirectFunctionCall3(numeric_in, CStringGetDatum(texts[i]),
									   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	return DirectFunctionCall2(numeric_div, parts[0], parts[1]);
}

void
dbi_row_read(DbiRow *row, char **cells, Datum *values, bool *nulls)
{
	ErrorContextCallback callback = {error_context_stack, say_where, row};

	row->number++;
	row->cell = 0;
	memset(nulls, true, row->desc->natts);
	error_context_stack = &callback;
	for (int i = 0; i < row->ncolumns; i++)
	{
		DbiRowColumn *column = row->current = &row->columns[i];
		char *text = cells[row->cell];

		if (column->is_average && text && cells[row->cell + 1] == NULL)
			ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
							errmsg("the warehouse returned a sum without its count")));
		nulls[column->attribute] = text == NULL;
		values[column->attribute] = (Datum) 0;
		if (text && column->is_average)
			values[column->attribute] = read_average(text, cells[row->cell + 1]);
		else if (text)
			values[column->attribute] = dbi_read_value(&column->reader, text);
		row->cell += column->is_average ? 2 : 1;
	}
	error_context_stack = callback.previous;
}
