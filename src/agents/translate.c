/*
 * translate.c: words of other languages by what they mean in English.
 *
 * "was haben wir gestern ausgegeben" is "what have we yesterday spent", which
 * is all that periods, the lexicon and the examples need: they look at words,
 * not at grammar. Forms of dbinsight.foreign_words are compared without
 * accents; the longest that stands at a place wins. Nothing is touched in a
 * text that has no word which is surely foreign.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "agents/understand.h"

/* More words than this in a form or a meaning are cut. */
#define MAX_WORDS 6
/* A word that is English too is translated where one in so many words is surely foreign. */
#define ENOUGH_FOREIGN 4

/* Letters of Latin-1 from U+00C0 on without their marks; a space is no letter. */
static const char plain_letters[] =
	"aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty";

/* The word without accents, as it is compared. */
static char *
without_accents(const char *word)
{
	char *r = dbi_lower(word);
	size_t n = 0;

	if (GetDatabaseEncoding() != PG_UTF8)
		return r;
	for (size_t i = 0; r[i];)
	{
		unsigned char c = (unsigned char) r[i];
		char plain = ' ';

		if (c == 0xC3)
			plain = plain_letters[(unsigned char) r[i + 1] & 0x3F];
		if (plain == ' ')
			r[n++] = r[i++];
		else
		{
			r[n++] = plain;
			i += 2;
		}
	}
	r[n] = '\0';
	return r;
}

static char **
split_words(const char *form, int *n)
{
	char *copy = without_accents(form);
	char **words = palloc(sizeof(char *) * MAX_WORDS);
	char *save;

	*n = 0;
	for (char *w = strtok_r(copy, " ", &save); w && *n < MAX_WORDS; w = strtok_r(NULL, " ", &save))
		words[(*n)++] = w;
	return words;
}

void
dbi_set_foreign_word(DbiForeignWord *word, const char *form, const char *meaning)
{
	word->words = split_words(form, &word->nwords);
	word->meaning = split_words(meaning, &word->nmeaning);
}

typedef struct Reading
{
	const DbiLexicon *lex;
	const DbiText *text;
	const char **plain; /* of each token, or NULL when it is no word of its own */
	const char *language;
} Reading;

/* "ausgab*" is every word that begins so. */
static bool
same_word(const char *form, const char *word)
{
	size_t len = strlen(form);

	if (len > 0 && form[len - 1] == '*')
		return strncmp(form, word, len - 1) == 0;
	return strcmp(form, word) == 0;
}

static bool
same_language(const Reading *r, const DbiForeignWord *f)
{
	/* languages of the lexicon, each written once */
	return r->language == f->language;
}

/* What a number word of the language means, or NULL. */
static const char *
number_word(const Reading *r, int i)
{
	if (r->plain[i] == NULL)
		return NULL;
	for (int k = 0; k < r->lex->nforeign; k++)
	{
		const DbiForeignWord *f = &r->lex->foreign[k];

		if (f->nwords == 1 && f->nmeaning == 1 && same_language(r, f) &&
			dbi_is_one_of(f->meaning[0], "one|two|three|four|five|six|seven|eight|nine|ten|twelve") &&
			same_word(f->words[0], r->plain[i]))
			return f->meaning[0];
	}
	return NULL;
}

static bool
stands_at(const Reading *r, const DbiForeignWord *f, int i)
{
	if (!same_language(r, f) || i + f->nwords > r->text->n)
		return false;
	for (int k = 0; k < f->nwords; k++)
	{
		if (strcmp(f->words[k], "#") == 0)
		{
			if (r->text->tokens[i + k].kind != DBI_TOK_NUMBER && number_word(r, i + k) == NULL)
				return false;
		}
		else if (r->plain[i + k] == NULL || !same_word(f->words[k], r->plain[i + k]))
			return false;
	}
	return true;
}

/* The longest form at i; of equally long ones the one with the longer first word. */
static const DbiForeignWord *
form_at(const Reading *r, int i)
{
	const DbiForeignWord *best = NULL;
	int letter = r->plain[i] ? r->plain[i][0] - 'a' : -1;

	if (letter < 0 || letter >= 26)
		return NULL;
	for (int k = r->lex->first_foreign[letter]; k < r->lex->first_foreign[letter + 1]; k++)
	{
		const DbiForeignWord *f = &r->lex->foreign[k];

		if (stands_at(r, f, i) &&
			(best == NULL || f->nwords > best->nwords ||
			 (f->nwords == best->nwords && strlen(f->words[0]) > strlen(best->words[0]))))
			best = f;
	}
	return best;
}

/* Words of the text that are surely of the language. */
static int
count_sure(Reading *r, const char *language)
{
	int n = 0;

	r->language = language;
	for (int i = 0; i < r->text->n; i++)
	{
		const DbiForeignWord *f = form_at(r, i);

		n += f != NULL && !f->shared;
		i += f != NULL ? f->nwords - 1 : 0;
	}
	return n;
}

/* Sets the language with most words in the text; how many, 0 for none. */
static int
find_language(Reading *r)
{
	const DbiLexicon *lex = r->lex;
	const char *found = NULL;
	int most = 0;

	for (int k = 0; k < lex->nlanguages; k++)
	{
		int n = count_sure(r, lex->languages[k]);

		if (n > most)
		{
			most = n;
			found = lex->languages[k];
		}
	}
	r->language = found;
	return most;
}

/* Words by which they are compared; what is part of a longer name is none. */
static int
set_plain(Reading *r)
{
	int n = 0;

	r->plain = palloc0(sizeof(char *) * Max(r->text->n, 1));
	for (int i = 0; i < r->text->n; i++)
	{
		const DbiToken *t = &r->text->tokens[i];

		if (t->kind != DBI_TOK_WORD || t->chunk_start != t->start || t->chunk_end != t->end)
			continue;
		r->plain[i] = without_accents(t->text);
		n++;
	}
	return n;
}

/* The tokens a form at i becomes; each stands where the form stood. */
static int
add_meaning(const Reading *r, const DbiForeignWord *f, int i, DbiToken *out)
{
	const DbiToken *first = &r->text->tokens[i];
	const DbiToken *last = &r->text->tokens[i + f->nwords - 1];

	for (int k = 0; k < f->nmeaning; k++)
	{
		const char *word = f->meaning[k];

		out[k] = *first;
		for (int w = 0; w < f->nwords && strcmp(word, "#") == 0; w++)
			if (strcmp(f->words[w], "#") == 0)
			{
				out[k] = r->text->tokens[i + w];
				word = number_word(r, i + w);
				break;
			}
		if (word != NULL)
		{
			out[k].text = word;
			out[k].stem = dbi_stem(word);
			out[k].repaired = true;
		}
		out[k].start = first->start;
		/* Words of one chunk would be a name with joiners in it. */
		out[k].chunk_start = k == 0 ? first->start : -1;
		out[k].end = out[k].chunk_end = last->end;
	}
	return f->nmeaning;
}

/* Before slots are found: foreign words become English ones, or nothing. */
void
dbi_translate(const DbiLexicon *lex, DbiText *text)
{
	Reading r = {lex, text, NULL, NULL};
	int words;
	int sure;
	int n = 0;
	DbiToken *out;

	if (lex->nforeign == 0)
		return;
	words = set_plain(&r);
	sure = find_language(&r);
	if (sure == 0)
		return;
	out = palloc(sizeof(DbiToken) * text->n * MAX_WORDS);
	for (int i = 0; i < text->n; i++)
	{
		const DbiForeignWord *f = form_at(&r, i);

		CHECK_FOR_INTERRUPTS();
		if (f == NULL || (f->shared && sure * ENOUGH_FOREIGN < words))
		{
			out[n++] = text->tokens[i];
			continue;
		}
		n += add_meaning(&r, f, i, out + n);
		i += f->nwords - 1;
	}
	/* A text of words that say nothing stays what it is. */
	if (n == 0)
		return;
	text->tokens = out;
	text->n = n;
}
