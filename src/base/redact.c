/*
 * redact.c: secrets out of texts that others wrote.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/jsonfuncs.h"

#include "base/base.h"

#define REDACTED "[redacted]"

/* Shorter ones are words that occur anywhere. */
#define MIN_SECRET 6

/* What begins a secret; it goes on to the end of the word. */
static const char *const beginnings[] = {"dapi",   "dose", "Bearer ",    "Basic ", "eyJ",   "sk-",
										 "whsec_", "xoxb", "Signature=", "sig=",   "token="};

static bool
in_word(char c)
{
	return c != '\0' && strchr(" \t\r\n\"'<>,;()[]{}", c) == NULL;
}

/* Length of a known secret at s, or 0. */
static size_t
known_secret(const char *s, const char *const *secrets, int n)
{
	for (int i = 0; i < n; i++)
	{
		size_t len = secrets[i] ? strlen(secrets[i]) : 0;

		if (len >= MIN_SECRET && strncmp(s, secrets[i], len) == 0)
			return len;
	}
	return 0;
}

/* Length of what is kept before a secret that begins here, or -1. */
static int
kept_beginning(const char *text, const char *s)
{
	if (*s == '?' && strstr(text, "://") != NULL)
		return 1;
	if (s > text && isalnum((unsigned char) s[-1]) && strncmp(s, "Signature=", 10) != 0)
		return -1;
	for (int i = 0; i < lengthof(beginnings); i++)
	{
		size_t len = strlen(beginnings[i]);

		if (pg_strncasecmp(s, beginnings[i], len) == 0 && in_word(s[len]))
			return beginnings[i][len - 1] == ' ' || beginnings[i][len - 1] == '=' ? (int) len : 0;
	}
	return -1;
}

char *
dbi_redact(const char *text, const char *const *secrets, int nsecrets)
{
	StringInfoData out;
	const char *s = text;

	initStringInfo(&out);
	while (*s != '\0')
	{
		size_t len = known_secret(s, secrets, nsecrets);
		int kept = len > 0 ? 0 : kept_beginning(text, s);

		if (len == 0 && kept < 0)
		{
			appendStringInfoChar(&out, *s++);
			continue;
		}
		appendBinaryStringInfo(&out, s, kept);
		s += kept;
		if (len > 0)
			s += len;
		else if (!in_word(*s))
			continue;
		else
			while (in_word(*s))
				s++;
		appendStringInfoString(&out, REDACTED);
	}
	return out.data;
}

static text *
redact_string(void *state, char *value, int len)
{
	return cstring_to_text(dbi_redact(pnstrdup(value, len), NULL, 0));
}

/* Of a jsonb: each of its strings by itself, so that it stays one. */
PG_FUNCTION_INFO_V1(dbi_redact_jsonb);
Datum
dbi_redact_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(transform_jsonb_string_values(PG_GETARG_JSONB_P(0), NULL, redact_string));
}
