/*
 * loop.c: curl's multi interface, driven by an epoll descriptor that a latch
 * can be waited for beside.
 *
 * The descriptor holds curl's sockets and one timer, which stands at the
 * nearest of curl's own deadline, the next try of a request and the end of
 * somebody's patience. So whoever waits, here or in the executor, waits on one
 * descriptor that never changes. Loop, connections and TLS sessions are kept
 * as long as the backend lives.
 */
#include "postgres.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/base.h"
#include "net/request.h"

/* Idle connections kept; each is a descriptor of the backend. */
#define KEPT_CONNECTIONS 8L

#define EVENTS_AT_ONCE 16

/*
 * Who waits drives the loop when the timer goes off. So much later means that
 * nobody waited (a cursor's client was asleep): the silence was ours and not
 * the server's.
 */
#define LATE_US (1000 * INT64CONST(1000))

static DbiLoop *the_loop;

/*
 * A thread inherits the mask of who starts it, and curl starts one to resolve
 * a name. PostgreSQL's handlers must not run there, so every call that may
 * start one is made with all signals blocked; those that come wait for the few
 * microseconds it takes.
 */
static void
block_signals(sigset_t *saved)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, saved);
}

static void
unblock_signals(const sigset_t *saved)
{
	pthread_sigmask(SIG_SETMASK, saved, NULL);
}

/* curl's callback: which socket to watch, for what. */
static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	DbiLoop *loop = arg;
	struct epoll_event event = {.data.fd = fd};

	if (what == CURL_POLL_REMOVE)
	{
		(void) epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
		(void) curl_multi_assign(loop->multi, fd, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	if (epoll_ctl(loop->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0 &&
		epoll_ctl(loop->epoll, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0)
		return -1;
	(void) curl_multi_assign(loop->multi, fd, loop);
	return 0;
}

/* curl's callback: when it wants to be called; not from in here. */
static int
watch_timer(CURLM *multi, long ms, void *arg)
{
	DbiLoop *loop = arg;

	loop->curl_wake = ms < 0 ? 0 : TimestampTzPlusMilliseconds(GetCurrentTimestamp(), (int64) ms);
	return 0;
}

static void
free_loop(DbiLoop *loop)
{
	if (loop->multi)
		curl_multi_cleanup(loop->multi);
	if (loop->share)
		curl_share_cleanup(loop->share);
	if (loop->epoll >= 0)
		close(loop->epoll);
	if (loop->timer >= 0)
		close(loop->timer);
	MemoryContextDelete(loop->context);
}

static bool
open_loop(DbiLoop *loop)
{
	struct epoll_event event = {.events = EPOLLIN};

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->epoll < 0 || loop->timer < 0)
		return false;
	event.data.fd = loop->timer;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->timer, &event) != 0)
		return false;
	loop->multi = curl_multi_init();
	loop->share = curl_share_init();
	return loop->multi && loop->share &&
		   curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
		   curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop) == CURLM_OK &&
		   curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, watch_timer) == CURLM_OK &&
		   curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop) == CURLM_OK &&
		   curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS) == CURLM_OK &&
		   curl_share_setopt(loop->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK;
}

static DbiLoop *
create_loop(void)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "dbinsight network", ALLOCSET_SMALL_SIZES);
	DbiLoop *loop = MemoryContextAllocZero(context, sizeof(DbiLoop));

	loop->context = context;
	loop->epoll = loop->timer = -1;
	dlist_init(&loop->requests);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !open_loop(loop))
	{
		free_loop(loop);
		ereport(ERROR, (errcode(ERRCODE_SYSTEM_ERROR), errmsg("could not set up the network loop"),
						errdetail("The system said: %m.")));
	}
	ReserveExternalFD(); /* epoll */
	ReserveExternalFD(); /* timer */
	return loop;
}

DbiLoop *
dbi_loop(void)
{
	if (the_loop == NULL)
	{
		the_loop = create_loop();
		dbi_left_init();
	}
	return the_loop;
}

int
dbi_net_fd(void)
{
	return dbi_loop()->epoll;
}

static TimestampTz
earlier(TimestampTz a, TimestampTz b)
{
	if (a == 0 || b == 0)
		return a == 0 ? b : a;
	return Min(a, b);
}

/* Only what is on its way: in the queue there is nothing to be left. */
static bool
is_watched(const DbiRequest *r)
{
	return r->owner_watches && r->state == DBI_REQUEST_RUNNING && r->sent;
}

/* When a request wants to be looked at although nothing came for it. */
static TimestampTz
request_wake(DbiRequest *r)
{
	switch (r->state)
	{
		case DBI_REQUEST_RUNNING:
			return earlier(r->limit, is_watched(r) ? 0 : r->deadline.at);
		case DBI_REQUEST_WAITING:
			return earlier(r->wake, r->deadline.at);
		case DBI_REQUEST_QUEUED:
		case DBI_REQUEST_PAUSED:
			return r->deadline.at;
		default:
			return 0;
	}
}

/* The timer counts from now: the wall clock may be set, it may not. */
static void
set_timer(DbiLoop *loop)
{
	TimestampTz wake = loop->curl_wake;
	struct itimerspec spec = {{0}};
	dlist_iter iter;

	dlist_foreach(iter, &loop->requests)
		wake = earlier(wake, request_wake(dlist_container(DbiRequest, node, iter.cur)));
	if (wake != 0)
	{
		int64 us = Max(wake - GetCurrentTimestamp(), 1);

		spec.it_value.tv_sec = us / USECS_PER_SEC;
		spec.it_value.tv_nsec = us % USECS_PER_SEC * 1000;
	}
	loop->due = wake;
	(void) timerfd_settime(loop->timer, 0, &spec, NULL);
}

void
dbi_loop_adjust(void)
{
	if (the_loop)
		set_timer(the_loop);
}

static void
drive_socket(DbiLoop *loop, const struct epoll_event *event)
{
	int running;
	int what = 0;
	uint64 ignored;

	if (event->data.fd == loop->timer)
	{
		(void) !read(loop->timer, &ignored, sizeof ignored);
		return;
	}
	if (event->events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (event->events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (event->events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	(void) curl_multi_socket_action(loop->multi, event->data.fd, what, &running);
}

/* One socket at a time is asked for: what is done for one may close another. */
static void
drive_sockets(DbiLoop *loop)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int running;
	int n = epoll_wait(loop->epoll, events, EVENTS_AT_ONCE, 0);

	for (int i = 0; i < n; i++)
		drive_socket(loop, &events[i]);
	if (loop->curl_wake != 0 && loop->curl_wake <= GetCurrentTimestamp())
	{
		loop->curl_wake = 0;
		(void) curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
}

static void
collect_finished(DbiLoop *loop)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(loop->multi, &left)) != NULL)
	{
		DbiRequest *r;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &r);
		dbi_request_finish(r, code);
	}
}

/* A server that is silent is given up; when nobody listened it gets its time again. */
static void
look_at_clock(DbiLoop *loop, TimestampTz now, bool late)
{
	dlist_iter iter;

	dlist_foreach(iter, &loop->requests)
	{
		DbiRequest *r = dlist_container(DbiRequest, node, iter.cur);

		if (r->state == DBI_REQUEST_DONE || r->state == DBI_REQUEST_PREPARED)
			continue;
		if (late)
			r->limit = TimestampTzPlusMilliseconds(now, dbi_guc_request_timeout);
		if (r->deadline.at != 0 && now >= r->deadline.at && !is_watched(r))
			dbi_request_fail(r, DBI_FAULT_DEADLINE);
		else if (r->state == DBI_REQUEST_RUNNING && r->limit != 0 && now >= r->limit)
			dbi_request_fail(r, DBI_FAULT_SILENT);
	}
}

/* Paused ones do not count: what they wait for may be an answer to one in the queue. */
static void
start_queued(DbiLoop *loop, TimestampTz now)
{
	int running = 0;
	dlist_iter iter;

	dlist_foreach(iter, &loop->requests)
		running += dlist_container(DbiRequest, node, iter.cur)->state == DBI_REQUEST_RUNNING;
	dlist_foreach(iter, &loop->requests)
	{
		DbiRequest *r = dlist_container(DbiRequest, node, iter.cur);

		if (running >= dbi_guc_max_parallel_requests)
			break;
		if (r->state == DBI_REQUEST_QUEUED || (r->state == DBI_REQUEST_WAITING && r->wake <= now))
		{
			dbi_request_send(r);
			running++;
		}
	}
}

void
dbi_net_drive(void)
{
	DbiLoop *loop = dbi_loop();
	TimestampTz now = GetCurrentTimestamp();
	bool late = loop->due != 0 && now - loop->due > LATE_US;
	sigset_t saved;

	if (loop->driving)
		return;
	loop->driving = true;
	loop->drives++;
	block_signals(&saved);
	start_queued(loop, now);
	drive_sockets(loop);
	collect_finished(loop);
	look_at_clock(loop, GetCurrentTimestamp(), late);
	dbi_left_end();
	start_queued(loop, GetCurrentTimestamp());
	set_timer(loop);
	unblock_signals(&saved);
	loop->driving = false;
}

uint64
dbi_net_drives(void)
{
	return dbi_loop()->drives;
}

static long
milliseconds_until(TimestampTz until)
{
	long ms = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);

	return Min(ms, 3600 * 1000L); /* who waits longer looks again */
}

void
dbi_net_wait(TimestampTz until)
{
	DbiLoop *loop = dbi_loop();
	int wanted = WL_LATCH_SET | WL_SOCKET_READABLE | WL_EXIT_ON_PM_DEATH;
	int events;

	CHECK_FOR_INTERRUPTS();
	events = WaitLatchOrSocket(MyLatch, wanted | (until ? WL_TIMEOUT : 0), loop->epoll,
							   until ? milliseconds_until(until) : -1, dbi_wait_event());
	if (events & WL_LATCH_SET)
		ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	dbi_net_drive();
}
