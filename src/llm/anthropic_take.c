/*
 * llm/anthropic_take.c: answers in Anthropic's dialect, whole or event by event.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/json.h"
#include "utils/memutils.h"

#include "base/json.h"
#include "llm/reading.h"

/* Cumulative: each figure is the latest that was told. */
static void
take_usage(DbiReading *r, JsonbContainer *parent)
{
	JsonbContainer *usage = parent ? dbi_jsonb_object(parent, "usage") : NULL;
	int64 fresh = r->usage.prompt - r->usage.cached - r->usage.cache_write;

	if (usage == NULL)
		return;
	if (dbi_count(usage, "input_tokens", &fresh))
		r->usage_told = true;
	(void) dbi_count(usage, "cache_read_input_tokens", &r->usage.cached);
	(void) dbi_count(usage, "cache_creation_input_tokens", &r->usage.cache_write);
	(void) dbi_count(usage, "output_tokens", &r->usage.completion);
	r->usage.prompt = fresh + r->usage.cached + r->usage.cache_write;
}

static void
take_stop(DbiReading *r, JsonbContainer *object)
{
	const char *reason = object ? dbi_string(object, "stop_reason") : "";
	static const DbiToldError too_long = {"the conversation does not fit the model's context window",
										  "context_length_exceeded", "", ""};

	if (*reason == '\0')
		return;
	r->finished = true;
	if (strcmp(reason, "end_turn") == 0 || strcmp(reason, "stop_sequence") == 0)
		r->finish = DBI_FINISH_STOP;
	else if (strcmp(reason, "max_tokens") == 0)
		r->finish = DBI_FINISH_LENGTH;
	else if (strcmp(reason, "tool_use") == 0)
		r->finish = DBI_FINISH_CALLS;
	else if (strcmp(reason, "refusal") == 0)
		r->finish = DBI_FINISH_REFUSED;
	else if (strcmp(reason, "model_context_window_exceeded") == 0)
		dbi_reading_fail(r, &too_long);
	else
		r->finish = DBI_FINISH_OTHER;
}

/* ---- blocks */

static DbiBlock *
block_at(DbiReading *r, JsonbContainer *event)
{
	int64 index = 0;

	if (!dbi_count(event, "index", &index))
		return r->blocks ? llast(r->blocks) : NULL;
	for (int i = list_length(r->blocks) - 1; i >= 0; i--)
	{
		DbiBlock *b = list_nth(r->blocks, i);

		if (b->index == index)
			return b;
	}
	return NULL;
}

/* The tool that stands for JSON output is no call: its input is the answer. */
static bool
is_form(const DbiReading *r, const DbiBlock *b)
{
	return r->form && strcmp(b->type, "form") == 0;
}

static void
add_text(DbiReading *r, DbiBlock *b, const char *text)
{
	dbi_block_add(r, &b->text, text);
	if (strcmp(b->type, "text") == 0 || is_form(r, b))
		dbi_reading_say(r, text);
}

/* An input that came whole; the empty one of a stream's beginning says nothing. */
static void
take_input(DbiReading *r, DbiBlock *b, JsonbContainer *block)
{
	JsonbContainer *input = dbi_jsonb_object(block, "input");

	if (input && JsonContainerSize(input) > 0)
		add_text(r, b, JsonbToCString(NULL, input, 256));
}

static void
start_block(DbiReading *r, JsonbContainer *block, int index)
{
	const char *type = dbi_string(block, "type");
	const char *name = dbi_string(block, "name");
	bool form = r->form && strcmp(type, "tool_use") == 0 && strcmp(name, r->form) == 0;
	DbiBlock *b = dbi_reading_block(r, form ? "form" : type, index);

	if (b == NULL)
		return;
	if (form)
		resetStringInfo(&r->text); /* what was said before it is no part of the JSON */
	b->id = dbi_keep(r, dbi_string(block, "id"));
	dbi_block_add(r, &b->name, name);
	if (strcmp(type, "tool_use") == 0)
		take_input(r, b, block);
	else if (strcmp(type, "text") == 0)
		add_text(r, b, dbi_string(block, "text"));
	else
	{
		r->other_blocks = true;
		b->extra = dbi_keep(r, JsonbToCString(NULL, block, 256));
		dbi_block_add(r, &b->text, dbi_string(block, "thinking"));
		b->signature = dbi_keep(r, dbi_string(block, "signature"));
	}
}

static void
take_delta(DbiReading *r, DbiBlock *b, JsonbContainer *delta)
{
	const char *type = dbi_string(delta, "type");

	if (strcmp(type, "text_delta") == 0)
		add_text(r, b, dbi_string(delta, "text"));
	else if (strcmp(type, "input_json_delta") == 0)
		add_text(r, b, dbi_string(delta, "partial_json"));
	else if (strcmp(type, "thinking_delta") == 0)
		add_text(r, b, dbi_string(delta, "thinking"));
	else if (strcmp(type, "signature_delta") == 0)
		b->signature = dbi_keep(r, dbi_string(delta, "signature"));
}

/* ---- events */

static void
take_head(DbiReading *r, JsonbContainer *message)
{
	if (r->id == NULL)
		r->id = dbi_keep(r, dbi_string(message, "id"));
	if (r->model == NULL && *dbi_string(message, "model") != '\0')
		r->model = dbi_keep(r, dbi_string(message, "model"));
	take_usage(r, message);
}

static void
take_whole(DbiReading *r, JsonbContainer *message)
{
	JsonbContainer *content = dbi_jsonb_array(message, "content");

	take_head(r, message);
	for (int i = 0; content && i < JsonContainerSize(content); i++)
	{
		JsonbContainer *block = dbi_jsonb_element(content, i);

		if (block && JsonContainerIsObject(block))
			start_block(r, block, i);
	}
	take_stop(r, message);
	r->ended = true;
}

static void
take_event(DbiReading *r, const char *type, JsonbContainer *event)
{
	JsonbContainer *message = dbi_jsonb_object(event, "message");
	JsonbContainer *block = dbi_jsonb_object(event, "content_block");
	JsonbContainer *delta = dbi_jsonb_object(event, "delta");
	int64 index = list_length(r->blocks);

	if (strcmp(type, "message") == 0)
		take_whole(r, event);
	else if (strcmp(type, "message_start") == 0 && message)
		take_head(r, message);
	else if (strcmp(type, "content_block_start") == 0 && block)
	{
		(void) dbi_count(event, "index", &index);
		start_block(r, block, (int) Min(index, INT_MAX));
	}
	else if (strcmp(type, "content_block_delta") == 0 && delta)
	{
		DbiBlock *b = block_at(r, event);

		if (b)
			take_delta(r, b, delta);
	}
	else if (strcmp(type, "message_delta") == 0)
	{
		take_usage(r, event);
		take_stop(r, delta);
	}
	else if (strcmp(type, "message_stop") == 0)
		r->ended = true;
}

void
dbi_take_anthropic(DbiReading *r, const char *event, const char *data, size_t len)
{
	MemoryContext old = MemoryContextSwitchTo(r->scratch);
	Jsonb *json = dbi_reading_parse(data, len);
	DbiToldError error;

	if (json == NULL || !JB_ROOT_IS_OBJECT(json))
		r->garbled = true;
	else if (dbi_told_error(&json->root, &error))
		dbi_reading_fail(r, &error);
	else
	{
		const char *type = dbi_string(&json->root, "type");

		take_event(r, *type ? type : event, &json->root);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(r->scratch);
}

/* ---- replay */

static void
append_member(StringInfo out, const char *name, const char *text)
{
	appendStringInfo(out, ",\"%s\":", name);
	escape_json(out, text);
}

static void
append_block(StringInfo out, const DbiBlock *b)
{
	if (strcmp(b->type, "text") == 0)
	{
		appendStringInfoString(out, "{\"type\":\"text\"");
		append_member(out, "text", b->text.data);
	}
	else if (strcmp(b->type, "tool_use") == 0)
	{
		bool object =
			b->text.len > 0 && b->text.data[0] == '{' && dbi_json_valid(b->text.data, b->text.len);

		appendStringInfoString(out, "{\"type\":\"tool_use\"");
		append_member(out, "id", b->id);
		append_member(out, "name", b->name.data);
		appendStringInfo(out, ",\"input\":%s", object ? b->text.data : "{}");
	}
	else if (strcmp(b->type, "thinking") == 0)
	{
		appendStringInfoString(out, "{\"type\":\"thinking\"");
		append_member(out, "thinking", b->text.data);
		append_member(out, "signature", b->signature);
	}
	else
	{
		appendStringInfoString(out, b->extra ? b->extra : "{\"type\":\"text\",\"text\":\" \"}");
		return;
	}
	appendStringInfoChar(out, '}');
}

/* Only where there is more than text and calls, which every dialect can say. */
char *
dbi_anthropic_raw(DbiReading *r)
{
	StringInfoData out;
	ListCell *lc;

	if (!r->other_blocks)
		return NULL;
	initStringInfo(&out);
	foreach(lc, r->blocks)
	{
		const DbiBlock *b = lfirst(lc);

		if (strcmp(b->type, "text") == 0 && b->text.len == 0)
			continue; /* an empty text block is refused */
		appendStringInfoChar(&out, out.len == 0 ? '[' : ',');
		append_block(&out, b);
	}
	appendStringInfoChar(&out, ']');
	return out.data;
}
