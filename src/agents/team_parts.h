/*
 * agents/team_parts.h: what the files of a team of agents share.
 */
#ifndef DBI_AGENTS_TEAM_PARTS_H
#define DBI_AGENTS_TEAM_PARTS_H

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

#include "agents/answer_parts.h"
#include "agents/chat.h"
#include "agents/ground.h"
#include "agents/team.h"
#include "llm/llm.h"

/* More tools than this make a model choose worse. */
#define DBI_MAX_MODEL_TOOLS 12

/* Calls of one agent in one turn. */
#define DBI_MAX_MODEL_CALLS 12

/* Calls that could not be made, after which an agent must answer from what it has. */
#define DBI_MAX_CORRECTIONS 2

/* Tokens of one answer, when the server's option does not say less. */
#define DBI_ANSWER_TOKENS 1200

/* Hex digits that close in what tools returned. */
#define DBI_FENCE_LEN 16

extern const DbiTeamReason dbi_reason_unreachable;
extern const DbiTeamReason dbi_reason_timeout;
extern const DbiTeamReason dbi_reason_fault;
extern const DbiTeamReason dbi_reason_refused;
extern const DbiTeamReason dbi_reason_silent;
extern const DbiTeamReason dbi_reason_budget;
extern const DbiTeamReason dbi_reason_day_budget;
extern const DbiTeamReason dbi_reason_ungrounded;
extern const DbiTeamReason dbi_reason_no_data;
extern const DbiTeamReason dbi_reason_wordy;
extern const DbiTeamReason dbi_reason_missing;

/* ---- team_ask.c: one request, answered by the model or by the cache ---- */

typedef struct DbiAsk
{
	const char *purpose; /* route, agent, synthesis, repair */
	const char *agent;   /* or NULL */
	DbiModelRequest request;
	char *cache_key;        /* NULL: not to be kept */
	bool cached;            /* this is what the cache had */
	DbiModelAnswer *answer; /* NULL: none was asked for */
	bool ended;
	const char *text; /* so far */
	List *calls;      /* of DbiModelCall *, when ended */
	const char *raw;
	bool cut; /* it reached its most tokens */
	const DbiTeamReason *reason;
	TimestampTz began;
	TimestampTz over;
} DbiAsk;

DbiAsk *dbi_ask_model(DbiTeam *team, const char *purpose, const char *agent,
					  const DbiModelRequest *request);
bool dbi_ask_advance(DbiTeam *team, DbiAsk *ask);
void dbi_ask_end(DbiAsk *ask);
DbiModelMessage *dbi_ask_message(const DbiAsk *ask);

/* ---- team_cache.c ---- */

char *dbi_cache_key(DbiTeam *team, const DbiModelRequest *request);
bool dbi_cache_find(DbiAsk *ask);
void dbi_cache_keep(const DbiAsk *ask);

/* ---- team_budget.c ---- */

/* NULL: there is money for the request. */
const DbiTeamReason *dbi_budget_objection(DbiTeam *team, const DbiModelRequest *request);

/* ---- team_fit.c: what is said to a model, and how it is made to fit ---- */

typedef enum DbiPartKind
{
	DBI_PART_RULES,    /* the system's words: never left out */
	DBI_PART_DEMO,     /* worked examples */
	DBI_PART_HISTORY,  /* questions and answers of earlier turns */
	DBI_PART_QUESTION, /* what is asked now */
	DBI_PART_MODEL,    /* what the model said in this turn */
	DBI_PART_RESULT,   /* what a tool returned in this turn */
	DBI_PART_WORDS     /* errors of calls, objections */
} DbiPartKind;

typedef struct DbiPart
{
	DbiPartKind kind;
	DbiModelMessage says;
	int exchange;            /* HISTORY: question and answer have the same number, the oldest 1 */
	char *digest;            /* HISTORY: the exchange in one line, with its answer */
	const DbiResult *result; /* RESULT; NULL: it cannot be cut by rows */
	int number;              /* RESULT: r1, r2, … of its agent */
	int round;               /* RESULT: of the agent */
} DbiPart;

DbiPart *dbi_part(DbiPartKind kind, DbiSpeaker speaker, const char *text);

/* The messages of a request, cut until they fit; request holds all but the messages. */
List *dbi_fit_parts(DbiTeam *team, List *parts, DbiModelRequest *request, int round);

/* ---- team_agent.c: one agent and its rounds ---- */

typedef enum DbiMemberState
{
	DBI_MEMBER_THINKING, /* a request is under way */
	DBI_MEMBER_CALLING,  /* calls are to be made */
	DBI_MEMBER_DONE
} DbiMemberState;

/* A call as a model wants it. */
typedef struct DbiWanted
{
	const DbiModelCall *model;
	DbiPlanCall *call; /* NULL: it cannot be made */
	char *error;       /* what the model is told then: JSON */
	const char *words; /* and the reader */
} DbiWanted;

typedef struct DbiMember
{
	const char *agent; /* NULL: the author of a text of several */
	const char *title;
	const char *purpose;
	List *tools;     /* of DbiModelTool * */
	List *functions; /* of Oid, beside them */
	List *parts;     /* of DbiPart * */
	List *results;   /* of const DbiResult *, r1 first; NULL: an error */
	DbiMemberState state;
	DbiAsk *ask;
	List *wanted; /* of DbiWanted *: to be made */
	const DbiPlanCall *announced;
	int round;
	int made;
	int corrections;
	bool repaired;
	bool instead;     /* it failed, and the embedded analyst makes its part */
	const char *text; /* what it has found, when done */
	const DbiTeamReason *reason;
} DbiMember;

DbiMember *dbi_member(DbiTeam *team, const char *agent);
void dbi_member_think(DbiTeam *team, DbiMember *member);

/* The answer to its request has ended. */
void dbi_member_heard(DbiTeam *team, DbiMember *member);

/* Makes or announces one call; false when there is none left. */
bool dbi_member_call(DbiTeam *team, DbiMember *member, DbiTeamStep *step);

/* ---- team_ahead.c: calls that are made before their turn ---- */

/* Makes one that the models are likely to want, while they think; false when there is none. */
bool dbi_make_likely_call(DbiTeam *team);

/* The result of a call that is wanted now, if it is there, or if others are slow too; else NULL. */
DbiResult *dbi_made_ahead(DbiTeam *team, const DbiPlanCall *call);

/* ---- team_calls.c ---- */

/* Checks what a model wants called. */
DbiWanted *dbi_wanted(DbiTeam *team, DbiMember *member, const DbiModelCall *model);

/* A result of this turn that the same call has brought already, or NULL. */
const DbiResult *dbi_team_made(DbiTeam *team, const DbiPlanCall *call);

/* What a model is told of a result, with at most so many rows. */
char *dbi_result_message(DbiTeam *team, const DbiResult *result, int number, int rows);
char *dbi_error_message(const DbiResult *result);

/* Rows of a result that are shown at first. */
int dbi_rows_shown(const DbiResult *result);

/* What the values of a column add up to. */
double dbi_column_sum(const DbiResult *result, int column);

/* ---- team_instead.c: the part of an agent that failed ---- */

void dbi_member_instead(DbiTeam *team, DbiMember *member);
void dbi_tell_instead(DbiTeam *team);

/* ---- team_tools.c ---- */

/* Gives an agent the tools of its that fit the question best. */
void dbi_offer_tools(DbiTeam *team, DbiMember *member);

/* ---- team_prompt.c, team_history.c ---- */

void dbi_prompt_agent(DbiTeam *team, DbiMember *member);
DbiMember *dbi_prompt_author(DbiTeam *team);
void dbi_prompt_route(DbiTeam *team, DbiModelRequest *request);
char *dbi_prompt_repair(DbiTeam *team);
List *dbi_history_parts(DbiTeam *team);

/* ---- team_route.c ---- */

bool dbi_route_is_unsure(const DbiPlan *plan);
List *dbi_routes_said(const DbiPlan *plan, const char *text);

/* ---- team_text.c: from a model's words to the text of the answer ---- */

/* What the check holds against a text. */
typedef struct DbiObjection
{
	const char *span;
	const char *why;
} DbiObjection;

typedef struct DbiWriter
{
	int taken;        /* bytes of the model's text that are in the answer */
	bool shown;       /* some of this answer was */
	bool wrong;       /* what follows was objected to */
	List *objections; /* of DbiObjection * */
	DbiReferee *referee;
	int measured; /* results that it judges by */
	int looked;   /* bytes of the model's text up to which it has judged, with nothing to show */
} DbiWriter;

/* Takes what holds of the model's text so far; true when the answer has grown. */
bool dbi_write_on(DbiTeam *team, const char *text, bool whole);

/* The model's text begins anew; what was shown of it stays. */
void dbi_write_anew(DbiTeam *team);

/* The same of several agents' texts, one below the other; false when one does not hold. */
bool dbi_write_sections(DbiTeam *team);

/* {"r1.2.total_cost": "$12.30", …}: what the references of a text read as. */
char *dbi_reference_values(DbiTeam *team, const char *text);

/* A text with the references of one agent's results made those of the team's. */
char *dbi_team_references(DbiTeam *team, const DbiMember *member, const char *text);

/* ---- team_scan.c: words of a model that are nobody's to say ---- */

char *dbi_scan_words(DbiTeam *team, const char *words);

/* ---- the team ---- */

typedef enum DbiTeamPhase
{
	DBI_TEAM_ROUTING,
	DBI_TEAM_WORKING,
	DBI_TEAM_OVER
} DbiTeamPhase;

struct DbiTeam
{
	DbiChat *chat;
	DbiTurn *turn;
	char *conversation; /* its id as a text */
	DbiModel *model;    /* NULL: the server cannot be used, reason says why */
	const char *provider;
	double temperature;
	double price_in; /* USD per million tokens */
	double price_out;
	int answer_tokens;
	DbiDeadline deadline;
	char fence[DBI_FENCE_LEN + 1];
	bool has_query; /* query is there: a tsquery for any word of the question, 0 when it has none */
	Datum query;
	DbiTeamPhase phase;
	DbiAsk *route;
	List *agents;      /* of char *: who is asked */
	List *members;     /* of DbiMember * */
	DbiMember *author; /* who writes the answer; NULL: not known yet */
	DbiWriter writer;
	List *asks;       /* of DbiAsk *: all there were */
	List *ahead;      /* of DbiResult *: made by workers, to be finished */
	List *likely;     /* of DbiPlanCall *: not yet made, perhaps wanted */
	bool has_likely;  /* likely was looked for */
	List *made;       /* of DbiResult *: made while the models thought, not yet wanted */
	bool repaired;    /* the text was written again */
	bool handed_over; /* to the embedded analyst */
	const DbiTeamReason *reason;
};

#endif
