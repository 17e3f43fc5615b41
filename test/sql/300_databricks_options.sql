-- Options of the wrapper databricks: what is refused, with which words, and that no value is told.
BEGIN;
CREATE SERVER lake FOREIGN DATA WRAPPER databricks OPTIONS (host 'dbc-a1b2345c-d6e7.cloud.databricks.com', warehouse_id 'abcdef0123456789',
	catalog 'main', fetch_format 'json', disposition 'auto', timeout '90s', max_parallel_chunks '4', fdw_startup_cost '500', fdw_tuple_cost '0.1', async_capable 'false');
CREATE USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS (client_id 'a', client_secret 'b');
CREATE FUNCTION pg_temp.attempt(command text, OUT state text, OUT message text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	state := 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END $$;

\pset format unaligned
\pset tuples_only
SELECT a.* FROM (VALUES
	('(ADD warehouse_ids ''x'')'), ('(ADD token ''hush'')'),
	('(SET host '''')'), ('(SET host ''a b'')'), ('(SET host ''https://dbc-1.cloud.databricks.com/'')'), ('(SET host ''dbc/?x=hush'')'),
	('(SET warehouse_id ''/sql/hush'')'), ('(SET fetch_format ''xml'')'), ('(SET fetch_format ''arrow'')'), ('(SET disposition ''INLINE'')'), ('(SET disposition ''external_links'')'),
	('(SET timeout ''soon'')'), ('(SET timeout ''-1'')'), ('(SET timeout ''5min'')'),
	('(SET max_parallel_chunks ''0'')'), ('(SET max_parallel_chunks ''65'')'), ('(SET max_parallel_chunks ''2.5'')'),
	('(SET fdw_startup_cost ''-1'')'), ('(SET fdw_tuple_cost ''cheap'')'), ('(SET async_capable ''perhaps'')')) v(o), LATERAL pg_temp.attempt('ALTER SERVER lake OPTIONS ' || o) a;
SELECT a.* FROM (VALUES
	('(ADD token ''hush'')'), ('(DROP client_secret)'), ('(SET client_secret '''')'), ('(ADD password ''hush'')'),
	('(DROP client_id, DROP client_secret, ADD token ''hush'')')) v(o), LATERAL pg_temp.attempt('ALTER USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS ' || o) a;
SELECT a.* FROM (VALUES
	('name ''b''', 'table_name ''x'''), ('column_name ''''', 'table_name ''x'''), ('column_type ''MAP<STRING>''', 'table_name ''x'''),
	('column_name ''b''', 'table ''x'''), ('column_name ''b''', 'query ''SELECT 1'', table_name ''x'''), ('column_name ''b''', 'query '''''), ('column_name ''b'', column_type ''MAP<STRING, STRUCT<`a``b`: INT NOT NULL COMMENT ''''x'''', c: DECIMAL(3,1)>>''', 'schema_name ''s'', table_name ''x''')) v(c, t),
	LATERAL pg_temp.attempt('CREATE FOREIGN TABLE pg_temp.t (a int OPTIONS (' || c || ')) SERVER lake OPTIONS (' || t || ')') a;
SELECT * FROM pg_temp.attempt('ALTER FOREIGN DATA WRAPPER databricks OPTIONS (ADD host ''x'')');

-- Nothing is written.
CREATE FOREIGN TABLE pg_temp.w (a int) SERVER lake;
SELECT a.* FROM (VALUES ('INSERT INTO pg_temp.w VALUES (1)'), ('UPDATE pg_temp.w SET a = 1'), ('DELETE FROM pg_temp.w'), ('TRUNCATE pg_temp.w')) v(c), LATERAL pg_temp.attempt(c) a;
ROLLBACK;
