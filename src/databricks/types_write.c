/*
 * databricks/types_write.c: values as Databricks reads them.
 *
 * Zones are always written out, so that the session's zone there means nothing.
 * A string goes into the text only when no setting there could read it
 * otherwise (backslashes, ${…} and quotes are such); else it is a parameter.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "databricks/fdw.h"

#define LITERAL_STRING 1000 /* bytes; longer ones travel as parameters */

/* Years as ISO 8601 has them: 0 is 1 BC, more than four digits carry a sign. */
static void
append_year(StringInfo text, int year)
{
	if (year > 9999)
		appendStringInfoChar(text, '+');
	appendStringInfo(text, year < 0 ? "%05d" : "%04d", year);
}

static char *
date_text(DateADT date)
{
	StringInfoData text;
	int year, month, day;

	if (DATE_NOT_FINITE(date))
		return pstrdup(DATE_IS_NOBEGIN(date) ? DBI_EARLIEST_DATE : DBI_LATEST_DATE);
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	initStringInfo(&text);
	append_year(&text, year);
	appendStringInfo(&text, "-%02d-%02d", month, day);
	return text.data;
}

static char *
timestamp_text(Timestamp time, const char *zone)
{
	StringInfoData text;
	struct pg_tm tm;
	fsec_t fsec;

	if (TIMESTAMP_NOT_FINITE(time))
		return psprintf("%s%s", TIMESTAMP_IS_NOBEGIN(time) ? DBI_EARLIEST_TIME : DBI_LATEST_TIME,
						zone);
	if (timestamp2tm(time, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	initStringInfo(&text);
	append_year(&text, tm.tm_year);
	appendStringInfo(&text, "-%02d-%02dT%02d:%02d:%02d.%06d%s", tm.tm_mon, tm.tm_mday, tm.tm_hour,
					 tm.tm_min, tm.tm_sec, (int) fsec, zone);
	return text.data;
}

static char *
float_text(double value)
{
	if (isnan(value))
		return pstrdup("NaN");
	if (isinf(value))
		return pstrdup(value > 0 ? "Infinity" : "-Infinity");
	return pstrdup(double_to_shortest_decimal(value));
}

static char *
float4_text(float value)
{
	if (isnan(value) || isinf(value))
		return float_text(value);
	return pstrdup(float_to_shortest_decimal(value));
}

char *
dbi_value_text(Oid type, Datum value, char **remote_type)
{
	const DbiTypeRule *rule = dbi_type_rule(type);

	*remote_type = (char *) rule->remote;
	switch (type)
	{
		case BOOLOID:
			return pstrdup(DatumGetBool(value) ? "true" : "false");
		case INT2OID:
			return psprintf("%d", DatumGetInt16(value));
		case INT4OID:
			return psprintf("%d", DatumGetInt32(value));
		case INT8OID:
			return psprintf(INT64_FORMAT, DatumGetInt64(value));
		case FLOAT4OID:
			return float4_text(DatumGetFloat4(value));
		case FLOAT8OID:
			return float_text(DatumGetFloat8(value));
		case TEXTOID:
		case VARCHAROID:
			return TextDatumGetCString(value);
		case DATEOID:
			return date_text(DatumGetDateADT(value));
		case TIMESTAMPOID:
			return timestamp_text(DatumGetTimestamp(value), "");
		case TIMESTAMPTZOID:
			return timestamp_text(DatumGetTimestampTz(value), "Z");
		case NUMERICOID:
			return DatumGetCString(DirectFunctionCall1(numeric_out, value));
		default:
			elog(ERROR, "no text of type %u for Databricks", type);
	}
}

static bool
is_plain_string(const char *text)
{
	if (strlen(text) > LITERAL_STRING)
		return false;
	for (const unsigned char *c = (const unsigned char *) text; *c; c++)
		if (*c < ' ' || *c > '~' || strchr("'\"\\$`", *c) != NULL)
			return false;
	return true;
}

static bool
append_number(StringInfo sql, const char *text, const char *type)
{
	appendStringInfo(sql, "CAST('%s' AS %s)", text, type);
	return true;
}

/* numeric: as many digits as a DECIMAL has, and no NaN. */
static bool
append_decimal(StringInfo sql, const char *text)
{
	if (strspn(text, "0123456789.-") != strlen(text) ||
		strlen(text) - (*text == '-') - (strchr(text, '.') != NULL) > DBI_DECIMAL_DIGITS)
		return false;
	appendStringInfo(sql, *text == '-' ? "(%sBD)" : "%sBD", text);
	return true;
}

static void
append_integer(StringInfo sql, const char *text, const char *suffix)
{
	if (strcmp(text, "-9223372036854775808") == 0)
		append_number(sql, text, "BIGINT");
	else
		appendStringInfo(sql, *text == '-' ? "(%s%s)" : "%s%s", text, suffix);
}

bool
dbi_append_literal(StringInfo sql, Oid type, Datum value)
{
	char *remote;
	char *text;

	if (type == BYTEAOID)
		return false;
	text = dbi_value_text(type, value, &remote);
	switch (type)
	{
		case BOOLOID:
			appendStringInfoString(sql, text);
			return true;
		case INT2OID:
		case INT4OID:
			append_integer(sql, text, "");
			return true;
		case INT8OID:
			append_integer(sql, text, "L");
			return true;
		case FLOAT4OID:
		case FLOAT8OID:
			return append_number(sql, text, remote);
		case NUMERICOID:
			return append_decimal(sql, text);
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			appendStringInfo(sql, "%s'%s'", remote, text);
			return true;
		default:
			if (!is_plain_string(text))
				return false;
			appendStringInfo(sql, "'%s'", text);
			return true;
	}
}
