/*
 * The foreign-data wrapper `databricks`: tables of a Databricks account, read
 * where they are through a SQL warehouse.
 */
CREATE FUNCTION dbinsight.databricks_handler() RETURNS fdw_handler
	LANGUAGE C STRICT AS 'MODULE_PATHNAME', 'dbi_databricks_handler';
COMMENT ON FUNCTION dbinsight.databricks_handler() IS 'Handler of the foreign-data wrapper databricks';

CREATE FUNCTION dbinsight.databricks_validator(options text[], catalog oid) RETURNS void
	LANGUAGE C STRICT AS 'MODULE_PATHNAME', 'dbi_databricks_validator';
COMMENT ON FUNCTION dbinsight.databricks_validator(text[], oid) IS 'Checks the options of servers, user mappings, foreign tables and columns of databricks';

CREATE FOREIGN DATA WRAPPER databricks HANDLER dbinsight.databricks_handler VALIDATOR dbinsight.databricks_validator;
COMMENT ON FOREIGN DATA WRAPPER databricks IS 'Tables of a Databricks workspace, read through a SQL warehouse';

CREATE FUNCTION dbinsight._databricks_pushdown()
	RETURNS TABLE (kind text, local text, remote text, note text)
	LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 250 AS 'MODULE_PATHNAME', 'dbi_databricks_pushdown';
COMMENT ON FUNCTION dbinsight._databricks_pushdown() IS 'Rows of databricks_pushdown, from the list the planner itself asks';

CREATE VIEW dbinsight.databricks_pushdown AS
	SELECT p.kind, p.local, p.remote, p.note FROM dbinsight._databricks_pushdown() p;
COMMENT ON VIEW dbinsight.databricks_pushdown IS 'What a query on foreign tables of databricks leaves to the warehouse, as what, and when';
COMMENT ON COLUMN dbinsight.databricks_pushdown.kind IS 'type, construct, operator, function or aggregate';
COMMENT ON COLUMN dbinsight.databricks_pushdown.local IS 'As Postgres names it';
COMMENT ON COLUMN dbinsight.databricks_pushdown.remote IS 'As it is written for Databricks; $1 is the first argument';
COMMENT ON COLUMN dbinsight.databricks_pushdown.note IS 'What must hold, and what may differ';
