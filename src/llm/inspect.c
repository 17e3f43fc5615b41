/*
 * llm/inspect.c: the door of this room for SQL: one request to a server, and
 * the reading of bytes that a server might send, for tests and for who sets a
 * server up.
 */
#include "postgres.h"

#include <limits.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "base/json.h"
#include "llm/answer.h"

/* ---- a request out of jsonb */

static const char *
text_or_null(JsonbContainer *object, const char *key)
{
	return dbi_jsonb_text(object, key);
}

static const char *
json_or_null(JsonbContainer *object, const char *key)
{
	JsonbContainer *value = dbi_jsonb_object(object, key);

	return value ? JsonbToCString(NULL, value, 256) : NULL;
}

static JsonbContainer *
element(JsonbContainer *array, int i)
{
	JsonbContainer *e = dbi_jsonb_element(array, i);

	if (e == NULL || !JsonContainerIsObject(e))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("messages, tools and calls are lists of objects")));
	return e;
}

static DbiSpeaker
speaker_named(const char *role)
{
	static const char *const roles[] = {"system", "user", "assistant", "tool"};

	for (int i = 0; role && i < lengthof(roles); i++)
		if (strcmp(roles[i], role) == 0)
			return (DbiSpeaker) i;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("a role is system, user, assistant or tool")));
}

static List *
read_calls(JsonbContainer *array)
{
	List *calls = NIL;

	for (int i = 0; array && i < JsonContainerSize(array); i++)
	{
		JsonbContainer *o = element(array, i);
		DbiModelCall *call = palloc0(sizeof(DbiModelCall));

		call->id = text_or_null(o, "id");
		call->name = text_or_null(o, "name");
		call->arguments = text_or_null(o, "arguments");
		call->extra = json_or_null(o, "extra");
		if (call->id == NULL || call->name == NULL)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("a call has an id and a name")));
		calls = lappend(calls, call);
	}
	return calls;
}

static List *
read_messages(JsonbContainer *array)
{
	List *messages = NIL;

	for (int i = 0; array && i < JsonContainerSize(array); i++)
	{
		JsonbContainer *o = element(array, i);
		DbiModelMessage *m = palloc0(sizeof(DbiModelMessage));

		m->speaker = speaker_named(dbi_jsonb_text(o, "role"));
		m->text = text_or_null(o, "content");
		m->calls = read_calls(dbi_jsonb_array(o, "calls"));
		m->call_id = text_or_null(o, "call_id");
		m->failed = dbi_jsonb_true(o, "failed");
		m->raw = text_or_null(o, "raw");
		messages = lappend(messages, m);
	}
	return messages;
}

static List *
read_tools(JsonbContainer *array)
{
	List *tools = NIL;

	for (int i = 0; array && i < JsonContainerSize(array); i++)
	{
		JsonbContainer *o = element(array, i);
		DbiModelTool *tool = palloc0(sizeof(DbiModelTool));

		tool->name = text_or_null(o, "name");
		tool->description = text_or_null(o, "description");
		tool->schema = json_or_null(o, "schema");
		if (tool->name == NULL)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a tool has a name")));
		tools = lappend(tools, tool);
	}
	return tools;
}

static void
read_request(JsonbContainer *o, DbiModelRequest *q)
{
	const char *temperature = text_or_null(o, "temperature");
	int64 number;

	q->messages = read_messages(dbi_jsonb_array(o, "messages"));
	q->tools = read_tools(dbi_jsonb_array(o, "tools"));
	q->tool_choice = text_or_null(o, "tool_choice");
	q->max_tokens = dbi_jsonb_int(o, "max_tokens", &number) ? (int) Min(number, INT_MAX) : 0;
	q->temperature = temperature ? strtod(temperature, NULL) : -1;
	q->schema_name = text_or_null(o, "schema_name");
	q->schema = json_or_null(o, "schema");
	q->model = text_or_null(o, "model");
	if (dbi_jsonb_int(o, "timeout_ms", &number))
		q->deadline =
			(DbiDeadline){TimestampTzPlusMilliseconds(GetCurrentTimestamp(), number), "timeout_ms"};
}

/* ---- an answer as json */

static void
member(StringInfo out, const char *name, const char *text)
{
	appendStringInfo(out, "%s\"%s\":", out->data[out->len - 1] == '{' ? "" : ",", name);
	if (text)
		escape_json(out, text);
	else
		appendStringInfoString(out, "null");
}

static void
append_calls(StringInfo out, const List *calls)
{
	ListCell *lc;

	appendStringInfoString(out, ",\"calls\":[");
	foreach(lc, calls)
	{
		const DbiModelCall *call = lfirst(lc);

		appendStringInfoString(out, foreach_current_index(lc) == 0 ? "{" : ",{");
		member(out, "id", call->id);
		member(out, "name", call->name);
		member(out, "arguments", call->arguments);
		if (call->extra)
			appendStringInfo(out, ",\"extra\":%s", call->extra);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

static void
append_usage(StringInfo out, const DbiModelUsage *u)
{
	appendStringInfo(out,
					 ",\"usage\":{\"prompt\":" INT64_FORMAT ",\"completion\":" INT64_FORMAT
					 ",\"cached\":" INT64_FORMAT ",\"cache_write\":" INT64_FORMAT
					 ",\"estimated\":%s}",
					 u->prompt, u->completion, u->cached, u->cache_write,
					 u->estimated ? "true" : "false");
}

static void
append_fault(StringInfo out, const DbiModelFault *f)
{
	appendStringInfoString(out, ",\"fault\":{");
	member(out, "sqlstate", unpack_sql_state(f->sqlstate));
	member(out, "message", f->message);
	member(out, "hint", f->hint);
	appendStringInfo(out, ",\"passing\":%s,\"context_length\":%s,\"status\":%d}",
					 f->passing ? "true" : "false", f->context_length ? "true" : "false", f->status);
}

static Datum
answer_json(DbiModelAnswer *a)
{
	StringInfoData out;
	DbiModelMessage *m = dbi_model_message(a);

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	member(&out, "text", dbi_model_text(a, NULL));
	member(&out, "finish", dbi_finish_word(dbi_model_finish(a)));
	member(&out, "id", dbi_model_answer_id(a));
	member(&out, "model", dbi_model_answer_model(a));
	member(&out, "raw", m->raw);
	append_calls(&out, dbi_model_calls(a));
	append_usage(&out, dbi_model_usage(a));
	appendStringInfo(&out, ",\"usd\":%.6f,\"tries\":%d,\"first_token_ms\":%.3f,\"latency_ms\":%.3f",
					 dbi_model_cost(a), dbi_model_tries(a), dbi_model_first_token_ms(a),
					 dbi_model_latency_ms(a));
	if (dbi_model_fault(a))
		append_fault(&out, dbi_model_fault(a));
	appendStringInfoChar(&out, '}');
	return CStringGetTextDatum(out.data);
}

static DbiModelAnswer *
ask(DbiModel *model, Jsonb *request)
{
	DbiModelRequest q = {0};

	if (!JB_ROOT_IS_OBJECT(request))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a request is a JSON object")));
	read_request(&request->root, &q);
	return dbi_model_ask(model, &q);
}

PG_FUNCTION_INFO_V1(dbi_llm_ask);
Datum
dbi_llm_ask(PG_FUNCTION_ARGS)
{
	DbiModel *model = dbi_model_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	DbiModelAnswer *a = ask(model, PG_GETARG_JSONB_P(1));

	dbi_model_wait(a);
	PG_RETURN_DATUM(answer_json(a));
}

/* Several at once, and booked. */
PG_FUNCTION_INFO_V1(dbi_llm_ask_all);
Datum
dbi_llm_ask_all(PG_FUNCTION_ARGS)
{
	DbiModel *model;
	DbiModelUse use = {.purpose = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2)),
					   .message =
						   PG_ARGISNULL(3)
							   ? NULL
							   : DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(3)))};
	DbiModelAnswer **answers;
	Datum *requests;
	bool *nulls;
	int n;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	model = dbi_model_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), JSONBOID, -1, false, TYPALIGN_INT, &requests,
					  &nulls, &n);
	answers = palloc(sizeof(DbiModelAnswer *) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a request is NULL")));
		answers[i] = ask(model, DatumGetJsonbP(requests[i]));
	}
	for (int i = 0; i < n; i++)
	{
		dbi_model_wait(answers[i]);
		dbi_model_book(answers[i], &use);
		requests[i] = answer_json(answers[i]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(requests, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* ---- bytes as a server sends them, piece by piece */

static void
take_event(DbiReading *r, DbiProvider provider, DbiSse *sse)
{
	const char *event;
	const char *data;
	size_t len;

	while (!r->ended && dbi_sse_next(sse, &event, &data, &len))
	{
		if (provider == DBI_PROVIDER_ANTHROPIC)
			dbi_take_anthropic(r, event, data, len);
		else
			dbi_take_openai(r, event, data, len);
	}
}

static Datum
reading_json(DbiReading *r)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	member(&out, "text", r->text.data);
	member(&out, "finish", dbi_finish_word(r->finish));
	member(&out, "id", r->id);
	member(&out, "model", r->model);
	member(&out, "error", r->error ? r->error->message : NULL);
	member(&out, "raw", dbi_anthropic_raw(r));
	append_calls(&out, dbi_reading_calls(r));
	append_usage(&out, &r->usage);
	appendStringInfo(&out, ",\"finished\":%s,\"ended\":%s,\"refused\":%s,\"garbled\":%s}",
					 r->finished ? "true" : "false", r->ended ? "true" : "false",
					 r->refused ? "true" : "false", r->garbled ? "true" : "false");
	return CStringGetTextDatum(out.data);
}

PG_FUNCTION_INFO_V1(dbi_llm_read);
Datum
dbi_llm_read(PG_FUNCTION_ARGS)
{
	char *word = text_to_cstring(PG_GETARG_TEXT_PP(0));
	DbiReading *r =
		dbi_reading_create(CurrentMemoryContext,
						   PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2)));
	DbiProvider provider;
	DbiSse sse;
	Datum *pieces;
	bool *nulls;
	int n;

	if (!dbi_provider_named(word, &provider))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a provider is openai, databricks or anthropic")));
	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), BYTEAOID, -1, false, TYPALIGN_INT, &pieces, &nulls,
					  &n);
	dbi_sse_init(&sse);
	for (int i = 0; i < n; i++)
	{
		bytea *piece = nulls[i] ? NULL : DatumGetByteaPP(pieces[i]);

		if (piece == NULL || !dbi_sse_feed(&sse, VARDATA_ANY(piece), VARSIZE_ANY_EXHDR(piece)))
			continue;
		take_event(r, provider, &sse);
	}
	dbi_sse_finish(&sse);
	take_event(r, provider, &sse);
	PG_RETURN_DATUM(reading_json(r));
}
