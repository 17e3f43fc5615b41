/*
 * agents/registry.h: which function an agent may call, and what it takes.
 */
#ifndef DBI_AGENTS_REGISTRY_H
#define DBI_AGENTS_REGISTRY_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* An input argument of a tool. */
typedef struct DbiToolArg
{
	char *name;
	Oid type;
	char *about;        /* its @param line, without name; NULL: none */
	char *allowed;      /* its @enum line: words separated by |; NULL: none */
	Node *default_expr; /* NULL: the argument is required */
} DbiToolArg;

/* A function as the registry sees it. */
typedef struct DbiTool
{
	Oid function;
	char *name;
	char *schema;
	char *description; /* the comment without its @ lines; never NULL */
	Oid result;
	int nargs;
	DbiToolArg *args;
} DbiTool;

/* Why a function cannot be a tool: message and hint, or NULL when it can. */
typedef struct DbiUnfit
{
	int sqlstate;
	char *message;
	char *hint;
} DbiUnfit;

DbiTool *dbi_tool(Oid function);
DbiUnfit *dbi_tool_unfit(Oid function);

/* Whether the current user may execute the function. */
bool dbi_tool_allowed(Oid function);

/* schema.c: JSON Schema of a tool's arguments, as JSON text. */
char *dbi_tool_schema(const DbiTool *tool);

/* What the schema calls a type: integer, number, string, boolean, array, object. */
const char *dbi_json_type(Oid type, const char **format);

#endif
