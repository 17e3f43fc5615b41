/*
 * team_text.c: from a model's words to the text of the answer.
 *
 * A model writes figures by reference: [[r3.2.total_cost]] is the cell of the
 * second row of the third result, [[r3.total.total_cost]] the sum of a column,
 * [[r3.rows]] how many rows there are. They are resolved by the one formatter
 * of answers. The text is taken sentence by sentence, and a sentence is in the
 * answer only when the referee has found all that it claims in the results,
 * with what stands before it. What is in the answer has been shown.
 *
 * [[agent.cost]] in a line of its own stands for the whole text of that agent.
 */
#include "postgres.h"

#include <ctype.h>

#include "utils/json.h"

#include "agents/team_parts.h"

#define MAX_REFERENCE_BYTES 200
#define FORWARD "agent."

/* A stretch of the model's text that is judged as one: a sentence or a line. */
typedef struct Unit
{
	int raw_end; /* of the model's text */
	int end;     /* of the answer's, were it taken */
	int spans;   /* of the text, likewise */
	bool broken; /* a reference in it is none */
	DbiText *text;
} Unit;

/* ---- units ---- */

static bool
ends_sentence(const char *text, int at)
{
	int next = at + 1;

	if (strchr(".!?", text[at]) == NULL)
		return false;
	while (text[next] != '\0' && strchr("*_)\"'`", text[next]) != NULL)
		next++;
	if (text[next] != ' ')
		return false;
	/* "1. " begins an item, "e.g. " goes on */
	return !(at > 0 && isdigit((unsigned char) text[at - 1]) &&
			 (at < 3 || text[at - 2] == '\n' || text[at - 3] == '\n')) &&
		   !(at > 1 && text[at - 2] == '.');
}

/*
 * The end of the unit that begins at from, or -1 while it may go on. Space
 * between units belongs to the one behind it, so that none is left at the end.
 */
static int
unit_end(const char *text, int from, bool whole)
{
	int at = from + strspn(text + from, " \t\r\n");

	if (text[at] == '\0')
		return -1;
	for (; text[at] != '\0'; at++)
	{
		if (text[at] == '\n')
			return at;
		if (text[at] == '[' && text[at + 1] == '[')
		{
			const char *close = strstr(text + at, "]]");

			if (close == NULL)
				break;
			at = close - text + 1;
			continue;
		}
		if (ends_sentence(text, at))
		{
			while (text[at] != ' ')
				at++;
			return at;
		}
	}
	return whole ? at + strlen(text + at) : -1;
}

/* ---- references ---- */

/* An agent counts its own results, whoever writes for several counts all. */
static const DbiResult *
result_number(DbiTeam *team, int number)
{
	bool own = team->author && team->author->agent;
	List *results = own ? team->author->results : team->turn->results;

	return number >= 1 && number <= list_length(results) ? list_nth(results, number - 1) : NULL;
}

static DbiValue
count_of(const DbiResult *r)
{
	DbiValue v = {.kind = DBI_COUNT, .tool = r->call->tool, .column = "rows"};

	v.cell.number = r->nrows;
	v.at_least = r->truncated;
	return v;
}

static DbiValue
total_of(const DbiResult *r, int column)
{
	DbiValue v = {.kind = r->columns[column].kind, .tool = r->call->tool};

	v.cell.number = dbi_column_sum(r, column);
	v.column = r->columns[column].name;
	v.at_least = r->truncated;
	return v;
}

static DbiValue
cell_of(const DbiResult *r, int row, int column)
{
	DbiValue v = {.kind = r->columns[column].kind, .tool = r->call->tool, .row = row};

	v.cell = r->rows[row - 1][column];
	v.column = r->columns[column].name;
	return v;
}

/* By name, or by its number: c2 */
static int
column_of(const DbiResult *r, const char *name)
{
	int column = dbi_column(r, name);
	int number;
	char rest;

	if (column < 0 && sscanf(name, "c%d%c", &number, &rest) == 1 && number >= 1 &&
		number <= r->ncolumns)
		return number - 1;
	return column;
}

/* Says what a reference stands for; false when it stands for nothing. */
static bool
say_reference(DbiTeam *team, DbiText *t, const char *reference)
{
	const DbiResult *r;
	DbiValue v;
	int number;
	int row = 0;
	int used = 0;
	int column;

	if (sscanf(reference, "r%d.%n", &number, &used) != 1 || used == 0)
		return false;
	r = result_number(team, number);
	reference += used;
	if (r == NULL || !r->ok)
		return false;
	if (strcmp(reference, "rows") == 0)
		v = count_of(r);
	else if (strncmp(reference, "total.", 6) == 0)
	{
		column = column_of(r, reference + 6);
		if (column < 0 || !dbi_column_adds(&r->columns[column]))
			return false;
		v = total_of(r, column);
	}
	else
	{
		used = 0;
		if (sscanf(reference, "%d.%n", &row, &used) != 1 || used == 0 || row < 1 || row > r->nrows)
			return false;
		column = column_of(r, reference + used);
		if (column < 0)
			return false;
		v = cell_of(r, row, column);
	}
	dbi_say_value(t, &v, NULL);
	return true;
}

char *
dbi_reference_values(DbiTeam *team, const char *text)
{
	StringInfoData s;
	List *seen = NIL;

	initStringInfo(&s);
	appendStringInfoChar(&s, '{');
	for (const char *at = strstr(text, "[["); at; at = strstr(at + 2, "[["))
	{
		const char *close = strstr(at, "]]");
		DbiText *value = dbi_text();
		char *reference;
		bool known = false;
		ListCell *lc;

		if (close == NULL)
			break;
		reference = pnstrdup(at + 2, close - at - 2);
		foreach(lc, seen)
			known = known || strcmp(lfirst(lc), reference) == 0;
		if (known || !say_reference(team, value, reference))
			continue;
		appendStringInfoString(&s, seen == NIL ? "" : ", ");
		escape_json(&s, reference);
		appendStringInfoString(&s, ": ");
		escape_json(&s, value->out.data);
		seen = lappend(seen, reference);
	}
	appendStringInfoChar(&s, '}');
	return s.data;
}

static void
object(DbiTeam *team, const char *span, const char *why)
{
	DbiObjection *objection = palloc(sizeof(DbiObjection));

	objection->span = pstrdup(span);
	objection->why = why;
	team->writer.objections = lappend(team->writer.objections, objection);
}

/* A unit with its references resolved and its words looked through, behind what parts it from the text. */
static void
resolve(DbiTeam *team, Unit *unit, const char *text, int from, int to, const char *before)
{
	int word = from;

	unit->text = dbi_text();
	dbi_say(unit->text, before);
	for (int i = from; i < to; i++)
	{
		const char *close;
		char *reference;

		if (text[i] != '[' || text[i + 1] != '[' || (close = strstr(text + i, "]]")) == NULL ||
			close - (text + i) > MAX_REFERENCE_BYTES)
			continue;
		dbi_say(unit->text, dbi_scan_words(team, pnstrdup(text + word, i - word)));
		reference = pnstrdup(text + i + 2, close - text - i - 2);
		if (!say_reference(team, unit->text, reference))
		{
			unit->broken = true;
			object(team, psprintf("[[%s]]", reference), "there is no such cell");
		}
		word = close + 2 - text;
		i = word - 1;
	}
	if (word < to)
		dbi_say(unit->text, dbi_scan_words(team, pnstrdup(text + word, to - word)));
}

/* ---- forwarding ---- */

static const DbiMember *
member_named(DbiTeam *team, const char *agent)
{
	ListCell *lc;

	foreach(lc, team->members)
	{
		const DbiMember *member = lfirst(lc);

		if (member->agent && strcmp(member->agent, agent) == 0)
			return member;
	}
	return NULL;
}

/* r2 of an agent is r5 of the team. */
char *
dbi_team_references(DbiTeam *team, const DbiMember *member, const char *text)
{
	StringInfoData s;
	int number;
	int used;

	initStringInfo(&s);
	for (const char *p = text; *p;)
	{
		const DbiResult *r = NULL;
		ListCell *lc;

		used = 0;
		if (sscanf(p, "[[r%d.%n", &number, &used) == 1 && used > 0 && number >= 1 &&
			number <= list_length(member->results))
			r = list_nth(member->results, number - 1);
		if (r == NULL)
		{
			appendStringInfoChar(&s, *p++);
			continue;
		}
		foreach(lc, team->turn->results)
			if (lfirst(lc) == r)
				appendStringInfo(&s, "[[r%d.", foreach_current_index(lc) + 1);
		p += used;
	}
	return s.data;
}

/* [[agent.cost]] becomes the text of that agent, under its name where it stands alone. */
static char *
forwarded(DbiTeam *team, const char *text)
{
	StringInfoData s;
	const char *at;

	initStringInfo(&s);
	while ((at = strstr(text, "[[" FORWARD)) != NULL)
	{
		const char *close = strstr(at, "]]");
		const DbiMember *member;

		if (close == NULL)
			break;
		appendBinaryStringInfo(&s, text, at - text);
		at += 2 + strlen(FORWARD);
		member = member_named(team, pnstrdup(at, close - at));
		if (member && member->text)
			appendStringInfoString(&s, dbi_team_references(team, member, member->text));
		text = close + 2;
	}
	appendStringInfoString(&s, text);
	return s.data;
}

/* ---- taking ---- */

/* Of a text that was written again, what the reader has seen already. */
static bool
seen_before(const DbiTeam *team, const DbiText *unit)
{
	const char *start = unit->out.data + strspn(unit->out.data, " \t\r\n");

	return team->repaired && team->writer.shown && strstr(team->turn->text->out.data, start) != NULL;
}

/* All units that are there, resolved; nothing is judged yet. */
static List *
units_of(DbiTeam *team, const char *text, bool whole, StringInfo all)
{
	List *units = NIL;
	int from = team->writer.taken;
	const char *before = "";
	int end;

	if (from == 0)
	{
		from = strspn(text, " \t\r\n");
		before = all->len == 0 ? "" : text[from] == '|' ? "\n" : "\n\n";
	}
	while (text[from] != '\0' && (end = unit_end(text, from, whole)) > 0)
	{
		Unit *unit = palloc0(sizeof(Unit));

		resolve(team, unit, text, from, end, before);
		if (seen_before(team, unit->text))
		{
			from = end;
			continue;
		}
		before = "";
		appendStringInfoString(all, unit->text->out.data);
		unit->raw_end = end;
		unit->end = all->len;
		units = lappend(units, unit);
		if (unit->broken)
			break;
		from = end;
	}
	return units;
}

/* The first claim at or behind a place that no result supports, or NULL. */
static const DbiClaim *
first_objection(const DbiGrounding *grounding, int from)
{
	ListCell *lc;

	foreach(lc, grounding->spans)
	{
		const DbiClaim *claim = lfirst(lc);

		if (claim->start >= from && !claim->supported)
			return claim;
	}
	return NULL;
}

static void
object_to_claims(DbiTeam *team, const char *text, const DbiGrounding *grounding, int from)
{
	ListCell *lc;

	foreach(lc, grounding->spans)
	{
		const DbiClaim *claim = lfirst(lc);

		if (claim->start >= from && !claim->supported)
			object(team, pnstrdup(text + claim->start, claim->len), claim->reason);
	}
}

/* Something of the account is in it, so that it is no preamble. */
static bool
says_something(const DbiGrounding *grounding, int from, int to)
{
	ListCell *lc;

	foreach(lc, grounding->spans)
	{
		const DbiClaim *claim = lfirst(lc);

		if (claim->start >= from && claim->start < to)
			return true;
	}
	return false;
}

/* It knows what has been shown, and the results that there are now. */
static DbiReferee *
referee_of(DbiTeam *team)
{
	DbiWriter *w = &team->writer;
	int results = list_length(team->turn->results);

	if (w->referee == NULL || w->measured != results)
	{
		w->referee = dbi_referee(dbi_answer_measure(team->turn));
		w->measured = results;
	}
	return w->referee;
}

/* Appends units up to a place in the whole; they become evidence. */
static void
take(DbiTeam *team, List *units, int before, const DbiGrounding *grounding)
{
	DbiText *t = team->turn->text;
	int from = t->out.len;
	List *claims = NIL;
	ListCell *lc;

	foreach(lc, units)
	{
		const Unit *unit = lfirst(lc);

		if (unit->end > before)
			break;
		dbi_say_text(t, unit->text);
		team->writer.taken = unit->raw_end;
	}
	foreach(lc, grounding->spans)
		if (((DbiClaim *) lfirst(lc))->start < t->out.len)
			claims = lappend(claims, lfirst(lc));
	dbi_adopt(t, from, claims);
	dbi_referee_keep(team->writer.referee, t->out.len);
	team->writer.shown = true;
}

/*
 * While the model may still ask for tools, its first words may be no answer:
 * they wait until something of the account is said.
 */
bool
dbi_write_on(DbiTeam *team, const char *raw, bool whole)
{
	DbiWriter *w = &team->writer;
	const char *text = team->author->agent ? raw : forwarded(team, raw);
	int had = team->turn->text->out.len;
	StringInfoData all;
	List *units;
	DbiGrounding *grounding;
	const DbiClaim *wrong;
	int good;

	if (w->wrong && !whole)
		return false;
	w->objections = NIL;
	initStringInfo(&all);
	appendStringInfoString(&all, team->turn->text->out.data);
	units = units_of(team, text, whole, &all);
	if (units == NIL || (!whole && ((Unit *) llast(units))->raw_end == w->looked))
		return false;
	w->looked = ((Unit *) llast(units))->raw_end;
	grounding = dbi_referee_read(referee_of(team), all.data);
	wrong = first_objection(grounding, had);
	good = wrong ? wrong->start : all.len + 1;
	if (((Unit *) llast(units))->broken)
		good = Min(good, ((Unit *) llast(units))->end - 1);
	w->wrong = good <= all.len;
	if (w->wrong)
		object_to_claims(team, all.data, grounding, had);
	if (!whole && !w->shown && !says_something(grounding, had, Min(good, all.len)))
		return false;
	/* what nobody has seen can be written anew as a whole */
	if (((Unit *) linitial(units))->end > good || (whole && w->wrong && !w->shown))
		return false;
	take(team, units, good, grounding);
	return team->turn->text->out.len > had;
}

void
dbi_write_anew(DbiTeam *team)
{
	DbiWriter *w = &team->writer;

	w->taken = w->looked = 0;
	w->wrong = false;
	w->objections = NIL;
}

bool
dbi_write_sections(DbiTeam *team)
{
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	foreach(lc, team->members)
	{
		const DbiMember *member = lfirst(lc);

		if (member->agent && member->text)
			appendStringInfo(&s, "%s### %s\n\n[[" FORWARD "%s]]", s.len > 0 ? "\n\n" : "",
							 member->title, member->agent);
	}
	dbi_write_anew(team);
	(void) dbi_write_on(team, s.data, true);
	return !team->writer.wrong;
}
