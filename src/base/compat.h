/*
 * base/compat.h: differences between PostgreSQL 15 and 18, nowhere else.
 */
#ifndef DBI_COMPAT_H
#define DBI_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"				/* 16 took it out of postgres.h */
#endif

/* 17 lets the caller own the lexer; NULL keeps it palloc'd. Needs utils/jsonfuncs.h. */
#if PG_VERSION_NUM >= 170000
#define dbi_json_lexer(json, need_escapes) makeJsonLexContext(NULL, json, need_escapes)
#else
#define dbi_json_lexer(json, need_escapes) makeJsonLexContext(json, need_escapes)
#endif

#endif
