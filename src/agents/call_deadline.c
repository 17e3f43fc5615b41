/*
 * call_deadline.c: how long a call of a tool may take, and the wish of
 * somebody else that the answer ends.
 *
 * Two timers ask for a cancel as statement_timeout does. A tool may itself ask
 * a question whose tools have deadlines of their own, so those that run are a
 * chain: an inner one never outlasts an outer one, and what ends an outer call
 * passes through all inner ones.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "agents/call_parts.h"
#include "base/base.h"

/* stop() is noticed inside a tool within this time. */
#define STOP_POLL_MS 50

static TimeoutId deadline_timeout = MAX_TIMEOUTS;
static TimeoutId stop_timeout = MAX_TIMEOUTS;
static DbiDeadline *innermost;

/* ---- in a signal handler ---- */

static void
cancel_tool(void)
{
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

static void
deadline_handler(void)
{
	if (innermost == NULL)
		return;
	for (DbiDeadline *d = innermost; d; d = d->outer)
		if (d->at <= innermost->at && d->ended == DBI_ENDED_BY_ITSELF)
			d->ended = DBI_ENDED_BY_DEADLINE;
	cancel_tool();
}

static void
stop_handler(void)
{
	for (DbiDeadline *d = innermost; d; d = d->outer)
	{
		if (!dbi_stop_requested(d->slot))
			continue;
		d->ended = DBI_ENDED_BY_STOP;
		cancel_tool();
	}
}

/* ---- */

static bool
outer_ended(const DbiDeadline *d)
{
	for (d = d->outer; d; d = d->outer)
		if (d->ended != DBI_ENDED_BY_ITSELF)
			return true;
	return false;
}

static bool
can_be_stopped(const DbiDeadline *d)
{
	while (d && d->slot == NULL)
		d = d->outer;
	return d != NULL;
}

static void
start_timers(const DbiDeadline *d)
{
	enable_timeout_at(deadline_timeout, d->at);
	if (can_be_stopped(d))
		enable_timeout_every(stop_timeout,
							 TimestampTzPlusMilliseconds(GetCurrentTimestamp(), STOP_POLL_MS),
							 STOP_POLL_MS);
}

void
dbi_deadline_begin(DbiDeadline *d)
{
	if (deadline_timeout == MAX_TIMEOUTS)
	{
		deadline_timeout = RegisterTimeout(USER_TIMEOUT, deadline_handler);
		stop_timeout = RegisterTimeout(USER_TIMEOUT, stop_handler);
	}
	d->at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), dbi_guc_tool_timeout);
	d->ended = DBI_ENDED_BY_ITSELF;
	d->outer = innermost;
	if (d->outer && d->outer->at < d->at)
		d->at = d->outer->at;
	innermost = d;
	start_timers(d);
}

/* A cancel of its own that nobody has seen yet must not hit what comes next. */
void
dbi_deadline_end(DbiDeadline *d)
{
	if (innermost != d)
		return;
	disable_timeout(deadline_timeout, false);
	disable_timeout(stop_timeout, false);
	innermost = d->outer;
	if (outer_ended(d))
		return;
	if (d->ended != DBI_ENDED_BY_ITSELF)
		QueryCancelPending = false;
	if (innermost)
		start_timers(innermost);
}

/* A cancel is the deadline's when nothing else had set its mark. */
bool
dbi_deadline_caused(const DbiDeadline *d, const ErrorData *error)
{
	return d->ended != DBI_ENDED_BY_ITSELF && !outer_ended(d) &&
		   error->sqlerrcode == ERRCODE_QUERY_CANCELED && error->message_id &&
		   strcmp(error->message_id, "canceling statement due to user request") == 0;
}
