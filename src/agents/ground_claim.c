/*
 * ground_claim.c: what a sentence says without a figure, or beside its figures:
 * that there is none, that all are so, that only one is, that one thing has a
 * value of another, that something rose or fell from one figure to the next.
 *
 * Only what the rows can deny is objected to. A clause that uses a word which
 * is no value, column or noun of the result may mean something else.
 */
#include "postgres.h"

#include "agents/ground_sentence.h"

/* Words that narrow nothing. */
static const char *const plain_words[] =
	{"there", "is",     "are",      "was",      "were",     "be",        "been",     "has",
	 "have",  "had",    "did",      "do",       "any",      "single",    "one",      "of",
	 "the",   "a",      "an",       "these",    "those",    "them",      "it",       "they",
	 "seen",  "found",  "reported", "recorded", "detected", "happened",  "occurred", "in",
	 "on",    "at",     "by",       "with",     "from",     "for",       "to",       "same",
	 "rated", "marked", "so",       "far",      "now",      "currently", NULL};
static const char *const time_words[] = {"today", "yesterday", "overnight", "last",     "past",
										 "this",  "week",      "month",     "day",      "days",
										 "night", "hours",     "period",    "recently", NULL};

/* Behind these a clause takes back some of what it says. */
static const char *const exceptions[] = {"except", "but",    "besides", "other", "apart", "not",
										 "no",     "never",  "without", "else",  "more",  "than",
										 "almost", "nearly", "unlike",  "or",    NULL};

/* Letters that two words must share to be of one stem. */
#define MIN_STEM 4

/* A stretch of one sentence read by one result. */
typedef struct Clause
{
	DbiSentence *s;
	int from;
	int to;
	int n;           /* the result */
	int unknown;     /* words that say nothing the result knows */
	int nouns;       /* words for its rows */
	Bitmapset *said; /* rows that have every value the clause speaks of */
	bool has_value;
	int value;    /* the first token of the first value; -1: none */
	int column;   /* of the first value */
	int ncolumns; /* how many columns the values are of */
} Clause;

static bool
is_word(const DbiSentence *s, int i, const char *word)
{
	return i >= s->from && i < s->to && s->tokens->t[i].kind == GLYPH_WORD &&
		   strcmp(s->tokens->t[i].word, word) == 0;
}

static bool
is_any(const DbiSentence *s, int i, const char *const *words)
{
	return i >= s->from && i < s->to && s->tokens->t[i].kind == GLYPH_WORD &&
		   dbi_word_in(words, s->tokens->t[i].word);
}

static bool
says_any(const DbiSentence *s, int from, int to, const char *const *words)
{
	for (int i = from; i < to; i++)
		if (is_any(s, i, words))
			return true;
	return false;
}

static bool
parts_clauses(const DbiSentence *s, int i)
{
	return s->tokens->t[i].kind == GLYPH_MARK || s->tokens->t[i].kind == GLYPH_LINE;
}

static int
clause_end(const DbiSentence *s, int from)
{
	int to = from;

	while (to < s->to && !parts_clauses(s, to))
		to++;
	return to;
}

/* The rows that hold the value which begins at a token, and where it ends; NULL when none does. */
static Bitmapset *
rows_of_value(const DbiSentence *s, int n, int at, int *end, int *column)
{
	for (int k = 1; k < s->nsets[n]; k++)
	{
		const DbiRowSet *set = &s->sets[n][k];

		if (set->from != at || set->column < 0 || set->of_several || set->also_from >= 0)
			continue;
		*end = set->to;
		*column = set->column;
		return set->rows;
	}
	return NULL;
}

/* The rows for which a column holds that the word names; *is_column when there is such a column. */
static Bitmapset *
rows_marked(const DbiSentence *s, int n, int at, int *column)
{
	const DbiFacts *facts = s->judge->facts;
	const DbiResult *r = facts->results[n];
	const DbiGlyphToken *t = &s->tokens->t[at];
	Bitmapset *rows = NULL;

	*column = -1;
	for (int c = 0; c < r->ncolumns && *column < 0; c++)
		if (r->columns[c].kind == DBI_BOOL && strlen(t->key) >= 3 &&
			dbi_has_word(facts->columns[n][c], t->key))
			*column = c;
	for (int row = 0; *column >= 0 && row < r->nrows; row++)
		if (!r->rows[row][*column].isnull && r->rows[row][*column].number != 0)
			rows = bms_add_member(rows, row);
	return rows;
}

static void
add_value(Clause *c, Bitmapset *rows, int at, int column)
{
	if (!c->has_value)
	{
		c->value = at;
		c->column = column;
		c->ncolumns = 1;
		c->said = bms_copy(rows);
	}
	else if (column != c->column)
	{
		c->ncolumns++;
		c->said = bms_int_members(c->said, rows);
	}
	else
		c->said = bms_add_members(c->said, rows);
	c->has_value = true;
}

/* Is the word one of those its rows are called by: failures of failed jobs? */
static bool
is_noun(const char *nouns, const char *key)
{
	if (dbi_has_word(nouns, key))
		return true;
	for (const char *p = nouns; *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") >= MIN_STEM && strncmp(p, key, strcspn(p, " ")) == 0)
			return true;
	return false;
}

static Clause
read_clause(DbiSentence *s, int n, int from, int to)
{
	const DbiFacts *facts = s->judge->facts;
	Clause c = {.s = s, .from = from, .to = to, .n = n, .value = -1, .column = -1};

	for (int i = from; i < to; i++)
	{
		const DbiGlyphToken *t = &s->tokens->t[i];
		int end = i;
		int column;
		Bitmapset *rows = rows_of_value(s, n, i, &end, &column);

		/* a value that all rows have is what they are called */
		if (rows && bms_equal(rows, facts->all[n]))
			c.nouns++;
		else if (rows)
			add_value(&c, rows, i, column);
		if (rows)
			i = end - 1;
		else if (t->kind != GLYPH_WORD)
			c.unknown++;
		else if (is_any(s, i, plain_words) || is_any(s, i, time_words))
			continue;
		else if (is_noun(facts->noun_keys[n], t->key))
			c.nouns++;
		else if ((rows = rows_marked(s, n, i, &column)) != NULL || column >= 0)
			add_value(&c, rows, i, column);
		else
			c.unknown++;
	}
	return c;
}

static void
object(DbiSentence *s, int at, const char *reason)
{
	const DbiGlyphToken *t = &s->tokens->t[at];

	dbi_object(dbi_claim(s->judge, t->start, t->len, DBI_CLAIM_SUPERLATIVE), reason, true);
}

/* ---- "no job failed", "none of them is new" ---- */

/* 1 the rows deny it, 0 they do not, -1 the clause is not about this result. */
static int
denied(DbiSentence *s, int n, int from, int to)
{
	/* "none of the attacks": whatever they are called here */
	bool none = is_word(s, from - 1, "none") && is_word(s, from, "of") && from + 3 < to;
	Clause c = read_clause(s, n, none ? from + 3 : from, to);

	if (c.unknown > 0 || (c.nouns == 0 && !c.has_value))
		return -1;
	if (c.has_value)
		return !bms_is_empty(c.said);
	return s->judge->facts->results[n]->nrows > 0;
}

static void
judge_denial(DbiSentence *s, int at)
{
	int to = clause_end(s, at);
	bool any = false;

	if (says_any(s, at + 1, to, exceptions) || to == at + 1)
		return;
	for (int n = 0; n < s->judge->facts->nresults; n++)
	{
		int found = denied(s, n, at + 1, to);

		if (found == 0)
			return;
		any = any || found > 0;
	}
	if (any)
		object(s, at, "the rows have some");
}

/* ---- "all runs failed with X", "every attack was critical" ---- */

static bool
is_predicate(const DbiSentence *s, int from, int at)
{
	static const char *const links[] = {"is",   "are", "was",  "were", "by",  "with", "on",
										"from", "in",  "a",    "an",   "the", "same", "rated",
										"ran",  "to",  "have", "has",  "had", "got",  NULL};

	return at > from + 1 && (is_any(s, at - 1, links) || clause_end(s, at) == at + 1);
}

static void
judge_all(DbiSentence *s, int at)
{
	int to = clause_end(s, at);
	bool any = false;

	if (says_any(s, at + 1, to, exceptions))
		return;
	for (int n = 0; n < s->judge->facts->nresults; n++)
	{
		Clause c = read_clause(s, n, at + 1, to);

		if (!c.has_value || c.ncolumns > 1)
			continue;
		if (c.unknown > 1 || !is_predicate(s, at, c.value) ||
			bms_equal(c.said, s->judge->facts->all[n]))
			return;
		any = true;
	}
	if (any)
		object(s, at, "not all rows are so");
}

/* ---- "only X failed" ---- */

static void
judge_only(DbiSentence *s, int at)
{
	int to = clause_end(s, at);

	if (says_any(s, at + 1, to, exceptions))
		return;
	for (int n = 0; n < s->judge->facts->nresults; n++)
	{
		int end;
		int column;
		Bitmapset *rows = rows_of_value(s, n, at + 1, &end, &column);
		Clause c;

		if (rows == NULL || bms_equal(rows, s->judge->facts->all[n]) || end >= to)
			continue;
		c = read_clause(s, n, end, to);
		if (c.unknown > 0 || (!c.has_value && c.nouns == 0) ||
			(c.has_value && bms_is_subset(c.said, rows)))
			continue;
		object(s, at, "there are others");
		return;
	}
}

/* ---- "X runs in Y": no row has both ---- */

static bool
is_name(const DbiSentence *s, int n, int at)
{
	ListCell *lc;

	foreach(lc, s->named)
		if (((DbiNamedRow *) lfirst(lc))->result == n && ((DbiNamedRow *) lfirst(lc))->from == at)
			return true;
	return s->tokens->t[at].kind == GLYPH_NAME;
}

/* The value behind a name, with nothing else named between or after; -1 when there is none. */
static int
value_of_name(const DbiSentence *s, int n, int name_end, int to, int column, Bitmapset **rows)
{
	int value = -1;

	for (int i = name_end; i < to; i++)
	{
		int end;
		int other;
		Bitmapset *found = rows_of_value(s, n, i, &end, &other);

		/* of two names, rows of their own may tell what they have to do with each other */
		if (s->tokens->t[i].kind == GLYPH_NAME || s->tokens->t[i].kind == GLYPH_DATE)
			return -1;
		if (found == NULL)
			continue;
		if (value >= 0 || other == column || !is_predicate(s, name_end - 1, i))
			return -1;
		value = i;
		*rows = found;
		i = end - 1;
	}
	return value;
}

/* The name at a token has, in the same clause, a value that no row of its has. */
static void
judge_value(DbiSentence *s, int at, int *wrong)
{
	int to = clause_end(s, at);
	bool any = false;

	if (says_any(s, at, to, exceptions))
		return;
	for (int n = 0; n < s->judge->facts->nresults; n++)
	{
		int end;
		int column;
		int value;
		Bitmapset *own = rows_of_value(s, n, at, &end, &column);
		Bitmapset *rows = NULL;

		if (own == NULL || !is_name(s, n, at))
			continue;
		value = value_of_name(s, n, end, to, column, &rows);
		if (value < 0)
			return;
		if (bms_overlap(own, rows))
			return;
		any = true;
		*wrong = value;
	}
	if (!any)
		*wrong = -1;
}

/* ---- "up from 5 to 7", "7, down from 5", "less: 5 against 7" ---- */

static const char *const rises[] = {"up",       "rose",    "risen",  "increased", "grew",
									"grown",    "climbed", "jumped", "went",      "rise",
									"increase", "more",    "higher", NULL};
static const char *const falls[] = {"down",     "fell",   "fallen",  "decreased", "dropped",
									"declined", "shrank", "fall",    "drop",      "less",
									"lower",    "fewer",  "cheaper", NULL};

static int
direction_at(const DbiSentence *s, int i)
{
	return is_word(s, i, "went") ? 0 : is_any(s, i, rises) ? 1 : is_any(s, i, falls) ? -1 : 0;
}

static const DbiGlyphToken *
figure_at(const DbiSentence *s, int i)
{
	return i >= s->from && i < s->to && s->tokens->t[i].kind == GLYPH_NUMBER ? &s->tokens->t[i]
																			 : NULL;
}

/* The figure before a token in its clause or the one before that; NULL when there is none. */
static const DbiGlyphToken *
figure_before(const DbiSentence *s, int at, const DbiGlyphToken *like)
{
	int marks = 0;

	for (int i = at - 1; i >= s->from && marks < 2; i--)
	{
		if (figure_at(s, i) && figure_at(s, i)->unit == like->unit)
			return figure_at(s, i);
		marks += parts_clauses(s, i);
	}
	return NULL;
}

static bool
goes_wrong(int direction, const DbiGlyphToken *before, const DbiGlyphToken *after)
{
	if (before == NULL || after == NULL || direction == 0 || before->unit != after->unit ||
		before->sign || after->sign)
		return false;
	return direction > 0 ? after->value + after->slack < before->value - before->slack
						 : after->value - after->slack > before->value + before->slack;
}

static void
judge_from(DbiSentence *s, int at)
{
	const DbiGlyphToken *before = figure_at(s, at + 1);
	const DbiGlyphToken *after;
	int direction = 0;

	if (before == NULL)
		return;
	for (int i = at - 1; i >= s->from && i >= at - 2 && direction == 0 && !parts_clauses(s, i); i--)
		direction = direction_at(s, i);
	after = is_word(s, at + 2, "to") ? figure_at(s, at + 3) : figure_before(s, at - 1, before);
	if (goes_wrong(direction, before, after))
		object(s, at, "the figures go the other way");
}

/* "less than last month: $5 against $7" */
static void
judge_against(DbiSentence *s, int at)
{
	const DbiGlyphToken *other = figure_at(s, at + 1);
	int direction = 0;

	if (other == NULL || figure_at(s, at - 1) == NULL)
		return;
	for (int i = s->from; i < at - 1 && direction == 0; i++)
		if (is_word(s, i + 1, "than"))
			direction = direction_at(s, i);
	for (int i = s->from; i < s->to; i++)
		if (figure_at(s, i) && i != at - 1 && i != at + 1)
			return; /* the sentence says more than these two */
	if (goes_wrong(direction, other, figure_at(s, at - 1)))
		object(s, at, "the figures go the other way");
}

/* ---- "X cost more than Y" ---- */

static bool
sum_of(const DbiResult *r, const Bitmapset *rows, int column, double *sum)
{
	int row = -1;
	bool any = false;

	*sum = 0;
	while ((row = bms_next_member(rows, row)) >= 0)
		if (!r->rows[row][column].isnull)
		{
			*sum += r->rows[row][column].number;
			any = true;
		}
	return any;
}

/* Does a word before the comparison name the column? 2: it is called by that word alone. */
static int
is_compared(const DbiSentence *s, int n, int column, int from, int to)
{
	const char *name = s->judge->facts->columns[n][column];
	int how = 0;

	for (int i = from; i < to; i++)
	{
		const char *key = is_word(s, i, "spent") ? "spend" : s->tokens->t[i].key;

		if (s->tokens->t[i].kind == GLYPH_WORD && strlen(key) > 2 && !is_any(s, i, plain_words) &&
			dbi_has_word(name, key))
			how = Max(how, strcmp(name, key) == 0 ? 2 : 1);
	}
	return how;
}

/* 1 some column says so, 0 none does, -1 there is nothing to compare. */
static int
compares(DbiSentence *s, int n, const Bitmapset *a, const Bitmapset *b, int direction, int from,
		 int to)
{
	const DbiResult *r = s->judge->facts->results[n];
	int named = 0;
	int found = -1;

	for (int c = 0; c < r->ncolumns; c++)
		if (dbi_kind_numeric(r->columns[c].kind))
			named = Max(named, is_compared(s, n, c, from, to));
	for (int c = 0; c < r->ncolumns; c++)
	{
		double x;
		double y;

		if (!dbi_kind_numeric(r->columns[c].kind) || r->columns[c].kind == DBI_PLAIN ||
			is_compared(s, n, c, from, to) < named || !sum_of(r, a, c, &x) || !sum_of(r, b, c, &y))
			continue;
		if (direction > 0 ? x > y : x < y)
			return 1;
		found = 0;
	}
	return found;
}

/* The last value of a column before a token of its clause; NULL when there is none. */
static Bitmapset *
value_before(const DbiSentence *s, int n, int at, int column)
{
	for (int i = at - 1; i >= s->from && !parts_clauses(s, i); i--)
	{
		int end;
		int other;
		Bitmapset *rows = rows_of_value(s, n, i, &end, &other);

		if (rows && other == column)
			return rows;
	}
	return NULL;
}

static void
judge_than(DbiSentence *s, int at)
{
	int direction = direction_at(s, at - 1);

	if (direction == 0 ||
		says_any(s, s->from, at, (const char *const[]){"not", "no", "never", NULL}))
		return;
	for (int n = 0; n < s->judge->facts->nresults; n++)
	{
		int end;
		int column;
		Bitmapset *b = rows_of_value(s, n, at + 1, &end, &column);
		Bitmapset *a = b ? value_before(s, n, at - 1, column) : NULL;

		if (a == NULL || bms_equal(a, b) || compares(s, n, a, b, direction, s->from, at) != 0)
			continue;
		object(s, at - 1, "the rows say the other direction");
		return;
	}
}

/* ---- all of them ---- */

/* A word that begins what is said: at the head of a clause, or behind "there were". */
static bool
begins_clause(const DbiSentence *s, int at)
{
	static const char *const heads[] = {"there", "were", "was",   "is", "are",
										"and",   "so",   "today", NULL};

	while (at > s->from && is_any(s, at - 1, heads))
		at--;
	return at == s->from || parts_clauses(s, at - 1);
}

void
dbi_judge_claims(DbiSentence *s, int claim_from, int claim_to)
{
	for (int i = s->from; i < s->to; i++)
	{
		const DbiGlyphToken *t = &s->tokens->t[i];
		int wrong = -1;

		if (t->start < claim_from || t->start >= claim_to || t->kind == GLYPH_MARK || t->code)
			continue;
		if ((is_word(s, i, "no") || is_word(s, i, "none")) && begins_clause(s, i))
			judge_denial(s, i);
		else if ((is_word(s, i, "all") || is_word(s, i, "every")) && begins_clause(s, i))
			judge_all(s, i);
		else if (is_word(s, i, "only") && begins_clause(s, i))
			judge_only(s, i);
		else if (is_word(s, i, "from"))
			judge_from(s, i);
		else if (is_word(s, i, "against") || is_word(s, i, "versus") || is_word(s, i, "vs"))
			judge_against(s, i);
		else if (is_word(s, i, "than"))
			judge_than(s, i);
		else if (s->tokens->t[i].kind == GLYPH_NAME || s->tokens->t[i].kind == GLYPH_WORD)
			judge_value(s, i, &wrong);
		if (wrong >= 0)
			object(s, wrong, "no row has both");
	}
}
