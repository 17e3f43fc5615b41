/*
 * ground_number.c: one figure of a sentence.
 *
 * A figure with a unit or three digits must be a cell, a sum, an extreme, a
 * mean, a share, a difference or a change of the rows the sentence speaks of.
 * A small whole number is equal to something in any result, so it must be what
 * the words beside it count.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "agents/ground_sentence.h"

#define NEAR_AFTER 5
#define NEAR_BEFORE 3

static const char *const rising[] = {"up",       "rose",   "rise",   "risen",   "increased",
									 "increase", "grew",   "growth", "climbed", "gained",
									 "gain",     "jumped", "higher", "above",   "over",
									 "more",     NULL};
static const char *const falling[] = {"down",     "fell",    "fall",  "fallen",   "decreased",
									  "decrease", "dropped", "drop",  "declined", "decline",
									  "shrank",   "lost",    "loss",  "lower",    "below",
									  "less",     "fewer",   "under", "cheaper",  NULL};
static const char *const change_words[] = {"delta",      "change", "deviation",    "diff",
										   "difference", "shift",  "day over day", "growth",
										   "overrun",    NULL};
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
static const char *const negations[] = {"missed",  "miss",  "not",  "no",
										"without", "never", "lack", NULL};
static const char *const no_links[] = {"of", "the",  "a",    "an",    "in",   "and",  "or",
									   "is", "are",  "was",  "were",  "to",   "on",   "for",
									   "by", "with", "at",   "from",  "them", "it",   "that",
									   "be", "been", "has",  "have",  "most", "more", "than",
									   "as", "its",  "last", "first", "all",  NULL};

int
dbi_number_says(const DbiGlyphToken *number, double value, int direction, bool strict)
{
	double slack = number->slack * (1 + 1e-9) + 1e-9 * fabs(value);

	if (!isfinite(value) || fabs(fabs(value) - number->value) > slack)
		return 0;
	if (number->value == 0)
		return 1;
	if (number->sign)
		direction = number->sign == '+' ? 1 : -1;
	if (strict)
		return (value < 0) == (number->sign == '-') ? 1 : -1;
	if (direction == 0)
		return value >= 0 ? 1 : -1;
	return (value > 0) == (direction > 0) ? 1 : -1;
}

/* ---- one figure being judged ---- */

typedef struct Figure
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
	bool total;   /* the whole of which the figure before is a part: "16 of 17" */
	bool of_many; /* what is tried is a sum or a mean */
} Figure;

static const DbiResult *
result(const Figure *f, int n)
{
	return f->s->judge->facts->results[n];
}

static bool
is_change(const Figure *f, int n, int column)
{
	for (const char *const *w = change_words; *w; w++)
		if (dbi_has_word(f->s->judge->facts->columns[n][column], *w))
			return true;
	return false;
}

/* Tries one value; a change is one that has a direction of its own. */
static bool
try(Figure *f, double value, const char *reason, int n, int row, int column, bool change)
{
	int says;

	if ((f->direction != 0 || f->t->sign == '+') && !change && column >= 0 &&
		!is_change(f, n, column))
		return false; /* "up $5" is no level */
	says = dbi_number_says(f->t, value, f->direction, false);
	if (says < 0 && f->direction == 0 && !f->t->sign && f->falls)
		says = 1;
	if (says < 0)
		f->sign_wrong = true;
	if (says <= 0)
		return false;
	if (!f->accepted)
		dbi_accept(f->claim, reason, n >= 0 ? result(f, n) : NULL, row,
				   n >= 0 && column >= 0 ? result(f, n)->columns[column].name : NULL);
	f->accepted = true;
	if (n >= 0 && column >= 0 && !change && f->verdict->norigins < MAX_ORIGINS)
	{
		f->verdict->result[f->verdict->norigins] = n;
		f->verdict->column[f->verdict->norigins] = column;
		f->verdict->of_many[f->verdict->norigins] = f->of_many;
		f->verdict->value[f->verdict->norigins++] = value;
	}
	return true;
}

static const DbiGlyphToken *
token(const Figure *f, int at)
{
	return at >= f->s->from && at < f->s->to ? &f->s->tokens->t[at] : NULL;
}

static bool
is_word(const DbiGlyphToken *t, const char *word)
{
	return t && t->kind == GLYPH_WORD && strcmp(t->word, word) == 0;
}

static bool
stops(const Figure *f, int k)
{
	const DbiGlyphToken *t = &f->s->tokens->t[k];

	return t->kind == GLYPH_MARK || t->kind == GLYPH_NUMBER || t->kind == GLYPH_LINE;
}

static int
direction_of(const DbiGlyphToken *t)
{
	if (t == NULL || t->kind != GLYPH_WORD)
		return 0;
	return dbi_word_in(rising, t->word) ? 1 : dbi_word_in(falling, t->word) ? -1 : 0;
}

/* ---- cells and aggregates ---- */

/* Does the sentence use such a word? A mean that nobody calls one is a coincidence. */
static bool
speaks(const Figure *f, const char *const *words)
{
	for (int k = f->s->from; k < f->s->to; k++)
		if (f->s->tokens->t[k].kind == GLYPH_WORD && dbi_word_in(words, f->s->tokens->t[k].word))
			return true;
	return false;
}

static void
try_column(Figure *f, int n, int k, int column, double factor)
{
	const DbiAggregate *a = dbi_aggregate(f->s, n, k, column);
	bool one = a->n == 1;

	if (a->n == 0)
		return;
	try(f, a->first * factor, one ? "cell" : "cell of the first row", n, a->row + 1, column, false);
	if (one)
		return;
	if (k > 0 || speaks(f, high_words))
		try(f, a->max * factor, "maximum", n, 0, column, false);
	if (speaks(f, low_words))
		try(f, a->min * factor, "minimum", n, 0, column, false);
	f->of_many = true;
	try(f, a->sum * factor, "sum", n, 0, column, false);
	if (speaks(f, mean_words) && (k > 0 || f->s->nsets[n] == 1 || f->t->unit != UNIT_SECONDS))
		try(f, a->sum * factor / a->n, "mean", n, 0, column, false);
	f->of_many = false;
	if (k == 0 && speaks(f, last_words))
		try(f, a->last * factor, "cell of the last row", n, 0, column, false);
}

/* From a name to a figure without leaving its brackets. */
static bool
in_scope(const Figure *f, int from)
{
	int depth = 0;

	for (int k = Max(from, 0); k < f->at; k++)
	{
		const DbiGlyphToken *t = &f->s->tokens->t[k];
		char c = f->s->judge->text[t->start];

		if (t->kind != GLYPH_MARK)
			continue;
		depth += c == '(' ? 1 : c == ')' ? -1 : 0;
		if (depth < 0)
			return false;
	}
	return from >= 0;
}

/* The sentence has just named one row: what follows is said of that row, but for totals ("of 17"). */
static bool
is_of_one(const Figure *f, int n)
{
	for (int k = 1; k < f->s->nsets[n]; k++)
	{
		const DbiRowSet *set = &f->s->sets[n][k];

		if (set->n == 1 && set->is_name && Max(set->from, set->also_from) < f->at &&
			f->s->sets[n][0].n > 1 && in_scope(f, Max(set->from, set->also_from)))
			return true;
	}
	return false;
}

/* "a threshold of 0.2", "cost $5": the word before it. */
static bool
is_called_before(const Figure *f, int n, int column)
{
	static const char *const links[] = {"of", "is", "was", "are", NULL};
	const DbiGlyphToken *t = token(f, f->at - 1);

	if (t && t->kind == GLYPH_WORD && dbi_word_in(links, t->word))
		t = token(f, f->at - 2);
	return t && t->kind == GLYPH_WORD && !dbi_word_in(no_links, t->word) && direction_of(t) == 0 &&
		   dbi_has_word(f->s->judge->facts->columns[n][column], t->key);
}

/* The words beside the figure name some column of this unit: then it must be one of those. */
static bool
is_called(const Figure *f, int n, int column)
{
	for (int k = f->at + 1; k <= f->at + 2 && k < f->s->to; k++)
	{
		const DbiGlyphToken *t = &f->s->tokens->t[k];

		if (t->kind != GLYPH_WORD)
			break;
		if (!dbi_word_in(no_links, t->word) &&
			dbi_has_word(f->s->judge->facts->columns[n][column], t->key))
			return true;
	}
	return is_called_before(f, n, column);
}

static bool
any_called(const Figure *f, int n)
{
	double factor;

	for (int c = 0; c < f->s->judge->facts->results[n]->ncolumns; c++)
		if (dbi_ground_reads(f->s->judge->facts, n, c, f->t->unit, &factor) && is_called(f, n, c))
			return true;
	return false;
}

static void
try_columns(Figure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int n = 0; n < facts->nresults; n++)
	{
		bool of_one = is_of_one(f, n) && !f->total;
		bool called = any_called(f, n);

		for (int k = f->s->nsets[n] - 1; k >= 0; k--)
			for (int c = 0; c < facts->results[n]->ncolumns; c++)
			{
				double factor;

				if ((of_one && !(f->s->sets[n][k].n == 1 && f->s->sets[n][k].is_name)) ||
					(called && !is_called(f, n, c)))
					continue;
				if (dbi_ground_reads(facts, n, c, f->t->unit, &factor))
					try_column(f, n, k, c, factor);
			}
	}
}

/* ---- derivations ---- */

static void
try_change(Figure *f, int n, int column, double now, double before, double factor)
{
	if (f->t->unit == UNIT_PCT)
	{
		if (before != 0)
			try(f, 100 * (now - before) / fabs(before), "percent change", n, 0, column, true);
	}
	else
		try(f, (now - before) * factor, "difference", n, 0, column, true);
}

/* What others are compared with: a difference has its sign by it. */
static bool
is_base(const Figure *f, int n, int column)
{
	static const char *const words[] = {"expected", "prior",  "baseline", "budget",
										"target",   "before", "limit",    "previous",
										"base",     "usual",  NULL};

	for (const char *const *w = words; *w; w++)
		if (dbi_has_word(f->s->judge->facts->columns[n][column], dbi_stem(*w)))
			return true;
	return false;
}

/* Two columns are set against each other when their names share a word, or a word beside the figure names one. */
static bool
related(const Figure *f, int n, int a, int b)
{
	char **columns = f->s->judge->facts->columns[n];
	char *copy = pstrdup(columns[a]);

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		if (dbi_has_word(columns[b], word))
			return true;
	for (int k = Max(f->at - NEAR_BEFORE, f->s->from); k <= f->at + NEAR_AFTER && k < f->s->to; k++)
	{
		const DbiGlyphToken *t = &f->s->tokens->t[k];

		if (t->kind == GLYPH_WORD && !dbi_word_in(no_links, t->word) &&
			(dbi_has_word(columns[a], t->key) || dbi_has_word(columns[b], t->key)))
			return true;
	}
	return false;
}

/* Two columns of one unit, in one row or in the sums of several: difference, change, share. */
static void
try_pair(Figure *f, int n, int k, int a, int b)
{
	const DbiAggregate *x = dbi_aggregate(f->s, n, k, a);
	const DbiAggregate *y = dbi_aggregate(f->s, n, k, b);
	double fx;
	double fy;
	bool one = f->s->sets[n][k].n == 1;

	if (x->n == 0 || y->n == 0 ||
		dbi_ground_unit(result(f, n)->columns[a].kind, &fx) !=
			dbi_ground_unit(result(f, n)->columns[b].kind, &fy))
		return;
	for (int first = 0; first <= !one; first++)
	{
		double p = first ? x->first * fx : x->sum * fx;
		double q = first ? y->first * fy : y->sum * fy;

		if (is_base(f, n, b) ||
			(f->t->sign == 0 && f->direction == 0 && p >= q &&
			 (f->t->unit == UNIT_NONE || f->t->unit == UNIT_PCT || speaks(f, difference_words))))
			try_change(f, n, a, p, q, 1);
		if (f->t->unit == UNIT_PCT && q != 0)
		{
			try(f, 100 * p / q, "share", n, 0, a, false);
			if (p >= 0 && p <= q)
				try(f, 100 * (q - p) / q, "share", n, 0, a, false);
		}
	}
}

static bool
fits_unit(const Figure *f, int n, int column)
{
	double factor;

	if (!dbi_kind_numeric(result(f, n)->columns[column].kind))
		return false;
	if (f->t->unit == UNIT_PCT)
		return dbi_ground_unit(result(f, n)->columns[column].kind, &factor) != UNIT_PCT;
	return dbi_ground_unit(result(f, n)->columns[column].kind, &factor) == f->t->unit;
}

static void
try_pairs(Figure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int n = 0; n < facts->nresults; n++)
		for (int k = f->s->nsets[n] - 1; k >= 0; k--)
			for (int a = 0;
				 a < facts->results[n]->ncolumns && (!is_of_one(f, n) || f->s->sets[n][k].n == 1);
				 a++)
				for (int b = 0; fits_unit(f, n, a) && b < facts->results[n]->ncolumns; b++)
					if (a != b && fits_unit(f, n, b) && related(f, n, a, b))
						try_pair(f, n, k, a, b);
}

/* A part of the whole: of a sum, or of the rows. */
static void
try_shares(Figure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int n = 0; n < facts->nresults && f->t->unit == UNIT_PCT; n++)
		for (int k = 1; k < f->s->nsets[n]; k++)
		{
			try(f, 100.0 * f->s->sets[n][k].n / f->s->sets[n][0].n, "share of rows", n, 0, -1,
				false);
			for (int c = 0; c < facts->results[n]->ncolumns; c++)
				if (fits_unit(f, n, c) && dbi_aggregate(f->s, n, 0, c)->sum > 0)
					try(f,
						100 * dbi_aggregate(f->s, n, k, c)->sum / dbi_aggregate(f->s, n, 0, c)->sum,
						"share", n, 0, c, false);
		}
}

/* The same column here and in another call of the tool. */
static void
try_sides(Figure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int n = 0; n < facts->nresults; n++)
		for (int m = 0; m < facts->nresults; m++)
		{
			/* the first call of a comparison is what was asked about */
			if (n >= m || strcmp(result(f, n)->call->tool, result(f, m)->call->tool) != 0 ||
				result(f, n)->ncolumns != result(f, m)->ncolumns)
				continue;
			if (f->t->unit == UNIT_NONE || f->t->unit == UNIT_PCT)
				try_change(f, n, -1, result(f, n)->nrows, result(f, m)->nrows, 1);
			for (int c = 0; c < result(f, n)->ncolumns; c++)
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

/* ---- arguments, question, period ---- */

static bool
same_word(const DbiTokens *a, int i, const DbiTokens *b, int j)
{
	return i >= 0 && j >= 0 && i < a->n && j < b->n && a->t[i].kind == GLYPH_WORD &&
		   b->t[j].kind == GLYPH_WORD && !dbi_word_in(no_links, a->t[i].word) &&
		   strcmp(a->t[i].key, b->t[j].key) == 0;
}

/* Said in the question or of the period, with the same word beside it. */
static bool
is_echo(Figure *f)
{
	const DbiTokens *tokens = f->s->tokens;
	ListCell *lc;

	foreach(lc, f->s->judge->facts->echoes)
	{
		DbiTokens *e = lfirst(lc);

		for (int k = 0; k < e->n; k++)
		{
			if (e->t[k].kind != GLYPH_NUMBER || e->t[k].value != f->t->value ||
				e->t[k].unit != f->t->unit)
				continue;
			if (same_word(tokens, f->at + 1, e, k + 1) || same_word(tokens, f->at - 1, e, k - 1) ||
				f->t->unit != UNIT_NONE)
			{
				dbi_accept(f->claim, "question or period", NULL, 0, NULL);
				return f->accepted = true;
			}
		}
	}
	return false;
}

/* Part of a text that a cell holds: "failures_last_20 = 10 (typically 1)" of a list of reasons. */
static bool
is_quoted(Figure *f)
{
	if (f->t->unit != UNIT_NONE)
		return false;
	for (int k = f->at - 1; k >= f->s->from && k >= f->at - 3; k--)
	{
		int start = f->s->tokens->t[k].start;
		char *said = dbi_ground_plain(f->s->judge->text + start, f->t->start + f->t->len - start);

		/* two words side by side are no quotation */
		if ((strchr(said, '=') == NULL && strchr(said, '(') == NULL) ||
			!dbi_ground_known(f->s->judge->facts, said))
			continue;
		dbi_accept(f->claim, "part of a text", NULL, 0, NULL);
		return f->accepted = true;
	}
	return false;
}

/* An argument of a call, with its unit, or with a word of its name beside it. */
static void
try_arguments(Figure *f)
{
	const DbiFacts *facts = f->s->judge->facts;
	const DbiTokens *tokens = f->s->tokens;

	for (int n = 0; n < facts->nresults && !f->accepted; n++)
		for (int i = 0; i < result(f, n)->ngiven && !f->accepted; i++)
		{
			const DbiGiven *g = &result(f, n)->given[i];
			double factor;
			bool beside = false;

			if (g->cell.isnull || !dbi_kind_numeric(g->kind))
				continue;
			for (int k = f->at - 2; k <= f->at + 2; k++)
				beside = beside || (k >= f->s->from && k < f->s->to && k != f->at &&
									tokens->t[k].kind == GLYPH_WORD &&
									!dbi_word_in(no_links, tokens->t[k].word) &&
									dbi_has_word(dbi_ground_key(g->name), tokens->t[k].key));
			if ((dbi_ground_unit(g->kind, &factor) != f->t->unit || f->t->unit == UNIT_NONE) &&
				!beside)
				continue;
			if (f->t->unit == UNIT_NONE)
				factor = 1;
			if (dbi_number_says(f->t, g->cell.number * factor, 0, true) > 0)
			{
				dbi_accept(f->claim, "argument", result(f, n), 0, g->name);
				f->accepted = true;
			}
		}
}

/* ---- small numbers: what the word beside them counts ---- */

/* "shops in SOUTH": a value that follows the counted word with a preposition narrows the rows. */
static bool
is_narrowed_out(const Figure *f, int n, int set)
{
	static const char *const prepositions[] = {"in", "of", "for", "on", "from", "with", NULL};

	for (int i = f->at + 2; i < f->s->to && i <= f->at + NEAR_AFTER && !stops(f, i); i++)
	{
		const DbiGlyphToken *before = &f->s->tokens->t[i - 1];

		if (before->kind != GLYPH_WORD || !dbi_word_in(prepositions, before->word))
			continue;
		for (int k = 1; k < f->s->nsets[n]; k++)
			if (f->s->sets[n][k].from == i && f->s->sets[n][k].column >= 0 &&
				f->s->tokens->t[i].kind != GLYPH_DATE)
				return !dbi_set_covers(&f->s->sets[n][set], i);
	}
	return false;
}

static void
count_rows(Figure *f, int word, int n)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int k = 0; k < f->s->nsets[n]; k++)
		if (!is_narrowed_out(f, n, k))
			try(f, f->s->sets[n][k].n, "number of rows", n, 0, -1, true);
	if (result(f, n)->truncated)
		return;
	for (int c = 0; c < result(f, n)->ncolumns; c++)
	{
		/* failed sign-ins of get_failed_auth_attempts are the sum of attempts */
		const char *last = strrchr(facts->columns[n][c], ' ');

		if (result(f, n)->columns[c].kind == DBI_COUNT &&
			dbi_has_word(facts->noun_keys[n], last ? last + 1 : facts->columns[n][c]))
			for (int k = 0; k < f->s->nsets[n]; k++)
				try(f, dbi_aggregate(f->s, n, k, c)->sum, "sum", n, 0, c, false);
	}
}

/* A version or a code that is kept as text. */
static void
try_text(Figure *f, int n, int k, int c)
{
	const DbiResult *r = result(f, n);
	int row = -1;

	while (!f->accepted && (row = bms_next_member(f->s->sets[n][k].rows, row)) >= 0)
		if (!r->rows[row][c].isnull && strcmp(r->rows[row][c].text, f->t->word) == 0)
			try(f, f->t->value, "cell", n, row + 1, c, true);
}

static void
count_column(Figure *f, int n, int c)
{
	bool of_one = is_of_one(f, n) && !f->total;

	for (int k = f->s->nsets[n] - 1; k >= 0; k--)
	{
		DbiKind kind = result(f, n)->columns[c].kind;
		double factor;

		if ((of_one && !(f->s->sets[n][k].n == 1 && f->s->sets[n][k].is_name)) ||
			is_narrowed_out(f, n, k))
			continue;
		if (dbi_ground_reads(f->s->judge->facts, n, c, UNIT_NONE, &factor))
		{
			f->linked = true;
			try_column(f, n, k, c, factor);
		}
		else if (kind == DBI_BOOL)
		{
			const DbiAggregate *a = dbi_aggregate(f->s, n, k, c);

			f->linked = true;
			if (speaks(f, negations))
				try(f, a->n - a->ntrue, "rows for which it does not hold", n, 0, c, true);
			else
				try(f, a->ntrue, "rows for which it holds", n, 0, c, true);
		}
		else if (kind == DBI_TEXT || kind == DBI_LIST)
		{
			f->linked = true;
			try(f, dbi_aggregate(f->s, n, k, c)->distinct, "distinct values", n, 0, c, true);
			try_text(f, n, k, c);
			if (kind == DBI_LIST && f->s->sets[n][k].n == 1)
				try(f, dbi_aggregate(f->s, n, k, c)->first, "items of a list", n, 0, c, true);
		}
	}
}

/* What one word counts: rows of a tool, a column, rows with a value. */
static void
try_word(Figure *f, int word)
{
	const DbiFacts *facts = f->s->judge->facts;
	const DbiGlyphToken *w = &f->s->tokens->t[word];

	if ((w->kind != GLYPH_WORD && w->kind != GLYPH_NAME && w->kind != GLYPH_CLOCK) ||
		dbi_word_in(no_links, w->word))
		return;
	for (int n = 0; n < facts->nresults; n++)
	{
		bool things = false;

		for (int k = 1; k < f->s->nsets[n]; k++)
			if (dbi_set_covers(&f->s->sets[n][k], word) && !f->s->sets[n][k].is_name)
			{
				f->linked = true;
				try(f, f->s->sets[n][k].n, "rows with this value", n, 0, f->s->sets[n][k].column,
					true);
			}
		if (w->kind != GLYPH_WORD)
			continue;
		for (int c = 0; c < result(f, n)->ncolumns; c++)
			if (dbi_has_word(facts->columns[n][c], w->key))
			{
				things = things || result(f, n)->columns[c].kind == DBI_TEXT;
				count_column(f, n, c);
			}
		if (dbi_has_word(facts->noun_keys[n], w->key))
		{
			/* jobs of get_failed_jobs are its job names, not its rows */
			if (things && !dbi_has_word(facts->nouns[n], w->key))
				continue;
			f->linked = true;
			count_rows(f, word, n);
		}
	}
}

/* Words after the number, then those before it; the first that counts anything decides. */
static void
try_words(Figure *f)
{
	int after = f->at + 1;
	int before;

	/* "9 of 23 checks": both count checks */
	if (after + 1 < f->s->to && is_word(&f->s->tokens->t[after], "of") &&
		f->s->tokens->t[after + 1].kind == GLYPH_NUMBER)
		after += 2;
	before = f->at - 1;
	for (int k = after; k < f->s->to && k < after + NEAR_AFTER && !f->accepted && !stops(f, k); k++)
		try_word(f, k);
	if (after < f->s->to && !stops(f, after))
		return; /* a word follows: what stands before is of another figure */
	for (int k = before, n = 0; k >= f->s->from && n < NEAR_BEFORE && !f->accepted && !f->linked;
		 k--, n++)
	{
		bool bracket = f->s->tokens->t[k].kind == GLYPH_MARK &&
					   f->s->judge->text[f->s->tokens->t[k].start] == '(' && k == f->at - 1;

		if (stops(f, k) && !bracket)
			break;
		try_word(f, k);
	}
}

/* No word counts it: rows, distinct values, counts of the rows that are named. */
static void
try_unlinked(Figure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int n = 0; n < facts->nresults; n++)
		for (int k = f->s->nsets[n] - 1; k >= 0; k--)
		{
			if (is_of_one(f, n) && !f->total &&
				!(f->s->sets[n][k].n == 1 && f->s->sets[n][k].is_name))
				continue;
			try(f, f->s->sets[n][k].n, "number of rows", n, 0, -1, true);
			for (int c = 0; c < result(f, n)->ncolumns; c++)
			{
				double factor;

				if (result(f, n)->columns[c].kind == DBI_TEXT)
					try(f, dbi_aggregate(f->s, n, k, c)->distinct, "distinct values", n, 0, c, true);
				else if (dbi_ground_reads(facts, n, c, UNIT_NONE, &factor))
					try_column(f, n, k, c, factor);
			}
		}
}

static void
try_totals(Figure *f)
{
	for (int n = 0; n < f->s->judge->facts->nresults; n++)
		try(f, f->s->sets[n][0].n, "number of rows", n, 0, -1, true);
}

/* ---- fixed turns of phrase ---- */

static bool
is_rows(const DbiGlyphToken *t)
{
	return is_word(t, "row") || is_word(t, "rows");
}

/* "5 of 10 rows shown" under a table; "`get_x()` 10 rows" among the sources. */
static bool
judge_rows_said(Figure *f)
{
	DbiJudge *judge = f->s->judge;
	const DbiGlyphToken *of = token(f, f->at + 2);
	double value;
	int n = -1;

	if (f->s->source >= 0 && is_rows(token(f, f->at + 1)))
		n = f->s->source, value = result(f, n)->nrows;
	else if (judge->table_result >= 0 && is_word(token(f, f->at + 1), "of") && of &&
			 of->kind == GLYPH_NUMBER && is_rows(token(f, f->at + 3)))
		n = judge->table_result, value = judge->table_lines;
	else if (judge->table_result >= 0 && is_word(token(f, f->at - 1), "of") &&
			 is_rows(token(f, f->at + 1)))
		n = judge->table_result, value = result(f, n)->nrows;
	if (n < 0)
		return false;
	if (f->t->value == value && f->t->unit == UNIT_NONE)
		dbi_accept(f->claim, "number of rows", result(f, n), 0, NULL);
	else
		dbi_object(f->claim, psprintf("there are %.0f rows", value), true);
	return true;
}

/* "the last 7 days" is a period, and a period is an argument or was asked for. */
static bool
judge_window(Figure *f)
{
	static const char *const units[] = {"day",   "days",  "hour",   "hours",   "week",
										"weeks", "month", "months", "minutes", NULL};
	const DbiGlyphToken *before = token(f, f->at - 1);
	const DbiGlyphToken *after = token(f, f->at + 1);

	if (!after || after->kind != GLYPH_WORD || !dbi_word_in(units, after->word) ||
		!(is_word(before, "last") || is_word(before, "past") || is_word(before, "next") ||
		  is_word(before, "previous")))
		return false;
	try_arguments(f);
	return !f->accepted;
}

/* Two durations side by side, as in "5 h 7 h", are none. */
static bool
judge_duration(Figure *f)
{
	for (int step = -1; step <= 1; step += 2)
	{
		const DbiGlyphToken *other = token(f, f->at + step);
		const DbiGlyphToken *first = step < 0 ? other : f->t;
		const DbiGlyphToken *second = step < 0 ? f->t : other;

		if (other && other->kind == GLYPH_NUMBER && other->unit == UNIT_SECONDS &&
			f->t->unit == UNIT_SECONDS && first->start + first->len + 1 == second->start)
			return true;
	}
	return false;
}

/* Is the value at this token one of the column's? */
static bool
holds_value(const Figure *f, int n, int column, int at)
{
	for (int k = 1; k < f->s->nsets[n]; k++)
		if (f->s->sets[n][k].column == column && dbi_set_covers(&f->s->sets[n][k], at))
			return true;
	return false;
}

/* "a, b and 7 more": as many as the list has besides those that are named. */
static bool
judge_more(Figure *f)
{
	const DbiFacts *facts = f->s->judge->facts;
	int named = 1;

	if (!is_word(token(f, f->at + 1), "more") || !is_word(token(f, f->at - 1), "and"))
		return false;
	for (int k = f->at - 2; k >= f->s->from; k--)
	{
		const DbiGlyphToken *t = token(f, k);

		if (t->kind == GLYPH_MARK && f->s->judge->text[t->start] == ',')
			named++;
		else if (t->kind == GLYPH_MARK)
			break;
	}
	for (int n = 0; n < facts->nresults && !f->accepted; n++)
		for (int k = 0; k < f->s->nsets[n] && !f->accepted; k++)
			for (int c = 0; c < result(f, n)->ncolumns && !f->accepted; c++)
			{
				const DbiAggregate *a;

				if ((result(f, n)->columns[c].kind != DBI_TEXT &&
					 result(f, n)->columns[c].kind != DBI_LIST) ||
					!holds_value(f, n, c, f->at - 2))
					continue;
				a = dbi_aggregate(f->s, n, k, c);
				f->accepted = f->t->value + named ==
							  (a->n == 1 && result(f, n)->columns[c].kind == DBI_LIST ? a->first
																					  : a->distinct);
				if (f->accepted)
					dbi_accept(f->claim, "the rest of the list", result(f, n), 0,
							   result(f, n)->columns[c].name);
			}
	if (!f->accepted)
		dbi_object(f->claim, "no list has so many more", false);
	return true;
}

/* ---- direction ---- */

/* "up 5 %", "a rise of $5", "$5 lower"; not "up to 5", "fell to 5", "more than 5". */
static void
find_direction(Figure *f)
{
	const DbiGlyphToken *before = token(f, f->at - 1);
	const DbiGlyphToken *after = token(f, f->at + 1);

	if (is_word(before, "to") || is_word(before, "than"))
		return;
	if (is_word(before, "by") || is_word(before, "of"))
		before = token(f, f->at - 2);
	if (before && before->kind == GLYPH_WORD && !is_word(before, "more") && !is_word(before, "over"))
		f->direction = direction_of(before);
	if (f->direction == 0 && f->t->unit != UNIT_NONE && !is_word(after, "down") &&
		!is_word(after, "up"))
		f->direction = direction_of(after);
	for (int k = f->s->from; k < f->s->to; k++)
		f->falls = f->falls || direction_of(token(f, k)) < 0;
}

/* ---- judging ---- */

/* Three digits and more are not met by chance. */
static bool
is_distinctive(const DbiGlyphToken *t)
{
	int digits = 0;

	for (const char *p = t->word; *p; p++)
		if (isdigit((unsigned char) *p) && (digits > 0 || *p != '0'))
			digits++;
	return t->unit != UNIT_NONE || strchr(t->word, '.') || digits >= 3;
}

static void
judge(Figure *f)
{
	if (judge_rows_said(f) || judge_more(f) || judge_duration(f) || is_echo(f) || is_quoted(f) ||
		judge_window(f))
		return;
	try_arguments(f);
	if (f->accepted)
		return;
	if (is_distinctive(f->t))
	{
		try_columns(f);
		if (!f->accepted)
			try_words(f);
		if (!f->accepted && f->total)
			try_totals(f);
		if (!f->accepted)
			try_sides(f);
		if (!f->accepted)
			try_shares(f);
		if (!f->accepted)
			try_pairs(f);
		return;
	}
	try_words(f);
	if (!f->accepted && f->total)
		try_totals(f);
	if (!f->accepted)
		try_pairs(f);
	if (!f->accepted && !f->linked)
		try_unlinked(f);
}

void
dbi_judge_number(DbiSentence *s, int i)
{
	Figure f = {.s = s, .at = i, .t = &s->tokens->t[i]};

	f.claim = dbi_claim(s->judge, f.t->start, f.t->len, DBI_CLAIM_NUMBER);
	f.verdict = &s->numbers[i];
	f.verdict->judged = true;
	dbi_object(f.claim, "no cell and no derivation gives it", false);
	f.total = i - 2 >= s->from && is_word(token(&f, i - 1), "of") &&
			  token(&f, i - 2)->kind == GLYPH_NUMBER;
	find_direction(&f);
	judge(&f);
	if (!f.accepted && !f.claim->supported && !f.claim->contradiction && f.sign_wrong)
		dbi_object(f.claim, "the rows say the other direction", true);
	f.verdict->supported = f.claim->supported;
}
