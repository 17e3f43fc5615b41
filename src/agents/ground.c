/*
 * ground.c: judges a text by the results of its turn.
 *
 * Tables are held against rows, sentences against the rows they speak of. The
 * work is one pass over the text; a cell is looked up by its words in a hash of
 * all values, sums and extremes are made once a sentence and only where a
 * figure asks for them. A text that grows is read on from where its last
 * sentence, line or table has ended, with what the words before have named.
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

/* ---- a text that grows ---- */

/* A place at which a text can be read on, and what is known of what stands before. */
typedef struct DbiPlace
{
	int at; /* bytes */
	int table_lines;
	int table_result;
	bool in_line;
	DbiLine line;
} DbiPlace;

struct DbiReferee
{
	DbiFacts *facts;
	DbiJudge judge;
	DbiPlace *kept;
};

void
dbi_ground_place(DbiJudge *judge, int at, const DbiLine *line)
{
	DbiPlace *place;

	if (line && line->passing)
		return;
	place = palloc0(sizeof(DbiPlace));
	place->at = at;
	place->table_lines = judge->table_lines;
	place->table_result = judge->table_result;
	place->in_line = line != NULL;
	if (line)
		place->line = *line;
	judge->places = lappend(judge->places, place);
}

DbiReferee *
dbi_referee(const DbiGroundTurn *turn)
{
	DbiReferee *referee = palloc0(sizeof(DbiReferee));

	referee->facts = dbi_ground_facts(turn);
	referee->kept = palloc0(sizeof(DbiPlace));
	referee->kept->table_result = -1;
	return referee;
}

static int
line_end(const char *text, int from)
{
	return from + strcspn(text + from, "\n");
}

/* Judges what is left of a line of prose, which may have been begun; where it ends. */
static int
read_line(DbiJudge *judge, DbiLine *line, int from)
{
	int end = line_end(judge->text, from);

	line->judge = judge;
	if (line->tokens == NULL)
		line->tokens = dbi_ground_tokens(judge->text, from, end);
	else
	{
		line->tokens->n = line->next;
		dbi_ground_more_tokens(line->tokens, judge->text, from, end);
	}
	dbi_ground_line(line, from, end);
	return end;
}

DbiGrounding *
dbi_referee_read(DbiReferee *referee, const char *text)
{
	DbiGrounding *out = palloc0(sizeof(DbiGrounding));
	DbiJudge *judge = &referee->judge;
	DbiPlace *kept = referee->kept;
	int len = strlen(text);
	int at = kept->at;
	ListCell *lc;

	*judge = (DbiJudge){.text = text,
						.facts = referee->facts,
						.out = out,
						.table_lines = kept->table_lines,
						.table_result = kept->table_result,
						.places = list_make1(kept)};
	if (kept->in_line)
	{
		DbiLine line = kept->line;

		at = read_line(judge, &line, at) + 1;
	}
	while (at < len)
	{
		DbiLine line = {0};

		CHECK_FOR_INTERRUPTS();
		dbi_ground_place(judge, at, NULL);
		at = 1 + (text[at] == '|' ? dbi_ground_table(judge, at, len) : read_line(judge, &line, at));
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

void
dbi_referee_keep(DbiReferee *referee, int bytes)
{
	ListCell *lc;

	foreach(lc, referee->judge.places)
	{
		DbiPlace *place = lfirst(lc);

		if (place->at <= bytes)
			referee->kept = place;
	}
}

DbiGrounding *
dbi_ground(const char *text, const DbiGroundTurn *turn)
{
	return dbi_referee_read(dbi_referee(turn), text);
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
