/*
 * databricks/fdw_plan.c: planning the scan of one foreign table, and turning
 * the chosen path of any relation into a plan.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "databricks/fdw.h"

/*
 * A round trip to a warehouse takes some hundred milliseconds, in which about
 * 200,000 rows could have travelled; so one statement is better than two, and
 * one for each row of a nested loop hardly ever good.
 */
#define STARTUP_COST 10000.0
#define TUPLE_COST 0.05 /* a row's way over the network, five times cpu_tuple_cost */
/* Work on the warehouse: it reads with many processors what we would read with one. */
#define REMOTE_SHARE 0.1
#define UNKNOWN_ROWS 1000000           /* of a table never analyzed: system tables are large */
#define SMALL_RESULT (4 * 1024 * 1024) /* bytes; an inline result may have 25 MB */

DbiRelation *
dbi_new_relation(Oid serverid)
{
	DbiRelation *relation = palloc0(sizeof(DbiRelation));
	ForeignServer *server = GetForeignServer(serverid);

	relation->serverid = serverid;
	relation->startup_cost = dbi_option_number(server->options, "fdw_startup_cost", STARTUP_COST);
	relation->async_capable = dbi_option_bool(server->options, "async_capable", true);
	relation->tuple_cost = dbi_option_number(server->options, "fdw_tuple_cost", TUPLE_COST);
	return relation;
}

static void
sort_conditions(PlannerInfo *root, RelOptInfo *rel)
{
	DbiRelation *relation = dbi_relation(rel);
	ListCell *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);

		if (dbi_is_shippable(root, rel, info->clause))
			relation->remote_conds = lappend(relation->remote_conds, info);
		else
			relation->local_conds = lappend(relation->local_conds, info);
	}
}

void
dbiGetForeignRelSize(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	ForeignTable *table = GetForeignTable(relid);
	DbiRelation *relation = dbi_new_relation(table->serverid);
	ListCell *lc;

	rel->fdw_private = relation;
	relation->async_capable =
		dbi_option_bool(table->options, "async_capable", relation->async_capable);
	relation->pushdown_safe = true;
	sort_conditions(root, rel);
	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &relation->attrs_used);
	foreach(lc, relation->local_conds)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause, rel->relid,
					   &relation->attrs_used);
	if (rel->tuples < 0)
		rel->tuples = UNKNOWN_ROWS;
	set_baserel_size_estimates(root, rel);
	relation->rows =
		clamp_row_est(rel->tuples * clauselist_selectivity(root, relation->remote_conds, rel->relid,
														   JOIN_INNER, NULL));
	relation->width = rel->reltarget->width;
	relation->remote_cost = rel->tuples * cpu_tuple_cost * REMOTE_SHARE;
}

void
dbi_path_costs(DbiRelation *relation, double rows, Cost *startup, Cost *total)
{
	*startup = relation->startup_cost + relation->remote_cost;
	*total = *startup + rows * (relation->tuple_cost + cpu_tuple_cost);
}

/* The member of the key's class that the relation can sort by. */
Expr *
dbi_sort_expr(PlannerInfo *root, RelOptInfo *rel, PathKey *key)
{
	DbiRelation *relation = dbi_relation(rel);
	ListCell *lc;

	foreach(lc, key->pk_eclass->ec_members)
	{
		EquivalenceMember *member = lfirst(lc);

		if (relation->is_grouped)
		{
			/* Only what exists after grouping. */
			if (!list_member(root->upper_targets[UPPERREL_ORDERED]->exprs, member->em_expr) &&
				!tlist_member(member->em_expr, relation->tlist))
				continue;
		}
		else if (bms_is_empty(member->em_relids) || !bms_is_subset(member->em_relids, rel->relids) ||
				 bms_overlap(member->em_relids, relation->hidden))
			continue;
		if (dbi_sort_is_shippable(root, rel, key, member->em_expr))
			return member->em_expr;
	}
	return NULL;
}

bool
dbi_can_sort(PlannerInfo *root, RelOptInfo *rel, List *pathkeys)
{
	ListCell *lc;

	foreach(lc, pathkeys)
	{
		PathKey *key = lfirst(lc);

		if (key->pk_eclass->ec_has_volatile || dbi_sort_expr(root, rel, key) == NULL)
			return false;
	}
	return true;
}

/* A scan that the warehouse sorts as the query wants it in the end. */
void
dbi_add_sorted_path(PlannerInfo *root, RelOptInfo *rel)
{
	DbiRelation *relation = dbi_relation(rel);
	Cost startup, total;

	if (root->query_pathkeys == NIL || !dbi_can_sort(root, rel, root->query_pathkeys))
		return;
	dbi_path_costs(relation, relation->rows, &startup, &total);
	/* The warehouse sorts at a share of what it would take here. */
	startup += relation->rows * cpu_operator_cost;
	total += relation->rows * cpu_operator_cost;
	add_path(rel, (Path *) (IS_JOIN_REL(rel)
								? dbi_foreign_join_path(root, rel, rel->rows, startup, total,
														root->query_pathkeys, rel->lateral_relids,
														NIL, list_make1_int(false))
								: dbi_foreignscan_path(root, rel, rel->rows, startup, total,
													   root->query_pathkeys, rel->lateral_relids,
													   list_make1_int(false))));
}

static bool
any_member(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec, EquivalenceMember *em,
		   void *arg)
{
	return true;
}

/* The parameterizations under which a clause of a join can be shipped. */
static List *
parameterizations(PlannerInfo *root, RelOptInfo *rel)
{
	List *clauses = list_copy(rel->joininfo);
	List *result = NIL;
	ListCell *lc;

	if (rel->has_eclass_joins)
		clauses =
			list_concat(clauses, generate_implied_equalities_for_column(root, rel, any_member, NULL,
																		rel->lateral_referencers));
	foreach(lc, clauses)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);
		Relids outer;
		ParamPathInfo *params;

		if (!join_clause_is_movable_to(info, rel) || !dbi_is_shippable(root, rel, info->clause))
			continue;
		outer = bms_union(info->clause_relids, rel->lateral_relids);
		outer = bms_del_member(outer, rel->relid);
		if (bms_is_empty(outer))
			continue;
		params = get_baserel_parampathinfo(root, rel, outer);
		result = list_append_unique_ptr(result, params);
	}
	return result;
}

void
dbiGetForeignPaths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	DbiRelation *relation = dbi_relation(rel);
	Cost startup, total;
	ListCell *lc;

	dbi_path_costs(relation, relation->rows, &startup, &total);
	add_path(rel, (Path *) dbi_foreignscan_path(root, rel, rel->rows, startup, total, NIL,
												rel->lateral_relids, list_make1_int(false)));
	dbi_add_sorted_path(root, rel);
	foreach(lc, parameterizations(root, rel))
	{
		ParamPathInfo *params = lfirst(lc);

		dbi_path_costs(relation, params->ppi_rows, &startup, &total);
		add_path(rel, (Path *) dbi_foreignscan_path(root, rel, params->ppi_rows, startup, total, NIL,
													params->ppi_req_outer, list_make1_int(false)));
	}
}

/* What a join returns: the columns somebody above it or its local conditions need. */
List *
dbi_join_tlist(RelOptInfo *rel)
{
	DbiRelation *relation = dbi_relation(rel);
	List *tlist;
	ListCell *lc;

	tlist = add_to_flat_tlist(NIL, pull_var_clause((Node *) rel->reltarget->exprs,
												   PVC_RECURSE_PLACEHOLDERS));
	foreach(lc, relation->local_conds)
		tlist =
			add_to_flat_tlist(tlist, pull_var_clause((Node *) lfirst_node(RestrictInfo, lc)->clause,
													 PVC_RECURSE_PLACEHOLDERS));
	return tlist;
}

/* Splits the clauses of a base relation's scan, those of its parameters too. */
static void
split_clauses(PlannerInfo *root, RelOptInfo *rel, List *clauses, List **remote, List **local)
{
	DbiRelation *relation = dbi_relation(rel);
	ListCell *lc;

	foreach(lc, clauses)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);

		if (info->pseudoconstant)
			continue;
		if (list_member_ptr(relation->remote_conds, info) ||
			(!list_member_ptr(relation->local_conds, info) &&
			 dbi_is_shippable(root, rel, info->clause)))
			*remote = lappend(*remote, info->clause);
		else
			*local = lappend(*local, info->clause);
	}
}

static List *
bare_clauses(List *conds)
{
	List *result = NIL;
	ListCell *lc;

	foreach(lc, conds)
		result = lappend(result, IsA(lfirst(lc), RestrictInfo)
									 ? (void *) lfirst_node(RestrictInfo, lc)->clause
									 : lfirst(lc));
	return result;
}

static void
append_relation_name(StringInfo name, PlannerInfo *root, RelOptInfo *rel)
{
	DbiRelation *relation = dbi_relation(rel);

	if (relation->is_grouped)
	{
		appendStringInfoString(name, relation->tlist && root->parse->hasAggs ? "Aggregate on ("
																			 : "Group of (");
		append_relation_name(name, root, relation->outer);
		appendStringInfoChar(name, ')');
	}
	else if (IS_JOIN_REL(rel))
	{
		static const char *const words[] =
			{[JOIN_INNER] = "INNER", [JOIN_LEFT] = "LEFT", [JOIN_FULL] = "FULL",
			 [JOIN_RIGHT] = "RIGHT", [JOIN_SEMI] = "SEMI", [JOIN_ANTI] = "ANTI"};

		appendStringInfoChar(name, '(');
		append_relation_name(name, root, relation->outer);
		appendStringInfo(name, ") %s JOIN (", words[relation->jointype]);
		append_relation_name(name, root, relation->inner);
		appendStringInfoChar(name, ')');
	}
	else
	{
		RangeTblEntry *rte = planner_rt_fetch(rel->relid, root);
		const char *table = get_rel_name(rte->relid);

		appendStringInfoString(name, table);
		if (strcmp(rte->eref->aliasname, table) != 0)
			appendStringInfo(name, " %s", rte->eref->aliasname);
	}
}

/* Few bytes can come, whatever the estimates are worth. */
static bool
is_small(PlannerInfo *root, DbiRelation *relation, bool has_limit)
{
	Const *limit = (Const *) root->parse->limitCount;

	if (relation->is_grouped && relation->group_clause == NIL)
		return true;
	return has_limit && limit && IsA(limit, Const) && !limit->constisnull &&
		   (double) DatumGetInt64(limit->constvalue) * (relation->width + 32) < SMALL_RESULT;
}

ForeignScan *
dbiGetForeignPlan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *path, List *tlist,
				  List *clauses, Plan *outer_plan)
{
	DbiRelation *relation = dbi_relation(rel);
	bool has_limit = linitial_int(path->fdw_private) != 0;
	List *remote = NIL;
	List *local = NIL;
	List *columns = NIL;
	List *recheck = NIL;
	int flags = 0;
	DbiRemoteQuery query;
	StringInfoData name;

	if (IS_SIMPLE_REL(rel))
	{
		split_clauses(root, rel, clauses, &remote, &local);
		recheck = remote;
	}
	else
	{
		remote = bare_clauses(relation->remote_conds);
		local = bare_clauses(relation->local_conds);
		columns = relation->is_grouped ? relation->tlist : dbi_join_tlist(rel);
	}
	dbi_deparse_select(root, rel, columns, remote, path->path.pathkeys, has_limit, &query);
	if (query.needs_utc)
		flags |= DBI_PLAN_NEEDS_UTC;
	if (is_small(root, relation, has_limit))
		flags |= DBI_PLAN_SMALL;
	initStringInfo(&name);
	append_relation_name(&name, root, rel);
	return make_foreignscan(tlist, local, IS_SIMPLE_REL(rel) ? rel->relid : 0, query.params,
							list_make4(makeString(query.sql), query.retrieved,
									   list_make1_int(flags), makeString(name.data)),
							columns, recheck, NULL);
}
