/*
 * answer_table.c: rows of a result as a Markdown table.
 */
#include "postgres.h"

#include <ctype.h>

#include "agents/answer_parts.h"

#define MAX_COLUMNS 7
#define MAX_CELL_BYTES 60

typedef struct Shown
{
	int column;
	char *label;
	char *formats; /* NULL: by kind */
} Shown;

static const char *const name_endings[] = {"_name", "_email", "_full_name", "_type", NULL};

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s);
	size_t m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* The column that names a row: the template's, else a name, else the first text. */
int
dbi_subject(const DbiTold *told)
{
	const DbiResult *r = told->result;

	if (told->template->subject)
		return dbi_column(r, told->template->subject);
	for (const char *const *end = name_endings; *end; end++)
		for (int i = 0; i < r->ncolumns; i++)
			if (r->columns[i].kind == DBI_TEXT && ends_with(r->columns[i].name, *end) &&
				strcmp(r->columns[i].name, "workspace_name") != 0)
				return i;
	for (int i = 0; i < r->ncolumns; i++)
		if (r->columns[i].kind == DBI_TEXT)
			return i;
	return -1;
}

/* The column a row is measured by: the template's, else money, else a count, else any number. */
int
dbi_measure(const DbiTold *told)
{
	static const DbiKind order[] = {DBI_USD,   DBI_COUNT,   DBI_PCT, DBI_SECONDS, DBI_NUMBER,
									DBI_HOURS, DBI_MINUTES, DBI_MS,  DBI_GIB,     DBI_BYTES};
	const DbiResult *r = told->result;

	if (told->template->measure)
		return dbi_column(r, told->template->measure);
	for (int k = 0; k < lengthof(order); k++)
		for (int i = 0; i < r->ncolumns; i++)
			if (r->columns[i].kind == order[k])
				return i;
	return -1;
}

/* failure_rate_pct → "Failure rate %" */
char *
dbi_label(const char *column)
{
	static const char *const units[] = {"_usd", "_s",   "_ms",    "_min", "_h",
										"_gib", "_tib", "_bytes", NULL};
	char *label = pstrdup(column);

	if (ends_with(label, "_pct"))
		strcpy(label + strlen(label) - 3, "%");
	for (const char *const *u = units; *u; u++)
		if (ends_with(label, *u))
		{
			label[strlen(label) - strlen(*u)] = '\0';
			break;
		}
	for (char *p = label; *p; p++)
		if (*p == '_')
			*p = ' ';
	label[0] = toupper((unsigned char) label[0]);
	if (strncmp(label, "Sql ", 4) == 0)
		memcpy(label, "SQL", 3);
	return label;
}

static bool
all_null(const DbiResult *r, int column)
{
	for (int i = 0; i < r->nrows; i++)
		if (!r->rows[i][column].isnull)
			return false;
	return true;
}

/* An id whose name is there too says nothing to a person. */
static bool
is_redundant(const DbiResult *r, int column)
{
	const char *name = r->columns[column].name;
	char *other;

	if (strcmp(name, "rank") == 0 || strcmp(name, "scored_at") == 0 ||
		strcmp(name, "checked_at") == 0)
		return true;
	if (!ends_with(name, "_id"))
		return false;
	other = psprintf("%.*s_name", (int) strlen(name) - 3, name);
	return dbi_column(r, other) >= 0;
}

static Shown *
shown(int column, char *label, char *formats)
{
	Shown *s = palloc(sizeof(Shown));

	s->column = column;
	s->label = label;
	s->formats = formats;
	return s;
}

/* "name|format=Label" */
static Shown *
parse_column(const DbiResult *r, const char *spec)
{
	char *copy = pstrdup(spec);
	char *label = strchr(copy, '=');
	char *formats;
	int column;

	if (label)
		*label++ = '\0';
	formats = strchr(copy, '|');
	if (formats)
		*formats++ = '\0';
	column = dbi_column(r, copy);
	if (column < 0 || all_null(r, column))
		return NULL;
	return shown(column, label ? label : dbi_label(copy), formats);
}

static List *
chosen_columns(const DbiTold *told)
{
	const DbiResult *r = told->result;
	int subject = dbi_subject(told);
	int measure = dbi_measure(told);
	List *columns = NIL;

	if (subject >= 0)
		columns = lappend(columns, shown(subject, dbi_label(r->columns[subject].name), NULL));
	if (measure >= 0)
		columns = lappend(columns, shown(measure, dbi_label(r->columns[measure].name), NULL));
	for (int i = 0; i < r->ncolumns && list_length(columns) < MAX_COLUMNS; i++)
	{
		if (i == subject || i == measure || r->columns[i].kind == DBI_JSON || is_redundant(r, i) ||
			all_null(r, i))
			continue;
		columns = lappend(columns, shown(i, dbi_label(r->columns[i].name), NULL));
	}
	return columns;
}

static List *
columns_of(const DbiTold *told)
{
	List *columns = NIL;
	ListCell *lc;

	foreach(lc, told->template->columns)
	{
		Shown *s = parse_column(told->result, lfirst(lc));

		if (s)
			columns = lappend(columns, s);
	}
	return columns ? columns : chosen_columns(told);
}

static void
tell_cell(DbiText *t, const DbiResult *r, int row, const Shown *s)
{
	DbiValue v = {.kind = r->columns[s->column].kind, .cell = r->rows[row][s->column]};

	v.tool = r->call->tool;
	v.row = row + 1;
	v.column = r->columns[s->column].name;
	if (v.cell.isnull)
		dbi_say(t, "—");
	else if ((v.kind == DBI_TEXT || v.kind == DBI_JSON) && s->formats == NULL)
		dbi_say_name(t, dbi_markdown(v.cell.text, MAX_CELL_BYTES));
	else
		dbi_say_value(t, &v, s->formats);
}

/* The first rows for which the template's condition holds, or simply the first when none does. */
static int
shown_rows(const DbiTold *told, int *rows, int most)
{
	int n = 0;

	for (int i = 0; told->template->shown && i < told->result->nrows && n < most; i++)
	{
		DbiScope scope = told->scope;

		scope.at_row = i;
		scope.has_row = true;
		if (dbi_holds(told->template->shown, &scope))
			rows[n++] = i;
	}
	if (n > 0)
		return n;
	for (; n < most && n < told->result->nrows; n++)
		rows[n] = n;
	return n;
}

void
dbi_tell_table(DbiTurn *turn, DbiTold *told, int most)
{
	DbiText *t = turn->text;
	const DbiResult *r = told->result;
	List *columns = columns_of(told);
	int *rows = palloc(sizeof(int) * Max(r->nrows, 1));
	int n = shown_rows(told, rows, most);
	ListCell *lc;

	if (columns == NIL || n == 0)
		return;
	dbi_say(t, "\n\n|");
	foreach(lc, columns)
	{
		dbi_say(t, " ");
		dbi_say_name(t, ((Shown *) lfirst(lc))->label);
		dbi_say(t, " |");
	}
	dbi_say(t, "\n|");
	foreach(lc, columns)
		dbi_say(t, dbi_kind_numeric(r->columns[((Shown *) lfirst(lc))->column].kind) ? " ---: |"
																					 : " --- |");
	for (int i = 0; i < n; i++)
	{
		dbi_say(t, "\n|");
		foreach(lc, columns)
		{
			dbi_say(t, " ");
			tell_cell(t, r, rows[i], lfirst(lc));
			dbi_say(t, " |");
		}
	}
	if (n < r->nrows)
	{
		dbi_say(t, "\n\n");
		dbi_say_from(t,
					 psprintf("%d of %d rows%s.", n, r->nrows,
							  r->truncated ? " read; there are more" : " shown"),
					 r->call->tool, "rows");
	}
}
