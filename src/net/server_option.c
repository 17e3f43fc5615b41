/*
 * server_option.c: options of foreign servers and user mappings.
 */
#include "postgres.h"

#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "base/text.h"
#include "net/net.h"
#include "net/server_option.h"

static const char *
kind_of(Oid catalog)
{
	switch (catalog)
	{
		case ForeignServerRelationId:
			return "a server";
		case UserMappingRelationId:
			return "a user mapping";
		case ForeignTableRelationId:
			return "a foreign table";
		case AttributeRelationId:
			return "a column";
		default:
			return "the wrapper";
	}
}

static void
refuse_unknown(const char *wrapper, const DbiServerOption *options, int noptions, Oid catalog,
			   const char *name)
{
	StringInfoData list;
	List *names = NIL;
	const char *nearest;

	initStringInfo(&list);
	for (int i = 0; i < noptions; i++)
	{
		if (options[i].catalog != catalog)
			continue;
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", options[i].name);
		names = lappend(names, (char *) options[i].name);
	}
	nearest = dbi_nearest(name, names);
	if (names == NIL)
		appendStringInfoString(&list, "none");
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\" for %s of %s", name, kind_of(catalog), wrapper),
			 nearest ? errhint("Did you mean \"%s\"? Valid options are: %s.", nearest, list.data)
					 : errhint("Valid options are: %s.", list.data)));
}

void
dbi_check_options(const char *wrapper, const DbiServerOption *options, int noptions, List *given,
				  Oid catalog)
{
	ListCell *lc;

	foreach(lc, given)
	{
		DefElem *def = lfirst(lc);
		const DbiServerOption *option = NULL;

		for (int i = 0; i < noptions && option == NULL; i++)
			if (options[i].catalog == catalog && strcmp(options[i].name, def->defname) == 0)
				option = &options[i];
		if (option == NULL)
			refuse_unknown(wrapper, options, noptions, catalog, def->defname);
		else if (!option->valid(defGetString(def)))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("invalid value for option \"%s\" of %s", option->name, wrapper),
							errhint("%s", option->hint)));
	}
}

bool
dbi_option_is_text(const char *value)
{
	return *value != '\0';
}

/* Whether the address may be spoken to is decided where it is resolved. */
bool
dbi_option_is_url(const char *value)
{
	DbiUrl url;

	return dbi_url_parse(value, &url) &&
		   (strcmp(url.scheme, "https") == 0 || strcmp(url.scheme, "http") == 0) &&
		   url.host[0] != '\0' && !url.user && url.query[0] == '\0';
}

const char *
dbi_option(List *given, const char *name)
{
	ListCell *lc;

	foreach(lc, given)
	{
		DefElem *def = lfirst(lc);

		if (strcmp(def->defname, name) == 0)
			return defGetString(def);
	}
	return NULL;
}

char *
dbi_option_text(List *given, const char *name)
{
	const char *value = dbi_option(given, name);

	return value && value[0] != '\0' ? pstrdup(value) : NULL;
}

int
dbi_option_milliseconds(List *given, const char *name)
{
	const char *value = dbi_option(given, name);
	int ms;

	return value && parse_int(value, &ms, GUC_UNIT_MS, NULL) ? Max(ms, 0) : 0;
}

double
dbi_option_number(List *given, const char *name, double otherwise)
{
	const char *value = dbi_option(given, name);
	double number;

	return value && parse_real(value, &number, 0, NULL) ? number : otherwise;
}

bool
dbi_option_bool(List *given, const char *name, bool otherwise)
{
	const char *value = dbi_option(given, name);
	bool result;

	return value && parse_bool(value, &result) ? result : otherwise;
}

bool
dbi_value_in_range(const char *value, double low, double high)
{
	double number;

	return parse_real(value, &number, 0, NULL) && number >= low && number <= high;
}

bool
dbi_value_is_duration(const char *value)
{
	int ms;

	return parse_int(value, &ms, GUC_UNIT_MS, NULL) && ms >= 0;
}

UserMapping *
dbi_find_mapping(Oid userid, Oid serverid)
{
	if (!SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(userid),
							   ObjectIdGetDatum(serverid)) &&
		!SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(InvalidOid),
							   ObjectIdGetDatum(serverid)))
		return NULL;
	return GetUserMapping(userid, serverid);
}

UserMapping *
dbi_user_mapping(Oid userid, ForeignServer *server)
{
	UserMapping *mapping = dbi_find_mapping(userid, server->serverid);

	if (mapping == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("user \"%s\" has no user mapping for server \"%s\"",
							   GetUserNameFromId(userid, false), server->servername),
						errhint("CREATE USER MAPPING FOR %s SERVER %s OPTIONS (…).",
								quote_identifier(GetUserNameFromId(userid, false)),
								quote_identifier(server->servername))));
	return mapping;
}
