/*
 * score.c: what the scores need to know of the plan, and the call of their
 * one implementation, which is SQL (sql/schema/66_scores.sql), so that an
 * answer scored now and one scored from what is stored get the same numbers.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "agents/score.h"
#include "base/spi.h"

static SPIPlanPtr score_plan;

/* Arguments said or kept, of all; 1 when there is none to be wrong about. */
static double
slot_share(const DbiPlan *plan)
{
	int n = 0;
	int sure = 0;
	ListCell *lc;
	ListCell *x;

	foreach(lc, plan->calls)
		foreach(x, ((DbiPlanCall *) lfirst(lc))->args)
		{
			DbiOrigin origin = ((DbiPlanArg *) lfirst(x))->origin;

			n++;
			sure += origin == DBI_ORIGIN_TEXT || origin == DBI_ORIGIN_FRAME;
		}
	return n == 0 ? 1 : (double) sure / n;
}

static bool
is_called(const DbiPlan *plan, const char *agent)
{
	ListCell *lc;

	foreach(lc, plan->calls)
		if (strcmp(((DbiPlanCall *) lfirst(lc))->agent, agent) == 0)
			return true;
	return false;
}

char *
dbi_understood_json(const DbiPlan *plan, double lag_h)
{
	double least = 1;
	double next = 0;
	bool any = false;
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	appendStringInfo(&s, "{\"kind\": \"%s\", \"agents\": [", dbi_plan_kind_name(plan->kind));
	foreach(lc, plan->routes)
	{
		const DbiPlanRoute *route = lfirst(lc);

		if (!is_called(plan, route->agent))
		{
			next = Max(next, route->confidence);
			continue;
		}
		least = Min(least, route->confidence);
		appendStringInfoString(&s, any ? ", " : "");
		escape_json(&s, route->agent);
		any = true;
	}
	appendStringInfo(&s, "], \"slots\": %.4f", slot_share(plan));
	if (any)
		appendStringInfo(&s, ", \"route\": %.4f, \"margin\": %.4f", least, Max(least - next, 0));
	if (lag_h >= 0)
		appendStringInfo(&s, ", \"lag_h\": %.2f", lag_h);
	appendStringInfoChar(&s, '}');
	return s.data;
}

static Datum
json(const char *text)
{
	return text ? DirectFunctionCall1(jsonb_in, CStringGetDatum(text)) : (Datum) 0;
}

char *
dbi_score(const char *content, const char *tool_calls, const char *grounding,
		  const char *understood, double latency_ms)
{
	Oid types[] = {TEXTOID, JSONBOID, JSONBOID, JSONBOID, FLOAT8OID};
	Datum values[5] = {CStringGetTextDatum(content), json(tool_calls), json(grounding),
					   json(understood), Float8GetDatum(latency_ms)};
	char nulls[6] = "     ";

	if (grounding == NULL)
		nulls[2] = 'n';
	dbi_spi_prepare(&score_plan,
					"SELECT dbinsight._scores($1, $2, $3, $4, pg_catalog.round($5::numeric, 3)::float8)::text",
					5, types);
	if (dbi_spi_execute_plan(score_plan, values, nulls, true, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "could not score the answer");
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}
