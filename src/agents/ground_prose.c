/*
 * ground_prose.c: sentences. The names and values a sentence mentions choose
 * rows; a figure must be a cell or an aggregate of those rows, and a small
 * whole number must be one that the word beside it speaks of.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "agents/ground_sentence.h"

#define MAX_PHRASE 8 /* words of a value looked up in a sentence */
/*
 * Each figure is tried against all that its sentence names; a longer sentence
 * is judged in pieces, cut where a clause ends. What people write is shorter.
 */
#define MAX_SENTENCE 240 /* tokens, marks among them */
#define MAX_SETS 24      /* of one sentence and result */

static const char *const weekdays[] = {"sunday",   "monday", "tuesday",  "wednesday",
									   "thursday", "friday", "saturday", NULL};

/* These name nothing, though a cell may hold one of them. */
static const char *const not_values[] = {"no",   "yes",  "of",   "the", "a",    "an",   "in",
										 "and",  "or",   "it",   "is",  "are",  "was",  "were",
										 "to",   "on",   "for",  "by",  "with", "at",   "from",
										 "be",   "that", "this", "all", "none", "them", "its",
										 "not",  "utc",  "as",   "up",  "down", "per",  "than",
										 "most", "more", NULL};

bool
dbi_word_in(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* ---- the rows a sentence speaks of ---- */

static const DbiWhole *
whole_of(const DbiSentence *s, int result)
{
	List *wholes = s->judge->facts->turn->wholes;

	return wholes ? list_nth(wholes, result) : NULL;
}

static void
add_set(DbiSentence *s, int result, int column, Bitmapset *rows, int from, int to, bool is_name)
{
	DbiRowSet *set;

	if (bms_is_empty(rows) || s->nsets[result] >= MAX_SETS)
		return;
	set = &s->sets[result][s->nsets[result]++];
	memset(set, 0, sizeof(DbiRowSet));
	set->rows = rows;
	set->n = bms_num_members(rows);
	if (s->nsets[result] == 1 && whole_of(s, result))
		set->n = whole_of(s, result)->nrows;
	set->column = column;
	set->from = from;
	set->to = to;
	set->is_name = is_name;
	set->also_from = set->also_to = -1;
}

static void
add_named(DbiSentence *s, int result, int column, Bitmapset *rows, int from)
{
	DbiNamedRow *named = palloc(sizeof(DbiNamedRow));

	named->result = result;
	named->column = column;
	named->rows = rows;
	named->from = from;
	s->named = lappend(s->named, named);
}

bool
dbi_set_covers(const DbiRowSet *set, int token)
{
	return (set->from <= token && token < set->to) ||
		   (set->also_from <= token && token < set->also_to);
}

/* Rows whose time lies on that weekday (hour < 0) or in that hour. */
static void
add_time_sets(DbiSentence *s, int weekday, int hour, int at)
{
	const DbiFacts *facts = s->judge->facts;

	for (int n = 0; n < facts->nresults; n++)
	{
		const DbiResult *r = facts->results[n];

		for (int c = 0; c < r->ncolumns; c++)
		{
			Bitmapset *rows = NULL;

			if (r->columns[c].kind != DBI_TIME && r->columns[c].kind != DBI_DATE)
				continue;
			for (int row = 0; row < r->nrows; row++)
			{
				const DbiCell *cell = &r->rows[row][c];
				double days = floor(cell->number / USECS_PER_DAY);
				double us = cell->number - days * USECS_PER_DAY;

				if (cell->isnull || !isfinite(cell->number))
					continue;
				/* the day 0 of PostgreSQL, 2000-01-01, was a Saturday */
				if (hour < 0 ? fmod(fmod(days + 6, 7) + 7, 7) == weekday
							 : floor(us / USECS_PER_HOUR) == hour)
					rows = bms_add_member(rows, row);
			}
			add_set(s, n, c, rows, at, at + 1, false);
		}
	}
}

/*
 * Does a plain word name the row? It does when every row has another value
 * there: among two rows a state may do so too, so that it has to be the column
 * the rows begin with.
 */
static bool
tells_apart(const DbiFacts *facts, const DbiPhrasePlace *p)
{
	const DbiResult *r = facts->results[p->result];
	bool is_first = true;

	if (r->columns[p->column].kind != DBI_TEXT || r->nrows < 2 ||
		bms_membership(p->rows) != BMS_SINGLETON)
		return false;
	for (int c = 0; c < p->column; c++)
		is_first = is_first && r->columns[c].kind != DBI_TEXT;
	return dbi_all_differ(facts, p->result, p->column) && (is_first || r->nrows > 2);
}

/* "not OK" chooses the rows that have another value. */
static bool
is_denied(const DbiSentence *s, int at)
{
	const DbiGlyphToken *before = at > s->from ? &s->tokens->t[at - 1] : NULL;

	return before && before->kind == GLYPH_WORD && strcmp(before->word, "not") == 0;
}

/* The longest value that begins at a token; where it ends, or from. */
static int
find_phrase(DbiSentence *s, int from)
{
	const DbiGlyphToken *t = s->tokens->t;
	int last = Min(from + MAX_PHRASE, s->to);

	for (int to = last; to > from; to--)
	{
		StringInfoData key;
		DbiPhrasePlace *place;
		bool words = true;
		bool denied = is_denied(s, from);

		initStringInfo(&key);
		for (int i = from; i < to; i++)
		{
			words =
				words &&
				(t[i].kind == GLYPH_WORD || t[i].kind == GLYPH_NAME || t[i].kind == GLYPH_DATE ||
				 (t[i].kind == GLYPH_NUMBER && i > from && t[i].unit == UNIT_NONE && !t[i].sign));
			appendStringInfo(&key, "%s%s", i > from ? " " : "", t[i].key);
		}
		if (!words || (to == from + 1 && dbi_word_in(not_values, t[from].word)))
			continue;
		place = dbi_ground_phrase(s->judge->facts, key.data);
		for (DbiPhrasePlace *p = place; p; p = p->next)
		{
			Bitmapset *rows =
				denied ? bms_difference(s->judge->facts->all[p->result], p->rows) : p->rows;

			add_set(s, p->result, p->column, rows, from, to, !denied && t[from].kind == GLYPH_NAME);
			if (!denied && t[from].kind == GLYPH_WORD && tells_apart(s->judge->facts, p))
				add_named(s, p->result, p->column, p->rows, from);
		}
		if (place)
			return to;
	}
	return from;
}

/* Rows that hold two of the values at once, and those that hold all names. */
static void
add_intersections(DbiSentence *s)
{
	for (int n = 0; n < s->judge->facts->nresults; n++)
	{
		int single = s->nsets[n];

		for (int i = 1; i < single; i++)
			for (int j = i + 1; j < single; j++)
			{
				const DbiRowSet *a = &s->sets[n][i];
				const DbiRowSet *b = &s->sets[n][j];
				Bitmapset *both;
				int before = s->nsets[n];

				if (a->column == b->column || (a->from == b->from && a->from >= 0))
					continue;
				both = bms_intersect(a->rows, b->rows);
				add_set(s, n, -1, both, a->from, a->to, a->is_name && b->is_name);
				if (s->nsets[n] == before)
					continue;
				s->sets[n][before].also_from = b->from;
				s->sets[n][before].also_to = b->to;
			}
	}
}

/* A value of a list may be two words that no row holds: "failed, timed out or errored". */
#define MAX_UNHELD_WORDS 2

static bool
is_link(const DbiSentence *s, int at)
{
	static const char *const links[] = {"or", "and", NULL};
	const DbiGlyphToken *t = at < s->to ? &s->tokens->t[at] : NULL;

	return t && (dbi_word_in(links, t->word) ||
				 (t->kind == GLYPH_MARK && s->judge->text[t->start] == ','));
}

/* The set whose value goes on a list behind another: "a, b", "a or b"; NULL when none does. */
static const DbiRowSet *
next_in_list(const DbiSentence *s, int n, const DbiRowSet *set)
{
	int at = set->to;

	while (is_link(s, at))
	{
		int first = ++at;

		for (int k = 1; k < s->nsets[n]; k++)
			if (s->sets[n][k].column == set->column && s->sets[n][k].from == at &&
				!s->sets[n][k].of_several)
				return &s->sets[n][k];
		while (at < s->to && at < first + MAX_UNHELD_WORDS && s->tokens->t[at].kind == GLYPH_WORD &&
			   !is_link(s, at))
			at++;
		if (at == first)
			break;
	}
	return NULL;
}

/* "idle or underused", "a, b and c": rows that hold any of the values of one column. */
static void
add_unions(DbiSentence *s)
{
	for (int n = 0; n < s->judge->facts->nresults; n++)
	{
		int single = s->nsets[n];

		for (int i = 1; i < single; i++)
		{
			const DbiRowSet *first = &s->sets[n][i];
			const DbiRowSet *last = first;
			const DbiRowSet *next;
			Bitmapset *rows = bms_copy(first->rows);
			bool names = first->is_name;
			int before = s->nsets[n];

			if (first->column < 0 || first->from < 0)
				continue;
			while ((next = next_in_list(s, n, last)) != NULL)
			{
				rows = bms_add_members(rows, next->rows);
				names = names || next->is_name;
				last = next;
			}
			if (last == first)
				continue;
			add_set(s, n, first->column, rows, first->from, last->to, names);
			if (s->nsets[n] > before)
				s->sets[n][before].of_several = true;
		}
	}
}

/* Rows for which a column holds that the word names: owners by is_owner. */
static void
add_marked_sets(DbiSentence *s, int at)
{
	const DbiFacts *facts = s->judge->facts;
	const DbiGlyphToken *t = &s->tokens->t[at];

	if (t->kind != GLYPH_WORD || strlen(t->key) < 4 || dbi_word_in(not_values, t->word))
		return;
	for (int n = 0; n < facts->nresults; n++)
		for (int c = 0; c < facts->results[n]->ncolumns; c++)
		{
			const DbiResult *r = facts->results[n];
			Bitmapset *rows = NULL;

			if (r->columns[c].kind != DBI_BOOL || !dbi_has_word(facts->columns[n][c], t->key))
				continue;
			for (int row = 0; row < r->nrows; row++)
				if (!r->rows[row][c].isnull && r->rows[row][c].number != 0)
					rows = bms_add_member(rows, row);
			/* the column itself counts them, so the word is not covered */
			add_set(s, n, c, rows, -1, -1, false);
		}
}

/* Does a pronoun stand for what the sentence before has named? */
static bool
goes_on(const DbiSentence *s)
{
	static const char *const pronouns[] = {"it",   "its",  "they", "their",
										   "them", "that", "this", NULL};

	for (int i = s->from; i < s->to; i++)
		if (s->tokens->t[i].kind == GLYPH_WORD && dbi_word_in(pronouns, s->tokens->t[i].word))
			return true;
	return false;
}

static void
find_sets(DbiSentence *s, const DbiSentence *before)
{
	const DbiFacts *facts = s->judge->facts;
	ListCell *lc;

	s->nsets = palloc0(sizeof(int) * (facts->nresults + 1));
	s->sets = palloc0(sizeof(DbiRowSet *) * (facts->nresults + 1));
	for (int n = 0; n < facts->nresults; n++)
	{
		s->sets[n] = palloc0(sizeof(DbiRowSet) * MAX_SETS);
		add_set(s, n, -1, facts->all[n], -1, -1, false);
		for (int i = 0; before && i < before->nsets[n]; i++)
		{
			const DbiRowSet *old = &before->sets[n][i];

			if (old->is_name)
				add_set(s, n, old->column, old->rows, -1, -1, true);
		}
	}
	if (before && goes_on(s))
		foreach(lc, before->named)
		{
			const DbiNamedRow *old = lfirst(lc);

			if (old->from < 0)
				continue;
			add_set(s, old->result, old->column, old->rows, -1, -1, false);
			add_named(s, old->result, old->column, old->rows, -1);
		}
	for (int i = s->from; i < s->to;)
	{
		const DbiGlyphToken *t = &s->tokens->t[i];
		int to = find_phrase(s, i);

		for (int d = 0; t->kind == GLYPH_WORD && d < 7; d++)
			if (strcmp(t->word, weekdays[d]) == 0)
				add_time_sets(s, d, -1, i);
		add_marked_sets(s, i);
		if (t->kind == GLYPH_CLOCK && strcmp(t->word + 3, "00") == 0)
			add_time_sets(s, 0, atoi(t->word), i);
		s->phrase[i] = to > i;
		for (int k = i; k < to; k++)
			s->phrase[k] = true;
		i = Max(to, i + 1);
	}
	add_unions(s);
	add_intersections(s);
}

/* ---- figures of a set of rows ---- */

static int
count_distinct(const DbiResult *r, int column, const Bitmapset *rows)
{
	int n = 0;
	int row = -1;

	while ((row = bms_next_member(rows, row)) >= 0)
	{
		bool seen = r->rows[row][column].isnull;
		int other = -1;

		while (!seen && (other = bms_next_member(rows, other)) >= 0 && other < row)
			seen = !r->rows[other][column].isnull &&
				   strcmp(r->rows[other][column].text, r->rows[row][column].text) == 0;
		n += !seen;
	}
	return n;
}

const DbiAggregate *
dbi_aggregate(DbiSentence *s, int result, int set_number, int column)
{
	DbiRowSet *set = &s->sets[result][set_number];
	const DbiResult *r = s->judge->facts->results[result];
	DbiAggregate *a;
	int row = -1;

	if (set->aggregates == NULL)
		set->aggregates = palloc0(sizeof(DbiAggregate *) * Max(r->ncolumns, 1));
	if (set->aggregates[column])
		return set->aggregates[column];
	a = palloc0(sizeof(DbiAggregate));
	while ((row = bms_next_member(set->rows, row)) >= 0)
	{
		const DbiCell *cell = &r->rows[row][column];

		if (cell->isnull)
			continue;
		a->last = cell->number;
		if (a->n++ == 0)
		{
			a->first = a->min = a->max = cell->number;
			a->row = row;
		}
		a->sum += cell->number;
		a->min = Min(a->min, cell->number);
		a->max = Max(a->max, cell->number);
		a->ntrue += cell->number != 0;
	}
	a->distinct = dbi_kind_numeric(r->columns[column].kind) || r->columns[column].kind == DBI_BOOL
					  ? 0
					  : count_distinct(r, column, set->rows);
	if (set_number == 0 && whole_of(s, result))
	{
		const DbiWholeColumn *whole = &whole_of(s, result)->columns[column];

		a->n = whole->n;
		a->sum = whole->sum;
		a->min = whole->min;
		a->max = whole->max;
		a->distinct = whole->distinct;
	}
	set->aggregates[column] = a;
	return a;
}

/* ---- names ---- */

/* A table or function of the extension may be spoken of: advice names settings. */
static bool
is_our_object(const char *name)
{
	Oid schema = get_namespace_oid("dbinsight", true);

	return strncmp(name, "dbinsight.", 10) == 0 && OidIsValid(schema) &&
		   OidIsValid(get_relname_relid(name + 10, schema));
}

static void
judge_name(DbiSentence *s, int i)
{
	const DbiGlyphToken *t = &s->tokens->t[i];
	DbiClaim *claim = dbi_claim(s->judge, t->start, t->len, DBI_CLAIM_NAME);
	DbiPhrasePlace *place = dbi_ground_phrase(s->judge->facts, t->key);

	if (place)
	{
		const DbiResult *r = s->judge->facts->results[place->result];

		dbi_accept(claim, "cell", r,
				   bms_num_members(place->rows) == 1 ? bms_next_member(place->rows, -1) + 1 : 0,
				   r->columns[place->column].name);
	}
	else if (dbi_ground_known(s->judge->facts, t->word) || is_our_object(t->word))
		dbi_accept(claim, "name", NULL, 0, NULL);
	else
		dbi_object(claim, "no row, argument or question names it", false);
}

/* `get_x(days => 7)`: the call as it was made; which it was, or -1. */
static int
judge_call(DbiSentence *s, int from, int to)
{
	const DbiFacts *facts = s->judge->facts;
	const DbiGlyphToken *t = s->tokens->t;
	int start = t[from].start;
	int len = t[to - 1].start + t[to - 1].len - start;
	DbiClaim *claim = dbi_claim(s->judge, start, len, DBI_CLAIM_NAME);

	for (int n = 0; n < facts->nresults; n++)
	{
		const DbiResult *r = facts->results[n];
		StringInfoData call;
		bool any = false;

		initStringInfo(&call);
		appendStringInfo(&call, "%s(", r->call->tool);
		for (int i = 0; i < r->ngiven; i++)
		{
			if (!r->given[i].given)
				continue;
			appendStringInfo(&call, "%s%s => %s", any ? ", " : "", r->given[i].name,
							 r->given[i].cell.isnull ? "NULL" : r->given[i].cell.text);
			any = true;
		}
		appendStringInfoChar(&call, ')');
		if (strlen(call.data) == len && strncmp(call.data, s->judge->text + start, len) == 0)
		{
			dbi_accept(claim, "call", r, 0, NULL);
			return n;
		}
	}
	dbi_object(claim, "no such call was made", false);
	return -1;
}

/* ---- dates ---- */

static bool
same_day_or_minute(const char *word, const char *text)
{
	return strncmp(word, text, strlen(word)) == 0;
}

/* Words from a source to its newest row: "`system.access.audit` holds nothing later than". */
#define FAR_SOURCE 5

static bool
date_of_source(DbiSentence *s, int i, DbiClaim *claim)
{
	const DbiGlyphToken *t = s->tokens->t;
	ListCell *lc;

	for (int k = i - 1; k >= s->from && k >= i - FAR_SOURCE; k--)
		foreach(lc, s->judge->facts->fresh)
		{
			DbiTokens *f = lfirst(lc);

			if (f->n < 2 || t[k].kind != GLYPH_NAME || strcmp(f->t[0].word, t[k].word) != 0)
				continue;
			dbi_accept(claim, "newest row of the source", NULL, 0, f->t[0].word);
			if (!same_day_or_minute(t[i].word, f->t[f->n - 1].word))
				dbi_object(claim, psprintf("the newest row is of %s", f->t[f->n - 1].word), true);
			return true;
		}
	return false;
}

/* The other end of "A to B", by the words between; NULL when there is none. */
static const char *
partner(const DbiTokens *tokens, int i, int step)
{
	const DbiGlyphToken *t = tokens->t;
	int to = i + step;
	int other = i + 2 * step;

	if (other < 0 || other >= tokens->n || t[to].kind != GLYPH_WORD ||
		strcmp(t[to].word, "to") != 0 || t[other].kind != GLYPH_DATE)
		return NULL;
	return t[other].word;
}

/* A day of a period counts only with its other day. */
static bool
same_partners(const DbiTokens *tokens, int i, const DbiTokens *echo, int k)
{
	for (int step = -1; step <= 1; step += 2)
	{
		const char *here = partner(tokens, i, step);
		const char *there = partner(echo, k, step);

		if (here && (there == NULL || strcmp(here, there) != 0))
			return false;
	}
	return true;
}

/* "yesterday (2026-06-14)": the word beside a day; NULL when it is none of these. */
static const char *
day_word(const DbiTokens *tokens, int i)
{
	int before = i - 1;

	if (before > 0 && tokens->t[before].kind == GLYPH_MARK)
		before--;
	if (before < 0 || tokens->t[before].kind != GLYPH_WORD ||
		(strcmp(tokens->t[before].word, "yesterday") != 0 &&
		 strcmp(tokens->t[before].word, "today") != 0))
		return NULL;
	return tokens->t[before].word;
}

static bool
same_day_word(const DbiTokens *tokens, int i, const DbiTokens *echo, int k)
{
	const char *here = day_word(tokens, i);
	const char *there = day_word(echo, k);

	return here == NULL || (there && strcmp(here, there) == 0);
}

static bool
is_given(const DbiResult *r, const char *word)
{
	for (int a = 0; a < r->ngiven; a++)
		if (!r->given[a].cell.isnull && strcmp(r->given[a].cell.text, word) == 0)
			return true;
	return false;
}

/* Does the question or a period speak of that day with its date? */
static bool
periods_known(const DbiFacts *facts, const char *word)
{
	ListCell *lc;

	foreach(lc, facts->echoes)
	{
		DbiTokens *e = lfirst(lc);

		for (int k = 0; k < e->n; k++)
			if (e->t[k].kind == GLYPH_DATE && day_word(e, k) && strcmp(day_word(e, k), word) == 0)
				return true;
	}
	return false;
}

static bool
date_echoed(DbiSentence *s, int at, DbiClaim *claim)
{
	const char *word = s->tokens->t[at].word;
	const DbiFacts *facts = s->judge->facts;
	ListCell *lc;

	foreach(lc, facts->echoes)
	{
		DbiTokens *e = lfirst(lc);

		for (int k = 0; k < e->n; k++)
			if ((e->t[k].kind == GLYPH_DATE || e->t[k].kind == GLYPH_CLOCK) &&
				strcmp(e->t[k].word, word) == 0 && same_partners(s->tokens, at, e, k) &&
				same_day_word(s->tokens, at, e, k))
			{
				dbi_accept(claim, "question or period", NULL, 0, NULL);
				return true;
			}
	}
	for (int n = 0; n < facts->nresults; n++)
	{
		const char *before = partner(s->tokens, at, -1);
		const char *after = partner(s->tokens, at, 1);

		if (is_given(facts->results[n], word) &&
			(before == NULL || is_given(facts->results[n], before)) &&
			(after == NULL || is_given(facts->results[n], after)))
		{
			dbi_accept(claim, "argument", facts->results[n], 0, NULL);
			return true;
		}
	}
	return false;
}

/* A time of one of the rows; which row: those of a set, or only the outermost of all. */
static bool
date_in_set(DbiSentence *s, int n, int k, const char *word, DbiClaim *claim)
{
	const DbiResult *r = s->judge->facts->results[n];
	const DbiRowSet *set = &s->sets[n][k];

	for (int c = 0; c < r->ncolumns; c++)
	{
		const DbiAggregate *a;
		int row = -1;

		if (r->columns[c].kind != DBI_TIME && r->columns[c].kind != DBI_DATE)
			continue;
		a = dbi_aggregate(s, n, k, c);
		while ((row = bms_next_member(set->rows, row)) >= 0)
		{
			const DbiCell *cell = &r->rows[row][c];

			if (cell->isnull || !same_day_or_minute(word, cell->text))
				continue;
			if (!set->is_name && set->n > 1 && cell->number != a->min && cell->number != a->max &&
				row != a->row)
				continue;
			dbi_accept(claim, set->n == 1 ? "cell" : "first or last", r, row + 1,
					   r->columns[c].name);
			return true;
		}
	}
	return false;
}

/* Days that hold the largest or smallest of a measure: "the dearest day is …". */
static bool
date_of_extreme(DbiSentence *s, int n, const char *word, DbiClaim *claim)
{
	const DbiResult *r = s->judge->facts->results[n];

	for (int c = 0; c < r->ncolumns; c++)
		for (int m = 0; m < r->ncolumns; m++)
		{
			const DbiAggregate *a;

			if ((r->columns[c].kind != DBI_DATE && r->columns[c].kind != DBI_TIME) ||
				!dbi_kind_numeric(r->columns[m].kind))
				continue;
			a = dbi_aggregate(s, n, 0, m);
			for (int row = 0; row < r->nrows; row++)
				if (!r->rows[row][c].isnull && !r->rows[row][m].isnull && a->max > a->min &&
					(r->rows[row][m].number == a->max || r->rows[row][m].number == a->min) &&
					same_day_or_minute(word, r->rows[row][c].text))
				{
					dbi_accept(claim, "row of the extreme", r, row + 1, r->columns[c].name);
					return true;
				}
		}
	return false;
}

/* A name before the date: then the date is of its rows. */
static bool
names_a_row(const DbiSentence *s, int n, int at)
{
	for (int k = 1; k < s->nsets[n]; k++)
		if (s->sets[n][k].is_name && s->sets[n][k].from >= 0 && s->sets[n][k].from < at &&
			s->sets[n][k].n < s->sets[n][0].n)
			return true;
	return false;
}

static void
judge_date(DbiSentence *s, int i)
{
	const DbiGlyphToken *t = &s->tokens->t[i];
	const DbiFacts *facts = s->judge->facts;
	DbiClaim *claim = dbi_claim(s->judge, t->start, t->len, DBI_CLAIM_DATE);

	if (date_of_source(s, i, claim) || date_echoed(s, i, claim))
		return;
	if (partner(s->tokens, i, -1) || partner(s->tokens, i, 1) ||
		(day_word(s->tokens, i) && periods_known(facts, day_word(s->tokens, i))))
	{
		dbi_object(claim, "no call has this period", false);
		return;
	}
	for (int pass = 0; pass < 2; pass++) /* the rows named first, then all */
		for (int n = 0; n < facts->nresults; n++)
			for (int k = s->nsets[n] - 1; k >= 0; k--)
			{
				const DbiRowSet *set = &s->sets[n][k];

				/* a date proves nothing by itself */
				if ((pass == 0) == (k == 0) || dbi_set_covers(set, i) ||
					(k == 0 && names_a_row(s, n, i)))
					continue;
				if (date_in_set(s, n, k, t->word, claim))
					return;
			}
	for (int n = 0; n < facts->nresults; n++)
		if (!names_a_row(s, n, i) && date_of_extreme(s, n, t->word, claim))
			return;
	dbi_object(claim, "no row, argument or period has this date", false);
}

static void
judge_clock(DbiSentence *s, int i)
{
	const DbiGlyphToken *t = &s->tokens->t[i];
	DbiClaim *claim = dbi_claim(s->judge, t->start, t->len, DBI_CLAIM_DATE);

	if (date_echoed(s, i, claim))
		return;
	for (int n = 0; n < s->judge->facts->nresults; n++)
		for (int k = 1; k < s->nsets[n]; k++)
			if (s->sets[n][k].from == i && s->sets[n][k].column >= 0)
			{
				dbi_accept(claim, "hour of rows", s->judge->facts->results[n], 0,
						   s->judge->facts->results[n]->columns[s->sets[n][k].column].name);
				return;
			}
	dbi_object(claim, "no row has this time", false);
}

/* ---- sentences ---- */

/* Of a code span with a call in it: where it ends, else from. */
static int
call_end(const DbiSentence *s, int from)
{
	const DbiGlyphToken *t = s->tokens->t;
	int i = from;

	if (!t[from].code || t[from].kind != GLYPH_NAME || from + 1 >= s->to || !t[from + 1].code ||
		s->judge->text[t[from].start + t[from].len] != '(')
		return from;
	while (i < s->to && t[i].code)
	{
		if (s->judge->text[t[i].start] == ')')
			return i + 1;
		i++;
	}
	return from;
}

static bool
is_list_ordinal(const DbiTokens *tokens, int i)
{
	const DbiGlyphToken *t = tokens->t;
	bool first = i == 0 || t[i - 1].kind == GLYPH_LINE;

	return first && i + 1 < tokens->n && t[i + 1].kind == GLYPH_MARK &&
		   strchr(".)", tokens->text[t[i + 1].start]) && t[i + 1].start == t[i].start + t[i].len;
}

/* A long whole number that a text cell holds is a name: of a run, of a job. */
static bool
is_id(const DbiSentence *s, int i)
{
	const DbiGlyphToken *t = &s->tokens->t[i];

	return t->len >= 5 && strspn(t->word, "0123456789") == t->len &&
		   dbi_ground_phrase(s->judge->facts, t->word);
}

static void
judge_sentence(DbiSentence *s, int claim_from, int claim_to)
{
	int first = list_length(s->judge->out->spans);

	s->source = -1;
	s->numbers = palloc0(sizeof(DbiVerdict) * Max(s->tokens->n, 1));
	for (int i = s->from; i < s->to; i++)
	{
		const DbiGlyphToken *t = &s->tokens->t[i];
		int end;

		CHECK_FOR_INTERRUPTS();
		if (t->start < claim_from || t->start >= claim_to)
			continue;
		if ((end = call_end(s, i)) > i)
		{
			s->source = judge_call(s, i, end);
			i = end - 1;
		}
		else if (t->kind == GLYPH_NAME)
			judge_name(s, i);
		else if (t->kind == GLYPH_DATE)
			judge_date(s, i);
		else if (t->kind == GLYPH_CLOCK)
			judge_clock(s, i);
		else if (t->kind == GLYPH_NUMBER && is_id(s, i))
			judge_name(s, i);
		else if (t->kind == GLYPH_NUMBER && !s->phrase[i] && !is_list_ordinal(s->tokens, i))
			dbi_judge_number(s, i);
	}
	dbi_judge_superlatives(s, first, claim_from, claim_to);
}

static bool
ends_sentence(const DbiTokens *tokens, int i)
{
	const DbiGlyphToken *t = &tokens->t[i];

	if (t->kind == GLYPH_LINE)
		return true;
	return t->kind == GLYPH_MARK && strchr(".!?", tokens->text[t->start]) && !t->code;
}

/* Where the sentence that begins at from ends; *cut when it goes on behind that. */
static int
sentence_end(const DbiTokens *tokens, int from, bool *cut)
{
	int mark = -1;

	*cut = false;
	for (int end = from; end < tokens->n; end++)
	{
		if (ends_sentence(tokens, end) && !(end > from && is_list_ordinal(tokens, end - 1)))
			return end;
		if (end - from >= MAX_SENTENCE)
		{
			*cut = true;
			return mark > from ? mark : end;
		}
		if (tokens->t[end].kind == GLYPH_MARK)
			mark = end;
	}
	return tokens->n;
}

void
dbi_ground_prose(DbiJudge *judge, int from, int to, int claim_from, int claim_to)
{
	DbiTokens *tokens = dbi_ground_tokens(judge->text, from, to);
	DbiSentence *before = NULL;

	for (int i = 0; i < tokens->n;)
	{
		DbiSentence *s = palloc0(sizeof(DbiSentence));
		bool cut;
		int end = sentence_end(tokens, i, &cut);

		CHECK_FOR_INTERRUPTS();
		s->judge = judge;
		s->tokens = tokens;
		s->from = i;
		s->to = end;
		s->phrase = palloc0(sizeof(bool) * (tokens->n + 1));
		if (end > i)
		{
			find_sets(s, before);
			judge_sentence(s, claim_from, claim_to);
		}
		before = end < tokens->n && tokens->t[end].kind == GLYPH_LINE ? NULL : end > i ? s : before;
		i = cut && tokens->t[end].kind != GLYPH_MARK ? end : end + 1;
	}
}
