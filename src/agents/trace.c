/*
 * trace.c: how an answer was made, as spans in the names and attributes of
 * OpenTelemetry's conventions for generative AI.
 *
 *   invoke_workflow dbinsight
 *     plan
 *     invoke_agent cost
 *       chat some-model
 *       execute_tool get_cost_anomalies
 *     chat some-model
 *
 * They are rows of dbinsight.spans, written in the transaction of the answer.
 * No text of a person or of the account is in them: that is in the message and
 * its results, where trace_otlp() finds it when it may tell it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "agents/chat.h"
#include "agents/team_parts.h"
#include "base/base.h"
#include "base/spi.h"

#define PROVIDER "dbinsight.embedded"

#define SPAN_ID_BYTES 8
#define COLUMNS 7

/* One row; columns in the order of the statement. */
typedef struct Span
{
	char id[2 * SPAN_ID_BYTES + 1];
	const char *parent; /* an id, or NULL */
	char *name;
	TimestampTz start;
	TimestampTz end;
	bool failed;
	StringInfoData attributes;
} Span;

static SPIPlanPtr insert_plan;

/* ---- one span ---- */

static void
make_id(char *id)
{
	unsigned char bytes[SPAN_ID_BYTES];

	if (!pg_strong_random(bytes, sizeof(bytes)))
		elog(ERROR, "could not make a span id");
	bytes[0] |= 1; /* an id of zeros is none */
	(void) hex_encode((char *) bytes, sizeof(bytes), id);
	id[2 * SPAN_ID_BYTES] = '\0';
}

static void
attribute(Span *span, const char *name, const char *value)
{
	StringInfo s = &span->attributes;

	appendStringInfoString(s, s->len == 0 ? "{" : ", ");
	escape_json(s, name);
	appendStringInfo(s, ": %s", value);
}

static void
text_attribute(Span *span, const char *name, const char *value)
{
	StringInfoData s;

	initStringInfo(&s);
	escape_json(&s, value);
	attribute(span, name, s.data);
}

static void
count_attribute(Span *span, const char *name, int value)
{
	attribute(span, name, psprintf("%d", value));
}

static Span *
make_span(const Span *parent, const char *operation, const char *of)
{
	Span *span = palloc0(sizeof(Span));

	make_id(span->id);
	span->parent = parent ? parent->id : NULL;
	span->name = of ? psprintf("%s %s", operation, of) : pstrdup(operation);
	initStringInfo(&span->attributes);
	text_attribute(span, "gen_ai.operation.name", operation);
	return span;
}

/* ---- the spans of a turn ---- */

static Span *
workflow_span(const DbiChat *chat)
{
	Span *span = make_span(NULL, "invoke_workflow", "dbinsight");

	span->start = chat->began;
	span->end = GetCurrentTimestamp();
	text_attribute(span, "gen_ai.provider.name",
				   strcmp(chat->model, DBI_MODEL) == 0 ? PROVIDER : chat->team->provider);
	text_attribute(span, "gen_ai.response.model", chat->model);
	text_attribute(span, "gen_ai.conversation.id",
				   DatumGetCString(
					   DirectFunctionCall1(uuid_out, UUIDPGetDatum(&chat->conversation))));
	count_attribute(span, "gen_ai.usage.input_tokens", (int) chat->prompt_tokens);
	count_attribute(span, "gen_ai.usage.output_tokens", (int) chat->completion_tokens);
	text_attribute(span, "mlflow.spanType", "CHAIN");
	text_attribute(span, "dbinsight.status", chat->status);
	attribute(span, "dbinsight.grounded", chat->answer->grounded ? "true" : "false");
	if (chat->engine)
		text_attribute(span, "dbinsight.engine", chat->engine);
	if (chat->reason)
		text_attribute(span, "dbinsight.reason", chat->reason);
	return span;
}

static Span *
plan_span(const DbiChat *chat, const Span *workflow)
{
	Span *span = make_span(workflow, "plan", NULL);

	span->start = chat->plan_began;
	span->end = chat->plan_ended;
	text_attribute(span, "mlflow.spanType", "PARSER");
	text_attribute(span, "dbinsight.plan.kind", dbi_plan_kind_name(chat->plan->kind));
	count_attribute(span, "dbinsight.plan.calls", list_length(chat->plan->calls));
	return span;
}

static Span *
tool_span(const DbiResult *r, int call, const Span *agent)
{
	Span *span = make_span(agent, "execute_tool", r->call->tool);

	span->start = r->began;
	span->end = r->began + (int64) (r->elapsed_ms * 1000);
	span->failed = !r->ok;
	text_attribute(span, "gen_ai.tool.name", r->call->tool);
	text_attribute(span, "gen_ai.tool.type", "function");
	text_attribute(span, "gen_ai.tool.call.id", psprintf("%d", call));
	text_attribute(span, "mlflow.spanType", "TOOL");
	text_attribute(span, "dbinsight.call.role", dbi_call_role_name(r->call->role));
	attribute(span, "dbinsight.call.in_worker", r->in_worker ? "true" : "false");
	if (r->ok)
		count_attribute(span, "dbinsight.call.rows", r->nrows);
	else
		text_attribute(span, "error.type", unpack_sql_state(r->sqlstate));
	return span;
}

/* The span of an agent, which lasts from its first call to the end of its last. */
static Span *
agent_span(List **agents, const char *name, const Span *workflow)
{
	char *wanted = psprintf("invoke_agent %s", name);
	Span *span;
	ListCell *lc;

	foreach(lc, *agents)
		if (strcmp(((Span *) lfirst(lc))->name, wanted) == 0)
			return lfirst(lc);
	span = make_span(workflow, "invoke_agent", name);
	text_attribute(span, "gen_ai.agent.name", name);
	text_attribute(span, "mlflow.spanType", "AGENT");
	*agents = lappend(*agents, span);
	return span;
}

static void
contain(Span *span, const Span *child)
{
	span->start = span->start == 0 ? child->start : Min(span->start, child->start);
	span->end = Max(span->end, child->end);
}

/* What the provider said of an answer; the cache says none of it. */
static void
response_attributes(Span *span, DbiModelAnswer *answer)
{
	const DbiModelUsage *usage = dbi_model_usage(answer);
	const char *finish = dbi_finish_word(dbi_model_finish(answer));

	if (dbi_model_answer_model(answer))
		text_attribute(span, "gen_ai.response.model", dbi_model_answer_model(answer));
	if (dbi_model_answer_id(answer))
		text_attribute(span, "gen_ai.response.id", dbi_model_answer_id(answer));
	if (finish)
		attribute(span, "gen_ai.response.finish_reasons", psprintf("[\"%s\"]", finish));
	count_attribute(span, "gen_ai.usage.input_tokens", (int) usage->prompt);
	count_attribute(span, "gen_ai.usage.output_tokens", (int) usage->completion);
	attribute(span, "mlflow.chat.tokenUsage",
			  psprintf("{\"input_tokens\": %d, \"output_tokens\": %d, \"total_tokens\": %d}",
					   (int) usage->prompt, (int) usage->completion,
					   (int) (usage->prompt + usage->completion)));
	attribute(span, "dbinsight.cost_usd", psprintf("%.10g", dbi_model_cost(answer)));
}

static Span *
chat_span(const DbiTeam *team, const DbiAsk *ask, const Span *parent)
{
	const char *model = dbi_model_name(team->model);
	Span *span = make_span(parent, "chat", model);

	span->start = ask->began;
	span->end = ask->over;
	span->failed = ask->reason != NULL;
	text_attribute(span, "gen_ai.provider.name", team->provider);
	text_attribute(span, "gen_ai.request.model", model);
	attribute(span, "gen_ai.request.temperature", psprintf("%.10g", ask->request.temperature));
	count_attribute(span, "gen_ai.request.max_tokens", ask->request.max_tokens);
	text_attribute(span, "mlflow.spanType", "CHAT_MODEL");
	text_attribute(span, "dbinsight.purpose", ask->purpose);
	attribute(span, "dbinsight.cached", ask->cached ? "true" : "false");
	if (ask->reason)
		text_attribute(span, "error.type", ask->reason->code);
	if (ask->answer)
		response_attributes(span, ask->answer);
	return span;
}

/* The requests of a team, each below its agent. */
static List *
chat_spans(const DbiChat *chat, List **agents, const Span *workflow)
{
	List *spans = NIL;
	ListCell *lc;

	if (chat->team == NULL)
		return NIL;
	foreach(lc, chat->team->asks)
	{
		const DbiAsk *ask = lfirst(lc);
		Span *agent = ask->agent ? agent_span(agents, ask->agent, workflow) : NULL;
		Span *span = chat_span(chat->team, ask, agent ? agent : workflow);

		if (agent)
			contain(agent, span);
		spans = lappend(spans, span);
	}
	return spans;
}

static List *
spans_of(const DbiChat *chat)
{
	Span *workflow = workflow_span(chat);
	List *spans = list_make1(workflow);
	List *agents = NIL;
	List *tools = NIL;
	List *chats;
	ListCell *lc;

	if (chat->plan_ended != 0)
		spans = lappend(spans, plan_span(chat, workflow));
	foreach(lc, chat->answer->calls)
	{
		const DbiResult *r = lfirst(lc);
		Span *agent;
		Span *tool;

		if (r->repeated)
			continue;
		agent = agent_span(&agents, r->call->agent, workflow);
		tool = tool_span(r, foreach_current_index(lc) + 1, agent);
		contain(agent, tool);
		tools = lappend(tools, tool);
	}
	chats = chat_spans(chat, &agents, workflow);
	return list_concat(list_concat(list_concat(spans, agents), chats), tools);
}

/* ---- storing ---- */

static Datum
column(Datum *values, bool *nulls, int n, Oid type)
{
	int lbound = 1;
	bool wide = type == TIMESTAMPTZOID;
	bool small = type == BOOLOID;

	return PointerGetDatum(construct_md_array(values, nulls, 1, &n, &lbound, type,
											  wide    ? 8
											  : small ? 1
													  : -1,
											  small || (wide && FLOAT8PASSBYVAL),
											  wide    ? TYPALIGN_DOUBLE
											  : small ? TYPALIGN_CHAR
													  : TYPALIGN_INT));
}

void
dbi_trace_store(const DbiChat *chat)
{
	static const Oid element[COLUMNS] = {TEXTOID,        TEXTOID, TEXTOID, TIMESTAMPTZOID,
										 TIMESTAMPTZOID, BOOLOID, TEXTOID};
	Oid types[COLUMNS + 1] = {UUIDOID,      TEXTARRAYOID,        TEXTARRAYOID,
							  TEXTARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID,
							  BOOLARRAYOID, TEXTARRAYOID};
	Datum arguments[COLUMNS + 1];
	List *spans;
	int n;
	Datum *values[COLUMNS];
	bool *nulls;
	ListCell *lc;

	if (!dbi_guc_trace)
		return;
	spans = spans_of(chat);
	n = list_length(spans);
	for (int c = 0; c < COLUMNS; c++)
		values[c] = palloc0(sizeof(Datum) * n);
	nulls = palloc0(sizeof(bool) * n);
	foreach(lc, spans)
	{
		Span *span = lfirst(lc);
		int i = foreach_current_index(lc);

		values[0][i] = CStringGetTextDatum(span->id);
		nulls[i] = span->parent == NULL;
		values[1][i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(span->parent);
		values[2][i] = CStringGetTextDatum(span->name);
		values[3][i] = TimestampTzGetDatum(span->start);
		values[4][i] = TimestampTzGetDatum(span->end);
		values[5][i] = BoolGetDatum(span->failed);
		values[6][i] = CStringGetTextDatum(psprintf("%s}", span->attributes.data));
	}
	arguments[0] = UUIDPGetDatum(&chat->message);
	for (int c = 0; c < COLUMNS; c++)
		arguments[c + 1] = column(values[c], c == 1 ? nulls : NULL, n, element[c]);
	dbi_spi_prepare(&insert_plan,
					"INSERT INTO dbinsight.spans (trace_id, span_id, parent_span_id, message_id, name, start_time, end_time, status, attributes)"
					" SELECT pg_catalog.replace($1::pg_catalog.text, '-', ''), s.id, s.parent, $1, s.name, s.start_time, s.end_time,"
					" CASE WHEN s.failed THEN 'error' ELSE 'ok' END, s.attributes::pg_catalog.jsonb"
					" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5),"
					" pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8))"
					" s(id, parent, name, start_time, end_time, failed, attributes)",
					COLUMNS + 1, types);
	if (dbi_spi_execute_plan(insert_plan, arguments, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not store the spans of an answer");
}
