/*
 * ground_figure.c: a figure, the words beside it, and a value that it may say.
 */
#include "postgres.h"

#include <math.h>

#include "agents/ground_figure.h"

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
const char *const dbi_no_links[] = {"of", "the",  "a",    "an",    "in",   "and",  "or",
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

const DbiResult *
dbi_figure_result(const DbiFigure *f, int n)
{
	return f->s->judge->facts->results[n];
}

static bool
is_change(const DbiFigure *f, int n, int column)
{
	for (const char *const *w = change_words; *w; w++)
		if (dbi_has_word(f->s->judge->facts->columns[n][column], *w))
			return true;
	return false;
}

/* Tries one value; a change is one that has a direction of its own. */
bool
dbi_figure_try(DbiFigure *f, double value, const char *reason, int n, int row, int column,
			   bool change)
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
		dbi_accept(f->claim, reason, n >= 0 ? dbi_figure_result(f, n) : NULL, row,
				   n >= 0 && column >= 0 ? dbi_figure_result(f, n)->columns[column].name : NULL);
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

const DbiGlyphToken *
dbi_figure_token(const DbiFigure *f, int at)
{
	return at >= f->s->from && at < f->s->to ? &f->s->tokens->t[at] : NULL;
}

bool
dbi_is_word(const DbiGlyphToken *t, const char *word)
{
	return t && t->kind == GLYPH_WORD && strcmp(t->word, word) == 0;
}

int
dbi_direction_of(const DbiGlyphToken *t)
{
	if (t == NULL || t->kind != GLYPH_WORD)
		return 0;
	return dbi_word_in(rising, t->word) ? 1 : dbi_word_in(falling, t->word) ? -1 : 0;
}

static bool
has_one_of(const DbiFigure *f, int from, int to, const char *const *words)
{
	for (int k = from; k < to; k++)
		if (f->s->tokens->t[k].kind == GLYPH_WORD && dbi_word_in(words, f->s->tokens->t[k].word))
			return true;
	return false;
}

/* Does the sentence use such a word? A mean that nobody calls one is a coincidence. */
bool
dbi_figure_speaks(const DbiFigure *f, const char *const *words)
{
	DbiSentence *s = f->s;
	bool speaks;

	for (int i = 0; i < s->nasked; i++)
		if (s->asked[i] == words)
			return s->spoken[i];
	speaks = has_one_of(f, s->from, s->to, words);
	if (s->nasked < MAX_ASKED)
	{
		s->asked[s->nasked] = words;
		s->spoken[s->nasked++] = speaks;
	}
	return speaks;
}

/* From a name to a figure without leaving its brackets. */
static bool
in_scope(const DbiFigure *f, int from)
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
bool
dbi_is_of_one(const DbiFigure *f, int n)
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

/* ---- rows that plain words name ---- */

static const char *const total_words[] = {"total",   "together", "all",   "sum",
										  "overall", "combined", "whole", "altogether",
										  "account", NULL};

/* Clauses are parted by punctuation: "the giraffe ate for $40, the zebra for $12". */
int
dbi_clause_start(const DbiFigure *f, int at)
{
	while (at > f->s->from && f->s->tokens->t[at - 1].kind != GLYPH_MARK &&
		   f->s->tokens->t[at - 1].kind != GLYPH_LINE)
		at--;
	return at;
}

int
dbi_clause_end(const DbiFigure *f, int at)
{
	while (at < f->s->to && f->s->tokens->t[at].kind != GLYPH_MARK &&
		   f->s->tokens->t[at].kind != GLYPH_LINE)
		at++;
	return at;
}

bool
dbi_clause_is_total(const DbiFigure *f)
{
	return has_one_of(f, dbi_clause_start(f, f->at), dbi_clause_end(f, f->at), total_words);
}

bool
dbi_has_figure(const DbiFigure *f, int from, int to)
{
	for (int k = from; k < to; k++)
		if (f->s->tokens->t[k].kind == GLYPH_NUMBER)
			return true;
	return false;
}

/* Adds what is named between two tokens, or, from -1, in the sentence before. */
static bool
add_named(DbiFigure *f, int from, int to)
{
	bool any = false;
	ListCell *lc;

	foreach(lc, f->s->named)
	{
		const DbiNamedRow *row = lfirst(lc);
		DbiRowSet *named = &f->named[row->result];

		if (row->from < from || row->from >= to)
			continue;
		named->rows = bms_union(named->rows, row->rows);
		named->n = bms_num_members(named->rows);
		any = true;
	}
	return any;
}

/*
 * Rows named in the figure's clause, or in those before it that have no figure
 * of their own ("the zebra, at last, ate for $12"); a pronoun stands for those
 * of the sentence before. Who speaks of a total means no row.
 */
void
dbi_find_named(DbiFigure *f)
{
	int from = dbi_clause_start(f, f->at);
	int to = dbi_clause_end(f, f->at);

	f->named = palloc0(sizeof(DbiRowSet) * (f->s->judge->facts->nresults + 1));
	if (f->total || dbi_clause_is_total(f))
		return;
	while (!add_named(f, from, to))
	{
		if (from <= f->s->from)
		{
			(void) add_named(f, -1, 0);
			return;
		}
		to = from - 1;
		from = dbi_clause_start(f, to);
		if (dbi_has_figure(f, from, to))
			return;
	}
	/* "giraffe, zebra and penguin": those before are as short */
	while (from > f->s->from)
	{
		to = from - 1;
		from = dbi_clause_start(f, to);
		if (to - from > LIST_ITEM || !add_named(f, from, to))
			return;
	}
}

bool
dbi_set_is_meant(const DbiFigure *f, int n, int set)
{
	return !dbi_set_is_other(f, n, set) &&
		   (f->named[n].n == 0 || bms_is_subset(f->s->sets[n][set].rows, f->named[n].rows));
}
