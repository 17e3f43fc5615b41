/*
 * base/compat.h: differences between PostgreSQL 15 and 18, nowhere else.
 */
#ifndef DBI_COMPAT_H
#define DBI_COMPAT_H

#include "postgres.h"

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h" /* 16 took it out of postgres.h */
#include "catalog/pg_proc.h"
#define dbi_function_aclcheck(function, role, mode) \
	object_aclcheck(ProcedureRelationId, function, role, mode)
#else
#define dbi_function_aclcheck(function, role, mode) pg_proc_aclcheck(function, role, mode)
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

#endif
