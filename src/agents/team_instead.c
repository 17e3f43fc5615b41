/*
 * team_instead.c: an agent that failed costs its own part only: the embedded
 * analyst makes the plan's calls for it while the others go on, and its
 * section follows what the models wrote.
 */
#include "postgres.h"

#include "agents/team_parts.h"

static bool
is_its_own(const DbiMember *member, const DbiPlanCall *call)
{
	return strcmp(call->agent, member->agent) == 0;
}

/* What the plan would call for it is to be called, as if it had said so. */
void
dbi_member_instead(DbiTeam *team, DbiMember *member)
{
	ListCell *lc;

	member->instead = true;
	member->wanted = NIL;
	member->announced = NULL;
	foreach(lc, team->chat->plan->calls)
	{
		DbiPlanCall *call = lfirst(lc);
		DbiModelCall *model;
		DbiWanted *wanted;

		if (!is_its_own(member, call) || call->role == DBI_CALL_IF_UNHEALTHY)
			continue;
		model = palloc0(sizeof(DbiModelCall));
		model->id = "";
		model->name = call->tool;
		model->arguments = call->arguments;
		wanted = palloc0(sizeof(DbiWanted));
		wanted->model = model;
		wanted->call = call;
		member->wanted = lappend(member->wanted, wanted);
	}
	if (member->wanted != NIL)
		member->state = DBI_MEMBER_CALLING;
}

/* The plan as if it were for this agent alone. */
static DbiPlan *
own_plan(const DbiTeam *team, const DbiMember *member)
{
	DbiPlan *plan = palloc(sizeof(DbiPlan));
	ListCell *lc;

	*plan = *team->chat->plan;
	plan->calls = NIL;
	plan->platform_wide = false;
	foreach(lc, team->chat->plan->calls)
		if (is_its_own(member, lfirst(lc)))
			plan->calls = lappend(plan->calls, lfirst(lc));
	return plan;
}

/* Opening, section and advice of a turn of its own, from the results that are there. */
static DbiTurn *
own_turn(DbiTeam *team, const DbiMember *member)
{
	DbiTurn *turn = dbi_answer_begin(team->chat->question, own_plan(team, member));
	const DbiPlanCall *call;
	const char *agent;
	ListCell *lc;

	turn->seen = list_copy(team->turn->results);
	while ((call = dbi_answer_next_call(turn)) != NULL)
		(void) dbi_answer_make_call(turn, call);
	turn->seen = NIL;
	if (turn->results == NIL)
		return turn;
	foreach(lc, turn->results)
	{
		DbiResult *r = lfirst(lc);

		if (!list_member_ptr(team->turn->results, r) && !r->repeated)
			dbi_answer_add_result(team->turn, r);
	}
	do
		(void) dbi_answer_tell(turn, &agent);
	while (turn->next_part < list_length(turn->agents) + 2);
	return turn;
}

static void
tell_section(DbiTeam *team, const DbiMember *member)
{
	DbiText *text = team->turn->text;
	DbiTurn *turn = own_turn(team, member);

	if (turn->text->out.len == 0)
		return;
	dbi_sayf(text, "%s### %s\n\n", text->out.len > 0 ? "\n\n" : "", member->title);
	dbi_say_text(text, turn->text);
}

/* Behind what the models wrote, and a line that says who failed and why. */
void
dbi_tell_instead(DbiTeam *team)
{
	StringInfoData names;
	ListCell *lc;

	initStringInfo(&names);
	foreach(lc, team->members)
	{
		const DbiMember *member = lfirst(lc);

		if (!member->instead)
			continue;
		tell_section(team, member);
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", member->title);
		if (team->reason == NULL)
			team->reason = member->reason;
	}
	if (names.len > 0)
		team->turn->note = psprintf("%s answered without the language model: %s.", names.data,
									team->reason->words);
}
