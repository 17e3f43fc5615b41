/*
 * call_cost.c: what a call of a tool is likely to take: what it took before,
 * in this session or by the traces the caller may read.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "agents/call_parts.h"
#include "base/base.h"
#include "base/spi.h"

/* Weight of the newest call in the mean: it follows new data within a few calls. */
#define NEWEST 0.3

typedef struct Remembered
{
	Oid function;
	double ms; /* 0: asked for, and not known */
	bool unsafe;
} Remembered;

static HTAB *remembered;
static SPIPlanPtr spans_plan;

static Remembered *
entry(Oid function)
{
	Remembered *r;
	bool found;

	if (remembered == NULL)
	{
		HASHCTL ctl = {.keysize = sizeof(Oid),
					   .entrysize = sizeof(Remembered),
					   .hcxt = CacheMemoryContext};

		remembered =
			hash_create("dbinsight tool times", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	r = hash_search(remembered, &function, HASH_ENTER, &found);
	if (!found)
	{
		r->ms = 0;
		r->unsafe = false;
	}
	return r;
}

void
dbi_remember_ms(Oid function, double ms)
{
	Remembered *r = entry(function);

	r->ms = r->ms > 0 ? (1 - NEWEST) * r->ms + NEWEST * ms : ms;
}

void
dbi_remember_unsafe(Oid function)
{
	entry(function)->unsafe = true;
}

static Datum
span_names(List *calls)
{
	Datum *names = palloc(sizeof(Datum) * list_length(calls));
	ListCell *lc;

	foreach(lc, calls)
		names[foreach_current_index(lc)] =
			CStringGetTextDatum(psprintf("execute_tool %s", ((DbiPlanCall *) lfirst(lc))->tool));
	return PointerGetDatum(
		construct_array(names, list_length(calls), TEXTOID, -1, false, TYPALIGN_INT));
}

/* The last few calls of each tool that the caller's own questions made. */
static void
remember_from_spans(List *calls)
{
	Oid type = TEXTARRAYOID;
	Datum names = span_names(calls);
	ListCell *lc;

	dbi_spi_prepare(&spans_plan,
					"SELECT coalesce(x.ms, 0) FROM pg_catalog.unnest($1) WITH ORDINALITY t(name, n), LATERAL ("
					"SELECT 1000 OPERATOR(pg_catalog.*) pg_catalog.avg(extract(epoch FROM s.end_time OPERATOR(pg_catalog.-) s.start_time))::pg_catalog.float8 AS ms"
					" FROM (SELECT s.start_time, s.end_time FROM dbinsight.spans s WHERE s.name OPERATOR(pg_catalog.=) t.name"
					" ORDER BY s.start_time DESC LIMIT 5) s) x ORDER BY t.n",
					1, &type);
	if (dbi_spi_execute_plan(spans_plan, &names, NULL, true, 0) != SPI_OK_SELECT ||
		SPI_processed != list_length(calls))
		elog(ERROR, "could not read what tools took before");
	foreach(lc, calls)
	{
		bool isnull;
		Remembered *r = entry(((DbiPlanCall *) lfirst(lc))->function);

		r->ms = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[foreach_current_index(lc)],
											 SPI_tuptable->tupdesc, 1, &isnull));
	}
	SPI_freetuptable(SPI_tuptable);
}

double *
dbi_expected_ms(List *calls)
{
	double *ms = palloc(sizeof(double) * Max(list_length(calls), 1));
	List *unknown = NIL;
	ListCell *lc;

	foreach(lc, calls)
	{
		DbiPlanCall *call = lfirst(lc);

		if (remembered == NULL || hash_search(remembered, &call->function, HASH_FIND, NULL) == NULL)
			unknown = lappend(unknown, call);
	}
	if (unknown != NIL)
		remember_from_spans(unknown);
	foreach(lc, calls)
	{
		Remembered *r = entry(((DbiPlanCall *) lfirst(lc))->function);

		ms[foreach_current_index(lc)] = r->unsafe ? -1 : r->ms;
	}
	return ms;
}

/* How long one takes that was never called, nobody knows: it is none of them. */
List *
dbi_quick_calls(List *calls)
{
	double *ms = dbi_expected_ms(calls);
	List *quick = NIL;
	ListCell *lc;

	foreach(lc, calls)
	{
		double expected = ms[foreach_current_index(lc)];

		if (expected > 0 && expected < dbi_guc_parallel_tool_time)
			quick = lappend(quick, lfirst(lc));
	}
	return quick;
}
