/*
 * llm/prices.c: what tokens cost: by the rows of llm_prices, else by the
 * server's options.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/spi.h"
#include "llm/model.h"

static double
column(int row, int number)
{
	bool isnull;
	Datum value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number, &isnull);

	return isnull ? -1 : DatumGetFloat8(value);
}

void
dbi_load_prices(DbiModel *m)
{
	static SPIPlanPtr plan = NULL;
	MemoryContext context = CurrentMemoryContext;
	Datum server = CStringGetTextDatum(m->server);

	SPI_connect();
	dbi_spi_prepare(&plan,
					"SELECT p.model, p.price_in::float8, p.price_out::float8, "
					"p.price_cached::float8, p.price_cache_write::float8 "
					"FROM dbinsight.llm_prices p WHERE p.server = $1 ORDER BY p.model",
					1, (Oid[]){TEXTOID});
	(void) dbi_spi_execute_plan(plan, &server, NULL, true, 0);
	for (int i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(context);
		DbiPrice *price = palloc(sizeof(DbiPrice));

		price->model = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		price->in = column(i, 2);
		price->out = column(i, 3);
		price->cached = column(i, 4);
		price->cache_write = column(i, 5);
		m->prices = lappend(m->prices, price);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
}

double
dbi_price(const DbiModel *m, const char *name, const DbiModelUsage *u)
{
	DbiPrice p = {.in = m->price_in, .out = m->price_out, .cached = -1, .cache_write = -1};
	int64 fresh = u->prompt - u->cached - u->cache_write;
	double in;
	ListCell *lc;

	foreach(lc, m->prices)
		if (strcmp(((DbiPrice *) lfirst(lc))->model, name) == 0)
			p = *(DbiPrice *) lfirst(lc);
	in = Max(p.in, 0);
	return (Max(fresh, 0) * in + u->cached * (p.cached >= 0 ? p.cached : in) +
			u->cache_write * (p.cache_write >= 0 ? p.cache_write : in) +
			u->completion * Max(p.out, 0)) /
		   1e6;
}
