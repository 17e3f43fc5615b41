/*
 * llm/answer.c: an answer from the request to its end.
 *
 *   ask ─► (token) ─► request ─► stream ─► done
 *            ▲           │          │
 *            │           ▼          ▼
 *            └─ renewed, other members, fallback model ─ as long as nothing
 *               of the answer was taken
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "base/base.h"
#include "databricks/call.h"
#include "databricks/oauth.h"
#include "llm/answer.h"
#include "llm/breaker.h"
#include "llm/fault.h"
#include "llm/known.h"

/* Of a stream that waits to be read. */
#define STREAM_BYTES (1024 * 1024)

/* Of an answer that comes whole. */
#define MAX_WHOLE_BYTES (16 * 1024 * 1024)

/* An endpoint that has not answered for so long is one that fails. */
#define PATIENCE_MS 10000

#define ANTHROPIC_VERSION "2023-06-01"

static bool send_or_fail(DbiModelAnswer *a);

/* ---- ends */

static void
tell_breaker(DbiModelAnswer *a, void (*what)(const char *, const char *))
{
	if (a->admitted)
		what(a->model->chat_url, a->ask->name);
	a->admitted = false;
}

static void
forget_token(DbiModelAnswer *a)
{
	if (a->token)
		explicit_bzero(a->token, strlen(a->token));
	a->token = NULL;
}

static void
end_request(DbiModelAnswer *a)
{
	DbiRequest *request = a->request;

	if (request == NULL)
		return;
	a->tries += dbi_request_tries(request);
	a->request = NULL;
	if (a->reading->ended && !dbi_request_done(request))
		dbi_linger(request);
	else
		dbi_request_end(request);
	forget_token(a);
}

static void
free_answer(void *arg)
{
	DbiModelAnswer *a = arg;

	if (a->owed && !IsTransactionState()) /* it is being rolled back */
		dbi_owed_keep(a);
	end_request(a);
	tell_breaker(a, dbi_breaker_unknown);
}

static bool
finish(DbiModelAnswer *a, DbiModelFault *fault)
{
	MemoryContext old = MemoryContextSwitchTo(a->context);

	end_request(a);
	a->fault = fault;
	a->done = true;
	a->ended = GetCurrentTimestamp();
	if (a->reading->usage_told)
		dbi_learn_tokens(a->ask->name, a->estimated, a->reading->usage.prompt);
	MemoryContextSwitchTo(old);
	return true;
}

/* ---- sending */

static void
renew_reading(DbiModelAnswer *a)
{
	bool form = a->model->provider == DBI_PROVIDER_ANTHROPIC && a->ask->schema;

	a->reading = dbi_reading_create(a->context, form ? a->ask->schema_name : NULL);
	dbi_sse_init(&a->sse);
	initStringInfo(&a->whole);
	a->opened = a->plain = false;
}

static DbiRequest *
prepare(DbiModelAnswer *a)
{
	bool anthropic = a->model->provider == DBI_PROVIDER_ANTHROPIC;
	bool bearer = a->model->workspace || !anthropic;
	DbiHeader headers[4] = {
		{"Accept", a->ask->lacks & DBI_LACKS_STREAM ? "application/json"
													: "text/event-stream, application/json"},
		{"User-Agent", "dbinsight/" DBINSIGHT_VERSION},
	};
	char *body = dbi_ask_body(a->ask);
	DbiHttp http = {.what = a->model->what,
					.url = a->model->chat_url,
					.headers = headers,
					.nheaders = 2,
					.bearer = bearer ? a->token : NULL,
					.body = body,
					.body_len = strlen(body),
					.content_type = "application/json",
					.stream = true,
					.max_bytes = STREAM_BYTES,
					.deadline = a->deadline,
					.again = dbi_model_again};

	if (anthropic)
		headers[http.nheaders++] = (DbiHeader){"anthropic-version", ANTHROPIC_VERSION};
	if (!bearer && a->token)
		headers[http.nheaders++] = (DbiHeader){"x-api-key", a->token};
	return dbi_request_prepare(&http);
}

/* False while the workspace's token is being asked for. */
static bool
send(DbiModelAnswer *a)
{
	const char *token = a->model->key;
	DbiWorkspace *w = a->model->workspace;

	if (w)
		token = w->token ? w->token : dbi_token(w);
	if (w && token == NULL)
		return false;
	a->token = token ? pstrdup(token) : NULL;
	renew_reading(a);
	a->request = prepare(a);
	dbi_request_launch(a->request);
	return true;
}

/* The fallback model, when nothing of an answer was taken. */
static bool
fall_back(DbiModelAnswer *a, DbiModelFault *fault)
{
	if (!fault->passing || a->fallback == NULL || dbi_reading_begun(a->reading) ||
		(a->deadline.at != 0 && GetCurrentTimestamp() >= a->deadline.at))
		return finish(a, fault);
	end_request(a);
	a->ask->name = a->fallback;
	a->ask->lacks = dbi_known_lacks(a->model->chat_url, a->fallback);
	a->fallback = NULL;
	a->renewed = false;
	return send_or_fail(a);
}

/*
 * Whether a failure speaks of the endpoint's health: a limit on one's rate or
 * a mistake of ours does not, nor that somebody had no patience. Breakers are
 * everybody's.
 */
static bool
is_sick(const DbiModelAnswer *a, const DbiModelFault *fault)
{
	if (fault->sqlstate == ERRCODE_QUERY_CANCELED)
		return TimestampDifferenceExceeds(a->sent, GetCurrentTimestamp(), PATIENCE_MS);
	return fault->passing && fault->status != 429 && fault->status != 409;
}

static bool
fail(DbiModelAnswer *a, DbiModelFault *fault)
{
	if (is_sick(a, fault))
		tell_breaker(a, dbi_breaker_failed);
	else if (fault->status != 0)
		tell_breaker(a, dbi_breaker_succeeded);
	else
		tell_breaker(a, dbi_breaker_unknown);
	return fall_back(a, fault);
}

static bool
passed(const DbiDeadline *deadline)
{
	return deadline->at != 0 && GetCurrentTimestamp() >= deadline->at;
}

/* What hinders the sending, or NULL; nothing was sent yet when the token is not there. */
static DbiModelFault *
try_send(DbiModelAnswer *a)
{
	DbiModelFault *volatile fault = NULL;

	if (passed(&a->deadline))
		return dbi_fault(ERRCODE_QUERY_CANCELED,
						 psprintf("%s: %s passed", a->model->what, a->deadline.whose), NULL, true);
	PG_TRY();
	{
		(void) send(a);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(a->context);
		fault = dbi_fault_caught();
	}
	PG_END_TRY();
	return fault;
}

/* True when the answer has ended, for want of anybody to ask. */
static bool
send_or_fail(DbiModelAnswer *a)
{
	DbiModelFault *fault;

	if (!a->admitted)
	{
		if (dbi_breaker_admit(a->model->chat_url, a->ask->name) == DBI_BREAKER_OPEN)
			return fall_back(a, dbi_fault(ERRCODE_CONNECTION_EXCEPTION,
										  psprintf("%s: model %s failed again and again and is "
												   "left alone for half a minute",
												   a->model->what, a->ask->name),
										  NULL, true));
		a->admitted = true;
	}
	fault = try_send(a);
	return fault && fail(a, fault);
}

/* ---- reading */

static void
take(DbiModelAnswer *a, const char *event, const char *data, size_t len)
{
	if (a->reading->ended)
		return;
	if (a->model->provider == DBI_PROVIDER_ANTHROPIC)
		dbi_take_anthropic(a->reading, event, data, len);
	else
		dbi_take_openai(a->reading, event, data, len);
	if (a->first == 0 && dbi_reading_begun(a->reading))
		a->first = GetCurrentTimestamp();
}

static void
take_events(DbiModelAnswer *a)
{
	const char *event;
	const char *data;
	size_t len;

	while (dbi_sse_next(&a->sse, &event, &data, &len))
		take(a, event, data, len);
}

/* Whatever the head calls it: no event begins with a brace. */
static bool
is_json(const char *body)
{
	body += strspn(body, " \t\r\n");
	return *body == '{';
}

/* What has come so far. Its first byte says whether it is a stream. */
static void
read_body(DbiModelAnswer *a)
{
	size_t len;
	const char *body = dbi_request_body(a->request, &len);

	if (len == 0)
		return;
	if (!a->opened)
		a->plain = is_json(body);
	a->opened = true;
	if (!a->plain)
	{
		if (!dbi_sse_feed(&a->sse, body, len))
			a->reading->too_large = true;
		take_events(a);
	}
	else if (a->whole.len + len > MAX_WHOLE_BYTES)
		a->reading->too_large = true;
	else
		appendBinaryStringInfo(&a->whole, body, (int) len);
	dbi_request_consume(a->request, len);
}

static void
read_rest(DbiModelAnswer *a)
{
	read_body(a);
	if (a->plain)
		take(a, "", a->whole.data, a->whole.len);
	dbi_sse_finish(&a->sse);
	take_events(a);
}

/* ---- judging */

static DbiModelFault *
broken(DbiModelAnswer *a, const char *why)
{
	return dbi_fault(ERRCODE_PROTOCOL_VIOLATION, psprintf("%s: %s", a->model->what, why),
					 "Is the option base_url that of a server that speaks the provider's "
					 "protocol?",
					 true);
}

/* What is wrong with an answer that has come to its end, or NULL. */
static DbiModelFault *
fault_of_reading(DbiModelAnswer *a)
{
	DbiReading *r = a->reading;

	if (r->too_large)
		return dbi_fault(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						 psprintf("%s: the answer is larger than any answer", a->model->what), NULL,
						 false);
	if (r->error)
		return dbi_fault_told(a->model, r->error, dbi_request_status(a->request), a->token);
	if (r->garbled)
		return broken(a, "an answer that is not understood");
	if (r->finished || (r->ended && dbi_reading_begun(r)))
		return NULL;
	if (dbi_reading_begun(r))
		return dbi_fault(ERRCODE_CONNECTION_FAILURE,
						 psprintf("%s: the answer broke off", a->model->what), NULL, true);
	return broken(a, "an answer without content");
}

static bool
settle_stream(DbiModelAnswer *a)
{
	DbiModelFault *fault;

	read_rest(a);
	fault = fault_of_reading(a);
	if (fault)
		return fail(a, fault);
	tell_breaker(a, dbi_breaker_succeeded);
	return finish(a, NULL);
}

static bool
may_renew(DbiModelAnswer *a)
{
	int status = dbi_request_status(a->request);

	return (status == 401 || status == 403) && a->model->workspace &&
		   a->model->workspace->token == NULL && !a->renewed;
}

/* A member that the model does not know is left out the next time, which is at once. */
static uint32
lack_of(DbiModelAnswer *a)
{
	int status = dbi_request_status(a->request);
	DbiToldError error;

	if (status != 400 && status != 422)
		return 0;
	error = dbi_told_by(a->request);
	return dbi_learn_lack(a->ask, a->model->chat_url, &error);
}

static bool
settle_refusal(DbiModelAnswer *a)
{
	uint32 lack;

	if (may_renew(a))
	{
		a->renewed = true;
		dbi_token_refused(a->model->workspace, a->token);
		end_request(a);
		return send_or_fail(a);
	}
	lack = lack_of(a);
	if (lack == 0)
		return fail(a, dbi_fault_of_answer(a->model, a->request, a->token));
	a->ask->lacks |= lack;
	end_request(a);
	return send_or_fail(a);
}

/* A connection that was lost when all had been said is no loss. */
static bool
settle_failure(DbiModelAnswer *a)
{
	DbiModelFault *volatile fault = NULL;

	read_rest(a);
	if (a->reading->ended || a->reading->finished || a->reading->error)
		return settle_stream(a);
	PG_TRY();
	{
		dbi_request_raise(a->request);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(a->context);
		fault = dbi_fault_caught();
	}
	PG_END_TRY();
	return fail(a, fault);
}

static bool
settle(DbiModelAnswer *a)
{
	if (dbi_request_failed(a->request))
		return settle_failure(a);
	if (dbi_request_status(a->request) / 100 == 2)
		return settle_stream(a);
	return settle_refusal(a);
}

static bool
advance(DbiModelAnswer *a)
{
	while (!a->done)
	{
		if (a->request == NULL && send_or_fail(a))
			break;
		if (a->request == NULL)
			return false; /* for the token */
		if (dbi_request_done(a->request))
		{
			(void) settle(a);
			continue;
		}
		if (!dbi_request_answered(a->request))
			return false;
		read_body(a);
		if (!a->reading->ended && !a->reading->too_large)
			return false;
		(void) settle_stream(a); /* nothing counts that comes after */
	}
	return true;
}

/* ---- the door */

DbiModelAnswer *
dbi_model_ask(DbiModel *model, const DbiModelRequest *q)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "dbinsight model answer",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	DbiModelAnswer *a = palloc0(sizeof(DbiModelAnswer));

	a->context = context;
	a->callback.func = free_answer;
	a->callback.arg = a;
	MemoryContextRegisterResetCallback(context, &a->callback);
	a->model = model;
	a->ask = dbi_ask_create(model, q);
	a->ask->name = pstrdup(q->model ? q->model : model->name);
	a->ask->lacks = dbi_known_lacks(model->chat_url, a->ask->name);
	if (model->fallback && strcmp(model->fallback, a->ask->name) != 0)
		a->fallback = model->fallback;
	a->deadline.at = q->deadline.at;
	a->deadline.whose = q->deadline.whose ? pstrdup(q->deadline.whose) : "its caller's deadline";
	a->estimated = dbi_ask_estimate(a->ask);
	a->sent = GetCurrentTimestamp();
	dbi_linger_end();
	if (model->timeout_ms > 0)
	{
		TimestampTz at = TimestampTzPlusMilliseconds(a->sent, model->timeout_ms);

		if (a->deadline.at == 0 || at < a->deadline.at)
			a->deadline = (DbiDeadline){at, psprintf("the timeout of %s", model->what)};
	}
	renew_reading(a);
	(void) send_or_fail(a);
	MemoryContextSwitchTo(old);
	return a;
}

bool
dbi_model_advance(DbiModelAnswer *a)
{
	MemoryContext old = MemoryContextSwitchTo(a->context);
	bool done = advance(a);

	MemoryContextSwitchTo(old);
	return done;
}

void
dbi_model_wait(DbiModelAnswer *a)
{
	while (!dbi_model_advance(a))
		dbi_net_wait(a->deadline.at);
}

void
dbi_model_end(DbiModelAnswer *a)
{
	MemoryContextDelete(a->context);
}
