/*
 * answer.c: from a plan to an answer: calls the tools, then words what their
 * rows say, domain by domain.
 *
 * The words come from templates, the figures only from rows. Same question,
 * same data, same clock: same bytes.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/json.h"

#include "agents/answer_parts.h"
#include "agents/ground.h"
#include "agents/score.h"
#include "base/base.h"

#define MAX_TABLE_ROWS 10
#define MAX_LATER_ROWS 5 /* of the tables after the first of a section */
#define MAX_ACTIONS 3
#define MAX_ACTIONS_SEVERAL 5
#define MAX_SUGGESTIONS 3

/* Its rows say which domains are worth a look of their own. */
#define HEALTH_TOOL "get_platform_health"

/* ---- calls ---- */

/* An identical call of this turn that was made already. */
static DbiResult *
made_already(List *results, const DbiPlanCall *call)
{
	ListCell *lc;

	foreach(lc, results)
	{
		DbiResult *r = lfirst(lc);

		if (r->call->function == call->function &&
			strcmp(r->call->arguments, call->arguments) == 0 && r->call->filters == NIL &&
			call->filters == NIL && r->call->has_period == call->has_period &&
			r->call->period_start == call->period_start && r->call->period_end == call->period_end)
			return r;
	}
	return NULL;
}

/* A domain is worth a look of its own unless its health row says HEALTHY. */
static bool
is_unhealthy(List *results, const char *agent)
{
	ListCell *lc;

	foreach(lc, results)
	{
		DbiResult *r = lfirst(lc);
		int domain = dbi_column(r, "domain");
		int status = dbi_column(r, "status");

		if (!r->ok || strcmp(r->call->tool, HEALTH_TOOL) != 0 || domain < 0 || status < 0)
			continue;
		for (int i = 0; i < r->nrows; i++)
			if (!r->rows[i][domain].isnull && strcmp(r->rows[i][domain].text, agent) == 0)
				return r->rows[i][status].isnull || strcmp(r->rows[i][status].text, "HEALTHY") != 0;
	}
	return true;
}

void
dbi_answer_add_result(DbiTurn *turn, DbiResult *result)
{
	DbiTold *told = palloc0(sizeof(DbiTold));

	told->result = result;
	turn->results = lappend(turn->results, result);
	turn->told = lappend(turn->told, told);
}

/* Both sides of a comparison may be one call: its rows count twice. */
static void
repeat_result(DbiTurn *turn, const DbiResult *before, const DbiPlanCall *call)
{
	DbiResult *copy = palloc(sizeof(DbiResult));

	*copy = *before;
	copy->call = call;
	copy->repeated = true;
	dbi_answer_add_result(turn, copy);
}

/* Whether the plan's call will be made whatever those before it find. */
static bool
is_certain(const DbiTurn *turn, const DbiPlanCall *call)
{
	ListCell *lc;

	if (made_already(turn->results, call))
		return false;
	if (call->role != DBI_CALL_IF_UNHEALTHY)
		return true;
	foreach(lc, turn->results)
		if (strcmp(((DbiResult *) lfirst(lc))->call->tool, HEALTH_TOOL) == 0)
			return is_unhealthy(turn->results, call->agent);
	return false;
}

/* This call and what is certain to follow, as far as they are slow, at the same time. */
static void
call_ahead(DbiTurn *turn, const DbiPlanCall *call)
{
	List *calls = list_make1(unconstify(DbiPlanCall *, call));

	for (int i = turn->next_call; i < list_length(turn->plan->calls); i++)
		if (is_certain(turn, list_nth(turn->plan->calls, i)))
			calls = lappend(calls, list_nth(turn->plan->calls, i));
	turn->ahead = list_concat(turn->ahead, dbi_call_ahead(calls));
}

/* What a worker has made of a call already, or NULL. */
static DbiResult *
take_ahead(DbiTurn *turn, const DbiPlanCall *call)
{
	ListCell *lc;

	foreach(lc, turn->ahead)
	{
		DbiResult *r = lfirst(lc);

		if (r->call != call)
			continue;
		turn->ahead = foreach_delete_current(turn->ahead, lc);
		return dbi_finish_call(r);
	}
	return NULL;
}

/* What a model's call, which was this one, has brought before the analyst took over. */
static DbiResult *
seen_already(DbiTurn *turn, const DbiPlanCall *call)
{
	ListCell *lc;

	foreach(lc, turn->seen)
	{
		DbiResult *r = lfirst(lc);

		if (r->call != call)
			continue;
		turn->seen = foreach_delete_current(turn->seen, lc);
		return r;
	}
	return NULL;
}

const DbiPlanCall *
dbi_answer_next_call(DbiTurn *turn)
{
	while (!turn->stopped && turn->next_call < list_length(turn->plan->calls))
	{
		const DbiPlanCall *call = list_nth(turn->plan->calls, turn->next_call++);
		DbiResult *before;

		if (call->role == DBI_CALL_IF_UNHEALTHY && !is_unhealthy(turn->results, call->agent))
			continue;
		before = made_already(turn->results, call);
		if (before == NULL && (before = seen_already(turn, call)) != NULL)
		{
			dbi_answer_add_result(turn, before);
			continue;
		}
		if (before == NULL)
			return call;
		if (call->comparison > 0)
			repeat_result(turn, before, call);
	}
	return NULL;
}

/* But what a worker has made of it already is kept. */
void
dbi_answer_skip_call(DbiTurn *turn, const DbiPlanCall *call)
{
	DbiResult *made = take_ahead(turn, call);

	if (made)
		dbi_answer_add_result(turn, made);
	else
		turn->skipped = lappend(turn->skipped, unconstify(DbiPlanCall *, call));
}

DbiResult *
dbi_answer_make_call(DbiTurn *turn, const DbiPlanCall *call)
{
	DbiResult *result;

	CHECK_FOR_INTERRUPTS();
	if (turn->ahead == NIL)
		call_ahead(turn, call);
	result = take_ahead(turn, call);
	if (result == NULL)
		result = dbi_call_tool(call);
	if (result->stopped)
		dbi_answer_skip_call(turn, call);
	else
		dbi_answer_add_result(turn, result);
	return result;
}

/* The other side of each comparison, and what each expression can see. */
static void
set_scopes(DbiTurn *turn)
{
	ListCell *lc;
	ListCell *x;

	foreach(lc, turn->told)
	{
		DbiTold *told = lfirst(lc);

		told->scope.self = told->result;
		told->scope.results = turn->results;
		told->scope.nrows = -1;
		if (told->result->call->comparison <= 0 || told->result->call->role == DBI_CALL_BASELINE)
			continue;
		foreach(x, turn->told)
		{
			DbiTold *other = lfirst(x);

			if (other != told && other->result->call->comparison == told->result->call->comparison &&
				other->result->call->role == DBI_CALL_BASELINE)
				told->base = other;
		}
		if (told->base)
			told->scope.base = told->base->result;
	}
}

/* ---- sections ---- */

static bool
is_side_of_comparison(const DbiTold *told)
{
	return told->result->call->comparison > 0 && told->result->call->role == DBI_CALL_BASELINE;
}

static List *
agents_in_order(DbiTurn *turn)
{
	List *agents = NIL;
	ListCell *lc;
	ListCell *x;

	foreach(lc, turn->told)
	{
		const char *agent = ((DbiTold *) lfirst(lc))->result->call->agent;
		bool seen = false;

		foreach(x, agents)
			seen = seen || strcmp(lfirst(x), agent) == 0;
		if (!seen)
			agents = lappend(agents, pstrdup(agent));
	}
	return agents;
}

static bool
has_rows(const DbiTold *told)
{
	return told->result->ok && told->result->nrows > 0;
}

/* Calls of the section that answer; those without rows go to the line of what is clean when others have some. */
static bool
any_rows(DbiTurn *turn, const char *agent)
{
	ListCell *lc;

	foreach(lc, turn->told)
	{
		DbiTold *told = lfirst(lc);

		if (strcmp(told->result->call->agent, agent) == 0 && (has_rows(told) || told->base) &&
			!is_side_of_comparison(told))
			return true;
	}
	return false;
}

/* Tells a call; a rule without words keeps one silent whose story another call tells. */
static void
tell_call(DbiTurn *turn, DbiTold *told, bool first, int tables)
{
	DbiText *before = turn->text;
	DbiText *text = dbi_text();

	turn->text = text;
	if (told->base && told->result->ok && told->base->result->ok)
		dbi_tell_comparison(turn, told);
	else
		dbi_tell_headline(turn, told, first);
	if (text->out.len > 0 && has_rows(told) && !told->base)
	{
		dbi_tell_findings(turn, told);
		if ((told->result->nrows > 1 || told->template->rules == NIL) && told->result->ncolumns > 1)
			dbi_tell_table(turn, told, tables == 0 ? MAX_TABLE_ROWS : MAX_LATER_ROWS);
	}
	turn->text = before;
	if (text->out.len == 0)
		return;
	if (!first)
		dbi_say(before, "\n\n");
	dbi_say_text(before, text);
}

/* "Checked and found clean: no …; no …." */
static void
tell_clean(DbiTurn *turn, const char *agent, const DbiTold *told_already)
{
	bool any = false;
	ListCell *lc;

	foreach(lc, turn->told)
	{
		DbiTold *told = lfirst(lc);
		DbiText *words = dbi_text();

		if (told == told_already || strcmp(told->result->call->agent, agent) != 0 || told->base ||
			is_side_of_comparison(told) || !dbi_clean_words(told, words))
			continue;
		dbi_say(turn->text, any ? "; " : "\n\n**Checked and found clean:** ");
		dbi_say_text(turn->text, words);
		any = true;
	}
	if (any)
		dbi_say(turn->text, ".");
}

/* Without rows that are not clean either: nothing was loaded. */
static void
tell_unknown(DbiTurn *turn, const char *agent)
{
	ListCell *lc;

	foreach(lc, turn->told)
	{
		DbiTold *told = lfirst(lc);

		if (strcmp(told->result->call->agent, agent) != 0 || has_rows(told) || told->base ||
			is_side_of_comparison(told) || (told->result->ok && dbi_clean_words(told, dbi_text())))
			continue;
		dbi_say(turn->text, "\n\n");
		dbi_tell_headline(turn, told, false);
	}
}

static void
tell_section(DbiTurn *turn, const char *agent)
{
	bool first = true;
	int tables = 0;
	bool rows = any_rows(turn, agent);
	DbiTold *without_rows = NULL;
	ListCell *lc;

	foreach(lc, turn->told)
	{
		DbiTold *told = lfirst(lc);

		if (strcmp(told->result->call->agent, agent) != 0 || is_side_of_comparison(told))
			continue;
		if (rows && !has_rows(told) && !told->base)
			continue;
		tell_call(turn, told, first, tables++);
		first = false;
		if (!rows && told->result->ok)
		{
			without_rows = told; /* one sentence says it; the others follow as clean */
			break;
		}
	}
	tell_clean(turn, agent, without_rows);
	if (rows)
		tell_unknown(turn, agent);
}

/* What every section needs, and who judges them. */
void
dbi_answer_prepare(DbiTurn *turn)
{
	set_scopes(turn);
	dbi_load_templates(turn);
	dbi_load_inputs(turn);
	if (turn->recorded)
		dbi_recorded_inputs(turn);
}

/* What several sections have in common. */
static void
tell_opening(DbiTurn *turn)
{
	dbi_answer_prepare(turn);
	turn->agents = agents_in_order(turn);
	if (list_length(turn->agents) > 1)
		dbi_tell_links(turn);
}

static void
tell_agent(DbiTurn *turn, const char *agent)
{
	if (list_length(turn->agents) > 1)
		dbi_sayf(turn->text, "%s### %s\n\n",
				 turn->text->out.len == 0 || strcmp(linitial(turn->agents), agent) == 0 ? ""
																						: "\n\n",
				 dbi_agent_title(agent));
	tell_section(turn, agent);
}

/* ---- what follows the sections ---- */

static void
tell_actions(DbiTurn *turn)
{
	int most = list_length(turn->agents) > 1 ? MAX_ACTIONS_SEVERAL : MAX_ACTIONS;
	int n = 0;
	ListCell *lc;

	foreach(lc, turn->told)
		if (has_rows(lfirst(lc)))
			dbi_collect_rules(turn, lfirst(lc), "action", &turn->actions, most);
	foreach(lc, turn->actions)
	{
		dbi_say(turn->text, n == 0 ? "\n\n**Recommended**\n\n- " : "\n- ");
		dbi_say_text(turn->text, lfirst(lc));
		if (++n == most)
			break;
	}
}

/* get_x(days => 7): the arguments that were given, not the function's own defaults. */
static void
tell_source(DbiTurn *turn, const DbiResult *r)
{
	StringInfoData s;
	bool any = false;

	initStringInfo(&s);
	appendStringInfo(&s, "`%s(", r->call->tool);
	for (int i = 0; i < r->ngiven; i++)
	{
		const DbiGiven *g = &r->given[i];

		if (!g->given)
			continue;
		appendStringInfo(&s, "%s%s => %s", any ? ", " : "", g->name,
						 g->cell.isnull ? "NULL" : g->cell.text);
		any = true;
	}
	appendStringInfoString(&s, ")`");
	if (r->call->window)
		appendStringInfo(&s, " as of the end of %s", dbi_date_text(r->call->period_end));
	dbi_say_from(turn->text, s.data, r->call->tool, "arguments");
	if (r->ok)
	{
		DbiValue rows = {.kind = DBI_COUNT};

		rows.cell.number = r->nrows;
		rows.tool = r->call->tool;
		rows.column = "rows";
		dbi_say(turn->text, " ");
		dbi_say_value(turn->text, &rows, "row/rows");
		if (r->truncated)
			dbi_say(turn->text, " (more were not read)");
	}
	else
		dbi_say(turn->text, " failed");
}

static void
tell_sources(DbiTurn *turn)
{
	ListCell *lc;

	dbi_say(turn->text, "\n\n---\n*Sources:* ");
	foreach(lc, turn->results)
	{
		if (foreach_current_index(lc) > 0)
			dbi_say(turn->text, "; ");
		tell_source(turn, lfirst(lc));
	}
	dbi_say(turn->text, ".");
}

static void
tell_periods(DbiTurn *turn)
{
	List *said = NIL;
	ListCell *lc;

	foreach(lc, turn->results)
	{
		DbiResult *r = lfirst(lc);
		char *period = dbi_period(r, false);
		bool known = false;
		ListCell *x;

		foreach(x, said)
			known = known || strcmp(lfirst(x), period ? period : "") == 0;
		if (period == NULL || known)
			continue;
		dbi_say(turn->text, said == NIL ? "\n*Period:* " : "; ");
		dbi_say_from(turn->text, period, r->call->tool, "period");
		said = lappend(said, period);
	}
	if (said != NIL)
		dbi_say(turn->text, " (UTC).");
}

static void
tell_assumptions(DbiTurn *turn)
{
	ListCell *lc;

	foreach(lc, turn->plan->assumptions)
	{
		dbi_say(turn->text, foreach_current_index(lc) == 0 ? "\n*Assumed:* " : " ");
		dbi_say_context(turn->text, lfirst(lc), turn->question, turn->results, "assumption");
	}
}

static void
collect_suggestions(DbiTurn *turn)
{
	List *texts = NIL;
	ListCell *lc;

	foreach(lc, turn->told)
		if (!is_side_of_comparison(lfirst(lc)))
			dbi_collect_rules(turn, lfirst(lc), "follow_up", &texts, MAX_SUGGESTIONS + 1);
	foreach(lc, texts)
	{
		char *question = dbi_unescape(((DbiText *) lfirst(lc))->out.data);

		if (pg_strcasecmp(question, turn->question) != 0 &&
			list_length(turn->suggestions) < MAX_SUGGESTIONS)
			turn->suggestions = lappend(turn->suggestions, question);
	}
}

/* ---- JSON for the message ---- */

static char *
calls_json(DbiTurn *turn)
{
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	appendStringInfoChar(&s, '[');
	foreach(lc, turn->results)
	{
		DbiResult *r = lfirst(lc);

		appendStringInfo(&s, "%s{\"agent\": ", foreach_current_index(lc) > 0 ? ", " : "");
		escape_json(&s, r->call->agent);
		appendStringInfoString(&s, ", \"tool\": ");
		escape_json(&s, r->call->tool);
		appendStringInfo(&s, ", \"arguments\": %s, \"role\": \"%s\", \"ok\": %s", r->call->arguments,
						 dbi_call_role_name(r->call->role), r->ok ? "true" : "false");
		/* the clock of a call about a period that is over, midnight (UTC) */
		if (r->call->window)
			appendStringInfo(&s, ", \"as_of\": \"%s\"", dbi_date_text(r->call->period_end + 1));
		if (r->ok)
			appendStringInfo(&s, ", \"rows\": %d, \"truncated\": %s", r->nrows,
							 r->truncated ? "true" : "false");
		else
		{
			appendStringInfoString(&s, ", \"error\": ");
			escape_json(&s, r->error);
			appendStringInfo(&s, ", \"sqlstate\": \"%s\"", unpack_sql_state(r->sqlstate));
			if (r->argument)
			{
				appendStringInfoString(&s, ", \"argument\": ");
				escape_json(&s, r->argument);
			}
		}
		appendStringInfo(&s, ", \"elapsed_ms\": %.3f}", r->elapsed_ms);
	}
	appendStringInfoChar(&s, ']');
	return s.data;
}

static char *
evidence_json(List *figures)
{
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	appendStringInfoChar(&s, '[');
	foreach(lc, figures)
	{
		DbiFigure *f = lfirst(lc);

		appendStringInfo(&s, "%s{\"figure\": ", foreach_current_index(lc) > 0 ? ", " : "");
		escape_json(&s, f->figure);
		if (f->value)
			appendStringInfo(&s, ", \"value\": \"%s\"", f->value);
		if (f->tool)
		{
			appendStringInfoString(&s, ", \"tool\": ");
			escape_json(&s, f->tool);
		}
		if (f->row > 0)
			appendStringInfo(&s, ", \"row\": %d", f->row);
		if (f->column)
		{
			appendStringInfoString(&s, ", \"column\": ");
			escape_json(&s, f->column);
		}
		appendStringInfo(&s, ", \"grounded\": %s}", f->grounded ? "true" : "false");
	}
	appendStringInfoChar(&s, ']');
	return s.data;
}

/* ---- the referee ---- */

/* What the text is judged by: the results, what they are called, periods, assumptions, freshness. */
DbiGroundTurn *
dbi_answer_ground_turn(DbiTurn *turn)
{
	DbiGroundTurn *ground = palloc0(sizeof(DbiGroundTurn));
	List *seen = NIL;
	ListCell *lc;
	ListCell *x;

	ground->question = turn->question;
	ground->results = list_concat_copy(turn->results, turn->seen);
	ground->context = list_copy(turn->plan->assumptions);
	foreach(lc, turn->skipped) /* a stopped answer names what it did not call */
		ground->context = lappend(ground->context, pstrdup(((DbiPlanCall *) lfirst(lc))->tool));
	foreach(lc, turn->told)
	{
		DbiTold *told = lfirst(lc);
		char *period = dbi_period(told->result, false);

		/* an answer given up before its words has no templates */
		ground->nouns = lappend(ground->nouns, told->template ? told->template->noun : pstrdup(""));
		if (period)
			ground->context = lappend(ground->context, period);
		foreach(x, told->inputs)
		{
			DbiInput *input = lfirst(x);

			if (!input->has_time || list_member_ptr(seen, input))
				continue;
			seen = lappend(seen, input);
			ground->fresh = lappend(ground->fresh,
									psprintf("%s %s", input->source, dbi_time_text(input->newest)));
		}
	}
	foreach(lc, turn->seen)
		ground->nouns = lappend(ground->nouns, pstrdup(""));
	return ground;
}

/* Hours since the newest row of the oldest fact that was read; -1 when none was. */
static double
data_age(const DbiTurn *turn)
{
	double age = -1;
	ListCell *lc;
	ListCell *x;

	foreach(lc, turn->told)
		foreach(x, ((DbiTold *) lfirst(lc))->inputs)
		{
			const DbiInput *input = lfirst(x);

			if (input->is_fact && input->has_time)
				age = Max(age, (double) (dbi_now() - input->newest) / USECS_PER_HOUR);
		}
	return age;
}

/* ---- the whole ---- */

/* The items of the list in a message are questions to ask; else a few examples. */
static List *
questions_in(const char *message)
{
	List *questions = NIL;

	for (const char *p = strstr(message, "\n- "); p && list_length(questions) < MAX_SUGGESTIONS;
		 p = strstr(p, "\n- "))
	{
		p += 3;
		questions = lappend(questions, pnstrdup(p, strcspn(p, "\n")));
	}
	return questions ? questions : dbi_example_questions(MAX_SUGGESTIONS);
}

DbiAnswer *
dbi_answer_without_words(void)
{
	DbiAnswer *answer = palloc0(sizeof(DbiAnswer));

	answer->content = "";
	answer->tool_calls = "[]";
	answer->evidence = "[]";
	answer->understood = "{}";
	answer->grounded = true;
	return answer;
}

DbiAnswer *
dbi_answer_without_calls(const DbiPlan *plan)
{
	DbiAnswer *answer = dbi_answer_without_words();

	answer->understood = dbi_understood_json(plan, -1);
	answer->content = pstrdup(plan->message ? plan->message : "");
	answer->suggestions = questions_in(answer->content);
	return answer;
}

DbiTurn *
dbi_answer_begin(const char *question, const DbiPlan *plan)
{
	DbiTurn *turn = palloc0(sizeof(DbiTurn));

	turn->question = question;
	turn->plan = plan;
	turn->text = dbi_text();
	return turn;
}

void
dbi_answer_stop(DbiTurn *turn)
{
	const DbiPlanCall *call;

	while ((call = dbi_answer_next_call(turn)) != NULL)
		dbi_answer_skip_call(turn, call);
	turn->stopped = true;
	if (turn->next_part > 0)
		turn->next_part = list_length(turn->agents) + 2;
}

/* Which tools are missing in an answer that was stopped. */
static void
tell_stopped(DbiTurn *turn)
{
	ListCell *lc;

	dbi_say(turn->text, turn->text->out.len > 0 ? "\n*Stopped on request*" : "*Stopped on request*");
	foreach(lc, turn->skipped)
	{
		dbi_say(turn->text, foreach_current_index(lc) > 0 ? ", `" : ", without `");
		dbi_say_name(turn->text, ((DbiPlanCall *) lfirst(lc))->tool);
		dbi_say(turn->text, "`");
	}
	dbi_say(turn->text, ".");
}

static void
tell_closing(DbiTurn *turn)
{
	if (turn->results != NIL)
	{
		tell_sources(turn);
		tell_periods(turn);
		tell_assumptions(turn);
		dbi_tell_inputs(turn);
	}
	if (turn->stopped)
		tell_stopped(turn);
	if (turn->note)
		dbi_sayf(turn->text, "\n*%s*", turn->note);
	collect_suggestions(turn);
}

/* Parts: the opening, each agent's section, advice, the closing. */
bool
dbi_answer_tell(DbiTurn *turn, const char **agent)
{
	int part = turn->next_part++;
	int sections = list_length(turn->agents);

	*agent = NULL;
	if (part == 0)
		tell_opening(turn);
	else if (part <= sections)
		tell_agent(turn, *agent = list_nth(turn->agents, part - 1));
	else if (part == sections + 1)
		tell_actions(turn);
	else if (part == sections + 2)
		tell_closing(turn);
	return part < sections + 2;
}

const char *
dbi_answer_text(const DbiTurn *turn)
{
	return turn->text->out.data;
}

DbiAnswer *
dbi_answer_end(DbiTurn *turn)
{
	DbiAnswer *answer = palloc0(sizeof(DbiAnswer));
	DbiGroundTurn *ground;
	DbiGrounding *grounding;

	if (turn->next_part == 0)
		dbi_answer_prepare(turn);
	answer->grounded = dbi_check_figures(turn->text);
	answer->content = turn->text->out.data;
	answer->agents = turn->agents;
	answer->suggestions = turn->suggestions;
	answer->calls = turn->results;
	answer->tool_calls = calls_json(turn);
	answer->evidence = evidence_json(turn->text->figures);
	ground = dbi_answer_ground_turn(turn);
	grounding = dbi_ground(answer->content, ground);
	answer->grounded = answer->grounded && grounding->supported == grounding->claims;
	answer->grounding = dbi_grounding_json(answer->content, grounding);
	answer->results = dbi_results_json(ground);
	answer->understood = dbi_understood_json(turn->plan, data_age(turn));
	return answer;
}
