/*
 * net/request.h: what a request is made of; private to net/.
 */
#ifndef DBI_NET_REQUEST_H
#define DBI_NET_REQUEST_H

#include "postgres.h"

#include <curl/curl.h>

#include "lib/ilist.h"

#include "net/net.h"

/* curl_easy_header() left its trial in 7.84. */
StaticAssertDecl(LIBCURL_VERSION_NUM >= 0x075400, "libcurl 7.84 or newer is needed");

typedef enum DbiRequestState
{
	DBI_REQUEST_PREPARED,
	DBI_REQUEST_QUEUED,  /* for one of max_parallel_requests */
	DBI_REQUEST_RUNNING, /* in the multi handle */
	DBI_REQUEST_PAUSED,  /* in it, but its owner has enough to read */
	DBI_REQUEST_WAITING, /* for its next try */
	DBI_REQUEST_DONE
} DbiRequestState;

typedef enum DbiFault
{
	DBI_FAULT_NONE,
	DBI_FAULT_RESOLVE,
	DBI_FAULT_CONNECT,
	DBI_FAULT_TLS,
	DBI_FAULT_ADDRESS, /* the address policy refused it */
	DBI_FAULT_LOST,    /* the connection, with the request sent */
	DBI_FAULT_SILENT,  /* dbinsight.request_timeout */
	DBI_FAULT_DEADLINE,
	DBI_FAULT_TOO_LARGE,
	DBI_FAULT_OTHER
} DbiFault;

struct DbiRequest
{
	dlist_node node; /* in the loop's list, from launch to the end */
	MemoryContext context;
	MemoryContextCallback callback; /* of context: frees what is curl's */
	DbiRequest **guard;             /* what the owner's context would end */

	CURL *easy;
	struct curl_slist *headers;
	char *url;
	char *what;
	char *shown; /* scheme and host; the rest too when it is no secret */
	char *bearer;
	char *password;
	const char *body;
	size_t body_len;
	bool plain; /* http: */
	bool secret_url;
	bool idempotent;
	bool once;
	bool stream;
	size_t max_bytes;
	DbiDeadline deadline;
	bool owner_watches;
	bool (*passing)(int status, const char *body, size_t len);
	int64 (*again)(DbiRequest *request);
	const int *notify;

	DbiRequestState state;
	DbiFault fault;
	CURLcode code;
	char error[CURL_ERROR_SIZE];
	char refused[64]; /* the address that the policy refused */
	bool sent;        /* the present try reached the server */
	bool left;        /* nobody owns it: freed when done, after: */
	void (*then)(DbiRequest *answered, void *arg);
	void *then_arg;
	bool answered;
	int status;
	int tries;
	size_t header_bytes;
	TimestampTz first_try;
	TimestampTz wake;  /* of a waiting one: its next try */
	TimestampTz limit; /* of a running one: when silence has lasted too long */
	size_t fresh;      /* bytes since limit was set */
	int64 bytes;

	/* The body: bytes from head to len wait for the owner. */
	char *data;
	size_t head;
	size_t len;
	size_t size;
};

/* request.c */
void dbi_request_send(DbiRequest *r);
void dbi_request_finish(DbiRequest *r, CURLcode code);
void dbi_request_fail(DbiRequest *r, DbiFault fault);

/* retry.c: sets the time of the next try and says true, or says false. */
bool dbi_retry(DbiRequest *r);

/* policy.c */
curl_socket_t dbi_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address);
int dbi_close_socket(void *arg, curl_socket_t fd);
int dbi_before_sending(void *arg, char *primary, char *local, int primary_port, int local_port);

/* loop.c */
typedef struct DbiLoop
{
	MemoryContext context;
	CURLM *multi;
	CURLSH *share; /* TLS sessions */
	int epoll;
	int timer;
	TimestampTz curl_wake; /* 0: curl wants no call */
	TimestampTz due;       /* when the timer goes off; 0: it stands still */
	uint64 drives;
	bool driving; /* what is sent meanwhile starts with the rest */
	dlist_head requests;
} DbiLoop;

DbiLoop *dbi_loop(void);
void dbi_loop_adjust(void); /* sets the timer anew after a request changed its times */

/* left.c */
void dbi_left_init(void); /* once, when there is a loop */
void dbi_left_end(void);  /* ends those that are done; of each drive */

#endif
