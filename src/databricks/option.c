/*
 * databricks/option.c: the options of the wrapper `databricks`, checked when
 * they are written. A secret's value is in no message.
 */
#include "postgres.h"

#include <math.h>

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/text.h"
#include "databricks/fdw.h"

typedef enum
{
	CHECK_TEXT,   /* not empty */
	CHECK_HOST,   /* name[:port] or http(s)://name[:port] */
	CHECK_WORD,   /* letters, digits, - and _ */
	CHECK_FORMAT, /* how results are encoded */
	CHECK_DISPOSITION,
	CHECK_DURATION, /* "90s", "5min"; a number alone is milliseconds */
	CHECK_PARALLEL, /* 1 to 64 */
	CHECK_COST,     /* a number, 0 or more */
	CHECK_BOOL,
	CHECK_TYPE /* a type of Databricks */
} DbiCheck;

typedef struct
{
	Oid catalog; /* on what */
	const char *name;
	DbiCheck check;
} DbiOption;

static const DbiOption options[] = {
	{ForeignServerRelationId, "host", CHECK_HOST},
	{ForeignServerRelationId, "warehouse_id", CHECK_WORD},
	{ForeignServerRelationId, "catalog", CHECK_TEXT},
	{ForeignServerRelationId, "fetch_format", CHECK_FORMAT},
	{ForeignServerRelationId, "disposition", CHECK_DISPOSITION},
	{ForeignServerRelationId, "timeout", CHECK_DURATION},
	{ForeignServerRelationId, "max_parallel_chunks", CHECK_PARALLEL},
	{ForeignServerRelationId, "fdw_startup_cost", CHECK_COST},
	{ForeignServerRelationId, "fdw_tuple_cost", CHECK_COST},
	{ForeignServerRelationId, "async_capable", CHECK_BOOL},
	{UserMappingRelationId, "token", CHECK_TEXT},
	{UserMappingRelationId, "client_id", CHECK_TEXT},
	{UserMappingRelationId, "client_secret", CHECK_TEXT},
	{ForeignTableRelationId, "catalog_name", CHECK_TEXT},
	{ForeignTableRelationId, "schema_name", CHECK_TEXT},
	{ForeignTableRelationId, "table_name", CHECK_TEXT},
	{ForeignTableRelationId, "async_capable", CHECK_BOOL},
	{AttributeRelationId, "column_name", CHECK_TEXT},
	{AttributeRelationId, "column_type", CHECK_TYPE},
};

PG_FUNCTION_INFO_V1(dbi_databricks_validator);

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

static const DbiOption *
find_option(Oid catalog, const char *name)
{
	for (int i = 0; i < lengthof(options); i++)
		if (options[i].catalog == catalog && strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static void
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
			 errmsg("invalid option \"%s\" for %s of databricks", name, kind_of(catalog)),
			 nearest ? errhint("Did you mean \"%s\"? Valid options are: %s.", nearest, list.data)
					 : errhint("Valid options are: %s.", list.data)));
}

/* The value stays out of the message: people paste secrets into the wrong option. */
static void
refuse_value(const DbiOption *option, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("invalid value for option \"%s\" of databricks", option->name),
					errhint("%s", hint)));
}

static bool
all_of(const char *value, const char *more)
{
	for (const char *c = value; *c; c++)
		if (!isalnum((unsigned char) *c) && strchr(more, *c) == NULL)
			return false;
	return *value != '\0';
}

/* Whether the address may be spoken to is decided where it is resolved. */
static bool
is_host(const char *value)
{
	if (strncmp(value, "https://", 8) == 0)
		value += 8;
	else if (strncmp(value, "http://", 7) == 0)
		value += 7;
	if (*value != '\0' && value[strlen(value) - 1] == '/')
		value = pnstrdup(value, strlen(value) - 1);
	return all_of(value, ".-_:[]");
}

static bool
in_range(const char *value, double low, double high)
{
	double number;

	return parse_real(value, &number, 0, NULL) && number >= low && number <= high;
}

static bool
is_duration(const char *value)
{
	int ms;

	return parse_int(value, &ms, GUC_UNIT_MS, NULL) && ms >= 0;
}

static void
check_value(const DbiOption *option, const char *value)
{
	bool ignored;

	switch (option->check)
	{
		case CHECK_TEXT:
			if (*value == '\0')
				refuse_value(option, "It must not be empty.");
			break;
		case CHECK_HOST:
			if (!is_host(value))
				refuse_value(option,
							 "Write the workspace's host, such as dbc-a1b2345c-d6e7.cloud.databricks.com.");
			break;
		case CHECK_WORD:
			if (!all_of(value, "-_"))
				refuse_value(option, "Write the identifier alone, such as 1234567890abcdef.");
			break;
		case CHECK_FORMAT:
			if (strcmp(value, "json") != 0)
				refuse_value(option,
							 strcmp(value, "arrow") == 0
								 ? "Results are read as \"json\"; Arrow is not, for want of a library in the distributions this is built on."
								 : "The format is \"json\".");
			break;
		case CHECK_DISPOSITION:
			if (strcmp(value, "auto") != 0 && strcmp(value, "inline") != 0 &&
				strcmp(value, "external_links") != 0)
				refuse_value(option, "Use \"auto\", \"inline\" or \"external_links\".");
			break;
		case CHECK_DURATION:
			if (!is_duration(value))
				refuse_value(option,
							 "Write a time such as \"90s\" or \"5min\" (milliseconds without a unit); 0 is no limit.");
			break;
		case CHECK_PARALLEL:
			if (!in_range(value, 1, 64) || strspn(value, "0123456789") != strlen(value))
				refuse_value(option, "Use a whole number from 1 to 64.");
			break;
		case CHECK_COST:
			if (!in_range(value, 0, 1e15))
				refuse_value(option, "Use a number, 0 or more, in the planner's units.");
			break;
		case CHECK_BOOL:
			if (!parse_bool(value, &ignored))
				refuse_value(option, "Use \"true\" or \"false\".");
			break;
		case CHECK_TYPE:
			if (dbi_parse_remote_type(value) == NULL)
				refuse_value(option,
							 "Write a type as Databricks prints it, such as \"MAP<STRING, STRING>\".");
			break;
	}
}

/* A mapping is one secret: a token, or the two halves of a service principal's. */
static void
check_mapping(List *given)
{
	bool token = dbi_option(given, "token") != NULL;
	bool id = dbi_option(given, "client_id") != NULL;
	bool secret = dbi_option(given, "client_secret") != NULL;

	if (token && (id || secret))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a user mapping of databricks has either a token or a client's secret"),
				 errhint("Give \"token\", or \"client_id\" with \"client_secret\".")));
	if (id != secret)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("option \"%s\" of databricks is missing",
							   id ? "client_secret" : "client_id"),
						errhint("\"client_id\" and \"client_secret\" belong together.")));
}

Datum
dbi_databricks_validator(PG_FUNCTION_ARGS)
{
	List *given = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid catalog = PG_GETARG_OID(1);
	ListCell *lc;

	foreach(lc, given)
	{
		DefElem *def = lfirst(lc);
		const DbiOption *option = find_option(catalog, def->defname);

		if (option == NULL)
			refuse_unknown(catalog, def->defname);
		check_value(option, defGetString(def));
	}
	if (catalog == UserMappingRelationId)
		check_mapping(given);
	PG_RETURN_VOID();
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

const char *
dbi_column_option(Oid relid, AttrNumber attnum, const char *name)
{
	return dbi_option(GetForeignColumnOptions(relid, attnum), name);
}
