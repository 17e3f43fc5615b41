/*
 * databricks/fdw_scan.h: a foreign scan while it runs.
 */
#ifndef DBI_DATABRICKS_FDW_SCAN_H
#define DBI_DATABRICKS_FDW_SCAN_H

#include "databricks/fdw.h"
#include "databricks/row.h"
#include "databricks/statement.h"

typedef struct
{
	Oid serverid;
	Oid userid;
	const char *sql;
	int flags;
	DbiRow *row;             /* how the result's columns become a tuple */
	List *params;            /* of ExprState */
	List *exprs;             /* of Expr: the same */
	bool rescanned;          /* the next row wants a new statement */
	DbiStatement *statement; /* NULL: not begun, or at its end */
	bool at_end;
	MemoryContext context;      /* of one run of the statement */
	DbiStatementCounters spent; /* by the runs before this one */
	int64 runs;
} DbiScan;

extern void dbi_scan_start(ForeignScanState *node);
extern const DbiStatementCounters *dbi_scan_counters(DbiScan *scan);
/* By all scans of this backend that have ended; of interest is the difference of two. */
extern DbiStatementCounters dbi_scans_spent(void);

#endif
