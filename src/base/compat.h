/*
 * base/compat.h: differences between PostgreSQL 15 and 18, nowhere else.
 */
#ifndef DBI_COMPAT_H
#define DBI_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"				/* 16 took it out of postgres.h */
#include "catalog/pg_proc.h"
#define dbi_function_aclcheck(function, role, mode) \
	object_aclcheck(ProcedureRelationId, function, role, mode)
#else
#define dbi_function_aclcheck(function, role, mode) \
	pg_proc_aclcheck(function, role, mode)
#endif

#endif
