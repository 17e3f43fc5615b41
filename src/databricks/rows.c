/*
 * rows.c: the arrays that rows come in, read byte by byte, never held whole.
 *
 * Each cell is a string or null; numbers and booleans are taken as their text.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "base/base.h"
#include "databricks/rows.h"

/* A row larger than this is none that PostgreSQL could store. */
#define MAX_ROW_BYTES (256 * 1024 * 1024)

/* A row's buffer that has grown beyond this is not kept for the next. */
#define KEPT_ROW_BYTES (1024 * 1024)

typedef enum
{
	AT_START,      /* before the outer bracket */
	AT_FIRST_ROW,  /* behind it */
	AT_ROW,        /* behind a comma between rows */
	AFTER_ROW,     /* a comma or the end */
	AT_FIRST_CELL, /* behind a row's bracket */
	AT_CELL,       /* behind a comma between cells */
	AFTER_CELL,
	IN_STRING,
	IN_ESCAPE,
	IN_UNICODE,
	IN_WORD, /* null, true, false, a number */
	AT_END
} Where;

struct DbiRows
{
	Where where;
	int ncolumns;
	StringInfoData cells; /* of the row being read, each with its NUL */
	int *offsets;         /* of each cell in there; -1 is NULL */
	char **values;
	int n;       /* cells so far */
	int digits;  /* of \uXXXX */
	uint32 code; /* that came so far */
	uint32 high; /* a surrogate that waits for its second half */
	int64 row;   /* number of the row in its array, from 1 */
};

DbiRows *
dbi_rows_create(int ncolumns)
{
	DbiRows *rows = palloc0(sizeof(DbiRows));

	rows->ncolumns = ncolumns;
	rows->offsets = palloc0(sizeof(int) * (ncolumns + 1));
	rows->values = palloc0(sizeof(char *) * (ncolumns + 1));
	initStringInfo(&rows->cells);
	return rows;
}

void
dbi_rows_reset(DbiRows *rows)
{
	rows->where = AT_START;
	rows->row = 0;
	rows->n = 0;
	rows->high = 0;
	resetStringInfo(&rows->cells);
}

static void
bad(DbiRows *rows, const char *why)
{
	ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
					errmsg("the rows of the result are not understood"),
					errdetail("Row " INT64_FORMAT " of its chunk, column %d: %s.", rows->row,
							  rows->n + 1, why)));
}

static void
no_place(DbiRows *rows, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
			 errmsg("a text of the result cannot be stored: it holds %s", what),
			 errdetail("Row " INT64_FORMAT " of its chunk, column %d.", rows->row, rows->n + 1),
			 errhint("Take it out in the query, with replace() or translate().")));
}

static void
check_size(DbiRows *rows, size_t more)
{
	if (rows->cells.len + more > MAX_ROW_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a row of the result is larger than %d MB", MAX_ROW_BYTES / 1024 / 1024)));
}

static void
begin_cell(DbiRows *rows)
{
	if (rows->n >= rows->ncolumns)
		bad(rows, "more cells than columns");
	rows->offsets[rows->n] = rows->cells.len;
}

static void
end_cell(DbiRows *rows)
{
	appendStringInfoChar(&rows->cells, '\0');
	rows->n++;
	rows->where = AFTER_CELL;
}

/* Which bytes of a string stand for themselves: all but its end, an escape, and control characters. */
static bool
is_plain(char c)
{
	return c != '"' && c != '\\' && (unsigned char) c >= 0x20;
}

/* Bytes of a string up to its end or an escape; says how many. */
static size_t
take_plain(DbiRows *rows, const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && is_plain(s[i]))
		i++;
	if (i == 0)
		return 0;
	if (rows->high != 0)
		no_place(rows, "half of a surrogate pair");
	check_size(rows, i);
	appendBinaryStringInfo(&rows->cells, s, (int) i);
	return i;
}

static void
append_code(DbiRows *rows, uint32 code)
{
	unsigned char utf8[4];

	check_size(rows, sizeof(utf8));
	if (code > 0 && code < 0x80 && rows->high == 0)
	{
		appendStringInfoCharMacro(&rows->cells, (char) code);
		return;
	}
	if (code == 0)
		no_place(rows, "a character \\u0000");
	if (rows->high != 0 && !is_utf16_surrogate_second(code))
		no_place(rows, "half of a surrogate pair");
	if (is_utf16_surrogate_first(code))
	{
		rows->high = code;
		return;
	}
	if (is_utf16_surrogate_second(code))
	{
		if (rows->high == 0)
			no_place(rows, "half of a surrogate pair");
		code = surrogate_pair_to_codepoint(rows->high, code);
		rows->high = 0;
	}
	unicode_to_utf8(code, utf8);
	appendBinaryStringInfo(&rows->cells, (char *) utf8, pg_encoding_mblen(PG_UTF8, (char *) utf8));
}

static void
take_escape(DbiRows *rows, char c)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *found = c ? strchr(from, c) : NULL;

	if (c == 'u')
	{
		rows->where = IN_UNICODE;
		rows->digits = 0;
		rows->code = 0;
		return;
	}
	if (found == NULL)
		bad(rows, "an unknown escape");
	append_code(rows, (unsigned char) to[found - from]);
	rows->where = IN_STRING;
}

static void
take_digit(DbiRows *rows, char c)
{
	int value = c >= '0' && c <= '9'   ? c - '0'
				: c >= 'a' && c <= 'f' ? c - 'a' + 10
				: c >= 'A' && c <= 'F' ? c - 'A' + 10
									   : -1;

	if (value < 0)
		bad(rows, "an escape without four hexadecimal digits");
	rows->code = rows->code * 16 + value;
	if (++rows->digits < 4)
		return;
	append_code(rows, rows->code);
	rows->where = IN_STRING;
}

/* The same with the quotes in it that are escaped: JSON within a string has one every few bytes. */
static size_t
take_string(DbiRows *rows, const char *s, size_t len)
{
	size_t i = take_plain(rows, s, len);

	while (len - i >= 2 && s[i] == '\\' && s[i + 1] == '"' && rows->high == 0)
	{
		check_size(rows, 1);
		appendStringInfoCharMacro(&rows->cells, '"');
		i += 2;
		i += take_plain(rows, s + i, len - i);
	}
	return i;
}

static void
take_in_string(DbiRows *rows, char c)
{
	if (c == '\\')
		rows->where = IN_ESCAPE;
	else if (c == '"')
	{
		if (rows->high != 0)
			no_place(rows, "half of a surrogate pair");
		end_cell(rows);
	}
	else
		bad(rows, "a control character in a string");
}

static bool
is_number(const char *s)
{
	size_t len = strspn(s, "+-0123456789.eE");

	return s[len] == '\0' && strpbrk(s, "0123456789") != NULL;
}

static void
end_word(DbiRows *rows)
{
	char *word = rows->cells.data + rows->offsets[rows->n];

	if (strcmp(word, "null") == 0)
	{
		rows->cells.len = rows->offsets[rows->n];
		rows->offsets[rows->n] = -1;
		rows->n++;
		rows->where = AFTER_CELL;
		return;
	}
	if (strcmp(word, "true") != 0 && strcmp(word, "false") != 0 && !is_number(word))
		bad(rows, "a cell that is neither a string nor null");
	end_cell(rows);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
begin_row(DbiRows *rows, char c)
{
	rows->row++;
	rows->n = 0;
	if (c != '[')
		bad(rows, "a row is not an array");
	if (rows->cells.maxlen > KEPT_ROW_BYTES)
	{
		pfree(rows->cells.data);
		initStringInfo(&rows->cells);
	}
	resetStringInfo(&rows->cells);
	rows->where = AT_FIRST_CELL;
}

static void
finish_row(DbiRows *rows)
{
	if (rows->n != rows->ncolumns)
		bad(rows, "fewer cells than columns");
	rows->where = AFTER_ROW;
}

static void
take_cell_start(DbiRows *rows, char c)
{
	if (c == ']' && rows->where == AT_FIRST_CELL)
	{
		finish_row(rows);
		return;
	}
	begin_cell(rows);
	if (c == '"')
		rows->where = IN_STRING;
	else if (c == '[' || c == '{' || c == ']' || c == ',' || c == '\0')
		bad(rows, "a cell that is neither a string nor null");
	else
	{
		appendStringInfoChar(&rows->cells, c);
		rows->where = IN_WORD;
	}
}

/* One byte outside strings and words. */
static void
take_structure(DbiRows *rows, char c)
{
	switch (rows->where)
	{
		case AT_START:
			if (c != '[')
				bad(rows, "no array");
			rows->where = AT_FIRST_ROW;
			break;
		case AT_FIRST_ROW:
		case AT_ROW:
			if (c == ']' && rows->where == AT_FIRST_ROW)
				rows->where = AT_END;
			else
				begin_row(rows, c);
			break;
		case AFTER_ROW:
			if (c != ',' && c != ']')
				bad(rows, "no comma after a row");
			rows->where = c == ',' ? AT_ROW : AT_END;
			break;
		case AT_FIRST_CELL:
		case AT_CELL:
			take_cell_start(rows, c);
			break;
		case AFTER_CELL:
			if (c == ']')
				finish_row(rows);
			else if (c == ',')
				rows->where = AT_CELL;
			else
				bad(rows, "no comma after a cell");
			break;
		default:
			bad(rows, "text after the end of the array");
	}
}

/* A word ends before the byte that is none of its own. True when that byte was taken. */
static bool
take_in_word(DbiRows *rows, char c)
{
	if (c != ',' && c != ']' && !is_space(c))
	{
		if (c == '\0' || rows->cells.len - rows->offsets[rows->n] > 1000)
			bad(rows, "a cell that is neither a string nor null");
		appendStringInfoChar(&rows->cells, c);
		return true;
	}
	end_word(rows);
	return false;
}

static void
take_byte(DbiRows *rows, char c)
{
	switch (rows->where)
	{
		case IN_STRING:
			take_in_string(rows, c);
			break;
		case IN_ESCAPE:
			take_escape(rows, c);
			break;
		case IN_UNICODE:
			take_digit(rows, c);
			break;
		case IN_WORD:
			if (take_in_word(rows, c))
				break;
			/* fall through */
		default:
			if (!is_space(c))
				take_structure(rows, c);
	}
}

DbiRowsState
dbi_rows_next(DbiRows *rows, const char *bytes, size_t len, size_t *taken)
{
	size_t i = 0;

	while (i < len)
	{
		bool closed;

		if (rows->where == IN_STRING)
			i += take_string(rows, bytes + i, len - i);
		if (i == len)
			break;
		closed = rows->where == AT_END;
		take_byte(rows, bytes[i++]);
		*taken = i;
		if (rows->where == AFTER_ROW && bytes[i - 1] == ']')
			return DBI_ROWS_ROW;
		if (rows->where == AT_END && !closed)
			return DBI_ROWS_END;
	}
	*taken = len;
	return DBI_ROWS_MORE;
}

/* A cell's text is checked, and put into the database's encoding, when it is asked for. */
static char *
cell_value(DbiRows *rows, int i)
{
	char *text = rows->cells.data + rows->offsets[i];
	int len = (int) strlen(text);

	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
	{
		if (pg_encoding_verifymbstr(PG_UTF8, text, len) != len)
		{
			rows->n = i;
			no_place(rows, "bytes that are not UTF-8");
		}
		return text;
	}
	return pg_any_to_server(text, len, PG_UTF8);
}

char **
dbi_rows_values(DbiRows *rows)
{
	for (int i = 0; i < rows->ncolumns; i++)
		rows->values[i] = rows->offsets[i] < 0 ? NULL : cell_value(rows, i);
	return rows->values;
}

/* ---- an answer around the rows */

/* Behind the string that begins at i, or len. */
static size_t
skip_string(const char *json, size_t len, size_t i)
{
	for (i++; i < len && json[i] != '"'; i++)
		if (json[i] == '\\')
			i++;
	return Min(i + 1, len);
}

/* Behind the value's closing bracket that opens at i, or 0 when it does not close. */
static size_t
skip_array(const char *json, size_t len, size_t i)
{
	int depth = 0;

	while (i < len)
	{
		if (json[i] == '"')
		{
			i = skip_string(json, len, i);
			continue;
		}
		if (json[i] == '[' || json[i] == '{')
			depth++;
		else if (json[i] == ']' || json[i] == '}')
			depth--;
		i++;
		if (depth == 0)
			return i;
	}
	return 0;
}

/* The member stands in the answer itself or in its `result`, never in an array. */
#define DATA_ARRAY_DEPTH 2

bool
dbi_find_data_array(const char *json, size_t len, size_t *start, size_t *end)
{
	static const char key[] = "\"data_array\"";
	int depth = 0;
	size_t i = 0;

	while (i < len)
	{
		size_t next = i + 1;

		if (json[i] == '{' && ++depth > DATA_ARRAY_DEPTH)
		{
			next = skip_array(json, len, i);
			depth--;
		}
		else if (json[i] == '}')
			depth--;
		else if (json[i] == '[')
			next = skip_array(json, len, i);
		else if (json[i] == '"')
		{
			next = skip_string(json, len, i);
			if (next - i == strlen(key) && strncmp(json + i, key, strlen(key)) == 0)
			{
				while (next < len && (is_space(json[next]) || json[next] == ':'))
					next++;
				*start = next;
				*end = next < len && json[next] == '[' ? skip_array(json, len, next) : 0;
				return *end != 0;
			}
		}
		if (next == 0)
			return false;
		i = next;
	}
	return false;
}
