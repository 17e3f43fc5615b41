/*
 * llm/fault.c: errors of language model servers in all their shapes.
 */
#include "postgres.h"

#include <limits.h>

#include "common/pg_prng.h"
#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "base/base.h"
#include "base/json.h"
#include "databricks/error.h"
#include "llm/fault.h"

/* Of a message: what goes beyond is no explanation any more. */
#define MAX_MESSAGE 1000

/* Tries beyond the first. */
#define MAX_RETRIES 2

/* As the reference clients have it: half a second doubled, and what a server may ask for at most. */
#define FIRST_WAIT_MS 500
#define MAX_WAIT_MS 8000
#define MAX_TOLD_WAIT_MS 120000

/* ---- reading */

static bool
has(const char *text, const char *word)
{
	for (; *text != '\0'; text++)
		if (pg_strncasecmp(text, word, strlen(word)) == 0)
			return true;
	return false;
}

static void
read_members(JsonbContainer *object, DbiToldError *e)
{
	static const char *const messages[] = {"message", "error_description", "detail", "msg"};
	static const char *const codes[] = {"code", "error_code"};

	for (int i = 0; i < lengthof(messages) && e->message[0] == '\0'; i++)
		e->message = unconstify(char *, dbi_string(object, messages[i]));
	for (int i = 0; i < lengthof(codes) && e->code[0] == '\0'; i++)
		e->code = unconstify(char *, dbi_string(object, codes[i]));
	e->type = unconstify(char *, dbi_string(object, "type"));
	e->param = unconstify(char *, dbi_string(object, "param"));
}

/* {"detail": [{"loc": ["body", "temperature"], "msg": "…"}]} */
static void
read_details(JsonbContainer *details, DbiToldError *e)
{
	JsonbContainer *first = JsonContainerSize(details) > 0 ? dbi_jsonb_element(details, 0) : NULL;

	if (first && JsonContainerIsObject(first))
		e->message = psprintf("%s %s", dbi_string(first, "msg"), JsonbToCString(NULL, first, 128));
}

/* {"error": {…}}, {"error": "…"}, {"error_code": …, "message": …}, {"detail": …}; and in mid-stream. */
bool
dbi_told_error(JsonbContainer *object, DbiToldError *e)
{
	JsonbContainer *inner = dbi_jsonb_object(object, "error");
	const char *error = dbi_string(object, "error");
	JsonbContainer *details = dbi_jsonb_array(object, "detail");
	bool plain = dbi_string(object, "error_code")[0] != '\0' ||
				 dbi_jsonb_member(object, "detail") != NULL ||
				 strcmp(dbi_string(object, "object"), "error") == 0;

	*e = (DbiToldError){"", "", "", ""};
	if (inner == NULL && *error == '\0' && !plain)
		return false;
	read_members(inner ? inner : object, e);
	if (details)
		read_details(details, e);
	if (e->message[0] == '\0')
		e->message = unconstify(char *, error);
	return true;
}

DbiToldError
dbi_told_by(DbiRequest *request)
{
	size_t len;
	const char *body = dbi_request_body(request, &len);
	Jsonb *json = len > 0 ? dbi_reading_parse(body, len) : NULL;
	DbiToldError e = {"", "", "", ""};
	DbiRemoteError remote;

	if (json && JB_ROOT_IS_OBJECT(json) && dbi_told_error(&json->root, &e))
		return e;
	remote = dbi_remote_error(request); /* pages, plain text, nothing */
	e.message = remote.message;
	e.code = remote.code;
	return e;
}

/* ---- judging */

static bool
is_quota(const char *text)
{
	return strstr(text, "insufficient_quota") || strstr(text, "billing_error");
}

static bool
is_context_length(const DbiToldError *e)
{
	static const char *const words[] = {
		"context length",   "context_length",  "context window",           "context_window",
		"context size",     "context_size",    "prompt is too long",       "input is too long",
		"maximum context",  "too many tokens", "maximum number of tokens", "max_model_len",
		"input length and",
	};

	for (int i = 0; i < lengthof(words); i++)
		if (has(e->message, words[i]) || has(e->code, words[i]) || has(e->type, words[i]))
			return true;
	return false;
}

static int
status_of_type(const DbiToldError *e, int status)
{
	static const struct
	{
		const char *word;
		int status;
	} types[] = {
		{"overloaded", 529}, {"rate_limit", 429},      {"REQUEST_LIMIT_EXCEEDED", 429},
		{"timeout", 504},    {"authentication", 401},  {"permission", 403},
		{"not_found", 404},  {"invalid_request", 400}, {"BAD_REQUEST", 400},
	};

	if (status >= 300 && !(status == 400 && has(e->code, "REQUEST_LIMIT_EXCEEDED")))
		return status;
	for (int i = 0; i < lengthof(types); i++)
		if (has(e->type, types[i].word) || has(e->code, types[i].word))
			return types[i].status;
	return 500; /* of an error told in mid-stream without a kind */
}

static bool
is_passing_status(int status)
{
	return status == 408 || status == 409 || status == 429 || status >= 500;
}

static int
sqlstate_of(int status)
{
	switch (status)
	{
		case 400:
		case 413:
		case 422:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case 401:
			return ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
		case 402:
		case 429:
			return ERRCODE_CONFIGURATION_LIMIT_EXCEEDED;
		case 403:
			return ERRCODE_INSUFFICIENT_PRIVILEGE;
		case 404:
			return ERRCODE_UNDEFINED_OBJECT;
		default:
			return status / 100 == 3 ? ERRCODE_INSUFFICIENT_PRIVILEGE
									 : ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
	}
}

static const char *
hint_for(int status, bool quota)
{
	if (quota)
		return "The account of the user mapping's key has nothing left to spend.";
	if (status / 100 == 3)
		return "Redirects are not followed. Is the option base_url right?";
	switch (status)
	{
		case 401:
		case 403:
			return "Is the secret of the user mapping still valid, and may it use this model?";
		case 404:
			return "Look at the server's options model and base_url.";
		case 429:
			return "The provider limits the rate of requests, and counts max_tokens before it "
				   "answers; a smaller max_tokens, or a later question, may pass.";
		default:
			return NULL;
	}
}

/* ---- telling */

DbiModelFault *
dbi_fault(int sqlstate, const char *message, const char *hint, bool passing)
{
	DbiModelFault *f = palloc0(sizeof(DbiModelFault));

	f->sqlstate = sqlstate;
	f->message = pstrdup(message);
	f->hint = hint ? pstrdup(hint) : NULL;
	f->passing = passing;
	return f;
}

static char *
cleaned(const char *message, const char *key)
{
	char *text = dbi_redact(message + strspn(message, " \t\r\n"), &key, 1);

	text[pg_mbcliplen(text, strlen(text), MAX_MESSAGE)] = '\0';
	for (char *s = text; *s != '\0'; s++)
		if (*s == '\n' || *s == '\r')
			*s = ' ';
	return text;
}

DbiModelFault *
dbi_fault_told(const DbiModel *model, const DbiToldError *e, int told, const char *key)
{
	int status = status_of_type(e, told);
	bool quota = is_quota(e->code) || is_quota(e->type);
	char *words = cleaned(e->message, key);
	DbiModelFault *f;

	if (*words == '\0')
		words = psprintf("HTTP %d without a reason", told);
	else if (told >= 300)
		words = psprintf("%s (HTTP %d)", words, told);
	f = dbi_fault(sqlstate_of(status), psprintf("%s: %s", model->what, words),
				  hint_for(status, quota), is_passing_status(status) && !quota);
	f->status = told;
	f->context_length = is_context_length(e) || status == 413;
	if (quota)
		f->sqlstate = ERRCODE_CONFIGURATION_LIMIT_EXCEEDED;
	return f;
}

DbiModelFault *
dbi_fault_of_answer(const DbiModel *model, DbiRequest *request, const char *key)
{
	DbiToldError e = dbi_told_by(request);

	return dbi_fault_told(model, &e, dbi_request_status(request), key);
}

/* What net raises of a request is one of a connection; anything else goes on. */
DbiModelFault *
dbi_fault_caught(void)
{
	ErrorData *error = CopyErrorData();
	int class = ERRCODE_TO_CATEGORY(error->sqlerrcode);
	DbiModelFault *f;

	if (class == ERRCODE_INTERNAL_ERROR || class == ERRCODE_INSUFFICIENT_RESOURCES)
		PG_RE_THROW();
	FlushErrorState();
	f = dbi_fault(error->sqlerrcode,
				  error->detail ? psprintf("%s: %s", error->message, error->detail) : error->message,
				  error->hint,
				  class == ERRCODE_CONNECTION_EXCEPTION ||
					  error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
					  error->sqlerrcode == ERRCODE_EXTERNAL_ROUTINE_EXCEPTION);
	FreeErrorData(error);
	return f;
}

/* ---- trying again; called by the loop, where nothing may raise */

static int64
told_wait_ms(DbiRequest *request)
{
	const char *ms = dbi_request_header(request, "retry-after-ms");
	const char *after = dbi_request_header(request, "retry-after");
	char *end;
	double wait;

	if (ms)
	{
		wait = strtod(ms, &end);
		if (end != ms && wait > 0)
			return (int64) Min(wait, INT_MAX);
	}
	if (after == NULL)
		return 0;
	wait = strtod(after, &end) * 1000;
	if (end != after)
		return wait > 0 ? (int64) Min(wait, INT_MAX) : 0;
	return dbi_request_retry_after(request) * INT64CONST(1000); /* a date */
}

static bool
is_passing(DbiRequest *request)
{
	size_t len;
	const char *body = dbi_request_body(request, &len);
	const char *told = dbi_request_header(request, "x-should-retry");

	if (dbi_request_failed(request))
		return !dbi_request_answered(request) && dbi_request_failed_passing(request);
	if (dbi_request_status(request) < 400 || is_quota(body))
		return false;
	if (told && pg_strcasecmp(told, "true") == 0)
		return true;
	if (told && pg_strcasecmp(told, "false") == 0)
		return false;
	return is_passing_status(dbi_request_status(request)) ||
		   dbi_passing_error(dbi_request_status(request), body, len);
}

int64
dbi_model_again(DbiRequest *request)
{
	int tries = dbi_request_tries(request);
	int64 wait;

	if (tries > MAX_RETRIES || !is_passing(request))
		return -1;
	wait = dbi_request_failed(request) ? 0 : told_wait_ms(request);
	if (wait > 0 && wait <= MAX_TOLD_WAIT_MS)
		return wait;
	wait = Min(MAX_WAIT_MS, FIRST_WAIT_MS << (tries - 1));
	return wait - (int64) (pg_prng_double(&pg_global_prng_state) * wait / 4);
}
