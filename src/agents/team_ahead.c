/*
 * team_ahead.c: calls of tools that are made before their turn.
 *
 * The quick ones of the plan are made while the models think, because models
 * mostly want what the plan proposes; what none wants is forgotten. Slow ones
 * are not guessed at: a warehouse may want money for them. Once several are
 * wanted they are made at the same time, by workers.
 */
#include "postgres.h"

#include "agents/team_parts.h"

/* ---- while the models think */

static bool
is_asked(const DbiTeam *team, const char *agent)
{
	ListCell *lc;

	foreach(lc, team->members)
	{
		const DbiMember *member = lfirst(lc);

		if (member->agent && strcmp(member->agent, agent) == 0)
			return true;
	}
	return false;
}

static List *
likely_calls(const DbiTeam *team)
{
	List *calls = NIL;
	ListCell *lc;

	foreach(lc, team->chat->plan->calls)
	{
		const DbiPlanCall *call = lfirst(lc);

		if (call->role != DBI_CALL_IF_UNHEALTHY && is_asked(team, call->agent))
			calls = lappend(calls, lfirst(lc));
	}
	return dbi_quick_calls(calls);
}

bool
dbi_make_likely_call(DbiTeam *team)
{
	if (!team->has_likely)
		team->likely = likely_calls(team);
	team->has_likely = true;
	while (team->likely != NIL)
	{
		const DbiPlanCall *call = linitial(team->likely);

		team->likely = list_delete_first(team->likely);
		if (dbi_team_made(team, call))
			continue;
		team->made = lappend(team->made, dbi_call_tool(call));
		return true;
	}
	return false;
}

static DbiResult *
take(List **results, const DbiPlanCall *call)
{
	ListCell *lc;

	foreach(lc, *results)
	{
		DbiResult *r = lfirst(lc);

		if (r->call != call)
			continue;
		*results = foreach_delete_current(*results, lc);
		return r;
	}
	return NULL;
}

/* ---- several slow ones */

static bool
is_made(const DbiTeam *team, const DbiPlanCall *call)
{
	ListCell *lc;

	foreach(lc, team->made)
		if (((DbiResult *) lfirst(lc))->call == call)
			return true;
	return false;
}

/* Of all agents, those that can be made: the slow ones of them at the same time. */
static void
call_in_workers(DbiTeam *team)
{
	List *calls = NIL;
	ListCell *m;
	ListCell *lc;

	if (team->ahead != NIL)
		return;
	foreach(m, team->members)
		foreach(lc, ((DbiMember *) lfirst(m))->wanted)
		{
			const DbiWanted *wanted = lfirst(lc);

			if (wanted->call && !is_made(team, wanted->call) &&
				dbi_team_made(team, wanted->call) == NULL)
				calls = list_append_unique_ptr(calls, wanted->call);
		}
	team->ahead = dbi_call_ahead(calls);
}

DbiResult *
dbi_made_ahead(DbiTeam *team, const DbiPlanCall *call)
{
	DbiResult *result = take(&team->made, call);

	if (result)
		return result;
	call_in_workers(team);
	result = take(&team->ahead, call);
	return result ? dbi_finish_call(result) : NULL;
}
