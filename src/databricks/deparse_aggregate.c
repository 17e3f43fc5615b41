/*
 * databricks/deparse_aggregate.c: aggregates on the list, with DISTINCT and FILTER.
 */
#include "postgres.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/base.h"
#include "base/compat.h"
#include "databricks/fdw.h"
#include "databricks/shippable.h"

static bool
append_filter(DbiDeparse *cx, Aggref *agg)
{
	if (agg->aggfilter == NULL)
		return true;
	appendStringInfoString(cx->sql, " FILTER (WHERE ");
	if (!dbi_deparse_expr(cx, agg->aggfilter))
		return false;
	appendStringInfoChar(cx->sql, ')');
	return true;
}

/* A constant fraction from 0 to 1, and ORDER BY one expression, ascending. */
static bool
percentile_parts(Aggref *agg, double *fraction, TargetEntry **sorted)
{
	Const *constant = dbi_constant(linitial(agg->aggdirectargs));
	SortGroupClause *order = linitial(agg->aggorder);
	TypeCacheEntry *type;

	*sorted = linitial(agg->args);
	if (constant == NULL || constant->constisnull || constant->consttype != FLOAT8OID)
		return false;
	*fraction = DatumGetFloat8(constant->constvalue);
	type = lookup_type_cache(exprType((Node *) (*sorted)->expr), TYPECACHE_LT_OPR);
	return *fraction >= 0 && *fraction <= 1 && order->sortop == type->lt_opr;
}

/* Both discard NULL and count the row ceil(fraction * n). */
static bool
deparse_disc(DbiDeparse *cx, Aggref *agg, const char *fraction, TargetEntry *sorted)
{
	List *args = list_make1(sorted->expr);
	Oid type = exprType((Node *) sorted->expr);

	if (!dbi_type_rule(type) || !dbi_type_rule(type)->computable ||
		!dbi_compares_bytes(type, agg->inputcollid))
		return false;
	if (!dbi_deparse_template(cx, "try_element_at(sort_array(collect_list($1)", args) ||
		!append_filter(cx, agg))
		return false;
	appendStringInfo(cx->sql, "), CAST(greatest(1, ceil(%s * ", fraction);
	if (!dbi_deparse_template(cx, "count($1)", args) || !append_filter(cx, agg))
		return false;
	appendStringInfoString(cx->sql, ")) AS INT))");
	return true;
}

static bool
deparse_percentile(DbiDeparse *cx, Aggref *agg)
{
	double fraction;
	TargetEntry *sorted;
	StringInfoData text;

	if (!percentile_parts(agg, &fraction, &sorted))
		return false;
	initStringInfo(&text);
	dbi_append_literal(&text, FLOAT8OID, Float8GetDatum(fraction));
	if (agg->aggfnoid == F_PERCENTILE_DISC_FLOAT8_ANYELEMENT)
		return deparse_disc(cx, agg, text.data, sorted);
	if (!dbi_deparse_template(cx, "percentile($1", list_make1(sorted->expr)))
		return false;
	appendStringInfo(cx->sql, ", %s)", text.data);
	return append_filter(cx, agg);
}

/* sum() in a DECIMAL of the argument's digits: integers cannot overflow there. */
static bool
deparse_sum(DbiDeparse *cx, Aggref *agg)
{
	Expr *arg = ((TargetEntry *) linitial(agg->args))->expr;
	int digits, scale;

	if (!dbi_decimal_bounds(arg, &digits, &scale) || digits + scale > DBI_DECIMAL_DIGITS)
		return false;
	appendStringInfo(cx->sql, "sum(%s", agg->aggdistinct ? "DISTINCT " : "");
	if (agg->aggfnoid == F_SUM_NUMERIC)
	{
		if (!dbi_deparse_expr(cx, arg))
			return false;
		appendStringInfoChar(cx->sql, ')');
		return append_filter(cx, agg);
	}
	appendStringInfoString(cx->sql, "CAST(");
	if (!dbi_deparse_expr(cx, arg))
		return false;
	appendStringInfo(cx->sql, " AS DECIMAL(%d,0)))", digits);
	return append_filter(cx, agg);
}

static bool
distinct_is_shippable(Aggref *agg)
{
	TargetEntry *arg;
	const DbiTypeRule *rule;

	if (agg->aggdistinct == NIL)
		return true;
	if (list_length(agg->args) != 1)
		return false;
	arg = linitial(agg->args);
	rule = dbi_type_rule(exprType((Node *) arg->expr));
	return rule && rule->computable &&
		   (!OidIsValid(agg->inputcollid) || get_collation_isdeterministic(agg->inputcollid));
}

bool
dbi_deparse_aggregate(DbiDeparse *cx, Aggref *agg)
{
	const DbiShippable *rule = dbi_shippable_aggregate(agg->aggfnoid);
	const char *text;

	if (rule == NULL || agg->aggsplit != AGGSPLIT_SIMPLE || agg->aggvariadic ||
		(rule->rules & DBI_RULE_SPLIT) || !distinct_is_shippable(agg))
		return false;
	if (agg->aggkind != AGGKIND_NORMAL)
		return deparse_percentile(cx, agg);
	if (agg->aggorder != NIL && agg->aggdistinct == NIL)
		return false;
	if ((rule->rules & DBI_RULE_BYTES) && !dbi_compares_bytes(TEXTOID, agg->inputcollid))
		return false;
	if (rule->rules & DBI_RULE_DECIMAL)
		return deparse_sum(cx, agg);
	if (agg->aggfnoid == F_COUNT_)
		appendStringInfoString(cx->sql, rule->remote);
	else
	{
		/* The template up to its argument, then what comes before and after it. */
		text = strstr(rule->remote, "$1");
		appendBinaryStringInfo(cx->sql, rule->remote, text - rule->remote);
		if (agg->aggdistinct)
			appendStringInfoString(cx->sql, "DISTINCT ");
		if (!dbi_deparse_expr(cx, ((TargetEntry *) linitial(agg->args))->expr))
			return false;
		appendStringInfoString(cx->sql, text + strlen("$1"));
	}
	return append_filter(cx, agg);
}
