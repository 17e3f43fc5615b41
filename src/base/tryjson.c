/*
 * tryjson.c: JSON that others wrote into text fields. Audit events carry lists
 * as JSON text; what is not JSON must become NULL, not an error that hides all
 * the other events.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/base.h"
#include "base/json.h"

/*
 * The server's parser recurses and raises when the stack runs out. No audit
 * field nests anywhere near this deep.
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

/*
 * The result is json, not jsonb: the text is already proved to be JSON, while
 * jsonb would still raise on a number beyond numeric.
 */
PG_FUNCTION_INFO_V1(dbi_try_json);
Datum
dbi_try_json(PG_FUNCTION_ARGS)
{
	text *json = PG_GETARG_TEXT_PP(0);

	if (too_deep(VARDATA_ANY(json), VARSIZE_ANY_EXHDR(json)) ||
		!dbi_json_valid(VARDATA_ANY(json), VARSIZE_ANY_EXHDR(json)))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(json);
}
