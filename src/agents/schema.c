/*
 * schema.c: the JSON Schema of a tool's arguments, from their types, defaults
 * and @param and @enum lines.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "catalog/pg_enum.h"
#include "access/htup_details.h"
#include "fmgr.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "agents/registry.h"
#include "base/base.h"

const char *
dbi_json_type(Oid type, const char **format)
{
	type = getBaseType(type);
	*format = NULL;
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return "integer";
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return "number";
		case BOOLOID:
			return "boolean";
		case DATEOID:
			*format = "date";
			return "string";
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			*format = "date-time";
			return "string";
		case INTERVALOID:
			*format = "duration";
			return "string";
		case UUIDOID:
			*format = "uuid";
			return "string";
		case JSONOID:
		case JSONBOID:
			return "object";
		default:
			return OidIsValid(get_element_type(type)) ? "array" : "string";
	}
}

static void
string_list(StringInfo out, const char *words, char separator)
{
	const char *end;

	appendStringInfoString(out, ", \"enum\": [");
	for (;; words = end + 1)
	{
		char *word;

		end = strchr(words, separator);
		word = end ? pnstrdup(words, end - words) : pstrdup(words);
		while (*word == ' ')
			word++;
		while (*word && word[strlen(word) - 1] == ' ')
			word[strlen(word) - 1] = '\0';
		escape_json(out, word);
		if (end == NULL)
			break;
		appendStringInfoString(out, ", ");
	}
	appendStringInfoChar(out, ']');
}

/* The labels of an enum type in their order. */
static void
enum_labels(StringInfo out, Oid type)
{
	CatCList *list = SearchSysCacheList1(ENUMTYPOIDNAME, ObjectIdGetDatum(type));
	Form_pg_enum *sorted = palloc(sizeof(Form_pg_enum) * Max(list->n_members, 1));

	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_enum e = (Form_pg_enum) GETSTRUCT(&list->members[i]->tuple);
		int at = i;

		for (; at > 0 && sorted[at - 1]->enumsortorder > e->enumsortorder; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = e;
	}
	appendStringInfoString(out, ", \"enum\": [");
	for (int i = 0; i < list->n_members; i++)
	{
		if (i > 0)
			appendStringInfoString(out, ", ");
		escape_json(out, NameStr(sorted[i]->enumlabel));
	}
	appendStringInfoChar(out, ']');
	ReleaseSysCacheList(list);
}

/* "1 to 400" or "1–400" somewhere in the text of a numeric argument. */
static void
number_range(StringInfo out, const char *about)
{
	for (const char *p = about; p && *p; p++)
	{
		double low;
		double high;
		int used = 0;

		if (!isdigit((unsigned char) *p) ||
			(p > about && (isalnum((unsigned char) p[-1]) || p[-1] == '.' || p[-1] == '-')))
			continue;
		if ((sscanf(p, "%lf to %lf%n", &low, &high, &used) == 2 && used > 0) ||
			(sscanf(p, "%lf–%lf%n", &low, &high, &used) == 2 && used > 0))
		{
			if (low < high)
				appendStringInfo(out, ", \"minimum\": %.15g, \"maximum\": %.15g", low, high);
			return;
		}
	}
}

/* The default when it is a constant; NULL and computed ones are left out. */
static void
default_value(StringInfo out, const DbiToolArg *arg, const char *json_type)
{
	Node *node = arg->default_expr ? eval_const_expressions(NULL, arg->default_expr) : NULL;
	Const *value = node && IsA(node, Const) ? (Const *) node : NULL;
	char *text;
	Oid output;
	bool varlena;

	if (value == NULL || value->constisnull || strcmp(json_type, "array") == 0)
		return;
	getTypeOutputInfo(value->consttype, &output, &varlena);
	text = OidOutputFunctionCall(output, value->constvalue);
	appendStringInfoString(out, ", \"default\": ");
	if (strcmp(json_type, "boolean") == 0)
		appendStringInfoString(out, DatumGetBool(value->constvalue) ? "true" : "false");
	else if (strcmp(json_type, "integer") == 0 || strcmp(json_type, "object") == 0 ||
			 (strcmp(json_type, "number") == 0 && isdigit((unsigned char) text[text[0] == '-'])))
		appendStringInfoString(out, text);
	else
		escape_json(out, text);
}

static void
property(StringInfo out, const DbiToolArg *arg)
{
	const char *format;
	const char *json_type = dbi_json_type(arg->type, &format);
	Oid base = getBaseType(arg->type);

	escape_json(out, arg->name);
	appendStringInfo(out, ": {\"type\": \"%s\"", json_type);
	if (format)
		appendStringInfo(out, ", \"format\": \"%s\"", format);
	if (strcmp(json_type, "array") == 0)
		appendStringInfo(out, ", \"items\": {\"type\": \"%s\"}",
						 dbi_json_type(get_element_type(base), &format));
	if (arg->allowed)
		string_list(out, arg->allowed, '|');
	else if (get_typtype(base) == TYPTYPE_ENUM)
		enum_labels(out, base);
	if (arg->about)
	{
		appendStringInfoString(out, ", \"description\": ");
		escape_json(out, arg->about);
		if (strcmp(json_type, "integer") == 0 || strcmp(json_type, "number") == 0)
			number_range(out, arg->about);
	}
	default_value(out, arg, json_type);
	appendStringInfoChar(out, '}');
}

char *
dbi_tool_schema(const DbiTool *tool)
{
	StringInfoData out;
	bool first = true;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"type\": \"object\", \"properties\": {");
	for (int i = 0; i < tool->nargs; i++)
	{
		if (i > 0)
			appendStringInfoString(&out, ", ");
		property(&out, &tool->args[i]);
	}
	appendStringInfoString(&out, "}, \"required\": [");
	for (int i = 0; i < tool->nargs; i++)
	{
		if (tool->args[i].default_expr)
			continue;
		if (!first)
			appendStringInfoString(&out, ", ");
		first = false;
		escape_json(&out, tool->args[i].name);
	}
	appendStringInfoString(&out, "], \"additionalProperties\": false}");
	return out.data;
}

PG_FUNCTION_INFO_V1(dbi_tool_schema_sql);
Datum
dbi_tool_schema_sql(PG_FUNCTION_ARGS)
{
	char *json = dbi_tool_schema(dbi_tool(PG_GETARG_OID(0)));

	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
}
