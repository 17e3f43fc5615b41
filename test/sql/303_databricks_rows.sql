-- Rows of a warehouse and JSON texts, byte by byte. What must hold of any of them is in fuzz/rows.sql; the inputs are those
-- that test/fuzz/rows.pl came upon, one for each way of being read (a slice of them).
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\set VERBOSITY terse
\getenv source PG_ABS_SRCDIR
\set judges :source '/fuzz/rows.sql'
\set file :source '/fuzz/corpus/rows.tsv'
\set corpus `cat ":file"`
BEGIN;
\set ECHO none
\i :judges
\set ECHO all
CREATE TEMP TABLE input AS
SELECT n, c[1] AS target, c[2]::regtype[] AS types, decode(c[3], 'escape') AS bytes
FROM regexp_split_to_table(:'corpus', E'\n') WITH ORDINALITY l(line, n), LATERAL string_to_array(line, E'\t') c WHERE line <> '';
SELECT target, count(*) > 40 AS many FROM input GROUP BY target ORDER BY target COLLATE "C";
SELECT n, finding FROM input, LATERAL (SELECT (pg_temp.judged_rows(bytes, types)).finding WHERE target = 'rows' UNION ALL SELECT (pg_temp.judged_jsonb(bytes)).finding WHERE target = 'jsonb') j
WHERE finding IS NOT NULL ORDER BY n;

-- ---- values at the ends of their types (the first and last of each stand in the documentation of its type)

CREATE FUNCTION pg_temp.value(type regtype, cell text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT r[1] FROM dbinsight._databricks_read(ARRAY[convert_to(jsonb_build_array(jsonb_build_array(cell))::text, 'UTF8')], ARRAY[type]) r);
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;
SELECT type, cell, pg_temp.value(type, cell) FROM (VALUES
	-- Microseconds since 1970: of 4714-11-24 BC and one before; the least and greatest of 64 bits stand for the infinite ones.
	('timestamptz'::regtype, '-210866803200000000'), ('timestamptz', '-210866803200000001'), ('timestamptz', '9223372036854775807'), ('timestamptz', '9223372036854775808'), ('timestamptz', '-9223372036854775808'),
	-- 586579 - 2025 is 2^64 microseconds, near enough: not to be read as some day of 2025.
	('timestamp', '294276-12-31 23:59:59.999999'), ('timestamp', '294277-01-01 00:00:00'), ('timestamp', '586579-01-01 00:00:00'), ('timestamp', '0000-02-29 00:00:00'),
	('timestamp', '2025-03-10 24:00:00'), ('timestamp', '2025-03-10 23:60:00'), ('timestamp', '2025-03-10 -1:00:00'), ('timestamp', '2025-03-10 23:59:59.9999999'),
	('date', '5874897-12-31'), ('date', '5874898-01-01'), ('date', '2025-02-29'),
	-- 2^32 + 2025: not 2025.
	('date', '4294969321-01-01'),
	-- Months and days are 32 bits, what is shorter 64 bits of microseconds: 2^63 / 10^6 s are 106751991 days 4 h 54.775807 s.
	('interval', $$INTERVAL '178956970-7' YEAR TO MONTH$$), ('interval', $$INTERVAL '178956970-8' YEAR TO MONTH$$), ('interval', $$INTERVAL '-178956970-8' YEAR TO MONTH$$),
	('interval', $$INTERVAL '2147483648' DAY$$), ('interval', $$INTERVAL '2562047788:00:54.775807' HOUR TO SECOND$$), ('interval', $$INTERVAL '2562047789:00' HOUR TO MINUTE$$),
	('interval', $$INTERVAL '99999999999999999999' SECOND$$), ('interval', $$INTERVAL '--1' DAY$$)) v(type, cell) ORDER BY type::text COLLATE "C", cell COLLATE "C";
SELECT * FROM dbinsight._databricks_read('{}', '{text}');
SELECT * FROM dbinsight._databricks_read(ARRAY['[]'::bytea], '{record}');
SELECT * FROM dbinsight._databricks_read(ARRAY['[]'::bytea], '{NULL}');
-- So many values that jsonb itself would raise.
SELECT dbinsight._try_jsonb('[' || repeat('1,', 4000001) || '1]') IS NULL, dbinsight._try_json('[' || repeat('1,', 4000001) || '1]') IS NULL;
ROLLBACK;
