/*
 * agents/planner.h: private to plan*.c: what is known while a plan is made.
 */
#ifndef DBI_AGENTS_PLANNER_H
#define DBI_AGENTS_PLANNER_H

#include "agents/understand.h"

/* A question of fewer words that speaks for nothing is a follow-up. */
#define DBI_FOLLOW_UP_WORDS 12

/* What a clause takes from the conversation: bits. */
typedef int DbiInherit;

#define DBI_INHERIT_NOTHING 0
#define DBI_INHERIT_NAMES 1  /* whom or what it was about */
#define DBI_INHERIT_PERIOD 2 /* when */
#define DBI_INHERIT_ALL 7

/* How a follow-up changes the question before: by a word with an object, which may be an order, or by anything else. */
typedef enum DbiChanges
{
	DBI_CHANGES_NOTHING,
	DBI_CHANGES_VALUE,
	DBI_CHANGES_WORD
} DbiChanges;

typedef struct DbiPlanner
{
	const DbiLexicon *lex;
	DbiText *text;
	DbiClock clock;
	List *slots;   /* of the question */
	List *clauses; /* of DbiClause * */
	DbiFrame *frame;
	int only_agent;
	bool ours; /* a question about the account */
	const char *frame_json;
	DbiPlan *plan;
	int comparisons;
	int own_routes;      /* those of the question itself lead the routes */
	List *frame_clauses; /* of DbiFrameClause *: for the next turn */
	DbiSlot *period;     /* the period that was taken of those that were said, or NULL */
	DbiSlot *chosen;     /* the row that was pointed at, or NULL */
	DbiInherit kept;     /* what any clause took */
	DbiChanges changes;
	bool cuts_otherwise; /* "per team", "and its runs": the rows of another tool */
	bool change_only;    /* a follow-up that only changes something in the call before */
	List *readings;      /* of DbiReading *: what the question may also mean */
	int forced_tool;     /* the tool of a reading that was chosen, or -1 */
	const char *missing; /* a required argument nothing was said for */
	const char *missing_tool;
} DbiPlanner;

/* plan.c */
extern bool dbi_hit_anywhere(DbiPlanner *p, const char *concept);
extern bool dbi_kind_anywhere(DbiPlanner *p, DbiConceptKind kind);
extern double dbi_best_evidence(DbiPlanner *p);
extern double dbi_lexical_evidence(DbiPlanner *p);

/* plan_compare.c */
extern List *dbi_period_slots(List *slots);
extern DbiSlot *dbi_made_period(const DbiSlot *like, const DbiPeriod *period, const char *span);
extern const char *dbi_period_label(const char *span);
extern DbiSlot *dbi_joined_period(DbiPlanner *p, List *periods);
extern DbiSlot *dbi_frame_period(DbiPlanner *p);
extern bool dbi_is_workspace(const DbiSlot *slot);
extern DbiPlanCall *dbi_compare_calls(DbiPlanner *p, const DbiClause *clause, List *slots);

/* plan_calls.c */
extern bool dbi_same_nature(const DbiSlot *a, const DbiSlot *b);
extern bool dbi_is_negated(DbiPlanner *p, const DbiSlot *slot);
extern bool dbi_is_inherited(const DbiSlot *slot, DbiInherit inherit);
extern bool dbi_has_nature(List *slots, const DbiSlot *slot);
extern DbiPlanCall *dbi_add_call(DbiPlanner *p, const DbiClause *clause, int tool, List *slots,
								 DbiSlot *period, const char *domain, DbiCallRole role,
								 double confidence);
extern void dbi_plan_clause(DbiPlanner *p, const DbiClause *clause, DbiInherit inherit);

/* plan_follow.c */
extern int dbi_count_words(const DbiText *text);
extern DbiClause *dbi_read_frame_clause(DbiPlanner *p, const DbiFrameClause *f);
extern bool dbi_is_follow_up(DbiPlanner *p);
extern void dbi_take_kind_from_frame(DbiPlanner *p);
extern List *dbi_meant_clauses(DbiPlanner *p);
extern bool dbi_plan_follow_up(DbiPlanner *p);

/* plan_back.c */
extern List *dbi_past_of(const DbiFrame *frame, List *now);
extern bool dbi_go_back(DbiPlanner *p);

/* plan_choose.c */
extern const char *dbi_chosen_question(const DbiText *text, const DbiFrame *frame);
extern void dbi_choose_row(DbiPlanner *p);
extern bool dbi_is_offered(const char *question, const DbiFrame *frame);

extern const DbiReading *dbi_chosen_reading(const DbiText *text, const DbiFrame *frame);

/* plan_readings.c */
extern void dbi_offer_readings(DbiPlanner *p);
extern char *dbi_what_about(DbiPlanner *p);

/* plan_change.c */
extern bool dbi_counts_anothers(DbiPlanner *p);
extern DbiChanges dbi_only_changes(DbiPlanner *p);
extern bool dbi_plan_change(DbiPlanner *p);

#endif
