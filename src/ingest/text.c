/*
 * text.c: the fields of a row out of its JSON text, in one walk over it.
 *
 * Rows come as text from a warehouse and from files. To make jsonb of all of
 * a row only to take it apart costs more than to type it, so jsonb is made of
 * the objects and arrays that a column takes, and of what no column takes.
 *
 * What is out of the ordinary (a key that comes twice, \u, what is no JSON)
 * makes this give up: the row then goes by way of jsonb, which knows what to
 * say of it. Nothing here decides whether a row is good, and a row that is
 * taken here is the same row there.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "base/json.h"
#include "ingest/ingest.h"

/* A larger row may be beyond a limit of jsonb. */
#define MAX_BYTES (1024 * 1024)
/* Brackets within brackets; far under what jsonb.c lets pass. */
#define MAX_NESTING 32
/* Of a number, and digits of its exponent; numeric takes them all. */
#define MAX_NUMBER 100
#define MAX_EXPONENT 3

typedef struct Reader
{
	const char *at;
	const char *end;
	StringInfo rest; /* JSON of what no column takes */
} Reader;

/* An object on the way to what is left over: it is opened in the rest when something is. */
typedef struct Level
{
	struct Level *up;
	const char *key; /* as it stands in the text, in quotes */
	int key_len;
	bool open;
	bool any;
} Level;

static void
skip_space(Reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
		r->at++;
}

/* Whether the next thing is that sign; then it is passed. */
static bool
passes(Reader *r, char c)
{
	skip_space(r);
	if (r->at >= r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool
passes_word(Reader *r, const char *word)
{
	size_t len = strlen(word);

	if ((size_t) (r->end - r->at) < len || memcmp(r->at, word, len) != 0)
		return false;
	r->at += len;
	return true;
}

/* ---- strings */

static const char *
plain_end(const char *s, const char *end)
{
	while (s < end && *s != '"' && *s != '\\' && (unsigned char) *s >= 0x20)
		s++;
	return s;
}

/* A string with escapes, from its first byte; r->at is at the first escape. */
static bool
take_escaped(Reader *r, const char *start, JsonbValue *v)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	StringInfoData out;

	initStringInfo(&out);
	while (r->at < r->end && *r->at == '\\')
	{
		const char *found;

		appendBinaryStringInfo(&out, start, r->at - start);
		if (r->at + 1 >= r->end || r->at[1] == '\0')
			return false;
		found = strchr(from, r->at[1]);
		if (found == NULL)
			return false;
		appendStringInfoChar(&out, to[found - from]);
		start = r->at + 2;
		r->at = plain_end(start, r->end);
	}
	if (r->at >= r->end || *r->at != '"')
		return false;
	appendBinaryStringInfo(&out, start, r->at - start);
	r->at++;
	v->val.string.val = out.data;
	v->val.string.len = out.len;
	return true;
}

/* Behind the opening quote. */
static bool
take_string(Reader *r, JsonbValue *v)
{
	const char *start = r->at;

	v->type = jbvString;
	r->at = plain_end(start, r->end);
	if (r->at >= r->end)
		return false;
	if (*r->at != '"')
		return take_escaped(r, start, v);
	v->val.string.val = unconstify(char *, start);
	v->val.string.len = r->at - start;
	r->at++;
	return true;
}

/* ---- numbers */

static int
pass_digits(Reader *r)
{
	const char *start = r->at;

	while (r->at < r->end && isdigit((unsigned char) *r->at))
		r->at++;
	return r->at - start;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool
pass_number(Reader *r)
{
	int digits;

	if (*r->at == '-')
		r->at++;
	digits = r->at < r->end && *r->at == '0' ? (r->at++, 1) : pass_digits(r);
	if (digits == 0)
		return false;
	if (r->at < r->end && *r->at == '.')
	{
		r->at++;
		if (pass_digits(r) == 0)
			return false;
	}
	if (r->at < r->end && (*r->at == 'e' || *r->at == 'E'))
	{
		r->at++;
		if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
			r->at++;
		digits = pass_digits(r);
		return digits > 0 && digits <= MAX_EXPONENT;
	}
	return true;
}

static bool
take_number(Reader *r, JsonbValue *v)
{
	const char *start = r->at;

	if (!pass_number(r) || r->at - start > MAX_NUMBER)
		return false;
	v->type = jbvNumeric;
	v->val.numeric = DatumGetNumeric(
		DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(start, r->at - start)),
							ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return true;
}

/* ---- objects and arrays */

/* Behind the bracket that closes the one at r->at; whether what is between is JSON, jsonb says. */
static bool
pass_nested(Reader *r)
{
	int depth = 0;

	do
	{
		char c = *r->at++;

		if (c == '"')
		{
			while (r->at < r->end && *r->at != '"')
				r->at += *r->at == '\\' ? 2 : 1;
			r->at++;
		}
		else if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		if (depth > MAX_NESTING)
			return false;
	} while (depth > 0 && r->at < r->end);
	return depth == 0 && r->at <= r->end;
}

static bool
take_nested(Reader *r, JsonbValue *v)
{
	const char *start = r->at;
	Jsonb *jsonb;

	if (!pass_nested(r) || (jsonb = dbi_try_jsonb(start, r->at - start)) == NULL)
		return false;
	v->type = jbvBinary;
	v->val.binary.data = &jsonb->root;
	v->val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
	return true;
}

static bool
take_value(Reader *r, JsonbValue *v)
{
	skip_space(r);
	if (r->at >= r->end)
		return false;
	switch (*r->at)
	{
		case '"':
			r->at++;
			return take_string(r, v);
		case '{':
		case '[':
			return take_nested(r, v);
		case 'n':
			v->type = jbvNull;
			return passes_word(r, "null");
		case 't':
		case 'f':
			v->type = jbvBool;
			v->val.boolean = *r->at == 't';
			return passes_word(r, v->val.boolean ? "true" : "false");
		default:
			return take_number(r, v);
	}
}

/* ---- what no column takes */

static void
open_level(Reader *r, Level *level)
{
	if (level->open)
		return;
	if (level->up)
	{
		open_level(r, level->up);
		appendStringInfo(r->rest, "%s%.*s:", level->up->any ? "," : "", level->key_len, level->key);
		level->up->any = true;
	}
	appendStringInfoChar(r->rest, '{');
	level->open = true;
}

/* A null is left out; among other things left over it might be the end of a key that came before. */
static bool
leave_over(Reader *r, Level *level, const char *key, int key_len)
{
	const char *start;
	JsonbValue v;

	skip_space(r);
	start = r->at;
	if (r->at < r->end && (*r->at == '{' || *r->at == '['))
	{
		if (!pass_nested(r))
			return false;
	}
	else if (!take_value(r, &v))
		return false;
	else if (v.type == jbvNull)
		return r->rest->len == 0;
	open_level(r, level);
	appendStringInfo(r->rest, "%s%.*s:", level->any ? "," : "", key_len, key);
	appendBinaryStringInfo(r->rest, start, r->at - start);
	level->any = true;
	return true;
}

/* ---- a row */

static bool take_members(Reader *r, DbiField *field, Level *level);

/* A struct of which columns take members; whole only when a column takes that too. */
static bool
take_struct(Reader *r, DbiField *m, Level *up, const char *key, int key_len)
{
	Level level = {.up = up, .key = key, .key_len = key_len};

	skip_space(r);
	if (r->at < r->end && *r->at == 'n')
		return !m->present && passes_word(r, "null");
	if (r->at >= r->end || *r->at != '{' || m->present)
		return false;
	m->present = true;
	if (!m->taken)
		return take_members(r, m, &level);
	if (!take_nested(r, &m->value))
		return false;
	(void) dbi_note_values(m, m->value.val.binary.data);
	return true;
}

static bool
take_field(Reader *r, DbiField *m)
{
	JsonbValue v;

	if (m->present || !take_value(r, &v))
		return false;
	m->present = v.type != jbvNull;
	m->value = v;
	return true;
}

static bool
take_member(Reader *r, DbiField *field, Level *level)
{
	const char *key = r->at;
	JsonbValue name;
	DbiField *m;

	if (!passes(r, '"'))
		return false;
	key = r->at - 1;
	if (!take_string(r, &name) || name.val.string.val != key + 1)
		return false;
	m = dbi_member_named(field, name.val.string.val, name.val.string.len);
	if (!passes(r, ':'))
		return false;
	if (m == NULL)
		return leave_over(r, level, key, name.val.string.len + 2);
	if (m->nmembers > 0)
		return take_struct(r, m, level, key, name.val.string.len + 2);
	return take_field(r, m);
}

static bool
take_members(Reader *r, DbiField *field, Level *level)
{
	if (!passes(r, '{'))
		return false;
	if (!passes(r, '}'))
	{
		do
		{
			if (!take_member(r, field, level))
				return false;
		} while (passes(r, ','));
		if (!passes(r, '}'))
			return false;
	}
	if (level->open)
		appendStringInfoChar(r->rest, '}');
	return true;
}

bool
dbi_note_text(DbiField *root, const char *text, int len, StringInfo rest)
{
	Reader r = {.at = text, .end = text + len, .rest = rest};
	Level level = {0};

	if (len > MAX_BYTES || !take_members(&r, root, &level))
		return false;
	skip_space(&r);
	return r.at == r.end;
}
