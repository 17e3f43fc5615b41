/*
 * agents/answer.h: from a plan to an answer.
 */
#ifndef DBI_AGENTS_ANSWER_H
#define DBI_AGENTS_ANSWER_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "agents/plan.h"

typedef struct DbiAnswer
{
	char *content;     /* Markdown */
	List *agents;      /* of char *, in the order of the answer */
	List *suggestions; /* of char *: follow-up questions */
	char *tool_calls;  /* JSON array */
	char *evidence;    /* JSON array: one object a figure */
	char *grounding;   /* JSON object: what the referee says of it; NULL without calls */
	char *understood;  /* JSON object: how sure the reading of the question was */
	char *results;     /* JSON array: what the calls returned; NULL without calls */
	bool grounded;     /* by the writer's own record and by the referee */
} DbiAnswer;

/* Calls the tools of the plan and words the answer. SPI is connected. */
DbiAnswer *dbi_answer(const char *question, const DbiPlan *plan);

#endif
