/*
 * llm/reading.h: an answer while it is put together from a dialect's pieces.
 */
#ifndef DBI_LLM_READING_H
#define DBI_LLM_READING_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "llm/llm.h"

/* An error that was told as data. Texts are empty when nothing was said. */
typedef struct
{
	char *message;
	char *code; /* codes and types, as the server has them */
	char *type;
	char *param;
} DbiToldError;

/* A tool call, or another block of Anthropic's, that grows. */
typedef struct
{
	int index;
	char *type; /* tool_use for a call, whatever the dialect */
	char *id;   /* "" when none was given */
	char *extra; /* members not known here, an object's JSON, or NULL; of other blocks: the block as it began */
	StringInfoData name;
	StringInfoData text; /* arguments; of a text or thinking block its text */
	char *signature;
} DbiBlock;

typedef struct DbiReading
{
	MemoryContext context; /* what is kept */
	MemoryContext scratch; /* one event */
	const char *form;      /* of Anthropic: the tool whose input is the answer, or NULL */
	StringInfoData text;
	List *blocks; /* DbiBlock, as they began */
	DbiFinish finish;
	bool finished; /* a reason to finish was told */
	bool ended;    /* nothing counts that comes after */
	bool partial;  /* pieces have come: a message that repeats the whole is not taken again */
	bool refused;
	bool other_blocks; /* blocks that only their own dialect understands: to be replayed as they are */
	bool too_large;
	bool garbled; /* an event was no JSON */
	bool usage_told;
	DbiModelUsage usage;
	char *id;
	char *model;
	DbiToldError *error;
} DbiReading;

extern DbiReading *dbi_reading_create(MemoryContext context, const char *form);

/* Whether anything of the answer has come. */
extern bool dbi_reading_begun(const DbiReading *reading);

/* Calls of a reading that has ended. */
extern List *dbi_reading_calls(DbiReading *reading);

/* One event, or a whole body, of a dialect. */
extern void dbi_take_openai(DbiReading *reading, const char *event, const char *data, size_t len);
extern void dbi_take_anthropic(DbiReading *reading, const char *event, const char *data, size_t len);

/* The blocks of Anthropic's as JSON, to be replayed, or NULL. */
extern char *dbi_anthropic_raw(DbiReading *reading);

/* For the dialects. */
extern Jsonb *dbi_reading_parse(const char *data, size_t len);
extern void dbi_reading_say(DbiReading *reading, const char *text);
extern DbiBlock *dbi_reading_block(DbiReading *reading, const char *type, int index);
extern void dbi_block_add(DbiReading *reading, StringInfo to, const char *text);
extern void dbi_reading_fail(DbiReading *reading, const DbiToldError *error);
extern char *dbi_keep(DbiReading *reading, const char *text);
extern bool dbi_count(JsonbContainer *object, const char *key, int64 *value);
extern const char *dbi_string(JsonbContainer *object, const char *key); /* "" for none */

/* fault.c: what an error's object says; false when it is none. */
extern bool dbi_told_error(JsonbContainer *object, DbiToldError *error);

#endif
