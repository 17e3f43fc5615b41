/*
 * ground_derive.c: a figure as a cell, an aggregate, or what is derived from them.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "agents/ground_figure.h"

static const char *const high_words[] = {"up",        "most",    "largest", "highest", "biggest",
										 "greatest",  "longest", "slowest", "dearest", "worst",
										 "best",      "top",     "peak",    "maximum", "max",
										 "strongest", "over",    "first",   "leads",   "rise",
										 "tried",     "between", "out",     "spray",   "force",
										 "row",       "below",   NULL};
static const char *const low_words[] = {"least",    "lowest",  "smallest", "cheapest",
										"shortest", "fastest", "fewest",   "minimum",
										"min",      "worst",   "best",     "fall",
										"from",     "between", "down",     NULL};
static const char *const mean_words[] = {"mean", "average", "avg",       "day",   "hour", "week",
										 "per",  "typical", "typically", "usual", "took", NULL};
static const char *const last_words[] = {"to", "last", "latest", "now", NULL};
static const char *const difference_words[] = {"difference", "more", "less",  "than",
											   "against",    "over", "under", "above",
											   "below",      "gap",  "left",  "remaining",
											   "without",    "no",   NULL};

/* ---- cells and aggregates ---- */

void
dbi_try_column(DbiFigure *f, int n, int k, int column, double factor)
{
	const DbiAggregate *a = dbi_aggregate(f->s, n, k, column);
	bool one = a->n == 1;

	if (a->n == 0)
		return;
	dbi_figure_try(f, a->first * factor, one ? "cell" : "cell of the first row", n, a->row + 1,
				   column, false);
	if (one)
		return;
	if (k > 0 || dbi_figure_speaks(f, high_words))
		dbi_figure_try(f, a->max * factor, "maximum", n, 0, column, false);
	if (dbi_figure_speaks(f, low_words))
		dbi_figure_try(f, a->min * factor, "minimum", n, 0, column, false);
	f->of_many = true;
	if (!dbi_column_never_adds(&dbi_figure_result(f, n)->columns[column]))
		dbi_figure_try(f, a->sum * factor, "sum", n, 0, column, false);
	if (dbi_figure_speaks(f, mean_words) &&
		(k > 0 || f->s->nsets[n] == 1 || f->t->unit != UNIT_SECONDS))
		dbi_figure_try(f, a->sum * factor / a->n, "mean", n, 0, column, false);
	f->of_many = false;
	if (k == 0 && dbi_figure_speaks(f, last_words))
		dbi_figure_try(f, a->last * factor, "cell of the last row", n, 0, column, false);
}

/* "a threshold of 0.2", "cost $5": the word before it. */
static bool
is_called_before(const DbiFigure *f, int n, int column)
{
	static const char *const links[] = {"of", "is", "was", "are", NULL};
	const DbiGlyphToken *t = dbi_figure_token(f, f->at - 1);

	if (t && t->kind == GLYPH_WORD && dbi_word_in(links, t->word))
		t = dbi_figure_token(f, f->at - 2);
	return t && t->kind == GLYPH_WORD && !dbi_word_in(dbi_no_links, t->word) &&
		   dbi_direction_of(t) == 0 && dbi_has_word(f->s->judge->facts->columns[n][column], t->key);
}

/* "$5 a day", "$5 per hour": that is a rate, and not the column prior_day_cost. */
static bool
is_rate(const DbiFigure *f, int at)
{
	static const char *const periods[] = {"minute", "hour", "day", "week", "month", NULL};
	const DbiGlyphToken *before = dbi_figure_token(f, at - 1);

	return dbi_word_in(periods, f->s->tokens->t[at].word) &&
		   (dbi_is_word(before, "a") || dbi_is_word(before, "an") || dbi_is_word(before, "per"));
}

/* The words beside the figure name some column of this unit: then it must be one of those. */
static bool
is_called(const DbiFigure *f, int n, int column)
{
	for (int k = f->at + 1; k <= f->at + 2 && k < f->s->to; k++)
	{
		const DbiGlyphToken *t = &f->s->tokens->t[k];

		if (t->kind != GLYPH_WORD)
			break;
		if (!dbi_word_in(dbi_no_links, t->word) && !is_rate(f, k) &&
			dbi_has_word(f->s->judge->facts->columns[n][column], t->key))
			return true;
	}
	return is_called_before(f, n, column);
}

static bool
any_called(const DbiFigure *f, int n)
{
	double factor;

	for (int c = 0; c < f->s->judge->facts->results[n]->ncolumns; c++)
		if (dbi_ground_reads(f->s->judge->facts, n, c, f->t->unit, &factor) && is_called(f, n, c))
			return true;
	return false;
}

void
dbi_try_columns(DbiFigure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int n = 0; n < facts->nresults; n++)
	{
		bool of_one = dbi_is_of_one(f, n) && !f->total;
		bool called = any_called(f, n);

		for (int k = f->s->nsets[n] - 1; k >= 0; k--)
			for (int c = 0; c < facts->results[n]->ncolumns; c++)
			{
				double factor;

				if ((of_one && !dbi_set_is_one(f, n, k)) || !dbi_set_is_meant(f, n, k) ||
					(called && !is_called(f, n, c)))
					continue;
				if (dbi_ground_reads(facts, n, c, f->t->unit, &factor))
					dbi_try_column(f, n, k, c, factor);
			}
	}
}

/* ---- derivations ---- */

static void
try_change(DbiFigure *f, int n, int column, double now, double before, double factor)
{
	if (f->t->unit == UNIT_PCT)
	{
		if (before != 0)
			dbi_figure_try(f, 100 * (now - before) / fabs(before), "percent change", n, 0, column,
						   true);
	}
	else
		dbi_figure_try(f, (now - before) * factor, "difference", n, 0, column, true);
}

/* What others are compared with: a difference has its sign by it. */
static bool
is_base(const DbiFigure *f, int n, int column)
{
	static const char *const words[] = {"expected", "prior",  "baseline", "budget",
										"target",   "before", "limit",    "previous",
										"base",     "usual",  NULL};

	static char *stems[lengthof(words)]; /* made once, for it is asked of every pair */

	if (stems[0] == NULL)
		for (int i = lengthof(words) - 2; i >= 0; i--)
			stems[i] = MemoryContextStrdup(TopMemoryContext, dbi_stem(words[i]));
	for (int i = 0; i < lengthof(words) - 1; i++)
		if (dbi_has_word(f->s->judge->facts->columns[n][column], stems[i]))
			return true;
	return false;
}

/* Is the column one word, and that in the sentence: "95% succeeded, 5 failed"? */
static bool
is_said(const DbiFigure *f, int n, int column)
{
	const char *name = f->s->judge->facts->columns[n][column];

	for (int k = f->s->from; k < f->s->to; k++)
		if (f->s->tokens->t[k].kind == GLYPH_WORD && strcmp(f->s->tokens->t[k].key, name) == 0)
			return true;
	return false;
}

/* Two columns are set against each other when their names share a word, or a word beside the figure names one. */
static bool
related(const DbiFigure *f, int n, int a, int b)
{
	char **columns = f->s->judge->facts->columns[n];
	char *copy = pstrdup(columns[a]);
	bool found = false;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		found = found || dbi_has_word(columns[b], word);
	pfree(copy);
	if (found || (is_said(f, n, a) && is_said(f, n, b)))
		return true;
	for (int k = Max(f->at - NEAR_BEFORE, f->s->from); k <= f->at + NEAR_AFTER && k < f->s->to; k++)
	{
		const DbiGlyphToken *t = &f->s->tokens->t[k];

		if (t->kind == GLYPH_WORD && !dbi_word_in(dbi_no_links, t->word) &&
			(dbi_has_word(columns[a], t->key) || dbi_has_word(columns[b], t->key)))
			return true;
	}
	return false;
}

/* Two columns of one unit, in one row or in the sums of several: difference, change, share. */
static void
try_pair(DbiFigure *f, int n, int k, int a, int b)
{
	const DbiAggregate *x = dbi_aggregate(f->s, n, k, a);
	const DbiAggregate *y = dbi_aggregate(f->s, n, k, b);
	double fx;
	double fy;
	bool one = f->s->sets[n][k].n == 1;

	if (x->n == 0 || y->n == 0 ||
		dbi_ground_unit(dbi_figure_result(f, n)->columns[a].kind, &fx) !=
			dbi_ground_unit(dbi_figure_result(f, n)->columns[b].kind, &fy))
		return;
	for (int first = 0; first <= !one; first++)
	{
		double p = first ? x->first * fx : x->sum * fx;
		double q = first ? y->first * fy : y->sum * fy;

		if (is_base(f, n, b) || (f->t->sign == 0 && f->direction == 0 && p >= q &&
								 (f->t->unit == UNIT_NONE || f->t->unit == UNIT_PCT ||
								  dbi_figure_speaks(f, difference_words))))
			try_change(f, n, a, p, q, 1);
		if (f->t->unit == UNIT_PCT && q != 0)
		{
			dbi_figure_try(f, 100 * p / q, "share", n, 0, a, false);
			if (p >= 0 && p <= q)
				dbi_figure_try(f, 100 * (q - p) / q, "share", n, 0, a, false);
			if (p >= 0 && is_said(f, n, a) && is_said(f, n, b))
				dbi_figure_try(f, 100 * p / (p + q), "share", n, 0, a, false);
		}
	}
}

static bool
fits_unit(const DbiFigure *f, int n, int column)
{
	double factor;

	if (!dbi_kind_numeric(dbi_figure_result(f, n)->columns[column].kind))
		return false;
	if (f->t->unit == UNIT_PCT)
		return dbi_ground_unit(dbi_figure_result(f, n)->columns[column].kind, &factor) != UNIT_PCT;
	/* a plain number has the unit that its row names */
	return dbi_figure_result(f, n)->columns[column].kind == DBI_NUMBER && f->t->unit != UNIT_NONE
			   ? dbi_ground_reads(f->s->judge->facts, n, column, f->t->unit, &factor)
			   : dbi_ground_unit(dbi_figure_result(f, n)->columns[column].kind, &factor) ==
					 f->t->unit;
}

/* Which columns of a result may be set against each other, a row of them for each: the same for all sets. */
static bool *
find_related(const DbiFigure *f, int n)
{
	int ncolumns = dbi_figure_result(f, n)->ncolumns;
	bool *pairs = palloc0(sizeof(bool) * Max(ncolumns * ncolumns, 1));

	for (int a = 0; a < ncolumns; a++)
		for (int b = 0; fits_unit(f, n, a) && b < ncolumns; b++)
			pairs[a * ncolumns + b] = a != b && fits_unit(f, n, b) && related(f, n, a, b);
	return pairs;
}

void
dbi_try_pairs(DbiFigure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int n = 0; n < facts->nresults; n++)
	{
		int ncolumns = facts->results[n]->ncolumns;
		bool of_one = dbi_is_of_one(f, n);
		bool *pairs = find_related(f, n);

		for (int k = f->s->nsets[n] - 1; k >= 0; k--)
		{
			CHECK_FOR_INTERRUPTS();
			if ((of_one && f->s->sets[n][k].n != 1 && !dbi_set_is_one(f, n, k)) ||
				!dbi_set_is_meant(f, n, k))
				continue;
			for (int a = 0; a < ncolumns; a++)
				for (int b = 0; b < ncolumns; b++)
					if (pairs[a * ncolumns + b])
						try_pair(f, n, k, a, b);
		}
		pfree(pairs);
	}
}

/* A part of the whole: of a sum, or of the rows. */
void
dbi_try_shares(DbiFigure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int n = 0; n < facts->nresults && f->t->unit == UNIT_PCT; n++)
		for (int k = 1; k < f->s->nsets[n]; k++)
		{
			if (dbi_set_is_other(f, n, k))
				continue;
			dbi_figure_try(f, 100.0 * f->s->sets[n][k].n / f->s->sets[n][0].n, "share of rows", n,
						   0, -1, false);
			for (int c = 0; c < facts->results[n]->ncolumns; c++)
				if (fits_unit(f, n, c) && dbi_aggregate(f->s, n, 0, c)->sum > 0)
					dbi_figure_try(f,
								   100 * dbi_aggregate(f->s, n, k, c)->sum /
									   dbi_aggregate(f->s, n, 0, c)->sum,
								   "share", n, 0, c, false);
		}
}

/* The same column here and in another call of the tool. */
void
dbi_try_sides(DbiFigure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int n = 0; n < facts->nresults; n++)
		for (int m = 0; m < facts->nresults; m++)
		{
			CHECK_FOR_INTERRUPTS();
			/* the first call of a comparison is what was asked about */
			if (n >= m ||
				strcmp(dbi_figure_result(f, n)->call->tool, dbi_figure_result(f, m)->call->tool) !=
					0 ||
				dbi_figure_result(f, n)->ncolumns != dbi_figure_result(f, m)->ncolumns)
				continue;
			if (f->t->unit == UNIT_NONE || f->t->unit == UNIT_PCT)
				try_change(f, n, -1, dbi_figure_result(f, n)->nrows, dbi_figure_result(f, m)->nrows,
						   1);
			for (int c = 0; c < dbi_figure_result(f, n)->ncolumns; c++)
			{
				double factor;
				bool fits = f->t->unit == UNIT_PCT
								? fits_unit(f, n, c)
								: dbi_ground_reads(facts, n, c, f->t->unit, &factor);

				if (f->t->unit == UNIT_PCT)
					factor = 1;
				if (!fits)
					continue;
				try_change(f, n, c, dbi_aggregate(f->s, n, 0, c)->sum,
						   dbi_aggregate(f->s, m, 0, c)->sum, factor);
				for (int k = 1; k < f->s->nsets[n]; k++)
					for (int l = 1; l < f->s->nsets[m]; l++)
						if (f->s->sets[n][k].from == f->s->sets[m][l].from &&
							f->s->sets[n][k].column == f->s->sets[m][l].column)
							try_change(f, n, c, dbi_aggregate(f->s, n, k, c)->sum,
									   dbi_aggregate(f->s, m, l, c)->sum, factor);
			}
		}
}
