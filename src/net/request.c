/*
 * request.c: one request, from its making to its end.
 *
 * curl's callbacks run below curl's own frames: they neither raise nor take
 * memory that may not be had. What goes wrong there is noted and told later.
 */
#include "postgres.h"

#include <sys/timerfd.h>

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/base.h"
#include "net/request.h"

/* To reach a server, names resolved and keys exchanged. */
#define CONNECT_TIMEOUT_MS 10000L

/* A connection idle for longer may have been closed at the other end. */
#define KEPT_IDLE_S 60L

/* What headers of one answer may take. */
#define MAX_HEADER_BYTES (128 * 1024)

/* Of an error's body: no message is longer. */
#define MAX_ERROR_BODY (64 * 1024)

/* An answer that comes in drops is as good as silence: bytes in request_timeout. */
#define MIN_BYTES 1024

#define FIRST_BUFFER (16 * 1024)

/* What curl reads at once of a stream, which may be large: a sixteenth of its own calls. */
#define STREAM_READ (256 * 1024L)

typedef struct Guard
{
	MemoryContextCallback callback;
	DbiRequest *request;
} Guard;

static size_t
waiting_bytes(const DbiRequest *r)
{
	return r->len - r->head;
}

/* Something is new for the owner, whoever drove the loop. */
static void
notify(DbiRequest *r)
{
	struct itimerspec now = {.it_value = {.tv_nsec = 1}};

	if (r->notify && *r->notify >= 0)
		(void) timerfd_settime(*r->notify, 0, &now, NULL);
}

/* Room for n more bytes and a NUL, or false. */
static bool
make_room(DbiRequest *r, size_t n)
{
	size_t size = r->size;
	char *data;

	if (r->head > 0 && (r->head == r->len || r->head > r->size / 2))
	{
		memmove(r->data, r->data + r->head, waiting_bytes(r));
		r->len -= r->head;
		r->head = 0;
	}
	if (r->len + n + 1 <= r->size)
		return true;
	while (size < r->len + n + 1)
		size = size == 0 ? FIRST_BUFFER : size * 2;
	data = MemoryContextAllocExtended(r->context, size, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
	if (data == NULL)
		return false;
	if (r->data)
	{
		memcpy(data, r->data, r->len);
		pfree(r->data);
	}
	r->data = data;
	r->size = size;
	return true;
}

static void
note_progress(DbiRequest *r, size_t n)
{
	r->bytes += n;
	r->fresh += n;
	if (r->stream && r->fresh >= MIN_BYTES)
	{
		r->fresh = 0;
		r->limit = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), dbi_guc_request_timeout);
	}
}

/* curl's callback: a piece of the body. */
static size_t
take_body(char *bytes, size_t one, size_t n, void *arg)
{
	DbiRequest *r = arg;
	bool error = r->status >= 300;
	size_t waiting = waiting_bytes(r);

	n *= one;
	if (error && waiting + n > MAX_ERROR_BODY)
		return n; /* the beginning says enough */
	if (!error && waiting + n > r->max_bytes)
	{
		if (r->stream && waiting > 0)
		{
			r->state = DBI_REQUEST_PAUSED;
			return CURL_WRITEFUNC_PAUSE;
		}
		if (!r->stream)
		{
			r->fault = DBI_FAULT_TOO_LARGE;
			return 0;
		}
	}
	if (!make_room(r, n))
	{
		r->fault = DBI_FAULT_TOO_LARGE;
		return 0;
	}
	if (waiting == 0)
		notify(r);
	memcpy(r->data + r->len, bytes, n);
	r->len += n;
	r->data[r->len] = '\0';
	note_progress(r, n);
	return n;
}

/* curl's callback: a line of the head. An empty one ends it. */
static size_t
take_header(char *bytes, size_t one, size_t n, void *arg)
{
	DbiRequest *r = arg;
	long status = 0;

	n *= one;
	r->header_bytes += n;
	if (r->header_bytes > MAX_HEADER_BYTES)
	{
		r->fault = DBI_FAULT_TOO_LARGE;
		return 0;
	}
	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	r->status = (int) status;
	if (n <= 2 && r->status >= 200 && r->status < 300)
		r->answered = true;
	return n;
}

/* ---- making */

#define SET(option, value) set_option(curl_easy_setopt(r->easy, option, value), #option)

static void
set_option(CURLcode code, const char *name)
{
	if (code != CURLE_OK)
		ereport(ERROR, (errcode(ERRCODE_SYSTEM_ERROR), errmsg("libcurl refused option %s", name),
						errdetail("%s.", curl_easy_strerror(code))));
}

static void
add_header(DbiRequest *r, const char *name, const char *value)
{
	char *line;
	struct curl_slist *list;

	if (strpbrk(name, "\r\n:") || strpbrk(value, "\r\n"))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a header of a request holds a line break")));
	line = psprintf("%s: %s", name, value);
	list = curl_slist_append(r->headers, line);
	explicit_bzero(line, strlen(line));
	if (list == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	r->headers = list;
}

static void
set_headers(DbiRequest *r, const DbiHttp *http)
{
	for (int i = 0; i < http->nheaders; i++)
		add_header(r, http->headers[i].name, http->headers[i].value);
	if (http->content_type)
		add_header(r, "Content-Type", http->content_type);
	if (http->body)
		add_header(r, "Expect", ""); /* no 100-continue: it costs a round trip */
	if (http->bearer)
	{
		char *value = psprintf("Bearer %s", http->bearer);

		add_header(r, "Authorization", value);
		explicit_bzero(value, strlen(value));
	}
	if (r->headers)
		SET(CURLOPT_HTTPHEADER, r->headers);
	if (http->user)
	{
		SET(CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC);
		SET(CURLOPT_USERNAME, http->user);
		SET(CURLOPT_PASSWORD, http->password ? http->password : "");
	}
}

static void
set_method(DbiRequest *r, const DbiHttp *http)
{
	if (http->body)
	{
		r->body = memcpy(palloc(http->body_len + 1), http->body, http->body_len);
		r->body_len = http->body_len;
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) r->body_len);
		SET(CURLOPT_POSTFIELDS, r->body);
	}
	if (http->method && strcmp(http->method, http->body ? "POST" : "GET") != 0)
		SET(CURLOPT_CUSTOMREQUEST, http->method);
}

/*
 * HTTP/1.1: a request has a connection to itself, so one that is paused holds
 * up nobody else's. No redirect is followed; where it would lead is not ours
 * to trust.
 */
static void
set_options(DbiRequest *r)
{
	SET(CURLOPT_ERRORBUFFER, r->error);
	SET(CURLOPT_PRIVATE, (void *) r);
	SET(CURLOPT_URL, r->url);
	SET(CURLOPT_PROTOCOLS_STR, dbi_guc_allow_private_addresses ? "https,http" : "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROXY, ""); /* none, whatever the environment says */
	SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	SET(CURLOPT_ACCEPT_ENCODING, "");
	if (r->stream)
		SET(CURLOPT_BUFFERSIZE, STREAM_READ);
	SET(CURLOPT_CONNECTTIMEOUT_MS, Min(CONNECT_TIMEOUT_MS, (long) dbi_guc_request_timeout));
	SET(CURLOPT_MAXAGE_CONN, KEPT_IDLE_S);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_SHARE, dbi_loop()->share);
	if (dbi_guc_ca_file[0] != '\0')
		SET(CURLOPT_CAINFO, dbi_guc_ca_file);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, r);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, r);
	SET(CURLOPT_OPENSOCKETFUNCTION, dbi_open_socket);
	SET(CURLOPT_OPENSOCKETDATA, r);
	SET(CURLOPT_CLOSESOCKETFUNCTION, dbi_close_socket);
	SET(CURLOPT_CLOSESOCKETDATA, NULL); /* a connection outlives its request */
	SET(CURLOPT_PREREQFUNCTION, dbi_before_sending);
	SET(CURLOPT_PREREQDATA, r);
}

static void
check_url(DbiRequest *r)
{
	DbiUrl url;

	if (!dbi_url_parse(r->url, &url) || url.user)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s: not a URL that can be asked", r->what)));
	r->plain = strcmp(url.scheme, "http") == 0;
	if (strcmp(url.scheme, "https") != 0 && !(r->plain && dbi_guc_allow_private_addresses))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("%s: only https is spoken, not %s", r->what, url.scheme),
				 errhint("For a server on this machine or a private network a superuser may set "
						 "dbinsight.allow_private_addresses; then http is spoken with those.")));
	r->shown = psprintf("%s://%s%s%s%s", url.scheme, url.host, url.port[0] ? ":" : "", url.port,
						r->secret_url ? "/…" : url.path);
}

/* The context's callback; also after an error in the middle of the making. */
static void
free_request(void *arg)
{
	DbiRequest *r = arg;

	if (r->state != DBI_REQUEST_PREPARED)
		dlist_delete(&r->node);
	if (r->easy)
	{
		if (r->state == DBI_REQUEST_RUNNING || r->state == DBI_REQUEST_PAUSED)
			(void) curl_multi_remove_handle(dbi_loop()->multi, r->easy);
		curl_easy_cleanup(r->easy);
		r->easy = NULL;
	}
	for (struct curl_slist *h = r->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(r->headers);
	r->headers = NULL;
	if (r->bearer)
		explicit_bzero(r->bearer, strlen(r->bearer));
	if (r->password)
		explicit_bzero(r->password, strlen(r->password));
	if (r->guard)
		*r->guard = NULL;
}

static void
fill_request(DbiRequest *r, const DbiHttp *http)
{
	r->what = pstrdup(http->what);
	r->url = pstrdup(http->url);
	r->secret_url = http->secret_url;
	r->idempotent = http->idempotent;
	r->once = http->once;
	r->stream = http->stream;
	r->max_bytes = http->max_bytes;
	r->passing = http->passing;
	r->again = http->again;
	r->notify = http->notify;
	r->deadline.at = http->deadline.at;
	r->owner_watches = http->owner_watches;
	r->deadline.whose = http->deadline.whose ? pstrdup(http->deadline.whose) : "its caller";
	r->bearer = http->bearer ? pstrdup(http->bearer) : NULL;
	r->password = http->password ? pstrdup(http->password) : NULL;
	check_url(r);
	r->easy = curl_easy_init();
	if (r->easy == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	set_options(r);
	set_method(r, http);
	set_headers(r, http);
}

DbiRequest *
dbi_request_prepare(const DbiHttp *http)
{
	MemoryContext context =
		AllocSetContextCreate(dbi_loop()->context, "dbinsight request", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	DbiRequest *r = palloc0(sizeof(DbiRequest));

	r->context = context;
	r->callback.func = free_request;
	r->callback.arg = r;
	MemoryContextRegisterResetCallback(context, &r->callback);
	PG_TRY();
	{
		fill_request(r, http);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	return r;
}

void
dbi_request_launch(DbiRequest *r)
{
	r->state = DBI_REQUEST_QUEUED;
	r->first_try = GetCurrentTimestamp();
	dlist_push_tail(&dbi_loop()->requests, &r->node);
	dbi_net_drive();
}

const char *
dbi_request_url(DbiRequest *r)
{
	return r->url;
}

bool
dbi_request_redirect(DbiRequest *r, const char *url)
{
	return r->state == DBI_REQUEST_PREPARED &&
		   curl_easy_setopt(r->easy, CURLOPT_URL, url) == CURLE_OK;
}

static void
end_guarded(void *arg)
{
	Guard *guard = arg;

	if (guard->request)
		dbi_request_end(guard->request);
}

DbiRequest *
dbi_request_start(const DbiHttp *http)
{
	Guard *guard = palloc0(sizeof(Guard));

	guard->callback.func = end_guarded;
	guard->callback.arg = guard;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &guard->callback);
	guard->request = dbi_request_prepare(http);
	guard->request->guard = &guard->request;
	dbi_request_launch(guard->request);
	return guard->request;
}

void
dbi_request_end(DbiRequest *r)
{
	MemoryContextDelete(r->context);
}

/* ---- running; called by the loop, where nothing may raise */

void
dbi_request_send(DbiRequest *r)
{
	r->tries++;
	r->head = r->len = r->header_bytes = r->fresh = 0;
	r->status = 0;
	r->sent = r->answered = false;
	r->fault = DBI_FAULT_NONE;
	r->error[0] = r->refused[0] = '\0';
	r->limit = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), dbi_guc_request_timeout);
	r->state = DBI_REQUEST_RUNNING;
	if (curl_multi_add_handle(dbi_loop()->multi, r->easy) != CURLM_OK)
	{
		r->state = DBI_REQUEST_DONE;
		r->fault = DBI_FAULT_OTHER;
	}
}

static DbiFault
fault_of(const DbiRequest *r, CURLcode code)
{
	switch (code)
	{
		case CURLE_OK:
			return DBI_FAULT_NONE;
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_RESOLVE_PROXY:
			return DBI_FAULT_RESOLVE;
		case CURLE_COULDNT_CONNECT:
			return DBI_FAULT_CONNECT;
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_ISSUER_ERROR:
			return DBI_FAULT_TLS;
		case CURLE_OPERATION_TIMEDOUT: /* only connecting has a time of curl's */
			return r->sent ? DBI_FAULT_SILENT : DBI_FAULT_CONNECT;
		case CURLE_SEND_ERROR:
		case CURLE_RECV_ERROR:
		case CURLE_GOT_NOTHING:
		case CURLE_PARTIAL_FILE:
		case CURLE_ABORTED_BY_CALLBACK: /* a second sending was refused */
			return r->sent ? DBI_FAULT_LOST : DBI_FAULT_CONNECT;
		default:
			return DBI_FAULT_OTHER;
	}
}

static void
leave_multi(DbiRequest *r)
{
	if (r->state == DBI_REQUEST_RUNNING || r->state == DBI_REQUEST_PAUSED)
		(void) curl_multi_remove_handle(dbi_loop()->multi, r->easy);
	r->state = DBI_REQUEST_DONE;
	notify(r);
}

void
dbi_request_finish(DbiRequest *r, CURLcode code)
{
	leave_multi(r);
	r->code = code;
	if (r->refused[0] != '\0')
		r->fault = DBI_FAULT_ADDRESS;
	else if (r->fault == DBI_FAULT_NONE)
		r->fault = fault_of(r, code);
	/* Of one that was left only the answer may be wanted. */
	if (r->then == NULL && dbi_retry(r))
		r->state = DBI_REQUEST_WAITING;
	else
		r->answered = r->fault == DBI_FAULT_NONE;
}

void
dbi_request_fail(DbiRequest *r, DbiFault fault)
{
	leave_multi(r);
	r->fault = fault;
}

/* ---- reading */

bool
dbi_request_done(DbiRequest *r)
{
	return r->state == DBI_REQUEST_DONE;
}

bool
dbi_request_in_flight(DbiRequest *r)
{
	return r->state == DBI_REQUEST_RUNNING && r->sent;
}

bool
dbi_request_answered(DbiRequest *r)
{
	return r->answered;
}

bool
dbi_request_failed(DbiRequest *r)
{
	return r->state == DBI_REQUEST_DONE && r->fault != DBI_FAULT_NONE;
}

bool
dbi_request_failed_passing(DbiRequest *r)
{
	return dbi_request_failed(r) && (r->fault == DBI_FAULT_LOST || r->fault == DBI_FAULT_CONNECT ||
									 r->fault == DBI_FAULT_RESOLVE);
}

int
dbi_request_status(DbiRequest *r)
{
	return r->status;
}

const char *
dbi_request_header(DbiRequest *r, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(r->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

const char *
dbi_request_body(DbiRequest *r, size_t *len)
{
	*len = waiting_bytes(r);
	return r->data ? r->data + r->head : "";
}

void
dbi_request_consume(DbiRequest *r, size_t len)
{
	r->head += Min(len, waiting_bytes(r));
	if (r->state == DBI_REQUEST_PAUSED && waiting_bytes(r) <= r->max_bytes / 2)
	{
		r->state = DBI_REQUEST_RUNNING;
		r->fresh = 0;
		r->limit = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), dbi_guc_request_timeout);
		(void) curl_easy_pause(r->easy, CURLPAUSE_CONT);
		dbi_loop_adjust();
	}
}

int
dbi_request_tries(DbiRequest *r)
{
	return r->tries;
}

int64
dbi_request_bytes(DbiRequest *r)
{
	return r->bytes;
}

void
dbi_request_wait(DbiRequest *r)
{
	while (!dbi_request_done(r))
		dbi_net_wait(0);
	if (dbi_request_failed(r))
		dbi_request_raise(r);
}
