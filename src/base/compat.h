/*
 * base/compat.h: differences between PostgreSQL 15 and 18, nowhere else.
 */
#ifndef DBI_COMPAT_H
#define DBI_COMPAT_H

#include "postgres.h"

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"
#include "utils/wait_event.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h" /* 16 took it out of postgres.h */
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#define dbi_function_aclcheck(function, role, mode) \
	object_aclcheck(ProcedureRelationId, function, role, mode)
#define dbi_server_aclcheck(server, role, mode) \
	object_aclcheck(ForeignServerRelationId, server, role, mode)
#define dbi_namespace_aclcheck(schema, role, mode) \
	object_aclcheck(NamespaceRelationId, schema, role, mode)
#define dbi_extension_ownercheck(extension, role) \
	object_ownercheck(ExtensionRelationId, extension, role)
#else
#define dbi_function_aclcheck(function, role, mode) pg_proc_aclcheck(function, role, mode)
#define dbi_server_aclcheck(server, role, mode) pg_foreign_server_aclcheck(server, role, mode)
#define dbi_namespace_aclcheck(schema, role, mode) pg_namespace_aclcheck(schema, role, mode)
#define dbi_extension_ownercheck(extension, role) pg_extension_ownercheck(extension, role)
#endif

/* 18 puts it before the declaration. */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

/* 16 made the map of a partition on demand, and told summarizing indexes apart. */
#if PG_VERSION_NUM >= 160000
#define dbi_root_to_child_map(rri, estate) ExecGetRootToChildMap(rri, estate)
#define dbi_insert_index_tuples(rri, slot, estate) \
	ExecInsertIndexTuples(rri, slot, estate, false, false, NULL, NIL, false)
#else
#define dbi_root_to_child_map(rri, estate) ((rri)->ri_RootToPartitionMap)
#define dbi_insert_index_tuples(rri, slot, estate) \
	ExecInsertIndexTuples(rri, slot, estate, false, false, NULL, NIL)
#endif

#if PG_VERSION_NUM >= 180000 /* 18 counts the searches of a scan */
#define dbi_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#else
#define dbi_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#endif

/* 16 tells who may SET ROLE from who inherits. */
#if PG_VERSION_NUM >= 160000
#define dbi_may_set_role(member, role) member_can_set_role(member, role)
#else
#define dbi_may_set_role(member, role) is_member_of_role(member, role)
#endif

/* Up to 16 a background worker needs a role with LOGIN. */
#if PG_VERSION_NUM >= 170000
#define DBI_WORKER_LOGIN_FLAGS BGWORKER_BYPASS_ROLELOGINCHECK
#define DBI_WORKER_NEEDS_LOGIN false
#else
#define DBI_WORKER_LOGIN_FLAGS 0
#define DBI_WORKER_NEEDS_LOGIN true
#endif

/* What pg_stat_activity says while the network is waited for; 17 gave such waits names. */
static inline uint32
dbi_wait_event(void)
{
#if PG_VERSION_NUM >= 170000
	static uint32 event = 0;

	if (event == 0)
		event = WaitEventExtensionNew("DbinsightNetwork");
	return event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

/* 18 runs a portal once, always. */
#if PG_VERSION_NUM >= 180000
#define dbi_portal_run(portal, receiver, completion) \
	PortalRun(portal, FETCH_ALL, true, receiver, receiver, completion)
#else
#define dbi_portal_run(portal, receiver, completion) \
	PortalRun(portal, FETCH_ALL, true, true, receiver, receiver, completion)
#endif

/* Actions of the JSON parser say how they went from 16 on. */
#if PG_VERSION_NUM >= 160000
typedef JsonParseErrorType DbiJsonAction;
#define DBI_JSON_ACTION_DONE return JSON_SUCCESS
#else
typedef void DbiJsonAction;
#define DBI_JSON_ACTION_DONE return
#endif

/* A lexer over text in the database's encoding that unescapes, so that \u0000 is found. */
static inline JsonLexContext *
dbi_json_lexer(const char *text, int len)
{
#if PG_VERSION_NUM >= 170000 /* 17 put the context first */
	return makeJsonLexContextCstringLen(NULL, text, len, GetDatabaseEncoding(), true);
#else
	return makeJsonLexContextCstringLen((char *) text, len, GetDatabaseEncoding(), true);
#endif
}

/* Paths of foreign scans: 17 tells the clauses a join enforces, 18 counts disabled nodes. */
#if PG_VERSION_NUM >= 180000
#define DBI_PATH_ROWS(rows) (rows), 0
#else
#define DBI_PATH_ROWS(rows) (rows)
#endif
#if PG_VERSION_NUM >= 170000
#define DBI_PATH_CLAUSES(clauses) (clauses),
#else
#define DBI_PATH_CLAUSES(clauses)
#endif
#define dbi_foreignscan_path(root, rel, rows, startup, total, keys, outer, private)            \
	create_foreignscan_path(root, rel, NULL, DBI_PATH_ROWS(rows), startup, total, keys, outer, \
							NULL, DBI_PATH_CLAUSES(NIL) private)
#define dbi_foreign_join_path(root, rel, rows, startup, total, keys, outer, clauses, private)   \
	create_foreign_join_path(root, rel, NULL, DBI_PATH_ROWS(rows), startup, total, keys, outer, \
							 NULL, DBI_PATH_CLAUSES(clauses) private)
#define dbi_foreign_upper_path(root, rel, target, rows, startup, total, keys, private)            \
	create_foreign_upper_path(root, rel, target, DBI_PATH_ROWS(rows), startup, total, keys, NULL, \
							  DBI_PATH_CLAUSES(NIL) private)

/* 18 speaks of comparisons where strategies of btree were. */
#if PG_VERSION_NUM >= 180000
#define dbi_pathkey_descends(key) ((key)->pk_cmptype == COMPARE_GT)
#else
#define dbi_pathkey_descends(key) ((key)->pk_strategy == BTGreaterStrategyNumber)
#endif

/* 16 moved who is asked for permission from the range table into the plan, and told outer joins apart. */
#if PG_VERSION_NUM >= 160000
#define dbi_check_as_user(plan, rte) ((plan)->checkAsUser)
#define dbi_scan_relids(plan) ((plan)->fs_base_relids)
#else
#define dbi_check_as_user(plan, rte) ((rte)->checkAsUser)
#define dbi_scan_relids(plan) ((plan)->fs_relids)
#endif

/* 16 drops redundant columns of GROUP BY into a list of its own. */
#if PG_VERSION_NUM >= 160000
#define dbi_group_clause(root) ((root)->processed_groupClause)
#define dbi_distinct_clause(root) ((root)->processed_distinctClause)
#else
#define dbi_group_clause(root) ((root)->parse->groupClause)
#define dbi_distinct_clause(root) ((root)->parse->distinctClause)
#endif

/* 18 divided commands/explain.h. */
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

#endif
