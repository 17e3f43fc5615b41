/*
 * databricks/rows.h: rows of a JSON_ARRAY result: [["1","a"],["2",null]].
 */
#ifndef DBI_DATABRICKS_ROWS_H
#define DBI_DATABRICKS_ROWS_H

#include "postgres.h"

/*
 * Reads rows from bytes that come in pieces, cut anywhere. Memory: one row.
 */
typedef struct DbiRows DbiRows;

typedef enum
{
	DBI_ROWS_MORE, /* all bytes were taken */
	DBI_ROWS_ROW,
	DBI_ROWS_END /* the array is closed */
} DbiRowsState;

/* In the current memory context. */
extern DbiRows *dbi_rows_create(int ncolumns);

/* At the start of another array. */
extern void dbi_rows_reset(DbiRows *rows);

/*
 * Takes bytes up to the end of a row; says how many it took. Raises 08P01 on
 * what is no such array, 22P05 on a character that has no place in the
 * database.
 */
extern DbiRowsState dbi_rows_next(DbiRows *rows, const char *bytes, size_t len, size_t *taken);

/* The row read last, in the database's encoding; valid until the next call. */
extern char **dbi_rows_values(DbiRows *rows);

/* Where the array of rows stands in an answer, brackets included; false without one. */
extern bool dbi_find_data_array(const char *json, size_t len, size_t *start, size_t *end);

#endif
