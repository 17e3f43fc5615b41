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
 * How long a user who cancels is kept for it; the error itself has been told
 * by then. A connection is there, so to send takes no time, unless the server
 * is gone. The first answer, with the id, comes after one round trip.
 */
#define CANCEL_WAIT_MS 500
#define ID_WAIT_MS 300

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
static void
find_id(DbiStatement *s, const char *body)
{
	const char *key = strstr(body, "\"statement_id\"");
	const char *start = key ? strchr(key + strlen("\"statement_id\""), '"') : NULL;
	size_t len = start ? strspn(start + 1, "0123456789abcdefghijklmnopqrstuvwxyz"
										   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-")
					   : 0;

	if (len > 0 && len <= DBI_MAX_ID && start[1 + len] == '"')
	{
		memcpy(s->id, start + 1, len);
		s->id[len] = '\0';
	}
}

/* The statement was sent a moment ago; the warehouse answers at once with its id. */
static void
await_id(DbiStatement *s, TimestampTz until)
{
	DbiRequest *request = dbi_call_request(s->call);
	struct pollfd fd = {.fd = dbi_net_fd(), .events = POLLIN};
	size_t len;

	while (dbi_request_in_flight(request) && GetCurrentTimestamp() < until)
	{
		(void) poll(&fd, 1, 20);
		dbi_net_drive();
	}
	if (dbi_request_done(request) && !dbi_request_failed(request))
		find_id(s, dbi_request_body(request, &len));
}

static void
send_cancel(DbiStatement *s, DbiRequest *cancel, int wait_ms)
{
	char url[1024];

	snprintf(url, sizeof url, "%s/api/2.0/sql/statements/%s/cancel", s->workspace->host, s->id);
	if (dbi_request_redirect(cancel, url))
	{
		dbi_request_launch(cancel);
		dbi_request_leave(cancel, wait_ms);
	}
	else
		dbi_request_end(cancel);
}

void
dbi_cancel_send(DbiStatement *s)
{
	TimestampTz start = GetCurrentTimestamp();
	bool patient = gave_up == 0 || TimestampDifferenceExceeds(gave_up, start, GIVE_UP_MS);
	DbiRequest *cancel = s->cancel;

	s->cancel = NULL;
	if (s->id[0] == '\0' && s->call && dbi_call_request(s->call))
		await_id(s, TimestampTzPlusMilliseconds(start, patient ? ID_WAIT_MS : 0));
	if (s->id[0] != '\0')
		send_cancel(s, cancel, patient ? CANCEL_WAIT_MS : 0);
	else
		dbi_request_end(cancel);
	if (patient && TimestampDifferenceExceeds(start, GetCurrentTimestamp(), ID_WAIT_MS - 1))
		gave_up = GetCurrentTimestamp();
}
