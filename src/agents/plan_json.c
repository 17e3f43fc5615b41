/*
 * plan_json.c: a plan as JSON to keep with its message, and read again to be
 * run again: what is needed to call and to tell, not what led to it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "agents/plan.h"
#include "base/json.h"
#include "base/spi.h"

static SPIPlanPtr function_plan;

/* ---- writing ---- */

static void
write_text(StringInfo s, const char *name, const char *value)
{
	appendStringInfo(s, "\"%s\": ", name);
	escape_json(s, value ? value : "");
}

static void
write_day(StringInfo s, const char *name, DateADT day)
{
	appendStringInfo(s, ", \"%s\": %d", name, day);
}

static void
write_filters(StringInfo s, List *filters)
{
	ListCell *lc;

	appendStringInfoString(s, ", \"filters\": [");
	foreach(lc, filters)
	{
		const DbiPlanFilter *filter = lfirst(lc);

		appendStringInfoString(s, foreach_current_index(lc) > 0 ? ", [" : "[");
		escape_json(s, filter->kind);
		appendStringInfoString(s, ", ");
		escape_json(s, filter->value);
		appendStringInfoChar(s, ']');
	}
	appendStringInfoChar(s, ']');
}

static void
write_call(StringInfo s, const DbiPlanCall *call)
{
	appendStringInfoChar(s, '{');
	write_text(s, "agent", call->agent);
	appendStringInfoString(s, ", ");
	write_text(s, "tool", call->tool);
	appendStringInfo(s, ", \"arguments\": %s, ", call->arguments);
	write_text(s, "role", dbi_call_role_name(call->role));
	appendStringInfo(s, ", \"comparison\": %d, ", call->comparison);
	write_text(s, "label", call->label);
	write_filters(s, call->filters);
	if (call->has_period)
	{
		write_day(s, "first_day", call->period_start);
		write_day(s, "last_day", call->period_end);
		appendStringInfo(s, ", \"wider\": %s", call->wider ? "true" : "false");
		if (call->window)
		{
			appendStringInfoString(s, ", ");
			write_text(s, "window", call->window);
		}
	}
	appendStringInfoChar(s, '}');
}

char *
dbi_plan_json(const DbiPlan *plan)
{
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	appendStringInfoChar(&s, '{');
	write_text(&s, "intent", plan->intent);
	appendStringInfoString(&s, ", \"assumptions\": [");
	foreach(lc, plan->assumptions)
	{
		appendStringInfoString(&s, foreach_current_index(lc) > 0 ? ", " : "");
		escape_json(&s, lfirst(lc));
	}
	appendStringInfoString(&s, "], \"calls\": [");
	foreach(lc, plan->calls)
	{
		appendStringInfoString(&s, foreach_current_index(lc) > 0 ? ", " : "");
		write_call(&s, lfirst(lc));
	}
	appendStringInfoString(&s, "]}");
	return s.data;
}

/* ---- reading ---- */

static void
no_plan(void)
{
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("this is not a plan of dbinsight.chat_messages"),
			errhint("Run the plan of an answer of yours again: SELECT dbinsight.replay(message)."));
}

static char *
as_text(JsonbValue *v)
{
	if (v == NULL || v->type != jbvString)
		no_plan();
	return pnstrdup(v->val.string.val, v->val.string.len);
}

static bool
has_number(JsonbContainer *object, const char *name, int *number)
{
	JsonbValue *v = dbi_jsonb_member(object, name);

	if (v == NULL || v->type != jbvNumeric)
		return false;
	*number = DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(v->val.numeric)));
	return true;
}

static JsonbContainer *
as_array(JsonbValue *v)
{
	if (v == NULL || v->type != jbvBinary || !JsonContainerIsArray(v->val.binary.data))
		no_plan();
	return v->val.binary.data;
}

static List *
read_filters(JsonbContainer *filters)
{
	List *read = NIL;

	for (int i = 0; i < JsonContainerSize(filters); i++)
	{
		JsonbContainer *pair = as_array(getIthJsonbValueFromContainer(filters, i));
		DbiPlanFilter *filter = palloc(sizeof(DbiPlanFilter));

		filter->kind = as_text(getIthJsonbValueFromContainer(pair, 0));
		filter->value = as_text(getIthJsonbValueFromContainer(pair, 1));
		read = lappend(read, filter);
	}
	return read;
}

static DbiCallRole
role_called(const char *name)
{
	for (DbiCallRole role = DBI_CALL_ANSWER; role <= DBI_CALL_IF_UNHEALTHY; role++)
		if (strcmp(dbi_call_role_name(role), name) == 0)
			return role;
	no_plan();
	return DBI_CALL_ANSWER;
}

/* What the registry has under that name now, or InvalidOid. */
static Oid
registered_function(const char *agent, const char *tool)
{
	Oid types[] = {TEXTOID, TEXTOID};
	Datum values[] = {CStringGetTextDatum(agent), CStringGetTextDatum(tool)};
	bool isnull;

	dbi_spi_prepare(&function_plan,
					"SELECT f.oid FROM dbinsight.agent_tools t JOIN pg_catalog.pg_proc f ON f.proname OPERATOR(pg_catalog.=) t.tool::pg_catalog.name"
					" AND dbinsight._signature(f.oid) OPERATOR(pg_catalog.=) t.function"
					" WHERE t.agent OPERATOR(pg_catalog.=) $1 AND t.tool OPERATOR(pg_catalog.=) $2 AND t.enabled",
					2, types);
	if (dbi_spi_execute_plan(function_plan, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look up a tool");
	return SPI_processed == 0 ? InvalidOid
							  : DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0],
															   SPI_tuptable->tupdesc, 1, &isnull));
}

static DbiPlanCall *
read_call(JsonbValue *v)
{
	DbiPlanCall *call = palloc0(sizeof(DbiPlanCall));
	JsonbContainer *object;
	JsonbValue *arguments;
	JsonbValue *wider;
	JsonbValue *window;

	if (v == NULL || v->type != jbvBinary || !JsonContainerIsObject(v->val.binary.data))
		no_plan();
	object = v->val.binary.data;
	call->agent = as_text(dbi_jsonb_member(object, "agent"));
	call->tool = as_text(dbi_jsonb_member(object, "tool"));
	call->function = registered_function(call->agent, call->tool);
	arguments = dbi_jsonb_member(object, "arguments");
	if (arguments == NULL || arguments->type != jbvBinary)
		no_plan();
	call->arguments = JsonbToCString(NULL, arguments->val.binary.data, arguments->val.binary.len);
	call->role = role_called(as_text(dbi_jsonb_member(object, "role")));
	(void) has_number(object, "comparison", &call->comparison);
	call->label = as_text(dbi_jsonb_member(object, "label"));
	call->filters = read_filters(as_array(dbi_jsonb_member(object, "filters")));
	call->has_period = has_number(object, "first_day", &call->period_start) &&
					   has_number(object, "last_day", &call->period_end);
	wider = dbi_jsonb_member(object, "wider");
	call->wider = wider && wider->type == jbvBool && wider->val.boolean;
	window = dbi_jsonb_member(object, "window");
	if (call->has_period && window && window->type == jbvString)
		call->window = as_text(window);
	return call;
}

/* A tool that the registry has no more is left out. SPI is connected. */
DbiPlan *
dbi_plan_of_json(Jsonb *json)
{
	DbiPlan *plan = palloc0(sizeof(DbiPlan));
	JsonbContainer *assumptions;
	JsonbContainer *calls;

	if (!JB_ROOT_IS_OBJECT(json))
		no_plan();
	plan->kind = DBI_PLAN_ANSWER;
	plan->intent = as_text(dbi_jsonb_member(&json->root, "intent"));
	assumptions = as_array(dbi_jsonb_member(&json->root, "assumptions"));
	for (int i = 0; i < JsonContainerSize(assumptions); i++)
		plan->assumptions =
			lappend(plan->assumptions, as_text(getIthJsonbValueFromContainer(assumptions, i)));
	calls = as_array(dbi_jsonb_member(&json->root, "calls"));
	for (int i = 0; i < Min(JsonContainerSize(calls), DBI_MAX_PLAN_CALLS); i++)
	{
		DbiPlanCall *call = read_call(getIthJsonbValueFromContainer(calls, i));

		if (OidIsValid(call->function))
			plan->calls = lappend(plan->calls, call);
	}
	return plan;
}
