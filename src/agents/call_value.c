/*
 * call_value.c: what a column measures, told from its name and type, and its
 * values as cells.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "agents/call.h"
#include "base/base.h"

typedef struct NameKind
{
	const char *word;
	DbiKind kind;
} NameKind;

/* Words of a name that say money, wherever they stand. */
static const char *const money_words[] = {"usd",   "cost",   "costs",   "spend",
										  "price", "saving", "savings", NULL};

/* The last word of a name as the unit; the conventions of the tool catalogue. */
static const NameKind unit_words[] =
	{{"pct", DBI_PCT},         {"percent", DBI_PCT}, {"s", DBI_SECONDS},   {"sec", DBI_SECONDS},
	 {"seconds", DBI_SECONDS}, {"ms", DBI_MS},       {"min", DBI_MINUTES}, {"minutes", DBI_MINUTES},
	 {"h", DBI_HOURS},         {"hours", DBI_HOURS}, {"bytes", DBI_BYTES}, {"gib", DBI_GIB},
	 {"tib", DBI_TIB},         {"mbps", DBI_MBPS},   {"code", DBI_PLAIN},  {"version", DBI_PLAIN},
	 {"year", DBI_PLAIN},      {"id", DBI_PLAIN},    {"major", DBI_PLAIN}, {"port", DBI_PLAIN},
	 {"rank", DBI_PLAIN},      {"depth", DBI_PLAIN}, {NULL, DBI_NUMBER}};

static DbiKind
unit_of(const char *word, DbiKind otherwise)
{
	for (const NameKind *u = unit_words; u->word; u++)
		if (strcmp(word, u->word) == 0)
			return u->kind;
	return otherwise;
}

static DbiKind
numeric_kind(const char *name, bool whole)
{
	const char *last = strrchr(name, '_');
	DbiKind unit = whole ? DBI_COUNT : DBI_NUMBER;
	char *copy = pstrdup(name);

	last = last ? last + 1 : name;
	unit = unit_of(last, unit);
	/* pct_of_day, hours_since_write: the unit stands first when an of or since follows */
	if (strstr(name, "_of_") || strstr(name, "_since_"))
		unit = unit_of(pnstrdup(name, strcspn(name, "_")), unit);
	if (unit == DBI_PCT)
		return unit;
	for (char *word = strtok(copy, "_"); word; word = strtok(NULL, "_"))
		for (const char *const *m = money_words; *m; m++)
			if (strcmp(word, *m) == 0 && !whole)
				return DBI_USD;
	return unit;
}

DbiKind
dbi_kind(const char *name, Oid type)
{
	type = getBaseType(type);
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return numeric_kind(name, true);
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return numeric_kind(name, false);
		case BOOLOID:
			return DBI_BOOL;
		case DATEOID:
			return DBI_DATE;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return DBI_TIME;
		case INTERVALOID:
			return DBI_SECONDS;
		case JSONOID:
		case JSONBOID:
			return DBI_JSON;
		default:
			return OidIsValid(get_element_type(type)) ? DBI_LIST : DBI_TEXT;
	}
}

bool
dbi_kind_numeric(DbiKind kind)
{
	return kind >= DBI_COUNT && kind <= DBI_MBPS;
}

static char *
output(Oid type, Datum value)
{
	Oid function;
	bool varlena;

	getTypeOutputInfo(type, &function, &varlena);
	return OidOutputFunctionCall(function, value);
}

/* Microseconds since 2000 of a time; infinities stay infinite. */
static double
time_number(TimestampTz t)
{
	return TIMESTAMP_NOT_FINITE(t)
			   ? (TIMESTAMP_IS_NOBEGIN(t) ? -get_float8_infinity() : get_float8_infinity())
			   : (double) t;
}

/* ISO 8601 in UTC whatever DateStyle and TimeZone say, so that answers do not depend on them. */
static char *
iso_time(double us, bool day_only)
{
	struct pg_tm tm;
	fsec_t fsec;

	if (isinf(us))
		return pstrdup(us < 0 ? "-infinity" : "infinity");
	if (timestamp2tm((Timestamp) us, NULL, &tm, &fsec, NULL, NULL) != 0)
		return pstrdup("out of range");
	if (day_only)
		return psprintf("%04d-%02d-%02d", tm.tm_year, tm.tm_mon, tm.tm_mday);
	return psprintf("%04d-%02d-%02d %02d:%02d", tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour,
					tm.tm_min);
}

static void
list_cell(DbiCell *cell, Oid element, Datum value)
{
	int16 len;
	bool byval;
	char align;
	Datum *values;
	bool *nulls;
	int n;
	StringInfoData text;

	get_typlenbyvalalign(element, &len, &byval, &align);
	deconstruct_array(DatumGetArrayTypeP(value), element, len, byval, align, &values, &nulls, &n);
	initStringInfo(&text);
	cell->items = palloc(sizeof(char *) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			continue;
		cell->items[cell->nitems] = output(element, values[i]);
		appendStringInfo(&text, "%s%s", cell->nitems > 0 ? ", " : "", cell->items[cell->nitems]);
		cell->nitems++;
	}
	cell->text = text.data;
	cell->number = cell->nitems;
}

static double
to_number(Oid type, Datum value)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT8OID:
			return (double) DatumGetInt64(value);
		case FLOAT4OID:
			return DatumGetFloat4(value);
		case FLOAT8OID:
			return DatumGetFloat8(value);
		case NUMERICOID:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
		case INTERVALOID:
			return DatumGetFloat8(
				DirectFunctionCall1(numeric_float8_no_overflow,
									DirectFunctionCall2(extract_interval,
														PointerGetDatum(cstring_to_text("epoch")),
														value)));
		default:
			return 0;
	}
}

void
dbi_cell(DbiCell *cell, DbiKind kind, Oid type, Datum value, bool isnull)
{
	Oid base = getBaseType(type);

	memset(cell, 0, sizeof(DbiCell));
	cell->isnull = isnull;
	if (isnull)
		return;
	if (kind == DBI_DATE)
	{
		cell->number =
			time_number(DATE_NOT_FINITE(DatumGetDateADT(value))
							? (DATE_IS_NOBEGIN(DatumGetDateADT(value)) ? DT_NOBEGIN : DT_NOEND)
							: (TimestampTz) DatumGetDateADT(value) * USECS_PER_DAY);
		cell->text = iso_time(cell->number, true);
	}
	else if (kind == DBI_TIME)
	{
		cell->number = time_number(DatumGetTimestampTz(value));
		cell->text = iso_time(cell->number, false);
	}
	else if (kind == DBI_LIST)
		list_cell(cell, get_element_type(base), value);
	else if (kind == DBI_BOOL)
	{
		cell->number = DatumGetBool(value);
		cell->text = cell->number ? "yes" : "no";
	}
	else
	{
		cell->number = dbi_kind_numeric(kind) ? to_number(base, value) : 0;
		cell->text = output(type, value);
	}
}
