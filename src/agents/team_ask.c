/*
 * team_ask.c: one request to a language model, answered by it or by what the
 * cache has of an equal one.
 *
 * A request that there is no money for is not sent: it ends at once, with the
 * reason. What goes wrong is never raised, because the embedded analyst can
 * answer too.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "agents/person.h"
#include "agents/team_parts.h"
#include "base/base.h"

const DbiTeamReason dbi_reason_unreachable = {"llm_unavailable",
											  "the language model could not be reached"};
const DbiTeamReason dbi_reason_timeout = {"llm_timeout", "the language model took too long"};
const DbiTeamReason dbi_reason_fault = {"llm_error", "the language model failed"};
const DbiTeamReason dbi_reason_refused = {"llm_refused", "the language model declined"};
const DbiTeamReason dbi_reason_silent = {"llm_empty", "the language model wrote nothing"};
const DbiTeamReason dbi_reason_budget = {"budget_question",
										 "the budget of a question for language models is used up"};
const DbiTeamReason dbi_reason_day_budget = {"budget_day",
											 "today's budget for language models is used up"};
const DbiTeamReason dbi_reason_ungrounded =
	{"ungrounded", "what the language model wrote does not agree with the data"};
const DbiTeamReason dbi_reason_no_data = {"no_data", "the language model looked nothing up"};

const DbiTeamReason dbi_reason_missing =
	{"llm_missing", "the language model server, or a user mapping for it, does not exist"};
const DbiTeamReason dbi_reason_wordy = {"llm_wordy", "the language model wrote without end"};

/*
 * A server need not heed max_tokens, and the referee compares the figures of a
 * sentence with one another: what has no end would be read for minutes.
 */
#define MAX_TEXT_BYTES 32768

static const DbiTeamReason *
reason_of(const DbiTeam *team, const DbiModelFault *fault)
{
	if (fault->sqlstate == ERRCODE_QUERY_CANCELED)
		return &dbi_reason_timeout;
	return fault->status == 0 || fault->passing ? &dbi_reason_unreachable : &dbi_reason_fault;
}

DbiAsk *
dbi_ask_model(DbiTeam *team, const char *purpose, const char *agent, const DbiModelRequest *request)
{
	DbiAsk *ask = palloc0(sizeof(DbiAsk));
	DbiModelUse use = {.conversation = team->conversation};

	ask->purpose = purpose;
	ask->agent = agent;
	ask->request = *request;
	ask->request.temperature = team->temperature;
	ask->request.deadline = team->deadline;
	ask->text = "";
	ask->began = GetCurrentTimestamp();
	team->asks = lappend(team->asks, ask);
	ask->cache_key = dbi_cache_key(team, &ask->request);
	if (dbi_cache_find(ask))
		return ask;
	ask->reason = dbi_budget_objection(team, &ask->request);
	if (ask->reason)
	{
		ask->ended = true;
		ask->over = ask->began;
		return ask;
	}
	ask->answer = dbi_model_ask(team->model, &ask->request);
	use.agent = agent;
	use.purpose = purpose;
	dbi_model_owe(ask->answer, &use, dbi_person_name());
	return ask;
}

/* What a model has said in full. */
static void
take_end(const DbiTeam *team, DbiAsk *ask)
{
	const DbiModelFault *fault = dbi_model_fault(ask->answer);
	DbiFinish finish = dbi_model_finish(ask->answer);

	ask->ended = true;
	ask->over = GetCurrentTimestamp();
	if (fault)
	{
		ask->reason = reason_of(team, fault);
		return;
	}
	if (finish == DBI_FINISH_REFUSED)
		ask->reason = &dbi_reason_refused;
	ask->cut = finish == DBI_FINISH_LENGTH;
	ask->calls = dbi_model_calls(ask->answer);
	ask->raw = dbi_model_message(ask->answer)->raw;
	dbi_cache_keep(ask);
}

/* True when it has ended. */
bool
dbi_ask_advance(DbiTeam *team, DbiAsk *ask)
{
	bool ended;
	size_t len;

	if (ask->ended)
		return true;
	ended = dbi_model_advance(ask->answer);
	ask->text = dbi_model_text(ask->answer, &len);
	if (len > MAX_TEXT_BYTES)
	{
		dbi_ask_end(ask);
		ask->reason = &dbi_reason_wordy;
		return true;
	}
	if (ended)
	{
		ask->text = pstrdup(ask->text);
		take_end(team, ask);
	}
	return ended;
}

/* Nobody waits for it any more. */
void
dbi_ask_end(DbiAsk *ask)
{
	if (ask->ended)
		return;
	ask->ended = true;
	ask->over = GetCurrentTimestamp();
	ask->text = "";
}

DbiModelMessage *
dbi_ask_message(const DbiAsk *ask)
{
	DbiModelMessage *message = palloc0(sizeof(DbiModelMessage));

	message->speaker = DBI_SAYS_MODEL;
	message->text = ask->text;
	message->calls = ask->calls;
	message->raw = ask->raw;
	return message;
}
