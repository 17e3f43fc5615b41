/*
 * net/net.h: the door of net/: HTTP requests that wait the way PostgreSQL does.
 *
 * A request is started, makes progress whenever anybody drives the loop or
 * waits on it, and is asked for what came of it. Several are in flight on one
 * loop. It lives in a memory context of its own below the current one: when
 * that goes, by whatever road, the request is broken off and freed.
 */
#ifndef DBI_NET_H
#define DBI_NET_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "base/compat.h"

/* When to give up, and whose wish that is: it is named in the error. */
typedef struct DbiDeadline
{
	TimestampTz at;    /* 0: never */
	const char *whose; /* as in "the timeout of server \"prod\"" */
} DbiDeadline;

typedef struct DbiRequest DbiRequest;

typedef struct DbiHeader
{
	const char *name;
	const char *value;
} DbiHeader;

/* What to ask. Everything is copied. */
typedef struct DbiHttp
{
	const char *what;   /* for messages: "databricks server \"prod\"" */
	const char *method; /* NULL: GET, or POST when there is a body */
	const char *url;
	bool secret_url; /* a presigned link or a webhook: the URL is never shown */
	const DbiHeader *headers;
	int nheaders;
	const char *bearer; /* a token for Authorization, or NULL */
	const char *user;   /* for Basic, or NULL */
	const char *password;
	const char *body; /* NULL: none */
	size_t body_len;
	const char *content_type;
	/*
	 * To do it twice is as good as once. What is not is repeated only when it
	 * cannot have been carried out: not connected, or answered 429 or 503.
	 */
	bool idempotent;
	/*
	 * The body is taken while it comes: at most max_bytes of it wait, then the
	 * sender does. Otherwise it is kept whole, and more is an error.
	 */
	bool stream;
	size_t max_bytes;
	DbiDeadline deadline;
	/*
	 * The owner looks at the deadline itself, which here only ends the tries:
	 * what was sent may be left, and its answer be wanted after it.
	 */
	bool owner_watches;
	/* Tried once: who keeps what is to be sent decides when it is tried again. */
	bool once;
	/* Whether an error answer is worth another try whatever its status; may not raise. */
	bool (*passing)(int status, const char *body, size_t len);
	/*
	 * A policy of retries of the caller's own, in place of net's: milliseconds
	 * until the next try, or -1 for none. It sees the try that ended; may not raise.
	 */
	int64 (*again)(DbiRequest *request);
	/*
	 * A timer's descriptor that is set off when there is news, or NULL; it may
	 * be -1 at first. For who waits on a descriptor while others drive the loop.
	 */
	const int *notify;
} DbiHttp;

/* Started, and ended with the current memory context if not before. */
extern DbiRequest *dbi_request_start(const DbiHttp *http);

/*
 * The two halves of it, for who keeps requests in structures of its own: made
 * here, where errors may be raised, and ended by its owner's callback; sent
 * there, where they may not.
 */
extern DbiRequest *dbi_request_prepare(const DbiHttp *http);
extern void dbi_request_launch(DbiRequest *request);

/* Another URL on the same server for one that was not sent. Does not raise. */
extern bool dbi_request_redirect(DbiRequest *request, const char *url);

/* As it was prepared. */
extern const char *dbi_request_url(DbiRequest *request);

/* Whether it has ended, well or not; what it has received may still be read. */
extern bool dbi_request_done(DbiRequest *request);

/* Whether it was sent, and the answer is still to come. */
extern bool dbi_request_in_flight(DbiRequest *request);

/* Whether the head of the answer is there: the status is final, no try will follow. */
extern bool dbi_request_answered(DbiRequest *request);

/* Whether it ended without a whole answer: see dbi_request_raise(). */
extern bool dbi_request_failed(DbiRequest *request);

/* Whether it failed for a reason that another attempt may not meet again. */
extern bool dbi_request_failed_passing(DbiRequest *request);

/* Raises what went wrong; for a request that failed. */
pg_noreturn extern void dbi_request_raise(DbiRequest *request);

/* Of an answer: the HTTP status, the value of a header or NULL. */
extern int dbi_request_status(DbiRequest *request);
extern const char *dbi_request_header(DbiRequest *request, const char *name);

/* Seconds that Retry-After asks for, in figures or as a date; 0: none. Does not raise. */
extern int64 dbi_request_retry_after(DbiRequest *request);

/* The bytes that have come and were not consumed; NUL follows them. */
extern const char *dbi_request_body(DbiRequest *request, size_t *len);
extern void dbi_request_consume(DbiRequest *request, size_t len);

/* HTTP requests made for it, and bytes of bodies received, over all tries. */
extern int dbi_request_tries(DbiRequest *request);
extern int64 dbi_request_bytes(DbiRequest *request);

extern void dbi_request_end(DbiRequest *request);

/*
 * The loop. dbi_net_drive() does what can be done without waiting;
 * dbi_net_wait() sleeps until there is something to do for any request, or
 * until a time (0: none), answers interrupts, and drives. The descriptor is
 * readable when there is something to do; it is the same for the life of the
 * backend.
 */
extern void dbi_net_drive(void);
extern uint64 dbi_net_drives(void); /* how often it was driven */
extern void dbi_net_wait(TimestampTz until);
extern int dbi_net_fd(void);

/* Waits for a request and raises when it failed. */
extern void dbi_request_wait(DbiRequest *request);

/*
 * For clean-up, where nothing may raise: takes the request over from its
 * owner, waits until it has been sent or limit_ms have passed, and lets the
 * loop finish it. The answer is thrown away.
 */
extern void dbi_request_leave(DbiRequest *request, int limit_ms);

/*
 * The same without waiting: the loop finishes it whenever it is driven, and
 * then calls `then`, which must not raise, before the answer is thrown away.
 */
extern void dbi_request_leave_then(DbiRequest *request,
								   void (*then)(DbiRequest *answered, void *arg), void *arg);

/* url.c: parts of a URL, palloc'd; false when it is none. An absent part is empty. */
typedef struct DbiUrl
{
	char *scheme;
	char *host;
	char *port;
	char *path;
	char *query;
	bool user; /* it names a user or a password */
} DbiUrl;

extern bool dbi_url_parse(const char *url, DbiUrl *parts);

#endif
