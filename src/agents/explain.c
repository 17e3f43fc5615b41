/*
 * explain.c: why a question was understood as it was, and the SQL face of
 * understanding: route(), plan(), explain_ask().
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "agents/understand.h"

/* ---- explain_ask ---- */

static void
explain_slots(StringInfo s, List *slots)
{
	ListCell *lc;

	foreach(lc, slots)
	{
		DbiSlot *slot = lfirst(lc);
		ListCell *c;

		appendStringInfo(s, "  %s \"%s\"", dbi_slot_type(slot), slot->span);
		if (slot->kind == DBI_SLOT_DATE)
			appendStringInfo(s, " = %s to %s", dbi_date_text(slot->period.start),
							 dbi_date_text(slot->period.end));
		else if (strcmp(slot->value, slot->span) != 0)
			appendStringInfo(s, " = %s", slot->value);
		foreach(c, slot->candidates)
		{
			DbiCandidate *cand = lfirst(c);

			appendStringInfo(s, "; %s %s%s", cand->kind, cand->value,
							 cand->known ? "" : " (not in the account)");
		}
		appendStringInfoChar(s, '\n');
	}
	if (slots == NIL)
		appendStringInfoString(s, "  none\n");
}

static void
explain_clause(StringInfo s, const DbiLexicon *lex, const DbiText *text, const DbiClause *clause)
{
	ListCell *lc;

	appendStringInfo(s, "  \"%s\"\n    concepts:", dbi_span(text, clause->from, clause->to));
	foreach(lc, clause->hits)
	{
		DbiHit *hit = lfirst(lc);
		DbiHit *before = foreach_current_index(lc) > 0
							 ? list_nth(clause->hits, foreach_current_index(lc) - 1)
							 : NULL;

		/* Forms with the same stems hit alike; words known only for their spelling say nothing. */
		if (lex->concepts[hit->concept].kind == DBI_CONCEPT_STOP ||
			(before && before->concept == hit->concept) ||
			strcmp(lex->concepts[hit->concept].name, "plain") == 0)
			continue;
		appendStringInfo(s, " %s", lex->concepts[hit->concept].name);
		if (hit->from >= 0)
			appendStringInfo(s, " (%s)", dbi_span(text, hit->from, hit->to));
	}
	appendStringInfoString(s, "\n    agents:");
	for (int a = 0; a < lex->nagents; a++)
		if (clause->agents && clause->agents[a] >= 0.05)
			appendStringInfo(s, " %s %.2f", lex->agents[a].name, clause->agents[a]);
	if (clause->scope > 0)
		appendStringInfo(s, " (none of ours) %.2f", clause->scope);
	if (clause->refusal[DBI_LABEL_WRITE] > 0)
		appendStringInfo(s, " (an order) %.2f", clause->refusal[DBI_LABEL_WRITE]);
	if (clause->refusal[DBI_LABEL_INJECTION] > 0)
		appendStringInfo(s, " (an injection) %.2f", clause->refusal[DBI_LABEL_INJECTION]);
	appendStringInfoString(s, "\n    tools:");
	for (int t = 0; t < lex->ntools; t++)
		if (clause->tools && clause->tools[t] >= 0.5 && lex->tools[t].agent == clause->best_agent)
			appendStringInfo(s, " %s %.2f", lex->tools[t].name, clause->tools[t]);
	appendStringInfoChar(s, '\n');
}

static void
explain_call(StringInfo s, const DbiPlanCall *call)
{
	ListCell *lc;

	appendStringInfo(s, "  %s.%s %s (%s%s%s)\n", call->agent, call->tool, call->arguments,
					 dbi_call_role_name(call->role), call->label[0] ? ", " : "", call->label);
	foreach(lc, call->args)
	{
		DbiPlanArg *a = lfirst(lc);

		appendStringInfo(s, "    %s = %s from %s%s%s%s\n", a->name, a->value,
						 dbi_origin_name(a->origin), a->span ? " \"" : "", a->span ? a->span : "",
						 a->span ? "\"" : "");
	}
	if (call->window)
		appendStringInfo(s, "    asked as of the end of %s, %s counted from there\n",
						 dbi_date_text(call->period_end), call->window);
	foreach(lc, call->filters)
	{
		DbiPlanFilter *f = lfirst(lc);

		appendStringInfo(s, "    rows narrowed to %s %s\n", f->kind, f->value);
	}
}

char *
dbi_explain_text(const DbiLexicon *lex, const DbiText *text, List *slots, List *clauses,
				 const DbiPlan *plan)
{
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	appendStringInfo(&s, "normalised: %s\nkind: %s\nintent: %s%s\nslots:\n", plan->normalised,
					 dbi_plan_kind_name(plan->kind), plan->intent,
					 plan->follow_up ? " (follow-up)" : "");
	explain_slots(&s, slots);
	appendStringInfoString(&s, "clauses:\n");
	foreach(lc, clauses)
		explain_clause(&s, lex, text, lfirst(lc));
	appendStringInfoString(&s, "routes:");
	foreach(lc, plan->routes)
		appendStringInfo(&s, " %s %.2f", ((DbiPlanRoute *) lfirst(lc))->agent,
						 ((DbiPlanRoute *) lfirst(lc))->confidence);
	appendStringInfoString(&s, "\nplan:\n");
	foreach(lc, plan->calls)
		explain_call(&s, lfirst(lc));
	foreach(lc, plan->assumptions)
		appendStringInfo(&s, "assumed: %s\n", (char *) lfirst(lc));
	if (plan->message)
		appendStringInfo(&s, "reply: %s\n", plan->message);
	if (dbi_model_role(plan))
		appendStringInfo(&s, "language model: %s\n", dbi_model_role(plan));
	return s.data;
}

/* ---- SQL ---- */

/* Question and frame of a call f(question, conversation); a NULL question is an empty one. */
static DbiPlan *
plan_of_call(FunctionCallInfo fcinfo, bool explain)
{
	char *question = PG_ARGISNULL(0) ? pstrdup("") : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *frame = PG_ARGISNULL(1) ? NULL : dbi_conversation_frame(PG_GETARG_UUID_P(1));

	return explain ? dbi_explain_question(question, NULL, frame)
				   : dbi_plan_question(question, NULL, frame);
}

PG_FUNCTION_INFO_V1(dbi_route_sql);
Datum
dbi_route_sql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	DbiPlan *plan = plan_of_call(fcinfo, false);
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, plan->routes)
	{
		DbiPlanRoute *r = lfirst(lc);
		Datum values[2] = {CStringGetTextDatum(r->agent), Float8GetDatum(r->confidence)};
		bool nulls[2] = {false, false};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(dbi_plan_sql);
Datum
dbi_plan_sql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	DbiPlan *plan = plan_of_call(fcinfo, false);
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, plan->calls)
	{
		DbiPlanCall *c = lfirst(lc);
		Datum values[4];
		bool nulls[4] = {false, false, false, false};

		/* Calls that wait for what the health check says are not yet part of it. */
		if (c->role == DBI_CALL_IF_UNHEALTHY)
			continue;
		values[0] = CStringGetTextDatum(c->agent);
		values[1] = CStringGetTextDatum(c->tool);
		values[2] = DirectFunctionCall1(jsonb_in, CStringGetDatum(c->arguments));
		values[3] = Float8GetDatum(c->confidence);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* f(phrase, zone): kind, first day, last day, hours of reach; NULL when it is no period. */
PG_FUNCTION_INFO_V1(dbi_read_period);
Datum
dbi_read_period(PG_FUNCTION_ARGS)
{
	static const char *const kinds[] = {"calendar", "rolling", "hours", "future",
										"span",     "recent",  "prior"};
	DbiClock clock;
	DbiPeriod period;
	DbiText *words;
	TupleDesc desc;
	Datum values[4];
	bool nulls[4] = {false, false, false, false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	dbi_set_clock(&clock, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	words = dbi_tokenize(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (dbi_parse_period(words->tokens, words->n, &clock, &period) != words->n || words->n == 0)
		PG_RETURN_NULL();
	values[0] = CStringGetTextDatum(kinds[period.kind]);
	values[1] = DateADTGetDatum(period.start);
	values[2] = DateADTGetDatum(period.end);
	values[3] = Float8GetDatum(period.hours);
	nulls[3] = period.hours == 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

PG_FUNCTION_INFO_V1(dbi_explain_ask);
Datum
dbi_explain_ask(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(plan_of_call(fcinfo, true)->explanation));
}
