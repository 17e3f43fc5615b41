/*
 * ground_number.c: one figure of a sentence.
 *
 * A figure with a unit or three digits must be a cell, a sum, an extreme, a
 * mean, a share, a difference or a change of the rows the sentence speaks of
 * (ground_derive.c). A small whole number is equal to something in any result,
 * so it must be what the words beside it count (ground_count.c).
 */
#include "postgres.h"

#include <ctype.h>

#include "agents/ground_figure.h"

/* ---- arguments, question, period ---- */

static bool
same_word(const DbiTokens *a, int i, const DbiTokens *b, int j)
{
	return i >= 0 && j >= 0 && i < a->n && j < b->n && a->t[i].kind == GLYPH_WORD &&
		   b->t[j].kind == GLYPH_WORD && !dbi_word_in(dbi_no_links, a->t[i].word) &&
		   strcmp(a->t[i].key, b->t[j].key) == 0;
}

/* Said in the question or of the period, with the same word beside it. */
static bool
is_echo(DbiFigure *f)
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
is_quoted(DbiFigure *f)
{
	if (f->t->unit != UNIT_NONE)
		return false;
	for (int last = f->at; last <= f->at + 1 && last < f->s->to; last++)
		for (int k = f->at - 1; k >= f->s->from && k >= f->at - 3; k--)
		{
			int start = f->s->tokens->t[k].start;
			int end = f->s->tokens->t[last].start + f->s->tokens->t[last].len;
			char *said = dbi_ground_plain(f->s->judge->text + start, end - start);

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
try_arguments(DbiFigure *f)
{
	const DbiFacts *facts = f->s->judge->facts;
	const DbiTokens *tokens = f->s->tokens;

	for (int n = 0; n < facts->nresults && !f->accepted; n++)
		for (int i = 0; i < dbi_figure_result(f, n)->ngiven && !f->accepted; i++)
		{
			const DbiGiven *g = &dbi_figure_result(f, n)->given[i];
			double factor;
			bool beside = false;

			if (g->cell.isnull || !dbi_kind_numeric(g->kind))
				continue;
			for (int k = f->at - 2; k <= f->at + 2; k++)
				beside = beside || (k >= f->s->from && k < f->s->to && k != f->at &&
									tokens->t[k].kind == GLYPH_WORD &&
									!dbi_word_in(dbi_no_links, tokens->t[k].word) &&
									dbi_has_word(dbi_ground_key(g->name), tokens->t[k].key));
			if ((dbi_ground_unit(g->kind, &factor) != f->t->unit || f->t->unit == UNIT_NONE) &&
				!beside)
				continue;
			if (f->t->unit == UNIT_NONE)
				factor = 1;
			if (dbi_number_says(f->t, g->cell.number * factor, 0, true) > 0)
			{
				dbi_accept(f->claim, "argument", dbi_figure_result(f, n), 0, g->name);
				f->accepted = true;
			}
		}
}

/* ---- fixed turns of phrase ---- */

static bool
is_rows(const DbiGlyphToken *t)
{
	return dbi_is_word(t, "row") || dbi_is_word(t, "rows");
}

/* "5 of 10 rows shown" under a table; "`get_x()` 10 rows" among the sources. */
static bool
judge_rows_said(DbiFigure *f)
{
	DbiJudge *judge = f->s->judge;
	const DbiGlyphToken *of = dbi_figure_token(f, f->at + 2);
	double value;
	int n = -1;

	if (f->s->source >= 0 && is_rows(dbi_figure_token(f, f->at + 1)))
		n = f->s->source, value = dbi_figure_result(f, n)->nrows;
	else if (judge->table_result >= 0 && dbi_is_word(dbi_figure_token(f, f->at + 1), "of") && of &&
			 of->kind == GLYPH_NUMBER && is_rows(dbi_figure_token(f, f->at + 3)))
		n = judge->table_result, value = judge->table_lines;
	else if (judge->table_result >= 0 && dbi_is_word(dbi_figure_token(f, f->at - 1), "of") &&
			 is_rows(dbi_figure_token(f, f->at + 1)))
		n = judge->table_result, value = dbi_figure_result(f, n)->nrows;
	if (n < 0)
		return false;
	if (f->t->value == value && f->t->unit == UNIT_NONE)
		dbi_accept(f->claim, "number of rows", dbi_figure_result(f, n), 0, NULL);
	else
		dbi_object(f->claim, psprintf("there are %.0f rows", value), true);
	return true;
}

/* "the last 7 days" is a period, and a period is an argument or was asked for. */
static bool
judge_window(DbiFigure *f)
{
	static const char *const units[] = {"day",   "days",  "hour",   "hours",   "week",
										"weeks", "month", "months", "minutes", NULL};
	const DbiGlyphToken *before = dbi_figure_token(f, f->at - 1);
	const DbiGlyphToken *after = dbi_figure_token(f, f->at + 1);

	if (!after || after->kind != GLYPH_WORD || !dbi_word_in(units, after->word) ||
		!(dbi_is_word(before, "last") || dbi_is_word(before, "past") ||
		  dbi_is_word(before, "next") || dbi_is_word(before, "previous")))
		return false;
	try_arguments(f);
	return !f->accepted;
}

/* Two durations side by side, as in "5 h 7 h", are none. */
static bool
judge_duration(DbiFigure *f)
{
	for (int step = -1; step <= 1; step += 2)
	{
		const DbiGlyphToken *other = dbi_figure_token(f, f->at + step);
		const DbiGlyphToken *first = step < 0 ? other : f->t;
		const DbiGlyphToken *second = step < 0 ? f->t : other;

		if (other && other->kind == GLYPH_NUMBER && other->unit == UNIT_SECONDS &&
			f->t->unit == UNIT_SECONDS && first->start + first->len + 1 == second->start)
			return true;
	}
	return false;
}

/* The first token of the value of the column that ends before a token; -1 when none does. */
static int
value_before(const DbiFigure *f, int n, int column, int end)
{
	for (int k = 1; k < f->s->nsets[n]; k++)
		if (f->s->sets[n][k].column == column && f->s->sets[n][k].from >= 0 &&
			f->s->sets[n][k].to == end)
			return f->s->sets[n][k].from;
	return -1;
}

/* How many values of the column are told one by one before a token, parted by commas. */
static int
values_before(const DbiFigure *f, int n, int column, int end)
{
	int count = 0;

	for (int from; (from = value_before(f, n, column, end)) >= 0; end = from - 1)
	{
		const DbiGlyphToken *comma = dbi_figure_token(f, from - 1);

		count++;
		if (comma == NULL || comma->kind != GLYPH_MARK || f->s->judge->text[comma->start] != ',')
			break;
	}
	return count;
}

/* Is the figure how many values of a column there are, in some rows, besides those that are told? */
static bool
is_rest(DbiFigure *f, int n, int column)
{
	const DbiResult *r = dbi_figure_result(f, n);
	bool list = r->columns[column].kind == DBI_LIST;
	int told = values_before(f, n, column, f->at - 1);

	for (int k = 0; told > 0 && k < f->s->nsets[n]; k++)
	{
		const DbiAggregate *a = dbi_aggregate(f->s, n, k, column);

		if (f->t->value + told != (a->n == 1 && list ? a->first : a->distinct))
			continue;
		dbi_accept(f->claim, "the rest of the list", r, 0, r->columns[column].name);
		return true;
	}
	return false;
}

/* "a, b and 7 more": as many as the list has besides those that are named. */
static bool
judge_more(DbiFigure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	if (!dbi_is_word(dbi_figure_token(f, f->at + 1), "more") ||
		!dbi_is_word(dbi_figure_token(f, f->at - 1), "and"))
		return false;
	for (int n = 0; n < facts->nresults && !f->accepted; n++)
		for (int c = 0; c < dbi_figure_result(f, n)->ncolumns && !f->accepted; c++)
			if (dbi_figure_result(f, n)->columns[c].kind == DBI_TEXT ||
				dbi_figure_result(f, n)->columns[c].kind == DBI_LIST)
				f->accepted = is_rest(f, n, c);
	if (!f->accepted)
		dbi_object(f->claim, "no list has so many more", false);
	return true;
}

/* In a whole value, told word by word: the message of an alert, an assumption. */
static bool
is_in_quote(const DbiFigure *f)
{
	const char *text = f->s->judge->text;
	int from = f->t->start;
	int to = f->t->start + f->t->len;
	int before;
	char *line;
	ListCell *lc;

	/* an escape makes two bytes of one */
	while (from > 0 && text[from - 1] != '\n' && f->t->start - from < 2 * DBI_MAX_QUOTE)
		from--;
	while (text[to] && text[to] != '\n' && to - f->t->start < 2 * DBI_MAX_QUOTE)
		to++;
	before = strlen(dbi_ground_plain(text + from, f->t->start - from));
	line = dbi_ground_plain(text + from, to - from);
	foreach(lc, f->s->judge->facts->quotes)
	{
		const char *quote = lfirst(lc);
		int len = strlen(quote);

		for (const char *p = strstr(line, quote); p; p = strstr(p + 1, quote))
			if (p - line <= before && before + f->t->len <= p - line + len)
				return true;
	}
	return false;
}

/* ---- direction ---- */

/* "makes up 5 %" is a share. */
static bool
is_made_up(const DbiFigure *f)
{
	static const char *const makes[] = {"make", "makes", "made",  "making",
										"add",  "adds",  "added", NULL};
	const DbiGlyphToken *t = dbi_figure_token(f, f->at - 2);

	return dbi_is_word(dbi_figure_token(f, f->at - 1), "up") && t && dbi_word_in(makes, t->word);
}

/* "up 5 %", "a rise of $5", "$5 lower"; not "up to 5", "fell to 5", "more than 5". */
static void
find_direction(DbiFigure *f)
{
	const DbiGlyphToken *before = dbi_figure_token(f, f->at - 1);
	const DbiGlyphToken *after = dbi_figure_token(f, f->at + 1);

	if (dbi_is_word(before, "to") || dbi_is_word(before, "than"))
		return;
	if (dbi_is_word(before, "by") || dbi_is_word(before, "of"))
		before = dbi_figure_token(f, f->at - 2);
	if (before && before->kind == GLYPH_WORD && !dbi_is_word(before, "more") &&
		!dbi_is_word(before, "over") && !is_made_up(f))
		f->direction = dbi_direction_of(before);
	if (f->direction == 0 && f->t->unit != UNIT_NONE && !dbi_is_word(after, "down") &&
		!dbi_is_word(after, "up"))
		f->direction = dbi_direction_of(after);
	for (int k = f->s->from; k < f->s->to; k++)
		f->falls = f->falls || dbi_direction_of(dbi_figure_token(f, k)) < 0;
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
judge(DbiFigure *f)
{
	if (judge_rows_said(f) || judge_more(f) || judge_duration(f) || is_echo(f) || is_quoted(f) ||
		judge_window(f))
		return;
	try_arguments(f);
	if (f->accepted)
		return;
	if (is_distinctive(f->t))
	{
		dbi_try_columns(f);
		if (!f->accepted)
			dbi_try_words(f);
		if (!f->accepted && f->total)
			dbi_try_totals(f);
		if (!f->accepted)
			dbi_try_sides(f);
		if (!f->accepted)
			dbi_try_shares(f);
		if (!f->accepted)
			dbi_try_pairs(f);
		return;
	}
	dbi_try_words(f);
	if (!f->accepted && f->total)
		dbi_try_totals(f);
	if (!f->accepted)
		dbi_try_pairs(f);
	if (!f->accepted && !f->linked)
		dbi_try_unlinked(f);
}

void
dbi_judge_number(DbiSentence *s, int i)
{
	DbiFigure f = {.s = s, .at = i, .t = &s->tokens->t[i]};

	f.claim = dbi_claim(s->judge, f.t->start, f.t->len, DBI_CLAIM_NUMBER);
	f.verdict = dbi_verdict_of(s, i);
	f.verdict->judged = true;
	dbi_object(f.claim, "no cell and no derivation gives it", false);
	f.total = i - 2 >= s->from && dbi_is_word(dbi_figure_token(&f, i - 1), "of") &&
			  dbi_figure_token(&f, i - 2)->kind == GLYPH_NUMBER;
	find_direction(&f);
	dbi_find_named(&f);
	dbi_bind_names(&f);
	judge(&f);
	if (!f.claim->supported && is_in_quote(&f))
		dbi_accept(f.claim, "part of a text", NULL, 0, NULL);
	if (!f.claim->supported && !f.claim->contradiction && f.sign_wrong)
		dbi_object(f.claim, "the rows say the other direction", true);
	f.verdict->supported = f.claim->supported;
}
