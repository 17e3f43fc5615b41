/*
 * llm/openai_ask.c: requests in OpenAI's dialect, as few members as will do:
 * servers that speak it refuse what they do not know.
 */
#include "postgres.h"

#include "base/json.h"
#include "llm/ask.h"

/* The extra members of a call come after the known ones. */
static void
append_call(StringInfo out, const DbiModelCall *call)
{
	StringInfoData arguments;

	initStringInfo(&arguments);
	appendStringInfoString(&arguments, call->arguments && dbi_is_object(call->arguments)
										   ? call->arguments
										   : "{}");
	appendStringInfoString(out, "{\"id\":");
	dbi_json_append(out, call->id);
	appendStringInfoString(out, ",\"type\":\"function\",\"function\":{\"name\":");
	dbi_append_name(out, call->name);
	appendStringInfoString(out, ",\"arguments\":");
	dbi_json_append(out, arguments.data);
	appendStringInfoChar(out, '}');
	if (call->extra && dbi_is_object(call->extra) && strcmp(call->extra, "{}") != 0)
	{
		appendStringInfoChar(out, ',');
		dbi_append_json(out, strchr(call->extra, '{') + 1); /* up to and with its brace */
	}
	else
		appendStringInfoChar(out, '}');
}

/* Claude models refuse an empty content beside calls: it is left out then. */
static void
append_model_message(StringInfo out, const DbiModelMessage *m)
{
	bool any = m->text && m->text[0];
	ListCell *lc;

	appendStringInfoString(out, "{\"role\":\"assistant\"");
	if (any || m->calls == NIL)
	{
		appendStringInfoString(out, ",\"content\":");
		dbi_json_append(out, any ? m->text : " ");
	}
	if (m->calls != NIL)
		appendStringInfoString(out, ",\"tool_calls\":");
	foreach(lc, m->calls)
	{
		appendStringInfoChar(out, foreach_current_index(lc) == 0 ? '[' : ',');
		append_call(out, lfirst(lc));
	}
	appendStringInfoString(out, m->calls != NIL ? "]}" : "}");
}

static void
append_text_message(StringInfo out, const char *role, const char *text)
{
	appendStringInfo(out, "{\"role\":\"%s\",\"content\":", role);
	dbi_json_append(out, text);
	appendStringInfoChar(out, '}');
}

static void
append_tool_message(StringInfo out, const DbiModelMessage *m)
{
	appendStringInfoString(out, "{\"role\":\"tool\",\"tool_call_id\":");
	dbi_json_append(out, m->call_id);
	appendStringInfoString(out, ",\"content\":");
	dbi_json_append(out, m->text && m->text[0] ? m->text : " ");
	appendStringInfoChar(out, '}');
}

/* Texts of one speaker that follow each other, as one: some models want turns to alternate. */
static const char *
joined(const List *messages, int *i)
{
	DbiSpeaker speaker = ((DbiModelMessage *) list_nth(messages, *i))->speaker;
	StringInfoData text;

	initStringInfo(&text);
	for (; *i < list_length(messages); (*i)++)
	{
		const DbiModelMessage *m = list_nth(messages, *i);

		if (m->speaker == DBI_SAYS_SYSTEM)
			continue;
		if (m->speaker != speaker)
			break;
		if (m->text && m->text[0])
			appendStringInfo(&text, "%s%s", text.len > 0 ? "\n\n" : "", m->text);
	}
	(*i)--;
	return text.len > 0 ? text.data : " ";
}

static void
append_messages(StringInfo out, const List *messages)
{
	char *system = dbi_system_text(messages);

	appendStringInfoChar(out, '[');
	if (*system != '\0')
		append_text_message(out, "system", system);
	for (int i = 0; i < list_length(messages); i++)
	{
		const DbiModelMessage *m = list_nth(messages, i);

		if (m->speaker == DBI_SAYS_SYSTEM)
			continue;
		if (out->len > 1)
			appendStringInfoChar(out, ',');
		if (m->speaker == DBI_SAYS_USER)
			append_text_message(out, "user", joined(messages, &i));
		else if (m->speaker == DBI_SAYS_MODEL)
			append_model_message(out, m);
		else
			append_tool_message(out, m);
	}
	appendStringInfoChar(out, ']');
}

static void
append_tool(StringInfo out, const DbiModelTool *tool)
{
	appendStringInfoString(out, "{\"type\":\"function\",\"function\":{\"name\":");
	dbi_append_name(out, tool->name);
	appendStringInfoString(out, ",\"description\":");
	dbi_json_append(out, tool->description ? tool->description : "");
	appendStringInfoString(out, ",\"parameters\":");
	dbi_append_json(out, tool->schema);
	appendStringInfoString(out, "}}");
}

void
dbi_openai_parts(DbiAsk *ask, const DbiModelRequest *q)
{
	StringInfoData out;
	ListCell *lc;

	initStringInfo(&out);
	append_messages(&out, q->messages);
	ask->messages = out.data;
	if (q->tools == NIL)
		return;
	initStringInfo(&out);
	foreach(lc, q->tools)
	{
		appendStringInfoChar(&out, foreach_current_index(lc) == 0 ? '[' : ',');
		append_tool(&out, lfirst(lc));
	}
	appendStringInfoChar(&out, ']');
	ask->tools = out.data;
}

/* The usage of a stream is told only when it is asked for; Databricks tells it unasked. */
static bool
asks_for_usage(const DbiAsk *ask)
{
	return ask->provider == DBI_PROVIDER_OPENAI && !(ask->lacks & DBI_LACKS_STREAM_OPTIONS);
}

static void
append_tools(StringInfo out, const DbiAsk *ask)
{
	bool none = ask->tool_choice && strcmp(ask->tool_choice, "none") == 0;

	if (ask->tools == NULL || (none && (ask->lacks & DBI_LACKS_TOOL_CHOICE)))
		return;
	if (ask->tool_choice && !(ask->lacks & DBI_LACKS_TOOL_CHOICE))
		appendStringInfo(out, ",\"tool_choice\":\"%s\"", ask->tool_choice);
	appendStringInfo(out, ",\"tools\":%s", ask->tools);
}

void
dbi_openai_body(StringInfo out, const DbiAsk *ask)
{
	appendStringInfoString(out, "{\"model\":");
	dbi_json_append(out, ask->name);
	if (!(ask->lacks & DBI_LACKS_STREAM))
	{
		appendStringInfoString(out, ",\"stream\":true");
		if (asks_for_usage(ask))
			appendStringInfoString(out, ",\"stream_options\":{\"include_usage\":true}");
	}
	appendStringInfo(out, ",\"%s\":%d",
					 ask->lacks & DBI_LACKS_MAX_TOKENS ? "max_completion_tokens" : "max_tokens",
					 ask->max_tokens);
	if (ask->temperature >= 0 && !(ask->lacks & DBI_LACKS_TEMPERATURE))
		appendStringInfo(out, ",\"temperature\":%g", ask->temperature);
	if (ask->schema && !(ask->lacks & DBI_LACKS_SCHEMA))
		appendStringInfo(out,
						 ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
						 "{\"name\":\"%s\",\"strict\":true,\"schema\":%s}}",
						 ask->schema_name, ask->schema);
	appendStringInfo(out, ",\"messages\":%s", ask->messages);
	append_tools(out, ask);
	appendStringInfoChar(out, '}');
}
