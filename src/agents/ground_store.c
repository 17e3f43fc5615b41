/*
 * ground_store.c: what a turn's calls returned, as JSON to keep with the
 * message, and read again to judge another text by it.
 *
 * A call keeps at most MAX_BYTES of rows: past that its first rows and, of
 * every column, how many values, their sum, least, largest and distinct ones,
 * so that counts and totals can still be told.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "agents/ground.h"
#include "base/json.h"

#define MAX_BYTES (64 * 1024)

static const char *const kind_names[] = {"text",  "count",   "plain", "number",  "usd",
										 "pct",   "seconds", "ms",    "minutes", "hours",
										 "bytes", "gib",     "tib",   "mbps",    "date",
										 "time",  "bool",    "list",  "json"};

/* ---- writing ---- */

static void
write_text(StringInfo s, const char *name, const char *value)
{
	appendStringInfo(s, ", \"%s\": ", name);
	if (value)
		escape_json(s, value);
	else
		appendStringInfoString(s, "null");
}

static void
write_cell(StringInfo s, DbiKind kind, const DbiCell *cell)
{
	if (cell->isnull)
		appendStringInfoString(s, "null");
	else if (kind == DBI_BOOL)
		appendStringInfoString(s, cell->number ? "true" : "false");
	else if (dbi_kind_numeric(kind) && isfinite(cell->number))
	{
		bool plain = cell->text && strspn(cell->text, "-+0123456789.e") == strlen(cell->text);

		appendStringInfoString(s, plain ? cell->text : psprintf("%.17g", cell->number));
	}
	else if (kind == DBI_LIST)
	{
		appendStringInfoChar(s, '[');
		for (int i = 0; i < cell->nitems; i++)
		{
			appendStringInfoString(s, i > 0 ? ", " : "");
			escape_json(s, cell->items[i]);
		}
		appendStringInfoChar(s, ']');
	}
	else
		escape_json(s, cell->text);
}

static void
write_columns(StringInfo s, const DbiResult *r)
{
	appendStringInfoString(s, ", \"columns\": [");
	for (int c = 0; c < r->ncolumns; c++)
	{
		appendStringInfoString(s, c > 0 ? ", [" : "[");
		escape_json(s, r->columns[c].name);
		appendStringInfo(s, ", \"%s\"]", kind_names[r->columns[c].kind]);
	}
	appendStringInfoChar(s, ']');
}

/* [values, sum, least, largest, distinct] of each column */
static void
write_digest(StringInfo s, const DbiResult *r)
{
	appendStringInfoString(s, ", \"digest\": [");
	for (int c = 0; c < r->ncolumns; c++)
	{
		double sum = 0;
		double min = 0;
		double max = 0;
		int n = 0;
		int distinct = 0;

		for (int i = 0; i < r->nrows; i++)
		{
			const DbiCell *cell = &r->rows[i][c];
			bool seen = false;

			if (cell->isnull || !isfinite(cell->number))
				continue;
			min = n == 0 ? cell->number : Min(min, cell->number);
			max = n == 0 ? cell->number : Max(max, cell->number);
			sum += cell->number;
			n++;
			for (int k = 0; k < i && !seen; k++)
				seen = !r->rows[k][c].isnull && strcmp(r->rows[k][c].text, cell->text) == 0;
			distinct += !seen;
		}
		appendStringInfo(s, "%s[%d, %.17g, %.17g, %.17g, %d]", c > 0 ? ", " : "", n, sum, min, max,
						 distinct);
	}
	appendStringInfoChar(s, ']');
}

static void
write_rows(StringInfo s, const DbiResult *r)
{
	int start = s->len;
	bool cut = false;

	appendStringInfoString(s, ", \"rows\": [");
	for (int i = 0; i < r->nrows && !cut; i++)
	{
		int before = s->len;

		appendStringInfoString(s, i > 0 ? ", [" : "[");
		for (int c = 0; c < r->ncolumns; c++)
		{
			appendStringInfoString(s, c > 0 ? ", " : "");
			write_cell(s, r->columns[c].kind, &r->rows[i][c]);
		}
		appendStringInfoChar(s, ']');
		if (s->len - start > MAX_BYTES)
		{
			s->len = before;
			s->data[before] = '\0';
			cut = true;
		}
	}
	appendStringInfoChar(s, ']');
	if (cut)
		write_digest(s, r);
}

static void
write_given(StringInfo s, const DbiResult *r)
{
	appendStringInfoString(s, ", \"given\": [");
	for (int i = 0; i < r->ngiven; i++)
	{
		const DbiGiven *g = &r->given[i];

		appendStringInfoString(s, i > 0 ? ", [" : "[");
		escape_json(s, g->name);
		appendStringInfo(s, ", \"%s\", %s, ", kind_names[g->kind], g->given ? "true" : "false");
		if (g->cell.isnull)
			appendStringInfoString(s, "null");
		else
			escape_json(s, g->cell.text);
		appendStringInfoChar(s, ']');
	}
	appendStringInfoChar(s, ']');
}

static void
write_list(StringInfo s, const char *name, List *texts)
{
	ListCell *lc;

	appendStringInfo(s, ", \"%s\": [", name);
	foreach(lc, texts)
	{
		appendStringInfoString(s, foreach_current_index(lc) > 0 ? ", " : "");
		escape_json(s, lfirst(lc));
	}
	appendStringInfoChar(s, ']');
}

char *
dbi_results_json(const DbiGroundTurn *turn)
{
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	appendStringInfoChar(&s, '[');
	foreach(lc, turn->results)
	{
		const DbiResult *r = lfirst(lc);
		int n = foreach_current_index(lc);

		appendStringInfo(&s, "%s{\"call\": %d", n > 0 ? ", " : "", n + 1);
		write_text(&s, "agent", r->call->agent);
		write_text(&s, "tool", r->call->tool);
		appendStringInfo(&s, ", \"arguments\": %s", r->call->arguments);
		write_given(&s, r);
		write_columns(&s, r);
		write_rows(&s, r);
		appendStringInfo(&s, ", \"row_count\": %d, \"truncated\": %s, \"ok\": %s", r->nrows,
						 r->truncated ? "true" : "false", r->ok ? "true" : "false");
		write_text(&s, "error", r->ok ? NULL : r->error);
		write_text(&s, "noun", list_nth(turn->nouns, n));
		/* what holds for the whole turn is kept once */
		write_list(&s, "context", n == 0 ? turn->context : NIL);
		write_list(&s, "fresh", n == 0 ? turn->fresh : NIL);
		appendStringInfoChar(&s, '}');
	}
	appendStringInfoChar(&s, ']');
	return s.data;
}

/* ---- reading ---- */

/* The text of a scalar; NULL for null and for what is missing. */
static char *
as_text(JsonbValue *v)
{
	if (v == NULL || v->type == jbvNull)
		return NULL;
	if (v->type == jbvString)
		return pnstrdup(v->val.string.val, v->val.string.len);
	if (v->type == jbvNumeric)
		return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(v->val.numeric)));
	if (v->type == jbvBool)
		return pstrdup(v->val.boolean ? "true" : "false");
	return JsonbToCString(NULL, v->val.binary.data, v->val.binary.len);
}

static int
length(JsonbValue *v)
{
	return v && v->type == jbvBinary && JsonContainerIsArray(v->val.binary.data)
			   ? JsonContainerSize(v->val.binary.data)
			   : 0;
}

static JsonbValue *
item(JsonbValue *v, int i)
{
	return i < length(v) ? getIthJsonbValueFromContainer(v->val.binary.data, i) : NULL;
}

static char *
text_item(JsonbValue *v, int i)
{
	return as_text(item(v, i));
}

/* Anybody may call the check with JSON of their own. */
static char *
needed(char *text)
{
	if (text == NULL)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the results are not rows of dbinsight.chat_results"),
				errhint(
					"Check a text against an answer of yours: SELECT dbinsight._check_text(message, text)."));
	return text;
}

static bool
is_true(JsonbValue *v)
{
	return v && v->type == jbvBool && v->val.boolean;
}

static DbiKind
kind_called(const char *name)
{
	for (int i = 0; name && i < lengthof(kind_names); i++)
		if (strcmp(kind_names[i], name) == 0)
			return i;
	return DBI_TEXT;
}

static double
time_of(const char *text)
{
	if (strspn(text, "0123456789-: ") != strlen(text))
		return 0;
	return (double) DatumGetTimestamp(DirectFunctionCall3(timestamp_in, CStringGetDatum(text),
														  ObjectIdGetDatum(InvalidOid),
														  Int32GetDatum(-1)));
}

static void
read_cell(DbiCell *cell, DbiKind kind, JsonbValue *v)
{
	memset(cell, 0, sizeof(DbiCell));
	cell->text = as_text(v);
	cell->isnull = cell->text == NULL;
	if (cell->isnull)
		return;
	if (kind == DBI_BOOL)
	{
		cell->number = strcmp(cell->text, "true") == 0 || strcmp(cell->text, "yes") == 0;
		cell->text = cell->number ? "yes" : "no";
	}
	else if (kind == DBI_DATE || kind == DBI_TIME)
		cell->number = time_of(cell->text);
	else if (dbi_kind_numeric(kind))
		cell->number = strtod(cell->text, NULL);
	else if (kind == DBI_LIST)
	{
		StringInfoData text;

		initStringInfo(&text);
		cell->nitems = length(v);
		cell->items = palloc(sizeof(char *) * Max(cell->nitems, 1));
		for (int i = 0; i < cell->nitems; i++)
		{
			char *element = text_item(v, i);

			cell->items[i] = element ? element : "";
			appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", cell->items[i]);
		}
		cell->text = text.data;
		cell->number = cell->nitems;
	}
}

static void
read_given(DbiResult *r, JsonbValue *given)
{
	r->ngiven = length(given);
	r->given = palloc0(sizeof(DbiGiven) * Max(r->ngiven, 1));
	for (int i = 0; i < r->ngiven; i++)
	{
		JsonbValue *g = item(given, i);

		r->given[i].name = needed(text_item(g, 0));
		r->given[i].kind = kind_called(text_item(g, 1));
		r->given[i].given = is_true(item(g, 2));
		read_cell(&r->given[i].cell, r->given[i].kind == DBI_LIST ? DBI_TEXT : r->given[i].kind,
				  item(g, 3));
	}
}

static void
read_rows(DbiResult *r, JsonbValue *columns, JsonbValue *rows)
{
	r->ncolumns = length(columns);
	r->columns = palloc0(sizeof(DbiColumn) * Max(r->ncolumns, 1));
	for (int c = 0; c < r->ncolumns; c++)
	{
		r->columns[c].name = needed(text_item(item(columns, c), 0));
		r->columns[c].kind = kind_called(text_item(item(columns, c), 1));
	}
	r->nrows = length(rows);
	r->rows = palloc0(sizeof(DbiCell *) * Max(r->nrows, 1));
	for (int i = 0; i < r->nrows; i++)
	{
		JsonbValue *row = item(rows, i);

		r->rows[i] = palloc0(sizeof(DbiCell) * Max(r->ncolumns, 1));
		for (int c = 0; c < r->ncolumns; c++)
			read_cell(&r->rows[i][c], r->columns[c].kind, item(row, c));
	}
}

static DbiWhole *
read_digest(JsonbValue *digest, int ncolumns, int nrows)
{
	DbiWhole *whole;

	if (length(digest) != ncolumns || ncolumns == 0)
		return NULL;
	whole = palloc(sizeof(DbiWhole));
	whole->nrows = nrows;
	whole->columns = palloc0(sizeof(DbiWholeColumn) * ncolumns);
	for (int c = 0; c < ncolumns; c++)
	{
		JsonbValue *d = item(digest, c);

		whole->columns[c].n = atoi(needed(text_item(d, 0)));
		whole->columns[c].sum = strtod(needed(text_item(d, 1)), NULL);
		whole->columns[c].min = strtod(needed(text_item(d, 2)), NULL);
		whole->columns[c].max = strtod(needed(text_item(d, 3)), NULL);
		whole->columns[c].distinct = atoi(needed(text_item(d, 4)));
	}
	return whole;
}

static List *
read_list(JsonbValue *v)
{
	List *texts = NIL;

	for (int i = 0; i < length(v); i++)
		texts = lappend(texts, needed(text_item(v, i)));
	return texts;
}

static void
read_result(DbiGroundTurn *turn, JsonbContainer *object)
{
	DbiResult *r = palloc0(sizeof(DbiResult));
	DbiPlanCall *call = palloc0(sizeof(DbiPlanCall));
	char *noun = as_text(dbi_jsonb_member(object, "noun"));

	call->agent = needed(as_text(dbi_jsonb_member(object, "agent")));
	call->tool = needed(as_text(dbi_jsonb_member(object, "tool")));
	call->arguments = needed(as_text(dbi_jsonb_member(object, "arguments")));
	call->label = "";
	r->call = call;
	r->ok = is_true(dbi_jsonb_member(object, "ok"));
	r->error = as_text(dbi_jsonb_member(object, "error"));
	r->truncated = is_true(dbi_jsonb_member(object, "truncated"));
	read_given(r, dbi_jsonb_member(object, "given"));
	read_rows(r, dbi_jsonb_member(object, "columns"), dbi_jsonb_member(object, "rows"));
	turn->wholes =
		lappend(turn->wholes,
				read_digest(dbi_jsonb_member(object, "digest"), r->ncolumns,
							atoi(needed(as_text(dbi_jsonb_member(object, "row_count"))))));
	turn->results = lappend(turn->results, r);
	turn->nouns = lappend(turn->nouns, noun ? noun : "");
	turn->context = list_concat(turn->context, read_list(dbi_jsonb_member(object, "context")));
	turn->fresh = list_concat(turn->fresh, read_list(dbi_jsonb_member(object, "fresh")));
}

DbiGroundTurn *
dbi_stored_turn(const char *question, const char *results_json)
{
	DbiGroundTurn *turn = palloc0(sizeof(DbiGroundTurn));
	Jsonb *all = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(results_json)));

	turn->question = question;
	if (!JB_ROOT_IS_ARRAY(all) || JB_ROOT_IS_SCALAR(all))
		needed(NULL);
	for (int i = 0; i < JB_ROOT_COUNT(all); i++)
	{
		JsonbValue *v = getIthJsonbValueFromContainer(&all->root, i);

		if (v->type != jbvBinary || !JsonContainerIsObject(v->val.binary.data))
			needed(NULL);
		read_result(turn, v->val.binary.data);
	}
	return turn;
}

/* ---- SQL ---- */

PG_FUNCTION_INFO_V1(dbi_check_text);
Datum
dbi_check_text(PG_FUNCTION_ARGS)
{
	char *question = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *results = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char *content = text_to_cstring(PG_GETARG_TEXT_PP(2));
	DbiGrounding *grounding = dbi_ground(content, dbi_stored_turn(question, results));

	PG_RETURN_DATUM(
		DirectFunctionCall1(jsonb_in, CStringGetDatum(dbi_grounding_json(content, grounding))));
}
