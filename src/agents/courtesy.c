/*
 * courtesy.c: greetings and thanks around a question.
 *
 * "Dear team, trust you are doing well. … Kindly oblige." says nothing of the
 * question, and its words would: a team is also a tag, a reply also a metric.
 * A part between stops at either end that is made of courtesy alone is left
 * out, as long as something else remains.
 */
#include "postgres.h"

#include "agents/understand.h"

#define COURTESY                                                                                       \
	"hi|hello|hey|heya|dear|respected|good|morning|afternoon|evening|day|gm|greetings|team|all|"       \
	"colleague|colleagues|friend|friends|mate|mates|sir|sirs|madam|ladies|gentlemen|folks|everyone|"   \
	"everybody|guys|there|dbinsight|bot|assistant|thanks|thank|thankyou|thx|ty|cheers|ta|you|so|much|" \
	"very|many|regards|kind|kindly|best|warm|please|pls|plz|revert|oblige|do|the|needful|awaiting|"    \
	"your|reply|response|anticipation|in|advance|for|this|that|ok|okay|right|well|hm|hmm|hmmm|great|"  \
	"fine|cool|nice|bet|lol|perfect|interesting|hope|trust|are|doing|is|i|we|thanking|appreciated|"    \
	"much|appreciate|it|and|bestie|quick|question|one|a|again|to|from|my|side|with|due|respect|all"

static bool
is_stop_token(const DbiToken *t)
{
	return t->kind == DBI_TOK_PUNCT && strchr(",.!?;:", t->text[0]) != NULL;
}

/* Whether tokens [from, to) hold words, and only those of courtesy. */
static bool
is_courtesy(const DbiText *text, int from, int to)
{
	bool any = false;

	for (int i = from; i < to; i++)
	{
		const DbiToken *t = &text->tokens[i];

		if (t->kind == DBI_TOK_PUNCT)
			continue;
		if (t->kind != DBI_TOK_WORD || !dbi_is_one_of(t->text, COURTESY))
			return false;
		any = true;
	}
	return any;
}

static bool
has_more(const DbiText *text, int from, int to)
{
	return from < to && !is_courtesy(text, from, to);
}

/* Before slots are found: tokens are taken out. */
void
dbi_drop_courtesy(DbiText *text)
{
	int from = 0;
	int to = text->n;

	for (int i = 0; i < to; i++)
		if (is_stop_token(&text->tokens[i]))
		{
			if (!is_courtesy(text, from, i) || !has_more(text, i + 1, to))
				break;
			from = i + 1;
		}
	for (int i = to - 1, end = to; i > from; i--)
		if (is_stop_token(&text->tokens[i]))
		{
			if (i + 1 < end && (!is_courtesy(text, i + 1, end) || !has_more(text, from, i)))
				break;
			to = end = i + 1;
		}
	if (from == 0 && to == text->n)
		return;
	memmove(text->tokens, text->tokens + from, sizeof(DbiToken) * (to - from));
	text->n = to - from;
}
