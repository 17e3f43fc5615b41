/*
 * workspace.c: a foreign server's options and a user mapping's secret.
 *
 * The validator has seen each option when it was set. What is checked here is
 * what needs several of them, and what curl will make of the host.
 */
#include "postgres.h"

#include "foreign/foreign.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"

#include "base/compat.h"
#include "databricks/call.h"
#include "net/server_option.h"

/* Chunks of a large result that are fetched at the same time. */
#define DEFAULT_PARALLEL_CHUNKS 4

static int
number(List *options, const char *name, int otherwise)
{
	const char *text = dbi_option_text(options, name);

	return text ? Max(atoi(text), 0) : otherwise;
}

/* "adb-1.azuredatabricks.net" or with https:// before and a slash behind. */
static char *
base_url(const char *server, const char *host)
{
	char *url = strstr(host, "://") ? pstrdup(host) : psprintf("https://%s", host);
	DbiUrl parts;
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		url[--len] = '\0';
	if (!dbi_url_parse(url, &parts) || parts.user || parts.query[0] ||
		(parts.path[0] && strcmp(parts.path, "/") != 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("server \"%s\": the option host is not that of a workspace", server),
						errhint("Write the host alone, such as "
								"dbc-a1b2.cloud.databricks.com.")));
	return url;
}

static void
read_secret(DbiWorkspace *w, List *options)
{
	w->token = dbi_option_text(options, "token");
	w->client_id = dbi_option_text(options, "client_id");
	w->client_secret = dbi_option_text(options, "client_secret");
	if (w->token == NULL && (w->client_id == NULL || w->client_secret == NULL))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("%s: the user mapping has no secret", w->what),
						errhint("ALTER USER MAPPING … OPTIONS (ADD token …), or client_id and "
								"client_secret of a service principal.")));
}

DbiWorkspace *
dbi_workspace_open(Oid serverid, Oid userid)
{
	ForeignServer *server = GetForeignServer(serverid);
	UserMapping *mapping = dbi_user_mapping(userid, server);
	DbiWorkspace *w = palloc0(sizeof(DbiWorkspace));
	char *host = dbi_option_text(server->options, "host");

	if (strcmp(GetForeignDataWrapper(server->fdwid)->fdwname, "databricks") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("server \"%s\" is not one of the wrapper databricks", server->servername)));
	w->mapping = mapping->umid;
	w->name = pstrdup(server->servername);
	w->what = psprintf("server \"%s\"", w->name);
	if (host == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("%s has no option host", w->what),
						errhint("ALTER SERVER %s OPTIONS (ADD host '…').", w->name)));
	w->host = base_url(w->name, host);
	w->warehouse = dbi_option_text(server->options, "warehouse_id");
	w->catalog = dbi_option_text(server->options, "catalog");
	w->timeout_ms = dbi_option_milliseconds(server->options, "timeout");
	w->max_parallel_chunks =
		Max(number(server->options, "max_parallel_chunks", DEFAULT_PARALLEL_CHUNKS), 1);
	read_secret(w, mapping->options);
	return w;
}

DbiWorkspace *
dbi_workspace_of(const char *name, Oid userid)
{
	ForeignServer *server = GetForeignServerByName(name, false);
	AclResult result = dbi_server_aclcheck(server->serverid, userid, ACL_USAGE);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FOREIGN_SERVER, server->servername);
	return dbi_workspace_open(server->serverid, userid);
}

DbiWorkspace *
dbi_workspace_named(const char *name)
{
	return dbi_workspace_of(name, GetUserId());
}
