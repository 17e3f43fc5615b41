/*
 * databricks/option.c: the options of the wrapper `databricks`, checked when
 * they are written. A secret's value is in no message.
 */
#include "postgres.h"

#include <math.h>

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "databricks/fdw.h"

PG_FUNCTION_INFO_V1(dbi_databricks_validator);

static bool
all_of(const char *value, const char *more)
{
	for (const char *c = value; *c; c++)
		if (!isalnum((unsigned char) *c) && strchr(more, *c) == NULL)
			return false;
	return *value != '\0';
}

/* Whether the address may be spoken to is decided where it is resolved. */
static bool
is_host(const char *value)
{
	if (strncmp(value, "https://", 8) == 0)
		value += 8;
	else if (strncmp(value, "http://", 7) == 0)
		value += 7;
	if (*value != '\0' && value[strlen(value) - 1] == '/')
		value = pnstrdup(value, strlen(value) - 1);
	return all_of(value, ".-_:[]");
}

static bool
is_word(const char *value)
{
	return all_of(value, "-_");
}

static bool
is_format(const char *value)
{
	return strcmp(value, "json") == 0;
}

static bool
is_disposition(const char *value)
{
	return strcmp(value, "auto") == 0 || strcmp(value, "inline") == 0 ||
		   strcmp(value, "external_links") == 0;
}

static bool
is_parallel(const char *value)
{
	return dbi_value_in_range(value, 1, 64) && strspn(value, "0123456789") == strlen(value);
}

static bool
is_cost(const char *value)
{
	return dbi_value_in_range(value, 0, 1e15);
}

static bool
is_bool(const char *value)
{
	bool ignored;

	return parse_bool(value, &ignored);
}

static bool
is_type(const char *value)
{
	return dbi_parse_remote_type(value) != NULL;
}

#define NOT_EMPTY "It must not be empty."
#define COST "Use a number, 0 or more, in the planner's units."
#define YES_OR_NO "Use \"true\" or \"false\"."

static const DbiServerOption options[] = {
	{ForeignServerRelationId, "host", is_host,
	 "Write the workspace's host, such as dbc-a1b2345c-d6e7.cloud.databricks.com."},
	{ForeignServerRelationId, "warehouse_id", is_word,
	 "Write the identifier alone, such as 1234567890abcdef."},
	{ForeignServerRelationId, "catalog", dbi_option_is_text, NOT_EMPTY},
	{ForeignServerRelationId, "fetch_format", is_format,
	 "The format is \"json\"; Arrow is not read."},
	{ForeignServerRelationId, "disposition", is_disposition,
	 "Use \"auto\", \"inline\" or \"external_links\"."},
	{ForeignServerRelationId, "timeout", dbi_value_is_duration,
	 "Write a time such as \"90s\" or \"5min\" (milliseconds without a unit); 0 is no limit."},
	{ForeignServerRelationId, "max_parallel_chunks", is_parallel, "Use a whole number from 1 to 64."},
	{ForeignServerRelationId, "fdw_startup_cost", is_cost, COST},
	{ForeignServerRelationId, "fdw_tuple_cost", is_cost, COST},
	{ForeignServerRelationId, "async_capable", is_bool, YES_OR_NO},
	{UserMappingRelationId, "token", dbi_option_is_text, NOT_EMPTY},
	{UserMappingRelationId, "client_id", dbi_option_is_text, NOT_EMPTY},
	{UserMappingRelationId, "client_secret", dbi_option_is_text, NOT_EMPTY},
	{ForeignTableRelationId, "catalog_name", dbi_option_is_text, NOT_EMPTY},
	{ForeignTableRelationId, "schema_name", dbi_option_is_text, NOT_EMPTY},
	{ForeignTableRelationId, "table_name", dbi_option_is_text, NOT_EMPTY},
	{ForeignTableRelationId, "query", dbi_option_is_text, NOT_EMPTY},
	{ForeignTableRelationId, "async_capable", is_bool, YES_OR_NO},
	{AttributeRelationId, "column_name", dbi_option_is_text, NOT_EMPTY},
	{AttributeRelationId, "column_type", is_type,
	 "Write a type as Databricks prints it, such as \"MAP<STRING, STRING>\"."},
};

/* A mapping is one secret: a token, or the two halves of a service principal's. */
static void
check_mapping(List *given)
{
	bool token = dbi_option(given, "token") != NULL;
	bool id = dbi_option(given, "client_id") != NULL;
	bool secret = dbi_option(given, "client_secret") != NULL;

	if (token && (id || secret))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a user mapping of databricks has either a token or a client's secret"),
				 errhint("Give \"token\", or \"client_id\" with \"client_secret\".")));
	if (id != secret)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("option \"%s\" of databricks is missing",
							   id ? "client_secret" : "client_id"),
						errhint("\"client_id\" and \"client_secret\" belong together.")));
}

/* A foreign table is a table there, or a query. */
static void
check_table(List *given)
{
	if (dbi_option(given, "query") != NULL &&
		(dbi_option(given, "catalog_name") || dbi_option(given, "schema_name") ||
		 dbi_option(given, "table_name")))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a foreign table of databricks is either a query or a table"),
						errhint("Give \"query\", or the names of a table.")));
}

Datum
dbi_databricks_validator(PG_FUNCTION_ARGS)
{
	List *given = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid catalog = PG_GETARG_OID(1);

	dbi_check_options("databricks", options, lengthof(options), given, catalog);
	if (catalog == UserMappingRelationId)
		check_mapping(given);
	if (catalog == ForeignTableRelationId)
		check_table(given);
	PG_RETURN_VOID();
}

const char *
dbi_column_option(Oid relid, AttrNumber attnum, const char *name)
{
	return dbi_option(GetForeignColumnOptions(relid, attnum), name);
}
