/*
 * agents/answer_parts.h: what the files that word an answer share.
 */
#ifndef DBI_AGENTS_ANSWER_PARTS_H
#define DBI_AGENTS_ANSWER_PARTS_H

#include "utils/timestamp.h"

#include "agents/answer.h"
#include "agents/answer_expr.h"

/* A row of answer_rules. */
typedef struct DbiRule
{
	char *part;
	char *intent; /* NULL: any */
	char *condition;
	char *body;
} DbiRule;

/* A row of answer_templates with its rules; the tool may have none. */
typedef struct DbiTemplate
{
	bool known; /* there is a row for the tool */
	char *noun; /* "failed run/failed runs"; never NULL */
	char *subject;
	char *measure;
	List *columns; /* of char *; NIL: chosen by the code */
	char *shown;   /* rows of the table: those for which this holds */
	char *empty;
	char *clean;
	char *yes;
	int default_days;
	List *rules; /* of DbiRule * */
} DbiTemplate;

/* A table a tool reads, and how new it is. */
typedef struct DbiInput
{
	char *source;
	bool is_fact;
	bool has_time; /* newest is known */
	bool is_empty;
	TimestampTz newest;
} DbiInput;

/* A result with all that is needed to tell it. */
typedef struct DbiTold
{
	DbiResult *result;
	DbiTemplate *template;
	List *inputs;         /* of DbiInput * */
	struct DbiTold *base; /* the other side of a comparison */
	DbiScope scope;
} DbiTold;

/* The turn: everything the parts of an answer look at. */
struct DbiTurn
{
	const char *question;
	const DbiPlan *plan;
	int next_call;     /* of the plan */
	int next_part;     /* of the text */
	bool stopped;      /* before all calls were made and all parts told */
	List *skipped;     /* of DbiPlanCall *: calls that were not made, or not to their end */
	List *ahead;       /* of DbiResult *: made by workers, their turn is still to come */
	List *results;     /* of DbiResult * */
	List *told;        /* of DbiTold *, in the order of the calls */
	List *agents;      /* of char * */
	List *actions;     /* of char *: recommendations said, so that none is said twice */
	List *suggestions; /* of char * */
	DbiText *text;
	bool by_model;    /* a language model words it */
	List *seen;       /* of DbiResult *: what words of a model before these rest on */
	int measured;     /* results of which templates and inputs are known */
	bool recorded;    /* told from results that were kept */
	List *fresh;      /* of char *, when recorded: "system.billing.usage 2026-06-15 09:00 UTC" */
	const char *note; /* said below the sources, or NULL */
};

/* answer_model.c: a turn that a language model words, wholly or in part */
void dbi_answer_add_result(DbiTurn *turn, DbiResult *result);

/* The same results in another order, which is that of the sources. */
void dbi_answer_arrange(DbiTurn *turn, List *results);
struct DbiGroundTurn *dbi_answer_measure(DbiTurn *turn); /* what its text is judged by */
void dbi_answer_close(DbiTurn *turn);                    /* only the closing is left to tell */
DbiTurn *dbi_answer_instead(DbiTurn *before); /* the plan's own answer, behind what was shown */

/* answer.c */
DbiTold *dbi_answer_tell_result(DbiTurn *turn, DbiResult *result);
void dbi_answer_prepare(DbiTurn *turn);
struct DbiGroundTurn *dbi_answer_ground_turn(DbiTurn *turn);

/* answer_template.c */
void dbi_load_templates(DbiTurn *turn);
const char *dbi_agent_title(const char *agent);
List *dbi_example_questions(int n);
List *dbi_load_links(const char *kind, const char *agent_a, const char *agent_b);

/* answer_inputs.c: what the tools read and how fresh it is */
void dbi_load_inputs(DbiTurn *turn);
bool dbi_no_data(const DbiTold *told);
void dbi_tell_inputs(DbiTurn *turn);
char *dbi_time_text(TimestampTz t);

/* answer_recorded.c: how new the inputs of a recorded turn were */
void dbi_recorded_inputs(DbiTurn *turn);

/* answer_call.c: one call */
bool dbi_tell_rule(DbiText *t, const DbiTurn *turn, const DbiTold *told, const char *part, int most);
void dbi_tell_headline(DbiTurn *turn, DbiTold *told, bool first);
void dbi_tell_findings(DbiTurn *turn, DbiTold *told);
void dbi_tell_error(DbiTurn *turn, DbiTold *told);
bool dbi_clean_words(const DbiTold *told, DbiText *t);
char *dbi_noun(const DbiTold *told, double n);
void dbi_collect_rules(DbiTurn *turn, DbiTold *told, const char *part, List **into, int most);

/* answer_table.c */
void dbi_tell_table(DbiTurn *turn, DbiTold *told, int most);
int dbi_subject(const DbiTold *told);
int dbi_measure(const DbiTold *told);
char *dbi_label(const char *column);

/* answer_compare.c: two sides of a comparison */
void dbi_tell_comparison(DbiTurn *turn, DbiTold *told);

/* links.c: things that results of several agents share */
void dbi_tell_links(DbiTurn *turn);

#endif
