/*
 * statement.c: a statement on a warehouse, from its sending to its last row.
 *
 *     begin ─► SENDING ─► WAITING ◄─► POLLING ─► READING ─► FINISHED
 *
 * advance() goes from state to state as far as it can without waiting. It is
 * sent with a wait of 0 s, so that its id is known at once: what cannot be
 * named cannot be cancelled.
 */
#include "postgres.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/base.h"
#include "base/json.h"
#include "databricks/statement_parts.h"

/* Between two polls: short ones for short statements, each half as long again. */
#define FIRST_POLL_MS 20
#define MAX_POLL_MS 10000

/* While a token is awaited, which belongs to no statement. */
#define TOKEN_LOOK_MS 20

/* What comes meanwhile is taken from the sockets while rows are read. */
#define ROWS_BETWEEN_DRIVES 256

/* What the API takes. */
#define MAX_STATEMENT_BYTES (16 * 1024 * 1024)

/* ---- sending */

static void
append_member(StringInfo json, const char *key, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(json, ",\"%s\":", key);
	dbi_json_append(json, value);
}

static void
append_parameters(StringInfo json, const DbiParameter *parameters, int n)
{
	if (n == 0)
		return;
	appendStringInfoString(json, ",\"parameters\":[");
	for (int i = 0; i < n; i++)
	{
		appendStringInfoString(json, i > 0 ? ",{\"name\":" : "{\"name\":");
		dbi_json_append(json, parameters[i].name);
		append_member(json, "type", parameters[i].type ? parameters[i].type : "STRING");
		append_member(json, "value", parameters[i].value);
		appendStringInfoChar(json, '}');
	}
	appendStringInfoChar(json, ']');
}

static char *
request_body(DbiStatement *s, const char *sql, const DbiParameter *parameters, int nparameters,
			 const DbiStatementOptions *options)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"statement\":");
	dbi_json_append(&json, sql);
	append_member(&json, "warehouse_id", s->workspace->warehouse);
	append_member(&json, "catalog", options->catalog ? options->catalog : s->workspace->catalog);
	append_member(&json, "schema", options->schema);
	append_parameters(&json, parameters, nparameters);
	if (s->row_limit > 0)
		appendStringInfo(&json, ",\"row_limit\":" INT64_FORMAT, s->row_limit);
	appendStringInfo(&json, ",\"disposition\":\"%s\"", s->large ? "EXTERNAL_LINKS" : "INLINE");
	appendStringInfoString(&json, ",\"format\":\"JSON_ARRAY\",\"wait_timeout\":\"0s\"}");
	return json.data;
}

static void
set_deadline(DbiStatement *s, int timeout_ms)
{
	int ms = timeout_ms > 0 ? timeout_ms : s->workspace->timeout_ms;

	if (ms <= 0)
		return;
	s->deadline.at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms);
	s->deadline.whose = timeout_ms > 0 ? psprintf("the timeout of this statement (%d ms)", ms)
									   : psprintf("the server's option timeout (%d ms)", ms);
}

/* Whatever holds a statement has gone. Nothing here raises. */
static void
free_statement(void *arg)
{
	DbiStatement *s = arg;
	DbiCall *call;

	if (s->cancel && s->remote_runs)
		dbi_cancel_send(s);
	if (s->cancel)
		dbi_request_end(s->cancel);
	s->cancel = NULL;
	call = s->call;
	s->call = NULL;
	if (call)
		dbi_call_end(call);
	if (s->epoll >= 0)
	{
		close(s->epoll);
		ReleaseExternalFD();
	}
	if (s->timer >= 0)
	{
		close(s->timer);
		ReleaseExternalFD();
	}
	s->epoll = s->timer = -1;
}

static void
check_arguments(DbiWorkspace *w, const char *sql)
{
	if (w->warehouse == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("%s has no option warehouse_id", w->what),
						errhint("ALTER SERVER %s OPTIONS (ADD warehouse_id '…').", w->name)));
	if (strlen(sql) > MAX_STATEMENT_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("%s: the statement is longer than 16 MB", w->what)));
}

static DbiStatement *
create_statement(DbiWorkspace *w)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight statement", ALLOCSET_DEFAULT_SIZES);
	DbiStatement *s = MemoryContextAllocZero(context, sizeof(DbiStatement));

	s->context = context;
	s->workspace = w;
	s->epoll = s->timer = -1;
	s->callback.func = free_statement;
	s->callback.arg = s;
	MemoryContextRegisterResetCallback(context, &s->callback);
	return s;
}

static void
begin_call(DbiStatement *s, const char *path, const char *body)
{
	DbiCallSpec spec = {.path = path,
						.body = body,
						.idempotent = body == NULL,
						.max_bytes = DBI_MAX_ANSWER,
						.deadline = s->deadline,
						.owner_watches = body != NULL, /* for the id, to cancel it by */
						.notify = &s->timer};

	s->call = dbi_call_begin(s->workspace, &spec);
}

static bool advance(DbiStatement *s);

DbiStatement *
dbi_statement_begin(DbiWorkspace *w, const char *sql, const DbiParameter *parameters,
					int nparameters, const DbiStatementOptions *options)
{
	DbiStatement *s;
	MemoryContext old;

	check_arguments(w, sql);
	s = create_statement(w);
	old = MemoryContextSwitchTo(s->context);
	s->row_context = AllocSetContextCreate(s->context, "dbinsight row", ALLOCSET_SMALL_SIZES);
	s->large = options->large;
	s->row_limit = options->row_limit;
	s->max_bytes = options->max_bytes;
	set_deadline(s, options->timeout_ms);
	begin_call(s, "/api/2.0/sql/statements", request_body(s, sql, parameters, nparameters, options));
	MemoryContextSwitchTo(old);
	(void) advance(s);
	return s;
}

/* ---- going on */

void
dbi_statement_count(DbiStatement *s, int requests, int64 bytes)
{
	s->ended_requests += requests;
	s->ended_bytes += bytes;
}

static void
end_call(DbiStatement *s)
{
	DbiCall *call = s->call;

	dbi_statement_count(s, dbi_call_requests(call), dbi_call_bytes(call));
	s->call = NULL;
	dbi_call_end(call);
}

static void
wait_for_poll(DbiStatement *s)
{
	/* The first poll follows at once: the statement may have been a short one. */
	s->poll_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), s->poll_wait_ms);
	s->poll_wait_ms = s->poll_wait_ms == 0 ? FIRST_POLL_MS : s->poll_wait_ms * 3 / 2;
	s->poll_wait_ms = Min(s->poll_wait_ms, MAX_POLL_MS);
	s->state = STATEMENT_WAITING;
}

/* With the token of the last call: a statement may outlive several. */
static void
prepare_cancel(DbiStatement *s)
{
	const char *token = dbi_call_token(s->call);

	if (token && (s->cancel == NULL || strcmp(s->cancel_token, token) != 0))
		dbi_cancel_prepare(s);
}

static bool
advance_call(DbiStatement *s)
{
	size_t len;
	const char *body;
	bool there = dbi_call_advance(s->call);

	if (s->state == STATEMENT_SENDING && dbi_call_token(s->call))
		s->remote_runs = true;
	prepare_cancel(s);
	if (!there)
		return false;
	/* One that was refused does not run. */
	s->remote_runs = s->state == STATEMENT_POLLING || dbi_call_status(s->call) < 300;
	dbi_call_check(s->call);
	body = dbi_call_body(s->call, &len);
	dbi_statement_take_answer(s, body, len);
	end_call(s);
	if (s->state != STATEMENT_READING)
		wait_for_poll(s);
	return true;
}

static bool
advance_poll(DbiStatement *s)
{
	if (GetCurrentTimestamp() < s->poll_at)
		return false;
	begin_call(s, psprintf("/api/2.0/sql/statements/%s", s->id), NULL);
	s->state = STATEMENT_POLLING;
	return true;
}

static bool
advance_once(DbiStatement *s)
{
	switch (s->state)
	{
		case STATEMENT_SENDING:
		case STATEMENT_POLLING:
			return advance_call(s);
		case STATEMENT_WAITING:
			return advance_poll(s);
		case STATEMENT_READING:
			return dbi_chunks_advance(s);
		default:
			return false;
	}
}

static void
check_deadline(DbiStatement *s)
{
	if (s->deadline.at != 0 && GetCurrentTimestamp() >= s->deadline.at &&
		s->state != STATEMENT_FINISHED)
		ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED),
						errmsg("%s: %s passed", s->workspace->what, s->deadline.whose)));
}

static bool
is_ready(DbiStatement *s)
{
	return s->have_row || s->state == STATEMENT_FINISHED;
}

/*
 * True when a row is there or the end is known. To send something drives the
 * loop, which may bring news for what was looked at before: look again, then.
 */
static bool
advance(DbiStatement *s)
{
	uint64 drives;
	MemoryContext old = MemoryContextSwitchTo(s->context);

	check_deadline(s);
	do
	{
		drives = dbi_net_drives();
		while (!s->have_row && advance_once(s))
			;
		if (s->state == STATEMENT_READING && !s->have_row)
			s->have_row = dbi_chunks_read_row(s);
	} while (!is_ready(s) && drives != dbi_net_drives());
	MemoryContextSwitchTo(old);
	return is_ready(s);
}

/* When it wants to be looked at although nothing came; 0: never. */
static TimestampTz
wake_time(DbiStatement *s)
{
	TimestampTz wake = s->deadline.at;
	TimestampTz other = 0;

	if (s->state == STATEMENT_WAITING)
		other = s->poll_at;
	else if (s->state == STATEMENT_READING)
		other = dbi_chunks_wake(s);
	else if (s->call && dbi_call_request(s->call) == NULL)
		other = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), TOKEN_LOOK_MS);
	return wake == 0 || (other != 0 && other < wake) ? other : wake;
}

/* ---- the door */

const DbiColumn *
dbi_statement_columns(DbiStatement *s, int *n)
{
	(void) advance(s);
	while (s->state < STATEMENT_READING)
	{
		dbi_net_wait(wake_time(s));
		(void) advance(s);
	}
	*n = s->ncolumns;
	return s->columns;
}

bool
dbi_statement_next(DbiStatement *s, char ***values)
{
	MemoryContext old;

	CHECK_FOR_INTERRUPTS();
	MemoryContextReset(s->row_context);
	if (++s->given % ROWS_BETWEEN_DRIVES == 0)
		dbi_net_drive();
	while (!advance(s))
		dbi_net_wait(wake_time(s));
	if (!s->have_row)
		return false;
	old = MemoryContextSwitchTo(s->row_context);
	*values = dbi_rows_values(s->rows);
	MemoryContextSwitchTo(old);
	s->have_row = false;
	return true;
}

/* The timer beside the loop's descriptor: news that came while others drove, and our own times. */
static void
set_timer(DbiStatement *s)
{
	TimestampTz wake = wake_time(s);
	struct itimerspec spec = {{0}};

	if (s->timer < 0)
		return;
	if (wake != 0)
	{
		int64 us = Max(wake - GetCurrentTimestamp(), 1);

		spec.it_value.tv_sec = us / USECS_PER_SEC;
		spec.it_value.tv_nsec = us % USECS_PER_SEC * 1000;
	}
	(void) timerfd_settime(s->timer, 0, &spec, NULL);
}

bool
dbi_statement_ready(DbiStatement *s)
{
	bool ready;
	struct itimerspec now = {.it_value = {.tv_nsec = 1}};

	if (is_ready(s))
		return true;
	dbi_net_drive();
	ready = advance(s);
	set_timer(s);
	if (ready && s->timer >= 0)
		(void) timerfd_settime(s->timer, 0, &now, NULL);
	return ready;
}

static int
counted_fd(int fd)
{
	if (fd >= 0 && AcquireExternalFD())
		return fd;
	if (fd >= 0)
		close(fd);
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					errmsg("no more file descriptors for statements on a warehouse")));
}

pgsocket
dbi_statement_wait_fd(DbiStatement *s)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (s->epoll >= 0)
		return s->epoll;
	s->timer = counted_fd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
	s->epoll = counted_fd(epoll_create1(EPOLL_CLOEXEC));
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->timer, &event) != 0 ||
		epoll_ctl(s->epoll, EPOLL_CTL_ADD, dbi_net_fd(), &event) != 0)
		ereport(ERROR, (errcode(ERRCODE_SYSTEM_ERROR), errmsg("could not watch the network: %m")));
	(void) dbi_statement_ready(s);
	return s->epoll;
}

bool
dbi_statement_too_large(const DbiStatement *s)
{
	return s->too_large;
}

const DbiStatementCounters *
dbi_statement_counters(DbiStatement *s)
{
	int64 requests = s->ended_requests;
	int64 bytes = s->ended_bytes;

	if (s->call)
	{
		requests += dbi_call_requests(s->call);
		bytes += dbi_call_bytes(s->call);
	}
	for (int i = 0; i < s->nchunks; i++)
		if (s->chunks[i].call)
		{
			requests += dbi_call_requests(s->chunks[i].call);
			bytes += dbi_call_bytes(s->chunks[i].call);
		}
		else if (s->chunks[i].request)
		{
			requests += dbi_request_tries(s->chunks[i].request);
			bytes += dbi_request_bytes(s->chunks[i].request);
		}
	s->counters.requests = requests;
	s->counters.bytes = bytes;
	return &s->counters;
}

void
dbi_statement_end(DbiStatement *s)
{
	MemoryContextDelete(s->context);
}
