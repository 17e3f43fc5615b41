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

bool
dbi_json_valid(const char *text, int len)
{
	JsonLexContext *lex = dbi_json_lexer(text, len);

	return pg_parse_json(lex, &nullSemAction) == JSON_SUCCESS;
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
