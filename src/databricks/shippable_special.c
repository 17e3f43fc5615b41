/*
 * databricks/shippable_special.c: functions that a template alone would not ship right.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "databricks/shippable.h"

Const *
dbi_constant(Node *node)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node && IsA(node, Const) ? (Const *) node : NULL;
}

char *
dbi_constant_text(Node *node)
{
	Const *constant = dbi_constant(node);

	if (constant == NULL || constant->constisnull ||
		(constant->consttype != TEXTOID && constant->consttype != VARCHAROID))
		return NULL;
	return TextDatumGetCString(constant->constvalue);
}

bool
dbi_constant_int(Node *node, int64 *value)
{
	Const *constant = dbi_constant(node);

	if (constant == NULL || constant->constisnull)
		return false;
	if (constant->consttype == INT4OID)
		*value = DatumGetInt32(constant->constvalue);
	else if (constant->consttype == INT8OID)
		*value = DatumGetInt64(constant->constvalue);
	else if (constant->consttype == INT2OID)
		*value = DatumGetInt16(constant->constvalue);
	else
		return false;
	return true;
}

/* An operand as a DECIMAL of just its digits, whatever number it is. */
static bool
append_decimal(DbiDeparse *cx, Expr *expr)
{
	int digits, scale;

	if (!dbi_decimal_bounds(expr, &digits, &scale))
		return false;
	if (exprType((Node *) expr) == NUMERICOID)
		return dbi_deparse_expr(cx, expr);
	appendStringInfoString(cx->sql, "CAST(");
	if (!dbi_deparse_expr(cx, expr))
		return false;
	appendStringInfo(cx->sql, " AS DECIMAL(%d,0))", Max(digits, 1));
	return true;
}

/*
 * + - *: the warehouse wraps around or raises on overflow of integers, as its
 * session is set, and rounds DECIMALs beyond 38 digits. In DECIMALs with room
 * for every result it does neither.
 */
bool
dbi_ship_arithmetic(DbiDeparse *cx, Oid function, List *args)
{
	const char *operator= strchr(dbi_shippable_call(function)->remote, ' ');
	int digits, scale;
	FuncExpr call = {.xpr = {T_FuncExpr},
					 .funcid = function,
					 .args = args,
					 .funcresulttype = NUMERICOID};

	/* Asked as a numeric, so that only the digits of the calculation count. */
	if (list_length(args) != 2 || !dbi_decimal_bounds((Expr *) &call, &digits, &scale))
		return false;
	appendStringInfoChar(cx->sql, '(');
	if (!append_decimal(cx, linitial(args)))
		return false;
	appendBinaryStringInfo(cx->sql, operator, 3);
	if (!append_decimal(cx, lsecond(args)))
		return false;
	appendStringInfoChar(cx->sql, ')');
	return true;
}

/* div and %: by zero one side raises and the other may say NULL; -1 can overflow. */
bool
dbi_ship_division(DbiDeparse *cx, Oid function, List *args)
{
	const DbiShippable *rule = dbi_shippable_call(function);
	int64 divisor;

	if (!dbi_constant_int(lsecond(args), &divisor) || divisor == 0 || divisor == -1)
		return false;
	appendStringInfoChar(cx->sql, '(');
	if (!dbi_deparse_template(cx, rule->remote, args))
		return false;
	appendStringInfoChar(cx->sql, ')');
	return true;
}

bool
dbi_ship_to_decimal(DbiDeparse *cx, Oid function, List *args)
{
	return append_decimal(cx, linitial(args));
}

/* A pattern's characters, one at a time; escaped says that it stands for itself. */
static const char *
next_of_pattern(const char *at, bool *escaped, int *length)
{
	*escaped = *at == '\\';
	if (*escaped)
		at++;
	*length = *at ? pg_mblen(at) : 0;
	return at;
}

/*
 * The pattern with ^ for the escape: there a backslash before an ordinary
 * character is an error, and one in a literal an escape of its own.
 */
bool
dbi_ship_like(DbiDeparse *cx, Oid function, List *args)
{
	const char *at = dbi_constant_text(lsecond(args));
	StringInfoData pattern;
	Const *rewritten;
	bool escaped;
	int length;

	if (at == NULL || exprType(linitial(args)) == BPCHAROID)
		return false;
	initStringInfo(&pattern);
	for (; *at; at += length)
	{
		at = next_of_pattern(at, &escaped, &length);
		if (length == 0)
			return false; /* a lone escape at the end is an error here */
		if (*at == '^' || (escaped && (*at == '%' || *at == '_')))
			appendStringInfoChar(&pattern, '^');
		appendBinaryStringInfo(&pattern, at, length);
	}
	rewritten = makeNode(Const);
	rewritten->consttype = TEXTOID;
	rewritten->consttypmod = -1;
	rewritten->constlen = -1;
	rewritten->constcollid = exprCollation(lsecond(args));
	rewritten->constvalue = CStringGetTextDatum(pattern.data);
	return dbi_deparse_template(cx,
								function == F_TEXTLIKE ? "($1 LIKE $2 ESCAPE '^')"
													   : "($1 NOT LIKE $2 ESCAPE '^')",
								list_make2(linitial(args), rewritten));
}

/* Starts below one and negative lengths mean other things on the two sides. */
bool
dbi_ship_substring(DbiDeparse *cx, Oid function, List *args)
{
	int64 n;

	if (!dbi_constant_int(lsecond(args), &n) || n < (function == F_LEFT ? 0 : 1))
		return false;
	if (list_length(args) == 3 && (!dbi_constant_int(lthird(args), &n) || n < 0))
		return false;
	return dbi_deparse_template(cx, dbi_shippable_call(function)->remote, args);
}

/* Half away from zero on both sides; a scale the value has, so no digit is made up. */
bool
dbi_ship_round(DbiDeparse *cx, Oid function, List *args)
{
	int64 n;
	int digits, scale;

	if (!dbi_constant_int(lsecond(args), &n) ||
		!dbi_decimal_bounds(linitial(args), &digits, &scale) || n < 0 || n > scale)
		return false;
	return dbi_deparse_template(cx, "round($1, $2)", args);
}

static DbiRemoteType *
type_of_column(DbiDeparse *cx, Var *var)
{
	RangeTblEntry *rte = planner_rt_fetch(var->varno, cx->root);
	const char *text;

	if (rte->rtekind != RTE_RELATION || var->varattno <= 0)
		return NULL;
	text = dbi_column_option(rte->relid, var->varattno, "column_type");
	return text ? dbi_parse_remote_type(text) : NULL;
}

static bool
prints_alike(const DbiRemoteType *type)
{
	static const char *const names[] = {"STRING",   "VARCHAR", "BOOLEAN", "TINYINT",
										"SMALLINT", "INT",     "BIGINT",  "DATE"};

	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(type->name, names[i]) == 0)
			return true;
	return false;
}

/* column ->> 'key': the element of a MAP of strings, the field of a STRUCT. */
bool
dbi_ship_field(DbiDeparse *cx, Oid function, List *args)
{
	Var *var = linitial(args);
	char *key = dbi_constant_text(lsecond(args));
	DbiRemoteType *type;
	ListCell *name, *field;

	if (!IsA(var, Var) || !bms_is_member(var->varno, cx->scanned) || key == NULL)
		return false;
	type = type_of_column(cx, var);
	if (type == NULL)
		return false;
	if (strcmp(type->name, "MAP") == 0)
		return strcmp(((DbiRemoteType *) linitial(type->types))->name, "STRING") == 0 &&
			   strcmp(((DbiRemoteType *) lsecond(type->types))->name, "STRING") == 0 &&
			   dbi_deparse_template(cx, "try_element_at($1, $2)", args);
	if (strcmp(type->name, "STRUCT") != 0)
		return false;
	forboth(name, type->names, field, type->types)
	{
		if (strcmp(lfirst(name), key) != 0 || !prints_alike(lfirst(field)))
			continue;
		return dbi_deparse_template(cx, psprintf("CAST($1.%s AS STRING)", dbi_quote_name(key)),
									args);
	}
	return false;
}
