/*
 * databricks/types_read.c: values of a row, which all come as text.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "datatype/timestamp.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "databricks/types.h"

void
dbi_reader_init(DbiReader *reader, Oid type, int32 typmod)
{
	Oid input;

	memset(reader, 0, sizeof(*reader));
	reader->type = type;
	reader->typmod = typmod;
	getTypeInputInfo(type, &input, &reader->ioparam);
	fmgr_info(input, &reader->input);
	reader->element = get_element_type(type);
	if (OidIsValid(reader->element))
	{
		getTypeInputInfo(reader->element, &input, &reader->element_ioparam);
		fmgr_info(input, &reader->element_input);
	}
}

static void
refuse(const char *text, const char *type)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					errmsg("invalid value for type %s: \"%.100s\"", type, text)));
}

static void
refuse_range(const char *text, const char *type)
{
	ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					errmsg("value out of range for type %s: \"%.100s\"", type, text)));
}

/* Whether a day or a time is that end of the calendar: with or without a plus, a T or a blank. */
static bool
is_end(const char *text, const char *end)
{
	text += *text == '+';
	end += *end == '+';
	for (; *text && *end; text++, end++)
		if (*text != *end && !(*text == ' ' && *end == 'T'))
			return false;
	return *text == *end;
}

/* Microseconds since 1970 as unix_micros() counts them. */
static Datum
read_timestamptz(const char *text)
{
	const int64 shift = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	int64 micros;
	char *end;

	errno = 0;
	micros = strtoi64(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		refuse(text, "timestamp with time zone");
	if (micros == PG_INT64_MIN || micros == PG_INT64_MAX)
		return TimestampTzGetDatum(micros == PG_INT64_MIN ? DT_NOBEGIN : DT_NOEND);
	if (pg_sub_s64_overflow(micros, shift, &micros) || !IS_VALID_TIMESTAMP(micros))
		refuse_range(text, "timestamp with time zone");
	return TimestampTzGetDatum(micros);
}

/* [+-]year-mm-dd, the year of seven digits at most; 0 is 1 BC. Returns what follows, or NULL. */
static const char *
read_day(const char *text, int *year, int *month, int *day)
{
	int taken = 0;

	if (sscanf(text, "%8d-%2d-%2d%n", year, month, day, &taken) != 3 || taken == 0 || *month < 1 ||
		*month > MONTHS_PER_YEAR || *day < 1 || *day > day_tab[isleap(*year)][*month - 1])
		return NULL;
	return text + taken;
}

/* A day of the calendar as Postgres counts it, or the error that it has none. */
static DateADT
days_of(const char *text, int year, int month, int day, const char *type)
{
	int julian;

	if (!IS_VALID_JULIAN(year, month, day))
		refuse_range(text, type);
	julian = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	if (!IS_VALID_DATE(julian))
		refuse_range(text, type);
	return julian;
}

static Datum
read_date(const char *text)
{
	int year, month, day;
	const char *rest = read_day(text, &year, &month, &day);

	if (is_end(text, DBI_EARLIEST_DATE))
		return DateADTGetDatum(DATEVAL_NOBEGIN);
	if (is_end(text, DBI_LATEST_DATE))
		return DateADTGetDatum(DATEVAL_NOEND);
	if (rest == NULL || *rest != '\0')
		refuse(text, "date");
	return DateADTGetDatum(days_of(text, year, month, day, "date"));
}

/* Up to six digits after the point; further ones are cut off. */
static int64
read_fraction(const char **at)
{
	int64 micros = 0;
	int unit = USECS_PER_SEC / 10;

	if (**at != '.')
		return 0;
	for ((*at)++; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
		micros += (**at - '0') * unit;
	return micros;
}

/* hh:mm:ss[.ffffff] in microseconds. */
static bool
read_clock(const char **at, int64 *micros)
{
	int hour, minute, second, taken = 0;

	if (sscanf(*at, "%2d:%2d:%2d%n", &hour, &minute, &second, &taken) != 3 || taken == 0 ||
		hour < 0 || hour >= HOURS_PER_DAY || minute < 0 || minute >= MINS_PER_HOUR || second < 0 ||
		second >= SECS_PER_MINUTE)
		return false;
	*at += taken;
	*micros = hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE + second * USECS_PER_SEC;
	*micros += read_fraction(at);
	return true;
}

static Datum
read_timestamp(const char *text)
{
	int year, month, day;
	int64 micros = 0;
	int64 days;
	Timestamp result;
	const char *rest = read_day(text, &year, &month, &day);

	if (is_end(text, DBI_EARLIEST_TIME))
		return TimestampGetDatum(DT_NOBEGIN);
	if (is_end(text, DBI_LATEST_TIME))
		return TimestampGetDatum(DT_NOEND);
	if (rest && (*rest == ' ' || *rest == 'T'))
	{
		rest++;
		if (!read_clock(&rest, &micros))
			rest = NULL;
	}
	if (rest == NULL || *rest != '\0')
		refuse(text, "timestamp");
	days = days_of(text, year, month, day, "timestamp");
	if (pg_mul_s64_overflow(days, USECS_PER_DAY, &result) ||
		pg_add_s64_overflow(result, micros, &result) || !IS_VALID_TIMESTAMP(result))
		refuse_range(text, "timestamp");
	return TimestampGetDatum(result);
}

static const struct
{
	const char *name;
	int months;
	int days;
	int64 micros;
} units[] = {
	{"YEAR", MONTHS_PER_YEAR, 0, 0},
	{"MONTH", 1, 0, 0},
	{"DAY", 0, 1, 0},
	{"HOUR", 0, 0, USECS_PER_HOUR},
	{"MINUTE", 0, 0, USECS_PER_MINUTE},
	{"SECOND", 0, 0, USECS_PER_SEC},
};
#define SECOND_UNIT (lengthof(units) - 1)

/* The unit of the first number: named after the quotes, else told by what parts the numbers. */
static int
first_unit(const char *value, const char *words)
{
	char word[8];

	if (words && sscanf(words, "' %7[A-Z]", word) == 1)
	{
		for (int i = 0; i < lengthof(units); i++)
			if (strcmp(word, units[i].name) == 0)
				return i;
	}
	return strchr(value, '-') ? 0 : strchr(value, ' ') || !strchr(value, ':') ? 2 : 3;
}

/* n of the unit more; false when a part of the interval has no room for them. */
static bool
add_units(Interval *interval, int64 n, int unit)
{
	int64 months, days, micros;

	if (pg_mul_s64_overflow(n, units[unit].months, &months) ||
		pg_mul_s64_overflow(n, units[unit].days, &days) ||
		pg_mul_s64_overflow(n, units[unit].micros, &micros) || months != (int32) months ||
		days != (int32) days)
		return false;
	return !pg_add_s32_overflow(interval->month, (int32) months, &interval->month) &&
		   !pg_add_s32_overflow(interval->day, (int32) days, &interval->day) &&
		   !pg_add_s64_overflow(interval->time, micros, &interval->time);
}

/*
 * INTERVAL '1-2' YEAR TO MONTH, INTERVAL '-3 04:05:06.7' DAY TO SECOND, and the
 * same without the words. A sign at the front holds for all that follows.
 */
static Datum
read_interval(const char *text)
{
	Interval *result = palloc0(sizeof(Interval));
	const char *quote = strchr(text, '\'');
	const char *at = quote ? quote + 1 : text;
	int sign = *at == '-' ? -1 : 1;
	int unit;

	if (*at == '-' || *at == '+')
		at++;
	unit = first_unit(at, strchr(at, '\''));
	for (; unit < lengthof(units); unit++, at++)
	{
		char *end;
		int64 n = strtoi64(at, &end, 10);
		int64 fraction;

		if (end == at || !isdigit((unsigned char) *at))
			refuse(text, "interval");
		at = end;
		fraction = unit == SECOND_UNIT ? sign * read_fraction(&at) : 0;
		if (!add_units(result, sign * n, unit) ||
			pg_add_s64_overflow(result->time, fraction, &result->time))
			refuse_range(text, "interval");
		if (*at == '\0' || *at == '\'')
			return IntervalPGetDatum(result);
		if (strchr("- :", *at) == NULL)
			break;
	}
	refuse(text, "interval");
	return (Datum) 0;
}

static Datum
read_bytea(const char *text)
{
	size_t length = strlen(text) / 2;
	bytea *result = palloc(VARHDRSZ + length);

	if (hex_decode(text, strlen(text), VARDATA(result)) != length)
		refuse(text, "bytea");
	SET_VARSIZE(result, VARHDRSZ + length);
	return PointerGetDatum(result);
}

static char *
element_text(JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			return JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
	}
}

/* A JSON array; whether its numbers and times are quoted is the sender's choice. */
static Datum
read_array(DbiReader *reader, char *text)
{
	Jsonb *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	ArrayBuildState *result = initArrayResult(reader->element, CurrentMemoryContext, false);

	if (!JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json))
		refuse(text, "array");
	iterator = JsonbIteratorInit(&json->root);
	JsonbIteratorNext(&iterator, &value, false);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) == WJB_ELEM)
	{
		bool null = value.type == jbvNull;
		Datum element = InputFunctionCall(&reader->element_input, null ? NULL : element_text(&value),
										  reader->element_ioparam, reader->typmod);

		accumArrayResult(result, element, null, reader->element, CurrentMemoryContext);
	}
	return makeArrayResult(result, CurrentMemoryContext);
}

Datum
dbi_read_value(DbiReader *reader, char *text)
{
	switch (reader->type)
	{
		case TIMESTAMPTZOID:
			return read_timestamptz(text);
		case TIMESTAMPOID:
			return read_timestamp(text);
		case DATEOID:
			return read_date(text);
		case INTERVALOID:
			return read_interval(text);
		case BYTEAOID:
			return read_bytea(text);
		default:
			if (OidIsValid(reader->element))
				return read_array(reader, text);
			return InputFunctionCall(&reader->input, text, reader->ioparam, reader->typmod);
	}
}
