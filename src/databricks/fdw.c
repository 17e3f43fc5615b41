/*
 * databricks/fdw.c: the handler of the wrapper `databricks`.
 *
 * Without callbacks for writing, Postgres itself refuses INSERT, UPDATE,
 * DELETE and TRUNCATE with 0A000.
 */
#include "postgres.h"

#include "fmgr.h"

#include "databricks/fdw.h"

PG_FUNCTION_INFO_V1(dbi_databricks_handler);

Datum
dbi_databricks_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = dbiGetForeignRelSize;
	routine->GetForeignPaths = dbiGetForeignPaths;
	routine->GetForeignPlan = dbiGetForeignPlan;
	routine->GetForeignJoinPaths = dbiGetForeignJoinPaths;
	routine->GetForeignUpperPaths = dbiGetForeignUpperPaths;

	routine->BeginForeignScan = dbiBeginForeignScan;
	routine->IterateForeignScan = dbiIterateForeignScan;
	routine->ReScanForeignScan = dbiReScanForeignScan;
	routine->EndForeignScan = dbiEndForeignScan;
	routine->ExplainForeignScan = dbiExplainForeignScan;

	routine->IsForeignPathAsyncCapable = dbiIsForeignPathAsyncCapable;
	routine->ForeignAsyncRequest = dbiForeignAsyncRequest;
	routine->ForeignAsyncConfigureWait = dbiForeignAsyncConfigureWait;
	routine->ForeignAsyncNotify = dbiForeignAsyncNotify;

	routine->AnalyzeForeignTable = dbiAnalyzeForeignTable;
	routine->ImportForeignSchema = dbiImportForeignSchema;
	PG_RETURN_POINTER(routine);
}
