/*
 * agents/understand.h: private to understanding a question: tokens, periods,
 * slots, the lexicon, scores. The way out is plan.h.
 */
#ifndef DBI_AGENTS_UNDERSTAND_H
#define DBI_AGENTS_UNDERSTAND_H

#include "postgres.h"

#include "executor/spi.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "agents/plan.h"

/* ---- text.c: from bytes to tokens ---- */

typedef enum DbiTokenKind
{
	DBI_TOK_WORD,
	DBI_TOK_NUMBER, /* 12, 1,250.5, $40, 95%, 30d: unit says which */
	DBI_TOK_IDENT,  /* nightly_etl, main.sales.orders */
	DBI_TOK_EMAIL,
	DBI_TOK_IP,
	DBI_TOK_ID,     /* UUID, or a number too long to be a quantity */
	DBI_TOK_QUOTED, /* text is what stood between the quotes */
	DBI_TOK_DATE,   /* 2025-03-12, 03/12/2025, 2025-03 */
	DBI_TOK_CMP,    /* < <= > >= = */
	DBI_TOK_PUNCT   /* , ; . ? ! : ( ) / - */
} DbiTokenKind;

typedef struct DbiToken
{
	DbiTokenKind kind;
	const char *text; /* ASCII letters in lower case */
	const char *stem;
	int start; /* bytes of the question: [start, end) */
	int end;
	double number;
	const char *unit; /* of a number: "", "%", "$", or the letters that follow it */
	bool glued;       /* no space before it */
	int chunk_start;  /* the run of characters between spaces it is part of */
	int chunk_end;
	int slot;      /* slot that took it, or -1 */
	bool repaired; /* text is a repaired typo */
} DbiToken;

typedef struct DbiText
{
	const char *source;
	DbiToken *tokens;
	int n;
} DbiText;

extern DbiText *dbi_tokenize(const char *source);
extern void dbi_drop_courtesy(DbiText *text); /* courtesy.c */
extern char *dbi_stem(const char *word);
extern char *dbi_lower(const char *s);
extern bool dbi_is_one_of(const char *word, const char *words);
extern char *dbi_span(const DbiText *text, int from, int to);

/* Edits between two ASCII words, a swap of neighbours being one; more than limit is limit + 1. */
extern int dbi_edit_distance(const char *a, const char *b, int limit);
extern uint32 dbi_letters(const char *word);

/* ---- dates.c: periods ---- */

typedef enum DbiGrain
{
	DBI_GRAIN_HOUR,
	DBI_GRAIN_DAY,
	DBI_GRAIN_WEEK,
	DBI_GRAIN_MONTH,
	DBI_GRAIN_QUARTER,
	DBI_GRAIN_YEAR
} DbiGrain;

typedef enum DbiPeriodKind
{
	DBI_PERIOD_CALENDAR, /* whole days [start, end] */
	DBI_PERIOD_ROLLING, /* the last hours up to now; [start, end] are the days it touches by "N days including today" */
	DBI_PERIOD_HOURS,  /* a part of a day, reaching back `hours` from now */
	DBI_PERIOD_FUTURE, /* from today (start) to end */
	DBI_PERIOD_SPAN,   /* a bare length: "30-day", "7 days" */
	DBI_PERIOD_RECENT, /* "recently": the tool's own window */
	DBI_PERIOD_PRIOR   /* "the month before": the one of that grain before what was spoken of */
} DbiPeriodKind;

typedef struct DbiPeriod
{
	DbiPeriodKind kind;
	DbiGrain grain;
	DateADT start;
	DateADT end;
	double hours; /* length of ROLLING and SPAN; reach of HOURS; of PRIOR a weekday before (1 to 7) or after (8 to 14), or steps back (below 0) */
	const char *note; /* what had to be assumed, or NULL */
} DbiPeriod;

typedef struct DbiClock
{
	TimestampTz now;
	DateADT today; /* in the person's time zone */
	int hour;      /* local, 0 to 23 */
	int minute;
	bool preference; /* the zone comes from user_preferences */
	const char *zone;
} DbiClock;

extern void dbi_set_clock(DbiClock *clock, const char *zone);
extern void dbi_set_still_clock(DbiClock *clock);
extern int dbi_parse_period(const DbiToken *tokens, int n, const DbiClock *clock, DbiPeriod *period);
extern int dbi_number_word(const DbiToken *tokens, int n, double *value);
/* calendar.c */
extern int dbi_days_in_month(int year, int month);
extern int dbi_weekday(DateADT date); /* 0 is Monday */
extern DateADT dbi_add_months(DateADT date, int months);
extern DateADT dbi_first_of(DateADT date, DbiGrain grain);
extern DateADT dbi_step(DateADT first, DbiGrain grain, int count);
extern DateADT dbi_make_date(int year, int month, int day);
extern void dbi_split_date(DateADT date, int *year, int *month, int *day);

/* Days and hours a rolling window must have to reach back over the period. */
extern int dbi_period_days(const DbiPeriod *period, const DbiClock *clock);
extern int dbi_period_hours(const DbiPeriod *period, const DbiClock *clock);

/* The period of the same length, or as far into its unit, before this one. */
extern DbiPeriod dbi_period_before(const DbiPeriod *period);
extern DbiPeriod dbi_unit_before(DateADT day, DbiGrain grain);
extern DbiPeriod dbi_period_shifted(const DbiPeriod *period, DbiGrain grain);

/* ---- slots.c ---- */

typedef enum DbiSlotKind
{
	DBI_SLOT_DATE,
	DBI_SLOT_TOP_N,
	DBI_SLOT_THRESHOLD,
	DBI_SLOT_NUMBER,
	DBI_SLOT_SEVERITY,
	DBI_SLOT_REGULATION,
	DBI_SLOT_ENVIRONMENT, /* prod, staging …: a workspace by its use */
	DBI_SLOT_USER,
	DBI_SLOT_IP,
	DBI_SLOT_NAME, /* anything with a name; candidates say what it may be */
	DBI_SLOT_TAKEN /* another slot has its words */
} DbiSlotKind;

typedef enum DbiUnit
{
	DBI_UNIT_NONE,
	DBI_UNIT_SECONDS,
	DBI_UNIT_PERCENT,
	DBI_UNIT_MONEY,
	DBI_UNIT_GIB
} DbiUnit;

/* What a name may be: a thing of the account, or (known false) a guess. */
typedef struct DbiCandidate
{
	const char *kind; /* workspace, job, table, schema, model, endpoint, pipeline, warehouse, cluster, sku */
	const char *value; /* what to pass to a tool */
	bool known;        /* found in a dimension table */
	int others;        /* further things of the same name */
} DbiCandidate;

typedef struct DbiSlot
{
	DbiSlotKind kind;
	int from; /* tokens [from, to); -1 when it comes from the frame */
	int to;
	DbiOrigin origin;
	const char *span;
	const char *value; /* canonical text */
	DbiPeriod period;
	double number;
	DbiUnit unit;
	const char *context; /* kind word beside the name ("job", "workspace", or any noun), or NULL */
	List *candidates;    /* of DbiCandidate * */
} DbiSlot;

extern const char *dbi_slot_type(const DbiSlot *slot); /* "date", "job", "name" … */
extern List *dbi_find_slots(DbiText *text, const DbiClock *clock);
extern const char *dbi_kind_word(const char *stem);

/* ---- entities.c ---- */

typedef struct DbiFound
{
	char *key;
	char *kind;
	char *value;
	int others;
} DbiFound;

/*
 * Rows of a query with one text[] parameter and columns key, kind, value,
 * count; plan is where its plan is kept. Of DbiFound *.
 */
extern List *dbi_query_names(SPIPlanPtr *plan, const char *sql, List *keys);

struct DbiLexicon;

/* Finds names of the account in the text and what they are; may add slots. */
extern List *dbi_resolve_names(const struct DbiLexicon *lexicon, DbiText *text, List *slots);

/* A slot for a name of the account, its candidates NIL when nobody knows it. */
extern DbiSlot *dbi_named(const char *name);

/* ---- entities_late.c: names that are looked for when a tool wants one ---- */

/* A SKU some of whose parts stand in the tokens; parts of the one before count as said. */
extern const char *dbi_sku_in(const struct DbiLexicon *lexicon, const DbiText *text, int from,
							  int to, const char *before, const char **span);
/* A schema by its own name ("silver layer"). */
extern const char *dbi_schema_in(const struct DbiLexicon *lexicon, const DbiText *text, List *slots,
								 int from, int to, const char **span);
/* The endpoint of a model (kind endpoint) or the model of an endpoint (kind model), or NULL. */
extern const char *dbi_served_name(const char *kind, const char *name);
/* The known name of the kind that differs least, or NULL. */
extern const char *dbi_nearest_name(const char *kind, const char *name);
/* Whether the word is required as a tag or used as one. */
extern bool dbi_is_tag_key(const char *word);

/* ---- lexicon.c ---- */

typedef enum DbiConceptKind
{
	DBI_CONCEPT_TOPIC,
	DBI_CONCEPT_INTENT,
	DBI_CONCEPT_SCOPE, /* speaks for nothing of ours */
	DBI_CONCEPT_WRITE,
	DBI_CONCEPT_INJECTION,
	DBI_CONCEPT_SMALLTALK,
	DBI_CONCEPT_STOP,  /* carries no meaning */
	DBI_CONCEPT_FOLLOW /* points back into the conversation */
} DbiConceptKind;

typedef struct DbiConcept
{
	char *name;
	DbiConceptKind kind;
	List *weights; /* of DbiWeight * */
} DbiConcept;

typedef struct DbiWeight
{
	int with; /* counts only together with this concept, or -1 */
	int agent;
	int tool; /* or -1 */
	float weight;
} DbiWeight;

typedef struct DbiArgument
{
	char *name;
	Oid type;
	bool optional;
	char **words; /* of @enum, or NULL */
	int nwords;
} DbiArgument;

typedef struct DbiTool
{
	int agent; /* index of the agent of this registration */
	char *name;
	Oid function;
	int position;
	bool builtin;
	int owner; /* index of the registration with the lowest position */
	int narguments;
	DbiArgument *arguments;
	char **columns; /* of its rows */
	int ncolumns;
} DbiTool;

typedef struct DbiAgent
{
	char *name;
	char *title;
	int position;
	bool enabled;
} DbiAgent;

/* Labels of the router that are no agent and no tool. */
typedef enum DbiRefusalLabel
{
	DBI_LABEL_SCOPE,
	DBI_LABEL_WRITE,
	DBI_LABEL_INJECTION,
	DBI_LABEL_SMALLTALK,
	DBI_REFUSAL_LABELS
} DbiRefusalLabel;

/* Features of one example question, or of a tool's description. */
typedef struct DbiExample
{
	int tool; /* or -1: the agent's own */
	int agent;
	bool description;
	char *normalised;
	int nfeatures;
	uint32 *features; /* sorted hashes */
	float *weights;
	float norm;
} DbiExample;

/* An example that has a feature. */
typedef struct DbiBearer
{
	int example;
	float weight;
} DbiBearer;

/* A word that a typo may be meant for. */
typedef struct DbiKnownWord
{
	const char *word;
	uint32 letters;
} DbiKnownWord;

typedef struct DbiForm
{
	char *key;
	int concept;
	float weight;
	int words;
} DbiForm;

typedef struct DbiCompanion
{
	char *tool;
	char *intent;
	char *companion;
	bool first; /* position 0: before the tool, when it was called in the turn before */
} DbiCompanion;

typedef struct DbiNameHint
{
	char *pattern; /* with % at either end */
	char *kind;
} DbiNameHint;

/* What people say for a value of an argument. */
typedef struct DbiArgumentWord
{
	char *tool; /* "" is every tool */
	char *argument;
	char *value;  /* "#" is the number in the form */
	char **words; /* stems, "*" or "#" */
	int nwords;
} DbiArgumentWord;

/* A word or phrase of another language and what it means in English. */
typedef struct DbiForeignWord
{
	const char *language;
	char **words; /* without accents; "x*" begins with x, "#" is a number */
	int nwords;
	char **meaning;
	int nmeaning;
	bool shared; /* an English word too */
} DbiForeignWord;

typedef struct DbiLexicon
{
	int nconcepts;
	DbiConcept *concepts;
	int nforms;
	DbiForm *forms;         /* sorted by key */
	int nbuckets;           /* a power of two */
	int *first_forms;       /* by the hash of a key: its first form, or -1 */
	int longest;            /* words of the longest form */
	uint8 *longest_by_head; /* by the hash of a key's first word: no form with that word has more */
	int nvocabulary;
	char **vocabulary;   /* sorted words that are spelt right */
	DbiKnownWord *known; /* of the vocabulary, in its order, those a typo may be meant for */
	int first_known[27]; /* by the first letter, and the end */
	int nstems;
	char **stems; /* of the vocabulary, sorted */
	int nagents;
	DbiAgent *agents; /* in their order */
	int ntools;
	DbiTool *tools;
	int nexamples;
	DbiExample *examples;
	int nrarity;
	uint32 *rarity_hash; /* sorted */
	float *rarity;       /* of a feature among the examples */
	float rarity_new;    /* of a feature no example has */
	int *first_bearers;  /* beside rarity_hash, and one more: where a feature's bearers begin */
	DbiBearer *bearers;
	int ncompanions;
	DbiCompanion *companions;
	int nhints;
	DbiNameHint *hints;
	int nwords;
	DbiArgumentWord *words;
	int nforeign;
	DbiForeignWord *foreign; /* sorted by their first word */
	int first_foreign[27];   /* by the first letter, and the end */
	int nlanguages;
	const char **languages;
	struct DbiRouter *router; /* what was learned, or NULL */
} DbiLexicon;

/* Valid until the next call that may read tables. */
extern const DbiLexicon *dbi_lexicon(void);
extern int dbi_find_concept(const DbiLexicon *lexicon, const char *name);
extern int dbi_find_agent(const DbiLexicon *lexicon, const char *name);
extern bool dbi_is_stop(const DbiLexicon *lexicon, const char *word, const char *stem);
extern const DbiForm *dbi_find_form(const DbiLexicon *lexicon, const char *key);
/* No form whose key begins with this word has more words; a few too many at times. */
extern int dbi_longest_form(const DbiLexicon *lexicon, const char *head);
extern bool dbi_in_vocabulary(const DbiLexicon *lexicon, const char *word);
extern void dbi_repair_typos(const DbiLexicon *lexicon, DbiText *text);

/* ---- translate.c: words of other languages ---- */

/* In the current context. */
extern void dbi_set_foreign_word(DbiForeignWord *word, const char *form, const char *meaning);
extern void dbi_translate(const DbiLexicon *lexicon, DbiText *text);

/* ---- untwist.c ---- */
extern void dbi_untwist_words(const DbiLexicon *lexicon, DbiText *text);

/* ---- features.c: how like an example a question is ---- */

struct DbiClause;
/* Of the words of the clause, which has been read. */
extern void dbi_make_features(const DbiLexicon *lexicon, const DbiText *text, List *slots,
							  const struct DbiClause *clause, DbiExample *example);
extern void dbi_weigh_features(DbiLexicon *lexicon, MemoryContext context);
/* From here on a question is one of the examples: nothing learned is needed. */
#define REMEMBERED_LIKENESS 0.9

extern double *dbi_likenesses(const DbiLexicon *lexicon, const DbiExample *question);

/* ---- route.c: what a stretch of words speaks for ---- */

/* A word of a clause as the lexicon sees it: a stem, or the type of a name. */
typedef struct DbiUnitWord
{
	const char *word;
	const char *stem;
	int from; /* tokens [from, to) */
	int to;
	int longest; /* words of the longest form that may begin here */
} DbiUnitWord;

typedef struct DbiHit
{
	int concept;
	float weight;
	int from; /* tokens [from, to); -1 when it comes from the frame */
	int to;
} DbiHit;

typedef struct DbiClause
{
	int from; /* tokens [from, to) */
	int to;
	List *hits;                         /* of DbiHit * */
	double *agents;                     /* evidence by agent */
	double *tools;                      /* evidence by tool */
	bool learned;                       /* whether the model has spoken */
	double *lexical;                    /* of the evidence by agent, what the lexicon gave */
	double *likeness;                   /* of the best example, by tool */
	double scope;                       /* evidence for nothing of ours */
	double refusal[DBI_REFUSAL_LABELS]; /* what was learned of questions that are refused */
	int best_agent;                     /* or -1 */
	int best_tool;                      /* or -1 */
	double evidence;                    /* of the best agent */
	double confidence;
} DbiClause;

/* Evidence below this is none. */
#define DBI_SOME_EVIDENCE 0.6
/* Evidence that makes a stretch of words a question of its own. */
#define DBI_OWN_EVIDENCE 1.2

extern List *dbi_split(const DbiLexicon *lexicon, DbiText *text, List *slots, int only_agent,
					   bool within_conversation);
extern DbiClause *dbi_read_clause(const DbiLexicon *lexicon, DbiText *text, List *slots, int from,
								  int to);
extern DbiClause *dbi_score_stretch(const DbiLexicon *lexicon, DbiText *text, List *slots, int from,
									int to, int only_agent);
/* Words that carry meaning and name nothing. */
extern int dbi_own_words(const DbiLexicon *lexicon, const DbiText *text, const DbiClause *clause);
extern void dbi_score_clause(const DbiLexicon *lexicon, DbiText *text, List *slots,
							 DbiClause *clause, int only_agent, int frame_agent, int frame_tool);
extern const DbiHit *dbi_clause_hit(const DbiLexicon *lexicon, const DbiClause *clause,
									const char *concept);
extern const DbiHit *dbi_clause_kind(const DbiLexicon *lexicon, const DbiClause *clause,
									 DbiConceptKind kind);
extern char *dbi_normalise(const DbiText *text, List *slots);
extern List *dbi_match_forms(const DbiLexicon *lexicon, const DbiText *text, List *slots, int from,
							 int to);
extern bool dbi_is_concept_word(const DbiLexicon *lexicon, const DbiToken *token,
								const char *concept);

/* ---- argument_words.c: what is said for a value of an argument ---- */

typedef struct DbiWordHit
{
	const char *value; /* of the argument, as written in the table or the digits of the number */
	int from;          /* tokens [from, to) */
	int to;
	int number;     /* token of the number, or -1 */
	bool contested; /* several values are said: none of them was taken */
} DbiWordHit;

/* A form as stems, articles dropped. */
extern char **dbi_form_words(const char *form, int *n);
/* The longest form of the argument in tokens [from, to), the first of several. */
extern bool dbi_find_argument_word(const DbiLexicon *lexicon, const char *tool,
								   const DbiArgument *argument, const DbiText *text, List *slots,
								   int from, int to, DbiWordHit *hit);

/* ---- arguments.c: values of a tool's arguments ---- */

typedef struct DbiFilling
{
	const DbiLexicon *lexicon;
	const DbiText *text;
	const DbiClock *clock;
	const DbiClause *clause;
	List *slots;     /* those of this clause, those it shares, those of the frame */
	List *all_slots; /* of the question: a token's slot counts in it */
	List *kept;      /* of DbiPlanArg *: what the tool was last called with, in a follow-up */
	const DbiPeriod *period; /* the period asked for, or NULL */
	const DbiSlot *period_slot;
	const char *domain; /* domain named beside alerts, or NULL */
	List **assumptions;
} DbiFilling;

/*
 * Fills args, arguments, filters and period of the call; returns the first
 * required argument without a value, or NULL.
 */
extern const char *dbi_fill_call(const DbiFilling *filling, const DbiTool *tool, DbiPlanCall *call);

/* Whether the tool has an argument for what the slot names. */
extern bool dbi_takes_slot(const DbiTool *tool, const DbiSlot *slot);

/* ---- frame.c: what a conversation is about ---- */

typedef struct DbiFrameClause
{
	const char *agent;
	const char *tool;
	List *concepts; /* of char * */
	List *args;     /* of DbiPlanArg *: what the tool was called with */
	List *slots;    /* of DbiSlot *: of a question of the past what it was about, else NIL */
} DbiFrameClause;

/* What a question may also mean; agent and tool NULL: what its own words choose. */
typedef struct DbiReading
{
	const char *question;
	const char *agent;
	const char *tool;
} DbiReading;

typedef struct DbiFrame
{
	List *clauses;   /* of DbiFrameClause *; NIL: nothing was asked yet */
	List *slots;     /* of DbiSlot *, origin FRAME */
	List *past;      /* of DbiFrameClause *: questions that others followed, the latest first */
	List *rows;      /* of char *: first cells of the last table */
	List *questions; /* of char *: those that were offered */
	List *readings;  /* of DbiReading *: of the question before, beside the one that was answered */
} DbiFrame;

/* Reads defensively: what is not as written by dbi_write_frame is left out. */
extern DbiFrame *dbi_read_frame(const char *json);
extern char *dbi_write_frame(List *clauses, List *slots, List *past, List *readings);

/* ---- plan.c ---- */
extern void dbi_assume(List **assumptions, const char *fmt, ...) pg_attribute_printf(2, 3);
extern bool dbi_period_of_unit(DbiGrain grain, int steps, const DbiClock *clock, DbiPeriod *period);

/* ---- explain.c ---- */
extern char *dbi_explain_text(const DbiLexicon *lexicon, const DbiText *text, List *slots,
							  List *clauses, const DbiPlan *plan);

#endif
