/*
 * agents/score.h: how sure the reading of a question was.
 */
#ifndef DBI_AGENTS_SCORE_H
#define DBI_AGENTS_SCORE_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "agents/plan.h"

/* JSON object for chat_messages.understood; lag_h < 0: no data was read. */
char *dbi_understood_json(const DbiPlan *plan, double lag_h);

/* The scores of an answer, by dbinsight._scores(). SPI is connected. */
char *dbi_score(const char *content, const char *tool_calls, const char *grounding,
				const char *understood, double latency_ms);

#endif
