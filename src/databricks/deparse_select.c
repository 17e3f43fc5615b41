/*
 * databricks/deparse_select.c: a relation as one SELECT.
 *
 *   SELECT columns FROM tables and joins [WHERE] [GROUP BY] [HAVING] [ORDER BY] [LIMIT]
 *
 * Every table has the alias r and its number in the range table.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "databricks/fdw.h"
#include "databricks/shippable.h"

/* An identifier between backticks, where two stand for one. */
char *
dbi_quote_name(const char *name)
{
	StringInfoData quoted;

	initStringInfo(&quoted);
	appendStringInfoChar(&quoted, '`');
	for (; *name; name++)
	{
		if (*name == '`')
			appendStringInfoChar(&quoted, '`');
		appendStringInfoChar(&quoted, *name);
	}
	appendStringInfoChar(&quoted, '`');
	return quoted.data;
}

/* What stands after FROM: a name, or the query that the table is of. */
char *
dbi_remote_table(Oid relid)
{
	ForeignTable *table = GetForeignTable(relid);
	ForeignServer *server = GetForeignServer(table->serverid);
	const char *catalog = dbi_option(table->options, "catalog_name");
	const char *schema = dbi_option(table->options, "schema_name");
	const char *name = dbi_option(table->options, "table_name");
	const char *query = dbi_option(table->options, "query");

	if (query != NULL)
		return psprintf("(%s)", query);
	if (catalog == NULL)
		catalog = dbi_option(server->options, "catalog");
	if (schema == NULL)
		schema = get_namespace_name(get_rel_namespace(relid));
	if (name == NULL)
		name = get_rel_name(relid);
	return psprintf("%s%s%s.%s", catalog ? dbi_quote_name(catalog) : "", catalog ? "." : "",
					dbi_quote_name(schema), dbi_quote_name(name));
}

char *
dbi_remote_column(Oid relid, AttrNumber attnum)
{
	const char *name = dbi_column_option(relid, attnum, "column_name");

	return dbi_quote_name(name ? name : get_attname(relid, attnum, false));
}

/* What was found shippable while planning must be so still. */
static void
must(bool good)
{
	if (!good)
		elog(ERROR, "an expression of the plan cannot be written for Databricks");
}

static void
append_conditions(DbiDeparse *cx, List *conds, const char *keyword)
{
	ListCell *lc;

	foreach(lc, conds)
	{
		Expr *expr = lfirst(lc);

		if (IsA(expr, RestrictInfo))
			expr = ((RestrictInfo *) expr)->clause;
		appendStringInfoString(cx->sql, lc == list_head(conds) ? keyword : " AND ");
		must(dbi_deparse_expr(cx, expr));
	}
}

/* The columns of a base relation that somebody here needs. */
static void
append_base_columns(DbiDeparse *cx, RelOptInfo *rel, List **retrieved)
{
	DbiRelation *relation = dbi_relation(rel);
	RangeTblEntry *rte = planner_rt_fetch(rel->relid, cx->root);
	Relation table = table_open(rte->relid, NoLock);
	TupleDesc desc = RelationGetDescr(table);
	bool whole = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, relation->attrs_used);

	for (int i = 1; i <= desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i - 1);
		Var *var;

		if (attr->attisdropped ||
			!(whole || bms_is_member(i - FirstLowInvalidHeapAttributeNumber, relation->attrs_used)))
			continue;
		if (*retrieved != NIL)
			appendStringInfoString(cx->sql, ", ");
		var = makeNode(Var);
		var->varno = rel->relid;
		var->varattno = i;
		var->vartype = attr->atttypid;
		var->vartypmod = attr->atttypmod;
		var->varcollid = attr->attcollation;
		if (!dbi_deparse_column(cx, (Expr *) var))
			dbi_refuse_column_type(table, attr);
		*retrieved = lappend_int(*retrieved, i);
	}
	table_close(table, NoLock);
}

static void
append_tlist(DbiDeparse *cx, List *tlist, List **retrieved)
{
	ListCell *lc;
	int n = 1;

	foreach(lc, tlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);

		if (n > 1)
			appendStringInfoString(cx->sql, ", ");
		must(dbi_deparse_column(cx, entry->expr));
		*retrieved = lappend_int(*retrieved, n++);
	}
}

static const char *
join_word(JoinType type)
{
	switch (type)
	{
		case JOIN_LEFT:
			return "LEFT JOIN";
		case JOIN_RIGHT:
			return "RIGHT JOIN";
		case JOIN_FULL:
			return "FULL JOIN";
		case JOIN_SEMI:
			return "LEFT SEMI JOIN";
		case JOIN_ANTI:
			return "LEFT ANTI JOIN";
		default:
			return "INNER JOIN";
	}
}

static void
append_from(DbiDeparse *cx, RelOptInfo *rel)
{
	DbiRelation *relation = dbi_relation(rel);

	if (!IS_JOIN_REL(rel))
	{
		RangeTblEntry *rte = planner_rt_fetch(rel->relid, cx->root);

		appendStringInfo(cx->sql, "%s r%d", dbi_remote_table(rte->relid), rel->relid);
		return;
	}
	appendStringInfoChar(cx->sql, '(');
	append_from(cx, relation->outer);
	appendStringInfo(cx->sql, " %s ", join_word(relation->jointype));
	append_from(cx, relation->inner);
	if (relation->joinclauses)
		append_conditions(cx, relation->joinclauses, " ON ");
	else
		appendStringInfoString(cx->sql, " ON true");
	appendStringInfoChar(cx->sql, ')');
}

static void
append_group_by(DbiDeparse *cx, List *clauses, List *tlist)
{
	ListCell *lc;

	foreach(lc, clauses)
	{
		SortGroupClause *clause = lfirst(lc);

		appendStringInfoString(cx->sql, lc == list_head(clauses) ? " GROUP BY " : ", ");
		must(dbi_deparse_expr(cx, get_sortgroupref_tle(clause->tleSortGroupRef, tlist)->expr));
	}
}

/* The order of NULLs is always written: the two sides' defaults differ. */
static void
append_order_by(DbiDeparse *cx, RelOptInfo *rel, List *pathkeys)
{
	ListCell *lc;

	foreach(lc, pathkeys)
	{
		PathKey *key = lfirst(lc);
		Expr *expr = dbi_sort_expr(cx->root, rel, key);

		must(expr != NULL);
		appendStringInfoString(cx->sql, lc == list_head(pathkeys) ? " ORDER BY " : ", ");
		must(dbi_deparse_expr(cx, expr));
		appendStringInfoString(cx->sql, dbi_pathkey_descends(key) ? " DESC" : " ASC");
		appendStringInfoString(cx->sql, key->pk_nulls_first ? " NULLS FIRST" : " NULLS LAST");
	}
}

static void
append_count(DbiDeparse *cx, const char *keyword, Node *count)
{
	int64 n;

	if (dbi_constant_int(count, &n))
		appendStringInfo(cx->sql, " %s " INT64_FORMAT, keyword, n);
}

void
dbi_deparse_select(PlannerInfo *root, RelOptInfo *rel, List *tlist, List *conds, List *pathkeys,
				   bool has_limit, DbiRemoteQuery *query)
{
	DbiRelation *relation = dbi_relation(rel);
	RelOptInfo *source = relation->is_grouped ? relation->outer : rel;
	DbiDeparse cx;

	dbi_deparse_init(&cx, root, rel);
	query->retrieved = NIL;
	appendStringInfoString(cx.sql, "SELECT ");
	if (IS_SIMPLE_REL(rel))
		append_base_columns(&cx, rel, &query->retrieved);
	else
		append_tlist(&cx, tlist, &query->retrieved);
	if (query->retrieved == NIL)
		appendStringInfoChar(cx.sql, '1');
	appendStringInfoString(cx.sql, " FROM ");
	append_from(&cx, source);
	append_conditions(&cx, relation->is_grouped ? dbi_relation(source)->remote_conds : conds,
					  " WHERE ");
	if (relation->is_grouped)
	{
		append_group_by(&cx, relation->group_clause, tlist);
		append_conditions(&cx, conds, " HAVING ");
	}
	append_order_by(&cx, rel, pathkeys);
	if (has_limit)
	{
		append_count(&cx, "LIMIT", root->parse->limitCount);
		append_count(&cx, "OFFSET", root->parse->limitOffset);
	}
	query->sql = cx.sql->data;
	query->params = cx.params;
	query->needs_utc = cx.needs_utc;
}
