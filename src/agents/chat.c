/*
 * chat.c: ask() and chat(): one turn of a conversation.
 *
 * A turn is stored with the rights of the caller; row-level security keeps
 * conversations apart, and since an owner or superuser passes it by, every
 * query here asks for the caller's own rows as well.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/uuid.h"

#include "agents/chat.h"
#include "agents/answer_text.h"
#include "agents/person.h"
#include "agents/score.h"
#include "agents/team.h"
#include "base/base.h"
#include "base/spi.h"

#define MAX_TITLE_BYTES 80
#define MAX_DETAIL_BYTES 500


static SPIPlanPtr find_plan;
static SPIPlanPtr lock_plan;
static SPIPlanPtr create_plan;
static SPIPlanPtr insert_plan;
static SPIPlanPtr results_plan;
static SPIPlanPtr update_plan;
static SPIPlanPtr log_plan;
static SPIPlanPtr agents_plan;

static void
execute(SPIPlanPtr plan, Datum *values, const char *nulls, bool read_only, int expected)
{
	int code = dbi_spi_execute_plan(plan, values, nulls, read_only, 0);

	if (code != expected)
		elog(ERROR, "unexpected result of a chat query: %s", SPI_result_code_string(code));
}

/* At most max bytes, cut between characters. */
static char *
clip(const char *s, int max)
{
	int len = strlen(s);

	return len <= max ? pstrdup(s) : psprintf("%s…", pnstrdup(s, pg_mbcliplen(s, len, max)));
}

/* ---- the conversation ---- */

static void
no_such_conversation(const pg_uuid_t *id)
{
	ereport(ERROR, errcode(ERRCODE_NO_DATA_FOUND),
			errmsg("you have no conversation %s",
				   DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id)))),
			errhint(
				"Leave conversation out to begin a new one. Your own: SELECT id, title FROM dbinsight.chat_conversations ORDER BY updated_at DESC."));
}

/*
 * The frame of the caller's own conversation, which is locked until the turn is
 * stored; not against rows that only refer to it, such as a submitted question.
 */
static char *
open_conversation(DbiChat *chat)
{
	Oid type = UUIDOID;
	Datum id = UUIDPGetDatum(&chat->conversation);
	SPIPlanPtr *plan = chat->stored ? &lock_plan : &find_plan;

	dbi_spi_prepare(plan,
					chat->stored
						? "SELECT frame::text FROM dbinsight.chat_conversations WHERE id OPERATOR(pg_catalog.=) $1 AND user_id OPERATOR(pg_catalog.=) dbinsight.person() FOR NO KEY UPDATE"
						: "SELECT frame::text FROM dbinsight.chat_conversations WHERE id OPERATOR(pg_catalog.=) $1 AND user_id OPERATOR(pg_catalog.=) dbinsight.person()",
					1, &type);
	execute(*plan, &id, NULL, !chat->stored, SPI_OK_SELECT);
	if (SPI_processed == 0)
		no_such_conversation(&chat->conversation);
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

static void
take_uuid(pg_uuid_t *id)
{
	bool isnull;

	*id = *DatumGetUUIDP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* Spaces and line ends of the question become single spaces. */
static char *
title_of(const char *question)
{
	StringInfoData s;

	initStringInfo(&s);
	for (const char *p = question; *p; p++)
	{
		bool space = *p == ' ' || *p == '\t' || *p == '\n' || *p == '\r';

		if (!space)
			appendStringInfoChar(&s, *p);
		else if (s.len > 0 && s.data[s.len - 1] != ' ')
			appendStringInfoChar(&s, ' ');
	}
	return clip(s.data, MAX_TITLE_BYTES);
}

static void
create_conversation(DbiChat *chat)
{
	Oid types[] = {UUIDOID, TEXTOID};
	Datum values[] = {UUIDPGetDatum(&chat->conversation),
					  CStringGetTextDatum(title_of(chat->question))};

	dbi_spi_prepare(&create_plan,
					"INSERT INTO dbinsight.chat_conversations (id, title) VALUES ($1, $2)", 2,
					types);
	execute(create_plan, values, NULL, false, SPI_OK_INSERT);
	chat->has_conversation = true;
}

/* ---- storing ---- */

static Datum
text_array(List *items)
{
	Datum *values = palloc(sizeof(Datum) * Max(list_length(items), 1));
	int n = 0;
	ListCell *lc;

	foreach(lc, items)
		values[n++] = CStringGetTextDatum(lfirst(lc));
	return PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
json(const char *text)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}

static void
set_json(Datum *value, char *null, const char *text)
{
	*null = text ? ' ' : 'n';
	if (text)
		*value = json(text);
}

static void
set_text(Datum *value, char *null, const char *text)
{
	*null = text ? ' ' : 'n';
	if (text)
		*value = CStringGetTextDatum(text);
}

static void
insert_message(DbiChat *chat, const char *role, const char *content, bool is_answer)
{
	Oid types[] = {UUIDOID, TEXTOID,   TEXTOID,  JSONBOID,  TEXTARRAYOID, TEXTARRAYOID,
				   BOOLOID, JSONBOID,  TEXTOID,  FLOAT8OID, JSONBOID,     BOOLOID,
				   UUIDOID, TEXTOID,   JSONBOID, JSONBOID,  JSONBOID,     INT8OID,
				   INT8OID, FLOAT8OID, TEXTOID,  TEXTOID};
	Datum values[22] = {0};
	char nulls[] = "   nnnnnnnn nnnnn   nn";

	dbi_spi_prepare(
		&insert_plan,
		"INSERT INTO dbinsight.chat_messages (conversation_id, seq, role, content, tool_calls, agents, suggestions, grounded, scores, model,"
		" latency_ms, evidence, prompt_tokens, completion_tokens, cost_usd, id, status, grounding, understood, plan, engine, reason)"
		" SELECT $1, coalesce(max(m.seq), 0) OPERATOR(pg_catalog.+) 1, $2, $3, $4, $5, $6, $7, $8, $9, pg_catalog.round($10::numeric, 3), $11,"
		" CASE WHEN $12 THEN $18::int END, CASE WHEN $12 THEN $19::int END, CASE WHEN $12 THEN $20::numeric END,"
		" coalesce($13, pg_catalog.gen_random_uuid()), coalesce($14, 'complete'), $15, $16, $17, $21, $22"
		" FROM dbinsight.chat_messages m WHERE m.conversation_id OPERATOR(pg_catalog.=) $1 RETURNING id",
		22, types);
	values[0] = UUIDPGetDatum(&chat->conversation);
	values[1] = CStringGetTextDatum(role);
	values[2] = CStringGetTextDatum(content);
	values[11] = BoolGetDatum(is_answer);
	if (is_answer)
	{
		values[3] = json(chat->answer->tool_calls);
		values[4] = text_array(chat->answer->agents);
		values[5] = text_array(chat->answer->suggestions);
		values[6] = BoolGetDatum(chat->answer->grounded);
		values[7] = json(chat->scores);
		values[8] = CStringGetTextDatum(chat->model);
		values[9] = Float8GetDatum(chat->latency_ms);
		values[10] = json(chat->answer->evidence);
		values[12] = UUIDPGetDatum(&chat->message);
		values[13] = CStringGetTextDatum(chat->status);
		memset(nulls, ' ', 14);
		if (!chat->has_message)
			nulls[12] = 'n';
		values[17] = Int64GetDatum(chat->prompt_tokens);
		values[18] = Int64GetDatum(chat->completion_tokens);
		values[19] = Float8GetDatum(chat->cost_usd);
		set_text(&values[20], &nulls[20], chat->engine);
		set_text(&values[21], &nulls[21], chat->reason);
		set_json(&values[14], &nulls[14], chat->answer->grounding);
		set_json(&values[15], &nulls[15], chat->answer->understood);
		set_json(&values[16], &nulls[16],
				 chat->plan && chat->plan->calls != NIL ? dbi_plan_json(chat->plan) : NULL);
	}
	execute(insert_plan, values, nulls, false, SPI_OK_INSERT_RETURNING);
	if (is_answer)
		take_uuid(&chat->message);
}

/* What the calls returned, so that the answer can be judged and told again. */
static void
insert_results(DbiChat *chat)
{
	Oid types[] = {UUIDOID, JSONBOID};
	Datum values[2] = {UUIDPGetDatum(&chat->message)};

	if (chat->answer->results == NULL)
		return;
	values[1] = json(chat->answer->results);
	dbi_spi_prepare(&results_plan, "SELECT dbinsight._store_results($1, $2)", 2, types);
	execute(results_plan, values, NULL, false, SPI_OK_SELECT);
}

static void
update_conversation(DbiChat *chat)
{
	Oid types[] = {UUIDOID, JSONBOID};
	Datum values[2] = {UUIDPGetDatum(&chat->conversation)};
	char nulls[] = "  ";

	if (chat->plan)
		values[1] = json(dbi_frame_with_choices(chat->plan->frame_json, chat->answer->content,
												chat->answer->suggestions));
	else
		nulls[1] = 'n';

	dbi_spi_prepare(&update_plan,
					"UPDATE dbinsight.chat_conversations SET frame = coalesce($2, frame), updated_at = dbinsight.now()"
					" WHERE id OPERATOR(pg_catalog.=) $1 AND user_id OPERATOR(pg_catalog.=) dbinsight.person()",
					2, types);
	execute(update_plan, values, nulls, false, SPI_OK_UPDATE);
}

/*
 * The log belongs to the extension's owner, so that nobody can write to it but
 * through here, and the person is who really asked.
 */
static void
log_refusal(const DbiChat *chat)
{
	Oid types[] = {TEXTOID, TEXTOID, TEXTOID};
	Datum values[3];
	Oid relation = get_relname_relid("security_log", get_namespace_oid("dbinsight", false));
	Relation rel = table_open(relation, AccessShareLock);
	Oid owner = rel->rd_rel->relowner;
	Oid caller;
	int context;

	table_close(rel, AccessShareLock);
	values[0] = CStringGetTextDatum(dbi_person_name());
	values[1] = CStringGetTextDatum(dbi_plan_kind_name(chat->plan->kind));
	values[2] = CStringGetTextDatum(clip(chat->question, MAX_DETAIL_BYTES));
	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(owner,
						   context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	PG_TRY();
	{
		dbi_spi_prepare(&log_plan,
						"INSERT INTO dbinsight.security_log (user_id, kind, detail) VALUES ($1, $2, $3)",
						3, types);
		execute(log_plan, values, NULL, false, SPI_OK_INSERT);
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(caller, context);
	}
	PG_END_TRY();
}

/* ---- the turn ---- */

void
dbi_chat_store(DbiChat *chat)
{
	/* What was stopped before it was understood has nothing to be judged by. */
	chat->scores =
		chat->answer->understood == NULL
			? "{}"
			: dbi_score(chat->answer->content, chat->answer->tool_calls, chat->answer->grounding,
						chat->answer->understood, chat->latency_ms);
	if (!chat->stored)
	{
		ereport(NOTICE,
				errmsg("the transaction is read-only: this turn is not stored in a conversation"));
		return;
	}
	if (!chat->has_conversation)
		create_conversation(chat);
	insert_message(chat, "user", clip(chat->question, DBI_MAX_QUESTION_BYTES), false);
	insert_message(chat, "assistant", chat->answer->content, true);
	insert_results(chat);
	if (chat->team)
		dbi_team_book(chat->team);
	dbi_trace_store(chat);
	update_conversation(chat);
	if (chat->plan && (chat->plan->kind == DBI_PLAN_REFUSE_WRITE ||
					   chat->plan->kind == DBI_PLAN_REFUSE_INJECTION))
		log_refusal(chat);
}

/* An agent that is not there, or not enabled, is told with those that are. */
static void
check_agent(const char *agent)
{
	StringInfoData names;
	bool found = false;

	dbi_spi_prepare(&agents_plan,
					"SELECT name FROM dbinsight.agents WHERE enabled ORDER BY position, name", 0,
					NULL);
	execute(agents_plan, NULL, NULL, true, SPI_OK_SELECT);
	initStringInfo(&names);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);

		found = found || strcmp(name, agent) == 0;
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", name);
	}
	if (!found)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("there is no agent \"%s\"", agent), errhint("Agents: %s.", names.data));
}

/* A conversation's id is known from the start, so that the turn can be stopped. */
char *
dbi_chat_open(DbiChat *chat)
{
	if (chat->agent)
		check_agent(chat->agent);
	chat->stored = !XactReadOnly && !RecoveryInProgress();
	if (chat->has_conversation)
		return open_conversation(chat);
	if (chat->stored)
		chat->conversation = *DatumGetUUIDP(OidFunctionCall0(F_GEN_RANDOM_UUID));
	return NULL;
}

void
dbi_check_question(const char *question)
{
	if (question[strspn(question, " \t\r\n")] == '\0')
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the question is empty"),
				errhint(
					"For instance: SELECT dbinsight.ask('What were the top cost drivers yesterday?');"));
}

/* Does not wait for a turn that is being made. */
void
dbi_chat_prepare(DbiChat *chat)
{
	if (chat->agent)
		check_agent(chat->agent);
	if (chat->has_conversation)
		(void) open_conversation(chat);
	else
	{
		chat->conversation = *DatumGetUUIDP(OidFunctionCall0(F_GEN_RANDOM_UUID));
		create_conversation(chat);
	}
}

/* The three arguments that all functions which ask have. */
DbiStream *
dbi_stream_of_call(FunctionCallInfo fcinfo)
{
	char *question = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));

	dbi_check_question(question);
	return dbi_stream_begin(question, PG_ARGISNULL(1) ? NULL : PG_GETARG_UUID_P(1),
							PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2)));
}

/* Nobody looks at the events but, when dbinsight.progress says so, a person at a terminal. */
static DbiChat *
converse(FunctionCallInfo fcinfo)
{
	DbiStream *stream = dbi_stream_of_call(fcinfo);
	const DbiEvent *event;

	while ((event = dbi_stream_next(stream)) != NULL)
		dbi_tell_progress(event);
	return dbi_stream_chat(stream);
}

/* The answer with its follow-up questions below, but for those that stand in it. */
static char *
whole_answer(const DbiAnswer *answer)
{
	StringInfoData s;
	bool any = false;
	ListCell *lc;

	initStringInfo(&s);
	appendStringInfoString(&s, answer->content);
	foreach(lc, answer->suggestions)
	{
		if (strstr(answer->content, lfirst(lc)))
			continue;
		appendStringInfo(&s, "%s%s", any ? " · " : "\n\n**Ask next:** ",
						 dbi_markdown(lfirst(lc), DBI_MAX_QUESTION_BYTES));
		any = true;
	}
	return s.data;
}

PG_FUNCTION_INFO_V1(dbi_ask);
Datum
dbi_ask(PG_FUNCTION_ARGS)
{
	DbiChat *chat = converse(fcinfo);

	PG_RETURN_TEXT_P(cstring_to_text(whole_answer(chat->answer)));
}

PG_FUNCTION_INFO_V1(dbi_chat);
Datum
dbi_chat(PG_FUNCTION_ARGS)
{
	DbiChat *chat = converse(fcinfo);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum values[13] = {0};
	bool nulls[13] = {false};

	InitMaterializedSRF(fcinfo, 0);
	values[0] = UUIDPGetDatum(&chat->conversation);
	nulls[0] = !chat->has_conversation;
	values[1] = UUIDPGetDatum(&chat->message);
	nulls[1] = !chat->stored;
	values[2] = CStringGetTextDatum(chat->answer->content);
	values[3] = text_array(chat->answer->agents);
	values[4] = json(chat->answer->tool_calls);
	values[5] = text_array(chat->answer->suggestions);
	values[6] = BoolGetDatum(chat->answer->grounded);
	values[7] = json(chat->scores);
	values[8] = CStringGetTextDatum(chat->model);
	values[9] = Int32GetDatum((int32) chat->prompt_tokens);
	values[10] = Int32GetDatum((int32) chat->completion_tokens);
	values[11] = DirectFunctionCall1(float8_numeric, Float8GetDatum(chat->cost_usd));
	values[12] =
		DirectFunctionCall2(numeric_round,
							DirectFunctionCall1(float8_numeric, Float8GetDatum(chat->latency_ms)),
							Int32GetDatum(3));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	return (Datum) 0;
}
