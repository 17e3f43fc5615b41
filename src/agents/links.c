/*
 * links.c: things that results of several agents have in common. A job that is
 * both among the cost drivers and among the failures is one story, not two.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "agents/answer_parts.h"

/* Only what stands this high in a result is material. */
#define TOP_ROWS 10
#define MAX_LINKS 2

/* Where a result names a thing of a kind: id and name columns, and a type column when ids of several kinds share them. */
typedef struct KeyColumns
{
	const char *kind;
	const char *id;
	const char *name;
	const char *type_column;
	const char *type;
	bool per_workspace; /* ids are unique only inside a workspace */
} KeyColumns;

/* In order of how much a shared thing explains. */
static const KeyColumns keys[] =
	{{"job", "writer_id", "writer_id", "writer_type", "JOB", true},
	 {"pipeline", "writer_id", "writer_id", "writer_type", "PIPELINE", true},
	 {"job", "job_id", "job_name", NULL, NULL, true},
	 {"job", "resource_id", "resource_name", "resource_type", "JOB", true},
	 {"job", "entity_id", "entity_name", "entity_type", "JOB", true},
	 {"pipeline", "pipeline_id", "pipeline_name", NULL, NULL, true},
	 {"pipeline", "resource_id", "resource_name", "resource_type", "PIPELINE", true},
	 {"pipeline", "entity_id", "entity_name", "entity_type", "PIPELINE", true},
	 {"table", "table_full_name", "table_full_name", NULL, NULL, false},
	 {"cluster", "cluster_id", "cluster_name", NULL, NULL, true},
	 {"cluster", "resource_id", "resource_name", "resource_type", "CLUSTER", true},
	 {"warehouse", "warehouse_id", "warehouse_name", NULL, NULL, true},
	 {"warehouse", "resource_id", "resource_name", "resource_type", "WAREHOUSE", true},
	 {"endpoint", "endpoint_name", "endpoint_name", NULL, NULL, false},
	 {"endpoint", "resource_id", "resource_name", "resource_type", "ENDPOINT", false},
	 {"model", "model_name", "model_name", NULL, NULL, false},
	 {"ip", "source_ip", "source_ip", NULL, NULL, false},
	 {"user", "user_email", "user_email", NULL, NULL, false},
	 {"user", "actor", "actor", NULL, NULL, false},
	 {"user", "executed_by", "executed_by", NULL, NULL, false},
	 {"user", "principal", "principal", NULL, NULL, false},
	 {"user", "owner", "owner", NULL, NULL, false},
	 {NULL}};

/* Whether the result has the columns of a key; most have few of them. */
static bool
has_key(const DbiResult *r, const KeyColumns *key)
{
	return dbi_column(r, key->id) >= 0 &&
		   (key->type_column == NULL || dbi_column(r, key->type_column) >= 0);
}

typedef struct Link
{
	const KeyColumns *a_key;
	const KeyColumns *b_key;
	DbiTold *a;
	DbiTold *b;
	int a_row; /* first row of a that names it */
	int b_row;
	int *a_rows;
	int na;
	int *b_rows;
	int nb;
} Link;

static const DbiCell *
cell(const DbiResult *r, int row, const char *column)
{
	int c = column ? dbi_column(r, column) : -1;

	return c < 0 || r->rows[row][c].isnull ? NULL : &r->rows[row][c];
}

/* The id a row gives under a key, or NULL. */
static const char *
row_id(const DbiResult *r, int row, const KeyColumns *key)
{
	const DbiCell *type = cell(r, row, key->type_column);
	const DbiCell *id = cell(r, row, key->id);

	if (key->type_column && (type == NULL || pg_strcasecmp(type->text, key->type) != 0))
		return NULL;
	if (id && id->id)
		return id->id;
	return id && id->text[0] ? id->text : NULL;
}

static bool
same(const DbiResult *a, int a_row, const KeyColumns *a_key, const DbiResult *b, int b_row,
	 const KeyColumns *b_key)
{
	const char *x = row_id(a, a_row, a_key);
	const char *y = row_id(b, b_row, b_key);
	const DbiCell *wx = cell(a, a_row, "workspace_id");
	const DbiCell *wy = cell(b, b_row, "workspace_id");

	if (x == NULL || y == NULL || pg_strcasecmp(x, y) != 0)
		return false;
	return !a_key->per_workspace || wx == NULL || wy == NULL || strcmp(wx->text, wy->text) == 0;
}

static void
gather_rows(const DbiTold *told, int first, const KeyColumns *key, int **rows, int *n)
{
	const DbiResult *r = told->result;

	*rows = palloc(sizeof(int) * r->nrows);
	*n = 0;
	for (int i = 0; i < r->nrows; i++)
		if (same(r, first, key, r, i, key))
			(*rows)[(*n)++] = i;
}

/* An address of one's own network connects everything and explains nothing. */
static bool
is_trusted(const DbiResult *r, int row)
{
	const DbiCell *trusted = cell(r, row, "is_trusted");

	return trusted && trusted->number != 0;
}

/* People and addresses are everywhere: only where they stand high they mean something. */
static int
material_rows(const KeyColumns *key)
{
	return strcmp(key->kind, "user") == 0 || strcmp(key->kind, "ip") == 0 ? TOP_ROWS : PG_INT32_MAX;
}

static Link *
find_link(DbiTold *a, DbiTold *b, const KeyColumns *a_key, const KeyColumns *b_key)
{
	for (int i = 0; i < Min(a->result->nrows, TOP_ROWS); i++)
		for (int j = 0; j < Min(b->result->nrows, material_rows(a_key)); j++)
		{
			Link *link;

			if (!same(a->result, i, a_key, b->result, j, b_key) || is_trusted(a->result, i) ||
				is_trusted(b->result, j))
				continue;
			link = palloc0(sizeof(Link));
			link->a_key = a_key;
			link->b_key = b_key;
			link->a = a;
			link->b = b;
			link->a_row = i;
			link->b_row = j;
			gather_rows(a, i, a_key, &link->a_rows, &link->na);
			gather_rows(b, j, b_key, &link->b_rows, &link->nb);
			return link;
		}
	return NULL;
}

static const char *
link_id(const Link *link)
{
	return row_id(link->a->result, link->a_row, link->a_key);
}

/* The same thing again, through another pair of calls. */
static bool
known(List *links, const Link *link)
{
	ListCell *lc;

	foreach(lc, links)
	{
		const Link *other = lfirst(lc);

		if (strcmp(other->a_key->kind, link->a_key->kind) == 0 &&
			strcmp(link_id(other), link_id(link)) == 0)
			return true;
	}
	return false;
}

static bool
is_linkable(const DbiTold *told)
{
	return told->result->ok && told->result->nrows > 0 &&
		   told->result->call->role != DBI_CALL_BASELINE;
}

static void
link_pair(List **links, DbiTold *a, DbiTold *b)
{
	for (const KeyColumns *ka = keys; ka->kind; ka++)
	{
		if (!has_key(a->result, ka))
			continue;
		CHECK_FOR_INTERRUPTS();
		for (const KeyColumns *kb = keys; kb->kind; kb++)
		{
			Link *link;

			if (strcmp(ka->kind, kb->kind) != 0 || !has_key(b->result, kb) ||
				(strcmp(ka->id, "owner") == 0 && strcmp(kb->id, "owner") == 0))
				continue;
			link = find_link(a, b, ka, kb);
			if (link && !known(*links, link))
				*links = lappend(*links, link);
		}
	}
}

static int
key_order(const ListCell *a, const ListCell *b)
{
	const Link *x = lfirst(a);
	const Link *y = lfirst(b);

	if (x->a_key != y->a_key)
		return x->a_key < y->a_key ? -1 : 1;
	return x->a_row - y->a_row;
}

static DbiScope
link_scope(const Link *link, bool of_a)
{
	DbiTold *told = of_a ? link->a : link->b;
	DbiScope scope = told->scope;
	const DbiCell *name = cell(link->a->result, link->a_row, link->a_key->name);

	if (name == NULL)
		name = cell(link->b->result, link->b_row, link->b_key->name);
	scope.nrows = of_a ? link->na : link->nb;
	scope.row_numbers = of_a ? link->a_rows : link->b_rows;
	scope.entity = name ? name->text : link_id(link);
	return scope;
}

/* What a result says about the thing: its mention, else that it is in it. */
static void
tell_mention(DbiTurn *turn, const Link *link, bool of_a)
{
	DbiTold *told = of_a ? link->a : link->b;
	DbiScope scope = link_scope(link, of_a);
	ListCell *lc;

	foreach(lc, told->template->rules)
	{
		DbiRule *rule = lfirst(lc);

		if (strcmp(rule->part, "mention") == 0 && dbi_holds(rule->condition, &scope) &&
			dbi_render(turn->text, rule->body, &scope))
			return;
	}
	dbi_sayf(turn->text, "it is among the %s", dbi_noun(told, 2));
}

static void
collect_advice(DbiTurn *turn, const Link *link)
{
	List *bodies = dbi_load_links(link->a_key->kind, link->a->result->call->agent,
								  link->b->result->call->agent);
	DbiScope scope = link_scope(link, true);
	ListCell *lc;

	foreach(lc, bodies)
	{
		DbiText *words = dbi_text();

		if (dbi_render(words, lfirst(lc), &scope))
			turn->actions = lappend(turn->actions, words);
	}
}

static void
tell_link(DbiTurn *turn, const Link *link)
{
	DbiScope scope = link_scope(link, true);

	/* it leads the first result: then it explains it; further down it is only there too */
	dbi_sayf(turn->text,
			 link->a_row == 0 && material_rows(link->a_key) > TOP_ROWS
				 ? "**The same %s is behind both: "
				 : "**The same %s is in both: ",
			 strcmp(link->a_key->kind, "ip") == 0 ? "address" : link->a_key->kind);
	dbi_say_name(turn->text, dbi_markdown(scope.entity, 100));
	dbi_say(turn->text, ".** ");
	dbi_sayf(turn->text, "%s: ", dbi_agent_title(link->a->result->call->agent));
	tell_mention(turn, link, true);
	dbi_sayf(turn->text, "; %s: ", dbi_agent_title(link->b->result->call->agent));
	tell_mention(turn, link, false);
	dbi_say(turn->text, ".\n\n");
	collect_advice(turn, link);
}

/* At the head of an answer, before its sections. */
void
dbi_tell_links(DbiTurn *turn)
{
	List *links = NIL;
	int n = 0;
	ListCell *la;
	ListCell *lb;

	foreach(la, turn->told)
		for_each_from(lb, turn->told, foreach_current_index(la) + 1)
		{
			DbiTold *a = lfirst(la);
			DbiTold *b = lfirst(lb);

			if (is_linkable(a) && is_linkable(b) &&
				strcmp(a->result->call->agent, b->result->call->agent) != 0)
				link_pair(&links, a, b);
		}
	list_sort(links, key_order);
	foreach(la, links)
	{
		if (n++ == MAX_LINKS)
			break;
		tell_link(turn, lfirst(la));
	}
}
