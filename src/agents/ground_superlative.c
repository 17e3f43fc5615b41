/*
 * ground_superlative.c: "the largest", "the slowest", "most often": held
 * against the largest and smallest of the column the sentence speaks of.
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "agents/ground_sentence.h"

typedef struct Superlative
{
	const char *word;
	int side;  /* 1 the largest, -1 the smallest, 2 the worst, -2 the best */
	bool time; /* of times */
	int rank;  /* 2: the second largest; 0: the largest */
} Superlative;

static const Superlative superlatives[] = {{"highest", 1},
										   {"largest", 1},
										   {"biggest", 1},
										   {"greatest", 1},
										   {"longest", 1},
										   {"slowest", 1},
										   {"dearest", 1},
										   {"costliest", 1},
										   {"strongest", 1},
										   {"heaviest", 1},
										   {"most", 1},
										   {"maximum", 1},
										   {"busiest", 1},
										   {"lowest", -1},
										   {"smallest", -1},
										   {"shortest", -1},
										   {"fastest", -1},
										   {"cheapest", -1},
										   {"weakest", -1},
										   {"lightest", -1},
										   {"least", -1},
										   {"fewest", -1},
										   {"minimum", -1},
										   {"top", 1},
										   {"bottom", -1},
										   {"worst", 2},
										   {"best", -2},
										   {"latest", 1, true},
										   {"newest", 1, true},
										   {"oldest", -1, true},
										   {"earliest", -1, true},
										   {NULL}};

/* More of these is good; of anything else, bad. */
static const char *const good_words[] = {"score", "uptime",    "success", "accuracy", "auc",
										 "f1",    "precision", "recall",  "met",      NULL};

static const Superlative *
superlative(const DbiGlyphToken *t)
{
	if (t->kind != GLYPH_WORD)
		return NULL;
	for (const Superlative *s = superlatives; s->word; s++)
		if (strcmp(s->word, t->word) == 0)
			return s;
	return NULL;
}

static bool
is_good(const DbiFacts *facts, int n, int column)
{
	for (const char *const *w = good_words; *w; w++)
		if (dbi_has_word(facts->columns[n][column], dbi_stem(*w)))
			return true;
	return false;
}

/* 1 when the wanted end is the largest of the column, -1 when it is the smallest. */
static int
wanted(const DbiFacts *facts, const Superlative *s, int n, int column)
{
	if (abs(s->side) == 1)
		return s->side;
	return (s->side == 2) != is_good(facts, n, column) ? 1 : -1;
}

/* 1 when no row has a value beyond it. */
static int
rank_of(const DbiResult *r, int column, double value, int side)
{
	int rank = 1;

	for (int row = 0; row < r->nrows; row++)
		rank += !r->rows[row][column].isnull &&
				side * (r->rows[row][column].number - value) > 1e-9 * fabs(value);
	return rank;
}

/* Is the value at that end of all rows, or of more than above rows the sentence speaks of? A fall's largest is the least. */
static bool
is_extreme(DbiSentence *s, const Superlative *sup, int n, int column, double value, bool falls,
		   int above)
{
	const DbiFacts *facts = s->judge->facts;
	int side = wanted(facts, sup, n, column) * (falls && value < 0 ? -1 : 1);

	if (sup->rank > 0)
		return rank_of(facts->results[n], column, value, side) == sup->rank;
	for (int k = 0; k < s->nsets[n]; k++)
	{
		const DbiAggregate *a = dbi_aggregate(s, n, k, column);
		double end = side > 0 ? a->max : a->min;
		double other = side > 0 ? a->min : a->max;

		if (a->n == 0 || (k > 0 && s->sets[n][k].n <= above))
			continue;
		if (fabs(value - end) <= 1e-9 * fabs(end) || (end == other && k == 0))
			return true;
	}
	return false;
}

/* ---- by the figure beside it ---- */

static bool
parts(const DbiSentence *s, int i)
{
	const DbiGlyphToken *t = &s->tokens->t[i];

	return t->kind == GLYPH_LINE || (t->kind == GLYPH_MARK && s->judge->text[t->start] == ';');
}

/* Does a word between the superlative and its figure name the column? */
static bool
names_column(const DbiSentence *s, int at, int figure, int n, int column)
{
	for (int i = Min(at, figure) + 1; i < Max(at, figure); i++)
		if (s->tokens->t[i].kind == GLYPH_WORD && strlen(s->tokens->t[i].key) > 2 &&
			dbi_has_word(s->judge->facts->columns[n][column], s->tokens->t[i].key))
			return true;
	return false;
}

/* 1 the figure is that end, 0 it is not, -1 nothing to go by. */
static int
by_figure(DbiSentence *s, const Superlative *sup, int at, int figure)
{
	const DbiVerdict *v = dbi_verdict_of(s, figure);
	const DbiGlyphToken *t = &s->tokens->t[figure];
	bool known = false;
	bool many = false;
	bool named = false;

	if (!v->judged || !v->supported || v->norigins == 0)
		return -1;
	for (int i = 0; i < v->norigins; i++)
		named = named || names_column(s, at, figure, v->result[i], v->column[i]);
	for (int i = 0; i < v->norigins; i++)
	{
		double factor;
		double value = v->value[i];

		many = many || v->of_many[i];
		if (v->of_many[i] || (named && !names_column(s, at, figure, v->result[i], v->column[i])))
			continue;
		if (!dbi_ground_reads(s->judge->facts, v->result[i], v->column[i], t->unit, &factor))
			continue;
		known = true;
		if (is_extreme(s, sup, v->result[i], v->column[i], value / factor, true, 1))
			return 1;
	}
	/* what may be a sum as well is no extreme that fails */
	return known && !many ? 0 : -1;
}

/* ---- "most often X (7)": the value with the most rows ---- */

/* Rows in the weekday, or hour of the day, that has most of them, and in the one that has least. */
static void
time_counts(const DbiResult *r, int column, bool hours, int *most, int *least)
{
	int count[24] = {0};
	int parts = hours ? 24 : 7;

	for (int row = 0; row < r->nrows; row++)
	{
		double hour = floor(r->rows[row][column].number / USECS_PER_HOUR);

		if (!r->rows[row][column].isnull && isfinite(hour))
			count[(int) fmod(fmod(hours ? hour : floor(hour / 24), parts) + parts, parts)]++;
	}
	*most = 0;
	*least = r->nrows;
	for (int i = 0; i < parts; i++)
	{
		*most = Max(*most, count[i]);
		*least = Min(*least, count[i]);
	}
}

/* How often the commonest and the rarest value of a column stand in some rows. */
static void
value_counts(const DbiFacts *facts, int n, int column, const Bitmapset *within, int *most,
			 int *least)
{
	int row = -1;

	*most = 0;
	*least = facts->results[n]->nrows;
	while ((row = bms_next_member(within, row)) >= 0)
	{
		const char *key = facts->keys[n][row][column];
		DbiPhrasePlace *p = key ? dbi_ground_phrase(facts, key) : NULL;

		for (; p; p = p->next)
			if (p->result == n && p->column == column)
			{
				int count = bms_num_members(bms_intersect(p->rows, within));

				*most = Max(*most, count);
				*least = Min(*least, count);
			}
	}
}

/* "12 runs failed, most often with X": among the rows that a value before it names. */
static bool
is_frequent_among(DbiSentence *s, const Superlative *sup, int at, int n, const DbiRowSet *set)
{
	for (int k = 1; k < s->nsets[n]; k++)
	{
		const DbiRowSet *among = &s->sets[n][k];
		int most;
		int least;

		if (among->column < 0 || among->column == set->column || among->from < 0 ||
			among->from >= at)
			continue;
		value_counts(s->judge->facts, n, set->column, among->rows, &most, &least);
		if (most > least && bms_num_members(bms_intersect(set->rows, among->rows)) ==
								(sup->side > 0 ? most : least))
			return true;
	}
	return false;
}

static int
by_frequency(DbiSentence *s, const Superlative *sup, int at, int from, int to)
{
	const DbiFacts *facts = s->judge->facts;

	for (int n = 0; n < facts->nresults; n++)
		for (int k = 1; k < s->nsets[n]; k++)
		{
			const DbiRowSet *set = &s->sets[n][k];
			const DbiResult *r = facts->results[n];
			int most;
			int least;

			if (set->column < 0 || set->from < from || set->from >= to)
				continue;
			value_counts(facts, n, set->column, facts->all[n], &most, &least);
			if (r->columns[set->column].kind == DBI_TIME || r->columns[set->column].kind == DBI_DATE)
				time_counts(r, set->column, s->tokens->t[set->from].kind == GLYPH_CLOCK, &most,
							&least);
			if (most == 0)
				continue;
			return set->n == (sup->side > 0 ? most : least) || is_frequent_among(s, sup, at, n, set)
					   ? 1
					   : 0;
		}
	return -1;
}

/* ---- by the time or the thing that is named ---- */

static int
by_time(DbiSentence *s, const Superlative *sup, int from)
{
	const DbiFacts *facts = s->judge->facts;
	const DbiGlyphToken *t = s->tokens->t;

	for (int i = from; i < s->to && !parts(s, i); i++)
	{
		if (t[i].kind != GLYPH_DATE)
			continue;
		for (int n = 0; n < facts->nresults; n++)
			for (int c = 0; c < facts->results[n]->ncolumns; c++)
			{
				const DbiResult *r = facts->results[n];

				if (r->columns[c].kind != DBI_TIME && r->columns[c].kind != DBI_DATE)
					continue;
				for (int row = 0; row < r->nrows; row++)
					if (!r->rows[row][c].isnull &&
						strncmp(t[i].word, r->rows[row][c].text, strlen(t[i].word)) == 0 &&
						is_extreme(s, sup, n, c, r->rows[row][c].number, false, 1))
						return 1;
			}
		return 0;
	}
	return -1;
}

/* Some measure in which a named row is at that end of all. */
static int
by_thing(DbiSentence *s, const Superlative *sup, int at, int from, int to)
{
	const DbiFacts *facts = s->judge->facts;
	bool any = false;
	bool named = false;
	int first = at;
	int last = at;

	while (first > s->from && !parts(s, first - 1))
		first--;
	while (last < s->to && !parts(s, last))
		last++;
	for (int n = 0; n < facts->nresults; n++)
		for (int c = 0; c < facts->results[n]->ncolumns; c++)
			named = named || (dbi_kind_numeric(facts->results[n]->columns[c].kind) &&
							  names_column(s, first - 1, last, n, c));
	for (int n = 0; n < facts->nresults; n++)
		for (int k = 1; k < s->nsets[n]; k++)
		{
			const DbiRowSet *set = &s->sets[n][k];
			const DbiResult *r = facts->results[n];
			int row = -1;

			if (set->column < 0 || set->from < from || set->from >= to || r->nrows < 2 ||
				set->n == r->nrows)
				continue;
			while ((row = bms_next_member(set->rows, row)) >= 0)
				for (int c = 0; c < r->ncolumns; c++)
				{
					if (!dbi_kind_numeric(r->columns[c].kind) || r->rows[row][c].isnull ||
						dbi_has_word(facts->columns[n][c], "rank") ||
						(named && !names_column(s, first - 1, last, n, c)))
						continue;
					any = true;
					if (is_extreme(s, sup, n, c, r->rows[row][c].number, true, Max(set->n, 1)))
						return 1;
				}
		}
	return any ? 0 : -1;
}

static bool
word_at(const DbiSentence *s, int i, const char *word)
{
	return i >= s->from && i < s->to && s->tokens->t[i].kind == GLYPH_WORD &&
		   strcmp(s->tokens->t[i].word, word) == 0;
}

/* ---- "the largest change is X (+$5)": between two calls of a tool ---- */

/* The least of the changes of columns of a unit; -1 when there is none. */
static double
least_change(const DbiFacts *facts, int now, int before, DbiUnitClass unit)
{
	const DbiResult *r = facts->results[now];
	const DbiResult *other = facts->results[before];
	double least = -1;

	for (int c = 0; c < r->ncolumns; c++)
	{
		double factor;
		double change = 0;

		if (!dbi_kind_numeric(r->columns[c].kind) ||
			dbi_ground_unit(r->columns[c].kind, &factor) != unit ||
			dbi_column_never_adds(&r->columns[c]))
			continue;
		for (int row = 0; row < r->nrows; row++)
			change += r->rows[row][c].isnull ? 0 : r->rows[row][c].number * factor;
		for (int row = 0; row < other->nrows; row++)
			change -= other->rows[row][c].isnull ? 0 : other->rows[row][c].number * factor;
		least = least < 0 ? fabs(change) : Min(least, fabs(change));
	}
	return least;
}

/*
 * The whole changes most, and is no part that a writer would name: so that only
 * the other end is held against a claim. 1, 0, or -1: no such claim.
 */
static int
by_change(DbiSentence *s, const Superlative *sup, int at)
{
	const DbiFacts *facts = s->judge->facts;
	const DbiGlyphToken *t = NULL;

	for (int i = at + 1; i < s->to && t == NULL; i++)
		if (s->tokens->t[i].kind == GLYPH_NUMBER && dbi_verdict_of(s, i)->supported)
			t = &s->tokens->t[i];
	if (!word_at(s, at + 1, "change") || t == NULL || abs(sup->side) != 1)
		return -1;
	for (int n = 0; n < facts->nresults; n++)
		for (int m = n + 1; m < facts->nresults; m++)
		{
			double least;

			if (strcmp(facts->results[n]->call->tool, facts->results[m]->call->tool) != 0 ||
				facts->results[n]->ncolumns != facts->results[m]->ncolumns)
				continue;
			least = least_change(facts, n, m, t->unit);
			if (least >= 0)
				return (t->value - t->slack <= least) == (sup->side < 0);
		}
	return -1;
}

static int
verdict(DbiSentence *s, const Superlative *sup, int at)
{
	int found;

	if (sup->time)
		return by_time(s, sup, at);
	if ((found = by_change(s, sup, at)) >= 0)
		return found;
	if (word_at(s, at + 1, "often") || word_at(s, at + 1, "common") ||
		word_at(s, at + 1, "frequent") || word_at(s, at + 1, "frequently"))
		if ((found = by_frequency(s, sup, at, at, at + 9)) >= 0)
			return found;
	for (int i = at + 1; i < s->to && !parts(s, i) && !superlative(&s->tokens->t[i]); i++)
		if ((found = by_figure(s, sup, at, i)) >= 0)
			return found;
	for (int i = at - 1; i >= s->from && !parts(s, i) && !superlative(&s->tokens->t[i]); i--)
		if ((found = by_figure(s, sup, at, i)) >= 0)
			return found;
	if (abs(sup->side) == 1 && (strcmp(sup->word, "most") == 0 || strcmp(sup->word, "least") == 0) &&
		(at + 1 >= s->to || s->tokens->t[at + 1].kind == GLYPH_MARK) &&
		(found = by_frequency(s, sup, at, Max(at - 4, s->from), at)) >= 0)
		return found; /* "X fails most" */
	if ((found = by_thing(s, sup, at, at, s->to)) >= 0 ||
		(found = by_thing(s, sup, at, s->from, at)) >= 0)
		return found;
	return -1;
}

static bool
begins_column(const DbiSentence *s, const char *word, int next)
{
	const DbiFacts *facts = s->judge->facts;
	const char *key;

	if (next >= s->to || s->tokens->t[next].kind != GLYPH_WORD)
		return false;
	key = psprintf("%s %s", dbi_stem(word), s->tokens->t[next].key);
	for (int n = 0; n < facts->nresults; n++)
		for (int c = 0; c < facts->results[n]->ncolumns; c++)
			if (strncmp(facts->columns[n][c], key, strlen(key)) == 0)
				return true;
	return false;
}

/* "worst hour" may be what a column is called: 1; 0 when "best hour" stands for it; -1 neither. */
static int
by_column_name(const DbiSentence *s, int at)
{
	static const char *const opposites[][2] = {{"worst", "best"},       {"longest", "shortest"},
											   {"largest", "smallest"}, {"highest", "lowest"},
											   {"most", "least"},       {"latest", "oldest"}};
	const char *word = s->tokens->t[at].word;

	if (begins_column(s, word, at + 1))
		return 1;
	for (int i = 0; i < lengthof(opposites); i++)
		for (int k = 0; k < 2; k++)
			if (strcmp(opposites[i][k], word) == 0 && begins_column(s, opposites[i][1 - k], at + 1))
				return 0;
	return -1;
}

/* "the second largest", "the second most expensive": 2; 0 when no such word is there. */
static int
rank_before(const DbiSentence *s, int at)
{
	static const char *const ordinals[] = {"second", "third", "fourth", "fifth"};

	for (int i = 0; i < lengthof(ordinals); i++)
		if (word_at(s, at - 1, ordinals[i]))
			return i + 2;
	return 0;
}

void
dbi_judge_superlatives(DbiSentence *s, int first_span, int claim_from, int claim_to)
{
	for (int i = s->from; i < s->to; i++)
	{
		const DbiGlyphToken *t = &s->tokens->t[i];
		const Superlative *sup = superlative(t);
		Superlative ranked;
		DbiClaim *claim;
		int v;

		if (sup == NULL || dbi_in_phrase(s, i) || t->start < claim_from || t->start >= claim_to ||
			word_at(s, i - 1, "at"))
			continue;
		if ((strcmp(sup->word, "most") == 0 || strcmp(sup->word, "least") == 0) &&
			word_at(s, i + 1, "of"))
			continue; /* more than half, not the most */
		ranked = *sup;
		ranked.rank = rank_before(s, i);
		sup = &ranked;
		v = by_column_name(s, i);
		if (v < 0)
			v = verdict(s, sup, i);
		if (v < 0)
			continue;
		claim = dbi_claim(s->judge, t->start, t->len, DBI_CLAIM_SUPERLATIVE);
		if (v > 0)
			dbi_accept(claim, "extreme", NULL, 0, NULL);
		else
			dbi_object(claim, "the rows have another extreme", true);
	}
}
