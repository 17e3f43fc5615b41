/*
 * answer_expr.c: evaluates the expressions of answer templates while reading
 * them. Templates are short and rows few, so a text is read again for each row
 * rather than compiled.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "agents/answer_expr.h"
#include "base/base.h"

typedef struct Parser
{
	const char *text;
	const char *p;
	const DbiScope *scope; /* NULL: only check */
	int row;               /* row of scope->self an aggregate is at; -1: the first in view */
	List **columns;        /* names met, when asked for */
	const char *tool;      /* tool. stands before them */
} Parser;

static DbiValue expr_or(Parser *parser);
static DbiValue name_value(Parser *parser);

/* ---- values ---- */

static DbiValue
null_value(void)
{
	DbiValue v = {.kind = DBI_TEXT};

	v.cell.isnull = true;
	return v;
}

static DbiValue
number_value(double x, DbiKind kind)
{
	DbiValue v = {.kind = kind};

	v.cell.number = x;
	return v;
}

static DbiValue
text_value(const char *s)
{
	DbiValue v = {.kind = DBI_TEXT};

	if (s == NULL)
		return null_value();
	v.cell.text = pstrdup(s);
	return v;
}

static DbiValue
truth_value(bool b)
{
	DbiValue v = number_value(b, DBI_BOOL);

	v.cell.text = b ? "yes" : "no";
	return v;
}

static bool
holds(const DbiValue *v)
{
	if (v->cell.isnull)
		return false;
	if (v->kind == DBI_TEXT || v->kind == DBI_JSON)
		return v->cell.text[0] != '\0';
	return v->cell.number != 0;
}

static bool
is_text(const DbiValue *v)
{
	return v->kind == DBI_TEXT || v->kind == DBI_JSON;
}

/* ---- reading ---- */

static void
wrong(const Parser *parser, const char *expected)
{
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("cannot read the expression \"%s\" of a template", parser->text),
			errdetail("Expected %s at \"%s\".", expected, parser->p),
			errhint(
				"For instance cost, rows, sum(cost where status = 'FAILED'), best(name by cost), arg(days)."));
}

static void
skip_space(Parser *parser)
{
	while (isspace((unsigned char) *parser->p))
		parser->p++;
}

static bool
accept(Parser *parser, const char *symbol)
{
	size_t len = strlen(symbol);

	skip_space(parser);
	if (strncmp(parser->p, symbol, len) != 0)
		return false;
	parser->p += len;
	return true;
}

static void
expect(Parser *parser, const char *symbol)
{
	if (!accept(parser, symbol))
		wrong(parser, symbol);
}

static size_t
word_length(const char *p)
{
	size_t n = 0;

	if (!isalpha((unsigned char) p[0]) && p[0] != '_')
		return 0;
	while (isalnum((unsigned char) p[n]) || p[n] == '_')
		n++;
	return n;
}

static bool
at_word(Parser *parser, const char *word)
{
	skip_space(parser);
	return word_length(parser->p) == strlen(word) && strncmp(parser->p, word, strlen(word)) == 0;
}

static bool
accept_word(Parser *parser, const char *word)
{
	if (!at_word(parser, word))
		return false;
	parser->p += strlen(word);
	return true;
}

/* ---- rows in view ---- */

static int
view_rows(const DbiScope *scope)
{
	if (scope == NULL || scope->self == NULL)
		return 0;
	return scope->nrows < 0 ? scope->self->nrows : scope->nrows;
}

static int
view_row(const DbiScope *scope, int i)
{
	return scope->nrows < 0 ? i : scope->row_numbers[i];
}

static DbiValue
column_value(Parser *parser, const char *name)
{
	const DbiScope *scope = parser->scope;
	DbiValue v = {0};
	int c;
	int row = parser->row;

	if (view_rows(scope) == 0)
		return null_value();
	c = dbi_column(scope->self, name);
	if (row < 0)
		row = view_row(scope, 0);
	if (c < 0 || row >= scope->self->nrows)
		return null_value();
	v.kind = scope->self->columns[c].kind;
	v.cell = scope->self->rows[row][c];
	v.tool = scope->self->call->tool;
	v.row = row + 1;
	v.column = scope->self->columns[c].name;
	return v;
}

/* ---- aggregates ---- */

typedef struct Fold
{
	const char *name;
	int n;
	double sum;
	bool any; /* best, first, last: a value was taken */
	DbiValue taken;
	double mark; /* of what best goes by */
	DbiKind kind;
	int nitems;
	char **items;
	int *counts;
	int nrows;
} Fold;

static void
fold_item(Fold *f, const char *item)
{
	for (int i = 0; i < f->nitems; i++)
		if (strcmp(f->items[i], item) == 0)
		{
			f->counts[i]++;
			return;
		}
	f->items[f->nitems] = pstrdup(item);
	f->counts[f->nitems++] = 1;
}

static void
fold_items(Fold *f, const DbiValue *v)
{
	int more = v->kind == DBI_LIST ? v->cell.nitems : 1;

	f->items = f->items ? repalloc(f->items, sizeof(char *) * (f->nitems + more + 1))
						: palloc(sizeof(char *) * (more + 1));
	f->counts = f->counts ? repalloc(f->counts, sizeof(int) * (f->nitems + more + 1))
						  : palloc(sizeof(int) * (more + 1));
	if (v->kind == DBI_LIST)
		for (int i = 0; i < v->cell.nitems; i++)
			fold_item(f, v->cell.items[i]);
	else
		fold_item(f, v->cell.text ? v->cell.text : psprintf("%g", v->cell.number));
}

static void
fold_row(Fold *f, const DbiValue *v, const DbiValue *by)
{
	if (v->cell.isnull)
		return;
	f->kind = v->kind;
	f->n++;
	f->sum += v->cell.number;
	if (strcmp(f->name, "list") == 0 || strcmp(f->name, "distinct") == 0 ||
		strncmp(f->name, "mode", 4) == 0)
		fold_items(f, v);
	else if (strcmp(f->name, "best") == 0)
	{
		if (by->cell.isnull || (f->any && by->cell.number <= f->mark))
			return;
		f->mark = by->cell.number;
		f->taken = *v;
		f->any = true;
	}
	else if (!f->any || strcmp(f->name, "last") == 0 ||
			 (strcmp(f->name, "min") == 0 && v->cell.number < f->taken.cell.number) ||
			 (strcmp(f->name, "max") == 0 && v->cell.number > f->taken.cell.number))
	{
		f->taken = *v;
		f->any = true;
	}
}

/* The most frequent value, or how often it comes. */
static DbiValue
fold_mode(const Fold *f)
{
	int best = 0;

	for (int i = 1; i < f->nitems; i++)
		if (f->counts[i] > f->counts[best])
			best = i;
	return strcmp(f->name, "mode") == 0 ? text_value(f->items[best])
										: number_value(f->counts[best], DBI_COUNT);
}

static DbiValue
fold_list(const Fold *f)
{
	DbiValue v = number_value(f->nitems, DBI_LIST);

	v.cell.nitems = f->nitems;
	v.cell.items = f->items;
	v.cell.text = f->items[0];
	return v;
}

static DbiValue
fold_result(const Fold *f)
{
	if (strcmp(f->name, "rows") == 0)
		return number_value(f->nrows, DBI_COUNT);
	if (strcmp(f->name, "distinct") == 0)
		return number_value(f->nitems, DBI_COUNT);
	if (f->n == 0)
		return null_value();
	if (strcmp(f->name, "sum") == 0)
		return number_value(f->sum, f->kind);
	if (strcmp(f->name, "avg") == 0)
		return number_value(f->sum / f->n, f->kind == DBI_COUNT ? DBI_NUMBER : f->kind);
	if (strncmp(f->name, "mode", 4) == 0)
		return fold_mode(f);
	if (strcmp(f->name, "list") == 0)
		return fold_list(f);
	return f->any ? f->taken : null_value();
}

/* One pass over "x by y where c)" for the current row; true when c holds. */
static bool
fold_pass(Parser *parser, bool bare, DbiValue *v, DbiValue *by)
{
	DbiValue condition;

	*v = null_value();
	*by = null_value();
	if (!at_word(parser, "where") && !bare)
	{
		*v = expr_or(parser);
		if (accept_word(parser, "by"))
			*by = expr_or(parser);
	}
	if (!accept_word(parser, "where"))
		return true;
	condition = expr_or(parser);
	return holds(&condition);
}

/* Aggregates that more rows can only make larger. */
static bool
grows_with_rows(const char *name)
{
	return strcmp(name, "rows") == 0 || strcmp(name, "sum") == 0 || strcmp(name, "distinct") == 0 ||
		   strcmp(name, "mode_count") == 0;
}

static DbiValue
aggregate(Parser *parser, const char *name)
{
	const char *start = parser->p;
	bool bare = strcmp(name, "rows") == 0;
	int n = view_rows(parser->scope);
	int outer = parser->row;
	const DbiScope *scope = parser->scope;
	Fold fold = {.name = name};
	DbiValue v;
	DbiValue by;
	DbiValue result;

	if (n == 0)
	{
		/* read on without rows */
		parser->scope = NULL;
		(void) fold_pass(parser, bare, &v, &by);
		parser->scope = scope;
	}
	for (int i = 0; i < n; i++)
	{
		parser->p = start;
		parser->row = view_row(scope, i);
		if (fold_pass(parser, bare, &v, &by))
		{
			fold.nrows++;
			fold_row(&fold, &v, &by);
		}
	}
	parser->row = outer;
	result = fold_result(&fold);
	if (result.tool == NULL && scope && scope->self)
	{
		result.tool = scope->self->call->tool;
		result.column = psprintf("%s(%s)", name, pnstrdup(start, parser->p - start));
		result.at_least = scope->self->truncated && grows_with_rows(name);
	}
	expect(parser, ")");
	return result;
}

static const char *const aggregates[] = {"rows",       "sum",  "min",   "max",  "avg",
										 "distinct",   "list", "first", "last", "mode",
										 "mode_count", "best", NULL};

static bool
is_aggregate(const char *name)
{
	for (const char *const *a = aggregates; *a; a++)
		if (strcmp(*a, name) == 0)
			return true;
	return false;
}

/* ---- names ---- */

/* weekday(time): its name; hour(time): such as 14:00. In UTC. */
static DbiValue
clock_value(Parser *parser, bool weekday)
{
	DbiValue v = expr_or(parser);
	DbiValue result = null_value();

	expect(parser, ")");
	if (v.cell.isnull || (v.kind != DBI_TIME && v.kind != DBI_DATE) || isinf(v.cell.number))
		return result;
	if (weekday)
		result = text_value(
			days[j2day(POSTGRES_EPOCH_JDATE + (int) floor(v.cell.number / USECS_PER_DAY))]);
	else
		result = text_value(psprintf("%02d:00", (int) (v.cell.number / USECS_PER_HOUR -
													   24 * floor(v.cell.number / USECS_PER_DAY))));
	result.tool = v.tool;
	return result;
}

/* same(column): whether a row agrees with the first in view. */
static DbiValue
same_value(Parser *parser)
{
	int row = parser->row;
	const char *start = parser->p;
	DbiValue here = name_value(parser);
	DbiValue first;

	parser->p = start;
	parser->row = -1;
	first = name_value(parser);
	parser->row = row;
	expect(parser, ")");
	return truth_value(!here.cell.isnull && !first.cell.isnull &&
					   strcmp(here.cell.text, first.cell.text) == 0);
}

static DbiValue
argument_value(Parser *parser)
{
	size_t n;
	const DbiGiven *g;
	DbiValue v = {0};
	char *name;

	skip_space(parser);
	n = word_length(parser->p);
	if (n == 0)
		wrong(parser, "the name of an argument");
	name = pnstrdup(parser->p, n);
	parser->p += n;
	expect(parser, ")");
	if (parser->scope == NULL || parser->scope->self == NULL ||
		(g = dbi_given(parser->scope->self, name)) == NULL)
		return null_value();
	v.kind = g->kind;
	v.cell = g->cell;
	v.tool = parser->scope->self->call->tool;
	v.row = 0;
	v.column = psprintf("argument %s", name);
	return v;
}

/* What the question named, as filters or entity arguments of the call. */
static DbiValue
focus_value(const Parser *parser)
{
	static const char *const names[] = {"job_name", "table_name", "table",        "model_name",
										"endpoint", "pipeline",   "warehouse",    "cluster_id",
										"user",     "workspace",  "workspace_id", "schema",
										NULL};

	if (parser->scope == NULL || parser->scope->self == NULL)
		return null_value();
	if (parser->scope->self->call->filters != NIL)
		return text_value(((DbiPlanFilter *) linitial(parser->scope->self->call->filters))->value);
	for (const char *const *n = names; *n; n++)
	{
		const DbiGiven *g = dbi_given(parser->scope->self, *n);

		if (g && g->given && !g->cell.isnull)
			return text_value(g->cell.text);
	}
	return null_value();
}

static DbiValue
day_value(int days_ago)
{
	DateADT day = dbi_today() - days_ago;
	DbiValue v = {.kind = DBI_DATE};

	dbi_cell(&v.cell, DBI_DATE, DATEOID, DateADTGetDatum(day), false);
	return v;
}

static DbiResult *
result_of(const DbiScope *scope, const char *tool)
{
	ListCell *lc;

	foreach(lc, scope->results)
	{
		DbiResult *r = lfirst(lc);

		if (r->ok && strcmp(r->call->tool, tool) == 0)
			return r;
	}
	return NULL;
}

/* tool.x and base.x look into another result. */
static DbiValue
qualified_value(Parser *parser, const char *tool)
{
	const DbiScope *outer = parser->scope;
	int row = parser->row;
	DbiScope inner = {.nrows = -1};
	DbiValue v;

	if (outer)
	{
		inner.results = outer->results;
		inner.self = strcmp(tool, "base") == 0 ? outer->base : result_of(outer, tool);
		parser->scope = &inner;
	}
	parser->row = -1;
	parser->tool = tool;
	v = name_value(parser);
	parser->tool = NULL;
	parser->scope = outer;
	parser->row = row;
	return v;
}

static DbiValue
name_value(Parser *parser)
{
	size_t n;
	char *name;

	skip_space(parser);
	n = word_length(parser->p);
	if (n == 0)
		wrong(parser, "a name");
	name = pnstrdup(parser->p, n);
	parser->p += n;
	if (*parser->p == '(')
	{
		parser->p++;
		if (strcmp(name, "arg") == 0)
			return argument_value(parser);
		if (strcmp(name, "same") == 0)
			return same_value(parser);
		if (strcmp(name, "weekday") == 0 || strcmp(name, "hour") == 0)
			return clock_value(parser, name[0] == 'w');
		if (!is_aggregate(name))
			wrong(parser,
				  "rows, sum, min, max, avg, distinct, list, first, last, mode, mode_count, best, same, weekday, hour or arg before (");
		return aggregate(parser, name);
	}
	if (*parser->p == '.' && word_length(parser->p + 1) > 0)
	{
		parser->p++;
		return qualified_value(parser, name);
	}
	if (strcmp(name, "rows") == 0)
	{
		DbiValue v = number_value(view_rows(parser->scope), DBI_COUNT);

		if (parser->scope == NULL || parser->scope->self == NULL)
			return null_value();
		v.tool = parser->scope->self->call->tool;
		v.column = "rows";
		v.at_least = parser->scope->self->truncated;
		return v;
	}
	if (strcmp(name, "focus") == 0)
		return focus_value(parser);
	if (strcmp(name, "entity") == 0)
		return text_value(parser->scope ? parser->scope->entity : NULL);
	if (strcmp(name, "today") == 0)
		return day_value(0);
	if (strcmp(name, "yesterday") == 0)
		return day_value(1);
	if (strcmp(name, "period") == 0 || strcmp(name, "in_period") == 0)
		return text_value(parser->scope && parser->scope->self
							  ? dbi_period(parser->scope->self, name[0] == 'i')
							  : NULL);
	if (parser->columns)
		*parser->columns =
			lappend(*parser->columns, parser->tool ? psprintf("%s.%s", parser->tool, name) : name);
	return column_value(parser, name);
}

/* ---- operators ---- */

static DbiValue
literal_text(Parser *parser)
{
	const char *start = ++parser->p;

	while (*parser->p && *parser->p != '\'')
		parser->p++;
	if (*parser->p != '\'')
		wrong(parser, "the closing quote");
	return text_value(pnstrdup(start, parser->p++ - start));
}

static DbiValue
factor(Parser *parser)
{
	DbiValue v;

	skip_space(parser);
	if (accept(parser, "("))
	{
		v = expr_or(parser);
		expect(parser, ")");
		return v;
	}
	if (*parser->p == '\'')
		return literal_text(parser);
	if (isdigit((unsigned char) *parser->p))
	{
		char *end;
		double x = strtod(parser->p, &end);

		parser->p = end;
		return number_value(x, DBI_NUMBER);
	}
	if (accept(parser, "-"))
	{
		v = factor(parser);
		v.cell.number = -v.cell.number;
		v.row = 0;
		return v;
	}
	return name_value(parser);
}

static DbiValue
arithmetic(const DbiValue *a, const DbiValue *b, char op)
{
	DbiValue v = number_value(0, a->kind);

	if (a->cell.isnull || b->cell.isnull || (op == '/' && b->cell.number == 0))
		return null_value();
	v.tool = a->tool ? a->tool : b->tool;
	switch (op)
	{
		case '+':
			v.cell.number = a->cell.number + b->cell.number;
			break;
		case '-':
			v.cell.number = a->cell.number - b->cell.number;
			if (a->kind == DBI_TIME && b->kind == DBI_TIME)
				v = number_value(v.cell.number / USECS_PER_SEC, DBI_SECONDS);
			break;
		case '*':
			v.cell.number = a->cell.number * b->cell.number;
			if (a->kind == DBI_NUMBER || a->kind == DBI_COUNT)
				v.kind = b->kind;
			break;
		default:
			v.cell.number = a->cell.number / b->cell.number;
			if (a->kind == b->kind || a->kind == DBI_COUNT)
				v.kind = DBI_NUMBER;
			break;
	}
	v.tool = a->tool ? a->tool : b->tool;
	return v;
}

/* The derived value keeps the text it was derived by. */
static DbiValue
derived(Parser *parser, const char *start, DbiValue *a, DbiValue *b, char op)
{
	DbiValue v = arithmetic(a, b, op);

	v.column = pnstrdup(start, parser->p - start);
	return v;
}

static DbiValue
term(Parser *parser)
{
	const char *start;
	DbiValue v;

	skip_space(parser);
	start = parser->p;
	v = factor(parser);
	for (;;)
	{
		char op = accept(parser, "*") ? '*' : accept(parser, "/") ? '/' : 0;
		DbiValue right;

		if (op == 0)
			return v;
		right = factor(parser);
		v = derived(parser, start, &v, &right, op);
	}
}

static DbiValue
sum(Parser *parser)
{
	const char *start;
	DbiValue v;

	skip_space(parser);
	start = parser->p;
	v = term(parser);
	for (;;)
	{
		char op = accept(parser, "+") ? '+' : accept(parser, "-") ? '-' : 0;
		DbiValue right;

		if (op == 0)
			return v;
		right = term(parser);
		v = derived(parser, start, &v, &right, op);
	}
}

static int
compare(const DbiValue *a, const DbiValue *b)
{
	if (is_text(a) && is_text(b))
		return pg_strcasecmp(a->cell.text, b->cell.text);
	if (a->kind == DBI_DATE && b->kind == DBI_TIME)
		return floor(b->cell.number / USECS_PER_DAY) * USECS_PER_DAY > a->cell.number
				   ? -1
				   : a->cell.number > b->cell.number;
	return a->cell.number < b->cell.number ? -1 : a->cell.number > b->cell.number;
}

static bool
in_list(Parser *parser, const DbiValue *v)
{
	bool found = false;

	expect(parser, "(");
	do
	{
		DbiValue item = sum(parser);

		found = found || (!v->cell.isnull && !item.cell.isnull && compare(v, &item) == 0);
	} while (accept(parser, ","));
	expect(parser, ")");
	return found;
}

static DbiValue
comparison(Parser *parser)
{
	static const char *const operators[] = {"!=", "<=", ">=", "=", "<", ">", NULL};
	DbiValue left = sum(parser);

	if (accept_word(parser, "in"))
		return truth_value(in_list(parser, &left));
	for (int i = 0; operators[i]; i++)
	{
		DbiValue right;
		int c;

		if (!accept(parser, operators[i]))
			continue;
		right = sum(parser);
		if (left.cell.isnull || right.cell.isnull)
			return truth_value(false);
		c = compare(&left, &right);
		return truth_value(i == 0   ? c != 0
						   : i == 1 ? c <= 0
						   : i == 2 ? c >= 0
						   : i == 3 ? c == 0
						   : i == 4 ? c < 0
									: c > 0);
	}
	return left;
}

static DbiValue
expr_not(Parser *parser)
{
	DbiValue v;

	if (!accept_word(parser, "not"))
		return comparison(parser);
	v = expr_not(parser);
	return truth_value(!holds(&v));
}

static DbiValue
expr_and(Parser *parser)
{
	DbiValue v = expr_not(parser);

	while (accept_word(parser, "and"))
	{
		DbiValue right = expr_not(parser);

		v = truth_value(holds(&v) && holds(&right));
	}
	return v;
}

static DbiValue
expr_or(Parser *parser)
{
	DbiValue v;

	check_stack_depth();
	v = expr_and(parser);
	while (accept_word(parser, "or"))
	{
		DbiValue right = expr_and(parser);

		v = truth_value(holds(&v) || holds(&right));
	}
	return v;
}

static DbiValue
evaluate(const char *expression, const DbiScope *scope, List **columns)
{
	Parser parser = {.text = expression,
					 .p = expression,
					 .scope = scope,
					 .row = scope && scope->has_row ? scope->at_row : -1,
					 .columns = columns};
	DbiValue v = expr_or(&parser);

	skip_space(&parser);
	if (*parser.p != '\0')
		wrong(&parser, "the end");
	return v;
}

DbiValue
dbi_eval(const char *expression, const DbiScope *scope)
{
	return evaluate(expression, scope, NULL);
}

bool
dbi_holds(const char *condition, const DbiScope *scope)
{
	DbiValue v;

	if (condition == NULL || condition[0] == '\0')
		return true;
	v = evaluate(condition, scope, NULL);
	return holds(&v);
}

/* ---- bodies ---- */

/* One {reference}; *p stands after "{" and is moved after "}". */
static bool
render_reference(DbiText *t, const char **p, const DbiScope *scope, bool zero_is_none)
{
	const char *end = strchr(*p, '}');
	const char *bar;
	char *expression;
	char *formats = NULL;
	DbiValue v;

	if (end == NULL)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("a template has { without }: \"%s\"", *p));
	bar = memchr(*p, '|', end - *p);
	expression = pnstrdup(*p, (bar ? bar : end) - *p);
	if (bar)
		formats = pnstrdup(bar + 1, end - bar - 1);
	*p = end + 1;
	if (scope && (strcmp(expression, "period") == 0 || strcmp(expression, "in_period") == 0))
		return dbi_say_period(t, scope->self, expression[0] == 'i');
	v = dbi_eval(expression, scope);
	if (v.cell.isnull || (zero_is_none && !holds(&v)))
		return false;
	if (v.column == NULL)
		v.column = expression;
	if (v.tool == NULL && scope && scope->self)
		v.tool = scope->self->call->tool;
	dbi_say_value(t, &v, formats);
	return true;
}

/* Up to the end of the text, or of the [[ ]] when optional. */
static bool
render_part(DbiText *t, const char **p, const DbiScope *scope, bool optional)
{
	bool all = true;

	while (**p)
	{
		if (optional && strncmp(*p, "]]", 2) == 0)
			break;
		if (strncmp(*p, "[[", 2) == 0)
		{
			DbiText *part = dbi_text();

			*p += 2;
			if (render_part(part, p, scope, true))
				dbi_say_text(t, part);
			if (strncmp(*p, "]]", 2) != 0)
				ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a template has [[ without ]]: \"%s\"", *p));
			*p += 2;
		}
		else if (**p == '{')
		{
			(*p)++;
			all = render_reference(t, p, scope, optional) && all;
		}
		else
		{
			size_t n = strcspn(*p, "{[]");

			if (n == 0)
				n = 1;
			dbi_say(t, pnstrdup(*p, n));
			*p += n;
		}
	}
	return all;
}

bool
dbi_render(DbiText *t, const char *body, const DbiScope *scope)
{
	DbiText *part = dbi_text();

	if (!render_part(part, &body, scope, false))
		return false;
	dbi_say_text(t, part);
	return true;
}

/* ---- checks ---- */

/* Words of a template may hold no figure: a figure must be a reference. */
static void
refuse_figures(const char *body)
{
	DbiText *t = dbi_text();

	for (const char *p = body; *p;)
	{
		const char *end = *p == '{' ? strchr(p, '}') : NULL;

		if (end)
			p = end + 1;
		else
			appendStringInfoChar(&t->out, *p++);
	}
	if (!dbi_check_figures(t))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the words of a template hold the figure \"%s\"",
					   ((DbiFigure *) linitial(t->figures))->figure),
				errhint("Write figures as references, {expression}, so that they come from rows."));
}

static void
body_columns(const char *body, List **columns)
{
	for (const char *p = body; *p; p++)
	{
		const char *end;
		const char *bar;

		if (*p != '{')
			continue;
		end = strchr(p, '}');
		if (end == NULL)
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("a template has { without }: \"%s\"", p));
		bar = memchr(p, '|', end - p);
		(void) evaluate(pnstrdup(p + 1, (bar ? bar : end) - p - 1), NULL, columns);
		if (bar)
			dbi_check_formats(pnstrdup(bar + 1, end - bar - 1));
		p = end;
	}
}

List *
dbi_template_columns(const char *body, bool is_condition)
{
	List *columns = NIL;

	if (is_condition)
		(void) evaluate(body, NULL, &columns);
	else
		body_columns(body, &columns);
	return columns;
}

/* For the CHECK constraints of the template tables. */
PG_FUNCTION_INFO_V1(dbi_check_template);
Datum
dbi_check_template(PG_FUNCTION_ARGS)
{
	char *body = text_to_cstring(PG_GETARG_TEXT_PP(0));

	(void) dbi_template_columns(body, PG_GETARG_BOOL(1));
	if (!PG_GETARG_BOOL(1))
	{
		const char *p = body;

		refuse_figures(body);
		(void) render_part(dbi_text(), &p, NULL, false);
	}
	PG_RETURN_BOOL(true);
}

PG_FUNCTION_INFO_V1(dbi_template_columns_sql);
Datum
dbi_template_columns_sql(PG_FUNCTION_ARGS)
{
	List *columns = dbi_template_columns(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_BOOL(1));
	Datum *items = palloc(sizeof(Datum) * Max(list_length(columns), 1));
	int n = 0;
	ListCell *lc;

	foreach(lc, columns)
		items[n++] = CStringGetTextDatum(lfirst(lc));
	PG_RETURN_ARRAYTYPE_P(construct_array(items, n, TEXTOID, -1, false, TYPALIGN_INT));
}
