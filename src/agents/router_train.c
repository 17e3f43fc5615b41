/*
 * router_train.c: learns the router from examples.
 *
 * One-vs-rest logistic regression with AdaGrad, in a fixed order from a fixed
 * start, so that the same examples and lexicon give the same bytes. What the
 * lexicon says of an example is a part of its logit that is not trained; the
 * weights begin at 0 and decay to it, so they learn only what the lexicon does
 * not know. An agent is told from all others, a tool from those of its agents.
 *
 * A fifth of the examples is held out first: for the calibration of the
 * confidence and the metrics. The model that is kept is trained on all.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "agents/router.h"
#include "agents/router_learn.h"

#define EPOCHS 6
#define RATE 0.3f
/* Share of every weight that an epoch takes away. */
#define DECAY 0.01f
/* A gradient this small moves nothing. */
#define STILL 0.02f
/* Examples of one label among eighty would be drowned by the others. */
#define POSITIVE_WEIGHT 3.0
#define HELD_OUT 5
/* There are more kinds of what is not ours than examples of it. */
#define FOREIGN_WEIGHT 1
#define LEAST_EXAMPLES 20

typedef struct Example
{
	const char *words;
	int agent; /* label of the agent, or of the refusal */
	int tool;  /* label of the tool, or -1 */
	float weight;
	bool held_out;
	DbiSparse features;
	float *prior; /* by label: what the lexicon says */
} Example;

typedef struct Trainer
{
	const DbiLexicon *lex;
	int nlabels;
	DbiLabel *labels;
	bool *may_follow; /* [agent label][tool label]: may the agent call it? */
	int n;
	Example *examples;
	float *weights; /* [bucket][label] */
	float *squares; /* of AdaGrad */
} Trainer;

/* What an example moves: labels, and beside them their scores and gradients. */
typedef struct Targets
{
	int n;
	int *labels;
	float *z;
	float *g;
} Targets;

/* What is decided from the scores: see router.h. */
typedef struct Decisions
{
	float confidence[3];
	float split[DBI_SPLIT_FEATURES];
	float scope[DBI_SCOPE_FEATURES];
} Decisions;

typedef struct Metrics
{
	int questions;
	int agent_right;
	int tool_right;
	int foreign; /* held-out questions that are refused */
	int foreign_right;
	int wrongly_refused;
} Metrics;

/* ---- labels ---- */

static int
find_label(Trainer *t, DbiLabelKind kind, const char *name)
{
	for (int i = 0; i < t->nlabels; i++)
		if (t->labels[i].kind == kind && strcmp(t->labels[i].name, name) == 0)
			return i;
	return -1;
}

static void
add_label(Trainer *t, DbiLabelKind kind, const char *name)
{
	if (find_label(t, kind, name) >= 0 || strlen(name) > 255)
		return;
	t->labels[t->nlabels].kind = kind;
	t->labels[t->nlabels++].name = pstrdup(name);
}

static void
make_labels(Trainer *t)
{
	const DbiLexicon *lex = t->lex;

	t->labels = palloc0(sizeof(DbiLabel) * (lex->nagents + lex->ntools + DBI_REFUSAL_LABELS));
	for (int i = 0; i < lex->nagents; i++)
		add_label(t, DBI_LABEL_AGENT, lex->agents[i].name);
	for (int i = 0; i < DBI_REFUSAL_LABELS; i++)
		add_label(t, DBI_LABEL_REFUSAL, dbi_refusal_label_name(i));
	for (int i = 0; i < lex->ntools; i++)
		add_label(t, DBI_LABEL_TOOL, lex->tools[i].name);
	for (int l = 0; l < t->nlabels; l++)
		dbi_bind_label(&t->labels[l], lex, CurrentMemoryContext);
	t->may_follow = palloc0(sizeof(bool) * t->nlabels * t->nlabels);
	for (int i = 0; i < lex->ntools; i++)
		t->may_follow[find_label(t, DBI_LABEL_AGENT, lex->agents[lex->tools[i].agent].name) * t->nlabels +
					  find_label(t, DBI_LABEL_TOOL, lex->tools[i].name)] = true;
}

/* ---- examples ---- */

static float *
priors(Trainer *t, const DbiClause *clause)
{
	float *prior = palloc(sizeof(float) * t->nlabels);

	for (int l = 0; l < t->nlabels; l++)
	{
		const DbiLabel *label = &t->labels[l];
		double evidence = 0;

		if (label->agent >= 0)
			evidence = clause->agents[label->agent];
		else if (label->refusal == DBI_LABEL_SCOPE)
			evidence = clause->scope;
		for (int i = 0; i < label->ntools; i++)
			evidence = Max(evidence, clause->tools[label->tools[i]]);
		prior[l] = (float) (DBI_PRIOR_BIAS + DBI_PRIOR_SCALE * evidence);
	}
	return prior;
}

/* Read as a question is, but for names, which only an account has. */
static DbiClause *
read_words(const DbiLexicon *lex, const char *words, DbiText **text, List **slots)
{
	DbiClock clock;

	dbi_set_still_clock(&clock);
	*text = dbi_tokenize(words);
	dbi_translate(lex, *text);
	dbi_drop_courtesy(*text);
	dbi_repair_typos(lex, *text);
	*slots = dbi_find_slots(*text, &clock);
	return dbi_score_stretch(lex, *text, *slots, 0, (*text)->n, -1);
}

static void
read_example(Trainer *t, const char *words, Example *e)
{
	DbiText *text;
	List *slots;
	DbiClause *clause = read_words(t->lex, words, &text, &slots);

	e->words = words;
	dbi_router_features(t->lex, text, slots, clause, &e->features);
	e->prior = priors(t, clause);
	e->held_out = hash_bytes((const unsigned char *) words, (int) strlen(words)) % HELD_OUT == 0;
}

static bool
set_labels(Trainer *t, const char *agent, const char *tool, Example *e)
{
	if (strcmp(agent, "-") == 0)
	{
		e->agent = find_label(t, DBI_LABEL_REFUSAL, tool);
		e->tool = -1;
		return e->agent >= 0;
	}
	e->agent = find_label(t, DBI_LABEL_AGENT, agent);
	e->tool = tool[0] ? find_label(t, DBI_LABEL_TOOL, tool) : -1;
	return e->agent >= 0 && (tool[0] == '\0' || e->tool >= 0);
}

static void
read_examples(Trainer *t)
{
	MemoryContext context = CurrentMemoryContext;
	SPITupleTable *rows;
	uint64 n;

	if (SPI_connect() != SPI_OK_CONNECT ||
		SPI_execute("SELECT agent, tool, example, weight FROM dbinsight._router_examples", true,
					0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the examples");
	rows = SPI_tuptable;
	n = SPI_processed;
	t->examples = MemoryContextAllocHuge(context, sizeof(Example) * Max(n, 1));
	for (uint64 i = 0; i < n; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(context);
		Example *e = &t->examples[t->n];
		char *words = SPI_getvalue(rows->vals[i], rows->tupdesc, 3);

		CHECK_FOR_INTERRUPTS();
		if (strlen(words) <= DBI_MAX_QUESTION_BYTES &&
			set_labels(t, SPI_getvalue(rows->vals[i], rows->tupdesc, 1),
					   SPI_getvalue(rows->vals[i], rows->tupdesc, 2), e))
		{
			e->weight = (float) atof(SPI_getvalue(rows->vals[i], rows->tupdesc, 4));
			read_example(t, words, e);
			t->n++;
		}
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
}

/* ---- learning ---- */

static void
reset(Trainer *t)
{
	Size n = (Size) DBI_ROUTER_BUCKETS * t->nlabels * sizeof(float);

	if (t->weights == NULL)
	{
		t->weights = palloc_extended(n, MCXT_ALLOC_HUGE);
		t->squares = palloc_extended(n, MCXT_ALLOC_HUGE);
	}
	memset(t->weights, 0, n);
	memset(t->squares, 0, n);
}

static void
learned(const Trainer *t, const Example *e, float *z)
{
	int n = t->nlabels;

	memset(z, 0, sizeof(float) * n);
	for (int i = 0; i < e->features.n; i++)
	{
		const float *w = t->weights + (Size) e->features.buckets[i] * n;
		float x = e->features.values[i];

		for (int l = 0; l < n; l++)
			z[l] += w[l] * x;
	}
}

/* The labels the example says anything about: every agent and refusal, and the tools its own is told from. */
static void
find_targets(const Trainer *t, const Example *e, Targets *targets)
{
	targets->n = 0;
	for (int l = 0; l < t->nlabels; l++)
		if (t->labels[l].kind != DBI_LABEL_TOOL || e->tool == l ||
			(e->tool >= 0 && t->may_follow[e->agent * t->nlabels + l]))
			targets->labels[targets->n++] = l;
}

/* What has been learned of the targets, as learned() has it of all labels. */
static void
learned_of_targets(const Trainer *t, const Example *e, Targets *targets)
{
	memset(targets->z, 0, sizeof(float) * targets->n);
	for (int i = 0; i < e->features.n; i++)
	{
		const float *w = t->weights + (Size) e->features.buckets[i] * t->nlabels;
		float x = e->features.values[i];

		for (int k = 0; k < targets->n; k++)
			targets->z[k] += w[targets->labels[k]] * x;
	}
}

/* Gradients of the example's loss; only targets with something to move stay. */
static void
keep_moving(const Example *e, Targets *targets)
{
	int n = 0;

	for (int k = 0; k < targets->n; k++)
	{
		int l = targets->labels[k];
		bool yes = l == e->agent || l == e->tool;
		float g = (float) ((1 / (1 + exp(-(targets->z[k] + e->prior[l]))) - yes) * e->weight *
						   (yes ? POSITIVE_WEIGHT : 1));

		if (fabsf(g) < STILL)
			continue;
		targets->labels[n] = l;
		targets->g[n++] = g;
	}
	targets->n = n;
}

static void
step(Trainer *t, const Example *e, Targets *targets)
{
	find_targets(t, e, targets);
	learned_of_targets(t, e, targets);
	keep_moving(e, targets);
	for (int i = 0; i < e->features.n && targets->n > 0; i++)
	{
		float *restrict w = t->weights + (Size) e->features.buckets[i] * t->nlabels;
		float *restrict q = t->squares + (Size) e->features.buckets[i] * t->nlabels;
		float x = e->features.values[i];

		for (int k = 0; k < targets->n; k++)
		{
			int l = targets->labels[k];
			float d = targets->g[k] * x;

			q[l] += d * d;
			w[l] -= RATE * d / (sqrtf(q[l]) + 1e-6f);
		}
	}
}

/* A fixed shuffle: steps through the examples by a number prime to how many there are. */
static int
stride_for(int n)
{
	int stride = n * 2 / 3 + 1;

	for (;; stride++)
	{
		int a = stride;
		int b = n;

		while (b != 0)
		{
			int r = a % b;

			a = b;
			b = r;
		}
		if (a == 1)
			return stride;
	}
}

static void
train(Trainer *t, bool all)
{
	Targets targets = {0, palloc(sizeof(int) * t->nlabels), palloc(sizeof(float) * t->nlabels),
					   palloc(sizeof(float) * t->nlabels)};
	int stride = stride_for(Max(t->n, 1));
	Size cells = (Size) DBI_ROUTER_BUCKETS * t->nlabels;

	reset(t);
	for (int epoch = 0; epoch < EPOCHS; epoch++)
	{
		for (int i = 0; i < t->n; i++)
		{
			const Example *e = &t->examples[(int) (((int64) i * stride + epoch) % t->n)];

			CHECK_FOR_INTERRUPTS();
			if (all || !e->held_out)
				step(t, e, &targets);
		}
		for (Size i = 0; i < cells; i++)
			t->weights[i] *= 1 - DECAY;
	}
	pfree(targets.labels);
	pfree(targets.z);
	pfree(targets.g);
}

/* ---- judging ---- */

/* Evidence of a label for an example, as route.c will see it. */
static double
evidence(const Example *e, const float *z, int l)
{
	return (z[l] + e->prior[l] - DBI_PRIOR_BIAS) / DBI_PRIOR_SCALE;
}

static int
best_of(const Trainer *t, const Example *e, const float *z, DbiLabelKind kind, int agent,
		double *second)
{
	int best = -1;

	*second = 0;
	for (int l = 0; l < t->nlabels; l++)
	{
		if (t->labels[l].kind != kind || (agent >= 0 && !t->may_follow[agent * t->nlabels + l]))
			continue;
		if (best < 0 || evidence(e, z, l) > evidence(e, z, best))
		{
			if (best >= 0)
				*second = Max(*second, evidence(e, z, best));
			best = l;
		}
		else
			*second = Max(*second, evidence(e, z, l));
	}
	return best;
}

/* Metrics of the questions held out, and whether each was right by how sure one could be. */
static void
judge(Trainer *t, Metrics *m, DbiTable *sure)
{
	float *z = palloc(sizeof(float) * t->nlabels);

	for (int i = 0; i < t->n; i++)
	{
		const Example *e = &t->examples[i];
		double second;
		double unused;
		int agent;
		int refusal;
		bool refused;

		if (!e->held_out)
			continue;
		learned(t, e, z);
		agent = best_of(t, e, z, DBI_LABEL_AGENT, -1, &second);
		refusal = best_of(t, e, z, DBI_LABEL_REFUSAL, -1, &unused);
		refused = evidence(e, z, agent) < DBI_SOME_EVIDENCE ||
				  evidence(e, z, refusal) >= evidence(e, z, agent);
		if (t->labels[e->agent].kind == DBI_LABEL_REFUSAL)
		{
			m->foreign++;
			m->foreign_right += refused;
		}
		else
		{
			m->questions++;
			m->wrongly_refused += refused;
			m->agent_right += !refused && agent == e->agent;
			m->tool_right += !refused && e->tool >= 0 &&
							 best_of(t, e, z, DBI_LABEL_TOOL, e->agent, &unused) == e->tool;
		}
		if (!refused)
		{
			double *x = dbi_table_row(sure, agent == e->agent);

			x[0] = 1;
			x[1] = evidence(e, z, agent);
			x[2] = second;
		}
	}
	pfree(z);
}

/* ---- the result ---- */

static bytea *
to_bytes(Trainer *t, const Decisions *d)
{
	StringInfoData s;
	uint16 labels = (uint16) t->nlabels;
	int8 *quantised;
	Size cells = (Size) DBI_ROUTER_BUCKETS * t->nlabels;

	initStringInfo(&s);
	appendStringInfoSpaces(&s, VARHDRSZ);
	appendBinaryStringInfo(&s, DBI_ROUTER_MAGIC, 4);
	appendBinaryStringInfo(&s, (char *) &labels, sizeof(labels));
	appendBinaryStringInfo(&s, (char *) d->confidence, sizeof(d->confidence));
	appendBinaryStringInfo(&s, (char *) d->split, sizeof(d->split));
	appendBinaryStringInfo(&s, (char *) d->scope, sizeof(d->scope));
	for (int l = 0; l < t->nlabels; l++)
	{
		float most = 0;

		for (int b = 0; b < DBI_ROUTER_BUCKETS; b++)
			most = Max(most, fabsf(t->weights[(Size) b * t->nlabels + l]));
		t->labels[l].scale = most / 127;
		appendStringInfoChar(&s, (char) t->labels[l].kind);
		appendStringInfoChar(&s, (char) strlen(t->labels[l].name));
		appendStringInfoString(&s, t->labels[l].name);
		appendBinaryStringInfo(&s, (char *) &t->labels[l].scale, sizeof(float));
	}
	quantised = palloc_extended(cells, MCXT_ALLOC_HUGE);
	for (Size i = 0; i < cells; i++)
	{
		float scale = t->labels[i % t->nlabels].scale;

		quantised[i] = scale > 0 ? (int8) rintf(t->weights[i] / scale) : 0;
	}
	appendBinaryStringInfo(&s, (char *) quantised, cells);
	pfree(quantised);
	SET_VARSIZE(s.data, s.len);
	return (bytea *) s.data;
}

static double
share(int part, int whole)
{
	return whole > 0 ? rint(1000.0 * part / whole) / 1000 : 0;
}

static char *
metrics_json(const Trainer *t, const Metrics *m)
{
	return psprintf("{\"examples\": %d, \"labels\": %d, \"held_out\": {\"questions\": %d, \"agent\": %g, \"tool\": %g, "
					"\"refused_wrongly\": %g, \"foreign\": %d, \"foreign_refused\": %g}}",
					t->n, t->nlabels, m->questions, share(m->agent_right, m->questions),
					share(m->tool_right, m->questions), share(m->wrongly_refused, m->questions),
					m->foreign, share(m->foreign_right, m->foreign));
}

/* Questions of the account and others, as the plan will see them. */
static void
learn_scope(Trainer *t, const DbiLexicon *lex, float *scope)
{
	DbiTable table;

	dbi_table_init(&table, DBI_SCOPE_FEATURES);
	for (int i = 0; i < t->n; i++)
	{
		const Example *e = &t->examples[i];
		bool foreign = t->labels[e->agent].kind == DBI_LABEL_REFUSAL;
		DbiText *text;
		List *slots;
		DbiClause *all;

		if (!e->held_out || strcmp(t->labels[e->agent].name, "refuse_write") == 0 ||
			strcmp(t->labels[e->agent].name, "refuse_injection") == 0)
			continue;
		all = read_words(lex, e->words, &text, &slots);
		for (int times = foreign ? FOREIGN_WEIGHT : 1; times > 0; times--)
			dbi_scope_features(lex, text, all, dbi_table_row(&table, foreign));
	}
	dbi_fit_logistic(&table, scope);
}

/* On questions the scorers have not seen, with the model that has not seen them. */
static void
learn_decisions(Trainer *t, Decisions *d)
{
	DbiLexicon with_router = *t->lex;
	DbiQuestion *questions = palloc(sizeof(DbiQuestion) * t->n);
	DbiQuestion *courtesies = palloc(sizeof(DbiQuestion) * t->n);
	bytea *bytes = to_bytes(t, d);
	int n = 0;
	int ncourtesies = 0;

	for (int i = 0; i < t->n; i++)
	{
		const Example *e = &t->examples[i];
		DbiQuestion q = {e->words, e->tool};

		if (strcmp(t->labels[e->agent].name, "smalltalk") == 0)
			courtesies[ncourtesies++] = q;
		else if (e->held_out && t->labels[e->agent].kind == DBI_LABEL_AGENT)
			questions[n++] = q;
	}
	with_router.router = dbi_router_from_bytes(VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ, t->lex,
											   CurrentMemoryContext);
	dbi_router_off = false;
	if (n > 0)
		dbi_learn_split(&with_router, questions, n, courtesies, ncourtesies, d->split);
	learn_scope(t, &with_router, d->scope);
	dbi_router_off = true;
}

static void
train_router(bytea **model, char **metrics)
{
	Trainer t;
	Metrics m;
	Decisions d;
	DbiTable sure;

	memset(&t, 0, sizeof(t));
	memset(&m, 0, sizeof(m));
	memset(&d, 0, sizeof(d));
	t.lex = dbi_lexicon();
	make_labels(&t);
	read_examples(&t);
	if (t.n < LEAST_EXAMPLES)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%d examples are too few to learn from", t.n),
				 errdetail("At least %d are needed.", LEAST_EXAMPLES),
				 errhint(
					 "Add some to dbinsight.intent_examples, or enable those that ship with dbinsight.")));
	train(&t, false);
	dbi_table_init(&sure, lengthof(d.confidence));
	judge(&t, &m, &sure);
	dbi_fit_logistic(&sure, d.confidence);
	learn_decisions(&t, &d);
	train(&t, true);
	*model = to_bytes(&t, &d);
	*metrics = metrics_json(&t, &m);
}

PG_FUNCTION_INFO_V1(dbi_train_router);
Datum
dbi_train_router(PG_FUNCTION_ARGS)
{
	TupleDesc desc;
	bytea *model = NULL;
	char *metrics = NULL;
	Datum values[2];
	bool nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "_train_router must return a row");
	dbi_router_off = true;
	PG_TRY();
	{
		train_router(&model, &metrics);
	}
	PG_FINALLY();
	{
		dbi_router_off = false;
	}
	PG_END_TRY();
	values[0] = PointerGetDatum(model);
	values[1] = DirectFunctionCall1(jsonb_in, CStringGetDatum(metrics));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
