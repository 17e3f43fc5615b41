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
