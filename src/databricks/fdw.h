/*
 * databricks/fdw.h: what the parts of the wrapper `databricks` share.
 * Private to this folder.
 */
#ifndef DBI_DATABRICKS_FDW_H
#define DBI_DATABRICKS_FDW_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "nodes/pathnodes.h"
#include "nodes/pg_list.h"

#include "databricks/types.h"
#include "net/server_option.h"

/* What is known about a relation that is planned: RelOptInfo.fdw_private. */
typedef struct
{
	Oid serverid;
	bool async_capable; /* may run beside others under an Append */
	bool pushdown_safe; /* as a whole it can be one remote statement */
	List *remote_conds; /* of RestrictInfo, or of expressions when grouped: the warehouse checks */
	List *local_conds;  /* what is left for the executor here */

	Bitmapset *attrs_used; /* of a base relation, offset as pull_varattnos() has it */

	/* of a join */
	RelOptInfo *outer; /* of a grouped relation: what is grouped */
	RelOptInfo *inner;
	JoinType jointype;
	List *joinclauses;
	Relids hidden; /* inner relations of semi and anti joins: nothing above may name them */

	/* of a grouped relation; DISTINCT is one that groups by all its columns */
	bool is_grouped;
	List *tlist;        /* the columns the statement returns */
	List *group_clause; /* of SortGroupClause */

	double rows; /* that travel */
	int width;
	Cost remote_cost;  /* of the warehouse's work, before anything travels */
	Cost startup_cost; /* option fdw_startup_cost */
	Cost tuple_cost;   /* option fdw_tuple_cost, a row */
} DbiRelation;

#define dbi_relation(rel) ((DbiRelation *) (rel)->fdw_private)

/* option.c */
extern const char *dbi_column_option(Oid relid, AttrNumber attnum, const char *name);

/* deparse_select.c */
typedef struct
{
	char *sql;
	List *retrieved; /* of int: attribute numbers of what each column of the result is */
	List *params;    /* of Expr: computed here, bound to :p1, :p2 … */
	bool needs_utc;  /* the text holds only while the session's TimeZone is UTC */
} DbiRemoteQuery;

extern void dbi_deparse_select(PlannerInfo *root, RelOptInfo *rel, List *tlist, List *conds,
							   List *pathkeys, bool has_limit, DbiRemoteQuery *query);
extern Expr *dbi_sort_expr(PlannerInfo *root, RelOptInfo *rel, PathKey *key);
extern char *dbi_quote_name(const char *name);
extern void dbi_append_plain_column(StringInfo sql, Relation table, AttrNumber attnum);
extern void dbi_refuse_column_type(Relation table, Form_pg_attribute attr);
extern char *dbi_remote_table(Oid relid);
extern char *dbi_remote_column(Oid relid, AttrNumber attnum);

/* deparse.c: one walker says both what can be shipped and how. */
typedef struct
{
	PlannerInfo *root;
	Relids scanned;  /* relations whose columns the statement reads */
	bool aggregates; /* allowed here */
	StringInfo sql;  /* written so far */
	List *params;
	bool needs_utc;
	Expr *case_arg; /* what CaseTestExpr stands for */
} DbiDeparse;

extern bool dbi_deparse_expr(DbiDeparse *cx, Expr *expr);
extern bool dbi_deparse_column(DbiDeparse *cx, Expr *expr); /* as it is to arrive in a row */
extern bool dbi_deparse_all(DbiDeparse *cx, List *exprs, const char *separator);
extern bool dbi_deparse_template(DbiDeparse *cx, const char *text, List *args);
extern void dbi_deparse_init(DbiDeparse *cx, PlannerInfo *root, RelOptInfo *rel);
extern bool dbi_is_shippable(PlannerInfo *root, RelOptInfo *rel, Expr *expr);
extern bool dbi_is_shippable_column(PlannerInfo *root, RelOptInfo *rel, Expr *expr);
extern bool dbi_sort_is_shippable(PlannerInfo *root, RelOptInfo *rel, PathKey *key, Expr *expr);
extern bool dbi_compares_bytes(Oid type, Oid collation);
extern bool dbi_is_split_average(Node *node);

/* deparse_call.c, deparse_aggregate.c */
extern bool dbi_deparse_call(DbiDeparse *cx, Oid function, List *args, Oid collation);
extern bool dbi_decimals_fit(List *args);
extern bool dbi_deparse_aggregate(DbiDeparse *cx, Aggref *agg);

/* decimal.c: digits before and after the point that a value of the expression can have. */
extern bool dbi_decimal_bounds(Expr *expr, int *digits, int *scale);
#define DBI_DECIMAL_DIGITS 38 /* of DECIMAL at most */

/* fdw_*.c: the callbacks */
extern void dbiGetForeignRelSize(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern void dbiGetForeignPaths(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern ForeignScan *dbiGetForeignPlan(PlannerInfo *root, RelOptInfo *rel, Oid relid,
									  ForeignPath *path, List *tlist, List *clauses,
									  Plan *outer_plan);
extern void dbiGetForeignJoinPaths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
								   RelOptInfo *inner, JoinType jointype, JoinPathExtraData *extra);
extern void dbiGetForeignUpperPaths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
									RelOptInfo *output, void *extra);
extern DbiRelation *dbi_new_relation(Oid serverid);
extern void dbi_add_sorted_path(PlannerInfo *root, RelOptInfo *rel);
extern bool dbi_can_sort(PlannerInfo *root, RelOptInfo *rel, List *pathkeys);
extern void dbi_path_costs(DbiRelation *relation, double rows, Cost *startup, Cost *total);
extern List *dbi_join_tlist(RelOptInfo *rel);

extern void dbiBeginForeignScan(ForeignScanState *node, int eflags);
extern TupleTableSlot *dbiIterateForeignScan(ForeignScanState *node);
extern void dbiReScanForeignScan(ForeignScanState *node);
extern void dbiEndForeignScan(ForeignScanState *node);
extern void dbiExplainForeignScan(ForeignScanState *node, struct ExplainState *es);

extern bool dbiIsForeignPathAsyncCapable(ForeignPath *path);
extern void dbiForeignAsyncRequest(AsyncRequest *areq);
extern void dbiForeignAsyncConfigureWait(AsyncRequest *areq);
extern void dbiForeignAsyncNotify(AsyncRequest *areq);

extern bool dbiAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func,
								   BlockNumber *totalpages);
extern List *dbiImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid serverid);

/* Members of ForeignScan.fdw_private. */
enum
{
	DBI_PLAN_SQL,       /* String */
	DBI_PLAN_RETRIEVED, /* of int */
	DBI_PLAN_FLAGS,     /* of int: bit set below */
	DBI_PLAN_RELATIONS  /* String: for EXPLAIN */
};
#define DBI_PLAN_NEEDS_UTC 1
#define DBI_PLAN_SMALL 2 /* the result is small whatever the tables hold */

#endif
