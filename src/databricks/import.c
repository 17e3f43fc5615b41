/*
 * databricks/import.c: IMPORT FOREIGN SCHEMA, from the catalog's own
 * information_schema.
 *
 *   IMPORT FOREIGN SCHEMA billing FROM SERVER lake INTO usage OPTIONS (catalog 'system');
 *   IMPORT FOREIGN SCHEMA "system.billing" …   the same
 *
 * Strings become text COLLATE "C", which compares as the warehouse does, so
 * that ORDER BY and < can be shipped. What Postgres has no type for becomes
 * jsonb or text, and the option column_type keeps what it is there.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "databricks/fdw.h"
#include "databricks/statement.h"

/* Types whose local declaration says all that there is to know. */
static bool
is_told_by_declaration(const DbiRemoteType *type)
{
	static const char *const names[] = {"BOOLEAN",   "SMALLINT",      "INT",     "BIGINT",
										"FLOAT",     "DOUBLE",        "DECIMAL", "DATE",
										"TIMESTAMP", "TIMESTAMP_NTZ", "STRING",  "BINARY"};

	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(type->name, names[i]) == 0)
			return true;
	return false;
}

static void
append_column(StringInfo sql, const char *name, const char *type_text)
{
	DbiRemoteType *type = dbi_parse_remote_type(type_text);
	char *local = type ? dbi_local_type(type) : pstrdup("text");

	appendStringInfo(sql, "\n\t%s %s OPTIONS (column_name %s", quote_identifier(name), local,
					 quote_literal_cstr(name));
	if (type && !is_told_by_declaration(type))
		appendStringInfo(sql, ", column_type %s", quote_literal_cstr(type_text));
	appendStringInfoChar(sql, ')');
	if (strcmp(local, "text") == 0 || strcmp(local, "text[]") == 0)
		appendStringInfoString(sql, " COLLATE pg_catalog.\"C\"");
}

typedef struct
{
	ImportForeignSchemaStmt *stmt;
	const char *catalog;
	const char *schema;
	const char *server;
} DbiImport;

static DbiImport
source_of(ImportForeignSchemaStmt *stmt, ForeignServer *server)
{
	DbiImport import = {stmt, dbi_option(server->options, "catalog"), stmt->remote_schema,
						server->servername};
	char *dot = strchr(stmt->remote_schema, '.');
	ListCell *lc;

	if (dot)
	{
		import.catalog = pnstrdup(stmt->remote_schema, dot - stmt->remote_schema);
		import.schema = dot + 1;
	}
	foreach(lc, stmt->options)
	{
		DefElem *def = lfirst(lc);

		if (strcmp(def->defname, "catalog") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("invalid option \"%s\" for an import from databricks", def->defname),
					 errhint("Valid options are: catalog.")));
		import.catalog = defGetString(def);
	}
	if (import.catalog == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the catalog of schema \"%s\" is not known", import.schema),
				 errhint(
					 "Write OPTIONS (catalog 'system'), or set the server's option \"catalog\".")));
	return import;
}

/* Names travel as parameters. */
static DbiStatement *
ask_columns(DbiImport *import, ForeignServer *server)
{
	ImportForeignSchemaStmt *stmt = import->stmt;
	DbiParameter *parameters = palloc0(sizeof(DbiParameter) * (list_length(stmt->table_list) + 1));
	DbiStatementOptions options = {0};
	StringInfoData sql;
	int n = 0;
	ListCell *lc;

	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "SELECT table_name, column_name, full_data_type"
					 " FROM %s.information_schema.columns WHERE table_schema = :p1",
					 dbi_quote_name(import->catalog));
	parameters[n++] = (DbiParameter){"p1", import->schema, "STRING"};
	if (stmt->list_type != FDW_IMPORT_SCHEMA_ALL)
		appendStringInfoString(&sql, stmt->list_type == FDW_IMPORT_SCHEMA_LIMIT_TO
										 ? " AND table_name IN ("
										 : " AND table_name NOT IN (");
	foreach(lc, stmt->table_list)
	{
		char *name = psprintf("p%d", n + 1);

		appendStringInfo(&sql, "%s:%s", n > 1 ? ", " : "", name);
		parameters[n++] = (DbiParameter){name, ((RangeVar *) lfirst(lc))->relname, "STRING"};
	}
	if (stmt->list_type != FDW_IMPORT_SCHEMA_ALL)
		appendStringInfoChar(&sql, ')');
	appendStringInfoString(&sql, " ORDER BY table_name, ordinal_position");
	return dbi_statement_begin(dbi_workspace_open(server->serverid, GetUserId()), sql.data,
							   parameters, n, &options);
}

static char *
end_table(StringInfo sql, DbiImport *import, const char *table)
{
	appendStringInfo(sql, "\n) SERVER %s OPTIONS (catalog_name %s, schema_name %s, table_name %s)",
					 quote_identifier(import->server), quote_literal_cstr(import->catalog),
					 quote_literal_cstr(import->schema), quote_literal_cstr(table));
	return pstrdup(sql->data);
}

List *
dbiImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid serverid)
{
	ForeignServer *server = GetForeignServer(serverid);
	DbiImport import = source_of(stmt, server);
	DbiStatement *statement = ask_columns(&import, server);
	List *commands = NIL;
	char *table = NULL;
	StringInfoData sql;
	char **cells;

	initStringInfo(&sql);
	while (dbi_statement_next(statement, &cells))
	{
		CHECK_FOR_INTERRUPTS();
		if (cells[0] == NULL || cells[1] == NULL || cells[2] == NULL)
			continue;
		if (table && strcmp(table, cells[0]) != 0)
		{
			commands = lappend(commands, end_table(&sql, &import, table));
			table = NULL;
		}
		if (table == NULL)
		{
			table = pstrdup(cells[0]);
			resetStringInfo(&sql);
			appendStringInfo(&sql, "CREATE FOREIGN TABLE %s (", quote_identifier(table));
		}
		else
			appendStringInfoChar(&sql, ',');
		append_column(&sql, cells[1], cells[2]);
	}
	if (table)
		commands = lappend(commands, end_table(&sql, &import, table));
	dbi_statement_end(statement);
	return commands;
}
