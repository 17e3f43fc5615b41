/*
 * inspect.c: _databricks_read(), bytes that a warehouse might send as rows, from SQL.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "databricks/rows.h"
#include "databricks/types.h"

typedef struct
{
	int n;
	DbiReader *readers;
	FmgrInfo *output;
	Tuplestorestate *store;
	TupleDesc desc;
	MemoryContext row;
} Target;

static void
init_columns(Target *t, ArrayType *types)
{
	Datum *oids;

	if (ARR_NDIM(types) > 1 || array_contains_nulls(types))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("types is a list of types without NULL")));
	deconstruct_array(types, REGTYPEOID, sizeof(Oid), true, TYPALIGN_INT, &oids, NULL, &t->n);
	t->readers = palloc0(sizeof(DbiReader) * Max(t->n, 1));
	t->output = palloc0(sizeof(FmgrInfo) * Max(t->n, 1));
	for (int i = 0; i < t->n; i++)
	{
		Oid type = DatumGetObjectId(oids[i]);
		Oid output;
		bool varlena;

		if (get_typtype(type) == TYPTYPE_PSEUDO)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("no column has the type %s", format_type_be(type))));
		dbi_reader_init(&t->readers[i], type, -1);
		getTypeOutputInfo(type, &output, &varlena);
		fmgr_info(output, &t->output[i]);
	}
}

static void
put_row(Target *t, char **cells)
{
	MemoryContext old = MemoryContextSwitchTo(t->row);
	Datum *texts = palloc(sizeof(Datum) * Max(t->n, 1));
	bool *nulls = palloc(sizeof(bool) * Max(t->n, 1));
	int dims[] = {t->n};
	int bounds[] = {1};
	Datum array;
	bool array_null = false;

	for (int i = 0; i < t->n; i++)
	{
		nulls[i] = cells[i] == NULL;
		texts[i] =
			nulls[i]
				? (Datum) 0
				: CStringGetTextDatum(
					  OutputFunctionCall(&t->output[i], dbi_read_value(&t->readers[i], cells[i])));
	}
	array = PointerGetDatum(construct_md_array(texts, nulls, t->n > 0 ? 1 : 0, dims, bounds,
											   TEXTOID, -1, false, TYPALIGN_INT));
	tuplestore_putvalues(t->store, t->desc, &array, &array_null);
	MemoryContextSwitchTo(old);
	MemoryContextReset(t->row);
}

/* Bytes behind the end are read too: they are an error. */
static bool
take_piece(Target *t, DbiRows *rows, const char *bytes, size_t len)
{
	bool ended = false;

	while (len > 0)
	{
		size_t taken = 0;
		DbiRowsState state = dbi_rows_next(rows, bytes, len, &taken);

		CHECK_FOR_INTERRUPTS();
		if (state == DBI_ROWS_ROW)
			put_row(t, dbi_rows_values(rows));
		ended = ended || state == DBI_ROWS_END;
		bytes += taken;
		len -= taken;
	}
	return ended;
}

PG_FUNCTION_INFO_V1(dbi_databricks_read);
Datum
dbi_databricks_read(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Target t = {0};
	DbiRows *rows;
	Datum *pieces;
	bool *nulls;
	bool ended = false;
	int n;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	t.store = result->setResult;
	t.desc = result->setDesc;
	t.row = AllocSetContextCreate(CurrentMemoryContext, "dbinsight row", ALLOCSET_DEFAULT_SIZES);
	init_columns(&t, PG_GETARG_ARRAYTYPE_P(1));
	rows = dbi_rows_create(t.n);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), BYTEAOID, -1, false, TYPALIGN_INT, &pieces, &nulls,
					  &n);
	for (int i = 0; i < n; i++)
	{
		bytea *piece = nulls[i] ? NULL : DatumGetByteaPP(pieces[i]);

		if (piece && take_piece(&t, rows, VARDATA_ANY(piece), VARSIZE_ANY_EXHDR(piece)))
			ended = true;
	}
	if (!ended)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("the array of rows does not end")));
	return (Datum) 0;
}
