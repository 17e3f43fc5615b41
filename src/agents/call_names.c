/*
 * call_names.c: names for ids, where a result has only these. People know
 * workspaces and jobs by name.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "agents/call.h"
#include "base/spi.h"

/* An id column, and the type column that says what it is the id of. */
typedef struct IdColumn
{
	const char *id;
	const char *type_column;
	const char *type;
	const char *query; /* ids and names of an array of ids */
	SPIPlanPtr plan;
} IdColumn;

#define WORKSPACES \
	"SELECT workspace_id, workspace_name FROM dbinsight.dim_workspace WHERE workspace_id OPERATOR(pg_catalog.=) ANY ($1)"
#define JOBS \
	"SELECT job_id, job_name FROM dbinsight.current_job WHERE job_id OPERATOR(pg_catalog.=) ANY ($1)"
#define PIPELINES \
	"SELECT pipeline_id, pipeline_name FROM dbinsight.current_pipeline WHERE pipeline_id OPERATOR(pg_catalog.=) ANY ($1)"

static IdColumn id_columns[] = {{"scope_id", "scope_type", "WORKSPACE", WORKSPACES},
								{"entity_id", "entity_type", "WORKSPACE", WORKSPACES},
								{"entity_id", "entity_type", "JOB", JOBS},
								{"writer_id", "writer_type", "JOB", JOBS},
								{"writer_id", "writer_type", "PIPELINE", PIPELINES},
								{NULL}};

static SPIPlanPtr workspace_plan;

static bool
is_of_type(const DbiResult *r, int row, const IdColumn *column, int id, int type)
{
	return !r->rows[row][id].isnull && !r->rows[row][type].isnull &&
		   pg_strcasecmp(r->rows[row][type].text, column->type) == 0;
}

static void
look_up(SPIPlanPtr *plan, const char *query, Oid type, Datum value)
{
	dbi_spi_prepare(plan, query, 1, &type);
	if (dbi_spi_execute_plan(*plan, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look up names");
}

static void
name_column(DbiResult *r, IdColumn *column)
{
	int id = dbi_column(r, column->id);
	int type = dbi_column(r, column->type_column);
	Datum *ids = palloc(sizeof(Datum) * Max(r->nrows, 1));
	int n = 0;

	if (id < 0 || type < 0)
		return;
	for (int row = 0; row < r->nrows; row++)
		if (is_of_type(r, row, column, id, type))
			ids[n++] = CStringGetTextDatum(r->rows[row][id].text);
	if (n == 0)
		return;
	look_up(&column->plan, column->query, TEXTARRAYOID,
			PointerGetDatum(construct_array(ids, n, TEXTOID, -1, false, TYPALIGN_INT)));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char *known = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		char *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2);

		for (int row = 0; name && row < r->nrows; row++)
			if (is_of_type(r, row, column, id, type) && strcmp(r->rows[row][id].text, known) == 0)
			{
				r->rows[row][id].id = known;
				r->rows[row][id].text = name;
			}
	}
}

void
dbi_name_ids(DbiResult *r)
{
	for (IdColumn *column = id_columns; column->id; column++)
		name_column(r, column);
}

/* Ids of the workspaces of a name or a pattern with %; NIL when there is none. */
List *
dbi_workspaces_named(const char *pattern)
{
	List *ids = NIL;

	look_up(&workspace_plan,
			"SELECT workspace_id FROM dbinsight.dim_workspace WHERE pg_catalog.lower(workspace_name)"
			" OPERATOR(pg_catalog.~~) pg_catalog.replace(pg_catalog.lower($1), '_', '\\_')",
			TEXTOID, CStringGetTextDatum(pattern));
	for (uint64 i = 0; i < SPI_processed; i++)
		ids = lappend(ids, SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
	return ids;
}
