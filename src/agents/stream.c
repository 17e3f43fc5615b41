/*
 * stream.c: a turn of a conversation as a sequence of events.
 *
 *   OPEN ── PLAN ─┬─ ANNOUNCE ⇄ CALL ── TELL ─┬─ STORE ── DONE
 *                 ├── TEAM, by a language model ┤
 *                 └──── no calls: REPLY ────────┘
 *
 * One path for all who ask: ask() and chat() drain it, ask_stream() hands it
 * out row by row. Each step has an SPI connection of its own, because a
 * function that returns row by row may not keep one; what lives on is in the
 * stream's memory context. A call is announced in one step and made in the
 * next, so that its announcement is out before it begins.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "agents/chat.h"
#include "agents/person.h"
#include "agents/team.h"
#include "base/base.h"

typedef enum Phase
{
	PHASE_OPEN,
	PHASE_PLAN,
	PHASE_TEAM,
	PHASE_ANNOUNCE,
	PHASE_CALL,
	PHASE_TELL,
	PHASE_REPLY,
	PHASE_STORE,
	PHASE_DONE
} Phase;

struct DbiStream
{
	DbiChat chat;
	MemoryContext context;
	Phase phase;
	Oid user; /* the turn is one person's, also when its rows are fetched over time */
	char *frame;
	DbiTurn *turn;           /* NULL: the plan has no calls */
	DbiTeam *team;           /* NULL: no language model is asked */
	const DbiPlanCall *call; /* announced */
	int shown;               /* bytes of the text */
	List *events;            /* of DbiEvent *: made, not yet handed out */
	const DbiStopSlot *slot; /* where stop() is heard, or NULL */
	instr_time worked;       /* not counting the time the reader took */
};

const char *
dbi_event_name(DbiEventKind kind)
{
	static const char *const names[] = {"start",      "route", "tool_call", "tool_result", "delta",
										"suggestion", "usage", "finish",    "error"};

	return names[kind];
}

/* ---- events ---- */

static DbiEvent *
add_event(DbiStream *s, DbiEventKind kind, const char *content)
{
	DbiEvent *event = palloc0(sizeof(DbiEvent));

	event->kind = kind;
	event->content = content;
	s->events = lappend(s->events, event);
	return event;
}

static void
name(StringInfo json, const char *member)
{
	appendStringInfoString(json, json->len == 0 ? "{" : ", ");
	escape_json(json, member);
	appendStringInfoString(json, ": ");
}

static void
put_text(StringInfo json, const char *member, const char *value)
{
	if (value == NULL)
		return;
	name(json, member);
	escape_json(json, value);
}

static void
put_raw(StringInfo json, const char *member, const char *value)
{
	name(json, member);
	appendStringInfoString(json, value);
}

static void
put_bool(StringInfo json, const char *member, bool value)
{
	put_raw(json, member, value ? "true" : "false");
}

static void
put_uuid(StringInfo json, const char *member, const pg_uuid_t *id)
{
	put_text(json, member, DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id))));
}

static char *
end_object(StringInfo json)
{
	appendStringInfoString(json, json->len == 0 ? "{}" : "}");
	return json->data;
}

static void
put_conversation(DbiStream *s, StringInfo json)
{
	if (s->chat.stored || s->chat.has_conversation)
		put_uuid(json, "conversation", &s->chat.conversation);
}

static void
tell_start(DbiStream *s)
{
	StringInfoData json;

	initStringInfo(&json);
	put_conversation(s, &json);
	put_text(&json, "model", dbi_team_wanted() ? dbi_guc_llm_server : DBI_MODEL);
	add_event(s, DBI_EVENT_START, NULL)->data = end_object(&json);
}

/* One row an agent; one without agent when nobody is asked. */
static void
tell_routes(DbiStream *s)
{
	const DbiPlan *plan = s->chat.plan;
	ListCell *lc;

	foreach(lc, plan->routes)
	{
		const DbiPlanRoute *route = lfirst(lc);
		DbiEvent *event = add_event(s, DBI_EVENT_ROUTE, NULL);

		event->agent = route->agent;
		event->data = psprintf("{\"kind\": \"%s\", \"confidence\": %.4f}",
							   dbi_plan_kind_name(plan->kind), route->confidence);
	}
	if (plan->routes == NIL)
		add_event(s, DBI_EVENT_ROUTE, NULL)->data =
			psprintf("{\"kind\": \"%s\"}", dbi_plan_kind_name(plan->kind));
}

static void
tell_call(DbiStream *s, const DbiPlanCall *call)
{
	StringInfoData json;
	DbiEvent *event = add_event(s, DBI_EVENT_TOOL_CALL, NULL);

	initStringInfo(&json);
	put_raw(&json, "arguments", call->arguments);
	put_text(&json, "role", dbi_call_role_name(call->role));
	event->agent = call->agent;
	event->tool = call->tool;
	event->data = end_object(&json);
}

/* A failed call is an error too: the answer goes on without it. */
static void
tell_failure(DbiStream *s, const DbiResult *r)
{
	StringInfoData json;
	DbiEvent *event = add_event(s, DBI_EVENT_ERROR, r->error);

	initStringInfo(&json);
	put_text(&json, "sqlstate", unpack_sql_state(r->sqlstate));
	put_text(&json, "hint", r->hint);
	put_text(&json, "argument", r->argument);
	event->agent = r->call->agent;
	event->tool = r->call->tool;
	event->data = end_object(&json);
}

static void
tell_result(DbiStream *s, const DbiResult *r)
{
	StringInfoData json;
	DbiEvent *event = add_event(s, DBI_EVENT_TOOL_RESULT, NULL);

	initStringInfo(&json);
	put_bool(&json, "ok", r->ok);
	if (r->ok)
	{
		put_raw(&json, "rows", psprintf("%d", r->nrows));
		put_bool(&json, "truncated", r->truncated);
	}
	if (r->stopped)
		put_bool(&json, "stopped", true);
	put_raw(&json, "elapsed_ms", psprintf("%.3f", r->elapsed_ms));
	event->agent = r->call->agent;
	event->tool = r->call->tool;
	event->data = end_object(&json);
	if (!r->ok && !r->stopped)
		tell_failure(s, r);
}

/* What the text has grown by since. */
static void
tell_growth(DbiStream *s, const char *text, const char *agent)
{
	if (text[s->shown] == '\0')
		return;
	add_event(s, DBI_EVENT_DELTA, pstrdup(text + s->shown))->agent = agent;
	s->shown += strlen(text + s->shown);
}

static char *
json_text(const char *text)
{
	StringInfoData s;

	initStringInfo(&s);
	escape_json(&s, text);
	return s.data;
}

static void
tell_usage(DbiStream *s)
{
	add_event(s, DBI_EVENT_USAGE, NULL)->data =
		psprintf("{\"model\": %s, \"prompt_tokens\": " INT64_FORMAT
				 ", \"completion_tokens\": " INT64_FORMAT
				 ", \"cost_usd\": %.10g, \"latency_ms\": %.3f}",
				 json_text(s->chat.model), s->chat.prompt_tokens, s->chat.completion_tokens,
				 s->chat.cost_usd, s->chat.latency_ms);
}

static void
tell_finish(DbiStream *s)
{
	StringInfoData json;
	StringInfoData agents;
	ListCell *lc;

	initStringInfo(&agents);
	appendStringInfoChar(&agents, '[');
	foreach(lc, s->chat.answer->agents)
	{
		appendStringInfoString(&agents, foreach_current_index(lc) > 0 ? ", " : "");
		escape_json(&agents, lfirst(lc));
	}
	appendStringInfoChar(&agents, ']');
	initStringInfo(&json);
	put_text(&json, "status", s->chat.status);
	put_conversation(s, &json);
	if (s->chat.stored)
		put_uuid(&json, "message", &s->chat.message);
	put_raw(&json, "agents", agents.data);
	put_text(&json, "engine", s->chat.engine);
	put_text(&json, "reason", s->chat.reason);
	put_bool(&json, "grounded", s->chat.answer->grounded);
	put_raw(&json, "scores", s->chat.scores);
	add_event(s, DBI_EVENT_FINISH, NULL)->data = end_object(&json);
}

/* ---- steps ---- */

static void
open_turn(DbiStream *s)
{
	s->frame = dbi_chat_open(&s->chat);
	if (s->chat.stored || s->chat.has_conversation)
		s->slot = dbi_stop_register(s->context, &s->chat.conversation, dbi_person_name());
	tell_start(s);
	s->phase = PHASE_PLAN;
}

static void
plan_turn(DbiStream *s)
{
	DbiChat *chat = &s->chat;

	chat->plan_began = GetCurrentTimestamp();
	chat->plan = dbi_plan_question(chat->question, chat->agent, s->frame);
	chat->plan_ended = GetCurrentTimestamp();
	tell_routes(s);
	s->phase = PHASE_REPLY;
	if (chat->plan->kind != DBI_PLAN_ANSWER)
		return;
	if (dbi_team_wanted())
	{
		s->team = dbi_team_begin(chat);
		s->turn = dbi_team_turn(s->team);
		s->phase = PHASE_TEAM;
		return;
	}
	s->turn = dbi_answer_begin(chat->question, chat->plan);
	s->phase = PHASE_ANNOUNCE;
}

/* The model was asked who is to answer. */
static void
tell_new_routes(DbiStream *s, List *routes)
{
	ListCell *lc;

	foreach(lc, routes)
	{
		DbiEvent *event = add_event(s, DBI_EVENT_ROUTE, NULL);

		event->agent = ((DbiPlanRoute *) lfirst(lc))->agent;
		event->data = "{\"kind\": \"answer\", \"by\": \"model\"}";
	}
}

static void
tell_objection(DbiStream *s, const DbiTeamStep *step)
{
	DbiEvent *event = add_event(s, DBI_EVENT_ERROR, step->words);

	event->agent = step->agent;
	event->tool = step->tool;
}

/* The embedded analyst goes on; what it finds made already it does not call again. */
static void
hand_over(DbiStream *s)
{
	const DbiTeamReason *reason = dbi_team_reason(s->team);
	DbiEvent *event = add_event(s, DBI_EVENT_ERROR, reason->words);

	event->data = psprintf("{\"reason\": \"%s\"}", reason->code);
	s->turn = dbi_team_hand_over(s->team);
	s->phase = PHASE_ANNOUNCE;
}

static void
ask_team(DbiStream *s)
{
	DbiTeamStep step;

	dbi_team_step(s->team, &step);
	switch (step.news)
	{
		case DBI_TEAM_NOTHING:
			break;
		case DBI_TEAM_ROUTED:
			tell_new_routes(s, step.routes);
			break;
		case DBI_TEAM_CALLING:
			tell_call(s, step.call);
			break;
		case DBI_TEAM_CALLED:
			tell_result(s, step.result);
			break;
		case DBI_TEAM_OBJECTED:
			tell_objection(s, &step);
			break;
		case DBI_TEAM_SAID:
			tell_growth(s, dbi_answer_text(s->turn), step.agent);
			break;
		case DBI_TEAM_ANSWERED:
			s->phase = PHASE_TELL;
			break;
		case DBI_TEAM_GAVE_UP:
			hand_over(s);
			break;
	}
}

static void
announce_call(DbiStream *s)
{
	s->call = dbi_answer_next_call(s->turn);
	s->phase = PHASE_TELL;
	if (s->call)
	{
		tell_call(s, s->call);
		s->phase = PHASE_CALL;
	}
}

static void
make_call(DbiStream *s)
{
	tell_result(s, dbi_answer_make_call(s->turn, s->call));
	s->call = NULL;
	s->phase = PHASE_ANNOUNCE;
}

static void
tell_part(DbiStream *s)
{
	const char *agent;

	if (!dbi_answer_tell(s->turn, &agent))
		s->phase = PHASE_STORE;
	tell_growth(s, dbi_answer_text(s->turn), agent);
}

static void
reply(DbiStream *s)
{
	s->chat.answer = dbi_answer_without_calls(s->chat.plan);
	tell_growth(s, s->chat.answer->content, NULL);
	s->phase = PHASE_STORE;
}

/* The answer as it is kept is what was shown, and what it may have grown by at the end. */
static void
end_turn(DbiStream *s)
{
	DbiChat *chat = &s->chat;
	ListCell *lc;

	if (s->turn)
	{
		chat->answer = dbi_answer_end(s->turn);
		if (strncmp(chat->answer->content, dbi_answer_text(s->turn), s->shown) != 0)
			elog(ERROR, "the answer is not the one that was shown");
		tell_growth(s, chat->answer->content, NULL);
	}
	if (s->team)
		dbi_team_account(s->team);
	chat->latency_ms = INSTR_TIME_GET_MILLISEC(s->worked);
	dbi_chat_store(chat);
	foreach(lc, chat->answer->suggestions)
		add_event(s, DBI_EVENT_SUGGESTION, lfirst(lc));
	tell_usage(s);
	tell_finish(s);
	s->phase = PHASE_DONE;
}

/* Somebody called stop(): what there is gets told, the rest is left. */
static void
heed_stop(DbiStream *s)
{
	if (!dbi_stop_requested(s->slot) || s->turn == NULL || s->phase >= PHASE_STORE ||
		strcmp(s->chat.status, "complete") != 0)
		return;
	if (s->phase == PHASE_CALL)
		dbi_answer_skip_call(s->turn, s->call);
	if (s->phase == PHASE_TEAM)
	{
		dbi_team_stop(s->team);
		if (s->shown > 0)
			dbi_team_close(s->team);
		else
			s->turn = dbi_team_hand_over(s->team);
	}
	dbi_answer_stop(s->turn);
	s->chat.status = "stopped";
	s->phase = PHASE_TELL;
}

static void
take_step(DbiStream *s)
{
	heed_stop(s);
	switch (s->phase)
	{
		case PHASE_OPEN:
			open_turn(s);
			break;
		case PHASE_PLAN:
			plan_turn(s);
			break;
		case PHASE_TEAM:
			ask_team(s);
			break;
		case PHASE_ANNOUNCE:
			announce_call(s);
			break;
		case PHASE_CALL:
			make_call(s);
			break;
		case PHASE_TELL:
			tell_part(s);
			break;
		case PHASE_REPLY:
			reply(s);
			break;
		case PHASE_STORE:
			end_turn(s);
			break;
		case PHASE_DONE:
			break;
	}
}

static void
work(DbiStream *s, void (*what)(DbiStream *))
{
	const DbiStopSlot *before;
	instr_time start;
	instr_time end;

	if (GetUserId() != s->user)
		ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("the role has changed while the answer was being made"),
				errhint("Read an answer to its end before SET ROLE."));
	INSTR_TIME_SET_CURRENT(start);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to the server programming interface");
	MemoryContextSwitchTo(s->context);
	before = dbi_stop_watch(s->slot);
	what(s);
	if (CurrentMemoryContext != s->context) /* what it made would go with SPI: see base/spi.h */
		elog(ERROR, "a step of an answer has left its memory context");
	(void) dbi_stop_watch(before);
	SPI_finish();
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_ACCUM_DIFF(s->worked, end, start);
}

/* ---- the door ---- */

DbiStream *
dbi_stream_begin(const char *question, const pg_uuid_t *conversation, const char *agent)
{
	DbiStream *s = palloc0(sizeof(DbiStream));

	s->context = CurrentMemoryContext;
	s->user = GetUserId();
	s->chat.question = question;
	s->chat.agent = agent;
	s->chat.status = "complete";
	s->chat.model = DBI_MODEL;
	s->chat.began = GetCurrentTimestamp();
	if (conversation)
	{
		s->chat.has_conversation = true;
		s->chat.conversation = *conversation;
	}
	return s;
}

const DbiEvent *
dbi_stream_next(DbiStream *s)
{
	DbiEvent *event;

	while (s->events == NIL && s->phase != PHASE_DONE)
		work(s, take_step);
	if (s->events == NIL)
		return NULL;
	event = linitial(s->events);
	s->events = list_delete_first(s->events);
	return event;
}

bool
dbi_stream_will_work(const DbiStream *s)
{
	return s->events == NIL && s->phase != PHASE_DONE;
}

DbiChat *
dbi_stream_chat(DbiStream *s)
{
	return &s->chat;
}

/* Text that was made but not handed out is not part of what was shown. */
static void
store_unread(DbiStream *s)
{
	DbiChat *chat = &s->chat;

	if (s->team)
		dbi_team_stop(s->team);
	if (s->turn)
		chat->answer = dbi_answer_end(s->turn);
	else if (chat->answer == NULL)
		chat->answer = dbi_answer_without_words();
	if (s->phase != PHASE_STORE && strcmp(chat->status, "complete") == 0)
		chat->status = "unread";
	if (s->team)
		dbi_team_account(s->team);
	chat->latency_ms = INSTR_TIME_GET_MILLISEC(s->worked);
	dbi_chat_store(chat);
	s->phase = PHASE_DONE;
}

void
dbi_stream_close(DbiStream *s)
{
	if (s->phase == PHASE_OPEN || s->phase == PHASE_DONE || !s->chat.stored ||
		GetUserId() != s->user)
		return;
	PushActiveSnapshot(GetTransactionSnapshot());
	work(s, store_unread);
	PopActiveSnapshot();
}
