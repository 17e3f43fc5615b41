/*
 * base/json.h: JSON text in and out. json-c is known to json.c alone.
 */
#ifndef DBI_JSON_H
#define DBI_JSON_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

/* Whether text is valid JSON that jsonb can hold. Never throws. */
bool dbi_json_valid(const char *text, int len);

/* jsonb of a text, or NULL when it is not valid JSON. Palloc'd. */
Jsonb *dbi_try_jsonb(const char *text, int len);

/*
 * The same of UTF-8 text from outside, whatever the database's encoding.
 * Raises 22P05 only when a character has no place in that encoding.
 */
Jsonb *dbi_try_jsonb_utf8(const char *text, size_t len);

/*
 * Members of an object, elements of an array. A value that is absent, null or
 * of another kind is NULL or false; numbers and booleans have a text, and
 * numbers may stand in strings, as some servers write them.
 */
/* The member as it is, JSON's null too; NULL when it is absent or the container is no object. */
JsonbValue *dbi_jsonb_member(JsonbContainer *object, const char *key);
char *dbi_jsonb_text(JsonbContainer *object, const char *key);
bool dbi_jsonb_int(JsonbContainer *object, const char *key, int64 *value);
bool dbi_jsonb_true(JsonbContainer *object, const char *key);
JsonbContainer *dbi_jsonb_object(JsonbContainer *object, const char *key);
JsonbContainer *dbi_jsonb_array(JsonbContainer *object, const char *key);
JsonbContainer *dbi_jsonb_element(JsonbContainer *array, int i);

/* The text of a database's string as a JSON string in UTF-8, appended. */
void dbi_json_append(StringInfo out, const char *text);

/*
 * Splits a stream of JSON values: newline-delimited, or one array. Feed bytes
 * with dbi_splitter_feed(), take values with dbi_splitter_next() until it says
 * DBI_SPLIT_MORE; after the last byte call dbi_splitter_finish().
 * A value stays valid until the next call. Memory: the value being read plus
 * one chunk, in the context given; json-c's part is freed with that context.
 */
typedef struct DbiSplitter DbiSplitter;

typedef enum
{
	DBI_SPLIT_MORE,
	DBI_SPLIT_VALUE,
	DBI_SPLIT_ERROR
} DbiSplit;

DbiSplitter *dbi_splitter_create(MemoryContext context);
void dbi_splitter_feed(DbiSplitter *s, const char *bytes, int len);
void dbi_splitter_finish(DbiSplitter *s);
DbiSplit dbi_splitter_next(DbiSplitter *s, const char **value, int *len);

/* Where the value returned last, or the error, starts: 1-based line. */
int64 dbi_splitter_line(DbiSplitter *s);
const char *dbi_splitter_error(DbiSplitter *s, int64 *line, int64 *column);

#endif
