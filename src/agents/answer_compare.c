/*
 * answer_compare.c: two calls of one tool, for two periods or two things, set
 * against each other by the column that names a row.
 */
#include "postgres.h"

#include <math.h>

#include "agents/answer_parts.h"

#define MAX_ROWS 8

/* A thing in either result and its measure there. */
typedef struct Pair
{
	const char *name;
	double now;
	double before;
} Pair;

static double
total(const DbiResult *r, int measure)
{
	double sum = 0;

	for (int i = 0; i < r->nrows; i++)
		if (!r->rows[i][measure].isnull)
			sum += r->rows[i][measure].number;
	return sum;
}

/* Sums mean something for amounts, not for rates and durations. */
static bool
can_be_summed(DbiKind kind)
{
	return kind == DBI_USD || kind == DBI_COUNT || kind == DBI_BYTES || kind == DBI_GIB ||
		   kind == DBI_TIB;
}

static Pair *
find_pair(Pair *pairs, int *n, const char *name)
{
	for (int i = 0; i < *n; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return &pairs[i];
	pairs[*n].name = name;
	return &pairs[(*n)++];
}

static void
add_side(Pair *pairs, int *n, const DbiResult *r, int subject, int measure, bool now)
{
	for (int i = 0; i < r->nrows; i++)
	{
		Pair *p;

		if (r->rows[i][subject].isnull || r->rows[i][measure].isnull)
			continue;
		p = find_pair(pairs, n, r->rows[i][subject].text);
		if (now)
			p->now += r->rows[i][measure].number;
		else
			p->before += r->rows[i][measure].number;
	}
}

static int
by_change(const void *a, const void *b)
{
	const Pair *x = a;
	const Pair *y = b;
	double dx = fabs(x->now - x->before);
	double dy = fabs(y->now - y->before);

	return dx > dy ? -1 : dx < dy ? 1 : strcmp(x->name, y->name);
}

static void
say_number(DbiText *t, const DbiResult *r, DbiKind kind, double x, const char *how,
		   const char *formats)
{
	DbiValue v = {.kind = kind};

	v.cell.number = x;
	v.tool = r->call->tool;
	v.column = how;
	dbi_say_value(t, &v, formats);
}

static void
say_label(DbiText *t, const DbiTold *told, bool first)
{
	char *period = dbi_period(told->result, false);
	const char *label = told->result->call->label;
	char *words = pstrdup(label[0] ? label : period ? period : "the other side");

	if (first)
		words[0] = pg_ascii_toupper((unsigned char) words[0]);
	if (label[0] && period && strncmp(period, label, strlen(label)) == 0)
	{
		/* the label is part of the period's own words */
		period = pstrdup(period);
		period[0] = words[0];
		dbi_say_from(t, period, told->result->call->tool, "period");
		return;
	}
	dbi_say_name(t, words);
	if (label[0] && period)
	{
		dbi_say(t, " (");
		dbi_say_from(t, period, told->result->call->tool, "period");
		dbi_say(t, ")");
	}
}

static void
say_change(DbiText *t, const DbiResult *r, DbiKind kind, double now, double before, const char *how)
{
	if (before == 0)
	{
		dbi_say(t, now == 0 ? "unchanged" : "new");
		return;
	}
	say_number(t, r, DBI_PCT, 100 * (now - before) / fabs(before), psprintf("change of %s", how),
			   "change");
}

static void
tell_totals(DbiText *t, const DbiTold *told, int measure, int base_measure)
{
	const DbiResult *r = told->result;
	DbiKind kind = r->columns[measure].kind;
	const char *name = r->columns[measure].name;
	double now = total(r, measure);
	double before = total(told->base->result, base_measure);

	say_label(t, told, true);
	dbi_sayf(t, ": **");
	say_number(t, r, kind, now, psprintf("sum(%s)", name), NULL);
	dbi_say(t, "**, against ");
	say_number(t, told->base->result, kind, before, psprintf("sum(%s)", name), NULL);
	dbi_say(t, " ");
	say_label(t, told->base, false);
	dbi_say(t, ": ");
	say_change(t, r, kind, now, before, name);
	if (now != before)
	{
		dbi_say(t, " (");
		say_number(t, r, kind, now - before, psprintf("difference of sum(%s)", name), "signed");
		dbi_say(t, ")");
	}
	dbi_say(t, ".");
}

static void
tell_pairs(DbiText *t, const DbiTold *told, int subject, int measure, Pair *pairs, int n)
{
	const DbiResult *r = told->result;
	DbiKind kind = r->columns[measure].kind;
	const char *name = r->columns[measure].name;

	dbi_say(t, "\n\n| ");
	dbi_say_name(t, subject >= 0 ? dbi_label(r->columns[subject].name) : "Part");
	dbi_say(t, " | ");
	say_label(t, told, true);
	dbi_say(t, " | ");
	say_label(t, told->base, true);
	dbi_say(t, " | Change | |\n| --- | ---: | ---: | ---: | --- |");
	for (int i = 0; i < n && i < MAX_ROWS; i++)
	{
		dbi_say(t, "\n| ");
		dbi_say_name(t, dbi_markdown(pairs[i].name, 60));
		dbi_say(t, " | ");
		say_number(t, r, kind, pairs[i].now, psprintf("%s of %s", name, pairs[i].name), NULL);
		dbi_say(t, " | ");
		say_number(t, told->base->result, kind, pairs[i].before,
				   psprintf("%s of %s", name, pairs[i].name), NULL);
		dbi_say(t, " | ");
		say_number(t, r, kind, pairs[i].now - pairs[i].before,
				   psprintf("difference of %s of %s", name, pairs[i].name), "signed");
		dbi_say(t, " | ");
		say_change(t, r, kind, pairs[i].now, pairs[i].before,
				   psprintf("%s of %s", name, pairs[i].name));
		dbi_say(t, " |");
	}
}

/* A part of the total: one of the table's columns, but not an average or what was before. */
static bool
is_part(const DbiTold *told, const char *name)
{
	bool listed = told->template->columns == NIL;
	ListCell *lc;

	foreach(lc, told->template->columns)
	{
		const char *spec = lfirst(lc);

		listed = listed ||
				 (strlen(name) == strcspn(spec, "|=") && strncmp(spec, name, strlen(name)) == 0);
	}
	return listed && strncmp(name, "prior_", 6) != 0 && strncmp(name, "avg_", 4) != 0 &&
		   strncmp(name, "cumulative_", 11) != 0;
}

/* Days do not meet between two periods: the parts of the total are compared instead. */
static void
tell_measures(DbiText *t, const DbiTold *told, int measure)
{
	const DbiResult *r = told->result;
	const DbiResult *base = told->base->result;
	Pair *parts = palloc0(sizeof(Pair) * Max(r->ncolumns, 1));
	int n = 0;

	for (int c = 0; c < r->ncolumns; c++)
	{
		const char *name = r->columns[c].name;
		int other = dbi_column(base, name);

		if (c == measure || other < 0 || r->columns[c].kind != r->columns[measure].kind ||
			!is_part(told, name))
			continue;
		parts[n].name = name;
		parts[n].now = total(r, c);
		parts[n].before = total(base, other);
		n++;
	}
	qsort(parts, n, sizeof(Pair), by_change);
	if (n > 1 && parts[0].now != parts[0].before)
	{
		dbi_say(t, " Most of the change is in **");
		dbi_say_name(t, dbi_label(parts[0].name));
		dbi_say(t, "** (");
		say_number(t, r, r->columns[measure].kind, parts[0].now - parts[0].before,
				   psprintf("difference of sum(%s)", parts[0].name), "signed");
		dbi_say(t, ").");
	}
	for (int i = 0; i < n; i++)
		parts[i].name = dbi_label(parts[i].name);
	if (n > 0)
		tell_pairs(t, told, -1, measure, parts, n);
}

void
dbi_tell_comparison(DbiTurn *turn, DbiTold *told)
{
	DbiText *t = turn->text;
	const DbiResult *r = told->result;
	const DbiResult *base = told->base->result;
	int subject = dbi_subject(told);
	int measure = dbi_measure(told);
	int base_measure = measure >= 0 ? dbi_column(base, r->columns[measure].name) : -1;
	int base_subject = subject >= 0 ? dbi_column(base, r->columns[subject].name) : -1;
	Pair *pairs;
	int n = 0;

	if (measure < 0 || base_measure < 0)
	{
		dbi_tell_headline(turn, told, true);
		dbi_say(t, "\n\n");
		dbi_tell_headline(turn, told->base, false);
		return;
	}
	if (can_be_summed(r->columns[measure].kind))
		tell_totals(t, told, measure, base_measure);
	else
	{
		say_label(t, told, true);
		dbi_say(t, " against ");
		say_label(t, told->base, false);
		dbi_say(t, ":");
	}
	if (subject < 0 || base_subject < 0)
		return;
	if (r->columns[subject].kind == DBI_DATE || r->columns[subject].kind == DBI_TIME)
	{
		tell_measures(t, told, measure);
		return;
	}
	pairs = palloc0(sizeof(Pair) * (r->nrows + base->nrows + 1));
	add_side(pairs, &n, r, subject, measure, true);
	add_side(pairs, &n, base, base_subject, base_measure, false);
	qsort(pairs, n, sizeof(Pair), by_change);
	if (n > 1 && pairs[0].now != pairs[0].before && can_be_summed(r->columns[measure].kind))
	{
		dbi_say(t, " The largest change is **");
		dbi_say_name(t, dbi_markdown(pairs[0].name, 100));
		dbi_say(t, "** (");
		say_number(t, r, r->columns[measure].kind, pairs[0].now - pairs[0].before,
				   psprintf("difference of %s of %s", r->columns[measure].name, pairs[0].name),
				   "signed");
		dbi_say(t, ").");
	}
	if (n > 0)
		tell_pairs(t, told, subject, measure, pairs, n);
}
