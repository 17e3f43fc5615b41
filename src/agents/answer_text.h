/*
 * agents/answer_text.h: text that knows where its figures come from.
 */
#ifndef DBI_AGENTS_ANSWER_TEXT_H
#define DBI_AGENTS_ANSWER_TEXT_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "agents/call.h"
#include "agents/ground.h"

/* A value and the cell it was read or derived from. */
typedef struct DbiValue
{
	DbiKind kind;
	DbiCell cell;
	const char *tool;   /* NULL: not from a tool */
	int row;            /* from 1; 0: derived from several */
	const char *column; /* or the expression it was derived by */
	bool at_least;      /* not all rows were read: the true value may be larger */
} DbiValue;

/* A figure of the answer and what it rests on. */
typedef struct DbiFigure
{
	char *figure;
	char *value; /* NULL: could not be told */
	const char *tool;
	int row;
	const char *column;
	bool grounded;
} DbiFigure;

typedef struct DbiText
{
	StringInfoData out;
	List *figures; /* of DbiFigure * */
	List *spans;   /* int pairs: start and end of what was said by reference */
} DbiText;

DbiText *dbi_text(void);

/* Words of a template or of the code; they may hold no figure. */
void dbi_say(DbiText *t, const char *words);
void dbi_sayf(DbiText *t, const char *format, ...) pg_attribute_printf(2, 3);

/* A value, printed by its kind or by formats such as "usd|signed"; NULL formats: by kind. */
void dbi_say_value(DbiText *t, const DbiValue *v, const char *formats);

/*
 * A text of the planner about how it read the question: its figures are among
 * the arguments, in the question, or conventions of the planner (what).
 */
void dbi_say_context(DbiText *t, const char *words, const char *question, List *results,
					 const char *what);

/* A text made by the code from a call: its figures are grounded in that. */
void dbi_say_from(DbiText *t, const char *words, const char *tool, const char *what);

/* A name by reference: digits in it are no figures. */
void dbi_say_name(DbiText *t, const char *name);

/*
 * Words that somebody else wrote and the referee has judged: what stands behind
 * from is by reference now, and the claims in it are figures.
 */
void dbi_adopt(DbiText *t, int from, List *claims);

/* Appends a whole other text. */
void dbi_say_text(DbiText *t, const DbiText *other);

/* After the last word: figures outside references become ungrounded evidence. True when there are none. */
bool dbi_check_figures(DbiText *t);

/* The printed form of a value, without evidence. */
char *dbi_format(const DbiValue *v, const char *formats);

/* Throws 22023 when a format is not known. */
void dbi_check_formats(const char *formats);

/* A text from data made harmless inside Markdown, cut to a number of bytes at a character. */
char *dbi_markdown(const char *s, int max_bytes);
char *dbi_unescape(const char *s);

#endif
