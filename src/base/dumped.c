/*
 * dumped.c: _dump_rows(), which says to pg_dump that a table of the extension
 * holds a person's rows.
 *
 * PostgreSQL lets the install script alone say so. A gold table that was put
 * aside for a foreign one left the extension, and has come back.
 */
#include "postgres.h"

#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "base/compat.h"

PG_FUNCTION_INFO_V1(dbi_dump_rows);
Datum
dbi_dump_rows(PG_FUNCTION_ARGS)
{
	Oid extension = get_extension_oid("dbinsight", false);
	bool was_creating = creating_extension;
	Oid was_extension = CurrentExtensionObject;

	if (!dbi_extension_ownercheck(extension, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_EXTENSION, "dbinsight");
	PG_TRY();
	{
		creating_extension = true;
		CurrentExtensionObject = extension;
		(void) DirectFunctionCall2(pg_extension_config_dump, PG_GETARG_DATUM(0),
								   PointerGetDatum(cstring_to_text("")));
	}
	PG_FINALLY();
	{
		creating_extension = was_creating;
		CurrentExtensionObject = was_extension;
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}
