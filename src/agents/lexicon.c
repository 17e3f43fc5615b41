/*
 * lexicon.c: the registry and the vocabulary, read once a backend.
 *
 * A trigger on each table sends a relcache invalidation of it, as a change of
 * its definition does; the next question reads everything anew. The lexicon
 * lives in a context of its own under TopMemoryContext.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "agents/router.h"
#include "agents/understand.h"

/* More words than this in a form are cut; more unknown words than this are not repaired. */
#define MAX_FORM_WORDS 8
#define MAX_REPAIRS 40

/*
 * By signature: to_regprocedure() throws at whoever may not use the schema of
 * one. IS TRUE keeps the signature from being a key of the join, for which it
 * would be made of every function there is.
 */
#define FIND_FUNCTION                                                   \
	" JOIN pg_catalog.pg_proc p ON p.proname = t.tool::pg_catalog.name" \
	" AND (dbinsight._signature(p.oid) = t.function) IS TRUE"

static const char *const watched[] = {"agents",        "agent_tools",     "concepts",
									  "concept_forms", "concept_weights", "tool_companions",
									  "name_hints",    "argument_words",  "router_models",
									  "router_in_use", "foreign_words"};

static DbiLexicon *lexicon = NULL;
static MemoryContext lexicon_context = NULL;
static bool lexicon_valid = false;
static Oid watched_oids[lengthof(watched)];

/* ---- invalidation ---- */

static void
on_relcache(Datum arg, Oid relid)
{
	if (!OidIsValid(relid))
		lexicon_valid = false;
	for (int i = 0; i < lengthof(watched); i++)
		if (watched_oids[i] == relid)
			lexicon_valid = false;
}

/* A function was made, changed or dropped: it may be a tool. */
static void
on_proc(Datum arg, int cacheid, uint32 hashvalue)
{
	lexicon_valid = false;
}

PG_FUNCTION_INFO_V1(dbi_lexicon_changed);
Datum
dbi_lexicon_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("dbi_lexicon_changed was not called as a trigger")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_POINTER(NULL);
}

static void
watch(void)
{
	static bool registered = false;
	Oid schema = get_namespace_oid("dbinsight", false);

	if (!registered)
	{
		CacheRegisterRelcacheCallback(on_relcache, (Datum) 0);
		CacheRegisterSyscacheCallback(PROCOID, on_proc, (Datum) 0);
		registered = true;
	}
	for (int i = 0; i < lengthof(watched); i++)
		watched_oids[i] = get_relname_relid(watched[i], schema);
}

/* ---- reading rows ---- */

static void
run(const char *sql)
{
	int rc = SPI_execute(sql, true, 0);

	if (rc != SPI_OK_SELECT)
		elog(ERROR, "could not read the lexicon: %s", SPI_result_code_string(rc));
}

/* Column as text in the current context, or NULL. Numbers from 1. */
static char *
column(uint64 row, int number)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number);
}

static char *
kept(MemoryContext context, const char *s)
{
	return s ? MemoryContextStrdup(context, s) : NULL;
}

/* A text[] column as C strings in the current context. */
static char **
text_array(uint64 row, int number, int *n)
{
	bool isnull;
	Datum d = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number, &isnull);
	Datum *elems;
	bool *nulls;
	char **r;
	int count;

	*n = 0;
	if (isnull)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(d), TEXTOID, -1, false, TYPALIGN_INT, &elems, &nulls,
					  &count);
	r = palloc(sizeof(char *) * Max(count, 1));
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			r[(*n)++] = TextDatumGetCString(elems[i]);
	return r;
}

static DbiConceptKind
concept_kind(const char *word)
{
	static const char *const kinds[] = {"topic",     "intent",    "scope", "write",
										"injection", "smalltalk", "stop",  "follow"};

	for (int i = 0; i < lengthof(kinds); i++)
		if (strcmp(kinds[i], word) == 0)
			return (DbiConceptKind) i;
	return DBI_CONCEPT_TOPIC;
}

static int
compare_forms(const void *a, const void *b)
{
	const DbiForm *x = a;
	const DbiForm *y = b;
	int c = strcmp(x->key, y->key);

	return c ? c : (x->concept > y->concept) - (x->concept < y->concept);
}

static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static int
compare_concepts(const void *a, const void *b)
{
	return strcmp(((const DbiConcept *) a)->name, ((const DbiConcept *) b)->name);
}

/* Concepts are sorted by name. */
static int
concept_index(const DbiLexicon *lex, const char *name)
{
	DbiConcept key = {(char *) name};
	DbiConcept *found =
		bsearch(&key, lex->concepts, lex->nconcepts, sizeof(DbiConcept), compare_concepts);

	return found ? (int) (found - lex->concepts) : -1;
}

int
dbi_find_concept(const DbiLexicon *lex, const char *name)
{
	return concept_index(lex, name);
}

int
dbi_find_agent(const DbiLexicon *lex, const char *name)
{
	for (int i = 0; i < lex->nagents; i++)
		if (strcmp(lex->agents[i].name, name) == 0)
			return i;
	return -1;
}

static void
load_agents(DbiLexicon *lex, MemoryContext context)
{
	run("SELECT name, title, position, enabled FROM dbinsight.agents ORDER BY position, name");
	lex->nagents = (int) SPI_processed;
	lex->agents = MemoryContextAllocZero(context, sizeof(DbiAgent) * Max(lex->nagents, 1));
	for (int i = 0; i < lex->nagents; i++)
	{
		lex->agents[i].name = kept(context, column(i, 1));
		lex->agents[i].title = kept(context, column(i, 2));
		lex->agents[i].position = atoi(column(i, 3));
		lex->agents[i].enabled = column(i, 4)[0] == 't';
	}
}

/* The words of a line "@enum name a|b|c" of a comment. */
static void
read_enum(DbiArgument *arg, const char *comment, MemoryContext context)
{
	char *mark = psprintf("@enum %s ", arg->name);
	const char *p = comment ? strstr(comment, mark) : NULL;
	char *line;
	char *save;
	int n = 1;

	if (!p)
		return;
	p += strlen(mark);
	line = pnstrdup(p, strcspn(p, "\r\n"));
	for (const char *c = line; *c; c++)
		n += *c == '|';
	arg->words = MemoryContextAlloc(context, sizeof(char *) * n);
	for (char *w = strtok_r(line, "|", &save); w; w = strtok_r(NULL, "|", &save))
	{
		size_t len;

		while (*w == ' ')
			w++;
		len = strlen(w);
		while (len > 0 && w[len - 1] == ' ')
			w[--len] = '\0';
		if (len > 0)
			arg->words[arg->nwords++] = kept(context, w);
	}
}

/* Names, types and defaults of the input arguments, from pg_proc. */
static bool
read_signature(DbiTool *tool, const char *comment, MemoryContext context)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(tool->function));
	Form_pg_proc proc;
	Oid *types;
	char **names;
	char *modes;
	int total;
	int inputs = 0;

	if (!HeapTupleIsValid(tuple))
		return false;
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	total = get_func_arg_info(tuple, &types, &names, &modes);
	tool->arguments = MemoryContextAllocZero(context, sizeof(DbiArgument) * Max(proc->pronargs, 1));
	tool->columns = MemoryContextAllocZero(context, sizeof(char *) * Max(total, 1));
	for (int i = 0; i < total; i++)
	{
		DbiArgument *arg;

		if (modes && modes[i] == PROARGMODE_TABLE && names)
			tool->columns[tool->ncolumns++] = kept(context, names[i]);
		if (modes && modes[i] != PROARGMODE_IN && modes[i] != PROARGMODE_INOUT &&
			modes[i] != PROARGMODE_VARIADIC)
			continue;
		arg = &tool->arguments[inputs++];
		arg->name = kept(context, names && names[i] ? names[i] : "");
		arg->type = types[i];
		arg->optional = inputs > proc->pronargs - proc->pronargdefaults;
		read_enum(arg, comment, context);
	}
	tool->narguments = inputs;
	ReleaseSysCache(tuple);
	return true;
}

static void
load_tools(DbiLexicon *lex, MemoryContext context)
{
	int n = 0;

	run("SELECT t.agent, t.tool, p.oid, t.position, pg_catalog.obj_description(p.oid, 'pg_proc'), t.builtin"
		" FROM dbinsight.agent_tools t JOIN dbinsight.agents a ON a.name = t.agent AND a.enabled" FIND_FUNCTION
		" WHERE t.enabled ORDER BY a.position, a.name COLLATE \"C\", t.position, t.tool COLLATE \"C\"");
	lex->tools = MemoryContextAllocZero(context, sizeof(DbiTool) * Max(SPI_processed, 1));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		DbiTool *tool = &lex->tools[n];

		tool->agent = dbi_find_agent(lex, column(i, 1));
		tool->name = kept(context, column(i, 2));
		tool->function = atooid(column(i, 3));
		tool->position = atoi(column(i, 4));
		tool->builtin = column(i, 6)[0] == 't';
		if (tool->agent >= 0 && read_signature(tool, column(i, 5), context))
			n++;
	}
	lex->ntools = n;
	for (int i = 0; i < n; i++)
	{
		lex->tools[i].owner = i;
		for (int k = 0; k < n; k++)
			if (lex->tools[k].function == lex->tools[i].function &&
				lex->tools[k].position < lex->tools[lex->tools[i].owner].position)
				lex->tools[i].owner = k;
	}
}

static void
load_concepts(DbiLexicon *lex, MemoryContext context)
{
	run("SELECT name, kind FROM dbinsight.concepts ORDER BY name COLLATE \"C\"");
	lex->nconcepts = (int) SPI_processed;
	lex->concepts = MemoryContextAllocZero(context, sizeof(DbiConcept) * Max(lex->nconcepts, 1));
	for (int i = 0; i < lex->nconcepts; i++)
	{
		lex->concepts[i].name = kept(context, column(i, 1));
		lex->concepts[i].kind = concept_kind(column(i, 2));
	}
}

static int
find_tool(const DbiLexicon *lex, int agent, const char *name)
{
	for (int i = 0; i < lex->ntools; i++)
		if (lex->tools[i].agent == agent && strcmp(lex->tools[i].name, name) == 0)
			return i;
	return -1;
}

/* Weights of agents or tools that are not there say nothing. */
static void
load_weights(DbiLexicon *lex, MemoryContext context)
{
	run("SELECT concept, with_concept, agent, tool, weight FROM dbinsight.concept_weights ORDER BY concept, with_concept, agent, tool");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		int concept = concept_index(lex, column(i, 1));
		const char *with = column(i, 2);
		const char *tool = column(i, 4);
		DbiWeight w;
		MemoryContext old;

		w.with = *with ? concept_index(lex, with) : -1;
		w.agent = strcmp(column(i, 3), "-") == 0 ? -1 : dbi_find_agent(lex, column(i, 3));
		w.tool = *tool && w.agent >= 0 ? find_tool(lex, w.agent, tool) : -1;
		w.weight = (float) atof(column(i, 5));
		if (concept < 0 || (*with && w.with < 0) ||
			(w.agent < 0 && strcmp(column(i, 3), "-") != 0) || (*tool && w.tool < 0))
			continue;
		old = MemoryContextSwitchTo(context);
		lex->concepts[concept].weights =
			lappend(lex->concepts[concept].weights, memcpy(palloc(sizeof(w)), &w, sizeof(w)));
		MemoryContextSwitchTo(old);
	}
}

/*
 * Keys of a form. The plain one is the stems of the words that carry meaning,
 * or with = in front these words themselves. A form with stop words also has
 * one of all its stems, with ~ in front; it has only that when but one word
 * would be left ("at risk" is not "risk"). One very word is itself, whatever
 * shares its stem: "=findings" beside "find".
 */
static void
form_keys(const DbiLexicon *lex, const char *form, bool stop, StringInfo plain, StringInfo full,
		  int *words, int *all)
{
	bool exact = form[0] == '=';
	bool whole = form[0] == '~';
	const char *p = form + (exact || whole);

	*words = *all = 0;
	if (exact)
		appendStringInfoChar(plain, '=');
	appendStringInfoChar(full, '~');
	while (*p && *all < MAX_FORM_WORDS)
	{
		size_t len = strcspn(p, " ");
		char *word = dbi_lower(pnstrdup(p, len));
		char *stem = word[0] == '<' ? word : dbi_stem(word);

		p += len;
		while (*p == ' ')
			p++;
		if (len == 0)
			continue;
		appendStringInfo(full, "%s%s", *all ? " " : "", stem);
		(*all)++;
		if (!stop && !(exact && *all == 1 && *p == '\0') && dbi_is_stop(lex, word, stem))
			continue;
		appendStringInfo(plain, "%s%s", *words ? " " : "", exact ? word : stem);
		(*words)++;
	}
	if (whole && *all > 1)
	{
		*words = 0;
		return;
	}
	if (*words == 0 && *all == 1)
	{
		appendStringInfoString(plain, full->data + 1);
		*words = 1;
	}
	if (*words == *all || exact)
		*all = 0;
	else if (*words < 2)
		*words = 0;
}

static void
set_form(DbiLexicon *lex, MemoryContext context, DbiForm *form, int concept, float weight,
		 const char *key, int words)
{
	form->key = kept(context, key);
	form->concept = concept;
	form->weight = weight;
	form->words = words;
	lex->longest = Max(lex->longest, words);
}

/* The bucket of a key: where its first form stands, or an empty one. */
static int *
form_bucket(const DbiLexicon *lex, const char *key)
{
	uint32 i = hash_bytes((const unsigned char *) key, (int) strlen(key));

	for (;; i++)
	{
		int *bucket = &lex->first_forms[i & (lex->nbuckets - 1)];

		if (*bucket < 0 || strcmp(lex->forms[*bucket].key, key) == 0)
			return bucket;
	}
}

/* Of a key: up to its first space. */
static uint8 *
head_bucket(const DbiLexicon *lex, const char *key, size_t len)
{
	return &lex->longest_by_head[hash_bytes((const unsigned char *) key, (int) len) &
								 (lex->nbuckets - 1)];
}

static void
index_forms(DbiLexicon *lex)
{
	memset(lex->first_forms, -1, sizeof(int) * lex->nbuckets);
	memset(lex->longest_by_head, 0, lex->nbuckets);
	for (int i = 0; i < lex->nforms; i++)
	{
		int *bucket = form_bucket(lex, lex->forms[i].key);

		uint8 *longest = head_bucket(lex, lex->forms[i].key, strcspn(lex->forms[i].key, " "));

		if (*bucket < 0)
			*bucket = i;
		*longest = (uint8) Max(*longest, lex->forms[i].words);
	}
}

/*
 * Stop words come first, since the other forms are written without them; they
 * alone are looked up until all forms are there and sorted.
 */
static void
add_forms(DbiLexicon *lex, MemoryContext context, bool stop)
{
	int n = lex->nforms;
	MemoryContext row =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight form", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(row);

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		int concept;
		float weight;
		StringInfoData plain;
		StringInfoData full;
		int words;
		int all;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(row);
		concept = concept_index(lex, column(i, 1));
		weight = (float) atof(column(i, 3));
		if (concept < 0 || (lex->concepts[concept].kind == DBI_CONCEPT_STOP) != stop)
			continue;
		initStringInfo(&plain);
		initStringInfo(&full);
		form_keys(lex, column(i, 2), stop, &plain, &full, &words, &all);
		if (words > 0)
			set_form(lex, context, &lex->forms[n++], concept, weight, plain.data, words);
		if (all > 0)
			set_form(lex, context, &lex->forms[n++], concept, weight, full.data, all);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row);
	lex->nforms = n;
	qsort(lex->forms, lex->nforms, sizeof(DbiForm), compare_forms);
	index_forms(lex);
}

static int
sort_unique(char **words, int n)
{
	int unique = 0;

	qsort(words, n, sizeof(char *), compare_strings);
	for (int i = 0; i < n; i++)
		if (unique == 0 || strcmp(words[unique - 1], words[i]) != 0)
			words[unique++] = words[i];
	return unique;
}

/* Slips are rare in the first letter, and short words have too many neighbours. */
static void
set_known(DbiLexicon *lex, MemoryContext context)
{
	int n = 0;
	int letter = 0;

	lex->known = MemoryContextAlloc(context, sizeof(DbiKnownWord) * Max(lex->nvocabulary, 1));
	for (int i = 0; i < lex->nvocabulary; i++)
	{
		const char *v = lex->vocabulary[i];

		if (v[0] < 'a' || v[0] > 'z' || strlen(v) < 4)
			continue;
		while (letter <= v[0] - 'a')
			lex->first_known[letter++] = n;
		lex->known[n++] = (DbiKnownWord){v, dbi_letters(v)};
	}
	while (letter < lengthof(lex->first_known))
		lex->first_known[letter++] = n;
}

static void
set_vocabulary(DbiLexicon *lex, MemoryContext context, int n)
{
	lex->nvocabulary = sort_unique(lex->vocabulary, n);
	lex->stems = MemoryContextAlloc(context, sizeof(char *) * Max(lex->nvocabulary, 1));
	for (int i = 0; i < lex->nvocabulary; i++)
		lex->stems[i] = kept(context, dbi_stem(lex->vocabulary[i]));
	lex->nstems = sort_unique(lex->stems, lex->nvocabulary);
	set_known(lex, context);
}

static void
load_forms(DbiLexicon *lex, MemoryContext context)
{
	int n = 0;

	run("SELECT concept, form, weight FROM dbinsight.concept_forms ORDER BY concept, form");
	lex->forms = MemoryContextAllocZero(context, sizeof(DbiForm) * Max(2 * SPI_processed, 1));
	/* half of the buckets stay empty: a form has at most two keys */
	lex->nbuckets = (int) pg_nextpower2_32((uint32) Max(4 * SPI_processed, 2));
	lex->first_forms = MemoryContextAllocHuge(context, sizeof(int) * lex->nbuckets);
	lex->longest_by_head = MemoryContextAllocHuge(context, lex->nbuckets);
	add_forms(lex, context, true);
	add_forms(lex, context, false);
	lex->vocabulary =
		MemoryContextAlloc(context, sizeof(char *) * Max(SPI_processed * MAX_FORM_WORDS, 1));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char *form = dbi_lower(column(i, 2));
		char *save;

		for (char *w = strtok_r(form, " =~", &save); w; w = strtok_r(NULL, " =~", &save))
			if (w[0] != '<' && n < SPI_processed * MAX_FORM_WORDS)
				lex->vocabulary[n++] = kept(context, w);
	}
	set_vocabulary(lex, context, n);
}

/* Words for arguments are spelt right as well, and may be meant by a slip. */
static void
add_to_vocabulary(DbiLexicon *lex, MemoryContext context)
{
	int n = lex->nvocabulary;
	int most = n + (int) SPI_processed * MAX_FORM_WORDS;
	char **all = MemoryContextAlloc(context, sizeof(char *) * Max(most, 1));

	memcpy(all, lex->vocabulary, sizeof(char *) * n);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char *form = dbi_lower(column(i, 4));
		char *save;

		for (char *w = strtok_r(form, " *#", &save); w && n < most; w = strtok_r(NULL, " *#", &save))
			all[n++] = kept(context, w);
	}
	lex->vocabulary = all;
	set_vocabulary(lex, context, n);
}

static void
load_argument_words(DbiLexicon *lex, MemoryContext context)
{
	run("SELECT tool, argument, value, form FROM dbinsight.argument_words ORDER BY argument, tool, value, form");
	lex->words = MemoryContextAllocZero(context, sizeof(DbiArgumentWord) * Max(SPI_processed, 1));
	lex->nwords = (int) SPI_processed;
	for (int i = 0; i < lex->nwords; i++)
	{
		DbiArgumentWord *w = &lex->words[i];
		MemoryContext old = MemoryContextSwitchTo(context);

		w->tool = column(i, 1);
		w->argument = column(i, 2);
		w->value = column(i, 3);
		w->words = dbi_form_words(column(i, 4), &w->nwords);
		MemoryContextSwitchTo(old);
	}
	add_to_vocabulary(lex, context);
}

/* By their words, so that the same rows are the same array in any order. */
static int
compare_foreign(const void *a, const void *b)
{
	const DbiForeignWord *x = a;
	const DbiForeignWord *y = b;

	for (int i = 0; i < x->nwords && i < y->nwords; i++)
	{
		int c = strcmp(x->words[i], y->words[i]);

		if (c != 0)
			return c;
	}
	return x->nwords != y->nwords ? x->nwords - y->nwords : strcmp(x->language, y->language);
}

/* A form begins with a letter: one that begins with a number is found nowhere. */
static void
index_foreign(DbiLexicon *lex)
{
	int letter = 0;
	int i;

	qsort(lex->foreign, lex->nforeign, sizeof(DbiForeignWord), compare_foreign);
	for (i = 0; i < lex->nforeign; i++)
		while (letter < lengthof(lex->first_foreign) && letter <= lex->foreign[i].words[0][0] - 'a')
			lex->first_foreign[letter++] = i;
	while (letter < lengthof(lex->first_foreign))
		lex->first_foreign[letter++] = i;
}

/* The name of a language, written once. */
static const char *
language_of(DbiLexicon *lex, const char *name)
{
	for (int i = 0; i < lex->nlanguages; i++)
		if (strcmp(lex->languages[i], name) == 0)
			return lex->languages[i];
	return lex->languages[lex->nlanguages++] = pstrdup(name);
}

static int
compare_languages(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void
load_foreign_words(DbiLexicon *lex, MemoryContext context)
{
	MemoryContext old;

	run("SELECT language, form, meaning, shared FROM dbinsight.foreign_words");
	lex->foreign = MemoryContextAllocZero(context, sizeof(DbiForeignWord) * Max(SPI_processed, 1));
	lex->languages = MemoryContextAllocZero(context, sizeof(char *) * Max(SPI_processed, 1));
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		DbiForeignWord *f = &lex->foreign[lex->nforeign];

		CHECK_FOR_INTERRUPTS();
		f->language = language_of(lex, column(i, 1));
		f->shared = column(i, 4)[0] == 't';
		dbi_set_foreign_word(f, column(i, 2), column(i, 3));
		lex->nforeign += f->nwords > 0;
	}
	MemoryContextSwitchTo(old);
	qsort(lex->languages, lex->nlanguages, sizeof(char *), compare_languages);
	index_foreign(lex);
}

static void
load_small_tables(DbiLexicon *lex, MemoryContext context)
{
	run("SELECT tool, intent, companion, position FROM dbinsight.tool_companions ORDER BY tool, intent, position, companion");
	lex->companions = MemoryContextAllocZero(context, sizeof(DbiCompanion) * Max(SPI_processed, 1));
	lex->ncompanions = (int) SPI_processed;
	for (int i = 0; i < lex->ncompanions; i++)
	{
		lex->companions[i].tool = kept(context, column(i, 1));
		lex->companions[i].intent = kept(context, column(i, 2));
		lex->companions[i].companion = kept(context, column(i, 3));
		lex->companions[i].first = atoi(column(i, 4)) == 0;
	}
	run("SELECT pattern, kind FROM dbinsight.name_hints ORDER BY length(pattern) DESC, pattern");
	lex->hints = MemoryContextAllocZero(context, sizeof(DbiNameHint) * Max(SPI_processed, 1));
	lex->nhints = (int) SPI_processed;
	for (int i = 0; i < lex->nhints; i++)
	{
		lex->hints[i].pattern = kept(context, column(i, 1));
		lex->hints[i].kind = kept(context, column(i, 2));
	}
	load_argument_words(lex, context);
	load_foreign_words(lex, context);
}

/* ---- examples ---- */

static void
add_example(DbiLexicon *lex, MemoryContext context, int agent, int tool, bool description,
			const char *words)
{
	DbiExample *e = &lex->examples[lex->nexamples];
	MemoryContext old;
	DbiClock clock;
	DbiText *text;
	List *slots;
	DbiClause *clause;

	CHECK_FOR_INTERRUPTS();
	if (strlen(words) > DBI_MAX_QUESTION_BYTES || agent < 0)
		return;
	dbi_set_still_clock(&clock);
	text = dbi_tokenize(words);
	dbi_translate(lex, text);
	slots = dbi_find_slots(text, &clock);
	clause = dbi_read_clause(lex, text, slots, 0, text->n);
	e->agent = agent;
	e->tool = tool;
	e->description = description;
	old = MemoryContextSwitchTo(context);
	e->normalised = dbi_normalise(text, slots);
	dbi_make_features(lex, text, slots, clause, e);
	MemoryContextSwitchTo(old);
	if (e->nfeatures > 0)
		lex->nexamples++;
}

/* What the comment says the tool is for: its first line. */
static char *
first_line(const char *comment)
{
	return comment ? pnstrdup(comment, strcspn(comment, "\r\n")) : pstrdup("");
}

static void
load_examples(DbiLexicon *lex, MemoryContext context)
{
	SPITupleTable *rows;
	uint64 n;
	uint64 size = 0;
	MemoryContext row;
	MemoryContext old;

	run("SELECT t.agent, t.tool, t.examples, pg_catalog.obj_description(p.oid, 'pg_proc')"
		" FROM dbinsight.agent_tools t JOIN dbinsight.agents a ON a.name = t.agent AND a.enabled" FIND_FUNCTION
		" WHERE t.enabled"
		" UNION ALL SELECT name, '', examples, description FROM dbinsight.agents WHERE enabled ORDER BY 1, 2");
	rows = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		int count;

		(void) text_array(i, 3, &count);
		size += count + 1;
	}
	lex->examples = MemoryContextAllocHuge(context, sizeof(DbiExample) * Max(size, 1));
	memset(lex->examples, 0, sizeof(DbiExample) * Max(size, 1));
	row = AllocSetContextCreate(CurrentMemoryContext, "dbinsight examples", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(row);
	for (uint64 i = 0; i < n; i++)
	{
		int count;
		int agent;
		int tool;
		char **words;

		MemoryContextReset(row);
		SPI_tuptable = rows;
		words = text_array(i, 3, &count);
		agent = dbi_find_agent(lex, column(i, 1));
		tool = find_tool(lex, agent, column(i, 2));
		for (int k = 0; k < count; k++)
			add_example(lex, context, agent, tool, false, words[k]);
		add_example(lex, context, agent, tool, true, first_line(column(i, 4)));
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row);
}

/* A model of another form than this build's is left alone: the lexicon answers without it. */
static void
load_router(DbiLexicon *lex, MemoryContext context)
{
	bytea *model;
	bool isnull;

	run("SELECT model, version FROM dbinsight._router");
	if (SPI_processed != 1)
		return;
	model = DatumGetByteaPP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	lex->router = dbi_router_from_bytes(VARDATA_ANY(model), VARSIZE_ANY_EXHDR(model), lex, context);
	if (lex->router != NULL)
		lex->router->version = atoi(column(0, 2));
}

static DbiLexicon *
load(MemoryContext context)
{
	DbiLexicon *lex = MemoryContextAllocZero(context, sizeof(DbiLexicon));

	load_agents(lex, context);
	load_tools(lex, context);
	load_concepts(lex, context);
	load_weights(lex, context);
	load_forms(lex, context);
	load_small_tables(lex, context);
	load_examples(lex, context);
	dbi_weigh_features(lex, context);
	load_router(lex, context);
	return lex;
}

/*
 * Reads under the newest snapshot: an invalidation that came before it is in
 * what is read, and one that comes later makes the lexicon invalid again.
 */
const DbiLexicon *
dbi_lexicon(void)
{
	MemoryContext context;
	DbiLexicon *fresh;

	if (lexicon_valid)
		return lexicon;
	watch();
	context =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight lexicon", ALLOCSET_DEFAULT_SIZES);
	lexicon_valid = true;
	PG_TRY();
	{
		PushActiveSnapshot(GetLatestSnapshot());
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "could not connect to the server programming interface");
		fresh = load(context);
		SPI_finish();
		PopActiveSnapshot();
	}
	PG_CATCH();
	{
		lexicon_valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSetParent(context, TopMemoryContext);
	/* An outer question, whose tool asked this one, still reads from the old one. */
	if (lexicon_context)
		MemoryContextSetParent(lexicon_context, TopTransactionContext);
	lexicon_context = context;
	lexicon = fresh;
	return lexicon;
}

/* ---- looking up ---- */

/* First of the forms with this key; the others follow it. */
const DbiForm *
dbi_find_form(const DbiLexicon *lex, const char *key)
{
	int first = lex->nforms > 0 ? *form_bucket(lex, key) : -1;

	return first < 0 ? NULL : &lex->forms[first];
}

int
dbi_longest_form(const DbiLexicon *lex, const char *head)
{
	return lex->nforms > 0 ? *head_bucket(lex, head, strlen(head)) : 0;
}

/* A word that is a form itself is none, though another with its stem is: "findings" beside "find". */
bool
dbi_is_stop(const DbiLexicon *lex, const char *word, const char *stem)
{
	const DbiForm *form = dbi_find_form(lex, stem);
	const DbiForm *end = lex->forms + lex->nforms;

	for (; form && form < end && strcmp(form->key, stem) == 0; form++)
		if (lex->concepts[form->concept].kind == DBI_CONCEPT_STOP)
			return strcmp(word, stem) == 0 || !dbi_find_form(lex, psprintf("=%s", word));
	return false;
}

/* Whether a word, or one with the same stem, stands in a form. */
bool
dbi_in_vocabulary(const DbiLexicon *lex, const char *word)
{
	char *stem;

	if (bsearch(&word, lex->vocabulary, lex->nvocabulary, sizeof(char *), compare_strings) != NULL)
		return true;
	stem = dbi_stem(word);
	return bsearch(&stem, lex->stems, lex->nstems, sizeof(char *), compare_strings) != NULL;
}

static bool
is_plain(const char *word)
{
	return strspn(word, "abcdefghijklmnopqrstuvwxyz") == strlen(word);
}

/* The only word of the vocabulary that near; NULL when there is none or a doubt. */
static const char *
nearest(const DbiLexicon *lex, const char *word)
{
	size_t len = strlen(word);
	int limit = len >= 9 ? 2 : 1;
	int best = limit + 1;
	const char *found = NULL;
	uint32 letters = dbi_letters(word);
	int letter = word[0] - 'a';

	for (int i = lex->first_known[letter]; i < lex->first_known[letter + 1]; i++)
	{
		const DbiKnownWord *known = &lex->known[i];
		int d;

		if (pg_popcount32(letters ^ known->letters) > 2 * limit)
			continue;
		d = dbi_edit_distance(word, known->word, limit);
		if (d < best)
		{
			best = d;
			found = known->word;
		}
	}
	return found;
}

void
dbi_repair_typos(const DbiLexicon *lex, DbiText *text)
{
	int unknown = 0;

	for (int i = 0; i < text->n && unknown < MAX_REPAIRS; i++)
	{
		DbiToken *t = &text->tokens[i];
		const char *v;

		if (t->kind != DBI_TOK_WORD || strlen(t->text) < 5 || !is_plain(t->text) ||
			dbi_in_vocabulary(lex, t->text) || dbi_find_form(lex, t->stem) ||
			dbi_is_stop(lex, t->text, t->stem))
			continue;
		CHECK_FOR_INTERRUPTS();
		unknown++;
		v = nearest(lex, t->text);
		if (!v)
			continue;
		t->text = pstrdup(v);
		t->stem = dbi_stem(v);
		t->repaired = true;
	}
}
