/*
 * entities.c: names of the account in a question, and what they name.
 *
 * Candidates (identifiers, quoted words, runs of up to four words) are looked
 * up in dbinsight.known_names by exact match, case aside, with the rights of
 * the caller. A name nobody knows keeps the kind its form or the word beside
 * it suggests.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "agents/understand.h"

#define MAX_WORDS_OF_NAME 4
/* Runs of plain words looked up; identifiers always are. */
#define MAX_RUNS 120

typedef struct Run
{
	int from;
	int to;
	const char *key;
} Run;

/* ---- which runs of words may be names ---- */

static bool
is_free_word(const DbiToken *t)
{
	return t->slot < 0 &&
		   (t->kind == DBI_TOK_WORD || t->kind == DBI_TOK_NUMBER || t->kind == DBI_TOK_IDENT);
}

/* Kind word just before or just after the tokens, or NULL. */
static const char *
kind_beside(const DbiText *text, int from, int to)
{
	const DbiToken *before = from > 0 ? &text->tokens[from - 1] : NULL;
	const DbiToken *after = to < text->n ? &text->tokens[to] : NULL;
	const char *kind = NULL;

	if (before && before->kind == DBI_TOK_WORD)
	{
		kind = dbi_kind_word(before->stem);
		if (!kind && from > 1 &&
			(strcmp(before->text, "named") == 0 || strcmp(before->text, "called") == 0))
			kind = dbi_kind_word(text->tokens[from - 2].stem);
	}
	if (!kind && after && after->kind == DBI_TOK_WORD)
		kind = dbi_kind_word(after->stem);
	return kind;
}

/* Whether the word speaks for something; a word known only for its spelling does not. */
static bool
speaks(const DbiLexicon *lex, const char *key)
{
	const DbiForm *form = dbi_find_form(lex, key);

	for (; form && form < lex->forms + lex->nforms && strcmp(form->key, key) == 0; form++)
		if (strcmp(lex->concepts[form->concept].name, "plain") != 0)
			return true;
	return false;
}

static bool
is_strange(const DbiLexicon *lex, const DbiToken *t)
{
	return t->kind == DBI_TOK_IDENT ||
		   (t->kind == DBI_TOK_WORD && strlen(t->text) > 2 && !t->repaired &&
			!speaks(lex, t->stem) && !speaks(lex, psprintf("=%s", t->text)));
}

/* Whether the run of words is a phrase the lexicon knows. */
static bool
is_phrase(const DbiLexicon *lex, const DbiText *text, int from, int to)
{
	StringInfoData key;

	initStringInfo(&key);
	for (int i = from; i < to; i++)
		appendStringInfo(&key, "%s%s", i > from ? " " : "", text->tokens[i].stem);
	return speaks(lex, key.data);
}

/*
 * A word that speaks for something is a name only beside a word of its kind;
 * several words are one unless together they are a phrase, and a chunk with
 * dashes in it always may be.
 */
static bool
may_be_name(const DbiLexicon *lex, const DbiText *text, int from, int to)
{
	bool beside = kind_beside(text, from, to) != NULL;
	bool strange = false;
	bool chunk = to - from > 1 &&
				 text->tokens[from].chunk_start == text->tokens[to - 1].chunk_start &&
				 text->tokens[from].chunk_end == text->tokens[to - 1].end &&
				 text->tokens[from].start == text->tokens[from].chunk_start;

	for (int i = from; i < to; i++)
	{
		const DbiToken *t = &text->tokens[i];

		if (!is_free_word(t))
			return false;
		if (!chunk && dbi_is_stop(lex, t->text, t->stem) && (i == from || i == to - 1))
			return false;
		strange = strange || is_strange(lex, t);
	}
	return chunk || strange || (beside && text->tokens[from].kind == DBI_TOK_WORD) ||
		   (to - from > 1 && !is_phrase(lex, text, from, to));
}

/* Signs that join what people say apart: nightly_etl, ml-platform, hugo.keller. */
static const char joints[] = "_-.";

/* The key with its spaces replaced by the sign. */
static char *
joined(const char *key, char sign)
{
	char *r = pstrdup(key);

	for (char *c = r; *c; c++)
		if (*c == ' ')
			*c = sign;
	return r;
}

static char *
run_key(const DbiText *text, int from, int to)
{
	return dbi_lower(dbi_span(text, from, to));
}

static List *
word_runs(const DbiLexicon *lex, const DbiText *text)
{
	List *runs = NIL;

	for (int len = MAX_WORDS_OF_NAME; len > 0; len--)
		for (int i = 0; i + len <= text->n && list_length(runs) < MAX_RUNS; i++)
		{
			Run *r;

			CHECK_FOR_INTERRUPTS();
			if (!may_be_name(lex, text, i, i + len))
				continue;
			r = palloc(sizeof(Run));
			r->from = i;
			r->to = i + len;
			r->key = run_key(text, i, i + len);
			runs = lappend(runs, r);
		}
	return runs;
}

/* ---- looking up ---- */

static Datum
text_array_of(List *words)
{
	Datum *elems = palloc(sizeof(Datum) * Max(list_length(words), 1));
	int n = 0;
	ListCell *lc;

	foreach(lc, words)
		elems[n++] = CStringGetTextDatum((char *) lfirst(lc));
	return PointerGetDatum(construct_array(elems, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Rows of a query with one text[] parameter and columns key, kind, value,
 * count. The plan is kept and is the same for all parameters: planning takes
 * longer than the few index probes.
 */
List *
dbi_query_names(SPIPlanPtr *plan, const char *sql, List *keys)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid types[1] = {TEXTARRAYOID};
	Datum values[1];
	List *found = NIL;
	int rc;

	if (keys == NIL)
		return NIL;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to the server programming interface");
	if (*plan == NULL)
	{
		SPIPlanPtr fresh = SPI_prepare_cursor(sql, 1, types, CURSOR_OPT_GENERIC_PLAN);

		if (fresh == NULL || SPI_keepplan(fresh) != 0)
			elog(ERROR, "could not prepare the look-up of names");
		*plan = fresh;
	}
	values[0] = text_array_of(keys);
	rc = SPI_execute_plan(*plan, values, NULL, true, 0);
	if (rc != SPI_OK_SELECT)
		elog(ERROR, "could not look up names: %s", SPI_result_code_string(rc));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		MemoryContext spi = MemoryContextSwitchTo(caller);
		DbiFound *f = palloc(sizeof(DbiFound));

		f->key = pstrdup(SPI_getvalue(row, desc, 1));
		f->kind = pstrdup(SPI_getvalue(row, desc, 2));
		f->value = pstrdup(SPI_getvalue(row, desc, 3));
		f->others = atoi(SPI_getvalue(row, desc, 4)) - 1;
		found = lappend(found, f);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return found;
}

static void
set_off(const char *setting)
{
	(void) set_config_option(setting, "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
}

/*
 * A name a tool can take of each key and kind: the first, and how many there
 * are. How many keys there will be, and that few of them name anything, the
 * planner cannot know; to read a catalog of tables for them takes far longer
 * than to probe its indexes, and what has no index is small. What is forbidden
 * counts as dear, so nothing may be compiled for it.
 */
static List *
look_up(List *keys)
{
	static SPIPlanPtr plan = NULL;
	int level = NewGUCNestLevel();
	List *found;

	set_off("enable_seqscan");
	set_off("jit");
	found =
		dbi_query_names(&plan,
						"SELECT n.key, n.kind, pg_catalog.min(n.value COLLATE \"C\"), pg_catalog.count(DISTINCT n.value)"
						" FROM (SELECT kind, key, value FROM dbinsight.known_names UNION ALL SELECT kind, key, value FROM dbinsight.known_people) n"
						" WHERE n.key = ANY ($1) GROUP BY n.key, n.kind ORDER BY 1, 2",
						keys);
	AtEOXact_GUC(true, level);
	return found;
}

static DbiCandidate *
candidate(const char *kind, const char *value, bool known, int others)
{
	DbiCandidate *c = palloc(sizeof(DbiCandidate));

	c->kind = kind;
	c->value = value;
	c->known = known;
	c->others = others;
	return c;
}

/* What the key names; things of the kind spoken of come first. */
static List *
candidates_for(List *found, const char *key, const char *context)
{
	List *first = NIL;
	List *rest = NIL;
	ListCell *lc;

	foreach(lc, found)
	{
		DbiFound *f = lfirst(lc);

		if (strcmp(f->key, key) != 0)
			continue;
		if (context && strcmp(f->kind, context) == 0)
			first = lappend(first, candidate(f->kind, f->value, true, f->others));
		else
			rest = lappend(rest, candidate(f->kind, f->value, true, f->others));
	}
	return list_concat(first, rest);
}

/* Whether a name has the form of a pattern with % at its start, its end or both. */
static bool
like(const char *pattern, const char *name)
{
	size_t plen = strlen(pattern);
	size_t nlen = strlen(name);
	bool lead = pattern[0] == '%';
	bool trail = plen > 0 && pattern[plen - 1] == '%';
	char *core;
	size_t clen;

	if (plen < 2)
		return false;
	core = pnstrdup(pattern + lead, plen - lead - trail);
	clen = strlen(core);
	if (clen == 0 || clen > nlen)
		return false;
	if (lead && trail)
		return strstr(name, core) != NULL;
	if (lead)
		return strcmp(name + nlen - clen, core) == 0;
	return strncmp(name, core, clen) == 0 && (trail || clen == nlen);
}

static const char *
hinted_kind(const DbiLexicon *lex, const char *key)
{
	const char *dot = strrchr(key, '.');

	if (dot != NULL)
		return strchr(key, '.') != dot ? "table" : "schema";
	for (int i = 0; i < lex->nhints; i++)
		if (like(lex->hints[i].pattern, key))
			return lex->hints[i].kind;
	return NULL;
}

/* A name that is a person's and nothing else's. */
static void
make_person(DbiSlot *slot)
{
	DbiCandidate *c = slot->candidates ? linitial(slot->candidates) : NULL;

	if (!c || strcmp(c->kind, "user") != 0)
		return;
	slot->kind = DBI_SLOT_USER;
	slot->value = c->value;
}

static void
resolve_slot(const DbiLexicon *lex, const DbiText *text, DbiSlot *slot, List *found)
{
	char *key = dbi_lower(slot->value);
	const char *hint;

	slot->context = kind_beside(text, slot->from, slot->to);
	slot->candidates = candidates_for(found, key, slot->context);
	make_person(slot);
	if (slot->candidates != NIL)
		return;
	hint = slot->context ? slot->context : hinted_kind(lex, key);
	if (hint)
		slot->candidates = list_make1(candidate(hint, slot->value, false, 0));
}

/* ---- environments: a workspace by its use ---- */

static const char *const aliases[][4] = {{"production", "prod", "prd", NULL},
										 {"staging", "stage", "stg", NULL},
										 {"development", "dev", "devel", NULL},
										 {"test", "testing", "tst", NULL},
										 {"preprod", "pre-prod", NULL, NULL},
										 {"qa", NULL, NULL, NULL},
										 {"uat", NULL, NULL, NULL},
										 {"sandbox", "sbx", NULL, NULL}};

static const char *const *
aliases_of(const char *word)
{
	for (int i = 0; i < lengthof(aliases); i++)
		for (int k = 0; k < 4 && aliases[i][k]; k++)
			if (strcmp(aliases[i][k], word) == 0)
				return aliases[i];
	return NULL;
}

/*
 * Whether the alias stands in the name as a part of its own; *leads when the
 * name begins with it, *after what then follows.
 */
static bool
part_of(const char *name, const char *alias, bool *leads, char *after)
{
	size_t len = strlen(alias);

	for (const char *p = strstr(name, alias); p; p = strstr(p + 1, alias))
	{
		bool left = p == name || strchr("-_. /", p[-1]) != NULL;
		bool right = p[len] == '\0' || strchr("-_. /0123456789", p[len]) != NULL;

		if (left && right)
		{
			*leads = p == name;
			*after = p[len];
			return true;
		}
	}
	return false;
}

/* A pattern for names with the part: prod-% where prod-eu and prod-us are, so that product-x is not. */
static const char *
environment_pattern(const char *part, bool leads, char separator)
{
	if (!leads)
		return psprintf("%%%s%%", part);
	if (separator == '_')
		return psprintf("%s\\_%%", part);
	if (separator == '\0' || isdigit((unsigned char) separator))
		return psprintf("%s%%", part);
	return psprintf("%s%c%%", part, separator);
}

/*
 * The workspace an environment word means: the one so called; the only one
 * with the word in its name; a pattern when several have it; else the word.
 */
static void
resolve_environment(DbiSlot *slot, List *workspaces)
{
	const char *const *words = aliases_of(slot->value);
	const char *only = NULL;
	const char *part = NULL;
	bool all_lead = true;
	char separator = '\0';
	int n = 0;
	ListCell *lc;

	foreach(lc, workspaces)
	{
		DbiFound *f = lfirst(lc);
		bool leads = false;
		bool hit = false;
		char after = '\0';

		for (int k = 0; words && k < 4 && words[k] && !hit; k++)
		{
			if (strcmp(f->key, words[k]) == 0)
			{
				slot->candidates = list_make1(candidate("workspace", f->value, true, 0));
				return;
			}
			if (part_of(f->key, words[k], &leads, &after))
			{
				hit = true;
				part = words[k];
			}
		}
		if (!hit)
			continue;
		separator = n++ == 0 || separator == after ? after : '\0';
		only = f->value;
		all_lead = all_lead && leads;
	}
	if (n == 1)
		slot->candidates = list_make1(candidate("workspace", only, true, 0));
	else if (n > 1)
		slot->candidates = list_make1(
			candidate("workspace", environment_pattern(part, all_lead, separator), true, n - 1));
	else
		slot->candidates = list_make1(candidate("workspace", slot->value, false, 0));
}

/* Workspaces with one of the patterns in their name. */
static List *
find_workspaces(List *patterns)
{
	static SPIPlanPtr plan = NULL;

	return dbi_query_names(&plan,
						   "SELECT DISTINCT pg_catalog.lower(workspace_name), 'workspace', workspace_name, 1"
						   " FROM dbinsight.dim_workspace WHERE workspace_name ILIKE ANY ($1) ORDER BY 3 LIMIT 200",
						   patterns);
}

static void
resolve_environments(List *slots)
{
	List *patterns = NIL;
	List *workspaces;
	ListCell *lc;

	foreach(lc, slots)
	{
		DbiSlot *slot = lfirst(lc);
		const char *const *words;

		if (slot->kind != DBI_SLOT_ENVIRONMENT || slot->from < 0)
			continue;
		words = aliases_of(slot->value);
		for (int k = 0; words && k < 4 && words[k]; k++)
			patterns = lappend(patterns, psprintf("%%%s%%", words[k]));
	}
	if (patterns == NIL)
		return;
	workspaces = find_workspaces(patterns);
	foreach(lc, slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->kind == DBI_SLOT_ENVIRONMENT && slot->from >= 0)
			resolve_environment(slot, workspaces);
	}
}

/* "the ml workspace": the only one with that part in its name. */
static List *
add_partial_workspace(DbiText *text, List *slots)
{
	for (int i = 0; i + 1 < text->n; i++)
	{
		const DbiToken *t = &text->tokens[i];
		List *found;
		DbiFound *f;
		DbiSlot *slot;
		bool leads;
		char after;

		if (t->slot >= 0 || t->kind != DBI_TOK_WORD || text->tokens[i + 1].slot >= 0 ||
			!dbi_is_one_of(text->tokens[i + 1].text, "workspace|ws|wksp|env") ||
			strpbrk(t->text, "%_\\") != NULL)
			continue;
		found = find_workspaces(list_make1(psprintf("%%%s%%", t->text)));
		f = list_length(found) == 1 ? linitial(found) : NULL;
		if (!f || !part_of(f->key, t->text, &leads, &after))
			continue;
		slot = palloc0(sizeof(DbiSlot));
		slot->kind = DBI_SLOT_NAME;
		slot->from = i;
		slot->to = i + 1;
		slot->span = slot->value = dbi_span(text, i, i + 1);
		slot->context = "workspace";
		slot->candidates = list_make1(candidate("workspace", f->value, true, 0));
		text->tokens[i].slot = list_length(slots);
		slots = lappend(slots, slot);
	}
	return slots;
}

/* ---- all names ---- */

/*
 * "cost by team", "daily spend": words of every day that only happen to be a
 * table's name too; said apart, and beside no word for tables, they ask.
 */
static bool
is_plain_speech(const DbiLexicon *lex, const DbiText *text, const Run *r, const char *kind)
{
	if (r->to - r->from < 2 || strchr(r->key, ' ') == NULL || strcmp(kind, "table") != 0 ||
		kind_beside(text, r->from, r->to) != NULL)
		return false;
	for (int i = r->from; i < r->to; i++)
	{
		const DbiToken *t = &text->tokens[i];

		if (!dbi_is_stop(lex, t->text, t->stem) && dbi_find_form(lex, t->stem) == NULL &&
			dbi_find_form(lex, psprintf("=%s", t->text)) == NULL)
			return false;
	}
	return true;
}

/* "nightly-etl", "finance prod": runs of words that name something become slots. */
static List *
add_runs(const DbiLexicon *lex, DbiText *text, List *slots, List *runs, List *found)
{
	ListCell *lc;

	foreach(lc, runs)
	{
		Run *r = lfirst(lc);
		List *candidates;
		DbiSlot *slot;
		bool free = true;

		for (int i = r->from; i < r->to; i++)
			free = free && text->tokens[i].slot < 0;
		if (!free)
			continue;
		candidates = candidates_for(found, r->key, kind_beside(text, r->from, r->to));
		for (const char *sign = joints; *sign && candidates == NIL && strchr(r->key, ' '); sign++)
			candidates =
				candidates_for(found, joined(r->key, *sign), kind_beside(text, r->from, r->to));
		if (candidates == NIL ||
			is_plain_speech(lex, text, r, ((DbiCandidate *) linitial(candidates))->kind))
			continue;
		slot = palloc0(sizeof(DbiSlot));
		slot->kind = DBI_SLOT_NAME;
		slot->from = r->from;
		slot->to = r->to;
		slot->origin = DBI_ORIGIN_TEXT;
		slot->span = dbi_span(text, r->from, r->to);
		slot->value = slot->span;
		slot->context = kind_beside(text, r->from, r->to);
		slot->candidates = candidates;
		make_person(slot);
		for (int i = r->from; i < r->to; i++)
			text->tokens[i].slot = list_length(slots);
		slots = lappend(slots, slot);
	}
	return slots;
}

List *
dbi_resolve_names(const DbiLexicon *lex, DbiText *text, List *slots)
{
	List *runs = word_runs(lex, text);
	List *keys = NIL;
	List *found;
	ListCell *lc;

	foreach(lc, runs)
	{
		const char *key = ((Run *) lfirst(lc))->key;

		keys = lappend(keys, (char *) key);
		for (const char *sign = joints; *sign && strchr(key, ' '); sign++)
			keys = lappend(keys, joined(key, *sign));
	}
	foreach(lc, slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->kind == DBI_SLOT_NAME)
			keys = lappend(keys, dbi_lower(slot->value));
	}
	found = look_up(keys);
	foreach(lc, slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->kind == DBI_SLOT_NAME)
			resolve_slot(lex, text, slot, found);
	}
	resolve_environments(slots);
	return add_partial_workspace(text, add_runs(lex, text, slots, runs, found));
}

DbiSlot *
dbi_named(const char *name)
{
	DbiSlot *slot = palloc0(sizeof(DbiSlot));
	char *key = dbi_lower(name);

	slot->kind = DBI_SLOT_NAME;
	slot->span = slot->value = name;
	slot->candidates = candidates_for(look_up(list_make1(key)), key, NULL);
	make_person(slot);
	return slot;
}
