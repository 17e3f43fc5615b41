/*
 * base/compat.h: differences between PostgreSQL 15 and 18, nowhere else.
 */
#ifndef DBI_COMPAT_H
#define DBI_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"				/* 16 took it out of postgres.h */
#endif

#endif
