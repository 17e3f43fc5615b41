/*
 * team_route.c: the model is asked which agents a question is for, when the
 * planner is not sure.
 */
#include "postgres.h"

#include "utils/jsonb.h"

#include "agents/team_parts.h"
#include "base/json.h"

/* Below this the planner's best agent is a guess. */
#define SURE 0.55

/* Agents that a model may choose. */
#define MAX_CHOSEN 4

bool
dbi_route_is_unsure(const DbiPlan *plan)
{
	double best = 0;
	ListCell *lc;

	if (plan->platform_wide || plan->follow_up)
		return false;
	foreach(lc, plan->routes)
		best = Max(best, ((DbiPlanRoute *) lfirst(lc))->confidence);
	return best < SURE;
}

const char *
dbi_model_role(const DbiPlan *plan)
{
	if (!dbi_team_wanted() || plan->kind != DBI_PLAN_ANSWER)
		return NULL;
	return dbi_route_is_unsure(plan)
			   ? "is asked which agents the question is for, calls tools and words the answer"
			   : "calls tools and words the answer, of the agents above";
}

/* {"agents": ["cost", …]}, perhaps with words around it; NIL when there is none that is enabled. */
List *
dbi_routes_said(const DbiPlan *plan, const char *text)
{
	const char *open = strchr(text, '{');
	const char *close = strrchr(text, '}');
	Jsonb *said = open && close > open ? dbi_try_jsonb(open, close - open + 1) : NULL;
	JsonbContainer *array = said ? dbi_jsonb_array(&said->root, "agents") : NULL;
	List *routes = NIL;

	for (int i = 0; array && i < (int) JsonContainerSize(array); i++)
	{
		JsonbValue *v = getIthJsonbValueFromContainer(array, i);
		DbiPlanRoute *route;

		if (v == NULL || v->type != jbvString || list_length(routes) >= MAX_CHOSEN)
			continue;
		route = palloc0(sizeof(DbiPlanRoute));
		route->agent = pnstrdup(v->val.string.val, v->val.string.len);
		route->confidence = 1;
		routes = lappend(routes, route);
	}
	return routes;
}
