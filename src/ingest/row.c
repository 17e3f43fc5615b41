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

static JsonbValue *
lookup(JsonbContainer *row, DbiPath *path, const char **why)
{
	JsonbContainer *c = row;
	JsonbValue *v = NULL;

	for (int i = 0; i < path->n; i++)
	{
		v = getKeyJsonValueFromContainer(c, path->parts[i], path->lens[i], NULL);
		if (i + 1 == path->n || v == NULL)
			return v;
		c = as_object(v, why);
		if (*why != NULL)
			*why = psprintf("%s %s", path->parts[i], *why);
		if (c == NULL)
			return NULL;
	}
	return v;
}

/* The first of a column's paths that holds something. */
static JsonbValue *
first_value(DbiColumn *column, JsonbContainer *row, const char **why)
{
	ListCell *lc;

	foreach(lc, column->paths)
	{
		JsonbValue *v = lookup(row, lfirst(lc), why);

		if (*why != NULL || (v != NULL && v->type != jbvNull))
			return v;
	}
	return NULL;
}

/* The parts of a dotted name; none of them may be missing. */
static JsonbValue *
concatenated(DbiColumn *column, JsonbContainer *row, const char **why)
{
	StringInfo s = makeStringInfo();
	JsonbValue *result = palloc0(sizeof(JsonbValue));
	ListCell *lc;

	foreach(lc, column->concat)
	{
		JsonbValue *v = lookup(row, lfirst(lc), why);
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
fill_column(DbiColumn *column, JsonbContainer *row, Datum *value, bool *isnull)
{
	const char *why = NULL;
	JsonbValue *v = first_value(column, row, &why);
	JsonbValue fallback;

	if (why == NULL && v == NULL && column->concat != NIL)
		v = concatenated(column, row, &why);
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

static DbiField *
member_named(DbiField *field, JsonbValue *key)
{
	ListCell *lc;

	foreach(lc, field->members)
	{
		DbiField *m = lfirst(lc);

		if (m->len == key->val.string.len && memcmp(m->name, key->val.string.val, m->len) == 0)
			return m;
	}
	return NULL;
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
		DbiField *member = member_named(field, &key);
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

const char *
dbi_row_to_values(DbiSource *source, TupleDesc desc, JsonbContainer *row, Datum *values,
				  bool *nulls, const char **column_name)
{
	JsonbParseState *state = NULL;
	JsonbValue *rest = NULL;
	Size key_bytes = 0;
	ListCell *lc;

	memset(nulls, true, sizeof(bool) * desc->natts);
	memset(values, 0, sizeof(Datum) * desc->natts);
	foreach(lc, source->columns)
	{
		DbiColumn *column = lfirst(lc);
		int i = column->attnum - 1;
		const char *why = fill_column(column, row, &values[i], &nulls[i]);

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
	if (source->extra_attnum > 0 && push_rest(&state, &source->root, row, NULL, &rest))
	{
		values[source->extra_attnum - 1] = JsonbPGetDatum(JsonbValueToJsonb(rest));
		nulls[source->extra_attnum - 1] = false;
	}
	return NULL;
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
	if (!push_rest(&state, &fields, row, NULL, &rest))
		return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	return JsonbValueToJsonb(rest);
}
