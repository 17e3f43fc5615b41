/*
 * untwist.c: two letters of a small word the wrong way round: "onyl", "teh",
 * "dyas". The lexicon's words are long enough to be repaired by their distance;
 * of small ones only those that join a follow-up to what it changes, and only
 * by a swap, which makes hardly another word of them.
 */
#include "postgres.h"

#include "agents/understand.h"

#define SMALL_WORDS                                                                                   \
	"the|and|for|top|last|past|only|just|same|over|than|more|less|with|from|what|when|which|show|"    \
	"list|back|again|that|this|those|these|them|here|there|day|days|hour|hours|week|weeks|month|"     \
	"months|year|today|prod|job|jobs|cost|costs|slow|table|tables|fail|failed|high|low|all|now|also|" \
	"how|about|much|many|why|who|where|did|does|please|other|first|next|since|until|under|above|"     \
	"below|between|before|after|instead|rather|sorry|meant|make"

/* The word with the letters at i and i + 1 in each other's place. */
static char *
swapped(const char *word, int i)
{
	char *r = pstrdup(word);

	r[i] = word[i + 1];
	r[i + 1] = word[i];
	return r;
}

/* Before slots are found; a word anybody knows is left as it is. */
void
dbi_untwist_words(const DbiLexicon *lex, DbiText *text)
{
	for (int n = 0; n < text->n; n++)
	{
		DbiToken *t = &text->tokens[n];
		int len = (int) strlen(t->text);

		if (t->kind != DBI_TOK_WORD || t->repaired || len < 3 || len > 8 ||
			dbi_is_one_of(t->text, SMALL_WORDS) || dbi_in_vocabulary(lex, t->text) ||
			dbi_find_form(lex, t->stem) || dbi_is_stop(lex, t->text, t->stem))
			continue;
		for (int i = 0; i + 1 < len && !t->repaired; i++)
		{
			char *word = swapped(t->text, i);

			if (!dbi_is_one_of(word, SMALL_WORDS))
				continue;
			t->text = word;
			t->stem = dbi_stem(word);
			t->repaired = true;
		}
	}
}
