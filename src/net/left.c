/*
 * left.c: requests whose owner has gone, seen to their end.
 *
 * Whoever drives the loop moves them. A backend that uses the network no more
 * would keep them until it ends, and with them, mostly, a statement on a
 * warehouse that somebody pays for. So while there are any the loop is driven
 * at the end of each transaction too, and a session that waits for its client
 * is made to have one: a timer asks it to take in what others did to the
 * catalog, which it does in an empty transaction, as when it has slept for
 * long. Within a transaction block they wait for the end of the block.
 */
#include "postgres.h"

#include <poll.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/sinval.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "net/request.h"

/* Between two looks of a session that does nothing else; each twice as long as the last. */
#define FIRST_LOOK_MS 10
#define MAX_LOOK_MS 1000

/* A backend that ends sees off what was left, so long at most. */
#define SEE_OFF_MS 1000

static TimeoutId look_timeout = MAX_TIMEOUTS;
static int look_ms;

/* What has not reached its server yet, or whose answer somebody wants. */
static bool
is_owed(const DbiRequest *r)
{
	return r->then != NULL || !r->sent || r->state == DBI_REQUEST_WAITING;
}

static bool
any_left(bool owed_only)
{
	dlist_iter iter;

	dlist_foreach(iter, &dbi_loop()->requests)
	{
		DbiRequest *r = dlist_container(DbiRequest, node, iter.cur);

		if (r->left && r->state != DBI_REQUEST_DONE && (!owed_only || is_owed(r)))
			return true;
	}
	return false;
}

/* The timer's handler: in a signal, so it only asks. */
static void
ask_for_look(void)
{
	catchupInterruptPending = true;
	SetLatch(MyLatch);
}

static void
look_later(int ms)
{
	look_ms = ms;
	enable_timeout_after(look_timeout, look_ms);
}

/* Here nothing may raise: the transaction is over. */
static void
on_xact(XactEvent event, void *arg)
{
	if ((event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT) || !any_left(false))
		return;
	dbi_net_drive();
	if (any_left(false))
		look_later(Min(look_ms * 2, MAX_LOOK_MS));
}

/* A statement that nobody cancels runs on, and is paid for. */
static void
see_off(int code, Datum arg)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), SEE_OFF_MS);
	struct pollfd fd = {.fd = dbi_net_fd(), .events = POLLIN};

	while (!dbi_loop()->driving && any_left(true) && GetCurrentTimestamp() < until)
	{
		(void) poll(&fd, 1, 20);
		dbi_net_drive();
	}
}

void
dbi_left_init(void)
{
	look_timeout = RegisterTimeout(USER_TIMEOUT, ask_for_look);
	RegisterXactCallback(on_xact, NULL);
	on_proc_exit(see_off, 0);
}

void
dbi_left_end(void)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &dbi_loop()->requests)
	{
		DbiRequest *r = dlist_container(DbiRequest, node, iter.cur);

		if (!r->left || r->state != DBI_REQUEST_DONE)
			continue;
		if (r->then)
			r->then(r, r->then_arg);
		dbi_request_end(r);
	}
}

/* ---- the door */

static void
leave(DbiRequest *r)
{
	r->left = true;
	look_later(FIRST_LOOK_MS);
}

void
dbi_request_leave(DbiRequest *r, int limit_ms)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), limit_ms);
	struct pollfd fd = {.fd = dbi_net_fd(), .events = POLLIN};

	for (;;)
	{
		dbi_net_drive();
		if (r->state == DBI_REQUEST_DONE || r->sent || GetCurrentTimestamp() >= until)
			break;
		(void) poll(&fd, 1, (int) TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until));
	}
	dbi_net_drive();
	leave(r);
	if (r->state == DBI_REQUEST_DONE)
		dbi_request_end(r);
}

void
dbi_request_leave_then(DbiRequest *r, void (*then)(DbiRequest *answered, void *arg), void *arg)
{
	r->then = then;
	r->then_arg = arg;
	r->notify = NULL;
	r->deadline.at = 0; /* that was its owner's */
	leave(r);
	dbi_net_drive();
}
