/*
 * databricks/fdw_join.c: joins of tables of one server that the warehouse makes.
 *
 * Not where rows of the query may be locked or changed here: those must be
 * fetched anew, which one remote join cannot do for one of its tables.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/placeholder.h"
#include "optimizer/restrictinfo.h"

#include "base/compat.h"
#include "databricks/fdw.h"

/* Which clauses make the join, and which check its rows. False: one must join here. */
static bool
sort_clauses(PlannerInfo *root, RelOptInfo *joinrel, List *clauses)
{
	DbiRelation *relation = dbi_relation(joinrel);
	bool must_join = relation->jointype != JOIN_INNER;
	ListCell *lc;

	foreach(lc, clauses)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);
		bool shippable = dbi_is_shippable(root, joinrel, info->clause);
		bool of_join = must_join && !(IS_OUTER_JOIN(relation->jointype) &&
									  RINFO_IS_PUSHED_DOWN(info, joinrel->relids));

		if (of_join && !shippable)
			return false;
		if (of_join)
			relation->joinclauses = lappend(relation->joinclauses, info);
		else if (shippable)
			relation->remote_conds = lappend(relation->remote_conds, info);
		else
			relation->local_conds = lappend(relation->local_conds, info);
	}
	return true;
}

/* A placeholder calculated inside must be calculated at this very join, or above all of it. */
static bool
has_placeholder(PlannerInfo *root, RelOptInfo *joinrel)
{
	ListCell *lc;

	foreach(lc, root->placeholder_list)
	{
		PlaceHolderInfo *info = lfirst(lc);

		if (bms_is_subset(info->ph_eval_at, joinrel->relids) &&
			bms_nonempty_difference(joinrel->relids, info->ph_eval_at))
			return true;
	}
	return false;
}

/* Conditions of the sides: above the join, or in its ON where the side may be missing. */
static bool
take_conditions(DbiRelation *relation, DbiRelation *outer, DbiRelation *inner)
{
	switch (relation->jointype)
	{
		case JOIN_INNER:
			relation->remote_conds =
				list_concat(relation->remote_conds,
							list_concat_copy(outer->remote_conds, inner->remote_conds));
			/* Those of an inner join may all stand in its ON, which lets it be a side of any join. */
			relation->joinclauses = relation->remote_conds;
			relation->remote_conds = NIL;
			return true;
		case JOIN_LEFT:
		case JOIN_SEMI:
		case JOIN_ANTI:
			relation->joinclauses = list_concat(relation->joinclauses, inner->remote_conds);
			relation->remote_conds = list_concat(relation->remote_conds, outer->remote_conds);
			return true;
		case JOIN_RIGHT:
			relation->joinclauses = list_concat(relation->joinclauses, outer->remote_conds);
			relation->remote_conds = list_concat(relation->remote_conds, inner->remote_conds);
			return true;
		default:
			/* Of a full join neither place is right. */
			return outer->remote_conds == NIL && inner->remote_conds == NIL;
	}
}

/* Nothing names a table whose rows a semi join only looked for. */
static bool
hidden_stay_hidden(PlannerInfo *root, DbiRelation *relation, List *columns)
{
	ListCell *lc;

	if (bms_is_empty(relation->hidden))
		return true;
	if (bms_overlap(pull_varnos(root, (Node *) columns), relation->hidden))
		return false;
	foreach(lc, list_concat_copy(relation->remote_conds, relation->local_conds))
		if (bms_overlap(lfirst_node(RestrictInfo, lc)->clause_relids, relation->hidden))
			return false;
	return true;
}

static bool
columns_are_shippable(PlannerInfo *root, RelOptInfo *joinrel, List *columns)
{
	ListCell *lc;

	foreach(lc, columns)
		if (!dbi_is_shippable_column(root, joinrel, lfirst_node(TargetEntry, lc)->expr))
			return false;
	return true;
}

/* Clauses of this join must not name what a semi join below has hidden. */
static bool
clauses_see_tables(List *clauses, Relids hidden)
{
	ListCell *lc;

	foreach(lc, clauses)
		if (bms_overlap(lfirst_node(RestrictInfo, lc)->clause_relids, hidden))
			return false;
	return true;
}

static bool
join_is_shippable(PlannerInfo *root, RelOptInfo *joinrel, List *clauses)
{
	DbiRelation *relation = dbi_relation(joinrel);
	DbiRelation *outer = dbi_relation(relation->outer);
	DbiRelation *inner = dbi_relation(relation->inner);
	List *columns;

	relation->hidden = bms_union(outer->hidden, inner->hidden);
	if (!clauses_see_tables(clauses, relation->hidden) || !sort_clauses(root, joinrel, clauses) ||
		has_placeholder(root, joinrel))
		return false;
	if (relation->jointype == JOIN_ANTI && relation->remote_conds != NIL)
		return false;
	if (!take_conditions(relation, outer, inner))
		return false;
	if (relation->jointype == JOIN_SEMI || relation->jointype == JOIN_ANTI)
		relation->hidden = bms_add_members(relation->hidden, relation->inner->relids);
	columns = dbi_join_tlist(joinrel);
	return hidden_stay_hidden(root, relation, columns) &&
		   columns_are_shippable(root, joinrel, columns);
}

static bool
is_candidate(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer, RelOptInfo *inner,
			 JoinType jointype)
{
	if (root->parse->commandType != CMD_SELECT && root->parse->commandType != CMD_INSERT)
		return false;
	if (root->rowMarks != NIL || !bms_is_empty(joinrel->lateral_relids))
		return false;
	if (jointype > JOIN_ANTI)
		return false;
	return dbi_relation(outer) && dbi_relation(inner) && dbi_relation(outer)->pushdown_safe &&
		   dbi_relation(inner)->pushdown_safe && dbi_relation(outer)->local_conds == NIL &&
		   dbi_relation(inner)->local_conds == NIL;
}

void
dbiGetForeignJoinPaths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer, RelOptInfo *inner,
					   JoinType jointype, JoinPathExtraData *extra)
{
	DbiRelation *relation;
	Cost startup, total;

	/* Made once; another order of the same tables is the same statement. */
	if (joinrel->fdw_private || !is_candidate(root, joinrel, outer, inner, jointype))
		return;
	relation = dbi_new_relation(joinrel->serverid);
	joinrel->fdw_private = relation;
	relation->outer = outer;
	relation->inner = inner;
	relation->jointype = jointype;
	if (!join_is_shippable(root, joinrel, extra->restrictlist))
	{
		joinrel->fdw_private = NULL;
		return;
	}
	relation->pushdown_safe = true;
	relation->async_capable =
		dbi_relation(outer)->async_capable && dbi_relation(inner)->async_capable;
	/*
	 * Of tables never analyzed the estimate is worth little, and mostly far too
	 * high; a join is charged for no more rows than its tables have.
	 */
	relation->rows = Min(joinrel->rows, dbi_relation(outer)->rows + dbi_relation(inner)->rows);
	relation->width = joinrel->reltarget->width;
	relation->remote_cost = dbi_relation(outer)->remote_cost + dbi_relation(inner)->remote_cost +
							relation->rows * cpu_operator_cost;
	dbi_path_costs(relation, relation->rows, &startup, &total);
	add_path(joinrel, (Path *) dbi_foreign_join_path(root, joinrel, joinrel->rows, startup, total,
													 NIL, joinrel->lateral_relids,
													 extra->restrictlist, list_make1_int(false)));
	dbi_add_sorted_path(root, joinrel);
}
