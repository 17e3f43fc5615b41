/*
 * dbinsight: agents that watch a Databricks account from inside Postgres.
 * Module entry; each room of src/ has its own init.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/base.h"
#include "llm/llm.h"
#include "worker/worker.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "dbinsight", .version = DBINSIGHT_VERSION);
#else
PG_MODULE_MAGIC;
#endif

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	dbi_base_init();
	dbi_llm_init();
	dbi_worker_init();
}
