/*
 * llm/breaker.c: circuit breakers.
 *
 * closed: failures in a row are counted; the fifth opens it. open: nobody asks
 * for 30 s; then one may, as a probe, and the others go on without. A probe
 * that answers closes it, one that fails opens it anew; one of which nothing
 * was heard for a minute has died, and another may go.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "llm/breaker.h"
#include "llm/llm.h"

#define MAX_FAILURES 5
#define OPEN_MS 30000
#define PROBE_MS 60000

/* Endpoints that are remembered; the one longest unused makes room. */
#define MAX_ENDPOINTS 64
#define NAME_BYTES 160

typedef struct
{
	uint64 key; /* 0: free */
	int failures;
	TimestampTz opened; /* 0: closed */
	TimestampTz probed; /* 0: no probe is under way */
	TimestampTz used;
	char name[NAME_BYTES]; /* to be shown */
} Endpoint;

typedef struct
{
	slock_t lock;
	Endpoint endpoints[MAX_ENDPOINTS];
} Breakers;

static Breakers *breakers;
static shmem_request_hook_type previous_request_hook;
static shmem_startup_hook_type previous_startup_hook;

static void
request_shmem(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(sizeof(Breakers));
}

static void
clear_breakers(Breakers *b)
{
	memset(b, 0, sizeof(Breakers));
	SpinLockInit(&b->lock);
}

static void
start_shmem(void)
{
	bool found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	breakers = ShmemInitStruct("dbinsight breakers", sizeof(Breakers), &found);
	if (!found)
		clear_breakers(breakers);
	LWLockRelease(AddinShmemInitLock);
}

void
dbi_llm_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_shmem;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_shmem;
}

/* Without preloading each session has its own. */
static Breakers *
get_breakers(void)
{
	if (breakers == NULL)
	{
		breakers = MemoryContextAlloc(TopMemoryContext, sizeof(Breakers));
		clear_breakers(breakers);
	}
	return breakers;
}

static uint64
key_of(const char *url, const char *model)
{
	uint64 key = hash_bytes_extended((const unsigned char *) url, strlen(url), 0);

	key = hash_bytes_extended((const unsigned char *) model, strlen(model), key);
	return key == 0 ? 1 : key;
}

/* With the lock held. */
static Endpoint *
find(Breakers *b, uint64 key)
{
	for (int i = 0; i < MAX_ENDPOINTS; i++)
		if (b->endpoints[i].key == key)
			return &b->endpoints[i];
	return NULL;
}

static Endpoint *
find_or_make(Breakers *b, uint64 key, const char *name)
{
	Endpoint *e = find(b, key);

	if (e)
		return e;
	e = &b->endpoints[0];
	for (int i = 1; i < MAX_ENDPOINTS; i++)
		if (b->endpoints[i].used < e->used)
			e = &b->endpoints[i];
	memset(e, 0, sizeof(Endpoint));
	e->key = key;
	memcpy(e->name, name, NAME_BYTES);
	return e;
}

static DbiBreaker
admit(Endpoint *e, TimestampTz now)
{
	e->used = now;
	if (e->opened == 0)
		return DBI_BREAKER_CLOSED;
	if (e->probed != 0 ? !TimestampDifferenceExceeds(e->probed, now, PROBE_MS)
					   : !TimestampDifferenceExceeds(e->opened, now, OPEN_MS))
		return DBI_BREAKER_OPEN;
	e->probed = now;
	return DBI_BREAKER_PROBE;
}

DbiBreaker
dbi_breaker_admit(const char *url, const char *model)
{
	Breakers *b = get_breakers();
	uint64 key = key_of(url, model);
	TimestampTz now = GetCurrentTimestamp();
	Endpoint *e;
	DbiBreaker state;

	SpinLockAcquire(&b->lock);
	e = find(b, key);
	state = e ? admit(e, now) : DBI_BREAKER_CLOSED;
	SpinLockRelease(&b->lock);
	return state;
}

void
dbi_breaker_succeeded(const char *url, const char *model)
{
	Breakers *b = get_breakers();
	uint64 key = key_of(url, model);
	Endpoint *e;

	SpinLockAcquire(&b->lock);
	e = find(b, key);
	if (e)
		memset(e, 0, sizeof(Endpoint));
	SpinLockRelease(&b->lock);
}

void
dbi_breaker_failed(const char *url, const char *model)
{
	Breakers *b = get_breakers();
	uint64 key = key_of(url, model);
	TimestampTz now = GetCurrentTimestamp();
	char name[NAME_BYTES] = {0};
	Endpoint *e;

	snprintf(name, sizeof(name), "%s %s", model, url);
	SpinLockAcquire(&b->lock);
	e = find_or_make(b, key, name);
	e->used = now;
	e->failures++;
	if (e->opened != 0 || e->failures >= MAX_FAILURES)
		e->opened = now;
	e->probed = 0;
	SpinLockRelease(&b->lock);
}

void
dbi_breaker_unknown(const char *url, const char *model)
{
	Breakers *b = get_breakers();
	uint64 key = key_of(url, model);
	Endpoint *e;

	SpinLockAcquire(&b->lock);
	e = find(b, key);
	if (e)
		e->probed = 0; /* the next one may probe at once */
	SpinLockRelease(&b->lock);
}

/* ---- shown */

static const char *
state_word(const Endpoint *e, TimestampTz now)
{
	if (e->opened == 0)
		return "closed";
	if (e->probed != 0)
		return "probing";
	return TimestampDifferenceExceeds(e->opened, now, OPEN_MS) ? "half-open" : "open";
}

PG_FUNCTION_INFO_V1(dbi_llm_breakers);
Datum
dbi_llm_breakers(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Breakers *copy = palloc(sizeof(Breakers));
	TimestampTz now = GetCurrentTimestamp();

	InitMaterializedSRF(fcinfo, 0);
	SpinLockAcquire(&get_breakers()->lock);
	memcpy(copy, breakers, sizeof(Breakers));
	SpinLockRelease(&breakers->lock);
	for (int i = 0; i < MAX_ENDPOINTS; i++)
	{
		const Endpoint *e = &copy->endpoints[i];
		Datum values[4];
		bool nulls[4] = {false};

		if (e->key == 0)
			continue;
		values[0] = CStringGetTextDatum(e->name);
		values[1] = CStringGetTextDatum(state_word(e, now));
		values[2] = Int32GetDatum(e->failures);
		values[3] = TimestampTzGetDatum(e->opened);
		nulls[3] = e->opened == 0;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
