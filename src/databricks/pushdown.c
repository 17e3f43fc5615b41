/*
 * databricks/pushdown.c: the list of what is shipped, as rows.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_operator.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "databricks/shippable.h"

PG_FUNCTION_INFO_V1(dbi_databricks_pushdown);

static void
put(ReturnSetInfo *result, const char *kind, const char *local, const char *remote, const char *note)
{
	Datum values[] = {CStringGetTextDatum(kind), CStringGetTextDatum(local),
					  CStringGetTextDatum(remote), note ? CStringGetTextDatum(note) : (Datum) 0};
	bool nulls[] = {false, false, false, note == NULL};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* What must hold, in words, before what is particular to the one call. */
static char *
note_of(const DbiShippable *rule)
{
	static const struct
	{
		int rule;
		const char *words;
	} conditions[] = {
		{DBI_RULE_BYTES, "collation C"},
		{DBI_RULE_EQUAL, "deterministic collation"},
		{DBI_RULE_UTC, "while TimeZone is UTC"},
		{DBI_RULE_UTF8, "UTF8 database"},
		{DBI_RULE_DECIMAL, "where the digits fit DECIMAL(38)"},
	};
	StringInfoData note;

	initStringInfo(&note);
	for (int i = 0; i < lengthof(conditions); i++)
		if (rule->rules & conditions[i].rule)
			appendStringInfo(&note, "%s%s", note.len > 0 ? "; " : "", conditions[i].words);
	if (rule->note)
		appendStringInfo(&note, "%s%s", note.len > 0 ? "; " : "", rule->note);
	return note.len > 0 ? note.data : NULL;
}

static char *
operator_text(HeapTuple tuple)
{
	Form_pg_operator form = (Form_pg_operator) GETSTRUCT(tuple);

	return psprintf("%s %s %s", OidIsValid(form->oprleft) ? format_type_be(form->oprleft) : "",
					NameStr(form->oprname), format_type_be(form->oprright));
}

/* Returns the functions behind them. */
static List *
put_operators(ReturnSetInfo *result)
{
	List *functions = NIL;
	Relation operators = table_open(OperatorRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(operators, InvalidOid, false, NULL, 0, NULL);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		const DbiShippable *rule =
			dbi_shippable_call(((Form_pg_operator) GETSTRUCT(tuple))->oprcode);

		if (rule == NULL)
			continue;
		put(result, "operator", operator_text(tuple), rule->remote, note_of(rule));
		functions = list_append_unique_oid(functions, rule->function);
	}
	systable_endscan(scan);
	table_close(operators, AccessShareLock);
	return functions;
}

static void
put_calls(ReturnSetInfo *result, const char *kind, const DbiShippable *rules, int n, List *but)
{
	for (int i = 0; i < n; i++)
		if (!list_member_oid(but, rules[i].function))
			put(result, kind, format_procedure(rules[i].function), rules[i].remote,
				note_of(&rules[i]));
}

static void
put_types(ReturnSetInfo *result)
{
	int n;
	const DbiTypeRule *rules = dbi_type_rules(&n);

	for (int i = 0; i < n; i++)
		put(result, "type", format_type_be(rules[i].type), rules[i].remote, rules[i].note);
	put(result, "type", "array of these", "ARRAY", "read only");
}

static void
put_constructs(ReturnSetInfo *result)
{
	static const char *const rows[][3] = {
		{"AND, OR, NOT", "the same", NULL},
		{"IS [NOT] NULL, TRUE, FALSE, UNKNOWN", "the same", NULL},
		{"IS [NOT] DISTINCT FROM", "<=>", NULL},
		{"= ANY (constant array), <> ALL (constant array), IN", "IN, NOT IN", "up to 10000 values"},
		{"= ANY (array without columns)", "array_contains(from_json(:p1, 'ARRAY<…>'), …)",
		 "text, integer, bigint; ARRAY(SELECT …) too: the keys of what is here, in one statement"},
		{"CASE, COALESCE, NULLIF", "the same", NULL},
		{"GREATEST, LEAST", "the same", "strings under the collation C"},
		{"expression without columns", ":p1, :p2, …",
		 "calculated here, once, before the statement starts; stable functions too"},
		{"JOIN: inner, left, right, full, semi, anti", "the same",
		 "one server, one user; not in UPDATE, DELETE or FOR UPDATE"},
		{"GROUP BY, HAVING, DISTINCT", "GROUP BY, HAVING", "no grouping sets"},
		{"ORDER BY", "ORDER BY with NULLS FIRST or LAST", "strings under the collation C"},
		{"LIMIT, OFFSET", "the same", "constants"},
	};

	for (int i = 0; i < lengthof(rows); i++)
		put(result, "construct", rows[i][0], rows[i][1], rows[i][2]);
}

Datum
dbi_databricks_pushdown(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const DbiShippable *rules;
	List *operators;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	put_types(result);
	put_constructs(result);
	operators = put_operators(result);
	rules = dbi_shippable_calls(&n);
	put_calls(result, "function", rules, n, operators);
	rules = dbi_shippable_aggregates(&n);
	put_calls(result, "aggregate", rules, n, NIL);
	return (Datum) 0;
}
