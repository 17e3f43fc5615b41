/*
 * databricks/deparse_call.c: calls of functions and operators on the list.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "base/base.h"
#include "base/compat.h"
#include "databricks/fdw.h"
#include "databricks/shippable.h"
#include "databricks/zone.h"

/* One DECIMAL holds the values of both sides, so none is rounded to be compared. */
bool
dbi_decimals_fit(List *args)
{
	int digits = 0, scale = 0;
	ListCell *lc;

	foreach(lc, args)
	{
		int d, s;

		if (!dbi_decimal_bounds(lfirst(lc), &d, &s))
			return false;
		digits = Max(digits, d);
		scale = Max(scale, s);
	}
	return digits + scale <= DBI_DECIMAL_DIGITS;
}

/* Without a collation (two columns' do not agree) comparing strings is an error here: let it be one. */
static bool
collation_allows(int rules, Oid collation)
{
	if ((rules & (DBI_RULE_BYTES | DBI_RULE_EQUAL)) && !OidIsValid(collation))
		return false;
	if ((rules & DBI_RULE_BYTES) && !dbi_collation_is_c(collation))
		return false;
	return !(rules & DBI_RULE_EQUAL) || get_collation_isdeterministic(collation);
}

bool
dbi_deparse_call(DbiDeparse *cx, Oid function, List *args, Oid collation)
{
	const DbiShippable *rule = dbi_shippable_call(function);

	if (rule == NULL || !collation_allows(rule->rules, collation))
		return false;
	if ((rule->rules & DBI_RULE_UTF8) && GetDatabaseEncoding() != PG_UTF8)
		return false;
	if ((rule->rules & DBI_RULE_DECIMAL) && !dbi_decimals_fit(args))
		return false;
	if (rule->rules & DBI_RULE_UTC)
	{
		if (!dbi_zone_is_utc())
			return false;
		cx->needs_utc = true;
	}
	if (rule->special)
		return rule->special(cx, function, args);
	return dbi_deparse_template(cx, rule->remote, args);
}
