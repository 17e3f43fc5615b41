/*
 * call.c: one call of the REST API.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/base.h"
#include "databricks/error.h"
#include "databricks/oauth.h"

struct DbiCall
{
	MemoryContext context;
	DbiWorkspace *workspace;
	DbiHttp http;
	char *token; /* of this call; for OAuth a copy */
	DbiRequest *request;
	bool renewed; /* the token was refused once, and is another now */
	int requests; /* of requests that ended */
	int64 bytes;
};

static const DbiHeader accept_json = {"Accept", "application/json"};

DbiCall *
dbi_call_begin(DbiWorkspace *w, const DbiCallSpec *spec)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "dbinsight call", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	DbiCall *call = palloc0(sizeof(DbiCall));

	Assert(spec->path[0] == '/');
	call->context = context;
	call->workspace = w;
	call->http.what = w->what;
	call->http.method = spec->method;
	call->http.url = psprintf("%s%s", w->host, spec->path);
	call->http.headers = &accept_json;
	call->http.nheaders = 1;
	call->http.body = spec->body;
	call->http.body_len = spec->body ? strlen(spec->body) : 0;
	call->http.content_type = spec->body ? "application/json" : NULL;
	call->http.idempotent = spec->idempotent;
	call->http.once = spec->once;
	call->http.max_bytes = spec->max_bytes;
	call->http.deadline = spec->deadline;
	call->http.owner_watches = spec->owner_watches;
	call->http.passing = dbi_passing_error;
	call->http.notify = spec->notify;
	MemoryContextSwitchTo(old);
	return call;
}

/* True when it was sent. */
static bool
send_request(DbiCall *call)
{
	DbiWorkspace *w = call->workspace;
	const char *token = w->token;

	if (token == NULL)
		token = dbi_token(w);
	if (token == NULL)
		return false;
	call->token = MemoryContextStrdup(call->context, token);
	call->http.bearer = call->token;
	call->request = dbi_request_prepare(&call->http);
	dbi_request_launch(call->request);
	return true;
}

static void
end_request(DbiCall *call)
{
	DbiRequest *request = call->request;

	if (request == NULL)
		return;
	call->requests += dbi_request_tries(request);
	call->bytes += dbi_request_bytes(request);
	call->request = NULL;
	dbi_request_end(request);
}

/* A token that has just expired or was revoked: once more with a new one. */
static bool
may_renew(DbiCall *call)
{
	int status = dbi_request_status(call->request);

	return (status == 401 || status == 403) && call->workspace->token == NULL && !call->renewed;
}

bool
dbi_call_advance(DbiCall *call)
{
	if (call->request == NULL && !send_request(call))
		return false;
	if (!dbi_request_done(call->request))
		return false;
	if (dbi_request_failed(call->request))
		dbi_request_raise(call->request);
	if (!may_renew(call))
		return true;
	call->renewed = true;
	dbi_token_refused(call->workspace, call->token);
	end_request(call);
	return dbi_call_advance(call);
}

int
dbi_call_status(DbiCall *call)
{
	return dbi_request_status(call->request);
}

const char *
dbi_call_body(DbiCall *call, size_t *len)
{
	return dbi_request_body(call->request, len);
}

void
dbi_call_check(DbiCall *call)
{
	int status = dbi_call_status(call);
	DbiRemoteError error;

	if (status >= 200 && status < 300)
		return;
	error = dbi_remote_error(call->request);
	dbi_raise_remote(call->workspace, &error, NULL);
}

DbiRequest *
dbi_call_request(DbiCall *call)
{
	return call->request;
}

DbiRequest *
dbi_call_take_request(DbiCall *call)
{
	DbiRequest *request = call->request;

	call->requests = dbi_call_requests(call);
	call->bytes = dbi_call_bytes(call);
	call->request = NULL;
	return request;
}

const char *
dbi_call_token(DbiCall *call)
{
	return call->token;
}

int
dbi_call_requests(DbiCall *call)
{
	return call->requests + (call->request ? dbi_request_tries(call->request) : 0);
}

int64
dbi_call_bytes(DbiCall *call)
{
	return call->bytes + (call->request ? dbi_request_bytes(call->request) : 0);
}

void
dbi_call_end(DbiCall *call)
{
	end_request(call);
	if (call->token)
		explicit_bzero(call->token, strlen(call->token));
	MemoryContextDelete(call->context);
}

void
dbi_bad_answer(DbiWorkspace *w, const char *why)
{
	ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
					errmsg("%s: an answer that is not understood: %s", w->what, why),
					errhint("Is the option host that of a Databricks workspace?")));
}
