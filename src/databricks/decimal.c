/*
 * databricks/decimal.c: how many digits a value can have.
 *
 * numeric has any number of digits, DECIMAL at most 38: where both sides of an
 * operation are known to fit, the warehouse makes no rounding and no overflow.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "databricks/fdw.h"
#include "databricks/shippable.h"

static bool
bounds_of_type(Oid type, int32 typmod, int *digits, int *scale)
{
	*scale = 0;
	switch (type)
	{
		case INT2OID:
			*digits = 5;
			return true;
		case INT4OID:
			*digits = 10;
			return true;
		case INT8OID:
			*digits = 19;
			return true;
		case NUMERICOID:
			if (typmod < (int32) VARHDRSZ)
				return false;
			typmod -= VARHDRSZ;
			/* 15 allows a negative scale, and one beyond the precision; DECIMAL does not. */
			*scale = ((typmod & 0x7ff) ^ 1024) - 1024;
			*digits = ((typmod >> 16) & 0xffff) - *scale;
			return *scale >= 0 && *digits >= 0;
		default:
			return false;
	}
}

static bool
bounds_of_constant(Const *constant, int *digits, int *scale)
{
	char *remote;
	const char *text;
	const char *point;

	if (constant->constisnull)
		return bounds_of_type(constant->consttype, -1, digits, scale);
	text = dbi_value_text(constant->consttype, constant->constvalue, &remote);
	if (*text == '-')
		text++;
	if (strspn(text, "0123456789.") != strlen(text))
		return false; /* NaN, Infinity */
	point = strchr(text, '.');
	*digits = point ? point - text : strlen(text);
	*scale = point ? strlen(point + 1) : 0;
	return true;
}

static bool
bounds_of_both(List *args, int *d1, int *s1, int *d2, int *s2)
{
	return dbi_decimal_bounds(linitial(args), d1, s1) && dbi_decimal_bounds(lsecond(args), d2, s2);
}

/* The type the warehouse gives a result; false when it would have to round. */
static bool
bounds_of_call(Oid function, List *args, int *digits, int *scale)
{
	int d1, s1, d2, s2;
	int64 n;

	switch (function)
	{
		case F_NUMERIC_ADD:
		case F_NUMERIC_SUB:
		case F_INT4PL:
		case F_INT4MI:
		case F_INT8PL:
		case F_INT8MI:
		case F_INT48PL:
		case F_INT48MI:
		case F_INT84PL:
		case F_INT84MI:
			if (!bounds_of_both(args, &d1, &s1, &d2, &s2))
				return false;
			*digits = Max(d1, d2) + 1;
			*scale = Max(s1, s2);
			break;
		case F_NUMERIC_MUL:
		case F_INT4MUL:
		case F_INT8MUL:
		case F_INT48MUL:
		case F_INT84MUL:
			if (!bounds_of_both(args, &d1, &s1, &d2, &s2))
				return false;
			*digits = d1 + d2 + 1;
			*scale = s1 + s2;
			break;
		case F_NUMERIC_INT2:
		case F_NUMERIC_INT4:
		case F_NUMERIC_INT8:
		case F_NUMERIC_UMINUS:
		case F_ABS_NUMERIC:
			return dbi_decimal_bounds(linitial(args), digits, scale);
		case F_CEIL_NUMERIC:
		case F_CEILING_NUMERIC:
		case F_FLOOR_NUMERIC:
			if (!dbi_decimal_bounds(linitial(args), digits, scale))
				return false;
			*digits += 1;
			*scale = 0;
			break;
		case F_EXTRACT_TEXT_DATE:
		case F_EXTRACT_TEXT_TIMESTAMPTZ:
			/* Whole numbers, but seconds and epoch with six digits after the point. */
			*digits = 20;
			*scale = 6;
			break;
		case F_ROUND_NUMERIC_INT4:
			if (!dbi_decimal_bounds(linitial(args), digits, scale) ||
				!dbi_constant_int(lsecond(args), &n))
				return false;
			*digits += 1;
			*scale = n;
			break;
		default:
			return false;
	}
	return *digits + *scale <= DBI_DECIMAL_DIGITS;
}

/* sum() there adds ten digits, as far as there is room. */
static bool
bounds_of_sum(Aggref *agg, int *digits, int *scale)
{
	TargetEntry *arg;

	if (agg->aggfnoid != F_SUM_NUMERIC && agg->aggfnoid != F_SUM_INT2 &&
		agg->aggfnoid != F_SUM_INT4 && agg->aggfnoid != F_SUM_INT8)
		return false;
	arg = linitial(agg->args);
	if (!dbi_decimal_bounds(arg->expr, digits, scale) || *digits + *scale > DBI_DECIMAL_DIGITS)
		return false;
	*digits = Min(DBI_DECIMAL_DIGITS, *digits + *scale + 10) - *scale;
	return true;
}

bool
dbi_decimal_bounds(Expr *expr, int *digits, int *scale)
{
	Oid type = exprType((Node *) expr);

	switch (nodeTag(expr))
	{
		case T_Const:
			if (type != NUMERICOID && type != INT2OID && type != INT4OID && type != INT8OID)
				return false;
			return bounds_of_constant((Const *) expr, digits, scale);
		case T_OpExpr:
			if (bounds_of_call(((OpExpr *) expr)->opfuncid, ((OpExpr *) expr)->args, digits, scale))
				return true;
			break;
		case T_FuncExpr:
			if (bounds_of_call(((FuncExpr *) expr)->funcid, ((FuncExpr *) expr)->args, digits, scale))
				return true;
			break;
		case T_RelabelType:
			/* numeric(p,s)::numeric: what was declared still holds. */
			if (dbi_decimal_bounds(((RelabelType *) expr)->arg, digits, scale))
				return true;
			break;
		case T_Aggref:
			if (bounds_of_sum((Aggref *) expr, digits, scale))
				return true;
			break;
		default:
			break;
	}
	/* What is no arithmetic has the digits of its type. */
	if (IsA(expr, OpExpr) && type == NUMERICOID)
		return false;
	return bounds_of_type(type, exprTypmod((Node *) expr), digits, scale);
}
