/*
 * base/spi.h: SPI that leaves the current memory context as it was.
 *
 * SPI's own functions end in SPI's memory, which goes with SPI_finish(). What
 * outlives one connection (the turn of a conversation has one for each of its
 * steps) is built with these.
 */
#ifndef DBI_SPI_H
#define DBI_SPI_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/memutils.h"

/* A kept plan, prepared at the first call; options are those of a cursor. */
static inline void
dbi_spi_prepare_with(SPIPlanPtr *plan, const char *sql, int nargs, Oid *types, int options)
{
	MemoryContext caller = CurrentMemoryContext;

	SPIPlanPtr fresh;

	if (*plan)
		return;
	fresh = SPI_prepare_cursor(sql, nargs, types, options);
	if (fresh == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	SPI_keepplan(fresh);
	*plan = fresh;
	MemoryContextSwitchTo(caller);
}

static inline void
dbi_spi_prepare(SPIPlanPtr *plan, const char *sql, int nargs, Oid *types)
{
	dbi_spi_prepare_with(plan, sql, nargs, types, 0);
}

static inline int
dbi_spi_execute_plan(SPIPlanPtr plan, Datum *values, const char *nulls, bool read_only, long count)
{
	MemoryContext caller = CurrentMemoryContext;
	int code = SPI_execute_plan(plan, values, nulls, read_only, count);

	MemoryContextSwitchTo(caller);
	return code;
}

static inline int
dbi_spi_execute(const char *sql, bool read_only, long count)
{
	MemoryContext caller = CurrentMemoryContext;
	int code = SPI_execute(sql, read_only, count);

	MemoryContextSwitchTo(caller);
	return code;
}

#endif
