/*
 * team_agent.c: one agent of a team: it thinks, calls, looks at what came, and
 * thinks again, until it answers.
 *
 *   THINKING ── answer with calls ──► CALLING ── none left ──► THINKING …
 *       └────── answer without ─────► DONE
 *
 * In its last round, and once it has had its corrections, it is told that it
 * has no tools, so that it must answer.
 */
#include "postgres.h"

#include "agents/team_parts.h"
#include "base/base.h"

DbiMember *
dbi_member(DbiTeam *team, const char *agent)
{
	DbiMember *member = palloc0(sizeof(DbiMember));

	member->agent = agent;
	member->purpose = agent ? "agent" : "synthesis";
	return member;
}

void
dbi_member_think(DbiTeam *team, DbiMember *member)
{
	DbiModelRequest request = {.max_tokens = team->answer_tokens};
	bool last = member->round + 1 >= dbi_guc_max_steps ||
				member->corrections >= DBI_MAX_CORRECTIONS || member->repaired;

	request.tools = member->tools;
	if (member->tools != NIL)
		request.tool_choice = last ? "none" : "auto";
	dbi_fit_parts(team, member->parts, &request, member->round);
	member->ask =
		dbi_ask_model(team, member->repaired ? "repair" : member->purpose, member->agent, &request);
	member->state = DBI_MEMBER_THINKING;
}

static void
end_member(DbiMember *member, const DbiTeamReason *reason)
{
	member->state = DBI_MEMBER_DONE;
	member->reason = reason;
}

/* What the model said goes with what it called: they enter and leave together. */
static void
remember_words(DbiMember *member)
{
	DbiPart *part = dbi_part(DBI_PART_MODEL, DBI_SAYS_MODEL, NULL);

	part->says = *dbi_ask_message(member->ask);
	part->round = member->round;
	member->parts = lappend(member->parts, part);
}

static void
take_calls(DbiTeam *team, DbiMember *member)
{
	ListCell *lc;

	remember_words(member);
	foreach(lc, member->ask->calls)
		member->wanted = lappend(member->wanted, dbi_wanted(team, member, lfirst(lc)));
	foreach(lc, member->wanted)
		if (((DbiWanted *) lfirst(lc))->call == NULL)
		{
			member->corrections++;
			break;
		}
	member->state = DBI_MEMBER_CALLING;
}

void
dbi_member_heard(DbiTeam *team, DbiMember *member)
{
	const DbiAsk *ask = member->ask;
	bool tools = ask->request.tool_choice && strcmp(ask->request.tool_choice, "none") != 0;

	if (ask->reason)
		end_member(member, ask->reason);
	else if (ask->calls != NIL && tools)
		take_calls(team, member);
	else if (ask->text[strspn(ask->text, " \t\r\n")] == '\0')
		end_member(member, &dbi_reason_silent);
	else
	{
		member->text = ask->text;
		remember_words(member);
		/* it wanted what it no longer has: those calls are not part of what was said */
		((DbiPart *) llast(member->parts))->says.calls = NIL;
		end_member(member, NULL);
	}
}

/* ---- calls ---- */

/* The model's call has its answer: a result, or an error. */
static void
answer_call(DbiMember *member, const DbiWanted *wanted, const DbiResult *result, const char *error)
{
	DbiPart *part = dbi_part(DBI_PART_RESULT, DBI_SAYS_TOOL, error);

	part->says.call_id = wanted->model->id;
	part->says.failed = error != NULL;
	part->round = member->round;
	part->result = error ? NULL : result;
	member->results = lappend(member->results, error ? NULL : unconstify(DbiResult *, result));
	part->number = list_length(member->results);
	member->parts = lappend(member->parts, part);
	member->wanted = list_delete_first(member->wanted);
	member->announced = NULL;
}

static void
answer_with(DbiMember *member, const DbiWanted *wanted, const DbiResult *result)
{
	if (!result->ok && dbi_is_argument_error(result))
		member->corrections++;
	answer_call(member, wanted, result, result->ok ? NULL : dbi_error_message(result));
}

static void
make_call(DbiTeam *team, DbiMember *member, DbiTeamStep *step)
{
	const DbiWanted *wanted = linitial(member->wanted);
	DbiResult *result;

	result = dbi_made_ahead(team, wanted->call);
	if (result == NULL)
		result = dbi_call_tool(wanted->call);
	if (!result->stopped)
		dbi_answer_add_result(team->turn, result);
	step->news = DBI_TEAM_CALLED;
	step->result = result;
	answer_with(member, wanted, result);
}

bool
dbi_member_call(DbiTeam *team, DbiMember *member, DbiTeamStep *step)
{
	const DbiWanted *wanted;
	const DbiResult *before;

	if (member->wanted == NIL)
		return false;
	wanted = linitial(member->wanted);
	step->agent = member->agent;
	step->tool = wanted->model->name;
	if (wanted->call == NULL)
	{
		step->news = DBI_TEAM_OBJECTED;
		step->words = wanted->words;
		answer_call(member, wanted, NULL, wanted->error);
		return true;
	}
	if (member->announced)
	{
		make_call(team, member, step);
		return true;
	}
	before = dbi_team_made(team, wanted->call);
	if (before)
	{
		answer_with(member, wanted, before);
		return true;
	}
	member->announced = wanted->call;
	step->news = DBI_TEAM_CALLING;
	step->call = wanted->call;
	return true;
}
