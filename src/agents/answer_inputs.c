/*
 * answer_inputs.c: which tables the tools of an answer read, and how new these
 * are. Tells "nothing happened" from "nothing was loaded".
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "agents/answer_parts.h"
#include "base/base.h"
#include "base/spi.h"

/* More sources than this are not listed below an answer. */
#define MAX_LISTED 4

static SPIPlanPtr inputs_plan;

static void
prepare_inputs(void)
{
	Oid type = OIDARRAYOID;

	/* One plan for all parameters: to plan it takes longer than to run it. */
	dbi_spi_prepare_with(&inputs_plan,
						 "SELECT i.function, s.source, s.gold_table, s.time_column, st.last_event_time, s.mode"
						 " FROM dbinsight._tool_inputs($1) i"
						 " JOIN (SELECT DISTINCT ON (gold_table) * FROM dbinsight.sources ORDER BY gold_table, source DESC) s"
						 " ON s.gold_table OPERATOR(pg_catalog.=) i.gold_table"
						 " LEFT JOIN dbinsight.ingest_state st ON st.source OPERATOR(pg_catalog.=) s.source"
						 " ORDER BY s.source",
						 1, &type, CURSOR_OPT_GENERIC_PLAN);
}

/* Rows that did not come through the loader have no state: look at the table itself. */
static void
look_at_table(DbiInput *input, const char *gold_table, const char *time_column)
{
	char *table = quote_qualified_identifier("dbinsight", gold_table);
	char *sql;
	bool isnull;
	Datum value;

	if (time_column)
		sql = psprintf("SELECT max(%s)::timestamp FROM %s", quote_identifier(time_column), table);
	else
		sql = psprintf("SELECT NULL::timestamp WHERE EXISTS (SELECT FROM %s)", table);
	if (dbi_spi_execute(sql, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look at %s", table);
	input->is_empty = SPI_processed == 0;
	if (SPI_processed == 0)
		return;
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	input->is_empty = isnull && time_column != NULL;
	input->has_time = !isnull;
	if (!isnull)
		input->newest = DatumGetTimestampTz(value);
}

typedef struct InputRow
{
	Oid function;
	char *source;
	char *gold_table;
	char *time_column;
	bool known;
	bool foreign;
	TimestampTz newest;
} InputRow;

static List *
read_rows(List *told)
{
	Datum *functions = palloc(sizeof(Datum) * Max(list_length(told), 1));
	int n = 0;
	Datum array;
	List *rows = NIL;
	ListCell *lc;

	foreach(lc, told)
		functions[n++] = ObjectIdGetDatum(((DbiTold *) lfirst(lc))->result->call->function);
	array = PointerGetDatum(construct_array(functions, n, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
	prepare_inputs();
	if (dbi_spi_execute_plan(inputs_plan, &array, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the inputs of tools");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		InputRow *row = palloc0(sizeof(InputRow));
		HeapTuple tuple = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		bool isnull;
		Datum value = SPI_getbinval(tuple, desc, 1, &isnull);

		row->function = DatumGetObjectId(value);
		row->source = SPI_getvalue(tuple, desc, 2);
		row->gold_table = SPI_getvalue(tuple, desc, 3);
		row->time_column = SPI_getvalue(tuple, desc, 4);
		value = SPI_getbinval(tuple, desc, 5, &isnull);
		row->known = !isnull;
		row->newest = isnull ? 0 : DatumGetTimestampTz(value);
		row->foreign = strcmp(SPI_getvalue(tuple, desc, 6), "foreign") == 0;
		rows = lappend(rows, row);
	}
	return rows;
}

static bool
is_fact(const char *gold_table)
{
	return strncmp(gold_table, "fact_", 5) == 0;
}

static bool
reads_fact(List *rows, Oid function)
{
	ListCell *lc;

	foreach(lc, rows)
	{
		InputRow *row = lfirst(lc);

		if (row->function == function && is_fact(row->gold_table))
			return true;
	}
	return false;
}

static DbiInput *
make_input(const InputRow *row)
{
	DbiInput *input = palloc0(sizeof(DbiInput));

	input->source = row->source;
	input->is_fact = is_fact(row->gold_table);
	if (row->known)
	{
		input->has_time = true;
		input->newest = row->newest;
	}
	else if (!row->foreign)
		look_at_table(input, row->gold_table, row->time_column);
	return input;
}

void
dbi_load_inputs(DbiTurn *turn)
{
	List *rows = read_rows(turn->told);
	List *seen = NIL;
	ListCell *lc;

	foreach(lc, rows)
	{
		InputRow *row = lfirst(lc);
		DbiInput *input = NULL;
		ListCell *x;

		if (!is_fact(row->gold_table) && reads_fact(rows, row->function))
			continue; /* dimensions matter only to those who read nothing else */
		foreach(x, seen)
			if (strcmp(((DbiInput *) lfirst(x))->source, row->source) == 0)
				input = lfirst(x);
		if (input == NULL)
		{
			input = make_input(row);
			seen = lappend(seen, input);
		}
		foreach(x, turn->told)
		{
			DbiTold *told = lfirst(x);

			if (told->result->call->function == row->function)
				told->inputs = lappend(told->inputs, input);
		}
	}
}

/* Nothing was ever loaded of what the tool reads. */
bool
dbi_no_data(const DbiTold *told)
{
	bool any_fact = false;
	ListCell *lc;

	foreach(lc, told->inputs)
		any_fact = any_fact || ((DbiInput *) lfirst(lc))->is_fact;
	foreach(lc, told->inputs)
	{
		DbiInput *input = lfirst(lc);

		if (input->is_fact == any_fact && !input->is_empty)
			return false;
	}
	return told->inputs != NIL;
}

char *
dbi_time_text(TimestampTz t)
{
	DbiCell cell;

	dbi_cell(&cell, DBI_TIME, TIMESTAMPTZOID, TimestampTzGetDatum(t), false);
	return psprintf("%s UTC", cell.text);
}

/* The inputs of all calls, facts first and each once. */
static List *
all_inputs(DbiTurn *turn, bool facts)
{
	List *list = NIL;
	ListCell *lc;
	ListCell *x;

	foreach(lc, turn->told)
		foreach(x, ((DbiTold *) lfirst(lc))->inputs)
			if (((DbiInput *) lfirst(x))->is_fact == facts)
				list = list_append_unique_ptr(list, lfirst(x));
	return list;
}

/* "*Data:* system.billing.usage to 2026-06-15 09:00 UTC; …" */
void
dbi_tell_inputs(DbiTurn *turn)
{
	List *inputs = all_inputs(turn, true);
	int n = 0;
	ListCell *lc;

	if (inputs == NIL)
		inputs = all_inputs(turn, false);
	foreach(lc, inputs)
	{
		DbiInput *input = lfirst(lc);
		DbiText *t = turn->text;

		if (!input->has_time && !input->is_empty)
			continue;
		if (n++ == MAX_LISTED)
		{
			dbi_say(t, "; and others");
			break;
		}
		dbi_say(t, n == 1 ? "\n*Data:* " : "; ");
		dbi_sayf(t, "`%s` ", input->source);
		if (input->is_empty)
			dbi_say(t, "is empty");
		else
		{
			dbi_say(t, "to ");
			dbi_say_from(t, dbi_time_text(input->newest), NULL,
						 psprintf("newest row of %s", input->source));
		}
	}
	if (n > 0)
		dbi_say(turn->text, ".");
}
