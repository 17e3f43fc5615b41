/*
 * net/server_option.h: options of foreign servers and user mappings, for every
 * wrapper: checked when they are written, read when they are needed.
 */
#ifndef DBI_NET_SERVER_OPTION_H
#define DBI_NET_SERVER_OPTION_H

#include "postgres.h"

#include "foreign/foreign.h"
#include "nodes/pg_list.h"

/* One option that a wrapper has. */
typedef struct DbiServerOption
{
	Oid catalog; /* on what: ForeignServerRelationId, UserMappingRelationId … */
	const char *name;
	bool (*valid)(const char *value);
	const char *hint; /* what to write instead of a value that is not */
} DbiServerOption;

/*
 * For a validator: raises HV00D for an option that the wrapper does not have,
 * 22023 for a value that is not valid. No value is in a message: people paste
 * secrets into the wrong option.
 */
extern void dbi_check_options(const char *wrapper, const DbiServerOption *options, int noptions,
							  List *given, Oid catalog);

/* Checks that several wrappers need. */
extern bool dbi_option_is_text(const char *value); /* not empty */
extern bool dbi_option_is_url(const char *value);  /* http or https, a host, no user, no query */

/* The value of an option, or NULL; it belongs to the list. */
extern const char *dbi_option(List *given, const char *name);
extern char *dbi_option_text(List *given, const char *name); /* a copy; NULL when it is empty too */
extern int dbi_option_milliseconds(List *given,
								   const char *name); /* "90s", or milliseconds; 0: none */
extern double dbi_option_number(List *given, const char *name, double otherwise);
extern bool dbi_option_bool(List *given, const char *name, bool otherwise);

/* What validators ask of a value: a number from low to high; a time of 0 or more, in ms or with its unit. */
extern bool dbi_value_in_range(const char *value, double low, double high);
extern bool dbi_value_is_duration(const char *value);

/*
 * The user's mapping on a server, or that for PUBLIC; NULL where there is
 * none, for servers that also speak to who has no secret.
 */
extern UserMapping *dbi_find_mapping(Oid userid, Oid serverid);
/* The same for servers that ask for one: 42704 and what to do where there is none. */
extern UserMapping *dbi_user_mapping(Oid userid, ForeignServer *server);

#endif
