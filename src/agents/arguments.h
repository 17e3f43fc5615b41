/*
 * agents/arguments.h: private to arguments*.c: the call that is being filled.
 */
#ifndef DBI_AGENTS_ARGUMENTS_H
#define DBI_AGENTS_ARGUMENTS_H

#include "agents/understand.h"

typedef struct DbiFill
{
	const DbiFilling *in;
	const DbiTool *tool;
	DbiPlanCall *call;
	List *used;     /* slots that filled an argument */
	bool said_only; /* only what was said in this turn counts */
	bool contested; /* several words for one argument were said */
	bool period_used;
	bool window;        /* the period became a number of hours or days */
	int reach;          /* that number of days */
	const char *counts; /* the argument that it became */
} DbiFill;

/* arguments.c */
extern bool dbi_is_number(Oid type);
extern bool dbi_is_whole(Oid type);
extern bool dbi_is_date(Oid type);
extern bool dbi_is_text(Oid type);
extern bool dbi_ends_with(const char *s, const char *suffix);
extern const char *dbi_plain_name(const char *name);
extern const char *dbi_entity_kind(const char *name);
extern bool dbi_is_user_argument(const char *name);
/* What the tool was called with before, or NULL. */
extern const char *dbi_kept_value(const DbiFill *f, const DbiArgument *arg);
extern bool dbi_is_free(const DbiFill *f, const DbiSlot *slot);
extern DbiSlot *dbi_fill_slot(const DbiFill *f, DbiSlotKind kind);
extern void dbi_fill_set(DbiFill *f, const DbiArgument *arg, const char *value, DbiOrigin origin,
						 const char *span);
extern bool dbi_fill_set_slot(DbiFill *f, const DbiArgument *arg, const char *value, DbiSlot *slot);
extern bool dbi_fill_set_number(DbiFill *f, const DbiArgument *arg, double value, DbiSlot *slot);

/* arguments_period.c */
extern bool dbi_has_horizon(const DbiTool *tool);
extern bool dbi_is_past(const DbiPeriod *period);
extern bool dbi_fill_date(DbiFill *f, const DbiArgument *arg);
extern bool dbi_fill_window(DbiFill *f, const DbiArgument *arg);

/* arguments_value.c */
extern bool dbi_fill_number(DbiFill *f, const DbiArgument *arg);
extern bool dbi_fill_text(DbiFill *f, const DbiArgument *arg);

#endif
