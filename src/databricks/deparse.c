/*
 * databricks/deparse.c: an expression as Databricks SQL.
 *
 * One walk says whether an expression can be shipped and writes it: what is
 * refused returns false, and what was written by then is thrown away. What
 * names no column of the statement's relations is calculated here, before the
 * statement starts, and bound to a marker: parameters, now(), the outer side
 * of a nested loop.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/base.h"
#include "base/compat.h"
#include "databricks/fdw.h"
#include "databricks/shippable.h"

#define MAX_IN_LIST 10000 /* values; the text of a statement may have 16 MB */

void
dbi_deparse_init(DbiDeparse *cx, PlannerInfo *root, RelOptInfo *rel)
{
	DbiRelation *relation = dbi_relation(rel);

	memset(cx, 0, sizeof(*cx));
	cx->root = root;
	cx->scanned = relation->is_grouped ? relation->outer->relids : rel->relids;
	cx->aggregates = relation->is_grouped;
	cx->sql = makeStringInfo();
}

bool
dbi_is_shippable(PlannerInfo *root, RelOptInfo *rel, Expr *expr)
{
	DbiDeparse cx;

	dbi_deparse_init(&cx, root, rel);
	return dbi_deparse_expr(&cx, expr);
}

bool
dbi_is_shippable_column(PlannerInfo *root, RelOptInfo *rel, Expr *expr)
{
	DbiDeparse cx;

	dbi_deparse_init(&cx, root, rel);
	return dbi_deparse_column(&cx, expr);
}

/* Writes the template, $n replaced by the n-th expression. */
bool
dbi_deparse_template(DbiDeparse *cx, const char *text, List *args)
{
	for (; *text; text++)
	{
		if (*text == '$' && text[1] >= '1' && text[1] <= '9')
		{
			int n = *++text - '1';

			if (n >= list_length(args) || !dbi_deparse_expr(cx, list_nth(args, n)))
				return false;
		}
		else
			appendStringInfoChar(cx->sql, *text);
	}
	return true;
}

bool
dbi_deparse_all(DbiDeparse *cx, List *exprs, const char *separator)
{
	ListCell *lc;

	foreach(lc, exprs)
	{
		if (lc != list_head(exprs))
			appendStringInfoString(cx->sql, separator);
		if (!dbi_deparse_expr(cx, lfirst(lc)))
			return false;
	}
	return true;
}

static bool
is_computable(Oid type)
{
	const DbiTypeRule *rule = dbi_type_rule(type);

	return rule && rule->computable;
}

/* Named markers; an expression met again has the same one, as GROUP BY needs it. */
static bool
deparse_parameter(DbiDeparse *cx, Expr *expr)
{
	const DbiTypeRule *rule = dbi_type_rule(exprType((Node *) expr));
	int n = 1;
	ListCell *lc;

	if (rule == NULL || !rule->sendable)
		return false;
	foreach(lc, cx->params)
	{
		if (equal(lfirst(lc), expr))
			break;
		n++;
	}
	if (lc == NULL)
		cx->params = lappend(cx->params, copyObject(expr));
	appendStringInfo(cx->sql, ":p%d", n);
	return true;
}

static bool
deparse_constant(DbiDeparse *cx, Const *constant)
{
	const DbiTypeRule *rule = dbi_type_rule(constant->consttype);

	if (rule == NULL || !rule->computable)
		return false;
	if (constant->constisnull)
	{
		if (constant->consttype == NUMERICOID)
			appendStringInfoString(cx->sql, "CAST(NULL AS DECIMAL(1,0))");
		else
			appendStringInfo(cx->sql, "CAST(NULL AS %s)", rule->remote);
		return true;
	}
	if (dbi_append_literal(cx->sql, constant->consttype, constant->constvalue))
		return true;
	return deparse_parameter(cx, (Expr *) constant);
}

static bool
contains_case_test(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, CaseTestExpr) || expression_tree_walker(node, contains_case_test, context);
}

/* What the statement's relations have no part in. */
static bool
is_local_value(DbiDeparse *cx, Expr *expr)
{
	return !contains_case_test((Node *) expr, NULL) &&
		   !bms_overlap(pull_varnos(cx->root, (Node *) expr), cx->scanned) &&
		   !contain_agg_clause((Node *) expr) && !contain_window_function((Node *) expr) &&
		   !contain_subplans((Node *) expr) && !contain_volatile_functions((Node *) expr) &&
		   !expression_returns_set((Node *) expr);
}

static DbiRemoteType *
declared_type(Oid relid, AttrNumber attnum)
{
	const char *text = dbi_column_option(relid, attnum, "column_type");

	return text ? dbi_parse_remote_type(text) : NULL;
}

/* The column as its local type has it; prefix is the table's alias and a point, or nothing. */
static void
append_reference(StringInfo sql, Oid relid, AttrNumber attnum, Oid local, const char *prefix)
{
	DbiRemoteType *type = declared_type(relid, attnum);
	DbiColumnFit fit = type ? dbi_column_fit(local, type) : DBI_COLUMN_AS_IS;
	char *name = dbi_remote_column(relid, attnum);

	if (fit == DBI_COLUMN_UNREADABLE)
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
						errmsg("column \"%s\" of foreign table \"%s\" cannot be read as %s",
							   get_attname(relid, attnum, false), get_rel_name(relid),
							   format_type_be(local)),
						errdetail("It is %s on the warehouse.", type->text),
						errhint("Declare it as %s.", dbi_local_type(type))));
	appendStringInfo(sql, fit == DBI_COLUMN_CAST ? "CAST(%s%s AS STRING)" : "%s%s", prefix, name);
}

static bool
deparse_var(DbiDeparse *cx, Var *var)
{
	RangeTblEntry *rte = planner_rt_fetch(var->varno, cx->root);

	if (var->varlevelsup != 0 || var->varattno <= 0 || dbi_type_rule(var->vartype) == NULL)
		return false;
	append_reference(cx->sql, rte->relid, var->varattno, var->vartype, psprintf("r%d.", var->varno));
	return true;
}

static bool
deparse_bool(DbiDeparse *cx, BoolExpr *expr)
{
	appendStringInfoString(cx->sql, expr->boolop == NOT_EXPR ? "(NOT " : "(");
	if (!dbi_deparse_all(cx, expr->args, expr->boolop == AND_EXPR ? " AND " : " OR "))
		return false;
	appendStringInfoChar(cx->sql, ')');
	return true;
}

static bool
deparse_null_test(DbiDeparse *cx, NullTest *test)
{
	if (test->argisrow || type_is_rowtype(exprType((Node *) test->arg)))
		return false;
	appendStringInfoChar(cx->sql, '(');
	if (!dbi_deparse_expr(cx, test->arg))
		return false;
	appendStringInfoString(cx->sql, test->nulltesttype == IS_NULL ? " IS NULL)" : " IS NOT NULL)");
	return true;
}

static bool
deparse_boolean_test(DbiDeparse *cx, BooleanTest *test)
{
	static const char *const words[] =
		{[IS_TRUE] = " IS TRUE)",       [IS_NOT_TRUE] = " IS NOT TRUE)",
		 [IS_FALSE] = " IS FALSE)",     [IS_NOT_FALSE] = " IS NOT FALSE)",
		 [IS_UNKNOWN] = " IS UNKNOWN)", [IS_NOT_UNKNOWN] = " IS NOT UNKNOWN)"};

	appendStringInfoChar(cx->sql, '(');
	if (!dbi_deparse_expr(cx, test->arg))
		return false;
	appendStringInfoString(cx->sql, words[test->booltesttype]);
	return true;
}

/* The rules of a comparison hold for what is built on it. Written apart, so that they speak before it. */
static bool
comparison_is_shippable(DbiDeparse *cx, Oid function, List *args, Oid collation)
{
	StringInfo kept = cx->sql;
	bool good;

	cx->sql = makeStringInfo();
	good = dbi_deparse_call(cx, function, args, collation);
	cx->sql = kept;
	return good;
}

static bool
equality_is_shippable(DbiDeparse *cx, OpExpr *expr)
{
	set_opfuncid(expr);
	return list_length(expr->args) == 2 &&
		   comparison_is_shippable(cx, expr->opfuncid, expr->args, expr->inputcollid);
}

static bool
deparse_distinct(DbiDeparse *cx, DistinctExpr *expr)
{
	return equality_is_shippable(cx, expr) &&
		   dbi_deparse_template(cx, "(NOT ($1 <=> $2))", expr->args);
}

static bool
deparse_nullif(DbiDeparse *cx, NullIfExpr *expr)
{
	return equality_is_shippable(cx, expr) && dbi_deparse_template(cx, "nullif($1, $2)", expr->args);
}

/* The type of the elements there, of arrays that may travel: their JSON is the same on both sides. */
static const char *
sent_element_type(Oid element)
{
	switch (element)
	{
		case TEXTOID:
			return "STRING";
		case INT4OID:
			return "INT";
		case INT8OID:
			return "BIGINT";
		default:
			return NULL;
	}
}

static Expr *
json_text(Expr *array)
{
	CoerceViaIO *text = makeNode(CoerceViaIO);

	text->arg = (Expr *) makeFuncExpr(F_ARRAY_TO_JSON_ANYARRAY, JSONOID, list_make1(array),
									  InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
	text->resulttype = TEXTOID;
	text->resultcollid = DEFAULT_COLLATION_OID;
	text->coerceformat = COERCE_EXPLICIT_CAST;
	text->location = -1;
	return (Expr *) text;
}

/*
 * x = ANY (array that is known when the statement starts): the keys of another
 * relation in one statement. They travel as one parameter, a JSON text.
 * array_contains() gives NULL where = ANY does.
 */
static bool
deparse_in_array(DbiDeparse *cx, ScalarArrayOpExpr *expr)
{
	Expr *left = linitial(expr->args);
	Expr *array = lsecond(expr->args);
	Oid type = get_element_type(exprType((Node *) array));
	const char *element = sent_element_type(type);
	List *probe;

	if (!expr->useOr || element == NULL || exprType((Node *) left) != type ||
		!is_local_value(cx, array))
		return false;
	/* Elements are of the one type, so any tells whether the comparison may be made there. */
	probe = list_make2(left, makeNullConst(type, -1, exprCollation((Node *) array)));
	if (!comparison_is_shippable(cx, expr->opfuncid, probe, expr->inputcollid))
		return false;
	appendStringInfoString(cx->sql, "array_contains(from_json(");
	if (!deparse_parameter(cx, json_text(array)))
		return false;
	appendStringInfo(cx->sql, ", 'ARRAY<%s>'), ", element);
	if (!dbi_deparse_expr(cx, left))
		return false;
	appendStringInfoChar(cx->sql, ')');
	return true;
}

/* x = ANY (constant array), x <> ALL (…): IN, whose NULLs mean the same. */
static bool
deparse_in_list(DbiDeparse *cx, ScalarArrayOpExpr *expr)
{
	Expr *left = linitial(expr->args);
	Const *array = dbi_constant(lsecond(expr->args));
	const DbiShippable *rule;
	ArrayIterator iterator;
	Datum value;
	bool null;
	int n = 0;
	Oid element;

	set_sa_opfuncid(expr);
	rule = dbi_shippable_call(expr->opfuncid);
	if (rule == NULL || strcmp(rule->remote, expr->useOr ? "($1 = $2)" : "($1 <> $2)") != 0)
		return false;
	if (array == NULL)
		return deparse_in_array(cx, expr);
	if (array->constisnull)
		return false;
	element = get_element_type(array->consttype);
	iterator = array_create_iterator(DatumGetArrayTypeP(array->constvalue), 0, NULL);
	appendStringInfoChar(cx->sql, '(');
	if (!dbi_deparse_expr(cx, left))
		return false;
	appendStringInfoString(cx->sql, expr->useOr ? " IN (" : " NOT IN (");
	while (array_iterate(iterator, &value, &null))
	{
		Const *item = makeNode(Const);
		List *pair;
		int16 typlen;

		CHECK_FOR_INTERRUPTS();
		item->consttype = element;
		item->consttypmod = -1;
		item->constcollid = array->constcollid;
		get_typlenbyval(element, &typlen, &item->constbyval);
		item->constlen = typlen;
		item->constvalue = null ? (Datum) 0 : value;
		item->constisnull = null;
		/* Each value must be one the comparison may be made with. */
		pair = list_make2(left, item);
		if (!comparison_is_shippable(cx, expr->opfuncid, pair, expr->inputcollid) ||
			n == MAX_IN_LIST)
			return false;
		if (n++ > 0)
			appendStringInfoString(cx->sql, ", ");
		if (!dbi_deparse_expr(cx, (Expr *) item))
			return false;
	}
	appendStringInfoString(cx->sql, "))");
	return n > 0;
}

/* The values one expression chooses from: numbers get one DECIMAL there, and must fit it. */
static bool
choice_is_shippable(Oid type, List *values)
{
	return is_computable(type) && (type != NUMERICOID || dbi_decimals_fit(values));
}

static List *
case_results(CaseExpr *expr)
{
	List *results = NIL;
	ListCell *lc;

	foreach(lc, expr->args)
		results = lappend(results, lfirst_node(CaseWhen, lc)->result);
	return expr->defresult ? lappend(results, expr->defresult) : results;
}

static bool
deparse_case(DbiDeparse *cx, CaseExpr *expr)
{
	Expr *outer = cx->case_arg;
	ListCell *lc;

	if (!choice_is_shippable(expr->casetype, case_results(expr)))
		return false;
	cx->case_arg = expr->arg;
	appendStringInfoString(cx->sql, "(CASE");
	foreach(lc, expr->args)
	{
		CaseWhen *when = lfirst_node(CaseWhen, lc);

		appendStringInfoString(cx->sql, " WHEN ");
		if (!dbi_deparse_expr(cx, when->expr))
			return false;
		appendStringInfoString(cx->sql, " THEN ");
		if (!dbi_deparse_expr(cx, when->result))
			return false;
	}
	cx->case_arg = outer;
	if (expr->defresult)
	{
		appendStringInfoString(cx->sql, " ELSE ");
		if (!dbi_deparse_expr(cx, expr->defresult))
			return false;
	}
	appendStringInfoString(cx->sql, " END)");
	return true;
}

/* CASE x WHEN 1: x is written again where it is compared. */
static bool
deparse_case_test(DbiDeparse *cx)
{
	Expr *arg = cx->case_arg;
	bool good;

	cx->case_arg = NULL;
	good = arg != NULL && dbi_deparse_expr(cx, arg);
	cx->case_arg = arg;
	return good;
}

static bool
deparse_coalesce(DbiDeparse *cx, CoalesceExpr *expr)
{
	if (!choice_is_shippable(expr->coalescetype, expr->args))
		return false;
	appendStringInfoString(cx->sql, "coalesce(");
	if (!dbi_deparse_all(cx, expr->args, ", "))
		return false;
	appendStringInfoChar(cx->sql, ')');
	return true;
}

/* The order of the type's values is that of the warehouse. */
bool
dbi_compares_bytes(Oid type, Oid collation)
{
	return !type_is_collatable(type) || (OidIsValid(collation) && dbi_collation_is_c(collation));
}

static bool
deparse_minmax(DbiDeparse *cx, MinMaxExpr *expr)
{
	if (!choice_is_shippable(expr->minmaxtype, expr->args) ||
		!dbi_compares_bytes(expr->minmaxtype, expr->inputcollid))
		return false;
	if (list_length(expr->args) == 1)
		return dbi_deparse_expr(cx, linitial(expr->args));
	appendStringInfoString(cx->sql, expr->op == IS_GREATEST ? "greatest(" : "least(");
	if (!dbi_deparse_all(cx, expr->args, ", "))
		return false;
	appendStringInfoChar(cx->sql, ')');
	return true;
}

static bool
is_text(Oid type)
{
	return type == TEXTOID || type == VARCHAROID;
}

/* Only between text and varchar: the bytes stay as they are. */
static bool
deparse_relabel(DbiDeparse *cx, RelabelType *expr)
{
	Oid from = exprType((Node *) expr->arg);

	return (from == expr->resulttype || (is_text(from) && is_text(expr->resulttype))) &&
		   dbi_deparse_expr(cx, expr->arg);
}

/* integer::text; other types print otherwise there. */
static bool
deparse_via_io(DbiDeparse *cx, CoerceViaIO *expr)
{
	Oid from = exprType((Node *) expr->arg);

	/* Arithmetic on integers is of another type there, but prints the same. */
	if (!is_text(expr->resulttype) || (from != INT2OID && from != INT4OID && from != INT8OID))
		return false;
	return dbi_deparse_template(cx, "CAST($1 AS STRING)", list_make1(expr->arg));
}

static bool
deparse_operator(DbiDeparse *cx, OpExpr *expr)
{
	set_opfuncid(expr);
	return dbi_deparse_call(cx, expr->opfuncid, expr->args, expr->inputcollid);
}

bool
dbi_deparse_expr(DbiDeparse *cx, Expr *expr)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (IsA(expr, Const))
		return deparse_constant(cx, (Const *) expr);
	if (IsA(expr, CaseTestExpr))
		return deparse_case_test(cx);
	if (is_local_value(cx, expr))
		return deparse_parameter(cx, expr);
	switch (nodeTag(expr))
	{
		case T_Var:
			return deparse_var(cx, (Var *) expr);
		case T_OpExpr:
			return deparse_operator(cx, (OpExpr *) expr);
		case T_FuncExpr:
			return dbi_deparse_call(cx, ((FuncExpr *) expr)->funcid, ((FuncExpr *) expr)->args,
									((FuncExpr *) expr)->inputcollid);
		case T_BoolExpr:
			return deparse_bool(cx, (BoolExpr *) expr);
		case T_NullTest:
			return deparse_null_test(cx, (NullTest *) expr);
		case T_BooleanTest:
			return deparse_boolean_test(cx, (BooleanTest *) expr);
		case T_DistinctExpr:
			return deparse_distinct(cx, (DistinctExpr *) expr);
		case T_NullIfExpr:
			return deparse_nullif(cx, (NullIfExpr *) expr);
		case T_ScalarArrayOpExpr:
			return deparse_in_list(cx, (ScalarArrayOpExpr *) expr);
		case T_CaseExpr:
			return deparse_case(cx, (CaseExpr *) expr);
		case T_CoalesceExpr:
			return deparse_coalesce(cx, (CoalesceExpr *) expr);
		case T_MinMaxExpr:
			return deparse_minmax(cx, (MinMaxExpr *) expr);
		case T_RelabelType:
			return deparse_relabel(cx, (RelabelType *) expr);
		case T_CoerceViaIO:
			return deparse_via_io(cx, (CoerceViaIO *) expr);
		case T_Aggref:
			return cx->aggregates && dbi_deparse_aggregate(cx, (Aggref *) expr);
		default:
			return false;
	}
}

bool
dbi_is_split_average(Node *node)
{
	const DbiShippable *rule;

	if (!IsA(node, Aggref))
		return false;
	rule = dbi_shippable_aggregate(((Aggref *) node)->aggfnoid);
	return rule && (rule->rules & DBI_RULE_SPLIT) != 0;
}

/* avg() as sum and count: the two columns of the result that the division here needs. */
static bool
deparse_average(DbiDeparse *cx, Aggref *agg)
{
	Aggref *part = copyObject(agg);

	part->aggfnoid = agg->aggfnoid == F_AVG_INT2   ? F_SUM_INT2
					 : agg->aggfnoid == F_AVG_INT4 ? F_SUM_INT4
					 : agg->aggfnoid == F_AVG_INT8 ? F_SUM_INT8
												   : F_SUM_NUMERIC;
	if (!dbi_deparse_aggregate(cx, part))
		return false;
	appendStringInfoString(cx->sql, ", ");
	part->aggfnoid = F_COUNT_ANY;
	return dbi_deparse_aggregate(cx, part);
}

/* JSON that is a string on the warehouse comes as it is. */
static const char *
wire_of_column(Oid relid, AttrNumber attnum, Oid local)
{
	DbiRemoteType *type =
		local == JSONBOID || local == JSONOID ? declared_type(relid, attnum) : NULL;

	if (type && (strcmp(type->name, "STRING") == 0 || strcmp(type->name, "VARCHAR") == 0))
		return "$1";
	return dbi_type_rule(local)->wire;
}

/* A column outside of a plan, as it is to arrive in a row. */
void
dbi_append_plain_column(StringInfo sql, Relation table, AttrNumber attnum)
{
	Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(table), attnum - 1);
	const char *text;

	if (dbi_type_rule(attr->atttypid) == NULL)
		dbi_refuse_column_type(table, attr);
	text = wire_of_column(RelationGetRelid(table), attnum, attr->atttypid);
	for (; *text; text++)
	{
		if (strncmp(text, "$1", 2) == 0)
		{
			append_reference(sql, RelationGetRelid(table), attnum, attr->atttypid, "");
			text++;
		}
		else
			appendStringInfoChar(sql, *text);
	}
}

void
dbi_refuse_column_type(Relation table, Form_pg_attribute attr)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
			 errmsg("column \"%s\" of foreign table \"%s\" has the type %s, which databricks does not read",
					NameStr(attr->attname), RelationGetRelationName(table),
					format_type_be(attr->atttypid)),
			 errhint("See SELECT * FROM dbinsight.databricks_pushdown WHERE kind = 'type'.")));
}

bool
dbi_deparse_column(DbiDeparse *cx, Expr *expr)
{
	Oid type = exprType((Node *) expr);
	const DbiTypeRule *rule = dbi_type_rule(type);
	const char *wire;

	if (rule == NULL)
		return false;
	if (cx->aggregates && dbi_is_split_average((Node *) expr))
		return deparse_average(cx, (Aggref *) expr);
	wire = rule->wire;
	if (IsA(expr, Var) && ((Var *) expr)->varattno > 0)
		wire = wire_of_column(planner_rt_fetch(((Var *) expr)->varno, cx->root)->relid,
							  ((Var *) expr)->varattno, type);
	return dbi_deparse_template(cx, wire, list_make1(expr));
}

/* ORDER BY means the same when its < is on the list as an ordering. */
bool
dbi_sort_is_shippable(PlannerInfo *root, RelOptInfo *rel, PathKey *key, Expr *expr)
{
	Oid type = exprType((Node *) expr);
	Oid less = is_text(type) ? TEXTOID : type;
	Oid operator= get_opfamily_member(key->pk_opfamily, less, less, BTLessStrategyNumber);
	const DbiShippable *rule =
		OidIsValid(operator) ? dbi_shippable_call(get_opcode(operator)) : NULL;
	Oid collation = key->pk_eclass->ec_collation;

	if (rule == NULL || (rule->rules & DBI_RULE_SORT) == 0)
		return false;
	if ((rule->rules & DBI_RULE_BYTES) && !(OidIsValid(collation) && dbi_collation_is_c(collation)))
		return false;
	return dbi_is_shippable(root, rel, expr);
}
