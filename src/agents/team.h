/*
 * agents/team.h: a turn that language models answer: each agent a conversation
 * of its own, all of them under way at once, the text checked before it shows.
 */
#ifndef DBI_AGENTS_TEAM_H
#define DBI_AGENTS_TEAM_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "agents/answer.h"

struct DbiChat;

typedef struct DbiTeam DbiTeam;

/* What a step has brought. */
typedef enum DbiTeamNews
{
	DBI_TEAM_NOTHING,
	DBI_TEAM_ROUTED,   /* the model chose other agents: routes */
	DBI_TEAM_CALLING,  /* call is about to be made */
	DBI_TEAM_CALLED,   /* result */
	DBI_TEAM_OBJECTED, /* the model asked for what cannot be called: agent, tool, words */
	DBI_TEAM_SAID,     /* the text of the turn has grown */
	DBI_TEAM_ANSWERED, /* only the closing is left to tell */
	DBI_TEAM_GAVE_UP   /* the embedded analyst is to answer: dbi_team_hand_over() */
} DbiTeamNews;

typedef struct DbiTeamStep
{
	DbiTeamNews news;
	const char *agent;
	const char *tool;
	const char *words;
	List *routes; /* of DbiPlanRoute * */
	const DbiPlanCall *call;
	const DbiResult *result;
} DbiTeamStep;

/* Whether a model is to answer at all. */
bool dbi_team_wanted(void);

/* Lives in the current memory context; SPI is connected here and in each step. */
DbiTeam *dbi_team_begin(struct DbiChat *chat);
void dbi_team_step(DbiTeam *team, DbiTeamStep *step);

/* The turn whose text and results the models make. */
DbiTurn *dbi_team_turn(DbiTeam *team);

/* Breaks off what is under way. */
void dbi_team_stop(DbiTeam *team);

/* Why a model's answer was not to be had; the words are for the reader. */
typedef struct DbiTeamReason
{
	const char *code;
	const char *words;
} DbiTeamReason;

/* NULL: for no reason, or for stop(). */
const DbiTeamReason *dbi_team_reason(const DbiTeam *team);

/* What was shown is the answer; only its closing is left to tell. */
void dbi_team_close(DbiTeam *team);

/* A turn for the embedded analyst that goes on where the models were broken off. */
DbiTurn *dbi_team_hand_over(DbiTeam *team);

/* What the answer cost and how it was made, into the chat; before it is stored. */
void dbi_team_account(DbiTeam *team);

/* Books every request with the message, which is stored. */
void dbi_team_book(DbiTeam *team);

#endif
