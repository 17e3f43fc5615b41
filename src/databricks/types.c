/*
 * databricks/types.c: which types mean the same on both sides.
 *
 * The wire templates bring a value over whatever the session on the warehouse
 * is set to: its time zone, the milliseconds its JSON keeps of a timestamp, and
 * the two ways drivers print BINARY are not asked.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "databricks/types.h"

#define TO_JSON                                                        \
	"to_json($1, map('timeZone', 'UTC', 'ignoreNullFields', 'false', " \
	"'timestampFormat', 'yyyy-MM-dd HH:mm:ss.SSSSSSXXX', "             \
	"'timestampNTZFormat', 'yyyy-MM-dd HH:mm:ss.SSSSSS'))"

static const DbiTypeRule rules[] = {
	{BOOLOID, "BOOLEAN", "$1", true, true, NULL},
	{INT2OID, "SMALLINT", "$1", true, true, "also reads TINYINT"},
	{INT4OID, "INT", "$1", true, true, NULL},
	{INT8OID, "BIGINT", "$1", true, true, NULL},
	{FLOAT4OID, "FLOAT", "$1", true, true, "NaN equals itself and is the greatest on both sides"},
	{FLOAT8OID, "DOUBLE", "$1", true, true, "NaN equals itself and is the greatest on both sides"},
	{NUMERICOID, "DECIMAL", "$1", true, false,
	 "compared there only where both sides' digits are known and fit 38"},
	{TEXTOID, "STRING", "$1", true, true, "ordered there only under the collation C"},
	{VARCHAROID, "STRING", "$1", true, true, "as text"},
	{BPCHAROID, "STRING", "$1", false, false, "read only: blanks at the end count there"},
	{BYTEAOID, "BINARY", "hex($1)", true, false, NULL},
	{DATEOID, "DATE", "$1", true, true, NULL},
	{TIMESTAMPOID, "TIMESTAMP_NTZ", "CAST($1 AS STRING)", true, true, NULL},
	{TIMESTAMPTZOID, "TIMESTAMP", "unix_micros($1)", true, true, "to the microsecond"},
	{INTERVALOID, "INTERVAL", "CAST($1 AS STRING)", false, false, "read only"},
	{UUIDOID, "STRING", "$1", false, false, "read only"},
	{JSONBOID, "MAP, STRUCT, ARRAY, VARIANT", TO_JSON, false, false,
	 "->> is shipped for a MAP of strings and for fields of a STRUCT"},
	{JSONOID, "MAP, STRUCT, ARRAY, VARIANT", TO_JSON, false, false, "read only"},
};

/* Arrays of what can be read. */
static const DbiTypeRule array_rule = {ANYARRAYOID, "ARRAY", TO_JSON, false, false, "read only"};

const DbiTypeRule *
dbi_type_rules(int *n)
{
	*n = lengthof(rules);
	return rules;
}

const DbiTypeRule *
dbi_type_rule(Oid type)
{
	Oid element;

	for (int i = 0; i < lengthof(rules); i++)
		if (rules[i].type == type)
			return &rules[i];
	element = get_element_type(type);
	if (OidIsValid(element) && dbi_type_rule(element) != NULL)
		return &array_rule;
	return NULL;
}

static bool
is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static const char *const integers[] = {"TINYINT", "SMALLINT", "INT", "BIGINT", NULL};
static const char *const numbers[] = {"TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL", NULL};
static const char *const strings[] = {"STRING", "VARCHAR", NULL};
static const char *const documents[] = {"MAP", "STRUCT", "ARRAY", "VARIANT", NULL};
/* CHAR: as a STRING it keeps its blanks, and loses a comparison that ignores them. */
static const char *const scalars[] = {"CHAR",     "BOOLEAN",       "TINYINT", "SMALLINT",
									  "INT",      "BIGINT",        "DECIMAL", "DATE",
									  "INTERVAL", "TIMESTAMP_NTZ", NULL};

static DbiColumnFit
fits(bool as_is, bool by_cast)
{
	return as_is ? DBI_COLUMN_AS_IS : by_cast ? DBI_COLUMN_CAST : DBI_COLUMN_UNREADABLE;
}

DbiColumnFit
dbi_column_fit(Oid local, const DbiRemoteType *type)
{
	const char *name = type->name;

	switch (local)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case UUIDOID:
			return fits(is_one_of(name, strings), is_one_of(name, scalars));
		case JSONOID:
		case JSONBOID:
			/* Strings that hold JSON come as they are. */
			return fits(is_one_of(name, documents) || is_one_of(name, strings), false);
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return fits(is_one_of(name, integers), false);
		case NUMERICOID:
			return fits(is_one_of(name, numbers), false);
		case FLOAT8OID:
			return fits(strcmp(name, "DOUBLE") == 0 || strcmp(name, "FLOAT") == 0, false);
		default:
			if (strcmp(name, "VOID") == 0)
				return DBI_COLUMN_AS_IS;
			if (OidIsValid(get_element_type(local)))
				return fits(strcmp(name, "ARRAY") == 0, false);
			return fits(strcmp(name, dbi_type_rule(local)->remote) == 0, false);
	}
}

static char *
local_array(const DbiRemoteType *type)
{
	const DbiRemoteType *element = linitial(type->types);

	if (is_one_of(element->name, documents) || strcmp(element->name, "VOID") == 0 ||
		strcmp(element->name, "INTERVAL") == 0 || strcmp(element->name, "BINARY") == 0)
		return pstrdup("jsonb");
	return psprintf("%s[]", dbi_local_type(element));
}

char *
dbi_local_type(const DbiRemoteType *type)
{
	static const char *const pairs[][2] = {
		{"BOOLEAN", "boolean"},
		{"TINYINT", "smallint"},
		{"SMALLINT", "smallint"},
		{"INT", "integer"},
		{"BIGINT", "bigint"},
		{"FLOAT", "real"},
		{"DOUBLE", "double precision"},
		{"BINARY", "bytea"},
		{"DATE", "date"},
		{"TIMESTAMP", "timestamp with time zone"},
		{"TIMESTAMP_NTZ", "timestamp without time zone"},
		{"INTERVAL", "interval"},
		{"MAP", "jsonb"},
		{"STRUCT", "jsonb"},
		{"VARIANT", "jsonb"},
	};

	if (strcmp(type->name, "DECIMAL") == 0)
		return psprintf("numeric(%d,%d)", type->precision, type->scale);
	if (strcmp(type->name, "ARRAY") == 0)
		return local_array(type);
	for (int i = 0; i < lengthof(pairs); i++)
		if (strcmp(type->name, pairs[i][0]) == 0)
			return pstrdup(pairs[i][1]);
	return pstrdup("text");
}
