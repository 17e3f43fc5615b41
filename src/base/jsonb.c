/*
 * jsonb.c: text to jsonb without throwing.
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "base/base.h"
#include "base/json.h"

/* A field or a row larger than this is not a system table's. */
#define MAX_TEXT_BYTES (64 * 1024 * 1024)

/* Longer numbers, and exponents of four digits and more, are JSON but numeric refuses them. */
#define MAX_NUMBER_CHARS 1000

static bool
number_fits(const char *token)
{
	const char *e = strpbrk(token, "eE");

	if (strlen(token) > MAX_NUMBER_CHARS)
		return false;
	if (e == NULL)
		return true;
	e++;
	if (*e == '+' || *e == '-')
		e++;
	return strlen(e) <= 3;
}

static DbiJsonAction
check_scalar(void *state, char *token, JsonTokenType type)
{
	bool *fits = state;

	if (type == JSON_TOKEN_NUMBER && !number_fits(token))
		*fits = false;
	DBI_JSON_ACTION_DONE;
}

/*
 * The server's parser recurses and raises when the stack runs out. No
 * field of a system table nests anywhere near this deep.
 */
#define MAX_DEPTH 64

/* Whether brackets outside strings nest deeper than MAX_DEPTH. */
static bool
too_deep(const char *s, size_t len)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (in_string)
		{
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				in_string = false;
		}
		else if (s[i] == '"')
			in_string = true;
		else if (s[i] == '[' || s[i] == '{')
		{
			if (++depth > MAX_DEPTH)
				return true;
		}
		else if (s[i] == ']' || s[i] == '}')
			depth--;
	}
	return false;
}

bool
dbi_json_valid(const char *text, int len)
{
	bool fits = true;
	JsonSemAction actions = {.semstate = &fits, .scalar = check_scalar};
	JsonLexContext *lex;

	if (too_deep(text, len))
		return false;
	lex = dbi_json_lexer(text, len);
	return pg_parse_json(lex, &actions) == JSON_SUCCESS && fits;
}

Jsonb *
dbi_try_jsonb(const char *text, int len)
{
	char *copy;

	if (len >= MAX_TEXT_BYTES || !dbi_json_valid(text, len))
		return NULL;
	copy = pnstrdup(text, len);
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(copy)));
}

/* Text to jsonb, NULL when it is not JSON: for fields that hold JSON text. */
PG_FUNCTION_INFO_V1(dbi_try_jsonb_sql);
Datum
dbi_try_jsonb_sql(PG_FUNCTION_ARGS)
{
	text *arg = PG_GETARG_TEXT_PP(0);
	Jsonb *result = dbi_try_jsonb(VARDATA_ANY(arg), VARSIZE_ANY_EXHDR(arg));

	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(result);
}
