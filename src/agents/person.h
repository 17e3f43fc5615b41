/*
 * agents/person.h: for whom a session acts.
 */
#ifndef DBI_AGENTS_PERSON_H
#define DBI_AGENTS_PERSON_H

#include "postgres.h"

/* dbinsight.user_id for members of dbinsight_proxy, else the current user. */
char *dbi_person_name(void);

#endif
