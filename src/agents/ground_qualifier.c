/*
 * ground_qualifier.c: what narrows a count. "16 critical tables" are the rows
 * that are critical, "7 nightly jobs" only those of a result that speaks of the
 * night: a count of all rows does not bear a word that the rows do not.
 */
#include "postgres.h"

#include "agents/ground_figure.h"

/* Words that leave some things out. Others may be there for style: "7 different jobs". */
static const char *const qualifiers[] =
	{"production", "prod",      "staging",      "development", "nightly",     "hourly",
	 "daily",      "weekly",    "monthly",      "scheduled",   "manual",      "streaming",
	 "serverless", "critical",  "severe",       "high-risk",   "suspicious",  "malicious",
	 "new",        "external",  "internal",     "foreign",     "unknown",     "human",
	 "admin",      "service",   "guest",        "successful",  "failed",      "failing",
	 "cancelled",  "canceled",  "gold",         "silver",      "bronze",      "idle",
	 "unused",     "active",    "inactive",     "orphaned",    "untagged",    "tagged",
	 "public",     "private",   "sensitive",    "encrypted",   "unencrypted", "pii",
	 "stale",      "trusted",   "untrusted",    "blocked",     "denied",      "allowed",
	 "approved",   "unowned",   "expired",      "temporary",   "shared",      "personal",
	 "managed",    "unmanaged", "retried",      "repaired",    "duplicate",   "deleted",
	 "privileged", "overdue",   "undocumented", NULL};

static const char *const prepositions[] = {"in", "of", "for", "on", "from", "with", NULL};

static bool
is_given(const DbiResult *r, const char *key)
{
	for (int i = 0; i < r->ngiven; i++)
		if (!r->given[i].cell.isnull && r->given[i].kind == DBI_TEXT &&
			dbi_has_word(dbi_ground_key(r->given[i].cell.text), key))
			return true;
	return false;
}

/* Does every row of the set have the mark? -1: the result has no such mark. */
static int
all_marked(const DbiFigure *f, int n, int set, const char *key)
{
	const DbiResult *r = dbi_figure_result(f, n);

	for (int c = 0; c < r->ncolumns; c++)
	{
		if (r->columns[c].kind != DBI_BOOL || !dbi_has_word(f->s->judge->facts->columns[n][c], key))
			continue;
		return dbi_aggregate(f->s, n, set, c)->ntrue == f->s->sets[n][set].n;
	}
	return -1;
}

static bool
is_asked(const DbiFacts *facts, const char *key)
{
	const DbiTokens *question = facts->turn->question ? linitial(facts->echoes) : NULL;

	for (int i = 0; question && i < question->n; i++)
		if (question->t[i].kind == GLYPH_WORD && strcmp(question->t[i].key, key) == 0)
			return true;
	return false;
}

/* The result knows the word as what its rows or columns are called, or the question was for it. */
static bool
is_spoken_of(const DbiFigure *f, int n, const char *key)
{
	const DbiFacts *facts = f->s->judge->facts;

	if (is_asked(facts, key))
		return true;
	if (dbi_has_word(facts->noun_keys[n], key) || is_given(dbi_figure_result(f, n), key))
		return true;
	for (int c = 0; c < dbi_figure_result(f, n)->ncolumns; c++)
		if (dbi_has_word(facts->columns[n][c], key))
			return true;
	return false;
}

/* Does the word at a token leave out rows of the set? */
static bool
leaves_out(const DbiFigure *f, int n, int set, int at)
{
	const DbiGlyphToken *t = &f->s->tokens->t[at];
	bool qualifies = t->kind == GLYPH_WORD && dbi_word_in(qualifiers, t->word);
	int marked;

	for (int k = 1; k < f->s->nsets[n]; k++)
		if (f->s->sets[n][k].from == at && f->s->sets[n][k].column >= 0 && t->kind == GLYPH_WORD &&
			qualifies)
			return !bms_is_subset(f->s->sets[n][set].rows, f->s->sets[n][k].rows);
	if (!qualifies)
		return false;
	marked = all_marked(f, n, set, t->key);
	return marked >= 0 ? marked == 0 : !is_spoken_of(f, n, t->key);
}

static bool
is_too_wide(const DbiFigure *f, int n, int set)
{
	int counted = f->counted;

	for (int i = f->at + 1; i < counted; i++)
		if (leaves_out(f, n, set, i))
			return true;
	/* "tables with PII", "sign-ins from new devices" */
	for (int i = counted + 1; i + 1 < f->s->to && i <= counted + 2; i++)
	{
		const DbiGlyphToken *t = &f->s->tokens->t[i];

		if (t->kind != GLYPH_WORD)
			return false;
		if (dbi_word_in(prepositions, t->word))
			return leaves_out(f, n, set, i + 1);
	}
	return false;
}

bool
dbi_set_is_too_wide(DbiFigure *f, int n, int set)
{
	bool wide = is_too_wide(f, n, set);

	/* it counts that, and nothing else that happens to be as many */
	f->linked = f->linked || wide;
	return wide;
}
