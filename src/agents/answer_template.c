/*
 * answer_template.c: reads the templates of the tools an answer is made from.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "agents/answer_parts.h"
#include "base/spi.h"

static SPIPlanPtr templates_plan;
static SPIPlanPtr rules_plan;
static SPIPlanPtr title_plan;
static SPIPlanPtr links_plan;
static SPIPlanPtr examples_plan;

static char *
text_column(HeapTuple tuple, int column)
{
	return SPI_getvalue(tuple, SPI_tuptable->tupdesc, column);
}

/* The elements of a text[] column; NIL when NULL. */
static List *
array_column(HeapTuple tuple, int column)
{
	bool isnull;
	Datum value = SPI_getbinval(tuple, SPI_tuptable->tupdesc, column, &isnull);
	Datum *items;
	int n;
	List *list = NIL;

	if (isnull)
		return NIL;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &items, NULL, &n);
	for (int i = 0; i < n; i++)
		list = lappend(list, TextDatumGetCString(items[i]));
	return list;
}

static char *
qualified(const DbiResult *r)
{
	return r->tool ? psprintf("%s.%s", r->tool->schema, r->tool->name) : NULL;
}

/* get_open_orders: "row of open orders/rows of open orders" */
static char *
noun_from_name(const char *name)
{
	char *words = pstrdup(strncmp(name, "get_", 4) == 0 ? name + 4 : name);

	for (char *p = words; *p; p++)
		if (*p == '_')
			*p = ' ';
	return psprintf("row of %s/rows of %s", words, words);
}

static void
set_template(DbiTurn *turn, HeapTuple tuple)
{
	char *tool = text_column(tuple, 1);
	ListCell *lc;

	foreach(lc, turn->told)
	{
		DbiTold *told = lfirst(lc);
		char *days;

		if (told->result->tool == NULL || strcmp(qualified(told->result), tool) != 0)
			continue;
		told->template->known = true;
		told->template->noun = text_column(tuple, 2);
		told->template->subject = text_column(tuple, 3);
		told->template->measure = text_column(tuple, 4);
		told->template->columns = array_column(tuple, 5);
		told->template->empty = text_column(tuple, 6);
		told->template->clean = text_column(tuple, 7);
		told->template->yes = text_column(tuple, 8);
		days = text_column(tuple, 9);
		told->template->default_days = days ? atoi(days) : 0;
		told->template->shown = text_column(tuple, 10);
		told->result->default_days = told->template->default_days;
	}
}

static void
add_rule(DbiTurn *turn, HeapTuple tuple)
{
	char *tool = text_column(tuple, 1);
	DbiRule *rule = palloc(sizeof(DbiRule));
	ListCell *lc;

	rule->part = text_column(tuple, 2);
	rule->intent = text_column(tuple, 3);
	rule->condition = text_column(tuple, 4);
	rule->body = text_column(tuple, 5);
	foreach(lc, turn->told)
	{
		DbiTold *told = lfirst(lc);

		if (told->result->tool && strcmp(qualified(told->result), tool) == 0)
			told->template->rules = lappend(told->template->rules, rule);
	}
}

void
dbi_load_templates(DbiTurn *turn)
{
	Datum *names = palloc(sizeof(Datum) * Max(list_length(turn->told), 1));
	int n = 0;
	Datum array;
	Oid type = TEXTARRAYOID;
	ListCell *lc;

	foreach(lc, turn->told)
	{
		DbiTold *told = lfirst(lc);

		told->template = palloc0(sizeof(DbiTemplate));
		told->template->noun = noun_from_name(told->result->call->tool);
		if (told->result->tool)
			names[n++] = CStringGetTextDatum(qualified(told->result));
	}
	array = PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
	dbi_spi_prepare(&templates_plan,
					"SELECT tool, noun, subject, measure, columns, empty, clean, yes, default_days, shown"
					" FROM dbinsight.answer_templates WHERE tool OPERATOR(pg_catalog.=) ANY ($1)",
					1, &type);
	dbi_spi_prepare(&rules_plan,
					"SELECT tool, part, intent, condition, body FROM dbinsight.answer_rules"
					" WHERE tool OPERATOR(pg_catalog.=) ANY ($1) ORDER BY tool, part, position",
					1, &type);
	if (dbi_spi_execute_plan(templates_plan, &array, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read answer_templates");
	for (uint64 i = 0; i < SPI_processed; i++)
		set_template(turn, SPI_tuptable->vals[i]);
	if (dbi_spi_execute_plan(rules_plan, &array, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read answer_rules");
	for (uint64 i = 0; i < SPI_processed; i++)
		add_rule(turn, SPI_tuptable->vals[i]);
}

const char *
dbi_agent_title(const char *agent)
{
	Oid type = TEXTOID;
	Datum name = CStringGetTextDatum(agent);

	dbi_spi_prepare(&title_plan,
					"SELECT title FROM dbinsight.agents WHERE name OPERATOR(pg_catalog.=) $1", 1,
					&type);
	if (dbi_spi_execute_plan(title_plan, &name, NULL, true, 1) == SPI_OK_SELECT && SPI_processed == 1)
		return text_column(SPI_tuptable->vals[0], 1);
	return agent;
}

List *
dbi_load_links(const char *kind, const char *agent_a, const char *agent_b)
{
	Oid types[] = {TEXTOID, TEXTARRAYOID};
	Datum agents[] = {CStringGetTextDatum(agent_a), CStringGetTextDatum(agent_b)};
	Datum values[2];
	List *bodies = NIL;

	values[0] = CStringGetTextDatum(kind);
	values[1] = PointerGetDatum(construct_array(agents, 2, TEXTOID, -1, false, TYPALIGN_INT));
	dbi_spi_prepare(&links_plan,
					"SELECT body FROM dbinsight.answer_links WHERE kind OPERATOR(pg_catalog.=) $1"
					" AND agents OPERATOR(pg_catalog.<@) $2 ORDER BY pg_catalog.cardinality(agents) DESC, position",
					2, types);
	if (dbi_spi_execute_plan(links_plan, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read answer_links");
	for (uint64 i = 0; i < SPI_processed; i++)
		bodies = lappend(bodies, text_column(SPI_tuptable->vals[i], 1));
	return bodies;
}

/* A few questions that can be asked: the first whole sentence among the examples of each agent, in order. */
List *
dbi_example_questions(int n)
{
	List *questions = NIL;

	dbi_spi_prepare(&examples_plan,
					"SELECT DISTINCT ON (a.position, a.name) e.question"
					" FROM dbinsight.agents a JOIN dbinsight.agent_tools t ON t.agent OPERATOR(pg_catalog.=) a.name,"
					" LATERAL pg_catalog.unnest(t.examples) WITH ORDINALITY e(question, n)"
					" WHERE a.enabled AND t.enabled AND e.question OPERATOR(pg_catalog.~) '^[A-Z].*[?]$'"
					" ORDER BY a.position, a.name, t.position, e.n, t.tool",
					0, NULL);
	if (dbi_spi_execute_plan(examples_plan, NULL, NULL, true, n) != SPI_OK_SELECT)
		elog(ERROR, "could not read example questions");
	for (uint64 i = 0; i < SPI_processed; i++)
		questions = lappend(questions, text_column(SPI_tuptable->vals[i], 1));
	return questions;
}
