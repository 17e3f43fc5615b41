/*
 * ground_bind.c: which of several names in a clause a figure is said of.
 *
 * "A cost $5 and B cost $7": each figure is of the name before it. Names that
 * stand together are answered by their figures in order ("A and B cost $5 and
 * $7"), as are figures that come first ("$5 for A and $7 for B"). Where
 * neither order holds, a figure may be of any of them.
 */
#include "postgres.h"

#include "agents/ground_figure.h"

#define MAX_EVENTS 32

/* The names of one column, and the figures of one unit, of a stretch of text in their order. */
typedef struct Order
{
	int nnames;
	int nfigures;
	int own; /* which of the figures is judged */
	int name[MAX_EVENTS];
	int figure[MAX_EVENTS];
	const DbiRowSet *set[MAX_EVENTS];
} Order;

static bool
is_named_at(const DbiRowSet *set, int column, int at)
{
	return set->column == column && set->from == at;
}

static void
read_order(const DbiFigure *f, int n, int column, int from, int to, Order *order)
{
	memset(order, 0, sizeof(Order));
	order->own = -1;
	for (int i = from; i < to; i++)
	{
		const DbiGlyphToken *t = &f->s->tokens->t[i];

		if (order->nfigures < MAX_EVENTS && t->kind == GLYPH_NUMBER && !dbi_in_phrase(f->s, i) &&
			t->unit == f->t->unit)
		{
			if (i == f->at)
				order->own = order->nfigures;
			order->figure[order->nfigures++] = i;
		}
		for (int k = 1; k < f->s->nsets[n] && order->nnames < MAX_EVENTS; k++)
			if (is_named_at(&f->s->sets[n][k], column, i))
			{
				order->set[order->nnames] = &f->s->sets[n][k];
				order->name[order->nnames++] = i;
				break;
			}
	}
}

/* The i-th of the figures is of the i-th of the names. */
static bool
in_pairs(const Order *o)
{
	bool apart = o->name[o->nnames - 1] < o->figure[0] || o->figure[o->nfigures - 1] < o->name[0];
	bool in_turn = o->figure[0] < o->name[0];

	if (o->nnames != o->nfigures)
		return false;
	for (int i = 0; i + 1 < o->nnames; i++)
		in_turn = in_turn && o->name[i] < o->figure[i + 1] && o->figure[i + 1] < o->name[i + 1];
	return apart || in_turn;
}

/* Of the names that stand together before the figure: its own, or all; how many, beginning at *first. */
static int
names_before(const Order *o, int *first)
{
	int at = o->figure[o->own];
	int since = -1; /* the last figure before those names */
	int last = -1;
	int place;
	int answers = 0;
	int n = 0;

	for (int i = 0; i < o->nnames && o->name[i] < at; i++)
		last = i;
	if (last < 0)
		return 0;
	for (int i = 0; i < o->nfigures; i++)
		if (o->figure[i] < o->name[last])
			since = o->figure[i];
	for (int i = 0; i <= last; i++)
		if (o->name[i] > since)
		{
			*first = n == 0 ? i : *first;
			n++;
		}
	place = 0;
	for (int i = 0; i < o->nfigures; i++)
		if (o->figure[i] > o->name[last] &&
			(last + 1 == o->nnames || o->figure[i] < o->name[last + 1]))
		{
			place += i < o->own;
			answers++;
		}
	if (n == 1 || answers != n)
		return n;
	*first += place;
	return 1;
}

/* What the figure is said of; how many names beginning at *first, 0 when nothing tells. */
static int
bound_names(const Order *o, int *first)
{
	if (o->own < 0 || o->nnames == 0)
		return 0;
	if (o->nnames == 1)
	{
		*first = 0;
		return 1;
	}
	if (in_pairs(o))
	{
		*first = o->own;
		return 1;
	}
	return names_before(o, first);
}

/* Rows of the other names of the column, anywhere in the sentence. */
static void
bind_column(DbiFigure *f, int n, int column, int from, int to)
{
	Bitmapset *own = NULL;
	Order order;
	int first = 0;
	int count;

	read_order(f, n, column, from, to, &order);
	count = bound_names(&order, &first);
	if (count == 0)
		return;
	for (int i = first; i < first + count; i++)
		own = bms_add_members(own, order.set[i]->rows);
	if (count > 1)
		f->group[n] = own;
	if (dbi_clause_is_total(f)) /* "a and b cost $5 of a total of $9" */
		return;
	for (int k = 1; k < f->s->nsets[n]; k++)
	{
		const DbiRowSet *set = &f->s->sets[n][k];

		if (set->column == column && set->from >= 0 && !bms_overlap(set->rows, own))
			f->others[n] = bms_add_members(f->others[n], set->rows);
	}
}

static bool
has_name(const DbiFigure *f, int n, int column, int from, int to)
{
	for (int k = 1; k < f->s->nsets[n]; k++)
		if (f->s->sets[n][k].column == column && f->s->sets[n][k].from >= from &&
			f->s->sets[n][k].from < to)
			return true;
	return false;
}

/*
 * Where the names of the figure stand: its clause, or those before it that have
 * no figure of their own; with the items of a list before, "a, b and c".
 */
static int
names_start(const DbiFigure *f, int n, int column)
{
	int from = dbi_clause_start(f, f->at);
	int to = dbi_clause_end(f, f->at);
	int before;

	while (!has_name(f, n, column, from, to) && from > f->s->from)
	{
		before = dbi_clause_start(f, from - 1);
		if (dbi_has_figure(f, before, from - 1))
			return from;
		from = before;
	}
	while (from > f->s->from)
	{
		before = dbi_clause_start(f, from - 1);
		if (from - 1 - before > LIST_ITEM || !has_name(f, n, column, before, from - 1))
			break;
		from = before;
	}
	return from;
}

void
dbi_bind_names(DbiFigure *f)
{
	const DbiFacts *facts = f->s->judge->facts;

	f->others = palloc0(sizeof(Bitmapset *) * (facts->nresults + 1));
	f->group = palloc0(sizeof(Bitmapset *) * (facts->nresults + 1));
	if (f->total)
		return;
	for (int n = 0; n < facts->nresults; n++)
		for (int c = 0; c < dbi_figure_result(f, n)->ncolumns; c++)
			if (dbi_figure_result(f, n)->columns[c].kind == DBI_TEXT)
				bind_column(f, n, c, names_start(f, n, c), dbi_clause_end(f, f->at));
}

bool
dbi_set_is_other(const DbiFigure *f, int n, int set)
{
	return set > 0 && f->others[n] && bms_is_subset(f->s->sets[n][set].rows, f->others[n]);
}

bool
dbi_set_is_one(const DbiFigure *f, int n, int set)
{
	const DbiRowSet *s = &f->s->sets[n][set];

	return s->is_name && (s->n == 1 || (s->of_several && bms_equal(s->rows, f->group[n])));
}
