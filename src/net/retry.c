/*
 * retry.c: whether and when a request is made again.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/timestamp.h"

#include "base/base.h"
#include "net/request.h"

#define MAX_TRIES 12

/* All tries of a request begin within this, whatever its deadline. */
#define RETRY_BUDGET_MS (300 * 1000)

/* The wait before try n is drawn from 0 to FIRST_WAIT × 2^n, at most MAX_WAIT. */
#define FIRST_WAIT_MS 250
#define MAX_WAIT_MS 30000

/* Not carried out, as the server itself says. */
static bool
was_refused(const DbiRequest *r)
{
	return r->status == 429 || r->status == 503 || r->status == 408;
}

static bool
is_passing_answer(const DbiRequest *r)
{
	if (r->status < 400)
		return false;
	if (was_refused(r))
		return true;
	if (r->passing && r->passing(r->status, r->data ? r->data + r->head : "", r->len - r->head))
		return true;
	return r->idempotent && (r->status == 500 || r->status == 502 || r->status == 504);
}

static bool
is_passing_fault(const DbiRequest *r)
{
	switch (r->fault)
	{
		case DBI_FAULT_RESOLVE:
		case DBI_FAULT_CONNECT:
			return true;
		case DBI_FAULT_LOST:
			/* What was read of a stream is gone: only its reader knows where to go on. */
			return r->idempotent && !(r->stream && r->answered);
		case DBI_FAULT_TLS:
			/* The other end hung up in the midst; a certificate stays what it is. */
			return r->code == CURLE_SSL_CONNECT_ERROR;
		default:
			return false;
	}
}

int64
dbi_request_retry_after(DbiRequest *r)
{
	curl_off_t after = 0;

	if (r->fault == DBI_FAULT_NONE)
		(void) curl_easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &after); /* seconds, or from a date */
	return Min(Max(after, 0), INT_MAX / 1000);
}

/* Full jitter: many that were refused together do not come back together. */
static int64
wait_ms(DbiRequest *r)
{
	int64 after = dbi_request_retry_after(r);
	int64 most = Min(MAX_WAIT_MS, FIRST_WAIT_MS << Min(r->tries - 1, 16));
	int64 jitter = (int64) (pg_prng_double(&pg_global_prng_state) * most);

	if (after > 0)
		return after * 1000 + jitter / 4;
	return jitter;
}

/* Milliseconds until the next try, -1 for none: by the caller's policy, or ours. */
static int64
next_try_ms(DbiRequest *r)
{
	if (r->again)
		return r->again(r);
	if (r->fault == DBI_FAULT_NONE ? !is_passing_answer(r) : !is_passing_fault(r))
		return -1;
	return wait_ms(r);
}

bool
dbi_retry(DbiRequest *r)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz end = TimestampTzPlusMilliseconds(r->first_try, RETRY_BUDGET_MS);
	int64 ms = !r->once && r->tries < MAX_TRIES ? next_try_ms(r) : -1;

	if (ms < 0)
		return false;
	if (r->deadline.at != 0 && r->deadline.at < end)
		end = r->deadline.at;
	r->wake = TimestampTzPlusMilliseconds(now, ms);
	return r->wake < end; /* else the answer that is there is told, and at once */
}
