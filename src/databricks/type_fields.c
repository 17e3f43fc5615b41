/*
 * databricks/type_fields.c: _remote_type_fields(), the fields of a STRUCT as
 * Databricks prints it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "databricks/types.h"

PG_FUNCTION_INFO_V1(dbi_remote_type_fields);
Datum
dbi_remote_type_fields(PG_FUNCTION_ARGS)
{
	DbiRemoteType *type = dbi_parse_remote_type(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell *name;
	ListCell *member;

	InitMaterializedSRF(fcinfo, 0);
	if (type == NULL || strcmp(type->name, "STRUCT") != 0)
		return (Datum) 0;
	forboth(name, type->names, member, type->types)
	{
		Datum values[2] = {CStringGetTextDatum(lfirst(name)),
						   CStringGetTextDatum(((DbiRemoteType *) lfirst(member))->text)};
		bool nulls[2] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
