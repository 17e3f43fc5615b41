/*
 * base/try.h: a step that may fail without taking the transaction along.
 */
#ifndef DBI_TRY_H
#define DBI_TRY_H

#include "postgres.h"

/*
 * Runs the step in a subtransaction of its own. What it raises is rolled back
 * with all that it did and returned, a copy in the caller's memory context;
 * NULL when it came to its end. Cancels and the end of the session are returned
 * as well: whether to ReThrowError() is the caller's to know.
 */
ErrorData *dbi_try(void (*step)(void *arg), void *arg);

#endif
