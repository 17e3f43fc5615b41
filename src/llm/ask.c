/*
 * llm/ask.c: what the dialects share in saying a request.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/json.h"
#include "llm/ask.h"

/* As the dialects limit names of tools, functions and schemas. */
#define MAX_NAME 64

pg_noreturn static void
refuse(const char *why)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("not a request to a language model: %s", why)));
}

bool
dbi_is_object(const char *json)
{
	json += strspn(json, " \t\r\n");
	return *json == '{' && dbi_json_valid(json, strlen(json));
}

void
dbi_append_json(StringInfo out, const char *json)
{
	char *utf8 = pg_server_to_any(json, (int) strlen(json), PG_UTF8);

	appendStringInfoString(out, utf8);
	if (utf8 != json)
		pfree(utf8);
}

/* What a model wrote badly must not make its whole conversation unreadable; its error is told in the tool's answer. */
void
dbi_append_arguments(StringInfo out, const DbiModelCall *call)
{
	dbi_append_json(out, call->arguments && dbi_is_object(call->arguments) ? call->arguments : "{}");
}

/* Names that a model made up may hold anything; servers refuse what no tool could be called. */
void
dbi_append_name(StringInfo out, const char *name)
{
	int n = 0;

	appendStringInfoChar(out, '"');
	for (; *name != '\0' && n < MAX_NAME; name++, n++)
		appendStringInfoChar(out, isalnum((unsigned char) *name) && !IS_HIGHBIT_SET(*name) ? *name
								  : *name == '-'                                           ? '-'
																						   : '_');
	appendStringInfoString(out, n == 0 ? "unknown\"" : "\"");
}

/* All that the system says, in one: some models take it only once, and first. */
char *
dbi_system_text(const List *messages)
{
	StringInfoData text;
	ListCell *lc;

	initStringInfo(&text);
	foreach(lc, messages)
	{
		const DbiModelMessage *m = lfirst(lc);

		if (m->speaker == DBI_SAYS_SYSTEM && m->text && m->text[0])
			appendStringInfo(&text, "%s%s", text.len > 0 ? "\n\n" : "", m->text);
	}
	return text.data;
}

static void
check_schema(const char *what, const char *schema)
{
	if (schema == NULL || !dbi_is_object(schema))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the schema of %s is no JSON object", what)));
}

static void
check_messages(const List *messages)
{
	bool user = false;
	ListCell *lc;

	foreach(lc, messages)
	{
		const DbiModelMessage *m = lfirst(lc);

		user = user || m->speaker == DBI_SAYS_USER;
		if (m->speaker == DBI_SAYS_TOOL && m->call_id == NULL)
			refuse("an answer of a tool names no call");
	}
	if (!user)
		refuse("nothing of a user in it");
}

static void
check_request(const DbiModelRequest *q)
{
	static const char *const choices[] = {"auto", "none", "required"};
	bool known = q->tool_choice == NULL;
	ListCell *lc;

	foreach(lc, q->tools)
		check_schema(((DbiModelTool *) lfirst(lc))->name, ((DbiModelTool *) lfirst(lc))->schema);
	if (q->schema)
		check_schema(q->schema_name ? q->schema_name : "the answer", q->schema);
	for (int i = 0; !known && i < lengthof(choices); i++)
		known = strcmp(q->tool_choice, choices[i]) == 0;
	if (!known)
		refuse("tool_choice is auto, none or required");
}

static char *
schema_name(const char *name)
{
	StringInfoData out;

	initStringInfo(&out);
	dbi_append_name(&out, name ? name : "answer");
	out.data[out.len - 1] = '\0';
	return out.data + 1;
}

static bool
is_named(const List *tools, const char *name)
{
	ListCell *lc;

	foreach(lc, tools)
		if (strcmp(((DbiModelTool *) lfirst(lc))->name, name) == 0)
			return true;
	return false;
}

/* Claude refuses a conversation with calls of tools that are not declared, even when none may follow. */
static List *
tools_called(const List *messages)
{
	List *tools = NIL;
	ListCell *lc;
	ListCell *lc2;

	foreach(lc, messages)
	{
		foreach(lc2, ((DbiModelMessage *) lfirst(lc))->calls)
		{
			const DbiModelCall *call = lfirst(lc2);
			DbiModelTool *tool;

			if (is_named(tools, call->name))
				continue;
			tool = palloc0(sizeof(DbiModelTool));
			tool->name = call->name;
			tool->schema = "{\"type\":\"object\"}";
			tools = lappend(tools, tool);
		}
	}
	return tools;
}

DbiAsk *
dbi_ask_create(const DbiModel *model, const DbiModelRequest *request)
{
	check_request(request);
	check_messages(request->messages);
	return dbi_ask_unchecked(model, request);
}

DbiAsk *
dbi_ask_unchecked(const DbiModel *model, const DbiModelRequest *request)
{
	DbiModelRequest copy = *request;
	DbiModelRequest *q = &copy;
	DbiAsk *ask = palloc0(sizeof(DbiAsk));

	if (q->tools == NIL && model->provider != DBI_PROVIDER_OPENAI)
	{
		q->tools = tools_called(q->messages);
		q->tool_choice = "none";
	}
	ask->provider = model->provider;
	ask->max_tokens = q->max_tokens > 0 ? q->max_tokens : model->max_tokens;
	ask->temperature = q->temperature >= 0 ? q->temperature : model->temperature;
	ask->tool_choice = q->tools && q->tool_choice ? pstrdup(q->tool_choice) : NULL;
	if (q->schema)
	{
		ask->schema_name = schema_name(q->schema_name);
		ask->schema = pg_server_to_any(pstrdup(q->schema), (int) strlen(q->schema), PG_UTF8);
	}
	if (ask->provider == DBI_PROVIDER_ANTHROPIC)
		dbi_anthropic_parts(ask, q);
	else
		dbi_openai_parts(ask, q);
	return ask;
}

char *
dbi_ask_body(const DbiAsk *ask)
{
	StringInfoData out;

	initStringInfo(&out);
	if (ask->provider == DBI_PROVIDER_ANTHROPIC)
		dbi_anthropic_body(&out, ask);
	else
		dbi_openai_body(&out, ask);
	return out.data;
}
