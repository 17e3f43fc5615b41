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
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/uuid.h"

#include "agents/answer.h"
#include "agents/answer_text.h"
#include "agents/person.h"
#include "agents/score.h"
#include "base/base.h"

#define MAX_TITLE_BYTES 80
#define MAX_DETAIL_BYTES 500

#define MODEL "embedded"

typedef struct Turn
{
	const char *question;
	const char *agent; /* or NULL */
	bool stored;       /* false: a read-only transaction */
	bool has_conversation;
	pg_uuid_t conversation;
	pg_uuid_t message;
	DbiPlan *plan;
	DbiAnswer *answer;
	char *scores;
	double latency_ms;
} Turn;

static SPIPlanPtr find_plan;
static SPIPlanPtr lock_plan;
static SPIPlanPtr create_plan;
static SPIPlanPtr insert_plan;
static SPIPlanPtr results_plan;
static SPIPlanPtr update_plan;
static SPIPlanPtr log_plan;
static SPIPlanPtr agents_plan;

static void
prepare(SPIPlanPtr *plan, const char *sql, int nargs, Oid *types)
{
	if (*plan)
		return;
	*plan = SPI_prepare(sql, nargs, types);
	if (*plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	SPI_keepplan(*plan);
}

static void
execute(SPIPlanPtr plan, Datum *values, const char *nulls, bool read_only, int expected)
{
	int code = SPI_execute_plan(plan, values, nulls, read_only, 0);

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

/* The frame of the caller's own conversation, which is locked until the turn is stored. */
static char *
open_conversation(Turn *turn)
{
	Oid type = UUIDOID;
	Datum id = UUIDPGetDatum(&turn->conversation);
	SPIPlanPtr *plan = turn->stored ? &lock_plan : &find_plan;

	prepare(plan,
			turn->stored
				? "SELECT frame::text FROM dbinsight.chat_conversations WHERE id OPERATOR(pg_catalog.=) $1 AND user_id OPERATOR(pg_catalog.=) dbinsight.person() FOR UPDATE"
				: "SELECT frame::text FROM dbinsight.chat_conversations WHERE id OPERATOR(pg_catalog.=) $1 AND user_id OPERATOR(pg_catalog.=) dbinsight.person()",
			1, &type);
	execute(*plan, &id, NULL, !turn->stored, SPI_OK_SELECT);
	if (SPI_processed == 0)
		no_such_conversation(&turn->conversation);
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
create_conversation(Turn *turn)
{
	Oid type = TEXTOID;
	Datum title = CStringGetTextDatum(title_of(turn->question));

	prepare(&create_plan,
			"INSERT INTO dbinsight.chat_conversations (title) VALUES ($1) RETURNING id", 1, &type);
	execute(create_plan, &title, NULL, false, SPI_OK_INSERT_RETURNING);
	take_uuid(&turn->conversation);
	turn->has_conversation = true;
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
insert_message(Turn *turn, const char *role, const char *content, bool is_answer)
{
	Oid types[] = {UUIDOID,  TEXTOID, TEXTOID,   JSONBOID, TEXTARRAYOID, TEXTARRAYOID, BOOLOID,
				   JSONBOID, TEXTOID, FLOAT8OID, JSONBOID, BOOLOID,      JSONBOID,     JSONBOID};
	Datum values[14] = {0};
	char nulls[] = "   nnnnnnnn nn";

	prepare(&insert_plan,
			"INSERT INTO dbinsight.chat_messages (conversation_id, seq, role, content, tool_calls, agents, suggestions, grounded, scores, model,"
			" latency_ms, evidence, grounding, understood, prompt_tokens, completion_tokens, cost_usd)"
			" SELECT $1, coalesce(max(m.seq), 0) OPERATOR(pg_catalog.+) 1, $2, $3, $4, $5, $6, $7, $8, $9, pg_catalog.round($10::numeric, 3), $11, $13, $14,"
			" CASE WHEN $12 THEN 0 END, CASE WHEN $12 THEN 0 END, CASE WHEN $12 THEN 0 END"
			" FROM dbinsight.chat_messages m WHERE m.conversation_id OPERATOR(pg_catalog.=) $1 RETURNING id",
			14, types);
	values[0] = UUIDPGetDatum(&turn->conversation);
	values[1] = CStringGetTextDatum(role);
	values[2] = CStringGetTextDatum(content);
	values[11] = BoolGetDatum(is_answer);
	if (is_answer)
	{
		values[3] = json(turn->answer->tool_calls);
		values[4] = text_array(turn->answer->agents);
		values[5] = text_array(turn->answer->suggestions);
		values[6] = BoolGetDatum(turn->answer->grounded);
		values[7] = json(turn->scores);
		values[8] = CStringGetTextDatum(MODEL);
		values[9] = Float8GetDatum(turn->latency_ms);
		values[10] = json(turn->answer->evidence);
		memset(nulls, ' ', 12);
		values[13] = json(turn->answer->understood);
		nulls[13] = ' ';
		if (turn->answer->grounding)
		{
			values[12] = json(turn->answer->grounding);
			nulls[12] = ' ';
		}
	}
	execute(insert_plan, values, nulls, false, SPI_OK_INSERT_RETURNING);
	take_uuid(&turn->message);
}

/* What the calls returned, so that the answer can be judged and told again. */
static void
insert_results(Turn *turn)
{
	Oid types[] = {UUIDOID, JSONBOID};
	Datum values[2] = {UUIDPGetDatum(&turn->message)};

	if (turn->answer->results == NULL)
		return;
	values[1] = json(turn->answer->results);
	prepare(&results_plan, "SELECT dbinsight._store_results($1, $2)", 2, types);
	execute(results_plan, values, NULL, false, SPI_OK_SELECT);
}

static void
update_conversation(Turn *turn)
{
	Oid types[] = {UUIDOID, JSONBOID};
	Datum values[2] = {UUIDPGetDatum(&turn->conversation),
					   json(dbi_frame_with_choices(turn->plan->frame_json, turn->answer->content,
												   turn->answer->suggestions))};

	prepare(&update_plan,
			"UPDATE dbinsight.chat_conversations SET frame = $2, updated_at = dbinsight.now()"
			" WHERE id OPERATOR(pg_catalog.=) $1 AND user_id OPERATOR(pg_catalog.=) dbinsight.person()",
			2, types);
	execute(update_plan, values, NULL, false, SPI_OK_UPDATE);
}

/*
 * The log belongs to the extension's owner, so that nobody can write to it but
 * through here, and the person is who really asked.
 */
static void
log_refusal(const Turn *turn)
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
	values[1] = CStringGetTextDatum(dbi_plan_kind_name(turn->plan->kind));
	values[2] = CStringGetTextDatum(clip(turn->question, MAX_DETAIL_BYTES));
	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(owner,
						   context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	PG_TRY();
	{
		prepare(&log_plan,
				"INSERT INTO dbinsight.security_log (user_id, kind, detail) VALUES ($1, $2, $3)", 3,
				types);
		execute(log_plan, values, NULL, false, SPI_OK_INSERT);
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(caller, context);
	}
	PG_END_TRY();
}

/* ---- the turn ---- */

static void
store(Turn *turn)
{
	bool logged =
		turn->plan->kind == DBI_PLAN_REFUSE_WRITE || turn->plan->kind == DBI_PLAN_REFUSE_INJECTION;

	if (!turn->has_conversation)
		create_conversation(turn);
	insert_message(turn, "user", clip(turn->question, DBI_MAX_QUESTION_BYTES), false);
	insert_message(turn, "assistant", turn->answer->content, true);
	insert_results(turn);
	update_conversation(turn);
	if (logged)
		log_refusal(turn);
}

/* An agent that is not there, or not enabled, is told with those that are. */
static void
check_agent(const char *agent)
{
	StringInfoData names;
	bool found = false;

	prepare(&agents_plan, "SELECT name FROM dbinsight.agents WHERE enabled ORDER BY position, name",
			0, NULL);
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

static void
converse(Turn *turn)
{
	instr_time start;
	instr_time elapsed;
	char *frame;

	INSTR_TIME_SET_CURRENT(start);
	if (turn->agent)
		check_agent(turn->agent);
	turn->stored = !XactReadOnly && !RecoveryInProgress();
	frame = turn->has_conversation ? open_conversation(turn) : NULL;
	turn->plan = dbi_plan_question(turn->question, turn->agent, frame);
	turn->answer = dbi_answer(turn->question, turn->plan);
	INSTR_TIME_SET_CURRENT(elapsed);
	INSTR_TIME_SUBTRACT(elapsed, start);
	turn->latency_ms = INSTR_TIME_GET_MILLISEC(elapsed);
	turn->scores = dbi_score(turn->answer->content, turn->answer->tool_calls,
							 turn->answer->grounding, turn->answer->understood, turn->latency_ms);
	if (turn->stored)
		store(turn);
	else
		ereport(NOTICE,
				errmsg("the transaction is read-only: this turn is not stored in a conversation"));
}

static bool
is_blank(const char *s)
{
	return s[strspn(s, " \t\r\n")] == '\0';
}

/* Reads the three arguments both functions have. */
static Turn *
read_arguments(FunctionCallInfo fcinfo)
{
	Turn *turn = palloc0(sizeof(Turn));
	char *question = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (is_blank(question))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the question is empty"),
				errhint(
					"For instance: SELECT dbinsight.ask('What were the top cost drivers yesterday?');"));
	turn->question = question;
	turn->has_conversation = !PG_ARGISNULL(1);
	if (turn->has_conversation)
		turn->conversation = *PG_GETARG_UUID_P(1);
	turn->agent = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	return turn;
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
	Turn *turn = read_arguments(fcinfo);
	MemoryContext caller = CurrentMemoryContext;
	text *result;

	SPI_connect();
	converse(turn);
	MemoryContextSwitchTo(caller);
	result = cstring_to_text(whole_answer(turn->answer));
	SPI_finish();
	PG_RETURN_TEXT_P(result);
}

PG_FUNCTION_INFO_V1(dbi_chat);
Datum
dbi_chat(PG_FUNCTION_ARGS)
{
	Turn *turn = read_arguments(fcinfo);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum values[13] = {0};
	bool nulls[13] = {false};

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	converse(turn);
	values[0] = UUIDPGetDatum(&turn->conversation);
	nulls[0] = !turn->has_conversation;
	values[1] = UUIDPGetDatum(&turn->message);
	nulls[1] = !turn->stored;
	values[2] = CStringGetTextDatum(turn->answer->content);
	values[3] = text_array(turn->answer->agents);
	values[4] = json(turn->answer->tool_calls);
	values[5] = text_array(turn->answer->suggestions);
	values[6] = BoolGetDatum(turn->answer->grounded);
	values[7] = json(turn->scores);
	values[8] = CStringGetTextDatum(MODEL);
	values[9] = Int32GetDatum(0);
	values[10] = Int32GetDatum(0);
	values[11] = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
	values[12] =
		DirectFunctionCall2(numeric_round,
							DirectFunctionCall1(float8_numeric, Float8GetDatum(turn->latency_ms)),
							Int32GetDatum(3));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	SPI_finish();
	return (Datum) 0;
}
