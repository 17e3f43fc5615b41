/*
 * team_budget.c: whether there is money for one more request.
 *
 * What a request may cost is reserved before it is sent: its estimated tokens
 * and the most it may write, at the server's prices. Requests under way count
 * with that, ended ones with what they cost.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"

#include "agents/team_parts.h"
#include "base/base.h"
#include "base/spi.h"

static SPIPlanPtr spent_plan;

static double
reserve(const DbiTeam *team, const DbiModelRequest *request)
{
	double tokens = dbi_model_request_estimate(team->model, request);

	return (tokens * team->price_in + request->max_tokens * team->price_out) / 1e6;
}

static double
spent_in_turn(const DbiTeam *team)
{
	double usd = 0;
	ListCell *lc;

	foreach(lc, team->asks)
	{
		const DbiAsk *ask = lfirst(lc);

		if (ask->answer)
			usd += ask->ended ? dbi_model_cost(ask->answer) : reserve(team, &ask->request);
	}
	return usd;
}

/* Of the person, in other turns that are booked since midnight UTC. */
static double
spent_today(void)
{
	bool isnull;
	Datum value;

	dbi_spi_prepare(&spent_plan, "SELECT dbinsight._llm_spent_today()", 0, NULL);
	if (dbi_spi_execute_plan(spent_plan, NULL, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read llm_usage");
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return isnull ? 0 : DatumGetFloat8(value);
}

const DbiTeamReason *
dbi_budget_objection(DbiTeam *team, const DbiModelRequest *request)
{
	double usd;

	if (dbi_guc_budget_question_usd <= 0 && dbi_guc_budget_user_day_usd <= 0)
		return NULL;
	usd = spent_in_turn(team) + reserve(team, request);
	if (dbi_guc_budget_question_usd > 0 && usd > dbi_guc_budget_question_usd)
		return &dbi_reason_budget;
	if (dbi_guc_budget_user_day_usd > 0 && spent_today() + usd > dbi_guc_budget_user_day_usd)
		return &dbi_reason_day_budget;
	return NULL;
}
