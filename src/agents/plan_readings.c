/*
 * plan_readings.c: other readings of a question, which need another answer.
 *
 * The likeliest is answered, since a tool costs little; the others are said
 * below it and kept in the frame, to be chosen in the next turn ("the other
 * reading", "the second reading"). A reading is a question, and the tool that
 * is to answer it when the words alone would not choose it.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "commands/comment.h"
#include "lib/stringinfo.h"

#include "agents/planner.h"

/* Beside the one that is answered. */
#define MOST_READINGS 2
/* Tools whose evidence differs by less are hardly told apart; one with less than LEAST is none. */
#define NEAR 0.6
#define LEAST 2.0

static bool
add_reading(DbiPlanner *p, const char *question, const char *agent, const char *tool)
{
	DbiReading *r;

	if (list_length(p->readings) >= MOST_READINGS)
		return false;
	r = palloc(sizeof(DbiReading));
	r->question = question;
	r->agent = agent;
	r->tool = tool;
	p->readings = lappend(p->readings, r);
	return true;
}

/* The question with tokens [from, to) in other words. */
static char *
with_words(const DbiText *text, int from, int to, const char *words)
{
	int start = text->tokens[from].start;

	return psprintf("%.*s%s%s", start, text->source, words, text->source + text->tokens[to - 1].end);
}

/* ---- two dates: 03/04/2025 ---- */

static void
read_dates(DbiPlanner *p, List **said)
{
	for (int i = 0; i < p->text->n; i++)
	{
		const DbiToken *t = &p->text->tokens[i];
		int a;
		int b;
		int year;
		DateADT taken;
		DateADT other;

		if (t->kind != DBI_TOK_DATE || t->slot < 0 ||
			sscanf(t->text, "%d/%d/%d", &a, &b, &year) != 3 || a > 12 || b > 12 || a == b ||
			year < 1000)
			continue;
		taken = ((DbiSlot *) list_nth(p->slots, t->slot))->period.start;
		other = dbi_make_date(year, a, b);
		if (other == taken)
			other = dbi_make_date(year, b, a);
		if (other > p->clock.today)
			continue;
		if (add_reading(p, with_words(p->text, i, i + 1, dbi_date_text(other)), NULL, NULL))
			*said = lappend(*said, psprintf("%s as %s", t->text, dbi_date_text(other)));
	}
}

/* ---- several things of one name ---- */

static List *
all_named(const char *key)
{
	static SPIPlanPtr plan = NULL;

	return dbi_query_names(&plan,
						   "SELECT DISTINCT n.key, n.kind, n.value, 1 FROM dbinsight.known_names n"
						   " WHERE n.key = ANY ($1) ORDER BY 3 LIMIT 10",
						   list_make1((char *) key));
}

static void
read_names(DbiPlanner *p, List **said)
{
	ListCell *lc;
	ListCell *f;

	foreach(lc, p->slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->candidates ? linitial(slot->candidates) : NULL;

		if (slot->kind != DBI_SLOT_NAME || slot->from < 0 || slot->origin != DBI_ORIGIN_TEXT ||
			!c || c->others == 0 || strchr(c->value, '%') != NULL)
			continue;
		foreach(f, all_named(dbi_lower(slot->value)))
		{
			DbiFound *other = lfirst(f);

			if (strcmp(other->kind, c->kind) == 0 && strcmp(other->value, c->value) != 0 &&
				add_reading(p, with_words(p->text, slot->from, slot->to, other->value), NULL, NULL))
				*said = lappend(*said, psprintf("%s as %s", slot->span, other->value));
		}
	}
}

/* ---- two tools ---- */

/* The question a tool answers: the first sentence of its comment. */
static char *
question_of(const DbiTool *tool)
{
	char *comment = GetComment(tool->function, ProcedureRelationId, 0);
	size_t len;

	if (comment == NULL)
		return NULL;
	len = strcspn(comment, "?.:\n");
	return len > 0 ? psprintf("%c%.*s", pg_tolower((unsigned char) comment[0]), (int) len - 1,
							  comment + 1)
				   : NULL;
}

static bool
is_called(DbiPlanner *p, const char *tool)
{
	ListCell *lc;

	foreach(lc, p->plan->calls)
		if (strcmp(((DbiPlanCall *) lfirst(lc))->tool, tool) == 0)
			return true;
	return false;
}

static void
read_tools(DbiPlanner *p, const DbiClause *clause, List **said)
{
	int best = clause->best_tool;

	if (best < 0 || clause->likeness[best] >= REMEMBERED_LIKENESS || clause->tools[best] < LEAST)
		return;
	for (int t = 0; t < p->lex->ntools; t++)
	{
		const DbiTool *tool = &p->lex->tools[t];
		bool same = tool->agent == clause->best_agent;
		char *question;

		if (t == best || tool->owner != t || is_called(p, tool->name) ||
			(p->only_agent >= 0 && tool->agent != p->only_agent) ||
			clause->tools[t] + NEAR < clause->tools[best] ||
			(!same && clause->agents[tool->agent] + NEAR < clause->agents[clause->best_agent]))
			continue;
		question = question_of(tool);
		if (question && add_reading(p, dbi_span(p->text, 0, p->text->n),
									p->lex->agents[tool->agent].name, tool->name))
			*said = lappend(*said, question);
	}
}

/* Of a new question that is answered; the sentence says what can be chosen. */
void
dbi_offer_readings(DbiPlanner *p)
{
	StringInfoData s;
	List *said = NIL;
	ListCell *lc;

	if (p->plan->follow_up || p->forced_tool >= 0 || list_length(p->clauses) != 1)
		return;
	read_dates(p, &said);
	read_names(p, &said);
	read_tools(p, linitial(p->clauses), &said);
	if (said == NIL)
		return;
	initStringInfo(&s);
	foreach(lc, said)
		appendStringInfo(&s, "%s\"%s\"", s.len ? " or " : "", (char *) lfirst(lc));
	dbi_assume(&p->plan->assumptions, "It can also be read: %s; say \"%s\" for it.", s.data,
			   list_length(said) == 1 ? "the other reading"
									  : "the second reading\" or \"the third reading");
}

/* ---- a name or a time, and nothing else ---- */

static const struct
{
	const char *type;
	const char *questions[3];
} about[] =
	{{"workspace",
	  {"What did %s cost in the last 7 days?", "Which jobs failed in %s?",
	   "What was the uptime of %s?"}},
	 {"job",
	  {"How did the last runs of %s go?", "Where does %s lose its time?",
	   "How likely is %s to fail?"}},
	 {"table", {"Who has access to %s?", "What depends on %s?", "Has the content of %s drifted?"}},
	 {"endpoint", {"How is the latency of %s?", NULL, NULL}},
	 {"model", {"How good is %s?", "Has %s drifted?", "When was %s last trained?"}},
	 {"pipeline", {"Which expectations of %s failed?", "What did %s cost yesterday?", NULL}},
	 {"cluster", {"How busy is %s?", "What is the network traffic of %s?", NULL}},
	 {"schema", {"How good is the data in %s?", "Which tables of %s lack descriptions?", NULL}},
	 {"user",
	  {"Which sensitive tables did %s read?", "How does %s connect?",
	   "Which failed sign-ins did %s have?"}},
	 {"date", {"What did we spend %s?", "Which jobs failed %s?", "Which incidents were there %s?"}}};

/* "prod?": what may be asked about it, to be chosen by its number. */
char *
dbi_what_about(DbiPlanner *p)
{
	DbiSlot *slot = linitial(p->slots);
	const char *type = dbi_is_workspace(slot) ? "workspace" : dbi_slot_type(slot);
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfo(&s, "What about %s?", dbi_period_label(slot->span));
	for (int i = 0; i < lengthof(about); i++)
		for (int k = 0; k < 3 && strcmp(about[i].type, type) == 0 && about[i].questions[k]; k++)
		{
			DbiReading *r = palloc0(sizeof(DbiReading));
			const char *hole = strstr(about[i].questions[k], "%s");

			r->question = psprintf("%.*s%s%s", (int) (hole - about[i].questions[k]),
								   about[i].questions[k], slot->span, hole + 2);
			p->readings = lappend(p->readings, r);
			appendStringInfo(&s, "%s%d. %s", k == 0 ? "\n\n" : "\n", k + 1, r->question);
		}
	if (p->readings == NIL)
		appendStringInfoString(&s, " For example its cost, its failures, or who used it.");
	return s.data;
}
