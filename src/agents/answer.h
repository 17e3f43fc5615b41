/*
 * agents/answer.h: from a plan to an answer.
 */
#ifndef DBI_AGENTS_ANSWER_H
#define DBI_AGENTS_ANSWER_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "agents/call.h"
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
	List *calls;       /* of DbiResult *: what was called */
	bool grounded;     /* by the writer's own record and by the referee */
} DbiAnswer;

/*
 * An answer is made step by step, so that it can be shown while it grows: the
 * calls one by one, then the parts of the text, then the whole. SPI is
 * connected in each step; between steps nothing is held but memory, in the
 * context that was current. The plan is one that answers.
 */
typedef struct DbiTurn DbiTurn;

DbiTurn *dbi_answer_begin(const char *question, const DbiPlan *plan);

/*
 * answer_recorded.c: takes the results that were kept, JSON as in chat_results,
 * in place of calls; what is left to call was not called then.
 */
void dbi_answer_record(DbiTurn *turn, const char *results);

/* The next call to make, or NULL when there is none left. */
const DbiPlanCall *dbi_answer_next_call(DbiTurn *turn);
DbiResult *dbi_answer_make_call(DbiTurn *turn, const DbiPlanCall *call);

/* Leaves a call out that has not been made. */
void dbi_answer_skip_call(DbiTurn *turn, const DbiPlanCall *call);

/* No more calls, and of the text only what closes it. */
void dbi_answer_stop(DbiTurn *turn);

/* Words the next part and says whose it is (NULL: of the whole); false when all is said. */
bool dbi_answer_tell(DbiTurn *turn, const char **agent);

/* The text so far, valid until the next part. */
const char *dbi_answer_text(const DbiTurn *turn);

/* The answer as far as it was told. */
DbiAnswer *dbi_answer_end(DbiTurn *turn);

/* For a plan without calls: the planner's own words. */
DbiAnswer *dbi_answer_without_calls(const DbiPlan *plan);

/* For a turn that ended before there was a plan. */
DbiAnswer *dbi_answer_without_words(void);

#endif
