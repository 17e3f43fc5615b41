/*
 * databricks/fdw_upper.c: grouping, DISTINCT, sorting and limits that the
 * warehouse does.
 *
 * A sort or a limit is no relation of its own: it is a property of a path of
 * the relation below it, which DbiRelation.outer of the upper one remembers.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "base/compat.h"
#include "databricks/fdw.h"
#include "databricks/shippable.h"

/* Of a statement's round trip; enough that the planner does not take a limit here for as good. */
#define LIMIT_GAIN 0.1

/* Groups are the same where = is: of values that mean the same, compared byte by byte. */
static bool
can_group_by(PlannerInfo *root, RelOptInfo *rel, Expr *expr)
{
	const DbiTypeRule *rule = dbi_type_rule(exprType((Node *) expr));
	Oid collation = exprCollation((Node *) expr);

	if (rule == NULL || !rule->computable ||
		(OidIsValid(collation) && !get_collation_isdeterministic(collation)))
		return false;
	/* GROUP BY 2 would be the second column there. */
	if (bms_is_empty(pull_varnos(root, (Node *) expr)))
		return false;
	return dbi_is_shippable(root, rel, expr) && dbi_is_shippable_column(root, rel, expr);
}

/* The aggregates of what is calculated here from them. */
static bool
add_aggregates(PlannerInfo *root, RelOptInfo *rel, Expr *expr)
{
	DbiRelation *relation = dbi_relation(rel);
	ListCell *lc;

	foreach(lc, pull_var_clause((Node *) expr, PVC_INCLUDE_AGGREGATES))
	{
		Expr *part = lfirst(lc);

		if (!IsA(part, Aggref))
			continue; /* a column grouped by, which has its own entry */
		if (!dbi_is_shippable_column(root, rel, part))
			return false;
		relation->tlist = add_to_flat_tlist(relation->tlist, list_make1(part));
	}
	return true;
}

static bool
add_column(PlannerInfo *root, RelOptInfo *rel, Expr *expr, Index sortgroupref)
{
	DbiRelation *relation = dbi_relation(rel);
	TargetEntry *entry;

	if (sortgroupref && get_sortgroupref_clause_noerr(sortgroupref, relation->group_clause))
	{
		if (!can_group_by(root, rel, expr))
			return false;
		entry = makeTargetEntry(expr, list_length(relation->tlist) + 1, NULL, false);
		entry->ressortgroupref = sortgroupref;
		relation->tlist = lappend(relation->tlist, entry);
		return true;
	}
	if (!bms_is_empty(pull_varnos(root, (Node *) expr)) && dbi_is_shippable_column(root, rel, expr))
	{
		relation->tlist = add_to_flat_tlist(relation->tlist, list_make1(expr));
		return true;
	}
	return add_aggregates(root, rel, expr);
}

static bool
take_target(PlannerInfo *root, RelOptInfo *rel, PathTarget *target)
{
	ListCell *lc;
	int i = 0;

	foreach(lc, target->exprs)
		if (!add_column(root, rel, lfirst(lc), get_pathtarget_sortgroupref(target, i++)))
			return false;
	return true;
}

static bool
take_having(PlannerInfo *root, RelOptInfo *rel, List *having)
{
	DbiRelation *relation = dbi_relation(rel);
	ListCell *lc;

	foreach(lc, having)
	{
		Expr *expr = lfirst(lc);

		if (dbi_is_shippable(root, rel, expr))
			relation->remote_conds = lappend(relation->remote_conds, expr);
		else
		{
			relation->local_conds = lappend(relation->local_conds, expr);
			if (!add_aggregates(root, rel, expr))
				return false;
		}
	}
	return true;
}

/* Every clause has its column: one whose constant was taken out of the target has none. */
static bool
has_all_groups(DbiRelation *relation)
{
	ListCell *lc;

	foreach(lc, relation->group_clause)
	{
		Index ref = lfirst_node(SortGroupClause, lc)->tleSortGroupRef;
		ListCell *entry;

		foreach(entry, relation->tlist)
			if (lfirst_node(TargetEntry, entry)->ressortgroupref == ref)
				break;
		if (entry == NULL)
			return false;
	}
	return true;
}

static void
add_grouped_path(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output, PathTarget *target,
				 List *clauses, List *having)
{
	DbiRelation *below = dbi_relation(input);
	DbiRelation *relation = dbi_new_relation(below->serverid);
	List *exprs = get_sortgrouplist_exprs(clauses, root->processed_tlist);
	Cost startup, total;

	output->fdw_private = relation;
	relation->outer = input;
	relation->is_grouped = true;
	relation->group_clause = clauses;
	if (!take_target(root, output, target) || !take_having(root, output, having) ||
		!has_all_groups(relation))
	{
		output->fdw_private = NULL;
		return;
	}
	relation->pushdown_safe = true;
	relation->async_capable = below->async_capable;
	relation->rows = clauses ? estimate_num_groups(root, exprs, below->rows, NULL, NULL) : 1;
	relation->width = target->width;
	relation->remote_cost = below->remote_cost + below->rows * cpu_operator_cost;
	dbi_path_costs(relation, relation->rows, &startup, &total);
	add_path(output, (Path *) dbi_foreign_upper_path(root, output, target, relation->rows, startup,
													 total, NIL, list_make1_int(false)));
}

static void
add_aggregate_path(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output,
				   GroupPathExtraData *extra)
{
	Query *query = root->parse;

	if (query->groupingSets != NIL ||
		(query->groupClause == NIL && !query->hasAggs) /* HAVING alone */ ||
		extra->patype == PARTITIONWISE_AGGREGATE_PARTIAL)
		return;
	add_grouped_path(root, input, output, output->reltarget, dbi_group_clause(root),
					 (List *) extra->havingQual);
}

static void
add_distinct_path(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output)
{
	PathTarget *target = root->upper_targets[UPPERREL_DISTINCT];
	int i;

	if (root->parse->hasDistinctOn || dbi_relation(input)->is_grouped ||
		dbi_distinct_clause(root) == NIL)
		return;
	/* Every column is one of DISTINCT's, or there would be more groups. */
	for (i = 0; i < list_length(target->exprs); i++)
		if (!get_sortgroupref_clause_noerr(get_pathtarget_sortgroupref(target, i),
										   dbi_distinct_clause(root)))
			return;
	add_grouped_path(root, input, output, target, dbi_distinct_clause(root), NIL);
}

/* The upper relation only points down: its path is one of the relation below. */
static void
point_down(RelOptInfo *input, RelOptInfo *output)
{
	DbiRelation *relation = palloc0(sizeof(DbiRelation));

	*relation = *dbi_relation(input);
	relation->outer = input;
	output->fdw_private = relation;
}

static void
add_ordered_path(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output)
{
	DbiRelation *below = dbi_relation(input);
	Cost startup, total;

	if (root->parse->hasTargetSRFs || !dbi_can_sort(root, input, root->sort_pathkeys))
		return;
	point_down(input, output);
	/* Of tables and joins the sorted path is there already. */
	if (!below->is_grouped)
		return;
	dbi_path_costs(below, below->rows, &startup, &total);
	startup += below->rows * cpu_operator_cost;
	total += below->rows * cpu_operator_cost;
	add_path(output,
			 (Path *) dbi_foreign_upper_path(root, input, root->upper_targets[UPPERREL_ORDERED],
											 below->rows, startup, total, root->sort_pathkeys,
											 list_make1_int(false)));
}

/* A constant that the warehouse's INT holds; absent and NULL are no limit. */
static bool
is_plain_count(Node *count)
{
	int64 n;
	Const *constant = (Const *) count;

	if (count == NULL || (IsA(count, Const) && constant->constisnull))
		return true;
	return dbi_constant_int(count, &n) && n >= 0 && n <= PG_INT32_MAX;
}

static void
add_limited_path(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output, FinalPathExtraData *extra)
{
	Query *query = root->parse;
	DbiRelation *below = dbi_relation(input);
	bool sorted = root->sort_pathkeys != NIL;
	double rows;
	Cost startup, total;

	if (!extra->limit_needed || query->commandType != CMD_SELECT || query->rowMarks != NIL ||
		query->hasTargetSRFs || query->limitOption == LIMIT_OPTION_WITH_TIES ||
		!is_plain_count(query->limitCount) || !is_plain_count(query->limitOffset))
		return;
	/* Below may be the sort, which points to what it sorts. */
	if (input->reloptkind == RELOPT_UPPER_REL &&
		input == fetch_upper_rel(root, UPPERREL_ORDERED, NULL))
		input = below->outer;
	else if (sorted)
		return;
	below = dbi_relation(input);
	if (below->local_conds != NIL || !bms_is_empty(input->lateral_relids))
		return;
	rows = extra->limit_tuples > 0 ? Min(below->rows, extra->limit_tuples) : below->rows;
	dbi_path_costs(below, rows, &startup, &total);
	/* A bounded result comes with the first answer, and no rows travel that nobody reads. */
	startup -= below->startup_cost * LIMIT_GAIN;
	total -= below->startup_cost * LIMIT_GAIN;
	point_down(input, output);
	add_path(output,
			 (Path *) dbi_foreign_upper_path(root, input, root->upper_targets[UPPERREL_FINAL], rows,
											 startup, total, sorted ? root->sort_pathkeys : NIL,
											 list_make1_int(true)));
}

void
dbiGetForeignUpperPaths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
						RelOptInfo *output, void *extra)
{
	DbiRelation *below = dbi_relation(input);

	if (output->fdw_private || below == NULL || !below->pushdown_safe)
		return;
	if ((stage == UPPERREL_GROUP_AGG || stage == UPPERREL_DISTINCT) && below->local_conds != NIL)
		return;
	switch (stage)
	{
		case UPPERREL_GROUP_AGG:
			add_aggregate_path(root, input, output, extra);
			break;
		case UPPERREL_DISTINCT:
			add_distinct_path(root, input, output);
			break;
		case UPPERREL_ORDERED:
			add_ordered_path(root, input, output);
			break;
		case UPPERREL_FINAL:
			add_limited_path(root, input, output, extra);
			break;
		default:
			break;
	}
}
