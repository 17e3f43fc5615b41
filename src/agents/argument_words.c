/*
 * argument_words.c: what people say for the values of arguments.
 *
 * A form of dbinsight.argument_words is compared stem by stem; in it "*" is up
 * to three words of any kind and "#" a number. Articles are passed over on
 * both sides, and no form reaches across a full stop or a comma.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "agents/understand.h"

/* Words that "*" may stand for. */
#define MAX_GAP 3
/* More words than this in a form are cut. */
#define MAX_WORDS 10

static bool
is_article(const char *word)
{
	return dbi_is_one_of(word, "a|an|the");
}

char **
dbi_form_words(const char *form, int *n)
{
	char *copy = dbi_lower(form);
	char **words = palloc(sizeof(char *) * MAX_WORDS);
	char *save;

	*n = 0;
	for (char *w = strtok_r(copy, " ", &save); w && *n < MAX_WORDS; w = strtok_r(NULL, " ", &save))
		if (!is_article(w))
			words[(*n)++] = dbi_stem(w);
	return words;
}

typedef struct Match
{
	const DbiText *text;
	List *slots;
	int end;
	int first;  /* token the form began at */
	int number; /* token that "#" met, or -1 */
} Match;

/* A token a form may use: a name and a period mean what they mean. */
static bool
is_open(const Match *m, int i)
{
	DbiSlot *slot;

	if (m->text->tokens[i].slot < 0)
		return true;
	slot = list_nth(m->slots, m->text->tokens[i].slot);
	return slot->kind != DBI_SLOT_DATE && slot->kind != DBI_SLOT_USER &&
		   slot->kind != DBI_SLOT_IP && (slot->kind != DBI_SLOT_NAME || slot->candidates == NIL);
}

static bool
is_barrier(const DbiToken *t)
{
	return t->kind == DBI_TOK_PUNCT && strchr(",;.?!:()", t->text[0]) != NULL;
}

/* Signs and articles stand in no form. */
static bool
is_skipped(const DbiToken *t)
{
	return (t->kind == DBI_TOK_PUNCT && !is_barrier(t)) || t->kind == DBI_TOK_CMP ||
		   (t->kind == DBI_TOK_WORD && is_article(t->text));
}

static int
number_at(const Match *m, int i)
{
	double value;

	return dbi_number_word(m->text->tokens + i, m->end - i, &value);
}

/* "top 5" is a number of rows, unless the form has the word before the number too. */
static bool
is_countable_number(const Match *m, int i)
{
	DbiSlot *slot =
		m->text->tokens[i].slot >= 0 ? list_nth(m->slots, m->text->tokens[i].slot) : NULL;

	return !slot || slot->kind != DBI_SLOT_TOP_N || m->first < i;
}

/* Tokens that word takes at i; 0: it does not stand there. */
static int
word_at(Match *m, const char *word, int i)
{
	const DbiToken *t = &m->text->tokens[i];

	if (strcmp(word, "#") == 0)
	{
		int used = t->kind == DBI_TOK_NUMBER ? 1 : number_at(m, i);

		if (!is_countable_number(m, i))
			return 0;

		if (used > 0)
			m->number = i;
		return used;
	}
	return (t->kind == DBI_TOK_WORD || t->kind == DBI_TOK_IDENT) && strcmp(t->stem, word) == 0;
}

static int match_from(Match *m, const DbiArgumentWord *w, int k, int i);

/* "*" at k: the rest after the shortest gap that will do. */
static int
match_gap(Match *m, const DbiArgumentWord *w, int k, int i)
{
	int gap = 0;

	for (int at = i; gap <= MAX_GAP; at++)
	{
		int end = match_from(m, w, k + 1, at);

		if (end >= 0)
			return end;
		if (at >= m->end || is_barrier(&m->text->tokens[at]))
			return -1;
		gap += !is_skipped(&m->text->tokens[at]);
	}
	return -1;
}

/* "50gib", "10%": the unit of the number is the word after it. */
static bool
is_unit(const Match *m, const DbiArgumentWord *w, int k)
{
	const DbiToken *n = m->number >= 0 ? &m->text->tokens[m->number] : NULL;

	return k > 0 && n && n->kind == DBI_TOK_NUMBER && n->unit[0] != '\0' &&
		   strcmp(w->words[k - 1], "#") == 0 && strcmp(dbi_stem(n->unit), w->words[k]) == 0;
}

/* "90%" and "48h" are no counts: the number just met has a unit the form does not name. */
static bool
has_other_unit(const Match *m, int i)
{
	const DbiToken *n = m->number >= 0 && m->number == i - 1 ? &m->text->tokens[m->number] : NULL;

	return n && n->kind == DBI_TOK_NUMBER && n->unit[0] != '\0' &&
		   !dbi_is_one_of(n->unit, "x|k|th|st|nd|rd");
}

/* End of the match of words k … at token i, or -1. */
static int
match_from(Match *m, const DbiArgumentWord *w, int k, int i)
{
	int used;

	if (k == w->nwords)
		return k > 0 && strcmp(w->words[k - 1], "#") == 0 && has_other_unit(m, i) ? -1 : i;
	if (strcmp(w->words[k], "*") == 0)
		return match_gap(m, w, k, i);
	if (is_unit(m, w, k))
		return match_from(m, w, k + 1, i);
	if (has_other_unit(m, i))
		return -1;
	while (i < m->end && k > 0 && is_skipped(&m->text->tokens[i]))
		i++;
	if (i >= m->end || !is_open(m, i))
		return -1;
	used = word_at(m, w->words[k], i);
	return used > 0 ? match_from(m, w, k + 1, i + used) : -1;
}

static const char *
number_text(const Match *m)
{
	double value = 0;

	if (m->text->tokens[m->number].kind == DBI_TOK_NUMBER)
		value = m->text->tokens[m->number].number;
	else
		(void) dbi_number_word(m->text->tokens + m->number, m->end - m->number, &value);
	return psprintf("%.12g", value);
}

static int
plain_words(const DbiArgumentWord *w)
{
	int n = 0;

	for (int k = 0; k < w->nwords; k++)
		n += strcmp(w->words[k], "*") != 0;
	return n;
}

/* Of an @enum only its words can be a value. */
static bool
is_value(const DbiArgument *arg, const char *value)
{
	for (int i = 0; i < arg->nwords; i++)
		if (strcmp(arg->words[i], value) == 0)
			return true;
	return arg->nwords == 0;
}

static bool
applies(const DbiArgumentWord *w, const char *tool, const DbiArgument *arg)
{
	return strcmp(w->argument, arg->name) == 0 &&
		   (w->tool[0] == '\0' || strcmp(w->tool, tool) == 0) &&
		   (strcmp(w->value, "#") == 0 || is_value(arg, w->value));
}

/* "not cost, quality": what is taken back is no value. */
static bool
is_taken_back(const DbiText *text, int at)
{
	return at > 0 && dbi_is_one_of(text->tokens[at - 1].text, "not|except|excluding");
}

/* Whether another value is said as fully elsewhere: "jobs, sql and clusters" is all of them. */
static bool
is_contested(const DbiLexicon *lex, const char *tool, const DbiArgument *arg, const DbiText *text,
			 List *slots, int from, int to, const DbiWordHit *hit, int words)
{
	for (int i = 0; i < lex->nwords; i++)
	{
		const DbiArgumentWord *w = &lex->words[i];

		if (!applies(w, tool, arg) || plain_words(w) != words || strcmp(w->value, hit->value) == 0)
			continue;
		for (int at = from; at < to; at++)
		{
			Match m = {text, slots, to, at, -1};
			int end = match_from(&m, w, 0, at);

			if (end >= 0 && (at >= hit->to || end <= hit->from) && !is_taken_back(text, at))
				return true;
		}
	}
	return false;
}

bool
dbi_find_argument_word(const DbiLexicon *lex, const char *tool, const DbiArgument *arg,
					   const DbiText *text, List *slots, int from, int to, DbiWordHit *hit)
{
	int most = 0;

	for (int i = 0; i < lex->nwords; i++)
	{
		const DbiArgumentWord *w = &lex->words[i];
		int words;

		if (!applies(w, tool, arg) || (words = plain_words(w)) < most)
			continue;
		CHECK_FOR_INTERRUPTS();
		for (int at = from; at < to; at++)
		{
			Match m = {text, slots, to, at, -1};
			int end = match_from(&m, w, 0, at);

			if (end < 0 || (words == most && at >= hit->from) || is_taken_back(text, at))
				continue;
			most = words;
			hit->value =
				strcmp(w->value, "#") == 0 ? (m.number >= 0 ? number_text(&m) : "0") : w->value;
			hit->from = at;
			hit->to = end;
			hit->number = m.number;
			break;
		}
	}
	hit->contested = most > 0 && arg->nwords > 0 &&
					 is_contested(lex, tool, arg, text, slots, from, to, hit, most);
	return most > 0 && !hit->contested;
}
