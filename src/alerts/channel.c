/*
 * channel.c: the options of the wrapper `dbinsight_channel`.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "common/base64.h"
#include "fmgr.h"

#include "alerts/channel.h"
#include "net/net.h"
#include "net/server_option.h"

static bool
is_kind(const char *value)
{
	return strcmp(value, "webhook") == 0;
}

/* A presigned URL has its secret in the query. */
static bool
is_secret_url(const char *value)
{
	DbiUrl url;

	return dbi_url_parse(value, &url) && strncmp(url.scheme, "http", 4) == 0 && url.host[0] &&
		   !url.user;
}

static bool
is_key(const char *secret)
{
	char *key;

	if (strncmp(secret, DBI_WEBHOOK_SECRET, strlen(DBI_WEBHOOK_SECRET)) != 0)
		return true;
	secret += strlen(DBI_WEBHOOK_SECRET);
	key = palloc(pg_b64_dec_len(strlen(secret)) + 1);
	return pg_b64_decode(secret, strlen(secret), (void *) key, pg_b64_dec_len(strlen(secret))) > 0;
}

static bool
are_keys(const char *value)
{
	char *copy = pstrdup(value);
	char *rest = NULL;
	int n = 0;

	for (char *one = strtok_r(copy, " ", &rest); one; one = strtok_r(NULL, " ", &rest), n++)
		if (!is_key(one))
			return false;
	return n > 0;
}

static const DbiServerOption options[] = {
	{ForeignServerRelationId, "kind", is_kind,
	 "The kind is \"webhook\"; email, slack, teams and pagerduty cannot be sent to yet."},
	{ForeignServerRelationId, "url", dbi_option_is_url,
	 "Write https://host/path; a URL that is itself a secret is an option of the user mapping."},
	{UserMappingRelationId, "url", is_secret_url, "Write https://host/path?query."},
	{UserMappingRelationId, "secret", are_keys,
	 "Write whsec_ and the key in base64, or the key itself; two with a blank between while one replaces the other."},
	{UserMappingRelationId, "username", dbi_option_is_text, "It must not be empty."},
	{UserMappingRelationId, "password", dbi_option_is_text, "It must not be empty."},
};

PG_FUNCTION_INFO_V1(dbi_channel_validator);
Datum
dbi_channel_validator(PG_FUNCTION_ARGS)
{
	List *given = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid catalog = PG_GETARG_OID(1);

	dbi_check_options("dbinsight_channel", options, lengthof(options), given, catalog);
	if (catalog == ForeignServerRelationId && dbi_option(given, "kind") == NULL)
		ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
						errmsg("a channel needs the option \"kind\""),
						errhint("OPTIONS (kind 'webhook', url 'https://…').")));
	if (catalog == UserMappingRelationId &&
		(dbi_option(given, "username") == NULL) != (dbi_option(given, "password") == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"username\" and \"password\" of dbinsight_channel belong together")));
	PG_RETURN_VOID();
}

DbiChannel *
dbi_channel_open(ForeignServer *server, Oid user)
{
	DbiChannel *channel = palloc0(sizeof(DbiChannel));
	UserMapping *mapping = dbi_find_mapping(user, server->serverid);
	List *secret = mapping ? mapping->options : NIL;

	channel->url = dbi_option(secret, "url");
	channel->secret_url = channel->url != NULL;
	if (channel->url == NULL)
		channel->url = dbi_option(server->options, "url");
	if (channel->url == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("server \"%s\" has no option url", server->servername),
				 errhint("ALTER SERVER %s OPTIONS (ADD url 'https://…'), or ALTER USER MAPPING when it is a secret.",
						 server->servername)));
	channel->secret = dbi_option(secret, "secret");
	channel->username = dbi_option(secret, "username");
	channel->password = dbi_option(secret, "password");
	return channel;
}
