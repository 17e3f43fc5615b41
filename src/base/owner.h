/*
 * base/owner.h: to act as the extension's owner for the length of a call.
 */
#ifndef DBI_OWNER_H
#define DBI_OWNER_H

#include "postgres.h"

typedef struct DbiOwner
{
	Oid user;
	int sec_context;
	int guc_level;
} DbiOwner;

/*
 * Between these two the current user is the owner of dbinsight's tables and
 * the search path holds pg_catalog alone. Who may call the function is decided
 * by its EXECUTE privilege. On error the transaction restores both.
 */
void dbi_become_owner(DbiOwner *saved);
void dbi_become_caller(const DbiOwner *saved);

#endif
