/*
 * llm/openai_take.c: answers in OpenAI's dialect, and in the ways that
 * Databricks and others speak it: whole, or chunk by chunk.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/memutils.h"

#include "base/json.h"
#include "llm/reading.h"

/* "12", or the text of all parts that are text: [{"type": "text", "text": "12"}] */
static const char *
content_text(JsonbContainer *message)
{
	JsonbContainer *parts = dbi_jsonb_array(message, "content");
	StringInfoData text;

	if (parts == NULL)
		return dbi_string(message, "content");
	initStringInfo(&text);
	for (int i = 0; i < JsonContainerSize(parts); i++)
	{
		JsonbContainer *part = dbi_jsonb_element(parts, i);
		const char *type = part ? dbi_string(part, "type") : "";

		if (strcmp(type, "text") == 0 || strcmp(type, "output_text") == 0)
			appendStringInfoString(&text, dbi_string(part, "text"));
	}
	return text.data;
}

/* ---- usage: repeated, in odd places, under several names; the last one counts */

static void
take_usage(DbiReading *r, JsonbContainer *parent)
{
	JsonbContainer *usage = dbi_jsonb_object(parent, "usage");
	JsonbContainer *details;
	DbiModelUsage u = {0};
	bool told;

	if (usage == NULL)
		return;
	told = dbi_count(usage, "prompt_tokens", &u.prompt);
	details = dbi_jsonb_object(usage, "prompt_tokens_details");
	if (!dbi_count(details, "cached_tokens", &u.cached) &&
		!dbi_count(usage, "cache_read_input_tokens", &u.cached))
		(void) dbi_count(usage, "prompt_cache_hit_tokens", &u.cached);
	(void) dbi_count(usage, "cache_creation_input_tokens", &u.cache_write);
	if (!told && dbi_count(usage, "input_tokens", &u.prompt)) /* which leaves the cache out */
	{
		told = true;
		u.prompt += u.cached + u.cache_write;
	}
	told = dbi_count(usage, "completion_tokens", &u.completion) ||
		   dbi_count(usage, "output_tokens", &u.completion) || told;
	u.cached = Min(u.cached, u.prompt);
	if (told)
	{
		r->usage = u;
		r->usage_told = true;
	}
}

/* ---- calls */

static bool
is_known(const char *key, int len, const char *const *known, int n)
{
	for (int i = 0; i < n; i++)
		if (strlen(known[i]) == len && strncmp(known[i], key, len) == 0)
			return true;
	return false;
}

/* Members that are not known, as "key": value, …; they come back to the server with the call. */
static char *
unknown_members(JsonbContainer *object, const char *const *known, int n)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbParseState *state = NULL;
	JsonbValue v;
	JsonbIteratorToken token;
	JsonbValue *result;
	bool keep = false;
	bool any = false;

	(void) JsonbIteratorNext(&it, &v, true);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_END_OBJECT && token != WJB_DONE)
	{
		if (token == WJB_KEY)
			keep = !is_known(v.val.string.val, v.val.string.len, known, n);
		any = any || keep;
		if (keep)
			(void) pushJsonbValue(&state, token, &v);
	}
	result = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return any ? JsonbToCString(NULL, &JsonbValueToJsonb(result)->root, 128) : NULL;
}

static void
keep_extra(DbiReading *r, DbiBlock *b, JsonbContainer *call)
{
	static const char *const known[] = {"index", "id", "type", "function"};
	char *extra = unknown_members(call, known, lengthof(known));

	if (extra)
		b->extra = dbi_keep(r, extra);
}

/* The last call of an index, or the last of all when no index is said. */
static DbiBlock *
call_at(DbiReading *r, bool indexed, int64 index)
{
	for (int i = list_length(r->blocks) - 1; i >= 0; i--)
	{
		DbiBlock *b = list_nth(r->blocks, i);

		if (!indexed || b->index == index)
			return b;
	}
	return NULL;
}

/*
 * Whether a piece begins another call: it bears another id (a name too where
 * there are indexes, for some make up an id with each piece), or no id but a
 * name when the arguments are whole already.
 */
static bool
is_another(const DbiBlock *b, bool indexed, const char *id, const char *name)
{
	if (*id != '\0' && b->id[0] != '\0')
		return strcmp(id, b->id) != 0 && (!indexed || *name != '\0');
	return *id == '\0' && *name != '\0' && b->text.len > 0 &&
		   (strcmp(b->name.data, name) != 0 || dbi_json_valid(b->text.data, b->text.len));
}

static const char *
arguments_text(JsonbContainer *function)
{
	JsonbContainer *object = dbi_jsonb_object(function, "arguments");

	return object ? JsonbToCString(NULL, object, 256) : dbi_string(function, "arguments");
}

static void
take_call(DbiReading *r, JsonbContainer *call, bool whole)
{
	JsonbContainer *function = dbi_jsonb_object(call, "function");
	const char *id = dbi_string(call, "id");
	const char *name = dbi_string(function, "name");
	int64 index = 0;
	bool indexed = dbi_count(call, "index", &index) && index < INT_MAX;
	DbiBlock *b = whole ? NULL : call_at(r, indexed, index);

	if (b == NULL || is_another(b, indexed, id, name))
		b = dbi_reading_block(r, "tool_use", indexed ? (int) index : list_length(r->blocks));
	if (b == NULL)
		return;
	if (*id != '\0' && b->id[0] == '\0')
		b->id = dbi_keep(r, id);
	/* Some repeat the name with each piece, few cut it. */
	if (*name != '\0' && b->text.len == 0 && strcmp(b->name.data, name) != 0)
		dbi_block_add(r, &b->name, name);
	dbi_block_add(r, &b->text, arguments_text(function));
	keep_extra(r, b, call);
}

static void
take_calls(DbiReading *r, JsonbContainer *message, bool whole)
{
	JsonbContainer *calls = dbi_jsonb_array(message, "tool_calls");
	JsonbContainer *old = dbi_jsonb_object(message, "function_call"); /* the deprecated form */

	for (int i = 0; calls && i < JsonContainerSize(calls); i++)
	{
		JsonbContainer *call = dbi_jsonb_element(calls, i);

		if (call && JsonContainerIsObject(call))
			take_call(r, call, whole);
	}
	if (old && calls == NULL)
	{
		DbiBlock *b = call_at(r, false, 0);

		if (b == NULL)
			b = dbi_reading_block(r, "tool_use", 0);
		if (b->name.len == 0)
			dbi_block_add(r, &b->name, dbi_string(old, "name"));
		dbi_block_add(r, &b->text, arguments_text(old));
	}
}

/* ---- a choice */

static void
take_message(DbiReading *r, JsonbContainer *message, bool whole)
{
	const char *refusal = dbi_string(message, "refusal");

	dbi_reading_say(r, content_text(message));
	if (*refusal != '\0')
	{
		dbi_reading_say(r, refusal);
		r->refused = true;
	}
	take_calls(r, message, whole);
	take_usage(r, message);
}

static void
take_finish(DbiReading *r, const char *reason)
{
	if (*reason == '\0')
		return;
	r->finished = true;
	if (strcmp(reason, "stop") == 0 || strcmp(reason, "eos") == 0 || strcmp(reason, "end_turn") == 0)
		r->finish = DBI_FINISH_STOP;
	else if (strcmp(reason, "length") == 0 || strcmp(reason, "max_tokens") == 0)
		r->finish = DBI_FINISH_LENGTH;
	else if (strcmp(reason, "tool_calls") == 0 || strcmp(reason, "function_call") == 0 ||
			 strcmp(reason, "tool_use") == 0)
		r->finish = DBI_FINISH_CALLS;
	else if (strcmp(reason, "content_filter") == 0 || strcmp(reason, "refusal") == 0)
		r->finish = DBI_FINISH_REFUSED;
	else
		r->finish = DBI_FINISH_OTHER;
}

static void
take_choice(DbiReading *r, JsonbContainer *choice)
{
	JsonbContainer *delta = dbi_jsonb_object(choice, "delta");
	JsonbContainer *message = dbi_jsonb_object(choice, "message");
	int64 index;

	if (dbi_count(choice, "index", &index) && index > 0)
		return; /* one answer was asked for */
	if (delta)
	{
		take_message(r, delta, false);
		r->partial = true;
	}
	else if (message && !r->partial)
		take_message(r, message, true);
	take_usage(r, choice);
	take_finish(r, dbi_string(choice, "finish_reason"));
}

static void
take_object(DbiReading *r, JsonbContainer *object)
{
	JsonbContainer *choices = dbi_jsonb_array(object, "choices");
	JsonbContainer *delta = dbi_jsonb_object(object, "delta"); /* an agent's endpoint */
	const char *id = dbi_string(object, "id");
	const char *model = dbi_string(object, "model");

	if (*id != '\0' && r->id == NULL)
		r->id = dbi_keep(r, id);
	if (*model != '\0' && r->model == NULL)
		r->model = dbi_keep(r, model);
	for (int i = 0; choices && i < JsonContainerSize(choices); i++)
	{
		JsonbContainer *choice = dbi_jsonb_element(choices, i);

		if (choice && JsonContainerIsObject(choice))
			take_choice(r, choice);
	}
	if (delta && (choices == NULL || JsonContainerSize(choices) == 0))
	{
		take_message(r, delta, false);
		r->partial = true;
	}
	take_finish(r, choices ? "" : dbi_string(object, "finish_reason"));
	take_usage(r, object);
	if (dbi_jsonb_object(object, "x_groq"))
		take_usage(r, dbi_jsonb_object(object, "x_groq"));
}

void
dbi_take_openai(DbiReading *r, const char *event, const char *data, size_t len)
{
	MemoryContext old = MemoryContextSwitchTo(r->scratch);
	const char *end = data + len;
	DbiToldError error;
	Jsonb *json;

	while (data < end && isspace((unsigned char) *data))
		data++;
	len = end - data;
	if (len >= 6 && strncmp(data, "[DONE]", 6) == 0)
		r->ended = true;
	else if ((json = dbi_reading_parse(data, len)) == NULL || !JB_ROOT_IS_OBJECT(json))
		r->garbled = true;
	else if (dbi_told_error(&json->root, &error))
		dbi_reading_fail(r, &error);
	else
		take_object(r, &json->root);
	MemoryContextSwitchTo(old);
	MemoryContextReset(r->scratch);
}
