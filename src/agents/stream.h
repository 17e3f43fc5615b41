/*
 * agents/stream.h: a turn of a conversation, shown while it is made.
 */
#ifndef DBI_AGENTS_STREAM_H
#define DBI_AGENTS_STREAM_H

#include "postgres.h"

#include "utils/uuid.h"

/* ---- stream.c: the turn as events ---- */

typedef enum DbiEventKind
{
	DBI_EVENT_START,
	DBI_EVENT_ROUTE,
	DBI_EVENT_TOOL_CALL,
	DBI_EVENT_TOOL_RESULT,
	DBI_EVENT_DELTA, /* joined, the contents of these are the answer */
	DBI_EVENT_SUGGESTION,
	DBI_EVENT_USAGE,
	DBI_EVENT_FINISH,
	DBI_EVENT_ERROR /* of a part; the answer goes on */
} DbiEventKind;

typedef struct DbiEvent
{
	DbiEventKind kind;
	const char *agent; /* or NULL, as the rest */
	const char *tool;
	const char *content;
	const char *data; /* JSON */
} DbiEvent;

const char *dbi_event_name(DbiEventKind kind);

typedef struct DbiStream DbiStream;

/*
 * Lives in the current memory context, which must outlast the stream. SPI need
 * not be connected, and is not when a call returns.
 */
DbiStream *dbi_stream_begin(const char *question, const pg_uuid_t *conversation, const char *agent);

/* Goes on until there is something to show; NULL when the turn is stored and all is shown. */
const DbiEvent *dbi_stream_next(DbiStream *stream);

/* Whether the next event needs work, so that what is shown already should be sent. */
bool dbi_stream_will_work(const DbiStream *stream);

/* Nobody reads on: stores what was shown. */
void dbi_stream_close(DbiStream *stream);

/* The turn behind the events: chat.h. */
struct DbiChat *dbi_stream_chat(DbiStream *stream);

/* ---- stream_progress.c ---- */

void dbi_tell_progress(const DbiEvent *event);

/* ---- stream_stop.c: to end a turn that runs in another session ---- */

typedef struct DbiStopSlot DbiStopSlot;

/* Makes the turn known until holder is reset; NULL when this session has too many. */
DbiStopSlot *dbi_stop_register(MemoryContext holder, const pg_uuid_t *conversation,
							   const char *person);

/* Whether a turn is to end; also asked in a signal handler. */
bool dbi_stop_requested(const DbiStopSlot *slot);

/* The turn that is at work now, or NULL; a tool may itself ask, so the one before is handed back. */
const DbiStopSlot *dbi_stop_watch(const DbiStopSlot *slot);
const DbiStopSlot *dbi_stop_watched(void);

/* Asks the turns of this conversation of this person to end; false when none runs. */
bool dbi_stop_running(const pg_uuid_t *conversation, const char *person);

#endif
