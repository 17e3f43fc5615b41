/*
 * answer_compare.c: two calls of one tool, for two periods or two things, set
 * against each other by the column that names a row.
 */
#include "postgres.h"

#include <math.h>

#include "agents/answer_parts.h"
#include "base/base.h"

#define MAX_ROWS 8

/* What the two sides are measured by: a column, or the number of their rows. */
typedef struct Measure
{
	bool rows;
	int column;      /* in the result */
	int base_column; /* in the other side */
	DbiKind kind;
	const char *name;
} Measure;

/* A thing in either result and its measure there. */
typedef struct Pair
{
	const char *name;
	double now;
	double before;
} Pair;

static double
value(const DbiResult *r, int row, const Measure *m, int column)
{
	if (m->rows)
		return 1;
	return r->rows[row][column].isnull ? 0 : r->rows[row][column].number;
}

static double
total(const DbiResult *r, const Measure *m, int column)
{
	double sum = 0;

	for (int i = 0; i < r->nrows; i++)
		sum += value(r, i, m, column);
	return sum;
}

/* Sums mean something for amounts, not for rates and durations. */
static bool
can_be_summed(DbiKind kind)
{
	return kind == DBI_USD || kind == DBI_COUNT || kind == DBI_BYTES || kind == DBI_GIB ||
		   kind == DBI_TIB;
}

/* A list of events, whose template names no measure, is counted. */
static bool
find_measure(const DbiTold *told, Measure *m)
{
	const DbiResult *r = told->result;

	memset(m, 0, sizeof(Measure));
	if (told->template->known && told->template->measure == NULL)
	{
		m->rows = true;
		m->kind = DBI_COUNT;
		m->name = "rows";
		return true;
	}
	m->column = dbi_measure(told);
	if (m->column < 0)
		return false;
	m->kind = r->columns[m->column].kind;
	m->name = r->columns[m->column].name;
	m->base_column = dbi_column(told->base->result, m->name);
	return m->base_column >= 0;
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
add_side(Pair *pairs, int *n, const DbiResult *r, int subject, const Measure *m, bool now)
{
	for (int i = 0; i < r->nrows; i++)
	{
		Pair *p;

		if (r->rows[i][subject].isnull)
			continue;
		p = find_pair(pairs, n, r->rows[i][subject].text);
		if (now)
			p->now += value(r, i, m, m->column);
		else
			p->before += value(r, i, m, m->base_column);
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

/* A bare number is nothing without what was counted: "Denied connections, this week: 294". */
static bool
say_counted(DbiText *t, const Measure *m)
{
	if (m->rows || m->kind != DBI_COUNT)
		return false;
	dbi_say_name(t, dbi_label(m->name));
	dbi_say(t, ", ");
	return true;
}

static void
say_label(DbiText *t, const DbiTold *told, bool first)
{
	char *period = dbi_period(told->result, false);
	const char *label = told->result->call->label;
	char *words = pstrdup(label[0] ? label : period ? period : "the other side");

	if (first)
		words[0] = pg_ascii_toupper((unsigned char) words[0]);
	else if (strcmp(words, "period before") == 0)
		words = "in the period before";
	if (label[0] && period && strncmp(period, label, strlen(label)) == 0)
	{
		/* the label is part of the period's own words */
		period = pstrdup(period);
		period[0] = words[0];
		dbi_say_from(t, period, told->result->call->tool, "period");
		return;
	}
	dbi_say_name(t, words);
	/* "today (2026-06-15)" stands in brackets already */
	if (label[0] && period && strchr(period, '('))
		period = pnstrdup(strchr(period, '(') + 1, strcspn(strchr(period, '(') + 1, ")"));
	if (label[0] && period)
	{
		dbi_say(t, " (");
		dbi_say_from(t, period, told->result->call->tool, "period");
		dbi_say(t, ")");
	}
}

static void
say_change(DbiText *t, const DbiResult *r, double now, double before, const char *how)
{
	if (before == 0)
	{
		dbi_say(t, now == 0 ? "unchanged" : "new");
		return;
	}
	say_number(t, r, DBI_PCT, 100 * (now - before) / fabs(before), psprintf("change of %s", how),
			   "change");
}

/* A sum; more was there than was read when the rows were cut. */
static void
say_total(DbiText *t, const DbiTold *told, const Measure *m, double sum)
{
	if (told->result->truncated)
		dbi_say(t, "at least ");
	say_number(t, told->result, m->kind, sum, psprintf("sum(%s)", m->name),
			   m->rows ? told->template->noun : NULL);
}

static bool
is_same_period(const DbiTold *told)
{
	char *now = dbi_period(told->result, false);
	char *before = dbi_period(told->base->result, false);

	return now && before && strcmp(now, before) == 0;
}

/* A running day against whole ones falls in everything that adds up: it is said beside the fall. */
static bool
is_running(const DbiTold *told)
{
	const DbiPlanCall *now = told->result->call;
	const DbiPlanCall *before = told->base->result->call;

	return now->has_period && before->has_period && !now->wider && now->period_end == dbi_today() &&
		   before->period_end < dbi_today() &&
		   now->period_end - now->period_start == before->period_end - before->period_start;
}

static void
tell_totals(DbiText *t, const DbiTold *told, const Measure *m)
{
	const DbiResult *r = told->result;
	double now = total(r, m, m->column);
	double before = total(told->base->result, m, m->base_column);

	say_label(t, told, !say_counted(t, m));
	dbi_say(t, ": **");
	say_total(t, told, m, now);
	dbi_say(t, "**, against ");
	say_total(t, told->base, m, before);
	dbi_say(t, " ");
	say_label(t, told->base, false);
	if (r->truncated || told->base->result->truncated)
	{
		dbi_say(t, ". Not all rows were read, so the two cannot be set against each other exactly.");
		return;
	}
	dbi_say(t, ": ");
	if (is_same_period(told) && before != 0 && now != before)
	{
		/* of two things neither has risen */
		say_number(t, r, DBI_PCT, fabs(100 * (now - before) / before),
				   psprintf("change of %s", m->name), NULL);
		dbi_say(t, now > before ? " more" : " less");
	}
	else
		say_change(t, r, now, before, m->name);
	if (now != before)
	{
		dbi_say(t, " (");
		say_number(t, r, m->kind, now - before, psprintf("difference of sum(%s)", m->name),
				   "signed");
		dbi_say(t, ")");
	}
	dbi_say(t, is_running(told) ? "; today is not over." : ".");
}

static void
tell_largest(DbiText *t, const DbiTold *told, const Measure *m, const Pair *pairs, int n)
{
	if (n < 2 || pairs[0].now == pairs[0].before || !can_be_summed(m->kind))
		return;
	dbi_say(t, " The largest change is **");
	dbi_say_name(t, dbi_markdown(pairs[0].name, 100));
	dbi_say(t, "** (");
	say_number(t, told->result, m->kind, pairs[0].now - pairs[0].before,
			   psprintf("difference of %s of %s", m->name, pairs[0].name), "signed");
	dbi_say(t, ").");
}

static void
tell_pair(DbiText *t, const DbiTold *told, const Measure *m, const Pair *pair)
{
	const char *what = psprintf("%s of %s", m->name, pair->name);

	dbi_say(t, "\n| ");
	dbi_say_name(t, dbi_markdown(pair->name, 60));
	dbi_say(t, " | ");
	say_number(t, told->result, m->kind, pair->now, what, NULL);
	dbi_say(t, " | ");
	say_number(t, told->base->result, m->kind, pair->before, what, NULL);
	dbi_say(t, " | ");
	say_number(t, told->result, m->kind, pair->now - pair->before,
			   psprintf("difference of %s", what), "signed");
	dbi_say(t, " | ");
	say_change(t, told->result, pair->now, pair->before, what);
	dbi_say(t, " |");
}

static void
tell_pairs(DbiText *t, const DbiTold *told, const char *heading, const Measure *m,
		   const Pair *pairs, int n)
{
	if (n == 0)
		return;
	dbi_say(t, "\n\n| ");
	dbi_say_name(t, heading);
	dbi_say(t, " | ");
	say_label(t, told, true);
	dbi_say(t, " | ");
	say_label(t, told->base, true);
	dbi_say(t, " | Change | |\n| --- | ---: | ---: | ---: | --- |");
	for (int i = 0; i < n && i < MAX_ROWS; i++)
		tell_pair(t, told, m, &pairs[i]);
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
tell_measures(DbiText *t, const DbiTold *told, const Measure *m)
{
	const DbiResult *r = told->result;
	const DbiResult *base = told->base->result;
	Pair *parts = palloc0(sizeof(Pair) * Max(r->ncolumns, 1));
	int n = 0;

	for (int c = 0; c < r->ncolumns; c++)
	{
		const char *name = r->columns[c].name;
		int other = dbi_column(base, name);

		if (m->rows || c == m->column || other < 0 || r->columns[c].kind != m->kind ||
			!is_part(told, name))
			continue;
		parts[n].name = dbi_label(name);
		parts[n].now = total(r, m, c);
		parts[n].before = total(base, m, other);
		n++;
	}
	qsort(parts, n, sizeof(Pair), by_change);
	tell_largest(t, told, m, parts, n);
	tell_pairs(t, told, "Part", m, parts, n);
}

static void
tell_things(DbiText *t, const DbiTold *told, const Measure *m, int subject, int base_subject)
{
	const DbiResult *r = told->result;
	const DbiResult *base = told->base->result;
	Pair *pairs = palloc0(sizeof(Pair) * (r->nrows + base->nrows + 1));
	int n = 0;

	add_side(pairs, &n, r, subject, m, true);
	add_side(pairs, &n, base, base_subject, m, false);
	qsort(pairs, n, sizeof(Pair), by_change);
	tell_largest(t, told, m, pairs, n);
	tell_pairs(t, told, dbi_label(r->columns[subject].name), m, pairs, n);
}

/* Is some value of the column on both sides? */
static bool
meets(const DbiResult *r, const DbiResult *base, int column, int other)
{
	for (int i = 0; i < r->nrows; i++)
		for (int j = 0; j < base->nrows; j++)
			if (!r->rows[i][column].isnull && !base->rows[j][other].isnull &&
				strcmp(r->rows[i][column].text, base->rows[j][other].text) == 0)
				return true;
	return false;
}

/*
 * The things that are set against each other: the tool's subject, or, when two
 * of these are compared ("production and development"), what both of them have.
 */
static int
find_things(const DbiTold *told)
{
	const DbiResult *r = told->result;
	const DbiResult *base = told->base->result;
	int subject = dbi_subject(told);
	int other = subject >= 0 ? dbi_column(base, r->columns[subject].name) : -1;

	if (other < 0 || r->columns[subject].kind != DBI_TEXT || !is_same_period(told) ||
		meets(r, base, subject, other))
		return subject;
	for (int c = 0; c < r->ncolumns; c++)
	{
		const char *name = r->columns[c].name;
		size_t len = strlen(name);

		other = dbi_column(base, name);
		if (r->columns[c].kind == DBI_TEXT && other >= 0 &&
			(len < 3 || strcmp(name + len - 3, "_id") != 0) && meets(r, base, c, other))
			return c;
	}
	return -1;
}

void
dbi_tell_comparison(DbiTurn *turn, DbiTold *told)
{
	DbiText *t = turn->text;
	const DbiResult *r = told->result;
	Measure m;
	int subject = find_things(told);
	int base_subject = subject >= 0 ? dbi_column(told->base->result, r->columns[subject].name) : -1;

	if (!find_measure(told, &m))
	{
		dbi_tell_headline(turn, told, true);
		dbi_say(t, "\n\n");
		dbi_tell_headline(turn, told->base, false);
		return;
	}
	if (can_be_summed(m.kind))
		tell_totals(t, told, &m);
	else
	{
		say_label(t, told, true);
		dbi_say(t, " against ");
		say_label(t, told->base, false);
		dbi_say(t, ":");
	}
	if (subject < 0 || base_subject < 0)
		return;
	if (r->truncated || told->base->result->truncated)
		return; /* sums of some of the rows would mislead */
	if (r->columns[subject].kind == DBI_DATE || r->columns[subject].kind == DBI_TIME)
		tell_measures(t, told, &m);
	else
		tell_things(t, told, &m, subject, base_subject);
}
