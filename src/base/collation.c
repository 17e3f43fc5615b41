/*
 * collation.c: whether a collation orders by bytes, as C does.
 *
 * The server's own answer is behind utils/pg_locale.h, which asks for the
 * headers of ICU, and has another shape in each release.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "base/base.h"

static bool
is_c(char provider, const char *collate)
{
	/* The built-in locales of 17 and later all order by code points. */
	if (provider == 'b')
		return true;
	return provider == COLLPROVIDER_LIBC && collate &&
		   (strcmp(collate, "C") == 0 || strcmp(collate, "POSIX") == 0);
}

static bool
database_is_c(void)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	bool isnull;
	Datum collate;
	bool result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for database %u", MyDatabaseId);
	collate = SysCacheGetAttr(DATABASEOID, tuple, Anum_pg_database_datcollate, &isnull);
	result = is_c(((Form_pg_database) GETSTRUCT(tuple))->datlocprovider,
				  isnull ? NULL : TextDatumGetCString(collate));
	ReleaseSysCache(tuple);
	return result;
}

bool
dbi_collation_is_c(Oid collation)
{
	HeapTuple tuple;
	bool isnull;
	Datum collate;
	bool result;

	if (!OidIsValid(collation))
		return false;
	if (collation == DEFAULT_COLLATION_OID)
		return database_is_c();
	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", collation);
	collate = SysCacheGetAttr(COLLOID, tuple, Anum_pg_collation_collcollate, &isnull);
	result = is_c(((Form_pg_collation) GETSTRUCT(tuple))->collprovider,
				  isnull ? NULL : TextDatumGetCString(collate));
	ReleaseSysCache(tuple);
	return result;
}
