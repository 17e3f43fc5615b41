/*
 * team_cache.c: answers of language models, kept for equal requests.
 *
 * Only those of temperature 0, only while dbinsight.llm_cache says so, and
 * only for the person and role that asked: a request holds rows that they may
 * see. The key is a hash over all that the model was told, so that other data,
 * another day or another prompt is another request; the fence around what
 * tools returned is drawn anew each turn and does not count.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "agents/team_parts.h"
#include "base/base.h"
#include "base/json.h"
#include "base/spi.h"

static SPIPlanPtr find_plan;
static SPIPlanPtr keep_plan;

static void
put(StringInfo s, const char *text)
{
	escape_json(s, text ? text : "");
	appendStringInfoChar(s, ',');
}

/* Without the fence, which is another one in each turn. */
static void
put_unfenced(StringInfo s, const DbiTeam *team, const char *text)
{
	StringInfoData plain;
	const char *at;

	initStringInfo(&plain);
	for (text = text ? text : ""; (at = strstr(text, team->fence)) != NULL;
		 text = at + DBI_FENCE_LEN)
		appendBinaryStringInfo(&plain, text, at - text);
	appendStringInfoString(&plain, text);
	put(s, plain.data);
	pfree(plain.data);
}

static void
put_calls(StringInfo s, List *calls)
{
	ListCell *lc;

	appendStringInfoChar(s, '[');
	foreach(lc, calls)
	{
		const DbiModelCall *call = lfirst(lc);

		put(s, call->name);
		put(s, call->arguments);
	}
	appendStringInfoChar(s, ']');
}

/* All that the model is told, in one text; it is hashed where it is compared. */
char *
dbi_cache_key(DbiTeam *team, const DbiModelRequest *request)
{
	StringInfoData s;
	ListCell *lc;

	if (dbi_guc_llm_cache <= 0 || request->temperature != 0)
		return NULL;
	initStringInfo(&s);
	put(&s, dbi_model_server(team->model));
	put(&s, request->model ? request->model : dbi_model_name(team->model));
	put(&s, request->tool_choice);
	put(&s, request->schema);
	appendStringInfo(&s, "%d,", request->max_tokens);
	foreach(lc, request->messages)
	{
		const DbiModelMessage *message = lfirst(lc);

		appendStringInfo(&s, "%d,", (int) message->speaker);
		put_unfenced(&s, team, message->text);
		put_calls(&s, message->calls);
	}
	foreach(lc, request->tools)
	{
		const DbiModelTool *tool = lfirst(lc);

		put(&s, tool->name);
		put(&s, tool->description);
		put(&s, tool->schema);
	}
	return s.data;
}

static List *
calls_of(JsonbContainer *array)
{
	List *calls = NIL;
	JsonbContainer *item;

	for (int i = 0; array && (item = dbi_jsonb_element(array, i)) != NULL; i++)
	{
		DbiModelCall *call = palloc0(sizeof(DbiModelCall));

		call->id = dbi_jsonb_text(item, "id");
		call->name = dbi_jsonb_text(item, "name");
		call->arguments = dbi_jsonb_text(item, "arguments");
		call->extra = dbi_jsonb_text(item, "extra");
		if (call->id && call->name && call->arguments)
			calls = lappend(calls, call);
	}
	return calls;
}

bool
dbi_cache_find(DbiAsk *ask)
{
	Oid types[] = {TEXTOID, INT4OID};
	Datum values[2];
	Jsonb *kept;
	bool isnull;
	char *text;

	if (ask->cache_key == NULL)
		return false;
	values[0] = CStringGetTextDatum(ask->cache_key);
	values[1] = Int32GetDatum(dbi_guc_llm_cache);
	dbi_spi_prepare(&find_plan, "SELECT dbinsight._cached_answer($1, $2)", 2, types);
	if (dbi_spi_execute_plan(find_plan, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look into llm_cache");
	values[0] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (isnull)
		return false;
	kept = DatumGetJsonbPCopy(values[0]);
	text = dbi_jsonb_text(&kept->root, "text");
	ask->cached = true;
	ask->ended = true;
	ask->over = ask->began;
	ask->text = text ? text : "";
	ask->raw = dbi_jsonb_text(&kept->root, "raw");
	ask->cut = dbi_jsonb_true(&kept->root, "cut");
	ask->calls = calls_of(dbi_jsonb_array(&kept->root, "calls"));
	return true;
}

static void
member(StringInfo s, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(s, "%s\"%s\": ", s->data[s->len - 1] == '{' ? "" : ", ", name);
	escape_json(s, value);
}

static char *
kept_json(const DbiAsk *ask)
{
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	appendStringInfoChar(&s, '{');
	member(&s, "text", ask->text);
	member(&s, "raw", ask->raw);
	appendStringInfo(&s, ", \"cut\": %s, \"calls\": [", ask->cut ? "true" : "false");
	foreach(lc, ask->calls)
	{
		const DbiModelCall *call = lfirst(lc);

		appendStringInfoString(&s, foreach_current_index(lc) > 0 ? ", {" : "{");
		member(&s, "id", call->id);
		member(&s, "name", call->name);
		member(&s, "arguments", call->arguments);
		member(&s, "extra", call->extra);
		appendStringInfoChar(&s, '}');
	}
	appendStringInfoString(&s, "]}");
	return s.data;
}

/* What jsonb cannot hold is not kept. */
void
dbi_cache_keep(const DbiAsk *ask)
{
	Oid types[] = {TEXTOID, JSONBOID};
	Datum values[2];
	char *json;
	Jsonb *jsonb;

	if (ask->cache_key == NULL || ask->reason || XactReadOnly)
		return;
	json = kept_json(ask);
	jsonb = dbi_try_jsonb(json, strlen(json));
	if (jsonb == NULL)
		return;
	values[0] = CStringGetTextDatum(ask->cache_key);
	values[1] = JsonbPGetDatum(jsonb);
	dbi_spi_prepare(&keep_plan, "SELECT dbinsight._cache_answer($1, $2)", 2, types);
	if (dbi_spi_execute_plan(keep_plan, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not keep an answer in llm_cache");
}
