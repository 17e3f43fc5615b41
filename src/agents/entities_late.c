/*
 * entities_late.c: names that are looked for only when a tool wants one: SKUs
 * by some of their parts, schemas by their own name, what serves a model, the
 * name nearest to an unknown one. With the rights of the caller.
 */
#include "postgres.h"

#include <ctype.h>

#include "executor/spi.h"
#include "miscadmin.h"

#include "agents/understand.h"

/* Two edits in a name, one in a short one: more is another name. */
#define SHORT_NAME 6

/* So few words, where a SKU is wanted, name one by any of its parts. */
#define SHORT_TEXT 6

/* Parts of a SKU's name that tell none from another. */
#define COMMON_PARTS "premium|enterprise|standard|compute|dbu|databricks"
/* Where the region of a SKU begins. */
#define REGIONS                                                                                                           \
	"us|eu|ap|ca|sa|me|af|il|uk|asia|australia|europe|northamerica|southamerica|brazil|canada|india|japan|korea|germany|" \
	"france|norway|sweden|switzerland|uae|qatar|south|north|central|east|west"

/* ---- words ---- */

static bool
is_free(const DbiToken *t)
{
	return t->slot < 0 &&
		   (t->kind == DBI_TOK_WORD || t->kind == DBI_TOK_IDENT || t->kind == DBI_TOK_QUOTED);
}

/* Other words for parts of SKUs. */
static const struct
{
	const char *part;
	const char *words;
} part_words[] = {{"inference", "serving"},
				  {"time", "model"},
				  {"dlt", "pipeline|pipelines|declarative"},
				  {"database", "lakebase|postgres"},
				  {"jobs", "workflow|workflows|automated"},
				  {"purpose", "interactive"},
				  {"all", "interactive"},
				  {"egress", "outbound"},
				  {"sql", "warehouse|warehouses"}};

static const char *
words_for(const char *part)
{
	for (int i = 0; i < lengthof(part_words); i++)
		if (strcmp(part_words[i].part, part) == 0)
			return part_words[i].words;
	return part;
}

/* First token of that stem in [from, to), or -1. */
static int
token_of(const DbiText *text, int from, int to, const char *part)
{
	char *stem = dbi_stem(part);
	const char *words = words_for(part);

	for (int i = from; i < to; i++)
		if (is_free(&text->tokens[i]) &&
			(strcmp(text->tokens[i].text, part) == 0 || strcmp(text->tokens[i].stem, stem) == 0 ||
			 dbi_is_one_of(text->tokens[i].text, words)))
			return i;
	return -1;
}

static bool
has_word(const DbiText *text, int from, int to, const char *words)
{
	for (int i = from; i < to; i++)
		if (dbi_is_one_of(text->tokens[i].text, words))
			return true;
	return false;
}

/* ---- SKUs ---- */

typedef struct Part
{
	int met;   /* parts of the name that stand in the tokens */
	int own;   /* parts that tell the SKU from others */
	int new;   /* of them those that neither stand there nor in the SKU spoken of before */
	int first; /* tokens they stand in */
	int last;
} Part;

/* How much of what tells a SKU from others is said: PREMIUM_SQL_PRO_COMPUTE_US_EAST by "sql pro". */
static Part
said_parts(const DbiText *text, int from, int to, const char *sku, const char *before)
{
	Part p = {0, 0, 0, to, from};
	char *copy = dbi_lower(sku);
	char *save;
	int n = 0;

	for (char *w = strtok_r(copy, "_() ", &save); w; w = strtok_r(NULL, "_() ", &save), n++)
	{
		int at;

		if (n > 1 && dbi_is_one_of(w, REGIONS))
			break;
		if (dbi_is_one_of(w, COMMON_PARTS))
			continue;
		p.own++;
		at = token_of(text, from, to, w);
		if (at < 0)
		{
			p.new += !before || strstr(before, w) == NULL;
			continue;
		}
		p.met++;
		p.first = Min(p.first, at);
		p.last = Max(p.last, at + 1);
	}
	/* Parts strewn over the sentence name nothing. */
	if (p.met > 0 && p.last - p.first > p.met + 2)
		p.met = 0;
	return p;
}

static bool
says_sku(const DbiText *text, int from, int to, const Part *p)
{
	return p->met > 1 || has_word(text, from, to, "sku|skus|compute|dbu|dbus|serverless|egress");
}

const char *
dbi_sku_in(const DbiLexicon *lex, const DbiText *text, int from, int to, const char *before,
		   const char **span)
{
	static SPIPlanPtr plan = NULL;
	List *skus =
		dbi_query_names(&plan,
						"SELECT DISTINCT sku_name, 'sku', sku_name, 1 FROM dbinsight.fact_list_prices"
						" WHERE sku_name IS NOT NULL AND $1 IS NOT NULL ORDER BY 1",
						list_make1("sku"));
	const char *best = NULL;
	Part most = {0, 0, 0, 0, 0};
	char *known = before ? dbi_lower(before) : NULL;
	ListCell *lc;

	foreach(lc, skus)
	{
		DbiFound *f = lfirst(lc);
		Part p = said_parts(text, from, to, f->value, known);

		CHECK_FOR_INTERRUPTS();
		/* "and dlt?" is enough where a SKU was spoken of. */
		if (p.met == 0 || (to - from <= SHORT_TEXT ? p.met < p.new
												   : p.met < p.own || !says_sku(text, from, to, &p)))
			continue;
		if (p.met > most.met || (p.met == most.met && p.new < most.new) ||
			(p.met == most.met && p.new == most.new &&strlen(f->value) < strlen(best)))
		{
			best = f->value;
			most = p;
		}
	}
	if (best)
		*span = dbi_span(text, most.first, most.last);
	return best;
}

/* ---- schemas ---- */

/* A word of its own, or one taken for a workspace: a catalog or schema may be called the same. */
static bool
may_name_schema(List *slots, const DbiToken *t)
{
	DbiSlot *slot = t->slot >= 0 && t->slot < list_length(slots) ? list_nth(slots, t->slot) : NULL;
	DbiCandidate *c = slot && slot->candidates ? linitial(slot->candidates) : NULL;

	if (is_free(t))
		return true;
	return slot && (slot->kind == DBI_SLOT_ENVIRONMENT || slot->kind == DBI_SLOT_NAME) &&
		   slot->to == slot->from + 1 && (!c || strcmp(c->kind, "workspace") == 0);
}

/* A word that stands where a schema can: "silver layer", "in silver", or alone. */
static bool
may_be_schema(const DbiLexicon *lex, const DbiText *text, List *slots, int from, int to, int i)
{
	const DbiToken *t = &text->tokens[i];
	const DbiToken *before = i > from ? &text->tokens[i - 1] : NULL;
	const DbiToken *after = i + 1 < to ? &text->tokens[i + 1] : NULL;

	if (!may_name_schema(slots, t) || strlen(t->text) < 2 || dbi_is_stop(lex, t->text, t->stem))
		return false;
	return (after && dbi_is_one_of(after->text, "layer|schema|zone|tables|area|catalog|level|tier|"
												"data|datasets|stuff|only|too")) ||
		   (before && dbi_is_one_of(before->text, "in|of|for|on|schema|from|inside|within|across|"
												  "only|and|about|the|catalog|our|is|how")) ||
		   to - from <= 3;
}

/* Schemas by their own name, and by that of their catalog. */
#define FIND_SCHEMAS                                                                                    \
	"SELECT pg_catalog.lower(table_schema), 'schema',"                                                  \
	" CASE WHEN pg_catalog.count(DISTINCT table_catalog) > 1 THEN pg_catalog.min(table_schema)"         \
	" ELSE pg_catalog.min(table_catalog || '.' || table_schema) END, 1 FROM dbinsight.dim_table"        \
	" WHERE pg_catalog.lower(table_schema) = ANY ($1) GROUP BY 1"                                       \
	" UNION ALL SELECT pg_catalog.lower(table_catalog), 'schema',"                                      \
	" CASE WHEN pg_catalog.count(DISTINCT table_schema) > 1 THEN pg_catalog.min(table_catalog) || '.%'" \
	" ELSE pg_catalog.min(table_catalog || '.' || table_schema) END, 1 FROM dbinsight.dim_table"        \
	" WHERE pg_catalog.lower(table_catalog) = ANY ($1) GROUP BY 1"

const char *
dbi_schema_in(const DbiLexicon *lex, const DbiText *text, List *slots, int from, int to,
			  const char **span)
{
	static SPIPlanPtr plan = NULL;
	List *words = NIL;
	List *found;

	for (int i = from; i < to; i++)
		if (may_be_schema(lex, text, slots, from, to, i))
			words = lappend(words, (char *) text->tokens[i].text);
	found = dbi_query_names(&plan, FIND_SCHEMAS, words);
	for (int i = from; i < to; i++)
	{
		ListCell *lc;

		foreach(lc, found)
		{
			DbiFound *f = lfirst(lc);

			if (strcmp(f->key, text->tokens[i].text) != 0 ||
				!may_be_schema(lex, text, slots, from, to, i))
				continue;
			*span = dbi_span(text, i, i + 1);
			return f->value;
		}
	}
	return NULL;
}

/* ---- what serves what ---- */

const char *
dbi_served_name(const char *kind, const char *name)
{
	static SPIPlanPtr endpoint_plan = NULL;
	static SPIPlanPtr model_plan = NULL;
	List *keys = list_make1(dbi_lower(name));
	List *found;

	if (strcmp(kind, "endpoint") == 0)
		found =
			dbi_query_names(&endpoint_plan,
							"SELECT pg_catalog.lower(entity_name), 'endpoint', pg_catalog.min(endpoint_name), 1"
							" FROM dbinsight.dim_served_entities WHERE is_current AND pg_catalog.lower(entity_name) = ANY ($1)"
							" AND endpoint_name IS NOT NULL GROUP BY 1",
							keys);
	else
		found =
			dbi_query_names(&model_plan,
							"SELECT pg_catalog.lower(endpoint_name), 'model', pg_catalog.min(entity_name), 1"
							" FROM dbinsight.dim_served_entities WHERE is_current AND pg_catalog.lower(endpoint_name) = ANY ($1)"
							" AND entity_name IS NOT NULL GROUP BY 1",
							keys);
	return found ? ((DbiFound *) linitial(found))->value : NULL;
}

/* ---- the nearest name ---- */

const char *
dbi_nearest_name(const char *kind, const char *name)
{
	static SPIPlanPtr plan = NULL;
	char *lower = dbi_lower(name);
	int len = (int) strlen(lower);
	int limit = len < SHORT_NAME ? 1 : 2;
	int least = limit + 1;
	const char *near = NULL;
	List *found;
	ListCell *lc;

	if (len < 4)
		return NULL;
	found =
		dbi_query_names(&plan,
						"SELECT DISTINCT n.key, n.kind, n.value, 1 FROM dbinsight.known_names n"
						" WHERE n.kind = ($1)[1] AND pg_catalog.length(n.key)"
						" BETWEEN pg_catalog.length(($1)[2]) - 2 AND pg_catalog.length(($1)[2]) + 2"
						" ORDER BY 1 LIMIT 20000",
						list_make2((char *) kind, lower));
	foreach(lc, found)
	{
		DbiFound *f = lfirst(lc);
		int d;

		CHECK_FOR_INTERRUPTS();
		d = dbi_edit_distance(lower, f->key, limit);
		if (d == 0 || d >= least)
			continue;
		least = d;
		near = f->value;
	}
	return near;
}

/* ---- tags ---- */

bool
dbi_is_tag_key(const char *word)
{
	static SPIPlanPtr plan = NULL;

	return dbi_query_names(&plan,
						   "SELECT k, 'tag', k, 1 FROM pg_catalog.unnest($1) k WHERE"
						   " k = ANY (pg_catalog.string_to_array(dbinsight._setting('required_tags'), ','))"
						   " OR EXISTS (SELECT FROM dbinsight.rollup_usage_daily u"
						   " WHERE u.usage_date >= dbinsight.today() - 7 AND u.tags ? k) LIMIT 1",
						   list_make1((char *) word)) != NIL;
}
