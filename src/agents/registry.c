/*
 * registry.c: what a registered function takes, and whether it is fit to be a
 * tool: its arguments come from pg_proc, their meaning from the comment.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodes.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "agents/registry.h"
#include "base/base.h"

/*
 * The rest of a line "@word name rest" of a comment for this name, or NULL.
 */
static char *
comment_tag(const char *comment, const char *word, const char *name)
{
	char *start = psprintf("@%s %s", word, name);
	size_t len = strlen(start);
	const char *line;

	for (line = comment; line != NULL && *line != '\0';)
	{
		const char *end = strchr(line, '\n');
		size_t n = end ? end - line : strlen(line);

		while (n > 0 && (*line == ' ' || *line == '\t'))
			line++, n--;
		if (n > len && strncmp(line, start, len) == 0 && (line[len] == ' ' || line[len] == '\t'))
		{
			char *rest = pnstrdup(line + len + 1, n - len - 1);

			while (*rest == ' ' || *rest == '\t')
				rest++;
			return rest;
		}
		line = end ? end + 1 : NULL;
	}
	return NULL;
}

/* A comment without its @ lines. */
static char *
comment_text(const char *comment)
{
	StringInfoData out;
	const char *line;

	initStringInfo(&out);
	for (line = comment; line != NULL && *line != '\0';)
	{
		const char *end = strchr(line, '\n');
		size_t n = end ? end - line : strlen(line);

		if (strspn(line, " \t") < n && line[strspn(line, " \t")] != '@')
		{
			if (out.len > 0)
				appendStringInfoChar(&out, '\n');
			appendBinaryStringInfo(&out, line, n);
		}
		line = end ? end + 1 : NULL;
	}
	return out.data;
}

/* Default expressions of the last input arguments, in order; NIL: none. */
static List *
argument_defaults(HeapTuple tuple)
{
	bool isnull;
	Datum value = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proargdefaults, &isnull);

	return isnull ? NIL : castNode(List, stringToNode(TextDatumGetCString(value)));
}

static bool
is_input(const char *modes, int i)
{
	return modes == NULL || modes[i] == FUNC_PARAM_IN || modes[i] == FUNC_PARAM_INOUT ||
		   modes[i] == FUNC_PARAM_VARIADIC;
}

static void
read_arguments(DbiTool *tool, HeapTuple tuple, const char *comment)
{
	Oid *types;
	char **names;
	char *modes;
	int n = get_func_arg_info(tuple, &types, &names, &modes);
	List *defaults = argument_defaults(tuple);
	int first_default = ((Form_pg_proc) GETSTRUCT(tuple))->pronargs - list_length(defaults);

	tool->args = palloc0(sizeof(DbiToolArg) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		DbiToolArg *arg = &tool->args[tool->nargs];

		if (!is_input(modes, i))
			continue;
		arg->name = names && names[i] && names[i][0] ? names[i] : NULL;
		arg->type = types[i];
		if (arg->name)
		{
			arg->about = comment_tag(comment, "param", arg->name);
			arg->allowed = comment_tag(comment, "enum", arg->name);
		}
		if (tool->nargs >= first_default)
			arg->default_expr = list_nth(defaults, tool->nargs - first_default);
		tool->nargs++;
	}
}

DbiTool *
dbi_tool(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	DbiTool *tool = palloc0(sizeof(DbiTool));
	Form_pg_proc proc;
	char *comment;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_FUNCTION),
				errmsg("the function of the tool does not exist any more"));
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	comment = GetComment(function, ProcedureRelationId, 0);
	tool->function = function;
	tool->name = pstrdup(NameStr(proc->proname));
	tool->schema = get_namespace_name(proc->pronamespace);
	tool->result = proc->prorettype;
	tool->description = comment_text(comment);
	read_arguments(tool, tuple, comment);
	ReleaseSysCache(tuple);
	return tool;
}

bool
dbi_tool_allowed(Oid function)
{
	return dbi_function_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
}

static DbiUnfit *
unfit(int sqlstate, char *message, const char *hint)
{
	DbiUnfit *u = palloc(sizeof(DbiUnfit));

	u->sqlstate = sqlstate;
	u->message = message;
	u->hint = pstrdup(hint);
	return u;
}

static DbiUnfit *
unfit_arguments(Oid function, const char *what)
{
	DbiTool *tool = dbi_tool(function);

	for (int i = 0; i < tool->nargs; i++)
	{
		if (tool->args[i].name == NULL)
			return unfit(ERRCODE_INVALID_PARAMETER_VALUE,
						 psprintf("argument %d of function %s has no name", i + 1, what),
						 "Arguments of a tool are given by name: CREATE FUNCTION f(days int DEFAULT 7) ….");
		if (get_typtype(tool->args[i].type) == TYPTYPE_PSEUDO)
			return unfit(ERRCODE_INVALID_PARAMETER_VALUE,
						 psprintf("argument \"%s\" of function %s has the pseudo-type %s",
								  tool->args[i].name, what, format_type_be(tool->args[i].type)),
						 "A tool's arguments need concrete types, so that what is passed can be checked against them.");
	}
	return NULL;
}

/* What a function gives back must be rows or a value with known columns. */
static DbiUnfit *
unfit_result(Oid function, const char *what)
{
	Oid type;
	TupleDesc desc;
	TypeFuncClass class = get_func_result_type(function, &type, &desc);

	if (class == TYPEFUNC_SCALAR && get_typtype(type) != TYPTYPE_PSEUDO)
		return NULL;
	if (class == TYPEFUNC_COMPOSITE || class == TYPEFUNC_COMPOSITE_DOMAIN)
		return NULL;
	return unfit(ERRCODE_INVALID_PARAMETER_VALUE,
				 psprintf("function %s returns %s, not rows or values with known columns", what,
						  format_type_be(type)),
				 "Declare what it returns, for instance RETURNS TABLE (name text, cost numeric).");
}

/*
 * Asked when a function is registered, and again before each call: it may have
 * been replaced since.
 */
DbiUnfit *
dbi_tool_unfit(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc proc;
	DbiUnfit *why = NULL;
	char *what;

	if (!HeapTupleIsValid(tuple))
		return unfit(ERRCODE_UNDEFINED_FUNCTION,
					 psprintf("function with OID %u does not exist", function),
					 "Look it up with \\df.");
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	what = format_procedure_qualified(function);
	if (proc->prokind != PROKIND_FUNCTION)
		why =
			unfit(ERRCODE_WRONG_OBJECT_TYPE, psprintf("%s is not a plain function", what),
				  "A tool is a function that returns rows or a value: no procedure, aggregate or window function.");
	else if (proc->provolatile == PROVOLATILE_VOLATILE)
		why = unfit(ERRCODE_INVALID_PARAMETER_VALUE, psprintf("function %s is VOLATILE", what),
					"A tool only reads. When it does, declare it so: ALTER FUNCTION … STABLE.");
	else if (proc->prosecdef)
		why =
			unfit(ERRCODE_INVALID_PARAMETER_VALUE, psprintf("function %s is SECURITY DEFINER", what),
				  "A tool runs with the rights of the one who asks: ALTER FUNCTION … SECURITY INVOKER.");
	else if (OidIsValid(proc->provariadic))
		why = unfit(ERRCODE_INVALID_PARAMETER_VALUE, psprintf("function %s is VARIADIC", what),
					"Take an array argument instead.");
	else if ((why = unfit_arguments(function, what)) == NULL)
		why = unfit_result(function, what);
	ReleaseSysCache(tuple);
	return why;
}

PG_FUNCTION_INFO_V1(dbi_check_tool);
Datum
dbi_check_tool(PG_FUNCTION_ARGS)
{
	DbiUnfit *why = dbi_tool_unfit(PG_GETARG_OID(0));

	if (why)
		ereport(ERROR, errcode(why->sqlstate), errmsg_internal("%s", why->message),
				errhint("%s", why->hint));
	PG_RETURN_TEXT_P(cstring_to_text(format_procedure_qualified(PG_GETARG_OID(0))));
}

PG_FUNCTION_INFO_V1(dbi_tool_description);
Datum
dbi_tool_description(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(dbi_tool(PG_GETARG_OID(0))->description));
}

PG_FUNCTION_INFO_V1(dbi_signature);
Datum
dbi_signature(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(format_procedure_qualified(PG_GETARG_OID(0))));
}
