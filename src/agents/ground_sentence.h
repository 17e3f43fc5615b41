/*
 * agents/ground_sentence.h: what the judges of a sentence share.
 */
#ifndef DBI_AGENTS_GROUND_SENTENCE_H
#define DBI_AGENTS_GROUND_SENTENCE_H

#include "agents/ground_parts.h"

/* A column over a set of rows, in the column's own unit. */
typedef struct DbiAggregate
{
	int n; /* not NULL */
	double sum;
	double min;
	double max;
	double first;
	double last;
	int row; /* the first not NULL */
	int ntrue;
	int distinct; /* of what is no number */
} DbiAggregate;

/* Rows chosen by a value that the sentence mentions; the first set of a result is all of its rows. */
typedef struct DbiRowSet
{
	Bitmapset *rows;
	int n;
	int column; /* that holds the value; -1: all, or two values */
	int from;   /* tokens of the value; -1: of an earlier sentence */
	int to;
	int also_from; /* of the second value, when two chose the rows; else -1 */
	int also_to;
	bool is_name;
	bool of_several;           /* values of the column, any of which a row has */
	DbiAggregate **aggregates; /* by column, made when asked for */
} DbiRowSet;

/* A plain word that names a row, in a column that tells the rows apart by such words. */
typedef struct DbiNamedRow
{
	int result;
	int column;
	Bitmapset *rows;
	int from; /* token; -1: of the sentence before */
} DbiNamedRow;

/* Which columns a figure may have come from. */
#define MAX_ORIGINS 8
typedef struct DbiVerdict
{
	bool judged;
	bool supported;
	int norigins;
	int result[MAX_ORIGINS];
	int column[MAX_ORIGINS];
	double value[MAX_ORIGINS];
	bool of_many[MAX_ORIGINS]; /* a sum or a mean: no row has it */
} DbiVerdict;

#define MAX_ASKED 8
struct DbiSentence
{
	DbiJudge *judge;
	DbiTokens *tokens;
	int from;
	int to;
	bool *phrase; /* of its own tokens: is it part of a value? */
	int *nsets;   /* by result */
	DbiRowSet **sets;
	List *named;         /* of DbiNamedRow *; there may be more than sets */
	int source;          /* the call last quoted; -1: none */
	DbiVerdict *numbers; /* of its own tokens */
	/* memory of dbi_figure_speaks(): which lists of words were asked for, and what was found */
	const char *const *asked[MAX_ASKED];
	bool spoken[MAX_ASKED];
	int nasked;
};

/* Is a token of the sentence part of a value? */
static inline bool
dbi_in_phrase(const DbiSentence *s, int token)
{
	return s->phrase[token - s->from];
}

/* What was found of a figure of the sentence. */
static inline DbiVerdict *
dbi_verdict_of(const DbiSentence *s, int token)
{
	return &s->numbers[token - s->from];
}

bool dbi_word_in(const char *const *list, const char *word);
bool dbi_set_covers(const DbiRowSet *set, int token);
const DbiAggregate *dbi_aggregate(DbiSentence *s, int result, int set, int column);

/* ground_number.c */
void dbi_judge_number(DbiSentence *s, int i);

/* ground_claim.c: what is said of none, of all, of one alone, of which is more */
void dbi_judge_claims(DbiSentence *s, int claim_from, int claim_to);

/* ground_period.c: periods without a date */
void dbi_judge_periods(DbiSentence *s, int claim_from, int claim_to);

/* ground_superlative.c */
void dbi_judge_superlatives(DbiSentence *s, int first_span, int claim_from, int claim_to);

#endif
