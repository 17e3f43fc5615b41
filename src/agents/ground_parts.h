/*
 * agents/ground_parts.h: what the files of the referee share.
 */
#ifndef DBI_AGENTS_GROUND_PARTS_H
#define DBI_AGENTS_GROUND_PARTS_H

#include "nodes/bitmapset.h"
#include "utils/hsearch.h"

#include "agents/ground.h"

/* ---- ground_text.c: a text as tokens ---- */

typedef enum DbiGlyph
{
	GLYPH_WORD,
	GLYPH_NUMBER,
	GLYPH_DATE,
	GLYPH_CLOCK, /* 15:00 */
	GLYPH_NAME,  /* e-mail, dotted or underscored identifier, address, id: letters with digits */
	GLYPH_MARK,  /* punctuation that parts clauses */
	GLYPH_LINE   /* end of a line */
} DbiGlyph;

/* Values of one class can be compared; a value is kept in the class's base unit. */
typedef enum DbiUnitClass
{
	UNIT_NONE,
	UNIT_USD,
	UNIT_PCT,
	UNIT_SECONDS,
	UNIT_BYTES,
	UNIT_MBPS,
	UNIT_OTHER /* a currency or unit no tool has */
} DbiUnitClass;

typedef struct DbiGlyphToken
{
	DbiGlyph kind;
	int start; /* bytes */
	int len;
	char *word; /* plain: no escapes, lower case */
	char *key;  /* dbi_ground_key() of it */
	/* of a number */
	double value;
	double slack; /* half a unit of the last printed digit */
	char sign;    /* '+', '-' or 0 */
	DbiUnitClass unit;
	bool code; /* between backticks */
} DbiGlyphToken;

typedef struct DbiTokens
{
	const char *text;
	int n;
	DbiGlyphToken *t;
} DbiTokens;

/* text.c; its own header has a DbiTool of another kind */
extern char *dbi_stem(const char *word);

DbiTokens *dbi_ground_tokens(const char *text, int from, int to);

/* Adds those of a stretch that begins where a sentence has ended, outside code. */
void dbi_ground_more_tokens(DbiTokens *tokens, const char *text, int from, int to);

char *dbi_ground_plain(const char *s, int len);

/* Lower case, stems, single spaces: how a value is looked up in a sentence. */
char *dbi_ground_key(const char *s);

/* ---- ground_facts.c: the results, ready to be compared with ---- */

/* Rows in which a text stands in one column. */
typedef struct DbiPhrasePlace
{
	int result;
	int column;
	Bitmapset *rows;
	struct DbiPhrasePlace *next;
} DbiPhrasePlace;

typedef struct DbiFacts
{
	const DbiGroundTurn *turn;
	int nresults;
	DbiResult **results;
	char **nouns;     /* what a row is called, as a key */
	char **noun_keys; /* words of the noun and the tool's name, as a key */
	Bitmapset **all;  /* every row of each result */
	char ***columns;  /* name of each column as a key */
	char ****keys;    /* of each text cell, else NULL */
	int **differ;     /* of each column: memory of dbi_all_differ(): 0 not looked, 1 yes, -1 no */
	struct DbiReading **readings; /* of each column by each unit: memory of dbi_ground_reads() */
	HTAB *phrases;
	List *echoes; /* of DbiTokens *: question, context */
	List *fresh;  /* of DbiTokens *: a source and its newest row */
	List *quotes; /* of char *: values of several words with a digit, lower case, as they can be quoted */
	char *corpus; /* every name that may be said, a line each: tools, columns, sources, values, arguments */
} DbiFacts;

/* A quotation is no longer than this. */
#define DBI_MAX_QUOTE 1000

DbiFacts *dbi_ground_facts(const DbiGroundTurn *turn);
DbiPhrasePlace *dbi_ground_phrase(const DbiFacts *facts, const char *key);
bool dbi_ground_known(const DbiFacts *facts, const char *name);
bool dbi_has_word(const char *key, const char *word);

/* Has every row that has a value in this text column another one? */
bool dbi_all_differ(const DbiFacts *facts, int result, int column);
DbiUnitClass dbi_ground_unit(DbiKind kind, double *factor);

/* Can a figure of this unit be read from the column? factor: from the cell to the unit's base. */
bool dbi_ground_reads(const DbiFacts *facts, int result, int column, DbiUnitClass unit,
					  double *factor);

/* ---- ground_table.c, ground_prose.c: judges; both append to the spans ---- */

typedef struct DbiJudge
{
	const char *text;
	DbiFacts *facts;
	DbiGrounding *out;
	int table_lines;  /* of the last table: lines, and the result it shows */
	int table_result; /* -1: none */
	List *places;     /* of DbiPlace *: where the text can be read on */
} DbiJudge;

typedef struct DbiSentence DbiSentence;

/* A line of prose and how far it is judged. */
typedef struct DbiLine
{
	DbiJudge *judge;
	DbiTokens *tokens;
	int next;            /* the token that the next sentence begins with */
	DbiSentence *before; /* names and pronouns go on from it; NULL: none */
	bool passing;        /* nobody will read on in it */
} DbiLine;

/* Judges the table that starts at from; the end of its last line. */
int dbi_ground_table(DbiJudge *judge, int from, int to);

/* Judges the sentences of a line that are not judged yet; claims only those that begin in claim_from..claim_to. */
void dbi_ground_line(DbiLine *line, int claim_from, int claim_to);

/* The text before is judged, and more of it may follow here, in the middle of a line unless that is NULL. */
void dbi_ground_place(DbiJudge *judge, int at, const DbiLine *line);

/* Judges the words from..to; claims only those that begin in claim_from..claim_to. */
void dbi_ground_prose(DbiJudge *judge, int from, int to, int claim_from, int claim_to);

DbiClaim *dbi_claim(DbiJudge *judge, int start, int len, DbiClaimKind kind);
void dbi_accept(DbiClaim *claim, const char *reason, const DbiResult *r, int row,
				const char *column);
void dbi_object(DbiClaim *claim, const char *reason, bool contradiction);

/* Does the printed number say this value? 0 no, 1 yes, -1 the size fits and the sign does not. */
int dbi_number_says(const DbiGlyphToken *number, double value, int direction, bool strict);

#endif
