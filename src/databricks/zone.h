/*
 * databricks/zone.h: whether the session's day is UTC's.
 */
#ifndef DBI_DATABRICKS_ZONE_H
#define DBI_DATABRICKS_ZONE_H

#include "postgres.h"

extern bool dbi_zone_is_utc(void);
extern bool dbi_zone_name_is_utc(const char *name);

#endif
