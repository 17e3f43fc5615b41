/*
 * team_calls.c: from a tool call of a model to a call of the registry, and
 * from a result to what the model is told.
 *
 * A model may name a tool it was offered and give it a JSON object. Everything
 * else is an error, told as data so that it can do better. Results are JSON
 * between two fences that nobody can guess; cells are cut, and those that hold
 * other people's words are named.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/varlena.h"

#include "agents/team_parts.h"
#include "base/base.h"
#include "base/json.h"

#define MAX_SHOWN_ROWS 20
#define MAX_CELL_BYTES 200
#define MAX_ERROR_INPUT_BYTES 500
#define MAX_ARGUMENT_BYTES 16384
#define NEAREST 3

/* ---- what is wanted ---- */

static int
distance(const char *a, const char *b)
{
	return varstr_levenshtein(a, Min(strlen(a), 255), b, Min(strlen(b), 255), 1, 1, 1, true);
}

typedef struct Near
{
	const char *name;
	int distance;
} Near;

static int
by_distance(const void *a, const void *b)
{
	const Near *x = a;
	const Near *y = b;

	return x->distance != y->distance ? x->distance - y->distance : strcmp(x->name, y->name);
}

static char *
unknown_tool(const DbiMember *member, const char *name)
{
	int n = list_length(member->tools);
	Near *near = palloc(sizeof(Near) * Max(n, 1));
	StringInfoData s;
	ListCell *lc;

	foreach(lc, member->tools)
	{
		Near *item = &near[foreach_current_index(lc)];

		item->name = ((DbiModelTool *) lfirst(lc))->name;
		item->distance = distance(name, item->name);
	}
	qsort(near, n, sizeof(Near), by_distance);
	initStringInfo(&s);
	appendStringInfoString(&s, "{\"error\": \"unknown_tool\", \"got\": ");
	escape_json(&s, pnstrdup(name, pg_mbcliplen(name, strlen(name), MAX_CELL_BYTES)));
	appendStringInfoString(&s, ", \"nearest\": [");
	for (int i = 0; i < Min(n, NEAREST); i++)
	{
		appendStringInfoString(&s, i > 0 ? ", " : "");
		escape_json(&s, near[i].name);
	}
	appendStringInfoString(&s, "]}");
	return s.data;
}

static char *
malformed(const char *arguments)
{
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfoString(
		&s,
		"{\"error\": \"malformed_arguments\", \"expected\": \"a JSON object, its members the arguments\", \"got\": ");
	escape_json(&s, pnstrdup(arguments,
							 pg_mbcliplen(arguments, strlen(arguments), MAX_ERROR_INPUT_BYTES)));
	appendStringInfoChar(&s, '}');
	return s.data;
}

static Oid
offered(const DbiMember *member, const char *name)
{
	ListCell *lc;
	ListCell *f;

	forboth(lc, member->tools, f, member->functions)
		if (strcmp(((DbiModelTool *) lfirst(lc))->name, name) == 0)
			return lfirst_oid(f);
	return InvalidOid;
}

/* The arguments as an object, or NULL; an empty text is what some models write for none. */
static Jsonb *
object_of(const char *arguments)
{
	Jsonb *object;

	if (arguments[strspn(arguments, " \t\r\n")] == '\0')
		arguments = "{}";
	if (strlen(arguments) > MAX_ARGUMENT_BYTES)
		return NULL;
	object = dbi_try_jsonb(arguments, strlen(arguments));
	return object && JB_ROOT_IS_OBJECT(object) ? object : NULL;
}

static bool
same_object(Jsonb *a, const char *arguments)
{
	Jsonb *b = object_of(arguments);

	return b && compareJsonbContainers(&a->root, &b->root) == 0;
}

/* The plan's own call, which knows its period and what narrows its rows. */
static DbiPlanCall *
planned(const DbiTeam *team, Oid function, Jsonb *arguments)
{
	ListCell *lc;

	foreach(lc, team->chat->plan->calls)
	{
		DbiPlanCall *call = lfirst(lc);

		if (call->function == function && same_object(arguments, call->arguments))
			return call;
	}
	return NULL;
}

static DbiWanted *
object_to(DbiWanted *wanted, char *error, const char *words)
{
	wanted->error = error;
	wanted->words = words;
	return wanted;
}

DbiWanted *
dbi_wanted(DbiTeam *team, DbiMember *member, const DbiModelCall *model)
{
	DbiWanted *wanted = palloc0(sizeof(DbiWanted));
	Oid function = offered(member, model->name);
	Jsonb *arguments;

	wanted->model = model;
	if (!OidIsValid(function))
		return object_to(wanted, unknown_tool(member, model->name),
						 "the model called a tool that it does not have");
	arguments = object_of(model->arguments);
	if (arguments == NULL)
		return object_to(wanted, malformed(model->arguments),
						 "the model's arguments are no JSON object");
	if (member->made >= DBI_MAX_MODEL_CALLS)
		return object_to(wanted,
						 pstrdup(
							 "{\"error\": \"too_many_calls\", \"hint\": \"answer from what you have\"}"),
						 "the model made too many calls");
	member->made++;
	wanted->call = planned(team, function, arguments);
	if (wanted->call)
		return wanted;
	wanted->call = palloc0(sizeof(DbiPlanCall));
	wanted->call->agent = member->agent;
	wanted->call->tool = pstrdup(model->name);
	wanted->call->function = function;
	wanted->call->arguments = JsonbToCString(NULL, &arguments->root, VARSIZE(arguments));
	wanted->call->confidence = 1;
	wanted->call->role = DBI_CALL_ANSWER;
	wanted->call->label = "";
	return wanted;
}

const DbiResult *
dbi_team_made(DbiTeam *team, const DbiPlanCall *call)
{
	ListCell *lc;

	foreach(lc, team->turn->results)
	{
		const DbiResult *r = lfirst(lc);

		if (r->call == call)
			return r;
		if (r->call->function == call->function && r->call->filters == NIL &&
			call->filters == NIL && !r->call->has_period && !call->has_period &&
			same_object(object_of(call->arguments), r->call->arguments))
			return r;
	}
	return NULL;
}

/* ---- what the model is told ---- */

int
dbi_rows_shown(const DbiResult *result)
{
	return Min(result->nrows, MAX_SHOWN_ROWS);
}

/* Kinds whose cells are words that anybody may have written. */
static bool
is_words(DbiKind kind)
{
	return kind == DBI_TEXT || kind == DBI_LIST || kind == DBI_JSON;
}

static void
cell_json(StringInfo s, const DbiColumn *column, const DbiCell *cell)
{
	int len;
	int kept;

	if (cell->isnull)
	{
		appendStringInfoString(s, "null");
		return;
	}
	if (column->kind == DBI_BOOL)
	{
		appendStringInfoString(s, cell->number ? "true" : "false");
		return;
	}
	if (dbi_kind_numeric(column->kind) && strspn(cell->text, "-+0123456789.e") == strlen(cell->text))
	{
		appendStringInfoString(s, cell->text);
		return;
	}
	len = strlen(cell->text);
	kept = pg_mbcliplen(cell->text, len, MAX_CELL_BYTES);
	escape_json(s, kept < len ? psprintf("%s…", pnstrdup(cell->text, kept)) : cell->text);
}

static void
row_json(StringInfo s, const DbiResult *r, int row)
{
	appendStringInfoChar(s, '{');
	for (int c = 0; c < r->ncolumns; c++)
	{
		appendStringInfoString(s, c > 0 ? ", " : "");
		escape_json(s, r->columns[c].name);
		appendStringInfoString(s, ": ");
		cell_json(s, &r->columns[c], &r->rows[row][c]);
	}
	appendStringInfoChar(s, '}');
}

double
dbi_column_sum(const DbiResult *r, int column)
{
	double sum = 0;

	for (int i = 0; i < r->nrows; i++)
		if (!r->rows[i][column].isnull && isfinite(r->rows[i][column].number))
			sum += r->rows[i][column].number;
	return sum;
}

/* Sums of what can be added up, over all rows and not only those shown. */
static void
totals_json(StringInfo s, const DbiResult *r)
{
	bool any = false;

	for (int c = 0; c < r->ncolumns; c++)
	{
		double sum;

		if (!dbi_column_adds(&r->columns[c]))
			continue;
		sum = dbi_column_sum(r, c);
		appendStringInfoString(s, any ? ", " : ", \"totals\": {");
		escape_json(s, r->columns[c].name);
		appendStringInfo(s, ": %.10g", sum);
		any = true;
	}
	if (any)
		appendStringInfoChar(s, '}');
}

static void
untrusted_json(StringInfo s, const DbiResult *r)
{
	bool any = false;

	for (int c = 0; c < r->ncolumns; c++)
	{
		if (!is_words(r->columns[c].kind))
			continue;
		appendStringInfoString(s, any ? ", " : ", \"untrusted_text\": [");
		escape_json(s, r->columns[c].name);
		any = true;
	}
	if (any)
		appendStringInfoChar(s, ']');
}

static void
arguments_json(StringInfo s, const DbiResult *r)
{
	appendStringInfoString(s, ", \"arguments\": {");
	for (int i = 0; i < r->ngiven; i++)
	{
		const DbiGiven *g = &r->given[i];

		appendStringInfoString(s, i > 0 ? ", " : "");
		escape_json(s, g->name);
		appendStringInfoString(s, ": ");
		if (g->cell.isnull)
			appendStringInfoString(s, "null");
		else
			escape_json(s, g->cell.text);
	}
	appendStringInfoChar(s, '}');
}

char *
dbi_result_message(DbiTeam *team, const DbiResult *r, int number, int rows)
{
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfo(&s, "<data %s>\n{\"result\": \"r%d\", \"tool\": ", team->fence, number);
	escape_json(&s, r->call->tool);
	appendStringInfo(&s, ", \"row_count\": %d, \"truncated\": %s, \"rows\": [", r->nrows,
					 r->truncated ? "true" : "false");
	for (int row = 0; row < Min(rows, r->nrows); row++)
	{
		appendStringInfoString(&s, row > 0 ? ",\n" : "\n");
		row_json(&s, r, row);
	}
	appendStringInfoString(&s, "]");
	if (rows < r->nrows)
		appendStringInfo(&s, ", \"rows_not_shown\": %d", r->nrows - rows);
	totals_json(&s, r);
	untrusted_json(&s, r);
	arguments_json(&s, r);
	appendStringInfo(&s, "}\n</data %s>", team->fence);
	return s.data;
}

static void
field(StringInfo s, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(s, ", \"%s\": ", name);
	escape_json(s, value);
}

char *
dbi_error_message(const DbiResult *r)
{
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfo(&s, "{\"error\": \"%s\"",
					 dbi_is_argument_error(r) ? "invalid_argument" : "tool_failed");
	field(&s, "argument", r->argument);
	field(&s, "expected", dbi_expected(r));
	field(&s, "message", r->error);
	field(&s, "hint", r->hint);
	appendStringInfoChar(&s, '}');
	return s.data;
}
