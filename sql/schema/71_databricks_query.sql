CREATE FUNCTION dbinsight._databricks_query(server name, statement text, large boolean DEFAULT false,
	row_limit bigint DEFAULT 0, timeout_ms int DEFAULT 0)
	RETURNS SETOF text[] LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 1000
	AS 'MODULE_PATHNAME', 'dbi_databricks_query';
COMMENT ON FUNCTION dbinsight._databricks_query(name, text, boolean, bigint, int) IS 'Runs a statement on the SQL warehouse of a databricks server with the caller''s user mapping; a row is an array of texts.
@param server a foreign server of the wrapper databricks on which the caller has USAGE
@param statement one statement of Databricks SQL
@param large more than 25 MB may come: by links, several chunks at a time
@param row_limit rows beyond it are left out, 0 for all
@param timeout_ms until the last row, 0 for the server''s option timeout';

CREATE FUNCTION dbinsight._databricks_read(pieces bytea[], types regtype[])
	RETURNS SETOF text[] LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 1000
	AS 'MODULE_PATHNAME', 'dbi_databricks_read';
COMMENT ON FUNCTION dbinsight._databricks_read(bytea[], regtype[]) IS 'What is read from an array of rows as a warehouse sends it, in these pieces; asks nothing of the network.
@param pieces the bytes as they arrive
@param types of the columns: a cell is read as that type and given as its text';
