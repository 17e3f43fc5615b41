/*
 * frame.c: what a conversation is about, as JSON between its turns.
 *
 * The frame is a row of its owner, so it is read as any input: kinds and
 * numbers are checked, what does not fit is left out.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "agents/understand.h"
#include "base/base.h"

#define MAX_FRAME_ITEMS 32

/* ---- reading ---- */

static JsonbValue *
member(JsonbContainer *object, const char *key)
{
	if (object == NULL || !JsonContainerIsObject(object))
		return NULL;
	return getKeyJsonValueFromContainer(object, key, (int) strlen(key), NULL);
}

static char *
string_member(JsonbContainer *object, const char *key)
{
	JsonbValue *v = member(object, key);

	return v && v->type == jbvString ? pnstrdup(v->val.string.val, v->val.string.len) : NULL;
}

static double
number_member(JsonbContainer *object, const char *key, double low, double high)
{
	JsonbValue *v = member(object, key);
	double d;

	if (!v || v->type != jbvNumeric)
		return low;
	d = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(v->val.numeric)));
	return d >= low && d <= high ? d : low;
}

static JsonbContainer *
container_member(JsonbContainer *object, const char *key, bool array)
{
	JsonbValue *v = member(object, key);

	if (!v || v->type != jbvBinary)
		return NULL;
	if (array ? !JsonContainerIsArray(v->val.binary.data)
			  : !JsonContainerIsObject(v->val.binary.data))
		return NULL;
	return v->val.binary.data;
}

static int
items_of(JsonbContainer *array)
{
	return array ? Min((int) JsonContainerSize(array), MAX_FRAME_ITEMS) : 0;
}

static JsonbContainer *
object_item(JsonbContainer *array, int i)
{
	JsonbValue *v = getIthJsonbValueFromContainer(array, i);

	return v && v->type == jbvBinary && JsonContainerIsObject(v->val.binary.data)
			   ? v->val.binary.data
			   : NULL;
}

static bool
read_date(JsonbContainer *object, const char *key, DateADT *date)
{
	char *s = string_member(object, key);

	return s && dbi_parse_date(s, strlen(s), date);
}

static bool
read_period(JsonbContainer *object, DbiPeriod *period)
{
	if (object == NULL || !read_date(object, "start", &period->start) ||
		!read_date(object, "end", &period->end))
		return false;
	period->kind = (DbiPeriodKind) number_member(object, "kind", 0, DBI_PERIOD_PRIOR);
	period->grain = (DbiGrain) number_member(object, "grain", 0, DBI_GRAIN_YEAR);
	period->hours = number_member(object, "hours", 0, 24.0 * 1100);
	return period->start <= period->end && period->kind != DBI_PERIOD_PRIOR;
}

static List *
read_candidates(JsonbContainer *array)
{
	List *r = NIL;

	for (int i = 0; i < items_of(array); i++)
	{
		JsonbContainer *o = object_item(array, i);
		DbiCandidate *c = palloc0(sizeof(DbiCandidate));

		c->kind = string_member(o, "kind");
		c->value = string_member(o, "value");
		c->known = number_member(o, "known", 0, 1) > 0;
		if (c->kind && c->value)
			r = lappend(r, c);
	}
	return r;
}

static DbiSlot *
read_slot(JsonbContainer *o)
{
	DbiSlot *slot = palloc0(sizeof(DbiSlot));

	if (o == NULL)
		return NULL;
	slot->kind = (DbiSlotKind) number_member(o, "kind", 0, DBI_SLOT_NAME);
	slot->from = slot->to = -1;
	slot->origin = DBI_ORIGIN_FRAME;
	slot->value = string_member(o, "value");
	slot->span = string_member(o, "span");
	slot->number = number_member(o, "number", 0, 1e12);
	slot->unit = (DbiUnit) number_member(o, "unit", 0, DBI_UNIT_GIB);
	slot->candidates = read_candidates(container_member(o, "candidates", true));
	if (!slot->value)
		return NULL;
	if (!slot->span)
		slot->span = slot->value;
	if (slot->kind == DBI_SLOT_DATE &&
		!read_period(container_member(o, "period", false), &slot->period))
		return NULL;
	return slot;
}

static List *
read_slots(JsonbContainer *array)
{
	List *r = NIL;

	for (int i = 0; i < items_of(array); i++)
	{
		DbiSlot *slot = read_slot(object_item(array, i));

		if (slot)
			r = lappend(r, slot);
	}
	return r;
}

static List *
read_strings(JsonbContainer *array)
{
	List *r = NIL;

	for (int i = 0; i < items_of(array); i++)
	{
		JsonbValue *v = getIthJsonbValueFromContainer(array, i);

		if (v && v->type == jbvString)
			r = lappend(r, pnstrdup(v->val.string.val, v->val.string.len));
	}
	return r;
}

static List *
read_args(JsonbContainer *array)
{
	List *r = NIL;

	for (int i = 0; i < items_of(array); i++)
	{
		JsonbContainer *o = object_item(array, i);
		DbiPlanArg *a = palloc0(sizeof(DbiPlanArg));

		a->name = string_member(o, "name");
		a->value = string_member(o, "value");
		a->origin = DBI_ORIGIN_FRAME;
		if (a->name && a->value)
			r = lappend(r, a);
	}
	return r;
}

static DbiFrameClause *
read_clause(JsonbContainer *o)
{
	DbiFrameClause *c = palloc0(sizeof(DbiFrameClause));

	c->agent = string_member(o, "agent");
	c->tool = string_member(o, "tool");
	c->concepts = read_strings(container_member(o, "concepts", true));
	c->args = read_args(container_member(o, "args", true));
	c->slots = read_slots(container_member(o, "slots", true));
	return c->agent && c->tool ? c : NULL;
}

static List *
read_clauses(JsonbContainer *array)
{
	List *r = NIL;

	for (int i = 0; i < items_of(array); i++)
	{
		DbiFrameClause *c = read_clause(object_item(array, i));

		if (c)
			r = lappend(r, c);
	}
	return r;
}

static List *
read_readings(JsonbContainer *array)
{
	List *r = NIL;

	for (int i = 0; i < items_of(array); i++)
	{
		JsonbContainer *o = object_item(array, i);
		DbiReading *reading = palloc(sizeof(DbiReading));

		reading->question = string_member(o, "question");
		reading->agent = string_member(o, "agent");
		reading->tool = string_member(o, "tool");
		if (reading->question && strlen(reading->question) <= DBI_MAX_QUESTION_BYTES)
			r = lappend(r, reading);
	}
	return r;
}

DbiFrame *
dbi_read_frame(const char *json)
{
	DbiFrame *frame = palloc0(sizeof(DbiFrame));
	Jsonb *jb;

	if (json == NULL || json[0] == '\0')
		return frame;
	jb = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
	frame->clauses = read_clauses(container_member(&jb->root, "clauses", true));
	frame->slots = read_slots(container_member(&jb->root, "slots", true));
	frame->past = read_clauses(container_member(&jb->root, "past", true));
	frame->rows = read_strings(container_member(&jb->root, "rows", true));
	frame->questions = read_strings(container_member(&jb->root, "questions", true));
	frame->readings = read_readings(container_member(&jb->root, "readings", true));
	return frame;
}

/* ---- writing ---- */

static void
put(StringInfo s, const char *key, const char *value)
{
	if (s->data[s->len - 1] != '{')
		appendStringInfoChar(s, ',');
	escape_json(s, key);
	appendStringInfoChar(s, ':');
	escape_json(s, value);
}

static void
put_number(StringInfo s, const char *key, double value)
{
	appendStringInfo(s, "%s\"%s\":%.15g", s->data[s->len - 1] != '{' ? "," : "", key, value);
}

static void
write_period(StringInfo s, const DbiPeriod *p)
{
	appendStringInfoString(s, ",\"period\":{");
	put_number(s, "kind", p->kind);
	put_number(s, "grain", p->grain);
	put(s, "start", dbi_date_text(p->start));
	put(s, "end", dbi_date_text(p->end));
	put_number(s, "hours", p->hours);
	appendStringInfoChar(s, '}');
}

static void
write_slot(StringInfo s, const DbiSlot *slot)
{
	ListCell *lc;

	appendStringInfoChar(s, '{');
	put_number(s, "kind", slot->kind);
	put(s, "value", slot->value);
	put(s, "span", slot->span);
	put_number(s, "number", slot->number);
	put_number(s, "unit", slot->unit);
	if (slot->kind == DBI_SLOT_DATE)
		write_period(s, &slot->period);
	appendStringInfoString(s, ",\"candidates\":[");
	foreach(lc, slot->candidates)
	{
		DbiCandidate *c = lfirst(lc);

		if (s->data[s->len - 1] != '[')
			appendStringInfoChar(s, ',');
		appendStringInfoChar(s, '{');
		put(s, "kind", c->kind);
		put(s, "value", c->value);
		put_number(s, "known", c->known);
		appendStringInfoChar(s, '}');
	}
	appendStringInfoString(s, "]}");
}

static void
write_slots(StringInfo s, List *slots)
{
	ListCell *lc;

	appendStringInfoString(s, "\"slots\":[");
	foreach(lc, slots)
	{
		if (s->data[s->len - 1] != '[')
			appendStringInfoChar(s, ',');
		write_slot(s, lfirst(lc));
	}
	appendStringInfoChar(s, ']');
}

static void
write_clause(StringInfo s, const DbiFrameClause *c)
{
	ListCell *lc;

	appendStringInfoChar(s, '{');
	put(s, "agent", c->agent);
	put(s, "tool", c->tool);
	appendStringInfoString(s, ",\"concepts\":[");
	foreach(lc, c->concepts)
	{
		if (s->data[s->len - 1] != '[')
			appendStringInfoChar(s, ',');
		escape_json(s, (char *) lfirst(lc));
	}
	appendStringInfoString(s, "],\"args\":[");
	foreach(lc, c->args)
	{
		DbiPlanArg *a = lfirst(lc);

		if (s->data[s->len - 1] != '[')
			appendStringInfoChar(s, ',');
		appendStringInfoChar(s, '{');
		put(s, "name", a->name);
		put(s, "value", a->value);
		appendStringInfoChar(s, '}');
	}
	appendStringInfoChar(s, ']');
	if (c->slots != NIL)
	{
		appendStringInfoChar(s, ',');
		write_slots(s, c->slots);
	}
	appendStringInfoChar(s, '}');
}

static void
write_clauses(StringInfo s, const char *key, List *clauses)
{
	ListCell *lc;

	appendStringInfo(s, "\"%s\":[", key);
	foreach(lc, clauses)
	{
		if (s->data[s->len - 1] != '[')
			appendStringInfoChar(s, ',');
		write_clause(s, lfirst(lc));
	}
	appendStringInfoString(s, "],");
}

char *
dbi_write_frame(List *clauses, List *slots, List *past, List *readings)
{
	StringInfoData s;
	ListCell *lc;

	initStringInfo(&s);
	appendStringInfoChar(&s, '{');
	write_clauses(&s, "clauses", clauses);
	write_slots(&s, slots);
	appendStringInfoChar(&s, ',');
	if (past != NIL)
		write_clauses(&s, "past", past);
	appendStringInfoString(&s, "\"readings\":[");
	foreach(lc, readings)
	{
		DbiReading *r = lfirst(lc);

		appendStringInfoString(&s, s.data[s.len - 1] != '[' ? ",{" : "{");
		put(&s, "question", r->question);
		if (r->agent && r->tool)
		{
			put(&s, "agent", r->agent);
			put(&s, "tool", r->tool);
		}
		appendStringInfoChar(&s, '}');
	}
	appendStringInfoString(&s, "]}");
	return s.data;
}

/* ---- the row ---- */

/*
 * A conversation of another person and one that is not there are told alike.
 * Row-level security does not bind the owner of the tables, so the person is
 * compared here.
 */
char *
dbi_conversation_frame(const pg_uuid_t *conversation)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid types[1] = {UUIDOID};
	Datum values[1];
	char *frame = NULL;

	values[0] = UUIDPGetDatum(conversation);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to the server programming interface");
	if (SPI_execute_with_args("SELECT frame::pg_catalog.text FROM dbinsight.chat_conversations"
							  " WHERE id = $1 AND user_id = dbinsight.person()",
							  1, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the conversation");
	if (SPI_processed == 1)
		frame = MemoryContextStrdup(caller,
									SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	SPI_finish();
	if (frame == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("there is no such conversation"),
				 errhint(
					 "Give the id of a conversation of your own, from dbinsight.chat_conversations, or none to begin a new one.")));
	return frame;
}
