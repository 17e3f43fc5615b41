/*
 * ground_period.c: "last week", "yesterday", "the month's": periods without a
 * date. The question or a period of the turn must speak of one, or a call must
 * have been made for a stretch of that length.
 */
#include "postgres.h"

#include <math.h>

#include "utils/date.h"
#include "utils/timestamp.h"

#include "agents/ground_sentence.h"
#include "base/base.h"

/* Days that a call may span for such a word. */
typedef struct Length
{
	const char *word;
	const char *possessive; /* "the week's" */
	int least;
	int most;
} Length;

static const Length lengths[] = {{"yesterday", "yesterday's", 1, 2}, {"today", "today's", 1, 2},
								 {"week", "week's", 5, 8},           {"month", "month's", 27, 31},
								 {"quarter", "quarter's", 80, 92},   {"year", "year's", 360, 366}};
#define NDAYS 2 /* the first of them are days */

static const char *const determiners[] = {"last", "past", "this", "previous", NULL};

/* With these before it, a period is what something else is compared with. */
static const char *const others[] = {"than",   "on",    "from",    "against", "over",   "versus",
									 "vs",     "to",    "of",      "with",    "before", "since",
									 "as",     "until", "average", "per",     "usual",  "same",
									 "around", "by",    NULL};

static bool
word_at(const DbiSentence *s, int i, const char *word)
{
	return i >= s->from && i < s->to && s->tokens->t[i].kind == GLYPH_WORD &&
		   strcmp(s->tokens->t[i].word, word) == 0;
}

static bool
any_at(const DbiSentence *s, int i, const char *const *words)
{
	return i >= s->from && i < s->to && s->tokens->t[i].kind == GLYPH_WORD &&
		   dbi_word_in(words, s->tokens->t[i].word);
}

/* Which period a token speaks of, or NULL. */
static const Length *
period_at(const DbiSentence *s, int i)
{
	for (int k = 0; k < lengthof(lengths); k++)
	{
		const Length *l = &lengths[k];
		bool names = k < NDAYS || any_at(s, i - 1, determiners) ||
					 (i - 1 == s->from && word_at(s, i - 1, "the"));
		int head = k < NDAYS ? i - 1 : i - 2;

		if (word_at(s, i, l->possessive))
			return l;
		if (word_at(s, i, l->word) && names && !any_at(s, head, others))
			return l;
	}
	return NULL;
}

/* Is it a word of the question, of a period or an assumption? */
static bool
is_echoed(const DbiFacts *facts, const char *word)
{
	ListCell *lc;

	foreach(lc, facts->echoes)
	{
		DbiTokens *e = lfirst(lc);

		for (int i = 0; i < e->n; i++)
			if (e->t[i].kind == GLYPH_WORD && strncmp(e->t[i].word, word, strlen(word)) == 0)
				return true;
	}
	return false;
}

static bool
is_in_columns(const DbiFacts *facts, const char *word)
{
	for (int n = 0; n < facts->nresults; n++)
		for (int c = 0; c < facts->results[n]->ncolumns; c++)
			if (dbi_has_word(facts->columns[n][c], word))
				return true;
	return false;
}

static const DbiGiven *
given(const DbiResult *r, const char *name)
{
	for (int i = 0; i < r->ngiven; i++)
		if (strcmp(r->given[i].name, name) == 0 && !r->given[i].cell.isnull)
			return &r->given[i];
	return NULL;
}

/* Days that a call reads; 0: it has no period. */
static double
span(const DbiResult *r)
{
	static const char *const rolling[] = {"days", "lookback_days", "days_back"};
	const DbiGiven *start = given(r, "start_date");
	const DbiGiven *end = given(r, "end_date");
	const DbiGiven *g;

	if (start && end && start->kind == DBI_DATE)
		return (end->cell.number - start->cell.number) / USECS_PER_DAY + 1;
	for (int i = 0; i < lengthof(rolling); i++)
		if ((g = given(r, rolling[i])) != NULL)
			return g->cell.number;
	if ((g = given(r, "hours")) != NULL)
		return ceil(g->cell.number / 24);
	return given(r, "date") ? 1 : 0;
}

static bool
is_spanned(const DbiFacts *facts, const Length *l)
{
	for (int n = 0; n < facts->nresults; n++)
	{
		double days = span(facts->results[n]);

		if (days == 0 || (days >= l->least && days <= l->most))
			return true;
	}
	return facts->nresults == 0;
}

/* Some row is of that day. */
static bool
has_day(const DbiFacts *facts, const Length *l)
{
	DateADT day = dbi_today() - (l == &lengths[0]);

	for (int n = 0; n < facts->nresults; n++)
		for (int c = 0; c < facts->results[n]->ncolumns; c++)
		{
			DbiKind kind = facts->results[n]->columns[c].kind;

			for (int row = 0;
				 (kind == DBI_DATE || kind == DBI_TIME) && row < facts->results[n]->nrows; row++)
				if (!facts->results[n]->rows[row][c].isnull &&
					floor(facts->results[n]->rows[row][c].number / USECS_PER_DAY) == day)
					return true;
		}
	return false;
}

/* The other of the two days was asked about, and not this one. */
static bool
is_other_day(const DbiFacts *facts, const Length *l)
{
	return l < lengths + NDAYS && is_echoed(facts, lengths[l == lengths].word);
}

static bool
is_known(const DbiFacts *facts, const Length *l)
{
	if (is_echoed(facts, l->word))
		return true;
	if (l < lengths + NDAYS)
		return has_day(facts, l) || (is_spanned(facts, l) && !is_other_day(facts, l));
	return is_in_columns(facts, l->word) || is_spanned(facts, l);
}

void
dbi_judge_periods(DbiSentence *s, int claim_from, int claim_to)
{
	for (int i = s->from; i < s->to; i++)
	{
		const DbiGlyphToken *t = &s->tokens->t[i];
		const Length *l = period_at(s, i);

		if (l && t->start >= claim_from && t->start < claim_to && !is_known(s->judge->facts, l))
			dbi_object(dbi_claim(s->judge, t->start, t->len, DBI_CLAIM_DATE),
					   "no call has this period", false);
	}
}
