/*
 * agents/plan.h: what was understood of a question, and what is to be called.
 *
 * The contract between understanding (text, lexicon, dates, slots, entities,
 * route, plan) and everything that acts on it. Making a plan runs no tool; it
 * reads the registry, the lexicon and, for names, the dimension tables, with
 * the rights of the caller.
 */
#ifndef DBI_AGENTS_PLAN_H
#define DBI_AGENTS_PLAN_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

/* A longer question is refused unread; tools take names and dates, not texts. */
#define DBI_MAX_QUESTION_BYTES 8192

/* More calls than this are cut, the least certain first. */
#define DBI_MAX_PLAN_CALLS 12

typedef enum DbiPlanKind
{
	DBI_PLAN_ANSWER,           /* call the calls, then answer */
	DBI_PLAN_CLARIFY,          /* message asks back; no calls */
	DBI_PLAN_REFUSE_SCOPE,     /* nothing of this account in it */
	DBI_PLAN_REFUSE_WRITE,     /* asks to change something */
	DBI_PLAN_REFUSE_INJECTION, /* tries to rewrite the rules, or wants secrets */
	DBI_PLAN_REFUSE_INPUT,     /* too long to be a question */
	DBI_PLAN_SMALLTALK         /* greeting, thanks, what can you do */
} DbiPlanKind;

typedef enum DbiOrigin
{
	DBI_ORIGIN_TEXT,       /* said in this question */
	DBI_ORIGIN_FRAME,      /* kept from the conversation */
	DBI_ORIGIN_PREFERENCE, /* from user_preferences */
	DBI_ORIGIN_DEFAULT /* a default of the planner; the function's own defaults are not listed */
} DbiOrigin;

/* An argument of a call. */
typedef struct DbiPlanArg
{
	const char *name;  /* as in pg_proc */
	const char *value; /* as text, to be read by the input function of its type */
	DbiOrigin origin;
	const char *span; /* the words it came from, or NULL */
} DbiPlanArg;

/* Something named for which the function has no argument: narrow its rows by it. */
typedef struct DbiPlanFilter
{
	const char *kind; /* job, workspace, table, model, endpoint, pipeline, warehouse, cluster, user, ip, sku, severity */
	const char *value; /* a pattern when it contains %, compared without case */
} DbiPlanFilter;

/* Why a call is in the plan. */
typedef enum DbiCallRole
{
	DBI_CALL_ANSWER,      /* answers the question itself */
	DBI_CALL_BASELINE,    /* the other side of a comparison */
	DBI_CALL_CAUSE,       /* looks for the cause: drivers, bottlenecks, errors */
	DBI_CALL_IF_UNHEALTHY /* only when get_platform_health finds its agent's domain not HEALTHY */
} DbiCallRole;

typedef struct DbiPlanCall
{
	const char *agent;
	const char *tool; /* name in agent_tools */
	Oid function;
	const char *arguments; /* JSON object, typed: numbers bare, the rest strings */
	double confidence;     /* 0 to 1 */
	DbiCallRole role;
	List *args;    /* of DbiPlanArg *: the members of arguments, with their origin */
	List *filters; /* of DbiPlanFilter * */
	int comparison; /* calls with the same number > 0 are sides of one comparison, ANSWER first, then BASELINE */
	const char *label;    /* "this month", "last month", "prod"; never NULL, may be "" */
	bool has_period;      /* was a past period asked for? */
	DateADT period_start; /* both days inside; the window of the call may be wider */
	DateADT period_end;
	bool wider; /* the call's window is wider than the period: drop rows outside it */

	/* Of a period that is over: the argument that is counted from its end, not from now; or NULL. */
	const char *window;
} DbiPlanCall;

typedef struct DbiPlanRoute
{
	const char *agent;
	double confidence;
} DbiPlanRoute;

typedef struct DbiPlan
{
	DbiPlanKind kind;
	const char *normalised; /* lower case, slots replaced by their types */
	const char *intent; /* what, why, compare, list, count, forecast, summarise, trend, when, whether */
	bool platform_wide;  /* "how healthy are we": every domain */
	bool follow_up;      /* understood from the conversation's frame */
	List *routes;        /* of DbiPlanRoute *, in the agents' order; those of a health check last */
	List *calls;         /* of DbiPlanCall *, in order */
	List *assumptions;   /* of char *: whole sentences for the answer */
	const char *message; /* for every kind but ANSWER: what to reply, Markdown */
	const char *frame_json;  /* frame of the conversation after this turn; "{}" at least */
	const char *explanation; /* filled only by dbi_explain_question */
} DbiPlan;

/*
 * Understands a question. agent restricts the plan to one agent (22023 when
 * there is no such agent); frame_json is chat_conversations.frame or NULL.
 * Everything is allocated in CurrentMemoryContext.
 */
extern DbiPlan *dbi_plan_question(const char *question, const char *agent, const char *frame_json);

/* The same, with explanation: slots, concepts, scores. */
extern DbiPlan *dbi_explain_question(const char *question, const char *agent,
									 const char *frame_json);

/* The frame with what can be chosen next: rows of the first table of the answer, questions offered. */
extern char *dbi_frame_with_choices(const char *frame_json, const char *content, List *questions);

/* Frame of the caller's own conversation; P0002 when it is another's or none. */
extern char *dbi_conversation_frame(const pg_uuid_t *conversation);

/* call_focus.c: whether a column of a result may name a thing of the kind. */
extern bool dbi_column_names(const char *kind, const char *column);
/* team_route.c: what a language model does with the plan, in a line; NULL when none is set up. */
extern const char *dbi_model_role(const DbiPlan *plan);

/* plan_json.c: a plan to keep, and to run again. */
extern char *dbi_plan_json(const DbiPlan *plan);
extern DbiPlan *dbi_plan_of_json(Jsonb *json);

/* Words for the enums: "answer", "clarify", …; "text", "frame", …; "answer", "baseline", "cause", "if_unhealthy". */
extern const char *dbi_plan_kind_name(DbiPlanKind kind);
extern const char *dbi_origin_name(DbiOrigin origin);
extern const char *dbi_call_role_name(DbiCallRole role);

/* calendar.c: "2026-06-14" */
extern char *dbi_date_text(DateADT date);

#endif
