/*
 * llm/reading.c: what the dialects share in reading an answer.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/json.h"
#include "llm/reading.h"

/* Of an answer's text, and of one call's arguments. No model writes as much. */
#define MAX_TEXT_BYTES (4 * 1024 * 1024)

/* Calls and other blocks of one answer. */
#define MAX_BLOCKS 256

DbiReading *
dbi_reading_create(MemoryContext context, const char *form)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	DbiReading *r = palloc0(sizeof(DbiReading));

	r->context = context;
	r->scratch = AllocSetContextCreate(context, "dbinsight event", ALLOCSET_DEFAULT_SIZES);
	r->form = form;
	initStringInfo(&r->text);
	MemoryContextSwitchTo(old);
	return r;
}

bool
dbi_reading_begun(const DbiReading *r)
{
	return r->text.len > 0 || r->blocks != NIL;
}

/* ---- JSON that models and servers write */

static bool
is_hex(const char *s)
{
	for (int i = 0; i < 4; i++)
		if (!isxdigit((unsigned char) s[i]))
			return false;
	return true;
}

static unsigned int
hex_value(const char *s)
{
	char digits[5] = {s[0], s[1], s[2], s[3], '\0'};

	return (unsigned int) strtoul(digits, NULL, 16);
}

/*
 * An escape at s that jsonb cannot hold: NUL, half of a pair (a pair is cut
 * between two events by some servers), and beyond ASCII where the database is
 * not in UTF-8.
 */
static bool
is_bad_escape(const char *s, const char *end, int *len)
{
	unsigned int c;

	if (end - s < 6 || s[1] != 'u' || !is_hex(s + 2))
		return false;
	c = hex_value(s + 2);
	*len = 6;
	if (c >= 0xD800 && c <= 0xDBFF && end - s >= 12 && s[6] == '\\' && s[7] == 'u' &&
		is_hex(s + 8) && hex_value(s + 8) >= 0xDC00 && hex_value(s + 8) <= 0xDFFF)
	{
		*len = 12;
		return GetDatabaseEncoding() != PG_UTF8;
	}
	return c == 0 || (c >= 0xD800 && c <= 0xDFFF) || (c >= 0x80 && GetDatabaseEncoding() != PG_UTF8);
}

/* Text that is JSON but for characters that no text here can hold: those become question marks. */
static char *
cleaned(const char *data, size_t len)
{
	bool utf8 = GetDatabaseEncoding() == PG_UTF8;
	StringInfoData out;
	const char *end = data + len;

	initStringInfo(&out);
	for (const char *s = data; s < end;)
	{
		int n = 1;

		if (*s == '\\' && is_bad_escape(s, end, &n))
			appendStringInfoChar(&out, '?');
		else if (*s == '\\' && end - s >= 2 && !IS_HIGHBIT_SET(s[1]) && s[1] != '\0')
			appendBinaryStringInfo(&out, s, n = 2);
		else if (*s == '\0')
			appendStringInfoChar(&out, '?');
		else if (!IS_HIGHBIT_SET(*s))
			appendStringInfoChar(&out, *s);
		else if (utf8 && (n = pg_utf_mblen((const unsigned char *) s)) <= end - s &&
				 pg_utf8_islegal((const unsigned char *) s, n))
			appendBinaryStringInfo(&out, s, n);
		else
		{
			appendStringInfoChar(&out, '?');
			n = 1;
		}
		s += n;
	}
	return out.data;
}

/* Characters without a place in the database's encoding are no reason to lose an answer. */
static Jsonb *
parse_as_is(const char *data, size_t len)
{
	if (GetDatabaseEncoding() == PG_UTF8)
		return dbi_try_jsonb_utf8(data, len);
	for (size_t i = 0; i < len; i++)
		if (IS_HIGHBIT_SET(data[i]))
			return NULL;
	return dbi_try_jsonb(data, (int) len);
}

Jsonb *
dbi_reading_parse(const char *data, size_t len)
{
	Jsonb *json = parse_as_is(data, len);
	char *text;

	if (json)
		return json;
	text = cleaned(data, len);
	return dbi_try_jsonb(text, (int) strlen(text));
}

const char *
dbi_string(JsonbContainer *object, const char *key)
{
	char *text = object ? dbi_jsonb_text(object, key) : NULL;

	return text ? text : "";
}

/* Numbers are written as 12, 12.0, 1.2e1 or "12". */
bool
dbi_count(JsonbContainer *object, const char *key, int64 *value)
{
	const char *text = dbi_string(object, key);
	char *end;
	double number = strtod(text, &end);

	if (*text == '\0' || *end != '\0' || !(number >= 0 && number <= 1e12))
		return false;
	*value = (int64) number;
	return true;
}

/* ---- putting together */

char *
dbi_keep(DbiReading *r, const char *text)
{
	return MemoryContextStrdup(r->context, text);
}

void
dbi_block_add(DbiReading *r, StringInfo to, const char *text)
{
	size_t len = strlen(text);

	if (to->len + len > MAX_TEXT_BYTES)
		r->too_large = true;
	else
		appendBinaryStringInfo(to, text, (int) len);
}

void
dbi_reading_say(DbiReading *r, const char *text)
{
	dbi_block_add(r, &r->text, text);
}

DbiBlock *
dbi_reading_block(DbiReading *r, const char *type, int index)
{
	MemoryContext old;
	DbiBlock *b;

	if (list_length(r->blocks) >= MAX_BLOCKS)
	{
		r->too_large = true;
		return NULL;
	}
	old = MemoryContextSwitchTo(r->context);
	b = palloc0(sizeof(DbiBlock));
	b->index = index;
	b->type = pstrdup(type);
	b->id = "";
	initStringInfo(&b->name);
	initStringInfo(&b->text);
	r->blocks = lappend(r->blocks, b);
	MemoryContextSwitchTo(old);
	return b;
}

void
dbi_reading_fail(DbiReading *r, const DbiToldError *error)
{
	if (r->error)
		return;
	r->error = MemoryContextAlloc(r->context, sizeof(DbiToldError));
	r->error->message = dbi_keep(r, error->message);
	r->error->code = dbi_keep(r, error->code);
	r->error->type = dbi_keep(r, error->type);
	r->error->param = dbi_keep(r, error->param);
	r->ended = true;
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

/* Ids are made up where a server gives none; one backend never makes the same twice. */
static char *
made_up_id(void)
{
	static uint32 made = 0;

	return psprintf("call_%u", ++made);
}

List *
dbi_reading_calls(DbiReading *r)
{
	List *calls = NIL;
	ListCell *lc;

	foreach(lc, r->blocks)
	{
		DbiBlock *b = lfirst(lc);
		DbiModelCall *call;

		if (strcmp(b->type, "tool_use") != 0)
			continue;
		if (b->id[0] == '\0')
			b->id = MemoryContextStrdup(r->context, made_up_id());
		call = palloc0(sizeof(DbiModelCall));
		call->id = b->id;
		call->name = b->name.data;
		call->arguments = is_blank(b->text.data) ? "{}" : b->text.data;
		call->extra = b->extra;
		calls = lappend(calls, call);
	}
	return calls;
}
