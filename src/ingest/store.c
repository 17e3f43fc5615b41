/*
 * store.c: a batch of typed rows into its gold table.
 *
 * The rows are shown to SQL as the relation "incoming". When all are new, a
 * query over it adds the computed columns and insert.c writes the result.
 * Else what is missing is
 * inserted; where a key was there already, the write mode and the version say
 * whether its row has to make way, and then it is deleted and the new one
 * inserted. That works
 * across partitions, where a unique index can't see a row that changed its
 * month, and needs no speculative insertion. Loaders of one gold table take
 * turns (dbi_load_begin holds the lock), so the test and the insert can't be
 * torn apart.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/queryenvironment.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "ingest/ingest.h"

static void
show_incoming(DbiSource *source, Tuplestorestate *rows, int64 count)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));

	enr->md.name = "incoming";
	enr->md.reliddesc = source->gold_oid;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = count;
	enr->reldata = rows;
	if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register the incoming rows");
}

static void
append_names(StringInfo sql, const char *prefix, List *names, const char *skip)
{
	ListCell *lc;
	bool first = true;

	foreach(lc, names)
	{
		if (skip != NULL && strcmp(lfirst(lc), skip) == 0)
			continue;
		appendStringInfo(sql, "%s%s%s", first ? "" : ", ", prefix, quote_identifier(lfirst(lc)));
		first = false;
	}
}

/* g.k = i.k AND … over the key. */
static void
append_key_match(StringInfo sql, DbiSource *source, const char *skip)
{
	ListCell *lc;
	bool first = true;

	foreach(lc, source->key)
	{
		const char *k = quote_identifier(lfirst(lc));

		if (skip != NULL && strcmp(lfirst(lc), skip) == 0)
			continue;
		appendStringInfo(sql, "%sg.%s = i.%s", first ? "" : " AND ", k, k);
		first = false;
	}
}

/* Columns that come from the source, for the question whether a row differs. */
static List *
source_columns(DbiSource *source)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, source->columns)
	{
		DbiSourceColumn *c = lfirst(lc);
		ListCell *computed;
		bool is_computed = false;

		foreach(computed, source->computed_names)
			is_computed |= strcmp(lfirst(computed), c->name) == 0;
		if (!is_computed)
			names = lappend(names, c->name);
	}
	if (source->extra_attnum > 0)
		names = lappend(names, "extra");
	return names;
}

/* One row a key: the newest version, the last to come among equals. */
static const char *
incoming_rows(DbiSource *source, bool has_duplicates)
{
	StringInfoData sql;

	if (!has_duplicates)
		return "incoming";
	initStringInfo(&sql);
	appendStringInfoString(&sql, "(SELECT DISTINCT ON (");
	append_names(&sql, "n.", source->key, NULL);
	appendStringInfoString(
		&sql,
		") n.* FROM (SELECT incoming.*, row_number() OVER () AS dbi_position FROM incoming) n ORDER BY ");
	append_names(&sql, "n.", source->key, NULL);
	if (source->version_column != NULL)
		appendStringInfo(&sql, ", n.%s DESC NULLS LAST", quote_identifier(source->version_column));
	appendStringInfoString(&sql, ", n.dbi_position DESC)");
	return sql.data;
}

static void
run(const char *sql, int expected)
{
	int rc = SPI_execute(sql, false, 0);

	if (rc != expected)
		elog(ERROR, "unexpected result of a load statement: %s", SPI_result_code_string(rc));
}

static bool
can_replace(DbiSource *source)
{
	return source->write_mode == 'u' || source->version_column != NULL;
}

/* When an older row of a key has to make way. */
static void
append_outdated(StringInfo sql, DbiSource *source)
{
	const char *v = source->version_column != NULL ? quote_identifier(source->version_column) : NULL;

	if (source->write_mode == 'a')
	{
		appendStringInfo(sql, "i.%s > g.%s", v, v);
		return;
	}
	if (v != NULL)
		appendStringInfo(sql, "(i.%s >= g.%s OR g.%s IS NULL) AND ", v, v, v);
	appendStringInfoString(sql, "(");
	append_names(sql, "g.", source_columns(source), NULL);
	appendStringInfoString(sql, ") IS DISTINCT FROM (");
	append_names(sql, "i.", source_columns(source), NULL);
	appendStringInfoString(sql, ")");
}

static void
delete_outdated(DbiSource *source, const char *incoming, DbiStored *stored)
{
	StringInfoData sql;
	bool isnull;
	const char *gold = quote_qualified_identifier("dbinsight", source->gold_table);

	initStringInfo(&sql);
	appendStringInfo(&sql, "WITH gone AS (DELETE FROM %s g USING %s i WHERE ", gold, incoming);
	append_key_match(&sql, source, NULL);
	appendStringInfoString(&sql, " AND ");
	append_outdated(&sql, source);
	if (source->time_column != NULL)
		appendStringInfo(&sql, " RETURNING g.%s::timestamp AT TIME ZONE 'UTC' AS t",
						 quote_identifier(source->time_column));
	else
		appendStringInfoString(&sql, " RETURNING NULL::timestamptz AS t");
	appendStringInfoString(&sql, ") SELECT count(*), min(t), max(t) FROM gone");
	run(sql.data, SPI_OK_SELECT);
	stored->replaced =
		DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	stored->oldest_replaced =
		DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	stored->newest_replaced =
		DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &isnull));
	if (isnull)
		stored->oldest_replaced = stored->newest_replaced = 0;
}

static int64
insert_missing(DbiSource *source, const char *incoming)
{
	StringInfoData sql;
	List *plain = source_columns(source);
	ListCell *lc;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (",
					 quote_qualified_identifier("dbinsight", source->gold_table));
	append_names(&sql, "", plain, NULL);
	if (source->computed_names != NIL)
		appendStringInfoString(&sql, ", ");
	append_names(&sql, "", source->computed_names, NULL);
	appendStringInfoString(&sql, ") SELECT ");
	append_names(&sql, "i.", plain, NULL);
	foreach(lc, source->computed_exprs)
		appendStringInfo(&sql, ", %s", (char *) lfirst(lc));
	appendStringInfo(&sql, " FROM %s i %s WHERE NOT EXISTS (SELECT 1 FROM %s g WHERE ", incoming,
					 source->computed_from != NULL ? source->computed_from : "",
					 quote_qualified_identifier("dbinsight", source->gold_table));
	append_key_match(&sql, source, NULL);
	appendStringInfoString(&sql, ")");
	run(sql.data, SPI_OK_INSERT);
	return SPI_processed;
}

/* The value of a gold column as a query over incoming gives it; generated ones come later. */
static void
append_column(StringInfo sql, DbiSource *source, Form_pg_attribute att)
{
	const char *type = format_type_with_typemod(att->atttypid, att->atttypmod);
	const char *name = NameStr(att->attname);
	ListCell *n;
	ListCell *e;

	if (att->attisdropped || att->attgenerated != '\0' || !dbi_source_has_column(source, name))
	{
		appendStringInfo(sql, "NULL::%s", att->attisdropped ? "int" : type);
		return;
	}
	forboth(n, source->computed_names, e, source->computed_exprs)
	{
		if (strcmp(lfirst(n), name) == 0)
		{
			appendStringInfo(sql, "(%s)::%s", (char *) lfirst(e), type);
			return;
		}
	}
	appendStringInfo(sql, "i.%s", quote_identifier(name));
}

int64
dbi_store_new(DbiSource *source, DbiInsert *insert, TupleDesc desc, Tuplestorestate *rows,
			  int64 count)
{
	StringInfoData sql;
	int64 written;

	SPI_connect();
	show_incoming(source, rows, count);
	initStringInfo(&sql);
	for (int i = 0; i < desc->natts; i++)
	{
		appendStringInfoString(&sql, i == 0 ? "SELECT " : ", ");
		append_column(&sql, source, TupleDescAttr(desc, i));
	}
	appendStringInfo(&sql, " FROM incoming i %s",
					 source->computed_from != NULL ? source->computed_from : "");
	written = dbi_insert_query(insert, sql.data, count);
	SPI_finish();
	return written;
}

/*
 * A change log: each version ends where the next of its entity begins. Only
 * the entities of this batch are looked at.
 */
static void
end_versions(DbiSource *source)
{
	StringInfoData sql;
	const char *gold = quote_qualified_identifier("dbinsight", source->gold_table);

	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "UPDATE %s g SET valid_to = i.ends, is_current = (i.ends = 'infinity') FROM (SELECT ",
					 gold);
	append_names(&sql, "v.", source->key, NULL);
	appendStringInfoString(&sql, ", coalesce(lead(v.change_time) OVER (PARTITION BY ");
	append_names(&sql, "v.", source->key, "change_time");
	appendStringInfo(&sql, " ORDER BY v.change_time), 'infinity') AS ends FROM %s v WHERE (", gold);
	append_names(&sql, "v.", source->key, "change_time");
	appendStringInfoString(&sql, ") IN (SELECT ");
	append_names(&sql, "n.", source->key, "change_time");
	appendStringInfoString(&sql, " FROM incoming n)) i WHERE ");
	append_key_match(&sql, source, NULL);
	appendStringInfoString(&sql, " AND g.valid_to <> i.ends");
	run(sql.data, SPI_OK_UPDATE);
}

/*
 * A gold table grows from nothing by orders of magnitude between two ANALYZEs,
 * so its statistics can't choose the join. Probing the key's index row by row
 * is never far from the best plan, and the others can be far from it.
 */
static void
prefer_index_probes(void)
{
	static const char *const off[] = {"enable_hashjoin",   "enable_mergejoin", "enable_seqscan",
									  "enable_bitmapscan", "enable_material",  "jit"};

	for (int i = 0; i < lengthof(off); i++)
		(void) set_config_option(off[i], "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
								 0, false);
}

void
dbi_store(DbiSource *source, Tuplestorestate *rows, int64 count, bool has_duplicates,
		  DbiStored *stored)
{
	const char *incoming;
	int guc_level = NewGUCNestLevel();

	prefer_index_probes();
	SPI_connect();
	show_incoming(source, rows, count);
	incoming = incoming_rows(source, has_duplicates);
	memset(stored, 0, sizeof(*stored));
	stored->written = insert_missing(source, incoming);
	/* Only where a key was there already can a row be outdated. */
	if (stored->written < count && can_replace(source))
	{
		delete_outdated(source, incoming, stored);
		if (stored->replaced > 0)
			stored->written += insert_missing(source, incoming);
	}
	if (source->write_mode == 'v' && stored->written > 0)
		end_versions(source);
	SPI_finish();
	AtEOXact_GUC(false, guc_level);
}
