/*
 * ground_table.c: a Markdown table is judged line by line: each of its lines
 * must be one row of one result, each of its columns one column of that
 * result. A table that is no result is the two sides of a comparison, or is
 * read as prose.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "agents/answer_parts.h"
#include "agents/ground_parts.h"

typedef enum CellKind
{
	CELL_EMPTY,
	CELL_NUMBER,
	CELL_DATE,
	CELL_WORDS
} CellKind;

typedef struct Cell
{
	int start;
	int len;
	CellKind kind;
	DbiGlyphToken number;
	char *plain; /* lower case */
	char *key;
} Cell;

typedef struct Table
{
	int nlines;
	int ncolumns;
	Cell **lines;
	Cell *header;
	int *starts; /* of each line */
	int *ends;
	int result;
	int *column; /* of the result, for each of the table's; -1: none */
	int fit;     /* cells that are some row's */
} Table;

/* ---- reading ---- */

static void
trim(const char *text, Cell *cell)
{
	while (cell->len > 0 && strchr(" *`\t", text[cell->start]))
		cell->start++, cell->len--;
	while (cell->len > 0 && strchr(" *`\t", text[cell->start + cell->len - 1]) &&
		   !(cell->len > 1 && text[cell->start + cell->len - 2] == '\\'))
		cell->len--;
}

static void
read_cell(const char *text, Cell *cell)
{
	DbiTokens *tokens;
	DbiGlyphToken *t;

	trim(text, cell);
	cell->plain = dbi_ground_plain(text + cell->start, cell->len);
	cell->key = dbi_ground_key(cell->plain);
	cell->kind = CELL_WORDS;
	if (cell->len == 0 || strcmp(cell->plain, "—") == 0 || strcmp(cell->plain, "-") == 0)
	{
		cell->kind = CELL_EMPTY;
		return;
	}
	if (!isdigit((unsigned char) cell->plain[0]) && !strchr("+-$", cell->plain[0]) &&
		(unsigned char) cell->plain[0] < 0x80)
		return;
	tokens = dbi_ground_tokens(text, cell->start, cell->start + cell->len);
	t = tokens->t;
	if (tokens->n == 1 && t->kind == GLYPH_NUMBER && t->len == cell->len)
	{
		cell->kind = CELL_NUMBER;
		cell->number = *t;
	}
	else if (tokens->n == 1 && t->kind == GLYPH_DATE)
	{
		cell->kind = CELL_DATE;
		cell->plain = t->word;
		cell->key = t->key;
	}
}

/* The cells of the line from..to; how many. */
static int
read_line(const char *text, int from, int to, Cell **cells)
{
	int n = 0;
	int start = from + 1;
	int most = 1;

	for (int i = from; i < to; i++)
		most += text[i] == '|';
	*cells = palloc0(sizeof(Cell) * most);
	for (int i = from + 1; i < to; i++)
	{
		if (text[i] == '\\')
			i++;
		else if (text[i] == '|')
		{
			(*cells)[n].start = start;
			(*cells)[n].len = i - start;
			read_cell(text, &(*cells)[n++]);
			start = i + 1;
		}
	}
	return n;
}

static int
line_end(const char *text, int from, int to)
{
	while (from < to && text[from] != '\n')
		from++;
	return from;
}

static bool
is_rule(const char *text, int from, int to)
{
	for (int i = from; i < to; i++)
		if (!strchr("|-: ", text[i]))
			return false;
	return true;
}

static Table *
read_table(const char *text, int from, int to, int *end)
{
	Table *table = palloc0(sizeof(Table));
	int most = 1;

	for (int i = from; i < to; i++)
		most += text[i] == '\n';
	table->lines = palloc0(sizeof(Cell *) * most);
	table->starts = palloc0(sizeof(int) * most);
	table->ends = palloc0(sizeof(int) * most);
	*end = from;
	while (from < to && text[from] == '|')
	{
		int e = line_end(text, from, to);
		int n;

		if (table->header == NULL)
			table->ncolumns = read_line(text, from, e, &table->header);
		else if (!is_rule(text, from, e))
		{
			n = read_line(text, from, e, &table->lines[table->nlines]);
			table->starts[table->nlines] = from;
			table->ends[table->nlines] = e;
			table->nlines++;
			if (n < table->ncolumns)
				table->ncolumns = n;
		}
		*end = e;
		from = e + 1;
	}
	return table;
}

/* ---- one cell against one value ---- */

/* "a, b and 2 more" against a list: every one named is in it, and as many are not. */
static bool
lists(const char *plain, const DbiCell *cell)
{
	char *rest = pstrdup(plain);
	int named = 0;
	int more = 0;

	for (char *piece = rest; piece;)
	{
		char *comma = strstr(piece, ", ");
		char *and = strstr(piece, " and ");
		char *next = comma && (!and || comma < and) ? comma : and;
		bool found = false;

		if (next)
			*next = '\0';
		if (sscanf(piece, "%d more", &more) != 1)
		{
			for (int i = 0; i < cell->nitems && !found; i++)
				found = pg_strcasecmp(cell->items[i], piece) == 0;
			if (!found)
				return false;
			named++;
		}
		piece = next ? next + (next == comma ? 2 : 5) : NULL;
	}
	return named + more == cell->nitems;
}

/* Only the beginning of a long text. */
static bool
is_cut(const Cell *cell)
{
	size_t len = strlen(cell->plain);

	return len > 3 && strcmp(cell->plain + len - 3, "…") == 0;
}

static bool
words_say(const Cell *cell, const DbiColumn *column, const DbiCell *value, const char *key)
{
	size_t len = strlen(cell->plain);

	if (column->kind == DBI_BOOL)
		return strcmp(cell->plain, value->text) == 0 ||
			   strcmp(cell->plain, value->number ? "true" : "false") == 0;
	if (key && strcmp(cell->key, key) == 0)
		return true;
	if (value->id && pg_strcasecmp(cell->plain, value->id) == 0)
		return true;
	if (is_cut(cell))
		return pg_strncasecmp(cell->plain, value->text, len - 3) == 0;
	if (column->kind == DBI_LIST)
		return lists(cell->plain, value);
	return pg_strcasecmp(cell->plain, value->text) == 0;
}

/* In tables an amount of a known unit may stand without it, the heading naming it. */
static bool
number_reads(const DbiFacts *facts, int result, int column, const DbiGlyphToken *number,
			 double *factor)
{
	DbiKind kind = facts->results[result]->columns[column].kind;

	if (dbi_ground_reads(facts, result, column, number->unit, factor))
		return true;
	*factor = 1;
	return number->unit == UNIT_NONE && dbi_kind_numeric(kind) && kind != DBI_USD && kind != DBI_PCT;
}

static bool
says(const DbiFacts *facts, const Cell *cell, int result, int row, int column)
{
	const DbiResult *r = facts->results[result];
	const DbiCell *value = &r->rows[row][column];
	const DbiColumn *c = &r->columns[column];
	double factor;

	if (cell->kind == CELL_EMPTY)
		return value->isnull || value->text[0] == '\0';
	if (value->isnull || (cell->kind == CELL_WORDS && dbi_kind_numeric(c->kind)))
		return false;
	if (cell->kind == CELL_NUMBER && dbi_kind_numeric(c->kind))
		return number_reads(facts, result, column, &cell->number, &factor) &&
			   dbi_number_says(&cell->number, value->number * factor, 0, true) > 0;
	if (cell->kind == CELL_DATE && (c->kind == DBI_DATE || c->kind == DBI_TIME))
		return strncmp(cell->plain, value->text, strlen(cell->plain)) == 0;
	return words_say(cell, c, value, facts->keys[result][row][column]);
}

/* ---- which result, which columns ---- */

static bool
is_value(const DbiFacts *facts, const Cell *cell, int result, int column)
{
	for (DbiPhrasePlace *p = dbi_ground_phrase(facts, cell->key); p; p = p->next)
		if (p->result == result && p->column == column)
			return true;
	return false;
}

/* Lines of the table whose cell is some row's value in the column. */
static int
fits(const DbiFacts *facts, const Table *table, int j, int result, int column)
{
	const DbiResult *r = facts->results[result];
	DbiKind kind = r->columns[column].kind;
	int n = 0;

	for (int i = 0; i < table->nlines; i++)
	{
		const Cell *cell = &table->lines[i][j];

		if (cell->kind == CELL_EMPTY || (cell->kind == CELL_WORDS && dbi_kind_numeric(kind)))
			continue;
		if ((cell->kind == CELL_WORDS || kind == DBI_TEXT) && is_value(facts, cell, result, column))
		{
			n++;
			continue;
		}
		if (kind == DBI_TEXT && strlen(cell->key) < 90 && !is_cut(cell))
			continue; /* the values are indexed: it is none */
		for (int row = 0; row < r->nrows; row++)
			if (says(facts, cell, result, row, column))
			{
				n++;
				break;
			}
	}
	return n;
}

/* Words of the heading in the name of the column. */
static int
likeness(const DbiFacts *facts, const char *heading, int result, int column)
{
	char *copy = pstrdup(heading);
	int n = 0;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		n += dbi_has_word(facts->columns[result][column], word);
	return n;
}

/* The best column for each of the table's; how many cells fit in all. */
static int
map_columns(const DbiFacts *facts, const Table *table, int result, int *column)
{
	const DbiResult *r = facts->results[result];
	bool *taken = palloc0(sizeof(bool) * Max(r->ncolumns, 1));
	int fit = 0;

	for (int j = 0; j < table->ncolumns; j++)
	{
		int best = 0;
		int held = 0;

		column[j] = -1;
		for (int c = 0; c < r->ncolumns; c++)
		{
			int n = fits(facts, table, j, result, c);
			int score = n == 0 ? 0
							   : 100 * n + 20 * likeness(facts, table->header[j].key, result, c) -
									 50 * taken[c];

			if (score > best)
			{
				best = score;
				held = n;
				column[j] = c;
			}
		}
		if (column[j] < 0)
			continue;
		taken[column[j]] = true;
		fit += held;
	}
	return fit;
}

static int
filled(const Table *table)
{
	int n = 0;

	for (int i = 0; i < table->nlines; i++)
		for (int j = 0; j < table->ncolumns; j++)
			n += table->lines[i][j].kind != CELL_EMPTY;
	return n;
}

/*
 * Tables mostly come in the order of the results: the one behind the last
 * table's is looked at first, and no other once every cell fits. To look at
 * all costs each cell times each value of the turn.
 */
static void
find_result(const DbiFacts *facts, Table *table, int last)
{
	int most = filled(table);

	table->result = -1;
	table->column = palloc(sizeof(int) * Max(table->ncolumns, 1));
	for (int i = 1; i <= facts->nresults && table->fit < Max(most, 1); i++)
	{
		int n = (last + i) % facts->nresults;
		int *column = palloc(sizeof(int) * Max(table->ncolumns, 1));
		int fit = map_columns(facts, table, n, column);

		if (fit <= table->fit)
			continue;
		table->fit = fit;
		table->result = n;
		table->column = column;
	}
}

/* The row that says most of the line; -1 when none says half of it. */
static int
find_row(const DbiFacts *facts, const Table *table, int line, const bool *used)
{
	const DbiResult *r = facts->results[table->result];
	int best = 0;
	int found = -1;
	int cells = 0;

	for (int j = 0; j < table->ncolumns; j++)
		cells += table->lines[line][j].kind != CELL_EMPTY && table->column[j] >= 0;
	for (int row = 0; row < r->nrows; row++)
	{
		int n = 0;

		for (int j = 0; j < table->ncolumns; j++)
			if (table->column[j] >= 0 && table->lines[line][j].kind != CELL_EMPTY)
				n += 2 * says(facts, &table->lines[line][j], table->result, row, table->column[j]);
		n -= 3 * used[row]; /* another line has said it already */
		if (n > best)
		{
			best = n;
			found = row;
		}
	}
	return best >= cells ? found : -1;
}

/* ---- judging ---- */

static DbiClaim *
claim_cell(DbiJudge *judge, const Cell *cell)
{
	DbiClaimKind kind = cell->kind == CELL_NUMBER ? DBI_CLAIM_NUMBER
						: cell->kind == CELL_DATE ? DBI_CLAIM_DATE
												  : DBI_CLAIM_NAME;

	return dbi_claim(judge, cell->start, cell->len, kind);
}

static void
judge_cell(DbiJudge *judge, const Table *table, int line, int j, int row)
{
	const DbiFacts *facts = judge->facts;
	const DbiResult *r = facts->results[table->result];
	const Cell *cell = &table->lines[line][j];
	int column = table->column[j];
	DbiClaim *claim;

	if (cell->kind == CELL_EMPTY)
		return;
	if (column < 0)
	{
		dbi_ground_prose(judge, table->starts[line], table->ends[line], cell->start,
						 cell->start + cell->len);
		return;
	}
	claim = claim_cell(judge, cell);
	dbi_accept(claim, "cell", r, row + 1, r->columns[column].name);
	if (!says(facts, cell, table->result, row, column))
		dbi_object(claim,
				   psprintf("the row has %s",
							r->rows[row][column].isnull ? "no value" : r->rows[row][column].text),
				   true);
}

/* All amounts of a column are printed in one unit: one that differs is wrong. */
static void
check_units(DbiJudge *judge, const Table *table, int first_span)
{
	for (int j = 0; j < table->ncolumns; j++)
	{
		int count[UNIT_OTHER + 1] = {0};
		DbiUnitClass usual = UNIT_NONE;
		ListCell *lc;

		for (int i = 0; i < table->nlines; i++)
			if (table->lines[i][j].kind == CELL_NUMBER)
				count[table->lines[i][j].number.unit]++;
		for (int u = 0; u <= UNIT_OTHER; u++)
			if (count[u] > count[usual])
				usual = u;
		for (int i = 0; i < table->nlines; i++)
		{
			const Cell *cell = &table->lines[i][j];

			if (cell->kind != CELL_NUMBER || cell->number.unit == usual)
				continue;
			for_each_from(lc, judge->out->spans, first_span)
			{
				DbiClaim *claim = lfirst(lc);

				if (claim->start == cell->start && claim->supported)
					dbi_object(claim, "another unit than the rest of the column", true);
			}
		}
	}
}

static bool
judge_rows(DbiJudge *judge, Table *table)
{
	const DbiResult *r = judge->facts->results[table->result];
	bool *used = palloc0(sizeof(bool) * Max(r->nrows, 1));
	int first = list_length(judge->out->spans);

	for (int i = 0; i < table->nlines; i++)
	{
		int row = find_row(judge->facts, table, i, used);

		if (row < 0)
		{
			dbi_ground_prose(judge, table->starts[i], table->ends[i], table->starts[i],
							 table->ends[i]);
			continue;
		}
		used[row] = true;
		for (int j = 0; j < table->ncolumns; j++)
			judge_cell(judge, table, i, j, row);
	}
	check_units(judge, table, first);
	return true;
}

/* ---- two sides of a comparison ---- */

/* What a line should say: a measure here and there. */
typedef struct Sides
{
	int now;
	int before;  /* results */
	int subject; /* column that names the things; -1: the lines are columns */
	int measure; /* column; -1: rows are counted */
} Sides;

static int
column_called(const DbiResult *r, const char *key)
{
	for (int c = 0; c < r->ncolumns; c++)
		if (dbi_kind_numeric(r->columns[c].kind) &&
			strcmp(dbi_ground_key(dbi_label(r->columns[c].name)), key) == 0)
			return c;
	return -1;
}

static double
side(const DbiFacts *facts, int n, const char *key, const Sides *sides, DbiUnitClass *unit,
	 bool *found)
{
	const DbiResult *r = facts->results[n];
	double sum = 0;
	double factor = 1;
	int column = sides->subject < 0 ? column_called(r, key) : sides->measure;

	if (sides->subject < 0 && column < 0)
		return NAN;
	*unit = column >= 0 ? dbi_ground_unit(r->columns[column].kind, &factor) : UNIT_NONE;
	for (int row = 0; row < r->nrows; row++)
	{
		if (sides->subject >= 0 && (facts->keys[n][row][sides->subject] == NULL ||
									strcmp(facts->keys[n][row][sides->subject], key) != 0))
			continue;
		*found = true;
		sum += column < 0                    ? 1
			   : r->rows[row][column].isnull ? 0
											 : r->rows[row][column].number * factor;
	}
	return sum;
}

/* The printed change in a cell such as "up 5.1%", "unchanged", "new". */
static bool
change_says(const char *text, const Cell *cell, double now, double before)
{
	DbiTokens *tokens = dbi_ground_tokens(text, cell->start, cell->start + cell->len);
	int direction = 0;

	if (before == 0)
		return strcmp(cell->plain, now == 0 ? "unchanged" : "new") == 0;
	for (int i = 0; i < tokens->n; i++)
	{
		const DbiGlyphToken *t = &tokens->t[i];

		if (t->kind == GLYPH_WORD)
			direction = strcmp(t->word, "up") == 0     ? 1
						: strcmp(t->word, "down") == 0 ? -1
													   : direction;
		if (t->kind == GLYPH_NUMBER)
			return t->unit == UNIT_PCT &&
				   dbi_number_says(t, 100 * (now - before) / fabs(before), direction, false) > 0;
	}
	return fabs(100 * (now - before) / before) < 0.05 && strcmp(cell->plain, "unchanged") == 0;
}

/* The cells of a line after its name: here, there, the difference, the change; how many hold. */
static int
judge_sides(DbiJudge *judge, const Table *table, int line, const Sides *sides, bool tell)
{
	const DbiFacts *facts = judge->facts;
	const Cell *cells = table->lines[line];
	bool found = false;
	DbiUnitClass unit;
	double now = side(facts, sides->now, cells[0].key, sides, &unit, &found);
	double before = side(facts, sides->before, cells[0].key, sides, &unit, &found);
	const char *measure = sides->measure >= 0
							  ? facts->results[sides->now]->columns[sides->measure].name
							  : cells[0].key;
	int held = 0;

	if (isnan(now) || isnan(before))
		return 0;
	for (int j = 0; j < table->ncolumns; j++)
	{
		bool ok = false;
		DbiClaim *claim;

		if (j == 0)
			ok = found;
		else if (j <= 3)
			ok = cells[j].kind == CELL_NUMBER && cells[j].number.unit == unit &&
				 dbi_number_says(&cells[j].number,
								 j == 1   ? now
								 : j == 2 ? before
										  : now - before,
								 0, true) > 0;
		else
			ok = change_says(judge->text, &cells[j], now, before);
		held += ok;
		if (!tell || cells[j].kind == CELL_EMPTY)
			continue;
		claim = dbi_claim(judge, cells[j].start, cells[j].len,
						  j == 0 ? DBI_CLAIM_NAME : DBI_CLAIM_NUMBER);
		dbi_accept(claim,
				   j == 0   ? "name"
				   : j <= 2 ? "sum"
				   : j == 3 ? "difference"
							: "percent change",
				   facts->results[j == 2 ? sides->before : sides->now], 0, measure);
		if (!ok)
			dbi_object(claim, "the two sides give another value", true);
	}
	return held;
}

static int
count_sides(DbiJudge *judge, const Table *table, const Sides *sides)
{
	int held = 0;

	for (int i = 0; i < table->nlines; i++)
		held += judge_sides(judge, table, i, sides, false);
	return held;
}

/* The pair of results, thing and measure by which most of the table holds; false when not most of it. */
static bool
judge_comparison(DbiJudge *judge, const Table *table)
{
	const DbiFacts *facts = judge->facts;
	Sides best = {0};
	int most = 0;

	if (table->ncolumns < 4 || table->nlines == 0)
		return false;
	for (int a = 0; a < facts->nresults; a++)
		for (int b = 0; b < facts->nresults; b++)
		{
			const DbiResult *r = facts->results[a];

			if (a == b || strcmp(r->call->tool, facts->results[b]->call->tool) != 0 ||
				r->ncolumns != facts->results[b]->ncolumns)
				continue;
			for (int s = -1; s < r->ncolumns; s++)
				for (int m = -1; m < r->ncolumns; m++)
				{
					Sides sides = {.now = a, .before = b, .subject = s, .measure = m};
					int held;

					if ((s >= 0 && (dbi_kind_numeric(r->columns[s].kind) ||
									r->columns[s].kind == DBI_BOOL)) ||
						(m >= 0 && !dbi_kind_numeric(r->columns[m].kind)) || (s < 0 && m >= 0))
						continue;
					held = count_sides(judge, table, &sides);
					if (held > most)
					{
						most = held;
						best = sides;
					}
				}
		}
	if (2 * most < table->nlines * table->ncolumns)
		return false;
	for (int i = 0; i < table->nlines; i++)
		judge_sides(judge, table, i, &best, true);
	return true;
}

int
dbi_ground_table(DbiJudge *judge, int from, int to)
{
	int end;
	Table *table = read_table(judge->text, from, to, &end);
	int cells = filled(table);

	find_result(judge->facts, table, judge->table_result);
	if (table->header)
		dbi_ground_prose(judge, from, line_end(judge->text, from, to), from,
						 line_end(judge->text, from, to));
	judge->table_lines = table->nlines;
	judge->table_result = table->result;
	if (table->result < 0 || 10 * table->fit < 7 * cells)
	{
		if (judge_comparison(judge, table))
			return end;
		if (table->result < 0 || 2 * table->fit < cells)
		{
			for (int i = 0; i < table->nlines; i++)
				dbi_ground_prose(judge, table->starts[i], table->ends[i], table->starts[i],
								 table->ends[i]);
			return end;
		}
	}
	judge_rows(judge, table);
	return end;
}
