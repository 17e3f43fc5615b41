/*
 * jsonb.c: text to jsonb without throwing.
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "base/base.h"
#include "base/json.h"

/* A field or a row larger than this is not a system table's. */
#define MAX_TEXT_BYTES (64 * 1024 * 1024)

/* Longer numbers, and exponents of four digits and more, are JSON but numeric refuses them. */
#define MAX_NUMBER_CHARS 1000

static bool
number_fits(const char *token)
{
	const char *e = strpbrk(token, "eE");

	if (strlen(token) > MAX_NUMBER_CHARS)
		return false;
	if (e == NULL)
		return true;
	e++;
	if (*e == '+' || *e == '-')
		e++;
	return strlen(e) <= 3;
}

static DbiJsonAction
check_scalar(void *state, char *token, JsonTokenType type)
{
	bool *fits = state;

	if (type == JSON_TOKEN_NUMBER && !number_fits(token))
		*fits = false;
	DBI_JSON_ACTION_DONE;
}

/*
 * The server's parser recurses and raises when the stack runs out. No
 * field of a system table nests anywhere near this deep.
 */
#define MAX_DEPTH 64

/*
 * Nor does one hold so many values; an answer with embeddings has some hundred
 * thousand. While jsonb is built a pair takes 72 bytes, and beyond 1 GB of them
 * the server raises.
 */
#define MAX_COMMAS 4000000

/* Whether brackets outside strings nest deeper than MAX_DEPTH, or part too many values. */
static bool
too_large(const char *s, size_t len)
{
	bool in_string = false;
	int depth = 0;
	int commas = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (in_string)
		{
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				in_string = false;
		}
		else if (s[i] == '"')
			in_string = true;
		else if (s[i] == '[' || s[i] == '{')
		{
			if (++depth > MAX_DEPTH)
				return true;
		}
		else if (s[i] == ']' || s[i] == '}')
			depth--;
		else if (s[i] == ',' && ++commas > MAX_COMMAS)
			return true;
	}
	return false;
}

bool
dbi_json_valid(const char *text, int len)
{
	bool fits = true;
	JsonSemAction actions = {.semstate = &fits, .scalar = check_scalar};
	JsonLexContext *lex;

	if (too_large(text, len))
		return false;
	lex = dbi_json_lexer(text, len);
	return pg_parse_json(lex, &actions) == JSON_SUCCESS && fits;
}

/* The value while it is parsed: in one pass, for jsonb_in() raises, and would read all of it again. */
typedef struct Building
{
	JsonbParseState *state;
	JsonbValue *result;
	bool fits;
} Building;

static DbiJsonAction
begin_object(void *state)
{
	Building *b = state;

	b->result = pushJsonbValue(&b->state, WJB_BEGIN_OBJECT, NULL);
	DBI_JSON_ACTION_DONE;
}

static DbiJsonAction
end_object(void *state)
{
	Building *b = state;

	b->result = pushJsonbValue(&b->state, WJB_END_OBJECT, NULL);
	DBI_JSON_ACTION_DONE;
}

static DbiJsonAction
begin_array(void *state)
{
	Building *b = state;

	b->result = pushJsonbValue(&b->state, WJB_BEGIN_ARRAY, NULL);
	DBI_JSON_ACTION_DONE;
}

static DbiJsonAction
end_array(void *state)
{
	Building *b = state;

	b->result = pushJsonbValue(&b->state, WJB_END_ARRAY, NULL);
	DBI_JSON_ACTION_DONE;
}

static DbiJsonAction
add_key(void *state, char *name, bool isnull)
{
	Building *b = state;
	JsonbValue key = {.type = jbvString, .val.string = {(int) strlen(name), name}};

	b->result = pushJsonbValue(&b->state, WJB_KEY, &key);
	DBI_JSON_ACTION_DONE;
}

static void
set_number(Building *b, const char *token, JsonbValue *v)
{
	if (!number_fits(token))
	{
		b->fits = false;
		return;
	}
	v->type = jbvNumeric;
	v->val.numeric =
		DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(token),
											ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/* A value that stands alone is kept as an array that says so. */
static void
add_root(Building *b, JsonbValue *v)
{
	JsonbValue array = {.type = jbvArray, .val.array = {.rawScalar = true, .nElems = 1}};

	b->result = pushJsonbValue(&b->state, WJB_BEGIN_ARRAY, &array);
	b->result = pushJsonbValue(&b->state, WJB_ELEM, v);
	b->result = pushJsonbValue(&b->state, WJB_END_ARRAY, NULL);
}

static DbiJsonAction
add_scalar(void *state, char *token, JsonTokenType type)
{
	Building *b = state;
	JsonbValue v = {.type = jbvNull};

	if (type == JSON_TOKEN_STRING)
		v = (JsonbValue){.type = jbvString, .val.string = {(int) strlen(token), token}};
	else if (type == JSON_TOKEN_NUMBER)
		set_number(b, token, &v);
	else if (type == JSON_TOKEN_TRUE || type == JSON_TOKEN_FALSE)
		v = (JsonbValue){.type = jbvBool, .val.boolean = type == JSON_TOKEN_TRUE};
	if (b->state == NULL)
		add_root(b, &v);
	else
		b->result = pushJsonbValue(&b->state,
								   b->state->contVal.type == jbvArray ? WJB_ELEM : WJB_VALUE, &v);
	DBI_JSON_ACTION_DONE;
}

Jsonb *
dbi_try_jsonb(const char *text, int len)
{
	Building b = {.fits = true};
	JsonSemAction actions = {.semstate = &b,
							 .object_start = begin_object,
							 .object_end = end_object,
							 .array_start = begin_array,
							 .array_end = end_array,
							 .object_field_start = add_key,
							 .scalar = add_scalar};

	if (len >= MAX_TEXT_BYTES || too_large(text, len) ||
		pg_parse_json(dbi_json_lexer(text, len), &actions) != JSON_SUCCESS || !b.fits)
		return NULL;
	return JsonbValueToJsonb(b.result);
}

Jsonb *
dbi_try_jsonb_utf8(const char *text, size_t len)
{
	char *converted;

	if (len >= MAX_TEXT_BYTES || pg_encoding_verifymbstr(PG_UTF8, text, (int) len) != (int) len)
		return NULL;
	converted = pg_any_to_server(text, (int) len, PG_UTF8);
	return dbi_try_jsonb(converted, converted == text ? (int) len : (int) strlen(converted));
}

/* The value of a key, or false. */
static bool
find(JsonbContainer *object, const char *key, JsonbValue *value)
{
	return object != NULL && JsonContainerIsObject(object) &&
		   getKeyJsonValueFromContainer(object, key, strlen(key), value) != NULL;
}

JsonbValue *
dbi_jsonb_member(JsonbContainer *object, const char *key)
{
	JsonbValue name = {.type = jbvString,
					   .val.string = {(int) strlen(key), unconstify(char *, key)}};

	return findJsonbValueFromContainer(object, JB_FOBJECT, &name);
}

char *
dbi_jsonb_text(JsonbContainer *object, const char *key)
{
	JsonbValue value;

	if (!find(object, key, &value))
		return NULL;
	switch (value.type)
	{
		case jbvString:
			return pnstrdup(value.val.string.val, value.val.string.len);
		case jbvNumeric:
			return DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
		case jbvBool:
			return pstrdup(value.val.boolean ? "true" : "false");
		default:
			return NULL;
	}
}

bool
dbi_jsonb_int(JsonbContainer *object, const char *key, int64 *value)
{
	char *text = dbi_jsonb_text(object, key);
	char *end;

	if (text == NULL || *text == '\0')
		return false;
	errno = 0;
	*value = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0';
}

bool
dbi_jsonb_true(JsonbContainer *object, const char *key)
{
	char *text = dbi_jsonb_text(object, key);

	return text != NULL && strcmp(text, "true") == 0;
}

static JsonbContainer *
find_container(JsonbContainer *object, const char *key)
{
	JsonbValue value;

	return find(object, key, &value) && value.type == jbvBinary ? value.val.binary.data : NULL;
}

JsonbContainer *
dbi_jsonb_object(JsonbContainer *object, const char *key)
{
	JsonbContainer *found = find_container(object, key);

	return found && JsonContainerIsObject(found) ? found : NULL;
}

JsonbContainer *
dbi_jsonb_array(JsonbContainer *object, const char *key)
{
	JsonbContainer *found = find_container(object, key);

	return found && JsonContainerIsArray(found) ? found : NULL;
}

JsonbContainer *
dbi_jsonb_element(JsonbContainer *array, int i)
{
	JsonbValue *value = getIthJsonbValueFromContainer(array, i);

	return value && value->type == jbvBinary ? value->val.binary.data : NULL;
}

void
dbi_json_append(StringInfo out, const char *text)
{
	escape_json(out, pg_server_to_any(text, strlen(text), PG_UTF8));
}

/* Text to jsonb, NULL when it is not JSON: for fields that hold JSON text. */
PG_FUNCTION_INFO_V1(dbi_try_jsonb_sql);
Datum
dbi_try_jsonb_sql(PG_FUNCTION_ARGS)
{
	text *arg = PG_GETARG_TEXT_PP(0);
	Jsonb *result = dbi_try_jsonb(VARDATA_ANY(arg), VARSIZE_ANY_EXHDR(arg));

	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(result);
}
