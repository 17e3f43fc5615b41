-- Arithmetic that is shipped has room for every result in a DECIMAL of 38 digits. What must hold of any expression is in
-- fuzz/decimal.sql; the inputs are some that test/fuzz/decimal.pl came upon, one for each shape.
\getenv source PG_ABS_SRCDIR
\set judges :source '/fuzz/decimal.sql'
\set file :source '/fuzz/corpus/decimal.tsv'
\set corpus `cat ":file"`
SET client_min_messages = warning;
BEGIN;
\set ECHO none
\i :judges
\set ECHO all
CREATE TEMP TABLE judged AS
SELECT i.n, j.* FROM (
	SELECT n, split_part(line, E'\t', 1) AS types, split_part(line, E'\t', 2) AS expression
	FROM regexp_split_to_table(:'corpus', E'\n') WITH ORDINALITY l(line, n) WHERE line <> '' ORDER BY 2, 1) i,
	LATERAL pg_temp.judged_decimal(string_to_array(i.types, ';'), i.expression) j;
SELECT n, finding FROM judged WHERE finding IS NOT NULL ORDER BY n;
SELECT substring(sign FROM '^\w+') AS calculated, count(*) > 10 AS many FROM judged GROUP BY 1 ORDER BY calculated;

-- At the limit: digits before and after the point of a result, worked out by hand; 38 in all are shipped, 39 are not.
SELECT types, expression, digits, substring(j.sign FROM '^\w+') AS calculated FROM (VALUES
	('numeric(19,0);numeric(18,0)', 'a * b', '19 + 18 + 1'), ('numeric(19,0);numeric(19,0)', 'a * b', '19 + 19 + 1'),
	('numeric(37,1);numeric(36,1)', 'a + b', '36 + 1 and 1'), ('numeric(38,1);numeric(36,1)', 'a - b', '37 + 1 and 1'),
	('numeric(20,18);numeric(20,2)', 'a + b', '18 + 1 and 18'), ('numeric(20,18);numeric(22,2)', 'a + b', '20 + 1 and 18'),
	('int8;int8', 'a * b::numeric', '19 + 19 + 1'), ('int8;int4', 'a * b', '19 + 10 + 1'), ('int8;int4', '(a * b) + a', '30 + 1'), ('int8;int4', 'a * b * b', '30 + 10 + 1'),
	('numeric(38,10);int2', 'ceil(a) + b', '28 + 1 + 1'), ('numeric(38,0);int2', 'ceil(a) + b', '38 + 1 + 1'),
	('numeric(10,-2);int2', 'a + b', 'unknown there'), ('numeric(3,5);int2', 'a + b', 'unknown there'), ('numeric;int2', 'a + b', 'unknown'),
	('numeric(10,2);int2', 'round(a, 1) * b', '9 + 5 + 1 and 1'), ('numeric(10,2);int2', 'round(a, -1) * b', 'not by that list'), ('numeric(10,2);int2', 'round(a, 3) * b', 'not by that list')
	) v(types, expression, digits), LATERAL pg_temp.judged_decimal(string_to_array(types, ';'), expression) j;
ROLLBACK;
