/*
 * plan_choose.c: "the second one": a row of the last table, or one of the
 * questions that were offered. The frame keeps the first cell of each row as
 * it was shown, and the questions.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/json.h"

#include "agents/planner.h"

/* Rows of a table that can be spoken of. */
#define MAX_ROWS 20

/* ---- what can be chosen ---- */

/* The cell without the marks of Markdown. */
static char *
plain_cell(const char *cell, int len)
{
	StringInfoData s;

	initStringInfo(&s);
	for (int i = 0; i < len; i++)
		if (strchr("*`\\", cell[i]) == NULL)
			appendStringInfoChar(&s, cell[i]);
	return s.data;
}

/* First cells of the rows of the first table of the text. */
static List *
shown_rows(const char *content)
{
	List *rows = NIL;
	const char *p = strstr(content, "\n| ---");

	while (p && list_length(rows) < MAX_ROWS)
	{
		const char *end;

		p = strchr(p + 1, '\n');
		if (!p || strncmp(p, "\n| ", 3) != 0)
			break;
		end = strstr(p + 3, " |");
		if (!end)
			break;
		rows = lappend(rows, plain_cell(p + 3, (int) (end - p - 3)));
	}
	return rows;
}

static void
append_list(StringInfo s, const char *key, List *items)
{
	ListCell *lc;

	appendStringInfo(s, "%s\"%s\":[", s->len > 1 ? "," : "", key);
	foreach(lc, items)
	{
		if (s->data[s->len - 1] != '[')
			appendStringInfoChar(s, ',');
		escape_json(s, lfirst(lc));
	}
	appendStringInfoChar(s, ']');
}

char *
dbi_frame_with_choices(const char *frame_json, const char *content, List *questions)
{
	StringInfoData s;
	size_t len = frame_json ? strlen(frame_json) : 0;

	initStringInfo(&s);
	if (len < 2 || frame_json[len - 1] != '}')
		appendStringInfoChar(&s, '{');
	else
		appendBinaryStringInfo(&s, frame_json, (int) len - 1);
	append_list(&s, "rows", shown_rows(content));
	append_list(&s, "questions", questions);
	appendStringInfoChar(&s, '}');
	return s.data;
}

/* ---- which one ---- */

typedef struct Choice
{
	int number; /* from 1; 0: none; -1: the last */
	int from;   /* tokens [from, to) */
	int to;
} Choice;

static int
ordinal(const DbiToken *t)
{
	static const char *const words[] = {"first", "second",  "third",  "fourth", "fifth",
										"sixth", "seventh", "eighth", "ninth",  "tenth"};

	if (t->kind == DBI_TOK_WORD && strcmp(t->text, "last") == 0)
		return -1;
	for (int i = 0; t->kind == DBI_TOK_WORD && i < lengthof(words); i++)
		if (strcmp(t->text, words[i]) == 0)
			return i + 1;
	if (t->kind == DBI_TOK_NUMBER && dbi_is_one_of(t->unit, "st|nd|rd|th") && t->number >= 1 &&
		t->number <= MAX_ROWS && t->number == floor(t->number))
		return (int) t->number;
	return 0;
}

static bool
is_plain_number(const DbiToken *t)
{
	return t->kind == DBI_TOK_NUMBER && t->unit[0] == '\0' && t->number >= 1 &&
		   t->number <= MAX_ROWS && t->number == floor(t->number);
}

/* "the second one", "2nd row", "number 3", "#3", "option 1"; "the second" alone. */
static Choice
find_choice(const DbiText *text)
{
	Choice none = {0, 0, 0};

	for (int i = 0; i < text->n; i++)
	{
		const DbiToken *t = &text->tokens[i];
		bool led = i > 0 && strcmp(text->tokens[i - 1].text, "the") == 0;
		int n = ordinal(t);

		if (t->slot >= 0)
			continue;
		if (n != 0 && i + 1 < text->n && text->tokens[i + 1].slot < 0 &&
			dbi_is_one_of(text->tokens[i + 1].text,
						  "one|row|entry|item|option|line|suggestion|question|result"))
			return (Choice){n, i - led, i + 2};
		if (n != 0 && led && dbi_count_words(text) <= 3 && i + 1 >= text->n - 1)
			return (Choice){n, i - led, i + 1};
		if (i + 1 < text->n && is_plain_number(&text->tokens[i + 1]) &&
			dbi_is_one_of(t->text, "number|no|nr|#|row|option|item|entry|line"))
			return (Choice){(int) text->tokens[i + 1].number, i - led, i + 2};
	}
	return none;
}

static char *
chosen_of(List *items, int number)
{
	int i = number < 0 ? list_length(items) - 1 : number - 1;

	return i >= 0 && i < list_length(items) ? list_nth(items, i) : NULL;
}

/* A question that was offered, when nothing but a number is said; else NULL. */
const char *
dbi_chosen_question(const DbiText *text, const DbiFrame *frame)
{
	Choice c = find_choice(text);

	if (c.number == 0 || frame->rows != NIL || dbi_count_words(text) > c.to - c.from + 2)
		return NULL;
	return chosen_of(frame->questions, c.number);
}

/* Whether the words are one of the questions that were offered: it stands by itself. */
bool
dbi_is_offered(const char *question, const DbiFrame *frame)
{
	ListCell *lc;

	foreach(lc, frame->questions)
		if (pg_strcasecmp(question, lfirst(lc)) == 0)
			return true;
	return false;
}

/*
 * Another reading of the question before: "the other reading", "the second
 * reading"; by its number alone where no rows were shown. With rows the one
 * that was answered is the first.
 */
const DbiReading *
dbi_chosen_reading(const DbiText *text, const DbiFrame *frame)
{
	Choice c;
	int i;

	if (frame->readings == NIL || dbi_count_words(text) > 6)
		return NULL;
	for (i = 0; i + 1 < text->n; i++)
		if (dbi_is_one_of(text->tokens[i + 1].text, "reading|meaning|interpretation"))
		{
			int n = strcmp(text->tokens[i].text, "other") == 0 ? 2 : ordinal(&text->tokens[i]);

			n = n < 0 ? list_length(frame->readings) - 1 : n - 2;
			return n >= 0 && n < list_length(frame->readings) ? list_nth(frame->readings, n) : NULL;
		}
	c = find_choice(text);
	if (frame->rows != NIL || c.number == 0 || dbi_count_words(text) > c.to - c.from + 2)
		return NULL;
	i = c.number < 0 ? list_length(frame->readings) - 1 : c.number - 1;
	return i < list_length(frame->readings) ? list_nth(frame->readings, i) : NULL;
}

/* A row of the last table, as if its name had been said. */
void
dbi_choose_row(DbiPlanner *p)
{
	Choice c = find_choice(p->text);
	char *value = c.number != 0 ? chosen_of(p->frame->rows, c.number) : NULL;
	DbiSlot *slot = value ? dbi_named(value) : NULL;

	if (!slot || slot->candidates == NIL)
		return;
	slot->from = c.from;
	slot->to = c.to;
	slot->origin = DBI_ORIGIN_TEXT;
	for (int i = c.from; i < c.to; i++)
	{
		int number = p->text->tokens[i].slot;

		/* "#2" was a number before it was a row. */
		if (number >= 0 && ((DbiSlot *) list_nth(p->slots, number))->kind != DBI_SLOT_NUMBER)
			return;
		if (number >= 0)
			((DbiSlot *) list_nth(p->slots, number))->kind = DBI_SLOT_TAKEN;
	}
	for (int i = c.from; i < c.to; i++)
		p->text->tokens[i].slot = list_length(p->slots);
	p->slots = lappend(p->slots, slot);
	p->chosen = slot;
}
