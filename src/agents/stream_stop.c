/*
 * stream_stop.c: stop(): ends a turn that runs in another session.
 *
 * A session that answers has a small segment of dynamic shared memory with a
 * slot for each of its turns. Others find it without any preloaded library: a
 * transaction that answers holds an advisory lock whose tag carries the
 * segment's handle, so the lock table is the list of segments, and a crash or
 * an abort leaves nothing behind. stop() sets a flag in the slot; the turn
 * looks at it between its steps and, by a timer, inside its tools.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/dsm.h"
#include "storage/lock.h"
#include "utils/memutils.h"

#include "agents/person.h"
#include "agents/stream.h"

/* Turns of one session at a time: cursors over ask_stream(). Further ones cannot be stopped. */
#define MAX_TURNS 8

/* pg_advisory_lock() uses 1 and 2 in this field of the tag. */
#define STOP_LOCK_SPACE 0xDB1

#define STOP_MAGIC 0x64626973

/* state guards the rest: it is FREE while the rest changes. */
struct DbiStopSlot
{
	pg_atomic_uint32 state;
	pg_uuid_t conversation;
	uint64 person; /* hash of the name, and the name as far as it fits */
	char name[NAMEDATALEN];
};

enum
{
	SLOT_FREE,
	SLOT_RUNNING,
	SLOT_STOPPING
};

typedef struct StopSegment
{
	uint32 magic;
	Oid database;
	DbiStopSlot slots[MAX_TURNS];
} StopSegment;

static dsm_segment *own_segment;
static const DbiStopSlot *watched;

/* ---- the session that answers ---- */

static bool
make_segment(void)
{
	StopSegment *s;

	if (own_segment)
		return true;
	own_segment = dsm_create(sizeof(StopSegment), DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (own_segment == NULL)
		return false;
	dsm_pin_mapping(own_segment);
	s = dsm_segment_address(own_segment);
	memset(s, 0, sizeof(StopSegment));
	s->magic = STOP_MAGIC;
	s->database = MyDatabaseId;
	for (int i = 0; i < MAX_TURNS; i++)
		pg_atomic_init_u32(&s->slots[i].state, SLOT_FREE);
	return true;
}

static uint64
person_hash(const char *person)
{
	return hash_bytes_extended((const unsigned char *) person, strlen(person), 0);
}

static void
free_slot(void *arg)
{
	DbiStopSlot *slot = arg;

	if (watched == slot)
		watched = NULL;
	pg_atomic_write_u32(&slot->state, SLOT_FREE);
}

static DbiStopSlot *
free_one(void)
{
	StopSegment *s = dsm_segment_address(own_segment);

	for (int i = 0; i < MAX_TURNS; i++)
		if (pg_atomic_read_u32(&s->slots[i].state) == SLOT_FREE)
			return &s->slots[i];
	return NULL;
}

DbiStopSlot *
dbi_stop_register(MemoryContext holder, const pg_uuid_t *conversation, const char *person)
{
	DbiStopSlot *slot;
	MemoryContextCallback *callback;
	LOCKTAG tag;

	if (!make_segment() || (slot = free_one()) == NULL)
		return NULL;
	callback = MemoryContextAllocZero(holder, sizeof(MemoryContextCallback));
	callback->func = free_slot;
	callback->arg = slot;
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, dsm_segment_handle(own_segment), 0, STOP_LOCK_SPACE);
	(void) LockAcquire(&tag, ShareLock, false, true);
	slot->conversation = *conversation;
	slot->person = person_hash(person);
	strlcpy(slot->name, person, sizeof(slot->name));
	MemoryContextRegisterResetCallback(holder, callback);
	pg_write_barrier();
	pg_atomic_write_u32(&slot->state, SLOT_RUNNING);
	return slot;
}

bool
dbi_stop_requested(const DbiStopSlot *slot)
{
	return slot && pg_atomic_read_u32(&unconstify(DbiStopSlot *, slot)->state) == SLOT_STOPPING;
}

const DbiStopSlot *
dbi_stop_watch(const DbiStopSlot *slot)
{
	const DbiStopSlot *before = watched;

	watched = slot;
	return before;
}

const DbiStopSlot *
dbi_stop_watched(void)
{
	return watched;
}

/* ---- the session that wants it to end ---- */

static bool
is_meant(DbiStopSlot *slot, const pg_uuid_t *conversation, const char *person)
{
	uint32 state = pg_atomic_read_u32(&slot->state);

	pg_read_barrier();
	return state != SLOT_FREE && memcmp(&slot->conversation, conversation, sizeof(pg_uuid_t)) == 0 &&
		   slot->person == person_hash(person) &&
		   strncmp(slot->name, person, sizeof(slot->name) - 1) == 0;
}

static bool
stop_in_segment(StopSegment *s, const pg_uuid_t *conversation, const char *person)
{
	bool any = false;

	if (s->magic != STOP_MAGIC || s->database != MyDatabaseId)
		return false;
	for (int i = 0; i < MAX_TURNS; i++)
	{
		uint32 running = SLOT_RUNNING;

		if (!is_meant(&s->slots[i], conversation, person))
			continue;
		/* One that is stopping already is asked twice; one that has just ended is left alone. */
		any = pg_atomic_compare_exchange_u32(&s->slots[i].state, &running, SLOT_STOPPING) ||
			  running == SLOT_STOPPING || any;
	}
	return any;
}

/* A segment that is gone, or was never one of ours, has nothing to stop. */
static bool
stop_behind(dsm_handle handle, const pg_uuid_t *conversation, const char *person)
{
	dsm_segment *segment;
	bool any;

	if (own_segment && handle == dsm_segment_handle(own_segment))
		return stop_in_segment(dsm_segment_address(own_segment), conversation, person);
	segment = dsm_attach(handle);
	if (segment == NULL)
		return false;
	any = dsm_segment_map_length(segment) >= sizeof(StopSegment) &&
		  stop_in_segment(dsm_segment_address(segment), conversation, person);
	dsm_detach(segment);
	return any;
}

bool
dbi_stop_running(const pg_uuid_t *conversation, const char *person)
{
	LockData *locks = GetLockStatusData();
	bool any = false;

	for (int i = 0; i < locks->nelements; i++)
	{
		const LOCKTAG *tag = &locks->locks[i].locktag;

		if (tag->locktag_type == LOCKTAG_ADVISORY && tag->locktag_field1 == MyDatabaseId &&
			tag->locktag_field4 == STOP_LOCK_SPACE)
			any = stop_behind(tag->locktag_field2, conversation, person) || any;
	}
	return any;
}
