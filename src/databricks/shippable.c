/*
 * databricks/shippable.c: what the warehouse may calculate, and as what.
 *
 * A function is on this list only when its result is the same on both sides
 * for every value that can occur, or when a rule or a note says where not.
 * The view databricks_pushdown shows the list.
 *
 * What is missing is missing for a reason: float arithmetic raises errors here
 * where it makes Infinity there; numeric division keeps other digits; lower()
 * of a locale and ILIKE know other letters; regular expressions are another
 * language; interval arithmetic goes through the session's time zone.
 */
#include "postgres.h"

#include "utils/fmgroids.h"

#include "databricks/shippable.h"

#define SORT DBI_RULE_SORT

#define COMPARISONS(P, rules)                                                       \
	{F_##P##EQ, "($1 = $2)", rules}, {F_##P##NE, "($1 <> $2)", rules},              \
		{F_##P##LT, "($1 < $2)", (rules) | SORT}, {F_##P##LE, "($1 <= $2)", rules}, \
		{F_##P##GT, "($1 > $2)", (rules) | SORT},                                   \
	{                                                                               \
		F_##P##GE, "($1 >= $2)", rules                                              \
	}

#define DECIMAL_NOTE "DECIMAL keeps the exact digits; compared as numbers"
#define EXACT "calculated in DECIMAL, exactly; an overflow is found when the value arrives here"

/* The day a date begins in UTC. */
#define MIDNIGHT(d) "timestamp_micros(unix_date(" d ") * 86400000000)"
#define DATE_AND_TIME(op) "(" MIDNIGHT("$1") " " op " $2)"

static const DbiShippable calls[] = {
	COMPARISONS(BOOL, 0),
	COMPARISONS(INT2, 0),
	COMPARISONS(INT4, 0),
	COMPARISONS(INT8, 0),
	COMPARISONS(INT24, 0),
	COMPARISONS(INT42, 0),
	COMPARISONS(INT28, 0),
	COMPARISONS(INT82, 0),
	COMPARISONS(INT48, 0),
	COMPARISONS(INT84, 0),
	COMPARISONS(FLOAT4, 0),
	COMPARISONS(FLOAT8, 0),
	COMPARISONS(FLOAT48, 0),
	COMPARISONS(FLOAT84, 0),
	COMPARISONS(NUMERIC_, DBI_RULE_DECIMAL),
	COMPARISONS(DATE_, 0),
	COMPARISONS(TIMESTAMP_, 0),
	COMPARISONS(TIMESTAMPTZ_, 0),
	COMPARISONS(BYTEA, 0),
	{F_TEXTEQ, "($1 = $2)", DBI_RULE_EQUAL},
	{F_TEXTNE, "($1 <> $2)", DBI_RULE_EQUAL},
	{F_TEXT_LT, "($1 < $2)", DBI_RULE_BYTES | SORT},
	{F_TEXT_LE, "($1 <= $2)", DBI_RULE_BYTES},
	{F_TEXT_GT, "($1 > $2)", DBI_RULE_BYTES | SORT},
	{F_TEXT_GE, "($1 >= $2)", DBI_RULE_BYTES},
	{F_DATE_EQ_TIMESTAMPTZ, DATE_AND_TIME("="), DBI_RULE_UTC},
	{F_DATE_NE_TIMESTAMPTZ, DATE_AND_TIME("<>"), DBI_RULE_UTC},
	{F_DATE_LT_TIMESTAMPTZ, DATE_AND_TIME("<"), DBI_RULE_UTC},
	{F_DATE_LE_TIMESTAMPTZ, DATE_AND_TIME("<="), DBI_RULE_UTC},
	{F_DATE_GT_TIMESTAMPTZ, DATE_AND_TIME(">"), DBI_RULE_UTC},
	{F_DATE_GE_TIMESTAMPTZ, DATE_AND_TIME(">="), DBI_RULE_UTC},

	{F_INT4PL, "$1 + $2", 0, dbi_ship_arithmetic, EXACT},
	{F_INT4MI, "$1 - $2", 0, dbi_ship_arithmetic, EXACT},
	{F_INT4MUL, "$1 * $2", 0, dbi_ship_arithmetic, EXACT},
	{F_INT8PL, "$1 + $2", 0, dbi_ship_arithmetic, EXACT},
	{F_INT8MI, "$1 - $2", 0, dbi_ship_arithmetic, EXACT},
	{F_INT8MUL, "$1 * $2", 0, dbi_ship_arithmetic, EXACT},
	{F_INT48PL, "$1 + $2", 0, dbi_ship_arithmetic, EXACT},
	{F_INT48MI, "$1 - $2", 0, dbi_ship_arithmetic, EXACT},
	{F_INT48MUL, "$1 * $2", 0, dbi_ship_arithmetic, EXACT},
	{F_INT84PL, "$1 + $2", 0, dbi_ship_arithmetic, EXACT},
	{F_INT84MI, "$1 - $2", 0, dbi_ship_arithmetic, EXACT},
	{F_INT84MUL, "$1 * $2", 0, dbi_ship_arithmetic, EXACT},
	{F_NUMERIC_ADD, "$1 + $2", 0, dbi_ship_arithmetic, "where the digits fit DECIMAL(38)"},
	{F_NUMERIC_SUB, "$1 - $2", 0, dbi_ship_arithmetic, "where the digits fit DECIMAL(38)"},
	{F_NUMERIC_MUL, "$1 * $2", 0, dbi_ship_arithmetic, "where the digits fit DECIMAL(38)"},
	{F_INT4DIV, "$1 div $2", 0, dbi_ship_division, "by a constant that is not 0 or -1"},
	{F_INT8DIV, "$1 div $2", 0, dbi_ship_division, "by a constant that is not 0 or -1"},
	{F_INT84DIV, "$1 div $2", 0, dbi_ship_division, "by a constant that is not 0 or -1"},
	{F_INT4MOD, "$1 % $2", 0, dbi_ship_division, "by a constant that is not 0 or -1"},
	{F_INT8MOD, "$1 % $2", 0, dbi_ship_division, "by a constant that is not 0 or -1"},
	{F_MOD_INT4_INT4, "$1 % $2", 0, dbi_ship_division, "by a constant that is not 0 or -1"},
	{F_MOD_INT8_INT8, "$1 % $2", 0, dbi_ship_division, "by a constant that is not 0 or -1"},
	{F_NUMERIC_UMINUS, "(- $1)", 0},
	{F_ABS_NUMERIC, "abs($1)", 0},
	{F_ABS_FLOAT8, "abs($1)", 0},
	{F_ABS_FLOAT4, "abs($1)", 0},
	{F_CEIL_NUMERIC, "ceil($1)", 0},
	{F_CEILING_NUMERIC, "ceil($1)", 0},
	{F_FLOOR_NUMERIC, "floor($1)", 0},
	{F_ROUND_NUMERIC_INT4, "round($1, $2)", 0, dbi_ship_round, "to a constant scale the column has"},

	{F_INT4_INT2, "CAST($1 AS INT)", 0},
	{F_INT8_INT2, "CAST($1 AS BIGINT)", 0},
	{F_INT8_INT4, "CAST($1 AS BIGINT)", 0},
	{F_FLOAT8_INT2, "CAST($1 AS DOUBLE)", 0},
	{F_FLOAT8_INT4, "CAST($1 AS DOUBLE)", 0},
	{F_FLOAT8_INT8, "CAST($1 AS DOUBLE)", 0},
	{F_FLOAT8_FLOAT4, "CAST($1 AS DOUBLE)", 0},
	{F_FLOAT8_NUMERIC, "CAST($1 AS DOUBLE)", 0},
	{F_NUMERIC_INT2, "CAST($1 AS DECIMAL(5,0))", 0, dbi_ship_to_decimal, NULL},
	{F_NUMERIC_INT4, "CAST($1 AS DECIMAL(10,0))", 0, dbi_ship_to_decimal, NULL},
	{F_NUMERIC_INT8, "CAST($1 AS DECIMAL(19,0))", 0, dbi_ship_to_decimal, NULL},
	{F_TEXT_BOOL, "CAST($1 AS STRING)", 0},

	{F_TEXTCAT, "concat($1, $2)", 0},
	{F_LENGTH_TEXT, "char_length($1)", DBI_RULE_UTF8},
	{F_CHAR_LENGTH_TEXT, "char_length($1)", DBI_RULE_UTF8},
	{F_CHARACTER_LENGTH_TEXT, "char_length($1)", DBI_RULE_UTF8},
	{F_OCTET_LENGTH_TEXT, "octet_length($1)", DBI_RULE_UTF8},
	{F_LOWER_TEXT, "translate($1, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')",
	 DBI_RULE_BYTES, NULL, "under C only A to Z change, as here"},
	{F_UPPER_TEXT, "translate($1, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')",
	 DBI_RULE_BYTES, NULL, "under C only a to z change, as here"},
	{F_BTRIM_TEXT, "trim($1)", 0},
	{F_LTRIM_TEXT, "ltrim($1)", 0},
	{F_RTRIM_TEXT, "rtrim($1)", 0},
	{F_SUBSTRING_TEXT_INT4_INT4, "substring($1, $2, $3)", DBI_RULE_UTF8, dbi_ship_substring,
	 "from a constant start of 1 or more, a constant length of 0 or more"},
	{F_SUBSTR_TEXT_INT4_INT4, "substring($1, $2, $3)", DBI_RULE_UTF8, dbi_ship_substring,
	 "from a constant start of 1 or more, a constant length of 0 or more"},
	{F_SUBSTRING_TEXT_INT4, "substring($1, $2)", DBI_RULE_UTF8, dbi_ship_substring,
	 "from a constant start of 1 or more"},
	{F_SUBSTR_TEXT_INT4, "substring($1, $2)", DBI_RULE_UTF8, dbi_ship_substring,
	 "from a constant start of 1 or more"},
	{F_LEFT, "left($1, $2)", DBI_RULE_UTF8, dbi_ship_substring, "a constant length of 0 or more"},
	{F_STRPOS, "locate($2, $1)", DBI_RULE_UTF8 | DBI_RULE_EQUAL},
	{F_POSITION_TEXT_TEXT, "locate($2, $1)", DBI_RULE_UTF8 | DBI_RULE_EQUAL},
	{F_STARTS_WITH, "startswith($1, $2)", DBI_RULE_EQUAL},
	{F_REPLACE, "replace($1, $2, $3)", DBI_RULE_EQUAL},
	{F_TEXTLIKE, "$1 LIKE $2", DBI_RULE_EQUAL, dbi_ship_like,
	 "a constant pattern, its escapes rewritten"},
	{F_TEXTNLIKE, "$1 NOT LIKE $2", DBI_RULE_EQUAL, dbi_ship_like,
	 "a constant pattern, its escapes rewritten"},
	{F_JSONB_OBJECT_FIELD_TEXT, "try_element_at($1, $2) or $1.$2", 0, dbi_ship_field,
	 "of a column whose option column_type is a MAP of strings or a STRUCT"},

	{F_DATE_PLI, "date_add($1, $2)", 0},
	{F_DATE_MII, "date_sub($1, $2)", 0},
	{F_DATE_MI, "datediff($1, $2)", 0},
	{F_DATE_TIMESTAMPTZ, DBI_UTC_DATE("$1"), DBI_RULE_UTC},
	{F_TIMESTAMPTZ_DATE, MIDNIGHT("$1"), DBI_RULE_UTC},
	{F_DATE_TIMESTAMP, "CAST($1 AS DATE)", 0, dbi_ship_date_of_timestamp, NULL},
	{F_TIMEZONE_TEXT_TIMESTAMPTZ, "UTC wall clock of $2", 0, dbi_ship_zone, "only 'UTC'"},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ, "by arithmetic on unix_micros($2)", 0, dbi_ship_date_trunc,
	 "while TimeZone is UTC; second to year"},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT, "by arithmetic on unix_micros($2)", 0, dbi_ship_date_trunc,
	 "zone 'UTC'; second to year"},
	{F_EXTRACT_TEXT_DATE, "year($2), …", 0, dbi_ship_extract,
	 "year, quarter, month, week, day, dow, isodow, doy, of dates after Christ"},
	{F_DATE_PART_TEXT_DATE, "year($2), …", 0, dbi_ship_extract,
	 "year, quarter, month, week, day, dow, isodow, doy, of dates after Christ"},
	{F_EXTRACT_TEXT_TIMESTAMPTZ, "by arithmetic on unix_micros($2)", 0, dbi_ship_extract,
	 "while TimeZone is UTC, but for epoch"},
	{F_DATE_PART_TEXT_TIMESTAMPTZ, "by arithmetic on unix_micros($2)", 0, dbi_ship_extract,
	 "while TimeZone is UTC"},
};

#define MINMAX(T, rules)            \
	{F_MIN_##T, "min($1)", rules},  \
	{                               \
		F_MAX_##T, "max($1)", rules \
	}
#define FLOATING "sums of floating point differ in the last digits with the order of rows"
#define INTERPOLATED "interpolated in floating point; the last digit may differ"

static const DbiShippable aggregates[] = {
	{F_COUNT_, "count(*)", 0},
	{F_COUNT_ANY, "count($1)", 0},
	MINMAX(INT2, 0),
	MINMAX(INT4, 0),
	MINMAX(INT8, 0),
	MINMAX(FLOAT4, 0),
	MINMAX(FLOAT8, 0),
	MINMAX(NUMERIC, 0),
	MINMAX(DATE, 0),
	MINMAX(TIMESTAMP, 0),
	MINMAX(TIMESTAMPTZ, 0),
	MINMAX(TEXT, DBI_RULE_BYTES),
	{F_SUM_INT2, "sum($1)", DBI_RULE_DECIMAL, NULL, EXACT},
	{F_SUM_INT4, "sum($1)", DBI_RULE_DECIMAL, NULL, EXACT},
	{F_SUM_INT8, "sum($1)", DBI_RULE_DECIMAL, NULL, EXACT},
	{F_SUM_NUMERIC, "sum($1)", DBI_RULE_DECIMAL, NULL,
	 "beyond 38 digits an error, as ANSI mode (a warehouse's default) has it"},
	{F_SUM_FLOAT8, "sum($1)", 0, NULL, FLOATING},
	{F_AVG_INT2, "sum($1), count($1)", DBI_RULE_SPLIT, NULL, "divided here, to the same digits"},
	{F_AVG_INT4, "sum($1), count($1)", DBI_RULE_SPLIT, NULL, "divided here, to the same digits"},
	{F_AVG_INT8, "sum($1), count($1)", DBI_RULE_SPLIT, NULL, "divided here, to the same digits"},
	{F_AVG_NUMERIC, "sum($1), count($1)", DBI_RULE_SPLIT, NULL, "divided here, to the same digits"},
	{F_AVG_FLOAT4, "avg($1)", 0, NULL, FLOATING},
	{F_AVG_FLOAT8, "avg($1)", 0, NULL, FLOATING},
	{F_BOOL_AND, "bool_and($1)", 0},
	{F_EVERY, "bool_and($1)", 0},
	{F_BOOL_OR, "bool_or($1)", 0},
	{F_STDDEV_FLOAT8, "stddev_samp($1)", 0, NULL, FLOATING},
	{F_STDDEV_SAMP_FLOAT8, "stddev_samp($1)", 0, NULL, FLOATING},
	{F_STDDEV_POP_FLOAT8, "stddev_pop($1)", 0, NULL, FLOATING},
	{F_VARIANCE_FLOAT8, "var_samp($1)", 0, NULL, FLOATING},
	{F_VAR_SAMP_FLOAT8, "var_samp($1)", 0, NULL, FLOATING},
	{F_VAR_POP_FLOAT8, "var_pop($1)", 0, NULL, FLOATING},
	{F_PERCENTILE_CONT_FLOAT8_FLOAT8, "percentile($2, $1)", 0, NULL, INTERPOLATED},
	{F_PERCENTILE_DISC_FLOAT8_ANYELEMENT,
	 "try_element_at(sort_array(collect_list($2)), greatest(1, ceil($1 * count($2))))",
	 DBI_RULE_BYTES, NULL, "percentile_disc() there returns DOUBLE and only of numbers"},
};

const DbiShippable *
dbi_shippable_calls(int *n)
{
	*n = lengthof(calls);
	return calls;
}

const DbiShippable *
dbi_shippable_aggregates(int *n)
{
	*n = lengthof(aggregates);
	return aggregates;
}

static const DbiShippable *
find(const DbiShippable *list, int n, Oid function)
{
	for (int i = 0; i < n; i++)
		if (list[i].function == function)
			return &list[i];
	return NULL;
}

const DbiShippable *
dbi_shippable_call(Oid function)
{
	return find(calls, lengthof(calls), function);
}

const DbiShippable *
dbi_shippable_aggregate(Oid function)
{
	return find(aggregates, lengthof(aggregates), function);
}
