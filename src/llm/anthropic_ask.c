/*
 * llm/anthropic_ask.c: requests in Anthropic's dialect: turns alternate, each
 * a list of blocks; results of tools stand first in a user's turn.
 */
#include "postgres.h"

#include "base/json.h"
#include "llm/ask.h"

typedef struct
{
	StringInfo out;
	bool model; /* whose turn is open */
	bool open;
	bool any; /* a turn was begun */
} Turns;

static void
end_turn(Turns *t)
{
	if (t->open)
		appendStringInfoString(t->out, "]}");
	t->open = false;
}

/* Before a block of a speaker's: in the turn that is open, or in a new one. */
static void
open_block(Turns *t, bool model)
{
	if (t->open && t->model == model)
	{
		appendStringInfoChar(t->out, ',');
		return;
	}
	end_turn(t);
	appendStringInfo(t->out, "%s{\"role\":\"%s\",\"content\":[", t->any ? "," : "",
					 model ? "assistant" : "user");
	t->model = model;
	t->open = t->any = true;
}

static void
append_text(Turns *t, bool model, const char *text)
{
	if (text == NULL || text[strspn(text, " \t\r\n")] == '\0')
		return; /* an empty block is refused */
	open_block(t, model);
	appendStringInfoString(t->out, "{\"type\":\"text\",\"text\":");
	dbi_json_append(t->out, text);
	appendStringInfoChar(t->out, '}');
}

static void
append_calls(Turns *t, const List *calls)
{
	ListCell *lc;

	foreach(lc, calls)
	{
		const DbiModelCall *call = lfirst(lc);

		open_block(t, true);
		appendStringInfoString(t->out, "{\"type\":\"tool_use\",\"id\":");
		dbi_json_append(t->out, call->id);
		appendStringInfoString(t->out, ",\"name\":");
		dbi_append_name(t->out, call->name);
		appendStringInfoString(t->out, ",\"input\":");
		dbi_append_arguments(t->out, call);
		appendStringInfoChar(t->out, '}');
	}
}

/* A model's blocks as it gave them: the elements of an array. */
static void
append_raw(Turns *t, const char *raw)
{
	char *elements = pstrdup(raw + 1);

	elements[strlen(elements) - 1] = '\0';
	if (*elements == '\0')
		return;
	open_block(t, true);
	dbi_append_json(t->out, elements);
}

static void
append_result(Turns *t, const DbiModelMessage *m)
{
	open_block(t, false);
	appendStringInfoString(t->out, "{\"type\":\"tool_result\",\"tool_use_id\":");
	dbi_json_append(t->out, m->call_id);
	appendStringInfoString(t->out, ",\"content\":");
	dbi_json_append(t->out, m->text ? m->text : "");
	appendStringInfo(t->out, ",\"is_error\":%s}", m->failed ? "true" : "false");
}

static bool
is_array(const char *raw)
{
	return raw && raw[0] == '[' && raw[strlen(raw) - 1] == ']' && dbi_json_valid(raw, strlen(raw));
}

static void
append_message(Turns *t, const DbiModelMessage *m)
{
	switch (m->speaker)
	{
		case DBI_SAYS_SYSTEM:
			break; /* stands apart */
		case DBI_SAYS_USER:
			append_text(t, false, m->text);
			break;
		case DBI_SAYS_MODEL:
			if (is_array(m->raw))
				append_raw(t, m->raw);
			else
			{
				append_text(t, true, m->text);
				append_calls(t, m->calls);
			}
			break;
		case DBI_SAYS_TOOL:
			append_result(t, m);
			break;
	}
}

/* What stays the same from round to round is kept by the server for a while, if it is long enough. */
static const char *
system_blocks(const List *messages)
{
	char *text = dbi_system_text(messages);
	StringInfoData out;

	if (*text == '\0')
		return NULL;
	initStringInfo(&out);
	appendStringInfoString(&out, "[{\"type\":\"text\",\"text\":");
	dbi_json_append(&out, text);
	appendStringInfoString(&out, ",\"cache_control\":{\"type\":\"ephemeral\"}}]");
	return out.data;
}

static void
append_tool(StringInfo out, const char *name, const char *description, const char *schema)
{
	appendStringInfoString(out, "{\"name\":");
	dbi_append_name(out, name);
	appendStringInfoString(out, ",\"description\":");
	dbi_json_append(out, description ? description : "");
	appendStringInfoString(out, ",\"input_schema\":");
	dbi_append_json(out, schema);
	appendStringInfoChar(out, '}');
}

void
dbi_anthropic_parts(DbiAsk *ask, const DbiModelRequest *q)
{
	StringInfoData out;
	Turns t = {.out = &out};
	ListCell *lc;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	foreach(lc, q->messages)
	{
		const DbiModelMessage *m = lfirst(lc);

		if (!t.any && m->speaker == DBI_SAYS_MODEL)
			append_text(&t, false, "(earlier)"); /* the first turn is the user's */
		append_message(&t, m);
	}
	end_turn(&t);
	appendStringInfoChar(&out, ']');
	ask->messages = out.data;
	ask->system = system_blocks(q->messages);
	initStringInfo(&out);
	foreach(lc, q->tools)
	{
		const DbiModelTool *tool = lfirst(lc);

		if (out.len > 0)
			appendStringInfoChar(&out, ',');
		append_tool(&out, tool->name, tool->description, tool->schema);
	}
	ask->tools = out.len > 0 ? out.data : NULL;
}

/* JSON output is a tool whose input the model must write. */
static void
append_tools(StringInfo out, const DbiAsk *ask)
{
	const char *choice = ask->tool_choice;

	if (ask->tools == NULL && ask->schema == NULL)
		return;
	appendStringInfo(out, ",\"tools\":[%s", ask->tools ? ask->tools : "");
	if (ask->schema)
		appendStringInfo(out,
						 "%s{\"name\":\"%s\",\"description\":\"Gives the answer.\",\"input_schema\":%s}",
						 ask->tools ? "," : "", ask->schema_name, ask->schema);
	appendStringInfoChar(out, ']');
	if (ask->schema && (ask->tools == NULL || (choice && strcmp(choice, "none") == 0)))
		appendStringInfo(out, ",\"tool_choice\":{\"type\":\"tool\",\"name\":\"%s\"}",
						 ask->schema_name);
	else if (ask->schema)
		appendStringInfoString(out, ",\"tool_choice\":{\"type\":\"any\"}");
	else if (choice)
		appendStringInfo(out, ",\"tool_choice\":{\"type\":\"%s\"}",
						 strcmp(choice, "required") == 0 ? "any" : choice);
}

void
dbi_anthropic_body(StringInfo out, const DbiAsk *ask)
{
	appendStringInfoString(out, "{\"model\":");
	dbi_json_append(out, ask->name);
	appendStringInfo(out, ",\"max_tokens\":%d", ask->max_tokens);
	if (!(ask->lacks & DBI_LACKS_STREAM))
		appendStringInfoString(out, ",\"stream\":true");
	if (ask->temperature >= 0 && !(ask->lacks & DBI_LACKS_TEMPERATURE))
		appendStringInfo(out, ",\"temperature\":%g", Min(ask->temperature, 1.0));
	if (ask->system)
		appendStringInfo(out, ",\"system\":%s", ask->system);
	append_tools(out, ask);
	appendStringInfo(out, ",\"messages\":%s}", ask->messages);
}
