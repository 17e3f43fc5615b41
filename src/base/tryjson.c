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
 * The result is json, not jsonb: the text is already proved to be JSON, while
 * jsonb would still raise on a number beyond numeric.
 */
PG_FUNCTION_INFO_V1(dbi_try_json);
Datum
dbi_try_json(PG_FUNCTION_ARGS)
{
	text *json = PG_GETARG_TEXT_PP(0);

	if (!dbi_json_valid(VARDATA_ANY(json), VARSIZE_ANY_EXHDR(json)))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(json);
}
