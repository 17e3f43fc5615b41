/*
 * row.c: one JSON object to the values of one gold row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "base/base.h"
#include "base/json.h"
#include "ingest/ingest.h"

/*
 * A member of an object; the object may be the JSON text of one. *why is set
 * when it is neither.
 */
static JsonbContainer *
as_object(JsonbValue *v, const char **why)
{
	Jsonb *parsed;

	if (v == NULL || v->type == jbvNull)
		return NULL;
	if (v->type == jbvBinary && JsonContainerIsObject(v->val.binary.data))
		return v->val.binary.data;
	if (v->type == jbvString && v->val.string.len == 0)
		return NULL;
	if (v->type == jbvString)
	{
		parsed = dbi_try_jsonb(v->val.string.val, v->val.string.len);
		if (parsed != NULL && JB_ROOT_IS_OBJECT(parsed))
			return &parsed->root;
	}
	*why = "is not an object nor the JSON text of one";
	return NULL;
}

/* A member of an object by its number: as JsonbIteratorNext gives it, without the steps between. */
static void
child_value(JsonbContainer *c, int i, char *base, uint32 offset, JsonbValue *v)
{
	JEntry entry = c->children[i];

	if (JBE_ISSTRING(entry))
	{
		v->type = jbvString;
		v->val.string.val = base + offset;
		v->val.string.len = getJsonbLength(c, i);
	}
	else if (JBE_ISNUMERIC(entry))
	{
		v->type = jbvNumeric;
		v->val.numeric = (Numeric) (base + INTALIGN(offset));
	}
	else if (JBE_ISBOOL(entry))
	{
		v->type = jbvBool;
		v->val.boolean = JBE_ISBOOL_TRUE(entry);
	}
	else if (JBE_ISCONTAINER(entry))
	{
		v->type = jbvBinary;
		v->val.binary.data = (JsonbContainer *) (base + INTALIGN(offset));
		v->val.binary.len = getJsonbLength(c, i) - (INTALIGN(offset) - offset);
	}
	else
		v->type = jbvNull;
}

static void
forget_values(DbiField *field)
{
	for (int i = 0; i < field->nmembers; i++)
	{
		field->sorted[i]->present = false;
		field->sorted[i]->why = NULL;
		forget_values(field->sorted[i]);
	}
}

/* The member of that name, or NULL; keys come in the order of the members. */
static DbiField *
next_member(DbiField *field, int *at, const char *key, int len)
{
	for (; *at < field->nmembers; (*at)++)
	{
		DbiField *m = field->sorted[*at];
		int cmp = m->len != len ? len - m->len : memcmp(key, m->name, len);

		if (cmp <= 0)
			return cmp == 0 ? m : NULL;
	}
	return NULL;
}

/* Keys and fields have the same order, so both are gone through once. */
bool
dbi_note_values(DbiField *field, JsonbContainer *c)
{
	int n = JsonContainerSize(c);
	char *base = (char *) &c->children[n * 2];
	uint32 key_offset = 0;
	uint32 offset = n > 0 ? getJsonbOffset(c, n) : 0;
	bool rest = false;
	int at = 0;

	for (int i = 0; i < n; i++)
	{
		DbiField *m = next_member(field, &at, base + key_offset, getJsonbLength(c, i));
		JsonbContainer *inner = NULL;

		if (m == NULL)
			rest |= !JBE_ISNULL(c->children[n + i]);
		else if (!JBE_ISNULL(c->children[n + i]))
		{
			child_value(c, n + i, base, offset, &m->value);
			m->present = true;
			if (m->nmembers > 0)
				inner = as_object(&m->value, &m->why);
		}
		if (inner != NULL)
			rest |= dbi_note_values(m, inner) && !m->taken;
		JBE_ADVANCE_OFFSET(key_offset, c->children[i]);
		JBE_ADVANCE_OFFSET(offset, c->children[n + i]);
	}
	return rest;
}

/* What the present row holds at a path; *why when something on the way is no object. */
static JsonbValue *
lookup(DbiPath *path, const char **why)
{
	for (int i = 0; i + 1 < path->n; i++)
	{
		if (path->fields[i]->why != NULL)
		{
			*why = psprintf("%s %s", path->parts[i], path->fields[i]->why);
			return NULL;
		}
	}
	return path->fields[path->n - 1]->present ? &path->fields[path->n - 1]->value : NULL;
}

/* The first of a column's paths that holds something. */
static JsonbValue *
first_value(DbiSourceColumn *column, const char **why)
{
	ListCell *lc;

	foreach(lc, column->paths)
	{
		JsonbValue *v = lookup(lfirst(lc), why);

		if (*why != NULL || (v != NULL && v->type != jbvNull))
			return v;
	}
	return NULL;
}

/* The parts of a dotted name; none of them may be missing. */
static JsonbValue *
concatenated(DbiSourceColumn *column, const char **why)
{
	StringInfo s = makeStringInfo();
	JsonbValue *result = palloc0(sizeof(JsonbValue));
	ListCell *lc;

	foreach(lc, column->concat)
	{
		JsonbValue *v = lookup(lfirst(lc), why);
		bool isnull;
		Datum d;

		if (dbi_value_to_datum(v, TEXTOID, DBI_AS_IS, &d, &isnull) != NULL || isnull)
			return NULL;
		appendStringInfo(s, "%s%s", s->len > 0 ? "." : "", TextDatumGetCString(d));
	}
	result->type = jbvString;
	result->val.string.val = s->data;
	result->val.string.len = s->len;
	return result;
}

static const char *
fill_column(DbiSourceColumn *column, Datum *value, bool *isnull)
{
	const char *why = NULL;
	JsonbValue *v = first_value(column, &why);
	JsonbValue fallback;

	if (why == NULL && v == NULL && column->concat != NIL)
		v = concatenated(column, &why);
	if (why != NULL)
		return why;
	if (v == NULL && column->fallback != NULL)
	{
		fallback.type = jbvString;
		fallback.val.string.val = column->fallback;
		fallback.val.string.len = strlen(column->fallback);
		v = &fallback;
	}
	why = dbi_value_to_datum(v, column->type, column->normal, value, isnull);
	if (why == NULL && *isnull && column->normal == DBI_AS_TODAY)
	{
		*value = DateADTGetDatum(dbi_today());
		*isnull = false;
	}
	if (why == NULL && *isnull && column->required)
		return "is missing";
	if (why == NULL && !*isnull && column->most_bytes > 0 &&
		VARSIZE_ANY_EXHDR(DatumGetPointer(*value)) > column->most_bytes)
		return psprintf("is longer than %d bytes", column->most_bytes);
	return why;
}

/*
 * Push what no column takes. A struct of which some members are taken keeps
 * the others. Pushes the object only when something is left; returns whether.
 */
static bool
push_rest(JsonbParseState **state, DbiField *field, JsonbContainer *c, JsonbValue *name,
		  JsonbValue **root)
{
	JsonbIterator *it = JsonbIteratorInit(c);
	JsonbValue key;
	JsonbValue v;
	JsonbIteratorToken token;
	bool any = false;

	(void) JsonbIteratorNext(&it, &v, true);
	while ((token = JsonbIteratorNext(&it, &key, true)) == WJB_KEY)
	{
		DbiField *member = dbi_member_named(field, key.val.string.val, key.val.string.len);
		const char *why = NULL;

		(void) JsonbIteratorNext(&it, &v, true);
		if ((member != NULL && member->taken) || v.type == jbvNull)
			continue;
		if (!any && member == NULL)
		{
			if (name != NULL)
				pushJsonbValue(state, WJB_KEY, name);
			pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
			any = true;
		}
		if (member == NULL)
		{
			pushJsonbValue(state, WJB_KEY, &key);
			pushJsonbValue(state, WJB_VALUE, &v);
		}
		else
		{
			JsonbContainer *inner = as_object(&v, &why);
			JsonbParseState *inner_state = NULL;
			JsonbValue *inner_root = NULL;

			if (inner == NULL || !push_rest(&inner_state, member, inner, NULL, &inner_root))
				continue;
			if (!any)
			{
				if (name != NULL)
					pushJsonbValue(state, WJB_KEY, name);
				pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
				any = true;
			}
			pushJsonbValue(state, WJB_KEY, &key);
			pushJsonbValue(state, WJB_VALUE, inner_root);
		}
	}
	if (any)
		*root = pushJsonbValue(state, WJB_END_OBJECT, NULL);
	return any;
}

/* The columns from the values that were noted, all but extra. */
static const char *
fill_columns(DbiSource *source, TupleDesc desc, Datum *values, bool *nulls, const char **column_name)
{
	Size key_bytes = 0;
	ListCell *lc;

	memset(nulls, true, sizeof(bool) * desc->natts);
	memset(values, 0, sizeof(Datum) * desc->natts);
	foreach(lc, source->columns)
	{
		DbiSourceColumn *column = lfirst(lc);
		int i = column->attnum - 1;
		const char *why = fill_column(column, &values[i], &nulls[i]);

		if (why != NULL)
		{
			*column_name = column->name;
			return why;
		}
		if (column->required && column->type == TEXTOID)
			key_bytes += VARSIZE_ANY_EXHDR(DatumGetPointer(values[i]));
		if (key_bytes > DBI_MOST_KEY_BYTES)
		{
			*column_name = column->name;
			return psprintf("makes the key longer than %d bytes", DBI_MOST_KEY_BYTES);
		}
	}
	return NULL;
}

static void
fill_extra(DbiSource *source, Jsonb *extra, Datum *values, bool *nulls)
{
	values[source->extra_attnum - 1] = JsonbPGetDatum(extra);
	nulls[source->extra_attnum - 1] = false;
}

const char *
dbi_row_to_values(DbiSource *source, TupleDesc desc, JsonbContainer *row, Datum *values,
				  bool *nulls, const char **column_name)
{
	JsonbParseState *state = NULL;
	JsonbValue *rest = NULL;
	bool any_rest;
	const char *why;

	forget_values(&source->root);
	any_rest = dbi_note_values(&source->root, row);
	why = fill_columns(source, desc, values, nulls, column_name);
	if (why != NULL)
		return why;
	if (any_rest && source->extra_attnum > 0 && push_rest(&state, &source->root, row, NULL, &rest))
		fill_extra(source, JsonbValueToJsonb(rest), values, nulls);
	return NULL;
}

bool
dbi_text_to_values(DbiSource *source, TupleDesc desc, const char *text, int len, Datum *values,
				   bool *nulls)
{
	StringInfoData rest;
	Jsonb *extra;
	const char *column_name;

	initStringInfo(&rest);
	forget_values(&source->root);
	if (!dbi_note_text(&source->root, text, len, &rest) ||
		fill_columns(source, desc, values, nulls, &column_name) != NULL)
		return false;
	if (rest.len == 0)
		return true;
	extra = dbi_try_jsonb(rest.data, rest.len);
	if (extra != NULL && source->extra_attnum > 0)
		fill_extra(source, extra, values, nulls);
	return extra != NULL;
}

Jsonb *
dbi_row_without_excluded(DbiSource *source, JsonbContainer *row)
{
	DbiField fields = {0};
	JsonbParseState *state = NULL;
	JsonbValue *rest = NULL;
	ListCell *lc;

	foreach(lc, source->excluded)
	{
		DbiField *f = palloc0(sizeof(DbiField));

		f->name = lfirst(lc);
		f->len = strlen(f->name);
		f->taken = true;
		fields.members = lappend(fields.members, f);
	}
	dbi_sort_fields(&fields);
	if (!push_rest(&state, &fields, row, NULL, &rest))
		return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	return JsonbValueToJsonb(rest);
}
