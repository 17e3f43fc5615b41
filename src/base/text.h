/*
 * base/text.h: words.
 */
#ifndef DBI_TEXT_H
#define DBI_TEXT_H

#include "postgres.h"

#include "nodes/pg_list.h"

/*
 * The candidate (a List of char *) nearest to a word by edit distance, or NULL
 * when none is near: more than half of the word would have to change.
 */
const char *dbi_nearest(const char *word, List *candidates);

#endif
