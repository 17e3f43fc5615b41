/*
 * team.c: a turn that language models answer.
 *
 *   ROUTING ──► WORKING: every agent thinks and calls, all at the same time
 *                  │ one agent: its text is the answer
 *                  │ several: an author writes, from what they found
 *                  ▼
 *               check ── objections ──► written again, once ──► check
 *                  │                                              │ still wrong
 *                  ▼                                              ▼
 *               ANSWERED                              GAVE UP: the embedded analyst
 *
 * A step does one thing: hears an answer, announces or makes one call, takes
 * what has come of the text, or waits for the network at most some
 * milliseconds, so that stop() is heard. The requests of all agents are on
 * net's one loop, which moves whenever anybody waits; so n agents take the
 * time of the slowest.
 */
#include "postgres.h"

#include "catalog/pg_foreign_server.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "agents/team_parts.h"
#include "base/base.h"
#include "base/try.h"
#include "net/server_option.h"

/* How long the network is waited for before stop() is looked for. */
#define WAIT_MS 40

bool
dbi_team_wanted(void)
{
	return dbi_guc_llm_server[0] != '\0';
}

/* ---- beginning ---- */

/*
 * A server that is not there, or cannot be used, is no reason not to answer:
 * the embedded analyst does. Whoever asks is told what is to be mended.
 */
static void
open_model(void *team)
{
	((DbiTeam *) team)->model = dbi_model_open(dbi_guc_llm_server);
}

static void
open_server(DbiTeam *team)
{
	ErrorData *error = dbi_try(open_model, team);

	if (error == NULL)
		return;
	if (dbi_must_rethrow(error))
		ReThrowError(error);
	team->model = NULL;
	team->reason =
		error->sqlerrcode == ERRCODE_UNDEFINED_OBJECT ? &dbi_reason_missing : &dbi_reason_fault;
	ereport(NOTICE, errcode(error->sqlerrcode), errmsg_internal("%s", error->message),
			error->hint ? errhint("%s", error->hint)
						: errhint("The question is answered without a language model."));
}

static void
read_server(DbiTeam *team)
{
	List *options;
	int most;

	open_server(team);
	if (team->model == NULL)
		return;
	options = GetForeignServerByName(dbi_guc_llm_server, false)->options;
	team->provider = dbi_option(options, "provider");
	if (team->provider == NULL)
		team->provider = "openai";
	team->temperature = dbi_option_number(options, "temperature", 0);
	team->price_in = dbi_option_number(options, "price_in", 0);
	team->price_out = dbi_option_number(options, "price_out", 0);
	most = dbi_model_max_tokens(team->model);
	team->answer_tokens = most > 0 ? Min(most, DBI_ANSWER_TOKENS) : DBI_ANSWER_TOKENS;
	team->answer_tokens = Min(team->answer_tokens, dbi_guc_context_tokens / 4);
}

static void
draw_fence(char *fence)
{
	unsigned char bytes[DBI_FENCE_LEN / 2];

	if (!pg_strong_random(bytes, sizeof(bytes)))
		elog(ERROR, "could not draw a random number");
	(void) hex_encode((char *) bytes, sizeof(bytes), fence);
	fence[DBI_FENCE_LEN] = '\0';
}

static void
add_agent(DbiTeam *team, const char *agent)
{
	ListCell *lc;

	foreach(lc, team->agents)
		if (strcmp(lfirst(lc), agent) == 0)
			return;
	team->agents = lappend(team->agents, pstrdup(agent));
}

/* Agents of the calls in the order of the plan; of a plan without any, of its routes. */
static void
agents_of_plan(DbiTeam *team)
{
	const DbiPlan *plan = team->chat->plan;
	ListCell *lc;

	foreach(lc, plan->calls)
		if (((DbiPlanCall *) lfirst(lc))->role != DBI_CALL_IF_UNHEALTHY)
			add_agent(team, ((DbiPlanCall *) lfirst(lc))->agent);
	if (team->agents == NIL)
		foreach(lc, plan->routes)
			add_agent(team, ((DbiPlanRoute *) lfirst(lc))->agent);
}

static void
begin_work(DbiTeam *team)
{
	ListCell *lc;

	team->phase = DBI_TEAM_WORKING;
	foreach(lc, team->agents)
	{
		DbiMember *member = dbi_member(team, lfirst(lc));

		dbi_prompt_agent(team, member);
		if (member->tools == NIL)
			continue;
		team->members = lappend(team->members, member);
		dbi_member_think(team, member);
	}
	if (list_length(team->members) == 1)
		team->author = linitial(team->members);
}

static void
begin_routing(DbiTeam *team)
{
	DbiModelRequest request = {.max_tokens = Min(team->answer_tokens, 200)};

	team->phase = DBI_TEAM_ROUTING;
	dbi_prompt_route(team, &request);
	team->route = dbi_ask_model(team, "route", NULL, &request);
}

DbiTeam *
dbi_team_begin(DbiChat *chat)
{
	DbiTeam *team = palloc0(sizeof(DbiTeam));

	team->chat = chat;
	team->turn = dbi_answer_begin(chat->question, chat->plan);
	team->conversation =
		DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&chat->conversation)));
	team->deadline.at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), dbi_guc_ask_timeout);
	team->deadline.whose = "dbinsight.ask_timeout";
	draw_fence(team->fence);
	read_server(team);
	if (team->model == NULL)
		return team;
	agents_of_plan(team);
	if (chat->agent == NULL && dbi_route_is_unsure(chat->plan))
		begin_routing(team);
	else
		begin_work(team);
	return team;
}

DbiTurn *
dbi_team_turn(DbiTeam *team)
{
	return team->turn;
}

/* ---- steps ---- */

static void
end_all(DbiTeam *team)
{
	ListCell *lc;

	foreach(lc, team->asks)
		dbi_ask_end(lfirst(lc));
	team->phase = DBI_TEAM_OVER;
}

void
dbi_team_stop(DbiTeam *team)
{
	end_all(team);
}

void
dbi_team_close(DbiTeam *team)
{
	dbi_answer_close(team->turn);
}

static void
give_up(DbiTeam *team, const DbiTeamReason *reason, DbiTeamStep *step)
{
	end_all(team);
	team->reason = reason;
	step->news = DBI_TEAM_GAVE_UP;
}

/* The plan's calls may be of agents that are not asked now: those are left to the model. */
static void
heed_route(DbiTeam *team, DbiTeamStep *step)
{
	List *routes = team->route->reason ? NIL : dbi_routes_said(team->chat->plan, team->route->text);
	ListCell *lc;

	if (routes != NIL)
	{
		team->agents = NIL;
		foreach(lc, routes)
			add_agent(team, ((DbiPlanRoute *) lfirst(lc))->agent);
		step->news = DBI_TEAM_ROUTED;
		step->routes = routes;
	}
	begin_work(team);
}

/* Those whose own words there are. */
static List *
with_words(const DbiTeam *team)
{
	List *some = NIL;
	ListCell *lc;

	foreach(lc, team->members)
		if (((DbiMember *) lfirst(lc))->text)
			some = lappend(some, lfirst(lc));
	return some;
}

/* By agent, as they were asked: whose model was the first to answer is chance, and must not show. */
static void
arrange_results(DbiTeam *team)
{
	List *results = NIL;
	ListCell *m;
	ListCell *lc;

	foreach(m, team->members)
		foreach(lc, ((DbiMember *) lfirst(m))->results)
			if (list_member_ptr(team->turn->results, lfirst(lc)))
				results = list_append_unique_ptr(results, lfirst(lc));
	dbi_answer_arrange(team->turn, list_concat_unique_ptr(results, team->turn->results));
}

/* Once everything is looked up, somebody has to write; when but one has found something, that is it. */
static void
begin_writing(DbiTeam *team, DbiTeamStep *step)
{
	List *some = with_words(team);

	arrange_results(team);
	if (list_length(some) < 2)
	{
		team->author = some == NIL ? NULL : linitial(some);
		if (some == NIL)
			give_up(team, ((DbiMember *) linitial(team->members))->reason, step);
		return;
	}
	team->author = dbi_prompt_author(team);
	team->members = lappend(team->members, team->author);
	dbi_member_think(team, team->author);
}

static void
write_again(DbiTeam *team)
{
	DbiMember *author = team->author;
	char *words = dbi_prompt_repair(team);

	author->parts = lappend(author->parts, dbi_part(DBI_PART_WORDS, DBI_SAYS_USER, words));
	author->repaired = true;
	team->repaired = true;
	dbi_write_anew(team);
	dbi_member_think(team, author);
}

static void
answered(DbiTeam *team, DbiTeamStep *step)
{
	end_all(team);
	dbi_tell_instead(team);
	dbi_answer_close(team->turn);
	step->news = DBI_TEAM_ANSWERED;
}

/* The author of several failed; what each has found can stand for itself, if nothing was shown. */
static bool
tell_sections(DbiTeam *team, const DbiTeamReason *reason, DbiTeamStep *step)
{
	if (team->author->agent || team->turn->text->out.len > 0)
		return false;
	if (!dbi_write_sections(team))
		return false;
	team->reason = reason;
	answered(team, step);
	return true;
}

/* Whoever has looked nothing up can have nothing to say. */
static bool
has_data(const DbiTeam *team)
{
	ListCell *lc;

	foreach(lc, team->turn->results)
		if (((DbiResult *) lfirst(lc))->ok)
			return true;
	return false;
}

static void
judge(DbiTeam *team, DbiTeamStep *step)
{
	DbiMember *author = team->author;

	if (author->repaired && author->reason == &dbi_reason_silent)
		author->reason = &dbi_reason_ungrounded;
	if (author->reason)
	{
		if (!tell_sections(team, author->reason, step))
			give_up(team, author->reason, step);
	}
	else if (!has_data(team))
		give_up(team, &dbi_reason_no_data, step);
	else
	{
		(void) dbi_write_on(team, author->text, true);
		if (!team->writer.wrong)
			answered(team, step);
		else if (!author->repaired)
			write_again(team);
		else if (!tell_sections(team, &dbi_reason_ungrounded, step))
			give_up(team, &dbi_reason_ungrounded, step);
	}
}

static bool
all_done(const DbiTeam *team)
{
	ListCell *lc;

	foreach(lc, team->members)
		if (((DbiMember *) lfirst(lc))->state != DBI_MEMBER_DONE)
			return false;
	return true;
}

/* One of several that failed; when all fail, the whole answer is the embedded analyst's. */
static void
take_over(DbiTeam *team, DbiMember *member, DbiTeamStep *step)
{
	dbi_member_instead(team, member);
	step->news = DBI_TEAM_OBJECTED;
	step->agent = member->agent;
	step->words = member->reason->words;
}

/* Hears whoever has ended; true when somebody has. */
static bool
hear(DbiTeam *team, DbiTeamStep *step)
{
	bool any = false;
	ListCell *lc;

	foreach(lc, team->members)
	{
		DbiMember *member = lfirst(lc);

		if (member->state != DBI_MEMBER_THINKING || !dbi_ask_advance(team, member->ask))
			continue;
		dbi_member_heard(team, member);
		if (member == team->author && member->state == DBI_MEMBER_CALLING)
			dbi_write_anew(team);
		any = true;
		if (member->reason && member != team->author)
		{
			take_over(team, member, step);
			break;
		}
	}
	return any;
}

/* One call of anybody; an agent that has made all of its calls thinks again. */
static bool
call(DbiTeam *team, DbiTeamStep *step)
{
	ListCell *lc;

	foreach(lc, team->members)
	{
		DbiMember *member = lfirst(lc);

		if (member->state != DBI_MEMBER_CALLING)
			continue;
		if (dbi_member_call(team, member, step))
			return true;
		if (member->instead)
		{
			member->state = DBI_MEMBER_DONE;
			return true;
		}
		member->round++;
		dbi_member_think(team, member);
		return true;
	}
	return false;
}

/* Every agent has made its calls, or has none to make: what is told will be judged by these results. */
static bool
has_results(const DbiTeam *team)
{
	ListCell *lc;

	foreach(lc, team->members)
	{
		const DbiMember *member = lfirst(lc);

		if (member->agent && member->results == NIL && member->state != DBI_MEMBER_DONE)
			return false;
	}
	return has_data(team);
}

/*
 * Sleeps until something comes, or it is time to look for stop(). What can be
 * got ready while the models think takes none of the reader's time.
 */
static void
wait_a_moment(DbiTeam *team)
{
	if (team->phase == DBI_TEAM_WORKING && dbi_make_likely_call(team))
		return;
	if (has_results(team))
		(void) dbi_answer_measure(team->turn);
	dbi_net_wait(TimestampTzPlusMilliseconds(GetCurrentTimestamp(), WAIT_MS));
}

static void
work_on(DbiTeam *team, DbiTeamStep *step)
{
	if (team->members == NIL)
		give_up(team, &dbi_reason_no_data, step);
	else if (hear(team, step))
		return;
	else if (call(team, step))
		return;
	else if (all_done(team) && team->author == NULL)
		begin_writing(team, step);
	else if (all_done(team))
		judge(team, step);
	else if (team->author && team->author->state == DBI_MEMBER_THINKING && has_data(team) &&
			 dbi_write_on(team, team->author->ask->text, false))
	{
		step->news = DBI_TEAM_SAID;
		step->agent = team->author->agent;
	}
	else
		wait_a_moment(team);
}

void
dbi_team_step(DbiTeam *team, DbiTeamStep *step)
{
	memset(step, 0, sizeof(DbiTeamStep));
	if (team->model == NULL)
		give_up(team, team->reason, step);
	else if (GetCurrentTimestamp() >= team->deadline.at)
		give_up(team, &dbi_reason_timeout, step);
	else if (team->phase == DBI_TEAM_WORKING)
		work_on(team, step);
	else if (dbi_ask_advance(team, team->route))
		heed_route(team, step);
	else
		wait_a_moment(team);
}

/* ---- the end ---- */

const DbiTeamReason *
dbi_team_reason(const DbiTeam *team)
{
	return team->reason;
}

DbiTurn *
dbi_team_hand_over(DbiTeam *team)
{
	DbiTurn *turn = dbi_answer_instead(team->turn);

	if (team->reason)
		turn->note = psprintf("Answered without the language model: %s.", team->reason->words);
	team->turn = turn;
	team->handed_over = true;
	return turn;
}

/* What was called, so that replay() calls it again. */
static DbiPlan *
plan_of_calls(const DbiTeam *team)
{
	DbiPlan *plan = palloc(sizeof(DbiPlan));
	ListCell *lc;

	*plan = *team->chat->plan;
	plan->calls = NIL;
	foreach(lc, team->turn->results)
		plan->calls =
			lappend(plan->calls, unconstify(DbiPlanCall *, ((DbiResult *) lfirst(lc))->call));
	return plan;
}

static void
add_up(DbiTeam *team)
{
	DbiChat *chat = team->chat;
	ListCell *lc;

	foreach(lc, team->asks)
	{
		const DbiAsk *ask = lfirst(lc);
		const DbiModelUsage *usage;

		if (ask->answer == NULL)
			continue;
		usage = dbi_model_usage(ask->answer);
		chat->prompt_tokens += usage->prompt;
		chat->completion_tokens += usage->completion;
		chat->cost_usd += dbi_model_cost(ask->answer);
		if (ask->reason == NULL)
			chat->model = dbi_model_answer_model(ask->answer);
	}
}

void
dbi_team_account(DbiTeam *team)
{
	DbiChat *chat = team->chat;
	/* of an answer that nobody read on, the words so far are the model's */
	bool by_model =
		!team->handed_over && (team->turn->by_model || dbi_answer_text(team->turn)[0] != '\0');

	if (team->model)
		chat->model = dbi_model_name(team->model);
	add_up(team);
	chat->engine = by_model ? "model" : "embedded";
	chat->reason = team->reason ? team->reason->code : NULL;
	chat->team = team;
	if (by_model)
		chat->plan = plan_of_calls(team);
	else
		chat->model = DBI_MODEL;
}

void
dbi_team_book(DbiTeam *team)
{
	DbiModelUse use = {0};
	ListCell *lc;

	dbi_owed_settle();
	use.conversation = team->conversation;
	use.message =
		DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&team->chat->message)));
	foreach(lc, team->asks)
	{
		const DbiAsk *ask = lfirst(lc);

		if (ask->answer == NULL)
			continue;
		use.agent = ask->agent;
		use.purpose = ask->purpose;
		dbi_model_book(ask->answer, &use);
	}
}
