/*
 * agents/ground_figure.h: what the files that judge a figure share.
 */
#ifndef DBI_AGENTS_GROUND_FIGURE_H
#define DBI_AGENTS_GROUND_FIGURE_H

#include "agents/ground_sentence.h"

/* How many words after and before a figure are beside it. */
#define NEAR_AFTER 5
#define NEAR_BEFORE 3

/* One figure being judged. */
typedef struct DbiFigure
{
	DbiSentence *s;
	int at;
	const DbiGlyphToken *t;
	int direction; /* told by a word: 1 up, -1 down, 0 none */
	bool falls;    /* the sentence speaks of a fall, so that its sign may go without saying */
	DbiClaim *claim;
	DbiVerdict *verdict;
	bool accepted;
	bool sign_wrong;
	bool linked;
	bool total;         /* the whole of which the figure before is a part: "16 of 17" */
	bool of_many;       /* what is tried is a sum or a mean */
	int counted;        /* the word that is tried as what it counts */
	DbiRowSet *named;   /* by result, the rows that words of the clause name; n 0: none */
	Bitmapset **others; /* by result, rows of names that other figures are said of */
	Bitmapset **group;  /* by result, rows of several names that the figure is said of together */
} DbiFigure;

/* ---- ground_figure.c ---- */

/* Words that do not link a figure to a column. */
extern const char *const dbi_no_links[];

const DbiResult *dbi_figure_result(const DbiFigure *f, int n);

/* The token at a place of the figure's sentence, or NULL. */
const DbiGlyphToken *dbi_figure_token(const DbiFigure *f, int at);
bool dbi_is_word(const DbiGlyphToken *t, const char *word);

/* 1: up, -1: down, 0: the word tells none. */
int dbi_direction_of(const DbiGlyphToken *t);

/* Does the sentence use such a word? */
bool dbi_figure_speaks(const DbiFigure *f, const char *const *words);

/* The sentence has just named one row of the result: what follows is said of it. */
bool dbi_is_of_one(const DbiFigure *f, int n);

/* The clause of a token: between two marks. */
int dbi_clause_start(const DbiFigure *f, int at);
int dbi_clause_end(const DbiFigure *f, int at);
bool dbi_has_figure(const DbiFigure *f, int from, int to);

/* Does the figure's clause speak of a total? */
bool dbi_clause_is_total(const DbiFigure *f);

/* Finds the rows that plain words of the figure's clause name. */
void dbi_find_named(DbiFigure *f);

/* May the figure be of this set, when words of its clause have named rows of the result? */
bool dbi_set_is_meant(const DbiFigure *f, int n, int set);

/* Accepts the figure when it says the value, and notes its origin. */
bool dbi_figure_try(DbiFigure *f, double value, const char *reason, int n, int row, int column,
					bool change);

/* ---- ground_bind.c ---- */

/* Of several names that could be meant, finds those that are not. */
void dbi_bind_names(DbiFigure *f);
bool dbi_set_is_other(const DbiFigure *f, int n, int set);

/* The row of one name, or those of the names that the figure is said of together. */
bool dbi_set_is_one(const DbiFigure *f, int n, int set);

/* Words of an item of a list: "the zebra". */
#define LIST_ITEM 2

/* ---- ground_derive.c: all of them try, and look no further than the results ---- */

void dbi_try_column(DbiFigure *f, int n, int k, int column, double factor);
void dbi_try_columns(DbiFigure *f);
void dbi_try_pairs(DbiFigure *f);
void dbi_try_shares(DbiFigure *f);
void dbi_try_sides(DbiFigure *f);

/* ---- ground_qualifier.c ---- */

/* A word beside what the figure counts leaves out some of the rows. */
bool dbi_set_is_too_wide(DbiFigure *f, int n, int set);

/* ---- ground_count.c ---- */

void dbi_try_words(DbiFigure *f);
void dbi_try_unlinked(DbiFigure *f);
void dbi_try_totals(DbiFigure *f);

#endif
