/*
 * statement_cancel.c: a statement that nobody waits for is cancelled on the
 * warehouse too.
 *
 * This happens while a memory context goes, often after an error: nothing may
 * raise. So the request is made when the statement is sent, with a URL to be
 * filled in, and is only sent here.
 */
#include "postgres.h"

#include <poll.h>

#include "utils/timestamp.h"

#include "databricks/statement_parts.h"

/*
 * How long a session that cancels is kept for it; the error itself has been
 * told by then, but who cancels is to be free within 100 ms. Mostly the id is
 * known and a connection is there, and to send takes no time. The first
 * answer, with the id, comes after one round trip. What takes longer, as on
 * another continent, is left: it is seen to its end while the session waits
 * for its client.
 */
#define PATIENCE_MS 40

/* The server was gone a moment ago: do not wait for each of a query's statements. */
#define GIVE_UP_MS 5000

static TimestampTz gave_up;

void
dbi_cancel_prepare(DbiStatement *s)
{
	DbiHttp http = {.what = s->workspace->what,
					.method = "POST",
					.url = psprintf("%s/api/2.0/sql/statements/", s->workspace->host),
					.bearer = dbi_call_token(s->call),
					.body = "",
					.idempotent = true,
					.max_bytes = 64 * 1024};

	if (s->cancel)
		dbi_request_end(s->cancel);
	s->cancel = NULL;
	s->cancel = dbi_request_prepare(&http);
	s->cancel_token = MemoryContextStrdup(s->context, http.bearer);
}

/* The id in an answer that came too late to be parsed where errors are allowed. */
static bool
find_id(const char *body, char *id)
{
	const char *key = strstr(body, "\"statement_id\"");
	const char *start = key ? strchr(key + strlen("\"statement_id\""), '"') : NULL;
	size_t len = start ? strspn(start + 1, "0123456789abcdefghijklmnopqrstuvwxyz"
										   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-")
					   : 0;

	if (len == 0 || len > DBI_MAX_ID || start[1 + len] != '"')
		return false;
	memcpy(id, start + 1, len);
	id[len] = '\0';
	return true;
}

/* The statement was sent a moment ago; the warehouse answers at once with its id. */
static void
await_id(DbiStatement *s, TimestampTz until)
{
	DbiRequest *request = s->call ? dbi_call_request(s->call) : NULL;
	struct pollfd fd = {.fd = dbi_net_fd(), .events = POLLIN};

	while (request && dbi_request_in_flight(request) && GetCurrentTimestamp() < until)
	{
		(void) poll(&fd, 1, 20);
		dbi_net_drive();
	}
}

static void
send_cancel(DbiRequest *cancel, const char *id, int wait_ms)
{
	char url[1024];

	snprintf(url, sizeof url, "%s%s/cancel", dbi_request_url(cancel), id);
	if (dbi_request_redirect(cancel, url))
	{
		dbi_request_launch(cancel);
		dbi_request_leave(cancel, wait_ms);
	}
	else
		dbi_request_end(cancel);
}

/* The first answer of a statement whose owner has gone. */
static void
cancel_answered(DbiRequest *answered, void *cancel)
{
	char id[DBI_MAX_ID + 1];
	size_t len;

	if (!dbi_request_failed(answered) && find_id(dbi_request_body(answered, &len), id))
		send_cancel(cancel, id, 0);
	else
		dbi_request_end(cancel);
}

/* False when it never reached the warehouse. */
static bool
leave_first(DbiStatement *s, DbiRequest *cancel)
{
	DbiRequest *request = s->call ? dbi_call_request(s->call) : NULL;

	if (request == NULL || !(dbi_request_in_flight(request) || dbi_request_done(request)))
		return false;
	dbi_request_leave_then(dbi_call_take_request(s->call), cancel_answered, cancel);
	return true;
}

void
dbi_cancel_send(DbiStatement *s)
{
	TimestampTz start = GetCurrentTimestamp();
	bool patient = gave_up == 0 || TimestampDifferenceExceeds(gave_up, start, GIVE_UP_MS);
	DbiRequest *cancel = s->cancel;

	s->cancel = NULL;
	if (s->id[0] != '\0')
		send_cancel(cancel, s->id, patient ? PATIENCE_MS : 0);
	else
	{
		await_id(s, TimestampTzPlusMilliseconds(start, patient ? PATIENCE_MS : 0));
		if (!leave_first(s, cancel))
			dbi_request_end(cancel);
	}
	if (patient && TimestampDifferenceExceeds(start, GetCurrentTimestamp(), PATIENCE_MS - 1))
		gave_up = GetCurrentTimestamp();
}
