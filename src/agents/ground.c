/*
 * ground.c: judges a text by the results of its turn.
 *
 * Tables are held against rows, sentences against the rows they speak of. The
 * work is one pass over the text; a cell is looked up by its words in a hash of
 * all values, sums and extremes are made once a sentence and only where a
 * figure asks for them.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/json.h"

#include "agents/ground_parts.h"

static const char *const kind_names[] = {"number", "date", "name", "superlative"};

DbiClaim *
dbi_claim(DbiJudge *judge, int start, int len, DbiClaimKind kind)
{
	DbiClaim *claim = palloc0(sizeof(DbiClaim));

	claim->start = start;
	claim->len = len;
	claim->kind = kind;
	judge->out->spans = lappend(judge->out->spans, claim);
	return claim;
}

void
dbi_accept(DbiClaim *claim, const char *reason, const DbiResult *r, int row, const char *column)
{
	claim->supported = true;
	claim->contradiction = false;
	claim->reason = reason;
	claim->tool = r ? r->call->tool : NULL;
	claim->row = row;
	claim->column = column;
}

void
dbi_object(DbiClaim *claim, const char *reason, bool contradiction)
{
	claim->supported = false;
	claim->contradiction = contradiction;
	claim->reason = reason;
}

static int
by_start(const ListCell *a, const ListCell *b)
{
	const DbiClaim *x = lfirst(a);
	const DbiClaim *y = lfirst(b);

	return x->start != y->start ? (x->start > y->start) - (x->start < y->start)
								: (x->len > y->len) - (x->len < y->len);
}

DbiGrounding *
dbi_ground(const char *text, const DbiGroundTurn *turn)
{
	DbiGrounding *out = palloc0(sizeof(DbiGrounding));
	DbiJudge judge = {.text = text, .out = out, .table_result = -1};
	int len = strlen(text);
	ListCell *lc;

	judge.facts = dbi_ground_facts(turn);
	for (int i = 0; i < len;)
	{
		int end = i;

		CHECK_FOR_INTERRUPTS();
		if (text[i] == '|')
		{
			i = dbi_ground_table(&judge, i, len) + 1;
			continue;
		}
		while (end < len && text[end] != '\n')
			end++;
		dbi_ground_prose(&judge, i, end, i, end);
		i = end + 1;
	}
	list_sort(out->spans, by_start);
	foreach(lc, out->spans)
	{
		DbiClaim *claim = lfirst(lc);

		out->claims++;
		out->supported += claim->supported;
		out->contradictions += claim->contradiction;
	}
	return out;
}

static void
json_text(StringInfo s, const char *text)
{
	if (text)
		escape_json(s, text);
	else
		appendStringInfoString(s, "null");
}

char *
dbi_grounding_json(const char *text, const DbiGrounding *g)
{
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	appendStringInfo(&s, "{\"claims\": %d, \"supported\": %d, \"contradictions\": %d, \"spans\": [",
					 g->claims, g->supported, g->contradictions);
	foreach(lc, g->spans)
	{
		const DbiClaim *claim = lfirst(lc);

		appendStringInfoString(&s, foreach_current_index(lc) > 0 ? ", [" : "[");
		json_text(&s, pnstrdup(text + claim->start, claim->len));
		appendStringInfo(&s, ", \"%s\", %s, ", kind_names[claim->kind],
						 claim->supported ? "true" : "false");
		json_text(&s, claim->reason);
		appendStringInfoString(&s, ", ");
		json_text(&s, claim->tool);
		if (claim->row > 0)
			appendStringInfo(&s, ", %d, ", claim->row);
		else
			appendStringInfoString(&s, ", null, ");
		json_text(&s, claim->column);
		appendStringInfoChar(&s, ']');
	}
	appendStringInfoString(&s, "]}");
	return s.data;
}
