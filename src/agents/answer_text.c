/*
 * answer_text.c: builds the text of an answer and the list of its figures.
 *
 * A figure may come into the text only by reference: to a cell, to a value
 * derived from cells, to an argument of a call, or to the question itself.
 * Everything else is words. The check at the end reads the finished text and
 * marks any figure that came in another way.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "agents/answer_text.h"

typedef struct Span
{
	int start;
	int end;
} Span;

DbiText *
dbi_text(void)
{
	DbiText *t = palloc0(sizeof(DbiText));

	initStringInfo(&t->out);
	return t;
}

void
dbi_say(DbiText *t, const char *words)
{
	appendStringInfoString(&t->out, words);
}

void
dbi_sayf(DbiText *t, const char *format, ...)
{
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, format);
		needed = appendStringInfoVA(&t->out, format, args);
		va_end(args);
		if (needed == 0)
			return;
		enlargeStringInfo(&t->out, needed);
	}
}

static void
add_span(DbiText *t, int start)
{
	Span *s = palloc(sizeof(Span));

	s->start = start;
	s->end = t->out.len;
	t->spans = lappend(t->spans, s);
}

static void
add_figure(DbiText *t, const char *figure, const char *value, const char *tool, int row,
		   const char *column, bool grounded)
{
	DbiFigure *f = palloc(sizeof(DbiFigure));

	f->figure = pstrdup(figure);
	f->value = value ? pstrdup(value) : NULL;
	f->tool = tool;
	f->row = row;
	f->column = column;
	f->grounded = grounded;
	t->figures = lappend(t->figures, f);
}

/* The exact value where the cell has it, else the computed one. */
static char *
exact(const DbiValue *v)
{
	if (v->kind == DBI_LIST || v->row == 0 || v->cell.text == NULL)
		return isfinite(v->cell.number) ? psprintf("%.10g", v->cell.number) : NULL;
	return isfinite(v->cell.number) ? v->cell.text : NULL;
}

/* The figure alone: without marks of emphasis, and without the noun of "3 failed runs". */
static char *
figure_of(const char *printed, const char *formats)
{
	const char *start = strpbrk(printed, "0123456789");
	const char *end;

	if (start == NULL)
		return NULL;
	while (start > printed && strchr("$+-", start[-1]))
		start--;
	end = start + strcspn(start, "*");
	if (formats && strchr(formats, '/'))
		end = start + strcspn(start, " *");
	return pnstrdup(start, end - start);
}

void
dbi_say_value(DbiText *t, const DbiValue *v, const char *formats)
{
	int start = t->out.len;
	char *printed = dbi_format(v, formats);
	char *figure = dbi_kind_numeric(v->kind) && !v->cell.isnull ? figure_of(printed, formats) : NULL;

	if (v->at_least && figure)
		appendStringInfoString(&t->out, "at least ");
	appendStringInfoString(&t->out, printed);
	add_span(t, start);
	if (figure)
		add_figure(t, figure, exact(v), v->tool, v->row, v->column, v->tool != NULL);
}

/* The end of the figure that starts at p: digits with separators inside. */
static const char *
figure_end(const char *p)
{
	while (isdigit((unsigned char) *p) ||
		   ((*p == '.' || *p == ',' || *p == ':' || *p == '-') && isdigit((unsigned char) p[1])))
		p++;
	return p;
}

/* Digits that belong to a word, as in p95 or SOC2, are no figures. */
static bool
starts_figure(const char *text, const char *p)
{
	return isdigit((unsigned char) *p) &&
		   (p == text ||
			!(isalnum((unsigned char) p[-1]) || p[-1] == '_' || (unsigned char) p[-1] >= 0x80));
}

/* An argument of one of the calls in whose text the figure stands. */
static bool
ground_in_arguments(DbiText *t, const char *figure, List *results)
{
	ListCell *lc;

	foreach(lc, results)
	{
		DbiResult *r = lfirst(lc);

		for (int i = 0; i < r->ngiven; i++)
		{
			DbiGiven *g = &r->given[i];

			if (g->cell.isnull || strstr(g->cell.text, figure) == NULL)
				continue;
			add_figure(t, figure, dbi_kind_numeric(g->kind) ? g->cell.text : NULL, r->call->tool, 0,
					   psprintf("argument %s", g->name), true);
			return true;
		}
	}
	return false;
}

void
dbi_say_context(DbiText *t, const char *words, const char *question, List *results, const char *what)
{
	int start = t->out.len;

	appendStringInfoString(&t->out, words);
	add_span(t, start);
	for (const char *p = words; *p;)
	{
		const char *end;
		char *figure;

		if (!starts_figure(words, p))
		{
			p++;
			continue;
		}
		end = figure_end(p);
		figure = pnstrdup(p, end - p);
		if (!ground_in_arguments(t, figure, results))
			add_figure(t, figure, NULL, NULL, 0,
					   question && strstr(question, figure) ? "question" : what, true);
		p = end;
	}
}

void
dbi_say_from(DbiText *t, const char *words, const char *tool, const char *what)
{
	int start = t->out.len;

	appendStringInfoString(&t->out, words);
	add_span(t, start);
	for (const char *p = words; *p;)
	{
		const char *end;

		if (!starts_figure(words, p))
		{
			p++;
			continue;
		}
		end = figure_end(p);
		add_figure(t, pnstrdup(p, end - p), NULL, tool, 0, what, true);
		p = end;
	}
}

void
dbi_say_name(DbiText *t, const char *name)
{
	int start = t->out.len;

	appendStringInfoString(&t->out, name);
	add_span(t, start);
}

static bool
in_span(const DbiText *t, int start)
{
	ListCell *lc;

	foreach(lc, t->spans)
	{
		const Span *s = lfirst(lc);

		if (s->start <= start && start < s->end)
			return true;
	}
	return false;
}

/* Figures said by reference are evidence already; a number or a date in the words becomes it here. */
void
dbi_adopt(DbiText *t, int from, List *claims)
{
	ListCell *lc;

	foreach(lc, claims)
	{
		const DbiClaim *claim = lfirst(lc);

		if (claim->start < from ||
			(claim->kind != DBI_CLAIM_NUMBER && claim->kind != DBI_CLAIM_DATE) ||
			in_span(t, claim->start))
			continue;
		add_figure(t, pnstrdup(t->out.data + claim->start, claim->len), NULL, claim->tool,
				   claim->row, claim->column ? claim->column : claim->reason, claim->supported);
	}
	foreach(lc, t->spans)
		if (((Span *) lfirst(lc))->start >= from)
			t->spans = foreach_delete_current(t->spans, lc);
	add_span(t, from);
}

void
dbi_say_text(DbiText *t, const DbiText *other)
{
	int offset = t->out.len;
	ListCell *lc;

	appendBinaryStringInfo(&t->out, other->out.data, other->out.len);
	foreach(lc, other->spans)
	{
		Span *from = lfirst(lc);
		Span *s = palloc(sizeof(Span));

		s->start = from->start + offset;
		s->end = from->end + offset;
		t->spans = lappend(t->spans, s);
	}
	t->figures = list_concat(t->figures, other->figures);
}

/* Spans are in order and do not overlap, so one walk over both suffices. */
bool
dbi_check_figures(DbiText *t)
{
	const char *text = t->out.data;
	ListCell *at = list_head(t->spans);
	bool all = true;
	ListCell *lc;

	for (const char *p = text; *p;)
	{
		while (at && ((Span *) lfirst(at))->end <= p - text)
			at = lnext(t->spans, at);
		if (at && ((Span *) lfirst(at))->start <= p - text)
		{
			p = text + ((Span *) lfirst(at))->end;
			continue;
		}
		if (starts_figure(text, p))
		{
			const char *end = figure_end(p);

			add_figure(t, pnstrdup(p, end - p), NULL, NULL, 0, NULL, false);
			p = end;
			continue;
		}
		p++;
	}
	foreach(lc, t->figures)
		all = all && ((DbiFigure *) lfirst(lc))->grounded;
	return all;
}
