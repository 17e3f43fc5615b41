/*
 * ground_count.c: a small whole number, which must be what the words beside it
 * count: it is equal to something in any result.
 */
#include "postgres.h"

#include "agents/ground_figure.h"

static const char *const negations[] = {"missed",  "miss",  "not",  "no",
										"without", "never", "lack", NULL};

static bool
stops(const DbiFigure *f, int k)
{
	const DbiGlyphToken *t = &f->s->tokens->t[k];

	return t->kind == GLYPH_MARK || t->kind == GLYPH_NUMBER || t->kind == GLYPH_LINE;
}

/* "shops in SOUTH": a value that follows the counted word with a preposition narrows the rows. */
static bool
is_narrowed_out(const DbiFigure *f, int n, int set)
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
count_rows(DbiFigure *f, int word, int n)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int k = 0; k < f->s->nsets[n]; k++)
		if (!is_narrowed_out(f, n, k) && !dbi_set_is_too_wide(f, n, k))
			dbi_figure_try(f, f->s->sets[n][k].n, "number of rows", n, 0, -1, true);
	if (dbi_figure_result(f, n)->truncated)
		return;
	for (int c = 0; c < dbi_figure_result(f, n)->ncolumns; c++)
	{
		/* failed sign-ins of get_failed_auth_attempts are the sum of attempts */
		const char *last = strrchr(facts->columns[n][c], ' ');

		if (dbi_figure_result(f, n)->columns[c].kind == DBI_COUNT &&
			!dbi_column_never_adds(&dbi_figure_result(f, n)->columns[c]) &&
			dbi_has_word(facts->noun_keys[n], last ? last + 1 : facts->columns[n][c]))
			for (int k = 0; k < f->s->nsets[n]; k++)
				if (!dbi_set_is_too_wide(f, n, k))
					dbi_figure_try(f, dbi_aggregate(f->s, n, k, c)->sum, "sum", n, 0, c, false);
	}
}

/* A version or a code that is kept as text. */
static void
try_text(DbiFigure *f, int n, int k, int c)
{
	const DbiResult *r = dbi_figure_result(f, n);
	int row = -1;

	while (!f->accepted && (row = bms_next_member(f->s->sets[n][k].rows, row)) >= 0)
		if (!r->rows[row][c].isnull && strcmp(r->rows[row][c].text, f->t->word) == 0)
			dbi_figure_try(f, f->t->value, "cell", n, row + 1, c, true);
}

/* The column of the value that is said there; -1 when none is. */
static int
column_of_value(const DbiFigure *f, int n, int word)
{
	for (int k = 1; k < f->s->nsets[n]; k++)
		if (f->s->sets[n][k].column >= 0 && dbi_set_covers(&f->s->sets[n][k], word))
			return f->s->sets[n][k].column;
	return -1;
}

/*
 * Users of "2 service principals", a value of user_type: things, where the rows
 * are what they did. True when the next word says so: "2 human users"; or when
 * the value is the thing: "3 users" of entity_type are no findings about users.
 */
static bool
count_things(DbiFigure *f, int n, int k, int word)
{
	const DbiResult *r = dbi_figure_result(f, n);
	const DbiRowSet *set = &f->s->sets[n][k];
	int column = set->column >= 0 ? set->column : column_of_value(f, n, word);
	const char *type = column < 0 ? NULL : strstr(r->columns[column].name, "_type");
	const DbiGlyphToken *next = dbi_figure_token(f, set->to);
	bool things = false;
	char *thing;

	if (type == NULL || type[5] != '\0')
		return false;
	thing = pnstrdup(r->columns[column].name, type - r->columns[column].name);
	for (int c = 0; c < r->ncolumns; c++)
		if (c != column && r->columns[c].kind == DBI_TEXT &&
			strncmp(r->columns[c].name, thing, strlen(thing)) == 0 &&
			r->columns[c].name[strlen(thing)] == '_')
		{
			things = true;
			dbi_figure_try(f, dbi_aggregate(f->s, n, k, c)->distinct, "distinct values", n, 0, c,
						   true);
		}
	if (things && strcmp(thing, "entity") == 0)
		return true;
	return next && next->kind == GLYPH_WORD && dbi_has_word(dbi_ground_key(thing), next->key);
}

/* "without a failed run", "no failed run": rows for which the column is 0; false when nothing denies it. */
static bool
count_zeros(DbiFigure *f, int n, int c, int word)
{
	static const char *const denials[] = {"no", "without", "zero", NULL};
	const DbiResult *r = dbi_figure_result(f, n);
	bool denied = false;

	for (int i = word - 1; i >= word - 2 && i > f->at; i--)
		denied = denied || dbi_word_in(denials, f->s->tokens->t[i].word);
	if (!denied || r->columns[c].kind != DBI_COUNT)
		return false;
	f->linked = true;
	for (int k = f->s->nsets[n] - 1; k >= 0; k--)
	{
		int row = -1;
		int zeros = 0;

		while ((row = bms_next_member(f->s->sets[n][k].rows, row)) >= 0)
			zeros += !r->rows[row][c].isnull && r->rows[row][c].number == 0;
		if (dbi_set_is_meant(f, n, k))
			dbi_figure_try(f, zeros, "rows without any", n, 0, c, true);
	}
	return true;
}

static void
count_column(DbiFigure *f, int n, int c)
{
	bool of_one = dbi_is_of_one(f, n) && !f->total;

	for (int k = f->s->nsets[n] - 1; k >= 0; k--)
	{
		DbiKind kind = dbi_figure_result(f, n)->columns[c].kind;
		double factor;

		if ((of_one && !dbi_set_is_one(f, n, k)) || !dbi_set_is_meant(f, n, k) ||
			is_narrowed_out(f, n, k) || dbi_set_is_too_wide(f, n, k))
			continue;
		if (dbi_ground_reads(f->s->judge->facts, n, c, UNIT_NONE, &factor))
		{
			f->linked = true;
			dbi_try_column(f, n, k, c, factor);
		}
		else if (kind == DBI_BOOL)
		{
			const DbiAggregate *a = dbi_aggregate(f->s, n, k, c);

			f->linked = true;
			if (dbi_figure_speaks(f, negations))
				dbi_figure_try(f, a->n - a->ntrue, "rows for which it does not hold", n, 0, c, true);
			else
				dbi_figure_try(f, a->ntrue, "rows for which it holds", n, 0, c, true);
		}
		else if (kind == DBI_TEXT || kind == DBI_LIST)
		{
			f->linked = true;
			dbi_figure_try(f, dbi_aggregate(f->s, n, k, c)->distinct, "distinct values", n, 0, c,
						   true);
			try_text(f, n, k, c);
			if (kind == DBI_LIST && f->s->sets[n][k].n == 1)
				dbi_figure_try(f, dbi_aggregate(f->s, n, k, c)->first, "items of a list", n, 0, c,
							   true);
		}
	}
}

/* What one word counts: rows of a tool, a column, rows with a value. */
static void
try_word(DbiFigure *f, int word)
{
	const DbiFacts *facts = f->s->judge->facts;
	const DbiGlyphToken *w = &f->s->tokens->t[word];

	if ((w->kind != GLYPH_WORD && w->kind != GLYPH_NAME && w->kind != GLYPH_CLOCK) ||
		dbi_word_in(dbi_no_links, w->word))
		return;
	f->counted = word;
	for (int n = 0; n < facts->nresults; n++)
	{
		bool things = false;

		for (int k = 1; k < f->s->nsets[n]; k++)
			if (dbi_set_covers(&f->s->sets[n][k], word) && !f->s->sets[n][k].is_name)
			{
				const DbiRowSet *set = &f->s->sets[n][k];

				f->linked = true;
				if (!dbi_set_is_too_wide(f, n, k) && !count_things(f, n, k, word))
					dbi_figure_try(f, set->n, "rows with this value", n, 0, set->column, true);
			}
		if (w->kind != GLYPH_WORD)
			continue;
		for (int c = 0; c < dbi_figure_result(f, n)->ncolumns; c++)
			if (dbi_has_word(facts->columns[n][c], w->key))
			{
				things = things || dbi_figure_result(f, n)->columns[c].kind == DBI_TEXT;
				if (!count_zeros(f, n, c, word))
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

/* "X (72 times)", "X (at least 72)": the value that the brackets follow; -1 when there are none. */
static int
bracketed(const DbiFigure *f)
{
	const DbiGlyphToken *t;
	int k = f->at - 1;

	while (k > f->s->from && k > f->at - NEAR_BEFORE && f->s->tokens->t[k].kind == GLYPH_WORD)
		k--;
	t = dbi_figure_token(f, k);
	return k > f->s->from && t && t->kind == GLYPH_MARK && f->s->judge->text[t->start] == '(' ? k - 1
																							  : -1;
}

/* "9 of 23 checks", "9 of at least 23 checks": both count checks. Where the word stands. */
static int
behind_whole(const DbiFigure *f, int after)
{
	int k = after + 1;

	if (!dbi_is_word(dbi_figure_token(f, after), "of"))
		return after;
	if (dbi_is_word(dbi_figure_token(f, k), "at") && dbi_is_word(dbi_figure_token(f, k + 1), "least"))
		k += 2;
	return k < f->s->to && f->s->tokens->t[k].kind == GLYPH_NUMBER ? k + 1 : after;
}

/* "92 events were denied: 64 from there" goes on about what was denied. */
static bool
is_told_on(const DbiFigure *f, int after)
{
	static const char *const prepositions[] = {"from", "of", "on", "by", "in", "for", NULL};
	const DbiGlyphToken *colon = dbi_figure_token(f, f->at - 1);
	const DbiGlyphToken *next = dbi_figure_token(f, after);

	return f->at - 1 > f->s->from && colon && colon->kind == GLYPH_MARK &&
		   f->s->judge->text[colon->start] == ':' && next && dbi_word_in(prepositions, next->word);
}

/* Words after the number, then those before it; the first that counts anything decides. */
void
dbi_try_words(DbiFigure *f)
{
	static const char *const times[] = {"time", "times", NULL};
	int after = f->at + 1;
	int before;
	bool told_on;

	if (after < f->s->to && dbi_word_in(times, f->s->tokens->t[after].word) && bracketed(f) >= 0)
		try_word(f, bracketed(f));
	if (f->accepted)
		return;

	after = behind_whole(f, after);
	before = f->at - 1;
	told_on = is_told_on(f, after);
	for (int k = after; k < f->s->to && k < after + NEAR_AFTER && !f->accepted && !stops(f, k); k++)
		try_word(f, k);
	if (after < f->s->to && !stops(f, after) && !told_on)
		return; /* a word follows: what stands before is of another figure */
	for (int k = before, n = 0; k >= f->s->from && n < NEAR_BEFORE && !f->accepted && !f->linked;
		 k--, n++)
	{
		bool bracket = f->s->tokens->t[k].kind == GLYPH_MARK &&
					   f->s->judge->text[f->s->tokens->t[k].start] == '(' && k == f->at - 1;

		if (told_on && k == f->at - 1)
			continue;
		if (stops(f, k) && !bracket)
			break;
		try_word(f, k);
	}
}

/* No word counts it: rows, distinct values, counts of the rows that are named. */
void
dbi_try_unlinked(DbiFigure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	for (int n = 0; n < facts->nresults; n++)
		for (int k = f->s->nsets[n] - 1; k >= 0; k--)
		{
			if (dbi_is_of_one(f, n) && !f->total && !dbi_set_is_one(f, n, k))
				continue;
			if (!dbi_set_is_meant(f, n, k))
				continue;
			dbi_figure_try(f, f->s->sets[n][k].n, "number of rows", n, 0, -1, true);
			for (int c = 0; c < dbi_figure_result(f, n)->ncolumns; c++)
			{
				double factor;

				if (dbi_figure_result(f, n)->columns[c].kind == DBI_TEXT)
					dbi_figure_try(f, dbi_aggregate(f->s, n, k, c)->distinct, "distinct values", n,
								   0, c, true);
				else if (dbi_ground_reads(facts, n, c, UNIT_NONE, &factor))
					dbi_try_column(f, n, k, c, factor);
			}
		}
}

void
dbi_try_totals(DbiFigure *f)
{
	for (int n = 0; n < f->s->judge->facts->nresults; n++)
		dbi_figure_try(f, f->s->sets[n][0].n, "number of rows", n, 0, -1, true);
}
