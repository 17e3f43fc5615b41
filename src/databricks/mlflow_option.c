/*
 * mlflow_option.c: the options of the wrapper `dbinsight_mlflow`.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "fmgr.h"

#include "net/server_option.h"

#define NOT_EMPTY "It must not be empty."

static const DbiServerOption options[] = {
	{ForeignServerRelationId, "tracking_uri", dbi_option_is_url,
	 "Write the address of the server, such as https://mlflow.example.com."},
	{ForeignServerRelationId, "experiment", dbi_option_is_text, NOT_EMPTY},
	{ForeignServerRelationId, "server", dbi_option_is_text,
	 "Name a server of the wrapper databricks."},
	{UserMappingRelationId, "token", dbi_option_is_text, NOT_EMPTY},
	{UserMappingRelationId, "username", dbi_option_is_text, NOT_EMPTY},
	{UserMappingRelationId, "password", dbi_option_is_text, NOT_EMPTY},
};

static void
refuse(const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", message), errhint("%s", hint)));
}

static void
check_server(List *given)
{
	if ((dbi_option(given, "tracking_uri") == NULL) == (dbi_option(given, "server") == NULL))
		refuse("a server of dbinsight_mlflow has either a tracking_uri or a server",
			   "OPTIONS (tracking_uri 'https://…'), or OPTIONS (server 'the name of a server of databricks').");
}

static void
check_mapping(List *given)
{
	bool username = dbi_option(given, "username") != NULL;
	bool password = dbi_option(given, "password") != NULL;

	if (username != password)
		refuse("\"username\" and \"password\" of dbinsight_mlflow belong together", "Give both.");
	if (username && dbi_option(given, "token") != NULL)
		refuse("a user mapping of dbinsight_mlflow has either a token or a password",
			   "Give \"token\", or \"username\" with \"password\".");
}

PG_FUNCTION_INFO_V1(dbi_mlflow_validator);
Datum
dbi_mlflow_validator(PG_FUNCTION_ARGS)
{
	List *given = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid catalog = PG_GETARG_OID(1);

	dbi_check_options("dbinsight_mlflow", options, lengthof(options), given, catalog);
	if (catalog == ForeignServerRelationId)
		check_server(given);
	else if (catalog == UserMappingRelationId)
		check_mapping(given);
	PG_RETURN_VOID();
}
