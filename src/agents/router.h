/*
 * agents/router.h: what is learned from examples, on top of what the lexicon
 * says. Private to understanding; route.c adds it to its evidence.
 *
 * One linear scorer a label (an agent, a tool, or a kind of refusal) over
 * hashed features. A score is in the units of the lexicon's evidence, which
 * was the starting point of the training: without examples it is 0.
 */
#ifndef DBI_AGENTS_ROUTER_H
#define DBI_AGENTS_ROUTER_H

#include "agents/understand.h"

/* Of a stored model: changes with its form. */
#define DBI_ROUTER_MAGIC "DBR4"

/* 2^14 buckets: 3 000 questions have some 20 000 features, most of them character runs of rare words. */
#define DBI_ROUTER_BITS 14
#define DBI_ROUTER_BUCKETS (1 << DBI_ROUTER_BITS)

/* Evidence of the lexicon becomes a logit: z = PRIOR_SCALE * evidence + PRIOR_BIAS + learned. */
#define DBI_PRIOR_SCALE 0.8
#define DBI_PRIOR_BIAS (-1.6)

/* What is looked at to tell whether two stretches are two questions. */
#define DBI_SPLIT_FEATURES 34
/* And to tell whether a text is a question about the account. */
#define DBI_SCOPE_FEATURES 10

typedef enum DbiLabelKind
{
	DBI_LABEL_AGENT = 'a',
	DBI_LABEL_TOOL = 't',
	DBI_LABEL_REFUSAL = 'r'
} DbiLabelKind;

typedef struct DbiLabel
{
	DbiLabelKind kind;
	char *name;
	float scale; /* of its int8 weights */
	int agent;   /* whose evidence it is, in the lexicon at hand; -1: of none */
	int refusal; /* DbiRefusalLabel, or -1 */
	int ntools;
	int *tools;
} DbiLabel;

typedef struct DbiSparse
{
	int n;
	uint32 *buckets; /* sorted, each once */
	float *values;
} DbiSparse;

typedef struct DbiRouter
{
	int version;
	int nlabels;
	DbiLabel *labels;
	const int8 *weights; /* [bucket][label] */
	float confidence[3]; /* of the calibration: constant, best evidence, runner-up */
	float split[DBI_SPLIT_FEATURES];
	float scope[DBI_SCOPE_FEATURES];
} DbiRouter;

/* ---- router_features.c ---- */
extern void dbi_router_features(const DbiLexicon *lexicon, const DbiText *text, List *slots,
								const DbiClause *clause, DbiSparse *features);

/* ---- router.c ---- */

/* NULL when the bytes are not a model of this form. Scores go to what the lexicon has of the labels. */
extern DbiRouter *dbi_router_from_bytes(const char *bytes, Size size, const DbiLexicon *lexicon,
										MemoryContext context);
extern void dbi_bind_label(DbiLabel *label, const DbiLexicon *lexicon, MemoryContext context);
extern const char *dbi_refusal_label_name(DbiRefusalLabel label);

/* Adds what was learned to the clause's evidence; kinds of refusal to clause->refusal. */
extern void dbi_router_add(const DbiRouter *router, const DbiLexicon *lexicon,
						   const DbiSparse *features, DbiClause *clause);
extern bool dbi_router_knows(const DbiRouter *router, DbiLabelKind kind, const char *name);
extern double dbi_router_confidence(const DbiRouter *router, double best, double second);

/* ---- scope.c ---- */
extern void dbi_scope_features(const DbiLexicon *lexicon, const DbiText *text,
							   const DbiClause *clause, double *features);
extern bool dbi_is_foreign(const DbiLexicon *lexicon, const DbiText *text, const DbiClause *clause);
extern bool dbi_names_ours(const DbiText *text, List *slots, const DbiClause *clause);

/* Whether route.c leaves the model out: while it is being trained. */
extern bool dbi_router_off;

#endif
