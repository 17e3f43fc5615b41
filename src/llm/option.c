/*
 * llm/option.c: the options of the wrapper dbinsight_llm, checked when they
 * are written. A value is in no message: people paste keys into the wrong one.
 */
#include "postgres.h"

#include <math.h>

#include "access/reloptions.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "utils/guc.h"

#include "base/text.h"
#include "llm/model.h"
#include "net/net.h"

typedef enum
{
	CHECK_TEXT, /* not empty */
	CHECK_PROVIDER,
	CHECK_URL,
	CHECK_TOKENS,      /* a whole number from 1 */
	CHECK_TEMPERATURE, /* 0 to 2 */
	CHECK_PRICE,       /* USD per million tokens, 0 or more */
	CHECK_DURATION,    /* "90s"; a number alone is milliseconds */
} Check;

typedef struct
{
	Oid catalog; /* on what */
	const char *name;
	Check check;
} Option;

static const Option options[] = {
	{ForeignServerRelationId, "provider", CHECK_PROVIDER},
	{ForeignServerRelationId, "base_url", CHECK_URL},
	{ForeignServerRelationId, "server", CHECK_TEXT},
	{ForeignServerRelationId, "model", CHECK_TEXT},
	{ForeignServerRelationId, "fallback_model", CHECK_TEXT},
	{ForeignServerRelationId, "embedding_model", CHECK_TEXT},
	{ForeignServerRelationId, "max_tokens", CHECK_TOKENS},
	{ForeignServerRelationId, "temperature", CHECK_TEMPERATURE},
	{ForeignServerRelationId, "price_in", CHECK_PRICE},
	{ForeignServerRelationId, "price_out", CHECK_PRICE},
	{ForeignServerRelationId, "timeout", CHECK_DURATION},
	{UserMappingRelationId, "api_key", CHECK_TEXT},
};

PG_FUNCTION_INFO_V1(dbi_llm_validator);

static const char *
kind_of(Oid catalog)
{
	return catalog == ForeignServerRelationId ? "a server"
		   : catalog == UserMappingRelationId ? "a user mapping"
											  : "the wrapper";
}

static const Option *
find_option(Oid catalog, const char *name)
{
	for (int i = 0; i < lengthof(options); i++)
		if (options[i].catalog == catalog && strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

pg_noreturn static void
refuse_unknown(Oid catalog, const char *name)
{
	StringInfoData list;
	List *names = NIL;
	const char *nearest;

	initStringInfo(&list);
	for (int i = 0; i < lengthof(options); i++)
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
			 errmsg("invalid option \"%s\" for %s of dbinsight_llm", name, kind_of(catalog)),
			 nearest ? errhint("Did you mean \"%s\"? Valid options are: %s.", nearest, list.data)
					 : errhint("Valid options are: %s.", list.data)));
}

static void
require(bool holds, const Option *option, const char *hint)
{
	if (!holds)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid value for option \"%s\" of dbinsight_llm", option->name),
						errhint("%s", hint)));
}

static bool
in_range(const char *value, double low, double high)
{
	double number;

	return parse_real(value, &number, 0, NULL) && number >= low && number <= high;
}

static bool
is_base_url(const char *value)
{
	DbiUrl url;

	return dbi_url_parse(value, &url) && !url.user && url.host[0] && url.query[0] == '\0' &&
		   (strcmp(url.scheme, "https") == 0 || strcmp(url.scheme, "http") == 0);
}

static bool
is_duration(const char *value)
{
	int ms;

	return parse_int(value, &ms, GUC_UNIT_MS, NULL) && ms >= 0;
}

static void
check_value(const Option *option, const char *value)
{
	DbiProvider ignored;

	switch (option->check)
	{
		case CHECK_TEXT:
			require(*value != '\0', option, "It must not be empty.");
			break;
		case CHECK_PROVIDER:
			require(dbi_provider_named(value, &ignored), option,
					"Use \"openai\" (or what speaks its protocol), \"anthropic\" or "
					"\"databricks\".");
			break;
		case CHECK_URL:
			require(is_base_url(value), option,
					"Write a URL such as https://api.example.com/v1, without a query or a "
					"password; requests add the rest of the path.");
			break;
		case CHECK_TOKENS:
			require(in_range(value, 1, 10000000) && strspn(value, "0123456789") == strlen(value),
					option, "Use a whole number, 1 or more.");
			break;
		case CHECK_TEMPERATURE:
			require(in_range(value, 0, 2), option, "Use a number from 0 to 2.");
			break;
		case CHECK_PRICE:
			require(in_range(value, 0, 1e6), option, "Use USD per million tokens, 0 or more.");
			break;
		case CHECK_DURATION:
			require(is_duration(value), option,
					"Write a time such as \"90s\" or \"5min\" (milliseconds without a unit); 0 is "
					"no limit.");
			break;
	}
}

Datum
dbi_llm_validator(PG_FUNCTION_ARGS)
{
	List *given = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid catalog = PG_GETARG_OID(1);
	ListCell *lc;

	foreach(lc, given)
	{
		DefElem *def = lfirst(lc);
		const Option *option = find_option(catalog, def->defname);

		if (option == NULL)
			refuse_unknown(catalog, def->defname);
		check_value(option, defGetString(def));
	}
	PG_RETURN_VOID();
}
