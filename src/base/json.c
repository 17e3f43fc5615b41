/*
 * json.c: a stream of JSON values, split. The only file that knows json-c,
 * whose json_object is also the name of a function of core's: no header that
 * declares that one is included here.
 */
#include "postgres.h"

#include <json-c/json.h>

#include "mb/pg_wchar.h"
#include "utils/memutils.h"
#include "utils/palloc.h"

#include "base/json.h"

/* A row nested deeper than this is not a system table's. */
#define MAX_DEPTH 64
/* One value of a file; a row of the system tables is at most some 100 kB. */
#define MAX_VALUE_BYTES (64 * 1024 * 1024)

/*
 * json-c keeps some 350 bytes for an empty array, which is three of the file:
 * so many brackets and commas in one value are 350 MB.
 */
#define MAX_MARKS 1000000

struct DbiSplitter
{
	StringInfoData buffer;
	StringInfoData masked; /* the buffer as the tokener sees it */
	int start;             /* of the value being read */
	int fed;               /* bytes the tokener has seen */
	int consumed;          /* end of the value returned last */
	int marks;             /* brackets and commas in the value being read */
	bool finished;         /* no more bytes will come */
	bool inside;           /* a value is being read */
	bool array;            /* the stream is one array */
	bool opened;           /* the first byte that is not space was seen */
	bool closed;           /* the array has ended */
	bool comma;            /* a comma must come before the next element */
	int64 line;
	int64 line_start; /* offset of the line's first byte in the stream */
	int64 dropped;    /* bytes thrown away from the buffer's head */
	int64 value_line;
	const char *error;
	json_tokener *tokener;
	MemoryContextCallback callback;
};

static void
splitter_free(void *arg)
{
	DbiSplitter *s = arg;

	if (s->tokener != NULL)
		json_tokener_free(s->tokener);
	s->tokener = NULL;
}

DbiSplitter *
dbi_splitter_create(MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	DbiSplitter *s = palloc0(sizeof(DbiSplitter));

	initStringInfo(&s->buffer);
	initStringInfo(&s->masked);
	s->line = 1;
	s->callback.func = splitter_free;
	s->callback.arg = s;
	MemoryContextRegisterResetCallback(context, &s->callback);
	s->tokener = json_tokener_new_ex(MAX_DEPTH);
	if (s->tokener == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	json_tokener_set_flags(s->tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	MemoryContextSwitchTo(old);
	return s;
}

/* Throw away what has been returned, so that the buffer holds one value. */
static void
drop_consumed(DbiSplitter *s)
{
	int keep_from = s->inside ? s->start : s->consumed;

	if (keep_from == 0)
		return;
	memmove(s->buffer.data, s->buffer.data + keep_from, s->buffer.len - keep_from + 1);
	memmove(s->masked.data, s->masked.data + keep_from, s->masked.len - keep_from + 1);
	s->buffer.len = s->masked.len = s->buffer.len - keep_from;
	s->start -= keep_from;
	s->fed -= keep_from;
	s->consumed = Max(0, s->consumed - keep_from);
	s->dropped += keep_from;
}

/*
 * The tokener only finds where a value ends. It sees an x for every byte above
 * 127: just as good inside a string, just as wrong outside, and not taken for
 * a control character by json-c 0.18's strict mode (its issue 892). Whether
 * the real bytes are UTF-8 is asked of the value as a whole.
 */
void
dbi_splitter_feed(DbiSplitter *s, const char *bytes, int len)
{
	drop_consumed(s);
	appendBinaryStringInfo(&s->buffer, bytes, len);
	appendBinaryStringInfo(&s->masked, bytes, len);
	for (int i = s->masked.len - len; i < s->masked.len; i++)
		if (IS_HIGHBIT_SET(s->masked.data[i]))
			s->masked.data[i] = 'x';
}

void
dbi_splitter_finish(DbiSplitter *s)
{
	s->finished = true;
}

static DbiSplit
fail(DbiSplitter *s, const char *why, int at)
{
	s->error = why;
	s->consumed = at;
	return DBI_SPLIT_ERROR;
}

static void
count_line(DbiSplitter *s, int at)
{
	s->line++;
	s->line_start = s->dropped + at + 1;
}

/*
 * Pass what stands between values. True when a value starts at s->consumed;
 * false with *result set otherwise.
 */
static bool
skip_between(DbiSplitter *s, DbiSplit *result)
{
	while (s->consumed < s->buffer.len)
	{
		char c = s->buffer.data[s->consumed];

		if (c == '\n')
			count_line(s, s->consumed);
		else if (c == ' ' || c == '\t' || c == '\r')
			;
		else if (!s->opened && c == '[')
			s->array = s->opened = true;
		else if (s->closed)
		{
			*result = fail(s, "text after the end of the array", s->consumed);
			return false;
		}
		else if (s->array && c == ']')
			s->closed = true;
		else if (s->array && s->comma && c == ',')
			s->comma = false;
		else if (s->array && s->comma)
		{
			*result = fail(s, "a comma or the end of the array was expected", s->consumed);
			return false;
		}
		else
		{
			s->opened = true;
			return true;
		}
		s->consumed++;
	}
	*result = DBI_SPLIT_MORE;
	if (s->finished && s->array && !s->closed)
		*result = fail(s, "the array does not end", s->buffer.len);
	return false;
}

static DbiSplit
value_complete(DbiSplitter *s, const char **value, int *len)
{
	int valid;

	*value = s->buffer.data + s->start;
	*len = s->fed - s->start;
	valid = pg_encoding_verifymbstr(PG_UTF8, *value, *len);
	if (valid != *len)
		return fail(s, "invalid UTF-8", s->start + valid);
	for (int i = s->start; i < s->fed; i++)
		if (s->buffer.data[i] == '\n')
			count_line(s, i);
	s->inside = false;
	s->comma = true;
	s->consumed = s->fed;
	return DBI_SPLIT_VALUE;
}

static int
count_marks(const char *bytes, int len)
{
	int n = 0;

	for (int i = 0; i < len; i++)
		n += bytes[i] == '[' || bytes[i] == '{' || bytes[i] == ',';
	return n;
}

/* Let the tokener go on with what it has not seen. */
static DbiSplit
read_value(DbiSplitter *s, const char **value, int *len)
{
	int n = s->masked.len - s->fed;
	json_object *object = json_tokener_parse_ex(s->tokener, s->masked.data + s->fed, n);
	enum json_tokener_error error = json_tokener_get_error(s->tokener);
	int end = (int) json_tokener_get_parse_end(s->tokener);

	if (object != NULL)
		json_object_put(object);
	if (error == json_tokener_continue)
	{
		s->marks += count_marks(s->masked.data + s->fed, n);
		s->fed += n;
		if (s->finished)
			return fail(s, "the value does not end", s->buffer.len);
		if (s->marks > MAX_MARKS)
			return fail(s, "the value has more than a million brackets and commas", s->start);
		if (s->buffer.len - s->start > MAX_VALUE_BYTES)
			return fail(s, "the value is larger than 64 MB", s->start);
		return DBI_SPLIT_MORE;
	}
	s->fed += end;
	if (error != json_tokener_success)
		return fail(s, json_tokener_error_desc(error), s->fed);
	return value_complete(s, value, len);
}

DbiSplit
dbi_splitter_next(DbiSplitter *s, const char **value, int *len)
{
	DbiSplit result;

	if (s->error != NULL)
		return DBI_SPLIT_ERROR;
	if (!s->inside)
	{
		if (!skip_between(s, &result))
			return result;
		json_tokener_reset(s->tokener);
		s->inside = true;
		s->marks = 0;
		s->start = s->fed = s->consumed;
		s->value_line = s->line;
	}
	return read_value(s, value, len);
}

int64
dbi_splitter_line(DbiSplitter *s)
{
	return s->value_line;
}

const char *
dbi_splitter_error(DbiSplitter *s, int64 *line, int64 *column)
{
	int64 l = s->line;
	int64 start = s->line_start;

	/* A value that spans lines fails on one of its own lines. */
	if (s->inside)
		for (int i = s->start; i < Min(s->consumed, s->buffer.len); i++)
			if (s->buffer.data[i] == '\n')
			{
				l++;
				start = s->dropped + i + 1;
			}
	*line = l;
	*column = s->dropped + s->consumed - start + 1;
	return s->error;
}
