/*
 * router.c: the active router model: its bytes, its scores.
 *
 * Bytes (little endian, as the server is; written and read by this file and
 * router_train.c only): magic, number of labels, the floats of the calibration, the split and the scope; for
 * each label kind, length of the name, name, scale; then [bucket][label] int8.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/memutils.h"

#include "agents/router.h"

/* What is learned moves evidence by no more than this: a few examples do not silence the lexicon. */
#define LARGEST_SCORE 4.0
/* Where the lexicon knows of one agent only, and that well, half of it counts. */
#define CLEAR_EVIDENCE 2.0
#define FAINT_EVIDENCE 0.5
#define CLEAR_SHARE 0.5

bool dbi_router_off = false;

const char *
dbi_refusal_label_name(DbiRefusalLabel label)
{
	static const char *const names[] = {"refuse_scope", "refuse_write", "refuse_injection",
										"smalltalk"};

	return names[label];
}

/* ---- bytes ---- */

typedef struct Reader
{
	const char *at;
	const char *end;
} Reader;

static bool
take(Reader *r, void *to, Size n)
{
	if ((Size) (r->end - r->at) < n)
		return false;
	memcpy(to, r->at, n);
	r->at += n;
	return true;
}

static bool
take_label(Reader *r, DbiLabel *label, MemoryContext context)
{
	char kind;
	uint8 len;

	if (!take(r, &kind, 1) || !take(r, &len, 1))
		return false;
	label->kind = (DbiLabelKind) kind;
	label->name = MemoryContextAllocZero(context, len + 1);
	return take(r, label->name, len) && take(r, &label->scale, sizeof(float)) &&
		   isfinite(label->scale);
}

/* What the label's scores are added to. */
void
dbi_bind_label(DbiLabel *label, const DbiLexicon *lex, MemoryContext context)
{
	label->agent = label->kind == DBI_LABEL_AGENT ? dbi_find_agent(lex, label->name) : -1;
	label->refusal = -1;
	for (int k = 0; k < DBI_REFUSAL_LABELS && label->kind == DBI_LABEL_REFUSAL; k++)
		if (strcmp(label->name, dbi_refusal_label_name(k)) == 0)
			label->refusal = k;
	if (label->kind != DBI_LABEL_TOOL)
		return;
	label->tools = MemoryContextAlloc(context, sizeof(int) * Max(lex->ntools, 1));
	for (int t = 0; t < lex->ntools; t++)
		if (strcmp(lex->tools[t].name, label->name) == 0)
			label->tools[label->ntools++] = t;
}

/* NULL when the bytes are not a model of this build: then there is no model. */
DbiRouter *
dbi_router_from_bytes(const char *bytes, Size size, const DbiLexicon *lex, MemoryContext context)
{
	Reader r = {bytes, bytes + size};
	DbiRouter *router = MemoryContextAllocZero(context, sizeof(DbiRouter));
	char magic[4];
	uint16 labels;
	int8 *weights;
	Size n;

	if (!take(&r, magic, 4) || memcmp(magic, DBI_ROUTER_MAGIC, 4) != 0 ||
		!take(&r, &labels, sizeof(labels)) ||
		!take(&r, router->confidence, sizeof(router->confidence)) ||
		!take(&r, router->split, sizeof(router->split)) ||
		!take(&r, router->scope, sizeof(router->scope)))
		return NULL;
	router->nlabels = labels;
	router->labels = MemoryContextAllocZero(context, sizeof(DbiLabel) * Max(labels, 1));
	for (int i = 0; i < labels; i++)
		if (!take_label(&r, &router->labels[i], context))
			return NULL;
	for (int i = 0; i < labels; i++)
		dbi_bind_label(&router->labels[i], lex, context);
	n = (Size) labels * DBI_ROUTER_BUCKETS;
	if ((Size) (r.end - r.at) != n)
		return NULL;
	weights = MemoryContextAllocHuge(context, Max(n, 1));
	memcpy(weights, r.at, n);
	router->weights = weights;
	return router;
}

/* ---- scores ---- */

static double
bounded(double x)
{
	return x > LARGEST_SCORE ? LARGEST_SCORE : x < -LARGEST_SCORE ? -LARGEST_SCORE : x;
}

static double *
label_scores(const DbiRouter *router, const DbiSparse *f)
{
	double *scores = palloc0(sizeof(double) * Max(router->nlabels, 1));

	for (int i = 0; i < f->n; i++)
	{
		const int8 *row = router->weights + (Size) f->buckets[i] * router->nlabels;

		for (int l = 0; l < router->nlabels; l++)
			scores[l] += row[l] * f->values[i];
	}
	for (int l = 0; l < router->nlabels; l++)
		scores[l] = bounded(scores[l] * router->labels[l].scale / DBI_PRIOR_SCALE);
	return scores;
}

/* Share of what was learned that counts for agents. */
static double
learned_share(const DbiLexicon *lex, const DbiClause *clause)
{
	double best = 0;
	double second = 0;

	for (int a = 0; a < lex->nagents; a++)
	{
		second = Max(second, Min(best, clause->lexical[a]));
		best = Max(best, clause->lexical[a]);
	}
	return best >= CLEAR_EVIDENCE && second < FAINT_EVIDENCE ? CLEAR_SHARE : 1;
}

void
dbi_router_add(const DbiRouter *router, const DbiLexicon *lex, const DbiSparse *f, DbiClause *clause)
{
	double *scores = label_scores(router, f);
	double share = learned_share(lex, clause);

	for (int l = 0; l < router->nlabels; l++)
	{
		const DbiLabel *label = &router->labels[l];

		if (label->agent >= 0)
			clause->agents[label->agent] += share * scores[l];
		if (label->refusal >= 0)
			clause->refusal[label->refusal] += scores[l];
		for (int i = 0; i < label->ntools; i++)
			clause->tools[label->tools[i]] += scores[l];
	}
	pfree(scores);
}

/* Whether there was anything to learn about an agent or a tool when the model was made. */
bool
dbi_router_knows(const DbiRouter *router, DbiLabelKind kind, const char *name)
{
	for (int l = 0; l < router->nlabels; l++)
		if (router->labels[l].kind == kind && strcmp(router->labels[l].name, name) == 0)
			return true;
	return false;
}

/* Share of such questions that went to the right agent, in the calibration. */
double
dbi_router_confidence(const DbiRouter *router, double best, double second)
{
	double z = router->confidence[0] + router->confidence[1] * best +
			   router->confidence[2] * Max(second, 0);

	return 1 / (1 + exp(-z));
}
