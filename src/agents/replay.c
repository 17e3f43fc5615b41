/*
 * replay.c: a stored plan, run or taken as it was recorded, and told again;
 * replay() in SQL compares.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "agents/answer.h"
#include "agents/chat.h"

static DbiAnswer *
answer_again(const char *question, DbiPlan *plan, const char *recorded)
{
	DbiTurn *turn = dbi_answer_begin(question, plan);
	const DbiPlanCall *call;
	const char *agent;

	if (recorded)
		dbi_answer_record(turn, recorded);
	while ((call = dbi_answer_next_call(turn)) != NULL)
		if (!recorded)
			(void) dbi_answer_make_call(turn, call);
	while (dbi_answer_tell(turn, &agent))
		CHECK_FOR_INTERRUPTS();
	return dbi_answer_end(turn);
}

static char *
answer_object(const DbiAnswer *answer)
{
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfoString(&s, "{\"content\": ");
	escape_json(&s, answer->content);
	appendStringInfo(&s, ", \"grounded\": %s, \"results\": %s}",
					 answer->grounded ? "true" : "false", answer->results ? answer->results : "[]");
	return s.data;
}

/* question, plan, the present to take for dbinsight.now() or NULL, results to take for calls or NULL */
PG_FUNCTION_INFO_V1(dbi_replay_plan);
Datum
dbi_replay_plan(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	int nest = NewGUCNestLevel();
	char *question;
	char *recorded = NULL;
	char *json;
	Datum result;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	question = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(3))
	{
		Jsonb *results = PG_GETARG_JSONB_P(3);

		recorded = JsonbToCString(NULL, &results->root, VARSIZE(results));
	}
	if (!PG_ARGISNULL(2))
		(void) set_config_option("dbinsight.now", text_to_cstring(PG_GETARG_TEXT_PP(2)),
								 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to the server programming interface");
	MemoryContextSwitchTo(caller); /* what is made outlives SPI: see base/spi.h */
	json = answer_object(answer_again(question, dbi_plan_of_json(PG_GETARG_JSONB_P(1)), recorded));
	result = DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
	SPI_finish();
	AtEOXact_GUC(true, nest);
	PG_RETURN_DATUM(result);
}
