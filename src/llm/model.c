/*
 * llm/model.c: a server's options and the secret of the user's mapping.
 */
#include "postgres.h"

#include "catalog/pg_foreign_server.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "databricks/call.h"
#include "llm/model.h"
#include "net/server_option.h"

/* An answer's tokens where the server's option says nothing; limits are reserved by it, so it is small. */
#define DEFAULT_MAX_TOKENS 1200

static const char *const providers[] = {
	[DBI_PROVIDER_OPENAI] = "openai",
	[DBI_PROVIDER_DATABRICKS] = "databricks",
	[DBI_PROVIDER_ANTHROPIC] = "anthropic",
};

bool
dbi_provider_named(const char *word, DbiProvider *provider)
{
	for (int i = 0; i < lengthof(providers); i++)
		if (strcmp(word, providers[i]) == 0)
		{
			*provider = i;
			return true;
		}
	return false;
}

const char *
dbi_provider_word(DbiProvider provider)
{
	return providers[provider];
}

static char *
required(DbiModel *m, List *options, const char *name, const char *example)
{
	char *value = dbi_option_text(options, name);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s has no option %s", m->what, name),
				 errhint("ALTER SERVER %s OPTIONS (ADD %s '%s').", m->server, name, example)));
	return value;
}

static ForeignServer *
find_server(const char *name)
{
	ForeignServer *server = GetForeignServerByName(name, true);
	AclResult result;

	if (server == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("language model server \"%s\" does not exist", name),
						errhint("CREATE SERVER … FOREIGN DATA WRAPPER dbinsight_llm, or set "
								"dbinsight.llm_server to one that exists; empty, questions are "
								"answered without a language model.")));
	result = dbi_server_aclcheck(server->serverid, GetUserId(), ACL_USAGE);
	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FOREIGN_SERVER, server->servername);
	if (strcmp(GetForeignDataWrapper(server->fdwid)->fdwname, "dbinsight_llm") != 0)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("server \"%s\" is not one of the wrapper dbinsight_llm", name)));
	return server;
}

static char *
without_slash(char *url)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		url[--len] = '\0';
	return url;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

/* A workspace's routes begin with /serving-endpoints, whoever writes them. */
static char *
serving_base(char *host, DbiProvider provider)
{
	if (strstr(host + strlen("https://"), "/") == NULL)
		host = psprintf("%s/serving-endpoints", host);
	return provider == DBI_PROVIDER_ANTHROPIC && ends_with(host, "/serving-endpoints")
			   ? psprintf("%s/anthropic", host)
			   : host;
}

static void
set_urls(DbiModel *m, List *options)
{
	char *base = dbi_option_text(options, "base_url");

	if (base)
		base = without_slash(base);
	if (m->workspace)
		base = serving_base(base ? base : m->workspace->host, m->provider);
	else if (m->provider == DBI_PROVIDER_DATABRICKS)
		base = serving_base(base ? base : required(m, options, "server", "the workspace's server"),
							m->provider);
	else if (base == NULL)
		base = m->provider == DBI_PROVIDER_ANTHROPIC ? "https://api.anthropic.com"
													 : "https://api.openai.com/v1";
	m->base_url = base;
	if (m->provider != DBI_PROVIDER_ANTHROPIC)
		m->chat_url = psprintf("%s/chat/completions", base);
	else
		m->chat_url = psprintf("%s%s/messages", base, ends_with(base, "/v1") ? "" : "/v1");
}

/* A server of one's own may ask no key; one of everybody's does. */
static void
set_secret(DbiModel *m, ForeignServer *server, bool own)
{
	UserMapping *mapping;

	if (m->workspace)
		return;
	mapping = dbi_user_mapping(GetUserId(), server);
	m->key = dbi_option_text(mapping->options, "api_key");
	if (m->key == NULL && !(own && m->provider == DBI_PROVIDER_OPENAI))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("%s: the user mapping has no secret", m->what),
						errhint("ALTER USER MAPPING … OPTIONS (ADD api_key …).")));
}

DbiModel *
dbi_model_open(const char *name)
{
	ForeignServer *server = find_server(name);
	List *options = server->options;
	DbiModel *m = palloc0(sizeof(DbiModel));
	char *workspace = dbi_option_text(options, "server");

	m->server = pstrdup(server->servername);
	m->what = psprintf("language model server \"%s\"", m->server);
	(void) dbi_provider_named(required(m, options, "provider", "openai"), &m->provider);
	m->name = required(m, options, "model", "the name of a model");
	m->fallback = dbi_option_text(options, "fallback_model");
	m->embedding = dbi_option_text(options, "embedding_model");
	m->max_tokens = (int) dbi_option_number(options, "max_tokens", DEFAULT_MAX_TOKENS);
	m->temperature = dbi_option_number(options, "temperature", -1);
	m->price_in = dbi_option_number(options, "price_in", -1);
	m->price_out = dbi_option_number(options, "price_out", -1);
	m->timeout_ms = dbi_option_milliseconds(options, "timeout");
	if (workspace)
		m->workspace = dbi_workspace_named(workspace);
	set_urls(m, options);
	set_secret(m, server, dbi_option_text(options, "base_url") != NULL);
	dbi_load_prices(m);
	return m;
}

const char *
dbi_model_server(const DbiModel *m)
{
	return m->server;
}

const char *
dbi_model_name(const DbiModel *m)
{
	return m->name;
}

int
dbi_model_max_tokens(const DbiModel *m)
{
	return m->max_tokens;
}
