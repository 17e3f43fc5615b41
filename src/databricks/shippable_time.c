/*
 * databricks/shippable_time.c: parts of dates and times.
 *
 * The warehouse's session has a time zone of its own that its functions would
 * use. So an instant is taken as the number unix_micros() gives, which has no
 * zone, and cut by arithmetic in UTC.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "pgtime.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "databricks/shippable.h"
#include "databricks/zone.h"

bool
dbi_zone_name_is_utc(const char *name)
{
	static const char *const names[] = {"UTC",       "Etc/UTC",      "UCT",  "Etc/UCT",
										"GMT",       "Etc/GMT",      "Zulu", "Etc/Zulu",
										"Universal", "Etc/Universal"};

	for (int i = 0; i < lengthof(names); i++)
		if (pg_strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

bool
dbi_zone_is_utc(void)
{
	return dbi_zone_name_is_utc(pg_get_timezone_name(session_timezone));
}

static bool
require_utc(DbiDeparse *cx)
{
	if (!dbi_zone_is_utc())
		return false;
	cx->needs_utc = true;
	return true;
}

/* A field's name as Postgres takes it: any case, plural or singular; the forms people write. */
static const char *
field_of(Node *node)
{
	char *field = dbi_constant_text(node);

	if (field == NULL)
		return NULL;
	for (char *c = field; *c; c++)
		*c = pg_tolower((unsigned char) *c);
	return field;
}

#define FLOORED(micros) "timestamp_micros(unix_micros($1) - pmod(unix_micros($1), " micros "))"
#define FIRST_DAY(unit) \
	"timestamp_micros(unix_date(trunc(" DBI_UTC_DATE("$1") ", '" unit "')) * 86400000000)"

bool
dbi_ship_date_trunc(DbiDeparse *cx, Oid function, List *args)
{
	static const struct
	{
		const char *field;
		const char *remote;
	} units[] = {
		{"second", FLOORED("1000000")},    {"minute", FLOORED("60000000")},
		{"hour", FLOORED("3600000000")},   {"day", FLOORED("86400000000")},
		{"week", FIRST_DAY("WEEK")},       {"month", FIRST_DAY("MONTH")},
		{"quarter", FIRST_DAY("QUARTER")}, {"year", FIRST_DAY("YEAR")},
	};
	const char *field = field_of(linitial(args));

	if (function == F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT)
	{
		const char *zone = dbi_constant_text(lthird(args));

		if (zone == NULL || !dbi_zone_name_is_utc(zone))
			return false;
	}
	else if (!require_utc(cx))
		return false;
	for (int i = 0; field && i < lengthof(units); i++)
		if (strcmp(field, units[i].field) == 0)
			return dbi_deparse_template(cx, units[i].remote, list_make1(lsecond(args)));
	return false;
}

/* Template of a field of the date that "%s" stands for. */
static const char *
date_field(const char *field)
{
	static const struct
	{
		const char *field;
		const char *remote;
	} fields[] = {
		{"year", "year(%s)"},
		{"quarter", "quarter(%s)"},
		{"month", "month(%s)"},
		{"week", "weekofyear(%s)"},
		{"day", "day(%s)"},
		{"dow", "(dayofweek(%s) - 1)"},
		{"isodow", "(weekday(%s) + 1)"},
		{"doy", "dayofyear(%s)"},
	};

	for (int i = 0; i < lengthof(fields); i++)
		if (strcmp(field, fields[i].field) == 0)
			return fields[i].remote;
	return NULL;
}

#define SIX_DIGITS(micros) "(CAST(" micros " AS DECIMAL(19,0)) * 0.000001BD)"

/* Template of a field of the time of day of an instant in UTC. */
static const char *
time_field(const char *field)
{
	if (strcmp(field, "hour") == 0)
		return "(pmod(unix_micros($1), 86400000000) div 3600000000)";
	if (strcmp(field, "minute") == 0)
		return "(pmod(unix_micros($1), 3600000000) div 60000000)";
	if (strcmp(field, "second") == 0)
		return SIX_DIGITS("pmod(unix_micros($1), 60000000)");
	if (strcmp(field, "epoch") == 0)
		return SIX_DIGITS("unix_micros($1)");
	return NULL;
}

static const char *
template_of_field(Oid source, const char *field)
{
	const char *remote = date_field(field);

	if (remote)
		return psprintf(remote, source == DATEOID ? "$1" : DBI_UTC_DATE("$1"));
	return source == DATEOID ? NULL : time_field(field);
}

/* extract() gives numeric, date_part() double. */
bool
dbi_ship_extract(DbiDeparse *cx, Oid function, List *args)
{
	const char *field = field_of(linitial(args));
	Oid source = exprType(lsecond(args));
	bool numeric = function == F_EXTRACT_TEXT_DATE || function == F_EXTRACT_TEXT_TIMESTAMPTZ;
	const char *remote = field ? template_of_field(source, field) : NULL;

	if (remote == NULL)
		return false;
	/* Seconds since 1970 are the same everywhere; as a double they would be rounded twice. */
	if (strcmp(field, "epoch") == 0 ? !numeric : (source != DATEOID && !require_utc(cx)))
		return false;
	if (strcmp(field, "epoch") != 0 && strcmp(field, "second") != 0 && numeric)
		remote = psprintf("CAST(%s AS DECIMAL(10,0))", remote);
	else if (!numeric)
		remote = psprintf("CAST(%s AS DOUBLE)", remote);
	return dbi_deparse_template(cx, remote, list_make1(lsecond(args)));
}

/* timestamptz AT TIME ZONE 'UTC': the wall clock there. */
bool
dbi_ship_zone(DbiDeparse *cx, Oid function, List *args)
{
	const char *zone = dbi_constant_text(linitial(args));

	if (zone == NULL || !dbi_zone_name_is_utc(zone))
		return false;
	return dbi_deparse_template(cx,
								"(TIMESTAMP_NTZ'1970-01-01 00:00:00' + make_dt_interval(0, 0, 0, "
								"CAST(unix_micros($1) AS DECIMAL(18,0)) * 0.000001BD))",
								list_make1(lsecond(args)));
}

/* (instant AT TIME ZONE 'UTC')::date is cut directly. */
bool
dbi_ship_date_of_timestamp(DbiDeparse *cx, Oid function, List *args)
{
	FuncExpr *zoned = linitial(args);

	if (IsA(zoned, FuncExpr) && zoned->funcid == F_TIMEZONE_TEXT_TIMESTAMPTZ)
	{
		const char *zone = dbi_constant_text(linitial(zoned->args));

		if (zone && dbi_zone_name_is_utc(zone))
			return dbi_deparse_template(cx, DBI_UTC_DATE("$1"), list_make1(lsecond(zoned->args)));
	}
	return dbi_deparse_template(cx, "CAST($1 AS DATE)", args);
}
