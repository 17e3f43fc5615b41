/*
 * llm/sse.c: server-sent events, as the HTML standard has them, but that the
 * last event may lack its empty line.
 */
#include "postgres.h"

#include "llm/sse.h"

/* One event carries one piece of an answer, or at most all of it. */
#define MAX_EVENT_BYTES (16 * 1024 * 1024)

void
dbi_sse_init(DbiSse *s)
{
	memset(s, 0, sizeof(DbiSse));
	initStringInfo(&s->pending);
	initStringInfo(&s->event);
	initStringInfo(&s->data);
}

static void
drop_read(DbiSse *s)
{
	s->pending.len -= s->head;
	memmove(s->pending.data, s->pending.data + s->head, s->pending.len + 1);
	s->seen -= s->head;
	s->head = 0;
}

bool
dbi_sse_feed(DbiSse *s, const char *bytes, size_t len)
{
	drop_read(s);
	if (len + s->pending.len + s->data.len > MAX_EVENT_BYTES)
		return false;
	appendBinaryStringInfo(&s->pending, bytes, (int) len);
	return true;
}

void
dbi_sse_finish(DbiSse *s)
{
	s->finished = true;
}

static void
skip(DbiSse *s, int n)
{
	s->head += n;
	s->seen = Max(s->seen, s->head);
}

static void
skip_byte_order_mark(DbiSse *s)
{
	static const char mark[] = "\xEF\xBB\xBF";
	int n = Min(s->pending.len, 3);

	if (s->begun || (n < 3 && !s->finished && memcmp(s->pending.data, mark, n) == 0))
		return;
	s->begun = true;
	if (n == 3 && memcmp(s->pending.data, mark, 3) == 0)
		skip(s, 3);
}

/* The next line and its length, or NULL. What ends it is skipped with it. */
static const char *
next_line(DbiSse *s, int *len)
{
	const char *line;

	if (s->after_cr && s->head < s->pending.len)
	{
		s->after_cr = false;
		if (s->pending.data[s->head] == '\n')
			skip(s, 1);
	}
	while (s->seen < s->pending.len && s->pending.data[s->seen] != '\n' &&
		   s->pending.data[s->seen] != '\r')
		s->seen++;
	if (s->seen == s->pending.len && (!s->finished || s->head == s->pending.len))
		return NULL;
	line = s->pending.data + s->head;
	*len = s->seen - s->head;
	s->after_cr = s->seen < s->pending.len && s->pending.data[s->seen] == '\r';
	s->head = s->seen = Min(s->seen + 1, s->pending.len);
	return line;
}

/* "name: value", "name:value", "name", ": comment" */
static void
take_field(DbiSse *s, const char *line, int len)
{
	const char *colon = memchr(line, ':', len);
	int name = colon ? (int) (colon - line) : len;
	const char *value = colon ? colon + 1 : line + len;
	int n = (int) (line + len - value);

	if (n > 0 && *value == ' ')
	{
		value++;
		n--;
	}
	if (name == 4 && memcmp(line, "data", 4) == 0)
	{
		if (s->any_data)
			appendStringInfoChar(&s->data, '\n');
		appendBinaryStringInfo(&s->data, value, n);
		s->any_data = true;
	}
	else if (name == 5 && memcmp(line, "event", 5) == 0)
	{
		resetStringInfo(&s->event);
		appendBinaryStringInfo(&s->event, value, n);
	}
}

static void
clear(DbiSse *s)
{
	resetStringInfo(&s->event);
	resetStringInfo(&s->data);
	s->any_data = s->taken = false;
}

/* Reads on to the end of an event with data. */
static bool
read_event(DbiSse *s)
{
	const char *line;
	int len;

	while ((line = next_line(s, &len)) != NULL)
	{
		if (len > 0)
			take_field(s, line, len);
		else if (s->any_data)
			return true;
		else
			clear(s);
	}
	return s->finished && s->any_data;
}

bool
dbi_sse_next(DbiSse *s, const char **event, const char **data, size_t *len)
{
	if (s->taken)
		clear(s);
	skip_byte_order_mark(s);
	if (!s->begun || !read_event(s))
		return false;
	*event = s->event.data;
	*data = s->data.data;
	*len = s->data.len;
	s->taken = true;
	return true;
}
