/*
 * remote.c: what is derived from a source whose rows stay on the warehouse.
 *
 * The refresh functions are those of loaded rows: they read the gold name,
 * which is a view over the foreign table, and leave to the warehouse what can
 * be left to it. Where only what is derived is kept (mode rollup), the view is
 * closed but for a refresh.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/plancache.h"

#include "base/owner.h"
#include "ingest/ingest.h"

static bool refreshing = false;

PG_FUNCTION_INFO_V1(dbi_refreshing);
Datum
dbi_refreshing(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(refreshing);
}

/* Plans hold the answer as a constant, so that a closed view asks nothing of the warehouse. */
static void
set_refreshing(bool now)
{
	refreshing = now;
	ResetPlanCache();
}

static int64
refresh(Datum source, Datum *window, bool *has_bound)
{
	Oid types[] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum args[] = {source, window[0], window[1]};
	char nulls[] = {' ', has_bound[0] ? ' ' : 'n', has_bound[1] ? ' ' : 'n', '\0'};
	bool isnull;
	int64 rows;

	SPI_connect();
	if (SPI_execute_with_args("SELECT dbinsight._refresh_from_remote($1, $2, $3)", 3, types, args,
							  nulls, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not refresh what is derived from a source");
	rows = DatumGetInt64(
		SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return rows;
}

PG_FUNCTION_INFO_V1(dbi_refresh_remote);
Datum
dbi_refresh_remote(PG_FUNCTION_ARGS)
{
	Datum window[] = {PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)};
	bool has_bound[] = {!PG_ARGISNULL(1), !PG_ARGISNULL(2)};
	bool was = refreshing;
	volatile int64 rows = 0;

	dbi_not_null(fcinfo, 0, "source");
	set_refreshing(true);
	PG_TRY();
	{
		rows = refresh(PG_GETARG_DATUM(0), window, has_bound);
	}
	PG_FINALLY();
	{
		set_refreshing(was);
	}
	PG_END_TRY();
	PG_RETURN_INT64(rows);
}
