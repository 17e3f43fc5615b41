/*
 * agents/plan_change.h: private to plan_change*.c: what a follow-up that only
 * changes something makes different.
 */
#ifndef DBI_AGENTS_PLAN_CHANGE_H
#define DBI_AGENTS_PLAN_CHANGE_H

#include "agents/planner.h"

typedef struct DbiChange
{
	DbiPlanner *p;
	bool *covered; /* by token */
	bool *named;   /* by token: a value of an argument */
	bool value;    /* a name, a period or a number is different */
	bool word;     /* a word of an argument is, or why is asked */
	double factor; /* of the period, 0: as it is */
	bool flip;     /* the other one of two words */
} DbiChange;

/* plan_change.c */
extern int dbi_change_tool_index(DbiPlanner *p, const DbiFrameClause *f);
extern const char *dbi_change_widened_kind(const DbiText *text);
extern const char *dbi_change_widened_argument(DbiPlanner *p, const DbiTool *tool);
extern void dbi_read_change(DbiChange *c, DbiPlanner *p);
extern bool dbi_is_pure_change(DbiPlanner *p);

/* plan_change_talk.c */
extern bool dbi_cut_talk(DbiPlanner *p);

/* plan_change_make.c */
extern bool dbi_change_takes_rows(const DbiTool *tool);
extern void dbi_change_add_number_word(DbiPlanner *p);
extern void dbi_change_add_single(DbiPlanner *p);
extern void dbi_change_add_relative_period(DbiPlanner *p);

#endif
