-- What a query on foreign tables leaves to the warehouse, and as what. No network: only EXPLAIN.
BEGIN;
SET LOCAL TimeZone = 'UTC';
CREATE SERVER lake FOREIGN DATA WRAPPER databricks OPTIONS (host 'dbc-1.cloud.databricks.com', warehouse_id 'abcdef', catalog 'main');
CREATE USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS (token 'hush');
CREATE SCHEMA lake;
CREATE FOREIGN TABLE lake.audit (
	event_id text COLLATE "C", event_time timestamptz, event_date date, workspace_id text COLLATE "C", n int, big bigint, f float8,
	amount numeric(38,18), small numeric(10,2), anyn numeric, ok boolean,
	params jsonb OPTIONS (column_type 'MAP<STRING, STRING>'), who jsonb OPTIONS (column_type 'STRUCT<email: STRING, age: INT, at: TIMESTAMP>'),
	words text[], raw bytea, wall timestamp, name text COLLATE "en-x-icu", code bpchar, padded text OPTIONS (column_type 'CHAR(5)'),
	number text OPTIONS (column_type 'BIGINT'), body jsonb OPTIONS (column_type 'STRING')
) SERVER lake OPTIONS (schema_name 'access', table_name 'au`dit');
CREATE FOREIGN TABLE lake.ws (id text OPTIONS (column_name 'Workspace') COLLATE "C", name text COLLATE "C", region text COLLATE "C") SERVER lake;
CREATE FOREIGN TABLE lake.wrong (a timestamptz OPTIONS (column_type 'TIMESTAMP_NTZ'), b money) SERVER lake;

-- The plan's shape, what is filtered here, and the remote text; without what only names columns.
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
	RETURN NEXT '-- ' || query;
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line !~ '^ *(Output|Relations):|InitPlan|->  Result' THEN RETURN NEXT line; END IF;
	END LOOP;
END $$;
\pset format unaligned
\pset tuples_only

-- types on the wire
SELECT pg_temp.plan('SELECT * FROM lake.audit');
SELECT pg_temp.plan('SELECT 1 FROM lake.ws');
SAVEPOINT s;
EXPLAIN SELECT a FROM lake.wrong;
ROLLBACK TO s;
EXPLAIN SELECT b FROM lake.wrong;
ROLLBACK TO s;

-- literals, and what is a parameter instead
SELECT pg_temp.plan(format('SELECT n FROM lake.audit WHERE %s', c)) FROM (VALUES
	('event_id = ''plain''    '), (E'event_id IN (''it''''s'', ''a\\b'', ''${x}'', ''ü'', ''"'')'),
	('n = -5 AND big = 5000000000 AND big > -9223372036854775808'), ('f = ''NaN'' OR f < ''-Infinity'' OR f = 1e-7 OR f = -0.1'),
	('amount > 5 AND amount < 12345678901234567890.5 AND small <> -0.01'), ('amount > 123456789012345678901'), ('anyn > 4'), ('amount = ''NaN'''),
	('event_date = ''0044-03-15 BC'' OR event_date > ''12025-01-01'' OR event_date < ''infinity'''),
	('event_time >= ''2025-01-01 00:00:00.5+02'' AND event_time < ''infinity'''), ('wall = ''2025-03-30 02:30:00'''), ('raw = ''\x00ff'''),
	('ok'), ('ok IS NOT TRUE AND NOT ok AND (ok OR n IS NULL)'), ('event_time > now() - interval ''7 days'''), ('n = (SELECT 3)')) v(c);

-- strings: by their collation
SELECT pg_temp.plan(format('SELECT n FROM lake.audit WHERE %s', c)) FROM (VALUES
	('event_id < ''x'' AND name = ''x'''), ('name < ''x'''), ('lower(event_id) = ''x'' AND upper(event_id) <> ''X'''), ('lower(name) = ''x'''),
	('event_id LIKE ''a\%b%^_'' AND event_id NOT LIKE ''%\\%'''), ('event_id ILIKE ''a%'''), ('event_id ~ ''^a'''), ('code = ''a'''), ('padded = ''a'' AND number = ''7'''),
	('substring(event_id, 1, 2) = ''a'' AND left(event_id, 3) = ''abc'' AND length(event_id) > 3'), ('substring(event_id, 0, 2) = ''a'''), ('right(event_id, -1) = ''a'''),
	('starts_with(event_id, ''a'') AND strpos(event_id, ''b'') > 1 AND replace(event_id, ''a'', ''b'') || ''x'' = trim(event_id)')) v(c);

-- numbers
SELECT pg_temp.plan(format('SELECT n FROM lake.audit WHERE %s', c)) FROM (VALUES
	('n + 1 > 7 AND n * n < big'), ('big * n > 5'), ('big * big > 5'), ('n / 3 = 1 AND n % 3 = -1'), ('n / 0 = 1'), ('big / n = 1'), ('f * 2 > 1'), ('small * small + 1 > small'),
	('small / 3 > 1'), ('round(small, 1) = 2.5 AND abs(small) = ceil(small)'), ('round(small, 3) = 2'), ('n::text = ''7'' AND n::numeric = small AND big::float8 = f'), ('f::int = 1'),
	('n = ANY (ARRAY[1, 2, NULL]) AND n <> ALL (ARRAY[3])'), ('n = ANY (''{}'')'), ('n = ANY (ARRAY(SELECT 7)) AND big = ANY (ARRAY(SELECT 8::bigint)) AND event_id = ANY (string_to_array(current_setting(''block_size''), '',''))'),
	('n <> ALL (string_to_array(current_setting(''block_size''), '','')::int[])'), ('big = ANY (string_to_array(current_setting(''block_size''), '','')::int[])'),
	('f = ANY (string_to_array(current_setting(''block_size''), '','')::float8[])'), ('n = ANY (words::int[])'), ('n IS DISTINCT FROM big AND nullif(n, 1) = coalesce(n, 2)'),
	('CASE n WHEN 1 THEN ''one'' WHEN 2 THEN event_id END = ''one'''), ('greatest(n, 1) > least(n, 3)'), ('greatest(name, ''a'') = ''b'''), ('random() < 0.5')) v(c);

-- times: only while the session's day is UTC's, whatever the warehouse's is
SELECT pg_temp.plan(format('SELECT n FROM lake.audit WHERE %s', c)) FROM (VALUES
	('date_trunc(''hour'', event_time) = ''2025-01-01 10:00:00Z'''), ('date_trunc(''month'', event_time, ''UTC'') = ''2025-01-01 00:00:00Z'''), ('date_trunc(''decade'', event_time) IS NULL'),
	('event_time::date = ''2025-01-01'''), ('(event_time AT TIME ZONE ''UTC'')::date = ''2025-01-01'''), ('(event_time AT TIME ZONE ''Europe/Berlin'')::date = ''2025-01-01'''),
	('event_date >= ''2025-01-01''::timestamptz'), ('extract(dow FROM event_date) = 1'), ('extract(hour FROM event_time) = 1'), ('extract(epoch FROM event_time) > 1.5'), ('event_date + 3 > ''2025-01-01'''),
	('event_time - ''2025-01-01Z''::timestamptz > interval ''1 day''')) v(c);
SET LOCAL TimeZone = 'Europe/Berlin';
SELECT pg_temp.plan(format('SELECT n FROM lake.audit WHERE %s', c)) FROM (VALUES
	('date_trunc(''hour'', event_time) = ''2025-01-01 10:00:00Z'''), ('date_trunc(''month'', event_time, ''UTC'') = ''2025-01-01 00:00:00Z'''), ('event_time::date = ''2025-01-01'''),
	('event_time > ''2025-01-01''')) v(c);
SET LOCAL TimeZone = 'UTC';

-- JSON
SELECT pg_temp.plan('SELECT params ->> ''a'' FROM lake.audit WHERE params ->> ''it''''s'' = ''x'' AND who ->> ''age'' = ''3'' AND who ->> ''email'' IS NULL');
SELECT pg_temp.plan(format('SELECT n FROM lake.audit WHERE %s', c)) FROM (VALUES ('who ->> ''at'' = ''x'''), ('who ->> ''AGE'' = ''3'''), ('body ->> ''a'' = ''x'''), ('params ? ''a'''), ('params IS NULL')) v(c);

-- groups
SELECT pg_temp.plan(q) FROM (VALUES
	('SELECT count(*) FROM lake.audit'),
	('SELECT event_date, count(*), count(DISTINCT event_id) FILTER (WHERE ok), sum(amount), sum(n), sum(big), sum(f), min(event_id), max(event_time), bool_and(ok) FROM lake.audit GROUP BY 1'),
	('SELECT avg(n), avg(small) + 1, avg(f), avg(DISTINCT n) FROM lake.audit'),
	('SELECT workspace_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY f), percentile_disc(0.9) WITHIN GROUP (ORDER BY n) FILTER (WHERE ok) FROM lake.audit GROUP BY 1'),
	('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f DESC) FROM lake.audit'),
	('SELECT n, sum(amount) FROM lake.audit GROUP BY n HAVING sum(amount) > 100 AND count(*) > 3'),
	('SELECT n, avg(small) FROM lake.audit GROUP BY n HAVING avg(small) > 3'),
	('SELECT sum(anyn) FROM lake.audit'), ('SELECT max(name) FROM lake.audit'), ('SELECT string_agg(event_id, '','') FROM lake.audit'),
	('SELECT params, count(*) FROM lake.audit GROUP BY 1'), ('SELECT n, ok, count(*) FROM lake.audit GROUP BY GROUPING SETS (n, ok)'),
	('SELECT date_trunc(''day'', event_time), count(*) FROM lake.audit GROUP BY 1 ORDER BY 1 DESC LIMIT 7'),
	('SELECT workspace_id, count(*) AS c FROM lake.audit WHERE ok GROUP BY 1 ORDER BY c DESC, workspace_id LIMIT 10 OFFSET 2'),
	('SELECT n, count(*) FROM lake.audit WHERE name < ''x'' GROUP BY n'),
	('SELECT DISTINCT n, ok FROM lake.audit')) v(q);

-- order and limit
SELECT pg_temp.plan(q) FROM (VALUES
	('SELECT n FROM lake.audit ORDER BY n'), ('SELECT n FROM lake.audit ORDER BY n DESC NULLS LAST, event_id LIMIT 3'), ('SELECT n FROM lake.audit ORDER BY name LIMIT 3'),
	('SELECT n FROM lake.audit LIMIT 3'), ('SELECT n FROM lake.audit WHERE name < ''x'' LIMIT 3'), ('SELECT n FROM lake.audit ORDER BY n FETCH FIRST 3 ROWS WITH TIES'), ('SELECT n FROM lake.audit LIMIT 3 FOR UPDATE')) v(q);

-- joins
SELECT pg_temp.plan(q) FROM (VALUES
	('SELECT a.n, w.name FROM lake.audit a JOIN lake.ws w ON w.id = a.workspace_id WHERE w.region = ''eu'''),
	('SELECT a.n, w.name FROM lake.audit a LEFT JOIN lake.ws w ON w.id = a.workspace_id AND w.region = ''eu'' WHERE a.n > 3 AND w.name IS NULL'),
	('SELECT a.n, w.name FROM lake.audit a RIGHT JOIN lake.ws w ON w.id = a.workspace_id AND a.n > 3'),
	('SELECT a.n, w.name FROM lake.audit a FULL JOIN lake.ws w ON w.id = a.workspace_id'),
	('SELECT a.n, w.name FROM (SELECT * FROM lake.audit WHERE n > 3) a FULL JOIN lake.ws w ON w.id = a.workspace_id'),
	('SELECT w.name FROM lake.ws w WHERE EXISTS (SELECT FROM lake.audit a WHERE a.workspace_id = w.id AND a.ok)'),
	('SELECT w.name FROM lake.ws w WHERE NOT EXISTS (SELECT FROM lake.audit a WHERE a.workspace_id = w.id AND a.ok)'),
	('SELECT w.name, count(*) FROM lake.ws w WHERE id IN (SELECT workspace_id FROM lake.audit WHERE n > 3) GROUP BY name'),
	('SELECT w.region, count(*), sum(a.amount) FROM lake.audit a JOIN lake.ws w ON w.id = a.workspace_id JOIN lake.ws v ON v.name = w.name GROUP BY 1 ORDER BY 3 DESC LIMIT 5'),
	('SELECT a.n FROM lake.audit a JOIN lake.ws w ON w.id = a.workspace_id AND a.name < w.name'),
	('SELECT w.name, a.n FROM lake.ws w CROSS JOIN LATERAL (SELECT * FROM lake.audit x WHERE x.workspace_id = w.id ORDER BY n LIMIT 1) a'),
	('SELECT n FROM (VALUES (1), (2)) v(i) JOIN lake.audit ON n = i'),
	('SELECT event_id FROM lake.audit UNION ALL SELECT name FROM lake.ws')) v(q);

-- plans kept for any value
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE by_id (text, timestamptz, numeric) AS SELECT n FROM lake.audit WHERE event_id = $1 AND event_time >= $2 AND amount > $3;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE by_id ('x', now(), 3);
ALTER FOREIGN TABLE lake.audit OPTIONS (SET table_name 'audit2');
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE by_id ('x', now(), 3);

-- the list itself: each kind has rows, each row says what is written
SELECT kind, count(*) > 5, bool_and(remote <> '') FROM dbinsight.databricks_pushdown GROUP BY 1 ORDER BY 1;
ROLLBACK;
