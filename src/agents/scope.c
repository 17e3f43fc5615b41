/*
 * scope.c: whether a text is a question about the account at all.
 *
 * Few words may be known and still all be ours, or many be known and the text
 * be about something else: that is weighed as the router has learned it from
 * questions of both kinds.
 */
#include "postgres.h"

#include "agents/router.h"

/* A text with more words that nobody has written down for us, and so many times as many as others, is noise. */
#define MOST_UNKNOWN 40
#define UNKNOWN_SHARE 2

static double
scaled(double x)
{
	return Min(Max(x, -4), 8) / 4;
}

void
dbi_scope_features(const DbiLexicon *lex, const DbiText *text, const DbiClause *c, double *x)
{
	double second = -4;
	double lexical = 0;
	double like = 0;

	for (int a = 0; a < lex->nagents; a++)
	{
		if (a != c->best_agent)
			second = Max(second, c->agents[a]);
		lexical = Max(lexical, c->lexical[a]);
	}
	for (int t = 0; t < lex->ntools; t++)
		like = Max(like, c->likeness[t]);
	x[0] = 1;
	x[1] = scaled(c->best_agent >= 0 ? c->evidence : -4);
	x[2] = scaled(second);
	x[3] = scaled(c->refusal[DBI_LABEL_SCOPE]);
	x[4] = scaled(c->scope - Max(c->refusal[DBI_LABEL_SCOPE], 0));
	x[5] = scaled(lexical);
	x[6] = like;
	x[7] = Min(dbi_own_words(lex, text, c), 12) / 6.0;
	x[8] = scaled(c->best_tool >= 0 ? c->tools[c->best_tool] : 0);
	x[9] = scaled(c->refusal[DBI_LABEL_SMALLTALK]);
}

static bool
is_spoken_for(const DbiLexicon *lex, const DbiClause *c, int i)
{
	ListCell *lc;

	foreach(lc, c->hits)
	{
		DbiHit *hit = lfirst(lc);

		if (hit->from <= i && i < hit->to && lex->concepts[hit->concept].weights != NIL)
			return true;
	}
	return false;
}

/*
 * Whether the lexicon knows an agent by every word that carries meaning: so a
 * word someone has just taught it counts before the model has learned it.
 */
static bool
is_known_throughout(const DbiLexicon *lex, const DbiText *text, const DbiClause *c)
{
	double most = 0;

	for (int a = 0; a < lex->nagents; a++)
		most = Max(most, c->lexical[a]);
	for (int i = c->from; i < c->to; i++)
	{
		const DbiToken *t = &text->tokens[i];

		if (t->slot < 0 && t->kind == DBI_TOK_WORD && !dbi_is_stop(lex, t->text, t->stem) &&
			!is_spoken_for(lex, c, i))
			return false;
	}
	return most >= DBI_OWN_EVIDENCE && c->scope <= Max(c->refusal[DBI_LABEL_SCOPE], 0);
}

/* A question that is among the examples is ours, whatever its words mean elsewhere. */
static bool
is_remembered(const DbiLexicon *lex, const DbiClause *c)
{
	/* in training no question may be its own witness */
	for (int t = 0; t < lex->ntools && !dbi_router_off; t++)
		if (c->likeness[t] >= REMEMBERED_LIKENESS)
			return true;
	return false;
}

/* Not one word anyone has ever written down for us, "asdf qwer", or hardly one of very many. */
static bool
is_gibberish(const DbiLexicon *lex, const DbiText *text, const DbiClause *c)
{
	bool named = false;
	int known = 0;
	int unknown = 0;

	for (int i = c->from; i < c->to; i++)
	{
		const DbiToken *t = &text->tokens[i];

		named = named || t->slot >= 0;
		if (t->slot >= 0 || t->kind != DBI_TOK_WORD || dbi_is_stop(lex, t->text, t->stem))
			continue;
		if (dbi_in_vocabulary(lex, t->text))
			known++;
		else
			unknown++;
	}
	return (known == 0 && !named) || unknown > MOST_UNKNOWN + known * UNKNOWN_SHARE;
}

/* A name that is no word people use: nightly_etl, main.gold.orders. */
static bool
is_own_name(const DbiText *text, const DbiSlot *slot)
{
	const DbiCandidate *c = slot->candidates ? linitial(slot->candidates) : NULL;

	return c != NULL && c->known && slot->from >= 0 && slot->kind == DBI_SLOT_NAME &&
		   (slot->to > slot->from + 1 || text->tokens[slot->from].kind == DBI_TOK_IDENT);
}

/* Whether something of the account is named, and the lexicon says nothing against it. */
bool
dbi_names_ours(const DbiText *text, List *slots, const DbiClause *c)
{
	ListCell *lc;

	if (c->evidence < DBI_OWN_EVIDENCE || c->scope > Max(c->refusal[DBI_LABEL_SCOPE], 0))
		return false;
	foreach(lc, slots)
		if (is_own_name(text, lfirst(lc)))
			return true;
	return false;
}

/* Without a model: when what speaks for nothing of ours is not outweighed. */
bool
dbi_is_foreign(const DbiLexicon *lex, const DbiText *text, const DbiClause *c)
{
	double x[DBI_SCOPE_FEATURES];
	double z = 0;

	if (!c->learned)
		return c->scope > 0 && c->scope >= c->evidence;
	if (is_gibberish(lex, text, c))
		return true;
	if (is_remembered(lex, c) || is_known_throughout(lex, text, c))
		return false;
	dbi_scope_features(lex, text, c, x);
	for (int k = 0; k < DBI_SCOPE_FEATURES; k++)
		z += x[k] * lex->router->scope[k];
	return z > 0;
}
