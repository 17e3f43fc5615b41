/*
 * mlflow_call.c: calls of an MLflow tracking server, open source or that of a
 * workspace.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/json.h"
#include "databricks/error.h"
#include "databricks/mlflow_call.h"
#include "net/server_option.h"

/* An answer tells of one experiment or run. A run comes with all its metrics. */
#define MAX_ANSWER_BYTES (16 * 1024 * 1024)

/* ---- the server ---- */

static char *
without_slash(const char *url)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	return pnstrdup(url, len);
}

static void
end_call(DbiMlflow *m)
{
	DbiCall *call = m->call;
	DbiRequest *request = m->request;

	m->call = NULL;
	m->request = NULL;
	if (call)
		dbi_call_end(call);
	if (request)
		dbi_request_end(request);
}

static void
end_with_context(void *arg)
{
	DbiMlflow *m = arg;

	/* A request is its context's; a call is nobody's but ours. */
	m->request = NULL;
	end_call(m);
}

static void
open_own(DbiMlflow *m)
{
	DbiDelivery *d = m->delivery;
	UserMapping *mapping = dbi_find_mapping(d->user, d->server->serverid);
	List *secret = mapping ? mapping->options : NIL;
	const char *uri = dbi_option(d->server->options, "tracking_uri");

	if (uri == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("%s has neither tracking_uri nor server", d->what),
						errhint("ALTER SERVER %s OPTIONS (ADD tracking_uri 'https://…').",
								d->server->servername)));
	m->base = without_slash(uri);
	m->token = dbi_option(secret, "token");
	m->username = dbi_option(secret, "username");
	m->password = dbi_option(secret, "password");
}

static DbiMlflow *
open_server(DbiDelivery *d)
{
	DbiMlflow *m = palloc0(sizeof(DbiMlflow));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	const char *workspace = dbi_option(d->server->options, "server");

	m->delivery = d;
	if (workspace)
		m->workspace = dbi_workspace_of(workspace, d->user);
	else
		open_own(m);
	callback->func = end_with_context;
	callback->arg = m;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return m;
}

/* ---- a call ---- */

static char *
as_utf8(const char *text)
{
	return text ? pg_server_to_any(text, strlen(text), PG_UTF8) : NULL;
}

static void
send_to_workspace(DbiMlflow *m, const char *path, const char *body)
{
	DbiCallSpec spec = {.path = path,
						.body = body,
						.once = true,
						.max_bytes = MAX_ANSWER_BYTES,
						.deadline = m->delivery->deadline};

	m->call = dbi_call_begin(m->workspace, &spec);
}

void
dbi_mlflow_send_with(DbiMlflow *m, DbiMlflowStep step, const char *path, const char *body,
					 const DbiHeader *header)
{
	DbiHeader headers[2] = {{"Accept", "application/json"}};
	DbiHttp http = {.what = m->delivery->what,
					.headers = headers,
					.nheaders = header ? 2 : 1,
					.bearer = m->token,
					.user = m->username,
					.password = m->password,
					.content_type = body ? "application/json" : NULL,
					.once = true,
					.max_bytes = MAX_ANSWER_BYTES,
					.deadline = m->delivery->deadline};

	if (header)
		headers[1] = *header;
	end_call(m);
	m->step = step;
	http.url = psprintf("%s%s", m->base, path);
	http.body = as_utf8(body);
	http.body_len = http.body ? strlen(http.body) : 0;
	m->request = dbi_request_start(&http);
}

void
dbi_mlflow_send(DbiMlflow *m, DbiMlflowStep step, const char *path, const char *body)
{
	if (m->workspace == NULL)
	{
		dbi_mlflow_send_with(m, step, path, body, NULL);
		return;
	}
	end_call(m);
	m->step = step;
	send_to_workspace(m, path, as_utf8(body));
}

/* Whether the answer is there; raises when none will come. */
static bool
is_answered(DbiMlflow *m)
{
	if (m->call)
		return dbi_call_advance(m->call);
	if (!dbi_request_done(m->request))
		return false;
	if (dbi_request_failed(m->request))
		dbi_request_raise(m->request);
	return true;
}

bool
dbi_mlflow_advance(DbiDelivery *d, DbiMlflowStep first)
{
	DbiMlflow *m = d->state;

	if (m == NULL)
	{
		d->state = m = open_server(d);
		first(m);
	}
	while (is_answered(m))
	{
		DbiMlflowStep step = m->step;

		m->step = NULL;
		step(m);
		if (m->step == NULL)
			return true;
	}
	return false;
}

/* ---- the answer ---- */

static DbiRequest *
answer_of(DbiMlflow *m)
{
	return m->call ? dbi_call_request(m->call) : m->request;
}

int
dbi_mlflow_status(DbiMlflow *m)
{
	return dbi_request_status(answer_of(m));
}

Jsonb *
dbi_mlflow_body(DbiMlflow *m)
{
	size_t len;
	const char *body = dbi_request_body(answer_of(m), &len);

	return dbi_try_jsonb_utf8(body, len);
}

bool
dbi_mlflow_is_error(DbiMlflow *m, const char *code)
{
	Jsonb *body = dbi_mlflow_status(m) >= 400 ? dbi_mlflow_body(m) : NULL;
	char *told = body ? dbi_jsonb_text(&body->root, "error_code") : NULL;

	return told && strcmp(told, code) == 0;
}

void
dbi_mlflow_check(DbiMlflow *m)
{
	int status = dbi_mlflow_status(m);
	const char *secrets[] = {m->token, m->password, m->workspace ? m->workspace->token : NULL,
							 m->workspace ? m->workspace->client_secret : NULL};

	if (status < 200 || status >= 300)
		dbi_delivery_refused(m->delivery, answer_of(m), secrets, lengthof(secrets));
}

JsonbContainer *
dbi_mlflow_answer(DbiMlflow *m)
{
	Jsonb *body;

	dbi_mlflow_check(m);
	body = dbi_mlflow_body(m);
	if (body == NULL || !JB_ROOT_IS_OBJECT(body))
		dbi_mlflow_bad_answer(m, "it is no JSON object");
	return &body->root;
}

void
dbi_mlflow_bad_answer(DbiMlflow *m, const char *why)
{
	ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
					errmsg("%s: an answer that is not understood: %s", m->delivery->what, why),
					errhint("Is that the address of an MLflow tracking server?")));
}
