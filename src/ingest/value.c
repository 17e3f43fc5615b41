/*
 * value.c: a JSON value as Databricks prints it, typed.
 *
 * Numbers come as numbers or as strings, booleans too, timestamps with or
 * without a zone, nested values as JSON or as its text. What does not fit is
 * told in words: one bad row must not end the batch, so nothing here throws.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/base.h"
#include "base/json.h"
#include "ingest/ingest.h"

/* More digits than decimal(38,18) has in any spelling; keeps numeric_in from raising. */
#define MAX_NUMBER_CHARS 100
/* Larger ones are no measurement, and their sums and squares would raise in the rollups. */
#define MAX_DOUBLE 1e100
#define MAX_INT8 (PG_INT64_MAX / 2)
/* Bytes of a value that a reason quotes. */
#define MAX_SHOWN 60
/* Times outside are a mistake of the feed: the oldest audit sample is of 2009. */
#define MIN_TIME ((int64) 0)                     /* 2000-01-01 */
#define MAX_TIME ((int64) 36525 * USECS_PER_DAY) /* 2100-01-01 */

static char *
number_text(Numeric n)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(n)));
}

static const char *
shown(const JsonbValue *v)
{
	char *s;

	switch (v->type)
	{
		case jbvString:
			return psprintf("\"%.*s\"",
							pg_mbcliplen(v->val.string.val, v->val.string.len, MAX_SHOWN),
							v->val.string.val);
		case jbvNumeric:
			s = number_text(v->val.numeric);
			return strlen(s) <= MAX_SHOWN ? s : psprintf("%.*s...", MAX_SHOWN, s);
		case jbvBool:
			return v->val.boolean ? "true" : "false";
		default:
			return "an object or array";
	}
}

static const char *
bad(const JsonbValue *v, const char *what)
{
	return psprintf("%s is not %s", shown(v), what);
}

/* The text of a value; objects and arrays as JSON. */
static char *
value_text(const JsonbValue *v, int *len)
{
	char *s;

	switch (v->type)
	{
		case jbvString:
			*len = v->val.string.len;
			return v->val.string.val;
		case jbvBinary:
		{
			StringInfo out = makeStringInfo();

			(void) JsonbToCString(out, v->val.binary.data, v->val.binary.len);
			*len = out->len;
			return out->data;
		}
		case jbvNumeric:
			s = number_text(v->val.numeric);
			*len = strlen(s);
			return s;
		default:
			s = pstrdup(shown(v));
			*len = strlen(s);
			return s;
	}
}

static void
trim(char **s, int *len)
{
	while (*len > 0 && **s == ' ')
		(*s)++, (*len)--;
	while (*len > 0 && (*s)[*len - 1] == ' ')
		(*len)--;
}

/* [+-]digits[.digits][e[+-]dd] */
static bool
looks_like_number(const char *s, int len)
{
	const char *end = s + len;
	int digits = 0;

	if (len == 0 || len > MAX_NUMBER_CHARS)
		return false;
	if (*s == '+' || *s == '-')
		s++;
	for (; s < end && isdigit((unsigned char) *s); s++)
		digits++;
	if (s < end && *s == '.')
		for (s++; s < end && isdigit((unsigned char) *s); s++)
			digits++;
	if (digits == 0)
		return false;
	if (s < end && (*s == 'e' || *s == 'E'))
	{
		s++;
		if (s < end && (*s == '+' || *s == '-'))
			s++;
		if (s >= end || end - s > 2)
			return false;
		for (; s < end; s++)
			if (!isdigit((unsigned char) *s))
				return false;
	}
	return s == end;
}

/* As numeric, or NULL when it is no number. */
static Numeric
value_numeric(const JsonbValue *v)
{
	char *s;
	int len;

	if (v->type == jbvNumeric)
		return v->val.numeric;
	if (v->type != jbvString)
		return NULL;
	s = v->val.string.val;
	len = v->val.string.len;
	trim(&s, &len);
	if (!looks_like_number(s, len))
		return NULL;
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(s, len)),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static const char *
to_numeric(const JsonbValue *v, Datum *result)
{
	Numeric n = value_numeric(v);

	if (n == NULL)
		return bad(v, "a number");
	*result = NumericGetDatum(n);
	return NULL;
}

static const char *
to_integer(const JsonbValue *v, Oid type, Datum *result)
{
	Numeric n = value_numeric(v);
	char *s;
	char *dot;
	char *end;
	long long i;

	if (n == NULL)
		return bad(v, "a whole number");
	s = number_text(n);
	dot = strchr(s, '.');
	if (dot != NULL)
	{
		if (strspn(dot + 1, "0") != strlen(dot + 1))
			return bad(v, "a whole number");
		*dot = '\0';
	}
	errno = 0;
	i = strtoll(s, &end, 10);
	if (errno != 0 || *end != '\0' || (type == INT4OID && (i < PG_INT32_MIN || i > PG_INT32_MAX)))
		return bad(v, type == INT4OID ? "in the range of a 32-bit number"
									  : "in the range of a 64-bit number");
	if (type == INT8OID && (i > MAX_INT8 || i < -MAX_INT8))
		return bad(v, "smaller than 2^62");
	*result = type == INT4OID ? Int32GetDatum((int32) i) : Int64GetDatum((int64) i);
	return NULL;
}

/* MLflow prints NaN and infinities as text. */
static bool
special_double(const JsonbValue *v, double *d)
{
	const char *s = v->val.string.val;
	int len = v->val.string.len;

	if (v->type != jbvString)
		return false;
	if (len == 3 && pg_strncasecmp(s, "nan", 3) == 0)
		*d = get_float8_nan();
	else if ((len == 8 && pg_strncasecmp(s, "infinity", 8) == 0) ||
			 (len == 3 && pg_strncasecmp(s, "inf", 3) == 0))
		*d = get_float8_infinity();
	else if ((len == 9 && pg_strncasecmp(s, "-infinity", 9) == 0) ||
			 (len == 4 && pg_strncasecmp(s, "-inf", 4) == 0))
		*d = -get_float8_infinity();
	else
		return false;
	return true;
}

static const char *
to_double(const JsonbValue *v, Datum *result)
{
	Numeric n;
	double d;

	if (!special_double(v, &d))
	{
		n = value_numeric(v);
		if (n == NULL)
			return bad(v, "a number");
		d = strtod(number_text(n), NULL);
		if (isinf(d))
			return bad(v, "in the range of a double");
		if (fabs(d) > MAX_DOUBLE)
			return bad(v, "between -1e100 and 1e100");
	}
	*result = Float8GetDatum(d);
	return NULL;
}

static const char *
to_bool(const JsonbValue *v, Datum *result)
{
	int len;
	char *s;

	if (v->type == jbvBool)
	{
		*result = BoolGetDatum(v->val.boolean);
		return NULL;
	}
	if (v->type != jbvString && v->type != jbvNumeric)
		return bad(v, "true or false");
	s = value_text(v, &len);
	if ((len == 4 && pg_strncasecmp(s, "true", 4) == 0) || (len == 1 && *s == '1'))
		*result = BoolGetDatum(true);
	else if ((len == 5 && pg_strncasecmp(s, "false", 5) == 0) || (len == 1 && *s == '0'))
		*result = BoolGetDatum(false);
	else
		return bad(v, "true or false");
	return NULL;
}

/*
 * Epoch numbers are seconds, milliseconds or microseconds by their size: the
 * three ranges for the years 2000 to 2100 do not meet.
 */
static bool
epoch_time(Numeric n, TimestampTz *t)
{
	double d = strtod(number_text(n), NULL);
	double usec = d < 1e11 ? d * 1e6 : d < 1e14 ? d * 1e3 : d;

	if (!(usec >= 0 && usec < 1e17))
		return false;
	*t = (TimestampTz) usec - (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	return true;
}

static const char *
to_time(const JsonbValue *v, Oid type, Datum *result)
{
	TimestampTz t;
	Numeric n;

	if (v->type == jbvString && dbi_parse_timestamp(v->val.string.val, v->val.string.len, &t))
		;
	else if ((n = value_numeric(v)) == NULL || !epoch_time(n, &t))
		return bad(v, type == DATEOID ? "a date" : "a timestamp");
	if (t < MIN_TIME || t >= MAX_TIME)
		return bad(v, "between the years 2000 and 2100");
	*result =
		type == DATEOID ? DateADTGetDatum((DateADT) (t / USECS_PER_DAY)) : TimestampTzGetDatum(t);
	return NULL;
}

static const char *
to_json_object(const JsonbValue *v, Datum *result)
{
	Jsonb *j = NULL;

	if (v->type == jbvBinary)
		j = JsonbValueToJsonb((JsonbValue *) v);
	else if (v->type == jbvString)
		j = dbi_try_jsonb(v->val.string.val, v->val.string.len);
	if (j == NULL || JB_ROOT_IS_SCALAR(j))
		return bad(v, "an object or array");
	*result = JsonbPGetDatum(j);
	return NULL;
}

static const char *
to_array(const JsonbValue *v, Oid type, Datum *result)
{
	Oid element = type == TEXTARRAYOID ? TEXTOID : type == FLOAT8ARRAYOID ? FLOAT8OID : INT8OID;
	JsonbContainer *c;
	Datum *values;
	bool *nulls;
	Datum json;
	int n;
	int dims[1];
	int lower[1] = {1};

	if (to_json_object(v, &json) != NULL)
		return bad(v, "an array");
	c = &DatumGetJsonbP(json)->root;
	if (!JsonContainerIsArray(c))
		return bad(v, "an array");
	n = JsonContainerSize(c);
	values = palloc(sizeof(Datum) * Max(n, 1));
	nulls = palloc0(sizeof(bool) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		const char *why = dbi_value_to_datum(getIthJsonbValueFromContainer(c, i), element,
											 DBI_AS_IS, &values[i], &nulls[i]);

		if (why != NULL)
			return why;
	}
	dims[0] = n;
	*result = n == 0 ? PointerGetDatum(construct_empty_array(element))
					 : PointerGetDatum(
						   construct_md_array(values, nulls, 1, dims, lower, element,
											  element == TEXTOID ? -1 : 8,
											  element == TEXTOID ? false : FLOAT8PASSBYVAL,
											  element == TEXTOID ? TYPALIGN_INT : TYPALIGN_DOUBLE));
	return NULL;
}

static void
upper_ascii(char *s, int len)
{
	for (int i = 0; i < len; i++)
		s[i] = pg_ascii_toupper((unsigned char) s[i]);
}

static text *
normalised(char *s, int len, DbiNormal normal)
{
	text *t = cstring_to_text_with_len(s, len);
	char *p = VARDATA(t);

	if (normal == DBI_AS_IS || normal == DBI_AS_TODAY)
		return t;
	upper_ascii(p, len);
	if (normal == DBI_AS_PRIVILEGE)
	{
		for (int i = 0; i < len; i++)
			if (p[i] == ' ')
				p[i] = '_';
	}
	else if (normal == DBI_AS_STATE)
	{
		/* The Jobs API and the pipelines spell these otherwise (system-tables 2.5). */
		if (len == 7 && strncmp(p, "SUCCESS", 7) == 0)
			return cstring_to_text("SUCCEEDED");
		if (len == 8 && strncmp(p, "CANCELED", 8) == 0)
			return cstring_to_text("CANCELLED");
		if (len == 8 && strncmp(p, "TIMEDOUT", 8) == 0)
			return cstring_to_text("TIMED_OUT");
	}
	return t;
}

const char *
dbi_value_to_datum(const JsonbValue *v, Oid type, DbiNormal normal, Datum *result, bool *isnull)
{
	char *s;
	int len;

	*isnull = v == NULL || v->type == jbvNull;
	*result = (Datum) 0;
	if (*isnull)
		return NULL;
	/* An empty string for a number, a time or an object is how CSV-born feeds write NULL. */
	if (type != TEXTOID && v->type == jbvString && v->val.string.len == 0)
	{
		*isnull = true;
		return NULL;
	}
	switch (type)
	{
		case TEXTOID:
			s = value_text(v, &len);
			*result = PointerGetDatum(normalised(s, len, normal));
			return NULL;
		case NUMERICOID:
			return to_numeric(v, result);
		case INT4OID:
		case INT8OID:
			return to_integer(v, type, result);
		case FLOAT8OID:
			return to_double(v, result);
		case BOOLOID:
			return to_bool(v, result);
		case TIMESTAMPTZOID:
		case DATEOID:
			return to_time(v, type, result);
		case JSONBOID:
			return to_json_object(v, result);
		case TEXTARRAYOID:
		case FLOAT8ARRAYOID:
		case INT8ARRAYOID:
			return to_array(v, type, result);
		default:
			elog(ERROR, "no conversion from JSON to type %u", type);
	}
}
