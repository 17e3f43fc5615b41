/*
 * agents/team_dates.h: apart from team_parts.h, because understanding has its
 * own word for a text.
 */
#ifndef DBI_AGENTS_TEAM_DATES_H
#define DBI_AGENTS_TEAM_DATES_H

char *dbi_date_block(void);

#endif
