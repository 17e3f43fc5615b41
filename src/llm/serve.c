/*
 * llm/serve.c: _serve(): a call of a custom model's serving endpoint.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/json.h"
#include "databricks/call.h"

#define MAX_ANSWER_BYTES (64 * 1024 * 1024)

/* It stands in the path of a URL. */
static void
check_endpoint(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	if (*name == '\0' || name[0] == '.' || strspn(name, allowed) != strlen(name))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"%s\" is no name of a serving endpoint", name),
						errhint("Names have letters, digits, hyphens, underscores and points.")));
}

static void
end_call(void *call)
{
	dbi_call_end(call);
}

/* The call ends with the current memory context. */
static DbiCall *
begin(DbiWorkspace *w, const char *endpoint, const char *body)
{
	DbiCallSpec spec = {.path = psprintf("/serving-endpoints/%s/invocations", endpoint),
						.body = body,
						.max_bytes = MAX_ANSWER_BYTES};
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	DbiCall *call = dbi_call_begin(w, &spec);

	callback->func = end_call;
	callback->arg = call;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return call;
}

PG_FUNCTION_INFO_V1(dbi_serve);
Datum
dbi_serve(PG_FUNCTION_ARGS)
{
	DbiWorkspace *w = dbi_workspace_named(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	char *endpoint = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Jsonb *request = PG_GETARG_JSONB_P(2);
	char *body = JsonbToCString(NULL, &request->root, VARSIZE(request));
	DbiCall *call;
	const char *answer;
	size_t len;
	Jsonb *json;

	check_endpoint(endpoint);
	call = begin(w, endpoint, pg_server_to_any(body, (int) strlen(body), PG_UTF8));
	while (!dbi_call_advance(call))
		dbi_net_wait(0);
	dbi_call_check(call);
	answer = dbi_call_body(call, &len);
	json = dbi_try_jsonb_utf8(answer, len);
	if (json == NULL || !JB_ROOT_IS_OBJECT(json))
		dbi_bad_answer(w, "the prediction is no JSON object");
	PG_RETURN_JSONB_P(json);
}
