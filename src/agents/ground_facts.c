/*
 * ground_facts.c: the results of a turn, ready to be compared with: which rows
 * a text stands in, what a column measures, what may be said unproved.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"

#include "agents/ground_parts.h"

#define MAX_KEY 96 /* longer texts are no names */

typedef struct DbiReading
{
	bool known;
	bool reads;
	double factor;
} DbiReading;

typedef struct Phrase
{
	char key[MAX_KEY];
	DbiPhrasePlace *places;
} Phrase;

/* ---- units ---- */

DbiUnitClass
dbi_ground_unit(DbiKind kind, double *factor)
{
	*factor = 1;
	switch (kind)
	{
		case DBI_USD:
			return UNIT_USD;
		case DBI_PCT:
			return UNIT_PCT;
		case DBI_SECONDS:
			return UNIT_SECONDS;
		case DBI_MS:
			*factor = 0.001;
			return UNIT_SECONDS;
		case DBI_MINUTES:
			*factor = 60;
			return UNIT_SECONDS;
		case DBI_HOURS:
			*factor = 3600;
			return UNIT_SECONDS;
		case DBI_BYTES:
			return UNIT_BYTES;
		case DBI_GIB:
			*factor = 1024.0 * 1024 * 1024;
			return UNIT_BYTES;
		case DBI_TIB:
			*factor = 1024.0 * 1024 * 1024 * 1024;
			return UNIT_BYTES;
		case DBI_MBPS:
			return UNIT_MBPS;
		default:
			return UNIT_NONE;
	}
}

/* A figure without a unit of its own name may be a share. */
static bool
is_share(const DbiResult *r, int column)
{
	bool any = false;

	for (int i = 0; i < r->nrows; i++)
	{
		const DbiCell *cell = &r->rows[i][column];

		if (cell->isnull)
			continue;
		if (cell->number < 0 || cell->number > 1)
			return false;
		any = true;
	}
	return any;
}

/* A column of words that names the unit, as "cost_usd" in metric or "s" in unit. */
static bool
unit_is_named(const DbiFacts *facts, int result, DbiUnitClass unit)
{
	const DbiResult *r = facts->results[result];

	for (int c = 0; c < r->ncolumns; c++)
	{
		if (r->columns[c].kind != DBI_TEXT)
			continue;
		for (int i = 0; i < r->nrows; i++)
		{
			const char *key = facts->keys[result][i][c];
			const char *last = key ? strrchr(key, ' ') : NULL;
			double factor;

			if (key == NULL)
				continue;
			last = last ? last + 1 : key;
			if (dbi_ground_unit(dbi_kind(psprintf("x_%s", last), FLOAT8OID), &factor) == unit &&
				unit != UNIT_NONE)
				return true;
		}
	}
	return false;
}

static bool
find_reading(const DbiFacts *facts, int result, int column, DbiUnitClass unit, double *factor)
{
	const DbiResult *r = facts->results[result];
	DbiKind kind = r->columns[column].kind;
	double other;

	if (!dbi_kind_numeric(kind))
		return false;
	if (dbi_ground_unit(kind, factor) == unit)
		return true;
	if (kind != DBI_NUMBER || unit == UNIT_OTHER)
		return false;
	*factor = unit == UNIT_PCT ? 100 : 1;
	if (unit == UNIT_PCT && is_share(r, column))
		return true;
	for (int c = 0; c < r->ncolumns && unit != UNIT_PCT; c++)
		if (dbi_kind_numeric(r->columns[c].kind) &&
			dbi_ground_unit(r->columns[c].kind, &other) == unit)
		{
			*factor = other;
			return true;
		}
	return unit != UNIT_PCT && unit_is_named(facts, result, unit);
}

bool
dbi_ground_reads(const DbiFacts *facts, int result, int column, DbiUnitClass unit, double *factor)
{
	DbiReading *reading = &facts->readings[result][column * (UNIT_OTHER + 1) + unit];

	if (!reading->known)
	{
		reading->reads = find_reading(facts, result, column, unit, &reading->factor);
		reading->known = true;
	}
	*factor = reading->factor;
	return reading->reads;
}

/* ---- phrases ---- */

static void
add_phrase(DbiFacts *facts, const char *key, int result, int column, int row)
{
	Phrase *phrase;
	DbiPhrasePlace *place;
	bool found;
	char buffer[MAX_KEY] = {0};

	if (key[0] == '\0' || strlen(key) >= MAX_KEY)
		return;
	strlcpy(buffer, key, MAX_KEY);
	phrase = hash_search(facts->phrases, buffer, HASH_ENTER, &found);
	if (!found)
		phrase->places = NULL;
	for (place = phrase->places; place; place = place->next)
		if (place->result == result && place->column == column)
			break;
	if (place == NULL)
	{
		place = palloc0(sizeof(DbiPhrasePlace));
		place->result = result;
		place->column = column;
		place->next = phrase->places;
		phrase->places = place;
	}
	place->rows = bms_add_member(place->rows, row);
}

DbiPhrasePlace *
dbi_ground_phrase(const DbiFacts *facts, const char *key)
{
	char buffer[MAX_KEY] = {0};
	Phrase *phrase;

	if (strlen(key) >= MAX_KEY)
		return NULL;
	strlcpy(buffer, key, MAX_KEY);
	phrase = hash_search(facts->phrases, buffer, HASH_FIND, NULL);
	return phrase ? phrase->places : NULL;
}

/* "failures_last_20 = 10" as the format words prints it. */
static char *
in_words(const char *text)
{
	char *words = pstrdup(text);

	for (char *p = words; *p; p++)
		*p = *p == '_' ? ' ' : *p;
	return words;
}

/* As a sentence's words give it, in which "team=data" and "(none)" have no marks. */
static char *
bare_key(const char *text)
{
	char *bare = pstrdup(text);

	for (char *p = strpbrk(bare, "=()"); p; p = strpbrk(p, "=()"))
		*p = ' ';
	return dbi_ground_key(bare);
}

static void
index_cell(DbiFacts *facts, StringInfo corpus, int result, int row, int column)
{
	const DbiResult *r = facts->results[result];
	const DbiCell *cell = &r->rows[row][column];
	const DbiCell *above = row > 0 ? &r->rows[row - 1][column] : NULL;
	bool same = above && !above->isnull && !cell->isnull && strcmp(above->text, cell->text) == 0;
	DbiKind kind = r->columns[column].kind;

	if (cell->isnull || dbi_kind_numeric(kind) || kind == DBI_BOOL)
		return;
	facts->keys[result][row][column] =
		same ? facts->keys[result][row - 1][column] : dbi_ground_key(cell->text);
	add_phrase(facts, facts->keys[result][row][column], result, column, row);
	if (strpbrk(cell->text, "=()"))
		add_phrase(facts, bare_key(cell->text), result, column, row);
	for (int i = 0; i < cell->nitems; i++)
		add_phrase(facts, dbi_ground_key(cell->items[i]), result, column, row);
	if (kind == DBI_TIME && strlen(cell->text) > 10)
		add_phrase(facts, dbi_ground_key(pnstrdup(cell->text, 10)), result, column, row);
	if (!same)
		appendStringInfo(corpus, "%s\n", cell->text);
	if (!same && strchr(cell->text, '_') && strchr(cell->text, ' '))
		appendStringInfo(corpus, "%s\n", in_words(cell->text));
	if (cell->id && !same)
		appendStringInfo(corpus, "%s\n", cell->id);
}

static void
index_result(DbiFacts *facts, StringInfo corpus, int n)
{
	const DbiResult *r = facts->results[n];
	char *noun = pstrdup(list_nth(facts->turn->nouns, n));

	appendStringInfo(corpus, "%s\n", r->call->tool);
	for (char *p = noun; *p; p++)
		if (*p == '/')
			*p = ' ';
	facts->nouns[n] = dbi_ground_key(noun);
	facts->noun_keys[n] =
		psprintf("%s %s", dbi_ground_key(noun),
				 dbi_ground_key(r->call->tool + 4 * (strncmp(r->call->tool, "get_", 4) == 0)));
	facts->differ[n] = palloc0(sizeof(int) * Max(r->ncolumns, 1));
	facts->readings[n] = palloc0(sizeof(DbiReading) * (UNIT_OTHER + 1) * Max(r->ncolumns, 1));
	facts->columns[n] = palloc0(sizeof(char *) * Max(r->ncolumns, 1));
	for (int c = 0; c < r->ncolumns; c++)
	{
		facts->columns[n][c] = dbi_ground_key(r->columns[c].name);
		appendStringInfo(corpus, "%s\n", facts->columns[n][c]);
		appendStringInfo(corpus, "%s\n", r->columns[c].name);
	}
	for (int i = 0; i < r->ngiven; i++)
		if (!r->given[i].cell.isnull)
			appendStringInfo(corpus, "%s\n%s\n", r->given[i].name, r->given[i].cell.text);
	if (!r->ok)
		appendStringInfo(corpus, "%s\n%s\n", r->error ? r->error : "", r->hint ? r->hint : "");
	facts->keys[n] = palloc0(sizeof(char **) * Max(r->nrows, 1));
	for (int row = 0; row < r->nrows; row++)
	{
		facts->all[n] = bms_add_member(facts->all[n], row);
		facts->keys[n][row] = palloc0(sizeof(char *) * Max(r->ncolumns, 1));
		for (int c = 0; c < r->ncolumns; c++)
			index_cell(facts, corpus, n, row, c);
	}
}

bool
dbi_all_differ(const DbiFacts *facts, int result, int column)
{
	int *differ = &facts->differ[result][column];

	if (*differ != 0)
		return *differ > 0;
	*differ = 1;
	for (int row = 0; row<facts->results[result]->nrows && * differ> 0; row++)
	{
		const char *key = facts->keys[result][row][column];
		DbiPhrasePlace *place = key ? dbi_ground_phrase(facts, key) : NULL;

		for (; place && *differ > 0; place = place->next)
			if (place->result == result && place->column == column &&
				bms_membership(place->rows) == BMS_MULTIPLE)
				*differ = -1;
	}
	return *differ > 0;
}

/* ---- what may be said ---- */

static List *
tokens_of(List *texts)
{
	List *tokens = NIL;
	ListCell *lc;

	foreach(lc, texts)
		tokens = lappend(tokens, dbi_ground_tokens(lfirst(lc), 0, strlen(lfirst(lc))));
	return tokens;
}

bool
dbi_ground_known(const DbiFacts *facts, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = strstr(facts->corpus, name); p; p = strstr(p + 1, name))
	{
		bool starts = p == facts->corpus || !(isalnum((unsigned char) p[-1]) || p[-1] == '_');

		if (starts && !(isalnum((unsigned char) p[len]) || p[len] == '_'))
			return true;
	}
	return false;
}

/* Is the word one of the words of the key, or one begun by it: fail of failure? */
bool
dbi_has_word(const char *key, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = key; len > 0 && (p = strstr(p, word)) != NULL; p += len)
		if ((p == key || p[-1] == ' ') && (len >= 4 || p[len] == '\0' || p[len] == ' '))
			return true;
	return false;
}

/* Lines of the corpus that are told word by word, such as the message of an alert. */
#define MIN_QUOTE 12

static List *
quotes_in(const char *corpus)
{
	List *quotes = NIL;

	for (const char *p = corpus; *p;)
	{
		size_t len = strcspn(p, "\n");

		if (len >= MIN_QUOTE && len <= DBI_MAX_QUOTE && memchr(p, ' ', len) &&
			strcspn(p, "0123456789") < len)
			quotes = lappend(quotes, pnstrdup(p, len));
		p += len + (p[len] == '\n');
	}
	return quotes;
}

DbiFacts *
dbi_ground_facts(const DbiGroundTurn *turn)
{
	DbiFacts *facts = palloc0(sizeof(DbiFacts));
	HASHCTL ctl = {.keysize = MAX_KEY, .entrysize = sizeof(Phrase), .hcxt = CurrentMemoryContext};
	StringInfoData corpus;
	ListCell *lc;

	facts->turn = turn;
	facts->nresults = list_length(turn->results);
	facts->results = palloc0(sizeof(DbiResult *) * (facts->nresults + 1));
	facts->nouns = palloc0(sizeof(char *) * (facts->nresults + 1));
	facts->noun_keys = palloc0(sizeof(char *) * (facts->nresults + 1));
	facts->all = palloc0(sizeof(Bitmapset *) * (facts->nresults + 1));
	facts->differ = palloc0(sizeof(int *) * (facts->nresults + 1));
	facts->readings = palloc0(sizeof(DbiReading *) * (facts->nresults + 1));
	facts->columns = palloc0(sizeof(char **) * (facts->nresults + 1));
	facts->keys = palloc0(sizeof(char ***) * (facts->nresults + 1));
	facts->phrases =
		hash_create("dbinsight phrases", 512, &ctl, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	initStringInfo(&corpus);
	appendStringInfo(&corpus, "%s\n", turn->question ? turn->question : "");
	foreach(lc, turn->results)
	{
		facts->results[foreach_current_index(lc)] = lfirst(lc);
		index_result(facts, &corpus, foreach_current_index(lc));
	}
	foreach(lc, turn->context)
		appendStringInfo(&corpus, "%s\n", (char *) lfirst(lc));
	foreach(lc, turn->fresh)
		appendStringInfo(&corpus, "%s\n", (char *) lfirst(lc));
	facts->corpus = corpus.data;
	for (char *p = facts->corpus; *p; p++)
		*p = pg_ascii_tolower((unsigned char) *p);
	facts->quotes = quotes_in(facts->corpus);
	facts->echoes = tokens_of(turn->context);
	if (turn->question)
		facts->echoes =
			lcons(dbi_ground_tokens(turn->question, 0, strlen(turn->question)), facts->echoes);
	facts->fresh = tokens_of(turn->fresh);
	return facts;
}
