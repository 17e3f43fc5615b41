/*
 * agents/ground.h: the referee of an answer.
 *
 * Reads a finished text, whoever wrote it, and judges every figure, date and
 * name in it by the results of the turn's calls alone; what the writer says of
 * the origin of its figures is not looked at.
 */
#ifndef DBI_AGENTS_GROUND_H
#define DBI_AGENTS_GROUND_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "agents/call.h"

/* A result of which only the first rows were kept: its columns as a whole. */
typedef struct DbiWholeColumn
{
	int n; /* not NULL */
	double sum;
	double min;
	double max;
	int distinct;
} DbiWholeColumn;

typedef struct DbiWhole
{
	int nrows;
	DbiWholeColumn *columns;
} DbiWhole;

/* What may be said because it was asked, read, or assumed, not because a row has it. */
typedef struct DbiGroundTurn
{
	const char *question;
	List *results; /* of DbiResult * */
	List *nouns;   /* of char *, one a result: "failed run/failed runs", or "" */
	List *context; /* of char *: periods, assumptions; a figure counts with the word beside it */
	List *fresh;   /* of char *: "system.billing.usage 2026-06-15 09:00" */
	List *wholes;  /* of DbiWhole *, one a result, or NULL; NIL: all rows are there */
} DbiGroundTurn;

typedef enum DbiClaimKind
{
	DBI_CLAIM_NUMBER,
	DBI_CLAIM_DATE,
	DBI_CLAIM_NAME,
	DBI_CLAIM_SUPERLATIVE
} DbiClaimKind;

/* A stretch of the text that says something, and what it rests on. */
typedef struct DbiClaim
{
	int start; /* bytes */
	int len;
	DbiClaimKind kind;
	bool supported;
	bool contradiction; /* the rows say otherwise: sign, direction, superlative, another row's cell */
	const char *reason; /* "cell", "sum", …; why not, when not supported */
	const char *tool;
	int row; /* from 1; 0: of several */
	const char *column;
} DbiClaim;

typedef struct DbiGrounding
{
	int claims;
	int supported;
	int contradictions;
	List *spans; /* of DbiClaim *, in the order of the text */
} DbiGrounding;

DbiGrounding *dbi_ground(const char *text, const DbiGroundTurn *turn);

/*
 * The same for a text that grows: what is kept is not judged again. The facts
 * are read once, so that another result needs another referee. All of it lives
 * in the memory context that is current at its calls, which must be the same.
 */
typedef struct DbiReferee DbiReferee;

DbiReferee *dbi_referee(const DbiGroundTurn *turn);

/*
 * Judges what stands behind what is kept, from the beginning of the sentence,
 * the line or the table that is not over there. The text until that place must
 * be the one that was kept.
 */
DbiGrounding *dbi_referee_read(DbiReferee *referee, const char *text);

/* The first bytes of the text that was read last will not change. */
void dbi_referee_keep(DbiReferee *referee, int bytes);

/* {"claims": …, "supported": …, "contradictions": …, "spans": [[text, kind, supported, reason, tool, row, column], …]} */
char *dbi_grounding_json(const char *text, const DbiGrounding *grounding);

/* ground_store.c: a turn kept with its message, and read again. */
char *dbi_results_json(const DbiGroundTurn *turn);
DbiGroundTurn *dbi_stored_turn(const char *question, const char *results_json);

#endif
